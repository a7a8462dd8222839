"""cxlib.data.moments: sums of products against plain pandas, and who is left out."""

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.moments import TERMS, moment_products
from cxlib.data.open import open_data
from cxlib.data.source import duckdb_source
from cxlib.engagement.schema import Table
from cxlib.errors import DataError, InputError

PERIOD = {"start": dt.date(2025, 7, 1), "end": dt.date(2026, 1, 1)}


def sources(answers, overall):
    engine = duckdb.connect()
    return (
        duckdb_source(answers, table="answers", connection=engine),
        duckdb_source(overall, table="overall", connection=engine),
    )


def drawn(seed=3, n=3000, customers=500):
    rng = np.random.default_rng(seed)
    at = pd.Timestamp(2025, 6, 20) + pd.to_timedelta(rng.integers(0, 200 * 24, n), unit="h")
    answers = pd.DataFrame(
        {
            "answer_id": [f"A{k}" for k in rng.permutation(np.arange(10_000, 10_000 + n))],
            "customer_id": pd.Series([f"C{k}" for k in rng.integers(0, customers, n)], dtype="str"),
            "answered_at": at.astype("datetime64[us]"),
            "csat": pd.array(rng.integers(1, 6, n), dtype="Int64"),
        }
    )
    answers.loc[rng.random(n) < 0.05, "csat"] = pd.NA
    answers.loc[rng.random(n) < 0.02, "customer_id"] = None
    when = pd.Timestamp(2025, 11, 1) + pd.to_timedelta(rng.integers(0, 80 * 24, 600), unit="h")
    overall = pd.DataFrame(
        {
            "customer_id": pd.Series([f"C{k}" for k in rng.integers(0, customers, 600)]),
            "rated_at": when.astype("datetime64[us]"),
            "overall": rng.integers(0, 11, 600),
        }
    ).drop_duplicates(["customer_id", "rated_at"])
    return answers, overall


def by_hand(answers, overall, fewest):
    """Walk through the customers one by one."""
    inside = overall[(overall["rated_at"] >= "2025-07-01") & (overall["rated_at"] < "2026-01-01")]
    rows, same_day, few = [], 0, 0
    for customer, ratings in inside.groupby("customer_id"):
        last = ratings.sort_values("rated_at").iloc[-1]
        own = answers[(answers["customer_id"] == customer) & answers["csat"].notna()]
        own = own[(own["answered_at"] >= "2025-07-01") & (own["answered_at"] <= last["rated_at"])]
        own = own.sort_values(["answered_at", "answer_id"])
        if (own["answered_at"] >= last["rated_at"].normalize()).any():
            same_day += 1
        elif len(own) < fewest:
            few += 1
        else:
            x = own["csat"].astype(float)
            rows.append([1, x.mean(), x.max(), x.min(), x.iloc[-1], last["overall"]])
    t = np.array(rows, dtype=float)
    return t.T @ t, len(inside["customer_id"].unique()), same_day, few


@pytest.mark.parametrize("fewest", [2, 3, 5])
def test_the_sums_match_a_walk_through_the_customers(fewest):
    """Pandas, customer by customer: ratings twice, empty cells, ties and other periods inside."""
    answers, overall = drawn()
    products, n_rated, same_day, few = by_hand(answers, overall, fewest)
    found = moment_products(*sources(answers, overall), fewest=fewest, **PERIOD)
    np.testing.assert_allclose(found.products.sum(axis=0), products, rtol=1e-12)
    assert (found.n_rated, found.n_same_day, found.n_few) == (n_rated, same_day, few)
    assert found.n_obs == n_rated - same_day - few
    assert same_day > 0
    assert few > 0


def test_a_customer_lies_in_one_bucket_of_the_md5():
    """hashlib: the first two hex digits of the id, as the driver products have them."""
    from hashlib import md5

    answers, overall = drawn()
    found = moment_products(*sources(answers, overall), **PERIOD)
    wanted = {int(md5(c.encode()).hexdigest()[:2], 16) for c in overall["customer_id"]}  # noqa: S324
    assert set(found.buckets) <= wanted
    assert len(found.buckets) <= 256
    assert (np.diff(found.buckets) > 0).all()
    assert found.products.shape[1:] == (len(TERMS), len(TERMS))


def test_a_moment_after_the_overall_rating_is_none_of_its_moments():
    """Trap 34: only what was rated before counts; here the worst moment comes after."""
    answers = pd.DataFrame(
        {
            "answer_id": list("abcd"), "customer_id": "C1", "csat": [5, 4, 3, 1],
            "answered_at": pd.to_datetime(
                ["2025-08-01", "2025-09-01", "2025-10-01", "2025-12-30"]
            ),
        }
    )  # fmt: skip
    overall = pd.DataFrame(
        {"customer_id": ["C1"], "rated_at": pd.to_datetime(["2025-12-20"]), "overall": [8]}
    )
    found = moment_products(*sources(answers, overall), **PERIOD)
    assert found.products[0, 0].tolist() == [1, 4, 5, 3, 3, 8]


def test_no_rating_in_the_period_gives_empty_sums():
    answers, overall = drawn(n=50)
    found = moment_products(
        *sources(answers, overall), start=dt.date(2020, 1, 1), end=dt.date(2020, 2, 1)
    )
    assert (found.n_obs, found.n_rated, found.n_few) == (0, 0, 0)


def test_impossible_questions_are_refused():
    answers, overall = drawn(n=50)
    pair = sources(answers, overall)
    with pytest.raises(InputError) as caught:
        moment_products(*pair, fewest=1, **PERIOD)
    assert str(caught.value) == "fewest must be 2 moments or more, got 1"
    with pytest.raises(InputError) as caught:
        moment_products(*pair, start=PERIOD["end"], end=PERIOD["start"])
    assert str(caught.value) == "start must be before end, got 2026-01-01 and 2025-07-01"
    with pytest.raises(DataError, match="columns not found: rated_at"):
        moment_products(
            pair[0], duckdb_source(overall.drop(columns="rated_at"), table="overall"), **PERIOD
        )


def test_a_wrong_overall_table_is_named_with_file_row_column_and_remedy(tmp_path):
    """The contract: whole 0-10, a moment, one rating a customer and moment."""
    (tmp_path / "overall.csv").write_text(
        "customer_id,rated_at,overall\nC1,2025-12-20 10:00:00,11\n,2025-12-20 10:00:00,5\n"
        "C2,soon,5\nC3,2025-12-20 10:00:00,7\nC3,2025-12-20 10:00:00,8\n"
    )
    with pytest.raises(DataError) as caught:
        open_data({"overall": Table(file="overall.csv")}, folder=tmp_path)
    said = [str(problem) for problem in caught.value.problems]
    for part in (
        "overall.csv, row 2, column overall: found 11",
        "row 3, column customer_id",
        "row 4, column rated_at: found soon",
        "row 6",
    ):
        assert any(part in problem for problem in said), said
