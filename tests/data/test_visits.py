"""cxlib.data.visits: funnels, bounces and load times against plain pandas."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.data.visits import bounce_counts, funnel_counts, load_counts, load_sums
from cxlib.errors import InputError

START, END, SEEN = dt.date(2026, 1, 1), dt.date(2026, 2, 1), dt.date(2026, 2, 10)
SPAN = {"start": START, "end": END, "seen": SEEN}
STEPS = ("visit", "product", "checkout", "purchase")


def make_events(n=4000):
    draw = np.random.default_rng(4)
    at = pd.Timestamp(2025, 12, 25) + pd.to_timedelta(draw.integers(0, 40 * 86_400, n), unit="s")
    return pd.DataFrame(
        {
            "visitor_id": pd.Series(draw.integers(0, 600, n).astype(str), dtype="str"),
            "step": pd.Series(draw.choice([*STEPS, "enquiry"], n, p=(0.4, 0.3, 0.15, 0.1, 0.05))),
            "at": at.astype("datetime64[us]"),
            "load_ms": pd.array(np.rint(draw.lognormal(7.8, 0.5, n)), dtype="Int64"),
        }
    )


EVENTS = make_events()
EVENTS.loc[EVENTS["step"] == "enquiry", "load_ms"] = pd.NA
SOURCE = duckdb_source(EVENTS, table="events")


def entries(window_days):
    """Entry of each visitor of the period whose window is over."""
    entry = EVENTS[EVENTS["step"] == "visit"].groupby("visitor_id")["at"].min()
    entry = entry[(entry >= "2026-01-01") & (entry < "2026-02-01")]
    over = entry + pd.Timedelta(days=window_days) <= pd.Timestamp(SEEN)
    return entry[over], int((~over).sum())


def reached_by_hand(window_days, steps=STEPS):
    entered, young = entries(window_days)
    counts = [0] * len(steps)
    for visitor, t0 in entered.items():
        own = EVENTS[EVENTS["visitor_id"] == visitor]
        now = t0
        counts[0] += 1
        for place, step in enumerate(steps[1:], start=1):
            later = own[(own["step"] == step) & (own["at"] >= now)]
            later = later[later["at"] < t0 + pd.Timedelta(days=window_days)]
            if not len(later):
                break
            now = later["at"].min()
            counts[place] += 1
    return counts, young


@pytest.mark.parametrize("window_days", [1, 9, 20])
def test_ordered_steps_match_a_walk_through_each_visitors_events(window_days):
    counts, young = reached_by_hand(window_days)
    found = funnel_counts(SOURCE, steps=STEPS, window_days=window_days, **SPAN)
    assert found["step"].tolist() == list(STEPS)
    assert found["visitors"].tolist() == counts
    assert set(found["young"]) == {young}


def visits(*events):
    frame = pd.DataFrame(events, columns=["visitor_id", "step", "at"])
    frame["at"] = pd.to_datetime(frame["at"], format="ISO8601")
    return duckdb_source(frame, table="events")


def test_a_step_out_of_order_or_after_the_window_does_not_count():
    """A: in order. B: bought before it looked. C: looked on day 8 of 7."""
    source = visits(
        ("A", "visit", "2026-01-05 10:00"), ("A", "product", "2026-01-05 10:01"),
        ("A", "purchase", "2026-01-09"), ("B", "visit", "2026-01-05 10:00"),
        ("B", "purchase", "2026-01-05 10:01"), ("B", "product", "2026-01-05 10:02"),
        ("C", "visit", "2026-01-05"), ("C", "product", "2026-01-12 00:00"),
    )  # fmt: skip
    found = funnel_counts(source, steps=["visit", "product", "purchase"], window_days=7, **SPAN)
    assert found["visitors"].tolist() == [3, 2, 1]


def test_a_later_second_chance_still_completes_the_order():
    """Checkout before the product page, then again after it: the second one counts."""
    source = visits(
        ("A", "visit", "2026-01-05 10:00"), ("A", "checkout", "2026-01-05 10:01"),
        ("A", "product", "2026-01-05 10:02"), ("A", "checkout", "2026-01-05 10:03"),
    )  # fmt: skip
    found = funnel_counts(source, steps=["visit", "product", "checkout"], window_days=7, **SPAN)
    assert found["visitors"].tolist() == [1, 1, 1]


def test_a_bounce_took_no_other_step_in_the_window():
    entered, _ = entries(9)
    bounced = 0
    for visitor, t0 in entered.items():
        own = EVENTS[(EVENTS["visitor_id"] == visitor) & (EVENTS["at"] >= t0)]
        inside = own[own["at"] < t0 + pd.Timedelta(days=9)]
        bounced += set(inside["step"]) == {"visit"}
    found = bounce_counts(SOURCE, entry="visit", window_days=9, **SPAN).iloc[0]
    assert (found["visitors"], found["bounced"]) == (len(entered), bounced)


def test_load_times_are_counted_in_steps_of_ten_and_by_visitor():
    inside = EVENTS[(EVENTS["at"] >= "2026-01-01") & (EVENTS["at"] < "2026-02-01")]
    loads = inside.dropna(subset="load_ms")
    counts = load_counts(SOURCE, start=START, end=END)
    bins = loads["load_ms"].map(lambda ms: 10 * math.ceil(ms / 10)).value_counts().sort_index()
    assert counts.set_index("load_ms")["n"].to_dict() == bins.to_dict()
    sums = load_sums(SOURCE, limits_ms=[3000], start=START, end=END).iloc[0]
    fast = loads["load_ms"] <= 3000
    assert (sums["measure"], sums["total"], sums["base"]) == ("3000", fast.sum(), len(loads))
    assert sums["n_clusters"] == loads["visitor_id"].nunique()
    per = fast.groupby(loads["visitor_id"]).agg(["sum", "size"])
    squares = ((per["sum"] - fast.mean() * per["size"]) ** 2).sum()
    assert sums["squares"] == pytest.approx(squares)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (["visit"], "steps must name two or more different steps, got ['visit']"),
        (
            ["visit", "visit"],
            "steps must name two or more different steps, got ['visit', 'visit']",
        ),
        (["visit", "it's"], 'a step must be a plain word, got "it\'s"'),
    ],
)
def test_impossible_steps_are_refused(steps, message):
    with pytest.raises(InputError) as caught:
        funnel_counts(SOURCE, steps=steps, window_days=7, **SPAN)
    assert str(caught.value) == message


def test_a_limit_is_above_zero():
    with pytest.raises(InputError) as caught:
        load_sums(SOURCE, limits_ms=[0], start=START, end=END)
    assert str(caught.value) == "limits_ms must be above 0, got [0]"
