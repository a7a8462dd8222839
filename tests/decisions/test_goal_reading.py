"""Goals judged as one family: p-values from intervals, Holm, nothing taken back later."""

import numpy as np
import pytest
from scipy.stats import norm

from cxlib.decisions.goal_reading import GoalValue, against_target, family_verdicts
from cxlib.stats.estimate import Estimate


def read(value, se, *, target=0.0, direction="higher", level=0.95):
    half = float(norm.ppf((1 + level) / 2)) * se
    return GoalValue(
        estimate=Estimate(
            value=value, ci_lower=value - half, ci_upper=value + half, n_obs=100,
            unit="points", method="hand", confidence_level=level,
        ),
        target=target,
        direction=direction,
    )  # fmt: skip


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_the_p_value_is_that_of_the_z_test_at_any_level_of_the_interval(level):
    """scipy: 2 * norm.sf(2.5) = 0.012419."""
    assert against_target(read(2.5, 1, level=level)) == pytest.approx(0.0124193, abs=1e-7)


def test_a_level_on_its_target_or_without_interval_shows_nothing():
    bare = Estimate(
        value=9.0, ci_lower=float("nan"), ci_upper=float("nan"), n_obs=0, unit="points",
        method="given by hand",
    )  # fmt: skip
    assert against_target(GoalValue(estimate=bare, target=0.0, direction="higher")) == 1.0
    assert against_target(read(0.0, 1)) == 1.0
    assert against_target(read(1.0, 0.0)) == 0.0


def test_holm_steps_down_and_the_sign_follows_the_direction():
    """p = 0.0027, 0.0124, 0.0455 in a family of four with one unread: thresholds 0.0125, 0.0167,
    0.025, so that the third, met if read alone, cannot be told."""
    values = {"a": read(3, 1), "b": read(2.5, 1, direction="lower"), "c": read(2, 1)}
    found = family_verdicts(values, family=4, confidence_level=0.95)
    assert found == {"a": "met", "b": "not_met", "c": "cannot_tell"}
    alone = family_verdicts({"c": values["c"]}, family=1, confidence_level=0.95)
    assert alone == {"c": "met"}


def test_reading_the_rest_later_never_takes_a_verdict_back():
    """1,000 seeded families of five, two of them read first."""
    rng = np.random.default_rng(5)
    for row in rng.normal(1.5, 1.5, size=(1_000, 5)):
        values = {str(n): read(float(z), 1) for n, z in enumerate(row)}
        early = family_verdicts({n: values[n] for n in ("0", "1")}, family=5, confidence_level=0.95)
        late = family_verdicts(values, family=5, confidence_level=0.95)
        assert all(late[n] == said for n, said in early.items() if said != "cannot_tell")


def test_four_goals_exactly_on_target_are_called_reached_in_at_most_5_percent():
    """4,000 seeded families; read alone, one of four would be called met or missed in 18.5 %."""
    rng = np.random.default_rng(6)
    draws = rng.normal(0, 1, size=(4_000, 4))
    wrong = alone = 0
    for row in draws:
        values = {str(n): read(float(z), 1) for n, z in enumerate(row)}
        found = family_verdicts(values, family=4, confidence_level=0.95)
        wrong += any(said != "cannot_tell" for said in found.values())
        alone += bool(np.any(np.abs(row) > 1.959964))
    assert wrong / 4_000 == pytest.approx(0.0491, abs=0.011)
    assert alone / 4_000 == pytest.approx(1 - 0.95**4, abs=0.02)
