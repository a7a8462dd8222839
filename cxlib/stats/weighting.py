"""Weights that make answers add up to a known population: post-stratification and raking.

Answers are counted in cells (segment by channel); every answer of a cell has the same weight, so
cells are all that is needed. The error of a weighted score is in ``stats.linearised``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError

Cell: TypeAlias = tuple[str, ...]
Adjustment = Literal["none", "post-stratification", "raking"]
Floats: TypeAlias = NDArray[np.float64]
MOST_ROUNDS = 2_000
CLOSE = 1e-10
SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The weight of one answer in each cell; over all answers the weights average 1.

    Attributes:
        adjustment: How they were made.
        margins: Names of the cells' parts ("segment", "channel").
        cells: Cells that hold answers.
        counts: Answers per cell, 1 or more each.
        values: Weight of one answer per cell, above 0.
        rounds: Rounds of raking; 0 where none was needed.
    """

    adjustment: Adjustment
    margins: tuple[str, ...]
    cells: tuple[Cell, ...]
    counts: tuple[int, ...]
    values: tuple[float, ...]
    rounds: int = 0

    @property
    def effective_n(self) -> float:
        """Kish's effective number of answers."""
        return effective_n(self.values, self.counts)

    @property
    def design(self) -> Floats:
        """Cells by calibration variables: 0/1 columns of what the weights were made to match."""
        if self.adjustment == "none":
            return np.ones((len(self.cells), 1))
        if self.adjustment == "post-stratification":
            return np.eye(len(self.cells))
        columns = [
            [float(cell[place] == category) for cell in self.cells]
            for place in range(len(self.margins))
            for category in sorted({cell[place] for cell in self.cells})
        ]
        return np.array(columns).T


def effective_n(weights: Sequence[float], counts: Sequence[int] | None = None) -> float:
    """Return how many equally weighted answers are as precise as these (Kish).

        (Σ n w)² / Σ n w²

    Args:
        weights: 0 or more each, at least one above 0.
        counts: Answers that have each weight; without it one each.

    Raises:
        InputError: No weight above 0, a negative one, or lists of different length.

    Source: Kish (1965), Survey Sampling, 11.7.
    """
    n = [1] * len(weights) if counts is None else list(counts)
    if len(n) != len(weights):
        raise InputError(f"counts must be one per weight, got {len(n)} for {len(weights)}")
    if any(not w >= 0 for w in weights):
        raise InputError(f"weights must be 0 or more, got {min(weights)}")
    squares = fsum(k * w * w for k, w in zip(n, weights, strict=True))
    if squares <= 0:
        raise InputError("an effective number of answers needs a weight above 0")
    return fsum(k * w for k, w in zip(n, weights, strict=True)) ** 2 / squares


def no_weights(counts: Mapping[Cell, int], *, margins: Sequence[str]) -> Weights:
    """Give every answer the weight 1.

    Raises:
        InputError: No answer, a negative count, or a cell of another length than ``margins``.
    """
    cells, n = _read(counts, margins)
    return Weights(
        adjustment="none",
        margins=tuple(margins),
        cells=cells,
        counts=tuple(int(k) for k in n),
        values=(1.0,) * len(cells),
    )


def post_stratify(
    counts: Mapping[Cell, int], *, population: Mapping[Cell, float], margins: Sequence[str]
) -> Weights:
    """Weight each cell to its share of the population.

        w(c) = (N(c) / N) / (n(c) / n)

    Args:
        counts: Answers per cell.
        population: Members per cell; cells of 0 are left out.
        margins: Names of the cells' parts, for messages.

    Raises:
        InputError: A cell with members and no answer, or answers and no member, all at once.

    Source: Holt and Smith (1979), JRSS A 142(1).
    """
    cells, n = _read(counts, margins)
    known = _members(population, margins)
    name = " × ".join(margins)
    _refuse(
        [_silent(name, cell, known[cell]) for cell in sorted(set(known) - set(cells))]
        + [_unknown(name, cell, counts[cell]) for cell in sorted(set(cells) - set(known))],
        remedy="merge cells, or rake to the margins instead",
    )
    size = np.array([known[cell] for cell in cells])
    values = size / size.sum() * n.sum() / n
    return Weights(
        adjustment="post-stratification",
        margins=tuple(margins),
        cells=cells,
        counts=tuple(int(k) for k in n),
        values=tuple(values.tolist()),
    )


