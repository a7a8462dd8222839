"""Weighted scores of groups and their errors when customers answer several times.

Any weighted mean, difference or contrast of groups is, to first order, a sum over customers of
z(k) = Σ over cells of α(c) t(k,c) - β(c) m(k,c), with t a customer's total and m the number of
answers in a cell. Its variance is K/(K-1) Σ z², which needs only the products of t and m summed
over customers, and never a row.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.means import t_quantile

Floats: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Products:
    """Sums over customers for cells that hold answers.

    Attributes:
        n: Answers per cell.
        total: Sum of the answers per cell.
        squares: Sum of their squares per cell.
        tt: Σ t(a) t(b) over customers, cells by cells.
        tm: Σ t(a) m(b).
        mm: Σ m(a) m(b).
        n_clusters: Customers in all cells together.
    """

    n: Floats
    total: Floats
    squares: Floats
    tt: Floats
    tm: Floats
    mm: Floats
    n_clusters: int

    def __post_init__(self) -> None:
        if self.n_clusters <= 1:
            raise InputError(
                f"an error between customers needs at least 2 customers, got {self.n_clusters}"
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Linear:
    """A statistic with the coefficients of its first-order form; they subtract and add.

    Attributes:
        value: Of the statistic.
        alpha: Coefficient of a customer's total in each cell.
        beta: Coefficient of a customer's number of answers in each cell, subtracted.
    """

    value: float
    alpha: Floats
    beta: Floats

    def __sub__(self, other: Self) -> "Linear":
        return Linear(
            value=self.value - other.value,
            alpha=self.alpha - other.alpha,
            beta=self.beta - other.beta,
        )

    def scaled(self, factor: float) -> "Linear":
        """Return the statistic times a number."""
        return Linear(value=factor * self.value, alpha=factor * self.alpha, beta=factor * self.beta)


def weighted_mean(
    products: Products, *, answer_weights: Floats, members: Mask, design: Floats
) -> Linear:
    """Estimate the weighted mean of a group, with what calibrating the weights does to its error.

        ȳ = Σ w t / Σ w n over the group's cells
        z = w (e - x'B) / Σ w n,  e = y - ȳ in the group and 0 outside,
        B = (Σ w x x')⁻¹ Σ w x e over all answers

    Weights that were made to meet margins x leave no error along x: residuals from x replace e.
    The regression has the final weights, which stays right when the weights repair non-response;
    with starting weights the error can come out badly wrong.

    Args:
        products: Of the answers, cell by cell.
        answer_weights: Weight of one answer in each cell.
        members: Which cells are the group.
        design: Cells by calibration variables.

    Raises:
        InputError: A group without answers.

    Source: Deville and Särndal (1992), JASA 87(418); D'Arrigo and Skinner (2010), Survey
    Methodology 36(2).
    """
    w, n = answer_weights, products.n
    inside = np.where(members, w, 0.0)
    size = float(inside @ n)
    if size <= 0:
        raise InputError("a weighted mean needs at least 1 answer in its group, got 0")
    value = float(inside @ products.total) / size
    normal = design.T @ (design * (w * n)[:, None])
    moment = design.T @ (inside * (products.total - value * n) / size)
    # Margins overlap in the total, so the normal equations have no plain inverse.
    fitted = design @ (np.linalg.pinv(normal, hermitian=True) @ moment)
    return Linear(value=value, alpha=inside / size, beta=inside * value / size + w * fitted)


def covariance(a: Linear, b: Linear, products: Products) -> float:
    """Return the covariance of two statistics between customers.

    K / (K - 1) · Σ z_a(k) z_b(k).

    Source: Cochran (1977), Sampling Techniques, 6.3; Binder (1983), Int. Stat. Review 51(3).
    """
    total = (
        a.alpha @ products.tt @ b.alpha
        - a.alpha @ products.tm @ b.beta
        - b.alpha @ products.tm @ a.beta
        + a.beta @ products.mm @ b.beta
    )
    return float(total) * products.n_clusters / (products.n_clusters - 1)


def variance(statistic: Linear, products: Products) -> float:
    """Return the squared standard error of a statistic between customers, 0 or more."""
    return max(0.0, covariance(statistic, statistic, products))


def effective_clusters(products: Products, *, answer_weights: Floats, members: Mask) -> float:
    """Return how many equally heavy customers a group's answers are worth (Kish, by customer).

        (Σ over customers of W)² / Σ W²,  W a customer's weight in the group

    At most the customers there are, and exactly that when all weigh the same.
    """
    w = np.where(members, answer_weights, 0.0)
    return float((w @ products.n) ** 2 / (w @ products.mm @ w))


def spread(
    mean: float, products: Products, *, answer_weights: Floats, members: Mask
) -> tuple[float, float]:
    """Return a group's weighted mean of squared answers and the variance of one answer.

    The variance has divisor n - 1 for equal weights.
    """
    w = np.where(members, answer_weights, 0.0)
    n = float(products.n[members].sum())
    second = float(w @ products.squares / (w @ products.n))
    single = max(0.0, second - mean * mean)
    # Rounding of a unanimous group must not pass for a spread.
    single = 0.0 if single <= 1e-12 * max(1.0, second) else single
    return second, single * n / (n - 1) if n > 1 else 0.0


def effective_answers(
    n_obs: int, *, answer_variance: float, squared_error: float, clusters: float, level: float
) -> float:
    """Return how many independent answers would be as precise as a group's.

        n* = S² / v · (t(n-1) / t(K-1))², at most n

    A unanimous group shows no spread to compare: there n* is the number of effective customers.

    Args:
        n_obs: Answers.
        answer_variance: S² of one answer.
        squared_error: v of the group's mean.
        clusters: Effective customers K.
        level: Confidence level of the interval to come.

    Source: Korn and Graubard (1998), Survey Methodology 24(2); cap as in Parker et al. (2017),
    Vital and Health Statistics 2(175).
    """
    if answer_variance <= 0 or squared_error <= 0:
        return min(float(n_obs), clusters)
    ratio = 1.0
    if clusters < n_obs and clusters > 1:
        ratio = t_quantile(level, df=n_obs - 1) / t_quantile(level, df=clusters - 1)
    return min(float(n_obs), answer_variance / squared_error * ratio * ratio)


def standard_error(statistic: Linear, products: Products) -> float:
    """Return the standard error of a statistic between customers."""
    return sqrt(variance(statistic, products))
