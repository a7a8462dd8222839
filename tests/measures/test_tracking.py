"""cxlib.measures.tracking and mix: series, verdicts, trends, the reversal by mix, error texts."""

import datetime as dt
from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import InputError
from cxlib.measures.mix import mix_shift
from cxlib.measures.survey import nps_from_counts
from cxlib.measures.tracking import kpi_series, mann_kendall, mann_kendall_alarms, verdict
from cxlib.stats.control_chart import Rebase
from cxlib.stats.means import mean_estimate
from cxlib.stats.proportions import proportion


def periods(n, freq="MS"):
    return pd.date_range("2025-01-01", periods=n, freq=freq).strftime("%Y-%m-%d")


def nps_history(promoters, *, n=400, passives=100):
    p = np.array(promoters)
    return pd.DataFrame(
        {
            "kpi": "nps",
            "period_start": periods(len(p)),
            "n_obs": n,
            "value": np.round(100 * (2 * p + passives - n) / n, 1),
            "promoters": p,
            "passives": passives,
            "detractors": n - passives - p,
        }
    )


def share_history(kpi, successes, *, n=600, freq="MS"):
    x = np.array(successes)
    return pd.DataFrame(
        {
            "kpi": kpi,
            "period_start": periods(len(x), freq),
            "n_obs": n,
            "value": np.round(x / n, 4),
            "successes": x,
        }
    )


def mean_history(values, *, n=300, sd=1.3):
    return pd.DataFrame(
        {"kpi": "ces", "period_start": periods(len(values)), "n_obs": n, "value": values, "sd": sd}
    )


WOBBLE = np.array([0, 3, -3, 5, 2, -1, 1, 4, -2, 1, 0, 2, -1, 2, -2, 1, 0, 1])


def test_an_nps_series_carries_intervals_chart_and_current_value():
    series = kpi_series(nps_history(200 + WOBBLE), kpi="nps", target=30)
    assert series.kind == "nps"
    assert series.points[0].period_start == dt.date(2025, 1, 1)
    assert series.points[1].estimate == nps_from_counts(203, 100, 97)
    assert series.current == nps_from_counts(201, 100, 99)
    assert [p.value for p in series.chart.points] == [p.estimate.value for p in series.points]
    assert (series.chart.method, series.chart.baseline) == ("individuals", 12)
    assert (series.trend, series.trend_is_good) == ("no_signal", None)


def test_even_shares_get_a_p_chart_uneven_ones_laneys_and_means_are_individuals():
    share = kpi_series(share_history("conversion", 30 + WOBBLE), kpi="conversion")
    assert (share.kind, share.chart.method) == ("share", "p")
    uneven = kpi_series(share_history("conversion", 300 + 40 * WOBBLE), kpi="conversion")
    assert (uneven.kind, uneven.chart.method) == ("share", "Laney p'")
    assert share.current == proportion(31, 600)
    mean = kpi_series(mean_history(4.9 + WOBBLE / 50), kpi="ces")
    assert (mean.kind, mean.chart.method, mean.current.unit) == ("mean", "individuals", "rating")
    assert mean.current == mean_estimate(300, 4.92, 1.3 * 1.3)


def test_the_kpi_table_of_the_source_in_four_rows():
    """domain.md section 1 and G1: NPS 25 rising against > 30; CES flat without a target;
    positive mentions 65 % falling against > 70 %; repurchase 38 % rising against > 40 %."""
    promoters = [*(176 + WOBBLE[:12]), 190, 192, 194, 196, 198, 200]
    weeks = [*(430 + 2 * WOBBLE[:12]), 400, 398, 396, 394, 392, 390]
    history = pd.concat(
        [
            nps_history(promoters),
            mean_history(4.9 + WOBBLE / 50),
            share_history("positive_mentions", weeks, freq="W-MON"),
            share_history("repurchase_90d", [196, 203, 209, 215, 221, 228], freq="QS"),
        ]
    )
    targets = {"nps": 30.0, "ces": None, "positive_mentions": 0.70, "repurchase_90d": 0.40}
    table = {k: kpi_series(history, kpi=k, target=t) for k, t in targets.items()}
    assert {k: s.trend for k, s in table.items()} == {
        "nps": "up",
        "ces": "no_signal",
        "positive_mentions": "down",
        "repurchase_90d": "up",
    }
    assert {k: s.verdict for k, s in table.items()} == {
        "nps": "cannot_tell",
        "ces": "no_target",
        "positive_mentions": "not_met",
        "repurchase_90d": "cannot_tell",
    }
    assert [round(s.current.value, 2) for s in table.values()] == [25.0, 4.92, 0.65, 0.38]
    assert table["nps"].trend_is_good
    assert table["repurchase_90d"].trend_rule == "Mann-Kendall"


