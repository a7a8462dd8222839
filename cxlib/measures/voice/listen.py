"""Read a period's comments once: themes, blame, phrases and candidates for quotation.

Texts pass by in batches and are forgotten; what stays is a few numbers a comment.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.data.source import Source
from cxlib.errors import InputError
from cxlib.measures.voice.intake import IntakeCounts, count_voices, read_voices
from cxlib.measures.voice.phrases import MOST_DOCUMENTS, PhraseCounts
from cxlib.measures.voice.quotes import Quote, QuotePicker
from cxlib.measures.voice.reading import DETRACTOR, PROMOTER, Blame, Plan, Reading
from cxlib.measures.voice.taxonomy import MOST_THEMES, Taxonomy
from cxlib.measures.voice.variety import VARIETIES
from cxlib.measures.voice.workers import readers

__all__ = ["DETRACTOR", "PROMOTER", "Blame", "Voice", "listen", "variety_counts"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Voice:
    """What a period's customers wrote, as numbers; no text but the candidates for quotation.

    Attributes:
        taxonomy: The themes.
        origins: Per comment: answers, cases or mentions.
        touchpoints: Its touchpoint, "" where it has none.
        people: Number of who wrote it; leads back to nobody.
        days: Day it was written.
        varieties: Written variety.
        nps: Beside it, NaN where absent.
        csat: Beside it, NaN where absent.
        themes: Bit k is set where theme k is named.
        blamed: Bit k is set where it is named in words of blame.
        has_sentiment: Whether blame was judged at all.
        counts: What came in and what was set aside.
        phrases: Document counts of phrases, for detractors and promoters; of very many comments,
            those of a random sample.
        quotes: Candidates for quotation.
    """

    taxonomy: Taxonomy
    origins: NDArray[Any]
    touchpoints: NDArray[Any]
    people: NDArray[np.int64]
    days: NDArray[np.datetime64]
    varieties: NDArray[Any]
    nps: NDArray[np.float32]
    csat: NDArray[np.float32]
    themes: NDArray[np.uint64]
    blamed: NDArray[np.uint64]
    has_sentiment: bool
    counts: IntakeCounts
    phrases: PhraseCounts
    quotes: tuple[Quote, ...]

    @property
    def n(self) -> int:
        """Comments counted."""
        return int(self.themes.size)

    @property
    def n_people(self) -> int:
        """People behind them."""
        return int(np.unique(self.people).size)

    @property
    def theme_ids(self) -> tuple[str, ...]:
        """The themes, in the taxonomy's order."""
        return tuple(theme.id for theme in self.taxonomy)

    def names(self, theme: str) -> NDArray[np.bool_]:
        """Say per comment whether it names a theme."""
        return (self.themes & self._bit(theme)) > 0

    def blames(self, theme: str) -> NDArray[np.bool_]:
        """Say per comment whether it names a theme in words of blame."""
        return (self.blamed & self._bit(theme)) > 0

    def _bit(self, theme: str) -> np.uint64:
        return np.uint64(1 << self.theme_ids.index(theme))


