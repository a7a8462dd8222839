"""The sheet on which a person codes comments: written, read back, checked and kept."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd

from cxlib.data.contract import Column, RowRule, TableContract, check
from cxlib.data.intake import read_table
from cxlib.data.sheet_checks import (
    check_columns,
    check_half_rows,
    check_owner,
    raise_problems,
    read_sheet,
    sheet_problems,
    tidy_codes,
)
from cxlib.errors import DataError, Problem

COLUMNS: Final = ("id", "coder", "text", "sentiment", "themes", "quote_ok")
FILLED_IN: Final = ("sentiment", "themes", "quote_ok")
"""What the coder writes; the other columns come filled."""

KEPT: Final = ("id", "coder", "sentiment", "themes", "quote_ok")
TONES: Final = ("negative", "neutral", "positive")
SHEET: Final = "coding"
KEPT_FILE: Final = Path("data") / "coding.csv"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "|", "%")
_WIDTHS: Final = (10, 8, 70, 12, 36, 10)


def write_sheet(
    path: Path,
    rows: Sequence[Mapping[str, str]],
    *,
    themes: Mapping[str, str],
    codebook: Sequence[str],
) -> Path:
    """Write the sheet, as .xlsx where the office extra is installed, else as .csv for Excel.

    No text can become a formula: cells are written as text, and in CSV one that begins like a
    formula is put behind an apostrophe.

    Args:
        path: Where, without an ending.
        rows: One per comment, with the columns that come filled.
        themes: Theme to its name, for the second sheet.
        codebook: The rules of coding, a line each, for the third.

    Returns:
        The file that was written.

    Raises:
        DataError: A sheet of that name has something filled in; it is left as it is.
    """
    for existing in (path.with_suffix(".xlsx"), path.with_suffix(".csv")):
        if existing.exists() and _is_filled(existing):
            raise DataError(
                f"{existing.name} is filled in and is not overwritten",
                [
                    Problem(
                        existing.name, "", "", "a filled sheet is kept",
                        "import it with cx code import, or export for another --coder",
                    )
                ],
            )  # fmt: skip
    try:
        import xlsxwriter
    except ImportError:
        return _write_csv(path.with_suffix(".csv"), rows)
    return _write_xlsx(path.with_suffix(".xlsx"), rows, themes, codebook, xlsxwriter)


def read_sheet_codes(
    path: Path,
    *,
    known_ids: frozenset[str],
    themes: frozenset[str],
    texts: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Read a filled sheet and check every cell; rows without a sentiment are not coded yet.

    Args:
        path: The sheet, .xlsx or .csv.
        known_ids: Comments the engagement has.
        themes: Themes of the taxonomy; several in a cell stand between semicolons.
        texts: What the sheet says of each comment; ids repeat from client to client, texts do not.

    Returns:
        Columns `id`, `coder`, `sentiment`, `themes`, `quote_ok` of the coded rows; its attribute
        `n_open` counts the others.

    Raises:
        DataError: The file cannot be read, is of another engagement, has a formula for a code or
            nothing coded; or every other breach with row, column, value, rule and remedy.
    """
    raw = read_sheet(path, sheet=SHEET)
    check_columns(raw, ("id", "coder", "text", "sentiment", "themes"))
    check_owner(raw, known_ids, texts)
    raw = tidy_codes(raw)
    checked = check(raw, _contract(themes), known={"comment": known_ids})
    breaches = sheet_problems(checked.violations, themes=themes)
    raise_problems(path, [*breaches, *check_half_rows(raw)])
    frame = checked.frame.reindex(columns=list(KEPT))
    coded = frame[frame["sentiment"].notna()].reset_index(drop=True)
    if coded.empty:
        raise DataError(
            f"{path.name} holds no codes",
            [Problem(path.name, "column sentiment", "", "at least 1 row must be coded",
                     f"write one of {', '.join(TONES)} beside each text, save, import again")],
        )  # fmt: skip
    coded["themes"] = coded["themes"].fillna("").map(lambda cell: ";".join(split_themes(cell)))
    coded.attrs["n_open"] = len(frame) - len(coded)
    return coded


