"""cxlib.decisions.roi and cash_flow: hand-worked money, invariants, simulation, errors."""

from dataclasses import replace
from math import fsum, nan
from statistics import NormalDist

import pytest

from cxlib.decisions.cash_flow import BenefitStream
from cxlib.decisions.returns import rate_of_return
from cxlib.decisions.roi import evaluate
from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate
from cxlib.stats.simulation import Pert

STAYS = Pert(low=1, mode=1, high=1)


def estimate(value, margin, unit):
    return Estimate(
        value=value, ci_lower=value - margin, ci_upper=value + margin, n_obs=100, unit=unit,
        method="test",
    )  # fmt: skip


def stream(key="more_purchases", *, effect=0.02, doubt=0.01, persistence=STAYS):
    """+2 pp on 1,000 enquiries at a margin of 500: 10,000 a month."""
    return BenefitStream(
        key=key,
        effect=estimate(effect, doubt, "pp"),
        volume_per_month=1_000,
        margin_per_unit=estimate(500, 1e-6, "currency"),
        persistence=persistence,
    )


def value(streams=None, *, costs=(30_000, 2_000, 2_000, 2_000, 2_000), **options):
    options = {
        "observed_months": 4, "annual_discount_rate": 0.08, "grade": "B", "n_draws": 2_000,
        **options,
    }  # fmt: skip
    return evaluate(streams or [stream()], costs_by_month=costs, **options)


def test_cash_by_month_and_payback_by_hand():
    """-30,000, then 8,000 a month: -22, -14, -6, +2 thousand; paid back in month 4."""
    found = value()
    assert [month.net for month in found.months] == [-30_000, 8_000, 8_000, 8_000, 8_000]
    assert found.months[-1].cumulative == 2_000
    assert found.payback_month == 4
    assert found.costs_total == 38_000


def test_present_value_by_hand():
    """Monthly factor 1.08^(-1/12) = 0.993607: -30,000 + 8,000 (v + v² + v³ + v⁴) = 1,491.8."""
    v = 1.08 ** (-1 / 12)
    expected = -30_000 + 8_000 * (v + v**2 + v**3 + v**4)
    found = value()
    assert found.npv.value == pytest.approx(expected)
    assert found.npv.value == pytest.approx(1_491.8, abs=0.1)
    assert fsum(month.present_value for month in found.months) == pytest.approx(expected)
    assert found.roi == pytest.approx(expected / (30_000 + 2_000 * (v + v**2 + v**3 + v**4)))


def test_rate_of_return_of_the_numpy_financial_example():
    """irr([-100, 39, 59, 55, 20]) = 0.28095 a period (numpy-financial's documentation)."""
    found, status = rate_of_return([-100, 39, 59, 55, 20])
    assert (found, status) == (pytest.approx(1.28095**12 - 1, rel=1e-4), "found")


def test_a_rate_of_return_that_does_not_exist_says_why():
    assert rate_of_return([-5, -1, -1]) == (None, "no_sign_change")
    assert rate_of_return([-100, 230, -132]) == (None, "not_unique")


def test_the_effect_declines_in_a_straight_line_to_what_is_left():
    """Observed 2 of 6 months, half left at the end: 10, 10, 8.75, 7.5, 6.25, 5 thousand."""
    half = Pert(low=0.5, mode=0.5, high=0.5)
    found = value([stream(persistence=half)], costs=[0] * 7, observed_months=2)
    expected = [0, 10_000, 10_000, 8_750, 7_500, 6_250, 5_000]
    assert [month.benefit for month in found.months] == pytest.approx(expected)


def test_streams_and_costs_sum_exactly_to_the_value():
    streams = [stream("more_purchases"), stream("less_churn", effect=0.007)]
    found = value(streams, annual_discount_rate=0.073)
    parts = [item.present_value for item in found.streams]
    assert fsum([*parts, -found.costs_present_value]) == found.npv.value
    for month in found.months:
        assert fsum(month.benefits) == month.benefit


def test_values_add_up_over_streams_and_costs():
    one, other = stream("a"), stream("b", effect=0.01)
    free = [0] * 5
    both = value([one, other], costs=free).npv.value
    assert both == pytest.approx(
        value([one], costs=free).npv.value + value([other], costs=free).npv.value
    )
    assert value([one]).npv.value == pytest.approx(
        value([one], costs=free).npv.value - value([one]).costs_present_value
    )


def test_switching_a_stream_off_never_changes_another():
    one, other = stream("a"), stream("b", effect=0.01)
    alone, joined = value([one]), value([one, other])
    assert alone.streams[0] == joined.streams[0]
    off = value([one, replace(other, volume_per_month=0)])
    assert off.npv == alone.npv
    assert off.probability_of_loss == alone.probability_of_loss


def test_a_higher_cost_or_rate_lowers_the_value():
    assert value(costs=(31_000, 2_000, 2_000, 2_000, 2_000)).npv.value < value().npv.value
    assert value(annual_discount_rate=0.2).npv.value < value().npv.value


