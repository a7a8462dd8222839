"""Find the themes of a comment, with the words that named them and the clause they stand in."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
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
        folded = fold(text)
        found: list[tuple[int, int, int]] = []
        barred: list[tuple[int, int, int]] = []
        cues: list[tuple[int, int]] = []
        checked: set[int] = set()
        for last, (term, length, uses) in self._automaton.iter(folded):
            start, end = last - length + 1, last + 1
            if not _whole(folded, term, start, end):
                continue
            for theme, kind in uses:
                if kind == _ANY:
                    found.append((theme, start, end))
                elif kind == _NOT:
                    barred.append((theme, start, end))
                elif kind == _CUE:
                    cues.append((theme, start))
                elif theme not in checked:
                    checked.add(theme)
                    for pattern in self._near[theme]:
                        found += [(theme, m.start(), m.end()) for m in pattern.finditer(folded)]
        for theme, pattern in self._patterns:
            found += [(theme, m.start(), m.end()) for m in pattern.finditer(folded)]
        if barred:
            found = [
                hit
                for hit in found
                if not any(b[0] == hit[0] and b[1] <= hit[1] and hit[2] <= b[2] for b in barred)
            ]
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
    cuts = [0]
    for mark in _BREAK.finditer(folded):
        cuts.append(mark.end())
    cuts.append(len(folded))
    return [(a, b) for a, b in zip(cuts, cuts[1:], strict=False) if folded[a:b].strip()]


def _whole(folded: str, term: str, start: int, end: int) -> bool:
    """Whether a term that begins or ends in a Latin letter is not part of a longer word."""
    if term[0] in _LETTER and start and folded[start - 1] in _LETTER:
        return False
    return not (term[-1] in _LETTER and end < len(folded) and folded[end] in _LETTER)


def _near_pattern(words: Sequence[str], within: int) -> re.Pattern[str]:
    gap = rf"[^。!?\n]{{0,{within}}}?"
    folded = [re.escape(fold(word)) for word in words]
    return re.compile("|".join(gap.join(order) for order in permutations(folded)))
