"""The outlook of a goal: when its change would show, how surely, who is there already.

`goals` weighs sampling error alone; here the process's own movement between periods is added, which
more answers do not remove.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from cxlib.decisions.best_segment import BestSegment
from cxlib.decisions.goals import GoalCheck
from cxlib.decisions.kpis import RIPENING_DAYS
from cxlib.decisions.level import Level, answer_variance, history_rows
from cxlib.engagement.plan import Benchmark
from cxlib.engagement.schema import Cadence, Engagement, Kpi
from cxlib.stats.assurance import (
    Stretch,
    assurance,
    chance_past,
    level_shown_met,
    periods_to_show,
    process_sd,
)

FEWEST_PERIODS = 6
"""Periods under which no movement of the process is estimated."""
STALE_MONTHS = 24
MONTHS: Mapping[Cadence, float] = {"weekly": 12 * 7 / 365.25, "monthly": 1.0, "quarterly": 3.0}
DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedBenchmark:
    """A benchmark with its age at the date of the report."""

    benchmark: Benchmark
    months_old: int

    @property
    def is_stale(self) -> bool:
        """Whether it is older than 24 months."""
        return self.months_old > STALE_MONTHS


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What stands between a goal and its proof.

    Attributes:
        check: The goal, weighed by sampling error.
        process_sd: Movement of one period beyond sampling error, in the KPI's unit; None from
            too few periods, and then the rest allows for sampling error alone.
        months_to_show: Months until a true change of the goal's size would show, the wait for a
            late KPI included; None for never or nothing to see. Like the two chances of being
            shown it counts all goals as one family.
        chance_by_date: Chance that the change, if it really happens, is shown by the due date;
            None without a period before it.
        chance_alone: The same for this goal read alone.
        chance_untouched: Chance that the periods to the date read at or past the goal though
            nothing changes.
        level_shown_met: True level whose interval would lie past the goal with the chance the
            sample sizes were computed for; None likewise.
        best: Best segment, where the client's tables name segments.
        benchmarks: On the KPI's scale, newest first.
    """

    check: GoalCheck
    process_sd: float | None
    months_to_show: float | None
    chance_by_date: float | None
    chance_alone: float | None
    chance_untouched: float | None
    level_shown_met: float | None
    best: BestSegment | None
    benchmarks: tuple[DatedBenchmark, ...]

    @property
    def best_reaches(self) -> bool:
        """Whether the best segment is at or past the goal."""
        kpi = self.check.kpi
        return self.best is not None and self.best.reaches(self.check.level, better=kpi.direction)


def outlooks(
    history: pd.DataFrame,
    checks: Sequence[GoalCheck],
    *,
    engagement: Engagement,
    best: Mapping[str, BestSegment | None],
) -> tuple[Outlook, ...]:
    """Give the outlook of every goal, in order.

    Args:
        history: As for `pool`.
        checks: The goals, weighed.
        engagement: Benchmarks and report date.
        best: Best segment by KPI id.
    """
    return tuple(
        _outlook(history, check, engagement=engagement, best=best.get(check.kpi.id))
        for check in checks
    )


def process_movement(
    history: pd.DataFrame, *, kpi: Kpi, level: Level, design_effect: float = 1.0
) -> float | None:
    """Estimate how much a KPI moves between periods beyond sampling error; None from too few.

    Args:
        history: As for `pool`.
        kpi: Whose periods.
        level: Gives the variance of one answer.
        design_effect: Of one period's answers, 1 or more.
    """
    rows = history_rows(history, kpi)
    if len(rows) < FEWEST_PERIODS:
        return None
    variance = design_effect * answer_variance(level)
    values = [float(value) for value in rows["value"]]
    return process_sd(values, [variance / float(n) for n in rows["n_obs"]])


def dated_benchmarks(
    benchmarks: Sequence[Benchmark], *, kpi: str, today: date
) -> tuple[DatedBenchmark, ...]:
    """Give a KPI's benchmarks with their age in whole months, newest first."""
    mine = sorted(
        (item for item in benchmarks if item.kpi == kpi), key=lambda item: item.dated, reverse=True
    )
    return tuple(DatedBenchmark(benchmark=item, months_old=_months(item.dated, today))
                 for item in mine)  # fmt: skip


def _outlook(
    history: pd.DataFrame,
    check: GoalCheck,
    *,
    engagement: Engagement,
    best: BestSegment | None,
) -> Outlook:
    kpi, start, sample = check.kpi, check.start, check.family
    alike = check.repeats
    moves = None
    if start.estimate.n_obs:
        moves = process_movement(
            history, kpi=kpi, level=start, design_effect=alike.of_period if alike else 1.0
        )
    months = chance = alone = untouched = met = None
    if sample is not None and start.estimate.n_obs:
        own = moves or 0.0
        variance = answer_variance(start) * (alike.of_baseline if alike else 1.0)
        before = Stretch(
            periods=start.n_periods,
            n_obs=start.estimate.n_obs,
            variance=variance,
            process_sd=own,
        )
        level = sample.confidence_level
        needed = periods_to_show(
            check.change,
            before=before,
            n_per_period=sample.n_collected,
            variance=variance,
            process_sd=own,
            confidence_level=level,
            power=sample.power,
        )
        if needed is not None:
            wait = timedelta(days=RIPENING_DAYS.get(kpi.id, 0)).days / DAYS_A_MONTH
            months = needed * MONTHS[kpi.cadence] + wait
        if check.periods_left:
            left = check.periods_left
            after = Stretch(
                periods=left,
                n_obs=left * sample.n_collected,
                variance=variance,
                process_sd=own,
            )
            up = 1.0 if kpi.direction == "higher" else -1.0
            chance, alone = (
                assurance(check.change, before=before, after=after, confidence_level=read_at)
                for read_at in (level, engagement.confidence_level)
            )
            untouched = chance_past(
                check.level, centre=start.estimate.value, before=before, after=after, upward=up
            )
            met = level_shown_met(
                check.level, after=after, upward=up, confidence_level=level, power=sample.power
            )
    return Outlook(
        check=check,
        process_sd=moves,
        months_to_show=months,
        chance_by_date=chance,
        chance_alone=alone,
        chance_untouched=untouched,
        level_shown_met=met,
        best=best,
        benchmarks=dated_benchmarks(engagement.benchmarks, kpi=kpi.id, today=engagement.dated()),
    )


def _months(dated: date, today: date) -> int:
    whole = (today.year - dated.year) * 12 + today.month - dated.month
    return max(0, whole - (today.day < dated.day))
