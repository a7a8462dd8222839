"""One estimate for each design: what the method is follows from the units and their start dates.

Comparison units and one start: difference in differences · several starts: group-time effects
· no comparison units: an interrupted series · neither: before and after.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from cxlib.errors import InputError
from cxlib.stats.counterfactual import Calendar, treated_series
from cxlib.stats.differences import difference_in_differences
from cxlib.stats.estimate import Estimate
from cxlib.stats.group_time import GroupTimeEffects, group_time_effects
from cxlib.stats.interrupted import Interrupted, interrupted_series
from cxlib.stats.panel import Panel

Method = Literal["differences", "group_time", "interrupted", "before_after"]
"""How the effect was estimated: fixed by the design, before any result."""

TWO_SEASONS = 24
"""Months before the start from which an interrupted series may be graded C.

With one year the season was seen once: where it is no plain wave, 13 to 15 of 100 series without an
effect show one (86 to 147 drawn a case), with two years 5 to 9.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An effect, how it was estimated, and what stands behind it where there is more."""

    effect: Estimate
    method: Method
    rel_effect: Estimate | None = None
    permutation: float = 1.0
    group_time: GroupTimeEffects | None = None
    expected: Interrupted | None = None


def by_differences(
    panel: Panel, start: date, *, own_trend: bool, level: float, n_permutations: int, seed: int
) -> Found:
    """Estimate what units that started together gained beyond the comparison units."""
    found = difference_in_differences(
        panel,
        start=start,
        group_trend="own" if own_trend else "common",
        confidence_level=level,
        n_permutations=n_permutations,
        seed=seed,
    )
    return Found(
        effect=found.effect,
        method="differences",
        rel_effect=found.rel_effect,
        permutation=found.permutation_p_value,
    )


def by_group_time(
    panel: Panel, start: date, own: Mapping[str, date], plain: Estimate, *, level: float
) -> Found:
    """Estimate by start date; the proportion is of the treated units' level less the effect."""
    treated = [unit for unit, flag in zip(panel.units, panel.treated, strict=True) if flag]
    found = group_time_effects(
        panel, starts={unit: own.get(unit, start) for unit in treated}, confidence_level=level
    )
    rows = panel.is_treated * panel.is_under_way(start, own) == 1
    reached = float(panel.numerator[rows].sum() / panel.denominator[rows].sum())
    effect = found.overall
    without = reached - effect.value
    relative = None
    if without > 0:
        relative = replace(
            effect, value=effect.value / without, ci_lower=effect.ci_lower / without,
            ci_upper=effect.ci_upper / without, unit="ratio",
        )  # fmt: skip
    return Found(
        effect=effect,
        method="group_time",
        rel_effect=relative or replace(plain, unit="ratio"),
        group_time=found,
    )


def by_interruption(
    history: Panel, start: date, plain: Estimate, *, calendar: Calendar, level: float
) -> Found:
    """Interrupt the treated units' own series, where a year or more stands before the start.

    Returns:
        The plain before/after where the series is too short, or the step cannot be told in it.
    """
    found = Found(effect=plain, method="before_after")
    if sum(period < start for period in history.periods) < TWO_SEASONS:
        return found
    try:
        expected = interrupted_series(
            treated_series(history, start), calendar=calendar, confidence_level=level
        )
    except InputError:
        return found
    return Found(effect=expected.found.effect, method="interrupted", expected=expected)
