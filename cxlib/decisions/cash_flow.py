"""Cash flow of an initiative by month: what each stream earns, what it cost, when it is paid back.

    margin in month t = effect · volume per month · margin per unit · share of the effect left

Cash falls at the end of each month; month 0 holds what was paid before the start. The effect holds
in full for the months observed, then declines in a straight line to the share left at the horizon.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum, isfinite
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate
from cxlib.stats.simulation import Pert

Array: TypeAlias = NDArray[np.float64]
IrrStatus = Literal["found", "no_sign_change", "not_unique"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitStream:
    """One evidenced way in which the initiative earns.

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
        if self.persistence.low < 0 or self.persistence.high > 1:
            raise InputError(
                f"persistence of {self.key} must be from 0 to 1, "
                f"got {self.persistence.low} to {self.persistence.high}"
            )

    @property
    def margin_per_month(self) -> float:
        """Margin per month while the whole effect holds."""
        return float(self.effect.value * self.volume_per_month * self.margin_per_unit.value)


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


def annuities(horizon: int, observed: int, discount: Array) -> tuple[float, float]:
    """Present value of 1 a month: the part that stays in full, and the part times persistence."""
    kept, faded = share_left(horizon, observed)
    return float(kept @ discount), float(faded @ discount)


def cash_months(
    streams: Sequence[BenefitStream],
    costs: Array,
    observed: int,
    discount: Array,
) -> tuple[CashMonth, ...]:
    """Lay the base case out month by month."""
    kept, faded = share_left(len(costs) - 1, observed)
    months, cumulative = [], 0.0
    for t, cost in enumerate(costs.tolist()):
        benefits = tuple(
            stream.margin_per_month * float(kept[t] + stream.persistence.base * faded[t])
            for stream in streams
        )
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


def payback_share(
    streams: Sequence[BenefitStream],
    draws: Mapping[str, Array],
    costs: Array,
    observed: int,
) -> float:
    """Count the share of draws whose cumulative cash reaches 0 in some month of the horizon."""
    kept, faded = share_left(len(costs) - 1, observed)
    paid = np.zeros(len(next(iter(draws.values()))), dtype=bool)
    cumulative = np.full(len(paid), -costs[0])
    flat = {
        s.key: s.volume_per_month * draws[f"{s.key}.effect"] * draws[f"{s.key}.margin"]
        for s in streams
    }
    for t in range(1, len(costs)):
        for stream in streams:
            left = kept[t] + draws[f"{stream.key}.persistence"] * faded[t]
            cumulative = cumulative + flat[stream.key] * left
        cumulative = cumulative - costs[t]
        paid |= cumulative >= 0
    return float(np.mean(paid))


def rate_of_return(net: Sequence[float]) -> tuple[float | None, IrrStatus]:
    """Find the yearly rate at which monthly net cash is worth 0, or say why there is none.

    not_unique: cash changes sign more than once, so several rates may fit.
    """
    import numpy_financial

    signs = [value > 0 for value in net if value != 0]
    changes = sum(a != b for a, b in pairwise(signs))
    if changes == 0:
        return None, "no_sign_change"
    if changes > 1:
        return None, "not_unique"
    monthly = float(numpy_financial.irr(net))
    if not isfinite(monthly):
        return None, "no_sign_change"
    return (1 + monthly) ** 12 - 1, "found"
