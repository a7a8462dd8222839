"""Scores with their intervals, one row each: touchpoints, segments, effects against zero."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from cxlib.errors import ReportError
from cxlib.report.colour import mix
from cxlib.report.figures.keys import KeyEntry, lay_out_key
from cxlib.report.figures.lettering import LINE_HEIGHT, text_width
from cxlib.report.figures.rows import FOOT, row_frame, value_axis
from cxlib.report.figures.style import POINTS_PER_CM, SMALL, WIDTH_CM, Theme, ThemedFigure, in_theme
from cxlib.stats.estimate import Estimate

Mark = Literal["peak", "pain", "none"]
LINE = SMALL * LINE_HEIGHT + 2
MARKERS: Mapping[Mark, str] = {"peak": "^", "pain": "v", "none": "o"}


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalItem:
    """One row: a label, its estimate or None when suppressed, its note ("412" or "n < 30")."""

    label: str
    estimate: Estimate | None
    note: str = ""
    mark: Mark = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectItem:
    """One effect against zero.

    Attributes:
        label: Name of the measure, with its role ("Conversion, primary").
        estimate: The difference, in the unit all rows share.
        note: Muted text beside the label, such as the number of customers.
        margin: The smallest effect that matters (above zero) or the worst allowed (below
            zero): the row is shaded from here on.
        verdict: What follows from it, printed right ("clear gain").
    """

    label: str
    estimate: Estimate
    note: str = ""
    margin: float | None = None
    verdict: str = ""


def mark_colour(mark: Mark, theme: Theme) -> str:
    """Give the colour of a peak, a pain point or an unmarked point."""
    return {"peak": theme.good, "pain": theme.bad, "none": theme.primary}[mark]


def mark_entries(labels: Mapping[Mark, str], *, theme: Theme) -> list[KeyEntry]:
    """Give the key entries of peak, pain point and unmarked point."""
    return [
        KeyEntry(text=text, look={"marker": MARKERS[mark], "color": mark_colour(mark, theme)})
        for mark, text in labels.items()
    ]


@in_theme
def interval_chart(
    items: Sequence[IntervalItem],
    *,
    theme: Theme,
    fmt: Callable[[float], str],
    axis_label: str = "",
    note_head: str = "",
    value_head: str = "",
    reference: float | None = None,
    reference_label: str = "",
    mark_labels: Mapping[Mark, str] | None = None,
    order: Literal["descending", "given"] = "descending",
    limits: tuple[float, float] | None = None,
    width_cm: float = WIDTH_CM,
) -> ThemedFigure:
    """Draw one dot with its interval per row, the best on top, suppressed rows as muted text.

    Args:
        items: One or more rows; without an estimate the note stands where the dot would.
        theme: Colours and font.
        fmt: Prints a value on the axis and beside its row.
        axis_label: Unit and direction of the axis.
        note_head: Head of the note column ("n").
        value_head: Head of the value column.
        reference: A mean or a target, drawn as a dashed line.
        reference_label: Its label above the plot.
        mark_labels: Key texts for "peak", "pain" and "none"; no key without it.
        order: Sort by value, suppressed rows last, or keep the order given.
        limits: Axis limits, so that several charts share one scale.
        width_cm: Printed width.

    Raises:
        ReportError: There is no row, or no row has an estimate.
    """
    rows = list(items)
    if order == "descending":
        rows.sort(key=lambda row: -row.estimate.value if row.estimate else float("inf"))
    estimates = [row.estimate for row in rows if row.estimate is not None]
    if not estimates:
        raise ReportError("at least one row must have an estimate, all are suppressed or absent")
    key = lay_out_key(
        mark_entries(mark_labels or {}, theme=theme), theme=theme, width=width_cm * POINTS_PER_CM
    )
    headed = bool(note_head or value_head)
    frame = row_frame(
        [row.label for row in rows],
        theme=theme,
        notes=[row.note if row.estimate else "" for row in rows],
        right=[fmt(row.estimate.value) if row.estimate else "" for row in rows],
        note_head=note_head,
        right_head=value_head,
        width_cm=width_cm,
        header=key.height + LINE * (bool(reference_label) and not headed),
        footer=FOOT if axis_label else FOOT - SMALL * LINE_HEIGHT,
    )
    value_axis(frame, limits or span_of(estimates, reference), fmt=fmt, label=axis_label)
    for row, y in zip(rows, frame.middles, strict=True):
        if row.estimate is None:
            frame.figure.write(
                frame.left + 4,
                y,
                row.note,
                size=SMALL,
                colour=theme.muted,
                backed=True,
            )
            continue
        draw_interval(frame.axes, row.estimate, y, theme=theme, mark=row.mark)
    if reference is not None:
        frame.axes.axvline(reference, color=theme.ink, linewidth=0.9, linestyle=(0, (4, 2)))
        write_above(frame.figure, frame.axes, reference, reference_label, frame.head)
    key.write(frame.figure)
    return frame.figure


def draw_interval(
    axes: Axes,
    estimate: Estimate,
    y: float,
    *,
    theme: Theme,
    mark: Mark = "none",
    hollow: bool = False,
) -> None:
    """Draw one horizontal interval and its dot; the shape carries what the colour says."""
    colour = mark_colour(mark, theme)
    if estimate.has_interval:
        axes.plot(
            [estimate.ci_lower, estimate.ci_upper],
            [y, y],
            color=mix(colour, theme.paper, share=0.45),
            linewidth=3.0,
            solid_capstyle="round",
            zorder=2,
        )
    axes.plot(
        [estimate.value],
        [y],
        marker=MARKERS[mark],
        color=theme.paper if hollow else colour,
        markersize=7.0 if mark != "none" else 6.0,
        markeredgecolor=colour if hollow else theme.paper,
        markeredgewidth=1.3 if hollow else 0.6,
        linestyle="None",
        zorder=3,
    )


def span_of(estimates: Sequence[Estimate], *others: float | None) -> tuple[float, float]:
    """Give limits that hold every value, interval and reference."""
    values = [value for value in others if value is not None]
    for estimate in estimates:
        values.append(estimate.value)
        if estimate.has_interval:
            values += [estimate.ci_lower, estimate.ci_upper]
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 1, high + 1)


def write_above(figure: ThemedFigure, axes: Axes, value: float, text: str, y: float) -> None:
    """Write a line's label above it, kept inside the plot."""
    if not text:
        return
    box = axes.get_position()
    low, high = axes.get_xlim()
    left, right = box.x0 * figure.width, box.x1 * figure.width
    x = left + (value - low) / (high - low) * (right - left)
    half = text_width(text, theme=figure.theme, size=SMALL) / 2
    x = min(max(x, left + half), right - half)
    figure.write(x, y, text, size=SMALL, colour=figure.theme.ink, align="center")


