"""cxlib.data.open: all tables of an engagement, or all that is wrong with them, at once."""

import dataclasses
import hashlib
import time
from types import SimpleNamespace

import pandas as pd
import pytest
import xlsxwriter

from cxlib.data import ContractError, open_data
from cxlib.data.open import _problem
from cxlib.errors import DataError

TOUCHPOINTS = {"touchpoint": frozenset({"delivery", "enquiry_chat"})}
GOOD = "answer_id,touchpoint,answered_at,nps,store,comment,phone\n" + "".join(
    f"A{i},delivery,2026-01-0{i} 10:00:00,{i},{'S1' if i % 2 else ''},好,91234567\n"
    for i in range(1, 5)
)


@dataclasses.dataclass
class Spec:
    """What engagement.yml says about one table."""

    file: str
    encoding: str | None = None
    sheet: str | None = None
    reader: str = "auto"
    columns: dict = dataclasses.field(default_factory=dict)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "answers.csv").write_text(GOOD, encoding="utf-8")
    (tmp_path / "stores.csv").write_text("store,opened_on\nS1,2019-05-01\nS2,2020-01-01\n")
    return tmp_path


def open_tables(folder, needs=(), known=TOUCHPOINTS, **files):
    specs = {name: file if isinstance(file, Spec) else Spec(file) for name, file in files.items()}
    return open_data(specs, folder=folder, needs=needs, known=known)


def test_open_tables_can_be_asked_and_joined(folder):
    data = open_tables(folder, answers="answers.csv", stores="stores.csv")
    assert list(data) == ["answers", "stores"]
    assert ("answers" in data, "cases" in data, len(data)) == (True, False, 2)
    joined = data["answers"].ask(
        "select count(*) as n from answers join stores on answers.store = stores.store"
    )
    assert int(joined["n"][0]) == 2


def test_the_audit_tells_what_was_read(folder):
    audit = open_tables(folder, answers="answers.csv").audit["answers"]
    content = (folder / "answers.csv").read_bytes()
    assert audit.sha256 == hashlib.sha256(content).hexdigest()
    assert (audit.file, audit.encoding, audit.reader) == ("answers.csv", "utf-8", "csv")
    assert (audit.n_rows, audit.n_columns, audit.unused_columns) == (4, 6, ("phone",))
    assert audit.missing_share["store"] == 0.5
    assert audit.missing_share["nps"] == 0.0
    assert (audit.first_date, audit.last_date) == (
        pd.Timestamp(2026, 1, 1, 10),
        pd.Timestamp(2026, 1, 4, 10),
    )
    assert audit.notes == ()


def test_columns_no_measure_asks_for_never_reach_the_engine(folder):
    """A phone number that nobody needs is best not held."""
    data = open_tables(folder, answers="answers.csv")
    assert "phone" not in data["answers"].columns


def test_a_column_that_looks_misspelt_is_noted(folder):
    (folder / "answers.csv").write_text(GOOD.replace("comment", "commnet"), encoding="utf-8")
    audit = open_tables(folder, answers="answers.csv").audit["answers"]
    assert audit.notes == ("column commnet is not used; it may be comment",)


@pytest.mark.parametrize(("top", "noted"), [(5, True), (6, False)])
def test_an_effort_scale_whose_upper_end_nobody_uses_is_noted(folder, top, noted):
    """100 answers, none above 5 of 7: likely the older question of 1 to 5."""
    rows = "".join(f"A{i},delivery,2026-01-05,{i % top + 1}\n" for i in range(100))
    (folder / "answers.csv").write_text("answer_id,touchpoint,answered_at,ces\n" + rows)
    audit = open_tables(folder, answers="answers.csv").audit["answers"]
    text = "no ces answer is above 5 of 7; it may be CES-v1, which has 5"
    assert audit.notes == ((text,) if noted else ())


def test_only_what_is_needed_is_read(folder):
    data = open_tables(folder, needs=["stores"], answers="absent.csv", stores="stores.csv")
    assert list(data) == ["stores"]


