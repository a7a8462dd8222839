# ruff: noqa: E501  (messages stand whole)
"""A client's tables in PostgreSQL: the same questions and notebooks, and clear words if not."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from cases import CASES, same
from postgres_sample import engagement_in_postgres, load_sample, place_of
from postgres_server import PASSWORD

from cxlib.data.engine_tables import fingerprints, open_tables_in_engine
from cxlib.data.engines import open_engine
from cxlib.data.open import ContractError
from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError, CxError, DataError
from cxlib.run.runner import Options, run_workbook
from cxlib.run.workbook import open_tables

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
BLOCK = "application/vnd.cx.block+json"
RUN = ("01_diagnosis", "05_kpi_tracking")


@pytest.fixture(scope="module")
def client(postgres):
    """The server with the sample's tables."""
    load_sample(postgres, SAMPLE / "data")
    return postgres


@pytest.fixture(scope="module")
def engagement(client, tmp_path_factory):
    """An engagement file over these tables; its address is in the environment."""
    before = os.environ.get("CX_DATABASE")
    os.environ["CX_DATABASE"] = client.address()
    folder = tmp_path_factory.mktemp("client") / "harbour_home"
    yield load_engagement(engagement_in_postgres(SAMPLE, folder))
    os.environ.pop("CX_DATABASE")
    if before is not None:
        os.environ["CX_DATABASE"] = before


@pytest.fixture(scope="module")
def there(engagement):
    return open_tables(engagement, tuple(engagement.tables))


@pytest.fixture(scope="module")
def here():
    sample = load_engagement(SAMPLE)
    return open_tables(sample, tuple(sample.tables))


@pytest.fixture
def engine(client):
    session = open_engine("postgres", client.address())
    yield session
    session.close()


@pytest.mark.parametrize("question", CASES)
def test_a_question_has_the_answer_it_has_on_files(question, there, here, monkeypatch):
    """DuckDB's answers are held against plain pandas in tests/data.

    What is taken off values before they are squared is the mean of some rows, which rows lie first
    differs; here it is the mean of all, so that the sums themselves can be compared.
    """
    monkeypatch.setattr("cxlib.data.query.ROWS_FOR_SHIFT", 1_000_000)
    same(CASES[question](there), CASES[question](here))


def test_the_audit_is_that_of_the_files(there, here):
    for name, file in here.audit.items():
        found = there.audit[name]
        assert (found.n_rows, found.n_columns) == (file.n_rows, file.n_columns)
        assert found.missing_share == pytest.approx(file.missing_share)
        assert (found.first_date, found.last_date) == (file.first_date, file.last_date)
        assert found.file == f"postgres: {place_of(name)}"


def blocks(folder, notebook):
    executed = json.loads((folder / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))
    found = [
        output["data"][BLOCK]
        for cell in executed["cells"]
        for output in cell.get("outputs", ())
        if BLOCK in output.get("data", {})
    ]
    said = [json.loads(b) if isinstance(b, str) else b for b in found]
    return {b["key"]: b["html"] for b in said if b["role"] != "provenance"}


@pytest.mark.notebooks
@pytest.mark.timeout(600)
def test_notebooks_print_what_they_print_on_files(engagement, full_run, client, tmp_path):
    options = Options(notebooks=RUN, languages=("en",), formats=("html",), out=tmp_path)
    shutil.copy(full_run.engagement / "ledger.json", engagement.folder)  # 05 reads targets there
    folder = run_workbook(engagement.path, options)
    for notebook in RUN:
        found, expected = blocks(folder, notebook), blocks(full_run.folder, notebook)
        assert list(found) == list(expected)
        differing = {
            key for key, html in expected.items() if without_hash(found[key]) != without_hash(html)
        }
        assert not differing
    kept = [p for f in (folder, engagement.folder) for p in f.rglob("*") if p.is_file()]
    assert kept
    assert not [p for p in kept if PASSWORD.encode() in p.read_bytes()]
    assert client.do("select relname from pg_class where relowner = 'reader'::regrole") == []
    again = run_workbook(engagement.path, options)
    run = json.loads((again / "run.json").read_text(encoding="utf-8"))
    assert "reader" not in json.dumps(run)
    assert set(run["reused"]) == set(RUN)


def without_hash(html):
    """The fingerprint of the baselines' data is another, since the data lie elsewhere."""
    return {language: re.sub(r"\b[0-9a-f]{16}\b", "", text) for language, text in html.items()}


def test_fingerprints_follow_the_content_and_nothing_else(client, engagement, engine):
    tables = {name: engagement.tables[name] for name in ("stores", "costs")}

    def taken():
        return fingerprints(tables, engine=engine, ces_version="v2")

    before = taken()
    assert taken() == before
    client.do("create table moved as select * from costs order by amount_hkd desc")
    client.do("delete from costs", "insert into costs select * from moved")
    assert taken() == before
    client.do("update stores set area_sqft = area_sqft + 1 where store = 'S01'")
    after = taken()
    assert (after["costs"], after["stores"]) != (before["costs"], before["stores"])
    assert after["costs"] == before["costs"]
    client.do("update stores set area_sqft = area_sqft - 1 where store = 'S01'", "drop table moved")
    assert taken() == before


