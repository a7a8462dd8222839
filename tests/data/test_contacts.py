"""cxlib.data.contacts: issues, replies, handling and complaints against plain pandas."""

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.contacts import (
    complaint_sums,
    handling_sums,
    issue_sums,
    promise_sums,
    reply_counts,
    unlinked_cases,
)
from cxlib.data.source import duckdb_source
from cxlib.errors import DataError, InputError

START, END, SEEN = dt.date(2026, 1, 1), dt.date(2026, 3, 1), dt.date(2026, 3, 8)
SPAN = {"start": START, "end": END}


def make_cases(n=1500):
    draw = np.random.default_rng(9)
    opened = pd.Timestamp(2025, 12, 15) + pd.to_timedelta(
        draw.integers(0, 83 * 86_400, n), unit="s"
    )
    wait = pd.to_timedelta(np.rint(draw.lognormal(6, 2.5, n)), unit="s")
    frame = pd.DataFrame(
        {
            "case_id": [f"K{k}" for k in range(n)],
            "issue_id": pd.Series(draw.integers(0, 700, n).astype(str), dtype="str"),
            "customer_id": pd.Series(draw.integers(0, 400, n).astype(str), dtype="str"),
            "channel": pd.Series(draw.choice(["phone", "email"], n), dtype="str"),
            "category": pd.Series(draw.choice(["delivery", "refund", "enquiry"], n), dtype="str"),
            "opened_at": opened.astype("datetime64[us]"),
            "first_reply_at": (opened + wait).astype("datetime64[us]"),
            "closed_at": (opened + 2 * wait).astype("datetime64[us]"),
            "talk_seconds": draw.integers(20, 900, n).astype(float),
            "hold_seconds": draw.integers(0, 200, n).astype(float),
            "wrap_seconds": draw.integers(0, 100, n).astype(float),
            "transferred": pd.array(draw.integers(0, 2, n), dtype="Int64"),
            "explained_again": pd.array(draw.integers(0, 2, n), dtype="Int64"),
        }
    )
    frame["customer_id"] = "c" + (frame["issue_id"].astype(int) % 400).astype(str)
    frame.loc[draw.random(n) < 0.1, "first_reply_at"] = pd.NaT
    frame.loc[frame["first_reply_at"] >= "2026-03-08", "first_reply_at"] = pd.NaT
    frame.loc[draw.random(n) < 0.2, "closed_at"] = pd.NaT
    frame.loc[draw.random(n) < 0.1, "transferred"] = pd.NA
    frame.loc[draw.random(n) < 0.1, "wrap_seconds"] = np.nan
    frame.loc[draw.random(n) < 0.05, "issue_id"] = None
    return frame


CASES = make_cases()
ENGINE = duckdb.connect()
SOURCE = duckdb_source(CASES, table="cases", connection=ENGINE)
ORDERS = pd.DataFrame(
    {
        "customer_id": [f"c{k % 250}" for k in range(600)],
        "ordered_at": pd.Timestamp(2025, 12, 1) + pd.to_timedelta(np.arange(600) * 4, unit="h"),
    }
)
PLACED = duckdb_source(ORDERS, table="orders", connection=ENGINE)


def line(frame, measure):
    return frame[frame["measure"] == measure].iloc[0]


def issues_by_hand(window_days):
    """One row per issue, from rows, without SQL."""
    rows = []
    for issue, group in CASES.dropna(subset="issue_id").groupby("issue_id"):
        ordered = group.sort_values(["opened_at", "case_id"])
        first = ordered["opened_at"].iloc[0]
        if not pd.Timestamp(START) <= first < pd.Timestamp(END):
            continue
        inside = ordered[ordered["opened_at"] < first + pd.Timedelta(days=window_days)]
        rows.append(
            {
                "issue": issue,
                "owner": ordered["customer_id"].iloc[0],
                "category": ordered["category"].iloc[0],
                "mature": first + pd.Timedelta(days=window_days) <= pd.Timestamp(SEEN),
                "closed": pd.notna(ordered["closed_at"].iloc[-1]),
                "contacts": len(inside),
                "moved": inside["transferred"].max(),
            }
        )
    return pd.DataFrame(rows)


