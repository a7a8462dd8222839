"""The starter model and the record of how it reads comments it has not seen."""

import json

from cxlib.measures.voice import starter


def test_the_record_is_what_the_check_gives():
    """Made by python -m cxlib.measures.voice.starter; a change of the model must make it anew."""
    assert starter.starter_model().checks == starter.starter_checks()


def test_a_record_of_other_comments_is_not_believed(monkeypatch, tmp_path):
    record = json.loads(starter.RECORD.read_text(encoding="utf-8"))
    record["learned_from"] = "other comments"
    record["checks"][0]["found"]["right"] = 0
    monkeypatch.setattr(starter, "RECORD", tmp_path / "checks.json")
    starter.RECORD.write_text(json.dumps(record), encoding="utf-8")
    starter.starter_model.cache_clear()
    try:
        assert starter.starter_model().checks[0].found.right > 0
    finally:
        starter.starter_model.cache_clear()
