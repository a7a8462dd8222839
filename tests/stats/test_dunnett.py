"""cxlib.stats.dunnett: the published table, scipy's randomised version, bounds, error texts."""

import json
from math import inf
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from scipy.special import stdtrit

from cxlib.errors import InputError
from cxlib.stats.dunnett import dunnett

KNOWN = json.loads((Path(__file__).parents[1] / "reference" / "ab_effects.json").read_text())


@pytest.mark.parametrize("row", KNOWN["dunnett_two_sided_5_percent"]["rows"])
def test_the_published_critical_values(row):
    df = inf if row["df"] is None else row["df"]
    found = dunnett(
        [0.5] * row["treatments"], n_control=9, n_treatments=[9] * row["treatments"], df=df
    )
    assert -stdtrit(df, (1 - found.confidence_level) / 2) == pytest.approx(row["t"], abs=0.006)


def test_it_is_scipys_dunnett_within_its_random_error():
    """scipy.stats.dunnett on rows (pooled variance, quasi-random): p-values to 0.002."""
    rng = np.random.default_rng(1)
    control = rng.normal(size=30)
    arms = [rng.normal(shift, 1, n) for shift, n in ((0.3, 20), (0.6, 25), (0.0, 40))]
    other = stats.dunnett(*arms, control=control, rng=np.random.default_rng(2))
    df = 30 + 20 + 25 + 40 - 4
    single = 2 * stats.t.sf(np.abs(other.statistic), df)
    found = dunnett(single.tolist(), n_control=30, n_treatments=[20, 25, 40], df=df)
    assert found.p_values == pytest.approx(other.pvalue, abs=0.002)


def test_adjusted_p_lies_between_the_single_one_and_bonferronis():
    single = [1e-30, 1e-6, 0.01, 0.04, 0.5, 1.0]
    found = dunnett(single, n_control=100, n_treatments=[50] * 6).p_values
    assert all(p <= q <= min(1, 6 * p) for p, q in zip(single, found, strict=True))
    assert found[-1] == 1


def test_p_and_interval_agree():
    """A p just under 1 - the level of each interval is adjusted to just under 0.05."""
    level = dunnett([0.5, 0.5], n_control=10, n_treatments=[10, 20], df=37).confidence_level
    found = dunnett([1 - level, 0.5], n_control=10, n_treatments=[10, 20], df=37)
    assert found.p_values[0] == pytest.approx(0.05, abs=1e-6)


def test_a_single_treatment_pays_nothing():
    found = dunnett([0.04], n_control=10, n_treatments=[10], confidence_level=0.9)
    assert (found.p_values, found.confidence_level) == ((0.04,), 0.9)


def test_a_large_control_makes_the_comparisons_nearly_independent():
    """Šidák: 0.95 ** (1/3) of each."""
    found = dunnett([0.5] * 3, n_control=1e9, n_treatments=[1] * 3)
    assert found.confidence_level == pytest.approx(0.95 ** (1 / 3), abs=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: dunnett([0.1], n_control=5, n_treatments=[5, 5]),
            "each treatment needs one p-value and its units, got 1 and 2",
        ),
        (
            lambda: dunnett([0.1, 1.2], n_control=5, n_treatments=[5, 5]),
            "p_values must be in [0, 1], got 1.2 at place 1",
        ),
        (
            lambda: dunnett([0.1, 0.2], n_control=5, n_treatments=[5, 0]),
            "arms must have units and df be 1 or more, got 5, 5, 0 and df inf",
        ),
    ],
)
def test_bad_input_says_what_must_hold(call, message):
    with pytest.raises(InputError) as error:
        call()
    assert str(error.value) == message
