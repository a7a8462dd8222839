"""cxlib.stats.clustered: CR2 against known special cases, errors."""

import json
from pathlib import Path

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.clustered import Contrast, fit_clustered

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "panel.json").read_text(encoding="utf-8")
)


def test_one_row_per_cluster_is_the_hc2_error_of_statsmodels():
    case = REFERENCE["hc2"]
    x, y, weights = (np.array(case[name]) for name in ("x", "y", "weights"))
    design = np.column_stack([np.ones(len(x)), x])
    found = fit_clustered(y, design, weights=weights, clusters=np.arange(len(x))).coefficient(1)
    assert (found.value, found.std_error) == pytest.approx(
        (case["slope"], case["std_error"]), rel=1e-9
    )


def test_two_groups_give_welch_s_error_and_bell_and_mccaffrey_s_degrees_of_freedom():
    """s² = v1/n1 + v2/n2; df = (1/n1 + 1/n2)² / (1/(n1²(n1-1)) + 1/(n2²(n2-1))), by hand 8.2."""
    ours, theirs = np.array([3.0, 5, 4, 8]), np.array([1.0, 2, 2, 3, 1, 0, 4])
    y = np.concatenate([ours, theirs])
    group = np.repeat([1.0, 0.0], [4, 7])
    design = np.column_stack([np.ones(11), group])
    found = fit_clustered(y, design, weights=np.ones(11), clusters=np.arange(11)).coefficient(1)
    assert found.value == pytest.approx(ours.mean() - theirs.mean())
    assert found.std_error**2 == pytest.approx(ours.var(ddof=1) / 4 + theirs.var(ddof=1) / 7)
    df = (1 / 4 + 1 / 7) ** 2 / (1 / (16 * 3) + 1 / (49 * 6))
    assert found.df == pytest.approx(df)


def test_scaling_all_weights_changes_nothing():
    rng = np.random.default_rng(2)
    y, x, weights = rng.normal(size=30), rng.normal(size=30), rng.uniform(1, 3, 30)
    design, clusters = np.column_stack([np.ones(30), x]), np.repeat(np.arange(6), 5)
    first = fit_clustered(y, design, weights=weights, clusters=clusters).coefficient(1)
    second = fit_clustered(y, design, weights=weights * 50, clusters=clusters).coefficient(1)
    assert (first.value, first.std_error, first.df) == pytest.approx(
        (second.value, second.std_error, second.df)
    )


def test_t_interval_and_p_value_agree():
    """t(10) = 2.228 at 95 %: an effect of 2.228 errors has p = 0.05 and touches 0."""
    found = Contrast(value=2.2281389, std_error=1, df=10)
    assert found.p_value == pytest.approx(0.05, abs=1e-6)
    estimate = found.estimate(unit="pp", n_obs=5, method="m")
    assert estimate.ci_lower == pytest.approx(0, abs=1e-6)


def test_too_few_clusters_and_repeated_columns_are_refused():
    y, ones = np.arange(4.0), np.ones((4, 1))
    with pytest.raises(InputError) as caught:
        fit_clustered(y, ones, weights=np.ones(4), clusters=np.array([0, 0, 1, 1]))
    assert str(caught.value) == "a cluster-robust interval needs at least 3 clusters, got 2"
    with pytest.raises(InputError) as caught:
        fit_clustered(y, np.ones((4, 2)), weights=np.ones(4), clusters=np.arange(4))
    assert str(caught.value) == (
        "the design has 2 columns but only 1 carry information: an effect in it cannot be separated"
    )
