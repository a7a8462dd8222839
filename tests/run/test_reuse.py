"""When a kept result holds: every ingredient of a notebook's result is changed, one at a time."""

import json
from dataclasses import replace

import pytest

from cxlib.engagement import load_engagement
from cxlib.engagement.ledger import Ledger
from cxlib.run import inputs as fingerprints
from cxlib.run import notebooks
from cxlib.run.inputs import Inputs, file_digest
from cxlib.run.notebooks import NOTEBOOKS
from cxlib.run.reuse import HISTORY, Kept, Origin, Shelf
from cxlib.run.trace import FILE, observe, traced

ORIGIN = Origin(folder="20260715-0930_01234567", started="2026-07-15T09:30:00+08:00",
                fingerprint="01234567")  # fmt: skip
NOTEBOOK = NOTEBOOKS["04_roi_review"]
PARAMETERS = {"engagement": "engagement.yml"}


class Home:
    """An engagement, its ledger, and a result of 04_roi_review kept from a first run."""

    def __init__(self, folder, tmp_path):
        self.folder, self.desk = folder, tmp_path / "desk"
        self.desk.mkdir()
        self.shelf = Shelf(folder)
        self.ledger = Ledger(self.desk / "ledger.json")
        self.ledger.write("diagnosis", {"curve": "csat"}, data={})
        self.ledger.write("verdicts", {"test": "ship"}, data={"ab_test": "1"})
        self.executed = tmp_path / "executed.ipynb"
        self.executed.write_text("{}")
        before = self.ledger.entries(), ""
        notes = [["trace", "begun", ""], ["field", "initiatives", ""], ["field", "kpis", ""],
                 ["content", "verdicts", observe(before[0], "content", "verdicts")],
                 ["has", "rules", ""]]  # fmt: skip
        (self.desk / FILE).write_text("".join(json.dumps(note) + "\n" for note in notes))
        self.ledger.write("effects", {"money": 1}, data={})
        self.shelf.keep(
            NOTEBOOK, self.inputs(), PARAMETERS, executed=self.executed, desk=self.desk,
            before=before, origin=ORIGIN,
        )  # fmt: skip

    def inputs(self):
        return Inputs.take(load_engagement(self.folder), out=self.folder / "out")

    def found(self, parameters=PARAMETERS, inputs=None):
        return self.shelf.find(
            NOTEBOOK, inputs or self.inputs(), parameters, ledger=self.ledger.path
        )

    def edit(self, old, new):
        file = self.folder / "engagement.yml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def home(engagement, tmp_path):
    return Home(engagement, tmp_path)


def test_with_nothing_changed_the_result_holds_and_says_where_it_comes_from(home):
    found = home.found()
    assert isinstance(found, Kept)
    assert found.origin == ORIGIN
    assert found.entries == {}


def test_a_table_it_reads(home):
    file = home.folder / "data" / "costs.csv"
    file.write_bytes(file.read_bytes() + b"\n")
    assert home.found() == "table costs changed"


def test_how_a_table_is_read(home):
    now = home.inputs()
    home.edit("costs.csv", "costs.csv, encoding: utf-8")
    read = home.inputs()
    assert read.tables["costs"] != now.tables["costs"]
    assert {k: v for k, v in read.tables.items() if k != "costs"} == {
        k: v for k, v in now.tables.items() if k != "costs"
    }
    assert home.found() == "table costs changed"


def test_a_table_it_does_not_read_is_no_reason(home):
    file = home.folder / "data" / "mentions.csv"
    file.write_bytes(file.read_bytes() + b"\n")
    assert isinstance(home.found(), Kept)


@pytest.mark.parametrize("name", ["_brand.yml", "data/coding.csv", "themes.yml"])
def test_any_other_file_beside_the_engagement_file_new_changed_or_gone(home, name):
    """Also one that did not exist: a notebook may have looked for it."""
    file = home.folder / name
    text = file.read_text() if file.exists() else None
    file.write_text((text or "") + "# more\n")
    assert home.found() == f"file {name} changed"
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    assert isinstance(home.found(), Kept)


def test_a_part_of_the_engagement_file_it_read(home):
    home.edit("target: 30\n", "target: 31\n")
    assert isinstance(home.found(), Kept), "it did not read goals"
    home.edit("cadence: monthly", "cadence:  monthly")
    assert isinstance(home.found(), Kept), "spelling is no content"


def test_a_field_it_read_of_another_value(home):
    now = home.inputs()
    changed = replace(now, fields=dict(now.fields) | {"initiatives": "other"})
    assert home.found(inputs=changed) == "engagement file changed: initiatives"


@pytest.mark.parametrize(
    ("field", "reason"),
    [("code", "program changed"), ("environment", "packages changed"),
     ("dated", "date of the report changed")],
)  # fmt: skip
def test_the_program_the_packages_and_the_day_on_the_cover(home, field, reason):
    assert home.found(inputs=replace(home.inputs(), **{field: "other"})) == reason


def test_a_parameter(home):
    assert home.found(PARAMETERS | {"rebase_reason": "new data"}) == "parameters changed"


def test_the_notebook_itself(home, monkeypatch, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / NOTEBOOK.path.name).write_text("{}")
    monkeypatch.setattr(notebooks, "FOLDER", tmp_path / "other")
    assert home.found() == "notebook changed"


def test_a_ledger_entry_it_read(home):
    home.ledger.write("verdicts", {"test": "stop"}, data={"ab_test": "1"})
    assert home.found() == "ledger entry verdicts changed"


