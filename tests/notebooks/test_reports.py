"""The ten reports of a full run on the sample engagement, read as a client's tools would."""

import json
import re
from collections import Counter
from html import unescape

import pytest

pytestmark = pytest.mark.notebooks

NOTEBOOKS = [
    "01_diagnosis", "02_kpi_setting", "03_ab_test", "04_roi_review", "05_kpi_tracking",
    "06_half_year_review", "07_branch_comparison",
]  # fmt: skip
LANGUAGES = ["en", "zh-Hant-HK"]
EVERY = [(notebook, language) for notebook in NOTEBOOKS for language in LANGUAGES]
DATA = re.compile(r'<data value="([^"]*)">(.*?)</data>', re.DOTALL)
TIME = re.compile(r'<time datetime="([^"]*)">.*?</time>', re.DOTALL)


def body(html):
    """The page between its main landmarks, without font data and style."""
    return re.sub(r"<(style|head|title)\b.*?</\1>", "", html, flags=re.DOTALL)


def parts(html):
    """Heading id to the HTML below it; what stands before the first heading is the cover."""
    pieces = re.split(r'<h2[^>]*\bid="([^"]+)"', body(html))
    return dict(zip(["cover", *pieces[1::2]], pieces[::2], strict=True))


def pictures(html):
    return re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL)


def text_of(html):
    return unescape(re.sub(r"<[^>]+>", " ", html))


MONTHS = "January February March April May June July August September October November December"
MONTH_NUMBER = {name[:3]: n for n, name in enumerate(MONTHS.split(), 1)}
ENGLISH_DATE = re.compile(r"(?:(?<![\d.,])(\d{1,2})\s+)?\b([A-Z][a-z]{2})[a-z]*\s+(\d{4})")
CHINESE_DATE = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月(?:\s*(\d{1,2})\s*日)?")


def numbers_of(text):
    """Every run of digits, dates brought to one form first."""

    def from_english(found):
        day, month, year = found.groups()
        if month not in MONTH_NUMBER:
            return found.group()
        return f"{year}x{MONTH_NUMBER[month]}x{day or ''} "

    text = ENGLISH_DATE.sub(from_english, text)
    text = CHINESE_DATE.sub(lambda found: "{}x{}x{} ".format(*found.groups(default="")), text)
    return Counter(re.findall(r"\d(?:[\d,.x]*\d)?", text))


@pytest.mark.parametrize(("notebook", "language"), EVERY)
def test_each_report_is_whole_and_in_its_language(full_run, notebook, language):
    html = full_run.html(notebook, language)
    assert f'<html lang="{language}"' in html
    assert html.count("<h1") == 1
    assert html.count('class="answer"') == 1
    assert html.count('<ol class="reasons">') == 1
    assert len(re.findall(r"<li", html.split('<ol class="reasons">')[1].split("</ol>")[0])) == 3
    assert full_run.pdf(notebook, language).stat().st_size > 30_000


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_both_languages_print_the_same_numbers_and_dates_in_every_section(full_run, notebook):
    english, chinese = (parts(full_run.html(notebook, language)) for language in LANGUAGES)
    assert list(english) == list(chinese)
    for name, piece in english.items():
        other = chinese[name]
        assert Counter(DATA.findall(piece)) == Counter(DATA.findall(other)), name
        assert Counter(TIME.findall(piece)) == Counter(TIME.findall(other)), name


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_digits_outside_marked_numbers_are_the_same_in_both_languages(full_run, notebook):
    """Catches a number typed into one catalogue: names of scales are all that may be left."""
    left = []
    for language in LANGUAGES:
        html = TIME.sub("", DATA.sub("", body(full_run.html(notebook, language))))
        html = re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL)
        left.append(numbers_of(text_of(html)))
    assert left[0] == left[1]


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_charts_show_the_same_numbers_in_both_languages(full_run, notebook):
    english, chinese = (pictures(full_run.html(notebook, language)) for language in LANGUAGES)
    assert len(english) == len(chinese) > 0
    for one, other in zip(english, chinese, strict=True):
        shown = [numbers_of(text_of(picture)) for picture in (one, other)]
        assert not (shown[0] - shown[1] and shown[1] - shown[0]), "only ticks may be left out"


@pytest.mark.parametrize(("notebook", "language"), EVERY)
def test_the_pdf_prints_every_number_of_the_page_it_is_made_from(full_run, notebook, language):
    pypdf = pytest.importorskip("pypdf")
    reader = pypdf.PdfReader(full_run.pdf(notebook, language))
    printed = re.sub(r"[\s\u2060]", "", "".join(page.extract_text() for page in reader.pages))
    shown = {unescape(text) for _, text in DATA.findall(full_run.html(notebook, language))}
    assert {number for number in shown if number not in printed} == set()
    assert reader.metadata.title
    assert reader.trailer["/Root"]["/Lang"].startswith(language[:2])
    assert "/StructTreeRoot" in reader.trailer["/Root"]


