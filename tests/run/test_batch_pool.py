"""Worker processes: one branch's fault is no other's, a dead worker is replaced, a stop stops."""

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from cxlib.errors import ConfigError, DataError, RunError
from cxlib.run import batch, batch_pool, batch_work
from cxlib.run.batch import BatchOptions, run_batch
from cxlib.run.batch_pool import Pool, workers_for
from cxlib.run.batch_work import TOO_LITTLE, Bench, Job, Outcome
from cxlib.run.runner import Options

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
STUB = '''
import json, os, signal, time
from pathlib import Path
from cxlib.run.batch_work import Outcome

def make():
    return work

def work(job):
    """Do what the file beside the engagement says of the branch; note each beginning."""
    said = json.loads((Path(job.options.out).parent / "say.json").read_text())
    word = said.get(job.id, "ok")
    begun = Path(said["begun"])
    with begun.open("a") as file:
        file.write(f"{job.id} {os.getpid()}\\n")
    times = begun.read_text().split().count(job.id)
    if word == "die" or (word == "die once" and times == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "bad":
        return Outcome(id=job.id, state="failed", cause="data", message="row 7: found 9; must be 1")
    if word == "few":
        return Outcome(id=job.id, state="too_few")
    if word == "slow":
        time.sleep(60)
    folder = Path(job.options.out) / job.id
    folder.mkdir(parents=True, exist_ok=True)
    reports = []
    for language in ("en", "zh-Hant-HK"):
        name = f"01_diagnosis.{language}.html"
        (folder / name).write_text("report")
        reports.append({"notebook": "01_diagnosis", "language": language, "format": "html",
                        "file": name, "size": 6})
    (folder / "run.json").write_text("{}")
    return Outcome(id=job.id, state="done", folder=str(folder), reports=tuple(reports),
                   seconds=0.1, worker=str(os.getpid()))
'''


@pytest.fixture(scope="module")
def stub_folder(tmp_path_factory):
    """A module that worker processes can import."""
    folder = tmp_path_factory.mktemp("stub")
    (folder / "cx_batch_stub.py").write_text(STUB, encoding="utf-8")
    return folder


@pytest.fixture
def stub(stub_folder, monkeypatch):
    monkeypatch.syspath_prepend(stub_folder)
    return importlib.import_module("cx_batch_stub")


@pytest.fixture
def say(tmp_path):
    """Tell the stub what becomes of which branch; gives the file of beginnings."""

    def tell(**words):
        begun = tmp_path / "begun.txt"
        begun.touch()
        folder = tmp_path / "out" / "harbour_home" / "2026H1"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "say.json").write_text(json.dumps(words | {"begun": str(begun)}))
        return begun

    return tell


class Lines(list):
    def say(self, text):
        self.append(text)

    def section(self, name, number, count, text):
        self.append(f"{name} {number}/{count} {text}")

    def close(self):
        pass


def jobs(tmp_path, *ids):
    options = Options(out=tmp_path / "out" / "harbour_home" / "2026H1" / "batch_store")
    return [
        Job(id=name, path="", options=options, code="", part_of_whole=True) for name in ids
    ]  # fmt: skip


def test_each_branch_is_done_once_by_no_more_workers_than_asked(stub, say, tmp_path):
    begun = say()
    made = list(Pool(workers=2, work=stub.make).run(jobs(tmp_path, *"abcde")))
    assert sorted(outcome.id for outcome in made) == list("abcde")
    rows = [line.split() for line in begun.read_text().splitlines()]
    assert sorted(name for name, _ in rows) == list("abcde")
    assert len({pid for _, pid in rows}) <= 2


def test_a_worker_that_dies_is_replaced_and_its_branch_done_at_the_second_try(stub, say, tmp_path):
    begun, told = say(b="die once"), []
    made = list(Pool(workers=2, work=stub.make, tell=told.append).run(jobs(tmp_path, *"abcd")))
    found = {outcome.id: outcome for outcome in made}
    assert {outcome.state for outcome in made} == {"done"}
    assert {name: outcome.attempts for name, outcome in found.items()} == {
        "a": 1, "b": 2, "c": 1, "d": 1,
    }  # fmt: skip
    assert begun.read_text().split().count("b") == 2
    assert told == ["again  b: its worker ended (SIGKILL)"]


