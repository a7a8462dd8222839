"""Negative answers and their follow-up: the SQL against the same counts by pandas."""

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.closed_loop import (
    Loop,
    impossible_followups,
    loop_sums,
    next_score_sums,
    reason_counts,
    wait_counts,
)
from cxlib.data.source import duckdb_source
from cxlib.errors import InputError

START, END, SEEN = dt.date(2026, 1, 1), dt.date(2026, 4, 1), dt.date(2026, 5, 1)


def loop_of(answers, follow, *, kind="followups", **changed):
    engine = duckdb.connect()
    sources = {
        name: duckdb_source(frame, table=name, connection=engine)
        for name, frame in (("answers", answers), (kind, follow))
    }
    options = {
        "score": "csat", "cut": 2, "start": START, "end": END, "seen": SEEN, "contact_days": 2,
        "close_days": 7,
    }  # fmt: skip
    return Loop(answers=sources["answers"], follow=sources[kind], kind=kind, **options | changed)


def frames():
    """600 answers of 150 customers, most negative ones with a line in the follow-ups."""
    draw = np.random.default_rng(11)
    said = pd.Timestamp("2025-12-20") + pd.to_timedelta(draw.integers(0, 130 * 1440, 600), unit="m")
    answers = pd.DataFrame(
        {
            "answer_id": [f"A{k}" for k in range(600)],
            "customer_id": draw.integers(0, 150, 600).astype(str),
            "answered_at": said,
            "csat": np.where(draw.random(600) < 0.05, np.nan, draw.integers(1, 6, 600)),
        }
    )
    answers.loc[draw.random(600) < 0.03, "customer_id"] = None
    rows = answers[(answers["csat"] <= 2) & (draw.random(600) < 0.9)]
    n = len(rows)
    excused = draw.random(n) < 0.15
    contacted = rows["answered_at"] + pd.to_timedelta(draw.exponential(2, n), unit="D")
    contacted = contacted.dt.floor("s").where(~excused & (draw.random(n) < 0.85))
    closed = contacted + pd.to_timedelta(np.floor(draw.exponential(4, n) * 86400), unit="s")
    follow = pd.DataFrame(
        {
            "answer_id": rows["answer_id"],
            "reviewed": draw.integers(0, 2, n),
            "contacted_at": contacted,
            "closed_at": closed.where(draw.random(n) < 0.9),
            "reason": np.where(excused, draw.choice(["a", "b"], n), None),
        }
    ).reset_index(drop=True)
    return answers, follow


def joined(answers, follow):
    rows = answers[(answers["csat"] <= 2) & (answers["answered_at"] >= str(START))]
    rows = rows[rows["answered_at"] < str(END)]
    rows = rows.merge(follow.assign(listed=1), on="answer_id", how="left")
    rows["owner"] = rows["customer_id"].fillna(rows["answer_id"])
    for name in ("contacted_at", "closed_at"):
        rows[name] = rows[name].where(rows[name] < str(SEEN))
    return rows


def test_shares_and_their_spread_between_customers_are_those_of_pandas():
    answers, follow = frames()
    found = loop_sums(loop_of(answers, follow)).set_index("measure")
    rows = joined(answers, follow)
    free = rows["reason"].isna()
    expected = {
        "covered": (rows["listed"] == 1, free | True),
        "excused": (~free, free | True),
        "reviewed": (rows["reviewed"] == 1, free | True),
    }
    for name, moment, days in (("contacted", "contacted_at", 2), ("closed", "closed_at", 7)):
        due = rows["answered_at"] + pd.Timedelta(days=days)
        met = free & (rows[moment] <= due)
        expected[name] = (met, met | (free & (due <= pd.Timestamp(SEEN))))
    for name, (y, x) in expected.items():
        each = pd.DataFrame({"y": y * 1.0, "x": x * 1.0, "who": rows["owner"]})
        each = each.groupby("who").sum()
        ratio = each["y"].sum() / each["x"].sum()
        assert found.loc[name, "total"] == each["y"].sum(), name
        assert found.loc[name, "base"] == each["x"].sum(), name
        assert found.loc[name, "squares"] == pytest.approx(((each.y - ratio * each.x) ** 2).sum())


