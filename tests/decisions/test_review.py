"""The half-year review leaves nothing out and judges nothing before it is due."""

from datetime import date
from pathlib import Path

import pytest

from cxlib.data.kpi_store import KpiValue
from cxlib.decisions.review import (
    calibration,
    horizon,
    replay_forecasts,
    replay_goals,
    replay_verdicts,
)
from cxlib.engagement import load_engagement
from cxlib.engagement.ledger import Ledger

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
NONE = {"table": "0" * 64}


def target(level, by):
    return {"level": level, "unit": "share", "by": by}


def verdict(kpi, said, *, level, value=0.06, start="2026-06-01", end="2026-06-30"):
    return {
        "kpi": kpi, "period_start": start, "period_end": end, "value": value, "trend": "up",
        "verdict": said, "unit": "share", "target": level, "n_obs": 100,
        "ci_lower": value - 0.01, "ci_upper": value + 0.01,
    }  # fmt: skip


def made(kpi, start, low, high):
    return {
        "kpi": kpi, "made_on": "2026-05-01", "period_start": start, "unit": "share",
        "value": (low + high) / 2, "ci_lower": low, "ci_upper": high, "confidence_level": 0.95,
        "target": None,
    }  # fmt: skip


def came(kpi, start, value):
    return KpiValue(
        kpi=kpi, period_start=start, period_end=start, n_obs=100, value=value, unit="share",
        definition="0" * 16, recorded_on=date(2026, 7, 15),
    )  # fmt: skip


@pytest.fixture
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger.json")


def test_a_goal_is_judged_at_its_date_and_not_before(engagement, ledger):
    """Met, missed, open, not due, and due without a reading by its date.

    Readings of value ± 0.01 are 5.88 and 86 standard errors off their targets; the third lies 1
    point above its target, 1.96 standard errors: enough alone, not in a family of five.
    """
    ledger.freeze(
        "targets",
        {
            "conversion": target(0.05, "2026-06-30"), "nps": target(0.5, "2026-06-30"),
            "ces": target(0.05, "2026-06-30"), "positive_mentions": target(0.7, "2026-12-31"),
            "repurchase_90d": target(0.4, "2026-03-31"),
        },
        data=NONE,
    )  # fmt: skip
    verdicts = [
        verdict("conversion", "met", level=0.05, value=0.08), verdict("nps", "not_met", level=0.5),
        verdict("ces", "met", level=0.05), verdict("positive_mentions", "met", level=0.7),
        verdict("repurchase_90d", "met", level=0.4),
    ]  # fmt: skip
    ledger.write("record", {"forecasts": [], "verdicts": verdicts}, data=NONE)
    found = {goal.kpi: goal.outcome for goal in replay_goals(engagement, ledger)}
    assert found == {
        "conversion": "hit", "nps": "miss", "ces": "open", "positive_mentions": "not_due",
        "repurchase_90d": "no_data",
    }  # fmt: skip


def test_a_goal_that_was_replaced_or_dropped_is_still_listed_with_its_reason(engagement, ledger):
    """The ledger keeps the earlier target; an unchanged one is not listed twice."""
    ledger.freeze(
        "targets",
        {"nps": target(0.5, "2026-06-30"), "ces": target(0.5, "2026-06-30"),
         "conversion": target(0.06, "2026-12-31")},
        data=NONE,
    )  # fmt: skip
    ledger.freeze(
        "targets",
        {"nps": target(0.4, "2026-06-30"), "conversion": target(0.06, "2026-12-31")},
        data=NONE,
        reason="board wants less",
    )
    ledger.write("record", {"forecasts": [], "verdicts": []}, data=NONE)
    found = [(goal.kpi, goal.level, goal.superseded) for goal in replay_goals(engagement, ledger)]
    assert found == [
        ("nps", 0.4, ""), ("conversion", 0.06, ""), ("nps", 0.5, "board wants less"),
        ("ces", 0.5, "board wants less"),
    ]  # fmt: skip


