"""Quantiles of two arms (median reply time, 90th percentile) from counts per value.

No density is estimated: the interval of a quantile is held between two of its own ordered values.
"""

from collections.abc import Callable, Sequence
from math import ceil, hypot, inf, log, nan, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.effects import Effect, no_ratio
from cxlib.stats.estimate import Estimate, Unit, check_level
from cxlib.stats.proportions import normal_quantile, two_sided_p

Array: TypeAlias = NDArray[np.float64]
Counts: TypeAlias = Sequence[int] | NDArray[np.int64]

_LARGEST_Z = 40.0
_HALVINGS = 50


def quantile_value(
    values: Sequence[float] | Array,
    counts: Counts,
    *,
    share: float = 0.5,
    confidence_level: float = 0.95,
    unit: Unit = "minutes",
    scale: float = 1.0,
) -> Estimate:
    """Estimate the value that ``share`` of an arm does not exceed, between two ordered values.

        value at rank ⌈n p⌉, limits at ranks ⌈n p ± z sqrt(n p (1 - p))⌉

    Args:
        values: Distinct values.
        counts: Units with each value.
        share: p, above 0, below 1; 0.5 is the median.
        confidence_level: In [0.9, 1).
        unit: How the value is read.
        scale: Value and limits are multiplied by it, above 0.

    Returns:
        An Estimate; without limits where the arm has too few units on a side of the quantile.

    Raises:
        InputError: No unit, unequal lengths, repeated values, negative counts, a refused share.

    Source: Conover (1999), Practical Nonparametric Statistics, 3.2.
    """
    check_level(confidence_level)
    arm = _Ordered(values, counts, share, name="the arm")
    lower, upper = arm.limits(normal_quantile(confidence_level))
    held = lower > -inf and upper < inf
    return Estimate(
        value=scale * arm.value,
        ci_lower=scale * lower if held else nan,
        ci_upper=scale * upper if held else nan,
        n_obs=arm.n,
        unit=unit,
        method="order statistics",
        confidence_level=confidence_level,
    )


def quantile_effect(
    values: Sequence[float] | Array,
    *,
    control: Counts,
    treatment: Counts,
    share: float = 0.5,
    confidence_level: float = 0.95,
    unit: Unit = "minutes",
    scale: float = 1.0,
) -> Effect:
    """Estimate the difference of one quantile between two arms.

        d = Qt - Qc,  limits d - sqrt((Qt - lt)² + (uc - Qc)²), d + sqrt((ut - Qt)² + (Qc - lc)²)

    with each arm's own limits (see quantile_value). The p-value is that of the widest interval
    that still leaves out 0, so that both always agree; the relative effect is made the same way
    from logarithms. ``std_error`` is the 95 % interval's width over 2 z.

    Args:
        values: Distinct values of both arms.
        control: Units of the control arm with each value.
        treatment: Units of the treatment arm with each value.
        share: Above 0, below 1.
        confidence_level: In [0.9, 1).
        unit: How the value is read.
        scale: Values are multiplied by it, above 0.

    Returns:
        The effect; without limits where an arm has too few units on a side of the quantile.

    Raises:
        InputError: What ``quantile_value`` refuses.

    Source: Zou and Donner (2008), Statistics in Medicine 27(10), for joining two intervals.
    """
    check_level(confidence_level)
    if not scale > 0:
        raise InputError(f"scale must be above 0, got {scale}")
    ours = _Ordered(values, treatment, share, name="treatment")
    theirs = _Ordered(values, control, share, name="control")
    n_obs = ours.n + theirs.n
    effect = _join(
        ours, theirs, turn=lambda value: scale * value, level=confidence_level, unit=unit
    )
    lowest, highest = _ends(ours, theirs, lambda value: scale * value, normal_quantile(0.95))
    relative = no_ratio(n_obs, method="order statistics", confidence_level=confidence_level)
    if ours.value > 0 and theirs.value > 0:
        logs = _join(ours, theirs, turn=_log, level=confidence_level, unit="ratio")
        relative = Estimate(
            value=float(np.expm1(logs.value)),
            ci_lower=float(np.expm1(logs.ci_lower)),
            ci_upper=float(np.expm1(logs.ci_upper)),
            n_obs=n_obs,
            unit="ratio",
            method=logs.method,
            confidence_level=confidence_level,
            p_value=logs.p_value,
        )
    return Effect(
        effect=effect,
        rel_effect=relative,
        std_error=(highest - lowest) / (2 * normal_quantile(0.95)),
        df=inf,
    )


