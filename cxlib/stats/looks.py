# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""Looking at a running test: limits that keep the false-alarm rate, and what looking costs.

With information t (the share of the planned sample reached), the score S(t) = z(t) sqrt(t) moves
like Brownian motion: its steps are normal with variance t(k) - t(k-1) and mean
drift (t(k) - t(k-1)), where drift is the z expected at the end. The chance of passing a limit at
look k for the first time is found by carrying the density of S over the looks not yet stopped.

Source: Armitage, McPherson and Rowe (1969), JRSS A 132(2); Jennison and Turnbull (2000), Group
Sequential Methods, chapters 2, 7, 9 and 19.
"""

from collections.abc import Callable, Sequence
from functools import cache
from math import ceil, inf, isfinite, sqrt
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, check_level

LookDesign = Literal["fixed", "obrien_fleming", "pocock", "alpha_spending"]
"""fixed: one look at the end · obrien_fleming: hard to pass early · pocock: the same limit at every
look · alpha_spending: like O'Brien-Fleming, and looks may fall on any date (Lan-DeMets)."""

Array = NDArray[np.float64]

_NORMAL = NormalDist()
_WIDEST = 8.0
"""Limits are cut here, in standard errors: beyond it the chance is under 1e-15."""


def critical_values(
    design: LookDesign, *, fractions: Sequence[float], confidence_level: float = 0.95
) -> tuple[float, ...]:
    """Return the |z| that must be passed at each look to keep the false-alarm rate of all looks.

        obrien_fleming  c / sqrt(t)        pocock  c
        alpha_spending  spends 2 (1 - Phi(z / sqrt(t))) of each side's error by information t

    with z leaving a quarter of the error above it, c found so that all looks together give a false
    alarm in 1 - confidence_level of tests of two like arms.

    Args:
        design: How early success may be called.
        fractions: Share of the planned information at each look, rising, the last 1.
        confidence_level: In [0.9, 1).

    Returns:
        One limit per look; infinite where a look cannot stop the test.

    Raises:
        InputError: Fractions not rising to 1, an unknown design, or the level.

    Source: O'Brien and Fleming (1979), Biometrics 35(3); Pocock (1977), Biometrika 64(2); Lan and
    DeMets (1983), Biometrika 70(3).
    """
    times = _check(fractions, confidence_level)
    error = 1 - confidence_level
    end = _NORMAL.inv_cdf(1 - error / 2)
    if design == "fixed":
        return (*(inf for _ in times[1:]), end)
    if design == "alpha_spending":
        side = _NORMAL.inv_cdf(1 - error / 4)
        return _spend([4 * (1 - _NORMAL.cdf(side / sqrt(t))) for t in times], times)
    shapes: dict[str, Array] = {"obrien_fleming": 1 / np.sqrt(times), "pocock": np.ones(len(times))}
    if design not in shapes:
        raise InputError(
            "design must be fixed, obrien_fleming, pocock or alpha_spending, got " + repr(design)
        )
    shape = shapes[design]

    def excess(size: float) -> float:
        return sum(_first_passed(size * shape, times, 0.0)) - error

    limits = _root(excess, end, end + 2) * shape
    return tuple(float(limit) for limit in limits)


def crossing_chances(
    critical: Sequence[float], *, fractions: Sequence[float], drift: float = 0.0
) -> tuple[float, ...]:
    """Compute the chance of first passing ±critical at each look.

    Args:
        critical: Limit of |z| per look, above 0; infinite where the look cannot stop.
        fractions: Share of the planned information at each look, rising, the last 1.
        drift: The z expected at the last look; 0 when both arms are alike.

    Returns:
        One chance per look. Their sum is the false-alarm rate at drift 0, else the power (both
        directions).

    Raises:
        InputError: Fractions not rising to 1, or not one limit above 0 per look.
    """
    times = _check(fractions, 0.95)
    if len(critical) != len(times) or not all(limit > 0 for limit in critical):
        raise InputError(
            f"critical must hold one limit above 0 for each of {len(times)} looks, "
            f"got {tuple(critical)}"
        )
    return tuple(_first_passed(np.asarray(critical, dtype=float), times, drift))


def false_alarm_rate(n_looks: int, *, confidence_level: float = 0.95) -> float:
    """Compute how often a test of two like arms looks a success, if each look is read alone.

    Args:
        n_looks: Equally spaced looks, from 1; from the 200th on the rate is that of 200.
        confidence_level: Of each single look.

    Source: Armitage, McPherson and Rowe (1969), table 2: 5 looks 14.2 %, 10 looks 19.3 %.
    """
    if n_looks < 1:
        raise InputError(f"n_looks must be at least 1, got {n_looks}")
    check_level(confidence_level)
    n = min(n_looks, 200)
    limit = _NORMAL.inv_cdf((1 + confidence_level) / 2)
    times = np.arange(1, n + 1) / n
    return float(sum(_first_passed(np.full(n, limit), times, 0.0)))


