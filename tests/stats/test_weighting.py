"""cxlib.stats.weighting and ranks: effective n, cells, margins, and what cannot be weighted."""

import json
from pathlib import Path

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.ranks import rank_bounds
from cxlib.stats.weighting import MOST_ROUNDS, effective_n, no_weights, post_stratify, rake

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "weighting.json").read_text(encoding="utf-8")
)
MARGINS = ("segment", "channel")
COUNTS = {("a", "x"): 30, ("a", "y"): 10, ("b", "x"): 40, ("b", "y"): 20}
PEOPLE = {("a", "x"): 200, ("a", "y"): 300, ("b", "x"): 100, ("b", "y"): 400}


def test_eighty_at_a_half_and_twenty_at_three_are_worth_fifty():
    """domain.md trap 8: (80·0.5 + 20·3)² / (80·0.25 + 20·9) = 100² / 200."""
    assert effective_n([0.5, 3.0], [80, 20]) == pytest.approx(50)
    assert effective_n([0.5] * 80 + [3.0] * 20) == pytest.approx(50)


def test_equal_weights_lose_nothing_whatever_their_size():
    assert effective_n([7.0, 7.0], [60, 40]) == pytest.approx(100)


def test_each_cell_gets_its_share_over_its_answers():
    """By hand: a·x is 20 % of the people and 30 of 100 answers, so each counts 2/3."""
    weights = post_stratify(COUNTS, population=PEOPLE, margins=MARGINS)
    assert weights.values == pytest.approx((20 / 30, 30 / 10, 10 / 40, 40 / 20))
    assert sum(w * n for w, n in zip(weights.values, weights.counts, strict=True)) == 100
    assert weights.effective_n == pytest.approx(1e4 / (400 / 30 + 900 / 10 + 100 / 40 + 1600 / 20))


def test_raking_meets_every_margin_and_keeps_the_odds_ratio():
    """Deming and Stephan: margins become the people's, the association stays the answers'."""
    weights = rake(COUNTS, population=PEOPLE, margins=MARGINS)
    share = dict(zip(weights.cells, weights.values, strict=True))
    share = {cell: share[cell] * COUNTS[cell] / 100 for cell in COUNTS}
    assert share["a", "x"] + share["a", "y"] == pytest.approx(0.5)
    assert share["a", "x"] + share["b", "x"] == pytest.approx(0.3)
    odds = share["a", "x"] * share["b", "y"] / share["a", "y"] / share["b", "x"]
    assert odds == pytest.approx(30 * 20 / 10 / 40)


def test_raking_by_one_margin_is_post_stratification():
    counts, people = {("a",): 30, ("b",): 70}, {("a",): 5, ("b",): 5}
    one = rake(counts, population=people, margins=["segment"])
    other = post_stratify(counts, population=people, margins=["segment"])
    assert one.values == pytest.approx(other.values)


def test_weights_depend_on_neither_the_order_nor_the_size_of_the_population():
    one = rake(COUNTS, population=PEOPLE, margins=MARGINS)
    grown = {cell: 17 * n for cell, n in reversed(PEOPLE.items())}
    other = rake(dict(reversed(COUNTS.items())), population=grown, margins=MARGINS)
    assert one.values == pytest.approx(other.values, rel=1e-9)


def test_answers_that_mirror_the_population_keep_the_weight_one():
    people = {cell: 3 * n for cell, n in COUNTS.items()}
    assert rake(COUNTS, population=people, margins=MARGINS).values == pytest.approx((1.0,) * 4)


def test_raked_weights_are_those_of_r_survey():
    """tests/reference/weighting.json, rake() to 12 digits."""
    counts = {}
    for cell in zip(REFERENCE["segment"], REFERENCE["channel"], strict=True):
        counts[cell] = counts.get(cell, 0) + 1
    people = {(segment, channel): n for segment, channel, n in REFERENCE["cells"]}
    weights = rake(counts, population=people, margins=MARGINS)
    size = sum(people.values()) / sum(counts.values())
    found = dict(zip(weights.cells, weights.values, strict=True))
    for segment, channel, weight in REFERENCE["raking"]["weights"]:
        assert size * found[segment, channel] == pytest.approx(weight, rel=1e-9)


