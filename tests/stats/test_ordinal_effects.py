"""cxlib.stats.ordinal_effects: scipy, statsmodels, the clustered form, invariants, error texts."""

from math import inf, isnan, log, sqrt

import numpy as np
import pytest
from scipy.stats import brunnermunzel
from statsmodels.miscmodels.ordinal_model import OrderedModel

from cxlib.errors import InputError
from cxlib.stats.linearised import Products
from cxlib.stats.ordinal import chance_higher
from cxlib.stats.ordinal_effects import chance_effect, proportional_odds

SCORES = (1, 2, 3, 4, 5)
CONTROL, TREATMENT = (10, 20, 40, 60, 30), (5, 15, 35, 70, 50)


def rows(counts):
    return np.repeat(SCORES, counts)


@pytest.mark.parametrize("seed", range(6))
def test_it_is_scipys_brunner_munzel(seed):
    rng = np.random.default_rng(seed)
    control, treatment = rng.integers(1, 12, (2, 5))
    found = chance_effect(SCORES, control=control, treatment=treatment)
    other = brunnermunzel(rows(treatment), rows(control))
    assert found.chance.p_value == pytest.approx(other.pvalue, rel=1e-9)
    assert found.effect.effect.p_value == found.chance.p_value


def test_it_is_the_clustered_chance_with_one_answer_a_customer():
    n = np.array([*CONTROL, *TREATMENT], dtype=float)
    zero = np.zeros((10, 10))
    sums = Products(
        n=n, total=0 * n, squares=0 * n, tt=zero, tm=zero, mm=np.diag(n), n_clusters=int(n.sum())
    )
    second = np.arange(10) < 5
    other = chance_higher(
        np.array(SCORES * 2, dtype=float),
        sums,
        answer_weights=np.ones(10),
        first=~second,
        second=second,
        design=np.ones((10, 1)),
    )
    found = chance_effect(SCORES, control=CONTROL, treatment=TREATMENT).chance
    assert (found.value, found.ci_lower, found.ci_upper) == pytest.approx(
        (other.value, other.ci_lower, other.ci_upper), rel=1e-9
    )


def test_a_hand_worked_chance():
    """Control 1 2, treatment 2 3: pairs T>C 3 of 4 and one tie: 3.5 / 4; net chance 0.75."""
    found = chance_effect((1, 2, 3), control=(1, 1, 0), treatment=(0, 1, 1))
    assert found.chance.value == pytest.approx(0.875)
    assert found.effect.effect.value == pytest.approx(0.75)
    assert (found.n_control, found.n_treatment) == (2, 2)


def test_turning_the_arms_round_turns_the_net_chance_round():
    one = chance_effect(SCORES, control=CONTROL, treatment=TREATMENT).effect.effect
    other = chance_effect(SCORES, control=TREATMENT, treatment=CONTROL).effect.effect
    assert (one.value, one.ci_lower) == pytest.approx((-other.value, -other.ci_upper))


def test_only_the_order_of_the_answers_counts():
    one = chance_effect(SCORES, control=CONTROL, treatment=TREATMENT)
    far = chance_effect((1, 2, 3, 4, 900), control=CONTROL, treatment=TREATMENT)
    mixed = chance_effect(
        SCORES[::-1], control=CONTROL[::-1], treatment=TREATMENT[::-1], confidence_level=0.95
    )
    assert one == far == mixed


def test_arms_wholly_apart_get_wilsons_interval_not_a_certainty():
    """Wilson, 10 of 10: lower limit 10 / (10 + 1.96²) = 0.7225."""
    found = chance_effect((1, 5), control=(10, 0), treatment=(0, 30))
    assert found.chance.value == 1
    assert found.chance.ci_lower == pytest.approx(0.72247, abs=1e-5)
    assert found.effect.std_error == pytest.approx(2 * sqrt(0.025))
    assert found.effect.df == inf


def test_one_answer_for_all_is_no_effect():
    found = chance_effect((4, 5), control=(0, 10), treatment=(0, 30)).effect.effect
    assert (found.value, found.p_value) == (0, 1.0)


