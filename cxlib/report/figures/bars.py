"""Bars over rows: categories with their running share (Pareto), steps of a funnel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from cxlib.errors import ReportError
from cxlib.report.colour import mix
from cxlib.report.figures.intervals import write_above
from cxlib.report.figures.keys import KeyEntry, lay_out_key
from cxlib.report.figures.lettering import LINE_HEIGHT, text_width
from cxlib.report.figures.rows import RowFrame, row_frame, value_axis
from cxlib.report.figures.style import (
    POINTS_PER_CM,
    SMALL,
    WIDTH_CM,
    Theme,
    ThemedFigure,
    in_theme,
)
from cxlib.stats.estimate import Estimate

BAR = 11.0
"""Height of a bar in points."""
SPLIT, GUTTER = 0.58, 18.0
"""The bars' part of a Pareto plot, and the room between its two panels in points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParetoItem:
    """One category: its rate, the share of all events in it and the rows above, its note."""

    label: str
    rate: Estimate
    cumulative: float
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelItem:
    """One step: its share of all who entered, and what share of the step before took it.

    ``previous`` and ``interval`` are printed; both are empty at the first step or when hidden.
    """

    label: str
    share: float
    note: str = ""
    previous: str = ""
    interval: str = ""


@in_theme
def pareto_chart(
    items: Sequence[ParetoItem],
    *,
    theme: Theme,
    fmt: Callable[[float], str],
    share_fmt: Callable[[float], str],
    axis_fmt: Callable[[float], str] | None = None,
    rate_label: str,
    share_label: str,
    reference: float = 0.8,
    note_head: str = "",
    value_head: str = "",
    width_cm: float = WIDTH_CM,
) -> ThemedFigure:
    """Draw rates as bars with intervals, and beside them the running share on an axis of its own.

    Two panels, not two axes on one: a bar and a share never share a scale. Rows whose running
    share is needed to reach the reference are dark.

    Args:
        items: One or more categories, most frequent first.
        theme: Colours and font.
        fmt: Prints a rate.
        share_fmt: Prints a share (0-1).
        axis_fmt: Prints a rate under the bars; as ``fmt`` without it.
        rate_label: Axis of the bars.
        share_label: Axis of the running share.
        reference: The share to mark, above 0 and below 1.
        note_head: Head of the note column.
        value_head: Head of the column of rates.
        width_cm: Printed width.

    Raises:
        ReportError: No category, running shares that fall or leave 0 to 1, a refused reference.
    """
    running = [item.cumulative for item in items]
    if running != sorted(running) or any(not 0 <= share <= 1 + 1e-9 for share in running):
        raise ReportError(f"running shares must rise within 0 to 1, got {running}")
    if not 0 < reference < 1:
        raise ReportError(f"reference must be above 0 and below 1, got {reference}")
    frame = row_frame(
        [item.label for item in items],
        theme=theme,
        notes=[item.note for item in items] if any(item.note for item in items) else (),
        right=[fmt(item.rate.value) for item in items],
        note_head=note_head,
        right_head=value_head,
        width_cm=width_cm,
        header=0.0 if note_head or value_head else SMALL * LINE_HEIGHT + 2,
        row=22.0,
    )
    middle = frame.left + SPLIT * (frame.right - frame.left)
    bars = _narrowed(frame, frame.left, middle - GUTTER / 2)
    room = text_width(share_fmt(1.0), theme=theme, size=SMALL) + 6
    shares = _narrowed(frame, middle + GUTTER / 2, frame.right - room, panel=True)
    top = max([item.rate.value for item in items] + [_upper(item.rate) for item in items])
    value_axis(bars, (0.0, top), fmt=axis_fmt or fmt, label=rate_label)
    needed = sum(share < reference for share in running) + 1
    for place, (item, y) in enumerate(zip(items, frame.middles, strict=True)):
        colour = theme.primary if place < needed else mix(theme.primary, theme.paper, share=0.45)
        _bar(bars.axes, item.rate.value, y, colour=colour)
        if item.rate.has_interval:
            bars.axes.plot(
                [item.rate.ci_lower, item.rate.ci_upper],
                [y, y],
                color=theme.ink,
                linewidth=0.9,
                zorder=3,
            )
    value_axis(shares, (0.0, 1.0), fmt=share_fmt, label=share_label)
    shares.axes.axvline(reference, color=theme.ink, linewidth=0.9, linestyle=(0, (4, 2)))
    shares.axes.plot(
        running,
        frame.middles,
        color=theme.accent,
        linewidth=1.4,
        marker="o",
        markersize=5.0,
        markeredgecolor=theme.paper,
        zorder=3,
    )
    for share, y in zip(running, frame.middles, strict=True):
        x, _ = frame.figure.place(shares.axes, share, y)
        before = share < reference and x - room > shares.left
        frame.figure.write(
            x - 6 if before else x + 6,
            y,
            share_fmt(share),
            size=SMALL,
            align="right" if before else "left",
            backed=True,
        )
    write_above(frame.figure, shares.axes, reference, share_fmt(reference), frame.head)
    return frame.figure


