"""Results of earlier runs, kept beside the engagement file and used while nothing has changed.

One record a notebook: the executed notebook, the ledger entries it wrote, and the fingerprints of
all it rested on. It holds what the client's own files hold, so it lies in the client's own folder
(`.cx/reuse`), readable by its owner alone, and nothing of it enters Git.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cxlib.engagement.ledger import MAKERS, Ledger
from cxlib.engagement.lock import HIDDEN, hidden_folder
from cxlib.run.inputs import Inputs, file_digest
from cxlib.run.notebooks import Notebook
from cxlib.run.trace import FILE, observe, read_notes

HISTORY = "history.duckdb"
EXECUTED = "executed.ipynb"
RECORD = "record.json"
STATIC = ("notebook", "program", "packages", "parameters", "date of the report")
LAYOUT = 1
"""Of the record; another number is another program's record and never used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The run a result comes from.

    Attributes:
        folder: Name of its folder.
        started: When it began, ISO time with offset.
        fingerprint: What its reports carry as their run.
    """

    folder: str
    started: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A notebook's earlier result that still holds.

    Attributes:
        folder: Where its files lie.
        origin: The run it comes from.
        entries: Ledger entries it wrote that the ledger does not hold now.
        history: Whether the record of KPI values must become the one it left.
    """

    folder: Path
    origin: Origin
    entries: Mapping[str, Any]
    history: bool

    def restore(self, executed: Path, desk: Path) -> None:
        """Put the executed notebook, and what it left beside the ledger, where a run would have."""
        shutil.copyfile(self.folder / EXECUTED, executed)
        if self.entries:
            Ledger(desk / "ledger.json").put(self.entries)
        if self.history:
            shutil.copyfile(self.folder / HISTORY, desk / HISTORY)
        if (self.folder / "left").is_dir():
            shutil.copytree(self.folder / "left", desk, dirs_exist_ok=True)


