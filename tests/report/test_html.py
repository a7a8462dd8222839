"""The page: only blocks enter, nothing is loaded, nothing unknown passes."""

import re
from html.parser import HTMLParser

import nbformat
import pytest

from cxlib.errors import ReportError
from cxlib.report.elements import parse, serialise
from cxlib.report.html import BLOCK_MIME, render_html
from cxlib.report.sanitise import clean, settle_picture

LANGUAGES = ("en", "zh-Hant-HK")


@pytest.fixture
def render(samples, brand, fonts):
    """A page from the HTML of one block."""

    def make(html, *, role="section", language="en", languages=LANGUAGES):
        block = {"role": role, "key": "one", "html": dict.fromkeys(languages, html)}
        output = nbformat.v4.new_output("display_data", data={BLOCK_MIME: block})
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=[output])])
        return render_html(made, page=samples.page(language), brand=brand, fonts=fonts)

    return make


class Values(HTMLParser):
    """Collects the value of every number and date."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag in {"data", "time"}:
            self.found.append(dict(attrs).get("value") or dict(attrs).get("datetime"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_code_note_or_stream_of_the_notebook_enters(pages, language):
    assert "SECRET" not in pages[language]
    assert "<code" not in pages[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_loaded_from_anywhere(pages, language):
    """Every address is an anchor, inline data or an XML name space."""
    html = re.sub(r'xmlns(:\w+)?="[^"]*"', "", pages[language])
    assert re.findall(r"https?:|(?<![\w+/])//\w+\.", html) == []
    assert re.findall(r'(?:src|href)="(?!#|data:)', html) == []
    assert "default-src 'none'" in html
    assert "<script" not in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_title_landmarks_and_one_h1(pages, samples, language):
    html = pages[language]
    words = samples.page(language)
    assert f'<html lang="{language}">' in html
    assert f"<title>{words.title} · {words.client}</title>" in html
    assert html.count("<h1>") == html.count("<main") == html.count("<nav") == 1
    assert f'<a class="skip" href="#content">{words.skip}</a>' in html


def test_the_two_languages_print_the_same_numbers_and_dates(pages):
    english, chinese = (Values(pages[language]).found for language in LANGUAGES)
    assert english == chinese
    assert len(english) > 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_answer_stands_on_the_cover_and_provenance_last(pages, language):
    html = pages[language]
    cover, rest = html.split("</header>")
    assert '<section class="answer"' in cover
    assert 'class="answer"' not in rest
    assert rest.rindex('<section class="provenance">') > rest.rindex('<h2 id="appendix">')


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_contents_link_has_one_target(pages, language):
    html = pages[language]
    targets = re.findall(r'href="#([^"]+)"', html)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(targets) - set(ids) == set()
    assert len(re.findall(r"<li><a href=", html)) == 6


def test_svg_keeps_the_case_of_its_attributes(pages):
    assert "viewBox=" in pages["en"]
    assert "clipPath" in pages["en"]


def test_numbers_stand_right_under_heads_that_stand_right(pages):
    assert '<th scope="col" class="num">Answers</th>' in pages["en"]
    assert '<th scope="col" class="text">Touchpoint</th>' in pages["en"]


def test_an_evidence_grade_is_said_once_on_top(render, samples):
    own = render('<aside class="finding grade-A"><p>Up.</p><p class="note">Evidence A</p></aside>')
    assert '<p class="badge">Evidence A</p><p>Up.</p></aside>' in own
    given = render('<aside class="finding grade-B"><p>Up.</p></aside>')
    assert f'<p class="badge">{samples.page("en").grades["B"]}</p>' in given


def test_only_the_characters_in_use_are_embedded(pages):
    """Both faces of the Chinese page together stay below 400 kB."""
    assert len(pages["zh-Hant-HK"]) < 400_000
    assert pages["en"].count("@font-face{") == 2


@pytest.mark.parametrize(
    ("html", "message"),
    [
        ("<div><script>x</script></div>", "element <script> is not one a report knows"),
        ("<p onclick='x'>a</p>", "<p> knows the attributes class, lang, got onclick"),
        ('<p class="big">a</p>', "<p> knows the classes"),
        ("<p>a<strong>b</p>", "element <strong> must be closed before </p>"),
        ("<p>a", "element <p> must be closed"),
        (
            '<p><a href="https:x">a</a></p>',
            "a link must lead inside the report, got href='https:x'",
        ),
        ('<p><a href="#none">a</a></p>', "a link must have a target, got #none"),
        ('<h2 id="a">a</h2><h2 id="a">b</h2>', "an id must be used once, found 'a' twice"),
        ("<!-- a --><p>b</p>", "a comment is not part of a report"),
        ("<figure><svg role='img'></svg></figure>", "every picture needs alternative text"),
        (
            '<figure><svg aria-label="a"><script>1</script></svg></figure>',
            "a picture must be still and self-contained, found '<script'",
        ),
        (
            '<figure><svg aria-label="a" onload="x()"></svg></figure>',
            "a picture must be still and self-contained, found ' onload='",
        ),
        (
            '<figure><svg aria-label="a"><image href="file:x"/></svg></figure>',
            "a picture must be still and self-contained",
        ),
        ("<p>✔</p>", r"missing: '✔' \(U\+2714\)"),
    ],
)
def test_what_a_report_may_not_hold_is_refused_by_name(render, html, message):
    with pytest.raises(ReportError, match=message):
        render(html)


def test_a_block_must_exist_in_the_language_and_a_notebook_hold_one(render, samples, brand, fonts):
    with pytest.raises(ReportError) as caught:
        render("<p>a</p>", language="zh-Hant-HK", languages=("en",))
    assert str(caught.value) == "report, block one: must exist in zh-Hant-HK, exists in en"
    with pytest.raises(ReportError, match="must hold at least one block, found none"):
        render_html(nbformat.v4.new_notebook(), page=samples.page("en"), brand=brand, fonts=fonts)


def test_a_label_may_read_like_a_handler(render):
    """A client or touchpoint may be named so; escaped text is no handler."""
    picture = '<svg aria-label="&lt;b onclick=x&gt;"><text>&lt;b onclick=x&gt;</text></svg>'
    assert "onclick=x" in render(f"<figure>{picture}</figure>")


def test_client_text_stays_text(render):
    assert "&lt;b&gt; &amp; 8 &lt; 9" in render("<p>&lt;b&gt; &amp; 8 &lt; 9</p>")


def test_a_tree_is_written_back_as_it_was_read(samples):
    for _, key, html in samples.blocks():
        for text in html.values():
            assert serialise(parse(text, where=key)) == text


def test_the_second_defence_takes_out_what_runs_and_leaves_the_rest(samples):
    for _, _, html in samples.blocks():
        for text in html.values():
            assert clean(text) == text
    assert clean('<p onclick="x">a<script>b</script></p>') == "<p>a</p>"


def test_ids_of_two_pictures_do_not_meet():
    svg = (
        '<svg aria-label="a"><defs><path id="m"/></defs>'
        '<use xlink:href="#m" clip-path="url(#m)"/></svg>'
    )
    settled = settle_picture(svg, prefix="f1", where="x")
    assert 'id="f1-m"' in settled
    assert 'href="#f1-m"' in settled
    assert "url(#f1-m)" in settled


def test_the_column_of_row_names_stands_left_whatever_its_head_says(render):
    html = render(
        '<table id="t"><thead><tr><th scope="col" class="num">Name</th></tr></thead>'
        '<tbody><tr><th scope="row">a</th></tr></tbody></table>'
    )
    assert '<th scope="col" class="text">Name</th>' in html
