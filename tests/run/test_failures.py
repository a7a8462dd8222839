"""A cell that raises: what had been run is kept, and nothing looks like a report."""

import json
import shutil

import nbformat
import pytest

from cxlib.errors import RunError
from cxlib.run import notebooks
from cxlib.run.runner import Options, run_workbook

pytestmark = pytest.mark.notebooks


@pytest.fixture
def spoil(monkeypatch, tmp_path):
    """Put a cell into a private copy of 01_diagnosis, after the named one."""

    def put(cell_id, source):
        folder = tmp_path / "notebooks"
        shutil.copytree(notebooks.FOLDER, folder, ignore=shutil.ignore_patterns(".*"))
        path = folder / "01_diagnosis.ipynb"
        book = nbformat.read(path, as_version=4)
        at = next(n for n, cell in enumerate(book.cells) if cell["id"] == cell_id)
        cell = nbformat.v4.new_code_cell(source)
        cell["id"] = "spoilt"
        book.cells.insert(at + 1, cell)
        nbformat.write(book, path)
        monkeypatch.setattr(notebooks, "FOLDER", folder)

    return put


def failure(engagement, tmp_path):
    with pytest.raises(RunError) as caught:
        run_workbook(engagement, Options(notebooks=("01",), out=tmp_path / "reports"))
    (kept,) = (tmp_path / "reports" / "harbour_home" / "2026H1").iterdir()
    return str(caught.value), kept


def test_a_cell_that_raises_is_named_and_the_evidence_kept(engagement, tmp_path, spoil):
    (engagement / "ledger.json").unlink(missing_ok=True)
    spoil("scope", "1 / 0")
    message, kept = failure(engagement, tmp_path)
    assert message.startswith(
        "notebook 01_diagnosis, section 'Scope and data quality': "
        "ZeroDivisionError: division by zero\n  kept: "
    )
    assert kept.name.startswith("FAILED-")
    assert (kept / "FAILED").is_file()
    assert json.loads((kept / "run.json").read_text(encoding="utf-8"))["status"] == "FAILED"
    executed = nbformat.read(kept / "notebooks" / "01_diagnosis.ipynb", as_version=4)
    done = {cell["id"]: cell.get("execution_count") for cell in executed.cells}
    assert done["scope"]
    assert not done["answer"]
    assert [p.name for p in kept.rglob("*") if p.suffix in {".html", ".pdf"}] == []
    assert not (engagement / "ledger.json").exists(), "a failed run hands nothing on"


def test_a_kernel_that_dies_is_said_to_have_died(engagement, tmp_path, spoil):
    spoil("scope", "import os; os._exit(9)")
    message, kept = failure(engagement, tmp_path)
    assert "notebook 01_diagnosis, section 'Scope and data quality'" in message
    assert "the kernel died" in message
    assert kept.name.startswith("FAILED-")


def test_bad_data_met_by_an_open_notebook_is_one_clear_message(engagement, tmp_path, spoil):
    """In JupyterLab there is no check before the kernel; the message is the same."""
    spoil("parameters", "engagement = engagement.replace('engagement.yml', 'nowhere.yml')")
    message, _ = failure(engagement, tmp_path)
    assert "no engagement file at" in message
    assert "make one with: cx new CLIENT" in message
