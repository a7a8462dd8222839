"""The answers to one question by cell, with weights that make them stand for everyone invited.

Read once, a sample carries scores, differences, leagues and what weighting changes, so that all
of them stand on the same answers and the same weights.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.data.cell_pairs import ITEM, OTHER, SPAN, Coding, Spans, cell_pairs
from cxlib.data.source import Source
from cxlib.data.summaries import score_counts
from cxlib.engagement.scales import SCALES, MetricKind
from cxlib.engagement.schema import Window
from cxlib.errors import InputError
from cxlib.measures.distribution import check_columns, group_name
from cxlib.stats import linearised
from cxlib.stats.estimate import Unit
from cxlib.stats.linearised import Linear, Products
from cxlib.stats.weighting import Adjustment, Cell, Weights, no_weights, post_stratify, rake

Statistic = Literal["nps", "mean", "share"]
Floats: TypeAlias = NDArray[np.float64]
COLUMN: dict[MetricKind, str] = {"nps": "nps", "csat": "csat", "ces-v1": "ces", "ces-v2": "ces"}
UNITS: dict[Statistic, tuple[Unit, float]] = {
    "nps": ("points", 100.0), "mean": ("rating", 1.0), "share": ("share", 1.0),
}  # fmt: skip


APART = (ITEM, SPAN)
"""Margins that are not raked to: their parts are weighted one by one."""
MAKERS = {"raking": rake, "post-stratification": post_stratify}


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Everyone the answers should stand for, counted by touchpoint and cell.

    Attributes:
        margins: Columns that make the cells ("segment", "channel"); with ``period`` first, each
            period has its own people and its answers are weighted to them alone.
        counts: Members per touchpoint and cell.
    """

    margins: tuple[str, ...]
    counts: dict[str, dict[Cell, int]]

    def at(self, touchpoints: Iterable[str]) -> dict[Cell, int]:
        """Members per cell at some touchpoints: a question is not asked at all of them."""
        found: dict[Cell, int] = {}
        for touchpoint in touchpoints:
            for cell, members in self.counts.get(touchpoint, {}).items():
                found[cell] = found.get(cell, 0) + members
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurveySample:
    """The answers to one question by cell, with their weights.

    Attributes:
        metric: Which question and scale.
        statistic: "nps" (points), "mean" (rating) or "share" (of favourable answers).
        by: Columns that name a group.
        groups: The group each cell belongs to.
        products: Sums over customers.
        weights: As made for the calibration cells.
        answer_weights: Weight of one answer in each cell.
        design: Cells by calibration variables.
    """

    metric: MetricKind
    statistic: Statistic
    by: tuple[str, ...]
    groups: tuple[Cell, ...]
    products: Products
    weights: Weights
    answer_weights: Floats
    design: Floats

    def members(self, group: Cell) -> NDArray[np.bool_]:
        """Which cells belong to a group."""
        return np.array([found == group for found in self.groups])

    def linear(self, group: Cell) -> Linear:
        """The group's weighted score, in its unit, with the coefficients of its error."""
        mean = linearised.weighted_mean(
            self.products,
            answer_weights=self.answer_weights,
            members=self.members(group),
            design=self.design,
        )
        return mean.scaled(UNITS[self.statistic][1])

    def n_obs(self, group: Cell) -> int:
        """Answers of a group."""
        return round(float(self.products.n[self.members(group)].sum()))

    def unweighted(self) -> "SurveySample":
        """The same answers, each with weight 1."""
        return replace(
            self,
            weights=replace(
                self.weights, adjustment="none", values=(1.0,) * len(self.weights.cells), rounds=0
            ),
            answer_weights=np.ones(len(self.groups)),
            design=np.ones((len(self.groups), 1)),
        )


