"""What a repeat order is worth, customer by customer: the gamma-gamma model of spend.

A customer's orders vary about their own mean, and those means vary between customers. A mean over
few orders is pulled towards the mean of all customers:

    E(M | x, m) = p (v + x m) / (p x + q - 1),  mean of all customers p v / (q - 1)

Source: Fader, Hardie and Lee (2005), Journal of Marketing Research 42(4); Fader and Hardie (2013),
The gamma-gamma model of monetary value, for the likelihood.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError

Array = NDArray[np.float64]

FEWEST = 30
LARGEST = 1e5


@dataclass(frozen=True, slots=True, kw_only=True)
class GammaGamma:
    """A fitted model.

    Attributes:
        p: Shape of a customer's orders.
        q: Shape between customers, above 1 so that a mean exists.
        v: Scale, in the spend's unit.
        log_likelihood: At the fit.
        covariance: Of the logs of p, q - 1 and v.
    """

    p: float
    q: float
    v: float
    log_likelihood: float
    covariance: Array

    @property
    def mean(self) -> float:
        """Mean worth of an order over all customers."""
        return self.p * self.v / (self.q - 1)

    def expected_spend(self, orders: Array, mean_spend: Array) -> Array:
        """Give the expected worth of a customer's next order.

        Args:
            orders: Orders behind each mean, 0 or more.
            mean_spend: Mean worth of those orders; anything where there are none.
        """
        known = np.where(orders > 0, mean_spend, 0.0)
        return np.asarray(self.p * (self.v + orders * known) / (self.p * orders + self.q - 1))


def fit_gamma_gamma(orders: Array, mean_spend: Array, customers: Array) -> GammaGamma:
    """Fit the model to customers with repeat orders.

    Args:
        orders: Repeat orders per line, at least 1.
        mean_spend: Mean worth of those orders, above 0.
        customers: Customers per line.

    Raises:
        InputError: Fewer than 30 customers, an order worth 0 or less, or no convergence.
    """
    from scipy.optimize import minimize
    from scipy.special import gammaln
    from statsmodels.tools.numdiff import approx_hess3

    x, m, n = (np.asarray(column, dtype=float) for column in (orders, mean_spend, customers))
    if n.sum() < FEWEST:
        raise InputError(
            f"the spend model needs at least {FEWEST} customers with a repeat order, "
            f"got {n.sum():g}"
        )
    if not (x >= 1).all() or not (m > 0).all():
        worst = float(m.min()) if not (m > 0).all() else float(x.min())
        raise InputError(
            f"the spend model needs orders worth more than 0, and 1 or more of them, got {worst:g}"
        )
    scale, size = float(np.average(m, weights=n)), float(n.sum())
    y = m / scale

    def loss(logs: Array) -> float:
        p, above, v = np.exp(np.clip(logs, -14, 14))
        q = above + 1
        found = (
            gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v)
            + (p * x - 1) * np.log(y) + p * x * np.log(x) - (p * x + q) * np.log(v + x * y)
        )  # fmt: skip
        return -float(n @ found) / size

    best = min(
        (minimize(loss, start, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-13})
         for start in (np.zeros(3), np.log([6.0, 3.0, 0.4]))),
        key=lambda found: float(found.fun),
    )  # fmt: skip
    p, above, v = (float(value) for value in np.exp(best.x))
    information = np.asarray(approx_hess3(best.x, loss), dtype=float) * size
    peaked = bool(np.all(np.linalg.eigvalsh(information) > 0))
    if not best.success or not peaked or max(p, above, v) > LARGEST:
        raise InputError(
            "the spend model does not converge: "
            f"p {p:.3g}, q {above + 1:.3g}, v {v * scale:.3g}; no value is printed"
        )
    return GammaGamma(
        p=p,
        q=above + 1,
        v=v * scale,
        log_likelihood=-float(best.fun) * size - size * float(np.log(scale)),
        covariance=np.asarray(np.linalg.inv(information), dtype=float),
    )
