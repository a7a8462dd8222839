"""Simple exponential smoothing with calendar effects: a forecast and how often it held before."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

from cxlib.errors import InputError
from cxlib.stats.calendar_line import FEWEST_TOUCHED
from cxlib.stats.means import t_quantile

Floats = npt.NDArray[np.float64]
Spread = Literal["t", "past errors"]
FEWEST = 8
"""Values under which no forecast is made."""
WEIGHTS = np.round(np.arange(0.05, 1.0, 0.05), 2)
_START = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The next values of a series.

    Attributes:
        value: The level, with the calendar effect of the period it is about.
        ci_lower: Lower end of the prediction interval.
        ci_upper: Upper end.
        steps: How many periods ahead.
        weight: Of the latest value in the level, 0.05 to 0.95.
        n_values: Values it was learned from.
        held: Earlier one-step intervals that held the value that came.
        tried: How many there were.
        held_far: Earlier intervals ``steps`` ahead that held; they overlap, so no rate is told.
        tried_far: How many there were.
        error: Mean absolute one-step error of the same replay; NaN without one.
        spread: Where the width comes from: Student's t, or past errors at this distance.
    """

    value: float
    ci_lower: float
    ci_upper: float
    steps: int
    weight: float
    n_values: int
    held: int
    tried: int
    held_far: int
    tried_far: int
    error: float
    spread: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEffect:
    """What a whole period inside the calendar's days adds to a series, beside its level.

    Attributes:
        effect: In the series' unit, for a period that lies in them with all its days.
        ci_lower: Lower end.
        ci_upper: Upper end.
        touched: Periods with such days.
        error_without: Mean absolute one-step error of the replay without the effect.
        error_with: With it, learned at each moment from what was known then.
    """

    effect: float
    ci_lower: float
    ci_upper: float
    touched: int
    error_without: float
    error_with: float

    @property
    def helps(self) -> bool:
        """Whether the effect is clear of zero and brings forecasts of unseen values closer."""
        clear = self.ci_lower > 0 or self.ci_upper < 0
        return clear and self.error_with < self.error_without


@dataclass(frozen=True, slots=True)
class _Fit:
    """One moment's model: weight, level, spread and its pull on a forecast."""

    weight: float
    level: float
    df: int
    spread: float
    slopes: Floats
    covariance: Floats
    days: Floats

    def ahead(self, steps: int, calendar: Floats) -> tuple[float, float]:
        """Give the value and the standard deviation of the value that will come."""
        gap = calendar - self.days
        far = 1 + (steps - 1) * self.weight**2 + float(gap @ self.covariance @ gap)
        return self.level + float(gap @ self.slopes), self.spread * sqrt(far)


