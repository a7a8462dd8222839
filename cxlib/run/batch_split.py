"""An engagement's tables, shared out among the values of one column: whose is each row?

A row belongs to the branch its own column names, or the one that the single row of a register
it refers to names (a follow-up to the branch of its answer). Whatever else would be needed to tell
is a guess, so such a table is left out and said: a branch's report never shows the company's
figure as the branch's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cxlib.data.grid import RawTable
from cxlib.data.intake import read_table
from cxlib.data.tables import CesVersion, table_contract
from cxlib.engagement import Engagement
from cxlib.errors import ConfigError, DataError, Problem

REGISTERS = {
    "answer_id": "answers",
    "invitation_id": "invitations",
    "mention_id": "mentions",
    "customer_id": "customers",
    "store": "stores",
}
"""A reference to the table with one row for each; a row that refers belongs where that one does."""
DESCRIPTIONS = ("stores", "maturity", "difficulty")
"""Tables that describe and measure no customer: every branch may have them if the user says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How one table is shared out.

    Attributes:
        table: Our name.
        raw: Its rows as text under our column names.
        branch: Per row the value of the column; missing where the row is in no branch. None
            where every branch has the whole table.
        through: The register it was found through; "" where the table has the column.
    """

    table: str
    raw: RawTable
    branch: "pd.Series[str] | None"
    through: str = ""

    @property
    def n_nowhere(self) -> int:
        """Rows in no branch."""
        return 0 if self.branch is None else int(self.branch.isna().sum())

    def rows(self, value: str) -> pd.DataFrame:
        """The rows of one branch, in the file's order."""
        return self.raw.frame if self.branch is None else self.raw.frame[self.branch == value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Every table of an engagement, shared out or left out.

    Attributes:
        column: The column branches are values of.
        shares: Table to how it is shared out.
        left_out: Table to the reason, in words.
    """

    column: str
    shares: Mapping[str, Share]
    left_out: Mapping[str, str]

    def values(self) -> list[str]:
        """The branches: every value the answers have, sorted."""
        branch = self.shares["answers"].branch
        return [] if branch is None else sorted(branch.dropna().unique())


def split_tables(
    engagement: Engagement,
    *,
    by: str,
    tables: Sequence[str],
    shared: Sequence[str] = (),
) -> Split:
    """Read an engagement's tables and find the branch of each row.

    Args:
        engagement: The checked engagement.
        by: A column of the answers, or TABLE.COLUMN for one of a register (stores.district).
        tables: Those any branch's notebook could read.
        shared: Tables every branch gets whole; only descriptions.

    Raises:
        ConfigError: There is no such column, or two tables mean different things by it.
        DataError: A table cannot be read; all at once.
    """
    home, column = _home(by)
    wanted = [t for t in dict.fromkeys(["answers", home, *tables]) if t in engagement.tables]
    _check_shared(engagement, shared)
    remote = [table for table in wanted if engagement.tables[table].table]
    if "answers" in remote:
        raise ConfigError(
            f"--by {by}: the answers lie in the engine, whose rows stay there; name an engagement "
            "for each branch, on a view of its rows, and list them: cx batch ONE TWO"
        )
    raws = _read(engagement, [table for table in wanted if table not in remote])
    _check_column(engagement, raws, home, column)
    shares = {
        table: Share(table=table, raw=raws[table], branch=None)
        for table in shared if table in raws
    }  # fmt: skip
    version = engagement.ces_version()
    for table, raw in raws.items():
        if table not in shares and _has(raws, table, column, home=home, version=version):
            shares[table] = Share(table=table, raw=raw, branch=raw.frame[column])
    while linked := _linked(raws, shares):
        shares |= linked
    left_out = {
        table: _reason(raws[table], column, home)
        for table in raws if table not in shares
    }  # fmt: skip
    left_out |= dict.fromkeys(remote, "it lies in the engine, whose rows stay there")
    if "answers" not in shares:
        raise ConfigError(f"--by {by}: the answers cannot be shared out: {left_out['answers']}")
    return Split(column=column, shares=shares, left_out=left_out)


def _home(by: str) -> tuple[str, str]:
    table, point, column = by.partition(".")
    if point and table in {*REGISTERS.values()}:
        return table, column
    return "answers", by


def _check_shared(engagement: Engagement, shared: Sequence[str]) -> None:
    for table in shared:
        if table not in DESCRIPTIONS or table not in engagement.tables:
            able = [name for name in DESCRIPTIONS if name in engagement.tables]
            raise ConfigError(
                f"--share takes a table that only describes ({', '.join(able) or 'none here'}), "
                f"got {table!r}; figures of the company are never shown as a branch's own"
            )


def _read(engagement: Engagement, tables: Sequence[str]) -> dict[str, RawTable]:
    raws: dict[str, RawTable] = {}
    problems: list[Problem] = []
    for name in tables:
        spec = engagement.tables[name]
        try:
            raws[name] = read_table(
                engagement.folder / spec.file, table_name=name, encoding=spec.encoding,
                sheet=spec.sheet, reader=spec.reader, columns=spec.columns,
            )  # fmt: skip
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError("the tables cannot be shared out among branches", problems)
    return raws


def _check_column(
    engagement: Engagement, raws: Mapping[str, RawTable], home: str, column: str
) -> None:
    """The column stands in the table it is said to be in, and that names each thing once."""
    if home not in raws:
        raise ConfigError(f"--by: {engagement.path.name} has no table {home}")
    frame = raws[home].frame
    if column not in frame.columns:
        also = [
            f"{table}.{column}" for table in REGISTERS.values()
            if table in raws and table != home and column in raws[table].frame.columns
        ]  # fmt: skip
        others = [
            f"{t}.{column}" for t, spec in engagement.tables.items()
            if t in REGISTERS.values() and t not in raws and column in _known(t, engagement)
        ]  # fmt: skip
        offer = f"write --by {' or --by '.join([*also, *others])}" if also or others else (
            f"it has {', '.join(map(str, frame.columns))}"
        )  # fmt: skip
        raise ConfigError(f"--by names a column of {home}, got {column!r}; {offer}")
    key = next((key for key, table in REGISTERS.items() if table == home), "")
    if home != "answers" and (key not in frame.columns or frame[key].duplicated().any()):
        raise ConfigError(f"--by {home}.{column}: each {key} must stand once in {home}")


def _known(table: str, engagement: Engagement) -> tuple[str, ...]:
    return table_contract(table, ces_version=engagement.ces_version()).column_names


def _has(
    raws: Mapping[str, RawTable], table: str, column: str, *, home: str, version: CesVersion
) -> bool:
    """Whether a table has the column itself, and means the same by it as the home table."""
    if column not in raws[table].frame.columns:
        return False
    if table == home:
        return True
    if home != "answers":
        return False  # the district of a store is not the district a customer lives in
    theirs, ours = (
        next((c for c in table_contract(t, ces_version=version).columns if c.name == column), None)
        for t in (table, home)
    )
    if theirs is None or ours is None:
        return theirs is ours
    return (theirs.kind, theirs.allowed) == (ours.kind, ours.allowed)


def _linked(raws: Mapping[str, RawTable], shares: Mapping[str, Share]) -> dict[str, Share]:
    """Tables whose rows each refer to one row of a register that is shared out."""
    found: dict[str, Share] = {}
    for table, raw in raws.items():
        if table in shares:
            continue
        for key, register in REGISTERS.items():
            share = shares.get(register)
            if share is None or share.branch is None or register == table:
                continue
            keys = share.raw.frame.get(key)
            if key in raw.frame.columns and keys is not None and keys.dropna().is_unique:
                named = keys.notna()
                to = pd.Series(share.branch[named].to_numpy(), index=keys[named].to_numpy())
                branch = raw.frame[key].map(to)
                found[table] = Share(table=table, raw=raw, branch=branch, through=register)
                break
    return found


def _reason(raw: RawTable, column: str, home: str) -> str:
    if column in raw.frame.columns:
        return f"its {column} is not the {column} of {home}"
    return f"nothing in it names one {column} for each row"
