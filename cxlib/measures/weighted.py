"""NPS, CSAT and CES, weighted or not, with the error between customers: one call for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from cxlib.data.source import Source
from cxlib.engagement.scales import SCALES, MetricKind
from cxlib.engagement.schema import Window
from cxlib.errors import InputError
from cxlib.measures.distribution import check_minimum_cell
from cxlib.measures.survey_sample import UNITS, Population, Statistic, SurveySample, survey_sample
from cxlib.stats import linearised
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.means import t_quantile
from cxlib.stats.proportions import normal_quantile
from cxlib.stats.weighting import Adjustment, Cell, effective_n


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedScore:
    """The score of one group.

    Attributes:
        group: Values of the ``by`` columns; empty for everyone together.
        estimate: The score; None when the group is under the minimum cell, like what follows.
        standard_error: Between customers, in the unit of the estimate.
        effective_n: Kish's effective number of answers, from the weights alone.
        effective_customers: The same with a customer's answers taken together.
        suppressed: Whether the group is hidden.
        minimum_cell: The floor that was applied.
    """

    group: Cell
    estimate: Estimate | None
    standard_error: float | None
    effective_n: float | None
    effective_customers: float | None
    suppressed: bool
    minimum_cell: int

    @property
    def shown(self) -> Estimate:
        """The estimate of a group that is not hidden.

        Raises:
            InputError: The group is under the minimum cell.
        """
        if self.estimate is None:
            raise InputError(
                f"group '{' · '.join(self.group)}' has fewer than {self.minimum_cell} answers and "
                "is hidden; merge it with another group"
            )
        return self.estimate

    @property
    def n_label(self) -> str:
        """The number of answers as a table may print it."""
        return f"<{self.minimum_cell}" if self.estimate is None else str(self.estimate.n_obs)


def weighted_scores(
    answers: Source,
    *,
    metric: MetricKind,
    window: Window,
    statistic: Statistic | None = None,
    population: Population | None = None,
    adjustment: Adjustment = "raking",
    by: Sequence[str] = (),
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> tuple[WeightedScore, ...]:
    """Score each group of a period's answers, weighted to the population or not.

    ``adjustment="none"`` gives plain scores with the error between customers and needs no
    population. Weights are made once, for all answers to the question; groups share them.

    Args:
        answers: One row per answer.
        metric: Which question; its contract says which answers count as favourable.
        window: Half-open period of a date column.
        statistic: "nps", "mean" or "share"; without it NPS for nps, else the mean.
        population: Everyone invited, from ``invited_population``.
        adjustment: "raking" to each margin, "post-stratification" to each cell, or "none".
        by: Columns that name the group.
        confidence_level: In [0.9, 1).
        minimum_cell: Groups with fewer answers come back suppressed.

    Raises:
        DataError: A column is absent.
        InputError: Weights without a population, or that cannot be made; a statistic the metric
            does not have; fewer than 2 customers.
    """
    sample = survey_sample(
        answers, metric=metric, window=window, statistic=statistic, population=population,
        adjustment=adjustment, by=by,
    )  # fmt: skip
    return score_groups(sample, confidence_level=confidence_level, minimum_cell=minimum_cell)


def score_groups(
    sample: SurveySample, *, confidence_level: float = 0.95, minimum_cell: int = 30
) -> tuple[WeightedScore, ...]:
    """Estimate the score of each group of a sample.

    NPS by adjusted Wald and shares by Wilson, both on the effective number of answers
    n* = S² / se² (`stats.linearised.effective_answers`); means by t. With equal weights and one
    answer a customer they are the intervals of ``measures.survey``.
    """
    check_level(confidence_level)
    check_minimum_cell(minimum_cell)
    groups = sorted(set(sample.groups))
    return tuple(_score(sample, group, confidence_level, minimum_cell) for group in groups)


def _score(
    sample: SurveySample, group: Cell, confidence_level: float, minimum_cell: int
) -> WeightedScore:
    members = sample.members(group)
    n = sample.n_obs(group)
    clusters = linearised.effective_clusters(
        sample.products, answer_weights=sample.answer_weights, members=members
    )
    hidden = n < minimum_cell or clusters <= 1
    weights = sample.answer_weights[members]
    counts = [round(float(k)) for k in sample.products.n[members]]
    error = linearised.standard_error(sample.linear(group), sample.products)
    return WeightedScore(
        group=group,
        estimate=None if hidden else estimate_group(sample, group, confidence_level),
        standard_error=None if hidden else error,
        effective_n=None if hidden else effective_n(weights.tolist(), counts),
        effective_customers=None if hidden else clusters,
        suppressed=hidden,
        minimum_cell=minimum_cell,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What an interval of a group's score starts from.

    Attributes:
        mean: Of the coded answers (-1 to 1 for NPS, 0-1 for shares, else the scale's own).
        second: Mean of the squared coded answers: promoters and detractors together, for NPS.
        n_effective: Independent answers that would be as precise.
        error: Standard error of ``mean``.
        clusters: Effective customers.
    """

    mean: float
    second: float
    n_effective: float
    error: float
    clusters: float


