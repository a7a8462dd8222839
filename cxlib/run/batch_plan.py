"""What a batch will do: its branches, from the values of a column or from engagements listed."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cxlib.data.convert import to_times
from cxlib.engagement import Engagement, load_engagement
from cxlib.engagement.lock import hidden_folder, locked
from cxlib.errors import ConfigError, CxError, RunError
from cxlib.run.batch_folder import write_branch
from cxlib.run.batch_names import branch_ids, shown
from cxlib.run.batch_split import Share, Split, split_tables
from cxlib.run.inputs import Inputs
from cxlib.run.notebooks import NOTEBOOKS

DIAGNOSIS = "01_diagnosis"
LIST = ".txt"
LOCK = "batch.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One run of the batch.

    Attributes:
        id: Small Latin letters, digits and _; no two of a batch share one.
        value: What the column holds, or the engagement's path as it was given.
        name: What readers see, per language.
        path: Its engagement file; none is there for a branch with too few answers.
        fingerprint: Of all its files.
        too_few: Whether it has fewer answers than may be shown.
    """

    id: str
    value: str
    name: Mapping[str, str]
    path: Path
    fingerprint: str = ""
    too_few: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A batch before it starts.

    Attributes:
        name: Of the folder of its reports: batch_store.
        home: Where its record lies.
        engagement: Whose name and brand the index carries.
        branches: In the order of the index.
        notes: What the user must know: tables left out, rows in no branch.
        column: Of the answers, or ""; with engagements listed by the user there is none.
    """

    name: str
    home: Path
    engagement: Engagement
    branches: tuple[Branch, ...]
    notes: tuple[str, ...]
    column: str = ""


def plan_by_column(
    engagement: Engagement, *, by: str, shared: Sequence[str] = (), minimum_cell: int = 0
) -> Plan:
    """Share an engagement out among the values of a column, one private folder each.

    Args:
        engagement: The checked engagement.
        by: A column of the answers, or TABLE.COLUMN of a register.
        shared: Tables that describe, which every branch gets whole.
        minimum_cell: Smallest group the branches' reports show; 0 takes the engagement's.

    Raises:
        CxError: There is no such column, a table cannot be read, or one that 01_diagnosis needs
            cannot be shared out.
    """
    if "answers" not in engagement.tables:
        raise ConfigError(f"{engagement.path.name} has no table answers to share out by {by}")
    reads = NOTEBOOKS[DIAGNOSIS].reads(engagement.tables)
    split = split_tables(engagement, by=by, tables=reads, shared=shared)
    for table in NOTEBOOKS[DIAGNOSIS].tables:
        if table in split.left_out:
            raise ConfigError(
                f"--by {by}: {DIAGNOSIS} needs the table {table}, and {split.left_out[table]}; "
                f"add the column {split.column} to it"
            )
    floor = minimum_cell or engagement.minimum_cell
    column = next(iter(branch_ids([by.replace(".", "_")]).values()))
    home = hidden_folder(engagement.folder) / "batch"
    home.mkdir(mode=0o700, exist_ok=True)
    home /= column
    home.mkdir(mode=0o700, exist_ok=True)
    ids = branch_ids(split.values())
    if not ids:
        raise ConfigError(f"--by {by}: no answer has a {split.column}")
    answered = _answered(engagement, split.shares["answers"])
    with locked(home / LOCK, wait_s=0) as held:
        if not held:  # the files of its branches are being read
            raise at_work(home)
        branches = _write_branches(engagement, split, ids, answered, home=home, floor=floor)
    return Plan(
        name=f"batch_{column}", home=home, engagement=engagement, branches=branches,
        notes=tuple(_notes(engagement, split)), column=by,
    )  # fmt: skip


def at_work(home: Path) -> RunError:
    """What a second batch in the same place is told."""
    return RunError(f"another batch is at work in {home}; wait for it to end")


def _write_branches(
    engagement: Engagement,
    split: Split,
    ids: Mapping[str, str],
    answered: Mapping[str, int],
    *,
    home: Path,
    floor: int,
) -> tuple[Branch, ...]:
    """Each branch's private folder; those of branches that are no more are removed."""
    branches = []
    for value, branch_id in ids.items():
        name, folder = _name(engagement, split, value), home / branch_id
        path = folder / "engagement.yml"
        if answered.get(value, 0) < floor:
            shutil.rmtree(folder, ignore_errors=True)
            made = ""
        else:
            made = write_branch(
                folder, engagement, split, value=value, branch_id=branch_id, name=name, floor=floor
            )
        branches.append(
            Branch(
                id=branch_id, value=value, name=name, path=path, fingerprint=made,
                too_few=not made,
            )
        )  # fmt: skip
    for left in home.iterdir():
        if left.is_dir() and left.name not in ids.values():
            shutil.rmtree(left)  # a branch that is no more
    return tuple(branches)


