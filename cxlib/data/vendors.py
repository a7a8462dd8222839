"""Survey tools' exports: Qualtrics, SurveyMonkey and Chinese Google Forms.

Each reader takes the cells of the export and gives back one header and the answers, and says in
the notes what it set aside. Columns are then mapped by the tool's own name for them: Qualtrics by
its short name (Q1_NPS), SurveyMonkey and Google Forms by the question's text.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import pandas as pd

from cxlib.data.grid import Grid, unreadable
from cxlib.errors import DataError

Line = Sequence[str | None]

_PREVIEWS: Final = {"survey preview", "survey test", "1", "2"}
_UNFINISHED: Final = {"false", "0"}
_RESPONSE: Final = {None, "Response", "Open-Ended Response"}
_LABELLED: Final = re.compile(r"(\d{1,2})\s*(?:[-–—:：.、)）(（/分].*)")
_AMERICAN: Final = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?(?: ([AP]M))?)?", re.IGNORECASE
)
_CHINESE_TIME: Final = re.compile(
    r"(\d{4})/(\d{1,2})/(\d{1,2})\s*(上午|下午|AM|PM)?\s*(\d{1,2}):(\d{2})(?::(\d{2}))?"
    r"\s*(上午|下午|AM|PM)?(?:\s*\[?GMT([+-]\d{1,2})\]?)?",
    re.IGNORECASE,
)
_MONTHS: Final = 12
_HEADER_ROWS: Final = 2
_STAMPS: Final = ("時間戳記", "时间戳记", "Timestamp")


def read_qualtrics(grid: Grid, *, file: str, table_name: str) -> Grid:
    """Read a Qualtrics export: short names, question texts and import ids head the table.

    Previews, tests and unfinished answers are set aside and counted.

    Raises:
        DataError: The import ids are absent, so this is no Qualtrics export.
    """
    lines = grid.lines
    third = next((n for n in (2, 1) if len(lines) > n and _has_import_ids(lines[n])), None)
    if third is None:
        raise _not_an_export("Qualtrics", "row 3 must hold the import ids", file, table_name)
    header = [_lower(cell) for cell in lines[0]]
    keep = list(range(third + 1, len(lines)))
    notes = list(grid.notes)
    for column, words, reason in (
        ("status", _PREVIEWS, "previews and tests"),
        ("finished", _UNFINISHED, "unfinished answers"),
    ):
        if column in header:
            at = header.index(column)
            kept = [n for n in keep if _lower(lines[n][at]) not in words]
            if len(kept) < len(keep):
                notes.append(f"set aside {len(keep) - len(kept)} {reason}")
            keep = kept
    return _select(grid, lines[0], keep, notes)


def read_surveymonkey(grid: Grid, *, file: str, table_name: str) -> Grid:
    """Read a SurveyMonkey export: two header rows, a question with several choices spread out.

    A spread column is named "question - choice". Rows without any answer are set aside. Times as
    month/day/year are rewritten year first, unless a month above 12 shows day/month/year.

    Raises:
        DataError: The second header row is absent.
    """
    lines = grid.lines
    if len(lines) < _HEADER_ROWS or not any(cell in _RESPONSE - {None} for cell in lines[1]):
        raise _not_an_export(
            "SurveyMonkey", "row 2 must hold Response or the choices", file, table_name
        )
    header: list[str | None] = []
    question: str | None = None
    for top, below in zip(lines[0], lines[1], strict=True):
        question = top or question
        header.append(question if below in _RESPONSE else f"{question} - {below}")
    answered = [n for n, cell in enumerate(lines[1]) if cell is not None]
    keep = [
        n
        for n in range(_HEADER_ROWS, len(lines))
        if any(lines[n][at] is not None for at in answered)
    ]
    notes = list(grid.notes)
    if blank := len(lines) - _HEADER_ROWS - len(keep):
        notes.append(f"set aside {blank} rows without any answer")
    return _rewrite_american_dates(_select(grid, header, keep, notes))


def read_google_forms(grid: Grid, *, file: str, table_name: str) -> Grid:
    """Read a Google Forms export in Chinese or English: times such as 2026/1/5 下午 3:04:05.

    Raises:
        DataError: The first column is not the time stamp.
    """
    header = grid.lines[0]
    if header[0] not in _STAMPS:
        raise _not_an_export(
            "Google Forms",
            f"the first column must be {_STAMPS[0]} or {_STAMPS[2]}",
            file,
            table_name,
        )
    lines = [header, *([_iso_time(line[0]), *line[1:]] for line in grid.lines[1:])]
    return Grid(lines=lines, row_numbers=grid.row_numbers, notes=grid.notes)


VENDORS: Final[dict[str, Callable[..., Grid]]] = {
    "qualtrics": read_qualtrics,
    "surveymonkey": read_surveymonkey,
    "google_forms": read_google_forms,
}


def strip_scale_labels(frame: pd.DataFrame, *, scales: Iterable[str]) -> pd.DataFrame:
    """Keep the number of labelled answers: "10 - Extremely likely" and "10（極有可能）" are 10."""
    stripped = {}
    for name in scales:
        if name in frame.columns:
            codes, words = pd.factorize(frame[name])
            plain = [_strip_label(str(word)) for word in words]
            cells = [plain[code] if code >= 0 else None for code in codes]
            stripped[name] = pd.Series(cells, index=frame.index, dtype="str")
    return frame.assign(**stripped)


def _strip_label(word: str) -> str:
    found = _LABELLED.fullmatch(word)
    return word if found is None or re.fullmatch(r"\d+\.\d+", word) else found[1]


def _iso_time(cell: str | None) -> str | None:
    found = _CHINESE_TIME.fullmatch(cell) if cell is not None else None
    if found is None:
        return cell
    year, month, day, before, hour, minute, second, after, zone = found.groups()
    clock = _hour(int(hour), before or after)
    offset = f"{int(zone):+03d}:00" if zone else ""
    return f"{year}-{int(month):02d}-{int(day):02d} {clock:02d}:{minute}:{second or '00'}{offset}"


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    return hour % 12 + (12 if half.upper() in {"下午", "PM"} else 0)


def _rewrite_american_dates(grid: Grid) -> Grid:
    lines = [list(line) for line in grid.lines]
    notes = list(grid.notes)
    for at, name in enumerate(lines[0]):
        cells = [line[at] for line in lines[1:] if line[at] is not None]
        found = [_AMERICAN.fullmatch(cell or "") for cell in cells]
        if not cells or not all(found):
            continue
        pairs = [(int(match[1]), int(match[2])) for match in found if match]
        day_first = any(first > _MONTHS for first, _ in pairs)
        notes.append(f"read {name} as {'day/month/year' if day_first else 'month/day/year'}")
        for line in lines[1:]:
            line[at] = _iso_from_american(line[at], day_first=day_first)
    return Grid(lines=lines, row_numbers=grid.row_numbers, notes=tuple(notes))


def _iso_from_american(cell: str | None, *, day_first: bool) -> str | None:
    found = _AMERICAN.fullmatch(cell or "")
    if found is None:
        return cell
    first, second, year, hour, minute, seconds, half = found.groups()
    month, day = (second, first) if day_first else (first, second)
    stamp = f"{year}-{int(month):02d}-{int(day):02d}"
    if hour is None:
        return stamp
    return f"{stamp} {_hour(int(hour), half):02d}:{minute}:{seconds or '00'}"


def _select(grid: Grid, header: Line, keep: list[int], notes: list[str]) -> Grid:
    return Grid(
        lines=[header, *(grid.lines[n] for n in keep)],
        row_numbers=[grid.row_numbers[0], *(grid.row_numbers[n] for n in keep)],
        notes=tuple(notes),
    )


def _has_import_ids(line: Line) -> bool:
    return any(cell is not None and "ImportId" in cell for cell in line)


def _lower(cell: str | None) -> str:
    return (cell or "").strip().lower()


def _not_an_export(tool: str, rule: str, file: str, table_name: str) -> DataError:
    return unreadable(
        table_name, file, where="header", rule=f"{rule} in an export of {tool}",
        remedy="export again with the original header rows, or set reader: csv",
    )  # fmt: skip
