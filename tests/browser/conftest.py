"""A browser and the sample report as files."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "report")]

import sample_pages  # noqa: E402 - after the folders are known
from chromium import Chromium, program  # noqa: E402 - likewise

from cxlib.report.brand import read_brand  # noqa: E402 - likewise
from cxlib.report.fonts import report_fonts  # noqa: E402 - likewise
from cxlib.report.html import render_html  # noqa: E402 - likewise


@pytest.fixture(scope="session")
def browser():
    path = program()
    if path is None:
        pytest.skip("Chromium is not installed: the pages were not opened in a browser")
    made = Chromium(path)
    yield made
    made.close()


@pytest.fixture(scope="session")
def addresses(tmp_path_factory):
    """The address of the sample report's file by language."""
    folder = tmp_path_factory.mktemp("pages")
    root = HERE.parents[1]
    brand = read_brand(root / "data_samples" / "harbour_home" / "_brand.yml")
    found = {}
    for language in ("en", "zh-Hant-HK"):
        page = sample_pages.page(language)
        html = render_html(sample_pages.notebook(), page=page, brand=brand, fonts=report_fonts())
        path = folder / f"{language}.html"
        path.write_text(html, encoding="utf-8")
        found[language] = path.as_uri()
    return found
