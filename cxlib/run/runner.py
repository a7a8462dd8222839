"""One run of the workbook: check, execute what changed, make the reports, record what was done."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.engagement import Engagement, load_engagement
from cxlib.engagement.lock import hidden_folder, locked
from cxlib.errors import ConfigError, RunError
from cxlib.run.memory import (
    ENGINE_MB,
    ENGINE_TEMP,
    KEPT_TABLES,
    LIMIT,
    SMALLEST_MB,
    engine_limit_mb,
    kernel_limit_mb,
)
from cxlib.run.notebooks import select_notebooks
from cxlib.run.progress import Progress, Quiet

if TYPE_CHECKING:
    from cxlib.run.kernels import Kernels

WORKERS = 2
RESUMED = ("notebooks", "languages", "formats", "rebase_reason", "out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to make and where.

    Attributes:
        notebooks: Names; none means all that the engagement has something for.
        languages: Report languages; none means all of the engagement's.
        formats: "html", "pdf" or both.
        out: Folder the run's folder is made in.
        rebase_reason: Why frozen ledger entries may change in this run.
        fresh: Whether to execute every notebook, also where nothing changed.
        resume: Whether to go on with the last run, which did not finish, as it was asked for.
        warm: Whether to fork kernels from a warm server, where the system can.
        workers: Notebooks executed at a time, 1 or more, where none needs the other.
        cell_limit_s: Seconds after which a cell is taken to hang, 1 or more.
        wait_s: Seconds to wait for another run of the same engagement.
        memory_mb: Most memory a notebook's kernel takes, 512 or more; 0 shares out the machine's.
    """

    notebooks: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    formats: tuple[str, ...] = ("html", "pdf")
    out: Path = Path("reports")
    rebase_reason: str = ""
    fresh: bool = False
    resume: bool = False
    warm: bool = True
    workers: int = WORKERS
    cell_limit_s: int = 1_800
    wait_s: float = 600.0
    memory_mb: int = 0

    def plain(self) -> dict[str, Any]:
        """The options as JSON keeps them."""
        return {**asdict(self), "out": str(self.out)}


def run_workbook(
    path: str | Path,
    options: Options | None = None,
    *,
    progress: Progress | None = None,
    kernels: "Kernels | None" = None,
) -> Path:
    """Run notebooks on an engagement and make their reports.

    Args:
        path: The engagement file or its folder.
        options: What to make and where.
        progress: Told what is being done.
        kernels: A pool whose warm server to use, for many runs from one process; none makes and
            ends its own.

    Returns:
        The run's folder: reports, ``index.html``, ``run.json``, ledger, executed notebooks.

    Raises:
        CxError: Bad input, before anything is written; or RunError when a notebook failed: then
            the folder is kept, marked FAILED, with no file that looks like a report.
    """
    options = options or Options()
    progress = Quiet() if progress is None else progress
    for name in ("workers", "cell_limit_s"):
        if getattr(options, name) < 1:
            raise ConfigError(f"{name} must be 1 or more, got {getattr(options, name)}")
    if 0 != options.memory_mb < SMALLEST_MB:
        raise ConfigError(
            f"the memory limit must be {SMALLEST_MB} MB or more, got {options.memory_mb}; "
            "a notebook's packages take most of that"
        )
    engagement = load_engagement(path)
    if not os.access(engagement.folder, os.W_OK):
        raise ConfigError(
            f"{engagement.folder} must be writable, since the run keeps its ledger there; "
            "copy the engagement to a folder of your own"
        )
    select_notebooks(options.notebooks)
    with _alone(engagement, options, progress):
        return _run(engagement, options, progress, kernels)


@contextmanager
def _alone(engagement: Engagement, options: Options, progress: Progress) -> Iterator[None]:
    """Let one run at a time use an engagement's folder; a second one waits for its turn."""
    lock = hidden_folder(engagement.folder) / "run.lock"

    def tell(holder: str) -> None:
        progress.say(f"waiting  another run uses {engagement.folder} ({holder})")

    with locked(lock, wait_s=options.wait_s, on_wait=tell) as held:
        if not held:
            raise RunError(
                f"another run still uses {engagement.folder}; wait for it to end, end it, or copy "
                "the engagement to a folder of your own"
            )
        yield


def _run(
    engagement: Engagement, options: Options, progress: Progress, kernels: "Kernels | None"
) -> Path:
    """Run, as the only one that uses the engagement's folder."""
    from cxlib.run.course import KEPT, Course
    from cxlib.run.inputs import Inputs
    from cxlib.run.readiness import make_ready
    from cxlib.run.reuse import Shelf
    from cxlib.run.state import RunState

    state, shelf = RunState(engagement.folder), Shelf(engagement.folder)
    if mended := state.mend(KEPT):
        progress.say(mended)
    if options.resume:
        options = _resumed(options, state.unfinished())
    shelf.tidy()
    inputs = Inputs.take(engagement, out=options.out)
    with _kernels(kernels, warm=options.warm) as pool, private_folder(engagement.folder) as room:
        pool.env |= kernel_env(options, room)
        ready = make_ready(
            engagement,
            select_notebooks(options.notebooks),
            languages=options.languages or tuple(engagement.languages),
            named=bool(options.notebooks),
            inputs=inputs,
            shelf=shelf,
            before=pool.server,  # it imports while the tables are checked
            keep_in=room / TABLES,
        )
        for line in ready.skipped:
            progress.say(f"left out  {line}")
        course = Course(
            inputs, ready, options, progress=progress, kernels=pool, shelf=shelf, state=state
        )
        return course.go()


TABLES = "tables"


@contextmanager
def private_folder(engagement_folder: Path) -> Iterator[Path]:
    """Give a run a folder for its owner alone: checked tables, what engines put aside.

    It is gone when the run ends; what a killed run left goes first.
    """
    room = hidden_folder(engagement_folder) / "run"
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(mode=0o700)
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def kernel_env(options: Options, room: Path) -> dict[str, str]:
    """What the kernels of a run are told: where tables and room to spill are, their memory."""
    env = {KEPT_TABLES: str(room / TABLES), ENGINE_TEMP: str(room / "spill")}
    if limit := kernel_limit_mb(options.memory_mb, workers=options.workers):
        env |= {LIMIT: str(limit), ENGINE_MB: str(engine_limit_mb(limit))}
    return env


def _kernels(given: "Kernels | None", *, warm: bool) -> "Kernels":
    if given is not None:
        return given.branch()
    from cxlib.run.kernels import Kernels

    return Kernels(warm=warm)


def _resumed(options: Options, said: dict[str, Any]) -> Options:
    """The options an unfinished run was asked for."""
    kept = {name: said[name] for name in RESUMED}
    for name in ("notebooks", "languages", "formats"):
        kept[name] = tuple(kept[name])
    return replace(options, **kept | {"out": Path(said["out"])})
