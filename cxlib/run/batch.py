"""Many reports in one call: a branch each, or engagements listed; what fails leaves the rest."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from cxlib.engagement import Engagement, load_engagement
from cxlib.engagement.lock import locked
from cxlib.errors import ConfigError, CxError
from cxlib.measures.branches import BranchColumn, TooFewBranchesError
from cxlib.run.batch_folder import write_whole
from cxlib.run.batch_index import write_batch_index
from cxlib.run.batch_plan import LOCK, Branch, Plan, at_work, plan_by_column, plan_by_list
from cxlib.run.batch_pool import Pool, workers_for
from cxlib.run.batch_progress import Tally
from cxlib.run.batch_record import BatchRecord, settings_digest
from cxlib.run.batch_work import Job, Outcome
from cxlib.run.folder import code_digest
from cxlib.run.memory import kernel_limit_mb
from cxlib.run.notebooks import select_notebooks
from cxlib.run.progress import Progress, Quiet
from cxlib.run.runner import Options, run_workbook

COMPARISON = "07_branch_comparison"
COMPARABLE = get_args(BranchColumn)
SMALLEST_CELL = 5
"""As `minimum_cell` of the engagement file allows."""
CLUSTER_LOG = "cluster.tsv"
ALL, NONE, SOME = 0, 1, 3
"""Exit codes: every branch that can be shown is done, none is, some are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """What a batch should make.

    Attributes:
        by: Column of the answers, or TABLE.COLUMN of a register; "" for engagements as they are.
        languages: Report languages; none means each engagement's own.
        formats: "html", "pdf".
        notebooks: For engagements as they are; none means all. A branch has its diagnosis.
        out: Folder for reports.
        workers: Processes; 0 one a core, as far as memory and branches go.
        scheduler: Address of a Dask scheduler; "" works on this machine.
        fresh: Run every branch, also where nothing changed.
        shared: Tables that describe, which every branch gets whole.
        minimum_cell: Smallest group the branches' reports show; 0 takes the engagement's.
        cell_limit_s: Seconds after which a cell is taken to hang.
    """

    by: str = ""
    languages: tuple[str, ...] = ()
    formats: tuple[str, ...] = ("html", "pdf")
    notebooks: tuple[str, ...] = ()
    out: Path = Path("reports")
    workers: int = 0
    scheduler: str = ""
    fresh: bool = False
    shared: tuple[str, ...] = ()
    minimum_cell: int = 0
    cell_limit_s: int = 1_800


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """A batch that came to its end.

    Attributes:
        index: Its first page.
        outcomes: Per branch, in the order of the plan.
        compared: Whether the comparison, if there is one, was made.
    """

    index: Path
    outcomes: tuple[Outcome, ...]
    compared: bool = True

    @property
    def exit_code(self) -> int:
        """0 all done, 1 none done, 3 some failed; too few answers are no failure."""
        states = [outcome.state for outcome in self.outcomes]
        if not {"done", "unchanged"} & set(states):
            return NONE
        return ALL if self.compared and "failed" not in states else SOME

    @property
    def summary(self) -> str:
        """How many of each, on one line."""
        states = [outcome.state for outcome in self.outcomes]
        counts = {
            "done": states.count("done"),
            "unchanged": states.count("unchanged"),
            "with too few answers": states.count("too_few"),
            "failed": states.count("failed"),
        }
        noun = "branch" if len(states) == 1 else "branches"
        return f"{len(states)} {noun}: " + ", ".join(
            f"{count} {state}" for state, count in counts.items() if count
        )


def run_batch(
    paths: Sequence[Path], options: BatchOptions, *, progress: Progress | None = None
) -> BatchResult:
    """Run every branch, each in a worker of its own, and write the batch's first page.

    Args:
        paths: One engagement to share out by a column, or engagements (files, folders, or text
            files that name them).
        options: What to make and where.
        progress: Told what is being done.

    Raises:
        CxError: Bad input, before anything is run; a branch that fails is an outcome.
    """
    progress = Quiet() if progress is None else progress
    plan, chosen = _plan(paths, options)
    for note in plan.notes:
        progress.say(note)
    plan.home.mkdir(parents=True, exist_ok=True)
    with locked(plan.home / LOCK, wait_s=0) as held:
        if not held:
            raise at_work(plan.home)
        return _run(plan, chosen, options, progress)


def _plan(paths: Sequence[Path], options: BatchOptions) -> tuple[Plan, Options]:
    """The branches and what a run of each is asked for."""
    if 0 < options.minimum_cell < SMALLEST_CELL:
        raise ConfigError(
            f"--minimum-cell must be {SMALLEST_CELL} or more, or 0 for the engagement's, got "
            f"{options.minimum_cell}"
        )
    if options.scheduler and "://" not in options.scheduler:
        raise ConfigError(
            f"--scheduler must be an address such as tcp://host:8786, got {options.scheduler!r}"
        )
    if options.by and len(paths) != 1:
        raise ConfigError(f"--by shares out one engagement, got {len(paths)}; leave --by out")
    if options.by:
        names = {notebook.name for notebook in select_notebooks(options.notebooks or ("01",))}
        if names != {"01_diagnosis"}:
            raise ConfigError(
                "a branch has no KPIs, goals, tests or initiatives of its own, so --by makes "
                f"01_diagnosis alone; leave out {', '.join(sorted(names - {'01_diagnosis'}))}"
            )
        whole = load_engagement(paths[0])
        plan = plan_by_column(
            whole, by=options.by, shared=options.shared, minimum_cell=options.minimum_cell
        )
        _check_languages(plan, options.languages)
        out = options.out.resolve() / whole.client.id / whole.wave / plan.name
    else:
        select_notebooks(options.notebooks)
        if options.shared or options.minimum_cell:
            raise ConfigError("--share and --minimum-cell are for a batch --by a column")
        plan = plan_by_list(paths, out=options.out)
        out = options.out.resolve() / plan.name
    chosen = Options(
        notebooks=("01_diagnosis",) if options.by else options.notebooks,
        languages=options.languages,
        formats=options.formats,
        out=out,
        fresh=options.fresh,
        workers=1,
        cell_limit_s=options.cell_limit_s,
        wait_s=60.0,
    )
    return plan, chosen


