"""cxlib.data.sheet_checks: what a filled coding sheet can have wrong, in full messages."""

import pytest

from cxlib.data.coding_sheet import read_codes, read_sheet_codes
from cxlib.errors import DataError

THEMES = {"reply_wait": "Waiting", "delivery_time": "Delivery"}
HEAD = "id,coder,text,sentiment,themes,quote_ok\n"
TEXTS = {"A0": "waited long", "A1": "好好", "A2": "late"}
ONE = HEAD + "A0,A,waited long,negative,reply_wait,1\n"


def refused(path, texts=TEXTS):
    with pytest.raises(DataError) as caught:
        read_sheet_codes(
            path, known_ids=frozenset(TEXTS), themes=frozenset(THEMES), texts=texts
        )  # fmt: skip
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "s.csv",
            ONE.replace("sentiment", "sentimant"),
            (
                "s.csv has 1 problem\n  s.csv, row 1, column sentiment: the column must exist; "
                "it may be sentimant; keep the header as exported; the sheet has id, coder, "
                "text, sentimant, themes, quote_ok"
            ),
        ),
        (
            "s.csv",
            ONE.replace("reply_wait", "reply_wiat;Delivery_Time"),
            (
                "s.csv has 1 problem\n  s.csv, row 2, column themes: found "
                "reply_wiat;delivery_time; each theme must be one of the sheet themes, "
                "semicolons between them; did you mean reply_wait"
            ),
        ),
        (
            "s.csv",
            ONE + "A1,A,好好,,delivery_time,\n",
            (
                "s.csv has 1 problem\n  s.csv, row 3, column sentiment: must not be empty "
                "beside themes; write negative, neutral or positive, or clear the themes of a "
                "row not coded yet"
            ),
        ),
        (
            "s.csv",
            ONE + "A0,A,waited long,positive,,\n",
            (
                "s.csv has 1 problem\n  s.csv, row 3, column id + coder: found A0 + A; must "
                "appear only once together; keep one of the rows of this comment and coder"
            ),
        ),
        (
            "s.csv",
            ONE + "A1,A,好好,neutral,,\nB7,A,x,positive,,\n",
            (
                "s.csv has 1 problem\n  s.csv, row 4, column id: found B7; must be a comment "
                "of the engagement; put back the id as exported, or remove the row"
            ),
        ),
        (
            "s.csv",
            HEAD + "B7,A,x,positive,,\nB8,A,x,positive,,\n",
            (
                "s.csv is not a sheet of this engagement\n  s.csv, column id: found 2 of 2 "
                "unknown; each id must be that of a comment of the baseline; import it into "
                "the engagement it was exported from, or export a new sheet"
            ),
        ),
        (
            "s.pdf",
            "%PDF",
            (
                "s.pdf is not a coding sheet\n  s.pdf: found .pdf; must be .xlsx or .csv; save "
                "it as Excel (.xlsx) or as CSV UTF-8, import again"
            ),
        ),
        (
            "s.csv",
            "",
            (
                "s.csv cannot be read\n  s.csv: found 0 bytes; the file must hold a table; "
                "export the table again"
            ),
        ),
        (
            "s.xlsx",
            "no workbook",
            (
                "s.xlsx cannot be read\n  s.xlsx: found Cannot detect file format; must be a "
                "readable workbook; remove its password or save it again as .xlsx"
            ),
        ),
    ],
)
def test_what_a_sheet_can_have_wrong_is_said_for_who_holds_the_sheet(
    tmp_path, name, content, message
):
    """Nothing about engagement.yml: the coder has only the sheet."""
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert refused(tmp_path / name) == message


def test_an_absent_sheet_names_the_one_beside_it(tmp_path):
    (tmp_path / "coding_A.csv").write_text(ONE, encoding="utf-8")
    assert refused(tmp_path / "coding_B.csv") == (
        "coding_B.csv cannot be read\n"
        "  coding_B.csv: the file must exist; did you mean coding_A.csv"
    )


def workbook(path, *, sheet="coding", computed=False):
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("notes")
        page = book.add_worksheet(sheet)
        for row, line in enumerate([HEAD.strip(), "A0,A,waited long,negative,,", "A1,A,好好,x,,"]):
            for column, cell in enumerate(line.split(",")):
                if cell == "x":
                    value = "negative"
                    if computed:
                        page.write_formula(row, column, "=D2", None, value)
                    else:
                        page.write_string(row, column, value)
                else:
                    page.write_string(row, column, cell)
    return path


def test_a_code_that_is_a_formula_is_refused_not_read_from_what_it_last_showed(tmp_path):
    plain = read_sheet_codes(
        workbook(tmp_path / "a.xlsx"), known_ids=frozenset(TEXTS), themes=frozenset(THEMES)
    )
    assert plain["sentiment"].tolist() == ["negative", "negative"]
    assert refused(workbook(tmp_path / "b.xlsx", computed=True)) == (
        "b.xlsx has 1 problem\n  b.xlsx, cell D3: found a formula; codes must be typed, not "
        "computed; copy the column and paste it as values, import again"
    )


def test_a_workbook_without_the_sheet_says_which_it_has(tmp_path):
    assert refused(workbook(tmp_path / "a.xlsx", sheet="Sheet1")) == (
        "a.xlsx cannot be read\n  a.xlsx: the workbook must have a sheet named coding (it has "
        "notes, Sheet1); give the sheet with the codes that name, import again"
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "big5hkscs", "utf-16"])
def test_what_a_coder_clearly_meant_is_read_whatever_excel_saved(tmp_path, encoding):
    """Chinese names of tones, capitals, full-width separators; half a sheet, in Big5 too."""
    path = tmp_path / "s.csv"
    said = "回覆真係好慢，等咗好耐都冇人理，下次唔會再買。"
    path.write_bytes((
        HEAD + f"A0,A,{said},負面,Reply_wait；delivery_time,1\n"
        f"A1,A,{said},Positive,,\nA2,A,{said},,,\n"
    ).encode(encoding))  # fmt: skip
    found = read_sheet_codes(
        path, known_ids=frozenset(TEXTS), themes=frozenset(THEMES),
        texts=dict.fromkeys(TEXTS, said),
    )  # fmt: skip
    assert found["sentiment"].tolist() == ["negative", "positive"]
    assert found["themes"].tolist() == ["delivery_time;reply_wait", ""]
    assert found.attrs["n_open"] == 1


def test_kept_codes_that_lost_a_column_are_named(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "coding.csv").write_text("id,coder\nA0,A\n", encoding="utf-8")
    with pytest.raises(
        DataError, match=r"coding\.csv, row 1, column sentiment: the column must exist"
    ):
        read_codes(tmp_path)
