"""Phrases that detractors write and promoters do not, or the other way round.

Log-odds with an informative Dirichlet prior: the prior is how often everybody writes the phrase,
so that rare ones are drawn towards no difference. Documents are counted, not repetitions.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from math import log, sqrt
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.measures.voice.stopwords import bare_words, listed, stop_words
from cxlib.stats.multiplicity import benjamini_hochberg
from cxlib.stats.proportions import two_sided_p

LONGEST_PHRASE: Final = 3
FEWEST_COMMENTS: Final = 5
"""A phrase in fewer says nothing, and may point at a person."""
MOST_DOCUMENTS: Final = 50_000
"""Comments of each group that are counted; more add nothing but time."""
PRIOR_DOCUMENTS: Final = 50.0
_MOST_KEPT: Final = 1_500_000
_SAME_SHARE: Final = 0.6
_NEARLY_ALL: Final = 0.8
_PARTS: Final = re.compile(
    r"\[(?:email|link|cn_id|card|hkid|tw_id|octopus|account|phone|address|name)\]"
    r"|[^\w'’\u200d\ufe0f]+"
)
_HAN: Final = re.compile("[\u3400-\u9fff\U00020000-\U000323af]")


@dataclass(slots=True)
class PhraseCounts:
    """In how many comments each phrase stands: of detractors, promoters and unclassified ones."""

    n_detractors: int = 0
    n_promoters: int = 0
    n_all: int = 0
    detractors: Counter[str] = field(default_factory=Counter)
    promoters: Counter[str] = field(default_factory=Counter)
    every: Counter[str] = field(default_factory=Counter)
    unclassified: Counter[str] = field(default_factory=Counter)
    written: dict[str, str] = field(default_factory=dict)

    def add(
        self,
        foldeds: Sequence[str],
        texts: Sequence[str],
        *,
        detractor: NDArray[np.bool_],
        promoter: NDArray[np.bool_],
        open_: NDArray[np.bool_],
    ) -> None:
        """Count the phrases of more comments; each comment counts a phrase once."""
        for k, (folded, text) in enumerate(zip(foldeds, texts, strict=True)):
            if not (detractor[k] or promoter[k] or open_[k]) or self.n_all >= 2 * MOST_DOCUMENTS:
                continue
            found = _phrases(folded, text)
            self.n_all += 1
            self.every.update(found.keys())
            for phrase, shown in found.items():
                self.written.setdefault(phrase, shown)
            if detractor[k]:
                self.n_detractors += 1
                self.detractors.update(found.keys())
            elif promoter[k]:
                self.n_promoters += 1
                self.promoters.update(found.keys())
            if open_[k]:
                self.unclassified.update(found.keys())
        if len(self.every) > _MOST_KEPT:
            self._forget_rare()

    def merge(self, other: "PhraseCounts") -> None:
        """Add what was counted in other comments, which come after these."""
        self.n_detractors += other.n_detractors
        self.n_promoters += other.n_promoters
        self.n_all += other.n_all
        for phrase, shown in other.written.items():
            self.written.setdefault(phrase, shown)
        self.every.update(other.every)
        self.detractors.update(other.detractors)
        self.promoters.update(other.promoters)
        self.unclassified.update(other.unclassified)
        if len(self.every) > _MOST_KEPT:
            self._forget_rare()

    def _forget_rare(self) -> None:
        rare = [phrase for phrase, n in self.every.items() if n == 1]
        for phrase in rare:
            for counter in (self.every, self.detractors, self.promoters, self.unclassified):
                counter.pop(phrase, None)
            self.written.pop(phrase, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinctive:
    """A phrase one group writes more than the other.

    Attributes:
        phrase: As first written.
        of: The group that writes it more.
        n_detractors: Comments of detractors with it.
        n_promoters: Comments of promoters with it.
        log_odds: Detractors over promoters, with the prior.
        z: Log-odds over their standard error.
        p_value: Adjusted over all phrases held against each other (false discovery rate).
        unclassified: Share of its comments that no theme names (0-1).
    """

    phrase: str
    of: Literal["detractors", "promoters"]
    n_detractors: int
    n_promoters: int
    log_odds: float
    z: float
    p_value: float
    unclassified: float


def log_odds(
    a: float, n_a: float, b: float, n_b: float, *, prior: float, prior_total: float
) -> tuple[float, float]:
    """Compare how two groups use a phrase; log-odds ratio and its z.

        d = ln (a+w)/(n_a+W-a-w) - ln (b+w)/(n_b+W-b-w),  z = d / sqrt(1/(a+w) + 1/(b+w))

    Args:
        a: Count in the first group.
        n_a: Size of the first group.
        b: Count in the second group.
        n_b: Size of the second group.
        prior: w, above 0.
        prior_total: W, above w.

    Raises:
        InputError: A count above its size, or an impossible prior.

    Source: Monroe, Colaresi and Quinn (2008), Political Analysis 16(4), equations 16 to 22.
    """
    if not 0 < prior < prior_total or not (0 <= a <= n_a and 0 <= b <= n_b):
        raise InputError(
            "counts must be from 0 to their sizes and 0 < prior < prior_total, got "
            f"{a} of {n_a}, {b} of {n_b}, {prior} of {prior_total}"
        )
    first = log((a + prior) / (n_a + prior_total - a - prior))
    second = log((b + prior) / (n_b + prior_total - b - prior))
    difference = first - second
    return difference, difference / sqrt(1 / (a + prior) + 1 / (b + prior))


def distinctive_phrases(
    counts: PhraseCounts, *, fewest: int = FEWEST_COMMENTS, error_rate: float = 0.05, most: int = 12
) -> tuple[Distinctive, ...]:
    """Find phrases that tell detractors from promoters, the strongest first.

    Args:
        counts: Of a period.
        fewest: Comments a phrase must stand in, at least 5.
        error_rate: Share of false finds held among those shown (0-1).
        most: Phrases given for each group.

    Raises:
        InputError: Fewer than 5 comments a phrase would be told apart by.
    """
    if fewest < FEWEST_COMMENTS:
        raise InputError(f"fewest must be 5 or more, got {fewest}")
    if not counts.n_detractors or not counts.n_promoters:
        return ()
    both = counts.n_detractors + counts.n_promoters
    scored = []
    for phrase, every in counts.every.items():
        a, b = counts.detractors[phrase], counts.promoters[phrase]
        if every < fewest or a + b < fewest:
            continue
        prior = PRIOR_DOCUMENTS * (a + b) / both
        d, z = log_odds(
            a, counts.n_detractors, b, counts.n_promoters, prior=prior,
            prior_total=PRIOR_DOCUMENTS + prior,
        )  # fmt: skip
        scored.append((phrase, a, b, d, z))
    adjusted = benjamini_hochberg([two_sided_p(z) for *_, z in scored])
    found = [
        Distinctive(
            phrase=counts.written[phrase],
            of="detractors" if z > 0 else "promoters",
            n_detractors=a,
            n_promoters=b,
            log_odds=d,
            z=z,
            p_value=p,
            unclassified=counts.unclassified[phrase] / counts.every[phrase],
        )
        for (phrase, a, b, d, z), p in zip(scored, adjusted, strict=True)
        if p <= error_rate
    ]
    found.sort(key=lambda item: (-abs(item.z), -len(item.phrase), item.phrase))
    kept: list[Distinctive] = []
    for shortest in found:
        item = _fullest(shortest, found)
        same = [other for other in kept if other.of == item.of]
        if len(same) < most and not any(_says_the_same(item, other) for other in same):
            kept.append(item)
    return tuple(kept)


def unclassified_phrases(
    counts: PhraseCounts, *, fewest: int = FEWEST_COMMENTS, most: int = 8
) -> tuple[tuple[str, int], ...]:
    """Give the phrases most comments without a theme share: where a theme may be missing."""
    found: list[tuple[str, int]] = []
    ranked = sorted(
        counts.unclassified.items(), key=lambda item: (-item[1], -len(item[0]), item[0])
    )
    for phrase, n in ranked:
        if n < fewest or len(found) == most:
            break
        if 2 * n < counts.every[phrase]:  # mostly written about a theme there is
            continue
        if not any(phrase in other or other in phrase or n == m for other, m in found):
            found.append((phrase, n))  # as many comments, nearly always the same ones
    return tuple((counts.written[phrase], n) for phrase, n in found)


def _fullest(item: Distinctive, found: Sequence[Distinctive]) -> Distinctive:
    """Give the longest phrase around one that stands in nearly as many comments: it says more."""
    enough = _NEARLY_ALL * (item.n_detractors + item.n_promoters)
    around = [
        other
        for other in found
        if item.of == other.of
        and item.phrase.lower() in other.phrase.lower()
        and other.n_detractors + other.n_promoters >= enough
    ]
    return max(around, key=lambda other: (len(other.phrase), other.phrase))


def _says_the_same(item: Distinctive, other: Distinctive) -> bool:
    """Whether one phrase is part of the other, or both overlap and stand in as many comments."""
    one, two = item.phrase.lower(), other.phrase.lower()
    if one in two or two in one:
        return True
    sizes = sorted(x.n_detractors + x.n_promoters for x in (item, other))
    overlap = any(
        one.endswith(two[:k]) or two.endswith(one[:k]) for k in range(2, min(len(one), len(two)))
    )
    return overlap and sizes[0] >= _SAME_SHARE * sizes[1]


def _phrases(folded: str, text: str) -> dict[str, str]:
    """Give the phrases of one comment, as counted and as written: 1 to 3 words of a clause."""
    found: dict[str, str] = {}
    start = 0
    for mark in [*_PARTS.finditer(folded), None]:
        end = mark.start() if mark else len(folded)
        if end > start:
            _clause_phrases(folded, text, start, end, found)
        start = mark.end() if mark else end
    _english(folded, text, found)
    return found


def _clause_phrases(folded: str, text: str, start: int, end: int, found: dict[str, str]) -> None:
    part = folded[start:end]
    if part.isascii():
        return
    words: list[str] = _segmenter()(part)
    ends, at = [start], start
    for word in words:
        at += len(word)
        ends.append(at)
    kinds = [_kind(word) for word in words]
    for k in range(len(words)):
        if kinds[k].empty:
            continue
        told, first = False, ends[k]
        for last in range(k, min(k + LONGEST_PHRASE, len(words))):
            kind = kinds[last]
            if kind.digit:
                break
            told = told or (kind.han and not kind.bare)
            end = ends[last + 1]
            if told and not kind.empty and not kind.opener and end - first > 1:
                found.setdefault(folded[first:end], text[first:end])


class _Kind(NamedTuple):
    """What a word may do in a phrase.

    Attributes:
        empty: Neither begins nor ends one.
        opener: Does not end one.
        bare: Does not make one alone, nor with others like it.
        digit: Holds a digit.
        han: Holds a Chinese character.
    """

    empty: bool
    opener: bool
    bare: bool
    digit: bool
    han: bool


@lru_cache(maxsize=50_000)
def _kind(word: str) -> _Kind:
    return _Kind(
        empty=word in stop_words(),
        opener=word in listed("denial"),
        bare=word in bare_words(),
        digit=any(c.isdigit() for c in word),
        han=_HAN.search(word) is not None,
    )


_ENGLISH: Final = re.compile(r"[a-z][a-z'’\-]*(?: [a-z][a-z'’\-]*)*")


def _english(folded: str, text: str, found: dict[str, str]) -> None:
    for run in _ENGLISH.finditer(folded):
        words = run.group().split(" ")
        starts, at = [], run.start()
        for word in words:
            starts.append(at)
            at += len(word) + 1
        kinds = [_kind(word.replace("’", "'")) for word in words]
        for k, start in enumerate(starts):
            if kinds[k].empty:
                continue
            told = False
            for last in range(k, min(k + LONGEST_PHRASE, len(words))):
                kind = kinds[last]
                told = told or not kind.bare
                end = starts[last] + len(words[last])
                if told and not kind.empty and not kind.opener and end - start > 2:  # noqa: PLR2004
                    found.setdefault(folded[start:end], text[start:end].lower())


@cache
def _segmenter() -> Any:  # noqa: ANN401 - a bound method of an untyped package
    import rjieba

    return lambda part: rjieba.cut(part, False)