@pytest.mark.filterwarnings("ignore")
def test_it_is_statsmodels_ordered_model_on_the_answers_written_out():
    """OrderedModel(distr='logit').fit(method='newton') takes no counts, so the rows are written."""
    y = np.concatenate([rows(CONTROL), rows(TREATMENT)])
    arm = np.repeat([0.0, 1.0], [sum(CONTROL), sum(TREATMENT)])
    fit = OrderedModel(y, arm[:, None], distr="logit").fit(method="newton", disp=0, tol=1e-10)
    found = proportional_odds(SCORES, control=CONTROL, treatment=TREATMENT)
    assert found.log_odds.value == pytest.approx(fit.params[0], abs=1e-6)
    assert found.std_error == pytest.approx(fit.bse[0], abs=1e-6)
    assert log(found.odds_ratio.ci_lower) == pytest.approx(found.log_odds.ci_lower)


def test_two_answers_are_the_odds_ratio_of_a_two_by_two_table():
    """(30/10) / (20/20) = 3, se sqrt(1/30 + 1/10 + 1/20 + 1/20)."""
    found = proportional_odds((0, 1), control=(20, 20), treatment=(10, 30))
    assert found.odds_ratio.value == pytest.approx(3)
    assert found.std_error == pytest.approx(sqrt(1 / 30 + 1 / 10 + 1 / 20 + 1 / 20))
    assert found.fit_p_value == 1.0


def test_ten_million_answers_are_as_quick_as_ten():
    """The problem has the size of the scale; a million times the counts, a 1000th of the error."""
    small = proportional_odds(SCORES, control=CONTROL, treatment=TREATMENT)
    large = proportional_odds(
        SCORES, control=[10**6 * n for n in CONTROL], treatment=[10**6 * n for n in TREATMENT]
    )
    assert large.log_odds.value == pytest.approx(small.log_odds.value)
    assert large.std_error == pytest.approx(small.std_error / 1_000)


def test_a_treatment_that_spreads_answers_breaks_proportional_odds():
    """Both ends gain: the likelihood ratio sees it, and finds nothing where one ratio was made."""
    apart = proportional_odds(SCORES, control=(5, 20, 50, 20, 5), treatment=(30, 10, 20, 10, 30))
    assert apart.fit_p_value < 1e-6
    together = proportional_odds(SCORES, control=CONTROL, treatment=TREATMENT)
    assert together.fit_p_value > 0.5


def test_the_check_of_one_ratio_keeps_its_error_rate():
    """1,500 seeded draws with one true ratio: 5 % small p-values, within 3 standard errors."""
    rng = np.random.default_rng(5)
    below = 1 / (1 + np.exp(-np.array([-2.0, -1, 0, 1.5])))
    moved = 1 / (1 + np.exp(-(np.array([-2.0, -1, 0, 1.5]) - 0.6)))
    shares = [np.diff([0, *cut, 1]) for cut in (below, moved)]
    p = [
        proportional_odds(
            SCORES,
            control=rng.multinomial(200, shares[0]),
            treatment=rng.multinomial(150, shares[1]),
        ).fit_p_value
        for _ in range(1_500)
    ]
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.017)


@pytest.mark.parametrize(("swap", "value"), [(False, inf), (True, 0.0)])
def test_arms_without_a_shared_stretch_have_an_unbounded_ratio(swap, value):
    arms = [(3, 4, 0, 0, 0), (0, 2, 3, 0, 0)][:: -1 if swap else 1]
    found = proportional_odds(SCORES, control=arms[0], treatment=arms[1])
    assert found.odds_ratio.value == value
    assert isnan(found.odds_ratio.ci_lower)
    assert (found.odds_ratio.p_value, found.std_error) == (None, inf)


@pytest.mark.parametrize(
    ("scores", "control", "treatment", "message"),
    [
        (
            (1, 2),
            (1, 2, 3),
            (1, 2),
            "scores and the counts of both arms must be of one length, got 2, 3 and 2",
        ),
        ((1, 1), (1, 2), (1, 2), "each score must stand once"),
        ((1, 2), (1, 2), (-1, 2), "counts must be 0 or more, got -1 in treatment"),
        ((1, 2), (1, 0), (5, 2), "an ordinal effect needs 2 answers in each arm, got 1"),
    ],
)
def test_bad_input_says_what_must_hold(scores, control, treatment, message):
    for call in (chance_effect, proportional_odds):
        with pytest.raises(InputError) as error:
            call(scores, control=control, treatment=treatment)
        assert str(error.value) == message


def test_answers_all_alike_have_no_odds_ratio():
    with pytest.raises(InputError, match="at least 2 different answers, got 1"):
        proportional_odds((1, 2), control=(5, 0), treatment=(4, 0))
