"""The service desk and complaints: hand cases, the sample against its truth, what is hidden."""

from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.engagement.schema import Period, Precision
from cxlib.errors import InputError
from cxlib.measures.complaints import OTHER, complaint_pareto, order_quality, pooled_up_to
from cxlib.measures.reading import covered_period, find_sums
from cxlib.measures.service import first_contact, handling_time, reply_times, service_desk

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home" / "data"
HALF = Period(start=date(2025, 7, 1), end=date(2025, 12, 31))
PRECISION = Precision(confidence_level=0.95, minimum_cell=30)
TIMES = ["opened_at", "first_reply_at", "closed_at"]


@pytest.fixture(scope="module")
def rows():
    return pd.read_csv(SAMPLE / "cases.csv", parse_dates=TIMES)


@pytest.fixture(scope="module")
def orders():
    return pd.read_csv(SAMPLE / "orders.csv", parse_dates=["ordered_at"])


@pytest.fixture(scope="module")
def desk(rows):
    return service_desk(duckdb_source(rows, table="cases"), period=HALF, precision=PRECISION)


def frame(**measures):
    """``cluster_sums`` of made-up totals: 40 owners, squares that give a design effect of 1."""
    return pd.DataFrame(
        [
            {
                "measure": name, "n_clusters": 40, "total": total, "base": base,
                "squares": abs(total * (1 - total / base)) if base else 0.0,
            }
            for name, (total, base) in measures.items()
        ]
    )  # fmt: skip


def test_resolution_is_over_settled_issues_and_says_what_it_leaves_out():
    """30 of 40 settled; 50 began, 6 are open, 4 young."""
    sums = frame(
        resolved=(30, 40), transferred=(8, 40), explained_again=(4, 40), contacts=(60, 46),
        open=(6, 50), young=(4, 50),
    )  # fmt: skip
    issues = first_contact(sums, window_days=7)
    assert [r.name for r in issues.readings] == [
        "resolved", "transferred", "explained_again", "contacts",
    ]  # fmt: skip
    assert issues.readings[0].estimate.value == 0.75
    assert [r.better for r in issues.readings] == ["higher", "lower", "lower", "lower"]
    assert (issues.n_issues, issues.n_open, issues.n_young) == (50, 6, 4)


def test_a_measure_on_few_issues_is_hidden():
    sums = frame(resolved=(20, 29), contacts=(30, 29), open=(0, 29), young=(0, 29))
    issues = first_contact(sums, window_days=7, flags=())
    assert [reading.estimate for reading in issues.readings] == [None, None]


def test_handling_time_is_a_guardrail_in_minutes():
    """7,200 seconds over 40 contacts: 3 minutes."""
    reading = handling_time(frame(handling=(7200, 40)).assign(squares=1e6))
    assert reading.estimate.value == pytest.approx(3)
    assert (reading.estimate.unit, reading.better) == ("minutes", "none")


def test_the_channels_handling_times_do_not_average_to_the_whole(desk):
    """Σ seconds / Σ contacts, never a mean of means: 420 phone calls weigh more than 97 visits."""
    means = [channel.handling.estimate.value for channel in desk.channels]
    weights = [channel.handling.estimate.n_obs for channel in desk.channels]
    whole = sum(m * w for m, w in zip(means, weights, strict=True)) / sum(weights)
    assert desk.handling.estimate.value == pytest.approx(whole)
    assert desk.handling.estimate.value != pytest.approx(sum(means) / len(means), abs=0.1)


def test_replies_still_waited_for_lengthen_the_median():
    """60 answered at 1 minute, 60 at 30, 20 still waiting after a day: the median is 30."""
    counts = pd.DataFrame(
        {"seconds": [60.0, 1800.0, 86_400.0], "replied": [60, 60, 0], "waiting": [0, 0, 20]}
    )
    replies = reply_times(counts)
    assert replies.median.value == 30
    assert (replies.n_contacts, replies.n_waiting) == (140, 20)
    answered = reply_times(counts.assign(waiting=0, replied=[61, 60, 0]))
    assert answered.median.value == 1


