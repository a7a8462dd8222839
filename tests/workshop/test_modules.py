"""The five modules: both editions run in both languages, twins, headings, minutes, short cells."""

import re

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from cxlib.errors import RunError
from cxlib.report.catalogue import CODES, catalogue
from cxlib.run.kernels import Kernels
from cxlib.run.notebooks import FOLDER
from cxlib.workshop.checks import MIME
from cxlib.workshop.company import make_company, open_company
from cxlib.workshop.editions import BEGIN, END
from cxlib.workshop.exercise import registry
from cxlib.workshop.judge import judge
from cxlib.workshop.modules import HEADINGS, headings, read_modules
from cxlib.workshop.proof import WANTED, execute_all, prove, read_run
from cxlib.workshop.timetable import HALF_DAY, PLANNED, timetable

MODULES = read_modules()
NAMES = [module.name for module in MODULES]
USED_IN_BOTH = set("台群准斗峰划")  # right in Hong Kong as it stands: 划算


@pytest.fixture(params=MODULES, ids=NAMES)
def module(request):
    return request.param


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    folder = tmp_path_factory.mktemp("modules") / "company"
    make_company(folder, seed=2026)
    return folder


@pytest.fixture(scope="module")
def proofs(company):
    """Both editions of every module, executed once in both languages."""
    with Kernels() as kernels:
        made = list(prove(MODULES, languages=CODES, company=company, kernels=kernels))
    return {(each.module, each.language, each.edition): each for each in made}


@pytest.mark.parametrize("edition", WANTED)
@pytest.mark.parametrize("language", CODES)
def test_an_edition_runs_and_says_what_it_should(proofs, module, language, edition):
    """Trainer: every check right. Learner: every exercise waits, nothing fails, no solution."""
    found = proofs[module.name, language, edition]
    assert found.problems == ()
    assert found.checks == len(module.tasks)


def test_there_are_five_modules_in_order():
    assert [module.number for module in MODULES] == [1, 2, 3, 4, 5]


def test_the_card_has_its_headings_in_order(module):
    for language in CODES:
        assert tuple(headings(module.notebook, language)) == HEADINGS[language]


def test_every_english_text_has_its_chinese_twin_right_after_it(module):
    texts = [cell for cell in module.notebook.cells if cell.cell_type == "markdown"]
    for english, chinese in zip(texts[::2], texts[1::2], strict=True):
        assert (english.metadata["lang"], chinese.metadata["lang"]) == ("en", "zh-Hant-HK")
        assert english.id.removesuffix("-en") == chinese.id.removesuffix("-zh")
        for field in ("exercise", "minutes", "optional", "tags"):
            assert english.metadata.get(field) == chinese.metadata.get(field), english.id


def test_cells_are_short_and_plain(module):
    """At most 10 lines without the markers; no output is committed."""
    for cell in module.notebook.cells:
        if cell.cell_type != "code":
            continue
        lines = [x for x in cell.source.splitlines() if not (BEGIN.match(x) or END.match(x))]
        assert len(lines) <= 10, cell.id
        assert not re.search(r"(?m)^\s*(def|class)\s", cell.source), cell.id
        assert cell.outputs == []
        assert cell.execution_count is None


def test_a_module_takes_60_to_90_minutes_and_half_of_that_is_doing(module):
    assert 60 <= module.minutes <= 90
    assert module.exercise >= 0.4 * module.minutes


def test_the_whole_workshop_fits_one_day_with_room_for_breaks_and_questions():
    """Two half-days of 3.5 hours, 85 % of each planned; every module is there."""
    plan = timetable(MODULES)
    assert len(plan) == 2
    assert all(day.used <= PLANNED * HALF_DAY for day in plan)
    assert {each.number for day in plan for each in day.modules} == {1, 2, 3, 4, 5}
    dropped = {task.key for day in plan for task in day.dropped}
    assert all(task.optional for each in MODULES for task in each.tasks if task.key in dropped)
    used = sum(day.used for day in plan) + sum(t.minutes for day in plan for t in day.dropped)
    assert used == sum(each.minutes for each in MODULES)


