"""One metric in two arms of an experiment: difference, relative difference, guardrail.

How each kind is compared:

    proportion  Newcombe, and Katz's log ratio
    mean        Welch, and the log ratio of the means by the delta method
    ratio       delta method
    nps         the difference of two scores, with the covariance of promoters and detractors
    ordinal     how much oftener a treated unit scores higher than lower (Brunner-Munzel)
    quantile    the difference of two quantiles
    time        the difference of the mean times up to a horizon (Kaplan-Meier)

With covariates a proportion and a mean are compared as means adjusted by them (CUPED), and a ratio
by its linear form; with clusters the spread is that between clusters.
"""

from math import exp, isfinite, log, nan, sqrt

from cxlib.decisions.outcomes import (
    Arm,
    ClusterOutcome,
    Comparison,
    Guardrail,
    MeanOutcome,
    Metric,
    MomentsOutcome,
    Outcome,
    ProportionOutcome,
    Safety,
    ScoreOutcome,
    WaitOutcome,
)
from cxlib.errors import InputError
from cxlib.stats.effects import proportion_effect
from cxlib.stats.estimate import Estimate
from cxlib.stats.means import mean_difference, mean_estimate, t_quantile, welch_df
from cxlib.stats.proportions import proportion


def compare(metric: Metric, *, control: Arm, treatment: Arm, confidence_level: float) -> Comparison:
    """Compare one metric between the arms: difference and relative difference with intervals.

    Raises:
        InputError: The metric is absent from an arm, of another kind there, or never varies.
    """
    ours, theirs = _outcome(metric, treatment, "treatment"), _outcome(metric, control, "control")
    if isinstance(ours, ProportionOutcome) and isinstance(theirs, ProportionOutcome):
        return proportions(metric, theirs, ours, confidence_level)
    if isinstance(ours, MeanOutcome) and isinstance(theirs, MeanOutcome):
        return _means(metric, theirs, ours, confidence_level)
    from cxlib.decisions import kinds

    if isinstance(ours, MomentsOutcome) and isinstance(theirs, MomentsOutcome):
        return kinds.moments(metric, theirs, ours, confidence_level)
    if isinstance(ours, ScoreOutcome) and isinstance(theirs, ScoreOutcome):
        return kinds.scores(metric, theirs, ours, confidence_level)
    if isinstance(ours, WaitOutcome) and isinstance(theirs, WaitOutcome):
        return kinds.waits(metric, theirs, ours, confidence_level)
    if isinstance(ours, ClusterOutcome) and isinstance(theirs, ClusterOutcome):
        return kinds.clusters(metric, theirs, ours, confidence_level)
    raise InputError(f"{metric.column} must be of one kind in both arms")


def guard(comparison: Comparison, *, harm_p_value: float = 1.0) -> Guardrail:
    """Judge a guardrail by non-inferiority: safe only if the interval rules the margin out.

    With the effect turned so that positive is better, and margin m: safe when lower > -m;
    harmed when not safe and worse (see is_worse); otherwise not shown safe. "Not significant" is
    never safe.

    Args:
        comparison: Of the guardrail's metric.
        harm_p_value: What harm must show, where many metrics or many looks could show it by chance.

    Raises:
        InputError: The metric has no margin.
    """
    margin = comparison.metric.margin
    if margin is None:
        raise InputError(f"guardrail {comparison.metric.column} needs a margin, it has none")
    lower, _ = towards_better(comparison)
    safety: Safety = "not_shown_safe"
    if lower > -margin:
        safety = "safe"
    elif is_worse(comparison, p_value=harm_p_value):
        safety = "harmed"
    return Guardrail(comparison=comparison, margin=margin, safety=safety)


def is_worse(comparison: Comparison, *, p_value: float = 1.0) -> bool:
    """Whether the whole interval lies on the worse side of 0, with a two-sided p small enough."""
    found = comparison.effect.p_value
    return towards_better(comparison)[1] < 0 and (found is None or found <= p_value)


def towards_better(comparison: Comparison) -> tuple[float, float]:
    """Turn the effect's interval so that positive is better."""
    effect = comparison.effect
    if comparison.metric.direction == "higher":
        return effect.ci_lower, effect.ci_upper
    return -effect.ci_upper, -effect.ci_lower


