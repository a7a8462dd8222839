"""cxlib.stats.shrinkage: the worked trap, hand cases, coverage by simulation, errors."""

import json
from pathlib import Path

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.shrinkage import (
    expected_regression,
    regression_to_mean,
    reliability,
    shrink_means,
)

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "shrinkage.json").read_text(encoding="utf-8")
)


def test_the_worst_tenth_of_200_stores_gains_15_6_points_with_no_action():
    """The project's worked trap: true SD 5, noise 10. i(20 of 200) = 1.742; 1.742 × 100 / 11.18."""
    gain = expected_regression(n_units=200, n_picked=20, sd_between=5, sd_within=10)
    assert round(gain, 1) == 15.6


def test_simulated_stores_gain_what_the_formula_says():
    """2,000 seeded chains of 200 stores measured twice, the worst 20 of the first time picked."""
    rng = np.random.default_rng(11)
    true = rng.normal(0, 5, (2_000, 200))
    first, second = (true + rng.normal(0, 10, true.shape) for _ in range(2))
    worst = np.argsort(first, axis=1)[:, :20]
    gain = np.take_along_axis(second, worst, 1).mean() - np.take_along_axis(first, worst, 1).mean()
    assert gain == pytest.approx(
        expected_regression(n_units=200, n_picked=20, sd_between=5, sd_within=10), abs=0.1
    )


def test_without_luck_nothing_returns_to_the_mean():
    assert expected_regression(n_units=50, n_picked=5, sd_between=3, sd_within=0) == 0


def test_reliability_of_a_hand_worked_table():
    """Units 1, 2, 3 over two periods, period effect ±0.5, one swap of ±0.2 left as noise.

    Unit means 1, 2, 3 (mean square 2); residual squares 4 × 0.2² over (2)(1) = 0.08:
    between = (2 - 0.08) / 2 = 0.96; over 2 periods luck = 0.04; share = 0.96.
    """
    means = np.array([[0.7, 1.3], [1.3, 2.7], [2.5, 3.5]])
    found = reliability(means, periods_per_mean=2)
    assert found.variance_between == pytest.approx(0.96)
    assert found.variance_within == pytest.approx(0.04)
    assert found.share == pytest.approx(0.96)


def test_a_season_that_moves_all_units_alike_changes_no_reliability():
    means = np.random.default_rng(1).normal(4, 0.3, (12, 6)) + np.arange(12)[:, None] / 10
    season = np.array([0.5, -0.4, 0.1, 0, 0.3, -1])
    assert reliability(means + season).share == pytest.approx(reliability(means).share)


def test_covariance_analysis_agrees_with_statsmodels():
    case = REFERENCE["ancova"]
    found = regression_to_mean(case["before"], case["after"], picked=case["picked"])
    assert found.slope == pytest.approx(case["slope"], rel=1e-9)
    rest = found.remaining
    expected = (case["remaining"], case["ci_lower"], case["ci_upper"], case["p_value"])
    assert (rest.value, rest.ci_lower, rest.ci_upper, rest.p_value) == pytest.approx(
        expected, rel=1e-9
    )


def test_observed_is_expected_plus_remaining():
    case = REFERENCE["ancova"]
    for known in (None, 0.4):
        found = regression_to_mean(
            case["before"], case["after"], picked=case["picked"], known_reliability=known
        )
        assert found.observed.value == pytest.approx(found.expected + found.remaining.value)


@pytest.mark.parametrize("known", [None, 0.5])
def test_the_rest_of_no_action_covers_zero_as_often_as_stated(known):
    """3,000 seeded chains of 24 stores, reliability 0.5, the worst 6 picked, no action."""
    rng = np.random.default_rng(21)
    hits, rests = [], []
    for _ in range(3_000):
        true = rng.normal(4, 0.1, 24)
        before, after = true + rng.normal(0, 0.1, 24), true + 0.05 + rng.normal(0, 0.07, 24)
        picked = before <= np.sort(before)[5]
        rest = regression_to_mean(before, after, picked=picked, known_reliability=known).remaining
        hits.append(not rest.excludes(0))
        rests.append(rest.value)
    assert np.mean(hits) == pytest.approx(0.95, abs=0.012)
    assert np.mean(rests) == pytest.approx(0, abs=0.004)


