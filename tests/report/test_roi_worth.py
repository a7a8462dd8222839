"""What 04_roi_review says around the value: sums, streams, going on, what to measure."""

import json
import re
from dataclasses import replace

import pytest

from cxlib.engagement.benefits import Benefit, Customers, Persistence
from cxlib.report import roi_assumptions, roi_record, roi_review, roi_worth, scope
from cxlib.report.report import Report
from tests.report.test_roi_review import (
    LANGUAGES,
    STORES,
    eng,  # noqa: F401 - a fixture
    frame,
    numbers,
    text,
    worths_of,
)

SOURCED = {"source": {"en": "Kick-off", "zh-Hant-HK": "啟動會議"}, "dated": "2025-12-15"}
WIDER = {
    "customers": Customers.model_validate(
        {"number": 6_000, "orders_per_month": 0.1, "lost_per_month": 0.04, **SOURCED}
    ),
    "persistence": Persistence.model_validate({"low": 0.4, "likely": 0.75, "high": 1, **SOURCED}),
    "benefits": [
        Benefit.model_validate(
            {
                "stream": "less_churn", "status": "assumed",
                "change": {"low": 0, "likely": 0.002, "high": 0.004}, **SOURCED,
            }
        ),
        Benefit.model_validate(
            {
                "stream": "word_of_mouth", "status": "measured", "grade": "C",
                "change": {"low": 0.001, "likely": 0.002, "high": 0.004}, **SOURCED,
            }
        ),
    ],
}  # fmt: skip


def blocks(engagement, **options):
    worths = worths_of(engagement, frame(**options))
    report, worth = Report(engagement, "04_roi_review"), worths[0]
    found = [
        roi_worth.steps_chart(report, worth),
        roi_worth.streams_table(report, worth),
        roi_worth.wider_finding(report, worth),
        roi_worth.onward_finding(report, worth),
        roi_worth.knowledge_table(report, worth),
        roi_worth.sensitivity_table(report, worth),
        roi_worth.scenario_table(report, worth),
        roi_worth.separable_table(report, worths),
        roi_assumptions.assumption_table(report, worth),
    ]
    return {block.key: block for block in found}, worths


@pytest.fixture(scope="module")
def plain(eng):  # noqa: F811
    return blocks(eng)


@pytest.fixture(scope="module")
def wider(eng):  # noqa: F811
    first, *others = eng.initiatives
    changed = eng.model_copy(update={"initiatives": [first.model_copy(update=WIDER), *others]})
    return blocks(changed)


def test_both_languages_print_the_same_numbers(plain, wider):
    for found, _ in (plain, wider):
        for key, block in found.items():
            assert numbers(block, "en") == numbers(block, "zh-Hant-HK"), key
            assert all("roi_worth" not in text(block, lang) for lang in LANGUAGES), key


def test_streams_without_evidence_are_absent_not_guessed(plain):
    """One way to earn is measured; the other two show no number and say how to count them."""
    found, (worth, *_) = plain
    shown = text(found["roi_worth.streams"])
    assert "1 of 3 ways to earn is measured" in shown
    assert shown.count("none: left out") == 2
    assert found["roi_worth.wider"].html["en"] == ""
    assert worth.wider is None


def test_assumed_streams_stand_beside_and_never_in_the_value(wider, plain):
    """The value holds the measured two, at the lower grade; the assumed one is told apart."""
    found, (worth, *_) = wider
    assert [stream.key for stream in worth.roi.streams] == ["more_purchases", "word_of_mouth"]
    assert (worth.review.grade, worth.roi.grade, worth.advice) == ("B", "C", "test")
    assert len(worth.wider.streams) == 3
    assert worth.roi.npv.value > plain[1][0].roi.npv.value
    shown = text(found["roi_worth.streams"])
    assert "assumed: not in the value" in shown
    assert "measured, grade C" in shown
    assert "Kick-off, 15 December 2025" in shown
    assert "This is not part of the value" in text(found["roi_worth.wider"])
    rests_on = text(found["roi_review.assumptions"])
    assert "Effect left at the end 75.0 % 40.0 % to 100.0 % assumed Kick-off" in rests_on
    assert "Customers brought a month 2.0 in a thousand 1.0 to 4.0 in a thousand" in rests_on
    assert "Customers reached 6,000" in rests_on
    assert "Customers kept a month" not in rests_on


