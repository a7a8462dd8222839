"""The folder of one run: made under a temporary name, renamed when complete, kept when failed."""

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cxlib.run.notebooks import ROOT

REPORT_ENDINGS = {".html", ".pdf"}


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run's folder while it is being filled.

    Attributes:
        partial: Where files are written now.
        final: The name it takes when everything is done.
    """

    partial: Path
    final: Path

    @classmethod
    def create(cls, out: Path, *, client: str, wave: str, digest: str, at: datetime) -> "RunFolder":
        """Make the folder ``out/client/wave/yyyymmdd-hhmm_hash8``, never over an older one."""
        parent = out / client / wave
        stem = f"{at:%Y%m%d-%H%M}_{digest[:8]}"
        parent.mkdir(parents=True, exist_ok=True)
        name, count = stem, 2
        while not _claim(parent, name):
            name, count = f"{stem}-{count}", count + 1
        return cls(parent / f".partial-{name}", parent / name)

    def write_record(self, record: Mapping[str, Any]) -> None:
        """Write ``run.json``."""
        text = json.dumps(record, ensure_ascii=False, indent=1, default=str) + "\n"
        (self.partial / "run.json").write_text(text, encoding="utf-8", newline="\n")

    @property
    def desks(self) -> Path:
        """Where each notebook has a ledger of its own while it runs; gone when the run is done."""
        return self.partial / ".desks"

    def finish(self) -> Path:
        """Give the folder its final name and point ``latest.txt`` to it."""
        shutil.rmtree(self.desks, ignore_errors=True)
        pointer = self._pointer()  # what needs room on the disk comes before the name
        try:
            os.replace(self.partial, self.final)  # noqa: PTH105 - atomic on every system
            os.replace(pointer, self._latest)  # noqa: PTH105 - likewise
        finally:
            pointer.unlink(missing_ok=True)
        return self.final

    def point_latest(self) -> None:
        """Point ``latest.txt`` to the folder."""
        os.replace(self._pointer(), self._latest)  # noqa: PTH105 - atomic on every system

    @property
    def _latest(self) -> Path:
        return self.final.with_name("latest.txt")

    def _pointer(self) -> Path:
        pointer = self.final.with_name(f".latest-{self.final.name}.partial")
        try:
            pointer.write_text(self.final.name + "\n", encoding="utf-8")
        except BaseException:
            pointer.unlink(missing_ok=True)
            raise
        return pointer

    def fail(self, message: str, *, record: Mapping[str, Any] | None = None) -> Path:
        """Mark the folder FAILED: keep executed notebooks, drop what looks like a report.

        It needs no room on the disk but for the message, and does without that on a full one.
        """
        shutil.rmtree(self.desks, ignore_errors=True)
        for file in self.partial.rglob("*"):
            if file.suffix in REPORT_ENDINGS:
                file.unlink()
        failed = self.final.with_name(f"FAILED-{self.final.name}")
        with suppress(OSError):
            if record is not None:
                self.write_record(record)
        os.replace(self.partial, failed)  # noqa: PTH105 - atomic on every system
        with suppress(OSError):
            (failed / "FAILED").write_text(message + "\n", encoding="utf-8")
        return failed


def _claim(parent: Path, name: str) -> bool:
    """Make the folder unless the name is taken, also by a run that starts at the same moment."""
    if any((parent / f"{mark}{name}").exists() for mark in ("", "FAILED-")):
        return False
    try:
        (parent / f".partial-{name}").mkdir()
    except FileExistsError:
        return False
    (parent / f".partial-{name}" / "notebooks").mkdir()
    return True


def code_digest() -> str:
    """SHA-256 over cxlib, notebooks and templates: which code made a report."""
    digest = sha256()
    for folder, pattern in (("cxlib", "*.p[yo]"), ("notebooks", "*.ipynb"), ("templates", "*")):
        for file in sorted((ROOT / folder).rglob(pattern)):
            if file.is_file() and ".ipynb_checkpoints" not in file.parts:
                digest.update(file.relative_to(ROOT).as_posix().encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()
