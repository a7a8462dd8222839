"""cxlib.stats.multiplicity and equivalence: hand-worked families, error rates, agreement."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr

from cxlib.errors import InputError
from cxlib.stats.equivalence import equivalence
from cxlib.stats.estimate import Estimate
from cxlib.stats.multiplicity import (
    benjamini_hochberg,
    false_coverage_levels,
    holm,
    holm_levels,
    simultaneous_level,
)
from cxlib.stats.proportions import normal_quantile, two_sided_p

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "multiplicity.json").read_text(encoding="utf-8")
)


def difference(lower, upper):
    return Estimate(
        value=(lower + upper) / 2,
        ci_lower=lower,
        ci_upper=upper,
        n_obs=100,
        unit="points",
        method="Wald",
    )


def test_holm_matches_a_hand_worked_family():
    """Sorted 0.01 0.02 0.03 0.04 times 4 3 2 1 = 0.04 0.06 0.06 0.04, then never falling."""
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx((0.06, 0.04, 0.06, 0.06))


def test_benjamini_hochberg_matches_a_hand_worked_family():
    """Sorted 0.01 0.02 0.03 0.30 times 4/1 4/2 4/3 1 = 0.04 0.04 0.04 0.30."""
    assert benjamini_hochberg([0.3, 0.01, 0.03, 0.02]) == pytest.approx((0.3, 0.04, 0.04, 0.04))


@pytest.mark.parametrize("method", [holm, benjamini_hochberg])
def test_adjusted_values_agree_with_statsmodels(method):
    expected = REFERENCE[method.__name__]["adjusted"]
    assert method(REFERENCE["p_values"]) == pytest.approx(expected, rel=1e-12)


def test_an_empty_family_stays_empty():
    assert holm([]) == ()
    assert benjamini_hochberg([]) == ()
    assert holm_levels([], confidence_level=0.95) == ()


def test_simultaneous_level_is_bonferroni():
    assert simultaneous_level(0.95, comparisons=5) == pytest.approx(0.99)


def test_holm_levels_are_bonferronis_except_where_only_holm_rejects():
    """m = 3: 0.001 and 0.06 at 1 - .05/3; 0.02 is over .05/3 and under .05/2: its own step."""
    levels = holm_levels([0.06, 0.001, 0.02], confidence_level=0.95)
    assert levels == pytest.approx((1 - 0.05 / 3, 1 - 0.05 / 3, 0.975))


def test_equal_p_values_have_equal_levels():
    assert len(set(holm_levels([0.01, 0.01], confidence_level=0.95))) == 1


def test_holm_intervals_hold_together():
    """3,000 seeded families of six normal statistics, some shifted: all six cover in 95 %."""
    rng = np.random.default_rng(11)
    truth = np.array([0, 0, 1, 2, 2.5, 3])
    quantile = {}
    held = []
    for z in rng.normal(truth, 1, (3_000, 6)):
        levels = holm_levels([two_sided_p(v) for v in z.tolist()], confidence_level=0.95)
        reach = [quantile.setdefault(level, normal_quantile(level)) for level in levels]
        held.append(bool((np.abs(z - truth) <= reach).all()))
    assert np.mean(held) == pytest.approx(0.95, abs=0.01)


def test_an_interval_at_its_holm_level_excludes_zero_exactly_when_holm_rejects():
    """2,000 seeded families of six normal statistics, some shifted."""
    rng = np.random.default_rng(10)
    for z in rng.normal([0, 0, 1, 2, 2.5, 3], 1, (2_000, 6)).tolist():
        p = [two_sided_p(value) for value in z]
        levels = holm_levels(p, confidence_level=0.95)
        excluded = [value <= 1 - level for value, level in zip(p, levels, strict=True)]
        assert excluded == [value <= 0.05 for value in holm(p)]


def test_holm_holds_the_family_error_and_benjamini_hochberg_the_false_share():
    """1,500 seeded families of 20, 15 true nulls and 5 shifted by 3."""
    rng = np.random.default_rng(12)
    any_false, false_share = [], []
    for z in rng.normal([0] * 15 + [3] * 5, 1, (1_500, 20)).tolist():
        p = [two_sided_p(value) for value in z]
        any_false.append(min(holm(p)[:15]) <= 0.05)
        found = np.array(benjamini_hochberg(p)) <= 0.05
        false_share.append(found[:15].sum() / max(1, found.sum()))
    assert np.mean(any_false) <= 0.06
    assert np.mean(false_share) <= 0.05


@pytest.mark.parametrize(
    ("lower", "upper", "verdict"),
    [
        (-2.0, 3.0, "equivalent"),
        (-2.0, 6.0, "cannot_tell"),
        (5.5, 9.0, "different"),
        (-9.0, -5.5, "different"),
        (1.0, 4.9, "equivalent"),
        (float("nan"), float("nan"), "cannot_tell"),
    ],
)
def test_only_an_interval_inside_the_margin_is_consistent(lower, upper, verdict):
    """domain.md A14: "no significant gap" (-2 to 6) is never rendered as consistent."""
    assert equivalence(difference(lower, upper), margin=5.0) == verdict


def test_intervals_at_the_false_coverage_level_leave_out_zero_where_the_rate_finds():
    """Normal estimates: 500 families of 8, some with effects."""
    rng = np.random.default_rng(6)
    for _ in range(500):
        z = rng.normal(rng.choice([0, 3], size=8, p=[0.6, 0.4]), 1)
        p_values = [two_sided_p(value) for value in z]
        levels = false_coverage_levels(p_values, confidence_level=0.95)
        found = [p <= 0.05 for p in benjamini_hochberg(p_values)]
        apart = [abs(v) > normal_quantile(level) for v, level in zip(z, levels, strict=True)]
        assert found == apart


def test_few_of_the_found_intervals_miss_the_truth():
    """Benjamini and Yekutieli's rate: the mean share of found intervals that miss is at most 5 %.

    Plain 95 % intervals of what was found miss more often.
    """
    rng = np.random.default_rng(7)
    missed, plain = [], []
    for _ in range(4_000):
        true = rng.choice([0.0, 1.5], size=20, p=[0.7, 0.3])
        z = rng.normal(true, 1)
        p_values = 2 * ndtr(-np.abs(z))
        level = false_coverage_levels(p_values.tolist(), confidence_level=0.95)[0]
        found = np.array(benjamini_hochberg(p_values.tolist())) <= 0.05
        for misses, reach in ((missed, normal_quantile(level)), (plain, normal_quantile(0.95))):
            misses.append((np.abs(z - true)[found] > reach).mean() if found.any() else 0.0)
    assert np.mean(missed) < 0.05
    assert np.mean(plain) > 0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: holm([0.2, 1.2]), "p_values must be in [0, 1], got 1.2 at place 1"),
        (
            lambda: simultaneous_level(0.95, comparisons=0),
            "comparisons must be at least 1, got 0",
        ),
        (lambda: equivalence(difference(0, 1), margin=0), "margin must be above 0, got 0"),
    ],
)
def test_impossible_input_is_named_with_its_value(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
