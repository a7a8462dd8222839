# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""Questions to the service cases: issues and their contacts, replies, handling time, complaints.

A case is one contact; an issue is all contacts about one matter. `end` is the day after the last
day of the period, `seen` the day after the last day the table covers: what a contact leads to
after that day is unknown and never counted as good news.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Final

import pandas as pd

from cxlib.data.clusters import (
    check_days,
    check_range,
    cluster_sums,
    span_seconds,
    sql_days,
    sql_moment,
    within,
)  # fmt: skip
from cxlib.data.query import to_floats
from cxlib.data.source import Source
from cxlib.errors import InputError

PARTS: Final = ("talk_seconds", "hold_seconds", "wrap_seconds")
FINE, MIDDLE, COARSE = (6, 7_200), (60, 172_800), 3_600
"""Reply times are counted in steps of 6 s up to two hours, a minute up to two days, then hours."""


def issue_sums(
    cases: Source, *, window_days: int, start: dt.date, end: dt.date, seen: dt.date
) -> pd.DataFrame:
    """Count issues that began in the period and what followed within the window.

    An issue begins with its first contact. Contacts before `first + window_days` belong to its
    follow-up: one on day 6 of 7 is a repeat, one exactly 7 days later is not. Issues younger than
    the window are `young` and counted in nothing else; an issue is closed when its last contact is.

    Args:
        cases: With issue_id, opened_at, closed_at; transferred, explained_again and customer_id
            where the client keeps them.
        window_days: Follow-up of every issue, 1 or more.
        start: First day.
        end: Day after the last day.
        seen: Day after the last day the table covers, at least ``end``.

    Returns:
        ``cluster_sums`` by customer (by issue where there is none): `resolved` over closed
        issues, `transferred` and `explained_again` over issues where known, `contacts` over
        mature issues, and counts `open` (mature, not closed, no repeat) and `young` over all.

    Raises:
        DataError: issue_id, opened_at or closed_at is absent.
        InputError: An impossible window or range.
    """
    check_days("window_days", window_days)
    _check_seen(start, end, seen)
    rows = _issues(cases, window_days=window_days, start=start, end=end)
    mature = f"first_at + {sql_days(window_days)} <= {sql_moment(seen)}"

    def known(column: str) -> tuple[str, str]:
        return (
            f"case when {mature} and {column} = 1 then 1 else 0 end",
            f"case when {mature} and {column} is not null then 1 else 0 end",
        )

    settled = f"{mature} and (closed = 1 or contacts > 1)"
    return cluster_sums(
        cases,
        rows=rows,
        measures={
            "resolved": (
                f"case when {mature} and closed = 1 and contacts = 1 then 1 else 0 end",
                f"case when {settled} then 1 else 0 end",
            ),
            "transferred": known("transferred"),
            "explained_again": known("explained_again"),
            "contacts": (
                f"case when {mature} then contacts else 0 end",
                f"case when {mature} then 1 else 0 end",
            ),
            "open": (f"case when {mature} and closed = 0 and contacts = 1 then 1 else 0 end", "1"),
            "young": (f"case when {mature} then 0 else 1 end", "1"),
        },
    )


def _issues(cases: Source, *, window_days: int, start: dt.date, end: dt.date) -> str:
    """Write one row per issue: owner, category, first_at, closed, contacts and flags in window."""
    issue, opened, closed = cases.names("issue_id", "opened_at", "closed_at")
    names = {
        name: cases.names(name)[0] if name in cases.columns else "null"
        for name in ("customer_id", "category", "case_id")
    }
    flags = [
        f"{cases.names(name)[0] if name in cases.columns else 'cast(null as integer)'} as {name}"
        for name in ("transferred", "explained_again")
    ]
    last = names["case_id"] if names["case_id"] != "null" else opened
    person = f"cast({names['customer_id']} as varchar(200))"
    contacts = (
        f"select {issue} as issue, {opened} as at_open, {closed} as at_close, "
        f"{person} as person, cast({names['category']} as varchar(200)) as category, "
        f"{', '.join(flags)}, "
        f"min({opened}) over (partition by {issue}) as first_at, "
        f"row_number() over (partition by {issue} order by {opened}, {last}) as place, "
        f"row_number() over (partition by {issue} order by {opened} desc, {last} desc) as back "
        f"from {cases.table} where {issue} is not null"
    )
    followed = f"at_open < first_at + {sql_days(window_days)}"
    return (
        "select issue, "
        "coalesce(max(case when place = 1 then person end), "
        "cast(issue as varchar(200))) as owner, "
        "max(case when place = 1 then category end) as category, "
        "min(first_at) as first_at, "
        "max(case when back = 1 and at_close is not null then 1 else 0 end) as closed, "
        f"sum(case when {followed} then 1 else 0 end) as contacts, "
        f"max(case when {followed} then transferred end) as transferred, "
        f"max(case when {followed} then explained_again end) as explained_again "
        f"from ({contacts}) as c where {within('first_at', start, end)} group by issue"
    )


