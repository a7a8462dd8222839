"""After the purchase: paired gaps, mature cohorts, referral, churn without new joiners."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.engagement.schema import Period, Precision
from cxlib.measures.bucket import bucket_of
from cxlib.measures.loyalty import _sides, expectation_gaps, purchases, read_gap, read_revenue_churn
from cxlib.stats.means import mean_difference
from cxlib.stats.proportions import proportion

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home" / "data"
PRECISION = Precision(confidence_level=0.95, minimum_cell=30)
HALF = Period(start=date(2025, 7, 1), end=date(2025, 12, 31))


def answers(n=400, *, shift=-0.4, seed=1, touchpoint="delivery"):
    """Customers who lean high or low in both ratings, as people do."""
    draw = np.random.default_rng(seed)
    lean = draw.normal(3.4, 0.9, n)
    ratings = {
        "expectation": lean + draw.normal(0, 0.5, n),
        "csat": lean + shift + draw.normal(0, 0.5, n),
    }
    frame = pd.DataFrame({k: np.clip(np.rint(v), 1, 5) for k, v in ratings.items()})
    return frame.assign(
        customer_id=[f"{touchpoint}{k}" for k in range(n)],
        touchpoint=touchpoint,
        answered_at=pd.Timestamp(2025, 8, 1),
    ).astype({"expectation": "Int64", "csat": "Int64"})


def gaps_of(frame):
    return expectation_gaps(duckdb_source(frame, table="answers"), period=HALF, precision=PRECISION)


def test_the_error_is_that_of_the_differences_not_of_two_samples():
    """t of the paired differences, by hand; Welch of the two columns is half as wide again."""
    frame = answers()
    difference = (frame["csat"] - frame["expectation"]).astype(float)
    gap = gaps_of(frame).overall.gap.estimate
    assert gap.value == pytest.approx(difference.mean())
    half = (gap.ci_upper - gap.ci_lower) / 2
    assert half == pytest.approx(1.96592 * difference.std() / 20, rel=1e-4)
    e, c = (frame[name].astype(float) for name in ("expectation", "csat"))
    unpaired = mean_difference(400, c.mean(), c.var(), 400, e.mean(), e.var())
    assert (unpaired.ci_upper - unpaired.ci_lower) / 2 > 1.5 * half


def test_answers_with_one_rating_are_left_out_and_counted():
    frame = answers()
    frame.loc[:9, "csat"] = pd.NA
    frame.loc[10:14, "expectation"] = pd.NA
    overall = gaps_of(frame).overall
    assert (overall.n_pairs, overall.only_expectation, overall.only_experience) == (385, 10, 5)


def test_touchpoints_that_ask_no_expectation_are_no_loss():
    """300 answers elsewhere were never asked: they are not unmatched."""
    elsewhere = answers(300, touchpoint="website", seed=2).assign(expectation=pd.NA)
    found = gaps_of(pd.concat([answers(), elsewhere.astype({"expectation": "Int64"})]))
    assert [gap.group for gap in found.points] == ["delivery"]
    assert found.overall.only_experience == 0


def test_only_clear_gaps_take_a_side():
    found = gaps_of(
        pd.concat(
            [
                answers(shift=-0.5),
                answers(shift=0.5, seed=2, touchpoint="assembly"),
                answers(60, shift=0.0, seed=5, touchpoint="aftersales"),
            ]
        )
    )
    assert {gap.group: gap.side for gap in found.points} == {
        "delivery": "below", "assembly": "above", "aftersales": "unclear",
    }  # fmt: skip
    assert [gap.group for gap in found.points] == ["delivery", "aftersales", "assembly"]


def noise(seed, touchpoint):
    """``paired_sums`` of 60 answers without a gap, as numpy adds them up."""
    frame = answers(60, shift=0.0, seed=seed)
    gap = (frame["csat"] - frame["expectation"]).to_numpy(float)
    met = (gap >= 0).astype(float)
    rows = {"gap": gap, "met": met, "pairs": np.ones(60)}
    sums = pd.DataFrame(
        [
            {
                "measure": name, "n_clusters": 60, "total": y.sum(), "base": 60,
                "squares": ((y - y.mean()) ** 2).sum(),
            }
            for name, y in rows.items()
        ]
    )  # fmt: skip
    return read_gap(sums, group=touchpoint)


def test_pure_noise_takes_a_side_in_at_most_one_journey_of_twenty():
    """300 journeys of 3 touchpoints without a gap: 15 expected at 5 %, above 25 in 1 of 200."""
    alarms = 0
    for seed in range(300):
        gaps = [noise(3 * seed + k, name) for k, name in enumerate("abc")]
        alarms += any(gap.side != "unclear" for gap in _sides(gaps))
    assert alarms <= 25


def test_no_pair_or_no_question_gives_none():
    assert gaps_of(answers().drop(columns="expectation")) is None
    assert gaps_of(answers().assign(expectation=pd.array([pd.NA] * 400, dtype="Int64"))) is None


@pytest.fixture(scope="module")
def orders():
    return pd.read_csv(SAMPLE / "orders.csv", parse_dates=["ordered_at"])


def bought(frame, period=HALF, **arguments):
    return purchases(
        duckdb_source(frame, table="orders"), period=period, precision=PRECISION, **arguments
    )


def test_the_sample_repurchase_holds_the_planted_one(orders):
    """truth.json: 0.362 and 0.371 in the two quarters of the half-year, 620 customers each."""
    found = bought(orders)
    assert found.n_new == 1240
    assert found.repurchase.estimate.ci_lower <= 0.3665 <= found.repurchase.estimate.ci_upper
    assert found.n_young == 0


def test_only_customers_who_joined_since_the_orders_begin_are_new(orders):
    """Sets in pandas; the planted share (truth.json, 0.362 and 0.371) lies in the interval."""
    people = pd.read_csv(SAMPLE / "customers.csv", parse_dates=["joined_on"])
    engine = duckdb.connect()
    found = purchases(
        duckdb_source(orders, table="orders", connection=engine), period=HALF,
        precision=PRECISION, customers=duckdb_source(people, table="people", connection=engine),
    )  # fmt: skip
    first = orders.groupby("customer_id")["ordered_at"].min()
    inside = first[first.between("2025-07-01", "2025-12-31 23:59:59")]
    joined = people.set_index("customer_id")["joined_on"].reindex(inside.index)
    new = int((joined >= "2025-01-01").sum())
    assert (found.n_new, found.n_earlier) == (new, 1240 - new)
    assert found.repurchase.estimate.ci_lower <= 0.3665 <= found.repurchase.estimate.ci_upper
    seen = bought(orders)
    assert (found.basis, seen.basis, seen.n_earlier) == ("joined", "seen", 0)
    assert (found.churn, found.n_gained) == (seen.churn, seen.n_gained)


def test_a_customer_table_without_joining_days_changes_nothing(orders):
    people = duckdb_source(pd.DataFrame({"customer_id": ["C1"]}), table="people")
    assert bought(orders, customers=people) == bought(orders)


def test_young_customers_are_left_out(orders):
    last = bought(orders, Period(start=date(2026, 1, 1), end=date(2026, 6, 30)))
    assert last.n_new == 1240
    assert last.n_young == last.n_new - last.repurchase.estimate.n_obs > 600


def test_new_joiners_are_no_part_of_the_base(orders):
    """Without the half-year's new customers base and churn stay as they are."""
    first = orders.groupby("customer_id")["ordered_at"].transform("min")
    found, without = bought(orders), bought(orders[first < "2025-07-01"])
    assert found.churn == without.churn
    assert found.n_base == without.n_base
    assert found.n_gained - without.n_gained == 1240
    base = orders[orders["ordered_at"].between("2025-01-02", "2025-06-30 23:59:59")]
    assert found.n_base == base["customer_id"].nunique()