def no_ratio(n_obs: int, method: str, confidence_level: float) -> Estimate:
    """A relative difference that does not exist."""
    return Estimate(
        value=nan,
        ci_lower=nan,
        ci_upper=nan,
        n_obs=n_obs,
        unit="ratio",
        method=method,
        confidence_level=confidence_level,
    )


def _outcome(metric: Metric, arm: Arm, name: str) -> Outcome:
    if metric.column not in arm.outcomes:
        raise InputError(
            f"{metric.column} not found in the {name} arm; it has {sorted(arm.outcomes)}"
        )
    outcome = arm.outcomes[metric.column]
    found = {ProportionOutcome: "proportion", MeanOutcome: "mean"}.get(type(outcome), metric.kind)
    if found != metric.kind:
        raise InputError(
            f"{metric.column} is planned as a {metric.kind}, the {name} arm has a {found}"
        )
    return outcome


def proportions(
    metric: Metric, theirs: ProportionOutcome, ours: ProportionOutcome, level: float
) -> Comparison:
    """Compare two shares: Newcombe, and Katz's log ratio."""
    found = proportion_effect(
        theirs.successes, theirs.n_obs, x_treatment=ours.successes, n_treatment=ours.n_obs,
        confidence_level=level,
    )  # fmt: skip
    missing = no_ratio(ours.n_obs + theirs.n_obs, "Katz log", level)
    return Comparison(
        metric=metric,
        control=proportion(theirs.successes, theirs.n_obs, confidence_level=level),
        treatment=proportion(ours.successes, ours.n_obs, confidence_level=level),
        effect=found.effect,
        rel_effect=missing if found.rel_effect is None else found.rel_effect,
        std_error=found.std_error,
    )


def _means(metric: Metric, theirs: MeanOutcome, ours: MeanOutcome, level: float) -> Comparison:
    if ours.variance == theirs.variance == 0 and ours.mean == theirs.mean:
        raise InputError(
            f"{metric.column} is {ours.mean:g} for all {ours.n_obs + theirs.n_obs} units, so there "
            "is nothing to compare; leave it out, or check that the right column was read"
        )
    parts = [(each.variance / max(each.n_obs, 1), each.n_obs) for each in (ours, theirs)]
    levels = [
        mean_estimate(
            each.n_obs, each.mean, each.variance, confidence_level=level, unit=metric.unit
        )
        for each in (theirs, ours)
    ]
    effect = mean_difference(
        ours.n_obs,
        ours.mean,
        ours.variance,
        theirs.n_obs,
        theirs.mean,
        theirs.variance,
        confidence_level=level,
        unit=metric.unit,
    )
    return Comparison(
        metric=metric,
        control=levels[0],
        treatment=levels[1],
        effect=effect,
        rel_effect=_relative_mean(ours, theirs, level),
        std_error=sqrt(sum(part for part, _ in parts)),
        df=welch_df(*parts),
    )


def _relative_mean(ours: MeanOutcome, theirs: MeanOutcome, confidence_level: float) -> Estimate:
    """Relative difference of two means: exp(log ratio ± t s) - 1, s by the delta method."""
    n_obs, method = ours.n_obs + theirs.n_obs, "log ratio of means"
    if not (ours.mean > 0 and theirs.mean > 0 and isfinite(ours.mean)):
        return no_ratio(n_obs, method, confidence_level)
    parts = [
        (outcome.variance / outcome.n_obs / outcome.mean**2, outcome.n_obs)
        for outcome in (ours, theirs)
    ]
    spread = sqrt(sum(part for part, _ in parts))
    centre = log(ours.mean / theirs.mean)
    margin = t_quantile(confidence_level, df=welch_df(*parts)) * spread if spread else 0.0
    return Estimate(
        value=exp(centre) - 1,
        ci_lower=exp(centre - margin) - 1,
        ci_upper=exp(centre + margin) - 1,
        n_obs=n_obs,
        unit="ratio",
        method=method,
        confidence_level=confidence_level,
    )
