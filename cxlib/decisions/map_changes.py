"""The journey map in two periods: which moments rose, fell or changed class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from cxlib.measures.journey import EmotionCurve, Flag, JourneyPoint
from cxlib.measures.survey import nps_difference
from cxlib.stats.estimate import Estimate
from cxlib.stats.means import mean_difference
from cxlib.stats.multiplicity import holm, holm_levels

Move = Literal["same", "new_pain", "eased", "new_peak", "faded", "hidden"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapChange:
    """One touchpoint in both periods.

    Attributes:
        touchpoint: Its id.
        before: "peak", "pain" or "none" in the diagnosis.
        after: The same in the review period; "none" when hidden.
        change: Score after minus before, at the level of the family (Holm); None when hidden in
            either period.
        move: What became of its class.
    """

    touchpoint: str
    before: Flag
    after: Flag
    change: Estimate | None
    move: Move


def map_changes(
    diagnosis: Mapping[str, Any],
    before: EmotionCurve,
    after: EmotionCurve,
    *,
    confidence_level: float = 0.95,
) -> tuple[MapChange, ...]:
    """Compare the map of the diagnosis with that of the review period.

    Classes of the first period are those the diagnosis put on record. Changes of the scores are
    Welch's (NPS: adjusted Wald) with Holm's levels over all touchpoints shown in both.

    Args:
        diagnosis: The ledger's "diagnosis".
        before: Curve of the baseline period.
        after: Curve of the review period, same metric.
        confidence_level: Of the family, in [0.9, 1).
    """
    old = {point.touchpoint: point for point in before.points}
    pairs = [
        (old[point.touchpoint], point)
        for point in after.points
        if point.touchpoint in old and not point.suppressed and not old[point.touchpoint].suppressed
    ]
    raw = [_difference(*pair, level=confidence_level) for pair in pairs]
    p_values = [float(1.0 if item.p_value is None else item.p_value) for item in raw]
    levels = holm_levels(p_values, confidence_level=confidence_level)
    changes = {
        pair[1].touchpoint: replace(_difference(*pair, level=level), p_value=p)
        for pair, level, p in zip(pairs, levels, holm(p_values), strict=True)
    }
    return tuple(_change(point, diagnosis, changes) for point in after.points)


def moved_class(changes: Sequence[MapChange]) -> tuple[MapChange, ...]:
    """Keep the touchpoints whose class is another than in the diagnosis."""
    return tuple(change for change in changes if change.move not in {"same", "hidden"})


def _change(
    point: JourneyPoint, diagnosis: Mapping[str, Any], changes: Mapping[str, Estimate]
) -> MapChange:
    name = point.touchpoint
    before: Flag = (
        "pain" if name in diagnosis["pains"] else "peak" if name in diagnosis["peaks"] else "none"
    )
    after = point.flag
    move: Move = "same"
    if point.suppressed:
        move = "hidden"
    elif after != before:
        move = (
            "new_pain" if after == "pain" else "new_peak" if after == "peak"
            else "eased" if before == "pain" else "faded"
        )  # fmt: skip
    return MapChange(
        touchpoint=name, before=before, after=after, change=changes.get(name), move=move
    )


def _difference(one: JourneyPoint, two: JourneyPoint, *, level: float) -> Estimate:
    if one.score.statistic == "nps":
        return nps_difference(two.score, one.score, confidence_level=level)
    moments = [_moments(point) for point in (two, one)]
    return mean_difference(*moments[0], *moments[1], confidence_level=level)


def _moments(point: JourneyPoint) -> tuple[int, float, float]:
    counts = point.score.distribution
    n = sum(number for _, number in counts)
    mean = sum(answer * number for answer, number in counts) / n
    spread = sum(number * (answer - mean) ** 2 for answer, number in counts)
    return n, mean, spread / (n - 1)
