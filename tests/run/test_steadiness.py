"""Faults put in on purpose: a run ends complete or marked FAILED, and cleans up after itself."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from cxlib.errors import ConfigError, RunError
from cxlib.run import course, pages, reuse, runner, state
from cxlib.run.folder import RunFolder
from cxlib.run.kernels import Kernels
from cxlib.run.runner import Options, run_workbook

pytestmark = pytest.mark.notebooks
HTML = ("html",)


class Lines(list):
    def say(self, text):
        self.append(text)

    def section(self, *_):
        pass

    def close(self):
        pass


@pytest.fixture(scope="module")
def pool():
    """One warm server for all runs of these tests."""
    with Kernels() as made:
        yield made


@pytest.fixture(autouse=True)
def _shared_server(monkeypatch, pool):
    monkeypatch.setattr(runner, "_kernels", lambda _given, **_: pool.branch())


def options(tmp_path, **more):
    return Options(**{"notebooks": ("01",), "out": tmp_path / "reports", "formats": HTML} | more)


def folders(tmp_path):
    parent = tmp_path / "reports" / "harbour_home" / "2026H1"
    return sorted(path.name for path in parent.iterdir() if path.is_dir())


def kernels_alive():
    """Children of this process, and of the warm server it has: kernels."""
    rows = subprocess.run(
        ["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True
    )
    found = [line.split(None, 2) for line in rows.stdout.splitlines()[1:]]
    servers = {pid for pid, parent, args in found
               if int(parent) == os.getpid() and "fork_server" in args}  # fmt: skip
    return [args for _, parent, args in found if parent in servers and "defunct" not in args]


def assert_clean(tmp_path, engagement):
    for half in ("reports/**/.partial*", "reports/**/.desks", "reports/**/*.partial"):
        assert list(tmp_path.glob(half)) == []
    assert [p.name for p in engagement.glob(".*.partial")] == []
    assert list((engagement / ".cx").glob("reuse/.making-*")) == []
    assert not (engagement / ".cx" / "run").exists(), "checked tables, what engines put aside"
    assert kernels_alive() == []


FAULTS = (OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt())
STEPS = {
    "keeping a result": (reuse.Shelf, "keep"),
    "making pages": (course, "make_pages"),
    "keeping pages": (pages, "_keep"),
    "the index": (course, "write_index"),
    "the record": (RunFolder, "write_record"),
    "handing on": (state.shutil, "copyfile"),
    "the folder's name": (RunFolder, "finish"),
    "the pointer to the latest": (RunFolder, "_pointer"),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", FAULTS, ids=["full disk", "ctrl-c"])
def test_a_fault_at_any_step_leaves_the_old_report_or_a_folder_marked_failed(
    engagement, tmp_path, tiny, monkeypatch, *, step, fault
):
    """The first run is whole; the fault falls into the second, which has one more cell to run."""
    first = run_workbook(engagement, options(tmp_path))
    ledger = (engagement / "ledger.json").read_bytes()
    whole = {p.name: p.read_bytes() for p in first.iterdir() if p.is_file()}
    tiny("01_diagnosis", "book.ledger.write('diagnosis', {'curve': 'nps'}, data={})")

    real, left = getattr(*STEPS[step]), [1]

    def broken(*words, **more):
        if isinstance(fault, OSError) or left.pop():  # a disk stays full, a key is pressed once
            left.append(0)
            raise fault
        left.append(0)
        return real(*words, **more)

    with monkeypatch.context() as patch:
        patch.setattr(*STEPS[step], broken)
        try:
            second = run_workbook(engagement, options(tmp_path))
        except (OSError, KeyboardInterrupt):
            second = None
    assert {p.name: p.read_bytes() for p in first.iterdir() if p.is_file()} == whole
    latest = first.with_name("latest.txt").read_text().strip()
    if second is None:
        assert first.parent / latest == first
        assert (engagement / "ledger.json").read_bytes() == ledger, "nothing is handed on"
        (failed,) = (name for name in folders(tmp_path) if name.startswith("FAILED-"))
        assert list((first.parent / failed).glob("*.html")) == []
    assert_clean(tmp_path, engagement)
    again = run_workbook(engagement, options(tmp_path))
    assert json.loads((again / "run.json").read_text())["status"] == "done"
    assert "nps" in (engagement / "ledger.json").read_text()


@pytest.mark.usefixtures("tiny")
def test_two_runs_at_once_take_turns_and_lose_nothing(engagement, tmp_path):
    said = [Lines(), Lines()]
    jobs = [
        threading.Thread(
            target=run_workbook,
            args=(engagement, options(tmp_path, notebooks=names, fresh=True)),
            kwargs={"progress": lines},
        )
        for names, lines in zip((("01",), ("01", "02")), said, strict=True)
    ]  # fmt: skip
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert (
        sum(line.startswith("waiting  another run uses") for lines in said for line in lines) == 1
    )
    assert len(folders(tmp_path)) == 2
    assert set(json.loads((engagement / "ledger.json").read_text())) == {
        "diagnosis", "baselines", "targets", "goal_rules",
    }  # fmt: skip
    assert_clean(tmp_path, engagement)


def test_a_run_that_may_not_wait_says_who_is_there(engagement, tmp_path):
    from cxlib.engagement.lock import hidden_folder, locked

    with (
        locked(hidden_folder(engagement) / "run.lock", wait_s=0),
        pytest.raises(RunError) as caught,
    ):
        run_workbook(engagement, options(tmp_path, wait_s=0))
    assert str(caught.value) == (
        f"another run still uses {engagement}; wait for it to end, end it, or copy the engagement "
        "to a folder of your own"
    )
    assert not (tmp_path / "reports").exists()


def test_a_cell_that_hangs_is_named_and_stopped(engagement, tmp_path, tiny):
    tiny("01_diagnosis", "import time; time.sleep(200)")
    begun = time.monotonic()
    with pytest.raises(RunError) as caught:
        run_workbook(engagement, options(tmp_path, cell_limit_s=15))
    assert time.monotonic() - begun < 55
    assert str(caught.value).startswith(
        "notebook 01_diagnosis, section 'What is looked at': a cell took longer than 15 seconds "
        "and was stopped; give it more with --cell-limit, or make the tables it reads smaller\n"
        "  kept: "
    )
    assert_clean(tmp_path, engagement)


def test_one_notebook_that_fails_ends_the_one_beside_it(engagement, tmp_path, tiny):
    """03 raises while 05 sleeps: the run ends at once and names 03."""
    tiny("03_ab_test", "import time; time.sleep(1); 1 / 0")
    tiny("05_kpi_tracking", "import time; time.sleep(120)")
    begun = time.monotonic()
    with pytest.raises(RunError, match=r"notebook 03_ab_test, .*ZeroDivisionError"):
        run_workbook(engagement, options(tmp_path, notebooks=()))
    assert time.monotonic() - begun < 60
    assert_clean(tmp_path, engagement)


SHOWS = "print(book.ledger.read('verdicts') if book.ledger.has('verdicts') else 'none yet')"


@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_run_of_an_engagement_settles_so_that_the_second_executes_nothing(
    engagement, tmp_path, tiny, *, workers
):
    """02 shows the verdicts of 03, which comes later: it is executed once more after 03."""
    tiny("02_kpi_setting", SHOWS)
    folder = run_workbook(engagement, options(tmp_path, notebooks=(), workers=workers))
    assert "ship" in (folder / "notebooks" / "02_kpi_setting.ipynb").read_text(encoding="utf-8")
    again = run_workbook(engagement, options(tmp_path, notebooks=()))
    record = json.loads((again / "run.json").read_text())
    assert record["seconds"] == {}
    assert "02_kpi_setting" in record["reused"]
    index = (again / "index.html").read_text(encoding="utf-8")
    assert index.count("Reused: calculated in the run of") == len(record["reused"])
    assert "沿用於" in index


KILLED = """
import sys
from pathlib import Path
from cxlib.run import notebooks
from cxlib.run.runner import Options, run_workbook
notebooks.FOLDER = Path(sys.argv[2])
out = Path(sys.argv[3])
run_workbook(sys.argv[1], Options(notebooks=("01",), out=out, formats=("html",)))
"""


def test_a_killed_run_is_mended_by_the_next_and_leaves_no_kernel(engagement, tmp_path, tiny):
    """SIGKILL: nothing of ours can run afterwards, so kernels end by their leash."""
    whole = run_workbook(engagement, options(tmp_path))
    mark = tmp_path / "pid"
    tiny("01_diagnosis", f"import os; open({str(mark)!r}, 'w').write(str(os.getpid()))",
         "import time; time.sleep(120)")  # fmt: skip
    words = [sys.executable, "-c", KILLED, engagement, tmp_path / "notebooks", tmp_path / "reports"]
    with subprocess.Popen([str(word) for word in words]) as process:
        while not (mark.exists() and mark.read_text()):
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
    for _ in range(100):
        try:
            os.kill(int(mark.read_text()), 0)
        except ProcessLookupError:
            break
        time.sleep(0.1)
    else:
        pytest.fail("the kernel outlived its run")
    assert whole.with_name("latest.txt").read_text().strip() == whole.name
    tiny("01_diagnosis")
    said = Lines()
    run_workbook(engagement, options(tmp_path, resume=True), progress=said)
    assert said[0].startswith("mended  FAILED-")
    assert [name.startswith("FAILED-") for name in folders(tmp_path)].count(True) == 1
    assert_clean(tmp_path, engagement)


def test_an_interrupted_run_goes_on_where_it_stopped(engagement, tmp_path, tiny):
    tiny("04_roi_review", "1 / 0")
    with pytest.raises(RunError):
        run_workbook(engagement, options(tmp_path, notebooks=(), workers=1))
    tiny("04_roi_review")
    said = Lines()
    folder = run_workbook(engagement, Options(resume=True), progress=said)
    assert [line.split(",")[0] for line in said if line.startswith("reused")] == [
        "reused  01_diagnosis", "reused  02_kpi_setting", "reused  03_ab_test",
    ]  # fmt: skip
    assert folder.parents[2] == tmp_path / "reports", "options are those of the run resumed"
    assert len(list(folder.glob("*.html"))) == 15
    with pytest.raises(ConfigError, match="no run to resume: the last one finished"):
        run_workbook(engagement, Options(resume=True))


@pytest.mark.usefixtures("tiny")
def test_a_process_stopped_between_folder_and_ledger_is_completed(
    engagement, tmp_path, monkeypatch
):
    """The folder has its name, the ledger is not yet handed on: the next run does it."""
    real = os.replace

    def stop_at_the_ledger(old, new):
        if str(new).endswith("harbour_home/ledger.json"):
            raise SystemExit
        real(old, new)

    with monkeypatch.context() as patch:
        patch.setattr(state.os, "replace", stop_at_the_ledger)
        with pytest.raises(SystemExit):
            run_workbook(engagement, options(tmp_path))
    assert not (engagement / "ledger.json").exists()
    said = Lines()
    run_workbook(engagement, options(tmp_path, notebooks=("02",)), progress=said)
    assert said[0].endswith("its ledger was not handed on yet")
    assert set(json.loads((engagement / "ledger.json").read_text())) == {
        "diagnosis", "baselines", "targets", "goal_rules",
    }  # fmt: skip


def test_sigint_to_a_run_in_a_shell_ends_it_within_seconds(engagement, tmp_path, tiny):
    tiny("01_diagnosis", "import time; time.sleep(120)")
    words = [sys.executable, "-c", KILLED, engagement, tmp_path / "notebooks", tmp_path / "reports"]
    with subprocess.Popen(
        [str(word) for word in words], stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        while not list(tmp_path.glob("reports/*/*/.partial-*/.desks/*/reads.jsonl")):
            assert process.poll() is None
            time.sleep(0.05)
        begun = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=60)
    assert time.monotonic() - begun < 20
    assert [name[:7] for name in folders(tmp_path)] == ["FAILED-"]
    assert_clean(tmp_path, engagement)
