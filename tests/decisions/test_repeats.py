"""Customers who answer again: the design effect against a hand-worked case and a simulation."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.decisions.goals import check_goals
from cxlib.decisions.level import baselines
from cxlib.decisions.repeats import repeat_answers
from cxlib.engagement import load_engagement

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


def survey(ces, customers, days):
    return pd.DataFrame(
        {
            "customer_id": [f"C{n:05d}" for n in customers],
            "answered_at": pd.to_datetime([date(2025, 7, 1) + timedelta(int(d)) for d in days]),
            "ces": ces,
        }
    )


def level_of(frame, engagement):
    month = frame["answered_at"].dt.to_period("M").dt.start_time.dt.date
    history = (
        frame.assign(period_start=month)
        .groupby("period_start")["ces"]
        .agg(n_obs="count", value="mean", sd="std")
        .reset_index()
        .assign(kpi="ces")
    )
    return baselines(history, engagement=engagement)


@pytest.fixture(scope="module")
def only_ces(engagement):
    kpis = [kpi for kpi in engagement.kpis if kpi.id == "ces"]
    return engagement.model_copy(update={"kpis": kpis, "goals": []})


def test_pairs_that_always_agree_are_worth_half(only_ces):
    """100 customers answer twice, the same both times: m = 2, correlation 1, design effect 2."""
    once = np.tile([3.0, 5.0], 50)
    frame = survey(np.repeat(once, 2), np.repeat(np.arange(100), 2), np.tile([5, 40], 100))
    found = repeat_answers(
        duckdb_source(frame, table="answers"), level_of(frame, only_ces), engagement=only_ces
    )["ces"]
    assert (found.n_obs, found.customers, found.per_customer) == (200, 100, 2.0)
    assert found.alike == pytest.approx(1.0, abs=0.02)
    assert found.of_baseline == pytest.approx(2.0, abs=0.02)
    assert found.of_period == 1.0  # one answer a customer in each month


def test_a_planted_correlation_is_found_and_the_factor_is_the_true_one(only_ces):
    """Random intercepts with correlation 0.3, 1 to 5 answers each; seeded, 4,000 customers."""
    rng = np.random.default_rng(8)
    sizes = rng.integers(1, 6, 4_000)
    customers = np.repeat(np.arange(4_000), sizes)
    scores = 4 + rng.normal(0, 0.3**0.5, 4_000)[customers] + rng.normal(0, 0.7**0.5, sizes.sum())
    frame = survey(scores, customers, rng.integers(0, 180, sizes.sum()))
    found = repeat_answers(
        duckdb_source(frame, table="answers"), level_of(frame, only_ces), engagement=only_ces
    )["ces"]
    assert found.alike == pytest.approx(0.3, abs=0.03)
    true = 1 + ((sizes**2).sum() / sizes.sum() - 1) * 0.3
    assert found.of_baseline == pytest.approx(true, abs=0.07)
    assert 1 < found.of_period < found.of_baseline


def test_a_history_of_other_people_gets_no_factor(only_ces):
    """One answer more in the history than in the survey: they are not the same answers."""
    frame = survey([3.0, 4.0, 5.0, 4.0], [1, 1, 2, 3], [1, 2, 3, 4])
    levels = level_of(frame, only_ces)
    source = duckdb_source(frame.iloc[:-1], table="answers")
    assert repeat_answers(source, levels, engagement=only_ces) == {}
    assert repeat_answers(None, levels, engagement=only_ces) == {}


def test_needs_and_periods_of_the_sample_grow_by_the_factor(engagement):
    """NPS: 8,152 answers a month become 8,152 times the factor of one month."""
    history = pd.read_csv(SAMPLE / "data" / "kpi_history.csv")
    levels = baselines(history, engagement=engagement)
    answers = duckdb_source(SAMPLE / "data" / "answers.csv", table="answers")
    alike = repeat_answers(answers, levels, engagement=engagement)
    plain = check_goals(history, engagement=engagement, levels=levels)[0]
    grown = check_goals(history, engagement=engagement, levels=levels, repeats=alike)[0]
    factor = alike["nps"].of_period
    assert 1.02 < factor < 1.06 < alike["nps"].of_baseline
    assert grown.sample.n_needed == pytest.approx(plain.sample.n_needed * factor, abs=1)
    root = alike["nps"].of_baseline ** 0.5
    assert grown.smallest_by_date == pytest.approx(plain.smallest_by_date * root)
    assert grown.sample.chance_to_see < plain.sample.chance_to_see
