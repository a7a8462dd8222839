"""Praise and blame by a list of words: negation, idioms that reverse it, contrast and emoji.

The list is `cues.yml`, written for this workbook. It stands in where a client has too few scored
comments, and is one more feature beside the letters where a model is learned.
"""

import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from math import tanh
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import yaml
from numpy.typing import NDArray

from cxlib.measures.voice.coder import written_forms
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
_LETTERS: Final = frozenset(string.ascii_letters + string.digits)
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
    return np.fromiter((tanh(_sum(text) / 2) for text in texts), dtype=np.float64)


def _sum(text: str) -> float:
    total, weight = 0.0, 1.0
    turned_until = -1
    place = 0
    for start, end, cue in sorted(_found(text), key=_place):
        if start < place:  # inside a longer one, or one that began before
            continue
        place = end
        if cue.role == "value":
            value = cue.value
            if start <= turned_until:
                value = -value * (_TURNED_BLAME if value < 0 else 1.0)
                turned_until = -1
            total += weight * value
        elif cue.role == "negator":
            reach = _REACH["letters" if cue.text[-1].isascii() else "characters"]
            turned_until = place + reach
        elif cue.role == "contrast":
            weight, turned_until = _AFTER_CONTRAST, -1
        elif cue.role == "end":
            turned_until = -1
    return total


def _found(text: str) -> Iterator[tuple[int, int, _Cue]]:
    """Give every cue of a text with its place; letters must stand as whole words."""
    n = len(text)
    for last, (length, begins, ends, cue) in _automaton().iter(text):
        start, end = last - length + 1, last + 1
        if begins and start and text[start - 1] in _LETTERS:
            continue
        if ends and end < n and text[end] in _LETTERS:
            continue
        yield start, end, cue


def _place(found: tuple[int, int, _Cue]) -> tuple[int, int]:
    """Order from the left, the longest first."""
    return found[0], -found[1]


@cache
def _automaton() -> Any:  # noqa: ANN401 - a class of an untyped package
    """Find all cues of the list in one pass."""
    import ahocorasick

    automaton = ahocorasick.Automaton()
    for cue in _cues():
        text = cue.text.rstrip("*") or cue.text
        latin = text[0].isascii() and cue.role != "end"
        if text == cue.text or not automaton.exists(text):
            automaton.add_word(text, (len(text), latin, latin and text == cue.text, cue))
    automaton.make_automaton()
    return automaton


@cache
def _cues() -> tuple[_Cue, ...]:
    """The list, each words once: what is named first decides."""
    with LIST.open(encoding="utf-8") as file:
        read = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    found: dict[str, _Cue] = {}

    def take(words: Iterable[str], role: _Role, value: float = 0.0) -> None:
        for word in words:
            for text in [word] if role == "end" else written_forms(str(word)):
                found.setdefault(text, _Cue(text, role, value))

    for sign, kind in ((1.0, "praise"), (-1.0, "blame")):
        take(read["emoji"][kind], "value", sign * _EMOJI)
        take(read[kind]["idioms"], "value", sign * _IDIOM)
        take(read[kind]["words"], "value", sign * _WORD)
    take(read["plain"], "plain")
    take(read["contrast"], "contrast")
    take(read["negators"], "negator")
    take(_ENDS, "end")
    return tuple(found.values())
