"""cxlib.data.clusters: sums by owner against plain pandas."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from cxlib.data.clusters import cluster_sums, date_span, flag_sums, paired_sums
from cxlib.data.source import duckdb_source
from cxlib.errors import DataError, InputError

START, END = dt.date(2026, 1, 1), dt.date(2026, 4, 1)
WINDOW = {"cluster": "customer_id", "date": "at", "start": START, "end": END}


def make_frame(n=2000):
    draw = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "customer_id": pd.Series(draw.integers(0, 300, n).astype(str), dtype="str"),
            "touchpoint": pd.Series(draw.choice(["use", "buy"], n), dtype="str"),
            "csat": pd.array(draw.integers(1, 6, n), dtype="Int64"),
            "expectation": pd.array(draw.integers(1, 6, n), dtype="Int64"),
            "late": pd.array(draw.integers(0, 2, n), dtype="Int64"),
            "at": pd.Timestamp(2025, 12, 1)
            + pd.to_timedelta(draw.integers(0, 150 * 86_400, n), unit="s"),
        }
    )
    for column in ("csat", "expectation", "late"):
        frame.loc[draw.random(n) < 0.15, column] = pd.NA
    frame.loc[draw.random(n) < 0.05, "customer_id"] = None
    return frame


FRAME = make_frame()
SOURCE = duckdb_source(FRAME, table="answers")


def kept():
    frame = FRAME[(FRAME["at"] >= "2026-01-01") & (FRAME["at"] < "2026-04-01")]
    return frame.dropna(subset="customer_id")


def by_hand(y, x, owner):
    """K, Y, X and Σ (y - R x)² of sums per owner, from rows."""
    sums = pd.DataFrame({"y": y.astype(float), "x": x.astype(float)}).groupby(owner).sum()
    ratio = sums["y"].sum() / sums["x"].sum()
    seen = (sums["x"] > 0) | (sums["y"] > 0)
    squares = ((sums["y"] - ratio * sums["x"]) ** 2).sum()
    return [seen.sum(), sums["y"].sum(), sums["x"].sum(), squares]


def found(frame, measure):
    line = frame[frame["measure"] == measure].iloc[0]
    return [line["n_clusters"], line["total"], line["base"], line["squares"]]


def test_flags_are_summed_over_rows_where_they_are_known():
    rows = kept()
    late = rows["late"].fillna(0)
    expected = by_hand(late, rows["late"].notna(), rows["customer_id"])
    assert found(flag_sums(SOURCE, flags=["late"], **WINDOW), "late") == pytest.approx(expected)


def test_a_gap_is_paired_within_the_row():
    """Rows with one of the two ratings are in no pair; they are counted apart."""
    rows = kept()
    both = rows["csat"].notna() & rows["expectation"].notna()
    gap = (rows["csat"] - rows["expectation"]).where(both, 0)
    sums = paired_sums(SOURCE, after="csat", before="expectation", **WINDOW)
    assert found(sums, "gap") == pytest.approx(by_hand(gap, both, rows["customer_id"]))
    met = (rows["csat"] >= rows["expectation"]).fillna(False) & both
    assert found(sums, "met") == pytest.approx(by_hand(met, both, rows["customer_id"]))
    assert found(sums, "pairs")[1] == both.sum()
    assert found(sums, "only_after")[1] == (rows["csat"].notna() & ~both).sum()
    assert found(sums, "only_before")[1] == (rows["expectation"].notna() & ~both).sum()


def test_groups_add_up_to_everyone():
    parts = paired_sums(SOURCE, after="csat", before="expectation", by="touchpoint", **WINDOW)
    whole = paired_sums(SOURCE, after="csat", before="expectation", **WINDOW)
    gaps = parts[parts["measure"] == "gap"]
    assert gaps["touchpoint"].tolist() == ["buy", "use"]
    assert gaps[["total", "base"]].sum().tolist() == found(whole, "gap")[1:3]


def test_no_row_in_the_range_gives_zeros():
    window = WINDOW | {"start": dt.date(2030, 1, 1), "end": dt.date(2030, 2, 1)}
    assert found(flag_sums(SOURCE, flags=["late"], **window), "late") == [0, 0, 0, 0]


def test_an_owner_with_a_numerator_and_no_denominator_counts():
    """Three owners, one of them with y 1 and x 0: K 3, Y 2, X 2, R 1, squares 0 + 0 + 1 + ..."""
    frame = pd.DataFrame({"owner": ["a", "b", "c"], "y": [1, 0, 1], "x": [1, 1, 0]})
    sums = cluster_sums(
        duckdb_source(frame, table="t"), rows="select * from t", measures={"m": ("y", "x")}
    )
    assert found(sums, "m") == [3, 2, 2, 2]


def test_the_span_is_the_first_and_last_day():
    first, last = FRAME["at"].min().date(), FRAME["at"].max().date()
    assert date_span(SOURCE, "at") == (first, last)


def test_an_empty_date_column_has_no_span():
    empty = duckdb_source(FRAME.head(0), table="answers")
    with pytest.raises(DataError) as caught:
        date_span(empty, "at")
    assert str(caught.value) == "answers: at must hold at least 1 date, it is empty"


def test_a_range_must_hold_a_day():
    with pytest.raises(InputError) as caught:
        flag_sums(SOURCE, flags=["late"], **(WINDOW | {"end": START}))
    assert str(caught.value) == "start must be before end, got 2026-01-01 and 2026-01-01"
