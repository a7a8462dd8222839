"""Two editions of one notebook: what is kept, what is taken away, and what is refused."""

import copy
import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from cxlib.errors import ConfigError
from cxlib.report.catalogue import CODES
from cxlib.workshop import modules
from cxlib.workshop.editions import instructor, solution_lines, student
from cxlib.workshop.exercise import Exercise, numbered
from cxlib.workshop.modules import HEADINGS, faults, headings, read_modules
from cxlib.workshop.proof import leaks
from cxlib.workshop.timetable import timetable

TINY = Path(__file__).parent / "tiny"


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """The tiny module's two exercises, registered."""
    found = numbered(
        Exercise(key=key, module=1, kind="number", expected=lambda _: 1.0)
        for key in ("tiny_count", "tiny_share")
    )
    monkeypatch.setattr(modules, "registry", lambda: found)


@pytest.fixture
def tiny():
    return nbformat.read(TINY / "module_1_tiny.ipynb", as_version=4)


def cell(notebook, name):
    return next(each for each in notebook.cells if each.id == name)


@pytest.mark.parametrize("language", CODES)
def test_a_learner_gets_one_language_stubs_and_no_notes(tiny, language):
    before = copy.deepcopy(tiny)
    made = student(tiny, language, company="../company")
    assert tiny == before
    assert {c.metadata["lang"] for c in made.cells if c.cell_type == "markdown"} == {language}
    assert not any("instructor" in c.metadata.get("tags", ()) for c in made.cells)
    note = {"en": "# your turn", "zh-Hant-HK": "# 輪到你"}[language]
    assert cell(made, "exercise-1").source == f'answer = ...  {note}\ncheck("tiny_count", answer)'
    assert cell(made, "exercise-2").source == (
        f'given = c.answers["nps"].notna()\nanswer = ...  {note}\ncheck("tiny_share", answer)'
    )
    assert cell(made, "parameters").source == f'language = "{language}"\ncompany = "../company"'


@pytest.mark.parametrize("language", CODES)
def test_the_trainer_keeps_notes_and_solutions(tiny, language):
    made = instructor(tiny, language)
    assert sum("instructor" in c.metadata.get("tags", ()) for c in made.cells) == 1
    assert cell(made, "exercise-1").source == cell(tiny, "exercise-1").source


def test_outputs_and_counts_are_cleared(tiny):
    spoilt = cell(tiny, "exercise-1")
    spoilt.execution_count = 3
    spoilt.outputs = [nbformat.v4.new_output("stream", text="42 rows_of_table")]
    for made in (student(tiny, "en"), instructor(tiny, "en")):
        assert cell(made, "exercise-1").outputs == []
        assert cell(made, "exercise-1").execution_count is None


def test_no_line_of_a_solution_is_left_and_one_that_is_would_be_found(tiny):
    module = read_modules(TINY)[0]
    lines = [
        line.strip()
        for each in tiny.cells
        if each.cell_type == "code"
        for line in solution_lines(each.source)[0]
    ]
    assert lines == ["rows_of_table = len(c.answers)", "answer = rows_of_table",
                     "answer = given.mean()"]  # fmt: skip
    made = student(tiny, "en")
    text = json.dumps(made)
    assert [line for line in lines if line in text] == []
    assert leaks(module, made) == []
    cell(made, "task-1-en").source += "\nTry `rows_of_table = len(c.answers)`."
    assert leaks(module, made) == ["rows_of_table = len(c.answers)"]
    taught = student(tiny, "en")
    cell(taught, "look").source = "rows_of_table = len(c.answers)\nanswer = given.mean()"
    assert leaks(module, taught) == ["answer = given.mean()"]


def test_a_dropped_exercise_leaves_with_its_text(tiny):
    made = student(tiny, "en", dropped={"tiny_share"})
    assert {"task-2-en", "exercise-2"} & {each.id for each in made.cells} == set()
    assert "exercise-1" in {each.id for each in made.cells}


def test_an_unknown_language_is_refused(tiny):
    with pytest.raises(ConfigError, match="language must be one of en, zh-Hant-HK, got 'fr'"):
        student(tiny, "fr")


