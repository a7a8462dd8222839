"""How often a control chart calls a change in a series in which nothing has changed."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from cxlib.errors import InputError
from cxlib.stats.attribute_chart import dispersion_limit
from cxlib.stats.calendar_line import calendar_line, check_calendar
from cxlib.stats.control_chart import (
    FEWEST_POINTS,
    MEAN_RANGE,
    RUN_RULES_FROM,
    fewest_crossings_limit,
    longest_run_limit,
)

Floats = npt.NDArray[np.float64]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stable:
    """What a stable series of shares or rates looks like, so that others like it can be drawn.

    Attributes:
        sizes: Trials or exposure of every period.
        centre: Its level.
        kind: Shares between 0 and 1, or rates from 0 up.
        ratio: Standard deviation between periods over that of sampling alone, 1 or more.
    """

    sizes: tuple[float, ...]
    centre: float
    kind: Literal["share", "rate"]
    ratio: float = 1.0


@lru_cache(maxsize=256)
def false_alarms(
    n_periods: int,
    *,
    baseline: int,
    like: Stable | None = None,
    calendar: tuple[tuple[float, ...], ...] = (),
    n_draws: int = 4_000,
    seed: int = 1,
) -> FalseAlarms:
    """Draw stable series and count how often the rules of the chart fire.

    Independent values; centre and limits from the first ``baseline`` of each, as on the chart,
    so the result holds for any level and spread. Single values are normal, as on
    ``individuals_chart``. Shares and rates are counts of the same sizes around the same centre,
    as uneven as told, and each series goes through the test that chooses between p and p', u
    and u'. A calendar at work is learned anew from each series.

    Args:
        n_periods: Points of the phase, 3 or more.
        baseline: Points behind its limits, 3 to ``n_periods``.
        like: The shares or rates; None draws single values.
        calendar: Columns that move the centre line.
        n_draws: Series; 4,000 give a rate of 10 % to within 1 percentage point.
        seed: Of the draws.

    Raises:
        InputError: Too few periods, or a baseline longer than the series.

    Source: rules by Wheeler (2000) and Anhøj and Olesen (2014), PLoS ONE 9(11); limits by Laney
    (2002), Quality Engineering 14(4).
    """
    if not FEWEST_POINTS <= baseline <= n_periods:
        raise InputError(
            f"baseline must be from {FEWEST_POINTS} to {n_periods} points, got {baseline}"
        )
    generator = np.random.default_rng(seed)
    columns = check_calendar(calendar, n_periods)
    if like is None:
        values = generator.standard_normal((n_draws, n_periods))
        sizes, sd = np.ones(n_periods), np.ones((n_draws, n_periods))
    else:
        sizes = np.array(like.sizes, dtype=np.float64)
        values = _draw(generator, like, sizes, n_draws)
    offsets, wider, factor = calendar_line(values, columns, own=baseline)
    even = values - offsets
    weights = sizes[:baseline] / sizes[:baseline].sum()
    centre = (even[:, :baseline] @ weights)[:, None]
    if like is not None:
        sd = np.sqrt(centre * (1 - centre if like.kind == "share" else 1) / sizes)
    scores = (even - centre) / sd
    base = scores[:, :baseline]
    sigma = np.abs(np.diff(base, axis=1)).mean(axis=1, keepdims=True) / MEAN_RANGE * factor
    if like is not None:
        uneven = (base**2).sum(axis=1, keepdims=True) * factor**2 > dispersion_limit(baseline)
        sigma = np.where(uneven, sigma, 1.0)
    return _count(scores, outside=np.abs(scores) > 3 * sigma * wider)


def _draw(generator: np.random.Generator, like: Stable, sizes: Floats, n_draws: int) -> Floats:
    """Draw stable shares or rates, as uneven between periods as told."""
    bound = 1 - like.centre if like.kind == "share" else 1.0
    between = np.sqrt(max(0.0, like.ratio**2 - 1) * like.centre * bound / sizes)
    level = like.centre + between * generator.standard_normal((n_draws, len(sizes)))
    if like.kind == "share":
        drawn = generator.binomial(np.round(sizes).astype(np.int64), np.clip(level, 0, 1))
    else:
        drawn = generator.poisson(np.maximum(level, 0) * sizes)
    # A series without an event cannot be charted; half an event stands in for none.
    return np.asarray(np.where(drawn.sum(axis=1, keepdims=True), drawn, 0.5) / sizes)


def _count(gap: Floats, *, outside: npt.NDArray[np.bool_]) -> FalseAlarms:
    """Read the rules of the chart off every series."""
    n_draws, n_periods = gap.shape
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