def test_a_ledger_entry_with_the_same_content_from_other_data_is_no_reason(home):
    home.ledger.write("verdicts", {"test": "ship"}, data={"ab_test": "2"})
    assert isinstance(home.found(), Kept)


def test_a_ledger_entry_it_did_not_read_is_no_reason(home):
    home.ledger.write("diagnosis", {"curve": "nps"}, data={})
    assert isinstance(home.found(), Kept)


def test_a_ledger_entry_it_looked_for_in_vain(home):
    home.ledger.write("rules", {}, data={})
    assert home.found() == "ledger entry rules changed"


def test_what_it_wrote_is_written_again_where_it_is_gone(home, tmp_path):
    """The ledger of the first run without "effects": the kept entry comes back, seal and all."""
    entries = home.ledger.entries()
    home.ledger.path.write_text(json.dumps({k: v for k, v in entries.items() if k != "effects"}))
    found = home.found()
    assert isinstance(found, Kept)
    found.restore(tmp_path / "again.ipynb", home.desk)
    assert home.ledger.entries() == entries


def test_a_kept_file_that_was_touched_is_not_used(home):
    (home.shelf.folder / NOTEBOOK.name / "executed.ipynb").write_text("{ }")
    assert home.found() == "the kept result is damaged"


def test_a_result_whose_inputs_moved_while_it_was_made_is_not_kept(home):
    before = home.inputs()
    file = home.folder / "data" / "costs.csv"
    file.write_bytes(file.read_bytes() + b"\n")
    home.shelf.keep(
        NOTEBOOK, before, PARAMETERS, executed=home.executed, desk=home.desk,
        before=(home.ledger.entries(), ""), origin=ORIGIN,
    )  # fmt: skip
    assert home.found() == "not run before"


def test_a_notebook_that_reads_what_it_writes_holds_as_found_or_as_left(engagement, tmp_path):
    """05 reads its own record of KPI values; any third state is neither."""
    notebook, desk, shelf = NOTEBOOKS["05_kpi_tracking"], tmp_path / "desk", Shelf(engagement)
    desk.mkdir()
    ledger = Ledger(desk / "ledger.json")
    ledger.write("record", {"runs": 1}, data={})
    before, first = ledger.entries(), (desk / "ledger.json").read_text()
    notes = [["trace", "begun", ""], ["content", "record", observe(before, "content", "record")]]
    (desk / FILE).write_text("".join(json.dumps(note) + "\n" for note in notes))
    (desk / HISTORY).write_bytes(b"one")
    history = file_digest(desk / HISTORY)
    ledger.write("record", {"runs": 2}, data={})
    (desk / HISTORY).write_bytes(b"two")
    (tmp_path / "executed.ipynb").write_text("{}")
    inputs = Inputs.take(load_engagement(engagement), out=tmp_path)
    shelf.keep(
        notebook, inputs, {}, executed=tmp_path / "executed.ipynb", desk=desk,
        before=(before, history), origin=ORIGIN,
    )  # fmt: skip

    def found():
        return shelf.find(notebook, inputs, {}, ledger=ledger.path)

    assert isinstance(found(), Kept), "as it left them"
    left = ledger.entries()
    (desk / HISTORY).write_bytes(b"three")
    assert isinstance(found(), str), "a third state"
    (desk / HISTORY).write_bytes(b"one")
    assert found() == "ledger entry record changed", "one as found, the other as left"
    (desk / "ledger.json").write_text(first)
    kept = found()
    assert isinstance(kept, Kept), "as it found them"
    kept.restore(tmp_path / "again.ipynb", desk)
    assert (ledger.entries(), (desk / HISTORY).read_bytes()) == (left, b"two")


def test_the_program_is_every_file_of_the_package(monkeypatch, tmp_path):
    for name in (
        "cxlib/a.py",
        "cxlib/report/words.po",
        "cxlib/measures/list.txt",
        "templates/x.css",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    monkeypatch.setattr(fingerprints, "ROOT", tmp_path)
    seen = {fingerprints.package_digest()}
    for file in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        file.write_text("2")
        seen.add(fingerprints.package_digest())
    assert len(seen) == 5


@pytest.mark.parametrize("setting", ["TZ", "CX_FONT"])
def test_settings_are_part_of_the_environment(monkeypatch, setting):
    from cxlib.report.fonts import report_fonts

    before = fingerprints.environment_digest()
    monkeypatch.setenv(setting, "Asia/Tokyo" if setting == "TZ" else str(report_fonts().regular))
    assert fingerprints.environment_digest() != before


def test_a_trace_names_fields_and_entries_and_nothing_else(engagement, tmp_path, monkeypatch):
    monkeypatch.setenv("CX_TRACE", "1")
    ledger = Ledger(tmp_path / "ledger.json")
    ledger.write("diagnosis", {"curve": "csat"}, data={})
    seen, book = traced(load_engagement(engagement), ledger)
    assert seen.goal("nps") is not None
    assert seen.path == engagement / "engagement.yml"
    book.read("diagnosis")
    book.write("verdicts", {}, data={})
    book.read("verdicts")
    lines = [json.loads(line)[:2] for line in (tmp_path / FILE).read_text().splitlines()]
    assert ["field", "goals"] in lines
    assert ["content", "diagnosis"] in lines
    assert [kind for kind, name in lines if name == "verdicts"] == [], "its own writing"
    assert ["field", "kpis"] not in lines
    assert ["field", "*"] not in lines
    seen.model_dump()
    assert ["field", "*"] in [json.loads(x)[:2] for x in (tmp_path / FILE).read_text().splitlines()]
