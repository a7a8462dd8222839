"""cxlib.data.convert: text to numbers, flags and times, and what is refused."""

# ruff: noqa: DTZ001 - a client's clock carries no zone

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.data.convert import to_flags, to_integers, to_numbers, to_times


def text(*cells):
    return pd.Series(list(cells), dtype="str", index=range(2, 2 + len(cells)))


def test_numbers_are_read_as_people_write_them():
    values, bad = to_numbers(text("12", "-3.5", "1,234.50", "１２", " 7 ", "1e3", None))
    assert values.tolist()[:6] == [12, -3.5, 1234.5, 12, 7, 1000]
    assert np.isnan(values.iloc[6])
    assert not bad.any()


@pytest.mark.parametrize(
    "cell", ["abc", "nan", "NaN", "NA", "inf", "-inf", "-", "1,23", "12,5", "$5", "0x10", "True"]
)
def test_what_is_no_number_is_marked_and_missing(cell):
    """ "nan" and "inf" are words a program may write; no customer ever answered them."""
    values, bad = to_numbers(text("1", cell))
    assert bad.tolist() == [False, True]
    assert np.isnan(values.iloc[1])


@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), max_size=30))
def test_every_float_round_trips(numbers):
    values, bad = to_numbers(text(*(None if x is None else repr(x) for x in numbers)))
    assert not bad.any()
    expected = [np.nan if x is None else x for x in numbers]
    np.testing.assert_allclose(values.to_numpy(), expected, rtol=1e-15)


@given(st.lists(st.none() | st.integers(-(2**53), 2**53), max_size=30))
def test_every_whole_number_round_trips(numbers):
    values, bad = to_integers(text(*(None if x is None else str(x) for x in numbers)))
    assert (str(values.dtype), bad.any()) == ("Int64", False)
    assert [None if pd.isna(x) else x for x in values] == numbers


def test_a_whole_number_may_carry_a_zero_decimal_but_no_other():
    """Parquet and Excel turn a scale with gaps into 5.0; 4.5 is no answer on a scale."""
    values, bad = to_integers(text("5.0", "4.5", "1e20", "five"))
    assert bad.tolist() == [False, True, True, True]
    assert values.tolist() == [5, pd.NA, pd.NA, pd.NA]


def test_flags_are_read_in_both_languages():
    values, bad = to_flags(text("0", "1", "TRUE", "no", "是", "否", "1.0", None, "2", "maybe"))
    assert values.tolist() == [0, 1, 1, 0, 1, 0, 1, pd.NA, pd.NA, pd.NA]
    assert bad.tolist() == [False] * 8 + [True, True]


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-01-05", datetime(2026, 1, 5)),
        ("2026-01-05 15:04", datetime(2026, 1, 5, 15, 4)),
        ("2026-01-05 15:04:05", datetime(2026, 1, 5, 15, 4, 5)),
        ("2026-01-05T15:04:05", datetime(2026, 1, 5, 15, 4, 5)),
        ("2026-01-05 15:04:05.250", datetime(2026, 1, 5, 15, 4, 5, 250_000)),
        ("2026/1/5 15:04", datetime(2026, 1, 5, 15, 4)),
        ("2026年1月5日", datetime(2026, 1, 5)),
        ("２０２６年１月５日 15:04", datetime(2026, 1, 5, 15, 4)),
    ],
)
def test_times_are_read_year_first(cell, moment):
    values, bad = to_times(text(cell))
    assert (values.iloc[0], bad[0], str(values.dtype)) == (moment, False, "datetime64[us]")


@pytest.mark.parametrize(
    ("cell", "local"),
    [
        ("2026-01-05T07:04:05Z", datetime(2026, 1, 5, 15, 4, 5)),
        ("2026-01-05 15:04:05+08:00", datetime(2026, 1, 5, 15, 4, 5)),
        ("2026-01-05 15:04:05+08", datetime(2026, 1, 5, 15, 4, 5)),
        ("2026-01-04 20:04:05-0500", datetime(2026, 1, 5, 9, 4, 5)),
    ],
)
def test_a_time_with_an_offset_comes_to_hong_kong_clock(cell, local):
    """Hong Kong is UTC + 8 h: 07:04 UTC is 15:04; 20:04 at -5 h is 01:04 UTC, 09:04 here."""
    values, bad = to_times(text(cell))
    assert (values.iloc[0], bad[0]) == (local, False)


@pytest.mark.parametrize(
    "cell",
    [
        "05/01/2026", "01-05-26", "5 Jan 2026", "2026-13-01", "2026-02-30", "2026", "20260105",
        "46027", "2026-01-05 25:00", "1899-12-30", "9999-12-31", "2026-01-05Z", "yesterday",
    ],
)  # fmt: skip
def test_ambiguous_impossible_and_implausible_dates_are_refused(cell):
    values, bad = to_times(text("2026-01-05", cell))
    assert bad.tolist() == [False, True]
    assert values.isna().tolist() == [False, True]


@given(
    st.lists(
        st.datetimes(datetime(1901, 1, 1), datetime(2100, 12, 31)).map(
            lambda moment: moment.replace(microsecond=0)
        ),
        min_size=1,
        max_size=20,
    )
)
def test_every_time_round_trips(moments):
    values, bad = to_times(text(*(moment.isoformat(sep=" ") for moment in moments)))
    assert not bad.any()
    assert values.dt.to_pydatetime().tolist() == moments


def test_an_empty_column_stays_empty_in_every_kind():
    empty = text(None, None)
    for convert in (to_numbers, to_integers, to_flags, to_times):
        values, bad = convert(empty)
        assert values.isna().all()
        assert not bad.any()
