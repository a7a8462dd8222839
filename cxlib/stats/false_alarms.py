"""How often a control chart calls a change in a series in which nothing has changed."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from cxlib.errors import InputError
from cxlib.stats.control_chart import (
    FEWEST_POINTS,
    RUN_RULES_FROM,
    fewest_crossings_limit,
    longest_run_limit,
)

Floats = npt.NDArray[np.float64]
MEAN_RANGE = 1.128


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarms:
    """What a stable series does to the rules.

    Attributes:
        any_signal: Share of stable series on which a rule fires anywhere after the baseline, or a
            run rule at all.
        trend_now: Share in which the latest stretch is called up or down.
        n_draws: Series drawn.
    """

    any_signal: float
    trend_now: float
    n_draws: int


@lru_cache(maxsize=256)
def false_alarms(
    n_periods: int, *, baseline: int, n_draws: int = 4_000, seed: int = 1
) -> FalseAlarms:
    """Draw stable series and count how often the rules of `individuals_chart` fire.

    Independent normal values; centre and limits from the first ``baseline`` of each, as on the
    chart, so the result holds for any level and spread. Laney's limits behave alike for large
    groups.

    Args:
        n_periods: Points of the phase, 3 or more.
        baseline: Points behind its limits, 3 to ``n_periods``.
        n_draws: Series; 4,000 give a rate of 10 % to within 1 percentage point.
        seed: Of the draws.

    Raises:
        InputError: Too few periods, or a baseline longer than the series.

    Source: rules by Wheeler (2000) and Anhøj and Olesen (2014), PLoS ONE 9(11).
    """
    if not FEWEST_POINTS <= baseline <= n_periods:
        raise InputError(
            f"baseline must be from {FEWEST_POINTS} to {n_periods} points, got {baseline}"
        )
    values = np.random.default_rng(seed).standard_normal((n_draws, n_periods))
    base = values[:, :baseline]
    centre = base.mean(axis=1, keepdims=True)
    reach = 3 / MEAN_RANGE * np.abs(np.diff(base, axis=1)).mean(axis=1, keepdims=True)
    gap = values - centre
    outside = np.abs(gap) > reach
    above = gap > 0
    same = above[:, 1:] == above[:, :-1]
    run = np.ones((n_draws, n_periods), dtype=np.int64)
    for i in range(1, n_periods):
        run[:, i] = np.where(same[:, i - 1], run[:, i - 1] + 1, 1)
    current = run[:, -1]
    in_current = np.arange(n_periods) >= (n_periods - current)[:, None]
    now = (outside & in_current).any(axis=1)
    fired = outside.any(axis=1)
    if n_periods >= RUN_RULES_FROM:
        longest = run.max(axis=1)
        long_run = longest > longest_run_limit(n_periods)
        few = (~same).sum(axis=1) < fewest_crossings_limit(n_periods)
        fired |= long_run | few
        now |= (current > longest_run_limit(n_periods)) | (few & (current == longest))
    return FalseAlarms(any_signal=float(fired.mean()), trend_now=float(now.mean()), n_draws=n_draws)
