"""A batch on a cluster: a real scheduler and two worker processes, one killed in mid-run."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import yaml

from cxlib.errors import ConfigError
from cxlib.run import batch
from cxlib.run.batch import BatchOptions, run_batch

pytest.importorskip("distributed", reason="the extra cluster is not installed")
SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
pytestmark = pytest.mark.notebooks
PRELOAD = """
from pathlib import Path
from cxlib.run import notebooks
notebooks.FOLDER = Path({folder!r})
"""
CELL = """\
import time
from cxlib.report import scope
from cxlib.run.workbook import open_workbook
book = open_workbook("01_diagnosis", engagement, ledger=ledger)
time.sleep(1.5)
book.ledger.write("diagnosis", {}, data={})"""


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """An engagement of four small stores, and one tiny notebook in place of the diagnosis."""
    import nbformat
    import pandas as pd

    home = tmp_path_factory.mktemp("cluster")
    folder = home / "engagement"
    (folder / "data").mkdir(parents=True)
    shutil.copyfile(SAMPLE / "_brand.yml", folder / "_brand.yml")
    said = yaml.safe_load((SAMPLE / "engagement.yml").read_text(encoding="utf-8"))
    said["voice"] = {}
    said["tables"] = {}
    for table in ("answers", "invitations", "stores"):
        frame = pd.read_csv(SAMPLE / "data" / f"{table}.csv", dtype=str, keep_default_na=False)
        frame = frame[frame["store"].isin(["S01", "S04", "S06", "S11"])]
        frame.to_csv(folder / "data" / f"{table}.csv", index=False)
        said["tables"][table] = {"file": f"data/{table}.csv"}
    (folder / "engagement.yml").write_text(yaml.safe_dump(said, allow_unicode=True), "utf-8")
    notebooks = home / "notebooks"
    notebooks.mkdir()
    code = nbformat.v4.new_code_cell
    parameters = code("engagement: str = ''\nledger: str = ''", metadata={"tags": ["parameters"]})
    book = nbformat.v4.new_notebook(
        cells=[
            parameters,
            code(CELL),
            nbformat.v4.new_markdown_cell("## One"),
            code("scope.provenance(book.report, book.data)"),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "", "language": "python"}},
    )
    nbformat.write(book, notebooks / "01_diagnosis.ipynb")
    (home / "preload.py").write_text(PRELOAD.format(folder=str(notebooks)), encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def cluster(case):
    """A scheduler and two workers, as `dask scheduler` and `dask worker` start them."""
    known = case / "scheduler.json"
    started = []

    def start(*words):
        log = (case / f"process{len(started)}.log").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words, "--scheduler-file", str(known),
             "--host", "127.0.0.1", "--no-dashboard"],
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        log.close()
        started.append(process)

    start("scheduler", "--port", "0")
    _until(known.exists)
    for name in ("first", "second"):
        start(
            "worker", "--nworkers", "1", "--nthreads", "1", "--no-nanny", "--name", name,
            "--preload", str(case / "preload.py"), "--local-directory", str(case / name),
        )  # fmt: skip
    yield json.loads(known.read_text(encoding="utf-8"))["address"]
    for process in reversed(started):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _until(holds, *, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


class Lines(list):
    def say(self, text):
        self.append(text)

    def section(self, *_):
        pass

    def close(self):
        pass


def test_a_worker_killed_in_mid_run_costs_no_branch(case, cluster, monkeypatch):
    """Four branches on two workers; the worker that begins first is killed two seconds later."""
    from distributed import Client

    with Client(cluster) as client:
        client.wait_for_workers(2, timeout=60)
    monkeypatch.setattr(batch, "compare", lambda *_, **__: None)
    log = case / "engagement" / ".cx" / "batch" / "store" / "cluster.tsv"
    killed = []

    def kill():
        _until(lambda: log.exists() and log.read_text(encoding="utf-8").count("begun") >= 2)
        time.sleep(2)
        killed.append(int(log.read_text(encoding="utf-8").split("\n")[0].rpartition(":")[2]))
        os.kill(killed[0], signal.SIGKILL)

    fault = threading.Thread(target=kill)
    fault.start()
    lines = Lines()
    options = BatchOptions(
        by="store", out=case / "reports", formats=("html",), languages=("en",), minimum_cell=5,
        scheduler=cluster,
    )  # fmt: skip
    result = run_batch([case / "engagement"], options, progress=lines)
    fault.join()
    assert [outcome.state for outcome in result.outcomes] == ["done"] * 4, lines
    assert result.exit_code == 0
    rows = [line.split("\t") for line in log.read_text(encoding="utf-8").splitlines()]
    begun = [(branch, who) for _, event, branch, who in rows if event == "begun"]
    done = {branch: who for _, event, branch, who in rows if event == "done"}
    dead = f":{killed[0]}"
    lost = {branch for branch, who in begun if who.endswith(dead)} - {
        branch for branch, who in done.items() if who.endswith(dead)
    }
    assert len(lost) == 1
    assert {outcome.id for outcome in result.outcomes if outcome.attempts == 2} == lost
    assert set(done) == {"s01", "s04", "s06", "s11"}
    assert not done[lost.pop()].endswith(dead)
    assert any(line.startswith("again  ") and "begun 2 times" in line for line in lines)
    for outcome in result.outcomes:
        assert (Path(outcome.folder) / "01_diagnosis.en.html").is_file()


def test_a_folder_no_worker_sees_and_another_program_are_refused_before_anything(case, cluster):
    """One worker is left; it is asked for a path that is not there and another fingerprint."""
    from cxlib.run.batch_dask import run_on_cluster
    from cxlib.run.batch_work import Job
    from cxlib.run.runner import Options

    job = Job(
        id="a", path=str(case / "elsewhere.yml"), options=Options(out=case / "reports"),
        code="another", part_of_whole=True,
    )  # fmt: skip
    log = case / "refused.tsv"
    with pytest.raises(ConfigError) as refused:
        list(run_on_cluster([job], cluster, log=log, tell=print))
    said = str(refused.value)
    assert "the engagement's folder must lie on a path that every worker sees" in said
    assert "elsewhere.yml: put it on a shared disk" in said
    assert "has another version of cxlib; install the same" in said
    assert not log.exists()


def test_an_address_where_nobody_answers_is_bad_input(case, monkeypatch):
    from cxlib.run import batch_dask

    monkeypatch.setattr(batch_dask, "CONNECT_S", 1)
    for address, said in (
        ("tcp://127.0.0.1:9", "no Dask scheduler answers at tcp://127.0.0.1:9"),
        ("127.0.0.1:8786", "--scheduler must be an address such as tcp://host:8786, got '127"),
    ):
        options = BatchOptions(
            by="store", out=case / "r", minimum_cell=5, scheduler=address, fresh=True
        )
        with pytest.raises(ConfigError, match=said):
            run_batch([case / "engagement"], options)