def test_no_simplified_character_stands_in_the_chinese_cells(module):
    """A character that OpenCC turns into another Traditional one, and not back, is Simplified."""
    opencc = pytest.importorskip("opencc")
    to_traditional, to_simplified = (opencc.OpenCC(way).convert for way in ("s2t", "t2s"))
    cells = [c.source for c in module.notebook.cells if c.metadata.get("lang") == "zh-Hant-HK"]
    characters = set("".join(cells)) - USED_IN_BOTH
    found = {c for c in characters if to_traditional(c) != c and to_simplified(c) == c}
    assert found == set()


def test_every_registered_exercise_is_set_in_its_module_and_has_words(module):
    mine = {key: each for key, (each, _) in registry().items() if each.module == module.number}
    assert set(mine) == {task.key for task in module.tasks}
    for key, exercise in mine.items():
        wanted = ["title", "hint", *(mistake.key for mistake in exercise.mistakes)]
        for language in CODES:
            missing = {f"workshop.{key}.{name}" for name in wanted} - set(catalogue(language))
            assert missing == set()


def test_every_usual_mistake_can_be_computed_in_the_form_of_its_exercise(module, company):
    """On one company a wrong way may lead to the right answer; it may never fail."""
    c = open_company(company)
    for exercise, _ in registry().values():
        if exercise.module != module.number:
            continue
        expected = exercise.expected(c)
        assert judge(exercise, expected, c, expected=expected).state == "right"
        for mistake in exercise.mistakes:
            if mistake.answer is not None:
                ruling = judge(exercise, mistake.answer(c), c, expected=expected)
                assert ruling.state != "blank", (exercise.key, mistake.key)
                assert not ruling.hint.startswith("workshop.check."), (exercise.key, mistake.key)


def test_a_notebook_opened_from_the_repository_makes_its_own_company(tmp_path, monkeypatch):
    """As `make lab` opens it: no company beside it, both languages in one file."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("CX_COMPANY", raising=False)
    head = MODULES[0].notebook.copy()
    place = next(number for number, cell in enumerate(head.cells) if "open_company(" in cell.source)
    head.cells = head.cells[: place + 1]
    with Kernels(warm=False) as kernels:
        executed = execute_all([head], folder=FOLDER / "workshop", kernels=kernels)[0]
    outputs = [output for cell in executed.cells for output in cell.get("outputs", ())]
    assert [output for output in outputs if output.output_type == "error"] == []
    assert list(tmp_path.glob("cx_workshop_*/form.csv"))


def test_a_kernel_that_dies_is_one_clear_message(tmp_path):
    notebook = new_notebook(cells=[new_code_cell("import os; os._exit(1)")])
    with Kernels(warm=False) as kernels, pytest.raises(RunError, match="the kernel died"):
        execute_all([notebook], folder=tmp_path, kernels=kernels)


def test_what_fails_in_an_edition_is_told_by_cell_and_exercise():
    module = MODULES[0]
    first, second = module.tasks[:2]
    notebook = new_notebook(
        cells=[
            new_code_cell("1 / 0", id="odd", outputs=[
                new_output("error", ename="ZeroDivisionError", evalue="division by zero")]),
            new_code_cell("x", outputs=[new_output("display_data", {
                MIME: {"key": first.key, "state": "wrong", "message": "not yet"}})]),
            new_code_cell("💥"),
        ]
    )  # fmt: skip
    found = read_run(
        module, notebook, language="en", edition="student",
        dropped=[task.key for task in module.tasks[2:]],
    )  # fmt: skip
    assert found.problems == (
        "cell odd fails: ZeroDivisionError: division by zero",
        f"exercise {first.key}: must be blank, is wrong: not yet",
        f"exercise {second.key}: no check was shown",
        "character '💥' (U+1F4A5) has no glyph: write it another way",
    )
    assert str(found).startswith("FAIL  module_1_scores (en), student edition: \n      cell odd")
