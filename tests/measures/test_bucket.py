"""The leaky bucket: golden figures, the recursion, refused values."""

import pytest

from cxlib.errors import InputError
from cxlib.measures.bucket import (
    base_path,
    equivalent_acquisition,
    equivalent_curve,
    leaky_bucket,
    steady_state,
)
from cxlib.stats.proportions import proportion


def test_a_thousand_a_month_settle_at_twenty_thousand_and_a_lower_churn_is_worth_a_quarter_more():
    """The worked figures of the domain: 5 % gives 20,000, 4 % gives 25,000, as +25 % would."""
    today, lower = equivalent_curve(1000, churn=0.05, lower=[0.04])
    assert today.steady_state == pytest.approx(20_000)
    assert lower.steady_state == pytest.approx(25_000)
    assert lower.equivalent_share == pytest.approx(0.25)
    assert lower.equivalent_customers == pytest.approx(250)
    assert steady_state(1250, churn=0.05) == pytest.approx(lower.steady_state)


def test_the_base_moves_towards_its_steady_state_and_stays_there():
    """10,000 next month: 10,000 · 0.95 + 1,000 = 10,500."""
    path = base_path(10_000, churn=0.05, acquired=1000, periods=400)
    assert path[:2] == (10_000, 10_500)
    assert path[-1] == pytest.approx(20_000, rel=1e-6)
    assert base_path(20_000, churn=0.05, acquired=1000, periods=3) == pytest.approx([20_000] * 4)


def test_a_measured_churn_carries_its_interval_to_the_base():
    """More churn, smaller base: the limits change sides."""
    churn = proportion(50, 1000)
    bucket = leaky_bucket(churn, base=1000, acquired=100, reductions=[0.2])
    assert bucket.steady.value == pytest.approx(2000)
    assert bucket.steady.ci_lower == pytest.approx(100 / churn.ci_upper)
    assert bucket.steady.ci_upper == pytest.approx(100 / churn.ci_lower)
    assert [one.equivalent_share for one in bucket.buckets] == pytest.approx([0, 0.25])
    assert bucket.path == base_path(1000, churn=0.05, acquired=100, periods=4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: steady_state(1000, churn=0),
            "churn must be above 0 to 1 per period, got 0",
        ),
        (
            lambda: base_path(1, churn=1.2, acquired=1, periods=1),
            "churn must be 0 to 1 per period, got 1.2",
        ),
        (
            lambda: base_path(1, churn=0.1, acquired=-1, periods=1),
            "acquired must be 0 or more, got -1",
        ),
        (
            lambda: base_path(-1, churn=0.1, acquired=1, periods=1),
            "base and periods must be 0 or more, got -1 and 1",
        ),
        (
            lambda: equivalent_acquisition(0.04, lower_churn=0.05),
            "lower_churn must be at most 0.04, got 0.05",
        ),
        (
            lambda: leaky_bucket(proportion(5, 10), base=1, acquired=1, reductions=[1.0]),
            "reductions must be above 0 and below 1, got 1.0",
        ),
    ],
)
def test_impossible_buckets_are_refused(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
