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

    def share_by(self, time: float, *, confidence_level: float = 0.95) -> Estimate:
        """Estimate the share that had the event by a time, censored units kept until last seen.

            1 - S(t), limits from log(-log S) ± z se

        Before the first event the share is 0, without limits.

        Args:
            time: In the unit of ``times``; the curve is carried on past its last event.
            confidence_level: In [0.9, 1).

        Raises:
            InputError: A refused level.

        Source: Kalbfleisch and Prentice (2002), The Statistical Analysis of Failure Time Data.
        """
        check_level(confidence_level)
        passed = int(np.searchsorted(self.times, time, side="right"))
        survival = float(self.survival[passed - 1]) if passed else 1.0
        lower = upper = nan
        if 0 < survival < 1:
            reach = normal_quantile(confidence_level) * float(self.log_log_se[passed - 1])
            place = np.log(-np.log(survival))
            lower, upper = (1 - float(np.exp(-np.exp(place + side * reach))) for side in (-1, 1))
        return Estimate(
            value=1 - survival,
            ci_lower=lower,
            ci_upper=upper,
            n_obs=self.n_obs,
            unit="share",
            method="Kaplan-Meier",
            confidence_level=confidence_level,
        )

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


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRank:
    """Whether several groups had the event at different times: a chi-square and its p-value."""

    statistic: float
    df: int
    p_value: float


def log_rank(
    times: Sequence[float],
    *,
    events: Sequence[Sequence[int]],
    censored: Sequence[Sequence[int]],
) -> LogRank:
    """Test whether groups share one survival curve.

        U(j) = Σ over times of (d(j) - d r(j) / r),  statistic = U' V⁻¹ U  over all groups but one
        V(jk) = Σ d (r - d) / (r - 1) · r(j)/r · (1[j=k] - r(k)/r)

    Args:
        times: Distinct times.
        events: Per group, units whose event came at each time.
        censored: Per group, units last seen then without the event.

    Raises:
        InputError: Fewer than 2 groups, a group without units, no event at all, unequal lengths.

    Source: Mantel (1966), Cancer Chemotherapy Reports 50; Peto and Peto (1972), JRSS A 135.
    """
    from scipy.special import chdtrc

    d, left = np.asarray(events, dtype=float), np.asarray(censored, dtype=float)
    if d.ndim != 2 or d.shape != left.shape or d.shape[1] != len(times):  # noqa: PLR2004 - a table
        raise InputError("events and censored must have one list per group, as long as times")
    totals = (d + left).sum(axis=1)
    if len(d) < 2 or totals.min() < 1 or d.sum() < 1:  # noqa: PLR2004 - a comparison
        raise InputError(
            "a log-rank test needs 2 groups with units and at least 1 event, "
            f"got {len(d)} groups of {', '.join(f'{n:g}' for n in totals)} and {d.sum():g} events"
        )
    order = np.argsort(np.asarray(times, dtype=float))
    d, left = d[:, order], left[:, order]
    risk = (d + left)[:, ::-1].cumsum(axis=1)[:, ::-1]
    r, all_d = risk.sum(axis=0), d.sum(axis=0)
    share = risk / np.maximum(r, 1)
    score = (d - all_d * share).sum(axis=1)[:-1]
    weight = all_d * (r - all_d) / np.maximum(r - 1, 1)
    spread = np.diag((weight * share).sum(axis=1)) - (weight * share) @ share.T
    inner = spread[:-1, :-1]
    df = int(np.linalg.matrix_rank(inner))
    statistic = float(score @ np.linalg.pinv(inner) @ score)
    return LogRank(statistic=statistic, df=df, p_value=float(chdtrc(df, statistic)) if df else 1.0)


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
