"""Ratios of sums whose observations come in bunches: means, shares and rates, with their interval.

All take one line of ``cluster_sums``: K owners, Y, X and squares = Σ (y - R x)², R = Y / X.
"""

from collections.abc import Sequence
from math import nan, sqrt

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, Unit, check_level
from cxlib.stats.means import t_quantile, t_two_sided_p
from cxlib.stats.survival import count_quantile


def clustered_ratio(
    n_clusters: int,
    *,
    total: float,
    base: float,
    squares: float,
    confidence_level: float = 0.95,
    unit: Unit = "ratio",
    scale: float = 1.0,
    against: float | None = None,
) -> Estimate:
    """Estimate a ratio of sums, such as seconds per contact (delta method).

        R = Y / X,  se = sqrt(K / (K - 1) · squares) / X,  R ± t(K-1) se

    Args:
        n_clusters: Independent owners K (customers), 1 or more.
        total: Y.
        base: X, above 0; printed as n.
        squares: Σ over owners (y - R x)², 0 or more.
        confidence_level: In [0.9, 1).
        unit: How the ratio is read.
        scale: Value and limits are multiplied by it (1/60 turns seconds into minutes).
        against: Test R against this value, by the same t; none tests nothing.

    Returns:
        An Estimate; without limits or p-value when there is a single owner.

    Raises:
        InputError: No owner, no base, negative squares.

    Source: Deng, Knoblich and Lu (2018), KDD; Cochran (1977), Sampling Techniques, 6.3.
    """
    _check(n_clusters, base, squares, confidence_level)
    ratio, margin, p_value = total / base, nan, None
    if n_clusters > 1:
        se = sqrt(n_clusters / (n_clusters - 1) * squares) / base
        margin = t_quantile(confidence_level, df=n_clusters - 1) * se
        if against is not None and se > 0:
            p_value = t_two_sided_p((ratio - against) / se, df=n_clusters - 1)
        elif against is not None:
            p_value = float(ratio == against)
    return Estimate(
        value=scale * ratio,
        ci_lower=scale * (ratio - margin),
        ci_upper=scale * (ratio + margin),
        n_obs=round(base),
        unit=unit,
        method="delta",
        confidence_level=confidence_level,
        p_value=p_value,
    )


def clustered_share(
    n_clusters: int,
    *,
    total: float,
    base: float,
    squares: float,
    confidence_level: float = 0.95,
) -> Estimate:
    """Estimate a share whose observations repeat within owners, never outside [0, 1].

        deff = max(1, K / (K - 1) · squares / (n p (1 - p))),  Wilson's interval with n / deff
        observations and Student's t on K - 1 degrees of freedom

    Where all or none succeed the spread between owners is unseen: each owner then counts once.

    Args:
        n_clusters: Independent owners K, 1 or more.
        total: Successes, 0 to ``base``.
        base: Observations n, 1 or more.
        squares: Σ over owners (y - p m)², 0 or more.
        confidence_level: In [0.9, 1).

    Returns:
        An Estimate in ``share``; without limits when there is a single owner of several
        observations.

    Raises:
        InputError: No owner, no observation, negative squares, more successes than observations.

    Source: Dean and Pagano (2015), Survey Practice 8(3); Korn and Graubard (1998), Survey
    Methodology 24(2).
    """
    _check(n_clusters, base, squares, confidence_level)
    if not 0 <= total <= base:
        raise InputError(f"total must be from 0 to the {base:g} observations, got {total:g}")
    p = total / base
    lower = upper = nan
    if n_clusters > 1:
        z = t_quantile(confidence_level, df=n_clusters - 1)
        spread = base * p * (1 - p)
        n = float(n_clusters)
        if spread > 0:
            n = base / max(1.0, n_clusters / (n_clusters - 1) * squares / spread)
        lower, upper = _wilson(p, n, z)
    return Estimate(
        value=p,
        ci_lower=lower,
        ci_upper=upper,
        n_obs=round(base),
        unit="share",
        method="clustered Wilson",
        confidence_level=confidence_level,
    )


