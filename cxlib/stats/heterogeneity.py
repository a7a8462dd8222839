"""Whether an effect differs between groups of units, beyond the luck of splitting them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """Cochran's Q over the effects of separate groups.

    Attributes:
        statistic: Q; chi-squared with ``df`` degrees of freedom if all effects are alike.
        df: Groups less one.
        p_value: Of effects at least as far apart by luck.
        pooled: The one effect that fits all groups best, weighted by precision.
    """

    statistic: float
    df: int
    p_value: float
    pooled: float


def interaction_test(effects: Sequence[Estimate]) -> Interaction:
    """Test whether the effect is the same in every group.

        Q = Σ (d_i - pooled)² / s_i²,  pooled = Σ (d_i / s_i²) / Σ (1 / s_i²)

    A p-value in one group and none in another is no difference between the groups; this test asks
    for that difference itself.

    Args:
        effects: One per group, of separate units, each with its interval; one unit.

    Raises:
        InputError: Fewer than 2 effects, mixed units, or one without interval or spread.

    Source: Cochran (1954), Biometrics 10(1); Gelman and Stern (2006), American Statistician 60(4).
    """
    from scipy.special import chdtrc

    if len(effects) < 2:  # noqa: PLR2004 - the message says it
        raise InputError(f"an interaction test needs at least 2 groups, got {len(effects)}")
    units = sorted({effect.unit for effect in effects})
    if len(units) > 1:
        raise InputError(f"effects must have one unit, got {', '.join(units)}")
    values = np.array([effect.value for effect in effects])
    errors = np.array([effect.standard_error for effect in effects])
    if not (errors > 0).all():
        place = int(np.flatnonzero(~(errors > 0))[0])
        raise InputError(
            f"every effect needs a spread above 0, got {errors[place]} at place {place}"
        )
    weights = 1 / errors**2
    pooled = float(np.average(values, weights=weights))
    statistic = float(np.sum(weights * (values - pooled) ** 2))
    return Interaction(
        statistic=statistic,
        df=len(effects) - 1,
        p_value=float(chdtrc(len(effects) - 1, statistic)),
        pooled=pooled,
    )
