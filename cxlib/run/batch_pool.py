"""Worker processes of one machine: each does one branch at a time and keeps its kernels warm.

A worker that dies is replaced and its branch begun once more, then reported.
"""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess, parent_process
from typing import Final

from cxlib.errors import ConfigError
from cxlib.run.batch_work import Bench, Job, Outcome
from cxlib.run.memory import machine_mb

ATTEMPTS: Final = 2
GRACE_S: Final = 15.0
"""What a stopped worker has to mark its run FAILED and end its kernels."""
WORKER_MB: Final = 1_500
"""Room for one worker, its warm server and one kernel: 790 MB at the size of the sample, twice that
for larger tables."""

Work = Callable[[Job], Outcome]


def workers_for(branches: int, *, wanted: int = 0) -> int:
    """How many processes suit the machine: one a core, no more than memory or branches allow.

    Args:
        branches: To be run.
        wanted: What the user asked for; 0 leaves it to the machine.

    Raises:
        ConfigError: Fewer than none are wanted.
    """
    if wanted < 0:
        raise ConfigError(f"--workers must be 1 or more, or 0 for one a core, got {wanted}")
    able = wanted or min(_cores(), max(1, _free_mb() // WORKER_MB))
    return max(1, min(able, branches))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _free_mb() -> int:
    whole = machine_mb() or 1 << 20  # unknown: cores decide
    try:
        return min(whole, os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20)
    except (AttributeError, OSError, ValueError):
        return whole


@dataclass
class _Worker:
    """A process, the link to it and what it is doing."""

    process: BaseProcess
    link: Connection
    job: Job | None = None


@dataclass
class Pool:
    """Branches shared out among processes as they come free.

    Args:
        workers: How many processes.
        work: Does one branch in a worker; a function of a module, since it is sent there.
        tell: Told what happens to workers.
    """

    workers: int
    work: "Callable[[], Work] | None" = None
    tell: Callable[[str], None] = print
    _staff: list[_Worker] = field(default_factory=list)

    def run(self, jobs: Sequence[Job]) -> Generator[Outcome]:
        """Do every job, giving outcomes as they come; leaving the loop ends every worker."""
        waiting = deque((job, 1) for job in jobs)
        begun: dict[str, int] = {}
        try:
            self._staff += [self._hire() for _ in range(min(self.workers, len(jobs)))]
            while waiting or any(worker.job for worker in self._staff):
                for worker in self._staff:
                    if waiting and worker.job is None:
                        worker.job, begun_before = waiting.popleft()
                        begun[worker.job.id] = begun_before
                        with suppress(OSError):  # it died at rest: its sentinel tells
                            worker.link.send(worker.job)
                for worker in self._ready():
                    job, outcome = worker.job, self._heard(worker)
                    if outcome is None:
                        code = worker.process.exitcode
                        self._replace(worker)
                        if job is None:
                            continue
                        if begun[job.id] < ATTEMPTS:
                            self.tell(f"again  {job.id}: its worker ended ({_how(code)})")
                            waiting.appendleft((job, begun[job.id] + 1))
                            continue
                        outcome = Outcome(
                            id=job.id, state="failed", cause="worker",
                            message=f"its worker ended {ATTEMPTS} times ({_how(code)}); the system "
                            "may be short of memory: try --workers 1",
                        )  # fmt: skip
                    else:
                        worker.job = None
                    yield replace(outcome, attempts=begun[outcome.id])
        finally:
            self._dismiss()

    def _hire(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, self.work), name="cx-batch")
        with _sheltered():
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def _ready(self) -> list[_Worker]:
        """Workers that have an outcome, or have ended."""
        heard = wait([
            *(worker.link for worker in self._staff),
            *(worker.process.sentinel for worker in self._staff),
        ])  # fmt: skip
        return [
            worker for worker in self._staff
            if worker.link in heard or worker.process.sentinel in heard
        ]  # fmt: skip

    def _heard(self, worker: _Worker) -> Outcome | None:
        try:
            if worker.link.poll():
                said: Outcome = worker.link.recv()
                return said
        except (EOFError, OSError):
            pass
        worker.process.join(GRACE_S)
        return None

    def _replace(self, worker: _Worker) -> None:
        worker.link.close()
        self._staff[self._staff.index(worker)] = self._hire()

    def _dismiss(self) -> None:
        """End every worker: at rest at once, at work by a signal it answers by tidying up."""
        staff, self._staff = self._staff, []
        for worker in staff:
            worker.link.close()
            if worker.job is not None and worker.process.is_alive():
                worker.process.terminate()
        for worker in staff:
            worker.process.join(GRACE_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        with suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"


class _sheltered:  # noqa: N801 - used as a word
    """Let workers be started with a Ctrl-C's signal ignored: the asker alone answers it."""

    def __enter__(self) -> None:
        self._kept = None
        if threading.current_thread() is threading.main_thread():
            self._kept = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def __exit__(self, *_: object) -> None:
        if self._kept is not None:
            signal.signal(signal.SIGINT, self._kept)


def serve(link: Connection, make: "Callable[[], Work] | None" = None) -> None:
    """What a worker process does: branches as they are sent, until the link ends.

    Args:
        link: To the pool.
        make: Makes what does one branch; none takes a bench with warm kernels.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop a run answers by tidying up
    threading.Thread(target=_end_with_parent, daemon=True).start()
    bench = Bench()
    work = bench.do if make is None else make()
    try:
        while True:
            link.send(work(link.recv()))
    except (EOFError, OSError, KeyboardInterrupt):
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        bench.close()


def _end_with_parent() -> None:
    """A worker whose asker was killed stops as it does at a stop asked for."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
