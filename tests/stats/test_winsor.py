"""cxlib.stats.winsor: the cap of all arms together, and what it refuses."""

import pytest

from cxlib.errors import InputError
from cxlib.stats.winsor import Cap, winsor_cap


def test_a_hand_worked_cap():
    """Values 1 to 100 once each: 99 % are at or below 99, one stands above."""
    found = winsor_cap(list(range(1, 101)), counts=[1] * 100)
    assert found == Cap(value=99, share=0.99, n_obs=100, n_capped=1)


def test_the_arms_are_added_before_anything_is_read():
    pooled = winsor_cap([1, 5, 50], counts=[50, 40, 10], share=0.9)
    by_arm = winsor_cap([1, 5, 50], counts=[[50, 0, 0], [0, 40, 10]], share=0.9)
    assert pooled == by_arm == winsor_cap([1, 5, 50], counts=[[0, 40, 10], [50, 0, 0]], share=0.9)
    assert (pooled.value, pooled.n_capped) == (5, 10)


@pytest.mark.parametrize(
    ("values", "counts", "share", "message"),
    [
        ([1, 2], [1, 1], 0.5, "share must be in [0.9, 1), got 0.5"),
        ([1, 2], [1], 0.99, "values and counts must be of one length, got 2 and 1"),
        (
            [0, 80],
            [995, 5],
            0.99,
            (
                "the cap would be 0, the lowest value: at least 0.99 of all units hold it; "
                "choose a higher share, or no cap"
            ),
        ),
        ([1], [0], 0.99, "a quantile needs at least 1 observation, got 0"),
    ],
)
def test_bad_input_says_what_must_hold(values, counts, share, message):
    with pytest.raises(InputError) as error:
        winsor_cap(values, counts=counts, share=share)
    assert str(error.value) == message