class _Ordered:
    """One arm in order: finds the value at a rank."""

    def __init__(
        self, values: Sequence[float] | Array, counts: Counts, share: float, *, name: str
    ) -> None:
        at, n = np.asarray(values, dtype=float), np.asarray(counts, dtype=float)
        if not 0 < share < 1:
            raise InputError(f"share must be above 0 and below 1, got {share}")
        if len(at) != len(n):
            raise InputError(
                f"values and counts must be of one length, got {len(at)} and {len(n)} in {name}"
            )
        if len(np.unique(at)) < len(at):
            raise InputError("each value must stand once")
        if len(n) and n.min() < 0:
            raise InputError(f"counts must be 0 or more, got {n.min():g} in {name}")
        if not n.sum() > 0:
            raise InputError(f"a quantile needs at least 1 unit, got 0 in {name}")
        order = np.argsort(at)
        kept = order[n[order] > 0]
        self._at, self._upto = at[kept], n[kept].cumsum()
        self.n, self._share = int(n.sum()), share
        self.value = self._ranked(ceil(self.n * share - 1e-9))

    def limits(self, z: float) -> tuple[float, float]:
        """Return both limits, infinite where there are too few values on a side."""
        middle = self.n * self._share
        reach = z * sqrt(middle * (1 - self._share))
        first, last = ceil(middle - reach), ceil(middle + reach)
        return (
            min(self.value, self._ranked(first)) if first >= 1 else -inf,
            max(self.value, self._ranked(last)) if last <= self.n else inf,
        )

    def _ranked(self, rank: int) -> float:
        return float(self._at[np.searchsorted(self._upto, max(rank, 1) - 0.5)])


def _join(
    ours: _Ordered,
    theirs: _Ordered,
    *,
    turn: Callable[[float], float],
    level: float,
    unit: Unit,
) -> Estimate:
    value = turn(ours.value) - turn(theirs.value)
    low, high = 0.0, _LARGEST_Z
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        lower, upper = _ends(ours, theirs, turn, middle)
        low, high = (middle, high) if lower > 0 or upper < 0 else (low, middle)
    lower, upper = _ends(ours, theirs, turn, normal_quantile(level))
    held = lower > -inf and upper < inf
    return Estimate(
        value=value,
        ci_lower=lower if held else nan,
        ci_upper=upper if held else nan,
        n_obs=ours.n + theirs.n,
        unit=unit,
        method="order statistics",
        confidence_level=level,
        p_value=two_sided_p(high) if value else 1.0,
    )


def _ends(
    ours: _Ordered, theirs: _Ordered, turn: Callable[[float], float], z: float
) -> tuple[float, float]:
    """Return both limits of the difference at a normal quantile, infinite where an arm's is."""
    (lt, ut), (lc, uc) = ours.limits(z), theirs.limits(z)
    here, there = turn(ours.value), turn(theirs.value)
    below = hypot(here - _turned(turn, lt), _turned(turn, uc) - there)
    above = hypot(_turned(turn, ut) - here, there - _turned(turn, lc))
    return here - there - below, here - there + above


def _turned(turn: Callable[[float], float], value: float) -> float:
    return turn(value) if -inf < value < inf else value


def _log(value: float) -> float:
    return log(value) if value > 0 else -inf
