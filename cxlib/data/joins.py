# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""Customers joined with what they did: who is found, who is lost, and how scores change by it.

Keys are compared as text. A key that is empty joins nothing; it is counted, never guessed.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from cxlib.data.clusters import check_range, cluster_sums, sql_moment, within
from cxlib.data.query import to_floats
from cxlib.data.source import Source
from cxlib.errors import InputError

KEY: Final = "customer_id"
RECENCY_STEPS, MONEY_STEPS, MOST_DAYS = 6, 6, 30
"""Bins per unit of ln(1 + x) for recency and money; buying days from here on are one bin."""
RFM: Final = ("recency", "frequency", "money")
CODED: Final = {
    "nps": "case when {0} >= 9 then 100 when {0} <= 6 then -100 else 0 end",
    "csat": "{0}",
    "ces": "{0}",
}
"""How one answer counts in a score, by survey column."""


def key_counts(customers: Source) -> dict[str, int]:
    """Count rows and ids of the customer table.

    Returns:
        `rows`, `filled` (with an id), `distinct` ids, `tidy` (distinct when capitals and outer
        spaces are ignored): filled - distinct are repeats, distinct - tidy look like one person.

    Raises:
        DataError: There is no customer_id.
    """
    (key,) = customers.names(KEY)
    tidy = f"lower(trim(cast({key} as varchar(200))))"
    found = customers.ask(
        f"select count(*) as n_rows, count({key}) as filled, count(distinct {key}) as n_ids, "
        f"count(distinct {tidy}) as tidy from {customers.table}"
    ).iloc[0]
    names = {"rows": "n_rows", "filled": "filled", "distinct": "n_ids", "tidy": "tidy"}
    return {name: int(found[column]) for name, column in names.items()}


def match_counts(
    other: Source, customers: Source, *, date: str, start: dt.date, end: dt.date
) -> dict[str, int]:
    """Count rows of a period, their customers, and those the customer table knows.

    Args:
        other: In the same engine, with customer_id and the time column.
        customers: The customer table; an id that repeats there matches once.
        date: Time column of the half-open range.
        start: First day.
        end: Day after the last.

    Returns:
        `rows`, `without_id`, `customers`, `matched_customers`, `matched_rows`.

    Raises:
        DataError: A column is absent.
    """
    check_range(start, end)
    (moment,) = other.names(date)
    per = (
        f"select {_key(other)} as person, count(*) as n from {other.table} "
        f"where {within(moment, start, end)} group by {_key(other)}"
    )
    found = other.ask(
        "select sum(n) as n_rows, sum(case when person is null then n else 0 end) as without_id, "
        "count(person) as people, count(known) as matched, "
        "sum(case when known is null then 0 else n end) as matched_rows "
        f"from ({per}) as p left join ({_ids(customers)}) as c on c.known = p.person"
    )
    counts = np.nan_to_num(
        np.concatenate(
            [to_floats(found[name]) for name in
             ("n_rows", "without_id", "people", "matched", "matched_rows")]
        )
    )  # fmt: skip
    names = ("rows", "without_id", "customers", "matched_customers", "matched_rows")
    return {name: int(count) for name, count in zip(names, counts, strict=True)}


def coverage_counts(
    customers: Source,
    others: Mapping[str, tuple[Source, str]],
    *,
    start: dt.date,
    end: dt.date,
    by: str = "",
) -> pd.DataFrame:
    """Count customers of the table seen in each other source, by a column of theirs.

    Args:
        customers: One row per customer.
        others: Name (a plain word) to its source and time column, all in the same engine.
        start: First day.
        end: Day after the last.
        by: Column of the customer table; "" counts everyone together.

    Returns:
        Columns (`by`), `n` and one per name.

    Raises:
        DataError: A column is absent.
        InputError: A name that is no plain word.
    """
    check_range(start, end)
    (key,) = customers.names(KEY)
    group = f"{customers.names(by)[0]} as grp, " if by else ""
    sums, joins = [], []
    for n, (name, (source, date)) in enumerate(others.items()):
        if not name.isidentifier():
            raise InputError(f"others must have plain names, got {name!r}")
        (moment,) = source.names(date)
        seen = (
            f"select distinct {_key(source)} as id{n} from {source.table} "
            f"where {within(moment, start, end)}"
        )
        joins.append(f" left join ({seen}) as o{n} on o{n}.id{n} = c.person")
        sums.append(f", count(id{n}) as s{n}")
    each = f"select distinct {group}cast({key} as varchar(200)) as person from {customers.table}"
    found = customers.ask(
        f"select {'grp, ' if by else ''}count(*) as n{''.join(sums)} from ({each}) as c"
        f"{''.join(joins)}{' group by grp' if by else ''}"
    )
    named = found.rename(columns={"grp": by} | {f"s{n}": name for n, name in enumerate(others)})
    return named.sort_values(by, ignore_index=True) if by else named


