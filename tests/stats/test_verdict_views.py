"""cxlib.stats.bayes, exaggeration, heterogeneity, rerandomisation: cases, rates, messages."""

from itertools import pairwise
from math import inf, nan, sqrt

import numpy as np
import pytest
from scipy.stats import norm

from cxlib.errors import InputError
from cxlib.stats.bayes import bayes_view
from cxlib.stats.estimate import Estimate
from cxlib.stats.exaggeration import exaggeration
from cxlib.stats.heterogeneity import interaction_test
from cxlib.stats.proportions import normal_quantile
from cxlib.stats.rerandomisation import redraw_arms, redraw_groups

Z = normal_quantile(0.95)


def effect(value, error, *, unit="pp"):
    return Estimate(
        value=value, ci_lower=value - Z * error, ci_upper=value + Z * error, n_obs=1_000,
        unit=unit, method="Welch",
    )  # fmt: skip


# --- Bayesian view ---------------------------------------------------------------------------


def test_equal_doubt_in_prior_and_data_meets_in_the_middle():
    """By hand: w = 1/2, posterior 1 with SD sqrt(2); z = 0.7071, Φ = 0.7602."""
    view = bayes_view(effect(2, 2), prior_sd=2, higher_is_better=True)
    assert view.weight == pytest.approx(0.5)
    assert view.posterior.value == pytest.approx(1)
    assert view.posterior.standard_error == pytest.approx(sqrt(2))
    assert view.chance_better == pytest.approx(0.7602, abs=1e-4)


def test_losses_are_those_of_drawn_effects():
    """Two million draws of the posterior."""
    view = bayes_view(effect(0.3, 0.5), prior_sd=1.5, higher_is_better=True)
    drawn = np.random.default_rng(3).normal(
        view.posterior.value, view.posterior.standard_error, 2_000_000
    )
    assert view.loss_if_shipped == pytest.approx(np.maximum(-drawn, 0).mean(), abs=1e-3)
    assert view.loss_if_held == pytest.approx(np.maximum(drawn, 0).mean(), abs=1e-3)


def test_shipping_and_holding_differ_by_the_effect_itself():
    for value in (-1.0, 0.0, 0.4, 3.0):
        view = bayes_view(effect(value, 0.7), prior_sd=2, higher_is_better=True)
        gap = view.loss_if_held - view.loss_if_shipped
        assert gap == pytest.approx(view.posterior.value)


def test_direction_turns_the_view_around():
    up = bayes_view(effect(0.5, 0.4), prior_sd=1, higher_is_better=True)
    down = bayes_view(effect(0.5, 0.4), prior_sd=1, higher_is_better=False)
    assert up.chance_better == pytest.approx(1 - down.chance_better)
    assert up.loss_if_shipped == pytest.approx(down.loss_if_held)


def test_without_a_prior_the_view_repeats_the_estimate():
    """P(better) is then one less half the two-sided p-value."""
    given = effect(1.0, 0.5)
    view = bayes_view(given, prior_sd=inf, higher_is_better=True)
    assert view.posterior.ci_lower == pytest.approx(given.ci_lower)
    assert view.chance_better == pytest.approx(norm.cdf(2))


def test_like_beta_posteriors_for_two_conversion_rates():
    """Flat beta priors, a million draws: 260 of 5,000 against 200 of 5,000."""
    rng = np.random.default_rng(1)
    ours, theirs = rng.beta(261, 4_741, 1_000_000), rng.beta(201, 4_801, 1_000_000)
    error = sqrt(0.052 * 0.948 / 5_000 + 0.04 * 0.96 / 5_000)
    view = bayes_view(effect(0.012, error), prior_sd=inf, higher_is_better=True)
    assert view.chance_better == pytest.approx((ours > theirs).mean(), abs=2e-3)
    assert view.loss_if_shipped == pytest.approx(np.maximum(theirs - ours, 0).mean(), abs=1e-6)


def test_a_sceptical_prior_makes_intervals_hold_where_effects_are_usually_small():
    """Effects drawn from the prior: 95 % credible intervals hold them in 95 % of 4,000 tests."""
    rng = np.random.default_rng(9)
    true = rng.normal(0, 1, 4_000)
    seen = true + rng.normal(0, 1.5, 4_000)
    held = 0
    for t, s in zip(true, seen, strict=True):
        view = bayes_view(effect(s, 1.5), prior_sd=1, higher_is_better=True)
        held += view.posterior.ci_lower <= t <= view.posterior.ci_upper
    assert held / 4_000 == pytest.approx(0.95, abs=0.011)


# --- exaggeration ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("true", "error", "power", "wrong", "ratio"),
    [(0.1, 3.28, 0.05, 0.46, 77), (2.0, 8.1, 0.06, 0.24, 9.7)],
)
def test_the_published_examples(true, error, power, wrong, ratio):
    """Gelman and Carlin (2014), retrodesign(A, s): beauty and sex ratio; menstrual cycle study."""
    found = exaggeration(error, true_effect=true)
    assert found.power == pytest.approx(power, abs=0.006)
    assert found.wrong_sign == pytest.approx(wrong, abs=0.006)
    assert found.ratio == pytest.approx(ratio, rel=0.02)


def test_exaggeration_is_that_of_drawn_tests_and_falls_with_power():
    drawn = np.random.default_rng(2).normal(1.5, 1, 2_000_000)
    passed = drawn[np.abs(drawn) > Z]
    found = exaggeration(1, true_effect=1.5)
    assert found.ratio == pytest.approx(np.abs(passed).mean() / 1.5, abs=2e-3)
    assert found.wrong_sign == pytest.approx((passed < 0).mean(), abs=1e-3)
    ratios = [exaggeration(1, true_effect=d).ratio for d in (0.5, 1, 2, 3, 5)]
    assert all(a > b for a, b in pairwise(ratios))
    assert ratios[-1] == pytest.approx(1, abs=2e-3)