def test_a_real_gain_of_picked_units_is_recovered():
    """As above with a true gain of 0.3 rating points."""
    rng = np.random.default_rng(22)
    found = []
    for _ in range(500):
        true = rng.normal(4, 0.1, 24)
        before = true + rng.normal(0, 0.1, 24)
        picked = before <= np.sort(before)[5]
        after = true + 0.3 * picked + rng.normal(0, 0.07, 24)
        found.append(regression_to_mean(before, after, picked=picked).remaining.value)
    assert np.mean(found) == pytest.approx(0.3, abs=0.015)


def test_shrinking_pulls_the_doubtful_mean_most_and_keeps_the_order_of_equals():
    found = shrink_means([3.0, 4.0, 4.4], [0.2, 0.01, 0.01], n_obs=[5, 100, 100])
    assert [item.weight for item in found] == sorted(item.weight for item in found)
    assert found[0].raw < found[0].shrunken.value < found[1].shrunken.value


def test_units_alike_but_for_noise_are_shrunk_to_one_mean():
    found = shrink_means([4.0, 4.01, 3.99], [0.1, 0.1, 0.1], n_obs=[10, 10, 10])
    assert {round(item.shrunken.value, 9) for item in found} == {4.0}


def test_shrunken_means_are_nearer_the_truth_and_their_intervals_cover():
    """400 seeded chains of 24 stores: mean squared error falls, intervals hold 95 %."""
    rng = np.random.default_rng(31)
    raw_error, error, hits = [], [], []
    for _ in range(400):
        true = rng.normal(4, 0.15, 24)
        variances = rng.uniform(0.01, 0.04, 24)
        raw = true + rng.normal(0, np.sqrt(variances))
        found = shrink_means(raw, variances, n_obs=[30] * 24)
        values = np.array([item.shrunken.value for item in found])
        raw_error.append(np.mean((raw - true) ** 2))
        error.append(np.mean((values - true) ** 2))
        hits += [
            item.shrunken.ci_lower <= t <= item.shrunken.ci_upper
            for item, t in zip(found, true, strict=True)
        ]
    assert np.mean(error) < 0.7 * np.mean(raw_error)
    assert np.mean(hits) == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: expected_regression(n_units=20, n_picked=20, sd_between=1, sd_within=1),
            "n_picked must be from 1 to 19, got 20",
        ),
        (
            lambda: expected_regression(n_units=20, n_picked=2, sd_between=0, sd_within=0),
            "SDs must be 0 or more and not both 0, got 0 and 0",
        ),
        (
            lambda: reliability(np.ones((2, 5))),
            "reliability needs at least 3 units by 2 periods, got shape (2, 5)",
        ),
        (
            lambda: reliability(np.full((3, 2), np.nan)),
            "reliability needs a mean for every unit and period, found gaps",
        ),
        (
            lambda: reliability(np.ones((3, 2))),
            "all units are equal in every period: nothing can regress to the mean",
        ),
        (
            lambda: reliability(np.eye(3), periods_per_mean=0),
            "periods_per_mean must be above 0, got 0",
        ),
        (
            lambda: regression_to_mean([1, 2], [1, 2, 3], picked=[True, False]),
            "before, after and picked must be equally long, got 2, 3, 2",
        ),
        (
            lambda: regression_to_mean([1, 2, 3], [1, 2, 3], picked=[True, False, False]),
            "regression to the mean needs at least 2 picked and 3 other units, got 1 and 2",
        ),
        (
            lambda: regression_to_mean(
                range(6), range(6), picked=[True] * 3 + [False] * 3, known_reliability=40
            ),
            "known_reliability must be from 0 to 1, got 40",
        ),
        (
            lambda: regression_to_mean([1] * 6, range(6), picked=[True] * 3 + [False] * 3),
            "before must differ between units, it is the same in every group",
        ),
        (
            lambda: shrink_means([1, 2], [1, 1], n_obs=[1, 1]),
            "means, variances and n_obs must be equally long, 3 or more, got 2, 2 and 2",
        ),
        (
            lambda: shrink_means([1, 2, 3], [1, 0, 1], n_obs=[1, 1, 1]),
            "variances must be above 0, got 0.0",
        ),
    ],
)
def test_a_refusal_names_the_rule_and_the_value(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
