"""Faults, retention and sharing as blocks: every case, both languages, no causal word."""

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

import pytest

from cxlib.engagement import load_engagement
from cxlib.engagement.schema import Period, Release
from cxlib.measures.cohorts import Cohort, Retention
from cxlib.measures.quality import read_chart
from cxlib.measures.sharing import Sharing, Volume
from cxlib.report import quality
from cxlib.report.report import Report
from cxlib.stats.proportions import proportion
from cxlib.stats.rate_ratio import rate_ratio
from cxlib.stats.ratios import event_rate
from cxlib.stats.survival import LogRank

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
MONDAY = dt.date(2025, 7, 7)
STARTS = [MONDAY + dt.timedelta(weeks=k) for k in range(40)]
APP = Release(date=STARTS[20], name={"en": "App", "zh-Hant-HK": "程式"})
QUIET = [20, 21, 19, 22, 18] * 8
DAY = dt.date(2025, 1, 1)


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture
def report(engagement):
    return Report(engagement, "01_diagnosis")


def text(block, language="en"):
    bare = re.sub(r"<svg.*?</svg>", "", block.html[language], flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", bare))


def chart(faults=QUIET, releases=(APP,)):
    return read_chart(STARTS, faults=faults, orders=[100] * 40, releases=releases)


def retention(*shares, p=0.5):
    cohorts = [
        Cohort(quarter=dt.date(2025, 1 + 3 * k, 1), n_customers=100, n_open=0, state="mature",
               again=proportion(x, 100))
        for k, x in enumerate(shares)
    ]  # fmt: skip
    cohorts += [
        Cohort(quarter=dt.date(2025, 10, 1), n_customers=90, n_open=80, state="young", again=None),
        Cohort(quarter=dt.date(2026, 1, 1), n_customers=7, n_open=7, state="too_few", again=None),
    ]
    many = len(shares) > 1
    return Retention(
        first_day=DAY, last_day=dt.date(2026, 1, 31), within_days=90, cohorts=tuple(cohorts),
        test=LogRank(statistic=1.0, df=1, p_value=p) if many else None, differ=many and p < 0.05,
    )  # fmt: skip


def sharing(before, after):
    change = rate_ratio(before, after=after, exposure_before=[100, 100], exposure_after=[100, 100])
    rates = [event_rate(sum(x), exposure=200, per=1000) for x in (before, after)]
    shown = Volume(kind="all", before=rates[0], after=rates[1], change=change)
    hidden = Volume(kind="reviews", before=None, after=None, change=None)
    return Sharing(
        before=Period(start=DAY, end=dt.date(2025, 2, 28)),
        after=Period(start=dt.date(2025, 3, 1), end=dt.date(2025, 4, 30)),
        orders_before=200, orders_after=200, per=1000, volumes=(shown, hidden),
    )  # fmt: skip


def test_a_quiet_chart_says_no_signal_after_the_release(report):
    """The limits and the rate are in the titles; no signal is never said as no effect."""
    found = chart()
    assert "Faults stay within their limits at 200 per 1,000 orders" in text(
        quality.section(report, found)
    )
    said = text(quality.faults_block(report, found))
    assert "No signal after App" in said
    assert "may still be there" in said
    assert "n = 800 faults on 4,000 orders" in said


def test_a_called_release_is_said_as_association(report):
    """Faults double after the release: named, on the high side, and only in time."""
    found = chart(QUIET[:20] + [40, 41] * 10)
    assert "ran higher after a release" in text(quality.section(report, found))
    said = text(quality.faults_block(report, found))
    assert "After App a rule of the chart fired on the high side" in said
    assert "association in time only" in said
    assert "並無對照組" in text(
        quality.faults_block(Report(report.engagement, "x"), found), "zh-Hant-HK"
    )


def test_a_signal_without_a_release_names_no_release(report):
    """A point outside the limits and no release: counted, nothing called."""
    found = chart([*QUIET[:35], 60, *QUIET[36:]], releases=())
    assert "the chart shows a signal on 1 of 40 points" in text(quality.section(report, found))
    assert "No release is listed" in text(quality.faults_block(report, found))


def test_short_and_off_chart_releases_are_each_said(report):
    """The last week is too early to judge; another year is not on the chart."""
    late = APP.model_copy(update={"date": STARTS[39]})
    off = APP.model_copy(update={"date": dt.date(2027, 1, 1)})
    said = text(quality.faults_block(report, chart(releases=(late, off))))
    assert "Too early or too close to judge: App" in said
    assert "Not on the chart" in said


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (retention(30, 40), "No signal that the 2 mature cohorts differ"),
        (retention(20, 60, p=0.001), "The 2 mature cohorts differ"),
        (retention(30), "no second mature cohort"),
        (retention(), "is old enough for day 90"),
    ],
)
def test_cohorts_are_said_by_case_and_young_ones_without_a_share(report, found, said):
    """Young cohorts are named not yet mature; those under the minimum cell are too few."""
    shown = text(quality.cohorts_block(report, found))
    assert said in shown
    assert "not yet mature" in shown
    assert "too few" in shown


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([50, 52], [51, 50], "No signal that customers share more or less often"),
        ([50, 52], [150, 151], "Public mentions rose to 1,505 per 1,000 orders"),
        ([150, 151], [50, 52], "Public mentions fell to 510 per 1,000 orders"),
        ([10, 200], [20, 190], "Months vary more than chance"),
    ],
)
def test_sharing_is_said_by_case(report, before, after, said):
    """The ratio has its interval; months that vary too much are said to."""
    found = sharing(before, after)
    shown = text(quality.sharing_block(report, found))
    assert said in shown
    assert "too few" in shown


def test_few_mentions_are_not_compared(report):
    found = sharing([50, 52], [51, 50])
    hidden = replace(found, volumes=found.volumes[1:])
    assert "Fewer than 30 public mentions" in text(quality.sharing_block(report, hidden))


def test_absent_tables_are_said_in_one_sentence(report):
    """Nothing is raised where cases, orders or mentions are not among the data."""
    assert "not measured in this engagement" in text(quality.section(report, None))
    assert "cannot be charted here" in text(quality.section(report, None, retention(30)))
    for block in (quality.faults_block, quality.cohorts_block, quality.sharing_block):
        assert "there is too little in the data for this part" in text(block(report, None))
    without = Report(report.engagement.model_copy(update={"tables": {}}), "01_diagnosis")
    for block in (quality.faults_block, quality.cohorts_block, quality.sharing_block):
        assert "Not measured here" in text(block(without, None))
