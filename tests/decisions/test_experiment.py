"""cxlib.decisions.experiment and comparison: split check, verdicts by rule, A/A error rates."""

from dataclasses import replace
from math import isnan

import numpy as np
import pytest

from cxlib.decisions.comparison import compare, guard
from cxlib.decisions.experiment import (
    Plan,
    check_split,
    plan_from_engagement,
    read_out,
)
from cxlib.decisions.outcomes import Arm, MeanOutcome, Metric, ProportionOutcome
from cxlib.engagement.schema import Experiment
from cxlib.errors import InputError

CONVERTED = Metric(column="converted", kind="proportion", direction="higher")
COMPLAINT = Metric(column="complaint", kind="proportion", direction="lower", margin=0.01)
CSAT = Metric(column="csat", kind="mean", direction="higher", margin=0.1)
PLAN = Plan(
    experiment="enquiry_reply",
    primary=CONVERTED,
    minimum_effect=0.015,
    horizon_days=56,
    planned_per_arm=4_500,
    guardrails=(COMPLAINT,),
)


def arm(converted, complaint=200, *, n=5_000):
    return Arm(
        n_assigned=n,
        outcomes={
            "converted": ProportionOutcome(successes=converted, n_obs=n),
            "complaint": ProportionOutcome(successes=complaint, n_obs=n),
        },
    )


def verdict(control, treatment, *, plan=PLAN, days=56):
    found = read_out(plan, control=control, treatment=treatment, days_run=days)
    return found.verdict, found.reason


def test_a_small_imbalance_passes_and_a_large_one_blocks():
    """The project's worked figures: 5,000/5,200 p = 0.048, 5,000/5,400 p = 0.00009."""
    small, large = check_split(5_000, 5_200), check_split(5_000, 5_400)
    assert (round(small.p_value, 3), small.passed) == (0.048, True)
    assert (round(large.p_value, 5), large.passed) == (0.00009, False)


def test_an_unequal_plan_is_checked_against_itself():
    assert check_split(9_000, 1_000, treatment_share=0.1).p_value == pytest.approx(1)


@pytest.mark.parametrize(
    ("control", "treatment", "days", "expected"),
    [
        (arm(250), arm(350), 56, ("SHIP", "effect_shown")),
        (arm(250, n=5_000), arm(400, n=5_400), 56, ("INVALID", "split_differs")),
        (arm(250), arm(350, 300), 56, ("ROLLBACK", "guardrail_harmed")),
        (arm(250), arm(180), 56, ("ROLLBACK", "primary_worse")),
        (arm(250), arm(350), 30, ("EXTEND", "plan_not_complete")),
        (arm(150, 120, n=3_000), arm(210, 120, n=3_000), 56, ("EXTEND", "plan_not_complete")),
        (arm(250), arm(350, 230), 56, ("HOLD", "guardrail_not_shown_safe")),
        (arm(250), arm(310), 56, ("HOLD", "effect_below_minimum")),
        (arm(250), arm(255), 56, ("HOLD", "no_worthwhile_effect")),
    ],
)
def test_each_rule_gives_its_verdict(control, treatment, days, expected):
    """5 % against 7 %, 3.6 %, 6.2 % and 5.1 % of 5,000; complaints 4 % against 6 % and 4.6 %."""
    assert verdict(control, treatment, days=days) == expected


def test_a_wide_interval_around_a_small_effect_is_inconclusive():
    plan = replace(PLAN, planned_per_arm=500, guardrails=())
    assert verdict(arm(25, 0, n=500), arm(30, 0, n=500), plan=plan) == ("HOLD", "inconclusive")


def test_harm_may_stop_a_test_early_but_success_may_not():
    assert verdict(arm(250), arm(180), days=10)[0] == "ROLLBACK"
    assert verdict(arm(250), arm(500), days=10)[0] == "EXTEND"


def guarded(count):
    """The plan with so many complaint-like guardrails, tolerating 2 pp."""
    metrics = tuple(replace(COMPLAINT, column=f"guard{i}", margin=0.02) for i in range(count))
    return replace(PLAN, minimum_effect=0.01, guardrails=metrics)


