"""cxlib.stats.trial_power: power's own sizes, statsmodels, published formulas, inverses, errors."""

from math import ceil, log

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.power import NormalIndPower

from cxlib.errors import InputError
from cxlib.stats.power import sample_for_proportions, sample_size
from cxlib.stats.sample_sizes import sample_for_waiting
from cxlib.stats.trial_outcomes import Mean, Nps, Ordinal, Proportion, Ratio, Waiting
from cxlib.stats.trial_power import (
    TrialDesign,
    detectable_effect,
    duration_days,
    trial_power,
    trial_size,
)

CSAT = (0.08, 0.12, 0.2, 0.35, 0.25)
CASES = [
    (Proportion(baseline=0.05), 0.01),
    (Mean(sd=2.0), 0.1),
    (Ratio(owner_variance=4.0), -0.1),
    (Nps(promoters=0.45, detractors=0.2), 5.0),
    (Ordinal(shares=CSAT), -0.1),
    (Waiting(share_by_horizon=0.4), 0.05),
]
Z = norm.ppf(0.975) + norm.ppf(0.8)


def test_two_equal_arms_are_the_sizes_of_the_plain_formulas():
    share, mean = trial_size(*CASES[0]), trial_size(*CASES[1])
    assert share.n_control == sample_for_proportions(0.05, 0.06).n_control
    other = sample_size(0.1, variance_control=4, variance_treatment=4)
    assert mean.n_treatments == (other.n_treatment,)
    assert (share.n_clusters, share.events, share.design_effect) == (None, None, 1.0)


def test_an_unequal_split_is_statsmodels():
    """NormalIndPower.solve_power(0.05, power=.8, alpha=.05, ratio=.25): units of control."""
    size = trial_size(Mean(sd=2.0), 0.1, design=TrialDesign(treatment_shares=(0.2,)))
    want = NormalIndPower().solve_power(0.05, power=0.8, alpha=0.05, ratio=0.25)
    assert size.n_control == pytest.approx(want, abs=1)
    assert size.n_total == size.n_control + size.n_treatments[0]


def test_ordered_answers_come_near_whiteheads_formula():
    """Whitehead (1993): N = 12 z² / (ln(OR)² (1 - Σ p³)), p the mean share of each answer."""
    outcome = Ordinal(shares=CSAT)
    odds = outcome.odds_ratio_of(0.1)
    cubes = np.sum(((np.array(CSAT) + outcome.shifted(odds)) / 2) ** 3)
    want = 12 * Z**2 / (log(odds) ** 2 * (1 - cubes))
    assert trial_size(outcome, 0.1).n_total == pytest.approx(want, rel=0.02)


def test_without_ties_ordered_answers_are_noethers_formula():
    """Noether (1987): N = z² / (12 c (1 - c) (θ - ½)²) with θ = 0.55, c = ½."""
    found = trial_size(Ordinal(shares=(0.002,) * 500), 0.1).n_total
    assert found == pytest.approx(Z**2 / (3 * 0.05**2), rel=0.02)


def test_times_are_schoenfelds_events():
    found = trial_size(Waiting(share_by_horizon=0.3), 0.1)
    other = sample_for_waiting(0.3, 0.4)
    assert found.n_control == pytest.approx(other.n_per_group, abs=1)
    assert found.events == pytest.approx(other.events, abs=2)


@pytest.mark.parametrize(("outcome", "effect"), CASES)
@pytest.mark.parametrize(
    "design",
    [
        TrialDesign(),
        TrialDesign(treatment_shares=(0.3,), power=0.9),
        TrialDesign(treatment_shares=(0.3, 0.2), confidence_level=0.9),
        TrialDesign(cluster_size=30.0, cluster_size_cv=0.5, icc=0.02),
    ],
)
def test_size_power_and_detectable_effect_undo_each_other(outcome, effect, design):
    size = trial_size(outcome, effect, design=design)
    power = trial_power(outcome, effect, size.n_total, design=design)
    assert power == pytest.approx(design.power, abs=0.02)
    found = detectable_effect(
        outcome, size.n_total, design=design, direction="up" if effect > 0 else "down"
    )
    assert found == pytest.approx(effect, rel=0.03)


