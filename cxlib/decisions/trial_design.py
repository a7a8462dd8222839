"""What a test needs before it starts: customers, days, and the smallest effect it could see.

    design_of(plan, usual_declared(experiment), power=experiment.power)

The usual value is declared in the engagement file, or read from rows at hand: those of a control
group, or of customers before any test. Each thing that makes a test cheaper or dearer is a step of
its own: what is known before (CUPED), whole clusters, several looks.
"""

from dataclasses import dataclass, replace
from math import ceil, exp, log
from statistics import NormalDist
from typing import Literal

from cxlib.decisions.trial_plan import Plan
from cxlib.decisions.trial_usual import Usual
from cxlib.errors import InputError
from cxlib.stats.always_valid import confidence_sequence
from cxlib.stats.estimate import Estimate
from cxlib.stats.looks import critical_values, crossing_chances, sample_inflation
from cxlib.stats.trial_outcomes import Outcome, Waiting
from cxlib.stats.trial_power import (
    TrialDesign,
    detectable_effect,
    duration_days,
    trial_power,
    trial_size,
)

StepName = Literal["plain", "known", "clusters", "looks"]
_NORMAL = NormalDist()
_HALVINGS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Units of all arms needed once this is counted in."""

    name: StepName
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What a plan needs and what it could see.

    Attributes:
        plan: The rule.
        usual: Where the numbers come from.
        power: Chance to see the minimum effect with the units planned, 0-1.
        detectable: Smallest effect seen with the planned power, in the measure's unit, above 0.
        steps: Units needed, as each thing is counted in; the last is what the test needs.
        planned: Units of all arms planned.
        clusters: Clusters needed; None without.
        days: Days the needed units take; None where no one knew how many come a day.
        early: Chance that a look before the end stops the test, if the effect is the minimum.
        level: Power asked for.
    """

    plan: Plan
    usual: Usual
    power: float
    detectable: float | None
    steps: tuple[Step, ...]
    planned: int
    clusters: int | None
    days: int | None
    early: float | None
    level: float

    @property
    def needed(self) -> int:
        """Units of all arms that show the minimum effect with the power asked for."""
        return self.steps[-1].units

    @property
    def enough(self) -> bool:
        """Whether as many are planned."""
        return self.planned >= self.needed


def design_of(plan: Plan, usual: Usual | None, *, power: float) -> Design | None:
    """Size a test; None where nothing is known of its measure, or its kind has no formula.

    Args:
        plan: The rule.
        usual: What is known before.
        power: Chance wanted to see the minimum effect, 0-1.

    Raises:
        InputError: A minimum effect that the measure cannot reach.
    """
    if usual is None:
        return None
    outcome, metric = usual.outcome, plan.primary
    up = (metric.direction == "higher") != isinstance(outcome, Waiting)
    sign: Literal[-1, 1] = 1 if up else -1
    effect = sign * plan.minimum_effect
    if isinstance(outcome, Waiting):
        effect = _share_change(outcome, metric.horizon_days or 1.0, -effect)
    shares = tuple(share for name, share in plan.split.items() if name != "control")
    single = TrialDesign(
        treatment_shares=shares, confidence_level=plan.confidence_level, power=power
    )
    known = usual.correlation if outcome.takes_covariates and usual.cluster_size == 1 else 0.0
    sharper = replace(single, covariate_correlation=known)
    asked = replace(
        sharper, cluster_size=usual.cluster_size, cluster_size_cv=usual.cluster_size_cv,
        icc=usual.icc,
    )  # fmt: skip
    times = _looks_factor(plan, power, asked.pair_level)
    steps = [Step(name="plain", units=trial_size(outcome, effect, design=single).n_total)]
    if known:
        steps.append(Step(name="known", units=trial_size(outcome, effect, design=sharper).n_total))
    sized = trial_size(outcome, effect, design=asked)
    if asked.has_clusters:
        steps.append(Step(name="clusters", units=sized.n_total))
    if plan.looks != "fixed":
        steps.append(Step(name="looks", units=ceil(sized.n_total * times)))
    chance = trial_power(outcome, effect, plan.planned_units, design=asked)
    chance, early = _with_looks(plan, chance, asked.pair_level, times, (outcome, effect, asked))
    seen = detectable_effect(
        outcome, plan.planned_units / times, design=asked, direction="up" if up else "down"
    )
    if seen is not None and isinstance(outcome, Waiting):
        seen = _days_change(outcome, metric.horizon_days or 1.0, seen)
    pace = usual.units_per_day
    after = ceil(metric.horizon_days) if metric.kind == "time" and metric.horizon_days else 0
    needed = steps[-1].units
    return Design(
        plan=plan,
        usual=usual,
        power=chance,
        detectable=None if seen is None else abs(seen),
        steps=tuple(steps),
        planned=plan.planned_units,
        clusters=None if sized.n_clusters is None else ceil(sized.n_clusters * times),
        days=None if pace is None else duration_days(
            needed, units_per_day=pace, follow_up_days=after
        ),
        early=early,
        level=power,
    )  # fmt: skip


