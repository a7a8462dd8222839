"""The 360-degree join: loss, hidden groups, and the bias of matched-only scores."""

import datetime as dt

import duckdb
import numpy as np
import pandas as pd

from cxlib.data.source import duckdb_source
from cxlib.engagement.schema import Period
from cxlib.measures.joined import compare_matched, customer_join, read_coverage

PERIOD = Period(start=dt.date(2025, 7, 1), end=dt.date(2025, 12, 31))
PRECISION = {"confidence_level": 0.95, "minimum_cell": 30}


def engine(lost=0.2, *, n=1000, shift=3, seed=1):
    """Answers of n customers; a share of them is not in the customer table and scores lower."""
    rng = np.random.default_rng(seed)
    gone = rng.random(n) < lost
    score = np.clip(rng.integers(5, 11, n) - shift * gone, 0, 10)
    ids = np.array([f"C{k}" for k in range(n)])
    connection = duckdb.connect()
    frames = {
        "customers": pd.DataFrame({"customer_id": ids[~gone], "segment": "new"}),
        "answers": pd.DataFrame(
            {"customer_id": ids, "nps": score, "answered_at": pd.Timestamp(2025, 8, 1)}
        ),
    }
    return {
        name: duckdb_source(frame, table=name, connection=connection)
        for name, frame in frames.items()
    }, pd.DataFrame({"score": score, "gone": gone})


def net(scores):
    return 100 * ((scores >= 9).mean() - (scores <= 6).mean())


def test_bias_is_matched_minus_all_and_its_interval_leaves_out_zero_when_it_is_large():
    """Against pandas: NPS on matched answers less NPS on all."""
    sources, rows = engine()
    score = customer_join(sources, period=PERIOD, precision=PRECISION, metric="nps").score
    expected = net(rows.loc[~rows["gone"], "score"]) - net(rows["score"])
    assert np.isclose(score.bias.value, expected)
    assert score.case == "compared"
    assert score.bias.excludes(0.0)
    assert score.n_lost == rows["gone"].sum()


def test_interval_of_the_bias_covers_the_truth():
    """40 seeds: the true gap is known by design; under 34 hits has a chance below 1 %."""
    levels = np.arange(5, 11)
    true_gap = net(levels) - net(np.clip(levels - 3, 0, 10))
    hits = 0
    for seed in range(40):
        sources, rows = engine(seed=seed, n=400)
        bias = customer_join(sources, period=PERIOD, precision=PRECISION, metric="nps").score.bias
        truth = rows["gone"].mean() * true_gap
        hits += bias.ci_lower <= truth <= bias.ci_upper
    assert hits >= 34


def test_few_lost_answers_are_not_given_away_by_subtraction():
    """With fewer lost answers than the minimum cell the matched score is withheld."""
    sources, _ = engine(lost=0.01)
    score = customer_join(sources, period=PERIOD, precision=PRECISION, metric="nps").score
    assert score.case == "too_few"
    assert score.everyone is not None
    assert score.matched is None
    assert score.bias is None


def test_nothing_lost_means_no_bias():
    """Every answer matches: the matched score is that of everyone."""
    sources, _ = engine(lost=0.0)
    found = customer_join(sources, period=PERIOD, precision=PRECISION, metric="nps")
    assert found.score.case == "all_match"
    assert found.score.matched == found.score.everyone
    assert found.matches[0].rate.value == 1.0


def test_no_customer_table_gives_nothing():
    """Absent tables are said by the section, not raised."""
    sources, _ = engine()
    del sources["customers"]
    assert customer_join(sources, period=PERIOD, precision=PRECISION) is None


def test_all_answers_missing_shows_no_score():
    """No answer in the period: no score, no NaN."""
    sums = pd.DataFrame({
        "measure": ["everyone", "matched", "lost"], "n_clusters": 0, "total": 0.0, "base": 0.0,
        "squares": 0.0,
    })  # fmt: skip
    score = compare_matched(sums, metric="nps")
    assert score.everyone is None
    assert score.n_lost == 0


def test_a_single_small_segment_takes_the_next_smallest_with_it():
    """Trap 37: 10 of 140 would follow from the total, so the segment of 50 is hidden too."""
    whole = pd.DataFrame({"segment": [""], "n": [140], "orders": [70]})
    parts = pd.DataFrame({"segment": ["a", "b", "c"], "n": [80, 50, 10], "orders": [40, 25, 5]})
    found = read_coverage([whole, parts], by="segment", names=["orders"], minimum_cell=30)
    assert [each.n_customers for each in found] == [140, 80, None, None]
    assert found[2].shares == {}
