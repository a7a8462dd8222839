"""Whether those who answered look like those who were asked, and what weighting does about it."""

from dataclasses import dataclass
from math import sqrt

import pandas as pd

from cxlib.errors import InputError
from cxlib.measures.survey_sample import UNITS, SurveySample, read_products
from cxlib.measures.weighted import estimate_group
from cxlib.stats import linearised
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.linearised import Linear
from cxlib.stats.means import t_quantile, t_two_sided_p
from cxlib.stats.multiplicity import holm, holm_levels
from cxlib.stats.weighting import Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginShare:
    """One category of a margin among the invited and among those who answered.

    Attributes:
        margin: The column ("segment").
        category: Its value ("member").
        invited: Delivered invitations; None when hidden, like what follows but ``difference``.
        answered: Completed ones.
        invited_share: Of all delivered invitations, 0-1.
        answered_share: Of all completed ones, 0-1.
        difference: answered_share - invited_share, Holm over the categories of the margin.
        minimum_cell: Categories with fewer delivered invitations are hidden.
    """

    margin: str
    category: str
    invited: int | None
    answered: int | None
    invited_share: float | None
    answered_share: float | None
    difference: Estimate | None
    minimum_cell: int

    @property
    def suppressed(self) -> bool:
        """Whether the category has too few invitations to be shown."""
        return self.difference is None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightingChange:
    """A score before and after weighting.

    Attributes:
        unweighted: Plain score.
        weighted: Weighted score.
        change: weighted - unweighted, with the error of a difference on the same answers.
        weights: The weights.
    """

    unweighted: Estimate
    weighted: Estimate
    change: Estimate
    weights: Weights

    @property
    def largest_weight(self) -> float:
        """What the heaviest answer counts for, where the average answer counts for 1."""
        return max(self.weights.values)

    @property
    def smallest_weight(self) -> float:
        """What the lightest answer counts for."""
        return min(self.weights.values)


def representativity(
    products: pd.DataFrame,
    *,
    margin: str,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> tuple[MarginShare, ...]:
    """Compare each category's share of the answers with its share of the invitations.

        difference(c) = r(c) N(c) / Σ r N - N(c) / Σ N,  r the response rate

    Who was invited is fixed, who answers is chance, and one customer's invitations go together.

    Args:
        products: ``cell_pairs`` of the invitation log, ``score="completed"``, by ``margin`` alone,
            delivered invitations only.
        margin: The column.
        confidence_level: Of the family of categories, in [0.9, 1).
        minimum_cell: Categories with fewer delivered invitations are hidden.

    Raises:
        InputError: Nobody answered, or everybody did.

    Source: linearised shares, Särndal and Lundström (2005), Estimation in Surveys with
    Nonresponse; Holm (1979).
    """
    check_level(confidence_level)
    cells, sums = read_products(products, keys=[margin])
    invited, answered = float(sums.n.sum()), float(sums.total.sum())
    if not 0 < answered < invited:
        raise InputError(
            f"representativity needs some answers and some silence, got {answered:.0f} answers "
            f"to {invited:.0f} invitations; count the invitation log"
        )
    rate = sums.total / sums.n
    places = range(len(cells))
    shares = sums.total / answered
    errors = []
    for i in places:
        pull = (sums.n * 0.0 - shares[i]) / answered
        pull[i] += 1 / answered
        linear = Linear(value=float(shares[i]), alpha=pull, beta=pull * rate)
        errors.append(sqrt(linearised.variance(linear, sums)))
    df = sums.n_clusters - 1
    gaps = [float(shares[i] - sums.n[i] / invited) for i in places]
    p_values = [
        t_two_sided_p(gap / error, df=df) if error > 0 else float(gap == 0)
        for gap, error in zip(gaps, errors, strict=True)
    ]
    levels = holm_levels(p_values, confidence_level=confidence_level)
    found = []
    for i, p_value in zip(places, holm(p_values), strict=True):
        hidden = sums.n[i] < minimum_cell
        reach = t_quantile(levels[i], df=df) * errors[i]
        difference = Estimate(
            value=gaps[i],
            ci_lower=gaps[i] - reach,
            ci_upper=gaps[i] + reach,
            n_obs=int(sums.n[i]),
            unit="pp",
            method="clustered t",
            confidence_level=levels[i],
            p_value=p_value,
        )
        found.append(
            MarginShare(
                margin=margin,
                category=cells[i][0],
                invited=None if hidden else int(sums.n[i]),
                answered=None if hidden else int(sums.total[i]),
                invited_share=None if hidden else float(sums.n[i] / invited),
                answered_share=None if hidden else float(shares[i]),
                difference=None if hidden else difference,
                minimum_cell=minimum_cell,
            )
        )
    return tuple(found)


def weighting_change(sample: SurveySample, *, confidence_level: float = 0.95) -> WeightingChange:
    """Say what weighting does to the score of everyone together.

    Both scores come from the same answers: the error of their difference is far smaller than
    either score's own.

    Args:
        sample: Weighted, without groups.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: A sample with groups.
    """
    check_level(confidence_level)
    if sample.by:
        raise InputError(f"a change by weighting needs a sample without groups, got {sample.by}")
    plain = sample.unweighted()
    difference = sample.linear(()) - plain.linear(())
    margin = t_quantile(confidence_level, df=sample.products.n_clusters - 1)
    margin *= linearised.standard_error(difference, sample.products)
    unit, _ = UNITS[sample.statistic]
    before = estimate_group(plain, (), confidence_level)
    return WeightingChange(
        unweighted=before,
        weighted=estimate_group(sample, (), confidence_level),
        change=Estimate(
            value=difference.value,
            ci_lower=difference.value - margin,
            ci_upper=difference.value + margin,
            n_obs=before.n_obs,
            unit="pp" if unit == "share" else unit,
            method="clustered t",
            confidence_level=confidence_level,
        ),
        weights=sample.weights,
    )
