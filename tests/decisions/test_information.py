"""cxlib.decisions.information: worth of knowing by closed forms, and what going on is worth."""

from statistics import NormalDist

import numpy as np
import pytest

from cxlib.decisions.cash_flow import BenefitStream, CashModel
from cxlib.decisions.information import simulate_outcomes, worth_of_knowing, worth_of_knowing_all
from cxlib.decisions.roi import evaluate
from cxlib.stats.estimate import Estimate
from cxlib.stats.simulation import Pert

STANDARD = NormalDist()
N = 200_000


def unit_loss(mean, sd):
    """E[max(X, 0)] - max(mean, 0) of a normal X: sd · (pdf(z) - |z| · (1 - cdf(|z|)))."""
    z = abs(mean) / sd
    return sd * (STANDARD.pdf(z) - z * (1 - STANDARD.cdf(z)))


@pytest.mark.parametrize("mean", [-0.7, 0.0, 0.4, 2.0])
def test_knowing_everything_has_the_normal_closed_form(mean):
    """Raiffa and Schlaifer's unit normal loss; 200,000 draws place it within 0.005."""
    value = np.random.default_rng(5).normal(mean, 1, N)
    assert worth_of_knowing_all(value) == pytest.approx(unit_loss(mean, 1), abs=0.005)


def test_knowing_one_of_two_inputs_has_the_normal_closed_form():
    """Value 0.3 + 2 a + b with standard normal a, b: knowing a leaves N(0.3, 2), b N(0.3, 1)."""
    rng = np.random.default_rng(6)
    a, b = rng.standard_normal((2, N))
    found = {item.name: item.worth for item in worth_of_knowing(0.3 + 2 * a + b, {"b": b, "a": a})}
    assert found["a"] == pytest.approx(unit_loss(0.3, 2), abs=0.01)
    assert found["b"] == pytest.approx(unit_loss(0.3, 1), abs=0.01)
    assert list(found) == ["a", "b"]
    assert max(found.values()) <= worth_of_knowing_all(0.3 + 2 * a + b)


def test_an_input_that_decides_nothing_is_worth_nothing():
    """Never below 0: a value that is always above 0, and an input without doubt."""
    rng = np.random.default_rng(7)
    x = rng.uniform(1, 2, 5_000)
    found = worth_of_knowing(x, {"x": x, "fixed": np.ones(5_000)})
    assert [item.worth for item in found] == pytest.approx([0, 0], abs=1e-12)


def outcome(observed=2, cost=900.0, **options):
    """+2 pp on 1,000 enquiries at 50: 1,000 a month, four months, `cost` a month."""
    effect, margin = (
        Estimate(value=v, ci_lower=v - e, ci_upper=v + e, n_obs=50, unit=unit, method="test")
        for v, e, unit in ((0.02, 0.01, "pp"), (50.0, 1e-9, "currency"))
    )
    stream = BenefitStream(
        key="more_purchases",
        effect=effect,
        volume_per_month=1_000,
        margin_per_unit=margin,
        persistence=Pert(low=1, mode=1, high=1),
    )
    costs = [5_000.0] + [cost] * 4
    model = CashModel(streams=(stream,), horizon=4, observed=observed)
    roi = evaluate(
        [stream],
        costs_by_month=costs,
        observed_months=observed,
        annual_discount_rate=0.0,
        grade="B",
        n_draws=40_000,
        **options,
    )
    return roi, simulate_outcomes(model, costs_by_month=costs, roi=roi, **options)


def test_going_on_counts_only_what_is_to_come():
    """Two months of 1,000 less 900 are left: 200, although -4,600 stands in the books."""
    roi, found = outcome()
    assert roi.npv.value == pytest.approx(-4_600)
    assert found.onward.value == pytest.approx(200)
    assert outcome(observed=4)[1].onward is None


def test_the_chance_that_going_on_loses_is_that_of_the_normal_effect():
    """Loss where the effect is under 1.8 pp: error 1 pp / 1.96 around 2 pp."""
    _, found = outcome()
    expected = NormalDist(0.02, 0.01 / 1.959964).cdf(0.018)
    assert found.onward_loss == pytest.approx(expected, abs=0.01)
    spread = 2 * 1_000 * 50 * 0.01 / 1.959964
    assert found.worth_of_knowing_all == pytest.approx(unit_loss(200, spread), rel=0.03)
    first = found.knowledge[0]
    assert (first.name, first.worth) == (
        "more_purchases.effect",
        pytest.approx(found.worth_of_knowing_all, rel=0.02),
    )


def test_the_figures_are_those_of_the_value():
    """Same draws, same seed: histogram and loss agree with the value's probability of loss."""
    roi, found = outcome(cost=0.0)
    assert sum(found.counts) == roi.n_draws
    below = sum(c for c, edge in zip(found.counts, found.edges[1:], strict=True) if edge <= 0)
    assert below / roi.n_draws == pytest.approx(roi.probability_of_loss, abs=1e-9)
