"""cxlib.stats.importance: hand case, other implementations, invariants, sampling, errors."""

import json
import time
from itertools import combinations
from math import factorial
from pathlib import Path

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.importance import (
    complete_dominance,
    drawn_contributions,
    repeated_predictors,
    sample_orders,
    shapley_importance,
    subset_r_squared,
)

SWISS = json.loads(
    (Path(__file__).parents[1] / "reference" / "importance.json").read_text(encoding="utf-8")
)["swiss"]


def random_matrix(size, *, seed=3, n=200):
    rng = np.random.default_rng(seed)
    data = rng.normal(size=(n, size + 1)) @ rng.normal(size=(size + 1, size + 1))
    return np.cov(data.T)


def brute_force(matrix):
    """Shapley's formula with one least-squares solution per subset."""
    size = len(matrix) - 1

    def explained(chosen):
        rows = list(chosen)
        if not rows:
            return 0.0
        right = matrix[rows, size]
        return right @ np.linalg.solve(matrix[np.ix_(rows, rows)], right) / matrix[size, size]

    shares = np.zeros(size)
    for i in range(size):
        others = [j for j in range(size) if j != i]
        for count in range(size):
            weight = factorial(count) * factorial(size - count - 1) / factorial(size)
            for chosen in combinations(others, count):
                shares[i] += weight * (explained((*chosen, i)) - explained(chosen))
    return shares


def test_two_predictors_by_hand():
    """r1y = 0.6, r2y = 0.4, r12 = 0.5: R² = (0.36 + 0.16 - 0.24) / 0.75 = 0.37333; the first adds
    0.36 alone and 0.21333 after the second, mean 0.28667; the second 0.16 and 0.01333."""
    matrix = np.array([[1, 0.5, 0.6], [0.5, 1, 0.4], [0.6, 0.4, 1]])
    found = shapley_importance(matrix)
    assert found.contributions == pytest.approx([0.286667, 0.086667], abs=1e-6)
    assert found.unique == pytest.approx([0.213333, 0.013333], abs=1e-6)
    assert found.r_squared == pytest.approx(0.373333, abs=1e-6)


def test_the_swiss_example_of_relaimpo_comes_out_as_dominance_analysis_has_it():
    found = shapley_importance(np.array(SWISS["correlations"]))
    assert found.contributions == pytest.approx(SWISS["contributions"], rel=1e-9)
    assert found.unique == pytest.approx(SWISS["unique"], abs=5e-7)
    assert found.r_squared == pytest.approx(SWISS["r_squared"], rel=1e-12)


@pytest.mark.parametrize("size", [1, 2, 6])
def test_shares_are_those_of_one_regression_per_subset(size):
    matrix = random_matrix(size)
    assert shapley_importance(matrix).contributions == pytest.approx(brute_force(matrix), rel=1e-9)


def test_every_subset_has_its_place():
    """Bit i of the place is predictor i: place 5 holds the first and the third."""
    matrix = random_matrix(3)
    rows = [0, 2]
    right = matrix[rows, 3]
    expected = right @ np.linalg.solve(matrix[np.ix_(rows, rows)], right) / matrix[3, 3]
    assert subset_r_squared(matrix)[5] == pytest.approx(expected)
    assert subset_r_squared(matrix)[0] == 0


@pytest.mark.parametrize(("size", "method"), [(4, "exact"), (11, "exact"), (22, "sampled")])
def test_shares_sum_to_r_squared_and_are_not_negative(size, method):
    matrix = random_matrix(size)
    found = shapley_importance(matrix)
    inner = np.linalg.solve(matrix[:-1, :-1], matrix[:-1, -1])
    assert found.method == method
    assert found.contributions.sum() == pytest.approx(inner @ matrix[:-1, -1] / matrix[-1, -1])
    assert found.contributions.min() >= 0


def test_units_of_measurement_do_not_matter():
    matrix, scale = random_matrix(5), np.array([1e-3, 1e3, -1, 5, 0.2, 1e6])
    rescaled = matrix * scale[:, None] * scale[None, :]
    assert shapley_importance(rescaled).contributions == pytest.approx(
        shapley_importance(matrix).contributions
    )


def test_predictors_without_correlation_share_their_squared_correlations():
    matrix = np.eye(4)
    matrix[3, :3] = matrix[:3, 3] = [0.5, 0.3, -0.6]
    assert shapley_importance(matrix).contributions == pytest.approx([0.25, 0.09, 0.36])