def test_decisions_come_from_the_engagement_and_the_rest_is_open(engagement, ledger):
    """The sample keeps NPS and has decided nothing on conversion."""
    ledger.freeze(
        "targets",
        {"nps": target(30, "2026-12-31"), "conversion": target(0.06, "2026-06-30")},
        data=NONE,
    )
    ledger.write("record", {"forecasts": [], "verdicts": []}, data=NONE)
    nps, conversion = replay_goals(engagement, ledger)
    assert (nps.decision, conversion.decision, conversion.reason) == ("keep", None, None)
    assert nps.reason is not None


def test_a_forecast_is_a_hit_when_its_interval_held_what_came(ledger):
    """One held, one missed, one still waiting; 1 of 2 with Wilson's interval 9.5 to 90.5 %."""
    forecasts = [
        made("nps", "2026-06-01", 0.1, 0.2), made("ces", "2026-06-01", 0.1, 0.2),
        made("nps", "2026-12-01", 0.1, 0.2),
    ]  # fmt: skip
    ledger.write("record", {"forecasts": forecasts, "verdicts": []}, data=NONE)
    values = [came("nps", date(2026, 6, 1), 0.2), came("ces", date(2026, 6, 1), 0.21)]
    replays = replay_forecasts(ledger, values)
    assert [each.outcome for each in replays] == ["hit", "miss", "not_due"]
    share = calibration(replays)
    assert (share.value, share.n_obs) == (0.5, 2)
    assert share.ci_lower == pytest.approx(0.0945, abs=1e-4)
    assert calibration(replays[2:]) is None


def test_a_test_is_held_against_the_roll_out_its_link_leads_to(engagement, ledger):
    """The sample's test of quick replies and the roll-out in stores, both on conversion."""
    effect = {"value": 0.02, "ci_lower": 0.01, "ci_upper": 0.03, "n_obs": 10, "unit": "pp"}
    assert replay_verdicts(engagement, ledger) == ()
    ledger.write("verdicts", {"enquiry_reply": {"verdict": "SHIP", "effect": effect}}, data=NONE)
    (alone,) = replay_verdicts(engagement, ledger)
    assert (alone.initiative, alone.outcome) == ("", "no_data")
    measured = {**effect, "value": 0.035, "ci_upper": 0.04}
    ledger.write("effects", {"reply_promise": {"effect": measured, "grade": "B"}}, data=NONE)
    (found,) = replay_verdicts(engagement, ledger)
    assert (found.initiative, found.grade, found.outcome) == ("reply_promise", "B", "miss")


def test_benchmarks_and_trends_older_than_24_months_are_stale(engagement):
    """Report of July 2026: February 2024 is 28 months ago or more, September 2025 is not."""
    items = horizon(engagement)
    assert [item.dated for item in items] == sorted((item.dated for item in items), reverse=True)
    stale = {item.dated for item in items if item.is_stale}
    assert stale == {date(2024, 2, 29), date(2023, 12, 31)}


def test_a_goal_past_its_target_needs_the_other_parts_of_its_rule(engagement, ledger):
    """The same reading: with all parts a hit, with one unclear open, with a guardrail worse a
    miss; a record without parts (an older ledger) is judged by its target alone."""
    parts = {
        "conversion": ("shown", {"nps": "not_worse"}), "nps": ("cannot_tell", {}),
        "ces": ("shown", {"nps": "worse"}), "positive_mentions": None,
    }  # fmt: skip
    ledger.freeze("targets", {kpi: target(0.05, "2026-06-30") for kpi in parts}, data=NONE)
    verdicts = [
        verdict(kpi, "met", level=0.05, value=0.08)
        | ({} if part is None else {"rule": {"counts": part[0], "guards": part[1]}})
        for kpi, part in parts.items()
    ]
    ledger.write("record", {"forecasts": [], "verdicts": verdicts}, data=NONE)
    found = {goal.kpi: goal for goal in replay_goals(engagement, ledger)}
    assert {kpi: goal.outcome for kpi, goal in found.items()} == {
        "conversion": "hit", "nps": "open", "ces": "miss", "positive_mentions": "hit",
    }  # fmt: skip
    assert found["ces"].guards == (("nps", "worse"),)
