"""A sum laid out step by step: what adds, what takes away, what is left."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum

from matplotlib.patches import Rectangle

from cxlib.errors import ReportError
from cxlib.report.colour import mix
from cxlib.report.figures.lettering import LINE_HEIGHT
from cxlib.report.figures.rows import FOOT, row_frame, value_axis
from cxlib.report.figures.style import SMALL, WIDTH_CM, Theme, ThemedFigure, in_theme

LINE = SMALL * LINE_HEIGHT
BAR = 12.0
"""Height of a bar in points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterfallStep:
    """One amount of the sum; below 0 takes away. `expected` steps lie ahead and are hatched."""

    label: str
    amount: float
    text: str
    expected: bool = False


@in_theme
def waterfall(
    steps: Sequence[WaterfallStep],
    *,
    total_label: str,
    total_text: str,
    theme: Theme,
    fmt: Callable[[float], str],
    axis_label: str = "",
    width_cm: float = WIDTH_CM,
) -> ThemedFigure:
    """Draw each step from where the one before ended, and their sum from 0 at the foot.

    Args:
        steps: Amounts in order; their sum is the total.
        total_label: Name of the last row.
        total_text: The total, printed.
        theme: Colours and font.
        fmt: Prints an amount on the axis.
        axis_label: Unit and price basis.
        width_cm: Printed width.

    Raises:
        ReportError: There is no step.
    """
    if not steps:
        raise ReportError("a waterfall needs at least 1 step, got none")
    frame = row_frame(
        [*(step.label for step in steps), total_label],
        right=[*(step.text for step in steps), total_text],
        theme=theme,
        width_cm=width_cm,
        footer=FOOT if axis_label else FOOT - LINE,
        row=22.0,
    )
    ends = [fsum(step.amount for step in steps[: place + 1]) for place in range(len(steps))]
    low, high = min(0.0, *ends), max(0.0, *ends)
    room = (high - low) * 0.03 or 1.0
    value_axis(frame, (low - room, high + room), fmt=fmt, label=axis_label)
    for place, (step, end) in enumerate(zip(steps, ends, strict=True)):
        start, y = end - step.amount, frame.middles[place]
        colour = theme.primary if step.amount >= 0 else mix(theme.accent, theme.paper, share=0.75)
        frame.axes.add_patch(_bar(start, end, y, colour=colour, paper=theme.paper, step=step))
        below = frame.middles[place + 1]
        frame.axes.plot(
            [end, end], [y - BAR / 2, below + BAR / 2], color=theme.muted, linewidth=0.7
        )
    frame.axes.add_patch(
        _bar(0.0, ends[-1], frame.middles[-1], colour=theme.ink, paper=theme.paper, step=None)
    )
    frame.axes.axvline(0.0, color=theme.ink, linewidth=1.1, zorder=3)
    return frame.figure


def _bar(
    start: float, end: float, y: float, *, colour: str, paper: str, step: WaterfallStep | None
) -> Rectangle:
    ahead = step is not None and step.expected
    return Rectangle(
        (min(start, end), y - BAR / 2),
        abs(end - start),
        BAR,
        facecolor=mix(colour, paper, share=0.35) if ahead else colour,
        edgecolor=colour if ahead else paper,
        linewidth=0.8,
        hatch="////" if ahead else None,
        zorder=2,
    )