def unlinked_cases(cases: Source, *, start: dt.date, end: dt.date) -> int:
    """Count contacts of the period that name no issue.

    Raises:
        DataError: issue_id or opened_at is absent.
    """
    check_range(start, end)
    issue, opened = cases.names("issue_id", "opened_at")
    found = cases.ask(
        f"select count(*) as n from {cases.table} "
        f"where {issue} is null and {within(opened, start, end)}"
    )
    return int(found["n"].iloc[0])


def handling_sums(cases: Source, *, start: dt.date, end: dt.date, by: str = "") -> pd.DataFrame:
    """Add up handling seconds and handled contacts per customer.

    A contact is handled when every part the client records is filled.

    Returns:
        ``cluster_sums`` of `handling` (seconds over handled contacts) and `unrecorded` (contacts
        without all parts, over contacts), per group of ``by``.

    Raises:
        DataError: None of the three parts is recorded.
    """
    check_range(start, end)
    parts = recorded_parts(cases) or PARTS
    spelled = cases.names(*parts)
    (opened,) = cases.names("opened_at")
    filled = " and ".join(f"{part} is not null" for part in spelled)
    group = f", {cases.names(by)[0]} as grp" if by else ""
    rows = (
        f"select {_contact_owner(cases)} as owner{group}, "
        f"case when {filled} then 1 else 0 end as handled, "
        f"case when {filled} then {' + '.join(spelled)} else 0 end as seconds "
        f"from {cases.table} where {within(opened, start, end)}"
    )
    found = cluster_sums(
        cases,
        rows=rows,
        keys=("grp",) if by else (),
        measures={"handling": ("seconds", "handled"), "unrecorded": ("1 - handled", "1")},
    )
    return found.rename(columns={"grp": by})


def recorded_parts(cases: Source) -> tuple[str, ...]:
    """Name the parts of handling time the table has."""
    return tuple(part for part in PARTS if part in cases.columns)


def reply_counts(
    cases: Source, *, start: dt.date, end: dt.date, seen: dt.date, by: str = ""
) -> pd.DataFrame:
    """Count first replies by waiting time, and contacts still waiting by how long they have.

    Waiting times are rounded up to the step of their size (see ``FINE``), so a promise in whole
    minutes is met exactly when its bin is; those still waiting are rounded down.

    Returns:
        Columns (``by``), `seconds`, `replied`, `waiting`; sorted.

    Raises:
        DataError: opened_at or first_reply_at is absent.
    """
    _check_seen(start, end, seen)
    opened, replied = cases.names("opened_at", "first_reply_at")
    answered = f"{replied} is not null and {replied} < {sql_moment(seen)}"
    group = f"{cases.names(by)[0]} as grp, " if by else ""
    until = f"case when {answered} then {replied} else {sql_moment(seen)} end"
    spans = (
        f"select {group}case when {answered} then 1 else 0 end as done, "
        f"{span_seconds(f'({until} - {opened})')} as s "
        f"from {cases.table} where {within(opened, start, end)}"
    )
    (fine, to_fine), (middle, to_middle) = FINE, MIDDLE
    step = (
        f"case when s <= {to_fine} then {fine} when s <= {to_middle} then {middle} "
        f"else {COARSE} end"
    )
    keys = "grp, " if by else ""
    binned = (
        f"select {keys}done, case when done = 1 then ceil(1e0 * s / w) * w "
        f"else floor(1e0 * s / w) * w end as seconds "
        f"from (select {keys}done, s, {step} as w from ({spans}) as a) as b"
    )
    found = cases.ask(
        f"select {keys}seconds, sum(done) as replied, sum(1 - done) as waiting "
        f"from ({binned}) as c group by {keys}seconds"
    )
    counts = found.assign(
        seconds=to_floats(found["seconds"]),
        replied=to_floats(found["replied"]).astype("int64"),
        waiting=to_floats(found["waiting"]).astype("int64"),
    ).rename(columns={"grp": by})
    order = [*([by] if by else []), "seconds"]
    return counts.sort_values(order, ignore_index=True)[[*order, "replied", "waiting"]]


