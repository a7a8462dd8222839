"""Churn risk: cells against pandas, the test on a later time, leaks, and the sum of a contact."""

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.lapses import COUNTS, FEATURES, lapse_cells
from cxlib.data.source import duckdb_source
from cxlib.engagement.value import RetentionContact
from cxlib.errors import InputError
from cxlib.measures import churn_risk
from cxlib.measures.churn_risk import contact_top, read_risk

PRECISION = {"confidence_level": 0.95, "minimum_cell": 30}
CUT, WINDOW = dt.date(2025, 7, 1), 90
CUTS = (dt.date(2025, 4, 1), dt.date(2025, 7, 1))
STATED = RetentionContact(
    share=0.1, save_rate=0.2, cost_hkd=50, source="an assumption", dated=dt.date(2026, 1, 1)
)


def cells(n=2_000, *, seed=1, strength=0.9, **columns):
    """Customers whose chance to stop rises with recency, as cells of one."""
    rng = np.random.default_rng(seed)
    recency = rng.integers(0, 15, n)
    odds = -0.5 + strength * (recency - 7) / 4
    lapsed = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(int)
    earned = rng.gamma(2, 500, n) * (1 - lapsed)
    frame = pd.DataFrame({
        "recency": recency, "frequency": rng.integers(1, 4, n), "spend": rng.integers(10, 20, n),
        "late": 0, "returned": 0, "contacts": rng.integers(0, 3, n), "score": rng.integers(0, 4, n),
        "n": 1, "lapsed": lapsed, "known": 1 - lapsed, "margin": earned, "squares": earned**2,
    })  # fmt: skip
    return frame.assign(**{name: make(frame, rng) for name, make in columns.items()})


def read(learn, test, **kwargs):
    return read_risk(learn, test, window=WINDOW, cuts=CUTS, precision=PRECISION, seed=1, **kwargs)


# --- cells -----------------------------------------------------------------------------------


def engine_tables(seed=4):
    rng = np.random.default_rng(seed)
    n = 3_000
    start = pd.Timestamp(CUT) - pd.Timedelta(days=120)
    orders = pd.DataFrame({
        "customer_id": [f"C{k}" for k in rng.integers(0, 900, n)],
        "ordered_at": start + pd.to_timedelta(rng.integers(0, 240 * 24, n), unit="h"),
        "amount_hkd": rng.integers(100, 9_000, n).astype(float),
        "on_time": rng.integers(0, 2, n), "returned": (rng.random(n) < 0.1).astype(int),
    })  # fmt: skip
    orders["margin_hkd"] = (orders["amount_hkd"] * 0.3).where(rng.random(n) > 0.02)
    answers = pd.DataFrame({
        "customer_id": [f"C{k}" for k in rng.integers(0, 900, 800)],
        "answered_at": start + pd.to_timedelta(np.arange(800) * 7, unit="h"),
        "nps": pd.array(rng.integers(0, 11, 800), dtype="Int64"),
        "csat": pd.array(rng.integers(1, 6, 800), dtype="Int64"),
    })  # fmt: skip
    answers.loc[answers.index % 3 == 0, "nps"] = pd.NA
    cases = pd.DataFrame({
        "customer_id": [f"C{k}" for k in rng.integers(0, 900, 700)],
        "opened_at": start + pd.to_timedelta(rng.integers(0, 240 * 24, 700), unit="h"),
    })  # fmt: skip
    return orders, answers, cases


