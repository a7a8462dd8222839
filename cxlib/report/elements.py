"""The closed set of HTML a report is made of: read into a tree, checked, written back.

What a block may hold is fixed (the set below), so that the HTML template and the PDF can both
know every element. Anything else is refused by name; nothing is lost silently.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from types import MappingProxyType
from typing import Final

from cxlib.errors import ReportError


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_STATUS: Final = frozenset({"status-good", "status-watch", "status-bad", "muted"})

CLASSES: Final = MappingProxyType(
    {
        "p": _names(
            "lead note source decision kpi-label kpi-value kpi-note kicker level subtitle badge "
            "label"
        ),
        "ol": frozenset({"reasons"}),
        "ul": frozenset[str](),
        "span": _STATUS | {"subtitle"},
        "strong": _STATUS | {"title"},
        "table": frozenset({"numbers"}),
        "th": frozenset({"num", "text"}),
        "td": _STATUS | {"num", "text"},
        "figure": frozenset({"chart"}),
        "aside": _names("finding limit grade-A grade-B grade-C grade-D"),
        "div": _STATUS | {"kpis", "kpi", "scroll", "band"},
        "section": frozenset({"answer", "provenance"}),
        "dl": frozenset({"facts"}),
        "header": frozenset({"cover"}),
        "nav": frozenset({"contents"}),
        "a": frozenset({"skip"}),
    }
)
"""Classes an element may carry; an element not named here carries none."""

ATTRIBUTES: Final = MappingProxyType(
    {
        "h2": frozenset({"id"}),
        "h3": frozenset({"id"}),
        "a": frozenset({"href"}),
        "data": frozenset({"value"}),
        "time": frozenset({"datetime"}),
        "table": frozenset({"id"}),
        "th": frozenset({"scope"}),
        "figure": frozenset({"id"}),
        "img": frozenset({"src", "alt"}),
        "div": frozenset({"role", "tabindex", "aria-label"}),
        "aside": frozenset({"role"}),
        "section": frozenset({"aria-label"}),
        "nav": frozenset({"aria-label"}),
        "main": frozenset({"id"}),
    }
)
"""Attributes beside ``class`` and ``lang``."""

BLOCK_TAGS: Final = _names(
    "h2 h3 p ul ol li strong em span a sup data time table caption thead tbody tr th td figure "
    "figcaption svg aside div section dl dt dd"
)
"""What a block of a notebook may hold."""

PAGE_TAGS: Final = BLOCK_TAGS | {"header", "nav", "main", "h1", "img"}
"""What a finished page may hold: the template adds a few."""

_VOID: Final = frozenset({"img"})
_SVG: Final = re.compile(r"<svg\b.*?</svg\s*>", re.DOTALL)
_SVG_MARK: Final = "cx-svg"


@dataclass(slots=True)
class Element:
    """One element and what stands in it; an ``svg`` keeps its text untouched in ``raw``."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element | str"] = field(default_factory=list)
    raw: str = ""

    @property
    def classes(self) -> frozenset[str]:
        """The class names it carries."""
        return frozenset(self.attributes.get("class", "").split())

    def elements(self) -> list["Element"]:
        """Its children without the text between them."""
        return [child for child in self.children if isinstance(child, Element)]

    def walk(self) -> Iterator["Element"]:
        """Itself and every element inside, in reading order."""
        yield self
        for child in self.elements():
            yield from child.walk()

    def find(self, tag: str, css_class: str = "") -> "Element | None":
        """The first element of that tag and class inside, itself included."""
        for each in self.walk():
            if each.tag == tag and (not css_class or css_class in each.classes):
                return each
        return None

    def text(self) -> str:
        """The words inside, spaces collapsed; an em space sets a row in and stays."""
        parts = [child if isinstance(child, str) else child.text() for child in self.children]
        return re.sub(r"[^\S\u2003]+", " ", "".join(parts)).strip(" ")


