"""cxlib.measures.scores: one call for every score, equal to the single ones; hostile tables."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.data.summaries import flag_counts
from cxlib.engagement.schema import Metric, Period
from cxlib.errors import DataError
from cxlib.measures.cxi import cxi
from cxlib.measures.scorecard import scorecard
from cxlib.measures.scores import calendar_spans, invited_in, scores
from cxlib.measures.survey_sample import invited_population

PERIOD = Period(start=dt.date(2025, 7, 1), end=dt.date(2025, 12, 31))
WINDOW, SENT = PERIOD.window("answered_at"), PERIOD.window("sent_at")
PRECISION = {"confidence_level": 0.95, "minimum_cell": 30}
KINDS = ("nps", "csat", "ces-v2", "cxi")
METRICS = {kind: Metric(kind=kind, wording="?") for kind in KINDS}
TOPS = {"nps": 10, "csat": 5, "ces": 7, "cxi_needs": 5, "cxi_easy": 5, "cxi_enjoyable": 5}
LIMITS = {
    "nps": (-100, 100), "csat_mean": (1, 5), "csat_top2": (0, 1), "ces_mean": (1, 7),
    "ces_share": (0, 1), "cxi": (-100, 100),
}  # fmt: skip


def table(n=600, *, seed=1, customers=None, missing=0.1, **columns):
    """Draw answers to every question; one a customer unless told otherwise."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "answer_id": [f"A{k}" for k in range(n)],
            "customer_id": [f"C{k}" for k in rng.integers(0, customers or 1, n)]
            if customers
            else [f"C{k}" for k in range(n)],
            "touchpoint": rng.choice(["visit", "delivery"], n),
            "channel": rng.choice(["online", "offline"], n),
            "segment": rng.choice(["new", "member"], n),
            "answered_at": pd.Timestamp(2025, 7, 1)
            + pd.to_timedelta(rng.integers(0, 184 * 24, n), unit="h"),
        }
    )
    for name, top in TOPS.items():
        values = pd.array(rng.integers(0 if name == "nps" else 1, top + 1, n), dtype="Int64")
        values[rng.random(n) < missing] = pd.NA
        frame[name] = values
    return frame.assign(**columns)


def source(frame):
    return duckdb_source(frame, table="answers")


def invitations(frame, times=3):
    log = pd.concat([frame] * times)[["customer_id", "touchpoint", "channel", "segment"]]
    log = log.assign(sent_at=pd.concat([frame["answered_at"]] * times).to_numpy(), delivered=1)
    return duckdb_source(log, table="invitations")


def people(frame):
    log = invitations(frame)
    flags = flag_counts(log, flags=["delivered"], by=["touchpoint", "segment", "channel"], **SENT)
    return invited_population(flags, margins=["segment", "channel"])


def ask(frame, **options):
    return scores(source(frame), METRICS, window=WINDOW, precision=PRECISION, **options)


def test_unweighted_scores_are_those_of_the_scorecard():
    """One answer a customer: value, and for all but the CXi the interval, of measures.survey."""
    frame = table()
    found = ask(frame)
    card = scorecard(source(frame), METRICS, window=WINDOW, precision=PRECISION)
    pairs = {"nps": card.nps, "csat_top2": card.csat, "ces_mean": card.ces}
    for name, (known,) in pairs.items():
        got = found.of(name, ())
        assert got is not None
        assert (got.shown.value, got.shown.ci_lower, got.shown.ci_upper) == pytest.approx(
            (known.shown.value, known.shown.ci_lower, known.shown.ci_upper)
        )
        assert got.effective_n == pytest.approx(got.shown.n_obs)


def test_the_scorecard_takes_the_answers_of_a_customer_together():
    """Every customer's answer entered twice: errors are those of half the answers, n is not."""
    once = table(600, missing=0)
    twice = pd.concat([once, once.assign(answer_id="B" + once["answer_id"])], ignore_index=True)
    anonymous = twice.drop(columns="customer_id")
    options = {"window": WINDOW, "precision": PRECISION}
    single, double, unnamed = (
        scorecard(source(frame), METRICS, **options) for frame in (once, twice, anonymous)
    )
    for name in ("nps", "csat", "ces", "cxi"):
        a, b, c = (
            getattr(card, name)[0].index if name == "cxi" else getattr(card, name)[0].shown
            for card in (single, double, unnamed)
        )
        assert b.value == pytest.approx(a.value)
        assert b.n_obs == 2 * a.n_obs
        width = [each.ci_upper - each.ci_lower for each in (a, b, c)]
        assert width[1] == pytest.approx(width[0], rel=0.03)
        assert width[2] == pytest.approx(width[0] / np.sqrt(2), rel=0.03)


