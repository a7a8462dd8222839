"""Text made comparable without losing its place: every character maps to one character.

Two steps. `clean` gives the text that is kept: canonical Unicode, Hong Kong's old private-use
characters turned into the ones they stand for, nothing that is invisible or reverses direction.
`fold` gives the text that is matched: half width, small letters, Simplified characters, one
spelling of Cantonese. It has the length of what it was given, so that a span found in one is a
span of the other.
"""

import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_ROWS: Final = ((0xE000, 0xFA), (0xE311, 0x8E), (0xEEB8, 0x81))
"""Private-use blocks of Big5's user-defined rows: first code point, first lead byte."""
_ENDS: Final = (0xE311, 0xEEB8, 0xF6B1)
_LEVEL_1: Final = (0xF6B1, 0xF849)
_TRAILS: Final = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
_HALF: Final = 94
_PRIVATE: Final = re.compile("[\ue000-\uf848]")
_NOT_SHOWN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\ud800-\udfff\ufff9-\ufffb]"
)
_SIGMA: Final = "\u03a3"
_SPELLING: Final = {
    "咗": "左", "嚟": "黎", "哋": "地", "喺": "系", "係": "系", "畀": "比", "俾": "比",
    "冚": "唅", "嗰": "个", "𠵱": "依", "裏": "里", "枱": "台", "檯": "台", "𨋢": "粒",
}  # fmt: skip
"""One spelling for what Hong Kong writes in several ways; 左 for 咗 is twice as common."""


def clean(text: str) -> str:
    """Give the text as it is kept and shown: canonical, without what cannot be seen.

    Controls and marks that reverse direction become nothing, except line breaks and tabs.
    Zero-width joiners stay: emoji are made with them.
    """
    if text.isascii():
        return _NOT_SHOWN.sub("", text) if not text.isprintable() else text
    if _PRIVATE.search(text):
        text = text.translate(_hong_kong())
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    return _NOT_SHOWN.sub("", text)


def fold(text: str) -> str:
    """Give the text as it is matched; character k stands for character k of the original."""
    if text.isascii():
        return text.lower()
    narrow = text.translate(_narrow())
    lowered = narrow.lower()
    if len(lowered) != len(narrow):  # a capital that becomes two characters, such as I with dot
        lowered = "".join(small if len(small := c.lower()) == 1 else c for c in narrow)
    simple: str = _to_simplified()(lowered)
    if len(simple) != len(lowered):
        simple = "".join(s if len(s := _to_simplified()(c)) == 1 else c for c in lowered)
    return simple.translate(_spelling())


def fold_all(texts: Sequence[str]) -> list[str]:
    """Fold many texts at once, each as ``fold`` does; they stand in one row meanwhile."""
    row = "\n".join(texts)
    if row.isascii():
        return [text.lower() for text in texts]
    narrow = mapped(row, _narrow_table())
    lowered = narrow.lower()
    simple = _to_simplified()(lowered) if len(lowered) == len(row) else ""
    if len(simple) != len(row) or _SIGMA in narrow:  # small letters differ by what stands around
        return [fold(text) for text in texts]
    done, ready, start = mapped(simple, _spelling_table()), [], 0
    for text in texts:
        ready.append(done[start : start + len(text)])
        start += len(text) + 1
    return ready


def mapped(row: str, table: NDArray[np.uint32]) -> str:
    """Put another character in the place of each, by a table of all characters."""
    codes = np.frombuffer(row.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    placed: bytes = table[codes].tobytes()
    return placed.decode("utf-32-le", "surrogatepass")


def table_of(changes: Mapping[int, str]) -> NDArray[np.uint32]:
    """Make such a table of the changes alone."""
    table = np.arange(sys.maxunicode + 1, dtype="<u4")
    for code, new in changes.items():
        table[code] = ord(new)
    return table


@cache
def _narrow_table() -> NDArray[np.uint32]:
    return table_of(_narrow())


@cache
def _spelling_table() -> NDArray[np.uint32]:
    return table_of(_spelling())


def letters_only(folded: str) -> str:
    """Leave letters and characters of a folded text, for telling copies apart from texts."""
    return _NO_LETTER.sub("", folded)


_NO_LETTER: Final = re.compile(r"[\W\d_]+")


@cache
def _to_simplified() -> Any:  # noqa: ANN401 - a bound method of an untyped package
    import opencc

    return opencc.OpenCC("t2s").convert


@cache
def _narrow() -> dict[int, str]:
    return {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}


@cache
def _spelling() -> dict[int, str]:
    return {ord(_to_simplified()(old)): new for old, new in _SPELLING.items()} | {
        ord(old): new for old, new in _SPELLING.items()
    }


@cache
def _hong_kong() -> dict[int, str]:
    """Private-use code points of HKSCS up to 2001 and the characters Unicode has had since.

    The places follow Big5's user-defined area row by row: U+E000 is FA40, U+E311 is 8E40,
    U+EEB8 is 8140 and U+F6B1 is C6A1. The codec knows the characters of HKSCS-2004.
    """
    found: dict[int, str] = {}
    for (start, lead), end in zip(_ROWS, _ENDS, strict=True):
        for code in range(start, end):
            row, column = divmod(code - start, len(_TRAILS))
            found |= _decoded(code, lead + row, _TRAILS[column])
    for code in range(*_LEVEL_1):
        place = code - _LEVEL_1[0]
        if place < _HALF:
            found |= _decoded(code, 0xC6, 0xA1 + place)
        else:
            row, column = divmod(place - _HALF, len(_TRAILS))
            found |= _decoded(code, 0xC7 + row, _TRAILS[column])
    return found


def _decoded(code: int, lead: int, trail: int) -> dict[int, str]:
    try:
        return {code: bytes((lead, trail)).decode("big5hkscs")}
    except UnicodeDecodeError:
        return {}
