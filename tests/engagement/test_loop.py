"""The promise after a negative answer and the anonymity floor: what may stand, and errors."""

from pathlib import Path

import pytest

from cxlib.engagement import load_engagement
from cxlib.engagement.loop import ClosedLoop, EmployeeSurvey
from cxlib.errors import ConfigError

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home" / "engagement.yml"


def error_of(tmp_path, old, new):
    text = SAMPLE.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "engagement.yml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_engagement(file)
    return str(caught.value)


def test_the_defaults_stand_where_the_file_says_nothing():
    assert (ClosedLoop().score, ClosedLoop().contact_days, ClosedLoop().close_days) == (
        "csat",
        2,
        7,
    )
    assert (EmployeeSurvey().anonymity_floor, EmployeeSurvey().headcount) == (8, {})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("contact_days: 2, close_days: 7", "contact_days: 9, close_days: 7",
         ["close_days 7 must not be below contact_days 9"]),
        ("score: csat, contact_days", "score: ces, contact_days", ["closed_loop.score", "ces"]),
        ("anonymity_floor: 8", "anonymity_floor: 4", ["employee_survey.anonymity_floor", "4"]),
        ("headcount: {S01: 10,", "headcount: {S01: 0,", ["employee_survey.headcount.S01", "0"]),
        ("anonymity_floor: 8", "anonymity_flor: 8", ["anonymity_flor", "anonymity_floor"]),
    ],
)  # fmt: skip
def test_wrong_values_are_named_with_their_place(tmp_path, old, new, said):
    message = error_of(tmp_path, old, new)
    for part in said:
        assert part in message
