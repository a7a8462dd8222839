"""Pages that open without network: hand-outs of a notebook, the start page, the timetable."""

import base64
import re
import unicodedata
from functools import cache, lru_cache
from html import escape
from typing import Any, Final

from cxlib.errors import ReportError
from cxlib.report.brand import Brand
from cxlib.report.catalogue import message
from cxlib.report.fonts import FontSet, require_glyphs
from cxlib.report.html import FONT_MARK, TEMPLATES, font_faces
from cxlib.workshop.checks import MARKS, MIME
from cxlib.workshop.editions import BEGIN, END, NOTES
from cxlib.workshop.timetable import HalfDay

FOLDER: Final = TEMPLATES / "workshop"
_LATIN: Final = "U+0-B6,U+B8-2017,U+201A-201B,U+201E-2025,U+2027-10FFFF"
"""All but the marks a Hong Kong face draws as wide as a Han character: · ‘ ’ “ ” …"""
_TERMINAL: Final = re.compile(r"\x1b\[[0-9;]*m")


def handout(
    notebook: Any,  # noqa: ANN401 - nbformat's node
    *,
    title: str,
    language: str,
    fonts: FontSet,
) -> str:
    """Give one edition of a module as one self-contained page, outputs included where it has any.

    Args:
        notebook: A student's or the instructor edition, executed or not.
        title: Of the module.
        language: Of the edition.
        fonts: Faces to embed.

    Raises:
        ReportError: A character without a glyph.
    """
    parts = []
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", ())
        if cell.cell_type == "markdown":
            parts.append(_text_cell(cell, language))
        elif cell.cell_type == "code" and "parameters" not in tags and cell.source.strip():
            lines = [x for x in cell.source.splitlines() if not (BEGIN.match(x) or END.match(x))]
            parts.append(f"<pre><code>{_coloured(chr(10).join(lines))}</code></pre>")
            parts += [_output(output, language) for output in cell.get("outputs", ())]
    return page("\n".join(parts), title=title, language=language, fonts=fonts, titled=False)


def start_page(*, language: str, fonts: FontSet, **values: str) -> str:
    """Give the page on what to do before the day, from ``start.<language>.md``.

    Raises:
        ReportError: A character without a glyph.
    """
    text = (FOLDER / f"start.{language}.md").read_text(encoding="utf-8").format(**values)
    title = message("workshop.start.title", language)
    return page(markdown(text), title=title, language=language, fonts=fonts)


def timetable_page(plan: list[HalfDay], *, language: str, fonts: FontSet) -> str:
    """Give the timetable: each half-day's modules by the clock, what was dropped, what is spare.

    Raises:
        ReportError: A character without a glyph.
    """

    def words(name: str, **values: object) -> str:
        return escape(message(f"workshop.timetable.{name}", language).format(**values))

    heads = [words(name) for name in ("time", "module", "teaching", "exercise")]
    parts = [f"<p>{words('lead')}</p>"]
    for number, day in enumerate(plan):
        parts.append(f"<h2>{words('half_day', number=number + 1)}</h2>")
        rows = []
        for row in day.rows(number=number):
            clock = f"<td>{row.start}–{row.end}</td>"
            if row.module is None:
                rows.append(f'<tr class="pause">{clock}<td colspan="3">{words("pause")}</td></tr>')
                continue
            title = f"{row.module.number}. {row.module.title[language]}"
            part = row.module.part
            name = words(f"{part}_part", module=title) if part else escape(title)
            rows.append(
                f"<tr>{clock}<td>{name}</td>"
                f'<td class="num">{row.teaching}</td><td class="num">{row.exercise}</td></tr>'
            )
        rows.append(
            f'<tr class="sum"><td></td><td>{words("sum", used=day.used, minutes=day.minutes)}</td>'
            f'<td class="num">{sum(row.teaching for row in day.rows(number=number))}</td>'
            f'<td class="num">{sum(row.exercise for row in day.rows(number=number))}</td></tr>'
        )
        head = "".join(
            f'<th scope="col"{" class=num" if place > 1 else ""}>{each}</th>'
            for place, each in enumerate(heads)
        )
        parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>")
        if day.dropped:
            titles = [message(f"workshop.{task.key}.title", language) for task in day.dropped]
            listed = message("list.separator", language).join(titles)
            parts.append(f"<p>{words('dropped', exercises=listed)}</p>")
    title = message("workshop.timetable.title", language)
    return page("\n".join(parts), title=title, language=language, fonts=fonts)


