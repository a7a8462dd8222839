"""cxlib.measures.voice.correction and stars: counts by hand, the planted truth, refusals."""

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.mention_labels import coded_labels, label_counts
from cxlib.data.simulate.mentions import draw_codes, draw_mentions
from cxlib.data.simulate.truth import Truth
from cxlib.data.source import duckdb_source
from cxlib.errors import InputError
from cxlib.measures.voice.correction import audit_labels, mention_rates
from cxlib.measures.voice.stars import stars_across, stars_by_source

WINDOW = {"date": "posted_on", "start": dt.date(2026, 1, 1), "end": dt.date(2026, 7, 1)}


def tables(mentions, codes):
    engine = duckdb.connect()
    sources = []
    for name, frame in (("mentions", mentions), ("mention_codes", codes)):
        sources.append(duckdb_source(frame, table=name, connection=engine))
    return sources


def made(*rows):
    columns = ["mention_id", "source", "stars", "posted_on", "text", "label"]
    frame = pd.DataFrame([(f"M{k}", *row) for k, row in enumerate(rows)], columns=columns)
    frame["posted_on"] = pd.to_datetime(frame["posted_on"])
    return frame.astype({"stars": "Int64"})


def coded(*rows):
    return pd.DataFrame(rows, columns=["mention_id", "coder", "label"])


POSTS = made(
    ("google", 5, "2026-01-05", "good", "positive"),
    ("google", 5, "2026-01-05", "good", "positive"),  # a copy
    ("forum", None, "2026-01-05", "good", "positive"),  # another source
    ("google", 1, "2026-02-05", "bad", "negative"),
    ("google", None, "2026-02-05", None, "negative"),
    ("google", None, "2026-02-05", None, "negative"),  # no text: not a copy
    ("google", None, "2026-02-06", "when", "neutral"),
    ("google", None, "2026-02-06", "odd", None),
    ("google", None, "2025-12-31", "old", "positive"),
)


def test_copies_count_once_and_neutral_stands_apart():
    """By hand: 6 different labelled mentions of the period, 1 copy."""
    source, _ = tables(POSTS, coded())
    found = label_counts(source, **WINDOW).iloc[0].to_dict()
    assert found == {"n": 6, "n_rows": 7, "positive": 2, "neutral": 1, "negative": 3}
    rate = mention_rates(source, None, window=WINDOW)[0]
    assert (rate.n_mentions, rate.n_copies, rate.n_neutral, rate.audit) == (6, 1, 1, "none")
    assert rate.rate.apparent.value == pytest.approx(2 / 5)
    assert (rate.rate.corrected, rate.rate.reason) == (None, "too_few_coded")


def test_counts_per_month_add_up_to_the_period():
    source, _ = tables(POSTS, coded())
    monthly = label_counts(source, **WINDOW, cadence="month")
    assert monthly["n"].tolist() == [2, 4]
    assert [rate.start.month for rate in mention_rates(source, None, window=WINDOW,
                                                       cadence="month")] == [1, 2]  # fmt: skip


def test_disputed_and_neutral_codes_are_left_out():
    """M0 agreed positive, M3 disputed, M4 agreed negative, M6 neutral, M5 by one coder."""
    codes = coded(
        ("M0", "A", "positive"), ("M0", "B", "positive"), ("M3", "A", "negative"),
        ("M3", "B", "positive"), ("M4", "A", "negative"), ("M4", "B", "negative"),
        ("M6", "A", "neutral"), ("M6", "B", "neutral"), ("M5", "A", "positive"),
    )  # fmt: skip
    source, code_source = tables(POSTS, codes)
    audit = audit_labels(source, code_source, window=WINDOW)
    assert (audit.n_coded, audit.n_disputed, audit.n_neutral) == (5, 1, 1)
    assert (audit.found.right, audit.found.n_obs) == (1, 2)
    assert (audit.left_alone.right, audit.left_alone.n_obs) == (1, 1)
    assert audit.kappa.n_obs == 4
    assert int(coded_labels(source, code_source, **WINDOW)["n"].sum()) == 5


def test_no_codes_give_no_kappa_and_no_crash():
    audit = audit_labels(*tables(POSTS, coded(("M0", "A", "positive"))), window=WINDOW)
    assert audit.kappa is None


