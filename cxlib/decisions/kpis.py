"""The KPIs of an engagement, each on its control chart, against its frozen target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pandas as pd

from cxlib.decisions.calendar import KpiCalendar, Occasion, kpi_calendar
from cxlib.decisions.goal_reading import GoalValue, family_verdicts
from cxlib.decisions.level import Level, history_rows, period_end, pool
from cxlib.engagement.schema import Engagement, Kpi
from cxlib.errors import ConfigError, InputError, Problem
from cxlib.measures.tracking import FEWEST_BASELINE, KpiSeries, kpi_series
from cxlib.stats.control_chart import FEWEST_POINTS, Rebase, Signal

RIPENING_DAYS: Mapping[str, int] = {"repurchase_90d": 90}
"""Days after the end of a period before its value is known in full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A frozen target: the level in the KPI's unit (shares 0-1) and the day it is due."""

    level: float
    by: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedKpi:
    """One line of the KPI table.

    Attributes:
        kpi: What it is.
        series: Its history with chart, trend and verdict; None under 3 whole periods.
        target: Level and due date, or None where the client set none.
        young: First days of periods left out because their customers have not had their time yet.
        ripe_on: Day on which the first period not yet known will be; None for a KPI that is known
            at once.
        calendar: Moving holidays and sale days in its periods, and what they explain.
        reading: The last three months' periods pooled, which is what a target is read against;
            None without a series.
    """

    kpi: Kpi
    series: KpiSeries | None
    target: Target | None
    young: tuple[date, ...]
    ripe_on: date | None
    calendar: KpiCalendar
    reading: Level | None = None

    @property
    def moved(self) -> bool:
        """Whether a rule says that the KPI is not where it was."""
        return self.series is not None and self.series.trend != "no_signal"

    def occasions(self, start: date) -> tuple[Occasion, ...]:
        """Name the holidays and sales in the period that begins on a day."""
        if self.series is None:
            return ()
        starts = [point.period_start for point in self.series.points]
        return self.calendar.marks(starts.index(start))

    def signals(self) -> tuple[tuple[date, Signal], ...]:
        """Each signal that counts with the first day of its period, in time order."""
        if self.series is None:
            return ()
        points = self.series.points
        return tuple((points[s.index].period_start, s) for s in self.series.signals)


def frozen_targets(engagement: Engagement, entry: Mapping[str, Any]) -> dict[str, Target]:
    """Give the targets of the ledger, and refuse goals that were changed after they were frozen.

    Args:
        engagement: Its goals are compared with what was frozen.
        entry: The ledger's "targets".

    Raises:
        ConfigError: A goal is new, gone or different; all of them are named.
    """
    file = engagement.path.name
    problems = []
    for kpi in dict.fromkeys([*(goal.kpi for goal in engagement.goals), *entry]):
        goal = engagement.goal(kpi)
        frozen = entry.get(kpi)
        now = None if goal is None else (goal.unit, goal.target, goal.change, goal.by.isoformat())
        was = None if frozen is None else tuple(
            frozen[key] for key in ("written_unit", "written_target", "written_change", "by")
        )  # fmt: skip
        if now != was:
            problems.append(
                Problem(
                    file, f"goals, {kpi}", _shown(now), f"the frozen target says {_shown(was)}",
                    "restore the goal, or run 02_kpi_setting with a rebase_reason",
                )
            )  # fmt: skip
    if problems:
        raise ConfigError("goals were changed after their targets were frozen", problems)
    return {
        kpi: Target(level=float(frozen["level"]), by=date.fromisoformat(frozen["by"]))
        for kpi, frozen in entry.items()
    }


def track_kpis(
    history: pd.DataFrame, *, engagement: Engagement, targets: Mapping[str, Target]
) -> tuple[TrackedKpi, ...]:
    """Put every KPI on its control chart.

    The limits come from the whole periods before the review period, all of them, and stay: what
    the review period is read against is what was normal before it. Where fewer than 8 such
    periods exist, the limits are those of `kpi_series` by default; from fewer than 8 in all they
    are drawn but call no signal. Verdicts on targets are of the last three months' periods
    pooled, as the frozen rules say, and hold as one family (`goal_reading`).

    Args:
        history: `kpi`, `period_start`, `n_obs`, `value` and the counts of `kpi_series`.
        engagement: KPIs in order, review period, confidence level.
        targets: Per KPI; one that is absent has no target.

    Raises:
        InputError: The counts in the history make another unit than the KPI's.
        ConfigError: A fresh baseline begins outside the history, or leaves too few periods.
    """
    known_until = engagement.review.end
    for kpi in engagement.kpis:
        rows = history_rows(history, kpi)
        if kpi.id not in RIPENING_DAYS and len(rows):
            known_until = max(known_until, period_end(rows["start"].iloc[-1], kpi.cadence))
    return _as_family(
        tuple(
            _track(history, kpi, engagement, targets.get(kpi.id), known_until)
            for kpi in engagement.kpis
        ),
        family=len(targets),
        confidence_level=engagement.confidence_level,
    )


