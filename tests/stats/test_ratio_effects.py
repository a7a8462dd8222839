"""cxlib.stats.ratio_effects: tea-tasting, statsmodels, clusters of rows, error texts."""

import json
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.cuped import Moments, mean_effect
from cxlib.stats.means import mean_estimate, t_quantile
from cxlib.stats.ratio_effects import ratio_effect, ratio_value

KNOWN = json.loads((Path(__file__).parents[1] / "reference" / "ab_effects.json").read_text())


def moments(*columns):
    table = np.asarray(columns, dtype=float)
    return Moments(n=table.shape[1], means=table.mean(axis=1), cov=np.atleast_2d(np.cov(table)))


def test_it_is_tea_tasting_s_ratio_of_means():
    case = KNOWN["tea_tasting"]
    num, den, arm = (np.array(case["rows"][name]) for name in ("num", "d", "variant"))
    found = ratio_effect(*(moments(num[arm == k], den[arm == k]) for k in (0, 1)))
    want, effect, relative = case["ratio"], found.effect.effect, found.effect.rel_effect
    assert effect.value == pytest.approx(want["effect"])
    assert (effect.ci_lower, effect.ci_upper) == pytest.approx(want["interval"])
    assert (relative.ci_lower, relative.ci_upper) == pytest.approx(want["relative_interval"])
    assert effect.p_value == pytest.approx(want["p_value"])
    assert effect.method == "delta"


def test_one_arm_agrees_with_the_sandwich_of_a_weighted_regression():
    case = KNOWN["weighted_slope"]
    found = ratio_value(moments(case["y"], case["x"]))
    half = (found.ci_upper - found.ci_lower) / 2
    assert found.value == pytest.approx(case["value"])
    assert half / t_quantile(0.95, df=7) == pytest.approx(case["standard_error"], rel=1e-9)


def test_a_ratio_over_ones_is_the_mean():
    y, z, ones = [3.0, 5, 4, 1, 2], [4.0, 5, 5, 2, 9], [1.0] * 5
    found = ratio_effect(moments(y, ones), moments(z, ones))
    mean = mean_effect(moments(y), moments(z))
    assert found.effect.effect.ci_lower == pytest.approx(mean.effect.effect.ci_lower)
    assert found.effect.rel_effect.ci_upper == pytest.approx(mean.effect.rel_effect.ci_upper)
    value, plain = ratio_value(moments(y, ones)), mean_estimate(5, 3.0, 2.5)
    assert (value.ci_lower, value.ci_upper) == pytest.approx((plain.ci_lower, plain.ci_upper))


def test_measuring_the_denominator_in_dozens_scales_the_effect():
    rng = np.random.default_rng(2)
    x = rng.poisson(3, (2, 40)) + 1.0
    y = rng.poisson(x)
    one = ratio_effect(moments(y[0], x[0]), moments(y[1], x[1])).effect
    dozens = ratio_effect(moments(y[0], x[0] / 12), moments(y[1], x[1] / 12)).effect
    assert dozens.effect.ci_lower == pytest.approx(12 * one.effect.ci_lower)
    assert dozens.rel_effect.ci_lower == pytest.approx(one.rel_effect.ci_lower)


def test_last_quarter_s_sums_sharpen_a_ratio():
    """A customer's own rate shows in both quarters: the error shrinks, the effect stays near."""
    rng = np.random.default_rng(7)
    arms = []
    for extra in (0.0, 0.05):
        sessions, before = rng.poisson(6, (2, 4_000)) + 1
        rate = rng.beta(1, 3, 4_000) * 0.9
        arms.append(
            moments(
                rng.binomial(sessions, rate + extra), sessions, rng.binomial(before, rate), before
            )
        )
    found = ratio_effect(*arms)
    assert found.variance_reduction > 0.25
    assert found.effect.effect.ci_lower < 0.05 < found.effect.effect.ci_upper
    assert len(found.theta) == 2


def test_the_naive_error_is_too_small_and_the_delta_method_covers():
    """domain.md trap 14: rows of a customer alike (shared rate), seeded; 2,000 data sets of 150."""
    rng = np.random.default_rng(9)
    sessions = rng.poisson(3, (2_000, 150)) + 1
    orders = rng.binomial(sessions, rng.beta(2, 6, (2_000, 150)))
    hits, naive = [], []
    for x, y in zip(sessions, orders, strict=True):
        found = ratio_value(moments(y, x))
        hits.append(found.ci_lower <= 0.25 <= found.ci_upper)
        half = (found.ci_upper - found.ci_lower) / 2
        naive.append(half / (1.96 * sqrt(found.value * (1 - found.value) / x.sum())))
    assert np.mean(hits) == pytest.approx(0.95, abs=0.02)
    assert np.mean(naive) > 1.15


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ratio_value(moments([1.0, 2])),
            "a ratio needs a numerator and a denominator, got 1 columns",
        ),
        (
            lambda: ratio_effect(moments([1.0, 2], [1.0, 2]), moments([1.0, 2], [0.0, 0])),
            "the denominator's mean must be above 0 in each arm, got 0 in treatment",
        ),
    ],
)
def test_bad_input_says_what_must_hold(call, message):
    with pytest.raises(InputError) as error:
        call()
    assert str(error.value) == message
