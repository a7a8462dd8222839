"""Each notebook opened alone, as in JupyterLab: no parameter, no other step."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from cxlib.run.notebooks import FOLDER, NOTEBOOKS
from cxlib.run.workbook import SAMPLE

pytestmark = pytest.mark.notebooks


@pytest.mark.parametrize("name", list(NOTEBOOKS))
def test_it_runs_top_to_bottom_on_the_sample(name, tmp_path, monkeypatch):
    """On a copy, with the committed ledger, so that the test leaves the sample alone."""
    copy = Path(shutil.copytree(SAMPLE.parent, tmp_path / "sample"))
    monkeypatch.setenv("CX_ENGAGEMENT", str(copy / "engagement.yml"))
    book = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    client = NotebookClient(
        book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}},
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )  # fmt: skip
    client.execute()
    shown = [out for cell in book.cells for out in cell.get("outputs", []) if "data" in out]
    assert len(shown) >= 10
    assert all("text/html" in out["data"] for out in shown)
    assert (copy / "ledger.json").read_bytes() == (SAMPLE.parent / "ledger.json").read_bytes()


def test_without_a_parameter_the_sample_is_opened():
    assert SAMPLE.is_file()
    assert (SAMPLE.parent / "ledger.json").is_file(), "the notebooks after the first need it"
