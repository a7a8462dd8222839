"""What first: one impact score per touchpoint, seen against frequency and against difficulty."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.measures.quadrants import SATISFIED
from cxlib.measures.raters import ItemLevels, RaterPanel
from cxlib.measures.weights import Basis, Weighed, weigh_touchpoints
from cxlib.stats.estimate import Estimate, Unit, check_level
from cxlib.stats.proportions import proportion
from cxlib.stats.ranks import rank_bounds
from cxlib.stats.raters import Agreement

Floats: TypeAlias = NDArray[np.float64]
FrequencyPlace = Literal["first", "for_some", "keep", "watch"]
DifficultyPlace = Literal["quick_win", "project", "fill_in", "leave", "contested", "one_view"]

OFTEN: Final = 0.2
"""Share of customers from which a touchpoint counts as often met: one in five."""
HARD: Final = 3.0
"""Mean difficulty from which a touchpoint counts as hard: the middle of 1-5."""
RECOMMENDED: Final = 50.0
"""NPS from which a touchpoint asked for nothing else counts as good."""
MOVE: Final = 0.1
"""How far a cut is moved to see whose quadrant hangs on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A touchpoint's rank in one view.

    Attributes:
        rank: 1 the first.
        rank_lower: 1 more than the touchpoints shown to come before it.
        rank_upper: The number ranked less those shown to come after it.
        flips: Whether its quadrant changes when one cut moves by a tenth.
    """

    rank: int
    rank_lower: int
    rank_upper: int
    flips: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Priority:
    """One touchpoint.

    Attributes:
        touchpoint: Its id in the register.
        weight: NPS points that go together with one point of satisfaction there; 1 where
            answers carry one score.
        headroom: From the mean score to the top of its scale.
        impact: weight times headroom.
        frequency: Share of customers who meet it.
        frequency_view: Rank by impact times frequency.
        frequency_place: Its quadrant there: first (high impact, often met), for_some (high
            impact, rarely met), keep (low impact, often met), watch.
        difficulty: What the raters say; None where nobody rated it.
        difficulty_view: Rank by impact per level of difficulty, among those rated.
        difficulty_place: Its quadrant there: quick_win (high impact, easy), project (high
            impact, hard), fill_in (low impact, easy), leave. A quick win on which raters stand
            on both sides is "contested", one that a single rater saw is "one_view".
    """

    touchpoint: str
    weight: Estimate
    headroom: Estimate
    impact: Estimate
    frequency: Estimate
    frequency_view: Standing
    frequency_place: FrequencyPlace
    difficulty: ItemLevels | None
    difficulty_view: Standing | None
    difficulty_place: DifficultyPlace | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Priorities:
    """Both views of one impact score.

    Attributes:
        items: The first of the frequency view first.
        basis: What the impact is made of: "csat_nps", or the one score there is.
        too_few: Touchpoints under the minimum cell: neither scored nor ranked.
        impact_cut: Impact of a touchpoint of common weight that customers rate 4 of 5.
        often: Frequency cut, 0-1.
        hard: Difficulty cut, 1-5.
        agreement: Between the raters of difficulty; None without that table.
        n_raters: Raters of difficulty.
        n_obs: Answers behind the impact scores.
    """

    items: tuple[Priority, ...]
    basis: Basis
    too_few: tuple[str, ...]
    impact_cut: float
    often: float
    hard: float
    agreement: Agreement | None
    n_raters: int
    n_obs: int

    @property
    def first(self) -> Priority:
        """What comes first by impact times frequency."""
        return self.items[0]

    @property
    def rated(self) -> tuple[Priority, ...]:
        """Touchpoints with a difficulty, the first of the difficulty view first."""
        return tuple(
            sorted(
                (item for item in self.items if item.difficulty_view),
                key=lambda item: item.difficulty_view.rank if item.difficulty_view else 0,
            )
        )

    @property
    def flips(self) -> tuple[Priority, ...]:
        """Touchpoints whose quadrant in either view hangs on a tenth of a cut."""
        return tuple(
            item
            for item in self.items
            if item.frequency_view.flips or (item.difficulty_view and item.difficulty_view.flips)
        )

    def named(self, touchpoint: str) -> Priority | None:
        """Find a touchpoint; None where it is not ranked."""
        return next((item for item in self.items if item.touchpoint == touchpoint), None)


def touchpoint_priorities(
    counts: pd.DataFrame,
    *,
    customers_meeting: Mapping[str, int],
    customers: int,
    difficulty: RaterPanel | None = None,
    often: float = OFTEN,
    hard: float = HARD,
    seed: int,
    n_draws: int = 2_000,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> Priorities:
    """Rank touchpoints by one impact score, with frequency and with difficulty.

        impact(i)          = weight(i) · headroom(i)
        frequency view     : impact(i) · customers meeting i / customers
        difficulty view    : impact(i) / mean difficulty(i)

    weight(i) is the least-squares slope of NPS points (100, 0, -100) on satisfaction within the
    answers of touchpoint i, headroom(i) is 5 less its mean satisfaction: together the NPS points
    that go together with the way from today to the top. Where answers carry one score the weight
    is 1. It reads a cross-section: what goes together, not what an action would do.

    Intervals by bootstrap from the counts, frequency as in ``measures.pain``; raters are drawn
    again too, though a handful of them says little of other raters. Answers at two touchpoints
    count as independent. Cuts are fixed by rule, never at the sample's mean.

    Args:
        counts: ``measures.weights.joint_counts``.
        customers_meeting: Touchpoint to the number of customers who met it in the period.
        customers: Customers who could have met it, at least 1.
        difficulty: ``rater_panel`` by touchpoint; items not ranked are passed over.
        often: Frequency cut, in (0, 1).
        hard: Difficulty cut, in (1, 5).
        seed: Of the resampling.
        n_draws: Bootstrap draws, 200 or more.
        confidence_level: In [0.9, 1).
        minimum_cell: Touchpoints with fewer answers are named and left out.

    Raises:
        InputError: Nothing to rank, a touchpoint without a frequency, a cut off its scale, or
            too few draws.

    Source: for ranks Mogstad, Romano, Shaikh and Wilhelm (2024), Review of Economic Studies
    91(1); for cuts Wu and Shieh (2009), Total Quality Management & Business Excellence 20(7).
    """
    check_level(confidence_level)
    _check_cuts(often, hard)
    weighed = weigh_touchpoints(counts, seed=seed, n_draws=n_draws, minimum_cell=minimum_cell)
    names = weighed.touchpoints
    if absent := [name for name in names if name not in customers_meeting]:
        raise InputError(f"customers_meeting must name every touchpoint shown, absent: {absent}")
    frequency = [
        proportion(customers_meeting[name], customers, confidence_level=confidence_level)
        for name in names
    ]
    share = np.array([each.value for each in frequency])
    rng = np.random.default_rng((seed, 1))
    drawn_share = np.stack([rng.binomial(customers, value, n_draws) for value in share]) / customers
    headroom_cut = 100 - RECOMMENDED if weighed.basis == "nps" else 5 - SATISFIED
    cut = weighed.common_weight * headroom_cut
    by_frequency = _standings(
        weighed.impact * share, weighed.drawn_impact * drawn_share, level=confidence_level,
        flips=_flips(weighed.impact, share, cut, often),
    )  # fmt: skip
    levels = {each.item: each for each in difficulty.summary()} if difficulty else {}
    by_difficulty = _difficulty_view(
        weighed, difficulty, seed=seed, n_draws=n_draws, level=confidence_level, cuts=(cut, hard)
    )

    items = []
    for i in sorted(range(len(names)), key=lambda i: by_frequency[i].rank):
        high = bool(weighed.impact[i] >= cut)
        rated = levels.get(names[i])
        items.append(
            Priority(
                touchpoint=names[i],
                weight=_estimate(weighed, i, "weight", confidence_level),
                headroom=_estimate(weighed, i, "headroom", confidence_level),
                impact=_estimate(weighed, i, "impact", confidence_level),
                frequency=frequency[i],
                frequency_view=by_frequency[i],
                frequency_place=_frequency_place(high=high, often=bool(share[i] >= often)),
                difficulty=rated,
                difficulty_view=by_difficulty.get(names[i]),
                difficulty_place=_difficulty_place(rated, high=high, hard=hard) if rated else None,
            )
        )
    return Priorities(
        items=tuple(items),
        basis=weighed.basis,
        too_few=weighed.too_few,
        impact_cut=cut,
        often=often,
        hard=hard,
        agreement=difficulty.agreement(confidence_level=confidence_level) if difficulty else None,
        n_raters=difficulty.n_raters if difficulty else 0,
        n_obs=int(sum(weighed.n_obs)),
    )


def _check_cuts(often: float, hard: float) -> None:
    if not 0 < often < 1:
        raise InputError(f"often must lie between 0 and 1, got {often}")
    if not 1 < hard < 5:  # noqa: PLR2004
        raise InputError(f"hard must lie between 1 and 5, got {hard}")


def _difficulty_view(
    weighed: Weighed,
    panel: RaterPanel | None,
    *,
    seed: int,
    n_draws: int,
    level: float,
    cuts: tuple[float, float],
) -> dict[str, Standing]:
    if panel is None:
        return {}
    rated = [(name, panel.items.index(name)) for name in weighed.touchpoints if name in panel.items]
    if not rated:
        return {}
    rows = [weighed.touchpoints.index(name) for name, _ in rated]
    columns = [column for _, column in rated]
    mean = np.nanmean(panel.levels, axis=0)[columns]
    drawn = panel.drawn_means(seed=seed, n_draws=n_draws)[columns]
    impact = weighed.impact[rows]
    standings = _standings(
        impact / mean, weighed.drawn_impact[rows] / drawn, level=level,
        flips=_flips(impact, mean, *cuts),
    )  # fmt: skip
    return dict(zip((name for name, _ in rated), standings, strict=True))


def _standings(
    values: Floats, draws: Floats, *, level: float, flips: NDArray[np.bool_]
) -> tuple[Standing, ...]:
    ranks = (-values).argsort(kind="stable").argsort() + 1
    bounds = rank_bounds(values, draws, confidence_level=level)
    return tuple(
        Standing(
            rank=int(rank),
            rank_lower=min(int(rank), lower),
            rank_upper=max(int(rank), upper),
            flips=bool(flip),
        )
        for rank, (lower, upper), flip in zip(ranks, bounds, flips, strict=True)
    )


def _flips(impact: Floats, other: Floats, cut: float, other_cut: float) -> NDArray[np.bool_]:
    """Whether either side of a cut changes when that cut moves a tenth up or down."""
    moved = np.zeros(len(impact), dtype=bool)
    for values, at in ((impact, cut), (other, other_cut)):
        for factor in (1 - MOVE, 1 + MOVE):
            moved |= (values >= at) != (values >= at * factor)
    return moved


def _frequency_place(*, high: bool, often: bool) -> FrequencyPlace:
    if high:
        return "first" if often else "for_some"
    return "keep" if often else "watch"


def _difficulty_place(rated: ItemLevels, *, high: bool, hard: float) -> DifficultyPlace:
    if rated.mean >= hard:
        return "project" if high else "leave"
    if not high:
        return "fill_in"
    if rated.n_raters == 1:
        return "one_view"
    return "contested" if rated.lowest <= hard - 1 and rated.highest >= hard + 1 else "quick_win"


def _estimate(
    weighed: Weighed, i: int, what: Literal["weight", "headroom", "impact"], level: float
) -> Estimate:
    value = float({"weight": weighed.weight, "headroom": weighed.headroom,
                   "impact": weighed.impact}[what][i])  # fmt: skip
    draws = {"weight": weighed.drawn_weight, "headroom": weighed.drawn_headroom,
             "impact": weighed.drawn_impact}[what][i]  # fmt: skip
    lower, upper = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    scored: Unit = "rating" if weighed.basis != "nps" else "points"
    joint: Unit = "points" if weighed.basis == "csat_nps" else scored
    unit: dict[str, Unit] = {
        "weight": joint if weighed.basis == "csat_nps" else "ratio",
        "headroom": scored,
        "impact": joint,
    }
    return Estimate(
        value=value,
        ci_lower=min(float(lower), value),
        ci_upper=max(float(upper), value),
        n_obs=weighed.n_obs[i],
        unit=unit[what],
        method="bootstrap",
        confidence_level=level,
    )
