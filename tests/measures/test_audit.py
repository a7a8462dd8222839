"""cxlib.measures.audit and the one-call comparisons: what is shown, hidden, or refused."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.engagement.schema import Metric
from cxlib.measures.audit import response_audits, weighting_study
from cxlib.measures.groups import compare_groups, fortieth_of_scale
from cxlib.measures.league import store_league

PERIOD = {"start": dt.date(2025, 7, 1), "end": dt.date(2026, 1, 1)}
SENT, ANSWERED = {"date": "sent_at", **PERIOD}, {"date": "answered_at", **PERIOD}
METRICS = {
    name: Metric(kind=kind, wording="?")
    for name, kind in (("nps", "nps"), ("csat", "csat"), ("ces", "ces-v2"), ("cxi", "cxi"))
}


def log(n=600, seed=1):
    """Invitations of members, who answer half of the time, and of new customers, a fifth."""
    rng = np.random.default_rng(seed)
    member = rng.random(n) < 0.5
    done = (rng.random(n) < np.where(member, 0.5, 0.2)).astype(int)
    return pd.DataFrame(
        {
            "invitation_id": [f"I{k}" for k in range(n)],
            "customer_id": [f"C{k // 2}" for k in range(n)],
            "touchpoint": rng.choice(["visit", "chat"], n),
            "segment": np.where(member, "member", "new"),
            "channel": rng.choice(["online", "offline"], n),
            "store": rng.choice(["S1", "S2", "S3", ""], n),
            "sent_at": pd.Timestamp(2025, 8, 1),
            "delivered": 1, "opened": done, "started": done, "completed": done,
        }
    ).replace({"store": {"": None}})  # fmt: skip


def answers_to(invitations, seed=2):
    kept = invitations[invitations["completed"] == 1].reset_index(drop=True)
    rng = np.random.default_rng(seed)
    score = np.where(kept["segment"] == "member", 8, 6) + rng.integers(0, 3, len(kept))
    return kept.assign(
        answer_id=[f"A{k}" for k in range(len(kept))], answered_at=kept["sent_at"], nps=score,
        csat=np.clip(score - 5, 1, 5), ces=np.clip(score - 3, 1, 7),
    )  # fmt: skip


def source(frame, table):
    return duckdb_source(frame, table=table)


def study(invitations, answers, margins=("segment", "channel")):
    return weighting_study(
        source(answers, "answers"), source(invitations, "invitations"), METRICS,
        margins=list(margins), answered=ANSWERED, sent=SENT,
    )  # fmt: skip


def test_every_margin_of_the_log_is_audited_and_unnamed_places_left_out():
    found = response_audits(
        source(log(), "invitations"), margins=["segment", "store", "language"], window=SENT
    )
    assert list(found) == ["segment", "store"]
    assert [rate.group for rate in found["store"].rates] == [("S1",), ("S2",), ("S3",)]
    assert sum(share.invited_share for share in found["store"].shares) == pytest.approx(1)
    member, new = found["segment"].shares
    assert member.difference.value == pytest.approx(-new.difference.value)
    assert member.difference.ci_lower > 0


def test_a_log_that_everybody_answered_has_rates_and_no_comparison():
    everyone = log().assign(completed=1, started=1, opened=1)
    everyone.loc[0, ["delivered", "opened", "started", "completed"]] = 0
    found = response_audits(source(everyone, "log"), margins=["segment"], window=SENT)
    assert found["segment"].shares == ()
    assert found["segment"].rates[0].rate.value == 1


def test_every_contracted_score_is_weighted_towards_the_silent_segment():
    """New customers are half of the invited and under a third of the answers, two points lower."""
    invitations = log()
    found = study(invitations, answers_to(invitations))
    assert found.margins == ("segment", "channel")
    assert list(found.changes) == ["nps", "csat", "ces-v2"]
    assert found.refused == ()
    for change in found.changes.values():
        assert change.change.ci_upper < 0
        assert change.weights.effective_n < change.unweighted.n_obs
    assert found.changes["csat"].weighted.unit == "share"


def test_a_margin_with_a_gap_is_not_used_and_without_any_nothing_is_weighted():
    invitations = log()
    answers = answers_to(invitations)
    answers.loc[3, "channel"] = None
    assert study(invitations, answers).margins == ("segment",)
    none = study(invitations, answers, margins=["channel"])
    assert (none.margins, dict(none.changes), none.population) == ((), {}, None)


def test_scores_that_cannot_be_weighted_are_reported_with_their_reason():
    invitations = log()
    answers = answers_to(invitations)
    answers = answers[answers["segment"] == "member"]
    found = study(invitations, answers)
    assert dict(found.changes) == {}
    assert found.population is None
    assert found.refused[0].startswith(
        "nps: answers cannot be weighted to the population: segment 'new' has "
    )


def test_answers_without_a_customer_count_each_for_themselves():
    """No customer named: errors are those of independent answers, and no answer is lost."""
    answers = answers_to(log())
    kept = {"by": "segment", "metric": "nps", "window": ANSWERED}
    nameless = answers.assign(customer_id=pd.Series([None] * len(answers), dtype="str"))
    one = compare_groups(source(nameless, "answers"), **kept)
    other = compare_groups(source(answers.drop(columns="customer_id"), "answers"), **kept)
    assert one.differences == other.differences
    assert sum(score.shown.n_obs for score in one.scores) == len(answers)


def test_too_few_groups_or_stores_give_nothing_to_show_instead_of_an_error():
    answers = answers_to(log())
    kept = {"metric": "nps", "window": ANSWERED}
    one = compare_groups(
        source(answers[answers["segment"] == "member"], "answers"), by="segment", margin=5, **kept
    )
    assert (one.differences, one.alike) == ((), None)
    few = source(answers, "answers")
    assert store_league(few, seed=1, minimum_cell=100, **kept) is None
    assert store_league(source(answers.drop(columns="store"), "answers"), seed=1, **kept) is None
    assert store_league(few, seed=1, minimum_cell=10, **kept).unit == "points"


def test_the_diagnosis_hides_a_second_store_where_the_total_would_give_one_away():
    """Stores of 60, 50, 45, 40 and 5: total less four shown is the fifth, so 40 goes with it."""
    sizes = {"A": 60, "B": 50, "C": 45, "D": 40, "E": 5}
    n = sum(sizes.values())
    frame = pd.DataFrame(
        {"store": np.repeat(list(sizes), list(sizes.values())), "touchpoint": "visit",
         "nps": np.resize([10, 8, 3], n), "answered_at": pd.Timestamp(2025, 8, 1),
         "customer_id": [f"C{k}" for k in range(n)]}
    )  # fmt: skip
    window = {"date": "answered_at", "start": dt.date(2025, 7, 1), "end": dt.date(2026, 1, 1)}
    found = store_league(source(frame, "answers"), metric="nps", window=window, seed=1)
    assert found.hidden == ("D", "E")
    assert sorted(entry.unit for entry in found.entries) == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("metric", "statistic", "margin"),
    [("nps", "nps", 5), ("csat", "share", 0.025), ("csat", "mean", 0.1), ("ces-v2", "mean", 0.15)],
)
def test_an_unstated_margin_is_a_fortieth_of_the_scale(metric, statistic, margin):
    """200 points, 1 of share, 4 and 6 of rating, each over 40."""
    assert fortieth_of_scale(metric, statistic) == pytest.approx(margin)