class Shelf:
    """The kept results of one engagement.

    Args:
        engagement_folder: The folder of the engagement file.
    """

    def __init__(self, engagement_folder: Path) -> None:
        self.folder = hidden_folder(engagement_folder) / "reuse"

    def find(
        self,
        notebook: Notebook,
        inputs: Inputs,
        parameters: Mapping[str, Any],
        *,
        ledger: Path,
    ) -> Kept | str:
        """Look whether the kept result still holds.

        Args:
            notebook: Which.
            inputs: Of this run.
            parameters: It would be run with.
            ledger: The one it is given; beside it the record of KPI values, where it has a part
                in that.

        Returns:
            The result, or in a few words what has changed.
        """
        folder = self.folder / notebook.name
        try:
            record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return "not run before"
        if record.get("layout") != LAYOUT or not (folder / EXECUTED).is_file():
            return "kept by another version"
        if file_digest(folder / EXECUTED) != record["executed"]:
            return "the kept result is damaged"
        if changed := _changed(record["rests_on"], inputs.of(notebook, parameters)):
            return changed
        for name, was in record["fields"].items():
            if inputs.field(name) != was:
                return "engagement file changed" + (f": {name}" if len(name) > 1 else "")
        entries = Ledger(ledger).entries()
        history = file_digest(ledger.with_name(HISTORY))
        return _ledger_changed(record, entries, history) or Kept(
            folder,
            Origin(**record["origin"]),
            {n: e for n, e in record["written"].items() if entries.get(n) != e},
            record["history"][1] != history,
        )

    def keep(
        self,
        notebook: Notebook,
        inputs: Inputs,
        parameters: Mapping[str, Any],
        *,
        executed: Path,
        desk: Path,
        before: tuple[Mapping[str, Any], str],
        origin: Origin,
    ) -> None:
        """Keep a result that was just made, if it is known what it read and nothing of that moved.

        Args:
            notebook: Which.
            inputs: Of this run, taken before it.
            parameters: It was run with.
            executed: The executed notebook.
            desk: The folder of the ledger it was given.
            before: Ledger entries and fingerprint of the KPI record it started from.
            origin: This run.
        """
        notes = read_notes(desk / FILE)
        now = Inputs.take(inputs.engagement, out=desk)
        if notes is None or now.of(notebook, parameters) != inputs.of(notebook, parameters):
            shutil.rmtree(self.folder / notebook.name, ignore_errors=True)
            return
        after = Ledger(desk / "ledger.json").entries()
        history = file_digest(desk / HISTORY)
        record = {
            "layout": LAYOUT,
            "origin": {
                "folder": origin.folder, "started": origin.started,
                "fingerprint": origin.fingerprint,
            },
            "executed": file_digest(executed),
            "rests_on": inputs.of(notebook, parameters),
            "fields": {n: inputs.field(n) for kind, n, _ in notes if kind == "field"},
            "readings": [list(note) for note in notes if note[0] not in {"field", "trace"}],
            "written": {
                n: e for n, e in after.items() if before[0].get(n) != e or n in _own(notebook)
            },
            "history": [before[1], history],
        }  # fmt: skip
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".making-", dir=self.folder))
        try:
            shutil.copyfile(executed, made / EXECUTED)
            if history != before[1]:
                shutil.copyfile(desk / HISTORY, made / HISTORY)
            for left in left_behind(desk):
                to = made / "left" / left.relative_to(desk)
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(left, to)
            text = json.dumps(record, ensure_ascii=False, indent=1)
            (made / RECORD).write_text(text, encoding="utf-8")
            shutil.rmtree(self.folder / notebook.name, ignore_errors=True)
            made.rename(self.folder / notebook.name)
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def tidy(self) -> None:
        """Remove what a killed run left half made."""
        for half in self.folder.glob(".making-*"):
            shutil.rmtree(half, ignore_errors=True)

    def recall(self, name: str, key: str) -> dict[str, Any] | None:
        """Give what was remembered under a name, if it was under the same key."""
        with suppress(OSError, ValueError, KeyError):
            said = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
            if said["key"] == key:
                return dict(said["value"])
        return None

    def remember(self, name: str, key: str, value: Mapping[str, Any]) -> None:
        """Remember plain values under a name and key, in place of earlier ones."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self.folder / f".{name}.{os.getpid()}"
        partial.write_text(json.dumps({"key": key, "value": value}, default=str), encoding="utf-8")
        partial.replace(self.folder / f"{name}.json")


def left_behind(desk: Path) -> Sequence[Path]:
    """Files a notebook made beside its ledger, such as quotations to tick."""
    ours = {"ledger.json", HISTORY, FILE}
    return [
        path for path in sorted(desk.rglob("*"))
        if path.is_file() and HIDDEN not in path.parts[len(desk.parts):] and path.name not in ours
        and not path.name.endswith((".partial", ".wal"))
    ]  # fmt: skip


def _own(notebook: Notebook) -> set[str]:
    return {entry for entry, maker in MAKERS.items() if maker == notebook.name}


def _changed(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Name the first thing a result rests on that is another now."""
    for name in STATIC:
        if was.get(name) != now[name]:
            return f"{name} changed"
    for kind, word in (("tables", "table"), ("files", "file")):
        old, new = was.get(kind, {}), now[kind]
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                return f"{word} {name} changed"
    return ""


def _ledger_changed(record: Mapping[str, Any], entries: Mapping[str, Any], history: str) -> str:
    """Name a ledger entry that is not what the notebook read.

    A notebook that reads what it writes itself (a frozen baseline, the looks at a test) holds
    where all of these are as it found them, or all as it left them.
    """
    written = record["written"]
    before = after = ""
    for kind, name, digest in record["readings"]:
        if observe(entries, kind, name) != digest:
            before = before or f"ledger entry {name} changed"
            if name not in written:
                return before
    for name, entry in written.items():
        if entries.get(name) != entry:
            after = after or f"ledger entry {name} changed"
    was, left = record["history"]
    if history != was:
        before = before or "the record of KPI values changed"
    if history != left:
        after = after or "the record of KPI values changed"
    return before if before and after else ""
