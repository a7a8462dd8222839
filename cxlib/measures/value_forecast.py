"""What customers without a contract will still be worth, and the gate before any such number.

The model is fitted to the earlier part of the orders and must forecast the part held back, in all
and for customers of every age. Only then is it fitted to everything and a value printed.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal, TypedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.data.order_histories import history_counts, margin_sums, spend_counts, step_days
from cxlib.data.source import Source
from cxlib.engagement.schema import Precision
from cxlib.errors import InputError
from cxlib.measures.order_worth import Worths, histories_of, value_customers
from cxlib.measures.reading import find_sums
from cxlib.stats.bg_nbd import FEWEST_REPEATERS, BgNbd, fit_bg_nbd
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
        together: Correlation of repeat orders with mean spend; NaN where unknown.
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


class _Stated(TypedDict):
    last: date
    horizon_months: int
    discount_rate: float


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
    stated: _Stated = {
        "last": last,
        "horizon_months": horizon_months,
        "discount_rate": discount_rate,
    }
    if held_days < LEAST_HELD_DAYS:
        return ValueForecast(failed="history", n_repeaters=0, cut=None, **stated)
    cut, step = seen - timedelta(days=held_days), step_days(first, seen)
    early = history_counts(orders, until=cut, seen=seen, step=step, customers=customers)
    spend = spend_counts(orders, until=seen, customers=customers)
    tested = ValueForecast(
        failed="",
        n_repeaters=int(early.loc[early["repeats"] > 0, "customers"].sum()),
        cut=cut,
        together=correlation(spend),
        **stated,
    )
    tested = _test(tested, early, step=step, days=held_days, precision=precision, seed=seed)
    if tested.failed:
        return tested
    late = history_counts(orders, until=seen, seen=seen, step=step, customers=customers)
    share = _margin_share(orders, start=first, end=seen)
    return _value(
        tested, late, spend, share, step=step, confidence_level=precision["confidence_level"]
    )


def _test(
    asked: ValueForecast,
    counts: pd.DataFrame,
    *,
    step: int,
    days: int,
    precision: Precision,
    seed: int,
) -> ValueForecast:
    """Fit to what was before the cut and close the first gate that must close."""
    if asked.n_repeaters < max(FEWEST_REPEATERS, precision["minimum_cell"]):
        return replace(asked, failed="few")
    try:
        model = fit_bg_nbd(histories_of(counts, step))
    except InputError:
        return replace(asked, failed="orders_fit")
    held, ages = hold_out(model, counts, step=step, ahead_days=days, precision=precision, seed=seed)
    failed = _holdout_gate(held, ages)
    if not failed and not abs(asked.together) <= MOST_TOGETHER:
        failed = "together"
    return replace(asked, failed=failed, held=held, ages=ages)


def _value(
    tested: ValueForecast,
    counts: pd.DataFrame,
    spend: pd.DataFrame,
    share: Estimate | None,
    *,
    step: int,
    confidence_level: float,
) -> ValueForecast:
    """Fit to everything and value the customers."""
    try:
        model = fit_bg_nbd(histories_of(counts, step))
    except InputError:
        return replace(tested, failed="orders_fit")
    paid = spend[spend["spend"] > 0]
    columns = (paid[name].to_numpy(float) for name in ("repeats", "spend", "customers"))
    try:
        worth = fit_gamma_gamma(*columns)
    except InputError:
        return replace(tested, failed="spend_fit")
    worths = value_customers(
        model, worth, counts, spend, share, step=step, horizon_months=tested.horizon_months,
        discount_rate=tested.discount_rate, confidence_level=confidence_level,
    )  # fmt: skip
    return replace(tested, worths=worths)


def _margin_share(orders: Source, *, start: date, end: date) -> Estimate | None:
    if "margin_hkd" not in orders.columns:
        return None
    k, total, base, squares = find_sums(margin_sums(orders, start=start, end=end), "margin_share")
    if k <= 1 or base <= 0:
        return None
    return clustered_ratio(k, total=total, base=base, squares=squares)


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
    """Give the correlation of repeat orders with a customer's mean spend (``spend_counts``).

    Spend is alike within a bin, so it is a little below that of single customers.
    """
    paid = spend[spend["spend"] > 0]
    if len(paid) < 2:  # noqa: PLR2004 - a correlation needs 2 points
        return float("nan")
    x, y, n = (paid[name].to_numpy() for name in ("repeats", "spend", "customers"))
    table = np.cov(x, y, fweights=n)
    if not (table[0, 0] > 0 and table[1, 1] > 0):
        return 0.0
    return float(table[0, 1] / np.sqrt(table[0, 0] * table[1, 1]))


def _age_groups(counts: pd.DataFrame, *, floor: int) -> NDArray[np.intp]:
    """Split lines by age into groups of about as many customers, each above the minimum cell."""
    n = counts.groupby("watched")["customers"].sum().sort_index()
    groups = max(1, min(AGES, int(n.sum()) // max(1, 2 * floor)))
    sizes = n.to_numpy(float)
    place = np.minimum((sizes.cumsum() - sizes / 2) * groups // sizes.sum(), groups - 1)
    _, tidy = np.unique(place, return_inverse=True)
    ages = np.searchsorted(n.index.to_numpy(float), counts["watched"].to_numpy(float))
    return np.asarray(tidy[ages], dtype=np.intp)


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
