"""Check a client's table in an engine against its contract, by SQL.

One pass counts rows, filled cells and the breaches of every rule; only a rule that is broken is
asked for its first few rows. An engine has no row numbers, so a row is named by its key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

import pandas as pd

from cxlib.data.contract import KIND_RULES, VIOLATION_COLUMNS, Column, range_rule
from cxlib.data.engine_columns import Cell, Layout
from cxlib.data.engines import Engine
from cxlib.data.query import sql_number, sql_text
from cxlib.data.source import spell
from cxlib.errors import Problem

SHOWN_ROWS: Final = 3
SHOWN_VALUE: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What one pass over a table found.

    Attributes:
        n_rows: Rows.
        filled: Per column in use, rows where it is filled.
        highest: Per column of whole numbers, its largest value.
        first: Earliest moment of the table's date column.
        last: Latest.
        problems: Each broken rule once, with its first rows and the number of the others.
        violations: These rows, one a line, as the files' check has them.
    """

    n_rows: int
    filled: Mapping[str, int]
    highest: Mapping[str, float]
    first: pd.Timestamp | None
    last: pd.Timestamp | None
    problems: tuple[Problem, ...]
    violations: pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """One rule as SQL: where it is broken, and what to show of a row that breaks it."""

    label: str
    broken: str
    shown: str
    rule: str
    remedy: str
    members: tuple[str, ...] = ()


@dataclass(slots=True)
class _Broken:
    """Collects the broken rules of one table."""

    layout: Layout
    problems: list[Problem] = field(default_factory=list)
    lines: list[tuple[str, ...]] = field(default_factory=list)

    def report(self, rule: _Rule, found: pd.DataFrame, count: int) -> None:
        """Word one broken rule: its first rows, and how many there are besides."""
        table, remedy = self.layout.table, rule.remedy
        if rule.members and len(found):
            near = get_close_matches(str(found["shown"][0]).lower(), rule.members, n=1)
            remedy = f"did you mean {near[0]}" if near else remedy
        pairs = list(zip(found["shown"], found["key"], strict=True))
        rows = [f"{value or 'nothing'} ({key})" for value, key in pairs]
        if count > len(rows):
            rows.append(f"{count - len(rows):,} more")
        self.problems.append(
            Problem(table, f"column {rule.label}", ", ".join(rows), rule.rule, remedy)
        )
        self.lines += [(table, key, rule.label, value, rule.rule, remedy) for value, key in pairs]


def scan(engine: Engine, layout: Layout, *, known: Mapping[str, frozenset[str]]) -> Scan:
    """Count a table's rows and the breaches of its contract.

    Args:
        engine: Where it lies.
        layout: The table under our names.
        known: Per register (touchpoint, store, …) the names that exist; a register that is not
            given is not checked.

    Raises:
        DataError: The engine refuses.
    """
    rules = [rule for cell in layout.cells for rule in _column_rules(cell, layout, known)]
    rules += _row_rules(layout)
    asked = ["count(*) as n"]
    for n, name in enumerate(layout.names):
        asked.append(f"count({spell(name, layout.quote)}) as f{n}")
    whole = [cell.name for cell in layout.cells if cell.column.kind == "int"]
    asked += [f"max({spell(name, layout.quote)}) as h{n}" for n, name in enumerate(whole)]
    asked += [
        f"sum(case when {rule.broken} then 1 else 0 end) as b{n}" for n, rule in enumerate(rules)
    ]
    if layout.contract.date in layout.names:
        date = spell(layout.contract.date, layout.quote)
        asked += [f"min({date}) as d0", f"max({date}) as d1"]
    inner = layout.select(extra=_extras(layout))
    row = engine.run(f"select {', '.join(asked)} from ({inner}) as t").iloc[0]
    broken = _Broken(layout)
    if int(row["n"]) == 0:
        broken.problems.append(
            Problem(layout.table, "", "no rows", "the table must have rows", "fill it")
        )
    for n, each in enumerate(rules):
        count = int(row[f"b{n}"]) if pd.notna(row[f"b{n}"]) else 0
        if count:
            broken.report(each, _few(engine, layout, each), count)
    for names in _keys(layout):
        _check_key(engine, layout, names, broken)
    dated = "d0" in row.index
    return Scan(
        n_rows=int(row["n"]),
        filled={name: int(row[f"f{n}"]) for n, name in enumerate(layout.names)},
        highest={
            name: float(row[f"h{n}"]) for n, name in enumerate(whole) if pd.notna(row[f"h{n}"])
        },
        first=pd.Timestamp(row["d0"]) if dated and pd.notna(row["d0"]) else None,
        last=pd.Timestamp(row["d1"]) if dated and pd.notna(row["d1"]) else None,
        problems=tuple(broken.problems),
        violations=pd.DataFrame(broken.lines, columns=list(VIOLATION_COLUMNS)),
    )  # fmt: skip


def _extras(layout: Layout) -> list[str]:
    """What the check needs beside the typed columns: the client's own cell, and how it is wrong."""
    extras = []
    for n, cell in enumerate(layout.cells):
        extras.append(f"{cell.raw} as raw{n}")
        if cell.wrong:
            extras.append(f"case when {cell.wrong} then 1 else 0 end as wrong{n}")
        if cell.column.required:
            extras.append(f"case when {cell.empty} then 1 else 0 end as empty{n}")
    return extras


