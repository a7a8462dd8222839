# ruff: noqa: C901, PLR0912  (the reference, as it was before batches)
"""The coder as it read one text at a time: slow and plain, what the fast one is held against."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Any, Final, NamedTuple, TypeAlias

from cxlib.measures.voice.normalise import fold
from cxlib.measures.voice.taxonomy import Taxonomy, Theme

_BREAK: Final = re.compile(r"[,;!?。、\n~]+|\.(?=\s|$)|…+|(但|不过|可惜|只是|就系|but(?=\s))")
"""Between clauses, in folded text: full-width marks are half width there. A word begins the next
clause; each alternative begins with a character, which the search skips to."""
_LETTER: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_STOP: Final = re.compile("[。!?\n]")
_WRITTEN_ALSO: Final = (("冇", "無", "沒有", "沒"), ("唔", "不"), ("嘅", "的"), ("'", "\u2019"))
"""Words that Cantonese, written Chinese or a keyboard put for each other; a term stands for all."""

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


class PlainCoder:
    """Codes comments by a taxonomy; one automaton finds all terms in one pass.

    Args:
        taxonomy: The themes.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        import ahocorasick

        self.taxonomy = taxonomy
        uses: dict[str, _Uses] = {}
        self._near: list[_Rule] = []
        self._patterns: list[tuple[int, re.Pattern[str]]] = []
        bit = 1
        for k, theme in enumerate(taxonomy):
            for kind, terms in self._terms(theme):
                for form in (form for term in terms for form in written_forms(term)):
                    getattr(uses.setdefault(form, _Uses()), kind).append(k)
            for near in theme.near:
                words = [_alternatives(word) for word in near.words]
                rarest = max(range(len(words)), key=lambda n: min(len(w) for w in words[n]))
                bits = tuple(bit << n for n in range(len(words)))
                for place, forms in enumerate(words):
                    for form in forms:
                        use = uses.setdefault(form, _Uses())
                        use.mask |= bits[place]
                        if place == rarest:
                            use.rules.append(len(self._near))
                self._near.append(_Rule(k, sum(bits), bits, near.within))
                bit <<= len(words)
            self._patterns += [(k, re.compile(pattern)) for pattern in theme.patterns]
        by_text: dict[str, list[Any]] = {}
        for form, use in uses.items():
            text = form.rstrip("*")
            ends = (text[0] in _LETTER, form[-1] in _LETTER)
            by_text.setdefault(text, []).append((*ends, *use.fixed()))
        self._automaton: Any = ahocorasick.Automaton()
        for text, found in by_text.items():
            self._automaton.add_word(text, (len(text) - 1, tuple(found)))
        self._automaton.make_automaton()

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
        found: list[_Place] = []
        barred: list[_Place] = []
        cues: list[tuple[int, int]] = []
        spots: list[_Place] = []
        rules: set[int] = set()
        seen, size = 0, len(folded)
        for last, (back, forms) in self._automaton.iter(folded):
            start, end = last - back, last + 1
            for begins, ends, named, mask, anchored, marks in forms:
                if begins and start and folded[start - 1] in _LETTER:
                    continue
                if ends and end < size and folded[end] in _LETTER:
                    continue
                for theme in named:
                    found.append((theme, start, end))  # noqa: PERF401 - a list costs a call
                if mask:
                    seen |= mask
                    spots.append((mask, start, end))
                    if anchored:
                        rules.update(anchored)
                if marks:
                    for theme in marks[0]:
                        cues.append((theme, start))  # noqa: PERF401
                    for theme in marks[1]:
                        barred.append((theme, start, end))  # noqa: PERF401
        for number in rules:
            rule = self._near[number]
            if seen & rule.complete == rule.complete:
                found += rule.find(folded, spots)
        for theme, pattern in self._patterns:
            found += [(theme, m.start(), m.end()) for m in pattern.finditer(folded)]
        if barred:
            found = [hit for hit in found if not any(_inside(hit, other) for other in barred)]
        return _in_clauses(folded, found, cues) if found else []


@dataclass(slots=True)
class _Uses:
    """What a form is good for: themes it names, bars and blames; rules it is a word of."""

    any: list[int] = field(default_factory=list)
    barred: list[int] = field(default_factory=list)
    cues: list[int] = field(default_factory=list)
    mask: int = 0
    rules: list[int] = field(default_factory=list)

    def fixed(self) -> tuple[Any, ...]:
        """Give it as what the search needs, cheapest test first."""
        named, barred, cues, rules = (
            tuple(dict.fromkeys(some)) for some in (self.any, self.barred, self.cues, self.rules)
        )
        return named, self.mask, rules, (cues, barred) if cues or barred else ()


@dataclass(frozen=True, slots=True)
class _Rule:
    """Words that must stand close: a bit each, and the most characters between two."""

    theme: int
    complete: int
    bits: tuple[int, ...]
    within: int

    def find(self, folded: str, spots: Sequence[_Place]) -> list[_Place]:
        """Give each place where a chain of all words begins."""
        own = [spot for spot in spots if spot[0] & self.complete]
        own.sort(key=lambda spot: spot[1])
        found = []
        for k, (mask, start, end) in enumerate(own):
            for bit in self.bits:
                if mask & bit:
                    last = self._chain(folded, own, k, end, self.complete & ~bit)
                    if last:
                        found.append((self.theme, start, last))
                        break
        return found

    def _chain(self, folded: str, own: Sequence[_Place], k: int, end: int, open_: int) -> int:
        """Return where the chain ends; 0 where a word of it is too far."""
        if not open_:
            return end
        for n in range(k + 1, len(own)):
            mask, start, after = own[n]
            if start - end > self.within:
                return 0
            if start < end or not mask & open_ or _STOP.search(folded, end, start):
                continue
            for bit in self.bits:
                if mask & open_ & bit:
                    last = self._chain(folded, own, n, after, open_ & ~bit)
                    if last:
                        return last
        return 0


def _in_clauses(folded: str, found: list[_Place], cues: list[tuple[int, int]]) -> list[Hit]:
    hits, seen = [], set()
    cuts = [*_cuts(folded), len(folded) + 1]
    found.sort(key=_order)
    for theme, start, end in found:
        after = bisect_right(cuts, start)
        low = cuts[after - 1]
        if (theme, low) not in seen:
            seen.add((theme, low))
            high = max(min(cuts[after], len(folded)), end)
            negative = bool(cues) and any(cue == theme and low <= at < high for cue, at in cues)
            hits.append(Hit(theme, start, end, low, high, negative))
    return hits


def _order(hit: _Place) -> tuple[int, int, int]:
    return (hit[1], hit[0], -hit[2])


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


def _inside(hit: _Place, other: _Place) -> bool:
    return other[0] == hit[0] and other[1] <= hit[1] and hit[2] <= other[2]


def written_forms(term: str) -> list[str]:
    """Give a term folded, in each way it is written; "*" at its end lets letters follow."""
    parts = [term.strip()]
    for ways in _WRITTEN_ALSO:
        for way in sorted(ways, key=len, reverse=True):
            if way in parts[0]:
                parts = [part.replace(way, other) for part, other in product(parts, ways)]
                break
    return list(dict.fromkeys(fold(part) for part in parts))


def _alternatives(word: str) -> list[str]:
    return [form for one in word.split("|") for form in written_forms(one)]
