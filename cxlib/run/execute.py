"""Execute one notebook through papermill's API, reporting sections and wording failures."""

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.errors import RunError
from cxlib.run.memory import LIMIT, machine_mb
from cxlib.run.notebooks import Notebook

if TYPE_CHECKING:
    from cxlib.run.kernels import Kernels

OnSection = Callable[[int, int, str], None]
START_TIMEOUT_S = 120
CELL_LIMIT_S = 1_800
OPENING = "Opening the engagement"
OUT_OF_MEMORY = {"MemoryError", "_ArrayMemoryError", "OutOfMemoryException", "ArrowMemoryError"}
QUIETLY = [
    "--IPKernelApp.log_level=CRITICAL",  # errors come as messages of ours
    "--HistoryManager.enabled=False",  # what was run stays in the run's folder
]


def sections(notebook: Any) -> dict[str, str]:  # noqa: ANN401 - nbformat's node
    """Cell id to the name of the section it belongs to (the nearest ``##`` heading above)."""
    name, found = OPENING, {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for line in cell.source.splitlines():
                if line.startswith("## "):
                    name = line[3:].strip()
        found[cell.get("id", "")] = name
    return found


def execute(
    notebook: Notebook,
    output: Path,
    parameters: Mapping[str, Any],
    *,
    on_section: OnSection,
    kernels: "Kernels",
    cell_limit_s: int = CELL_LIMIT_S,
) -> None:
    """Run a notebook top to bottom in a kernel of its own and keep the executed file.

    Args:
        notebook: Which one.
        output: Where the executed notebook goes; also on failure, up to the failing cell.
        parameters: Values for the cell tagged ``parameters``.
        on_section: Called with number, count and name whenever a new section begins.
        kernels: The run's kernels.
        cell_limit_s: Seconds after which a cell is taken to hang, above 0.

    Raises:
        RunError: A cell raised or took too long, or the kernel died; names notebook, section and
            error.
    """
    spare_grammars()
    import nbformat
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    source = nbformat.read(notebook.path, as_version=4)  # type: ignore[no-untyped-call]
    place = sections(source)
    names = list(dict.fromkeys(place.values()))
    current = ""

    def on_cell_start(cell: Any, cell_index: int) -> None:  # noqa: ANN401, ARG001 - nbclient's hook
        nonlocal current
        name = place.get(cell.get("id", ""), current or names[0])
        if name != current:
            current = name
            on_section(names.index(name) + 1, len(names), name)

    try:
        _papermill(
            notebook, output, dict(parameters), on_cell_start=on_cell_start, kernels=kernels,
            cell_limit_s=cell_limit_s,
        )  # fmt: skip
    except PapermillExecutionError as error:
        if error.ename in OUT_OF_MEMORY:
            raise RunError(
                f"notebook {notebook.name}, section {current!r}: {_needs(kernels)} "
                f"({error.ename}: {error.evalue:.200})"
            ) from error
        raise RunError(
            f"notebook {notebook.name}, section {current!r}: {error.ename}: {error.evalue}"
        ) from error
    except CellTimeoutError as error:
        raise RunError(
            f"notebook {notebook.name}, section {current!r}: a cell took longer than "
            f"{cell_limit_s:,} seconds and was stopped; give it more with --cell-limit, or make "
            "the tables it reads smaller"
        ) from error
    except (DeadKernelError, RuntimeError) as error:
        if not isinstance(error, DeadKernelError) and "died" not in str(error):
            raise
        raise RunError(
            f"notebook {notebook.name}, section {current or names[0]!r}: the kernel died, often "
            f"because {_needs(kernels)}"
        ) from error


def _needs(kernels: "Kernels") -> str:
    """Say that memory did not suffice, and what to do."""
    limit, whole = kernels.env.get(LIMIT), machine_mb()
    more = "close other programs, or make the tables it reads smaller"
    if not limit:
        return f"it needed more memory than there is; {more}"
    return (
        f"it needed more than the {int(limit):,} MB a kernel may take; give it more with "
        f"--memory-limit (this machine has {whole:,} MB), {more}"
    )


@contextmanager
def quiet_threads() -> Iterator[None]:
    """Keep papermill's and nbclient's warnings away, for all threads of a run."""
    with warnings.catch_warnings():  # of the process, not of a thread: once around all of them
        warnings.simplefilter("ignore")
        logging.getLogger("papermill").setLevel(logging.CRITICAL + 1)  # worded by us
        os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
        yield


def spare_grammars() -> None:
    """Let jsonschema, which nbformat imports, do without its 39 grammars for internet addresses.

    They are optional there, no notebook is checked by them, and making them takes a second.
    """
    if "jsonschema" not in sys.modules:
        sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # import fails


def _papermill(
    notebook: Notebook,
    output: Path,
    parameters: dict[str, Any],
    *,
    on_cell_start: Callable[..., None],
    kernels: "Kernels",
    cell_limit_s: int,
) -> None:
    import papermill

    from cxlib.run.engine import register

    try:
        papermill.execute_notebook(
            notebook.path,
            output,
            parameters=parameters,
            engine_name=register(),
            kernel_name="python3",
            # papermill's own cwd would change this process's, under the feet of other threads
            resources={"metadata": {"path": str(notebook.path.parent)}},
            progress_bar=False,
            autosave_cell_every=0,
            start_timeout=START_TIMEOUT_S,
            execution_timeout=cell_limit_s,
            on_cell_start=on_cell_start,
            kernel_manager_class=kernels.manager(notebook.name),
            shutdown_kernel="immediate",  # it has nothing left to do
            extra_arguments=QUIETLY,
        )
    finally:
        _close_loop()


def _close_loop() -> None:
    """Close the event loop nbclient made for this thread, with what still waits in it."""
    import asyncio

    from jupyter_core.utils import ensure_event_loop

    loop = ensure_event_loop()
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.close()
    asyncio.set_event_loop(None)
