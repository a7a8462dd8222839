"""Copies: the same words again by the same customer, or nearly the same words in public.

What a text is known by is a number or three, so that no text is kept to compare with.
"""

import datetime as dt
import re
from collections import deque
from hashlib import blake2b
from typing import Final, Literal
from zlib import crc32

from cxlib.measures.voice.normalise import letters_only

COPY_LENGTH: Final = 20
"""Letters from which the same words twice are a copy and no coincidence."""
NEAR_LENGTH: Final = 40
COPY_DAYS: Final = 30
_CODE: Final = re.compile(r"[a-z0-9]*\d[a-z0-9]*")
"""Referral codes, prices, dates: what copies differ in."""
_GRAM: Final = 5
_KEPT: Final = 3


def copy_marks(folded: str, author: str, *, public: bool) -> tuple[int, ...]:
    """Give the numbers by which copies of a text are known: all of it, then nearly all of it.

    Args:
        folded: The text as matched.
        author: Who wrote it; "" for texts in public.
        public: Whether texts that differ in a few characters are copies too.

    Returns:
        None for a text so short that the same words are a coincidence.
    """
    if len(folded) < COPY_LENGTH:
        return ()
    letters = letters_only(folded)
    if len(letters) < COPY_LENGTH:
        return ()
    whole = _number(f"{author}|{letters}")
    body = letters_only(_CODE.sub("", folded)) if public else ""
    return (whole, *_fingerprints(body)) if len(body) >= NEAR_LENGTH else (whole,)


class Copies:
    """Remembers the marks of the last 30 days; older ones are forgotten."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._order: deque[tuple[dt.date, tuple[int, ...]]] = deque()

    def check(self, marks: tuple[int, ...], day: dt.date) -> Literal["", "copy", "near"]:
        """Tell whether a text was there before, and remember it; days must not go back."""
        if not marks:
            return ""
        while self._order and (day - self._order[0][0]).days > COPY_DAYS:
            self._seen.difference_update(self._order.popleft()[1])
        if marks[0] in self._seen:
            return "copy"
        fresh = tuple(mark for mark in dict.fromkeys(marks) if mark not in self._seen)
        known = len(fresh) < len(set(marks))
        self._seen.update(fresh)
        self._order.append((day, fresh))
        return "near" if known else ""


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def _fingerprints(letters: str) -> tuple[int, int]:
    """Two numbers that texts with nearly the same runs of five letters have in common."""
    grams = {letters[k : k + _GRAM].encode() for k in range(len(letters) - _GRAM + 1)}
    marks = (sorted(crc32(gram, seed) for gram in grams)[:_KEPT] for seed in (0, 0x9E3779B9))
    first, second = (hash((place, *mark)) for place, mark in enumerate(marks))
    return first, second