def parse(html: str, *, where: str, allowed: frozenset[str] = BLOCK_TAGS) -> list[Element | str]:
    """Read HTML of the closed set into a tree.

    Args:
        html: Well-formed HTML; every element is closed in the order it was opened.
        where: Names the text in errors, such as a block's key.
        allowed: Tags that may appear.

    Raises:
        ReportError: An unknown element, class or attribute, an element left open, an empty
            ``aria-label`` of a picture.
    """
    pictures: list[str] = []

    def lift(found: re.Match[str]) -> str:
        pictures.append(found[0])
        return f"<{_SVG_MARK} value={len(pictures) - 1}>"

    reader = _Reader(where, allowed, pictures)
    reader.feed(_SVG.sub(lift, html))
    reader.close()
    return reader.finish()


def serialise(nodes: list[Element | str]) -> str:
    """Write a tree back as HTML, pictures as they came."""
    return "".join(_written(node) for node in nodes)


def _written(node: Element | str) -> str:
    if isinstance(node, str):
        return escape(node, quote=False)
    if node.tag == "svg":
        return node.raw
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in node.attributes.items())
    if node.tag in _VOID:
        return f"<{node.tag}{attributes}>"
    return f"<{node.tag}{attributes}>{serialise(node.children)}</{node.tag}>"


class _Reader(HTMLParser):
    """Builds the tree and refuses what is not in the closed set."""

    def __init__(self, where: str, allowed: frozenset[str], pictures: list[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.where = where
        self.allowed = allowed
        self.pictures = pictures
        self.root = Element("root")
        self.open = [self.root]

    def finish(self) -> list[Element | str]:
        if len(self.open) > 1:
            self.refuse(f"element <{self.open[-1].tag}> must be closed")
        return self.root.children

    def refuse(self, message: str) -> None:
        raise ReportError(f"{self.where}: {message}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == _SVG_MARK:
            self.open[-1].children.append(self.picture(self.pictures[int(found["value"])]))
            return
        self.check(tag, found)
        element = Element(tag, found)
        self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID and tag != _SVG_MARK:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open[-1].tag != tag:
            self.refuse(f"element <{self.open[-1].tag}> must be closed before </{tag}>")
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)

    def handle_comment(self, data: str) -> None:
        self.refuse(f"a comment is not part of a report, got <!--{data[:30]}-->")

    def handle_decl(self, decl: str) -> None:
        self.refuse(f"a declaration is not part of a report, got <!{decl[:30]}>")

    def unknown_decl(self, data: str) -> None:
        self.handle_decl(data)

    def handle_pi(self, data: str) -> None:
        self.handle_decl(f"?{data}")

    def check(self, tag: str, found: dict[str, str]) -> None:
        """Refuse a tag, an attribute or a class that is not in the closed set."""
        if tag not in self.allowed:
            known = ", ".join(sorted(self.allowed))
            self.refuse(f"element <{tag}> is not one a report knows; it knows {known}")
        known_attributes = ATTRIBUTES.get(tag, frozenset[str]()) | {"class", "lang"}
        if unknown := sorted(found.keys() - known_attributes):
            names = ", ".join(sorted(known_attributes))
            self.refuse(f"<{tag}> knows the attributes {names}, got {', '.join(unknown)}")
        known_classes = CLASSES.get(tag, frozenset[str]())
        if unknown := sorted(set(found.get("class", "").split()) - known_classes):
            names = ", ".join(sorted(known_classes)) or "none"
            self.refuse(f"<{tag}> knows the classes {names}, got {', '.join(unknown)}")
        if tag == "a" and not found.get("href", "").startswith("#"):
            self.refuse(f"a link must lead inside the report, got href={found.get('href', '')!r}")

    def picture(self, svg: str) -> Element:
        """A picture must say in words what it shows."""
        opening = svg[: svg.index(">")]
        label = re.search(r'\baria-label="([^"]*)"', opening)
        from html import unescape

        alt = unescape(label[1]).strip() if label else ""
        if not alt:
            self.refuse("every picture needs alternative text in aria-label, found none")
        return Element("svg", {"aria-label": alt}, raw=svg)
