"""After the purchase: expectation against experience, repurchase, referral, churn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import pandas as pd

from cxlib.data.clusters import date_span, paired_sums
from cxlib.data.purchases import activity_counts, first_order_counts, revenue_sums
from cxlib.data.source import Source
from cxlib.engagement.schema import Period, Precision
from cxlib.measures.distribution import check_columns, check_minimum_cell
from cxlib.measures.reading import (
    Reading,
    covered_period,
    day_after,
    find_sums,
    groups_of,
    read_ratio,
    read_share,
)
from cxlib.stats.multiplicity import holm
from cxlib.stats.proportions import proportion
from cxlib.stats.ratios import clustered_share, event_rate

Reason = Literal["", "short_history", "too_few"]
Side = Literal["below", "above", "unclear"]
Basis = Literal["joined", "seen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Experience minus expectation, paired within each answer.

    Attributes:
        group: Touchpoint; "" is all that ask both.
        gap: Mean of (experience - expectation) in points of the scale, None when hidden.
        met: Share of pairs with experience at or above expectation.
        n_pairs: Answers with both.
        only_experience: Answers that lack the expectation: not in the gap.
        only_expectation: Answers that lack the experience: not in the gap.
        side: Below or above expectation where the gap differs clearly from 0 (Holm over the
            touchpoints shown; the whole journey by its own test), else "unclear".
    """

    group: str
    gap: Reading
    met: Reading
    n_pairs: int
    only_experience: int
    only_expectation: int
    side: Side = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """The gap of the journey and of each touchpoint where both questions were asked."""

    period: Period
    overall: Gap
    points: tuple[Gap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchases:
    """What first-time customers and the active base did.

    Attributes:
        period: The part of the asked period the orders cover.
        repurchase: Share of first-time customers who bought again within ``within_days``.
        within_days: On day 1 to this day after the first purchase.
        basis: What makes an order a first one: "joined" counts customers who joined on or after
            the first day of the orders, "seen" whoever has no earlier order in the table.
        n_new: Customers with such a first order in the period.
        n_earlier: Customers whose first order in the table lies in the period, yet who joined
            before the table begins (or on an unknown day): left out. 0 for "seen".
        n_young: Of these, not seen for ``within_days`` yet: not counted.
        referral_new: Referred new customers / new customers whose order says.
        referral_base: Referred new customers per 100 active customers; None without a base.
        churn: Share of the base without an order in the period; None with the reason.
        revenue_churn: Share of the base's spend in the active days that belongs to lost
            customers; n counts customers. None as churn is, or where orders have no amounts.
        reason: Why there is no churn: the table starts too late, or the base is too small.
        active_days: Who ordered in so many days before the period is the base.
        first_day: First day the orders cover: nobody is known from before it.
        n_base: Active customers at the start; new ones are no part of it.
        n_gained: Ordered in the period without being in the base: new, or back after a pause.
            Who is which does not matter to it, so a short order table does not bend it.
    """

    period: Period
    repurchase: Reading
    within_days: int
    basis: Basis
    n_new: int
    n_earlier: int
    n_young: int
    referral_new: Reading | None
    referral_base: Reading | None
    churn: Reading | None
    revenue_churn: Reading | None
    reason: Reason
    active_days: int
    first_day: date
    n_base: int
    n_gained: int


def expectation_gaps(
    answers: Source,
    *,
    period: Period,
    precision: Precision,
    experience: str = "csat",
    expectation: str = "expectation",
) -> Gaps | None:
    """Pair what customers expected with what they met, answer by answer.

    Args:
        answers: With both columns on one scale, customer_id and touchpoint.
        period: Asked for.
        precision: Confidence level and minimum cell.
        experience: Rating after use.
        expectation: Rating of what was expected.

    Returns:
        None where a column is absent or no answer has both.
    """
    if {experience, expectation, "customer_id"} - answers.columns:
        return None
    period = covered_period(answers, "answered_at", period)
    end = day_after(period.end)

    def sums(by: str = "") -> pd.DataFrame:
        return paired_sums(
            answers,
            after=experience,
            before=expectation,
            cluster="customer_id",
            date="answered_at",
            start=period.start,
            end=end,
            by=by,
        )

    parts = sums("touchpoint")
    points = [
        read_gap(parts[parts["touchpoint"] == point], group=point, **precision)
        for point in groups_of(parts, "touchpoint")
    ]
    asked = tuple(point for point in points if point.n_pairs + point.only_expectation)
    if not any(point.n_pairs for point in asked):
        return None
    names = {point.group for point in asked}
    whole = read_gap(sums(), **precision)
    elsewhere = sum(point.only_experience for point in points if point.group not in names)
    return Gaps(
        period=period,
        overall=_sides([replace(whole, only_experience=whole.only_experience - elsewhere)])[0],
        points=tuple(sorted(_sides(asked), key=_lowest_first)),
    )


def _sides(gaps: Sequence[Gap]) -> list[Gap]:
    """Say on which side of 0 each gap clearly lies, Holm's adjustment over all that are shown."""
    shown = [gap for gap in gaps if gap.gap.estimate is not None]
    p_values = [
        1.0
        if gap.gap.estimate is None or gap.gap.estimate.p_value is None
        else gap.gap.estimate.p_value
        for gap in shown
    ]
    clear = {
        gap.group
        for gap, p in zip(shown, holm(p_values) if shown else (), strict=True)
        if gap.gap.estimate and p < 1 - gap.gap.estimate.confidence_level
    }
    return [
        replace(gap, side="below" if _lowest_first(gap) < 0 else "above")
        if gap.group in clear
        else gap
        for gap in gaps
    ]


def _lowest_first(gap: Gap) -> float:
    return gap.gap.estimate.value if gap.gap.estimate else float("inf")


def read_gap(
    sums: pd.DataFrame,
    *,
    group: str = "",
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> Gap:
    """Read ``paired_sums`` of one group.

        gap = Σ (experience - expectation) / pairs, error between customers

    The error is that of the differences: what a customer rates high both before and after
    cancels, so it is smaller than two separate samples would give.
    """
    check_minimum_cell(minimum_cell)
    check_columns(sums, ["measure", "n_clusters", "total", "base", "squares"])
    precision = Precision(confidence_level=confidence_level, minimum_cell=minimum_cell)
    return Gap(
        group=group,
        gap=read_ratio(
            sums, "gap", better="higher", unit="rating", against=0.0, group=group, **precision
        ),
        met=read_share(sums, "met", better="higher", group=group, **precision),
        n_pairs=int(find_sums(sums, "pairs")[1]),
        only_experience=int(find_sums(sums, "only_after")[1]),
        only_expectation=int(find_sums(sums, "only_before")[1]),
    )


def purchases(
    orders: Source,
    *,
    period: Period,
    precision: Precision,
    within_days: int = 90,
    active_days: int = 180,
    customers: Source | None = None,
) -> Purchases:
    """Measure repurchase, referral and churn in the orders of a period.

    Args:
        orders: With customer_id, ordered_at; referred where the client keeps it.
        period: Asked for; the result says which part of it the table covers.
        precision: Confidence level and minimum cell.
        within_days: For a second purchase, 1 or more.
        active_days: Before the period, 1 or more: who ordered then is the base.
        customers: In the same engine; where it has joined_on, a first order counts only when the
            customer joined since the orders begin.

    Raises:
        DataError: A column is absent.
        InputError: An impossible number of days.
    """
    first, last = date_span(orders, "ordered_at")
    period = covered_period(orders, "ordered_at", period)
    end = day_after(period.end)
    seen = day_after(last)
    joined = joining_days(customers)
    counts = first_order_counts(
        orders,
        within_days=within_days,
        start=period.start,
        end=end,
        seen=seen,
        customers=joined,
    ).iloc[0]
    activity = activity_counts(orders, active_days=active_days, start=period.start, end=end).iloc[0]
    base, retained = int(activity["base"]), int(activity["retained"])
    reason: Reason = ""
    if period.start - timedelta(days=active_days) < first:
        reason = "short_history"
    elif base < precision["minimum_cell"]:
        reason = "too_few"
    level, floor = precision["confidence_level"], precision["minimum_cell"]
    known, referred = int(counts["known"]), int(counts["referred"])

    def share(name: str, x: int, n: int, *, better: Literal["higher", "lower"]) -> Reading:
        found = proportion(x, n, confidence_level=level) if n >= floor else None
        return Reading(name=name, estimate=found, better=better, minimum_cell=floor)

    return Purchases(
        period=period,
        repurchase=share(
            "repurchase", int(counts["again"]), int(counts["mature"]), better="higher"
        ),
        within_days=within_days,
        basis="seen" if joined is None else "joined",
        n_new=int(counts["new"]),
        n_earlier=int(counts["earlier"]),
        n_young=int(counts["new"] - counts["mature"]),
        referral_new=share("referral_new", referred, known, better="higher") if known else None,
        referral_base=Reading(
            name="referral_base",
            estimate=event_rate(referred, exposure=base, per=100, confidence_level=level),
            better="higher",
            minimum_cell=floor,
        )
        if known and not reason
        else None,
        churn=None if reason else share("churn", base - retained, base, better="lower"),
        revenue_churn=None
        if reason or "amount_hkd" not in orders.columns
        else read_revenue_churn(
            revenue_sums(orders, active_days=active_days, start=period.start, end=end), **precision
        ),
        reason=reason,
        active_days=active_days,
        first_day=first,
        n_base=base,
        n_gained=int(activity["acquired"] + activity["returned"]),
    )


def joining_days(customers: Source | None) -> Source | None:
    """Return the customer table where it says who joined when, else None."""
    known = customers is not None and {"customer_id", "joined_on"} <= customers.columns
    return customers if known else None


def read_revenue_churn(
    sums: pd.DataFrame, *, confidence_level: float = 0.95, minimum_cell: int = 30
) -> Reading:
    """Read ``revenue_sums``: the share of spend that belonged to customers who were lost.

        lost / all spend of the base, error between customers (clustered Wilson)

    Beside the share of customers lost it tells whether the large or the small ones went.
    """
    customers, lost, spent, squares = find_sums(sums, "revenue_lost")
    estimate = None
    if customers >= minimum_cell and spent > 0:
        found = clustered_share(
            customers, total=lost, base=spent, squares=squares, confidence_level=confidence_level
        )
        estimate = replace(found, n_obs=customers)
    return Reading(
        name="revenue_churn", estimate=estimate, better="lower", minimum_cell=minimum_cell
    )
