"""Open all tables of an engagement: read, check, and report every problem of every file at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import pandas as pd

from cxlib.data.contract import VIOLATION_COLUMNS, CheckedTable, TableContract, check
from cxlib.data.embedded import connect_embedded
from cxlib.data.grid import RawTable
from cxlib.data.intake import Reader, read_table
from cxlib.data.source import Source, duckdb_source
from cxlib.data.tables import CES_SCALES, TABLE_NAMES, CesVersion, table_contract
from cxlib.errors import DataError, Problem

if TYPE_CHECKING:
    import duckdb

SHOWN_PROBLEMS: Final = 50
SHOWN_IN_FULL: Final = 20
SHOWN_VALUE: Final = 60
SHOWN_PER_RULE: Final = 3
ENOUGH_ANSWERS: Final = 100
_Other = TypeVar("_Other")


class TableSpec(Protocol):
    """What an engagement says about one table."""

    @property
    def file(self) -> str:
        """Its file, relative to the engagement's data folder; "" for a table in an engine."""

    @property
    def table(self) -> str:
        """Its name in the engine; "" for a file."""

    @property
    def encoding(self) -> str | None:
        """A Python codec name; none detects it."""

    @property
    def sheet(self) -> str | None:
        """The sheet of a workbook; none takes the first."""

    @property
    def reader(self) -> Reader:
        """Which reader; auto goes by the file's ending."""

    @property
    def columns(self) -> Mapping[str, str]:
        """Our column name to the client's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableAudit:
    """What is known about a table after the check, for data quality and provenance.

    Attributes:
        table: Our name.
        file: The client's file.
        sha256: Fingerprint of its bytes.
        encoding: Codec of a text file, else "".
        reader: How it was read.
        n_rows: Rows of data.
        n_columns: Columns in use.
        unused_columns: The client's columns no measure asks for.
        missing_share: Per column in use, share of empty cells (0-1).
        first_date: Earliest moment of the table's date column, if it has one.
        last_date: Latest.
        notes: What was set aside while reading.
    """

    table: str
    file: str
    sha256: str
    encoding: str
    reader: str
    n_rows: int
    n_columns: int
    unused_columns: tuple[str, ...]
    missing_share: Mapping[str, float]
    first_date: pd.Timestamp | None
    last_date: pd.Timestamp | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Data(Mapping[str, Source]):
    """The checked tables of an engagement: `data["answers"]` is a Source.

    Attributes:
        sources: Per table, the Source; all share one engine, so their tables can be joined.
        audit: Per table, what the check found out about it.
    """

    sources: Mapping[str, Source]
    audit: Mapping[str, TableAudit]

    def __getitem__(self, table: str) -> Source:
        if table not in self.sources:
            raise DataError(
                f"table {table} is not open; this engagement opened {', '.join(self.sources)}"
            )
        return self.sources[table]

    def __iter__(self) -> Iterator[str]:
        return iter(self.sources)

    def __len__(self) -> int:
        return len(self.sources)

    def __contains__(self, table: object) -> bool:
        return table in self.sources

    def get(  # type: ignore[override]  # the inherited one waits for a KeyError
        self, table: str, default: _Other | None = None
    ) -> Source | _Other | None:
        """The table, or the default where the engagement did not open it."""
        return self.sources.get(table, default)


class ContractError(DataError):
    """Tables break their contracts; `violations` holds every breach for export.

    The message shows a few of each kind; the frame has them all.
    """

    def __init__(
        self, message: str, problems: Sequence[Problem], *, violations: pd.DataFrame
    ) -> None:
        super().__init__(message, problems)
        self.violations = violations


def contract_of(name: str, ces_version: CesVersion, *, may_repeat: bool) -> TableContract:
    """Look up a contract, without its key where the engagement lets rows repeat."""
    contract = table_contract(name, ces_version=ces_version)
    return replace(contract, unique_together=()) if may_repeat else contract


def open_data(
    tables: Mapping[str, TableSpec],
    *,
    folder: Path,
    needs: Sequence[str] = (),
    known: Mapping[str, frozenset[str]] | None = None,
    ces_version: CesVersion = "v2",
    repeats: frozenset[str] = frozenset(),
    connection: "duckdb.DuckDBPyConnection | None" = None,
) -> Data:
    """Read and check the tables a notebook needs.

    Args:
        tables: Per table, where it is and how its columns map.
        folder: What file names are relative to.
        needs: Tables to open; none opens all.
        known: Names that exist per register (touchpoint, experiment, …). Stores are taken from
            the stores table when there is one.
        ces_version: Which effort question the client asks.
        repeats: Tables whose repeated rows the engagement has asked to be dropped and counted.
        connection: Of the embedded engine to hold the tables; none opens one.

    Raises:
        ContractError: A table is absent, unreadable or breaks its contract; all problems of all
            files are reported together.
    """
    wanted = list(dict.fromkeys(needs)) or list(tables)
    problems = name_problems(wanted, tables)
    raws: dict[str, RawTable] = {}
    registers = dict(known or {})
    for name in [*wanted, *(["stores"] if "stores" not in wanted and "stores" in tables else [])]:
        if name in tables and name in TABLE_NAMES:
            try:
                raws[name] = read_spec(name, tables[name], folder)
            except DataError as error:
                problems.extend(error.problems)
    if "stores" in raws and "store" in raws["stores"].frame.columns:
        registers.setdefault("store", frozenset(raws["stores"].frame["store"].dropna()))
    checked = {
        name: check(
            raw, contract_of(name, ces_version, may_repeat=name in repeats), known=registers
        )
        for name, raw in raws.items()
        if name in wanted
    }
    violations = [table.violations for table in checked.values() if len(table.violations)]
    if problems or violations:
        raise contract_error(problems, violations)
    return _open(checked, wanted, connection or connect_embedded())


def read_spec(name: str, spec: TableSpec, folder: Path) -> RawTable:
    """Read the file of a table."""
    return read_table(
        folder / spec.file, table_name=name, encoding=spec.encoding, sheet=spec.sheet,
        reader=spec.reader, columns=spec.columns,
    )  # fmt: skip


def _open(
    checked: Mapping[str, CheckedTable],
    wanted: Sequence[str],
    engine: "duckdb.DuckDBPyConnection",
) -> Data:
    return Data(
        sources={
            name: duckdb_source(checked[name].frame, table=name, connection=engine)
            for name in wanted
        },
        audit={name: audit_of(checked[name]) for name in wanted},
    )


def audit_of(table: CheckedTable) -> TableAudit:
    """Say what is known about a checked file."""
    frame, raw, date = table.frame, table.raw, table.contract.date
    dates = frame[date].dropna() if date in frame.columns else pd.Series(dtype="datetime64[us]")
    absent = [name for name in table.contract.column_names if name not in frame.columns]
    limits = {column.name: column.maximum for column in table.contract.columns}
    effort = frame["ces"].dropna() if "ces" in frame.columns else pd.Series(dtype="Int64")
    return TableAudit(
        table=raw.table_name,
        file=raw.file,
        sha256=raw.sha256,
        encoding=raw.encoding,
        reader=raw.reader,
        n_rows=table.n_rows,
        n_columns=len(frame.columns),
        unused_columns=table.unused_columns,
        missing_share={str(name): float(share) for name, share in frame.isna().mean().items()},
        first_date=dates.min() if len(dates) else None,
        last_date=dates.max() if len(dates) else None,
        notes=(
            *raw.notes,
            *likely_misspelt(absent, table.unused_columns),
            *likely_other_scale(
                limits.get("ces"), len(effort), float(effort.max()) if len(effort) else None
            ),
        ),
    )


def likely_misspelt(absent: Sequence[str], unused: Sequence[str]) -> list[str]:
    """Say which unused columns look like a column that is absent; no error, since it may be so."""
    near = {name: get_close_matches(name.lower(), absent, n=1, cutoff=0.75) for name in unused}
    return [
        f"column {name} is not used; it may be {found[0]}" for name, found in near.items() if found
    ]


def likely_other_scale(maximum: float | None, n_obs: int, highest: float | None) -> list[str]:
    """Say when nobody uses the upper end of the effort scale: it may be the older question."""
    top = CES_SCALES["v1"][1]
    if maximum in {None, top} or highest is None or n_obs < ENOUGH_ANSWERS or highest > top:
        return []
    return [f"no ces answer is above {top} of {maximum:g}; it may be CES-v1, which has {top}"]


def name_problems(wanted: Sequence[str], tables: Mapping[str, TableSpec]) -> list[Problem]:
    """Say which tables are not known and which are needed."""
    problems = []
    for name in dict.fromkeys([*tables, *wanted]):
        if name not in TABLE_NAMES:
            near = get_close_matches(name, TABLE_NAMES, n=1)
            hint = f"did you mean {near[0]}" if near else f"use one of {', '.join(TABLE_NAMES)}"
            problems.append(
                Problem("engagement.yml", "tables", name, "must be a known table", hint)
            )
        elif name not in tables:
            problems.append(
                Problem(
                    "engagement.yml", "tables", "", f"the table {name} is needed",
                    f"add {name}: with its file to tables",
                )
            )  # fmt: skip
    return problems


def contract_error(problems: list[Problem], violations: list[pd.DataFrame]) -> ContractError:
    """Word problems and breaches as one error; of many alike a few are shown."""
    frame = (
        pd.concat(violations, ignore_index=True)
        if violations
        else pd.DataFrame({name: pd.Series(dtype=object) for name in VIOLATION_COLUMNS})
    )
    n_all = len(problems) + len(frame)
    kinds = frame.groupby(["file", "column", "rule"], sort=False)
    few = frame if n_all <= SHOWN_IN_FULL else frame[kinds.cumcount() < SHOWN_PER_RULE]
    shown = [*problems, *map(_problem, few.itertuples())][:SHOWN_PROBLEMS]
    noun = "problem" if n_all == 1 else "problems"
    message = f"the client's tables have {n_all:,} {noun}"
    if len(shown) < n_all:
        message += (
            f"; {len(shown)} are shown, {n_all - len(shown):,} more are like them: "
            "cx check --csv FILE writes all"
        )
    return ContractError(message, shown, violations=frame)


def _cut(value: str) -> str:
    """Keep the start of a long value on one line; Chinese has no spaces to break at."""
    words = " ".join(value.split())
    return words if len(words) <= SHOWN_VALUE else f"{words[:SHOWN_VALUE]} …"


def _problem(row: object) -> Problem:
    column = getattr(row, "column", "")
    number = getattr(row, "row", 0)
    return Problem(
        file=str(getattr(row, "file", "")),
        where=f"row {number}, column {column}" if column else f"row {number}",
        value=_cut(str(getattr(row, "value", ""))),
        rule=str(getattr(row, "rule", "")),
        remedy=str(getattr(row, "remedy", "")),
    )