def promise_sums(
    cases: Source,
    *,
    promise_minutes: int,
    start: dt.date,
    end: dt.date,
    seen: dt.date,
    by: str = "",
) -> pd.DataFrame:
    """Count contacts answered within the promise, by customer.

    A contact without a reply has missed the promise once that time is over; one opened less than
    the promise before ``seen`` is left out unless it was answered in time.

    Returns:
        ``cluster_sums`` of `within`, per group of ``by``.

    Raises:
        InputError: A promise that is not a whole number of minutes, 1 or more.
    """
    _check_seen(start, end, seen)
    if not (isinstance(promise_minutes, int) and promise_minutes >= 1):
        raise InputError(
            f"promise_minutes must be a whole number, 1 or more, got {promise_minutes!r}"
        )
    opened, replied = cases.names("opened_at", "first_reply_at")
    due = f"{opened} + interval '{promise_minutes}' minute"
    group = f", {cases.names(by)[0]} as grp" if by else ""
    rows = (
        f"select {_contact_owner(cases)} as owner{group}, "
        f"case when {replied} <= {due} then 1 else 0 end as kept, "
        f"case when {due} <= {sql_moment(seen)} or {replied} <= {due} then 1 else 0 end as known "
        f"from {cases.table} where {within(opened, start, end)}"
    )
    found = cluster_sums(
        cases, rows=rows, keys=("grp",) if by else (), measures={"within": ("kept", "known")}
    )
    return found.rename(columns={"grp": by})


def complaint_sums(
    cases: Source,
    orders: Source,
    *,
    start: dt.date,
    end: dt.date,
    leave_out: Sequence[str] = (),
    pool_up_to: int = 0,
) -> pd.DataFrame:
    """Count issues per category beside all orders of the same customers and period.

    Only customers with an order in ``orders`` count on both sides: complaints of people the order
    table does not know have no denominator. They are the measure `unmatched`.

    Args:
        cases: With issue_id, category, customer_id, opened_at, closed_at.
        orders: In the same engine, with customer_id, ordered_at.
        start: First day.
        end: Day after the last.
        leave_out: Categories that are no complaints, such as enquiries.
        pool_up_to: Categories with so many issues or fewer are one category, "".

    Returns:
        Columns `category`, `issues` of customers with orders, `unmatched` issues, `orders` (the
        same in each line), `n_customers`, `squares` = Σ over customers (issues - rate · orders)²;
        most frequent first.

    Raises:
        DataError: A column is absent.
    """
    check_range(start, end)
    cases.names("category", "customer_id")
    customer, moment = orders.names("customer_id", "ordered_at")
    if any(not isinstance(c, str) or "'" in c or "\\" in c for c in leave_out):
        raise InputError(f"leave_out must name plain categories, got {list(leave_out)}")
    named = ", ".join(f"'{category}'" for category in leave_out)
    wanted = f"category is not null{f' and category not in ({named})' if named else ''}"
    issues = _issues(cases, window_days=1, start=start, end=end)
    buyers = (
        f"select cast({customer} as varchar(200)) as buyer, "
        f"sum(case when {within(moment, start, end)} then 1 else 0 end) as placed "
        f"from {orders.table} group by {customer}"
    )
    kept = f"select category, owner from ({issues}) as i where {wanted}"
    if pool_up_to:
        small = (
            f"select category from ({kept}) as k left join ({buyers}) as b on b.buyer = k.owner "
            f"group by category having count(buyer) <= {int(pool_up_to)}"
        )
        kept = (
            f"select case when s.category is null then i.category else '' end as category, owner "
            f"from ({kept}) as i left join ({small}) as s on s.category = i.category"
        )
    per = f"select category, owner, count(*) as n from ({kept}) as i group by category, owner"
    found = cases.ask(
        "select category, sum(case when buyer is null then 0 else n end) as issues, "
        "sum(case when buyer is null then n else 0 end) as unmatched, "
        "sum(case when buyer is null then 0 else 1e0 * n * n end) as yy, "
        "sum(case when buyer is null then 0 else 1e0 * n * placed end) as xy "
        f"from ({per}) as p left join ({buyers}) as b on b.buyer = p.owner group by category"
    )
    base = cases.ask(
        "select count(*) as k, sum(placed) as x, sum(1e0 * placed * placed) as xx "
        f"from ({buyers}) as b"
    )
    k, x, xx = (float(to_floats(base[name])[0]) for name in ("k", "x", "xx"))
    y, yy, xy = (to_floats(found[name]) for name in ("issues", "yy", "xy"))
    rate = y / x if x > 0 else y * 0.0
    return found.assign(
        issues=y.astype("int64"),
        unmatched=to_floats(found["unmatched"]).astype("int64"),
        orders=int(x),
        n_customers=int(k),
        squares=(yy - 2 * rate * xy + rate**2 * xx).clip(min=0.0),
    ).sort_values(["issues", "category"], ascending=[False, True], ignore_index=True)[
        ["category", "issues", "unmatched", "orders", "n_customers", "squares"]
    ]


def _contact_owner(cases: Source) -> str:
    """Name the customer of a contact; a contact without one stands alone."""
    (case,) = cases.names("case_id")
    alone = f"cast({case} as varchar(200))"
    if "customer_id" not in cases.columns:
        return alone
    return f"coalesce(cast({cases.names('customer_id')[0]} as varchar(200)), {alone})"


def _check_seen(start: dt.date, end: dt.date, seen: dt.date) -> None:
    check_range(start, end)
    if seen < end:
        raise InputError(f"seen must not be before end, got {seen} and {end}")