def _looks_factor(plan: Plan, power: float, level: float) -> float:
    """How many times the units several looks take."""
    if plan.looks == "fixed":
        return 1.0
    if plan.looks == "always_valid":
        reach = _NORMAL.inv_cdf((1 + level) / 2)
        unit = Estimate(
            value=0.0, ci_lower=-reach, ci_upper=reach, n_obs=plan.planned_units, unit="rating",
            method="one unit of standard error", confidence_level=level,
        )  # fmt: skip
        limit = confidence_sequence(unit, n_planned=plan.planned_units).ci_upper
        asked = _NORMAL.inv_cdf(power)
        return ((limit + asked) / (reach + asked)) ** 2
    return sample_inflation(
        plan.looks, fractions=_equal(plan.n_looks), power=power, confidence_level=level
    )


def _with_looks(
    plan: Plan,
    power: float,
    level: float,
    times: float,
    sized: tuple[Outcome, float, TrialDesign],
) -> tuple[float, float | None]:
    """Power under the plan's looks, and the chance to be done before the end."""
    if plan.looks == "fixed":
        return power, None
    if plan.looks == "always_valid":
        outcome, effect, design = sized
        return trial_power(outcome, effect, plan.planned_units / times, design=design), None
    fractions = _equal(plan.n_looks)
    limits = critical_values(plan.looks, fractions=fractions, confidence_level=level)
    drift = _NORMAL.inv_cdf((1 + level) / 2) + _NORMAL.inv_cdf(min(max(power, 1e-6), 1 - 1e-9))
    passed = crossing_chances(limits, fractions=fractions, drift=drift)
    return min(sum(passed), 1.0), sum(passed[:-1])


def _equal(count: int) -> tuple[float, ...]:
    return tuple((place + 1) / count for place in range(count))


def _mean_days(share: float, horizon: float) -> float:
    """Mean time up to a horizon, were the event as likely on every day."""
    rate = -log(1 - share) / horizon
    return (1 - exp(-rate * horizon)) / rate


def _days_change(outcome: Waiting, horizon: float, change: float) -> float:
    usual = outcome.share_by_horizon
    return _mean_days(usual + change, horizon) - _mean_days(usual, horizon)


def _share_change(outcome: Waiting, horizon: float, days: float) -> float:
    """The change of the share with the event that moves the mean time by so many days."""
    low, high = outcome.reach
    ends = sorted(_days_change(outcome, horizon, end) for end in (low, high))
    if not ends[0] < days < ends[1]:
        raise InputError(
            f"minimum_effect must lie between {ends[0]:.3g} and {ends[1]:.3g} days for a share of "
            f"{outcome.share_by_horizon:g} by day {horizon:g}, got {days:g}"
        )
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        falls = _days_change(outcome, horizon, middle) > days
        low, high = (middle, high) if falls else (low, middle)
    return (low + high) / 2
