"""Days that move within the year and move every series with them: Lunar New Year, sales."""

from collections.abc import Sequence
from datetime import date, timedelta

from cxlib.engagement.schema import Period

BEFORE, AFTER = 14, 14
"""Days before the first of the lunar year and after it: the rush, the break, to the lanterns."""

LUNAR_NEW_YEAR: Sequence[date] = (
    date(2020, 1, 25), date(2021, 2, 12), date(2022, 2, 1), date(2023, 1, 22), date(2024, 2, 10),
    date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26), date(2029, 2, 13),
    date(2030, 2, 3), date(2031, 1, 23), date(2032, 2, 11), date(2033, 1, 31), date(2034, 2, 19),
    date(2035, 2, 8),
)  # fmt: skip
"""First days of the lunar years; those on working days checked against the holidays package."""


def lunar_new_years(first: date, last: date) -> tuple[date, ...]:
    """Give the Lunar New Year days from ``first`` to ``last``, both included."""
    return tuple(day for day in LUNAR_NEW_YEAR if first <= day <= last)


def holiday_spans(first: date, last: date) -> tuple[Period, ...]:
    """Give the days around each Lunar New Year that reach into ``first`` to ``last``."""
    before, after = timedelta(days=BEFORE), timedelta(days=AFTER)
    days = lunar_new_years(first - after, last + before)
    return tuple(Period(start=day - before, end=day + after) for day in days)


def share_of_days(start: date, end: date, *, spans: Sequence[Period]) -> float:
    """Give the share of a period's days, both ends included, that lie in any of the spans.

    Args:
        start: First day.
        end: Last day.
        spans: May overlap; a day counts once.
    """
    days = [start + timedelta(days=k) for k in range((end - start).days + 1)]
    inside = sum(any(span.start <= day <= span.end for span in spans) for day in days)
    return inside / len(days)
