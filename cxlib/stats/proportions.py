"""Shares and their differences from counts: Wilson, Newcombe, and the check of a planned split."""

from collections.abc import Sequence
from math import exp, fsum, isclose, nan, sqrt
from statistics import NormalDist

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, check_level

_NORMAL = NormalDist()


def normal_quantile(confidence_level: float) -> float:
    """Return z with P(-z < Z < z) = ``confidence_level`` for a standard normal Z.

    Raises:
        InputError: A level outside (0, 1).
    """
    if not 0 < confidence_level < 1:
        raise InputError(f"confidence_level must be in (0, 1), got {confidence_level}")
    return _NORMAL.inv_cdf((1 + confidence_level) / 2)


def two_sided_p(statistic: float) -> float:
    """Return P(|Z| >= |statistic|) for a standard normal Z."""
    return min(1.0, 2 * _NORMAL.cdf(-abs(statistic)))


def proportion(successes: int, n: int, *, confidence_level: float = 0.95) -> Estimate:
    """Estimate a share with the Wilson score interval.

        (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)

    Args:
        successes: From 0 to ``n``.
        n: Trials, at least 1.
        confidence_level: In [0.9, 1).

    Returns:
        An Estimate in ``share`` (0-1); its limits never leave [0, 1].

    Raises:
        InputError: No trials, successes outside 0 to n, or a refused level.

    Source: Wilson (1927); Brown, Cai and DasGupta (2001), Statistical Science 16(2).
    """
    check_level(confidence_level)
    lower, upper = _wilson(successes, n, normal_quantile(confidence_level))
    return Estimate(
        value=float(successes / n),
        ci_lower=lower,
        ci_upper=upper,
        n_obs=int(n),
        unit="share",
        method="Wilson",
        confidence_level=confidence_level,
    )


def proportion_difference(
    x1: int, n1: int, x2: int, n2: int, *, confidence_level: float = 0.95
) -> Estimate:
    """Estimate the difference of two independent shares, first minus second.

    Newcombe's hybrid score interval (his method 10, no continuity correction); the p-value is
    the two-sided score test with the pooled share, so it and the interval may disagree in the
    last digit near the edge.

        d - sqrt((p1-l1)² + (u2-p2)²)  to  d + sqrt((u1-p1)² + (p2-l2)²)

    Args:
        x1: Successes of the first group (the treatment, or now).
        n1: Trials of the first group.
        x2: Successes of the second group (the control, or before).
        n2: Trials of the second group.
        confidence_level: In [0.9, 1).

    Returns:
        An Estimate in ``pp`` stored 0-1, within [-1, 1]; ``p_value`` is NaN-free: 1 when both
        groups are all or nothing alike.

    Raises:
        InputError: No trials, successes outside 0 to n, or a refused level.

    Source: Newcombe (1998), Statistics in Medicine 17(8).
    """
    check_level(confidence_level)
    z = normal_quantile(confidence_level)
    lower1, upper1 = _wilson(x1, n1, z)
    lower2, upper2 = _wilson(x2, n2, z)
    p1, p2 = x1 / n1, x2 / n2
    effect = p1 - p2
    pooled = (x1 + x2) / (n1 + n2)
    score_se = sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    return Estimate(
        value=effect,
        ci_lower=effect - sqrt((p1 - lower1) ** 2 + (upper2 - p2) ** 2),
        ci_upper=effect + sqrt((upper1 - p1) ** 2 + (p2 - lower2) ** 2),
        n_obs=int(n1 + n2),
        unit="pp",
        method="Newcombe",
        confidence_level=confidence_level,
        p_value=two_sided_p(effect / score_se) if score_se > 0 else 1.0,
    )


def relative_difference(
    x1: int, n1: int, x2: int, n2: int, *, confidence_level: float = 0.95
) -> Estimate:
    """Estimate the relative change of a share, first over second minus 1.

        p1/p2 - 1, limits exp(ln(p1/p2) ± z sqrt(1/x1 - 1/n1 + 1/x2 - 1/n2)) - 1

    Args:
        x1: Successes of the first group (the treatment, or now).
        n1: Trials of the first group.
        x2: Successes of the second group, at least 1.
        n2: Trials of the second group.
        confidence_level: In [0.9, 1).

    Returns:
        An Estimate in ``ratio`` (0.4 is +40 % relative); without limits when ``x1`` is 0.

    Raises:
        InputError: No trials, successes outside 0 to n, none in the second group.

    Source: Katz, Baptista, Azen and Pike (1978), Biometrics 34(3).
    """
    check_level(confidence_level)
    _check_counts(x1, n1)
    _check_counts(x2, n2)
    if x2 == 0:
        raise InputError("a relative change needs at least 1 success in the second group, got 0")
    ratio = (x1 / n1) / (x2 / n2)
    lower, upper = nan, nan
    if x1:
        z = normal_quantile(confidence_level)
        spread = exp(z * sqrt(max(0.0, 1 / x1 - 1 / n1 + 1 / x2 - 1 / n2)))
        lower, upper = ratio / spread - 1, ratio * spread - 1
    return Estimate(
        value=ratio - 1,
        ci_lower=lower,
        ci_upper=upper,
        n_obs=int(n1 + n2),
        unit="ratio",
        method="Katz log",
        confidence_level=confidence_level,
    )


def goodness_of_split(counts: Sequence[int], planned_shares: Sequence[float]) -> float:
    """Test whether the arms of an experiment have the planned sizes (sample-ratio check).

        chi² = Σ (observed - planned)² / planned, with arms - 1 degrees of freedom

    Args:
        counts: Units per arm, at least two arms.
        planned_shares: Share per arm, each above 0, adding to 1.

    Returns:
        The p-value; under 0.001 the split is broken and no verdict may be read.

    Raises:
        InputError: Fewer than two arms, unequal lengths, a negative count, no unit at all,
            or shares that do not add to 1.

    Source: Fabijan et al. (2019), KDD, for the use and the 0.001 rule.
    """
    from scipy.special import chdtrc

    if len(counts) <= 1 or len(counts) != len(planned_shares):
        raise InputError(
            "counts and planned_shares must name the same two or more arms, "
            f"got {len(counts)} and {len(planned_shares)}"
        )
    if min(counts) < 0 or sum(counts) == 0:
        raise InputError(f"counts must be 0 or more with at least 1 unit, got {list(counts)}")
    if min(planned_shares) <= 0 or not isclose(fsum(planned_shares), 1):
        raise InputError(
            f"planned_shares must each be above 0 and add to 1, got {list(planned_shares)}"
        )
    total = sum(counts)
    statistic = fsum(
        (count - total * share) ** 2 / (total * share)
        for count, share in zip(counts, planned_shares, strict=True)
    )
    return float(chdtrc(len(counts) - 1, statistic))


def _check_counts(successes: int, n: int) -> None:
    if n < 1:
        raise InputError(f"a share needs at least 1 trial, got {n}")
    if not 0 <= successes <= n:
        raise InputError(f"successes must be from 0 to {n}, got {successes}")


def _wilson(successes: int, n: int, z: float) -> tuple[float, float]:
    """Return the Wilson limits; exactly 0 and 1 at the ends, free of rounding."""
    _check_counts(successes, n)
    p = successes / n
    scale = 1 + z * z / n
    centre = (p + z * z / (2 * n)) / scale
    margin = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / scale
    lower = 0.0 if successes == 0 else centre - margin
    upper = 1.0 if successes == n else centre + margin
    return lower, upper
