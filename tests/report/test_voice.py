"""What customers write, in the diagnosis: titles, units, both languages, escaping, absence."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError
from cxlib.measures.voice.study import voice_shifts, voice_study
from cxlib.report import voice as show
from cxlib.report.report import Report
from cxlib.report.voice_places import place_table
from cxlib.run.workbook import open_tables

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
LANGUAGES = ("en", "zh-Hant-HK")


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture(scope="module")
def tables(engagement):
    return open_tables(engagement, ["answers", "mentions"])


@pytest.fixture(scope="module")
def study(engagement, tables):
    return voice_study(engagement, tables)


@pytest.fixture
def report(engagement):
    return Report(engagement, "01_diagnosis")


def text(block, language="en"):
    bare = re.sub(r"<svg.*?</svg>", "", block.html[language], flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", bare))


def test_the_section_names_the_pain_points_theme_first(report, study):
    """Planted: slow replies to online enquiries hurt most, by far the largest touchpoint."""
    assert study.readings[0].theme == "reply_wait"
    assert study.readings[0].touchpoint == "enquiry_chat"
    assert "'Waiting for a reply'" in text(show.section(report, study))
    assert "「等候回覆」" in text(show.findings(report, study), "zh-Hant-HK")


@pytest.mark.parametrize("part", ["section", "theme_chart", "tables", "findings"])
def test_both_languages_print_the_same_numbers(report, study, part):
    block = getattr(show, part)(report, study)
    numbers = [
        sorted(re.findall(r'<data value="([^"]+)"', block.html[language])) for language in LANGUAGES
    ]
    assert numbers[0] == numbers[1]
    assert numbers[0]


def test_ticked_words_are_quoted_and_no_row_is_named(report, study):
    """Six are ticked in the sample; those of the four themes most complained about are shown."""
    block = show.findings(report, study)
    assert len(study.quotes) == 6
    for language in LANGUAGES:
        assert "同一個問題要重複講三次" in block.html[language]
        assert not any(quote.row_id in block.html[language] for quote in study.quotes)


def test_no_planted_identifier_reaches_any_block(engagement, tables, study):
    """truth.json names them; the whole review period and all candidates are looked through."""
    from cxlib.data.simulate.text import planted_identifiers
    from cxlib.data.simulate.truth import Truth

    secrets = [value for values in planted_identifiers(Truth()).values() for value in values]
    later = voice_study(engagement, tables, period=engagement.review)
    parts = (show.section, show.theme_chart, show.tables, show.findings)
    printed = "".join(
        html
        for found in (study, later)
        for part in parts
        for html in part(Report(engagement, "01_diagnosis"), found).html.values()
    )
    kept = [q.text for s in (study, later) for q in s.asked.quotes]
    kept += [w for s in (study, later) for w in s.asked.phrases.written.values()]
    assert not [secret for secret in secrets if secret in printed or secret in " ".join(kept)]


def test_the_pairs_with_most_complaints_are_shown_with_their_intervals(report, study):
    """Planted: slow and partial replies at the online enquiry lead; ten rows, luck is named."""
    block = place_table(report, study)
    title = re.search(r'<strong class="title">(.*?)</strong>', block.html["en"]).group(1)
    assert "'Waiting for a reply' at Online enquiry" in title
    assert block.html["en"].count('<th scope="row"') == 10
    assert "chance favours them" in text(block)
    assert "偶然偏高" in text(block, "zh-Hant-HK")


def test_without_a_judge_the_pairs_named_most_are_shown_and_hidden_touchpoints_never(report, study):
    bare = replace(
        study,
        places=tuple(
            replace(p, blamed=None, negative=None, share=None if p.n_comments < 200 else p.share)
            for p in study.places
        ),
    )
    said = text(place_table(report, bare))
    assert "Named most" in said
    small = {p.touchpoint for p in bare.places if p.n_comments < 200}
    names = report.engagement.touchpoint_names()
    assert small
    assert not [point for point in small if names[point]["en"] in said]


def test_without_any_text_one_sentence_says_so(report, engagement):
    found = voice_study(engagement, {})
    assert "Comments are not measured" in text(show.section(report, found))
    for part in (show.theme_chart, show.tables, show.findings):
        assert set(part(report, found).html.values()) == {""}


def test_too_few_comments_are_said_to_be_too_few(report, engagement):
    frame = pd.DataFrame({
        "answer_id": ["A1"], "answered_at": [pd.Timestamp(2025, 8, 1)], "comment": ["<b>差</b>"],
        "nps": [3], "csat": [2], "touchpoint": ["delivery"], "customer_id": ["C1"],
    })  # fmt: skip
    found = voice_study(engagement, {"answers": duckdb_source(frame, table="answers")})
    assert "Too few comments" in text(show.section(report, found))


def test_markup_in_comments_is_escaped(report, engagement):
    """A phrase with script in it can only be printed as text."""
    words = ["回覆好慢 <script>alert(1)</script> &amp; =SUM(A1)", "回覆好快，好滿意呀"]
    frame = pd.DataFrame({
        "answer_id": [f"A{k}" for k in range(200)], "customer_id": [f"C{k}" for k in range(200)],
        "answered_at": [pd.Timestamp(2025, 8, 1)] * 200,
        "comment": [words[k % 2] for k in range(200)],
        "nps": [[2, 10][k % 2] for k in range(200)], "csat": [[1, 5][k % 2] for k in range(200)],
        "touchpoint": ["enquiry_chat"] * 200,
    })  # fmt: skip
    found = voice_study(engagement, {"answers": duckdb_source(frame, table="answers")})
    for part in (show.section, show.theme_chart, show.tables, show.findings):
        for html in part(report, found).html.values():
            assert "<script" not in html


def test_shifts_are_shown_with_holm(report, engagement, tables, study):
    block = show.shift_table(report, voice_shifts(engagement, tables), study)
    assert "themes are named more or less often" in text(block)


def test_a_wrong_list_of_names_is_refused(tmp_path):
    folder = tmp_path / "client"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("data"))
    file = folder / "engagement.yml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("\nvoice:\n", "\nvoice:\n  names: names.txt\n"),
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match="must be UTF-8 text beside the engagement file"):
        voice_study(load_engagement(folder), {})
    (folder / "names.txt").write_text("陳大文\nX\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"names\.txt, line 2: found 'X'; a name has 2 to 80"):
        voice_study(load_engagement(folder), {})
