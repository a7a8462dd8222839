"""What can be wrong with a sheet a coder filled in, each with row, column, value and remedy."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

import pandas as pd

from cxlib.data.grid import RawTable
from cxlib.data.intake import read_table
from cxlib.errors import DataError, Problem

KINDS: Final = (".xlsx", ".xlsm", ".xls", ".ods", ".csv", ".tsv", ".txt")
SHOWN: Final = 20
AGAIN: Final = "save it as Excel (.xlsx) or as CSV UTF-8, import again"
_TONES: Final = {
    "負面": "negative", "负面": "negative", "neg": "negative",
    "中性": "neutral", "neu": "neutral",
    "正面": "positive", "pos": "positive",
}  # fmt: skip
"""What coders write instead; nothing else can be meant."""


def read_sheet(path: Path, *, sheet: str) -> RawTable:
    """Read a filled sheet as text.

    Raises:
        DataError: It is absent, of another kind, unreadable, or has formulas where codes stand.
    """
    if path.suffix.lower() not in KINDS:
        raise DataError(
            f"{path.name} is not a coding sheet",
            [Problem(path.name, "", path.suffix or "no ending", "must be .xlsx or .csv", AGAIN)],
        )
    is_book = path.suffix.lower() not in {".csv", ".tsv", ".txt"}
    try:
        raw = read_table(path, table_name="coding", sheet=sheet if is_book else None)
    except DataError as error:
        raise DataError(
            f"{path.name} cannot be read", [_reworded(path, problem) for problem in error.problems]
        ) from None
    if found := [*_formulas(path, sheet)]:
        raise _broken(path, found)
    return raw


def check_columns(raw: RawTable, wanted: tuple[str, ...]) -> None:
    """Check that the sheet still has the columns it was exported with.

    Raises:
        DataError: Every column that is absent, with what the sheet has.
    """
    present = [str(name) for name in raw.frame.columns]
    problems = []
    for name in wanted:
        if name not in present:
            spare = [other for other in present if other not in wanted]
            near = get_close_matches(name, spare, n=1)
            guess = f"it may be {near[0]}; " if near else ""
            problems.append(
                Problem(
                    raw.file, f"row {raw.header_row}, column {name}", "",
                    "the column must exist",
                    f"{guess}keep the header as exported; the sheet has {', '.join(present)}",
                )
            )  # fmt: skip
    if problems:
        raise _broken(Path(raw.file), problems)


def check_owner(raw: RawTable, known: frozenset[str], texts: Mapping[str, str] | None) -> None:
    """Refuse a sheet of which most ids or most texts are not those of this engagement.

    Raises:
        DataError: It is of another engagement, or of another period.
    """
    ids = raw.frame["id"].dropna()
    strange = int((~ids.isin(known)).sum())
    remedy = "import it into the engagement it was exported from, or export a new sheet"
    if len(ids) and 2 * strange > len(ids):
        raise DataError(
            f"{raw.file} is not a sheet of this engagement",
            [Problem(raw.file, "column id", f"{strange} of {len(ids)} unknown",
                     "each id must be that of a comment of the baseline", remedy)],
        )  # fmt: skip
    shown = raw.frame[raw.frame["text"].notna() & raw.frame["id"].isin(known)]
    if texts is None or shown.empty:
        return
    same = [
        _letters(said) == _letters(texts.get(row, ""))
        for row, said in zip(shown["id"], shown["text"], strict=True)
    ]
    if 2 * sum(same) < len(same):
        raise DataError(
            f"{raw.file} is not a sheet of this engagement",
            [Problem(raw.file, "column text", f"{len(same) - sum(same)} of {len(same)} unlike",
                     "each text must be that of the comment of its id", remedy)],
        )  # fmt: skip


def tidy_codes(raw: RawTable) -> RawTable:
    """Read what a coder clearly meant: letter case, Chinese names of tones, full-width signs."""
    frame = raw.frame.copy()
    tones = frame["sentiment"].str.strip().str.lower()
    frame["sentiment"] = tones.map(lambda tone: _TONES.get(tone, tone), na_action="ignore")
    frame["themes"] = frame["themes"].map(
        lambda cell: re.sub("[；，、]", ";", cell).lower(), na_action="ignore"
    )
    return replace(raw, frame=frame.astype("str"))


def check_half_rows(raw: RawTable) -> list[Problem]:
    """Name the rows with themes but without a sentiment, which would be left out unseen."""
    frame = raw.frame
    half = frame[frame["sentiment"].isna() & frame["themes"].notna()]
    return [
        Problem(
            raw.file, f"row {row}, column sentiment", "", "must not be empty beside themes",
            "write negative, neutral or positive, or clear the themes of a row not coded yet",
        )
        for row in half.index
    ]  # fmt: skip


def sheet_problems(
    violations: pd.DataFrame, *, themes: frozenset[str] = frozenset()
) -> list[Problem]:
    """Word breaches of the contract for who holds the sheet, not the engagement file.

    Args:
        violations: Of ``data.contract.check``.
        themes: Those of the taxonomy, to guess what was meant.
    """
    remedies = {
        "must be a comment of the engagement": "put back the id as exported, or remove the row",
        "must appear only once together": "keep one of the rows of this comment and coder",
        "must not be empty": "put back what was exported, or remove the row",
    }
    return [
        Problem(
            str(row.file), f"row {row.row}, column {row.column}", str(row.value), str(row.rule),
            _guess(str(row.value), themes) if row.column == "themes"
            else remedies.get(str(row.rule), str(row.remedy)),
        )
        for row in violations.itertuples()
    ]  # fmt: skip


def _guess(cell: str, themes: frozenset[str]) -> str:
    """Say which theme was meant, or where the themes stand."""
    strange = [part.strip() for part in cell.split(";") if part.strip() not in themes]
    near = [get_close_matches(part, sorted(themes), n=1) for part in strange]
    if near and all(near):
        return f"did you mean {', '.join(found[0] for found in near)}"
    return "copy the theme from the first column of the sheet themes"


def raise_problems(path: Path, problems: list[Problem]) -> None:
    """Raise all problems of a sheet at once, if there are any.

    Raises:
        DataError: With the first twenty, and how many there are.
    """
    if problems:
        raise _broken(path, problems)


def _broken(path: Path, problems: list[Problem]) -> DataError:
    noun = "problem" if len(problems) == 1 else "problems"
    more = f"; the first {SHOWN} are shown" if len(problems) > SHOWN else ""
    return DataError(f"{path.name} has {len(problems):,} {noun}{more}", problems[:SHOWN])


def _reworded(path: Path, problem: Problem) -> Problem:
    """Give remedies that fit a sheet: nothing about it stands in the engagement file."""
    if not path.is_file():
        beside = sorted(e.name for e in path.parent.glob("*") if e.suffix.lower() in KINDS)
        near = get_close_matches(path.name, beside, n=1)
        remedy = f"did you mean {near[0]}" if near else "give the path of the filled sheet"
        return replace(problem, remedy=remedy)
    if problem.where == "sheet":
        held = problem.rule.replace("must be one of", "it has")
        return replace(
            problem, where="", value="",
            rule=f"the workbook must have a sheet named coding ({held})",
            remedy="give the sheet with the codes that name, import again",
        )  # fmt: skip
    if "engagement.yml" in problem.remedy or "set " in problem.remedy:
        return replace(problem, remedy=AGAIN)
    return problem


def _formulas(path: Path, sheet: str) -> Iterator[Problem]:
    """Name cells of codes that hold a formula: what is read of them may be out of date."""
    if path.suffix.lower() not in {".xlsx", ".xlsm"}:
        return
    try:
        with ZipFile(path) as book:
            found = _cells_with_formulas(book, sheet)
    except (BadZipFile, KeyError, UnicodeDecodeError):
        return
    for cell in found:
        yield Problem(
            path.name, f"cell {cell}", "a formula", "codes must be typed, not computed",
            "copy the column and paste it as values, import again",
        )  # fmt: skip


def _cells_with_formulas(book: ZipFile, sheet: str) -> list[str]:
    names = re.findall(
        r'<sheet\b[^>]*?name="([^"]*)"[^>]*?r:id="([^"]*)"',
        book.read("xl/workbook.xml").decode("utf-8"),
    )
    mark = next((mark for name, mark in names if name == sheet), "")
    links = book.read("xl/_rels/workbook.xml.rels").decode("utf-8")
    for link in re.findall(r"<Relationship\b[^>]*>", links):
        target = re.search(r'Target="/?(?:xl/)?([^"]*)"', link)
        if target and f'Id="{mark}"' in link:
            cells = book.read(f"xl/{target.group(1)}").decode("utf-8")
            return re.findall(r'<c\b[^>]*?r="([A-Z]+[0-9]+)"[^>]*><f\b', cells)
    return []


def _letters(text: str) -> str:
    """What survives a spreadsheet: letters and digits."""
    return "".join(filter(str.isalnum, text))