def invited_population(flags: pd.DataFrame, *, margins: Sequence[str]) -> Population:
    """Take everyone to whom an invitation was delivered as the population.

    Args:
        flags: ``flag_counts`` of the invitation log by ``margins`` and touchpoint, with the flag
            ``delivered``.
        margins: Columns that make the cells.

    Raises:
        InputError: A column is absent, or a delivered invitation lacks a margin.
    """
    columns = ["touchpoint", *margins, "delivered"]
    check_columns(flags, columns)
    counts: dict[str, dict[Cell, int]] = {}
    for touchpoint, *values, delivered in flags[columns].itertuples(index=False, name=None):
        cell = group_name(values)
        if delivered and "" in cell:
            raise InputError(
                f"every delivered invitation must have a {' and a '.join(margins)}, {delivered} "
                f"at {touchpoint} have an empty one; complete the invitation log or leave the "
                "margin out"
            )
        here = counts.setdefault(str(touchpoint), {})
        here[cell] = here.get(cell, 0) + int(delivered)
    return Population(margins=tuple(margins), counts=counts)


def survey_sample(
    answers: Source,
    *,
    metric: MetricKind,
    window: Window,
    statistic: Statistic | None = None,
    population: Population | None = None,
    adjustment: Adjustment = "raking",
    by: Sequence[str] = (),
    spans: Spans | None = None,
) -> SurveySample:
    """Ask for the answers of a period by cell and weight them; arguments as in `weighted_scores`.

    The population of a question is everyone invited at the touchpoints where it was answered. An
    answer without a customer counts as a customer of its own. ``spans`` names the periods that
    ``period`` stands for in ``by`` and in the population's margins.

    Raises:
        DataError: A column is absent.
        InputError: As in `weighted_scores`.
    """
    chosen: Statistic = statistic or ("nps" if metric == "nps" else "mean")
    if metric not in COLUMN:
        raise InputError(f"metric must be one of {', '.join(COLUMN)}, got {metric}")
    if (chosen == "nps") != (metric == "nps"):
        raise InputError(f"{metric} has no statistic {chosen!r}; nps goes with nps alone")
    margins: tuple[str, ...] = ()
    members: dict[Cell, int] | None = None
    if population and adjustment != "none":
        margins = population.margins
        asked = score_counts(answers, score=COLUMN[metric], by=["touchpoint"], **window)
        members = population.at(sorted({str(point) for point in asked["touchpoint"].dropna()}))
    coding: Coding = "value" if chosen == "mean" else chosen
    products = cell_pairs(
        answers,
        score=COLUMN[metric],
        by=[*by, *(name for name in margins if name not in by)],
        coding=coding,
        favourable=SCALES[metric].favourable,
        cluster="customer_id" if "customer_id" in answers.columns else "answer_id",
        alone="answer_id" if "answer_id" in answers.columns else None,
        spans=spans,
        **window,
    )
    return sample_from(
        products,
        metric=metric,
        statistic=chosen,
        population=members,
        margins=margins,
        adjustment=adjustment,
        by=by,
    )


def sample_from(
    products: pd.DataFrame,
    *,
    metric: MetricKind,
    statistic: Statistic,
    population: Mapping[Cell, int] | None = None,
    margins: Sequence[str] = (),
    adjustment: Adjustment = "raking",
    by: Sequence[str] = (),
) -> SurveySample:
    """Weight answers from a ``cell_pairs`` frame by ``by`` and the population's margins.

    Args:
        products: Of one question.
        metric: Its contract.
        statistic: Which the products were coded for.
        population: Members per cell of ``margins``.
        margins: Columns that make the population's cells.
        adjustment: How weights are made.
        by: Columns that name a group.

    Raises:
        InputError: No answer, weights without a population, or that cannot be made.
    """
    if adjustment != "none" and population is None:
        raise InputError(f"{adjustment} needs a population; give one, or adjustment='none'")
    weighted = population is not None and adjustment != "none"
    keys = [*by, *(name for name in margins if weighted and name not in by)]
    cells, sums = read_products(products, keys=keys)
    places = [keys.index(name) for name in margins] if weighted else []
    strata = [tuple(cell[place] for place in places) for cell in cells]
    counts: dict[Cell, int] = {}
    for stratum, n in zip(strata, sums.n, strict=True):
        counts[stratum] = counts.get(stratum, 0) + round(float(n))
    if population is None or adjustment == "none":
        weights = no_weights({("all",): sum(counts.values())}, margins=("all",))
        strata = [("all",)] * len(cells)
        design = weights.design
    elif margins[0] in APART:
        weights, design = _apart(counts, population, margins, adjustment)
    else:
        weights = MAKERS[adjustment](counts, population=population, margins=margins)
        design = weights.design
    found = [weights.cells.index(stratum) for stratum in strata]
    return SurveySample(
        metric=metric,
        statistic=statistic,
        by=tuple(by),
        groups=tuple(cell[: len(by)] for cell in cells),
        products=sums,
        weights=weights,
        answer_weights=np.array(weights.values)[found],
        design=design[found],
    )


