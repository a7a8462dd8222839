"""The rule that judges a test is the frozen one; any change of the file is named."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cxlib.decisions.experiment import plan_from_engagement
from cxlib.decisions.rule import choose_experiment, frozen_or_exploratory, frozen_plan
from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


def as_frozen(plan):
    """What 02 writes, as JSON keeps it."""
    return json.loads(json.dumps({**plan.as_record(), "rule_hash": plan.rule_hash()}))


def test_an_unchanged_file_gives_the_frozen_rule(engagement):
    """The rule read back has the fingerprint it was frozen with."""
    experiment = choose_experiment(engagement)
    rules = {experiment.id: as_frozen(plan_from_engagement(experiment))}
    plan = frozen_plan(engagement, experiment, rules)
    assert plan.rule_hash() == rules[experiment.id]["rule_hash"]


def test_every_change_is_named_with_both_values(engagement):
    """A smaller minimum effect and a wider margin, both frozen otherwise, are listed together."""
    experiment = choose_experiment(engagement)
    plan = plan_from_engagement(experiment)
    other = replace(
        plan,
        minimum_effect=0.02,
        guardrails=(replace(plan.guardrails[0], margin=0.005), *plan.guardrails[1:]),
    )
    with pytest.raises(ConfigError) as caught:
        frozen_plan(engagement, experiment, {experiment.id: as_frozen(other)})
    assert str(caught.value) == (
        "the rule of experiment 'enquiry_reply' was changed after it was frozen, so it cannot "
        "judge this test\n"
        "  engagement.yml, experiments, enquiry_reply, minimum_effect: found 0.015; the frozen "
        "rule says 0.02; restore the file; a new rule needs a new test\n"
        "  engagement.yml, experiments, enquiry_reply, guardrails[0].margin: found 0.01; the "
        "frozen rule says 0.005; restore the file; a new rule needs a new test"
    )


def test_a_dropped_guardrail_is_a_change(engagement):
    """Dropping the guardrail that would fail is the commonest way to bend a rule."""
    experiment = choose_experiment(engagement)
    plan = plan_from_engagement(experiment)
    other = replace(plan, guardrails=plan.guardrails[:1])
    with pytest.raises(ConfigError, match=r"found complaint, csat; the frozen rule says complaint"):
        frozen_plan(engagement, experiment, {experiment.id: as_frozen(other)})


def test_a_test_without_a_frozen_rule_is_refused(engagement):
    """The message says which notebook freezes it."""
    with pytest.raises(ConfigError, match=r"no rule was frozen .* the ledger has none; run 02_kpi"):
        frozen_plan(engagement, choose_experiment(engagement), {})


def test_a_fingerprint_that_does_not_fit_is_refused(engagement):
    """A ledger edited by hand is caught even when its fields fit."""
    experiment = choose_experiment(engagement)
    frozen = {**as_frozen(plan_from_engagement(experiment)), "rule_hash": "0" * 16}
    with pytest.raises(ConfigError, match="has fingerprint 0000000000000000, its content gives"):
        frozen_plan(engagement, experiment, {experiment.id: frozen})


def test_an_unknown_experiment_lists_those_that_exist(engagement):
    """The parameter is checked against the engagement file."""
    with pytest.raises(
        ConfigError,
        match="must be one of enquiry_reply, video_consult, app_banner of engagement",
    ):
        choose_experiment(engagement, "x")


def test_a_test_without_a_frozen_rule_is_read_but_exploratory(engagement):
    """The engagement file's rule serves, and the caller is told that none was frozen."""
    experiment = choose_experiment(engagement)
    plan = plan_from_engagement(experiment)
    assert frozen_or_exploratory(engagement, experiment, {}) == (plan, False)
    rules = {experiment.id: as_frozen(plan)}
    assert frozen_or_exploratory(engagement, experiment, rules) == (plan, True)
