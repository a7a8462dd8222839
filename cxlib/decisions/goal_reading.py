"""Goals read together: the frozen rule makes them one family, so that luck is not counted often.

Each goal asks whether its level lies past its target. The p-values are adjusted by Holm over every
goal there is a rule for; a goal that is not read yet counts as one that shows nothing. Reading it
later can only make the verdicts of the others firmer, never take one back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from statistics import NormalDist

from cxlib.engagement.scales import Direction
from cxlib.measures.tracking import Verdict
from cxlib.stats.estimate import Estimate
from cxlib.stats.multiplicity import holm


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalValue:
    """What a goal's verdict is made of: a level with its interval, and the target."""

    estimate: Estimate
    target: float
    direction: Direction


def against_target(value: GoalValue) -> float:
    """Give the two-sided p-value of a level against its target, 0-1.

    It is read back from the side of the interval that faces the target, so that at the interval's
    own level it agrees with "the interval lies wholly on one side". A level without interval gives
    1, and so does one exactly on its target.
    """
    estimate = value.estimate
    gap = estimate.value - value.target
    if not estimate.has_interval or gap == 0:
        return 1.0
    facing = estimate.value - estimate.ci_lower if gap > 0 else estimate.ci_upper - estimate.value
    z_level = NormalDist().inv_cdf((1 + estimate.confidence_level) / 2)
    z = abs(gap) / facing * z_level if facing > 0 else inf
    return 2 * (1 - NormalDist().cdf(z)) if z < inf else 0.0


def family_verdicts(
    values: Mapping[str, GoalValue], *, family: int, confidence_level: float
) -> dict[str, Verdict]:
    """Judge goals as one family (Holm).

    Args:
        values: Goals that are read, by KPI id.
        family: Goals with a frozen rule, read or not; at least as many as there are values.
        confidence_level: Of the family.

    Returns:
        met or not_met where the adjusted p-value is small enough, else cannot_tell.
    """
    names = list(values)
    unread = max(0, family - len(names))
    adjusted = holm([*(against_target(values[name]) for name in names), *[1.0] * unread])
    found: dict[str, Verdict] = {}
    for name, p in zip(names, adjusted, strict=False):
        value = values[name]
        past = (value.estimate.value > value.target) == (value.direction == "higher")
        sure = p <= 1 - confidence_level + 1e-12
        found[name] = ("met" if past else "not_met") if sure else "cannot_tell"
    return found
