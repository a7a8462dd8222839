"""The outlook of a goal: process variation, best group, benchmarks, other ways to count."""

from datetime import date
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.data.summaries import group_moments
from cxlib.decisions.best_segment import best_in_answers, best_segments, best_store
from cxlib.decisions.goal_counts import FEWEST_OWNERS, owners_needed, waiting_needed
from cxlib.decisions.goals import check_goals
from cxlib.decisions.level import baselines
from cxlib.decisions.outlook import dated_benchmarks, outlooks, process_movement
from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture(scope="module")
def history():
    return pd.read_csv(SAMPLE / "data" / "kpi_history.csv")


@pytest.fixture(scope="module")
def levels(engagement, history):
    return baselines(history, engagement=engagement)


@pytest.fixture(scope="module")
def checks(engagement, history, levels):
    return check_goals(history, engagement=engagement, levels=levels)


@pytest.fixture(scope="module")
def totals():
    panel = duckdb_source(SAMPLE / "data" / "store_panel.csv", table="store_panel")
    return group_moments(
        panel, columns=["sales", "enquiries"], by=["store"], date="month",
        start=date(2025, 7, 1), end=date(2026, 1, 1),
    )  # fmt: skip


def test_no_goal_is_surer_with_the_process_moving_than_without(engagement, history, checks):
    found = outlooks(history, checks, engagement=engagement, best={})
    by_kpi = {item.check.kpi.id: item for item in found}
    assert by_kpi["nps"].months_to_show is None  # four goals as one family: the start is too thin
    alone = engagement.model_copy(
        update={"goals": [goal for goal in engagement.goals if goal.kpi == "nps"]}
    )
    (nps,) = outlooks(
        history,
        check_goals(history, engagement=alone, levels=baselines(history, engagement=alone)),
        engagement=alone,
        best={},
    )
    assert nps.months_to_show >= nps.check.periods_needed
    assert nps.chance_by_date == nps.chance_alone == by_kpi["nps"].chance_alone
    assert by_kpi["positive_mentions"].months_to_show is None
    assert by_kpi["repurchase_90d"].process_sd is None  # five quarters are too few
    assert by_kpi["repurchase_90d"].chance_by_date is None  # no quarter after the offer starts
    assert by_kpi["conversion"].chance_by_date > 0.99
    for item in found:
        if item.check.periods_left:
            assert item.level_shown_met > item.check.level
            assert 0 <= item.chance_untouched < item.chance_by_date <= item.chance_alone


def test_process_movement_is_the_chart_s_spread_less_sampling_error(engagement, levels):
    """By hand: values 20 and 40 in turn move 20 a month, 20 / 1.128 = 17.7 less sampling."""
    days = pd.date_range("2025-01-01", periods=8, freq="MS")
    value = [20.0, 40.0] * 4
    rows = pd.DataFrame({"kpi": "nps", "period_start": days, "n_obs": 10**9, "value": value})
    found = process_movement(rows, kpi=engagement.kpi("nps"), level=levels["nps"])
    assert found == pytest.approx(20 / 1.128)


def test_benchmarks_older_than_24_months_are_stale(engagement):
    conversion = dated_benchmarks(engagement.benchmarks, kpi="conversion", today=date(2025, 12, 31))
    assert [(item.months_old, item.is_stale) for item in conversion] == [(24, False)]
    later = dated_benchmarks(engagement.benchmarks, kpi="conversion", today=date(2026, 1, 31))
    assert [(item.months_old, item.is_stale) for item in later] == [(25, True)]


def test_stores_of_equal_worth_shrink_to_one_level(engagement):
    """Twenty stores at 5 % and luck: the best raw store stands out, the shrunken does not."""
    draw = np.random.default_rng(4)
    enquiries = np.full(20, 400)
    totals = pd.DataFrame(
        {
            "store": [f"S{n}" for n in range(20)],
            "mean_sales": draw.binomial(enquiries, 0.05).astype(float),
            "n_sales": 1,
            "mean_enquiries": enquiries.astype(float),
            "n_enquiries": 1,
        }
    )
    best = best_store(totals, kpi=engagement.kpi("conversion"), minimum_cell=30)
    assert best.raw > 0.06
    assert best.shrunken.value < 0.056
    assert best.shrunken.ci_lower < 0.05 < best.shrunken.ci_upper
    assert best.n_groups == 20


