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
    """Six are ticked in the sample, one is no longer offered; those of leading themes are shown."""
    block = show.findings(report, study)
    assert len(study.quotes) == 5
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


def test_words_in_another_language_than_the_report_are_marked_as_such(report, study):
    """Chinese words in the English report, English ones in the Chinese; none in their own."""
    for part in (show.tables, show.findings):
        block = part(report, study)
        english, chinese = block.html["en"], block.html["zh-Hant-HK"]
        assert re.search(r'<span lang="zh-Hant-HK">[^<]*[\u4e00-\u9fff][^<]*</span>', english)
        assert re.search(r'<span lang="en">[a-zA-Z ]+</span>', chinese)
        assert '<span lang="en">' not in english
        assert '<span lang="zh-Hant-HK">' not in chinese
        bare = re.sub(r"<span lang=[^>]*>[^<]*</span>", "", english)
        assert not re.search(r"[\u4e00-\u9fff]", re.sub(r"not, 沒有", "", bare))


def test_the_converters_take_words_in_another_language(report, study):
    """The closed set of elements takes the span and writes it back as it was."""
    from cxlib.report.elements import parse, serialise

    html = show.findings(report, study).html["en"]
    nodes = parse(html, where="test")
    assert serialise(nodes).count('<span lang="zh-Hant-HK">') == html.count("<span") >= 5


def coded_study(engagement, tables, study):
    """Everybody's coding: what the list says, but for every fifth 'Staff manner' it gives."""
    from cxlib.data.comments import scored_comments
    from cxlib.measures.voice.coder import ThemeCoder
    from cxlib.measures.voice.theme_check import correct_themes

    window = engagement.baseline.window("answered_at")
    comments = scored_comments(tables["answers"], **window, seed=engagement.seed).head(400)
    themes_of = ThemeCoder(study.taxonomy).themes_of
    texts = dict(zip(comments["answer_id"], comments["comment"], strict=True))
    cells = [sorted(themes_of(text)) for text in texts.values()]
    cells = [[t for t in c if t != "staff_manner" or k % 5] for k, c in enumerate(cells)]
    codes = pd.DataFrame({"id": list(texts), "coder": "A", "themes": [";".join(c) for c in cells]})
    found = correct_themes(study.asked, codes, texts, themes_of=themes_of)
    return replace(study, correction=found)


def test_as_read_and_corrected_shares_stand_side_by_side_and_say_which_is_which(
    report, engagement, tables, study
):
    checked = coded_study(engagement, tables, study)
    block = show.tables(report, checked)
    assert "As read" in text(block)
    assert "Corrected Of them complain" in text(block)
    assert "Corrected by 400 survey comments that one person coded" in text(block)
    assert "判讀結果" in text(block, "zh-Hant-HK")
    assert "修正後" in text(block, "zh-Hant-HK")
    said = show.findings(Report(engagement, "01_diagnosis"), checked)
    assert "grade-D" not in said.html["en"]
    assert "Corrected by 400 comments that people coded" in text(said)


def test_themes_coded_too_rarely_are_marked_as_read(report, engagement, tables, study):
    checked = coded_study(engagement, tables, study)
    shares = checked.correction.shares
    top = study.readings[0].theme
    bare = replace(shares[top], corrected=None, reason="too_few_coded")
    few = replace(checked, correction=replace(checked.correction, shares=shares | {top: bare}))
    assert re.search(r"as read \( ?\d", text(show.tables(report, few)))
    none = {theme: replace(share, corrected=None) for theme, share in shares.items()}
    weak = replace(checked, correction=replace(checked.correction, shares=none))
    assert "400 comments are coded, and no theme in 10 of them" in text(show.tables(report, weak))
    said = show.findings(report, weak)
    assert "Evidence grade D: as read, too few comments are coded" in text(said)


def test_without_a_coded_sheet_the_grade_is_d_and_the_source_says_as_read(report, study):
    assert "Shares are as read, not corrected: nobody at the client" in text(
        show.tables(report, study)
    )
    block = show.findings(report, study)
    assert 'class="finding grade-D"' in block.html["en"]
    assert "Evidence grade D: as read, and not yet checked" in text(block)
    assert "證據級別 D" in text(block, "zh-Hant-HK")


def test_a_list_of_words_is_named_where_too_few_comments_have_a_score(report, engagement, tables):
    """The sample's comments without their scores: 0 to learn from."""
    frame = tables["answers"].run(
        f"select * from {tables['answers'].table} where comment is not null"  # noqa: S608
    ).assign(csat=None, nps=None)  # fmt: skip
    found = voice_study(engagement, {"answers": duckdb_source(frame, table="answers")})
    assert found.scorer.basis == "starter"
    assert "Evidence grade D: complaints are read by a model of made-up comments" in text(
        show.findings(report, found)
    )


def test_the_trend_of_each_leading_pair_is_shown(report, study):
    said = text(place_table(report, study))
    assert "Change over the period" in said
    assert "from 1 October 2025 on minus before" in said
    assert said.count(" pp (") == len(study.trends) > 5
    trend = study.trends[0]
    clear = replace(study, trends=(replace(trend, is_clear=True), *study.trends[1:]))
    marked = place_table(report, clear).html["en"]
    assert ("▲" if trend.change.value < 0 else "▼") in marked


def test_shifts_are_shown_by_own_change_with_holm(report, engagement, tables, study):
    """The sample changes where comments come from, and no theme within a touchpoint."""
    block = show.shift_table(report, voice_shifts(engagement, tables), study)
    said = text(block)
    assert "No theme is clearly named more or less often at the same touchpoint" in said
    assert "of which" in said


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
