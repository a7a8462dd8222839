"""Whether an earlier score goes with a later purchase: within the customer, between customers.

The link is an association. A customer who is about to buy may also score higher, so that a link
says where to test, never what a higher score would bring.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import Any, Literal

from cxlib.data.clusters import date_span
from cxlib.data.followups import score_followups
from cxlib.data.source import Source
from cxlib.engagement.schema import Precision
from cxlib.stats.estimate import Estimate
from cxlib.stats.means import t_quantile, t_two_sided_p

Basis = Literal["within", "overall"]
Strength = Literal["shown", "no_evidence", "too_few"]
FEWEST_CHANGERS = 100
"""Customers with differing scores under which the comparison is made between customers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLink:
    """The change in repurchase that goes with one more point of an earlier score.

    Attributes:
        score: Column of the answers.
        basis: within compares a customer with the same customer; overall compares customers.
        effect: Per point, share 0-1 as ``pp``; clustered by customer. None from too few.
        n_customers: Whose answers count.
        n_answers: Their customer-days with a mature answer; answers of one day are averaged.
        rate: Share of these customer-days followed by an order.
        start: First day of an answer.
        end: Last day whose later orders are known in full.
        within_days: Time in which an order counts.
        strength: shown when the interval leaves out 0.
    """

    score: str
    basis: Basis
    effect: Estimate | None
    n_customers: int
    n_answers: int
    rate: float
    start: date
    end: date
    within_days: int
    strength: Strength


def score_link(
    answers: Source,
    orders: Source,
    *,
    score: str,
    precision: Precision,
    within_days: int = 90,
) -> ScoreLink:
    """Estimate what goes with one more point of a score, score first and purchase after.

        effect = Σ together / Σ moved (see score_followups),  K customers
        s² = K / (K - 1) · Σ over customers (together - effect · moved)² / (Σ moved)²

    Args:
        answers: With customer_id, answered_at and the score.
        orders: With customer_id and ordered_at, of the same engine.
        score: Column.
        precision: Confidence level and minimum cell.
        within_days: After the answer, 1 or more.

    Raises:
        DataError: A column is absent or a table holds no date.

    Source: Liang and Zeger (1986), Biometrika 73(1), independence working matrix; within-customer
    form as in Wooldridge (2010), Econometric Analysis, section 10.5.
    """
    first, _ = date_span(answers, "answered_at")
    _, last_order = date_span(orders, "ordered_at")
    seen = last_order + timedelta(days=1)
    end = max(first + timedelta(days=1), seen - timedelta(days=within_days))
    sums = score_followups(
        answers,
        orders,
        score=score,
        within_days=within_days,
        start=first,
        end=end,
        seen=max(seen, first + timedelta(days=1)),
    )
    records = {str(row["basis"]): row for row in sums.to_dict("records")}
    basis: Basis = (
        "within"
        if records["within"]["n_owners"] >= max(FEWEST_CHANGERS, precision["minimum_cell"])
        else "overall"
    )
    row = records[basis]
    effect = _slope(row, level=precision["confidence_level"])
    if int(row["n_owners"]) < precision["minimum_cell"]:
        effect = None
    n = int(row["n_answers"])
    return ScoreLink(
        score=score,
        basis=basis,
        effect=effect,
        n_customers=int(row["n_owners"]),
        n_answers=n,
        rate=float(row["again"]) / n if n else 0.0,
        start=first,
        end=end - timedelta(days=1),
        within_days=within_days,
        strength="too_few" if effect is None else "shown" if effect.excludes(0) else "no_evidence",
    )


def _slope(row: Mapping[Hashable, Any], *, level: float) -> Estimate | None:
    owners, moved = int(row["n_owners"]), float(row["moved"])
    if owners <= 1 or moved <= 0:
        return None
    slope = float(row["together"]) / moved
    squares = float(row["tt"] - 2 * slope * row["tm"] + slope**2 * row["mm"])
    error = sqrt(max(0.0, squares) * owners / (owners - 1)) / moved
    margin = t_quantile(level, df=owners - 1) * error
    return Estimate(
        value=slope,
        ci_lower=slope - margin,
        ci_upper=slope + margin,
        n_obs=int(row["n_answers"]),
        unit="pp",
        method="linear, clustered by customer",
        confidence_level=level,
        p_value=t_two_sided_p(slope / error, df=owners - 1) if error > 0 else None,
    )
