"""The site: ordered steps of each visitor, abandoned checkouts, bounces, load times."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from cxlib.data.clusters import date_span
from cxlib.data.source import Source
from cxlib.data.visits import bounce_counts, funnel_counts, load_counts, load_sums
from cxlib.engagement.schema import Period, Precision
from cxlib.errors import InputError
from cxlib.measures.distribution import check_columns, check_minimum_cell
from cxlib.measures.reading import Reading, covered_period, day_after, find_sums, read_share
from cxlib.stats.estimate import Estimate
from cxlib.stats.proportions import proportion
from cxlib.stats.ratios import clustered_quantile
from cxlib.stats.survival import count_quantile

STEPS = ("visit", "product", "checkout", "purchase")
SLOWEST_QUARTER = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelStep:
    """One step: visitors who reached it in order, as shares of all and of the step before."""

    name: str
    visitors: int
    of_entry: Estimate | None
    of_previous: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """The steps of a cohort of visitors.

    Attributes:
        steps: In order; the first has no step before it.
        window_days: From entry to the last step that counts.
        n_young: Visitors left out because their window is not over.
    """

    steps: tuple[FunnelStep, ...]
    window_days: int
    n_young: int

    @property
    def conversion(self) -> Estimate | None:
        """Share of all visitors who took every step."""
        return self.steps[-1].of_entry

    @property
    def largest_loss(self) -> FunnelStep | None:
        """The step that the smallest share of the visitors before it reached."""
        known = [step for step in self.steps if step.of_previous is not None]
        return min(known, key=_of_previous, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loads:
    """How fast pages load: share within the limit, and the time three in four stay within."""

    fast: Reading
    limit_seconds: float
    p75: Estimate | None
    n_pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """All measures of the site's events in one period.

    Attributes:
        period: The part of the asked period the table covers, or all it covers.
        asked: The period asked for.
        funnel: The ordered steps.
        abandonment: 1 - purchase / checkout among visitors in the funnel; None where the funnel
            has no such pair of steps.
        bounce: Share of visitors who took no step but the first within the window.
        loads: None where the table has no load times.
    """

    period: Period
    asked: Period
    funnel: Funnel
    abandonment: Reading | None
    bounce: Reading
    loads: Loads | None


def site(
    events: Source,
    *,
    period: Period,
    precision: Precision,
    steps: Sequence[str] = STEPS,
    window_days: int = 7,
    limit_seconds: float = 3.0,
) -> Site:
    """Measure the site's events of a period.

    Args:
        events: One row per step of a visitor.
        period: Asked for; where the table does not cover any of it, all it covers is measured.
        precision: Confidence level and minimum cell.
        steps: In order, two or more; optional side steps (an enquiry) stay out.
        window_days: From a visitor's entry.
        limit_seconds: A page within this time is fast, above 0.

    Raises:
        DataError: A column is absent.
        InputError: Impossible steps, window or limit; no visitor entered in the period.
    """
    covered = covered_period(events, "at", period)
    end = day_after(covered.end)
    seen = day_after(date_span(events, "at")[1])
    counts = funnel_counts(
        events, steps=steps, window_days=window_days, start=covered.start, end=end, seen=seen
    )
    whole = funnel(counts, window_days=window_days, **precision)
    bounced = bounce_counts(
        events, entry=steps[0], window_days=window_days, start=covered.start, end=end, seen=seen
    ).iloc[0]
    return Site(
        period=covered,
        asked=period,
        funnel=whole,
        abandonment=abandonment(counts, **precision)
        if {"checkout", "purchase"} <= set(steps)
        else None,
        bounce=Reading(
            name="bounce",
            estimate=_share(int(bounced["bounced"]), int(bounced["visitors"]), precision),
            better="lower",
            minimum_cell=precision["minimum_cell"],
        ),
        loads=load_times(
            events, start=covered.start, end=end, limit_seconds=limit_seconds, precision=precision
        )
        if "load_ms" in events.columns
        else None,
    )


def funnel(
    counts: pd.DataFrame,
    *,
    window_days: int,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> Funnel:
    """Read ``funnel_counts``: the rate of each step, whose product is the overall rate.

        of_previous = visitors / visitors of the step before,  of_entry = visitors / entered

    Args:
        counts: Columns `step`, `visitors`, `young`, in the order of the steps.
        window_days: The one they were counted with.
        confidence_level: In [0.9, 1).
        minimum_cell: Rates over fewer visitors are hidden.

    Raises:
        InputError: No visitor, or a step with more visitors than the step before it.
    """
    check_minimum_cell(minimum_cell)
    check_columns(counts, ["step", "visitors", "young"])
    precision = Precision(confidence_level=confidence_level, minimum_cell=minimum_cell)
    reached = [int(n) for n in counts["visitors"]]
    if not reached or reached[0] < 1:
        raise InputError("a funnel needs at least 1 visitor whose window is over, got 0")
    if reached != sorted(reached, reverse=True):
        raise InputError(f"no step can have more visitors than the step before it, got {reached}")
    steps = [
        FunnelStep(
            name=str(name),
            visitors=n,
            of_entry=_share(n, reached[0], precision),
            of_previous=_share(n, reached[place - 1], precision) if place else None,
        )
        for place, (name, n) in enumerate(zip(counts["step"], reached, strict=True))
    ]
    return Funnel(steps=tuple(steps), window_days=window_days, n_young=int(counts["young"].max()))


def abandonment(
    counts: pd.DataFrame, *, confidence_level: float = 0.95, minimum_cell: int = 30
) -> Reading:
    """Read the share of visitors at the checkout who did not buy: 1 - purchase / checkout.

    Raises:
        InputError: The frame has no checkout or no purchase.
    """
    reached = dict(zip(counts["step"], counts["visitors"], strict=True))
    if absent := [step for step in ("checkout", "purchase") if step not in reached]:
        raise InputError(f"abandonment needs checkout and purchase, absent: {', '.join(absent)}")
    checkout, bought = int(reached["checkout"]), int(reached["purchase"])
    precision = Precision(confidence_level=confidence_level, minimum_cell=minimum_cell)
    return Reading(
        name="abandonment",
        estimate=_share(checkout - bought, checkout, precision),
        better="lower",
        minimum_cell=minimum_cell,
    )


def load_times(
    events: Source, *, start: date, end: date, limit_seconds: float = 3.0, precision: Precision
) -> Loads:
    """Measure load times by visitor: a slow phone is slow on every page it opens.

    Args:
        events: With visitor_id, load_ms, at.
        start: First day.
        end: Day after the last.
        limit_seconds: Above 0.
        precision: Confidence level and minimum cell.
    """
    if not limit_seconds > 0:
        raise InputError(f"limit_seconds must be above 0, got {limit_seconds}")
    limit = 1000 * limit_seconds
    counts = load_counts(events, start=start, end=end)
    n_pages = int(counts["n"].sum())
    p75 = None
    if n_pages >= precision["minimum_cell"]:
        times, n = counts["load_ms"].tolist(), counts["n"].tolist()
        value = count_quantile(times, n, share=SLOWEST_QUARTER)
        sums = load_sums(events, limits_ms=[value], start=start, end=end)
        k, total, _, squares = find_sums(sums, f"{value:.0f}")
        p75 = clustered_quantile(
            times,
            n,
            share=SLOWEST_QUARTER,
            n_clusters=k,
            total=total,
            squares=squares,
            confidence_level=precision["confidence_level"],
            scale=1 / 1000,
        )
    sums = load_sums(events, limits_ms=[limit], start=start, end=end)
    return Loads(
        fast=read_share(sums, f"{limit:.0f}", name="fast", better="higher", **precision),
        limit_seconds=limit_seconds,
        p75=p75,
        n_pages=n_pages,
    )


def _of_previous(step: FunnelStep) -> float:
    return 1.0 if step.of_previous is None else step.of_previous.value


def _share(x: int, n: int, precision: Precision) -> Estimate | None:
    if n < precision["minimum_cell"]:
        return None
    return proportion(x, n, confidence_level=precision["confidence_level"])