def _column_rules(cell: Cell, layout: Layout, known: Mapping[str, frozenset[str]]) -> list[_Rule]:
    n, column = layout.cells.index(cell), cell.column
    name, raw = spell(cell.name, layout.quote), f"raw{n}"
    rules = []
    if column.required:
        rules.append(
            _Rule(
                label=cell.name, broken=f"empty{n} = 1", shown=raw,
                rule="must not be empty", remedy="fill it in or remove the row",
            )
        )  # fmt: skip
    if cell.wrong:
        rule, remedy = KIND_RULES[column.kind]
        rules.append(
            _Rule(label=cell.name, broken=f"wrong{n} = 1", shown=raw, rule=rule, remedy=remedy)
        )
    outside = _outside(name, column)
    if outside:
        rules.append(
            _Rule(
                label=cell.name, broken=outside, shown=raw, rule=range_rule(column),
                remedy="correct the value or leave it empty",
            )
        )  # fmt: skip
    for members, rule, remedy in _memberships(column, known):
        rules.append(
            _Rule(
                label=cell.name, shown=raw, rule=rule, remedy=remedy, members=members,
                broken=f"{name} not in ({', '.join(sql_text(member) for member in members)})",
            )
        )  # fmt: skip
    return rules


def _outside(name: str, column: Column) -> str:
    parts = []
    if column.minimum is not None:
        parts.append(f"{name} < {sql_number(column.minimum)}")
    if column.maximum is not None:
        parts.append(f"{name} > {sql_number(column.maximum)}")
    return " or ".join(parts)


def _memberships(
    column: Column, known: Mapping[str, frozenset[str]]
) -> list[tuple[tuple[str, ...], str, str]]:
    found = []
    if column.allowed:
        rule = f"must be one of {', '.join(column.allowed)}"
        found.append((column.allowed, rule, "correct the value"))
    if known.get(column.references):
        kind = column.references
        found.append(
            (
                tuple(sorted(known[kind])), f"must be a {kind} of the engagement",
                f"correct the value or add the {kind} to the engagement",
            )
        )  # fmt: skip
    return found


def _row_rules(layout: Layout) -> list[_Rule]:
    rules = []
    for rule in layout.contract.row_rules:
        if set(rule.columns) <= set(layout.names):
            names = [spell(name, layout.quote) for name in rule.columns]
            limited = {cell.name: _outside(spell(cell.name, layout.quote), cell.column)
                       for cell in layout.cells}  # fmt: skip
            filled = " and ".join(
                [f"{name} is not null" for name in names]
                + [f"not ({limited[name]})" for name in rule.columns if limited[name]]
            )
            shown = ", ' and ', ".join(names)
            rules.append(
                _Rule(
                    label=rule.columns[-1], broken=f"{filled} and ({rule.breaks})",
                    shown=shown,
                    rule=rule.rule, remedy=rule.remedy,
                )
            )  # fmt: skip
    return rules


def _keys(layout: Layout) -> list[tuple[str, ...]]:
    keys: list[tuple[str, ...]] = [(cell.name,) for cell in layout.cells if cell.column.unique]
    together = layout.contract.unique_together
    return [*keys, together] if together and set(together) <= set(layout.names) else keys


def _check_key(engine: Engine, layout: Layout, names: Sequence[str], into: "_Broken") -> None:
    spelled = [spell(name, layout.quote) for name in names]
    columns = ", ".join(f"{name} as k{n}" for n, name in enumerate(spelled))
    filled = " and ".join(f"{name} is not null" for name in spelled)
    repeated = (
        f"select {columns}, count(*) as n from ({layout.select()}) as t where {filled} "
        f"group by {', '.join(spelled)} having count(*) > 1"
    )
    total = engine.run(f"select count(*) as m, sum(n) as n from ({repeated}) as q").iloc[0]
    if not int(total["m"]):
        return
    order = ", ".join(f"k{n}" for n in range(len(names)))
    few = engine.run(f"select * from ({repeated}) as q order by {order} limit {SHOWN_ROWS}")
    keys = few[[f"k{n}" for n in range(len(names))]].astype(str).agg(" + ".join, axis=1)
    label = " + ".join(names)
    found = pd.DataFrame({"shown": keys, "key": [f"in {int(n)} rows" for n in few["n"]]})
    rule = _Rule(
        label=label, broken="", shown="", remedy="remove the repeat",
        rule="must appear only once" + (" together" if len(names) > 1 else ""),
    )  # fmt: skip
    into.report(rule, found, int(total["m"]))


def _few(engine: Engine, layout: Layout, rule: _Rule) -> pd.DataFrame:
    """The first rows that break a rule: what is in them and which they are."""
    key = _key_of(layout)
    keys = [spell(name, layout.quote) for name in key]
    columns = ", ".join(
        [f"concat('', {rule.shown}) as v", *(f"{name} as k{n}" for n, name in enumerate(keys))]
    )
    inner = layout.select(extra=_extras(layout))
    found = engine.run(
        f"select {columns} from ({inner}) as t where {rule.broken} "
        f"order by {', '.join(keys)} limit {SHOWN_ROWS}"
    )
    values = ["" if pd.isna(value) else _cut(value) for value in found["v"]]
    names = [
        ", ".join(f"{name} {found[f'k{n}'][line]}" for n, name in enumerate(key))
        for line in range(len(found))
    ]
    return pd.DataFrame({"shown": values, "key": names})


def _key_of(layout: Layout) -> tuple[str, ...]:
    """The columns that name a row; where nothing does, the first and its date."""
    if keys := _keys(layout):
        return keys[0]
    first = layout.names[0]
    date = layout.contract.date
    return (first, date) if date in layout.names and date != first else (first,)


def _cut(value: object) -> str:
    words = " ".join(str(value).split())
    return words if len(words) <= SHOWN_VALUE else f"{words[:SHOWN_VALUE]} …"