def forecast(
    values: Sequence[float],
    *,
    steps: int,
    confidence_level: float = 0.95,
    calendar: Sequence[Sequence[float]] = (),
    noise: Sequence[float] = (),
) -> Forecast:
    """Forecast a series from its level, with a prediction interval and its own track record.

        level(t) = level(t-1) + w (x(t) - level(t-1)),  w with the least squared one-step error
        value ± q s sqrt(1 + (steps - 1) w² + g'Vg),    s from the one-step errors, or the
                                                        sampling error of a value where larger

    The level starts from the mean of the first four values. Calendar columns enter by least
    squares on the errors of the values and of the columns under the same smoothing, so that level
    and effect are learned together; g'Vg is the error of that effect. q is Student's t until
    enough earlier moments with known outcome ``steps`` ahead exist, then the quantile of their
    errors over the spread known then, if that is wider (split conformal). The record replays
    every earlier moment with 8 or more values from what was known then.

    Args:
        values: In time order, 8 or more.
        steps: Periods ahead, 1 or more.
        confidence_level: In [0.9, 1).
        calendar: Per column a number for every value and for each period up to ``steps`` ahead,
            such as the share of its days that are holidays; a column that touched fewer than two
            periods by then is left out of the fit.
        noise: Squared sampling error of every value, where known: a value yet to come has that
            error whatever the few errors seen so far happen to be, so no interval is narrower.

    Raises:
        InputError: Too few values, no step ahead, or a column of another length.

    Source: Hyndman and Athanasopoulos (2021), Forecasting: Principles and Practice, 8.1, 8.7;
    Vovk, Gammerman and Shafer (2005), Algorithmic Learning in a Random World, chapter 2.
    """
    series, columns = _check(values, steps, calendar)
    n = len(series)
    errors, levels = _filter(np.column_stack([series, columns[:n]]))
    floors = _floors(noise, n)
    fits = {
        end: _fit(columns, errors, levels, end, floor=floors[end - 1])
        for end in range(FEWEST, n + 1)
    }
    held, tried, misses = _replay(fits, series, columns, 1, confidence_level)
    held_far, tried_far = held, tried
    far = misses
    if steps > 1:
        held_far, tried_far, far = _replay(fits, series, columns, steps, confidence_level)
    last = fits[n]
    value, sd = last.ahead(steps, columns[n + steps - 1])
    reach, spread = _reach(far.scores, last.df, confidence_level)
    return Forecast(
        value=value, ci_lower=float(value - reach * sd), ci_upper=float(value + reach * sd),
        steps=steps, weight=last.weight, n_values=n, held=held, tried=tried, held_far=held_far,
        tried_far=tried_far, error=misses.error, spread=spread,
    )  # fmt: skip