def _as_family(
    tracked: Sequence[TrackedKpi], *, family: int, confidence_level: float
) -> tuple[TrackedKpi, ...]:
    """Judge all KPIs with a target as one family, as their frozen rules say."""
    values = {
        each.kpi.id: GoalValue(
            estimate=each.reading.estimate, target=each.target.level, direction=each.kpi.direction
        )
        for each in tracked
        if each.reading and each.target
    }
    verdicts = family_verdicts(values, family=family, confidence_level=confidence_level)
    return tuple(
        replace(each, series=replace(each.series, verdict=verdicts[each.kpi.id]))
        if each.series and each.kpi.id in verdicts
        else each
        for each in tracked
    )


def _track(
    history: pd.DataFrame,
    kpi: Kpi,
    engagement: Engagement,
    target: Target | None,
    known_until: date,
) -> TrackedKpi:
    rows = history_rows(history, kpi)
    starts: Sequence[date] = list(rows["start"])
    ends = [period_end(start, kpi.cadence) for start in starts]
    wait = timedelta(days=RIPENING_DAYS.get(kpi.id, 0))
    young = tuple(
        start for start, end in zip(starts, ends, strict=True) if wait and end + wait > known_until
    )
    ripe = rows[~rows["start"].isin(young)]
    ripe_on = None
    if wait and starts:
        upcoming = young[0] if young else ends[-1] + timedelta(days=1)
        ripe_on = period_end(upcoming, kpi.cadence) + wait + timedelta(days=1)
    before = sum(end < engagement.review.start for end in ends)
    calendar = kpi_calendar(
        list(ripe["start"]), list(ripe["value"]), cadence=kpi.cadence, engagement=engagement
    )
    series = None
    if len(ripe) >= FEWEST_POINTS:
        rebases = _rebases(engagement, kpi, list(ripe["start"]))
        series = kpi_series(
            ripe,
            kpi=kpi.id,
            target=None if target is None else target.level,
            better=kpi.direction,
            baseline_periods=_behind_limits(before, len(ripe), rebases),
            rebases=rebases,
            calendar=calendar.columns,
            confidence_level=engagement.confidence_level,
        )
        if series.current.unit != kpi.unit:
            raise InputError(
                f"{kpi.id} is measured in {kpi.unit}, its history is in {series.current.unit}"
            )
    reading = None
    if series is not None:
        reading = pool(ripe, kpi=kpi, confidence_level=engagement.confidence_level)
    return TrackedKpi(
        kpi=kpi, series=series, target=target, young=young, ripe_on=ripe_on, calendar=calendar,
        reading=reading,
    )  # fmt: skip


def _behind_limits(before: int, periods: int, rebases: Sequence[Rebase]) -> int | None:
    """Give the periods behind the first limits; None leaves them to the default."""
    if before < FEWEST_BASELINE:
        return None
    return min(before, rebases[0].index if rebases else periods)


def _rebases(engagement: Engagement, kpi: Kpi, starts: Sequence[date]) -> tuple[Rebase, ...]:
    """Find where the fresh baselines of a KPI begin among its periods."""
    language = engagement.languages[0]
    found: list[Rebase] = []
    for item in sorted(engagement.rebaseline, key=lambda item: item.from_):
        if item.kpi != kpi.id:
            continue
        index = sum(start < item.from_ for start in starts)
        last = found[-1].index if found else 0
        if min(index - last, len(starts) - index) < FEWEST_POINTS:
            raise ConfigError(
                "a fresh baseline has too few periods",
                [
                    Problem(
                        engagement.path.name, f"rebaseline, {kpi.id}", f"from {item.from_}",
                        f"{index - last} periods lie before it and {len(starts) - index} from it "
                        f"on; a chart needs {FEWEST_POINTS} on either side",
                        "move the date, or leave the entry out until there are enough",
                    )
                ],
            )  # fmt: skip
        found.append(Rebase(index=index, reason=item.reason[language]))
    return tuple(found)


def _shown(goal: tuple[Any, ...] | None) -> str:
    if goal is None:
        return "no goal"
    unit, target, change, by = goal
    aim = f"target {target}" if target is not None else f"change {change}"
    return f"{aim} {unit} by {by}"
