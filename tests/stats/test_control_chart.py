"""cxlib.stats.control_chart: Wheeler's limits, Anhøj's rules, a calendar, false alarms."""

from math import nan, sqrt

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.control_chart import (
    Rebase,
    fewest_crossings_limit,
    individuals_chart,
    longest_run_limit,
)

GOLDEN = [25, 28, 22, 30, 27, 24, 26, 29, 23, 26, 25, 27]


def test_limits_come_from_the_moving_range_and_not_from_the_overall_spread():
    """domain.md trap 35: 16.3-35.7, not 18.9-33.1 (mean ± 3 overall SD)."""
    chart = individuals_chart(GOLDEN, baseline=12)
    assert (round(chart.lower, 1), round(chart.centre, 1), round(chart.upper, 1)) == (
        16.3,
        26.0,
        35.7,
    )
    wrong = (26 - 3 * np.std(GOLDEN, ddof=1), 26 + 3 * np.std(GOLDEN, ddof=1))
    assert tuple(round(float(x), 1) for x in wrong) == (18.9, 33.1)
    assert (chart.signals, chart.trend, chart.method) == ((), "no_signal", "individuals")


@pytest.mark.parametrize(
    ("n", "run", "crossings"), [(10, 6, 2), (12, 7, 3), (18, 7, 5), (20, 7, 6), (24, 8, 8)]
)
def test_run_limits_follow_the_published_formulas(n, run, crossings):
    """Formulas of Anhøj and Olesen (2014): round(log2 n + 3), and R: qbinom(0.05, n - 1, 0.5)."""
    assert (longest_run_limit(n), fewest_crossings_limit(n)) == (run, crossings)


def test_a_point_outside_the_limits_is_a_signal_with_its_place_and_side():
    chart = individuals_chart([*GOLDEN, 40], baseline=12)
    assert [(s.index, s.rule, s.direction) for s in chart.signals] == [(12, "outside_limits", "up")]
    assert chart.trend == "up"


def test_a_shift_inside_the_limits_is_found_by_its_run():
    """Twelve points about 26, then nine between 28 and 30: none outside, one run of 9 of 20."""
    chart = individuals_chart([*GOLDEN, 28, 29, 30, 29, 28, 30, 29, 28, 29], baseline=12)
    assert ("long_run", "up") in [(s.rule, s.direction) for s in chart.signals]
    assert "outside_limits" not in [s.rule for s in chart.signals]
    assert chart.trend == "up"


def test_the_trend_is_read_from_where_the_series_is_now():
    """A spike that the series has come back from is a signal, but no trend."""
    chart = individuals_chart([*GOLDEN, 40, 25, 27, 24], baseline=12)
    assert [s.index for s in chart.signals] == [12]
    assert chart.trend == "no_signal"


def test_too_few_crossings_give_no_trend_to_the_side_of_one_last_point():
    """7 points below, 6 above, 6 below, 1 above the centre: 3 crossings of 19, no run over 7."""
    values = [-1.0] * 7 + [1.0] * 6 + [-1.1] * 6 + [1.2]
    wobble = [0.3 * (-1) ** i for i in range(20)]
    chart = individuals_chart([v + w for v, w in zip(values, wobble, strict=True)], baseline=20)
    assert [
        (s.index, s.rule, s.direction) for s in chart.signals if s.rule != "outside_limits"
    ] == [(6, "few_crossings", "down")]
    assert chart.trend == "no_signal"


def test_too_few_crossings_give_a_trend_where_the_longest_run_goes_on():
    values = [-1.0] * 6 + [1.0] * 6 + [-1.1] * 7
    wobble = [0.3 * (-1) ** i for i in range(19)]
    chart = individuals_chart([v + w for v, w in zip(values, wobble, strict=True)], baseline=19)
    assert ("few_crossings", "down") in [(s.rule, s.direction) for s in chart.signals]
    assert chart.trend == "down"


def test_turning_the_series_over_turns_the_signals_over():
    values = [*GOLDEN, 40]
    up = individuals_chart(values, baseline=12)
    down = individuals_chart([-v for v in values], baseline=12)
    assert [s.direction for s in down.signals] == ["down"]
    assert (down.lower, down.trend) == (pytest.approx(-up.upper), "down")


def test_later_points_do_not_move_the_limits():
    first = individuals_chart(GOLDEN, baseline=8)
    later = individuals_chart([*GOLDEN, 90, 95, 99], baseline=8)
    assert (first.lower, first.upper) == (later.lower, later.upper)


def test_a_rebase_starts_fresh_limits_and_keeps_its_reason():
    moved = [v + 20 for v in GOLDEN]
    rebase = Rebase(index=12, reason="new questionnaire from January")
    chart = individuals_chart([*GOLDEN, *moved], baseline=12, rebases=(rebase,))
    assert (chart.points[0].centre, chart.centre) == pytest.approx((26.0, 46.0))
    assert chart.rebases[0].reason == "new questionnaire from January"
    assert chart.signals == ()


