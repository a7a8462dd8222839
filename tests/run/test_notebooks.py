"""Choosing notebooks by name or number."""

import json
import re

import pytest

from cxlib.engagement import load_engagement
from cxlib.engagement.ledger import MAKERS
from cxlib.errors import ConfigError
from cxlib.run.export import page_text
from cxlib.run.notebooks import NOTEBOOKS, select_notebooks
from cxlib.run.preflight import check_engagement


def names(*chosen):
    return [notebook.name for notebook in select_notebooks(chosen)]


def test_none_named_means_all_in_workbook_order():
    assert names() == list(NOTEBOOKS)


@pytest.mark.parametrize("name", ["1", "01", "01_diagnosis", "notebooks/01_diagnosis.ipynb"])
def test_a_notebook_is_found_by_number_name_or_path(name):
    assert names(name) == ["01_diagnosis"]


def test_order_and_repetition_do_not_matter():
    assert names("05", "1", "05_kpi_tracking") == ["01_diagnosis", "05_kpi_tracking"]


def test_a_misspelt_name_offers_the_nearest():
    with pytest.raises(ConfigError) as caught:
        names("02_kpi_seting")
    assert str(caught.value).startswith(
        "no notebook '02_kpi_seting'; did you mean '02_kpi_setting'?"
    )


def test_an_optional_table_is_read_where_the_engagement_names_it():
    diagnosis = NOTEBOOKS["01_diagnosis"]
    assert diagnosis.reads({"answers", "invitations"}) == ("answers", "invitations")
    assert diagnosis.reads({"answers", "invitations", "orders"}) == (
        "answers", "invitations", "orders",
    )  # fmt: skip


@pytest.mark.parametrize("number", ["03", "04", "05"])
def test_a_goal_changed_after_it_was_frozen_is_refused_before_a_kernel_starts(engagement, number):
    """Only 02, with a reason, may change what a goal will be judged by."""
    file = engagement / "engagement.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("target: 30\n", "target: 31\n"))
    changed = load_engagement(file)
    with pytest.raises(ConfigError, match=r"nps, written_target: found 31\.0; the frozen rule"):
        check_engagement(
            changed, select_notebooks([number]), languages=changed.languages, named=True
        )


def test_goals_may_change_in_a_run_that_sets_them_again(engagement):
    file = engagement / "engagement.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("target: 30\n", "target: 31\n"))
    changed = load_engagement(file)
    check_engagement(changed, select_notebooks([]), languages=changed.languages, named=False)


@pytest.mark.parametrize("name", sorted(set(NOTEBOOKS) - {"07_branch_comparison"}))
def test_what_a_notebook_read_in_a_full_run_is_what_it_declares(full_run, name):
    """The trace of the run against the registry, which decides the order and what is reused."""
    notebook = NOTEBOOKS[name]
    record = json.loads(
        (full_run.engagement / ".cx" / "reuse" / name / "record.json").read_text(encoding="utf-8")
    )
    read = {entry for _, entry, _ in record["readings"]}
    own = {entry for entry, maker in MAKERS.items() if maker == name}
    declared = {*notebook.needs, *notebook.hears, *own}
    if notebook.keeps_goals:
        declared.add("goal_rules")
    assert read <= declared
    assert set(notebook.needs) <= read, "a need that nothing reads makes it wait for nothing"
    assert set(record["rests_on"]["tables"]) <= {*notebook.tables, *notebook.optional, "stores"}


@pytest.mark.parametrize("name", sorted(NOTEBOOKS))
def test_a_notebook_asks_for_no_table_it_does_not_declare(name):
    """Cells name tables as data["answers"]; one that is not declared would not be open."""
    notebook = NOTEBOOKS[name]
    book = json.loads(notebook.path.read_text(encoding="utf-8"))
    code = "\n".join("".join(c["source"]) for c in book["cells"] if c["cell_type"] == "code")
    asked = set(re.findall(r"""\bdata(?:\[|\.get\()["'](\w+)["']""", code))
    asked |= set(re.findall(r"""["'](\w+)["'] in data\b""", code))
    assert asked <= {*notebook.tables, *notebook.optional}


def test_a_notebook_that_shows_what_a_later_one_writes_waits_for_it_once_more():
    """02 shows the verdicts of 03; nothing else of the workbook looks ahead."""
    ahead = {name: n.shows_later(NOTEBOOKS) for name, n in NOTEBOOKS.items()}
    assert {name: later for name, later in ahead.items() if later} == {
        "02_kpi_setting": {"03_ab_test"}
    }
    assert NOTEBOOKS["02_kpi_setting"].shows_later({"02_kpi_setting"}) == frozenset()


def test_the_cover_carries_the_period_of_the_test_that_was_chosen(engagement):
    read = load_engagement(engagement / "engagement.yml")
    first = page_text(read, "03_ab_test", language="en")
    other = page_text(read, "03_ab_test", language="en", experiment="video_consult")
    assert first.facts[0][1] == "2 March 2026 to 26 April 2026"
    assert other.facts[0][1] == "4 May 2026 to 31 May 2026"
