"""The PDF of a page: tagged, the same bytes each time, no missing glyph or alternative text."""

from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any, Final

from cxlib.errors import ReportError
from cxlib.report.brand import Brand
from cxlib.report.fonts import FontSet, require_glyphs
from cxlib.report.html import TEMPLATES, PageText
from cxlib.report.typst import to_typst

STANDARDS: Final = ("a-2a", "ua-1")
"""PDF/A-2a for the archive and PDF/UA-1 for assistive technology, as Typst checks them."""


def render_pdf(html: str, *, page: PageText, brand: Brand, fonts: FontSet, created: date) -> bytes:
    """Give the PDF of a page made by ``render_html``.

    Args:
        html: The page.
        page: The words the page was made with: cover, running head, "page x of y".
        brand: Colours.
        fonts: Faces; no font of the machine is looked at.
        created: Day of the run; goes into the file, so that bytes repeat.

    Raises:
        ReportError: An element outside the closed set, a character without a glyph, a
            picture without words, or a page Typst cannot set.
    """
    source = to_typst(html, page=page, brand=brand, family=fonts.family, created=created)
    where = f"{page.title}, {page.language}"
    return set_pdf(source, fonts=fonts, created=created, where=where)


def set_pdf(source: str, *, fonts: FontSet, created: date, where: str) -> bytes:
    """Give the PDF of a Typst source.

    Args:
        source: Typst's text; files it reads lie in the templates.
        fonts: Faces; no font of the machine is looked at.
        created: Goes into the file, so that bytes repeat.
        where: Names the page in errors.

    Raises:
        ReportError: A character without a glyph, or a page Typst cannot set.
    """
    import typst

    require_glyphs(source, fonts)
    compiler = typst.Compiler(root=TEMPLATES, font_paths=_fonts(fonts), ignore_system_fonts=True)
    try:
        made = compiler.compile(
            source.encode("utf-8"),
            format="pdf",
            pdf_standards=list(STANDARDS),
            timestamp=datetime.combine(created, time(12), tzinfo=UTC),
        )
    except typst.TypstError as error:
        hints = "; ".join(error.hints)
        reason = f"{error.message}; {hints}" if hints else error.message
        raise ReportError(f"{where}: the PDF cannot be made: {reason}") from error
    if not isinstance(made, bytes):
        raise ReportError(f"{where}: the PDF must be one file")
    return made


@lru_cache(maxsize=4)
def _fonts(fonts: FontSet) -> Any:  # noqa: ANN401 - typst ships no class to name
    """The two faces and nothing else, read once per process."""
    import typst

    folders = sorted({str(fonts.regular.parent), str(fonts.bold.parent)})
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
