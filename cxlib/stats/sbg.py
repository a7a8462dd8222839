# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""How long contract customers stay: the shifted beta-geometric model of renewals.

Every customer renews with a chance of their own, and those chances follow a beta distribution. So
the retention rate of a cohort rises with age although nobody grows more loyal: the loyal remain.

    P(lost at renewal t) = B(alpha + 1, beta + t - 1) / B(alpha, beta)
    retention rate r(t)  = (beta + t - 1) / (alpha + beta + t - 1)

Source: Fader and Hardie (2007), Journal of Interactive Marketing 21(1); for lifetimes, Fader and
Hardie (2010), Marketing Science 29(1).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError

Array = NDArray[np.float64]

LARGEST = 1e4
"""A parameter at this size says that all customers are alike, or that nobody left: no fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftedBetaGeometric:
    """A fitted model.

    Attributes:
        alpha: Above 0.
        beta: Above 0.
        log_likelihood: At the fit.
        n_customers: At the start of the cohort.
        n_renewals: Renewal dates seen.
    """

    alpha: float
    beta: float
    log_likelihood: float
    n_customers: int
    n_renewals: int

    def retention(self, renewal: int) -> float:
        """Give the share of those still there that renews at a renewal, from 1."""
        return (self.beta + renewal - 1) / (self.alpha + self.beta + renewal - 1)

    def survival(self, renewal: int) -> float:
        """Give the share of the cohort still there after a renewal; 1 after renewal 0."""
        steps = np.arange(1, renewal + 1)
        return float(
            np.prod((self.beta + steps - 1) / (self.alpha + self.beta + steps - 1), initial=1.0)
        )

    def expected_renewals(self, *, renewed: int, discount: float, horizon: int) -> float:
        """Give the discounted renewals still expected of a customer who renewed so often.

            Σ over t = 1 … horizon of survival(renewed + t) / survival(renewed) / (1 + discount)^t

        Args:
            renewed: Renewals so far, 0 or more.
            discount: Per renewal period, as a share: 0.1 is 10 %.
            horizon: Renewal periods ahead, at least 1.

        Raises:
            InputError: A discount outside 0-1, or no horizon.
        """
        if not 0 <= discount < 1:
            raise InputError(f"discount must be a share from 0 to 1, got {discount}")
        if horizon < 1 or renewed < 0:
            raise InputError(
                f"horizon must be at least 1 and renewed 0 or more, got {horizon} and {renewed}"
            )
        ahead = np.arange(1, horizon + 1)
        kept = np.cumprod([self.retention(renewed + int(t)) for t in ahead])
        return float(np.sum(kept / (1 + discount) ** ahead))


def fit_sbg(remaining: Sequence[int]) -> ShiftedBetaGeometric:
    """Fit the model to the customers of one cohort still there after each renewal.

    Args:
        remaining: Customers at the start, then after each renewal; never rising, at least 3 counts.

    Raises:
        InputError: Too few counts, rising counts, nobody lost, or no fit (all customers alike).
    """
    from scipy.optimize import minimize

    counts = np.asarray(remaining, dtype=float)
    if len(counts) < 3:
        raise InputError(
            f"a renewal model needs the start and at least 2 renewals, got {len(counts)} counts"
        )
    if (np.diff(counts) > 0).any() or counts[-1] < 0:
        raise InputError(
            "customers of one cohort cannot grow in number, got "
            + ", ".join(f"{count:g}" for count in counts)
        )
    if counts[-1] == counts[0]:
        raise InputError("nobody left: the model cannot tell how long customers stay")
    lost, kept = -np.diff(counts), counts[-1]

    def loss(logs: Array) -> float:
        alpha, beta = np.exp(logs)
        return -_log_likelihood(float(alpha), float(beta), lost, float(kept))

    best = min(
        (
            minimize(loss, np.log(start), method="Nelder-Mead",
                     options={"xatol": 1e-8, "fatol": 1e-9, "maxiter": 4_000})
            for start in ((1.0, 1.0), (0.5, 3.0))
        ),
        key=lambda found: float(found.fun),
    )  # fmt: skip
    alpha, beta = (float(value) for value in np.exp(best.x))
    if not best.success or max(alpha, beta) > LARGEST:
        raise InputError(
            "the renewal model does not converge: customers look alike "
            f"(alpha {alpha:.3g}, beta {beta:.3g}); use the plain retention rate"
        )
    return ShiftedBetaGeometric(
        alpha=alpha,
        beta=beta,
        log_likelihood=-float(best.fun),
        n_customers=int(counts[0]),
        n_renewals=len(counts) - 1,
    )


def _log_likelihood(alpha: float, beta: float, lost: Array, kept: float) -> float:
    from scipy.special import betaln

    t = np.arange(1, len(lost) + 1)
    base = betaln(alpha, beta)
    gone = betaln(alpha + 1, beta + t - 1) - base
    there = betaln(alpha, beta + len(lost)) - base
    return float(lost @ gone + kept * there)
