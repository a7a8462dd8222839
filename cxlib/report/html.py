"""One executed notebook as one self-contained HTML page, in one language.

Only blocks enter (``application/vnd.cx.block+json``): no code, no consultant's notes, no other
output. The page loads nothing from anywhere: the font is embedded, cut to the text in use.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from cxlib.errors import ReportError
from cxlib.report.brand import Brand
from cxlib.report.elements import Element, parse, serialise
from cxlib.report.fonts import FontSet, require_glyphs, subset
from cxlib.report.sanitise import clean, settle_picture

BLOCK_MIME: Final = "application/vnd.cx.block+json"
TEMPLATES: Final = Path(__file__).resolve().parents[2] / "templates"

FONT_MARK: Final = "/*fonts*/"
_GRADES: Final = MappingProxyType({grade: f"Evidence {grade}" for grade in "ABCD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """Every word of a page that no block brings, in the language of the page.

    Attributes:
        language: BCP 47 code, ``en`` or ``zh-Hant-HK``.
        title: The report's name ("Customer-experience diagnosis").
        client: Whom the report is for.
        subtitle: A line under the title; empty for none.
        facts: Label and value pairs of the cover (period, wave, date, …), in order.
        contents: Heading of the contents.
        skip: Text of the link that jumps to the report.
        page_of: "Page {page} of {pages}".
        answer: Label above the answer.
        reasons: Label above its reasons.
        decision: Label of the decision wanted.
        limit: Label of a limit.
        grades: Label of each evidence grade, A to D, for findings that bring none.
        provenance: Heading of the last page, used where its block brings none.
        footer: Left foot of each page ("Confidential"); empty for none.
        author: Who made the report, for the file's properties.
    """

    language: str
    title: str
    client: str
    subtitle: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    contents: str = "Contents"
    skip: str = "Skip to the report"
    page_of: str = "Page {page} of {pages}"
    answer: str = "The answer"
    reasons: str = "Why"
    decision: str = "Decision wanted"
    limit: str = "Limit"
    grades: Mapping[str, str] = field(default_factory=lambda: _GRADES)
    provenance: str = "Provenance"
    footer: str = ""
    author: str = ""

    def words(self) -> str:
        """All of it in one string, to test glyphs and cut fonts."""
        pairs = [word for pair in self.facts for word in pair]
        single = (getattr(self, name) for name in self.__slots__ if name not in {"facts", "grades"})
        return " ".join([*single, *pairs, *self.grades.values()])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What the template sets: the cover's answer, the body, the last page, the contents."""

    answer: str
    body: str
    provenance: str
    contents: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]


def render_html(
    notebook: Any,  # noqa: ANN401 - nbformat's node
    *,
    page: PageText,
    brand: Brand,
    fonts: FontSet,
    where: str = "report",
) -> str:
    """Give the report of an executed notebook as one HTML text.

    Args:
        notebook: nbformat node whose code cells hold blocks in their outputs.
        page: The words around the blocks, and the language.
        brand: Colours.
        fonts: Faces to embed.
        where: Names the report in errors.

    Raises:
        ReportError: A block lacks the language, breaks the closed set, repeats an id, links
            to nothing, or holds a character without a glyph; no block at all.
    """
    html, _ = _exporter().from_notebook_node(
        notebook,
        resources={
            "page": replace(page, grades=dict(page.grades)),
            "light": brand.tokens(),
            "dark": brand.dark_tokens(),
            "logo": brand.logo_uri(),
            "family": fonts.family,
            "where": where,
        },
    )
    require_glyphs(html, fonts)
    return str(html).replace(FONT_MARK, font_faces(html, fonts), 1)


def block_text(
    notebook: Any,  # noqa: ANN401 - nbformat's node
    *,
    language: str,
    where: str = "report",
) -> dict[str, str]:
    """Join the blocks of an executed notebook by place: ``answer``, ``body``, ``provenance``."""
    places: dict[str, list[str]] = {"answer": [], "body": [], "provenance": []}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        for output in cell.get("outputs", ()):
            block = output.get("data", {}).get(BLOCK_MIME)
            if block is None:
                continue
            if language not in block["html"]:
                known = ", ".join(sorted(block["html"]))
                raise ReportError(
                    f"{where}, block {block['key']}: must exist in {language}, exists in {known}"
                )
            place = block["role"] if block["role"] in places else "body"
            places[place].append(block["html"][language])
    if not any(places.values()):
        raise ReportError(f"{where}: the notebook must hold at least one block, found none")
    return {place: "\n".join(parts) for place, parts in places.items()}


# --- shaping ------------------------------------------------------------------------------------


