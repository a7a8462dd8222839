"""The crib: the modules' ``crib`` cells as a PDF of a few pages, one half page a module.

Markdown is read by mistune and written as calls of ``templates/workshop/crib.typ``; every text
travels inside a string literal. What the crib's design has no word for is refused by name.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import Any, Final

from cxlib.errors import ReportError
from cxlib.report.brand import Brand
from cxlib.report.catalogue import message
from cxlib.report.fonts import FontSet
from cxlib.report.pdf import set_pdf
from cxlib.run.export import PAGE_OF
from cxlib.workshop.modules import Module
from cxlib.workshop.pages import FOLDER, script

TAG: Final = "crib"
_HIGHEST: Final = 3
_NARROW: Final = str.maketrans("“”‘’", "\"\"''")
"""Marks that the Hong Kong face draws as wide as a Han character, for English."""
Node = dict[str, Any]


def crib_pdf(modules: Sequence[Module], *, language: str, fonts: FontSet, created: date) -> bytes:
    """Give the crib of these modules in one language.

    Args:
        modules: In order.
        language: Of the crib.
        fonts: Faces to embed.
        created: Goes into the file, so that bytes repeat.

    Raises:
        ReportError: No module has a crib cell, a cell holds what the crib cannot show, or a
            character has no glyph.
    """
    parts = []
    for module in modules:
        texts = [
            cell.source
            for cell in module.notebook.cells
            if TAG in cell.metadata.get("tags", ()) and cell.metadata.get("lang") == language
        ]
        if texts:
            title = f"{module.number}. {module.title[language]}"
            text = "\n\n".join(texts)
            nodes = _read(text.translate(_NARROW) if language == "en" else text)
            own = nodes[1:] if nodes[0]["type"] == "heading" else nodes  # the title stands once
            body = _Writer(f"{module.name}, {language}, crib").blocks(own)
            parts.append(f"module({_text(title)}, {_joined(body)})")
    if not parts:
        raise ReportError(
            f"the crib must have cells tagged {TAG} in {language}, found none in "
            f"{', '.join(module.name for module in modules)}"
        )
    title = message("workshop.crib.title", language)
    source = "\n".join(
        [
            _settings(title, language=language, family=fonts.family, created=created),
            (FOLDER / "crib.typ").read_text(encoding="utf-8"),
            "#show: crib",
            "#{",
            f"heading(level: 1, {_text(title)})",
            *parts,
            "}",
        ]
    )
    return set_pdf(source, fonts=fonts, created=created, where=f"{title}, {language}")


def _settings(title: str, *, language: str, family: str, created: date) -> str:
    """The colours and words the design reads, as two Typst dictionaries."""
    colours = ", ".join(
        f'"{name}": rgb("{value}")' for name, value in Brand(name="").tokens().items()
    )
    lang, _, rest = language.partition("-")
    region = rest.rpartition("-")[2]
    words = {
        "title": _text(title),
        "author": _text(message("page.author", language)),
        "page-of": _text(PAGE_OF[language]),
        "family": _text(family),
        "lang": _text(lang),
        "region": _text(region) if region else "none",
        "date": f"datetime(year: {created.year}, month: {created.month}, day: {created.day})",
    }
    listed = ", ".join(f'"{name}": {value}' for name, value in words.items())
    return f"#let colour = ({colours})\n#let page-text = ({listed})"


@lru_cache(maxsize=1)
def _reader() -> Any:  # noqa: ANN401 - mistune's parser
    import mistune

    return mistune.create_markdown(renderer="ast", plugins=["table"])


def _read(text: str) -> list[Node]:
    nodes: list[Node] = _reader()(text)
    return nodes


def _text(words: str) -> str:
    """A Typst string literal."""
    escaped = words.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", " ").replace("\t", " ") + '"'


def _letters(words: str) -> str:
    """Words with small letters above and below the line set as such."""
    runs = groupby(words, key=lambda letter: script(letter)[0])
    return _joined(
        f"{kind or 'text'}({_text(''.join(script(letter)[1] for letter in run))})"
        for kind, run in runs
    )


def _joined(parts: Iterable[str]) -> str:
    listed = [part for part in parts if part]
    return "{" + "; ".join(listed) + "}" if listed else "[]"


class _Writer:
    """Writes Markdown's nodes as Typst expressions."""

    def __init__(self, where: str) -> None:
        self.where = where

    def blocks(self, nodes: Sequence[Node]) -> list[str]:
        return [self.block(node) for node in nodes if node["type"] != "blank_line"]

    def block(self, node: Node) -> str:  # noqa: PLR0911 - one a kind
        match node["type"]:
            case "paragraph":
                return f"par({self.inline(node['children'])})"
            case "block_text":
                return self.inline(node["children"])
            case "heading":
                level = min(max(node["attrs"]["level"], _HIGHEST), _HIGHEST)
                return f"heading(level: {level}, {self.inline(node['children'])})"
            case "list":
                kind = "enum" if node["attrs"]["ordered"] else "list"
                items = [_joined(self.blocks(item["children"])) for item in node["children"]]
                return f"{kind}({', '.join(items)})"
            case "block_code":
                lines = (_letters(line) for line in node["raw"].rstrip("\n").split("\n"))
                return f"code-block({_joined(['; linebreak(); '.join(lines)])})"
            case "block_quote":
                return f"quoted({_joined(self.blocks(node['children']))})"
            case "table":
                return self.table(node)
        raise self.unknown(node)

    def table(self, node: Node) -> str:
        head, body = node["children"]
        heads = "".join(f"{self.inline(cell['children'])}, " for cell in head["children"])
        cells = "".join(
            f"{self.inline(cell['children'])}, "
            for row in body["children"]
            for cell in row["children"]
        )
        return f"rows(({heads}), ({cells}))"

    def inline(self, nodes: Sequence[Node]) -> str:
        return _joined(self.word(node) for node in nodes)

    def word(self, node: Node) -> str:
        match node["type"]:
            case "text":
                return _letters(node["raw"])
            case "codespan":
                return f"code({_letters(node['raw'])})"
            case "strong" | "emphasis":
                return f"strong({self.inline(node['children'])})"
            case "softbreak":
                return 'text(" ")'
            case "linebreak":
                return "linebreak()"
        raise self.unknown(node)

    def unknown(self, node: Node) -> ReportError:
        found = str(node.get("raw", ""))[:40]
        return ReportError(
            f"{self.where}: a crib is made of headings, paragraphs, lists, tables, quotes, code "
            f"and bold words, found {node['type']} {found!r}; write it as text"
        )