def test_a_branch_that_kills_its_worker_twice_is_reported_and_the_rest_finish(stub, say, tmp_path):
    begun = say(b="die")
    made = list(Pool(workers=1, work=stub.make, tell=Lines().say).run(jobs(tmp_path, *"abc")))
    found = {outcome.id: outcome for outcome in made}
    assert (found["a"].state, found["c"].state) == ("done", "done")
    assert found["b"].state == "failed"
    assert found["b"].message == (
        "its worker ended 2 times (SIGKILL); the system may be short of memory: try --workers 1"
    )
    assert begun.read_text().split().count("b") == 2


def test_leaving_the_loop_ends_every_worker(stub, say, tmp_path):
    begun = say(a="slow", b="slow")
    pool = Pool(workers=2, work=stub.make)
    going = pool.run(jobs(tmp_path, *"abc"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch_pool, "wait", lambda _: _stop_when(begun, 2))
        with pytest.raises(KeyboardInterrupt):
            next(going)
    pids = [int(line.split()[1]) for line in begun.read_text().splitlines()]
    assert len(pids) == 2
    assert [pid for pid in pids if _alive(pid)] == []


def _stop_when(begun, n):
    until = time.monotonic() + 30
    while len(begun.read_text().splitlines()) < n and time.monotonic() < until:
        time.sleep(0.05)
    raise KeyboardInterrupt


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_workers_suit_cores_memory_and_branches(monkeypatch):
    monkeypatch.setattr(batch_pool, "_cores", lambda: 8)
    monkeypatch.setattr(batch_pool, "_free_mb", lambda: 4_600)
    assert workers_for(60) == 3  # 1,500 MB each
    assert workers_for(60, wanted=6) == 6
    assert workers_for(2, wanted=6) == 2
    monkeypatch.setattr(batch_pool, "_free_mb", lambda: 100)
    assert workers_for(60) == 1
    with pytest.raises(
        ConfigError, match="--workers must be 1 or more, or 0 for one a core, got -1"
    ):
        workers_for(3, wanted=-1)


@pytest.mark.parametrize(
    ("error", "state", "cause"),
    [
        (DataError("row 7 is wrong"), "failed", "data"),
        (DataError(TOO_LITTLE), "too_few", ""),
        (RunError("notebook 01 stopped\n  kept: /somewhere/FAILED-x"), "failed", "run"),
        (OSError("disk full"), "failed", "run"),
        (ZeroDivisionError("by zero"), "failed", "run"),
    ],
)
def test_whatever_a_run_raises_is_an_outcome(monkeypatch, error, state, cause):
    def run(*_, **__):
        raise error

    monkeypatch.setattr(batch_work, "run_workbook", run)
    bench = Bench()
    job = Job(id="a", path="/no", options=Options(warm=False), code="", part_of_whole=True)
    outcome = bench.do(job)
    bench.close()
    assert (outcome.state, outcome.cause) == (state, cause)
    if "kept" in str(error):
        assert outcome.folder == "/somewhere/FAILED-x"


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """A plan of four stores; nothing in its folders is changed by what the stub does."""
    folder = tmp_path_factory.mktemp("plan") / "harbour_home"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns(".cx", "ledger.json", "*.duckdb"))
    made = batch.plan_by_column(batch.load_engagement(folder), by="store")
    return replace(made, branches=tuple(made.branches[n] for n in (0, 3, 4, 5)))


@pytest.fixture
def by_store(stub, tmp_path, stores, monkeypatch):
    """Call `cx batch --by store` with the stub at work."""
    home = tmp_path / "home"
    engagement, plan = stores.engagement.folder, replace(stores, home=home)
    monkeypatch.setattr(batch, "plan_by_column", lambda *_, **__: plan)
    monkeypatch.setattr(batch, "compare", lambda *_, **__: None)
    monkeypatch.setattr(batch, "code_digest", lambda: "the same program")
    monkeypatch.setattr(
        batch, "Pool", lambda *, tell, **_: Pool(workers=1, work=stub.make, tell=tell)
    )

    def call(*, fresh=False, lines=None):
        options = BatchOptions(by="store", out=tmp_path / "out", fresh=fresh)
        return run_batch([engagement], options, progress=lines)

    return call