def page(body: str, *, title: str, language: str, fonts: FontSet, titled: bool = True) -> str:
    """Set a body of safe HTML into the workshop's page; it loads nothing from anywhere.

    Raises:
        ReportError: A character without a glyph.
    """
    html = str(
        _template().render(
            body=_scripted(body), title=title, language=language, titled=titled,
            family=fonts.family, kicker=message("workshop.page.kicker", language),
            skip=message("page.skip", language), colours=Brand(name="").tokens(),
        )
    )  # fmt: skip
    try:
        require_glyphs(html, fonts)
    except ReportError as error:
        raise ReportError(f"{title} ({language}): {error}") from error
    faces = font_faces(html, fonts)
    if language == "en":
        faces = faces.replace("src:url(", f"unicode-range:{_LATIN};src:url(")
    return html.replace(FONT_MARK, faces, 1)


def markdown(text: str) -> str:
    """Markdown as HTML; HTML inside it stays text."""
    return str(_reader()(text))


@cache
def script(letter: str) -> tuple[str, str]:
    """Whether a letter is a small one above or below the line ("super", "sub"), and its own form.

    The report's font lacks most of them; pages and crib set the usual letter small instead.
    """
    kind, _, code = unicodedata.decomposition(letter).partition("> ")
    if kind not in {"<sub", "<super"}:
        return "", letter
    return kind[1:], "".join(chr(int(each, 16)) for each in code.split())


def _scripted(html: str) -> str:
    """HTML with small letters as ``<sub>`` and ``<sup>``."""
    tags = {"sub": "sub", "super": "sup"}
    return "".join(
        f"<{tags[kind]}>{plain}</{tags[kind]}>" if kind else letter
        for letter in html
        for kind, plain in (script(letter),)
    )


def _text_cell(cell: Any, language: str) -> str:  # noqa: ANN401 - nbformat's node
    html = markdown(cell.source)
    if NOTES in cell.metadata.get("tags", ()):
        label = escape(message("workshop.page.notes", language))
        return f'<aside class="note"><p class="label">{label}</p>{html}</aside>'
    if "exercise" in cell.metadata:
        minutes = cell.metadata.get("minutes")
        words = message("workshop.page.minutes", language).format(minutes=minutes)
        said = not minutes or words in cell.source
        label = "" if said else f'<p class="label">{escape(words)}</p>'
        return f'<section class="task">{label}{html}</section>'
    return html


def _output(output: Any, language: str) -> str:  # noqa: ANN401, PLR0911 - a node, one a kind
    """One output of a code cell, as text, table or picture."""
    if output.output_type == "stream":
        return f'<div class="output"><pre>{escape(_plain(output.text))}</pre></div>'
    if output.output_type == "error":
        lines = escape(_plain(f"{output.ename}: {output.evalue}"))
        return f'<div class="output"><pre>{lines}</pre></div>'
    data = output.get("data", {})
    if verdict := data.get(MIME):
        line = escape(f"{MARKS[verdict['state']]} {verdict['message']}")
        return f'<p class="verdict {verdict["state"]}">{line}</p>'
    if (picture := _picture(data)) is not None:
        alt = escape(message("workshop.page.chart", language))
        return f'<div class="output"><img src="{picture}" alt="{alt}"></div>'
    if "text/html" in data:
        return f'<div class="output">{_cleaned(data["text/html"])}</div>'
    if "text/markdown" in data:
        return f'<div class="output">{markdown(data["text/markdown"])}</div>'
    return f'<div class="output"><pre>{escape(_plain(data.get("text/plain", "")))}</pre></div>'


def _picture(data: Any) -> str | None:  # noqa: ANN401 - nbformat's node
    """A picture's ``data:`` address, None where the output is none."""
    if "image/svg+xml" in data:
        coded = base64.b64encode(data["image/svg+xml"].encode()).decode("ascii")
        return f"data:image/svg+xml;base64,{coded}"
    if "image/png" in data:
        return f"data:image/png;base64,{''.join(data['image/png'].split())}"
    return None


def _plain(text: str) -> str:
    return _TERMINAL.sub("", text)


def _cleaned(html: str) -> str:
    """A table as pandas shows it, without style, script or address."""
    import nh3

    tags = {"table", "thead", "tbody", "tr", "th", "td", "p", "div", "strong", "em", "ul", "ol"}
    allowed = tags | {"li", "br", "span", "code", "pre", "caption", "h2", "h3", "data", "time"}
    return nh3.clean(
        html, tags=allowed, attributes={"th": {"scope"}}, clean_content_tags={"style", "script"}
    )


def _coloured(source: str) -> str:
    """Python source with its words in spans by kind."""
    from pygments import highlight  # type: ignore[import-untyped]
    from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
    from pygments.lexers import PythonLexer  # type: ignore[import-untyped]

    return str(highlight(source, PythonLexer(), HtmlFormatter(nowrap=True))).rstrip("\n")


@lru_cache(maxsize=1)
def _reader() -> Any:  # noqa: ANN401 - mistune's parser
    import mistune

    return mistune.create_markdown(escape=True, plugins=["table"])


@lru_cache(maxsize=1)
def _template() -> Any:  # noqa: ANN401 - a Jinja template
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("page.html.j2")
