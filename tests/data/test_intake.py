"""cxlib.data.intake: files as text, with every row's number, and nothing dropped in silence."""

import csv
import hashlib
import io

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.data.intake import _csv_grid, read_table
from cxlib.errors import DataError


def write(folder, content, name="answers.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusals(path, **options):
    with pytest.raises(DataError) as caught:
        read_table(path, **{"table_name": "answers", **options})
    return [str(problem) for problem in caught.value.problems]


def test_everything_stays_text_and_empty_is_missing(tmp_path):
    """0012 keeps its zeros and the region NA stays a region, unlike with a guessing reader."""
    raw = read_table(write(tmp_path, "id,region,n\n0012,NA, 5 \n,null,\n"), table_name="other")
    assert raw.frame["id"].tolist()[0] == "0012"
    assert raw.frame["region"].tolist() == ["NA", "null"]
    assert raw.frame["n"].tolist()[0] == "5"
    assert raw.frame.isna().to_numpy().tolist() == [[False] * 3, [True, False, True]]
    assert {str(dtype) for dtype in raw.frame.dtypes} == {"str"}


def test_the_record_tells_where_the_table_came_from(tmp_path):
    path = write(tmp_path, "nps\n9\n8\n")
    raw = read_table(path, table_name="answers")
    assert (raw.file, raw.reader, raw.encoding, raw.n_rows) == ("answers.csv", "csv", "utf-8", 2)
    assert (raw.header_row, raw.first_row_number) == (1, 2)
    assert raw.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_rows_keep_their_spreadsheet_number_over_blank_rows_and_line_breaks_in_cells(tmp_path):
    """The comment of row 2 spans two lines and row 3 is blank, so C is in row 4."""
    raw = read_table(write(tmp_path, 'id,comment\nA,"one\ntwo"\n\nC,x\n,\n'), table_name="other")
    assert raw.frame.index.tolist() == [2, 4]
    assert raw.frame["comment"].tolist() == ["one\ntwo", "x"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends_are_recognised(tmp_path, delimiter, newline):
    lines = [["id", "comment, long; name"], ["A", "one, two; three"]]
    buffer = io.StringIO()
    csv.writer(
        buffer, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL
    ).writerows(lines)
    raw = read_table(write(tmp_path, buffer.getvalue()), table_name="other")
    assert raw.frame.columns.tolist() == lines[0]
    assert raw.frame.to_numpy().tolist() == [lines[1]]


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8), min_size=3,
                 max_size=3),
        min_size=1,
        max_size=10,
    )
)  # fmt: skip
def test_any_cells_round_trip_through_csv(cells):
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["a", "b", "c"], *cells])
    grid = _csv_grid(buffer.getvalue(), "f.csv", "other")
    kept = [[cell.strip() or None for cell in line] for line in cells if any(line)]
    assert list(grid.lines[1:]) == kept


def test_a_column_map_gives_our_names(tmp_path):
    raw = read_table(
        write(tmp_path, "Q1,Shop code,nps\n9,S1,x\n"),
        table_name="answers",
        columns={"nps": "Q1", "store": "shop  code"},
    )
    assert raw.frame.to_dict("list") == {"nps": ["9"], "store": ["S1"], "nps (2)": ["x"]}


def test_one_column_of_theirs_may_serve_two_of_ours(tmp_path):
    raw = read_table(
        write(tmp_path, "ref,nps\nR1,9\n"),
        table_name="answers",
        columns={"answer_id": "ref", "invitation_id": "ref"},
    )
    assert raw.frame.to_dict("list") == {"answer_id": ["R1"], "invitation_id": ["R1"], "nps": ["9"]}


def test_our_names_are_known_in_any_letter_case(tmp_path):
    raw = read_table(write(tmp_path, " NPS ,Comment,Own\n9,x,y\n"), table_name="answers")
    assert raw.frame.columns.tolist() == ["nps", "comment", "Own"]


def test_a_map_wrong_at_both_ends_is_reported_at_both_ends(tmp_path):
    path = write(tmp_path, "Q1_recommend,Q2\n9,1\n")
    assert refusals(path, columns={"npss": "Q2", "csat": "Q1_recomend"}) == [
        (
            "engagement.yml, columns of answers: found npss; "
            "must be a column of the table answers; "
            "did you mean nps"
        ),
        (
            "answers.csv, row 1, column csat: found Q1_recomend; the mapped column must exist; "
            "did you mean Q1_recommend"
        ),
    ]


def test_a_repeated_column_name_is_refused(tmp_path):
    assert refusals(write(tmp_path, "nps,csat,nps\n1,2,3\n")) == [
        "answers.csv, row 1: found nps; a column name must appear only once; rename one of them"
    ]