def test_the_base_of_the_next_period_is_who_ordered_in_this_one(orders):
    """Base × (1 − lost) + gained is a count of customers, whatever came before the orders begin."""
    found = bought(orders)
    inside = orders[orders["ordered_at"].between("2025-07-01", "2025-12-31 23:59:59")]
    assert bucket_of(found).path[1] == pytest.approx(inside["customer_id"].nunique())
    later = bought(orders[orders["ordered_at"] >= "2025-01-02"])
    assert later.n_gained == found.n_gained


def test_a_short_history_has_no_churn_and_says_why(orders):
    found = bought(orders, Period(start=date(2025, 3, 1), end=date(2025, 6, 30)))
    assert (found.churn, found.referral_base, found.reason) == (None, None, "short_history")
    assert found.first_day == date(2025, 1, 1)


def test_a_small_base_has_no_churn_and_says_why(orders):
    few = orders[orders["customer_id"].isin(orders["customer_id"].unique()[:20])]
    filler = few.iloc[:1].assign(ordered_at=pd.Timestamp(2025, 12, 31))
    assert bought(pd.concat([few, filler])).reason == "too_few"


def test_referral_names_both_denominators(orders):
    found = bought(orders)
    first = orders.sort_values(["ordered_at", "order_id"]).drop_duplicates("customer_id")
    new = first[first["ordered_at"].between("2025-07-01", "2025-12-31 23:59:59")]
    assert found.referral_new.estimate.value == pytest.approx(new["referred"].mean())
    rate = 100 * new["referred"].sum() / found.n_base
    assert found.referral_base.estimate.value == pytest.approx(rate)
    assert bought(orders.drop(columns="referred")).referral_new is None


