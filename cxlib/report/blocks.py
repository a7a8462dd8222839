"""Blocks: what a notebook cell displays, once in every report language.

A block travels in the cell's output under ``MIME`` with its HTML per language and the record it
was made from. So the executed notebook is the record: reports, ledger and index are built from it,
statistics are computed once, and the two languages cannot differ in a number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

MIME = "application/vnd.cx.block+json"
Role = Literal[
    "section", "finding", "table", "figure", "kpis", "actions", "note", "answer", "provenance"
]


@dataclass(frozen=True, slots=True)
class Block:
    """One displayed part of a report.

    Attributes:
        role: What it is; ``answer`` goes to the cover page, ``provenance`` to the last page.
        key: Its catalogue key.
        html: HTML per language, made of the closed set of elements the template knows.
        live: The language shown in an open notebook.
        record: The finding or result behind it, as plain data.
    """

    role: Role
    key: str
    html: Mapping[str, str]
    live: str
    record: Mapping[str, Any] = field(default_factory=dict)

    def _repr_mimebundle_(
        self,
        include: Sequence[str] | None = None,  # noqa: ARG002 - IPython's protocol
        exclude: Sequence[str] | None = None,  # noqa: ARG002 - IPython's protocol
    ) -> dict[str, Any]:
        return {
            "text/html": self.html[self.live],
            "text/plain": f"<{self.role} {self.key}>",
            MIME: {
                "role": self.role,
                "key": self.key,
                "html": dict(self.html),
                "record": dict(self.record),
            },
        }
