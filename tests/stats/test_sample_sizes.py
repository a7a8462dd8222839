"""Sample sizes of ratios, funnels and waiting times."""

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.power import sample_for_proportions
from cxlib.stats.sample_sizes import (
    entrants,
    sample_for_funnel,
    sample_for_ratio,
    sample_for_waiting,
    waiting_events,
)


def test_abandonment_of_70_to_50_needs_91_checkouts_and_910_visits_where_one_in_ten_gets_there():
    """91 per arm: golden of the domain notes (M12)."""
    size = sample_for_funnel([0.4, 0.25, 0.3], 0.5, step=2)
    assert (size.at_step, size.entering) == (91, 910)
    assert size.reach == pytest.approx(0.1)


def test_the_first_step_of_a_funnel_is_a_plain_share():
    """5 to 7 % needs 2,210: golden of the domain notes (M12)."""
    size = sample_for_funnel([0.05], 0.07, step=0)
    assert size.at_step == size.entering == 2210


def test_invitations_are_a_funnel():
    """4,082 answers at one in four: 16,328 invitations, by hand."""
    assert entrants(4082, reach=0.25) == 16_328


@pytest.mark.parametrize(
    ("hazard_ratio", "level", "power", "events"),
    [
        (0.5729, 0.95, 0.9, 136),  # Collett 2015, Modelling Survival Data, example 15.1
        (2.0, 0.95, 0.8, 66),  # 4 (1.9600 + 0.8416)² / ln(2)² = 65.3, by hand
    ],
)
def test_events_follow_schoenfeld(hazard_ratio, level, power, events):
    assert waiting_events(hazard_ratio, confidence_level=level, power=power) == events


def test_a_hazard_ratio_and_its_inverse_need_the_same():
    assert waiting_events(0.8) == waiting_events(1.25)


def test_waiting_times_need_no_more_customers_than_shares_at_the_end_of_the_same_time():
    """Both look at 38 to 40 % by day 90; the whole curve carries a little more than its end."""
    waiting = sample_for_waiting(0.38, 0.40)
    share = sample_for_proportions(0.38, 0.40).n_per_group
    assert share == 9333
    assert 0.85 * share < waiting.n_per_group < share
    assert waiting.hazard_ratio == pytest.approx(np.log(0.6) / np.log(0.62))


def test_the_log_rank_sample_has_the_power_it_states():
    """Simulated log-rank tests, exponential times followed to day 90: 80 % within noise."""
    size = sample_for_waiting(0.3, 0.45)
    draw = np.random.default_rng(20261122)
    rates = [-np.log(1 - share) / 90 for share in (0.3, 0.45)]
    found = 0
    for _ in range(400):
        times = np.concatenate([draw.exponential(1 / rate, size.n_per_group) for rate in rates])
        group = np.repeat([0, 1], size.n_per_group)
        order = np.argsort(times)
        times, group = times[order], group[order]
        at_risk = np.arange(len(times), 0, -1)
        later = group[::-1].cumsum()[::-1]
        seen = times <= 90
        expected = later / at_risk
        z = (group - expected)[seen].sum() / np.sqrt((expected * (1 - expected))[seen].sum())
        found += abs(z) > 1.96
    assert found / 400 == pytest.approx(0.8, abs=0.06)


def test_owners_of_a_ratio_are_found_in_a_simulation():
    """Stores of unequal size and luck: the delta-method sample sees the change 80 % of times."""
    draw = np.random.default_rng(7)

    def stores(k, rate):
        x = draw.integers(20, 80, k)
        return draw.binomial(x, draw.beta(rate * 60, (1 - rate) * 60, k)), x

    y, x = stores(200_000, 0.2)
    ratio = y.sum() / x.sum()
    variance = float(np.var(y - ratio * x) / x.mean() ** 2)
    size = sample_for_ratio(0.20, 0.23, owner_variance=variance)
    found = 0
    for _ in range(600):
        (y1, x1), (y2, x2) = stores(size.n_control, 0.2), stores(size.n_control, 0.23)
        r1, r2 = y1.sum() / x1.sum(), y2.sum() / x2.sum()
        errors = [
            np.var(y_ - r_ * x_) / x_.mean() ** 2 / len(y_)
            for y_, x_, r_ in ((y1, x1, r1), (y2, x2, r2))
        ]
        found += abs(r2 - r1) > 1.96 * np.sqrt(sum(errors))
    assert found / 600 == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sample_for_funnel([0.5], 0.6, step=1), "step must be 0 to 0, got 1"),
        (
            lambda: sample_for_funnel([0.0, 0.5], 0.6, step=1),
            r"the steps before must be shares above 0 up to 1, got \[0.0\]",
        ),
        (lambda: entrants(10, reach=0), "reach must be above 0 and at most 1, got 0"),
        (
            lambda: sample_for_waiting(0.0, 0.4),
            "baseline must be strictly between 0 and 1, got 0.0",
        ),
        (lambda: sample_for_waiting(0.4, 0.4), "the target must differ from the baseline"),
        (lambda: waiting_events(1.0), "hazard_ratio must be above 0 and not 1, got 1.0"),
    ],
)
def test_impossible_input_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
