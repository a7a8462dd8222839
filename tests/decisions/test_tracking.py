"""Variation, reach, false alarms and forecasts say what a chart can bear."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.decisions.kpis import Target, track_kpis
from cxlib.decisions.tracking import (
    expected_alarms,
    expected_false_trends,
    forecasts,
    keep_record,
    kpi_forecast,
    plain_point,
    reach,
    sampling_share,
    variation,
)
from cxlib.engagement import load_engagement
from cxlib.engagement.review import Rebaseline
from cxlib.errors import ConfigError
from cxlib.stats.false_alarms import Stable, false_alarms

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
MONTHS = [date(2025 + place // 12, place % 12 + 1, 1) for place in range(18)]
WOBBLE = [0.048, 0.052, 0.051, 0.049] * 5


@pytest.fixture
def engagement():
    return load_engagement(SAMPLE)


def one(engagement, shares, *, target=None, n=10_000, by=date(2026, 12, 31)):
    rows = [
        {"kpi": "conversion", "period_start": start, "n_obs": n, "value": share,
         "successes": round(share * n)}
        for start, share in zip(MONTHS, shares, strict=False)
    ]  # fmt: skip
    targets = {} if target is None else {"conversion": Target(level=target, by=by)}
    tracked = track_kpis(pd.DataFrame(rows), engagement=engagement, targets=targets)
    return next(each for each in tracked if each.kpi.id == "conversion")


@pytest.mark.parametrize(
    ("target", "expected"),
    [(0.03, "always"), (0.05, "hit_and_miss"), (0.08, "never"), (None, "no_target")],
)
def test_reach_compares_the_natural_limits_with_the_target(engagement, target, expected):
    """Wheeler: the whole band above, across or below; without a target no verdict."""
    each = one(engagement, WOBBLE[:18], target=target)
    assert 0.03 < each.series.chart.lower < 0.05 < each.series.chart.upper < 0.08
    assert (variation(each), reach(each)) == ("common", expected)


def test_reach_turns_round_where_lower_is_better(engagement):
    """A ceiling of 8 % is always kept."""
    for target, expected in ((0.08, "always"), (0.03, "never")):
        each = one(engagement, WOBBLE[:18], target=target)
        ceiling = each.kpi.model_copy(update={"direction": "lower"})
        assert reach(replace(each, kpi=ceiling)) == expected


def test_a_kpi_that_moves_has_left_its_limits(engagement):
    """Exceptional variation, better; nothing is said of its target."""
    each = one(engagement, [*WOBBLE[:12], *[0.09] * 6], target=0.065)
    assert (variation(each), reach(each)) == ("special_better", "unsettled")


def test_a_short_series_says_nothing(engagement):
    """Five months are no process."""
    each = one(engagement, WOBBLE[:5], target=0.05)
    assert (variation(each), reach(each)) == ("too_few", "too_few")
    assert expected_alarms(each) is None
    assert kpi_forecast(each, engagement=engagement) is None


def test_the_sampling_share_follows_the_size_of_the_sample(engagement):
    """Same series, 100 times the answers: sampling explains a hundredth of the spread."""
    few, many = (one(engagement, WOBBLE[:18], n=n) for n in (40_000, 4_000_000))
    ratio = sampling_share(few.series) / sampling_share(many.series)
    assert ratio == pytest.approx(100, rel=0.01)


def test_a_p_chart_takes_the_spread_from_its_periods_not_from_its_limits(engagement):
    """Its limits are sampling error: by hand, 1 / σz² of the scores' moving range, 1 at most."""
    n, shares = 10_000, [*WOBBLE[:6], *[0.0535, 0.0465] * 3, *WOBBLE[:6]]
    each = one(engagement, shares, n=n)
    assert each.series.chart.method == "p"
    centre = float(np.mean(shares[:12]))
    scores = (np.array(shares[:12]) - centre) / (centre * (1 - centre) / n) ** 0.5
    by_hand = 1 / (np.abs(np.diff(scores)).mean() / 1.128) ** 2
    assert sampling_share(each.series) == pytest.approx(by_hand, rel=0.001)
    assert by_hand < 0.9
    assert sampling_share(one(engagement, WOBBLE[:18], n=n).series) == 1.0


def test_a_short_series_adds_the_exact_rate_of_its_trend_test(engagement):
    """Of 120 orderings of five, two are strict: 1.7 %, not 5 %."""
    assert expected_false_trends([one(engagement, WOBBLE[:5])]) == pytest.approx(2 / 120)


def test_no_forecast_is_surer_than_the_sample_of_the_period_to_come(engagement):
    """A series calmer by luck than its samples of 2,000: 2.13 (t, 16 df) times their error."""
    calm = [0.0495, 0.0505] * 9
    found = kpi_forecast(one(engagement, calm, n=2_000), engagement=engagement).estimate
    sampling = (0.05 * 0.95 / 2_000) ** 0.5
    assert (found.ci_upper - found.ci_lower) / 2 == pytest.approx(2.12 * sampling, rel=0.02)


def test_alarms_are_those_of_the_charts_own_length(engagement):
    """18 months, 12 of them behind the limits; every KPI without a history adds nothing."""
    each = one(engagement, WOBBLE[:18])
    like = Stable(sizes=(10_000.0,) * 18, centre=each.series.chart.centre, kind="share")
    assert expected_alarms(each) == false_alarms(18, baseline=12, like=like)
    assert expected_false_trends([each]) == expected_alarms(each).trend_now


