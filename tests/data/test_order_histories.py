"""Histories, spend and first days of customers: by hand, and the engine against pandas."""

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.order_histories import (
    history_counts,
    margin_sums,
    spend_counts,
    step_days,
    value_sums,
)
from cxlib.data.source import duckdb_source
from cxlib.errors import DataError, InputError

FIRST, CUT, SEEN = dt.date(2025, 1, 1), dt.date(2025, 9, 1), dt.date(2026, 1, 1)


def drawn(n=400, seed=2):
    """Customers with 1 to 6 orders, several on one day among them; some margins unknown."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(n):
        day = int(rng.integers(0, 330))
        for _ in range(int(rng.integers(1, 7))):
            rows.append((f"C{k}", day, float(rng.integers(100, 9_000)), rng.random() < 0.02))
            day += int(rng.choice([0, 0, 3, 20, 70, 150]))
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "amount_hkd", "gap"])
    frame = frame[frame["day"] < 365].copy()
    moment = pd.Timestamp(FIRST) + pd.to_timedelta(frame["day"], unit="D")
    frame["ordered_at"] = moment + pd.Timedelta("10h")
    frame["margin_hkd"] = (frame["amount_hkd"] * 0.3).where(~frame["gap"])
    return frame


@pytest.fixture(scope="module")
def frame():
    return drawn()


@pytest.fixture(scope="module")
def orders(frame):
    return duckdb_source(frame.drop(columns=["day", "gap"]), table="orders")


def by_hand():
    """A: 1 March, twice on 11 March, 1 November. B: 1 September only. C: 1 August only."""
    days = ["2025-03-01", "2025-03-11", "2025-03-11", "2025-11-01", "2025-09-01", "2025-08-01"]
    return duckdb_source(
        pd.DataFrame({
            "customer_id": ["A", "A", "A", "A", "B", "C"],
            "ordered_at": pd.to_datetime(days) + pd.Timedelta("23h"),
            "amount_hkd": [1000, 200, 300, 50, 700, 400],
            "margin_hkd": [300, 60, 90, 10, None, 100],
        }),
        table="orders",
    )  # fmt: skip


def test_histories_by_hand():
    """A: one repeat day before the cut, 10 and 184 days in weeks, one day after; B comes later."""
    found = history_counts(by_hand(), until=CUT, seen=SEEN)
    assert found.to_dict("records") == [
        {"repeats": 0, "last": 0, "watched": 4, "customers": 1, "later": 0},
        {"repeats": 1, "last": 1, "watched": 26, "customers": 1, "later": 1},
    ]


def test_first_days_by_hand():
    """In 90 days A brought 1,500 of which 500 later; C 400; B's margin is unknown."""
    found = value_sums(by_hand(), horizons=(90,), seen=SEEN).set_index("measure")
    assert found.loc["revenue_90", ["n_clusters", "total", "base"]].tolist() == [3, 2600, 3]
    assert found.loc["margin_90", ["total", "base"]].tolist() == [550, 2]
    assert found.loc["later_90", ["total", "base"]].tolist() == [150, 2]
    assert found.loc["days_90", "total"] == 4


def test_a_customer_counts_from_the_day_all_days_were_seen():
    """C's 90th day, 29 October, is the last needed: seen until then counts, a day less does not."""
    for seen, n in ((dt.date(2025, 10, 30), 2), (dt.date(2025, 10, 29), 1)):
        found = value_sums(by_hand(), horizons=(90,), seen=seen).set_index("measure")
        assert found.loc["revenue_90", "base"] == n


def test_spend_by_hand():
    """A's two repeat days were worth 500 and 50: 275 a day; nobody else came back."""
    found = spend_counts(by_hand(), until=SEEN)
    assert found[["repeats", "customers", "spend"]].to_numpy().tolist() == [[2, 1, 275.0]]


