"""The finished HTML page rewritten as Typst source, element by element.

Only the closed set is known (``cxlib.report.elements``); every text travels inside a string
literal, so no character of it can mean anything to Typst. The look is in
``templates/cx_report/report.typ``.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date
from types import MappingProxyType
from typing import Final

from cxlib.errors import ReportError
from cxlib.report.brand import Brand
from cxlib.report.columns import breadth, share_width
from cxlib.report.elements import PAGE_TAGS, Element, parse
from cxlib.report.html import TEMPLATES, PageText

_BODY: Final = re.compile(r"<body>(.*)</body>", re.DOTALL)
_STATUS: Final = MappingProxyType(
    {"status-good": "good", "status-watch": "watch", "status-bad": "bad", "muted": "muted"}
)
_UNIT: Final = re.compile(r"^ (?=pp\b)|(?<=\bn) (?== )|(?<=\bn =) $")
"""Spaces a line may not break at: before a unit, around the sign of n."""
_WHOLE: Final = 9
"""Rows up to which a table is kept on one page."""
_SHORT_LIST: Final = 6
"""Items up to which a list is kept on one page."""
_HEAD_ROOM: Final = 62.0
"""Latin letters that fit beside the client in the running head."""


def to_typst(html: str, *, page: PageText, brand: Brand, family: str, created: date) -> str:
    """Give the Typst source of a page made by ``render_html``.

    Raises:
        ReportError: The page holds an element, class or attribute outside the closed set.
    """
    found = _BODY.search(html)
    if found is None:
        raise ReportError("the page must hold <body>…</body>, found none")
    where = f"{page.title}, {page.language}"
    root = Element("root", children=parse(found[1], where=where, allowed=PAGE_TAGS))
    cover, main = root.find("header", "cover"), root.find("main")
    if cover is None or main is None:
        raise ReportError(f"{where}: the page must hold a cover and a main part")
    writer = _Writer(where)
    sections = {
        each.attributes["id"]: _shortened(each.text()) for each in main.walk() if each.tag == "h2"
    }
    return "\n".join(
        [
            _settings(page, sections, brand=brand, family=family, created=created),
            (TEMPLATES / "cx_report" / "report.typ").read_text(encoding="utf-8"),
            "#show: report",
            "#{",
            writer.cover(cover, page, brand),
            f"contents-page({_text(page.contents)})",
            *writer.blocks(main.children),
            "}",
        ]
    )


def _settings(
    page: PageText, sections: dict[str, str], *, brand: Brand, family: str, created: date
) -> str:
    """The colours and words the design reads, as two Typst dictionaries."""
    colours = ", ".join(f'"{key}": rgb("{value}")' for key, value in brand.tokens().items())
    language, region = _language(page.language)
    words = {
        "title": _text(page.title),
        "client": _text(page.client),
        "author": _text(page.author),
        "footer": _text(page.footer),
        "page-of": _text(page.page_of),
        "family": _text(family),
        "lang": _text(language),
        "region": _text(region) if region else "none",
        "sections": _dictionary(sections),
        "date": f"datetime(year: {created.year}, month: {created.month}, day: {created.day})",
    }
    listed = ", ".join(f'"{key}": {value}' for key, value in words.items())
    return f"#let colour = ({colours})\n#let page-text = ({listed})"


def _language(code: str) -> tuple[str, str]:
    """Language and region of a BCP 47 code: zh-Hant-HK is zh and HK, en has no region."""
    language, *rest = code.split("-")
    return language, next((part for part in rest if part.isupper()), "")


def _text(words: str) -> str:
    """A Typst string literal."""
    escaped = words.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "").replace("\t", " ") + '"'


def _dictionary(words: dict[str, str]) -> str:
    """A Typst dictionary of strings."""
    pairs = ", ".join(f"{_text(key)}: {_text(value)}" for key, value in words.items())
    return f"({pairs})" if pairs else "(:)"


def _shortened(words: str) -> str:
    """A section's title as long as the running head has room for."""
    shown, width = "", 0.0
    for letter in words:
        width += breadth(letter)
        if width > _HEAD_ROOM:
            whole = shown.rpartition(" ")[0] if letter.isascii() else shown
            return (whole or shown).rstrip(" ,，、；;：:") + "…"
        shown += letter
    return shown


def _code(parts: Iterable[str]) -> str:
    """Join expressions into one content value."""
    listed = [part for part in parts if part]
    return "{" + "; ".join(listed) + "}" if listed else "[]"


