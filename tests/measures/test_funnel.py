"""The site: step rates that multiply, abandonment, clustered load times."""

from datetime import date
from math import prod
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.engagement.schema import Period, Precision
from cxlib.errors import InputError
from cxlib.measures.funnel import abandonment, funnel, load_times, site

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home" / "data"
PRECISION = Precision(confidence_level=0.95, minimum_cell=30)
HALF = Period(start=date(2026, 1, 1), end=date(2026, 6, 30))


def counts(*visitors, steps=("visit", "product", "checkout", "purchase")):
    return pd.DataFrame({"step": steps, "visitors": visitors, "young": 7})


def test_the_step_rates_multiply_to_the_overall_rate():
    """1,000, 600, 150, 45: 0.6 · 0.25 · 0.3 = 0.045."""
    found = funnel(counts(1000, 600, 150, 45), window_days=7)
    rates = [step.of_previous.value for step in found.steps[1:]]
    assert rates == pytest.approx([0.6, 0.25, 0.3])
    assert prod(rates) == pytest.approx(found.conversion.value) == pytest.approx(0.045)
    assert (found.steps[0].of_previous, found.n_young) == (None, 7)
    assert found.largest_loss.name == "checkout"


def test_abandonment_is_one_minus_purchases_over_checkouts():
    """45 of 150 bought: 70 % left."""
    found = abandonment(counts(1000, 600, 150, 45))
    assert found.estimate.value == pytest.approx(0.7)
    assert (found.estimate.n_obs, found.better) == (150, "lower")


def test_rates_over_few_visitors_are_hidden():
    found = funnel(counts(100, 29, 10, 2), window_days=7)
    assert [step.of_previous is None for step in found.steps] == [True, False, True, True]
    assert abandonment(counts(100, 29, 10, 2)).estimate is None
    assert funnel(counts(20, 10, 5, 1), window_days=7).largest_loss is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: funnel(counts(0, 0, 0, 0), window_days=7),
            "a funnel needs at least 1 visitor whose window is over, got 0",
        ),
        (
            lambda: funnel(counts(10, 20, 5, 1), window_days=7),
            "no step can have more visitors than the step before it, got [10, 20, 5, 1]",
        ),
        (
            lambda: abandonment(counts(10, 5, steps=("visit", "product"))),
            "abandonment needs checkout and purchase, absent: checkout, purchase",
        ),
    ],
)
def test_impossible_counts_are_refused(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message


@pytest.fixture(scope="module")
def events():
    frame = pd.read_csv(SAMPLE / "events.csv", parse_dates=["at"])
    return duckdb_source(frame, table="events")


def test_the_planted_abandonment_is_found(events):
    """truth.json plants 0.7; the interval must hold it."""
    found = site(events, period=HALF, precision=PRECISION)
    left = found.abandonment.estimate
    assert left.ci_lower <= 0.7 <= left.ci_upper
    reached = [step.visitors for step in found.funnel.steps]
    assert found.bounce.estimate.value == pytest.approx(1 - reached[1] / reached[0])


def test_a_period_without_events_is_replaced_by_the_one_they_cover(events):
    asked = Period(start=date(2025, 7, 1), end=date(2025, 12, 31))
    found = site(events, period=asked, precision=PRECISION)
    assert (found.period, found.asked) == (HALF, asked)


def test_a_table_without_load_times_or_checkouts_measures_the_rest(events):
    frame = events.rows(["visitor_id", "step", "at"], at_most=10_000)
    bare = duckdb_source(frame, table="events")
    found = site(bare, period=HALF, precision=PRECISION, steps=("visit", "product"))
    assert (found.loads, found.abandonment) == (None, None)


def slow_and_fast(visitors, draw, pages=5):
    """Visitors with their own speed: lognormal, visitor sd 0.4, page sd 0.18."""
    speed = np.repeat(draw.normal(0, 0.4, visitors), pages)
    load = 2350 * np.exp(speed + draw.normal(0, 0.18, visitors * pages))
    return pd.DataFrame(
        {
            "visitor_id": np.repeat(np.arange(visitors), pages).astype(str),
            "at": pd.Timestamp(2026, 2, 1),
            "load_ms": np.rint(load),
        }
    )


def test_copies_of_a_visitors_pages_are_no_news():
    """Five copies of each page: the interval is that of one page each, not narrower."""
    draw = np.random.default_rng(41)
    once = slow_and_fast(200, draw, pages=1)
    span = {"start": date(2026, 1, 1), "end": date(2026, 3, 1), "precision": PRECISION}
    single = load_times(duckdb_source(once, table="events"), **span)
    copies = load_times(duckdb_source(pd.concat([once] * 5), table="events"), **span)
    assert copies.n_pages == 5 * single.n_pages
    assert copies.fast.estimate.ci_lower == pytest.approx(single.fast.estimate.ci_lower)
    assert copies.p75.ci_upper == single.p75.ci_upper
    with pytest.raises(InputError, match="limit_seconds must be above 0, got 0"):
        load_times(duckdb_source(once, table="events"), limit_seconds=0, **span)
