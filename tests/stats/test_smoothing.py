"""A forecast's interval holds as often as it says, and its record counts what it saw."""

import numpy as np
import pytest
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from cxlib.errors import InputError
from cxlib.stats.smoothing import forecast


def test_level_is_that_of_statsmodels_at_the_same_weight():
    """SimpleExpSmoothing on the values after the first four, started from their mean."""
    values = np.array([5, 7, 6, 8, 9, 7, 8, 10, 11, 9, 10, 12], dtype=float)
    found = forecast(values.tolist(), steps=1)
    model = SimpleExpSmoothing(
        values[4:], initialization_method="known", initial_level=values[:4].mean()
    )
    fitted = model.fit(smoothing_level=found.weight, optimized=False)
    assert found.value == pytest.approx(float(fitted.forecast(1)[0]), rel=1e-9)


@pytest.mark.parametrize("drift", [0.0, 0.3])
@pytest.mark.parametrize("steps", [1, 6])
def test_intervals_hold_about_as_often_as_they_say(drift, steps):
    """600 series of 18 values, stable or with a level that wanders; 92 to 98 % is allowed."""
    rng = np.random.default_rng(20260701)
    held = 0
    for errors in rng.standard_normal((600, 18 + steps)):
        level = np.concatenate([[0.0], np.cumsum(errors)[:-1]]) * drift
        series = level + errors
        found = forecast(series[:18].tolist(), steps=steps)
        held += found.ci_lower <= series[17 + steps] <= found.ci_upper
    assert 0.92 <= held / 600 <= 0.98


def test_the_record_counts_every_earlier_moment():
    """A last value far off is one miss among eleven moments; a flat series misses none."""
    wobble = [1.0, 2.0] * 9
    assert (forecast(wobble, steps=1).held, forecast(wobble, steps=1).tried) == (10, 10)
    jumped = forecast([*wobble, 50.0], steps=1)
    assert (jumped.held, jumped.tried) == (10, 11)


def test_the_interval_widens_with_the_distance():
    """Six periods ahead is less sure than one."""
    values = [3.0, 4.0, 3.5, 5.0, 4.5, 6.0, 5.5, 7.0, 6.5, 8.0]
    near, far = forecast(values, steps=1), forecast(values, steps=6)
    assert near.value == far.value
    assert far.ci_upper - far.ci_lower > near.ci_upper - near.ci_lower


def test_too_few_values_are_refused():
    """The message names both counts."""
    with pytest.raises(InputError, match=r"got 3 values and 1 steps$"):
        forecast([1.0, 2.0, 3.0], steps=1)
