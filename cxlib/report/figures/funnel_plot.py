"""The funnel plot: scores against the number of answers, inside limits that chance explains."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np

from cxlib.errors import ReportError
from cxlib.report.figures.keys import KeyEntry, lay_out_key
from cxlib.report.figures.lettering import LINE_HEIGHT, text_width, ticks
from cxlib.report.figures.rows import write_values
from cxlib.report.figures.style import (
    HAIRLINE,
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
FunnelSide = Literal["above", "below", "inside"]
MARKERS: Mapping[FunnelSide, str] = {"above": "^", "below": "v", "inside": "o"}
DASHES = ((0, (4, 2)), "solid")
STEPS = 60
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelPoint:
    """One store: its number of answers, its score, and on which side of the limits it lies."""

    label: str
    n: float
    value: float
    side: FunnelSide = "inside"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelLimit:
    """A pair of control limits: its label ("95%") and the limits at a number of answers."""

    label: str
    at: Callable[[float], tuple[float, float]]


@in_theme
def funnel_plot(
    points: Sequence[FunnelPoint],
    *,
    theme: Theme,
    centre: float,
    limits: Sequence[FunnelLimit],
    x_fmt: Callable[[float], str],
    y_fmt: Callable[[float], str],
    x_label: str,
    y_label: str,
    centre_label: str = "",
    side_labels: Mapping[FunnelSide, str] | None = None,
    width_cm: float = WIDTH_CM,
    plot_height_cm: float = 7.5,
) -> ThemedFigure:
    """Draw stores in the funnel; those outside the limits are named and differ in shape.

    Args:
        points: Two or more.
        theme: Colours and font.
        centre: The overall score, drawn across.
        limits: One or two pairs, the narrow one first: dashed, then solid.
        x_fmt: Prints a number of answers.
        y_fmt: Prints a score.
        x_label: Under the plot.
        y_label: Name, unit and direction of the score, above the plot.
        centre_label: Key text of the centre line.
        side_labels: Key texts of the marks.
        width_cm: Printed width.
        plot_height_cm: Height of the plot.

    Raises:
        ReportError: Fewer than two points, a point without answers, or not one or two limits.
    """
    if len(points) <= 1:
        raise ReportError(f"a funnel plot needs two points or more, got {len(points)}")
    if empty := [point.label for point in points if not point.n > 0]:
        raise ReportError(f"a point must have 1 answer or more; without any: {', '.join(empty)}")
    if not 1 <= len(limits) <= len(DASHES):
        raise ReportError(f"a funnel has one or two pairs of limits, got {len(limits)}")
    sizes = [point.n for point in points]
    room = 0.08 * (max(sizes) - min(sizes)) or 0.2 * max(sizes)
    x_low, x_high = max(min(sizes) - room, 0.3 * min(sizes)), max(sizes) + room
    grid = np.linspace(x_low, x_high, STEPS).tolist()
    curves = [[limit.at(n) for n in grid] for limit in limits]
    heights = [point.value for point in points] + [end for pair in curves for end in pair[0]]
    spare = 0.06 * (max(heights) - min(heights)) or 1.0
    y_low, y_high = min(heights) - spare, max(heights) + spare
    y_values, y_labels = ticks(y_low, y_high, fmt=y_fmt)
    ends = [limit.label for limit in limits]
    left = 8 + max(text_width(text, theme=theme, size=SMALL) for text in y_labels)
    right = 6 + max(text_width(text, theme=theme, size=SMALL) for text in ends)
    key = lay_out_key(
        _entries(centre_label, side_labels or {}, theme=theme),
        theme=theme,
        width=width_cm * POINTS_PER_CM,
        tail=y_label,
    )
    bottom = 2 * LINE + 9
    top = bottom + plot_height_cm * POINTS_PER_CM
    figure = new_figure(theme, width_cm=width_cm, height_cm=(top + 4 + key.height) / POINTS_PER_CM)
    edges = (left, bottom, figure.width - right, top)
    axes = figure.panel(*edges)
    axes.set_xlim(x_low, x_high)
    axes.set_ylim(y_low, y_high)
    axes.set_yticks(y_values, y_labels)
    x_values, x_labels = ticks(x_low, x_high, fmt=x_fmt, most=7)
    write_values(figure, axes, x_values, x_labels)
    axes.tick_params(axis="x", pad=6)
    for value in y_values:
        axes.axhline(value, color=theme.grid, linewidth=HAIRLINE, zorder=0)
    axes.spines[["left", "bottom"]].set_visible(True)
    axes.spines[["left", "bottom"]].set_color(theme.muted)
    axes.axhline(centre, color=theme.ink, linewidth=0.9, zorder=1)
    taken: list[Box] = []
    for limit, curve, dash in zip(limits, curves, DASHES, strict=False):
        for end in zip(*curve, strict=True):
            axes.plot(grid, end, color=theme.muted, linewidth=0.9, linestyle=dash, zorder=1)
            _, y = figure.place(axes, x_high, end[-1])
            figure.write(edges[2] + 4, y, limit.label, size=SMALL, colour=theme.muted)
    for point in points:
        axes.plot(
            [point.n],
            [point.value],
            marker=MARKERS[point.side],
            color=_colour(point.side, theme),
            markersize=6.0 if point.side == "inside" else 8.0,
            markeredgecolor=theme.paper,
            markeredgewidth=0.7,
            linestyle="None",
            zorder=3,
        )
    dots = [figure.place(axes, point.n, point.value) for point in points]
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in dots]
    for point, dot in zip(points, dots, strict=True):
        if point.side != "inside":
            taken.append(_name(figure, point.label, dot, taken=taken, edges=edges))
    figure.write(edges[2], LINE / 2, x_label, size=SMALL, colour=theme.muted, align="right")
    key.write(figure)
    return figure


def _colour(side: FunnelSide, theme: Theme) -> str:
    return {"above": theme.good, "below": theme.bad, "inside": theme.primary}[side]


def _entries(centre: str, sides: Mapping[FunnelSide, str], *, theme: Theme) -> list[KeyEntry]:
    entries = [
        KeyEntry(text=text, look={"marker": MARKERS[side], "color": _colour(side, theme)})
        for side, text in sides.items()
    ]
    if centre:
        look = {"linestyle": "-", "linewidth": 0.9, "color": theme.ink}
        entries.append(KeyEntry(text=centre, look=look))
    return entries


def _name(
    figure: ThemedFigure,
    label: str,
    dot: tuple[float, float],
    *,
    taken: Sequence[Box],
    edges: Box,
) -> Box:
    """Write a store's name beside its dot, where it covers least."""
    wide = text_width(label, theme=figure.theme, size=SMALL, weight="bold")
    best: tuple[float, Box, Align] = (float("inf"), edges, "left")
    sides: tuple[tuple[int, Align], ...] = ((1, "left"), (-1, "right"), (0, "center"))
    for lift, (across, align) in product((0.0, 9.0, -9.0, 18.0, -18.0), sides):
        if not across and not lift:
            continue
        x = dot[0] + 7 * across - (wide if across < 0 else wide / 2 if not across else 0)
        y = dot[1] + lift - LINE / 2
        box = (x, y, x + wide, y + LINE)
        clash = sum(_overlap(box, other) for other in taken)
        outside = x < edges[0] or box[2] > edges[2] or y < edges[1] or box[3] > edges[3]
        cost = 10 * clash + 1e6 * outside + abs(lift) + 2 * (across != 1)
        if cost < best[0]:
            best = (cost, box, align)
    _, box, align = best
    x = {"left": box[0], "right": box[2], "center": (box[0] + box[2]) / 2}[align]
    figure.write(
        x, (box[1] + box[3]) / 2, label, size=SMALL, weight="bold", align=align, backed=True
    )
    return box


def _overlap(one: Box, other: Box) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    up = min(one[3], other[3]) - max(one[1], other[1])
    return across * up if across > 0 and up > 0 else 0.0
