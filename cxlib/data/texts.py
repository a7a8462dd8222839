# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""Rows with text, day by day in batches: a million comments never stand in memory together."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

import pandas as pd

from cxlib.data.clusters import check_range, within
from cxlib.data.source import Source
from cxlib.errors import InputError

LONGEST: Final = 5_000
"""Characters of a text that are read; what comes after is left where it is."""
FETCHED: Final = 20_000
"""Rows a question to the engine aims at; a busier day is asked for page by page."""


def count_texts(
    source: Source, *, text: str, date: str, start: dt.date, end: dt.date
) -> pd.DataFrame:
    """Count the rows of a period that have text: `on_day` and `n`, in order of days.

    Raises:
        DataError: A column that is needed is absent.
        InputError: An impossible range.
    """
    check_range(start, end)
    words, moment = source.names(text, date)
    day = f"cast({moment} as date)"
    return source.ask(
        f"select {day} as on_day, count(*) as n from {source.table} "
        f"where {words} is not null and {within(moment, start, end)} group by {day}"
    ).sort_values("on_day")


def text_batches(
    source: Source,
    *,
    text: str,
    row_id: str,
    date: str,
    columns: Sequence[str] = (),
    start: dt.date,
    end: dt.date,
    size: int = 20_000,
) -> Iterator[pd.DataFrame]:
    """Give the rows of a period that have text, oldest first, in batches.

    Args:
        source: The table.
        text: Column of the text; it arrives under the name `words`.
        row_id: Column that names a row; it arrives as `row_id` and breaks ties of the order.
        date: Column of the day or time; it arrives as `moment`.
        columns: Others to bring along; those the table lacks are left out.
        start: First day.
        end: Day after the last day.
        size: Most rows of a batch.

    Yields:
        Frames with row_id, moment, words and the columns that exist.

    Raises:
        DataError: A column that is needed is absent.
        InputError: An impossible range or size.
    """
    if size < 1:
        raise InputError(f"size must be 1 or more, got {size}")
    words, name, moment = source.names(text, row_id, date)
    others = [column for column in columns if column in source.columns]
    listed = "".join(f", {found} as {found}" for found in source.names(*others))
    counts = count_texts(source, text=text, date=date, start=start, end=end)
    for first, last, n in _spans(counts, size=FETCHED):
        asked = (
            f"select cast({name} as varchar(200)) as row_id, {moment} as moment, "
            f"substr({words}, 1, {LONGEST}) as words{listed} from {source.table} "
            f"where {words} is not null and {within(moment, first, last)} order by {moment}, {name}"
        )
        for page in range(0, n, FETCHED):
            limit = f" limit {FETCHED} offset {page}" if n > FETCHED else ""
            fetched = source.run(asked + limit).rename(columns=str.lower)
            for at in range(0, len(fetched), size):
                yield fetched.iloc[at : at + size].reset_index(drop=True)


def _spans(counts: pd.DataFrame, *, size: int) -> Iterator[tuple[dt.date, dt.date, int]]:
    """Join days until a batch would pass the size; first day, day after the last, rows."""
    days = [moment.date() for moment in pd.to_datetime(counts["on_day"])]
    first, rows = 0, 0
    for k, n in enumerate(counts["n"].astype(int)):
        if rows and rows + n > size:
            yield days[first], days[k - 1] + dt.timedelta(days=1), rows
            first, rows = k, 0
        rows += int(n)
    if rows:
        yield days[first], days[-1] + dt.timedelta(days=1), rows
