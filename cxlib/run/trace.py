"""What a notebook read of the engagement file and the ledger, noted while it runs.

The runner asks for a trace by the environment variable CX_TRACE; the notes go beside the ledger it
gave the notebook. They decide, in a later run, whether anything the notebook rests on has changed.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

from cxlib.engagement import Engagement
from cxlib.engagement.ledger import Ledger

FILE = "reads.jsonl"
EVERYTHING = "*"
"""Stands for every field: the notebook took the whole engagement at once."""


@dataclass(slots=True)
class Notes:
    """Notes each thing once, at its first reading.

    Args:
        path: The file of notes, a line of JSON each.
    """

    path: Path
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def add(self, kind: str, name: str, digest: str = "") -> None:
        """Note a reading, unless it is noted."""
        if (kind, name) not in self._seen:
            self._seen.add((kind, name))
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([kind, name, digest]) + "\n")


def read_notes(path: Path) -> list[tuple[str, str, str]] | None:
    """Give the notes of a notebook as (kind, name, digest); None where it left none."""
    if not path.is_file():
        return None
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(kind, name, digest) for kind, name, digest in map(json.loads, lines)]


def traced(engagement: Engagement, ledger: Ledger) -> tuple[Engagement, Ledger]:
    """Give both as they note what is read of them, where the runner asked for it."""
    if not os.environ.get("CX_TRACE") or not ledger.path.parent.is_dir():
        return engagement, ledger
    notes = Notes(ledger.path.with_name(FILE))
    notes.add("trace", "begun")
    watched = engagement.model_copy()
    TracedEngagement.notes = notes
    object.__setattr__(watched, "__class__", TracedEngagement)
    return watched, TracedLedger(ledger.path, notes)


class TracedEngagement(Engagement):
    """An engagement that notes which of its fields are asked for."""

    notes: ClassVar[Notes | None] = None

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401 - any field
        """Note a field, or all of them for what looks at all of them."""
        notes = TracedEngagement.notes
        if notes is not None:
            if name in Engagement.model_fields:
                notes.add("field", name)
            elif name in WHOLE:
                notes.add("field", EVERYTHING)
        return super().__getattribute__(name)

    def __iter__(self) -> Any:  # noqa: ANN401 - pydantic's
        """Note that every field is looked at."""
        if TracedEngagement.notes is not None:
            TracedEngagement.notes.add("field", EVERYTHING)
        return super().__iter__()


WHOLE = frozenset(
    {"__dict__", "model_dump", "model_dump_json", "model_copy", "dict", "copy", "json"}
)


@dataclass(frozen=True, slots=True)
class TracedLedger(Ledger):
    """A ledger that notes which entries are asked for, before the notebook wrote them itself."""

    notes: Notes
    written: set[str] = field(default_factory=set)

    def _note(self, kind: str, name: str) -> None:
        if name not in self.written:
            self.notes.add(kind, name, observe(self._entries(), kind, name))

    def read(self, name: str) -> dict[str, Any]:
        """As the ledger's own."""
        self._note("content", name)
        return Ledger.read(self, name)

    def has(self, name: str) -> bool:
        """As the ledger's own."""
        self._note("has", name)
        return Ledger.has(self, name)

    def past(self, name: str) -> tuple[dict[str, Any], ...]:
        """As the ledger's own."""
        self._note("entry", name)
        return Ledger.past(self, name)

    def seal(self, name: str) -> str:
        """As the ledger's own."""
        self._note("entry", name)
        return Ledger.seal(self, name)

    def write(self, name: str, content: Mapping[str, Any], *, data: Mapping[str, str]) -> None:
        """As the ledger's own."""
        Ledger.write(self, name, content, data=data)
        self.written.add(name)

    def freeze(
        self, name: str, content: Mapping[str, Any], *, data: Mapping[str, str], reason: str = ""
    ) -> None:
        """As the ledger's own."""
        self._note("entry", name)
        Ledger.freeze(self, name, content, data=data, reason=reason)
        self.written.add(name)


def observe(entries: Mapping[str, Any], kind: str, name: str) -> str:
    """What a reading of this kind finds now, as a fingerprint; "" for an absent entry."""
    entry = entries.get(name)
    if entry is None:
        return ""
    if kind == "has":
        return "yes"
    if kind == "entry":
        return str(entry["seal"])
    return digest_of(entry["content"])


def digest_of(value: object) -> str:
    """Fingerprint plain values, 16 digits."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()[:16]
