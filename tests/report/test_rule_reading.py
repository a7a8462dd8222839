"""What 05 shows of the goals' rules: all parts, in both languages, with days that have passed."""

import re
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from cxlib.decisions.goal_rules import goal_rules
from cxlib.decisions.kpis import Target, track_kpis
from cxlib.decisions.rule_reading import read_rules
from cxlib.engagement import load_engagement
from cxlib.report import rule_reading as show
from cxlib.report.report import Report
from tests.decisions.test_rule_reading import BY, SAMPLE, frozen, months, nps


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture
def report(engagement):
    return Report(engagement, "05_kpi_tracking")


@pytest.fixture(scope="module")
def tracked(engagement):
    rows = [*months("conversion", [0.05] * 12 + [0.09] * 6), *nps([25] * 12 + [10] * 6)]
    targets = {
        "conversion": Target(level=0.06, by=BY), "nps": Target(level=30, by=date(2026, 12, 31)),
    }  # fmt: skip
    return track_kpis(pd.DataFrame(rows), engagement=engagement, targets=targets)


@pytest.fixture(scope="module")
def ruled(engagement, tracked):
    baselines = {"conversion": frozen(0.05), "nps": frozen(25.0, "points", 1.5)}
    return read_rules(tracked, goal_rules(engagement), baselines)


def text(block, language="en"):
    return re.sub(r"<[^>]+>", "", block.html[language])


def test_every_part_of_a_rule_is_printed_with_its_interval(report, ruled, tracked):
    said = text(show.rule_table(report, ruled, tracked))
    assert "1 April 2026 to 30 June 2026, periods: 3" in said
    assert "at least 1.5 pp" in said
    assert "Net Promoter Score worse: -15.0" in said.replace("−", "-")
    assert "day passed: not met" in said
    assert "so far: not met" in said


def test_a_day_that_passed_unmet_is_named(report, ruled, tracked):
    said = text(show.rule_finding(report, ruled, tracked))
    assert "Goals whose day has passed: 1 of 2" in said
    assert "passed and not shown met: Enquiry-to-sale conversion" in said


def test_a_process_that_moves_by_itself_is_named_beside_the_verdict(report, ruled, tracked):
    each = next(item for item in tracked if item.kpi.id == "conversion")
    chart = replace(each.series.chart, method="Laney p'")
    moved = [replace(each, series=replace(each.series, chart=chart))]
    said = text(show.rule_finding(report, ruled, moved))
    assert "not about the process behind them: periods of Enquiry-to-sale conversion vary" in said


def test_both_languages_print_the_same_numbers_and_nothing_is_said_without_rules(
    report, ruled, tracked
):
    for block in (
        show.rule_table(report, ruled, tracked), show.rule_finding(report, ruled, tracked),
    ):  # fmt: skip
        found = [re.findall(r'value="([^"]+)"', block.html[lang]) for lang in ("en", "zh-Hant-HK")]
        assert sorted(found[0]) == sorted(found[1])
    assert "No goal has a rule" in text(show.rule_table(report, (), tracked))
