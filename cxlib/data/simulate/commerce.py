# ruff: noqa: PLR2004  (a simulation is made of chosen numbers)
"""Orders, contact-centre cases and web events."""

from typing import Final

import numpy as np
import pandas as pd

from cxlib.data.simulate.company import (
    Floats,
    Ints,
    as_text,
    lunar_new_year_weight,
    months_since,
    online_share,
    or_none,
    stream,
    timestamps,
)
from cxlib.data.simulate.truth import Truth

_CATEGORIES: Final = {  # share of orders, price relative to the average order
    "sofa": (0.17, 1.75),
    "bed": (0.15, 1.45),
    "wardrobe": (0.13, 1.50),
    "dining": (0.13, 1.05),
    "storage": (0.18, 0.62),
    "lighting": (0.10, 0.30),
    "textiles": (0.14, 0.20),
}
_CASE_CATEGORIES: Final = {  # share of issues, chance of another contact, working hours to close
    "enquiry": (0.28, 0.22, 8.0),
    "delivery": (0.25, 0.40, 30.0),
    "missing_parts": (0.13, 0.48, 70.0),
    "assembly": (0.10, 0.30, 36.0),
    "product_fault": (0.12, 0.45, 90.0),
    "refund": (0.07, 0.42, 110.0),
    "billing": (0.05, 0.20, 20.0),
}
_FIRST_REPLY_MINUTES: Final = {"phone": 2.5, "whatsapp": 80.0, "email": 420.0, "store": 4.0}


def _price(truth: Truth, category: Ints, rng: np.random.Generator) -> Floats:
    """Draw amounts whose mean over all categories is `average_order_hkd`."""
    shares = np.array([share for share, _ in _CATEGORIES.values()])
    relative = np.array([price for _, price in _CATEGORIES.values()])
    level = truth.average_order_hkd * relative / (shares * relative).sum()
    sigma = 0.45
    drawn = rng.lognormal(-(sigma**2) / 2, sigma, size=len(category))
    return np.asarray(level[category] * drawn)


def draw_orders(
    truth: Truth, customers: pd.DataFrame, stores: pd.DataFrame, *, seed: int
) -> pd.DataFrame:
    """Draw the orders of a sample of customers, first orders in equal numbers a quarter.

    A customer's second order comes within 90 days with the chance of the first order's quarter
    (`repurchase_by_quarter`), else later or never; a few go on to a third and fourth.
    """
    rng = stream(seed, "orders")
    quarters = pd.date_range(truth.history_start, truth.review_end, freq="QS", inclusive="left")
    size = truth.cohort_customers_per_quarter
    who = rng.permutation(len(customers))[: size * len(quarters)]
    end = pd.Timestamp(truth.review_end)
    first_day: list[pd.Timestamp] = []
    customer: list[int] = []
    for k, start in enumerate(quarters):
        length = (start + pd.offsets.QuarterEnd(1) - start).days + 1
        again = truth.repurchase_by_quarter[k]
        for person in who[k * size : (k + 1) * size]:
            day = start + pd.Timedelta(days=int(rng.integers(0, length)))
            chance = again
            for order in range(5):
                first_day.append(day)
                customer.append(int(person))
                if rng.random() < chance:
                    gap = 1 + int(89 * rng.beta(1.0, 1.25))
                elif rng.random() < 0.22:
                    gap = 95 + int(rng.exponential(110))
                else:
                    break
                day = day + pd.Timedelta(days=gap)
                chance = again * (0.85 if order == 0 else 0.7)
                if day >= end:
                    break
    days = pd.DatetimeIndex(first_day)
    person = np.asarray(customer)
    count = len(days)
    online = rng.random(count) < 0.75 * online_share(truth, np.floor(months_since(truth, days)))
    home = customers["home_store"].to_numpy()[person]
    weight = stores["_size"] / stores["_size"].sum()
    other = rng.choice(stores["store"].to_numpy(), size=count, p=weight)
    at_home = pd.notna(home) & (rng.random(count) < 0.75)
    shares = [share for share, _ in _CATEGORIES.values()]
    category = rng.choice(len(_CATEGORIES), size=count, p=shares)
    amount = np.maximum(np.round(_price(truth, category, rng), -1), 90)
    margin = amount * np.clip(truth.margin_share + 0.05 * rng.normal(size=count), 0.1, 0.55)
    rush = lunar_new_year_weight(truth, days)
    on_time = rng.random(count) < truth.on_time_share - 0.16 * rush
    small = category >= 5  # lighting and textiles
    no_delivery = small & ~online & (rng.random(count) < 0.8)
    returned = rng.random(count) < np.where(on_time, 0.035, 0.075) + 0.02 * online
    frame = pd.DataFrame(
        {
            "customer_id": customers["customer_id"].to_numpy()[person],
            "store": or_none(np.where(at_home, home, other), ~online),
            "channel": np.where(online, "online", "offline"),
            "_at": timestamps(days, rng),
            "category": np.asarray(list(_CATEGORIES))[category],
            "amount_hkd": amount.astype(int),
            "margin_hkd": np.rint(margin).astype(int),
            "on_time": pd.Series(pd.array(on_time.astype(int), dtype="Int64")).mask(
                pd.Series(no_delivery)
            ),
            "returned": returned.astype(int),
            "referred": (rng.random(count) < 0.07).astype(int),
        }
    ).sort_values("_at", kind="stable", ignore_index=True)
    frame.insert(0, "order_id", [f"O{k}" for k in range(10_001, 10_001 + count)])
    frame.insert(4, "ordered_at", as_text(frame["_at"]))
    return frame


