"""Control charts: is a series still the process it was, or has something changed?

Limits come from a declared baseline and stay; a new baseline needs a reason in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from math import isfinite, log2
from statistics import fmean
from typing import Literal

import numpy as np

from cxlib.errors import InputError
from cxlib.stats.calendar_line import Calendar, calendar_line, check_calendar

Trend = Literal["up", "down", "no_signal"]
Rule = Literal["outside_limits", "long_run", "few_crossings"]
Method = Literal["individuals", "p", "Laney p'", "u", "Laney u'"]

FEWEST_POINTS = 3
RUN_RULES_FROM = 10
MEAN_RANGE = 1.128  # expected range of two standard normal values, d2 for n = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebase:
    """A fresh baseline from ``index`` on, and the reason a reader will see.

    Attributes:
        index: First point of the new phase.
        reason: In words.
        baseline: Points behind its limits; None takes as many as the first phase.
    """

    index: int
    reason: str
    baseline: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartPoint:
    """One value and the limits it is held against."""

    index: int
    value: float
    centre: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A rule that fired: at which point, which rule, to which side.

    A run is marked at its last point, too few crossings at the end of the longest run: one point
    that just came back over the centre is no trend to that side.
    """

    index: int
    rule: Rule
    direction: Literal["up", "down"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlChart:
    """A series with its limits and signals.

    Attributes:
        points: In time order; limits change only at a rebase.
        signals: In time order.
        trend: The side of the stretch the series is on now, if a rule fired in that stretch.
        baseline: Points behind the limits in force now.
        rebases: With their reasons.
        method: How the limits were found.
    """

    points: tuple[ChartPoint, ...]
    signals: tuple[Signal, ...]
    trend: Trend
    baseline: int
    rebases: tuple[Rebase, ...]
    method: Method

    @property
    def centre(self) -> float:
        """The centre line in force now."""
        return self.points[-1].centre

    @property
    def lower(self) -> float:
        """The lower limit of the last point."""
        return self.points[-1].lower

    @property
    def upper(self) -> float:
        """The upper limit of the last point."""
        return self.points[-1].upper


def individuals_chart(
    values: Sequence[float],
    *,
    baseline: int,
    rebases: Sequence[Rebase] = (),
    calendar: Calendar = (),
) -> ControlChart:
    """Chart single values (XmR) against limits from the moving range of a baseline.

        centre = mean, limits = mean ± 2.66 · mean |x(i) - x(i-1)|   over the baseline

    Three rules: a point outside the limits; a run on one side of the centre longer than
    log2(n) + 3 (rounded); fewer crossings of the centre than the 5 % point of
    Binomial(n - 1, ½), both over all points of a phase that are not on the centre line.
    The last two are read from 10 such points on.

    Args:
        values: In time order, at least 3.
        baseline: The first so many points of a phase give its limits, 3 to the phase's length.
        rebases: Fresh baselines, each with a reason.
        calendar: Columns that move the centre line, such as the share of a period's days in a
            moving holiday; each phase learns their effect from its own baseline.

    Raises:
        InputError: Too few points, a value that is not finite, a rebase without a reason.

    Source: Wheeler (2000), Understanding Variation; Anhøj and Olesen (2014), PLoS ONE 9(11).
    """
    checked = check_values(values, name="values")
    columns = check_calendar(calendar, len(checked))
    phases = find_phases(len(checked), baseline=baseline, rebases=rebases)
    points: list[ChartPoint] = []
    for start, end, own in phases:
        phase = np.array(checked[start:end])
        offsets, wider, factor = calendar_line(phase, columns[start:end], own=own)
        base = (phase - offsets)[:own]
        centre = fmean(base)
        reach = 3 / MEAN_RANGE * factor * float(np.abs(np.diff(base)).mean())
        points += [
            ChartPoint(
                index=start + i,
                value=checked[start + i],
                centre=centre + float(offsets[i]),
                lower=centre + float(offsets[i] - reach * wider[i]),
                upper=centre + float(offsets[i] + reach * wider[i]),
            )
            for i in range(end - start)
        ]
    return read_rules(points, phases, rebases=rebases, method="individuals")


def longest_run_limit(n_useful: int) -> int:
    """Return the longest run of points on one side that chance alone explains.

    round(log2(n) + 3)
    """
    return round(log2(n_useful) + 3)


@lru_cache(maxsize=1024)
def fewest_crossings_limit(n_useful: int) -> int:
    """Return the fewest crossings of the centre that chance alone explains.

    The 5 % point of Binomial(n - 1, ½), the smallest k with P(X <= k) >= 0.05.
    """
    from scipy.stats import binom

    return int(binom.ppf(0.05, n_useful - 1, 0.5))


def check_values(values: Sequence[float], *, name: str) -> list[float]:
    """Refuse too few points or one that is no finite number."""
    if len(values) < FEWEST_POINTS:
        raise InputError(
            f"a control chart needs at least {FEWEST_POINTS} points, got {len(values)}"
        )
    for place, value in enumerate(values):
        if not isfinite(value):
            raise InputError(f"{name} must be finite numbers, got {value} at place {place}")
    return [float(value) for value in values]


def find_phases(
    length: int, *, baseline: int, rebases: Sequence[Rebase]
) -> list[tuple[int, int, int]]:
    """Give first point, end and points behind the limits of each phase."""
    starts = [0]
    for rebase in rebases:
        if not rebase.reason.strip():
            raise InputError(f"a rebase needs a reason in words, got none at place {rebase.index}")
        if not starts[-1] < rebase.index < length:
            raise InputError(
                f"rebases must be in time order from 1 to {length - 1}, got {rebase.index}"
            )
        starts.append(rebase.index)
    spans = list(pairwise([*starts, length]))
    owns = [baseline, *(baseline if r.baseline is None else r.baseline for r in rebases)]
    for own in dict.fromkeys(owns):
        shortest = min(end - start for (start, end), o in zip(spans, owns, strict=True) if o == own)
        if not FEWEST_POINTS <= own <= shortest:
            raise InputError(
                f"baseline must be from {FEWEST_POINTS} to {shortest} points, the shortest phase, "
                f"got {own}"
            )
    return [(start, end, own) for (start, end), own in zip(spans, owns, strict=True)]


def read_rules(
    points: list[ChartPoint],
    phases: list[tuple[int, int, int]],
    *,
    rebases: Sequence[Rebase],
    method: Method,
) -> ControlChart:
    """Read the rules off points with limits, phase by phase, and make the chart."""
    signals: list[Signal] = []
    trend: Trend = "no_signal"
    for start, end, _ in phases:
        found, trend = _phase_signals(points[start:end])
        signals += found
    return ControlChart(
        points=tuple(points),
        signals=tuple(sorted(signals, key=lambda s: s.index)),
        trend=trend,
        baseline=phases[-1][2],
        rebases=tuple(rebases),
        method=method,
    )


def _phase_signals(phase: Sequence[ChartPoint]) -> tuple[list[Signal], Trend]:
    """Return the signals of one phase, and the side of its last run if a rule fired in it."""
    signals = [
        Signal(
            index=p.index, rule="outside_limits", direction="up" if p.value > p.upper else "down"
        )
        for p in phase
        if not p.lower <= p.value <= p.upper
    ]
    useful = [p for p in phase if p.value != p.centre]
    if not useful:
        return signals, "no_signal"
    runs = [(above, list(run)) for above, run in groupby(useful, key=lambda p: p.value > p.centre)]
    if len(useful) >= RUN_RULES_FROM:
        limit = longest_run_limit(len(useful))
        signals += [
            Signal(index=run[-1].index, rule="long_run", direction="up" if above else "down")
            for above, run in runs
            if len(run) > limit
        ]
        if len(runs) - 1 < fewest_crossings_limit(len(useful)):
            above, run = max(reversed(runs), key=lambda item: len(item[1]))
            signals.append(
                Signal(
                    index=run[-1].index,
                    rule="few_crossings",
                    direction="up" if above else "down",
                )
            )
    above, current = runs[-1]
    side: Trend = "up" if above else "down"
    fired = any(s.index >= current[0].index and s.direction == side for s in signals)
    return signals, side if fired else "no_signal"
