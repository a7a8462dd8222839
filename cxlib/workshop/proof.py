"""Both editions executed: every check right for the trainer, every exercise waiting for a learner.

All modules of an edition run in one kernel, emptied between them, so that none can lean on
another; a cell that fails is told with its module, and the run goes on.
"""

import asyncio
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from cxlib.errors import RunError
from cxlib.report.fonts import missing_characters, report_fonts
from cxlib.run.execute import CELL_LIMIT_S, QUIETLY, START_TIMEOUT_S
from cxlib.run.kernels import Kernels
from cxlib.workshop.checks import MIME
from cxlib.workshop.editions import instructor, solution_lines, student
from cxlib.workshop.modules import Module
from cxlib.workshop.pages import script

Edition = Literal["instructor", "student"]
WANTED: Final[dict[Edition, str]] = {"instructor": "right", "student": "blank"}
_EMPTY: Final = "%reset -f\nimport matplotlib.pyplot as plt\nplt.close('all')\ndel plt"
_SHORTEST: Final = 8
"""Letters from which on a solution's line is looked for in the learner's edition."""
_IMPORT: Final = re.compile(r"(from|import)\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What executing one edition of one module showed.

    Attributes:
        module: Its name.
        language: Of the edition.
        edition: Which one.
        checks: Exercises it checked.
        problems: What is wrong, one line each; empty where nothing is.
    """

    module: str
    language: str
    edition: Edition
    checks: int
    problems: tuple[str, ...]

    def __str__(self) -> str:
        told = {"instructor": "right", "student": "waiting"}[self.edition]
        line = f"{self.module} ({self.language}), {self.edition} edition: "
        if not self.problems:
            return f"ok    {line}{self.checks} of {self.checks} exercises {told}"
        return "\n".join([f"FAIL  {line}", *(f"      {problem}" for problem in self.problems)])


def prove(
    modules: Sequence[Module],
    *,
    languages: Iterable[str],
    company: Path,
    kernels: Kernels,
) -> Iterator[Proof]:
    """Execute both editions in each language and say what they show, module by module.

    Args:
        modules: In order.
        languages: Of the editions.
        company: Folder of the company they run on.
        kernels: Of this run.

    Raises:
        RunError: The kernel died or a cell hung.
    """
    for language in languages:
        for edition in WANTED:
            make = instructor if edition == "instructor" else student
            made = [make(each.notebook, language, company=company.as_posix()) for each in modules]
            executed = execute_all(made, folder=company, kernels=kernels)
            for module, notebook in zip(modules, executed, strict=True):
                yield read_run(module, notebook, language=language, edition=edition)


def read_run(
    module: Module,
    executed: Any,  # noqa: ANN401 - nbformat's node
    *,
    language: str,
    edition: Edition,
    dropped: Collection[str] = (),
) -> Proof:
    """Say what is wrong with an executed edition of a module; dropped exercises are not missed."""
    problems = []
    verdicts: dict[str, dict[str, str]] = {}
    for cell in executed.cells:
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                problems.append(f"cell {cell.id} fails: {output.ename}: {output.evalue}")
            if verdict := output.get("data", {}).get(MIME):
                verdicts[verdict["key"]] = verdict
    for task in module.tasks:
        if task.key in dropped:
            continue
        verdict = verdicts.get(task.key)
        if verdict is None:
            problems.append(f"exercise {task.key}: no check was shown")
        elif verdict["state"] != WANTED[edition]:
            problems.append(
                f"exercise {task.key}: must be {WANTED[edition]}, is {verdict['state']}: "
                f"{verdict['message']}"
            )
    text = "".join(script(letter)[1] for cell in executed.cells for letter in cell.source)
    problems += [
        f"character {each!r} (U+{ord(each):04X}) has no glyph: write it another way"
        for each in missing_characters(text, report_fonts())
    ]
    if edition == "student":
        problems += [f"solution text is left: {line!r}" for line in leaks(module, executed)]
    return Proof(
        module=module.name, language=language, edition=edition, checks=len(verdicts),
        problems=tuple(problems),
    )  # fmt: skip


def leaks(module: Module, edition: Any) -> list[str]:  # noqa: ANN401 - nbformat's node
    """The lines of a module's solutions that stand in a learner's edition.

    In a task or its code no line may stand; elsewhere a step may be taught, but no line that gives
    the answer.
    """
    texts = {True: "", False: ""}
    for cell in edition.cells:
        texts["exercise" in cell.metadata] += f"{cell.source}\n"
    lines = [
        line.strip()
        for cell in module.notebook.cells
        if cell.cell_type == "code"
        for line in solution_lines(cell.source)[0]
    ]
    return [
        line
        for line in dict.fromkeys(lines)
        if len(line) >= _SHORTEST
        and not _IMPORT.match(line)
        and (line in texts[True] or (line.startswith("answer") and line in texts[False]))
    ]


def execute_all(
    notebooks: Sequence[Any], *, folder: Path, kernels: Kernels, cell_limit_s: int = CELL_LIMIT_S
) -> list[Any]:
    """Execute notebooks one after the other in one kernel that is emptied between them.

    Args:
        notebooks: nbformat's nodes; they are not changed.
        folder: In which their cells run.
        kernels: Of this run.
        cell_limit_s: Seconds after which a cell is taken to hang.

    Returns:
        The executed notebooks; a cell that failed holds its error and those after it ran too.

    Raises:
        RunError: The kernel died or a cell hung.
    """
    from copy import deepcopy

    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    made = [deepcopy(notebook) for notebook in notebooks]
    cells = []
    for place, notebook in enumerate(made):
        empty = nbformat.v4.new_code_cell(_EMPTY, id=f"empty-{place}")  # type: ignore[no-untyped-call]
        cells += [empty, *notebook.cells]
    joined = nbformat.v4.new_notebook(metadata=made[0].metadata)  # type: ignore[no-untyped-call]
    joined.cells = cells  # modules may use one id each: ids are unique in a file only
    client = NotebookClient(
        joined, timeout=cell_limit_s, startup_timeout=START_TIMEOUT_S, kernel_name="python3",
        allow_errors=True, resources={"metadata": {"path": str(folder)}},
        kernel_manager_class=kernels.manager(), shutdown_kernel="immediate",
        extra_arguments=QUIETLY,
    )  # fmt: skip
    try:
        asyncio.run(client.async_execute())
    except CellTimeoutError as error:
        raise RunError(
            f"a cell took longer than {cell_limit_s:,} seconds and was stopped; "
            "look for a loop that does not end"
        ) from error
    except DeadKernelError as error:
        raise RunError(
            "the kernel died (often too little memory); close other programs and run it again"
        ) from error
    return made
