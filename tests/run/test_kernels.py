"""Warm kernels are ordinary kernels: isolated, on a leash, with an environment of their own."""

import os
import subprocess
import sys
import time

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from cxlib.run.execute import quiet_threads
from cxlib.run.kernels import CAN_FORK, ENTRY, PROVISIONER, Kernels

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="kernels start afresh on this system")


@pytest.fixture(scope="module")
def pool():
    with Kernels() as made:
        made.server()
        yield made


def ask(pool, *cells, cwd="."):
    """What the last cell of a notebook prints, run in a kernel of the pool."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(
        book, kernel_name="python3", kernel_manager_class=pool.manager(),
        resources={"metadata": {"path": str(cwd)}}, shutdown_kernel="immediate",
        extra_arguments=["--IPKernelApp.log_level=CRITICAL"],
    )  # fmt: skip
    with quiet_threads():
        client.execute()
    return book.cells[-1].outputs


def said(pool, *cells, **more):
    (output,) = ask(pool, *cells, **more)
    return output["text"].strip()


def test_the_imports_are_there_and_the_kernel_leads_a_session_of_its_own(pool, tmp_path):
    found = said(pool, "import os, sys\nprint('statsmodels.api' in sys.modules, "
                 "os.getsid(0) == os.getpgid(0) == os.getpid(), os.getcwd(), sys.argv[0], "
                 "os.environ['JPY_PARENT_PID'] == str(os.getppid()), "
                 f"os.getppid() == {pool.server().process.pid})", cwd=tmp_path)  # fmt: skip
    assert found == f"True True {tmp_path} ipykernel_launcher True True"


def test_the_environment_is_that_of_the_moment_not_of_the_server(pool, monkeypatch):
    monkeypatch.setenv("CX_PROBE", "now")
    monkeypatch.delenv("HOME")
    assert said(pool, "import os; print(os.environ['CX_PROBE'], 'HOME' in os.environ)") == (
        "now False"
    )


def test_two_kernels_draw_different_random_numbers(pool):
    draw = "import random, numpy; print(random.random(), numpy.random.rand())"
    one, two = said(pool, draw).split(), said(pool, draw).split()
    assert one[0] != two[0]
    assert one[1] != two[1]


def test_what_one_kernel_does_no_other_sees(pool):
    assert said(pool, "import pandas; pandas.spoilt = 1", "print(pandas.spoilt)") == "1"
    assert said(pool, "import pandas; print(hasattr(pandas, 'spoilt'))") == "False"


def test_a_chart_drawn_with_pyplot_is_shown(pool):
    """With pyplot's backend chosen in the server, every chart would silently be missing."""
    shown = ask(pool, "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()")
    assert any("image/png" in output.get("data", {}) for output in shown)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_server_has_one_thread(pool):
    said(pool, "print(1)")
    tasks = os.listdir(f"/proc/{pool.server().process.pid}/task")  # noqa: PTH208
    assert len(tasks) == 1


def test_a_kernel_that_dies_is_noticed_and_the_next_one_works(pool):
    with pytest.raises(DeadKernelError):
        ask(pool, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert said(pool, "print(2)") == "2"
    assert pool.largest()[1] > 100, "of what has ended"


def test_a_cold_pool_starts_ordinary_kernels():
    with Kernels(warm=False) as cold:
        assert cold.server() is None
        assert said(cold, "import sys; print('statsmodels' in sys.modules)") == "False"


def test_jupyter_knows_the_provisioner_by_its_entry_point():
    import tomllib

    from cxlib.run.notebooks import ROOT

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    points = project["entry-points"]["jupyter_client.kernel_provisioners"]
    assert points == {PROVISIONER: ENTRY}


ASKING = """
import asyncio, os, sys, time
from cxlib.run.kernels import Kernels
pool = Kernels()
async def start():
    manager = pool.manager()(kernel_name="python3")
    await manager.start_kernel()
    return manager.provisioner.process.pid
print(pool.server().process.pid, asyncio.run(start()), flush=True)
time.sleep(60)
"""


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("victim", ["the asking process", "the server"])
def test_no_kernel_outlives_who_asked_for_it(victim):
    """Both are ended by SIGKILL, so that nothing of theirs can run afterwards."""
    with subprocess.Popen(
        [sys.executable, "-c", ASKING], stdout=subprocess.PIPE, text=True
    ) as asks:
        server, kernel = map(int, asks.stdout.readline().split())
        os.kill(asks.pid if victim == "the asking process" else server, 9)
        gone = [kernel] if victim == "the server" else [server, kernel]
        for _ in range(100):
            gone = [pid for pid in gone if alive(pid)]
            if not gone:
                break
            time.sleep(0.1)
        asks.kill()
    assert gone == []