class _Writer:
    """Writes elements as calls of the design's functions."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.keeps = False
        """Whether the figure being written stays with the finding after it."""
        self.known: dict[str, Callable[[Element], str]] = {
            "h2": lambda each: self.heading(each, 1),
            "h3": lambda each: self.heading(each, 2),
            "p": self.paragraph,
            "ul": lambda each: self.listing(each, "list"),
            "ol": lambda each: self.listing(each, "enum"),
            "aside": self.aside,
            "div": self.division,
            "section": self.section,
            "dl": lambda each: f"facts({self.pairs(each)})",
            "table": self.table,
            "figure": self.figure,
            "strong": lambda each: f"strong({self.inline(each.children)})",
            "em": lambda each: f"strong({self.inline(each.children)})",
            "sup": lambda each: f"super({self.inline(each.children)})",
            "span": self.span,
            "data": lambda each: f"box({self.inline(each.children)})",
            "time": lambda each: f"box({self.inline(each.children)})",
            "a": self.link,
        }

    def element(self, each: Element) -> str:
        if each.tag not in self.known:
            raise ReportError(
                f"{self.where}: element <{each.tag}> cannot stand here in the PDF; "
                f"known are {', '.join(sorted(self.known))}"
            )
        return self.known[each.tag](each)

    # --- text ---------------------------------------------------------------------------------

    def blocks(self, nodes: list[Element | str]) -> list[str]:
        """Elements in order; between blocks only white space may stand."""
        written = []
        followers = [each for each in nodes if isinstance(each, Element)][1:]
        for node in nodes:
            if isinstance(node, Element):
                after = followers.pop(0) if followers else None
                self.keeps = after is not None and after.tag == "aside"
                written.append(self.element(node))
            elif node.strip():
                raise ReportError(f"{self.where}: text must stand in an element, got {node!r:.60}")
        return written

    def inline(self, nodes: list[Element | str]) -> str:
        """Words and what stands among them, white space as HTML reads it."""
        parts: list[str] = []
        for place, node in enumerate(nodes):
            if isinstance(node, Element):
                parts.append(self.element(node))
                continue
            words = _UNIT.sub("\u00a0", re.sub(r"[ \t\r\n]+", " ", node))
            if place == 0:
                words = words.lstrip(" ")
            if place == len(nodes) - 1:
                words = words.rstrip(" ")
            if words.startswith("%"):
                parts.append("sym.wj")  # a number and its sign stay on one line
            if words:
                parts.append(f"text({_text(words)})")
        return _code(parts)

    def mixed(self, element: Element) -> str:
        """What a list item or a cell holds: words, or blocks."""
        blocks = {"p", "ul", "ol", "table", "dl"}
        if any(child.tag in blocks for child in element.elements()):
            return _code(
                f"text({_text(node.strip())})" if isinstance(node, str) else self.element(node)
                for node in element.children
                if not isinstance(node, str) or node.strip()
            )
        return self.inline(element.children)

    def items(self, element: Element) -> str:
        return ", ".join(self.mixed(item) for item in element.elements())

    def listing(self, element: Element, kind: str) -> str:
        """A list; a short one keeps to one page."""
        made = f"{kind}({self.items(element)})"
        short = len(element.elements()) <= _SHORT_LIST
        return f"block(breakable: false, {made})" if short else made

    def heading(self, element: Element, level: int) -> str:
        mark = element.attributes.get("id")
        label = f" #label({_text(mark)})" if mark else ""
        return f"[#heading(level: {level}, {self.inline(element.children)}){label}]"

    def paragraph(self, element: Element) -> str:
        words = self.language(element, self.inline(element.children))
        for name in ("lead", "level", "note", "source"):
            if name in element.classes:
                return f"{name}({words})"
        if "label" in element.classes or "badge" in element.classes:
            return f"label-line({words})"
        return f"par({words})"

    def span(self, element: Element) -> str:
        words = self.language(element, self.inline(element.children))
        for name, kind in _STATUS.items():
            if name in element.classes:
                return f'status("{kind}", {words})'
        return words

    def language(self, element: Element, words: str) -> str:
        if not (code := element.attributes.get("lang")):
            return words
        language, region = _language(code)
        place = f", region: {_text(region)}" if region else ""
        return f"text(lang: {_text(language)}{place}, {words})"

    def link(self, element: Element) -> str:
        target = element.attributes["href"][1:]
        return f"link(label({_text(target)}), {self.inline(element.children)})"

    # --- parts of a page ----------------------------------------------------------------------

    def cover(self, header: Element, page: PageText, brand: Brand) -> str:
        facts = "".join(f"({_text(name)}, {_text(value)}), " for name, value in page.facts)
        answer = header.find("section", "answer")
        given = [
            f"client: {_text(page.client)}",
            f"title: {_text(page.title)}",
            f"subtitle: {_text(page.subtitle) if page.subtitle else 'none'}",
            f"logo: {self.logo(page, brand)}",
            f"facts: ({facts})",
            f"answer: {_code(self.answer(answer)) if answer else 'none'}",
        ]
        return f"cover({', '.join(given)})"

    def logo(self, page: PageText, brand: Brand) -> str:
        if brand.logo is None:
            return "none"
        data = ",".join(map(str, brand.logo.read_bytes()))
        kind = {".svg": "svg", ".png": "png"}.get(brand.logo.suffix.lower(), "jpg")
        alt = _text(page.client)
        return f'image(bytes(({data})), format: "{kind}", height: 13mm, alt: {alt})'

    def answer(self, section: Element) -> list[str]:
        written = []
        for each in section.elements():
            if "lead" in each.classes:
                written.append(f"answer-lead({self.inline(each.children)})")
            elif "reasons" in each.classes:
                written.append(f"answer-reasons({self.items(each)})")
            elif "decision" in each.classes:
                written.append(f"answer-decision({self.inline(each.children)})")
            else:
                written.append(self.element(each))
        return written

    def section(self, element: Element) -> str:
        if "provenance" in element.classes:
            return f"provenance({_code(self.blocks(element.children))})"
        return _code(self.answer(element))

    def division(self, element: Element) -> str:
        if "kpis" in element.classes:
            return f"kpis({', '.join(self.tile(tile) for tile in element.elements())})"
        return _code(self.blocks(element.children))

    def tile(self, element: Element) -> str:
        kind = next((f'"{_STATUS[name]}"' for name in _STATUS if name in element.classes), "none")
        parts = ", ".join(
            f'("{each.attributes.get("class", "kpi-note")}", {self.inline(each.children)})'
            for each in element.elements()
        )
        return f"kpi({kind}, {parts})"

    def aside(self, element: Element) -> str:
        children = element.children
        words = "none"
        if (badge := element.find("p", "badge")) is not None:
            words = self.inline(badge.children)
            children = [child for child in children if child is not badge]
        body = _code(self.blocks(children))
        if "limit" in element.classes:
            return f"limit({words}, {body})"
        grade = next((name[-1] for name in element.classes if name.startswith("grade-")), "")
        return f'finding("{grade}", {words}, {body})'

    def pairs(self, element: Element) -> str:
        given = element.elements()
        if [each.tag for each in given] != ["dt", "dd"] * (len(given) // 2):
            raise ReportError(f"{self.where}: facts must be pairs of <dt> and <dd>")
        return ", ".join(
            f"({self.inline(name.children)}, {self.mixed(value)})"
            for name, value in zip(given[::2], given[1::2], strict=True)
        )

    def figure(self, element: Element) -> str:
        picture = element.find("svg")
        if picture is None:
            raise ReportError(f"{self.where}: a figure must hold a picture, found none")
        alt, raw = _text(picture.attributes["aria-label"]), _text(picture.raw)
        image = f'image(bytes({raw}), format: "svg", width: 100%, alt: {alt})'
        kept = str(self.keeps).lower()
        source = element.find("p", "source")
        words = self.inline(source.children) if source else "none"
        caption = self.caption(element.find("figcaption"))
        label = element.attributes.get("id")
        mark = f" #label({_text(label)})" if label else ""
        return f"[#chart({image}, caption: {caption}, source: {words}, keeps: {kept}){mark}]"

    def caption(self, element: Element | None) -> str:
        if element is None:
            return "none"
        title, subtitle = element.find("strong", "title"), element.find("span", "subtitle")
        if title is None:
            return self.inline(element.children)
        small = self.inline(subtitle.children) if subtitle else "none"
        return f"caption({self.inline(title.children)}, {small})"

    # --- tables -------------------------------------------------------------------------------

    def table(self, element: Element) -> str:
        head, body = element.find("thead"), element.find("tbody")
        if head is None or body is None or len(head.elements()) != 1:
            raise ReportError(f"{self.where}: a table must hold one head row and a body")
        heads = head.elements()[0].elements()
        rows = [row.elements() for row in body.elements()]
        if odd := next((row for row in rows if len(row) != len(heads)), None):
            raise ReportError(
                f"{self.where}: each row must have {len(heads)} cells as the head has, "
                f"found {len(odd)} in the row of {odd[0].text()!r}"
            )
        widths, small = share_width(heads, rows)
        right = ["right" if "num" in cell.classes else "left" for cell in heads]
        cells = "".join(f"{self.cell(cell)}, " for row in rows for cell in row)
        given = [
            f"columns: ({''.join(f'{width}, ' for width in widths)})",
            f"align: ({''.join(f'{side}, ' for side in right)})",
            f"heads: ({''.join(f'{self.inline(cell.children)}, ' for cell in heads)})",
            f"rows: ({cells})",
            f"caption: {self.caption(element.find('caption'))}",
            f"small: {str(small).lower()}",
            f"whole: {str(len(rows) <= _WHOLE).lower()}",
        ]
        label = element.attributes.get("id")
        mark = f" #label({_text(label)})" if label else ""
        return f"[#numbers({', '.join(given)}){mark}]"

    def cell(self, element: Element) -> str:
        words = self.language(element, self.mixed(element))
        for name, kind in _STATUS.items():
            if name in element.classes:
                words = (
                    f'status("{kind}", strong({words}))' if kind != "muted" else f"muted({words})"
                )
        return words
