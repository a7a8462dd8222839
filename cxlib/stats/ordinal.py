"""Compare answers as an order, not as numbers: how often a random answer of one group is higher.

An answer of 5 is above a 4, but how far above is not known; a difference of means depends on it
and can even change its sign. The chance that one answer stands above another does not.
"""

from math import sqrt

import numpy as np

from cxlib.errors import InputError
from cxlib.stats import linearised
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.linearised import Floats, Linear, Mask, Products
from cxlib.stats.means import t_quantile, t_two_sided_p, welch_df
from cxlib.stats.proportions import normal_quantile, two_sided_p

FEWEST = 2.0


def chance_higher(
    values: Floats,
    products: Products,
    *,
    answer_weights: Floats,
    first: Mask,
    second: Mask,
    design: Floats,
    confidence_level: float = 0.95,
    p_value: float | None = None,
) -> Estimate:
    """Estimate the chance that a random answer of one group is above one of another.

        θ = P(X > Y) + ½ P(X = Y);   each answer of X moves θ by (G(x) - θ) / n, G the share of Y
        below x with half of its ties, and each answer of Y by (1 - F(y) - θ) / m

    Every cell holds one answer of one group, so the products of customers' counts are all that
    the error needs: customers may repeat, and be in both groups. With one answer a customer and
    equal weights it is the Brunner-Munzel test. Groups without any spread of these moves (all of
    one above all of the other) get Wilson's interval on the customers of the smaller group.

    Args:
        values: The answer each cell holds.
        products: Sums over customers, cell by cell.
        answer_weights: Weight of one answer in each cell.
        first: Cells of X.
        second: Cells of Y.
        design: Cells by calibration variables.
        confidence_level: In [0.9, 1).
        p_value: To report instead of its own (that of a family).

    Raises:
        InputError: A group of fewer than 2 (effective) customers.

    Source: Brunner and Munzel (2000), Biometrical Journal 42(1); clusters: Binder (1983).
    """
    check_level(confidence_level)
    w, n = answer_weights, products.n
    clusters = [
        linearised.effective_clusters(products, answer_weights=w, members=group)
        for group in (first, second)
    ]
    if min(clusters) < FEWEST:
        raise InputError(
            f"an ordinal comparison needs 2 customers in each group, got {min(clusters):.0f}"
        )
    share = [np.where(group, w * n, 0.0) / (w * n)[group].sum() for group in (first, second)]
    above = (values[:, None] > values) + 0.5 * (values[:, None] == values)
    placed = [above @ share[1], 1 - above @ share[0]]
    theta = float(share[0] @ placed[0])
    parts = []
    for placed_by, place, group, k in zip(share, placed, (first, second), clusters, strict=True):
        size = float((w * n)[group].sum())
        moves = np.where(group, (place - theta) / size, 0.0)
        normal = design.T @ (design * (w * n)[:, None])
        fitted = design @ (np.linalg.pinv(normal, hermitian=True) @ (design.T @ (w * n * moves)))
        # Each group has its own K / (K - 1), as in Brunner and Munzel, not that of all customers.
        factor = sqrt(k / (k - 1) * (products.n_clusters - 1) / products.n_clusters)
        parts.append(
            Linear(value=float(placed_by @ place), alpha=0 * w, beta=-factor * w * (moves - fitted))
        )
    pieces = [linearised.variance(part, products) for part in parts]
    shared = 2 * linearised.covariance(parts[0], parts[1], products)
    squared = pieces[0] + pieces[1] + shared
    n_obs = round(float(n[first].sum() + n[second].sum()))
    if max(pieces) <= 0 or squared <= 1e-12 * sum(pieces):
        return unspread(theta, min(clusters), n_obs, confidence_level, p_value)
    df = welch_df((pieces[0], max(2, round(clusters[0]))), (pieces[1], max(2, round(clusters[1]))))
    margin = t_quantile(confidence_level, df=df) * sqrt(squared)
    own = t_two_sided_p((theta - 0.5) / sqrt(squared), df=df)
    return Estimate(
        value=theta,
        ci_lower=max(0.0, theta - margin),
        ci_upper=min(1.0, theta + margin),
        n_obs=n_obs,
        unit="share",
        method="Brunner-Munzel, clustered",
        confidence_level=confidence_level,
        p_value=own if p_value is None else p_value,
    )


def unspread(
    theta: float, clusters: float, n_obs: int, level: float, p_value: float | None
) -> Estimate:
    """Estimate a chance of groups wholly apart: Wilson on the customers of the smaller."""
    z = normal_quantile(level)
    centre = (theta + z * z / (2 * clusters)) / (1 + z * z / clusters)
    root = sqrt(theta * (1 - theta) / clusters + z * z / (4 * clusters**2))
    margin = z * root / (1 + z * z / clusters)
    own = two_sided_p((theta - 0.5) / sqrt(0.25 / clusters))
    return Estimate(
        value=theta,
        ci_lower=max(0.0, min(theta, centre - margin)),
        ci_upper=min(1.0, max(theta, centre + margin)),
        n_obs=n_obs,
        unit="share",
        method="Wilson, no spread",
        confidence_level=level,
        p_value=own if p_value is None else p_value,
    )
