"""Retention by cohort against R's survival package, and the SQL against pandas."""

import datetime as dt
import json
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.cohorts import repeat_times
from cxlib.data.source import duckdb_source
from cxlib.errors import InputError
from cxlib.measures.cohorts import cohort_retention, read_cohorts
from cxlib.stats.survival import log_rank, survival_curve

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "quality.json").read_text(encoding="utf-8")
)
PRECISION = {"confidence_level": 0.95, "minimum_cell": 30}
START, SEEN = dt.date(2025, 1, 1), dt.date(2026, 1, 1)


def orders(*, n=600, seed=3, shares=(0.4, 0.4, 0.4, 0.4)):
    """First orders through 2025; a share of each quarter's customers comes back within 90 days."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 365, n)
    quarter = (pd.Timestamp(START) + pd.to_timedelta(first, unit="D")).quarter - 1
    back = rng.random(n) < np.take(shares, quarter)
    second = first + rng.integers(0, 91, n)
    days = np.concatenate([first, second[back]])
    ids = np.concatenate([np.arange(n), np.arange(n)[back]])
    frame = pd.DataFrame({
        "customer_id": [f"C{k}" for k in ids],
        "ordered_at": pd.Timestamp(START) + pd.to_timedelta(days, unit="D") + pd.Timedelta("9h"),
    })  # fmt: skip
    return frame[frame["ordered_at"] < pd.Timestamp(SEEN)]


def by_group():
    rows = pd.DataFrame(REFERENCE["times"], columns=["g", "t", "e", "n"])
    times = sorted(rows["t"].unique().tolist())
    table = rows.pivot_table(index="t", columns=["g", "e"], values="n", aggfunc="sum").fillna(0)
    return times, [
        (table[g, 1].astype(int).tolist(), table[g, 0].astype(int).tolist()) for g in range(3)
    ]


def test_share_and_interval_by_a_day_agree_with_r():
    """R's survfit with conf.type log-log at day 60."""
    times, groups = by_group()
    for (happened, left), expected in zip(groups, REFERENCE["by_60"], strict=True):
        found = survival_curve(times, events=happened, censored=left).share_by(60)
        shown = [found.value, found.ci_lower, found.ci_upper]
        assert shown == pytest.approx(expected, rel=1e-6)


def test_log_rank_agrees_with_r():
    """R's survdiff over three groups; a group's order makes no difference."""
    times, groups = by_group()
    for order in (groups, groups[::-1]):
        found = log_rank(times, events=[g[0] for g in order], censored=[g[1] for g in order])
        assert [found.statistic, found.p_value] == pytest.approx(REFERENCE["log_rank"], rel=1e-6)


def test_log_rank_needs_two_groups_and_an_event():
    with pytest.raises(InputError, match="2 groups with units and at least 1 event"):
        log_rank([1.0], events=[[0], [0]], censored=[[3], [3]])


def test_times_from_the_engine_are_those_of_pandas():
    """Days to the second purchase, censored at 90 or the last day, by quarter of the first."""
    frame = orders()
    source = duckdb_source(frame, table="orders")
    found = repeat_times(source, within_days=90, start=START, end=SEEN, seen=SEEN)
    days = frame.assign(day=frame["ordered_at"].dt.normalize())
    first = days.groupby("customer_id")["day"].transform("min")
    each = pd.DataFrame({
        "first": first.groupby(days["customer_id"]).first(),
        "second": days.loc[days["day"] > first].groupby("customer_id")["day"].min(),
    })  # fmt: skip
    wait = (each["second"] - each["first"]).dt.days
    event = wait.le(90)
    open_days = (pd.Timestamp(SEEN) - each["first"]).dt.days - 1
    each = each.assign(
        days=wait.where(event, open_days.clip(upper=90)).astype(int), event=event.astype(int),
        period_start=each["first"].dt.to_period("Q").dt.start_time,
    )  # fmt: skip
    expected = each.groupby(["period_start", "days", "event"]).size().reset_index(name="n")
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_only_customers_who_joined_since_the_orders_begin_are_followed():
    """Half the customers joined the year before: each cohort is what it is without them."""
    frame = orders()
    people = pd.DataFrame({"customer_id": frame["customer_id"].unique()})
    old = people.index % 2 == 0
    people["joined_on"] = np.where(old, "2024-06-01", "2025-01-01")
    opening = frame["ordered_at"].dt.normalize().min()
    assert opening == pd.Timestamp(START)
    engine = duckdb.connect()
    found = cohort_retention(
        duckdb_source(frame, table="orders", connection=engine), since=START,
        precision=PRECISION, customers=duckdb_source(people, table="people", connection=engine),
    )  # fmt: skip
    rest = frame[~frame["customer_id"].isin(people.loc[old, "customer_id"])]
    alone = cohort_retention(duckdb_source(rest, table="orders"), since=START, precision=PRECISION)
    assert found.cohorts == alone.cohorts
    assert (found.basis, alone.basis) == ("joined", "seen")


def test_the_youngest_cohort_is_not_yet_mature_and_censored_customers_stay():
    """The last quarter has no customer seen for 90 days and back late: no share is printed."""
    found = cohort_retention(
        duckdb_source(orders(), table="orders"), since=START, precision=PRECISION
    )
    assert [each.state for each in found.cohorts] == ["mature"] * 3 + ["young"]
    assert found.cohorts[-1].again is None
    assert found.cohorts[-1].n_open > 0
    assert sum(each.n_customers for each in found.cohorts) == 600


def test_like_cohorts_are_called_different_in_few_seeds_and_unlike_ones_in_most():
    """40 seeds: 5 % allowed, more than 6 of 40 has a chance below 1 %; 0.2 to 0.6 shows."""

    def differ(shares, seed):
        source = duckdb_source(orders(seed=seed, shares=shares), table="orders")
        return cohort_retention(source, since=START, precision=PRECISION).differ

    assert sum(differ((0.4, 0.4, 0.4, 0.4), seed) for seed in range(40)) <= 6
    assert sum(differ((0.2, 0.4, 0.6, 0.4), seed) for seed in range(10)) >= 9


def test_a_small_cohort_is_hidden_and_a_cohort_without_a_return_is_zero():
    """Under 30 customers nothing is given; 40 followed without a second order: 0 with Wilson."""
    times = pd.DataFrame({
        "period_start": pd.to_datetime(["2025-01-01", "2025-04-01"]), "days": [90, 90],
        "event": [0, 0], "n": [20, 40],
    })  # fmt: skip
    small, none = read_cohorts(
        times, first_day=START, last_day=SEEN, within_days=90, precision=PRECISION
    ).cohorts
    assert small.state == "too_few"
    assert small.again is None
    assert none.again.value == 0
    assert none.again.ci_upper > 0
