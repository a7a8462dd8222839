"""cxlib.decisions baseline, initiatives and worth: from small frames to a graded value."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.decisions.baseline import check_all, check_baseline, store_months
from cxlib.decisions.initiatives import ComparedReview, PickedReview, choose, review_all
from cxlib.decisions.worth import margin_per_order, payback_day, select, value_all
from cxlib.engagement import load_engagement
from cxlib.engagement.ledger import Ledger
from cxlib.errors import ConfigError, DataError

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
MONTHS = pd.date_range("2025-01-01", "2026-06-01", freq="MS")
PROMISE, COACHING = ("S01", "S02", "S03", "S04"), ("S05", "S06")
STORES = [f"S{n:02d}" for n in range(1, 15)]


@pytest.fixture(scope="module")
def eng():
    return load_engagement(SAMPLE)


def panel(effect=0.02, bounce=0.3):
    """14 stores by 18 months: 1,000 enquiries, 5 % sell, `effect` more where promised since 2026.

    The two coached stores score `bounce` lower in 2025Q4 alone: pure luck. Stores differ a little.
    """
    rng = np.random.default_rng(7)
    rows = []
    for number, store in enumerate(STORES):
        for month in MONTHS:
            after = month >= pd.Timestamp("2026-01-01")
            share = 0.05 + 0.01 * after + effect * (after and store in PROMISE)
            unlucky = store in COACHING and pd.Timestamp("2025-10-01") <= month and not after
            rows.append(
                {
                    "store": store, "month": month, "enquiries": 1000.0,
                    "sales": round(1000 * share + rng.normal() * 2),
                    "csat_n": 20.0,
                    "csat_sum": 20 * (4 - bounce * unlucky + 0.02 * (number % 5 - 2)
                                      + 0.05 * rng.normal()),
                    "reply_promise": int(store in PROMISE), "coaching": int(store in COACHING),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def payments(staff=20_000.0):
    rows = [
        ("reply_promise", "tools", "one_off", "2025-12-01", 50_000.0),
        *(("reply_promise", "staff", "recurring", f"2026-{m:02d}-28", staff) for m in range(1, 7)),
        ("reply_promise", "staff", "recurring", "2026-07-28", staff),
        ("coaching", "training", "one_off", "2026-01-09", 9_000.0),
    ]
    frame = pd.DataFrame(rows, columns=["initiative", "category", "kind", "paid_on", "amount"])
    return frame.assign(n_amount_hkd=1, mean_amount_hkd=frame["amount"])


def margins():
    """10 orders a store: 9 kept at a mean of 2,000 to 2,300, 1 returned at the same."""
    rows = [
        {"store": s, "returned": r, "n": n, "n_margin_hkd": n, "mean_margin_hkd": 2000 + 100 * i}
        for i, s in enumerate(PROMISE)
        for r, n in ((0, 9), (1, 1))
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def reviews(eng):
    return review_all(panel(), engagement=eng)


def worths(eng, reviews, **options):
    return value_all(
        reviews, costs=payments(**options), margins=margins(), units=panel(), engagement=eng
    )


def test_store_months_adds_ratings_up_and_joins_the_flags():
    """Mean 4.5 of 2 ratings is a sum of 9; a month without ratings carries none."""
    summary = pd.DataFrame(
        {
            "store": ["A", "B"], "period_start": MONTHS[:1].repeat(2), "n": 1,
            "n_enquiries": 1, "mean_enquiries": [50.0, 60.0], "n_sales": 1,
            "mean_sales": [5.0, 6.0], "n_csat_n": 1, "mean_csat_n": [2.0, 3.0],
            "n_csat_mean": [1, 0], "mean_csat_mean": [4.5, np.nan],
        }
    )  # fmt: skip
    stores = pd.DataFrame({"store": ["A", "B"], "n": 1, "promise": [1, 0], "n_promise": 1})
    found = store_months(summary, stores)
    assert found["csat_sum"].tolist() == [9.0, 0.0]
    assert found["csat_n"].tolist() == [2.0, 0.0]
    assert found["promise"].tolist() == [1, 0]
    with pytest.raises(ConfigError, match="absent: B"):
        store_months(summary, stores[stores["store"] == "A"])


def frozen(value=0.05, n_obs=84_000, end="2025-12-31"):
    period = {"start": "2025-07-01", "end": end}
    return {"conversion": {"value": value, "n_obs": n_obs, "period": period}}


def baseline(eng, entry, frame=None):
    months = panel() if frame is None else frame
    return check_baseline(months, kpi="conversion", frozen=entry, engagement=eng)


def test_the_frozen_baseline_is_found_again_in_the_data(eng):
    """14 stores, 6 months, 1,000 enquiries each: n = 84,000; about 5 % sold."""
    pooled = panel().query("'2025-07-01' <= month < '2026-01-01'")
    value = pooled["sales"].sum() / 84_000
    found = baseline(eng, frozen(value))
    assert found.found.value == pytest.approx(value)
    assert found.found.n_obs == 84_000
    assert found.found.ci_lower < value < found.found.ci_upper


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "no baseline of 'conversion' is frozen in the ledger; run 02_kpi_setting first"),
        (
            frozen(0.047),
            "the data no longer give the frozen baseline of 'conversion': frozen 0.047",
        ),
        (frozen(0.05, n_obs=83_000), r"\(n = 83,000\), now 0.05\d* \(n = 84,000\)"),
        (frozen(end="2025-11-30"), "frozen for 2025-07-01 to 2025-11-30, but engagement.yml says"),
    ],
)
def test_a_baseline_that_is_missing_or_has_moved_stops_the_review(eng, entry, message):
    with pytest.raises(ConfigError, match=message):
        baseline(eng, entry)


def test_a_review_without_a_ledger_entry_names_the_notebook_to_run(eng, tmp_path):
    with pytest.raises(ConfigError, match="run 02_kpi_setting first"):
        check_all(panel(), ledger=Ledger(tmp_path / "ledger.json"), engagement=eng)


def test_a_typed_baseline_needs_no_ledger_but_must_fit_the_data(eng, tmp_path):
    manual = eng.model_copy(
        update={"baseline_source": "manual", "manual_baselines": {"conversion": 0.05}}
    )
    (found,) = check_all(panel(), ledger=Ledger(tmp_path / "ledger.json"), engagement=manual)
    assert found.frozen.value == 0.05
    wrong = manual.model_copy(update={"manual_baselines": {"conversion": 0.06}})
    with pytest.raises(ConfigError, match="no longer give the frozen baseline"):
        baseline(wrong, {})


def test_the_comparison_takes_out_what_moved_everywhere(reviews):
    """Planted: +2 pp at 4 stores, +1 pp everywhere; before and after alone gives their sum."""
    review = reviews[0]
    assert isinstance(review, ComparedReview)
    assert review.effect.ci_lower < 0.02 < review.effect.ci_upper
    assert review.observed.value == pytest.approx(0.03, abs=0.001)
    assert review.grade == "B"
    assert (review.n_after, review.months_after) == (24_000, 6)


def test_stores_with_another_initiative_stand_apart(reviews):
    """Of 10 other stores 2 are coached: 8 in the main comparison, 10 in the row beside it."""
    review = reviews[0]
    assert (review.comparison, review.n_with_other, review.n_left_out) == ("clean", 2, 0)
    shown = {each.key: each.n_comparison for each in review.variants}
    assert shown == {"plain": 0, "main": 8, "all_others": 10, "long_history": 8}


def test_stores_with_both_initiatives_are_left_out(eng):
    both = panel()
    both.loc[both["store"] == "S01", "coaching"] = 1
    review = review_all(both, engagement=eng)[0]
    assert (review.n_left_out, review.impact.n_treated) == (1, 3)


def test_pure_luck_in_the_quarter_of_the_pick_claims_nothing(reviews):
    """The coached stores gain the 0.3 they had lost by luck; what is left holds 0."""
    review = reviews[1]
    assert isinstance(review, PickedReview)
    assert review.observed.value == pytest.approx(0.3, abs=0.05)
    assert not review.effect.excludes(0)
    assert review.grade == "D"
    parts = review.impact.regression
    assert parts.expected + parts.remaining.value == pytest.approx(parts.observed.value)


def test_spans_of_a_pick_meet_at_the_start(reviews):
    picked = [point.month for point in reviews[1].months if point.group == "treated"]
    assert picked == [date(2025 + m // 12, m % 12 + 1, 1) for m in range(0, 18, 3)]


def test_an_unknown_initiative_offers_the_compared_ones(reviews):
    with pytest.raises(ConfigError, match=r"\(reply_promise\), got 'coaching'"):
        choose(reviews, "coaching")


def test_an_initiative_needs_two_stores(eng):
    lonely = panel().assign(coaching=lambda f: (f["store"] == "S05").astype(int))
    with pytest.raises(ConfigError, match=r"'coaching' needs at least 2 stores .* found 1"):
        review_all(lonely, engagement=eng)


def test_margin_has_doubt_by_store():
    """Equal n: mean of 2,000, 2,100, 2,200, 2,300; t(3) = 3.1824, SE = sqrt(16,667 / 4)."""
    found = margin_per_order(margins(), stores=PROMISE)
    assert found.value == pytest.approx(2150)
    assert found.n_obs == 40
    assert found.ci_upper - found.value == pytest.approx(
        3.18245 * (16_666.667 / 4) ** 0.5, rel=1e-5
    )
    with pytest.raises(DataError, match=r"at least 2 of the treated stores .* found 1"):
        margin_per_order(margins(), stores=["S01"])


def test_only_evidence_of_grade_c_or_better_gets_a_value(eng, reviews):
    promise, coaching = worths(eng, reviews)
    assert (promise.claim, coaching.claim) == ("valued", "grade_d")
    assert coaching.roi is None
    assert coaching.costs.total_hkd == 9_000
    assert coaching.advice == "test"


def test_payments_after_the_review_wait_for_the_next_one(eng, reviews):
    """50,000 once and 6 months of 20,000; the payment of July is not counted."""
    assert worths(eng, reviews)[0].costs.total_hkd == 170_000


def test_cash_and_value_agree_with_hand_work(eng, reviews):
    """4,000 enquiries a month, effect e, margin 2,150, running cost 20,000."""
    worth = worths(eng, reviews)[0]
    monthly = reviews[0].effect.value * 4_000 * 2_150
    assert worth.net_to_date == pytest.approx(6 * (monthly - 20_000) - 50_000)
    assert worth.extra_orders.value == pytest.approx(reviews[0].effect.value * 24_000)
    assert worth.npv_without_returns == pytest.approx(
        (worth.roi.npv.value + worth.roi.costs_present_value) * 0.9 - worth.roi.costs_present_value
    )
    assert payback_day(worth) == date(2026, 1, 1)


def test_value_is_zero_at_each_tipping_point(eng, reviews):
    """The value is linear in effect, margin and persistence: the three points lie on its lines."""
    worth = worths(eng, reviews, staff=155_000.0)[0]
    roi = worth.roi
    share = roi.break_even_effect / worth.stream.effect.value
    benefit = roi.npv.value + roi.costs_present_value
    assert benefit * share == pytest.approx(roi.costs_present_value)
    assert worth.break_even_margin == pytest.approx(2150 * share)
    kept = worth.break_even_persistence
    bar = next(bar for bar in roi.tornado if bar.part == "persistence")
    slope = (bar.npv_high - bar.npv_low) / (bar.input_high - bar.input_low)
    assert roi.npv.value + slope * (kept - 0.75) == pytest.approx(0, abs=1)


@pytest.mark.parametrize("effect", [0.0, -0.01])
def test_without_a_gain_no_margin_makes_the_value_zero(eng, reviews, effect):
    """The value is minus the cost (and the loss) at every margin; 0 would divide."""
    worth = worths(eng, reviews)[0]
    none = replace(worth.stream, effect=replace(worth.stream.effect, value=effect))
    assert replace(worth, stream=none).break_even_margin is None


def test_the_histogram_is_the_simulation_of_the_value(eng, reviews):
    """Same draws: counts below 0 are the probability of loss, the band ends hold the last month."""
    worth = worths(eng, reviews, staff=155_000.0)[0]
    edges, counts = worth.outcomes.edges, worth.outcomes.counts
    assert sum(counts) == worth.roi.n_draws
    below = sum(c for c, end in zip(counts, edges[1:], strict=True) if end <= 1e-6)
    assert below / worth.roi.n_draws == pytest.approx(worth.roi.probability_of_loss)
    assert 0 < worth.roi.probability_of_loss < 1
    assert len(worth.outcomes.lower) == worth.roi.horizon_months + 1


@pytest.mark.parametrize(
    ("staff", "advice"), [(20_000.0, "keep"), (155_000.0, "adjust"), (600_000.0, "stop")]
)
def test_advice_follows_the_range_of_value(eng, reviews, staff, advice):
    assert worths(eng, reviews, staff=staff)[0].advice == advice


def test_an_indication_is_never_advice_to_keep(eng):
    """3 treated stores are too few for grade B: the same money gives test."""
    few = panel().assign(reply_promise=lambda f: f["store"].isin(PROMISE[:3]).astype(int))
    review = review_all(few, engagement=eng)[0]
    assert review.grade == "C"
    found = value_all([review], costs=payments(), margins=margins(), units=few, engagement=eng)
    assert found[0].roi.npv.ci_lower > 0
    assert found[0].advice == "test"


def test_a_value_needs_a_persistence(eng, reviews):
    bare = reviews[0].initiative.model_copy(update={"persistence": None})
    review = ComparedReview(
        **{f: getattr(reviews[0], f) for f in reviews[0].__slots__ if f != "initiative"},
        initiative=bare,
    )
    with pytest.raises(ConfigError, match="'reply_promise' needs persistence"):
        value_all([review], costs=payments(), margins=margins(), units=panel(), engagement=eng)


def test_selection_shows_the_compared_initiative_or_else_the_first(eng, reviews):
    every = worths(eng, reviews)
    assert select(every).worth is every[0]
    assert select(every[1:]).worth is every[1]
    assert select(every[1:]).compared is None


@pytest.mark.parametrize("months", [0, 13, "3"])
def test_pick_months_out_of_range_are_refused(eng, months):
    with pytest.raises(ConfigError, match=f"whole months from 1 to 12, got {months!r}"):
        review_all(panel(), engagement=eng, pick_months=months)
