"""The key above a plot: marks with their meaning, in as many lines as they need."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.lines import Line2D

from cxlib.report.figures.lettering import LINE_HEIGHT, text_width
from cxlib.report.figures.style import SMALL, Theme, ThemedFigure

KEY_LINE = SMALL * LINE_HEIGHT + 3
GAP = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """A meaning and its mark: ``look`` holds the keywords of a matplotlib line."""

    text: str
    look: dict[str, Any]

    @property
    def length(self) -> float:
        """Width of the mark in points: a stretch of line is longer than a dot."""
        return 14.0 if self.look.get("linestyle", "None") != "None" else 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key laid out in lines, with the unit of the axis as its tail."""

    lines: tuple[tuple[KeyEntry, ...], ...]
    tail: str = ""

    @property
    def height(self) -> float:
        """Height in points; 0 when there is nothing to say."""
        return len(self.lines) * KEY_LINE

    def write(self, figure: ThemedFigure) -> None:
        """Write the key at the top of the figure, its tail right of the last line's marks."""
        theme = figure.theme
        for row, entries in enumerate(self.lines):
            y = figure.height - (row + 0.5) * KEY_LINE + 1
            x = 1.0
            for entry in entries:
                line = entry.length > GAP and "marker" not in entry.look
                places = [x, x + entry.length] if line else [x + entry.length / 2]
                settings = {"linestyle": "None", "markersize": 5.5, **entry.look}
                mark = Line2D(places, [y] * len(places), transform=figure.points, **settings)
                figure.add_artist(mark)
                figure.write(x + entry.length + 4, y, entry.text, size=SMALL, colour=theme.muted)
                x += _width(entry, theme=theme)
            if self.tail and row == len(self.lines) - 1:
                figure.write(
                    figure.width if entries else 0.0,
                    y,
                    self.tail,
                    size=SMALL,
                    colour=theme.muted,
                    align="right" if entries else "left",
                )


def lay_out_key(entries: Sequence[KeyEntry], *, theme: Theme, width: float, tail: str = "") -> Key:
    """Share entries and tail out over lines no wider than ``width`` points.

    Args:
        entries: Marks with their meaning, in order.
        theme: The font to measure with.
        width: Room in points.
        tail: Unit and direction of the axis; takes a line of its own where it lacks room.
    """
    lines: list[list[KeyEntry]] = [[]]
    used = 0.0
    for entry in entries:
        wide = _width(entry, theme=theme)
        if lines[-1] and used + wide - GAP > width:
            lines.append([])
            used = 0.0
        lines[-1].append(entry)
        used += wide
    if tail and lines[-1] and used + text_width(tail, theme=theme, size=SMALL) > width:
        lines.append([])
    empty = not entries and not tail
    return Key(lines=() if empty else tuple(tuple(line) for line in lines), tail=tail)


def _width(entry: KeyEntry, *, theme: Theme) -> float:
    return entry.length + 4 + text_width(entry.text, theme=theme, size=SMALL) + GAP
