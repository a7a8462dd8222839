"""The first page of a run: every report linked, both languages named."""

import re
from dataclasses import replace

import pytest

from cxlib.errors import ReportError
from cxlib.report.index import IndexFile, IndexReport, IndexText, render_index


def words(english, chinese):
    return {"en": english, "zh-Hant-HK": chinese}


FILES = tuple(
    IndexFile(language=language, format=kind, file=f"01 diagnosis.{language}.{kind}", size=size)
    for language, kind, size in (
        ("en", "html", 412_345), ("en", "pdf", 300), ("zh-Hant-HK", "pdf", 1_245_000)
    )
)  # fmt: skip
REPORT = IndexReport(
    title=words("Diagnosis <1>", "診斷"), question=words("Where?", "喺邊度？"), files=FILES
)
TEXT = IndexText(
    client=words("Harbour Home", "海港家居"),
    title=words("Reports of this run", "今次運算嘅報告"),
    languages=words("English", "繁體中文（香港）"),
    facts=(
        (words("Wave", "波次"), words("2025H2", "2025H2")),
        (words("Status", "狀態"), words("complete", "完成")),
    ),
    footer=words("", ""),
)


@pytest.fixture(scope="module")
def page(brand, fonts):
    return render_index([REPORT], text=TEXT, brand=brand, fonts=fonts)


def test_every_file_is_linked_with_language_format_and_size(page):
    links = re.findall(
        r'<a href="([^"]+)"><strong>(\w+)</strong> (\S+) <small>([^<]+)</small>', page
    )
    assert links == [
        ("01%20diagnosis.en.html", "HTML", "English", "412 kB"),
        ("01%20diagnosis.en.pdf", "PDF", "English", "1 kB"),
        ("01%20diagnosis.zh-Hant-HK.pdf", "PDF", "繁體中文（香港）", "1.2 MB"),
    ]


def test_client_status_and_wave_are_there_in_each_language_once_where_they_are_one(page):
    assert '<span lang="zh-Hant-HK">海港家居</span>' in page
    assert "完成" in page
    assert page.count("2025H2") == 1


def test_words_are_escaped_and_nothing_is_loaded(page):
    assert "Diagnosis &lt;1&gt;" in page
    assert re.findall(r'(?:src|href)="(?!data:|01%20)', page) == []
    assert "default-src 'none'" in page


def test_each_report_says_in_each_language_which_run_it_was_calculated_in(brand, fonts):
    reused = replace(REPORT, origin=words("Reused: calculated on 1 May", "沿用五月一日的結果"))
    page = render_index([reused, REPORT], text=TEXT, brand=brand, fonts=fonts)
    said = re.findall(r'<p class="origin"><small>([^<]+)</small>', page)
    assert said == ["Reused: calculated on 1 May", "沿用五月一日的結果"]


def test_an_empty_run_has_no_index(brand, fonts):
    with pytest.raises(ReportError, match="must list at least one report"):
        render_index([], text=TEXT, brand=brand, fonts=fonts)
