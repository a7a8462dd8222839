"""The initiatives of an engagement, each reviewed by the design its choice of units allows.

Units picked because they scored low are reviewed for regression to the mean; all others against
units without any initiative. A unit with two initiatives at once is left out of both groups: what
happened there belongs to neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from cxlib.decisions.baseline import month_stamp, pooled_ratio
from cxlib.decisions.impact import Grade, Impact, review_initiative
from cxlib.decisions.panels import (
    MIN_UNITS,
    compared_panels,
    month_calendar,
    outcome_panel,
    unit_rows,
)
from cxlib.decisions.picked import PickedImpact, review_picked_units
from cxlib.engagement.schema import Engagement, Initiative
from cxlib.errors import ConfigError
from cxlib.stats.differences import difference_in_differences
from cxlib.stats.estimate import Estimate, Unit
from cxlib.stats.panel import Panel

LONGEST_PICK = 12
VariantKey = Literal["plain", "main", "all_others", "long_history"]
Group = Literal["treated", "comparison"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to estimate the change, with the units and first month it uses."""

    key: VariantKey
    effect: Estimate
    n_treated: int
    n_comparison: int
    first_month: date


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthPoint:
    """A group's pooled ratio in a month; its interval is by unit."""

    month: date
    group: Group
    estimate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedReview:
    """An initiative reviewed against units without one.

    Attributes:
        initiative: As the engagement states it.
        impact: Effect, checks and grade; main comparison, baseline and review period.
        variants: Plain before/after, the main estimate, and others that could have been chosen.
        months: Both groups month by month over the whole history.
        comparison: clean: units without any initiative · all_others: too few were clean, so units
            with another initiative stand among the comparison units.
        n_with_other: Units outside this initiative that have another one.
        n_left_out: Units with this and another initiative, left out of both groups.
        n_after: Observations of the treated units since the start (enquiries).
        months_after: Months since the start.
    """

    initiative: Initiative
    impact: Impact
    variants: tuple[Variant, ...]
    months: tuple[MonthPoint, ...]
    comparison: Literal["clean", "all_others"]
    n_with_other: int
    n_left_out: int
    n_after: int
    months_after: int

    @property
    def effect(self) -> Estimate:
        """What may be credited, as far as the grade goes."""
        return self.impact.effect

    @property
    def observed(self) -> Estimate:
        """Plain before/after."""
        return self.impact.before_after

    @property
    def grade(self) -> Grade:
        """Of the evidence."""
        return self.impact.grade


@dataclass(frozen=True, slots=True, kw_only=True)
class PickedReview:
    """An initiative in units picked for low scores.

    Attributes:
        initiative: As the engagement states it.
        impact: Observed gain, the part expected with no action, the rest, and the grade.
        with_others: The rest, when units with another initiative stand among those not picked.
        months: Both groups over time, in spans as long as the pick; "treated" are the picked.
        comparison: As in ComparedReview.
        n_with_other: Units not picked that have another initiative.
        pick_months: Length of the span whose scores decided the pick.
    """

    initiative: Initiative
    impact: PickedImpact
    with_others: Estimate | None
    months: tuple[MonthPoint, ...]
    comparison: Literal["clean", "all_others"]
    n_with_other: int
    pick_months: int

    @property
    def effect(self) -> Estimate:
        """What is left after the part expected with no action."""
        return self.impact.regression.remaining

    @property
    def observed(self) -> Estimate:
        """Gain of the picked units."""
        return self.impact.regression.observed

    @property
    def grade(self) -> Grade:
        """Of the evidence."""
        return self.impact.grade


Review: TypeAlias = ComparedReview | PickedReview


def review_all(
    frame: pd.DataFrame, *, engagement: Engagement, pick_months: int = 3
) -> tuple[Review, ...]:
    """Review every initiative of the engagement, in its order.

    Args:
        frame: From store_months.
        engagement: Its initiatives, baseline and review period, level and seed.
        pick_months: Months before the start whose scores decided a pick, 1 to 12.

    Raises:
        ConfigError: The engagement names no initiative, one has too few units of its own, or
            pick_months is out of range.
        InputError: The panel does not cover the periods.
    """
    if not engagement.initiatives:
        raise ConfigError(f"{engagement.path.name} names no initiatives to review")
    if not (isinstance(pick_months, int) and 1 <= pick_months <= LONGEST_PICK):
        raise ConfigError(
            f"parameter pick_months must be whole months from 1 to {LONGEST_PICK}, "
            f"got {pick_months!r}"
        )
    return tuple(
        _review_picked(frame, item, engagement=engagement, pick_months=pick_months)
        if item.picked_for_low_scores
        else _review_compared(frame, item, engagement=engagement)
        for item in engagement.initiatives
    )


def choose(reviews: Sequence[Review], initiative: str = "") -> ComparedReview | None:
    """Take the initiative to show in full: the named one, or the first that was compared.

    Raises:
        ConfigError: No compared initiative has that id; the message lists those there are.
    """
    compared = [review for review in reviews if isinstance(review, ComparedReview)]
    if not initiative:
        return next(iter(compared), None)
    for review in compared:
        if review.initiative.id == initiative:
            return review
    known = ", ".join(review.initiative.id for review in compared) or "none"
    raise ConfigError(
        f"parameter initiative must be one reviewed by comparison ({known}), got {initiative!r}"
    )


