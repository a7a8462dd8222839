"""cxlib.stats.effects: shares and NPS of two arms, hand-worked, mirrored, and error texts."""

from math import inf, isnan, sqrt

import numpy as np
import pytest
from scipy.stats import ttest_ind

from cxlib.errors import InputError
from cxlib.stats.effects import log_ratio, nps_effect, proportion_effect, t_estimate


def test_a_hand_worked_share():
    """60 of 200 against 40 of 200: 10 pp, +50 %, se sqrt(.3*.7/200 + .2*.8/200) = 0.0430116."""
    found = proportion_effect(40, 200, x_treatment=60, n_treatment=200)
    assert found.effect.value == pytest.approx(0.1)
    assert found.rel_effect.value == pytest.approx(0.5)
    assert found.std_error == pytest.approx(0.0430116, abs=1e-7)
    assert found.df == inf


def test_the_relative_share_has_the_p_of_its_own_log_ratio():
    """ln 1.5 / sqrt(1/60 - 1/200 + 1/40 - 1/200) = 2.2785; two-sided normal p 0.022696."""
    found = proportion_effect(40, 200, x_treatment=60, n_treatment=200).rel_effect
    assert found.p_value == pytest.approx(0.022696, abs=1e-6)
    assert found.ci_lower > 0


def test_no_success_has_a_difference_and_no_relative_limits():
    never = proportion_effect(0, 50, x_treatment=4, n_treatment=50)
    assert isnan(never.rel_effect.value)
    lost = proportion_effect(4, 50, x_treatment=0, n_treatment=50)
    assert lost.rel_effect.value == -1
    assert isnan(lost.rel_effect.ci_lower)
    assert lost.rel_effect.p_value is None
    assert lost.effect.ci_upper < 0.01


def test_everybody_in_both_arms_is_no_effect():
    found = proportion_effect(5, 5, x_treatment=9, n_treatment=9)
    assert (found.effect.p_value, found.rel_effect.p_value, found.std_error) == (1.0, 1.0, 0.0)


def test_nps_is_welch_on_answers_scored_100_0_and_minus_100():
    """scipy.stats.ttest_ind(equal_var=False) on the answers written out."""
    found = nps_effect((30, 40, 30), (50, 20, 20))
    rows = [np.repeat([100, 0, -100], counts) for counts in ((50, 20, 20), (30, 40, 30))]
    other = ttest_ind(*rows, equal_var=False)
    limits = other.confidence_interval(0.95)
    assert found.effect.value == pytest.approx(100 * (30 / 90))
    assert found.effect.p_value == pytest.approx(other.pvalue, rel=1e-9)
    assert (found.effect.ci_lower, found.effect.ci_upper) == pytest.approx(tuple(limits))
    assert found.rel_effect is None


def test_turning_the_arms_round_turns_the_effect_round():
    one, other = nps_effect((9, 3, 1), (4, 4, 4)), nps_effect((4, 4, 4), (9, 3, 1))
    assert one.effect.value == pytest.approx(-other.effect.value)
    assert one.effect.p_value == pytest.approx(other.effect.p_value)


def test_all_promoters_in_both_arms_are_no_effect():
    found = nps_effect((8, 0, 0), (9, 0, 0))
    assert (found.effect.value, found.effect.p_value, found.std_error) == (0, 1.0, 0.0)


def test_a_log_ratio_by_hand():
    """2 over 1, se of the log 0.1: exp(ln 2 ± 0.195996) - 1 = 0.6440, 1.4331."""
    found = log_ratio(2.0, 1.0, std_error=0.1, df=inf, n_obs=9, confidence_level=0.95)
    assert (found.value, found.ci_lower, found.ci_upper) == pytest.approx(
        (1.0, 0.64403, 1.43305), abs=1e-5
    )


def test_a_ratio_of_values_not_above_0_has_no_limits():
    found = log_ratio(2.0, -1.0, std_error=0.1, df=inf, n_obs=9, confidence_level=0.95)
    assert isnan(found.value)
    assert found.p_value is None


def test_a_vast_error_gives_an_infinite_limit_not_an_overflow():
    found = log_ratio(2.0, 1.0, std_error=900.0, df=inf, n_obs=9, confidence_level=0.95)
    assert (found.ci_lower, found.ci_upper) == (-1, inf)


def test_without_error_the_interval_is_the_value():
    options = {"df": 5, "n_obs": 9, "unit": "rating", "method": "t", "confidence_level": 0.95}
    found = t_estimate(1.0, std_error=0.0, **options)
    assert (found.ci_lower, found.ci_upper, found.p_value) == (1.0, 1.0, 0.0)
    assert t_estimate(0.0, std_error=0.0, **options).p_value == 1.0


def test_a_higher_level_is_wider():
    usual = proportion_effect(40, 200, x_treatment=60, n_treatment=200)
    wide = proportion_effect(40, 200, x_treatment=60, n_treatment=200, confidence_level=0.99)
    assert wide.effect.ci_lower < usual.effect.ci_lower < usual.effect.ci_upper
    assert wide.std_error == usual.std_error == pytest.approx(sqrt(0.00105 + 0.0008))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: nps_effect((1, -1, 2), (1, 1, 1)),
            "promoters, passives and detractors must be 0 or more, got 1, -1 and 2",
        ),
        (
            lambda: nps_effect((1, 0, 0), (1, 1, 1)),
            "an NPS effect needs 2 answers in each arm, got 1",
        ),
        (
            lambda: proportion_effect(1, 2, x_treatment=3, n_treatment=2),
            "successes must be from 0 to 2, got 3",
        ),
        (
            lambda: proportion_effect(1, 2, x_treatment=1, n_treatment=2, confidence_level=0.5),
            "confidence_level must be in [0.9, 1), got 0.5",
        ),
    ],
)
def test_bad_input_says_what_must_hold(call, message):
    with pytest.raises(InputError) as error:
        call()
    assert str(error.value) == message
