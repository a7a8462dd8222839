"""One treated series with a start, and the record of what was expected of it without the action."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from cxlib.errors import InputError
from cxlib.stats.clustered import Array
from cxlib.stats.estimate import Estimate, Unit
from cxlib.stats.panel import Panel, check_span

Calendar = Sequence[Sequence[float]]
"""Per column one number a period, such as the share of its days around Lunar New Year."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TreatedSeries:
    """The treated units as one series; made by treated_series.

    Attributes:
        periods: First day of each period, rising.
        values: The outcome, one number a period.
        volume: What the outcome is per (enquiries, ratings), one number a period.
        n_before: Periods before the start.
        unit: How a difference of two values is read.
    """

    periods: tuple[date, ...]
    values: Array
    volume: Array
    n_before: int
    unit: Unit

    @property
    def n_after(self) -> int:
        """Periods from the start on."""
        return len(self.periods) - self.n_before

    @property
    def after(self) -> Array:
        """Per period, 1 from the start on."""
        return (np.arange(len(self.periods)) >= self.n_before).astype(float)

    @property
    def after_weights(self) -> Array:
        """Weights of the periods after the start in the effect: their volume, adding up to 1."""
        later = self.volume[self.n_before :]
        return np.asarray(later / later.sum(), dtype=float)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedPoint:
    """What was seen in a period, and what was expected without the action; limits may be NaN."""

    period: date
    after_start: bool
    observed: float
    expected: float
    ci_lower: float
    ci_upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactual:
    """An effect read off one series.

    Attributes:
        effect: Observed less expected after the start, weighted by volume.
        cumulative: The effect times the volume since the start (sales that would not have been).
        points: Observed and expected, period by period.
        n_before: Periods before the start.
    """

    effect: Estimate
    cumulative: Estimate
    points: tuple[ExpectedPoint, ...]
    n_before: int


def treated_series(panel: Panel, start: date) -> TreatedSeries:
    """Pool the treated units into one series.

    Raises:
        InputError: No treated unit, no period before or after the start, or a period in which the
            treated units count nothing.
    """
    check_span(panel, start)
    if panel.n_treated < 1:
        raise InputError("a treated series needs at least 1 treated unit, got 0")
    values, volume = pooled_values(panel, treated=1)
    return TreatedSeries(
        periods=panel.periods,
        values=values,
        volume=volume,
        n_before=sum(period < start for period in panel.periods),
        unit=panel.unit,
    )


def comparison_values(panel: Panel) -> Array:
    """Pool the comparison units into one series of values.

    Raises:
        InputError: No comparison unit, or a period in which they count nothing.
    """
    if panel.n_comparison < 1:
        raise InputError("a comparison series needs at least 1 comparison unit, got 0")
    return pooled_values(panel, treated=0)[0]


def pooled_values(panel: Panel, *, treated: int) -> tuple[Array, Array]:
    """Pool a group's ratio and its denominator by period."""
    rows = panel.is_treated == treated
    size = len(panel.periods)
    top = np.bincount(panel.period_of[rows], panel.numerator[rows], size)
    bottom = np.bincount(panel.period_of[rows], panel.denominator[rows], size)
    if empty := [str(p) for p, n in zip(panel.periods, bottom, strict=True) if n == 0]:
        group = "treated" if treated else "comparison"
        raise InputError(f"the {group} units need observations in each period, none in {empty}")
    return top / bottom, np.asarray(bottom, dtype=float)


def columns_of(calendar: Calendar, length: int) -> Array:
    """Give the calendar columns that vary, one row a period.

    Raises:
        InputError: A column has another length than the series.
    """
    for column in calendar:
        if len(column) != length:
            raise InputError(
                f"a calendar column must have a number for each of {length} periods, "
                f"got {len(column)}"
            )
    kept = [list(column) for column in calendar if np.ptp(np.asarray(column)) > 0]
    return np.asarray(kept, dtype=float).reshape(len(kept), length).T


def counterfactual(
    series: TreatedSeries,
    *,
    effect: Estimate,
    expected: Array,
    lower: Array,
    upper: Array,
) -> Counterfactual:
    """Put an effect and its expected path into the record."""
    total = float(series.volume[series.n_before :].sum())
    share = 100.0 if series.unit == "points" else 1.0
    return Counterfactual(
        effect=effect,
        cumulative=Estimate(
            value=effect.value * total / share,
            ci_lower=effect.ci_lower * total / share,
            ci_upper=effect.ci_upper * total / share,
            n_obs=effect.n_obs,
            unit="count",
            method=effect.method,
            confidence_level=effect.confidence_level,
        ),
        points=tuple(
            ExpectedPoint(
                period=period,
                after_start=t >= series.n_before,
                observed=float(series.values[t]),
                expected=float(expected[t]),
                ci_lower=float(lower[t]),
                ci_upper=float(upper[t]),
            )
            for t, period in enumerate(series.periods)
        ),
        n_before=series.n_before,
    )
