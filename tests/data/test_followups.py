"""Answers joined to later orders: the SQL against the same sums by pandas."""

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.followups import score_followups
from cxlib.data.source import duckdb_source
from cxlib.errors import InputError

START, END, SEEN = dt.date(2025, 1, 1), dt.date(2025, 7, 1), dt.date(2025, 8, 15)


def source_from(tables):
    """Put frames into one engine."""
    engine = duckdb.connect()
    return {
        name: duckdb_source(frame, table=name, connection=engine) for name, frame in tables.items()
    }


def frames():
    draw = np.random.default_rng(3)
    stamps = pd.Timestamp("2025-01-01") + pd.to_timedelta(draw.integers(0, 200 * 24, 600), unit="h")
    answers = pd.DataFrame(
        {
            "customer_id": draw.integers(0, 90, 600).astype(str),
            "answered_at": stamps,
            "nps": np.where(draw.random(600) < 0.1, np.nan, draw.integers(0, 11, 600)),
        }
    )
    bought = pd.Timestamp("2025-01-01") + pd.to_timedelta(draw.integers(0, 226 * 24, 500), unit="h")
    orders = pd.DataFrame(
        {"customer_id": draw.integers(0, 120, 500).astype(str), "ordered_at": bought}
    )
    return answers, orders


def by_pandas(answers, orders, days):
    rows = answers.dropna(subset=["nps"])
    rows = rows[(rows["answered_at"] >= "2025-01-01") & (rows["answered_at"] < "2025-07-01")]
    rows = rows.assign(day=rows["answered_at"].dt.normalize())
    rows = rows[rows["day"] + pd.Timedelta(days=days) < pd.Timestamp(SEEN)]
    rows = rows.groupby(["customer_id", "day"], as_index=False)["nps"].mean()
    bought = orders.assign(bought=orders["ordered_at"].dt.normalize())
    pairs = rows.merge(bought[["customer_id", "bought"]], on="customer_id", how="left")
    gap = (pairs["bought"] - pairs["day"]).dt.days
    pairs["y"] = ((gap >= 1) & (gap <= days)).astype(float)
    rows = pairs.groupby(["customer_id", "day", "nps"], as_index=False)["y"].max()
    found = {}
    for basis in ("within", "overall"):
        centre = rows.groupby("customer_id")[["nps", "y"]].transform("mean")
        if basis == "overall":
            centre = rows[["nps", "y"]].mean()
        moved = rows[["nps", "y"]] - centre
        each = pd.DataFrame(
            {
                "n": 1,
                "again": rows["y"],
                "m": moved["nps"] ** 2,
                "t": moved["nps"] * moved["y"],
                "who": rows["customer_id"],
            }
        )
        each = each.groupby("who").sum()
        if basis == "within":
            each = each[each["m"] > 1e-9]
        found[basis] = {
            "n_answers": each["n"].sum(),
            "n_owners": len(each),
            "again": each["again"].sum(),
            "moved": each["m"].sum(),
            "together": each["t"].sum(),
            "tt": (each["t"] ** 2).sum(),
            "tm": (each["t"] * each["m"]).sum(),
            "mm": (each["m"] ** 2).sum(),
        }
    return found


def test_the_engine_and_pandas_add_up_the_same():
    answers, orders = frames()
    sources = source_from({"answers": answers, "orders": orders})
    found = score_followups(
        sources["answers"], sources["orders"], score="nps", within_days=30,
        start=START, end=END, seen=SEEN,
    ).set_index("basis")  # fmt: skip
    for basis, expected in by_pandas(answers, orders, 30).items():
        for name, value in expected.items():
            assert found.loc[basis, name] == pytest.approx(value, rel=1e-9, abs=1e-9), name


def test_an_order_before_the_answer_or_on_its_day_is_no_follow_up_and_young_answers_wait():
    answers = pd.DataFrame(
        {
            "customer_id": ["a", "b", "c", "d"],
            "answered_at": pd.to_datetime(["2025-03-01", "2025-03-01", "2025-03-01", "2025-06-25"]),
            "nps": [9, 5, 7, 10],
        }
    )
    orders = pd.DataFrame(
        {
            "customer_id": ["a", "b", "c", "d"],
            "ordered_at": pd.to_datetime(
                ["2025-02-28", "2025-03-01 18:00", "2025-03-02", "2025-06-26"], format="mixed"
            ),
        }
    )
    sources = source_from({"answers": answers, "orders": orders})
    found = score_followups(
        sources["answers"], sources["orders"], score="nps", within_days=90,
        start=START, end=END, seen=SEEN,
    ).set_index("basis")  # fmt: skip
    assert (found.loc["overall", "n_answers"], found.loc["overall", "again"]) == (3, 1)
    assert found.loc["within", "n_owners"] == 0


def test_impossible_ranges_are_refused():
    answers, orders = frames()
    sources = source_from({"answers": answers, "orders": orders})
    with pytest.raises(InputError, match="seen must be after start, got 2025-01-01 and 2025-01-01"):
        score_followups(
            sources["answers"], sources["orders"], score="nps", within_days=30,
            start=START, end=END, seen=START,
        )  # fmt: skip
