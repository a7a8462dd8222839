"""Reported KPI values stay as they were reported unless somebody says why not."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from cxlib.data.kpi_store import read_values
from cxlib.decisions.history import check_periods, definition_hash, history_file, update_history
from cxlib.decisions.kpis import track_kpis
from cxlib.engagement import load_engagement
from cxlib.engagement.review import Rebaseline, Restatement
from cxlib.errors import DataError

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
MONTHS = [date(2025 + place // 12, place % 12 + 1, 1) for place in range(18)]
SHARES = [0.05, 0.052] * 9


@pytest.fixture
def engagement():
    return load_engagement(SAMPLE)


def history(shares, starts=MONTHS, *, kpi="conversion"):
    return pd.DataFrame(
        [
            {"kpi": kpi, "period_start": start, "n_obs": 1000, "value": share,
             "successes": round(share * 1000)}
            for start, share in zip(starts, shares, strict=True)
        ]
    )  # fmt: skip


def update(path, shares, engagement, starts=MONTHS):
    rows = history(shares, starts)
    return update_history(
        path, track_kpis(rows, engagement=engagement, targets={}), engagement=engagement
    )


def test_a_new_period_is_added_and_the_same_run_twice_changes_nothing(engagement, tmp_path):
    """17 months, then 18: one is new; run again, none is."""
    path = history_file(tmp_path / "ledger.json")
    assert update(path, SHARES[:17], engagement, MONTHS[:17]).added == 17
    second = update(path, SHARES, engagement)
    assert (second.added, second.unchanged, second.restated) == (1, 17, 0)
    third = update(path, SHARES, engagement)
    assert (third.added, third.unchanged) == (0, 18)
    assert len(read_values(path)) == 18


def test_another_value_for_a_reported_period_is_refused_and_nothing_is_written(
    engagement, tmp_path
):
    """The message names KPI, period, new and old value, and the remedy."""
    path = tmp_path / "history.duckdb"
    update(path, SHARES[:17], engagement, MONTHS[:17])
    with pytest.raises(DataError) as caught:
        update(path, [0.06, *SHARES[1:]], engagement)
    said = str(caught.value)
    assert said.startswith("history.duckdb keeps what was reported: nothing was written")
    assert "conversion, 2025-01-01: found 0.06 (n 1000); 0.05 (n 1000) is on record since" in said
    assert "restatements: [{kpi: conversion, period: 2025-01-01, reason: …}]" in said
    assert len(read_values(path)) == 17


def test_a_stated_reason_restates_the_period_once(engagement, tmp_path):
    """The new value has the next revision and its reason; it serves once."""
    path = tmp_path / "history.duckdb"
    update(path, SHARES, engagement)
    reason = {"en": "Two stores were counted twice", "zh-Hant-HK": "兩間分店重複計算"}
    engagement.restatements.append(Restatement(kpi="conversion", period=MONTHS[0], reason=reason))
    assert update(path, [0.06, *SHARES[1:]], engagement).restated == 1
    first = read_values(path)[0]
    assert (first.value, first.revision, first.reason) == (0.06, 1, reason["en"])
    assert update(path, [0.06, *SHARES[1:]], engagement).restated == 0
    with pytest.raises(DataError, match=r"0\.06 \(n 1000\) is on record"):
        update(path, [0.07, *SHARES[1:]], engagement)


def test_a_definition_that_changes_in_mid_series_is_refused_without_a_fresh_baseline(
    engagement, tmp_path
):
    """With `rebaseline` from the next period on, the series goes on."""
    path = tmp_path / "history.duckdb"
    update(path, SHARES[:12], engagement, MONTHS[:12])
    kpi = engagement.kpi("conversion")
    kpi.definition["en"] = "Sales per visitor"
    with pytest.raises(DataError, match="the definition changed in mid-series") as caught:
        update(path, SHARES, engagement)
    assert "rebaseline: [{kpi: conversion, from: 2026-01-01, reason: …}]" in str(caught.value)
    engagement.rebaseline.append(
        Rebaseline.model_validate(
            {"kpi": "conversion", "from": MONTHS[12], "reason": "Visitors are counted now"}
        )
    )
    assert update(path, SHARES, engagement).added == 6
    hashes = {value.period_start: value.definition for value in read_values(path)}
    assert hashes[MONTHS[11]] != hashes[MONTHS[12]] == definition_hash(kpi)


def test_a_file_that_is_no_history_is_named(engagement, tmp_path):
    """No traceback of the database."""
    path = tmp_path / "history.duckdb"
    path.write_text("not a database", encoding="utf-8")
    with pytest.raises(DataError, match=r"^the KPI history cannot be used\n  history\.duckdb: it"):
        update(path, SHARES, engagement)


GAP = "found 2025-06-01; a gap: no row for the monthly period that begins on 2025-05-01"
OVERLAP = "found 2025-03-15; it overlaps the monthly period that begins on 2025-03-01"


@pytest.mark.parametrize(
    ("starts", "message"),
    [
        ([*MONTHS[:4], *MONTHS[5:]], GAP),
        ([*MONTHS[:3], date(2025, 3, 15), *MONTHS[3:]], OVERLAP),
        ([*MONTHS[:3], *MONTHS[2:]], "found 2025-03-01; each period stands once"),
    ],
)
def test_periods_that_do_not_follow_each_other_are_refused(engagement, starts, message):
    """A gap, an overlap, a period twice: one message each, with KPI, date and remedy."""
    with pytest.raises(DataError) as caught:
        check_periods(history([0.05] * len(starts), starts), engagement=engagement)
    assert f"kpi_history, conversion, period_start: {message}" in str(caught.value)


def test_a_whole_history_passes(engagement):
    """Eighteen months in order."""
    check_periods(history(SHARES), engagement=engagement)