def matched_score_sums(
    answers: Source,
    customers: Source,
    *,
    score: str,
    date: str,
    start: dt.date,
    end: dt.date,
) -> pd.DataFrame:
    """Add up a score by customer: over all answers, over those that match, over those that do not.

    Returns:
        ``cluster_sums`` of `everyone`, `matched`, `lost`; an answer without a customer is its own
        owner and lost.

    Raises:
        DataError: A column is absent.
        InputError: A score this package does not know.
    """
    check_range(start, end)
    if score not in CODED:
        raise InputError(f"score must be one of {', '.join(CODED)}, got {score!r}")
    spelled, moment = answers.names(score, date)
    alone = "'row ' || cast(row_number() over (order by person) as varchar(200))"
    picked = (
        f"select {_key(answers)} as person, {CODED[score].format(spelled)} as y "
        f"from {answers.table} where {spelled} is not null and {within(moment, start, end)}"
    )
    rows = (
        f"select coalesce(person, {alone}) as owner, 1e0 * y as y, "
        "case when known is null then 0 else 1 end as m "
        f"from ({picked}) as a left join ({_ids(customers)}) as c on c.known = a.person"
    )
    return cluster_sums(
        answers,
        rows=rows,
        measures={
            "everyone": ("y", "1"),
            "matched": ("y * m", "m"),
            "lost": ("y * (1 - m)", "1 - m"),
        },
    )


def rfm_cells(orders: Source, *, end: dt.date) -> pd.DataFrame:
    """Count customers per cell of recency, frequency and money before a day.

    Recency is whole days since the last purchase, frequency the days with a purchase, money the sum
    of amount_hkd. A cell is one bin of each: ln(1 + x) in sixths for recency and money, single days
    for frequency.

    Args:
        orders: With customer_id, ordered_at, amount_hkd.
        end: Orders before this day count.

    Returns:
        Columns `r_bin`, `f_bin`, `m_bin`, `n` customers and the cell's mean `recency` (days),
        `frequency` (days), `money` (HK$); sorted by the bins.

    Raises:
        DataError: A column is absent.
    """
    found = orders.ask(
        "select r_bin, f_bin, m_bin, count(*) as n, avg(1e0 * recency) as recency, "
        "avg(1e0 * frequency) as frequency, avg(1e0 * money) as money "
        f"from ({_rfm(orders, end)}) as b group by r_bin, f_bin, m_bin"
    )
    bins = {name: to_floats(found[name]).astype("int64") for name in ("r_bin", "f_bin", "m_bin")}
    means = {name: to_floats(found[name]) for name in RFM}
    counts = found.assign(**bins, n=to_floats(found["n"]).astype("int64"), **means)
    return counts.sort_values(list(bins), ignore_index=True)[[*bins, "n", *RFM]]


def cell_scores(
    orders: Source,
    answers: Source,
    *,
    score: str,
    date: str,
    start: dt.date,
    end: dt.date,
) -> pd.DataFrame:
    """Add up a score by customer within each cell of ``rfm_cells``.

    Returns:
        Columns `r_bin`, `f_bin`, `m_bin`, `k` customers who answered, `y` total, `x` answers, and
        `yy`, `xy`, `xx` over customers: all add up over cells.

    Raises:
        DataError: A column is absent.
        InputError: A score this package does not know.
    """
    check_range(start, end)
    if score not in CODED:
        raise InputError(f"score must be one of {', '.join(CODED)}, got {score!r}")
    spelled, moment = answers.names(score, date)
    given = (
        f"select {_key(answers)} as who, sum(1e0 * ({CODED[score].format(spelled)})) as y, "
        f"count(*) as x from {answers.table} where {spelled} is not null "
        f"and {within(moment, start, end)} group by {_key(answers)}"
    )
    sums = "sum(y) as y, sum(x) as x, sum(y * y) as yy, sum(y * x) as xy, sum(1e0 * x * x) as xx"
    found = answers.ask(
        f"select r_bin, f_bin, m_bin, count(*) as k, {sums} from ({_rfm(orders, end)}) as b "
        f"join ({given}) as g on g.who = b.person group by r_bin, f_bin, m_bin"
    )
    parts = {name: to_floats(found[name]) for name in ("k", "y", "x", "yy", "xy", "xx")}
    bins = {name: to_floats(found[name]).astype("int64") for name in ("r_bin", "f_bin", "m_bin")}
    return found.assign(**bins, **parts).sort_values(list(bins), ignore_index=True)


def _rfm(orders: Source, end: dt.date) -> str:
    """Write one row per customer with the three measures and their bins."""
    moment, amount = orders.names("ordered_at", "amount_hkd")
    key, until = _key(orders), sql_moment(end)
    days = f"extract(day from ({until} - max({moment})))"
    each = (
        f"select {key} as person, {days} as recency, "
        f"count(distinct cast({moment} as date)) as frequency, sum(1e0 * {amount}) as money "
        f"from {orders.table} where {moment} < {until} and {key} is not null group by {key}"
    )
    return (
        f"select person, recency, frequency, money, floor({RECENCY_STEPS} * ln(1e0 + recency)) "
        f"as r_bin, case when frequency > {MOST_DAYS} then {MOST_DAYS} else frequency end "
        f"as f_bin, floor({MONEY_STEPS} * ln(1e0 + money)) as m_bin from ({each}) as e"
    )


def _key(source: Source) -> str:
    return f"cast({source.names(KEY)[0]} as varchar(200))"


def _ids(customers: Source) -> str:
    return f"select distinct {_key(customers)} as known from {customers.table}"