@in_theme
def difference_plot(
    items: Sequence[EffectItem],
    *,
    theme: Theme,
    fmt: Callable[[float], str],
    axis_label: str = "",
    zero_label: str = "",
    zone_label: str = "",
    value_head: str = "",
    note_head: str = "",
    limits: tuple[float, float] | None = None,
    width_cm: float = WIDTH_CM,
) -> ThemedFigure:
    """Draw a few effects with intervals against zero, each with its margin as a shaded zone.

    A filled dot has an interval that excludes zero, a hollow one does not.

    Args:
        items: Effects in one common unit, in the order given (primary measure first).
        theme: Colours and font.
        fmt: Prints a difference with its sign and unit.
        axis_label: Unit of the axis.
        zero_label: Text above the zero line ("no difference").
        zone_label: Key text of the shaded zone; left out when no item has a margin.
        value_head: Head of the column of effects.
        note_head: Head of the note column.
        limits: Axis limits, so that several charts share one scale.
        width_cm: Printed width.

    Raises:
        ReportError: There is no effect.
    """
    margins = [item.margin for item in items if item.margin is not None]
    zone = mix(theme.muted, theme.paper, share=0.22)
    key = lay_out_key(
        [
            KeyEntry(
                text=zone_label, look={"marker": "s", "color": zone, "markeredgecolor": theme.muted}
            )
        ]
        if zone_label and margins
        else [],
        theme=theme,
        width=width_cm * POINTS_PER_CM,
    )
    headed = bool(note_head or value_head)
    frame = row_frame(
        [item.label for item in items],
        theme=theme,
        notes=[item.note for item in items],
        right=[fmt(item.estimate.value) for item in items],
        right_below=[item.verdict for item in items],
        note_head=note_head,
        right_head=value_head,
        width_cm=width_cm,
        header=key.height + LINE * (bool(zero_label) and not headed),
        footer=FOOT if axis_label else FOOT - SMALL * LINE_HEIGHT,
        row=28.0,
    )
    low, high = limits or span_of([item.estimate for item in items], 0.0, *margins)
    room = (high - low) * 0.04
    value_axis(frame, (low - room, high + room), fmt=fmt, label=axis_label)
    edge_low, edge_high = frame.axes.get_xlim()
    for item, y, tall in zip(items, frame.middles, frame.heights, strict=True):
        if item.margin is not None:
            end = edge_high if item.margin >= 0 else edge_low
            frame.axes.add_patch(
                Rectangle(
                    (min(item.margin, end), y - tall / 2),
                    abs(end - item.margin),
                    tall,
                    facecolor=zone,
                    edgecolor="none",
                    zorder=0.5,
                )
            )
            frame.axes.plot(
                [item.margin, item.margin],
                [y - tall / 2, y + tall / 2],
                color=theme.ink,
                linewidth=0.9,
                linestyle=(0, (2, 1.5)),
                zorder=1,
            )
        shows = item.estimate.excludes(0.0)
        draw_interval(frame.axes, item.estimate, y, theme=theme, hollow=not shows)
    frame.axes.axvline(0.0, color=theme.ink, linewidth=1.0, zorder=1)
    write_above(frame.figure, frame.axes, 0.0, zero_label, frame.head)
    key.write(frame.figure)
    return frame.figure
