"""The pages around a verdict, from the sample's three tests: both languages, every outcome."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from cxlib.decisions.benefit import benefit, design, size_check
from cxlib.decisions.red_team import attack
from cxlib.decisions.trial_looks import view_looks
from cxlib.decisions.trial_segments import secondary_views, segment_views
from cxlib.decisions.trials import evaluate_all
from cxlib.engagement import load_engagement
from cxlib.report import ab_checks, ab_effect, ab_views
from cxlib.report import ab_test as show
from cxlib.report.report import Report
from cxlib.report.trial import ledger_content, read_trials
from cxlib.run.workbook import open_tables

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
LANGUAGES = ("en", "zh-Hant-HK")
VERDICTS = {
    "enquiry_reply": ("HOLD", "exploratory"),
    "video_consult": ("ROLLBACK", "guardrail_harmed"),
    "app_banner": ("INVALID", "split_differs"),
}


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture(scope="module")
def found(engagement):
    """All three tests without a ledger."""
    source = open_tables(engagement, ("ab_test",))["ab_test"]
    return evaluate_all(engagement, source, rules={}, verdicts={})


def blocks_of(report, trial, trials):
    """Every block of the new pages for one test."""
    here = trial.found
    check, looks = size_check(here), here.looks
    segments = segment_views(here)
    others = secondary_views(here.readout, here.data.arms, family="holm")
    worth = trial.experiment.worth
    effect = here.readout.primary.effect
    gain = worth and benefit(effect, worth=worth, direction=here.plan.primary.direction)
    return [
        ab_views.all_section(report, trials, trial),
        ab_views.all_table(report, trials),
        show.rule_section(report, trial),
        ab_checks.design_table(report, trial, design(here, power=0.8), looks),
        ab_checks.health_table(report, trial, here.health),
        ab_checks.span_chart(report, trial, here.health),
        ab_effect.effect_table(report, trial),
        show.guardrail_table(report, trial),
        ab_views.more_section(report, trial),
        ab_views.secondary_table(report, trial, others),
        ab_views.segment_table(report, trial, segments),
        ab_views.segment_finding(report, trial, segments),
        ab_checks.doubt_section(report, trial),
        ab_checks.doubt_table(report, trial, check, looks),
        ab_checks.doubt_finding(report, trial, check, looks),
        ab_checks.attack_table(report, trial, attack(here, seed=1, n_redraws=200)),
        ab_views.money_section(report, trial),
        ab_views.money_table(report, trial, gain),
        ab_views.money_finding(report, trial, gain),
        ab_views.next_list(report, trial, check),
        show.limit_list(report, trial),
    ]


def text(block, language="en"):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", block.html[language]))


def numbers(block, language):
    bare = re.sub(r"<svg.*?</svg>", "", block.html[language], flags=re.DOTALL)
    return sorted(re.findall(r'<data value="([^"]+)"', bare))


@pytest.mark.parametrize("name", VERDICTS)
def test_each_sample_test_has_its_pages_in_both_languages(engagement, found, name):
    """The verdicts are those planted; both languages print the same numbers."""
    report, trials = Report(engagement, "03_ab_test"), read_trials(engagement, found)
    readout = trials[name].readout
    assert (readout.verdict, readout.reason) == VERDICTS[name]
    for block in blocks_of(report, trials[name], trials):
        assert numbers(block, "en") == numbers(block, "zh-Hant-HK"), block.key
        assert "pre_orders" not in text(block)


def test_a_broken_split_shows_no_effect_anywhere(engagement, found):
    """Not in the table of all tests, nor over time, by segment or in money."""
    report, trials = Report(engagement, "03_ab_test"), read_trials(engagement, found)
    trial = trials["app_banner"]
    said = [text(block) for block in blocks_of(report, trial, {"app_banner": trial})]
    effect = f"{100 * trial.readout.primary.effect.value:+.1f}"
    assert not [part for part in said if f"{effect} pp" in part]
    assert "blocks the verdict" in " ".join(said)
    assert "New customers" in " ".join(said)


def test_a_rule_that_was_not_frozen_is_never_called_fixed(engagement, found):
    report, trials = Report(engagement, "03_ab_test"), read_trials(engagement, found)
    trial = trials["enquiry_reply"]
    said = text(show.rule_section(report, trial)) + text(show.rule_table(report, trial))
    assert "No rule was fixed before this readout" in said
    assert "frozen when the KPIs were set" not in said
    assert "nobody can know how many others were tried" in text(show.limit_list(report, trial))


@pytest.mark.parametrize("looks", ["obrien_fleming", "pocock", "alpha_spending", "always_valid"])
def test_the_way_of_looking_is_said_in_words(engagement, found, looks):
    """And a look more than planned is priced."""
    report, trials = Report(engagement, "03_ab_test"), read_trials(engagement, found)
    here = found["enquiry_reply"]
    plan = replace(here.plan, looks=looks, n_looks=1 if looks == "always_valid" else 2)
    earlier = [{"units": n, "days": n // 200} for n in (2_000, 4_000)]
    view = view_looks(plan, units=10_000, days=56, earlier=earlier)
    block = ab_checks.doubt_table(report, trials["enquiry_reply"], size_check(here), view)
    words = {"always_valid": "at any time", "pocock": "Pocock", "obrien_fleming": "O'Brien-Fleming",
             "alpha_spending": "Lan-DeMets"}  # fmt: skip
    assert words[looks] in text(block)
    assert f"not planned: {0 if looks == 'always_valid' else 1}" in text(block)
    assert "10.7%" in text(block)


def test_the_ledger_keeps_what_later_looks_are_counted_from(engagement, found):
    trials = read_trials(engagement, found)
    content = ledger_content(trials.values(), {}, {})
    assert content["enquiry_reply"]["looks"] == [{"units": 10_000, "days": 56}]
    assert content["video_consult"]["verdict"] == "ROLLBACK"
    assert "effect" not in content["app_banner"]
