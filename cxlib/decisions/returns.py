"""Rates of return and values of dated cash, as a spreadsheet gives them.

    value of dated cash = sum of amount / (1 + rate)^(days since the first payment / 365)

Monthly cash is solved by numpy-financial; dated cash (a spreadsheet's XNPV and XIRR) here.
"""

from collections.abc import Sequence
from datetime import date
from itertools import accumulate, pairwise
from math import fsum, isfinite, log
from typing import Literal

import numpy as np

from cxlib.errors import InputError

IrrStatus = Literal["found", "no_sign_change", "not_unique"]
RATES = (-0.999, 1e9)
"""Yearly rates among which dated cash is searched for those at which it is worth 0."""
GRID = 2_000


def rate_of_return(net: Sequence[float]) -> tuple[float | None, IrrStatus]:
    """Find the yearly rate at which monthly net cash is worth 0, or say why there is none.

    not_unique: cash changes sign more than once and so does its running sum: several rates may fit.
    """
    import numpy_financial

    if (status := _status(net)) != "found":
        return None, status
    monthly = float(numpy_financial.irr(net))
    if not isfinite(monthly):
        return None, "no_sign_change"
    return (1 + monthly) ** 12 - 1, "found"


def dated_value(rate: float, amounts: Sequence[float], days: Sequence[date]) -> float:
    """Discount dated cash to its first day (XNPV).

    Raises:
        InputError: A rate of -1 or less, no amount, or not one day for each amount.
    """
    if not amounts or len(amounts) != len(days):
        raise InputError(
            f"each amount needs its day, got {len(amounts)} amounts and {len(days)} days"
        )
    if not rate > -1:
        raise InputError(f"the rate must be above -1 (0.08 for 8 %), got {rate}")
    first = min(days)
    return fsum(
        amount * (1 + rate) ** (-(day - first).days / 365)
        for amount, day in zip(amounts, days, strict=True)
    )


def dated_rate(amounts: Sequence[float], days: Sequence[date]) -> tuple[float | None, IrrStatus]:
    """Find the yearly rate at which dated cash is worth 0 (XIRR), or say why there is none.

    not_unique: the value crosses 0 at several rates among RATES; no_sign_change: at none.

    Raises:
        InputError: As dated_value.
    """
    from scipy.optimize import brentq

    dated_value(0.0, amounts, days)
    first = min(days)
    if _sign_changes(amounts) == 0:
        return None, "no_sign_change"
    years = np.array([(day - first).days / 365 for day in days])
    growth = np.linspace(log(1 + RATES[0]), log(1 + RATES[1]), GRID)
    values = np.exp(-np.outer(growth, years)) @ np.asarray(amounts, dtype=float)
    places = np.flatnonzero(np.sign(values[:-1]) != np.sign(values[1:]))
    if len(places) != 1:
        return None, "not_unique" if len(places) else "no_sign_change"
    low, high = np.expm1(growth[places[0]]), np.expm1(growth[places[0] + 1])
    return float(brentq(lambda rate: dated_value(rate, amounts, days), low, high)), "found"


def _status(net: Sequence[float]) -> IrrStatus:
    """Say whether one rate fits: cash changes sign once, or its running sum from below does.

    Source: Norstrom (1972), Journal of Financial and Quantitative Analysis 7(3), on the running
    sum: then just one rate above 0 fits.
    """
    changes = _sign_changes(net)
    if changes == 0:
        return "no_sign_change"
    running = list(accumulate(net))
    starts_below = next(value for value in running if value) < 0
    if changes == 1 or (starts_below and _sign_changes(running) == 1 and running[-1] > 0):
        return "found"
    return "not_unique"


def _sign_changes(values: Sequence[float]) -> int:
    signs = [value > 0 for value in values if value != 0]
    return sum(a != b for a, b in pairwise(signs))
