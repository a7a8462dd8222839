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
    mean_and_variance,
    n_answers,
    nps_bands,
)
from cxlib.measures.survey import csat_mean, nps, nps_moments
from cxlib.stats.estimate import Estimate, Unit, check_level
from cxlib.stats.means import t_quantile, t_two_sided_p, welch_df
from cxlib.stats.multiplicity import holm, holm_levels

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
) -> EmotionCurve:
    """Score each touchpoint, and say which lie off the journey mean.

        deviation d(i) = m(i) - M,  M = Σ m(j) / K over the K touchpoints shown
        var d(i) = (1 - 1/K)² v(i) + Σ(j≠i) v(j) / K²

    The touchpoint is part of the mean it is held against: the formula counts that. CSAT uses
    t with Satterthwaite's degrees of freedom, NPS the adjusted Wald variance and the normal.
    p-values are Holm-adjusted over the touchpoints shown, intervals at Holm's levels. Answers
    at two touchpoints count as independent; customers who answer at several make the intervals
    a little wide, since what they share leaves the difference.

    Args:
        counts: ``score_counts`` by ``touchpoint``: ``touchpoint``, ``score``, ``n``.
        stages: Touchpoint to stage, in the register's order.
        metric: "csat" or "nps".
        confidence_level: In [0.9, 1).
        minimum_cell: Touchpoints with fewer answers are hidden and left out of the mean.

    Raises:
        InputError: A touchpoint or stage that is not in the register, fewer than 2 touchpoints
            at or over the floor, an answer off the scale.

    Source: Holm (1979); domain rule A5.
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
    moments = [_moments(s.distribution, metric) for s in shown]
    mean, deviations = _deviations(shown, moments, confidence_level)
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
        journey_mean=mean,
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


def _moments(distribution: Distribution, metric: CurveMetric) -> tuple[float, float, int]:
    """Return a touchpoint's score, its squared error and its number of answers."""
    n = n_answers(distribution)
    if metric == "csat":
        mean, variance = mean_and_variance(distribution)
        return mean, (variance / n if n > 1 else 0.0), n
    bands = nps_bands(distribution)
    _, variance = nps_moments(bands)
    return 100 * (bands.promoters - bands.detractors) / n, variance, n


def _deviations(
    shown: Sequence[GroupScore],
    moments: Sequence[tuple[float, float, int]],
    confidence_level: float,
) -> tuple[Estimate, list[Estimate]]:
    size = len(shown)
    metric = shown[0].metric
    unit: Unit = "rating" if metric == "csat" else "points"
    mean = sum(m for m, _, _ in moments) / size
    n_total = sum(n for _, _, n in moments)

    def combine(weights: Sequence[float]) -> tuple[float, float]:
        """Return the standard error of Σ weight · score and its degrees of freedom."""
        parts = [(w * w * v, n) for w, (_, v, n) in zip(weights, moments, strict=True)]
        se = sqrt(sum(part for part, _ in parts))
        return se, (welch_df(*parts) if metric == "csat" and se > 0 else 1e9)

    mean_se, mean_df = combine([1 / size] * size)
    margin = t_quantile(confidence_level, df=mean_df) * mean_se
    errors = [
        combine([(1 - 1 / size) if j == i else -1 / size for j in range(size)]) for i in range(size)
    ]
    effects = [m - mean for m, _, _ in moments]
    raw = [
        t_two_sided_p(e / se, df=df) if se > 0 else float(e == 0)
        for e, (se, df) in zip(effects, errors, strict=True)
    ]
    levels = holm_levels(raw, confidence_level=confidence_level)
    deviations = []
    for i, adjusted in enumerate(holm(raw)):
        se, df = errors[i]
        reach = t_quantile(levels[i], df=df) * se
        deviations.append(
            Estimate(
                value=effects[i],
                ci_lower=effects[i] - reach,
                ci_upper=effects[i] + reach,
                n_obs=moments[i][2],
                unit=unit,
                method="deviation from the journey mean, Holm",
                confidence_level=confidence_level,
                p_value=adjusted,
            )
        )
    journey_mean = Estimate(
        value=mean,
        ci_lower=mean - margin,
        ci_upper=mean + margin,
        n_obs=n_total,
        unit=unit,
        method="mean of touchpoints",
        confidence_level=confidence_level,
    )
    return journey_mean, deviations


def _flag(deviation: Estimate | None) -> Flag:
    if deviation is None or not deviation.excludes(0.0):
        return "none"
    return "peak" if deviation.value > 0 else "pain"
