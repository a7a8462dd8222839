"""The ledger: sealed entries, frozen entries, one clear message each."""

import json

import pytest

from cxlib.engagement.ledger import Ledger
from cxlib.errors import ConfigError

DATA = {"answers": "ab12"}


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger.json")


def test_what_is_written_is_read(ledger):
    ledger.write("diagnosis", {"priorities": ["delivery"]}, data=DATA)
    assert ledger.read("diagnosis") == {"priorities": ["delivery"]}


def test_an_absent_entry_names_the_notebook_to_run(ledger):
    with pytest.raises(ConfigError) as caught:
        ledger.read("baselines")
    assert str(caught.value) == (
        "the ledger ledger.json has no 'baselines' entry; run 02_kpi_setting first: "
        "cx run 02_kpi_setting"
    )


def test_a_frozen_entry_may_be_repeated_but_not_changed(ledger):
    ledger.freeze("baselines", {"nps": 25.0}, data=DATA)
    ledger.freeze("baselines", {"nps": 25.0}, data=DATA)
    with pytest.raises(ConfigError) as caught:
        ledger.freeze("baselines", {"nps": 27.5}, data=DATA)
    assert str(caught.value) == (
        "the frozen 'baselines' entry of ledger.json would change: nps was 25.0, is now 27.5; "
        "restore the data it was frozen from, or give a rebase_reason"
    )
    assert ledger.read("baselines") == {"nps": 25.0}


def test_the_last_bit_of_another_machine_is_no_change(ledger):
    ledger.freeze("baselines", {"nps": 0.1 + 0.2}, data=DATA)
    ledger.freeze("baselines", {"nps": 0.3}, data=DATA)
    assert ledger.read("baselines") == {"nps": 0.3}


def test_a_reason_changes_a_frozen_entry_and_is_kept(ledger):
    ledger.freeze("baselines", {"nps": 25.0}, data=DATA)
    ledger.freeze("baselines", {"nps": 27.5}, data=DATA, reason="late answers arrived")
    (kept,) = json.loads(ledger.path.read_text())["baselines"]["history"]
    assert (kept["reason"], kept["was"]) == ("late answers arrived", {"nps": 25.0})


def test_an_edited_entry_breaks_the_seal(ledger):
    ledger.freeze("baselines", {"nps": 25.0}, data=DATA)
    ledger.path.write_text(ledger.path.read_text().replace("25.0", "20.0"))
    with pytest.raises(ConfigError) as caught:
        ledger.read("baselines")
    assert "the 'baselines' entry of ledger.json was edited after it was written" in str(
        caught.value
    )


def test_unreadable_json_is_said_to_be_so(ledger):
    ledger.path.write_text("{")
    with pytest.raises(ConfigError, match="is not readable JSON"):
        ledger.has("baselines")


def test_the_same_content_gives_the_same_bytes_in_any_order_of_writing(tmp_path):
    one, two = Ledger(tmp_path / "1.json"), Ledger(tmp_path / "2.json")
    one.write("diagnosis", {"a": 1}, data=DATA)
    one.write("effects", {"b": 2}, data=DATA)
    two.write("effects", {"b": 2}, data=DATA)
    two.write("diagnosis", {"a": 1}, data=DATA)
    assert one.path.read_bytes() == two.path.read_bytes()
