"""cxlib.data.contract: every breach at once, with the row a person sees, and typed columns."""

import time

import numpy as np
import pandas as pd
import pytest

from cxlib.data.contract import Column, RowRule, TableContract, check
from cxlib.data.grid import RawTable


def raw(rows, *, first_row=2, **columns):
    frame = pd.DataFrame(
        {name: pd.array(cells, dtype="str") for name, cells in columns.items()},
        index=pd.RangeIndex(first_row, first_row + rows, name="row"),
    )
    return RawTable(table_name="answers", frame=frame, file="answers.csv", header_row=first_row - 1)


def contract(*columns, **options):
    return TableContract(name="answers", columns=columns, **options)


def breaches(table, rules, **known):
    checked = check(table, rules, known={name: frozenset(names) for name, names in known.items()})
    return checked.violations.drop(columns="file").to_dict("split")["data"]


NPS = Column("nps", "int", minimum=0, maximum=10)


def test_an_nps_of_eleven_is_named_with_its_row():
    """Ten good answers fill rows 2 to 11, so the eleventh answer is row 12 of the sheet."""
    table = raw(11, nps=["9"] * 10 + ["11"])
    checked = check(table, contract(NPS), known={})
    assert checked.violations.to_dict("records") == [
        {
            "file": "answers.csv",
            "row": 12,
            "column": "nps",
            "value": "11",
            "rule": "must be 0 to 10",
            "remedy": "correct the value or leave it empty",
        }
    ]


def test_all_breaches_of_all_columns_come_at_once_in_file_order():
    table = raw(
        3,
        answer_id=["A1", "A1", None],
        nps=["11", "abc", "4.5"],
        at=["05/01/2026", "2026-01-05", "2026-02-30"],
    )
    rules = contract(Column("answer_id", required=True, unique=True), NPS, Column("at", "datetime"))
    assert [(row, column, value) for row, column, value, _, _ in breaches(table, rules)] == [
        (2, "nps", "11"),
        (2, "at", "05/01/2026"),
        (3, "answer_id", "A1"),
        (3, "nps", "abc"),
        (4, "answer_id", ""),
        (4, "nps", "4.5"),
        (4, "at", "2026-02-30"),
    ]


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        (NPS, "abc", "must be a whole number"),
        (NPS, "4.5", "must be a whole number"),
        (NPS, "-1", "must be 0 to 10"),
        (Column("x", "number", minimum=0), "-0.5", "must be 0 or more"),
        (Column("x", "number", maximum=1), "1.5", "must be 1 or less"),
        (Column("x", "number"), "NA", "must be a number"),
        (Column("x", "flag"), "2", "must be 0 or 1"),
        (Column("x", "date"), "05/01/2026", "must be a date as YYYY-MM-DD"),
        (Column("x", "datetime"), "noon", "must be a time as YYYY-MM-DD HH:MM:SS"),
    ],
)
def test_each_kind_says_what_must_hold(column, value, rule):
    assert breaches(raw(1, **{column.name: [value]}), contract(column))[0][3] == rule


def test_a_cell_that_broke_a_rule_is_missing_in_the_typed_frame():
    checked = check(raw(4, nps=["11", "abc", "10", None]), contract(NPS), known={})
    assert checked.frame["nps"].tolist() == [pd.NA, pd.NA, 10, pd.NA]


def test_columns_get_their_types():
    columns = {
        "text": "text", "int": "Int64", "number": "float64", "flag": "Int64",
        "date": "datetime64[us]", "datetime": "datetime64[us]",
    }  # fmt: skip
    table = raw(
        1, text=["0012"], int=["1"], number=["1.5"], flag=["1"],
        date=["2026-01-05"], datetime=["2026-01-05 10:00"],
    )  # fmt: skip
    checked = check(table, contract(*(Column(name, name) for name in columns)), known={})
    found = {name: str(dtype) for name, dtype in checked.frame.dtypes.items()}
    assert found == columns | {"text": "str"}
    assert checked.frame["text"].tolist() == ["0012"]


def test_a_date_loses_the_time_of_day():
    checked = check(raw(1, on=["2026-01-05 13:00"]), contract(Column("on", "date")), known={})
    assert checked.frame["on"].tolist() == [pd.Timestamp(2026, 1, 5)]


