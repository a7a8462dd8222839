"""cxlib.stats.proportions: published and statsmodels values, invariants, coverage, error texts."""

import json
from pathlib import Path

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.proportions import (
    goodness_of_split,
    normal_quantile,
    proportion,
    proportion_difference,
    relative_difference,
    two_sided_p,
)

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "proportions.json").read_text(encoding="utf-8")
)


def test_nine_of_ten_gives_the_golden_interval():
    """domain.md M2: 9 of 10 gives 59.6-98.2 %."""
    est = proportion(9, 10)
    assert (est.value, est.n_obs, est.unit, est.method) == (0.9, 10, "share", "Wilson")
    assert (round(est.ci_lower, 3), round(est.ci_upper, 3)) == (0.596, 0.982)


@pytest.mark.parametrize("case", REFERENCE["wilson"], ids=lambda c: f"{c['successes']}/{c['n']}")
def test_wilson_agrees_with_statsmodels(case):
    est = proportion(case["successes"], case["n"], confidence_level=case["confidence_level"])
    assert (est.ci_lower, est.ci_upper) == pytest.approx(case["interval"], abs=1e-12)


@pytest.mark.parametrize(
    ("counts", "lower", "upper"),
    [((56, 70, 48, 80), 0.0524, 0.3339), ((5, 56, 0, 29), -0.0381, 0.1926)],
)
def test_newcombe_gives_the_published_intervals(counts, lower, upper):
    """domain.md trap 4: two contrasts of Newcombe (1998), his method 10."""
    est = proportion_difference(*counts)
    assert (round(est.ci_lower, 4), round(est.ci_upper, 4)) == (lower, upper)
    assert (est.unit, est.method) == ("pp", "Newcombe")


@pytest.mark.parametrize("case", REFERENCE["newcombe"], ids=lambda c: str(c["counts"]))
def test_newcombe_and_its_score_test_agree_with_statsmodels(case):
    est = proportion_difference(*case["counts"])
    assert (est.ci_lower, est.ci_upper) == pytest.approx(case["interval"], abs=1e-12)
    assert est.p_value == pytest.approx(case["p_value"], rel=1e-9)


def test_the_relative_change_agrees_with_statsmodels():
    """7 % against 5 % is +40 % relative; limits are the log ratio's."""
    case = REFERENCE["ratio"]
    est = relative_difference(*case["counts"])
    assert est.value == pytest.approx(0.4)
    assert (est.ci_lower + 1, est.ci_upper + 1) == pytest.approx(case["interval"], abs=1e-9)


def test_a_relative_change_from_no_success_has_no_limits():
    est = relative_difference(0, 50, 5, 50)
    assert est.value == -1.0
    assert not est.has_interval


def test_swapping_the_groups_mirrors_the_difference():
    first, second = proportion_difference(30, 80, 41, 90), proportion_difference(41, 90, 30, 80)
    assert first.value == -second.value
    assert (first.ci_lower, first.ci_upper) == pytest.approx((-second.ci_upper, -second.ci_lower))
    assert first.p_value == pytest.approx(second.p_value)


def test_counting_failures_mirrors_the_interval():
    yes, no = proportion(13, 40), proportion(27, 40)
    assert (yes.ci_lower, yes.ci_upper) == pytest.approx((1 - no.ci_upper, 1 - no.ci_lower))


@pytest.mark.parametrize("n", [1, 2, 7, 300])
def test_limits_never_leave_zero_to_one(n):
    """domain.md trap 4: percentages over 100 or NaN never appear."""
    for x in range(n + 1):
        est = proportion(x, n)
        assert 0 <= est.ci_lower <= est.value <= est.ci_upper <= 1
    for x1, x2 in ((0, 0), (n, n), (0, n), (n, 0)):
        est = proportion_difference(x1, n, x2, n)
        assert -1 <= est.ci_lower <= est.value <= est.ci_upper <= 1
        assert 0 <= est.p_value <= 1


def test_wilson_covers_the_true_share_about_as_often_as_stated():
    """Exact coverage: binomial probability of the counts whose interval holds p, over a grid."""
    n = 40
    limits = [(e.ci_lower, e.ci_upper) for e in (proportion(x, n) for x in range(n + 1))]
    draws = np.random.default_rng(5)
    shares = draws.uniform(0.05, 0.95, 4_000)
    x = draws.binomial(n, shares)
    lower, upper = np.array(limits)[x].T
    assert np.mean((lower <= shares) & (shares <= upper)) == pytest.approx(0.95, abs=0.012)


def test_the_difference_covers_and_keeps_its_error_rate():
    """20,000 seeded pairs with no difference, 60 and 45 trials, p = 0.3; score test at 5 %."""
    draws = np.random.default_rng(6).binomial([60, 45], 0.3, size=(20_000, 2))
    pairs, counts = np.unique(draws, axis=0, return_counts=True)
    estimates = [proportion_difference(int(a), 60, int(b), 45) for a, b in pairs]
    rejected = np.average([e.p_value < 0.05 for e in estimates], weights=counts)
    covered = np.average([not e.excludes(0.0) for e in estimates], weights=counts)
    assert rejected == pytest.approx(0.05, abs=0.01)
    assert covered == pytest.approx(0.95, abs=0.015)


def test_the_sample_ratio_check_passes_and_blocks_the_golden_splits():
    """domain.md trap 12: 5,000/5,200 gives 0.048, 5,000/5,400 gives 0.00009."""
    assert round(goodness_of_split([5000, 5200], [0.5, 0.5]), 3) == 0.048
    assert round(goodness_of_split([5000, 5400], [0.5, 0.5]), 5) == 0.00009


@pytest.mark.parametrize("case", REFERENCE["split"], ids=lambda c: str(c["counts"]))
def test_the_sample_ratio_check_agrees_with_scipy(case):
    assert goodness_of_split(case["counts"], case["planned_shares"]) == pytest.approx(
        case["p_value"], rel=1e-12
    )


def test_the_normal_quantile_is_the_textbook_value():
    assert normal_quantile(0.95) == pytest.approx(1.959964, abs=1e-6)
    assert two_sided_p(1.959964) == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: proportion(1, 0), "a share needs at least 1 trial, got 0"),
        (lambda: proportion(30, 10), "successes must be from 0 to 10, got 30"),
        (lambda: proportion(-1, 10), "successes must be from 0 to 10, got -1"),
        (
            lambda: proportion(1, 10, confidence_level=95),
            "confidence_level must be in [0.9, 1), got 95",
        ),
        (lambda: proportion_difference(1, 2, 3, 2), "successes must be from 0 to 2, got 3"),
        (
            lambda: relative_difference(3, 10, 0, 10),
            "a relative change needs at least 1 success in the second group, got 0",
        ),
        (lambda: normal_quantile(1.0), "confidence_level must be in (0, 1), got 1.0"),
        (
            lambda: goodness_of_split([5], [1.0]),
            "counts and planned_shares must name the same two or more arms, got 1 and 1",
        ),
        (
            lambda: goodness_of_split([0, 0], [0.5, 0.5]),
            "counts must be 0 or more with at least 1 unit, got [0, 0]",
        ),
        (
            lambda: goodness_of_split([5, 5], [50, 50]),
            "planned_shares must each be above 0 and add to 1, got [50, 50]",
        ),
    ],
)
def test_impossible_input_is_named_with_its_value(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
