"""CPU seconds a notebook costs as a notebook, over the same cells as a plain script.

    python tests/benchmarks/overhead.py [01 02 …]      prints JSON, a line a notebook

Both sides begin as a process forked from one that has imported everything, so that imports, which
a run pays once, are on neither. Counted on our side: the kernel from its fork to its end, and the
runner's thread that talks to it and writes the executed notebook. Not counted: making reports. The
script reads and checks the client's tables itself, which a run does once for all notebooks.
"""

import gc
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from full_run import clean_copy, sample_notebooks

from cxlib.run import course, execute
from cxlib.run.fork_server import GARBAGE, preload
from cxlib.run.kernels import ONE_THREAD, Kernels
from cxlib.run.runner import Options, run_workbook


def as_notebooks(home, names):
    """Run them; per notebook the CPU of its first kernel and of the thread that drove it."""
    import papermill  # noqa: F401 - its import is paid once a run

    driven, real = {}, execute.execute

    def timed(notebook, *words, **more):
        begun = time.thread_time()
        try:
            return real(notebook, *words, **more)
        finally:
            driven.setdefault(notebook.name, time.thread_time() - begun)

    course.execute = timed
    with Kernels() as pool:
        branch = pool.branch()
        pool.branch = lambda: branch
        options = Options(notebooks=tuple(names), out=home / "out", formats=("html",))
        run_workbook(clean_copy(home), options, kernels=pool)
        kernels = {}
        for name, cpu, _ in branch.ended():
            kernels.setdefault(name, cpu)
    return {name: (kernels[name], driven[name]) for name in kernels}


def as_script(engagement, path):
    """Run the cells in a child of this process; its CPU seconds."""
    reads, writes = os.pipe()
    if not (pid := os.fork()):
        begun = time.process_time()
        given = {
            "engagement": str(engagement), "language": "en",
            "ledger": str(engagement / "ledger.json"),
        }  # fmt: skip
        room = {"__name__": "__main__"}
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                exec("".join(cell["source"]), room)  # noqa: S102 - our own notebook
                if "parameters" in cell["metadata"].get("tags", ()):
                    room |= given
        os.write(writes, f"{time.process_time() - begun}".encode())
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if status:
        raise SystemExit(f"{path.name} failed as a script")
    return float(os.read(reads, 100))


def main():
    paths = [p for p in sample_notebooks() if not sys.argv[1:] or p.stem[:2] in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        found = as_notebooks(home / "run", [path.stem for path in paths])
        os.environ |= ONE_THREAD
        preload()
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        engagement = clean_copy(home / "script")
        for path in paths:
            kernel, thread = found[path.stem]
            alone = as_script(engagement, path)
            print(json.dumps({
                "notebook": path.stem, "kernel_s": kernel, "thread_s": thread, "script_s": alone,
                "overhead_s": kernel + thread - alone,
                "peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
            }), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
