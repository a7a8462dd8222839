# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""Goals: what level a goal means, and whether the sample could ever show it.

A goal carries its unit. "5 % +40" is 7 % when the unit is relative percent and 45 % when it is
percentage points; nothing here guesses.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isfinite
from typing import Literal

from cxlib.engagement.schema import GoalUnit, KpiUnit
from cxlib.errors import InputError
from cxlib.stats.detectable import detectable_proportion, minimum_detectable_effect, power_of
from cxlib.stats.estimate import Estimate
from cxlib.stats.power import NpsShares, NpsVariance, nps_variances, sample_size
from cxlib.stats.sample_sizes import entrants

VarianceBasis = Literal["share", "sd", "shares", "typical", "worst"]
"""share: p (1 - p) · sd: given standard deviation · shares, typical, worst: see NpsVariance."""

_LEVEL_UNITS: dict[KpiUnit, tuple[GoalUnit, ...]] = {
    "points": ("points",),
    "share": ("percent",),
    "rating": ("rating",),
}
_CHANGE_UNITS: dict[KpiUnit, tuple[GoalUnit, ...]] = {
    "points": ("points",),
    "share": ("pp", "relative_percent"),
    "rating": ("rating", "points", "relative_percent"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feasibility:
    """Can a goal be seen with the answers the client collects.

    Attributes:
        baseline: Where the KPI stands, with its interval.
        target: Level aimed at, in the KPI's unit (shares 0-1).
        change: Target minus baseline.
        n_needed: Answers per period that show the change (two periods compared).
        n_collected: Answers per period the client collects.
        can_be_seen: n_collected reaches n_needed.
        chance_to_see: Chance that two periods of n_collected show the change if it is real, 0-1.
        smallest_change: Smallest change in the target's direction that n_collected shows; None
            where no change on the scale is large enough.
        nearest_target: The nearest level that can be seen; None likewise.
        invitations_needed: Invitations per period for n_needed at the response rate, if given.
        response_rate: Completed answers per invitation, 0-1, if given.
        variance_basis: What the calculation took as spread.
        confidence_level: Of the two-sided comparison.
        power: Chance asked for.
    """

    baseline: Estimate
    target: float
    change: float
    n_needed: int
    n_collected: int
    can_be_seen: bool
    chance_to_see: float
    smallest_change: float | None
    nearest_target: float | None
    invitations_needed: int | None
    response_rate: float | None
    variance_basis: VarianceBasis
    confidence_level: float
    power: float


def goal_level(
    baseline: float,
    *,
    kpi_unit: KpiUnit,
    unit: GoalUnit,
    target: float | None = None,
    change: float | None = None,
) -> float:
    """Turn a goal as typed into a level in the KPI's own unit.

        percent: target / 100 · pp: baseline + change / 100
        relative_percent: baseline (1 + change / 100) · points, rating: target, or baseline + change

    Args:
        baseline: Present level in the KPI's unit; a share is 0-1.
        kpi_unit: points (NPS), share or rating.
        unit: The goal's unit, as typed in the engagement file.
        target: A level in that unit: 40 with "percent" is 40 %.
        change: A step in that unit: 40 with "pp" is 40 percentage points.

    Returns:
        The level; shares 0-1.

    Raises:
        InputError: Both or neither of target and change; a unit that does not fit the KPI; a
            share outside 0-1 or a score outside -100 to 100 as the outcome.
    """
    if (target is None) == (change is None):
        raise InputError(
            f"a goal needs exactly one of target and change, got target {target}, change {change}"
        )
    allowed = (_LEVEL_UNITS if change is None else _CHANGE_UNITS)[kpi_unit]
    kind = "target" if change is None else "change"
    if unit not in allowed:
        raise InputError(
            f"a {kind} of a KPI in {kpi_unit} must be in {' or '.join(allowed)}, got {unit}"
        )
    if change is None:
        level = float(target or 0.0) / (100 if unit == "percent" else 1)
    elif unit == "relative_percent":
        level = baseline * (1 + change / 100)
    else:
        level = baseline + change / (100 if unit == "pp" else 1)
    low, high = {"share": (0.0, 1.0), "points": (-100.0, 100.0)}.get(
        kpi_unit, (float("-inf"), float("inf"))
    )
    if not low <= level <= high:
        raise InputError(
            f"the goal must lie from {low:g} to {high:g}, "
            f"got {level:g} from {baseline:g} with {kind} {target if change is None else change:g}"
            f" {unit}"
        )
    return level


def feasibility(
    baseline: Estimate,
    *,
    target: float,
    n_per_period: int,
    sd: float | None = None,
    nps_shares: NpsShares | None = None,
    nps_variance: NpsVariance | None = None,
    response_rate: float | None = None,
    design_effect: float = 1.0,
    confidence_level: float = 0.95,
    power: float = 0.8,
) -> Feasibility:
    """Ask whether the client's sample could show a goal, and what could be shown instead.

    Two periods with n_per_period answers each are compared, as two independent samples.

    Args:
        baseline: In points (NPS), share or rating.
        target: Level aimed at, in the same unit (shares 0-1), not equal to the baseline.
        n_per_period: Answers the client collects per period, 2 or more.
        sd: Standard deviation of one answer; required for a rating, for nothing else.
        nps_shares: Promoter and detractor shares behind an NPS baseline.
        nps_variance: For NPS: by default "shares" when they are given, otherwise "typical".
        response_rate: Completed answers per invitation, above 0 up to 1.
        design_effect: How many answers say as much as one of another customer, 1 or more.
        confidence_level: In [0.9, 1).
        power: In [0.5, 1).

    Raises:
        InputError: A unit that is no KPI unit, a missing or superfluous sd, a target equal to the
            baseline, or a value out of range.
    """
    if n_per_period < 2:
        raise InputError(f"n_per_period must be 2 or more, got {n_per_period}")
    if response_rate is not None and not 0 < response_rate <= 1:
        raise InputError(f"response_rate must be above 0 and at most 1, got {response_rate}")
    change = target - baseline.value
    if change == 0 or not isfinite(change):
        raise InputError(f"the target must differ from the baseline, both are {target}")
    if not 1 <= design_effect < inf:
        raise InputError(f"design_effect must be 1 or more, got {design_effect}")
    basis, spread = _spread(baseline, sd, nps_shares, nps_variance)
    v_now, v_then = (design_effect * each for each in spread(target))
    size = sample_size(
        change,
        variance_control=v_now,
        variance_treatment=v_then,
        confidence_level=confidence_level,
        power=power,
    )
    nearest = _nearest(
        baseline,
        change=change,
        n=max(2.0, n_per_period / design_effect),
        spread=spread,
        confidence_level=confidence_level,
        power=power,
    )
    needed = size.n_per_group
    return Feasibility(
        baseline=baseline,
        target=target,
        change=change,
        n_needed=needed,
        n_collected=n_per_period,
        can_be_seen=n_per_period >= needed,
        chance_to_see=power_of(
            change,
            n_per_group=n_per_period,
            variance_control=v_now,
            variance_treatment=v_then,
            confidence_level=confidence_level,
        ),
        smallest_change=None if nearest is None else nearest - baseline.value,
        nearest_target=nearest,
        invitations_needed=None if response_rate is None else entrants(needed, reach=response_rate),
        response_rate=response_rate,
        variance_basis=basis,
        confidence_level=confidence_level,
        power=power,
    )


def _spread(
    baseline: Estimate,
    sd: float | None,
    shares: NpsShares | None,
    variance: NpsVariance | None,
) -> tuple[VarianceBasis, Callable[[float], tuple[float, float]]]:
    """Choose the variance of one answer now and at a target, and name the choice."""
    if baseline.unit == "rating":
        if sd is None or not sd > 0:
            raise InputError(f"a goal on a rating needs sd, above 0, got {sd}")
        square = sd**2
        return "sd", lambda _: (square, square)
    if sd is not None:
        raise InputError(f"sd is read for a rating only, the baseline is in {baseline.unit}")
    if baseline.unit == "share":
        p = baseline.value
        return "share", lambda q: (p * (1 - p), q * (1 - q))
    if baseline.unit == "points":
        basis = variance or ("shares" if shares else "typical")
        given = shares if basis == "shares" else None
        return basis, lambda q: nps_variances(
            baseline.value, q, baseline_shares=given, variance=basis
        )
    raise InputError(
        f"feasibility is known for points, share and rating, the baseline is in {baseline.unit}"
    )


def _nearest(
    baseline: Estimate,
    *,
    change: float,
    n: float,
    spread: Callable[[float], tuple[float, float]],
    confidence_level: float,
    power: float,
) -> float | None:
    """Find the nearest level in the change's direction that n answers per period can show."""
    if baseline.unit == "share":
        return detectable_proportion(
            n,
            baseline=baseline.value,
            direction="up" if change > 0 else "down",
            confidence_level=confidence_level,
            power=power,
        )
    v_now, _ = spread(baseline.value)
    step = minimum_detectable_effect(
        n,
        variance_control=v_now,
        variance_treatment=v_now,
        confidence_level=confidence_level,
        power=power,
    )
    nearest = baseline.value + (step if change > 0 else -step)
    return None if baseline.unit == "points" and abs(nearest) > 100 else nearest
