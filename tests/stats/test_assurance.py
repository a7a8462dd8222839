"""How soon and how surely a change shows in a process that moves by itself."""

from math import sqrt

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.assurance import (
    Stretch,
    answers_ratio,
    assurance,
    chance_past,
    level_shown_met,
    periods_to_show,
    process_sd,
)
from cxlib.stats.detectable import power_of
from cxlib.stats.power import sample_size


def stretch(periods, per_period, *, variance=6500.0, sd=0.0):
    return Stretch(periods=periods, n_obs=periods * per_period, variance=variance, process_sd=sd)


def test_without_process_variation_assurance_is_power():
    """Same number from stats.power, another code path."""
    one = stretch(1, 870)
    expected = power_of(5.0, n_per_group=870, variance_control=6500, variance_treatment=6500)
    assert assurance(5.0, before=one, after=one) == pytest.approx(expected, abs=1e-12)


def test_one_period_of_the_needed_size_is_enough_and_two_answers_fewer_are_not():
    """4,082 per wave for NPS 25 to 30: golden of the domain notes; exactly 4,081.4."""
    n = sample_size(5.0, variance_control=6500, variance_treatment=6500).n_per_group
    assert n == 4082
    call = {"variance": 6500.0, "process_sd": 0.0}
    assert periods_to_show(5.0, before=stretch(1, n), n_per_period=n, **call) == 1
    assert periods_to_show(5.0, before=stretch(1, n), n_per_period=n - 2, **call) == 2


def test_the_closed_form_agrees_with_simulated_periods():
    """40,000 simulated pairs of stretches with process variation, seed 5."""
    before, after = stretch(6, 870, sd=2.0), stretch(3, 870, sd=2.0)
    draw = np.random.default_rng(5)

    def pooled(item, level):
        each = level + draw.normal(0, item.process_sd, (40_000, int(item.periods)))
        noise = draw.normal(0, sqrt(6500 / 870), each.shape)
        return (each + noise).mean(axis=1)

    start, later = pooled(before, 25.0), pooled(after, 30.0)
    shown = np.abs(later - start) > 1.959964 * sqrt(before.sampling + after.sampling)
    assert shown.mean() == pytest.approx(assurance(5.0, before=before, after=after), abs=0.008)
    past = (pooled(after, 25.0) + pooled(before, 0.0) >= 27.0).mean()
    assert past == pytest.approx(
        chance_past(27.0, centre=25.0, before=before, after=after, upward=1), abs=0.008
    )
    level = level_shown_met(30.0, after=after, upward=1)
    met = (pooled(after, level) - 1.959964 * sqrt(after.sampling) > 30.0).mean()
    assert met == pytest.approx(0.8, abs=0.008)


def test_process_variation_is_what_sampling_error_leaves_over():
    """Simulated long series: sampling SD 3, process SD 2; the estimate comes back as 2."""
    draw = np.random.default_rng(9)
    values = draw.normal(0, 2, 20_000) + draw.normal(0, 3, 20_000)
    assert process_sd(values.tolist(), [9.0] * 20_000) == pytest.approx(2.0, abs=0.1)
    assert process_sd([1.0, 1.1, 1.0], [9.0] * 3) == 0


def test_moving_processes_need_more_periods_and_some_changes_never_show():
    call = {"n_per_period": 870, "variance": 6500.0}
    calm = periods_to_show(5.0, before=stretch(6, 870), process_sd=0.0, **call)
    moving = periods_to_show(5.0, before=stretch(6, 870, sd=2.0), process_sd=2.0, **call)
    assert calm < moving
    assert periods_to_show(2.0, before=stretch(1, 870), process_sd=0.0, **call) is None


def test_lower_is_better_mirrors_higher():
    after = stretch(3, 870)
    up, down = (level_shown_met(30.0, after=after, upward=sign) for sign in (1, -1))
    assert up - 30 == pytest.approx(30 - down)


def test_the_first_of_four_goals_takes_two_fifths_more_answers():
    """(2.4977 + 0.8416)² / (1.9600 + 0.8416)² by hand, tables of the normal distribution."""
    assert answers_ratio(0.9875, than=0.95) == pytest.approx(1.4207, abs=1e-4)
    assert answers_ratio(0.95, than=0.95) == 1.0


def test_two_periods_have_too_few_moves():
    with pytest.raises(InputError, match="equally long, 3 or more, got 2 and 2"):
        process_sd([1.0, 2.0], [0.1, 0.1])
