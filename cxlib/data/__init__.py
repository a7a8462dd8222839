"""From a client's files to checked tables one can ask: `open_data` gives Sources."""

from cxlib.data.open import ContractError, Data, TableAudit, TableSpec, open_data
from cxlib.data.source import Source, duckdb_source

__all__ = [
    "ContractError",
    "Data",
    "Source",
    "TableAudit",
    "TableSpec",
    "duckdb_source",
    "open_data",
]
