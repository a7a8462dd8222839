"""Tables for reports: typed cells in, one semantic HTML table per language out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cxlib.errors import ReportError
from cxlib.report.writer import Phrase, Value, Writer

Align = Literal["num", "text"]
Status = Literal["good", "watch", "bad"]


@dataclass(frozen=True, slots=True)
class Marked:
    """A cell with a status: shape and word carry it, colour only repeats it."""

    value: Value
    status: Status


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the catalogue key of its header and how its cells align."""

    header: str
    align: Align = "num"


Cell = Value | Marked | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of results. The first column names the row.

    Attributes:
        title: Action title: a sentence with a number.
        subtitle: Topic, unit and period.
        source: What it rests on: n, method, question.
        columns: Headers, first the one over the row names.
        rows: One tuple a row; None prints as not available.
    """

    title: Phrase
    subtitle: Phrase
    source: Phrase
    columns: Sequence[Column]
    rows: Sequence[tuple[Cell, ...]]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ReportError(
                    f"table {self.title.key!r}: a row has {len(row)} cells for "
                    f"{len(self.columns)} columns"
                )

    def html(self, writer: Writer, *, anchor: str) -> str:
        """Write the table in the writer's language."""
        head = "".join(
            f'<th scope="col" class="{column.align}">{writer(Phrase(column.header))}</th>'
            for column in self.columns
        )
        body = "".join(self._row(writer, row) for row in self.rows)
        return (
            f'<table class="numbers" id="{anchor}"><caption><strong class="title">'
            f'{writer(self.title)}</strong><span class="subtitle">{writer(self.subtitle)}</span>'
            f"</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            f'<p class="source">{writer(self.source)}</p>'
        )

    def _row(self, writer: Writer, row: tuple[Cell, ...]) -> str:
        cells = [f'<th scope="row">{_text(writer, row[0])}</th>']
        for column, cell in zip(self.columns[1:], row[1:], strict=True):
            kind = f"status-{cell.status}" if isinstance(cell, Marked) else column.align
            cells.append(f'<td class="{kind}">{_text(writer, cell)}</td>')
        return f"<tr>{''.join(cells)}</tr>"


def _text(writer: Writer, cell: Cell) -> str:
    if cell is None:
        return writer(Phrase("number.none"))
    if isinstance(cell, Marked):
        return f"{MARKS[cell.status]}\N{NO-BREAK SPACE}{writer(cell.value)}"
    return writer(cell)


MARKS: dict[Status, str] = {"good": "▲", "watch": "●", "bad": "▼"}
