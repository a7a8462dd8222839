"""cxlib.data.experiments and exposure: every sum against plain pandas, and the bad tables."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from cxlib.data.experiments import Scope, aggregate
from cxlib.data.exposure import cap_of, cluster_sums, exposure, value_counts, waiting_counts
from cxlib.data.source import duckdb_source
from cxlib.errors import DataError, InputError

ROWS = 4_000


@pytest.fixture(scope="module")
def frame():
    """4,000 seeded units: gaps in y and den, a large mean in y, a missing segment and covariate."""
    rng = np.random.default_rng(611)
    made = pd.DataFrame(
        {
            "unit": [f"U{n}" for n in range(ROWS)],
            "arm": rng.choice(["control", "treatment"], ROWS),
            "at": pd.Timestamp("2026-03-02") + pd.to_timedelta(rng.integers(0, 5, ROWS), unit="D"),
            "seg": rng.choice(["a", "b", None], ROWS),
            "city": rng.choice(["x", "y"], ROWS),
            "shop": "",
            "y": rng.normal(1e6, 3, ROWS),
            "num": rng.poisson(3, ROWS).astype(float),
            "den": rng.poisson(5, ROWS).astype(float),
            "score": rng.integers(1, 6, ROWS).astype(float),
            "days": rng.integers(0, 9, ROWS).astype(float),
            "done": rng.integers(0, 2, ROWS),
            "x1": rng.normal(size=ROWS),
            "x2": rng.normal(100, 3, ROWS),
        }
    )
    made["shop"] = made["arm"].str[0] + pd.Series(rng.integers(0, 6, ROWS)).astype(str)
    made.loc[rng.random(ROWS) < 0.3, "y"] = np.nan
    made.loc[rng.random(ROWS) < 0.1, "den"] = np.nan
    return made


@pytest.fixture(scope="module")
def source(frame):
    return duckdb_source(frame, table="trial")


MEASURES = [("y",), ("num", "den"), ("score",)]


def expected(rows, measure, covariates=("x1", "x2")):
    """What pandas gives: n, means and covariances over the rows with the whole measure."""
    kept = rows.dropna(subset=list(measure))[[*measure, *covariates]]
    return len(kept), kept.mean().to_numpy(), kept.cov().to_numpy()


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("segments", [[], ["seg"], ["seg", "city"]])
def test_moments_are_those_of_pandas(frame, source, measure, segments):
    """For no, one and two segment columns (plain and grouping sets); y has mean 1e6 and SD 3."""
    found = aggregate(
        source, arm="arm", measures=MEASURES, covariates=["x1", "x2"], segments=segments
    )
    for key in ["", *segments]:
        sums = found.sums[key][measure]
        for place, group in enumerate(sums.groups.to_dict("records")):
            rows = frame[frame["arm"] == group["arm"]]
            if key:
                rows = rows[rows[key].isna() if pd.isna(group[key]) else rows[key] == group[key]]
            n, means, cov = sums.moments(place)
            n_pandas, means_pandas, cov_pandas = expected(rows, measure)
            assert n == n_pandas
            np.testing.assert_allclose(means, means_pandas, rtol=1e-9)
            np.testing.assert_allclose(cov, cov_pandas, rtol=1e-6, atol=1e-9)


def test_every_segment_column_adds_up_to_the_arms(frame, source):
    """Units with an empty segment are a group too, so nothing is lost."""
    found = aggregate(source, arm="arm", measures=MEASURES, segments=["seg", "city"])
    for key in ("seg", "city"):
        assert found.assigned[key]["n"].sum() == ROWS
    assert found.assigned[""]["n"].tolist() == frame["arm"].value_counts().sort_index().tolist()


def test_a_cap_lowers_values_before_they_are_summed(frame, source):
    found = aggregate(source, arm="arm", measures=[("num",)], caps={"num": 4.0})
    means = frame.assign(num=frame["num"].clip(upper=4)).groupby("arm")["num"].mean()
    sums = found.sums[""]["num",]
    np.testing.assert_allclose([sums.moments(i)[1][0] for i in range(2)], means, rtol=1e-12)


def test_the_cap_is_the_quantile_of_all_arms_together(frame, source):
    assert cap_of(source, column="x2", quantile=0.9) == pytest.approx(frame["x2"].quantile(0.9))


def test_days_are_groups_and_rows_outside_the_period_are_left_out(frame, source):
    scope = Scope(date="at", start=dt.date(2026, 3, 3), end=dt.date(2026, 3, 5))
    found = aggregate(source, arm="arm", measures=[("y",)], scope=scope, daily=True)
    kept = frame[frame["at"].between("2026-03-03", "2026-03-04")]
    counts = kept.groupby(["arm", "at"]).size().tolist()
    assert found.assigned["period_start"]["n"].tolist() == counts


def test_values_times_and_clusters_are_counted_as_in_pandas(frame, source):
    values = value_counts(source, column="score", arm="arm")
    assert values["n"].tolist() == frame.groupby(["arm", "score"]).size().tolist()
    waits = waiting_counts(source, time="days", event="done", arm="arm")
    assert waits["events"].tolist() == frame.groupby(["arm", "days"])["done"].sum().tolist()
    assert waits[["events", "censored"]].to_numpy().sum() == ROWS
    sums = cluster_sums(source, cluster="shop", arm="arm", measures=[("num", "den")])
    whole = frame.dropna(subset=["num", "den"]).groupby(["arm", "shop"])
    np.testing.assert_allclose(sums["sum_den"], whole["den"].sum(), rtol=1e-12)
    assert sums["n_num"].tolist() == whole.size().tolist()


def test_units_in_two_arms_and_units_written_twice_are_counted_apart():
    """U1 is in both arms, U2 twice in one, one row has no arm: of 6 rows 3 are sound."""
    rows = pd.DataFrame(
        {
            "unit": ["U1", "U1", "U2", "U2", "U3", "U4"],
            "arm": ["control", "treatment", "control", "control", "treatment", None],
        }
    )
    found = exposure(duckdb_source(rows, table="t"), unit="unit", arm="arm")
    assert (found.n_rows, found.n_units, found.n_unassigned) == (6, 3, 1)
    assert (found.n_crossed, found.n_repeated, found.crossed) == (1, 1, ("U1",))


def test_a_negative_wait_is_refused_with_its_number_and_the_lowest():
    rows = pd.DataFrame({"arm": ["control"] * 3, "days": [-2, 1, -5], "done": [1, 0, 1]})
    with pytest.raises(DataError) as caught:
        waiting_counts(duckdb_source(rows, table="t"), time="days", event="done", arm="arm")
    assert str(caught.value) == (
        "days must be 0 or more, found 2 below 0, the lowest -5; a wait cannot end before it "
        "began: check which of the two times is which"
    )


def test_a_cluster_in_two_arms_is_refused():
    rows = pd.DataFrame({"arm": ["control", "treatment"], "shop": ["s1", "s1"], "y": [1, 2]})
    with pytest.raises(DataError) as caught:
        cluster_sums(duckdb_source(rows, table="t"), cluster="shop", arm="arm", measures=[("y",)])
    assert str(caught.value) == (
        "a shop must be in one arm, 1 are in more: s1; leave cluster out where units were "
        "randomised one by one"
    )


def test_a_test_without_measures_is_refused(source):
    with pytest.raises(InputError) as caught:
        aggregate(source, arm="arm", measures=[])
    assert str(caught.value) == "a test needs at least 1 measure, got none"
