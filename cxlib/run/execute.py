"""Execute one notebook through papermill's API, reporting sections and wording failures."""

import logging
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cxlib.errors import RunError
from cxlib.run.notebooks import Notebook

OnSection = Callable[[int, int, str], None]
START_TIMEOUT_S = 120
OPENING = "Opening the engagement"


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
    notebook: Notebook, output: Path, parameters: Mapping[str, Any], *, on_section: OnSection
) -> Any:  # noqa: ANN401 - nbformat's node
    """Run a notebook top to bottom in a kernel of its own and keep the executed file.

    Args:
        notebook: Which one.
        output: Where the executed notebook goes; also on failure, up to the failing cell.
        parameters: Values for the cell tagged ``parameters``.
        on_section: Called with number, count and name whenever a new section begins.

    Raises:
        RunError: A cell raised or the kernel died; names notebook, section and error.
    """
    import nbformat
    from nbclient.exceptions import DeadKernelError
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
        return _papermill(notebook.path, output, dict(parameters), on_cell_start)
    except PapermillExecutionError as error:
        raise RunError(
            f"notebook {notebook.name}, section {current!r}: {error.ename}: {error.evalue}"
        ) from error
    except DeadKernelError as error:
        raise RunError(
            f"notebook {notebook.name}, section {current!r}: the kernel died "
            "(often too little memory); close other programs and run it again"
        ) from error


def _papermill(
    source: Path, output: Path, parameters: dict[str, Any], on_cell_start: Callable[..., None]
) -> Any:  # noqa: ANN401 - nbformat's node
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import papermill

        logging.getLogger("papermill").setLevel(logging.ERROR)
        os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
        return papermill.execute_notebook(
            source,
            output,
            parameters=parameters,
            kernel_name="python3",
            cwd=source.parent,
            progress_bar=False,
            autosave_cell_every=0,
            start_timeout=START_TIMEOUT_S,
            on_cell_start=on_cell_start,
            extra_arguments=["--IPKernelApp.log_level=CRITICAL"],  # errors come as messages of ours
        )
