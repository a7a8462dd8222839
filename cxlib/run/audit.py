"""`cx check`: what the engagement holds and whether it can run, in lines."""

from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from cxlib.data.open import ContractError
from cxlib.engagement import load_engagement
from cxlib.errors import CxError
from cxlib.run.notebooks import select_notebooks
from cxlib.run.preflight import check_engagement


def check_and_describe(
    path: Path, notebooks: tuple[str, ...] = (), *, csv: Path | None = None
) -> Iterator[str]:
    """Check an engagement and describe each table it will read.

    Args:
        path: The engagement file or its folder.
        notebooks: Only what these need; none means all.
        csv: Where to write the contract violations, one a row.

    Raises:
        CxError: Everything that must be mended before a run.
    """
    engagement = load_engagement(path)
    try:
        checked = check_engagement(
            engagement,
            select_notebooks(notebooks),
            languages=engagement.languages,
            named=bool(notebooks),
        )
    except CxError as error:
        in_data = error if isinstance(error, ContractError) else error.__cause__
        if csv and isinstance(in_data, ContractError):
            in_data.violations.to_csv(csv, index=False, encoding="utf-8-sig")
        raise
    client = engagement.client.name[engagement.languages[0]]
    yield f"{engagement.path.name}: {client}, wave {engagement.wave}"
    for item in checked.data.audit.values():
        yield f"  {item.table}: {item.n_rows:,} rows, {item.n_columns} columns, {item.file}"
        if item.first_date is not None and item.last_date is not None:
            yield f"    dated {item.first_date.date()} to {item.last_date.date()}"
        if item.last_date is not None and item.last_date.date() > engagement.review.end:
            yield f"    note: some rows lie after the review period ends ({engagement.review.end})"
        if item.unused_columns:
            yield f"    not used: {', '.join(item.unused_columns)}"
        for note in item.notes:
            yield f"    note: {note}"
    for line in checked.skipped:
        yield f"  left out  {line}"
    names = " ".join(notebook.name[:2] for notebook in checked.notebooks)
    yield f"ready; next: cx run {quote(str(path))} {names}"
