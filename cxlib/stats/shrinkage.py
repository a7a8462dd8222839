# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""Regression to the mean, and the shrinking of unit means towards the mean of all units.

A unit picked because it scored low was partly unlucky. Its luck will not repeat, so it "recovers"
with no action at all; the part expected is (1 - reliability) of its distance from the mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.clustered import Contrast
from cxlib.stats.estimate import Estimate, Unit, check_level


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """How much of the spread between units lasts from one period to the next.

    Attributes:
        share: Lasting variance of unit means over all variance of one mean, 0-1.
        variance_between: Of the units' true means, unit².
        variance_within: Of a mean over n_periods about the unit's true mean, unit².
        n_units: Units.
        n_periods: Periods that one mean covers.
    """

    share: float
    variance_between: float
    variance_within: float
    n_units: int
    n_periods: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionToMean:
    """What units picked for low scores gained, and what they would have gained anyway.

    Observed = expected with no action + remaining, to the last digit.

    Attributes:
        observed: Mean change of the picked units.
        expected: Change with no action: return to the mean plus what moved every unit.
        remaining: Observed minus expected, with its interval: all an action can claim.
        slope: How much of a unit's distance from the mean lasted.
        n_picked: Units picked.
        n_others: Units not picked.
    """

    observed: Estimate
    expected: float
    remaining: Estimate
    slope: float
    n_picked: int
    n_others: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrunkenMean:
    """A unit's mean pulled towards all units by the doubt in it."""

    raw: float
    shrunken: Estimate
    weight: float


def expected_regression(
    *, n_units: int, n_picked: int, sd_between: float, sd_within: float
) -> float:
    """Compute the gain that the lowest units make with no action, before any data are seen.

        gain = i sd_within² / sqrt(sd_between² + sd_within²)

    with i the mean standard score of the lowest n_picked of n_units normal values:
    i = phi(z) / p, less (n - k) / (2 k (n + 1) i) because the number of units is finite.

    Args:
        n_units: Units ranked.
        n_picked: Lowest units picked, fewer than n_units.
        sd_between: SD of the units' true means, 0 or more.
        sd_within: SD of the luck in one mean, 0 or more; one of both above 0.

    Raises:
        InputError: No unit picked, all picked, or no spread.

    Source: Burrows (1972), Biometrics 28(4), for i; Barnett, van der Pols and Dobson (2005),
    International Journal of Epidemiology 34(1), for the gain.
    """
    if not 0 < n_picked < n_units:
        raise InputError(f"n_picked must be from 1 to {n_units - 1}, got {n_picked}")
    if min(sd_between, sd_within) < 0 or sd_between + sd_within == 0:
        raise InputError(f"SDs must be 0 or more and not both 0, got {sd_between} and {sd_within}")
    normal = NormalDist()
    p = n_picked / n_units
    intensity = normal.pdf(normal.inv_cdf(p)) / p
    intensity -= (n_units - n_picked) / (2 * n_picked * (n_units + 1) * intensity)
    return intensity * sd_within**2 / sqrt(sd_between**2 + sd_within**2)


