"""Read a sheet of a workbook as text: header under titles, totals and footnotes set aside."""

import io
import re
from collections.abc import Sequence
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Any, Final

from cxlib.data.grid import Grid, unreadable

_TOTAL: Final = re.compile(
    r"(grand |sub)?-?totals?|sum|合計|總計|总计|合计|小計|小计|總數|总数", re.IGNORECASE
)
_HEADER_SEARCH: Final = 20
_FOOTNOTE_COLUMNS: Final = 3


def read_sheet(content: bytes, *, file: str, table_name: str, sheet: str | None) -> Grid:
    """Read every filled row of a sheet as text.

    Args:
        content: The workbook (.xlsx, .xlsm, .xlsb, .xls, .ods).
        file: Its name, for messages.
        table_name: The table it holds, for messages.
        sheet: Which sheet; none takes the first and notes the others.

    Raises:
        DataError: No readable workbook, no such sheet, or an empty one.
    """
    book, names = _open_book(content, file, table_name)
    if sheet is not None and sheet not in names:
        near = get_close_matches(sheet, names, n=1)
        raise unreadable(
            table_name, file, where="sheet", value=sheet, rule=f"must be one of {', '.join(names)}",
            remedy=f"did you mean {near[0]}" if near else "correct sheet: in engagement.yml",
        )  # fmt: skip
    chosen = names[0] if sheet is None else sheet
    cells = book.get_sheet_by_name(chosen).to_python(skip_empty_area=False)
    lines = [[_cell_text(cell) for cell in line] for line in cells]
    filled = [(n, line) for n, line in enumerate(lines, start=1) if any(line)]
    if not filled:
        raise unreadable(
            table_name, file, where=f"sheet {chosen}", value="an empty sheet",
            rule="the sheet must hold a table",
            remedy="name the right one as sheet: in engagement.yml",
        )  # fmt: skip
    others = ", ".join(name for name in names if name != chosen)
    unread = sheet is None and bool(others)
    return Grid(
        lines=[line for _, line in filled],
        row_numbers=[n for n, _ in filled],
        notes=(f"read sheet {chosen}; left out {others}",) if unread else (),
    )


def trim_sheet(grid: Grid) -> Grid:
    """Find the header under titles, and set total rows and footnotes at the tail aside.

    The header is the first row of words that fills more than half of the widest row. A total row
    names itself in its first filled cell; a footnote stands alone under an empty row.
    """
    lines, numbers, notes = list(grid.lines), list(grid.row_numbers), list(grid.notes)
    widest = max(len(_texts(line)) for line in lines)
    start = next(
        (n for n, line in enumerate(lines[:_HEADER_SEARCH]) if _is_header(line, widest)), 0
    )
    if start:
        notes.append(f"set aside {start} title rows above the header in row {numbers[start]}")
    while len(lines) > start + 1 and _is_tail(lines[-1], numbers, widest):
        notes.append(f"set aside row {numbers.pop()} at the end: {' '.join(_texts(lines.pop()))}")
    return Grid(lines=lines[start:], row_numbers=numbers[start:], notes=tuple(notes))


def _open_book(content: bytes, file: str, table_name: str) -> tuple[Any, list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    except (CalamineError, OSError, ValueError) as error:
        raise unreadable(
            table_name, file, value=str(error).strip(), rule="must be a readable workbook",
            remedy="remove its password or save it again as .xlsx",
        ) from None  # fmt: skip
    return book, list(book.sheet_names)


def _texts(line: Sequence[str | None]) -> list[str]:
    return [cell for cell in line if cell is not None]


def _is_header(line: Sequence[str | None], widest: int) -> bool:
    texts = _texts(line)
    return 2 * len(texts) > widest and not any(_is_number(cell) for cell in texts)


def _is_tail(line: Sequence[str | None], numbers: Sequence[int], widest: int) -> bool:
    texts = _texts(line)
    if _TOTAL.fullmatch(texts[0].rstrip(":： ")):
        return True
    under_gap = numbers[-1] - numbers[-2] > 1
    return under_gap and len(texts) == 1 and widest >= _FOOTNOTE_COLUMNS


def _is_number(cell: str) -> bool:
    return cell.replace(".", "", 1).removeprefix("-").isdigit()


def _cell_text(cell: object) -> str | None:
    """Write an Excel value as the text a person would type; 5.0 is 5."""
    if isinstance(cell, bool):
        return str(int(cell))
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="microseconds" if cell.microsecond else "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell).strip() or None