def test_empty_cells_are_no_obstacle_to_raking_but_stop_post_stratification():
    counts = {**COUNTS, ("a", "y"): 0}
    assert len(rake(counts, population={**PEOPLE, ("b", "x"): 900}, margins=MARGINS).cells) == 3
    with pytest.raises(InputError) as error:
        post_stratify(counts, population=PEOPLE, margins=MARGINS)
    assert str(error.value) == (
        "answers cannot be weighted to the population: segment × channel 'a · y' has 300 members "
        "and no answer; merge cells, or rake to the margins instead"
    )


def test_every_silent_and_every_unknown_category_is_named_at_once():
    counts = {**COUNTS, ("z", "x"): 4}
    people = {**PEOPLE, ("c", "w"): 50}
    with pytest.raises(InputError) as error:
        rake(counts, population=people, margins=MARGINS)
    assert str(error.value) == (
        "answers cannot be weighted to the population: segment 'c' has 50 members and no answer; "
        "segment 'z' has 4 answers and no member; channel 'w' has 50 members and no answer; "
        "merge categories, or leave the margin out"
    )


def test_margins_that_contradict_each_other_are_said_not_to_converge():
    """Answers only at a·x and b·y, so segment a and channel x must have one share, not two."""
    with pytest.raises(InputError) as error:
        rake({("a", "x"): 10, ("b", "y"): 10}, population=PEOPLE, margins=MARGINS)
    text = f"weights do not converge: after {MOST_ROUNDS} rounds segment 'a' has 30.00 % of the "
    assert str(error.value).startswith(text + "weight, it must have 50.00 %")


def test_margins_met_only_by_a_weight_of_nothing_are_refused():
    """b has answers at y alone and takes all of y, so the answers at a·y would have to count 0."""
    counts = {("a", "x"): 10, ("a", "y"): 10, ("b", "y"): 10}
    people = {("a", "x"): 50, ("b", "y"): 50}
    with pytest.raises(InputError, match="weights do not converge"):
        rake(counts, population=people, margins=MARGINS)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: rake({("", "x"): 3, ("b", "y"): 5}, population=PEOPLE, margins=MARGINS),
            (
                "every answer must have a segment and a channel to be weighted, 3 of 8 have an "
                "empty one; fill it in or leave it out"
            ),
        ),
        (
            lambda: no_weights({("a", "x"): 0}, margins=MARGINS),
            "weights need at least 1 answer, got 0",
        ),
        (
            lambda: rake(COUNTS, population={("a", "x"): 0}, margins=MARGINS),
            "weights need a population with at least 1 member, got 0",
        ),
        (lambda: rake(COUNTS, population=PEOPLE, margins=()), "weights need at least 1 margin"),
        (
            lambda: rake({("a",): 3}, population=PEOPLE, margins=MARGINS),
            "a cell must have one part for each of ['segment', 'channel'], got ('a',)",
        ),
        (
            lambda: rake({("a", "x"): -3}, population=PEOPLE, margins=MARGINS),
            "counts must be 0 or more, got -3 in cell a · x",
        ),
        (lambda: effective_n([1.0, -1.0]), "weights must be 0 or more, got -1.0"),
        (lambda: effective_n([0.0]), "an effective number of answers needs a weight above 0"),
        (lambda: effective_n([1.0], [2, 3]), "counts must be one per weight, got 2 for 1"),
    ],
)
def test_impossible_input_is_refused_in_plain_words(make, message):
    with pytest.raises(InputError) as error:
        make()
    assert str(error.value).startswith(message)


def test_far_apart_items_have_one_rank_and_twins_share_theirs():
    """Five standard errors apart against none: the first is 1 alone, the twins are 2 or 3."""
    rng = np.random.default_rng(3)
    values = np.array([10.0, 0.0, 0.0])
    draws = values[:, None] + rng.normal(size=(3, 4000))
    assert rank_bounds(values, draws, confidence_level=0.95) == ((1, 1), (2, 3), (2, 3))


def test_rank_bounds_need_a_line_of_draws_for_each_item():
    with pytest.raises(InputError) as error:
        rank_bounds([1.0, 2.0], np.zeros((3, 5)), confidence_level=0.95)
    assert str(error.value) == "draws must have one line per value, got 3 for 2"
