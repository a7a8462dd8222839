"""cxlib.stats.control_chart: Wheeler's limits, Anhøj's rules, Laney's limits, false alarms."""

from math import nan, sqrt

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.control_chart import (
    Rebase,
    fewest_crossings_limit,
    individuals_chart,
    laney_chart,
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


def test_laney_limits_match_a_hand_worked_chart():
    """50 60 55 65 of 1,000: p̄ = .0575, s = .0073616, moving z ranges 1.35840 .67920 1.35840,
    σz = 1.13200/1.128 = 1.003547, margin 3 · .0073616 · 1.003547 = .022163.
    """
    chart = laney_chart([50, 60, 55, 65], [1000] * 4, baseline=4)
    s = sqrt(0.0575 * 0.9425 / 1000)
    sigma = ((0.010 + 0.005 + 0.010) / s / 3) / 1.128
    assert chart.upper == pytest.approx(0.0575 + 3 * s * sigma)
    assert chart.upper == pytest.approx(0.0575 + 0.022163, abs=1e-5)
    assert chart.method == "Laney p'"


def test_laney_keeps_quiet_where_binomial_limits_cry_wolf():
    """Shares that truly vary by 1 pp with n = 50,000: p-chart limits (± 0.6 pp) flag over a quarter
    of all points, p' under 2 %; 300 seeded series of 24."""
    rng = np.random.default_rng(15)
    n = 50_000
    shares = rng.normal(0.3, 0.01, (300, 24))
    counts = rng.binomial(n, shares)
    p_chart = np.mean(np.abs(counts / n - 0.3) > 3 * sqrt(0.3 * 0.7 / n))
    laney = [laney_chart(row, [n] * 24, baseline=24) for row in counts.tolist()]
    outside = np.mean([[not p.lower <= p.value <= p.upper for p in c.points] for c in laney])
    assert p_chart > 0.25
    assert outside < 0.02


def test_laney_limits_widen_for_small_periods_and_stay_shares():
    chart = laney_chart([9, 5, 8, 1], [100, 60, 90, 10], baseline=4)
    widths = [p.upper - p.lower for p in chart.points]
    assert widths[3] > widths[0]
    assert all(0 <= p.lower <= p.upper <= 1 for p in chart.points)


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
            lambda: laney_chart([1, 2, 3], [10, 10], baseline=3),
            "successes and n must have the same length, got 3 and 2",
        ),
        (
            lambda: laney_chart([1, 20, 3], [10, 10, 10], baseline=3),
            "successes must be from 0 to n, and n at least 1, got 20 of 10 at place 1",
        ),
        (
            lambda: laney_chart([0, 0, 0], [10, 10, 10], baseline=3),
            "the baseline share must be between 0 and 1, got 0.0",
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