def refused(notebook, place, rule):
    """The one problem found, as file, cell, rule and remedy."""
    found = [str(problem) for problem in faults(notebook, file="module_1_tiny.ipynb")]
    assert len(found) == 1, found
    assert found[0].startswith(f"module_1_tiny.ipynb, {place}")
    assert rule in found[0]


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ('### BEGIN SOLUTION\nanswer = 1\ncheck("tiny_count", answer)',
         "solution markers must come in pairs, found no '### END SOLUTION'; give each"),
        ('answer = 1\n### END SOLUTION\ncheck("tiny_count", answer)',
         "solution markers must come in pairs, found '### END SOLUTION'; give each"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\nanswer = 1\n### END SOLUTION",
         "solution markers must come in pairs, found '### BEGIN SOLUTION'; give each"),
        ("### BEGIN SOLUTION\nanswer = 1\n### END SOLUTION",
         'a check of the variable answer; end the cell with check("tiny_count", answer)'),
        ('### BEGIN SOLUTION\nx = 1\n### END SOLUTION\ncheck("tiny_count", x)',
         "must be followed by a check of the variable answer"),
        ('### BEGIN SOLUTION\nanswer = 1\n### END SOLUTION\ncheck("tiny_share", answer)',
         "found 'tiny_count', 'tiny_share'; the cell's metadata exercise must be the key"),
        ('answer = 1\ncheck("tiny_count", answer)',
         "an exercise must have a solution between markers; mark its lines"),
        ('### BEGIN SOLUTION\n### END SOLUTION\ncheck("tiny_count", answer)',
         "an exercise must have a solution between markers; mark its lines"),
    ],
)  # fmt: skip
def test_a_wrong_exercise_cell_is_named_with_its_remedy(tiny, source, rule):
    cell(tiny, "exercise-1").source = source
    refused(tiny, "cell exercise-1", rule)


def test_an_exercise_nobody_registered_is_named_with_the_nearest(tiny):
    spoilt = cell(tiny, "exercise-1")
    spoilt.source = spoilt.source.replace("tiny_count", "tiny_counts")
    spoilt.metadata["exercise"] = "tiny_counts"
    for name in ("task-1-en", "task-1-zh"):
        cell(tiny, name).metadata["exercise"] = "tiny_counts"
    refused(tiny, "cell exercise-1", "found 'tiny_counts'; an exercise must be registered; "
            "did you mean 'tiny_count'?")  # fmt: skip


def test_other_broken_rules_are_named(tiny):
    spoilt = copy.deepcopy(tiny)
    cell(spoilt, "teach-zh").metadata["lang"] = "zh"
    found = [str(problem) for problem in faults(spoilt, file="m")]
    assert found[0].startswith(
        "m, cell teach-zh: found zh; a text cell's metadata lang must be one"
    )
    assert "teaching minutes must be the sum of the cells', 0" in found[1]
    spoilt = copy.deepcopy(tiny)
    spoilt.metadata["cx_workshop"]["minutes"]["exercise"] = 9
    assert [str(problem).split("; ")[1] for problem in faults(spoilt, file="m")] == [
        "the card's exercise minutes must be the sum of the cells', 8"
    ] * 2
    spoilt = copy.deepcopy(tiny)
    cell(spoilt, "parameters").metadata["tags"] = []
    assert [p.rule for p in faults(spoilt, file="m")] == ["one cell must be tagged parameters"]
    del spoilt.metadata["cx_workshop"]
    assert [p.rule for p in faults(spoilt, file="m")] == ["module must be given"]


def test_all_faults_of_all_notebooks_come_at_once(tiny, tmp_path):
    cell(tiny, "exercise-1").source = "### BEGIN SOLUTION"
    nbformat.write(tiny, tmp_path / "module_1_a.ipynb")
    (tmp_path / "module_2_b.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_modules(tmp_path)
    assert [problem.file for problem in caught.value.problems] == [
        "module_1_a.ipynb", "module_2_b.ipynb"
    ]  # fmt: skip


def test_an_empty_folder_and_an_unknown_number_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"must hold instructor notebooks named module_\*\.ipynb"):
        read_modules(tmp_path)
    with pytest.raises(ConfigError, match="--modules must name modules 1, got 3"):
        read_modules(TINY, numbers=[3])


