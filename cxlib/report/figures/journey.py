"""The emotion curve: touchpoints in the order a customer meets them, under their stages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from cxlib.errors import ReportError
from cxlib.report.colour import mix
from cxlib.report.figures.intervals import MARKERS, Mark, mark_colour, mark_entries, span_of
from cxlib.report.figures.keys import KeyEntry, lay_out_key
from cxlib.report.figures.lettering import (
    LINE_HEIGHT,
    ColumnLabels,
    break_lines,
    label_columns,
    text_width,
    ticks,
)
from cxlib.report.figures.style import (
    BODY,
    HAIRLINE,
    LEADING,
    POINTS_PER_CM,
    SMALL,
    WIDTH_CM,
    Theme,
    ThemedFigure,
    in_theme,
    new_figure,
)
from cxlib.stats.estimate import Estimate

GUTTER = 30.0
LINE = SMALL * LINE_HEIGHT
STEEP = 12.0
"""Points by which a neighbour must be higher for its line to cross a value above a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyPoint:
    """One touchpoint: label, stage name, estimate or None when suppressed, note, mark."""

    label: str
    stage: str
    estimate: Estimate | None
    note: str = ""
    mark: Mark = "none"


@in_theme
def emotion_curve(
    points: Sequence[JourneyPoint],
    *,
    theme: Theme,
    fmt: Callable[[float], str],
    axis_label: str = "",
    note_head: str = "",
    mark_labels: Mapping[Mark, str] | None = None,
    interval_label: str = "",
    reference: float | None = None,
    reference_label: str = "",
    limits: tuple[float, float] | None = None,
    width_cm: float = WIDTH_CM,
    plot_height_cm: float = 5.2,
) -> ThemedFigure:
    """Draw the score of each touchpoint along the journey, stages as shaded columns.

    A suppressed touchpoint leaves a gap in the curve and shows its note. Peaks and pain
    points differ in shape, colour and weight of their number.

    Args:
        points: Touchpoints in journey order; those of one stage stand together.
        theme: Colours and font.
        fmt: Prints a value on the axis and at its point.
        axis_label: Unit and direction, above the plot.
        note_head: Head of the row of notes ("n").
        mark_labels: Key texts for "peak", "pain" and "none".
        interval_label: Key text of the interval band.
        reference: The journey mean or a target, dashed.
        reference_label: Its text, in the key.
        limits: Axis limits, so that several curves share one scale.
        width_cm: Printed width.
        plot_height_cm: Height of the curve's panel.

    Raises:
        ReportError: Fewer than two touchpoints have an estimate, or a stage comes twice.
    """
    known = [point.estimate for point in points if point.estimate is not None]
    if len(known) <= 1:
        raise ReportError(f"an emotion curve needs two touchpoints or more, got {len(known)}")
    stages = _stages(points)
    width = width_cm * POINTS_PER_CM
    low, high = limits or span_of(known, reference)
    room = 0.0 if limits else (high - low) * 0.14
    values, labels = ticks(low, high, fmt=fmt)
    left = 8 + max(text_width(text, theme=theme, size=SMALL) for text in (*labels, note_head))
    left, right = max(left, GUTTER), width - 8
    step = (right - left) / len(points)
    letters = label_columns([point.label for point in points], theme=theme, step=step, left=left)
    stage_lines = [
        break_lines(name, theme=theme, width=(last - first) * step - 4, size=BODY, weight="bold")
        for name, first, last in stages
    ]
    stage_height = max(len(lines) for lines in stage_lines) * BODY * LEADING + 5
    bottom = letters.height + LINE + 8
    top = bottom + plot_height_cm * POINTS_PER_CM
    entries = mark_entries(mark_labels or {}, theme=theme)
    if interval_label:
        band = mix(theme.primary, theme.paper, share=0.35)
        look = {"linestyle": "-", "linewidth": 5, "color": band}
        entries.append(KeyEntry(text=interval_label, look=look))
    if reference is not None and reference_label:
        dashed = {"linestyle": (0, (4, 2)), "linewidth": 0.9, "color": theme.ink}
        entries.append(KeyEntry(text=reference_label, look=dashed))
    key = lay_out_key(entries, theme=theme, width=width, tail=axis_label)
    height = top + stage_height + key.height + 3 * bool(key.height)
    figure = new_figure(theme, width_cm=width_cm, height_cm=height / POINTS_PER_CM)
    axes = figure.panel(left, bottom, right, top)
    axes.set_xlim(-0.5, len(points) - 0.5)
    axes.set_ylim(low - room, high + room)
    axes.set_yticks(values, labels)
    axes.set_xticks([])
    for value in values:
        axes.axhline(value, color=theme.grid, linewidth=HAIRLINE, zorder=0.5)
    _shade_stages(figure, stages, stage_lines, step=step, left=left, top=top)
    if reference is not None:
        axes.axhline(reference, color=theme.ink, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    _curve(axes, points, theme=theme)
    _values(figure, axes, points, fmt=fmt, reference=reference)
    _foot(figure, points, letters, step=step, left=left, bottom=bottom, note_head=note_head)
    key.write(figure)
    return figure


def _stages(points: Sequence[JourneyPoint]) -> list[tuple[str, int, int]]:
    """Give each stage with the places of its first touchpoint and past its last one."""
    stages: list[tuple[str, int, int]] = []
    for place, point in enumerate(points):
        if stages and stages[-1][0] == point.stage:
            stages[-1] = (point.stage, stages[-1][1], place + 1)
        else:
            stages.append((point.stage, place, place + 1))
    names = [name for name, _, _ in stages]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise ReportError(
            f"touchpoints of one stage must stand together, these stages come twice: {doubled}"
        )
    return stages


def _shade_stages(
    figure: ThemedFigure,
    stages: Sequence[tuple[str, int, int]],
    names: Sequence[Sequence[str]],
    *,
    step: float,
    left: float,
    top: float,
) -> None:
    """Shade every other stage from the labels up to its name on top."""
    theme = figure.theme
    head = max(len(lines) for lines in names) * BODY * LEADING + 5
    for number, ((_, first, last), lines) in enumerate(zip(stages, names, strict=True)):
        if number % 2 == 0:
            figure.add_artist(
                Rectangle(
                    (left + first * step, 0),
                    (last - first) * step,
                    top + head,
                    facecolor=mix(theme.primary, theme.paper, share=0.07),
                    edgecolor="none",
                    transform=figure.points,
                    zorder=-1,
                )
            )
        figure.write(
            left + (first + last) / 2 * step,
            top + head / 2,
            "\n".join(lines),
            weight="bold",
            align="center",
        )


def _runs(points: Sequence[JourneyPoint]) -> list[list[tuple[int, Estimate]]]:
    """Cut the journey where a touchpoint is suppressed."""
    runs: list[list[tuple[int, Estimate]]] = [[]]
    for place, point in enumerate(points):
        if point.estimate is None:
            runs.append([])
        else:
            runs[-1].append((place, point.estimate))
    return [run for run in runs if run]


def _curve(axes: Axes, points: Sequence[JourneyPoint], *, theme: Theme) -> None:
    for run in _runs(points):
        places = [place for place, _ in run]
        axes.plot(
            places,
            [estimate.value for _, estimate in run],
            color=theme.primary,
            linewidth=1.6,
            zorder=2,
        )
        banded = [(place, e) for place, e in run if e.has_interval]
        axes.fill_between(
            [place for place, _ in banded],
            [e.ci_lower for _, e in banded],
            [e.ci_upper for _, e in banded],
            color=mix(theme.primary, theme.paper, share=0.22),
            linewidth=0,
            zorder=0.8,
        )
        axes.vlines(
            [place for place, _ in banded],
            [e.ci_lower for _, e in banded],
            [e.ci_upper for _, e in banded],
            color=mix(theme.primary, theme.paper, share=0.55),
            linewidth=1.2,
            zorder=1.5,
        )
    for place, point in enumerate(points):
        if point.estimate is not None:
            axes.plot(
                [place],
                [point.estimate.value],
                marker=MARKERS[point.mark],
                color=mark_colour(point.mark, theme),
                markersize=8.5 if point.mark != "none" else 5.0,
                markeredgecolor=theme.paper,
                markeredgewidth=0.8,
                linestyle="None",
                zorder=3,
            )


def _values(
    figure: ThemedFigure,
    axes: Axes,
    points: Sequence[JourneyPoint],
    *,
    fmt: Callable[[float], str],
    reference: float | None,
) -> None:
    """Write each value off its interval, the curve and the reference line."""
    theme = figure.theme
    line = None if reference is None else figure.place(axes, 0, reference)[1]
    places = [
        None if point.estimate is None else figure.place(axes, x, point.estimate.value)
        for x, point in enumerate(points)
    ]
    for number, (point, place) in enumerate(zip(points, places, strict=True)):
        estimate = point.estimate
        if estimate is None or place is None:
            continue
        x, at = place
        before = places[number - 1] if number else None
        after = places[number + 1] if number + 1 < len(places) else None
        rises = [0.0 if other is None else other[1] - at for other in (before, after)]
        marked = point.mark != "none"
        below = point.mark == "pain" or (not marked and min(rises) > STEEP)
        text = fmt(estimate.value)
        size = BODY if marked else SMALL
        half = text_width(text, theme=theme, size=size, weight="bold" if marked else "normal") / 2
        if not below and max(rises) > STEEP:
            x += (half + 3) * (1 if rises[0] > rises[1] else -1)
        limit = at
        if estimate.has_interval:
            edge = estimate.ci_lower if below else estimate.ci_upper
            limit = figure.place(axes, number, edge)[1]
        y = min(limit - 2, at - 6) if below else max(limit + 2, at + 6)
        if x != place[0]:
            y = at + 3
            if line is not None and abs(y + size / 2 - line) < size * 0.7:
                below, x, y = True, 2 * place[0] - x, at - 3
        figure.write(
            x,
            y,
            text,
            size=size,
            weight="bold" if marked else "normal",
            colour=mark_colour(point.mark, theme) if marked else theme.ink,
            align="center",
            vertical="top" if below else "bottom",
        )


def _foot(
    figure: ThemedFigure,
    points: Sequence[JourneyPoint],
    letters: ColumnLabels,
    *,
    step: float,
    left: float,
    bottom: float,
    note_head: str,
) -> None:
    """Write the notes and the touchpoint names under the curve."""
    theme = figure.theme
    level = bottom - 3 - LINE / 2
    if note_head:
        figure.write(left - 4, level, note_head, size=SMALL, colour=theme.muted, align="right")
    first = letters.height
    deepest = max((len(lines) for lines in letters.lines[::2]), default=0) * SMALL * LEADING
    for place, (point, lines) in enumerate(zip(points, letters.lines, strict=True)):
        x = left + (place + 0.5) * step
        figure.write(x, level, point.note, size=SMALL, colour=theme.muted, align="center")
        text = "\n".join(lines)
        if letters.rotation:
            figure.write(x, first, text, size=SMALL, align="right", rotation=letters.rotation)
            continue
        y = first
        if letters.rows > 1 and place % 2:
            y -= deepest + 4
            figure.add_artist(
                Line2D(
                    [x, x],
                    [y + 1, first],
                    color=theme.grid,
                    linewidth=HAIRLINE,
                    transform=figure.points,
                )
            )
        half = text_width(text, theme=theme, size=SMALL) / 2
        x = min(max(x, half), figure.width - half)
        figure.write(x, y, text, size=SMALL, align="center", vertical="top")
