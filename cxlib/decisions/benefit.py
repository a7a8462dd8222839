"""What a test's effect is worth a year, how far to believe it, and what the plan could see."""

from dataclasses import dataclass, replace
from statistics import NormalDist

from cxlib.decisions.trial_design import Design, design_of
from cxlib.decisions.trial_usual import usual_of
from cxlib.decisions.trials import Evaluation
from cxlib.engagement.experiment import Worth
from cxlib.errors import InputError
from cxlib.stats.bayes import BayesView, bayes_view
from cxlib.stats.estimate import Estimate
from cxlib.stats.exaggeration import Exaggeration, exaggeration


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """Money a year: margin from the effect, less what the treatment costs to run."""

    worth: Worth
    gain: Estimate
    net: Estimate


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

    The prior is the sceptic's: most changes move less than what was hoped for. A plan with several
    looks widens the interval; the view takes the error of the data, and the exaggeration the limit
    that such a test must pass. None where the effect has no interval or no spread.
    """
    readout = found.readout
    effect, minimum = readout.primary.effect, found.plan.minimum_effect
    if not (effect.has_interval and effect.ci_upper > effect.ci_lower):
        return None
    level = effect.confidence_level
    z = NormalDist().inv_cdf((1 + level) / 2)
    limit = found.looks.at(level).adjust(replace(effect, value=0.0, ci_lower=-z, ci_upper=z))
    wider = limit.ci_upper / z
    effect = replace(
        effect, ci_lower=effect.value - (effect.value - effect.ci_lower) / wider,
        ci_upper=effect.value + (effect.ci_upper - effect.value) / wider,
    )  # fmt: skip
    better = found.plan.primary.direction == "higher"
    return SizeCheck(
        bayes=bayes_view(effect, prior_sd=minimum, higher_is_better=better),
        if_minimum=exaggeration(
            effect.standard_error, true_effect=minimum,
            confidence_level=min(2 * NormalDist().cdf(limit.ci_upper) - 1, 1 - 1e-12),
        ),
    )  # fmt: skip


def design(found: Evaluation, *, power: float) -> Design | None:
    """Say what the plan could see, from the control arm; None for a kind without a formula.

    Args:
        found: The test; its control arm gives the usual value, its dates the pace.
        power: Planned.
    """
    usual = usual_of(found.plan.primary, found.data.arms["control"])
    if usual is None:
        return None
    units = sum(arm.n_assigned for arm in found.data.arms.values())
    pace = units / found.readout.days_run if found.first and found.readout.days_run else None
    try:
        return design_of(found.plan, replace(usual, units_per_day=pace), power=power)
    except InputError:  # the minimum effect is beyond what this measure can reach
        return None
