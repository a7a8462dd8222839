"""A month, a week and a quarter read the same on an axis and in a table, in either language."""

from datetime import date

import pytest

from cxlib.report.periods import axis_period, quarter
from cxlib.report.writer import Writer

DAY = date(2025, 2, 3)


@pytest.mark.parametrize(
    ("cadence", "en", "zh"),
    [
        ("monthly", "Feb 2025", "2025年2月"),
        ("weekly", "3 February 2025", "2025年2月3日"),
        ("quarterly", "Q1 2025", "2025 年第 1 季"),
    ],
)
def test_an_axis_names_its_periods_in_the_readers_words(cadence, en, zh):
    value = axis_period(DAY, cadence)
    assert Writer("en", markup=False)(value) == en
    assert Writer("zh-Hant-HK", markup=False)(value) == zh


def test_every_month_ends_in_its_own_quarter():
    found = [Writer("en", markup=False)(axis_period(date(2026, month, 1), "quarterly"))
             for month in range(1, 13)]  # fmt: skip
    assert found == [f"Q{(month + 2) // 3} 2026" for month in range(1, 13)]


def test_a_quarter_a_client_writes_otherwise_stays_as_it_is():
    assert quarter("2026Q2") == quarter("2026-Q2")
    assert quarter("spring 2026") == "spring 2026"
    assert quarter("2026Q5") == "2026Q5"
