# ruff: noqa: E501, S608  (messages stand whole; the SQL is of our own columns)
"""Tables in an engine, on DuckDB: the contract by SQL says what the contract of files says."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.contract import check
from cxlib.data.convert import to_flags, to_integers, to_numbers, to_times
from cxlib.data.engine_columns import lay_out
from cxlib.data.engine_contract import scan
from cxlib.data.engine_tables import open_tables_in_engine
from cxlib.data.engines import open_engine, parts_of
from cxlib.data.grid import RawTable
from cxlib.data.tables import TABLE_NAMES, table_contract
from cxlib.engagement import load_engagement
from cxlib.engagement.schema import Table
from cxlib.errors import ConfigError, DataError, InputError
from cxlib.run.workbook import open_tables

KNOWN = {
    "touchpoint": frozenset({"delivery", "enquiry_chat"}), "store": frozenset({"S1", "S2"}),
    "initiative": frozenset({"coaching"}), "experiment": frozenset({"reply"}),
    "arm": frozenset({"control", "treatment"}),
}  # fmt: skip
CELLS = {
    "int": ["0", "1", "3", "5", "7", "9", "12", "-1", "4.0", "4.5", "x", None],
    "number": ["0", "0.5", "1", "100", "-3", "4.25", "nan", "1.2.3", None],
    "flag": ["0", "1", "true", "No", "是", "2", "maybe", None],
    "date": ["2026-01-05", "2026-02-30", "2026-01-06 10:00:00", "05/01/2026", "1850-01-01", None],
    "datetime": ["2026-01-05 10:00:00", "2026-01-05", "2026-01-05T09:30", "2026-13-01",
                 "2024-02-29 23:59:59", "2023-02-29", "2026-01-05 24:00:00", None],
}  # fmt: skip


def messy(contract, n_rows, seed):
    """A table as text in which every rule of the contract is broken somewhere."""
    rng = np.random.default_rng(seed)
    columns = {}
    for column in contract.columns:
        if column.unique:
            cells = [f"K{n}" for n in rng.integers(0, n_rows * 3, n_rows)]
        elif column.kind != "text":
            cells = list(rng.choice(np.array(CELLS[column.kind], dtype=object), n_rows))
        elif column.name == "quarter":
            cells = list(
                rng.choice(np.array(["2026Q1", "2026Q5", "Q1", None], dtype=object), n_rows)
            )
        elif column.name == "ces_version":
            cells = list(rng.choice(np.array(["v1", "v2", None], dtype=object), n_rows))
        else:
            good = [*column.allowed, *sorted(KNOWN.get(column.references, {"word"}))]
            cells = list(rng.choice(np.array([*good, "Other", None], dtype=object), n_rows))
        columns[column.name] = pd.array(cells, dtype="str")
    return pd.DataFrame(columns, index=pd.RangeIndex(2, n_rows + 2, name="row"))


def engine_over(folder, frame):
    """An engine whose one table `t` is the frame."""
    with duckdb.connect(str(folder / "client.duckdb")) as session:
        session.register("arriving", frame)
        session.execute("create table t as select * from arriving")
    return open_engine("duckdb", str(folder / "client.duckdb"))


@pytest.mark.parametrize("ces_version", ["v1", "v2"])
@pytest.mark.parametrize("name", TABLE_NAMES)
def test_sql_finds_the_breaches_that_the_check_of_files_finds(name, ces_version, tmp_path):
    """Per column and rule the same number of rows; a repeat is counted by key, not by row."""
    contract = table_contract(name, ces_version=ces_version)
    frame = messy(contract, 60, seed=len(name))
    by_pandas = check(RawTable(table_name=name, frame=frame, file="x"), contract, known=KNOWN)
    engine = engine_over(tmp_path, frame)
    layout = lay_out(engine, name, "t", contract, columns={})
    by_sql = scan(engine, layout, known=KNOWN)
    assert not layout.problems
    assert by_sql.n_rows == 60
    once = ("must appear only once", "must appear only once together")
    violations = by_pandas.violations
    counts = violations[~violations["rule"].isin(once)].groupby(["column", "rule"]).size().to_dict()
    assert counted(by_sql, once) == counts
    repeats = {column for column, rule in broken(by_sql) if rule in once}
    assert repeats == set(violations.loc[violations["rule"].isin(once), "column"])
    engine.close()


def broken(found):
    return {(p.where.removeprefix("column "), p.rule): p.value for p in found.problems}


def counted(found, without):
    """Rows shown plus the "5 more" of each rule."""
    counts = {}
    for (column, rule), value in broken(found).items():
        if rule not in without:
            shown = found.violations.query("column == @column and rule == @rule")
            more = value.rpartition(", ")[2]
            n_more = int(more.removesuffix(" more")) if more.endswith(" more") else 0
            counts[column, rule] = len(shown) + n_more
    return counts


READINGS = {
    "int": (to_integers, ["5", "-5", "5.0", "5.", ".0", "007", "5.5", "", "-", ".", "--5", "5-", "x5",
                          " 6 ", "123456789012345", "1 2", None]),
    "number": (to_numbers, ["5", "-5.25", ".5", "5.", "1.2.3", "-", "-.", "abc", "0.000", "5-3",
                            "0012.50", None]),
    "flag": (to_flags, ["0", "1", "TRUE", "False", "yes", "NO", "y", "n", "是", "否", "1.0", "2",
                        "ja", None]),
    "datetime": (to_times, ["2026-01-05 10:00:00", "2026-01-05", "2026-01-05T10:00:00",
                            "2026-01-05 10:00", "2026-02-28", "2026-02-29", "2024-02-29",
                            "2000-02-29", "2100-02-29", "2026-04-31", "2026-00-10", "2026-01-00",
                            "2026-01-05 24:00:00", "2026-01-05 23:60:00",
                            "1900-12-31", "2101-01-01", "05-01-2026", "20260105", None]),
}  # fmt: skip


@pytest.mark.parametrize("kind", READINGS)
def test_text_is_read_as_in_files(kind, tmp_path):
    """Against cxlib.data.convert, which reads the cells of files."""
    read, cells = READINGS[kind]
    text = pd.Series(pd.array([(c or "").strip() or None for c in cells], dtype="str"))
    expected, bad = read(text)
    column = next(
        c for name in TABLE_NAMES for c in table_contract(name).columns
        if c.kind == kind and not c.required and c.minimum is None
    ) if kind in {"number", "flag", "datetime"} else table_contract("answers").columns[9]  # fmt: skip
    engine = engine_over(
        tmp_path, pd.DataFrame({column.name: pd.array(cells, dtype="str"), "at": range(len(cells))})
    )
    owner = next(n for n in TABLE_NAMES if column in table_contract(n).columns)
    layout = lay_out(engine, owner, "t", table_contract(owner), columns={})
    (cell,) = (cell for cell in layout.cells if cell.name == column.name)
    found = engine.run(
        f'select {cell.value} as v, case when {cell.wrong} then 1 else 0 end as w from client.t order by "at"'
    )
    assert list(found["w"] == 1) == list(bad)
    if kind == "datetime":
        pd.testing.assert_series_equal(found["v"], expected, check_names=False, check_dtype=False)
    else:
        np.testing.assert_allclose(
            found["v"].astype("float64"),
            expected.astype("Float64").to_numpy(float, na_value=np.nan),
        )
    engine.close()


def test_every_rule_across_columns_is_written_for_both():
    for version in ("v1", "v2"):
        for name in TABLE_NAMES:
            assert all(rule.breaks for rule in table_contract(name, ces_version=version).row_rules)


@pytest.fixture
def database(tmp_path):
    """A DuckDB file of a client: names of their own, and a schema."""
    path = tmp_path / "client.duckdb"
    with duckdb.connect(str(path)) as session:
        session.execute("create schema crm")
        session.execute(
            "create table crm.answers as select 'A' || n as ID, 'delivery' as touchpoint, "
            "timestamp '2026-01-05 10:00:00' + n * interval 1 day as answered_at, n % 11 as NPS, "
            "case when n % 2 = 0 then 'S1' end as store from range(40) as r(n)"
        )
        session.execute("create table stores as select 'S1' as store, true as coaching")
    return path


def tables(**changes):
    found = {
        "answers": Table(table="crm.answers", columns={"answer_id": "id"}),
        "stores": Table(table="stores"),
    }
    return found | changes


def test_a_duckdb_file_is_opened_for_reading_and_its_tables_join(database, tmp_path):
    before = database.read_bytes()
    engine = open_engine("duckdb", str(database))
    data = open_tables_in_engine(tables(), engine=engine, folder=tmp_path, known=KNOWN)
    joined = data["answers"].ask(
        "select count(*) as n, max(nps) as top from answers join stores on answers.store = stores.store"
    )
    assert joined.iloc[0].tolist() == [20, 10]
    audit = data.audit["answers"]
    assert (audit.file, audit.n_rows, audit.n_columns) == ("duckdb: crm.answers", 40, 5)
    assert audit.missing_share == {
        "answer_id": 0.0, "touchpoint": 0.0, "store": 0.5, "answered_at": 0.0, "nps": 0.0
    }  # fmt: skip
    assert (str(audit.first_date), str(audit.last_date)) == (
        "2026-01-05 10:00:00", "2026-02-13 10:00:00"
    )  # fmt: skip
    with pytest.raises(DataError, match="duckdb refuses a question"):
        engine.run("delete from client.stores")
    engine.close()
    assert database.read_bytes() == before


def test_a_file_beside_a_database_joins_its_tables(database, tmp_path):
    (tmp_path / "stores.csv").write_text("store,area_sqft\nS1,900\n")
    engine = open_engine("duckdb", str(database))
    data = open_tables_in_engine(
        tables(stores=Table(file="stores.csv")), engine=engine, folder=tmp_path, known=KNOWN
    )
    joined = data["stores"].ask(
        "select sum(s.area_sqft) as n from answers as a join stores as s on s.store = a.store"
    )
    assert joined["n"][0] == 20 * 900
    engine.close()


@pytest.mark.parametrize("name", ["a b", "a;b", "a.b.c.d", "1a", "", 'a"b', "a'b"])
def test_a_name_that_is_none_never_reaches_sql(name):
    with pytest.raises(InputError, match=r"table must be name, schema\.name or catalog"):
        parts_of(name)


def test_a_table_of_another_name_and_an_unknown_kind_offer_what_there_is(database, tmp_path):
    engine = open_engine("duckdb", str(database))
    with pytest.raises(DataError) as caught:
        open_tables_in_engine(
            tables(stores=Table(table="store")), engine=engine, folder=tmp_path, known=KNOWN
        )
    assert [str(problem) for problem in caught.value.problems] == [
        (
            "engagement.yml, tables.stores.table: found store; must be a table in duckdb; "
            "did you mean stores"
        )
    ]
    engine.close()
    with pytest.raises(
        InputError, match="kind must be one of duckdb, postgres, spark, got 'oracle'"
    ):
        open_engine("oracle", "")
    with pytest.raises(ConfigError, match="must name a DuckDB database file"):
        open_engine("duckdb", str(tmp_path / "none.duckdb"))


ENGINE = "engine: {kind: duckdb, address: '${CX_DATABASE}'}\n"
PLACE = "answers: {file: data/answers.csv}"


def said_of(engagement, *changes):
    path = engagement / "engagement.yml"
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_engagement(path)
    return [str(problem).partition(", ")[2].partition(", ")[2] for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([(PLACE, "answers: {table: crm.answers}")],
         ("tables.answers.table: found crm.answers; a table that is no file lies in an engine, and "
         "the file names none; add engine: with kind and address, or write file:")),
        ([(PLACE, "answers: {table: a, file: b}")],
         ("tables.answers: a table needs file:, or table: for one in the engine, and not both; "
         "correct the value")),
        ([(PLACE, "answers: {}")],
         ("tables.answers: a table needs file:, or table: for one in the engine, and not both; "
         "correct the value")),
        ([("tables:\n", ENGINE + "tables:\n"), (PLACE, "answers: {table: a, encoding: big5}")],
         ("tables.answers: encoding, sheet and reader say how a file is read; table: has none; "
         "correct the value")),
        ([("tables:\n", ENGINE.replace("${CX_DATABASE}", "postgresql://u:hush@h/d") + "tables:\n")],
         ("engine.address: an address may hold a password, so the file names an environment "
         'variable: address: "${CX_DATABASE}"; correct the value')),
        ([("tables:\n", "engine: postgresql://u:hush@h/d\ntables:\n")],
         "engine: must hold the keys kind, address; write each key with its value"),
        ([("tables:\n", ENGINE.replace("duckdb", "mysql") + "tables:\n")],
         ("engine.kind: found 'mysql'; must be one of duckdb, postgres, spark; "
         "use one of: duckdb, postgres, spark")),
    ],
)  # fmt: skip
def test_an_engine_part_that_cannot_work_says_why(engagement, changes, said):
    found = said_of(engagement, *changes)
    assert found == [said]
    assert "hush" not in str(found)


def test_an_address_not_in_the_environment_is_asked_for(engagement, monkeypatch):
    monkeypatch.delenv("CX_DATABASE", raising=False)
    path = engagement / "engagement.yml"
    text = path.read_text(encoding="utf-8").replace("tables:\n", ENGINE + "tables:\n", 1)
    path.write_text(text.replace(PLACE, "answers: {table: a}"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        open_tables(load_engagement(path), ("answers",))
    assert [str(problem) for problem in caught.value.problems] == [
        (
            "engagement.yml, engine.address: found ${CX_DATABASE}; the environment variable "
            "CX_DATABASE must hold the address of the tables, and it is not set; set it before cx "
            "runs: export CX_DATABASE=/path/to/tables.duckdb"
        )
    ]
