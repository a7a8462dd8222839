"""Measures over time: the control chart of one measure, treated beside comparison."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Literal

from matplotlib.axes import Axes

from cxlib.errors import ReportError
from cxlib.report.colour import mix
from cxlib.report.figures.intervals import span_of
from cxlib.report.figures.keys import KeyEntry
from cxlib.report.figures.style import (
    BODY,
    LEADING,
    WIDTH_CM,
    Theme,
    ThemedFigure,
    in_theme,
)
from cxlib.report.figures.timeline import (
    ChartEvent,
    EndLabel,
    TimeFrame,
    event_header,
    mark_events,
    time_frame,
)
from cxlib.stats.estimate import Estimate

Signal = Literal["none", "good", "bad"]
SIGNAL_MARKERS: Mapping[Signal, str] = {"good": "D", "bad": "s", "none": "o"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPoint:
    """One period of a control chart.

    Attributes:
        period: ISO month, week or quarter.
        estimate: The measure, or None when the period is suppressed or not measured.
        centre: Centre line at this period.
        lower: Lower control limit at this period.
        upper: Upper control limit at this period.
        signal: Whether a rule fired here, and whether that is welcome.
        phase: Name of the stretch whose limits hold here; a change splits the lines.
    """

    period: str
    estimate: Estimate | None
    centre: float
    lower: float
    upper: float
    signal: Signal = "none"
    phase: str = ""


def signal_colour(signal: Signal, theme: Theme) -> str:
    """Give the colour of a welcome signal, an unwelcome one, or an ordinary point."""
    return {"good": theme.good, "bad": theme.bad, "none": theme.primary}[signal]


@in_theme
def control_chart(
    points: Sequence[ControlPoint],
    *,
    theme: Theme,
    fmt: Callable[[float], str],
    axis_label: str = "",
    centre_label: str = "",
    upper_label: str = "",
    lower_label: str = "",
    target: float | None = None,
    target_label: str = "",
    signal_labels: Mapping[Signal, str] | None = None,
    events: Sequence[ChartEvent] = (),
    intervals: Literal["shown", "hidden"] = "hidden",
    limits: tuple[float, float] | None = None,
    width_cm: float = WIDTH_CM,
    plot_height_cm: float = 5.2,
) -> ThemedFigure:
    """Draw a measure with its centre line and control limits, and mark the signals.

    Args:
        points: Periods in order; centre and limits may change from one to the next.
        theme: Colours and font.
        fmt: Prints a value on the axis and after each line's name.
        axis_label: Unit and direction.
        centre_label: Name of the centre line.
        upper_label: Name of the upper limit.
        lower_label: Name of the lower limit.
        target: Drawn as a dashed line when set.
        target_label: Its name.
        signal_labels: Key texts for "good", "bad" and "none".
        events: Named vertical lines before their period.
        intervals: Whether each point shows its own interval.
        limits: Axis limits.
        width_cm: Printed width.
        plot_height_cm: Height of the panel.

    Raises:
        ReportError: Fewer than two periods, no value at all, or an event off the chart.
    """
    shown = [point.estimate for point in points if point.estimate is not None]
    if not shown:
        raise ReportError("at least one period must have a value, all are suppressed or absent")
    whiskers = intervals == "shown"
    edges = [edge for point in points for edge in (point.lower, point.upper)]
    low, high = span_of(shown if whiskers else [], target, *edges, *(e.value for e in shown))
    room = (high - low) * 0.06
    last = points[-1]
    named = (
        (centre_label, last.centre, theme.muted),
        (upper_label, last.upper, theme.muted),
        (lower_label, last.lower, theme.muted),
        (target_label, target, theme.ink),
    )
    ends = [
        EndLabel(value=value, text=f"{name} {fmt(value)}", colour=colour, bold=colour == theme.ink)
        for name, value, colour in named
        if name and value is not None
    ]
    entries = [
        KeyEntry(
            text=text,
            look={"marker": SIGNAL_MARKERS[signal], "color": signal_colour(signal, theme)},
        )
        for signal, text in (signal_labels or {}).items()
    ]
    periods = [point.period for point in points]
    phases = len({point.phase for point in points}) > 1
    phase_height = (BODY * LEADING + 4) * phases
    frame = time_frame(
        periods,
        theme=theme,
        limits=limits or (low - room, high + room),
        fmt=fmt,
        ends=ends,
        axis_label=axis_label,
        entries=entries,
        header=phase_height + event_header(events),
        width_cm=width_cm,
        plot_height_cm=plot_height_cm,
    )
    for first, after in _phases(points):
        _limits(frame.axes, points[first:after], first, theme=theme)
        if phases:
            _phase_name(frame, points, (first, after), height=phase_height)
    if target is not None:
        frame.axes.axhline(target, color=theme.ink, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1)
    _series(frame.axes, points, theme=theme, whiskers=whiskers)
    mark_events(frame, events, periods, raised=phase_height)
    return frame.figure


def _phases(points: Sequence[ControlPoint]) -> list[tuple[int, int]]:
    starts = [
        place
        for place, point in enumerate(points)
        if place == 0 or point.phase != points[place - 1].phase
    ]
    return list(zip(starts, [*starts[1:], len(points)], strict=True))


def _limits(axes: Axes, stretch: Sequence[ControlPoint], first: int, *, theme: Theme) -> None:
    """Draw the centre line and the limits as steps over one phase."""
    edges = [first + place - 0.5 for place in range(len(stretch) + 1)]
    for name, colour, width, dash in (
        ("centre", theme.muted, 1.0, "-"),
        ("upper", theme.muted, 0.9, (0, (1.5, 1.5))),
        ("lower", theme.muted, 0.9, (0, (1.5, 1.5))),
    ):
        axes.stairs(
            [getattr(point, name) for point in stretch],
            edges,
            baseline=None,
            color=colour,
            linewidth=width,
            linestyle=dash,
            zorder=1,
        )
    axes.fill_between(
        edges,
        [point.lower for point in stretch] + [stretch[-1].lower],
        [point.upper for point in stretch] + [stretch[-1].upper],
        step="post",
        color=mix(theme.primary, theme.paper, share=0.06),
        linewidth=0,
        zorder=0,
    )


def _phase_name(
    frame: TimeFrame, points: Sequence[ControlPoint], ends: tuple[int, int], *, height: float
) -> None:
    """Write a phase's name above its stretch, with a line before any but the first."""
    theme = frame.figure.theme
    first, after = ends
    step = (frame.right - frame.left) / len(points)
    frame.figure.write(
        frame.left + (first + after) / 2 * step,
        frame.top + height / 2,
        points[first].phase,
        weight="bold",
        align="center",
    )
    if first:
        frame.axes.axvline(first - 0.5, color=theme.muted, linewidth=0.8, zorder=1)


