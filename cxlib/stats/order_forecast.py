"""What a fitted order model expects of groups of customers, with the doubt of fit and of chance.

    variance of a group's orders = J S J' + Σ customers · Var(orders of one | history)

with S the covariance of the logs of the parameters and J the group's expectation by them. A
customer of history (x, t_x, T) who is still active orders at a rate from gamma(r + x, alpha + T)
and leaves after an order with a chance from beta(a, b + x), so the orders ahead are the smaller of
a Poisson and a geometric number.

Source: Fader, Hardie and Lee (2005), Marketing Science 24(2), for the posterior distributions.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.bg_nbd import BgNbd, Histories, chance_active, expected_orders

Array = NDArray[np.float64]
Index = NDArray[np.intp]

DRAWS = 40_000
STEP = 1e-3
"""Of a logarithm, for the derivative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupForecast:
    """Orders expected of groups of customers.

    Attributes:
        expected: Orders per group.
        variance: Covariance between the groups, of fit and of chance.
    """

    expected: Array
    variance: Array

    @property
    def total(self) -> tuple[float, float]:
        """Orders of all groups and their standard deviation."""
        return float(self.expected.sum()), float(np.sqrt(self.variance.sum()))

    @property
    def deviations(self) -> Array:
        """Standard deviation of each group."""
        return np.sqrt(np.diag(self.variance))


def forecast_orders(
    model: BgNbd, histories: Histories, *, ahead: float, groups: Index, seed: int
) -> GroupForecast:
    """Forecast the orders of groups within a time ahead.

    Args:
        model: The fit.
        histories: Of the customers.
        ahead: Above 0, in the histories' unit.
        groups: Of each line, from 0 without gaps.
        seed: Of the drawn orders that measure chance.

    Raises:
        InputError: Groups and lines differ in number.
    """
    if len(groups) != len(histories.repeats):
        raise InputError(
            f"groups must name the group of each of {len(histories.repeats)} lines, got "
            f"{len(groups)}"
        )
    size = int(groups.max()) + 1

    def expected(each: BgNbd) -> Array:
        lines = histories.customers * expected_orders(each, histories, ahead=ahead)
        return np.asarray(np.bincount(groups, weights=lines, minlength=size), dtype=float)

    slopes = by_parameters(expected, model)
    chance = np.bincount(
        groups,
        weights=histories.customers * _chance_variance(model, histories, ahead, groups, seed),
        minlength=size,
    )
    return GroupForecast(
        expected=expected(model),
        variance=slopes @ model.covariance @ slopes.T + np.diag(chance),
    )


def by_parameters(value: Callable[[BgNbd], Array], model: BgNbd) -> Array:
    """Differentiate by the logs of r, alpha, a and b: one row per value, four columns."""
    columns = []
    for place in range(4):
        ends = []
        for side in (STEP, -STEP):
            moved = np.array(model.parameters)
            moved[place] *= np.exp(side)
            r, alpha, a, b = (float(each) for each in moved)
            ends.append(value(replace(model, r=r, alpha=alpha, a=a, b=b)))
        columns.append((ends[0] - ends[1]) / (2 * STEP))
    return np.stack(columns, axis=1)


def discounted_orders(
    model: BgNbd, histories: Histories, *, ahead: float, steps: int, discount: float
) -> Array:
    """Give the orders a customer of each line places within a time, later ones counting less.

        Σ over steps of (E(t_k) - E(t_k-1)) / (1 + discount)^(k - 1/2)

    Args:
        model: The fit.
        histories: Of the customers.
        ahead: Above 0, in the histories' unit.
        steps: Equal parts of it, 1 or more.
        discount: Per step, 0 or more: 0.02 is 2 %.

    Raises:
        InputError: No step, or a discount below 0.
    """
    if steps < 1 or discount < 0:
        raise InputError(
            f"steps must be 1 or more and discount 0 or more, got {steps} and {discount}"
        )
    whole, before = np.zeros(len(histories.repeats)), np.zeros(len(histories.repeats))
    for step in range(1, steps + 1):
        by_then = expected_orders(model, histories, ahead=ahead * step / steps)
        whole += (by_then - before) / (1 + discount) ** (step - 0.5)
        before = by_then
    return whole


def draw_orders(
    model: BgNbd, histories: Histories, *, ahead: float, lines: Index, seed: int
) -> Array:
    """Draw the orders ahead of one customer of each of the lines named."""
    rng = np.random.default_rng(seed)
    x, watched = histories.repeats[lines], histories.watched[lines]
    active = rng.random(len(lines)) < chance_active(model, histories)[lines]
    rate = rng.gamma(model.r + x, 1 / (model.alpha + watched))
    leave = np.clip(rng.beta(model.a, model.b + x), 1e-9, 1.0)
    orders = np.minimum(rng.poisson(rate * ahead), rng.geometric(leave))
    return np.asarray(np.where(active, orders, 0), dtype=float)


def _chance_variance(
    model: BgNbd, histories: Histories, ahead: float, groups: Index, seed: int
) -> Array:
    """Give the variance of one customer's orders, the mean over the customers of the group."""
    rng = np.random.default_rng(seed)
    share = histories.customers / histories.customers.sum()
    lines = np.repeat(np.arange(len(share)), np.maximum(1, rng.multinomial(DRAWS, share)))
    drawn = draw_orders(model, histories, ahead=ahead, lines=lines, seed=seed)
    means = expected_orders(model, histories, ahead=ahead)[lines]
    weights = (histories.customers / np.bincount(lines, minlength=len(share)))[lines]
    squares = np.bincount(groups[lines], weights=weights * (drawn - means) ** 2)
    return np.asarray((squares / np.bincount(groups[lines], weights=weights))[groups])