def reliability(means: NDArray[np.float64], *, periods_per_mean: float = 1.0) -> Reliability:
    """Estimate how much of the spread between units lasts, from several periods before the pick.

    Two-way analysis of variance without the period's own level (season moves all units alike):
    within = residual mean square, between = (mean square of units - within) / periods.

    Args:
        means: Units by periods, no gap, at least 3 units and 2 periods.
        periods_per_mean: Periods that the mean used for the pick covers (3 months of a quarter).

    Raises:
        InputError: Too few units or periods, a gap, or no spread at all.

    Source: Shrout and Fleiss (1979), Psychological Bulletin 86(2), ICC(3,k).
    """
    if means.ndim != 2 or means.shape[0] < 3 or means.shape[1] < 2:
        raise InputError(
            f"reliability needs at least 3 units by 2 periods, got shape {means.shape}"
        )
    if not np.isfinite(means).all():
        raise InputError("reliability needs a mean for every unit and period, found gaps")
    if not periods_per_mean > 0:
        raise InputError(f"periods_per_mean must be above 0, got {periods_per_mean}")
    units, periods = means.shape
    by_unit = means.mean(axis=1, keepdims=True)
    by_period = means.mean(axis=0, keepdims=True)
    residual = means - by_unit - by_period + means.mean()
    within = float(np.sum(residual**2)) / ((units - 1) * (periods - 1))
    between = max(0.0, (periods * float(by_unit.var(ddof=1)) - within) / periods)
    luck = within / periods_per_mean
    if between + luck == 0:
        raise InputError("all units are equal in every period: nothing can regress to the mean")
    return Reliability(
        share=between / (between + luck),
        variance_between=between,
        variance_within=luck,
        n_units=units,
        n_periods=periods_per_mean,
    )


def regression_to_mean(
    before: Sequence[float],
    after: Sequence[float],
    *,
    picked: Sequence[bool],
    known_reliability: float | None = None,
    unit: Unit = "rating",
    confidence_level: float = 0.95,
) -> RegressionToMean:
    """Split the gain of units picked for low scores into what would have come anyway and the rest.

        after_i = a + slope · before_i + remaining · picked_i + error_i

    Because the pick depends on nothing but `before`, the line through it takes the luck out: the
    slope is the reliability of `before`, and `remaining` is free of regression to the mean. With
    a known reliability the slope is set and the doubt is that of two group means (pooled SD).

    Args:
        before: Mean per unit in the period of the pick.
        after: Mean per unit afterwards, same order.
        picked: Which units were picked for their low `before`.
        known_reliability: Slope from earlier periods, 0-1 (see reliability); none estimates it.
        unit: Of the means.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: Unequal lengths, fewer than 2 picked or 3 other units, a reliability outside
            0-1, or `before` alike in all units.

    Source: Barnett, van der Pols and Dobson (2005), International Journal of Epidemiology 34(1);
    Goldberger (1972), University of Wisconsin IRP 123-72, for selection on `before` alone.
    """
    check_level(confidence_level)
    x, y = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    chosen = np.asarray(picked, dtype=bool)
    if not len(x) == len(y) == len(chosen):
        raise InputError(
            f"before, after and picked must be equally long, got {len(x)}, {len(y)}, {len(chosen)}"
        )
    n_picked, n_others = int(chosen.sum()), int((~chosen).sum())
    if n_picked < 2 or n_others < 3:
        raise InputError(
            "regression to the mean needs at least 2 picked and 3 other units, "
            f"got {n_picked} and {n_others}"
        )
    if known_reliability is None:
        slope, rest = _line(x, y, chosen)
    elif 0 <= known_reliability <= 1:
        slope = known_reliability
        rest = _gap(y - slope * x, chosen)
    else:
        raise InputError(f"known_reliability must be from 0 to 1, got {known_reliability}")
    change = y[chosen] - x[chosen]
    observed = Contrast(
        value=float(change.mean()),
        std_error=float(change.std(ddof=1)) / sqrt(n_picked),
        df=n_picked - 1.0,
    )
    return RegressionToMean(
        observed=observed.estimate(
            unit=unit, n_obs=n_picked, method="paired t", confidence_level=confidence_level
        ),
        expected=observed.value - rest.value,
        remaining=rest.estimate(
            unit=unit,
            n_obs=len(x),
            method="analysis of covariance on the score of the pick",
            confidence_level=confidence_level,
        ),
        slope=slope,
        n_picked=n_picked,
        n_others=n_others,
    )


