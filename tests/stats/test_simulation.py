"""cxlib.stats.simulation: moments and quantiles by formula, independence of streams, errors."""

from math import nan

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate
from cxlib.stats.simulation import (
    Fixed,
    Interval,
    Lognormal,
    Normal,
    Pert,
    Triangular,
    draw,
    from_estimate,
)

N = 40_000


def drawn(spec, **options):
    return draw({"x": spec}, n_draws=N, seed=1, **options)["x"]


def test_pert_has_the_stated_mean_and_range():
    """Mean (0.4 + 4 × 0.75 + 1) / 6 = 0.7333; variance (mean - low)(high - mean) / 7."""
    spec = Pert(low=0.4, mode=0.75, high=1.0)
    x = drawn(spec)
    assert spec.mean == pytest.approx(0.73333, abs=1e-5)
    assert x.mean() == pytest.approx(spec.mean, abs=2e-3)
    assert x.var() == pytest.approx((spec.mean - 0.4) * (1 - spec.mean) / 7, rel=0.03)
    assert x.min() >= 0.4
    assert x.max() <= 1.0


def test_triangular_has_the_stated_mean_and_median_side():
    """Mean (low + mode + high) / 3 = 2; P(x < mode) = (mode - low) / (high - low) = 0.25."""
    x = drawn(Triangular(low=0, mode=1, high=4))
    assert x.mean() == pytest.approx(5 / 3, abs=0.02)
    assert np.mean(x < 1) == pytest.approx(0.25, abs=0.01)


def test_normal_and_fixed_are_what_they_say():
    x = drawn(Normal(mean=3, sd=2))
    assert (x.mean(), x.std()) == pytest.approx((3, 2), abs=0.03)
    assert set(drawn(Fixed(value=7))) == {7.0}


def test_an_interval_keeps_its_value_as_median_and_both_limits():
    """By construction: 2.5 % below the lower and 2.5 % above the upper limit, also if lopsided."""
    x = drawn(Interval(value=1.0, ci_lower=0.8, ci_upper=2.0))
    assert np.quantile(x, [0.025, 0.5, 0.975]) == pytest.approx([0.8, 1.0, 2.0], abs=0.03)


def test_a_symmetric_interval_is_the_normal_distribution():
    z = 1.959963985
    u = np.linspace(0.01, 0.99, 50)
    split = Interval(value=3, ci_lower=3 - 2 * z, ci_upper=3 + 2 * z).quantile(u)
    assert split == pytest.approx(Normal(mean=3, sd=2).quantile(u))


def test_adding_an_input_never_changes_the_draws_of_another():
    alone = draw({"a": Normal(mean=0, sd=1)}, n_draws=200, seed=5)["a"]
    joined = draw({"b": Fixed(value=1), "a": Normal(mean=0, sd=1)}, n_draws=200, seed=5)["a"]
    assert (alone == joined).all()


def test_the_seed_decides_the_draws():
    spec = {"a": Normal(mean=0, sd=1)}
    first, again = draw(spec, n_draws=200, seed=5)["a"], draw(spec, n_draws=200, seed=5)["a"]
    assert (first == again).all()
    assert (first != draw(spec, n_draws=200, seed=6)["a"]).all()


def test_stated_correlations_appear_in_the_draws():
    spec = {"a": Normal(mean=0, sd=1), "b": Normal(mean=5, sd=3), "c": Normal(mean=0, sd=1)}
    x = draw(spec, n_draws=N, seed=2, correlations={("a", "b"): 0.6})
    assert np.corrcoef(x["a"], x["b"])[0, 1] == pytest.approx(0.6, abs=0.015)
    assert np.corrcoef(x["a"], x["c"])[0, 1] == pytest.approx(0, abs=0.015)
    assert (x["b"].mean(), x["b"].std()) == pytest.approx((5, 3), abs=0.05)


def test_an_estimate_without_interval_is_not_taken_as_certain():
    bare = Estimate(value=1, ci_lower=nan, ci_upper=nan, n_obs=5, unit="pp", method="none")
    with pytest.raises(InputError) as caught:
        from_estimate(bare)
    assert str(caught.value) == (
        "the estimate 1 has no interval; give one, or Fixed(value=…) if known"
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Pert(low=1, mode=0.5, high=2), "low, mode and high must rise, got 1, 0.5, 2"),
        (lambda: Triangular(low=1, mode=3, high=2), "low, mode and high must rise, got 1, 3, 2"),
        (lambda: Normal(mean=0, sd=-1), "sd must be 0 or more, got -1"),
        (
            lambda: Interval(value=3, ci_lower=0, ci_upper=2),
            "the value must lie in its interval, got 3 outside 0 to 2",
        ),
        (
            lambda: Interval(value=3, ci_lower=0, ci_upper=float("inf")),
            "both limits must be finite, got 0, inf",
        ),
        (lambda: draw({}, n_draws=10, seed=1), "n_draws must be 100 or more, got 10"),
        (
            lambda: draw(
                {"a": Fixed(value=1)}, n_draws=100, seed=1, correlations={("a", "z"): 0.5}
            ),
            "correlation names unknown inputs ['z']; there are ['a']",
        ),
        (
            lambda: draw(
                {"a": Fixed(value=1), "b": Fixed(value=1)},
                n_draws=100,
                seed=1,
                correlations={("a", "b"): 1.5},
            ),
            "a correlation joins two inputs, from -1 to 1, got a, b: 1.5",
        ),
        (
            lambda: draw(
                {name: Normal(mean=0, sd=1) for name in "abc"},
                n_draws=100,
                seed=1,
                correlations={("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): -0.9},
            ),
            "the correlations contradict each other: no distribution has them all",
        ),
    ],
)
def test_a_refusal_names_the_rule_and_the_value(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message


def test_a_lognormal_meets_its_three_points_and_the_formula_of_its_mean():
    """5 %, 50 % and 95 % points as given; with median² = low · high the mean is exp(s² / 2)."""
    spec = Lognormal(low=0.5, median=1.0, high=2.0)
    points = spec.quantile(np.array([0.05, 0.5, 0.95]))
    assert points == pytest.approx([0.5, 1.0, 2.0])
    sigma = np.log(2) / 1.6448536
    assert drawn(spec).mean() == pytest.approx(np.exp(sigma**2 / 2), rel=0.01)
    assert drawn(spec).min() > 0


def test_a_lognormal_is_above_zero():
    with pytest.raises(InputError) as caught:
        Lognormal(low=0, median=1, high=2)
    assert str(caught.value) == "low must be above 0 and high finite, got 0, 2"