@pytest.mark.parametrize(("notebook", "language"), EVERY)
def test_the_answer_stands_on_page_one_of_the_pdf(full_run, notebook, language):
    pypdf = pytest.importorskip("pypdf")
    first = pypdf.PdfReader(full_run.pdf(notebook, language)).pages[0].extract_text()
    answer = full_run.html(notebook, language).split('class="answer"')[1]
    lead = text_of(re.search(r'<p class="lead">(.*?)</p>', answer, re.DOTALL)[1])
    squeeze = re.compile(r"[\s\u2060]")
    assert squeeze.sub("", lead) in squeeze.sub("", first)


@pytest.mark.parametrize(("notebook", "language"), EVERY)
def test_a_page_asks_nothing_of_the_network(full_run, notebook, language):
    html = full_run.html(notebook, language)
    assert "default-src 'none'" in html
    links = re.findall(r"""(?:src|href)=["']([^"'#][^"']*)""", html)
    assert [link for link in links if not link.startswith("data:")] == []
    assert "@import" not in html
    assert "<script" not in html


@pytest.mark.parametrize(("notebook", "language"), EVERY)
def test_no_code_no_raw_name_no_identifier_reaches_a_client(full_run, notebook, language):
    from cxlib.data.tables import TABLE_NAMES, table_contract

    text = text_of(body(full_run.html(notebook, language)))
    columns = {column.name for name in TABLE_NAMES for column in table_contract(name).columns}
    raw = {name for name in columns if "_" in name and re.search(rf"\b{name}\b", text)}
    assert raw == set()
    assert not re.search(r"\b(import|def|nan|NaN|None(?! of)|Traceback)\b", text)
    truth = json.loads((full_run.engagement / "truth.json").read_text(encoding="utf-8"))
    planted = json.dumps(truth["drawn"], ensure_ascii=False)
    for value in re.findall(r"[A-Z]\d{6}\(\d\)|\b[569]\d{3} \d{4}\b|[\w.]+@example\.com", planted):
        assert value not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_kpi_tables_of_goal_setting_and_tracking_agree(full_run, language):
    """Current value, interval, n, trend and verdict of each KPI."""
    found = []
    for notebook, name in (
        ("02_kpi_setting", "kpi-setting-kpis-table"),
        ("05_kpi_tracking", "kpi-tracking-board-table"),
    ):
        html = full_run.html(notebook, language)
        table = re.search(rf'<table[^>]*id="{name}".*?</table>', html, re.DOTALL)[0]
        rows = re.findall(r"<tr>(.*?)</tr>", table.split("<tbody>")[1], re.DOTALL)
        each = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
        found.append(
            [
                (DATA.findall(row[3]), *(text_of(row[place]).split() for place in (0, 4, 5)))
                for row in each
            ]
        )
    assert found[0] == found[1]
    assert len(found[0]) == 5


def test_run_json_tells_what_was_done(full_run):
    record = json.loads((full_run.folder / "run.json").read_text(encoding="utf-8"))
    assert record["status"] == "done"
    assert sorted(record["seconds"]) == sorted(NOTEBOOKS)
    assert len(record["reports"]) == 28
    assert all(len(item["sha256"]) == 64 and item["rows"] > 0 for item in record["data"])


def test_the_index_links_every_report(full_run):
    html = (full_run.folder / "index.html").read_text(encoding="utf-8")
    linked = set(re.findall(r'href="([^"#]+)"', html))
    made = {p.name for p in full_run.folder.iterdir() if p.suffix in {".html", ".pdf"}} - {
        "index.html"
    }
    assert made == linked
    assert len(made) == 28


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_every_section_says_what_kind_of_claim_it_makes(full_run, notebook):
    """Limits and provenance claim nothing; a section whose data are absent has nothing to claim."""
    html = body(full_run.html(notebook, "en"))
    after = dict(
        re.findall(r'<h2 id="([^"]+)">.*?</h2>(<p class="(?:level|lead)">)', html, re.DOTALL)
    )
    silent = [key for key, mark in after.items() if "level" not in mark]
    assert [
        key for key in silent if not key.endswith(("limits", "absent", "none", "appendix"))
    ] == []
    assert len(after) > len(silent)


def test_progress_is_told_by_section_name(full_run):
    told = [line for line in full_run.lines if line.startswith("01_diagnosis ")]
    assert any(re.fullmatch(r"01_diagnosis \d+/\d+ The emotion curve", line) for line in told)


def test_the_committed_ledger_is_what_the_run_writes(full_run):
    """So that every notebook opens alone in JupyterLab, and a change of results is seen."""
    from pathlib import Path

    committed = (
        Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home" / "ledger.json"
    )
    made = (full_run.engagement / "ledger.json").read_text(encoding="utf-8")
    assert json.loads(committed.read_text(encoding="utf-8")) == json.loads(made)


def test_the_run_leaves_the_record_of_kpi_values_beside_the_ledger(full_run):
    """Every row of the sample's history is on record once, as it was reported."""
    from cxlib.data.kpi_store import read_values

    values = read_values(full_run.engagement / "history.duckdb")
    assert len(values) == 136
    assert {value.revision for value in values} == {0}
    ledger = json.loads((full_run.engagement / "ledger.json").read_text(encoding="utf-8"))
    assert ledger["review"]["content"]["goals"]["conversion"]["outcome"] == "miss"
