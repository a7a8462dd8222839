"""Write the parts every summary query shares: group keys, the date range, literals.

Only checked column names and literals written here reach the SQL, never free text.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxlib.data.source import Source
from cxlib.errors import InputError

Cadence = Literal["day", "week", "month", "quarter"]
Floats = npt.NDArray[np.float64]
PERIOD: Final = "period_start"
ROWS_FOR_SHIFT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Query:
    """The parts of a query every summary shares."""

    table: str
    keys: tuple[str, ...]
    names: tuple[str, ...]
    where: tuple[str, ...]

    def select(self, aggregates: Sequence[str], *, where: Sequence[str] = ()) -> str:
        """Write the query: group keys k0, k1, … and the aggregates."""
        columns = [*(f"{key} as k{n}" for n, key in enumerate(self.keys)), *aggregates]
        conditions = [*self.where, *where]
        kept = f" where {' and '.join(conditions)}" if conditions else ""
        grouped = f" group by {', '.join(self.keys)}" if self.keys else ""
        return f"select {', '.join(columns)} from {self.table}{kept}{grouped}"  # noqa: S608

    def finish(self, answer: pd.DataFrame) -> pd.DataFrame:
        """Give the group keys their names back and sort by them."""
        named = answer.rename(columns={f"k{n}": name for n, name in enumerate(self.names)})
        if PERIOD in self.names:
            named[PERIOD] = pd.to_datetime(named[PERIOD]).astype("datetime64[us]")
        if not self.names:
            return named.reset_index(drop=True)
        return named.sort_values(list(self.names), ignore_index=True)


def build_query(
    source: Source,
    *,
    by: Sequence[str],
    date: str | None,
    start: dt.date | None,
    end: dt.date | None,
    cadence: Cadence | None,
    equals: Mapping[str, str | int] | None,
    score: str | None = None,
) -> Query:
    """Check the shared arguments and write the shared parts of the query."""
    if date is None and (start or end or cadence):
        raise InputError("start, end and cadence need date, the name of a time column")
    if start is not None and end is not None and start >= end:
        raise InputError(f"start must be before end, got {start} and {end}")
    keys, names, where = list(source.names(*by)), list(by), []
    if date is not None:
        (moment,) = source.names(date)
        if start is not None:
            where.append(f"{moment} >= {_timestamp(start)}")
        if end is not None:
            where.append(f"{moment} < {_timestamp(end)}")
        if cadence is not None:
            if cadence not in get_args(Cadence):
                allowed = ", ".join(get_args(Cadence))
                raise InputError(f"cadence must be one of {allowed}, got {cadence!r}")
            where.append(f"{moment} is not null")
            keys.append(f"date_trunc('{cadence}', {moment})")
            names.append(PERIOD)
    for column, value in (equals or {}).items():
        where.append(f"{source.names(column)[0]} = {sql_text(value)}")
    if score is not None:
        keys.append(score)
        names.append("score")
    return Query(source.table, tuple(keys), tuple(names), tuple(where))


def find_shifts(
    source: Source,
    columns: Sequence[str],
    spelled: Sequence[str],
    given: Mapping[str, float] | None,
) -> list[float]:
    """Find a value near each column's mean: the given one, or the mean of some rows.

    Any value among the column's own keeps the digits, so a few rows do; where they hold none, the
    whole table is asked.
    """
    known = dict(given or {})
    asked = [n for n, name in enumerate(columns) if name not in known]
    if asked:
        some = ", ".join(f"{spelled[n]} as c{n}" for n in asked)
        few = f"(select {some} from {source.table} limit {ROWS_FOR_SHIFT}) as few"  # noqa: S608
        averages = ", ".join(f"avg(1e0 * c{n}) as a{n}" for n in asked)
        means = _first_row(source.ask(f"select {averages} from {few}"), asked)  # noqa: S608
        if absent := [n for n in asked if np.isnan(means[n])]:
            averages = ", ".join(f"avg(1e0 * {spelled[n]}) as a{n}" for n in absent)
            whole = source.ask(f"select {averages} from {source.table}")  # noqa: S608
            means |= _first_row(whole, absent)
        for n in asked:
            known[columns[n]] = 0.0 if np.isnan(means[n]) else float(f"{means[n]:.6g}")
    return [known[name] for name in columns]


def _first_row(answer: pd.DataFrame, places: Sequence[int]) -> dict[int, float]:
    return {n: float(to_floats(answer[f"a{n}"])[0]) for n in places}


def to_floats(column: pd.Series) -> Floats:
    """Take numbers as float64; some drivers send NUMERIC as text or Decimal."""
    return np.asarray(pd.to_numeric(column).astype("float64").to_numpy(na_value=np.nan))


def _timestamp(day: dt.date) -> str:
    return f"timestamp '{day:%Y-%m-%d} 00:00:00'"


def sql_number(value: float) -> str:
    """Write a float that every engine reads as a float, not as a decimal."""
    return f"{value:.17e}" if value >= 0 else f"(0e0 - {-value:.17e})"


def sql_text(value: str | int) -> str:
    """Write a value to compare with; unprintable text is refused."""
    if isinstance(value, int):
        return str(int(value))
    if "\\" in value or not value.isprintable():
        raise InputError(f"a value to compare with must be plain text, got {value!r}")
    return "'" + value.replace("'", "''") + "'"