# --- interaction -----------------------------------------------------------------------------


def test_two_groups_by_hand():
    """Effects 1 and 3, errors 1 and 1: pooled 2, Q = 2, the z of their difference squared."""
    found = interaction_test([effect(1, 1), effect(3, 1)])
    assert (found.statistic, found.df) == (pytest.approx(2), 1)
    assert found.pooled == pytest.approx(2)
    assert found.p_value == pytest.approx(2 * norm.sf(sqrt(2)))


def test_like_effects_alarm_as_often_as_promised():
    rng = np.random.default_rng(4)
    errors = np.array([0.5, 1, 2, 0.8])
    drawn = 1.2 + rng.normal(size=(4_000, 4)) * errors
    alarms = [
        interaction_test([effect(v, e) for v, e in zip(row, errors, strict=True)]).p_value < 0.05
        for row in drawn
    ]
    assert np.mean(alarms) == pytest.approx(0.05, abs=0.011)


# --- re-randomisation ------------------------------------------------------------------------

VALUES = [0.0, 1.0]


def test_a_sound_test_calls_what_it_promises_on_redrawn_arms():
    found = redraw_arms(
        VALUES, control=[4_750, 250], treatment=[4_650, 350], n_redraws=4_000, seed=1
    )
    assert found.false_alarms.n_obs == 4_000
    assert found.false_alarms.value == pytest.approx(0.05, abs=0.011)
    assert found.as_promised
    assert found.p_value == pytest.approx(1 / 4_001, abs=1e-3)


def test_redrawing_the_counts_is_relabelling_the_rows():
    """The same difference of means, from rows shuffled by numpy: SD and permutation p agree."""
    values, control, treatment = [1.0, 2.0, 3.0, 4.0, 5.0], [5, 9, 14, 20, 12], [3, 5, 12, 22, 18]
    found = redraw_arms(values, control=control, treatment=treatment, n_redraws=8_000, seed=2)
    rows = np.repeat(values, np.add(control, treatment))
    rng = np.random.default_rng(3)
    drawn = []
    for _ in range(8_000):
        mixed = rng.permutation(rows)
        ours, theirs = mixed[:60], mixed[60:]
        drawn.append(abs(_z(ours, theirs)))
    real = abs(_z(np.repeat(values, treatment), np.repeat(values, control)))
    assert found.p_value == pytest.approx((np.array(drawn) >= real).mean(), abs=0.02)


def _z(ours, theirs):
    spread = ours.var(ddof=1) / len(ours) + theirs.var(ddof=1) / len(theirs)
    return (ours.mean() - theirs.mean()) / sqrt(spread)


def test_permuted_groups_keep_the_whole_effect_and_call_what_is_promised():
    control = np.array([[900, 100], [450, 50], [1_800, 200]])
    treatment = np.array([[850, 150], [425, 75], [1_700, 300]])
    found = redraw_groups(VALUES, control=control, treatment=treatment, seed=5)
    assert found.false_alarms.value == pytest.approx(0.05, abs=0.022)
    assert found.p_value > 0.9
    opposite = np.array([[850, 150], [475, 25], [1_700, 300]])
    assert redraw_groups(VALUES, control=control, treatment=opposite, seed=5).p_value < 0.01


def test_the_same_seed_gives_the_same_redraws():
    found = {
        redraw_arms(VALUES, control=[40, 9], treatment=[30, 12], seed=7, n_redraws=300).p_value
        for _ in range(3)
    }
    assert len(found) == 1


# --- refusals --------------------------------------------------------------------------------

BARE = Estimate(value=1, ci_lower=nan, ci_upper=nan, n_obs=5, unit="pp", method="none")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: bayes_view(BARE, prior_sd=1, higher_is_better=True),
            "a Bayesian view needs an effect with a spread above 0, got nan",
        ),
        (
            lambda: bayes_view(effect(1, 1), prior_sd=0, higher_is_better=True),
            "prior_sd must be above 0, got 0",
        ),
        (
            lambda: exaggeration(0, true_effect=1),
            "standard_error must be above 0, got 0",
        ),
        (
            lambda: exaggeration(1, true_effect=0),
            "true_effect must not be 0: nothing to exaggerate",
        ),
        (
            lambda: interaction_test([effect(1, 1)]),
            "an interaction test needs at least 2 groups, got 1",
        ),
        (
            lambda: interaction_test([effect(1, 1), effect(1, 1, unit="rating")]),
            "effects must have one unit, got pp, rating",
        ),
        (
            lambda: interaction_test([effect(1, 1), BARE]),
            "every effect needs a spread above 0, got nan at place 1",
        ),
        (
            lambda: redraw_arms([0], control=[3], treatment=[3], seed=1),
            "values and control counts must be equally long, 2 or more, got 1 and 1",
        ),
        (
            lambda: redraw_arms(VALUES, control=[3, 2], treatment=[1, 0], seed=1),
            "the treatment arm needs at least 2 units, got 1",
        ),
        (
            lambda: redraw_arms(VALUES, control=[3, 2], treatment=[3, 2], seed=1, n_redraws=9),
            "n_redraws must be at least 100, got 9",
        ),
        (
            lambda: redraw_groups(
                VALUES, control=np.ones((2, 2), int), treatment=np.ones((3, 2), int), seed=1
            ),
            (
                "control and treatment must hold the same groups (2 or more) by values, "
                "got shapes (2, 2) and (3, 2)"
            ),
        ),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
