"""What a goal needs when not answers are counted but stores, site visitors or waiting times."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cxlib.data.source import Source
from cxlib.decisions.goals import GoalCheck
from cxlib.engagement.schema import Engagement, Period
from cxlib.measures.funnel import FunnelStep, site
from cxlib.stats.sample_sizes import (
    FunnelSize,
    WaitingSize,
    sample_for_funnel,
    sample_for_ratio,
    sample_for_waiting,
)

FEWEST_OWNERS = 10
"""Stores under which the spread between stores is no basis for a normal formula."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnersNeeded:
    """A ratio counted by its owners: stores, not enquiries.

    Attributes:
        check: The goal.
        needed: Stores the formula asks for before and as many after, each with all its months of
            the period.
        owners: Stores there are.
        periods: Months of the period.
        enquiries: Rows of the stores to take, on average.
    """

    check: GoalCheck
    needed: int
    owners: int
    periods: int
    enquiries: int

    @property
    def to_take(self) -> int:
        """Stores to take: a normal formula is not trusted below FEWEST_OWNERS."""
        return max(self.needed, FEWEST_OWNERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingNeeded:
    """A share by a day, counted from the waiting times instead.

    Attributes:
        check: The goal.
        size: Customers and events by the log-rank test.
    """

    check: GoalCheck
    size: WaitingSize


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelNeeded:
    """A step of the site, counted by the visitors who must enter.

    Attributes:
        check: The goal.
        size: At the step and at the entry; None without events, or where too few reached the step
            before.
        visitors: Who entered in the part of the baseline the events cover.
    """

    check: GoalCheck
    size: FunnelSize | None
    visitors: int


def owners_needed(
    panel: pd.DataFrame, checks: Sequence[GoalCheck], *, kpi: str, period: Period
) -> OwnersNeeded | None:
    """Count a ratio's sample in stores instead of enquiries.

    A store is one unit with all its months together: months of one store are alike, so that they
    are not counted as units of their own.

    Args:
        panel: Columns store, month, sales, enquiries, one row a store and month.
        checks: The goals.
        kpi: Id of the KPI that is sales per enquiry.
        period: Months that begin in it count.

    Returns:
        None without such a goal, when nothing is left to see or no store has enquiries.
    """
    check = next((item for item in checks if item.kpi.id == kpi), None)
    days = pd.to_datetime(panel["month"]).dt.date
    inside = (days >= period.start) & (days <= period.end)
    rows = panel[inside & (panel["enquiries"] > 0)]
    totals = rows.groupby("store")[["enquiries", "sales"]].sum()
    owners = len(totals)
    if check is None or check.sample is None or owners <= 1:
        return None
    x, y = totals["enquiries"].astype(float), totals["sales"].astype(float)
    ratio = float(y.sum() / x.sum())
    size = sample_for_ratio(
        ratio,
        ratio + check.change,
        owner_variance=float((y - ratio * x).var(ddof=1) / x.mean() ** 2),
        confidence_level=check.sample.confidence_level,
        power=check.sample.power,
    )
    return OwnersNeeded(
        check=check,
        needed=size.n_per_group,
        owners=owners,
        periods=int(rows["month"].nunique()),
        enquiries=round(max(size.n_per_group, FEWEST_OWNERS) * float(x.mean())),
    )


def waiting_needed(checks: Sequence[GoalCheck]) -> tuple[WaitingNeeded, ...]:
    """Count the sample of each goal of kind waiting_time from the waiting times themselves."""
    found = []
    for check in checks:
        value = check.start.estimate.value
        if check.goal.kind != "waiting_time" or check.sample is None:
            continue
        if 0 < value < 1 and 0 < check.level < 1:
            size = sample_for_waiting(
                value,
                check.level,
                confidence_level=check.sample.confidence_level,
                power=check.sample.power,
            )
            found.append(WaitingNeeded(check=check, size=size))
    return tuple(found)


def funnel_needed(
    events: Source | None, checks: Sequence[GoalCheck], *, engagement: Engagement
) -> tuple[FunnelNeeded, ...]:
    """Count the visitors who must enter the site for each goal of kind funnel_step.

    The step's own shares, now and wanted, are the goal's; how many come as far as the step before
    it is read from the site's events of the baseline period.

    Args:
        events: One row per step of a visitor; None without the table.
        checks: The goals.
        engagement: Baseline period and precision.

    Raises:
        InputError: No visitor entered in the period the table covers.
    """
    asked = [c for c in checks if c.goal.kind == "funnel_step" and c.sample is not None]
    if not asked:
        return ()
    if events is None:
        return tuple(FunnelNeeded(check=check, size=None, visitors=0) for check in asked)
    measured = site(events, period=engagement.baseline, precision=engagement.precision).funnel.steps
    return tuple(_at_step(check, measured) for check in asked)


def _at_step(check: GoalCheck, measured: Sequence[FunnelStep]) -> FunnelNeeded:
    visitors = measured[0].visitors
    place = next(n for n, step in enumerate(measured) if step.name == check.goal.step)
    before = measured[1:place]
    sample = check.sample
    if sample is None or any(step.of_previous is None for step in before):
        return FunnelNeeded(check=check, size=None, visitors=visitors)
    shares = [step.of_previous.value for step in before if step.of_previous]
    if not all(shares):
        return FunnelNeeded(check=check, size=None, visitors=visitors)
    size = sample_for_funnel(
        [*shares, check.start.estimate.value],
        check.level,
        step=len(shares),
        confidence_level=sample.confidence_level,
        power=sample.power,
    )
    return FunnelNeeded(check=check, size=size, visitors=visitors)
