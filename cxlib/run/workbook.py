"""What a notebook opens first: engagement, data, report and ledger in one object."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cxlib.data.embedded import connect_embedded, kept_tables
from cxlib.data.kept_tables import keep_tables, open_kept
from cxlib.data.open import Data, open_data
from cxlib.decisions.goal_rules import present_goal_rules
from cxlib.engagement import Engagement, load_engagement
from cxlib.engagement.ledger import Ledger
from cxlib.errors import ConfigError, Problem
from cxlib.report.report import Report
from cxlib.run.inputs import file_digest
from cxlib.run.memory import bound_memory
from cxlib.run.notebooks import NOTEBOOKS, ROOT
from cxlib.run.trace import digest_of, traced

if TYPE_CHECKING:
    from cxlib.data.engines import Engine

SAMPLE = ROOT / "data_samples" / "harbour_home" / "engagement.yml"


@dataclass(frozen=True, slots=True)
class Workbook:
    """An open notebook's four things."""

    engagement: Engagement
    data: Data
    report: Report
    ledger: Ledger


def open_workbook(
    notebook: str, engagement: str = "", *, language: str = "", ledger: str = ""
) -> Workbook:
    """Check the engagement and its data, and open what the notebook needs.

    Args:
        notebook: Its name, one of ``NOTEBOOKS``.
        engagement: The engagement file; "" takes the one `cx lab` was started with, else the
            sample.
        language: Shown in the open notebook; "" takes the engagement's first.
        ledger: Another ledger file than the one beside the engagement file; the runner gives one.

    Raises:
        ConfigError: The engagement file is wrong, an earlier notebook has not been run, or a
            goal is not what was frozen.
        DataError: A table is absent or breaks its contract.
    """
    bound_memory()
    for name, value in {"engagement": engagement, "language": language, "ledger": ledger}.items():
        if not isinstance(value, str):
            raise ConfigError(f"parameter {name} must be text, got {value!r}")
    checked = load_engagement(engagement or os.environ.get("CX_ENGAGEMENT") or SAMPLE)
    spec = NOTEBOOKS[notebook]
    book = Ledger(Path(ledger) if ledger else checked.folder / "ledger.json")
    seen, book = traced(checked, book)
    report = Report(seen, notebook, language=language)
    for entry in spec.needs:
        if checked.baseline_source == "ledger":
            book.read(entry)
    if spec.keeps_goals:
        present_goal_rules(seen, book)
    return Workbook(seen, open_tables(checked, spec.reads(checked.tables)), report, book)


def open_tables(
    engagement: Engagement, names: Sequence[str], *, keep_in: Path | None = None
) -> Data:
    """Check the named tables of an engagement, in files or where they lie, and open them.

    Tables that this run has checked and kept already are opened as they were kept.

    Args:
        engagement: The checked engagement.
        names: Tables to open.
        keep_in: Folder to make, in which tables out of files are kept for the run's other
            processes.

    Raises:
        ConfigError: The engagement file does not name a table that is needed, or the engine's
            address or package is absent.
        DataError: A table is absent or breaks its contract; all problems at once.
    """
    if absent := [name for name in names if name not in engagement.tables]:
        file = engagement.path.name
        raise ConfigError(
            f"{file} names too few tables",
            [
                Problem(file, "tables", "", f"table {name!r} is needed", f"add {name}: {{file: …}}")
                for name in absent
            ],
        )
    registers = {
        "touchpoint": frozenset(point.id for point in engagement.touchpoints),
        "experiment": frozenset(test.id for test in engagement.experiments),
        "arm": frozenset(arm for test in engagement.experiments for arm in test.arm_names),
        "initiative": frozenset(initiative.id for initiative in engagement.initiatives),
    }
    known = {kind: names for kind, names in registers.items() if names}
    repeats = frozenset(
        {"ab_test"} if any(e.unclear_units == "drop" for e in engagement.experiments) else ()
    )
    if not in_engine(engagement, names):
        kept = kept_tables()
        keys = _keys(engagement, names, [known, repeats]) if kept or keep_in else {}
        found = open_kept(kept, names, keys) if kept else None
        if found is not None:
            return found
        connection = connect_embedded()
        data = open_data(
            engagement.tables, folder=engagement.folder, needs=names, known=known,
            ces_version=engagement.ces_version(), repeats=repeats, connection=connection,
        )  # fmt: skip
        if keep_in is not None:
            keep_tables(data, keep_in, keys, connection=connection)
        return data
    from cxlib.data.engine_tables import open_tables_in_engine

    return open_tables_in_engine(
        engagement.tables, engine=connect(engagement), folder=engagement.folder, needs=names,
        known=known, ces_version=engagement.ces_version(), repeats=repeats,
    )  # fmt: skip


def _keys(
    engagement: Engagement, names: Sequence[str], context: Sequence[object]
) -> dict[str, str]:
    """Per table the fingerprint of all its check rests on: file, reading, registers, stores."""
    tables = engagement.tables
    digests = {
        name: file_digest(engagement.folder / tables[name].file)
        for name in {*names, "stores"} & set(tables)
    }
    around = [repr(_sorted(context)), engagement.ces_version(), digests.get("stores", "")]
    return {
        name: digest_of([tables[name].model_dump(mode="json"), digests[name], around])
        for name in names
    }


def _sorted(value: object) -> object:
    """Sets in order, so that they are written the same in every process."""
    if isinstance(value, Mapping):
        return sorted((key, _sorted(each)) for key, each in value.items())
    if isinstance(value, frozenset):
        return sorted(value)
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def in_engine(engagement: Engagement, names: Iterable[str]) -> tuple[str, ...]:
    """List which of these tables, or the stores they refer to, lie in the engine."""
    tables = engagement.tables
    return tuple(
        name for name in dict.fromkeys([*names, "stores"]) if name in tables and tables[name].table
    )


def connect(engagement: Engagement) -> "Engine":
    """Open a session with the engine the engagement file names.

    Raises:
        ConfigError: It names none, the address is not in the environment, or a package is absent.
        DataError: The engine does not answer or refuses.
    """
    from cxlib.data.engines import open_engine

    if engagement.engine is None:
        raise ConfigError(f"{engagement.path.name} names no engine")
    address = engagement.engine.resolve(engagement.path.name)
    return open_engine(engagement.engine.kind, address)