def _series(axes: Axes, points: Sequence[ControlPoint], *, theme: Theme, whiskers: bool) -> None:
    values = [point.estimate.value if point.estimate else float("nan") for point in points]
    axes.plot(range(len(points)), values, color=theme.primary, linewidth=1.4, zorder=2)
    for place, point in enumerate(points):
        if point.estimate is None:
            continue
        if whiskers and point.estimate.has_interval:
            axes.vlines(
                place,
                point.estimate.ci_lower,
                point.estimate.ci_upper,
                color=mix(theme.primary, theme.paper, share=0.35),
                linewidth=1.1,
                zorder=1.5,
            )
        marked = point.signal != "none"
        axes.plot(
            [place],
            [point.estimate.value],
            marker=SIGNAL_MARKERS[point.signal],
            color=signal_colour(point.signal, theme),
            markersize=7.0 if marked else 4.5,
            markeredgecolor=theme.paper,
            markeredgewidth=0.7,
            linestyle="None",
            zorder=3,
        )


@in_theme
def two_lines(
    periods: Sequence[str],
    *,
    treated: Sequence[Estimate | None],
    comparison: Sequence[Estimate | None],
    treated_label: str,
    comparison_label: str,
    theme: Theme,
    fmt: Callable[[float], str],
    start: str = "",
    start_label: str = "",
    counterfactual: Sequence[float | None] = (),
    counterfactual_label: str = "",
    axis_label: str = "",
    limits: tuple[float, float] | None = None,
    width_cm: float = WIDTH_CM,
    plot_height_cm: float = 5.2,
) -> ThemedFigure:
    """Draw treated beside comparison over time, named at their ends, with the start between.

    Args:
        periods: In order.
        treated: One estimate per period or None; its interval, where it has one, is a band.
        comparison: As ``treated``.
        treated_label: Name at the treated line's end.
        comparison_label: Name at the comparison line's end.
        theme: Colours and font.
        fmt: Prints a value.
        start: The first treated period; a line is drawn before it.
        start_label: Its text.
        counterfactual: What treated would have been; None where it is not drawn.
        counterfactual_label: Name at its end.
        axis_label: Unit and direction.
        limits: Axis limits.
        width_cm: Printed width.
        plot_height_cm: Height of the panel.

    Raises:
        ReportError: A series has another length than ``periods`` or no value.
    """
    for name, values in (("treated", treated), ("comparison", comparison)):
        if len(values) != len(periods) or not any(value is not None for value in values):
            raise ReportError(
                f"{name} must have a value or none for each of {len(periods)} periods and at"
                f" least one value, got {len(values)} entries"
            )
    if counterfactual and len(counterfactual) != len(periods):
        raise ReportError(
            f"counterfactual must have {len(periods)} entries, got {len(counterfactual)}"
        )
    lines = [
        (treated, treated_label, theme.primary, "-", "o"),
        (comparison, comparison_label, theme.muted, "-", "s"),
    ]
    every = [e for values, *_ in lines for e in values if e is not None]
    low, high = span_of(every, *counterfactual)
    room = (high - low) * 0.06
    ends = [
        EndLabel(
            value=_last([e.value if e else None for e in values]),
            text=text,
            colour=colour,
            bold=True,
        )
        for values, text, colour, _, _ in lines
    ]
    if counterfactual:
        ends.append(
            EndLabel(value=_last(counterfactual), text=counterfactual_label, colour=theme.ink)
        )
    events = [ChartEvent(period=start, label=start_label)] if start else []
    frame = time_frame(
        periods,
        theme=theme,
        limits=limits or (low - room, high + room),
        fmt=fmt,
        ends=ends,
        axis_label=axis_label,
        header=event_header(events),
        width_cm=width_cm,
        plot_height_cm=plot_height_cm,
    )
    for values, _, colour, dash, marker in lines:
        _band(frame.axes, values, colour=colour, theme=theme)
        frame.axes.plot(
            range(len(periods)),
            [e.value if e else float("nan") for e in values],
            color=colour,
            linewidth=1.7,
            linestyle=dash,
            marker=marker,
            markersize=3.8,
            zorder=2.5,
        )
    if counterfactual:
        frame.axes.plot(
            range(len(periods)),
            [float("nan") if value is None else value for value in counterfactual],
            color=theme.ink,
            linewidth=1.2,
            linestyle=(0, (3, 2)),
            zorder=2,
        )
    mark_events(frame, events, periods)
    return frame.figure


def _last(values: Sequence[float | None]) -> float:
    return [value for value in values if value is not None][-1]


def _band(axes: Axes, values: Sequence[Estimate | None], *, colour: str, theme: Theme) -> None:
    """Shade the intervals of a line; a period without one leaves a gap."""
    nan = float("nan")
    sides = [(e.ci_lower, e.ci_upper) if e is not None else (nan, nan) for e in values]
    if all(isnan(low) for low, _ in sides):
        return
    axes.fill_between(
        range(len(values)),
        [low for low, _ in sides],
        [high for _, high in sides],
        color=mix(colour, theme.paper, share=0.3),
        alpha=0.6,
        linewidth=0,
        zorder=1,
    )
