# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""What an initiative did: estimate, checks, and a statement graded by the evidence.

Grades: A randomised (never given here) · B comparison units, every decisive check passed
· C trend-adjusted, trend untested, or too few units for B · D cannot separate the action from what
else happened.

Passed checks are no proof that the groups moved alike: a drift of 0.04 pp a month passed in 3 of 4
simulated chains of 24 stores and added 0.2 pp to an effect of 2 pp. The ends of the trend check's
interval, times the months between the middles of both periods, are what is not ruled out (Roth
2022, AER: Insights 4(3)).

Several actions at once in the same units stay one package: its effect can be graded, but no part
of it can be credited to one action.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cxlib.decisions.designs import (
    Found,
    Method,
    by_differences,
    by_group_time,
    by_interruption,
)
from cxlib.errors import InputError
from cxlib.stats.counterfactual import Calendar
from cxlib.stats.differences import before_after, difference_in_differences
from cxlib.stats.estimate import Estimate
from cxlib.stats.event_study import EventStudy, PeriodEffect, event_study
from cxlib.stats.group_time import GroupTimeEffects
from cxlib.stats.interrupted import Interrupted
from cxlib.stats.panel import Panel, SeriesPoint, check_before, group_series

Grade = Literal["A", "B", "C", "D"]
CheckKey = Literal[
    "comparison_group",
    "not_picked_for_low_scores",
    "enough_units",
    "trend_before",
    "gaps_before",
    "placebo_date",
    "permutation_agrees",
    "actions_separable",
    "history_long_enough",
    "nothing_left_over",
]
Reason = Literal[
    "checks_passed",
    "trend_adjusted",
    "trend_unadjusted",
    "trend_untested",
    "few_units",
    "no_comparison",
    "series_adjusted",
    "picked_for_low_scores",
    "remains_after_regression",
    "regression_to_mean",
]

CHECK_P_VALUE = 0.05
"""Under this a check of the time before the start fails."""