def _parts(
    notebook: Any,  # noqa: ANN401 - nbformat's node
    page: PageText,
    where: str,
) -> _Parts:
    """Check the blocks, add what the page adds to them, and collect the contents."""
    texts = block_text(notebook, language=page.language, where=where)
    trees = {
        place: Element("root", children=parse(text, where=f"{where}, {page.language}"))
        for place, text in texts.items()
    }
    if texts["provenance"] and trees["provenance"].find("h2") is None:
        heading = Element("h2", {"id": "provenance"}, [page.provenance])
        trees["provenance"].children.insert(0, heading)
    _settle(trees, where=where)
    for tree in trees.values():
        _label(tree, page)
    contents: list[tuple[str, str, list[tuple[str, str]]]] = []
    for place in ("body", "provenance"):
        for element in trees[place].walk():
            if element.tag == "h2":
                contents.append((element.attributes["id"], element.text(), []))
            elif element.tag == "h3" and contents and "id" in element.attributes:
                contents[-1][2].append((element.attributes["id"], element.text()))
    return _Parts(
        answer=clean(serialise(trees["answer"].children)),
        body=clean(serialise(trees["body"].children)),
        provenance=clean(serialise(trees["provenance"].children)),
        contents=tuple((key, title, tuple(inner)) for key, title, inner in contents),
    )


def _settle(trees: Mapping[str, Element], *, where: str) -> None:
    """Give headings ids, pictures their own id space; refuse double ids and links to nothing."""
    elements = [element for tree in trees.values() for element in tree.walk()]
    ids: set[str] = set()
    for place, element in enumerate(elements):
        if element.tag == "h2":
            element.attributes.setdefault("id", f"section-{place}")
        if element.tag == "svg":
            element.raw = settle_picture(element.raw, prefix=f"p{place}", where=where)
        if found := element.attributes.get("id"):
            if found in ids:
                raise ReportError(f"{where}: an id must be used once, found {found!r} twice")
            ids.add(found)
    for element in elements:
        if element.tag == "a" and (target := element.attributes["href"][1:]) not in ids:
            known = ", ".join(sorted(ids)) or "none"
            raise ReportError(f"{where}: a link must have a target, got #{target}; ids: {known}")


def _label(tree: Element, page: PageText) -> None:
    """Add the words that belong to a class, and what readers by ear or phone need."""
    for element in list(tree.walk()):
        if element.tag == "aside":
            _label_aside(element, page)
        elif "answer" in element.classes:
            _label_answer(element, page)
        for place, child in enumerate(element.children):
            if isinstance(child, Element) and child.tag in {"table", "svg"}:
                if child.tag == "table":
                    _align_heads(child)
                element.children[place] = _scrolling(child, beside=element, page=page)


def _scrolling(wide: Element, *, beside: Element, page: PageText) -> Element:
    """A box that a narrow screen scrolls, reachable by keyboard and named by the title."""
    title = wide.find("strong", "title") or beside.find("strong", "title")
    frame = {"class": "scroll", "role": "region", "tabindex": "0"}
    frame["aria-label"] = title.text() if title else page.title
    return Element("div", frame, [wide])


def _label_aside(aside: Element, page: PageText) -> None:
    """Put the evidence grade or the word for a limit on top, once."""
    graded = next((name[-1] for name in aside.classes if name.startswith("grade-")), "")
    own = aside.find("p", "note") if graded else None
    words = page.limit if "limit" in aside.classes else page.grades.get(graded, "")
    if own is not None:
        aside.children.remove(own)
        words = own.text()
    if words:
        aside.children.insert(0, Element("p", {"class": "badge"}, [words]))
    aside.attributes["role"] = "note"


def _label_answer(answer: Element, page: PageText) -> None:
    labelled: list[Element | str] = []
    for child in answer.children:
        words = ""
        if isinstance(child, Element):
            if "lead" in child.classes:
                words = page.answer
            elif "reasons" in child.classes:
                words = page.reasons
            elif "decision" in child.classes:
                words = page.decision
        if words:
            labelled.append(Element("p", {"class": "label"}, [words]))
        labelled.append(child)
    answer.children = labelled
    answer.attributes["aria-label"] = page.answer


def _align_heads(table: Element) -> None:
    """A column head stands over its numbers, and to the left over the names of rows."""
    body = table.find("tbody")
    head = table.find("thead")
    if body is None or head is None:
        return
    rows = [row.elements() for row in body.elements()]
    for heads in head.elements():
        for place, cell in enumerate(heads.elements()):
            column = [row[place] for row in rows if place < len(row)]
            numbers = sum("num" in each.classes for each in column)
            if column and all(each.tag == "th" for each in column):
                cell.attributes["class"] = "text"
            elif "class" not in cell.attributes and column and numbers * 2 > len(column):
                cell.attributes["class"] = "num"


def font_faces(html: str, fonts: FontSet) -> str:
    """The two faces as ``@font-face`` rules with their data inside."""
    rules = []
    for weight, number in (("regular", 400), ("bold", 700)):
        data = subset(fonts, html, weight="regular" if weight == "regular" else "bold")
        encoded = base64.b64encode(data).decode("ascii")
        rules.append(
            f"@font-face{{font-family:'{fonts.family}';font-weight:{number};font-style:normal;"
            f"src:url(data:font/otf;base64,{encoded}) format('opentype')}}"
        )
    return "\n".join(rules)


@lru_cache(maxsize=1)
def _exporter() -> Any:  # noqa: ANN401 - nbconvert is untyped
    """Give nbconvert's exporter over our template, without the HTML exporter's second parse."""
    from nbconvert.exporters import templateexporter

    maker: Any = templateexporter.TemplateExporter
    exporter = maker(
        template_name="cx_report", extra_template_basedirs=[str(TEMPLATES)], file_extension=".html"
    )
    exporter.register_filter("report_parts", _parts)
    return exporter
