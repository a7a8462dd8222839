"""Means of two arms made sharper by what was known of each unit before the test (CUPED).

What a unit did before the test explains part of what it does in it, whichever arm it is in. Taking
that part out leaves the expected difference where it was and shrinks its error. Only covariates
measured before exposure may be used: one the treatment can move would take out its own effect.
"""

from dataclasses import dataclass
from math import inf, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.effects import Effect, effect_of_levels
from cxlib.stats.estimate import Unit, check_level
from cxlib.stats.means import welch_df

Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """One arm: number, means and covariances of the outcome and its covariates.

    Attributes:
        n: Units, 2 or more.
        means: Outcome columns first, then the covariates.
        cov: Their covariances, divisor n - 1.
    """

    n: int
    means: Array
    cov: Array

    def __post_init__(self) -> None:
        k = len(self.means)
        if self.n <= 1:
            raise InputError(f"an arm needs at least 2 units, got {self.n}")
        if self.cov.shape != (k, k):
            raise InputError(
                f"cov must have one row and one column per mean, got {self.cov.shape} for {k}"
            )
        if not (np.isfinite(self.means).all() and np.isfinite(self.cov).all()):
            raise InputError("means and cov must be finite numbers")
        if k and self.cov.diagonal().min() < 0:
            raise InputError(f"variances must be 0 or more, got {self.cov.diagonal().min()}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Adjusted:
    """An effect with the covariates' part taken out, beside the plain one.

    Attributes:
        effect: Adjusted; the plain one where there is no covariate.
        unadjusted: The plain one (Welch, delta).
        theta: Coefficient of each covariate.
        variance_reduction: Share of the plain variance that went, 0-1; 0 where none did.
        control_value: The control arm's value, adjusted to the covariates of both arms.
        treatment_value: The treatment arm's.
    """

    effect: Effect
    unadjusted: Effect
    theta: Array
    variance_reduction: float
    control_value: float
    treatment_value: float


def mean_effect(
    control: Moments,
    treatment: Moments,
    *,
    confidence_level: float = 0.95,
    unit: Unit = "rating",
) -> Adjusted:
    """Estimate a difference of means, adjusted for pre-exposure covariates where there are any.

        effect = ȳt - ȳc - θ'(x̄t - x̄c),  θ = (Sxx,t/nt + Sxx,c/nc)⁻¹ (Sxy,t/nt + Sxy,c/nc)
        var = (st²/nt + sc²/nc) · ν/(ν-q) · (1 + h),  s² the variance of y - θ'x in an arm
        ν = (1/nt + 1/nc)² / Σ 1/(n² (n-1)),  h = (x̄t - x̄c)' V (x̄t - x̄c) / (1/nt + 1/nc)
        V = W⁻¹ Σ Sxx/(n² (n-1)) W⁻¹,  W = Σ Sxx/n

    This θ has the smallest variance of all, also where arms differ in size or in slope, so that
    the error is never made larger by a slope that fits one arm only. The two factors pay for
    having fitted it; with arms of one size, effect and error are those of the analysis of
    covariance.

    Args:
        control: First column the outcome, then the covariates (none is right too).
        treatment: The same columns.
        confidence_level: In [0.9, 1).
        unit: How the mean is read.

    Raises:
        InputError: Arms with different columns, or too few units for the covariates.

    Source: Deng, Xu, Kohavi and Walker (2013), WSDM; Lin (2013), Annals of Applied Statistics
    7(1), for unequal arms; Cochran (1957), Biometrics 13(3), for the factors.
    """
    return adjust(control, treatment, confidence_level=confidence_level, unit=unit, method="Welch")


def adjust(
    control: Moments,
    treatment: Moments,
    *,
    confidence_level: float,
    unit: Unit,
    method: str,
) -> Adjusted:
    """Estimate the effect on the first column, adjusted for all others (see mean_effect)."""
    check_level(confidence_level)
    if len(control.means) != len(treatment.means):
        raise InputError(
            "both arms must have the same columns, "
            f"got {len(control.means)} in control and {len(treatment.means)} in treatment"
        )
    q = len(control.means) - 1
    plain, _, _ = _estimate(
        control,
        treatment,
        theta=np.zeros(q),
        rank=0,
        confidence_level=confidence_level,
        unit=unit,
        method=method,
    )
    theta, rank = _slope(control, treatment)
    left = control.n + treatment.n - 2 - rank
    if rank and left < 1:
        raise InputError(
            f"an adjustment by {rank} covariates needs more than {rank + 2} units in both arms, "
            f"got {control.n + treatment.n}"
        )
    found, value_treatment, value_control = _estimate(
        control,
        treatment,
        theta=theta,
        rank=rank,
        confidence_level=confidence_level,
        unit=unit,
        method=f"{method}, CUPED" if rank else method,
    )
    reduction = 0.0
    if rank and plain.std_error > 0:
        reduction = max(0.0, 1 - (found.std_error / plain.std_error) ** 2)
    return Adjusted(
        effect=found,
        unadjusted=plain,
        theta=theta,
        variance_reduction=reduction,
        control_value=value_control,
        treatment_value=value_treatment,
    )


def _slope(control: Moments, treatment: Moments) -> tuple[Array, int]:
    """Return θ and how many covariates carry information of their own."""
    q = len(control.means) - 1
    spread = sum(arm.cov[1:, 1:] / arm.n for arm in (control, treatment))
    joint = sum(arm.cov[1:, 0] / arm.n for arm in (control, treatment))
    scale = np.sqrt(np.diag(np.atleast_2d(spread))) if q else np.zeros(0)
    used = scale > 0
    theta = np.zeros(q)
    if not used.any():
        return theta, 0
    # On a common scale: orders and dollars differ by thousands, and rank is judged by size.
    unit = scale[used]
    correlation = np.asarray(spread)[np.ix_(used, used)] / np.outer(unit, unit)
    rank = int(np.linalg.matrix_rank(correlation, tol=1e-10, hermitian=True))
    inverse = np.linalg.pinv(correlation, rcond=1e-10, hermitian=True)
    theta[used] = inverse @ (np.asarray(joint)[used] / unit) / unit
    return theta, rank


def _estimate(
    control: Moments,
    treatment: Moments,
    *,
    theta: Array,
    rank: int,
    confidence_level: float,
    unit: Unit,
    method: str,
) -> tuple[Effect, float, float]:
    n_obs = control.n + treatment.n
    gap = treatment.means[1:] - control.means[1:]
    weight = treatment.n / n_obs
    ours = float(treatment.means[0] - (1 - weight) * theta @ gap)
    theirs = float(control.means[0] + weight * theta @ gap)
    price = 1.0
    if rank:
        behind = welch_df(*((1 / arm.n, arm.n) for arm in (treatment, control)))
        price = behind / max(1.0, behind - rank) * (1 + _imbalance(control, treatment))
    parts = [
        (price * max(0.0, _quadratic(arm.cov, 1.0, theta)) / arm.n, arm.n)
        for arm in (treatment, control)
    ]
    error, df = _error(parts, rank)
    relative_error = inf
    relative_df = inf
    if ours > 0 and theirs > 0:
        pull = (1 - weight) / ours + weight / theirs
        logs = [
            (price * max(0.0, _quadratic(arm.cov, 1 / level, pull * theta)) / arm.n, arm.n)
            for arm, level in ((treatment, ours), (control, theirs))
        ]
        relative_error, relative_df = _error(logs, rank)
    found = effect_of_levels(
        ours,
        theirs,
        error=(error, df),
        log_error=(relative_error, relative_df),
        n_obs=n_obs,
        unit=unit,
        method=method,
        confidence_level=confidence_level,
    )
    return found, ours, theirs


def _quadratic(cov: Array, scale: float, theta: Array) -> float:
    """Return the variance of scale · y - θ'x; rounding of an exact fit is no variance."""
    loading = np.concatenate([[scale], -theta])
    variance = float(loading @ cov @ loading)
    return variance if variance > 1e-14 * float(loading**2 @ np.diag(cov)) else 0.0


def _error(parts: list[tuple[float, int]], rank: int) -> tuple[float, float]:
    squared = sum(part for part, _ in parts)
    if squared <= 0:
        return 0.0, inf
    return sqrt(squared), max(1.0, welch_df(*parts) - rank)


def _imbalance(control: Moments, treatment: Moments) -> float:
    """Return h: the error that a fitted θ adds where the arms' covariates differ by chance."""
    arms = (control, treatment)
    spread = np.asarray(sum(arm.cov[1:, 1:] / arm.n for arm in arms))
    inner = np.asarray(sum(arm.cov[1:, 1:] / (arm.n**2 * (arm.n - 1)) for arm in arms))
    scale = np.sqrt(np.diag(spread))
    used = scale > 0
    unit = np.outer(scale[used], scale[used])
    gap = (treatment.means[1:] - control.means[1:])[used] / scale[used]
    inverse = np.linalg.pinv(spread[np.ix_(used, used)] / unit, rcond=1e-10, hermitian=True)
    pull = inverse @ gap
    return float(pull @ (inner[np.ix_(used, used)] / unit) @ pull) / (
        1 / control.n + 1 / treatment.n
    )
