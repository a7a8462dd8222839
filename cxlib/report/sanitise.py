"""Second line of defence: what a browser would run is taken out even where the tree missed it.

Client text is escaped where blocks are made and the closed set refuses unknown elements; this
module keeps a report harmless should both fail once.
"""

import re
from typing import Final

from cxlib.errors import ReportError
from cxlib.report.elements import ATTRIBUTES, PAGE_TAGS

_PARKED: Final = re.compile(r"<svg\b.*?</svg\s*>", re.DOTALL)
_ACTIVE: Final = re.compile(
    r"<\s*(script|foreignObject|iframe|object|embed|audio|video|animate|set)\b|\son\w+\s*=",
    re.IGNORECASE,
)
_TAG: Final = re.compile(r"<[^>]*>")
_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'")
_OUTSIDE: Final = re.compile(r"(?:xlink:)?href\s*=\s*[\"'](?!#|data:image/png;base64,)([^\"']*)")
_ID: Final = re.compile(r'(?<![\w:-])id="([^"]+)"')
_METADATA: Final = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)


def clean(html: str) -> str:
    """Run the allow-list over HTML, leaving pictures as they are."""
    import nh3

    pictures: list[str] = []

    def park(found: re.Match[str]) -> str:
        pictures.append(found[0])
        return f"\ue000{len(pictures) - 1}\ue001"

    attributes = {tag: set(names) | {"class", "lang"} for tag, names in ATTRIBUTES.items()}
    for tag in PAGE_TAGS:
        attributes.setdefault(tag, {"class", "lang"})
    cleaned = nh3.clean(
        _PARKED.sub(park, html),
        tags=set(PAGE_TAGS) - {"svg"},
        attributes=attributes,
        url_schemes={"data"},
        link_rel=None,
    )
    return re.sub("\ue000(\\d+)\ue001", lambda found: pictures[int(found[1])], cleaned)


def settle_picture(svg: str, *, prefix: str, where: str) -> str:
    """Make an SVG fit to stand beside others in one page: own ids, no metadata, nothing active.

    Args:
        svg: From ``<svg`` to ``</svg>``.
        prefix: Goes before each id, unlike that of any other picture on the page.
        where: Names the figure in errors.

    Raises:
        ReportError: The picture holds a script, a handler or an address outside itself.
    """
    svg = _METADATA.sub("", svg)
    # A handler is looked for in tags, not in what a label says: a client may be named "on=".
    tags = "".join(_QUOTED.sub('""', tag) for tag in _TAG.findall(svg))
    if found := _ACTIVE.search(tags) or _OUTSIDE.search(svg):
        raise ReportError(
            f"{where}: a picture must be still and self-contained, found {found[0]!r}"
        )
    known = set(_ID.findall(svg))

    def rename(found: re.Match[str]) -> str:
        return f"{found[1]}{prefix}-{found[2]}" if found[2] in known else found[0]

    svg = re.sub(r'((?<![\w:-])id=")([^"]+)', rename, svg)
    svg = re.sub(r"(url\(#)([^)]+)", rename, svg)
    svg = re.sub(r'((?:xlink:)?href="#)([^"]+)', rename, svg)
    if "xmlns=" not in svg[: svg.index(">")]:
        svg = svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return svg
