# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""Faults and public mentions per period beside the orders of the same period."""

import datetime as dt
from collections.abc import Sequence
from typing import Literal

import pandas as pd

from cxlib.data.clusters import check_range, within
from cxlib.data.query import to_floats
from cxlib.data.source import Source
from cxlib.data.summaries import period_counts
from cxlib.errors import InputError

Every = Literal["week", "month"]


def fault_counts(
    cases: Source,
    orders: Source,
    *,
    cadence: Every,
    start: dt.date,
    end: dt.date,
    leave_out: Sequence[str] = ("enquiry",),
) -> pd.DataFrame:
    """Count issues by the period of their first contact; a further contact is no new fault.

    Only issues of customers with an order in ``orders`` count, as in the table of complaints: what
    others report has no order beside it.

    Args:
        cases: With issue_id, customer_id and opened_at; category where the client keeps one.
        orders: In the same engine, with customer_id.
        cadence: Weeks begin on Monday.
        start: First day of a first contact.
        end: Day after the last.
        leave_out: Categories of the first contact that are no faults.

    Returns:
        Columns `period_start`, `n`; sorted. A period without a fault has no line.

    Raises:
        DataError: A column is absent.
        InputError: An impossible range or cadence, or a category with a quotation mark.
    """
    check_range(start, end)
    if cadence not in {"week", "month"}:
        raise InputError(f"cadence must be week or month, got {cadence!r}")
    issue, opened, person = cases.names("issue_id", "opened_at", "customer_id")
    (customer,) = orders.names("customer_id")
    buyers = f"select distinct {customer} as buyer from {orders.table}"
    if any(not isinstance(c, str) or "'" in c or "\\" in c for c in leave_out):
        raise InputError(f"leave_out must name plain categories, got {list(leave_out)}")
    category = cases.names("category")[0] if "category" in cases.columns else "'fault'"
    tie = f", {cases.names('case_id')[0]}" if "case_id" in cases.columns else ""
    contacts = (
        f"select {opened} as first_at, {person} as person, "
        f"cast({category} as varchar(200)) as category, "
        f"row_number() over (partition by {issue} order by {opened}{tie}) as place "
        f"from {cases.table} where {issue} is not null and {opened} is not null"
    )
    named = ", ".join(f"'{name}'" for name in leave_out)
    kept = f" and (category is null or category not in ({named}))" if named else ""
    found = cases.ask(
        f"select date_trunc('{cadence}', cast(first_at as timestamp)) as period_start, "
        f"count(*) as n from ({contacts}) as c join ({buyers}) as b on b.buyer = c.person "
        f"where place = 1 and {within('first_at', start, end)}{kept} group by 1"
    )
    return _tidy(found)


def mention_counts(
    mentions: Source, *, start: dt.date, end: dt.date, starred: Literal["all", "reviews"] = "all"
) -> pd.DataFrame:
    """Count public mentions per month, or those with stars only (reviews).

    Returns:
        Columns `period_start`, `n`; sorted. A month without any has no line.

    Raises:
        DataError: A column is absent.
        InputError: An impossible range.
    """
    check_range(start, end)
    (posted,) = mentions.names("posted_on")
    kept = f" and {mentions.names('stars')[0]} is not null" if starred == "reviews" else ""
    found = mentions.ask(
        f"select date_trunc('month', cast({posted} as timestamp)) as period_start, "
        f"count(*) as n from {mentions.table} where {within(posted, start, end)}{kept} group by 1"
    )
    return _tidy(found)


def order_counts(orders: Source, *, cadence: Every, start: dt.date, end: dt.date) -> pd.DataFrame:
    """Count orders per period: the exposure of every rate here.

    Returns:
        Columns `period_start`, `n`; sorted.
    """
    return period_counts(orders, date="ordered_at", cadence=cadence, start=start, end=end)


def _tidy(found: pd.DataFrame) -> pd.DataFrame:
    return found.assign(
        period_start=pd.to_datetime(found["period_start"]).astype("datetime64[us]"),
        n=to_floats(found["n"]).astype("int64"),
    ).sort_values("period_start", ignore_index=True)[["period_start", "n"]]
