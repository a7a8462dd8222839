"""`cx code`: a sheet of comments for a person to code, and its way back into the engagement."""

import re
from pathlib import Path
from typing import NamedTuple

from cxlib.data.coding_sheet import keep_codes, read_sheet_codes, write_sheet
from cxlib.data.comments import scored_comments
from cxlib.engagement import load_engagement
from cxlib.errors import InputError
from cxlib.measures.voice.coding import CODEBOOK, sheet_rows
from cxlib.measures.voice.redact import Redactor
from cxlib.measures.voice.study import engagement_taxonomy, read_names
from cxlib.run.workbook import open_tables

MOST = 2_000


def export_sheet(engagement: Path, *, n: int, coder: str) -> tuple[Path, int]:
    """Write a sheet of random redacted comments of the baseline into the engagement's folder.

    Args:
        engagement: The engagement file or its folder.
        n: Comments on it, 1 to 2,000.
        coder: Who will code them; every coder gets the same comments.

    Returns:
        The file and the comments on it.

    Raises:
        InputError: A number or a coder's name that cannot be used, or no comments.
        DataError: A sheet that is already filled in.
    """
    if not 1 <= n <= MOST:
        raise InputError(f"--n must be from 1 to {MOST:,}, got {n}")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,20}", coder):
        raise InputError(f"--coder must be 1 to 20 Latin letters, digits, _ or -, got {coder!r}")
    checked = load_engagement(engagement)
    answers = open_tables(checked, ["answers"])["answers"]
    comments = scored_comments(answers, **checked.baseline.window("answered_at"), seed=checked.seed)
    redactor = Redactor(read_names(checked))
    rows = sheet_rows(comments, n=n, seed=checked.seed, coder=coder, redactor=redactor)
    path = write_sheet(
        checked.folder / f"coding_{coder}",
        rows,
        themes={
            theme.id: ": ".join(filter(None, (theme.label["en"], theme.definition.get("en"))))
            for theme in engagement_taxonomy(checked)
        },
        codebook=CODEBOOK.read_text(encoding="utf-8").splitlines(),
    )
    return path, len(rows)


class Imported(NamedTuple):
    """Where codes are kept, those of the sheet, those altogether, and what is still open on it."""

    path: Path
    n_coded: int
    n_all: int
    n_open: int


def import_sheet(sheet: Path, *, engagement: Path | None = None) -> Imported:
    """Check a filled sheet and keep its codes in data/coding.csv of the engagement.

    Args:
        sheet: The filled sheet.
        engagement: The engagement file; none looks beside the sheet.

    Returns:
        The file kept, the comments coded on this sheet, those coded altogether by anyone, and the
        rows of the sheet without a code, which may be filled in and imported later.

    Raises:
        DataError: The sheet breaks its rules; every breach is named with its row.
    """
    checked = load_engagement(engagement or sheet.resolve().parent)
    answers = open_tables(checked, ["answers"])["answers"]
    comments = scored_comments(answers, **checked.baseline.window("answered_at"), seed=checked.seed)
    rows = sheet_rows(
        comments, n=len(comments), seed=checked.seed, coder="",
        redactor=Redactor(read_names(checked)),
    ) if len(comments) else []  # fmt: skip
    codes = read_sheet_codes(
        sheet,
        texts={row["id"]: row["text"] for row in rows},
        known_ids=frozenset(comments["answer_id"].astype(str)),
        themes=frozenset(theme.id for theme in engagement_taxonomy(checked)),
    )
    path, n_all = keep_codes(checked.folder, codes)
    return Imported(path, len(codes), n_all, codes.attrs["n_open"])
