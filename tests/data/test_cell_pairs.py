"""cxlib.data.cell_pairs: the self-join against plain pandas, over a frame, CSV and Parquet."""

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.cell_pairs import cell_pairs
from cxlib.data.source import duckdb_source
from cxlib.errors import DataError, InputError


def make_frame(n=1500):
    draw = np.random.default_rng(6)
    frame = pd.DataFrame(
        {
            "customer_id": pd.Series(draw.integers(0, 400, n).astype(str), dtype="str"),
            "channel": pd.Series(draw.choice(["online", "it's offline"], n), dtype="str"),
            "store": pd.Series(draw.choice(["S1", ""], n), dtype="str"),
            "nps": pd.array(draw.integers(0, 11, n), dtype="Int64"),
            "answered_at": pd.Timestamp(2025, 12, 20)
            + pd.to_timedelta(draw.integers(0, 60 * 86_400, n), unit="s"),
        }
    )
    frame["store"] = frame["store"].where(frame["store"] != "")
    frame.loc[draw.random(n) < 0.1, "nps"] = pd.NA
    frame.loc[draw.random(n) < 0.02, "customer_id"] = None
    frame["answered_at"] = frame["answered_at"].astype("datetime64[us]")
    return frame


FRAME = make_frame()


@pytest.fixture(scope="module", params=["frame", "csv", "parquet"])
def source(request, tmp_path_factory):
    if request.param == "frame":
        return duckdb_source(FRAME, table="answers")
    path = tmp_path_factory.mktemp("data") / f"answers.{request.param}"
    with duckdb.connect() as engine:
        engine.register("f", FRAME)
        engine.execute(f"copy f to '{path}'")
    return duckdb_source(path, table="answers")


def expected(frame, by, coded):
    """Give the same square table from rows: customers by cells, then X'X."""
    kept = frame.assign(y=coded(frame["nps"])).dropna(subset=["nps", "customer_id"])
    kept = kept.assign(cell=list(kept[by].fillna("").itertuples(index=False, name=None)))
    size = kept.pivot_table(index="customer_id", columns="cell", values="y", aggfunc="size")
    total = kept.pivot_table(index="customer_id", columns="cell", values="y", aggfunc="sum")
    m, t = size.fillna(0).to_numpy(), total.fillna(0).to_numpy(dtype=float)
    return list(size.columns), t.T @ t, t.T @ m, m.T @ m, kept


CODINGS = {
    "value": lambda x: x.astype("float64"),
    "nps": lambda x: (x >= 9).astype("float64") - (x <= 6).astype("float64"),
    "share": lambda x: x.between(9, 10).astype("float64"),
}


@pytest.mark.parametrize("coding", ["value", "nps", "share"])
def test_products_are_those_of_customers_totals(source, coding):
    """Against a customers-by-cells table in pandas; an empty store is a cell of its own."""
    by = ["channel", "store"]
    found = cell_pairs(source, score="nps", by=by, coding=coding, favourable=(9, 10))
    cells, tt, tm, mm, kept = expected(FRAME, by, CODINGS[coding])
    place = {cell: k for k, cell in enumerate(cells)}
    names = found[[*by, "other_channel", "other_store"]].fillna("")
    assert len(found) == len(cells) ** 2
    for (a0, a1, b0, b1), row in zip(
        names.itertuples(index=False, name=None), found.itertuples(), strict=True
    ):
        a, b = place[a0, a1], place[b0, b1]
        assert (row.tt, row.tm, row.mm) == pytest.approx((tt[a, b], tm[a, b], mm[a, b]))
        if a == b:
            own = kept[kept["cell"] == (a0, a1)]["y"]
            assert (row.n, row.total) == (len(own), pytest.approx(own.sum()))
            assert row.squares == pytest.approx((own**2).sum())
    assert set(found["n_clusters"]) == {kept["customer_id"].nunique()}


def test_no_column_makes_one_cell_and_an_empty_period_none(source):
    one = cell_pairs(source, score="nps", by=[])
    assert len(one) == 1
    late = {"date": "answered_at", "start": dt.date(2030, 1, 1), "end": dt.date(2031, 1, 1)}
    assert cell_pairs(source, score="nps", by=[], **late).empty
    assert cell_pairs(source, score="nps", by=["channel"], **late).empty


def test_a_period_and_a_value_to_equal_narrow_the_rows():
    frame = FRAME.assign(nps=FRAME["nps"].fillna(5))
    source = duckdb_source(frame, table="answers")
    span = {"date": "answered_at", "start": dt.date(2026, 1, 1), "end": dt.date(2026, 2, 1)}
    found = cell_pairs(source, score="nps", by=[], equals={"channel": "it's offline"}, **span)
    kept = frame[
        frame["answered_at"].between("2026-01-01", "2026-02-01", inclusive="left")
        & (frame["channel"] == "it's offline")
        & frame["customer_id"].notna()
    ]
    assert found["n"].item() == len(kept)
    assert found["n_clusters"].item() == kept["customer_id"].nunique()


def test_unknown_columns_and_codings_are_refused(source):
    with pytest.raises(DataError, match="columns not found: stor"):
        cell_pairs(source, score="nps", by=["stor"])
    with pytest.raises(InputError) as error:
        cell_pairs(source, score="nps", by=[], coding="top2")
    assert str(error.value) == "coding must be one of value, nps, share, sign, got 'top2'"
    with pytest.raises(InputError, match="coding 'share' needs favourable"):
        cell_pairs(source, score="nps", by=[], coding="share")
