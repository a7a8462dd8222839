"""Give the columns of a client's table in an engine our names and types, by SQL.

What a database declares is trusted; text is read as the files' cells are: trimmed, empty counts as
missing, and a cell that is no number, flag or time counts as one and is missing. The expressions
are the same for every engine but for the names of four types.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

from cxlib.data.contract import Column, Kind, TableContract
from cxlib.data.convert import FLAG_WORDS
from cxlib.data.engines import TEXT_ORDER, CastType, Engine
from cxlib.data.source import spell
from cxlib.errors import InputError, Problem

Shape = Literal["text", "int", "number", "flag", "time", "other"]

_SHAPES: Final[Mapping[Shape, tuple[str, ...]]] = {
    "text": ("char", "varchar", "text", "string", "name", "bpchar", "citext"),
    "int": ("int", "bigint", "smallint", "tinyint", "hugeint", "integer", "uint", "ubig", "usmall"),
    "number": ("numeric", "decimal", "double", "real", "float"),
    "flag": ("bool",),
    "time": ("timestamp", "date"),
}
"""How the declared types of the engines begin, in small letters."""
_SUITS: Final[Mapping[Kind, frozenset[Shape]]] = {
    "text": frozenset({"text", "int", "number", "flag", "time", "other"}),
    "int": frozenset({"text", "int", "number"}),
    "number": frozenset({"text", "int", "number"}),
    "flag": frozenset({"text", "int", "number", "flag"}),
    "date": frozenset({"text", "time"}),
    "datetime": frozenset({"text", "time"}),
}
_WANTED: Final[Mapping[Kind, str]] = {
    "int": "a column of whole numbers", "number": "a column of numbers",
    "flag": "a column of 0 and 1, or true and false", "date": "a column of dates",
    "datetime": "a column of times", "text": "a column of text",
}  # fmt: skip
LARGEST: Final = "9007199254740992"
_FIRST, _LAST = "timestamp '1901-01-01 00:00:00'", "timestamp '2101-01-01 00:00:00'"
_DAY, _CLOCK = "0000-00-00", "00:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One column of a client's table as SQL.

    Attributes:
        column: What the contract says of it.
        theirs: The client's name for it.
        raw: The client's column as SQL.
        value: Its value in our type; missing where it is wrong.
        empty: True where nothing is in it.
        wrong: True where something else than its kind is in it; "" if that cannot be.
    """

    column: Column
    theirs: str
    raw: str
    value: str
    empty: str
    wrong: str = ""

    @property
    def name(self) -> str:
        """Our name for it."""
        return self.column.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A client's table under our names.

    Attributes:
        name: Our name of the table.
        table: The client's.
        place: Its full name as SQL.
        contract: What it must look like.
        cells: The columns in use, in the contract's order.
        unused: The client's other columns.
        columns: Every column it has.
        problems: What keeps it from being used.
        quote: What the engine puts around a name.
    """

    name: str
    table: str
    place: str
    contract: TableContract
    cells: tuple[Cell, ...]
    unused: tuple[str, ...]
    columns: tuple[str, ...]
    problems: tuple[Problem, ...]
    quote: str

    @property
    def names(self) -> tuple[str, ...]:
        """Our names of the columns in use."""
        return tuple(cell.name for cell in self.cells)

    def select(self, *, extra: Sequence[str] = ()) -> str:
        """Write the query that gives the table our names and types."""
        columns = [f"{cell.value} as {spell(cell.name, self.quote)}" for cell in self.cells]
        return f"select {', '.join([*columns, *extra])} from {self.place}"


def lay_out(
    engine: Engine,
    name: str,
    table: str,
    contract: TableContract,
    *,
    columns: Mapping[str, str],
) -> Layout:
    """Find a client's table and match its columns to the contract's.

    Args:
        engine: Where it lies.
        name: Our name of the table.
        table: The client's.
        contract: What it must look like.
        columns: Our column name to the client's, where they differ in more than letter case.

    Returns:
        The layout; a table or column that is absent or of another type is in its problems.
    """
    try:
        declared = dict(engine.columns(table))
    except InputError as error:  # no name an engine could know
        problem = Problem("engagement.yml", f"tables.{name}.table", table, str(error), "correct it")
        return _nothing(name, table, contract, (problem,), engine.quote)
    if not declared:
        there = list(engine.tables())
        near = get_close_matches(table, there, n=1) or [
            other for other in there if other.rpartition(".")[2] == table.rpartition(".")[2]
        ]
        remedy = f"did you mean {near[0]}" if near else "name one this user may read"
        problem = Problem(
            "engagement.yml", f"tables.{name}.table", table, f"must be a table in {engine.kind}",
            remedy,
        )  # fmt: skip
        return _nothing(name, table, contract, (problem,), engine.quote)
    used, problems = _match(name, table, contract, declared, columns)
    present = contract.columns_in(used)
    cells = []
    for column in present:
        if column.name in used:
            theirs = used[column.name]
            shape = _shape_of(declared[theirs])
            if shape not in _SUITS[column.kind]:
                problems.append(_other_type(table, column, theirs, declared[theirs]))
            else:
                cells.append(_cell(column, theirs, shape, declared[theirs], engine))
    problems += _absent(table, contract, {**columns, **used}, list(declared))
    return Layout(
        name=name,
        table=table,
        place=engine.spell(table),
        contract=contract,
        cells=tuple(cells),
        unused=tuple(sorted(set(declared) - {cell.theirs for cell in cells})),
        columns=tuple(declared),
        problems=tuple(problems),
        quote=engine.quote,
    )


def _nothing(
    name: str, table: str, contract: TableContract, problems: tuple[Problem, ...], quote: str
) -> Layout:
    return Layout(
        name=name, table=table, place="", contract=contract, cells=(), unused=(), columns=(),
        problems=problems, quote=quote,
    )  # fmt: skip


def _match(
    name: str,
    table: str,
    contract: TableContract,
    declared: Mapping[str, str],
    columns: Mapping[str, str],
) -> tuple[dict[str, str], list[Problem]]:
    """Pair our names with the client's: the map first, then names that already are ours."""
    folded = {theirs.casefold(): theirs for theirs in reversed(list(declared))}
    known = [column.name for column in contract.columns_in([*columns, *folded])]
    used: dict[str, str] = {}
    problems = []
    for ours, theirs in columns.items():
        if ours not in known:
            near = get_close_matches(ours, known, n=1)
            problems.append(
                Problem(
                    "engagement.yml", f"columns of {name}", ours,
                    f"must be a column of the table {name}",
                    f"did you mean {near[0]}" if near else f"use one of {', '.join(known)}",
                )
            )  # fmt: skip
        elif theirs.casefold() not in folded:
            near = get_close_matches(theirs, declared, n=3)
            there = f"did you mean {' or '.join(near)}" if near else ""
            problems.append(
                Problem(
                    table, f"column {ours}", theirs, "the mapped column must exist",
                    there or f"the table has {', '.join(declared)}",
                )
            )  # fmt: skip
        else:
            used[ours] = theirs if theirs in declared else folded[theirs.casefold()]
    taken = set(used.values())
    for ours in known:
        if ours not in used and ours not in columns and folded.get(ours.casefold()) is not None:
            theirs = ours if ours in declared else folded[ours.casefold()]
            if theirs not in taken:
                used[ours] = theirs
    return used, problems


