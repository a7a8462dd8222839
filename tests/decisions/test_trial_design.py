"""Sizes before a test: hand-worked and published cases, what each step costs, refused kinds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.power import NormalIndPower

from cxlib.data.source import duckdb_source
from cxlib.decisions.outcomes import Metric
from cxlib.decisions.trial_design import design_of
from cxlib.decisions.trial_plan import Plan
from cxlib.decisions.trial_usual import Usual, usual_in
from cxlib.stats.trial_outcomes import Mean, Nps, Ordinal, Outcome, Proportion, Ratio, Waiting

BOUGHT = Metric(column="bought", kind="proportion", direction="higher")
PLAN = Plan(
    experiment="demo", primary=BOUGHT, minimum_effect=0.02, horizon_days=28, planned_per_arm=4_000
)
SHARE = Usual(outcome=Proportion(baseline=0.1), units_per_day=200)
KINDS: dict[str, tuple[Metric, Outcome, float]] = {
    "mean": (replace(BOUGHT, kind="mean"), Mean(sd=1.0), 0.1),
    "ratio": (replace(BOUGHT, kind="ratio", denominator="n"), Ratio(owner_variance=1.0), 0.1),
    "nps": (replace(BOUGHT, kind="nps", unit="points"), Nps(promoters=0.4, detractors=0.2), 5.0),
    "ordinal": (replace(BOUGHT, kind="ordinal"), Ordinal(shares=(0.1, 0.2, 0.4, 0.2, 0.1)), 0.06),
    "time": (
        replace(BOUGHT, kind="time", unit="days", event="done", horizon_days=30,
                direction="lower"),
        Waiting(share_by_horizon=0.5), 1.5,
    ),
}  # fmt: skip


def test_a_mean_needs_what_statsmodels_says():
    """0.1 of a standard deviation at 80 %: 1,570 an arm, by both."""
    metric, outcome, effect = KINDS["mean"]
    found = design_of(replace(PLAN, primary=metric, minimum_effect=effect), Usual(outcome=outcome),
                      power=0.8)  # fmt: skip
    other = NormalIndPower().solve_power(effect_size=effect, power=0.8, alpha=0.05)
    assert found.needed == 2 * int(np.ceil(other)) == 3_140


def test_days_are_units_over_their_pace_and_the_plan_is_judged():
    """10 % and +2 pp: (1.95996 + 0.84162)² (0.09 + 0.1056) / 0.0004 = 3,839 an arm, 39 days."""
    found = design_of(PLAN, SHARE, power=0.8)
    assert found.needed == 2 * 3_839
    assert found.days == 39
    assert found.enough
    assert found.power > 0.8
    assert found.detectable < 0.02
    assert not design_of(replace(PLAN, planned_per_arm=3_000), SHARE, power=0.8).enough


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_sized_and_its_detectable_effect_is_its_own(kind):
    """Plan exactly what is needed: power is what was asked, the detectable effect the minimum."""
    metric, outcome, effect = KINDS[kind]
    plan = replace(PLAN, primary=metric, minimum_effect=effect)
    needed = design_of(plan, Usual(outcome=outcome), power=0.8).needed
    found = design_of(
        replace(plan, planned_per_arm=-(-needed // 2)), Usual(outcome=outcome), power=0.8
    )
    assert found.power == pytest.approx(0.8, abs=0.002)
    assert found.detectable == pytest.approx(effect, rel=0.01)


def test_a_test_of_times_finds_its_effect_as_often_as_planned():
    """400 seeded tests of two constant rates, log-rank size, read by the restricted mean."""
    from cxlib.decisions.comparison import compare
    from cxlib.decisions.outcomes import Arm, WaitOutcome

    metric, outcome, effect = KINDS["time"]
    plan = replace(PLAN, primary=metric, minimum_effect=effect)
    n = design_of(plan, Usual(outcome=outcome), power=0.8).needed // 2
    rates = (np.log(2) / 30, _rate(30, _mean(np.log(2) / 30, 30) - effect))
    rng, seen = np.random.default_rng(5), 0
    for _ in range(400):
        arms = []
        for rate in rates:
            days = np.ceil(rng.exponential(1 / rate, n) * 4) / 4
            times, place = np.unique(np.minimum(days, 30.25), return_inverse=True)
            events = np.bincount(place, weights=days <= 30, minlength=len(times)).astype(int)
            total = np.bincount(place, minlength=len(times))
            wait = WaitOutcome(times=times, events=events, censored=total - events)
            arms.append(Arm(n_assigned=n, outcomes={"bought": wait}))
        found = compare(metric, control=arms[0], treatment=arms[1], confidence_level=0.95)
        seen += found.effect.excludes(0)
    assert seen / 400 == pytest.approx(0.8, abs=0.08)


def _mean(rate, horizon):
    return (1 - np.exp(-rate * horizon)) / rate


def _rate(horizon, mean):
    from scipy.optimize import brentq

    return brentq(lambda rate: _mean(rate, horizon) - mean, 1e-6, 1)


def test_each_step_says_what_it_costs():
    """A correlation of 0.6 takes 36 % away; two Pocock looks ask 11 % more (Pocock 1977: 1.110)."""
    known = design_of(
        replace(PLAN, looks="pocock", n_looks=2), replace(SHARE, correlation=0.6), power=0.8
    )
    plain, sharper, looks = (step.units for step in known.steps)
    assert [step.name for step in known.steps] == ["plain", "known", "looks"]
    assert sharper / plain == pytest.approx(0.64, abs=0.001)
    assert looks / sharper == pytest.approx(1.110, abs=0.001)
    assert 0 < known.early < known.power


def test_looks_at_any_time_cost_more_than_planned_ones():
    needed = [
        design_of(replace(PLAN, looks=looks, n_looks=count), SHARE, power=0.8).needed
        for looks, count in (("obrien_fleming", 4), ("pocock", 4), ("always_valid", 1))
    ]
    assert needed == sorted(needed)


def test_whole_clusters_cost_the_design_effect_and_more():
    """20 units each, likeness 0.05: 1 + 19 · 0.05 = 1.95 times, and Student's t for few."""
    found = design_of(
        replace(PLAN, cluster="shop"), replace(SHARE, cluster_size=20, icc=0.05), power=0.8
    )
    plain, clusters = (step.units for step in found.steps)
    assert clusters / plain == pytest.approx(1.95, abs=0.03)
    assert found.clusters == clusters / 20


