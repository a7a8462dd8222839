# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""Questions to the orders about cohorts of first orders: after how many days customers came back.

Days are calendar days: several orders of one customer on one day are one purchase.
"""

import datetime as dt

import pandas as pd

from cxlib.data.clusters import check_days, check_range, day_gap, sql_days, within
from cxlib.data.purchases import with_sure
from cxlib.data.query import to_floats
from cxlib.data.source import Source
from cxlib.errors import InputError


def repeat_times(
    orders: Source,
    *,
    within_days: int,
    start: dt.date,
    end: dt.date,
    seen: dt.date,
    customers: Source | None = None,
) -> pd.DataFrame:
    """Count customers by quarter of their first order, days until the second, and whether seen.

    Who bought again on day 1 to ``within_days`` is an event on that day. Everyone else is
    censored on ``within_days``, or on the last day the table covers where that comes first.

    Args:
        orders: With customer_id and ordered_at.
        within_days: Days that are followed, 1 or more.
        start: First day of a first order.
        end: Day after the last.
        seen: Day after the last day the table covers.
        customers: With joined_on, as in ``first_order_counts``: only those who joined since the
            orders begin are followed; none follows every customer.

    Returns:
        Columns `period_start` (the quarter), `days`, `event` (0 or 1), `n`; sorted.

    Raises:
        DataError: A column is absent.
        InputError: An impossible number of days or range.
    """
    check_days("within_days", within_days)
    check_range(start, end)
    if seen < end:
        raise InputError(f"seen must not be before end, got {seen} and {end}")
    customer, moment = orders.names("customer_id", "ordered_at")
    day = f"cast({moment} as date)"
    placed = (
        f"select {customer} as person, {day} as placed_on, "
        f"min({day}) over (partition by {customer}) as first_day "
        f"from {orders.table} where {customer} is not null and {moment} is not null"
    )
    each = (
        "select person, first_day, min(case when placed_on > first_day "
        f"and placed_on <= first_day + {sql_days(within_days)} then placed_on end) as second_day "
        f"from ({placed}) as o group by person, first_day"
    )
    watched = day_gap(f"date '{seen - dt.timedelta(days=1):%Y-%m-%d}'", "first_day")
    found = orders.ask(
        "select date_trunc('quarter', cast(first_day as timestamp)) as period_start, "
        f"case when second_day is not null then {day_gap('second_day', 'first_day')} "
        f"when {watched} > {within_days} then {within_days} else {watched} end as days, "
        "case when second_day is null then 0 else 1 end as event, count(*) as n "
        f"from ({with_sure(each, orders, customers)}) as e "
        f"where sure = 1 and {within('first_day', start, end)} group by 1, 2, 3"
    )
    return found.assign(
        period_start=pd.to_datetime(found["period_start"]).astype("datetime64[us]"),
        **{name: to_floats(found[name]).astype("int64") for name in ("days", "event", "n")},
    ).sort_values(["period_start", "days", "event"], ignore_index=True)[
        ["period_start", "days", "event", "n"]
    ]
