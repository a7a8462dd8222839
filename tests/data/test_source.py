"""cxlib.data.source: one table, asked in SQL, over frames, CSV and Parquet."""

import duckdb
import pandas as pd
import pytest

from cxlib.data.source import Source, duckdb_source
from cxlib.errors import DataError, InputError

FRAME = pd.DataFrame(
    {
        "store": pd.Series(["S1", "S2", None], dtype="str"),
        "nps": pd.array([9, None, 0], dtype="Int64"),
        "left": pd.array([1, 0, 1], dtype="Int64"),
        "at": pd.to_datetime(["2026-01-05 10:00:00", "2026-02-01 00:00:00", None]),
        "empty": pd.Series([None, None, None], dtype="str"),
    }
)


@pytest.fixture(params=["frame", "csv", "parquet"])
def source(request, tmp_path):
    if request.param == "frame":
        return duckdb_source(FRAME, table="answers")
    path = tmp_path / f"it's.{request.param}"
    target = str(path).replace("'", "''")
    with duckdb.connect() as engine:
        engine.register("f", FRAME)
        engine.execute(f"copy f to '{target}'")
    return duckdb_source(path, table="answers")


def test_frames_csv_and_parquet_answer_alike(source):
    found = source.ask("select sum(nps) as total, count(*) as n from answers")
    assert (float(found["total"][0]), int(found["n"][0])) == (9.0, 3)
    assert source.columns == frozenset(FRAME.columns)


def test_rows_come_in_the_order_of_the_asked_columns(source):
    rows = source.rows(["at", "left", "nps"], at_most=3)
    assert rows.columns.tolist() == ["at", "left", "nps"]
    assert rows["left"].tolist() == [1, 0, 1]
    assert rows["at"][0] == pd.Timestamp("2026-01-05 10:00:00")
    assert rows["nps"].isna().tolist() == [False, True, False]


def test_a_frame_keeps_its_types_through_the_engine():
    rows = duckdb_source(FRAME, table="t").rows(["store", "nps", "at"], at_most=10)
    assert [str(dtype) for dtype in rows.dtypes] == ["str", "Int64", "datetime64[us]"]


def test_a_later_change_of_the_frame_does_not_reach_the_source():
    frame = FRAME.copy()
    source = duckdb_source(frame, table="t")
    frame["left"] = 0
    assert source.rows(["left"], at_most=3)["left"].tolist() == [1, 0, 1]


def test_more_rows_than_declared_are_refused():
    with pytest.raises(DataError) as caught:
        duckdb_source(FRAME, table="t").rows(["nps"], at_most=2)
    assert str(caught.value) == (
        "t: at most 2 rows were asked for, the table has more; raise at_most or use a summary"
    )


def test_a_summary_above_the_ceiling_is_refused():

    small = duckdb_source(FRAME, table="t")
    narrow = Source(table=small.table, columns=small.columns, run=small.run, ceiling=2)
    with pytest.raises(DataError) as caught:
        narrow.ask("select * from t")
    assert str(caught.value) == (
        "t: a summary must have at most 2 rows, got more; use a coarser grouping"
    )


def test_absent_columns_are_named_with_the_nearest_and_all_there_are():
    with pytest.raises(DataError) as caught:
        duckdb_source(FRAME, table="t").rows(["stroe", "zzz"], at_most=9)
    assert str(caught.value) == (
        "columns not found: stroe, zzz (stroe may be store); t has at, empty, left, nps, store"
    )


@pytest.mark.parametrize(
    ("columns", "at_most", "message"),
    [
        ([], 5, "rows needs at least 1 column, got none"),
        (["nps"], 0, "at_most must be 1 or more, got 0"),
    ],
)
def test_an_impossible_call_says_what_must_hold(columns, at_most, message):
    with pytest.raises(InputError) as caught:
        duckdb_source(FRAME, table="t").rows(columns, at_most=at_most)
    assert str(caught.value) == message


def test_sql_words_are_quoted_and_others_are_not():
    source = duckdb_source(FRAME, table="t")
    assert source.names("left", "nps", "at") == ('"left"', "nps", '"at"')


def test_another_engine_may_quote_its_own_way():
    """Spark reads "left" as a text, so its Source says backtick."""
    source = Source("t", frozenset({"left"}), lambda _: pd.DataFrame(), quote="`")
    assert source.names("left") == ("`left`",)


def test_a_strange_column_name_cannot_break_out_of_its_quotes():
    name = 'x" from t; drop table t; --'
    source = duckdb_source(pd.DataFrame({name: [1]}), table="t")
    assert source.rows([name], at_most=1).iloc[0, 0] == 1


def test_upper_case_answers_of_a_warehouse_come_back_in_small_letters():
    source = Source("t", frozenset({"n"}), lambda _: pd.DataFrame({"N": [1]}))
    assert source.ask("select 1 as n").columns.tolist() == ["n"]
    assert source.rows(["n"], at_most=1).columns.tolist() == ["n"]


def test_sources_on_one_connection_can_be_joined():
    engine = duckdb.connect()
    left = duckdb_source(FRAME, table="a", connection=engine)
    duckdb_source(FRAME, table="b", connection=engine)
    found = left.ask("select count(*) as n from a join b on a.store = b.store")
    assert int(found["n"][0]) == 2


@pytest.mark.parametrize("table", ["Answers", "a b", "select", "1a", ""])
def test_a_table_name_must_be_plain(table):
    with pytest.raises(InputError) as caught:
        duckdb_source(FRAME, table=table)
    assert str(caught.value) == f"table must be a plain name in small letters, got {table!r}"


def test_a_file_source_must_exist_and_be_csv_or_parquet(tmp_path):
    with pytest.raises(InputError) as caught:
        duckdb_source(tmp_path / "a.xlsx", table="t")
    assert str(caught.value) == "a file source must be one of .parquet, .csv, got '.xlsx'"
    with pytest.raises(DataError) as missing:
        duckdb_source(tmp_path / "a.csv", table="t")
    assert str(missing.value).startswith("file not found: ")
