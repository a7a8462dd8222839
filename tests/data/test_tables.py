"""cxlib.data.tables: the contract of every table."""

import pandas as pd
import pytest

from cxlib.data.contract import check
from cxlib.data.grid import RawTable
from cxlib.data.source import _PLAIN
from cxlib.data.tables import TABLE_NAMES, table_contract
from cxlib.errors import InputError


def violations(name, *, version="v2", **columns):
    frame = pd.DataFrame({k: pd.array(v, dtype="str") for k, v in columns.items()})
    frame.index += 2
    raw = RawTable(table_name=name, frame=frame, file=f"{name}.csv")
    found = check(raw, table_contract(name, ces_version=version), known={}).violations
    return list(zip(found["column"], found["value"], found["rule"], strict=True))


def answers(**columns):
    n = len(next(iter(columns.values())))
    return {
        "answer_id": [f"A{i}" for i in range(n)],
        "touchpoint": ["delivery"] * n,
        "answered_at": ["2026-01-05 10:00:00"] * n,
    } | columns


def test_there_are_eighteen_tables():
    assert len(TABLE_NAMES) == 18


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_a_contract_refers_only_to_its_own_columns(name):
    contract = table_contract(name)
    own = set(contract.column_names)
    used = {*contract.any_of, *contract.unique_together, *filter(None, [contract.date])}
    used |= {column for rule in contract.row_rules for column in rule.columns}
    assert used <= own
    assert len(own) == len(contract.columns)
    assert all(_PLAIN.fullmatch(column) for column in own)


def test_effort_is_one_to_five_in_the_first_version_and_one_to_seven_in_the_second():
    assert violations("answers", version="v2", **answers(ces=["7"])) == []
    assert violations("answers", version="v1", **answers(ces=["5", "7"])) == [
        ("ces", "7", "must be 1 to 5")
    ]


def test_answers_of_the_other_effort_version_are_refused():
    assert violations("answers", **answers(ces=["5"], ces_version=["v1"])) == [
        (
            "ces_version",
            "v1",
            "must be v2 like the engagement; the two versions are never mixed",
        )
    ]


def test_answers_need_one_score_and_no_more():
    assert violations("answers", **answers(csat=["5"])) == []
    assert [found[2] for found in violations("answers", **answers(comment=["好"]))] == [
        "at least one of these columns must exist"
    ]


def test_a_case_cannot_be_answered_before_it_is_opened():
    found = violations(
        "cases",
        case_id=["C1"], opened_at=["2026-01-05 10:00:00"], first_reply_at=["2026-01-05 09:00:00"],
    )  # fmt: skip
    assert found == [
        (
            "first_reply_at",
            "2026-01-05 10:00:00 and 2026-01-05 09:00:00",
            "first_reply_at must not be before opened_at",
        )
    ]


def test_an_invitation_cannot_be_completed_without_being_started():
    found = violations(
        "invitations",
        invitation_id=["I1"], sent_at=["2026-01-05"], delivered=["1"], started=["0"],
        completed=["1"],
    )  # fmt: skip
    assert [entry[2] for entry in found] == ["completed must not be above started"]


@pytest.mark.parametrize(
    ("kpi", "value", "good"),
    [
        ("nps", "-30", True), ("nps", "130", False), ("ces", "6.9", True), ("ces", "7.1", False),
        ("conversion", "0.05", True), ("conversion", "5", False), ("conversion", "-0.1", False),
    ],
)  # fmt: skip
def test_a_kpi_lies_in_its_own_range(kpi, value, good):
    found = violations("kpi_history", kpi=[kpi], period_start=["2026-01-01"], value=[value])
    assert (found == []) is good


def test_nps_bands_add_up_to_the_answers():
    found = violations(
        "kpi_history", kpi=["nps"], period_start=["2026-01-01"], value=["10"],
        n_obs=["100"], promoters=["40"], passives=["30"], detractors=["20"],
    )  # fmt: skip
    assert [entry[2] for entry in found] == [
        "promoters, passives and detractors must add up to n_obs"
    ]


def test_a_unit_is_assigned_once_per_experiment():
    found = violations(
        "ab_test", experiment=["x", "x", "y"], unit_id=["1", "1", "1"],
        arm=["control", "treatment", "control"], converted=["0", "1", "0"],
    )  # fmt: skip
    assert [entry[:2] for entry in found] == [("experiment + unit_id", "x + 1")]


def test_an_unknown_table_names_the_nearest():
    with pytest.raises(InputError) as caught:
        table_contract("anwsers")
    assert str(caught.value).endswith("got 'anwsers'; did you mean answers")


def test_an_unknown_effort_version_is_refused():
    with pytest.raises(InputError) as caught:
        table_contract("answers", ces_version="v3")
    assert str(caught.value) == "ces_version must be v1 or v2, got 'v3'"


def test_any_driver_column_is_rated_one_to_five():
    """A client's own driver is typed and checked; a column of another name stays unused."""
    columns = answers(csat=["4", "5"], driver_parking=["6", "5"], parking=["6", "5"])
    assert violations("answers", **columns) == [("driver_parking", "6", "must be 1 to 5")]
    frame = pd.DataFrame({name: pd.array(cells, dtype="str") for name, cells in columns.items()})
    raw = RawTable(table_name="answers", frame=frame, file="answers.csv")
    found = check(raw, table_contract("answers"), known={})
    assert found.unused_columns == ("parking",)
    assert found.frame["driver_parking"].tolist()[1] == 5


def test_a_follow_up_has_a_contact_or_a_reason_and_is_not_closed_before_it_began():
    found = violations(
        "followups",
        answer_id=["A1", "A2", "A3"],
        contacted_at=["2026-01-05 10:00:00", "2026-01-05 10:00:00", None],
        closed_at=["2026-01-04 10:00:00", None, None],
        reason=[None, "asked_not_to", "asked_not_to"],
    )
    assert found == [
        (
            "closed_at",
            "2026-01-05 10:00:00 and 2026-01-04 10:00:00",
            "closed_at must not be before contacted_at",
        ),
        (
            "contacted_at",
            "asked_not_to and 2026-01-05 10:00:00",
            "a reason says why nothing was done, so contacted_at must be empty",
        ),
    ]


def test_a_quarter_of_the_employees_is_a_year_and_a_quarter():
    found = violations(
        "employees", response_id=["E1", "E2"], quarter=["2026Q1", "Q1 2026"], enps=["9", "9"]
    )
    assert found == [("quarter", "Q1 2026", "quarter must be a year and a quarter such as 2026Q1")]
