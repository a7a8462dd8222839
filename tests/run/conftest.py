"""Six tiny notebooks in place of the workbook's: a run of seconds that leaves what a run leaves."""

import nbformat
import pytest

from cxlib.run import notebooks

OPEN = """\
from cxlib.report import scope
from cxlib.run.workbook import open_workbook
book = open_workbook("{name}", engagement, ledger=ledger)
report, data = book.report, book.data"""
CELLS = {
    "01_diagnosis": ("book.ledger.write('diagnosis', {'curve': 'csat'}, data={})",),
    "02_kpi_setting": (
        "book.ledger.read('diagnosis')",
        "book.ledger.freeze('baselines', {'kpi': 1.5}, data={}, reason=rebase_reason)",
        "book.ledger.freeze('targets', {'kpi': 2.5}, data={}, reason=rebase_reason)",
        "from cxlib.decisions.goal_rules import goal_rules, rules_record",
        "book.ledger.freeze('goal_rules', rules_record(goal_rules(book.engagement)), data={})",
    ),
    "03_ab_test": ("book.ledger.write('verdicts', {'test': 'ship'}, data={})",),
    "04_roi_review": (
        "book.ledger.read('verdicts')",
        "book.ledger.write('effects', {'money': len(book.engagement.initiatives)}, data={})",
    ),
    "05_kpi_tracking": (
        "from cxlib.decisions.history import history_file",
        "path = history_file(book.ledger.path)",
        "path.write_bytes(path.read_bytes() if path.exists() else b'kept')",
        "book.ledger.write('kpis', {}, data={}); book.ledger.write('record', {}, data={})",
    ),
    "06_half_year_review": (
        "book.ledger.read('effects')",
        "book.ledger.write('review', {}, data={})",
    ),
    "07_branch_comparison": ("book.engagement.comparison",),
}
LATER = ("rebase_reason: str = ''",)


def write(path, name, cells):
    parameters = nbformat.v4.new_code_cell(
        "\n".join(["engagement: str = ''", "ledger: str = ''", *LATER[: name == "02_kpi_setting"]]),
        metadata={"tags": ["parameters"]},
    )
    book = nbformat.v4.new_notebook(
        cells=[
            parameters,
            nbformat.v4.new_code_cell(OPEN.format(name=name)),
            nbformat.v4.new_markdown_cell("## What is looked at"),
            *map(nbformat.v4.new_code_cell, cells),
            nbformat.v4.new_code_cell("scope.provenance(report, data)"),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "", "language": "python"}},
    )
    for number, cell in enumerate(book.cells):
        cell["id"] = f"cell{number}"
    nbformat.write(book, path)


@pytest.fixture
def tiny(monkeypatch, tmp_path, engagement):
    """The tiny notebooks; call it with a name and cells to put in place of its own."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name, cells in CELLS.items():
        write(folder / f"{name}.ipynb", name, cells)
    monkeypatch.setattr(notebooks, "FOLDER", folder)
    for left in ("ledger.json", "history.duckdb"):
        (engagement / left).unlink(missing_ok=True)

    def put(name, *cells):
        write(folder / f"{name}.ipynb", name, [*CELLS[name], *cells])

    return put