def test_every_problem_of_every_file_comes_in_one_error(folder):
    """Five different files are wrong in five different ways; one run tells all."""
    (folder / "answers.csv").write_text(
        GOOD + "A1,enquiry_chta,05/01/2026,11,S9,x,\n", encoding="utf-8"
    )
    (folder / "orders.csv").write_text("order_id,customer_id\nO1,C1\n")
    (folder / "cases.csv").write_bytes(b"")
    with xlsxwriter.Workbook(folder / "costs.xlsx") as book:
        book.add_worksheet("2026").write_row(0, 0, ["initiative"])
    with pytest.raises(ContractError) as caught:
        open_tables(
            folder,
            needs=["answers", "stores", "orders", "cases", "costs", "events", "anwsers"],
            answers="answers.csv",
            stores="stores.csv",
            orders="orders.csv",
            cases="cases.csv",
            costs=Spec("costs.xlsx", sheet="2025"),
        )
    header = "map it under columns in engagement.yml; the file has order_id, customer_id"
    assert [str(problem) for problem in caught.value.problems] == [
        "engagement.yml, tables: the table events is needed; add events: with its file to tables",
        "engagement.yml, tables: found anwsers; must be a known table; did you mean answers",
        "cases.csv: found 0 bytes; the file must hold a table; export the table again",
        "costs.xlsx, sheet: found 2025; must be one of 2026; did you mean 2026",
        (
            "answers.csv, row 6, column answer_id: found A1; must appear only once; "
            "remove the repeat of row 2"
        ),
        (
            "answers.csv, row 6, column touchpoint: found enquiry_chta; "
            "must be a touchpoint of the engagement; did you mean enquiry_chat"
        ),
        (
            "answers.csv, row 6, column store: found S9; must be a store of the engagement; "
            "correct the value or add the store to the engagement"
        ),
        (
            "answers.csv, row 6, column answered_at: found 05/01/2026; "
            "must be a time as YYYY-MM-DD HH:MM:SS; write the year first"
        ),
        (
            "answers.csv, row 6, column nps: found 11; must be 0 to 10; "
            "correct the value or leave it empty"
        ),
        f"orders.csv, row 1, column ordered_at: the column must exist; {header}",
        f"orders.csv, row 1, column amount_hkd: the column must exist; {header}",
    ]
    assert str(caught.value).splitlines()[0] == "the client's tables have 11 problems"
    assert caught.value.violations["file"].tolist() == ["answers.csv"] * 5 + ["orders.csv"] * 2
    assert caught.value.exit_code == 2


def test_a_breach_of_thousands_of_rows_shows_a_few_and_counts_the_rest(folder):
    """5,000 times the same wrong date and one NPS of 11: the second must not drown."""
    rows = "".join(f"A{i},delivery,05/01/2026,{11 if i == 4000 else 9}\n" for i in range(5000))
    (folder / "answers.csv").write_text("answer_id,touchpoint,answered_at,nps\n" + rows)
    with pytest.raises(ContractError) as caught:
        open_tables(folder, answers="answers.csv")
    assert str(caught.value).splitlines()[0] == (
        "the client's tables have 5,001 problems; 4 are shown, 4,997 more are like them: "
        "cx check --csv FILE writes all"
    )
    assert [problem.where for problem in caught.value.problems] == [
        "row 2, column answered_at",
        "row 3, column answered_at",
        "row 4, column answered_at",
        "row 4002, column nps",
    ]
    assert len(caught.value.violations) == 5001


def test_stores_are_checked_against_the_stores_table_even_if_only_answers_are_needed(folder):
    (folder / "answers.csv").write_text(GOOD.replace("S1", "S7"), encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        open_tables(folder, needs=["answers"], answers="answers.csv", stores="stores.csv")
    assert caught.value.problems[0].rule == "must be a store of the engagement"


def test_one_problem_is_one_problem(folder):
    with pytest.raises(DataError) as caught:
        open_tables(folder, answers="anwsers.csv")
    assert str(caught.value) == (
        "the client's tables have 1 problem\n"
        "  anwsers.csv: the file must exist; did you mean answers.csv"
    )


def test_a_table_that_was_not_opened_is_named_with_those_that_were(folder):
    data = open_tables(folder, stores="stores.csv")
    with pytest.raises(DataError) as caught:
        data["answers"]
    assert str(caught.value) == "table answers is not open; this engagement opened stores"
    assert data.get("answers") is None
    assert data.get("stores") is data["stores"]


def test_five_megabytes_open_in_two_seconds(folder):
    """The house promises five megabytes in under two seconds of work."""
    rows = "".join(
        f"A{i},delivery,2026-01-{i % 28 + 1:02d} 10:{i % 60:02d}:00,{i % 11},S1,送貨好快多謝晒\n"
        for i in range(75_000)
    )
    header = "answer_id,touchpoint,answered_at,nps,store,comment\n"
    (folder / "answers.csv").write_text(header + rows, encoding="utf-8")
    assert (folder / "answers.csv").stat().st_size > 4_500_000
    started = time.process_time()
    open_tables(folder, answers="answers.csv", stores="stores.csv")
    assert time.process_time() - started < 2.0


@pytest.mark.parametrize("letter", ["好", "x"])
def test_a_long_value_without_spaces_is_still_named_by_its_start(letter):
    """Chinese has no spaces: a cut at words alone would leave nothing of it."""
    row = SimpleNamespace(file="a.csv", row=2, column="c", value=letter * 200, rule="r", remedy="m")
    assert _problem(row).value == letter * 60 + " …"


def test_a_short_value_is_named_whole_on_one_line():
    row = SimpleNamespace(file="a.csv", row=2, column="c", value="one\ntwo", rule="r", remedy="m")
    assert _problem(row).value == "one two"
