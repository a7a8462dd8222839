"""cxlib.stats.trial_outcomes: hand-worked variances, Noether's limit, odds both ways, errors."""

from math import log

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.trial_outcomes import Mean, Nps, Ordinal, Proportion, Ratio, Waiting

CSAT = (0.08, 0.12, 0.2, 0.35, 0.25)


def test_hand_worked_variances():
    share = Proportion(baseline=0.2).spread(0.1)
    assert (share.variance_control, share.variance_treatment) == pytest.approx((0.16, 0.21))
    assert Mean(sd=3.0).spread(1.0).variance_treatment == 9
    assert Ratio(owner_variance=2.0).spread(1.0).variance_control == 2
    score = Nps(promoters=0.5, detractors=0.2).spread(10)
    assert (score.variance_control, score.variance_treatment) == pytest.approx((6100, 5400))


def test_a_score_beyond_its_deciders_has_no_passives_left():
    """50 and 20 %: at +60 points the score is 90, with 95 and 5 %: 10,000 (0.9 - 0.81)."""
    assert Nps(promoters=0.5, detractors=0.2).spread(60).variance_treatment == pytest.approx(900)


def test_the_log_hazard_ratio_and_its_events():
    """30 % to 40 %: ln(ln 0.6 / ln 0.7) = 0.3592; of two equal arms 35 % have the event."""
    found = Waiting(share_by_horizon=0.3).spread(0.1)
    assert found.difference == pytest.approx(log(log(0.6) / log(0.7)))
    assert found.variance_control == pytest.approx(1 / 0.35)


def test_without_ties_and_near_no_effect_it_is_noethers_variance():
    """A thousand equal answers: 1/12 of a rank's place, four times that for the net chance."""
    found = Ordinal(shares=(0.001,) * 1000).spread(1e-4)
    assert found.variance_control == pytest.approx(1 / 3, rel=1e-3)
    assert found.variance_treatment == pytest.approx(1 / 3, rel=1e-3)


def test_ties_take_variance_away_as_in_whiteheads_formula():
    """Near no effect: (1 - Σ p³) / 3."""
    found = Ordinal(shares=CSAT).spread(1e-4)
    want = (1 - sum(share**3 for share in CSAT)) / 3
    assert found.variance_control == pytest.approx(want, rel=1e-3)


def test_odds_ratio_and_net_chance_undo_each_other():
    outcome = Ordinal(shares=CSAT)
    for effect in (-0.4, 0.05, 0.5):
        assert outcome.effect_of(outcome.odds_ratio_of(effect)) == pytest.approx(effect)
    assert outcome.effect_of(1.0) == pytest.approx(0)
    assert outcome.shifted(1.0) == pytest.approx(CSAT)


def test_two_answers_make_the_net_chance_a_difference_of_shares():
    """Odds ratio 2 on 0.5: 2/3, so + 1/6."""
    assert Ordinal(shares=(0.5, 0.5)).effect_of(2.0) == pytest.approx(1 / 6)


def test_the_shifted_shares_hold_one_odds_ratio_at_every_cut():
    below = np.cumsum(CSAT)[:-1]
    moved = np.cumsum(Ordinal(shares=CSAT).shifted(1.7))[:-1]
    assert (below / (1 - below)) / (moved / (1 - moved)) == pytest.approx(np.full(4, 1.7))


@pytest.mark.parametrize(
    "outcome",
    [
        Proportion(baseline=0.1),
        Nps(promoters=0.4, detractors=0.3),
        Ordinal(shares=CSAT),
        Waiting(share_by_horizon=0.4),
        Mean(sd=1.0),
        Ratio(owner_variance=1.0),
    ],
)
def test_the_ends_of_the_reach_can_be_planned_for(outcome):
    low, high = outcome.reach
    assert low < 0 < high
    for end in (low, high):
        assert outcome.spread(end).variance_treatment >= 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Proportion(baseline=5), "baseline must be strictly between 0 and 1, got 5"),
        (
            lambda: Proportion(baseline=0.9).spread(0.2),
            "baseline + effect must be a share from 0 to 1 (0.05 for 5 %), got 1.1",
        ),
        (lambda: Mean(sd=0.0), "sd must be above 0, got 0.0"),
        (lambda: Ratio(owner_variance=0.0), "owner_variance must be above 0, got 0.0"),
        (
            lambda: Nps(promoters=1.0, detractors=0.0),
            "the answers of the control arm must differ, all are alike",
        ),
        (
            lambda: Nps(promoters=0.5, detractors=0.2).spread(80),
            "the score must stay within -100 to 100 points, 110 would not",
        ),
        (
            lambda: Ordinal(shares=(0.5, 0.6)),
            "shares must be 2 or more, each from 0 up to under 1, and add to 1, got 0.5, 0.6",
        ),
        (
            lambda: Ordinal(shares=(0.5, 0.5)).odds_ratio_of(0.6),
            "the net chance must be between -0.500 and 0.500 on this scale, got 0.6",
        ),
        (
            lambda: Ordinal(shares=(0.5, 0.5)).effect_of(0.0),
            "odds_ratio must be above 0, got 0.0",
        ),
        (
            lambda: Waiting(share_by_horizon=0.9).spread(0.1),
            "share_by_horizon + effect must be strictly between 0 and 1, got 1",
        ),
    ],
)
def test_bad_input_says_what_must_hold(call, message):
    with pytest.raises(InputError) as error:
        call()
    assert str(error.value) == message
