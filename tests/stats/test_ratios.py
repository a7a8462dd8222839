"""Ratios of sums in bunches: hand cases, invariants, limits of other code, coverage over seeds."""

from math import isnan, sqrt

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.means import mean_estimate, t_quantile
from cxlib.stats.proportions import proportion
from cxlib.stats.ratios import clustered_quantile, clustered_ratio, clustered_share, event_rate
from cxlib.stats.survival import count_quantile


def sums(y, x):
    """K, Y, X and Σ (y - R x)² of owners."""
    y, x = np.asarray(y, float), np.asarray(x, float)
    ratio = y.sum() / x.sum()
    return {
        "n_clusters": len(y), "total": y.sum(), "base": x.sum(),
        "squares": ((y - ratio * x) ** 2).sum(),
    }  # fmt: skip


def test_a_ratio_by_hand():
    """Owners (y, x) = (6, 2), (2, 2), (4, 2): R 2, residuals 2, -2, 0, se sqrt(3/2 · 8) / 6."""
    found = clustered_ratio(**sums([6, 2, 4], [2, 2, 2]))
    margin = t_quantile(0.95, df=2) * sqrt(12) / 6
    assert (found.value, found.n_obs, found.method) == (2.0, 6, "delta")
    assert found.ci_lower == pytest.approx(2 - margin)
    assert found.ci_upper == pytest.approx(2 + margin)


def test_one_observation_an_owner_is_students_t_of_a_mean():
    """With x = 1 everywhere the delta method is the mean's own interval."""
    y = np.random.default_rng(1).normal(5, 2, 40)
    found = clustered_ratio(**sums(y, np.ones(40)), unit="rating")
    plain = mean_estimate(40, y.mean(), y.var(ddof=1))
    assert (found.ci_lower, found.ci_upper) == pytest.approx((plain.ci_lower, plain.ci_upper))


def test_a_scale_changes_unit_and_limits_alike():
    seconds = clustered_ratio(**sums([60, 240, 90], [1, 2, 1]), unit="minutes")
    minutes = clustered_ratio(**sums([60, 240, 90], [1, 2, 1]), unit="minutes", scale=1 / 60)
    assert minutes.value == pytest.approx(seconds.value / 60)
    assert minutes.ci_upper == pytest.approx(seconds.ci_upper / 60)


def test_the_p_value_and_the_interval_agree():
    """Where the interval touches the value tested, p is 1 minus the level."""
    whole = clustered_ratio(**sums([3, 1, 2, 5], [1, 1, 1, 1]))
    at_edge = clustered_ratio(**sums([3, 1, 2, 5], [1, 1, 1, 1]), against=whole.ci_lower)
    assert at_edge.p_value == pytest.approx(0.05)
    assert whole.p_value is None
    assert clustered_ratio(**sums([1, 1], [1, 1]), against=1.0).p_value == 1.0


def test_a_single_owner_has_no_interval():
    assert isnan(clustered_ratio(**sums([3], [2])).ci_lower)
    assert isnan(clustered_share(**sums([1], [2])).ci_upper)


def test_independent_observations_give_wilsons_interval_with_t():
    """One observation an owner: the design effect is 200/199 · 1, so the limits nearly agree."""
    y = np.zeros(200)
    y[:60] = 1
    found, plain = clustered_share(**sums(y, np.ones(200))), proportion(60, 200)
    assert found.ci_lower == pytest.approx(plain.ci_lower, abs=0.002)
    assert found.ci_upper == pytest.approx(plain.ci_upper, abs=0.002)


def test_identical_observations_of_an_owner_count_once():
    """Ten copies of each answer: deff 10, the interval stays that of one answer each."""
    y = np.zeros(200)
    y[:60] = 1
    once = clustered_share(**sums(y, np.ones(200)))
    tenfold = clustered_share(**sums(10 * y, np.full(200, 10.0)))
    assert tenfold.n_obs == 2000
    assert tenfold.ci_lower == pytest.approx(once.ci_lower, abs=1e-9)


def test_shares_at_the_ends_stay_inside_and_count_owners():
    none = clustered_share(**sums(np.zeros(50), np.full(50, 4.0)))
    z = t_quantile(0.95, df=49)
    assert (none.value, none.ci_lower) == (0.0, 0.0)
    assert none.ci_upper == pytest.approx(z * z / (50 + z * z))
    every = clustered_share(**sums(np.full(50, 4.0), np.full(50, 4.0)))
    assert (every.ci_lower, every.ci_upper) == (pytest.approx(50 / (50 + z * z)), 1.0)