def test_pure_noise_rarely_raises_a_trend():
    """2,000 seeded series of 18 normal values, the first 12 the baseline: a false trend under 10 %.

    Limits from 12 points are themselves uncertain, so the rate is above that of known limits;
    any signal anywhere in 18 points stays under 20 %, a single new point outside under 2 %.
    """
    rng = np.random.default_rng(13)
    charts = [
        individuals_chart(values, baseline=12) for values in rng.normal(0, 1, (2_000, 18)).tolist()
    ]
    trend = np.mean([c.trend != "no_signal" for c in charts])
    signal = np.mean([bool(c.signals) for c in charts])
    outside = np.mean([[not p.lower <= p.value <= p.upper for p in c.points[12:]] for c in charts])
    assert trend < 0.10
    assert signal < 0.20
    assert outside < 0.02


def test_a_steady_rise_is_nearly_always_seen():
    """500 seeded series of 18 rising by half a standard deviation a period."""
    rng = np.random.default_rng(14)
    values = rng.normal(0, 1, (500, 18)) + 0.5 * np.arange(18)
    assert np.mean([individuals_chart(v, baseline=12).trend == "up" for v in values.tolist()]) > 0.9


def test_a_constant_series_has_no_signal():
    chart = individuals_chart([5, 5, 5, 5], baseline=4)
    assert (chart.signals, chart.trend) == ((), "no_signal")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: individuals_chart([1, 2], baseline=2),
            "a control chart needs at least 3 points, got 2",
        ),
        (
            lambda: individuals_chart([1, 2, nan], baseline=3),
            "values must be finite numbers, got nan at place 2",
        ),
        (
            lambda: individuals_chart([1, 2, 3, 4], baseline=9),
            "baseline must be from 3 to 4 points, the shortest phase, got 9",
        ),
        (
            lambda: individuals_chart(GOLDEN, baseline=3, rebases=(Rebase(index=6, reason=" "),)),
            "a rebase needs a reason in words, got none at place 6",
        ),
        (
            lambda: individuals_chart(GOLDEN, baseline=3, rebases=(Rebase(index=12, reason="x"),)),
            "rebases must be in time order from 1 to 11, got 12",
        ),
        (
            lambda: individuals_chart(GOLDEN, baseline=12, calendar=[[0.0, 1.0]]),
            "a calendar column must have a number for each of 12 points, got 2",
        ),
    ],
)
def test_impossible_input_is_named_with_its_value(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message


def test_a_phase_may_have_its_own_number_of_points_behind_its_limits():
    """12 points, then a fresh baseline of 4: the centre of the new phase is the mean of its 4."""
    values = [10.0, 12.0] * 6 + [20.0, 22.0, 21.0, 23.0, 40.0, 41.0]
    rebase = Rebase(index=12, reason="new question", baseline=4)
    chart = individuals_chart(values, baseline=12, rebases=[rebase])
    assert chart.points[0].centre == 11.0
    assert (chart.centre, chart.baseline) == (21.5, 4)
    with pytest.raises(InputError, match="baseline must be from 3 to 6 points"):
        individuals_chart(values, baseline=12, rebases=[Rebase(index=12, reason="new", baseline=9)])


def test_a_holiday_month_moves_the_centre_line_and_widens_limits_where_it_is_expected():
    """A flat 10 with 6 less in whole holiday months: slope -6 by hand, so no point stands out."""
    share = [0.5, 0.5, *[0.0] * 10, 1.0, 0.0]
    wobble = [0.0, 0.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 0.0, 0.0, 0.0, 0.0]
    values = [10 - 6 * z + w for z, w in zip(share, wobble, strict=True)]
    chart = individuals_chart(values, baseline=12, calendar=[share])
    centres = [point.centre for point in chart.points]
    assert centres == pytest.approx([10 - 6 * z for z in share])
    # Moves of the rest: 0 1 2 2 2 2 2 2 2 1 0, mean 16 / 11; one slope learned.
    reach = 3 / 1.128 * (16 / 11) * sqrt(11 / 10)
    assert chart.points[3].upper - 10 == pytest.approx(reach)
    # Σ (z - z̄)² of the baseline is 0.5 - 1 / 12, the slope's variance over the spread 12 / 5.
    assert chart.points[12].upper - centres[12] == pytest.approx(reach * sqrt(1 + 12 / 5))
    assert chart.signals == ()
    plain = individuals_chart(values, baseline=12)
    assert any(signal.index == 12 for signal in plain.signals)


def test_a_holiday_that_the_baseline_saw_once_moves_nothing():
    """One touched point cannot be told from a one-off."""
    share = [1.0, *[0.0] * 11]
    chart = individuals_chart(GOLDEN, baseline=12, calendar=[share])
    assert chart == individuals_chart(GOLDEN, baseline=12)
