"""What a table must look like, and a check that reports every breach at once.

A contract lists columns with their kind and limits, and rules across columns. The check turns
columns of text into typed ones and collects each breach as file, row, column, value, rule and
remedy. Rows are numbered as a person sees them in a spreadsheet: the header is row 1.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from cxlib.data.convert import Mask, to_flags, to_integers, to_numbers, to_times
from cxlib.data.grid import RawTable

Kind = Literal["text", "int", "number", "date", "datetime", "flag"]

VIOLATION_COLUMNS: Final = ("file", "row", "column", "value", "rule", "remedy")

_KIND_RULES: Final[Mapping[Kind, tuple[str, str]]] = {
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
    """

    columns: tuple[str, ...]
    holds: Callable[[pd.DataFrame], Any]
    rule: str
    remedy: str = "correct one of the two values"


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
    """

    name: str
    columns: tuple[Column, ...]
    any_of: tuple[str, ...] = ()
    unique_together: tuple[str, ...] = ()
    row_rules: tuple[RowRule, ...] = ()
    date: str = ""

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
    """Collects breaches as arrays; nothing is built for a column that passes."""

    file: str
    found: list[pd.DataFrame] = field(default_factory=list)

    def add(
        self, column: str, mask: Mask, values: pd.Series, rule: str, remedy: str | list[str]
    ) -> None:
        if mask.any():
            at = values[mask]
            self.add_rows(column, at.index.to_numpy(), at.to_numpy(dtype=object), rule, remedy)

    def add_rows(
        self, column: str, rows: Any, values: Any, rule: str, remedy: str | list[str]
    ) -> None:
        frame = pd.DataFrame({"row": rows, "value": values})
        frame["value"] = frame["value"].astype(object).where(frame["value"].notna(), "").astype(str)
        self.found.append(
            frame.assign(file=self.file, column=column, rule=rule, remedy=remedy)[
                list(VIOLATION_COLUMNS)
            ]
        )

    def frame(self) -> pd.DataFrame:
        if not self.found:
            return pd.DataFrame({name: pd.Series(dtype=object) for name in VIOLATION_COLUMNS})
        return pd.concat(self.found, ignore_index=True).sort_values(
            "row", kind="stable", ignore_index=True
        )


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
    unused = tuple(str(name) for name in raw.frame.columns if name not in contract.column_names)
    _check_header(raw, contract, unused, breaches)
    typed: dict[str, Any] = {}
    for column in contract.columns:
        if column.name in raw.frame.columns:
            typed[column.name] = _check_column(raw.frame[column.name], column, known, breaches)
    frame = pd.DataFrame(typed, index=raw.frame.index)
    _check_key(frame, contract, breaches)
    for rule in contract.row_rules:
        _check_rule(frame, raw.frame, rule, breaches)
    return CheckedTable(
        contract=contract, raw=raw, frame=frame, unused_columns=unused, violations=breaches.frame()
    )


def _check_header(
    raw: RawTable, contract: TableContract, unused: tuple[str, ...], breaches: _Breaches
) -> None:
    def report(column: str, rule: str) -> None:
        near = get_close_matches(column.split(" ")[0], unused, n=1)
        has = ", ".join(map(str, raw.frame.columns))
        start = f"it may be {near[0]}: " if near else ""
        remedy = f"{start}map it under columns in engagement.yml; the file has {has}"
        breaches.add_rows(column, [raw.header_row], [""], rule, remedy)

    for name in contract.required_columns:
        if name not in raw.frame.columns:
            report(name, "the column must exist")
    if contract.any_of and not set(contract.any_of) & set(raw.frame.columns):
        report(" or ".join(contract.any_of), "at least one of these columns must exist")
    if not len(raw.frame):
        breaches.add_rows(
            "", [raw.header_row], ["no rows"], "the table must have rows", "export it again"
        )


def _check_column(
    text: pd.Series, column: Column, known: Mapping[str, frozenset[str]], breaches: _Breaches
) -> Any:
    name = column.name
    if column.required:
        missing = text.isna().to_numpy()
        breaches.add(name, missing, text, "must not be empty", "fill it in or remove the row")
    if column.kind == "text":
        if column.unique:
            _check_unique(text, name, breaches)
        if column.allowed:
            one_of = f"must be one of {', '.join(column.allowed)}"
            _check_member(
                text, name, frozenset(column.allowed), one_of, "correct the value", breaches
            )
        if column.references in known:
            remedy = f"correct the value or add the {column.references} to the engagement"
            rule = f"must be a {column.references} of the engagement"
            _check_member(text, name, known[column.references], rule, remedy, breaches)
        return text
    values: Any
    if column.kind in ("date", "datetime"):
        values, bad = to_times(text)
        if column.kind == "date":
            values = values.dt.normalize()
    elif column.kind == "flag":
        values, bad = to_flags(text)
    elif column.kind == "int":
        values, bad = to_integers(text)
    else:
        values, bad = to_numbers(text)
    breaches.add(name, bad, text, *_KIND_RULES[column.kind])
    if column.minimum is not None or column.maximum is not None:
        outside = _outside(values, column)
        breaches.add(
            name, outside, text, _range_rule(column), "correct the value or leave it empty"
        )
        values[outside] = pd.NA if column.kind == "int" else np.nan
    return values


def _outside(values: Any, column: Column) -> Mask:
    numbers = np.asarray(pd.array(values).to_numpy(dtype=np.float64, na_value=np.nan))
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    return np.asarray((numbers < low) | (numbers > high))


def _range_rule(column: Column) -> str:
    if column.minimum is None:
        return f"must be {column.maximum:g} or less"
    if column.maximum is None:
        return f"must be {column.minimum:g} or more"
    return f"must be {column.minimum:g} to {column.maximum:g}"


def _check_member(
    text: pd.Series,
    name: str,
    members: frozenset[str],
    rule: str,
    remedy: str,
    breaches: _Breaches,
) -> None:
    codes, words = pd.factorize(text)
    strange = np.array([word not in members for word in words] + [False])
    mask = strange[codes]
    if not mask.any():
        return
    lower = {member.lower(): member for member in sorted(members)}
    remedies = []
    for word, is_strange in zip(words, strange[:-1], strict=True):
        near = get_close_matches(str(word).lower(), lower, n=1) if is_strange else []
        remedies.append(f"did you mean {lower[near[0]]}" if near else remedy)
    breaches.add(name, mask, text, rule, [remedies[code] for code in codes[mask]])


def _check_unique(text: pd.Series, name: str, breaches: _Breaches) -> None:
    repeated = (text.duplicated() & text.notna()).to_numpy()
    if repeated.any():
        first = text[~text.duplicated()]
        seen = pd.Series(first.index, index=pd.Index(first)).reindex(text[repeated])
        remedies = [f"remove the repeat of row {row:.0f}" for row in seen]
        breaches.add(name, repeated, text, "must appear only once", remedies)


def _check_key(frame: pd.DataFrame, contract: TableContract, breaches: _Breaches) -> None:
    key = list(contract.unique_together)
    if not key or not set(key) <= set(frame.columns):
        return
    repeated = frame.duplicated(key).to_numpy() & frame[key].notna().all(axis=1).to_numpy()
    if repeated.any():
        shown = frame.loc[repeated, key].astype(str).agg(" + ".join, axis=1)
        breaches.add_rows(
            " + ".join(key), shown.index.to_numpy(), shown.to_numpy(dtype=object),
            "must appear only once together", "remove the repeat",
        )  # fmt: skip


def _check_rule(
    frame: pd.DataFrame, text: pd.DataFrame, rule: RowRule, breaches: _Breaches
) -> None:
    columns = list(rule.columns)
    if not set(columns) <= set(frame.columns):
        return
    filled = frame[columns].dropna()
    if not len(filled):
        return
    broken = ~np.asarray(rule.holds(filled), dtype=bool)
    if broken.any():
        rows = filled.index[broken]
        shown = text.loc[rows, columns].astype(str).agg(" and ".join, axis=1)
        breaches.add_rows(
            columns[-1], rows.to_numpy(), shown.to_numpy(dtype=object), rule.rule, rule.remedy
        )
