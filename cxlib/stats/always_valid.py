"""Intervals that hold at every moment of a running test, looked at as often as one likes.

A normal mixture over possible effects gives the asymptotic confidence sequence, n units in all and
s the standard error of the effect at n:

    effect ± s sqrt( (n rho2 + 1) / (n rho2) · ln((n rho2 + 1) / error²) )

It is tightest near the sample it is tuned to and about half as wide again as a single look's
interval there: the price of looking every day.

Source: Robbins (1970), Annals of Mathematical Statistics 41(5); Waudby-Smith, Arbour, Sinha,
Kennedy and Ramdas (2024), Annals of Statistics 52(6), proposition 2.2 and its tuning of rho.
"""

from math import exp, log, sqrt
from statistics import NormalDist

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, check_level

FEWEST = 100
"""Units under which the normal approximation that holds at all times is not trusted."""


def mixture_variance(n_planned: int, *, confidence_level: float = 0.95) -> float:
    """Return the rho2 that makes the interval tightest at the planned number of units.

        rho2 = (-2 ln error + ln(1 - 2 ln error)) / n_planned

    Raises:
        InputError: No unit planned, or a level outside [0.9, 1).
    """
    check_level(confidence_level)
    if n_planned < 1:
        raise InputError(f"n_planned must be at least 1, got {n_planned}")
    reach = -2 * log(1 - confidence_level)
    return (reach + log(reach + 1)) / n_planned


def confidence_sequence(effect: Estimate, *, n_planned: int) -> Estimate:
    """Widen an effect's interval so that it holds at all times, and give its p-value likewise.

    The p-value is the smallest error at which the interval leaves out no effect. Both may be read
    after every unit; the smallest p-value seen so far is valid too.

    Args:
        effect: Value with a two-sided interval read as if this were the only look; `n_obs` counts
            all units so far.
        n_planned: All units at which the test was planned to be read.

    Raises:
        InputError: An effect without interval, or fewer than 100 units.
    """
    if not effect.has_interval:
        raise InputError("a confidence sequence needs an effect with an interval, got none")
    if effect.n_obs < FEWEST:
        raise InputError(f"a confidence sequence needs at least {FEWEST} units, got {effect.n_obs}")
    level = effect.confidence_level
    spread = effect.n_obs * mixture_variance(n_planned, confidence_level=level)
    grown = (spread + 1) / spread
    reach = sqrt(grown * log((spread + 1) / (1 - level) ** 2))
    single = NormalDist().inv_cdf((1 + level) / 2)
    lower = (effect.value - effect.ci_lower) / single
    upper = (effect.ci_upper - effect.value) / single
    towards_none = lower if effect.value > 0 else upper
    z = abs(effect.value) / towards_none if towards_none > 0 else 0.0
    return Estimate(
        value=effect.value,
        ci_lower=effect.value - reach * lower,
        ci_upper=effect.value + reach * upper,
        n_obs=effect.n_obs,
        unit=effect.unit,
        method=f"{effect.method}, valid at all times",
        confidence_level=level,
        p_value=min(1.0, sqrt(spread + 1) * exp(-0.5 * z * z / grown)),
    )
