"""Whether a goal can be seen: the answers a period brings beside the answers it takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from cxlib.errors import ReportError
from cxlib.report.figures.lettering import LINE_HEIGHT, text_width
from cxlib.report.figures.rows import FOOT, key, row_frame
from cxlib.report.figures.style import (
    HAIRLINE,
    SMALL,
    WIDTH_CM,
    Theme,
    ThemedFigure,
    in_theme,
)


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
    line = SMALL * LINE_HEIGHT + 2
    frame = row_frame(
        [item.label for item in items],
        theme=theme,
        notes=[item.note for item in items] if any(item.note for item in items) else (),
        right=[item.verdict for item in items] if any(item.verdict for item in items) else (),
        note_head=note_head,
        right_head=verdict_head,
        width_cm=width_cm,
        header=line,
        footer=FOOT if axis_label else FOOT - SMALL * LINE_HEIGHT,
        row=27.0,
    )
    axes = frame.axes
    numbers = [number for item in items for number in (item.collected, item.needed)]
    powers = range(floor(log10(min(numbers))), ceil(log10(max(numbers) + 1)) + 1)
    axes.set_xscale("log")
    axes.set_xlim(10.0 ** powers[0] * 0.8, 10.0 ** powers[-1] * 1.25)
    axes.set_xticks([10.0**power for power in powers], [fmt(10.0**power) for power in powers])
    axes.set_xticks([], minor=True)
    axes.tick_params(axis="x", pad=3)
    for power in powers:
        axes.axvline(10.0**power, color=theme.grid, linewidth=HAIRLINE, zorder=0)
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
        for number, hollow in ((item.collected, False), (item.needed, True)):
            axes.plot(
                [number],
                [y],
                marker="D" if hollow else "o",
                color=theme.paper if hollow else theme.primary,
                markeredgecolor=theme.ink if hollow else theme.paper,
                markeredgewidth=1.2 if hollow else 0.6,
                markersize=5.5 if hollow else 7.0,
                linestyle="None",
                zorder=3 if hollow else 2,
            )
            first = number == min(item.collected, item.needed) and not (
                item.collected == item.needed and hollow
            )
            x = frame.figure.place(axes, number, y)[0]
            text = fmt(number)
            wide = text_width(text, theme=theme, size=SMALL)
            left = x - 7 - wide if first else x + 7
            left = min(max(left, frame.left), frame.right - wide)
            frame.figure.write(left, y, text, size=SMALL, backed=True)
    if axis_label:
        frame.figure.write(
            frame.right,
            frame.bottom - 1.5 * SMALL * LINE_HEIGHT - 5,
            axis_label,
            size=SMALL,
            colour=theme.muted,
            align="right",
        )
    hollow_look: dict[str, object] = {
        "marker": "D",
        "color": theme.paper,
        "markeredgecolor": theme.ink,
        "markeredgewidth": 1.2,
        "markersize": 5.0,
    }
    key(
        frame.figure,
        [(collected_label, {"marker": "o", "color": theme.primary}), (needed_label, hollow_look)],
        x=1,
        y=frame.figure.height - line / 2,
    )
    return frame.figure