def test_too_few_contacts_or_no_reply_show_no_time():
    counts = pd.DataFrame({"seconds": [60.0], "replied": [29], "waiting": [0]})
    assert reply_times(counts).median is None
    silent = pd.DataFrame({"seconds": [60.0], "replied": [0], "waiting": [40]})
    assert reply_times(silent).p90 is None


def test_the_sample_is_as_it_was_drawn(desk):
    """Telephone is drawn with a median of 2.5 minutes, e-mail of 420 (longer before new year)."""
    by_name = {channel.name: channel for channel in desk.channels}
    assert by_name["phone"].replies.median.value == pytest.approx(2.5, rel=0.15)
    assert by_name["email"].replies.median.value == pytest.approx(420, rel=0.15)
    assert by_name["email"].within.estimate.value == 0
    assert desk.issues.n_young == 0
    assert desk.absent == ()


def test_the_promise_and_the_reply_times_agree(rows, desk):
    """Rows counted by hand: replies within 15 minutes over all contacts of the half-year."""
    inside = rows[rows["opened_at"] < "2026-01-01"]
    wait = (inside["first_reply_at"] - inside["opened_at"]).dt.total_seconds()
    assert desk.within.estimate.value == pytest.approx((wait <= 900).sum() / len(inside))
    assert desk.replies.median.value == pytest.approx(wait.fillna(1e9).median() / 60, abs=0.2)


def test_a_window_at_the_end_of_the_table_leaves_the_last_days_out(rows):
    source = duckdb_source(rows, table="cases")
    last = Period(start=date(2026, 6, 1), end=date(2026, 6, 30))
    found = service_desk(source, period=last, precision=PRECISION)
    assert found.issues.n_young > 0
    settled = found.issues.readings[0].estimate
    assert settled.n_obs <= found.issues.n_issues - found.issues.n_young - found.issues.n_open


def test_a_table_without_issues_or_replies_measures_what_it_can(rows):
    bare = rows.drop(columns=["issue_id", "first_reply_at", "hold_seconds"])
    found = service_desk(duckdb_source(bare, table="cases"), period=HALF, precision=PRECISION)
    assert (found.issues, found.within, found.replies, found.channels) == (None, None, None, ())
    assert found.parts == ("talk_seconds", "wrap_seconds")
    assert found.absent == ("issue_id", "first_reply_at")


def test_a_period_is_cut_to_the_table_and_replaced_where_they_do_not_meet(rows):
    source = duckdb_source(rows, table="cases")
    early = Period(start=date(2025, 1, 1), end=date(2025, 7, 31))
    before = Period(start=date(2020, 1, 1), end=date(2020, 12, 31))
    assert covered_period(source, "opened_at", early).start == date(2025, 7, 1)
    assert covered_period(source, "opened_at", before).end == date(2026, 6, 30)


def pair_of(rows, orders):
    engine = duckdb.connect()
    return (
        duckdb_source(rows, table="cases", connection=engine),
        duckdb_source(orders, table="orders", connection=engine),
    )


def test_the_pareto_is_over_orders_and_runs_to_one(rows, orders):
    pareto = complaint_pareto(*pair_of(rows, orders), period=HALF, minimum_cell=1)
    counts = [complaint.issues for complaint in pareto.complaints]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == pareto.n_issues
    assert pareto.complaints[-1].cumulative == pytest.approx(1)
    assert (
        pareto.n_orders
        == ((orders["ordered_at"] >= "2025-07-01") & (orders["ordered_at"] < "2026-01-01")).sum()
    )
    first = pareto.complaints[0]
    assert first.rate.value == pytest.approx(1000 * first.issues / pareto.n_orders)
    few = pareto.vital_few
    assert few[-1].cumulative >= 0.8 > (few[-2].cumulative if len(few) > 1 else 0)
    assert "enquiry" not in {complaint.category for complaint in pareto.complaints}


