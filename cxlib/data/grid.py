"""The two shapes a client's file passes through before its contract is checked.

Grid      cells of text as they lie on the sheet, each line with the row number a person sees
RawTable  a header with our column names over columns of text; nothing typed, nothing guessed
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from cxlib.errors import DataError, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Lines of text cells, all equally long.

    Attributes:
        lines: The cells; an empty cell is None.
        row_numbers: Per line, its number in a spreadsheet (the first row of the file is 1).
        notes: What was set aside on the way, in plain words, for the data-quality section.
    """

    lines: Sequence[Sequence[str | None]]
    row_numbers: Sequence[int]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """A client's table as text, before any contract.

    Attributes:
        table_name: Which table of the engagement this is.
        frame: Columns of text under our names; missing where the cell was empty. The index is
            the row number in the client's file.
        file: File name, for messages.
        header_row: Row number of the header.
        encoding: Codec of a text file; "" for Excel and Parquet.
        reader: How it was read (csv, excel, parquet, qualtrics, surveymonkey, google_forms).
        sha256: Fingerprint of the file's bytes.
        their_names: Our column name to the client's, for the mapped columns.
        notes: What was set aside, in plain words.
    """

    table_name: str
    frame: pd.DataFrame
    file: str
    header_row: int = 1
    encoding: str = ""
    reader: str = "csv"
    sha256: str = ""
    their_names: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int:
        """Rows of data, without headers and without what was set aside."""
        return len(self.frame)

    @property
    def first_row_number(self) -> int:
        """Where the data start in the client's file."""
        return int(self.frame.index[0]) if len(self.frame) else self.header_row + 1


def unreadable(
    table_name: str, file: str, *, rule: str, remedy: str, where: str = "", value: str = ""
) -> DataError:
    """Make the error for a file that cannot be read as a table."""
    problem = Problem(file=file, where=where, value=value, rule=rule, remedy=remedy)
    return DataError(f"{table_name}: the file cannot be read", [problem])
