"""cxlib.stats.looks and always_valid: published limits, error rates under looking, messages."""

import json
from math import inf, sqrt
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from cxlib.errors import InputError
from cxlib.stats.always_valid import confidence_sequence, mixture_variance
from cxlib.stats.estimate import Estimate
from cxlib.stats.looks import (
    critical_values,
    crossing_chances,
    false_alarm_rate,
    repeated_interval,
    sample_inflation,
)
from cxlib.stats.proportions import normal_quantile

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "looks.json").read_text(encoding="utf-8")
)
DESIGNS = ("obrien_fleming", "pocock", "alpha_spending")
Z = normal_quantile(0.95)


def equal(n):
    return [(k + 1) / n for k in range(n)]


def effect(value, standard_error, *, n_obs=5_000, level=0.95):
    """Give an effect with the interval of a single look."""
    reach = normal_quantile(level) * standard_error
    return Estimate(
        value=value, ci_lower=value - reach, ci_upper=value + reach, n_obs=n_obs, unit="pp",
        method="Newcombe", confidence_level=level,
    )  # fmt: skip


def paths(fractions, *, drift=0.0, n=40_000, seed=5):
    """Draw the z of each look of many tests."""
    times = np.asarray(fractions)
    steps = np.diff(times, prepend=0)
    rng = np.random.default_rng(seed)
    score = (rng.normal(size=(n, len(times))) * np.sqrt(steps) + drift * steps).cumsum(axis=1)
    return score / np.sqrt(times)


# --- group-sequential limits -----------------------------------------------------------------


@pytest.mark.parametrize("looks", [2, 3, 4, 5, 10])
def test_limits_are_those_of_the_published_tables(looks):
    """Jennison and Turnbull (2000), tables 2.1 and 2.3."""
    found = REFERENCE["looks"]
    pocock = critical_values("pocock", fractions=equal(looks))
    assert pocock == pytest.approx([found["pocock"][str(looks)]] * looks, abs=6e-4)
    last = critical_values("obrien_fleming", fractions=equal(looks))[-1]
    assert last == pytest.approx(found["obrien_fleming"][str(looks)], abs=6e-4)


def test_spending_limits_are_those_of_ldbounds():
    limits = critical_values("alpha_spending", fractions=equal(5))
    assert limits == pytest.approx(REFERENCE["looks"]["alpha_spending"], abs=6e-4)


def test_a_first_look_has_the_chance_of_its_own_tail():
    """By hand: z above 2 in either direction has the chance 4.55 %."""
    assert crossing_chances([2.0, inf], fractions=[0.5, 1])[0] == pytest.approx(0.0455, abs=1e-4)


def test_three_looks_agree_with_the_normal_distribution_of_all_three():
    """scipy.stats.multivariate_normal over the box within the limits."""
    times, limits = [0.3, 0.6, 1.0], [2.6, 2.3, 2.1]
    cov = [[sqrt(min(a, b) / max(a, b)) for b in times] for a in times]
    for drift in (0.0, 2.5):
        mean = [drift * sqrt(t) for t in times]
        box = multivariate_normal(mean, cov).cdf(limits, lower_limit=[-x for x in limits])
        assert sum(crossing_chances(limits, fractions=times, drift=drift)) == pytest.approx(
            1 - box, abs=2e-4
        )


def test_reading_each_look_alone_costs_what_the_paper_says():
    rates = REFERENCE["looks"]["unadjusted"]["rates"]
    for looks, rate in rates.items():
        assert false_alarm_rate(int(looks)) == pytest.approx(rate, abs=6e-4)


def test_looking_more_often_never_makes_fewer_false_alarms():
    rates = [false_alarm_rate(n) for n in (1, 2, 5, 20, 60, 200)]
    assert rates == sorted(rates)
    assert false_alarm_rate(5_000) == rates[-1]


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("fractions", [equal(4), [0.15, 0.5, 0.7, 1.0]])
def test_all_looks_together_keep_the_error_rate(design, fractions):
    """40,000 drawn tests of two like arms: within three standard errors of 5 %."""
    limits = critical_values(design, fractions=fractions)
    alarms = (np.abs(paths(fractions)) > limits).any(axis=1).mean()
    assert alarms == pytest.approx(0.05, abs=3 * sqrt(0.05 * 0.95 / 40_000))
    assert sum(crossing_chances(limits, fractions=fractions)) == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize("design", DESIGNS)
def test_the_inflated_sample_keeps_the_power(design):
    factor = sample_inflation(design, fractions=equal(5))
    wanted = REFERENCE["looks"]["inflation_5"].get(design, 1.03)
    assert factor == pytest.approx(wanted, abs=6e-3)
    drift = sqrt(factor) * (Z + normal_quantile(0.6))
    hits = (np.abs(paths(equal(5), drift=drift)) > critical_values(design, fractions=equal(5))).any(
        axis=1
    )
    assert hits.mean() == pytest.approx(0.8, abs=0.007)


def test_one_look_needs_no_more_sample_and_keeps_its_limit():
    assert critical_values("fixed", fractions=[0.5, 1]) == (inf, pytest.approx(1.96, abs=1e-3))
    for design in ("fixed", *DESIGNS):
        assert critical_values(design, fractions=[1])[0] == pytest.approx(Z)
        assert sample_inflation(design, fractions=[1]) == pytest.approx(1, abs=1e-5)


