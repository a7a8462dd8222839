"""Faults per order on a control chart with release marks: a release is called only by a rule."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final, Literal

import pandas as pd

from cxlib.data.source import Source
from cxlib.data.volumes import Every, fault_counts, order_counts
from cxlib.engagement.schema import Period, Precision, Release
from cxlib.measures.reading import covered_period, day_after
from cxlib.stats.attribute_chart import rate_chart
from cxlib.stats.control_chart import ControlChart, longest_run_limit
from cxlib.stats.estimate import Estimate
from cxlib.stats.ratios import event_rate

FEWEST_BASELINE: Final = 12
"""Fewest periods behind the limits; with fewer a stable series often seems to move."""
FEWEST_BEFORE: Final = 20
"""Fewest periods before the first release for any release to be called."""
FEWEST_AFTER: Final = 3
FEWEST_OUTSIDE: Final = 2
"""Points outside the limits, to one side, that call a release: see `fault_chart`."""
Call = Literal["up", "down", "no_signal", "short", "off_chart"]
_CADENCES: Final[tuple[Every, ...]] = ("week", "month")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCall:
    """What the chart says after a release.

    Attributes:
        release: As the engagement names it.
        period_start: The charted period it falls in; None off the chart.
        call: "up" or "down" where the stretch up to the next release has two points outside the
            limits on that side, or a long run, and the release before it had neither; "short" with
            fewer than 3 periods up to the next release, or fewer than 20 before the first;
            "off_chart" outside the charted periods.
    """

    release: Release
    period_start: date | None
    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultChart:
    """Faults per ``per`` orders over time.

    Attributes:
        period: Whole weeks or months charted.
        cadence: Weeks, or months where a week has fewer orders than the minimum cell.
        starts: First day of each period.
        faults: Issues that began in each.
        orders: Orders of each.
        rates: Faults per ``per`` orders, with their Poisson interval.
        chart: Its values and limits are per ``per`` orders too.
        whole: The rate of all periods.
        per: Orders the rates are per.
        releases: In time order.
    """

    period: Period
    cadence: Every
    starts: tuple[date, ...]
    faults: tuple[int, ...]
    orders: tuple[int, ...]
    rates: tuple[Estimate, ...]
    chart: ControlChart
    whole: Estimate
    per: int
    releases: tuple[ReleaseCall, ...]

    @property
    def called(self) -> tuple[ReleaseCall, ...]:
        """Releases after which a rule fired."""
        return tuple(each for each in self.releases if each.call in {"up", "down"})


def fault_chart(
    sources: Mapping[str, Source],
    *,
    period: Period,
    precision: Precision,
    releases: Sequence[Release] = (),
    leave_out: Sequence[str] = ("enquiry",),
    per: int = 1000,
) -> FaultChart | None:
    """Chart faults over orders by week, and hold each release against the rules.

    Limits come from the periods before the first release where these are at least 20, else from
    the first two thirds. With 26 weeks of 20 faults on each side a release is called in 7 % of
    series in which nothing changes (one point outside would be 17 %), in 99 % where the rate rises
    by half and in 72 % where it rises by a quarter (10 faults a week: 7, 96 and 51 %). With only 12
    weeks before it, it is called in 22 % of series in which nothing changes (all simulated). Hence
    20. A week (then a month) must have as many orders as the minimum cell.

    Args:
        sources: Table name to source; cases and orders are used.
        period: Asked for; only whole weeks or months that both tables cover are charted.
        precision: Confidence level and minimum cell.
        releases: With dates and names.
        leave_out: Categories of cases that are no faults.
        per: Orders the rates are per.

    Returns:
        None where a table is absent or fewer than 15 periods can be charted.

    Raises:
        DataError: A column is absent.
    """
    if not {"cases", "orders"} <= set(sources):
        return None
    cases, orders = sources["cases"], sources["orders"]
    both = covered_period(orders, "ordered_at", covered_period(cases, "opened_at", period))
    for cadence in _CADENCES:
        start, end = whole_periods(both, cadence)
        if start >= end:
            continue
        placed = order_counts(orders, cadence=cadence, start=start, end=end)
        starts = _starts(start, end, cadence)
        sizes = _counts(placed, starts)
        if len(starts) < FEWEST_BASELINE + FEWEST_AFTER or min(sizes) < precision["minimum_cell"]:
            continue
        found = fault_counts(
            cases, orders, cadence=cadence, start=start, end=end, leave_out=leave_out
        )
        return read_chart(
            starts,
            faults=_counts(found, starts),
            orders=sizes,
            cadence=cadence,
            releases=releases,
            confidence_level=precision["confidence_level"],
            per=per,
        )
    return None


def read_chart(
    starts: Sequence[date],
    *,
    faults: Sequence[int],
    orders: Sequence[int],
    cadence: Every = "week",
    releases: Sequence[Release] = (),
    confidence_level: float = 0.95,
    per: int = 1000,
) -> FaultChart | None:
    """Chart counts per period (u, or Laney's u' where weeks differ by more than chance).

    Limits as in ``rate_chart``; rates on the chart are per order.

    Returns:
        None where no fault stands behind the limits.

    Source: Laney (2002), Quality Engineering 14(4).
    """
    dated = sorted(releases, key=lambda each: each.date)
    end = _after(starts[-1], cadence)
    inside = [each for each in dated if starts[0] <= each.date < end]
    marks = [sum(start <= each.date for start in starts) - 1 for each in inside]
    baseline = marks[0] if marks else 0
    if baseline < FEWEST_BEFORE:
        baseline = max(FEWEST_BASELINE, 2 * len(starts) // 3)
    if not sum(faults[:baseline]):
        return None
    chart = rate_chart(faults, orders, baseline=baseline)
    calls, called = iter(_calls(chart, marks)), []
    for each in dated:
        if each in inside:
            place = marks[inside.index(each)]
            found = ReleaseCall(release=each, period_start=starts[place], call=next(calls))
        else:
            found = ReleaseCall(release=each, period_start=None, call="off_chart")
        called.append(found)
    rates = tuple(
        event_rate(x, exposure=n, per=per, confidence_level=confidence_level)
        for x, n in zip(faults, orders, strict=True)
    )
    whole = sum(faults) / sum(orders)
    phi = sum((x - whole * n) ** 2 / (whole * n) for x, n in zip(faults, orders, strict=True)) / (
        len(starts) - 1
    )
    return FaultChart(
        period=Period(start=starts[0], end=end - timedelta(days=1)),
        cadence=cadence,
        starts=tuple(starts),
        faults=tuple(faults),
        orders=tuple(orders),
        rates=rates,
        chart=chart,
        whole=event_rate(
            sum(faults), exposure=sum(orders), dispersion=phi, per=per,
            confidence_level=confidence_level,
        ),
        per=per,
        releases=tuple(called),
    )  # fmt: skip


def whole_periods(period: Period, cadence: Every) -> tuple[date, date]:
    """Give the first day and the day after the last of the whole weeks or months inside."""
    end = day_after(period.end)
    if cadence == "week":
        first = period.start + timedelta(days=-period.start.weekday() % 7)
        return first, end - timedelta(days=end.weekday())
    first = period.start
    return first if first.day == 1 else _after(first.replace(day=1), cadence), end.replace(day=1)


def _calls(chart: ControlChart, marks: Sequence[int]) -> list[Call]:
    """Call each release from the stretch between it and the next."""
    edges = [*marks, len(chart.points)]
    found: list[Call] = []
    earlier: list[Literal["up", "down"]] = []
    for first, after in zip(marks, edges[1:], strict=True):
        sides = _sides(chart, first, after)
        fresh = [side for side in sides if side not in earlier]
        if after - first < FEWEST_AFTER or marks[0] < FEWEST_BEFORE:
            found.append("short")
        else:
            found.append(fresh[0] if len(fresh) == 1 else "no_signal")
        earlier = sides
    return found


def _sides(chart: ControlChart, first: int, after: int) -> list[Literal["up", "down"]]:
    """To which sides a stretch has points outside the limits, or a long run of its own."""
    outside = Counter(
        signal.direction
        for signal in chart.signals
        if signal.rule == "outside_limits" and first <= signal.index < after
    )
    found = {side for side, n in outside.items() if n >= FEWEST_OUTSIDE}
    useful = [point for point in chart.points if point.value != point.centre]
    limit = longest_run_limit(len(useful)) if useful else 0
    stretch = [point for point in useful if first <= point.index < after]
    for above, run in groupby(stretch, key=lambda point: point.value > point.centre):
        if len(list(run)) > limit:
            found.add("up" if above else "down")
    return sorted(found)


def _starts(start: date, end: date, cadence: Every) -> list[date]:
    starts = [start]
    while (following := _after(starts[-1], cadence)) < end:
        starts.append(following)
    return starts


def _after(day: date, cadence: Every) -> date:
    if cadence == "week":
        return day + timedelta(days=7)
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _counts(found: pd.DataFrame, starts: Sequence[date]) -> list[int]:
    known = {
        pd.Timestamp(start).date(): int(n)
        for start, n in zip(found["period_start"], found["n"], strict=True)
    }
    return [known.get(start, 0) for start in starts]
