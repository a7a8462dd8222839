"""Many texts as one row of characters, and what is found there as columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Whole: TypeAlias = NDArray[np.int64]

LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
STOPS: Final = "。!?\n"
"""Ends of sentences, in folded text."""
_SIGN: Final = "\0"
"""Between texts that are searched together; no term holds it, and a clause does not pass it."""
_IS_LETTER: Final = np.array([chr(code) in LETTERS for code in range(129)])


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """Texts in one row, a sign between: where each begins, how long it is."""

    words: str
    codes: NDArray[np.uint32]
    begins: Whole
    lengths: Whole

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """Put texts in a row."""
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
        words = _SIGN.join(texts)
        codes = np.frombuffer(words.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        return cls(words, codes, np.cumsum(lengths + 1) - lengths - 1, lengths)

    @property
    def size(self) -> int:
        """More than any place in it."""
        return len(self.words) + 1

    def text_of(self, place: Whole) -> Whole:
        """Give the text each place is in."""
        return np.searchsorted(self.begins, place, side="right") - 1

    def letters(self) -> NDArray[np.int64]:
        """Say of each place, and of one more on either side, whether a letter stands there."""
        found = np.zeros(self.codes.size + 2, dtype=np.int64)
        found[1:-1] = _IS_LETTER[np.minimum(self.codes, _IS_LETTER.size - 1)]
        return found

    def stops(self) -> Whole:
        """Count, at each place, the ends of sentences before it."""
        found = np.zeros(self.codes.size + 1, dtype=np.int64)
        for sign in STOPS:
            found[1:] |= self.codes == ord(sign)
        return np.cumsum(found)


class Lists:
    """The numbers each meaning stands for: none, one or several."""

    def __init__(self, lists: Sequence[Sequence[int]]) -> None:
        self._sizes = np.array([len(some) for some in lists], dtype=np.int64)
        self._begins = np.cumsum(self._sizes) - self._sizes
        self._all = np.array([one for some in lists for one in some], dtype=np.int64)

    def of(self, meant: Whole) -> tuple[Whole, Whole]:
        """Give the place of a meaning once for each number it stands for, and the number."""
        sizes = self._sizes[meant]
        at = np.repeat(np.arange(meant.size), sizes)
        nth = np.arange(at.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return at, self._all[self._begins[meant[at]] + nth]
