"""Two editions of an instructor notebook: the learner's without solutions, the trainer's with them.

The instructor notebook is the only source. Solutions stand between nbgrader's plain comment
markers; nbconvert's preprocessors take cells and outputs away, ours takes the solutions.
"""

import re
from collections.abc import Collection
from copy import deepcopy
from typing import Any, Final

from nbconvert.preprocessors import ClearOutputPreprocessor, Preprocessor, TagRemovePreprocessor
from traitlets import Unicode

from cxlib.errors import ConfigError
from cxlib.report.catalogue import CODES, message

BEGIN: Final = re.compile(r"^\s*###\s*BEGIN SOLUTION\s*$")
END: Final = re.compile(r"^\s*###\s*END SOLUTION\s*$")
NOTES: Final = "instructor"
"""The tag of cells that learners do not get."""
_LANGUAGE: Final = re.compile(r"(?m)^language\b.*$")
_COMPANY: Final = re.compile(r"(?m)^company\b.*$")


def student(
    notebook: Any,  # noqa: ANN401 - nbformat's node
    language: str,
    *,
    dropped: Collection[str] = (),
    company: str = ".",
) -> Any:  # noqa: ANN401 - likewise
    """Give a learner's edition: one language, no trainer's notes, stubs for solutions, no outputs.

    Args:
        notebook: The instructor notebook; it is not changed.
        language: Whose prose to keep.
        dropped: Keys of optional exercises to leave out.
        company: Where the notebook finds its company.
    """
    made = _edition(notebook, language, dropped=dropped, company=company)
    made = _passed(made, TagRemovePreprocessor, remove_cell_tags=[NOTES])
    return _passed(made, ClearSolutions, stub=message("workshop.edition.stub", language))


def instructor(
    notebook: Any,  # noqa: ANN401 - nbformat's node
    language: str,
    *,
    dropped: Collection[str] = (),
    company: str = ".",
) -> Any:  # noqa: ANN401 - likewise
    """Give the trainer's edition: one language, notes and solutions kept, no outputs.

    Args:
        notebook: The instructor notebook; it is not changed.
        language: Whose prose to keep.
        dropped: Keys of optional exercises to leave out.
        company: Where the notebook finds its company.
    """
    return _edition(notebook, language, dropped=dropped, company=company)


def solution_lines(source: str) -> tuple[list[str], list[str]]:
    """Part a cell into its solution's lines and all others, without the markers.

    Raises:
        ConfigError: A marker has no partner.
    """
    inside: list[str] = []
    outside: list[str] = []
    opened = False
    for line in source.splitlines():
        if BEGIN.match(line) or END.match(line):
            if opened == bool(BEGIN.match(line)):
                raise ConfigError(f"solution markers must come in pairs, found {line.strip()!r}")
            opened = not opened
        else:
            (inside if opened else outside).append(line)
    if opened:
        raise ConfigError("solution markers must come in pairs, found no '### END SOLUTION'")
    return inside, outside


def stubbed(source: str, note: str) -> str:
    """A cell's source with each solution replaced by ``answer = ...`` and a note."""
    kept: list[str] = []
    opened = False
    for line in source.splitlines():
        if BEGIN.match(line):
            opened = True
            kept.append(f"answer = ...  {note}")
        elif END.match(line):
            opened = False
        elif not opened:
            kept.append(line)
    return "\n".join(kept)


def _edition(
    notebook: Any,  # noqa: ANN401 - nbformat's node
    language: str,
    *,
    dropped: Collection[str],
    company: str,
) -> Any:  # noqa: ANN401 - likewise
    """One language, without dropped exercises and outputs, with its parameters set."""
    if language not in CODES:
        raise ConfigError(f"language must be one of {', '.join(CODES)}, got {language!r}")
    made = deepcopy(notebook)
    made.cells = [
        cell
        for cell in made.cells
        if cell.metadata.get("lang", language) == language
        and cell.metadata.get("exercise") not in dropped
    ]
    for cell in made.cells:
        if "parameters" in cell.metadata.get("tags", ()):
            text = _LANGUAGE.sub(f'language = "{language}"', cell.source)
            cell.source = _COMPANY.sub(f'company = "{company}"', text)
    return _passed(made, ClearOutputPreprocessor)


def _passed(notebook: Any, step: Any, **settings: Any) -> Any:  # noqa: ANN401 - nbconvert is untyped
    """The notebook after one of nbconvert's preprocessors."""
    made, _ = step(enabled=True, **settings)(notebook, {})
    return made


class ClearSolutions(Preprocessor):
    """Puts ``answer = ...`` and a note for the lines between solution markers."""

    stub = Unicode().tag(config=True)

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> Any:  # noqa: ANN401, ARG002
        """Clear one cell."""
        if cell.cell_type == "code":
            cell.source = stubbed(cell.source, self.stub)
        return cell, resources
