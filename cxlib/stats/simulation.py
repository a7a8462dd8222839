# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""Seeded draws from stated distributions, for money models: every input is named and reproducible.

Each input has its own stream of random numbers, made from the seed and the input's name: adding or
removing one input never changes the draws of another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, log
from statistics import NormalDist
from typing import TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, check_level

Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """A number taken as known."""

    value: float

    @property
    def base(self) -> float:
        """The value used in the base case."""
        return self.value

    def quantile(self, u: Array) -> Array:
        """Give the value for every level."""
        return np.full_like(u, self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Normal:
    """A normal distribution."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        if not self.sd >= 0:
            raise InputError(f"sd must be 0 or more, got {self.sd}")

    @property
    def base(self) -> float:
        """The value used in the base case."""
        return self.mean

    def quantile(self, u: Array) -> Array:
        """Give the value at each level u (0-1)."""
        from scipy.special import ndtri

        return np.asarray(self.mean + self.sd * ndtri(u), dtype=float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A value with its interval, read as a distribution: two half normals joined at the value.

    The median is the value and the two limits are met exactly, also when the interval is lopsided
    (Wilson, Newcombe, log ratio). A symmetric interval gives the normal distribution.
    """

    value: float
    ci_lower: float
    ci_upper: float
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        check_level(self.confidence_level)
        if not self.ci_lower <= self.value <= self.ci_upper:
            raise InputError(
                f"the value must lie in its interval, got {self.value} "
                f"outside {self.ci_lower} to {self.ci_upper}"
            )
        if not (isfinite(self.ci_lower) and isfinite(self.ci_upper)):
            raise InputError(f"both limits must be finite, got {self.ci_lower}, {self.ci_upper}")

    @property
    def base(self) -> float:
        """The value used in the base case."""
        return self.value

    def quantile(self, u: Array) -> Array:
        """Give the value at each level u (0-1)."""
        from scipy.special import ndtri

        z = NormalDist().inv_cdf((1 + self.confidence_level) / 2)
        below, above = (self.value - self.ci_lower) / z, (self.ci_upper - self.value) / z
        score = np.asarray(ndtri(u), dtype=float)
        return self.value + score * np.where(score < 0, below, above)


@dataclass(frozen=True, slots=True, kw_only=True)
class Triangular:
    """Lowest, most likely and highest value, joined by straight lines."""

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        _check_order(self.low, self.mode, self.high)

    @property
    def base(self) -> float:
        """The value used in the base case."""
        return self.mode

    def quantile(self, u: Array) -> Array:
        """Give the value at each level u (0-1)."""
        width, left, right = self.high - self.low, self.mode - self.low, self.high - self.mode
        if width == 0:
            return np.full_like(u, self.low)
        rising = self.low + np.sqrt(u * width * left)
        falling = self.high - np.sqrt((1 - u) * width * right)
        return np.where(u < left / width, rising, falling)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pert:
    """Lowest, most likely and highest value as a scaled beta: mean = (low + 4 mode + high) / 6.

    Source: Malcolm, Roseboom, Clark and Fazar (1959), Operations Research 7(5).
    """

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        _check_order(self.low, self.mode, self.high)

    @property
    def base(self) -> float:
        """The value used in the base case."""
        return self.mode

    @property
    def mean(self) -> float:
        """The average of the draws."""
        return (self.low + 4 * self.mode + self.high) / 6

    def quantile(self, u: Array) -> Array:
        """Give the value at each level u (0-1)."""
        from scipy.special import betaincinv

        width = self.high - self.low
        if width == 0:
            return np.full_like(u, self.low)
        a = 1 + 4 * (self.mode - self.low) / width
        b = 1 + 4 * (self.high - self.mode) / width
        return np.asarray(self.low + width * betaincinv(a, b, u), dtype=float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lognormal:
    """A positive number whose logarithm is normal: 5 % point, median and 95 % point.

    Where the median is not the geometric mean of the two points, two half normals of the logarithm
    are joined at it, as in Interval; all three are met exactly.
    """

    low: float
    median: float
    high: float

    def __post_init__(self) -> None:
        _check_order(self.low, self.median, self.high)
        if not (self.low > 0 and isfinite(self.high)):
            raise InputError(f"low must be above 0 and high finite, got {self.low}, {self.high}")

    @property
    def base(self) -> float:
        """The value used in the base case."""
        return self.median

    def quantile(self, u: Array) -> Array:
        """Give the value at each level u (0-1)."""
        levels = [log(value) for value in (self.median, self.low, self.high)]
        scale = Interval(
            value=levels[0], ci_lower=levels[1], ci_upper=levels[2], confidence_level=0.9
        )
        return np.asarray(np.exp(scale.quantile(u)), dtype=float)


Distribution: TypeAlias = Fixed | Normal | Interval | Triangular | Pert | Lognormal


def from_estimate(estimate: Estimate) -> Interval:
    """Read an estimate's interval as a distribution.

    Raises:
        InputError: The estimate has no interval: its doubt is unknown, not zero.
    """
    if not estimate.has_interval:
        raise InputError(
            f"the estimate {estimate.value} has no interval; give one, or Fixed(value=…) if known"
        )
    return Interval(
        value=estimate.value,
        ci_lower=estimate.ci_lower,
        ci_upper=estimate.ci_upper,
        confidence_level=estimate.confidence_level,
    )


def draw(
    inputs: Mapping[str, Distribution],
    *,
    n_draws: int,
    seed: int,
    correlations: Mapping[tuple[str, str], float] | None = None,
) -> dict[str, Array]:
    """Draw every input, correlated where stated (Gaussian copula).

    Args:
        inputs: Name to distribution.
        n_draws: 100 or more.
        seed: Same seed, same names: same draws.
        correlations: Pair of names to the correlation of their normal scores, -1 to 1.

    Returns:
        Name to an array of n_draws values.

    Raises:
        InputError: Too few draws, an unknown name, or correlations that contradict each other.
    """
    from scipy.special import ndtr

    if n_draws < 100:
        raise InputError(f"n_draws must be 100 or more, got {n_draws}")
    names = list(inputs)
    scores = {
        name: np.random.default_rng([seed, crc32(name.encode())]).standard_normal(n_draws)
        for name in names
    }
    if correlations:
        matrix = np.eye(len(names))
        for (first, second), rho in correlations.items():
            if absent := sorted({first, second} - set(names)):
                raise InputError(f"correlation names unknown inputs {absent}; there are {names}")
            i, j = names.index(first), names.index(second)
            if i == j or not -1 <= rho <= 1:
                raise InputError(
                    f"a correlation joins two inputs, from -1 to 1, got {first}, {second}: {rho}"
                )
            matrix[i, j] = matrix[j, i] = rho
        values, vectors = np.linalg.eigh(matrix)
        if values.min() < -1e-9:
            raise InputError("the correlations contradict each other: no distribution has them all")
        root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
        mixed = root @ np.vstack([scores[name] for name in names])
        scores = dict(zip(names, mixed, strict=True))
    return {
        name: inputs[name].quantile(np.asarray(ndtr(scores[name]), dtype=float)) for name in names
    }


def _check_order(low: float, mode: float, high: float) -> None:
    if not low <= mode <= high:
        raise InputError(f"low, mode and high must rise, got {low}, {mode}, {high}")
