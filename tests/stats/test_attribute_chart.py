"""cxlib.stats.attribute_chart: p, Laney's p', u and u', and the test that chooses."""

from math import inf, sqrt

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from cxlib.errors import InputError
from cxlib.stats.attribute_chart import dispersion_limit, rate_chart, share_chart
from cxlib.stats.control_chart import Rebase


def test_p_limits_match_the_published_orange_juice_cans():
    """Montgomery, Introduction to Statistical Quality Control, example 7.1: 30 samples of 50 cans,
    347 nonconforming in all, p̄ = 0.2313, limits 0.0524 and 0.4102; samples 15 and 23 lie outside.
    """
    cans = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24,
            15, 9, 12, 7, 13, 9, 6]  # fmt: skip
    chart = share_chart(cans, [50] * 30, baseline=30, spread="sampling")
    assert sum(cans) == 347
    assert chart.centre == pytest.approx(0.2313, abs=5e-5)
    assert (chart.lower, chart.upper) == pytest.approx((0.0524, 0.4102), abs=1e-4)
    outside = [s.index + 1 for s in chart.signals if s.rule == "outside_limits"]
    assert outside == [15, 23]
    assert chart.method == "p"


def test_u_limits_match_a_hand_worked_chart():
    """10 12 8 10 faults in 5 10 5 5 units: ū = 40 / 25 = 1.6, limits 1.6 ± 3 sqrt(1.6 / e)."""
    chart = rate_chart([10, 12, 8, 10], [5, 10, 5, 5], baseline=4, spread="sampling")
    assert chart.centre == pytest.approx(1.6)
    assert chart.points[1].upper == pytest.approx(1.6 + 3 * 0.4)
    assert chart.points[0].upper == pytest.approx(1.6 + 3 * sqrt(0.32))
    assert (chart.points[0].lower, chart.method) == (0.0, "u")


def test_laney_limits_match_a_hand_worked_chart():
    """50 60 55 65 of 1,000: p̄ = .0575, s = .0073616, moving z ranges 1.35840 .67920 1.35840,
    σz = 1.13200/1.128 = 1.003547, margin 3 · .0073616 · 1.003547 = .022163.
    """
    chart = share_chart([50, 60, 55, 65], [1000] * 4, baseline=4, spread="Laney")
    s = sqrt(0.0575 * 0.9425 / 1000)
    sigma = ((0.010 + 0.005 + 0.010) / s / 3) / 1.128
    assert chart.upper == pytest.approx(0.0575 + 3 * s * sigma)
    assert chart.upper == pytest.approx(0.0575 + 0.022163, abs=1e-5)
    assert chart.method == "Laney p'"


def test_the_choice_is_that_of_the_chi_square_test_of_equal_shares():
    """scipy.stats.chi2_contingency at 5 % on the baseline, 400 seeded tables."""
    rng = np.random.default_rng(16)
    for level in rng.normal(0.3, 0.012, (400, 12)):
        counts = rng.binomial(1_000, level)
        table = [counts, 1_000 - counts]
        p_value = chi2_contingency(table, correction=False).pvalue
        chart = share_chart(counts.tolist(), [1_000] * 12, baseline=12)
        assert (chart.method == "Laney p'") == (p_value < 0.05)


def test_the_limit_is_the_tabled_point_of_chi_square():
    """Any table: 19.675 for 11 degrees of freedom at 5 %."""
    assert dispersion_limit(12) == pytest.approx(19.675, abs=5e-4)


def test_laney_keeps_quiet_where_binomial_limits_cry_wolf():
    """Shares that truly vary by 1 pp with n = 50,000: p limits flag over a quarter of all points,
    the tested chart under 2 %; 300 seeded series of 24."""
    rng = np.random.default_rng(15)
    counts = rng.binomial(50_000, rng.normal(0.3, 0.01, (300, 24))).tolist()

    def outside(spread):
        charts = [share_chart(row, [50_000] * 24, baseline=24, spread=spread) for row in counts]
        return np.mean([[not p.lower <= p.value <= p.upper for p in c.points] for c in charts])

    assert outside("sampling") > 0.25
    assert outside("tested") < 0.02


def test_rates_and_shares_agree_where_events_are_rare():
    """1 - p̄ is near 1, so u and p limits differ by under 1 % of their width."""
    counts, sizes = [20, 25, 18, 22, 30, 19], [20_000] * 6
    share = share_chart(counts, sizes, baseline=6, spread="sampling")
    rate = rate_chart(counts, sizes, baseline=6, spread="sampling")
    assert rate.centre == share.centre
    assert rate.upper - rate.centre == pytest.approx(share.upper - share.centre, rel=0.01)


def test_limits_widen_for_small_periods_and_stay_shares():
    """Ten answers tell less than a hundred."""
    for spread in ("sampling", "Laney"):
        chart = share_chart([9, 5, 8, 1], [100, 60, 90, 10], baseline=4, spread=spread)
        widths = [p.upper - p.lower for p in chart.points]
        assert widths[3] > widths[0]
        assert all(0 <= p.lower <= p.upper <= 1 for p in chart.points)


def test_a_fresh_baseline_has_limits_of_its_own():
    """Five per cent before, ten after."""
    rebase = Rebase(index=6, reason="new checkout")
    chart = share_chart([50] * 6 + [100] * 6, [1000] * 12, baseline=6, rebases=[rebase])
    assert (chart.points[0].centre, chart.centre) == (0.05, 0.1)
    assert chart.signals == ()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: share_chart([1, 2, 3], [10, 10], baseline=3),
            "successes and n must have the same length, got 3 and 2",
        ),
        (
            lambda: share_chart([1, 20, 3], [10, 10, 10], baseline=3),
            "successes must be from 0 to n, and n at least 1, got 20 of 10 at place 1",
        ),
        (
            lambda: share_chart([0, 0, 0], [10, 10, 10], baseline=3),
            "the baseline share must be between 0 and 1, got 0.0",
        ),
        (
            lambda: rate_chart([1, 2], [10, 10, 10], baseline=3),
            "counts and exposure must have the same length, got 2 and 3",
        ),
        (
            lambda: rate_chart([1, 2, -1], [10, 10, 10], baseline=3),
            "counts must be 0 or more and exposure above 0, got -1 in 10 at place 2",
        ),
        (
            lambda: rate_chart([0, 0, 0], [10, 10, 10], baseline=3),
            "the baseline must have an event, got a rate of 0.0",
        ),
    ],
)
def test_impossible_input_is_named_with_its_value(call, message):
    """Each with its place where it has one."""
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message


def test_a_rate_has_no_upper_end():
    """Several faults a unit are no error."""
    chart = rate_chart([30, 40, 35], [10, 10, 10], baseline=3)
    assert 1 < chart.upper < inf
