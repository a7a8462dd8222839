"""Whether a goal can be seen: the answers a period brings beside the answers it takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

from cxlib.errors import ReportError
from cxlib.report.figures.keys import KeyEntry, lay_out_key
from cxlib.report.figures.lettering import LINE_HEIGHT, text_width
from cxlib.report.figures.rows import FOOT, name_axis, row_frame, write_values
from cxlib.report.figures.style import (
    HAIRLINE,
    POINTS_PER_CM,
    SMALL,
    WIDTH_CM,
    Theme,
    ThemedFigure,
    in_theme,
)

SHORT_AXIS = 150.0
"""Ends of a logarithmic axis this far apart or less also show twos and fives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalSample:
    """One goal: the answers collected and needed per period, and what follows ("2 quarters")."""

    label: str
    collected: int
    needed: int
    note: str = ""
    verdict: str = ""


@in_theme
def sample_needed(
    items: Sequence[GoalSample],
    *,
    theme: Theme,
    fmt: Callable[[float], str],
    collected_label: str,
    needed_label: str,
    axis_label: str = "",
    note_head: str = "",
    verdict_head: str = "",
    width_cm: float = WIDTH_CM,
) -> ThemedFigure:
    """Draw collected and needed answers as two dots a goal on a logarithmic axis.

    Dots, not bars: a bar's length means nothing on a logarithmic axis. A shortfall is a
    dashed link in the bad colour, a surplus a solid one in the good colour.

    Args:
        items: One or more goals, in the order given.
        theme: Colours and font.
        fmt: Prints a number of answers.
        collected_label: Key text of the filled dot.
        needed_label: Key text of the hollow diamond.
        axis_label: Says what is counted, per which period, and that the axis is logarithmic.
        note_head: Head of the muted column.
        verdict_head: Head of the right column.
        width_cm: Printed width.

    Raises:
        ReportError: A number of answers is below 1.
    """
    for item in items:
        if item.collected < 1 or item.needed < 1:
            raise ReportError(
                f"collected and needed must be 1 or more, {item.label!r} has"
                f" {item.collected} and {item.needed}"
            )
    hollow: dict[str, Any] = {
        "color": theme.paper,
        "markeredgecolor": theme.ink,
        "markeredgewidth": 1.2,
    }
    key = lay_out_key(
        [
            KeyEntry(text=collected_label, look={"marker": "o", "color": theme.primary}),
            KeyEntry(text=needed_label, look={"marker": "D", "markersize": 5.0, **hollow}),
        ],
        theme=theme,
        width=width_cm * POINTS_PER_CM,
    )
    frame = row_frame(
        [item.label for item in items],
        theme=theme,
        notes=[item.note for item in items] if any(item.note for item in items) else (),
        right=[item.verdict for item in items] if any(item.verdict for item in items) else (),
        note_head=note_head,
        right_head=verdict_head,
        width_cm=width_cm,
        header=key.height,
        footer=FOOT if axis_label else FOOT - SMALL * LINE_HEIGHT,
        row=27.0,
    )
    axes = frame.axes
    numbers = [number for item in items for number in (item.collected, item.needed)]
    widest = max(text_width(fmt(number), theme=theme, size=SMALL) for number in numbers) + 12
    low, high = log10(min(numbers)), log10(max(numbers))
    span = frame.right - frame.left
    room = max(high - low, 0.5) * widest / (span - 2 * widest)
    axes.set_xscale("log")
    axes.set_xlim(10 ** (low - room), 10 ** (high + room))
    values = _log_ticks(10 ** (low - room), 10 ** (high + room))
    write_values(frame.figure, axes, values, [fmt(value) for value in values])
    axes.set_xticks([], minor=True)
    for value in values:
        axes.axvline(value, color=theme.grid, linewidth=HAIRLINE, zorder=0)
    for item, y in zip(items, frame.middles, strict=True):
        short = item.needed > item.collected
        colour = theme.bad if short else theme.good
        axes.plot(
            [item.collected, item.needed],
            [y, y],
            color=colour,
            linewidth=1.6,
            linestyle=(0, (2, 1.5)) if short else "-",
            zorder=1,
        )
        axes.plot(
            [item.collected],
            [y],
            marker="o",
            markersize=7.0,
            color=theme.primary,
            markeredgecolor=theme.paper,
            zorder=2,
        )
        axes.plot([item.needed], [y], marker="D", markersize=5.5, zorder=3, **hollow)
        for number, side in (
            (item.collected, 1 if item.collected > item.needed else -1),
            (item.needed, -1 if item.collected > item.needed else 1),
        ):
            frame.figure.write(
                frame.figure.place(axes, number, y)[0] + 7 * side,
                y,
                fmt(number),
                size=SMALL,
                align="left" if side > 0 else "right",
                backed=True,
            )
    name_axis(frame, axis_label)
    key.write(frame.figure)
    return frame.figure


def _log_ticks(low: float, high: float) -> list[float]:
    """Give powers of ten inside the limits, with their twos and fives on a short axis."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    steps = (1, 2, 5) if high / low < SHORT_AXIS else (1,)
    values = [step * 10.0**power for power in powers for step in steps]
    return [value for value in values if low <= value <= high]
