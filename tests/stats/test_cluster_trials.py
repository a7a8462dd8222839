"""cxlib.stats.cluster_trials: the regression it closes, scipy's permutations, inversion, errors."""

from itertools import combinations
from math import isnan

import numpy as np
import pytest
from scipy.stats import permutation_test

from cxlib.errors import InputError
from cxlib.stats import cluster_trials
from cxlib.stats.cluster_trials import (
    ClusterSums,
    cluster_effect,
    intracluster_correlation,
    permutation_effect,
)
from cxlib.stats.clustered import fit_clustered


def arms(seed, k, j, *, extra=0.0):
    rng = np.random.default_rng(seed)
    base = rng.integers(5, 60, k + j).astype(float)
    total = 0.3 * base + rng.normal(size=k + j) * np.sqrt(base)
    total[k:] += extra * base[k:]
    return (
        ClusterSums(total=total[:k], base=base[:k]),
        ClusterSums(total=total[k:], base=base[k:]),
    )


@pytest.mark.parametrize(("k", "j"), [(8, 5), (2, 2), (20, 6)])
def test_it_is_the_regression_on_the_arm_with_cr2_errors(k, j):
    """cxlib.stats.clustered on cluster means weighted by size: error and degrees of freedom."""
    control, treatment = arms(1, k, j)
    base = np.concatenate([control.base, treatment.base])
    means = np.concatenate([control.total, treatment.total]) / base
    design = np.column_stack([np.ones(k + j), np.repeat([0.0, 1.0], [k, j])])
    fit = fit_clustered(means, design, weights=base, clusters=np.arange(k + j)).coefficient(1)
    found = cluster_effect(control, treatment)
    assert found.effect.value == pytest.approx(fit.value)
    assert found.std_error == pytest.approx(fit.std_error)
    assert found.df == pytest.approx(fit.df)
    assert found.effect.p_value == pytest.approx(fit.p_value)


def test_the_rows_of_each_customer_give_the_same_as_the_sums():
    """The same regression on rows: 0/1 outcomes of 6 stores."""
    rng = np.random.default_rng(2)
    sizes = np.array([4, 9, 6, 7, 3, 8])
    store, rows = np.repeat(np.arange(6), sizes), rng.integers(0, 2, sizes.sum()).astype(float)
    design = np.column_stack([np.ones(len(rows)), (store >= 3).astype(float)])
    fit = fit_clustered(rows, design, weights=np.ones(len(rows)), clusters=store).coefficient(1)
    total, base = np.bincount(store, rows), sizes.astype(float)
    found = cluster_effect(
        ClusterSums(total=total[:3], base=base[:3]), ClusterSums(total=total[3:], base=base[3:])
    )
    assert (found.std_error, found.df) == pytest.approx((fit.std_error, fit.df))


def test_equal_clusters_are_a_t_test_of_their_means():
    """8 stores of 10 an arm: Student's t on 14 degrees of freedom (scipy.stats.ttest_ind)."""
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(3)
    means, base = rng.normal(5, 1, (2, 8)), np.full(8, 10.0)
    found = cluster_effect(*(ClusterSums(total=10 * row, base=base) for row in means))
    assert found.df == pytest.approx(14)
    assert found.effect.p_value == pytest.approx(ttest_ind(*means).pvalue)


def test_counting_in_dozens_changes_the_difference_and_not_the_ratio():
    one = cluster_effect(*arms(4, 6, 5))
    dozens = cluster_effect(
        *(ClusterSums(total=arm.total / 12, base=arm.base) for arm in arms(4, 6, 5))
    )
    assert dozens.effect.ci_lower == pytest.approx(one.effect.ci_lower / 12)
    assert dozens.rel_effect.ci_lower == pytest.approx(one.rel_effect.ci_lower)


def test_the_permutation_p_is_scipys_exact_one():
    """scipy.stats.permutation_test over cluster numbers, all 252 assignments of 5 against 5."""
    control, treatment = arms(5, 5, 5, extra=0.2)
    total = np.concatenate([treatment.total, control.total])
    base = np.concatenate([treatment.base, control.base])

    def difference(one, other):
        one, other = one.astype(int), other.astype(int)
        return total[one].sum() / base[one].sum() - total[other].sum() / base[other].sum()

    other = permutation_test(
        (np.arange(5), np.arange(5, 10)), difference, vectorized=False, n_resamples=np.inf
    )
    found = permutation_effect(control, treatment)
    far = np.abs(other.null_distribution) >= abs(other.statistic) - 1e-9
    assert found.effect.p_value == pytest.approx(far.mean())
    assert (found.n_assignments, found.exact) == (252, True)


