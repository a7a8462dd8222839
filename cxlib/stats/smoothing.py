"""Simple exponential smoothing: a forecast with its interval, and how often it held before."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from cxlib.errors import InputError
from cxlib.stats.means import t_quantile

Floats = npt.NDArray[np.float64]
FEWEST = 8
"""Values under which no forecast is made."""
WEIGHTS = np.round(np.arange(0.05, 1.0, 0.05), 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The next values of a series.

    Attributes:
        value: The level, the same for every step ahead.
        ci_lower: Lower end of the prediction interval.
        ci_upper: Upper end.
        steps: How many periods ahead.
        weight: Of the latest value in the level, 0.05 to 0.95.
        n_values: Values it was learned from.
        held: Earlier one-step intervals that held the value that came.
        tried: How many there were.
    """

    value: float
    ci_lower: float
    ci_upper: float
    steps: int
    weight: float
    n_values: int
    held: int
    tried: int


def forecast(values: Sequence[float], *, steps: int, confidence_level: float = 0.95) -> Forecast:
    """Forecast a series from its level, with a prediction interval and its own track record.

        level(t) = level(t-1) + w (x(t) - level(t-1)),  w with the least squared one-step error
        value ± t s sqrt(1 + (steps - 1) w²),           s from the one-step errors

    The level starts from the mean of the first four values. The record replays every earlier
    moment with 8 or more values: the weight is learned anew from what was known then.

    Args:
        values: In time order, 8 or more.
        steps: Periods ahead, 1 or more.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: Too few values or no step ahead.

    Source: Hyndman and Athanasopoulos (2021), Forecasting: Principles and Practice, 8.1 and 8.7.
    """
    if len(values) < FEWEST or steps < 1:
        raise InputError(
            f"a forecast needs {FEWEST} values or more and 1 step or more, "
            f"got {len(values)} values and {steps} steps"
        )
    series = np.asarray(values, dtype=np.float64)
    held = 0
    for end in range(FEWEST, len(series)):
        _, level, margin = _fit(series[:end], 1, confidence_level)
        held += abs(series[end] - level) <= margin
    weight, level, margin = _fit(series, steps, confidence_level)
    return Forecast(
        value=level, ci_lower=level - margin, ci_upper=level + margin, steps=steps, weight=weight,
        n_values=len(series), held=int(held), tried=len(series) - FEWEST,
    )  # fmt: skip


def _fit(series: Floats, steps: int, confidence_level: float) -> tuple[float, float, float]:
    """Give the weight, the level and the half width of the interval."""
    first = 4
    level = np.full(len(WEIGHTS), series[:first].mean())
    squares = np.zeros(len(WEIGHTS))
    for x in series[first:]:
        error = x - level
        squares += error**2
        level = level + WEIGHTS * error
    best = int(np.argmin(squares))
    start = series[:first] - series[:first].mean()
    # The four values behind the first level are errors too, with three degrees of freedom.
    df = len(series) - 2
    spread = sqrt((squares[best] + float(start @ start)) / df)
    weight = float(WEIGHTS[best])
    margin = t_quantile(confidence_level, df=df) * spread * sqrt(1 + (steps - 1) * weight**2)
    return weight, float(level[best]), margin
