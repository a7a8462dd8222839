"""The committed notebooks keep the house rules: thin, ordered, without outputs."""

import ast
import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))
TAGS = {"parameters", "remove-cell", "remove-input", "consultant-note"}
PARAMETER = re.compile(r"^[a-z_]+: (str|int|float|bool|list) = [^#]+  # [^=]+$")


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def notebook(request):
    return json.loads(request.param.read_text(encoding="utf-8"))


def source(cell):
    return "".join(cell["source"])


def code_cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_there_are_seven_notebooks():
    assert [path.stem for path in PATHS] == [
        "01_diagnosis", "02_kpi_setting", "03_ab_test", "04_roi_review", "05_kpi_tracking",
        "06_half_year_review", "07_branch_comparison",
    ]  # fmt: skip


def test_no_output_is_committed(notebook):
    assert [c["id"] for c in code_cells(notebook) if c["outputs"] or c["execution_count"]] == []


def test_every_cell_has_one_known_tag_and_a_name_for_an_id(notebook):
    for cell in notebook["cells"]:
        assert len(set(cell["metadata"]["tags"]) & TAGS) == 1, cell["id"]
        assert re.fullmatch(r"[a-z][a-z0-9_-]+", cell["id"])


def test_the_kernel_is_python3(notebook):
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


def test_cells_are_few_and_short(notebook):
    lengths = [len(source(cell).strip().splitlines()) for cell in code_cells(notebook)]
    longest = max(lengths)
    assert 20 <= len(notebook["cells"]) <= 112
    assert longest <= 10
    assert sorted(lengths)[len(lengths) // 2] <= 4


def test_no_function_no_class_no_loop(notebook):
    banned = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Lambda)
    for cell in code_cells(notebook):
        found = [node for node in ast.walk(ast.parse(source(cell))) if isinstance(node, banned)]
        assert found == [], cell["id"]


def test_one_title_and_sections_of_notes_for_the_consultant(notebook):
    notes = [source(c) for c in notebook["cells"] if c["cell_type"] == "markdown"]
    heads = [line for note in notes for line in note.splitlines() if line.startswith("#")]
    assert [head for head in heads if head.startswith("# ")] == heads[:1]
    assert all(head.startswith("## ") for head in heads[1:])
    assert all(15 <= len(note.split()) <= 110 for note in notes)


def test_the_parameters_cell_declares_name_type_default_and_meaning(notebook):
    (cell,) = [c for c in code_cells(notebook) if "parameters" in c["metadata"]["tags"]]
    lines = source(cell).strip().splitlines()
    assert 1 <= len(lines) <= 12
    assert [line for line in lines if not PARAMETER.fullmatch(line)] == []


def test_no_number_stands_in_a_note_but_ranks_and_scales(notebook):
    """A note is read with every client's data: no result may be typed into it."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            assert not re.search(r"\d+\.\d+|\d+ ?%|HK\$", source(cell)), cell["id"]
