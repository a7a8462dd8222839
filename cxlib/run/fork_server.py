"""The process kernels are forked from: it has imported what every notebook needs, and no more.

    python -P -m cxlib.run.fork_server FD

FD is a socket to the process that asks. A line of JSON asks for a kernel (arguments, environment,
folder); lines of JSON answer with its process id and, later, with how it ended. When the asking
process is gone the socket ends, and with it every kernel. The server itself never computes: no
thread of Python, no BLAS pool, no DuckDB connection and no figure exist in it before a fork.
"""

import gc
import json
import os
import random
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from cxlib.run.memory import bound_memory

PRELOADED = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "matplotlib_inline.backend_inline",
    "duckdb",
    "scipy.stats",
    "statsmodels.api",
    "statsmodels.tsa.statespace.structural",
    "statsmodels.stats.diagnostic",
    "sklearn.linear_model",
    "sklearn.feature_extraction.text",
    "matplotlib.figure",
    "matplotlib.backends.backend_svg",
    "seaborn",
    "fontTools.ttLib",
    "fontTools.subset",
    "uharfbuzz",
    "babel.dates",
    "babel.numbers",
    "babel.support",
    "numpy_financial",
    "opencc",
    "rjieba",
    "ahocorasick",
    "nh3",
    "brand_yml",
    "yaml",
)
ROOMS = ("data", "stats", "measures", "decisions", "report")
GARBAGE = (50_000, 20, 100)
"""Cyclic garbage is looked for less often: charts make many small objects, and few that stay."""
BACKEND = "module://matplotlib_inline.backend_inline"


def preload() -> None:
    """Import the heavy packages and every module a notebook can ask cxlib for."""
    package = Path(__file__).parents[1]
    names = ["cxlib.run.workbook"]
    for room in ROOMS:
        for file in sorted((package / room).rglob("*.py")):
            parts = file.relative_to(package.parent).with_suffix("").parts
            if "simulate" not in parts and file.stem != "__main__":
                names.append(".".join(parts).removesuffix(".__init__"))
    for name in (*PRELOADED, *names):
        with suppress(Exception):  # what is absent or broken is told by the notebook that needs it
            import_module(name)
    with suppress(Exception):
        _read_words()


def _read_words() -> None:
    """Read the package's own word lists: report texts of each language, themes of comments."""
    from cxlib.measures.voice.coder import coder_of
    from cxlib.measures.voice.taxonomy import base_taxonomy
    from cxlib.report.catalogue import CODES, catalogue

    for language in CODES:
        catalogue(language)
    coder_of(base_taxonomy())


def serve(link: socket.socket) -> None:
    """Answer until the asking process is gone."""
    woken, wakes = os.pipe()
    for end in (woken, wakes):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    kernels: dict[int, str] = {}
    asked = b""
    while True:
        ready = select.select([link.fileno(), woken], [], [])[0]
        if woken in ready:
            with suppress(BlockingIOError):
                while os.read(woken, 512):
                    pass
            for note in _ended(kernels):
                _tell(link, note)
        if link.fileno() in ready:
            more = link.recv(1 << 16)
            if not more:
                break
            *lines, asked = (asked + more).split(b"\n")
            for line in lines:
                request = json.loads(line)
                pid = _fork(request, close=(link.fileno(), woken, wakes))
                kernels[pid] = request["connection"]
                _tell(link, {"id": request["id"], "pid": pid})
    _end_all(kernels)


def _tell(link: socket.socket, note: dict[str, Any]) -> None:
    with suppress(OSError):  # the asking process has gone; the next read says so
        link.sendall(json.dumps(note).encode() + b"\n")


def _ended(kernels: dict[int, str]) -> list[dict[str, Any]]:
    """Collect the children that have ended: exit code, CPU seconds, peak memory."""
    notes = []
    while kernels:
        try:
            pid, status, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid == 0:
            break
        kernels.pop(pid, None)
        code = os.waitstatus_to_exitcode(status)
        peak = used.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
        seconds = used.ru_utime + used.ru_stime
        notes.append({"ended": pid, "code": code, "cpu_s": seconds, "peak_mb": peak})
    return notes


def _end_all(kernels: dict[int, str]) -> None:
    """The leash: nobody asks any more, so no kernel may live on."""
    for pid, connection in kernels.items():
        for end in (os.killpg, os.kill):
            with suppress(OSError):
                end(pid, signal.SIGKILL)
        with suppress(OSError):
            Path(connection).unlink()


def _fork(request: dict[str, Any], *, close: tuple[int, ...]) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _become_kernel(request, close)
    return pid


def _become_kernel(request: dict[str, Any], close: tuple[int, ...]) -> NoReturn:
    """Turn this fresh child into an ordinary kernel with a session and environment of its own."""
    code = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for end in close:
            os.close(end)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        server = os.getppid()
        os.environ.clear()
        os.environ.update(request["env"], JPY_PARENT_PID=str(server))
        time.tzset()
        os.chdir(request["cwd"])
        sys.argv = ["ipykernel_launcher", *request["argv"]]
        gc.set_threshold(*GARBAGE)
        bound_memory()
        _draw_again()
        from ipykernel.kernelapp import IPKernelApp

        # the class read JPY_PARENT_PID when the server imported it, so it is told again
        app = IPKernelApp.instance(parent_handle=server)
        app.initialize(request["argv"])  # type: ignore[no-untyped-call]
        _show_charts(app.shell)
        app.start()  # type: ignore[no-untyped-call]
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:  # noqa: BLE001 - nothing may return into the server's loop
        import traceback

        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _draw_again() -> None:
    """Give the child random numbers of its own."""
    import numpy as np

    random.seed()
    np.random.seed()  # noqa: NPY002 - the global state is what a fork would share


def _show_charts(shell: Any) -> None:  # noqa: ANN401 - IPython's
    """Choose the chart backend again: pyplot chose in the server, where no cell can show any."""
    import matplotlib as mpl

    if os.environ.setdefault("MPLBACKEND", BACKEND) == BACKEND:
        shell.enable_matplotlib("inline")
    else:
        mpl.use(os.environ["MPLBACKEND"])


def main() -> None:
    """Preload, then serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    link = socket.socket(fileno=int(sys.argv[1]))
    preload()
    gc.collect()
    gc.freeze()
    serve(link)
    os._exit(0)  # what is frozen cannot be taken down in order, and nothing needs it


if __name__ == "__main__":
    main()
