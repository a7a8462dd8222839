"""How well labels agree: Cohen's kappa of two coders, and the area under the ROC curve."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.proportions import normal_quantile


def cohen_kappa(counts: ArrayLike, *, confidence_level: float = 0.95) -> Estimate:
    """Estimate the agreement of two coders beyond chance.

        kappa = (observed - expected) / (1 - expected)

    with the large-sample variance of Fleiss, Cohen and Everitt, clipped to [-1, 1].

    Args:
        counts: Square table; row the first coder's label, column the second's.
        confidence_level: In [0.9, 1).

    Returns:
        An Estimate in ``ratio``; without limits where the coders never differ, since the
        variance is then 0 and would claim too much.

    Raises:
        InputError: No square table of counts, or nothing in it.

    Source: Cohen (1960); Fleiss, Cohen and Everitt (1969), Psychological Bulletin 72(5).
    """
    check_level(confidence_level)
    table = np.asarray(counts, dtype=float)
    if table.ndim != 2 or table.shape[0] != table.shape[1]:  # noqa: PLR2004 - rows and columns
        raise InputError(f"counts must be a square table, got shape {table.shape}")
    if not np.isfinite(table).all() or (table < 0).any() or table.sum() <= 0:
        raise InputError("counts must be 0 or more, with at least 1 case")
    n = int(table.sum())
    p = table / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    observed, expected = float(np.trace(p)), float(rows @ columns)
    if expected >= 1:
        return _ratio(1.0, float("nan"), float("nan"), n, "Fleiss", confidence_level)
    kappa = (observed - expected) / (1 - expected)
    rest = 1 - kappa
    both = columns[:, None] + rows[None, :]  # of label i by the second and j by the first
    agreed = float((np.diag(p) * (1 - (rows + columns) * rest) ** 2).sum())
    off = p * both**2
    apart = rest**2 * float(off.sum() - np.trace(off))
    change = (kappa - expected * rest) ** 2
    variance = max(0.0, agreed + apart - change) / ((1 - expected) ** 2 * n)
    if variance == 0:
        return _ratio(kappa, float("nan"), float("nan"), n, "Fleiss", confidence_level)
    margin = normal_quantile(confidence_level) * sqrt(variance)
    return _ratio(
        kappa, max(-1.0, kappa - margin), min(1.0, kappa + margin), n, "Fleiss", confidence_level
    )


def confusion(
    first: Sequence[str], second: Sequence[str], *, labels: Sequence[str]
) -> NDArray[np.int64]:
    """Count how often each pair of labels was given.

    Returns:
        A table of counts; row the first label, column the second, in the order of ``labels``.

    Raises:
        InputError: Unequal lengths or a label that is not among ``labels``.
    """
    if len(first) != len(second):
        raise InputError(f"both must label the same cases, got {len(first)} and {len(second)}")
    places = {label: place for place, label in enumerate(labels)}
    table = np.zeros((len(places), len(places)), dtype=np.int64)
    for a, b in zip(first, second, strict=True):
        if a not in places or b not in places:
            raise InputError(f"label must be one of {', '.join(labels)}, got {a!r} and {b!r}")
        table[places[a], places[b]] += 1
    return table


def area_under_curve(
    positives: ArrayLike,
    negatives: ArrayLike,
    *,
    clusters: tuple[ArrayLike, ArrayLike] | None = None,
    confidence_level: float = 0.95,
) -> Estimate:
    """Estimate the chance that a positive case scores above a negative one; ties count half.

    DeLong's variance, clipped to [0, 1]. Without spread (every positive above every negative)
    the limits are NaN-free but equal the value: read them with the number of cases. Where a
    person gave several cases, Obuchowski's variance: with structural components V, area A, and
    sums over the cases of cluster i

        u_i = Σ V(positive) - m_i A,  w_i = Σ V(negative) - n_i A
        var = I₁/(I₁-1) Σ u_i²/m² + I₀/(I₀-1) Σ w_i²/n² + 2 I/(I-1) Σ u_i w_i/(m n)

    which is DeLong's when each case is a cluster of its own.

    Args:
        positives: Scores of the truly positive, at least 2.
        negatives: Scores of the truly negative, at least 2.
        clusters: Who gave each positive and each negative, as many as these; None takes every
            case for independent.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: Fewer than 2 cases of a kind, a score that is not finite, clusters that are
            not as many as the cases or fewer than 2 of a kind.

    Source: DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44(3); Obuchowski (1997),
    Biometrics 53(2), 567-578.
    """
    from scipy.stats import rankdata

    check_level(confidence_level)
    high, low = (np.asarray(scores, dtype=float) for scores in (positives, negatives))
    m, n = high.size, low.size
    if min(m, n) < 2:  # noqa: PLR2004 - a variance needs two
        raise InputError(f"an area under the curve needs 2 cases of each kind, got {m} and {n}")
    if not (np.isfinite(high).all() and np.isfinite(low).all()):
        raise InputError("scores must be finite numbers")
    ranks = rankdata(np.concatenate([high, low]))
    above = (ranks[:m] - rankdata(high)) / n
    below = 1 - (ranks[m:] - rankdata(low)) / m
    value = float(above.mean())
    method = "DeLong"
    if clusters is None:
        variance = float(above.var(ddof=1)) / m + float(below.var(ddof=1)) / n
    else:
        variance, method = _clustered_variance(above, below, value, clusters), "Obuchowski"
    margin = normal_quantile(confidence_level) * sqrt(variance)
    return _ratio(
        value, max(0.0, value - margin), min(1.0, value + margin), m + n, method, confidence_level
    )


def _clustered_variance(
    above: NDArray[np.float64],
    below: NDArray[np.float64],
    area: float,
    clusters: tuple[ArrayLike, ArrayLike],
) -> float:
    """Give Obuchowski's variance from structural components; 0 where rounding makes it less."""
    who_high, who_low = (np.asarray(who) for who in clusters)
    m, n = above.size, below.size
    if who_high.shape != (m,) or who_low.shape != (n,):
        raise InputError(
            f"clusters must be as many as the cases, {m} and {n}, got "
            f"{who_high.size} and {who_low.size}"
        )
    people, who = np.unique(np.concatenate([who_high, who_low]), return_inverse=True)
    u = np.bincount(who[:m], weights=above - area, minlength=people.size)
    w = np.bincount(who[m:], weights=below - area, minlength=people.size)
    sizes = [np.unique(part).size for part in (who[:m], who[m:])] + [people.size]
    if min(sizes) < 2:  # noqa: PLR2004 - a variance needs two
        raise InputError(f"clusters must be 2 or more of each kind, got {sizes[0]} and {sizes[1]}")
    grow = [k / (k - 1) for k in sizes]
    parts = grow[0] * float(u @ u) / m**2, grow[1] * float(w @ w) / n**2
    return max(0.0, sum(parts) + 2 * grow[2] * float(u @ w) / (m * n))


def _ratio(value: float, low: float, high: float, n: int, method: str, level: float) -> Estimate:  # noqa: PLR0917
    return Estimate(
        value=value,
        ci_lower=low,
        ci_upper=high,
        n_obs=n,
        unit="ratio",
        method=method,
        confidence_level=level,
    )