def test_touchpoint_scores_of_the_scorecard_are_clustered_and_one_customer_is_let_through():
    """By touchpoint as `scores` has it; where one customer gave all answers, counts must do."""
    frame = table(900, customers=300)
    options = {"window": WINDOW, "precision": PRECISION}
    card = scorecard(source(frame), METRICS, by=["touchpoint"], **options)
    found = ask(frame, by=["touchpoint"])
    for score in card.nps:
        assert score.shown == found.of("nps", score.group).shown
    lonely = scorecard(source(frame.assign(customer_id="C1")), METRICS, **options)
    unnamed = scorecard(source(frame.drop(columns="customer_id")), METRICS, **options)
    assert lonely == unnamed


def test_the_cxi_is_the_index_of_its_joint_counts_and_its_interval_too():
    """measures.cxi takes the covariance of the items from joint counts; ours over customers."""
    frame = table(900, missing=0)
    items = ["cxi_needs", "cxi_easy", "cxi_enjoyable"]
    habit = np.random.default_rng(3).random(900) < 0.4
    for item in items:  # customers who rate alike, as real ones do
        frame[item] = frame[item].where(~habit, frame["csat"])
    got = ask(frame).of("cxi", ())
    (known,) = cxi(frame.groupby(items, as_index=False).size().rename(columns={"size": "n"}))
    assert got is not None
    assert known.index is not None
    assert got.shown.value == pytest.approx(known.index.value)
    assert got.shown.n_obs == known.index.n_obs
    assert (got.shown.ci_lower, got.shown.ci_upper) == pytest.approx(
        (known.index.ci_lower, known.index.ci_upper), abs=0.05
    )


def test_a_weighted_cxi_by_hand():
    """40 members at 100 and 60 new at -100 stand for half and half: 0, where the plain is -20."""
    high = table(100, missing=0, segment=["member"] * 40 + ["new"] * 60, channel="online")
    for item in ("cxi_needs", "cxi_easy", "cxi_enjoyable"):
        high[item] = [5] * 40 + [1] * 60
    half = high.assign(segment=["member"] * 50 + ["new"] * 50)
    plain, weighted = ask(high), ask(high, population=people(half.assign(touchpoint="visit")))
    assert plain.of("cxi", ()).shown.value == pytest.approx(-20)
    known = ask(high.assign(touchpoint="visit"), population=people(half.assign(touchpoint="visit")))
    assert known.of("cxi", ()).shown.value == pytest.approx(0)
    assert known.of("cxi", ()).effective_n == pytest.approx(
        100**2 / (40 * 1.25**2 + 60 * (5 / 6) ** 2)
    )
    assert weighted.weighted
    assert not plain.weighted


@pytest.mark.parametrize("by", [(), ("touchpoint",), ("channel",), ("segment",), ("period",)])
@pytest.mark.parametrize("weighted", [False, True])
def test_one_call_gives_every_score_by_every_column(by, weighted):
    frame = table(1500, customers=700)
    spans = calendar_spans(PERIOD, step="quarter") if by == ("period",) else None
    population = None
    if weighted:
        population = people(frame) if spans is None else invited_in(
            invitations(frame), margins=["segment", "channel"], spans=spans
        )  # fmt: skip
    found = ask(frame, by=by, spans=spans, population=population)
    assert set(found.scores) == set(LIMITS)
    assert not found.refused
    for groups in found.scores.values():
        assert len(groups) == (1 if not by else 2)
        assert all(score.shown.has_interval for score in groups)


def test_each_period_is_weighted_to_its_own_people():
    """Invited: members a half in quarter 3, a tenth in quarter 4; answers: half and half."""
    frame = table(400, missing=0, channel="online", touchpoint="visit")
    member = np.arange(400) % 2 == 0
    late = np.arange(400) >= 200
    frame["segment"] = np.where(member, "member", "new")
    frame["answered_at"] = pd.to_datetime(np.where(late, "2025-11-01", "2025-08-01"))
    frame["nps"] = np.where(member, 10, 0)
    log = pd.DataFrame(
        {
            "touchpoint": "visit", "channel": "online", "delivered": 1,
            "segment": ["member"] * 100 + ["new"] * 100 + ["member"] * 20 + ["new"] * 180,
            "sent_at": pd.to_datetime(["2025-08-01"] * 200 + ["2025-11-01"] * 200),
        }
    )  # fmt: skip
    spans = calendar_spans(PERIOD, step="quarter")
    population = invited_in(
        duckdb_source(log, table="invitations"), margins=["segment"], spans=spans
    )
    found = ask(frame, by=["period"], spans=spans, population=population).scores["nps"]
    assert [score.group for score in found] == [("2025-07-01",), ("2025-10-01",)]
    assert [score.shown.value for score in found] == pytest.approx([0, -80])


