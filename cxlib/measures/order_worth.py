"""What customers' orders ahead are worth: orders times spend times margin share, discounted."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.stats.bg_nbd import BgNbd, Histories
from cxlib.stats.estimate import Estimate
from cxlib.stats.gamma_gamma import GammaGamma
from cxlib.stats.order_forecast import STEP, by_parameters, discounted_orders
from cxlib.stats.proportions import normal_quantile

Array = NDArray[np.float64]

STEPS_A_YEAR = 4
DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Worths:
    """Discounted worth of the orders of the time ahead.

    Attributes:
        revenue: Per customer known today, those who will never order again among them.
        margin: The same in margin; None where no margin is known.
        new_revenue: Of the repeat orders of a customer who has just placed the first.
        new_margin: The same in margin.
    """

    revenue: Estimate
    margin: Estimate | None
    new_revenue: Estimate
    new_margin: Estimate | None


def histories_of(counts: pd.DataFrame, step: int) -> Histories:
    """Turn ``history_counts`` into histories in weeks, each at the middle of its step."""
    weeks = step / 7
    repeats = counts["repeats"].to_numpy(float)
    return Histories(
        repeats=repeats,
        last=np.where(repeats > 0, (counts["last"].to_numpy(float) + 0.5) * weeks, 0.0),
        watched=(counts["watched"].to_numpy(float) + 0.5) * weeks,
        customers=counts["customers"].to_numpy(float),
    )


def value_customers(
    model: BgNbd,
    worth: GammaGamma,
    counts: pd.DataFrame,
    spend: pd.DataFrame,
    share: Estimate | None,
    *,
    step: int,
    horizon_months: int,
    discount_rate: float,
    confidence_level: float,
) -> Worths:
    """Value the customers known today, and one just won.

        Σ over customers of discounted orders · expected spend · margin share, per customer

    The three are estimated apart; their doubt is joined by the delta method.

    Args:
        model: Of the orders.
        worth: Of the spend.
        counts: ``history_counts`` to the end of the orders.
        spend: ``spend_counts`` to the same day.
        share: Margin over revenue; None values revenue only.
        step: Days of one step of ``counts``.
        horizon_months: Months ahead.
        discount_rate: A year, as a share.
        confidence_level: In [0.9, 1).
    """
    histories = histories_of(counts, step)
    ahead = horizon_months * DAYS_A_MONTH / 7
    steps = max(1, round(horizon_months * STEPS_A_YEAR / 12))
    discount = float((1 + discount_rate) ** (horizon_months / 12 / steps) - 1)
    fresh = Histories(
        repeats=np.zeros(1), last=np.zeros(1), watched=np.zeros(1), customers=np.ones(1)
    )
    places, n = counts["repeats"].to_numpy(), histories.n_customers
    most = int(places.max())

    def orders(each: BgNbd) -> Array:
        """Orders per customer known, split by repeat orders so far; last those of a new one."""
        ahead_of = (
            discounted_orders(each, lines, ahead=ahead, steps=steps, discount=discount)
            for lines in (histories, fresh)
        )
        known, new = ahead_of
        split = np.bincount(places, weights=known * histories.customers, minlength=most + 1)
        return np.append(split / n, new)

    def paid(each: GammaGamma) -> Array:
        return np.append(spend_by_repeats(each, spend, most=most), each.mean)

    days, by_order = orders(model), by_parameters(orders, model)
    pays, by_spend = paid(worth), _by_spend(paid, worth)

    def valued(chosen: Array, times: Estimate | None) -> Estimate:
        value = float(chosen @ (days * pays))
        first, second = (chosen * pays) @ by_order, (chosen * days) @ by_spend
        variance = float(first @ model.covariance @ first + second @ worth.covariance @ second)
        if times is not None:
            variance = times.value**2 * variance + value**2 * times.standard_error**2
            value *= times.value
        margin = normal_quantile(confidence_level) * variance**0.5
        return Estimate(
            value=value, ci_lower=value - margin, ci_upper=value + margin, n_obs=n,
            unit="currency", method="BG/NBD and gamma-gamma", confidence_level=confidence_level,
        )  # fmt: skip

    known = np.append(np.ones(most + 1), 0.0)
    return Worths(
        revenue=valued(known, None),
        margin=valued(known, share) if share else None,
        new_revenue=valued(1 - known, None),
        new_margin=valued(1 - known, share) if share else None,
    )


def spend_by_repeats(worth: GammaGamma, spend: pd.DataFrame, *, most: int) -> Array:
    """Give the expected worth of the next order by repeat orders so far, from 0 to ``most``."""
    repeats, n = spend["repeats"].to_numpy(), spend["customers"].to_numpy(float)
    expected = worth.expected_spend(repeats.astype(float), spend["spend"].to_numpy(float))
    places = np.minimum(repeats, most)
    totals = np.bincount(places, weights=expected * n, minlength=most + 1)
    sizes = np.bincount(places, weights=n, minlength=most + 1)
    return np.where(sizes > 0, totals / np.maximum(sizes, 1), worth.mean)


def _by_spend(values: Callable[[GammaGamma], Array], worth: GammaGamma) -> Array:
    """Differentiate by the logs of p, q - 1 and v: one row per value, three columns."""
    columns = []
    for place in range(3):
        ends = []
        for side in (STEP, -STEP):
            moved = np.array([worth.p, worth.q - 1, worth.v])
            moved[place] *= np.exp(side)
            p, above, v = (float(each) for each in moved)
            ends.append(values(replace(worth, p=p, q=above + 1, v=v)))
        columns.append((ends[0] - ends[1]) / (2 * STEP))
    return np.stack(columns, axis=1)