@pytest.mark.parametrize("likeness", [0.4, 1.0])
def test_twins_get_equal_shares_even_when_they_are_the_same_column(likeness):
    matrix = np.array(
        [[1, likeness, 0.2, 0.5], [likeness, 1, 0.2, 0.5], [0.2, 0.2, 1, 0.3], [0.5, 0.5, 0.3, 1]]
    )
    first, second, third = shapley_importance(matrix).contributions
    assert first == pytest.approx(second, abs=1e-12)
    if likeness == 1:  # the pair together is worth what one of them is
        pair = shapley_importance(np.delete(np.delete(matrix, 1, 0), 1, 1))
        assert first + second + third == pytest.approx(pair.r_squared)
        assert repeated_predictors(matrix) == (0, 1)


def test_fifteen_predictors_take_less_than_a_second():
    matrix = random_matrix(15)
    start = time.process_time()
    shapley_importance(matrix)
    assert time.process_time() - start < 1


def test_sampled_orders_come_as_close_as_their_error_says():
    """Exact against 200 sampled orders for 12 predictors: within 4 of the standard errors given."""
    matrix = random_matrix(12, n=60)
    exact = shapley_importance(matrix)
    sampled = shapley_importance(matrix, method="sampled", n_orders=200, seed=5)
    again = shapley_importance(matrix, method="sampled", n_orders=200, seed=5)
    assert 0 < sampled.error < 0.01
    assert np.abs(sampled.contributions - exact.contributions).max() < 4 * sampled.error
    assert sampled.contributions.tolist() == again.contributions.tolist()
    assert sampled.unique == pytest.approx(exact.unique, abs=1e-9)


def test_each_order_is_followed_by_its_reverse():
    orders = sample_orders(7, n_orders=100, seed=1)
    assert (orders[0::2] == orders[1::2, ::-1]).all()
    assert (np.sort(orders, axis=1) == np.arange(7)).all()


@pytest.mark.parametrize("size", [5, 17])
def test_draws_are_shared_out_one_by_one(size):
    stack = np.stack([random_matrix(size, seed=seed, n=80) for seed in range(4)])
    found = drawn_contributions(stack, n_orders=2_000, seed=1)
    for matrix, shares in zip(stack, found, strict=True):
        assert shares == pytest.approx(shapley_importance(matrix).contributions, abs=1e-9)


def test_a_column_that_a_draw_lost_contributes_nothing():
    matrix = random_matrix(4)
    matrix[1, :] = matrix[:, 1] = 0
    shares = drawn_contributions(matrix[None])[0]
    assert shares[1] == pytest.approx(0, abs=1e-12)
    rest = np.delete(np.delete(matrix, 1, 0), 1, 1)
    assert np.delete(shares, 1) == pytest.approx(shapley_importance(rest).contributions)


def test_dominance_in_the_swiss_example():
    """By the 31 fits: Education beats three others in every subset, Infant.Mortality one."""
    names = SWISS["predictors"]
    found = complete_dominance(np.array(SWISS["correlations"]))
    pairs = {(names[i], names[j]) for i, j in zip(*np.nonzero(found), strict=True)}
    assert pairs == {
        ("Education", "Agriculture"), ("Education", "Examination"), ("Education", "Catholic"),
        ("Infant.Mortality", "Agriculture"),
    }  # fmt: skip


def test_a_dominating_predictor_has_the_larger_share():
    matrix = random_matrix(6)
    shares = shapley_importance(matrix).contributions
    for i, j in zip(*np.nonzero(complete_dominance(matrix)), strict=True):
        assert shares[i] > shares[j]


PAIRWISE = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
"""No three columns correlate so; the eigenvalues are 1 - 2 × 0.9 and twice 1.9."""
NOT_REAL = (
    "the matrix must be positive semi-definite, got a smallest eigenvalue of -0.8: "
    "correlations from different sets of answers do not fit together"
)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones((2, 3)), "the matrix must be square with a predictor and the outcome, got (2, 3)"),
        (np.ones((1, 1)), "the matrix must be square with a predictor and the outcome, got (1, 1)"),
        (
            np.array([[1, np.nan], [np.nan, 1]]),
            "the matrix must be finite, got a missing or infinite value",
        ),
        (np.diag([1.0, 0.0, 1.0]), "every column needs variance above 0, got 0.0 at 1"),
        (
            np.array([[1, 0.2], [0.3, 1]]),
            "the matrix must be symmetric, got two different halves",
        ),
        (PAIRWISE, NOT_REAL),
    ],
)
def test_a_matrix_that_cannot_be_is_refused(matrix, message):
    with pytest.raises(InputError) as caught:
        shapley_importance(matrix)
    assert str(caught.value) == message


def test_limits_of_the_methods_are_said():
    with pytest.raises(InputError, match=r"^exact shares need at most 15 predictors, got 16$"):
        shapley_importance(random_matrix(16), method="exact")
    with pytest.raises(InputError, match=r"^dominance needs at most 15 predictors, got 16$"):
        complete_dominance(random_matrix(16))
    with pytest.raises(InputError, match=r"^n_orders must be even and 100 or more, got 99$"):
        sample_orders(4, n_orders=99, seed=1)
