"""The report a notebook fills: every block in every language, answer from what was said."""

from typing import get_args

import pytest

from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError, ReportError
from cxlib.report.blocks import MIME
from cxlib.report.catalogue import message
from cxlib.report.findings import Finding, Level, check_wording
from cxlib.report.report import Report
from cxlib.report.tables import Column, Marked, Table
from cxlib.report.writer import Num, Writer, phrase
from cxlib.stats.estimate import Estimate

NPS = Estimate(value=26.5, ci_lower=24.4, ci_upper=28.7, n_obs=5219, unit="points", method="x")


@pytest.fixture
def report(engagement):
    return Report(load_engagement(engagement), "01_diagnosis")


def section(report):
    return report.section(
        "diagnosis.scores", headline=phrase("diagnosis.scores.headline_nps", score=NPS)
    )


def test_a_block_holds_every_language_and_shows_the_live_one(report):
    shown = section(report)._repr_mimebundle_()
    assert set(shown[MIME]["html"]) == {"en", "zh-Hant-HK"}
    assert shown["text/html"] == shown[MIME]["html"]["en"]
    assert '<data value="26.5">26.5</data>' in shown["text/html"]


def test_the_live_language_is_the_parameters(engagement):
    report = Report(load_engagement(engagement), "01_diagnosis", language="zh-Hant-HK")
    assert "作答客戶" in section(report)._repr_mimebundle_()["text/html"]


def test_a_language_the_engagement_lacks_is_refused(engagement):
    with pytest.raises(ConfigError) as caught:
        Report(load_engagement(engagement), "01_diagnosis", language="zh")
    assert str(caught.value) == "language must be one of en, zh-Hant-HK, got 'zh'"


def test_a_table_marks_units_alignment_and_status_by_shape_and_word(report):
    table = Table(
        title=phrase("score.nps"),
        subtitle=phrase("score.csat"),
        source=phrase("score.ces"),
        columns=[Column("scope.source_name"), Column("scope.rows"), Column("scope.empty", "text")],
        rows=[("A & B", Num(1234), Marked(phrase("chart.target"), "bad")), ("C", None, None)],
    )
    html = report.table("diagnosis.scores.table", table).html["en"]
    assert '<th scope="row">A &amp; B</th>' in html
    assert '<td class="num"><data value="1234">1,234</data></td>' in html
    assert '<td class="status-bad">▼\N{NO-BREAK SPACE}target</td>' in html
    assert '<td class="num">–</td><td class="text">–</td>' in html


def test_a_row_of_the_wrong_length_is_refused():
    with pytest.raises(ReportError) as caught:
        Table(
            title=phrase("score.nps"), subtitle=phrase("score.csat"), source=phrase("score.ces"),
            columns=[Column("scope.rows")], rows=[("A", 1)],
        )  # fmt: skip
    assert str(caught.value) == "table 'score.nps': a row has 2 cells for 1 columns"


def test_an_answer_is_made_of_findings_that_were_said(report):
    with pytest.raises(ReportError) as caught:
        report.answer("diagnosis.summary", reasons=["a", "b", "c"])
    assert str(caught.value) == "the reasons were never said in this notebook: a, b, c"
    with pytest.raises(ReportError, match="an answer has 3 reasons, got 1"):
        report.answer("diagnosis.summary", reasons=["a"])


def test_an_answer_names_a_grade_where_it_first_comes_in(report, monkeypatch):
    words = {"x.answer": "Yes.", "x.decision": "Go.", "x.one": "1", "x.two": "2", "x.three": "3"}
    monkeypatch.setattr(
        "cxlib.report.writer.message", lambda key, _: words.get(key) or key.rpartition(".")[2]
    )
    for key, grade in {"x.one": "A", "x.two": "A", "x.three": "D"}.items():
        report.findings[key] = Finding(
            key=key, sentence=phrase(key), level="descriptive", grade=grade
        )
    html = report.answer("x", reasons=["x.one", "x.two", "x.three"]).html["en"]
    assert "<li>1 <em>A</em></li><li>2</li><li>3 <em>D</em></li>" in html


def test_blocks_shown_together_keep_their_order_and_never_hold_the_answer(report):
    first, second = section(report), report.items("diagnosis.actions", [phrase("score.nps")])
    both = report.together("diagnosis.both", [first, second])
    assert both.html["en"] == first.html["en"] + second.html["en"]
    origin = report.facts("provenance", [(phrase("provenance.wave"), "x")], role="provenance")
    with pytest.raises(ReportError, match="must not be the answer or the provenance, got section"):
        report.together("diagnosis.both", [first, origin])
    with pytest.raises(ReportError, match="got no block"):
        report.together("diagnosis.both", [])


@pytest.mark.parametrize("level", get_args(Level))
def test_a_section_prints_its_level_in_both_languages(report, level):
    """What kind of claim a section makes stands under its title."""
    block = report.section("diagnosis.actions", level)
    for language, html in block.html.items():
        word = message(f"level.{level}", language)
        assert f'</h2><p class="level">{word}</p><p class="lead">' in html


def test_a_section_whose_design_shows_a_cause_says_so(report):
    """A randomised test is not only "what goes together"."""
    block = report.section("diagnosis.actions", "diagnostic", "A")
    assert "by a design that can show it" in block.html["en"]


def test_the_title_of_a_section_keeps_to_its_level(report, monkeypatch):
    """A causal word in a title or a lead needs a design, as one in a finding does."""
    monkeypatch.setattr(Writer, "__call__", lambda *_: "Reply times drove the fall")
    with pytest.raises(ReportError, match="'drove', a causal word that needs evidence grade"):
        report.section("diagnosis.actions", "descriptive")
    report.section("diagnosis.actions", "diagnostic", "B")


def test_a_finding_is_said_once(report):
    bounds = phrase("diagnosis.response.bounds_nps", score=NPS, low=NPS, high=NPS)
    values = {"rate": NPS, "started": NPS, "bounds": bounds}
    report.say("diagnosis.response.finding", level="descriptive", **values)
    with pytest.raises(ReportError, match="is said twice in 01_diagnosis"):
        report.say("diagnosis.response.finding", level="descriptive", **values)


@pytest.mark.parametrize(
    ("language", "text", "word"),
    [
        ("en", "The reply promise raised conversion.", "raised"),
        ("en", "Scores fell because of slow replies.", "because of"),
        ("zh-Hant-HK", "回覆承諾提升了成交率。", "提升了"),
    ],
)
@pytest.mark.parametrize("grade", [None, "C", "D"])
def test_causal_words_need_evidence(language, text, word, grade):
    finding = Finding(key="x", sentence=phrase("x"), level="descriptive", grade=grade)
    with pytest.raises(ReportError) as caught:
        check_wording(finding, text, language)
    assert f"says '{word}', a causal word that needs evidence grade A or B" in str(caught.value)


@pytest.mark.parametrize("grade", ["A", "B"])
def test_a_design_that_supports_it_may_use_them(grade):
    finding = Finding(key="x", sentence=phrase("x"), level="diagnostic", grade=grade)
    check_wording(finding, "The reply promise raised conversion.", "en")
