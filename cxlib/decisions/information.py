"""What the simulation says beside the value: its spread, the value of going on, and of knowing.

Paid is paid: the value of going on counts only the months that are still to come, and takes it
that the effect ends with the action. Knowing an input is worth what it could save by changing the
decision to go on:

    worth of knowing x = E[max(E[value | x], 0)] - max(E[value], 0)

E[value | x] is a polynomial of third degree in x, fitted to the draws; without correlations the
value is linear in each input of the order streams, and the fit is the expectation itself.

Source: Raiffa and Schlaifer (1961), Applied Statistical Decision Theory; the fit by regression:
Strong, Oakley and Brennan (2014), Medical Decision Making 34(3).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from cxlib.decisions.cash_flow import Array, CashModel, discount_factors, run_draws
from cxlib.decisions.roi import Roi
from cxlib.stats.estimate import Estimate
from cxlib.stats.simulation import draw

N_BINS = 48
DEGREE = 3
TOGETHER = 0.5
"""Correlation of all inputs with each other in the check of how far they move together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What it would be worth, at most, to know one input exactly before deciding."""

    name: str
    worth: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """The simulation as drawn.

    Attributes:
        edges: Of the bins of net present value, rising; 0 is an edge where it lies inside.
        counts: Draws per bin.
        lower: Per month, 5 % point of cumulative cash, not discounted.
        upper: Per month, 95 % point.
        onward: Value of going on from the end of the months observed, as of then; limits are the
            5 % and 95 % points. None where the horizon ends there.
        onward_loss: Share of draws in which going on loses money.
        worth_of_knowing_all: Expected value of perfect information on going on.
        knowledge: Per input, the one most worth knowing first.
        loss_together: Share of draws with a loss if all inputs were correlated at TOGETHER.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    onward: Estimate | None
    onward_loss: float
    worth_of_knowing_all: float
    knowledge: tuple[Knowledge, ...]
    loss_together: float


def simulate_outcomes(
    model: CashModel,
    *,
    costs_by_month: Sequence[float],
    roi: Roi,
    correlations: Mapping[tuple[str, str], float] | None = None,
) -> Outcomes:
    """Draw the simulation behind a value again, for what stands around it.

    Args:
        model: As valued.
        costs_by_month: As valued.
        roi: The value; its draws, seed and rate are used, so that the figures agree.
        correlations: As valued.
    """
    inputs = model.inputs()
    drawn = draw(inputs, n_draws=roi.n_draws, seed=roi.seed, correlations=correlations)
    discount = discount_factors(model.horizon, roi.annual_discount_rate)
    cash, value = np.zeros(roi.n_draws), np.zeros(roi.n_draws)
    onward = np.zeros(roi.n_draws)
    lower, upper = [], []
    for t, benefit in enumerate(model.by_month(drawn)):
        net = benefit - costs_by_month[t]
        cash, value = cash + net, value + net * discount[t]
        if t > model.observed:
            onward = onward + net * (discount[t] / discount[model.observed])
        low, high = np.quantile(cash, [0.05, 0.95])
        lower.append(float(low))
        upper.append(float(high))
    edges, counts = _histogram(value)
    return Outcomes(
        edges=edges,
        counts=counts,
        lower=tuple(lower),
        upper=tuple(upper),
        onward=_onward(model, costs_by_month, onward, discount),
        onward_loss=float(np.mean(onward < 0)),
        worth_of_knowing_all=worth_of_knowing_all(onward),
        knowledge=worth_of_knowing(onward, drawn),
        loss_together=_loss_together(model, costs_by_month, roi),
    )


def worth_of_knowing_all(value: Array) -> float:
    """Give the expected value of perfect information: E[max(value, 0)] - max(E[value], 0).

    Args:
        value: Draws of the value of going on; stopping is worth 0.
    """
    return max(float(np.mean(np.maximum(value, 0))) - max(float(np.mean(value)), 0.0), 0.0)


def worth_of_knowing(value: Array, inputs: Mapping[str, Array]) -> tuple[Knowledge, ...]:
    """Rank the inputs by what it is worth to know each exactly; an input without doubt is worth 0.

    Args:
        value: Draws of the value of going on; stopping is worth 0.
        inputs: Draws of each input, of the same length.
    """
    most = worth_of_knowing_all(value)
    found = []
    for name, drawn in inputs.items():
        spread = float(np.std(drawn))
        worth = 0.0
        if spread > 0:
            score = (drawn - np.mean(drawn)) / spread
            powers = np.vander(score, DEGREE + 1)
            expected = powers @ np.linalg.lstsq(powers, value, rcond=None)[0]
            worth = min(worth_of_knowing_all(expected), most)
        found.append(Knowledge(name=name, worth=worth))
    return tuple(sorted(found, key=lambda item: -item.worth))


def _histogram(value: Array) -> tuple[tuple[float, ...], tuple[int, ...]]:
    width = float(np.ptp(value)) / N_BINS or 1.0
    first, last = np.floor(value.min() / width), np.ceil(value.max() / width)
    counts, edges = np.histogram(value, bins=np.arange(first, max(last, first + 1) + 1) * width)
    return tuple(float(edge) for edge in edges), tuple(int(count) for count in counts)


def _onward(
    model: CashModel, costs: Sequence[float], drawn: Array, discount: Array
) -> Estimate | None:
    if model.horizon == model.observed:
        return None
    base = [float(benefit[0]) for benefit in model.by_month(model.base())]
    factors = discount / discount[model.observed]
    low, high = np.quantile(drawn, [0.05, 0.95])
    return Estimate(
        value=float(
            sum(
                (base[t] - costs[t]) * factors[t]
                for t in range(model.observed + 1, model.horizon + 1)
            )
        ),
        ci_lower=float(low),
        ci_upper=float(high),
        n_obs=len(drawn),
        unit="currency",
        method="5 % to 95 % of the simulation",
        confidence_level=0.9,
    )


def _loss_together(model: CashModel, costs: Sequence[float], roi: Roi) -> float:
    inputs = model.inputs()
    joined = draw(
        inputs,
        n_draws=roi.n_draws,
        seed=roi.seed,
        correlations=dict.fromkeys(combinations(inputs, 2), TOGETHER),
    )
    discount = discount_factors(model.horizon, roi.annual_discount_rate)
    value, _ = run_draws(model, joined, costs, discount)
    return float(np.mean(value < 0))