def test_repeated_intervals_hold_at_all_looks_together():
    """Pocock's limit over five looks: all five intervals hold the true effect in 95 % of tests."""
    fractions, true = equal(5), 0.02
    limits = critical_values("pocock", fractions=fractions)
    z = paths(fractions, drift=true / 0.01, n=2_000)
    held = 0
    for test in z:
        intervals = (
            repeated_interval(
                effect(value * 0.01 / sqrt(t), 0.01 / sqrt(t)), critical=limit, look=k, looks=5
            )
            for k, (value, t, limit) in enumerate(zip(test, fractions, limits, strict=True), 1)
        )
        held += all(i.ci_lower <= true <= i.ci_upper for i in intervals)
    assert held / len(z) == pytest.approx(0.95, abs=0.015)


def test_a_repeated_interval_says_which_look_it_is_of():
    found = repeated_interval(effect(0.02, 0.01), critical=2.4, look=2, looks=5)
    assert (round(found.ci_lower, 4), round(found.ci_upper, 4)) == (-0.004, 0.044)
    assert found.method == "Newcombe, repeated for look 2 of 5"
    never = repeated_interval(effect(0.02, 0.01), critical=inf, look=1, looks=2)
    assert (never.ci_lower, never.ci_upper) == (-inf, inf)


# --- valid at all times ----------------------------------------------------------------------


@pytest.mark.parametrize("case", REFERENCE["always_valid"]["cases"])
def test_the_confidence_sequence_is_that_of_gbstats(case):
    found = confidence_sequence(
        effect(
            case["value"],
            case["standard_error"],
            n_obs=case["n_control"] + case["n_treatment"],
        ),
        n_planned=case["n_planned"],
    )
    assert found.ci_lower == pytest.approx(case["ci_lower"])
    assert found.ci_upper == pytest.approx(case["ci_upper"])
    assert found.p_value == pytest.approx(case["p_value"])


def test_interval_and_p_value_agree_at_every_size():
    for z in np.linspace(0, 6, 25):
        found = confidence_sequence(effect(0.01 * z, 0.01), n_planned=5_000)
        assert found.excludes(0) == (found.p_value < 0.05)


def test_daily_looks_keep_the_error_rate_where_single_looks_do_not():
    """2,000 tests of two like arms, looked at after each of 100 days."""
    z = paths(equal(100), n=2_000, seed=8)
    n_obs = (np.asarray(equal(100)) * 10_000).astype(int)
    alarms = single = 0
    limits = [
        -confidence_sequence(effect(0, 1, n_obs=int(n)), n_planned=10_000).ci_lower for n in n_obs
    ]
    alarms = (np.abs(z) > limits).any(axis=1).mean()
    single = (np.abs(z) > Z).any(axis=1).mean()
    assert alarms <= 0.05
    assert single > 0.3


def test_the_sequence_is_tightest_near_the_planned_size():
    def width(n_obs, planned):
        found = confidence_sequence(effect(0, 1, n_obs=n_obs), n_planned=planned)
        return found.ci_upper

    tuned = width(5_000, 5_000)
    assert tuned == pytest.approx(3.0, abs=0.1)
    assert tuned < min(width(5_000, 200), width(5_000, 200_000))


# --- refusals --------------------------------------------------------------------------------

BARE = Estimate(
    value=1, ci_lower=float("nan"), ci_upper=float("nan"), n_obs=500, unit="pp", method="none"
)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: critical_values("pocock", fractions=[0.5, 0.4, 1]),
            "fractions must rise from above 0 to 1, one per look, got 0.5, 0.4, 1",
        ),
        (
            lambda: critical_values("pocock", fractions=[0.5, 0.9]),
            "fractions must rise from above 0 to 1, one per look, got 0.5, 0.9",
        ),
        (
            lambda: critical_values("haybittle", fractions=[1]),
            "design must be fixed, obrien_fleming, pocock or alpha_spending, got 'haybittle'",
        ),
        (
            lambda: crossing_chances([2.0], fractions=[0.5, 1]),
            "critical must hold one limit above 0 for each of 2 looks, got (2.0,)",
        ),
        (lambda: false_alarm_rate(0), "n_looks must be at least 1, got 0"),
        (
            lambda: sample_inflation("pocock", fractions=[1], power=0.4),
            "power must be in (0.5, 1), got 0.4",
        ),
        (
            lambda: repeated_interval(BARE, critical=2, look=1, looks=2),
            "a repeated interval needs an effect with an interval, got none",
        ),
        (
            lambda: confidence_sequence(BARE, n_planned=500),
            "a confidence sequence needs an effect with an interval, got none",
        ),
        (
            lambda: confidence_sequence(effect(0, 1, n_obs=99), n_planned=500),
            "a confidence sequence needs at least 100 units, got 99",
        ),
        (lambda: mixture_variance(0), "n_planned must be at least 1, got 0"),
        (
            lambda: mixture_variance(10, confidence_level=0.5),
            "confidence_level must be in [0.9, 1), got 0.5",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
