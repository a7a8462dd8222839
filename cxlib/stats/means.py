"""Means and their differences, from sizes, means and variances."""

from math import nan, sqrt

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, Unit, check_level


def t_quantile(confidence_level: float, *, df: float) -> float:
    """Return t with P(-t < T < t) = ``confidence_level`` for Student's T with ``df``."""
    from scipy.special import stdtrit

    return float(stdtrit(df, (1 + confidence_level) / 2))


def t_two_sided_p(statistic: float, *, df: float) -> float:
    """Return P(|T| >= |statistic|) for Student's T with ``df`` degrees of freedom."""
    from scipy.special import stdtr

    return min(1.0, 2 * float(stdtr(df, -abs(statistic))))


def mean_estimate(
    n: int,
    mean: float,
    variance: float,
    *,
    confidence_level: float = 0.95,
    unit: Unit = "rating",
) -> Estimate:
    """Estimate a mean with Student's t interval.

        mean ± t(n-1) sqrt(variance / n)

    Args:
        n: Observations, at least 1.
        mean: Their mean, in ``unit``.
        variance: Their variance with divisor n - 1; not read when ``n`` is 1.
        confidence_level: In [0.9, 1).
        unit: How the mean is read.

    Returns:
        An Estimate; without limits when ``n`` is 1.

    Raises:
        InputError: No observation, a negative variance, or a refused level.

    Source: Student (1908), Biometrika 6(1).
    """
    check_level(confidence_level)
    _check_moments(n, variance)
    margin = nan
    if n > 1:
        margin = t_quantile(confidence_level, df=n - 1) * sqrt(variance / n)
    return Estimate(
        value=mean,
        ci_lower=mean - margin,
        ci_upper=mean + margin,
        n_obs=int(n),
        unit=unit,
        method="t",
        confidence_level=confidence_level,
    )


def mean_difference(  # noqa: PLR0917 - two triples of moments, typed by hand
    n1: int,
    mean1: float,
    variance1: float,
    n2: int,
    mean2: float,
    variance2: float,
    *,
    confidence_level: float = 0.95,
    unit: Unit = "rating",
) -> Estimate:
    """Estimate the difference of two independent means, first minus second (Welch).

        d ± t(df) s,  s² = v1/n1 + v2/n2,  df = s⁴ / ((v1/n1)²/(n1-1) + (v2/n2)²/(n2-1))

    Args:
        n1: Observations of the first group (the treatment, or now), at least 2.
        mean1: Its mean.
        variance1: Its variance with divisor n1 - 1.
        n2: Observations of the second group (the control, or before), at least 2.
        mean2: Its mean.
        variance2: Its variance with divisor n2 - 1.
        confidence_level: In [0.9, 1).
        unit: How the difference is read.

    Returns:
        An Estimate with the p-value of the same t statistic, so both always agree.

    Raises:
        InputError: A group under 2 observations, a negative variance, or a refused level.

    Source: Welch (1947), Biometrika 34(1-2).
    """
    check_level(confidence_level)
    for n, variance in ((n1, variance1), (n2, variance2)):
        _check_moments(n, variance)
        if n <= 1:
            raise InputError(f"a difference of means needs 2 observations in each group, got {n}")
    effect = mean1 - mean2
    part1, part2 = variance1 / n1, variance2 / n2
    se = sqrt(part1 + part2)
    margin, p_value = 0.0, float(effect == 0)
    if se > 0:
        df = welch_df((part1, n1), (part2, n2))
        margin = t_quantile(confidence_level, df=df) * se
        p_value = t_two_sided_p(effect / se, df=df)
    return Estimate(
        value=effect,
        ci_lower=effect - margin,
        ci_upper=effect + margin,
        n_obs=int(n1 + n2),
        unit=unit,
        method="Welch",
        confidence_level=confidence_level,
        p_value=p_value,
    )


def welch_df(*parts: tuple[float, int]) -> float:
    """Return Satterthwaite's degrees of freedom of a sum of independent squared errors.

        df = (Σ s²)² / Σ (s²)² / (n - 1)

    Args:
        parts: Pairs of a squared standard error and the observations behind it.

    Raises:
        InputError: No part with a positive squared error.

    Source: Satterthwaite (1946), Biometrics Bulletin 2(6).
    """
    total = sum(part for part, _ in parts)
    if total <= 0:
        raise InputError(f"at least one squared standard error must be above 0, got {total}")
    # Divided by the total first: squares of tiny errors would underflow to 0.
    return float(1 / sum((part / total) ** 2 / (n - 1) for part, n in parts if part > 0))


def clustered_mean(
    n_clusters: int,
    *,
    n_obs: int,
    mean: float,
    squares: float,
    confidence_level: float = 0.95,
    unit: Unit = "rating",
) -> Estimate:
    """Estimate a mean of answers when customers (or stores) give several each.

        se = sqrt(K / (K - 1) · squares) / n,  squares = Σ over clusters (t - mean · m)²

    with t a cluster's total and m its number of answers: the spread is that between clusters, so
    ten answers of one customer are not ten customers. The arguments are the columns of a
    ``clustered_moments`` row.

    Args:
        n_clusters: Customers or stores K, at least 2.
        n_obs: Answers n of all clusters, at least ``n_clusters``.
        mean: Of all answers.
        squares: As above, 0 or more.
        confidence_level: In [0.9, 1).
        unit: How the mean is read.

    Returns:
        An Estimate whose ``n_obs`` is the answers and whose t interval has K - 1 degrees of
        freedom.

    Raises:
        InputError: Fewer than 2 clusters, fewer answers than clusters, negative squares.

    Source: Cochran (1977), Sampling Techniques, 6.3; Cameron and Miller (2015), JHR 50(2).
    """
    check_level(confidence_level)
    if not 1 < n_clusters <= n_obs:
        raise InputError(f"n_clusters must be from 2 to the {n_obs} answers, got {n_clusters}")
    if not squares >= 0:
        raise InputError(f"squares must be 0 or more, got {squares}")
    se = sqrt(n_clusters / (n_clusters - 1) * squares) / n_obs
    margin = t_quantile(confidence_level, df=n_clusters - 1) * se
    return Estimate(
        value=mean,
        ci_lower=mean - margin,
        ci_upper=mean + margin,
        n_obs=int(n_obs),
        unit=unit,
        method="clustered t",
        confidence_level=confidence_level,
    )


def _check_moments(n: int, variance: float) -> None:
    if n < 1:
        raise InputError(f"a mean needs at least 1 observation, got {n}")
    if n > 1 and not variance >= 0:
        raise InputError(f"variance must be 0 or more, got {variance}")
