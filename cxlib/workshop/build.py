"""`cx workshop build`: one archive a person, one for the trainer, nothing half-written.

Everything is made in a folder beside the wanted one and renamed when it is complete. The same
notebooks, seed and options give the same bytes.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cxlib.errors import InputError, RunError
from cxlib.report.catalogue import CODES, message
from cxlib.report.fonts import FontSet, report_fonts
from cxlib.run.kernels import Kernels
from cxlib.run.progress import Progress
from cxlib.workshop import install
from cxlib.workshop.archive import DATED, folder_content, write_zip
from cxlib.workshop.company import MOST_GROUPS, make_company
from cxlib.workshop.crib import crib_pdf
from cxlib.workshop.editions import instructor, student
from cxlib.workshop.modules import MODULES, Module, read_modules
from cxlib.workshop.pages import handout, start_page, timetable_page
from cxlib.workshop.proof import execute_all, read_run
from cxlib.workshop.timetable import HALF_DAY, ONE_DAY, HalfDay, timetable
from cxlib.workshop.truth import write_truth
from cxlib.workshop.truth_plan import Difficulty, check_parameters

RECORD: Final = "workshop.json"
"""Marks a folder this command made, and may make again."""
_OURS: Final = re.compile(r"person_\d\d\.zip|trainer\.zip|wheels\.zip|workshop\.json")
COMPANY: Final = "../company"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to build.

    Attributes:
        languages: Of notebooks and pages.
        minutes: Of a half-day.
        half_days: How many; 0 lets the plan choose.
        modules: Their numbers; none means all.
        people: Archives to make, 1 to 60.
        seed: Of the trainer's company; people get the numbers after it.
        difficulty: Of all companies.
        wheels: Whether to add an archive of every package.
        notebooks: Folder of the instructor notebooks.
    """

    languages: tuple[str, ...] = tuple(CODES)
    minutes: int = HALF_DAY
    half_days: int = 0
    modules: tuple[int, ...] = ()
    people: int = 20
    seed: int = 2026
    difficulty: Difficulty = "usual"
    wheels: bool = False
    notebooks: Path = field(default=MODULES)


def build(out: Path, options: Options, *, progress: Progress) -> list[Path]:
    """Build the workshop's archives into a folder.

    Args:
        out: New, empty, or made by this command before.
        options: What to build.
        progress: Told each step.

    Returns:
        The archives: one a person, the trainer's, and that of the wheels where asked for.

    Raises:
        InputError: An impossible number of people or seed, or a folder that holds other things.
        ConfigError: The notebooks break rules, or the modules do not fit the time.
        RunError: An exercise's solution is not right on the trainer's company.
    """
    _check(out, options)
    modules = read_modules(options.notebooks, numbers=options.modules)
    plan = timetable(modules, minutes=options.minutes, half_days=options.half_days)
    for line in plan_lines(plan, chosen=bool(options.half_days)):
        progress.say(line)
    out.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        archives = _build(made, modules, plan, options, progress)
        made.chmod(0o755)
        if out.exists():
            shutil.rmtree(out)
        made.rename(out)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return [out / path.name for path in archives]


def plan_lines(plan: Sequence[HalfDay], *, chosen: bool) -> list[str]:
    """The plan as lines for a terminal.

    Args:
        plan: The half-days.
        chosen: Whether their number was asked for.
    """
    lines = []
    if len(plan) > ONE_DAY and not chosen:
        lines.append(
            f"the modules need {len(plan)} half-days; for one day name some of them, such as "
            "--modules 1,2,4,5"
        )
    for number, day in enumerate(plan, start=1):
        named = ", ".join(
            f"{m.number} ({m.part} part)" if m.part else str(m.number) for m in day.modules
        )
        lines.append(f"half-day {number}: modules {named}, {day.used} of {day.minutes} minutes")
        lines += [f"  left out: exercise {t.key} ({t.minutes} minutes)" for t in day.dropped]
    return lines


def _check(out: Path, options: Options) -> None:
    if isinstance(options.people, bool) or not 1 <= options.people < MOST_GROUPS:
        raise InputError(f"--people must be 1 to {MOST_GROUPS - 1}, got {options.people}")
    check_parameters(options.seed, options.difficulty)
    check_parameters(options.seed + options.people, options.difficulty)
    if out.is_file():
        raise InputError(f"--out must be a folder, {out} is a file; name another")
    found = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if found and (RECORD not in found or not all(_OURS.fullmatch(name) for name in found)):
        raise InputError(
            f"--out must be new, empty or an earlier workshop, {out} holds other files; "
            "name another folder"
        )


