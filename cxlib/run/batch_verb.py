"""The verb `cx batch`: its options and words; heavy parts are imported when it is called."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from cxlib.errors import ConfigError, CxError

Lang = Literal["en", "zh-Hant-HK", "both"]
EXIT_CODES = (
    "Exit codes: 0 every branch done, 1 none, 2 bad input before anything starts, 3 some "
    "failed. A branch with too few answers is no failure.\n\n"
    "Example: cx batch data_samples/harbour_home --by store --lang both"
)


def batch(
    engagements: Annotated[
        list[Path],
        typer.Argument(help="One engagement with --by; else engagements, or a .txt naming them."),
    ],
    by: Annotated[
        str | None,
        typer.Option(help="Column of the answers (or TABLE.COLUMN): a report per value."),
    ] = None,
    lang: Annotated[
        Lang | None, typer.Option(help="Report language; default: all of the engagement's.")
    ] = None,
    to: Annotated[str, typer.Option(help="Formats: html, pdf or html,pdf.")] = "html,pdf",
    out: Annotated[Path, typer.Option(help="Folder for reports.")] = Path("reports"),
    notebook: Annotated[
        list[str] | None, typer.Option(help="Without --by: only these notebooks.")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes; 0: one a core, as far as memory goes.")
    ] = 0,
    scheduler: Annotated[
        str,
        typer.Option(
            help="Dask scheduler, as tcp://host:8786. Its workers need cx-workbook[cluster] and "
            "must see the engagement's folder and --out at the same paths (a shared disk)."
        ),
    ] = "",
    share: Annotated[
        list[str] | None,
        typer.Option(help="With --by: a table that describes, whole for every branch."),
    ] = None,
    minimum_cell: Annotated[
        int,
        typer.Option(min=0, help="With --by: smallest group branches show; 0: the engagement's."),
    ] = 0,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Run every branch, also where nothing changed.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
    cell_limit: Annotated[
        int, typer.Option(min=1, help="Seconds after which a cell is taken to hang.")
    ] = 1_800,
) -> None:
    """Make a report per branch, or per engagement; what failed leaves the rest, call again."""
    from cxlib.run.batch import BatchOptions, run_batch
    from cxlib.run.progress import progress_for

    if by is not None and not by.strip():
        raise ConfigError(f"--by must name a column of the answers, got {by!r}; name one such as "
                          "store, or leave --by out")  # fmt: skip
    progress = progress_for(quiet=quiet, terminal=sys.stdout.isatty())
    chosen = BatchOptions(
        by=by or "",
        languages=languages_of(lang),
        formats=formats_of(to),
        notebooks=tuple(notebook or ()),
        out=out,
        workers=workers,
        scheduler=scheduler,
        fresh=fresh,
        shared=tuple(share or ()),
        minimum_cell=minimum_cell,
        cell_limit_s=cell_limit,
    )
    try:
        result = run_batch(engagements, chosen, progress=progress)
        progress.say(f"{result.summary}\nnext: open {result.index}")
    finally:
        progress.close()
    if result.exit_code:
        raise typer.Exit(result.exit_code)


def languages_of(lang: str | None) -> tuple[str, ...]:
    """The languages an option names; none means the engagement's own."""
    return {None: (), "both": ("en", "zh-Hant-HK")}.get(lang, (lang or "",))


def formats_of(text: str) -> tuple[str, ...]:
    """The formats an option names.

    Raises:
        CxError: None, or another than html and pdf.
    """
    formats = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not formats or set(formats) - {"html", "pdf"}:
        raise CxError(f"--to must be html, pdf or html,pdf, got {text!r}")
    return formats
