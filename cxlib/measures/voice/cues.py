"""Praise and blame by a list of words: negation, idioms that reverse it, contrast and emoji.

The list is `cues.yml`, written for this workbook. It stands in where a client has too few scored
comments, and is one more feature beside the letters where a model is learned.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from math import tanh
from pathlib import Path
from typing import Final, Literal

import numpy as np
import yaml
from numpy.typing import NDArray

from cxlib.measures.voice.normalise import clean, fold

LIST: Final = Path(__file__).with_name("cues.yml")
LONGEST: Final = 4_000
"""Characters of a text that are read; the rest of a longer one is left unread."""

_Role = Literal["value", "plain", "negator", "contrast", "end"]
_IDIOM, _WORD, _EMOJI = 2.0, 1.0, 1.5
_AFTER_CONTRAST: Final = 2.0
"""What follows "but" counts twice: people end with what they mean."""
_TURNED_BLAME: Final = 0.5
"""Blame that is denied ("not slow") is weaker than praise that is ("not happy")."""
_REACH: Final = {"letters": 24, "characters": 6}
"""How far a negator reaches to the word it turns: letters in English, characters in Chinese."""
_ENDS: Final = "。！？!?；;\n，,"


@dataclass(frozen=True, slots=True)
class _Cue:
    text: str
    role: _Role
    value: float = 0.0


def folded(text: str) -> str:
    """Bring the readable start of a text to the form that is matched and learned from."""
    return fold(clean(text[:LONGEST]))


def cue_scores(texts: Iterable[str]) -> NDArray[np.float64]:
    """Score texts from -1 (blame) to 1 (praise) by the word list; 0 where it finds nothing.

    tanh of half the sum of the values found: idioms 2, emoji 1.5, words 1. A negator turns the
    next word within its reach in the clause; what stands after a contrast counts twice.

    Args:
        texts: Already ``folded``.
    """
    cues = _cues()
    return np.fromiter((tanh(_sum(text, cues) / 2) for text in texts), dtype=np.float64)


def _sum(text: str, cues: dict[str, Sequence[_Cue]]) -> float:
    total, weight = 0.0, 1.0
    turned_until = -1
    place = 0
    starts = _starts()
    while begun := starts.search(text, place):
        place = begun.start()
        found = _match(text, place, cues)
        if found is None:
            place += 1
            continue
        place += len(found.text)
        if found.role == "value":
            value = found.value
            if place - len(found.text) <= turned_until:
                value = -value * (_TURNED_BLAME if value < 0 else 1.0)
                turned_until = -1
            total += weight * value
        elif found.role == "negator":
            reach = _REACH["letters" if found.text[-1].isascii() else "characters"]
            turned_until = place + reach
        elif found.role == "contrast":
            weight, turned_until = _AFTER_CONTRAST, -1
        elif found.role == "end":
            turned_until = -1
    return total


def _match(text: str, place: int, cues: dict[str, Sequence[_Cue]]) -> _Cue | None:
    """Find the longest cue that starts here; letters must stand as whole words."""
    for cue in cues.get(text[place], ()):
        if not text.startswith(cue.text, place):
            continue
        if not cue.text[0].isascii() or cue.role == "end":
            return cue
        end = place + len(cue.text)
        before = place and _is_letter(text[place - 1])
        if not before and not (end < len(text) and _is_letter(text[end])):
            return cue
    return None


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalnum()


@cache
def _starts() -> re.Pattern[str]:
    """Where a cue may start: its first character, and for letters the start of a word."""
    first = sorted(_cues())
    letters = "".join(re.escape(c) for c in first if _is_letter(c))
    others = "".join(re.escape(c) for c in first if not _is_letter(c))
    return re.compile(f"(?<![A-Za-z0-9])[{letters}]|[{others}]")


@cache
def _cues() -> dict[str, Sequence[_Cue]]:
    """The list by first character, longest first."""
    with LIST.open(encoding="utf-8") as file:
        read = yaml.safe_load(file)
    found: dict[str, _Cue] = {}

    def take(words: Iterable[str], role: _Role, value: float = 0.0) -> None:
        for word in words:
            text = folded(str(word))
            found.setdefault(text, _Cue(text, role, value))

    for sign, kind in ((1.0, "praise"), (-1.0, "blame")):
        take(read["emoji"][kind], "value", sign * _EMOJI)
        take(read[kind]["idioms"], "value", sign * _IDIOM)
        take(read[kind]["words"], "value", sign * _WORD)
    take(read["plain"], "plain")
    take(read["contrast"], "contrast")
    take(read["negators"], "negator")
    take(_ENDS, "end")
    by_first: dict[str, list[_Cue]] = {}
    for cue in sorted(found.values(), key=lambda cue: (-len(cue.text), cue.text)):
        by_first.setdefault(cue.text[0], []).append(cue)
    return dict(by_first)
