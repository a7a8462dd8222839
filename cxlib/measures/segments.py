"""Customer segments from recency, frequency and money, named only when they would come back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.data.joins import RFM, cell_scores, rfm_cells
from cxlib.data.source import Source
from cxlib.engagement.schema import Period, Precision
from cxlib.measures.distribution import check_columns, check_minimum_cell
from cxlib.measures.reading import day_after
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.kmeans import Partition, Stability, gaps, partition, separation, stability
from cxlib.stats.ratios import clustered_ratio

Array: TypeAlias = NDArray[np.float64]
Verdict = Literal["too_few", "one_group", "unstable", "doubtful", "stable"]
KS: Final = (2, 3, 4, 5, 6)
UNSTABLE, DOUBTFUL = 0.6, 0.75
"""Mean Jaccard below which a group is dissolved, and below which its members are doubtful."""
FEWEST_CUSTOMERS: Final = 100
CLEAR = 0.25
"""Standard deviations from all customers' mean at which a trait is named."""
_BINS: Final = ["r_bin", "f_bin", "m_bin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One group of customers.

    Attributes:
        traits: On which side of all customers it clearly is, "recent" or "lapsed", "frequent" or
            "rare", "high" or "low" spend, joined by "_"; "average" when on none.
        place: 1 the first of its traits, 2 the next one.
        n_customers: Members.
        share: Of all customers, with the interval over bootstrap draws.
        recency: Mean days since the last purchase.
        frequency: Mean days with a purchase.
        money: Mean spend in HK$.
        jaccard: How much of it comes back when customers are drawn again, 0-1.
        score: NPS of its answers by customer; None under the minimum cell.
    """

    traits: str
    place: int
    n_customers: int
    share: Estimate
    recency: float
    frequency: float
    money: float
    jaccard: float
    score: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segmentation:
    """The segments, or why there are none.

    Attributes:
        verdict: "stable" names its segments; "doubtful" and "unstable" have none to show;
            "one_group" could not be told from a single group; "too_few" has no analysis.
        n_customers: Customers with an order.
        until: Orders up to this day count.
        n_groups: Groups of the solution that was judged; 0 when none was.
        jaccard: Of its least stable group.
        n_references: Single groups drawn for comparison.
        n_draws: Bootstrap draws.
        segments: The largest first; empty unless stable.
        n_scored: Answers in the segments' scores.
    """

    verdict: Verdict
    n_customers: int
    until: date
    n_groups: int
    jaccard: float
    n_references: int
    n_draws: int
    segments: tuple[Segment, ...]
    n_scored: int


def customer_segments(
    sources: Mapping[str, Source],
    *,
    period: Period,
    precision: Precision,
    seed: int,
) -> Segmentation | None:
    """Segment the customers who ordered up to the end of a period.

    Args:
        sources: Table name to source; ``orders``, and ``answers`` for the score of each segment.
        period: Its end is the day segments are as of; answers inside it are scored.
        precision: Confidence level and minimum cell.
        seed: Of starts, references and draws.

    Returns:
        None where there are no orders.

    Raises:
        DataError: A column is absent.
    """
    orders, answers = sources.get("orders"), sources.get("answers")
    if orders is None:
        return None
    end, scores = day_after(period.end), None
    if answers is not None and {"nps", "customer_id"} <= answers.columns:
        scores = cell_scores(
            orders, answers, score="nps", date="answered_at", start=period.start, end=end
        )
    return segment_cells(
        rfm_cells(orders, end=end), scores=scores, until=period.end, seed=seed, **precision
    )


def segment_cells(
    cells: pd.DataFrame,
    *,
    until: date,
    seed: int,
    scores: pd.DataFrame | None = None,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
    n_draws: int = 200,
    n_references: int = 60,
) -> Segmentation:
    """Split ``rfm_cells`` into groups, and name them only when they are there and come back.

    Coordinates are ln(1 + x), each with mean 0 and variance 1. There are groups at all when the
    largest gap over k = 2 to 6 exceeds that of every reference drawn as one group with the same
    margins. Of the k with at least ``minimum_cell`` customers in each group, the one whose groups
    stand furthest apart is judged, or the smallest within one standard error of it: named when
    every group is stable, refused when not. No other k is tried then.

    Args:
        cells: ``rfm_cells``.
        until: Orders up to this day are in it.
        seed: Of starts, references and draws.
        scores: ``cell_scores`` of NPS.
        confidence_level: In [0.9, 1).
        minimum_cell: Fewest customers of a segment, fewest answers of a score.
        n_draws: Bootstrap draws.
        n_references: Single groups to compare with.

    Raises:
        InputError: A column is absent.

    Source: Hennig (2007), Computational Statistics & Data Analysis 52(1).
    """
    check_level(confidence_level)
    check_minimum_cell(minimum_cell)
    check_columns(cells, [*_BINS, "n", *RFM])
    weights = cells["n"].to_numpy(dtype=np.float64)
    total = int(weights.sum())

    def refused(verdict: Verdict, k: int = 0, jaccard: float = 0.0) -> Segmentation:
        return Segmentation(
            verdict=verdict, n_customers=total, until=until, n_groups=k, jaccard=jaccard,
            n_references=n_references, n_draws=n_draws, segments=(), n_scored=0,
        )  # fmt: skip

    if total < max(FEWEST_CUSTOMERS, 2 * minimum_cell):
        return refused("too_few")
    points = _coordinates(cells, weights)
    ks = tuple(k for k in KS if k < len(cells))
    if not points.any() or not ks:
        return refused("one_group")
    gap, reference = gaps(points, weights, ks=ks, seed=seed, n_references=n_references)
    if gap.max() <= reference.max():
        return refused("one_group")
    found = _furthest_apart(points, weights, ks, seed=seed, minimum_cell=minimum_cell)
    if found is None:
        return refused("one_group")
    stable = stability(points, weights, found, seed=seed, n_draws=n_draws)
    worst = float(stable.jaccard.min())
    if worst < DOUBTFUL:
        return refused("unstable" if worst < UNSTABLE else "doubtful", len(found.centres), worst)
    segments = _segments(
        cells, weights, found, stable, scores,
        level=confidence_level, minimum_cell=minimum_cell,
    )  # fmt: skip
    return Segmentation(
        verdict="stable",
        n_customers=total,
        until=until,
        n_groups=len(segments),
        jaccard=worst,
        n_references=n_references,
        n_draws=n_draws,
        segments=segments,
        n_scored=sum(segment.score.n_obs for segment in segments if segment.score),
    )


def _coordinates(cells: pd.DataFrame, weights: Array) -> Array:
    """Return ln(1 + x) of the three measures with mean 0 and variance 1; 0 where all are alike."""
    raw = np.log1p(cells[list(RFM)].to_numpy(dtype=np.float64))
    mean = weights @ raw / weights.sum()
    sd = np.sqrt(weights @ (raw - mean) ** 2 / weights.sum())
    return np.asarray(np.divide(raw - mean, sd, out=np.zeros_like(raw), where=sd > 1e-9))  # noqa: PLR2004


def _furthest_apart(
    points: Array, weights: Array, ks: tuple[int, ...], *, seed: int, minimum_cell: int
) -> Partition | None:
    """Return the partition of fewest groups within one SE of the largest separation."""
    found = [partition(points, weights, k=k, seed=seed) for k in ks]
    large = [
        each
        for each in found
        if np.bincount(each.labels, weights=weights, minlength=len(each.centres)).min()
        >= minimum_cell
    ]
    if not large:
        return None
    apart = [separation(points, weights, each) for each in large]
    best = max(apart, key=lambda each: each.value)
    near = (part for part, each in zip(large, apart, strict=True)
            if each.value >= best.value - best.se)  # fmt: skip
    return next(near)


def _segments(
    cells: pd.DataFrame,
    weights: Array,
    found: Partition,
    stable: Stability,
    scores: pd.DataFrame | None,
    *,
    level: float,
    minimum_cell: int,
) -> tuple[Segment, ...]:
    total = weights.sum()
    values = cells[list(RFM)].to_numpy(dtype=np.float64)
    sizes = np.bincount(found.labels, weights=weights, minlength=len(found.centres))
    seen: dict[str, int] = {}
    segments = []
    for group in np.argsort(-sizes, kind="stable").tolist():
        inside = found.labels == group
        means = weights[inside] @ values[inside] / sizes[group]
        traits = _traits(found.centres[group])
        seen[traits] = seen.get(traits, 0) + 1
        low, high = np.quantile(stable.shares[:, group], [(1 - level) / 2, (1 + level) / 2])
        share = float(sizes[group] / total)
        segments.append(
            Segment(
                traits=traits,
                place=seen[traits],
                n_customers=int(sizes[group]),
                share=Estimate(
                    value=share,
                    ci_lower=min(float(low), share),
                    ci_upper=max(float(high), share),
                    n_obs=int(total),
                    unit="share",
                    method="bootstrap by customer",
                    confidence_level=level,
                ),
                recency=float(means[0]),
                frequency=float(means[1]),
                money=float(means[2]),
                jaccard=float(stable.jaccard[group]),
                score=_score(cells[inside], scores, level, minimum_cell),
            )
        )
    return tuple(segments)


def _traits(centre: Array) -> str:
    recency, frequency, money = (float(value) for value in centre)
    words = [
        low if value < 0 else high
        for value, low, high in (
            (recency, "recent", "lapsed"),
            (frequency, "rare", "frequent"),
            (money, "low", "high"),
        )
        if abs(value) >= CLEAR
    ]
    return "_".join(words) or "average"


def _score(
    cells: pd.DataFrame, scores: pd.DataFrame | None, level: float, minimum_cell: int
) -> Estimate | None:
    """Estimate a segment's NPS between customers."""
    if scores is None:
        return None
    inside = cells[_BINS].merge(scores, on=_BINS)
    k, y, x, yy, xy, xx = (float(inside[name].sum()) for name in ("k", "y", "x", "yy", "xy", "xx"))
    if x < minimum_cell:
        return None
    ratio = y / x
    found = clustered_ratio(
        int(k), total=y, base=x, squares=max(0.0, yy - 2 * ratio * xy + ratio**2 * xx),
        confidence_level=level, unit="points",
    )  # fmt: skip
    return Estimate(
        value=found.value,
        ci_lower=max(-100.0, found.ci_lower),
        ci_upper=min(100.0, found.ci_upper),
        n_obs=found.n_obs,
        unit="points",
        method="clustered t",
        confidence_level=level,
    )
