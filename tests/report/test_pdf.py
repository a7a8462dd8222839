"""The PDF: tagged, numbered, repeatable, complete; refused when something is missing."""

import re
from datetime import date
from io import BytesIO

import pytest
from pypdf import PdfReader

from cxlib.errors import ReportError
from cxlib.report.typst import to_typst

LANGUAGES = ("en", "zh-Hant-HK")


@pytest.fixture(scope="module")
def readers(pdfs):
    return {language: PdfReader(BytesIO(data)) for language, data in pdfs.items()}


def squeezed(text):
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_tagged_titled_and_its_language_set(readers, samples, language):
    reader = readers[language]
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == ("en" if language == "en" else "zh-HK")
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    words = samples.page(language)
    assert reader.metadata.title == f"{words.title} · {words.client}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_has_its_words(readers, language):
    """Alternative texts in the structure tree are the aria-labels of the page."""
    found = []

    def walk(node):
        node = node.get_object()
        if isinstance(node, list):
            for each in node:
                walk(each)
        elif isinstance(node, dict):
            if node.get("/S") == "/Figure":
                found.append(node.get("/Alt"))
            if "/K" in node:
                walk(node["/K"])

    walk(readers[language].trailer["/Root"]["/StructTreeRoot"])
    assert len(found) == 2
    assert all(len(words) > 15 for words in found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_answer_and_decision_on_page_one(readers, samples, language):
    first = squeezed(readers[language].pages[0].extract_text())
    words = samples.page(language)
    for part in (words.title, words.client, words.answer, words.decision, "25.3", "1,240,000"):
        assert squeezed(part) in first


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_printed_number_of_the_page_is_in_the_pdf(readers, pages, language):
    body = squeezed("".join(page.extract_text() for page in readers[language].pages))
    shown = set(re.findall(r"<data [^>]*>([^<]+)</data>", pages[language]))
    assert len(shown) > 50
    assert {number for number in shown if number not in body} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_numbered_and_headed_and_the_cover_is_not(readers, samples, language):
    reader = readers[language]
    total = len(reader.pages)
    words = samples.page(language)
    for number, page in enumerate(reader.pages, start=1):
        foot = squeezed(words.page_of.format(page=number, pages=total))
        assert (foot in squeezed(page.extract_text())) == (number > 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_contents_name_the_page_each_section_starts_on(readers, language):
    """The outline's page of every section is the number printed beside it in the contents."""
    reader = readers[language]
    contents = squeezed(reader.pages[1].extract_text())
    entries = [entry for entry in reader.outline if not isinstance(entry, list)]
    assert len(entries) == 5 + (entries[0].title in {"Contents", "目錄"})
    for entry in entries:
        if entry.title in {"Contents", "目錄"}:
            continue
        page = reader.get_destination_page_number(entry) + 1
        assert f"{squeezed(entry.title)}{page}" in contents


def test_a_long_table_repeats_its_head(readers):
    """Three pages hold rows: the short table's, and two of the long one's."""
    heads = [squeezed(page.extract_text()).count("Touchpoint") for page in readers["en"].pages]
    assert sum(count > 0 for count in heads) >= 3


def test_a_heading_is_never_last_on_its_page(readers):
    for page in readers["en"].pages[2:]:
        lines = [line for line in page.extract_text().splitlines() if line.strip()]
        assert not re.search(r"^(Appendix|A quick reply|The journey|Who answered)", lines[-3])


def test_the_same_page_gives_the_same_bytes_and_the_day_counts(pages, pdfs, make_pdf):
    assert make_pdf(pages["en"]) == pdfs["en"]
    assert make_pdf(pages["en"], created=date(2026, 11, 4)) != pdfs["en"]


def test_only_the_reports_faces_are_in_the_file(readers):
    for reader in readers.values():
        names = {
            str(font.get_object()["/BaseFont"]).split("+")[-1]
            for page in reader.pages
            for font in page["/Resources"].get("/Font", {}).values()
        }
        assert all(name.startswith("NotoSansHK-") for name in names), names


def test_a_character_without_glyph_is_refused_with_its_code_point(pages, make_pdf):
    with pytest.raises(ReportError, match=r"missing: '✔' \(U\+2714\)"):
        make_pdf(pages["en"].replace("Who answered</h3>", "Who ✔</h3>", 1))


def test_an_element_the_converter_does_not_know_is_refused_by_name(pages, make_pdf):
    with pytest.raises(ReportError, match="element <video> is not one a report knows"):
        make_pdf(pages["en"].replace("<p>Members", "<video></video><p>Members", 1))
    with pytest.raises(ReportError, match="element <img> cannot stand here in the PDF"):
        make_pdf(pages["en"].replace("<p>Members", '<img src="data:," alt="a"><p>Members', 1))


def test_a_picture_without_words_is_refused(pages, make_pdf):
    blind = re.sub(r'(<svg role="img" )aria-label="[^"]*"', r"\1", pages["en"], count=1)
    with pytest.raises(ReportError, match="every picture needs alternative text"):
        make_pdf(blind)


def test_a_row_with_a_cell_too_few_is_refused(pages, make_pdf):
    broken = pages["en"].replace('<td class="text">Head of service</td>', "", 1)
    with pytest.raises(ReportError, match="each row must have 4 cells as the head has, found 3"):
        make_pdf(broken)


def test_signs_that_mean_something_to_typst_are_only_text(pages, make_pdf):
    odd = r"#panic(1) $x$ \ *b* _i_ @a [c] &lt;d&gt; `e` // /* ~ quote &quot; end"
    data = make_pdf(pages["en"].replace("Members answer twice", odd, 1))
    text = squeezed("".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages))
    assert squeezed(r'#panic(1) $x$ \ *b* _i_ @a [c] <d> `e` // /* ~ quote " end') in text


def test_a_page_can_be_set_in_another_thread(pages, pdfs, make_pdf):
    """The run makes reports beside the next notebook's execution."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(make_pdf, pages["en"]).result() == pdfs["en"]


def test_a_finding_stays_with_its_chart_and_a_short_list_is_whole(samples, brand):
    found = '<aside class="finding"><p>Said.</p></aside>'
    chart = '<figure id="c"><svg aria-label="A chart of one line"></svg></figure>'
    items = "".join(f"<li>{place}</li>" for place in range(7))

    def source(body):
        page = samples.page("en")
        html = f'<body><header class="cover"></header><main>{body}</main></body>'
        return to_typst(html, page=page, brand=brand, family="F", created=date(2026, 7, 1))

    assert "keeps: true" in source(chart + found)
    assert "keeps: true" not in source(found + chart)
    assert "block(breakable: false, list(" in source(f"<ul>{items[:-10]}</ul>")
    assert "block(breakable: false, list(" not in source(f"<ul>{items}</ul>")
