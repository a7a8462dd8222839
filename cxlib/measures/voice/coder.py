"""Find the themes of a comment, with the words that named them and the clause they stand in."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations
from typing import Any, Final

from cxlib.measures.voice.normalise import fold
from cxlib.measures.voice.taxonomy import Taxonomy, Theme

_BREAK: Final = re.compile(
    r"[,;!?。、\n~]+|\.(?=\s|$)|(?=但|不过|可惜|只是|就系)|(?<=[^a-z])(?=but\s)|…+"
)
"""Between clauses, in folded text: full-width marks are half width there."""
_LETTER: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_ANY, _NOT, _CUE, _NEAR = range(4)


@dataclass(frozen=True, slots=True)
class Hit:
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


class ThemeCoder:
    """Codes comments by a taxonomy; one automaton finds all terms in one pass.

    Args:
        taxonomy: The themes.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        import ahocorasick

        self.taxonomy = taxonomy
        uses: dict[str, list[tuple[int, int]]] = {}
        self._near: dict[int, list[re.Pattern[str]]] = {}
        self._patterns: list[tuple[int, re.Pattern[str]]] = []
        for k, theme in enumerate(taxonomy):
            for kind, terms in self._terms(theme):
                for term in terms:
                    uses.setdefault(fold(term.strip()), []).append((k, kind))
            self._near[k] = [_near_pattern(rule.words, rule.within) for rule in theme.near]
            self._patterns += [(k, re.compile(pattern)) for pattern in theme.patterns]
        self._automaton: Any = ahocorasick.Automaton()
        for term, where in uses.items():
            self._automaton.add_word(term, (term, len(term), tuple(dict.fromkeys(where))))
        self._automaton.make_automaton()

    @staticmethod
    def _terms(theme: Theme) -> Iterator[tuple[int, Sequence[str]]]:
        yield _ANY, theme.any
        yield _NOT, theme.not_
        yield _CUE, theme.negative_cues
        yield _NEAR, [rule.words[0] for rule in theme.near]

    def themes_of(self, text: str) -> frozenset[str]:
        """Give the ids of the themes a text names."""
        return frozenset(self.taxonomy[hit.theme].id for hit in self.find(text))

    def find(self, text: str) -> list[Hit]:
        """Find the themes of a text, each once a clause, in order of place."""
        return self.find_folded(fold(text))

    def find_folded(self, folded: str) -> list[Hit]:
        """Find the themes of a text that is folded already."""
        found: list[tuple[int, int, int]] = []
        barred: list[tuple[int, int, int]] = []
        cues: list[tuple[int, int]] = []
        close: set[int] = set()
        for last, (term, length, uses) in self._automaton.iter(folded):
            start, end = last - length + 1, last + 1
            if _whole(folded, term, start, end):
                for theme, kind in uses:
                    if kind == _ANY:
                        found.append((theme, start, end))
                    elif kind == _NOT:
                        barred.append((theme, start, end))
                    elif kind == _CUE:
                        cues.append((theme, start))
                    else:
                        close.add(theme)
        tried = [(theme, near) for theme in close for near in self._near[theme]] + self._patterns
        found += [(k, m.start(), m.end()) for k, near in tried for m in near.finditer(folded)]
        if barred:
            found = [hit for hit in found if not any(_inside(hit, other) for other in barred)]
        return self._in_clauses(folded, found, cues) if found else []

    @staticmethod
    def _in_clauses(
        folded: str, found: list[tuple[int, int, int]], cues: list[tuple[int, int]]
    ) -> list[Hit]:
        hits, seen = [], set()
        bounds = clauses(folded)
        for theme, start, end in sorted(found, key=lambda hit: (hit[1], hit[0], -hit[2])):
            low, high = next((b for b in bounds if b[0] <= start < b[1]), (0, len(folded)))
            if (theme, low) not in seen:
                seen.add((theme, low))
                high = max(high, end)
                negative = any(cue == theme and low <= at < high for cue, at in cues)
                hits.append(Hit(theme, start, end, low, high, negative))
        return hits


def clauses(folded: str) -> list[tuple[int, int]]:
    """Cut a folded text into clauses; places, never empty ones."""
    cuts = [0, *(mark.end() for mark in _BREAK.finditer(folded)), len(folded)]
    return [(a, b) for a, b in pairwise(cuts) if folded[a:b].strip()]


def _inside(hit: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return other[0] == hit[0] and other[1] <= hit[1] and hit[2] <= other[2]


def _whole(folded: str, term: str, start: int, end: int) -> bool:
    """Whether a term that begins or ends in a Latin letter is not part of a longer word."""
    if term[0] in _LETTER and start and folded[start - 1] in _LETTER:
        return False
    return not (term[-1] in _LETTER and end < len(folded) and folded[end] in _LETTER)


def _near_pattern(words: Sequence[str], within: int) -> re.Pattern[str]:
    gap = rf"[^。!?\n]{{0,{within}}}?"
    folded = [re.escape(fold(word)) for word in words]
    return re.compile("|".join(gap.join(order) for order in permutations(folded)))
