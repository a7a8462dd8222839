"""Retention by cohort: which share of first-time customers came back, quarter by quarter."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import pandas as pd

from cxlib.data.clusters import date_span
from cxlib.data.cohorts import repeat_times
from cxlib.data.source import Source
from cxlib.engagement.schema import Precision
from cxlib.measures.loyalty import Basis, joining_days
from cxlib.measures.reading import day_after
from cxlib.stats.estimate import Estimate
from cxlib.stats.proportions import proportion
from cxlib.stats.survival import LogRank, log_rank, survival_curve

State = Literal["mature", "young", "too_few"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Customers whose first order lies in one quarter.

    Attributes:
        quarter: Its first day.
        n_customers: First-time customers.
        n_open: Of these, not seen for all the days yet and no second order so far.
        state: "young" while some are open and fewer than the minimum cell were seen for all the
            days without a second order.
        again: Share who bought again within the days (Kaplan-Meier); None unless mature.
    """

    quarter: date
    n_customers: int
    n_open: int
    state: State
    again: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Cohorts side by side.

    Attributes:
        first_day: First day the orders cover: nobody is known from before it.
        last_day: Last day they cover.
        within_days: Days a customer is followed.
        cohorts: By quarter.
        test: Log-rank over the mature cohorts; None with fewer than two.
        differ: Whether the test calls a difference at the confidence level.
        basis: What makes an order a first one, see ``loyalty.Purchases``.
    """

    first_day: date
    last_day: date
    within_days: int
    cohorts: tuple[Cohort, ...]
    test: LogRank | None
    differ: bool
    basis: Basis = "seen"

    @property
    def mature(self) -> tuple[Cohort, ...]:
        """Those with a share."""
        return tuple(cohort for cohort in self.cohorts if cohort.again is not None)


def cohort_retention(
    orders: Source,
    *,
    since: date,
    precision: Precision,
    within_days: int = 90,
    customers: Source | None = None,
) -> Retention:
    """Follow every quarter's first-time customers to their second purchase.

    Args:
        orders: With customer_id and ordered_at.
        since: First orders from this day on; where the table begins or ends before it, all.
        precision: Confidence level and minimum cell.
        within_days: Days each customer is followed, 1 or more.
        customers: Where it has joined_on, only who joined since the orders begin is followed.

    Raises:
        DataError: A column is absent or empty.
    """
    first, last = date_span(orders, "ordered_at")
    start = max(first, since) if since <= last else first
    seen = day_after(last)
    joined = joining_days(customers)
    times = repeat_times(
        orders, within_days=within_days, start=start, end=seen, seen=seen, customers=joined
    )
    return read_cohorts(
        times,
        first_day=first,
        last_day=last,
        within_days=within_days,
        precision=precision,
        basis="seen" if joined is None else "joined",
    )


def read_cohorts(
    times: pd.DataFrame,
    *,
    first_day: date,
    last_day: date,
    within_days: int,
    precision: Precision,
    basis: Basis = "seen",
) -> Retention:
    """Read ``repeat_times``: a curve per cohort, one test over those that are old enough.

    A cohort is old enough once as many customers as the minimum cell were seen for all the days
    without a second order; its younger customers count until they were last seen.
    """
    level, floor = precision["confidence_level"], precision["minimum_cell"]
    cohorts, tables = [], []
    days = sorted(int(day) for day in times["days"].unique())
    for quarter, part in times.groupby("period_start"):
        counts = part.pivot_table(index="days", columns="event", values="n", aggfunc="sum")
        counts = counts.reindex(index=days, columns=[0, 1]).fillna(0).astype("int64")
        happened, left = counts[1].tolist(), counts[0].tolist()
        n, k = sum(happened) + sum(left), sum(happened)
        whole = int(counts[0].get(within_days, 0))
        still = n - k - whole
        young = still > 0 and whole < floor
        state: State = "too_few" if n < floor else "young" if young else "mature"
        again = None
        if state == "mature":
            tables.append((happened, left))
            if k:
                curve = survival_curve(days, events=happened, censored=left)
                again = curve.share_by(within_days, confidence_level=level)
            else:
                again = proportion(0, max(1, whole), confidence_level=level)
        cohorts.append(
            Cohort(
                quarter=pd.Timestamp(str(quarter)).date(), n_customers=n, n_open=still,
                state=state, again=again,
            )
        )  # fmt: skip
    test = None
    if len(tables) > 1 and any(sum(happened) for happened, _ in tables):
        test = log_rank(
            days, events=[each[0] for each in tables], censored=[each[1] for each in tables]
        )
    return Retention(
        first_day=first_day, last_day=last_day, within_days=within_days, cohorts=tuple(cohorts),
        test=test, differ=test is not None and test.p_value < 1 - level, basis=basis,
    )  # fmt: skip
