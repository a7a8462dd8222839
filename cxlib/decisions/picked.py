# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""Units that were picked because they scored low: what was to be expected with no action at all."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from cxlib.decisions.impact import Grade, Reason
from cxlib.errors import InputError
from cxlib.stats.panel import Panel, SeriesPoint, check_span, group_series
from cxlib.stats.shrinkage import RegressionToMean, Reliability, regression_to_mean, reliability


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChange:
    """One unit's mean in the period of the pick and afterwards."""

    unit: str
    picked: bool
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PickedImpact:
    """The graded statement on units that were picked because they scored low.

    Attributes:
        regression: Observed gain, the part expected with no action, and the rest.
        reliability: How much of a unit's distance lasts, from the periods before the pick; None
            where fewer than 2 complete periods lie before it.
        units: Each unit before and after, for the chart.
        grade: D unless the rest differs from 0; then C.
        reason: Why that grade.
        series: Pooled ratio per group and period.
        pick_start: First day of the period of the pick.
        start: First treated day.
    """

    regression: RegressionToMean
    reliability: Reliability | None
    units: tuple[UnitChange, ...]
    grade: Grade
    reason: Reason
    series: tuple[SeriesPoint, ...]
    pick_start: date
    start: date


def review_picked_units(
    panel: Panel,
    *,
    start: date,
    pick_start: date,
    confidence_level: float = 0.95,
) -> PickedImpact:
    """Review units that were picked because they scored low in [pick_start, start).

    Args:
        panel: Treated = picked; ratio = the score's mean (sum of ratings over ratings).
        start: First day of the action.
        pick_start: First day of the period whose scores decided the pick.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: Dates out of order or out of the panel, or too few units.
    """
    check_span(panel, start)
    if not panel.periods[0] <= pick_start < start:
        raise InputError(
            f"pick_start must be from {panel.periods[0]} up to before {start}, got {pick_start}"
        )
    pick = panel.between(pick_start, start)
    before, after = _unit_means(pick), _unit_means(panel.between(start))
    regression = regression_to_mean(
        before,
        after,
        picked=panel.treated,
        unit=panel.unit,
        confidence_level=confidence_level,
    )
    shown = regression.remaining.excludes(0)
    return PickedImpact(
        regression=regression,
        reliability=_earlier_reliability(panel, pick_start, len(pick.periods)),
        units=tuple(
            UnitChange(unit=unit, picked=picked, before=x, after=y)
            for unit, picked, x, y in zip(panel.units, panel.treated, before, after, strict=True)
        ),
        grade="C" if shown else "D",
        reason="remains_after_regression" if shown else "regression_to_mean",
        series=group_series(panel),
        pick_start=pick_start,
        start=start,
    )


def _unit_means(panel: Panel) -> list[float]:
    """Pool each unit's ratio over the panel's periods."""
    size = len(panel.units)
    top = np.bincount(panel.unit_of, weights=panel.numerator, minlength=size)
    bottom = np.bincount(panel.unit_of, weights=panel.denominator, minlength=size)
    if empty := [unit for unit, n in zip(panel.units, bottom, strict=True) if n == 0]:
        raise InputError(
            f"each unit needs observations from {panel.periods[0]} to {panel.periods[-1]}, "
            f"none in {', '.join(empty)}"
        )
    return [float(value) for value in top / bottom]


def _earlier_reliability(panel: Panel, pick_start: date, n_periods: int) -> Reliability | None:
    """Estimate reliability from the complete periods before the pick, where there are enough."""
    if sum(period < pick_start for period in panel.periods) < 2:
        return None
    earlier = panel.between(end=pick_start)
    grid = np.full((len(earlier.units), len(earlier.periods)), np.nan)
    grid[earlier.unit_of, earlier.period_of] = earlier.numerator / earlier.denominator
    complete = grid[:, np.isfinite(grid).all(axis=0)]
    if complete.shape[1] < 2 or np.ptp(complete) == 0:
        return None
    return reliability(complete, periods_per_mean=n_periods)
