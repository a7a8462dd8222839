"""Attack an effect of an initiative: does the method find one where there can be none?

Made-up dates: the start is moved to every month of the time before. Made-up stores: comparison
stores are treated as if they had the action, in groups drawn anew. And one question to the check of
the trend: how large a drift would it have missed?
"""

from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from cxlib.decisions.initiatives import ComparedReview
from cxlib.decisions.panels import compared_panels
from cxlib.engagement.schema import Engagement
from cxlib.stats.clustered import Array
from cxlib.stats.differences import difference_in_differences, effects_of_groups
from cxlib.stats.estimate import Estimate
from cxlib.stats.event_study import event_study
from cxlib.stats.panel import Panel

EACH_SIDE = 3
"""Months a made-up date needs before it and after it."""
MOST_GROUPS = 2_000
FEWEST_GROUPS = 19
"""Groups under which a share of 1 in 20 cannot be told."""
POWER = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboDate:
    """The effect found at a date on which nothing began."""

    start: date
    effect: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboStores:
    """Effects found in groups of comparison units on the real date.

    Attributes:
        n_groups: Groups tried.
        n_units: Units in each.
        n_as_large: Groups with an effect as large as the real one, in either direction.
        largest: The largest effect found, without its sign.
        middle: What half of the effects stay under, without sign.
        all_tried: Whether every possible group was tried; else they were drawn.
    """

    n_groups: int
    n_units: int
    n_as_large: int
    largest: float
    middle: float
    all_tried: bool

    @property
    def share(self) -> float:
        """Share of the groups as large, the real one counted among them."""
        return (1 + self.n_as_large) / (1 + self.n_groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placebos:
    """What the attacks came to.

    Attributes:
        review: The review attacked.
        dates: One per made-up date; () where the time before is too short.
        stores: None with fewer than 4 comparison units.
        drift_seen: Drift a period that a check of the trend over all months before finds in 80 of
            100 cases.
        drift_effect: What that drift would have added to the effect.
        n_before: Months before the start.
    """

    review: ComparedReview
    dates: tuple[PlaceboDate, ...]
    stores: PlaceboStores | None
    drift_seen: Estimate | None
    drift_effect: float | None
    n_before: int

    @property
    def n_dates_found(self) -> int:
        """Made-up dates whose interval excludes 0."""
        return sum(each.effect.excludes(0) for each in self.dates)

    @property
    def n_dates_as_large(self) -> int:
        """Made-up dates with an effect as large as the real one."""
        real = abs(self.review.effect.value)
        return sum(abs(each.effect.value) >= real for each in self.dates)


def attack_effect(
    review: ComparedReview | None, months: pd.DataFrame, *, engagement: Engagement
) -> Placebos | None:
    """Try the comparison on dates and stores where nothing happened.

    Args:
        review: From review_all; None, or one without comparison units, gives None.
        months: From store_months.
        engagement: For the units, the level and the seed.
    """
    if review is None or review.impact.method not in {"differences", "group_time"}:
        return None
    item, level = review.initiative, engagement.confidence_level
    panel = compared_panels(months, item, engagement=engagement).history
    before = panel.between(end=item.start)
    starts = before.periods[EACH_SIDE : len(before.periods) - EACH_SIDE + 1]
    dates = tuple(
        PlaceboDate(
            start=start,
            effect=difference_in_differences(
                before, start=start, confidence_level=level, n_permutations=99
            ).effect,
        )
        for start in starts
    )
    seen = None
    if len(before.periods) >= EACH_SIDE:
        study = event_study(panel, start=item.start, confidence_level=level, n_permutations=99)
        seen = _detectable(study.slope_difference)
    periods = {point.period for point in review.impact.series}
    return Placebos(
        review=review,
        dates=dates,
        stores=_stores(panel, item.start, review.effect.value, seed=engagement.seed),
        drift_seen=seen,
        drift_effect=seen.value * len(periods) / 2 if seen is not None else None,
        n_before=len(before.periods),
    )


def _detectable(slope: Estimate) -> Estimate:
    """Give the drift the check would find in 80 of 100 cases.

    Source: Roth (2022), American Economic Review: Insights 4(3).
    """
    from statistics import NormalDist

    half = (slope.ci_upper - slope.ci_lower) / 2
    value = half + NormalDist().inv_cdf(POWER) * slope.standard_error
    return Estimate(
        value=value,
        ci_lower=float("nan"),
        ci_upper=float("nan"),
        n_obs=slope.n_obs,
        unit=slope.unit,
        method="drift found with power 0.8",
        confidence_level=slope.confidence_level,
    )


def _stores(panel: Panel, start: date, real: float, *, seed: int) -> PlaceboStores | None:
    """Treat groups of comparison units as if they had the action."""
    idle = _comparison_only(panel)
    n = len(idle.units)
    size = min(panel.n_treated, n // 2)
    if size < 2:  # noqa: PLR2004 - as many as a comparison needs on either side
        return None
    possible = comb(n, size)
    groups = _groups(n, size, possible, seed)
    found = np.abs(effects_of_groups(idle, groups, after=idle.is_after(start)))
    if len(found) < FEWEST_GROUPS:
        return None
    return PlaceboStores(
        n_groups=len(found),
        n_units=size,
        n_as_large=int(np.sum(found >= abs(real) * (1 - 1e-9))),
        largest=float(found.max()),
        middle=float(np.median(found)),
        all_tried=possible <= MOST_GROUPS,
    )


def _groups(n: int, size: int, possible: int, seed: int) -> Array:
    """Every group of that size, or so many drawn: units by groups."""
    if possible <= MOST_GROUPS:
        chosen = np.zeros((n, possible))
        for column, picked in enumerate(combinations(range(n), size)):
            chosen[list(picked), column] = 1.0
        return chosen
    rng = np.random.default_rng(seed)
    first = np.repeat([1.0, 0.0], [size, n - size])[:, None]
    return np.asarray(rng.permuted(np.repeat(first, MOST_GROUPS, axis=1), axis=0))


def _comparison_only(panel: Panel) -> Panel:
    """Keep the comparison units."""
    kept = [number for number, treated in enumerate(panel.treated) if not treated]
    rows = np.isin(panel.unit_of, kept)
    place = np.full(len(panel.units), -1, dtype=np.intp)
    place[kept] = np.arange(len(kept))
    return replace(
        panel,
        units=tuple(panel.units[number] for number in kept),
        treated=tuple(False for _ in kept),
        unit_of=place[panel.unit_of[rows]],
        period_of=panel.period_of[rows],
        numerator=panel.numerator[rows],
        denominator=panel.denominator[rows],
    )