def first_picked(reviews: Sequence[Review]) -> PickedReview | None:
    """Take the first initiative whose units were picked for low scores."""
    return next((review for review in reviews if isinstance(review, PickedReview)), None)


def _review_compared(
    frame: pd.DataFrame, item: Initiative, *, engagement: Engagement
) -> ComparedReview:
    panels = compared_panels(frame, item, engagement=engagement)
    main, level, seed = panels.main, engagement.confidence_level, engagement.seed
    impact = review_initiative(
        main,
        start=item.start,
        actions=[next(iter(action.values())) for action in item.actions],
        starts=panels.starts,
        history=panels.history,
        calendar=month_calendar(panels.history, engagement=engagement),
        confidence_level=level,
        seed=seed,
    )
    others = {"main": main, "all_others": panels.all_others}
    if panels.has_history:
        others["long_history"] = panels.history
    under_way = main.is_treated * main.is_under_way(item.start, panels.starts) == 1
    return ComparedReview(
        initiative=item,
        impact=impact,
        variants=_variants(impact, others, item.start, level=level, seed=seed),
        months=_months(others.get("long_history", main), level=level),
        comparison=panels.comparison,
        n_with_other=panels.n_with_other,
        n_left_out=panels.n_left_out,
        n_after=round(float(main.denominator[under_way].sum())),
        months_after=sum(period >= item.start for period in main.periods),
    )


def _review_picked(
    frame: pd.DataFrame, item: Initiative, *, engagement: Engagement, pick_months: int
) -> PickedReview:
    mine, other = unit_rows(frame, item, engagement)
    clean = frame[mine | ~other]
    enough = clean.loc[clean[item.units] == 0, "store"].nunique() > MIN_UNITS
    last = month_stamp(engagement.review.end)
    every = frame[frame["month"] <= last]
    main = outcome_panel(clean[clean["month"] <= last] if enough else every, item)
    first = (month_stamp(item.start) - pd.DateOffset(months=pick_months)).date()
    level = engagement.confidence_level

    def review(panel: Panel) -> PickedImpact:
        return review_picked_units(
            panel, start=item.start, pick_start=first, confidence_level=level
        )

    mixed = review(outcome_panel(every, item)) if other.any() and enough else None
    return PickedReview(
        initiative=item,
        impact=review(main),
        with_others=mixed.regression.remaining if mixed else None,
        months=_months(main, level=level, start=item.start, size=pick_months),
        comparison="clean" if enough else "all_others",
        n_with_other=frame.loc[other & ~mine, "store"].nunique(),
        pick_months=pick_months,
    )


def _variants(
    impact: Impact, panels: Mapping[str, Panel], start: date, *, level: float, seed: int
) -> tuple[Variant, ...]:
    main = panels["main"]
    first = main.periods[0]
    found = [
        Variant(
            key="plain", effect=impact.before_after, n_treated=main.n_treated, n_comparison=0,
            first_month=first,
        )
    ]  # fmt: skip
    if main.n_comparison < MIN_UNITS:
        return tuple(found)
    keys: tuple[VariantKey, ...] = ("main", "all_others", "long_history")
    for key in keys:
        panel = panels.get(key)
        if panel is None or (key == "all_others" and panel.n_comparison == main.n_comparison):
            continue
        if key != "main" and impact.method != "differences":
            continue
        effect = (
            impact.effect
            if key == "main"
            else difference_in_differences(
                panel,
                start=start,
                group_trend="own" if impact.reason == "trend_adjusted" else "common",
                confidence_level=level,
                n_permutations=99,
                seed=seed,
            ).effect
        )
        found.append(
            Variant(
                key=key,
                effect=effect,
                n_treated=panel.n_treated,
                n_comparison=panel.n_comparison,
                first_month=panel.periods[0],
            )
        )
    return tuple(found)


def _months(
    panel: Panel, *, level: float, start: date | None = None, size: int = 1
) -> tuple[MonthPoint, ...]:
    """Pool each group's ratio over spans of months that meet at the start, interval by unit."""
    first = panel.periods.index(start) if start in panel.periods else 0
    span_of = (np.arange(len(panel.periods)) - first) // size
    points = []
    groups: tuple[Group, ...] = ("treated", "comparison")
    unit: Unit = "share" if panel.unit == "pp" else panel.unit
    for flag, group in zip((1, 0), groups, strict=True):
        for span in sorted(set(span_of.tolist())):
            rows = (panel.is_treated == flag) & (span_of[panel.period_of] == span)
            if not rows.any():
                continue
            size_of = len(panel.units)
            top, bottom = (
                np.bincount(panel.unit_of[rows], values[rows], size_of).astype(float)
                for values in (panel.numerator, panel.denominator)
            )
            month = panel.periods[int(np.argmax(span_of == span))]
            seen = bottom > 0
            estimate = pooled_ratio(top[seen], bottom[seen], unit=unit, level=level)
            points.append(MonthPoint(month=month, group=group, estimate=estimate))
    return tuple(points)