def _apart(
    counts: Mapping[Cell, int],
    population: Mapping[Cell, int],
    margins: Sequence[str],
    adjustment: Adjustment,
) -> tuple[Weights, Floats]:
    """Weight the answers of each period, and of each item, to its own people alone."""
    depth = sum(name in APART for name in margins)
    made: list[tuple[Cell, Weights]] = []
    for part in sorted({cell[:depth] for cell in counts}):
        here, people = (
            {cell[depth:]: n for cell, n in table.items() if cell[:depth] == part}
            for table in (counts, population)
        )
        try:
            weights = MAKERS[adjustment](here, population=people, margins=margins[depth:])
        except InputError as error:
            raise InputError(f"{' · '.join(part)}: {error}") from error
        made.append((part, weights))
    widths = [weights.design.shape[1] for _, weights in made]
    design = np.zeros((sum(len(weights.cells) for _, weights in made), sum(widths)))
    row = column = 0
    for (_, weights), width in zip(made, widths, strict=True):
        design[row : row + len(weights.cells), column : column + width] = weights.design
        row, column = row + len(weights.cells), column + width
    return Weights(
        adjustment=adjustment,
        margins=tuple(margins),
        cells=tuple((*part, *cell) for part, weights in made for cell in weights.cells),
        counts=tuple(n for _, weights in made for n in weights.counts),
        values=tuple(value for _, weights in made for value in weights.values),  # noqa: PD011
        rounds=max(weights.rounds for _, weights in made),
    ), design


def read_products(frame: pd.DataFrame, *, keys: Sequence[str]) -> tuple[list[Cell], Products]:
    """Turn the lines of a ``cell_pairs`` frame into square tables over its cells.

    Raises:
        InputError: A column is absent, no answer, or fewer than 2 customers.
    """
    others = [f"{OTHER}{name}" for name in keys]
    check_columns(frame, [*keys, *others, "n", "total", "squares", "tt", "tm", "mm", "n_clusters"])
    if frame.empty:
        raise InputError("a score needs at least 1 answer in the period, got 0")
    first = [group_name(v) for v in frame[list(keys)].itertuples(index=False, name=None)]
    second = [group_name(v) for v in frame[others].itertuples(index=False, name=None)]
    cells = sorted(set(first))
    place = {cell: number for number, cell in enumerate(cells)}
    rows = np.array([place[cell] for cell in first])
    columns = np.array([place[cell] for cell in second])
    own = rows == columns

    def square(name: str) -> Floats:
        table = np.zeros((len(cells), len(cells)))
        np.add.at(table, (rows, columns), frame[name].to_numpy(dtype=np.float64))
        return table

    def line(name: str) -> Floats:
        values = frame[name].to_numpy(dtype=np.float64)
        totals = np.bincount(rows[own], weights=values[own], minlength=len(cells))
        return totals.astype(np.float64)

    return cells, Products(
        n=line("n"),
        total=line("total"),
        squares=line("squares"),
        tt=square("tt"),
        tm=square("tm"),
        mm=square("mm"),
        n_clusters=int(frame["n_clusters"].iloc[0]),
    )