def group_basis(sample: SurveySample, group: Cell, confidence_level: float) -> Basis:
    """Return what the intervals of a group, and of its differences, start from."""
    members = sample.members(group)
    linear = sample.linear(group).scaled(1 / UNITS[sample.statistic][1])
    squared = linearised.variance(linear, sample.products)
    second, single = linearised.spread(
        linear.value, sample.products, answer_weights=sample.answer_weights, members=members
    )
    clusters = linearised.effective_clusters(
        sample.products, answer_weights=sample.answer_weights, members=members
    )
    return Basis(
        mean=linear.value,
        second=second,
        n_effective=linearised.effective_answers(
            sample.n_obs(group),
            answer_variance=single,
            squared_error=squared,
            clusters=clusters,
            level=confidence_level,
        ),
        error=sqrt(squared),
        clusters=clusters,
    )


def estimate_group(sample: SurveySample, group: Cell, confidence_level: float) -> Estimate:
    """Estimate one group's score with its interval."""
    basis = group_basis(sample, group, confidence_level)
    z = normal_quantile(confidence_level)
    n = basis.n_effective
    unit, scale = UNITS[sample.statistic]
    lowest, highest = -1.0, 1.0
    if sample.statistic == "nps":
        centre, squared = adjusted_net(basis.mean, basis.second, n, added=0.75)
        margin, method = z * sqrt(squared), "adjusted Wald, effective n"
    elif sample.statistic == "share":
        lowest = 0.0
        centre = (basis.mean + z * z / (2 * n)) / (1 + z * z / n)
        root = basis.mean * (1 - basis.mean) / n + z * z / (4 * n * n)
        margin, method = z * sqrt(root) / (1 + z * z / n), "Wilson, effective n"
    else:
        limits = SCALES[sample.metric]
        lowest, highest = float(limits.minimum), float(limits.maximum)
        centre, method = basis.mean, "clustered t"
        margin = t_quantile(confidence_level, df=max(basis.clusters - 1, 1)) * basis.error
    return Estimate(
        value=scale * basis.mean,
        # Worth two or three answers, a unanimous group lies outside its own shrunken interval.
        ci_lower=scale * min(basis.mean, max(lowest, centre - margin)),
        ci_upper=scale * max(basis.mean, min(highest, centre + margin)),
        n_obs=sample.n_obs(group),
        unit=unit,
        method=method,
        confidence_level=confidence_level,
    )


def adjusted_net(net: float, either: float, n: float, *, added: float) -> tuple[float, float]:
    """Return centre and squared error of promoters minus detractors with answers added.

    Args:
        net: Share of promoters minus share of detractors, -1 to 1.
        either: Share of promoters plus share of detractors.
        n: (Effective) answers.
        added: Answers added to each end; twice as many go to the middle.

    Source: Rocks (2016), The American Statistician 70(4).
    """
    m = n + 4 * added
    centre = n * net / m
    return centre, ((n * either + 2 * added) / m - centre * centre) / m
