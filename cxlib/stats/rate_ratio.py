"""The ratio of two event rates with unlike exposure, exact where events are independent."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, nan, sqrt

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.means import t_quantile, t_two_sided_p


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRatio:
    """How many times as often events come after as before, per unit of exposure.

    Attributes:
        ratio: Rate after / rate before; without a lower or upper limit where a side has none.
        dispersion: Pearson's φ of the periods within the two sides: 1 is what chance gives.
        dispersion_p: One-sided: periods differ more than chance explains where it is small.
        n_before: Events before.
        n_after: Events after.
    """

    ratio: Estimate
    dispersion: float
    dispersion_p: float
    n_before: int
    n_after: int


def rate_ratio(
    before: Sequence[int],
    *,
    after: Sequence[int],
    exposure_before: Sequence[float],
    exposure_after: Sequence[float],
    confidence_level: float = 0.95,
) -> RateRatio:
    """Compare two rates from counts per period.

        exact: given x + y events, y ~ Binomial(x + y, R E_y / (R E_y + E_x)); limits of R from
        Clopper and Pearson's limits, p from the two-sided binomial test
        φ = Σ (x_i - r e_i)² / (r e_i) / (periods - 2), r the rate of the period's own side
        where φ > 1: also log R ± t(periods - 2) sqrt(φ (1/x + 1/y)); the wider limits and the
        larger p are given, so that bunched events never look surer than independent ones

    Args:
        before: Events per period, 1 period or more.
        after: As ``before``.
        exposure_before: Of each period, above 0: orders, customers, days.
        exposure_after: As ``exposure_before``.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: Unequal lengths, negative counts, no exposure, or no event on a side.

    Source: Przyborowski and Wilenski (1940), Biometrika 31; McCullagh and Nelder (1989),
    Generalized Linear Models, 6.2.3 for the dispersion.
    """
    from scipy.special import chdtrc
    from scipy.stats import binomtest

    check_level(confidence_level)
    _check("before", before, exposure_before)
    _check("after", after, exposure_after)
    x, y = int(sum(before)), int(sum(after))
    base, held = float(sum(exposure_before)), float(sum(exposure_after))
    value = (y / held) / (x / base)
    test = binomtest(y, x + y, held / (held + base))
    limits = test.proportion_ci(confidence_level, "exact")
    low, high = (p / (1 - p) * base / held if p < 1 else inf for p in limits)
    p_value, method = float(test.pvalue), "exact conditional Poisson"
    df = len(before) + len(after) - 2
    squares = sum(
        (n - rate * e) ** 2 / (rate * e)
        for counts, exposures, rate in (
            (before, exposure_before, x / base),
            (after, exposure_after, y / held),
        )
        for n, e in zip(counts, exposures, strict=True)
    )
    phi = squares / df if df else nan
    if df and phi > 1:
        se = sqrt(phi * (1 / x + 1 / y))
        reach = t_quantile(confidence_level, df=df) * se
        low, high = min(low, value * exp(-reach)), max(high, value * exp(reach))
        p_value = max(p_value, t_two_sided_p(log(value) / se, df=df))
        method = "quasi-Poisson"
    return RateRatio(
        ratio=Estimate(
            value=value,
            ci_lower=low,
            ci_upper=high,
            n_obs=x + y,
            unit="ratio",
            method=method,
            confidence_level=confidence_level,
            p_value=p_value,
        ),
        dispersion=phi,
        dispersion_p=float(chdtrc(df, squares)) if df else nan,
        n_before=x,
        n_after=y,
    )


def _check(name: str, counts: Sequence[int], exposure: Sequence[float]) -> None:
    if not counts or len(counts) != len(exposure):
        raise InputError(
            f"{name} needs one exposure per period and 1 period or more, "
            f"got {len(counts)} and {len(exposure)}"
        )
    if min(counts) < 0 or not min(exposure) > 0:
        raise InputError(f"{name} must have counts of 0 or more and exposures above 0")
    if sum(counts) < 1:
        raise InputError(f"{name} needs at least 1 event, got 0")
