"""The priority matrix: how much a touchpoint matters against how often customers meet it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

from matplotlib.lines import Line2D

from cxlib.errors import ReportError
from cxlib.report.figures.intervals import MARKERS, Mark, mark_colour
from cxlib.report.figures.lettering import LINE_HEIGHT, text_width, ticks
from cxlib.report.figures.rows import write_values
from cxlib.report.figures.style import (
    HAIRLINE,
    LEADING,
    POINTS_PER_CM,
    SMALL,
    WIDTH_CM,
    Align,
    Theme,
    ThemedFigure,
    in_theme,
    new_figure,
)

LINE = SMALL * LINE_HEIGHT
UNLINKED = 13.0
"""Points up to which a name is seen to belong to its dot."""
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixItem:
    """One touchpoint: where it stands, its mark, and its rank interval as text ("1–3")."""

    label: str
    x: float
    y: float
    note: str = ""
    mark: Mark = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quadrants:
    """Where the field is cut, and what the four corners are called."""

    x: float
    y: float
    top_left: str = ""
    top_right: str = ""
    bottom_left: str = ""
    bottom_right: str = ""


@in_theme
def priority_matrix(
    items: Sequence[MatrixItem],
    *,
    theme: Theme,
    x_fmt: Callable[[float], str],
    y_fmt: Callable[[float], str],
    x_label: str,
    y_label: str,
    quadrants: Quadrants | None = None,
    width_cm: float = WIDTH_CM,
    plot_height_cm: float = 9.0,
) -> ThemedFigure:
    """Draw items in a field of two measures, each named beside its dot without overlap.

    Args:
        items: One or more.
        theme: Colours and font.
        x_fmt: Prints a value of the horizontal axis.
        y_fmt: Prints a value of the vertical axis.
        x_label: Name and unit, under the field.
        y_label: Name and unit, above the field.
        quadrants: The cuts and the names of the corners.
        width_cm: Printed width.
        plot_height_cm: Height of the field.

    Raises:
        ReportError: There is no item.
    """
    if not items:
        raise ReportError("a priority matrix must have at least one item, got none")
    x_low, x_high = _room([item.x for item in items], quadrants.x if quadrants else None)
    y_low, y_high = _room([item.y for item in items], quadrants.y if quadrants else None)
    y_values, y_labels = ticks(y_low, y_high, fmt=y_fmt)
    left = max(text_width(text, theme=theme, size=SMALL) for text in y_labels) + 8
    bottom = 2 * LINE + 9
    height = bottom + plot_height_cm * POINTS_PER_CM + LINE + 4
    figure = new_figure(theme, width_cm=width_cm, height_cm=height / POINTS_PER_CM)
    edges = (left, bottom, figure.width - 2, height - LINE - 4)
    axes = figure.panel(*edges)
    axes.set_xlim(x_low, x_high)
    axes.set_ylim(y_low, y_high)
    x_values, x_labels = ticks(x_low, x_high, fmt=x_fmt, most=7)
    axes.set_yticks(y_values, y_labels)
    write_values(figure, axes, x_values, x_labels)
    axes.tick_params(axis="x", pad=6)
    for value in y_values:
        axes.axhline(value, color=theme.grid, linewidth=HAIRLINE, zorder=0)
    axes.spines[["left", "bottom"]].set_visible(True)
    axes.spines[["left", "bottom"]].set_color(theme.muted)
    taken: list[Box] = []
    cuts: list[Box] = []
    if quadrants:
        x, y = figure.place(axes, quadrants.x, quadrants.y)
        cuts = [(x, edges[1], x, edges[3]), (edges[0], y, edges[2], y)]
        axes.axvline(quadrants.x, color=theme.muted, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
        axes.axhline(quadrants.y, color=theme.muted, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
        taken = _name_corners(figure, quadrants, edges)
    figure.write(0, height - LINE / 2, y_label, size=SMALL, colour=theme.muted)
    figure.write(edges[2], LINE / 2, x_label, size=SMALL, colour=theme.muted, align="right")
    for item in items:
        axes.plot(
            [item.x],
            [item.y],
            marker=MARKERS[item.mark],
            color=mark_colour(item.mark, theme),
            markersize=8.0 if item.mark != "none" else 6.0,
            markeredgecolor=theme.paper,
            markeredgewidth=0.7,
            linestyle="None",
            zorder=3,
        )
    dots = [figure.place(axes, item.x, item.y) for item in items]
    for index in sorted(range(len(items)), key=lambda index: (-dots[index][1], dots[index][0])):
        others = [(x - 9.0, y - 6.0, x + 9.0, y + 6.0) for x, y in dots if (x, y) != dots[index]]
        box = _name_item(
            figure, items[index], dots[index], taken=taken + others, cuts=cuts, edges=edges
        )
        taken.append(box)
    return figure


def _room(values: Sequence[float], cut: float | None) -> tuple[float, float]:
    """Give axis limits with a tenth of room on either side."""
    every = [*values, *([] if cut is None else [cut])]
    low, high = min(every), max(every)
    room = (high - low) * 0.12 or 1.0
    return (max(0.0, low - room) if low >= 0 else low - room), high + room


def _name_corners(figure: ThemedFigure, quadrants: Quadrants, edges: Box) -> list[Box]:
    left, bottom, right, top = edges
    boxes: list[Box] = []
    for text, x, y, align in (
        (quadrants.top_left, left + 5, top - 8, "left"),
        (quadrants.top_right, right - 4, top - 8, "right"),
        (quadrants.bottom_left, left + 5, bottom + 8, "left"),
        (quadrants.bottom_right, right - 4, bottom + 8, "right"),
    ):
        if not text:
            continue
        wide = text_width(text, theme=figure.theme, size=SMALL, weight="bold")
        figure.write(
            x,
            y,
            text,
            size=SMALL,
            colour=figure.theme.muted,
            weight="bold",
            align="left" if align == "left" else "right",
        )
        start = x if align == "left" else x - wide
        boxes.append((start, y - LINE / 2, start + wide, y + LINE / 2))
    return boxes


def _name_item(
    figure: ThemedFigure,
    item: MatrixItem,
    dot: tuple[float, float],
    *,
    taken: Sequence[Box],
    cuts: Sequence[Box],
    edges: Box,
) -> Box:
    """Write an item's name and rank at the nearest free place, with a link when it is far."""
    theme = figure.theme
    wide = max(
        text_width(item.label, theme=theme, size=SMALL, weight="bold"),
        text_width(item.note, theme=theme, size=SMALL) if item.note else 0.0,
    )
    tall = SMALL * LEADING * (2 if item.note else 1)
    best: tuple[float, Box, float] = (float("inf"), edges, 0.0)
    for reach, (across, up) in product(
        (7.0, 13.0, 20.0, 28.0, 38.0, 50.0),
        ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)),
    ):
        x = dot[0] + across * reach + (0 if across > 0 else -wide if across < 0 else -wide / 2)
        y = dot[1] + up * reach + (-tall / 2 if not up else 0 if up > 0 else -tall)
        box = (x, y, x + wide, y + tall)
        outside = x < edges[0] + 2 or box[2] > edges[2] or y < edges[1] + 1 or box[3] > edges[3]
        clash = sum(_overlap(box, other) for other in taken)
        crossed = sum(_overlap(box, cut) > 0 for cut in cuts)
        cost = clash * 10 + outside * 1e6 + crossed * 25 + reach
        if cost < best[0] - 1e-9:
            best = (cost, box, reach)
    _, box, reach = best
    if reach > UNLINKED:
        near = (min(max(dot[0], box[0]), box[2]), min(max(dot[1], box[1]), box[3]))
        figure.add_artist(
            Line2D(
                [dot[0], near[0]],
                [dot[1], near[1]],
                color=theme.muted,
                linewidth=HAIRLINE,
                transform=figure.points,
                zorder=1,
            )
        )
    leftward = box[2] < dot[0]
    centred = box[0] < dot[0] < box[2]
    align: Align = "center" if centred else "right" if leftward else "left"
    x = (box[0] + box[2]) / 2 if centred else box[2] if leftward else box[0]
    step = SMALL * LEADING / 2 if item.note else 0.0
    middle = (box[1] + box[3]) / 2
    figure.write(x, middle + step, item.label, size=SMALL, weight="bold", align=align, backed=True)
    if item.note:
        figure.write(
            x, middle - step, item.note, size=SMALL, colour=theme.muted, align=align, backed=True
        )
    return box


def _overlap(one: Box, other: Box) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0]) + 2
    up = min(one[3], other[3]) - max(one[1], other[1]) + 1
    return across * up if across > 0 and up > 0 else 0.0