@in_theme
def funnel_chart(
    items: Sequence[FunnelItem],
    *,
    theme: Theme,
    fmt: Callable[[float], str],
    bar_label: str,
    rest_label: str,
    note_head: str = "",
    previous_head: str = "",
    width_cm: float = WIDTH_CM,
) -> ThemedFigure:
    """Draw each step's visitors as a bar from one edge; the pale rest was lost at that step.

    Args:
        items: Two or more steps in order; shares never rise.
        theme: Colours and font.
        fmt: Prints a share of all who entered.
        bar_label: Key text of the bar.
        rest_label: Key text of the pale part: reached the step before, not this one.
        note_head: Head of the note column (visitors).
        previous_head: Head of the right column (share of the step before).
        width_cm: Printed width.

    Raises:
        ReportError: Fewer than two steps, or shares that rise or leave 0 to 1.
    """
    shares = [item.share for item in items]
    if len(items) <= 1:
        raise ReportError(f"a funnel must have two or more steps, got {len(items)}")
    if shares != sorted(shares, reverse=True) or not 0 <= shares[-1] <= shares[0] <= 1:
        raise ReportError(f"shares of a funnel must fall within 1 to 0, got {shares}")
    pale = mix(theme.bad, theme.paper, share=0.18)
    key = lay_out_key(
        [
            KeyEntry(text=text, look={"marker": "s", "markersize": 8, "color": colour})
            for text, colour in ((bar_label, theme.primary), (rest_label, pale))
        ],
        theme=theme,
        width=width_cm * POINTS_PER_CM,
    )
    frame = row_frame(
        [item.label for item in items],
        theme=theme,
        notes=[item.note for item in items] if any(item.note for item in items) else (),
        right=[item.previous for item in items],
        right_below=[item.interval for item in items],
        note_head=note_head,
        right_head=previous_head,
        width_cm=width_cm,
        header=key.height,
        footer=4,
        row=27.0,
    )
    frame.axes.set_xlim(0, 1)
    frame.axes.set_xticks([])
    before = shares[0]
    for item, y in zip(items, frame.middles, strict=True):
        _bar(frame.axes, before, y, colour=pale)
        _bar(frame.axes, item.share, y, colour=theme.primary)
        text = fmt(item.share)
        x, _ = frame.figure.place(frame.axes, item.share, y)
        room = text_width(text, theme=theme, size=SMALL) + 8
        inside = x + room > frame.right
        frame.figure.write(
            x - 5 if inside else x + 5,
            y,
            text,
            size=SMALL,
            align="right" if inside else "left",
            colour=theme.paper if inside else theme.ink,
        )
        before = item.share
    key.write(frame.figure)
    return frame.figure


def _bar(axes: Axes, length: float, y: float, *, colour: str) -> None:
    axes.add_patch(Rectangle((0, y - BAR / 2), length, BAR, facecolor=colour, linewidth=0))


def _upper(rate: Estimate) -> float:
    return rate.ci_upper if rate.has_interval else rate.value


def _narrowed(frame: RowFrame, left: float, right: float, *, panel: bool = False) -> RowFrame:
    """Give the plot, or a new panel beside it, other edges."""
    figure = frame.figure
    if panel:
        axes = figure.panel(left, frame.bottom, right, frame.top)
        axes.set_ylim(frame.bottom, frame.top)
        axes.set_yticks([])
    else:
        axes = frame.axes
        axes.set_position(
            (
                left / figure.width,
                frame.bottom / figure.height,
                (right - left) / figure.width,
                (frame.top - frame.bottom) / figure.height,
            )
        )
    return replace(frame, axes=axes, left=left, right=right)
