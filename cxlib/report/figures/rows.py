"""The frame that charts with one row per item share: labels left, numbers right, plot between."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from cxlib.errors import ReportError
from cxlib.report.figures.lettering import LINE_HEIGHT, break_lines, text_width, ticks
from cxlib.report.figures.style import (
    BODY,
    HAIRLINE,
    LEADING,
    POINTS_PER_CM,
    SMALL,
    WIDTH_CM,
    Theme,
    ThemedFigure,
    new_figure,
)

PAD = 6.0
LABEL_SHARE = 0.34
ROW = 19.0
FOOT = 2 * SMALL * LINE_HEIGHT + 4
SIDE = 0.025
"""Room left and right of the data inside the plot, as a share of its width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFrame:
    """A figure with its plot panel, and the height of each row's middle in points."""

    figure: ThemedFigure
    axes: Axes
    left: float
    right: float
    top: float
    bottom: float
    middles: tuple[float, ...]
    heights: tuple[float, ...]

    @property
    def head(self) -> float:
        """The height of the line of column heads above the plot."""
        return self.top + 0.5 * SMALL * LINE_HEIGHT + 2


def row_frame(
    labels: Sequence[str],
    *,
    theme: Theme,
    notes: Sequence[str] = (),
    right: Sequence[str] = (),
    right_below: Sequence[str] = (),
    note_head: str = "",
    right_head: str = "",
    width_cm: float = WIDTH_CM,
    header: float = 0.0,
    footer: float = FOOT,
    row: float = ROW,
) -> RowFrame:
    """Lay out rows: label and note on the left, a text column on the right, the plot between.

    Args:
        labels: One per row, wrapped when long; the row grows with its lines.
        theme: Colours and font.
        notes: The muted column beside the labels, such as the number of answers.
        right: The bold column right of the plot.
        right_below: Muted texts under the bold ones.
        note_head: Head of the note column.
        right_head: Head of the right column.
        width_cm: Printed width.
        header: Room above the plot in points, for keys and line labels.
        footer: Room below the plot in points, for tick labels and the axis label.
        row: Height of a one-line row in points.

    Raises:
        ReportError: There is no row, or the columns differ in length.
    """
    if not labels:
        raise ReportError("a chart must have at least one row, got none")
    for column in (notes, right, right_below):
        if column and len(column) != len(labels):
            raise ReportError(f"a column must have {len(labels)} texts, got {len(column)}")
    width = width_cm * POINTS_PER_CM
    wrapped = [break_lines(text, theme=theme, width=LABEL_SHARE * width) for text in labels]
    label_width = max(text_width("\n".join(lines), theme=theme) for lines in wrapped)
    note_width = _column(notes, note_head, theme=theme, size=SMALL)
    right_width = max(
        _column(right, right_head, theme=theme, size=BODY),
        _column(right_below, "", theme=theme, size=SMALL),
    )
    if note_head or right_head:
        header += SMALL * LINE_HEIGHT + 2
    heights = [max(row, len(lines) * BODY * LEADING + 7) for lines in wrapped]
    height = header + sum(heights) + footer
    figure = new_figure(theme, width_cm=width_cm, height_cm=height / POINTS_PER_CM)
    left_edge = label_width + PAD + note_width + (PAD if note_width else 0)
    right_edge = width - right_width - (PAD if right_width else 2)
    axes = figure.panel(left_edge, footer, right_edge, footer + sum(heights))
    axes.set_ylim(footer, footer + sum(heights))
    axes.set_yticks([])
    top = footer + sum(heights)
    middles: list[float] = []
    for index, lines in enumerate(wrapped):
        middle = top - sum(heights[:index]) - heights[index] / 2
        middles.append(middle)
        figure.write(0, middle, "\n".join(lines))
        if notes:
            figure.write(
                left_edge - PAD,
                middle,
                notes[index],
                size=SMALL,
                colour=theme.muted,
                align="right",
            )
        below = bool(right_below) and bool(right_below[index])
        if right:
            lift = 0.62 * BODY if below else 0.0
            figure.write(width, middle + lift, right[index], weight="bold", align="right")
        if below:
            figure.write(
                width,
                middle - 0.75 * BODY,
                right_below[index],
                size=SMALL,
                colour=theme.muted,
                align="right",
            )
        rule(figure, middle - heights[index] / 2, 0, width)
    rule(figure, top, 0, width)
    head = top + 0.5 * SMALL * LINE_HEIGHT + 2
    if note_head:
        figure.write(
            left_edge - PAD, head, note_head, size=SMALL, colour=theme.muted, align="right"
        )
    if right_head:
        figure.write(width, head, right_head, size=SMALL, colour=theme.muted, align="right")
    return RowFrame(
        figure=figure,
        axes=axes,
        left=left_edge,
        right=right_edge,
        top=top,
        bottom=footer,
        middles=tuple(middles),
        heights=tuple(heights),
    )


