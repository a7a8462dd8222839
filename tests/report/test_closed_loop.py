"""The closed loop in the report: both languages, what is absent, and no recovery without proof."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from cxlib.engagement import load_engagement
from cxlib.measures.closed_loop import loop_study
from cxlib.report import closed_loop as show
from cxlib.report.elements import parse
from cxlib.report.report import Report
from cxlib.run.workbook import open_tables

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
LANGUAGES = ("en", "zh-Hant-HK")


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture(scope="module")
def studies(engagement):
    """From the follow-ups, and from the service cases where there are none."""
    return {
        kind: loop_study(
            open_tables(engagement, ["answers", kind]), engagement.closed_loop,
            period=engagement.review, precision=engagement.precision,
        )
        for kind in ("followups", "cases")
    }  # fmt: skip


@pytest.fixture
def report(engagement):
    return Report(engagement, "05_kpi_tracking")


def text(block, language="en"):
    bare = re.sub(r"<svg.*?</svg>", "", block.html[language], flags=re.DOTALL)
    spaced = re.sub(r"</(t[dh]|strong|p)>", " ", bare)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", spaced))


def numbers(html):
    return sorted(re.findall(r'<(?:data|time) (?:value|datetime)="([^"]*)"', html))


def all_blocks(report, study):
    return [
        show.section(report, study),
        show.loop_chart(report, study),
        show.loop_table(report, study),
        show.loop_finding(report, study),
        show.recovery_table(report, study),
        show.recovery_finding(report, study),
    ]


@pytest.mark.parametrize("kind", ["followups", "cases"])
def test_both_languages_print_the_same_numbers_and_no_gap(report, studies, kind):
    for block in all_blocks(report, studies[kind]):
        en, zh = (block.html[language] for language in LANGUAGES)
        assert numbers(en) == numbers(zh), block.key
        assert not re.search(r"\bnan\b|\binf\b|None", text(block))
        assert parse(en, where=block.key) is not None


def test_the_sample_says_what_is_missing_and_claims_no_recovery(report, studies):
    study = studies["followups"]
    assert text(show.section(report, study)).startswith("49.4% of negative answers are contacted")
    assert "44 of 668 negative answers" in text(show.loop_finding(report, study))
    said = show.recovery_finding(report, study)
    assert "No recovery can be claimed" in text(said)
    assert "Evidence grade C: a comparison group, but not drawn by lot" in text(said)
    assert "不能說已挽回客戶" in text(said, "zh-Hant-HK")
    assert said.record["level"] == "diagnostic"


def test_without_a_comparison_group_the_grade_is_d_and_nothing_is_claimed(report, studies):
    study = studies["cases"]
    assert show.recovery_table(report, study).role == "note"
    said = show.recovery_finding(report, study)
    assert said.record["grade"] == "D"
    assert "without a comparison group" in text(said)
    assert "No record of follow-ups is kept" in text(show.section(report, study))


@pytest.mark.parametrize("verdict", ["higher", "lower"])
def test_a_clear_difference_is_said_without_a_cause(report, studies, verdict):
    """Moved by hand to one side of 0; the words are checked against causal ones by say()."""
    study = studies["followups"]
    old = study.recovery.difference
    sign = 1 if verdict == "higher" else -1
    moved = replace(old, value=0.5 * sign, ci_lower=0.5 * sign - 0.2, ci_upper=0.5 * sign + 0.2)
    changed = replace(study, recovery=replace(study.recovery, difference=moved, verdict=verdict))
    assert "not drawn by lot" in text(show.recovery_finding(report, changed))


def test_every_answer_followed_up_is_said_so(report, studies):
    study = replace(studies["followups"], n_bare=0)
    assert text(show.loop_finding(report, study)).startswith("Every one of the 668")


def test_what_is_not_recorded_is_one_sentence_and_no_error(report, studies):
    blocks = all_blocks(report, None)
    assert "Nothing is recorded" in text(blocks[0])
    assert not any(text(block).strip() for block in blocks[1:])
    few = replace(studies["followups"], curve=None, readings=tuple(
        replace(item, estimate=None) for item in studies["followups"].readings
    ))  # fmt: skip
    assert "Too few" in text(show.section(report, few))
    assert "Too few" in text(show.loop_table(report, few))
    assert show.loop_chart(report, few).role == "note"
    assert show.loop_finding(report, few).role == "note"
