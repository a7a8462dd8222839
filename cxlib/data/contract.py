"""What a table must look like, and a check that reports every breach at once.

A contract lists columns with their kind and limits, and rules across columns. The check turns
columns of text into typed ones and collects each breach as file, row, column, value, rule and
remedy. Rows are numbered as a person sees them in a spreadsheet: the header is row 1.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Final, Literal

import numpy as np
import pandas as pd

from cxlib.data.convert import Mask, to_flags, to_integers, to_numbers, to_times
from cxlib.data.grid import RawTable

Kind = Literal["text", "int", "number", "date", "datetime", "flag"]

_PLAIN: Final = re.compile(r"[a-z0-9_]{1,40}")
VIOLATION_COLUMNS: Final = ("file", "row", "column", "value", "rule", "remedy")

KIND_RULES: Final[Mapping[Kind, tuple[str, str]]] = {
    "int": ("must be a whole number", "correct the value or leave it empty"),
    "number": ("must be a number", "correct the value or leave it empty"),
    "flag": ("must be 0 or 1", "correct the value or leave it empty"),
    "date": ("must be a date as YYYY-MM-DD", "write the year first"),
    "datetime": ("must be a time as YYYY-MM-DD HH:MM:SS", "write the year first"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column and what it may hold.

    Attributes:
        name: Our name for it.
        kind: How its text is read; a flag is 0 or 1.
        required: The column must exist and every row must fill it; else it may be absent or empty.
        minimum: Smallest number allowed.
        maximum: Largest number allowed.
        allowed: The only texts allowed.
        unique: No text may appear twice.
        references: The register its text must appear in (touchpoint, store, …).
    """

    name: str
    kind: Kind = "text"
    required: bool = field(default=False, kw_only=True)
    minimum: float | None = field(default=None, kw_only=True)
    maximum: float | None = field(default=None, kw_only=True)
    allowed: tuple[str, ...] = field(default=(), kw_only=True)
    unique: bool = field(default=False, kw_only=True)
    references: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRule:
    """A rule across columns of one row, tested where all of them are filled.

    Attributes:
        columns: What it compares; the breach is reported at the last one.
        holds: Takes the frame of these columns and says per row whether the rule holds.
        rule: What must hold, in words.
        remedy: What to do about a breach.
        breaks: The opposite of `holds` as an SQL condition, for tables in an engine.
    """

    columns: tuple[str, ...]
    holds: Callable[[pd.DataFrame], pd.Series]
    rule: str
    remedy: str = "correct one of the two values"
    breaks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableContract:
    """A table: its columns, keys and rules.

    Attributes:
        name: Our name for the table.
        columns: Every column a measure may ask for.
        any_of: At least one of these columns must exist.
        unique_together: Columns whose combination names a row.
        row_rules: Rules across columns.
        date: The column that places a row in time, if there is one.
        families: Columns by the first part of their name: a client may have any number of them.
    """

    name: str
    columns: tuple[Column, ...]
    any_of: tuple[str, ...] = ()
    unique_together: tuple[str, ...] = ()
    row_rules: tuple[RowRule, ...] = ()
    date: str = ""
    families: tuple[Column, ...] = ()

    def columns_in(self, names: Iterable[str]) -> tuple[Column, ...]:
        """List its columns, with those of a family that are among these names."""
        own = set(self.column_names)
        kin = [
            replace(family, name=name)
            for name in names
            for family in self.families
            if name not in own
            and _PLAIN.fullmatch(name.removeprefix(family.name)) is not None
            and name.startswith(family.name)
        ]
        return (*self.columns, *kin)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Every column, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The columns a client cannot do without."""
        return tuple(column.name for column in self.columns if column.required)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTable:
    """A typed table and what was wrong with it.

    Attributes:
        contract: What it was checked against.
        raw: Where it came from.
        frame: The contract's columns that exist, typed; a cell that broke a rule may be missing.
            Text is str, whole numbers and flags Int64, numbers float64, times datetime64[us].
        unused_columns: Columns of the client that no measure asks for; left out of the frame.
        violations: Every breach: file, row, column, value, rule, remedy.
    """

    contract: TableContract
    raw: RawTable
    frame: pd.DataFrame
    unused_columns: tuple[str, ...]
    violations: pd.DataFrame

    @property
    def n_rows(self) -> int:
        """Rows of data."""
        return len(self.frame)


@dataclass(slots=True)
class _Breaches:
    """Collects breaches; nothing is built for a column that passes."""

    file: str
    found: list[pd.DataFrame] = field(default_factory=list)

    def add(self, column: str, cells: pd.Series, *, rule: str, remedy: str | Sequence[str]) -> None:
        """Report cells, indexed by row number, that break a rule."""
        if len(cells):
            shown = cells.astype(object).where(cells.notna(), "").astype(str)
            breach = pd.DataFrame({"row": cells.index, "value": shown.to_numpy(dtype=object)})
            breach = breach.assign(file=self.file, column=column, rule=rule, remedy=remedy)
            self.found.append(breach[list(VIOLATION_COLUMNS)])

    def frame(self) -> pd.DataFrame:
        """Put all breaches into one frame, in the order of the file."""
        if not self.found:
            return pd.DataFrame({name: pd.Series(dtype=object) for name in VIOLATION_COLUMNS})
        together = pd.concat(self.found, ignore_index=True)
        return together.sort_values("row", kind="stable", ignore_index=True)


def check(
    raw: RawTable, contract: TableContract, *, known: Mapping[str, frozenset[str]]
) -> CheckedTable:
    """Type a table by its contract and collect every breach.

    Args:
        raw: The table as text.
        contract: What it must look like.
        known: Per register (touchpoint, store, …) the names that exist; a register that is not
            given is not checked.

    Returns:
        The typed table with its breaches; nothing is raised, so that the caller can report the
        breaches of all tables together.
    """
    breaches = _Breaches(raw.file)
    columns = contract.columns_in(map(str, raw.frame.columns))
    used = {column.name for column in columns}
    unused = tuple(str(name) for name in raw.frame.columns if name not in used)
    _check_header(raw, contract, unused, breaches)
    typed: dict[str, pd.Series] = {}
    for column in columns:
        if column.name in raw.frame.columns:
            text = raw.frame[column.name]
            if column.required:
                breaches.add(
                    column.name, text[text.isna()],
                    rule="must not be empty", remedy="fill it in or remove the row",
                )  # fmt: skip
            if column.kind == "text":
                _check_text(text, column, known, breaches)
                typed[column.name] = text
            else:
                typed[column.name] = _type_column(text, column, breaches)
    frame = pd.DataFrame(typed, index=raw.frame.index)
    _check_key(frame, contract, breaches)
    for rule in contract.row_rules:
        _check_rule(frame, raw.frame, rule, breaches)
    return CheckedTable(
        contract=contract, raw=raw, frame=frame, unused_columns=unused, violations=breaches.frame()
    )


def _check_header(
    raw: RawTable, contract: TableContract, unused: Sequence[str], breaches: _Breaches
) -> None:
    def report(column: str, *, rule: str, value: str = "", remedy: str) -> None:
        cells = pd.Series([value], index=[raw.header_row], dtype=object)
        breaches.add(column, cells, rule=rule, remedy=remedy)

    present = [str(name) for name in raw.frame.columns]
    missing: dict[str, Sequence[str]] = {}
    for name in contract.required_columns:
        if name not in present:
            missing[name] = [name]
    rules = dict.fromkeys(missing, "the column must exist")
    if contract.any_of and not set(contract.any_of) & set(present):
        together = " or ".join(contract.any_of)
        missing[together] = contract.any_of
        rules[together] = "at least one of these columns must exist"
    for label, names in missing.items():
        near = [close for name in names for close in get_close_matches(name, unused, n=1)]
        guess = f"it may be {near[0]}; " if near else ""
        remedy = f"{guess}map it under columns in engagement.yml; the file has {', '.join(present)}"
        report(label, rule=rules[label], remedy=remedy)
    if not len(raw.frame):
        report("", value="no rows", rule="the table must have rows", remedy="export it again")


def _check_text(
    text: pd.Series, column: Column, known: Mapping[str, frozenset[str]], breaches: _Breaches
) -> None:
    if column.unique:
        _check_unique(text, column.name, breaches)
    if column.allowed:
        _check_member(
            text, column.name, frozenset(column.allowed), breaches,
            rule=f"must be one of {', '.join(column.allowed)}", remedy="correct the value",
        )  # fmt: skip
    if column.references in known:
        _check_member(
            text, column.name, known[column.references], breaches,
            rule=f"must be a {column.references} of the engagement",
            remedy=f"correct the value or add the {column.references} to the engagement",
        )  # fmt: skip


def _check_unique(text: pd.Series, name: str, breaches: _Breaches) -> None:
    repeated = (text.duplicated() & text.notna()).to_numpy()
    if repeated.any():
        first = text[~text.duplicated()]
        rows = pd.Series(first.index, index=pd.Index(first)).reindex(text[repeated])
        remedies = [f"remove the repeat of row {row}" for row in rows]
        breaches.add(name, text[repeated], rule="must appear only once", remedy=remedies)


def _check_member(
    text: pd.Series,
    name: str,
    members: frozenset[str],
    breaches: _Breaches,
    *,
    rule: str,
    remedy: str,
) -> None:
    codes, words = pd.factorize(text)
    strange = np.array([word not in members for word in words] + [False])
    mask = strange[codes]
    if mask.any():
        lower = {member.lower(): member for member in sorted(members)}
        remedies = []
        for word, is_strange in zip(words, strange[:-1], strict=True):
            near = get_close_matches(str(word).lower(), lower, n=1) if is_strange else []
            remedies.append(f"did you mean {lower[near[0]]}" if near else remedy)
        breaches.add(name, text[mask], rule=rule, remedy=[remedies[code] for code in codes[mask]])


def _type_column(text: pd.Series, column: Column, breaches: _Breaches) -> pd.Series:
    convert = {
        "int": to_integers, "number": to_numbers, "flag": to_flags,
        "date": to_times, "datetime": to_times,
    }[column.kind]  # fmt: skip
    values, bad = convert(text)
    rule, remedy = KIND_RULES[column.kind]
    if column.kind in {"date", "datetime"} and text[bad].str.contains("上午|下午").any():
        remedy = "set reader: google_forms, whose times these are"
    breaches.add(column.name, text[bad], rule=rule, remedy=remedy)
    if column.kind == "date":
        days: pd.Series = values.dt.normalize()
        return days
    if column.minimum is None and column.maximum is None:
        return values
    outside = _outside(values, column)
    breaches.add(
        column.name, text[outside],
        rule=range_rule(column), remedy="correct the value or leave it empty",
    )  # fmt: skip
    return values.mask(outside) if outside.any() else values


def _outside(values: pd.Series, column: Column) -> Mask:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    return np.asarray((numbers < low) | (numbers > high))


def range_rule(column: Column) -> str:
    """Word the limits of a column of numbers."""
    if column.minimum is None:
        return f"must be {column.maximum:g} or less"
    if column.maximum is None:
        return f"must be {column.minimum:g} or more"
    return f"must be {column.minimum:g} to {column.maximum:g}"


def _check_key(frame: pd.DataFrame, contract: TableContract, breaches: _Breaches) -> None:
    key = list(contract.unique_together)
    if not key or not set(key) <= set(frame.columns):
        return
    repeated = frame.duplicated(key) & frame[key].notna().all(axis=1)
    if repeated.any():
        shown = frame.loc[repeated, key].astype(str).agg(" + ".join, axis=1)
        rule = "must appear only once together"
        breaches.add(" + ".join(key), shown, rule=rule, remedy="remove the repeat")


def _check_rule(
    frame: pd.DataFrame, text: pd.DataFrame, rule: RowRule, breaches: _Breaches
) -> None:
    columns = list(rule.columns)
    if not set(columns) <= set(frame.columns):
        return
    filled = frame[columns].dropna()
    if not len(filled):
        return
    broken = ~rule.holds(filled).to_numpy(dtype=bool)
    if broken.any():
        shown = text.loc[filled.index[broken], columns].agg(" and ".join, axis=1)
        breaches.add(columns[-1], shown, rule=rule.rule, remedy=rule.remedy)
