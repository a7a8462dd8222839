"""cxlib.data.vendors: exports as the survey tools write them, read into one header and answers."""

import csv
import io

import pytest
import xlsxwriter

from cxlib.data.contract import check
from cxlib.data.intake import read_table
from cxlib.data.tables import table_contract
from cxlib.errors import DataError


def save(folder, lines, *, codec="utf-8-sig"):
    buffer = io.StringIO()
    csv.writer(buffer).writerows(lines)
    path = folder / "export.csv"
    path.write_bytes(buffer.getvalue().encode(codec))
    return path


def column(raw, name):
    cells = raw.frame[name]
    return cells.astype(object).where(cells.notna(), None).tolist()


def refusal(path, reader):
    with pytest.raises(DataError) as caught:
        read_table(path, table_name="answers", reader=reader)
    (problem,) = caught.value.problems
    return str(problem)


QUALTRICS = [
    ["StartDate", "Status", "Finished", "ResponseId", "Q1_NPS", "Q2"],
    ["Start Date", "Response Type", "Finished", "Response ID",
     "How likely are you to\nrecommend us?", "Anything else?"],
    ['{"ImportId":"startDate"}', '{"ImportId":"status"}', '{"ImportId":"finished"}',
     '{"ImportId":"_recordId"}', '{"ImportId":"QID1"}', '{"ImportId":"QID2_TEXT"}'],
    ["2026-01-05 10:00:00", "IP Address", "True", "R_1", "9", "好好"],
    ["2026-01-05 11:00:00", "Survey Preview", "True", "R_2", "1", "test"],
    ["2026-01-05 12:00:00", "IP Address", "False", "R_3", "", ""],
    ["2026-01-05 13:00:00", "IP Address", "True", "R_4", "10 - Extremely likely", "5 - star"],
]  # fmt: skip
QUALTRICS_MAP = {"answer_id": "ResponseId", "answered_at": "StartDate", "nps": "Q1_NPS",
                 "comment": "Q2"}  # fmt: skip


def test_qualtrics_sets_previews_and_unfinished_answers_aside_and_counts_them(tmp_path):
    """Three header rows, so the first answer is row 4 of the file; rows 5 and 6 are set aside."""
    raw = read_table(
        save(tmp_path, QUALTRICS), table_name="answers", reader="qualtrics", columns=QUALTRICS_MAP
    )
    assert column(raw, "answer_id") == ["R_1", "R_4"]
    assert raw.frame.index.tolist() == [4, 7]
    assert raw.notes == ("set aside 1 previews and tests", "set aside 1 unfinished answers")
    assert raw.reader == "qualtrics"


def test_qualtrics_scales_lose_their_labels_and_comments_keep_theirs(tmp_path):
    raw = read_table(
        save(tmp_path, QUALTRICS), table_name="answers", reader="qualtrics", columns=QUALTRICS_MAP
    )
    assert column(raw, "nps") == ["9", "10"]
    assert column(raw, "comment") == ["好好", "5 - star"]


def test_qualtrics_numeric_export_uses_codes(tmp_path):
    """Status 1 is a preview and Finished 0 an unfinished answer when codes are exported."""
    lines = [
        *QUALTRICS[:3],
        ["2026-01-05", "0", "1", "R_1", "9", ""],
        ["2026-01-05", "1", "1", "R_2", "9", ""],
        ["2026-01-05", "0", "0", "R_3", "9", ""],
    ]
    raw = read_table(save(tmp_path, lines), table_name="answers", reader="qualtrics")
    assert column(raw, "ResponseId") == ["R_1"]


def test_qualtrics_needs_its_import_ids(tmp_path):
    assert refusal(save(tmp_path, [["nps"], ["9"], ["8"]]), "qualtrics") == (
        "export.csv, header: row 3 must hold the import ids in an export of Qualtrics; "
        "export again with the original header rows, or set reader: csv"
    )


SURVEYMONKEY = [
    ["Respondent ID", "End Date", "How likely are you to recommend us?", "What did you use?", "",
     "", "Comments"],
    ["", "", "Response", "Store", "Website", "Other (please specify)", "Open-Ended Response"],
    ["1001", "01/25/2026 03:04:05 PM", "10 - Extremely likely", "Store", "Website", "", "好"],
    ["1002", "02/03/2026 12:30:00 AM", "0 - Not at all likely", "", "Website", "phone", ""],
    ["1003", "02/03/2026 12:30:00 PM", "", "", "", "", ""],
]  # fmt: skip