def test_garwood_limits_by_table():
    """10 events: 4.7954 to 18.3904 (Garwood 1936; Ulm 1990, Am. J. Epidemiology 131, table)."""
    found = event_rate(10, exposure=1.0)
    assert (found.ci_lower, found.ci_upper) == pytest.approx((4.7954, 18.3904), abs=1e-4)
    none = event_rate(0, exposure=1000, per=1000)
    assert (none.value, none.ci_lower) == (0, 0)
    assert none.ci_upper == pytest.approx(3.6889, abs=1e-4)


def test_bunched_events_are_as_sure_as_their_bunches():
    """40 events in bunches of 4 have the relative limits of 10 single ones."""
    bunched, single = event_rate(40, exposure=4.0, dispersion=4.0), event_rate(10, exposure=1.0)
    assert bunched.ci_lower / bunched.value == pytest.approx(single.ci_lower / single.value)
    assert event_rate(40, exposure=4.0, dispersion=0.3) == event_rate(40, exposure=4.0)


def test_more_exposure_alone_makes_no_rise():
    """Twice the orders with twice the complaints: the same rate."""
    assert event_rate(40, exposure=200).value == event_rate(20, exposure=100).value


def test_a_quantile_covers_when_visitors_are_slow_on_every_page():
    """2,000 draws of 150 visitors with 5 pages; ln time: visitor sd 0.4, page sd 0.18.

    True third quartile: exp(0.6745 · sqrt(0.16 + 0.0324)).
    """
    draw = np.random.default_rng(40)
    found = []
    for _ in range(2000):
        log = np.repeat(draw.normal(0, 0.4, 150), 5) + draw.normal(0, 0.18, 750)
        values, counts = np.unique(np.ceil(1000 * np.exp(log)), return_counts=True)
        below = np.ceil(1000 * np.exp(log)) <= count_quantile(values, counts, share=0.75)
        part = sums(below.reshape(150, 5).sum(axis=1), np.full(150, 5))
        part.pop("base")
        found.append(clustered_quantile(values, counts.tolist(), share=0.75, **part))
    truth = 1000 * np.exp(0.67449 * sqrt(0.4**2 + 0.18**2))
    assert 0.94 <= coverage(found, truth) <= 0.97


def coverage(estimates, truth):
    return np.mean([e.ci_lower <= truth <= e.ci_upper for e in estimates])


def test_the_share_covers_when_owners_differ():
    """3,000 draws of 120 owners with 1 to 6 contacts and their own chances (beta, mean 0.7).

    Wilson on the rows covers well under 0.95 here; with the design effect it does.
    """
    draw = np.random.default_rng(20)
    found, naive = [], []
    for _ in range(3000):
        m = draw.integers(1, 7, 120)
        y = draw.binomial(m, draw.beta(1.4, 0.6, 120))
        found.append(clustered_share(**sums(y, m)))
        naive.append(proportion(int(y.sum()), int(m.sum())))
    assert 0.94 <= coverage(found, 0.7) <= 0.97
    assert coverage(naive, 0.7) < 0.9


def test_the_rate_covers_when_complaints_come_in_bunches():
    """3,000 draws of 300 customers with 1 to 5 orders; complaints gamma-Poisson, 0.1 an order."""
    draw = np.random.default_rng(21)
    found = []
    for _ in range(3000):
        x = draw.integers(1, 6, 300)
        y = draw.poisson(x * draw.gamma(0.5, 0.2, 300))
        part = sums(y, x)
        spread = part["squares"] * 300 / 299 / max(1, y.sum())
        found.append(event_rate(int(y.sum()), exposure=x.sum(), dispersion=spread))
    assert 0.94 <= coverage(found, 0.1) <= 0.97


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: clustered_ratio(0, total=1, base=1, squares=0),
            "n_clusters must be 1 or more, got 0",
        ),
        (
            lambda: clustered_ratio(2, total=1, base=0, squares=0),
            "base must be above 0, got 0",
        ),
        (
            lambda: clustered_ratio(2, total=1, base=1, squares=-1),
            "squares must be 0 or more, got -1",
        ),
        (
            lambda: clustered_share(2, total=3, base=2, squares=0),
            "total must be from 0 to the 2 observations, got 3",
        ),
        (lambda: event_rate(-1, exposure=1), "events must be 0 or more, got -1"),
        (lambda: event_rate(1, exposure=0), "exposure must be above 0, got 0"),
    ],
)
def test_impossible_sums_are_refused(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
