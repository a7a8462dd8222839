"""Readings as table rows, and what a report says where a table is not in the engagement."""

from collections.abc import Mapping, Sequence

from cxlib.measures.reading import Reading
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column
from cxlib.report.writer import Joined, Num, Phrase, Value, phrase
from cxlib.stats.estimate import Estimate

COLUMNS = (
    Column("readings.measure", "text"),
    Column("readings.value"),
    Column("readings.interval"),
    Column("readings.n"),
    Column("readings.better", "text"),
    Column("readings.definition", "text"),
)
"""Measure, value, interval, n, which side is better, definition."""


def reading_row(
    reading: Reading,
    *,
    words: str,
    cell: str = "",
    values: Mapping[str, Value] | None = None,
) -> tuple[Cell, ...]:
    """Write a reading as a row of ``COLUMNS``.

    Args:
        reading: The measure; under the minimum cell its value is hidden.
        words: Catalogue prefix: ``words``.measure.name and ``words``.definition.name.
        cell: Key of a cell that prints {value} otherwise than its unit does; ``cell``_interval
            prints its interval.
        values: Fill the name and the definition.
    """
    name = Phrase(f"{words}.measure.{reading.name}", values or {})
    definition = Phrase(f"{words}.definition.{reading.name}", values or {})
    better = phrase(f"readings.better.{reading.better}")
    if reading.estimate is None:
        return (name, phrase("number.hidden"), None, None, better, definition)
    shown, ci = value_cells(reading.estimate, cell=cell)
    return (name, shown, ci, Num(reading.estimate.n_obs), better, definition)


def value_cells(estimate: Estimate | None, *, cell: str = "") -> tuple[Cell, Cell]:
    """Write a value and its interval as two cells."""
    if estimate is None:
        return phrase("number.hidden"), None
    shown: Cell = phrase(cell, value=estimate) if cell else estimate
    if not estimate.has_interval:
        return shown, None
    return shown, phrase(f"{cell}_interval" if cell else "cell.interval", value=estimate)


def not_measured(report: Report, key: str, tables: Sequence[str]) -> Block:
    """Say in one sentence why a part is not shown: tables that are absent, or hold too little."""
    absent = [table for table in tables if table not in report.engagement.tables]
    named = Joined(tuple(phrase(f"table.{table}") for table in absent or tables))
    said = "readings.not_measured" if absent else "readings.too_little"
    return report.items(key, [phrase(said, tables=named)], role="note")


def nothing(report: Report, key: str) -> Block:
    """Show nothing, where the section has said already that this is not measured."""
    return Block("note", key, dict.fromkeys(report.languages, ""), report.live)
