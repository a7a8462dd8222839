"""What each text of a batch has that personal data cannot do without, told by a table.

Searching is what costs: a text with neither digit, nor @, nor a word of address is not searched.
"""

import re
import string
import sys
from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cxlib.measures.voice.normalise import mapped, table_of

_NARROW: Final = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {
    0x3000: " ", ord("–"): "-", ord("—"): "-", ord("‑"): "-", ord("‐"): "-", 0xA0: " ",
}  # fmt: skip
MAIL, WEB, DIGITS, NUMERAL, TITLED, LATIN, STREET, FLOOR, BLOCK, TEXT = (1 << k for k in range(10))
_SPOKEN_LEAST: Final = 6
_PARTS: Final = {
    MAIL: "@)]", WEB: "/wW", NUMERAL: "〇零一二三四五六七八九",
    TITLED: "先小女太師经經主姑叫姓",
    LATIN: "MDy", STREET: "道街路里徑巷", FLOOR: "樓層/", BLOCK: "座期幢棟",
    TEXT: string.ascii_letters,
}  # fmt: skip
"""What a character may be part of; none else is needed to tell that a rule finds nothing."""


_LAST_DIGIT: Final = 0x20000
"""Above stand ideographs; no script has its digits there."""


def signs_of(
    texts: Sequence[str],
) -> tuple[str, NDArray[np.int64], NDArray[np.uint16], NDArray[np.int64]]:
    """Give texts in one row, half width, and where each begins, its signs and how many digits.

    A spoken numeral counts where there are six or more.
    """
    row = mapped("\n".join(texts), _narrow_table())
    codes = np.frombuffer(row.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    parts = np.append(_parts_table()[codes], np.uint16(0))
    sizes = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    begins = np.cumsum(sizes + 1) - sizes - 1
    has = np.bitwise_or.reduceat(parts, begins)
    numerals = np.add.reduceat((parts & NUMERAL) > 0, begins, dtype=np.int64)
    has[numerals < _SPOKEN_LEAST] &= ~np.uint16(NUMERAL)
    digits = np.add.reduceat((parts & DIGITS) > 0, begins, dtype=np.int64)
    return row, begins, has, digits


@cache
def _narrow_table() -> NDArray[np.uint32]:
    return table_of(_NARROW)


@cache
def _parts_table() -> NDArray[np.uint16]:
    """Say of each character what it may be part of; digits are those of any script."""
    table = np.zeros(sys.maxunicode + 1, dtype=np.uint16)
    table[[ord(c) for c in re.findall(r"\d", "".join(map(chr, range(_LAST_DIGIT))))]] = DIGITS
    for bit, signs in _PARTS.items():
        table[[ord(c) for c in signs]] |= np.uint16(bit)
    return table