def test_waits_are_whole_days_rounded_up_and_open_ones_censored_where_they_were_last_seen():
    answers, follow = frames()
    found = wait_counts(loop_of(answers, follow))
    rows = joined(answers, follow)
    rows = rows[rows["reason"].isna()]
    for step, moment in (("contacted", "contacted_at"), ("closed", "closed_at")):
        lines = found[found["step"] == step]
        done = rows[moment].notna()
        gap = (rows[moment].fillna(pd.Timestamp(SEEN)) - rows["answered_at"]).dt.total_seconds()
        days = np.where(done, np.ceil(gap / 86400), np.floor(gap / 86400))
        expected = pd.DataFrame({"days": days, "events": done * 1, "censored": ~done * 1})
        expected = expected.groupby("days", as_index=False).sum()
        for name in ("days", "events", "censored"):
            assert lines[name].tolist() == expected[name].tolist()


def test_the_next_score_is_the_first_after_the_landmark_and_the_slope_sums_are_those_of_pandas():
    answers, follow = frames()
    means, sums = next_score_sums(loop_of(answers, follow))
    rows = joined(answers, follow)
    rows = rows[rows["reason"].isna() & rows["customer_id"].notna()]
    later = answers[answers["csat"].notna() & (answers["answered_at"] < str(SEEN))]
    pairs = rows.merge(later, on="customer_id", suffixes=("", "_next"))
    pairs = pairs[pairs["answered_at_next"] > pairs["answered_at"] + pd.Timedelta(days=7)]
    pairs = pairs.sort_values(["answered_at_next", "answer_id_next"]).groupby("answer_id").head(1)
    pairs["z"] = (pairs["closed_at"] <= pairs["answered_at"] + pd.Timedelta(days=7)) * 1.0
    for grp, part in pairs.groupby("z"):
        line = means[means["grp"] == grp].set_index("measure")
        assert line.loc["after", "total"] == part["csat_next"].sum()
        assert line.loc["before", "total"] == part["csat"].sum()
        assert line.loc["after", "base"] == len(part)
    inner = pairs.groupby("csat")[["z", "csat_next"]].transform("mean")
    z, y = pairs["z"] - inner["z"], pairs["csat_next"] - inner["csat_next"]
    each = pd.DataFrame({"m": z * z, "t": z * y, "who": pairs["owner"]}).groupby("who").sum()
    expected = {
        "n_answers": len(pairs), "n_owners": len(each), "moved": each.m.sum(),
        "together": each.t.sum(), "tt": (each.t**2).sum(), "tm": (each.t * each.m).sum(),
        "mm": (each.m**2).sum(),
    }  # fmt: skip
    for name, value in expected.items():
        assert sums.loc[0, name] == pytest.approx(value), name


def test_a_service_case_counts_when_the_same_customer_opened_it_inside_the_window():
    """By hand: K1 a day later counts, K2 of another customer and K3 after eight days do not."""
    answers = pd.DataFrame(
        {
            "answer_id": ["A1", "A2"],
            "customer_id": ["c", "d"],
            "answered_at": pd.to_datetime(["2026-01-05 10:00", "2026-01-05 10:00"]),
            "csat": [1, 2],
        }
    )
    cases = pd.DataFrame(
        {
            "case_id": ["K0", "K1", "K2", "K3"],
            "customer_id": ["c", "c", "e", "d"],
            "opened_at": pd.to_datetime(["2026-01-04", "2026-01-06", "2026-01-06", "2026-01-13"]),
            "first_reply_at": pd.to_datetime(["2026-01-04", "2026-01-06", None, None]),
            "closed_at": pd.to_datetime(["2026-01-05", "2026-01-20", None, None]),
        }
    )
    found = loop_sums(loop_of(answers, cases, kind="cases")).set_index("measure")
    assert found.loc["covered", "total"] == 1
    assert found.loc["contacted", "total"] == 1
    assert found.loc["closed", "total"] == 0
    assert impossible_followups(loop_of(answers, cases, kind="cases")) == (0, 0)


def test_reasons_are_counted_and_impossible_lines_are_found():
    answers, follow = frames()
    rows = joined(answers, follow)
    counts = reason_counts(loop_of(answers, follow))
    assert dict(zip(counts["reason"], counts["n"], strict=True)) == (
        rows["reason"].value_counts().to_dict()
    )
    first = rows.loc[rows["contacted_at"].notna(), "answer_id"].iloc[0]
    at = follow["answer_id"] == first
    follow.loc[at, "contacted_at"] -= pd.Timedelta(days=40)
    follow.loc[~at & follow["contacted_at"].isna(), "answer_id"] += "x"
    strange = follow["answer_id"].str.endswith("x").sum()
    assert impossible_followups(loop_of(answers, follow)) == (1, strange)


def test_impossible_days_are_refused():
    answers, follow = frames()
    with pytest.raises(InputError, match="close_days must be a whole number of days, 1 or more"):
        loop_of(answers, follow, close_days=0)
