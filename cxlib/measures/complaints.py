"""Orders that went wrong: complaints by category, late deliveries, returns."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cxlib.data.clusters import flag_sums
from cxlib.data.contacts import complaint_sums
from cxlib.data.source import Source
from cxlib.data.summaries import distinct_customers
from cxlib.engagement.schema import Period, Precision
from cxlib.errors import InputError
from cxlib.measures.reading import Better, Reading, covered_period, day_after, read_share
from cxlib.stats.estimate import Estimate
from cxlib.stats.ratios import event_rate

OTHER = ""
"""Categories under the minimum cell, together."""
MOST = 0.8
"""The share of complaints that the vital few make up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One category: issues, their rate per ``per`` orders, share of all with those above it."""

    category: str
    issues: int
    rate: Estimate
    cumulative: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pareto:
    """Complaints by category, most frequent first, over orders.

    Attributes:
        period: The part of the asked period that both tables cover.
        complaints: One per category.
        per: Orders the rates are per.
        n_orders: The denominator of every rate.
        n_issues: Issues of customers who have an order.
        n_unmatched: Issues of customers without any order in the table: not counted.
        left_out: Categories that are no complaints.
        n_pooled: Categories in ``OTHER``, which stands last.
        minimum_cell: The floor that was applied.
    """

    period: Period
    complaints: tuple[Complaint, ...]
    per: int
    n_orders: int
    n_issues: int
    n_unmatched: int
    left_out: tuple[str, ...]
    n_pooled: int = 0
    minimum_cell: int = 1

    @property
    def vital_few(self) -> tuple[Complaint, ...]:
        """The fewest categories that make up ``MOST`` of the complaints."""
        count = sum(complaint.cumulative < MOST for complaint in self.complaints) + 1
        return self.complaints[:count]


def complaint_pareto(
    cases: Source,
    orders: Source,
    *,
    period: Period,
    confidence_level: float = 0.95,
    per: int = 1000,
    leave_out: Sequence[str] = ("enquiry",),
    minimum_cell: int = 30,
) -> Pareto:
    """Count complaints per orders by category, most frequent first, with their running share.

        rate = per · issues / orders, both of customers with an order in the table

    Categories under the minimum cell are one, ``OTHER``, at the end. It always holds at least 2
    of them and at least ``minimum_cell`` issues, so that none follows from the total: where that
    takes it, the next smallest category goes in too.

    Args:
        cases: With issue_id, category, customer_id.
        orders: In the same engine.
        period: Asked for; the result says which part both tables cover.
        confidence_level: In [0.9, 1).
        per: Orders, 1 or more.
        leave_out: Categories that are no complaints.
        minimum_cell: Fewest issues of a category that stands alone.

    Raises:
        DataError: A column is absent.
        InputError: No order in the period, or ``per`` below 1.

    Source: Hundepool et al. (2012), Statistical Disclosure Control, ch. 4, for the second rule.
    """
    if per < 1:
        raise InputError(f"per must be 1 or more orders, got {per}")
    both = covered_period(orders, "ordered_at", covered_period(cases, "opened_at", period))
    end = day_after(both.end)
    sums = complaint_sums(cases, orders, start=both.start, end=end, leave_out=leave_out)
    whole = int(sums["issues"].sum())
    counts = [int(n) for n in sums["issues"] if n]
    limit = pooled_up_to(counts, minimum_cell=minimum_cell)
    if limit:
        sums = complaint_sums(
            cases, orders, start=both.start, end=end, leave_out=leave_out, pool_up_to=limit
        )
        last = sums["category"] == OTHER
        sums = pd.concat([sums[~last], sums[last]], ignore_index=True)
    hidden = limit and whole < minimum_cell
    placed = distinct_customers(orders, date="ordered_at", start=both.start, end=end)
    n_orders = int(placed["n"].iloc[0])
    if not n_orders:
        raise InputError(
            f"complaints per order need orders, got none from {both.start} to {both.end}"
        )
    running = 0
    complaints = []
    for category, issues, customers, squares in sums[
        ["category", "issues", "n_customers", "squares"]
    ].itertuples(index=False, name=None):
        if not issues or hidden:
            continue
        running += int(issues)
        spread = float(squares) * customers / max(1, customers - 1)
        complaints.append(
            Complaint(
                category=str(category),
                issues=int(issues),
                rate=event_rate(
                    int(issues),
                    exposure=n_orders,
                    dispersion=spread / issues,
                    per=per,
                    confidence_level=confidence_level,
                ),
                cumulative=running / whole,
            )
        )
    return Pareto(
        period=both,
        complaints=tuple(complaints),
        per=per,
        n_orders=n_orders,
        n_issues=whole,
        n_unmatched=int(sums["unmatched"].sum()),
        left_out=tuple(leave_out),
        n_pooled=sum(n <= limit for n in counts),
        minimum_cell=minimum_cell,
    )


def pooled_up_to(counts: Sequence[int], *, minimum_cell: int) -> int:
    """Return the count up to which categories are pooled; 0 pools none.

    Args:
        counts: Issues of each category, above 0.
        minimum_cell: Fewest issues of a category that stands alone, and of the pool.
    """
    small = [n for n in counts if n < minimum_cell]
    if not small:
        return 0
    for limit in sorted({n for n in counts if n >= max(small)}):
        pool = [n for n in counts if n <= limit]
        if len(pool) > 1 and sum(pool) >= minimum_cell:
            return limit
    return max(counts)


def order_quality(
    orders: Source, *, period: Period, precision: Precision
) -> tuple[Period, tuple[Reading, ...]]:
    """Measure deliveries on the promised day and returned orders, by customer.

    Args:
        orders: With customer_id, ordered_at and the flags on_time, returned the client keeps.
        period: Asked for.
        precision: Confidence level and minimum cell.

    Returns:
        The part of the period the table covers, and one Reading per flag.
    """
    covered = covered_period(orders, "ordered_at", period)
    sides: dict[str, Better] = {"on_time": "higher", "returned": "lower"}
    kept = [flag for flag in sides if flag in orders.columns]
    if not kept:
        return covered, ()
    sums = flag_sums(
        orders,
        flags=kept,
        cluster="customer_id",
        date="ordered_at",
        start=covered.start,
        end=day_after(covered.end),
    )
    readings = [read_share(sums, flag, better=sides[flag], **precision) for flag in kept]
    return covered, tuple(readings)