def test_a_table_too_large_to_read_through_counts_as_changed(engagement, engine, monkeypatch):
    monkeypatch.setattr("cxlib.data.engine_tables.FINGERPRINTED_ROWS", 10)
    tables = {"costs": engagement.tables["costs"]}
    one, other = (fingerprints(tables, engine=engine, ces_version="v2") for _ in range(2))
    assert one != other


def test_a_file_beside_the_tables_needs_a_temporary_table(client, tmp_path):
    path = engagement_in_postgres(SAMPLE, tmp_path / "mixed", files=("costs", "stores"))
    mixed = load_engagement(path)
    with pytest.raises(DataError, match="grant temporary on the database to the user"):
        open_tables(mixed, ("orders", "costs"))
    client.do("grant temporary on database client to reader")
    try:
        data = open_tables(mixed, ("orders", "costs", "stores"))
    finally:
        client.do("revoke temporary on database client from reader")
    joined = data["orders"].ask(
        "select count(*) as n from orders as o join stores as s on s.store = o.store"
    )
    plain = client.do("select count(*) from shop.orders where store is not null")
    assert int(joined["n"][0]) == plain[0][0]
    assert len(data["costs"].rows(["amount_hkd"], at_most=100)) == 28


@pytest.mark.parametrize(
    "sql",
    ["create table mine (a int)", "update stores set district = 'x'", "drop table stores",
     "create temporary table mine (a int)"],
)  # fmt: skip
def test_the_session_cannot_write(client, sql):
    """Not even as the tables' owner."""
    session = open_engine("postgres", client.address("owner"))
    with pytest.raises(DataError, match="in a read-only transaction"):
        session.run(sql)
    session.close()


def test_moments_are_read_on_the_clock_of_hong_kong(engine):
    found = engine.run(
        "select timestamptz '2026-01-01 00:30:00+00' as at, date '2026-01-02' as on_"
    )
    assert [str(found[name][0]) for name in found] == ["2026-01-01 08:30:00", "2026-01-02 00:00:00"]
    assert {str(kind) for kind in found.dtypes} == {"datetime64[us]"}


def test_text_sorts_by_code_point_whatever_the_database_does(client, engine):
    client.do("create table words (answer_id text)", "grant select on words to reader",
              "insert into words values ('a'), ('B'), ('_'), ('é'), ('Z')")  # fmt: skip
    rows = client.do("select answer_id from words order by 1")
    assert [row[0] for row in rows] == ["_", "a", "B", "é", "Z"]  # a language's order
    engine.view("answers", 'select answer_id collate "C" as answer_id from public.words')
    found = engine.run("select answer_id from answers order by 1")
    assert list(found["answer_id"]) == ["B", "Z", "_", "a", "é"]
    client.do("drop table words")


WRONG = """
create table wrong (answer_id int, touchpoint text, "When" text, nps smallint, csat numeric,
                    ces text, store text, channel text, ces_version text);
"""
ROWS = """
insert into wrong values
 (1, 'delivery', '2026-01-05 10:00:00', 11, 4, '5', 'S01', 'online', null),
 (1, 'delivery', '2026-02-30', 10, 4.5, 'five', 'S99', 'phone', 'v1'),
 (2, 'delivry', '05/01/2026', -1, 'NaN', '4.5', null, 'Online', 'v2'),
 (3, ' ', '2026-01-05T10:00', 12, 6, '8', 'S01', 'online', null),
 (4, 'delivery', null, 99, 1, '7.0', '', 'online', null)
"""


def test_all_breaches_of_a_contract_are_told_with_counts_and_keys(client, engine, tmp_path):
    client.do(WRONG, ROWS, "grant select on wrong to reader")
    spec = load_engagement(engagement_in_postgres(SAMPLE, tmp_path / "e")).tables["answers"]
    tables = {"answers": spec.model_copy(
        update={"table": "wrong", "columns": {"answered_at": "When"}}
    )}  # fmt: skip
    known = {"touchpoint": frozenset({"delivery", "enquiry_chat"}), "store": frozenset({"S01"})}
    with pytest.raises(ContractError) as caught:
        open_tables_in_engine(tables, engine=engine, folder=tmp_path, known=known)
    client.do("drop table wrong")
    assert [str(problem).removeprefix("wrong, column ") for problem in caught.value.problems] == [
        "touchpoint: found nothing (answer_id 3); must not be empty; fill it in or remove the row",
        (
            "touchpoint: found delivry (answer_id 2); must be a touchpoint of the engagement; "
            "did you mean delivery"
        ),
        (
            "channel: found phone (answer_id 1), Online (answer_id 2); must be one of online, "
            "offline, hybrid; correct the value"
        ),
        (
            "store: found S99 (answer_id 1); must be a store of the engagement; "
            "correct the value or add the store to the engagement"
        ),
        "answered_at: found nothing (answer_id 4); must not be empty; fill it in or remove the row",
        (
            "answered_at: found 2026-02-30 (answer_id 1), 05/01/2026 (answer_id 2); must be a time as "
            "YYYY-MM-DD HH:MM:SS; write the year first"
        ),
        (
            "nps: found 11 (answer_id 1), -1 (answer_id 2), 12 (answer_id 3), 1 more; "
            "must be 0 to 10; correct the value or leave it empty"
        ),
        (
            "csat: found 4.5 (answer_id 1), NaN (answer_id 2); must be a whole number; "
            "correct the value or leave it empty"
        ),
        "csat: found 6 (answer_id 3); must be 1 to 5; correct the value or leave it empty",
        (
            "ces: found five (answer_id 1), 4.5 (answer_id 2); must be a whole number; "
            "correct the value or leave it empty"
        ),
        "ces: found 8 (answer_id 3); must be 1 to 7; correct the value or leave it empty",
        (
            "ces_version: found v1 (answer_id 1); must be v2 like the engagement; the two versions "
            "are never mixed; leave the ces of the other version empty"
        ),
        "answer_id: found 1 (in 2 rows); must appear only once; remove the repeat",
    ]
    assert len(caught.value.violations) == 19


