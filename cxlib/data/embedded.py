"""The embedded engine within the bounds a run sets for the processes of its notebooks.

A run tells its processes by environment variables, so that an open notebook, which has none of
them, works as the engine's own defaults have it.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import duckdb

ENGINE_MB: Final = "CX_ENGINE_MB"
"""Most memory the engine of a process takes, in MB; without it, most of the machine's."""
ENGINE_TEMP: Final = "CX_ENGINE_TEMP"
"""The folder in which engines put aside what does not fit; without it, the working folder."""
KEPT_TABLES: Final = "CX_TABLES"
"""The folder in which the run has kept its checked tables."""


def engine_bounds() -> dict[str, str | bool | int | float | list[str]]:
    """Give the bounds as the engine's settings; none where no run has set any."""
    bounds: dict[str, str | bool | int | float | list[str]] = {}
    if limit := os.environ.get(ENGINE_MB):
        bounds["memory_limit"] = f"{int(limit)}MB"
    if folder := os.environ.get(ENGINE_TEMP):
        bounds["temp_directory"] = str(Path(folder) / str(os.getpid()))  # each process its own
    return bounds


def connect_embedded() -> "duckdb.DuckDBPyConnection":
    """Open the engine, in memory, within its bounds.

    What it puts aside lies in a folder that the run removes when it ends.
    """
    import duckdb

    engine_scratch()
    return duckdb.connect(config=engine_bounds())


def engine_scratch() -> Path | None:
    """Give the folder for what an engine puts aside, made; None outside a run."""
    named = os.environ.get(ENGINE_TEMP)
    if not named:
        return None
    folder = Path(named)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def kept_tables() -> Path | None:
    """Give the folder of the run's checked tables; None outside a run."""
    named = os.environ.get(KEPT_TABLES)
    return Path(named) if named else None