def test_the_bucket_of_measured_purchases_or_none(orders):
    """Without churn, or with an interval that reaches 0, there is no level to settle at."""
    found = bought(orders)
    assert bucket_of(found).steady.value == pytest.approx(1240 / found.churn.estimate.value)
    none_lost = replace(found, churn=replace(found.churn, estimate=proportion(0, 50)))
    assert bucket_of(none_lost) is None
    assert bucket_of(replace(found, churn=None)) is None
    assert bucket_of(None) is None


def test_revenue_churn_is_the_spend_of_lost_customers_over_that_of_the_base():
    """By hand: 40 spend 100 and stay, 10 spend 900 and leave: 20 % of customers, 9/13 of spend."""
    stay, leave = [f"S{k}" for k in range(40)], [f"L{k}" for k in range(10)]
    before, during = pd.Timestamp(2025, 6, 1), pd.Timestamp(2025, 8, 1)
    rows = [
        *((person, before, 100) for person in stay), *((person, before, 900) for person in leave),
        *((person, during, 50) for person in [*stay, *(f"N{k}" for k in range(30))]),
        ("OLD", pd.Timestamp(2024, 1, 1), 5000), ("N0", pd.Timestamp(2025, 12, 31), 1),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount_hkd"])
    found = bought(frame)
    assert found.churn.estimate.value == pytest.approx(0.2)
    estimate = found.revenue_churn.estimate
    assert estimate.value == pytest.approx(9 / 13)
    assert estimate.n_obs == 50
    assert estimate.ci_lower < 9 / 13 < estimate.ci_upper < 1
    assert bought(frame.drop(columns="amount_hkd")).revenue_churn is None


def test_the_interval_of_revenue_churn_covers_the_truth():
    """400 draws of 300 customers whose leaving goes with spend: 95 % within 3 points."""
    rng = np.random.default_rng(5)
    spend = rng.lognormal(8, 0.8, (400, 300))
    lost = rng.random(spend.shape) < 1 / (1 + (spend / 3000) ** 0.5)
    draws = np.random.default_rng(6).lognormal(8, 0.8, 2_000_000)
    truth = (draws / (1 + (draws / 3000) ** 0.5)).sum() / draws.sum()
    hits = 0
    for x, gone in zip(spend, lost, strict=True):
        ratio = (x * gone).sum() / x.sum()
        sums = pd.DataFrame({
            "measure": ["revenue_lost"], "n_clusters": [300], "total": [(x * gone).sum()],
            "base": [x.sum()], "squares": [((x * gone - ratio * x) ** 2).sum()],
        })  # fmt: skip
        estimate = read_revenue_churn(sums).estimate
        hits += estimate.ci_lower <= truth <= estimate.ci_upper
    assert 0.92 <= hits / 400 <= 0.98
