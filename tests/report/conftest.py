"""The sample report, made once for all tests of this folder."""

import sys
from datetime import date
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import sample_pages

from cxlib.report.brand import read_brand
from cxlib.report.fonts import report_fonts
from cxlib.report.html import render_html
from cxlib.report.pdf import render_pdf

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("en", "zh-Hant-HK")
CREATED = date(2026, 11, 3)


@pytest.fixture(scope="session")
def samples():
    """The module that makes blocks, the notebook and the words of a page."""
    return sample_pages


@pytest.fixture(scope="session")
def fonts():
    return report_fonts()


@pytest.fixture(scope="session")
def brand():
    return read_brand(ROOT / "data_samples" / "harbour_home" / "_brand.yml")


@pytest.fixture(scope="session")
def pages(brand, fonts):
    """HTML of the sample report by language."""
    executed = sample_pages.notebook()
    return {
        language: render_html(executed, page=sample_pages.page(language), brand=brand, fonts=fonts)
        for language in LANGUAGES
    }


@pytest.fixture(scope="session")
def make_pdf(brand, fonts):
    """Turns a page into a PDF with the sample's words."""

    def make(html, language="en", created=CREATED):
        page = sample_pages.page(language)
        return render_pdf(html, page=page, brand=brand, fonts=fonts, created=created)

    return make


@pytest.fixture(scope="session")
def pdfs(pages, make_pdf):
    """PDF bytes of the sample report by language."""
    return {language: make_pdf(html, language) for language, html in pages.items()}
