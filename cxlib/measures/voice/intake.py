"""Answers, contact notes and public mentions as one kind of record, redacted before it is kept."""

import datetime as dt
import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, Literal
from zlib import crc32

import pandas as pd

from cxlib.data.source import Source
from cxlib.data.texts import LONGEST, text_batches
from cxlib.measures.voice.normalise import clean, fold, letters_only
from cxlib.measures.voice.redact import Redactor

Origin = Literal["answers", "cases", "mentions"]
ORIGINS: Final[tuple[Origin, ...]] = ("answers", "cases", "mentions")
RECORD: Final = (
    "origin", "row_id", "site", "scale", "score", "nps", "csat", "touchpoint", "person", "date",
    "text", "folded",
)  # fmt: skip
"""Columns of a record: where it comes from and its row there, the score in its own scale, the text
without personal data, and the same text folded for matching."""

_COLUMNS: Final[dict[Origin, tuple[str, str, str, tuple[str, ...]]]] = {
    "answers": (
        "comment", "answer_id", "answered_at",
        ("nps", "csat", "ces", "touchpoint", "customer_id", "channel"),
    ),
    "cases": ("note", "case_id", "opened_at", ("customer_id", "channel")),
    "mentions": ("text", "mention_id", "posted_on", ("stars", "source")),
}  # fmt: skip
_SCALES: Final[dict[Origin, tuple[str, ...]]] = {
    "answers": ("nps", "csat", "ces"), "cases": (), "mentions": ("stars",),
}  # fmt: skip
COPY_LENGTH: Final = 20
"""Letters from which the same words twice are a copy and no coincidence."""
NEAR_LENGTH: Final = 40
COPY_DAYS: Final = 30
_CODE: Final = re.compile(r"[a-z0-9]*\d[a-z0-9]*")
"""Referral codes, prices, dates: what copies differ in."""
_GRAM: Final = 5
_KEPT: Final = 3


@dataclass(slots=True)
class IntakeCounts:
    """What came in and what was set aside.

    Attributes:
        read: Texts per origin.
        empty: Texts without a single letter, sign or emoji.
        copies: The same words again: by the same customer, or in public, within 30 days.
        near_copies: Public mentions that differ in a few characters from one before.
        cut: Texts longer than 100,000 characters, read up to there.
        redacted: Personal data hidden, per kind.
    """

    read: Counter[str] = field(default_factory=Counter)
    empty: int = 0
    copies: int = 0
    near_copies: int = 0
    cut: int = 0
    redacted: Counter[str] = field(default_factory=Counter)

    @property
    def n_read(self) -> int:
        """Texts of all origins."""
        return sum(self.read.values())

    @property
    def n_kept(self) -> int:
        """Texts that are counted."""
        return self.n_read - self.empty - self.copies - self.near_copies


def read_voices(
    tables: Mapping[str, Source],
    *,
    start: dt.date,
    end: dt.date,
    redactor: Redactor,
    counts: IntakeCounts,
    size: int = 20_000,
) -> Iterator[pd.DataFrame]:
    """Give the records of a period in batches.

    Args:
        tables: `answers`, `cases` and `mentions`, as far as there are any; a table without its
            text column gives nothing.
        start: First day.
        end: Day after the last day.
        redactor: Hides personal data before the record is made.
        counts: Is added to.
        size: Records a batch aims at.

    Yields:
        Frames with the columns of ``RECORD``, copies left out.
    """
    for origin in ORIGINS:
        text, row_id, date, columns = _COLUMNS[origin]
        if origin not in tables or text not in tables[origin].columns:
            continue
        copies = _Copies(public=origin == "mentions")
        for batch in text_batches(
            tables[origin], text=text, row_id=row_id, date=date, columns=columns,
            start=start, end=end, size=size,
        ):  # fmt: skip
            yield _records(batch, origin, redactor=redactor, copies=copies, counts=counts)


