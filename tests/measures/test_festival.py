"""Lunar New Year falls where the Observatory says."""

from datetime import date, timedelta
from itertools import pairwise

from cxlib.engagement.schema import Period
from cxlib.measures.festival import (
    LUNAR_NEW_YEAR,
    holiday_spans,
    lunar_new_years,
    share_of_days,
)


def test_lunar_new_year_days_are_those_of_the_observatory():
    """29 January 2025 and 17 February 2026 are the days between 2025 and mid-2026."""
    days = lunar_new_years(date(2025, 1, 1), date(2026, 6, 30))
    assert [day.isoformat() for day in days] == ["2025-01-29", "2026-02-17"]


def test_every_day_lies_in_its_window_twelve_or_thirteen_moons_apart():
    """The day falls between 21 January and 20 February, 353 to 385 days after the one before."""
    for day in LUNAR_NEW_YEAR:
        assert (1, 21) <= (day.month, day.day) <= (2, 20)
    gaps = [b - a for a, b in pairwise(LUNAR_NEW_YEAR)]
    assert all(timedelta(days=353) <= gap <= timedelta(days=385) for gap in gaps)


def test_the_holiday_reaches_two_weeks_to_either_side_and_into_the_next_month():
    """29 January 2025: 15 January to 12 February, so 17 of 31 and 12 of 28 days by hand."""
    spans = holiday_spans(date(2025, 1, 1), date(2025, 12, 31))
    assert [(span.start, span.end) for span in spans] == [(date(2025, 1, 15), date(2025, 2, 12))]
    assert share_of_days(date(2025, 1, 1), date(2025, 1, 31), spans=spans) == 17 / 31
    assert share_of_days(date(2025, 2, 1), date(2025, 2, 28), spans=spans) == 12 / 28
    assert share_of_days(date(2025, 3, 1), date(2025, 3, 31), spans=spans) == 0


def test_a_day_in_two_spans_counts_once():
    """Three of ten days, two of them twice."""
    spans = [
        Period(start=date(2025, 6, 1), end=date(2025, 6, 3)),
        Period(start=date(2025, 6, 2), end=date(2025, 6, 3)),
    ]
    assert share_of_days(date(2025, 6, 1), date(2025, 6, 10), spans=spans) == 0.3


def test_a_holiday_outside_the_periods_still_reaches_in():
    """The days before 17 February 2026 begin on 3 February."""
    assert len(holiday_spans(date(2026, 2, 1), date(2026, 2, 5))) == 1
