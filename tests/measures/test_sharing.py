"""Sharing volume over orders: exposure alone is no rise, small counts are hidden."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.engagement.schema import Period
from cxlib.measures.sharing import sharing_volume, two_periods

BASE = Period(start=dt.date(2025, 7, 1), end=dt.date(2025, 12, 31))
REVIEW = Period(start=dt.date(2026, 1, 1), end=dt.date(2026, 6, 30))
PRECISION = {"confidence_level": 0.95, "minimum_cell": 30}


def sources(per_month, *, share=0.5):
    """Orders by month, and mentions at a fixed share of them, every third one with stars."""

    def frame(counts, column):
        months = pd.date_range("2025-07-01", periods=12, freq="MS")
        days = [
            month + pd.Timedelta(days=k % 28)
            for month, n in zip(months, counts, strict=True)
            for k in range(n)
        ]
        return pd.DataFrame({column: days})

    mentions = frame([round(n * share) for n in per_month], "posted_on")
    mentions["stars"] = np.where(np.arange(len(mentions)) % 3 == 0, 4.0, np.nan)
    return {
        "orders": duckdb_source(frame(per_month, "ordered_at"), table="orders"),
        "mentions": duckdb_source(mentions, table="mentions"),
    }


def compare(given):
    return sharing_volume(given, baseline=BASE, review=REVIEW, precision=PRECISION)


def test_twice_the_orders_and_twice_the_mentions_are_no_rise():
    """Trap of exposure: counts double, the rate per 1,000 orders stays at 500."""
    found = compare(sources([100] * 6 + [200] * 6)).mentions
    assert found.change.n_after == 2 * found.change.n_before
    assert found.change.ratio.value == pytest.approx(1)
    assert not found.change.ratio.excludes(1.0)
    assert found.before.value == pytest.approx(500)


def test_the_same_mentions_on_fewer_orders_are_a_rise():
    """100 mentions a month on 200, then on 100 orders: ratio 2."""
    many, few = sources([200] * 6 + [100] * 6), sources([200] * 12)
    found = compare({"orders": many["orders"], "mentions": few["mentions"]}).mentions
    assert found.change.ratio.value == pytest.approx(2)
    assert found.change.ratio.excludes(1.0)


def test_reviews_are_the_mentions_with_stars_and_few_of_them_are_hidden():
    """20 mentions a month, 7 with stars at most: reviews are shown; 2 a month are not."""
    shown = compare(sources([40] * 12)).volumes
    assert [each.kind for each in shown] == ["all", "reviews"]
    assert shown[1].change.n_before == pytest.approx(shown[0].change.n_before / 3, abs=1)
    assert compare(sources([4] * 12)).mentions.change is None


def test_absent_tables_give_nothing_and_uncovered_periods_the_halves():
    """Without mentions nothing; where the tables do not reach the review, halves."""
    assert compare({}) is None
    both = Period(start=dt.date(2025, 7, 1), end=dt.date(2025, 7, 10))
    first, second = two_periods(both, baseline=BASE, review=REVIEW)
    assert (first.end, second.start) == (dt.date(2025, 7, 5), dt.date(2025, 7, 6))
