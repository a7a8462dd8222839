"""The frame that charts with one row per item share: labels left, numbers right, plot between."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from cxlib.errors import ReportError
from cxlib.report.figures.lettering import LINE_HEIGHT, break_lines, text_width, ticks
from cxlib.report.figures.style import (
    BODY,
    HAIRLINE,
    LEADING,
    POINTS_PER_CM,
    SMALL,
    WIDTH_CM,
    Align,
    Theme,
    ThemedFigure,
    Weight,
    new_figure,
)

PAD = 6.0
LABEL_SHARE, NOTE_SHARE, RIGHT_SHARE = 0.34, 0.16, 0.24
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
    columns = (
        _column(labels, theme=theme, width=LABEL_SHARE * width),
        _column(notes, theme=theme, width=NOTE_SHARE * width, size=SMALL, head=note_head),
        _column(right, theme=theme, width=RIGHT_SHARE * width, weight="bold", head=right_head),
        _column(right_below, theme=theme, width=RIGHT_SHARE * width, size=SMALL),
    )
    label, note, bold, below = columns
    header += (SMALL * LINE_HEIGHT + 2) * bool(note_head or right_head)
    heights = [
        max(
            row,
            label.tall(place),
            note.tall(place),
            bold.tall(place) + below.tall(place),
        )
        for place in range(len(labels))
    ]
    top = footer + sum(heights)
    figure = new_figure(theme, width_cm=width_cm, height_cm=(header + top) / POINTS_PER_CM)
    left_edge = label.width + PAD + note.width + (PAD if note.width else 0)
    right_width = max(bold.width, below.width)
    right_edge = width - right_width - (PAD if right_width else 2)
    axes = figure.panel(left_edge, footer, right_edge, top)
    axes.set_ylim(footer, top)
    axes.set_yticks([])
    middles = [top - sum(heights[:place]) - heights[place] / 2 for place in range(len(labels))]
    for place, middle in enumerate(middles):
        lift = below.tall(place) / 2
        drop = bold.tall(place) / 2
        label.write(figure, place, 0, middle)
        note.write(figure, place, left_edge - PAD, middle, align="right", colour=theme.muted)
        bold.write(figure, place, width, middle + lift, align="right")
        below.write(figure, place, width, middle - drop, align="right", colour=theme.muted)
        rule(figure, middle - heights[place] / 2, 0, width)
    rule(figure, top, 0, width)
    frame = RowFrame(
        figure=figure,
        axes=axes,
        left=left_edge,
        right=right_edge,
        top=top,
        bottom=footer,
        middles=tuple(middles),
        heights=tuple(heights),
    )
    for text, x in ((note_head, left_edge - PAD), (right_head, width)):
        figure.write(x, frame.head, text, size=SMALL, colour=theme.muted, align="right")
    return frame


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """Texts of one column, wrapped, with the width they take in points."""

    texts: tuple[str, ...]
    width: float
    size: float
    weight: Weight

    def tall(self, place: int) -> float:
        """Height of one text with its room, 0 where there is none."""
        text = self.texts[place] if self.texts else ""
        return (text.count("\n") + 1) * self.size * LEADING + 2 if text else 0.0

    def write(
        self,
        figure: ThemedFigure,
        place: int,
        x: float,
        y: float,
        *,
        align: Align = "left",
        colour: str | None = None,
    ) -> None:
        """Write one text of the column."""
        if self.texts and self.texts[place]:
            figure.write(
                x,
                y,
                self.texts[place],
                size=self.size,
                weight=self.weight,
                align=align,
                colour=colour,
            )


def _column(
    texts: Sequence[str],
    *,
    theme: Theme,
    width: float,
    size: float = BODY,
    weight: Weight = "normal",
    head: str = "",
) -> _Column:
    """Wrap the texts of a column to ``width`` points and measure it."""
    wrapped = tuple(
        "\n".join(break_lines(text, theme=theme, width=width, size=size, weight=weight))
        for text in texts
    )
    widths = [text_width(text, theme=theme, size=size, weight=weight) for text in wrapped if text]
    if head:
        widths.append(text_width(head, theme=theme, size=SMALL))
    return _Column(texts=wrapped, width=max(widths, default=0.0), size=size, weight=weight)


def rule(figure: ThemedFigure, y: float, left: float, right: float) -> None:
    """Draw a hairline across the figure, in points."""
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
    most = max(2, min(8, int(span / (widest + 10))))
    values, labels = _thinned(*ticks(low, high, fmt=fmt, most=8), most=most)
    write_values(frame.figure, frame.axes, values, labels)
    for value in values:
        frame.axes.axvline(value, color=theme.grid, linewidth=HAIRLINE, zorder=0)
    name_axis(frame, label)


def _thinned(values: list[float], labels: list[str], *, most: int) -> tuple[list[float], list[str]]:
    """Keep every second, fourth … tick until few enough are left, 0 always.

    A language that leaves less room shows some of the other's ticks, and no ticks of its own.
    """
    first = values.index(0.0) if 0.0 in values else 0
    every = 1
    while len(values) / every > most:
        every *= 2
    kept = [place for place in range(len(values)) if (place - first) % every == 0]
    return [values[place] for place in kept], [labels[place] for place in kept]


def write_values(
    figure: ThemedFigure, axes: Axes, values: Sequence[float], labels: Sequence[str]
) -> None:
    """Write the values under a horizontal axis, but none that would leave the figure."""
    kept: list[tuple[float, str]] = []
    for value, label in zip(values, labels, strict=True):
        half = text_width(label, theme=figure.theme, size=SMALL) / 2
        x = figure.place(axes, value, axes.get_ylim()[0])[0]
        if half <= x <= figure.width - half:
            kept.append((value, label))
    axes.set_xticks([value for value, _ in kept], [label for _, label in kept])
    axes.tick_params(axis="x", pad=3)


def name_axis(frame: RowFrame, label: str) -> None:
    """Write unit and direction under the values, as far right as the plot goes."""
    if label:
        frame.figure.write(
            frame.right,
            frame.bottom - 1.5 * SMALL * LINE_HEIGHT - 5,
            label,
            size=SMALL,
            colour=frame.figure.theme.muted,
            align="right",
        )
