"""Read a period's comments once: themes, blame, phrases and candidates for quotation.

Texts pass by in batches and are forgotten; what stays is a few numbers a comment.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.data.source import Source
from cxlib.errors import InputError
from cxlib.measures.voice.coder import Hit, ThemeCoder
from cxlib.measures.voice.intake import IntakeCounts, read_voices
from cxlib.measures.voice.phrases import PhraseCounts
from cxlib.measures.voice.quotes import Quote, QuotePicker
from cxlib.measures.voice.redact import Redactor
from cxlib.measures.voice.taxonomy import MOST_THEMES, Taxonomy
from cxlib.measures.voice.variety import variety

Blame: TypeAlias = Callable[[Sequence[str]], NDArray[np.float64]]
"""Gives each text a chance of blame, 0 to 1; NaN where it cannot tell."""

DETRACTOR, PROMOTER = 6, 9
HALF: Final = 0.5


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
        phrases: Document counts of phrases, for detractors and promoters.
        quotes: Candidates for quotation.
    """

    taxonomy: Taxonomy
    origins: NDArray[Any]
    touchpoints: NDArray[Any]
    people: NDArray[np.int64]
    days: NDArray[np.datetime64]
    varieties: NDArray[Any]
    nps: NDArray[np.float64]
    csat: NDArray[np.float64]
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
    size: int = 20_000,
) -> Voice:
    """Read the comments of a period.

    Args:
        tables: Any of `answers` (comment), `cases` (note) and `mentions` (text).
        taxonomy: The themes.
        start: First day.
        end: Day after the last day.
        blame: Judges texts; a theme's blame is that of the clauses that name it, and a negative
            cue of the theme in the clause decides alone. None judges by these cues only.
        names: Names to hide, besides what rules find.
        seed: Of the pick among candidates for quotation; the same seed gives the same pick.
        size: Comments a batch aims at.

    Raises:
        InputError: Too many themes.
    """
    if not 0 < len(taxonomy) <= MOST_THEMES:
        raise InputError(f"themes must be 1 to {MOST_THEMES}, got {len(taxonomy)}")
    reader = _Reader(taxonomy, blame, seed)
    counts = IntakeCounts()
    for batch in read_voices(
        tables, start=start, end=end, redactor=Redactor(names), counts=counts, size=size
    ):
        reader.read(batch)
    return reader.result(counts)


class _Reader:
    def __init__(self, taxonomy: Taxonomy, blame: Blame | None, seed: int) -> None:
        self.coder = ThemeCoder(taxonomy)
        self.judge = blame
        self.phrases = PhraseCounts()
        self.picker = QuotePicker([theme.id for theme in taxonomy], seed=seed)
        self.parts: list[pd.DataFrame] = []

    def read(self, batch: pd.DataFrame) -> None:
        texts, foldeds = list(batch["text"]), list(batch["folded"])
        hits = [self.coder.find_folded(folded) for folded in foldeds]
        whole = self.judge(texts) if self.judge and texts else np.full(len(texts), np.nan)
        themes = np.zeros(len(texts), dtype=np.uint64)
        blamed = np.zeros(len(texts), dtype=np.uint64)
        for k, chances in enumerate(self._clause_chances(texts, hits, whole)):
            for theme, chance in chances.items():
                themes[k] |= np.uint64(1 << theme)
                if chance > HALF:
                    blamed[k] |= np.uint64(1 << theme)
        nps = batch["nps"].to_numpy(dtype=float)
        detractor, promoter = nps <= DETRACTOR, nps >= PROMOTER
        self.phrases.add(foldeds, texts, detractor=detractor, promoter=promoter, open_=themes == 0)
        self.picker.offer(batch, themes=themes, blamed=blamed, whole=whole)
        self.parts.append(
            pd.DataFrame(
                {
                    "origin": pd.Categorical(batch["origin"]),
                    "touchpoint": pd.Categorical(batch["touchpoint"].fillna("")),
                    "person": batch["person"].to_numpy(dtype=np.int64),
                    "day": pd.to_datetime(batch["date"]).to_numpy(dtype="datetime64[s]"),
                    "variety": pd.Categorical([variety(text) for text in texts]),
                    "nps": nps.astype(np.float32),
                    "csat": batch["csat"].to_numpy(dtype=np.float32),
                    "themes": themes,
                    "blamed": blamed,
                }
            )
        )

    def _clause_chances(
        self, texts: Sequence[str], hits: Sequence[list[Hit]], whole: NDArray[np.float64]
    ) -> list[dict[int, float]]:
        """Give per comment and theme the chance of blame in the clauses that name it.

        The mean of clause and comment, as measured to beat either; a cue decides alone.
        """
        places, spans, chances_alone = [], [], []
        for k, found in enumerate(hits):
            for hit in found:
                alone = hit.clause_end - hit.clause_start >= len(texts[k].strip())
                if alone and not hit.negative and not np.isnan(whole[k]):
                    chances_alone.append((k, hit.theme))
                elif not hit.negative and self.judge:
                    places.append((k, hit.theme))
                    spans.append(texts[k][hit.clause_start : hit.clause_end])
        judged = self._judge_once(spans)
        chances: list[dict[int, float]] = [{} for _ in texts]
        for k, found in enumerate(hits):
            for hit in found:
                chances[k][hit.theme] = max(chances[k].get(hit.theme, 0.0), float(hit.negative))
        for k, theme in chances_alone:  # the clause is the comment
            chances[k][theme] = max(chances[k][theme], float(whole[k]))
        for (k, theme), chance in zip(places, judged, strict=True):
            both = chance if np.isnan(whole[k]) else (chance + whole[k]) / 2
            chances[k][theme] = max(chances[k][theme], float(both))
        return chances

    def _judge_once(self, spans: Sequence[str]) -> NDArray[np.float64]:
        """Judge each different clause once; customers use the same words."""
        if self.judge is None or not spans:
            return np.zeros(0)
        place = {span: k for k, span in enumerate(dict.fromkeys(spans))}
        judged = self.judge(list(place))
        return np.array([judged[place[span]] for span in spans])

    def result(self, counts: IntakeCounts) -> Voice:
        frame = pd.concat(self.parts, ignore_index=True) if self.parts else _EMPTY
        return Voice(
            taxonomy=self.coder.taxonomy,
            origins=frame["origin"].to_numpy(dtype=object).astype(str),
            touchpoints=frame["touchpoint"].to_numpy(dtype=object).astype(str),
            people=frame["person"].to_numpy(dtype=np.int64),
            days=frame["day"].to_numpy().astype("datetime64[D]"),
            varieties=frame["variety"].to_numpy(dtype=object).astype(str),
            nps=frame["nps"].to_numpy(dtype=float),
            csat=frame["csat"].to_numpy(dtype=float),
            themes=frame["themes"].to_numpy(dtype=np.uint64),
            blamed=frame["blamed"].to_numpy(dtype=np.uint64),
            has_sentiment=self.judge is not None,
            counts=counts,
            phrases=self.phrases,
            quotes=self.picker.picked(),
        )


_EMPTY: Final = pd.DataFrame(
    {
        name: pd.Series(dtype=kind)
        for name, kind in {
            "origin": "object", "touchpoint": "object", "person": "int64",
            "day": "datetime64[s]", "variety": "object",
            "nps": "float64", "csat": "float64", "themes": "uint64", "blamed": "uint64",
        }.items()
    }
)  # fmt: skip


def variety_counts(voice: Voice) -> dict[str, int]:
    """Count comments per written variety."""
    return dict(Counter(voice.varieties.tolist()).most_common())
