"""How many orders customers without a contract will still place: the BG/NBD model.

While active, a customer orders at random at their own rate (gamma over customers); after any order
they may leave for good with their own chance (beta over customers). Only three numbers a customer
are needed: repeat orders x, time of the last one t_x, time watched T. Customers alike in all three
are one line with a count.

    L(x, t_x, T) = alpha^r G(r + x) / G(r) · (B(a, b + x) / B(a, b) / (alpha + T)^(r + x)
                   + [x > 0] B(a + 1, b + x - 1) / B(a, b) / (alpha + t_x)^(r + x))

Source: Fader, Hardie and Lee (2005), Marketing Science 24(2); the conditional expectation by its
equation 10.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError

Array = NDArray[np.float64]

LARGEST = 1e4
"""A parameter at this size says that customers do not differ: the fit is not used."""

FEWEST_REPEATERS = 30
"""Customers with a repeat order under which no model is fitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """Customers' histories, like ones together.

    Attributes:
        repeats: Repeat orders (days with an order after the first), 0 or more.
        last: Time from first order to last, same unit as `watched`; 0 without a repeat.
        watched: Time from first order to the end of the data.
        customers: Customers per line, above 0.
    """

    repeats: Array
    last: Array
    watched: Array
    customers: Array

    def __post_init__(self) -> None:
        sizes = {len(self.repeats), len(self.last), len(self.watched), len(self.customers)}
        if len(sizes) > 1:
            raise InputError(f"histories must have columns of one length, got {sorted(sizes)}")
        wrong = (
            (self.last > self.watched)
            | (self.last < 0)
            | ((self.repeats == 0) & (self.last > 0))
            | (self.customers <= 0)
            | (self.repeats < 0)
        )
        if wrong.any():
            line = int(np.flatnonzero(wrong)[0])
            raise InputError(
                "a history needs 0 <= last <= watched, last = 0 without repeat orders, and a count "
                f"above 0; line {line} has repeats {self.repeats[line]:g}, last "
                f"{self.last[line]:g}, watched {self.watched[line]:g}, customers "
                f"{self.customers[line]:g}"
            )

    @property
    def n_customers(self) -> int:
        """All customers."""
        return int(self.customers.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class BgNbd:
    """A fitted model.

    Attributes:
        r: Shape of the ordering rates.
        alpha: Their scale, in the histories' unit of time.
        a: First parameter of the chance to leave.
        b: Second parameter.
        log_likelihood: At the fit.
        covariance: Of the logs of r, alpha, a and b (inverse of the observed information).
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    covariance: Array

    @property
    def parameters(self) -> tuple[float, float, float, float]:
        """The four in order."""
        return self.r, self.alpha, self.a, self.b


def fit_bg_nbd(histories: Histories) -> BgNbd:
    """Fit the model by maximum likelihood, from two starts.

    Raises:
        InputError: Fewer than 30 customers with a repeat order, no convergence, or customers that
            do not differ.
    """
    from scipy.optimize import minimize
    from statsmodels.tools.numdiff import approx_hess3

    repeaters = int(histories.customers[histories.repeats > 0].sum())
    if repeaters < FEWEST_REPEATERS:
        raise InputError(
            f"the order model needs at least {FEWEST_REPEATERS} customers with a repeat order, "
            f"got {repeaters}"
        )
    scale = float(np.average(histories.watched, weights=histories.customers))
    size = histories.n_customers

    levels = np.unique(histories.repeats, return_inverse=True)

    def loss(logs: Array) -> float:
        r, alpha, a, b = np.exp(np.clip(logs, -14, 14))
        found = _likelihood(histories, levels, (r, alpha * scale, a, b))
        return -float(histories.customers @ found) / size

    tries = [
        minimize(loss, start, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-12})
        for start in (np.zeros(4), np.log([0.3, 0.2, 0.5, 2.0]))
    ]
    best = min(tries, key=lambda found: float(found.fun))
    r, alpha, a, b = (float(value) for value in np.exp(best.x))
    if not best.success or max(r, alpha, a, b) > LARGEST:
        raise InputError(
            "the order model does not converge: "
            f"r {r:.3g}, alpha {alpha * scale:.3g}, a {a:.3g}, b {b:.3g}; no value is printed"
        )
    information = np.asarray(approx_hess3(best.x, loss), dtype=float) * size
    if not np.all(np.linalg.eigvalsh(information) > 0):
        raise InputError(
            "the order model does not converge: its likelihood has no peak; no value is printed"
        )
    return BgNbd(
        r=r,
        alpha=alpha * scale,
        a=a,
        b=b,
        log_likelihood=-float(best.fun) * size,
        covariance=np.asarray(np.linalg.inv(information), dtype=float),
    )


def log_likelihood(histories: Histories, *, r: float, alpha: float, a: float, b: float) -> Array:
    """Compute the log-likelihood of one customer of each line."""
    levels = np.unique(histories.repeats, return_inverse=True)
    return _likelihood(histories, levels, (r, alpha, a, b))


def _likelihood(
    histories: Histories,
    levels: tuple[Array, NDArray[np.intp]],
    parameters: tuple[float, float, float, float],
) -> Array:
    """Compute it with the gamma functions taken once per number of repeats: they are few."""
    from scipy.special import gammaln

    (x, place), (r, alpha, a, b) = levels, parameters
    shared = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    shared = shared + gammaln(a + b) - gammaln(b) + gammaln(b + x) - gammaln(a + b + x)
    leaves = np.full(len(x), -np.inf)
    leaves[x > 0] = np.log(a) - np.log(b + x[x > 0] - 1)
    power = (r + x)[place]
    still = -power * np.log(alpha + histories.watched)
    left = leaves[place] - power * np.log(alpha + histories.last)
    return np.asarray(shared[place] + np.logaddexp(still, left))


def chance_active(model: BgNbd, histories: Histories) -> Array:
    """Compute the chance that a customer of each line has not left for good."""
    r, alpha, a, b = model.parameters
    x = histories.repeats
    came = x > 0
    odds = np.zeros(len(x))
    odds[came] = (
        a / (b + x[came] - 1)
        * ((alpha + histories.watched[came]) / (alpha + histories.last[came])) ** (r + x[came])
    )  # fmt: skip
    return np.asarray(1 / (1 + odds))


def expected_orders(model: BgNbd, histories: Histories, *, ahead: float) -> Array:
    """Compute the repeat orders a customer of each line will place within a time ahead.

    Args:
        model: The fit.
        histories: Of the customers.
        ahead: Time ahead, in the histories' unit, 0 or more.

    Raises:
        InputError: A time below 0.
    """
    from scipy.special import hyp2f1

    if not ahead >= 0:
        raise InputError(f"ahead must be 0 or more, got {ahead}")
    r, alpha, a, b = model.parameters
    x, watched = histories.repeats, histories.watched
    z = ahead / (alpha + watched + ahead)
    shrink = ((alpha + watched) / (alpha + watched + ahead)) ** (r + x)
    growth = (a + b + x - 1) / (a - 1) * (1 - shrink * hyp2f1(r + x, b + x, a + b + x - 1, z))
    return np.asarray(growth * chance_active(model, histories))


def draw_models(model: BgNbd, *, n_draws: int, seed: int) -> tuple[BgNbd, ...]:
    """Draw models around the fit, so that what they say carries the doubt of the fit.

    Args:
        model: The fit.
        n_draws: At least 1.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    logs = rng.multivariate_normal(np.log(model.parameters), model.covariance, size=n_draws)
    return tuple(
        BgNbd(
            r=float(r), alpha=float(alpha), a=float(a), b=float(b),
            log_likelihood=model.log_likelihood, covariance=model.covariance,
        )
        for r, alpha, a, b in np.exp(logs)
    )  # fmt: skip
