"""What is read out of a chunk of comments: numbers a comment, counts of phrases, candidates.

The same two steps whether this process takes them or another one: `hide` makes texts safe and
tells what copies are known by; `read` finds themes, blame, variety and phrases. A reader is made
of the plan alone, so that every process has the same one.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.data.texts import LONGEST
from cxlib.measures.voice.coder import coder_of
from cxlib.measures.voice.copies import copy_marks
from cxlib.measures.voice.normalise import clean, fold_all
from cxlib.measures.voice.phrases import PhraseCounts
from cxlib.measures.voice.quotes import QuotePicker
from cxlib.measures.voice.redact import Found, Redactor
from cxlib.measures.voice.taxonomy import Taxonomy
from cxlib.measures.voice.variety import VARIETIES, variety

Blame: TypeAlias = Callable[[Sequence[str]], NDArray[np.float64]]
"""Gives each folded text a chance of blame, 0 to 1; NaN where it cannot tell."""

DETRACTOR, PROMOTER = 6, 9
HALF: Final = 0.5
_VARIETY: Final = {name: np.uint8(k) for k, name in enumerate(VARIETIES)}
_WHOLE_HASH: Final = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How comments are read.

    Attributes:
        taxonomy: The themes.
        blame: Judges folded texts; None judges by the cues of themes only.
        names: Names to hide, besides what rules find.
        seed: Of the pick among candidates and of the phrases counted.
        phrase_share: Share of comments whose phrases are counted (0-1), a random sample.
    """

    taxonomy: Taxonomy
    blame: Blame | None
    names: tuple[str, ...] = ()
    seed: int = 1
    phrase_share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """Texts without personal data.

    Attributes:
        texts: As kept.
        foldeds: As matched.
        marks: Per text the numbers its copies would share, none where it is too short.
        kinds: Personal data hidden, per kind.
        cut: Texts longer than are read.
    """

    texts: list[str] = field(default_factory=list)
    foldeds: list[str] = field(default_factory=list)
    marks: list[tuple[int, ...]] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    cut: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is left of a chunk of comments.

    Attributes:
        themes: Bit k is set where theme k is named.
        blamed: Bit k is set where it is named in words of blame.
        varieties: Place in ``VARIETIES``.
        phrases: Document counts.
        picker: Candidates for quotation.
    """

    themes: NDArray[np.uint64]
    blamed: NDArray[np.uint64]
    varieties: NDArray[np.uint8]
    phrases: PhraseCounts
    picker: QuotePicker


class Reader:
    """Reads chunks of comments by a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._redactor = Redactor(plan.names)
        self._coder = coder_of(plan.taxonomy)

    def hide(self, raws: Sequence[str], authors: Sequence[str | None] | None) -> Hidden:
        """Clean texts, put marks in the place of personal data, tell what copies would share.

        Args:
            raws: As they arrive.
            authors: Who wrote each, None for nobody known; None instead of a list for texts in
                public, where a copy is one whoever wrote it.
        """
        hidden = Hidden(cut=sum(len(raw) >= LONGEST for raw in raws))
        texts = [clean(raw) for raw in raws]
        for text, found in zip(texts, self._redactor.find_all(texts) if texts else (), strict=True):
            hidden.texts.append(masked(text, found, hidden.kinds))
        hidden.foldeds.extend(fold_all(hidden.texts))
        public = authors is None
        writers = authors if authors is not None else [""] * len(texts)
        hidden.marks.extend(
            () if author is None else copy_marks(folded, author, public=public)
            for folded, author in zip(hidden.foldeds, writers, strict=True)
        )
        return hidden

    def read(self, records: pd.DataFrame) -> Reading:
        """Read records of ``intake.RECORD``."""
        plan = self._plan
        texts, foldeds = list(records["text"]), list(records["folded"])
        whole = np.full(len(texts), np.nan)
        if plan.blame and texts:
            whole = np.asarray(plan.blame(foldeds), dtype=np.float64)
        themes, blamed = self._themes(foldeds, whole)
        nps = records["nps"].to_numpy(dtype=float)
        phrases = PhraseCounts()
        counted = self._counted(records["row_id"])
        phrases.add(
            foldeds, texts, detractor=(nps <= DETRACTOR) & counted,
            promoter=(nps >= PROMOTER) & counted, open_=(themes == 0) & counted,
        )  # fmt: skip
        picker = QuotePicker([theme.id for theme in plan.taxonomy], seed=plan.seed)
        picker.offer(records, themes=themes, blamed=blamed, whole=whole)
        return Reading(
            themes=themes,
            blamed=blamed,
            varieties=np.array([_VARIETY[variety(text)] for text in texts], dtype=np.uint8),
            phrases=phrases,
            picker=picker,
        )

    def _counted(self, rows: pd.Series) -> NDArray[np.bool_]:
        """Draw the comments whose phrases are counted, each by its own row."""
        if self._plan.phrase_share >= 1:
            return np.ones(len(rows), dtype=bool)
        limit = self._plan.phrase_share * _WHOLE_HASH
        return np.array([_drawn(self._plan.seed, str(row)) < limit for row in rows], dtype=bool)

    def _themes(
        self, foldeds: Sequence[str], whole: NDArray[np.float64]
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Find the themes of each comment, and which of them stand in clauses of blame.

        A clause is judged by the mean of its own chance and the comment's, as measured to beat
        either; a negative cue of the theme in the clause decides alone.
        """
        hits = self._coder.find_all(foldeds)
        bits = np.uint64(1) << hits.theme.astype(np.uint64)
        themes, blamed = (np.zeros(len(foldeds), dtype=np.uint64) for _ in range(2))
        np.bitwise_or.at(themes, hits.text, bits)
        np.bitwise_or.at(blamed, hits.text[hits.negative], bits[hits.negative])
        unsure = np.flatnonzero(~hits.negative)
        columns = (hits.text[unsure], hits.clause_start[unsure], hits.clause_end[unsure])
        places = list(zip(*(column.tolist() for column in columns), strict=True))
        chances = self._chances(foldeds, list(dict.fromkeys(places)), whole)
        if chances:
            bad = unsure[[chances[place] > HALF for place in places]]
            np.bitwise_or.at(blamed, hits.text[bad], bits[bad])
        return themes, blamed

    def _chances(
        self,
        foldeds: Sequence[str],
        places: Sequence[tuple[int, int, int]],
        whole: NDArray[np.float64],
    ) -> dict[tuple[int, int, int], float]:
        """Judge the same words once, even where they name several themes; not what is all."""
        if self._plan.blame is None:
            return {}
        known = {
            (k, start, end): float(whole[k])
            for k, start, end in places
            if end - start >= len(foldeds[k].strip()) and not np.isnan(whole[k])
        }
        others = [place for place in places if place not in known]
        if others:
            words = [foldeds[k][start:end] for k, start, end in others]
            once = list(dict.fromkeys(words))
            judged = dict(zip(once, self._plan.blame(once), strict=True))
            for place, text in zip(others, words, strict=True):
                chance = judged[text]
                both = chance if np.isnan(whole[place[0]]) else (chance + whole[place[0]]) / 2
                known[place] = float(both)
        return known


def hide(raw: str, redactor: Redactor, kinds: Counter[str]) -> str:
    """Clean a text and put a mark in the place of personal data; what is found is counted."""
    text = clean(raw)
    return masked(text, redactor.find(text), kinds)


def masked(text: str, found: Sequence[Found], kinds: Counter[str]) -> str:
    """Put a mark in the place of what was found, and count it."""
    if not found:
        return text
    pieces, last = [], 0
    for item in found:
        kinds[item.kind] += 1
        pieces += [text[last : item.start], f"[{item.kind}]"]
        last = item.end
    return "".join([*pieces, text[last:]])


def _drawn(seed: int, row: str) -> int:
    marked = f"{seed}|{row}".encode("utf-8", "replace")
    return int.from_bytes(blake2b(marked, digest_size=4).digest(), "big")