def _check_languages(plan: Plan, languages: Sequence[str]) -> None:
    own = plan.engagement.languages
    if other := [language for language in languages if language not in own]:
        raise ConfigError(
            f"language {', '.join(other)} is not among the engagement's: {', '.join(own)}"
        )


def _run(plan: Plan, chosen: Options, options: BatchOptions, progress: Progress) -> BatchResult:
    code = code_digest()
    record = BatchRecord(plan.home, settings_digest(chosen, program=code))
    record.keep_only({branch.id: branch for branch in plan.branches})
    by_id = {branch.id: branch for branch in plan.branches}
    outcomes = {found.id: found for found in _known(plan.branches, record, fresh=options.fresh)}
    todo = [branch for branch in plan.branches if branch.id not in outcomes]
    workers = workers_for(len(todo), wanted=options.workers)
    if not options.scheduler:
        chosen = replace(chosen, memory_mb=kernel_limit_mb(0, workers=workers))
    jobs = [
        Job(
            id=branch.id, path=str(branch.path), options=chosen, code=code,
            part_of_whole=bool(plan.column),
        )
        for branch in todo
    ]  # fmt: skip
    tally = Tally(progress, branches=by_id, workers=workers)
    for outcome in outcomes.values():
        tally.count(outcome)
    index = chosen.out / "index.html"
    comparison: Path | None = None
    compared = True
    chosen.out.mkdir(parents=True, exist_ok=True)
    begun = not jobs
    try:
        for outcome in _outcomes(jobs, options, tally, workers, log=plan.home / CLUSTER_LOG):
            begun = True
            outcomes[outcome.id] = outcome
            record.note(by_id[outcome.id], outcome)
            tally.count(outcome)
        if plan.column:
            comparison, compared = _compared(plan, chosen, progress)
    finally:
        if begun:  # a stopped batch has a page too
            write_batch_index(
                index,
                plan=plan,
                outcomes=outcomes,
                comparison=comparison,
                languages=chosen.languages or plan.engagement.languages,
            )
    ordered = tuple(outcomes[branch.id] for branch in plan.branches)
    return BatchResult(index=index, outcomes=ordered, compared=compared)


def _known(branches: Iterable[Branch], record: BatchRecord, *, fresh: bool) -> Iterator[Outcome]:
    """Outcomes that need no work: too few answers, or made before and nothing changed."""
    for branch in branches:
        if branch.too_few:
            outcome: Outcome | None = Outcome(id=branch.id, state="too_few")
            record.note(branch, Outcome(id=branch.id, state="too_few"))
        else:
            outcome = None if fresh else record.earlier(branch)
        if outcome is not None:
            yield outcome


def _outcomes(
    jobs: Sequence[Job], options: BatchOptions, tally: Tally, workers: int, *, log: Path
) -> Generator[Outcome]:
    if not jobs:
        return
    made: Generator[Outcome]
    if options.scheduler:
        from cxlib.run.batch_dask import run_on_cluster

        made = run_on_cluster(jobs, options.scheduler, log=log, tell=tally.say)
    else:
        made = Pool(workers=workers, tell=tally.say).run(jobs)
    with closing(made):
        yield from made


def _compared(plan: Plan, chosen: Options, progress: Progress) -> tuple[Path | None, bool]:
    try:
        made = compare(
            plan.engagement, column=plan.column, options=chosen, home=plan.home, progress=progress
        )
    except TooFewBranchesError as error:
        progress.say(f"left out  {COMPARISON}: {error}")
        return None, True
    except CxError as error:
        progress.say(f"failed  {COMPARISON}: {error}")
        return None, False
    if made is None:
        progress.say(f"left out  {COMPARISON}: it compares by {', '.join(COMPARABLE)}")
    return made, True


def compare(
    engagement: Engagement,
    *,
    column: str,
    options: Options,
    home: Path,
    progress: Progress | None = None,
) -> Path | None:
    """Run the comparison across branches on the whole engagement.

    Args:
        engagement: The whole. Where its file compares by this column, it is run as it is;
            otherwise a copy of it that does.
        column: Branches are its values.
        options: Of the branches' runs: languages, formats and folder are theirs.
        home: The batch's private folder.
        progress: Told what is being done.

    Returns:
        The finished run's folder; None where there is no comparison by that column.

    Raises:
        CxError: It failed.
    """
    if column not in COMPARABLE:
        return None
    stated = engagement.comparison
    path = engagement.path
    if stated is None or stated.by != column:
        path = write_whole(home / "whole", engagement, by=column)
    return run_workbook(path, replace(options, notebooks=(COMPARISON,)), progress=progress)