def test_only_an_interval_that_clears_the_target_decides():
    """n = 200 cannot tell 25 from 30 (domain.md C2); 10,000 answers can."""
    few, many = nps_from_counts(95, 60, 45), nps_from_counts(4750, 3000, 2250)
    assert (few.value, many.value) == (25.0, 25.0)
    assert [verdict(e, target=30) for e in (few, many)] == ["cannot_tell", "not_met"]
    assert [verdict(many, target=t, better="lower") for t in (30, 20)] == ["met", "not_met"]
    assert verdict(many, target=20) == "met"
    assert verdict(many, target=None) == "no_target"


def test_limits_from_fewer_than_8_periods_call_no_signal():
    """Eight months near 5 %, one at 9 %: limits from 7 of them call nothing, from 8 they do."""
    shares = [0.049, 0.051] * 4 + [0.09]
    history = pd.DataFrame(
        {
            "kpi": "conversion", "period_start": periods(9), "n_obs": 1000, "value": shares,
            "successes": [round(1000 * share) for share in shares],
        }
    )  # fmt: skip
    few, enough = (kpi_series(history, kpi="conversion", baseline_periods=n) for n in (7, 8))
    assert [len(series.chart.signals) for series in (few, enough)] == [1, 1]
    assert [series.has_firm_limits for series in (few, enough)] == [False, True]
    assert few.signals == ()
    assert [signal.rule for signal in enough.signals] == ["outside_limits"]


def test_a_limit_on_the_target_reaches_it_and_no_interval_decides_nothing():
    estimate = mean_estimate(4, 4.0, 0.0)
    assert (estimate.ci_lower, estimate.ci_upper) == (4.0, 4.0)
    assert [verdict(estimate, target=4.0, better=b) for b in ("higher", "lower")] == ["met", "met"]
    assert verdict(mean_estimate(1, 4.0, float("nan")), target=3.0) == "cannot_tell"
    assert verdict(estimate, target=float("nan")) == "no_target"


def test_row_order_and_other_kpis_do_not_matter():
    history = pd.concat([nps_history(200 + WOBBLE), mean_history([4.0] * 18)])
    shuffled = history.sample(frac=1, random_state=1)
    assert kpi_series(shuffled, kpi="nps") == kpi_series(history, kpi="nps")


def test_a_falling_number_is_good_where_lower_is_better():
    series = kpi_series(
        share_history("complaints", [*(60 + WOBBLE[:12]), 30, 29, 28, 30, 29, 28]),
        kpi="complaints",
        target=0.08,
        better="lower",
    )
    assert (series.trend, series.trend_is_good, series.verdict) == ("down", True, "met")


def test_a_rebase_travels_with_its_reason():
    rebase = Rebase(index=12, reason="question reworded")
    history = nps_history([*(200 + WOBBLE[:12]), *(150 + WOBBLE[:12])])
    series = kpi_series(history, kpi="nps", rebases=(rebase,))
    assert [(r.index, r.reason) for r in series.chart.rebases] == [(12, "question reworded")]
    assert series.trend == "no_signal"
    assert kpi_series(history, kpi="nps").trend == "down"


def test_a_short_series_is_read_from_its_last_rebase_on():
    """Eight periods, each half level: the step at the rebase is no trend."""
    rebase = Rebase(index=4, reason="question reworded")
    history = nps_history([200, 201, 199, 202, 240, 241, 239, 242])
    assert kpi_series(history, kpi="nps", rebases=(rebase,)).trend == "no_signal"
    steady = nps_history([200, 202, 199, 201, 240, 242, 244, 246, 248])
    assert kpi_series(steady, kpi="nps", rebases=(rebase,)).trend == "up"


