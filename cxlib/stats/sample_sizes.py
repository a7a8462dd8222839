"""Sample sizes of measures that are no plain share, mean or score: ratios, funnels, waiting times.

All rest on the formula of `power`: what differs is what one observation is and how much it varies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log, prod

from cxlib.errors import InputError
from cxlib.stats.power import SampleSize, sample_for_proportions, sample_size


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelSize:
    """What must enter a funnel so that a change of one step shows.

    Attributes:
        at_step: Needed at that step, per group or wave.
        entering: Needed at the top, per group or wave.
        reach: Share of entrants who come to the step.
    """

    at_step: int
    entering: int
    reach: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingSize:
    """What a difference of two waiting times takes.

    Attributes:
        events: In both groups together.
        n_per_group: Customers, when all are followed for the same time.
        hazard_ratio: Later over earlier; under 1 the event comes more slowly.
    """

    events: int
    n_per_group: int
    hazard_ratio: float


def sample_for_ratio(
    baseline: float,
    target: float,
    *,
    owner_variance: float,
    confidence_level: float = 0.95,
    power: float = 0.8,
) -> SampleSize:
    """Find the owners (stores, customers, sessions) that tell one ratio of sums from another.

        n owners = (z_a + z_b)² · 2 s² / (target - baseline)²,  s² = Var(y - R x) / mean(x)²

    Rows of one owner are alike, so owners are counted, not rows.

    Args:
        baseline: R, the sum of y over the sum of x.
        target: In the same unit.
        owner_variance: s² of one owner's linearised value, 0 or more.
        confidence_level: In [0.9, 1).
        power: In [0.5, 1).

    Source: Deng, Knoblich and Lu (2018), KDD, section 3 (delta method).
    """
    return sample_size(
        target - baseline,
        variance_control=owner_variance,
        variance_treatment=owner_variance,
        confidence_level=confidence_level,
        power=power,
    )


def sample_for_funnel(
    steps: Sequence[float],
    target: float,
    *,
    step: int,
    confidence_level: float = 0.95,
    power: float = 0.8,
) -> FunnelSize:
    """Find the entrants that show a change in one step of a funnel.

        entering = n at the step / product of the shares before it

    Args:
        steps: Share that goes on at each step, 0-1, first step first.
        target: Share wanted at ``step``.
        step: Place of the step that changes, 0 for the first.
        confidence_level: In [0.9, 1).
        power: In [0.5, 1).

    Raises:
        InputError: No such step, or a step before it that nobody passes.
    """
    if not 0 <= step < len(steps):
        raise InputError(f"step must be 0 to {len(steps) - 1}, got {step}")
    reach = prod(steps[:step])
    if not 0 < reach <= 1:
        raise InputError(f"the steps before must be shares above 0 up to 1, got {steps[:step]}")
    size = sample_for_proportions(
        steps[step], target, confidence_level=confidence_level, power=power
    ).n_per_group
    return FunnelSize(at_step=size, entering=entrants(size, reach=reach), reach=reach)


def entrants(n: int, *, reach: float) -> int:
    """Give how many must enter so that ``n`` arrive: invitations for answers, visits for carts.

    Raises:
        InputError: A reach outside (0, 1].
    """
    if not 0 < reach <= 1:
        raise InputError(f"reach must be above 0 and at most 1, got {reach}")
    return ceil(n / reach - 1e-9)


def sample_for_waiting(
    baseline: float, target: float, *, confidence_level: float = 0.95, power: float = 0.8
) -> WaitingSize:
    """Find the customers that tell two waiting times apart by the log-rank test.

        events = 4 (z_a + z_b)² / ln(HR)²,  HR = ln(1 - target) / ln(1 - baseline)
        n per group = events / (baseline + target)

    Args:
        baseline: Share with the event by the end of the follow-up (90 days), between 0 and 1.
        target: The same share wanted.
        confidence_level: In [0.9, 1).
        power: In [0.5, 1).

    Raises:
        InputError: A share that is not strictly between 0 and 1, or no difference.

    Source: Schoenfeld (1981), Biometrika 68(1); proportional hazards, equal groups.
    """
    for name, share in (("baseline", baseline), ("target", target)):
        if not 0 < share < 1:
            raise InputError(f"{name} must be strictly between 0 and 1, got {share}")
    ratio = log(1 - target) / log(1 - baseline)
    if ratio == 1:
        raise InputError(f"the target must differ from the baseline, both are {target}")
    events = waiting_events(ratio, confidence_level=confidence_level, power=power)
    return WaitingSize(
        events=events,
        n_per_group=ceil(events / (baseline + target) - 1e-9),
        hazard_ratio=ratio,
    )


def waiting_events(
    hazard_ratio: float, *, confidence_level: float = 0.95, power: float = 0.8
) -> int:
    """Give the events, in both groups together, that show a hazard ratio.

    Raises:
        InputError: A ratio of 1, or one that is not above 0.
    """
    if not hazard_ratio > 0 or hazard_ratio == 1:
        raise InputError(f"hazard_ratio must be above 0 and not 1, got {hazard_ratio}")
    half = sample_size(
        log(hazard_ratio),
        variance_control=2.0,
        variance_treatment=2.0,
        confidence_level=confidence_level,
        power=power,
    )
    return half.n_per_group
