"""Rate ratios against R, and how often they call a change where none is."""

import json
from math import exp, log
from pathlib import Path

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.rate_ratio import rate_ratio

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "quality.json").read_text(encoding="utf-8")
)


def test_exact_ratio_interval_and_p_agree_with_r():
    """R's poisson.test on the data of its own help page."""
    found = rate_ratio([21], after=[11], exposure_before=[3011], exposure_after=[800]).ratio
    shown = [found.value, found.ci_lower, found.ci_upper, found.p_value]
    assert shown == pytest.approx(REFERENCE["ratio"], rel=1e-9)


def test_dispersion_agrees_with_a_quasi_poisson_model():
    """R's glm of family quasipoisson; Pearson's dispersion is below 1 here, so limits are exact."""
    sides = {name: REFERENCE[name] for name in ("after", "exposure_before", "exposure_after")}
    found = rate_ratio(REFERENCE["before"], **sides)
    coefficient, _, dispersion = REFERENCE["quasi"]
    assert log(found.ratio.value) == pytest.approx(coefficient, rel=1e-9)
    assert found.dispersion >= 0
    assert found.dispersion == pytest.approx(dispersion, rel=1e-6)


def test_bunched_months_widen_the_interval_by_hand():
    """Counts 10, 30 and 20, 60 on 100 each: φ = (2·10²/20 + 2·20²/40) / 2 = 15, t(2) = 4.302653."""
    found = rate_ratio(
        [10, 30], after=[20, 60], exposure_before=[100, 100], exposure_after=[100, 100]
    )
    assert found.dispersion == pytest.approx(15)
    assert found.dispersion_p < 0.001
    reach = exp(4.302653 * (15 * (1 / 40 + 1 / 80)) ** 0.5)
    assert found.ratio.ci_upper == pytest.approx(2 * reach, rel=1e-5)
    assert found.ratio.ci_lower == pytest.approx(2 / reach, rel=1e-5)


def test_more_exposure_alone_is_no_rise():
    """Invariant: events and exposure doubled leave the ratio at 1."""
    found = rate_ratio([50], after=[100], exposure_before=[500], exposure_after=[1000]).ratio
    assert found.value == 1
    assert not found.excludes(1.0)


@pytest.mark.parametrize("overdispersed", [False, True])
def test_a_change_is_called_in_few_of_many_runs_without_one(overdispersed):
    """400 runs of 6 months a side, 5 % allowed; negative binomial months have φ about 3.

    Exposure grows by half from one side to the other and must not matter. Bound: 8 % and 9 %.
    """
    rng = np.random.default_rng(11)
    called = 0
    for _ in range(400):
        sides = []
        for size in (200, 300):
            mean = np.full(6, size * 0.2)
            if overdispersed:
                mean = rng.gamma(mean / 2, 2.0)
            sides.append(rng.poisson(mean).tolist())
        found = rate_ratio(
            sides[0], after=sides[1], exposure_before=[200] * 6, exposure_after=[300] * 6
        )
        called += found.ratio.excludes(1.0)
    assert called / 400 <= (0.09 if overdispersed else 0.08)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"before": [0]}, "before needs at least 1 event, got 0"),
        ({"exposure_after": [0]}, "after must have counts of 0 or more and exposures above 0"),
        ({"after": []}, "after needs one exposure per period and 1 period or more, got 0 and 1"),
    ],
)
def test_impossible_counts_are_refused(change, said):
    given = {"before": [5], "after": [5], "exposure_before": [10], "exposure_after": [10]} | change
    with pytest.raises(InputError, match=said):
        rate_ratio(given.pop("before"), **given)
