"""Maturity: a profile by hand, the weakest dimension, small panels, the sample's planted level."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.measures.maturity import maturity, maturity_profile
from cxlib.measures.raters import RaterPanel

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"


def panel(**levels):
    return RaterPanel(items=tuple(levels), levels=np.array(list(levels.values()), dtype=float).T)


def test_profile_by_hand():
    """Data 1, 2, 2, 2, 3: median 2, mean 2; the target of 4 is 2 levels away."""
    found = maturity_profile(
        panel(data=[1, 2, 2, 2, 3], people=[4, 4, 4, 5, 4]),
        target={"data": 4, "people": 3}, seed=1,
    )  # fmt: skip
    data, people = found.dimensions
    assert (data.dimension, data.median, data.mean, data.lowest, data.highest) == (
        "data", 2, 2, 1, 3,
    )  # fmt: skip
    assert (data.gap, people.gap) == (2, 0)
    assert [each.dimension for each in found.gaps] == ["data"]
    assert (data.weakest_share, people.weakest_share) == (1, 0)


def test_equal_dimensions_share_the_last_place():
    """The same ratings: each is the weakest in half of every draw."""
    found = maturity_profile(panel(data=[2, 3, 2], people=[2, 3, 2]), seed=1)
    assert [each.weakest_share for each in found.dimensions] == [0.5, 0.5]
    assert found.weakest.dimension == "data"


def test_shares_of_being_weakest_sum_to_one():
    rng = np.random.default_rng(5)
    levels = {name: rng.integers(1, 6, 7) for name in ("data", "people", "process", "culture")}
    found = maturity_profile(panel(**levels), seed=1)
    assert sum(each.weakest_share for each in found.dimensions) == pytest.approx(1)


@pytest.mark.parametrize(("raters", "shown"), [(4, False), (5, True)])
def test_a_small_panel_shows_no_lowest_and_highest(raters, shown):
    """Under 5 raters a lowest level points at a person."""
    found = maturity_profile(panel(data=[2] * raters, people=[3] * raters), seed=1)
    assert found.small is not shown
    assert (found.weakest.lowest is not None) is shown


def test_one_rater_and_one_level_have_no_agreement():
    assert maturity_profile(panel(data=[2], people=[3]), seed=1).agreement.absence == "one_rater"
    same = maturity_profile(panel(data=[3, 3], people=[3, 3]), seed=1)
    assert same.agreement.absence == "no_variation"


def test_the_sample_s_planted_weakest_dimension_is_found():
    """truth.json plants data at 2.1, the lowest of six."""
    source = duckdb_source(pd.read_csv(SAMPLE / "data" / "maturity.csv"), table="maturity")
    found = maturity(source, target={}, seed=1, confidence_level=0.95)
    assert found.weakest.dimension == "data"
    assert found.n_raters == 9


def test_without_the_table_there_is_no_profile():
    assert maturity(None, target={}, seed=1, confidence_level=0.95) is None
