"""The customer join and segments as blocks: case, wording, both languages, hidden groups."""

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

import pytest

from cxlib.engagement import load_engagement
from cxlib.engagement.schema import Period
from cxlib.measures.joined import Coverage, CustomerJoin, MatchedScore, SourceMatch
from cxlib.measures.segments import Segment, Segmentation
from cxlib.report import joined, segments
from cxlib.report.report import Report
from cxlib.stats.estimate import Estimate
from cxlib.stats.proportions import proportion

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
PERIOD = Period(start=dt.date(2025, 7, 1), end=dt.date(2025, 12, 31))


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture
def report(engagement):
    return Report(engagement, "01_diagnosis")


def text(block, language="en"):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", block.html[language]))


def points(value, low, high):
    return Estimate(
        value=value, ci_lower=low, ci_upper=high, n_obs=500, unit="points", method="clustered t"
    )


@pytest.fixture
def join():
    return CustomerJoin(
        period=PERIOD, n_rows=1000, n_repeated=10, n_alike=5,
        matches=(
            SourceMatch(source="orders", n_rows=900, n_without_id=0, n_customers=400,
                        n_matched=400, rate=proportion(400, 400), n_lost=0),
            SourceMatch(source="answers", n_rows=600, n_without_id=20, n_customers=500,
                        n_matched=450, rate=proportion(450, 500), n_lost=80),
        ),
        coverage=(
            Coverage(group="", n_customers=1000, shares={"orders": 0.4, "answers": 0.45}),
            Coverage(group="member", n_customers=None, shares={}),
        ),
        score=MatchedScore(metric="nps", case="compared", everyone=points(20, 15, 25),
                           matched=points(24, 18, 30), bias=points(4, 1, 7), n_lost=80),
    )  # fmt: skip


def test_the_least_matched_source_and_the_bias_are_said(report, join):
    """The worst rate leads, the loss is in the title, the bias has its interval."""
    assert "least matched source finds 90.0% of its customers" in text(joined.section(report, join))
    shown = text(joined.tables(report, join))
    assert "80 rows join no customer; least matched: Survey answers, 90.0%" in shown
    assert "too few" in shown
    said = text(joined.finding(report, join))
    assert "24.0 (n = 500) instead of 20.0" in said
    assert "+4.0 (+1.0 to +7.0)" in said


@pytest.mark.parametrize("case", ["all_match", "too_few"])
def test_other_cases_say_why_nothing_is_compared(report, join, case):
    """No matched score is printed where it would give the lost answers away."""
    score = replace(join.score, case=case, matched=None, bias=None)
    said = text(joined.finding(report, replace(join, score=score)))
    assert "20.0 (15.0 to 25.0; n = 500" in said
    assert "24.0" not in said


def test_absent_tables_are_said(report):
    """One sentence each, nothing empty above it."""
    assert "not joined by customer" in text(joined.section(report, None))
    assert "未有按購買紀錄" in text(segments.section(report, None), "zh-Hant-HK")


def segmentation(verdict, members=()):
    return Segmentation(
        verdict=verdict, n_customers=800, until=PERIOD.end, n_groups=len(members) or 3,
        jaccard=0.55 if not members else 0.9, n_references=60, n_draws=50, segments=members,
        n_scored=0,
    )  # fmt: skip


@pytest.mark.parametrize("verdict", ["unstable", "doubtful", "one_group", "too_few"])
def test_refused_segments_have_no_table_and_no_name(report, verdict):
    """The refusal is said in both languages; no profile is shown."""
    found = segmentation(verdict)
    assert text(segments.profile_table(report, found)) == ""
    for language in ("en", "zh-Hant-HK"):
        assert "800" in text(segments.finding(Report(report.engagement, "x"), found), language)


def test_a_split_no_better_than_one_group_says_against_what_it_was_held(report):
    """The title claims no more than that groups were not told apart."""
    found = segmentation("one_group")
    shown = segments.finding(report, found)
    said = text(segments.section(report, found)) + text(shown)
    assert "purchases do not tell groups apart" in said
    assert "60 samples of a single group with the same purchase counts, dates and amounts" in said
    zh = text(shown, "zh-Hant-HK")
    assert "60 個購買時間、次數及消費額分佈相同的單一群體樣本" in zh


def test_stable_segments_are_named_by_their_traits(report):
    """The second segment of the same traits is numbered; a score under the cell is hidden."""
    first = Segment(
        traits="recent_frequent_high", place=1, n_customers=500, share=proportion(500, 800),
        recency=12.0, frequency=4.0, money=20000.0, jaccard=0.9, score=None,
    )  # fmt: skip
    second = replace(first, place=2, n_customers=300, share=proportion(300, 800), money=9000.0)
    shown = text(segments.profile_table(report, segmentation("stable", (first, second))))
    assert "Recent, frequent, high spend500" in shown
    assert "Recent, frequent, high spend (2)300" in shown
    assert "too few" in shown
