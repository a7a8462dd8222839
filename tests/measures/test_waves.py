"""cxlib.measures.waves: published reversal, pairing, rate and mix by hand and by simulation."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.engagement.schema import Metric, Period
from cxlib.measures.waves import Waves, find_waves, wave_changes

H1 = Period(start=dt.date(2025, 1, 1), end=dt.date(2025, 6, 30))
H2 = Period(start=dt.date(2025, 7, 1), end=dt.date(2025, 12, 31))
WAVES = Waves(kind="previous", before=H1, after=H2)
PRECISION = {"confidence_level": 0.95, "minimum_cell": 30}
NPS = {"nps": Metric(kind="nps", wording="?")}
CSAT = {"csat": Metric(kind="csat", wording="?")}


def answers(*parts, customers=None):
    """Give (wave 0 or 1, channel, answer, how many) as rows, a customer each unless told."""
    rows = [part[:3] for part in parts for _ in range(part[3])]
    frame = pd.DataFrame(rows, columns=["wave", "channel", "score"])
    frame = frame.assign(
        customer_id=[f"C{k}" for k in (range(len(frame)) if customers is None else customers)],
        touchpoint="visit", nps=frame["score"], csat=frame["score"],
        answered_at=pd.to_datetime(frame["wave"].map({0: "2025-03-01", 1: "2025-09-01"})),
    )  # fmt: skip
    return duckdb_source(frame, table="answers")


def study(source, metrics=CSAT, by=("channel",)):
    return wave_changes(source, metrics, waves=WAVES, precision=PRECISION, by=by)


def test_the_published_reversal_is_split_and_sounds_the_alarm():
    """Each segment 1 point up, total 81 to 78: rate +1, mix -4 (domain.md, trap 31).

    90 and 70 with 55 % and 45 % first, then 91 and 71 with 35 % and 65 %, in answers of 4-5.
    """
    source = answers(
        (0, "store", 5, 4950), (0, "store", 1, 550), (0, "web", 5, 3150), (0, "web", 1, 1350),
        (1, "store", 5, 3185), (1, "store", 1, 315), (1, "web", 5, 4615), (1, "web", 1, 1885),
    )  # fmt: skip
    share = next(c for c in study(source).changes if c.score == "csat_top2")
    assert (share.before.shown.value, share.after.shown.value) == pytest.approx((0.81, 0.78))
    assert [g.change.value for g in share.groups] == pytest.approx([0.01, 0.01])
    assert share.rate_effect.value == pytest.approx(0.01)
    assert share.mix_effect.value == pytest.approx(-0.04)
    assert share.alarm == "reversed"


def test_nps_by_hand_with_its_independent_error():
    """Rate's error with shares known is half of each difference's; shares vary here, hardly."""
    source = answers(
        (0, "store", 10, 700), (0, "store", 0, 300), (0, "web", 10, 500), (0, "web", 0, 500),
        (1, "store", 10, 720), (1, "store", 0, 280), (1, "web", 10, 530), (1, "web", 0, 470),
    )  # fmt: skip
    (change,) = study(source, NPS).changes
    spread = [4e4 * p * (1 - p) / 1000 for p in (0.7, 0.5, 0.72, 0.53)]
    margin = 2.2414 * np.sqrt(sum(spread)) / 2  # two parts, the rate and the mix: 97.5 % each
    assert change.change.value == pytest.approx(5)
    assert change.rate_effect.value == pytest.approx(5)
    assert change.rate_effect.ci_upper - 5 == pytest.approx(margin, abs=0.03)
    assert change.rate_effect.confidence_level == pytest.approx(0.975)
    assert change.mix_effect.value == pytest.approx(0, abs=1e-9)
    assert (change.alarm, change.n_both) == ("none", 0)


def test_the_parts_add_up_to_the_change():
    rng = np.random.default_rng(4)
    parts = [
        (w, c, s, int(rng.integers(40, 90))) for w in (0, 1) for c in "ab" for s in range(1, 6)
    ]
    for change in study(answers(*parts)).changes:
        assert change.rate_effect.value + change.mix_effect.value == pytest.approx(
            change.after.shown.value - change.before.shown.value
        )
        assert change.rate_effect.value == pytest.approx(change.mix.rate_effect)


def test_customers_of_both_waves_are_paired():
    """The same 300 people give one answer a wave: the error is that of their differences."""
    rng = np.random.default_rng(5)
    first = rng.integers(1, 6, 300)
    second = np.clip(first + rng.choice([0, 0, 0, 1], 300), 1, 5)
    rows = [(0, "web", s, 1) for s in first] + [(1, "web", s, 1) for s in second]
    source = answers(*rows, customers=[*range(300), *range(300)])
    mean = next(c for c in study(source).changes if c.score == "csat_mean")
    gaps = second - first
    assert mean.n_both == 300
    assert mean.change.value == pytest.approx(gaps.mean())
    half = (mean.change.ci_upper - mean.change.ci_lower) / 2
    assert half == pytest.approx(2.24 * gaps.std(ddof=1) / np.sqrt(300), rel=0.02)  # 2 scores
    alone = next(c for c in study(answers(*rows)).changes if c.score == "csat_mean")
    assert half < 0.5 * (alone.change.ci_upper - alone.change.ci_lower) / 2


def draw(rng, shares, means, *, people=400):
    """One survey of two waves: three answers a customer in each, half of them in both waves."""
    habit = rng.normal(0, 0.8, 2 * people)
    who = np.concatenate([np.arange(people), np.arange(people // 2, people // 2 + people)])
    who = np.repeat(who, 3)
    wave = np.repeat([0, 1], 3 * people)
    web = (rng.random(len(who)) < np.array(shares)[wave]).astype(int)
    score = np.array(means)[wave, web] + habit[who] + rng.normal(0, 0.7, len(who))
    frame = pd.DataFrame(
        {
            "customer_id": who.astype(str), "touchpoint": "visit",
            "channel": np.where(web, "web", "store"),
            "csat": np.clip(np.rint(score), 1, 5).astype(int),
            "answered_at": pd.to_datetime(np.where(wave, "2025-09-01", "2025-03-01")),
        }
    )  # fmt: skip
    return duckdb_source(frame, table="answers")


def test_without_any_change_alarms_and_clear_changes_stay_rare():
    """40 seeded surveys without change: at most 5 % and chance sound an alarm."""
    rng = np.random.default_rng(6)
    found = [study(draw(rng, (0.5, 0.5), ((4, 3.2), (4, 3.2)))) for _ in range(40)]
    assert sum(any(c.alarm != "none" for c in s.changes) for s in found) <= 5
    assert sum(any(c.change.excludes(0) for c in s.changes) for s in found) <= 5


def test_a_planted_reversal_is_found_and_the_truth_is_in_the_intervals():
    """25 seeded surveys: both channels +0.15, web from 35 % to 75 % of the answers."""
    rng = np.random.default_rng(7)
    found = [study(draw(rng, (0.35, 0.75), ((4, 2.8), (4.15, 2.95)))) for _ in range(25)]
    means = [next(c for c in s.changes if c.score == "csat_mean") for s in found]
    assert sum(c.alarm != "none" for c in means) >= 22
    assert sum(c.mix_effect.excludes(0) for c in means) == 25


@pytest.mark.parametrize(
    ("earliest", "period", "kind", "before", "after"),
    [
        ("2025-01-02", H2, "previous", H1, H2),
        ("2025-02-01", H2, "halves",
         Period(start=H2.start, end=dt.date(2025, 9, 30)),
         Period(start=dt.date(2025, 10, 1), end=H2.end)),
        ("2025-07-05", Period(start=dt.date(2025, 7, 5), end=dt.date(2025, 7, 14)), "halves",
         Period(start=dt.date(2025, 7, 5), end=dt.date(2025, 7, 9)),
         Period(start=dt.date(2025, 7, 10), end=dt.date(2025, 7, 14))),
    ],
)  # fmt: skip
def test_the_wave_before_is_used_where_there_is_one_else_halves(
    earliest, period, kind, before, after
):
    frame = pd.DataFrame({"answered_at": pd.to_datetime([earliest, "2025-12-01"])})
    waves = find_waves(duckdb_source(frame, table="answers"), period)
    assert (waves.kind, waves.before, waves.after) == (kind, before, after)


def test_a_channel_with_too_few_answers_is_in_no_total_and_none_left_is_said():
    source = answers(
        (0, "web", 5, 40), (0, "web", 1, 40), (1, "web", 5, 50), (1, "web", 1, 30),
        (0, "kiosk", 1, 9), (1, "kiosk", 5, 90),
    )  # fmt: skip
    change = next(c for c in study(source).changes if c.score == "csat_top2")
    assert change.hidden == ("kiosk",)
    assert change.change.n_obs == 160
    none = study(answers((0, "web", 5, 40), (1, "web", 5, 10)))
    assert none.changes == ()
    assert none.refused["csat_mean"] == (
        "no channel has 30 answers or more in both waves; there are: web"
    )


def test_a_clear_mix_against_groups_that_may_be_chance_is_opposed_and_no_alarm():
    """Small groups a little up, many more answers by the lower channel: the mix alone is clear."""
    source = answers(
        (0, "store", 10, 280), (0, "store", 0, 120), (0, "web", 10, 50), (0, "web", 0, 50),
        (1, "store", 10, 140), (1, "store", 0, 56), (1, "web", 10, 155), (1, "web", 0, 149),
    )  # fmt: skip
    found = study(source, NPS)
    change = found.of("nps", by="channel")
    assert change is found.changes[0]
    assert found.of("nps", by="segment") is None
    assert not change.rate_effect.excludes(0.0)
    assert change.mix_effect.excludes(0.0)
    assert change.opposed