def test_small_categories_stand_together_at_the_end(rows, orders):
    """Against the unpooled counts: those under 40 are one bar, last, with their exact sum."""
    alone = complaint_pareto(*pair_of(rows, orders), period=HALF, minimum_cell=1)
    pareto = complaint_pareto(*pair_of(rows, orders), period=HALF, minimum_cell=41)
    small = [each.issues for each in alone.complaints if each.issues < 41]
    assert pareto.complaints[-1].category == OTHER
    assert pareto.complaints[-1].issues == sum(small)
    assert pareto.n_pooled == len(small) >= 2
    assert pareto.n_issues == alone.n_issues
    assert all(each.issues >= 41 for each in pareto.complaints)


def test_a_pool_never_holds_one_category_nor_fewer_than_the_minimum():
    """By hand: 12 alone would follow from the total, so 50 joins; 20 and 9 are enough for 29."""
    assert pooled_up_to([100, 50, 12], minimum_cell=30) == 50
    assert pooled_up_to([100, 50, 20, 9], minimum_cell=29) == 20
    assert pooled_up_to([100, 50, 20, 9], minimum_cell=30) == 50
    assert pooled_up_to([100, 50], minimum_cell=30) == 0
    assert pooled_up_to([20], minimum_cell=30) == 20


def test_fewer_complaints_than_the_minimum_show_no_category(rows, orders):
    """Everything would be in the pool, and the pool is under the minimum cell."""
    pareto = complaint_pareto(*pair_of(rows, orders), period=HALF, minimum_cell=10_000)
    assert pareto.complaints == ()
    assert pareto.n_issues > 0


def test_twice_the_contacts_of_the_same_issues_change_no_rate(rows, orders):
    """The rate counts issues over orders: a desk that is called twice has no more complaints."""
    again = rows.assign(case_id="again-" + rows["case_id"])
    doubled = complaint_pareto(*pair_of(pd.concat([rows, again]), orders), period=HALF)
    assert doubled.complaints == complaint_pareto(*pair_of(rows, orders), period=HALF).complaints


def test_no_complaint_is_an_empty_pareto_and_no_order_is_refused(rows, orders):
    only = rows[rows["category"] == "enquiry"]
    assert complaint_pareto(*pair_of(only, orders), period=HALF).complaints == ()
    gap = orders[(orders["ordered_at"] < "2025-07-01") | (orders["ordered_at"] >= "2026-01-01")]
    with pytest.raises(InputError) as caught:
        complaint_pareto(*pair_of(rows, gap), period=HALF)
    assert str(caught.value) == (
        "complaints per order need orders, got none from 2025-07-01 to 2025-12-31"
    )
    with pytest.raises(InputError, match="per must be 1 or more orders, got 0"):
        complaint_pareto(*pair_of(rows, orders), period=HALF, per=0)


def test_late_deliveries_and_returns_are_shares_of_orders(orders):
    period, readings = order_quality(
        duckdb_source(orders, table="orders"), period=HALF, precision=PRECISION
    )
    inside = orders[orders["ordered_at"].between("2025-07-01", "2025-12-31 23:59:59")]
    assert period == HALF
    assert [r.name for r in readings] == ["on_time", "returned"]
    assert readings[0].estimate.value == pytest.approx(inside["on_time"].mean())
    assert readings[1].estimate.value == pytest.approx(inside["returned"].mean())
    bare = duckdb_source(orders[["customer_id", "ordered_at"]], table="orders")
    assert order_quality(bare, period=HALF, precision=PRECISION)[1] == ()


def test_a_measure_that_stands_twice_asks_for_a_group():
    twice = pd.concat([frame(handling=(1, 2)), frame(handling=(1, 2))])
    with pytest.raises(InputError) as caught:
        find_sums(twice, "handling")
    assert str(caught.value) == "'handling' must stand once, the frame has it 2 times"
