"""Compare two arms measured in other ways than a plain share or mean: one function a kind."""

from dataclasses import replace

import numpy as np

from cxlib.decisions.comparison import no_ratio, proportions
from cxlib.decisions.outcomes import (
    Arm,
    ClusterOutcome,
    Comparison,
    Counts,
    Floats,
    Metric,
    MomentsOutcome,
    ProportionOutcome,
    ScoreOutcome,
    WaitOutcome,
)
from cxlib.errors import InputError
from cxlib.measures.survey import nps_from_counts
from cxlib.stats.effects import Effect, nps_effect
from cxlib.stats.estimate import Estimate, Unit
from cxlib.stats.means import mean_estimate
from cxlib.stats.ordinal_effects import OddsModel
from cxlib.stats.proportions import proportion

TINY = 1e-12
FEW_CLUSTERS = 6


def moments(
    metric: Metric, theirs: MomentsOutcome, ours: MomentsOutcome, level: float
) -> Comparison:
    """Compare shares, means or ratios with covariates, and ratios without."""
    from cxlib.stats.cuped import Moments, mean_effect
    from cxlib.stats.ratio_effects import ratio_effect, ratio_value

    if metric.kind == "proportion" and min(each.cov[0, 0] for each in (theirs, ours)) < TINY:
        counts = [
            ProportionOutcome(successes=round(each.means[0] * each.n_obs), n_obs=each.n_obs)
            for each in (theirs, ours)
        ]
        return proportions(metric, counts[0], counts[1], level)
    arms = [Moments(n=each.n_obs, means=each.means, cov=each.cov) for each in (theirs, ours)]
    if metric.kind == "ratio":
        for name, each in (("control", theirs), ("treatment", ours)):
            if not each.means[1] > 0:
                raise InputError(
                    f"{metric.column} is divided by {metric.denominator}, which must sum to more "
                    f"than 0 in every arm, got {each.means[1] * each.n_obs:g} in {name}"
                )
    _varies(metric, [each.cov[0, 0] for each in (theirs, ours)], [theirs.n_obs, ours.n_obs])
    unit: Unit = metric.effect_unit
    if metric.kind == "ratio":
        found = ratio_effect(*arms, confidence_level=level, unit=unit)
        values = [ratio_value(arm, confidence_level=level, unit=unit) for arm in arms]
    else:
        found = mean_effect(*arms, confidence_level=level, unit=unit)
        values = [_value(metric, each, level) for each in (theirs, ours)]
    return _made(
        metric, values, found.effect, level,
        unadjusted=found.unadjusted.effect, reduction=found.variance_reduction,
    )  # fmt: skip


def scores(metric: Metric, theirs: ScoreOutcome, ours: ScoreOutcome, level: float) -> Comparison:
    """Compare scores counted per value: NPS, an ordered scale, a quantile."""
    if metric.kind == "nps":
        bands = [_bands(each) for each in (theirs, ours)]
        filled = {place for band in bands for place, count in enumerate(band) if count}
        _varies(metric, [len(filled) - 1.0], [theirs.n_obs, ours.n_obs])
        found = nps_effect(*bands, confidence_level=level)
        return _made(metric, [_nps(band, level) for band in bands], found, level)
    values, control, treatment = _together(theirs, ours)
    _varies(metric, [float(len(values) - 1)], [theirs.n_obs, ours.n_obs])
    if metric.kind == "ordinal":
        from cxlib.stats.ordinal_effects import chance_effect

        chance = chance_effect(values, control=control, treatment=treatment, confidence_level=level)
        means = [_counted(each, level, metric.unit) for each in (theirs, ours)]
        return _made(metric, means, chance.effect, level)
    from cxlib.stats.quantile_effects import quantile_effect, quantile_value

    share = metric.quantile or 0.5
    found = quantile_effect(
        values, control=control, treatment=treatment, share=share,
        confidence_level=level, unit=metric.unit,
    )  # fmt: skip
    quantiles = [
        quantile_value(values, counts, share=share, confidence_level=level, unit=metric.unit)
        for counts in (control, treatment)
    ]
    return _made(metric, quantiles, found, level)


def odds(metric: Metric, *, control: Arm, treatment: Arm, level: float) -> OddsModel | None:
    """Say an ordered scale's effect as one odds ratio of a higher answer; None for other kinds."""
    from cxlib.stats.ordinal_effects import proportional_odds

    theirs, ours = (arm.outcomes.get(metric.column) for arm in (control, treatment))
    if metric.kind != "ordinal":
        return None
    if not (isinstance(theirs, ScoreOutcome) and isinstance(ours, ScoreOutcome)):
        return None
    values, *counts = _together(theirs, ours)
    return proportional_odds(values, control=counts[0], treatment=counts[1], confidence_level=level)


