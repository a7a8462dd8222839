"""The A/B readout says what the frozen rule says, in both languages, and nothing it may not."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.decisions.experiment import plan_from_engagement, read_out
from cxlib.decisions.outcomes import Arm, MeanOutcome, ProportionOutcome
from cxlib.decisions.trials import evaluate_experiment
from cxlib.engagement import load_engagement
from cxlib.report import ab_effect, trial_charts
from cxlib.report import ab_test as show
from cxlib.report.report import Report
from cxlib.report.trial import (
    Trial,
    conditions,
    effect_case,
    guardrail_case,
    ledger_content,
    read_trial,
)

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
LANGUAGES = ("en", "zh-Hant-HK")


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture
def report(engagement):
    return Report(engagement, "03_ab_test")


def arm(n=5000, *, converted=250, complaint=100, csat=3.8, n_csat=1300):
    return Arm(
        n_assigned=n,
        outcomes={
            "converted": ProportionOutcome(successes=converted, n_obs=n),
            "complaint": ProportionOutcome(successes=complaint, n_obs=n),
            "csat": MeanOutcome(mean=csat, variance=1.0, n_obs=n_csat),
        },
    )


CASES = {
    "effect_shown": (arm(), arm(converted=350)),
    "split_differs": (arm(), arm(5400, converted=350)),
    "guardrail_harmed": (arm(), arm(converted=350, complaint=200)),
    "primary_worse": (arm(), arm(converted=150)),
    "plan_not_complete": (arm(4000), arm(4000, converted=300)),
    "guardrail_not_shown_safe": (arm(n_csat=50), arm(converted=350, n_csat=50)),
    "effect_below_minimum": (arm(), arm(converted=305)),
    "no_worthwhile_effect": (arm(), arm(converted=252)),
    "inconclusive": (arm(), arm(converted=290)),
}
VERDICTS = {
    "effect_shown": "SHIP", "split_differs": "INVALID", "guardrail_harmed": "ROLLBACK",
    "primary_worse": "ROLLBACK", "plan_not_complete": "EXTEND",
}  # fmt: skip


def short(experiment):
    """The rule without what these small arms do not hold."""
    return replace(plan_from_engagement(experiment), secondary=(), covariates=(), segments=())


def trial_of(engagement, reason, *, guardrails=True, outside=0):
    experiment = engagement.experiments[0]
    plan = short(experiment)
    if not guardrails:
        plan = replace(plan, guardrails=())
    control, treatment = CASES[reason]
    readout = read_out(plan, control=control, treatment=treatment, days_run=56)
    days = (date(2026, 3, 2), date(2026, 4, 26))
    return Trial(
        experiment=experiment, readout=readout, first=days[0], last=days[1], outside=outside
    )


def blocks_of(report, trial):
    """Every block of the notebook, in its order."""
    return {
        "scope": show.section(report, "ab_test.scope", trial),
        "rule": show.section(report, "ab_test.rule", trial),
        "rule_table": show.rule_table(report, trial),
        "split": show.split_section(report, trial),
        "split_table": show.split_table(report, trial),
        "split_finding": show.split_finding(report, trial),
        "effect": show.effect_section(report, trial),
        "effect_table": ab_effect.effect_table(report, trial),
        "effect_finding": show.effect_finding(report, trial),
        "guardrails": show.guardrail_section(report, trial),
        "guardrails_table": show.guardrail_table(report, trial),
        "guardrails_finding": show.guardrail_finding(report, trial),
        "verdict": show.section(report, "ab_test.verdict", trial),
        "verdict_table": show.verdict_table(report, trial),
        "verdict_finding": show.verdict_finding(report, trial),
        "actions": show.section(report, "ab_test.actions", trial),
        "actions_list": show.action_list(report, trial),
        "limits_list": show.limit_list(report, trial),
        "answer": show.answer(report, trial),
    }


def text(block, language="en"):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", block.html[language]))


def numbers(html):
    return sorted(re.findall(r'<data value="([^"]+)"', html))


@pytest.mark.parametrize("reason", CASES)
def test_every_outcome_of_the_rule_has_its_sentences_in_both_languages(report, engagement, reason):
    """Hand-made arms reach each of the nine outcomes; no sentence is missing, no number differs."""
    trial = trial_of(engagement, reason)
    assert trial.readout.reason == reason
    assert trial.readout.verdict == VERDICTS.get(reason, "HOLD")
    for name, block in blocks_of(report, trial).items():
        assert numbers(block.html["en"]) == numbers(block.html["zh-Hant-HK"]), name
        assert "{" not in text(block), name


def test_a_test_that_ships_is_read_with_its_interval_against_the_minimum(report, engagement):
    """5.0 % against 7.0 %: Newcombe gives +1.1 to +2.9 pp, checked by hand with Wilson limits."""
    blocks = blocks_of(report, trial_of(engagement, "effect_shown"))
    assert "+2.0 pp (+1.1 to +2.9 pp; n = 10,000" in text(blocks["effect_finding"])
    assert "a smaller true effect still fits the data" in text(blocks["effect_finding"])
    assert text(blocks["answer"]).startswith('Roll out "Reply within 15 minutes"')
    assert "Evidence grade A" in text(blocks["verdict_finding"])
    assert "7 of 7 conditions hold" in text(blocks["verdict_table"])


def test_a_broken_split_blocks_every_effect(report, engagement):
    """5,000 against 5,400 has p 0.00009 (domain note, trap 12): no effect may be printed."""
    trial = trial_of(engagement, "split_differs")
    blocks = blocks_of(report, trial)
    for name in ("effect_table", "guardrails_table"):
        assert text(blocks[name]).startswith("Not read"), name
        assert not numbers(blocks[name].html["en"]), name
    for name in ("effect_finding", "guardrails_finding", "verdict_finding"):
        assert "pp" not in text(blocks[name]), name
        assert "grade D" in text(blocks[name]), name
    assert "not read" in text(blocks["verdict_table"])
    assert trial_charts.effect_chart(report, trial).role == "note"
    assert trial_charts.guardrail_charts(report, trial).role == "note"
    assert "effect" not in ledger_content([trial], {}, {})["enquiry_reply"]


def test_an_open_guardrail_is_never_called_safe(report, engagement):
    """With 50 answers per arm the interval of CSAT reaches past its margin of 0.10."""
    trial = trial_of(engagement, "guardrail_not_shown_safe")
    blocks = blocks_of(report, trial)
    assert guardrail_case(trial.readout) == "not_shown"
    said = text(blocks["guardrails_finding"])
    assert said.startswith("Not shown safe: CSAT")
    assert "no proof of safety" in said
    assert "● not shown safe" in text(blocks["guardrails_table"])


def test_an_early_reading_is_said_to_be_one(report, engagement):
    """8,000 of 9,000 planned customers: the rule extends, and the effect carries a warning."""
    trial = trial_of(engagement, "plan_not_complete")
    assert effect_case(trial.readout) == "interim"
    said = text(blocks_of(report, trial)["effect_finding"])
    assert "false alarms" in said


def test_the_list_of_conditions_never_contradicts_the_verdict(engagement):
    """5.0 % against 4.1 %: p 0.03 is worse by the interval, but not beyond the chance of three.

    The rule asks for p 0.05 / 3 with all customers, and for 0.001 before.
    """
    control, treatment = arm(), arm(converted=205)
    plan = short(engagement.experiments[0])
    for days_run, reason, case in (
        (56, "no_worthwhile_effect", "looks_worse"),
        (28, "plan_not_complete", "interim"),
    ):
        trial = replace(
            trial_of(engagement, "effect_shown"),
            readout=read_out(plan, control=control, treatment=treatment, days_run=days_run),
        )
        assert trial.readout.primary.effect.ci_upper < 0
        assert trial.readout.reason == reason
        assert effect_case(trial.readout) == case
        steps = dict(zip(STEPS, (step.holds for step in conditions(trial)), strict=True))
        assert steps["not_worse"]
        blocks = blocks_of(Report(engagement, "03_ab_test"), trial)
        assert "made" not in text(blocks["effect_finding"])
        for name, block in blocks.items():
            assert numbers(block.html["en"]) == numbers(block.html["zh-Hant-HK"]), name


STEPS = ("split", "unharmed", "not_worse", "complete", "safe", "better", "enough")
FIRST_BROKEN = {
    "split_differs": "split", "guardrail_harmed": "unharmed", "primary_worse": "not_worse",
    "plan_not_complete": "complete", "guardrail_not_shown_safe": "safe",
    "no_worthwhile_effect": "better", "inconclusive": "better", "effect_below_minimum": "enough",
    "effect_shown": None,
}  # fmt: skip


@pytest.mark.parametrize("reason", CASES)
def test_the_first_condition_that_fails_is_the_reason_of_the_verdict(engagement, reason):
    steps = conditions(trial_of(engagement, reason))
    broken = [name for name, step in zip(STEPS, steps, strict=True) if step.holds is False]
    assert next(iter(broken), None) == FIRST_BROKEN[reason]


def test_the_wording_of_harm_states_the_stricter_rule(engagement):
    """Three measures: 0.05 / 3 = 0.017 at the end, 0.001 before."""
    done, running = (Report(engagement, "03_ab_test") for _ in range(2))
    blocks = blocks_of(done, trial_of(engagement, "guardrail_harmed"))
    assert "with a p-value of 0.017 or less" in text(blocks["guardrails_finding"])
    assert "worse at a p-value of 0.017 or less" in text(blocks["guardrails_table"])
    assert "p 值不高於 0.017" in text(blocks["guardrails_table"], "zh-Hant-HK")
    early = blocks_of(running, trial_of(engagement, "plan_not_complete"))
    assert "harm: p-value 0.001 or less" in text(early["verdict_table"])


def test_a_rule_without_guardrails_says_that_harm_was_not_looked_for(report, engagement):
    """Silence about harm is not safety."""
    trial = trial_of(engagement, "effect_shown", guardrails=False)
    blocks = blocks_of(report, trial)
    assert "harm outside" in text(blocks["guardrails_finding"])
    assert text(trial_charts.guardrail_charts(report, trial)) == "There is no guardrail to draw."


def test_customers_outside_the_period_are_counted_as_left_out(report, engagement):
    """The readout takes customers assigned inside the planned period; the others are named."""
    rows = pd.read_csv(SAMPLE / "data" / "ab_test.csv", parse_dates=["assigned_at"])
    early = rows.head(7).assign(unit_id=list("abcdefg"), assigned_at=pd.Timestamp("2026-03-01"))
    experiment = engagement.experiments[0]
    source = duckdb_source(pd.concat([rows, early]), table="ab_test")
    found = evaluate_experiment(engagement, experiment, source, rules={}, verdicts={})
    trial = read_trial(experiment, found)
    assert (trial.readout.days_run, trial.outside) == (56, 7)
    assert "7 customers assigned outside" in text(show.limit_list(report, trial))


def test_charts_state_the_effect_the_margin_and_n(report, engagement):
    """The alt text carries what the picture shows."""
    trial = trial_of(engagement, "effect_shown")
    effect = trial_charts.effect_chart(report, trial)
    assert "+2.0 pp" in effect.html["en"]
    assert "n = <data" in effect.html["en"]
    guards = trial_charts.guardrail_charts(report, trial)
    assert guards.role == "figure"
    assert guards.html["en"].count("<figure") == len(trial.readout.guardrails)


def test_verdicts_of_other_experiments_stay_while_their_rule_stands(engagement):
    """A verdict read by a rule that is no longer frozen is dropped."""
    trial = trial_of(engagement, "effect_shown")
    earlier = {"kept": {"rule_hash": "a"}, "stale": {"rule_hash": "b"}, "gone": {"rule_hash": "c"}}
    rules = {"kept": {"rule_hash": "a"}, "stale": {"rule_hash": "other"}}
    assert list(ledger_content([trial], earlier, rules)) == ["kept", "enquiry_reply"]