def _absent(
    table: str, contract: TableContract, used: Mapping[str, str], declared: Sequence[str]
) -> list[Problem]:
    rule = "the column must exist"
    missing: dict[str, tuple[tuple[str, ...], str]]
    missing = {name: ((name,), rule) for name in contract.required_columns}
    if contract.any_of:
        one = "at least one of these columns must exist"
        missing[" or ".join(contract.any_of)] = (contract.any_of, one)
    problems = []
    for label, (names, rule) in missing.items():
        if not set(names) & set(used):
            free = [theirs for theirs in declared if theirs not in used.values()]
            near = [close for name in names for close in get_close_matches(name, free, n=1)]
            guess = f"it may be {near[0]}; " if near else ""
            remedy = (
                f"{guess}map it under columns in engagement.yml; the table has "
                f"{', '.join(declared)}"
            )
            problems.append(Problem(table, f"column {label}", "", rule, remedy))
    return problems


def _other_type(table: str, column: Column, theirs: str, declared: str) -> Problem:
    return Problem(
        table, f"column {column.name}",
        f"type {declared}" if theirs == column.name else f"{theirs} of type {declared}",
        f"must be {_WANTED[column.kind]}", "map another column, or let a view convert it",
    )  # fmt: skip


def _shape_of(declared: str) -> Shape:
    low = declared.lower()
    if low.startswith(("interval", "int4range", "int8range")) or low.endswith("[]"):
        return "other"
    return next((shape for shape, starts in _SHAPES.items() if low.startswith(starts)), "other")


