"""The memory one notebook may take: by the machine or as asked, bounded by the system."""

import os
import sys
from pathlib import Path
from typing import Final

LIMIT: Final = "CX_MEMORY_MB"
"""Environment variable: most memory a kernel takes for itself, in MB."""
ENGINE_MB: Final = "CX_ENGINE_MB"
ENGINE_TEMP: Final = "CX_ENGINE_TEMP"
KEPT_TABLES: Final = "CX_TABLES"
"""As cxlib.data.embedded names them, which a run that reuses everything does not import."""
SMALLEST_MB: Final = 512
"""Under it no notebook opens: the packages alone take most of that."""
SHARE: Final = 0.8
"""Of the machine's memory, for all kernels at a time; the rest is the system's and the run's."""
ENGINE_SHARE: Final = 0.5
"""Of a kernel's memory, for the tables and queries of the embedded engine."""
_CGROUPS: Final = (
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
)
_MB: Final = 1 << 20


def machine_mb() -> int:
    """Memory of this machine or, where that is less, of the container; 0 where it is not told."""
    try:
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0
    for file in _CGROUPS:
        try:
            found = min(found, int(Path(file).read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return found // _MB


def kernel_limit_mb(asked: int, *, workers: int) -> int:
    """Give the limit of one kernel.

    Args:
        asked: MB, or 0 to share out the machine's memory.
        workers: Kernels at a time, 1 or more.

    Returns:
        MB; 0 where the machine does not tell what it has and nothing was asked for.
    """
    if asked:
        return asked
    whole = machine_mb()
    return max(SMALLEST_MB, round(whole * SHARE / workers)) if whole else 0


def engine_limit_mb(limit_mb: int) -> int:
    """Give the share of a kernel's limit that the embedded engine may take."""
    return max(1, round(limit_mb * ENGINE_SHARE))


def bound_memory() -> None:
    """Have the system refuse this process more memory than the environment names.

    What a kernel shares with the server it was forked from counts, as it does in what systems
    report. Where the system has no such limit (Windows, macOS), only the engine's own holds.
    """
    limit = int(os.environ.get(LIMIT) or 0)
    if not limit or sys.platform in {"win32", "darwin"}:
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    wanted = limit * _MB
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
