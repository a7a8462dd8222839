import re

import matplotlib as mpl
import pytest

from cxlib.errors import ReportError
from cxlib.report.figures import interval_chart, new_figure, to_svg

ALT = "Scores of 14 touchpoints; the highest is 4.60 and the lowest 3.20"


@pytest.fixture
def page(theme, intervals):
    figure = interval_chart(intervals(1), theme=theme, fmt=str, reference=3.9)
    return to_svg(figure, prefix="fig-2", alt=ALT)


def test_the_svg_is_one_bare_element(page):
    """No prolog, doctype, comment, style sheet, metadata or address leaves the drawing."""
    assert page.startswith("<svg ")
    for part in ("<?xml", "<!DOCTYPE", "<!--", "<style", "<metadata", "xlink", "rdf"):
        assert part not in page
    assert set(re.findall(r"https?://[^\"']+", page)) == {"http://www.w3.org/2000/svg"}


def test_the_svg_carries_its_role_alt_text_and_view_box(page, parse):
    root = parse(page)
    assert root.get("role") == "img"
    assert root.get("aria-label") == ALT
    assert root.get("width") == "100%"
    assert root.get("height") is None
    assert 'viewBox="0 0 453.5' in page


def test_alt_text_is_escaped(theme, intervals, parse):
    figure = interval_chart(intervals(0), theme=theme, fmt=str)
    alt = 'Score "A" < 3 & falling over the period'
    page = to_svg(figure, prefix="a", alt=alt)
    assert parse(page).get("aria-label") == alt
    assert 'aria-label="Score &quot;A&quot; &lt; 3 &amp; falling' in page


def test_ids_belong_to_the_figure_and_each_reference_finds_its_id(page, parse):
    root = parse(page)
    ids = [node.get("id") for node in root.iter() if node.get("id")]
    used = {ref for pair in re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"", page) for ref in pair}
    assert len(ids) == len(set(ids))
    assert all(name.startswith("fig-2-") for name in ids)
    assert used - {""} == set(ids)


def test_two_figures_on_a_page_share_no_id(theme, intervals):
    figure = interval_chart(intervals(0), theme=theme, fmt=str)
    pages = [to_svg(figure, prefix=prefix, alt=ALT) for prefix in ("a", "b")]
    first, second = (set(re.findall(r' id="([^"]+)"', page)) for page in pages)
    assert first
    assert not first & second


def test_settings_of_the_notebook_do_not_change_the_chart(theme, intervals):
    """A consultant's own matplotlib settings must not reach the client's report."""
    before = to_svg(interval_chart(intervals(0), theme=theme, fmt=str), prefix="a", alt=ALT)
    odd = {"svg.fonttype": "path", "font.size": 20, "lines.linewidth": 9, "axes.grid": True}
    with mpl.rc_context(odd):
        after = to_svg(interval_chart(intervals(0), theme=theme, fmt=str), prefix="a", alt=ALT)
    assert after == before


@pytest.mark.parametrize(
    ("alt", "title", "message"),
    [
        ("Too short", "", "alt text must have 15 characters or more, got 'Too short'"),
        ("   ", "", "alt text must have 15 characters or more, got ''"),
        (
            "Enquiry chat  scores lowest",
            "Enquiry chat scores lowest",
            "alt text must say more than the title, both are 'Enquiry chat scores lowest'",
        ),
    ],
)
def test_a_poor_alt_text_is_refused(theme, alt, title, message):
    with pytest.raises(ReportError) as caught:
        to_svg(new_figure(theme), prefix="a", alt=alt, title=title)
    assert str(caught.value) == message


def test_a_prefix_that_is_no_id_is_refused(theme):
    with pytest.raises(ReportError, match="prefix must be lower-case letters, digits and hyphens"):
        to_svg(new_figure(theme), prefix="Fig 2", alt=ALT)


def test_a_character_without_a_glyph_is_refused_by_name(theme):
    """U+13000 is an Egyptian hieroglyph, which no Chinese face has."""
    figure = new_figure(theme)
    figure.write(10, 10, "滿意 \U00013000")
    with pytest.raises(ReportError, match=r"U\+13000"):
        to_svg(figure, prefix="a", alt=ALT)
