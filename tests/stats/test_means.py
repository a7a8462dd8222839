"""cxlib.stats.means: scipy and statsmodels values, invariants, coverage, error texts."""

import json
from math import isnan
from pathlib import Path

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.means import (
    clustered_mean,
    mean_difference,
    mean_estimate,
    t_quantile,
    welch_df,
)

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "means.json").read_text(encoding="utf-8")
)


def clustered(cluster, answer):
    """Return the clustered mean of two lists."""
    size, total = np.bincount(cluster), np.bincount(cluster, weights=answer)
    mean = float(np.mean(answer))
    return clustered_mean(
        len(size),
        n_obs=len(answer),
        mean=mean,
        squares=float(((total - mean * size) ** 2).sum()),
    )


def half_width(estimate):
    return (estimate.ci_upper - estimate.ci_lower) / 2


def test_the_t_interval_agrees_with_scipy():
    case = REFERENCE["t"]
    est = mean_estimate(case["n"], case["mean"], case["variance"])
    assert (est.ci_lower, est.ci_upper) == pytest.approx(case["interval"], abs=1e-9)
    assert (est.unit, est.method) == ("rating", "t")


def test_a_hand_worked_mean():
    """Answers 1 2 3: mean 2, variance 1, t(2) = 4.302653, margin 4.302653/sqrt(3) = 2.484138."""
    est = mean_estimate(3, 2.0, 1.0)
    assert est.ci_upper == pytest.approx(2 + 2.484138, abs=1e-6)


def test_one_observation_has_a_mean_and_no_interval():
    est = mean_estimate(1, 4.0, float("nan"))
    assert est.value == 4.0
    assert isnan(est.ci_lower)
    assert isnan(est.ci_upper)


def test_welch_agrees_with_scipy_and_statsmodels():
    case = REFERENCE["welch"]
    est = mean_difference(*case["moments"])
    assert (est.ci_lower, est.ci_upper) == pytest.approx(case["interval"], abs=1e-9)
    assert est.p_value == pytest.approx(case["p_value"], rel=1e-9)


def test_the_clustered_mean_agrees_with_statsmodels():
    case = REFERENCE["clustered"]
    est = clustered(case["cluster"], case["answer"])
    assert (est.value, est.n_obs) == (pytest.approx(case["value"]), len(case["answer"]))
    assert half_width(est) / t_quantile(0.95, df=max(case["cluster"])) == pytest.approx(
        case["standard_error"], rel=1e-9
    )


def test_clusters_of_one_are_plain_answers():
    answers = [5, 4, 4, 2, 3, 5, 1]
    est = clustered(range(7), answers)
    plain = mean_estimate(7, float(np.mean(answers)), float(np.var(answers, ddof=1)))
    assert (est.ci_lower, est.ci_upper) == pytest.approx((plain.ci_lower, plain.ci_upper))


def test_repeating_every_answer_of_a_cluster_adds_no_information():
    once, thrice = (
        clustered([0, 1, 2, 3], [1, 5, 3, 4]),
        clustered([0, 1, 2, 3] * 3, [1, 5, 3, 4] * 3),
    )
    assert (once.ci_lower, once.ci_upper) == pytest.approx((thrice.ci_lower, thrice.ci_upper))


def test_scaling_the_answers_scales_the_difference():
    small, large = mean_difference(30, 4, 1, 40, 3, 2), mean_difference(30, 40, 100, 40, 30, 200)
    assert (10 * small.ci_lower, small.p_value) == pytest.approx((large.ci_lower, large.p_value))


def test_two_constant_groups_differ_for_sure_or_not_at_all():
    assert mean_difference(5, 4, 0, 5, 4, 0).p_value == 1.0
    assert mean_difference(5, 4, 0, 5, 3, 0).p_value == 0.0


def test_satterthwaite_survives_tiny_errors():
    """Two equal parts of 11 give 20 degrees of freedom at any scale."""
    assert welch_df((1e-200, 11), (1e-200, 11)) == pytest.approx(20)


def test_welch_keeps_its_error_rate_with_unequal_groups():
    """10,000 seeded pairs: n 15 with SD 2 against n 60 with SD 1, the same mean."""
    rng = np.random.default_rng(8)
    a, b = rng.normal(0, 2, (10_000, 15)), rng.normal(0, 1, (10_000, 60))
    moments = zip(
        a.mean(1).tolist(),
        a.var(1, ddof=1).tolist(),
        b.mean(1).tolist(),
        b.var(1, ddof=1).tolist(),
        strict=True,
    )
    p = [mean_difference(15, m1, v1, 60, m2, v2).p_value for m1, v1, m2, v2 in moments]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.008)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_estimate(0, 1, 1), "a mean needs at least 1 observation, got 0"),
        (lambda: mean_estimate(5, 1, -0.1), "variance must be 0 or more, got -0.1"),
        (
            lambda: mean_difference(1, 4, 0, 9, 4, 1),
            "a difference of means needs 2 observations in each group, got 1",
        ),
        (
            lambda: clustered_mean(9, n_obs=8, mean=4, squares=1),
            "n_clusters must be from 2 to the 8 answers, got 9",
        ),
        (
            lambda: clustered_mean(5, n_obs=8, mean=4, squares=-1),
            "squares must be 0 or more, got -1",
        ),
        (
            lambda: welch_df((0.0, 5)),
            "at least one squared standard error must be above 0, got 0.0",
        ),
    ],
)
def test_impossible_input_is_named_with_its_value(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
