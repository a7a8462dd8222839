from dataclasses import replace
from pathlib import Path

import pytest

from cxlib.errors import ReportError
from cxlib.report.brand import Brand
from cxlib.report.colour import contrast
from cxlib.report.figures import interval_chart, new_figure, theme_from
from cxlib.report.figures.style import text_on
from cxlib.report.fonts import report_fonts


def test_the_theme_takes_the_brands_colours_and_the_reports_font(theme):
    brand = Brand(name="x")
    assert (theme.primary, theme.ink, theme.bad) == (brand.primary, brand.ink, brand.bad)
    assert theme.series == brand.series
    assert theme.font_family == report_fonts().family


def test_every_text_is_set_in_the_reports_font(theme, intervals):
    figure = interval_chart(intervals(1), theme=theme, fmt=str)
    ticks = figure.axes[0].get_xticklabels()
    assert {tuple(text.get_fontfamily()) for text in (*figure.texts, *ticks)} == {
        (theme.font_family,)
    }


def test_text_on_a_dark_colour_is_paper_and_on_a_light_one_ink(theme):
    assert text_on(theme.primary, theme=theme) == theme.paper
    assert text_on("#DDDDDD", theme=theme) == theme.ink
    assert contrast(text_on("#6F8FB0", theme=theme), "#6F8FB0") > 4


def test_a_font_file_that_is_not_there_is_named():
    fonts = replace(report_fonts(), regular=Path("absent.otf"))
    with pytest.raises(ReportError, match=r"a chart font must be a file, absent\.otf does not"):
        theme_from(Brand(name="x"), fonts=fonts)


@pytest.mark.parametrize(
    ("width", "height", "message"),
    [
        (17, 5, "width_cm must be above 0 and at most 16.5, got 17"),
        (16, 30, "height_cm must be above 0 and at most 24.0, got 30.0; split the chart"),
    ],
)
def test_a_figure_larger_than_the_page_is_refused(theme, width, height, message):
    with pytest.raises(ReportError) as caught:
        new_figure(theme, width_cm=width, height_cm=height)
    assert str(caught.value) == message


def test_a_chart_without_a_theme_says_where_one_comes_from(intervals):
    with pytest.raises(ReportError, match=r"theme must be a Theme from theme_from\(brand\)"):
        interval_chart(intervals(0), theme=None, fmt=str)