def test_months_and_quarters_are_cut_at_the_ends_of_the_period():
    short = Period(start=dt.date(2025, 8, 10), end=dt.date(2025, 10, 5))
    months = calendar_spans(short, step="month")
    assert list(months) == ["2025-08-10", "2025-09-01", "2025-10-01"]
    assert months["2025-08-10"] == (dt.date(2025, 8, 10), dt.date(2025, 9, 1))
    assert months["2025-10-01"] == (dt.date(2025, 10, 1), dt.date(2025, 10, 6))
    assert list(calendar_spans(short, step="quarter")) == ["2025-08-10", "2025-10-01"]


def test_a_group_under_the_minimum_cell_is_hidden_and_no_answers_at_all_say_why():
    frame = table(200, missing=0)
    frame.loc[:9, "channel"] = "kiosk"
    frame["csat"] = pd.array([pd.NA] * 200, dtype="Int64")
    found = ask(frame, by=["channel"])
    kiosk = next(s for s in found.scores["nps"] if s.group == ("kiosk",))
    assert kiosk.suppressed
    assert (kiosk.estimate, kiosk.n_label) == (None, "<30")
    assert found.of("nps", ("kiosk",)) is None
    assert found.of("csat_top2", ("online",)) is None
    assert found.refused["csat_top2"] == "a score needs at least 1 answer in the period, got 0"


def test_weights_that_cannot_be_made_refuse_the_score_by_name():
    """A segment everyone of whom kept silent, and margins that contradict each other."""
    frame = table(200, missing=0, touchpoint="visit")
    silent = ask(frame.assign(segment="new"), population=people(frame))
    assert set(silent.refused) == set(LIMITS)
    assert "segment 'member' has" in silent.refused["nps"]
    assert "and no answer; merge categories, or leave the margin out" in silent.refused["nps"]
    tied = frame.assign(channel=np.where(frame["segment"] == "new", "online", "offline"))
    log = tied.assign(channel=np.where(np.arange(200) % 3 == 0, "online", "offline"))
    contradiction = ask(tied, population=people(log.assign(segment=frame["segment"])))
    assert contradiction.refused["nps"].startswith("weights do not converge: after 2000 rounds")
    assert not contradiction.scores


def test_a_column_the_answers_lack_is_an_error_and_not_a_score():
    with pytest.raises(DataError, match="columns not found: branch"):
        ask(table(60), by=["branch"])


@pytest.mark.parametrize("seed", range(24))
def test_no_hostile_table_gives_a_nan_a_warning_or_a_share_over_one(seed):
    """Tiny, unanimous, half empty, one customer, blank groups: shown in range, or not shown."""
    rng = np.random.default_rng(seed)
    n = int(rng.choice([1, 2, 5, 31, 60, 250]))
    frame = table(
        n, seed=seed, missing=float(rng.choice([0, 0.5, 0.97, 1])),
        customers=rng.choice([None, 1, 2, 40]),
    )  # fmt: skip
    if rng.random() < 0.4:
        for name, top in TOPS.items():
            frame[name] = frame[name].where(frame[name].isna(), top if seed % 2 else 1)
    population = people(frame)
    frame.loc[rng.random(n) < 0.2, "channel"] = None
    precision = {"confidence_level": float(rng.choice([0.9, 0.95, 0.999])), "minimum_cell": 5}
    by = [[], ["channel"], ["segment", "channel"]][seed % 3]
    found = scores(
        source(frame), METRICS, window=WINDOW, precision=precision, by=by,
        population=population if seed % 4 == 1 else None,
    )  # fmt: skip
    for name, (low, high) in LIMITS.items():
        assert (name in found.scores) != (name in found.refused)
        for score in found.scores.get(name, ()):
            if score.estimate is None:
                assert score.effective_n is None
                continue
            e = score.estimate
            numbers = [e.ci_lower, e.value, e.ci_upper, score.effective_n, score.standard_error]
            assert np.isfinite(numbers).all()
            slack = 1e-9 * (high - low)
            assert low - slack <= e.ci_lower <= e.value + slack
            assert e.value - slack <= e.ci_upper <= high + slack
            assert e.n_obs >= 5