def p_of(delta, control, treatment):
    """Test one effect by brute force: take it off the treated clusters and try all assignments."""
    total = np.concatenate([treatment.total - delta * treatment.base, control.total])
    base = np.concatenate([treatment.base, control.base])
    everyone, found = set(range(len(base))), []
    for pick in combinations(range(len(base)), len(treatment.base)):
        one, other = list(pick), sorted(everyone - set(pick))
        found.append(total[one].sum() / base[one].sum() - total[other].sum() / base[other].sum())
    return np.mean(np.abs(found) >= abs(found[0]) - 1e-9)


@pytest.mark.parametrize("seed", [6, 7, 8])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_the_interval_holds_exactly_the_effects_that_are_not_refused(seed, level):
    """Brute force on either side of each limit, 5 against 4 stores."""
    control, treatment = arms(seed, 5, 4, extra=0.1)
    found = permutation_effect(control, treatment, confidence_level=level).effect
    for limit, inwards in ((found.ci_lower, 1), (found.ci_upper, -1)):
        assert p_of(limit + inwards * 1e-6, control, treatment) > 1 - level
        assert p_of(limit - inwards * 1e-6, control, treatment) <= 1 - level
    assert found.p_value == pytest.approx(p_of(0.0, control, treatment))
    assert found.excludes(0) == (found.p_value <= 1 - level)


def test_three_against_three_stores_have_a_p_and_no_interval():
    """20 assignments, the actual one and its mirror image: the smallest p is 0.1."""
    found = permutation_effect(*arms(9, 3, 3, extra=5)).effect
    assert found.p_value == pytest.approx(0.1)
    assert isnan(found.ci_lower)


def test_more_assignments_than_can_be_tried_are_drawn_and_come_near(monkeypatch):
    control, treatment = arms(10, 8, 7, extra=0.15)
    exact = permutation_effect(control, treatment)
    monkeypatch.setattr(cluster_trials, "MOST_ENUMERATED", 100)
    drawn = permutation_effect(control, treatment, seed=1)
    assert (drawn.exact, drawn.n_assignments) == (False, cluster_trials.DRAWN)
    assert drawn.effect.p_value == pytest.approx(exact.effect.p_value, abs=0.01)
    width = exact.effect.ci_upper - exact.effect.ci_lower
    assert drawn.effect.ci_lower == pytest.approx(exact.effect.ci_lower, abs=0.05 * width)
    assert permutation_effect(control, treatment, seed=1) == drawn


def test_a_hand_worked_intracluster_correlation():
    """Stores 1 1 and 3 3: between 4, within 0, so 1; stores 1 3 and 1 3: between 0, read as 0."""
    sizes = np.array([2.0, 2.0])
    alike = intracluster_correlation(sizes, totals=np.array([2.0, 6]), squares=np.array([2.0, 18]))
    apart = intracluster_correlation(sizes, totals=np.array([4.0, 4]), squares=np.array([10.0, 10]))
    assert (alike, apart) == (1.0, 0.0)


def test_the_intracluster_correlation_is_found_again():
    """400 stores of 5 to 60 customers, 0.05 of the variance between stores."""
    rng = np.random.default_rng(11)
    sizes = rng.integers(5, 61, 400)
    rows = np.repeat(np.sqrt(0.05) * rng.normal(size=400), sizes)
    rows += np.sqrt(0.95) * rng.normal(size=len(rows))
    store = np.repeat(np.arange(400), sizes)
    found = intracluster_correlation(
        sizes.astype(float), totals=np.bincount(store, rows), squares=np.bincount(store, rows**2)
    )
    assert found == pytest.approx(0.05, abs=0.012)


ONES = np.ones(2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ClusterSums(total=ONES, base=np.ones(3)),
            "total and base must be of one length, got 2 and 3",
        ),
        (
            lambda: ClusterSums(total=ONES[:1], base=ONES[:1]),
            "an arm needs at least 2 clusters, got 1",
        ),
        (
            lambda: ClusterSums(total=ONES, base=0 * ONES),
            "base must be above 0 in each cluster, got 0",
        ),
        (
            lambda: intracluster_correlation(ONES, totals=ONES, squares=ONES),
            (
                "an intracluster correlation needs 2 clusters and more units than clusters, "
                "got 2 clusters and 2 units"
            ),
        ),
    ],
)
def test_bad_input_says_what_must_hold(call, message):
    with pytest.raises(InputError) as error:
        call()
    assert str(error.value) == message
