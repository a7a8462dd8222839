"""The emotion curve along the journey, its peaks and pain points, and a first ranking of pain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import pandas as pd

from cxlib.engagement.schema import STAGES
from cxlib.errors import InputError
from cxlib.measures.distribution import (
    Distribution,
    GroupScore,
    nps_bands,
)
from cxlib.measures.survey import csat_mean, nps
from cxlib.stats.deviations import deviations_from_mean
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.means import t_quantile, welch_df

Flag = Literal["peak", "pain", "none"]
CurveMetric = Literal["csat", "nps"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyPoint:
    """One touchpoint on the curve.

    Attributes:
        touchpoint: Its id in the register.
        stage: Of the five journey stages.
        score: Its score with interval and distribution; hidden below the floor.
        deviation: Touchpoint minus journey mean; the interval leaves out 0 exactly when
            ``p_value`` (Holm, over all points shown) is at most 1 - confidence level. None when
            hidden.
        flag: "peak" or "pain" when that is so, else "none".
    """

    touchpoint: str
    stage: str
    score: GroupScore
    deviation: Estimate | None
    flag: Flag

    @property
    def suppressed(self) -> bool:
        """Whether the point is below the floor and must not be drawn."""
        return self.score.suppressed

    @property
    def estimate(self) -> Estimate | None:
        """The touchpoint's own score, None when hidden."""
        return self.score.estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class EmotionCurve:
    """The journey in stage order.

    Attributes:
        metric: "csat" (mean, ``rating``) or "nps" (``points``).
        points: In stage order, then in the register's order.
        journey_mean: Mean of the shown touchpoints, each counted once.
        stages_without_data: Stages that have no point to draw.
    """

    metric: CurveMetric
    points: tuple[JourneyPoint, ...]
    journey_mean: Estimate
    stages_without_data: tuple[str, ...]

    @property
    def peaks(self) -> tuple[JourneyPoint, ...]:
        """Touchpoints above the journey mean, the highest first."""
        return self._flagged("peak")

    @property
    def pains(self) -> tuple[JourneyPoint, ...]:
        """Touchpoints below the journey mean, the lowest first."""
        return self._flagged("pain")

    def _flagged(self, flag: Flag) -> tuple[JourneyPoint, ...]:
        found = [p for p in self.points if p.flag == flag and p.deviation is not None]
        return tuple(sorted(found, key=lambda p: -abs(p.deviation.value if p.deviation else 0)))


def emotion_curve(
    counts: pd.DataFrame,
    *,
    stages: Mapping[str, str],
    metric: CurveMetric = "csat",
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
    seed: int = 1,
    n_draws: int = 20_000,
) -> EmotionCurve:
    """Score each touchpoint, and say which lie off the journey mean.

        deviation d(i) = m(i) - M,  M = Σ m(j) / K over the K touchpoints shown

    Interval and Holm-adjusted p-value of each deviation by the studentised bootstrap of
    ``stats.deviations``, which counts the touchpoint as part of the mean it is held against.
    Answers at two touchpoints count as independent; customers who answer at several make the
    intervals a little wide, since what they share leaves the difference.

    Args:
        counts: ``score_counts`` by ``touchpoint``: ``touchpoint``, ``score``, ``n``.
        stages: Touchpoint to stage, in the register's order.
        metric: "csat" or "nps".
        confidence_level: In [0.9, 1).
        minimum_cell: Touchpoints with fewer answers are hidden and left out of the mean; 2 or more.
        seed: Of the bootstrap.
        n_draws: Bootstrap draws.

    Raises:
        InputError: A touchpoint or stage that is not in the register, fewer than 2 touchpoints
            at or over the floor, an answer off the scale.

    Source: Holm (1979); Chung and Romano (2013), Annals of Statistics 41(2).
    """
    check_level(confidence_level)
    scored = _ordered_scores(
        counts,
        stages=stages,
        metric=metric,
        confidence_level=confidence_level,
        minimum_cell=minimum_cell,
    )
    shown = [s for s in scored if not s.suppressed]
    if len(shown) <= 1:
        raise InputError(
            f"a journey needs at least 2 touchpoints with {minimum_cell} answers, got {len(shown)}"
        )
    coded = [_coded(s.distribution, metric) for s in shown]
    deviations = deviations_from_mean(
        [ns for _, ns in coded],
        coded[0][0],
        seed=seed,
        n_draws=n_draws,
        confidence_level=confidence_level,
        unit="rating" if metric == "csat" else "points",
    )
    by_touchpoint = dict(zip((s.group[0] for s in shown), deviations, strict=True))
    points = tuple(
        JourneyPoint(
            touchpoint=s.group[0],
            stage=stages[s.group[0]],
            score=s,
            deviation=by_touchpoint.get(s.group[0]),
            flag=_flag(by_touchpoint.get(s.group[0])),
        )
        for s in scored
    )
    with_data = {p.stage for p in points if not p.suppressed}
    return EmotionCurve(
        metric=metric,
        points=points,
        journey_mean=_journey_mean(shown, confidence_level),
        stages_without_data=tuple(s for s in STAGES if s not in with_data),
    )


