"""Open the tables of an engagement that lie in an engine; files beside them go along.

Nothing of a table in an engine is read here but counts. A file is read and checked as always and
brought into the session, so that its table can be joined.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import uuid4

import pandas as pd

from cxlib.data.contract import CheckedTable, check
from cxlib.data.engine_columns import Layout, lay_out
from cxlib.data.engine_contract import Scan, scan
from cxlib.data.engines import Engine
from cxlib.data.open import (
    ContractError,
    Data,
    TableAudit,
    TableSpec,
    audit_of,
    contract_error,
    contract_of,
    likely_misspelt,
    likely_other_scale,
    name_problems,
    read_spec,
)
from cxlib.data.source import Source, spell
from cxlib.data.tables import TABLE_NAMES, CesVersion
from cxlib.errors import DataError, Problem

FINGERPRINTED_ROWS: Final = 2_000_000
"""A table with more rows is not read through to see whether it changed: it counts as changed."""


def open_tables_in_engine(
    tables: Mapping[str, TableSpec],
    *,
    engine: Engine,
    folder: Path,
    needs: Sequence[str] = (),
    known: Mapping[str, frozenset[str]] | None = None,
    ces_version: CesVersion = "v2",
    repeats: frozenset[str] = frozenset(),
) -> Data:
    """Check the tables a notebook needs where they lie, and open them.

    Args:
        tables: Per table, where it is and how its columns map.
        engine: The session; the Data's Sources ask it.
        folder: What file names are relative to.
        needs: Tables to open; none opens all.
        known: Names that exist per register; stores are taken from the stores table.
        ces_version: Which effort question the client asks.
        repeats: Tables whose repeated rows the engagement has asked to be dropped and counted.

    Raises:
        ContractError: A table is absent or breaks its contract; all problems of all tables are
            reported together.
        DataError: The engine refuses.
    """
    wanted = list(dict.fromkeys(needs)) or list(tables)
    problems = name_problems(wanted, tables)
    usable = [
        name
        for name in dict.fromkeys([*wanted, *({"stores"} & set(tables))])
        if name in tables and name in TABLE_NAMES
    ]
    layouts: dict[str, Layout] = {}
    files: dict[str, CheckedTable] = {}
    registers = dict(known or {})
    for name in sorted(usable, key=lambda name: name != "stores"):  # the others refer to stores
        contract = contract_of(name, ces_version, may_repeat=name in repeats)
        if tables[name].table:
            layouts[name] = lay_out(
                engine, name, tables[name].table, contract, columns=tables[name].columns
            )
        else:
            try:
                files[name] = check(
                    read_spec(name, tables[name], folder), contract, known=registers
                )
            except DataError as error:
                problems.extend(error.problems)
        if name == "stores":
            registers |= _stores(engine, layouts.get(name), files.get(name), registers)
    scans = {
        name: scan(engine, layout, known=registers)
        for name, layout in layouts.items()
        if name in wanted and layout.cells
    }
    _refuse(problems, wanted, layouts, files, scans)
    for name in wanted:
        if name in layouts:
            engine.view(name, layouts[name].select())
        else:
            engine.load(name, files[name].frame)
    return Data(
        sources={name: _source(engine, name, layouts, files) for name in wanted},
        audit={
            name: _audit(engine.kind, layouts[name], scans[name])
            if name in layouts
            else audit_of(files[name])
            for name in wanted
        },
    )


def fingerprints(
    tables: Mapping[str, TableSpec], *, engine: Engine, ces_version: CesVersion
) -> dict[str, str]:
    """Tell the contents of tables apart, whatever the order of their rows.

    Only the columns in use count. A table of more than two million rows, or one that cannot be
    read, gets another fingerprint each time: what rests on it is never taken from an earlier run.

    Args:
        tables: Those that lie in the engine.
        engine: Where.
        ces_version: Which effort question the client asks.
    """
    found = {}
    for name, spec in tables.items():
        found[name] = uuid4().hex
        if name not in TABLE_NAMES:
            continue
        contract = contract_of(name, ces_version, may_repeat=False)
        layout = lay_out(engine, name, spec.table, contract, columns=spec.columns)
        if layout.cells and not layout.problems:
            found[name] = _checksum(engine, layout) or found[name]
    return found


def _checksum(engine: Engine, layout: Layout) -> str:
    """Add up pieces of the MD5 of every row; "" where there are too many rows."""
    counted = engine.run(f"select count(*) as n from {layout.place}")
    if int(counted["n"][0]) > FINGERPRINTED_ROWS:
        return ""
    cells = [spell(name, layout.quote) for name in layout.names]
    row = ", ".join(
        f"case when {cell} is null then '~' else concat('=', {cell}) end" for cell in cells
    )
    pieces = [
        f"sum(ascii(substr(h, {at}, 1)) + 128 * ascii(substr(h, {at + 1}, 1)) "
        f"+ 16384 * ascii(substr(h, {at + 2}, 1))) as s{at}"
        for at in range(1, 16, 3)
    ]
    hashed = f"select md5(concat({row})) as h from ({layout.select()}) as t"
    sums = engine.run(f"select count(*) as n, {', '.join(pieces)} from ({hashed}) as q")
    figures = [f"{float(value):.0f}" for value in sums.iloc[0]]
    return sha256(" ".join([*layout.names, *figures]).encode()).hexdigest()


def _stores(
    engine: Engine,
    layout: Layout | None,
    file: CheckedTable | None,
    known: Mapping[str, frozenset[str]],
) -> dict[str, frozenset[str]]:
    """The names of the stores, from wherever the stores table is."""
    if "store" in known:
        return {}
    if file is not None and "store" in file.raw.frame.columns:
        return {"store": frozenset(file.raw.frame["store"].dropna())}
    if layout is not None and "store" in layout.names:
        there = engine.run(f"select distinct store as s from ({layout.select()}) as t")
        return {"store": frozenset(there["s"].dropna().astype(str))}
    return {}


def _refuse(
    problems: list[Problem],
    wanted: Sequence[str],
    layouts: Mapping[str, Layout],
    files: Mapping[str, CheckedTable],
    scans: Mapping[str, Scan],
) -> None:
    """Raise one error for everything that is wrong."""
    for name in wanted:
        if name in layouts:
            problems.extend(layouts[name].problems)
            problems.extend(scans[name].problems if name in scans else ())
    rows = [files[name].violations for name in wanted if name in files]
    rows = [violations for violations in rows if len(violations)]
    if problems or rows:
        error = contract_error(problems, rows)
        there = [found.violations for found in scans.values() if len(found.violations)]
        every = pd.concat([error.violations, *there], ignore_index=True)
        raise ContractError(error.summary, error.problems, violations=every)


def _source(
    engine: Engine, name: str, layouts: Mapping[str, Layout], files: Mapping[str, CheckedTable]
) -> Source:
    columns = layouts[name].names if name in layouts else files[name].frame.columns
    return Source(
        table=name, columns=frozenset(map(str, columns)), run=engine.run, quote=engine.quote
    )


def _audit(kind: str, layout: Layout, found: Scan) -> TableAudit:
    absent = [name for name in layout.contract.column_names if name not in layout.names]
    limits = {cell.name: cell.column.maximum for cell in layout.cells}
    facts = [found.n_rows, dict(found.filled), dict(found.highest), found.first, found.last]
    return TableAudit(
        table=layout.name,
        file=f"{kind}: {layout.table}",
        sha256=sha256(repr(facts).encode()).hexdigest(),
        encoding="",
        reader=kind,
        n_rows=found.n_rows,
        n_columns=len(layout.cells),
        unused_columns=layout.unused,
        missing_share={
            name: 1 - filled / found.n_rows if found.n_rows else 0.0
            for name, filled in found.filled.items()
        },
        first_date=found.first,
        last_date=found.last,
        notes=(
            *likely_misspelt(absent, layout.unused),
            *likely_other_scale(
                limits.get("ces"), found.filled.get("ces", 0), found.highest.get("ces")
            ),
        ),
    )
