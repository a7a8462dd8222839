"""The `cx` command: parses, calls one function, words errors. Heavy parts are imported lazily."""

import errno
import signal
import sys
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from cxlib import __version__
from cxlib.errors import CxError
from cxlib.run.batch_verb import EXIT_CODES, batch, formats_of, languages_of
from cxlib.workshop.commands import app as workshop_app

app = typer.Typer(
    name="cx",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Customer-experience measurement: from a client's files to reports in two languages.\n\n"
    "Start: cx run data_samples/harbour_home",
    epilog="Exit codes: 0 done, 1 a run or report failed, 2 bad input, 3 some branches of a batch "
    "failed.",
)

EngagementPath = Annotated[
    Path, typer.Argument(help="engagement.yml, or the folder it lies in.", show_default=True)
]
Lang = Literal["en", "zh-Hant-HK", "both"]
STOPPED = 130
"""The exit code typer gives a Ctrl-C; ours is 1."""


@app.callback()
def options(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Annotated[  # noqa: ARG001 - read in main, before typer catches anything
        bool, typer.Option("--debug", help="Show the traceback of an error.")
    ] = False,
) -> None:
    """Options before the verb."""
    if version:
        print(f"cx-workbook {__version__}")
        raise typer.Exit


@app.command(epilog="Example: cx new 'Harbour Tea' --into engagements")
def new(
    client: Annotated[str, typer.Argument(help="The client's name, in Latin letters.")],
    into: Annotated[Path, typer.Option(help="Folder to make it in.")] = Path("engagements"),
) -> None:
    """Make a folder for a client: engagement.yml, _brand.yml, data/."""
    from cxlib.run.scaffold import new_engagement

    folder = new_engagement(client, into=into)
    print(f"made {folder}\nnext: put the client's files into {folder / 'data'}, "
          f"fill in {folder / 'engagement.yml'}, then: cx check {folder}")  # fmt: skip


@app.command(epilog="Example: cx check data_samples/harbour_home")
def check(
    engagement: EngagementPath = Path("engagement.yml"),
    notebooks: Annotated[
        list[str] | None, typer.Argument(help="Only what these notebooks need.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write every contract violation to this CSV file.")
    ] = None,
) -> None:
    """Check the engagement file, brand, fonts and every table; start nothing."""
    from cxlib.run.audit import check_and_describe

    for line in check_and_describe(engagement, tuple(notebooks or ()), csv=csv):
        print(line)


@app.command(epilog="Example: cx run data_samples/harbour_home 01 05 --lang both --to html,pdf")
def run(
    engagement: EngagementPath = Path("engagement.yml"),
    notebooks: Annotated[
        list[str] | None,
        typer.Argument(help="Names or numbers, such as 01_diagnosis or 01; none means all."),
    ] = None,
    lang: Annotated[
        Lang | None, typer.Option(help="Report language; default: all of the engagement's.")
    ] = None,
    to: Annotated[str, typer.Option(help="Formats: html, pdf or html,pdf.")] = "html,pdf",
    out: Annotated[Path, typer.Option(help="Folder for reports.")] = Path("reports"),
    rebase: Annotated[
        str, typer.Option(help="Reason why frozen baselines, targets or rules may change.")
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Execute every notebook, also where nothing changed.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the last run, which did not finish.")
    ] = False,
    no_warm: Annotated[
        bool, typer.Option("--no-warm", help="Start every kernel afresh, without a warm server.")
    ] = False,
    cell_limit: Annotated[
        int, typer.Option(min=1, help="Seconds after which a cell is taken to hang.")
    ] = 1_800,
    memory_limit: Annotated[
        int,
        typer.Option(
            min=0, metavar="MB", help="Most memory a notebook takes; 0 shares out the machine's."
        ),
    ] = 0,
) -> None:
    """Run notebooks on an engagement and make the client reports; reuse what has not changed."""
    from cxlib.run.progress import progress_for
    from cxlib.run.runner import Options, run_workbook

    chosen = Options(
        notebooks=tuple(notebooks or ()),
        languages=languages_of(lang),
        formats=formats_of(to),
        out=out,
        rebase_reason=rebase,
        fresh=fresh,
        resume=resume,
        warm=not no_warm,
        cell_limit_s=cell_limit,
        memory_mb=memory_limit,
    )
    progress = progress_for(quiet=quiet, terminal=sys.stdout.isatty())
    try:
        folder = run_workbook(engagement, chosen, progress=progress)
        progress.say(f"done  {folder}\nnext: open {folder / 'index.html'}")
    finally:
        progress.close()


