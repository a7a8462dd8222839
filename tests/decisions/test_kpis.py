"""The KPIs: limits from before the review, ripe cohorts only, targets as they were frozen."""

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from cxlib.decisions.kpis import Target, frozen_targets, track_kpis
from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError, InputError

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


def share_rows(kpi, starts, shares, *, n=1000):
    return [
        {"kpi": kpi, "period_start": start, "n_obs": n, "value": share, "successes": share * n}
        for start, share in zip(starts, shares, strict=True)
    ]


def months(n):
    return [date(2025 + place // 12, place % 12 + 1, 1) for place in range(n)]


def quarters(n):
    return [date(2025 + place // 4, 3 * (place % 4) + 1, 1) for place in range(n)]


def test_limits_come_from_the_periods_before_the_review_and_stay(engagement):
    """Twelve months near 5 %, then six near 9 %: the centre stays at 5.0 %, the trend is up."""
    shares = [0.049, 0.051] * 6 + [0.09] * 6
    history = pd.DataFrame(share_rows("conversion", months(18), shares))
    found = {each.kpi.id: each for each in track_kpis(history, engagement=engagement, targets={})}
    each = found["conversion"]
    assert each.series is not None
    assert each.series.chart.baseline == 12
    assert each.series.chart.centre == pytest.approx(0.05)
    assert each.moved
    assert each.series.trend == "up"
    assert each.series.verdict == "no_target"
    first, signal = each.signals()[0]
    assert (first, signal.rule, signal.direction) == (date(2026, 1, 1), "outside_limits", "up")


def test_fewer_than_8_periods_before_the_review_leave_the_default_limits(engagement):
    """Seven months before the review and six in it: the first 12 of 13, as `kpi_series` takes."""
    starts = [date(2025, 6 + place, 1) for place in range(7)]
    starts += [date(2026, 1 + place, 1) for place in range(6)]
    history = pd.DataFrame(share_rows("conversion", starts, [0.05, 0.052, 0.049] * 4 + [0.051]))
    found = {each.kpi.id: each for each in track_kpis(history, engagement=engagement, targets={})}
    assert found["conversion"].series.chart.baseline == 12
    history = pd.DataFrame(share_rows("conversion", [date(2025, 5, 1), *starts], [0.05, 0.052] * 7))
    found = {each.kpi.id: each for each in track_kpis(history, engagement=engagement, targets={})}
    assert found["conversion"].series.chart.baseline == 8


def test_a_short_series_shows_no_signal(engagement):
    """Five quarters, the last far outside the limits of five: drawn, not called."""
    history = pd.DataFrame(
        share_rows("repurchase_90d", quarters(5), [0.35, 0.351, 0.35, 0.351, 0.6])
    )
    found = {each.kpi.id: each for each in track_kpis(history, engagement=engagement, targets={})}
    each = found["repurchase_90d"]
    assert each.series.chart.baseline == 5
    assert each.signals() == ()


def test_a_kpi_without_history_has_no_series_and_did_not_move(engagement):
    """It keeps its row, so that nobody forgets that it is not measured."""
    history = pd.DataFrame(share_rows("conversion", months(18), [0.05, 0.051] * 9))
    found = {each.kpi.id: each for each in track_kpis(history, engagement=engagement, targets={})}
    assert found["nps"].series is None
    assert not found["nps"].moved
    assert found["nps"].signals() == ()


def test_a_cohort_without_its_full_time_is_left_out(engagement):
    """Buyers of April to June 2026 have had no 90 days on 30 June; their last day is 28 September,
    and they are known the day after, as the measurement plan says.

    Those of January to March have: 31 March plus 90 days is 29 June.
    """
    shares = [0.35, 0.36, 0.355, 0.37, 0.38, 0.12]
    history = pd.DataFrame(share_rows("repurchase_90d", quarters(6), shares))
    found = {each.kpi.id: each for each in track_kpis(history, engagement=engagement, targets={})}
    each = found["repurchase_90d"]
    assert each.series is not None
    assert each.young == (date(2026, 4, 1),)
    assert each.ripe_on == date(2026, 9, 29)
    assert each.series.points[-1].period_start == date(2026, 1, 1)
    assert each.series.trend == "no_signal"


def test_later_data_make_a_cohort_ripe(engagement):
    """Where another KPI reaches 30 September 2026, the second quarter's buyers count."""
    rows = share_rows("repurchase_90d", quarters(6), [0.35, 0.36, 0.355, 0.37, 0.38, 0.36])
    rows += share_rows("conversion", months(21), [0.05, 0.051, 0.049] * 7)
    history = pd.DataFrame(rows)
    found = {each.kpi.id: each for each in track_kpis(history, engagement=engagement, targets={})}
    assert found["repurchase_90d"].young == ()
    assert found["repurchase_90d"].ripe_on == date(2026, 12, 30)


def test_counts_of_another_unit_are_refused(engagement):
    """A Net Promoter Score kept as a share would be read against a target in points."""
    history = pd.DataFrame(share_rows("nps", months(18), [0.25, 0.26] * 9))
    with pytest.raises(InputError) as caught:
        track_kpis(history, engagement=engagement, targets={})
    assert str(caught.value) == "nps is measured in points, its history is in share"


def frozen(engagement):
    return {
        goal.kpi: {
            "level": 0.4, "written_unit": goal.unit, "written_target": goal.target,
            "written_change": goal.change, "by": goal.by.isoformat(),
        }
        for goal in engagement.goals
    }  # fmt: skip


def test_targets_are_those_of_the_ledger(engagement):
    """The level is the frozen one, never worked out anew."""
    targets = frozen_targets(engagement, frozen(engagement))
    assert targets["conversion"] == Target(level=0.4, by=date(2026, 6, 30))
    assert "ces" not in targets


def test_goals_that_moved_after_freezing_are_all_named(engagement):
    """A lower target, a goal that is new and one that is gone, in one message."""
    entry = frozen(engagement)
    entry["nps"] = {**entry["nps"], "written_target": 35.0}
    del entry["positive_mentions"]
    entry["ces"] = {
        "level": 5.0, "written_unit": "rating", "written_target": 5.0, "written_change": None,
        "by": "2026-12-31",
    }  # fmt: skip
    with pytest.raises(ConfigError) as caught:
        frozen_targets(engagement, entry)
    lines = str(caught.value).splitlines()
    assert lines[0] == "goals were changed after their targets were frozen"
    assert re.match(
        r"  engagement.yml, goals, nps: found target 30.0 points by 2026-12-31; the frozen target "
        r"says target 35.0 points by 2026-12-31; restore the goal, or run 02_kpi_setting with a "
        r"rebase_reason$",
        lines[1],
    )
    assert "goals, positive_mentions: found target 70.0 percent" in lines[2]
    assert "the frozen target says no goal" in lines[2]
    assert "goals, ces: found no goal" in lines[3]
