"""What a chart shows, as a few facts from which its alt text is written in any language."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import Literal

from cxlib.errors import ReportError
from cxlib.report.figures.distribution import DistributionGroup
from cxlib.report.figures.goals import GoalSample
from cxlib.report.figures.intervals import EffectItem, IntervalItem
from cxlib.report.figures.journey import JourneyPoint
from cxlib.report.figures.matrix import MatrixItem
from cxlib.report.figures.money import TornadoItem
from cxlib.report.figures.series import ControlPoint
from cxlib.stats.estimate import Estimate

Trend = Literal["rising", "falling", "level"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartFacts:
    """The facts of one chart for its alt text.

    Attributes:
        n_points: Points drawn.
        n_suppressed: Points not drawn because too few answered.
        max_label: Where the highest value is.
        max_value: The highest value.
        min_label: Where the lowest value is.
        min_value: The lowest value.
        first_value: The first value, where order means something.
        last_value: The last value.
        trend: From first to last: rising or falling when they differ by more than a tenth of
            the range, else level. A description of the drawing, not a test.
        marked: Labels of peaks, pain points, signals or effects that exclude zero.
    """

    n_points: int
    n_suppressed: int
    max_label: str
    max_value: float
    min_label: str
    min_value: float
    first_value: float
    last_value: float
    trend: Trend
    marked: tuple[str, ...] = ()


def describe_values(
    labels: Sequence[str], values: Sequence[float | None], *, marked: Sequence[str] = ()
) -> ChartFacts:
    """Collect the facts of labelled values; None and NaN count as suppressed.

    Raises:
        ReportError: No value is left, or labels and values differ in number.
    """
    if len(labels) != len(values):
        raise ReportError(f"labels and values must match, got {len(labels)} and {len(values)}")
    drawn = [
        (label, value)
        for label, value in zip(labels, values, strict=True)
        if value is not None and not isnan(value)
    ]
    if not drawn:
        raise ReportError("a chart must show at least one value, got none")
    top = max(drawn, key=lambda pair: pair[1])
    low = min(drawn, key=lambda pair: pair[1])
    change = drawn[-1][1] - drawn[0][1]
    still = abs(change) <= 0.1 * (top[1] - low[1])
    return ChartFacts(
        n_points=len(drawn),
        n_suppressed=len(values) - len(drawn),
        max_label=top[0],
        max_value=top[1],
        min_label=low[0],
        min_value=low[1],
        first_value=drawn[0][1],
        last_value=drawn[-1][1],
        trend="level" if still else "rising" if change > 0 else "falling",
        marked=tuple(marked),
    )


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def describe_intervals(items: Sequence[IntervalItem] | Sequence[JourneyPoint]) -> ChartFacts:
    """Collect the facts of an interval chart or an emotion curve; peaks and pains are marked."""
    return describe_values(
        [item.label for item in items],
        [_value(item.estimate) for item in items],
        marked=[item.label for item in items if item.mark != "none"],
    )


def describe_differences(items: Sequence[EffectItem]) -> ChartFacts:
    """Collect the facts of a difference plot; effects that exclude zero are marked."""
    return describe_values(
        [item.label for item in items],
        [item.estimate.value for item in items],
        marked=[item.label for item in items if item.estimate.excludes(0.0)],
    )


def describe_distribution(groups: Sequence[DistributionGroup], *, category: int = -1) -> ChartFacts:
    """Collect the facts of the share (0-1) of one answer, the best by default, over groups."""
    return describe_values(
        [group.label for group in groups],
        [
            group.counts[category] / sum(group.counts) if sum(group.counts) else None
            for group in groups
        ],
    )


def describe_control(points: Sequence[ControlPoint]) -> ChartFacts:
    """Collect the facts of a control chart; periods with a signal are marked."""
    return describe_values(
        [point.period for point in points],
        [_value(point.estimate) for point in points],
        marked=[point.period for point in points if point.signal != "none"],
    )


def describe_series(periods: Sequence[str], values: Sequence[Estimate | None]) -> ChartFacts:
    """Collect the facts of one line of a chart over time."""
    return describe_values(periods, [_value(value) for value in values])


def describe_tornado(items: Sequence[TornadoItem]) -> ChartFacts:
    """Collect the facts of how far each assumption swings the result."""
    return describe_values(
        [item.label for item in items], [abs(item.high - item.low) for item in items]
    )


def describe_samples(items: Sequence[GoalSample]) -> ChartFacts:
    """Collect the facts of collected over needed answers; goals that fall short are marked."""
    return describe_values(
        [item.label for item in items],
        [item.collected / item.needed for item in items],
        marked=[item.label for item in items if item.collected < item.needed],
    )


def describe_matrix(items: Sequence[MatrixItem]) -> ChartFacts:
    """Collect the facts of the vertical measure of a priority matrix; marked items by name."""
    return describe_values(
        [item.label for item in items],
        [item.y for item in items],
        marked=[item.label for item in items if item.mark != "none"],
    )