def test_several_arms_cost_the_dunnett_level():
    plan = replace(PLAN, treatment_share=1 / 3, arms=(("second", 1 / 3),))
    assert design_of(plan, SHARE, power=0.8).needed > 1.5 * design_of(PLAN, SHARE, power=0.8).needed


def before(n=4_000, seed=3):
    rng = np.random.default_rng(seed)
    shop = rng.integers(0, 40, n)
    lift = np.tile([-0.5, 0.5], 20)[shop]
    pre = rng.normal(0, 1, n)
    return pd.DataFrame(
        {
            "shop": shop, "pre_spend": pre, "visits": 1 + rng.poisson(2, n),
            "spend": lift + 0.6 * pre + rng.normal(0, 1, n), "bought": rng.binomial(1, 0.2, n),
        }
    )  # fmt: skip


def test_the_usual_value_is_read_from_rows_before_the_test():
    """Spend: variance 0.25 between shops of 1.61; earlier spend explains 0.36 of 1.61."""
    source = duckdb_source(before(), table="before")
    spend = replace(BOUGHT, column="spend", kind="mean")
    plan = replace(PLAN, primary=spend, covariates=("pre_spend",))
    found = usual_in(source, plan)
    assert found.outcome.sd == pytest.approx(1.61**0.5, rel=0.05)
    assert found.correlation == pytest.approx((0.36 / 1.61) ** 0.5, abs=0.04)
    whole = usual_in(source, replace(plan, cluster="shop"))
    assert whole.cluster_size == 100
    assert whole.icc == pytest.approx(0.25 / 1.61, abs=0.03)


def test_a_kind_without_a_formula_and_answers_all_alike_plan_nothing():
    source = duckdb_source(before(), table="before")
    ninth = Metric(column="spend", kind="quantile", quantile=0.9, direction="higher")
    assert usual_in(source, replace(PLAN, primary=ninth)) is None
    none = duckdb_source(before().assign(bought=0), table="before")
    assert usual_in(none, PLAN) is None
    assert design_of(PLAN, None, power=0.8) is None