def test_a_covariate_saves_its_squared_correlation():
    """ρ = 0.6: 64 % of the units."""
    plain = trial_size(Mean(sd=2.0), 0.1).n_total
    sharper = trial_size(Mean(sd=2.0), 0.1, design=TrialDesign(covariate_correlation=-0.6))
    assert sharper.n_total == pytest.approx(0.64 * plain, abs=2)


def test_the_design_effect_of_unequal_stores():
    """Eldridge et al. (2006): 1 + ((1 + 0.65²) 20 - 1) 0.05 = 2.3725."""
    design = TrialDesign(cluster_size=20.0, cluster_size_cv=0.65, icc=0.05)
    assert design.design_effect == pytest.approx(2.3725)
    assert TrialDesign(icc=0.05).design_effect == 1


def test_many_clusters_cost_the_design_effect_and_few_cost_more():
    """n · deff / m clusters with the normal; Student's t on K - 2 asks for about one more an arm
    at 5 % (Snedecor and Cochran's rule)."""
    design = TrialDesign(cluster_size=50.0, icc=0.02)
    many = trial_size(Mean(sd=1.0), 0.05, design=design)
    plain = 2 * Z**2 / 0.05**2 * design.design_effect / 50
    assert many.n_clusters / 2 == pytest.approx(plain, rel=0.01)
    few = trial_size(Mean(sd=1.0), 0.3, design=design)
    least = ceil(2 * Z**2 / 0.3**2 * design.design_effect / 50)
    assert least + 1 <= few.n_clusters / 2 <= least + 2
    assert few.n_total == 50 * few.n_clusters


def test_several_treatments_are_held_at_dunnetts_level():
    """Three equal treatments and an equal control: t 2.35, not Bonferroni's 2.39."""
    design = TrialDesign(treatment_shares=(0.25, 0.25, 0.25))
    found = trial_size(Mean(sd=1.0), 0.2, design=design)
    assert norm.ppf((1 + found.confidence_level) / 2) == pytest.approx(2.349, abs=0.001)
    each = 2 * (2.349 + norm.ppf(0.8)) ** 2 / 0.2**2
    assert found.n_treatments == (found.n_control,) * 3
    assert found.n_control == pytest.approx(each, abs=1)


def test_an_effect_that_cannot_be_is_not_promised():
    assert detectable_effect(Proportion(baseline=0.01), 40, direction="down") is None


def test_duration_counts_whole_days_and_the_follow_up():
    assert duration_days(1001, units_per_day=100) == 11
    assert duration_days(1000, units_per_day=100, follow_up_days=90) == 100


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: TrialDesign(treatment_shares=(0.6, 0.4)),
            "treatment_shares must be above 0 and leave a share to the control, got 0.6, 0.4",
        ),
        (
            lambda: TrialDesign(treatment_shares=()),
            "treatment_shares must be above 0 and leave a share to the control, got none",
        ),
        (
            lambda: TrialDesign(covariate_correlation=1.0),
            "covariate_correlation must be within -1 and 1, got 1",
        ),
        (
            lambda: TrialDesign(cluster_size=0.5),
            (
                "cluster_size must be 1 or more, cluster_size_cv 0 or more and icc from 0 to 1, "
                "got 0.5, 0 and 0"
            ),
        ),
        (lambda: TrialDesign(power=0.2), "power must be in [0.5, 1), got 0.2"),
        (lambda: trial_size(Mean(sd=1.0), 0.0), "the effect to be seen must not be 0"),
        (
            lambda: trial_size(
                Waiting(share_by_horizon=0.4), 0.1, design=TrialDesign(covariate_correlation=0.5)
            ),
            (
                "covariates sharpen means, shares, ratios and NPS; waiting outcomes take none, "
                "got covariate_correlation 0.5"
            ),
        ),
        (
            lambda: trial_power(Mean(sd=1.0), 0.1, 3),
            "n_total must give each arm 2 units, got 3",
        ),
        (lambda: duration_days(9, units_per_day=0), "units_per_day must be above 0, got 0"),
        (
            lambda: duration_days(9, units_per_day=1, follow_up_days=-1),
            "follow_up_days must be 0 or more, got -1",
        ),
    ],
)
def test_bad_input_says_what_must_hold(call, message):
    with pytest.raises(InputError) as error:
        call()
    assert str(error.value) == message