def shrink_means(
    means: Sequence[float],
    variances: Sequence[float],
    *,
    n_obs: Sequence[int],
    unit: Unit = "rating",
    confidence_level: float = 0.95,
) -> tuple[ShrunkenMean, ...]:
    """Pull each unit's mean towards the mean of all units by its share of luck.

        shrunken_i = m + w_i (mean_i - m),  w_i = between / (between + variance_i)

    with the variance between units by Paule and Mandel's equation. The interval adds the doubt in m
    and in that variance to the unit's own, to first order (Kass and Steffey).

    Args:
        means: Per unit.
        variances: Squared standard error of each mean, above 0.
        n_obs: Answers behind each mean.
        unit: Of the means.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: Fewer than 3 units, unequal lengths, or a variance of 0 or less.

    Source: Paule and Mandel (1982), J. Research NBS 87(5); Kass and Steffey (1989), JASA 84(407).
    """
    check_level(confidence_level)
    y, v = np.asarray(means, dtype=float), np.asarray(variances, dtype=float)
    if len(y) < 3 or not len(y) == len(v) == len(n_obs):
        raise InputError(
            "means, variances and n_obs must be equally long, 3 or more, "
            f"got {len(y)}, {len(v)} and {len(n_obs)}"
        )
    if not (v > 0).all():
        raise InputError(f"variances must be above 0, got {v.min()}")
    between = _between(y, v)
    precision = 1 / (between + v)
    centre = float(np.average(y, weights=precision))
    centre_variance = 1 / float(precision.sum())
    between_variance = 2 / float(np.sum(precision**2))
    z = NormalDist().inv_cdf((1 + confidence_level) / 2)
    found = []
    for raw, variance, n in zip(y.tolist(), v.tolist(), n_obs, strict=True):
        weight = between / (between + variance)
        value = centre + weight * (raw - centre)
        weight_variance = (variance / (between + variance) ** 2) ** 2 * between_variance
        margin = z * sqrt(
            weight * variance
            + (1 - weight) ** 2 * centre_variance
            + (raw - centre) ** 2 * weight_variance
        )
        estimate = Estimate(
            value=value,
            ci_lower=value - margin,
            ci_upper=value + margin,
            n_obs=n,
            unit=unit,
            method="shrunken mean",
            confidence_level=confidence_level,
        )
        found.append(ShrunkenMean(raw=raw, shrunken=estimate, weight=weight))
    return tuple(found)


def _between(y: NDArray[np.float64], v: NDArray[np.float64]) -> float:
    """Solve Paule and Mandel's equation: the weighted sum of squares equals units - 1."""

    def excess(between: float) -> float:
        weights = 1 / (between + v)
        centre = np.average(y, weights=weights)
        return float(np.sum(weights * (y - centre) ** 2)) - (len(y) - 1)

    low, high = 0.0, float(np.var(y, ddof=1)) + float(v.max())
    if excess(low) <= 0:
        return 0.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2


def _line(
    x: NDArray[np.float64], y: NDArray[np.float64], chosen: NDArray[np.bool_]
) -> tuple[float, Contrast]:
    """Fit the line through `before` with a step for the picked units."""
    design = np.column_stack([np.ones(len(x)), x, chosen.astype(float)])
    if np.linalg.matrix_rank(design) < 3:
        raise InputError("before must differ between units, it is the same in every group")
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ y
    df = len(x) - 3.0
    variance = float(np.sum((y - design @ coefficients) ** 2)) / df
    step = Contrast(
        value=float(coefficients[2]), std_error=sqrt(variance * float(inverse[2, 2])), df=df
    )
    return float(coefficients[1]), step


def _gap(rest: NDArray[np.float64], chosen: NDArray[np.bool_]) -> Contrast:
    """Compare two group means with a pooled SD."""
    ours, theirs = rest[chosen], rest[~chosen]
    df = len(rest) - 2.0
    squares = float(np.sum((ours - ours.mean()) ** 2) + np.sum((theirs - theirs.mean()) ** 2))
    return Contrast(
        value=float(ours.mean() - theirs.mean()),
        std_error=sqrt(squares / df * (1 / len(ours) + 1 / len(theirs))),
        df=df,
    )
