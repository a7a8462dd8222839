# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""Questions to the orders about what customers are worth: sums a customer, histories, spend.

Days are calendar days: several orders of one customer on one day are one purchase. A customer is
new on the day of the first order in the table; with a customer table only those count who joined
on or after the table's first day, as in ``purchases``.
"""

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from cxlib.data.clusters import (
    check_days,
    check_range,
    cluster_sums,
    day_gap,
    sql_days,
    sql_moment,
    within,
)
from cxlib.data.purchases import with_sure
from cxlib.data.query import to_floats
from cxlib.data.source import Source
from cxlib.errors import InputError

MOST_STEPS = 104
"""Ages of a history that are told apart: with a longer table a step has more weeks."""
SPEND_BINS = 12
"""Bins per unit of ln(mean spend)."""


def value_sums(
    orders: Source,
    *,
    horizons: Sequence[int],
    seen: dt.date,
    by_quarter: bool = False,
    customers: Source | None = None,
) -> pd.DataFrame:
    """Add up what new customers brought in their first days, those seen for all those days.

    Args:
        orders: With customer_id, ordered_at, amount_hkd; margin_hkd where the client keeps it. A
            customer with an order whose margin is unknown is left out of margin, not of revenue.
        horizons: Days from the first order, each 1 or more; 90 counts days 0 to 89.
        seen: Day after the last day the table covers.
        by_quarter: One set of lines per quarter of the first order.
        customers: With joined_on; none takes every first order in the table as a first one.

    Returns:
        ``cluster_sums`` (with `quarter`) of `revenue_<days>`, `margin_<days>`, `later_<days>`
        (margin after the first day) and `days_<days>` (days with an order): total over customers.

    Raises:
        DataError: A column is absent.
        InputError: An impossible number of days.
    """
    for days in horizons:
        check_days("horizons", days)
    customer, moment, amount = orders.names("customer_id", "ordered_at", "amount_hkd")
    margin = (
        orders.names("margin_hkd")[0] if "margin_hkd" in orders.columns else "cast(null as integer)"
    )
    day = f"cast({moment} as date)"
    placed = (
        f"select {customer} as person, {day} as placed_on, sum(1e0 * {amount}) as revenue, "
        f"sum(1e0 * {margin}) as margin, count(*) - count({margin}) as unknown, "
        f"min({day}) over (partition by {customer}) as first_day from {orders.table} "
        f"where {customer} is not null and {moment} < {sql_moment(seen)} "
        f"group by {customer}, {day}"
    )
    sums: list[str] = []
    measures: dict[str, tuple[str, str]] = {}
    for days in horizons:
        due = f"first_day + {sql_days(days)}"
        early = f"placed_on < {due}"
        after = f"{early} and placed_on > first_day"
        sums += [
            f"max(case when {due} <= {sql_moment(seen)} then 1 else 0 end) as old{days}",
            f"sum(case when {early} then revenue else 0 end) as r{days}",
            f"sum(case when {early} then coalesce(margin, 0) else 0 end) as m{days}",
            f"sum(case when {after} then coalesce(margin, 0) else 0 end) as l{days}",
            f"sum(case when {early} then 1 else 0 end) as d{days}",
            f"sum(case when {early} then unknown else 0 end) as u{days}",
        ]
        old = f"case when old{days} = 1 then 1 else 0 end"
        known = f"case when old{days} = 1 and u{days} = 0 then 1 else 0 end"
        measures |= {
            f"revenue_{days}": (f"r{days} * {old}", old),
            f"margin_{days}": (f"m{days} * {known}", known),
            f"later_{days}": (f"l{days} * {known}", known),
            f"days_{days}": (f"d{days} * {old}", old),
        }
    each = f"select person, first_day, {', '.join(sums)} from ({placed}) as p group by 1, 2"
    rows = (
        "select person as owner, cast(date_trunc('quarter', cast(first_day as timestamp)) as date) "
        f"as quarter, s.* from ({with_sure(each, orders, customers)}) as s where sure = 1"
    )
    return cluster_sums(
        orders, rows=rows, measures=measures, keys=("quarter",) if by_quarter else ()
    )


def step_days(first: dt.date, until: dt.date) -> int:
    """Give the days of one step of age: a week, or more weeks where the table is long."""
    weeks = max(1, -(-(until - first).days // 7))
    return 7 * -(-weeks // MOST_STEPS)


def history_counts(
    orders: Source,
    *,
    until: dt.date,
    seen: dt.date,
    step: int = 7,
    customers: Source | None = None,
) -> pd.DataFrame:
    """Count customers by their history before a day, and add up what they did after it.

    Args:
        orders: With customer_id and ordered_at.
        until: The history ends before this day: only customers whose first order is earlier.
        seen: Day after the last day of what followed; ``until`` when nothing is held back.
        step: Days of one step of time.
        customers: With joined_on, as above.

    Returns:
        Columns `repeats` (days with an order after the first), `last` and `watched` (whole steps
        from the first order to the last and to ``until``), `customers`, `later` (their days with
        an order from ``until`` to ``seen``); sorted.

    Raises:
        DataError: A column is absent.
        InputError: An impossible step or order of days.
    """
    check_days("step", step)
    if seen < until:
        raise InputError(f"seen must not be before until, got {seen} and {until}")
    customer, moment = orders.names("customer_id", "ordered_at")
    placed = (
        f"select distinct {customer} as person, cast({moment} as date) as placed_on "
        f"from {orders.table} where {customer} is not null and {moment} < {sql_moment(seen)}"
    )
    cut = f"cast(date '{until:%Y-%m-%d}' as date)"
    each = (
        f"select person, sum(case when placed_on < {cut} then 1 else 0 end) - 1 as repeats, "
        f"max(case when placed_on < {cut} then placed_on end) as last_day, "
        "min(placed_on) as first_day, "
        f"sum(case when placed_on < {cut} then 0 else 1 end) as later "
        f"from ({placed}) as p group by person"
    )
    found = orders.ask(
        f"select repeats, floor({day_gap('last_day', 'first_day')} / {step}e0) as last, "
        f"floor({day_gap(cut, 'first_day')} / {step}e0) as watched, count(*) as customers, "
        f"sum(later) as later from ({with_sure(each, orders, customers)}) as e "
        f"where sure = 1 and first_day < {cut} group by 1, 2, 3"
    )
    columns = ["repeats", "last", "watched", "customers", "later"]
    return (
        found.assign(**{name: to_floats(found[name]).astype("int64") for name in columns})
        .sort_values(columns[:3], ignore_index=True)[columns]
    )  # fmt: skip


def spend_counts(
    orders: Source, *, until: dt.date, customers: Source | None = None
) -> pd.DataFrame:
    """Count customers with repeat orders by how many they placed and what a day of them was worth.

    Args:
        orders: With customer_id, ordered_at, amount_hkd.
        until: Orders before this day count.
        customers: With joined_on, as above.

    Returns:
        Columns `repeats` (days with an order after the first), `bin` of ln(mean spend),
        `customers`, `spend` (mean over them of their own mean spend per day); sorted. Customers
        whose repeat orders are worth 0 have bin NaN and spend 0.

    Raises:
        DataError: A column is absent.
    """
    customer, moment, amount = orders.names("customer_id", "ordered_at", "amount_hkd")
    day = f"cast({moment} as date)"
    placed = (
        f"select {customer} as person, {day} as placed_on, sum(1e0 * {amount}) as revenue, "
        f"min({day}) over (partition by {customer}) as first_day from {orders.table} "
        f"where {customer} is not null and {moment} < {sql_moment(until)} "
        f"group by {customer}, {day}"
    )
    each = (
        "select person, count(*) as repeats, sum(revenue) / count(*) as spend "
        f"from ({placed}) as p where placed_on > first_day group by person"
    )
    found = orders.ask(
        f"select repeats, case when spend > 0 then floor({SPEND_BINS} * ln(spend)) end as bin, "
        "count(*) as customers, avg(spend) as spend "
        f"from ({with_sure(each, orders, customers)}) as e where sure = 1 group by 1, 2"
    )
    return found.assign(
        repeats=to_floats(found["repeats"]).astype("int64"), bin=to_floats(found["bin"]),
        customers=to_floats(found["customers"]).astype("int64"), spend=to_floats(found["spend"]),
    ).sort_values(["repeats", "bin"], ignore_index=True)[
        ["repeats", "bin", "customers", "spend"]
    ]  # fmt: skip


def margin_sums(orders: Source, *, start: dt.date, end: dt.date) -> pd.DataFrame:
    """Add up margin over revenue of a period, by customer, over orders whose margin is known.

    Returns:
        ``cluster_sums`` of `margin_share`.

    Raises:
        DataError: A column is absent.
    """
    check_range(start, end)
    customer, moment, amount, margin = orders.names(
        "customer_id", "ordered_at", "amount_hkd", "margin_hkd"
    )
    rows = (
        f"select {customer} as owner, 1e0 * {amount} as x, 1e0 * {margin} as y from {orders.table} "
        f"where {customer} is not null and {margin} is not null and {within(moment, start, end)}"
    )
    return cluster_sums(orders, rows=rows, measures={"margin_share": ("y", "x")})
