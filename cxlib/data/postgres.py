"""A client's tables in PostgreSQL, read through ADBC.

The session can only read: every transaction is read-only, and our names for the client's tables
and columns travel with each question as a WITH, so that nothing is created on the server. A file
that stands beside tables in the database goes into a temporary table of this session; only that
needs the TEMPORARY privilege.
"""

import re
import threading
import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pandas as pd

from cxlib.data.engines import CLOCK, CastType, parts_of
from cxlib.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pyarrow as pa

WAIT_S: Final = 10
_SETTINGS: Final = (
    f"set time zone '{CLOCK}'",
    "set default_transaction_read_only = on",
    "set jit = off",  # compiling takes longer than most of our questions
    "set enable_nestloop = off",  # of a typed column it knows no shares, and would guess few rows
    "set application_name = 'cx workbook'",
)
_REFUSALS: Final = (
    ("password", "the server refuses this user or password", "correct the address"),
    ("role", "the server knows no such user", "correct the user in the address"),
    ("pg_hba", "the server admits no such connection", "ask its owner to let this machine in"),
    ("database", "the server has no such database", "correct the database in the address"),
    ("host name", "no machine has this name", "correct the host in the address"),
    ("refused", "no server answers there", "start the server, or correct host and port"),
    ("timeout", "no server answers there", "look whether a firewall or VPN is in between"),
    ("too many", "the server takes no more connections", "wait, or run with fewer workers"),
)
"""A word of the driver's message, what it means and what to do. The message itself is never
shown: of a mistyped address it may quote the password."""
_MISREAD: Final = (
    "the address is not understood; write special characters of the password as % and two digits "
    "(@ is %40, / is %2F, : is %3A)"
)


class PostgresEngine:
    """One session with a PostgreSQL server.

    Args:
        address: ``postgresql://user:password@host:port/database``.

    Raises:
        ConfigError: The address is no such URI.
        DataError: The server does not answer or does not let us in.
    """

    kind: Final = "postgres"
    quote: Final = '"'
    types: Final[Mapping[CastType, str]] = {
        "text": "text", "int": "bigint", "number": "double precision", "time": "timestamp",
    }  # fmt: skip

    def __init__(self, address: str) -> None:
        from adbc_driver_postgresql import dbapi

        self._error: type[Exception] = dbapi.Error
        self._views: dict[str, str] = {}
        self._lock = threading.Lock()
        where = _place_of(address)
        joint = "&" if "?" in address else "?"
        limit = "" if "connect_timeout" in address else f"{joint}connect_timeout={WAIT_S}"
        try:
            self._session = dbapi.connect(address + limit, autocommit=True)
        except dbapi.Error as error:
            raise _unreachable(str(error), where) from None
        self._ended = weakref.finalize(self, self._session.close)
        for setting in _SETTINGS:
            self._do(setting)

    def run(self, sql: str) -> pd.DataFrame:
        """Execute a query; the views it names go with it."""
        return _to_pandas(self._do(self._with_views(sql)))

    def tables(self) -> Sequence[str]:
        """List the tables and views this user may read."""
        found = self.run(
            "select n.nspname as s, c.relname as t, n.nspname = current_schema() as here "
            "from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
            "where c.relkind in ('r', 'v', 'm', 'f', 'p') "
            "and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') "
            "and n.nspname not like 'pg_temp%' "
            "and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') "
            "order by 1, 2"
        )
        names = zip(found["s"], found["t"], found["here"], strict=True)
        return [str(name) if here else f"{schema}.{name}" for schema, name, here in names]

    def columns(self, table: str) -> Mapping[str, str]:
        """Map column to declared type."""
        found = self.run(
            "select attname as c, format_type(atttypid, atttypmod) as t from pg_attribute "
            f"where attrelid = {_oid(table)} and attnum > 0 and not attisdropped order by attnum"
        )
        return dict(zip(found["c"].astype(str), found["t"].astype(str), strict=True))

    def spell(self, table: str) -> str:
        """Spell the full name, so that no view of ours is meant."""
        found = self.run(
            "select n.nspname as s, c.relname as t from pg_class as c "
            f"join pg_namespace as n on n.oid = c.relnamespace where c.oid = {_oid(table)}"
        )
        if not len(found):
            raise DataError(f"the database has no table {table}")
        return ".".join('"' + str(found[part][0]).replace('"', '""') + '"' for part in ("s", "t"))

    def view(self, name: str, select: str) -> None:
        """Let a name stand for a query in what follows; the server never hears of it alone.

        Cells that are read out of text are read once: the fence keeps their long expression from
        being written into every place that asks for them.
        """
        self._views[name] = f"{select} offset 0" if "translate(" in select else select

    def load(self, name: str, frame: pd.DataFrame) -> None:
        """Copy a frame into a temporary table.

        Raises:
            DataError: The user may not make temporary tables.
        """
        import pyarrow as pa

        arriving = pa.Table.from_pandas(frame, preserve_index=False)
        self._do("set default_transaction_read_only = off")
        try:
            with self._lock, self._session.cursor() as cursor:
                cursor.adbc_ingest(name, arriving, mode="create", temporary=True)
        except self._error as error:
            if "permission denied" in str(error):
                raise DataError(
                    f"the file of {name} must go into a temporary table, which this user may not "
                    "make; grant temporary on the database to the user, or bring the table into "
                    "the database too"
                ) from None
            raise DataError(f"the file of {name} cannot be loaded: {_words(error)}") from None
        finally:
            self._do("set default_transaction_read_only = on")

    def close(self) -> None:
        """End the session; temporary tables go with it."""
        self._ended()

    def _with_views(self, sql: str) -> str:
        named = [
            f"{name} as not materialized ({select})"
            for name, select in self._views.items()
            if re.search(rf"\b{name}\b", sql)
        ]
        return f"with {', '.join(named)} {sql}" if named else sql

    def _do(self, sql: str) -> "pa.Table":
        with self._lock:
            try:
                with self._session.cursor() as cursor:
                    cursor.execute(sql)
                    return cursor.fetch_arrow_table()
            except self._error as error:
                raise _refused(error) from None


