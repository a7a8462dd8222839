"""cxlib.stats.quantile_effects: hand-worked ranks, scipy, agreement of p and interval, errors."""

from math import inf, isnan

import numpy as np
import pytest
from scipy.stats import quantile_test

from cxlib.errors import InputError
from cxlib.stats.quantile_effects import quantile_effect, quantile_value


def test_a_hand_worked_median():
    """1 to 100: rank 50; 50 ± 1.95996 · 5 = 40.2 and 59.8, so ranks 41 and 60."""
    found = quantile_value(range(1, 101), [1] * 100)
    assert (found.value, found.ci_lower, found.ci_upper) == (50, 41, 60)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_the_limits_are_within_a_rank_of_the_exact_binomial_ones(share):
    """scipy.stats.quantile_test gives one-sided exact limits; both ends of 95 % are its 97.5 %."""
    rows = np.arange(1, 301)
    found = quantile_value(rows, [1] * 300, share=share)
    low = quantile_test(rows, p=share, alternative="less").confidence_interval(0.975)
    high = quantile_test(rows, p=share, alternative="greater").confidence_interval(0.975)
    ends = sorted(end for both in (low, high) for end in both if np.isfinite(end))
    assert (found.ci_lower, found.ci_upper) == pytest.approx((ends[0], ends[-1]), abs=1)


def test_two_equal_distances_join_by_pythagoras():
    """Each arm 50, limits 41 and 60: 0 ± sqrt(9² + 10²) = 13.4536; 30 later, all 30 more."""
    values = list(range(1, 131))
    control, treatment = [1] * 100 + [0] * 30, [0] * 30 + [1] * 100
    found = quantile_effect(values, control=control, treatment=treatment).effect
    assert found.value == 30
    assert (found.ci_lower, found.ci_upper) == pytest.approx((30 - 13.4536, 30 + 13.4536), abs=1e-4)
    assert found.p_value < 0.001


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_p_and_interval_agree_at_any_level(seed, share):
    rng = np.random.default_rng(seed)
    rows = rng.gamma(2, 5, 200).round(), rng.gamma(2, 6, 150).round()
    values = np.union1d(*rows)
    counts = [[int((row == value).sum()) for value in values] for row in rows]
    arms = {"control": counts[0], "treatment": counts[1], "share": share}
    usual = quantile_effect(values, **arms)
    for level in (0.9, 0.95, 0.99):
        found = quantile_effect(values, **arms, confidence_level=level).effect
        assert found.excludes(0) == (usual.effect.p_value < 1 - level)
    other = quantile_effect(values, control=counts[1], treatment=counts[0], share=share)
    assert other.effect.value == -usual.effect.value
    assert other.effect.p_value == pytest.approx(usual.effect.p_value)
    assert other.std_error == pytest.approx(usual.std_error)


def test_minutes_read_from_seconds_change_the_difference_and_not_the_ratio():
    values, arms = (
        range(1, 131),
        {"control": [1] * 100 + [0] * 30, "treatment": [0] * 30 + [1] * 100},
    )
    seconds = quantile_effect(values, **arms)
    minutes = quantile_effect(values, **arms, scale=1 / 60)
    assert minutes.effect.ci_lower == pytest.approx(seconds.effect.ci_lower / 60)
    assert minutes.rel_effect.ci_lower == pytest.approx(seconds.rel_effect.ci_lower)
    assert seconds.rel_effect.value == pytest.approx(0.6)


def test_too_few_units_beyond_a_high_quantile_give_no_limits():
    found = quantile_effect(range(1, 21), control=[1] * 20, treatment=[1] * 20, share=0.9)
    assert isnan(found.effect.ci_lower)
    assert found.effect.p_value == 1.0
    assert isnan(quantile_value(range(1, 21), [1] * 20, share=0.95).ci_upper)


def test_a_quantile_of_0_has_no_ratio():
    found = quantile_effect((0, 1), control=(90, 10), treatment=(10, 90))
    assert isnan(found.rel_effect.value)
    assert found.effect.value == 1


def test_one_value_for_all_is_no_effect():
    found = quantile_effect((3,), control=(50,), treatment=(60,))
    assert (found.effect.value, found.effect.p_value, found.std_error, found.df) == (0, 1.0, 0, inf)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: quantile_value((1,), (2,), share=1), "share must be above 0 and below 1, got 1"),
        (
            lambda: quantile_effect((1, 2), control=(1, 1), treatment=(1,)),
            "values and counts must be of one length, got 2 and 1 in treatment",
        ),
        (lambda: quantile_value((1, 1), (2, 2)), "each value must stand once"),
        (lambda: quantile_value((1,), (-2,)), "counts must be 0 or more, got -2 in the arm"),
        (
            lambda: quantile_effect((1,), control=(0,), treatment=(1,)),
            "a quantile needs at least 1 unit, got 0 in control",
        ),
        (
            lambda: quantile_effect((1,), control=(1,), treatment=(1,), scale=0),
            "scale must be above 0, got 0",
        ),
    ],
)
def test_bad_input_says_what_must_hold(call, message):
    with pytest.raises(InputError) as error:
        call()
    assert str(error.value) == message
