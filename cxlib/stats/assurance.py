# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""How soon and how surely a change shows when the process itself moves from period to period.

Sampling error shrinks with answers, the process's own movement only with periods. A period's value
scatters about the true level with variance v / n + p², v of one answer and p of the process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, inf, sqrt
from statistics import NormalDist, fmean

from cxlib.errors import InputError
from cxlib.stats.estimate import check_level

_MEAN_RANGE = 1.128  # expected range of two standard normal values, d2 for n = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Periods taken together.

    Attributes:
        periods: How many, 1 or more.
        n_obs: Answers in all of them.
        variance: Of one answer, unit².
        process_sd: Of one period's true level about the long-run level, unit.
    """

    periods: float
    n_obs: float
    variance: float
    process_sd: float

    @property
    def sampling(self) -> float:
        """Squared error of the pooled value that comes from who answered."""
        return self.variance / self.n_obs

    @property
    def scatter(self) -> float:
        """Squared error with the process's own movement."""
        return self.sampling + self.process_sd**2 / self.periods


def process_sd(values: Sequence[float], sampling: Sequence[float]) -> float:
    """Estimate how much a process moves between periods beyond sampling error.

        p = sqrt(max(0, (mean moving range / 1.128)² - mean sampling variance))

    Args:
        values: One per period in time order, 3 or more.
        sampling: Squared sampling error of each.

    Returns:
        The SD in the unit of the values; 0 where sampling error explains all movement.

    Raises:
        InputError: Fewer than 3 periods, or lengths that differ.
    """
    if len(values) < 3 or len(values) != len(sampling):
        raise InputError(
            "values and sampling must be equally long, 3 or more, "
            f"got {len(values)} and {len(sampling)}"
        )
    moves = [abs(b - a) for a, b in pairwise(values)]
    return sqrt(max(0.0, (fmean(moves) / _MEAN_RANGE) ** 2 - fmean(sampling)))


def assurance(
    change: float, *, before: Stretch, after: Stretch, confidence_level: float = 0.95
) -> float:
    """Compute the chance that a change which really happens is shown, 0-1.

        P(|D| > z s) with D ~ N(change, scatter),  s² = sampling error only

    The reader of two periods uses the sampling error; what happens has the process in it. That
    lowers the chance for a change larger than z s.

    Args:
        change: True later level minus true earlier level.
        before: Periods of the start.
        after: Later periods.
        confidence_level: In [0.9, 1).
    """
    check_level(confidence_level)
    normal = NormalDist()
    line = normal.inv_cdf((1 + confidence_level) / 2) * sqrt(before.sampling + after.sampling)
    spread = sqrt(before.scatter + after.scatter)
    if spread == 0:
        return float(change != 0)
    return normal.cdf((change - line) / spread) + normal.cdf((-change - line) / spread)


def periods_to_show(
    change: float,
    *,
    before: Stretch,
    n_per_period: float,
    variance: float,
    process_sd: float,
    confidence_level: float = 0.95,
    power: float = 0.8,
) -> int | None:
    """Find the later periods after which a true change shows with the wanted chance.

        m = (v / n + p²) / ((change / (z_a + z_b))² - scatter of the start)

    Here the line is drawn from the whole scatter, so that a process that moves by itself gives no
    more false alarms than one that stands still.

    Returns:
        The number, or None when the start is too uncertain for any later stretch.
    """
    check_level(confidence_level)
    normal = NormalDist()
    z = normal.inv_cdf((1 + confidence_level) / 2) + normal.inv_cdf(power)
    room = (change / z) ** 2 - before.scatter
    if room <= 0 or n_per_period <= 0:
        return None
    return max(1, ceil((variance / n_per_period + process_sd**2) / room - 1e-9))


def answers_ratio(confidence_level: float, *, than: float, power: float = 0.8) -> float:
    """Compute how many times the answers a stricter level takes for the same change.

        ((z_a + z_b) / (z_than + z_b))²

    Args:
        confidence_level: The stricter level, that of a family; under 1.
        than: The level of one comparison alone, in [0.9, 1).
        power: The wanted chance.
    """
    check_level(than)
    check_level(confidence_level)
    normal = NormalDist()
    strict, plain = (normal.inv_cdf((1 + level) / 2) for level in (confidence_level, than))
    z_b = normal.inv_cdf(power)
    return ((strict + z_b) / (plain + z_b)) ** 2


def level_shown_met(
    target: float, *, after: Stretch, upward: float, confidence_level: float = 0.95,
    power: float = 0.8,
) -> float:  # fmt: skip
    """Find the true level whose interval lies past the target with the wanted chance.

        level = target ± (z_a s + z_b sqrt(scatter)),  s² = sampling error

    A level that lands exactly on the target is shown met with half the error rate only.

    Args:
        target: In the KPI's unit.
        after: The later periods.
        upward: 1 where higher is better, -1 where lower is.
        confidence_level: In [0.9, 1).
        power: The wanted chance.
    """
    check_level(confidence_level)
    normal = NormalDist()
    z_a, z_b = normal.inv_cdf((1 + confidence_level) / 2), normal.inv_cdf(power)
    return target + upward * (z_a * sqrt(after.sampling) + z_b * sqrt(after.scatter))


def chance_past(
    level: float, *, centre: float, before: Stretch, after: Stretch, upward: float
) -> float:
    """Compute the chance that later periods read at or past a level though nothing changes, 0-1."""
    spread = sqrt(before.scatter + after.scatter)
    gap = upward * (centre - level)
    return NormalDist().cdf(gap / spread if spread else (inf if gap >= 0 else -inf))
