"""Write the empty form: one row a question, in both languages, ready for a spreadsheet."""

import csv
import io
from typing import Final

from cxlib.report.catalogue import CODES, message
from cxlib.workshop.form_rows import LEVEL, ROWS, Row, choice_label
from cxlib.workshop.truth_terms import Terms

COLUMNS: Final = ("row", "answer", "lower", "upper", "question", "question_zh")


def form_text(*, terms: Terms, code: str) -> str:
    """Write the form's text; it starts with a byte order mark, so that spreadsheets read Chinese.

    Args:
        terms: What the groups are told; the questions name it.
        code: Of the company, already filled in.
    """
    head = [
        "row", *(_head(name) for name in ("answer", "lower", "upper")), "question", "question_zh",
    ]  # fmt: skip
    given = {"company": code, "language": "en"}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    for row in ROWS:
        limits = ["", ""] if row.interval else ["-", "-"]
        questions = [question(row, terms, language) for language in CODES]
        writer.writerow([row.key, given.get(row.key, ""), *limits, *questions])
    return "\ufeff" + out.getvalue()


def question(row: Row, terms: Terms, language: str) -> str:
    """The question of a row, with the words allowed."""
    asked = message(f"company.form.{row.key}", language).format(
        rise=terms.goal_rise, months=terms.test.horizon_months, level=round(100 * LEVEL)
    )
    if not row.choices or row.key == "language":
        return asked
    joiner = message("company.form.joiner", language)
    words = joiner.join(
        f"{choice} ({choice_label(row, choice, language)})"
        if language == "en"
        else f"{choice}（{choice_label(row, choice, language)}）"
        for choice in row.choices
    )
    several = "company.form.choices" if row.kind == "choice" else "company.form.choices_several"
    return message(several, language).format(question=asked, words=words)


def _head(name: str) -> str:
    return f"{name} {message(f'company.form.column.{name}', 'zh-Hant-HK')}"
