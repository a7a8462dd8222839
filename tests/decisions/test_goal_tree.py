"""Every link of the goal tree carries what is known of it, and no more."""

import json
from pathlib import Path

import pytest

from cxlib.decisions.goal_tree import goal_tree
from cxlib.engagement import load_engagement
from cxlib.run.workbook import open_tables

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
EFFECT = {"value": 0.0197, "ci_lower": 0.0104, "ci_upper": 0.029, "n_obs": 10_000, "unit": "pp"}


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture(scope="module")
def data(engagement):
    return open_tables(engagement, ["answers", "orders"])


def known(tree):
    return {(item.link.from_, item.link.to): item.known for item in tree}


def test_links_run_from_the_growth_goal_downwards(engagement):
    tree = goal_tree(engagement, answers=None, orders=None, verdicts={})
    assert [item.depth for item in tree] == sorted(item.depth for item in tree)
    assert {item.link.to for item in tree if item.depth == 0} == {"customer_value"}
    assert {item.link.from_ for item in tree if item.depth == 1} >= {"nps", "ces"}


def test_without_tables_and_verdicts_nothing_counts_as_known(engagement):
    found = known(goal_tree(engagement, answers=None, orders=None, verdicts={}))
    assert found["nps", "repurchase_90d"] == "not_measured"
    assert found["enquiry_chat", "conversion"] == "not_tested"
    assert found["conversion", "customer_value"] == "assumption"


def test_the_sample_plants_no_link_from_scores_to_repurchase_and_none_is_called(engagement, data):
    """Orders of the sample are drawn without looking at scores (cxlib.data.simulate.commerce)."""
    tree = goal_tree(engagement, answers=data["answers"], orders=data["orders"], verdicts={})
    estimates = [item for item in tree if item.link.evidence == "estimate"]
    assert [item.known for item in estimates] == ["no_evidence", "no_evidence"]
    for item in estimates:
        assert item.estimate.ci_lower < 0 < item.estimate.ci_upper
        assert item.found.basis == "within"


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"verdict": "SHIP", "effect": EFFECT}, "tested"),
        ({"verdict": "HOLD", "effect": {**EFFECT, "ci_lower": -0.01}}, "tested_no_effect"),
        ({"verdict": "INVALID", "effect": EFFECT}, "not_tested"),
        ({"verdict": "EXTEND", "effect": EFFECT}, "not_tested"),
        ({"verdict": "HOLD", "effect": None}, "not_tested"),
    ],
)
def test_a_test_counts_by_its_frozen_verdict(engagement, record, expected):
    tree = goal_tree(
        engagement, answers=None, orders=None, verdicts=json.loads(
            json.dumps({"enquiry_reply": record})
        ),
    )  # fmt: skip
    assert known(tree)["enquiry_chat", "conversion"] == expected
