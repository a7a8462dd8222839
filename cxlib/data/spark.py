"""Ask tables that a Spark cluster holds: one application a process, plain frames back.

A client's table is a name the cluster knows, or a file all its workers see, as Spark spells it:
parquet.`/path`, orc.`/path`, csv.`/path` (with a header; types are found by reading it). Moments
are wall clock in Hong Kong: an instant is read there, a time without a zone stays as it is.
"""

import re
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import pandas as pd

from cxlib.data.engines import CastType, parts_of
from cxlib.data.spark_application import SHOWN, join, leave
from cxlib.errors import DataError, RunError

MOST_SCHEMAS: Final = 20
_FILE: Final = re.compile(r"(parquet|orc|csv)\.`([^`]+)`", re.IGNORECASE)
_ABSENT: Final = frozenset({"TABLE_OR_VIEW_NOT_FOUND", "PATH_NOT_FOUND", "SCHEMA_NOT_FOUND"})
_PLAIN: Final[Mapping[str, str]] = {
    "decimal": "double", "float": "double", "byte": "bigint", "short": "bigint",
    "integer": "bigint", "timestamp": "timestamp_ntz", "date": "timestamp_ntz", "void": "double",
}  # fmt: skip
"""Spark's type to the one that arrives; all others arrive as they are."""
_Result = TypeVar("_Result")


class SparkEngine:
    """A session of its own in this process's application; its views are seen by nobody else.

    The first engine of a process starts the application, later ones at the same address share it.
    Notebooks are processes: several at once take `cores` of the cluster each at most.

    Args:
        address: A master and what may be taken of it, as cxlib.data.spark_application says.

    Raises:
        ConfigError: Java is absent, the address is not one, nothing answers there, or the process
            already works at another.
        RunError: The cluster answers but gives no core in time.
    """

    kind: Final = "spark"
    quote: Final = "`"
    types: Final[Mapping[CastType, str]] = {
        "text": "string", "int": "bigint", "number": "double", "time": "timestamp_ntz",
    }  # fmt: skip

    def __init__(self, address: str) -> None:
        self._application = join(address)
        self._ended = weakref.finalize(self, leave, self._application)
        self._session = self._application.session.newSession()
        self._files: dict[str, str] = {}

    def run(self, sql: str) -> pd.DataFrame:
        """Execute a query.

        Returns:
            Numbers as int64 or float64 (float64 where some are absent), texts as str, moments and
            days as datetime64[us] without a zone.

        Raises:
            DataError: Spark refuses the query; the first line of why is in the message.
            RunError: The session has ended.
        """
        return self._try(lambda: _fetch(self._session.sql(sql)))

    def tables(self) -> Sequence[str]:
        """List the catalog's tables and views, those of the current schema by their bare name."""

        def look() -> list[str]:
            here = self._session.catalog.currentDatabase()
            schemas = [row[0] for row in self._session.sql("show schemas").collect()]
            found = []
            for schema in [here, *(name for name in schemas if name != here)][:MOST_SCHEMAS]:
                rows = self._session.sql(f"show tables in `{schema}`").collect()
                names = sorted(row.tableName for row in rows if not row.isTemporary)
                found += [name if schema == here else f"{schema}.{name}" for name in names]
            return found

        return self._try(look)

    def columns(self, table: str) -> Mapping[str, str]:
        """Map column to declared type, empty if there is no such table or file."""
        from pyspark.errors import AnalysisException

        def look() -> dict[str, str]:
            try:
                probe = f"select * from {self._spell(table)} limit 0"  # noqa: S608
                schema = self._session.sql(probe).schema
            except AnalysisException as error:
                if error.getCondition() in _ABSENT:
                    return {}
                raise
            return {part.name: part.dataType.simpleString() for part in schema}

        return self._try(look)

    def spell(self, table: str) -> str:
        """Spell the full name; a CSV file is opened once and gets a name of its own.

        Raises:
            InputError: It is neither one to three plain names nor a file.
            DataError: The CSV file is not there.
        """
        return self._try(lambda: self._spell(table))

    def view(self, name: str, select: str) -> None:
        """Make a temporary view."""
        self._try(
            lambda: self._session.sql(f"create or replace temporary view `{name}` as {select}")
        )

    def load(self, name: str, frame: pd.DataFrame) -> None:
        """Send a small frame to the cluster as a temporary view; NaN becomes an empty cell."""
        import pyarrow as pa

        table = pa.Table.from_pandas(_plain_frame(frame), preserve_index=False)
        fields = [
            pa.field(part.name, pa.string()) if pa.types.is_null(part.type) else part
            for part in table.schema.remove_metadata()
        ]

        def send() -> None:
            sent = self._session.createDataFrame(table.cast(pa.schema(fields)))
            sent.createOrReplaceTempView(name)

        self._try(send)

    def close(self) -> None:
        """Leave the application; the last engine to leave ends it and its Java process."""
        self._ended()

    def _spell(self, table: str) -> str:
        file = _FILE.fullmatch(table.strip())
        if file is None:
            parts = parts_of(table)
            if len(parts) == 1:  # a bare name would be one of our views first
                parts = (self._session.catalog.currentDatabase(), *parts)
            return ".".join(f"`{part}`" for part in parts)
        kind, path = file[1].lower(), file[2]
        if kind != "csv":
            return f"{kind}.`{path}`"
        if path not in self._files:
            read = self._session.read.csv(path, header=True, inferSchema=True)
            name = f"cx_file_{len(self._files)}"
            read.createOrReplaceTempView(name)
            self._files[path] = name
        return f"`{self._files[path]}`"

    def _try(self, work: Callable[[], _Result]) -> _Result:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        if not self._ended.alive:
            raise RunError("this Spark engine is closed; open it again")
        try:
            return work()
        except (PySparkException, Py4JError, ConnectionError) as error:
            if not isinstance(error, PySparkException) and self._application.has_ended():
                raise RunError(
                    "the Spark session must stay up while tables are read, its Java process ended; "
                    f"{self._application.last_words()}"
                ) from error
            first = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise DataError(f"Spark refuses a question: {first[:SHOWN]}") from error


def _fetch(answer: Any) -> pd.DataFrame:  # noqa: ANN401  # pyspark is imported late
    names = answer.columns
    numbered = answer.toDF(*(f"c{n}" for n in range(len(names))))
    kinds = [part.dataType.typeName() for part in numbered.schema]
    plain = numbered.selectExpr(
        *(
            f"cast(c{n} as {_PLAIN[kind]}) as c{n}" if kind in _PLAIN else f"c{n}"
            for n, kind in enumerate(kinds)
        )
    )
    frame: pd.DataFrame = plain.toArrow().to_pandas()
    frame.columns = pd.Index(names)
    return frame


def _plain_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Give columns types that Spark has: no categories, no unsigned numbers."""
    kinds: dict[Any, Any] = {}
    for name, kind in frame.dtypes.items():
        if isinstance(kind, pd.CategoricalDtype):
            kinds[name] = kind.categories.dtype
        elif str(kind).lower().startswith("uint"):
            kinds[name] = "Int64"
    return frame.astype(kinds)
