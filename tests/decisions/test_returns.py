"""cxlib.decisions.returns: spreadsheet examples to the last printed digit, and rates that fail."""

from datetime import date, timedelta
from math import fsum

import numpy_financial
import pytest

from cxlib.decisions.returns import dated_rate, dated_value, rate_of_return
from cxlib.errors import InputError

AMOUNTS = [-10_000, 2_750, 4_250, 3_250, 2_750]
DAYS = [date(2008, 1, 1), date(2008, 3, 1), date(2008, 10, 30), date(2009, 2, 15), date(2009, 4, 1)]


def test_the_spreadsheet_example_of_xnpv():
    """Microsoft's help page of XNPV: these five dated amounts at 9 % are worth 2,086.6476."""
    assert dated_value(0.09, AMOUNTS, DAYS) == pytest.approx(2_086.6476, abs=5e-5)


def test_the_spreadsheet_example_of_xirr():
    """Microsoft's help page of XIRR: the same amounts return 37.3362535 % a year."""
    rate, status = dated_rate(AMOUNTS, DAYS)
    assert (rate, status) == (pytest.approx(0.373362535, abs=5e-9), "found")
    assert dated_value(rate, AMOUNTS, DAYS) == pytest.approx(0, abs=1e-6)


def test_the_spreadsheet_example_of_irr():
    """Microsoft's help page of IRR: -70,000, 12, 15, 18, 21, 26 thousand return 8.7 % a period."""
    net = [-70_000, 12_000, 15_000, 18_000, 21_000, 26_000]
    assert numpy_financial.irr(net) == pytest.approx(0.087, abs=5e-4)
    rate, status = rate_of_return(net)
    assert (rate, status) == (pytest.approx((1 + numpy_financial.irr(net)) ** 12 - 1), "found")


def test_the_spreadsheet_example_of_npv():
    """Microsoft's help page of NPV: 10 % on -10,000, 3,000, 4,200, 6,800 at year ends: 1,188.44.

    The first payment lies a year ahead there, so dated cash counts from a day with no payment.
    """
    ends = [date(2001, 1, 1) + timedelta(days=365 * year) for year in range(5)]
    flows = [0, -10_000, 3_000, 4_200, 6_800]
    assert dated_value(0.10, flows, ends) == pytest.approx(1_188.44, abs=0.005)


@pytest.mark.parametrize("seed", range(20))
def test_dated_cash_a_year_apart_has_the_periodic_rate(seed):
    """On years of 365 days XIRR and IRR solve the same equation."""
    import numpy as np

    rng = np.random.default_rng(seed)
    flows = [-1000.0, *rng.uniform(100, 700, 4).tolist()]
    days = [date(2021, 1, 1) + timedelta(days=365 * year) for year in range(5)]
    assert dated_rate(flows, days)[0] == pytest.approx(numpy_financial.irr(flows), abs=1e-9)


def test_a_rate_that_does_not_exist_says_why():
    """Only payments have none; 10 % and 20 % both solve -100, 230, -132."""
    days = [date(2021, 1, 1) + timedelta(days=365 * year) for year in range(3)]
    assert dated_rate([-5, -1, -1], days) == (None, "no_sign_change")
    assert dated_rate([-100, 230, -132], days) == (None, "not_unique")
    assert rate_of_return([-5, -1, -1]) == (None, "no_sign_change")
    assert rate_of_return([-100, 230, -132]) == (None, "not_unique")


def test_a_later_cost_leaves_one_rate_where_the_running_sum_turns_once():
    """Norstrom: -100, -60, -110, +10, +160 in sum turn once, so one rate above 0 fits."""
    net = [-100, 40, -50, 120, 150]
    rate, status = rate_of_return(net)
    assert status == "found"
    monthly = (1 + rate) ** (1 / 12) - 1
    assert fsum(v * (1 + monthly) ** -t for t, v in enumerate(net)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: dated_value(0.1, [1.0], []),
            "each amount needs its day, got 1 amounts and 0 days",
        ),
        (lambda: dated_rate([], []), "each amount needs its day, got 0 amounts and 0 days"),
        (
            lambda: dated_value(-1, AMOUNTS, DAYS),
            "the rate must be above -1 (0.08 for 8 %), got -1",
        ),
    ],
)
def test_a_refusal_names_the_rule_and_the_value(call, message):
    """The full message."""
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
