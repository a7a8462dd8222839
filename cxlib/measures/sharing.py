"""How much customers share in public: mentions and reviews per orders, then and now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import isnan
from typing import Final, Literal

import pandas as pd

from cxlib.data.source import Source
from cxlib.data.volumes import mention_counts, order_counts
from cxlib.engagement.schema import Period, Precision
from cxlib.measures.reading import covered_period, day_after
from cxlib.stats.estimate import Estimate
from cxlib.stats.rate_ratio import RateRatio, rate_ratio
from cxlib.stats.ratios import event_rate

Kind = Literal["all", "reviews"]
KINDS: Final[tuple[Kind, ...]] = ("all", "reviews")


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Mentions, or reviews with stars, over the orders of two periods.

    Attributes:
        kind: All mentions or the reviews among them.
        before: Per ``per`` orders; None with fewer than the minimum cell on a side.
        after: As ``before``.
        change: The ratio of the two; None as they are.
    """

    kind: Kind
    before: Estimate | None
    after: Estimate | None
    change: RateRatio | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """Two periods, their orders and the volumes over them.

    Attributes:
        before: The earlier period.
        after: The later one.
        orders_before: Orders in it: the exposure.
        orders_after: As ``orders_before``.
        per: Orders the rates are per.
        volumes: All mentions first.
    """

    before: Period
    after: Period
    orders_before: int
    orders_after: int
    per: int
    volumes: tuple[Volume, ...]

    @property
    def mentions(self) -> Volume:
        """All mentions."""
        return self.volumes[0]


def sharing_volume(
    sources: Mapping[str, Source],
    *,
    baseline: Period,
    review: Period,
    precision: Precision,
    per: int = 1000,
) -> Sharing | None:
    """Compare mentions per order of the baseline with those of the review.

    Where the tables do not reach into one of the two, the halves of what they cover.

    Args:
        sources: Table name to source; mentions and orders are used.
        baseline: The earlier period.
        review: The later one.
        precision: Confidence level and minimum cell.
        per: Orders the rates are per.

    Returns:
        None where a table is absent or a period has no orders.

    Raises:
        DataError: A column is absent.
    """
    if not {"mentions", "orders"} <= set(sources):
        return None
    mentions, orders = sources["mentions"], sources["orders"]
    asked = Period(start=baseline.start, end=review.end)
    both = covered_period(orders, "ordered_at", covered_period(mentions, "posted_on", asked))
    before, after = two_periods(both, baseline=baseline, review=review)
    exposure = [_monthly(_orders(orders, part)) for part in (before, after)]
    if not all(sum(months.values()) for months in exposure):
        return None
    volumes = []
    for kind in KINDS:
        if kind == "reviews" and "stars" not in mentions.columns:
            continue
        counts = [
            _monthly(
                mention_counts(mentions, start=part.start, end=day_after(part.end), starred=kind)
            )
            for part in (before, after)
        ]
        volumes.append(read_volume(kind, counts, exposure, per=per, precision=precision))
    return Sharing(
        before=before,
        after=after,
        orders_before=sum(exposure[0].values()),
        orders_after=sum(exposure[1].values()),
        per=per,
        volumes=tuple(volumes),
    )


def read_volume(
    kind: Kind,
    counts: list[dict[date, int]],
    exposure: list[dict[date, int]],
    *,
    per: int,
    precision: Precision,
) -> Volume:
    """Read one volume from counts and orders per month of the two periods.

    Months without an order have no rate; what was posted in them is left out.
    """
    level, floor = precision["confidence_level"], precision["minimum_cell"]
    months = [sorted(month for month, n in each.items() if n) for each in exposure]
    events = [
        [found.get(month, 0) for month in kept] for found, kept in zip(counts, months, strict=True)
    ]
    sizes = [[each[month] for month in kept] for each, kept in zip(exposure, months, strict=True)]
    if min(sum(each) for each in events) < max(1, floor):
        return Volume(kind=kind, before=None, after=None, change=None)
    change = rate_ratio(
        events[0],
        after=events[1],
        exposure_before=sizes[0],
        exposure_after=sizes[1],
        confidence_level=level,
    )
    spread = 1.0 if isnan(change.dispersion) else max(1.0, change.dispersion)
    rates = [
        event_rate(
            sum(found), exposure=sum(size), dispersion=spread, per=per, confidence_level=level
        )
        for found, size in zip(events, sizes, strict=True)
    ]
    return Volume(kind=kind, before=rates[0], after=rates[1], change=change)


def two_periods(both: Period, *, baseline: Period, review: Period) -> tuple[Period, Period]:
    """Give baseline and review as far as covered, or the two halves of what is covered."""
    last, first = min(both.end, baseline.end), max(both.start, review.start)
    if both.start <= last < first <= both.end:
        return Period(start=both.start, end=last), Period(start=first, end=both.end)
    half = both.start + (both.end - both.start) // 2
    later = min(both.end, half + timedelta(days=1))
    return Period(start=both.start, end=half), Period(start=later, end=both.end)


def _orders(orders: Source, part: Period) -> pd.DataFrame:
    return order_counts(orders, cadence="month", start=part.start, end=day_after(part.end))


def _monthly(found: pd.DataFrame) -> dict[date, int]:
    return {
        pd.Timestamp(start).date(): int(n)
        for start, n in zip(found["period_start"], found["n"], strict=True)
    }