def expected_cells(orders, answers, cases):
    cut, span = pd.Timestamp(CUT), pd.Timedelta(days=WINDOW)

    def before(frame, column):
        return frame[(frame[column] >= cut - span) & (frame[column] < cut)]

    old = before(orders, "ordered_at")
    new = orders[(orders["ordered_at"] >= cut) & (orders["ordered_at"] < cut + span)]
    g = old.groupby("customer_id")
    days = (cut - g["ordered_at"].max().dt.normalize()).dt.days
    each = pd.DataFrame({
        "recency": np.floor(3 * np.log(1 + days)),
        "frequency": old["ordered_at"].dt.normalize().groupby(old["customer_id"]).nunique()
        .clip(upper=6),
        "spend": np.floor(2 * np.log(1 + g["amount_hkd"].sum())),
        "late": (1 - old["on_time"]).groupby(old["customer_id"]).sum().clip(upper=2),
        "returned": g["returned"].sum().clip(upper=2),
    })  # fmt: skip
    calls = before(cases, "opened_at").groupby("customer_id").size().clip(upper=2)
    said = before(answers, "answered_at").sort_values("answered_at")
    nps, csat = said["nps"].astype("float"), said["csat"].astype("float")
    mood = np.where(
        nps.notna(), np.select([nps <= 6, nps >= 9], [1, 3], 2),
        np.select([csat <= 2, csat >= 4], [1, 3], 2),
    )  # fmt: skip
    last = pd.Series(mood, index=said["customer_id"]).groupby(level=0).last()
    each["contacts"] = calls.reindex(each.index).fillna(0)
    each["score"] = last.reindex(each.index).fillna(0)
    later = new.groupby("customer_id")
    each["n"] = 1
    each["lapsed"] = (~each.index.isin(new["customer_id"])).astype(int)
    unknown = new["margin_hkd"].isna().groupby(new["customer_id"]).sum().reindex(each.index)
    each["known"] = ((each["lapsed"] == 0) & (unknown == 0)).astype(int)
    each["margin"] = later["margin_hkd"].sum().reindex(each.index).fillna(0) * each["known"]
    each["squares"] = each["margin"] ** 2
    return each.groupby(list(FEATURES), as_index=False)[list(COUNTS)].sum()


def test_cells_are_those_of_pandas():
    tables = dict(zip(("orders", "answers", "cases"), engine_tables(), strict=True))
    engine = duckdb.connect()
    sources = {
        name: duckdb_source(frame, table=name, connection=engine) for name, frame in tables.items()
    }
    found = lapse_cells(sources.pop("orders"), cut=CUT, window=WINDOW, **sources)
    pd.testing.assert_frame_equal(found, expected_cells(**tables), check_dtype=False)


def test_nothing_after_the_cut_reaches_what_is_known():
    """Answers, cases and the rest of later orders may be anything: what is known stays."""
    orders, answers, cases = engine_tables()
    cut = pd.Timestamp(CUT)
    changed = orders.assign(
        amount_hkd=orders["amount_hkd"].where(orders["ordered_at"] < cut, 1.0),
        on_time=orders["on_time"].where(orders["ordered_at"] < cut, 0),
        margin_hkd=0.0,
    )
    found = []
    for tables in (
        (orders, answers, cases),
        (changed, answers[answers["answered_at"] < cut], cases[cases["opened_at"] < cut]),
    ):
        engine = duckdb.connect()
        sources = [
            duckdb_source(frame, table=name, connection=engine)
            for frame, name in zip(tables, ("orders", "answers", "cases"), strict=True)
        ]
        found.append(
            lapse_cells(sources[0], cut=CUT, window=WINDOW, answers=sources[1], cases=sources[2])
        )
    kept = [*FEATURES, "n", "lapsed"]
    pd.testing.assert_frame_equal(found[0][kept], found[1][kept])


# --- the prediction --------------------------------------------------------------------------


def test_a_planted_risk_is_found_and_its_size_is_right():
    found = read(cells(3_000, seed=1), cells(3_000, seed=2))
    assert found.case == "usable"
    assert found.area.ci_lower > 0.7
    assert not found.slope.excludes(1.0)
    assert found.shuffled == pytest.approx(0.5, abs=0.02)


