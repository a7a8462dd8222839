"""cxlib.stats.sbg, bg_nbd and gamma_gamma: published fits, another implementation, coverage."""

import json
from pathlib import Path

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.bg_nbd import (
    Histories,
    chance_active,
    draw_models,
    expected_orders,
    fit_bg_nbd,
)
from cxlib.stats.gamma_gamma import fit_gamma_gamma
from cxlib.stats.sbg import fit_sbg

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "customer_value.json").read_text(encoding="utf-8")
)


def drawn_customers(n, *, seed, r=0.6, alpha=8.0, a=0.6, b=2.5, watched=52.0, ahead=26.0):
    """Draw customers from the model: repeats, last, watched, and orders in the time after."""
    rng = np.random.default_rng(seed)
    span = watched - rng.uniform(0, 20, n)
    rate, leave = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    rows = []
    for k in range(n):
        t, repeats, last, later = 0.0, 0, 0.0, 0
        rng.random()
        while True:
            t += rng.exponential(1 / rate[k]) if rate[k] > 0 else 1e9
            if t > span[k] + ahead:
                break
            if t <= span[k]:
                repeats, last = repeats + 1, t
            else:
                later += 1
            if rng.random() < leave[k]:
                break
        rows.append((repeats, min(round(last, 1), round(span[k], 1)), round(span[k], 1), later))
    return np.array(rows)


