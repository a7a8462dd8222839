"""One cash flow of customers by month: what each stream earns, what it cost, when it is paid back.

    ordered(t) = sum over order streams of effect · volume · margin · share left
    saved(t)   = fewer customers lost a month (share), at most all that would be lost
    joined(t)  = customers brought by others = new per customer · (customers + extra(t - 1))
    stayed(t)  = extra(t - 1) · (1 - lost + saved(t)) + customers · saved(t)
    extra(t)   = stayed(t) + joined(t)
    margin(t)  = ordered(t) · (1 + stayed(t) / customers)
                 + margin · (stayed(t) · orders a month + joined(t))
                 - cost of a referral · joined(t)

A customer who joins orders once in that month and like the others from the next; what another
customer would have cost to win is not counted as saved. Without customers, only `ordered` is left.
Cash falls at the end of each month; month 0 holds what was paid before the start. An effect holds
in full for the months observed, then declines in a straight line to the share left at the horizon.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, fsum, isfinite
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate
from cxlib.stats.simulation import Distribution, Pert, from_estimate

Array: TypeAlias = NDArray[np.float64]
ChangeKey = Literal["less_churn", "word_of_mouth"]
BLOCK = 4_096
"""Draws that are worked on at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitStream:
    """One evidenced way in which the initiative brings more orders.

    Attributes:
        key: Name, such as more_purchases.
        effect: Difference of shares (pp, 0-1) with its interval.
        volume_per_month: Units the effect applies to (enquiries per month), 0 or more.
        margin_per_unit: Margin of one more success (order), in currency, with its interval.
        persistence: Share of the effect left at the horizon: low, likely, high, each 0-1.
    """

    key: str
    effect: Estimate
    volume_per_month: float
    margin_per_unit: Estimate
    persistence: Pert

    def __post_init__(self) -> None:
        if self.effect.unit != "pp":
            raise InputError(f"the effect of {self.key} must be in pp, got {self.effect.unit}")
        if self.margin_per_unit.unit != "currency":
            raise InputError(
                f"margin_per_unit of {self.key} must be in currency, "
                f"got {self.margin_per_unit.unit}"
            )
        if not (self.volume_per_month >= 0 and isfinite(self.volume_per_month)):
            raise InputError(
                f"volume_per_month of {self.key} must be 0 or more, got {self.volume_per_month}"
            )
        _check_persistence(self.key, self.persistence)

    @property
    def margin_per_month(self) -> float:
        """Margin per month while the whole effect holds."""
        return float(self.effect.value * self.volume_per_month * self.margin_per_unit.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerBase:
    """The customers an initiative reaches, as they are without it.

    Attributes:
        number: Active customers, above 0.
        orders_per_month: Orders of one customer, 0 or more.
        lost_per_month: Share lost, 0-1.
        cost_per_referral: Reward and service of one customer brought by another, 0 or more.
    """

    number: float
    orders_per_month: float
    lost_per_month: float
    cost_per_referral: float = 0.0

    def __post_init__(self) -> None:
        if not (self.number > 0 and isfinite(self.number)):
            raise InputError(f"the number of customers must be above 0, got {self.number}")
        if not (self.orders_per_month >= 0 and self.cost_per_referral >= 0):
            raise InputError(
                "orders_per_month and cost_per_referral must be 0 or more, "
                f"got {self.orders_per_month} and {self.cost_per_referral}"
            )
        if not 0 <= self.lost_per_month <= 1:
            raise InputError(f"lost_per_month must be from 0 to 1, got {self.lost_per_month}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChange:
    """A change in how customers stay or bring others, as a share of the customers per month.

    Attributes:
        key: less_churn (fewer lost) or word_of_mouth (new ones brought).
        effect: As a distribution; above 0 is a gain.
        persistence: Share left at the horizon, 0-1.
    """

    key: ChangeKey
    effect: Distribution
    persistence: Pert

    def __post_init__(self) -> None:
        _check_persistence(self.key, self.persistence)


@dataclass(frozen=True, slots=True, kw_only=True)
class CashModel:
    """All streams of one initiative together.

    Raises:
        InputError: A key twice, no stream, or changes without customers.
    """

    streams: tuple[BenefitStream, ...]
    horizon: int
    observed: int
    customers: CustomerBase | None = None
    changes: tuple[CustomerChange, ...] = ()

    def __post_init__(self) -> None:
        keys = list(self.keys)
        if not self.streams or len(set(keys)) < len(keys):
            raise InputError(f"at least 1 stream is needed and each key once, got {keys}")
        if self.changes and self.customers is None:
            raise InputError(
                f"{self.changes[0].key} needs the customers it acts on: number, orders, losses"
            )

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of all streams."""
        return (*(stream.key for stream in self.streams), *(item.key for item in self.changes))

    def inputs(self) -> dict[str, Distribution]:
        """Name every uncertain input "stream.part" with its distribution."""
        inputs: dict[str, Distribution] = {}
        for stream in self.streams:
            inputs[f"{stream.key}.effect"] = from_estimate(stream.effect)
            inputs[f"{stream.key}.margin"] = from_estimate(stream.margin_per_unit)
            inputs[f"{stream.key}.persistence"] = stream.persistence
        for change in self.changes:
            inputs[f"{change.key}.effect"] = change.effect
            inputs[f"{change.key}.persistence"] = change.persistence
        return inputs

    def base(self) -> dict[str, Array]:
        """Give every input at its base value."""
        return {name: np.array([spec.base]) for name, spec in self.inputs().items()}

    def by_month(
        self, at: Mapping[str, Array], *, on: Collection[str] | None = None
    ) -> Iterator[Array]:
        """Give the margin of each month, 0 to the horizon, for every draw of the inputs.

        Args:
            at: Inputs by name, arrays of one length.
            on: Streams that are switched on; None takes all.
        """
        kept, faded = share_left(self.horizon, self.observed)
        size = len(next(iter(at.values())))
        active = set(self.keys if on is None else on)
        changing = {change.key for change in self.changes} & active
        margin = at[f"{self.streams[0].key}.margin"]
        extra = np.zeros(size)

        def effect(key: str, t: int) -> Array:
            left = kept[t] + at[f"{key}.persistence"] * faded[t]
            return np.asarray(at[f"{key}.effect"] * left, dtype=float)

        for t in range(self.horizon + 1):
            ordered = np.zeros(size)
            for stream in self.streams:
                if stream.key in active:
                    flat = effect(stream.key, t) * stream.volume_per_month
                    ordered = ordered + flat * at[f"{stream.key}.margin"]
            base = self.customers
            if base is None or not changing:
                yield ordered
                continue
            saved, joined = np.zeros(size), np.zeros(size)
            if "less_churn" in changing:
                saved = np.minimum(effect("less_churn", t), base.lost_per_month)
            if "word_of_mouth" in changing:
                joined = effect("word_of_mouth", t) * (base.number + extra)
            stayed = extra * (1 - base.lost_per_month + saved) + base.number * saved
            yield (
                ordered * (1 + stayed / base.number)
                + margin * (stayed * base.orders_per_month + joined)
                - base.cost_per_referral * joined
            )
            extra = stayed + joined


@dataclass(frozen=True, slots=True, kw_only=True)
class CashMonth:
    """One month of the base case; benefits in the order of the streams."""

    month: int
    benefits: tuple[float, ...]
    benefit: float
    cost: float
    net: float
    present_value: float
    cumulative: float


def share_left(horizon: int, observed: int) -> tuple[Array, Array]:
    """Give, per month, the weights of 1 and of persistence in the share of effect left."""
    months = np.arange(horizon + 1, dtype=float)
    span = max(horizon - observed, 1)
    faded = np.clip((months - observed) / span, 0, 1)
    kept = 1 - faded
    kept[0] = faded[0] = 0.0
    return kept, faded


def split_by_stream(model: CashModel) -> dict[str, Array]:
    """Split the base case's margin of every month among the streams, in no order (Shapley).

    A stream's part is what it adds, averaged over every order in which the streams could be
    switched on; the parts sum to the whole. Where all effects are gains and a customer's first
    order earns what a referral costs, every stream adds more beside others than alone, so
    switching one off never raises another's part.

    Source: Shapley (1953), A value for n-person games; on such games, Sprumont (1990), Games and
    Economic Behavior 2.
    """
    keys, at = model.keys, model.base()

    def worth(on: Collection[str]) -> Array:
        return np.concatenate(list(model.by_month(at, on=on)))

    if not model.changes:
        return {key: worth({key}) for key in keys}
    found = {
        frozenset(on): worth(on) for size in range(len(keys) + 1) for on in combinations(keys, size)
    }
    parts = {}
    for key in keys:
        others = [on for on in found if key not in on]
        parts[key] = sum(
            (found[on | {key}] - found[on]) / (len(keys) * comb(len(keys) - 1, len(on)))
            for on in sorted(others, key=sorted)
        ) + np.zeros(model.horizon + 1)
    return parts


def cash_months(parts: Mapping[str, Array], costs: Array, discount: Array) -> tuple[CashMonth, ...]:
    """Lay the base case out month by month."""
    months, cumulative = [], 0.0
    for t, cost in enumerate(costs.tolist()):
        benefits = tuple(float(part[t]) for part in parts.values())
        benefit = fsum(benefits)
        net = benefit - cost
        cumulative += net
        months.append(
            CashMonth(
                month=t,
                benefits=benefits,
                benefit=benefit,
                cost=cost,
                net=net,
                present_value=net * float(discount[t]),
                cumulative=cumulative,
            )
        )
    return tuple(months)


def discount_factors(horizon: int, rate: float) -> Array:
    """Give the present value of 1 in each month, 0 to the horizon, at a yearly rate."""
    return np.asarray((1 + rate) ** (-np.arange(horizon + 1) / 12), dtype=float)


def run_draws(
    model: CashModel, draws: Mapping[str, Array], costs: Sequence[float], discount: Array
) -> tuple[Array, float]:
    """Give the net present value of every draw, and the share of draws that are paid back.

    Paid back: cumulative cash reaches 0 in some month of the horizon. Draws are taken in blocks
    that fit a processor's cache, which is several times faster than all at once.
    """
    n = len(next(iter(draws.values())))
    values, n_paid = [], 0
    for first in range(0, n, BLOCK):
        at = {name: drawn[first : first + BLOCK] for name, drawn in draws.items()}
        size = min(BLOCK, n - first)
        cash, value, highest = np.zeros(size), np.zeros(size), np.full(size, -np.inf)
        for t, benefit in enumerate(model.by_month(at)):
            net = benefit - costs[t]
            cash += net
            value += net * discount[t]
            if t:
                np.maximum(highest, cash, out=highest)
        values.append(value)
        n_paid += int(np.count_nonzero(highest >= 0))
    return np.concatenate(values), n_paid / n


def _check_persistence(key: str, persistence: Pert) -> None:
    if persistence.low < 0 or persistence.high > 1:
        raise InputError(
            f"persistence of {key} must be from 0 to 1, got {persistence.low} to {persistence.high}"
        )