def rake(
    counts: Mapping[Cell, int], *, population: Mapping[Cell, float], margins: Sequence[str]
) -> Weights:
    """Weight answers so that each margin alone has its share of the population (raking).

    Starting from 1, weights are multiplied margin after margin by population share / answer share
    until every category of every margin is met to 10 digits. Cells may be empty; categories may
    not. Kept short here because the libraries that rake work on rows, and one of them returns
    unfinished weights without a word.

    Args:
        counts: Answers per cell.
        population: Members per cell; only their sums by margin are used.
        margins: Names of the cells' parts.

    Raises:
        InputError: A category with members and no answer or answers and no member (all at once),
            or margins that no weights can meet together, with the worst category.

    Source: Deming and Stephan (1940), Annals of Mathematical Statistics 11(4); convergence as in
    Deville, Särndal and Sautory (1993), JASA 88(423).
    """
    cells, n = _read(counts, margins)
    known = _members(population, margins)
    problems, targets, places = [], [], []
    for part, name in enumerate(margins):
        wanted: dict[str, float] = {}
        for cell, members in known.items():
            wanted[cell[part]] = wanted.get(cell[part], 0.0) + members
        found = sorted({cell[part] for cell in cells})
        problems += [_silent(name, (c,), wanted[c]) for c in sorted(set(wanted) - set(found))]
        answers = {c: sum(k for cell, k in counts.items() if cell[part] == c) for c in found}
        problems += [_unknown(name, (c,), answers[c]) for c in sorted(set(found) - set(wanted))]
        targets.append(np.array([wanted.get(c, 0.0) for c in found]) / sum(known.values()))
        places.append(np.array([found.index(cell[part]) for cell in cells]))
    _refuse(problems, remedy="merge categories, or leave the margin out")
    share = n / n.sum()
    rounds = 0
    gap = float("inf")
    while gap > CLOSE and rounds < MOST_ROUNDS:
        rounds += 1
        for target, place in zip(targets, places, strict=True):
            share *= (target / np.bincount(place, weights=share))[place]
        gap = max(
            float(np.abs(np.bincount(place, weights=share) / target - 1).max())
            for target, place in zip(targets, places, strict=True)
        )
    # A cell driven to nothing meets the margins only in the limit: no answer may count for zero.
    values = share * n.sum() / n
    if gap > CLOSE or values.min() < CLOSE:
        raise InputError(_unfinished(share, targets, places, cells, margins))
    return Weights(
        adjustment="raking",
        margins=tuple(margins),
        cells=cells,
        counts=tuple(int(k) for k in n),
        values=tuple(values.tolist()),
        rounds=rounds,
    )


def _read(counts: Mapping[Cell, int], margins: Sequence[str]) -> tuple[tuple[Cell, ...], Floats]:
    """Return the cells that hold answers, sorted, and their counts."""
    _check_cells(counts, margins)
    if blank := [cell for cell, n in counts.items() if n and "" in cell]:
        total = sum(counts[cell] for cell in blank)
        raise InputError(
            f"every answer must have a {' and a '.join(margins)} to be weighted, "
            f"{total} of {sum(counts.values())} have an empty one; fill it in or leave it out"
        )
    cells = tuple(sorted(cell for cell, n in counts.items() if n > 0))
    if not cells:
        raise InputError("weights need at least 1 answer, got 0")
    return cells, np.array([float(counts[cell]) for cell in cells])


def _members(population: Mapping[Cell, float], margins: Sequence[str]) -> dict[Cell, float]:
    _check_cells(population, margins)
    known = {cell: float(n) for cell, n in population.items() if n > 0}
    if not known:
        raise InputError("weights need a population with at least 1 member, got 0")
    return known


def _check_cells(counts: Mapping[Cell, float], margins: Sequence[str]) -> None:
    if not margins:
        raise InputError("weights need at least 1 margin, got none")
    for cell, size in counts.items():
        if len(cell) != len(margins):
            raise InputError(f"a cell must have one part for each of {list(margins)}, got {cell}")
        if not size >= 0:
            raise InputError(f"counts must be 0 or more, got {size} in cell {' · '.join(cell)}")


def _silent(name: str, cell: Cell, members: float) -> str:
    return f"{name} '{' · '.join(cell)}' has {members:g} members and no answer"


def _unknown(name: str, cell: Cell, answers: int) -> str:
    return f"{name} '{' · '.join(cell)}' has {answers} answers and no member"


def _refuse(problems: Sequence[str], *, remedy: str) -> None:
    if problems:
        more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise InputError(
            f"answers cannot be weighted to the population: {'; '.join(problems[:SHOWN])}{more}; "
            f"{remedy}"
        )


def _unfinished(
    share: Floats,
    targets: Sequence[Floats],
    places: Sequence[NDArray[np.intp]],
    cells: Sequence[Cell],
    margins: Sequence[str],
) -> str:
    """Say which category misses its share most."""
    worst = (-1.0, "", "", 0.0, 0.0)
    for m, (target, place) in enumerate(zip(targets, places, strict=True)):
        reached = np.bincount(place, weights=share)
        k = int(np.abs(reached / target - 1).argmax())
        category = next(cell[m] for cell, at in zip(cells, place, strict=True) if at == k)
        miss = abs(float(reached[k] / target[k]) - 1)
        worst = max(worst, (miss, margins[m], category, float(reached[k]), float(target[k])))
    _, name, category, got, wanted = worst
    return (
        f"weights do not converge: after {MOST_ROUNDS} rounds {name} '{category}' has "
        f"{100 * got:.2f} % of the weight, it must have {100 * wanted:.2f} %; the margins "
        "contradict each other where answers are missing: merge categories or use fewer margins"
    )
