# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""Ratios of sums whose rows come in bunches: what their error needs, asked for in one query.

A rate per issue, seconds per contact, complaints per order and pages within three seconds are all
the sum of one quantity over the sum of another. Rows of one customer (or visitor, or store) are
not independent, so the engine adds up each owner first and sends home one line per group:

    K owners, Y = Σ y, X = Σ x, squares = Σ (y - R x)² with R = Y / X

The SQL is the portable subset of `summaries` with window functions, joins and day intervals.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from cxlib.data.query import to_floats
from cxlib.data.source import Source
from cxlib.errors import DataError, InputError

SUMS: Final = ("measure", "n_clusters", "total", "base", "squares")


def cluster_sums(
    source: Source,
    *,
    rows: str,
    measures: Mapping[str, tuple[str, str]],
    keys: Sequence[str] = (),
) -> pd.DataFrame:
    """Add up numerator and denominator per owner, then over owners.

    Args:
        source: Where the query runs.
        rows: A query this package wrote, with a column ``owner`` and the columns used below.
        measures: Name to its numerator y and denominator x, SQL expressions that are never null.
        keys: Columns of ``rows`` that name the group, next to ``owner``.

    Returns:
        Columns `*keys`, `measure`, `n_clusters`, `total` (Y), `base` (X), `squares`; sorted by
        the keys, measures in the order given. A group no owner is in has no line.
    """
    inner = [*keys, "owner"]
    sums = ", ".join(
        f"sum(1e0 * ({y})) as y{n}, sum(1e0 * ({x})) as x{n}"
        for n, (y, x) in enumerate(measures.values())
    )
    grouped = f"select {', '.join(inner)}, {sums} from ({rows}) as r group by {', '.join(inner)}"
    parts = ", ".join(
        f"sum(case when x{n} > 0 or y{n} > 0 then 1 else 0 end) as k{n}, sum(y{n}) as t{n}, "
        f"sum(x{n}) as b{n}, sum(y{n} * y{n}) as yy{n}, sum(x{n} * y{n}) as xy{n}, "
        f"sum(x{n} * x{n}) as xx{n}"
        for n in range(len(measures))
    )
    named = "".join(f"{key}, " for key in keys)
    tail = f" group by {', '.join(keys)}" if keys else ""
    answer = source.ask(f"select {named}{parts} from ({grouped}) as g{tail}")
    tables = []
    for n, measure in enumerate(measures):
        k, total, base, yy, xy, xx = (
            np.nan_to_num(to_floats(answer[f"{part}{n}"]))
            for part in ("k", "t", "b", "yy", "xy", "xx")
        )
        ratio = np.divide(total, base, out=np.zeros_like(total), where=base > 0)
        tables.append(
            answer[[*keys]].assign(
                measure=measure,
                place=n,
                n_clusters=k.astype("int64"),
                total=total,
                base=base,
                squares=np.maximum(yy - 2 * ratio * xy + ratio**2 * xx, 0.0),
            )
        )
    whole = pd.concat(tables, ignore_index=True)
    return whole.sort_values([*keys, "place"], ignore_index=True)[[*keys, *SUMS]]


def flag_sums(
    source: Source,
    *,
    flags: Sequence[str],
    cluster: str,
    date: str,
    start: dt.date,
    end: dt.date,
) -> pd.DataFrame:
    """Add up 0/1 columns over the rows where each is known, by owner.

    Args:
        source: One row per order, visit or contact.
        flags: Columns; the result names them as measures.
        cluster: The owner; rows without one are left out.
        date: Time column of the half-open range.
        start: First day.
        end: Day after the last.

    Raises:
        DataError: A column is absent.
    """
    check_range(start, end)
    owner, moment = source.names(cluster, date)
    spelled = source.names(*flags)
    rows = (
        f"select {owner} as owner, {', '.join(f'{c} as f{n}' for n, c in enumerate(spelled))} "
        f"from {source.table} where {owner} is not null and {within(moment, start, end)}"
    )
    return cluster_sums(
        source,
        rows=rows,
        measures={
            flag: (
                f"case when f{n} = 1 then 1 else 0 end",
                f"case when f{n} is null then 0 else 1 end",
            )
            for n, flag in enumerate(flags)
        },
    )


def paired_sums(
    source: Source,
    *,
    after: str,
    before: str,
    cluster: str,
    date: str,
    start: dt.date,
    end: dt.date,
    by: str = "",
) -> pd.DataFrame:
    """Add up the difference of two columns over the rows that have both, by owner.

    Returns:
        ``cluster_sums`` of the measures `gap` (after - before over pairs), `met` (after at least
        before), `pairs`, `only_after` and `only_before` (their totals count rows); one line each
        per group of ``by``.

    Raises:
        DataError: A column is absent.
    """
    check_range(start, end)
    a, b, owner, moment = source.names(after, before, cluster, date)
    keys = ("grp",) if by else ()
    group = f", {source.names(by)[0]} as grp" if by else ""
    rows = (
        f"select {owner} as owner, {a} as a, {b} as b{group} from {source.table} "
        f"where {owner} is not null and {within(moment, start, end)}"
    )
    both = "case when a is not null and b is not null then 1 else 0 end"
    found = cluster_sums(
        source,
        rows=rows,
        keys=keys,
        measures={
            "gap": ("case when a is not null and b is not null then a - b else 0 end", both),
            "met": ("case when a >= b then 1 else 0 end", both),
            "pairs": (both, "1"),
            "only_after": ("case when a is not null and b is null then 1 else 0 end", "1"),
            "only_before": ("case when a is null and b is not null then 1 else 0 end", "1"),
        },
    )
    return found.rename(columns={"grp": by})


def date_span(source: Source, date: str) -> tuple[dt.date, dt.date]:
    """Give the first and the last day a time column covers.

    Raises:
        DataError: The column is absent or holds no date.
    """
    (moment,) = source.names(date)
    found = source.ask(
        f"select min({moment}) as earliest, max({moment}) as latest from {source.table}"
    )
    if found.isna().to_numpy().any():
        raise DataError(f"{source.table}: {date} must hold at least 1 date, it is empty")
    first, last = (pd.Timestamp(found[name].iloc[0]) for name in ("earliest", "latest"))
    return first.date(), last.date()


def check_range(start: dt.date, end: dt.date) -> None:
    """Refuse a half-open range without a day in it.

    Raises:
        InputError: With both days.
    """
    if start >= end:
        raise InputError(f"start must be before end, got {start} and {end}")


def check_days(name: str, days: int) -> None:
    """Refuse a number of days that is not a whole number of 1 or more.

    Raises:
        InputError: With the value found.
    """
    if not (isinstance(days, int) and days >= 1):
        raise InputError(f"{name} must be a whole number of days, 1 or more, got {days!r}")


def sql_moment(day: dt.date) -> str:
    """Write the first moment of a day."""
    return f"timestamp '{day:%Y-%m-%d} 00:00:00'"


def sql_days(days: int) -> str:
    """Write a span of whole days."""
    return f"interval '{int(days)}' day"


def span_seconds(span: str) -> str:
    """Write the seconds of a difference of two moments."""
    parts = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
    return "(" + " + ".join(f"{size} * extract({part} from {span})" for part, size in parts) + ")"


def day_gap(later: str, earlier: str) -> str:
    """Write the whole days between two dates; engines differ in what date - date is."""
    return f"extract(day from (cast({later} as timestamp) - cast({earlier} as timestamp)))"


def within(moment: str, start: dt.date, end: dt.date) -> str:
    """Write the half-open range of a time column."""
    return f"{moment} >= {sql_moment(start)} and {moment} < {sql_moment(end)}"