def _ordered_scores(
    counts: pd.DataFrame,
    *,
    stages: Mapping[str, str],
    metric: CurveMetric,
    confidence_level: float,
    minimum_cell: int,
) -> list[GroupScore]:
    """Return one score per touchpoint of the register; those without answers are hidden too."""
    for touchpoint, stage in stages.items():
        if stage not in STAGES:
            raise InputError(
                f"stage of {touchpoint} must be one of {', '.join(STAGES)}, got {stage}"
            )
    score = csat_mean if metric == "csat" else nps
    found = {
        s.group[0]: s
        for s in score(
            counts,
            by=("touchpoint",),
            confidence_level=confidence_level,
            minimum_cell=minimum_cell,
        )
    }
    if unknown := sorted(set(found) - set(stages)):
        raise InputError(f"touchpoints not in the register: {unknown}; it has {list(stages)}")
    return [
        found.get(touchpoint) or _empty(touchpoint, metric, minimum_cell)
        for touchpoint in sorted(stages, key=lambda t: STAGES.index(stages[t]))
    ]


def _empty(touchpoint: str, metric: CurveMetric, minimum_cell: int) -> GroupScore:
    return GroupScore(
        group=(touchpoint,),
        metric=metric,
        statistic="mean" if metric == "csat" else "nps",
        estimate=None,
        distribution=(),
        suppressed=True,
        minimum_cell=minimum_cell,
    )


def _coded(distribution: Distribution, metric: CurveMetric) -> tuple[list[float], list[int]]:
    """Return answer values and counts: the scale's own, or 100, 0, -100 for the three bands."""
    if metric == "csat":
        return [float(answer) for answer, _ in distribution], [n for _, n in distribution]
    bands = nps_bands(distribution)
    return [100.0, 0.0, -100.0], [bands.promoters, bands.passives, bands.detractors]


def _journey_mean(shown: Sequence[GroupScore], confidence_level: float) -> Estimate:
    """Return the mean of the touchpoints, each counted once, with Satterthwaite's t interval."""
    parts = []
    for score in shown:
        values, counts = _coded(score.distribution, "nps" if score.metric == "nps" else "csat")
        n = sum(counts)
        mean = sum(v * c for v, c in zip(values, counts, strict=True)) / n
        squares = sum(c * (v - mean) ** 2 for v, c in zip(values, counts, strict=True))
        parts.append((squares / (n - 1) / n / len(shown) ** 2, n))
    value = sum(s.shown.value for s in shown) / len(shown)
    variance = sum(part for part, _ in parts)
    margin = 0.0
    if variance > 0:
        margin = t_quantile(confidence_level, df=welch_df(*parts)) * sqrt(variance)
    return Estimate(
        value=value,
        ci_lower=value - margin,
        ci_upper=value + margin,
        n_obs=sum(n for _, n in parts),
        unit=shown[0].shown.unit,
        method="mean of touchpoints",
        confidence_level=confidence_level,
    )


def _flag(deviation: Estimate | None) -> Flag:
    if deviation is None or not deviation.excludes(0.0):
        return "none"
    return "peak" if deviation.value > 0 else "pain"
