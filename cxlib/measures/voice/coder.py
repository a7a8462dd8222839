"""Find the themes of a comment, with the words that named them and the clause they stand in."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise, product
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.measures.voice.normalise import fold, fold_all
from cxlib.measures.voice.rows import LETTERS, STOPS, Lists, Row, Whole
from cxlib.measures.voice.taxonomy import Taxonomy, Theme

_BREAK: Final = re.compile(r"[,;!?。、\n~]+|\.(?=\s|$)|…+|(但|不过|可惜|只是|就系|but(?=\s))")
"""Between clauses, in folded text: full-width marks are half width there. A word begins the next
clause; each alternative begins with a character, which the search skips to."""
_STOP: Final = re.compile(f"[{STOPS}]")
_WRITTEN_ALSO: Final = (("冇", "無", "沒有", "沒"), ("唔", "不"), ("嘅", "的"), ("'", "\u2019"))
"""Words that Cantonese, written Chinese or a keyboard put for each other; a term stands for all."""

_PAIR: Final = 2
_FOUND: Final = np.dtype([("last", np.int64), ("what", np.int64)])

_Place: TypeAlias = tuple[int, int, int]
"""A theme, or the bits of words, and where it starts and ends."""


class Hit(NamedTuple):
    """A theme in a clause.

    Attributes:
        theme: Place in the taxonomy.
        start: First character of the words that named it, in the text given.
        end: After the last.
        clause_start: First character of the clause.
        clause_end: After the last.
        negative: Whether a negative cue of the theme stands in the clause.
    """

    theme: int
    start: int
    end: int
    clause_start: int
    clause_end: int
    negative: bool


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """The themes of many texts: what a ``Hit`` holds, in columns, and the text each stands in."""

    text: Whole
    theme: Whole
    start: Whole
    end: Whole
    clause_start: Whole
    clause_end: Whole
    negative: NDArray[np.bool_]


class ThemeCoder:
    """Codes comments by a taxonomy; one automaton finds all terms in one pass.

    Args:
        taxonomy: The themes.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.taxonomy = taxonomy
        uses: dict[str, _Uses] = {}
        self._near: list[_Rule] = []
        self._patterns: list[tuple[int, re.Pattern[str]]] = []
        forms = _forms_of(
            term for theme in taxonomy for term in (
                *(term for _, terms in self._terms(theme) for term in terms),
                *(one for near in theme.near for word in near.words for one in word.split("|")),
            )
        )  # fmt: skip
        for k, theme in enumerate(taxonomy):
            for kind, terms in self._terms(theme):
                for form in (form for term in terms for form in forms[term]):
                    getattr(uses.setdefault(form, _Uses()), kind)[k] = 1
            for near in theme.near:
                rule = len(self._near)
                for place, word in enumerate(near.words):
                    for form in (form for one in word.split("|") for form in forms[one]):
                        words = uses.setdefault(form, _Uses()).words
                        words[rule] = words.get(rule, 0) | 1 << place
                self._near.append(_Rule(k, len(near.words), near.within))
            self._patterns += [(k, re.compile(pattern)) for pattern in theme.patterns]
        self._complete = np.array([(1 << rule.n) - 1 for rule in self._near], dtype=np.int64)
        self._themes = np.array([rule.theme for rule in self._near], dtype=np.int64)
        self._words_of = np.array([rule.n for rule in self._near], dtype=np.int64)
        self._within = np.array([rule.within for rule in self._near], dtype=np.int64)
        self._build(uses)

    def _build(self, uses: dict[str, "_Uses"]) -> None:
        """Make the automaton; it knows a text by its number, and what the number means here.

        What words of letters mean depends on whether a letter stands before or after.
        """
        import ahocorasick

        by_text: dict[str, list[tuple[bool, bool, _Uses]]] = {}
        for form, use in uses.items():
            text = form.rstrip("*")
            ends = (text[0] in LETTERS, form[-1] in LETTERS)
            by_text.setdefault(text, []).append((*ends, use))
        self._automaton: Any = ahocorasick.Automaton()
        self._lengths = np.array([len(text) for text in by_text], dtype=np.int64)
        meanings: list[list[_Uses]] = []
        meant: list[int] = []
        for number, (text, forms) in enumerate(by_text.items()):
            self._automaton.add_word(text, number)
            if not any(begins or ends for begins, ends, _ in forms):
                meant += [len(meanings)] * 4
                meanings.append([use for *_, use in forms])
                continue
            for before, after in product((False, True), repeat=2):
                meant.append(len(meanings))
                meanings.append([
                    use for begins, ends, use in forms
                    if not (begins and before) and not (ends and after)
                ])  # fmt: skip
        self._meant = np.array(meant, dtype=np.int64)
        self._automaton.make_automaton()
        self._named, self._barred, self._cues = (
            Lists([list(dict.fromkeys(k for use in some for k in getattr(use, kind)))
                    for some in meanings])
            for kind in ("any", "barred", "cues")
        )  # fmt: skip
        self._words, self._bits = (
            Lists([[pair[part] for use in some for pair in use.words.items()]
                    for some in meanings])
            for part in (0, 1)
        )  # fmt: skip

    @staticmethod
    def _terms(theme: Theme) -> Iterator[tuple[str, Sequence[str]]]:
        yield "any", theme.any
        yield "barred", theme.not_
        yield "cues", theme.negative_cues

    def themes_of(self, text: str) -> frozenset[str]:
        """Give the ids of the themes a text names."""
        return frozenset(self.taxonomy[hit.theme].id for hit in self.find(text))

    def find(self, text: str) -> list[Hit]:
        """Find the themes of a text, each once a clause, in order of place."""
        return self.find_folded(fold(text))

    def find_folded(self, folded: str) -> list[Hit]:
        """Find the themes of a text that is folded already."""
        hits = self.find_all([folded])
        columns = (hits.theme, hits.start, hits.end, hits.clause_start, hits.clause_end)
        rows = zip(*(column.tolist() for column in columns), hits.negative.tolist(), strict=True)
        return [Hit(*row) for row in rows]

    def find_all(self, foldeds: Sequence[str]) -> Hits:
        """Find the themes of many folded texts, each once a clause, in order of text and place.

        The texts stand in one row; what one automaton finds there is sifted in columns.
        """
        row = Row.of(foldeds)
        raw = np.fromiter(self._automaton.iter(row.words), dtype=_FOUND)
        after = raw["last"] + 1
        start = after - self._lengths[raw["what"]]
        letter = row.letters()
        meant = self._meant[raw["what"] * 4 + letter[start] * 2 + letter[after + 1]]
        at, theme = self._named.of(meant)
        found = [
            np.stack([theme, start[at], after[at]]),
            *self._near_places(row, start, after, meant),
        ]
        for theme_, pattern in self._patterns:
            for folded, begin in zip(foldeds, row.begins.tolist(), strict=True):
                found += [
                    np.array([[theme_], [begin + m.start()], [begin + m.end()]])
                    for m in pattern.finditer(folded)
                ]
        bars, barred = self._barred.of(meant)
        kept = _unbarred(np.concatenate(found, axis=1), barred, start[bars], after[bars], row.size)
        at, theme = self._cues.of(meant)
        return _in_clauses(row, kept, np.sort(theme * row.size + start[at]))

    def _near_places(self, row: Row, starts: Whole, ends: Whole, meant: Whole) -> list[Whole]:
        """Find the near rules whose words all stand in a text, and there close.

        A pair is done in columns; only of three words or more is the chain followed.
        """
        at, rule = self._words.of(meant)
        bits = self._bits.of(meant)[1]
        group = row.text_of(starts[at]) * len(self._near) + rule
        seen = np.zeros(row.begins.size * len(self._near), dtype=np.int64)
        for place in range(max(self._words_of, default=0)):
            bit = 1 << place
            seen[group[bits & bit > 0]] |= bit
        kept = np.flatnonzero(seen[group] == self._complete[rule])
        kept = kept[np.lexsort((kept, starts[at[kept]], group[kept]))]
        first, after, bits = starts[at[kept]], ends[at[kept]], bits[kept]
        group, rule = group[kept], rule[kept]
        words, within, stops = self._words_of[rule], self._within[rule], row.stops()
        last = np.where(words == 1, after, 0)
        for step in range(1, kept.size):
            same = np.flatnonzero(group[step:] == group[:-step])
            if not same.size:
                break
            gap, both = first[same + step] - after[same], bits[same] | bits[same + step]
            near = (gap >= 0) & (gap <= within[same]) & (both & (both - 1) > 0) & (last[same] == 0)
            same = same[near]
            same = same[stops[first[same + step]] == stops[after[same]]]
            last[same] = after[same + step]
        short = np.flatnonzero((last > 0) & (words <= _PAIR))
        places = [np.stack([self._themes[rule[short]], first[short], last[short]])]
        bounds = np.flatnonzero(np.diff(group, prepend=-1, append=-1))
        longer = np.flatnonzero((last > 0) & (words > _PAIR))
        wanted = np.unique(np.searchsorted(bounds, longer, side="right") - 1)
        found: list[_Place] = []
        for low, high in zip(bounds[wanted].tolist(), bounds[wanted + 1].tolist(), strict=True):
            columns = (column[low:high].tolist() for column in (bits, first, after))
            each = self._near[int(rule[low])]
            found += each.find(row.words, list(zip(*columns, strict=True)))
        return [*places, np.array(found, dtype=np.int64).T] if found else places


