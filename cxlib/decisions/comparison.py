"""One metric in both arms of an experiment: difference, relative difference, guardrail.

The arms carry sufficient statistics only: successes and trials, or mean, variance and number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, isfinite, log, nan, sqrt
from typing import Literal, TypeAlias

from cxlib.engagement.scales import Direction
from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, Unit
from cxlib.stats.means import mean_difference, mean_estimate, t_quantile, welch_df
from cxlib.stats.proportions import proportion, proportion_difference, relative_difference

MetricKind = Literal["proportion", "mean"]
Safety = Literal["safe", "harmed", "not_shown_safe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionOutcome:
    """Units with the outcome, out of those it could happen to."""

    successes: int
    n_obs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanOutcome:
    """Mean and variance (divisor n - 1) over the units that have a value."""

    mean: float
    variance: float
    n_obs: int


Outcome: TypeAlias = ProportionOutcome | MeanOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One arm: how many units were assigned, and their outcomes by metric."""

    n_assigned: int
    outcomes: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What is measured, and which way is better.

    Attributes:
        column: Name of the outcome in the arms.
        kind: proportion or mean.
        direction: higher or lower is better.
        unit: Of a mean ("rating", "currency", …); a proportion's difference is always in pp.
        margin: For a guardrail: the loss still tolerated, in the metric's unit (pp 0-1).
    """

    column: str
    kind: MetricKind
    direction: Direction
    unit: Unit = "rating"
    margin: float | None = None

    def __post_init__(self) -> None:
        if self.margin is not None and not (self.margin > 0 and isfinite(self.margin)):
            raise InputError(f"the margin of {self.column} must be above 0, got {self.margin}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One metric in both arms; effect = treatment minus control."""

    metric: Metric
    control: Estimate
    treatment: Estimate
    effect: Estimate
    rel_effect: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrail:
    """A guardrail's comparison and whether it is shown safe against its margin."""

    comparison: Comparison
    margin: float
    safety: Safety


def compare(metric: Metric, *, control: Arm, treatment: Arm, confidence_level: float) -> Comparison:
    """Compare one metric between the arms: difference and relative difference with intervals.

    Proportions: Newcombe, and Katz's log ratio. Means: Welch, and the log ratio of the means by
    the delta method (no interval where a mean is not above 0).

    Raises:
        InputError: The metric is absent from an arm or of another kind there.
    """
    ours, theirs = _outcome(metric, treatment, "treatment"), _outcome(metric, control, "control")
    if isinstance(ours, ProportionOutcome) and isinstance(theirs, ProportionOutcome):
        counts = (ours.successes, ours.n_obs, theirs.successes, theirs.n_obs)
        effect = proportion_difference(*counts, confidence_level=confidence_level)
        rel_effect = (
            relative_difference(*counts, confidence_level=confidence_level)
            if theirs.successes
            else _no_ratio(ours.n_obs + theirs.n_obs, "Katz log", confidence_level)
        )
    elif isinstance(ours, MeanOutcome) and isinstance(theirs, MeanOutcome):
        effect = mean_difference(
            ours.n_obs,
            ours.mean,
            ours.variance,
            theirs.n_obs,
            theirs.mean,
            theirs.variance,
            confidence_level=confidence_level,
            unit=metric.unit,
        )
        rel_effect = _relative_mean(ours, theirs, confidence_level)
    else:
        raise InputError(f"{metric.column} must be of one kind in both arms")
    return Comparison(
        metric=metric,
        control=_level(theirs, metric, confidence_level),
        treatment=_level(ours, metric, confidence_level),
        effect=effect,
        rel_effect=rel_effect,
    )


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


def _outcome(metric: Metric, arm: Arm, name: str) -> Outcome:
    if metric.column not in arm.outcomes:
        raise InputError(
            f"{metric.column} not found in the {name} arm; it has {sorted(arm.outcomes)}"
        )
    outcome = arm.outcomes[metric.column]
    kind = "proportion" if isinstance(outcome, ProportionOutcome) else "mean"
    if kind != metric.kind:
        raise InputError(
            f"{metric.column} is planned as a {metric.kind}, the {name} arm has a {kind}"
        )
    return outcome


def _level(outcome: Outcome, metric: Metric, confidence_level: float) -> Estimate:
    """The arm's own value with its interval."""
    if isinstance(outcome, ProportionOutcome):
        return proportion(outcome.successes, outcome.n_obs, confidence_level=confidence_level)
    return mean_estimate(
        outcome.n_obs,
        outcome.mean,
        outcome.variance,
        confidence_level=confidence_level,
        unit=metric.unit,
    )


def _relative_mean(ours: MeanOutcome, theirs: MeanOutcome, confidence_level: float) -> Estimate:
    """Relative difference of two means: exp(log ratio ± t s) - 1, s by the delta method."""
    n_obs, method = ours.n_obs + theirs.n_obs, "log ratio of means"
    if ours.mean <= 0 or theirs.mean <= 0:
        return _no_ratio(n_obs, method, confidence_level)
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


def _no_ratio(n_obs: int, method: str, confidence_level: float) -> Estimate:
    return Estimate(
        value=nan,
        ci_lower=nan,
        ci_upper=nan,
        n_obs=n_obs,
        unit="ratio",
        method=method,
        confidence_level=confidence_level,
    )
