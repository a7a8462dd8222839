"""What a customer is worth: observed first, then by contract, then forecast behind a gate.

Revenue and margin are two things. Only margin may enter a return on investment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from cxlib.data.clusters import date_span
from cxlib.data.order_histories import value_sums
from cxlib.data.source import Source
from cxlib.engagement.schema import Engagement, Precision
from cxlib.measures.contract_value import ContractValue, contract_value
from cxlib.measures.loyalty import Basis, joining_days
from cxlib.measures.reading import find_sums
from cxlib.measures.value_forecast import ValueForecast, forecast_value
from cxlib.stats.estimate import Estimate
from cxlib.stats.ratios import clustered_ratio

HORIZONS = (90, 180, 365)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstDays:
    """What new customers brought in their first days, those seen for all of them.

    Attributes:
        days: From the first order on, which is day 0.
        quarter: First day of the quarter of the first order; None is everyone.
        n_customers: Seen for so long.
        revenue: Mean per customer, the first order included; None under the minimum cell.
        margin: The same in margin, over customers whose margin is known.
        later: Margin after the first day: what service after the purchase can still change.
        orders: Mean days with an order.
    """

    days: int
    quarter: date | None
    n_customers: int
    revenue: Estimate | None
    margin: Estimate | None
    later: Estimate | None
    orders: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueStudy:
    """Value of customers, in the three ways.

    Attributes:
        first_day: First day the orders cover.
        last_day: Last day.
        basis: What makes an order a first one, see ``loyalty.Purchases``.
        observed: By days watched, shortest first.
        quarters: The shortest by quarter of the first order, those with the minimum cell.
        contract: None where the engagement states none.
        forecast: With its gate.
    """

    first_day: date
    last_day: date
    basis: Basis
    observed: tuple[FirstDays, ...]
    quarters: tuple[FirstDays, ...]
    contract: ContractValue | None
    forecast: ValueForecast

    @property
    def longest(self) -> FirstDays | None:
        """The longest of the observed that has a value."""
        return next((each for each in reversed(self.observed) if each.revenue is not None), None)

    def clv_margin(self, days: int) -> Estimate | None:
        """Margin of a new customer in the first days: the only one a return may be built on."""
        return next((each.margin for each in self.observed if each.days == days), None)

    def clv_revenue(self, days: int) -> Estimate | None:
        """Revenue of a new customer in the first days; never for a return on investment."""
        return next((each.revenue for each in self.observed if each.days == days), None)


def value_study(data: Mapping[str, Source], engagement: Engagement) -> ValueStudy | None:
    """Value customers from the orders; None where the engagement has no orders.

    Raises:
        DataError: A column is absent or empty.
    """
    if "orders" not in data:
        return None
    orders, joined = data["orders"], joining_days(data.get("customers"))
    first, last = date_span(orders, "ordered_at")
    precision, stated = engagement.precision, engagement.customer_value
    observed, quarters = observe_value(
        orders, seen=last + timedelta(days=1), precision=precision, customers=joined
    )
    return ValueStudy(
        first_day=first,
        last_day=last,
        basis="seen" if joined is None else "joined",
        observed=observed,
        quarters=quarters,
        contract=contract_value(
            stated.contract, discount_rate=engagement.discount_rate, precision=precision,
            seed=engagement.seed,
        ) if stated.contract else None,
        forecast=forecast_value(
            orders, first=first, last=last, precision=precision, customers=joined,
            horizon_months=stated.horizon_months, discount_rate=engagement.discount_rate,
            seed=engagement.seed,
        ),
    )  # fmt: skip


def observe_value(
    orders: Source,
    *,
    seen: date,
    precision: Precision,
    customers: Source | None = None,
    horizons: tuple[int, ...] = HORIZONS,
) -> tuple[tuple[FirstDays, ...], tuple[FirstDays, ...]]:
    """Measure what new customers brought in their first days; the shortest also by quarter.

    Args:
        orders: With customer_id, ordered_at, amount_hkd; margin_hkd for the margin.
        seen: Day after the last day of the orders.
        precision: Confidence level and minimum cell.
        customers: With joined_on: only who joined since the orders begin counts.
        horizons: Days, rising.
    """
    sums = value_sums(orders, horizons=horizons, seen=seen, customers=customers)
    parts = value_sums(
        orders, horizons=horizons[:1], seen=seen, customers=customers, by_quarter=True
    )
    quarters = [
        read_days(part, days=horizons[0], quarter=pd.Timestamp(str(quarter)).date(), **precision)
        for quarter, part in parts.groupby("quarter")
    ]
    return (
        tuple(read_days(sums, days=days, **precision) for days in horizons),
        tuple(each for each in quarters if each.revenue is not None),
    )


def read_days(
    sums: pd.DataFrame,
    *,
    days: int,
    quarter: date | None = None,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> FirstDays:
    """Read one horizon of ``value_sums``; a customer is one observation."""

    def mean(name: str, *, money: bool) -> Estimate | None:
        k, total, base, squares = find_sums(sums, f"{name}_{days}")
        if base < max(2, minimum_cell):
            return None
        return clustered_ratio(
            k, total=total, base=base, squares=squares, confidence_level=confidence_level,
            unit="currency" if money else "ratio",
        )  # fmt: skip

    return FirstDays(
        days=days,
        quarter=quarter,
        n_customers=round(find_sums(sums, f"revenue_{days}")[2]),
        revenue=mean("revenue", money=True),
        margin=mean("margin", money=True),
        later=mean("later", money=True),
        orders=mean("days", money=False),
    )
