"""A table that stays where it is: ask it a question in SQL, get a small frame back."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from cxlib.data.embedded import connect_embedded
from cxlib.errors import DataError, InputError

if TYPE_CHECKING:
    import duckdb

_PLAIN: Final = re.compile(r"[a-z_][a-z0-9_]*")
_RESERVED: Final = frozenset({
    "all", "and", "any", "as", "asc", "at", "between", "by", "case", "cast", "check",
    "column", "cross", "current_date", "default", "desc", "distinct", "else", "end",
    "except", "exists", "false", "fetch", "for", "foreign", "from", "full", "grant",
    "group", "having", "in", "inner", "intersect", "into", "is", "join", "left", "like",
    "limit", "natural", "not", "null", "offset", "on", "or", "order", "outer", "primary",
    "references", "right", "select", "some", "table", "then", "to", "true", "union",
    "unique", "user", "using", "when", "where", "window", "with",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """One table in any engine that speaks SQL.

    Attributes:
        table: Its name in the engine.
        columns: The columns it has; every question is checked against them.
        run: Executes a query where the data live and returns a frame. For a client's own engine
            this is one line around their connection.
        ceiling: Most rows an answer may have; more is rows in disguise.
        quote: What the engine puts around a name that is also an SQL word (Spark: a backtick).
    """

    table: str
    columns: frozenset[str]
    run: Callable[[str], pd.DataFrame]
    ceiling: int = 200_000
    quote: str = '"'

    def ask(self, sql: str) -> pd.DataFrame:
        """Run a summary query.

        Raises:
            DataError: The answer has more rows than the ceiling.
        """
        answer = self.run(f"select * from ({sql}) as q limit {self.ceiling + 1}")
        if len(answer) > self.ceiling:
            raise DataError(
                f"{self.table}: a summary must have at most {self.ceiling:,} rows, got more; "
                "use a coarser grouping"
            )
        return answer.rename(columns=str.lower)  # some warehouses fold names to upper case

    def rows(self, columns: Iterable[str], *, at_most: int) -> pd.DataFrame:
        """Fetch rows on purpose, for work that needs them (drivers, text, models).

        Args:
            columns: Which columns, in this order; a declared call takes no more than it needs.
            at_most: Most rows the caller is ready to hold.

        Returns:
            A frame with these columns, one row per row of the table.

        Raises:
            DataError: A column is absent, or the table has more rows than `at_most`.
        """
        wanted = list(columns)
        if not wanted:
            raise InputError("rows needs at least 1 column, got none")
        if at_most < 1:
            raise InputError(f"at_most must be 1 or more, got {at_most}")
        names = ", ".join(self.names(*wanted))
        fetched = self.run(f"select {names} from {self.table} limit {at_most + 1}")
        if len(fetched) > at_most:
            raise DataError(
                f"{self.table}: at most {at_most:,} rows were asked for, the table has more; "
                "raise at_most or use a summary"
            )
        return fetched.rename(columns=str.lower)

    def names(self, *columns: str) -> tuple[str, ...]:
        """Check columns and spell them for SQL.

        Raises:
            DataError: A column is absent; the message lists those that exist.
        """
        if absent := sorted(set(columns) - self.columns):
            near = {name: get_close_matches(name, self.columns, n=1) for name in absent}
            meant = [f"{name} may be {found[0]}" for name, found in near.items() if found]
            hint = f" ({'; '.join(meant)})" if meant else ""
            raise DataError(
                f"columns not found: {', '.join(absent)}{hint}; "
                f"{self.table} has {', '.join(sorted(self.columns))}"
            )
        return tuple(spell(column, self.quote) for column in columns)


def spell(name: str, quote: str = '"') -> str:
    """Write a name for SQL, between quotes where it is no plain word."""
    if _PLAIN.fullmatch(name) and name not in _RESERVED:
        return name
    return quote + name.replace(quote, quote * 2) + quote


def duckdb_source(
    data: pd.DataFrame | Path | str,
    *,
    table: str,
    connection: "duckdb.DuckDBPyConnection | None" = None,
) -> Source:
    """Make a Source over a frame, a CSV or a Parquet file in the embedded engine.

    A frame is copied into the engine once, column by column, which makes every later question
    faster; a file stays a file and is read when asked.

    Args:
        data: The frame, or the path of a `.csv` or `.parquet` file.
        table: Its name; small letters, digits and underscores.
        connection: Share one connection to let tables be joined; none opens a new one.

    Raises:
        InputError: The table name or the kind of file is not allowed.
        DataError: The file does not exist.
    """
    if not _PLAIN.fullmatch(table) or table in _RESERVED:
        raise InputError(f"table must be a plain name in small letters, got {table!r}")
    engine = connect_embedded() if connection is None else connection
    if isinstance(data, pd.DataFrame):
        engine.register("arriving", data)
        engine.execute(f"create or replace table {table} as select * from arriving")
        engine.unregister("arriving")
    else:
        reader = _file_reader(Path(data))
        engine.execute(f"create or replace view {table} as select * from {reader}")
    return table_source(engine, table=table)


def table_source(engine: "duckdb.DuckDBPyConnection", *, table: str) -> Source:
    """Make a Source over a table the embedded engine holds already."""
    described = engine.sql(f"describe {table}").df()

    def run(sql: str) -> pd.DataFrame:
        answer: pd.DataFrame = engine.cursor().sql(sql).df()
        return answer

    return Source(table=table, columns=frozenset(described["column_name"]), run=run)


def _file_reader(path: Path) -> str:
    readers = {".parquet": "read_parquet", ".csv": "read_csv"}
    if path.suffix.lower() not in readers:
        allowed = ", ".join(readers)
        raise InputError(
            f"a file source must be one of {allowed}, got {path.suffix or path.name!r}"
        )
    if not path.is_file():
        raise DataError(f"file not found: {path}")
    quoted = str(path).replace("'", "''")
    return f"{readers[path.suffix.lower()]}('{quoted}')"
