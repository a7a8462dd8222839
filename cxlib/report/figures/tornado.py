"""What drives a result: one assumption at a time, the strongest on top."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from matplotlib.patches import Rectangle

from cxlib.report.colour import mix
from cxlib.report.figures.intervals import write_above
from cxlib.report.figures.keys import KeyEntry, lay_out_key
from cxlib.report.figures.lettering import LINE_HEIGHT, text_width
from cxlib.report.figures.rows import FOOT, row_frame, value_axis
from cxlib.report.figures.style import (
    POINTS_PER_CM,
    SMALL,
    WIDTH_CM,
    Theme,
    ThemedFigure,
    in_theme,
)

LINE = SMALL * LINE_HEIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class TornadoItem:
    """One assumption: the result at its low and at its high setting, and how these are named."""

    label: str
    low: float
    high: float
    low_text: str = ""
    high_text: str = ""


@in_theme
def tornado(
    items: Sequence[TornadoItem],
    *,
    base: float,
    base_label: str,
    theme: Theme,
    fmt: Callable[[float], str],
    low_label: str,
    high_label: str,
    axis_label: str = "",
    width_cm: float = WIDTH_CM,
) -> ThemedFigure:
    """Draw how far each assumption alone moves the result, the strongest on top.

    Where both settings move the result to one side, the longer bar lies behind.

    Args:
        items: One or more assumptions.
        base: The result with every assumption at its base.
        base_label: Text above the base line.
        theme: Colours and font.
        fmt: Prints a result on the axis.
        low_label: Key text of the bars for the low setting.
        high_label: Key text of the bars for the high setting.
        axis_label: What the result is, in which currency.
        width_cm: Printed width.

    Raises:
        ReportError: There is no assumption.
    """
    rows = sorted(items, key=lambda item: -abs(item.high - item.low))
    low_colour, high_colour = mix(theme.accent, theme.paper, share=0.75), theme.primary
    key = lay_out_key(
        [
            KeyEntry(text=text, look={"marker": "s", "markersize": 7, "color": colour})
            for text, colour in ((low_label, low_colour), (high_label, high_colour))
        ],
        theme=theme,
        width=width_cm * POINTS_PER_CM,
    )
    frame = row_frame(
        [item.label for item in rows],
        theme=theme,
        width_cm=width_cm,
        header=key.height + LINE + 2,
        footer=FOOT if axis_label else FOOT - LINE,
        row=22.0,
    )
    ends = [end for item in rows for end in (item.low, item.high)]
    low, high = min(base, *ends), max(base, *ends)
    span = (high - low) or 1.0
    plot = frame.right - frame.left
    widest = max(
        text_width(text, theme=theme, size=SMALL)
        for item in rows
        for text in (item.low_text, item.high_text, " ")
    )
    room = span * (widest + 6) / max(plot - 2 * (widest + 6), plot / 3)
    value_axis(frame, (low - room, high + room), fmt=fmt, label=axis_label)
    for item, y in zip(rows, frame.middles, strict=True):
        settings = [(item.low, item.low_text, low_colour), (item.high, item.high_text, high_colour)]
        for end, _, colour in sorted(settings, key=lambda setting: -abs(setting[0] - base)):
            frame.axes.add_patch(_swing(base, end, y, colour=colour, theme=theme))
        (left, left_text, _), (right, right_text, _) = sorted(settings, key=itemgetter(0))
        for place, text, side in (
            (min(left, base), left_text, -1),
            (max(right, base), right_text, 1),
        ):
            frame.figure.write(
                frame.figure.place(frame.axes, place, y)[0] + 3 * side,
                y,
                text,
                size=SMALL,
                align="left" if side > 0 else "right",
                backed=True,
            )
    frame.axes.axvline(base, color=theme.ink, linewidth=1.1, zorder=3)
    write_above(frame.figure, frame.axes, base, base_label, frame.head)
    key.write(frame.figure)
    return frame.figure


def _swing(base: float, end: float, y: float, *, colour: str, theme: Theme) -> Rectangle:
    return Rectangle(
        (min(base, end), y - 6),
        abs(end - base),
        12,
        facecolor=colour,
        edgecolor=theme.paper,
        linewidth=0.6,
        zorder=2,
    )
