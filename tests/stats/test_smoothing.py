"""A forecast's interval holds as often as it says, and its record counts what it saw."""

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from cxlib.errors import InputError
from cxlib.stats.smoothing import calendar_effect, forecast


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


def test_known_sampling_error_is_a_floor_of_the_width():
    """Where the errors seen are larger nothing changes; where smaller the sampling error counts."""
    values = [3.0, 4.0, 3.5, 5.0, 4.5, 6.0, 5.5, 7.0, 6.5, 8.0]
    assert forecast(values, steps=1, noise=[0.01] * 10) == forecast(values, steps=1)
    wide = forecast(values, steps=1, noise=[9.0] * 10)
    assert wide.ci_upper - wide.value == pytest.approx(2.306 * 3.0, rel=1e-3)
    with pytest.raises(InputError, match="noise must have a number for each of 10 values, got 2"):
        forecast(values, steps=1, noise=[1.0, 1.0])


def test_too_few_values_are_refused():
    """The message names both counts."""
    with pytest.raises(InputError, match=r"got 3 values and 1 steps$"):
        forecast([1.0, 2.0, 3.0], steps=1)


def test_the_record_at_the_distance_asked_counts_moments_whose_outcome_is_known():
    """18 values, 6 ahead: the moments after 8 to 12 values have an outcome."""
    found = forecast([1.0, 2.0] * 9, steps=6)
    assert (found.tried, found.tried_far) == (10, 5)


@pytest.mark.parametrize("steps", [1, 26])
def test_intervals_from_past_errors_hold_for_series_the_t_interval_misses(steps):
    """200 series of 77 values each: heavy tails (t, 4 df) and a slow fall; 93 % or more held."""
    rng = np.random.default_rng(20260701)
    tails, fall = rng.standard_t(4, (2, 200, 77 + steps))
    fall -= 0.03 * np.arange(77 + steps)
    for kind in (tails, fall):
        held = 0
        for series in kind:
            found = forecast(series[:77].tolist(), steps=steps)
            held += found.ci_lower <= series[76 + steps] <= found.ci_upper
        assert held / 200 >= 0.93


def _filtered(values, weight):
    model = SimpleExpSmoothing(
        values[4:], initialization_method="known", initial_level=values[:4].mean()
    )
    fitted = model.fit(smoothing_level=weight, optimized=False)
    return np.concatenate([values[:4] - values[:4].mean(), values[4:] - fitted.fittedvalues])


def test_a_calendar_effect_is_least_squares_on_the_errors_of_statsmodels():
    """SimpleExpSmoothing of values and shares at the weight found, then sm.OLS: slope and ends."""
    rng = np.random.default_rng(7)
    share = np.zeros(24)
    share[[0, 1, 12, 13]] = 0.5, 0.4, 0.9, 0.2
    values = rng.standard_normal(24) - 3 * share
    effect = calendar_effect(values.tolist(), share.tolist())
    ahead = [*share.tolist(), 1.0]
    found = forecast(values.tolist(), steps=1, calendar=[ahead])
    errors, columns = (_filtered(x, found.weight) for x in (values, share))
    fitted = sm.OLS(errors, columns).fit()
    # One parameter is OLS's own; level and weight cost two more.
    scale = fitted.ssr / (24 - 3)
    error = np.sqrt(scale / (columns @ columns))
    assert effect.effect == pytest.approx(fitted.params[0], rel=1e-9)
    assert (effect.ci_upper - effect.ci_lower) / 2 == pytest.approx(
        error * 2.0796138, rel=1e-6
    )  # scipy.stats.t.ppf(0.975, 21)
    assert effect.touched == 4


def test_a_planted_holiday_is_found_held_and_brings_forecasts_closer():
    """400 series of 18 months, -2.5 spreads in a whole holiday month: held in 92 to 98 %, and the
    forecasts of months not yet seen improve on average."""
    share = [0.55, 0.43, *[0.0] * 11, 0.93, 0.1, 0.0, 0.0, 0.0]
    rng = np.random.default_rng(8)
    held, gain = 0, []
    for noise in rng.standard_normal((400, 18)):
        effect = calendar_effect((noise - 2.5 * np.array(share)).tolist(), share)
        held += effect.ci_lower <= -2.5 <= effect.ci_upper
        gain.append(effect.error_without - effect.error_with)
    assert 0.92 <= held / 400 <= 0.98
    assert np.mean(gain) > 0


def test_without_any_effect_the_calendar_is_seldom_used():
    """400 stable series: an effect that is clear and helps by chance in under 5 %."""
    share = [0.55, 0.43, *[0.0] * 11, 0.93, 0.1, 0.0, 0.0, 0.0]
    rng = np.random.default_rng(9)
    used = [calendar_effect(x, share).helps for x in rng.standard_normal((400, 18)).tolist()]
    assert np.mean(used) < 0.05


def test_a_holiday_ahead_moves_the_forecast_and_one_seen_once_does_not():
    """The expected value of a whole holiday month lies an effect below that of a plain one."""
    share = np.zeros(24)
    share[[0, 1, 12, 13]] = 0.5, 0.4, 0.9, 0.2
    values = (np.tile([1.0, -1.0], 12) - 3 * share).tolist()
    plain = forecast(values, steps=1, calendar=[[*share, 0.0]])
    holiday = forecast(values, steps=1, calendar=[[*share, 1.0]])
    effect = calendar_effect(values, share.tolist())
    assert holiday.value - plain.value == pytest.approx(effect.effect)
    assert holiday.ci_upper - holiday.ci_lower > plain.ci_upper - plain.ci_lower
    once = [0.0] * 10 + [1.0] + [0.0] * 13
    assert calendar_effect(values, once) is None
    assert (
        forecast(values, steps=1, calendar=[[*once, 1.0]]).value == forecast(values, steps=1).value
    )


def test_a_calendar_of_another_length_is_refused():
    """It must reach as far as the forecast."""
    with pytest.raises(InputError, match=r"for every value and every step ahead \(10\), got 8$"):
        forecast([1.0, 2.0] * 4, steps=2, calendar=[[0.0] * 8])
