"""cxlib.data.products: the sums per bucket against plain pandas, and what may not be asked."""

import datetime as dt
import hashlib

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.products import driver_products
from cxlib.data.source import duckdb_source
from cxlib.errors import DataError, InputError

DRIVERS = ("driver_speed", "driver_staff", "driver_price")


def make_frame(n=2_000):
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(
        {
            "answer_id": [f"A{k}" for k in range(n)],
            "customer_id": pd.Series(rng.integers(0, 700, n).astype(str), dtype="str"),
            "touchpoint": pd.Series(rng.choice(["shop", "chat", "it's"], n), dtype="str"),
            "nps": pd.array(rng.integers(0, 11, n), dtype="Int64"),
            "csat": pd.array(rng.integers(1, 6, n), dtype="Int64"),
            "answered_at": pd.Timestamp(2025, 12, 1)
            + pd.to_timedelta(rng.integers(0, 60 * 86_400, n), unit="s"),
        }
    )
    for place, name in enumerate(DRIVERS):
        rating = pd.Series(pd.array(rng.integers(1, 6, n), dtype="Int64"))
        frame[name] = rating.mask(rng.random(n) < 0.2 + 0.2 * place)
    frame.loc[rng.random(n) < 0.05, "nps"] = pd.NA
    frame.loc[rng.random(n) < 0.03, "customer_id"] = None
    frame.loc[rng.random(n) < 0.02, "touchpoint"] = None
    frame["answered_at"] = frame["answered_at"].astype("datetime64[us]")
    return frame


FRAME = make_frame()


def expected(frame, outcome, coding):
    """The same sums in pandas, row by row; ranks are among all who gave the answer."""
    ranked = frame[[outcome, *DRIVERS]].astype(float).rank() - 0.5
    ranked /= ranked.notna().sum()
    frame = frame[frame[outcome].notna() & frame[list(DRIVERS)].notna().any(axis=1)]
    rated = frame[list(DRIVERS)].notna()
    y = frame[outcome].astype(float)
    x = frame[list(DRIVERS)].astype(float)
    if coding == "rank":
        y, x = ranked.loc[frame.index, outcome], ranked.loc[frame.index, list(DRIVERS)]
    elif coding == "top2":
        y = 100.0 * ((y >= 9) * 1 - (y <= 6)) if outcome == "nps" else (y >= 4) * 1.0
        x = (x >= 4).where(x.notna()).astype(float)
    elif coding == "low_high":
        ends = {}
        for name in DRIVERS:
            ends[f"{name}<"] = (x[name] <= 2).where(x[name].notna()).astype(float)
            ends[f"{name}>"] = (x[name] == 5).where(x[name].notna()).astype(float)
        x = pd.DataFrame(ends)
    cell = frame["touchpoint"].fillna("") + rated.astype(int).astype(str).agg("".join, axis=1)
    values = x.assign(outcome=y)
    z = (values - values.groupby(cell).transform("mean")).fillna(0.0).to_numpy()
    owner = frame["customer_id"].fillna(frame["answer_id"])
    bucket = owner.map(lambda name: hashlib.md5(name.encode()).hexdigest()[:2])  # noqa: S324
    products = np.stack([z[bucket == b].T @ z[bucket == b] for b in sorted(set(bucket))])
    return products, x, bucket, cell


@pytest.fixture(scope="module", params=["frame", "parquet"])
def source(request, tmp_path_factory):
    if request.param == "frame":
        return duckdb_source(FRAME, table="answers")
    path = tmp_path_factory.mktemp("data") / "answers.parquet"
    with duckdb.connect() as engine:
        engine.register("f", FRAME)
        engine.execute(f"copy f to '{path}'")
    return duckdb_source(path, table="answers")


@pytest.mark.parametrize("outcome", ["nps", "csat"])
@pytest.mark.parametrize("coding", ["value", "rank", "top2", "low_high"])
def test_sums_are_those_of_pandas(source, outcome, coding):
    found = driver_products(source, outcome=outcome, drivers=DRIVERS, coding=coding)
    products, x, bucket, cell = expected(FRAME, outcome, coding)
    assert found.products == pytest.approx(products, rel=1e-9, abs=1e-6)
    assert found.n_rated == pytest.approx(x.notna().groupby(bucket).sum().to_numpy())
    assert found.sums == pytest.approx(x.groupby(bucket).sum().to_numpy(), abs=1e-9)
    assert found.n_obs == len(x)
    assert found.n_cells == cell.nunique()
    assert found.n_alone == (cell.value_counts() == 1).sum()
    assert found.owners == ((0, 0, 1, 1, 2, 2) if coding == "low_high" else (0, 1, 2))


