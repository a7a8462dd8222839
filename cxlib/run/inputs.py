"""Fingerprints of everything a notebook's result rests on, taken before it runs."""

import os
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

from cxlib.engagement import Engagement
from cxlib.engagement.lock import HIDDEN
from cxlib.run.notebooks import ROOT, Notebook
from cxlib.run.trace import EVERYTHING, digest_of

PACKAGES = (
    "pandas", "numpy", "duckdb", "statsmodels", "scipy", "scikit-learn", "matplotlib", "seaborn",
    "babel", "nbconvert", "papermill", "typst", "uharfbuzz", "fonttools", "opencc", "rjieba",
)  # fmt: skip
MADE = {"ledger.json", "history.duckdb", "reports"}
"""What runs themselves leave beside the engagement file; the ledger and the record are compared
entry by entry."""
WHOLLY_READ = 50 * 1024 * 1024
SETTINGS = ("CX_FONT", "CX_CACHE", "TZ", "LANG", "LC_ALL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a run starts from.

    Attributes:
        engagement: The checked engagement.
        code: Fingerprint of the package's sources, with every file in it.
        environment: Of Python, the packages that compute and draw, and the settings they read.
        files: Files beside the engagement file that are no table, to their SHA-256.
        tables: Table to the fingerprint of its file, or of its content in an engine, and of how
            it is read.
        fields: Field of the engagement file to its fingerprint.
        dated: The day reports carry.
    """

    engagement: Engagement
    code: str
    environment: str
    files: Mapping[str, str]
    tables: Mapping[str, str]
    fields: Mapping[str, str]
    dated: str

    @classmethod
    def take(cls, engagement: Engagement, *, out: Path) -> "Inputs":
        """Read every file once and fingerprint it.

        Args:
            engagement: The checked engagement.
            out: Where reports go; what lies there is no input.
        """
        plain = engagement.model_dump(mode="json")
        tables = plain.pop("tables")
        return cls(
            engagement=engagement,
            code=package_digest(),
            environment=environment_digest(),
            files=dict(_other_files(engagement, out.resolve())),
            tables=_tables(engagement, tables),
            fields={name: digest_of(value) for name, value in plain.items()},
            dated=str(engagement.dated()),
        )

    def of(self, notebook: Notebook, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """What one notebook's result rests on, apart from what it reads while it runs."""
        read = {*notebook.reads(self.tables), *({"stores"} & set(self.tables))}
        return {
            "notebook": file_digest(notebook.path),
            "program": self.code,
            "packages": self.environment,
            "parameters": digest_of(dict(parameters)),
            "date of the report": self.dated,
            "files": dict(self.files),
            "tables": {name: self.tables[name] for name in sorted(read)},
        }

    def field(self, name: str) -> str:
        """The fingerprint of a field of the engagement file, or of all of it."""
        if name == EVERYTHING:
            return self.whole
        return self.fields.get(name, "")

    @property
    def whole(self) -> str:
        """The fingerprint of all an engagement file says, its tables apart."""
        return digest_of(dict(self.fields))

    def everything(self) -> str:
        """One fingerprint of all inputs, for what was found out by looking at all of them."""
        names = ("code", "environment", "files", "tables", "fields", "dated")
        return digest_of({name: getattr(self, name) for name in names})


def _tables(engagement: Engagement, specs: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Fingerprint every table where it lies."""
    there: Mapping[str, str] = {}
    if engagement.engine is not None:
        there = _in_engine(engagement)
    return {
        name: digest_of([spec, there.get(name) or file_digest(engagement.folder / spec["file"])])
        for name, spec in specs.items()
    }


def _in_engine(engagement: Engagement) -> dict[str, str]:
    from cxlib.data.engine_tables import fingerprints
    from cxlib.run.workbook import connect

    inside = {name: spec for name, spec in engagement.tables.items() if spec.table}
    if not inside:
        return {}
    engine = connect(engagement)
    try:
        return fingerprints(inside, engine=engine, ces_version=engagement.ces_version())
    finally:
        engine.close()


def file_digest(path: Path) -> str:
    """SHA-256 of a file, "" where it is absent."""
    if not path.is_file():
        return ""
    digest = sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def _other_files(engagement: Engagement, out: Path) -> Iterator[tuple[str, str]]:
    """Every file a notebook could find beside the engagement file, tables and reports apart.

    Files no table names are all taken, since a notebook may look whether one exists: codes,
    names, quotations, themes, the brand.
    """
    tables = {
        (engagement.folder / spec.file).resolve()
        for spec in engagement.tables.values()
        if spec.file
    }
    for folder, folders, names in os.walk(engagement.folder):
        here = Path(folder)
        folders[:] = sorted(
            name for name in folders
            if not name.startswith(".") and name not in MADE and (here / name).resolve() != out
        )  # fmt: skip
        for name in sorted(names):
            path = here / name
            if name.startswith(".") or name in MADE or path == engagement.path:
                continue
            if path.resolve() not in tables:
                yield path.relative_to(engagement.folder).as_posix(), _fingerprint(path)


def _fingerprint(path: Path) -> str:
    """SHA-256 of a file; of a huge one, which no notebook reads but as a table, size and time."""
    facts = path.stat()
    if facts.st_size > WHOLLY_READ:
        return f"{facts.st_size} {facts.st_mtime_ns}"
    return file_digest(path)


def package_digest() -> str:
    """SHA-256 over every file of cxlib and of the templates."""
    digest = sha256()
    for folder in (ROOT / "cxlib", ROOT / "templates"):
        for file in sorted(folder.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts and HIDDEN not in file.parts:
                digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0")
                digest.update(file.read_bytes())
    return digest.hexdigest()


def environment_digest() -> str:
    """Fingerprint Python, machine, packages, settings and the fonts reports are set in."""
    from cxlib.report.fonts import report_fonts

    fonts = report_fonts()
    drawn = [fonts.family, fonts.origin, file_digest(fonts.regular), file_digest(fonts.bold)]
    versions = [f"{name} {metadata.version(name)}" for name in PACKAGES]
    settings = {name: os.environ.get(name, "") for name in SETTINGS}
    return digest_of([sys.version, platform.platform(), versions, settings, drawn])