@app.command("test", epilog="Example: cx test visits.csv --unit user --arm variant --metric bought")
def read_test(
    table: Annotated[Path, typer.Argument(help="CSV or Parquet file, one row per unit.")],
    unit: Annotated[str, typer.Option(help="Column that names the unit.")],
    arm: Annotated[str, typer.Option(help="Column with the arm's name.")],
    metric: Annotated[
        list[str], typer.Option(help="Column to compare; the first is the main one.")
    ],
    control: Annotated[str, typer.Option(help="The arm others are held against.")] = "control",
    covariate: Annotated[
        list[str] | None, typer.Option(help="Column known before the test.")
    ] = None,
    segment: Annotated[list[str] | None, typer.Option(help="Column to look within.")] = None,
    share: Annotated[
        list[str] | None, typer.Option(help="Planned share of an arm, as control=0.5.")
    ] = None,
    experiment: Annotated[
        str, typer.Option(help="Which test, where the table has a column experiment.")
    ] = "",
) -> None:
    """Read any table as an A/B test: split, effects, segments, doubt; exploratory."""
    from cxlib.run.table_test import read_file

    for line in read_file(
        table, unit=unit, arm=arm, metrics=metric, control=control,
        covariates=covariate or (), segments=segment or (), split=share or (),
        experiment=experiment,
    ):  # fmt: skip
        print(line)


@app.command("design", epilog="Example: cx design visits.csv --metric bought --minimum 0.02")
def design_test(
    table: Annotated[Path, typer.Argument(help="CSV or Parquet file, customers before it.")],
    metric: Annotated[str, typer.Option(help="Column of the main measure.")],
    minimum: Annotated[float, typer.Option(help="Smallest effect worth having; shares 0-1.")],
    kind: Annotated[str, typer.Option(help="proportion, mean, ratio, nps, ordinal, time.")] = "",
    denominator: Annotated[str, typer.Option(help="Of a ratio: the column below.")] = "",
    event: Annotated[str, typer.Option(help="Of a time: 1 where it happened.")] = "",
    horizon: Annotated[float, typer.Option(help="Of a time: days up to which it is read.")] = 0,
    covariate: Annotated[
        list[str] | None, typer.Option(help="Column known before the test.")
    ] = None,
    cluster: Annotated[str, typer.Option(help="Column of what is assigned whole.")] = "",
    share: Annotated[
        list[str] | None, typer.Option(help="Planned share of an arm, as control=0.5.")
    ] = None,
    looks: Annotated[str, typer.Option(help="fixed, obrien_fleming, pocock, …")] = "fixed",
    times: Annotated[int, typer.Option(help="Planned looks.")] = 1,
    per_arm: Annotated[int, typer.Option(help="Units planned in each arm; 0 none.")] = 0,
    per_day: Annotated[float, typer.Option(help="New units a day; 0 unknown.")] = 0,
    power: Annotated[float, typer.Option(help="Chance wanted to see the effect.")] = 0.8,
) -> None:
    """Say how many units and days a test needs, from customers before it."""
    from cxlib.run.table_design import design_file

    for line in design_file(
        table, metric=metric, minimum=minimum, kind=kind, denominator=denominator, event=event,
        horizon=horizon, covariates=covariate or (), cluster=cluster, split=share or (),
        looks=looks, times=times, per_arm=per_arm, per_day=per_day, power=power,
    ):  # fmt: skip
        print(line)


