# ruff: noqa: S608  (the sample's own names)
"""The sample's tables in PostgreSQL as a client might hold them, and an engagement file over them.

Every kind of column is declared in more than one way: whole numbers as smallint, bigint and text,
amounts as numeric, flags as boolean, moments with a zone, without and as text. Rows lie in no
order, text sorts by a language's rules, and one table has names of the client's own.
"""

import shutil
from pathlib import Path

import pandas as pd
import yaml
from adbc_driver_postgresql import dbapi

from cxlib.data.tables import TABLE_NAMES, table_contract

TYPES = {
    "int": "smallint", "number": "numeric", "flag": "boolean", "date": "date",
    "datetime": "timestamp", "text": "text",
}  # fmt: skip
OTHERWISE = {
    ("answers", "answered_at"): "timestamptz", ("answers", "csat"): "bigint",
    ("answers", "ces"): "text", ("answers", "channel"): "varchar(10)",
    ("cases", "opened_at"): "text", ("cases", "first_reply_at"): "text",
    ("cases", "talk_seconds"): "text", ("customers", "joined_on"): "text",
    ("customers", "consent"): "text", ("invitations", "completed"): "integer",
    ("orders", "amount_hkd"): "double precision", ("ab_test", "pre_orders"): "numeric",
    ("store_panel", "enquiries"): "integer", ("kpi_history", "n_obs"): "integer",
    ("stores", "area_sqft"): "integer", ("employees", "unit"): "char(20)",
}  # fmt: skip
NAMES = {"cases": {"case_id": "CaseNo", "opened_at": "Opened", "category": "sort of case"}}
SCHEMAS = {"orders": "shop", "cases": "desk"}


def load_sample(server, data, *, tables=TABLE_NAMES):
    """Make the tables as the owner and let the reader read them."""
    statements = [f"create schema {name}" for name in sorted(set(SCHEMAS.values()))]
    server.do(*statements, *(f"grant usage on schema {s} to reader" for s in SCHEMAS.values()))
    with dbapi.connect(server.address("owner"), autocommit=True) as session:
        for name in tables:
            _load(session, name, data / f"{name}.csv")


def _load(session, name, path):
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    known = {c.name: c for c in table_contract(name).columns_in(frame.columns)}
    place = place_of(name)
    columns, values = [], []
    for column in frame.columns:
        kind = OTHERWISE.get((name, column)) or TYPES[known[column].kind]
        columns.append(f'"{NAMES.get(name, {}).get(column, column)}" {kind}')
        value = f"nullif(\"{column}\", '')"
        value = f"({value} || '+08')" if kind == "timestamptz" else value
        values.append(f"cast({value} as {kind})")
    row = " || ".join(f'"{column}"' for column in frame.columns)
    with session.cursor() as cursor:
        cursor.adbc_ingest("arriving", _arrow(frame), temporary=True)
        cursor.execute(f"create table {place} ({', '.join(columns)})")
        cursor.execute(
            f"insert into {place} select {', '.join(values)} from arriving order by md5({row})"
        )
        cursor.execute("drop table arriving")
        cursor.execute(f"analyze {place}")
        cursor.execute(f"grant select on {place} to reader")


def _arrow(frame):
    import pyarrow as pa

    return pa.Table.from_pandas(frame, preserve_index=False)


def place_of(name):
    """The table's full name in the database."""
    return f"{SCHEMAS.get(name, 'public')}.{name}"


def engagement_in_postgres(sample, folder, *, files=()):
    """Copy the sample's engagement so that its tables lie in PostgreSQL, and these in files."""
    folder = Path(folder)
    shutil.copytree(
        sample, folder,
        ignore=shutil.ignore_patterns("history.duckdb*", ".cx", "ledger.json", "data"),
    )  # fmt: skip
    path = folder / "engagement.yml"
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    said["engine"] = {"kind": "postgres", "address": "${CX_DATABASE}"}
    for name, spec in said["tables"].items():
        if name in files:
            target = folder / spec["file"]
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(sample / spec["file"], target)
        else:
            said["tables"][name] = {"table": place_of(name), "columns": NAMES.get(name, {})}
    path.write_text(yaml.safe_dump(said, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path