def problems_of(engagement, tables, **changes):
    specs = dict(engagement.tables)
    for name, change in changes.items():
        specs[name] = specs[name].model_copy(update=change)
    changed = engagement.model_copy(update={"tables": specs})
    with pytest.raises(CxError) as caught:
        open_tables(changed, tables)
    return [str(problem) for problem in getattr(caught.value, "problems", ())] or [
        str(caught.value)
    ]


def test_what_is_absent_or_of_another_type_is_named_with_what_is_there(engagement, client):
    client.do("create view costs_seen as select initiative, paid_on::text as kind, "
              "amount_hkd > 0 as amount_hkd from costs",
              "grant select on costs_seen to reader")  # fmt: skip
    said = problems_of(
        engagement, ("costs", "answers", "orders", "events"),
        costs={"table": "costs_seen"}, answers={"table": "public.answer"},
        orders={"columns": {"amount_hkd": "amount"}}, events={"table": "drop table events"},
    )  # fmt: skip
    client.do("drop view costs_seen")
    assert said == [
        (
            "costs_seen, column amount_hkd: found type boolean; must be a column of numbers; "
            "map another column, or let a view convert it"
        ),
        (
            "costs_seen, column paid_on: the column must exist; map it under columns in "
            "engagement.yml; the table has initiative, kind, amount_hkd"
        ),
        (
            "costs_seen, column kind: found 2026-01-09 (initiative coaching), 2026-01-23 (initiative "
            "coaching), 2026-01-30 (initiative coaching), 25 more; must be one of one_off, recurring; "
            "correct the value"
        ),
        (
            "engagement.yml, tables.answers.table: found public.answer; must be a table in postgres; "
            "did you mean answers"
        ),
        (
            "shop.orders, column amount_hkd: found amount; the mapped column must exist; "
            "did you mean amount_hkd"
        ),
        (
            "engagement.yml, tables.events.table: found drop table events; table must be name, "
            "schema.name or catalog.schema.name in letters, digits and _, got 'drop table events'; "
            "correct it"
        ),
    ]


def test_a_table_without_the_right_to_read_it_says_what_to_grant(client, engagement):
    client.do("create table closed (initiative text)")
    (said,) = problems_of(engagement, ("costs",), costs={"table": "closed"})
    client.do("drop table closed")
    assert said == (
        "PostgreSQL refuses: permission denied for table closed; grant usage on the schema and "
        "select on the table to the user of the address"
    )


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (("postgresql", "mysql"), ConfigError, "must begin with postgresql://"),
        ((PASSWORD, "s3cret"), DataError, "the server refuses this user or password"),
        (("/client", "/clinet"), DataError, "the server has no such database"),
        (("127.0.0.1:{port}", "127.0.0.1:1"), DataError, "127.0.0.1:1 cannot be used: no server"),
        (("127.0.0.1", "nowhere.invalid"), DataError, "no machine has this name"),
        ((PASSWORD, "s3cret@cr@zy"), ConfigError, "write special characters of the password as %"),
        ((PASSWORD, "s3cret/cr"), DataError, "write special characters of the password as %"),
    ],
)
def test_an_address_that_does_not_work_is_told_without_the_password(client, change, error, said):
    old, new = (part.format(port=client.port) for part in change)
    with pytest.raises(error) as caught:
        open_engine("postgres", client.address().replace(old, new))
    assert said in str(caught.value)
    assert not any(word in str(caught.value) for word in ("s3cret", PASSWORD))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    with pytest.raises(ConfigError) as caught:
        open_engine("postgres", "postgresql://a@b/c")
    assert str(caught.value) == (
        "tables in postgres need the package adbc_driver_postgresql, which is not installed; "
        'install the extra: pip install "cx-workbook[postgres]"'
    )


def test_a_connection_that_dies_in_the_middle_says_so(client):
    session = open_engine("postgres", client.address())
    (number,) = session.run("select pg_backend_pid() as n")["n"]
    client.do(f"select pg_terminate_backend({number})")
    with pytest.raises(DataError, match="the connection to PostgreSQL ended"):
        session.run("select 1 as a")
    session.close()
