"""Krippendorff's alpha: the published example, a case by hand, what is undefined, coverage."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.raters import ordinal_agreement

PAPER = json.loads(
    (Path(__file__).parents[1] / "reference" / "raters.json").read_text(encoding="utf-8")
)


def counted(ratings):
    """Turn raters by units into units by levels 1-5."""
    filled = np.array([[0 if level is None else level for level in row] for row in ratings])
    return (filled[:, :, None] == np.arange(1, 6)).sum(axis=0)


def test_the_published_example_has_ordinal_alpha_0_815():
    """4 observers, 12 units, some not rated; the unit rated once is no pair."""
    found = ordinal_agreement(counted(PAPER["observers"]))
    assert round(found.alpha.value, 3) == PAPER["ordinal_alpha"]
    assert (found.n_units, found.most_ratings, found.alpha.n_obs) == (11, 4, 40)


def test_two_raters_and_two_levels_by_hand():
    """Pairs 11, 11, 22, 12: o(1,2) = 1, n = (5, 3), n = 8; alpha = 1 - 7 * 2 / (2 * 15) = 8/15."""
    found = ordinal_agreement([[2, 0], [2, 0], [0, 2], [1, 1]])
    assert found.alpha.value == pytest.approx(8 / 15)


def test_full_agreement_is_1_and_raters_may_stand_in_any_order():
    same = ordinal_agreement(counted([[1, 2, 5, 4], [1, 2, 5, 4]]))
    assert same.alpha.value == same.alpha.ci_lower == same.alpha.ci_upper == 1
    assert same.verdict == "agree"
    assert ordinal_agreement(counted(PAPER["observers"][::-1])) == ordinal_agreement(
        counted(PAPER["observers"])
    )


def test_levels_nobody_gave_change_nothing():
    """Only the order of the levels counts, so an unused level may be there or not."""
    short = ordinal_agreement([[2, 0, 0], [0, 2, 0], [1, 1, 0], [0, 1, 1]])
    wide = ordinal_agreement([[2, 0, 0, 0], [0, 2, 0, 0], [1, 1, 0, 0], [0, 1, 0, 1]])
    assert wide.alpha.value == pytest.approx(short.alpha.value)


def test_one_rater_has_no_agreement_to_measure():
    found = ordinal_agreement(counted([[1, 3, 5, 2]]))
    assert (found.alpha, found.absence, found.verdict) == (None, "one_rater", "unknown")


def test_the_same_level_from_everyone_leaves_alpha_undefined():
    """Nothing varies, so expected disagreement is 0: said, not NaN."""
    found = ordinal_agreement(counted([[3, 3, 3], [3, 3, 3]]))
    assert (found.alpha, found.absence, found.n_units) == (None, "no_variation", 3)


def test_two_units_give_a_value_without_an_interval():
    found = ordinal_agreement(counted([[1, 5], [2, 5]]))
    assert not found.alpha.has_interval
    assert found.verdict in {"open", "disagree"}


def test_a_single_unit_that_makes_all_the_difference_gives_no_interval():
    """Without the first unit every rating is 3, so the jackknife is undefined."""
    found = ordinal_agreement(counted([[1, 3, 3, 3], [2, 3, 3, 3]]))
    assert not found.alpha.has_interval


@pytest.mark.parametrize("bad", [[[1, -1]], [[0.5, 1]], [1, 2]])
def test_counts_that_are_no_counts_are_refused(bad):
    message = "counts must be units by levels in whole numbers of 0 or more"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        ordinal_agreement(bad)


@pytest.mark.parametrize(
    ("units", "raters", "noise", "at_least"), [(14, 5, 0.5, 0.93), (6, 9, 0.6, 0.88)]
)
def test_the_interval_holds_the_true_alpha(units, raters, noise, at_least):
    """Panels as in the sample: touchpoints by difficulty, dimensions by maturity; 600 seeds."""
    rng = np.random.default_rng(11)

    def panel(n):
        levels = rng.normal(3, 1, (n, 1)) + rng.normal(0, noise, (n, raters))
        return (np.clip(np.rint(levels), 1, 5)[:, :, None] == np.arange(1, 6)).sum(axis=1)

    true = ordinal_agreement(panel(50_000)).alpha.value
    found = [ordinal_agreement(panel(units)).alpha for _ in range(600)]
    held = np.mean([not each.excludes(true) for each in found if each.has_interval])
    assert held >= at_least
