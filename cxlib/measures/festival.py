"""The moving holiday that every Hong Kong series carries: Lunar New Year."""

from collections.abc import Sequence
from datetime import date

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
