"""The goals of an engagement: the level each means, how far off it is, when it could be seen.

A goal is measured from its frozen baseline; where the baseline already meets it, from the recent
level instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Literal

import pandas as pd

from cxlib.data.source import Source
from cxlib.data.summaries import group_moments
from cxlib.decisions.later_periods import later_periods, pooled_change
from cxlib.decisions.level import Level, history_rows, period_end, pool
from cxlib.decisions.repeats import Repeats
from cxlib.decisions.targets import Feasibility, feasibility, goal_level
from cxlib.engagement.scales import Direction
from cxlib.engagement.schema import Engagement, Goal, Kpi
from cxlib.errors import ConfigError, InputError, Problem
from cxlib.measures.response import ResponseRate
from cxlib.stats.multiplicity import simultaneous_level

Visibility = Literal["one_period", "pooled", "late", "never", "reached", "not_collected", "passed"]
"""one_period: two single periods show it, and one is whole by the due date · pooled: the periods to
the due date together show it against the baseline · late: so many periods exist only after the due
date · never: the baseline has too few answers for any later sample · reached: nothing left to see ·
not_collected: the history has no period of it · passed: the due date lies before the report and
the recent level is not there."""


FEWEST_PAST = 12
"""Periods that must all lie past a target before it counts as set on the wrong side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalCheck:
    """One goal, weighed: what it means, how far off it is, whether it can be seen.

    Attributes:
        goal: As typed.
        kpi: What it is about.
        baseline: Frozen level.
        level: Level the goal means, in the KPI's unit.
        start: Level the change is measured from: the baseline, or the recent level where the
            baseline already meets the goal.
        from_recent: Whether start is the recent level.
        best: Best single period of the history; None without history.
        n_at_level: Periods of the history at or past the goal.
        n_history: Periods of the history.
        sample: Answers needed and collected, for this goal read alone; None when nothing is left
            to see or to count.
        family: The same with all goals read as one family: at Holm's first hurdle, the level at
            which their intervals hold together. The verdict and what follows rest on it.
        periods_needed: Later periods that, pooled, show the change against start; None for never.
        periods_left: Whole periods that begin once the goal's actions have started and are known
            by the due date.
        smallest_by_date: Smallest change, in the goal's direction, that those periods together
            show against start; None without any or where it leaves the scale.
        visibility: The verdict.
        counts_from: First day of the first of those later periods; None without any.
        repeats: How alike one customer's answers are; None where each counts on its own.
        smallest_of_one: Smallest change one later period would show where no period lies before
            the due date; None where one does, or where it leaves the scale.
    """

    goal: Goal
    kpi: Kpi
    baseline: Level
    level: float
    start: Level
    from_recent: bool
    best: float | None
    n_at_level: int
    n_history: int
    sample: Feasibility | None
    family: Feasibility | None
    periods_needed: int | None
    periods_left: int
    smallest_by_date: float | None
    visibility: Visibility
    counts_from: date | None = None
    repeats: Repeats | None = None
    smallest_of_one: float | None = None

    @property
    def can_be_seen(self) -> bool:
        """Whether the change shows by the due date, in one period or pooled."""
        return self.visibility in {"one_period", "pooled"}

    @property
    def change(self) -> float:
        """Goal minus start, in the KPI's unit."""
        return self.level - self.start.estimate.value


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalLink:
    """A goal and the diagnosed priorities it touches.

    Attributes:
        goal: The goal.
        named: Priorities its action names.
        same_owner: Further priorities its owner answers for; a looser tie.
    """

    goal: Goal
    named: tuple[str, ...]
    same_owner: tuple[str, ...]