def keep_codes(folder: Path, codes: pd.DataFrame) -> tuple[Path, int]:
    """Add codes to those the engagement keeps; the same coder's newer code of a comment wins.

    Returns:
        The file, and how many comments it now holds codes of.
    """
    path = folder / KEPT_FILE
    earlier = read_codes(folder)
    both = codes if earlier is None else pd.concat([earlier, codes], ignore_index=True)
    both = both.drop_duplicates(["id", "coder"], keep="last").sort_values(["id", "coder"])
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    both.to_csv(part, index=False, lineterminator="\n")
    part.replace(path)
    return path, int(both["id"].nunique())


def read_codes(folder: Path) -> pd.DataFrame | None:
    """Read the codes an engagement keeps; None where nobody coded yet.

    Raises:
        DataError: The file was changed so that it no longer holds codes.
    """
    path = folder / KEPT_FILE
    if not path.is_file():
        return None
    raw = read_table(path, table_name="coding")
    check_columns(raw, KEPT)
    checked = check(raw, _contract(None), known={})
    raise_problems(path, sheet_problems(checked.violations))
    frame = checked.frame.reindex(columns=list(KEPT))
    frame["themes"] = frame["themes"].fillna("")
    return frame.reset_index(drop=True)


def split_themes(cell: str) -> list[str]:
    """Give the themes of a cell, each once, sorted."""
    return sorted({part.strip() for part in cell.replace(",", ";").split(";") if part.strip()})


def _contract(themes: frozenset[str] | None) -> TableContract:
    rules: tuple[RowRule, ...] = ()
    if themes is not None:

        def known(frame: pd.DataFrame) -> pd.Series:
            return frame["themes"].map(lambda cell: set(split_themes(str(cell))) <= themes)

        rules = (
            RowRule(
                columns=("themes",), holds=known,
                rule="each theme must be one of the sheet themes, semicolons between them",
                remedy="copy the theme from the first column of the sheet themes",
            ),
        )  # fmt: skip
    return TableContract(
        name="coding",
        columns=(
            Column("id", required=True, references="comment"),
            Column("coder", required=True),
            Column("text"),
            Column("sentiment", allowed=TONES),
            Column("themes"),
            Column("quote_ok", "flag"),
        ),
        unique_together=("id", "coder"),
        row_rules=rules,
    )


def _is_filled(path: Path) -> bool:
    """Whether a coder wrote anything; a file that cannot be read counts as filled."""
    try:
        raw = read_table(path, table_name="coding", sheet=SHEET if path.suffix == ".xlsx" else None)
    except DataError:
        return True
    held = [name for name in FILLED_IN if name in raw.frame.columns]
    return bool(raw.frame[held].notna().to_numpy().any())


def _write_csv(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([[_harmless(row.get(name, "")) for name in COLUMNS] for row in rows])
    path.write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode())
    return path


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) else cell


def _write_xlsx(
    path: Path,
    rows: Sequence[Mapping[str, str]],
    themes: Mapping[str, str],
    codebook: Sequence[str],
    xlsxwriter: Any,  # noqa: ANN401 - the package has no types
) -> Path:
    book = xlsxwriter.Workbook(
        str(path),
        {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    book.set_properties({"created": datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)})
    text = book.add_format({"quote_prefix": True, "text_wrap": True, "valign": "top"})
    head = book.add_format({"bold": True, "bottom": 1})
    sheet = book.add_worksheet(SHEET)
    for place, (name, width) in enumerate(zip(COLUMNS, _WIDTHS, strict=True)):
        sheet.set_column(place, place, width, text)
        sheet.write_string(0, place, name, head)
    for number, row in enumerate(rows, start=1):
        for place, name in enumerate(COLUMNS):
            if row.get(name):
                sheet.write_string(number, place, row[name], text)
    last = max(1, len(rows))
    tone, quote = COLUMNS.index("sentiment"), COLUMNS.index("quote_ok")
    sheet.data_validation(1, tone, last, tone, {"validate": "list", "source": list(TONES)})
    sheet.data_validation(1, quote, last, quote, {"validate": "list", "source": ["0", "1"]})
    sheet.freeze_panes(1, 0)
    listed = book.add_worksheet("themes")
    listed.set_column(0, 1, 40)
    for number, (theme, label) in enumerate(themes.items()):
        listed.write_string(number, 0, theme, text)
        listed.write_string(number, 1, label, text)
    rules = book.add_worksheet("codebook")
    rules.set_column(0, 0, 110, text)
    for number, line in enumerate(codebook):
        rules.write_string(number, 0, line, text)
    book.close()
    return path
