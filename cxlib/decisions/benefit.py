"""What a test's effect is worth a year, how far to believe it, and what the plan could see."""

from dataclasses import dataclass, replace
from math import ceil

from cxlib.decisions.outcomes import Arm, Metric, ScoreOutcome
from cxlib.decisions.trials import Evaluation
from cxlib.engagement.experiment import Worth
from cxlib.errors import InputError
from cxlib.stats.bayes import BayesView, bayes_view
from cxlib.stats.estimate import Estimate
from cxlib.stats.exaggeration import Exaggeration, exaggeration
from cxlib.stats.trial_outcomes import Mean, Nps, Ordinal, Proportion
from cxlib.stats.trial_power import TrialDesign, detectable_effect, trial_power, trial_size


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """Money a year: margin from the effect, less what the treatment costs to run."""

    worth: Worth
    gain: Estimate
    net: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What the plan could see, from the control arm's own value.

    Attributes:
        control: That value.
        power: Chance to see the minimum effect, 0-1.
        detectable: Smallest effect seen with the planned power.
        needed: Units of all arms needed to see the minimum effect.
        planned: Units of all arms planned.
        days: Days these take at the pace of the test; None without dates.
        level: Planned power.
    """

    control: Estimate
    power: float
    detectable: float | None
    needed: int
    planned: int
    days: int | None
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeCheck:
    """How far to believe the size: seen through a sceptical prior, and if the truth were small."""

    bayes: BayesView
    if_minimum: Exaggeration


def benefit(effect: Estimate, *, worth: Worth, direction: str) -> Benefit:
    """Turn the effect into money a year.

        gain = effect · units a year · margin,   net = gain - cost a year

    Args:
        effect: Of the primary measure, per unit; shares 0-1.
        worth: Of one more success, or of one more unit of the measure.
        direction: higher or lower is better.
    """
    factor = worth.units_per_year * worth.margin_hkd * (1 if direction == "higher" else -1)
    ends = sorted((effect.ci_lower * factor, effect.ci_upper * factor))
    gain = replace(
        effect, value=effect.value * factor, ci_lower=ends[0], ci_upper=ends[1], unit="currency"
    )
    cost = worth.cost_per_year_hkd
    net = replace(
        gain, value=gain.value - cost, ci_lower=gain.ci_lower - cost, ci_upper=gain.ci_upper - cost
    )
    return Benefit(worth=worth, gain=gain, net=replace(net, p_value=None))


def size_check(found: Evaluation) -> SizeCheck | None:
    """See the effect through a prior centred on no effect, two thirds of it within the minimum.

    The prior is the sceptic's: most changes move less than what was hoped for. None where the
    effect has no interval or no spread.
    """
    readout = found.readout
    effect, minimum = readout.primary.effect, found.plan.minimum_effect
    if not (effect.has_interval and effect.ci_upper > effect.ci_lower):
        return None
    better = found.plan.primary.direction == "higher"
    return SizeCheck(
        bayes=bayes_view(effect, prior_sd=minimum, higher_is_better=better),
        if_minimum=exaggeration(
            effect.standard_error, true_effect=minimum,
            confidence_level=found.plan.confidence_level,
        ),
    )  # fmt: skip


def design(found: Evaluation, *, power: float) -> Design | None:
    """Say what the plan could see; None for a kind of measure without a formula here.

    Args:
        found: The test; its control arm gives the usual value, its dates the pace.
        power: Planned.
    """
    plan, control = found.plan, found.data.arms["control"]
    if plan.cluster:
        return None
    try:
        outcome = _outcome(plan.primary, control, found.readout.primary.control)
    except InputError:  # control answers that are all alike plan nothing
        return None
    if outcome is None:
        return None
    shares = tuple(share for name, share in plan.split.items() if name != "control")
    reduction = found.readout.primary.variance_reduction
    known = reduction**0.5 if outcome.takes_covariates else 0.0
    asked = TrialDesign(
        treatment_shares=shares, confidence_level=plan.confidence_level, power=power,
        covariate_correlation=known,
    )  # fmt: skip
    up = plan.primary.direction == "higher"
    effect = plan.minimum_effect * (1 if up else -1)
    units = sum(arm.n_assigned for arm in found.data.arms.values())
    days = found.readout.days_run if found.first else None
    needed = trial_size(outcome, effect, design=asked).n_total
    return Design(
        control=found.readout.primary.control,
        power=trial_power(outcome, effect, plan.planned_units, design=asked),
        detectable=detectable_effect(
            outcome, plan.planned_units, design=asked, direction="up" if up else "down"
        ),
        needed=needed,
        planned=plan.planned_units,
        days=ceil(needed * days / units) if days and units else None,
        level=power,
    )


def _outcome(
    metric: Metric, control: Arm, value: Estimate
) -> Proportion | Mean | Nps | Ordinal | None:
    """One unit of the control arm, as the sample-size formulas take it."""
    outcome = control.outcomes[metric.column]
    if metric.kind == "proportion" and 0 < value.value < 1:
        return Proportion(baseline=value.value)
    if metric.kind == "mean" and value.has_interval and value.ci_upper > value.ci_lower:
        return Mean(sd=value.standard_error * value.n_obs**0.5)
    if metric.kind == "nps" and isinstance(outcome, ScoreOutcome):
        n = outcome.n_obs
        ups = outcome.counts[outcome.values >= 9].sum() / n  # noqa: PLR2004 - the score's bands
        downs = outcome.counts[outcome.values <= 6].sum() / n  # noqa: PLR2004
        return Nps(promoters=float(ups), detractors=float(downs))
    if metric.kind == "ordinal" and isinstance(outcome, ScoreOutcome):
        return Ordinal(shares=tuple(float(share) for share in outcome.counts / outcome.n_obs))
    return None
