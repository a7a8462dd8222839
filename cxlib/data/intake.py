"""Read a client's file as text: CSV in any usual encoding, Excel, Parquet and survey exports.

Everything stays text until the contract types it, so 0012 keeps its zeros and the region NA
stays a region. Nothing is dropped in silence: what is set aside is counted in the notes.
"""

import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal, get_args

import pandas as pd

from cxlib.data.encoding import decode
from cxlib.data.excel import read_sheet, trim_sheet
from cxlib.data.grid import Grid, RawTable, unreadable
from cxlib.data.tables import TABLE_NAMES, table_contract
from cxlib.data.vendors import VENDORS, strip_scale_labels
from cxlib.errors import DataError, Problem

Reader = Literal["auto", "csv", "parquet", "excel", "qualtrics", "surveymonkey", "google_forms"]

_BY_SUFFIX: Final[Mapping[str, Reader]] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".xlsx": "excel",
    ".xlsm": "excel", ".xlsb": "excel", ".xls": "excel", ".ods": "excel",
}  # fmt: skip
_DELIMITERS: Final = (",", ";", "\t")
_RAGGED_SHOWN: Final = 10


def read_table(
    path: Path,
    *,
    table_name: str,
    encoding: str | None = None,
    sheet: str | None = None,
    reader: Reader = "auto",
    columns: Mapping[str, str] | None = None,
) -> RawTable:
    """Read one table as text.

    Args:
        path: The client's file.
        table_name: Which table of the engagement it holds.
        encoding: For text files; none detects it.
        sheet: For Excel; none takes the first sheet.
        reader: auto goes by the file's ending; a survey tool's export must be named.
        columns: Our column name to the client's (for Google Forms: the question's text). Columns
            that already carry our name, in any letter case, need no entry.

    Returns:
        Text columns: mapped ones under our name, all others under the client's own.

    Raises:
        DataError: The file is absent, empty or unreadable, rows have too many or too few cells,
            a column name appears twice, or a mapped column is absent.
    """
    file = path.name
    if not path.is_file():
        beside = (
            sorted(e.name for e in path.parent.glob("*") if e.is_file())
            if path.parent.is_dir()
            else []
        )
        near = get_close_matches(file, beside, n=1)
        remedy = f"did you mean {near[0]}" if near else "correct file: in engagement.yml"
        raise unreadable(table_name, file, rule="the file must exist", remedy=remedy)
    content = path.read_bytes()
    chosen = _choose_reader(path, table_name, reader)
    grid, codec = _read_grid(path, content, table_name, encoding, sheet, reader=chosen)
    if chosen in VENDORS:
        grid = VENDORS[chosen](grid, file=file, table_name=table_name)
    frame = _name_columns(grid, file, table_name, columns or {}, repeats_allowed=chosen in VENDORS)
    if chosen in VENDORS and table_name in TABLE_NAMES:
        known = table_contract(table_name).columns_in(map(str, frame.columns))
        scales = [c.name for c in known if c.kind == "int"]
        frame = strip_scale_labels(frame, scales=scales)
    return RawTable(
        table_name=table_name,
        frame=frame,
        file=file,
        header_row=grid.row_numbers[0],
        encoding=codec,
        reader=chosen,
        sha256=hashlib.sha256(content).hexdigest(),
        their_names=dict(columns or {}),
        notes=grid.notes,
    )


def _choose_reader(path: Path, table_name: str, reader: Reader) -> Reader:
    chosen = _BY_SUFFIX.get(path.suffix.lower()) if reader == "auto" else reader
    if chosen is None or chosen not in get_args(Reader):
        raise unreadable(
            table_name, path.name, value=path.suffix if reader == "auto" else reader,
            rule="the kind of file must be known",
            remedy=f"set reader: to one of {', '.join(get_args(Reader)[1:])}",
        )  # fmt: skip
    return chosen


def _read_grid(
    path: Path,
    content: bytes,
    table_name: str,
    encoding: str | None,
    sheet: str | None,
    *,
    reader: Reader,
) -> tuple[Grid, str]:
    """Read the cells; a survey tool's export may be a workbook or a text file."""
    if reader == "parquet":
        return _parquet_grid(path, table_name), ""
    if reader == "excel" or (reader in VENDORS and _BY_SUFFIX.get(path.suffix.lower()) == "excel"):
        grid = read_sheet(content, file=path.name, table_name=table_name, sheet=sheet)
        return (trim_sheet(grid) if reader == "excel" else grid), ""
    decoded = decode(content, file=path.name, table_name=table_name, encoding=encoding)
    return _csv_grid(decoded.text, path.name, table_name), decoded.encoding


def _csv_grid(text: str, file: str, table_name: str) -> Grid:
    """Parse with the standard reader, so that every row keeps its number and length."""
    parser = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    lines: list[list[str]] = []
    try:
        lines.extend(parser)
    except csv.Error as error:
        raise unreadable(
            table_name, file, where=f"row {len(lines) + 1}, line {parser.line_num}",
            rule=f"the row must be readable as CSV ({error})",
            remedy="close the quotation mark or export the file again",
        ) from None  # fmt: skip
    filled = [(n, line) for n, line in enumerate(lines, start=1) if any(line)]
    width = len(filled[0][1])
    if {len(line) for _, line in filled} != {width}:
        filled = _square(filled, width, file, table_name)
    return Grid(
        lines=[[cell.strip() or None for cell in line] for _, line in filled],
        row_numbers=[n for n, _ in filled],
    )


