"""The questions asked of row-level tables; its neighbours hold those of one subject.

Each function returns a small sorted frame: counts, or a count with means and variances. The SQL
is a portable subset (GROUP BY, sums, CASE, date_trunc; no division, no FILTER), so the same text
runs in DuckDB, PostgreSQL, Spark and most warehouses. Values are shifted before they are squared,
because raw sums of squares lose their digits on amounts.

All functions share these arguments:
    by: Columns that name the group; none puts everyone together. An empty cell is a group too.
    date, start, end: Keep rows of the half-open range [start, end) of this time column.
    cadence: Add the group `period_start`: first day of the day, week (Monday), month or quarter
        of `date`.
    equals: Keep rows whose column has exactly this value.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import numpy as np
import pandas as pd

from cxlib.data.query import (
    Cadence,
    Floats,
    Query,
    build_query,
    find_shifts,
    sql_number,
    to_floats,
)
from cxlib.data.source import Source
from cxlib.errors import InputError

Coding = Literal["value", "nps", "top2"]

_CODED: Final[Mapping[Coding, str]] = {
    "value": "{0}",
    "nps": "case when {0} >= 9 then 1 when {0} <= 6 then -1 when {0} <= 8 then 0 end",
    "top2": "case when {0} >= 4 then 1 when {0} <= 3 then 0 end",
}


def score_counts(
    source: Source,
    *,
    score: str,
    by: Sequence[str] = (),
    date: str | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
    cadence: Cadence | None = None,
    equals: Mapping[str, str | int] | None = None,
) -> pd.DataFrame:
    """Count answers per score and group.

    Args:
        score: Whole-number column; rows without an answer are left out.

    Returns:
        Columns `*by`, `period_start` when there is a cadence, `score`, `n`; sorted.
        NPS, CSAT, CES, the distribution chart and the bootstrap all start here.

    Raises:
        DataError: A column is absent; the message lists those that exist.
        InputError: A range without its date column, or an unknown cadence.
    """
    (column,) = source.names(score)
    query = build_query(
        source, by=by, date=date, start=start, end=end, cadence=cadence, equals=equals, score=column
    )
    sql = query.select(["count(*) as n"], where=[f"{column} is not null"])
    return query.finish(source.ask(sql)).astype({"score": "int64", "n": "int64"})


def flag_counts(
    source: Source,
    *,
    flags: Sequence[str],
    by: Sequence[str] = (),
    date: str | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
    cadence: Cadence | None = None,
    equals: Mapping[str, str | int] | None = None,
) -> pd.DataFrame:
    """Count rows and the rows where each 0/1 column is 1.

    Returns:
        Columns `*by`, (`period_start`), `n` rows, and per flag its count of ones under its own
        name and `n_<flag>`, the rows where it is known. A rate is flag / n_flag.

    Raises:
        DataError: A column is absent.
        InputError: A range without its date column, or an unknown cadence.
    """
    columns = source.names(*flags)
    query = build_query(
        source, by=by, date=date, start=start, end=end, cadence=cadence, equals=equals
    )
    aggregates = ["count(*) as n"]
    for n, column in enumerate(columns):
        aggregates += [
            f"sum(case when {column} = 1 then 1 else 0 end) as f{n}",
            f"count({column}) as m{n}",
        ]
    answer = query.finish(source.ask(query.select(aggregates)))
    names = {f"f{n}": flag for n, flag in enumerate(flags)}
    names |= {f"m{n}": f"n_{flag}" for n, flag in enumerate(flags)}
    answer = answer.rename(columns=names)
    counts = ["n", *names.values()]
    return answer.assign(**{name: answer[name].fillna(0).astype("int64") for name in counts})


def period_counts(
    source: Source,
    *,
    date: str,
    cadence: Cadence,
    by: Sequence[str] = (),
    start: dt.date | None = None,
    end: dt.date | None = None,
    equals: Mapping[str, str | int] | None = None,
) -> pd.DataFrame:
    """Count rows per period; a period without rows has no line.

    Returns:
        Columns `*by`, `period_start`, `n`; sorted. Rows without a date are left out.

    Raises:
        DataError: A column is absent.
        InputError: An unknown cadence.
    """
    query = build_query(
        source, by=by, date=date, start=start, end=end, cadence=cadence, equals=equals
    )
    return query.finish(source.ask(query.select(["count(*) as n"]))).astype({"n": "int64"})


def distinct_customers(
    source: Source,
    *,
    customer: str = "customer_id",
    by: Sequence[str] = (),
    date: str | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
    cadence: Cadence | None = None,
    equals: Mapping[str, str | int] | None = None,
) -> pd.DataFrame:
    """Count rows and the different customers behind them.

    Returns:
        Columns `*by`, (`period_start`), `n` rows, `n_customers`. Customers of groups overlap and
        must not be added up.

    Raises:
        DataError: A column is absent.
        InputError: A range without its date column, or an unknown cadence.
    """
    (column,) = source.names(customer)
    query = build_query(
        source, by=by, date=date, start=start, end=end, cadence=cadence, equals=equals
    )
    sql = query.select(["count(*) as n", f"count(distinct {column}) as n_customers"])
    return query.finish(source.ask(sql)).astype({"n": "int64", "n_customers": "int64"})


def group_moments(
    source: Source,
    *,
    columns: Sequence[str],
    by: Sequence[str] = (),
    shift: Mapping[str, float] | None = None,
    date: str | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
    cadence: Cadence | None = None,
    equals: Mapping[str, str | int] | None = None,
) -> pd.DataFrame:
    """Give the count, mean and variance of number columns per group.

        mean = shift + s / n        var = (p - s² / n) / (n - 1)

    with s and p the sums of (x - shift) and (x - shift)².

    Args:
        columns: Number columns; each uses the rows where it is filled.
        shift: Per column a value near its mean; what is not given is asked first.

    Returns:
        Columns `*by`, (`period_start`), `n` rows, and per column `n_<c>`, `mean_<c>`, `var_<c>`.
        The variance has n - 1 below the line; it is missing under two values, the mean under one.

    Raises:
        DataError: A column is absent.
        InputError: A range without its date column, or an unknown cadence.
    """
    spelled = source.names(*columns)
    query = build_query(
        source, by=by, date=date, start=start, end=end, cadence=cadence, equals=equals
    )
    shifts = find_shifts(source, columns, spelled, shift)
    aggregates = ["count(*) as n"]
    for n, column in enumerate(spelled):
        centred = f"({column} - {sql_number(shifts[n])})"
        aggregates += [
            f"count({column}) as n{n}",
            f"sum(1e0 * {centred}) as s{n}",
            f"sum(1e0 * {centred} * {centred}) as p{n}",
        ]
    answer = query.finish(source.ask(query.select(aggregates)))
    result = answer[[*query.names, "n"]].astype({"n": "int64"})
    for n, name in enumerate(columns):
        count, total, square = (to_floats(answer[f"{part}{n}"]) for part in ("n", "s", "p"))
        result[f"n_{name}"] = count.astype("int64")
        result[f"mean_{name}"] = _mean(count, total, shifts[n])
        result[f"var_{name}"] = _covariance(count, total, total, square)
    return result


def ratio_moments(
    source: Source,
    *,
    numerator: str,
    denominator: str,
    by: Sequence[str] = (),
    date: str | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
    cadence: Cadence | None = None,
    equals: Mapping[str, str | int] | None = None,
) -> pd.DataFrame:
    """Give what the variance of a ratio of means needs (delta method).

    Args:
        numerator: Number column of a unit, such as its sales.
        denominator: Number column of the same unit, such as its enquiries.

    Returns:
        Columns `*by`, (`period_start`), `n` units with both filled, `mean_numerator`,
        `mean_denominator`, `var_numerator`, `var_denominator`, `cov` (n - 1 below the line).

    Raises:
        DataError: A column is absent.
        InputError: A range without its date column, or an unknown cadence.
    """
    x, y = source.names(numerator, denominator)
    query = build_query(
        source, by=by, date=date, start=start, end=end, cadence=cadence, equals=equals
    )
    shifts = find_shifts(source, (numerator, denominator), (x, y), None)
    u, v = f"({x} - {sql_number(shifts[0])})", f"({y} - {sql_number(shifts[1])})"
    aggregates = [
        "count(*) as n", f"sum(1e0 * {u}) as s0", f"sum(1e0 * {v}) as s1",
        f"sum(1e0 * {u} * {u}) as p00", f"sum(1e0 * {v} * {v}) as p11",
        f"sum(1e0 * {u} * {v}) as p01",
    ]  # fmt: skip
    sql = query.select(aggregates, where=[f"{x} is not null", f"{y} is not null"])
    answer = query.finish(source.ask(sql))
    n, s0, s1 = (to_floats(answer[name]) for name in ("n", "s0", "s1"))
    return answer[[*query.names, "n"]].assign(
        n=n.astype("int64"),
        mean_numerator=_mean(n, s0, shifts[0]),
        mean_denominator=_mean(n, s1, shifts[1]),
        var_numerator=_covariance(n, s0, s0, to_floats(answer["p00"])),
        var_denominator=_covariance(n, s1, s1, to_floats(answer["p11"])),
        cov=_covariance(n, s0, s1, to_floats(answer["p01"])),
    )


def clustered_moments(
    source: Source,
    *,
    columns: Sequence[str],
    cluster: str = "customer_id",
    coding: Coding = "value",
    by: Sequence[str] = (),
    date: str | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
    cadence: Cadence | None = None,
    equals: Mapping[str, str | int] | None = None,
) -> pd.DataFrame:
    """Give what the error of a mean needs when customers answer several times.

        squares = Σ over clusters (t - mean · m)²,  t the total and m the count of a cluster
        se(mean) = sqrt(K / (K - 1) · squares) / n,  K clusters, n values

    Args:
        columns: Number columns; each uses the rows where it is filled.
        cluster: Who or what answers repeatedly; rows without it each stand alone and are left out.
        coding: value takes the number; nps takes 1, 0, -1 for promoter, passive, detractor (the
            mean times 100 is the score); top2 takes 1 for 4 or 5 on a scale of five, else 0.

    Returns:
        Columns `*by`, (`period_start`), `column, n, n_clusters, mean, squares`, `count_squares`
        (Σ m²).

    Raises:
        DataError: A column is absent.
        InputError: A range without its date column, an unknown cadence or coding.

    Source: ratio estimator for clusters, Cochran (1977), Sampling Techniques, section 6.3.
    """
    if coding not in _CODED:
        raise InputError(f"coding must be one of {', '.join(_CODED)}, got {coding!r}")
    (owner,) = source.names(cluster)
    query = build_query(
        source, by=by, date=date, start=start, end=end, cadence=cadence, equals=equals
    )
    parts = []
    for name, spelled in zip(columns, source.names(*columns), strict=True):
        value = f"({_CODED[coding].format(spelled)})"
        shift = find_shifts(source, [name], [value], None)[0]
        inner = Query(query.table, (*query.keys, owner), (), query.where).select(
            ["count(*) as m", f"sum(1e0 * ({value} - {sql_number(shift)})) as t"],
            where=[f"{spelled} is not null", f"{owner} is not null"],
        )
        keys = tuple(f"k{n}" for n in range(len(query.keys)))
        outer = Query(f"({inner}) as c", keys, query.names, ()).select(
            [
                "count(*) as n_clusters", "sum(m) as n", "sum(t) as s", "sum(1e0 * t * t) as tt",
                "sum(1e0 * t * m) as tm", "sum(1e0 * m * m) as mm",
            ]
        )  # fmt: skip
        answer = query.finish(source.ask(outer))
        n, s, tt, tm, mm = (to_floats(answer[part]) for part in ("n", "s", "tt", "tm", "mm"))
        n = np.nan_to_num(n)
        centre = _mean(n, s, 0.0)
        parts.append(
            answer[[*query.names]].assign(
                column=name,
                n=n.astype("int64"),
                n_clusters=answer["n_clusters"].astype("int64"),
                mean=centre + shift,
                squares=np.maximum(tt - 2 * centre * tm + centre**2 * mm, 0.0),
                count_squares=np.nan_to_num(mm),
            )
        )
    return pd.concat(parts, ignore_index=True)


def _mean(n: Floats, total: Floats, shift: float) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(n > 0, total / n + shift, np.nan)


def _covariance(n: Floats, s: Floats, t: Floats, product: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(n > 1, (product - s * t / n) / (n - 1), np.nan)
