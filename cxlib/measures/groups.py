"""Groups held against each other on the same answers: differences by Holm, and consistency."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from typing import Literal

from cxlib.data.source import Source
from cxlib.engagement.scales import SCALES, MetricKind
from cxlib.engagement.schema import Precision, Window
from cxlib.errors import InputError
from cxlib.measures.ordinal import ordinal_differences
from cxlib.measures.survey_sample import UNITS, Population, Statistic, SurveySample, survey_sample
from cxlib.measures.weighted import Basis, WeightedScore, adjusted_net, group_basis, score_groups
from cxlib.stats import linearised
from cxlib.stats.equivalence import Equivalence, equivalence
from cxlib.stats.estimate import Estimate, Unit, check_level
from cxlib.stats.means import t_quantile, t_two_sided_p, welch_df
from cxlib.stats.multiplicity import holm, holm_levels, simultaneous_level
from cxlib.stats.weighting import Cell

Direction = Literal["first", "second", "unclear"]
FEWEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDifference:
    """Two groups of one sample compared.

    Attributes:
        first: Group whose score stands first in the difference.
        second: Group that is subtracted.
        estimate: first - second; its p-value is Holm's over the family, and its interval leaves
            out 0 exactly when that p-value is at most 1 - the family's confidence level.
        family: How many comparisons were made together.
        higher: Which group's score is shown to be higher, if any.
    """

    first: Cell
    second: Cell
    estimate: Estimate
    family: int
    higher: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """Whether groups score alike within a margin stated beforehand.

    Attributes:
        margin: The largest difference that would not matter, in the unit of the score.
        differences: Every pair, first minus second; intervals at the level asked for.
        verdicts: Of each pair.
        verdict: "equivalent" only when every pair's interval lies inside the margin; "different"
            when some pair lies beyond it for certain, the number of pairs allowed for; else
            "cannot_tell".
        worst: Place of the pair whose interval reaches furthest from 0.
    """

    margin: float
    differences: tuple[GroupDifference, ...]
    verdicts: tuple[Equivalence, ...]
    verdict: Equivalence
    worst: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupComparison:
    """The groups of one column side by side.

    Attributes:
        by: The column.
        sample: The answers and weights behind it.
        scores: Score of each group; those under the minimum cell hidden.
        differences: Every two groups; empty when fewer than two can be shown.
        alike: Whether they are consistent within the margin asked for; None without margin or
            differences.
        chances: Per pair of ``differences`` the chance that a random answer of the first is
            higher: the same groups compared by order alone, a family of its own under Holm.
    """

    by: str
    sample: SurveySample
    scores: tuple[WeightedScore, ...]
    differences: tuple[GroupDifference, ...]
    alike: Consistency | None
    chances: tuple[Estimate, ...] = ()


def compare_groups(
    answers: Source,
    *,
    by: str,
    metric: MetricKind,
    window: Window,
    statistic: Statistic | None = None,
    population: Population | None = None,
    margin: float | None = None,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> GroupComparison:
    """Score the groups of a column and compare every two; raked where a population is given.

    Args:
        answers: One row per answer.
        by: The column; answers without a value in it belong to no group, and a client whose
            answers have no such column has nothing to compare.
        metric: Which question.
        window: Half-open period of a date column.
        statistic: As in `weighted_scores`.
        population: Everyone invited; None leaves the answers unweighted.
        margin: Also test consistency within this margin, in the unit of the score.
        confidence_level: In [0.9, 1).
        minimum_cell: Groups with fewer answers are hidden and not compared.

    Raises:
        InputError: Weights that cannot be made, or a margin of 0 or less.
    """
    named = by in answers.columns
    sample = survey_sample(
        answers, metric=metric, window=window, statistic=statistic, population=population,
        adjustment="none" if population is None else "raking", by=[by] if named else [],
    )  # fmt: skip
    precision = Precision(confidence_level=confidence_level, minimum_cell=minimum_cell)
    scores = tuple(score for score in score_groups(sample, **precision) if score.group != ("",))
    enough = named and sum(not score.suppressed for score in scores) >= FEWEST
    alike = consistency(sample, margin=margin, **precision) if enough and margin else None
    differences = group_differences(sample, **precision) if enough else ()
    pairs = [(pair.first[0], pair.second[0]) for pair in differences]
    ordered = {}
    if pairs:
        ordered = ordinal_differences(
            answers, by=by, metric=metric, window=window, population=population, pairs=pairs,
            **precision,
        )  # fmt: skip
    return GroupComparison(
        by=by,
        sample=sample,
        scores=scores,
        differences=differences,
        alike=alike,
        chances=tuple(ordered[pair] for pair in pairs) if len(ordered) == len(pairs) else (),
    )


def fortieth_of_scale(metric: MetricKind, statistic: Statistic) -> float:
    """Return the margin to use where nobody stated one: 5 NPS points, 0.1 of CSAT's 1 to 5."""
    if statistic == "nps":
        return 5.0
    if statistic == "share":
        return 1 / 40
    return (SCALES[metric].maximum - SCALES[metric].minimum) / 40


