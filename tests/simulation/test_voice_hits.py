"""Over seeds the complaints planted at the pain points come out on top."""

import importlib.util
import json
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location(
    "voice_hits", Path(__file__).with_name("voice_hits.py")
)
voice_hits = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(voice_hits)

KEPT = json.loads(voice_hits.REFERENCE.read_text(encoding="utf-8"))
CLOSE = "table: the first pair is at the online enquiry"
"""Three pairs are nearly as large as each other, so which is first is partly luck: not claimed."""


@pytest.mark.parametrize("key", [key for key in KEPT["rates"] if key != CLOSE])
def test_what_is_planted_is_found_in_nine_of_ten(key):
    """From tests/reference/voice_hits.json; its command stands beside the rates."""
    found = KEPT["rates"][key]
    assert found["seeds"] >= 20
    assert found["hits"] / found["seeds"] >= 0.9


def test_a_new_company_is_measured_as_the_table_says():
    """The code that made the table, on a seed outside it."""
    rates = voice_hits.hit_rates([7_001])
    assert set(rates) == set(KEPT["rates"])
    certain = [key for key, found in KEPT["rates"].items() if found["hits"] == found["seeds"]]
    assert {key: rates[key]["hits"] for key in certain} == dict.fromkeys(certain, 1)


def test_truth_json_names_what_is_planted():
    """The sample's truth carries the themes the pain points' complaints were written about."""
    sample = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home" / "truth.json"
    planted = json.loads(sample.read_text(encoding="utf-8"))["complaint_themes"]
    assert planted == {key: list(themes) for key, themes in voice_hits.COMPLAINT_THEMES.items()}
