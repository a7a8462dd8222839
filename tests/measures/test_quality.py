"""Faults over orders: limits by hand, releases called only by a rule, counts against pandas."""

import datetime as dt
from math import sqrt

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.data.volumes import fault_counts
from cxlib.engagement.schema import Period, Release
from cxlib.measures.quality import fault_chart, read_chart, whole_periods

MONDAY = dt.date(2025, 7, 7)
STARTS = [MONDAY + dt.timedelta(weeks=k) for k in range(52)]
RELEASE = Release(date=STARTS[26], name={"en": "App", "zh-Hant-HK": "程式"})


def series(rate_after=0.2, *, seed=1, orders=100):
    rng = np.random.default_rng(seed)
    rates = np.where(np.arange(52) < 26, 0.2, rate_after)
    return rng.poisson(rates * orders).tolist(), [orders] * 52


def call(rate_after, seed):
    faults, orders = series(rate_after, seed=seed)
    return read_chart(STARTS, faults=faults, orders=orders, releases=[RELEASE]).releases[0].call


def test_limits_of_uneven_weeks_are_laneys_for_rates_by_hand():
    """ū ± 3 sqrt(ū / n) σz, σz the mean moving range of z over 1.128, from the baseline weeks."""
    faults, orders = series(orders=80)
    faults = [3 * fault if k % 2 else fault for k, fault in enumerate(faults)]
    found = read_chart(STARTS, faults=faults, orders=orders, releases=[RELEASE])
    u = np.array(faults[:26]) / 80
    mean = u.mean()
    z = (u - mean) / sqrt(mean / 80)
    sigma = np.abs(np.diff(z)).mean() / 1.128
    assert (found.chart.baseline, found.chart.method) == (26, "Laney u'")
    assert found.chart.centre == pytest.approx(mean)
    assert found.chart.upper == pytest.approx(mean + 3 * sqrt(mean / 80) * sigma)


def test_a_release_without_a_change_is_seldom_called():
    """200 seeds of one rate; 1,000 seeds gave 6.6 %, so more than 11.5 % has a chance below 1 %."""
    calls = [call(0.2, seed) for seed in range(200)]
    assert sum(each != "no_signal" for each in calls) / 200 <= 0.115


def test_a_change_after_a_release_is_called_on_its_side():
    """A half more faults per order is found in most of 40 seeds, and never as a fall."""
    calls = [call(0.3, seed) for seed in range(40)]
    assert calls.count("up") >= 34
    assert "down" not in calls


def test_more_orders_alone_are_no_signal():
    """Faults double with the orders: the rate is the same each week, and so is the chart."""
    orders = [100 + k % 3 for k in range(26)] + [200 + k % 3 for k in range(26)]
    faults = [n // 5 + k % 2 for k, n in enumerate(orders)]
    found = read_chart(STARTS, faults=faults, orders=orders, releases=[RELEASE])
    assert all(signal.direction != "up" for signal in found.chart.signals)
    assert found.releases[0].call != "up"


def test_what_was_there_before_is_not_called_again():
    """The rate rises at the first release and stays: the second release is no signal."""
    faults = [20, 21, 19, 22, 18] * 5 + [40] * 27
    second = Release(date=STARTS[40], name={"en": "B", "zh-Hant-HK": "乙"})
    found = read_chart(STARTS, faults=faults, orders=[100] * 52, releases=[second, RELEASE])
    assert [each.call for each in found.releases] == ["up", "no_signal"]


def test_releases_off_the_chart_and_too_late_ones_are_said():
    """A date outside the weeks is off the chart; two weeks after one, or 12
    before the first, cannot be judged."""
    early = Release(date=STARTS[12], name={"en": "E", "zh-Hant-HK": "早"})
    late = Release(date=STARTS[50], name={"en": "L", "zh-Hant-HK": "遲"})
    off = Release(date=dt.date(2027, 1, 1), name={"en": "O", "zh-Hant-HK": "外"})
    faults, orders = series()
    found = read_chart(STARTS, faults=faults, orders=orders, releases=[late, off])
    assert [each.call for each in found.releases] == ["short", "off_chart"]
    jump = faults[:12] + [3 * x for x in faults[12:]]
    found = read_chart(STARTS, faults=jump, orders=orders, releases=[early])
    assert [each.call for each in found.releases] == ["short"]


def test_no_fault_gives_no_chart():
    """A baseline without a fault has no limits."""
    assert read_chart(STARTS, faults=[0] * 52, orders=[100] * 52) is None


def test_whole_weeks_and_months_lie_inside_the_period():
    """1 July 2025 is a Tuesday: the first whole week begins on 7 July."""
    period = Period(start=dt.date(2025, 7, 1), end=dt.date(2025, 8, 30))
    assert whole_periods(period, "week") == (dt.date(2025, 7, 7), dt.date(2025, 8, 25))
    assert whole_periods(period, "month") == (dt.date(2025, 7, 1), dt.date(2025, 8, 1))


def test_an_issue_counts_once_in_the_week_of_its_first_contact():
    """Against pandas: repeat contacts, enquiries and customers without orders left out."""
    rng = np.random.default_rng(5)
    n = 2000
    cases = pd.DataFrame({
        "case_id": [f"K{k}" for k in range(n)], "issue_id": rng.integers(0, 1200, n),
        "opened_at": pd.Timestamp(MONDAY) + pd.to_timedelta(rng.integers(0, 364 * 24, n), unit="h"),
        "category": rng.choice(["enquiry", "delivery", None], n),
    })  # fmt: skip
    cases["customer_id"] = cases["issue_id"] % 300
    orders = pd.DataFrame({"customer_id": [*range(200), *range(200)]})
    first = cases.sort_values(["opened_at", "case_id"]).drop_duplicates("issue_id")
    first = first[
        (first["category"] != "enquiry") & first["customer_id"].isin(orders["customer_id"])
    ]
    weeks = first["opened_at"].dt.to_period("W-SUN").dt.start_time
    expected = weeks.value_counts().sort_index()
    end = MONDAY + dt.timedelta(weeks=52)
    engine = duckdb.connect()
    sources = [
        duckdb_source(frame, table=name, connection=engine)
        for name, frame in (("cases", cases), ("orders", orders))
    ]
    found = fault_counts(*sources, cadence="week", start=MONDAY, end=end)
    assert found["n"].tolist() == expected.tolist()
    assert found["period_start"].tolist() == expected.index.tolist()


def test_without_cases_there_is_no_chart():
    """Absent tables are said by the section, not raised."""
    period = Period(start=MONDAY, end=dt.date(2026, 6, 30))
    assert (
        fault_chart({}, period=period, precision={"confidence_level": 0.95, "minimum_cell": 30})
        is None
    )
