"""cxlib.data.excel: sheets as text; titles, totals and footnotes set aside and reported."""

# ruff: noqa: DTZ001 - a client's clock carries no zone

from datetime import date, datetime

import pytest
import xlsxwriter

from cxlib.data.intake import read_table
from cxlib.errors import DataError


@pytest.fixture
def workbook(tmp_path):
    def make(**sheets):
        path = tmp_path / "answers.xlsx"
        with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
            for name, lines in sheets.items():
                sheet = book.add_worksheet(name)
                for n, line in enumerate(lines):
                    sheet.write_row(n, 0, line)
        return path

    return make


def refusal(path, **options):
    with pytest.raises(DataError) as caught:
        read_table(path, table_name="answers", **options)
    (problem,) = caught.value.problems
    return str(problem)


def cells(raw):
    return raw.frame.astype(object).where(raw.frame.notna(), None).to_numpy().tolist()


def test_values_become_the_text_a_person_would_type(workbook):
    path = workbook(
        Data=[
            ["answer_id", "nps", "amount", "at", "on", "flag", "comment"],
            ["0012", 9, 12.5, datetime(2026, 1, 5, 15, 4, 5), date(2026, 1, 6), True, " 嘅 "],
            ["A2", None, 0.1, None, None, False, None],
        ]
    )
    raw = read_table(path, table_name="other")
    assert cells(raw) == [
        ["0012", "9", "12.5", "2026-01-05 15:04:05", "2026-01-06", "1", "嘅"],
        ["A2", None, "0.1", None, None, "0", None],
    ]
    assert (raw.reader, raw.encoding, raw.notes) == ("excel", "", ())


def test_titles_totals_and_footnotes_are_set_aside_and_named(workbook):
    """The header is in row 4, so the first answer is in row 5 of the sheet."""
    path = workbook(
        Data=[
            ["Customer survey"],
            ["Printed", "2026-07-01"],
            [],
            ["answer_id", "nps", "csat", "comment"],
            ["A1", 9, 5, "good"],
            [],
            ["A2", 3, 2, None],
            ["合計", 12, 7],
            [],
            ["Source: store system"],
        ]
    )
    raw = read_table(path, table_name="answers")
    assert cells(raw) == [["A1", "9", "5", "good"], ["A2", "3", "2", None]]
    assert (raw.header_row, raw.frame.index.tolist()) == (4, [5, 7])
    assert raw.notes == (
        "set aside 2 title rows above the header in row 4",
        "set aside row 10 at the end: Source: store system",
        "set aside row 8 at the end: 合計 12 7",
    )


def test_an_answer_that_mentions_a_total_is_kept(workbook):
    path = workbook(Data=[["answer_id", "comment"], ["A1", "Total"], ["Totally", "fine"]])
    raw = read_table(path, table_name="answers")
    assert (raw.n_rows, raw.notes) == (2, ())


def test_a_last_answer_after_a_gap_is_no_footnote(workbook):
    path = workbook(Data=[["answer_id", "nps", "csat"], ["A1", 9, 5], [], ["A2", 8, None]])
    assert read_table(path, table_name="answers").n_rows == 2


def test_the_first_sheet_is_read_and_the_others_are_named(workbook):
    path = workbook(Data=[["nps"], [9]], Codes=[["x"], [1]])
    raw = read_table(path, table_name="answers")
    assert cells(raw) == [["9"]]
    assert raw.notes == ("read sheet Data; left out Codes",)


def test_a_named_sheet_is_read(workbook):
    path = workbook(Data=[["nps"], [9]], 回覆=[["nps"], [3]])
    raw = read_table(path, table_name="answers", sheet="回覆")
    assert (cells(raw), raw.notes) == ([["3"]], ())


def test_an_unknown_sheet_lists_the_sheets(workbook):
    path = workbook(Data=[["nps"], [9]], Codes=[["x"], [1]])
    assert refusal(path, sheet="Dat") == (
        "answers.xlsx, sheet: found Dat; must be one of Data, Codes; did you mean Data"
    )


def test_an_empty_sheet_is_refused(workbook):
    assert refusal(workbook(Data=[])) == (
        "answers.xlsx, sheet Data: found an empty sheet; the sheet must hold a table; "
        "name the right one as sheet: in engagement.yml"
    )


def test_a_damaged_workbook_is_refused(tmp_path):
    path = tmp_path / "answers.xlsx"
    path.write_bytes(b"PK\x03\x04 nothing")
    message = refusal(path)
    assert message.startswith("answers.xlsx: found ")
    assert message.endswith(
        "must be a readable workbook; remove its password or save it again as .xlsx"
    )


def test_a_workbook_named_csv_is_told_so(workbook):
    path = workbook(Data=[["nps"], [9]])
    wrong = path.with_suffix(".csv")
    path.rename(wrong)
    assert refusal(wrong) == (
        "answers.csv: found an Excel workbook or zip archive; must be a text file; "
        "set reader: excel, or unpack the archive"
    )
    assert cells(read_table(wrong, table_name="answers", reader="excel")) == [["9"]]


def test_a_failed_formula_is_an_empty_cell(tmp_path):
    """The reader gives nothing for #N/A; the contract then decides whether empty is allowed."""
    path = tmp_path / "answers.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Data")
        sheet.write_row(0, 0, ["answer_id", "nps"])
        sheet.write(1, 0, "A1")
        sheet.write_formula(1, 1, "=NA()", None, "#N/A")
    assert cells(read_table(path, table_name="answers")) == [["A1", None]]
