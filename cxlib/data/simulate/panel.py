"""The store panel (24 stores x 18 months), the two initiatives and what they cost."""

from datetime import date

import numpy as np
import pandas as pd

from cxlib.data.simulate.company import (
    MONTH_SEASON,
    Floats,
    draw_stores,
    lunar_new_year_month,
    month_starts,
    stream,
)
from cxlib.data.simulate.truth import Truth


def season(truth: Truth, month: date) -> tuple[float, float, float]:
    """Give the month's factor on enquiries, on conversion and on reply time.

    The weeks before the Lunar New Year bring a rush, the fortnight after it a lull; replies are
    slow through both.
    """
    before, after = lunar_new_year_month(truth, month)
    enquiries = MONTH_SEASON[month.month - 1] * (1 + 0.28 * before - 0.30 * after)
    conversion = 1 + 0.16 * before - 0.05 * after + (0.025 if month.month in {1, 5, 6} else 0.0)
    return enquiries, conversion, 1 + 0.55 * (before + after)


def untreated_conversion(truth: Truth, stores: pd.DataFrame) -> Floats:
    """Give sales per enquiry without any initiative, stores x months (the true curve)."""
    months = month_starts(truth)
    index = np.arange(len(months))
    curve = truth.conversion_base * (1 + truth.conversion_trend_rel_per_month * (index - 8.5))
    curve *= np.array([season(truth, month)[1] for month in months])
    return np.asarray(np.outer(stores["_convert"].to_numpy(), curve))


def expected_enquiries(truth: Truth, stores: pd.DataFrame) -> Floats:
    """Give the expected enquiries, stores x months: about 900-1,600 a store-month."""
    months = month_starts(truth)
    level = 1120 * (1 + 0.004 * np.arange(len(months)))
    level = level * np.array([season(truth, month)[0] for month in months])
    return np.asarray(np.outer(stores["_size"].to_numpy() ** 0.6, level))


def draw_panel(truth: Truth, *, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw the store panel alone; returns it with the stores, flags set.

    Order of events: the exit tablets give each store's CSAT; the `coaching_stores` with the worst
    mean of 2025Q4 are sent to coaching; the reply promise starts in stores drawn at random from
    the others. So coaching is chosen by the very noise that later fades, the promise is not.
    """
    stores = draw_stores(truth, seed=seed)
    months = month_starts(truth)
    shape = (len(stores), len(months))
    rng = stream(seed, "store csat")
    csat_n = 2 + rng.poisson(truth.store_csat_n_per_month - 2, size=shape)
    true_csat = np.repeat(stores["_csat"].to_numpy()[:, None], shape[1], axis=1)
    noise = truth.store_csat_answer_sd / np.sqrt(csat_n) * rng.normal(size=shape)
    csat = np.clip(true_csat + noise, 1, 5)

    quarter = [k for k, m in enumerate(months) if date(2025, 10, 1) <= m < truth.review_start]
    weighted = (csat * csat_n)[:, quarter].sum(axis=1) / csat_n[:, quarter].sum(axis=1)
    coached = np.zeros(shape[0], dtype=int)
    coached[np.argsort(weighted, kind="stable")[: truth.coaching_stores]] = 1
    others = np.flatnonzero(coached == 0)
    treated = np.zeros(shape[0], dtype=int)
    draw = stream(seed, "reply promise").permutation(others)
    treated[draw[: truth.reply_promise_stores]] = 1
    after = np.array([month >= truth.review_start for month in months])
    csat = np.clip(csat + truth.coaching_csat_effect * np.outer(coached, after), 1, 5)

    rng = stream(seed, "store panel")
    on = np.outer(treated, after)
    enquiries = rng.poisson(expected_enquiries(truth, stores))
    share = untreated_conversion(truth, stores) * (1 + truth.conversion_rel_effect * on)
    share = share * np.exp(truth.conversion_noise_sd_rel * rng.normal(size=shape))
    slow = np.array([season(truth, month)[2] for month in months])
    usual = truth.reply_minutes_usual * slow * np.exp(0.16 * rng.normal(size=shape))
    promised = truth.reply_minutes_promised * np.exp(0.12 * rng.normal(size=shape))
    panel = pd.DataFrame(
        {
            "store": np.repeat(stores["store"].to_numpy(), shape[1]),
            "month": [month.isoformat() for month in months] * shape[0],
            "treated": np.repeat(treated, shape[1]),
            "enquiries": enquiries.ravel(),
            "sales": rng.binomial(enquiries, np.clip(share, 0, 1)).ravel(),
            "reply_minutes_median": np.round(np.where(on == 1, promised, usual), 1).ravel(),
            "csat_n": csat_n.ravel(),
            "csat_mean": np.round(csat, 3).ravel(),
        }
    )
    return panel, stores.assign(reply_promise=treated, coaching=coached)


def draw_costs(truth: Truth) -> pd.DataFrame:
    """List what the two initiatives cost, one row a payment (HK$, nothing random).

    Reply promise: 12 extra people for 8 stores at HK$21,000 a month with provident fund, a chat
    and product-data tool, training, FAQ and video content, a small reply bonus.
    """
    rows: list[tuple[str, str, str, str, float]] = []
    promise = "reply_promise"
    for paid, category, amount in (
        ("2025-11-14", "tools", 168_000.0),
        ("2025-12-05", "training", 124_000.0),
        ("2025-12-12", "content", 96_000.0),
        ("2025-12-19", "tools", 72_000.0),
        ("2026-01-16", "training", 38_500.0),
        ("2026-04-10", "content", 24_000.0),
    ):
        rows.append((promise, paid, category, "one_off", amount))
    staff = (252_000.0, 252_000.0, 258_300.0, 258_300.0, 258_300.0, 258_300.0)
    for month in range(1, 7):
        paid = f"2026-{month:02d}-28"
        rows.append((promise, paid, "staff", "recurring", staff[month - 1]))
        rows.append((promise, paid, "tools", "recurring", 16_800.0))
        rows.append((promise, paid, "incentives", "recurring", 9_600.0))
    for paid, category, amount in (
        ("2026-01-09", "training", 96_000.0),
        ("2026-01-23", "training", 36_000.0),
        ("2026-01-30", "staff", 30_000.0),
        ("2026-02-13", "content", 18_000.0),
    ):
        rows.append(("coaching", paid, category, "one_off", amount))
    costs = pd.DataFrame(rows, columns=["initiative", "paid_on", "category", "kind", "amount_hkd"])
    costs["amount_hkd"] = (costs["amount_hkd"] * truth.cost_scale).round(0).astype(int)
    return costs.sort_values(["initiative", "paid_on", "category"], ignore_index=True)
