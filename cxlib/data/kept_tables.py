"""The checked tables of a run, kept for its other processes while it lasts.

A run checks the client's tables once. What has passed is put into one file in a folder of the run,
readable by its owner alone; each notebook's process takes its tables from there where every
fingerprint is still the same, and reads and checks the client's files itself where one is not.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cxlib.data.embedded import connect_embedded
from cxlib.data.open import Data, TableAudit
from cxlib.data.source import table_source

if TYPE_CHECKING:
    import duckdb

TABLES: Final = "tables.duckdb"
FACTS: Final = "tables.json"


def keep_tables(
    data: Data, folder: Path, keys: Mapping[str, str], *, connection: "duckdb.DuckDBPyConnection"
) -> bool:
    """Keep checked tables in a folder that is made, readable by its owner alone.

    Args:
        data: As opened from files by this process.
        folder: Must not exist.
        keys: Per table the fingerprint of all its check rests on.
        connection: The engine that holds the tables.

    Returns:
        Whether there was room; if not, nothing is left.
    """
    import duckdb

    try:
        folder.mkdir(mode=0o700, parents=True)
        path = str(folder / TABLES).replace("'", "''")
        connection.execute(f"attach '{path}' as kept")
        for name in data:
            connection.execute(f"create table kept.{name} as select * from {name}")  # noqa: S608
        connection.execute("detach kept")
        facts = {name: {"key": keys[name], "audit": _plain(data.audit[name])} for name in data}
        (folder / FACTS).write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
    except (OSError, duckdb.Error):
        shutil.rmtree(folder, ignore_errors=True)
        return False
    return True


def open_kept(folder: Path, wanted: Sequence[str], keys: Mapping[str, str]) -> Data | None:
    """Open tables a run has kept; None where one is absent or what it rests on has changed.

    Args:
        folder: As given to ``keep_tables``.
        wanted: Tables to open.
        keys: Per table the fingerprint of all its check rests on, as it is now.
    """
    import duckdb

    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        if any(facts.get(name, {}).get("key") != keys.get(name, "") for name in wanted):
            return None
        engine = connect_embedded()
        path = str(folder / TABLES).replace("'", "''")
        engine.execute(f"attach '{path}' as kept (read_only)")
        for name in wanted:
            engine.execute(f"create table {name} as select * from kept.{name}")  # noqa: S608
        engine.execute("detach kept")
    except (OSError, ValueError, duckdb.Error):
        return None
    return Data(
        sources={name: table_source(engine, table=name) for name in wanted},
        audit={name: _audit(facts[name]["audit"]) for name in wanted},
    )


def _plain(audit: TableAudit) -> dict[str, Any]:
    """An audit as JSON keeps it; a moment with its unit."""
    said = asdict(audit) | {"missing_share": dict(audit.missing_share)}
    for name in ("first_date", "last_date"):
        moment = said[name]
        said[name] = None if moment is None else [moment.isoformat(), moment.unit]
    return said


def _audit(said: Mapping[str, Any]) -> TableAudit:
    dates = {
        name: None if said[name] is None else pd.Timestamp(said[name][0]).as_unit(said[name][1])
        for name in ("first_date", "last_date")
    }
    lists = {name: tuple(said[name]) for name in ("unused_columns", "notes")}
    return TableAudit(**dict(said) | dates | lists)