def test_the_card_and_the_minutes_are_read(tiny):
    module = read_modules(TINY)[0]
    assert (module.number, module.teaching, module.exercise, module.minutes) == (1, 4, 8, 12)
    assert [task.optional for task in module.tasks] == [False, True]
    for language in CODES:
        assert tuple(headings(tiny, language)) == HEADINGS[language]


# --- the day --------------------------------------------------------------------------------------


def module(number, teaching, *tasks):
    """A module; a task is its minutes, negative where it may be dropped."""
    made = tuple(
        SimpleNamespace(key=f"{number}{place}", minutes=abs(minutes), optional=minutes < 0)
        for place, minutes in enumerate(tasks)
    )
    return modules.Module(
        name=f"m{number}", number=number, title={}, teaching=teaching, tasks=made, notebook=None
    )


def parts(plan):
    return [
        ([m.number for m in day.modules], day.used, [t.key for t in day.dropped]) for day in plan
    ]


def test_modules_are_laid_into_one_day_with_room_to_breathe():
    """210 minutes of which 85 % (178) are planned; the fuller half-day is kept short."""
    plan = timetable([module(1, 40, 30), module(2, 40, 20), module(3, 40, 30)])
    assert parts(plan) == [([1], 70, []), ([2, 3], 130, [])]
    assert all(day.used <= 0.85 * day.minutes for day in plan)


def test_as_few_minutes_as_possible_are_dropped():
    """90 + 95 = 185 is 7 over 178: dropping the 8 is enough, the 20 stays."""
    plan = timetable([module(1, 70, -20), module(2, 87, -8)], half_days=1)
    assert parts(plan) == [([1, 2], 177, ["20"])]


def test_what_does_not_fit_one_day_takes_another_half_day_unless_forbidden():
    five = [module(number, 80) for number in range(1, 6)]
    assert [names for names, *_ in parts(timetable(five))] == [[1], [2, 3], [4, 5]]
    with pytest.raises(ConfigError) as caught:
        timetable(five, half_days=2)
    assert str(caught.value) == (
        "the modules take 400 minutes without optional exercises and must fit into 2 half-days of "
        "178 planned minutes (85% of 210); give more --minutes or --half-days, or fewer --modules"
    )


def test_lunch_may_part_a_module_between_two_exercises():
    """3 x 110 = 330 of 2 x 178: the middle one is parted, 20 + 30 minutes before lunch."""
    tasks = tuple(modules.Task(key=k, minutes=30, optional=False, before=20) for k in "ab")
    middle = replace(module(2, 50), tasks=tasks)
    plan = timetable([module(1, 110), middle, module(3, 110)])
    assert [[(m.number, m.part, m.minutes) for m in day.modules] for day in plan] == [
        [(1, "", 110), (2, "first", 50)], [(2, "second", 60), (3, "", 110)],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"minutes": 0}, "--minutes must be above 0, got 0"),
        ({"minutes": 60}, r"2 half-days of 51 planned minutes .*give at least --minutes 95$"),
        ({"half_days": 3}, "--half-days must be 1 to 2, the number of modules, got 3"),
    ],
)
def test_an_impossible_day_is_refused(options, error):
    with pytest.raises(ConfigError, match=error):
        timetable([module(1, 80), module(2, 50)], **options)


def test_the_clock_adds_up_and_breaks_fit():
    day = timetable([module(1, 50, 30), module(2, 40, 20)], half_days=1)[0]
    rows = day.rows(number=0)
    assert [(row.start, row.end, row.module is None) for row in rows] == [
        ("09:30", "10:50", False), ("10:50", "11:05", True), ("11:05", "12:05", False)
    ]  # fmt: skip
    assert re.match(r"14:00", day.rows(number=1)[0].start)