def test_an_unknown_touchpoint_offers_the_nearest_name():
    column = Column("touchpoint", references="touchpoint")
    table = raw(3, touchpoint=["delivery", "Enquiry_Chta", "zzz"])
    found = breaches(table, contract(column), touchpoint=["delivery", "enquiry_chat"])
    rule = "must be a touchpoint of the engagement"
    assert found == [
        [3, "touchpoint", "Enquiry_Chta", rule, "did you mean enquiry_chat"],
        [4, "touchpoint", "zzz", rule,
         "correct the value or add the touchpoint to the engagement"],
    ]  # fmt: skip


def test_a_register_nobody_gave_is_not_checked():
    column = Column("store", references="store")
    assert breaches(raw(1, store=["S99"]), contract(column)) == []


def test_a_text_outside_the_allowed_ones_lists_them():
    column = Column("arm", allowed=("control", "treatment"))
    assert breaches(raw(1, arm=["tretment"]), contract(column)) == [
        [2, "arm", "tretment", "must be one of control, treatment", "did you mean treatment"]
    ]


def test_a_repeated_id_names_the_row_it_repeats():
    column = Column("answer_id", unique=True)
    found = breaches(raw(4, answer_id=["A", "B", None, "A"]), contract(column))
    assert found == [[5, "answer_id", "A", "must appear only once", "remove the repeat of row 2"]]


def test_a_key_of_several_columns_must_not_repeat():
    table = raw(3, store=["S1", "S1", "S1"], month=["2026-01-01", "2026-02-01", "2026-01-01"])
    rules = contract(Column("store"), Column("month", "date"), unique_together=("store", "month"))
    assert breaches(table, rules) == [
        [4, "store + month", "S1 + 2026-01-01", "must appear only once together",
         "remove the repeat"]
    ]  # fmt: skip


def test_a_rule_across_columns_is_tested_where_all_are_filled():
    rule = RowRule(
        columns=("opened", "closed"),
        holds=lambda frame: frame["closed"] >= frame["opened"],
        rule="closed must not be before opened",
    )
    table = raw(3, opened=["5", "5", None], closed=["4", None, "1"])
    rules = contract(Column("opened", "int"), Column("closed", "int"), row_rules=(rule,))
    assert breaches(table, rules) == [
        [2, "closed", "5 and 4", "closed must not be before opened",
         "correct one of the two values"]
    ]  # fmt: skip


def test_an_absent_required_column_names_the_likely_one_and_what_there_is():
    table = raw(1, ansewr_id=["A1"], nps=["9"])
    rules = contract(Column("answer_id", required=True), NPS)
    assert breaches(table, rules) == [
        [1, "answer_id", "", "the column must exist",
         ("it may be ansewr_id; map it under columns in engagement.yml; "
         "the file has ansewr_id, nps")]
    ]  # fmt: skip


def test_an_absent_optional_column_is_fine_unless_none_of_a_set_is_there():
    rules = contract(Column("a"), Column("b"), Column("c"), any_of=("a", "b"))
    assert breaches(raw(1, b=["x"]), rules) == []
    assert [found[1:4] for found in breaches(raw(1, c=["x"]), rules)] == [
        ["a or b", "", "at least one of these columns must exist"]
    ]


def test_a_table_without_rows_is_refused():
    assert breaches(raw(0, nps=[]), contract(NPS)) == [
        [1, "", "no rows", "the table must have rows", "export it again"]
    ]


def test_columns_no_measure_asks_for_are_named_and_left_out():
    checked = check(raw(1, nps=["9"], phone=["91234567"]), contract(NPS), known={})
    assert checked.unused_columns == ("phone",)
    assert list(checked.frame.columns) == ["nps"]


def test_three_hundred_thousand_answers_are_checked_in_a_second():
    """The house promises 300,000 rows a second for one whole-number column."""
    scores = np.random.default_rng(1).integers(0, 11, 300_000).astype(str)
    table = raw(300_000, nps=scores)
    started = time.process_time()
    checked = check(table, contract(NPS), known={})
    assert time.process_time() - started < 1.0
    assert len(checked.violations) == 0
