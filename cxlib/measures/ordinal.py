"""Groups compared by the order of their answers: how often a random answer of one is higher."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from cxlib.data.source import Source
from cxlib.engagement.scales import MetricKind
from cxlib.engagement.schema import Window
from cxlib.measures.survey_sample import COLUMN, Population, SurveySample, survey_sample
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.linearised import Mask, effective_clusters
from cxlib.stats.multiplicity import holm, holm_levels
from cxlib.stats.ordinal import FEWEST, chance_higher

Pair = tuple[str, str]


def ordinal_differences(
    answers: Source,
    *,
    by: str,
    metric: MetricKind,
    window: Window,
    population: Population | None = None,
    pairs: Sequence[Pair] | None = None,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> dict[Pair, Estimate]:
    """Estimate for every two groups the chance that a random answer of the first is higher.

    One family under Holm: an interval leaves out one half exactly when its p-value is at most
    1 - confidence_level. Customers may repeat and be in both groups.

    Args:
        answers: One row per answer.
        by: The column.
        metric: Which question; a higher answer is better except for effort (CES v1).
        window: Half-open period of a date column.
        population: Everyone invited; None leaves the answers unweighted.
        pairs: The comparisons of the family; every two groups where None.
        confidence_level: Of the family, in [0.9, 1).
        minimum_cell: Groups with fewer answers are left out.

    Raises:
        InputError: No answer, one customer, or weights that cannot be made.
    """
    check_level(confidence_level)
    sample = survey_sample(
        answers, metric=metric, window=window, population=population,
        adjustment="none" if population is None else "raking", by=[by, COLUMN[metric]],
    )  # fmt: skip
    names = np.array([group[0] for group in sample.groups])
    shown = [
        str(name)
        for name in sorted(set(names.tolist()) - {""})
        if sample.products.n[names == name].sum() >= minimum_cell
        and effective_clusters(
            sample.products, answer_weights=sample.answer_weights, members=names == name
        )
        >= FEWEST
    ]
    wanted = [
        (a, b) for a, b in (combinations(shown, 2) if pairs is None else pairs)
        if a in shown and b in shown
    ]  # fmt: skip
    raw = [_compare(sample, names == a, names == b, level=confidence_level) for a, b in wanted]
    p_values = [float(estimate.p_value or 0.0) for estimate in raw]
    levels = holm_levels(p_values, confidence_level=confidence_level)
    return {
        (a, b): _compare(sample, names == a, names == b, level=level, p_value=p_value)
        for (a, b), level, p_value in zip(wanted, levels, holm(p_values), strict=True)
    }


def _compare(
    sample: SurveySample, first: Mask, second: Mask, *, level: float, p_value: float | None = None
) -> Estimate:
    return chance_higher(
        np.array([float(group[1]) for group in sample.groups]),
        sample.products,
        answer_weights=sample.answer_weights,
        first=first,
        second=second,
        design=sample.design,
        confidence_level=level,
        p_value=p_value,
    )
