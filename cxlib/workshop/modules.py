"""The modules of the workshop: instructor notebooks read and checked, their minutes summed."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal

from cxlib.errors import ConfigError, Problem
from cxlib.report.catalogue import CODES
from cxlib.run.notebooks import FOLDER
from cxlib.workshop.editions import NOTES, solution_lines, stubbed
from cxlib.workshop.exercise import registry

MODULES: Final = FOLDER / "workshop"
HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        "Time", "Questions", "Objectives", "Key points", "Common wrong answers", "Recovery",
        "If short of time",
    ),
    "zh-Hant-HK": ("時間", "問題", "目標", "重點", "常見錯誤答案", "補救步驟", "時間不足時"),
}  # fmt: skip
"""Headings of a module's card; the last three stand in cells learners do not get."""
_HEADING: Final = re.compile(r"(?m)^#{2,4}\s+(.+?)\s*#*\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One exercise as its module sets it.

    Attributes:
        key: Its name.
        minutes: It takes.
        optional: Whether it may be dropped.
        before: Minutes of teaching since the exercise before.
    """

    key: str
    minutes: int
    optional: bool
    before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One module of the workshop.

    Attributes:
        name: File name without ending.
        number: From 1.
        title: By language.
        teaching: Minutes of teaching.
        tasks: Its exercises in order.
        notebook: The instructor notebook.
        part: "" for a whole module; one that lunch parts has a first and a second part.
    """

    name: str
    number: int
    title: Mapping[str, str]
    teaching: int
    tasks: tuple[Task, ...]
    notebook: Any
    part: Literal["", "first", "second"] = ""

    @property
    def exercise(self) -> int:
        """Minutes of exercises, none dropped."""
        return sum(task.minutes for task in self.tasks)

    @property
    def minutes(self) -> int:
        """All its minutes, no exercise dropped."""
        return self.teaching + self.exercise

    def parted(self, place: int) -> "tuple[Module, Module]":
        """Part it after its first ``place`` exercises; what is taught goes with what follows it."""
        early, late = self.tasks[:place], self.tasks[place:]
        taught = sum(task.before for task in early)
        return (
            replace(self, tasks=early, teaching=taught, part="first"),
            replace(self, tasks=late, teaching=self.teaching - taught, part="second"),
        )


def read_modules(folder: Path = MODULES, *, numbers: Sequence[int] = ()) -> list[Module]:
    """Read the instructor notebooks of a folder, in the order of their numbers.

    Args:
        folder: Holds ``module_*.ipynb``.
        numbers: Which modules; none means all.

    Raises:
        ConfigError: There is none, a number is unknown, or a notebook breaks a rule; with every
            rule broken in all of them.
    """
    import nbformat

    paths = sorted(folder.glob("module_*.ipynb"))
    if not paths:
        raise ConfigError(
            f"{folder} must hold instructor notebooks named module_*.ipynb, found none; run cx "
            "from a clone of the workbook"
        )
    problems: list[Problem] = []
    modules = []
    for path in paths:
        try:
            notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        except Exception as error:  # noqa: BLE001 - whatever a damaged file makes nbformat raise
            problems.append(
                Problem(path.name, "", "", f"must be a notebook: {error}", "restore the file")
            )
            continue
        if found := list(faults(notebook, file=path.name)):
            problems += found
        else:
            modules.append(_module(path.stem, notebook))
    if problems:
        raise ConfigError("the workshop's notebooks break rules", problems)
    modules.sort(key=lambda module: module.number)
    known = [module.number for module in modules]
    if unknown := [number for number in numbers if number not in known]:
        raise ConfigError(
            f"--modules must name modules {', '.join(map(str, known))}, "
            f"got {', '.join(map(str, unknown))}"
        )
    return [module for module in modules if not numbers or module.number in numbers]


def faults(notebook: Any, *, file: str) -> Iterator[Problem]:  # noqa: ANN401 - nbformat's node
    """Every rule an instructor notebook breaks."""
    card = notebook.metadata.get("cx_workshop", {})
    for field, kind in (("module", int), ("minutes", dict), ("title", dict)):
        if not isinstance(card.get(field), kind):
            yield Problem(
                file, "metadata cx_workshop", str(card.get(field)), f"{field} must be given",
                "see the other modules",
            )  # fmt: skip
            return
    keys: list[str] = []
    for cell in notebook.cells:
        place = f"cell {cell.get('id', '')}"
        if cell.cell_type == "markdown" and cell.metadata.get("lang") not in CODES:
            yield Problem(
                file, place, str(cell.metadata.get("lang")),
                f"a text cell's metadata lang must be one of {', '.join(CODES)}",
                "give it, and a twin in the other language",
            )  # fmt: skip
        if cell.cell_type == "code":
            for rule, found, remedy in _code_faults(cell):
                yield Problem(file, place, found, rule, remedy)
            keys += [cell.metadata["exercise"]] if "exercise" in cell.metadata else []
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        yield Problem(
            file, "", ", ".join(twice), "an exercise must have one code cell", "rename one"
        )
    parameters = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", ())]
    if len(parameters) != 1:
        yield Problem(
            file, "", f"{len(parameters)} cells", "one cell must be tagged parameters",
            'tag the cell with language = "en" and company = "."',
        )  # fmt: skip
    yield from _minute_faults(notebook, file=file)


def _code_faults(cell: Any) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401 - nbformat's node
    """Rule, what was found, remedy: markers in pairs, a check for each solution, a known key."""
    try:
        inside, _ = solution_lines(cell.source)
    except ConfigError as error:
        yield str(error), "", "give each ### BEGIN SOLUTION one ### END SOLUTION after it"
        return
    marked = "BEGIN SOLUTION" in cell.source
    if not marked and "exercise" not in cell.metadata:
        return
    key = cell.metadata.get("exercise", "")
    if not marked or not any(line.strip() for line in inside):
        yield "an exercise must have a solution between markers", "none", "mark its lines"
        return
    called = _checked(stubbed(cell.source, ""))
    if called is None:
        yield (
            "a solution must be followed by a check of the variable answer", "no check",
            f'end the cell with check("{key or "key"}", answer)',
        )  # fmt: skip
    elif called != key:
        yield (
            "the cell's metadata exercise must be the key it checks",
            f"{key!r}, {called!r}",
            ("use one key in both"),
        )
    if called and called not in registry():
        near = get_close_matches(called, list(registry()), n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        yield (
            "an exercise must be registered",
            repr(called),
            (f"{hint}add it in cxlib/workshop/exercises"),
        )
    if NOTES in cell.metadata.get("tags", ()):
        yield "an exercise cell must not be tagged instructor", "the tag", "take the tag away"


def _checked(source: str) -> str | None:
    """The key of the one ``check(key, answer)`` in a cell; None where there is none."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            match node.func.id, node.args:
                case "check", [ast.Constant(value=str(key)), ast.Name(id="answer")]:
                    return key
    return None


def _minute_faults(notebook: Any, *, file: str) -> Iterator[Problem]:  # noqa: ANN401 - nbformat's node
    """The card's minutes are the sum of the cells' in each language."""
    stated = notebook.metadata["cx_workshop"]["minutes"]
    for language in CODES:
        teaching, tasks = _minutes(notebook, language)
        summed = {"teaching": teaching, "exercise": sum(task.minutes for task in tasks)}
        for kind, minutes in summed.items():
            if stated.get(kind) != minutes:
                yield Problem(
                    file, f"metadata cx_workshop, {language}", f"{kind} {stated.get(kind)}",
                    f"the card's {kind} minutes must be the sum of the cells', {minutes}",
                    "mend the card or the cells",
                )  # fmt: skip


def _minutes(notebook: Any, language: str) -> tuple[int, tuple[Task, ...]]:  # noqa: ANN401
    """Minutes of teaching, and the exercises, of one language's cells."""
    teaching = told = 0
    tasks: dict[str, Task] = {}
    for cell in notebook.cells:
        given = cell.metadata
        if given.get("lang", language) != language:
            continue
        minutes = int(given.get("minutes", 0))
        key = given.get("exercise")
        if key is None:
            teaching += minutes
        elif key in tasks:
            was = tasks[key]
            tasks[key] = replace(
                was, minutes=was.minutes + minutes,
                optional=was.optional or bool(given.get("optional")),
            )  # fmt: skip
        else:
            optional = bool(given.get("optional"))
            tasks[key] = Task(key=key, minutes=minutes, optional=optional, before=teaching - told)
            told = teaching
    return teaching, tuple(tasks.values())


def _module(name: str, notebook: Any) -> Module:  # noqa: ANN401 - nbformat's node
    teaching, tasks = _minutes(notebook, "en")
    card = notebook.metadata["cx_workshop"]
    return Module(
        name=name, number=card["module"], title=dict(card["title"]), teaching=teaching,
        tasks=tasks, notebook=notebook,
    )  # fmt: skip


def headings(notebook: Any, language: str) -> list[str]:  # noqa: ANN401 - nbformat's node
    """The headings of a module's card in one language, in order."""
    wanted = HEADINGS[language]
    texts = [
        cell.source
        for cell in notebook.cells
        if cell.cell_type == "markdown" and cell.metadata.get("lang") == language
    ]
    return [found for text in texts for found in _HEADING.findall(text) if found in wanted]