def test_noise_is_called_no_better_than_lots_in_nearly_all_companies(monkeypatch):
    """20 companies in which nothing known matters: at most 3 are called usable or off."""
    monkeypatch.setattr(churn_risk, "SHUFFLES", 1)
    cases = [
        read(cells(800, seed=k, strength=0), cells(800, seed=500 + k, strength=0)).case
        for k in range(20)
    ]
    assert sum(case in {"chance", "leak"} for case in cases) >= 17


def test_another_time_with_another_level_is_called_off():
    later = cells(seed=2)
    later["lapsed"] = later["lapsed"] * (np.arange(len(later)) % 2)
    assert read(cells(seed=1), later).case == "off"


def test_a_leaking_column_is_named_and_nothing_is_printed():
    """A column written after the outcome: the outcome, wrong for one customer in twenty."""

    def leak(frame, rng):
        return np.where(rng.random(len(frame)) < 0.05, 1 - frame["lapsed"], frame["lapsed"])

    found = read(cells(seed=1, feature_closed=leak), cells(seed=2, feature_closed=leak))
    assert (found.case, found.leaks, found.contact) == ("leak", ("feature_closed",), None)


def test_few_customers_of_one_kind_are_refused():
    assert read(cells(60, seed=1), cells(60, seed=2)).case == "few"


def test_the_test_must_lie_after_what_was_learnt():
    with pytest.raises(InputError) as caught:
        read_risk(cells(), cells(), window=92, cuts=CUTS, precision=PRECISION, seed=1)
    assert str(caught.value) == (
        "the test must begin after the outcome learnt from ends (2025-07-02), got 2025-07-01"
    )


def test_cells_of_like_customers_give_what_single_customers_give():
    learn, test = cells(seed=1), cells(seed=2)
    by = [*FEATURES]
    alike = [frame.groupby(by, as_index=False)[list(COUNTS)].sum() for frame in (learn, test)]
    one, many = read(*alike, stated=STATED), read(learn, test, stated=STATED)
    assert one.area.value == pytest.approx(many.area.value, abs=1e-6)
    assert one.slope.value == pytest.approx(many.slope.value, rel=1e-4)


# --- the contact -----------------------------------------------------------------------------


def two_groups():
    """1,000 customers: 100 at risk 0.8 of whom 80 stop, 900 at 0.2 of whom 180; margin 500."""
    frame = pd.DataFrame({
        "n": [100, 900], "lapsed": [80, 180], "known": [20, 720],
        "margin": [20 * 500.0, 720 * 500.0], "squares": [20 * 250_000.0, 720 * 250_000.0],
    })  # fmt: skip
    return np.array([0.8, 0.2]), frame


def test_saved_margin_by_hand():
    """80 stop, a fifth stays at 500 each: 8,000, less 100 contacts of 50: 3,000; even at 12.5 %."""
    found = contact_top(*two_groups(), stated=STATED, precision=PRECISION)
    assert (found.n_contacted, found.lapsed.value, found.everyone.value) == (100, 0.8, 0.26)
    assert (found.gross, found.cost_hkd, found.saved.value) == (8_000, 5_000, 3_000)
    assert found.break_even == 0.125


def test_break_even_saves_nothing_and_dear_contacts_never_pay():
    even = STATED.model_copy(update={"save_rate": 0.125})
    found = contact_top(*two_groups(), stated=even, precision=PRECISION)
    assert found.saved.value == pytest.approx(0)
    dear = STATED.model_copy(update={"cost_hkd": 500.0})
    assert contact_top(*two_groups(), stated=dear, precision=PRECISION).break_even is None


def test_without_a_stated_save_rate_no_money_is_worked_out():
    found = contact_top(*two_groups(), stated=None, precision=PRECISION)
    assert (found.saved, found.break_even, found.n_contacted) == (None, None, 100)


def test_few_contacts_show_no_money():
    rare = STATED.model_copy(update={"share": 0.02})
    assert contact_top(*two_groups(), stated=rare, precision=PRECISION).saved is None
