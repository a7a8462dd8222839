"""cxlib.stats.panel: what a panel accepts, how it is cut and pooled."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import InputError
from cxlib.stats.panel import check_groups, check_span, group_series, read_panel

START = date(2025, 3, 1)


def frame():
    """Three stores by four months; S1 treated; sales 10 of 100 each, 20 of 200 in S3."""
    rows = [
        (store, f"2025-0{month}-01", int(store == "S1"), 10 * size, 100 * size)
        for store, size in (("S1", 1), ("S2", 1), ("S3", 2))
        for month in (1, 2, 3, 4)
    ]
    return pd.DataFrame(rows, columns=["store", "month", "treated", "sales", "enquiries"])


def refused(table):
    with pytest.raises(InputError) as caught:
        read_panel(table)
    return str(caught.value)


def test_a_panel_knows_its_units_periods_and_observations():
    panel = read_panel(frame().sample(frac=1, random_state=1))
    assert panel.units == ("S1", "S2", "S3")
    assert panel.periods == tuple(date(2025, month, 1) for month in (1, 2, 3, 4))
    assert (panel.n_treated, panel.n_comparison, panel.n_obs) == (1, 2, 1_600)
    assert panel.is_after(START).sum() == 6
    assert panel.is_treated.sum() == 4


def test_a_part_of_the_panel_renumbers_its_periods():
    part = read_panel(frame()).between(date(2025, 2, 1), date(2025, 4, 1))
    assert part.periods == (date(2025, 2, 1), date(2025, 3, 1))
    assert set(part.period_of) == {0, 1}
    assert part.n_obs == 800


def test_a_month_without_enquiries_has_no_ratio_and_is_left_out():
    table = frame()
    table.loc[0, ["sales", "enquiries"]] = 0
    assert len(read_panel(table).numerator) == 11


def test_group_series_pools_the_units_of_a_group():
    """Comparison: (10 + 20) / (100 + 200)."""
    table = frame()
    table.loc[table["store"] == "S3", "sales"] = 50
    points = group_series(read_panel(table))
    assert len(points) == 8
    comparison = [p for p in points if p.group == "comparison"]
    assert {p.value for p in comparison} == {60 / 300}
    assert {p.n_obs for p in comparison} == {300}


def test_each_broken_rule_is_named_with_where_it_broke():
    assert refused(frame().drop(columns="sales")) == (
        "columns not found: ['sales']; the panel has ['store', 'month', 'treated', 'enquiries']"
    )
    assert refused(frame().iloc[:0]) == "a panel needs at least one row, got 0"
    assert refused(pd.concat([frame(), frame().iloc[:1]])) == (
        "each store and month may appear once, found twice: S1 2025-01-01"
    )
    assert refused(frame().drop(index=[1, 6])) == (
        "each store needs every month, missing: S1 2025-02-01, S2 2025-03-01; "
        "leave the store out or shorten the span"
    )
    negative = frame().assign(sales=lambda t: t["sales"].where(t.index != 2, -1))
    assert refused(negative) == (
        "sales and enquiries must be 0 or more and filled, not so: S1 2025-03-01"
    )
    empty = frame().assign(sales=np.nan)
    assert refused(empty) == (
        "sales and enquiries must be 0 or more and filled, not so: S1 2025-01-01, S1 2025-02-01, "
        "S1 2025-03-01, S1 2025-04-01, S2 2025-01-01 and 7 more"
    )
    assert refused(frame().assign(treated=2)) == "treated must be 0 or 1, found 2"
    switched = frame()
    switched.loc[1, "treated"] = 0
    assert refused(switched) == "treated must not change within a store, it does in ['S1']"


def test_a_start_without_periods_on_both_sides_is_refused():
    with pytest.raises(InputError) as caught:
        check_span(read_panel(frame()), date(2025, 1, 1))
    assert str(caught.value) == (
        "the start must have periods before and after it, "
        "got 2025-01-01 in 2025-01-01 to 2025-04-01"
    )


def test_a_single_treated_unit_is_refused():
    with pytest.raises(InputError) as caught:
        check_groups(read_panel(frame()), START)
    assert str(caught.value) == (
        "a comparison needs at least 2 treated and 2 comparison units, got 1 and 2"
    )


def test_a_span_without_periods_is_refused():
    with pytest.raises(InputError) as caught:
        read_panel(frame()).between(end=date(2024, 1, 1))
    assert str(caught.value) == (
        "no period from None up to 2024-01-01; the panel has 2025-01-01 to 2025-04-01"
    )
