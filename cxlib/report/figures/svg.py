"""Turn a figure into inline SVG: text stays text, ids are its own, the same bytes each time."""

import re
import xml.etree.ElementTree as ET
from io import BytesIO
from typing import Any

from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG

from cxlib.errors import ReportError
from cxlib.report.figures.lettering import refuse_missing_glyphs, texts_of
from cxlib.report.figures.style import ThemedFigure, chart_style

SVG = "{http://www.w3.org/2000/svg}"
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
SHORTEST_ALT = 15
PREFIX = re.compile(r"[a-z][a-z0-9-]*")
REFERENCE = re.compile(r"url\(#([^)]+)\)")
MEASURES = frozenset({"d", "x", "y", "transform", "points"})
NUMBER = re.compile(r"-?\d+\.\d{3,}")


def to_svg(figure: ThemedFigure, *, prefix: str, alt: str, title: str = "") -> str:
    """Write a figure as one ``<svg>`` element to stand inside an HTML page.

    Args:
        figure: A chart of this package.
        prefix: Put before every id, unique on the page: lower case, digits, hyphens.
        alt: Says what the chart shows to a reader who cannot see it, 15 characters or more.
        title: The chart's printed title; the alt text must say something else.

    Returns:
        The element without prolog, doctype, comments, metadata or style sheet. It scales to
        the width of its container. The same figure gives the same bytes.

    Raises:
        ReportError: The alt text is too short or repeats the title, the prefix is not a
            valid id, or the font lacks a character.
    """
    alt = " ".join(alt.split())
    if len(alt) < SHORTEST_ALT:
        raise ReportError(f"alt text must have {SHORTEST_ALT} characters or more, got {alt!r}")
    if alt == " ".join(title.split()):
        raise ReportError(f"alt text must say more than the title, both are {alt!r}")
    if not PREFIX.fullmatch(prefix):
        raise ReportError(
            f"prefix must be lower-case letters, digits and hyphens, starting with a letter,"
            f" got {prefix!r}"
        )
    for text in texts_of(figure):
        refuse_missing_glyphs(text.get_text(), text.get_fontproperties())
    root = ET.fromstring(_render(figure))  # noqa: S314  our own drawing, not a stranger's
    _strip(root)
    _own_ids(root, prefix)
    attributes = {
        "xmlns": SVG[1:-1],
        "role": "img",
        "aria-label": alt,
        "viewBox": root.attrib["viewBox"],
        "width": "100%",
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
    }
    root.attrib.clear()
    root.attrib.update(attributes)
    return ET.tostring(root, encoding="unicode", short_empty_elements=True)


def _render(figure: ThemedFigure) -> bytes:
    page = BytesIO()
    canvas: Any = FigureCanvasSVG(figure)
    with rc_context(chart_style(figure.theme)):
        canvas.print_svg(page, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return page.getvalue()


def _strip(root: ET.Element) -> None:
    """Drop what a page must not inherit: style sheets, metadata, names of the drawing tool."""
    for parent in list(root.iter()):
        for child in list(parent):
            empty = child.tag == f"{SVG}defs" and all(part.tag == f"{SVG}style" for part in child)
            if empty or child.tag in {f"{SVG}metadata", f"{SVG}style", f"{SVG}title"}:
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(SVG)
        if XLINK_HREF in element.attrib:
            element.attrib["href"] = element.attrib.pop(XLINK_HREF)
        for name in MEASURES & element.attrib.keys():
            element.attrib[name] = NUMBER.sub(_shorten, " ".join(element.attrib[name].split()))
        element.text = (element.text or "").strip() or None
        element.tail = None


def _shorten(number: re.Match[str]) -> str:
    """Keep a hundredth of a point: finer than any printer."""
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def _own_ids(root: ET.Element, prefix: str) -> None:
    """Prefix the ids that are used and drop the others."""
    used: set[str] = set()
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "href":
                used.add(value.removeprefix("#"))
            else:
                used.update(REFERENCE.findall(value))
    names = {old: f"{prefix}-{number}" for number, old in enumerate(sorted(used), start=1)}
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            if name == "id":
                if value in names:
                    element.attrib["id"] = names[value]
                else:
                    del element.attrib["id"]
            elif name == "href":
                element.attrib["href"] = f"#{names[value.removeprefix('#')]}"
            elif "url(#" in value:
                element.attrib[name] = REFERENCE.sub(
                    lambda found: f"url(#{names[found[1]]})", value
                )
