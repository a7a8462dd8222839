"""The unit of work: one branch, in whatever process and on whatever machine it is done."""

import os
import platform
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cxlib.errors import CxError, RunError
from cxlib.run.runner import Options, run_workbook

if TYPE_CHECKING:
    from cxlib.run.kernels import Kernels

State = Literal["done", "unchanged", "too_few", "failed"]
Cause = Literal["", "data", "run", "worker"]
TOO_LITTLE = "the tables hold too little for 01_diagnosis"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a worker is handed; plain values, so that it travels.

    Attributes:
        id: The branch.
        path: Its engagement file, on a path the worker sees too.
        options: Of its run.
        code: Fingerprint of the program that asks; a worker with another one refuses.
        part_of_whole: Whether it is a branch of one engagement: too few answers are no error then.
    """

    id: str
    path: str
    options: Options
    code: str
    part_of_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a branch.

    Attributes:
        id: The branch.
        state: done, unchanged (an earlier batch made it), too_few or failed.
        cause: Of a failure: bad data, a run that failed, a worker that ended.
        message: Of a failure, in full.
        folder: Its run's folder, "" for none.
        reports: The run's reports, as its record has them.
        seconds: It took.
        worker: Who did it: machine and process.
        attempts: How often it was begun.
    """

    id: str
    state: State
    cause: Cause = ""
    message: str = ""
    folder: str = ""
    reports: tuple[dict[str, Any], ...] = field(default=())
    seconds: float = 0.0
    worker: str = ""
    attempts: int = 1


class Bench:
    """A worker's warm kernels, kept from branch to branch."""

    def __init__(self) -> None:
        self._kernels: Kernels | None = None
        self._alone = threading.Lock()

    def do(self, job: Job) -> Outcome:
        """Run one branch; a failure is an outcome, never an exception.

        A stop asked for by signal goes through.
        """
        begun = time.monotonic()
        try:
            made = self._run(job)
        except (CxError, OSError) as error:
            made = _failed(job, error)
        except Exception as error:  # noqa: BLE001 - one branch's fault is no other's
            made = _failed(job, RunError(f"unexpected {type(error).__name__}: {error}"))
        return replace(made, seconds=round(time.monotonic() - begun, 2), worker=whoami())

    def close(self) -> None:
        """End the kernels."""
        with self._alone:
            kernels, self._kernels = self._kernels, None
        if kernels is not None:
            kernels.stop()

    def _run(self, job: Job) -> Outcome:
        import json

        folder = run_workbook(job.path, job.options, kernels=self._warm(warm=job.options.warm))
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        return Outcome(
            id=job.id, state="done", folder=str(folder), reports=tuple(record["reports"])
        )

    def _warm(self, *, warm: bool) -> "Kernels":
        from cxlib.run.kernels import Kernels

        with self._alone:
            if self._kernels is None or self._kernels.stopped:
                self._kernels = Kernels(warm=warm)
            return self._kernels


def whoami() -> str:
    """The machine and the process."""
    return f"{platform.node()}:{os.getpid()}"


def _failed(job: Job, error: Exception) -> Outcome:
    if job.part_of_whole and getattr(error, "summary", "") == TOO_LITTLE:
        return Outcome(id=job.id, state="too_few")
    message = str(error)
    folder = message.rpartition("\n  kept: ")[2] if "\n  kept: " in message else ""
    cause: Cause = "run" if isinstance(error, RunError | OSError) else "data"
    if not folder and Path(job.path).exists():
        folder = str(Path(job.path).parent)
    return Outcome(id=job.id, state="failed", cause=cause, message=message, folder=folder)


_BENCH = Bench()


def do_here(job: Job) -> Outcome:
    """Run a branch in this process, with the warm kernels this process keeps."""
    return _BENCH.do(job)


def end_here() -> None:
    """End the warm kernels this process keeps."""
    _BENCH.close()