def test_a_group_that_is_truly_ahead_keeps_its_lead(engagement):
    draw = np.random.default_rng(6)
    rows = []
    for channel, mean in (("online", 0.2), ("offline", 0.5), ("hybrid", 0.2)):
        promoter = draw.random(600) < mean
        rows.append(
            pd.DataFrame(
                {
                    "customer_id": [f"{channel}{n}" for n in range(600)],
                    "channel": channel,
                    "segment": "new",
                    "answered_at": pd.Timestamp("2025-08-01"),
                    "nps": np.where(promoter, 10, 5),
                }
            )
        )
    source = duckdb_source(pd.concat(rows), table="answers")
    best = best_in_answers(source, engagement=engagement)
    assert set(best) == {"nps"}
    assert best["nps"].names == ("offline", "new")
    assert best["nps"].shrunken.value == pytest.approx(best["nps"].raw, abs=2)
    assert best["nps"].reaches(-10, better="higher")
    assert not best["nps"].reaches(30, better="higher")


def test_without_answers_stores_alone_speak(engagement, totals):
    assert set(best_segments(None, totals, engagement=engagement)) == {"conversion"}


def test_a_ratio_needs_at_least_what_its_rows_alone_would(engagement, checks):
    panel = pd.read_csv(SAMPLE / "data" / "store_panel.csv")
    found = owners_needed(panel, checks, kpi="conversion", period=engagement.baseline)
    plain = found.check.sample.n_needed
    assert (found.owners, found.periods) == (24, 6)
    assert found.enquiries > plain
    assert found.needed < FEWEST_OWNERS == found.to_take, "too few stores for a normal formula"
    assert owners_needed(panel, checks, kpi="absent", period=engagement.baseline) is None


def test_months_of_a_store_are_no_stores(engagement, checks):
    """Each store keeps its rate: twice the months give the same need, by hand from the stores.

    Rates 0.02 and 0.08 in turn, 100 enquiries a month: linearised values ± 3 over 20 stores, so
    s² = (9 · 20/19) / 100² and n = 2 s² (z_a + z_b)² / change².
    """

    def panel(months):
        return pd.DataFrame(
            [
                {"store": f"S{k:02}", "month": day, "enquiries": 100, "sales": 2 + 6 * (k % 2)}
                for k in range(20)
                for day in pd.date_range("2025-07-01", periods=months, freq="MS")
            ]
        )

    three, six = (
        owners_needed(panel(m), checks, kpi="conversion", period=engagement.baseline)
        for m in (3, 6)
    )
    by_hand = 2 * (9 * 20 / 19) / 100**2 * (1.959964 + 0.841621) ** 2 / three.check.change**2
    assert three.needed == six.needed == ceil(by_hand)
    assert six.enquiries == 2 * three.enquiries == six.to_take * 600


def test_only_a_share_that_ripens_is_counted_by_waiting_time(checks):
    (found,) = waiting_needed(checks)
    assert found.check.kpi.id == "repurchase_90d"
    assert found.size.n_per_group < found.check.sample.n_needed


def test_a_target_on_the_wrong_side_is_refused_with_all_others(engagement, history, levels):
    goals = [
        goal.model_copy(update={"target": -20.0}) if goal.kpi == "nps" else goal
        for goal in engagement.goals
    ]
    goals = [
        goal.model_copy(update={"target": 20.0}) if goal.kpi == "positive_mentions" else goal
        for goal in goals
    ]
    with pytest.raises(ConfigError) as caught:
        check_goals(
            history, engagement=engagement.model_copy(update={"goals": goals}), levels=levels
        )
    said = [str(problem) for problem in caught.value.problems]
    assert said[0] == (
        "engagement.yml, goals[0]: found -20 points; higher is better for nps, and all 18 periods "
        "are past this target already; correct the target or the KPI's direction"
    )
    assert len(said) == 2
