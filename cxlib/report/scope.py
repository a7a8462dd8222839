"""What every notebook shows of its data, its limits and its origin."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date

from cxlib import __version__
from cxlib.data.open import Data
from cxlib.engagement.schema import Engagement, Period
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Day, Num, Phrase, Value, phrase


def period_values(period: Period) -> dict[str, Value]:
    """First and last day, for titles and sources."""
    return {"start": Day(period.start), "end": Day(period.end)}


def decide_by(engagement: Engagement) -> Day:
    """The last day of the month after the review period, or after the report where it is later.

    A decision is never asked for before the day on the report's cover.
    """
    last = _next_month_end(engagement.review.end)
    dated = engagement.dated()
    return Day(last if dated <= last else _next_month_end(dated))


def _next_month_end(day: date) -> date:
    year, month = divmod(day.year * 12 + day.month, 12)
    return date(year, month + 1, monthrange(year, month + 1)[1])


def scope_table(report: Report, data: Data) -> Block:
    """Show what was read: rows, share of empty cells, span of dates."""
    rows: list[tuple[Cell, ...]] = []
    for item in data.audit.values():
        columns = list(item.missing_share.values())
        empty = sum(columns) / len(columns) if columns else 0.0
        worst = max(columns, default=0.0)
        rows.append(
            (
                phrase(f"table.{item.table}"),
                Num(item.n_rows),
                Num(item.n_columns),
                Num(empty, "share"),
                Num(worst, "share"),
                Day(item.first_date.date()) if item.first_date is not None else None,
                Day(item.last_date.date()) if item.last_date is not None else None,
            )
        )
    headers = ("source_name", "rows", "columns", "empty", "emptiest", "from", "to")
    return report.table(
        "scope.table",
        Table(
            title=phrase("scope.table", rows=sum(i.n_rows for i in data.audit.values())),
            subtitle=phrase("scope.subtitle"),
            source=phrase("scope.source"),
            columns=[Column(f"scope.{name}") for name in headers],
            rows=rows,
        ),
    )


def hashes(data: Data) -> dict[str, str]:
    """Table name to the SHA-256 of its file, as ledger entries keep them."""
    return {item.table: item.sha256 for item in data.audit.values()}


def limits(report: Report, keys: Sequence[str], **values: Value) -> Block:
    """List what the report does not show, before the appendix."""
    return report.items(
        f"{keys[0].rpartition('.')[0]}", [Phrase(key, values) for key in keys], role="note"
    )


def provenance(report: Report, data: Data) -> Block:
    """Give the origin of every number: files with hash and rows, period, code, seed."""
    engagement = report.engagement
    facts: list[tuple[Phrase, Value]] = [
        (phrase("provenance.client"), engagement.client.name),
        (phrase("provenance.wave"), engagement.wave),
        (
            phrase("provenance.baseline"),
            Phrase("provenance.period", period_values(engagement.baseline)),
        ),
        (
            phrase("provenance.review"),
            Phrase("provenance.period", period_values(engagement.review)),
        ),
        (phrase("provenance.level"), Num(engagement.confidence_level, "share")),
        (phrase("provenance.floor"), Num(engagement.minimum_cell)),
        (phrase("provenance.seed"), str(engagement.seed)),
        (phrase("provenance.notebook"), report.notebook),
        (phrase("provenance.version"), f"cxlib {__version__}"),
    ]
    facts += [
        (
            phrase(f"table.{item.table}"),
            phrase("provenance.file", file=item.file, rows=item.n_rows, hash=item.sha256[:12]),
        )
        for item in data.audit.values()
    ]
    return report.facts("provenance", facts, role="provenance")