def calendar_effect(
    values: Sequence[float], share: Sequence[float], *, confidence_level: float = 0.95
) -> CalendarEffect | None:
    """Estimate what the days of a calendar add to a series, and whether knowing it helps.

    The effect is that of ``forecast``. Whether it helps is told by one-step errors of values that
    the model had not seen.

    Args:
        values: In time order, 8 or more.
        share: Of each period's days, 0 to 1.
        confidence_level: In [0.9, 1).

    Returns:
        None where fewer than two periods were touched, or none that could be forecast.

    Source: Harvey (1989), Forecasting, Structural Time Series Models, chapter 7.
    """
    series, columns = _check(values, 0, [share])
    n, touched = len(series), int(np.count_nonzero(columns[:, 0]))
    if touched < FEWEST_TOUCHED or not columns[FEWEST:, 0].any():
        return None
    record = []
    for used in (columns[:, :0], columns):
        errors, levels = _filter(np.column_stack([series, used]))
        fits = {end: _fit(used, errors, levels, end) for end in range(FEWEST, n + 1)}
        record.append(_replay(fits, series, used, 1, confidence_level)[2].error)
    last = fits[n]
    margin = t_quantile(confidence_level, df=last.df) * last.spread * sqrt(last.covariance[0, 0])
    effect = float(last.slopes[0])
    return CalendarEffect(
        effect=effect, ci_lower=effect - margin, ci_upper=effect + margin, touched=touched,
        error_without=record[0], error_with=record[1],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Misses:
    scores: list[float]
    error: float


def _check(
    values: Sequence[float], steps: int, calendar: Sequence[Sequence[float]]
) -> tuple[Floats, Floats]:
    if len(values) < FEWEST or steps < 0 or (steps < 1 and not calendar):
        raise InputError(
            f"a forecast needs {FEWEST} values or more and 1 step or more, "
            f"got {len(values)} values and {steps} steps"
        )
    wanted = len(values) + steps
    for column in calendar:
        if len(column) != wanted:
            raise InputError(
                "a calendar column must have a number for every value and every step ahead "
                f"({wanted}), got {len(column)}"
            )
    columns = np.array([list(column) for column in calendar], dtype=np.float64).reshape(-1, wanted)
    return np.asarray(values, dtype=np.float64), columns.T


def _filter(rows: Floats) -> tuple[Floats, Floats]:
    """Smooth every column with every weight: one-step errors and levels (weight, time, column)."""
    n, width = rows.shape
    start = rows[:_START].mean(axis=0)
    errors, levels = np.empty((len(WEIGHTS), n, width)), np.empty((len(WEIGHTS), n, width))
    # The four values behind the first level are errors too, with three degrees of freedom.
    errors[:, :_START] = rows[:_START] - start
    levels[:, :_START] = start
    level = np.broadcast_to(start, (len(WEIGHTS), width))
    for t in range(_START, n):
        errors[:, t] = rows[t] - level
        level = level + WEIGHTS[:, None] * errors[:, t]
        levels[:, t] = level
    return errors, levels


def _floors(noise: Sequence[float], n: int) -> Floats:
    """Give the mean sampling error, squared, of the values up to each; 0 where it is not known."""
    if not noise:
        return np.zeros(n)
    if len(noise) != n:
        raise InputError(f"noise must have a number for each of {n} values, got {len(noise)}")
    known = np.nan_to_num(np.asarray(noise, dtype=np.float64))
    return np.asarray(np.cumsum(known) / np.arange(1, n + 1))


def _fit(columns: Floats, errors: Floats, levels: Floats, end: int, *, floor: float = 0.0) -> _Fit:
    """Learn weight, level and calendar effects from the first ``end`` values."""
    width = columns.shape[1]
    kept = [k for k in range(width) if np.count_nonzero(columns[:end, k]) >= FEWEST_TOUCHED]
    target = errors[:, :end, 0]
    slopes, inverse = np.zeros((len(WEIGHTS), width)), np.zeros((len(WEIGHTS), width, width))
    if kept:
        z = errors[:, :end][:, :, [k + 1 for k in kept]]
        gram = np.linalg.pinv(np.swapaxes(z, 1, 2) @ z, hermitian=True)
        found = (gram @ (np.swapaxes(z, 1, 2) @ target[:, :, None]))[:, :, 0]
        slopes[:, kept] = found
        inverse[np.ix_(range(len(WEIGHTS)), kept, kept)] = gram
        target = target - (z @ found[:, :, None])[:, :, 0]
    squares = (target**2).sum(axis=1)
    best = int(np.argmin(squares))
    df = end - 2 - len(kept)
    here = levels[best, end - 1]
    return _Fit(
        weight=float(WEIGHTS[best]), level=float(here[0]), df=df,
        spread=sqrt(max(float(squares[best]) / df, floor)), slopes=slopes[best],
        covariance=inverse[best], days=here[1:],
    )  # fmt: skip


def _replay(
    fits: dict[int, _Fit], series: Floats, columns: Floats, steps: int, confidence_level: float
) -> tuple[int, int, _Misses]:
    """Forecast every earlier moment from what was known then; count the intervals that held."""
    scores: list[float] = []
    misses: list[float] = []
    held = 0
    for end in range(FEWEST, len(series) - steps + 1):
        value, sd = fits[end].ahead(steps, columns[end + steps - 1])
        miss = abs(series[end + steps - 1] - value)
        # Of the earlier moments, only those whose outcome had come by then are known.
        known = scores[: max(0, end - steps - FEWEST + 1)]
        held += miss <= _reach(known, fits[end].df, confidence_level)[0] * sd
        scores.append(miss / sd if sd else 0.0)
        misses.append(miss)
    error = float(np.mean(misses)) if misses else float("nan")
    return int(held), len(misses), _Misses(scores, error)


def _reach(scores: Sequence[float], df: int, confidence_level: float) -> tuple[float, Spread]:
    """Give the standard deviations from a forecast to its limits: t, or past errors if wider."""
    student = t_quantile(confidence_level, df=df)
    rank = ceil((len(scores) + 1) * confidence_level)
    if rank > len(scores):
        return student, "t"
    past = sorted(scores)[rank - 1]
    return (past, "past errors") if past > student else (student, "t")