def _column(texts: Sequence[str], head: str, *, theme: Theme, size: float) -> float:
    weight = "bold" if size == BODY else "normal"
    widths = [text_width(text, theme=theme, size=size, weight=weight) for text in texts if text]
    if head:
        widths.append(text_width(head, theme=theme, size=SMALL))
    return max(widths, default=0.0)


def rule(figure: ThemedFigure, y: float, left: float, right: float) -> None:
    """Draw a hairline across the figure, in points."""
    from matplotlib.lines import Line2D

    figure.add_artist(
        Line2D(
            [left, right],
            [y, y],
            color=figure.theme.grid,
            linewidth=HAIRLINE,
            transform=figure.points,
            zorder=0,
        )
    )


def value_axis(
    frame: RowFrame,
    limits: tuple[float, float],
    *,
    fmt: Callable[[float], str],
    label: str = "",
) -> None:
    """Put round ticks, light grid lines and the axis label under a row chart."""
    theme = frame.figure.theme
    low, high = limits
    room = (high - low) * SIDE
    frame.axes.set_xlim(low - room, high + room)
    span = frame.right - frame.left
    widest = max(
        text_width(fmt(value), theme=theme, size=SMALL) for value in (low, high, (low + high) / 2)
    )
    most = max(2, min(7, int(span / (widest + 14))))
    values, labels = ticks(low, high, fmt=fmt, most=most)
    frame.axes.set_xticks(values, labels)
    frame.axes.tick_params(axis="x", pad=3)
    for value in values:
        frame.axes.axvline(value, color=theme.grid, linewidth=HAIRLINE, zorder=0)
    if label:
        frame.figure.write(
            frame.right,
            frame.bottom - 1.5 * SMALL * LINE_HEIGHT - 5,
            label,
            size=SMALL,
            colour=theme.muted,
            align="right",
        )


def key(
    figure: ThemedFigure,
    entries: Sequence[tuple[str, dict[str, object]]],
    *,
    x: float,
    y: float,
) -> float:
    """Write a one-line key from ``x`` in points; give the x where it ends.

    Args:
        figure: Where to write.
        entries: Text and the settings of its mark: the keywords of a matplotlib line.
        x: Left edge in points.
        y: Middle of the line in points.
    """
    from matplotlib.lines import Line2D

    for text, look in entries:
        line = bool(look.get("linestyle", "None") != "None")
        length = 14.0 if line else 6.0
        xs = [x, x + length] if line and look.get("marker") is None else [x + length / 2]
        settings: dict[str, object] = {"linestyle": "None", "markersize": 5.5, **look}
        figure.add_artist(
            Line2D(xs, [y] * len(xs), transform=figure.points, **settings)  # type: ignore[arg-type]
        )
        figure.write(x + length + 3, y, text, size=SMALL, colour=figure.theme.muted)
        x += length + 3 + text_width(text, theme=figure.theme, size=SMALL) + 12
    return x
