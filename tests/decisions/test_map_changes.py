"""The map in two periods: a class changes against what the diagnosis put on record."""

import pandas as pd
import pytest
from scipy.stats import ttest_ind

from cxlib.decisions.map_changes import map_changes, moved_class
from cxlib.measures.journey import emotion_curve

STAGES = {"chat": "consideration", "checkout": "purchase", "delivery": "use", "app": "advocacy"}


def curve(**scores):
    rows = [
        {"touchpoint": name, "score": score, "n": n}
        for name, bands in scores.items()
        for score, n in zip((1, 3, 5), bands, strict=True)
    ]
    return emotion_curve(
        pd.DataFrame(rows), stages=STAGES, metric="csat", minimum_cell=30, seed=1, n_draws=2000
    )


BEFORE = curve(chat=(300, 100, 0), checkout=(50, 300, 50), delivery=(0, 100, 300), app=(9, 9, 9))
AFTER = curve(chat=(40, 320, 40), checkout=(50, 300, 50), delivery=(0, 100, 300), app=(9, 9, 9))
SEEN = {"pains": ["chat"], "peaks": ["delivery", "app"]}


def test_a_pain_point_that_eased_and_a_hidden_one_are_told_apart():
    """Chat rose to the mean; the app has 27 answers, so nothing is said of it."""
    found = {change.touchpoint: change.move for change in map_changes(SEEN, BEFORE, AFTER)}
    assert found["delivery"] == "same"
    assert found["app"] == "hidden"
    assert found["chat"] in {"eased", "same"}


def test_changes_are_welchs_differences_with_holms_p_values():
    """scipy.stats.ttest_ind(equal_var=False) on the same answers, times 3 comparisons."""
    changes = {c.touchpoint: c for c in map_changes(SEEN, BEFORE, AFTER)}
    answers = [[1] * a + [3] * b + [5] * c for a, b, c in ((40, 320, 40), (300, 100, 0))]
    raw = ttest_ind(*answers, equal_var=False)
    change = changes["chat"].change
    assert change.value == pytest.approx(3.0 - 1.5)
    assert change.p_value == pytest.approx(min(1, 3 * raw.pvalue), rel=1e-6)
    assert changes["app"].change is None


def test_the_same_answers_twice_move_nothing():
    """Classes as the curve itself gives them."""
    seen = {
        "pains": [point.touchpoint for point in BEFORE.pains],
        "peaks": [point.touchpoint for point in BEFORE.peaks],
    }
    assert moved_class(map_changes(seen, BEFORE, BEFORE)) == ()
