"""cxlib.stats.cuped: tea-tasting, statsmodels, invariants, unequal splits, error texts."""

import json
from math import isnan
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm

from cxlib.errors import InputError
from cxlib.stats.cuped import Moments, mean_effect

KNOWN = json.loads((Path(__file__).parents[1] / "reference" / "ab_effects.json").read_text())


def moments(*columns):
    table = np.asarray(columns, dtype=float)
    return Moments(n=table.shape[1], means=table.mean(axis=1), cov=np.atleast_2d(np.cov(table)))


def rows(seed, n, m, *, slope=1.0):
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(2, n)), rng.normal(size=(2, m))
    control = 5 + slope * x[0] + 0.5 * x[1] + rng.normal(size=n)
    treatment = 5.3 + slope * z[0] + 0.5 * z[1] + rng.normal(size=m)
    return (control, *x), (treatment, *z)


def test_without_covariates_it_is_tea_tasting_s_mean():
    case = KNOWN["tea_tasting"]
    y, arm = np.array(case["rows"]["y"]), np.array(case["rows"]["variant"])
    found = mean_effect(moments(y[arm == 0]), moments(y[arm == 1]))
    want, effect, relative = case["mean"], found.effect.effect, found.effect.rel_effect
    assert effect.value == pytest.approx(want["effect"])
    assert (effect.ci_lower, effect.ci_upper) == pytest.approx(want["interval"])
    assert (relative.ci_lower, relative.ci_upper) == pytest.approx(want["relative_interval"])
    assert effect.p_value == pytest.approx(want["p_value"])
    assert found.variance_reduction == 0
    assert found.effect == found.unadjusted


@pytest.mark.parametrize("covariates", [1, 2])
def test_with_arms_of_one_size_it_is_the_analysis_of_covariance(covariates):
    """statsmodels OLS of y on arm and covariates: coefficient and plain standard error."""
    control, treatment = (arm[: covariates + 1] for arm in rows(1, 40, 40))
    found = mean_effect(moments(*control), moments(*treatment))
    table = np.hstack([np.stack(control), np.stack(treatment)])
    design = sm.add_constant(np.column_stack([np.repeat([0, 1], 40), table[1:].T]))
    fit = sm.OLS(table[0], design).fit()
    assert found.effect.effect.value == pytest.approx(fit.params[1])
    assert found.effect.std_error == pytest.approx(fit.bse[1])
    assert found.theta == pytest.approx(fit.params[2:])


def test_no_slope_gives_a_smaller_error_than_the_one_chosen():
    """Slopes 3 and 0, split 5 to 1: every other slope on a grid has a larger variance."""
    rng = np.random.default_rng(4)
    x, z = rng.normal(size=500), rng.normal(size=100)
    arms = moments(3 * x + rng.normal(size=500), x), moments(rng.normal(size=100), z)
    found = mean_effect(*arms)

    def variance(theta):
        turn = np.array([1, -theta])
        return sum(float(turn @ arm.cov @ turn) / arm.n for arm in arms)

    best = variance(float(found.theta[0]))
    assert all(best <= variance(theta) for theta in np.linspace(-1, 4, 101))
    assert 0 < found.variance_reduction < 1


def test_a_useless_covariate_claims_no_gain_and_a_noisy_one_never_a_negative():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        arms = [moments(rng.normal(size=20), rng.normal(size=20)) for _ in range(2)]
        assert mean_effect(*arms).variance_reduction >= 0
    flat = [moments([1.0, 2, 4], [7.0, 7, 7]), moments([2.0, 3, 9], [7.0, 7, 7])]
    found = mean_effect(*flat)
    assert (found.variance_reduction, found.theta.tolist()) == (0, [0])
    assert found.effect.effect.method == "Welch"


def test_a_covariate_in_other_units_or_twice_changes_nothing():
    control, treatment = rows(3, 50, 30)
    one = mean_effect(moments(*control[:2]), moments(*treatment[:2]))
    far = [(y, 1e6 * x - 5, x) for y, x, _ in (control, treatment)]
    other = mean_effect(moments(*far[0]), moments(*far[1]))
    assert other.effect.effect.ci_lower == pytest.approx(one.effect.effect.ci_lower)
    assert other.effect.effect.p_value == pytest.approx(one.effect.effect.p_value)
    assert other.variance_reduction == pytest.approx(one.variance_reduction)


def test_the_reduction_is_the_squared_correlation():
    """Correlation 0.8 drawn with 20,000 units: 1 - 0.8² of the variance stays."""
    rng = np.random.default_rng(9)
    arms = []
    for _ in range(2):
        x = rng.normal(size=20_000)
        arms.append(moments(0.8 * x + 0.6 * rng.normal(size=20_000), x))
    assert mean_effect(*arms).variance_reduction == pytest.approx(0.64, abs=0.01)


def test_an_exact_covariate_leaves_no_error():
    arms = moments([1.0, 2, 3, 4], [1.0, 2, 3, 4]), moments([3.0, 4, 5, 6], [2.0, 3, 4, 5])
    found = mean_effect(*arms)
    assert found.effect.effect.value == pytest.approx(1)
    assert found.effect.std_error == 0


def test_adjusted_values_differ_by_the_effect_and_their_ratio_is_the_relative():
    found = mean_effect(*(moments(*arm) for arm in rows(5, 60, 90)))
    gap = found.treatment_value - found.control_value
    assert gap == pytest.approx(found.effect.effect.value)
    ratio = found.treatment_value / found.control_value - 1
    assert found.effect.rel_effect.value == pytest.approx(ratio)


def test_a_mean_not_above_0_has_no_relative_effect():
    found = mean_effect(moments([-1.0, 1]), moments([1.0, 2]))
    assert isnan(found.effect.rel_effect.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Moments(n=1, means=np.zeros(1), cov=np.zeros((1, 1))),
            "an arm needs at least 2 units, got 1",
        ),
        (
            lambda: Moments(n=5, means=np.zeros(2), cov=np.zeros((1, 1))),
            "cov must have one row and one column per mean, got (1, 1) for 2",
        ),
        (
            lambda: Moments(n=5, means=np.array([np.nan]), cov=np.zeros((1, 1))),
            "means and cov must be finite numbers",
        ),
        (
            lambda: Moments(n=5, means=np.zeros(1), cov=np.full((1, 1), -1.0)),
            "variances must be 0 or more, got -1.0",
        ),
        (
            lambda: mean_effect(moments([1.0, 2]), moments([1.0, 2], [2.0, 1])),
            "both arms must have the same columns, got 1 in control and 2 in treatment",
        ),
        (
            lambda: mean_effect(
                moments([1.0, 2], [1.0, 3], [5.0, 1]), moments([1.0, 2], [2.0, 1], [4.0, 9])
            ),
            "an adjustment by 2 covariates needs more than 4 units in both arms, got 4",
        ),
    ],
)
def test_bad_input_says_what_must_hold(call, message):
    with pytest.raises(InputError) as error:
        call()
    assert str(error.value) == message
