"""cxlib.decisions.targets: units of goals, what a sample can show, errors."""

import pytest

from cxlib.decisions.targets import feasibility, goal_level
from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate
from cxlib.stats.power import NpsShares


def estimate(value, lower, upper, unit="points", n=400):
    return Estimate(value=value, ci_lower=lower, ci_upper=upper, n_obs=n, unit=unit, method="test")


NPS = estimate(25, 17, 33)
REPURCHASE = estimate(0.38, 0.35, 0.41, unit="share")


def test_five_percent_plus_40_is_7_or_45_by_its_unit():
    """The sources' conversion goal: 0.05 × 1.4, or 0.05 + 0.40."""
    relative = goal_level(0.05, kpi_unit="share", unit="relative_percent", change=40)
    points = goal_level(0.05, kpi_unit="share", unit="pp", change=40)
    assert (relative, points) == pytest.approx((0.07, 0.45))


def test_a_level_is_read_in_its_own_unit():
    assert goal_level(0.38, kpi_unit="share", unit="percent", target=40) == pytest.approx(0.40)
    assert goal_level(15, kpi_unit="points", unit="points", target=30) == 30
    assert goal_level(15, kpi_unit="points", unit="points", change=15) == 30
    assert goal_level(4.0, kpi_unit="rating", unit="rating", change=0.5) == 4.5
    assert goal_level(4.0, kpi_unit="rating", unit="rating", target=4.5) == 4.5


def test_200_answers_cannot_tell_an_nps_of_25_from_30():
    """4,082 per wave; 200 show 2.8016 sqrt(2 × 6500 / 200) = 22.6 points."""
    found = feasibility(NPS, target=30, n_per_period=200, response_rate=0.2)
    assert (found.n_needed, found.can_be_seen) == (4_082, False)
    assert found.nearest_target == pytest.approx(25 + 22.587, abs=1e-3)
    assert found.invitations_needed == 20_410
    assert found.chance_to_see < 0.12
    assert found.variance_basis == "typical"


def test_repurchase_of_38_to_40_percent_is_seen_from_9333_answers_on():
    assert not feasibility(REPURCHASE, target=0.40, n_per_period=9_332).can_be_seen
    enough = feasibility(REPURCHASE, target=0.40, n_per_period=9_333)
    assert enough.can_be_seen
    assert enough.chance_to_see == pytest.approx(0.8, abs=1e-3)
    assert enough.nearest_target == pytest.approx(0.40, abs=1e-4)
    assert enough.variance_basis == "share"


def test_csat_of_4_to_4_5_is_seen_from_63_answers_on():
    baseline = estimate(4.0, 3.9, 4.1, unit="rating")
    found = feasibility(baseline, target=4.5, n_per_period=63, sd=1)
    assert (found.n_needed, found.can_be_seen, found.variance_basis) == (63, True, "sd")


def test_a_goal_downwards_offers_a_level_below_the_baseline():
    """Checkout abandonment 70 -> 50 %: 91 per period."""
    baseline = estimate(0.70, 0.6, 0.8, unit="share")
    found = feasibility(baseline, target=0.50, n_per_period=50)
    assert found.n_needed == 91
    assert found.smallest_change < -0.20
    assert found.nearest_target < 0.50


def test_known_shares_replace_the_typical_variance():
    shares = NpsShares(promoters=0.45, detractors=0.20)
    found = feasibility(NPS, target=30, n_per_period=200, nps_shares=shares)
    assert found.variance_basis == "shares"
    assert found.n_needed < 4_082


def test_no_level_on_the_scale_is_far_enough_away_for_a_handful_of_answers():
    found = feasibility(estimate(80, 60, 100), target=90, n_per_period=5)
    assert found.nearest_target is None
    assert found.smallest_change is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: goal_level(0.05, kpi_unit="share", unit="points", change=40),
            "a change of a KPI in share must be in pp or relative_percent, got points",
        ),
        (
            lambda: goal_level(25, kpi_unit="points", unit="relative_percent", change=20),
            "a change of a KPI in points must be in points, got relative_percent",
        ),
        (
            lambda: goal_level(0.38, kpi_unit="share", unit="pp", target=40),
            "a target of a KPI in share must be in percent, got pp",
        ),
        (
            lambda: goal_level(0.38, kpi_unit="share", unit="pp"),
            "a goal needs exactly one of target and change, got target None, change None",
        ),
        (
            lambda: goal_level(0.7, kpi_unit="share", unit="pp", change=40),
            "the goal must lie from 0 to 1, got 1.1 from 0.7 with change 40 pp",
        ),
        (
            lambda: feasibility(NPS, target=25, n_per_period=200),
            "the target must differ from the baseline, both are 25",
        ),
        (
            lambda: feasibility(NPS, target=30, n_per_period=1),
            "n_per_period must be 2 or more, got 1",
        ),
        (
            lambda: feasibility(NPS, target=30, n_per_period=9, response_rate=20),
            "response_rate must be above 0 and at most 1, got 20",
        ),
        (
            lambda: feasibility(NPS, target=30, n_per_period=9, sd=1),
            "sd is read for a rating only, the baseline is in points",
        ),
        (
            lambda: feasibility(estimate(4, 3, 5, unit="rating"), target=4.5, n_per_period=9),
            "a goal on a rating needs sd, above 0, got None",
        ),
        (
            lambda: feasibility(estimate(4, 3, 5, unit="days"), target=4.5, n_per_period=9),
            "feasibility is known for points, share and rating, the baseline is in days",
        ),
    ],
)  # fmt: skip
def test_a_refusal_names_the_rule_and_the_value(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