def _cell(column: Column, theirs: str, shape: Shape, declared: str, engine: Engine) -> Cell:
    raw = engine.quote + theirs.replace(engine.quote, engine.quote * 2) + engine.quote
    if shape != "text" and column.kind != "text":
        value, wrong = _typed(raw, column.kind, shape, declared, engine)
        return Cell(
            column=column, theirs=theirs, raw=raw, value=value, empty=f"{raw} is null", wrong=wrong
        )
    text = raw if shape == "text" else _cast(raw, "text", engine)
    if shape == "text":
        text = f"nullif(trim({raw}), '')"
    if column.kind == "text":
        value, right = f"{text}{TEXT_ORDER[engine.kind]}", ""
    elif column.kind == "flag":
        word, right = f"lower({text})", f"lower({text}) in ({_quoted(FLAG_WORDS)})"
        ones = [said for said, flag in FLAG_WORDS.items() if flag == 1]
        value = (
            f"case when {word} in ({_quoted(ones)}) then 1 "
            f"when {word} in ({_quoted(FLAG_WORDS)}) then 0 end"
        )
    elif column.kind in {"int", "number"}:
        value, right = _number_in_text(text, column.kind, engine)
    else:
        value, right = _time_in_text(text, column.kind, engine)
    wrong = f"{text} is not null and not ({right})" if right else ""
    return Cell(
        column=column, theirs=theirs, raw=raw, value=value, empty=f"{text} is null", wrong=wrong
    )


def _typed(raw: str, kind: Kind, shape: Shape, declared: str, engine: Engine) -> tuple[str, str]:
    """Cast a column of a type that suits, and say where the value does not."""
    if shape == "flag":
        return f"case when {raw} then 1 when not {raw} then 0 end", ""
    if shape == "time":
        moment = _day(raw, engine) if kind == "date" else _cast(raw, "time", engine)
        return moment, f"{raw} < {_FIRST} or {raw} >= {_LAST}"
    if kind == "flag":
        return _cast(raw, "int", engine), f"{raw} not in (0, 1)"
    if kind == "int":
        if shape == "int":
            return _cast(raw, "int", engine), ""
        whole = f"{raw} > -{LARGEST} and {raw} < {LARGEST} and {raw} = floor({raw})"
        return f"case when {whole} then {_cast(raw, 'int', engine)} end", f"not ({whole})"
    number = raw if declared.lower() == engine.types["number"] else _cast(raw, "number", engine)
    return number, "" if shape == "int" else f"not ({raw} > -1e300 and {raw} < 1e300)"


def _day(raw: str, engine: Engine) -> str:
    moment = _cast(raw, "time", engine)
    return _cast(f"date_trunc('day', {moment})", "time", engine)


def _number_in_text(text: str, kind: Kind, engine: Engine) -> tuple[str, str]:
    """Read digits with one sign before them and one point; nothing else is a number."""
    rest = f"translate({text}, '0123456789', '')"
    right = (
        f"{rest} in ('', '.', '-', '-.') and {rest} <> {text} and length({text}) < 300 "
        f"and ({rest} not like '-%' or {text} like '-%')"
    )
    number = _cast(f"case when {right} then {text} end", "number", engine)
    if kind == "number":
        return number, right
    whole = f"{right} and length({text}) < 16 and {_fraction(text)}"
    return _cast(
        _cast(f"case when {whole} then {text} end", "number", engine), "int", engine
    ), whole


def _fraction(text: str) -> str:
    """Say that nothing but zeros follows the point: 5, 5. and 5.00 but not 5.5."""
    return f"({text} not like '%.%' or translate({text}, '0', '') like '%.')"


def _time_in_text(text: str, kind: Kind, engine: Engine) -> tuple[str, str]:
    """Read year-month-day, alone or with hour:minute and second, of a day that exists."""
    form = f"translate({text}, '123456789', '000000000')"
    forms = [
        _DAY, f"{_DAY} {_CLOCK}", f"{_DAY} {_CLOCK}:00", f"{_DAY}T{_CLOCK}", f"{_DAY}T{_CLOCK}:00"
    ]  # fmt: skip
    year, month, day = f"substr({text}, 1, 4)", f"substr({text}, 6, 2)", f"substr({text}, 9, 2)"
    leap = (
        f"(substr({text}, 3, 2) in ({_quoted(f'{n:02d}' for n in range(0, 100, 4))}) "
        f"and {year} <> '2100')"
    )
    right = (
        f"{form} in ({_quoted(forms)}) and {year} between '1901' and '2100' "
        f"and {month} between '01' and '12' and {day} between '01' and '31' "
        f"and ({day} < '31' or {month} in ('01', '03', '05', '07', '08', '10', '12')) "
        f"and ({day} < '30' or {month} <> '02') and ({day} < '29' or {month} <> '02' or {leap}) "
        f"and (length({text}) = 10 or (substr({text}, 12, 2) < '24' and "
        f"substr({text}, 15, 2) < '60' and substr(concat({text}, ':00'), 18, 2) < '60'))"
    )
    moment = _cast(f"case when {right} then {text} end", "time", engine)
    return (
        _cast(f"date_trunc('day', {moment})", "time", engine) if kind == "date" else moment
    ), right


def _cast(what: str, kind: CastType, engine: Engine) -> str:
    return f"cast({what} as {engine.types[kind]})"


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
