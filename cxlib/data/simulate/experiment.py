# ruff: noqa: PLR2004  (a simulation is made of chosen numbers)
"""The enquiry-reply trial: customers with an online enquiry, half of them promised 15 minutes."""

import numpy as np
import pandas as pd

from cxlib.data.simulate.company import Floats, as_text, stream, timestamps
from cxlib.data.simulate.truth import SEGMENTS, Truth


def mean_of_scale(cuts: tuple[float, ...], shift: float) -> float:
    """Give the mean score of a scale that cuts a normal variable with mean `shift`, SD 1."""
    from scipy.special import ndtr

    return float(1 + ndtr(shift - np.asarray(cuts)).sum())


def shift_for(cuts: tuple[float, ...], gain: float) -> float:
    """Find the shift of the hidden variable that raises the mean score by `gain` points."""
    from scipy.optimize import brentq

    base = mean_of_scale(cuts, 0.0)
    return float(brentq(lambda shift: mean_of_scale(cuts, shift) - base - gain, -3.0, 3.0))


def draw_ab_test(truth: Truth, *, seed: int) -> pd.DataFrame:
    """Draw one row per randomised customer.

    Past orders raise the chance to convert but not its mean, so an adjustment by `pre_orders`
    narrows the interval without moving the effect.
    """
    rng = stream(seed, "ab test")
    count = truth.ab_units
    treated = rng.random(count) < 0.5
    segment = rng.choice(SEGMENTS, size=count, p=(0.45, 0.33, 0.22))
    pre_orders = rng.poisson(np.select([segment == "new", segment == "member"], [0.12, 1.1], 0.6))
    base: Floats = np.minimum(0.55 + 0.45 * pre_orders / 0.494, 4.0)
    rate = truth.ab_conversion_control + truth.ab_conversion_effect * treated
    converted = rng.random(count) < rate * base / base.mean()
    sigma = 0.75
    amount = rng.lognormal(np.log(truth.average_order_hkd) - sigma**2 / 2, sigma, size=count)
    past = pre_orders * rng.lognormal(np.log(5200.0) - 0.18, 0.6, size=count)
    hidden = rng.normal(size=count) + treated * shift_for(truth.csat_cuts, truth.ab_csat_effect)
    csat = 1 + np.searchsorted(truth.csat_cuts, hidden)
    answered = rng.random(count) < truth.ab_answer_share
    complaint = truth.ab_complaint_share + truth.ab_complaint_effect * treated
    days = (truth.ab_end - truth.ab_start).days
    day = pd.Timestamp(truth.ab_start) + pd.to_timedelta(rng.integers(0, days, count), unit="D")
    frame = pd.DataFrame(
        {
            "experiment": "enquiry_reply",
            "unit_id": "",
            "arm": np.where(treated, "treatment", "control"),
            "assigned_at": as_text(timestamps(pd.DatetimeIndex(day), rng)),
            "segment": segment,
            "converted": converted.astype(int),
            "amount_hkd": np.where(converted, np.round(amount, -1), 0).astype(int),
            "csat": pd.array(np.where(answered, csat, -1), dtype="Int64"),
            "complaint": (rng.random(count) < complaint).astype(int),
            "pre_orders": pre_orders,
            "pre_amount_hkd": np.round(past, -1).astype(int),
        }
    ).sort_values("assigned_at", kind="stable", ignore_index=True)
    frame["csat"] = frame["csat"].mask(frame["csat"] < 0)
    frame["unit_id"] = [f"U{k}" for k in range(10_001, 10_001 + count)]
    return frame
