"""Read a filled form: what was answered, and a hint for everything that could not be read.

Nothing a learner writes raises an error: a form that cannot be read at all is a form with one hint.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from cxlib.data.encoding import decode
from cxlib.errors import DataError
from cxlib.report.catalogue import CODES, message
from cxlib.workshop.form_cells import Unread, plain, read_cell
from cxlib.workshop.form_rows import ROW, ROWS, Row

LARGEST_FORM: Final = 200_000
SHOWN: Final = 60
MOST_HINTS: Final = 40
_HEADS: Final = ("row", "answer", "lower", "upper", "question", "question_zh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a group wrote in one row.

    Attributes:
        value: The number (in the row's unit), or NaN.
        lower: Lower limit, or NaN.
        upper: Upper limit, or NaN.
        words: The choices, where the row asks for words.
    """

    value: float = float("nan")
    lower: float = float("nan")
    upper: float = float("nan")
    words: tuple[str, ...] = ()

    @property
    def has_interval(self) -> bool:
        """Whether both limits were written."""
        return self.lower == self.lower and self.upper == self.upper


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """One thing that could not be read: where, what, and how to mend it, in the form's language.

    Attributes:
        row: Line of the file, 1 the heading; 0 where it is the whole file.
        key: Row of the form, "" where it is none.
        value: What was found, cut short.
        text: The sentence for the group.
    """

    row: int
    key: str
    value: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A filled form.

    Attributes:
        file: Its name.
        folder: Name of the folder it lies in.
        company: The code of its company, "" where it is missing.
        group: What the group calls itself; the file's or folder's name where it is blank.
        language: Of its hints.
        answers: Row -> answer; rows left blank or not readable are absent.
        hints: Everything that could not be read.
    """

    file: str
    folder: str = ""
    company: str = ""
    group: str = ""
    language: str = "en"
    answers: Mapping[str, Answer] = field(default_factory=dict)
    hints: tuple[Hint, ...] = ()


def read_form(path: str | Path, *, language: str = "") -> Form:
    """Read a filled form (CSV as any spreadsheet saves it: UTF-8, UTF-16 or Big5).

    Args:
        path: The file.
        language: Of the hints; empty takes the form's own row, English where it has none.
    """
    file = Path(path)
    wanted = language if language in CODES else ""
    try:
        table = _cells(file)
    except (_UnreadableError, DataError, OSError, csv.Error) as error:
        kind = error.kind if isinstance(error, _UnreadableError) else "unreadable"
        text = message(f"company.hint.file.{kind}", wanted or "en").format(
            file=_cut(file.name), bits=8
        )
        hint = Hint(row=0, key="", value=_cut(file.name), text=text)
        return Form(
            file=file.name, folder=file.resolve().parent.name, group=_named_after(file),
            language=wanted or "en", hints=(hint,),
        )  # fmt: skip
    lines, hints = _lines(table, wanted or _own_language(table))
    return _form(file, lines, hints, wanted or _own_language(table))


def _named_after(file: Path) -> str:
    """What a group without a name is called: its file, or the folder where all are form.csv."""
    return _cut(file.resolve().parent.name if file.stem == "form" else file.stem)


class _UnreadableError(Exception):
    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def _cells(file: Path) -> list[list[str]]:
    if not file.is_file():
        raise _UnreadableError("absent")
    if file.stat().st_size > LARGEST_FORM:
        raise _UnreadableError("large")
    content = file.read_bytes()
    if content.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        raise _UnreadableError("workbook")
    text = decode(content, file=file.name, table_name="form").text.lstrip("\ufeff")
    first = text.splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t", key=first.count)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    heads = [_head(cell) for cell in rows[0]] if rows else []
    if "row" not in heads or "answer" not in heads:
        raise _UnreadableError("heading")
    return rows


def _head(cell: str) -> str:
    words = plain(cell).lower().split()
    return words[0] if words and words[0] in _HEADS else ""


def _own_language(table: list[list[str]]) -> str:
    heads = [_head(cell) for cell in table[0]]
    for cells in table[1:]:
        named = dict(zip(heads, cells, strict=False))
        if plain(named.get("row", "")).lower() == "language":
            said = plain(named.get("answer", "")).lower()
            return "zh-Hant-HK" if said.startswith(("zh", "中", "繁")) else "en"
    return "en"


def _lines(
    table: list[list[str]], language: str
) -> tuple[dict[str, tuple[int, dict[str, str]]], list[Hint]]:
    """Find each row of the form: its line and cells."""
    heads = [_head(cell) for cell in table[0]]
    found: dict[str, tuple[int, dict[str, str]]] = {}
    hints: list[Hint] = []
    for number, cells in enumerate(table[1:], start=2):
        named = {head: cell for head, cell in zip(heads, cells, strict=False) if head}
        key = plain(named.get("row", "")).lower()
        if not any(plain(cell) for cell in cells):
            continue
        if key not in ROW:
            near = get_close_matches(key, list(ROW), n=1)
            kind = "row_near" if near else "row_unknown"
            hints.append(_hint(number, "", key, kind, language, near=near[0] if near else ""))
        elif key in found:
            hints.append(_hint(number, key, key, "row_twice", language, first=found[key][0]))
        elif any(plain(cell) for cell in cells[len(heads) :]):
            extra = " ".join(plain(cell) for cell in cells[1:4])
            hints.append(_hint(number, key, extra, "too_many_cells", language))
            found[key] = (number, {})
        else:
            found[key] = (number, named)
    return found, hints


def _form(
    file: Path, lines: dict[str, tuple[int, dict[str, str]]], hints: list[Hint], language: str
) -> Form:
    answers: dict[str, Answer] = {}
    texts = {"company": "", "group": ""}
    for row in ROWS:
        number, cells = lines.get(row.key, (0, {}))
        said = plain(cells.get("answer", ""))
        if row.kind == "text":
            texts[row.key] = _cut(said)
            continue
        if row.key == "language":
            continue
        answer, problems = _answer(row, cells)
        if answer is not None:
            answers[row.key] = answer
        hints += [_hint(number, row.key, p.value, p.kind, language, **p.values) for p in problems]
    return Form(
        file=file.name,
        folder=file.resolve().parent.name,
        company=texts["company"].upper().replace(" ", ""),
        group=texts["group"] or _named_after(file),
        language=language,
        answers=answers,
        hints=tuple(sorted(hints, key=lambda hint: hint.row)[:MOST_HINTS]),
    )


def _answer(row: Row, cells: Mapping[str, str]) -> tuple[Answer | None, list[Unread]]:
    """Read one row; an interval that cannot be read leaves the estimate standing."""
    names = ("answer", "lower", "upper") if row.interval else ("answer",)
    problems: list[Unread] = []
    read: dict[str, float | tuple[str, ...] | None] = {}
    for name in names:
        try:
            read[name] = read_cell(row, cells.get(name, ""))
        except Unread as unread:
            problems.append(unread)
    value = read.get("answer")
    if isinstance(value, tuple):
        return Answer(words=value), problems
    limits = {name: limit for name, limit in read.items() if isinstance(limit, float)}
    if not problems:
        shown = " / ".join(plain(cells.get(name, "")) for name in names)
        if found := _mismatch(row, limits, shown):
            problems.append(found)
    if value is None or any(problem.kind in _SPOILS for problem in problems):
        return None, problems
    if problems or len(limits) < len(names):
        return Answer(value=value), problems
    return Answer(value=value, lower=limits.get("lower", _NAN), upper=limits.get("upper", _NAN)), []


_NAN: Final = float("nan")
_SPOILS: Final = frozenset({"unit_points", "unit_pp", "sign", "outside_interval"})
"""Problems that put the estimate itself in doubt."""


def _mismatch(row: Row, read: Mapping[str, float], shown: str) -> Unread | None:
    """What is wrong between the three numbers of a row, if anything."""
    value, lower, upper = (read.get(name) for name in ("answer", "lower", "upper"))
    kind = ""
    if (lower is None) != (upper is None):
        kind = "interval_half"
    elif lower is not None and upper is not None and lower > upper:
        kind = "interval_reversed"
    elif value is None:
        kind = "" if lower is None else "interval_alone"
    elif 0 < abs(value) < row.finest and (
        lower is None or upper is None or upper - lower < row.finest
    ):
        kind = f"unit_{row.unit}"
    elif lower is not None and upper is not None and not lower <= value <= upper:
        kind = "sign" if lower <= -value <= upper else "outside_interval"
    return Unread(kind, shown) if kind else None


def _hint(number: int, key: str, value: str, kind: str, language: str, **values: object) -> Hint:
    asked = message(f"company.title.{key}", language) if key else ""
    found = _cut(value)
    what = message(f"company.hint.{kind}", language).format(**values)
    place = "company.hint.place" if key else "company.hint.line"
    text = message(place, language).format(row=number, question=asked, value=found, hint=what)
    return Hint(row=number, key=key, value=found, text=text)


def _cut(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
