"""The KPI table of the sources, reproduced from data: cycle, target, current value, trend."""

from pathlib import Path

import pandas as pd
import pytest

from cxlib.decisions.goals import check_goals
from cxlib.decisions.kpis import Target, track_kpis
from cxlib.decisions.level import baselines
from cxlib.engagement import load_engagement

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"


@pytest.fixture(scope="module")
def tracked():
    engagement = load_engagement(SAMPLE)
    history = pd.read_csv(SAMPLE / "data" / "kpi_history.csv")
    levels = baselines(history, engagement=engagement)
    checks = check_goals(history, engagement=engagement, levels=levels)
    targets = {check.kpi.id: Target(level=check.level, by=check.goal.by) for check in checks}
    found = track_kpis(history, engagement=engagement, targets=targets)
    return {item.kpi.id: item for item in found}


@pytest.mark.parametrize(
    ("kpi", "cadence", "target", "current", "within"),
    [
        ("nps", "monthly", 30.0, 25.0, 1.0),
        ("ces", "monthly", None, 4.9, 0.05),
        ("positive_mentions", "weekly", 0.70, 0.65, 0.02),
        ("repurchase_90d", "quarterly", 0.40, 0.38, 0.005),
    ],
)
def test_the_four_rows_of_the_sources_come_from_the_data(
    tracked, *, kpi, cadence, target, current, within
):
    """Cycle, target and current value as in the sources' table (domain notes, G1)."""
    row = tracked[kpi]
    assert row.kpi.cadence == cadence
    assert (row.target.level if row.target else None) == target
    assert row.series.current.value == pytest.approx(current, abs=within)
    assert row.series.current.has_interval


def test_an_arrow_stands_only_where_a_rule_fires(tracked):
    """Every trend but "no signal" has a signal in the latest stretch behind it."""
    for row in tracked.values():
        if row.series.trend != "no_signal":
            assert row.signals(), row.kpi.id
    assert tracked["nps"].series.trend == "no_signal"
    assert tracked["ces"].series.trend == "no_signal"
    assert tracked["repurchase_90d"].series.trend == "no_signal"


def test_a_goal_without_target_has_no_verdict(tracked):
    assert tracked["ces"].target is None
    assert tracked["ces"].series.verdict == "no_target"