def test_the_period_is_half_open(source):
    start, end = dt.date(2025, 12, 10), dt.date(2026, 1, 5)
    found = driver_products(
        source, outcome="csat", drivers=DRIVERS, date="answered_at", start=start, end=end
    )
    inside = FRAME["answered_at"].between(pd.Timestamp(start), pd.Timestamp(end), inclusive="left")
    products, *_ = expected(FRAME[inside], "csat", "value")
    assert found.products.sum(axis=0) == pytest.approx(products.sum(axis=0))


def test_a_driver_is_left_alone_by_answers_that_did_not_meet_it():
    """Answers at other touchpoints without the driver change neither its square nor its product
    with the outcome: nothing is filled in for them."""
    there = FRAME[FRAME["driver_speed"].notna()]
    alone = driver_products(
        duckdb_source(there, table="answers"), outcome="csat", drivers=DRIVERS
    ).products.sum(axis=0)
    whole = driver_products(
        duckdb_source(FRAME, table="answers"), outcome="csat", drivers=DRIVERS
    ).products.sum(axis=0)
    assert whole[0] == pytest.approx(alone[0])
    assert whole[3, 3] > alone[3, 3]


def test_products_of_any_routing_are_positive_semi_definite():
    """Two drivers that were never rated together: their product is 0, the matrix still real."""
    frame = FRAME.copy()
    frame.loc[frame["touchpoint"] == "shop", "driver_speed"] = pd.NA
    frame.loc[frame["touchpoint"] != "shop", "driver_price"] = pd.NA
    found = driver_products(duckdb_source(frame, table="answers"), outcome="csat", drivers=DRIVERS)
    whole = found.products.sum(axis=0)
    assert whole[0, 2] == 0
    assert np.linalg.eigvalsh(whole)[0] > 0


def test_answers_without_a_customer_stand_each_for_itself():
    """Without customers the buckets are those of the answers' ids."""
    found = driver_products(
        duckdb_source(FRAME.drop(columns="customer_id"), table="answers"),
        outcome="csat", drivers=DRIVERS,
    )  # fmt: skip
    products, *_ = expected(FRAME.assign(customer_id=None), "csat", "value")
    assert found.products == pytest.approx(products)


def test_a_table_without_answers_gives_no_sums():
    found = driver_products(
        duckdb_source(FRAME.assign(nps=pd.array([pd.NA] * len(FRAME), dtype="Int64")), table="a"),
        outcome="nps", drivers=DRIVERS, coding="rank",
    )  # fmt: skip
    assert found.n_obs == 0
    assert found.products.shape == (0, 4, 4)


def test_what_cannot_be_asked_is_refused(source):
    with pytest.raises(InputError, match=r"^outcome must be one of nps, csat, got 'ces'$"):
        driver_products(source, outcome="ces", drivers=DRIVERS)
    with pytest.raises(
        InputError, match=r"^coding must be one of value, rank, top2, low_high, got 'z'$"
    ):
        driver_products(source, outcome="nps", drivers=DRIVERS, coding="z")
    with pytest.raises(InputError, match=r"^drivers must be 1 to 40 columns, got 0$"):
        driver_products(source, outcome="nps", drivers=[])
    with pytest.raises(
        InputError, match=r"^drivers must each be named once, got twice: driver_speed$"
    ):
        driver_products(source, outcome="nps", drivers=["driver_speed", "driver_speed"])
    with pytest.raises(DataError, match=r"driver_sped may be driver_speed"):
        driver_products(source, outcome="nps", drivers=["driver_sped"])
    with pytest.raises(DataError, match=r"^answers must have one of nobody to cluster by, got ans"):
        driver_products(source, outcome="nps", drivers=DRIVERS, cluster=["nobody"])
