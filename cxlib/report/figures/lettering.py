"""Measure, wrap and place text, so that no label overlaps another or lacks a glyph."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.ticker import MaxNLocator

from cxlib.errors import ReportError
from cxlib.report.figures.style import BODY, LEADING, SMALL, Theme

LINE_HEIGHT = 1.45
"""Height of a line of text over its size: Chinese faces are tall."""
MOST_LINES = 3
"""Lines of a label under its column."""
FIRST_CJK = 0x2E80
NOT_AT_START = frozenset("，。、；：！？）」』】》〉％…,.;:!?)]}%")
NOT_AT_END = frozenset("（「『【《〈([{")


def text_width(text: str, *, theme: Theme, size: float = BODY, weight: str = "normal") -> float:
    """Measure the widest line of a text in points.

    Raises:
        ReportError: The font lacks a character; all missing ones are named.
    """
    return max(_line_width(line, theme.font_family, size, weight) for line in text.split("\n"))


@lru_cache(maxsize=8192)
def _line_width(line: str, family: str, size: float, weight: str) -> float:
    face = FontProperties(family=[family], size=size, weight=weight)
    refuse_missing_glyphs(line, face)
    width, _, _ = text_to_path.get_text_width_height_descent(line, face, False)
    return float(width)


@lru_cache(maxsize=64)
def _characters(path: str) -> frozenset[int]:
    return frozenset(font_manager.get_font(path).get_charmap())


def refuse_missing_glyphs(text: str, face: FontProperties) -> None:
    """Stop before an empty box is drawn.

    Raises:
        ReportError: The face lacks a character of the text; all are named with code points.
    """
    path = font_manager.findfont(face, fallback_to_default=False)
    known = _characters(str(path))
    if missing := sorted({mark for mark in text if ord(mark) not in known and mark != "\n"}):
        named = ", ".join(f"{mark!r} (U+{ord(mark):04X})" for mark in missing)
        raise ReportError(
            f"the chart font {face.get_name()!r} must have every character, lacks {named}"
            f" in {text!r}; install a font that has them (`cx doctor`)"
        )


def break_lines(
    text: str, *, theme: Theme, width: float, size: float = BODY, weight: str = "normal"
) -> list[str]:
    """Break a label into the fewest lines that fit, as even in length as can be.

    English breaks at spaces, hyphens and slashes, Chinese between characters but never before
    a closing mark. A word wider than ``width`` stays whole on its own line.
    """
    units = _units(text)
    sizes = [text_width(unit, theme=theme, size=size, weight=weight) for unit in units]
    limit = max([width, *sizes])
    for count in range(1, len(units) + 1):
        lines = _even_lines(units, sizes, count)
        if all(
            text_width(line, theme=theme, size=size, weight=weight) <= limit + 0.01
            for line in lines
        ):
            return lines
    return [unit.strip() for unit in units]


def _units(text: str) -> list[str]:
    """Cut a text into pieces that may stand on a line of their own."""
    units: list[str] = []
    for mark in " ".join(text.split()):
        glued = bool(units) and (
            mark in NOT_AT_START
            or mark == " "
            or units[-1][-1] in NOT_AT_END
            or (_latin(mark) and _latin(units[-1][-1]) and units[-1][-1] not in "-/")
        )
        if glued:
            units[-1] += mark
        else:
            units.append(mark)
    return units or [""]


def _latin(mark: str) -> bool:
    return mark != " " and ord(mark) < FIRST_CJK


def _even_lines(units: Sequence[str], sizes: Sequence[float], count: int) -> list[str]:
    """Split units into ``count`` lines with the shortest longest line (dynamic programme)."""
    total = [0.0]
    for size in sizes:
        total.append(total[-1] + size)
    best: dict[tuple[int, int], tuple[float, int]] = {(0, 0): (0.0, 0)}
    for line in range(1, count + 1):
        for end in range(line, len(units) + 1):
            best[line, end] = min(
                (max(best[line - 1, start][0], total[end] - total[start]), start)
                for start in range(line - 1, end)
                if (line - 1, start) in best
            )
    lines: list[str] = []
    end = len(units)
    for line in range(count, 0, -1):
        start = best[line, end][1]
        lines.append("".join(units[start:end]).strip())
        end = start
    return lines[::-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnLabels:
    """How labels stand under their columns: their lines, in how many rows, how turned."""

    lines: tuple[tuple[str, ...], ...]
    rows: int
    rotation: float
    height: float


def label_columns(labels: Sequence[str], *, theme: Theme, step: float, left: float) -> ColumnLabels:
    """Choose level labels, labels in two rows by turns, or upright ones: the first that fits.

    Args:
        labels: One per column.
        theme: The font to measure with.
        step: Width of a column in points.
        left: Room left of the first column in points.
    """
    for rows in (1, 2):
        widths = [rows * step - 3.0] * len(labels)
        if rows > 1:
            widths[0] = min(widths[0], step + 2 * left - 2)
            widths[-1] = min(widths[-1], step + 14)
        lines = [
            tuple(break_lines(label, theme=theme, width=width, size=SMALL))
            for label, width in zip(labels, widths, strict=True)
        ]
        if all(
            len(broken) <= MOST_LINES
            and text_width("\n".join(broken), theme=theme, size=SMALL) <= width
            for broken, width in zip(lines, widths, strict=True)
        ):
            deepest = [
                max((len(broken) for broken in lines[row::rows]), default=0) for row in range(rows)
            ]
            height = sum(deepest) * SMALL * LEADING + rows * 4
            return ColumnLabels(lines=tuple(lines), rows=rows, rotation=0.0, height=height)
    room = max(int((step - 3) / (SMALL * LEADING)), 1)
    longest = max(text_width(label, theme=theme, size=SMALL) for label in labels)
    lines = [
        tuple(break_lines(label, theme=theme, width=longest / min(room, 2) + 12, size=SMALL))
        for label in labels
    ]
    height = max(text_width("\n".join(broken), theme=theme, size=SMALL) for broken in lines) + 6
    return ColumnLabels(lines=tuple(lines), rows=1, rotation=90.0, height=height)


def spread(places: Sequence[float], *, gap: float, low: float, high: float) -> list[float]:
    """Move label centres apart by at least ``gap`` inside [low, high], each as little as needed.

    Order is kept. Where the room is too small they share it evenly.
    """
    count = len(places)
    if count > 1:
        gap = min(gap, (high - low) / (count - 1))
    order = sorted(range(count), key=lambda index: places[index])
    blocks: list[list[float]] = []
    for step, index in enumerate(order):
        blocks.append([places[index] - step * gap, 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, size = blocks.pop()
            before, earlier = blocks.pop()
            blocks.append([(mean * size + before * earlier) / (size + earlier), size + earlier])
    level = [mean for mean, size in blocks for _ in range(int(size))]
    top = high - (count - 1) * gap
    moved = [0.0] * count
    for step, index in enumerate(order):
        moved[index] = min(max(level[step], low), top) + step * gap
    return moved


def ticks(
    low: float, high: float, *, fmt: Callable[[float], str], most: int = 6
) -> tuple[list[float], list[str]]:
    """Choose at most ``most`` round tick values inside [low, high] whose labels all differ."""
    slack = 1e-9 * (high - low)
    for count in range(most + 3, 0, -1):
        values = MaxNLocator(nbins=count, steps=[1, 2, 5, 10]).tick_values(low, high)
        inside = [float(v) + 0.0 for v in values if low - slack <= v <= high + slack]
        labels = [fmt(value) for value in inside]
        if 1 < len(inside) <= most and len(set(labels)) == len(labels):
            return inside, labels
    return [low, high], [fmt(low), fmt(high)]


def texts_of(figure: Figure) -> list[Text]:
    """List the texts that are seen: visible and not empty."""
    found: list[Text] = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def find_collisions(figure: Figure, *, slack: float = 0.75) -> list[str]:
    """Name each pair of texts that overlap and each text that leaves the figure.

    Args:
        figure: A finished chart.
        slack: Points by which boxes may touch, since boxes are larger than the ink.
    """
    canvas: Any = FigureCanvasAgg(figure)
    renderer = canvas.get_renderer()
    figure.draw(renderer)
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts_of(figure)]
    allowed = slack * figure.dpi / 72
    room = figure.bbox
    problems = [
        f"{text!r} leaves the figure"
        for text, box in boxes
        if box.x0 < room.x0 - allowed
        or box.x1 > room.x1 + allowed
        or box.y0 < room.y0 - allowed
        or box.y1 > room.y1 + allowed
    ]
    for (one, a), (other, b) in combinations(boxes, 2):
        if (
            min(a.x1, b.x1) - max(a.x0, b.x0) > allowed
            and min(a.y1, b.y1) - max(a.y0, b.y0) > allowed
        ):
            problems.append(f"{one!r} overlaps {other!r}")
    return problems