_MADE: Final[dict[Any, ThemeCoder]] = {}


def coder_of(taxonomy: Taxonomy) -> ThemeCoder:
    """Give the coder of a taxonomy, made once for the same terms: it takes half a second."""
    terms = tuple((t.id, t.any, t.patterns, t.not_, t.near, t.negative_cues) for t in taxonomy)
    if terms not in _MADE:
        _MADE.update({terms: ThemeCoder(taxonomy)})
    return _MADE[terms]


@dataclass(slots=True)
class _Uses:
    """What a form is good for: themes it names, bars and blames; rules it is a word of."""

    any: dict[int, int] = field(default_factory=dict)
    barred: dict[int, int] = field(default_factory=dict)
    cues: dict[int, int] = field(default_factory=dict)
    words: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Rule:
    """Words that must stand close: how many, and the most characters between two."""

    theme: int
    n: int
    within: int

    def find(self, row: str, own: Sequence[_Place]) -> list[_Place]:
        """Give each place where a chain of all words begins; `own` in order of place."""
        found = []
        for k, (mask, start, end) in enumerate(own):
            for place in range(self.n):
                if mask >> place & 1:
                    last = self._chain(row, own, k, end, ((1 << self.n) - 1) & ~(1 << place))
                    if last:
                        found.append((self.theme, start, last))
                        break
        return found

    def _chain(self, row: str, own: Sequence[_Place], k: int, end: int, open_: int) -> int:
        """Return where the chain ends; 0 where a word of it is too far."""
        if not open_:
            return end
        for n in range(k + 1, len(own)):
            mask, start, after = own[n]
            if start - end > self.within:
                return 0
            if start < end or not mask & open_ or _STOP.search(row, end, start):
                continue
            for place in range(self.n):
                if mask & open_ & 1 << place:
                    last = self._chain(row, own, n, after, open_ & ~(1 << place))
                    if last:
                        return last
        return 0


