"""cxlib.data.purchases: first orders and activity against plain pandas and the KPI history."""

import datetime as dt
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.purchases import activity_counts, first_order_counts
from cxlib.data.source import duckdb_source
from cxlib.errors import InputError

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home" / "data"
START, END, SEEN = dt.date(2026, 1, 1), dt.date(2026, 4, 1), dt.date(2026, 6, 1)
SPAN = {"start": START, "end": END}


def make_orders(n=1500):
    draw = np.random.default_rng(8)
    at = pd.Timestamp(2025, 9, 1) + pd.to_timedelta(draw.integers(0, 270 * 86_400, n), unit="s")
    return pd.DataFrame(
        {
            "order_id": [f"O{k}" for k in range(n)],
            "customer_id": pd.Series(draw.integers(0, 900, n).astype(str), dtype="str"),
            "ordered_at": at.astype("datetime64[us]"),
            "referred": pd.array(draw.integers(0, 2, n), dtype="Int64"),
        }
    )


ORDERS = make_orders()
ORDERS.loc[::11, "referred"] = pd.NA
SOURCE = duckdb_source(ORDERS, table="orders")


def customers():
    rows = []
    for person, group in ORDERS.groupby("customer_id"):
        ordered = group.sort_values(["ordered_at", "order_id"])
        days = ordered["ordered_at"].dt.normalize()
        later = days[days > days.iloc[0]]
        rows.append(
            {
                "person": person,
                "first": days.iloc[0],
                "second": later.iloc[0] if len(later) else pd.NaT,
                "referred": ordered["referred"].iloc[0],
            }
        )
    return pd.DataFrame(rows)


def test_first_orders_match_a_walk_through_each_customers_orders():
    hand = customers()
    new = hand[(hand["first"] >= "2026-01-01") & (hand["first"] < "2026-04-01")]
    mature = new[new["first"] + pd.Timedelta(days=90) < pd.Timestamp(SEEN)]
    again = (mature["second"] <= mature["first"] + pd.Timedelta(days=90)).sum()
    found = first_order_counts(SOURCE, within_days=90, seen=SEEN, **SPAN).iloc[0]
    assert found.tolist() == [
        len(new), len(mature), again, new["referred"].notna().sum(), (new["referred"] == 1).sum(),
        0,
    ]  # fmt: skip
    assert 0 < len(mature) < len(new)


def test_first_orders_count_from_the_day_the_orders_begin_as_in_pandas():
    """A customer who joined earlier, on no day, or is in no table may have bought before."""
    hand, opening = customers(), ORDERS["ordered_at"].min().normalize()
    draw = np.random.default_rng(2)
    joined = opening + pd.to_timedelta(draw.integers(-200, 200, len(hand)), unit="D")
    people = pd.DataFrame({"customer_id": hand["person"], "joined_on": joined}).iloc[20:]
    people.loc[people.index[:30], "joined_on"] = pd.NaT
    engine = duckdb.connect()
    found = first_order_counts(
        duckdb_source(ORDERS, table="orders", connection=engine), within_days=90, seen=SEEN,
        customers=duckdb_source(people, table="people", connection=engine), **SPAN,
    ).iloc[0]  # fmt: skip
    new = hand[(hand["first"] >= "2026-01-01") & (hand["first"] < "2026-04-01")]
    day = new["person"].map(people.set_index("customer_id")["joined_on"])
    sure = new[day >= opening]
    mature = sure[sure["first"] + pd.Timedelta(days=90) < pd.Timestamp(SEEN)]
    again = (mature["second"] <= mature["first"] + pd.Timedelta(days=90)).sum()
    assert found.tolist() == [
        len(sure), len(mature), again, sure["referred"].notna().sum(),
        (sure["referred"] == 1).sum(), len(new) - len(sure),
    ]  # fmt: skip
    assert 0 < len(sure) < len(new)


@pytest.mark.parametrize(("joined", "sure"), [("2025-12-31", 0), ("2026-01-05", 1)])
def test_joining_on_the_first_day_of_the_orders_is_soon_enough(joined, sure):
    """The orders begin on 5 January; the day before is too early to be sure."""
    engine = duckdb.connect()
    one = pd.DataFrame({"customer_id": ["A"], "ordered_at": [pd.Timestamp(2026, 1, 5, 20)]})
    people = pd.DataFrame({"customer_id": ["A"], "joined_on": [joined]})
    found = first_order_counts(
        duckdb_source(one, table="orders", connection=engine), within_days=90, seen=SEEN,
        customers=duckdb_source(people, table="people", connection=engine), **SPAN,
    ).iloc[0]  # fmt: skip
    assert (found["new"], found["earlier"]) == (sure, 1 - sure)


