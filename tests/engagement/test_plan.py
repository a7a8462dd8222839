"""Goal tree, actions and benchmarks of engagement.yml: one clear message each, all at once."""

from pathlib import Path

import pytest

from cxlib.engagement import load_engagement
from cxlib.engagement.plan_checks import find_cycle
from cxlib.errors import ConfigError

SAMPLE = Path(__file__).parents[2] / "data_samples" / "harbour_home" / "engagement.yml"


@pytest.fixture
def problems(edited):
    """Load the sample with some text replaced; give the problems without file and line."""

    def load(*pairs):
        path = edited(*pairs)
        with pytest.raises(ConfigError) as caught:
            load_engagement(path)
        return [str(p).split(", ", 2)[2] for p in caught.value.problems]

    return load


def test_two_accountable_roles_are_refused(problems):
    one = "accountable: {en: Head of Logistics, zh-Hant-HK: 物流部主管}"
    (said,) = problems((one, "accountable: [Head of Logistics, Head of Retail]"))
    assert "exactly one role is accountable for an action, got 2" in said


def test_an_action_that_ends_before_it_starts_is_refused(problems):
    (said,) = problems(("    end: 2026-11-30\n", "    end: 2026-07-30\n"))
    assert "end 2026-07-30 must not be before start 2026-08-01" in said


def test_a_goal_without_unit_a_step_back_and_a_level_off_the_scale_are_refused(problems):
    (missing,) = problems(("    unit: points\n    target: 30\n", "    target: 30\n"))
    assert "key 'unit' is required; add unit:" in missing
    found = problems(("change: 40", "change: -40"), ("target: 70", "target: 170"))
    assert "higher is better for conversion, so this change would be a step back" in found[1]
    assert "the scale of positive_mentions (share) ends there" in found[0]


def test_a_direction_against_the_metric_is_refused(problems):
    """CES-v2 is ease: higher is better (domain notes, D1)."""
    old = "    unit: rating\n    direction: higher"
    (said,) = problems((old, "    unit: rating\n    direction: lower"))
    assert "found lower; on ces-v2 higher is better; write higher" in said


def test_unknown_ids_are_all_named_at_once_with_the_nearest(problems):
    found = problems(
        ("{from: conversion, to: customer_value", "{from: conversoin, to: customer_value"),
        ("experiment: enquiry_reply}", "experiment: enquiry_repyl}"),
        (
            "    kpi: nps\n    touchpoint: delivery_booking",
            "    kpi: npss\n    touchpoint: deliver",
        ),
        ("initiative: coaching, category: training", "initiative: coahcing, category: training"),
        ("guardrails: [ces]", "guardrails: [cesx]"),
        ("benchmarks:  # invented for this sample\n  - kpi: nps", "benchmarks:\n  - kpi: nsp"),
    )
    said = "\n".join(found)
    for near in ("conversion", "enquiry_reply", "nps", "delivery", "coaching", "ces"):
        assert f"did you mean '{near}'?" in said
    assert "no link leads on from this KPI: it serves no growth goal" in said
    assert len(found) == 8


def test_a_circle_is_named_by_its_way(problems):
    found = problems(
        ("{from: conversion, to: customer_value", "{from: conversion, to: positive_mentions")
    )
    assert any(
        "positive_mentions > conversion > positive_mentions; a goal tree has no circle" in said
        or "conversion > positive_mentions > conversion; a goal tree has no circle" in said
        for said in found
    )


def test_a_tree_needs_its_top(problems):
    text = SAMPLE.read_text(encoding="utf-8")
    start = text.index("growth_goal:")
    top = text[start : text.index("links:", start)]
    found = problems((top, ""))
    assert any("a goal tree has a growth goal at its top" in said for said in found)


def test_evidence_names_its_test_and_estimates_only_what_can_be_estimated(problems):
    (said,) = problems((", experiment: enquiry_reply}", "}"))
    assert "evidence experiment names its experiment, and no other evidence does" in said
    (said,) = problems(
        (
            "{from: enquiry_chat, to: nps, evidence: assumption}",
            "{from: enquiry_chat, to: nps, evidence: estimate}",
        )
    )
    assert "an estimate is made from nps, csat, ces to repurchase_90d" in said


def test_a_benchmark_on_another_scale_is_refused(problems):
    (said,) = problems(("    scale: nps\n", "    scale: csat\n"))
    assert "nps is on the scale nps; another scale cannot be compared" in said
    (said,) = problems(("    value: 0.061\n", "    value: 6.1\n"))
    assert "share runs from 0 to 1; write a share as 0.25 for 25 %" in said
    (said,) = problems(("    dated: 2023-12-31", "    dated: 2027-12-31"))
    assert "a benchmark is dated on or before the report (2026-07-15)" in said


def test_a_budget_line_counts_once(problems):
    line = "      - {initiative: coaching, category: training, kind: one_off, amount_hkd: 130000}\n"
    (said,) = problems((line, line + line))
    assert "a budget line stands under one action only, or it would count twice" in said


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ({"a": ["b"], "b": ["c"]}, ()),
        ({"a": ["b"], "b": ["a"]}, ("a", "b", "a")),
        ({"x": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]}, ("a", "b", "c", "a")),
        ({"a": ["b", "c"], "b": ["d"], "c": ["d"]}, ()),
    ],
)
def test_circles_are_found_and_diamonds_are_none(steps, found):
    assert find_cycle(steps) == found
