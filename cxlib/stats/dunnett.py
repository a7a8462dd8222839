"""Several treatments against one control: intervals and p-values that hold together (Dunnett)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.estimate import check_level

Floats: TypeAlias = NDArray[np.float64]

_SHARED_NODES = 64
_VARIANCE_NODES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """All comparisons with one control.

    Attributes:
        p_values: Adjusted, in the order given: the chance that the largest of all differences is
            as far from 0 when no treatment does anything.
        confidence_level: Of each interval, so that all hold together at the level asked; an
            interval drawn at it leaves out 0 exactly where its adjusted p is under 1 - that level.
    """

    p_values: tuple[float, ...]
    confidence_level: float


def dunnett(
    p_values: Sequence[float],
    *,
    n_control: float,
    n_treatments: Sequence[float],
    df: float = inf,
    confidence_level: float = 0.95,
) -> Family:
    """Adjust comparisons of several treatments with one control, which they share.

        P(max |T| <= c) with correlation λi λj of each two,  λi² = ni / (ni + n0)

    The control's chance is in every difference, so that they lean the same way: less to pay than
    with Bonferroni. Serves any metric whose tests are t or normal; the correlation is that of
    equal variances.

    Args:
        p_values: Two-sided, of each treatment against control.
        n_control: Units of the control arm, above 0.
        n_treatments: Units of each treatment arm, above 0.
        df: Degrees of freedom of the tests; infinite where normal.
        confidence_level: Of all intervals together, in [0.9, 1).

    Raises:
        InputError: Unequal lengths, no treatment, a p outside [0, 1], an empty arm.

    Source: Dunnett (1955), JASA 50(272); (1964), Biometrics 20(3), for unequal arms.
    """
    from scipy.optimize import brentq
    from scipy.special import stdtr, stdtrit

    check_level(confidence_level)
    if not p_values or len(p_values) != len(n_treatments):
        raise InputError(
            "each treatment needs one p-value and its units, "
            f"got {len(p_values)} and {len(n_treatments)}"
        )
    for place, p_value in enumerate(p_values):
        if not 0 <= p_value <= 1:
            raise InputError(f"p_values must be in [0, 1], got {p_value} at place {place}")
    if not min(n_control, *n_treatments) > 0 or not df >= 1:
        raise InputError(
            f"arms must have units and df be 1 or more, got {n_control:g}, "
            f"{', '.join(f'{n:g}' for n in n_treatments)} and df {df:g}"
        )
    many = len(p_values)
    if many == 1:
        return Family(p_values=tuple(p_values), confidence_level=confidence_level)
    loads = np.sqrt([n / (n + n_control) for n in n_treatments])
    critical = brentq(
        lambda c: _within(c, loads, df) - confidence_level,
        -float(stdtrit(df, (1 - confidence_level) / 2)),
        -float(stdtrit(df, (1 - confidence_level) / (2 * many + 2))),
    )
    adjusted = []
    for p_value in p_values:
        joint = 1.0 if p_value in {0.0, 1.0} else 1 - _within(-stdtrit(df, p_value / 2), loads, df)
        # Far out, 1 - a number close to 1 keeps no digit; the two bounds do.
        adjusted.append(float(min(max(joint, p_value), many * p_value, 1.0)))
    return Family(p_values=tuple(adjusted), confidence_level=float(1 - 2 * stdtr(df, -critical)))


@cache
def _nodes(number: int) -> tuple[Floats, Floats]:
    """Return places and weights of Gauss-Hermite quadrature for a standard normal variable."""
    at, weights = np.polynomial.hermite_e.hermegauss(number)
    return at, weights / weights.sum()


def _within(c: float, loads: Floats, df: float) -> float:
    """Return P(max |T| <= c) by quadrature over the shared control and the shared variance."""
    from scipy.special import gammaincinv, ndtr

    nodes, weights = _nodes(_SHARED_NODES)
    scales, chances = np.ones(1), np.ones(1)
    if df < inf:
        # Over the normal score of the variance: smooth, where its own scale has a steep edge.
        places, chances = _nodes(_VARIANCE_NODES)
        scales = np.sqrt(2 * gammaincinv(df / 2, ndtr(places)) / df)
    reach = c * scales[:, None, None]
    shared = loads * nodes[:, None]
    own = np.sqrt(1 - loads**2)
    inside = ndtr((reach - shared) / own) - ndtr((-reach - shared) / own)
    return float(chances @ (inside.prod(axis=2) @ weights))