def test_histories_are_those_of_pandas(frame, orders):
    days = frame[["customer_id", "day"]].drop_duplicates()
    cut = (CUT - FIRST).days
    early = days[days["day"] < cut].groupby("customer_id")["day"]
    each = pd.DataFrame({
        "repeats": early.count() - 1, "last": (early.max() - early.min()) // 7,
        "watched": (cut - early.min()) // 7,
    })  # fmt: skip
    later = days[days["day"] >= cut].groupby("customer_id").size()
    each["later"] = later.reindex(each.index).fillna(0).astype(int)
    expected = (
        each.groupby(["repeats", "last", "watched"])
        .agg(customers=("later", "size"), later=("later", "sum"))
        .reset_index()
    )
    found = history_counts(orders, until=CUT, seen=SEEN)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


@pytest.mark.parametrize("days", [90, 180])
def test_first_days_are_those_of_pandas(frame, orders, days):
    first = frame.groupby("customer_id")["day"].transform("min")
    within = frame[(frame["day"] < first + days) & (first + days <= 365)]
    each = within.groupby("customer_id").agg(
        revenue=("amount_hkd", "sum"), margin=("margin_hkd", "sum"), unknown=("gap", "sum")
    )
    known = each[each["unknown"] == 0]
    found = value_sums(orders, horizons=(days,), seen=SEEN).set_index("measure")
    for name, values in (("revenue", each["revenue"]), ("margin", known["margin"])):
        line = found.loc[f"{name}_{days}"]
        assert line["n_clusters"] == len(values)
        assert line["total"] == pytest.approx(values.sum())
        assert line["squares"] == pytest.approx(((values - values.mean()) ** 2).sum())


def test_quarters_add_up_to_everyone(orders):
    whole = value_sums(orders, horizons=(90,), seen=SEEN).set_index("measure")["total"]
    parts = value_sums(orders, horizons=(90,), seen=SEEN, by_quarter=True)
    assert parts.groupby("measure")["total"].sum().to_dict() == pytest.approx(whole.to_dict())


def test_only_who_joined_since_the_orders_begin_is_new(frame):
    """Half the customers joined before: what is left is what the other half alone gives."""
    people = pd.DataFrame({"customer_id": frame["customer_id"].unique()})
    people["joined_on"] = pd.to_datetime(np.where(people.index % 2, "2025-01-01", "2024-05-01"))
    # somebody of the kept half must hold the first day, so that the table begins alike
    keep = frame["customer_id"].isin(people.loc[people.index % 2 == 1, "customer_id"])
    start = frame["day"].min()
    keep |= frame["day"] == start
    engine = duckdb.connect()
    orders = duckdb_source(frame[keep], table="orders", connection=engine)
    customers = duckdb_source(people, table="customers", connection=engine)
    odd = frame["customer_id"].isin(people.loc[people.index % 2 == 1, "customer_id"])
    alone = duckdb_source(frame[odd], table="orders")
    for ask in (history_counts, spend_counts):
        extra = {"seen": SEEN} if ask is history_counts else {}
        found = ask(orders, until=CUT, customers=customers, **extra)
        pd.testing.assert_frame_equal(found, ask(alone, until=CUT, **extra))


def test_steps_are_weeks_until_two_years_and_longer_after():
    assert [step_days(FIRST, FIRST + dt.timedelta(days=days)) for days in (10, 728, 729, 1460)] == [
        7, 7, 14, 21,
    ]  # fmt: skip


def test_margin_share_leaves_unknown_margins_out():
    found = margin_sums(by_hand(), start=FIRST, end=SEEN)
    assert found[["total", "base"]].to_numpy().tolist() == [[560, 1950]]


def test_impossible_questions_are_refused():
    orders = by_hand()
    with pytest.raises(InputError, match="seen must not be before until, got 2025-09-01 and 2026"):
        history_counts(orders, until=SEEN, seen=CUT)
    with pytest.raises(InputError, match="step must be a whole number of days, 1 or more, got 0"):
        history_counts(orders, until=CUT, seen=SEEN, step=0)
    with pytest.raises(InputError, match="horizons must be a whole number of days"):
        value_sums(orders, horizons=(0,), seen=SEEN)
    bare = duckdb_source(pd.DataFrame({"customer_id": ["A"]}), table="orders")
    with pytest.raises(DataError, match="columns not found: ordered_at; orders has customer_id"):
        history_counts(bare, until=CUT, seen=SEEN)
