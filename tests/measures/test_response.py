"""cxlib.measures.response: denominators, bounds, error texts."""

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import InputError
from cxlib.measures.distribution import NpsCounts
from cxlib.measures.response import nps_bounds, response_rates
from cxlib.measures.survey import nps_from_counts
from cxlib.stats.proportions import proportion

COLUMNS = ["segment", "n", "delivered", "opened", "started", "completed"]


def log(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


def test_the_rate_is_completed_over_delivered_and_started_stays_apart():
    """200 sent, 180 delivered, 90 opened, 60 started, 45 completed: 25 %, 33 %, 75 %."""
    (rate,) = response_rates(log(("new", 200, 180, 90, 60, 45)), by=("segment",))
    assert rate.rate == proportion(45, 180)
    assert rate.start_rate == proportion(60, 180)
    assert rate.completion_rate == proportion(45, 60)
    assert (rate.label, rate.n_label, rate.sent, rate.opened) == ("new", "180", 200, 90)


def test_a_small_group_is_hidden_with_all_its_counts():
    (rate,) = response_rates(log(("new", 40, 29, 20, 15, 9)), by=("segment",))
    assert rate.suppressed
    assert (rate.sent, rate.delivered, rate.opened, rate.started, rate.completed) == (None,) * 5
    assert (rate.rate, rate.start_rate, rate.completion_rate, rate.n_label) == (
        None,
        None,
        None,
        "<30",
    )


def test_few_starters_hide_the_completion_rate_only():
    (rate,) = response_rates(log(("new", 400, 300, 60, 20, 9)), by=("segment",))
    assert rate.rate is not None
    assert rate.completion_rate is None


def test_a_survey_may_be_started_without_its_opening_being_seen():
    (rate,) = response_rates(log(("new", 100, 90, 10, 40, 30)), by=("segment",))
    assert rate.started == 40


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (
            pd.DataFrame({"segment": ["new"], "n": [90]}),
            (
                "a response rate needs delivered invitations as its denominator, got columns "
                "['segment', 'n']; count the invitation log, answers cannot stand in for it"
            ),
        ),
        (
            log(("new", 90, 90, 90, 90, 90)),
            (
                "every one of the 90 invitations is completed: this table holds answers, not "
                "invitations; count the invitation log"
            ),
        ),
        (
            log(("new", 90, 95, 50, 40, 30)),
            "delivered must be from 0 to sent (90), got 95 in group 'new'",
        ),
        (
            log(("new", 90, 85, 50, 40, 45)),
            "completed must be from 0 to started (40), got 45 in group 'new'",
        ),
        (
            log(("new", 90, 85, 50, 40, 30)).drop(columns="started"),
            (
                "columns not found: ['started']; the frame has "
                "['segment', 'n', 'delivered', 'opened', 'completed']"
            ),
        ),
    ],
)
def test_answers_never_stand_in_for_invitations(frame, message):
    """domain.md N2: the response rate never uses answers as its denominator."""
    with pytest.raises(InputError) as caught:
        response_rates(frame, by=("segment",))
    assert str(caught.value) == message


def test_worst_case_bounds_match_hand_working():
    """100/60/40 of 800 delivered: NPS 30 times 1/4 is 7.5; 600 silent move it by ± 75."""
    bounds = nps_bounds(NpsCounts(promoters=100, passives=60, detractors=40), delivered=800)
    assert (bounds.lower.value, bounds.upper.value) == (-67.5, 82.5)
    assert (bounds.observed.value, bounds.response_share) == (30.0, 0.25)


def test_with_every_answer_in_the_bounds_are_the_score():
    counts = NpsCounts(promoters=10, passives=6, detractors=4)
    bounds = nps_bounds(counts, delivered=20)
    assert bounds.lower == bounds.upper == bounds.observed == nps_from_counts(10, 6, 4)


def test_bounds_hold_the_truth_even_when_silence_depends_on_satisfaction():
    """500 seeded populations of 2,000 with NPS 0; promoters answer twice as often as detractors."""
    rng = np.random.default_rng(41)
    held, fooled = [], []
    for _ in range(500):
        people = rng.multinomial(2_000, [0.35, 0.3, 0.35])
        answered = rng.binomial(people, [0.4, 0.3, 0.2])
        bounds = nps_bounds(
            NpsCounts(**dict(zip(("promoters", "passives", "detractors"), map(int, answered),
                                 strict=True))),
            delivered=2_000,
        )  # fmt: skip
        held.append(bounds.lower.ci_lower <= 0 <= bounds.upper.ci_upper)
        fooled.append(bounds.observed.excludes(0.0))
    assert np.mean(held) == 1.0
    assert np.mean(fooled) > 0.9


def test_more_answers_than_invitations_are_refused():
    with pytest.raises(InputError) as caught:
        nps_bounds(NpsCounts(promoters=10, passives=6, detractors=4), delivered=19)
    assert str(caught.value) == (
        "delivered must be at least the 20 answers, got 19; use the invitation log as denominator"
    )
