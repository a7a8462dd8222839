"""Times until an event when some have not happened yet (Kaplan-Meier), from counts per time."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, Unit, check_level
from cxlib.stats.proportions import normal_quantile

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalCurve:
    """The share still without the event after each time.

    Attributes:
        times: Distinct event times, rising.
        survival: Share without the event after each of them.
        log_log_se: Standard error of log(-log survival) at each, NaN where survival is 0.
        n_obs: Units, with the event or without.
        n_events: Units with the event.
    """

    times: Array
    survival: Array
    log_log_se: Array
    n_obs: int
    n_events: int

    def quantile(
        self,
        share: float,
        *,
        confidence_level: float = 0.95,
        unit: Unit = "minutes",
        scale: float = 1.0,
    ) -> Estimate | None:
        """Estimate the time by which ``share`` of all units had the event.

        The first time at which survival is 1 - share or less; the interval holds the times whose
        log(-log) interval of survival contains 1 - share (Brookmeyer-Crowley). Units without the
        event count as waiting until they were last seen, never as done.

        Args:
            share: Above 0, below 1; 0.5 is the median.
            confidence_level: In [0.9, 1).
            unit: How the time is read.
            scale: Times are multiplied by it.

        Returns:
            None where so few had the event that the time is not reached; an Estimate without
            limits where the upper limit is not reached.

        Raises:
            InputError: A share outside (0, 1), or a refused level.

        Source: Brookmeyer and Crowley (1982), Biometrics 38(1).
        """
        check_level(confidence_level)
        if not 0 < share < 1:
            raise InputError(f"share must be above 0 and below 1, got {share}")
        target = 1 - share
        reached = np.flatnonzero(self.survival <= target + 1e-12)
        if not len(reached):
            return None
        z = normal_quantile(confidence_level)
        with np.errstate(divide="ignore"):
            place = np.log(-np.log(np.clip(self.survival, 0.0, 1.0)))
        wanted = np.log(-np.log(target))
        inside = (self.survival > 0) & (np.abs(place - wanted) <= z * self.log_log_se)
        held = np.flatnonzero(inside)
        value = float(self.times[reached[0]])
        lower, upper = value, value
        if len(held):
            lower = min(value, float(self.times[held[0]]))
            after = int(held[-1]) + 1
            upper = float(self.times[after]) if after < len(self.times) else inf
        limits = (nan, nan) if upper == inf else (scale * lower, scale * max(value, upper))
        return Estimate(
            value=scale * value,
            ci_lower=limits[0],
            ci_upper=limits[1],
            n_obs=self.n_obs,
            unit=unit,
            method="Kaplan-Meier",
            confidence_level=confidence_level,
        )


def survival_curve(
    times: Sequence[float], *, events: Sequence[int], censored: Sequence[int]
) -> SurvivalCurve:
    """Estimate the survival curve by Kaplan and Meier's product, with Greenwood's error.

        S(t) = Π over times ≤ t of (1 - d / r),  Greenwood: Σ d / (r (r - d))

    Units seen without the event at a time count as at risk at that time.

    Args:
        times: Distinct times, 0 or more, in any order.
        events: Units whose event came at that time.
        censored: Units last seen then without the event.

    Raises:
        InputError: No event at all, a negative or repeated time, a negative count, unequal
            lengths.

    Source: Kaplan and Meier (1958), JASA 53; Greenwood (1926).
    """
    if not len(times) == len(events) == len(censored):
        raise InputError(
            f"times, events and censored must be of one length, got {len(times)}, "
            f"{len(events)} and {len(censored)}"
        )
    at = np.asarray(times, dtype=float)
    happened, left = np.asarray(events, dtype=float), np.asarray(censored, dtype=float)
    if len(np.unique(at)) < len(at) or (len(at) and not at.min() >= 0):
        raise InputError("times must each stand once and be 0 or more")
    if len(at) and min(happened.min(), left.min()) < 0:
        raise InputError("events and censored must be 0 or more")
    if happened.sum() < 1:
        raise InputError("a survival curve needs at least 1 event, got 0")
    order = np.argsort(at)
    at, happened, left = at[order], happened[order], left[order]
    leaving = happened + left
    risk = leaving[::-1].cumsum()[::-1]
    shown = happened > 0
    d, r = happened[shown], risk[shown]
    survival = np.cumprod(1 - d / r)
    survival[r == d] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(np.where(r > d, d / (r * (r - d)), inf))
        error = np.sqrt(greenwood) / np.abs(np.log(survival))
    return SurvivalCurve(
        times=at[shown],
        survival=survival,
        log_log_se=np.where(survival > 0, error, nan),
        n_obs=int(leaving.sum()),
        n_events=int(happened.sum()),
    )


def count_quantile(values: Sequence[float], counts: Sequence[int], *, share: float) -> float:
    """Return the smallest value with at least ``share`` of all counts at or below it.

    Raises:
        InputError: No count, or a share outside (0, 1).
    """
    at, n = np.asarray(values, dtype=float), np.asarray(counts, dtype=float)
    if not 0 < share < 1:
        raise InputError(f"share must be above 0 and below 1, got {share}")
    if not n.sum() > 0:
        raise InputError("a quantile needs at least 1 observation, got 0")
    order = np.argsort(at)
    below = np.cumsum(n[order])
    return float(at[order][np.searchsorted(below, share * below[-1] * (1 - 1e-12))])
