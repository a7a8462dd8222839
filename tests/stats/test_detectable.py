"""cxlib.stats.detectable: the inverse of the sample sizes, the chance at them, errors."""

import pytest

from cxlib.errors import InputError
from cxlib.stats.detectable import detectable_proportion, minimum_detectable_effect, power_of
from cxlib.stats.power import sample_for_nps, sample_for_proportions


@pytest.mark.parametrize(("baseline", "target"), [(0.38, 0.40), (0.70, 0.50), (0.05, 0.07)])
def test_detectable_share_is_the_inverse_of_the_sample(baseline, target):
    n = sample_for_proportions(baseline, target).n_per_group
    direction = "up" if target > baseline else "down"
    found = detectable_proportion(n, baseline=baseline, direction=direction)
    assert found == pytest.approx(target, abs=2e-3)
    assert abs(found - baseline) <= abs(target - baseline)


def test_detectable_difference_is_the_inverse_of_the_sample():
    n = sample_for_nps(25, 30).n_per_group
    found = minimum_detectable_effect(n, variance_control=6_500, variance_treatment=6_500)
    assert found == pytest.approx(5, abs=1e-3)


def test_200_answers_cannot_tell_25_from_30():
    """2.8016 sqrt(13000 / 200) = 22.6 points."""
    found = minimum_detectable_effect(200, variance_control=6_500, variance_treatment=6_500)
    assert found == pytest.approx(22.587, abs=1e-3)


def test_no_share_is_far_enough_away_for_a_tiny_sample():
    assert detectable_proportion(5, baseline=0.9) is None


def test_power_is_80_percent_at_the_sample_and_5_percent_without_effect():
    v = {"variance_control": 0.0475, "variance_treatment": 0.0651}
    assert power_of(0.02, n_per_group=2_210, **v) == pytest.approx(0.80, abs=1e-3)
    assert power_of(0.0, n_per_group=2_210, **v) == pytest.approx(0.05)


def test_one_answer_is_refused():
    with pytest.raises(InputError) as caught:
        minimum_detectable_effect(1, variance_control=1, variance_treatment=1)
    assert str(caught.value) == "n_per_group must be 2 or more, got 1"