def drawn_spend(n, *, seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(1, 6, n)
    own = rng.gamma(3.5, 1 / 700, n)
    return x.astype(float), np.round(rng.gamma(4.0 * x, 1 / (own * x)), 2)


def compressed(rows):
    lines, counts = np.unique(rows[:, :3], axis=0, return_counts=True)
    return Histories(
        repeats=lines[:, 0], last=lines[:, 1], watched=lines[:, 2], customers=counts.astype(float)
    )


@pytest.fixture(scope="module")
def drawn():
    return drawn_customers(3_000, seed=1)


@pytest.fixture(scope="module")
def model(drawn):
    return fit_bg_nbd(compressed(drawn))


def of(*customers):
    columns = np.array(customers, dtype=float).T
    return Histories(
        repeats=columns[0], last=columns[1], watched=columns[2], customers=np.ones(len(customers))
    )


# --- contracts -------------------------------------------------------------------------------


@pytest.mark.parametrize("segment", ["high_end", "regular"])
def test_the_published_renewal_fits(segment):
    """Fader and Hardie (2007): parameters, likelihood and the years held back."""
    known = REFERENCE["sbg"][segment]
    found = fit_sbg(known["remaining"])
    assert round(found.alpha, 3) == known["alpha"]
    assert round(found.beta, 3) == known["beta"]
    assert round(found.log_likelihood, 1) == known["log_likelihood"]
    for year, there in known["later"].items():
        assert found.survival(int(year)) == pytest.approx(there, abs=0.02)


def test_retention_rises_with_age_and_multiplies_to_survival():
    found = fit_sbg(REFERENCE["sbg"]["regular"]["remaining"])
    rates = [found.retention(t) for t in range(1, 9)]
    assert rates == sorted(rates)
    assert np.prod(rates) == pytest.approx(found.survival(8))
    assert found.survival(0) == 1.0


def test_a_renewed_customer_is_worth_more_and_without_discount_it_is_the_plain_sum():
    found = fit_sbg(REFERENCE["sbg"]["high_end"]["remaining"])
    new, old = (found.expected_renewals(renewed=k, discount=0.1, horizon=50) for k in (0, 5))
    assert old > new
    plain = found.expected_renewals(renewed=0, discount=0.0, horizon=20)
    assert plain == pytest.approx(sum(found.survival(t) for t in range(1, 21)))


def test_drawn_renewals_give_back_their_survival():
    """60 cohorts of 2,000: survival at 10 renewals, seen for 5, is unbiased within 1 point."""
    rng = np.random.default_rng(3)
    found = []
    for _ in range(60):
        stays = rng.beta(1.2, 3.0, 2_000)
        life = rng.geometric(stays)
        remaining = [int((life > t).sum()) for t in range(6)]
        found.append(fit_sbg(remaining).survival(10))
    true = np.prod([(3.0 + t - 1) / (4.2 + t - 1) for t in range(1, 11)])
    assert np.mean(found) == pytest.approx(true, abs=0.01)


# --- orders without a contract ---------------------------------------------------------------


def test_the_published_customer_is_expected_to_order_as_published():
    """Fader, Hardie and Lee (2005), with the parameters of their table 2."""
    known = REFERENCE["cdnow"]
    given = known["published"]
    fit = fit_bg_nbd(compressed(drawn_customers(600, seed=4)))
    published = type(fit)(
        **{name: given[name] for name in ("r", "alpha", "a", "b")},
        log_likelihood=given["log_likelihood"], covariance=fit.covariance,
    )  # fmt: skip
    one = known["customer"]
    orders = expected_orders(
        published, of((one["repeats"], one["last"], one["watched"])), ahead=one["ahead"]
    )
    assert orders[0] == pytest.approx(one["expected"], abs=1e-3)


def test_fit_and_forecasts_are_those_of_lifetimes(model):
    known = REFERENCE["lifetimes"]
    for name, value in known["bg_nbd"].items():
        assert getattr(model, name) == pytest.approx(value, rel=0.01)
    customers = of(*known["customers"])
    assert expected_orders(model, customers, ahead=26) == pytest.approx(
        known["expected_26"], rel=0.01
    )
    assert chance_active(model, customers) == pytest.approx(known["active"], rel=0.02)


def test_the_orders_of_the_time_held_back_are_forecast(drawn, model):
    histories = compressed(drawn)
    total = float(histories.customers @ expected_orders(model, histories, ahead=26))
    assert total == pytest.approx(drawn[:, 3].sum(), rel=0.08)


def test_compressing_customers_changes_nothing(drawn, model):
    lines = Histories(
        repeats=drawn[:, 0], last=drawn[:, 1], watched=drawn[:, 2], customers=np.ones(len(drawn))
    )
    assert fit_bg_nbd(lines).parameters == pytest.approx(model.parameters, rel=1e-4)


def test_no_time_ahead_no_orders_and_more_time_more(model):
    customers = of((0, 0, 40), (3, 30, 40))
    none, some, more = (expected_orders(model, customers, ahead=t) for t in (0, 10, 40))
    assert none == pytest.approx([0, 0], abs=1e-12)
    assert (some < more).all()


def test_drawn_fits_cover_the_truth():
    """40 drawn companies of 800: the 95 % interval of mean orders ahead holds the true mean."""
    held = 0
    for seed in range(40):
        rows = drawn_customers(800, seed=100 + seed)
        histories = compressed(rows)
        fit = fit_bg_nbd(histories)
        totals = [
            float(histories.customers @ expected_orders(each, histories, ahead=26))
            for each in draw_models(fit, n_draws=120, seed=seed)
        ]
        low, high = np.quantile(totals, [0.025, 0.975])
        true = type(fit)(
            r=0.6, alpha=8.0, a=0.6, b=2.5, log_likelihood=0.0, covariance=fit.covariance
        )
        held += low <= histories.customers @ expected_orders(true, histories, ahead=26) <= high
    assert held >= 35


# --- spend -----------------------------------------------------------------------------------


def test_the_spend_fit_is_that_of_lifetimes():
    orders, spend = drawn_spend(2_000, seed=5)
    found = fit_gamma_gamma(orders, spend, np.ones(2_000))
    for name, value in REFERENCE["lifetimes"]["gamma_gamma"].items():
        assert getattr(found, name) == pytest.approx(value, rel=0.01)


def test_few_orders_are_pulled_to_the_mean_and_many_are_not():
    orders, spend = drawn_spend(2_000, seed=5)
    found = fit_gamma_gamma(orders, spend, np.ones(2_000))
    few, many = found.expected_spend(np.array([1.0, 500.0]), np.array([2_000.0, 2_000.0]))
    assert found.mean < few < many < 2_000
    assert many == pytest.approx(2_000, rel=0.01)
    assert found.expected_spend(np.array([0.0]), np.array([np.nan]))[0] == pytest.approx(found.mean)


# --- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: fit_sbg([100, 80]),
            "a renewal model needs the start and at least 2 renewals, got 2 counts",
        ),
        (
            lambda: fit_sbg([100, 80, 90]),
            "customers of one cohort cannot grow in number, got 100, 80, 90",
        ),
        (
            lambda: fit_sbg([100, 100, 100]),
            "nobody left: the model cannot tell how long customers stay",
        ),
        (
            lambda: fit_sbg([10_000, 5_000, 2_500, 1_250, 625]).alpha,
            "the renewal model does not converge: customers look alike",
        ),
        (
            lambda: fit_sbg([100, 60, 45, 38]).expected_renewals(renewed=0, discount=8, horizon=5),
            "discount must be a share from 0 to 1, got 8",
        ),
        (
            lambda: fit_sbg([100, 60, 45, 38]).expected_renewals(
                renewed=0, discount=0.1, horizon=0
            ),
            "horizon must be at least 1 and renewed 0 or more, got 0 and 0",
        ),
        (
            lambda: fit_bg_nbd(compressed(drawn_customers(20, seed=1))),
            "the order model needs at least 30 customers with a repeat order, got ",
        ),
        (
            lambda: of((2, 50, 40)),
            (
                "a history needs 0 <= last <= watched, last = 0 without repeat orders, and a count "
                "above 0; line 0 has repeats 2, last 50, watched 40, customers 1"
            ),
        ),
        (
            lambda: expected_orders(
                fit_bg_nbd(compressed(drawn_customers(600, seed=4))), of((0, 0, 4)), ahead=-1
            ),
            "ahead must be 0 or more, got -1",
        ),
        (
            lambda: fit_gamma_gamma(np.ones(10), np.ones(10), np.ones(10)),
            "the spend model needs at least 30 customers with a repeat order, got 10",
        ),
        (
            lambda: fit_gamma_gamma(np.ones(40), np.r_[np.ones(39), 0], np.ones(40)),
            "the spend model needs orders worth more than 0, and 1 or more of them, got 0",
        ),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_words(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value).startswith(message)