@app.command(epilog="Example: cx doctor")
def doctor() -> None:
    """Check this machine: Python, packages, fonts, PDF, write access; one remedy a failure."""
    from cxlib.run.doctor import examine

    findings = list(examine())
    for finding in findings:
        print(finding)
    if any(not finding.ok for finding in findings):
        raise typer.Exit(1)
    print("all well; next: cx run data_samples/harbour_home")


@app.command(epilog="Example: cx lab data_samples/harbour_home")
def lab(
    engagement: Annotated[
        Path | None, typer.Argument(help="Engagement the notebooks open; default: the sample.")
    ] = None,
) -> None:
    """Open JupyterLab on the notebooks."""
    from cxlib.run.lab import open_lab

    open_lab(engagement)


@app.command(epilog="Example: cx schema > engagement.schema.json")
def schema() -> None:
    """Print the JSON Schema of engagement.yml, for editors."""
    import json

    from cxlib.engagement import Engagement

    print(json.dumps(Engagement.model_json_schema(), ensure_ascii=False, indent=1))


code_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Have people code comments, to know how "
    "often the workbook reads them right.",
    epilog="Example: cx code export data_samples/harbour_home",
)  # fmt: skip
app.add_typer(code_app, name="code")
app.command(epilog=EXIT_CODES)(batch)
app.add_typer(workshop_app, name="workshop")


@code_app.command("export", epilog="Example: cx code export data_samples/harbour_home --n 200")
def code_export(
    engagement: EngagementPath = Path("engagement.yml"),
    n: Annotated[int, typer.Option(help="Comments on the sheet.")] = 200,
    coder: Annotated[
        str, typer.Option(help="Who will code; two coders get the same comments.")
    ] = "A",
) -> None:
    """Write a sheet of random redacted comments into the engagement's folder."""
    from cxlib.run.coding import export_sheet

    sheet, rows = export_sheet(engagement, n=n, coder=coder)
    print(f"wrote {rows} comments to {sheet}\nnext: fill in sentiment, themes and quote_ok, "
          f"then: cx code import {sheet}")  # fmt: skip


@code_app.command("import", epilog="Example: cx code import engagements/harbour/coding_A.xlsx")
def code_import(
    sheet: Annotated[Path, typer.Argument(help="The filled sheet.")],
    engagement: Annotated[
        Path | None, typer.Option(help="Engagement file; default: beside the sheet.")
    ] = None,
) -> None:
    """Check a filled sheet and keep its codes for the reports."""
    from cxlib.run.coding import import_sheet

    path, rows, n_all, n_open = import_sheet(sheet, engagement=engagement)
    left = f"; {n_open} rows are not coded yet" if n_open else ""
    print(f"took {rows} codes from {sheet.name}{left}; {path} holds {n_all} coded comments\n"
          "next: cx run, the report then corrects by them")  # fmt: skip


def _say_stopped() -> NoReturn:
    print("cx: stopped by the user; a run that had begun is kept, marked FAILED", file=sys.stderr)
    sys.exit(1)


def _worded(error: Exception) -> tuple[str, int]:
    """One message and the exit code for anything that was raised."""
    if isinstance(error, CxError):
        return str(error), error.exit_code
    if isinstance(error, OSError) and error.filename is not None:
        message = (
            f"{error.filename}: cannot be read or written ({error.strerror}); check that its "
            "folder exists, that you may use it and that the disk has room"
        )
        return message, 1 if error.errno == errno.ENOSPC else 2
    message = (
        f"unexpected {type(error).__name__}: {error}\n  run again with --debug before the "
        "verb to see where; please report it"
    )
    return message, 1


def main() -> NoReturn:
    """Run the command; a known error is one message on standard error, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop asked for is a stop
    try:
        app()
    except SystemExit as end:
        if end.code != STOPPED:
            raise
        _say_stopped()
    except KeyboardInterrupt:
        _say_stopped()
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        message, code = _worded(error)
        print(f"cx: {message}", file=sys.stderr)
        sys.exit(code)
    sys.exit(0)
