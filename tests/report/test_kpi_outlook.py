"""Variation, reach, forecast and the record read as the client reads them."""

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from cxlib.decisions.history import HistoryUpdate
from cxlib.decisions.kpis import Target, track_kpis
from cxlib.decisions.tracking import expected_false_trends, forecasts
from cxlib.engagement import load_engagement
from cxlib.engagement.review import Rebaseline
from cxlib.report import kpi_charts
from cxlib.report import kpi_outlook as show
from cxlib.report.report import Report

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
MONTHS = [date(2025 + place // 12, place % 12 + 1, 1) for place in range(18)]
WOBBLE = [0.048, 0.052, 0.051, 0.049] * 5


@pytest.fixture
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture
def report(engagement):
    return Report(engagement, "05_kpi_tracking")


def tracked_of(engagement, shares, *, target=0.05):
    rows = [
        {"kpi": "conversion", "period_start": start, "n_obs": 10_000, "value": share,
         "successes": round(share * 10_000)}
        for start, share in zip(MONTHS, shares, strict=False)
    ]  # fmt: skip
    targets = {"conversion": Target(level=target, by=date(2026, 12, 31))}
    return track_kpis(pd.DataFrame(rows), engagement=engagement, targets=targets)


def text(block, language="en"):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", block.html[language]))


def numbers(block, language):
    return sorted(re.findall(r'<data value="([^"]+)"', block.html[language]))


def test_a_stable_kpi_across_its_target_is_hit_and_miss(report, engagement):
    """Two words a KPI; both languages print the same numbers."""
    tracked = tracked_of(engagement, WOBBLE[:18])
    made = forecasts(tracked, engagement=engagement)
    blocks = [
        show.reach_table(report, tracked),
        show.reach_finding(report, tracked),
        show.alarm_note(report, tracked),
        show.forecast_table(report, tracked, made),
        show.forecast_finding(report, tracked, made),
    ]
    for block in blocks:
        assert numbers(block, "en") == numbers(block, "zh-Hant-HK"), block.key
    assert "routine: ups and downs as before" in text(blocks[0])
    assert "●\N{NO-BREAK SPACE}hit and miss" in blocks[0].html["en"]
    expected = expected_false_trends(tracked)
    assert 0 < expected < 0.1
    assert f"the rules would still call {expected:.2f} of them moved on average; they called 0" in (
        text(blocks[2])
    )
    assert "10 of 10" in text(blocks[3])


def test_without_periods_no_forecast_is_made(report, engagement):
    """Five months: said so, no number."""
    tracked = tracked_of(engagement, WOBBLE[:5])
    said = text(show.forecast_finding(report, tracked, {}))
    assert said.startswith("No KPI has enough periods for a forecast")


def test_the_record_names_fresh_baselines_with_their_reasons(report, engagement):
    """The reason is the client's own words."""
    engagement.rebaseline.append(
        Rebaseline.model_validate(
            {"kpi": "conversion", "from": MONTHS[12], "reason": "Enquiry team started"}
        )
    )
    update = HistoryUpdate(
        added=1, restated=0, unchanged=17, first=MONTHS[0], last=date(2026, 6, 30)
    )
    said = text(show.history_note(report, update))
    assert said.startswith("18 periods are on record, from 1 January 2025 to 30 June 2026")
    assert "fresh baseline from 1 January 2026. Reason: Enquiry team started." in said
    charts = kpi_charts.charts(report, tracked_of(engagement, WOBBLE[:18]))
    assert "from Jan 2026" in charts.html["en"]


def test_an_empty_record_says_so(report):
    """No date is invented."""
    update = HistoryUpdate(added=0, restated=0, unchanged=0, first=None, last=None)
    assert text(show.history_note(report, update)) == "No period is on record yet."
