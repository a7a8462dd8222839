"""cxlib.data.summaries: every SQL text against plain pandas, over a frame, CSV and Parquet."""

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.query import ROWS_FOR_SHIFT
from cxlib.data.source import Source, duckdb_source
from cxlib.data.summaries import (
    clustered_moments,
    distinct_customers,
    flag_counts,
    group_moments,
    period_counts,
    ratio_moments,
    score_counts,
)
from cxlib.errors import DataError, InputError


def make_frame(n=3000):
    draw = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "customer_id": pd.Series(draw.integers(0, 600, n).astype(str), dtype="str"),
            "touchpoint": pd.Series(draw.choice(["delivery", "enquiry", "it's"], n), dtype="str"),
            "store": pd.Series(draw.choice(["S1", "S2", ""], n), dtype="str"),
            "nps": pd.array(draw.integers(0, 11, n), dtype="Int64"),
            "csat": pd.array(draw.integers(1, 6, n), dtype="Int64"),
            "left": pd.array(draw.integers(0, 2, n), dtype="Int64"),
            "amount": draw.normal(5e6, 800.0, n),
            "orders": draw.poisson(3.0, n).astype(float),
            "answered_at": pd.Timestamp(2025, 12, 20)
            + pd.to_timedelta(draw.integers(0, 120 * 86_400, n), unit="s"),
        }
    )
    frame["store"] = frame["store"].where(frame["store"] != "")
    frame.loc[draw.random(n) < 0.1, ["nps", "left"]] = pd.NA
    frame.loc[draw.random(n) < 0.1, "amount"] = np.nan
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


def same(found, expected):
    pd.testing.assert_frame_equal(
        found.reset_index(drop=True),
        expected.reset_index(drop=True)[found.columns.tolist()],
        check_dtype=False,
        rtol=1e-9,
    )


def test_score_counts_match_a_group_by(source):
    found = score_counts(source, score="nps", by=("touchpoint",))
    kept = FRAME.dropna(subset="nps").rename(columns={"nps": "score"})
    same(found, kept.groupby(["touchpoint", "score"]).size().reset_index(name="n"))
    assert found["score"].dtype == found["n"].dtype == np.int64


def test_score_counts_without_group_is_the_distribution(source):
    found = score_counts(source, score="csat")
    same(
        found, FRAME["csat"].value_counts().sort_index().rename_axis("score").reset_index(name="n")
    )


def test_an_empty_cell_is_a_group_of_its_own(source):
    found = score_counts(source, score="csat", by=["store"])
    assert found["n"].sum() == len(FRAME)
    assert found.loc[found["store"].isna(), "n"].sum() == FRAME["store"].isna().sum()


def test_a_date_range_takes_its_start_and_leaves_its_end(source):
    start, end = dt.date(2026, 1, 1), dt.date(2026, 2, 1)
    found = score_counts(source, score="csat", date="answered_at", start=start, end=end)
    january = FRAME[FRAME["answered_at"].dt.strftime("%Y-%m") == "2026-01"]
    assert found["n"].sum() == len(january)


def test_midnight_belongs_to_the_day_it_starts():
    frame = pd.DataFrame(
        {
            "nps": [1, 2, 3],
            "at": pd.to_datetime(
                ["2026-01-31 23:59:59", "2026-02-01 00:00:00", "2026-02-02 00:00:00"]
            ),
        }
    )
    found = score_counts(
        duckdb_source(frame, table="t"), score="nps", date="at",
        start=dt.date(2026, 2, 1), end=dt.date(2026, 2, 2),
    )  # fmt: skip
    assert found["score"].tolist() == [2]


@pytest.mark.parametrize(
    ("cadence", "rule"), [("day", "D"), ("week", "W-SUN"), ("month", "M"), ("quarter", "Q")]
)
def test_a_cadence_groups_by_the_first_day_of_its_period(source, cadence, rule):
    """A week starts on Monday, so pandas' weeks end on Sunday."""
    found = score_counts(source, score="csat", date="answered_at", cadence=cadence)
    starts = FRAME["answered_at"].dt.to_period(rule).dt.start_time
    expected = FRAME.assign(period_start=starts).groupby(["period_start", "csat"]).size()
    same(found, expected.reset_index(name="n").rename(columns={"csat": "score"}))
    assert str(found["period_start"].dtype) == "datetime64[us]"


@pytest.mark.parametrize(("column", "value"), [("touchpoint", "it's"), ("csat", 5)])
def test_rows_can_be_kept_by_an_exact_value(source, column, value):
    found = score_counts(source, score="csat", equals={column: value})
    assert found["n"].sum() == (FRAME[column] == value).sum()


def test_flag_counts_give_rows_ones_and_known(source):
    """left is also an SQL word; it is quoted on the way."""
    found = flag_counts(source, flags=["left"], by=["touchpoint"])
    groups = FRAME.groupby("touchpoint")
    expected = pd.DataFrame(
        {"n": groups.size(), "left": groups["left"].sum(), "n_left": groups["left"].count()}
    )
    same(found, expected.reset_index())