@pytest.mark.parametrize("baseline", [3, 6, 8, 12])
def test_a_stable_series_seldom_shows_a_trend_however_few_periods_set_its_limits(baseline):
    """400 seeded series of 16 periods; limits from 3 of them alone would call 24 %.

    About 8 % is claimed; the bound allows two standard errors of 400 runs (2.7 pp).
    """
    rng = np.random.default_rng(72)
    trends = [
        kpi_series(mean_history(values), kpi="ces", baseline_periods=baseline).trend
        for values in rng.normal(4.9, 0.1, (400, 16)).tolist()
    ]
    assert np.mean([trend != "no_signal" for trend in trends]) <= 0.08 + 0.027


@pytest.mark.parametrize(("n", "rate"), [(3, 0.0), (4, 0.0), (5, 2 / 120), (6, 12 / 720)])
def test_the_trend_test_errs_as_often_as_orderings_allow(n, rate):
    """Counted over all orderings of n values."""
    orderings = list(permutations(range(n)))
    called = sum(mann_kendall(list(values)) != "no_signal" for values in orderings)
    assert mann_kendall_alarms(n) == pytest.approx(called / len(orderings)) == pytest.approx(rate)


def test_a_short_series_is_given_the_exact_mann_kendall_test():
    """Strict order of five: p = 2/5! = 0.017; of four: 2/4! = 0.083; one swap in six: 12/720."""
    assert mann_kendall([1, 2, 3, 4, 5]) == "up"
    assert mann_kendall([5, 4, 3, 2, 1]) == "down"
    assert mann_kendall([1, 2, 3, 4]) == "no_signal"
    assert mann_kendall([1, 2, 4, 3, 5, 6]) == "up"
    assert mann_kendall([3, 3, 3, 3]) == "no_signal"


@pytest.mark.parametrize(
    "values",
    [
        (0, 1, 2, 3, 4, 5),
        (1, 1, 2, 2, 3),
        (1, 1, 1, 2, 2, 2),
        (1, 2, 2, 2, 2, 3),
        (1, 2, 2, 3, 3, 4, 4),
    ],
)
def test_mann_kendall_keeps_its_error_rate(values):
    """All orderings, of equal values too: at most 5 % are called a trend, half of them up.

    The normal approximation calls 6.7 % of the second case and 10 % of the third.
    """
    called = [mann_kendall(list(order)) for order in sorted(set(permutations(values)))]
    assert called.count("up") == called.count("down")
    assert np.mean([trend != "no_signal" for trend in called]) <= 0.05


def test_mann_kendall_finds_what_all_orderings_say():
    """Of the 420 orderings of 1 1 1 2 3 4 4 those with |S| as large, counted one by one."""
    values = (1, 1, 1, 2, 3, 4, 4)
    orders = sorted(set(permutations(values)))
    size = np.array([sum(np.sign(b - a) for a, b in combinations(o, 2)) for o in orders])
    assert len(orders) == 420
    for order, s in zip(orders, size.tolist(), strict=True):
        p_value = np.mean(np.abs(size) >= abs(s))
        assert (mann_kendall(list(order)) != "no_signal") == (p_value <= 0.05)


@pytest.mark.parametrize(("periods_", "baseline"), [(6, 6), (18, 12), (30, 20), (77, 24)])
def test_the_default_baseline_is_two_thirds_from_12_to_24(periods_, baseline):
    history = mean_history(4.9 + np.resize(WOBBLE, periods_) / 50)
    assert kpi_series(history, kpi="ces").chart.baseline == baseline


def test_a_stable_kpi_rarely_shows_a_trend():
    """400 seeded NPS histories of 18 months with 400 answers each and no change."""
    rng = np.random.default_rng(61)
    called = [
        kpi_series(nps_history(row), kpi="nps").trend != "no_signal"
        for row in rng.binomial(300, 0.6, (400, 18))
    ]
    assert np.mean(called) < 0.12


