"""The same branches on a Dask cluster: each worker process keeps its kernels warm.

Workers run one branch at a time (start them with one thread each); a branch whose worker dies is
begun again on another by the scheduler. Rows travel over the shared disk, never through Dask.
"""

import logging
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cxlib.errors import ConfigError
from cxlib.run.batch_work import Job, Outcome, do_here, end_here, whoami
from cxlib.run.folder import code_digest

CONNECT_S: Final = 20
NOISE: Final = ("distributed", "tornado.application")


def run_on_cluster(
    jobs: Sequence[Job], scheduler: str, *, log: Path, tell: Callable[[str], None]
) -> Generator[Outcome]:
    """Do every job on the cluster, giving outcomes as they come.

    Args:
        jobs: The branches; their engagement files and report folder must lie where every worker
            sees them at the same path.
        scheduler: Its address, such as tcp://host:8786.
        log: File that keeps, a line each, which worker began and ended which branch, and when.
        tell: Told which workers there are and what was begun again.

    Raises:
        ConfigError: dask.distributed is not installed, no scheduler answers, it has no worker,
            or a worker misses the shared folders or has another version of cxlib.
    """
    with _connected(scheduler) as client:
        workers = _suitable(client, jobs)
        tell(f"cluster  {len(workers)} workers: {', '.join(sorted(workers.values()))}")
        log.unlink(missing_ok=True)
        yield from _gathered(client, jobs, tell, log)


def _connected(scheduler: str) -> Any:  # noqa: ANN401 - a Client
    try:
        from distributed import Client
    except ImportError:
        raise ConfigError(
            "--scheduler needs dask.distributed; install the extra: cx-workbook[cluster]"
        ) from None
    if "://" not in scheduler:
        raise ConfigError(
            f"--scheduler must be an address such as tcp://host:8786, got {scheduler!r}"
        )
    for name in NOISE:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters we say ourselves
    try:
        return Client(scheduler, timeout=CONNECT_S)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        raise ConfigError(
            f"no Dask scheduler answers at {scheduler} ({type(error).__name__}); start one with: "
            "dask scheduler"
        ) from None


def _suitable(client: Any, jobs: Sequence[Job]) -> dict[str, str]:  # noqa: ANN401
    """The workers, address to name, once each can do the work."""
    if not client.scheduler_info(n_workers=-1)["workers"]:
        raise ConfigError("the scheduler has no worker; start some with: dask worker ADDRESS")
    first = jobs[0]
    out = first.options.out
    out.mkdir(parents=True, exist_ok=True)
    seen = client.run(look, first.path, str(out), on_error="return")
    problems = []
    names = {}
    for address, said in seen.items():
        if not isinstance(said, dict):
            problems.append(
                f"worker {address} cannot run cxlib ({said}); install cx-workbook[cluster] there"
            )
            continue
        names[address] = str(said["name"])
        problems += [
            f"{label} must lie on a path that every worker sees; {said['name']} does not find "
            f"{path}: put it on a shared disk"
            for label, path in (("the engagement's folder", first.path), ("--out", str(out)))
            if path in said["absent"]
        ]
        if said["code"] != first.code:
            problems.append(f"worker {said['name']} has another version of cxlib; install the same")
    if problems:
        raise ConfigError("the cluster cannot do this batch:\n  " + "\n  ".join(problems))
    return names


def look(path: str, out: str) -> Mapping[str, Any]:
    """What a worker sees of the shared folders, and which program it has."""
    absent = [each for each in (path, out) if not Path(each).exists()]
    return {"name": whoami(), "absent": absent, "code": code_digest()}


def on_worker(job: Job, *, log: str) -> Outcome:
    """Do a branch in a Dask worker, noting who began it: a dead worker cannot tell."""
    _note(Path(log), "begun", job.id, whoami())
    return do_here(job)


def _gathered(
    client: Any,  # noqa: ANN401
    jobs: Sequence[Job],
    tell: Callable[[str], None],
    log: Path,
) -> Generator[Outcome]:
    from distributed import as_completed

    futures = {
        client.submit(on_worker, job, log=str(log), pure=False, key=f"cx-{job.id}"): job
        for job in jobs
    }
    try:
        for future in as_completed(list(futures)):  # type: ignore[no-untyped-call]
            outcome = _outcome(future, futures[future], begun=_begun(log))
            _note(log, outcome.state, outcome.id, outcome.worker)
            if outcome.attempts > 1:
                tell(f"again  {outcome.id}: begun {outcome.attempts} times, since a worker ended")
            yield outcome
    finally:
        with suppress(OSError, TimeoutError):
            client.cancel(list(futures), force=True)
            client.run(end_here, on_error="ignore")


def _outcome(future: Any, job: Job, *, begun: Counter[str]) -> Outcome:  # noqa: ANN401
    from distributed import KilledWorker

    attempts = max(1, begun[job.id])
    error = future.exception()
    if error is None:
        done: Outcome = future.result()
        return replace(done, attempts=attempts)
    if isinstance(error, KilledWorker):
        return Outcome(
            id=job.id, state="failed", cause="worker", attempts=attempts,
            message=f"the workers that began it ended, {attempts} times; they may be short of "
            "memory",
        )  # fmt: skip
    return Outcome(
        id=job.id, state="failed", cause="run", attempts=attempts,
        message=f"the cluster gave it up ({type(error).__name__}: {error})",
    )  # fmt: skip


def _note(log: Path, event: str, branch: str, worker: str) -> None:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{at}\t{event}\t{branch}\t{worker}\n")


def _begun(log: Path) -> Counter[str]:
    rows = [line.split("\t") for line in log.read_text(encoding="utf-8").splitlines()]
    return Counter(branch for _, event, branch, _ in rows if event == "begun")