def test_flag_counts_of_no_rows_are_zero(source):
    found = flag_counts(source, flags=["left"], equals={"touchpoint": "nowhere"})
    assert found.to_dict("list") == {"n": [0], "left": [0], "n_left": [0]}


def test_period_counts_match_pandas(source):
    found = period_counts(source, date="answered_at", cadence="month", by=["touchpoint"])
    months = FRAME["answered_at"].dt.to_period("M").dt.start_time
    expected = FRAME.assign(period_start=months).groupby(["touchpoint", "period_start"]).size()
    same(found, expected.reset_index(name="n"))


def test_distinct_customers_match_pandas(source):
    found = distinct_customers(source, by=["touchpoint"])
    groups = FRAME.groupby("touchpoint")["customer_id"]
    expected = pd.DataFrame({"n": groups.size(), "n_customers": groups.nunique()})
    same(found, expected.reset_index())


def test_group_moments_match_pandas(source):
    found = group_moments(source, columns=["amount", "nps"], by=["touchpoint"])
    groups = FRAME.astype({"nps": "float64"}).groupby("touchpoint")
    expected = pd.DataFrame({"n": groups.size()})
    for name in ("amount", "nps"):
        expected[f"n_{name}"] = groups[name].count()
        expected[f"mean_{name}"] = groups[name].mean()
        expected[f"var_{name}"] = groups[name].var()
    same(found, expected.reset_index())


@pytest.mark.parametrize("level", [1e4, 1e6, 1e8, 1e10])
def test_the_variance_keeps_its_digits_at_any_level(level):
    """Raw sums of squares were 4.7 % wrong at 1e6 and nonsense at 1e8; shifted ones are not."""
    values = level + np.random.default_rng(2).normal(0, 1, 2000)
    source = duckdb_source(pd.DataFrame({"x": values}), table="t")
    found = group_moments(source, columns=["x"])
    assert found["var_x"][0] == pytest.approx(values.var(ddof=1), rel=1e-5)


@pytest.mark.parametrize("empty", [0, ROWS_FOR_SHIFT - 1, ROWS_FOR_SHIFT, ROWS_FOR_SHIFT + 1])
def test_the_digits_stay_where_the_first_rows_are_empty_or_lie_far_off(empty):
    """The shift comes from the first rows; sorted values are the worst case for it."""
    amounts = np.sort(1e8 + np.random.default_rng(5).normal(size=3 * ROWS_FOR_SHIFT))
    frame = pd.DataFrame({"amount": np.concatenate([np.full(empty, np.nan), amounts])})
    found = group_moments(duckdb_source(frame, table="t"), columns=["amount"])
    assert found["var_amount"][0] == pytest.approx(amounts.var(ddof=1), rel=1e-9)
    assert found["mean_amount"][0] == pytest.approx(amounts.mean(), rel=1e-14)


def test_a_given_shift_changes_nothing_but_the_road(source):
    plain = group_moments(source, columns=["amount"])
    given = group_moments(source, columns=["amount"], shift={"amount": 4_999_000.0})
    negative = group_moments(source, columns=["orders"], shift={"orders": -2.0})
    same(given, plain)
    same(negative, group_moments(source, columns=["orders"]))


def test_one_value_has_a_mean_and_no_variance_and_none_has_neither():
    frame = pd.DataFrame({"g": ["a", "b"], "x": [3.0, np.nan]})
    found = group_moments(duckdb_source(frame, table="t"), columns=["x"], by=["g"])
    assert found["n_x"].tolist() == [1, 0]
    assert found["mean_x"].isna().tolist() == [False, True]
    assert found["var_x"].isna().tolist() == [True, True]


def test_ratio_moments_match_pandas(source):
    found = ratio_moments(source, numerator="amount", denominator="orders", by=["touchpoint"])
    rows = []
    for touchpoint, group in FRAME.dropna(subset=["amount", "orders"]).groupby("touchpoint"):
        spread = np.cov(group["amount"], group["orders"])
        rows.append(
            {
                "touchpoint": touchpoint,
                "n": len(group),
                "mean_numerator": group["amount"].mean(),
                "mean_denominator": group["orders"].mean(),
                "var_numerator": spread[0, 0],
                "var_denominator": spread[1, 1],
                "cov": spread[0, 1],
            }
        )
    pd.testing.assert_frame_equal(found, pd.DataFrame(rows), check_dtype=False, rtol=1e-8)


