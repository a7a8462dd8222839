"""Shared fixtures: one run of the whole workbook on the sample engagement a session."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data_samples" / "harbour_home"
RECORD = shutil.ignore_patterns("history.duckdb*", ".cx")
"""What an earlier run may have left beside the sample."""


@dataclass(frozen=True)
class FullRun:
    """A finished run: its folder, the engagement copy it ran on, what it printed."""

    folder: Path
    engagement: Path
    lines: tuple[str, ...]

    def html(self, notebook, language):
        return (self.folder / f"{notebook}.{language}.html").read_text(encoding="utf-8")

    def pdf(self, notebook, language):
        return self.folder / f"{notebook}.{language}.pdf"


class Recorder:
    """Keeps what the runner says."""

    def __init__(self):
        self.lines = []

    def say(self, text):
        self.lines.append(text)

    def section(self, notebook, number, count, name):
        self.lines.append(f"{notebook} {number}/{count} {name}")

    def close(self):
        pass


@pytest.fixture
def engagement(tmp_path):
    """A private copy of the sample engagement, free to be spoilt."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "harbour_home", ignore=RECORD))


@pytest.fixture(scope="session")
def full_run(tmp_path_factory, worker_id):
    """Every notebook on a copy of the sample engagement, without the committed ledger.

    Run once, also where the tests are shared out among several processes.
    """
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent
    kept = shared / "full_run.json"
    with FileLock(f"{kept}.lock"):
        if not kept.exists():
            kept.write_text(json.dumps(_run_all(shared / "full_run")), encoding="utf-8")
        known = json.loads(kept.read_text(encoding="utf-8"))
    return FullRun(Path(known["folder"]), Path(known["engagement"]), tuple(known["lines"]))


def _run_all(home):
    from cxlib.run.runner import Options, run_workbook

    engagement = Path(shutil.copytree(SAMPLE, home / "harbour_home", ignore=RECORD))
    (engagement / "ledger.json").unlink(missing_ok=True)
    recorder = Recorder()
    folder = run_workbook(engagement, Options(out=home / "reports"), progress=recorder)
    return {"folder": str(folder), "engagement": str(engagement), "lines": recorder.lines}