@pytest.mark.parametrize(
    ("history", "kpi", "message"),
    [
        (nps_history([200] * 5), "npx", "kpi must be one of ['nps'], got 'npx'"),
        (
            pd.concat([nps_history([200] * 3), nps_history([210])]),
            "nps",
            "nps must have one row a period, got two for 2025-01-01",
        ),
        (
            nps_history([200] * 4).drop(columns=["promoters"]),
            "nps",
            (
                "nps needs promoters, passives and detractors, or successes, or sd filled in for "
                "every period; a bare value has no interval"
            ),
        ),
        (
            nps_history([200] * 4).assign(n_obs=401),
            "nps",
            "nps 2025-01-01: the three bands must add to n_obs 401, got [200, 100, 100]",
        ),
        (
            nps_history([200] * 4).assign(value=31.0),
            "nps",
            "nps 2025-01-01: value must follow from its counts (25), got 31",
        ),
        (
            nps_history([200] * 2),
            "nps",
            "a control chart needs at least 3 points, got 2",
        ),
        (
            nps_history([200] * 4).drop(columns="n_obs"),
            "nps",
            (
                "columns not found: ['n_obs']; the frame has "
                "['kpi', 'period_start', 'value', 'promoters', 'passives', 'detractors']"
            ),
        ),
    ],
)
def test_a_history_that_cannot_be_right_is_named(history, kpi, message):
    with pytest.raises(InputError) as caught:
        kpi_series(history, kpi=kpi)
    assert str(caught.value) == message


# --- mix -------------------------------------------------------------------------------------


def test_the_published_reversal_splits_into_rate_plus_1_and_mix_minus_4():
    """domain.md trap 31: each segment +1, total 81 to 78."""
    shift = mix_shift(
        {"a": 80, "b": 20}, {"a": 85, "b": 65}, {"a": 60, "b": 40}, {"a": 86, "b": 66}
    )
    assert (shift.total_before, shift.total_after) == pytest.approx((81, 78))
    assert (shift.rate_effect, shift.mix_effect, shift.change) == pytest.approx((1, -4, -3))
    assert shift.reversed_by_mix


def test_the_parts_add_up_for_any_groups():
    """200 seeded pairs of periods with five groups."""
    rng = np.random.default_rng(71)
    for _ in range(200):
        n0, n1 = (dict(enumerate(map(int, rng.integers(1, 500, 5)))) for _ in range(2))
        s0, s1 = (dict(enumerate(rng.normal(20, 30, 5).tolist())) for _ in range(2))
        shift = mix_shift(n0, s0, n1, s1)
        assert shift.rate_effect + shift.mix_effect == pytest.approx(shift.change)
        back = mix_shift(n1, s1, n0, s0)
        assert (back.rate_effect, back.mix_effect) == pytest.approx(
            (-shift.rate_effect, -shift.mix_effect)
        )


def test_without_a_change_of_shares_all_is_rate_and_without_a_change_of_scores_all_is_mix():
    n = {"a": 30, "b": 70}
    assert mix_shift(n, {"a": 1, "b": 2}, n, {"a": 3, "b": 5}).mix_effect == 0
    assert mix_shift(n, {"a": 1, "b": 2}, {"a": 7, "b": 3}, {"a": 1, "b": 2}).rate_effect == 0


def test_a_new_group_is_all_mix():
    """Online appears with 0 beside 40: total 40 to 20; nothing else moved."""
    shift = mix_shift({"store": 50, "online": 0}, {"store": 40}, {"store": 50, "online": 50},
                      {"store": 40, "online": 0})  # fmt: skip
    assert (shift.rate_effect, shift.mix_effect, shift.change) == pytest.approx((0, -20, -20))
    assert not shift.reversed_by_mix


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ({"a": 1}, {"a": 1}, {"b": 1}, {"b": 1}),
            (
                "both periods must name the same groups (0 answers where there is none), got ['a'] "
                "and ['b']"
            ),
        ),
        (
            ({"a": 0}, {}, {"a": 1}, {"a": 1}),
            "answers before must be 0 or more and not all 0, got {'a': 0}",
        ),
        (
            ({"a": 1}, {"a": 1}, {"a": 1}, {}),
            "score_after must name every group with answers, absent: ['a']",
        ),
    ],
)
def test_impossible_mixes_are_named(args, message):
    with pytest.raises(InputError) as caught:
        mix_shift(*args)
    assert str(caught.value) == message