def listen(
    tables: Mapping[str, Source],
    *,
    taxonomy: Taxonomy,
    start: dt.date,
    end: dt.date,
    blame: Blame | None = None,
    names: Sequence[str] = (),
    seed: int = 1,
    size: int = 5_000,
    processes: int | None = None,
) -> Voice:
    """Read the comments of a period.

    Args:
        tables: Any of `answers` (comment), `cases` (note) and `mentions` (text).
        taxonomy: The themes.
        start: First day.
        end: Day after the last day.
        blame: Judges folded texts; a theme's blame is that of the clauses that name it, and a
            negative cue of the theme in the clause decides alone. None judges by these cues only.
        names: Names to hide, besides what rules find.
        seed: Of the pick among candidates for quotation, and of the comments whose phrases are
            counted where there are more than 100,000; the same seed gives the same.
        size: Most comments of a batch.
        processes: How many processes read; None takes one for fewer than 20,000 comments, else
            one a core, at most 4. The result is the same to the last bit.

    Raises:
        InputError: Too many themes.
    """
    if not 0 < len(taxonomy) <= MOST_THEMES:
        raise InputError(f"themes must be 1 to {MOST_THEMES}, got {len(taxonomy)}")
    n = count_voices(tables, start=start, end=end)
    plan = Plan(
        taxonomy=taxonomy, blame=blame, names=tuple(names), seed=seed,
        phrase_share=min(1.0, 2 * MOST_DOCUMENTS / max(n, 1)),
    )  # fmt: skip
    heard, counts = _Heard(plan), IntakeCounts()
    with readers(plan, n=n, processes=processes) as run:
        records = read_voices(tables, start=start, end=end, run=run, counts=counts, size=size)
        for reading in run("read", heard.noted(records)):
            heard.add(reading)
    return heard.result(counts)


class _Heard:
    """Gathers what is left of batches: a few numbers a comment, counts, candidates."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._columns: dict[str, list[NDArray[Any]]] = {name: [] for name in _KINDS}
        self._labels: dict[str, dict[str, int]] = {"origins": {}, "touchpoints": {}}
        self._phrases = PhraseCounts()
        self._picker = QuotePicker([theme.id for theme in plan.taxonomy], seed=plan.seed)

    def noted(self, batches: Iterator[pd.DataFrame]) -> Iterator[tuple[pd.DataFrame]]:
        """Note what needs no reading, and pass on what reading needs."""
        for batch in batches:
            self._keep("origins", self._codes("origins", batch["origin"]))
            self._keep("touchpoints", self._codes("touchpoints", batch["touchpoint"]))
            self._keep("people", batch["person"])
            self._keep("days", pd.to_datetime(batch["date"]).to_numpy())
            self._keep("nps", batch["nps"])
            self._keep("csat", batch["csat"])
            yield (batch[list(NEEDED)],)

    def add(self, reading: Reading) -> None:
        """Add what reading gave."""
        for name in ("varieties", "themes", "blamed"):
            self._keep(name, getattr(reading, name))
        self._phrases.merge(reading.phrases)
        self._picker.merge(reading.picker)

    def result(self, counts: IntakeCounts) -> Voice:
        """Give all of it."""
        columns: dict[str, Any] = {
            name: np.concatenate(self._columns.pop(name) or [np.zeros(0, dtype=kind)])
            for name, kind in _KINDS.items()
        }
        labels = {name: list(known) for name, known in self._labels.items()}
        for name, known in (labels | {"varieties": list(VARIETIES)}).items():
            columns[name] = pd.Categorical.from_codes(columns[name], categories=pd.Index(known))
        return Voice(
            taxonomy=self._plan.taxonomy,
            has_sentiment=self._plan.blame is not None,
            counts=counts,
            phrases=self._phrases,
            quotes=self._picker.picked(),
            **columns,
        )

    def _keep(self, name: str, values: Any) -> None:  # noqa: ANN401 - a column or an array
        self._columns[name].append(np.asarray(values).astype(_KINDS[name]))

    def _codes(self, name: str, values: pd.Series) -> list[int]:
        known = self._labels[name]
        return [known.setdefault(str(value), len(known)) for value in values.fillna("").tolist()]


NEEDED: Final = ("origin", "row_id", "nps", "csat", "person", "text", "folded")
"""Columns of a record that are read."""
_KINDS: Final = {
    "origins": "int16", "touchpoints": "int16", "people": "int64", "days": "datetime64[D]",
    "varieties": "int16", "nps": "float32", "csat": "float32", "themes": "uint64",
    "blamed": "uint64",
}  # fmt: skip
"""What is kept of a comment: 46 bytes."""


def variety_counts(voice: Voice) -> dict[str, int]:
    """Count comments per written variety."""
    return dict(Counter(voice.varieties.tolist()).most_common())