def check_goals(
    history: pd.DataFrame,
    *,
    engagement: Engagement,
    levels: Mapping[str, Level],
    response_rate: float | Mapping[str, float] | None = None,
    repeats: Mapping[str, Repeats] | None = None,
) -> tuple[GoalCheck, ...]:
    """Weigh every goal of the engagement, in its order.

    Args:
        history: As for `pool`.
        engagement: Goals and KPIs.
        levels: The baselines.
        response_rate: Completed answers per invitation sent, 0-1, of each KPI or of all;
            used for KPIs that are survey metrics of the engagement.
        repeats: How alike one customer's answers are, by KPI id; every answer of a KPI that is
            absent counts as a customer of its own.

    Raises:
        ConfigError: Two goals on one KPI, a goal that leaves the KPI's scale, or a target that
            every period of the history is past.
    """
    file = engagement.path.name
    problems = []
    checks = []
    seen: set[str] = set()
    joint = simultaneous_level(
        engagement.confidence_level, comparisons=max(1, len(engagement.goals))
    )
    last = max((_last_day(history, kpi) for kpi in engagement.kpis), default=date.min)
    for index, goal in enumerate(engagement.goals):
        where = f"goals[{index}]"
        if goal.kpi in seen:
            problems.append(
                Problem(file, where, goal.kpi, "a KPI has one goal at a time", "merge the two")
            )
            continue
        seen.add(goal.kpi)
        try:
            check = _check(
                history,
                goal=goal,
                kpi=engagement.kpi(goal.kpi),
                baseline=levels[goal.kpi],
                last_day=last,
                response_rate=_rate_of(goal.kpi, response_rate)
                if goal.kpi in engagement.metrics
                else None,
                confidence_level=engagement.confidence_level,
                joint_level=joint,
                begins=action_start(engagement, goal),
                repeats=(repeats or {}).get(goal.kpi),
                today=engagement.dated(),
            )
            if rule := _wrong_side(check):
                remedy = "correct the target or the KPI's direction"
                problems.append(Problem(file, where, f"{goal.target:g} {goal.unit}", rule, remedy))
            checks.append(check)
        except InputError as error:
            problems.append(Problem(file, where, goal.kpi, str(error), "change target or unit"))
    if problems:
        raise ConfigError(f"{file} has goals that cannot be set", problems)
    return tuple(checks)


def _wrong_side(check: GoalCheck) -> str:
    """Say why a target asks for a step back: no period of a long history was ever short of it."""
    if (
        check.goal.target is None
        or check.n_history < FEWEST_PAST
        or check.n_at_level < check.n_history
    ):
        return ""
    return (
        f"{check.kpi.direction} is better for {check.kpi.id}, and all {check.n_history} periods "
        "are past this target already"
    )


def action_start(engagement: Engagement, goal: Goal) -> date | None:
    """Give the day from which a goal's full change may be looked for.

    It is the start of the last of its KPI's actions; None where the plan has none.
    """
    return max((a.start for a in engagement.actions if a.kpi == goal.kpi), default=None)


def answers_per_invitation(overall: ResponseRate) -> float | None:
    """Give completed answers per invitation sent, 0-1; None where too few were sent to say."""
    return overall.completed / overall.sent if overall.completed and overall.sent else None


def scored_per_invitation(
    rate: float | None, survey: Source | None, *, engagement: Engagement
) -> dict[str, float]:
    """Give per survey KPI the answers to its own score that an invitation brings, 0-1.

    Args:
        rate: Completed answers per invitation sent.
        survey: The answers; without them every completed answer counts as scored.
        engagement: Its metrics and baseline.
    """
    if rate is None:
        return {}
    asked = [kpi.id for kpi in engagement.kpis if kpi.id in engagement.metrics]
    columns = [name for name in asked if survey is not None and name in survey.columns]
    if survey is None or not columns:
        return dict.fromkeys(asked, rate)
    found = group_moments(survey, columns=columns, **engagement.baseline.window("answered_at"))
    n = float(found["n"].sum())
    parts = {name: float(found[f"n_{name}"].sum()) / n for name in columns} if n else {}
    return {name: rate * parts.get(name, 1.0) for name in asked}


