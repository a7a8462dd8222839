"""Words of customers reach the page whole: scripts, emoji, notes, and no empty box."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.engagement import load_engagement
from cxlib.measures.voice.quotes import Quote
from cxlib.measures.voice.study import voice_study
from cxlib.report import voice as show
from cxlib.report.fonts import missing_characters, report_fonts, require_glyphs
from cxlib.report.report import Report
from cxlib.run.workbook import open_tables

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
LANGUAGES = ("en", "zh-Hant-HK")
NO_GLYPH = "\u1780\u1781"
"""Two Khmer letters, which no face of a report holds."""


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


def sources(words, n=60):
    """Answers in which one text is written by many people, low scores beside it."""
    frame = pd.DataFrame({
        "answer_id": [f"A{k}" for k in range(n)], "customer_id": [f"C{k}" for k in range(n)],
        "answered_at": [pd.Timestamp(2025, 8, 1)] * n,
        "comment": [words[k % len(words)] for k in range(n)],
        "nps": [2] * n, "csat": [1] * n, "touchpoint": ["enquiry_chat"] * n,
    })  # fmt: skip
    return {"answers": duckdb_source(frame, table="answers")}


def quoted(engagement, text):
    """Return the findings with one approved quotation."""
    study = voice_study(engagement, sources(["WhatsApp 等咗三日都冇人覆,回覆好慢"]))
    theme = study.readings[0].theme
    quote = Quote(theme=theme, tone="blame", text=text, origin="answers", row_id="A1", person=1)
    return show.findings(Report(engagement, "01_diagnosis"), replace(study, quotes=(quote,)))


@pytest.mark.parametrize(
    "text",
    [
        "𠵱家部𨋢細到擺唔入張梳化㗎,等咗成個鐘",
        "等了三天都没有人回复，服务态度很差",
        "No one replied — I “waited” three days",
        "<b>等咗三日</b>都冇人覆 & 仲要兜圈",
    ],
)
def test_hkscs_simplified_and_marks_survive_to_both_pages(engagement, text):
    """Kept as written, escaped as text, and each character has a glyph for the PDF."""
    from html import unescape

    block = quoted(engagement, text)
    for language in LANGUAGES:
        plain = unescape(re.sub(r"<[^>]+>", "", block.html[language]))
        assert text in plain
        require_glyphs(plain, report_fonts())


def test_an_emoji_without_a_glyph_goes_and_the_words_stay(engagement):
    block = quoted(engagement, "等咗三日都冇人覆,激死😮\u200d💨真係頂唔順")
    for language in LANGUAGES:
        assert "等咗三日都冇人覆,激死" in block.html[language]
        assert (
            missing_characters(re.sub(r"<[^>]+>", "", block.html[language]), report_fonts()) == ()
        )


def test_a_letter_without_a_glyph_drops_the_quotation(engagement):
    """Half a word would not be what the customer wrote, so none of it is shown."""
    block = quoted(engagement, f"等咗三日都冇人覆 {NO_GLYPH} 真係頂唔順")
    for language in LANGUAGES:
        assert "頂唔順" not in block.html[language]
        assert not set(NO_GLYPH) & set(block.html[language])


def test_a_phrase_without_a_glyph_is_not_tabled(engagement):
    """Khmer beside Chinese in every comment: the table of phrases prints none of it."""
    tables = sources([f"回覆好慢{NO_GLYPH}", "回覆好快好滿意"], n=200)
    study = voice_study(engagement, tables)
    for part in (show.section, show.theme_chart, show.tables, show.findings):
        for html in part(Report(engagement, "01_diagnosis"), study).html.values():
            assert not set(NO_GLYPH) & set(html)


def test_contact_notes_of_the_engagement_are_heard(tmp_path):
    """A column note in cases.csv passes the contract and is counted; it is never quoted."""
    folder = tmp_path / "client"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("ledger.json", "internal"))
    file = folder / "data" / "cases.csv"
    cases = pd.read_csv(file, dtype=str, keep_default_na=False)
    opened = pd.to_datetime(cases["opened_at"])
    cases["note"] = [
        f"客人話退款拖咗{k}日都未收到" if k % 3 == 0 else "" for k in range(len(cases))
    ]
    cases.to_csv(file, index=False)
    engagement = load_engagement(folder)
    study = voice_study(engagement, open_tables(engagement, ["cases"]))
    baseline = engagement.baseline
    inside = (opened >= pd.Timestamp(baseline.start)) & (
        opened < pd.Timestamp(baseline.end) + pd.Timedelta(days=1)
    )
    assert study.asked.n == int((inside & (cases["note"] != "")).sum())
    assert set(study.asked.origins) == {"cases"}
    assert study.readings[0].theme == "follow_up"
    assert study.asked.quotes == ()