def test_surveymonkey_joins_its_two_header_rows_and_drops_empty_answers(tmp_path):
    raw = read_table(
        save(tmp_path, SURVEYMONKEY),
        table_name="answers",
        reader="surveymonkey",
        columns={
            "answer_id": "Respondent ID",
            "answered_at": "End Date",
            "nps": "How likely are you to recommend us?",
            "comment": "Comments",
        },
    )
    assert raw.frame.columns.tolist() == [
        "answer_id",
        "answered_at",
        "nps",
        "comment",
        "What did you use? - Store",
        "What did you use? - Website",
        "What did you use? - Other (please specify)",
    ]
    assert column(raw, "nps") == ["10", "0"]
    assert column(raw, "answered_at") == ["2026-01-25 15:04:05", "2026-02-03 00:30:00"]
    assert raw.notes == (
        "set aside 1 rows without any answer",
        "read End Date as month/day/year",
    )


def test_surveymonkey_dates_with_a_month_above_twelve_are_day_first(tmp_path):
    lines = [["ID", "End Date", "Q"], ["", "", "Response"], ["1", "25/01/2026 10:00", "5"],
             ["2", "03/02/2026 10:00", "4"]]  # fmt: skip
    raw = read_table(save(tmp_path, lines), table_name="answers", reader="surveymonkey")
    assert column(raw, "End Date") == ["2026-01-25 10:00:00", "2026-02-03 10:00:00"]
    assert raw.notes == ("read End Date as day/month/year",)


def test_surveymonkey_workbooks_are_read_too(tmp_path):
    path = tmp_path / "export.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for n, line in enumerate(SURVEYMONKEY):
            sheet.write_row(n, 0, [cell or None for cell in line])
    raw = read_table(
        path, table_name="answers", reader="surveymonkey",
        columns={"nps": "How likely are you to recommend us?"},
    )  # fmt: skip
    assert column(raw, "nps") == ["10", "0"]


def test_surveymonkey_needs_its_second_header_row(tmp_path):
    assert refusal(save(tmp_path, [["nps"], ["9"]]), "surveymonkey").startswith(
        "export.csv, header: row 2 must hold Response or the choices in an export of SurveyMonkey"
    )


NPS_QUESTION = "你有幾大機會向親友推薦海港家居？（0 = 完全唔會，10 = 一定會）"
GOOGLE = [
    ["時間戳記", NPS_QUESTION, "整體滿意度", "其他意見", "其他意見"],
    ["2026/1/5 下午 3:04:05", "10（極有可能）", "5 - 非常滿意", "3. 太慢", ""],
    ["2026/1/6 上午 12:10:00", "0", "1 - 非常不滿意", "", "x"],
    ["2026/1/6 下午 12:10:00", "7", "3分", "", ""],
    ["2026/01/07 3:04:05 下午 GMT+8", "8", "4：滿意", "", ""],
]
GOOGLE_MAP = {"answered_at": "時間戳記", "nps": NPS_QUESTION, "csat": "整體滿意度"}


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "big5hkscs"])
def test_chinese_google_forms_are_read_by_question_text(tmp_path, codec):
    """上午 12:10 is ten past midnight, 下午 12:10 ten past noon."""
    raw = read_table(
        save(tmp_path, GOOGLE, codec=codec), table_name="answers", reader="google_forms",
        columns=GOOGLE_MAP,
    )  # fmt: skip
    assert column(raw, "nps") == ["10", "0", "7", "8"]
    assert column(raw, "csat") == ["5", "1", "3", "4"]
    assert column(raw, "其他意見")[0] == "3. 太慢"
    assert "其他意見 (2)" in raw.frame.columns
    rules = table_contract("answers")
    checked = check(raw, rules, known={})
    assert checked.frame["answered_at"].astype(str).tolist() == [
        "2026-01-05 15:04:05",
        "2026-01-06 00:10:00",
        "2026-01-06 12:10:00",
        "2026-01-07 15:04:05",
    ]


def test_a_question_text_nearly_right_is_offered(tmp_path):
    with pytest.raises(DataError) as caught:
        read_table(
            save(tmp_path, GOOGLE), table_name="answers", reader="google_forms",
            columns={"csat": "整體的滿意度"},
        )  # fmt: skip
    assert str(caught.value.problems[0]).endswith("did you mean 整體滿意度")


def test_a_mapped_question_asked_twice_is_refused(tmp_path):
    with pytest.raises(DataError) as caught:
        read_table(
            save(tmp_path, GOOGLE), table_name="answers", reader="google_forms",
            columns={"comment": "其他意見"},
        )  # fmt: skip
    assert "found 其他意見; a column name must appear only once" in str(caught.value)


def test_a_form_without_time_stamp_is_refused(tmp_path):
    assert refusal(save(tmp_path, [["nps"], ["9"]]), "google_forms").startswith(
        "export.csv, header: the first column must be 時間戳記 or Timestamp in an export of Google"
    )


def test_a_scale_answer_with_a_decimal_is_left_to_the_contract(tmp_path):
    lines = [["Timestamp", "nps"], ["2026/1/5 3:04:05 PM", "4.5"]]
    raw = read_table(save(tmp_path, lines), table_name="answers", reader="google_forms")
    assert column(raw, "nps") == ["4.5"]
    assert column(raw, "Timestamp") == ["2026-01-05 15:04:05"]
