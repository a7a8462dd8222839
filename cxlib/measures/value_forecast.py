"""What customers without a contract will still be worth, and the gate before any such number.

The model is fitted to the earlier part of the orders and must forecast the part held back, in all
and for customers of every age. Only then is it fitted to everything and a value printed.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.data.order_histories import history_counts, margin_sums, spend_counts, step_days
from cxlib.data.source import Source
from cxlib.engagement.schema import Precision
from cxlib.errors import InputError
from cxlib.measures.order_worth import Worths, histories_of, value_customers
from cxlib.measures.reading import find_sums
from cxlib.stats.bg_nbd import FEWEST_REPEATERS, BgNbd, Histories, fit_bg_nbd
from cxlib.stats.estimate import Estimate, Unit
from cxlib.stats.gamma_gamma import fit_gamma_gamma
from cxlib.stats.order_forecast import forecast_orders
from cxlib.stats.proportions import normal_quantile
from cxlib.stats.ratios import clustered_ratio

Array = NDArray[np.float64]
Failed = Literal[
    "", "history", "few", "orders_fit", "spend_fit", "together", "level", "range", "ages"
]
"""Which gate closed: too short a history, too few who came back, no convergence of one of the two
models, spend that goes with frequency, the total too far off, outside its interval, or customers of
some age outside theirs."""

HELD_DAYS, LEAST_HELD_DAYS = 182, 90
MOST_OFF, MOST_TOGETHER = 0.15, 0.2
"""Largest error of the forecast total, and largest correlation of orders with spend."""
AGES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """Orders forecast for some customers, and those they placed.

    Attributes:
        youngest: Days since the first order at the cut, the fewest of the group.
        oldest: The most.
        n_customers: Of the group.
        forecast: Days with an order expected, with the interval of fit and chance.
        actual: Days with an order.
    """

    youngest: int
    oldest: int
    n_customers: int
    forecast: Estimate
    actual: int

    @property
    def off(self) -> float:
        """Relative error of the forecast; NaN without orders."""
        return self.forecast.value / self.actual - 1 if self.actual else float("nan")

    @property
    def outside(self) -> bool:
        """Whether the orders placed lie outside the interval."""
        return self.forecast.excludes(float(self.actual))


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueForecast:
    """The gate and, where it is open, the value.

    Attributes:
        failed: The first gate that closed; "" where all are open.
        n_repeaters: Customers with a repeat order before the cut.
        cut: First day held back; None where the history is too short.
        last: Last day of the orders.
        held: All customers; None where nothing could be forecast.
        ages: By age, oldest first.
        together: Correlation of repeat orders with the log of mean spend; NaN where unknown.
        horizon_months: Time ahead that is valued.
        discount_rate: A year, as a share.
        worths: What a customer will be worth; None unless the gate is open.
    """

    failed: Failed
    n_repeaters: int
    cut: date | None
    last: date
    held: HeldOut | None = None
    ages: tuple[HeldOut, ...] = ()
    together: float = float("nan")
    horizon_months: int
    discount_rate: float
    worths: Worths | None = None

    @property
    def worst(self) -> HeldOut | None:
        """The age group furthest outside its interval."""
        outside = [group for group in self.ages if group.outside]
        return max(outside, key=_distance, default=None)


def forecast_value(
    orders: Source,
    *,
    first: date,
    last: date,
    precision: Precision,
    horizon_months: int,
    discount_rate: float,
    seed: int,
    customers: Source | None = None,
) -> ValueForecast:
    """Fit, hold the forecast against what followed, and value the customers if it held.

    Args:
        orders: With customer_id, ordered_at, amount_hkd; margin_hkd for the margin.
        first: First day the orders cover.
        last: Last day.
        precision: Confidence level and minimum cell.
        horizon_months: Months ahead that are valued.
        discount_rate: A year, as a share.
        seed: Of the drawn orders that measure chance.
        customers: With joined_on: only who joined since the orders begin is followed.
    """
    seen = last + timedelta(days=1)
    held_days = min(HELD_DAYS, (seen - first).days // 3)

    def closed(failed: Failed, repeaters: int = 0, **known: object) -> ValueForecast:
        return ValueForecast(
            failed=failed, n_repeaters=repeaters, last=last, horizon_months=horizon_months,
            discount_rate=discount_rate, **{"cut": None, **known},  # type: ignore[arg-type]
        )  # fmt: skip

    if held_days < LEAST_HELD_DAYS:
        return closed("history")
    cut, step = seen - timedelta(days=held_days), step_days(first, seen)
    early = history_counts(orders, until=cut, seen=seen, step=step, customers=customers)
    repeaters = int(early.loc[early["repeats"] > 0, "customers"].sum())
    if repeaters < max(FEWEST_REPEATERS, precision["minimum_cell"]):
        return closed("few", repeaters, cut=cut)
    try:
        model = fit_bg_nbd(histories_of(early, step))
    except InputError:
        return closed("orders_fit", repeaters, cut=cut)
    held, ages = hold_out(
        model, early, step=step, ahead_days=held_days, precision=precision, seed=seed
    )
    spend = spend_counts(orders, until=seen, customers=customers)
    together = correlation(spend)
    known = {"cut": cut, "held": held, "ages": ages, "together": together}
    failed = _holdout_gate(held, ages)
    if failed:
        return closed(failed, repeaters, **known)
    if abs(together) > MOST_TOGETHER:
        return closed("together", repeaters, **known)
    late = history_counts(orders, until=seen, seen=seen, step=step, customers=customers)
    try:
        model = fit_bg_nbd(histories_of(late, step))
    except InputError:
        return closed("orders_fit", repeaters, **known)
    paid = spend[spend["spend"] > 0]
    columns = (paid[name].to_numpy(float) for name in ("repeats", "spend", "customers"))
    try:
        worth = fit_gamma_gamma(*columns)
    except InputError:
        return closed("spend_fit", repeaters, **known)
    share = None
    if "margin_hkd" in orders.columns:
        sums = margin_sums(orders, start=first, end=seen)
        k, total, base, squares = find_sums(sums, "margin_share")
        if k > 1 and base > 0:
            share = clustered_ratio(k, total=total, base=base, squares=squares)
    worths = value_customers(
        model, worth, late, spend, share, step=step, horizon_months=horizon_months,
        discount_rate=discount_rate, confidence_level=precision["confidence_level"],
    )  # fmt: skip
    return closed("", repeaters, **known, worths=worths)


def hold_out(
    model: BgNbd,
    counts: pd.DataFrame,
    *,
    step: int,
    ahead_days: int,
    precision: Precision,
    seed: int,
) -> tuple[HeldOut, tuple[HeldOut, ...]]:
    """Forecast what ``history_counts`` says followed: in all, and for customers by age.

    Intervals are joint (Bonferroni): in a world as the model sees it, all hold with the
    confidence level.
    """
    groups = _age_groups(counts, floor=precision["minimum_cell"])
    size = int(groups.max()) + 1
    found = forecast_orders(
        model, histories_of(counts, step), ahead=ahead_days / 7, groups=groups, seed=seed
    )
    level = 1 - (1 - precision["confidence_level"]) / (size + 1)
    later = counts["later"].to_numpy(float)

    def group(chosen: NDArray[np.bool_], expected: float, deviation: float) -> HeldOut:
        ages = counts.loc[chosen, "watched"]
        n, actual = int(counts.loc[chosen, "customers"].sum()), int(later[chosen].sum())
        return HeldOut(
            youngest=int(ages.min()) * step, oldest=(int(ages.max()) + 1) * step - 1,
            n_customers=n, actual=actual,
            forecast=_around(expected, deviation, n=n, level=level, unit="count"),
        )  # fmt: skip

    ages = tuple(
        group(groups == g, float(found.expected[g]), float(found.deviations[g]))
        for g in range(size)
    )
    return group(np.ones(len(later), dtype=bool), *found.total), ages[::-1]


def correlation(spend: pd.DataFrame) -> float:
    """Give the correlation of repeat orders with the log of mean spend (``spend_counts``)."""
    paid = spend[spend["spend"] > 0]
    if len(paid) < 2:  # noqa: PLR2004 - a correlation needs 2 points
        return float("nan")
    x, y, n = paid["repeats"].to_numpy(float), np.log(paid["spend"]), paid["customers"]
    table = np.cov(x, y, fweights=n.to_numpy())
    if not (table[0, 0] > 0 and table[1, 1] > 0):
        return 0.0
    return float(table[0, 1] / np.sqrt(table[0, 0] * table[1, 1]))


def _age_groups(counts: pd.DataFrame, *, floor: int) -> NDArray[np.intp]:
    """Split lines by age into groups of about as many customers, each above the minimum cell."""
    n = counts.groupby("watched")["customers"].sum().sort_index()
    groups = max(1, min(AGES, int(n.sum()) // max(1, 2 * floor)))
    place = np.minimum((n.cumsum() - n / 2) * groups // n.sum(), groups - 1).astype(int)
    _, tidy = np.unique(counts["watched"].map(place).to_numpy(), return_inverse=True)
    return np.asarray(tidy, dtype=np.intp)


def _holdout_gate(held: HeldOut, ages: tuple[HeldOut, ...]) -> Failed:
    if not abs(held.off) <= MOST_OFF:
        return "level"
    if held.outside:
        return "range"
    return "ages" if any(group.outside for group in ages) else ""


def _distance(group: HeldOut) -> float:
    return abs(group.forecast.value - group.actual) / max(group.forecast.standard_error, 1e-9)


def _around(value: float, deviation: float, *, n: int, level: float, unit: Unit) -> Estimate:
    margin = normal_quantile(level) * deviation
    return Estimate(
        value=value, ci_lower=max(0.0, value - margin), ci_upper=value + margin, n_obs=n,
        unit=unit, method="BG/NBD", confidence_level=level,
    )  # fmt: skip
