"""Goals on a funnel step or a waiting time, from the engagement file to the count of people."""

from pathlib import Path

import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.decisions.goal_counts import funnel_needed, waiting_needed
from cxlib.decisions.goals import check_goals
from cxlib.decisions.level import baselines
from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError
from cxlib.measures.funnel import site
from cxlib.stats.power import sample_for_proportions

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
GOAL = """  - kpi: conversion
    kind: funnel_step
    step: checkout
    unit: relative_percent
"""


def load(tmp_path, old, new):
    text = (SAMPLE / "engagement.yml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    for table in ("data", "_brand.yml", "internal"):
        (tmp_path / table).symlink_to(SAMPLE / table)
    (tmp_path / "engagement.yml").write_text(text.replace(old, new), encoding="utf-8")
    return load_engagement(tmp_path)


def check(engagement):
    history = pd.read_csv(SAMPLE / "data" / "kpi_history.csv")
    levels = baselines(history, engagement=engagement)
    return check_goals(history, engagement=engagement, levels=levels)


def test_a_funnel_goal_counts_who_must_enter(tmp_path):
    """Entrants = n at the step / share of visitors who come to the step before it."""
    engagement = load(tmp_path, "  - kpi: conversion\n    unit: relative_percent\n", GOAL)
    checks = check(engagement)
    events = duckdb_source(SAMPLE / "data" / "events.csv", table="events")
    (found,) = funnel_needed(events, checks, engagement=engagement)
    goal = next(item for item in checks if item.kpi.id == "conversion")
    at_step = sample_for_proportions(goal.start.estimate.value, goal.level).n_per_group
    steps = site(events, period=engagement.baseline, precision=engagement.precision).funnel.steps
    reach = steps[1].visitors / steps[0].visitors  # visit to product, before the checkout
    assert found.size.at_step == at_step
    assert found.size.reach == pytest.approx(reach)
    assert found.size.entering == pytest.approx(at_step / reach, abs=1)
    assert found.visitors == steps[0].visitors
    (without,) = funnel_needed(None, checks, engagement=engagement)
    assert (without.size, without.visitors) == (None, 0)


def test_only_a_waiting_time_goal_is_counted_by_waiting():
    """The sample's repurchase goal is one; it has no funnel goal, so events are not asked."""
    engagement = load_engagement(SAMPLE)
    checks = check(engagement)
    assert [item.check.kpi.id for item in waiting_needed(checks)] == ["repurchase_90d"]
    assert funnel_needed(None, checks, engagement=engagement) == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "    within_days: 90\n",
            "",
            "a goal of kind waiting_time has within_days, and no other goal has",
        ),
        (
            "    kind: waiting_time\n    within_days: 90\n",
            "    kind: funnel_step\n",
            "a goal of kind funnel_step names its step, and no other goal does",
        ),
        (
            "    within_days: 90\n",
            "    within_days: 60\n",
            "repurchase_90d counts second orders within 90 days",
        ),
        (
            "  - kpi: nps\n    unit: points\n",
            "  - kpi: nps\n    kind: waiting_time\n    within_days: 30\n    unit: points\n",
            "it counts who goes on, so its KPI is a share; nps is in points",
        ),
        (
            "    kind: waiting_time\n    within_days: 90\n",
            "    kind: funnel_step\n    step: chekout\n",
            "chekout",
        ),
    ],
)
def test_a_wrong_kind_is_refused_with_its_line(tmp_path, old, new, message):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, old, new)
    (problem,) = caught.value.problems
    assert message in str(caught.value)
    assert "goals" in problem.where
