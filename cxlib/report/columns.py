"""The widths of a printed table's columns, from what stands in them."""

import re
from itertools import pairwise
from typing import Final

from cxlib.report.elements import Element

_ROOM: Final = 166.0
"""Width of the text on the page, millimetres."""
_HAN: Final = "\u2e7f"
"""Letters above are as wide as they are high."""
_EM_SPACE: Final = "\N{EM SPACE}"
"""Sets rows in; as wide as a Han character."""
_BRACKET: Final = re.compile(r"(?= \()|(?=（)")
_KEPT: Final = 0.75
"""Most of the page that columns which cannot break may take."""
_SHAPE: Final = 2.5
"""A status mark and the space after it, in Latin letters."""


def share_width(heads: list[Element], rows: list[list[Element]]) -> tuple[list[str], bool]:
    """Share out the width: numbers get what they need, texts the rest by their length.

    Returns:
        One Typst width per column, and whether the table needs the small type.
    """
    wide = [[_cell_breadth(row[place]) for row in rows] for place in range(len(heads))]
    number = ["num" in cell.classes for cell in heads]
    broken = [[_piece_breadth(row[place]) for row in rows] for place in range(len(heads))]
    # Long texts give way first, so that a status or an owner's name keeps to one line; where that
    # is not enough, an interval goes under its value.
    for small, letter, longest_text, breaks in (
        (False, 1.72, 22.0, False),
        (True, 1.52, 22.0, False),
        (True, 1.52, 16.0, False),
        (True, 1.52, 16.0, True),
    ):
        need = []
        for place, cell in enumerate(heads):
            head = cell.text()
            word = max((breadth(part) for part in _words(head)), default=0.0) * 0.94
            longest = max(wide[place], default=0.0)
            if number[place]:
                longest = max(broken[place], default=0.0) if breaks else longest
            else:
                longest = min(longest, longest_text)
            half_head = max(min(breadth(head), 15.0), min(breadth(head), 30.0) / 2)
            need.append(max(word, longest, half_head) * letter + (2.4 if small else 3.9))
        if sum(need) <= _ROOM:
            break
    spare = _ROOM - sum(need)
    texts = [place for place, is_number in enumerate(number) if not is_number]
    if spare <= 0:
        return _squeezed(need, [max(b, default=0) < max(w, default=0)
                                for b, w in zip(broken, wide, strict=True)]), small  # fmt: skip
    if not texts:
        return [f"{width:.2f}fr" for width in need], small
    hunger = {
        place: max(max(wide[place], default=1.0), breadth(heads[place].text())) for place in texts
    }
    long = {place: hunger[place] for place in texts if hunger[place] * letter > need[place] * 1.02}
    if not long:
        share = spare / len(heads)
        return [f"{width + share:.2f}mm" for width in need[:-1]] + ["1fr"], small
    total = sum(long.values())
    return [
        f"{need[place] + spare * long[place] / total:.2f}fr"
        if place in long
        else f"{need[place]:.2f}mm"
        for place in range(len(heads))
    ], small


def _squeezed(need: list[float], gives: list[bool]) -> list[str]:
    """Widths of a table wider than the page: columns whose cells can break give way first."""
    kept = sum(width for width, soft in zip(need, gives, strict=True) if not soft)
    if not any(gives) or kept > _KEPT * _ROOM:
        return [f"{width:.2f}fr" for width in need]
    return [f"{width:.2f}{'fr' if soft else 'mm'}" for width, soft in zip(need, gives, strict=True)]


def breadth(words: str) -> float:
    """Rough width in Latin letters; a Han character takes two."""
    wide = [letter > _HAN or letter == _EM_SPACE for letter in words]
    seams = sum(first != second for first, second in pairwise(wide))
    return sum(1.85 if each else 1.0 for each in wide) + 0.45 * seams


def _piece_breadth(cell: Element) -> float:
    """The width of a cell broken before its bracket, as an interval after its value can be."""
    return max((breadth(part.strip()) for part in _BRACKET.split(cell.text())), default=0.0)


def _cell_breadth(cell: Element) -> float:
    """The width of a cell's words, with the shape a status prints before them."""
    shape = _SHAPE if any(name.startswith("status-") for name in cell.classes) else 0.0
    return breadth(cell.text()) + shape


def _words(words: str) -> list[str]:
    """Pieces a line may not break inside: words, or two Han characters."""
    return [part for part in re.split(r"\s+|(?<=[-/])|(?<=[\u2e80-\uffff]{2})", words) if part]
