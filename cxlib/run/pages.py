"""Report pages of a notebook, taken from the last run where page for page nothing would differ."""

import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from cxlib.run.execute import spare_grammars
from cxlib.run.export import ReportFile, export_notebook, page_text
from cxlib.run.inputs import Inputs, file_digest
from cxlib.run.reuse import Origin
from cxlib.run.trace import digest_of

FILE = "pages.json"


def make_pages(
    executed: Path,
    *,
    notebook: str,
    inputs: Inputs,
    folder: Path,
    languages: Sequence[str],
    formats: Sequence[str],
    origin: Origin,
    reused: bool,
    shelf: Path,
) -> list[ReportFile]:
    """Write the reports of an executed notebook into a run's folder.

    Args:
        executed: The executed notebook.
        notebook: Its name.
        inputs: Of this run.
        folder: The run's.
        languages: Report languages.
        formats: "html", "pdf" or both.
        origin: The run the notebook was executed in.
        reused: Whether that is an earlier run, which the last page then says.
        shelf: Where the notebook's pages are kept for the next run.

    Raises:
        ReportError: As export_notebook.
    """
    wanted = [(language, ending) for language in languages for ending in formats]
    key = _key(executed, notebook=notebook, inputs=inputs, origin=origin, reused=reused)
    kept = _kept(shelf, key)
    if all(f"{language}.{ending}" in kept for language, ending in wanted):
        files = []
        for language, ending in wanted:
            path = folder / f"{notebook}.{language}.{ending}"
            shutil.copyfile(shelf / f"{language}.{ending}", path)
            files.append(ReportFile(notebook, language, ending, path.name, path.stat().st_size))
        return files
    spare_grammars()
    from nbformat.notebooknode import from_dict

    made = export_notebook(
        from_dict(json.loads(executed.read_text(encoding="utf-8"))),  # type: ignore[no-untyped-call]
        notebook=notebook, engagement=inputs.engagement, folder=folder, languages=languages,
        formats=formats, run=origin.fingerprint,
        reused=datetime.fromisoformat(origin.started) if reused else None,
    )  # fmt: skip
    with suppress(OSError):  # a full disk keeps no pages; the reports are made
        _keep(shelf, key, made, folder)
    return made


def _key(executed: Path, *, notebook: str, inputs: Inputs, origin: Origin, reused: bool) -> str:
    """Fingerprint all that a page is made of."""
    engagement = inputs.engagement
    pages = {
        language: repr(page_text(engagement, notebook, language=language))
        for language in engagement.languages
    }
    brand = file_digest(engagement.folder / engagement.brand)
    said = asdict(origin) if reused else origin.fingerprint
    words = [
        inputs.code,
        inputs.environment,
        inputs.dated,
        brand,
        file_digest(executed),
        pages,
        said,
    ]
    return digest_of(words)


def _kept(shelf: Path, key: str) -> set[str]:
    """Names of the pages kept under this key whose bytes are as they were."""
    with suppress(OSError, ValueError, KeyError):
        said = json.loads((shelf / FILE).read_text(encoding="utf-8"))
        if said["key"] == key:
            return {n for n, digest in said["pages"].items() if file_digest(shelf / n) == digest}
    return set()


def _keep(shelf: Path, key: str, made: Sequence[ReportFile], folder: Path) -> None:
    (shelf / FILE).unlink(missing_ok=True)
    shelf.mkdir(mode=0o700, parents=True, exist_ok=True)
    pages = {}
    for report in made:
        name = f"{report.language}.{report.format}"
        shutil.copyfile(folder / report.file, shelf / name)
        pages[name] = file_digest(shelf / name)
    (shelf / FILE).write_text(json.dumps({"key": key, "pages": pages}), encoding="utf-8")