def link_goals(engagement: Engagement, priorities: Sequence[str]) -> tuple[GoalLink, ...]:
    """Say which diagnosed priorities each goal touches: named in its action, or of its owner."""
    points = [point for point in engagement.touchpoints if point.id in priorities]
    links = []
    for goal in engagement.goals:
        named = tuple(
            point.id
            for point in points
            if any(
                name.casefold() in goal.action[language].casefold()
                for language, name in point.name.items()
                if language in goal.action
            )
        )
        same = tuple(p.id for p in points if p.owner == goal.owner and p.id not in named)
        links.append(GoalLink(goal=goal, named=named, same_owner=same))
    return tuple(links)


def _rate_of(kpi: str, rate: float | Mapping[str, float] | None) -> float | None:
    return rate.get(kpi) if isinstance(rate, Mapping) else rate


def _check(
    history: pd.DataFrame,
    *,
    goal: Goal,
    kpi: Kpi,
    baseline: Level,
    last_day: date,
    response_rate: float | None,
    confidence_level: float,
    joint_level: float,
    begins: date | None,
    repeats: Repeats | None,
    today: date,
) -> GoalCheck:
    level = goal_level(
        baseline.estimate.value,
        kpi_unit=kpi.unit,
        unit=goal.unit,
        target=goal.target,
        change=goal.change,
    )
    rows = history_rows(history, kpi)
    values = [float(value) for value in rows["value"]]
    recent = pool(history, kpi=kpi, confidence_level=confidence_level)
    passed = _at_or_past(baseline.estimate.value, level, kpi.direction)
    start = recent if passed and recent is not None else baseline
    sample = family = needed = smallest = following = None
    left = 0
    later: tuple[date, ...] = ()
    visibility: Visibility = "not_collected"
    if _at_or_past(start.estimate.value, level, kpi.direction):
        visibility = "reached"
    elif recent is not None:
        sd = start.sd or recent.sd
        collected = start.n_per_period or recent.n_per_period
        sample, family = (
            feasibility(
                start.estimate,
                target=level,
                n_per_period=collected,
                sd=sd,
                nps_shares=start.nps_shares,
                response_rate=response_rate,
                design_effect=repeats.of_period if repeats else 1.0,
                confidence_level=read_at,
            )
            for read_at in (confidence_level, joint_level)
        )
        later = later_periods(
            kpi, by=goal.by, after=baseline.end, known=recent.end, last=last_day, begins=begins
        )
        left = len(later)
        effect = repeats.of_baseline if repeats else 1.0
        needed, following = pooled_change(
            kpi, start, level, family, sd=sd, periods=left or 1, design_effect=effect
        )
        smallest = following if left else None
        visibility = (
            "one_period" if family.can_be_seen and left
            else "never" if needed is None
            else "pooled" if needed <= left
            else "late"
        )  # fmt: skip
        if goal.by < today and not _at_or_past(recent.estimate.value, level, kpi.direction):
            visibility = "passed"
    return GoalCheck(
        goal=goal,
        kpi=kpi,
        baseline=baseline,
        level=level,
        start=start,
        from_recent=start is not baseline,
        best=None if not values else (max if kpi.direction == "higher" else min)(values),
        n_at_level=sum(_at_or_past(value, level, kpi.direction) for value in values),
        n_history=len(values),
        sample=sample,
        family=family,
        periods_needed=needed,
        periods_left=left,
        smallest_by_date=smallest,
        visibility=visibility,
        counts_from=later[0] if later else None,
        repeats=repeats,
        smallest_of_one=None if left else following,
    )


def _last_day(history: pd.DataFrame, kpi: Kpi) -> date:
    rows = history_rows(history, kpi)
    return period_end(rows["start"].iloc[-1], kpi.cadence) if len(rows) else date.min


def _at_or_past(value: float, level: float, direction: Direction) -> bool:
    return isfinite(value) and (value >= level if direction == "higher" else value <= level)