def harmless(rng, n, plan):
    """Two arms alike: 10 % convert, 20 % of 3 in 8 complain."""
    return [
        Arm(
            n_assigned=n,
            outcomes={
                "converted": ProportionOutcome(successes=rng.binomial(n, 0.1), n_obs=n),
                **{
                    metric.column: ProportionOutcome(
                        successes=rng.binomial(3 * n // 8, 0.2), n_obs=3 * n // 8
                    )
                    for metric in plan.guardrails
                },
            },
        )
        for _ in range(2)
    ]


def test_harmless_treatments_are_rolled_back_as_rarely_as_stated():
    """1,500 seeded A/A tests with three guardrails: rolled back in at most 2.5 % at the end.

    Each metric alone at 5 % would roll back 10 %. The bound allows two standard errors (0.8 pp).
    """
    rng = np.random.default_rng(63)
    plan = guarded(3)
    found = [verdict(*harmless(rng, 4_500, plan), plan=plan)[0] for _ in range(1_500)]
    assert found.count("ROLLBACK") / 1_500 <= 0.025 + 0.008


def test_harm_before_the_end_must_be_plain():
    """5.0 against 4.0 % of 5,000: p = 0.016; it stops a test at its end, not on day 10."""
    plan = replace(PLAN, guardrails=())
    assert verdict(arm(250), arm(200), plan=plan, days=10) == ("EXTEND", "plan_not_complete")
    assert verdict(arm(250), arm(200), plan=plan) == ("ROLLBACK", "primary_worse")


def test_harm_among_several_metrics_is_held_against_all_of_them():
    """Complaints 4.0 against 4.9 % of 5,000: p = 0.029, enough alone, not as one of two."""
    sides = {"control": arm(250, 200), "treatment": arm(250, 245)}
    alone = guard(compare(COMPLAINT, **sides, confidence_level=0.95))
    assert alone.safety == "harmed"
    found = read_out(PLAN, **sides, days_run=56)
    assert found.guardrails[0].safety == "not_shown_safe"
    assert found.verdict == "HOLD"


def test_a_metric_where_lower_is_better_is_turned_round():
    plan = replace(PLAN, primary=replace(COMPLAINT, margin=None), guardrails=())
    assert verdict(arm(0, 350), arm(0, 250), plan=plan) == ("SHIP", "effect_shown")
    assert verdict(arm(0, 250), arm(0, 350), plan=plan) == ("ROLLBACK", "primary_worse")


def test_not_significant_is_never_read_as_safe():
    """4.0 against 4.4 % of 1,000: the interval holds 0 and also the margin of 1 pp."""
    sides = {"control": arm(0, 40, n=1_000), "treatment": arm(0, 44, n=1_000)}
    found = guard(compare(COMPLAINT, **sides, confidence_level=0.95))
    effect = found.comparison.effect
    assert not effect.excludes(0)
    assert found.safety == "not_shown_safe"


def test_a_loss_within_the_margin_is_safe_even_when_it_shows():
    """Rating 4.20 against 4.16 with 50,000 answers each: loss 0.03 to 0.05, margin 0.1."""
    sides = {
        name: Arm(
            n_assigned=50_000,
            outcomes={"csat": MeanOutcome(mean=mean, variance=0.64, n_obs=50_000)},
        )
        for name, mean in (("control", 4.20), ("treatment", 4.16))
    }
    found = guard(compare(CSAT, **sides, confidence_level=0.95))
    assert found.comparison.effect.excludes(0)
    assert found.safety == "safe"


def test_effects_are_treatment_minus_control_and_relative_to_control():
    """350/5000 - 250/5000 = 2.0 pp; 350/250 - 1 = 40 %; log-ratio limits by hand.

    SE = sqrt(1/350 + 1/250 - 2/5000) = 0.080357; exp(0.336472 ± 1.959964 × 0.080357) - 1.
    """
    found = read_out(PLAN, control=arm(250), treatment=arm(350), days_run=56).primary
    assert (found.effect.value, found.rel_effect.value) == pytest.approx((0.02, 0.40))
    assert (found.rel_effect.ci_lower, found.rel_effect.ci_upper) == pytest.approx(
        (0.19599, 0.63882), abs=1e-4
    )


def test_relative_effect_of_means_by_hand():
    """4.4/4.0 - 1 = 10 %; SE of the log = sqrt(1/100/4.4² + 1/100/4²) = 0.033787; t(197.7)."""
    sides = {
        name: Arm(n_assigned=100, outcomes={"csat": MeanOutcome(mean=m, variance=1, n_obs=100)})
        for name, m in (("control", 4.0), ("treatment", 4.4))
    }
    found = compare(CSAT, **sides, confidence_level=0.95).rel_effect
    assert found.value == pytest.approx(0.1)
    margin = 1.972 * 0.033787
    assert found.ci_lower == pytest.approx(1.1 * np.exp(-margin) - 1, abs=1e-4)


def test_a_control_without_success_has_no_relative_effect():
    found = read_out(PLAN, control=arm(0), treatment=arm(5), days_run=56).primary
    assert isnan(found.rel_effect.value)


def test_the_rule_s_fingerprint_changes_with_every_part_of_it():
    changed = [
        replace(PLAN, minimum_effect=0.02),
        replace(PLAN, horizon_days=57),
        replace(PLAN, planned_per_arm=4_501),
        replace(PLAN, treatment_share=0.4),
        replace(PLAN, confidence_level=0.9),
        replace(PLAN, guardrails=()),
        replace(PLAN, guardrails=(replace(COMPLAINT, margin=0.02),)),
        replace(PLAN, primary=replace(CONVERTED, direction="lower")),
    ]
    hashes = {plan.rule_hash() for plan in (PLAN, *changed)}
    assert len(hashes) == 1 + len(changed)
    assert replace(PLAN).rule_hash() == PLAN.rule_hash()
    assert len(PLAN.rule_hash()) == 16


def test_a_a_tests_show_an_effect_in_5_of_100_and_ship_hardly_ever():
    """3,000 seeded tests of 5 % against 5 %, 5,000 per arm, minimum effect 0.1 pp."""
    rng = np.random.default_rng(61)
    plan = replace(PLAN, minimum_effect=0.001, guardrails=())
    counts = rng.binomial(5_000, 0.05, size=(3_000, 2)).tolist()
    found = [read_out(plan, control=arm(c, 0), treatment=arm(t, 0), days_run=56) for c, t in counts]
    shown = np.mean([item.primary.effect.excludes(0) for item in found])
    assert shown == pytest.approx(0.05, abs=0.012)
    assert np.mean([item.verdict == "SHIP" for item in found]) == pytest.approx(0.025, abs=0.01)


def test_relative_intervals_of_means_cover_as_often_as_stated():
    """2,000 seeded tests, lognormal amounts, true ratio 1.1, 400 per arm."""
    rng = np.random.default_rng(62)
    hits = []
    amounts = rng.lognormal(3, 0.8, size=(2, 2_000, 400))
    metric = replace(CSAT, unit="currency")
    for theirs, ours in zip(amounts[0], amounts[1] * 1.1, strict=True):
        sides = {
            name: Arm(
                n_assigned=400,
                outcomes={"csat": MeanOutcome(mean=x.mean(), variance=x.var(ddof=1), n_obs=400)},
            )
            for name, x in (("control", theirs), ("treatment", ours))
        }
        rel = compare(metric, **sides, confidence_level=0.95).rel_effect
        hits.append(rel.ci_lower <= 0.1 <= rel.ci_upper)
    assert np.mean(hits) == pytest.approx(0.95, abs=0.015)


def test_the_engagement_file_s_experiment_becomes_the_plan():
    """2 March to 26 April 2026, both included: 56 days."""
    words = {"en": "x", "zh-Hant-HK": "x"}
    outcome = {"name": words, "kind": "proportion"}
    planned = Experiment.model_validate(
        {
            "id": "enquiry_reply",
            **dict.fromkeys(("name", "question", "treatment", "control", "owner"), words),
            "period": {"start": "2026-03-02", "end": "2026-04-26"},
            "split": {"control": 0.5, "treatment": 0.5},
            "planned_per_arm": 4_500,
            "minimum_effect": 0.015,
            "primary": {**outcome, "column": "converted", "direction": "higher"},
            "guardrails": [
                {**outcome, "column": "complaint", "direction": "lower", "margin": 0.01}
            ],
        }
    )
    assert plan_from_engagement(planned) == PLAN


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: replace(PLAN, minimum_effect=0),
            "minimum_effect must be above 0, got 0",
        ),
        (
            lambda: replace(PLAN, horizon_days=0),
            "horizon_days must be 1 or more and planned_per_arm 2 or more, got 0 and 4500",
        ),
        (
            lambda: replace(PLAN, treatment_share=1.5),
            "treatment_share must be between 0 and 1, got 1.5",
        ),
        (
            lambda: replace(PLAN, guardrails=(CONVERTED,)),
            "a guardrail needs a margin, none given for converted",
        ),
        (lambda: replace(CSAT, margin=-0.1), "the margin of csat must be above 0, got -0.1"),
        (
            lambda: read_out(
                replace(PLAN, guardrails=(CSAT,)), control=arm(1), treatment=arm(1), days_run=56
            ),
            "csat not found in the treatment arm; it has ['complaint', 'converted']",
        ),
        (
            lambda: read_out(
                replace(PLAN, primary=replace(CONVERTED, kind="mean")),
                control=arm(1), treatment=arm(1), days_run=56,
            ),
            "converted is planned as a mean, the treatment arm has a proportion",
        ),
        (
            lambda: read_out(PLAN, control=arm(1), treatment=arm(1), days_run=-1),
            "days_run must be 0 or more, got -1",
        ),
        (
            lambda: guard(
                compare(CONVERTED, control=arm(9), treatment=arm(9), confidence_level=0.95)
            ),
            "guardrail converted needs a margin, it has none",
        ),
    ],
)  # fmt: skip
def test_a_refusal_names_the_rule_and_the_value(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
