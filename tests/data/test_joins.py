"""Joins in the engine: each frame against pandas, and keys that must not be guessed."""

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.joins import (
    cell_scores,
    coverage_counts,
    key_counts,
    match_counts,
    matched_score_sums,
    rfm_cells,
)
from cxlib.data.source import duckdb_source
from cxlib.errors import InputError

START, END = dt.date(2025, 7, 1), dt.date(2026, 1, 1)
SPAN = {"start": START, "end": END}


@pytest.fixture
def tables():
    """Five customers, of whom one id differs by case; answers of two known, one not, one blank."""
    connection = duckdb.connect()
    frames = {
        "customers": pd.DataFrame(
            {"customer_id": ["A", "B", "C", "c ", "D"], "segment": ["x", "x", "y", "y", "y"]}
        ),
        "answers": pd.DataFrame(
            {
                "customer_id": ["A", "A", "B", "Z", None],
                "nps": [10, 9, 0, 7, 3],
                "answered_at": pd.Timestamp(2025, 8, 1),
            }
        ),
        "orders": pd.DataFrame(
            {
                "customer_id": ["A", "A", "A", "B", "D"],
                "ordered_at": pd.to_datetime(
                    [
                        "2025-12-30 10:00",
                        "2025-12-30 12:00",
                        "2025-07-02 00:00",
                        "2025-12-01 00:00",
                        "2026-02-01 00:00",
                    ]
                ),
                "amount_hkd": [100, 200, 300, 50, 999],
            }
        ),
    }
    return {
        name: duckdb_source(frame, table=name, connection=connection)
        for name, frame in frames.items()
    }


def test_repeats_and_ids_alike_but_for_case_are_counted_apart(tables):
    """By hand: five ids, all different; "C" and "c " are one once tidied."""
    assert key_counts(tables["customers"]) == {"rows": 5, "filled": 5, "distinct": 5, "tidy": 4}


def test_rows_without_an_id_and_with_an_unknown_one_are_lost(tables):
    """By hand: 5 answers, 1 blank, customers A, B, Z, of whom A and B match with 3 rows."""
    found = match_counts(tables["answers"], tables["customers"], date="answered_at", **SPAN)
    assert found == {
        "rows": 5, "without_id": 1, "customers": 3, "matched_customers": 2, "matched_rows": 3,
    }  # fmt: skip


def test_an_empty_period_matches_nothing(tables):
    """No row in the range: zeros, no NaN."""
    found = match_counts(
        tables["answers"], tables["customers"], date="answered_at",
        start=dt.date(2020, 1, 1), end=dt.date(2020, 2, 1),
    )  # fmt: skip
    assert set(found.values()) == {0}


def test_coverage_counts_each_customer_once(tables):
    """By hand: A and B (segment x) answered and ordered in the period; D ordered after it."""
    others = {
        "answers": (tables["answers"], "answered_at"),
        "orders": (tables["orders"], "ordered_at"),
    }
    found = coverage_counts(tables["customers"], others, by="segment", **SPAN)
    assert found.to_dict("list") == {
        "segment": ["x", "y"], "n": [2, 3], "answers": [2, 0], "orders": [2, 0],
    }  # fmt: skip


def test_score_sums_split_into_matched_and_lost(tables):
    """By hand: NPS points 100, 100, -100 of A, A, B; lost are 0 of Z and -100 of nobody."""
    sums = matched_score_sums(
        tables["answers"], tables["customers"], score="nps", date="answered_at", **SPAN
    ).set_index("measure")
    assert sums["total"].to_dict() == {"everyone": 0.0, "matched": 100.0, "lost": -100.0}
    assert sums["base"].to_dict() == {"everyone": 5.0, "matched": 3.0, "lost": 2.0}
    assert sums["n_clusters"].to_dict() == {"everyone": 4, "matched": 2, "lost": 2}


def test_an_unknown_score_is_refused_with_the_choices(tables):
    """The message offers what is allowed."""
    with pytest.raises(InputError) as error:
        matched_score_sums(
            tables["answers"], tables["customers"], score="mood", date="answered_at", **SPAN
        )
    assert str(error.value) == "score must be one of nps, csat, ces, got 'mood'"


def test_rfm_counts_days_not_orders_and_stops_at_the_end(tables):
    """By hand: A bought on 2 days, 600 dollars, last 1 whole day before the end; D not yet."""
    cells = rfm_cells(tables["orders"], end=END).sort_values("frequency", ignore_index=True)
    assert cells[["n", "recency", "frequency", "money"]].to_numpy().tolist() == [
        [1, 31, 1, 50], [1, 1, 2, 600],
    ]  # fmt: skip
    assert cells["r_bin"].tolist() == [int(6 * np.log1p(31)), int(6 * np.log1p(1))]


def test_scores_fall_into_the_cell_of_their_customer(tables):
    """By hand: A answered twice with 200 points together, B once with -100."""
    found = cell_scores(
        tables["orders"], tables["answers"], score="nps", date="answered_at", **SPAN
    ).sort_values("y")
    assert found[["k", "y", "x", "yy", "xy", "xx"]].to_numpy().tolist() == [
        [1, -100, 1, 10000, -100, 1], [1, 200, 2, 40000, 400, 4],
    ]  # fmt: skip
