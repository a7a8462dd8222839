"""Kaplan-Meier from counts: by hand, against statsmodels, coverage of its quantiles."""

import json
from math import isnan
from pathlib import Path

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.survival import count_quantile, survival_curve

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "survival.json").read_text(encoding="utf-8")
)


def test_the_product_by_hand():
    """Five contacts: replies at 2, 4 and 9, two still waiting at 4 and 7: 4/5 · 3/4 · 0/1."""
    curve = survival_curve([2, 4, 7, 9], events=[1, 1, 0, 1], censored=[0, 1, 1, 0])
    assert curve.times.tolist() == [2, 4, 9]
    assert curve.survival.tolist() == pytest.approx([0.8, 0.6, 0.0])
    assert (curve.n_obs, curve.n_events) == (5, 3)
    assert curve.quantile(0.4).value == 4
    assert curve.quantile(0.5).value == 9


def test_curve_and_quantiles_are_those_of_statsmodels():
    """The command stands in tests/reference/survival.json."""
    curve = survival_curve(
        REFERENCE["times"], events=REFERENCE["events"], censored=REFERENCE["censored"]
    )
    for time, share in REFERENCE["survival"].items():
        place = np.searchsorted(curve.times, float(time), side="right") - 1
        assert curve.survival[place] == pytest.approx(share)
    for share, (value, lower, upper) in REFERENCE["quantiles"].items():
        found = curve.quantile(float(share))
        assert found.value == value
        if np.isinf(upper):
            assert isnan(found.ci_upper)
        else:
            assert (found.ci_lower, found.ci_upper) == (lower, upper)


def test_without_censoring_the_median_is_that_of_the_values():
    values = np.random.default_rng(2).permutation(np.arange(1, 102))
    curve = survival_curve(values, events=np.ones(101, int), censored=np.zeros(101, int))
    assert curve.quantile(0.5).value == 51


def test_leaving_the_waiting_out_would_make_a_slow_desk_quick():
    """50 answered in 10 minutes, 50 still waiting after 60: the median is not 10 minutes."""
    curve = survival_curve([10, 60], events=[50, 0], censored=[0, 50])
    assert curve.quantile(0.4).value == 10
    assert curve.quantile(0.6) is None


def test_an_unreached_upper_limit_leaves_no_interval():
    curve = survival_curve([1, 2, 3, 4], events=[1, 1, 1, 0], censored=[0, 0, 0, 2])
    assert curve.quantile(0.5).value == 3
    assert not curve.quantile(0.5).has_interval


def test_a_scale_turns_seconds_into_minutes():
    curve = survival_curve(np.arange(1, 101), events=np.ones(100, int), censored=np.zeros(100, int))
    assert curve.quantile(0.5, scale=1 / 60).value == pytest.approx(50 / 60)


def test_median_and_ninetieth_percentile_cover_under_censoring():
    """2,000 draws of 250 lognormal waits with exponential censoring: 0.94 to 0.98.

    True quantiles: exp(2) and exp(2 + 1.2816). Waits are rounded up to 0.1.
    """
    draw = np.random.default_rng(30)
    hits = np.zeros(2)
    for _ in range(2000):
        wait, seen = draw.lognormal(2, 1, 250), draw.exponential(80, 250)
        done = wait <= seen
        at = np.round(np.ceil(10 * np.minimum(wait, seen)) / 10, 1)
        times, place = np.unique(at, return_inverse=True)
        events = np.bincount(place, weights=done, minlength=len(times))
        censored = np.bincount(place, weights=~done, minlength=len(times))
        curve = survival_curve(times, events=events, censored=censored)
        for k, (share, truth) in enumerate(((0.5, np.exp(2)), (0.9, np.exp(2 + 1.28155)))):
            found = curve.quantile(share)
            hits[k] += found.ci_lower <= truth + 0.1 and truth <= found.ci_upper
    assert (hits / 2000 >= 0.94).all()
    assert (hits / 2000 <= 0.98).all()


def test_a_quantile_of_counts_is_the_smallest_value_with_that_share_below():
    """Counts 1, 2, 1 at 10, 20, 30: three quarters lie at 20 or below."""
    assert count_quantile([30, 10, 20], [1, 1, 2], share=0.75) == 20
    assert count_quantile([30, 10, 20], [1, 1, 2], share=0.76) == 30


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: survival_curve([1], events=[0], censored=[3]),
            "a survival curve needs at least 1 event, got 0",
        ),
        (
            lambda: survival_curve([1, 1], events=[1, 1], censored=[0, 0]),
            "times must each stand once and be 0 or more",
        ),
        (
            lambda: survival_curve([1], events=[-1], censored=[2]),
            "events and censored must be 0 or more",
        ),
        (
            lambda: survival_curve([1, 2], events=[1], censored=[2]),
            "times, events and censored must be of one length, got 2, 1 and 1",
        ),
        (
            lambda: survival_curve([1], events=[1], censored=[0]).quantile(1.0),
            "share must be above 0 and below 1, got 1.0",
        ),
        (
            lambda: count_quantile([1], [0], share=0.5),
            "a quantile needs at least 1 observation, got 0",
        ),
    ],
)
def test_impossible_counts_are_refused(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
