"""Whether a test's arms may be compared: the split everywhere, who answered, what was before.

A broken split in total, on a day or in a segment blocks the verdict. Days and segments are many
chances for a false alarm, so their p-values are Holm-adjusted before they meet the same limit.
Differences in missing values, before the test and over time are shown and do not block: they say
how far to trust one measure. They are many chances too, over all measures and all tested arms, and
share one Holm adjustment: a warning is as rare for all of them together as for a single one.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from cxlib.data.experiments import Scope
from cxlib.data.exposure import Exposure
from cxlib.data.source import Source
from cxlib.data.summaries import period_counts
from cxlib.decisions.comparison import compare
from cxlib.decisions.experiment import SPLIT_P_VALUE, SplitCheck, check_arms
from cxlib.decisions.outcomes import MeanOutcome, Metric
from cxlib.decisions.trial_arms import TrialData, gather
from cxlib.decisions.trial_plan import Plan
from cxlib.errors import CxError
from cxlib.stats.estimate import Estimate
from cxlib.stats.means import mean_difference
from cxlib.stats.multiplicity import holm
from cxlib.stats.proportions import goodness_of_split, proportion_difference, two_sided_p

MOST_SPANS = 8
"""Stretches of time in which the effect is read again."""
DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitPart:
    """Units per arm on one day or in one segment, in the order of the plan's arms."""

    column: str
    value: str
    counts: tuple[int, ...]
    p_value: float
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingPart:
    """How many units have a value of one measure in a tested arm and in control."""

    arm: str
    metric: Metric
    control: float
    treatment: float
    difference: Estimate
    p_value: float
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancePart:
    """A value from before the test in both arms; `standardised` is in standard deviations."""

    arm: str
    column: str
    control: float
    treatment: float
    difference: Estimate
    standardised: float
    p_value: float
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPart:
    """Whether one arm's effect changes steadily over the test."""

    arm: str
    p_value: float
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One arm's primary effect among units assigned in a stretch of days, both ends included."""

    arm: str
    start: dt.date
    end: dt.date
    effect: Estimate
    std_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the checks found.

    Attributes:
        split: In total; not passed where a day or a segment is broken.
        parts: Every day and every segment.
        exposure: How the units lie in the arms.
        missing: Per tested arm and measure.
        balance: Per tested arm and covariate.
        spans: Each tested arm's effect over time.
        trends: Per tested arm with three stretches or more.
        checks: Checks that share the adjustment of the last three; their p-values are adjusted.
    """

    split: SplitCheck
    parts: tuple[SplitPart, ...]
    exposure: Exposure
    missing: tuple[MissingPart, ...]
    balance: tuple[BalancePart, ...]
    spans: tuple[Span, ...]
    trends: tuple[TrendPart, ...]
    checks: int

    @property
    def broken(self) -> tuple[SplitPart, ...]:
        """Days and segments whose split differs from plan."""
        return tuple(part for part in self.parts if not part.passed)


def check_health(
    source: Source,
    plan: Plan,
    data: TrialData,
    *,
    unit: str = "unit_id",
    arm: str = "arm",
    scope: Scope | None = None,
    minimum_cell: int = 30,
) -> Health:
    """Check the arms of a test.

    Args:
        source: The test's table.
        plan: Its rule.
        data: What was gathered from the table.
        unit: Column that names the unit.
        arm: Column with the arm's name.
        scope: Which rows; without its date there are no days.
        minimum_cell: Stretches of time with fewer units in an arm are left out.
    """
    rows = scope or Scope()
    counts = {name: each.n_assigned for name, each in data.arms.items()}
    split = check_arms(counts, plan.split)
    parts = (*_days(source, plan, arm, rows), *_segments(plan, data))
    broken = next((part.column for part in parts if not part.passed), "")
    if split.passed and broken:
        split = replace(split, passed=False, broken_in=broken)
    tested = [name for name in plan.split if name != "control"]
    spans = tuple(_spans(data.source, plan, (unit, arm), rows, minimum_cell))
    parts_of: list[tuple[MissingPart | BalancePart | TrendPart, ...]] = [
        (*_missing(plan, data, name), *_balance(plan, data.covariates, name), *_trend(name, spans))
        for name in tested
    ]
    soft = [part for found in parts_of for part in found]
    adjusted = holm([part.p_value for part in soft]) if soft else ()
    limit = 1 - plan.confidence_level
    judged = [replace(a, p_value=p, differs=p < limit) for a, p in zip(soft, adjusted, strict=True)]
    return Health(
        split=split,
        parts=parts,
        exposure=data.exposure,
        missing=tuple(part for part in judged if isinstance(part, MissingPart)),
        balance=tuple(part for part in judged if isinstance(part, BalancePart)),
        spans=spans,
        trends=tuple(part for part in judged if isinstance(part, TrendPart)),
        checks=len(soft),
    )


def _days(source: Source, plan: Plan, arm: str, scope: Scope) -> tuple[SplitPart, ...]:
    if scope.date is None:
        return ()
    frame = period_counts(
        source, date=scope.date, cadence="day", by=[arm],
        start=scope.start, end=scope.end, equals=scope.equals,
    )  # fmt: skip
    table = frame.pivot_table(
        index="period_start", columns=arm, values="n", aggfunc="sum", fill_value=0
    )
    days = [str(day.date()) for day in table.index]
    rows = [tuple(int(row[name]) for name in plan.split) for _, row in table.iterrows()]
    return _judged(DAY, days, rows, plan)


def _segments(plan: Plan, data: TrialData) -> tuple[SplitPart, ...]:
    parts: tuple[SplitPart, ...] = ()
    for column, values in data.segments.items():
        rows = [tuple(arms[name].n_assigned for name in plan.split) for arms in values.values()]
        parts += _judged(column, list(values), rows, plan)
    return parts


def _judged(
    column: str, values: Sequence[str], rows: Sequence[tuple[int, ...]], plan: Plan
) -> tuple[SplitPart, ...]:
    shares = list(plan.split.values())
    adjusted = holm([goodness_of_split(row, shares) for row in rows]) if rows else ()
    return tuple(
        SplitPart(
            column=column, value=value, counts=row, p_value=p, passed=p >= SPLIT_P_VALUE
        )
        for value, row, p in zip(values, rows, adjusted, strict=True)
    )  # fmt: skip


def _missing(plan: Plan, data: TrialData, treatment: str) -> tuple[MissingPart, ...]:
    """Compare the share of units that have a value, for measures that some units lack."""
    control, treated = data.arms["control"], data.arms[treatment]
    found = []
    for metric in plan.metrics:
        n_control = control.outcomes[metric.column].n_obs
        n_treated = treated.outcomes[metric.column].n_obs
        if n_control == control.n_assigned and n_treated == treated.n_assigned:
            continue
        difference = proportion_difference(
            n_treated, treated.n_assigned, n_control, control.n_assigned,
            confidence_level=plan.confidence_level,
        )  # fmt: skip
        found.append(
            MissingPart(
                arm=treatment,
                metric=metric,
                control=n_control / control.n_assigned,
                treatment=n_treated / treated.n_assigned,
                difference=difference,
                p_value=_p(difference),
                differs=False,
            )
        )
    return tuple(found)


def _balance(
    plan: Plan, covariates: Mapping[str, Mapping[str, MeanOutcome]], treatment: str
) -> tuple[BalancePart, ...]:
    if not covariates:
        return ()
    pairs = [(each["control"], each[treatment]) for each in covariates.values()]
    differences = [
        mean_difference(
            b.n_obs, b.mean, b.variance, a.n_obs, a.mean, a.variance,
            confidence_level=plan.confidence_level,
        )
        for a, b in pairs
    ]  # fmt: skip
    return tuple(
        BalancePart(
            arm=treatment,
            column=column,
            control=a.mean,
            treatment=b.mean,
            difference=difference,
            standardised=difference.value / (sqrt((a.variance + b.variance) / 2) or 1.0),
            p_value=_p(difference),
            differs=False,
        )
        for column, (a, b), difference in zip(covariates, pairs, differences, strict=True)
    )


def _spans(
    source: Source, plan: Plan, columns: tuple[str, str], scope: Scope, minimum_cell: int
) -> list[Span]:
    """Read the primary effect again in stretches of time of about one length."""
    if scope.date is None or scope.start is None or scope.end is None:
        return []
    unit, arm = columns
    days = (scope.end - scope.start).days
    count = min(MOST_SPANS, max(days // 7, 1) if days >= 14 else 2 if days > 1 else 1)  # noqa: PLR2004
    short = replace(plan, guardrails=(), secondary=(), segments=(), covariates=())
    found = []
    for number in range(count):
        start = scope.start + dt.timedelta(days=days * number // count)
        end = scope.start + dt.timedelta(days=days * (number + 1) // count)
        try:
            data = gather(
                source, short, unit=unit, arm=arm,
                scope=replace(scope, start=start, end=end),
            )  # fmt: skip
            compared = {
                name: compare(
                    plan.primary, control=data.arms["control"], treatment=arm,
                    confidence_level=plan.confidence_level,
                )
                for name, arm in data.arms.items() if name != "control"
            }  # fmt: skip
        except CxError:  # too little in these days to compare
            continue
        last = end - dt.timedelta(days=1)
        found += [
            Span(arm=name, start=start, end=last, effect=each.effect, std_error=each.std_error)
            for name, each in compared.items()
            if min(each.control.n_obs, each.treatment.n_obs) >= minimum_cell
        ]
    return found


def _trend(arm: str, all_spans: Sequence[Span]) -> tuple[TrendPart, ...]:
    """Test a straight line of the effects over time, each weighted by its precision."""
    spans = [span for span in all_spans if span.arm == arm]
    if len(spans) < 3 or any(not span.std_error > 0 for span in spans):  # noqa: PLR2004
        return ()
    weights = np.array([span.std_error**-2 for span in spans])
    places = np.arange(len(spans), dtype=float)
    effects = np.array([span.effect.value for span in spans])
    centred = places - np.average(places, weights=weights)
    information = float(weights @ centred**2)
    p_value = two_sided_p(float(weights @ (centred * effects)) / sqrt(information))
    return (TrendPart(arm=arm, p_value=p_value, differs=False),)


def _p(estimate: Estimate) -> float:
    return 1.0 if estimate.p_value is None else estimate.p_value