def sample_inflation(
    design: LookDesign,
    *,
    fractions: Sequence[float],
    power: float = 0.8,
    confidence_level: float = 0.95,
) -> float:
    """Compute how many times the sample of a single look a design needs for the same power.

    Args:
        design: As in `critical_values`.
        fractions: Share of the planned information at each look.
        power: Wanted, in (0.5, 1).
        confidence_level: In [0.9, 1).

    Raises:
        InputError: A power outside (0.5, 1), or what `critical_values` refuses.
    """
    if not 0.5 < power < 1:
        raise InputError(f"power must be in (0.5, 1), got {power}")
    critical = np.asarray(
        critical_values(design, fractions=fractions, confidence_level=confidence_level)
    )
    times = np.asarray(fractions, dtype=float)
    single = _NORMAL.inv_cdf((1 + confidence_level) / 2) + _NORMAL.inv_cdf(power)

    def shortfall(drift: float) -> float:
        return sum(_first_passed(critical, times, drift)) - power

    return float((_root(shortfall, single - 0.5, single + 2) / single) ** 2)


def repeated_interval(effect: Estimate, *, critical: float, look: int, looks: int) -> Estimate:
    """Widen an effect's interval so that it holds at every look, whenever the test is stopped.

        value ± critical · standard error

    The standard error is taken from the interval given, so its method stays that of the effect.

    Args:
        effect: Value with a two-sided interval read as if this were the only look.
        critical: The limit of this look; infinite leaves no interval.
        look: Which look this is, from 1.
        looks: How many are planned.

    Raises:
        InputError: An effect without interval.

    Source: Jennison and Turnbull (1989), JRSS B 51(3).
    """
    if not effect.has_interval:
        raise InputError("a repeated interval needs an effect with an interval, got none")
    scale = critical / _NORMAL.inv_cdf((1 + effect.confidence_level) / 2)
    lower, upper = effect.value - effect.ci_lower, effect.ci_upper - effect.value
    return Estimate(
        value=effect.value,
        ci_lower=effect.value - scale * lower,
        ci_upper=effect.value + scale * upper,
        n_obs=effect.n_obs,
        unit=effect.unit,
        method=f"{effect.method}, repeated for look {look} of {looks}",
        confidence_level=effect.confidence_level,
    )


def _first_passed(critical: Array, times: Array, drift: float) -> list[float]:
    """Return the chance of first passing each limit, carrying the density between the looks."""
    limits = np.minimum(critical, _WIDEST + abs(drift)) * np.sqrt(times)
    found: list[float] = []
    before = 0.0
    nodes, weights = np.zeros(1), np.ones(1)
    for time, limit, asked in zip(times, limits, critical, strict=True):
        step = sqrt(time - before)
        centre = nodes + drift * (time - before)
        if isfinite(asked):
            outside = _tail((limit - centre) / step) + _tail((limit + centre) / step)
            found.append(float(weights @ outside))
        else:
            found.append(0.0)
        points, shares = _gauss_legendre(64 + 8 * ceil(limit / step / 2))
        fresh = limit * points
        density = np.exp(-0.5 * ((fresh[:, None] - centre[None, :]) / step) ** 2) @ weights
        weights = density / (step * sqrt(2 * np.pi)) * shares * limit
        nodes, before = fresh, float(time)
    return found


def _tail(z: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(ndtr(-z), dtype=float)


@cache
def _gauss_legendre(n: int) -> tuple[Array, Array]:
    """Give the points and weights of an integral over -1 to 1."""
    points, weights = np.polynomial.legendre.leggauss(n)
    return points, weights


def _spend(spent: Sequence[float], times: Array) -> tuple[float, ...]:
    """Find the limits one by one, so that by each look just the error allowed is spent."""
    limits: list[float] = []
    for look, allowed in enumerate(spent, start=1):
        used = spent[look - 2] if look > 1 else 0.0

        def excess(limit: float, *, look: int = look, step: float = allowed - used) -> float:
            tried = np.asarray([*limits, limit])
            return _first_passed(tried, times[:look], 0.0)[-1] - step

        limits.append(_WIDEST if excess(_WIDEST) >= 0 else _root(excess, 0.5, _WIDEST))
    return tuple(limits)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(function, low, high, xtol=1e-8))


def _check(fractions: Sequence[float], confidence_level: float) -> Array:
    check_level(confidence_level)
    times = np.asarray(fractions, dtype=float)
    rising = len(times) > 0 and times[0] > 0 and bool(np.all(np.diff(times) > 0))
    if not rising or abs(times[-1] - 1) > 1e-9:
        raise InputError(
            "fractions must rise from above 0 to 1, one per look, got "
            + ", ".join(f"{t:g}" for t in times)
        )
    return times
