"""One run of the workbook: check, execute in order, make the reports, record what was done."""

import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from shutil import copyfile
from typing import Any

from cxlib import __version__
from cxlib.engagement import Engagement, load_engagement
from cxlib.errors import ConfigError, CxError, RunError
from cxlib.run.execute import execute
from cxlib.run.export import ReportFile, export_notebook, write_index
from cxlib.run.folder import RunFolder, code_digest
from cxlib.run.notebooks import Notebook, select_notebooks
from cxlib.run.preflight import Checked, check_engagement
from cxlib.run.progress import Progress, Quiet

PACKAGES = (
    "pandas",
    "duckdb",
    "statsmodels",
    "scipy",
    "matplotlib",
    "nbconvert",
    "papermill",
    "typst",
)
KEPT = ("ledger.json", "history.duckdb")
"""What a run takes from beside the engagement file and, when it is done, puts back there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to make and where.

    Attributes:
        notebooks: Names; none means all that the engagement has something for.
        languages: Report languages; none means all of the engagement's.
        formats: "html", "pdf" or both.
        out: Folder the run's folder is made in.
        rebase_reason: Why frozen ledger entries may change in this run.
    """

    notebooks: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    formats: tuple[str, ...] = ("html", "pdf")
    out: Path = Path("reports")
    rebase_reason: str = ""


def run_workbook(
    path: str | Path, options: Options | None = None, *, progress: Progress | None = None
) -> Path:
    """Run notebooks on an engagement and make their reports.

    Returns:
        The run's folder: reports, ``index.html``, ``run.json``, ledger, executed notebooks.

    Raises:
        CxError: Bad input, before anything is written; or RunError when a notebook failed: then
            the folder is kept, marked FAILED, with no file that looks like a report.
    """
    options, progress = options or Options(), progress or Quiet()
    engagement = load_engagement(path)
    languages = options.languages or tuple(engagement.languages)
    notebooks = select_notebooks(options.notebooks)
    checked = check_engagement(
        engagement, notebooks, languages=languages, named=bool(options.notebooks)
    )
    if not os.access(engagement.folder, os.W_OK):
        raise ConfigError(
            f"{engagement.folder} must be writable, since the run keeps its ledger there; "
            "copy the engagement to a folder of your own"
        )
    for line in checked.skipped:
        progress.say(f"left out  {line}")
    return _Run(engagement, checked, options, languages, progress).go()


class _Run:
    """The state of one run: its folder, ledger and timings."""

    def __init__(
        self,
        engagement: Engagement,
        checked: Checked,
        options: Options,
        languages: tuple[str, ...],
        progress: Progress,
    ) -> None:
        self.engagement, self.checked, self.options = engagement, checked, options
        self.languages, self.progress = languages, progress
        self.started = datetime.now().astimezone()
        self.code = code_digest()
        self.folder = RunFolder.create(
            options.out.resolve(),
            client=engagement.client.id,
            wave=engagement.wave,
            digest=self._input_digest(),
            at=self.started,
        )
        self.ledger = self.folder.partial / "ledger.json"
        self.seconds: dict[str, float] = {}

    def go(self) -> Path:
        home = self.engagement.folder / "ledger.json"
        try:
            for name in KEPT:
                if (at_home := home.with_name(name)).is_file():
                    copyfile(at_home, self.folder.partial / name)
            reports = self._execute_all()
            write_index(
                self.folder.partial / "index.html",
                engagement=self.engagement,
                reports=reports,
                languages=self.languages,
            )
            self.folder.write_record(self._record("done", reports))
        except BaseException as error:
            known = isinstance(error, CxError)
            message = str(error) if known else f"{type(error).__name__}: {error}"
            self.folder.write_record(self._record("FAILED", [], error=message))
            kept = self.folder.fail(message)
            if isinstance(error, RunError):
                raise RunError(f"{error}\n  kept: {kept}") from error
            raise
        for name in KEPT:
            if (made := self.folder.partial / name).is_file():
                partial = home.with_name(f".{name}-{self.folder.final.name}.partial")
                copyfile(made, partial)
                partial.replace(home.with_name(name))
        return self.folder.finish()

    def _execute_all(self) -> list[ReportFile]:
        """Run one notebook after the other; reports are made while the next one runs."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            exports: list[Future[list[ReportFile]]] = []
            for notebook in self.checked.notebooks:
                executed = self._execute(notebook)
                exports.append(pool.submit(self._export, notebook, executed))
            reports = [report for export in exports for report in export.result()]
        for report in reports:
            self.progress.say(f"report  {report.file}")
        return reports

    def _execute(self, notebook: Notebook) -> Any:  # noqa: ANN401 - nbformat's node
        started = time.monotonic()
        parameters = {"engagement": str(self.engagement.path), "ledger": str(self.ledger)}
        if notebook.name == "02_kpi_setting":
            parameters["rebase_reason"] = self.options.rebase_reason
        executed = execute(
            notebook,
            self.folder.partial / "notebooks" / f"{notebook.name}.ipynb",
            parameters,
            on_section=lambda at, count, name: self.progress.section(
                notebook.name, at, count, name
            ),
        )
        self.seconds[notebook.name] = round(time.monotonic() - started, 2)
        return executed

    def _export(self, notebook: Notebook, executed: Any) -> list[ReportFile]:  # noqa: ANN401
        return export_notebook(
            executed,
            notebook=notebook.name,
            engagement=self.engagement,
            folder=self.folder.partial,
            languages=self.languages,
            formats=self.options.formats,
            run=self._input_digest()[:8],
        )

    def _input_digest(self) -> str:
        digest = sha256(self.engagement.path.read_bytes())
        for item in self.checked.data.audit.values():
            digest.update(item.sha256.encode())
        digest.update(self.code.encode())
        return digest.hexdigest()

    def _record(
        self, status: str, reports: Sequence[ReportFile], *, error: str = ""
    ) -> dict[str, Any]:
        return {
            "status": status,
            **({"error": error} if error else {}),
            "client": self.engagement.client.id,
            "wave": self.engagement.wave,
            "started": self.started.isoformat(timespec="seconds"),
            "seconds": self.seconds,
            "engagement_sha256": sha256(self.engagement.path.read_bytes()).hexdigest(),
            "data": [
                {"table": item.table, "file": item.file, "sha256": item.sha256, "rows": item.n_rows}
                for item in self.checked.data.audit.values()
            ],
            "code": {"cxlib": __version__, "sha256": self.code},
            "seed": self.engagement.seed,
            "options": {**asdict(self.options), "out": str(self.options.out)},
            "python": sys.version.split()[0],
            "packages": {name: metadata.version(name) for name in PACKAGES},
            "reports": [asdict(report) for report in reports],
        }