def test_columns_without_name_are_kept_if_they_hold_something(tmp_path):
    raw = read_table(write(tmp_path, "nps,,\n9,,x\n"), table_name="answers")
    assert raw.frame.to_dict("list") == {"nps": ["9"], "column 3": ["x"]}


def test_ragged_rows_are_named_with_their_number(tmp_path):
    assert refusals(write(tmp_path, "id,comment\nA,fast\nB,slow, rude\nC\n")) == [
        (
            "answers.csv, row 3: found 3 cells; must have as many cells as the header (2); "
            "put text that holds the separator in quotation marks"
        ),
        (
            "answers.csv, row 4: found 1 cells; must have as many cells as the header (2); "
            "put text that holds the separator in quotation marks"
        ),
    ]


def test_titles_above_the_header_of_a_text_file_are_pointed_out(tmp_path):
    path = write(tmp_path, "Survey of January\n\nid,nps\nA,9\n")
    assert refusals(path) == [
        f"answers.csv, row {row}: found 2 cells; must have as many cells as the header (1); "
        "remove the title rows above the header"
        for row in (3, 4)
    ]


def test_empty_cells_beyond_the_header_are_no_reason_to_stop(tmp_path):
    raw = read_table(write(tmp_path, "id,nps\nA,9,,\nB,8\n"), table_name="answers")
    assert raw.frame["nps"].tolist() == ["9", "8"]


def test_an_open_quotation_mark_names_its_row(tmp_path):
    (message,) = refusals(write(tmp_path, 'id,comment\nA,fast\nB,"slow\nC,fine\n'))
    assert message == (
        "answers.csv, row 3, line 4: the row must be readable as CSV (unexpected end of data); "
        "close the quotation mark or export the file again"
    )


def test_an_absent_file_names_the_nearest(tmp_path):
    write(tmp_path, "nps\n1\n", "answers_2026.csv")
    assert refusals(tmp_path / "answer_2026.csv") == [
        "answer_2026.csv: the file must exist; did you mean answers_2026.csv"
    ]


def test_an_absent_folder_is_no_crash(tmp_path):
    assert refusals(tmp_path / "nowhere" / "answers.csv") == [
        "answers.csv: the file must exist; correct file: in engagement.yml"
    ]


@pytest.mark.parametrize(
    ("name", "reader", "value"), [("a.dat", "auto", ".dat"), ("a.csv", "spss", "spss")]
)
def test_an_unknown_kind_of_file_lists_the_readers(tmp_path, name, reader, value):
    assert refusals(write(tmp_path, "nps\n1\n", name), reader=reader) == [
        (
            f"{name}: found {value}; the kind of file must be known; "
            "set reader: to one of csv, parquet, excel, qualtrics, surveymonkey, google_forms"
        )
    ]


def test_parquet_is_read_as_text_of_the_same_values(tmp_path):
    path = tmp_path / "orders.parquet"
    rows = duckdb.sql(
        "select * from (values "
        "('0012', 1, 5.0::double, true, timestamp '2026-01-05 10:00:00', date '2026-01-05', '嘅'),"
        "(' x ', null, null, false, null, null, ''))"
        " as t(id, n, score, flag, moment, day, comment)"
    )
    rows.write_parquet(str(path))
    raw = read_table(path, table_name="other")
    assert (raw.reader, raw.encoding) == ("parquet", "")
    found = raw.frame.astype(object).where(raw.frame.notna(), None).to_numpy().tolist()
    assert found == [
        ["0012", "1", "5.0", "true", "2026-01-05 10:00:00", "2026-01-05", "嘅"],
        ["x", None, None, "false", None, None, None],
    ]


def test_a_damaged_parquet_file_is_refused(tmp_path):
    (message,) = refusals(write(tmp_path, b"PAR1 nothing", "answers.parquet"))
    assert "must be a readable Parquet file; export the file again" in message


def test_a_header_without_rows_is_an_empty_table(tmp_path):
    raw = read_table(write(tmp_path, "id,nps\n"), table_name="answers")
    assert (raw.n_rows, raw.frame.columns.tolist()) == (0, ["id", "nps"])
    assert raw.first_row_number == 2


def test_text_in_any_encoding_reaches_the_frame(tmp_path):
    path = write(tmp_path, "編號,意見\nA1,呢間舖頭嘅職員好有禮貌\n".encode("big5hkscs"))
    raw = read_table(path, table_name="answers", columns={"answer_id": "編號", "comment": "意見"})
    assert raw.frame["comment"].tolist() == ["呢間舖頭嘅職員好有禮貌"]
    assert raw.encoding == "big5hkscs"
    pd.testing.assert_index_equal(raw.frame.index, pd.Index([2], name="row"))
