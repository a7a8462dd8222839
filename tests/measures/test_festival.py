"""Lunar New Year falls where the Observatory says."""

from datetime import date, timedelta
from itertools import pairwise

from cxlib.measures.festival import LUNAR_NEW_YEAR, lunar_new_years


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
