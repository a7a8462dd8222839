"""Quotations: candidates a consultant ticks, and the ticked ones a client may read.

The file of candidates names the row each comes from. It lies beside the ledger in the engagement
folder and is never part of a report; a report shows ticked words only, without their origin.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.errors import DataError, Problem

Tone = Literal["blame", "praise"]
SHORTEST, LONGEST = 14, 70
CANDIDATES: Final = 4
"""Candidates kept per theme and tone."""
HEADERS: Final = ("theme", "tone", "text", "approved", "origin", "row_id")
TICKS: Final = frozenset({"x", "yes", "y", "1", "true", "✓", "是"})
NO_TICKS: Final = frozenset({"", "no", "n", "0", "false", "否"})
_UNFIT: Final = re.compile(r"[<>\[\]{}=|\\\x00-\x1f]|^[+@\-]|https?:")
_EMOJI: Final = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u200d\ufe0f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Words a customer wrote, without personal data, and where they come from.

    Attributes:
        theme: Id of the theme.
        tone: Blame or praise; the score beside it and the words agree.
        text: 14 to 70 characters.
        origin: Table of the row; internal.
        row_id: Its id there; internal.
        person: Number of who wrote it; internal.
    """

    theme: str
    tone: Tone
    text: str
    origin: str
    row_id: str
    person: int


class QuotePicker:
    """Keeps a few candidates per theme, the same ones whatever the order they pass by.

    Args:
        themes: Ids, in the order of the bits.
        seed: Decides among equals.
    """

    def __init__(self, themes: Sequence[str], *, seed: int) -> None:
        self._themes = tuple(themes)
        self._seed = seed
        self._best: dict[tuple[int, Tone], list[tuple[int, Quote]]] = {}

    def offer(
        self,
        batch: pd.DataFrame,
        *,
        themes: NDArray[np.uint64],
        blamed: NDArray[np.uint64],
        whole: NDArray[np.float64],
    ) -> None:
        """Consider a batch of answers; public mentions and notes are never quoted."""
        columns: list[Any] = [
            batch[c] for c in ("origin", "row_id", "nps", "csat", "person", "text")
        ]
        for k, (origin, row, nps, csat, person, text) in enumerate(zip(*columns, strict=True)):
            if origin != "answers" or not themes[k] or not fits(text):
                continue
            tone = _agreed_tone(nps, csat, float(whole[k]))
            if tone is None:
                continue
            bits = int(blamed[k]) if tone == "blame" else int(themes[k]) & ~int(blamed[k])
            rank = _rank(self._seed, str(row))
            for theme, name in enumerate(self._themes):
                if bits >> theme & 1:
                    heap = self._best.setdefault((theme, tone), [])
                    if len(heap) == 3 * CANDIDATES and -rank < heap[-1][0]:
                        continue
                    quote = Quote(
                        theme=name, tone=tone, text=text.strip(), origin=origin, row_id=str(row),
                        person=int(person),
                    )  # fmt: skip
                    _keep(heap, -rank, quote)

    def merge(self, other: "QuotePicker") -> None:
        """Add the candidates another picker of the same themes and seed has kept."""
        for key, best in other._best.items():  # noqa: SLF001 - of the same class
            heap = self._best.setdefault(key, [])
            for rank, quote in best:
                _keep(heap, rank, quote)

    def picked(self) -> tuple[Quote, ...]:
        """Give the candidates: no person and no words twice, by theme, tone and rank."""
        people: set[int] = set()
        words: set[str] = set()
        chosen: list[Quote] = []
        for key in sorted(self._best):
            taken = len(chosen)
            for _, quote in sorted(self._best[key], key=lambda item: -item[0]):
                if len(chosen) - taken == CANDIDATES:
                    break
                if quote.person not in people and quote.text not in words:
                    people.add(quote.person)
                    words.add(quote.text)
                    chosen.append(quote)
        return tuple(chosen)


def fits(text: str) -> bool:
    """Whether words can be quoted: of the right length, with nothing hidden or odd in them."""
    shown = text.strip()
    plain = _EMOJI.sub("", shown)
    return SHORTEST <= len(shown) <= LONGEST and len(plain) >= SHORTEST and not _UNFIT.search(shown)


