"""The run's folder: never over an older one, never half a report."""

from datetime import UTC, datetime

import pytest

from cxlib.run.folder import RunFolder

AT = datetime(2026, 7, 15, 9, 30, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    return RunFolder.create(tmp_path, client="tea", wave="2026H1", digest="0123456789", at=AT)


def test_it_is_named_by_time_and_hash_once_complete(folder, tmp_path):
    assert not folder.final.exists()
    assert folder.finish() == tmp_path / "tea" / "2026H1" / "20260715-0930_01234567"
    assert (tmp_path / "tea" / "2026H1" / "latest.txt").read_text() == "20260715-0930_01234567\n"


def test_a_second_run_in_the_same_minute_gets_its_own_folder(folder, tmp_path):
    folder.finish()
    again = RunFolder.create(tmp_path, client="tea", wave="2026H1", digest="0123456789", at=AT)
    assert again.finish().name == "20260715-0930_01234567-2"


def test_a_failed_run_keeps_notebooks_and_nothing_that_looks_like_a_report(folder):
    (folder.partial / "notebooks" / "01.ipynb").write_text("{}")
    (folder.partial / "01.en.html").write_text("<html>")
    (folder.partial / "01.en.pdf").write_bytes(b"%PDF")
    kept = folder.fail("the kernel died")
    assert kept.name == "FAILED-20260715-0930_01234567"
    assert sorted(p.name for p in kept.rglob("*") if p.is_file()) == ["01.ipynb", "FAILED"]
    assert (kept / "FAILED").read_text() == "the kernel died\n"


def test_two_runs_that_start_at_the_same_moment_get_two_folders(folder, tmp_path):
    again = RunFolder.create(tmp_path, client="tea", wave="2026H1", digest="0123456789", at=AT)
    assert again.partial != folder.partial
    assert {folder.finish().name, again.finish().name} == {
        "20260715-0930_01234567", "20260715-0930_01234567-2",
    }  # fmt: skip
