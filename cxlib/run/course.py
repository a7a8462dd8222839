"""The course of one run: its folder, the notebooks in order, reports as they come, the record."""

import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING, Any

from cxlib import __version__
from cxlib.engagement.ledger import MAKERS, Ledger
from cxlib.errors import CxError, RunError
from cxlib.run.execute import execute, quiet_threads
from cxlib.run.export import ReportFile, write_index
from cxlib.run.folder import RunFolder, code_digest
from cxlib.run.inputs import PACKAGES, Inputs, file_digest
from cxlib.run.memory import LIMIT
from cxlib.run.notebooks import NOTEBOOKS, Notebook
from cxlib.run.pages import make_pages
from cxlib.run.progress import Progress
from cxlib.run.readiness import Ready
from cxlib.run.reuse import HISTORY, Kept, Origin, Shelf, left_behind
from cxlib.run.schedule import in_order, undisturbed
from cxlib.run.state import RunState, hand_on
from cxlib.run.trace import FILE, observe, read_notes

if TYPE_CHECKING:
    from cxlib.run.kernels import Kernels
    from cxlib.run.runner import Options

KEPT = ("ledger.json", HISTORY)
"""What a run takes from beside the engagement file and, when it is done, puts back there."""
AGAIN = " again"


class Course:
    """The state of one run.

    Args:
        inputs: Fingerprints of all it starts from.
        ready: The notebooks to run.
        options: What to make and where.
        progress: Told what is being done.
        kernels: Where notebooks run.
        shelf: Results of earlier runs.
        state: Where the run notes how far it is.
    """

    def __init__(
        self,
        inputs: Inputs,
        ready: Ready,
        options: "Options",
        *,
        progress: Progress,
        kernels: "Kernels",
        shelf: Shelf,
        state: RunState,
    ) -> None:
        self.inputs, self.engagement, self.ready = inputs, inputs.engagement, ready
        self.options, self.progress, self.kernels = options, progress, kernels
        self.shelf, self.state = shelf, state
        self.languages = options.languages or tuple(self.engagement.languages)
        self.started = datetime.now().astimezone()
        self.code = code_digest()
        self.digest = self._input_digest()
        self.folder = RunFolder.create(
            options.out.resolve(),
            client=self.engagement.client.id,
            wave=self.engagement.wave,
            digest=self.digest,
            at=self.started,
        )
        started = self.started.isoformat(timespec="seconds")
        self.origin = Origin(
            folder=self.folder.final.name, started=started, fingerprint=self.digest[:8]
        )
        self.seconds: dict[str, float] = {}
        self.reused: dict[str, Origin] = {}
        self.chosen = {notebook.name for notebook in ready.notebooks}
        self.done = {name: threading.Event() for name in self.chosen}
        self.alone = threading.Lock()

    def go(self) -> Path:
        """Run, and leave the finished folder or one marked FAILED.

        Raises:
            CxError: What stopped it.
        """
        home = self.engagement.folder
        try:
            self.state.note("running", self.folder, self.options.plain())
            for name in KEPT:
                if (home / name).is_file():
                    copyfile(home / name, self.folder.partial / name)
            reports = self._make_all()
            write_index(
                self.folder.partial / "index.html",
                engagement=self.engagement,
                reports=reports,
                languages=self.languages,
                reused={
                    name: datetime.fromisoformat(origin.started)
                    for name, origin in self.reused.items()
                },
            )
            self.folder.write_record(self._record("done", reports))
            with undisturbed():
                self.state.note("committing", self.folder, self.options.plain())
                hand_on(self.folder.partial, home, KEPT, between=self.folder.finish)
                self.state.note("done", self.folder, self.options.plain())
        except BaseException as error:
            with undisturbed():
                failed = self._failed(error)
            if failed is error:
                raise
            raise failed from error
        return self.folder.final

    def _failed(self, error: BaseException) -> BaseException:
        """Mark the folder FAILED, also on a full disk, and give the error to raise."""
        message = str(error) if isinstance(error, CxError) else f"{type(error).__name__}: {error}"
        if not self.folder.partial.is_dir():
            return error
        record = self._record("FAILED", [], error=message)
        kept = self.folder.fail(message, record=record)
        with suppress(OSError):  # the next run finds that this one did not finish
            self.state.note("FAILED", self.folder, self.options.plain())
        return RunError(f"{error}\n  kept: {kept}") if isinstance(error, RunError) else error

    def _make_all(self) -> list[ReportFile]:
        """Run the notebooks; reports are made while the next ones run.

        A notebook that shows what a later one writes is looked at once more after that one, so
        that the reports of a run agree and a second run finds nothing new.
        """
        exports: dict[str, Future[list[ReportFile]]] = {}
        early: dict[str, tuple[dict[str, str], Path, Origin]] = {}
        order = {n.name: n.waits_for(self.chosen) for n in self.ready.notebooks}
        for notebook in self.ready.notebooks:
            if later := notebook.shows_later(self.chosen):
                order[notebook.name + AGAIN] = later | {notebook.name}
        with ThreadPoolExecutor(1, thread_name_prefix="cx-pages") as pages, quiet_threads():

            def work(piece: str) -> None:
                name = piece.removesuffix(AGAIN)
                notebook, heard = NOTEBOOKS[name], self._heard(NOTEBOOKS[name])
                if piece == name:
                    executed, origin = self._work(notebook)
                    self.done[name].set()
                    if name + AGAIN in order:
                        early[name] = heard, executed, origin
                        return
                else:
                    before, executed, origin = early[name]
                    if heard != before and not isinstance(self._kept(notebook), Kept):
                        executed, origin = self._work(notebook)
                exports[name] = pages.submit(self._pages, name, executed, origin)

            try:
                in_order(
                    list(order),
                    work,
                    after=order,
                    workers=self.options.workers,
                    stop=self._stop,
                )
                reports = [
                    report
                    for notebook in self.ready.notebooks
                    for report in exports[notebook.name].result()
                ]
            except BaseException:
                pages.shutdown(wait=False, cancel_futures=True)
                raise
        for report in reports:
            self.progress.say(f"report  {report.file}")
        return reports

    def _heard(self, notebook: Notebook) -> dict[str, str]:
        """What is in the ledger now of the entries it shows and a later notebook writes."""
        with self.alone:
            entries = Ledger(self.folder.partial / "ledger.json").entries()
        later = [name for name in notebook.hears if MAKERS[name] > notebook.name]
        return {name: observe(entries, "content", name) for name in later}

    def _stop(self) -> None:
        """End what still runs: kernels at once, and whoever waits for another notebook."""
        self.kernels.stop()
        for event in self.done.values():
            event.set()

    def _work(self, notebook: Notebook) -> tuple[Path, Origin]:
        """Get one notebook's result, from an earlier run or by executing it."""
        desk, parameters = self._desk(notebook), self._parameters(notebook)
        executed = self.folder.partial / "notebooks" / f"{notebook.name}.ipynb"
        found: Kept | str = "--fresh"
        if not self.options.fresh:
            found = self.shelf.find(notebook, self.inputs, parameters, ledger=desk / "ledger.json")
        if isinstance(found, Kept):
            found.restore(executed, desk)
            self._hand_in(desk)
            self.reused[notebook.name] = found.origin
            when = datetime.fromisoformat(found.origin.started)
            self.progress.say(f"reused  {notebook.name}, from the run of {when:%Y-%m-%d %H:%M}")
            return executed, found.origin
        begun = time.monotonic()
        self._execute(notebook, executed, parameters, desk)
        if self._overtaken(notebook, desk):
            desk = self._desk(notebook)
            self._execute(notebook, executed, parameters, desk)
        taken = time.monotonic() - begun + self.seconds.get(notebook.name, 0.0)
        self.seconds[notebook.name] = round(taken, 2)
        self.reused.pop(notebook.name, None)
        self._hand_in(desk)
        return executed, self.origin

    def _parameters(self, notebook: Notebook) -> dict[str, str]:
        parameters = {"engagement": str(self.engagement.path)}
        if notebook.name == "02_kpi_setting":
            parameters["rebase_reason"] = self.options.rebase_reason
        return parameters

    def _kept(self, notebook: Notebook) -> Kept | str:
        """Its kept result where that still holds with the ledger as it is now."""
        ledger = self._desk(notebook) / "ledger.json"
        return self.shelf.find(notebook, self.inputs, self._parameters(notebook), ledger=ledger)

    def _desk(self, notebook: Notebook) -> Path:
        """A folder with the ledger as it is now: what a notebook writes is its own until done."""
        number = sum(1 for _ in self.folder.desks.glob(f"{notebook.name}*"))
        desk = self.folder.desks / f"{notebook.name}.{number}"
        desk.mkdir(parents=True)
        with self.alone:
            for name in KEPT if notebook.keeps_record else KEPT[:1]:
                if (self.folder.partial / name).is_file():
                    copyfile(self.folder.partial / name, desk / name)
        return desk

    def _execute(
        self, notebook: Notebook, executed: Path, parameters: dict[str, str], desk: Path
    ) -> None:
        before = Ledger(desk / "ledger.json").entries(), file_digest(desk / HISTORY)
        execute(
            notebook,
            executed,
            parameters | {"ledger": str(desk / "ledger.json")},
            on_section=lambda at, count, name: self.progress.section(
                notebook.name, at, count, name
            ),
            kernels=self.kernels,
            cell_limit_s=self.options.cell_limit_s,
        )
        try:
            self.shelf.keep(
                notebook, self.inputs, parameters, executed=executed, desk=desk, before=before,
                origin=self.origin,
            )  # fmt: skip
        except OSError as error:
            self.progress.say(f"note  {notebook.name} is not kept for reuse ({error.strerror})")

    def _overtaken(self, notebook: Notebook, desk: Path) -> bool:
        """Whether it read an entry that an earlier notebook of this run wrote only afterwards.

        ``Notebook.hears`` makes notebooks wait for each other; this catches an entry that is
        missing there, so that the result is the one of a run in order.
        """
        readings = [
            note for note in read_notes(desk / FILE) or []
            if note[1] in MAKERS and note[0] != "field"  # a field may have an entry's name: kpis
        ]  # fmt: skip
        for maker in {MAKERS[name] for _, name, _ in readings}:
            if maker in self.chosen and maker < notebook.name:
                self.done[maker].wait()
        if self.kernels.stopped:
            raise RunError(f"notebook {notebook.name}: stopped")
        with self.alone:
            entries = Ledger(self.folder.partial / "ledger.json").entries()
        return any(
            MAKERS[name] != notebook.name and observe(entries, kind, name) != digest
            for kind, name, digest in readings
            if MAKERS[name] < notebook.name
        )

    def _hand_in(self, desk: Path) -> None:
        """Take over what a notebook wrote: entries one by one, so that nobody's are lost."""
        with self.alone:
            ledger = Ledger(self.folder.partial / "ledger.json")
            now = ledger.entries()
            written = {
                name: entry
                for name, entry in Ledger(desk / "ledger.json").entries().items()
                if now.get(name) != entry and desk.name.startswith(MAKERS[name])
            }
            if written:
                ledger.put(written)
            if (desk / HISTORY).is_file():
                copyfile(desk / HISTORY, self.folder.partial / HISTORY)
            for left in left_behind(desk):
                to = self.folder.partial / left.relative_to(desk)
                to.parent.mkdir(parents=True, exist_ok=True)
                copyfile(left, to)

    def _pages(self, notebook: str, executed: Path, origin: Origin) -> list[ReportFile]:
        return make_pages(
            executed,
            notebook=notebook,
            inputs=self.inputs,
            folder=self.folder.partial,
            languages=self.languages,
            formats=self.options.formats,
            origin=origin,
            reused=notebook in self.reused,
            shelf=self.shelf.folder / notebook / "pages",
        )

    def _input_digest(self) -> str:
        digest = sha256(self.engagement.path.read_bytes())
        for item in self.ready.data:
            digest.update(item["sha256"].encode())
        digest.update(self.code.encode())
        return digest.hexdigest()

    def _record(
        self, status: str, reports: Sequence[ReportFile], *, error: str = ""
    ) -> dict[str, Any]:
        largest, largest_mb = self.kernels.largest()
        return {
            "status": status,
            **({"error": error} if error else {}),
            "client": self.engagement.client.id,
            "wave": self.engagement.wave,
            "started": self.origin.started,
            "seconds": self.seconds,
            "reused": {name: asdict(origin) for name, origin in sorted(self.reused.items())},
            "largest_kernel_mb": round(largest_mb),
            "largest_kernel": largest,
            "kernel_limit_mb": int(self.kernels.env.get(LIMIT, 0)),
            "engagement_sha256": sha256(self.engagement.path.read_bytes()).hexdigest(),
            "data": list(self.ready.data),
            "code": {"cxlib": __version__, "sha256": self.code},
            "seed": self.engagement.seed,
            "options": self.options.plain(),
            "python": sys.version.split()[0],
            "packages": {name: metadata.version(name) for name in PACKAGES},
            "reports": [asdict(report) for report in reports],
        }
