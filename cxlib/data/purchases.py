# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""Questions to the orders: first orders and what followed, who stayed, who was lost.

Days are calendar days: several orders of one customer on one day are one purchase.
"""

import datetime as dt
from typing import Literal

import pandas as pd

from cxlib.data.clusters import check_days, check_range, cluster_sums, sql_days, sql_moment, within
from cxlib.data.query import to_floats
from cxlib.data.source import Source
from cxlib.errors import InputError

COUNTS = ("new", "mature", "again", "known", "referred", "earlier")


def first_order_counts(
    orders: Source,
    *,
    within_days: int,
    start: dt.date,
    end: dt.date,
    seen: dt.date,
    cadence: Literal["month", "quarter"] | None = None,
    customers: Source | None = None,
) -> pd.DataFrame:
    """Count customers by the period of their first order in the table, and who bought again.

    The table shows nothing from before its first day. With ``customers`` a first order counts only
    when its customer joined on or after that day: who did was no customer before it. Orders placed
    as a guest before joining stay unknown to any such rule.

    Args:
        orders: With customer_id, ordered_at; referred and order_id where the client keeps them.
        customers: In the same engine, with customer_id and joined_on; none takes every first order
            in the table as a first one.
        within_days: A second purchase on day 1 to this day counts, 1 or more.
        start: First day of a first order.
        end: Day after the last.
        seen: Day after the last day the table covers; customers it does not show for the whole
            of ``within_days`` are new but not mature.
        cadence: One line per month or quarter of the first order; none gives one line.

    Returns:
        Columns (`period_start`), `new` customers, `mature` ones, `again` of the mature, `known`
        new customers whose first order says whether a friend referred them, `referred` of those,
        `earlier` whose first order in the table may not be their first: counted nowhere else.

    Raises:
        DataError: A column is absent.
        InputError: An impossible number of days, range or cadence.
    """
    check_days("within_days", within_days)
    check_range(start, end)
    if seen < end:
        raise InputError(f"seen must not be before end, got {seen} and {end}")
    if cadence not in {None, "month", "quarter"}:
        raise InputError(f"cadence must be month or quarter, got {cadence!r}")
    due = f"first_day + {sql_days(within_days)}"
    mature = f"{due} < {sql_moment(seen)}"
    group = f"date_trunc('{cadence}', cast(first_day as timestamp))" if cadence else ""
    found = orders.ask(
        f"select {f'{group} as period_start, ' if cadence else ''}sum(sure) as new, "
        f"sum(case when {mature} then sure else 0 end) as mature, "
        f"sum(case when {mature} and second_day <= {due} then sure else 0 end) as again, "
        "sum(case when referred is null then 0 else sure end) as known, "
        "sum(case when referred = 1 then sure else 0 end) as referred, "
        "sum(1 - sure) as earlier "
        f"from ({with_sure(_customers(orders), orders, customers)}) as f "
        f"where {within('first_day', start, end)}"
        f"{f' group by {group}' if cadence else ''}"
    )
    counts = (
        found.fillna(0).astype(dict.fromkeys(COUNTS, "int64"))
        if not cadence
        else found.assign(
            period_start=pd.to_datetime(found["period_start"]).astype("datetime64[us]"),
            **{name: to_floats(found[name]).astype("int64") for name in COUNTS},
        ).sort_values("period_start", ignore_index=True)
    )
    return counts[[*(["period_start"] if cadence else []), *COUNTS]]


def activity_counts(
    orders: Source, *, active_days: int, start: dt.date, end: dt.date
) -> pd.DataFrame:
    """Count the customers active before a period, and who of them ordered in it.

    Active is who ordered in the ``active_days`` days before ``start``. New customers are those
    whose first order in the table lies in the period; they are no part of the base.

    Returns:
        One line: `base`, `retained` (base with an order in the period), `acquired` (first order
        in the period), `returned` (ordered in it, known from before, but not in the base).

    Raises:
        DataError: A column is absent.
        InputError: An impossible number of days or range.
    """
    check_days("active_days", active_days)
    check_range(start, end)
    customer, moment = orders.names("customer_id", "ordered_at")
    opening = start - dt.timedelta(days=active_days)
    each = (
        f"select {customer} as person, min({moment}) as first_at, "
        f"max(case when {within(moment, opening, start)} then 1 else 0 end) as before_it, "
        f"max(case when {within(moment, start, end)} then 1 else 0 end) as during "
        f"from {orders.table} group by {customer}"
    )
    fresh = f"case when {within('first_at', start, end)} then 1 else 0 end"
    found = orders.ask(
        "select sum(before_it) as base, sum(before_it * during) as retained, "
        f"sum({fresh}) as acquired, sum(during * (1 - before_it) * (1 - {fresh})) as returned "
        f"from ({each}) as e"
    )
    return found.fillna(0).astype("int64")


def revenue_sums(orders: Source, *, active_days: int, start: dt.date, end: dt.date) -> pd.DataFrame:
    """Add up what the active base spent before a period, and the part of who then stayed away.

    Returns:
        ``cluster_sums`` of `revenue_lost`: spend in the ``active_days`` days before ``start`` of
        customers without an order in the period, over that of all who ordered in those days.

    Raises:
        DataError: A column is absent.
        InputError: An impossible number of days or range.
    """
    check_days("active_days", active_days)
    check_range(start, end)
    customer, moment, amount = orders.names("customer_id", "ordered_at", "amount_hkd")
    opening = start - dt.timedelta(days=active_days)
    rows = (
        f"select {customer} as owner, "
        f"sum(case when {within(moment, opening, start)} then 1e0 * {amount} else 0 end) as spent, "
        f"max(case when {within(moment, start, end)} then 1 else 0 end) as during "
        f"from {orders.table} where {customer} is not null group by {customer}"
    )
    return cluster_sums(
        orders, rows=rows, measures={"revenue_lost": ("spent * (1 - during)", "spent")}
    )


def with_sure(each: str, orders: Source, customers: Source | None) -> str:
    """Write the rows of ``each`` (with `person`) with `sure`: 1 where the first order is the first.

    It is sure when the customer joined on or after the first day of the orders; with no customer
    table every row is taken as sure, with one an unknown customer or joining day is not.

    Raises:
        DataError: A column is absent.
    """
    if customers is None:
        return f"select b.*, 1 as sure from ({each}) as b"
    key, joined = customers.names("customer_id", "joined_on")
    (moment,) = orders.names("ordered_at")
    return (
        "select b.*, case when j.joined_day >= "
        f"(select min(cast({moment} as date)) from {orders.table}) then 1 else 0 end as sure "
        f"from ({each}) as b left join (select cast({key} as varchar(200)) as who, "
        f"min(cast({joined} as date)) as joined_day from {customers.table} group by {key}) as j "
        "on j.who = cast(b.person as varchar(200))"
    )


def _customers(orders: Source) -> str:
    """Write one row per customer: first_day, the next day of purchase, referred at the first."""
    customer, moment = orders.names("customer_id", "ordered_at")
    referred = (
        orders.names("referred")[0] if "referred" in orders.columns else "cast(null as integer)"
    )
    tie = f", {orders.names('order_id')[0]}" if "order_id" in orders.columns else ""
    day = f"cast({moment} as date)"
    placed = (
        f"select {customer} as person, {day} as placed_on, {referred} as referred, "
        f"min({day}) over (partition by {customer}) as first_day, "
        f"row_number() over (partition by {customer} order by {moment}{tie}) as place "
        f"from {orders.table}"
    )
    return (
        "select person, min(first_day) as first_day, "
        "min(case when placed_on > first_day then placed_on end) as second_day, "
        "max(case when place = 1 then referred end) as referred "
        f"from ({placed}) as o group by person"
    )