def waits(metric: Metric, theirs: WaitOutcome, ours: WaitOutcome, level: float) -> Comparison:
    """Compare the mean time up to a horizon, with units still waiting."""
    from cxlib.stats.time_effects import TimeCounts, restricted_mean_effect

    counts = [
        TimeCounts(times=each.times, events=each.events, censored=each.censored)
        for each in (theirs, ours)
    ]
    found = restricted_mean_effect(
        *counts, horizon=metric.horizon_days or 0.0, confidence_level=level
    )
    return _made(metric, [found.control, found.treatment], found.effect, level)


def clusters(
    metric: Metric, theirs: ClusterOutcome, ours: ClusterOutcome, level: float
) -> Comparison:
    """Compare arms randomised by cluster (stores, agents): the spread is that between clusters.

    Under FEW_CLUSTERS in an arm the formula leans on a guess of its own spread: every assignment
    that could have been drawn is tried instead, where there are enough of them for the level.
    """
    from cxlib.stats.cluster_trials import ClusterSums, cluster_effect, permutation_effect

    arms = [ClusterSums(total=each.total, base=each.base) for each in (theirs, ours)]
    found = cluster_effect(*arms, confidence_level=level, unit=metric.effect_unit)
    if min(len(arm.base) for arm in arms) < FEW_CLUSTERS:
        drawn = permutation_effect(*arms, confidence_level=level, unit=metric.effect_unit).effect
        if drawn.has_interval:
            found = replace(found, effect=drawn)
    values = [
        _plain(each.total.sum() / each.base.sum(), each.n_obs, _level_unit(metric), level)
        for each in (theirs, ours)
    ]
    return _made(metric, values, found, level)


def _made(
    metric: Metric,
    values: list[Estimate],
    found: Effect,
    level: float,
    *,
    unadjusted: Estimate | None = None,
    reduction: float = 0.0,
) -> Comparison:
    relative = found.rel_effect
    return Comparison(
        metric=metric,
        control=values[0],
        treatment=values[1],
        effect=found.effect,
        rel_effect=no_ratio(found.effect.n_obs, found.effect.method, level)
        if relative is None
        else replace(relative, unit="ratio"),
        std_error=found.std_error,
        df=found.df,
        unadjusted=unadjusted,
        variance_reduction=reduction,
    )


def _value(metric: Metric, outcome: MomentsOutcome, level: float) -> Estimate:
    mean, n_obs = float(outcome.means[0]), outcome.n_obs
    if metric.kind == "proportion":
        return proportion(round(mean * n_obs), n_obs, confidence_level=level)
    return mean_estimate(
        n_obs, mean, float(outcome.cov[0, 0]), confidence_level=level, unit=metric.unit
    )


def _level_unit(metric: Metric) -> Unit:
    return "share" if metric.kind == "proportion" else metric.unit


def _plain(value: float, n_obs: int, unit: Unit, level: float) -> Estimate:
    nothing = float("nan")
    return Estimate(
        value=float(value), ci_lower=nothing, ci_upper=nothing, n_obs=n_obs, unit=unit,
        method="ratio of totals", confidence_level=level,
    )  # fmt: skip


def _bands(outcome: ScoreOutcome) -> tuple[int, int, int]:
    """Promoters, passives and detractors."""
    up, down = outcome.values >= 9, outcome.values <= 6  # noqa: PLR2004 - the score's own bands
    middle = ~(up | down)
    counted = [int(outcome.counts[band].sum()) for band in (up, middle, down)]
    return counted[0], counted[1], counted[2]


def _nps(bands: tuple[int, int, int], level: float) -> Estimate:
    return nps_from_counts(*bands, confidence_level=level)


def _counted(outcome: ScoreOutcome, level: float, unit: Unit) -> Estimate:
    """Mean score of an arm, to read beside the chance."""
    n = outcome.n_obs
    mean = float(outcome.values @ outcome.counts) / n
    squares = float((outcome.values - mean) ** 2 @ outcome.counts)
    return mean_estimate(n, mean, squares / max(n - 1, 1), confidence_level=level, unit=unit)


def _together(theirs: ScoreOutcome, ours: ScoreOutcome) -> tuple[Floats, Counts, Counts]:
    """Both arms' counts on the same ascending values."""
    values = np.union1d(theirs.values, ours.values)
    counts = [np.zeros(len(values), dtype=np.int64) for _ in range(2)]
    for place, each in enumerate((theirs, ours)):
        counts[place][np.searchsorted(values, each.values)] = each.counts
    return values, counts[0], counts[1]


def _varies(metric: Metric, spread: list[float], n_obs: list[int]) -> None:
    if not any(part > 0 for part in spread):
        raise InputError(
            f"{metric.column} is the same for all {sum(n_obs)} units, so there is nothing to "
            "compare; leave it out, or check that the right column was read"
        )
