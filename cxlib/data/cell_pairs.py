# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""Ask for what clustered errors of weighted scores need: sums of products between cells.

A customer may answer in several cells (touchpoints, channels, segments). The variance of any
weighted score, difference or ranking is a quadratic form in each customer's totals per cell; its
coefficients are known only later. The engine therefore sums the products of these totals over
customers, once: a square table, one line per pair of cells, however many rows there are.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from cxlib.data.clusters import sql_moment
from cxlib.data.query import Query, build_query, sql_text
from cxlib.data.source import Source
from cxlib.errors import InputError

Coding = Literal["value", "nps", "share", "sign"]
Spans: TypeAlias = Mapping[str, tuple[dt.date, dt.date]]
"""Name of each period to its first day and the day after its last."""
OTHER = "other_"
SPAN, ITEM, ANSWER = "period", "item", "item_answer"


def cell_pairs(
    source: Source,
    *,
    score: str | Sequence[str],
    by: Sequence[str],
    coding: Coding = "value",
    favourable: tuple[int, int] | None = None,
    cluster: str = "customer_id",
    alone: str | None = None,
    date: str | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
    spans: Spans | None = None,
    equals: Mapping[str, str | int] | None = None,
) -> pd.DataFrame:
    """Sum the products of customers' totals over every pair of cells that share a customer.

        tt = Σ t(k,a) t(k,b)    tm = Σ t(k,a) m(k,b)    mm = Σ m(k,a) m(k,b)

    over customers k, with t the total and m the number of a customer's answers in a cell.

    Args:
        source: One row per answer; rows without an answer are left out.
        score: Whole-number column; of several, each answer to each counts, and ``item`` in ``by``
            tells them apart.
        by: Columns that make the cells; none makes one cell. An empty cell is a value too.
            ``period`` stands for the spans.
        coding: value takes the number; nps takes 1, 0, -1 for promoter, passive, detractor; share
            takes 1 for an answer in ``favourable``, else 0; sign takes 1, 0, -1 for 4-5, 3, 1-2.
        favourable: First and last answer that count, both included; for "share" only.
        spans: Periods of ``date`` by name; answers outside all of them are left out.
        cluster: Who answers repeatedly.
        alone: Column that names a row without ``cluster``, which then stands alone; without it
            such rows are left out.

    Returns:
        Columns ``*by``, ``other_<by>`` for the second cell; ``n``, ``total``, ``squares`` (Σ m,
        Σ t, Σ y² of the first cell, over the customers both share: a cell's own are on its line
        with itself); ``customers`` that both share; ``tt``, ``tm``, ``mm``; and ``n_clusters``,
        the customers in all cells together, the same on each line. Sorted; both orders of a pair
        are there.

    Raises:
        DataError: A column is absent, or there are too many pairs of cells for a summary.
        InputError: A range without its date column, an unknown coding, or "share" without
            ``favourable``.

    Source: Cochran (1977), Sampling Techniques, 6.3, written for any set of cells.
    """
    if not isinstance(score, str):
        source, score = _unpivoted(source, score), ANSWER
    if spans is not None:
        source = _spanned(source, date, spans)
    answer, owner = source.names(score, cluster)
    if alone is not None:
        owner = f"coalesce({owner}, {source.names(alone)[0]})"
    value = _coded(answer, coding, favourable)
    query = build_query(source, by=by, date=date, start=start, end=end, cadence=None, equals=equals)
    kept = [f"{answer} is not null", f"{owner} is not null"]
    if spans is not None:
        kept.append(f"{SPAN} is not null")
    inner = Query(query.table, (*query.keys, owner), (), query.where).select(
        ["count(*) as m", f"sum(1e0 * {value}) as t", f"sum(1e0 * {value} * {value}) as q"],
        where=kept,
    )
    places = range(len(by))
    keys = tuple(f"{side}.k{n}" for side in ("a", "b") for n in places)
    names = (*by, *(f"{OTHER}{name}" for name in by))
    last = f"k{len(by)}"
    pairs = Query(
        f"({inner}) as a join ({inner}) as b on a.{last} = b.{last}", keys, names, ()
    ).select(
        [
            "sum(a.m) as n", "sum(a.t) as total", "sum(a.q) as squares",
            "sum(1e0 * a.t * b.t) as tt", "sum(1e0 * a.t * b.m) as tm",
            "sum(1e0 * a.m * b.m) as mm", "count(*) as customers",
        ]
    )  # fmt: skip
    found = source.ask(pairs).rename(columns={f"k{n}": name for n, name in enumerate(names)})
    everyone = Query(query.table, (), (), query.where).select(
        [f"count(distinct {owner}) as n_clusters"], where=kept
    )
    customers = int(source.ask(everyone)["n_clusters"].iloc[0])
    sums = ["total", "squares", "tt", "tm", "mm"]
    found = found.dropna(subset=["n"]).astype(dict.fromkeys(sums, "float64"))
    if names:
        found = found.sort_values(list(names), ignore_index=True)
    found["customers"] = found["customers"].astype("int64")
    return found.assign(n=found["n"].astype("int64"), n_clusters=np.int64(customers))


def _unpivoted(source: Source, items: Sequence[str]) -> Source:
    """Give each answer one row per item, with the item's name."""
    parts = " union all ".join(
        f"select *, '{name}' as {ITEM}, {column} as {ANSWER} from {source.table}"
        for name, column in zip(items, source.names(*items), strict=True)
    )
    columns = source.columns | {ITEM, ANSWER}
    return replace(source, table=f"({parts}) as long", columns=columns)


def _spanned(source: Source, date: str | None, spans: Spans) -> Source:
    """Give each answer the name of its period, or none."""
    if date is None or not spans:
        raise InputError("spans need date, the name of a time column, and at least 1 period")
    (moment,) = source.names(date)
    cases = " ".join(
        f"when {moment} >= {sql_moment(first)} and {moment} < {sql_moment(last)} "
        f"then {sql_text(name)}"
        for name, (first, last) in spans.items()
    )
    table = f"(select *, case {cases} end as {SPAN} from {source.table}) as spanned"
    return replace(source, table=table, columns=source.columns | {SPAN})


def _coded(column: str, coding: Coding, favourable: tuple[int, int] | None) -> str:
    if coding == "value":
        return f"({column})"
    if coding == "nps":
        return f"(case when {column} >= 9 then 1 when {column} <= 6 then -1 else 0 end)"
    if coding == "sign":
        return f"(case when {column} >= 4 then 1 when {column} <= 2 then -1 else 0 end)"
    if coding != "share":
        raise InputError(f"coding must be one of value, nps, share, sign, got {coding!r}")
    if favourable is None:
        raise InputError("coding 'share' needs favourable, the first and last answer that count")
    low, high = (int(end) for end in favourable)
    return f"(case when {column} >= {low} and {column} <= {high} then 1 else 0 end)"
