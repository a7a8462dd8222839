"""Choosing notebooks by name or number."""

import pytest

from cxlib.errors import ConfigError
from cxlib.run.notebooks import NOTEBOOKS, select_notebooks


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