@pytest.mark.parametrize("window_days", [7, 14])
def test_issues_match_a_count_by_hand(window_days):
    hand = issues_by_hand(window_days)
    mature = hand[hand["mature"]]
    repeated, closed = mature["contacts"] > 1, mature["closed"]
    sums = issue_sums(SOURCE, window_days=window_days, seen=SEEN, **SPAN)
    resolved = line(sums, "resolved")
    assert resolved["total"] == (closed & ~repeated).sum()
    assert resolved["base"] == (closed | repeated).sum()
    assert line(sums, "contacts")["total"] == mature["contacts"].sum()
    assert line(sums, "contacts")["base"] == len(mature)
    assert line(sums, "transferred")["total"] == (mature["moved"] == 1).sum()
    assert line(sums, "transferred")["base"] == mature["moved"].notna().sum()
    assert line(sums, "open")["total"] == (~closed & ~repeated).sum()
    assert line(sums, "young")["total"] == (~hand["mature"]).sum()
    assert line(sums, "young")["base"] == len(hand)
    per = mature.groupby("owner")["contacts"].agg(["sum", "size"])
    ratio = per["sum"].sum() / per["size"].sum()
    squares = ((per["sum"] - ratio * per["size"]) ** 2).sum()
    assert line(sums, "contacts")["squares"] == pytest.approx(squares)


def one_issue(second_day, *, hours=0, closed=True):
    """An issue of two contacts, the second some days after the first."""
    opened = pd.to_datetime(["2026-01-05 10:00:00"] * 2)
    opened += pd.to_timedelta([0, 24 * second_day + hours], unit="h")
    frame = pd.DataFrame(
        {
            "case_id": ["K1", "K2"],
            "issue_id": ["Q1", "Q1"],
            "opened_at": opened,
            "closed_at": opened + pd.Timedelta(hours=1),
        }
    )
    if not closed:
        frame["closed_at"] = pd.NaT
    return duckdb_source(frame, table="cases")


@pytest.mark.parametrize(
    ("day", "hours", "resolved"), [(6, 0, 0), (6, 23, 0), (7, 0, 1), (8, 0, 1)]
)
def test_a_repeat_on_day_six_of_seven_is_unresolved_and_on_day_seven_not(day, hours, resolved):
    """Half-open: a contact exactly 7 x 24 hours after the first lies outside the window."""
    sums = issue_sums(one_issue(day, hours=hours), window_days=7, seen=SEEN, **SPAN)
    assert (line(sums, "resolved")["total"], line(sums, "resolved")["base"]) == (resolved, 1)


def test_an_open_issue_is_no_success_and_a_repeated_one_is_a_failure_though_open():
    waiting = issue_sums(one_issue(9, closed=False), window_days=7, seen=SEEN, **SPAN)
    assert (line(waiting, "resolved")["base"], line(waiting, "open")["total"]) == (0, 1)
    repeated = issue_sums(one_issue(3, closed=False), window_days=7, seen=SEEN, **SPAN)
    assert (line(repeated, "resolved")["total"], line(repeated, "resolved")["base"]) == (0, 1)


def test_the_last_days_of_the_table_are_young():
    """An issue of 5 January is seen for 7 days by the 12th, not by the 11th."""
    span = {"start": START, "end": dt.date(2026, 1, 11), "window_days": 7}
    late = issue_sums(one_issue(9), seen=dt.date(2026, 1, 13), **span)
    early = issue_sums(one_issue(9), seen=dt.date(2026, 1, 12), **span)
    assert (line(late, "young")["total"], line(early, "young")["total"]) == (0, 1)
    assert line(early, "resolved")["base"] == line(early, "contacts")["base"] == 0


def test_contacts_without_an_issue_are_counted_apart():
    inside = CASES["opened_at"].between("2026-01-01", "2026-02-28 23:59:59")
    assert unlinked_cases(SOURCE, **SPAN) == (CASES["issue_id"].isna() & inside).sum() > 0


def in_span():
    return CASES[(CASES["opened_at"] >= "2026-01-01") & (CASES["opened_at"] < "2026-03-01")]


def test_handling_seconds_use_contacts_with_every_part():
    rows = in_span()
    filled = rows.dropna(subset=["talk_seconds", "hold_seconds", "wrap_seconds"])
    seconds = filled[["talk_seconds", "hold_seconds", "wrap_seconds"]].sum().sum()
    handled = line(handling_sums(SOURCE, **SPAN), "handling")
    assert (handled["total"], handled["base"]) == (seconds, len(filled))
    by = handling_sums(SOURCE, by="channel", **SPAN)
    parts = by[by["measure"] == "handling"]
    assert parts["total"].sum() == seconds
    assert line(handling_sums(SOURCE, **SPAN), "unrecorded")["total"] == len(rows) - len(filled)


