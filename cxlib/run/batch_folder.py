"""The folder of one branch: its rows, an engagement file of its own, the files it may have.

It holds client rows, so it lies in the engagement's own folder (`.cx/batch`), which only its owner
reads and Git never takes; nothing of a branch but its reports leaves there.
"""

import csv
import os
import shutil
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from cxlib.data.coding_sheet import KEPT_FILE
from cxlib.engagement import Engagement
from cxlib.run.batch_names import client_id, shown_in_both
from cxlib.run.batch_split import Split
from cxlib.run.inputs import file_digest

FIELDS = (
    "client", "market", "currency", "languages", "brand", "wave", "baseline", "review",
    "confidence_level", "minimum_cell", "weighting", "discount_rate", "money", "report_date",
    "seed", "touchpoints", "metrics", "drivers", "releases", "sale_days", "voice", "closed_loop",
)  # fmt: skip
"""What a branch's engagement file takes over; KPIs, goals, tests and initiatives are the
company's."""

WHOLE_TABLES = ("answers", "invitations", "stores")
"""What a comparison of branches reads."""


def write_branch(
    folder: Path,
    engagement: Engagement,
    split: Split,
    *,
    value: str,
    branch_id: str,
    name: Mapping[str, str],
    floor: int,
) -> str:
    """Fill a branch's folder and give the fingerprint of what is in it."""
    for part in (folder, folder / "data"):
        part.mkdir(mode=0o700, exist_ok=True)
    tables = {}
    kept = set()
    for table, share in split.shares.items():
        rows = share.rows(value)
        if not len(rows):
            continue
        file = f"data/{table}.{'parquet' if share.raw.reader == 'parquet' else 'csv'}"
        _write_rows(folder / file, rows)
        tables[table] = {"file": file}
        kept.add(folder / file)
    said = _engagement_file(engagement, branch_id, name, floor)
    said |= {"tables": tables}
    if "maturity" in tables and engagement.maturity_target:
        said["maturity_target"] = dict(engagement.maturity_target)
    kept |= _copy_files(folder, engagement, split, value)
    path = folder / "engagement.yml"
    text = yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=100)
    path.write_text(text, encoding="utf-8")
    for old in (folder / "data").iterdir():
        if old not in kept:
            old.unlink()
    return files_digest([path, *sorted(kept)], beside=folder)


def write_whole(folder: Path, engagement: Engagement, *, by: str) -> Path:
    """Fill a folder that compares the values of a column of the whole, and give its file.

    The tables are the client's own, linked where the file system can; comments are not read, so
    nothing of ``voice`` goes along.
    """
    said = _taken_over(engagement) | {"comparison": {"by": by}}
    said.pop("voice", None)
    folder.mkdir(mode=0o700, exist_ok=True)
    tables = {}
    for table in WHOLE_TABLES:
        if table in engagement.tables:
            spec = engagement.tables[table]
            tables[table] = spec.model_dump(mode="json", exclude_defaults=True)
            if spec.file:
                tables[table]["file"] = f"data/{table}{Path(spec.file).suffix}"
                _link(engagement.folder / spec.file, folder / tables[table]["file"])
    for file in _brand_files(engagement):
        _link(file, folder / _beside(file, engagement))
    path = folder / "engagement.yml"
    text = yaml.safe_dump(said | {"tables": tables}, allow_unicode=True, sort_keys=False)
    path.write_text(text, encoding="utf-8")
    return path


def _link(file: Path, to: Path) -> None:
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    to.unlink(missing_ok=True)
    try:
        os.link(file, to)
    except OSError:
        shutil.copyfile(file, to)


def files_digest(files: Sequence[Path], *, beside: Path) -> str:
    """One fingerprint over names and contents."""
    digest = sha256()
    for file in files:
        digest.update(f"{file.relative_to(beside).as_posix()} {file_digest(file)}\n".encode())
    return digest.hexdigest()


def _write_rows(path: Path, rows: pd.DataFrame) -> None:
    if path.suffix == ".csv":
        rows.to_csv(path, index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
        return
    import duckdb

    with duckdb.connect() as engine:
        engine.register("part", rows)
        target = str(path).replace("'", "''")
        engine.execute(f"COPY part TO '{target}' (FORMAT parquet)")


def _engagement_file(
    engagement: Engagement, branch_id: str, name: Mapping[str, str], floor: int
) -> dict[str, Any]:
    """The fields of the whole that hold for a branch; ids and title are its own."""
    from cxlib.report.writer import Writer, phrase

    said = _taken_over(engagement)
    said["client"] = {
        "id": client_id(engagement.client.id, branch_id),
        "name": {
            code: Writer(code, markup=False)(
                phrase("batch.branch", client=client, branch=name[code])
            )
            for code, client in shown_in_both(engagement.client.name).items()
        },
    }
    said["minimum_cell"] = floor
    for point in said["touchpoints"]:
        point.pop("monthly_volume", None)  # the company's figure
    return said


def _taken_over(engagement: Engagement) -> dict[str, Any]:
    plain = engagement.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {field: plain[field] for field in FIELDS if field in plain}


def _copy_files(folder: Path, engagement: Engagement, split: Split, value: str) -> set[Path]:
    """Copy brand and word lists whole; of coded and quoted answers only the branch's own."""
    words = [
        engagement.folder / file
        for file in (engagement.voice.names, engagement.voice.taxonomy) if file
    ]  # fmt: skip
    kept = set()
    for file in [*_brand_files(engagement), *words]:
        if file.is_file():
            to = folder / _beside(file, engagement)
            to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(file, to)
            kept.add(to)
    own = set(split.shares["answers"].rows(value).get("answer_id", ()))
    parts = [(KEPT_FILE.as_posix(), "id"), (engagement.voice.quotes or "", "row_id")]
    for named, key in parts:
        if named and (engagement.folder / named).is_file():
            to = folder / named
            to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _copy_rows(engagement.folder / named, to, key=key, own=own)
            kept.add(to)
    return kept


def _brand_files(engagement: Engagement) -> list[Path]:
    """List the brand file and its logo, where there are any."""
    from cxlib.report.brand import read_brand

    brand = engagement.folder / engagement.brand
    if not brand.is_file():
        return []
    logo = read_brand(brand).logo
    return [brand] if logo is None else [brand, logo]


def _beside(file: Path, engagement: Engagement) -> Path:
    return file.resolve().relative_to(engagement.folder.resolve())


def _copy_rows(file: Path, to: Path, *, key: str, own: set[str]) -> None:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.reader(lines))
    at = rows[0].index(key) if rows and key in rows[0] else None
    with to.open("w", encoding="utf-8-sig", newline="") as lines:
        csv.writer(lines, lineterminator="\n").writerows(
            row for n, row in enumerate(rows) if n == 0 or (at is not None and row[at:][:1] != []
                                                            and row[at] in own)
        )  # fmt: skip