def test_probability_of_loss_is_that_of_the_normal_effect():
    """Only the effect is in doubt: P(effect < break-even), error 0.01 / 1.96 around 0.02."""
    found = value(n_draws=40_000)
    expected = NormalDist(0.02, 0.01 / 1.959964).cdf(found.break_even_effect)
    assert found.probability_of_loss == pytest.approx(expected, abs=0.01)
    assert found.npv_median == pytest.approx(found.npv.value, abs=300)


def test_at_the_break_even_effect_the_value_is_zero():
    at = value().break_even_effect
    assert value([stream(effect=at)]).npv.value == pytest.approx(0, abs=1e-6)
    assert value([replace(stream(), volume_per_month=0)]).break_even_effect is None


def test_without_effect_the_costs_are_lost():
    found = value()
    assert found.npv_without_effect == -found.costs_present_value
    nothing = value([stream(effect=0)])
    assert nothing.npv.value == pytest.approx(nothing.npv_without_effect)
    assert nothing.payback_month is None


def test_the_interval_holds_90_percent_of_the_values_by_hand():
    """Only the effect is in doubt, normal with SD 0.01 / 1.96: its 5 and 95 % points, in money.

    40,000 draws place each end within 0.01 SD; an 80 % interval would lie 0.36 SD further in.
    """
    found = value(n_draws=40_000)
    spread = 0.01 / 1.959964
    per_effect = (found.npv.value + found.costs_present_value) / 0.02
    ends = [found.npv.value + z * spread * per_effect for z in (-1.644854, 1.644854)]
    close = 0.04 * spread * per_effect
    assert [found.npv.ci_lower, found.npv.ci_upper] == pytest.approx(ends, abs=close)


def test_the_interval_lies_between_its_scenario_ends():
    found = value([stream(persistence=Pert(low=0.4, mode=0.75, high=1))], observed_months=2)
    low, base, high = found.scenarios
    assert (low.key, base.key, high.key) == ("low", "base", "high")
    assert low.npv < found.npv.ci_lower < found.npv.ci_upper < high.npv
    assert base.npv == pytest.approx(found.npv.value)
    assert found.npv.confidence_level == 0.9


def test_the_tornado_is_sorted_and_moves_one_input_at_a_time():
    found = value([stream(persistence=Pert(low=0.4, mode=0.75, high=1))], observed_months=2)
    swings = [bar.swing for bar in found.tornado]
    assert swings == sorted(swings, reverse=True)
    assert [bar.part for bar in found.tornado] == ["effect", "persistence", "margin"]
    assert all(bar.npv_low <= found.npv.value <= bar.npv_high for bar in found.tornado)


def test_the_same_seed_gives_the_same_answer():
    assert value(seed=3) == value(seed=3)
    assert value(seed=3).npv.ci_lower != value(seed=4).npv.ci_lower


def test_inputs_that_rise_together_widen_the_range():
    doubtful = replace(stream(), margin_per_unit=estimate(500, 200, "currency"))
    pair = {("more_purchases.effect", "more_purchases.margin"): 0.8}
    apart, together = value([doubtful]), value([doubtful], correlations=pair)
    width = [v.npv.ci_upper - v.npv.ci_lower for v in (apart, together)]
    assert width[1] > 1.1 * width[0]


def test_evidence_of_grade_c_or_d_is_no_headline():
    assert [value(grade=grade).is_headline for grade in "ABCD"] == [True, True, False, False]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: value(annual_discount_rate=8),
            "annual_discount_rate must be from 0 to below 1 (0.08 for 8 %), got 8",
        ),
        (lambda: value(costs=(1, -2)), "costs must be 0 or more in every month, got -2"),
        (
            lambda: value(observed_months=9),
            "the horizon must be 1 month or more and cover the months observed, got 4 and 9",
        ),
        (
            lambda: value([stream(), stream()]),
            (
                "at least 1 stream is needed and each key once, "
                "got ['more_purchases', 'more_purchases']"
            ),
        ),
        (lambda: value(n_draws=10), "n_draws must be 1000 or more, got 10"),
        (
            lambda: replace(stream(), effect=estimate(2, 1, "points")),
            "the effect of more_purchases must be in pp, got points",
        ),
        (
            lambda: replace(stream(), margin_per_unit=estimate(2, 1, "ratio")),
            "margin_per_unit of more_purchases must be in currency, got ratio",
        ),
        (
            lambda: replace(stream(), volume_per_month=-1),
            "volume_per_month of more_purchases must be 0 or more, got -1",
        ),
        (
            lambda: stream(persistence=Pert(low=0, mode=1, high=2)),
            "persistence of more_purchases must be from 0 to 1, got 0 to 2",
        ),
        (
            lambda: value(
                [replace(stream(), effect=replace(stream().effect, ci_lower=nan, ci_upper=nan))]
            ),
            "the estimate 0.02 has no interval; give one, or Fixed(value=…) if known",
        ),
    ],
)
def test_a_refusal_names_the_rule_and_the_value(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
