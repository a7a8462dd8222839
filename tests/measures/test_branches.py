"""Branches compared: who may be shown, ranks held together, changes beyond chance."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.engagement.schema import Metric, Period
from cxlib.errors import DataError
from cxlib.measures.branches import compare_branches
from cxlib.measures.disclosure import disclose
from cxlib.measures.league import league
from cxlib.measures.survey_sample import survey_sample

EARLIER = Period(start=dt.date(2025, 7, 1), end=dt.date(2025, 12, 31))
NOW = Period(start=dt.date(2026, 1, 1), end=dt.date(2026, 6, 30))
WORDING = {"en": "How likely are you to recommend us?", "zh-Hant-HK": "你有多大可能推薦我們？"}
METRICS = {"nps": Metric(kind="nps", wording=WORDING)}
PRECISION = {"confidence_level": 0.95, "minimum_cell": 30}


def answers(sizes, *, seed=1, shift=None, change=None):
    """Answers of branches by size, 70 % promoters and 30 % detractors but for the shifts."""
    rng = np.random.default_rng(seed)
    frames = []
    for wave, start in ((0, "2025-08-01"), (1, "2026-02-01")):
        for branch, n in sizes.items():
            p = 0.7 + (shift or {}).get(branch, 0) + wave * (change or {}).get(branch, 0)
            frames.append(
                pd.DataFrame(
                    {
                        "store": branch, "touchpoint": "delivery",
                        "answered_at": pd.Timestamp(start),
                        "nps": np.where(rng.random(n) < p, 10, 0),
                    }
                )
            )  # fmt: skip
    frame = pd.concat(frames, ignore_index=True)
    frame["answer_id"] = [f"A{k}" for k in range(len(frame))]
    frame["customer_id"] = [f"C{k}" for k in range(len(frame))]
    return frame


def compared(frame, *, invitations=None, by="store", precision=PRECISION):
    return compare_branches(
        duckdb_source(frame, table="answers"), invitations, METRICS, by=by, period=NOW,
        earlier=EARLIER, precision=precision, seed=1,
    )  # fmt: skip


def test_a_single_branch_with_few_answers_takes_the_smallest_with_it():
    """Total 200 less the shown 100 + 60 leaves 40 of two branches: neither can be worked out."""
    counts = {"a": {"nps": 100}, "b": {"nps": 60}, "c": {"nps": 35}, "d": {"nps": 5}}
    found = disclose(counts, minimum_cell=30)
    assert (found.shown, found.few, found.withheld) == (("a", "b"), ("d",), ("c",))


def test_hidden_branches_together_have_enough_answers():
    """Two hidden with 5 + 6 answers: their joint score would be one of 11 answers."""
    counts = {name: {"nps": n} for name, n in zip("abcdef", (90, 80, 70, 60, 6, 5), strict=True)}
    found = disclose(counts, minimum_cell=30)
    assert found.withheld == ("d",)
    assert sum(counts[name]["nps"] for name in (*found.few, *found.withheld)) >= 30


def test_enough_everywhere_hides_nobody():
    found = disclose({name: {"nps": 40} for name in "abc"}, minimum_cell=30)
    assert (found.shown, found.few, found.withheld) == (("a", "b", "c"), (), ())


def test_a_measure_few_branches_ask_is_left_out_and_hides_nobody():
    counts = {name: {"nps": 40} for name in "abc"} | {"a": {"nps": 40, "csat": 40}}
    found = disclose(counts, minimum_cell=30)
    assert (found.measures, found.few) == (("nps",), ())


@pytest.mark.parametrize("seed", range(40))
def test_no_total_gives_a_hidden_branch_away(seed):
    """Whatever the sizes: nothing hidden, or two and more that together have enough answers."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 80, size=rng.integers(3, 12))
    counts = {f"b{k}": {"nps": int(n), "csat": int(n // 2)} for k, n in enumerate(sizes)}
    found = disclose(counts, minimum_cell=30)
    hidden = [*found.few, *found.withheld]
    assert sorted([*found.shown, *hidden]) == sorted(counts)
    assert all(counts[b][m] >= 30 for b in found.shown for m in found.measures)
    if hidden and found.shown:
        assert len(hidden) > 1
        assert all(sum(counts[b][m] for b in hidden) >= 30 for m in found.measures)


def test_scores_are_those_of_plain_pandas():
    frame = answers({"a": 80, "b": 60, "c": 50}, shift={"a": 0.2})
    study = compared(frame)
    now = frame[frame["answered_at"] >= "2026-01-01"]
    plain = now.groupby("store")["nps"].agg(lambda s: 100 * ((s >= 9).mean() - (s <= 6).mean()))
    entries = {e.unit: e for e in study.leagues["nps"].entries}
    assert {unit: e.score for unit, e in entries.items()} == pytest.approx(plain.to_dict())
    assert {unit: e.adjusted.n_obs for unit, e in entries.items()} == {"a": 80, "b": 60, "c": 50}
    before = frame[frame["answered_at"] < "2026-01-01"].groupby("store")["nps"]
    earlier = before.agg(lambda s: 100 * ((s >= 9).mean() - (s <= 6).mean()))
    for each in study.changes:
        assert each.before == pytest.approx(earlier[each.unit])
        assert each.change.value == pytest.approx(plain[each.unit] - earlier[each.unit])


def test_a_hidden_branch_is_in_no_number():
    """The same study with and without the hidden branches' answers: nothing shown differs."""
    frame = answers({"a": 80, "b": 60, "c": 50, "d": 45, "e": 4})
    study = compared(frame)
    assert (study.disclosure.few, study.disclosure.withheld) == (("e",), ("d",))
    without = frame[~frame["store"].isin(["d", "e"])]
    other = compared(without)
    for mine, theirs in zip(
        study.leagues["nps"].entries, other.leagues["nps"].entries, strict=True
    ):
        assert (mine.unit, mine.score, mine.adjusted.n_obs) == (
            theirs.unit, theirs.score, theirs.adjusted.n_obs
        )  # fmt: skip
        assert mine.adjusted.value == pytest.approx(theirs.adjusted.value)
        assert mine.adjusted.ci_lower == pytest.approx(theirs.adjusted.ci_lower, abs=0.2)
    assert study.leagues["nps"].overall == pytest.approx(other.leagues["nps"].overall)
    assert {each.unit for each in study.changes} == {"a", "b", "c"}


def test_changes_keep_their_false_alarm_rate_over_all_branches():
    """60 seeded companies without any change: one or more alarms in about 5 %."""
    sizes = {f"s{k}": 60 for k in range(6)}
    alarms = sum(
        any(each.moved != "unclear" for each in compared(answers(sizes, seed=seed)).changes)
        for seed in range(60)
    )
    assert alarms <= 7  # P(more than 7 of 60 at 5 %) = 0.008


def test_a_real_change_is_found_and_named():
    sizes = {f"s{k}": 200 for k in range(5)}
    study = compared(answers(sizes, seed=3, change={"s2": -0.35}))
    assert [(each.unit, each.moved) for each in study.changes if each.moved != "unclear"] == [
        ("s2", "down")
    ]


def test_rank_intervals_hold_for_all_measures_at_once():
    """Two measures at 95 %: each league's ranks are those at 97.5 %."""
    frame = answers({"a": 80, "b": 60, "c": 50}, shift={"a": 0.25, "c": -0.3})
    frame["csat"] = np.where(frame["nps"] == 10, 5, 2)
    metrics = METRICS | {"csat": Metric(kind="csat", wording=WORDING)}
    source = duckdb_source(frame, table="answers")
    study = compare_branches(
        source, None, metrics, by="store", period=NOW, earlier=EARLIER, precision=PRECISION, seed=1
    )
    sample = survey_sample(
        source, metric="nps", window=NOW.window("answered_at"), adjustment="none",
        by=["store", "touchpoint"],
    )  # fmt: skip
    alone = league(sample, seed=1, rank_level=0.975)
    assert study.leagues["nps"].entries == alone.entries


def test_response_rates_are_completed_over_delivered():
    """Of b only 3 invitations were delivered, fewer than the minimum cell; z is not shown."""
    frame = answers({"a": 80, "b": 60, "c": 50})
    log = pd.DataFrame(
        {"store": ["a"] * 40 + ["b"] * 3 + ["z"] * 40,
         "delivered": [1] * 30 + [0] * 10 + [1] * 43, "completed": [1] * 10 + [0] * 30 + [1] * 43,
         "sent_at": pd.Timestamp("2026-02-01")}
    )  # fmt: skip
    study = compared(frame, invitations=duckdb_source(log, table="invitations"))
    assert {unit: (e.value, e.n_obs) for unit, e in study.responses.items()} == {"a": (1 / 3, 30)}


def test_too_few_branches_are_refused():
    with pytest.raises(DataError) as told:
        compared(answers({"a": 80, "b": 60, "c": 4}))
    assert str(told.value) == (
        "a comparison by store needs 3 branches with 30 answers to every measure, got 0 of 3; "
        "widen the period, or compare by a column with fewer values"
    )


def test_an_absent_column_is_named():
    frame = answers({"a": 80, "b": 60, "c": 50}).drop(columns="store")
    with pytest.raises(DataError, match=r"branches are compared by store, but answers has no such"):
        compared(frame)
