"""Read a client's file as text: CSV in any usual encoding, Excel, Parquet and survey exports.

Everything stays text until the contract types it, so 0012 keeps its zeros and the region NA
stays a region. Nothing is dropped in silence: what is set aside is counted in the notes.
"""

import csv
import hashlib
import io
import re
from collections.abc import Mapping
from datetime import date, datetime, time
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, get_args

import pandas as pd

from cxlib.data.encoding import decode
from cxlib.data.grid import Grid, RawTable
from cxlib.data.tables import TABLE_NAMES, table_contract
from cxlib.data.vendors import VENDORS, strip_scale_labels
from cxlib.errors import DataError, Problem

Reader = Literal["auto", "csv", "parquet", "excel", "qualtrics", "surveymonkey", "google_forms"]

_BY_SUFFIX: Final = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".xlsx": "excel",
    ".xlsm": "excel", ".xlsb": "excel", ".xls": "excel", ".ods": "excel",
}  # fmt: skip
_DELIMITERS: Final = (",", ";", "\t")
_TOTAL: Final = re.compile(
    r"(grand |sub)?-?totals?|sum|合計|總計|总计|合计|小計|小计|總數|总数", re.IGNORECASE
)
_HEADER_SEARCH: Final = 20


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
            that already carry our name need no entry.

    Returns:
        Text columns: mapped ones under our name, all others under the client's own.

    Raises:
        DataError: The file is absent, empty or unreadable, a row has too many or too few cells,
            a column name appears twice, or a mapped column is absent; all that can be known at
            once is reported at once.
    """
    if not path.is_file():
        near = get_close_matches(path.name, _neighbours(path), n=1)
        remedy = f"did you mean {near[0]}" if near else "correct file: in engagement.yml"
        raise _refuse(table_name, path.name, "", "", "the file must exist", remedy)
    kind = _BY_SUFFIX.get(path.suffix.lower(), "")
    chosen = kind if reader == "auto" else reader
    if chosen not in get_args(Reader):
        raise _refuse(
            table_name, path.name, "", path.suffix, "the file's ending must be known",
            f"set reader: to one of {', '.join(get_args(Reader)[1:])}",
        )  # fmt: skip
    content = path.read_bytes()
    codec = ""
    if chosen == "parquet":
        grid = _parquet_grid(path, table_name)
    elif chosen == "excel" or (chosen in VENDORS and kind == "excel"):
        grid = _excel_grid(content, path.name, table_name, sheet)
        if chosen == "excel":
            grid = _trim_sheet(grid)
    else:
        decoded = decode(content, file=path.name, table_name=table_name, encoding=encoding)
        codec = decoded.encoding
        grid = _csv_grid(decoded.text, path.name, table_name)
    if chosen in VENDORS:
        grid = VENDORS[chosen](grid, file=path.name, table_name=table_name)
    frame = _named_frame(grid, path.name, table_name, columns or {}, suffix=chosen in VENDORS)
    if chosen in VENDORS and table_name in TABLE_NAMES:
        scales = [c.name for c in table_contract(table_name).columns if c.kind == "int"]
        frame = strip_scale_labels(frame, scales=scales)
    return RawTable(
        table_name=table_name,
        frame=frame,
        file=path.name,
        header_row=grid.row_numbers[0],
        encoding=codec,
        reader=chosen,
        sha256=hashlib.sha256(content).hexdigest(),
        their_names=dict(columns or {}),
        notes=grid.notes,
    )


def _csv_grid(text: str, file: str, table_name: str) -> Grid:
    """Parse with the standard reader, so that every row keeps its number and length."""
    delimiter = _sniff(text)
    parser = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[list[str]] = []
    try:
        lines.extend(parser)
    except csv.Error as error:
        raise _refuse(
            table_name, file, f"row {len(lines) + 1}, line {parser.line_num}", "",
            f"the row must be readable as CSV ({error})",
            "close the quotation mark or export the file again",
        ) from None  # fmt: skip
    numbers = range(1, len(lines) + 1)
    if [] in lines:
        numbers = [n for n, line in zip(numbers, lines, strict=True) if line]  # type: ignore[assignment]
        lines = [line for line in lines if line]
    width = len(lines[0])
    if set(map(len, lines)) != {width}:
        ragged = [
            (n, len(line)) for n, line in zip(numbers, lines, strict=True) if len(line) != width
        ]
        raise DataError(
            f"{table_name}: {len(ragged):,} rows have too many or too few cells",
            [
                Problem(
                    file=file, where=f"row {row}", value=f"{cells} cells",
                    rule=f"must have {width} cells like the header",
                    remedy="put text that holds the separator in quotation marks",
                )
                for row, cells in ragged[:10]
            ],
        )  # fmt: skip
    return Grid(
        lines=[[cell.strip() or None for cell in line] for line in lines], row_numbers=numbers
    )


def _sniff(text: str) -> str:
    header = re.sub(r'"[^"]*"', "", text.lstrip().split("\n", 1)[0])
    return max(_DELIMITERS, key=header.count)


def _excel_grid(content: bytes, file: str, table_name: str, sheet: str | None) -> Grid:
    from python_calamine import CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = book.sheet_names
        if sheet is not None and sheet not in names:
            near = get_close_matches(sheet, names, n=1)
            raise _refuse(
                table_name, file, "sheet", sheet, f"must be one of {', '.join(names)}",
                f"did you mean {near[0]}" if near else "correct sheet: in engagement.yml",
            )  # fmt: skip
        chosen = sheet if sheet is not None else names[0]
        cells = book.get_sheet_by_name(chosen).to_python(skip_empty_area=False)
    except DataError:
        raise
    except Exception as error:  # calamine raises its own family, and plain errors on damaged files
        raise _refuse(
            table_name, file, "", str(error).strip() or type(error).__name__,
            "must be a readable workbook", "remove its password or save it again as .xlsx",
        ) from None  # fmt: skip
    lines = [[_cell_text(cell) for cell in line] for line in cells]
    filled = [(n, line) for n, line in enumerate(lines, start=1) if any(line)]
    if not filled:
        raise _refuse(
            table_name, file, f"sheet {chosen}", "an empty sheet", "the sheet must hold a table",
            "name the right one as sheet: in engagement.yml",
        )  # fmt: skip
    notes = ()
    if sheet is None and len(names) > 1:
        notes = (f"read sheet {chosen}; left out sheets {', '.join(names[1:])}",)
    return Grid(lines=[line for _, line in filled], row_numbers=[n for n, _ in filled], notes=notes)


def _trim_sheet(grid: Grid) -> Grid:
    """Find the header under titles, and set total rows and footnotes at the tail aside."""
    lines, numbers, notes = list(grid.lines), list(grid.row_numbers), list(grid.notes)
    widest = max(sum(cell is not None for cell in line) for line in lines)
    start = 0
    for position, line in enumerate(lines[:_HEADER_SEARCH]):
        texts = [cell for cell in line if cell is not None]
        if 2 * len(texts) > widest and not any(_is_number(cell) for cell in texts):
            start = position
            break
    if start:
        notes.append(f"set aside {start} title rows above the header in row {numbers[start]}")
    while len(lines) > start + 1 and _is_tail(lines[-1], numbers, widest):
        shown = next(cell for cell in lines[-1] if cell is not None)
        notes.append(f"set aside row {numbers[-1]} at the end ({shown})")
        lines.pop()
        numbers.pop()
    used = [n for n in range(len(lines[0])) if any(line[n] is not None for line in lines[start:])]
    return Grid(
        lines=[[line[n] for n in used] for line in lines[start:]],
        row_numbers=numbers[start:],
        notes=tuple(notes),
    )


def _is_tail(line: Any, numbers: list[int], widest: int) -> bool:
    """A total names itself in its first filled cell; a footnote stands alone under a gap."""
    texts = [cell for cell in line if cell is not None]
    if _TOTAL.fullmatch(texts[0].rstrip(":： ")):
        return True
    after_gap = len(numbers) > 1 and numbers[-1] - numbers[-2] > 1
    return after_gap and len(texts) == 1 and widest > 2


def _is_number(cell: str) -> bool:
    return cell.replace(".", "", 1).replace("-", "", 1).isdigit()


def _cell_text(cell: Any) -> str | None:
    """Write an Excel value as the text a person would type; 5.0 is 5."""
    if isinstance(cell, bool):
        return str(int(cell))
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="microseconds" if cell.microsecond else "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell).strip() or None


def _parquet_grid(path: Path, table_name: str) -> Grid:
    import duckdb

    quoted = str(path).replace("'", "''")
    try:
        with duckdb.connect() as engine:
            frame = engine.sql(f"select columns(*)::varchar from read_parquet('{quoted}')").df()
    except duckdb.Error as error:
        raise _refuse(
            table_name, path.name, "", str(error).splitlines()[0], "must be a readable Parquet file",
            "export the file again",
        ) from None  # fmt: skip
    cells = [
        [value.strip() or None if isinstance(value, str) else None for value in frame[name]]
        for name in frame.columns
    ]
    lines = [list(frame.columns), *(list(line) for line in zip(*cells, strict=True))]
    return Grid(lines=lines, row_numbers=range(1, len(lines) + 1))


def _named_frame(
    grid: Grid, file: str, table_name: str, columns: Mapping[str, str], *, suffix: bool
) -> pd.DataFrame:
    """Give columns their names: the map first, then names that already are ours."""
    header = [_tidy(cell or f"column {n}") for n, cell in enumerate(grid.lines[0], start=1)]
    where = f"row {grid.row_numbers[0]}"
    problems = []
    repeated = sorted({name for name in header if header.count(name) > 1})
    mapped = {_tidy(theirs) for theirs in columns.values()}
    for name in repeated:
        if not suffix or name in mapped:
            problems.append(
                Problem(
                    file,
                    where,
                    name,
                    "a column name must appear only once",
                    "rename one of the two",
                )
            )
    position = {name: n for n, name in reversed(list(enumerate(header)))}
    folded = {name.casefold(): name for name in reversed(header)}
    chosen: dict[str, int] = {}
    for ours, theirs in columns.items():
        found = folded.get(_tidy(theirs).casefold())
        if found is None:
            near = get_close_matches(_tidy(theirs), header, n=3)
            hint = (
                f"did you mean {' or '.join(near)}" if near else f"the file has {', '.join(header)}"
            )
            problems.append(
                Problem(
                    file, f"{where}, column {ours}", theirs, "the mapped column must exist", hint
                )
            )
        else:
            chosen[ours] = position[found]
    if problems:
        raise DataError(f"{table_name}: the header does not fit", problems)
    taken = set(chosen.values())
    ours_by_fold = _contract_names(table_name)
    names: dict[str, int] = dict(chosen)
    for n, name in enumerate(header):
        if n in taken:
            continue
        own = ours_by_fold.get(name.casefold(), name)
        while own in names:
            own = f"{own} (2)"
        names[own] = n
    body = grid.lines[1:]
    by_column = list(zip(*body, strict=True)) if body else [()] * len(header)
    index = pd.Index(list(grid.row_numbers[1:]), name="row", dtype="int64")
    return pd.DataFrame(
        {ours: pd.array(list(by_column[n]), dtype="str") for ours, n in names.items()}, index=index
    )


def _contract_names(table_name: str) -> dict[str, str]:
    if table_name not in TABLE_NAMES:
        return {}
    return {name.casefold(): name for name in table_contract(table_name).column_names}


def _tidy(name: str) -> str:
    return " ".join(name.split())


def _neighbours(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.parent.glob("*")) if path.parent.is_dir() else []


def _refuse(
    table_name: str, file: str, where: str, value: str, rule: str, remedy: str
) -> DataError:
    return DataError(
        f"{table_name}: the file cannot be read", [Problem(file, where, value, rule, remedy)]
    )