def test_replies_are_counted_by_waiting_time_and_those_waiting_stay_in():
    rows = in_span()
    counts = reply_counts(SOURCE, seen=SEEN, **SPAN)
    wait = (rows["first_reply_at"] - rows["opened_at"]).dt.total_seconds()
    assert counts["replied"].sum() == wait.notna().sum()
    assert counts["waiting"].sum() == wait.isna().sum()
    for minutes in (1, 15, 120, 2880):
        exact = (wait <= 60 * minutes).sum()
        assert counts.loc[counts["seconds"] <= 60 * minutes, "replied"].sum() == exact
    median = counts.loc[counts["replied"].cumsum() >= wait.notna().sum() / 2, "seconds"].iloc[0]
    assert median == pytest.approx(wait.median(), abs=6)


@pytest.mark.parametrize("minutes", [1, 15])
def test_a_promise_is_missed_by_who_never_answers(minutes):
    rows = in_span()
    wait = (rows["first_reply_at"] - rows["opened_at"]).dt.total_seconds()
    sums = line(promise_sums(SOURCE, promise_minutes=minutes, seen=SEEN, **SPAN), "within")
    assert (sums["total"], sums["base"]) == ((wait <= 60 * minutes).sum(), len(rows))


def test_a_contact_younger_than_the_promise_is_left_out_unless_answered():
    """Opened 10 minutes before the end: no reply is no verdict yet, a reply is."""
    frame = pd.DataFrame(
        {
            "case_id": ["K1", "K2"],
            "opened_at": pd.to_datetime(["2026-02-28 23:50:00"] * 2),
            "first_reply_at": pd.to_datetime(["2026-02-28 23:55:00", None]),
        }
    )
    sums = promise_sums(
        duckdb_source(frame, table="cases"), promise_minutes=15, seen=END, start=START, end=END
    )
    assert (line(sums, "within")["total"], line(sums, "within")["base"]) == (1, 1)


def test_complaints_and_orders_are_of_the_same_customers():
    hand = issues_by_hand(1)
    buyers = set(ORDERS["customer_id"])
    inside = ORDERS[ORDERS["ordered_at"].between("2026-01-01", "2026-02-28 23:59:59")]
    sums = complaint_sums(SOURCE, PLACED, leave_out=("enquiry",), **SPAN)
    wanted = hand[hand["category"] != "enquiry"]
    known = wanted["owner"].isin(buyers)
    counted = wanted[known]["category"].value_counts()
    assert sums.set_index("category")["issues"].to_dict() == counted.to_dict()
    assert sums["unmatched"].sum() == (~known).sum() > 0
    assert set(sums["orders"]) == {len(inside)}
    assert set(sums["n_customers"]) == {len(buyers)}
    category = sums["category"].iloc[0]
    orders = inside["customer_id"].value_counts().reindex(sorted(buyers), fill_value=0)
    issues = wanted[wanted["category"] == category]["owner"].value_counts()
    issues = issues.reindex(sorted(buyers), fill_value=0)
    rate = issues.sum() / orders.sum()
    assert sums["squares"].iloc[0] == pytest.approx(((issues - rate * orders) ** 2).sum())


def test_a_table_without_customers_takes_each_issue_alone():
    bare = duckdb_source(CASES.drop(columns=["customer_id", "transferred"]), table="cases")
    sums = issue_sums(bare, window_days=7, seen=SEEN, **SPAN)
    assert line(sums, "contacts")["n_clusters"] == line(sums, "contacts")["base"]
    assert line(sums, "transferred")["base"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"window_days": 0, "seen": SEEN},
            "window_days must be a whole number of days, 1 or more, got 0",
        ),
        (
            {"window_days": 7, "seen": dt.date(2026, 2, 1)},
            "seen must not be before end, got 2026-02-01 and 2026-03-01",
        ),
    ],
)
def test_impossible_windows_are_refused(arguments, message):
    with pytest.raises(InputError) as caught:
        issue_sums(SOURCE, **SPAN, **arguments)
    assert str(caught.value) == message


def test_a_promise_is_whole_minutes():
    with pytest.raises(InputError) as caught:
        promise_sums(SOURCE, promise_minutes=0, seen=SEEN, **SPAN)
    assert str(caught.value) == "promise_minutes must be a whole number, 1 or more, got 0"


def test_an_absent_column_is_named():
    bare = duckdb_source(CASES.drop(columns="issue_id"), table="cases")
    with pytest.raises(DataError, match="columns not found: issue_id"):
        issue_sums(bare, window_days=7, seen=SEEN, **SPAN)
    with pytest.raises(InputError, match="leave_out must name plain categories"):
        complaint_sums(SOURCE, PLACED, leave_out=("it's",), **SPAN)
