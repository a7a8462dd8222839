"""Answers, contact notes and public mentions as one kind of record, redacted before it is kept."""

import datetime as dt
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, Literal

import pandas as pd

from cxlib.data.source import Source
from cxlib.data.texts import count_texts, text_batches
from cxlib.measures.voice.copies import Copies
from cxlib.measures.voice.reading import Hidden
from cxlib.measures.voice.workers import Run

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


@dataclass(slots=True)
class IntakeCounts:
    """What came in and what was set aside.

    Attributes:
        read: Texts per origin.
        empty: Texts without a single letter, sign or emoji.
        copies: The same words again: by the same customer, or in public, within 30 days.
        near_copies: Public mentions that differ in a few characters from one before.
        cut: Texts longer than 5,000 characters, read up to there.
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
    run: Run,
    counts: IntakeCounts,
    size: int = 5_000,
) -> Iterator[pd.DataFrame]:
    """Give the records of a period in batches.

    Args:
        tables: `answers`, `cases` and `mentions`, as far as there are any; a table without its
            text column gives nothing.
        start: First day.
        end: Day after the last day.
        run: Hides personal data before a record is made (`workers.readers`).
        counts: Is added to.
        size: Most texts of a batch.

    Yields:
        Frames with the columns of ``RECORD``, copies left out.
    """
    for origin, table in _with_text(tables):
        waiting: deque[pd.DataFrame] = deque()
        jobs = _jobs(table, origin, start, end, size=size, waiting=waiting)
        copies = Copies()
        for hidden in run("hide", jobs):
            yield _records(waiting.popleft(), hidden, origin, copies=copies, counts=counts)


def _jobs(
    table: Source, origin: Origin, start: dt.date, end: dt.date, *, size: int,
    waiting: deque[pd.DataFrame],
) -> Iterator[tuple[list[str], list[str | None] | None]]:  # fmt: skip
    """Give the texts of each batch and who wrote them; the rest of the batch waits."""
    text, row_id, date, columns = _COLUMNS[origin]
    for batch in text_batches(
        table, text=text, row_id=row_id, date=date, columns=columns, start=start, end=end, size=size
    ):
        raws = [str(words) for words in batch.pop("words").tolist()]
        waiting.append(batch)
        yield raws, None if origin == "mentions" else _authors(batch)


def count_voices(tables: Mapping[str, Source], *, start: dt.date, end: dt.date) -> int:
    """Count the texts of a period, copies and empty ones included."""
    total = 0
    for origin, table in _with_text(tables):
        text, _, date, _ = _COLUMNS[origin]
        found = count_texts(table, text=text, date=date, start=start, end=end)
        total += int(found["n"].sum())
    return total


def _with_text(tables: Mapping[str, Source]) -> Iterator[tuple[Origin, Source]]:
    for origin in ORIGINS:
        if origin in tables and _COLUMNS[origin][0] in tables[origin].columns:
            yield origin, tables[origin]


def _authors(batch: pd.DataFrame) -> list[str | None]:
    if "customer_id" not in batch:
        return [None] * len(batch)
    return [person if isinstance(person, str) else None for person in batch["customer_id"].tolist()]


def _records(
    batch: pd.DataFrame, hidden: Hidden, origin: Origin, *, copies: Copies, counts: IntakeCounts
) -> pd.DataFrame:
    counts.read[origin] += len(batch)
    counts.redacted += hidden.kinds
    counts.cut += hidden.cut
    days = pd.to_datetime(batch["moment"]).dt.date.tolist()
    keep = []
    for place, (text, marks, day) in enumerate(zip(hidden.texts, hidden.marks, days, strict=True)):
        if not text.strip():
            counts.empty += 1
        elif (kind := copies.check(marks, day)) == "copy":
            counts.copies += 1
        elif kind == "near":
            counts.near_copies += 1
        else:
            keep.append(place)
    kept = batch.iloc[keep].reset_index(drop=True)
    scale, score = _native(kept, origin)
    empty = pd.Series([None] * len(kept), dtype="object")
    rows = kept["row_id"].tolist()
    return pd.DataFrame(
        {
            "origin": origin,
            "row_id": pd.Series(rows, dtype="object"),
            "site": kept.get("source", kept.get("channel", empty)),
            "scale": scale,
            "score": score,
            "nps": _numbers(kept, "nps"),
            "csat": _numbers(kept, "csat"),
            "touchpoint": kept.get("touchpoint", empty),
            "person": [
                person_code(person or f"{origin}:{row}")
                for person, row in zip(_authors(kept), rows, strict=True)
            ],
            "date": [days[k] for k in keep],
            "text": pd.Series([hidden.texts[k] for k in keep], dtype="object"),
            "folded": pd.Series([hidden.foldeds[k] for k in keep], dtype="object"),
        },
        columns=list(RECORD),
    )


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