def _oid(table: str) -> str:
    quoted = ".".join(f'"{part}"' for part in parts_of(table))
    return f"to_regclass('{quoted}')"


def _to_pandas(answer: "pa.Table") -> pd.DataFrame:
    """Give what DuckDB would: numbers as float64 or int64, times without a zone, text as str."""
    columns: dict[str, pd.Series] = {}
    for name, column in zip(answer.column_names, answer.columns, strict=True):
        columns[name] = _to_series(column)
    return pd.DataFrame(columns)


def _to_series(column: Any) -> pd.Series:  # noqa: ANN401 - pyarrow has no types to check by
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if isinstance(kind, pa.OpaqueType):  # NUMERIC and what else Arrow has no type for, as text
        plain = pa.chunked_array([part.storage for part in column.chunks], kind.storage_type)
        return _to_series(pc.cast(plain, pa.float64()) if kind.type_name == "numeric" else plain)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        wide = pa.int64() if pa.types.is_integer(kind) and not column.null_count else pa.float64()
        return pd.Series(column.cast(wide).to_numpy())
    if pa.types.is_date(kind):
        return pd.Series(column.cast(pa.timestamp("us")).to_pandas())
    if pa.types.is_timestamp(kind):
        times: pd.Series = column.to_pandas()
        return times if kind.tz is None else times.dt.tz_convert(CLOCK).dt.tz_localize(None)
    if pa.types.is_boolean(kind):
        return pd.Series(column.to_pandas())
    return pd.Series(column.to_pandas(), dtype="str")


def _place_of(address: str) -> str:
    """Host and port of an address, "" where they cannot be told from the password."""
    if not address.startswith(("postgresql://", "postgres://")):
        raise ConfigError(
            "the address of a PostgreSQL server must begin with postgresql://; "
            "write postgresql://user:password@host:5432/database"
        )
    try:
        parts = urlsplit(address)
        place = f"{parts.hostname}:{parts.port or 5432}" if parts.hostname else ""
    except ValueError:
        return ""
    if address.partition("?")[0].count("@") > 1:
        raise ConfigError(_MISREAD)
    return "" if "@" in address and "@" not in parts.netloc else place


def _unreachable(said: str, where: str) -> DataError:
    low = said.lower()
    server = f"the PostgreSQL server at {where}" if where else "the PostgreSQL server"
    for word, meaning, remedy in _REFUSALS:
        if word in low:
            return DataError(f"{server} cannot be used: {meaning}; {remedy}")
    return DataError(f"{server} cannot be used: {_MISREAD}")


def _words(error: Exception) -> str:
    """The server's own first line, without the driver's prefix."""
    lines = str(error).splitlines() or [""]
    return re.sub(r"^.*?ERROR:\s*", "", next((line for line in lines if "ERROR" in line), lines[0]))


def _refused(error: Exception) -> DataError:
    state = str(getattr(error, "sqlstate", None) or "")
    if state == "42501" or "permission denied" in str(error):
        return DataError(
            f"PostgreSQL refuses: {_words(error)}; grant usage on the schema and select on the "
            "table to the user of the address"
        )
    if state[:2] in {"08", "57"} or "connection" in str(error).lower():
        return DataError(
            "the connection to PostgreSQL ended in the middle of a question; run again"
        )
    return DataError(f"PostgreSQL refuses a question: {_words(error)}")
