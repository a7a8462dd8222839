"""cxlib.stats.time_effects: R's survival package, plain means, hand-worked areas, error texts."""

import json
from math import inf
from pathlib import Path

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.time_effects import TimeCounts, largest_horizon, restricted_mean_effect

KNOWN = json.loads((Path(__file__).parents[1] / "reference" / "ab_effects.json").read_text())


def counts(times, events):
    t, e = np.asarray(times, dtype=float), np.asarray(events)
    at = np.unique(t)
    return TimeCounts(
        times=at,
        events=[int(e[t == time].sum()) for time in at],
        censored=[int((1 - e)[t == time].sum()) for time in at],
    )


def test_it_is_the_restricted_mean_of_r_s_survival_package():
    case = KNOWN["restricted_mean"]
    arms = {name: counts(case[name]["t"], case[name]["e"]) for name in ("control", "treatment")}
    found = restricted_mean_effect(arms["control"], arms["treatment"], horizon=12)
    for name in arms:
        value = getattr(found, name)
        error = (value.ci_upper - value.value) / 1.959963984540054
        assert (value.value, error) == pytest.approx((case[name]["rmean"], case[name]["se"]))
        assert value.p_value is None
    assert found.effect.effect.value == pytest.approx(6.025 - 8.38571428571)
    assert found.effect.std_error == pytest.approx(np.hypot(1.22848480948, 1.2004296106))
    assert found.log_rank_p == pytest.approx(case["log_rank_p"], abs=1e-8)


def test_without_censoring_it_is_the_mean_of_times_cut_at_the_horizon():
    """Error: that of the mean with divisor n; R's and ours have n where Student has n - 1."""
    rng = np.random.default_rng(3)
    rows = rng.exponential(10, 80).round(1), rng.exponential(14, 60).round(1)
    arms = [counts(row, np.ones(len(row), dtype=int)) for row in rows]
    found = restricted_mean_effect(*arms, horizon=15)
    cut = [np.minimum(row, 15) for row in rows]
    assert found.effect.effect.value == pytest.approx(cut[1].mean() - cut[0].mean())
    want = np.sqrt(sum(row.var() / len(row) for row in cut))
    assert found.effect.std_error == pytest.approx(want, rel=1e-9)
    assert found.effect.rel_effect.value == pytest.approx(cut[1].mean() / cut[0].mean() - 1)


def test_a_hand_worked_area():
    """Events at 1 and 3 of 2 units: S is 1, then 1/2, then 0: area to 4 is 1 + 2 · 1/2 = 2."""
    arm = counts([1, 3], [1, 1])
    found = restricted_mean_effect(arm, arm, horizon=4)
    assert found.control.value == pytest.approx(2)
    assert (found.effect.effect.value, found.effect.effect.p_value) == (0, 1)
    assert found.log_rank_p == pytest.approx(1)


def test_turning_the_arms_round_turns_the_effect_round():
    one, other = counts([1, 2, 5, 9], [1, 1, 0, 1]), counts([2, 4, 6, 9], [1, 0, 1, 0])
    ahead = restricted_mean_effect(one, other, horizon=8)
    back = restricted_mean_effect(other, one, horizon=8)
    assert ahead.effect.effect.ci_lower == pytest.approx(-back.effect.effect.ci_upper)
    assert ahead.log_rank_p == pytest.approx(back.log_rank_p)


def test_the_horizon_ends_with_the_arm_followed_least():
    short, long, done = counts([3, 7], [1, 0]), counts([3, 9], [1, 0]), counts([3, 7], [1, 1])
    assert largest_horizon(short, long) == 7
    assert largest_horizon(done, long) == 9
    assert largest_horizon(done) == inf


def test_an_event_and_a_censoring_at_the_last_time_leave_the_curve_above_0():
    arm = TimeCounts(times=[3, 7, 8], events=[1, 1, 0], censored=[0, 1, 0])
    assert largest_horizon(arm) == 7


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: restricted_mean_effect(
                counts([3, 7], [1, 0]), counts([3, 9], [1, 0]), horizon=8
            ),
            "horizon must be above 0 and at most 7, the last time every arm was followed to, got 8",
        ),
        (
            lambda: TimeCounts(times=[1], events=[1, 2], censored=[0]),
            "times, events and censored must be of one length, got 1, 2 and 1",
        ),
        (
            lambda: TimeCounts(times=[-1, 2], events=[1, 2], censored=[0, 0]),
            "times must each stand once and be 0 or more",
        ),
        (
            lambda: TimeCounts(times=[1, 2], events=[1, -2], censored=[0, 0]),
            "events and censored must be 0 or more",
        ),
        (
            lambda: TimeCounts(times=[1], events=[1], censored=[0]),
            "an arm needs at least 2 units, got 1",
        ),
    ],
)
def test_bad_input_says_what_must_hold(call, message):
    with pytest.raises(InputError) as error:
        call()
    assert str(error.value) == message


def test_no_event_at_all_cannot_be_compared():
    arm = counts([5, 5], [0, 0])
    with pytest.raises(InputError, match="at least 1 event"):
        restricted_mean_effect(arm, arm, horizon=5)