def _records(
    batch: pd.DataFrame, origin: Origin, *, redactor: Redactor, copies: "_Copies",
    counts: IntakeCounts,
) -> pd.DataFrame:  # fmt: skip
    n = len(batch)
    counts.read[origin] += n
    people = batch["customer_id"] if "customer_id" in batch else pd.Series([None] * n)
    days = pd.to_datetime(batch["moment"]).dt.date
    keep, texts, foldeds = [], [], []
    for place, (raw, person, day) in enumerate(zip(batch["words"], people, days, strict=True)):
        counts.cut += len(raw) >= LONGEST
        text = hide(str(raw), redactor, counts.redacted)
        folded = fold(text)
        if not text.strip():
            counts.empty += 1
        elif (kind := copies.check(folded, person, day)) == "copy":
            counts.copies += 1
        elif kind == "near":
            counts.near_copies += 1
        else:
            keep.append(place)
            texts.append(text)
            foldeds.append(folded)
    kept = batch.iloc[keep].reset_index(drop=True)
    scale, score = _native(kept, origin)
    empty = pd.Series([None] * len(kept), dtype="object")
    return pd.DataFrame(
        {
            "origin": origin,
            "row_id": kept["row_id"].astype("object"),
            "site": kept.get("source", kept.get("channel", empty)),
            "scale": scale,
            "score": score,
            "nps": _numbers(kept, "nps"),
            "csat": _numbers(kept, "csat"),
            "touchpoint": kept.get("touchpoint", empty),
            "person": [
                person_code(p if isinstance(p, str) and p else f"{origin}:{r}")
                for p, r in zip(people.iloc[keep], kept["row_id"], strict=True)
            ],
            "date": [days.iloc[k] for k in keep],
            "text": pd.Series(texts, dtype="object"),
            "folded": pd.Series(foldeds, dtype="object"),
        },
        columns=list(RECORD),
    )


def hide(raw: str, redactor: Redactor, kinds: Counter[str]) -> str:
    """Clean a text and put a mark in the place of personal data; what is found is counted."""
    text = clean(raw)
    found = redactor.find(text)
    if not found:
        return text
    pieces, last = [], 0
    for item in found:
        kinds[item.kind] += 1
        pieces += [text[last : item.start], f"[{item.kind}]"]
        last = item.end
    return "".join([*pieces, text[last:]])


def person_code(person: str) -> int:
    """Stand for a person by a number that tells people apart and leads back to nobody."""
    return int.from_bytes(blake2b(person.encode("utf-8", "replace"), digest_size=7).digest(), "big")


def _numbers(frame: pd.DataFrame, column: str) -> pd.Series:
    if column not in frame:
        return pd.Series([float("nan")] * len(frame))
    return pd.to_numeric(frame[column], errors="coerce").astype(float)


def _native(frame: pd.DataFrame, origin: Origin) -> tuple[pd.Series, pd.Series]:
    """Take the first score there is; it stays in its own scale."""
    scale = pd.Series([None] * len(frame), dtype="object")
    score = pd.Series([float("nan")] * len(frame))
    for name in _SCALES[origin]:
        found = _numbers(frame, name)
        fits = score.isna() & found.notna()
        scale, score = scale.mask(fits, name), score.mask(fits, found)
    return scale, score


class _Copies:
    """Remembers the last 30 days of texts as numbers; older ones are forgotten."""

    def __init__(self, *, public: bool) -> None:
        self._public = public
        self._seen: set[int] = set()
        self._order: deque[tuple[dt.date, int]] = deque()

    def check(self, folded: str, person: object, day: dt.date) -> Literal["", "copy", "near"]:
        """Tell whether a text was there before, and remember it."""
        if len(folded) < COPY_LENGTH or not (self._public or isinstance(person, str)):
            return ""
        letters = letters_only(folded)
        if len(letters) < COPY_LENGTH:
            return ""
        while self._order and (day - self._order[0][0]).days > COPY_DAYS:
            self._seen.discard(self._order.popleft()[1])
        author = "" if self._public else str(person)
        whole = _number(f"{author}|{letters}")
        if whole in self._seen:
            return "copy"
        body = letters_only(_CODE.sub("", folded)) if self._public else ""
        near = _fingerprints(body) if len(body) >= NEAR_LENGTH else ()
        known = any(mark in self._seen for mark in near)
        for mark in (whole, *near):
            if mark not in self._seen:
                self._seen.add(mark)
                self._order.append((day, mark))
        return "near" if known else ""


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def _fingerprints(letters: str) -> tuple[int, int]:
    """Two numbers that texts with nearly the same runs of five letters have in common."""
    grams = {letters[k : k + _GRAM].encode() for k in range(len(letters) - _GRAM + 1)}
    marks = (sorted(crc32(gram, seed) for gram in grams)[:_KEPT] for seed in (0, 0x9E3779B9))
    first, second = (hash((place, *mark)) for place, mark in enumerate(marks))
    return first, second