def test_the_steps_of_the_waterfall_are_printed_and_sum(plain):
    """Margin and cost, so far and to come; the total is the value."""
    found, (worth, *_) = plain
    drawn = found["roi_worth.steps"].html["en"]
    for label in ("Margin of extra orders, so far", "Costs, expected", "Net present value"):
        assert label in drawn
    title = re.findall(r'<data value="([^"]+)">', drawn.split("</figcaption>")[0])
    so_far, to_come, total = (float(value) for value in title[:3])
    assert so_far + to_come == pytest.approx(total) == pytest.approx(worth.roi.npv.value)


def test_paid_is_paid(plain):
    """From today: only the months that are left."""
    shown = text(plain[0]["roi_worth.onward"])
    assert "What is paid is paid. From 1 July 2026" in shown
    assert "for the 18 months left" in shown


def test_a_sure_value_needs_no_study_and_a_doubtful_one_names_the_first(plain, eng):  # noqa: F811
    assert "No study is worth more than" in text(plain[0]["roi_worth.knowledge"])
    report = Report(eng, "04_roi_review")
    worth = worths_of(eng, frame(), staff=163_000.0)[0]
    shown = text(roi_worth.knowledge_table(report, worth))
    assert shown.startswith("Measure Effect")
    assert "half a year on" in shown


def test_without_effect_everything_paid_is_lost(plain):
    found, (worth, *_) = plain
    printed = [float(value) for value, _ in numbers(found["roi_worth.stress"], "en")]
    assert any(value == pytest.approx(worth.roi.npv_without_effect) for value in printed)
    assert worth.roi.npv_without_effect == -worth.roi.costs_present_value


def test_actions_that_began_together_cannot_be_told_apart(plain):
    """The teaching case: one answer for three actions, none for each alone, none for a pick."""
    shown = text(plain[0]["roi_worth.apart"])
    assert "The data answer 1 of 3 questions" in shown
    assert shown.count("began on 1 January 2026 in the same stores") == 1
    assert "each action alone" in shown
    assert "stores were picked for low scores" in shown


def test_without_a_value_there_is_nothing_to_show(eng):  # noqa: F811
    alone = eng.model_copy(update={"initiatives": eng.initiatives[:1]})
    worth = replace(worths_of(eng, frame())[0], roi=None, outcomes=None)
    report = Report(alone, "04_roi_review")
    for show in (
        roi_worth.steps_chart, roi_worth.streams_table, roi_worth.wider_finding,
        roi_worth.onward_finding, roi_worth.knowledge_table, roi_worth.sensitivity_table,
        roi_worth.scenario_table,
    ):  # fmt: skip
        assert show(report, worth).html["en"] == ""


def test_an_indication_is_tested_before_more_is_spent(eng):  # noqa: F811
    """Grade C with a value: keep it where it is, draw stores by lot."""
    worths = worths_of(eng, frame(promised=STORES[:3]))
    assert (worths[0].review.grade, worths[0].advice) == ("C", "test")
    report = Report(eng, "04_roi_review")
    steps = text(roi_review.actions_list(report, worths, decide_by=scope.decide_by(eng)))
    assert "keep it where it is, and test before more is spent" in steps


def test_what_is_handed_on_reads_the_same_from_the_ledger(plain, eng):  # noqa: F811
    """Through JSON and back; an initiative that has left the engagement keeps its id."""
    content = json.loads(json.dumps(roi_review.ledger_content(plain[1])))
    report = Report(eng, "04_roi_review")
    shown = text(roi_record.handed_table(report, {**content, "gone": content["coaching"]}))
    assert "3 initiatives go on record, 1 of them to keep" in shown
    assert "Effect on conversion, worth at most HK$" in shown
    assert "gone test before extending" in shown
    assert roi_record.handed_table(report, {}).html["en"] == ""
    old = {key: {k: v for k, v in item.items() if k != "onward"} for key, item in content.items()}
    assert "15-minute reply promise keep" in text(roi_record.handed_table(report, old))