def test_a_period_with_enough_codes_is_corrected_by_its_own():
    truth = Truth(coded_mentions=1_500)
    mentions = draw_mentions(truth, seed=4)
    mentions["posted_on"] = pd.to_datetime(mentions["posted_on"])
    text = mentions.assign(posted_on=mentions["posted_on"].dt.strftime("%Y-%m-%d"))
    sources = tables(mentions.drop(columns="_tone"), draw_codes(truth, text, seed=4))
    assert mention_rates(*sources, window=WINDOW)[0].audit == "own_period"
    monthly = mention_rates(*sources, window=WINDOW, cadence="month")
    assert {rate.audit for rate in monthly} == {"all_periods"}
    assert len(monthly) == 6


def test_the_corrected_rate_finds_the_planted_share_where_the_raw_one_misses_it():
    """30 seeds, 2025H2: true share 0.80, labels by a classifier with 0.90 and 0.88, 240 coded."""
    window = {"date": "posted_on", "start": dt.date(2025, 7, 1), "end": dt.date(2026, 1, 1)}
    truth = Truth()
    raw, corrected = [], []
    for seed in range(30):
        mentions = draw_mentions(truth, seed=seed)
        codes = draw_codes(truth, mentions, seed=seed)
        mentions["posted_on"] = pd.to_datetime(mentions["posted_on"])
        rate = mention_rates(*tables(mentions.drop(columns="_tone"), codes), window=window)[0].rate
        raw.append(rate.apparent)
        corrected.append(rate.corrected)
    assert np.mean([est.ci_lower <= 0.8 <= est.ci_upper for est in corrected]) >= 0.9
    assert np.mean([est.ci_lower <= 0.8 <= est.ci_upper for est in raw]) <= 0.2
    assert np.mean([est.value for est in corrected]) == pytest.approx(0.8, abs=0.015)


def test_stars_stay_with_their_source():
    """google: 5, 5, 1 gives 11/3; under the minimum cell it is hidden."""
    source, _ = tables(POSTS, coded())
    (found,) = stars_by_source(source, window=WINDOW, minimum_cell=3)
    assert (found.source, found.n_obs) == ("google", 3)
    assert found.mean.value == pytest.approx(11 / 3)
    (hidden,) = stars_by_source(source, window=WINDOW)
    assert (hidden.n_obs, hidden.mean) == (3, None)


def test_stars_across_sources_need_a_stated_mapping():
    source, _ = tables(POSTS, coded())
    mapping = {"google": [0, 0.25, 0.5, 0.75, 1]}
    assert stars_across(source, window=WINDOW, mapping=mapping).value == pytest.approx(2 / 3)
    with pytest.raises(InputError) as caught:
        stars_across(source, window=WINDOW, mapping={})
    assert str(caught.value) == (
        "stars of several sources are averaged only by a stated mapping; none for google: add "
        "voice: star_mapping: to the engagement file, or read each source by itself"
    )


def test_a_client_without_stars_has_none():
    source, _ = tables(POSTS.drop(columns="stars"), coded())
    assert stars_by_source(source, window=WINDOW) == ()


def drifting(late):
    """100 coded positives and negatives a half year; the labels find 90 % early, ``late`` later."""
    posts, codes = [], []
    for day, right in (("2025-10-05", 90), ("2026-02-05", late)):
        for tone, other in (("positive", "negative"), ("negative", "positive")):
            for k in range(100):
                codes.append((f"M{len(posts)}", "A", tone))
                text = f"{day} {tone} {k}"
                posts.append(("google", None, day, text, tone if k < right else other))
    return tables(made(*posts), coded(*codes))


def test_labels_that_err_otherwise_in_a_period_are_noticed():
    """90 against 60 of 100: Fisher's p is 1.24e-6 (scipy), doubled; 90 against 90: 1."""
    from scipy.stats import fisher_exact

    mentions, codes = drifting(60)
    [rate] = mention_rates(mentions, codes, window=WINDOW)
    assert rate.drift == pytest.approx(2 * fisher_exact([[60, 40], [90, 10]]).pvalue)
    assert rate.drift < 1e-5
    mentions, codes = drifting(90)
    assert mention_rates(mentions, codes, window=WINDOW)[0].drift == 1


def test_months_are_held_against_each_other_by_halves_of_the_period():
    mentions, codes = drifting(60)
    whole = WINDOW | {"start": dt.date(2025, 7, 1)}
    months = mention_rates(mentions, codes, window=whole, cadence="month")
    assert [rate.drift < 1e-5 for rate in months] == [True, True]
    assert mention_rates(mentions, codes, window=WINDOW, cadence="month")[0].drift is None
