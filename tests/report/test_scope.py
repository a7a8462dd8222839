"""Dates of decisions: never before the report itself."""

from datetime import date

import pytest

from cxlib.engagement import load_engagement
from cxlib.report import scope


@pytest.mark.parametrize(
    ("report_date", "by"),
    [("2026-07-15", date(2026, 7, 31)), ("2026-11-21", date(2026, 12, 31))],
)
def test_a_decision_is_wanted_by_the_end_of_the_month_after_review_or_report(
    engagement, report_date, by
):
    path = engagement / "engagement.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("report_date: 2026-07-15", f"report_date: {report_date}"), encoding="utf-8"
    )
    assert scope.decide_by(load_engagement(engagement)).value == by


def test_without_a_stated_date_the_report_carries_today(engagement):
    path = engagement / "engagement.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("report_date: 2026-07-15\n", ""), encoding="utf-8")
    assert load_engagement(engagement).dated() >= date(2026, 7, 15)
