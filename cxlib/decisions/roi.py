# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""From an effect to money: one cash-flow model, its doubt by simulation, and what decides it.

The model and its timing stand in cash_flow.py. Only margin counts, never revenue, and only the
streams that are passed in: what has no evidence is absent, not guessed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum, isfinite
from typing import Literal

import numpy as np

from cxlib.decisions.cash_flow import (
    Array,
    BenefitStream,
    CashModel,
    CashMonth,
    CustomerBase,
    CustomerChange,
    cash_months,
    discount_factors,
    run_draws,
    split_by_stream,
)
from cxlib.decisions.impact import Grade
from cxlib.decisions.returns import IrrStatus, rate_of_return
from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate
from cxlib.stats.simulation import Distribution, draw

Money = Literal["nominal", "real"]
"""nominal: money of the day, discounted by a market rate · real: today's prices, by a real rate."""

Part = Literal["effect", "margin", "persistence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamValue:
    """A stream's present value in the base case.

    Attributes:
        key: Name.
        present_value: Its part of the whole, the interplay of streams shared in no order.
        margin_per_month: While its whole effect holds, in the first month after the start.
        alone: Present value were it the only stream.
    """

    key: str
    present_value: float
    margin_per_month: float
    alone: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """All inputs together at their 5 % point, base value or 95 % point."""

    key: Literal["low", "base", "high"]
    npv: float
    inputs: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TornadoBar:
    """One input moved from its 5 % to its 95 % point, the others at base."""

    stream: str
    part: Part
    input_low: float
    input_high: float
    npv_low: float
    npv_high: float

    @property
    def swing(self) -> float:
        """How far the net present value moves."""
        return abs(self.npv_high - self.npv_low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roi:
    """What the initiative is worth, and how sure that is.

    Attributes:
        npv: Base case; limits are the 5 % and 95 % points of the simulation.
        npv_median: Of the simulation.
        probability_of_loss: Share of draws with a net present value under 0.
        probability_of_payback: Share of draws paid back within the horizon.
        payback_month: First month in which cumulative cash (not discounted) is 0 or more, None
            where that does not happen within the horizon.
        roi: Net present value over the present value of costs (0.5 = 50 %); None without costs.
        irr: Internal rate of return per year; None with its reason in irr_status.
        break_even_effect: Effect of the first stream at which the value is 0, others as they are;
            None where its volume or margin is 0.
        npv_without_effect: Value if no stream earns anything.
        streams: Present value per stream; they and the costs sum to the base value.
        costs_present_value: Of all costs.
        costs_total: Not discounted.
        months: The base case month by month.
        scenarios: low, base, high.
        tornado: Widest first.
        grade: Of the evidence behind the effect; D allows no headline number.
    """

    currency: str
    money: Money
    annual_discount_rate: float
    horizon_months: int
    observed_months: int
    npv: Estimate
    npv_median: float
    probability_of_loss: float
    probability_of_payback: float
    payback_month: int | None
    roi: float | None
    irr: float | None
    irr_status: IrrStatus
    break_even_effect: float | None
    npv_without_effect: float
    streams: tuple[StreamValue, ...]
    costs_present_value: float
    costs_total: float
    months: tuple[CashMonth, ...]
    scenarios: tuple[Scenario, ...]
    tornado: tuple[TornadoBar, ...]
    n_draws: int
    seed: int
    grade: Grade

    @property
    def is_headline(self) -> bool:
        """Whether the evidence lets the number be the answer (grade A or B)."""
        return self.grade in {"A", "B"}

    def slope(self, stream: str, part: Part) -> float | None:
        """Value gained per unit of an input, between its 5 % and 95 % points; None without doubt.

        The value is linear in each input of the order streams.
        """
        for bar in self.tornado:
            if (bar.stream, bar.part) == (stream, part) and bar.input_high > bar.input_low:
                return (bar.npv_high - bar.npv_low) / (bar.input_high - bar.input_low)
        return None


def evaluate(
    streams: Sequence[BenefitStream],
    *,
    costs_by_month: Sequence[float],
    observed_months: int,
    annual_discount_rate: float,
    grade: Grade,
    money: Money = "nominal",
    currency: str = "HKD",
    n_draws: int = 20_000,
    seed: int = 20_260_101,
    correlations: Mapping[tuple[str, str], float] | None = None,
    customers: CustomerBase | None = None,
    changes: Sequence[CustomerChange] = (),
) -> Roi:
    """Value an initiative: cash flow, net present value, payback, doubt and what decides it.

    Args:
        streams: What is evidenced, each with another key, at least one.
        costs_by_month: Costs of months 0 to the horizon (see CostLedger.by_month), each 0 or more.
        observed_months: Months in which the effect is known to hold in full.
        annual_discount_rate: 0.08 is 8 % a year; monthly (1 + rate)^(1/12) - 1.
        grade: Of the evidence behind the effects.
        money: nominal or real; the rate and the margins must be of the same kind.
        currency: Of all amounts.
        n_draws: Draws of the simulation, 1,000 or more.
        seed: Of the simulation.
        correlations: Pairs of inputs "stream.part" to their correlation.
        customers: Whom the changes act on; needed with changes.
        changes: Fewer customers lost, or new ones brought by others.

    Raises:
        InputError: No stream, a key twice, changes without customers, a negative cost, a rate as 8
            instead of 0.08, a horizon shorter than the months observed, or an effect or margin
            without interval.

    Source: Brealey, Myers and Allen, Principles of Corporate Finance, on discounting; Hubbard
    (2014), How to Measure Anything, on the probability of loss.
    """
    horizon = len(costs_by_month) - 1
    model = CashModel(
        streams=tuple(streams),
        horizon=horizon,
        observed=observed_months,
        customers=customers,
        changes=tuple(changes),
    )
    _check(costs_by_month, observed_months, annual_discount_rate, n_draws)
    discount = discount_factors(horizon, annual_discount_rate)
    costs = np.asarray(costs_by_month, dtype=float)
    cost_value = fsum(float(c * d) for c, d in zip(costs, discount, strict=True))
    inputs, base = model.inputs(), model.base()

    def value(at: Mapping[str, Array]) -> Array:
        return present_value(model, at, discount) - cost_value

    parts = split_by_stream(model)
    values = tuple(
        StreamValue(
            key=key,
            present_value=fsum(float(b * d) for b, d in zip(part, discount, strict=True)),
            margin_per_month=float(part[1]),
            alone=float(present_value(model, base, discount, on=key)[0]),
        )
        for key, part in parts.items()
    )
    npv = fsum([*(item.present_value for item in values), -cost_value])
    draws = draw(inputs, n_draws=n_draws, seed=seed, correlations=correlations)
    drawn, paid_back = run_draws(model, draws, costs_by_month, discount)
    low, median, high = (float(q) for q in np.quantile(drawn, [0.05, 0.5, 0.95]))
    months = cash_months(parts, costs, discount)
    net = [month.net for month in months]
    irr, irr_status = rate_of_return(net)
    return Roi(
        currency=currency,
        money=money,
        annual_discount_rate=annual_discount_rate,
        horizon_months=horizon,
        observed_months=observed_months,
        npv=Estimate(
            value=npv,
            ci_lower=low,
            ci_upper=high,
            n_obs=n_draws,
            unit="currency",
            method="5 % to 95 % of the simulation",
            confidence_level=0.9,
        ),
        npv_median=median,
        probability_of_loss=float(np.mean(drawn < 0)),
        probability_of_payback=paid_back,
        payback_month=next((m.month for m in months if m.month and m.cumulative >= 0), None),
        roi=npv / cost_value if cost_value > 0 else None,
        irr=irr,
        irr_status=irr_status,
        break_even_effect=_break_even(f"{model.keys[0]}.effect", base, value),
        npv_without_effect=-cost_value,
        streams=values,
        costs_present_value=cost_value,
        costs_total=fsum(costs.tolist()),
        months=months,
        scenarios=_scenarios(inputs, value),
        tornado=_tornado(inputs, base, value),
        n_draws=n_draws,
        seed=seed,
        grade=grade,
    )


def present_value(
    model: CashModel, at: Mapping[str, Array], discount: Array, *, on: str | None = None
) -> Array:
    """Discount the margin of every draw; `on` switches all streams but one off."""
    months = model.by_month(at, on=None if on is None else {on})
    total: Array = np.zeros(len(next(iter(at.values()))))
    for benefit, factor in zip(months, discount.tolist(), strict=True):
        total = total + benefit * factor
    return total


def _check(costs: Sequence[float], observed: int, rate: float, n_draws: int) -> None:
    if negative := [c for c in costs if not (c >= 0 and isfinite(c))]:
        raise InputError(f"costs must be 0 or more in every month, got {negative[0]}")
    if not 0 <= rate < 1:
        raise InputError(
            f"annual_discount_rate must be from 0 to below 1 (0.08 for 8 %), got {rate}"
        )
    if not 0 <= observed <= len(costs) - 1 or len(costs) < 2:
        raise InputError(
            "the horizon must be 1 month or more and cover the months observed, "
            f"got {len(costs) - 1} and {observed}"
        )
    if n_draws < 1_000:
        raise InputError(f"n_draws must be 1000 or more, got {n_draws}")


def _break_even(
    name: str, base: Mapping[str, Array], value: Callable[[Mapping[str, Array]], Array]
) -> float | None:
    """Solve for the effect at which the value is 0: the value is linear in it."""
    nothing = float(value({**base, name: np.zeros(1)})[0])
    per_effect = float(value({**base, name: np.ones(1)})[0]) - nothing
    return -nothing / per_effect if per_effect else None


def _scenarios(
    inputs: Mapping[str, Distribution], value: Callable[[Mapping[str, Array]], Array]
) -> tuple[Scenario, ...]:
    """Move all inputs together to their 5 % and 95 % points."""
    found = []
    keys: tuple[Literal["low", "base", "high"], ...] = ("low", "base", "high")
    for key in keys:
        at = {name: _at(spec, key) for name, spec in inputs.items()}
        found.append(
            Scenario(
                key=key,
                npv=float(value(at)[0]),
                inputs=tuple((name, float(number[0])) for name, number in at.items()),
            )
        )
    return tuple(found)


def _tornado(
    inputs: Mapping[str, Distribution],
    base: Mapping[str, Array],
    value: Callable[[Mapping[str, Array]], Array],
) -> tuple[TornadoBar, ...]:
    """Move one input at a time; widest swing first."""
    bars = []
    parts: tuple[Part, ...] = ("effect", "margin", "persistence")
    for name, spec in inputs.items():
        stream, _, ending = name.rpartition(".")
        low, high = _at(spec, "low"), _at(spec, "high")
        bars.append(
            TornadoBar(
                stream=stream,
                part=next(part for part in parts if part == ending),
                input_low=float(low[0]),
                input_high=float(high[0]),
                npv_low=float(value({**base, name: low})[0]),
                npv_high=float(value({**base, name: high})[0]),
            )
        )
    return tuple(sorted(bars, key=lambda bar: -bar.swing))


def _at(spec: Distribution, key: Literal["low", "base", "high"]) -> Array:
    """Give an input's 5 % point, base value or 95 % point."""
    if key == "base":
        return np.array([spec.base])
    return spec.quantile(np.array([0.05 if key == "low" else 0.95]))