def _draw_contacts(
    truth: Truth, customers: pd.DataFrame, stores: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw 1,300 issues and the contacts each one takes until it is settled (five at most)."""
    issues = 1300
    shares = np.array([share for share, _, _ in _CASE_CATEGORIES.values()])
    repeats = [repeat for _, repeat, _ in _CASE_CATEGORIES.values()]
    span = (truth.review_end - truth.baseline_start).days
    start = pd.Timestamp(truth.baseline_start) + pd.to_timedelta(
        rng.integers(0, span, size=issues), unit="D"
    )
    opened = timestamps(pd.DatetimeIndex(start), rng)
    category = rng.choice(len(shares), size=issues, p=shares)
    person = rng.integers(0, len(customers), size=issues)
    store = rng.choice(len(stores), size=issues, p=stores["_size"] / stores["_size"].sum())
    end = pd.Timestamp(truth.review_end)
    rows = []
    for k in range(issues):
        moment, contact = opened[k], 0
        through = int(store[k]) if rng.random() < 0.86 else None
        while True:
            weights = (0.34, 0.36, 0.18, 0.12) if contact == 0 else (0.52, 0.28, 0.14, 0.06)
            channel = str(rng.choice(list(_FIRST_REPLY_MINUTES), p=weights))
            rows.append((k, contact, moment, channel, int(category[k]), int(person[k]), through))
            contact += 1
            if contact > 4 or rng.random() >= repeats[category[k]]:
                break
            moment = moment + pd.Timedelta(minutes=int(1440 * (0.4 + rng.exponential(4.0))))
            if moment >= end:
                break
    columns = ["issue", "contact", "at", "channel", "category", "person", "through"]
    return pd.DataFrame(rows, columns=columns).sort_values("at", kind="stable", ignore_index=True)


def draw_cases(
    truth: Truth, customers: pd.DataFrame, stores: pd.DataFrame, *, seed: int
) -> pd.DataFrame:
    """Draw the contact-centre cases: one issue, one or more contacts (cases).

    From the start of the reply promise the written enquiries of its stores are first answered in
    about 11 minutes instead of an hour or more.
    """
    rng = stream(seed, "cases")
    names = list(_CASE_CATEGORIES)
    work = np.array([hours for _, _, hours in _CASE_CATEGORIES.values()])
    end = pd.Timestamp(truth.review_end)
    frame = _draw_contacts(truth, customers, stores, rng)
    count = len(frame)
    at = pd.DatetimeIndex(frame["at"])
    kind = frame["category"].to_numpy()
    through_store = frame["through"].to_numpy(dtype=float)
    known = ~np.isnan(through_store)
    position = np.nan_to_num(through_store).astype(int)
    written = frame["channel"].isin(["whatsapp", "email"]).to_numpy()
    promised = known & (stores["reply_promise"].to_numpy()[position] == 1) & written
    promised &= np.asarray(at >= pd.Timestamp(truth.review_start)) & (kind == 0)
    usual = frame["channel"].map(_FIRST_REPLY_MINUTES).to_numpy(dtype=float)
    usual = usual * (1 + 0.7 * written * lunar_new_year_weight(truth, at))
    minutes = np.where(promised, truth.reply_minutes_promised, usual)
    minutes = minutes * rng.lognormal(0.0, np.where(promised, 0.5, 0.9))
    silent = rng.random(count) < 0.02
    replied = pd.Series(at + pd.to_timedelta(np.floor(minutes * 60), unit="s"))
    replied = replied.mask(pd.Series(silent) | (replied >= end))
    hours = work[kind] * rng.lognormal(-0.3, 0.8, size=count)
    closed = replied + pd.to_timedelta(np.floor(hours * 3600), unit="s")
    closed = closed.mask((closed >= end) | pd.Series(rng.random(count) < 0.015))
    again = frame["contact"].to_numpy() > 0
    moved = rng.random(count) < np.where(again, 0.30, 0.14)
    retold = rng.random(count) < np.select([moved, again], [0.68, 0.45], 0.06)
    heavy = np.where(frame["channel"] == "phone", 1.0, 0.6)
    customer = frame["person"].to_numpy()
    return pd.DataFrame(
        {
            "case_id": [f"K{k}" for k in range(10_001, 10_001 + count)],
            "issue_id": [f"Q{k + 1001}" for k in frame["issue"]],
            "customer_id": customers["customer_id"].to_numpy()[customer],
            "store": or_none(stores["store"].to_numpy()[position], known),
            "channel": frame["channel"],
            "category": np.asarray(names)[kind],
            "opened_at": as_text(at),
            "first_reply_at": as_text(replied),
            "closed_at": as_text(closed),
            "talk_seconds": np.rint(heavy * rng.lognormal(5.6, 0.55, size=count)).astype(int),
            "hold_seconds": np.rint(
                (rng.random(count) < 0.45) * rng.lognormal(3.9, 0.7, size=count)
            ).astype(int),
            "wrap_seconds": np.rint(rng.lognormal(4.4, 0.4, size=count)).astype(int),
            "transferred": moved.astype(int),
            "explained_again": retold.astype(int),
            "_promised": promised,
        }
    )


def draw_events(truth: Truth, *, seed: int) -> pd.DataFrame:
    """Draw the steps of a sample of site visitors: each step only after the one before it.

    Three visitors in ten who reach the checkout buy (`checkout_abandonment` do not).
    """
    rng = stream(seed, "events")
    count = 1700
    span = (truth.review_end - truth.review_start).days
    day = pd.Timestamp(truth.review_start) + pd.to_timedelta(
        rng.integers(0, span, size=count), unit="D"
    )
    start = timestamps(pd.DatetimeIndex(day), rng)
    mobile = rng.random(count) < 0.71
    slow = rng.lognormal(np.where(mobile, 0.12, -0.10), 0.42)
    product = rng.random(count) < 0.64 - 0.06 * (slow > 1.4)
    enquiry = product & (rng.random(count) < 0.24)
    basket = product & (rng.random(count) < np.where(enquiry, 0.34, 0.24))
    bought = basket & (rng.random(count) < 1 - truth.checkout_abandonment)
    reached = {
        "visit": np.ones(count, dtype=bool),
        "product": product,
        "enquiry": enquiry,
        "checkout": basket,
        "purchase": bought,
    }
    moment = pd.Series(start)
    parts = []
    for step, here in reached.items():
        if step != "visit":
            wait = 20 + rng.exponential(150, size=count)
            moment = moment + pd.to_timedelta(np.where(here, np.floor(wait), 0), unit="s")
        load = np.rint(2350 * slow * rng.lognormal(0, 0.18, size=count))
        blank = (rng.random(count) < 0.03) | (step == "enquiry")
        part = pd.DataFrame(
            {
                "visitor_id": [f"V{k}" for k in range(10_001, 10_001 + count)],
                "step": step,
                "_at": moment,
                "load_ms": pd.Series(pd.array(load.astype(int), dtype="Int64")).mask(
                    pd.Series(blank)
                ),
                "device": np.where(mobile, "mobile", "desktop"),
            }
        )
        parts.append(part[here])
    frame = pd.concat(parts).sort_values(["visitor_id", "_at"], kind="stable", ignore_index=True)
    frame.insert(2, "at", as_text(frame["_at"]))
    return frame
