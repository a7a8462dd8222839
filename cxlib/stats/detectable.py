# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""What a sample can show: the smallest difference, the nearest share, the chance of a difference.

The inverse of `power`: there the difference is given and the sample is found.
"""

from math import sqrt
from statistics import NormalDist
from typing import Literal

from cxlib.errors import InputError
from cxlib.stats.estimate import check_level
from cxlib.stats.power import check_share, z_sum


def minimum_detectable_effect(
    n_per_group: float,
    *,
    variance_control: float,
    variance_treatment: float,
    confidence_level: float = 0.95,
    power: float = 0.8,
) -> float:
    """Find the smallest difference that a sample per group can show: the inverse of sample_size.

        difference = (z_a + z_b) sqrt((v_c + v_t) / n)

    Args:
        n_per_group: Observations in each group or wave, 2 or more.
        variance_control: Of one observation, unit².
        variance_treatment: Of one observation, unit².
        confidence_level: In [0.9, 1).
        power: In [0.5, 1).

    Raises:
        InputError: Fewer than 2 observations.
    """
    _check_n(n_per_group)
    spread = variance_control + variance_treatment
    return z_sum(confidence_level, power) * sqrt(spread / n_per_group)


def detectable_proportion(
    n_per_group: float,
    *,
    baseline: float,
    direction: Literal["up", "down"] = "up",
    confidence_level: float = 0.95,
    power: float = 0.8,
) -> float | None:
    """Find the nearest share that a sample per group can tell from the baseline.

    Solves n D² = z² (2 p q + D (1 - 2 p) - D²) for the difference D: the variance at the answer
    is its own, not the baseline's.

    Returns:
        The share, 0-1, or None where no share in that direction is far enough away.

    Raises:
        InputError: A baseline outside 0-1 or fewer than 2 observations.
    """
    check_share("baseline", baseline)
    _check_n(n_per_group)
    z = z_sum(confidence_level, power)
    a, b = n_per_group / z**2 + 1, 1 - 2 * baseline
    root = sqrt(b**2 + 8 * a * baseline * (1 - baseline))
    difference = (b + root) / (2 * a) if direction == "up" else (b - root) / (2 * a)
    found = baseline + difference
    return found if difference != 0 and 0 <= found <= 1 else None


def power_of(
    difference: float,
    *,
    n_per_group: float,
    variance_control: float,
    variance_treatment: float,
    confidence_level: float = 0.95,
) -> float:
    """Compute the chance that a true difference shows, 0-1 (both tails counted)."""
    check_level(confidence_level)
    _check_n(n_per_group)
    se = sqrt((variance_control + variance_treatment) / n_per_group)
    if se == 0:
        return 1.0 if difference else 0.0
    normal = NormalDist()
    z = normal.inv_cdf((1 + confidence_level) / 2)
    return normal.cdf(difference / se - z) + normal.cdf(-difference / se - z)


def _check_n(n_per_group: float) -> None:
    if not n_per_group >= 2:
        raise InputError(f"n_per_group must be 2 or more, got {n_per_group}")
