"""Ask for what clustered errors of weighted scores need: sums of products between cells.

A customer may answer in several cells (touchpoints, channels, segments). The variance of any
weighted score, difference or ranking is a quadratic form in each customer's totals per cell; its
coefficients are known only later. The engine therefore sums the products of these totals over
customers, once: a square table, one line per pair of cells, however many rows there are.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from cxlib.data.query import Query, build_query
from cxlib.data.source import Source
from cxlib.errors import InputError

Coding = Literal["value", "nps", "share"]
OTHER = "other_"


def cell_pairs(
    source: Source,
    *,
    score: str,
    by: Sequence[str],
    coding: Coding = "value",
    favourable: tuple[int, int] | None = None,
    cluster: str = "customer_id",
    alone: str | None = None,
    date: str | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
    equals: Mapping[str, str | int] | None = None,
) -> pd.DataFrame:
    """Sum the products of customers' totals over every pair of cells that share a customer.

        tt = Σ t(k,a) t(k,b)    tm = Σ t(k,a) m(k,b)    mm = Σ m(k,a) m(k,b)

    over customers k, with t the total and m the number of a customer's answers in a cell.

    Args:
        source: One row per answer; rows without an answer are left out.
        score: Whole-number column.
        by: Columns that make the cells; none makes one cell. An empty cell is a value too.
        coding: value takes the number; nps takes 1, 0, -1 for promoter, passive, detractor; share
            takes 1 for an answer in ``favourable``, else 0.
        favourable: First and last answer that count, both included; for "share" only.
        cluster: Who answers repeatedly.
        alone: Column that names a row without ``cluster``, which then stands alone; without it
            such rows are left out.

    Returns:
        Columns ``*by``, ``other_<by>`` for the second cell; ``n``, ``total``, ``squares`` (Σ m,
        Σ t, Σ y² of the first cell, over the customers both share: a cell's own are on its line
        with itself); ``tt``, ``tm``, ``mm``; and ``n_clusters``, the customers in all cells
        together, the same on each line. Sorted; both orders of a pair are there.

    Raises:
        DataError: A column is absent, or there are too many pairs of cells for a summary.
        InputError: A range without its date column, an unknown coding, or "share" without
            ``favourable``.

    Source: Cochran (1977), Sampling Techniques, 6.3, written for any set of cells.
    """
    answer, owner = source.names(score, cluster)
    if alone is not None:
        owner = f"coalesce({owner}, {source.names(alone)[0]})"
    value = _coded(answer, coding, favourable)
    query = build_query(source, by=by, date=date, start=start, end=end, cadence=None, equals=equals)
    kept = [f"{answer} is not null", f"{owner} is not null"]
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
            "sum(1e0 * a.m * b.m) as mm",
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
    return found.assign(n=found["n"].astype("int64"), n_clusters=np.int64(customers))


def _coded(column: str, coding: Coding, favourable: tuple[int, int] | None) -> str:
    if coding == "value":
        return f"({column})"
    if coding == "nps":
        return f"(case when {column} >= 9 then 1 when {column} <= 6 then -1 else 0 end)"
    if coding != "share":
        raise InputError(f"coding must be one of value, nps, share, got {coding!r}")
    if favourable is None:
        raise InputError("coding 'share' needs favourable, the first and last answer that count")
    low, high = (int(end) for end in favourable)
    return f"(case when {column} >= {low} and {column} <= {high} then 1 else 0 end)"
