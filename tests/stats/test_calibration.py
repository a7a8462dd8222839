"""cxlib.stats.calibration against scikit-learn, statsmodels, and by hand."""

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.calibration import area_under_curve, calibration_line, tenths


def drawn(n=4_000, seed=5, slope=1.0, level=0.0):
    """Chances on a grid, and events drawn from them with a known slope and level."""
    rng = np.random.default_rng(seed)
    chance = np.round(rng.beta(2, 3, n), 2).clip(0.01, 0.99)
    odds = level + slope * np.log(chance / (1 - chance))
    happened = rng.random(n) < 1 / (1 + np.exp(-odds))
    grid = np.unique(chance)
    events = np.array([happened[chance == c].sum() for c in grid], dtype=float)
    others = np.array([(~happened[chance == c]).sum() for c in grid], dtype=float)
    return chance, happened, grid, events, others


def test_area_by_hand():
    """Chances 1, 2, 3: events at 2 and 3, others at 1 and 2: of 4 pairs 3 right, 1 tied: 3.5/4."""
    found = area_under_curve(
        np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 1.0]), np.array([1.0, 1.0, 0.0])
    )
    assert (found.value, found.n_obs) == (0.875, 4)


def test_area_is_that_of_scikit_learn_and_mirrors():
    from sklearn.metrics import roc_auc_score

    chance, happened, grid, events, others = drawn()
    found = area_under_curve(grid, events, others)
    assert found.value == pytest.approx(roc_auc_score(happened, chance))
    assert area_under_curve(-grid, events, others).value == pytest.approx(1 - found.value)


def test_the_interval_of_the_area_holds_the_truth():
    """300 samples of 200 with normal scores a standard deviation apart: area Phi(1/sqrt 2)."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(300):
        scores = np.concatenate([rng.normal(1, 1, 100), rng.normal(0, 1, 100)])
        events = np.repeat([1.0, 0.0], 100)
        found = area_under_curve(scores, events, 1 - events)
        held += found.ci_lower <= 0.7602499 <= found.ci_upper
    assert 0.92 <= held / 300 <= 0.98


def test_slope_and_level_are_those_of_statsmodels():
    import statsmodels.api as sm

    _, _, grid, events, others = drawn(slope=0.7, level=0.3)
    odds = np.log(grid / (1 - grid))
    counts = np.stack([events, others], axis=1)
    both = sm.GLM(counts, sm.add_constant(odds), family=sm.families.Binomial()).fit()
    alone = sm.GLM(
        counts, np.ones_like(odds), family=sm.families.Binomial(), offset=odds
    ).fit()  # fmt: skip
    slope, level = calibration_line(grid, events, others)
    assert [slope.value, level.value] == pytest.approx([both.params[1], alone.params[0]], rel=1e-6)
    assert [slope.ci_lower, level.ci_upper] == pytest.approx(
        [both.conf_int()[1][0], alone.conf_int()[0][1]], rel=1e-5
    )


def test_right_chances_have_slope_1_and_level_0_in_95_of_100():
    held = [0, 0]
    for seed in range(200):
        _, _, grid, events, others = drawn(600, seed=seed)
        slope, level = calibration_line(grid, events, others)
        held[0] += not slope.excludes(1.0)
        held[1] += not level.excludes(0.0)
    assert all(180 <= count <= 199 for count in held)


def test_tenths_hold_everyone_and_rise_in_what_was_predicted():
    _, happened, grid, events, others = drawn()
    found = tenths(grid, events, others)
    assert sum(group.happened.n_obs for group in found) == len(happened)
    assert [group.predicted for group in found] == sorted(group.predicted for group in found)
    whole = tenths(grid, events, others, groups=1)[0]
    assert whole.happened.value == pytest.approx(happened.mean())


def test_what_cannot_be_judged_is_refused():
    ones, two = np.ones(2), np.array([0.2, 0.8])
    with pytest.raises(InputError, match="at least 2 units with the event and 2 without, got 2 an"):
        area_under_curve(two, ones, np.zeros(2))
    with pytest.raises(InputError, match="must lie between 0 and 1, without either"):
        calibration_line(np.array([0.0, 0.5]), ones, ones)
    with pytest.raises(InputError, match="units with the event and without, got one kind"):
        calibration_line(two, ones, np.zeros(2))
    with pytest.raises(InputError, match=r"needs chances that differ, all are 0\.5"):
        calibration_line(np.full(2, 0.5), ones, ones)
    with pytest.raises(InputError, match="groups must be 1 or more, got 0"):
        tenths(two, ones, ones, groups=0)
