"""Whether an engagement can run: asked once, and not again while every input is the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cxlib.engagement import Engagement
from cxlib.run.inputs import Inputs, file_digest
from cxlib.run.notebooks import NOTEBOOKS, Notebook
from cxlib.run.reuse import Shelf
from cxlib.run.trace import digest_of

NAME = "readiness"


@dataclass(frozen=True, slots=True)
class Ready:
    """What a run may do.

    Attributes:
        notebooks: Those that have something to run on, in workbook order.
        skipped: The others, and why.
        data: Per table its name, file, SHA-256 and rows.
        known: Whether this was known from an earlier run with the same inputs.
    """

    notebooks: tuple[Notebook, ...]
    skipped: tuple[str, ...]
    data: tuple[dict[str, Any], ...]
    known: bool


def make_ready(
    engagement: Engagement,
    notebooks: Sequence[Notebook],
    *,
    languages: Sequence[str],
    named: bool,
    inputs: Inputs,
    shelf: Shelf,
    before: Callable[[], object],
    keep_in: Path | None = None,
) -> Ready:
    """Check an engagement, unless the same check of the same inputs passed before.

    Args:
        engagement: The checked engagement file.
        notebooks: In workbook order.
        languages: Report languages to make.
        named: Whether the user named the notebooks.
        inputs: Of this run.
        shelf: Remembers a check that passed.
        before: Called if the check must be made, before it is.
        keep_in: Folder to make, in which checked tables are kept for the run's kernels.

    Raises:
        CxError: One message with every problem found.
    """
    ledger = file_digest(engagement.folder / "ledger.json")
    names = [notebook.name for notebook in notebooks]
    key = digest_of([inputs.everything(), ledger, names, list(languages), named])
    said = shelf.recall(NAME, key)
    if said is not None:
        chosen = tuple(NOTEBOOKS[name] for name in said["notebooks"])
        return Ready(chosen, tuple(said["skipped"]), tuple(said["data"]), known=True)
    before()
    from cxlib.run.preflight import check_engagement

    checked = check_engagement(
        engagement, notebooks, languages=languages, named=named, keep_in=keep_in
    )
    data = tuple(
        {"table": item.table, "file": item.file, "sha256": item.sha256, "rows": item.n_rows}
        for item in checked.data.audit.values()
    )
    able = [notebook.name for notebook in checked.notebooks]
    value = {"notebooks": able, "skipped": list(checked.skipped), "data": list(data)}
    shelf.remember(NAME, key, value)
    return Ready(checked.notebooks, checked.skipped, data, known=False)
