"""Chances stated for goals: kept for good, scored only when they were forecasts and fell due."""

from dataclasses import asdict, replace
from datetime import date
from math import sqrt
from pathlib import Path

import pandas as pd
import pytest

from cxlib.data.kpi_store import KpiValue
from cxlib.decisions.chances import (
    Statement,
    keep_statements,
    replay_chances,
    score_chances,
    statements,
)
from cxlib.decisions.goals import check_goals
from cxlib.decisions.level import baselines
from cxlib.decisions.outlook import outlooks
from cxlib.engagement import load_engagement

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
SAID = Statement(
    kpi="conversion", unit="share", direction="higher", level=0.06, by="2026-06-30",
    stated_on="2025-12-31", counts_from="2026-01-01", wait_days=0, start=0.05,
    start_error=0.05 * 0.95 / 10_000, variance=0.05 * 0.95, chance=0.8, chance_untouched=0.01,
    confidence_level=0.95,
)  # fmt: skip


def value(month, share, n=2_000, kpi="conversion"):
    start = date(2026, month, 1)
    return KpiValue(
        kpi=kpi, period_start=start, period_end=date(2026, month, 28 if month == 2 else 30),
        n_obs=n, value=share, unit="share", definition="0" * 16, recorded_on=date(2026, 7, 15),
    )  # fmt: skip


def replay(*said, values):
    return replay_chances(keep_statements({}, said), values)


HALF_YEAR = [value(month, 0.058) for month in range(1, 7)]


def test_a_chance_is_a_hit_when_the_pooled_periods_show_a_change_the_right_way():
    """12,000 later answers at 5.8 %: +0.8 pp ± 1.96 sqrt(0.0475 / 10,000 + 0.0475 / 12,000)."""
    (found,) = replay(SAID, values=HALF_YEAR)
    margin = 1.959964 * sqrt(0.0475 / 10_000 + 0.0475 / 12_000)
    assert (found.came, found.is_over) == ("hit", True)
    assert found.change.value == pytest.approx(0.008)
    assert found.change.ci_lower == pytest.approx(0.008 - margin)
    assert found.change.n_obs == 12_000
    (worse,) = replay(replace(SAID, direction="lower"), values=HALF_YEAR)
    assert worse.came == "miss"


def test_only_forecasts_that_fell_due_are_judged():
    """Ahead of its date, stated after it, nothing stated, no value, a KPI that ripens later."""
    cases = {
        "not_due": replace(SAID, by="2026-12-31"),
        "late": replace(SAID, stated_on="2026-07-15"),
        "no_chance": replace(SAID, chance=None, counts_from=None),
    }
    for came, said in cases.items():
        (found,) = replay(said, values=HALF_YEAR)
        assert found.came == came
    (empty,) = replay(SAID, values=[value(6, 0.06, kpi="conversion", n=0)])
    assert empty.came == "no_data"
    (ripe,) = replay(replace(SAID, wait_days=90), values=HALF_YEAR)
    assert ripe.change.n_obs == 6_000  # January to March are known by 30 June


def test_a_statement_made_again_is_kept_beside_the_first_and_the_first_counts():
    again = replace(SAID, stated_on="2026-03-31", chance=0.99)
    kept = keep_statements(keep_statements({}, [SAID]), [SAID, again])
    assert [item["chance"] for item in kept["made"]] == [0.8, 0.99]
    assert [item.came for item in replay_chances(kept, HALF_YEAR)] == ["hit", "restated"]


def test_the_brier_score_is_the_mean_squared_miss():
    """(0.8 - 1)², (0.3 - 0)², (1 - 0)² average 0.3767; nothing due gives no score."""
    missed = [replace(SAID, kpi="a", chance=0.3), replace(SAID, kpi="b", chance=1.0)]
    flat = [replace(item, kpi=name, value=0.05) for name in "ab" for item in HALF_YEAR]
    found = score_chances(replay(SAID, *missed, values=[*HALF_YEAR, *flat]))
    assert (found.n, found.shown) == (3, 1)
    assert found.expected == pytest.approx(2.1)
    assert found.brier == pytest.approx((0.04 + 0.09 + 1) / 3)
    assert score_chances(replay(replace(SAID, by="2026-12-31"), values=HALF_YEAR)) is None


def test_every_goal_of_the_sample_leaves_its_statement():
    """The chance is the outlook's; repurchase has no quarter before its date and says so."""
    engagement = load_engagement(SAMPLE)
    history = pd.read_csv(SAMPLE / "data" / "kpi_history.csv")
    checks = check_goals(
        history, engagement=engagement, levels=baselines(history, engagement=engagement)
    )
    found = outlooks(history, checks, engagement=engagement, best={})
    made = statements(found, engagement=engagement)
    assert [item.kpi for item in made] == [goal.kpi for goal in engagement.goals]
    by_kpi = {item.kpi: item for item in made}
    assert by_kpi["nps"].chance == found[0].chance_by_date
    assert by_kpi["nps"].counts_from == "2026-08-01"  # once the booking action has started
    assert by_kpi["repurchase_90d"].chance is None
    assert asdict(by_kpi["conversion"])["counts_from"] == "2026-01-01"