def group_differences(
    sample: SurveySample, *, confidence_level: float = 0.95, minimum_cell: int = 30
) -> tuple[GroupDifference, ...]:
    """Compare every two groups of a sample, all together (Holm).

    NPS and shares with half the answers added that a single interval has, means by t. The same
    customers may be in both groups: their covariance is in the error.

    Args:
        sample: With a ``by``; groups under ``minimum_cell`` answers are left out.
        confidence_level: Of the family, in [0.9, 1).
        minimum_cell: Fewest answers of a group.

    Raises:
        InputError: Fewer than 2 groups have enough answers.

    Source: Holm (1979); Agresti and Caffo (2000), The American Statistician 54(4).
    """
    check_level(confidence_level)
    pairs = _pairs(sample, minimum_cell)
    raw = [difference_of(sample, a, b, level=confidence_level) for a, b in pairs]
    p_values = [float(estimate.p_value or 0.0) for estimate in raw]
    adjusted = holm(p_values)
    levels = holm_levels(p_values, confidence_level=confidence_level)
    found = []
    for (a, b), p_value, level in zip(pairs, adjusted, levels, strict=True):
        estimate = difference_of(sample, a, b, level=level, p_value=p_value)
        higher: Direction = "unclear"
        if estimate.excludes(0.0):
            higher = "first" if estimate.value > 0 else "second"
        found.append(
            GroupDifference(first=a, second=b, estimate=estimate, family=len(pairs), higher=higher)
        )
    return tuple(found)


def consistency(
    sample: SurveySample,
    *,
    margin: float,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> Consistency:
    """Test whether all groups of a sample score alike within a margin.

    Every pair must pass, so no adjustment is needed to call them consistent; to call some pair
    different its interval is widened for the number of pairs. "No significant difference" is
    neither: it is "cannot_tell".

    Args:
        sample: With a ``by``, such as the channel.
        margin: Above 0, in the unit of the score; declared before the data were seen.
        confidence_level: In [0.9, 1); 0.9 is the usual test at 5 %, higher is stricter.
        minimum_cell: Fewest answers of a group.

    Raises:
        InputError: A margin of 0 or less, or fewer than 2 groups with enough answers.

    Source: Schuirmann (1987); Berger (1982), Technometrics 24(4).
    """
    check_level(confidence_level)
    pairs = _pairs(sample, minimum_cell)
    wide = simultaneous_level(confidence_level, comparisons=len(pairs))
    differences = tuple(
        GroupDifference(
            first=a,
            second=b,
            estimate=difference_of(sample, a, b, level=confidence_level),
            family=len(pairs),
            higher="unclear",
        )
        for a, b in pairs
    )
    verdicts = tuple(equivalence(pair.estimate, margin=margin) for pair in differences)
    apart = [equivalence(difference_of(sample, a, b, level=wide), margin=margin) for a, b in pairs]
    verdict: Equivalence = "cannot_tell"
    if "different" in apart:
        verdict = "different"
    elif all(found == "equivalent" for found in verdicts):
        verdict = "equivalent"
    reach = [max(-d.estimate.ci_lower, d.estimate.ci_upper) for d in differences]
    return Consistency(
        margin=margin,
        differences=differences,
        verdicts=verdicts,
        verdict=verdict,
        worst=reach.index(max(reach)),
    )


def _pairs(sample: SurveySample, minimum_cell: int) -> Sequence[tuple[Cell, Cell]]:
    groups = sorted(group for group in set(sample.groups) if "" not in group)
    shown = [group for group in groups if sample.n_obs(group) >= max(FEWEST, minimum_cell)]
    if len(shown) < FEWEST:
        raise InputError(
            f"a comparison needs at least 2 groups with {minimum_cell} answers, got {len(shown)} "
            f"of {len(groups)}; widen the period or merge groups"
        )
    return list(combinations(shown, 2))


def difference_of(
    sample: SurveySample, a: Cell, b: Cell, *, level: float, p_value: float | None = None
) -> Estimate:
    """Estimate the difference of two groups at a level; without a p-value, with its own."""
    unit, scale = UNITS[sample.statistic]
    first, second = (group_basis(sample, group, max(level, 0.9)) for group in (a, b))
    linear = [sample.linear(group).scaled(1 / scale) for group in (a, b)]
    shared = 2 * linearised.covariance(linear[0], linear[1], sample.products)
    (centre_a, part_a), (centre_b, part_b) = (_centred(sample, basis) for basis in (first, second))
    # Customers in both groups cannot explain all of the spread that is left.
    spread = part_a + part_b
    squared = max(spread - shared, 1e-3 * spread) if spread > 0 else 0.0
    centre, error = centre_a - centre_b, sqrt(squared)
    margin, own = 0.0, float(centre == 0)
    if error > 0:
        df = welch_df((part_a, _units(first)), (part_b, _units(second)))
        margin = t_quantile(level, df=df) * error
        own = t_two_sided_p(centre / error, df=df)
    reach = 2.0 if sample.statistic == "nps" else 1.0 if sample.statistic == "share" else None
    low, high = centre - margin, centre + margin
    if reach is not None:
        low, high = max(-reach, low), min(reach, high)
    shown: Unit = "pp" if unit == "share" else unit
    return Estimate(
        value=scale * (first.mean - second.mean),
        ci_lower=scale * low,
        ci_upper=scale * high,
        n_obs=sample.n_obs(a) + sample.n_obs(b),
        unit=shown,
        method="clustered t" if sample.statistic == "mean" else "adjusted Wald, effective n",
        confidence_level=level,
        p_value=own if p_value is None else p_value,
    )


def _centred(sample: SurveySample, basis: Basis) -> tuple[float, float]:
    """Return the centre of a group in a difference and its squared error."""
    if sample.statistic == "nps":
        return adjusted_net(basis.mean, basis.second, basis.n_effective, added=0.375)
    if sample.statistic == "share":
        n = basis.n_effective
        p = (n * basis.mean + 1) / (n + 2)
        return p, p * (1 - p) / (n + 2)
    return basis.mean, basis.error**2


def _units(basis: Basis) -> int:
    return max(2, round(basis.clusters))
