"""The table of a test's page: words by a prefix, columns by their heads."""

from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Phrase, Value


def trial_table(
    report: Report,
    prefix: str,
    values: dict[str, Value],
    heads: tuple[str, ...],
    rows: list[tuple[Cell, ...]],
    *,
    title: str = "",
    text: tuple[str, ...] = (),
) -> Block:
    """Set rows under ``prefix``.table, .subtitle and .source, a column for each ``prefix``.head.

    Args:
        report: The report.
        prefix: Of the catalogue's keys.
        values: What title, subtitle and source mention.
        heads: Columns, in order.
        rows: Cells.
        title: Another key for the title.
        text: Heads of columns that hold words; the others hold numbers.
    """
    return report.table(
        f"{prefix}.table",
        Table(
            title=Phrase(title or f"{prefix}.table", values),
            subtitle=Phrase(f"{prefix}.subtitle", values),
            source=Phrase(f"{prefix}.source", values),
            columns=[
                Column(f"{prefix}.{head}", "text" if head in text else "num") for head in heads
            ],
            rows=rows,
        ),
    )
