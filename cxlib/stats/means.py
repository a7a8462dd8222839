"""Means, their differences and ratios of sums, from sizes, means, variances and cross products."""

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
        n_obs=n,
        unit=unit,
        method="t",
        confidence_level=confidence_level,
    )


def mean_difference(
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
        if n < 2:
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
        n_obs=n1 + n2,
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


def ratio_estimate(
    n: int,
    *,
    sum_y: float,
    sum_x: float,
    sum_yy: float,
    sum_xx: float,
    sum_xy: float,
    confidence_level: float = 0.95,
    unit: Unit = "ratio",
) -> Estimate:
    """Estimate a ratio of two sums whose unit of sampling is the customer (delta method).

        R = Σy / Σx,  var = n/(n-1) · Σ(y - R x)² / (Σx)²

    Orders per session, seconds per contact: ``y`` and ``x`` are one customer's totals, so that
    rows of one customer are not taken for independent ones.

    Args:
        n: Customers, at least 2.
        sum_y: Sum of the numerators.
        sum_x: Sum of the denominators, above 0.
        sum_yy: Sum of squared numerators.
        sum_xx: Sum of squared denominators.
        sum_xy: Sum of numerator times denominator.
        confidence_level: In [0.9, 1).
        unit: How the ratio is read.

    Returns:
        An Estimate with a t interval on n - 1 degrees of freedom.

    Raises:
        InputError: Fewer than 2 customers, no denominator, sums no data can have.

    Source: Deng, Knoblich and Lu (2018), KDD; Cochran (1977), Sampling Techniques, 6.3.
    """
    check_level(confidence_level)
    if n < 2:
        raise InputError(f"a ratio of sums needs at least 2 units, got {n}")
    if sum_x <= 0:
        raise InputError(f"sum_x must be above 0, got {sum_x}")
    for name, squares, total in (("sum_yy", sum_yy, sum_y), ("sum_xx", sum_xx, sum_x)):
        if squares * n < total * total * (1 - 1e-9):
            raise InputError(f"{name} must be at least {total * total / n}, got {squares}")
    ratio = sum_y / sum_x
    residual = max(0.0, sum_yy - 2 * ratio * sum_xy + ratio * ratio * sum_xx)
    margin = t_quantile(confidence_level, df=n - 1) * sqrt(residual * n / (n - 1)) / sum_x
    return Estimate(
        value=ratio,
        ci_lower=ratio - margin,
        ci_upper=ratio + margin,
        n_obs=n,
        unit=unit,
        method="delta",
        confidence_level=confidence_level,
    )


def clustered_mean(
    n_clusters: int,
    *,
    n_obs: int,
    total: float,
    sum_squared_totals: float,
    sum_squared_sizes: float,
    sum_size_times_total: float,
    confidence_level: float = 0.95,
    unit: Unit = "rating",
) -> Estimate:
    """Estimate a mean of answers when customers (or stores) give several each.

    The mean is a ratio: all answers' total over their number, one pair per cluster; the spread
    is that between clusters, so ten answers of one customer are not ten customers.

    Args:
        n_clusters: Customers or stores, at least 2.
        n_obs: Answers of all clusters.
        total: Sum of all answers.
        sum_squared_totals: Sum over clusters of (the cluster's sum of answers)².
        sum_squared_sizes: Sum over clusters of (its number of answers)².
        sum_size_times_total: Sum over clusters of number times sum.
        confidence_level: In [0.9, 1).
        unit: How the mean is read.

    Returns:
        An Estimate whose ``n_obs`` is the answers and whose t interval has
        ``n_clusters`` - 1 degrees of freedom.

    Raises:
        InputError: Fewer than 2 clusters, or sums no data can have.

    Source: Cochran (1977), Sampling Techniques, 9A.2; Cameron and Miller (2015).
    """
    ratio = ratio_estimate(
        n_clusters,
        sum_y=total,
        sum_x=n_obs,
        sum_yy=sum_squared_totals,
        sum_xx=sum_squared_sizes,
        sum_xy=sum_size_times_total,
        confidence_level=confidence_level,
        unit=unit,
    )
    return Estimate(
        value=ratio.value,
        ci_lower=ratio.ci_lower,
        ci_upper=ratio.ci_upper,
        n_obs=n_obs,
        unit=unit,
        method="clustered t",
        confidence_level=confidence_level,
    )


def _check_moments(n: int, variance: float) -> None:
    if n < 1:
        raise InputError(f"a mean needs at least 1 observation, got {n}")
    if n > 1 and not variance >= 0:
        raise InputError(f"variance must be 0 or more, got {variance}")