def test_months_add_up_to_the_whole():
    whole = first_order_counts(SOURCE, within_days=30, seen=SEEN, **SPAN)
    months = first_order_counts(SOURCE, within_days=30, seen=SEEN, cadence="month", **SPAN)
    assert months["period_start"].dt.month.tolist() == [1, 2, 3]
    assert months.drop(columns="period_start").sum().tolist() == whole.iloc[0].tolist()


def pair(day, *, hours=0):
    first = pd.Timestamp(2026, 1, 5, 20)
    at = [first, first + pd.Timedelta(days=day, hours=hours)]
    return duckdb_source(
        pd.DataFrame({"customer_id": ["A", "A"], "ordered_at": at}), table="orders"
    )


@pytest.mark.parametrize(("day", "again"), [(0, 0), (1, 1), (90, 1), (91, 0)])
def test_the_second_day_of_purchase_counts_up_to_day_ninety(day, again):
    """Day 90 counts whatever the hour; two orders on one day are one purchase."""
    found = first_order_counts(pair(day, hours=3), within_days=90, seen=SEEN, **SPAN).iloc[0]
    assert (found["mature"], found["again"]) == (1, again)


def test_a_customer_is_mature_once_day_ninety_is_over():
    """First order on 5 January: day 90 is 5 April, seen in full from the 6th on."""
    span = {"start": START, "end": dt.date(2026, 1, 31), "within_days": 90}
    for seen, mature in ((dt.date(2026, 4, 5), 0), (dt.date(2026, 4, 6), 1)):
        assert first_order_counts(pair(1), seen=seen, **span).iloc[0]["mature"] == mature


def test_the_sample_repurchase_is_that_of_its_kpi_history():
    """kpi_history counts the same customers from the same orders by another code."""
    orders = pd.read_csv(SAMPLE / "orders.csv", parse_dates=["ordered_at"])
    history = pd.read_csv(SAMPLE / "kpi_history.csv").query("kpi == 'repurchase_90d'")
    found = first_order_counts(
        duckdb_source(orders, table="orders"), within_days=90, cadence="quarter",
        start=dt.date(2025, 1, 1), end=dt.date(2026, 4, 1), seen=dt.date(2026, 7, 1),
    )  # fmt: skip
    assert found["mature"].tolist() == history["n_obs"].tolist()
    assert found["again"].tolist() == history["successes"].tolist()


def test_lost_and_new_customers_match_sets():
    at = ORDERS["ordered_at"]
    before = set(ORDERS[(at >= "2025-10-03") & (at < "2026-01-01")]["customer_id"])
    during = set(ORDERS[(at >= "2026-01-01") & (at < "2026-04-01")]["customer_id"])
    earlier = set(ORDERS[at < "2026-01-01"]["customer_id"])
    found = activity_counts(SOURCE, active_days=90, **SPAN).iloc[0]
    assert found.to_dict() == {
        "base": len(before),
        "retained": len(before & during),
        "acquired": len(during - earlier),
        "returned": len((during & earlier) - before),
    }


def test_a_table_without_referrals_knows_none():
    bare = duckdb_source(ORDERS[["customer_id", "ordered_at"]], table="orders")
    found = first_order_counts(bare, within_days=90, seen=SEEN, **SPAN).iloc[0]
    assert (found["known"], found["referred"]) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"within_days": 0, "seen": SEEN},
            "within_days must be a whole number of days, 1 or more, got 0",
        ),
        (
            {"within_days": 90, "seen": START},
            "seen must not be before end, got 2026-01-01 and 2026-04-01",
        ),
        (
            {"within_days": 90, "seen": SEEN, "cadence": "week"},
            "cadence must be month or quarter, got 'week'",
        ),
    ],
)
def test_impossible_questions_are_refused(arguments, message):
    with pytest.raises(InputError) as caught:
        first_order_counts(SOURCE, **SPAN, **arguments)
    assert str(caught.value) == message
