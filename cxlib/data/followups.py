# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""Questions that join answers to what the same customer bought afterwards.

The score comes first, the purchase after it. An answer counts only when the orders cover the whole
time after it; a younger one would read as "did not buy".
"""

import datetime as dt
from typing import Final

import pandas as pd

from cxlib.data.clusters import check_days, check_range, sql_days, sql_moment, within
from cxlib.data.query import to_floats
from cxlib.data.source import Source
from cxlib.errors import InputError

SUMS: Final = (
    "n_answers", "n_owners", "again", "moved", "together", "tt", "tm", "mm",
)  # fmt: skip
_EPSILON = "1e-9"


def score_followups(
    answers: Source,
    orders: Source,
    *,
    score: str,
    within_days: int,
    start: dt.date,
    end: dt.date,
    seen: dt.date,
) -> pd.DataFrame:
    """Add up what the slope of a later purchase on an earlier score needs, by customer.

        x the score, y 1 when the customer ordered on day 1 to ``within_days`` after the answer
        within: both minus the customer's own means · between: both minus the means of all
        moved = Σ (x - x̄)²   together = Σ (x - x̄)(y - ȳ)
        tt, tm, mm: sums over customers of together², together · moved and moved²

    Args:
        answers: With customer_id, answered_at and the score; same engine as ``orders``.
        orders: With customer_id and ordered_at.
        score: Number column of the answers.
        within_days: After the answer, 1 or more.
        start: First day of an answer.
        end: Day after the last.
        seen: Day after the last day the orders cover; answers it does not show for the whole of
            ``within_days`` are left out.

    Returns:
        Columns `basis` (within, then overall), `n_answers`, `n_owners` (customers whose answers
        count: for within those whose scores differ), `again` answers followed by an order, and the
        sums above. One line each.

    Raises:
        DataError: A column is absent.
        InputError: An impossible number of days or range.
    """
    check_days("within_days", within_days)
    check_range(start, end)
    if seen <= start:
        raise InputError(f"seen must be after start, got {seen} and {start}")
    customer, moment, column = answers.names("customer_id", "answered_at", score)
    buyer, bought = orders.names("customer_id", "ordered_at")
    day = f"cast({moment} as date)"
    due = f"{day} + {sql_days(within_days)}"
    asked = (
        f"select {customer} as person, {day} as said_on, max({due}) as due_on, "
        f"1e0 * avg({column}) as x from {answers.table} "
        f"where {column} is not null and {customer} is not null "
        f"and {within(moment, start, end)} and {due} < {sql_moment(seen)} "
        f"group by {customer}, {day}"
    )
    placed = (
        f"select distinct {buyer} as person, cast({bought} as date) as bought_on "
        f"from {orders.table} where {buyer} is not null"
    )
    followed = (
        "select a.person, a.said_on, a.x, max(case when p.bought_on > a.said_on "
        "and p.bought_on <= a.due_on then 1e0 else 0e0 end) as y "
        f"from ({asked}) as a left join ({placed}) as p on a.person = p.person "
        "group by a.person, a.said_on, a.x"
    )
    centred = (
        "select person, x, y, avg(x) over (partition by person) as own_x, "
        "avg(y) over (partition by person) as own_y, avg(x) over () as all_x, "
        f"avg(y) over () as all_y from ({followed}) as f"
    )
    tables = [
        _sums(answers, centred, basis="within", x="own_x", y="own_y"),
        _sums(answers, centred, basis="overall", x="all_x", y="all_y"),
    ]
    return pd.concat(tables, ignore_index=True)


def _sums(source: Source, centred: str, *, basis: str, x: str, y: str) -> pd.DataFrame:
    each = (
        f"select person, count(*) as n, sum(y) as again, sum((x - {x}) * (x - {x})) as moved, "
        f"sum((x - {x}) * (y - {y})) as together from ({centred}) as c group by person"
    )
    # A customer who always gives the same score says nothing about a change of score.
    kept = f" where moved > {_EPSILON}" if basis == "within" else ""
    answer = source.ask(
        "select sum(n) as n_answers, count(*) as n_owners, sum(again) as again, "
        "sum(moved) as moved, sum(together) as together, sum(together * together) as tt, "
        f"sum(together * moved) as tm, sum(moved * moved) as mm from ({each}) as e{kept}"
    )
    found = pd.DataFrame({"basis": [basis]})
    for name in SUMS:
        value = to_floats(answer[name])
        found[name] = [0.0 if pd.isna(value[0]) else float(value[0])]
    return found.astype({"n_answers": "int64", "n_owners": "int64", "again": "int64"})