@pytest.mark.parametrize("coding", ["value", "nps", "top2"])
def test_clustered_moments_match_pandas(source, coding):
    column = "csat" if coding == "top2" else "nps"
    values = FRAME[column].astype("float64")
    codes = {
        "value": values,
        "nps": (values >= 9).astype(float) - (values <= 6).astype(float),
        "top2": (values >= 4).astype(float),
    }
    coded = FRAME.assign(y=codes[coding].where(values.notna())).dropna(subset="y")
    found = clustered_moments(source, columns=[column], coding=coding, by=["touchpoint"])
    rows = []
    for touchpoint, group in coded.groupby("touchpoint"):
        by_customer = group.groupby("customer_id")["y"].agg(["sum", "count"])
        rest = by_customer["sum"] - group["y"].mean() * by_customer["count"]
        rows.append(
            {
                "touchpoint": touchpoint,
                "column": column,
                "n": len(group),
                "n_clusters": len(by_customer),
                "mean": group["y"].mean(),
                "squares": (rest**2).sum(),
                "count_squares": (by_customer["count"] ** 2).sum(),
            }
        )
    pd.testing.assert_frame_equal(found, pd.DataFrame(rows), check_dtype=False, rtol=1e-8)


def test_customers_who_answer_once_give_the_plain_standard_error():
    """With one answer each, K / (K - 1) · squares / n² is the variance of a mean, s² / n."""
    values = np.random.default_rng(3).integers(0, 11, 400)
    frame = pd.DataFrame({"customer_id": [f"C{i}" for i in range(400)], "nps": values})
    found = clustered_moments(duckdb_source(frame, table="t"), columns=["nps"]).iloc[0]
    squared_error = 400 / 399 * found["squares"] / 400**2
    assert squared_error == pytest.approx(values.var(ddof=1) / 400, rel=1e-9)


def test_doubling_every_answer_of_a_customer_leaves_the_error_alone():
    """A copy of each answer adds no information: the clustered error must not shrink."""
    values = np.random.default_rng(4).integers(0, 11, 300)
    once = pd.DataFrame({"customer_id": [f"C{i}" for i in range(300)], "nps": values})
    twice = pd.concat([once, once])
    errors = []
    for frame in (once, twice):
        found = clustered_moments(duckdb_source(frame, table="t"), columns=["nps"]).iloc[0]
        errors.append(np.sqrt(300 / 299 * found["squares"]) / found["n"])
    assert errors[0] == pytest.approx(errors[1], rel=1e-9)


def test_numbers_sent_as_text_are_read(source):
    """ADBC sends PostgreSQL's NUMERIC as text."""
    texted = Source(source.table, source.columns, lambda sql: source.run(sql).astype(str))
    found = group_moments(texted, columns=["orders"])
    same(found, group_moments(source, columns=["orders"]))


def test_an_empty_table_gives_no_groups_and_no_numbers():
    frame = FRAME.iloc[:0]
    source = duckdb_source(frame, table="t")
    assert len(score_counts(source, score="nps", by=["touchpoint"])) == 0
    assert group_moments(source, columns=["amount"])["mean_amount"].isna().all()
    assert clustered_moments(source, columns=["nps"])["n"].tolist() == [0]


ABSENT = "columns not found: npss (npss may be nps); answers has "


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: score_counts(s, score="npss"),
        lambda s: score_counts(s, score="nps", by=["npss"]),
        lambda s: score_counts(s, score="nps", date="npss"),
        lambda s: score_counts(s, score="nps", equals={"npss": 1}),
        lambda s: flag_counts(s, flags=["npss"]),
        lambda s: group_moments(s, columns=["npss"]),
        lambda s: ratio_moments(s, numerator="npss", denominator="nps"),
        lambda s: clustered_moments(s, columns=["nps"], cluster="npss"),
        lambda s: distinct_customers(s, customer="npss"),
        lambda s: period_counts(s, date="npss", cadence="day"),
    ],
)
def test_a_misspelt_column_is_named_with_the_right_one(source, ask):
    with pytest.raises(DataError) as caught:
        ask(source)
    assert str(caught.value).startswith(ABSENT)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cadence": "week"}, "start, end and cadence need date, the name of a time column"),
        (
            {"date": "answered_at", "cadence": "fortnight"},
            "cadence must be one of day, week, month, quarter, got 'fortnight'",
        ),
        (
            {"date": "answered_at", "start": dt.date(2026, 2, 1), "end": dt.date(2026, 1, 1)},
            "start must be before end, got 2026-02-01 and 2026-01-01",
        ),
        (
            {"equals": {"touchpoint": "a\\"}},
            "a value to compare with must be plain text, got 'a\\\\'",
        ),
    ],
)
def test_an_impossible_question_says_what_must_hold(source, options, message):
    with pytest.raises(InputError) as caught:
        score_counts(source, score="nps", **options)
    assert str(caught.value) == message


def test_an_unknown_coding_is_refused(source):
    with pytest.raises(InputError) as caught:
        clustered_moments(source, columns=["nps"], coding="top3")
    assert str(caught.value) == "coding must be one of value, nps, top2, got 'top3'"
