"""The first page of a run: every report it made, in every language, with format and size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cxlib.errors import ReportError
from cxlib.report.brand import Brand
from cxlib.report.fonts import FontSet, require_glyphs
from cxlib.report.html import FONT_MARK, TEMPLATES, font_faces

Words = Mapping[str, str]
"""The same words by language code, in the order the page shows the languages."""

_KILO: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """One report file, beside the index.

    Attributes:
        language: BCP 47 code.
        format: "html" or "pdf".
        file: Path from the index, with forward slashes.
        size: Bytes.
    """

    language: str
    format: str
    file: str
    size: int

    @property
    def href(self) -> str:
        """The path as an address."""
        from urllib.parse import quote

        return quote(self.file)

    @property
    def weight(self) -> str:
        """The size as a reader wants it: 480 kB, 1.2 MB."""
        kilo = self.size / _KILO
        return f"{max(1, round(kilo))} kB" if kilo < _KILO else f"{kilo / _KILO:.1f} MB"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """One report with its files: title, question and the run it comes from, by language."""

    title: Words
    question: Words
    files: tuple[IndexFile, ...]
    origin: Words = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexText:
    """The words of the page, each by language.

    Attributes:
        client: The client's name.
        title: "Reports of this run".
        languages: Each language's own name ("English", "繁體中文（香港）").
        facts: Label and value pairs: status, period, wave, date.
        footer: Last line; empty for none.
    """

    client: Words
    title: Words
    languages: Words
    facts: tuple[tuple[Words, Words], ...]
    footer: Words


def render_index(
    reports: Sequence[IndexReport], *, text: IndexText, brand: Brand, fonts: FontSet
) -> str:
    """Give ``index.html`` of a run as one self-contained text.

    Raises:
        ReportError: No report, or a character without a glyph.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    if not reports:
        raise ReportError("an index must list at least one report, found none")
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES / "cx_report"), autoescape=True, undefined=StrictUndefined
    )
    html = environment.get_template("run.html.j2").render(
        reports=reports,
        text=text,
        codes=list(text.languages),
        logo=brand.logo_uri(),
        light=brand.tokens(),
        dark=brand.dark_tokens(),
        family=fonts.family,
    )
    require_glyphs(html, fonts)
    return html.replace(FONT_MARK, font_faces(html, fonts), 1)