def _delimiter(text: str) -> str:
    header = re.sub(r'"[^"]*"', "", text.lstrip().split("\n", 1)[0])
    return max(_DELIMITERS, key=header.count)


def _square(
    filled: list[tuple[int, list[str]]], width: int, file: str, table_name: str
) -> list[tuple[int, list[str]]]:
    """Cut empty cells beyond the header; refuse rows that lack cells or fill too many."""
    ragged = [(n, len(line)) for n, line in filled if len(line) < width or any(line[width:])]
    if ragged:
        noun = "row has" if len(ragged) == 1 else "rows have"
        titled = len(ragged) == len(filled) - 1 and ragged[0][1] > width
        remedy = (
            "remove the title rows above the header"
            if titled
            else "put text that holds the separator in quotation marks"
        )
        raise DataError(
            f"{table_name}: {len(ragged):,} {noun} too many or too few cells",
            [
                Problem(
                    file=file, where=f"row {n}", value=f"{cells} cells",
                    rule=f"must have as many cells as the header ({width})", remedy=remedy,
                )
                for n, cells in ragged[:_RAGGED_SHOWN]
            ],
        )  # fmt: skip
    return [(n, line[:width]) for n, line in filled]


def _parquet_grid(path: Path, table_name: str) -> Grid:
    import duckdb

    try:
        with duckdb.connect() as engine:
            frame = engine.read_parquet(str(path)).select("columns(*)::varchar").df()
    except duckdb.Error as error:
        raise unreadable(
            table_name, path.name, value=str(error).splitlines()[0],
            rule="must be a readable Parquet file", remedy="export the file again",
        ) from None  # fmt: skip
    cells = [
        [value.strip() or None if isinstance(value, str) else None for value in frame[name]]
        for name in frame.columns
    ]
    lines = [list(frame.columns), *zip(*cells, strict=True)]
    return Grid(lines=lines, row_numbers=range(1, len(lines) + 1))


def _name_columns(
    grid: Grid,
    file: str,
    table_name: str,
    columns: Mapping[str, str],
    *,
    repeats_allowed: bool,
) -> pd.DataFrame:
    """Give columns their names: the map first, then names that already are ours."""
    body = list(zip(*grid.lines[1:], strict=True)) or [()] * len(grid.lines[0])
    used = [n for n, name in enumerate(grid.lines[0]) if name or any(body[n])]
    header = [_tidy(grid.lines[0][n] or f"column {n + 1}") for n in used]
    first = {name.casefold(): n for n, name in reversed(list(enumerate(header)))}
    where = f"row {grid.row_numbers[0]}"
    problems = _map_problems(header, table_name, columns, file=file, where=where)
    for name in sorted({name for name in header if header.count(name) > 1}):
        if not repeats_allowed or name in map(_tidy, columns.values()):
            rule = "a column name must appear only once"
            problems.append(Problem(file, where, name, rule, "rename one of them"))
    if problems:
        raise DataError(f"{table_name}: the header does not fit", problems)
    position = {ours: first[_tidy(theirs).casefold()] for ours, theirs in columns.items()}
    known = table_contract(table_name).column_names if table_name in TABLE_NAMES else ()
    ours_by_fold = {name.casefold(): name for name in known}
    for n, name in enumerate(header):
        if n not in position.values():
            own = ours_by_fold.get(name.casefold(), name)
            while own in position:
                own += " (2)"
            position[own] = n
    return pd.DataFrame(
        {name: pd.array(list(body[used[n]]), dtype="str") for name, n in position.items()},
        index=pd.Index(list(grid.row_numbers[1:]), name="row", dtype="int64"),
    )


def _map_problems(
    header: Sequence[str], table_name: str, columns: Mapping[str, str], *, file: str, where: str
) -> list[Problem]:
    """Check the map at both ends: our names in the contract, theirs in the file."""
    problems = []
    known: tuple[str, ...] = tuple(columns)
    if table_name in TABLE_NAMES:
        known = tuple(column.name for column in table_contract(table_name).columns_in(columns))
    present = {name.casefold() for name in header}
    for ours, theirs in columns.items():
        if ours not in known:
            near = get_close_matches(ours, known, n=1)
            problems.append(
                Problem(
                    "engagement.yml", f"columns of {table_name}", ours,
                    f"must be a column of the table {table_name}",
                    f"did you mean {near[0]}" if near else f"use one of {', '.join(known)}",
                )
            )  # fmt: skip
        if _tidy(theirs).casefold() not in present:
            near = get_close_matches(_tidy(theirs), header, n=3)
            problems.append(
                Problem(
                    file, f"{where}, column {ours}", theirs, "the mapped column must exist",
                    f"did you mean {' or '.join(near)}"
                    if near
                    else f"the file has {', '.join(header)}",
                )
            )  # fmt: skip
    return problems


def _tidy(name: str) -> str:
    return " ".join(name.split())
