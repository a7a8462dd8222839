"""Other processes that read comments: started by name, fed chunk by chunk, answered in order.

A worker is this interpreter running this module, so that neither a notebook's kernel nor a
script is imported again in it, and nothing is forked. Where one cannot be had (a judge that
cannot be sent, no room for another process), this process reads alone; the results are the same.
"""

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import IO, Any, Final, Literal, TypeAlias

from cxlib.measures.voice.reading import Plan, Reader

Step: TypeAlias = Literal["hide", "read"]
Run: TypeAlias = Callable[[Step, Iterable[tuple[Any, ...]]], Iterator[Any]]
"""Takes a step with each of some arguments; gives the results in the same order."""

MANY: Final = 20_000
"""Comments from which a second process pays for its start, about 2 seconds."""
MOST: Final = 4
_AHEAD: Final = 1
_FAILURES: Final = (OSError, EOFError, pickle.PickleError)


@contextmanager
def readers(plan: Plan, *, n: int, processes: int | None = None) -> Iterator[Run]:
    """Have comments read by this process, or by several where there are many comments.

    Args:
        plan: How they are read.
        n: Comments there are.
        processes: How many processes read; None takes one for fewer than 20,000 comments, else
            one a core, at most 4.
    """
    wanted = processes or (min(MOST, _cores()) if n >= MANY else 1)
    workers = _start(plan, wanted) if wanted > 1 else []
    if not workers:
        reader = Reader(plan)
        yield lambda step, jobs: (getattr(reader, step)(*job) for job in jobs)
        return
    free: SimpleQueue[_Worker] = SimpleQueue()
    alone, own = Lock(), cache(lambda: Reader(plan))  # made where one has ended: it takes a second
    for worker in workers:
        free.put(worker)

    def take(step: Step, job: tuple[Any, ...]) -> Any:  # noqa: ANN401 - what the step gives
        worker = free.get()
        try:
            return worker.ask((step, job))
        except _FAILURES:  # it has been stopped from outside: its chunk is read here
            with alone:
                return getattr(own(), step)(*job)
        finally:
            free.put(worker)

    threads = ThreadPoolExecutor(len(workers))
    try:
        yield lambda step, jobs: _in_order(threads, take, step, jobs, len(workers) + _AHEAD)
    finally:
        threads.shutdown(wait=True, cancel_futures=True)
        for worker in workers:
            worker.stop()


def _in_order(
    threads: ThreadPoolExecutor,
    take: Callable[[Step, tuple[Any, ...]], Any],
    step: Step,
    jobs: Iterable[tuple[Any, ...]],
    most: int,
) -> Iterator[Any]:
    """Keep so many jobs under way; never more results wait than that."""
    waiting: deque[Future[Any]] = deque()
    for job in jobs:
        waiting.append(threads.submit(take, step, job))
        if len(waiting) >= most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


class _Worker:
    """One other process and the two pipes to it."""

    def __init__(self, plan: bytes) -> None:
        paths = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, this module
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=os.environ
            | {"PYTHONPATH": paths, "PYTHONSAFEPATH": "1", "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        self._write(plan)

    def ready(self) -> bool:
        """Wait until it has its plan."""
        return bool(pickle.load(self._out))  # noqa: S301 - written by this module

    def ask(self, job: tuple[Step, tuple[Any, ...]]) -> Any:  # noqa: ANN401 - what the step gives
        """Have a job done.

        Raises:
            Exception: What the job raised there.
        """
        self._write(pickle.dumps(job, pickle.HIGHEST_PROTOCOL))
        worked, result = pickle.load(self._out)  # noqa: S301 - written by this module
        if not worked:
            raise result
        return result

    def stop(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue
        self._process.terminate()
        self._process.wait()

    @property
    def _out(self) -> IO[bytes]:
        if self._process.stdout is None:
            raise EOFError
        return self._process.stdout

    def _write(self, data: bytes) -> None:
        if self._process.stdin is None:
            raise EOFError
        self._process.stdin.write(data)
        self._process.stdin.flush()


def _start(plan: Plan, n: int) -> list[_Worker]:
    """Start workers; none where the plan cannot be sent or a process cannot be had."""
    workers: list[_Worker] = []
    try:
        packed = pickle.dumps(plan, pickle.HIGHEST_PROTOCOL)
        workers.extend(_Worker(packed) for _ in range(n))
        if all(worker.ready() for worker in workers):
            return workers
    except (*_FAILURES, AttributeError, TypeError):
        pass
    for worker in workers:
        worker.stop()
    return []


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def serve(asked: IO[bytes], answered: IO[bytes]) -> None:
    """Answer jobs until there are no more: a plan first, then pairs of a step and its arguments."""

    def answer(what: object) -> None:
        pickle.dump(what, answered, pickle.HIGHEST_PROTOCOL)
        answered.flush()

    try:
        reader = Reader(pickle.load(asked))  # noqa: S301 - written by this module
    except Exception:  # noqa: BLE001 - whatever it is, the other side reads alone then
        answer(False)
        return
    answer(True)
    while True:
        try:
            step, job = pickle.load(asked)  # noqa: S301 - written by this module
        except (EOFError, OSError):
            return
        try:
            answer((True, getattr(reader, step)(*job)))
        except Exception as error:  # noqa: BLE001 - raised again on the other side
            answer((False, error))


if __name__ == "__main__":
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not stand among the answers
    serve(sys.stdin.buffer, out)
