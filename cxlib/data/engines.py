"""Engines that hold a client's tables: what each must be able to do, and how one is opened.

The SQL texts of this package are the same for every engine. What differs between engines is only
what stands here: how to connect, how a name is quoted, what a type is called in a cast.
"""

import re
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import Final, Literal, Protocol, cast, get_args

import pandas as pd

from cxlib.errors import ConfigError, DataError, InputError

EngineKind = Literal["duckdb", "postgres", "spark"]
CastType = Literal["text", "int", "number", "time"]

CLOCK: Final = "Asia/Hong_Kong"
"""The zone of every session: a moment with an offset becomes the time on the client's wall."""
TEXT_ORDER: Final[Mapping[EngineKind, str]] = {
    "duckdb": "", "postgres": ' collate "C"', "spark": "",
}  # fmt: skip
"""What follows a text so that it sorts by code point everywhere, whatever the database's locale."""


class Engine(Protocol):
    """One session with an engine. A class of this shape takes the address as its one argument.

    Attributes:
        kind: Which engine.
        quote: What it puts around a name that is also an SQL word.
        types: What a cast calls text, a whole number (64 bits), a number (float of 64 bits) and a
            time without a zone.

    The session's clock is ``CLOCK``, so that casting a moment with a zone to a time gives Hong
    Kong's. Nothing is ever written where the client's tables lie.
    """

    @property
    def kind(self) -> EngineKind: ...  # noqa: D102

    @property
    def quote(self) -> str: ...  # noqa: D102

    @property
    def types(self) -> Mapping[CastType, str]: ...  # noqa: D102

    def run(self, sql: str) -> pd.DataFrame:
        """Execute a query; numbers come as float64 or int64, times as datetime64, text as str.

        Raises:
            DataError: The engine refuses; the message holds no address and no password.
        """

    def tables(self) -> Sequence[str]:
        """List what can be read, as an engagement would name it, for a suggestion."""

    def columns(self, table: str) -> Mapping[str, str]:
        """Map each column of a client's table to its declared type, empty if there is no table.

        Args:
            table: As the engagement names it: name, schema.name or catalog.schema.name.
        """

    def spell(self, table: str) -> str:
        """Spell the full name of a client's table for a FROM, never one of our views."""

    def view(self, name: str, select: str) -> None:
        """Let a name stand for a query in this session."""

    def load(self, name: str, frame: pd.DataFrame) -> None:
        """Bring a small frame into this session under a name."""

    def close(self) -> None:
        """End the session and drop what was made in it; twice does no harm."""


@dataclass(frozen=True, slots=True)
class _Module:
    name: str
    engine: str
    package: str


_MODULES: Final[Mapping[EngineKind, _Module]] = {
    "duckdb": _Module("cxlib.data.engines", "DuckdbEngine", "duckdb"),
    "postgres": _Module("cxlib.data.postgres", "PostgresEngine", "adbc_driver_postgresql"),
    "spark": _Module("cxlib.data.spark", "SparkEngine", "pyspark"),
}


def open_engine(kind: EngineKind, address: str) -> Engine:
    """Connect to the engine that holds the client's tables.

    Args:
        kind: Which engine.
        address: duckdb: path of a database file; postgres: a postgresql:// URI;
            spark: a master, such as spark://host:7077 or local[2].

    Raises:
        ConfigError: The engine's package is not installed, or the address is not one of its kind.
        DataError: The engine cannot be reached or refuses.
    """
    if kind not in _MODULES:
        raise InputError(f"kind must be one of {', '.join(get_args(EngineKind))}, got {kind!r}")
    module = _MODULES[kind]
    try:
        import_module(module.package)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"tables in {kind} need the package {error.name}, which is not installed; "
            f'install the extra: pip install "cx-workbook[{kind}]"'
        ) from None
    return cast("Engine", getattr(import_module(module.name), module.engine)(address))


def installed() -> dict[EngineKind, str]:
    """Map each kind of engine to the version of its package, "" where it is not installed."""
    found = {}
    for kind, module in _MODULES.items():
        try:
            found[kind] = metadata.version(module.package.replace("_", "-"))
        except metadata.PackageNotFoundError:
            found[kind] = ""
    return found


def parts_of(table: str) -> tuple[str, ...]:
    """Split the name of a client's table at its dots.

    Raises:
        InputError: It is not one to three plain names.
    """
    parts = tuple(table.split("."))
    if len(parts) > 3 or not all(re.fullmatch(r"[^\W\d][\w$]*", part) for part in parts):  # noqa: PLR2004
        raise InputError(
            f"table must be name, schema.name or catalog.schema.name in letters, digits and _, "
            f"got {table!r}"
        )
    return parts


class DuckdbEngine:
    """Tables in a DuckDB database file, opened for reading only.

    Args:
        address: The file.

    Raises:
        ConfigError: There is no such file.
        DataError: It is no database, or another process writes to it.
    """

    kind: Final = "duckdb"
    quote: Final = '"'
    types: Final[Mapping[CastType, str]] = {
        "text": "varchar", "int": "bigint", "number": "double", "time": "timestamp",
    }  # fmt: skip

    def __init__(self, address: str) -> None:
        import duckdb

        if not Path(address).is_file():
            raise ConfigError("the address must name a DuckDB database file, and none is there")
        self._session = duckdb.connect()
        self._session.execute(f"set timezone = '{CLOCK}'")
        path = address.replace("'", "''")
        try:
            self._session.execute(f"attach '{path}' as client (read_only)")
        except duckdb.Error as error:
            first = str(error).splitlines()[0]
            raise DataError(f"the DuckDB database cannot be opened: {first}") from None
        self._ended = weakref.finalize(self, self._session.close)

    def run(self, sql: str) -> pd.DataFrame:
        """Execute a query."""
        import duckdb

        try:
            answer: pd.DataFrame = self._session.sql(sql).df()
        except duckdb.Error as error:
            raise DataError(f"duckdb refuses a question: {str(error).splitlines()[0]}") from None
        return answer

    def tables(self) -> Sequence[str]:
        """List the tables and views of the file."""
        found = self.run(
            "select table_schema as s, table_name as t from information_schema.tables "
            "where table_catalog = 'client' order by s, t"
        )
        return [
            name if schema == "main" else f"{schema}.{name}"
            for schema, name in zip(found["s"], found["t"], strict=True)
        ]

    def columns(self, table: str) -> Mapping[str, str]:
        """Map column to declared type."""
        schema, name = self._place(table)
        found = self.run(
            "select column_name as c, data_type as t from information_schema.columns "
            f"where table_catalog = 'client' and table_schema = '{schema}' "
            f"and table_name = '{name}' order by ordinal_position"
        )
        return dict(zip(found["c"], found["t"], strict=True))

    def spell(self, table: str) -> str:
        """Spell the full name."""
        return ".".join(f'"{part}"' for part in ("client", *self._place(table)))

    def view(self, name: str, select: str) -> None:
        """Make a temporary view."""
        self._session.execute(f"create or replace temporary view {name} as {select}")

    def load(self, name: str, frame: pd.DataFrame) -> None:
        """Copy a frame into a temporary table."""
        self._session.register("arriving", frame)
        self._session.execute(f"create or replace temporary table {name} as select * from arriving")
        self._session.unregister("arriving")

    def close(self) -> None:
        """End the session."""
        self._ended()

    def _place(self, table: str) -> tuple[str, str]:
        *schema, name = parts_of(table)
        return (schema[-1] if schema else "main"), name
