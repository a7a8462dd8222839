"""The KPI history kept beside the ledger: one DuckDB file, rows are added and never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cxlib.errors import DataError, Problem

COLUMNS = (
    "kpi", "period_start", "period_end", "n_obs", "value", "unit", "definition", "revision",
    "reason", "recorded_on",
)  # fmt: skip
TABLE = """create table if not exists kpi_values (
    kpi varchar not null, period_start date not null, period_end date not null,
    n_obs bigint not null, "value" double not null, unit varchar not null,
    definition varchar not null, revision integer not null, reason varchar not null,
    recorded_on date not null, primary key (kpi, period_start, revision)
)"""
NAMES = ", ".join(f'"{name}"' for name in COLUMNS)
LATEST = f"""select {NAMES} from kpi_values
    qualify row_number() over (partition by kpi, period_start order by revision desc) = 1
    order by kpi, period_start"""  # noqa: S608 - names of our own
INSERT = f"insert into kpi_values ({NAMES}) values ({', '.join('?' * len(COLUMNS))})"  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiValue:
    """One period of one KPI as it went on record.

    Attributes:
        kpi: Its id.
        period_start: First day.
        period_end: Last day.
        n_obs: Behind the value.
        value: In the KPI's unit, to ten digits.
        unit: Of the value.
        definition: Fingerprint of what the KPI counts.
        revision: 0 for the first, one more with each restatement.
        reason: Why it was restated; "" for the first.
        recorded_on: Day of the run.
    """

    kpi: str
    period_start: date
    period_end: date
    n_obs: int
    value: float
    unit: str
    definition: str
    recorded_on: date
    revision: int = 0
    reason: str = ""


def read_values(path: Path) -> tuple[KpiValue, ...]:
    """Give the latest revision of every period on record; none where there is no file.

    Raises:
        DataError: The file is no KPI history, or another program holds it.
    """
    if not path.is_file():
        return ()
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True) as store:
            rows = store.execute(LATEST).fetchall()
    except duckdb.Error as error:
        raise _unreadable(path, error) from None
    return tuple(KpiValue(**dict(zip(COLUMNS, row, strict=True))) for row in rows)


def add_values(path: Path, values: Sequence[KpiValue]) -> None:
    """Add rows in one transaction: all of them or none.

    Raises:
        DataError: As read_values.
    """
    if not values:
        return
    import duckdb

    rows = [[getattr(value, name) for name in COLUMNS] for value in values]
    try:
        with duckdb.connect(str(path)) as store:
            store.execute("begin transaction")
            store.execute(TABLE)
            store.executemany(INSERT, rows)
            store.execute("commit")
    except duckdb.Error as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(
        "the KPI history cannot be used",
        [
            Problem(
                path.name, "", "",
                f"it must be a KPI history that no other program holds ({error})",
                "close other programs, or restore it from the folder of an earlier run",
            )
        ],
    )  # fmt: skip
