"""Time until an event in two arms: mean time up to a horizon, from counts per time.

A ratio of hazards says little to a shop manager and is wrong where curves cross; the mean time
spent waiting within the first 30 days is read in days and needs no such assumption.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot, inf, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.effects import Effect, log_ratio, t_estimate
from cxlib.stats.estimate import Estimate, Unit, check_level
from cxlib.stats.survival import log_rank

Array: TypeAlias = NDArray[np.float64]
Counts: TypeAlias = Sequence[int] | NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimeCounts:
    """One arm's times.

    Attributes:
        times: Distinct times, 0 or more.
        events: Units whose event came at each.
        censored: Units last seen then without the event.
    """

    times: Sequence[float] | Array
    events: Counts
    censored: Counts

    def __post_init__(self) -> None:
        at, d, left = (
            np.asarray(part, dtype=float) for part in (self.times, self.events, self.censored)
        )
        if not len(at) == len(d) == len(left):
            raise InputError(
                f"times, events and censored must be of one length, got {len(at)}, {len(d)} "
                f"and {len(left)}"
            )
        if len(np.unique(at)) < len(at) or (len(at) and not at.min() >= 0):
            raise InputError("times must each stand once and be 0 or more")
        if len(at) and min(d.min(), left.min()) < 0:
            raise InputError("events and censored must be 0 or more")
        if d.sum() + left.sum() < 2:  # noqa: PLR2004 - a spread
            raise InputError(f"an arm needs at least 2 units, got {d.sum() + left.sum():g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeEffect:
    """The mean time up to a horizon in both arms.

    Attributes:
        effect: Treatment minus control: below 0 the event comes sooner.
        control: Mean time in the control arm, those still waiting at the horizon counted with it.
        treatment: In the treatment arm.
        log_rank_p: Whether the arms share one curve over all times followed.
        horizon: As asked.
    """

    effect: Effect
    control: Estimate
    treatment: Estimate
    log_rank_p: float
    horizon: float


def restricted_mean_effect(
    control: TimeCounts,
    treatment: TimeCounts,
    *,
    horizon: float,
    confidence_level: float = 0.95,
    unit: Unit = "days",
) -> TimeEffect:
    """Estimate the difference of the mean times up to a horizon (Kaplan-Meier).

        mean = ∫ S(t) dt from 0 to horizon
        var = Σ over event times (∫ S from t to horizon)² d / (r (r - d))

    Args:
        control: Counts of the control arm.
        treatment: Counts of the treatment arm.
        horizon: Above 0, at most ``largest_horizon``.
        confidence_level: In [0.9, 1).
        unit: How times are read.

    Raises:
        InputError: A horizon that an arm was not followed for, or no event in either arm.

    Source: Royston and Parmar (2013), BMC Medical Research Methodology 13:152; Klein and
    Moeschberger (2003), Survival Analysis, 4.5, for the variance.
    """
    check_level(confidence_level)
    furthest = largest_horizon(control, treatment)
    if not 0 < horizon <= furthest:
        raise InputError(
            f"horizon must be above 0 and at most {furthest:g}, the last time every arm was "
            f"followed to, got {horizon:g}"
        )
    arms = {"treatment": treatment, "control": control}
    means = {name: _restricted(arm, horizon) for name, arm in arms.items()}
    sizes = {name: int(np.sum(arm.events) + np.sum(arm.censored)) for name, arm in arms.items()}
    values = {
        name: t_estimate(
            value,
            std_error=sqrt(variance),
            df=inf,
            n_obs=sizes[name],
            unit=unit,
            method="Kaplan-Meier",
            confidence_level=confidence_level,
        )
        for name, (value, variance) in means.items()
    }
    (ours, var_ours), (theirs, var_theirs) = means["treatment"], means["control"]
    error, n_obs = sqrt(var_ours + var_theirs), sum(sizes.values())
    possible = ours > 0 and theirs > 0
    return TimeEffect(
        effect=Effect(
            effect=t_estimate(
                ours - theirs,
                std_error=error,
                df=inf,
                n_obs=n_obs,
                unit=unit,
                method="restricted mean",
                confidence_level=confidence_level,
            ),
            rel_effect=log_ratio(
                ours,
                theirs,
                std_error=hypot(sqrt(var_ours) / ours, sqrt(var_theirs) / theirs)
                if possible
                else inf,
                df=inf,
                n_obs=n_obs,
                confidence_level=confidence_level,
            ),
            std_error=error,
            df=inf,
        ),
        control=replace(values["control"], p_value=None),
        treatment=replace(values["treatment"], p_value=None),
        log_rank_p=_log_rank(control, treatment),
        horizon=horizon,
    )


def largest_horizon(*arms: TimeCounts) -> float:
    """Return the last time that every arm was followed to.

    An arm in which the last unit had the event can be read up to any time.
    """
    ends = []
    for arm in arms:
        at = np.asarray(arm.times, dtype=float)
        held = (np.asarray(arm.events) + np.asarray(arm.censored)) > 0
        last = int(np.argmax(np.where(held, at, -1.0)))
        ends.append(inf if np.asarray(arm.censored)[last] == 0 else float(at[last]))
    return min(ends)


def _restricted(arm: TimeCounts, horizon: float) -> tuple[float, float]:
    """Return the mean time up to the horizon and its variance."""
    at = np.asarray(arm.times, dtype=float)
    order = np.argsort(at)
    at = at[order]
    d, left = (np.asarray(part, dtype=float)[order] for part in (arm.events, arm.censored))
    risk = (d + left)[::-1].cumsum()[::-1]
    shown = (d > 0) & (at <= horizon)
    at, d, risk = at[shown], d[shown], risk[shown]
    survival = np.concatenate([[1.0], np.cumprod(1 - d / risk)])
    areas = survival * np.diff(np.concatenate([[0.0], at, [horizon]]))
    ahead = areas[::-1].cumsum()[::-1][1:]
    remain = risk - d
    factor = np.divide(d, risk * remain, out=np.zeros_like(d), where=remain > 0)
    return float(areas.sum()), float(ahead**2 @ factor)


def _log_rank(control: TimeCounts, treatment: TimeCounts) -> float:
    """Test the arms' curves on the times of both."""
    times = np.union1d(np.asarray(control.times, float), np.asarray(treatment.times, float))
    events, censored = (np.zeros((2, len(times)), dtype=np.int64) for _ in range(2))
    for row, arm in enumerate((control, treatment)):
        place = np.searchsorted(times, np.asarray(arm.times, dtype=float))
        events[row, place], censored[row, place] = arm.events, arm.censored
    found = log_rank(times.tolist(), events=events.tolist(), censored=censored.tolist())
    return found.p_value