def test_a_forecast_is_for_the_period_in_which_the_target_is_due(engagement):
    """June to December are six steps; past its date a goal gets the next month and no verdict."""
    ahead = kpi_forecast(one(engagement, WOBBLE[:18], target=0.08), engagement=engagement)
    assert (ahead.period_start, ahead.model.steps) == (date(2026, 12, 1), 6)
    assert ahead.verdict == "not_met"
    late = kpi_forecast(
        one(engagement, WOBBLE[:18], target=0.08, by=date(2026, 6, 30)), engagement=engagement
    )
    assert (late.period_start, late.model.steps, late.verdict) == (
        date(2026, 7, 1), 1, "no_target",
    )  # fmt: skip


def test_a_forecast_knows_of_the_holiday_ahead(engagement):
    """Holiday months stand 1 pp lower, twice; due in February 2027, the holiday of 2027 lowers it.

    6 February 2027: 23 January to 20 February, 20 of 28 days; July has none.
    """
    rng = np.random.default_rng(3)
    holiday = dict.fromkeys(range(18), 0.0) | {0: 17 / 31, 1: 12 / 28, 13: 26 / 28, 14: 3 / 31}
    shares = [
        round(0.05 - 0.01 * holiday[k] + 0.0004 * rng.standard_normal(), 5) for k in range(18)
    ]
    each = one(engagement, shares, n=100_000, target=0.06, by=date(2027, 2, 28))
    effect = each.calendar.effects["lunar_new_year"]
    assert each.calendar.shares["lunar_new_year"] == pytest.approx(tuple(holiday.values()))
    assert each.calendar.used == ("lunar_new_year",)
    assert effect.ci_lower < -0.01 < effect.ci_upper
    found = kpi_forecast(each, engagement=engagement)
    assert found.period_start == date(2027, 2, 1)
    plain = one(engagement, shares, n=100_000, target=0.06, by=date(2027, 3, 31))
    later = kpi_forecast(plain, engagement=engagement)
    assert found.estimate.value - later.estimate.value == pytest.approx(20 / 28 * effect.effect)


def test_a_holiday_month_is_held_against_its_own_line(engagement):
    """The February that a plain chart flags lies inside the limits that know of the holiday."""
    rng = np.random.default_rng(3)
    holiday = dict.fromkeys(range(18), 0.0) | {0: 17 / 31, 1: 12 / 28, 13: 26 / 28, 14: 3 / 31}
    shares = [
        round(0.05 - 0.01 * holiday[k] + 0.0004 * rng.standard_normal(), 5) for k in range(18)
    ]
    each = one(engagement, shares, n=100_000)
    assert each.signals() == ()
    assert each.occasions(date(2026, 2, 1)) == ("lunar_new_year",)
    assert each.occasions(date(2025, 11, 1)) == ("sale",)
    assert each.occasions(date(2025, 9, 1)) == ()


def test_the_limits_a_target_is_read_against_are_those_of_an_ordinary_month(engagement):
    """The history ends in the holiday month: its lower line says nothing of other months."""
    rng = np.random.default_rng(3)
    holiday = dict.fromkeys(range(14), 0.0) | {0: 17 / 31, 1: 12 / 28, 13: 26 / 28}
    shares = [
        round(0.05 - 0.01 * holiday[k] + 0.0004 * rng.standard_normal(), 5) for k in range(14)
    ]
    each = one(engagement, shares, n=100_000, target=0.045)
    assert each.calendar.used == ("lunar_new_year",)
    plain = plain_point(each, each.series)
    assert (plain.index, plain.lower) == (12, each.series.chart.points[12].lower)
    assert each.series.chart.lower < 0.045 < plain.lower
    assert reach(each) == "always"


def test_the_record_grows_and_keeps_what_it_has(engagement):
    """Two months apart: two forecasts and two verdicts; the same month again adds none."""
    before = [one(engagement, WOBBLE[:17], target=0.05)]
    after = [one(engagement, WOBBLE[:18], target=0.05)]
    first = keep_record({}, before, forecasts(before, engagement=engagement))
    second = keep_record(first, after, forecasts(after, engagement=engagement))
    assert [len(second[name]) for name in ("forecasts", "verdicts")] == [2, 2]
    assert second["forecasts"][0] == first["forecasts"][0]
    assert keep_record(second, after, forecasts(after, engagement=engagement)) == second


def test_a_fresh_baseline_settles_a_kpi_that_moved(engagement):
    """With its reason the chart starts anew from January; six months are then too few to say."""
    engagement.rebaseline.append(
        Rebaseline.model_validate(
            {"kpi": "conversion", "from": date(2026, 1, 1), "reason": "Enquiry team started"}
        )
    )
    each = one(engagement, [*WOBBLE[:12], *[0.09, 0.091] * 3], target=0.065)
    (rebase,) = each.series.chart.rebases
    assert (rebase.index, rebase.reason) == (12, "Enquiry team started")
    assert each.series.chart.centre == pytest.approx(0.0905)
    assert (variation(each), reach(each)) == ("too_few", "too_few")


def test_a_fresh_baseline_with_too_few_periods_is_refused(engagement):
    """One message with KPI, date and both counts."""
    engagement.rebaseline.append(
        Rebaseline.model_validate(
            {"kpi": "conversion", "from": date(2026, 6, 1), "reason": "New team"}
        )
    )
    with pytest.raises(ConfigError) as caught:
        one(engagement, WOBBLE[:18])
    assert "rebaseline, conversion: found from 2026-06-01; 17 periods lie before it and 1 from" in (
        str(caught.value)
    )
