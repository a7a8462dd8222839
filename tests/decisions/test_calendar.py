"""Holidays and sale days in a KPI's periods: which hold them, and what they explain."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from cxlib.decisions.calendar import gap_level, kpi_calendar, occasion_shares
from cxlib.engagement import load_engagement
from cxlib.stats.smoothing import calendar_effect

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
MONTHS = [date(2025 + place // 12, place % 12 + 1, 1) for place in range(18)]


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


def test_shares_of_months_and_weeks_are_counted_in_days(engagement):
    """3 to 30 March 2026 has three holiday days in the month; the week of 26 January 2025 all."""
    months = occasion_shares(MONTHS, cadence="monthly", engagement=engagement)
    assert months["lunar_new_year"][12:15] == pytest.approx((0.0, 26 / 28, 3 / 31))
    assert months["sale"][5] == pytest.approx(6 / 30)
    weeks = [date(2025, 1, 6) + timedelta(weeks=k) for k in range(4)]
    shares = occasion_shares(weeks, cadence="weekly", engagement=engagement)
    assert shares == {"lunar_new_year": pytest.approx((0.0, 5 / 7, 1.0, 1.0))}


def test_a_period_is_marked_from_five_days_of_a_month_on(engagement):
    """Three days of March are too few to call it a holiday month; five of November make a sale."""
    calendar = kpi_calendar(MONTHS, [1.0, 2.0] * 9, cadence="monthly", engagement=engagement)
    assert [calendar.marks(k) for k in (0, 5, 10, 13, 14)] == [
        ("lunar_new_year",), ("sale",), ("sale",), ("lunar_new_year",), (),
    ]  # fmt: skip


def test_only_an_effect_that_is_clear_and_helps_is_used(engagement):
    """A dip of six spreads in holiday months is; sale days without any are not."""
    share = occasion_shares(MONTHS, cadence="monthly", engagement=engagement)["lunar_new_year"]
    noise = np.random.default_rng(5).standard_normal(18)
    values = (noise - 6 * np.array(share)).tolist()
    calendar = kpi_calendar(MONTHS, values, cadence="monthly", engagement=engagement)
    assert calendar.used == ("lunar_new_year",)
    assert calendar.columns == (share,)
    assert calendar.effects["lunar_new_year"] == calendar_effect(
        values, share, confidence_level=gap_level(engagement)
    )
    assert gap_level(engagement) == pytest.approx(0.995, abs=1e-3)  # 5 KPIs, 2 occasions
    assert calendar.effects["sale"] is not None


def test_too_few_periods_tell_no_effect(engagement):
    """Seven months, two of them at New Year: marked, not estimated."""
    calendar = kpi_calendar(MONTHS[:7], [1.0] * 7, cadence="monthly", engagement=engagement)
    assert calendar.effects == {"lunar_new_year": None, "sale": None}
    assert calendar.used == ()
    assert calendar.marks(0) == ("lunar_new_year",)


def test_without_periods_there_is_no_calendar(engagement):
    """A KPI whose history has not begun."""
    calendar = kpi_calendar([], [], cadence="monthly", engagement=engagement)
    assert (calendar.shares, calendar.used) == ({}, ())