def test_a_failure_leaves_the_rest_and_calling_again_runs_only_what_is_not_done(
    by_store, say, tmp_path
):
    begun, lines = say(s04="bad", s05="few"), Lines()
    result = by_store(lines=lines)
    assert [outcome.state for outcome in result.outcomes] == ["done", "failed", "too_few", "done"]
    assert result.exit_code == 3
    assert result.summary == "4 branches: 2 done, 1 with too few answers, 1 failed"
    assert "too few answers (n hidden)  s05 (Chai Wan)" in lines
    assert any(
        line.startswith("failed  s04 (Tai Koo): row 7: found 9; must be 1") for line in lines
    )
    assert any("4/4 1 failed" in line for line in lines)
    page = result.index.read_text(encoding="utf-8")
    assert "No report: the data of this branch need to be corrected first." in page
    assert "未有報告：須先更正此項目的資料。" in page
    assert "Not enough answers for a report; the number is not shown." in page
    assert 'href="s01/01_diagnosis.en.html"' in page
    assert 'href="s01/01_diagnosis.zh-Hant-HK.html"' in page

    begun.write_text("")
    say()
    again = by_store()
    assert begun.read_text().split()[::2] == ["s04"]
    assert [o.state for o in again.outcomes] == ["unchanged", "done", "too_few", "unchanged"]
    assert again.exit_code == 0

    begun.write_text("")
    (tmp_path / "out/harbour_home/2026H1/batch_store/s01/run.json").unlink()  # reports are gone
    by_store()
    assert begun.read_text().split()[::2] == ["s01"]

    begun.write_text("")
    by_store(fresh=True)
    assert sorted(begun.read_text().split()[::2]) == ["s01", "s04", "s05", "s06"]
    record = json.loads((tmp_path / "home/batch.json").read_text(encoding="utf-8"))
    assert set(record["branches"]) == {"s01", "s04", "s05", "s06"}


def test_none_done_is_a_failure_of_the_batch(by_store, say):
    say(s01="bad", s04="die", s05="few", s06="bad")
    result = by_store()
    assert result.exit_code == 1
    assert "No report: the process that made it was ended by the system." in (
        result.index.read_text(encoding="utf-8")
    )


def test_two_batches_never_share_a_record(by_store, say, tmp_path):
    say()
    (tmp_path / "home").mkdir()
    with batch.locked(tmp_path / "home/batch.lock", wait_s=0) as held:
        assert held
        with pytest.raises(RunError, match="another batch is at work in "):
            by_store()


def test_exit_codes():
    def code(*states, compared=True):
        outcomes = tuple(Outcome(id=str(n), state=state) for n, state in enumerate(states))
        return batch.BatchResult(index=Path(), outcomes=outcomes, compared=compared).exit_code

    assert code("done", "unchanged", "too_few") == 0
    assert code("done", "failed") == 3
    assert code("done", compared=False) == 3
    assert code("failed", "too_few") == 1
    assert code("too_few") == 1


DRIVER = """
import sys
sys.path.insert(0, sys.argv.pop(1))
import cx_batch_stub
from cxlib.run import batch
from cxlib.run.batch_pool import Pool

if __name__ == "__main__":
    batch.Pool = lambda *, workers, tell: Pool(workers=2, work=cx_batch_stub.make, tell=tell)
    batch.compare = lambda *_, **__: None
    from cxlib.cli import main
    main()
"""


def test_ctrl_c_ends_all_workers_and_leaves_finished_branches_complete(
    stub_folder, say, tmp_path, engagement
):
    begun = say(s02="slow", s03="slow")
    driver = tmp_path / "driver.py"
    driver.write_text(DRIVER, encoding="utf-8")
    command = [sys.executable, str(driver), str(stub_folder), "batch", str(engagement), "--by",
               "store", "--out", str(tmp_path / "out")]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        until = time.monotonic() + 60
        while sorted(begun.read_text().split()[::2]) != ["s01", "s02", "s03"]:
            assert time.monotonic() < until
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert "cx: stopped by the user" in err
    assert "done  s01 (Causeway Bay)" in out
    pids = {int(line.split()[1]) for line in begun.read_text().splitlines()}
    assert [pid for pid in pids if _alive(pid)] == []
    record = json.loads((engagement / ".cx/batch/store/batch.json").read_text(encoding="utf-8"))
    assert {n: said["state"] for n, said in record["branches"].items()} == {"s01": "done"}
    page = (tmp_path / "out/harbour_home/2026H1/batch_store/index.html").read_text(encoding="utf-8")
    assert page.count("Not begun; call the batch again to go on.") == 23
