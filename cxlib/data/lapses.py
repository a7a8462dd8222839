# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""Who stopped buying, and what was known of them before: one count per combination.

Everything known of a customer comes from the days before a cut, whether they stopped from the days
after it. Customers alike in all of it are one line; no customer leaves the engine.
"""

import datetime as dt
from typing import Final

import pandas as pd

from cxlib.data.clusters import check_days, day_gap, within
from cxlib.data.query import to_floats
from cxlib.data.source import Source

RECENCY_STEPS, SPEND_STEPS = 3, 2
"""Bins per unit of ln(1 + x) for days since the last purchase and for money."""
MOST_DAYS, MOST_EVENTS = 6, 2
"""From here on buying days, and other events, are one bin."""
FEATURES: Final = ("recency", "frequency", "spend", "late", "returned", "contacts", "score")
COUNTS: Final = ("n", "lapsed", "known", "margin", "squares")


def lapse_cells(
    orders: Source,
    *,
    cut: dt.date,
    window: int,
    answers: Source | None = None,
    cases: Source | None = None,
) -> pd.DataFrame:
    """Count active customers by what was known at the cut, and who then placed no order.

    Active is who ordered in the ``window`` days before the cut; what is known comes from those
    days, the outcome from as many days after it.

    Args:
        orders: With customer_id, ordered_at, amount_hkd; on_time, returned, margin_hkd where kept.
        cut: First day of the outcome.
        window: Days before and after, 1 or more.
        answers: With customer_id, answered_at and nps or csat; none leaves the score out.
        cases: With customer_id and opened_at; none leaves contacts out.

    Returns:
        Columns `recency` and `spend` (bins of ln(1 + x)), `frequency` (days with an order), `late`
        deliveries, `returned` orders, `contacts` with the service, `score` (0 not asked, 1
        negative, 2 middle, 3 positive: the last answer), `n` customers, `lapsed` (no order after),
        `known` (ordered after, margin known), their `margin` and its `squares`; sorted.

    Raises:
        DataError: A column is absent.
    """
    check_days("window", window)
    opening, closing = cut - dt.timedelta(days=window), cut + dt.timedelta(days=window)
    customer, moment, amount = orders.names("customer_id", "ordered_at", "amount_hkd")
    before, after = within(moment, opening, cut), within(moment, cut, closing)
    margin = orders.names("margin_hkd")[0] if "margin_hkd" in orders.columns else "null"

    def flagged(column: str, value: int) -> str:
        if column not in orders.columns:
            return "0"
        name = orders.names(column)[0]
        return f"sum(case when {before} and {name} = {value} then 1 else 0 end)"

    day = f"cast({moment} as date)"
    bought = (
        f"select cast({customer} as varchar(200)) as person, "
        f"max(case when {before} then {day} end) as last_day, "
        f"count(distinct case when {before} then {day} end) as days_bought, "
        f"sum(case when {before} then 1e0 * {amount} else 0 end) as money, "
        f"{flagged('on_time', 0)} as late, {flagged('returned', 1)} as back, "
        f"sum(case when {after} then 1 else 0 end) as later, "
        f"sum(case when {after} and {margin} is null then 1 else 0 end) as unknown, "
        f"sum(case when {after} then 1e0 * coalesce({margin}, 0) else 0 end) as earned "
        f"from {orders.table} where {customer} is not null "
        f"and {within(moment, opening, closing)} group by {customer}"
    )
    gap = day_gap(f"date '{cut:%Y-%m-%d}'", "last_day")
    rows = (
        f"select floor({RECENCY_STEPS} * ln(1e0 + {gap})) as recency, "
        f"{_capped('days_bought', MOST_DAYS)} as frequency, "
        f"floor({SPEND_STEPS} * ln(1e0 + money)) as spend, {_capped('late', MOST_EVENTS)} as late, "
        f"{_capped('back', MOST_EVENTS)} as returned, "
        f"{_capped('coalesce(calls, 0)', MOST_EVENTS)} as contacts, "
        "coalesce(mood, 0) as score, case when later = 0 then 1 else 0 end as lapsed, "
        "case when later > 0 and unknown = 0 then 1 else 0 end as known, earned "
        f"from ({bought}) as b left join ({_moods(answers, opening, cut)}) as a "
        f"on a.who = b.person left join ({_calls(cases, opening, cut)}) as c "
        "on c.caller = b.person where days_bought > 0"
    )
    found = orders.ask(
        f"select {', '.join(FEATURES)}, count(*) as n, sum(lapsed) as lapsed, sum(known) as known, "
        "sum(known * earned) as margin, sum(known * earned * earned) as squares "
        f"from ({rows}) as r group by {', '.join(FEATURES)}"
    )
    whole = {name: to_floats(found[name]).astype("int64") for name in (*FEATURES, *COUNTS[:3])}
    money = {name: to_floats(found[name]) for name in COUNTS[3:]}
    return found.assign(**whole, **money).sort_values(list(FEATURES), ignore_index=True)[
        [*FEATURES, *COUNTS]
    ]


def _capped(value: str, most: int) -> str:
    return f"case when {value} > {most} then {most} else {value} end"


def _moods(answers: Source | None, start: dt.date, end: dt.date) -> str:
    """Write one row per customer: the last answer before the cut, as 1 to 3."""
    nothing = "select '' as who, 0 as mood"
    if answers is None:
        return nothing
    parts = []
    if "nps" in answers.columns:
        (nps,) = answers.names("nps")
        parts.append(
            f"when {nps} is not null then "
            f"case when {nps} <= 6 then 1 when {nps} >= 9 then 3 else 2 end"
        )
    if "csat" in answers.columns:
        (csat,) = answers.names("csat")
        parts.append(
            f"when {csat} is not null then "
            f"case when {csat} <= 2 then 1 when {csat} >= 4 then 3 else 2 end"
        )
    if not parts or "customer_id" not in answers.columns:
        return nothing
    customer, moment = answers.names("customer_id", "answered_at")
    coded = (
        f"select cast({customer} as varchar(200)) as who, {moment} as said_at, "
        f"case {' '.join(parts)} end as mood from {answers.table} "
        f"where {customer} is not null and {within(moment, start, end)}"
    )
    ranked = (
        "select who, mood, "
        "row_number() over (partition by who order by said_at desc, mood) as place "
        f"from ({coded}) as s where mood is not null"
    )
    return f"select who, mood from ({ranked}) as q where place = 1"


def _calls(cases: Source | None, start: dt.date, end: dt.date) -> str:
    """Write one row per customer: contacts with the service before the cut."""
    if cases is None or "customer_id" not in cases.columns:
        return "select '' as caller, 0 as calls"
    customer, moment = cases.names("customer_id", "opened_at")
    return (
        f"select cast({customer} as varchar(200)) as caller, count(*) as calls from {cases.table} "
        f"where {customer} is not null and {within(moment, start, end)} group by {customer}"
    )
