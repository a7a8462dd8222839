"""What a passed pre-test leaves open, carried to the effect."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from cxlib.decisions.drift import drift_left
from cxlib.decisions.impact import review_initiative
from cxlib.stats.panel import read_panel


def panel(*, drift, seed=5, months=12, stores=24, treated=8):
    """Store-month conversions around 5 %; treated stores drift by ``drift`` a month."""
    rng = np.random.default_rng(seed)
    rows = [
        {
            "store": f"S{store:02}",
            "month": date(2025, 1 + month, 1),
            "treated": int(store < treated),
            "enquiries": 4000,
            "sales": rng.binomial(4000, 0.05 + drift * month * (store < treated)),
        }
        for store in range(stores)
        for month in range(months)
    ]
    return read_panel(pd.DataFrame(rows))


def review(**options):
    start = date(2025, 7, 1)
    return review_initiative(panel(**options), start=start, actions=("a",), n_permutations=99)


def test_the_interval_is_the_slopes_times_the_distance_between_the_middles():
    """Six months before and six after: the middles lie six months apart."""
    impact = review(drift=0.0)
    (slope,) = (check.estimate for check in impact.checks if check.key == "trend_before")
    left = drift_left(impact)
    assert left.ci_lower == pytest.approx(6 * slope.ci_lower)
    assert left.ci_upper == pytest.approx(6 * slope.ci_upper)
    assert left.unit == "pp"


def test_it_holds_the_bias_of_a_real_drift():
    """A drift of 0.04 pp a month biases the effect by 6 x 0.04 = 0.24 pp; 60 seeded panels."""
    lefts = [drift_left(review(drift=0.0004, seed=seed)) for seed in range(60)]
    held = np.mean([left.ci_lower <= 0.0024 <= left.ci_upper for left in lefts])
    assert held >= 0.88


def test_without_a_testable_trend_there_is_nothing_to_carry():
    impact = review_initiative(
        panel(drift=0.0, months=7), start=date(2025, 2, 1), actions=("a",), n_permutations=99
    )
    assert drift_left(impact) is None