def write_candidates(file: Path, quotes: Sequence[Quote]) -> int:
    """Write the candidates for a consultant to tick; ticks already there are kept.

    Returns:
        How many rows the file holds. It is only touched where it would change.

    Raises:
        DataError: The file there cannot be read.
    """
    ticked = {(row["theme"], row["row_id"], row["text"]): row for row in _rows(file)}
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    for quote in quotes:
        key = (quote.theme, quote.row_id, quote.text)
        rows[key] = ticked.get(key) or {
            "theme": quote.theme, "tone": quote.tone, "text": quote.text, "approved": "",
            "origin": quote.origin, "row_id": quote.row_id,
        }  # fmt: skip
    rows |= {key: row for key, row in ticked.items() if _is_ticked(row) and key not in rows}
    lines = [HEADERS, *(tuple(row[name] for name in HEADERS) for row in rows.values())]
    made = _as_csv(lines)
    if not file.is_file() or file.read_text(encoding="utf-8-sig") != made:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")  # a full disk must not cost the ticks already given
        part.write_text(made, encoding="utf-8-sig", newline="")
        part.replace(file)
    return len(rows)


def approved_quotes(
    file: Path | None, quotes: Sequence[Quote], *, most: int = 2
) -> tuple[Quote, ...]:
    """Give the candidates a consultant ticked, at most so many a theme; none without a file.

    A tick counts for the words it was given to: a row whose text has changed is not shown.

    Raises:
        DataError: The file cannot be read, or a tick is neither yes nor no.
    """
    if file is None or not file.is_file():
        return ()
    ticked = {(r["theme"], r["row_id"], r["text"]) for r in _rows(file) if _is_ticked(r)}
    shown: list[Quote] = []
    for quote in quotes:
        same = sum(other.theme == quote.theme for other in shown)
        if (quote.theme, quote.row_id, quote.text) in ticked and same < most:
            shown.append(quote)
    return tuple(shown)


def _is_ticked(row: dict[str, str]) -> bool:
    return row["approved"].strip().lower() in TICKS


def _rows(file: Path) -> list[dict[str, str]]:
    if not file.is_file():
        return []
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            if tuple(reader.fieldnames or ()) != HEADERS:
                problem = Problem(
                    file.name, "line 1", ", ".join(reader.fieldnames or ()) or "nothing",
                    f"the columns must be {', '.join(HEADERS)}", "export the file again",
                )  # fmt: skip
                raise DataError(f"{file.name} cannot be read", [problem])
            rows = [{name: row[name] or "" for name in HEADERS} for row in reader]
    except (UnicodeDecodeError, csv.Error):
        problem = Problem(file.name, "", "", "must be CSV in UTF-8", "save it as CSV UTF-8")
        raise DataError(f"{file.name} cannot be read", [problem]) from None
    problems = [
        Problem(
            file.name, f"line {k}, approved", repr(row["approved"]), "a tick is x, or nothing",
            "write x to approve the words, leave it empty otherwise",
        )
        for k, row in enumerate(rows, start=2)
        if row["approved"].strip().lower() not in TICKS | NO_TICKS
    ]  # fmt: skip
    if problems:
        raise DataError(f"{file.name} cannot be used: {len(problems)} ticks", problems)
    return [row | {"text": row["text"].removeprefix("'")} for row in rows]


def _as_csv(lines: Iterable[Sequence[str]]) -> str:
    from io import StringIO

    out = StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue()


def _keep(best: list[tuple[int, Quote]], rank: int, quote: Quote) -> None:
    """Keep the highest ranks; of the same words or the same person only the highest."""
    alike = [k for k, (_, other) in enumerate(best)
             if other.text == quote.text or other.person == quote.person]  # fmt: skip
    if alike and max(best[k][0] for k in alike) >= rank:
        return
    for k in reversed(alike):
        del best[k]
    best.append((rank, quote))
    best.sort(key=lambda item: -item[0])
    del best[3 * CANDIDATES :]


def _agreed_tone(nps: float, csat: float, blame: float) -> Tone | None:
    """Blame or praise where every score and the words agree; None where they do not."""
    low = [score <= limit for score, limit in ((nps, 6), (csat, 2)) if score == score]  # noqa: PLR0124
    high = [score >= limit for score, limit in ((nps, 9), (csat, 4)) if score == score]  # noqa: PLR0124
    if low and all(low) and blame > 0.5:  # noqa: PLR2004
        return "blame"
    if high and all(high) and blame < 0.5:  # noqa: PLR2004
        return "praise"
    return None


def _rank(seed: int, row: str) -> int:
    return int.from_bytes(blake2b(f"{seed}|{row}".encode(), digest_size=6).digest(), "big")
