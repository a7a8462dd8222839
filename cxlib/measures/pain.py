"""A first ranking of pain points: how far below the journey, times how many customers meet it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.measures.journey import EmotionCurve
from cxlib.stats.estimate import Estimate
from cxlib.stats.proportions import proportion
from cxlib.stats.ranks import rank_bounds

FEWEST_DRAWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PainRank:
    """One touchpoint in the ranking, 1 the most painful.

    Attributes:
        touchpoint: Its id in the register.
        stage: Of the five journey stages.
        rank: 1 to the number of touchpoints ranked.
        rank_lower: 1 more than the touchpoints whose impact is shown to be larger.
        rank_upper: The number ranked less those whose impact is shown to be smaller.
        shortfall: Journey mean minus touchpoint, in the score's unit; negative above the mean.
        frequency: Share of customers who meet the touchpoint.
        impact: shortfall times frequency: points of the score per customer.
    """

    touchpoint: str
    stage: str
    rank: int
    rank_lower: int
    rank_upper: int
    shortfall: Estimate
    frequency: Estimate
    impact: Estimate


def pain_ranking(
    curve: EmotionCurve,
    *,
    customers_meeting: Mapping[str, int],
    customers: int,
    seed: int,
    n_draws: int = 2_000,
    confidence_level: float = 0.95,
) -> tuple[PainRank, ...]:
    """Rank touchpoints by shortfall from the journey mean times the share that meets them.

        impact(i) = (M - m(i)) · customers meeting i / customers

    Impact intervals by bootstrap: answers of each touchpoint are drawn again from their counts
    (multinomial) and the frequency from its own (binomial), the journey mean formed anew in each
    draw. The rank interval of i counts the touchpoints whose impact differs from its own, all
    differences held against one bound: see ``stats.ranks``.

    Args:
        curve: From ``emotion_curve``; hidden touchpoints are not ranked.
        customers_meeting: Touchpoint to the number of customers who met it in the period.
        customers: Customers who could have met it, at least 1.
        seed: Of the resampling.
        n_draws: Bootstrap draws, 200 or more.
        confidence_level: In [0.9, 1), of the intervals.

    Returns:
        The touchpoints shown on the curve, the most painful first.

    Raises:
        InputError: A touchpoint without a frequency, an impossible one, or too few draws.

    Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap; for ranks Mogstad,
    Romano, Shaikh and Wilhelm (2024), Review of Economic Studies 91(1).
    """
    if n_draws < FEWEST_DRAWS:
        raise InputError(f"n_draws must be {FEWEST_DRAWS} or more, got {n_draws}")
    points = [p for p in curve.points if not p.suppressed]
    if absent := [p.touchpoint for p in points if p.touchpoint not in customers_meeting]:
        raise InputError(f"customers_meeting must name every touchpoint shown, absent: {absent}")
    met = [customers_meeting[p.touchpoint] for p in points]
    frequency = [proportion(m, customers, confidence_level=confidence_level) for m in met]

    rng = np.random.default_rng(seed)
    scores = np.array([p.score.shown.value for p in points])
    drawn_scores = np.stack([_draw(p.score.distribution, curve, rng, n_draws) for p in points])
    drawn_share = (
        np.stack([rng.binomial(customers, m / customers, n_draws) for m in met]) / customers
    )
    shortfall = scores.mean() - scores
    drawn_shortfall = drawn_scores.mean(axis=0) - drawn_scores
    impact = shortfall * np.array([f.value for f in frequency])
    drawn_impact = drawn_shortfall * drawn_share

    ranks = (-impact).argsort(kind="stable").argsort() + 1
    bounds = rank_bounds(impact, drawn_impact, confidence_level=confidence_level)
    tail = (1 - confidence_level) / 2

    def estimate(i: int, value: NDArray[np.float64], draws: NDArray[np.float64]) -> Estimate:
        lower, upper = np.quantile(draws[i], [tail, 1 - tail])
        return Estimate(
            value=float(value[i]),
            ci_lower=float(lower),
            ci_upper=float(upper),
            n_obs=points[i].score.shown.n_obs,
            unit=points[i].score.shown.unit,
            method="bootstrap",
            confidence_level=confidence_level,
        )

    return tuple(
        PainRank(
            touchpoint=points[i].touchpoint,
            stage=points[i].stage,
            rank=int(ranks[i]),
            rank_lower=bounds[i][0],
            rank_upper=bounds[i][1],
            shortfall=estimate(i, shortfall, drawn_shortfall),
            frequency=frequency[i],
            impact=estimate(i, impact, drawn_impact),
        )
        for i in np.argsort(ranks).tolist()
    )


def _draw(
    distribution: tuple[tuple[int, int], ...],
    curve: EmotionCurve,
    rng: np.random.Generator,
    n_draws: int,
) -> NDArray[np.float64]:
    """Return bootstrap scores of one touchpoint."""
    answers = np.array([answer for answer, _ in distribution], dtype=float)
    counts = np.array([n for _, n in distribution])
    if curve.metric == "nps":
        promoter, detractor = 9, 6
        answers = 100.0 * ((answers >= promoter) * 1.0 - (answers <= detractor))
    draws = rng.multinomial(counts.sum(), counts / counts.sum(), size=n_draws)
    return np.asarray(draws @ answers / counts.sum(), dtype=np.float64)
