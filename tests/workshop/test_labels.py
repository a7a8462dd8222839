"""Words on charts: every one a notebook uses has its words in both languages, and is drawn."""

import re
import warnings

import pytest

from cxlib.errors import ReportError
from cxlib.report.catalogue import CODES, catalogue
from cxlib.workshop import labels
from cxlib.workshop.labels import label, label_key
from cxlib.workshop.modules import read_modules

DIRECT = re.compile(r"c\.label\([\"']([^\"']+)[\"']\)")
LISTED = re.compile(r"c\.label\((\w+)\) for \1 in \(([^)]*)\)")


def used():
    """The words of every chart of the five modules."""
    found = set()
    for module in read_modules():
        for cell in module.notebook.cells:
            found |= set(DIRECT.findall(cell.source))
            for _, words in LISTED.findall(cell.source):
                found |= set(re.findall(r'"([^"]+)"', words))
    return found


@pytest.fixture
def own_settings():
    """Give matplotlib its settings back, and forget the font."""
    from matplotlib import rc_context

    labels._drawable.cache_clear()
    with rc_context():
        yield
    labels._drawable.cache_clear()


def test_the_key_is_the_words_without_signs():
    assert label_key("HK$ million") == "workshop.label.hk_million"
    assert label_key("sales / enquiries") == "workshop.label.sales_enquiries"


def test_the_notebooks_use_every_label_of_the_catalogue_and_no_other():
    keys = {label_key(words) for words in used()}
    for language in CODES:
        assert {k for k in catalogue(language) if k.startswith("workshop.label.")} == keys


def test_words_of_a_learners_own_stay_as_they_are():
    assert label("my own axis", language="zh-Hant-HK") == "my own axis"
    with pytest.raises(ReportError, match="language must be one of"):
        label("before", language="fr")


@pytest.mark.usefixtures("own_settings")
def test_a_chart_begun_before_its_first_label_draws_chinese():
    """No glyph is missing: matplotlib warns of each one it lacks, and a warning is an error."""
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    axes.set(xlabel=label("customers per arm", language="zh-Hant-HK"), title="−1 ± 2")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.draw_without_rendering()
    assert axes.get_xlabel() == "每組客戶人數"


@pytest.mark.usefixtures("own_settings")
def test_without_a_chinese_font_the_words_stay_english(monkeypatch):
    monkeypatch.setenv("CX_FONT", "/nowhere/none.otf")
    from cxlib.report import fonts

    fonts.report_fonts.cache_clear()
    assert label("customers per arm", language="zh-Hant-HK") == "customers per arm"
    fonts.report_fonts.cache_clear()
