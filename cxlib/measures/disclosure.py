"""Which branches may be shown beside a total, so that none can be worked out by subtraction."""

from collections.abc import Mapping
from dataclasses import dataclass

Counts = Mapping[str, Mapping[str, int]]
"""Answers per branch and measure."""
FEWEST = 3
"""Branches that make a comparison."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """Which branches may be shown.

    Attributes:
        shown: Enough answers to every measure compared.
        few: Too few answers to some measure.
        withheld: Enough, but the total less the shown ones would give away one with too few.
        measures: Those at least three branches have enough answers to.
    """

    shown: tuple[str, ...]
    few: tuple[str, ...]
    withheld: tuple[str, ...]
    measures: tuple[str, ...]


def disclose(counts: Counts, *, minimum_cell: int) -> Disclosure:
    """Choose the branches that can be shown beside a company total.

    A measure is compared where three branches have enough answers to it. A branch with fewer
    than ``minimum_cell`` answers to a compared measure is hidden. The company's total less the
    branches shown gives what is hidden, so the hidden ones must be two or more and together have
    enough answers: until then the smallest branch still shown is withheld with them.

    Args:
        counts: Branch to its answers per measure; a measure that nobody answered there is absent.
        minimum_cell: Fewest answers, 1 or more.

    Source: Cox (1980), Journal of the American Statistical Association 75(370), on complementary
    suppression.
    """
    names = sorted({measure for found in counts.values() for measure in found})
    enough = {
        measure: sum(found.get(measure, 0) >= minimum_cell for found in counts.values())
        for measure in names
    }
    measures = tuple(measure for measure in names if enough[measure] >= FEWEST)
    few = tuple(
        sorted(
            branch
            for branch, found in counts.items()
            if any(found.get(measure, 0) < minimum_cell for measure in measures)
        )
    )
    shown = sorted(set(counts) - set(few), key=lambda b: (sum(counts[b].values()), b))
    withheld: list[str] = []
    while few and shown:
        hidden = [*few, *withheld]
        together = [sum(counts[b].get(measure, 0) for b in hidden) for measure in measures]
        if len(hidden) > 1 and all(n >= minimum_cell for n in together):
            break
        withheld.append(shown.pop(0))
    return Disclosure(
        shown=tuple(sorted(shown)) if measures else (),
        few=few if measures else tuple(sorted(counts)),
        withheld=tuple(withheld),
        measures=measures,
    )