def clustered_quantile(
    values: Sequence[float],
    counts: Sequence[int],
    *,
    share: float,
    n_clusters: int,
    total: float,
    squares: float,
    confidence_level: float = 0.95,
    unit: Unit = "ratio",
    scale: float = 1.0,
) -> Estimate:
    """Estimate the value that ``share`` of all observations do not exceed (Woodruff).

    The clustered interval of the share of observations at or below the value, turned back into
    values.

    Args:
        values: Distinct values.
        counts: Observations of each.
        share: Above 0, below 1.
        n_clusters: Independent owners K.
        total: Observations at or below the value ``count_quantile`` gives.
        squares: Σ over owners (those at or below - share of all · observations)².
        confidence_level: In [0.9, 1).
        unit: How the value is read.
        scale: Value and limits are multiplied by it.

    Returns:
        An Estimate; without limits when there is a single owner.

    Source: Woodruff (1952), Journal of the American Statistical Association 47.
    """
    value = count_quantile(values, counts, share=share)
    n = sum(counts)
    around = clustered_share(
        n_clusters, total=total, base=n, squares=squares, confidence_level=confidence_level
    )
    lower = upper = nan
    if around.has_interval:
        lower, upper = (
            count_quantile(values, counts, share=min(max(end, 1 / (2 * n)), 1 - 1 / (2 * n)))
            for end in (around.ci_lower, around.ci_upper)
        )
        lower, upper = scale * min(lower, value), scale * max(upper, value)
    return Estimate(
        value=scale * value,
        ci_lower=lower,
        ci_upper=upper,
        n_obs=n,
        unit=unit,
        method="Woodruff",
        confidence_level=confidence_level,
    )


def event_rate(
    events: int,
    *,
    exposure: float,
    dispersion: float = 1.0,
    per: float = 1.0,
    confidence_level: float = 0.95,
) -> Estimate:
    """Estimate a rate of events, such as complaints per order.

    Garwood's exact Poisson limits; where events come in bunches (``dispersion`` above 1) the
    limits are those of events / dispersion bunches.

        [chi²(α/2; 2m) / 2,  chi²(1 - α/2; 2m + 2) / 2] · dispersion / exposure,  m = events / φ

    Args:
        events: 0 or more.
        exposure: Orders, customers or days the events stand over, above 0.
        dispersion: Variance over mean φ; below 1 is read as 1.
        per: The rate is per this many units of exposure.
        confidence_level: In [0.9, 1).

    Returns:
        An Estimate in ``ratio`` with the events as n.

    Raises:
        InputError: Negative events, no exposure, a refused level.

    Source: Garwood (1936), Biometrika 28; McCullagh and Nelder (1989), Generalized Linear
    Models, 6.2.3 for the dispersion.
    """
    from scipy.special import chdtri

    check_level(confidence_level)
    if events < 0:
        raise InputError(f"events must be 0 or more, got {events}")
    if not exposure > 0:
        raise InputError(f"exposure must be above 0, got {exposure}")
    phi = max(1.0, dispersion)
    bunches, tail = events / phi, (1 - confidence_level) / 2
    lower = chdtri(2 * bunches, 1 - tail) / 2 if events else 0.0
    upper = chdtri(2 * bunches + 2, tail) / 2
    scale = per * phi / exposure
    return Estimate(
        value=per * events / exposure,
        ci_lower=scale * float(lower),
        ci_upper=scale * float(upper),
        n_obs=int(events),
        unit="ratio",
        method="Garwood" if phi == 1 else "quasi-Poisson",
        confidence_level=confidence_level,
    )


def _wilson(p: float, n: float, z: float) -> tuple[float, float]:
    scale = 1 + z * z / n
    centre = (p + z * z / (2 * n)) / scale
    margin = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / scale
    return (0.0 if p == 0 else centre - margin, 1.0 if p == 1 else centre + margin)


def _check(n_clusters: int, base: float, squares: float, confidence_level: float) -> None:
    check_level(confidence_level)
    if n_clusters < 1:
        raise InputError(f"n_clusters must be 1 or more, got {n_clusters}")
    if not base > 0:
        raise InputError(f"base must be above 0, got {base:g}")
    if not squares >= 0:
        raise InputError(f"squares must be 0 or more, got {squares}")
