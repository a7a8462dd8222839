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
_SHAPE: Final = 2.5
"""A status mark and the space after it, in Latin letters."""


def share_width(heads: list[Element], rows: list[list[Element]]) -> tuple[list[str], bool]:
    """Share out the width: numbers get what they need, texts the rest by their length.

    Returns:
        One Typst width per column, and whether the table needs the small type.
    """
    wide = [[_cell_breadth(row[place]) for row in rows] for place in range(len(heads))]
    number = ["num" in cell.classes for cell in heads]
    # Long texts give way first, so that a status or an owner's name keeps to one line.
    for small, letter, longest_text in (
        (False, 1.72, 22.0),
        (True, 1.52, 22.0),
        (True, 1.52, 16.0),
    ):
        need = []
        for place, cell in enumerate(heads):
            head = cell.text()
            word = max((breadth(part) for part in _words(head)), default=0.0) * 0.94
            longest = max(wide[place], default=0.0)
            if not number[place]:
                longest = min(longest, longest_text)
            half_head = max(min(breadth(head), 15.0), min(breadth(head), 30.0) / 2)
            need.append(max(word, longest, half_head) * letter + (2.4 if small else 3.9))
        if sum(need) <= _ROOM:
            break
    spare = _ROOM - sum(need)
    texts = [place for place, is_number in enumerate(number) if not is_number]
    if spare <= 0 or not texts:
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


def breadth(words: str) -> float:
    """Rough width in Latin letters; a Han character takes two."""
    wide = [letter > _HAN or letter == _EM_SPACE for letter in words]
    seams = sum(first != second for first, second in pairwise(wide))
    return sum(1.85 if each else 1.0 for each in wide) + 0.45 * seams


def _cell_breadth(cell: Element) -> float:
    """The width of a cell's words, with the shape a status prints before them."""
    shape = _SHAPE if any(name.startswith("status-") for name in cell.classes) else 0.0
    return breadth(cell.text()) + shape


def _words(words: str) -> list[str]:
    """Pieces a line may not break inside: words, or two Han characters."""
    return [part for part in re.split(r"\s+|(?<=[-/])|(?<=[\u2e80-\uffff]{2})", words) if part]