def _build(
    made: Path,
    modules: Sequence[Module],
    plan: list[HalfDay],
    options: Options,
    progress: Progress,
) -> list[Path]:
    """Make every archive in a folder."""
    fonts = report_fonts()
    dropped = frozenset(task.key for day in plan for task in day.dropped)
    scratch = made / "scratch"
    scratch.mkdir()
    wheel = install.build_wheel(scratch)
    progress.say(f"built  {wheel.name}")
    shared = {
        f"install/{wheel.name}": wheel.read_bytes(),
        f"install/{install.CONSTRAINTS}": install.constraints().encode(),
    }
    for language in options.languages:
        shared |= _learner_files(modules, language, dropped, fonts)
        name = "start.html" if language == options.languages[0] else f"start.{language}.html"
        values = _start_values(modules, language, wheel=wheel.name, wheels=options.wheels)
        page = start_page(language=language, fonts=fonts, **values)
        shared[name] = page.encode()
        progress.say(f"made   notebooks, hand-outs, crib and start page, {language}")
    own = scratch / "trainer_company"
    truths = {"trainer": make_company(own, seed=options.seed, difficulty=options.difficulty)}
    trainer = shared | _trainer_files(
        modules, plan, options, dropped=dropped, fonts=fonts, company=own, progress=progress
    )
    archives = []
    company = scratch / "company"
    for number in range(1, options.people + 1):
        name = f"person_{number:02d}"
        truths[name] = make_company(
            company, seed=options.seed + number, difficulty=options.difficulty
        )
        content = shared | folder_content(company, under="company")
        archives.append(write_zip(made / f"{name}.zip", content, root=f"cx_workshop_{name}"))
        shutil.rmtree(company)
        progress.say(f"packed {name}.zip ({number} of {options.people})")
    truth = write_truth(truths, scratch / "truth.json")
    trainer["truth.json"] = truth.read_bytes()
    archives.append(write_zip(made / "trainer.zip", trainer, root="cx_workshop_trainer"))
    progress.say("packed trainer.zip")
    if options.wheels:
        progress.say("fetching the packages' wheels for machines like this one")
        folder = scratch / "wheels"
        folder.mkdir()
        install.download_wheels(folder, wheel=wheel)
        path = made / "wheels.zip"
        content = {file.name: file.read_bytes() for file in folder.iterdir()}
        archives.append(write_zip(path, content, root="wheels"))
        progress.say("packed wheels.zip")
    shutil.rmtree(scratch)
    record = {"people": options.people, "seed": options.seed, "difficulty": options.difficulty}
    (made / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8", newline="\n")
    return archives


def _learner_files(
    modules: Sequence[Module], language: str, dropped: frozenset[str], fonts: FontSet
) -> dict[str, bytes]:
    """Notebooks, hand-outs and crib of one language."""
    files = {}
    for module in modules:
        edition = student(module.notebook, language, dropped=dropped, company=COMPANY)
        files[f"{language}/{module.name}.ipynb"] = _notebook(edition)
        page = handout(edition, title=module.title[language], language=language, fonts=fonts)
        files[f"{language}/handouts/{module.name}.html"] = page.encode()
    crib = crib_pdf(modules, language=language, fonts=fonts, created=DATED)
    files[f"{language}/crib.pdf"] = crib
    return files


def _trainer_files(
    modules: Sequence[Module],
    plan: list[HalfDay],
    options: Options,
    *,
    dropped: frozenset[str],
    fonts: FontSet,
    company: Path,
    progress: Progress,
) -> dict[str, bytes]:
    """Instructor notebooks, their executed pages, the timetable and the trainer's own company."""
    files = folder_content(company, under="company")
    with Kernels() as kernels:
        for language in options.languages:
            folder = f"{language}/instructor"
            shown = timetable_page(plan, language=language, fonts=fonts)
            files[f"{language}/timetable.html"] = shown.encode()
            editions = []
            for module in modules:
                edition = instructor(
                    module.notebook, language, dropped=dropped, company=f"../{COMPANY}"
                )
                files[f"{folder}/{module.name}.ipynb"] = _notebook(edition)
                here = company.resolve().as_posix()
                editions.append(
                    instructor(module.notebook, language, dropped=dropped, company=here)
                )
            progress.say(f"running the instructor edition, {language}")
            executed = execute_all(editions, folder=company, kernels=kernels)
            for module, notebook in zip(modules, executed, strict=True):
                _require_right(module, notebook, language, dropped)
                page = handout(
                    notebook, title=module.title[language], language=language, fonts=fonts
                )
                files[f"{folder}/solutions/{module.name}.html"] = page.encode()
    return files


def _require_right(
    module: Module,
    executed: Any,  # noqa: ANN401 - nbformat's node
    language: str,
    dropped: frozenset[str],
) -> None:
    """Stop the build where a solution is not right or a cell fails."""
    proof = read_run(module, executed, language=language, edition="instructor", dropped=dropped)
    if proof.problems:
        listed = "\n".join(f"  {problem}" for problem in proof.problems)
        raise RunError(f"{module.name} ({language}) does not run as its trainer needs it\n{listed}")


def _start_values(
    modules: Sequence[Module], language: str, *, wheel: str, wheels: bool
) -> dict[str, str]:
    """What the start page names."""
    return {
        "python": install.PYTHON,
        "wheel": f"install/{wheel}",
        "wheel_windows": f"install\\{wheel}",
        "offline": "--no-index --find-links wheels " if wheels else "",
        "wheels_note": message("workshop.start.wheels", language) if wheels else "",
        "folder": language,
        "first": modules[0].name,
    }


def _notebook(edition: Any) -> bytes:  # noqa: ANN401 - nbformat's node
    """A notebook's file."""
    import nbformat

    text: str = nbformat.writes(edition)  # type: ignore[no-untyped-call]
    return (text.rstrip("\n") + "\n").encode()