def _unbarred(found: Whole, theme: Whole, start: Whole, end: Whole, size: int) -> Whole:
    """Leave out what stands inside words that say the theme is not meant."""
    if not theme.size:
        return found
    keys = theme * size + start
    order = np.argsort(keys)
    furthest = np.maximum.accumulate((theme * size + end)[order])
    before = np.searchsorted(keys[order], found[0] * size + found[1], side="right") - 1
    inside = (before >= 0) & (furthest[before] >= found[0] * size + found[2])
    return found[:, ~inside]


def _in_clauses(row: Row, found: Whole, cues: Whole) -> Hits:
    """Give each theme once a clause, the first words that name it; cues by theme and place."""
    theme, start, end = found[:, np.lexsort((-found[2], found[0], found[1]))]
    cuts = np.unique(np.concatenate((row.begins, _cuts(row.words), [row.size])))
    after = np.searchsorted(cuts, start, side="right")
    low = cuts[after - 1]
    once = np.sort(np.unique(theme * row.size + low, return_index=True)[1])
    theme, start, end, low, after = (each[once] for each in (theme, start, end, low, after))
    text = row.text_of(start)
    begin = row.begins[text]
    high = np.maximum(np.minimum(cuts[after], begin + row.lengths[text]), end)
    first, last = (np.searchsorted(cues, theme * row.size + at) for at in (low, high))
    return Hits(text, theme, start - begin, end - begin, low - begin, high - begin, last > first)


def clauses(folded: str) -> list[tuple[int, int]]:
    """Cut a folded text into clauses; places, never empty ones."""
    cuts = [*_cuts(folded), len(folded)]
    return [(a, b) for a, b in pairwise(cuts) if folded[a:b].strip()]


def _cuts(folded: str) -> list[int]:
    """Give where clauses begin."""
    cuts = [0]
    for mark in _BREAK.finditer(folded):
        start = mark.start()
        if mark.lastindex is None:
            cuts.append(mark.end())
        elif mark[1] != "but" or (start and not "a" <= folded[start - 1] <= "z"):
            cuts.append(start)
    return cuts


def written_forms(term: str) -> list[str]:
    """Give a term folded, in each way it is written; "*" at its end lets letters follow."""
    return _forms_of([term])[term]


def _forms_of(terms: Iterable[str]) -> dict[str, list[str]]:
    """Give the written forms of many terms, folded together."""
    ways = {term: _ways(term) for term in terms}
    folded = iter(fold_all([way for some in ways.values() for way in some]))
    return {term: list(dict.fromkeys(islice(folded, len(some)))) for term, some in ways.items()}


def _ways(term: str) -> list[str]:
    parts = [term.strip()]
    for ways in _WRITTEN_ALSO:
        for way in sorted(ways, key=len, reverse=True):
            if way in parts[0]:
                parts = [part.replace(way, other) for part, other in product(parts, ways)]
                break
    return parts