ENOUGH_UNITS = 4
"""Treated and comparison units each: under this the effect cannot be graded B."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One test of the design.

    Attributes:
        key: Names its sentence.
        passed: Whether the design stood it; None where it could not be run.
        decisive: Whether failing lowers the grade.
        estimate: What was looked at, where it is a number.
        p_value: Two-sided, where there is one.
    """

    key: CheckKey
    passed: bool | None
    decisive: bool = True
    estimate: Estimate | None = None
    p_value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Pooled ratios behind the effect; the comparison is None where there is none."""

    treated_before: float
    treated_after: float
    comparison_before: float | None
    comparison_after: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """The graded statement on an initiative.

    Attributes:
        effect: Beyond the comparison units (B, C) or plain before/after (D without comparison).
        rel_effect: The same as a proportion of what would have been; None without comparison.
        before_after: Treated units after against before, for contrast.
        levels: The four pooled ratios.
        checks: In the order they are told.
        grade: Of the evidence, not of the size.
        reason: Why that grade.
        actions: What was done, together.
        separable: Whether the effect may be credited to one action.
        permutation_p_value: Of the effect, without distribution; None without comparison.
        series: Pooled ratio per group and period, for the chart.
        gaps: Gap between the groups per period, from its mean before the start; may be empty.
        start: First treated day.
        n_treated: Treated units.
        n_comparison: Comparison units.
        method: How the effect was estimated.
        group_time: By start date and by time since the start, where units started apart.
        expected: Observed and expected series, where there are no comparison units.
    """

    effect: Estimate
    rel_effect: Estimate | None
    before_after: Estimate
    levels: Levels
    checks: tuple[Check, ...]
    grade: Grade
    reason: Reason
    actions: tuple[str, ...]
    separable: bool
    permutation_p_value: float | None
    series: tuple[SeriesPoint, ...]
    gaps: tuple[PeriodEffect, ...]
    start: date
    n_treated: int
    n_comparison: int
    method: Method = "differences"
    group_time: GroupTimeEffects | None = None
    expected: Interrupted | None = None


def review_initiative(
    panel: Panel,
    *,
    start: date,
    actions: Sequence[str],
    starts: Mapping[str, date] | None = None,
    history: Panel | None = None,
    calendar: Calendar = (),
    picked_for_low_scores: bool = False,
    confidence_level: float = 0.95,
    n_permutations: int = 1_999,
    seed: int = 20_260_101,
) -> Impact:
    """Estimate an initiative's effect, test the design, and grade the statement.

    The design alone chooses the method. With comparison units: difference in differences, or
    group-time effects where units started on different dates; when the groups moved apart before
    the start, the effect is re-estimated with an own trend for the treated units and graded C.
    Without comparison units: an interrupted series of 12 or more periods before the start, at most
    C; else before/after, graded D.

    Args:
        panel: From read_panel; the history that the baseline allows.
        start: First treated day.
        actions: What was done in the treated units, one name each, at least one.
        starts: Treated units that started later than ``start``, and when.
        history: The same units over a longer time, for the interrupted series.
        calendar: Columns for moving holidays, one number a period of ``history``.
        picked_for_low_scores: Whether units were picked because this outcome was low; then the
            grade is D and picked.review_picked_units is the right question.
        confidence_level: In [0.9, 1).
        n_permutations: Re-drawn treated groups.
        seed: Of the re-drawing.

    Raises:
        InputError: No action named, no period before or after the start, or fewer than 2
            treated units.
    """
    if not actions:
        raise InputError("an initiative needs at least 1 action, got none")
    own = dict(starts or {})
    check_before(panel, start, own)
    plain = before_after(panel, start=start, starts=own, confidence_level=confidence_level)
    compared = panel.n_comparison >= 2
    checks = [Check(key="comparison_group", passed=compared)]
    found = Found(effect=plain, method="before_after")
    grade: Grade = "D"
    reason: Reason = "no_comparison"
    study = None
    if compared:
        n_before = sum(period < start for period in panel.periods)
        if n_before >= 3:
            study = event_study(panel, start=start, confidence_level=confidence_level, seed=seed)
        checks += _design_checks(panel, start, study, picked=picked_for_low_scores)
        grade, reason = _grade(checks)
        if own:
            found = by_group_time(panel, start, own, plain, level=confidence_level)
            if reason == "trend_adjusted":
                grade, reason = "D", "trend_unadjusted"
        else:
            found = by_differences(
                panel, start, own_trend=reason == "trend_adjusted", level=confidence_level,
                n_permutations=n_permutations, seed=seed,
            )  # fmt: skip
            checks.append(
                Check(
                    key="permutation_agrees",
                    passed=(found.permutation < 1 - confidence_level) == found.effect.excludes(0),
                    decisive=False,
                    p_value=found.permutation,
                )
            )
    elif not own:
        found = by_interruption(
            history or panel, start, plain, calendar=calendar, level=confidence_level
        )
        checks += _series_checks(found)
        if found.expected and not picked_for_low_scores and not _failed(checks[1:]):
            grade, reason = "C", "series_adjusted"
        else:
            found = replace(found, effect=plain, method="before_after")
    separable = Check(key="actions_separable", passed=len(actions) == 1, decisive=False)
    return Impact(
        effect=found.effect,
        rel_effect=found.rel_effect,
        before_after=plain,
        levels=_levels(panel, panel.is_under_way(start, own) == 1),
        checks=(*checks, separable),
        grade=grade,
        reason=reason,
        actions=tuple(actions),
        separable=len(actions) == 1,
        permutation_p_value=found.permutation if found.method == "differences" else None,
        series=group_series(panel),
        gaps=study.points if study and not own else (),
        start=start,
        n_treated=panel.n_treated,
        n_comparison=panel.n_comparison,
        method=found.method,
        group_time=found.group_time,
        expected=found.expected,
    )


def _design_checks(
    panel: Panel, start: date, study: EventStudy | None, *, picked: bool
) -> list[Check]:
    """Test the claim that both groups would have moved alike."""
    checks = [
        Check(key="not_picked_for_low_scores", passed=not picked),
        Check(key="enough_units", passed=min(panel.n_treated, panel.n_comparison) >= ENOUGH_UNITS),
    ]
    if study is None:
        return [
            *checks,
            Check(key="trend_before", passed=None),
            Check(key="gaps_before", passed=None),
        ]
    slope = study.slope_difference
    checks += [
        Check(
            key="trend_before",
            passed=slope.p_value is None or not slope.p_value < CHECK_P_VALUE,
            estimate=slope,
            p_value=slope.p_value,
        ),
        Check(
            key="gaps_before",
            passed=study.joint_p_value >= CHECK_P_VALUE,
            p_value=study.joint_p_value,
        ),
    ]
    before = panel.between(end=start)
    placebo = difference_in_differences(
        before, start=before.periods[len(before.periods) // 2], n_permutations=199
    ).effect
    checks.append(
        Check(
            key="placebo_date",
            passed=not placebo.excludes(0),
            decisive=False,
            estimate=placebo,
            p_value=placebo.p_value,
        )
    )
    return checks


def _series_checks(found: Found) -> list[Check]:
    """Test what an interrupted series stands on: a year before, and nothing left in its errors."""
    checks = [Check(key="history_long_enough", passed=found.expected is not None)]
    if found.expected is not None:
        leftover = found.expected.leftover_p_value
        checks.append(
            Check(key="nothing_left_over", passed=leftover >= CHECK_P_VALUE, p_value=leftover)
        )
    return checks


def _failed(checks: Sequence[Check]) -> set[str]:
    return {check.key for check in checks if check.decisive and check.passed is False}


def _grade(checks: Sequence[Check]) -> tuple[Grade, Reason]:
    failed = _failed(checks)
    if "not_picked_for_low_scores" in failed:
        return "D", "picked_for_low_scores"
    if failed & {"trend_before", "gaps_before"}:
        return "C", "trend_adjusted"
    if "enough_units" in failed:
        return "C", "few_units"
    if any(check.decisive and check.passed is None for check in checks):
        return "C", "trend_untested"
    return "B", "checks_passed"


def _levels(panel: Panel, after: NDArray[np.bool_]) -> Levels:
    def pooled(flag: int, phase: NDArray[np.bool_]) -> float | None:
        rows = (panel.is_treated == flag) & phase
        total = float(panel.denominator[rows].sum())
        return float(panel.numerator[rows].sum()) / total if total else None

    treated_before, treated_after = pooled(1, ~after), pooled(1, after)
    if treated_before is None or treated_after is None:
        raise InputError("the treated units have no observation before or after the start")
    return Levels(
        treated_before=treated_before,
        treated_after=treated_after,
        comparison_before=pooled(0, ~after),
        comparison_after=pooled(0, after),
    )