def _answered(engagement: Engagement, share: Share) -> dict[str, int]:
    """Answers of the baseline period, per branch."""
    branch = share.branch
    if branch is None or "answered_at" not in share.raw.frame.columns:
        raise ConfigError(
            f"{share.raw.file} has no column answered_at; map it under columns in "
            f"{engagement.path.name}"
        )
    period = engagement.baseline.window("answered_at")
    at, _ = to_times(share.raw.frame["answered_at"])
    inside = (at >= str(period["start"])) & (at < str(period["end"]))
    return dict(branch[inside].value_counts())


def _name(engagement: Engagement, split: Split, value: str) -> dict[str, str]:
    """What readers call a branch: from the stores table, the register, the catalogue, or as is."""
    plain = dict.fromkeys(("en", "zh-Hant-HK"), value)
    stores = split.shares.get("stores")
    if split.column == "store" and stores is not None:
        frame = stores.raw.frame
        for row in frame[frame["store"] == value].to_dict("records"):
            for language, column in (("en", "name_en"), ("zh-Hant-HK", "name_zh")):
                said = row.get(column)
                plain[language] = said if isinstance(said, str) else value
    elif split.column == "touchpoint":
        plain |= engagement.touchpoint_names().get(value, {})
    elif split.column in {"channel", "segment"}:
        from cxlib.report.catalogue import has_message
        from cxlib.report.writer import Writer, phrase

        if has_message(key := f"who.{split.column}.{value}"):
            plain = {code: Writer(code, markup=False)(phrase(key)) for code in plain}
    return {code: shown(name) or shown(repr(value)) for code, name in plain.items()}


def _notes(engagement: Engagement, split: Split) -> list[str]:
    notes = []
    for table, share in split.shares.items():
        if share.through:
            notes.append(f"{table} is shared out through {share.through}")
        if share.branch is None:
            notes.append(f"{table} is the company's own and the same for every branch (--share)")
        elif share.n_nowhere:
            notes.append(
                f"{share.n_nowhere:,} of {len(share.raw.frame):,} rows of {table} have no "
                f"{split.column} and are in no branch"
            )
    for table, reason in split.left_out.items():
        notes.append(f"left out  {table}: {reason}")
    theirs = [part for part in ("kpis", "goals", "experiments", "initiatives")
              if getattr(engagement, part)]  # fmt: skip
    if theirs:
        notes.append(
            f"left out  {', '.join(theirs)}, volumes of touchpoints: they are the company's, so a "
            f"branch has {DIAGNOSIS} alone"
        )
    return notes


def plan_by_list(paths: Sequence[Path], *, out: Path) -> Plan:
    """Take engagements as they are: each is a branch.

    Args:
        paths: Engagement files or their folders; a text file (.txt) names more, one a line.
        out: Folder for reports; the record of the batch lies there.

    Raises:
        ConfigError: A path holds no usable engagement, or two are the same; all at once.
    """
    named = [path for given in paths for path in _listed(given)]
    found: dict[Path, Engagement] = {}
    problems = []
    for path in named:
        try:
            engagement = load_engagement(path)
        except CxError as error:
            said = str(error)
            problems.append(said if str(path) in said else f"{path}: {said}")
            continue
        if engagement.path in found:
            problems.append(f"{path} is named twice; name each engagement once")
        found[engagement.path] = engagement
    if problems or not found:
        raise ConfigError(
            "\n".join(problems) or f"{paths[0]} names no engagement; write one a line"
        )
    ids = [engagement.client.id for engagement in found.values()]
    values = {path: e.client.id if ids.count(e.client.id) == 1 else str(path)
              for path, e in found.items()}  # fmt: skip
    named_ids = branch_ids(list(values.values()))
    lists = [path.stem for path in paths if path.suffix == LIST]
    name = f"batch_{branch_ids(lists[:1])[lists[0]] if lists else 'list'}"
    branches = tuple(
        Branch(
            id=named_ids[values[path]], value=str(path), path=path,
            name={code: shown(words) for code, words in e.client.name.items()},
            fingerprint=_everything(e, out),
        )
        for path, e in found.items()
    )  # fmt: skip
    return Plan(
        name=name, home=out.resolve() / name, engagement=next(iter(found.values())),
        branches=branches, notes=(),
    )  # fmt: skip


def _listed(path: Path) -> list[Path]:
    if path.suffix != LIST:
        return [path]
    if not path.is_file():
        raise ConfigError(
            f"no list of engagements at {path}; write one, an engagement's folder a line"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{path}, line {line}: the list must be text in UTF-8; save it as UTF-8"
        ) from None
    lines = (line.strip() for line in text.splitlines())
    return [path.parent / line for line in lines if line and not line.startswith("#")]


def _everything(engagement: Engagement, out: Path) -> str:
    """One fingerprint of an engagement's inputs; a run leaves it as it was."""
    return Inputs.take(engagement, out=out).everything()
