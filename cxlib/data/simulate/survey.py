# ruff: noqa: PLR2004  (a simulation is made of chosen numbers)
"""Invitations and answers: who is asked, who answers, what they say on each scale."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from cxlib.data.simulate.company import (
    MONTH_SEASON,
    Floats,
    Ints,
    as_text,
    is_online,
    lunar_new_year_weight,
    month_starts,
    months_since,
    online_share,
    or_none,
    stream,
    timestamps,
    touchpoint_shares,
)
from cxlib.data.simulate.truth import DRIVERS, SEGMENTS, Truth

DRIVER_SHIFTS: Final = {
    ("enquiry_chat", "speed"): -0.75,
    ("delivery_booking", "speed"): -0.45,
    ("delivery_booking", "delivery"): -0.55,
    ("aftersales_service", "speed"): -0.50,
    ("aftersales_service", "aftersales"): -0.40,
    ("design_consult", "staff"): 0.50,
    ("assembly", "assembly"): 0.45,
    ("store_checkout", "speed"): -0.30,
}
"""Where a driver is truly rated above or below what the touchpoint as a whole would give."""

_EXPECTATION_CUTS: Final = (-2.3, -1.6, -0.75, 0.75)
_DRIVER_CUTS: Final = (-1.9, -1.25, -0.40, 0.80)
_CXI_CUTS: Final = {
    "cxi_needs": (-2.1, -1.45, -0.60, 0.70),
    "cxi_easy": (-1.9, -1.25, -0.35, 0.85),
    "cxi_enjoyable": (-1.9, -1.15, -0.15, 1.05),
}


def month_volumes(truth: Truth) -> Ints:
    """Give the number of invitations sent in each month of the history."""
    factors = np.array([MONTH_SEASON[month.month - 1] for month in month_starts(truth)])
    return np.asarray(np.rint(truth.invitations_per_month * factors), dtype=np.int64)


def touchpoint_mean(truth: Truth, days: pd.DatetimeIndex, touchpoint: Ints) -> Floats:
    """Give the mean hidden satisfaction of an experience by day and touchpoint (SDs).

    level + drift x months to or from the turn of the year (flat in the first half-year) - Lunar
    New Year dip; segment, store, initiative and customer come on top.
    """
    level = np.array([t.level for t in truth.touchpoints])[touchpoint]
    dip = np.array([t.lunar_new_year_dip for t in truth.touchpoints])[touchpoint]
    drift = truth.drift_sd_per_month * (np.maximum(months_since(truth, days), 6.0) - 12.0)
    return np.asarray(level + drift - dip * lunar_new_year_weight(truth, days))


def start_chance(truth: Truth, segment: Ints, hidden: Floats) -> Floats:
    """Give the chance that an opened invitation is started.

    logit = a(segment) + slope x z + curve x (z² - 1), z = hidden satisfaction: the content answer
    a little more often, and so do the two extremes.
    """
    logit = np.asarray(truth.start_logits)[segment]
    logit = logit + truth.start_slope * hidden + truth.start_curve * (hidden**2 - 1)
    return np.asarray(1 / (1 + np.exp(-logit)))


def draw_experiences(
    truth: Truth, customers: pd.DataFrame, stores: pd.DataFrame, *, seed: int
) -> pd.DataFrame:
    """Draw every invitation of the 18 months with the hidden satisfaction behind it."""
    rng = stream(seed, "experiences")
    volumes = month_volumes(truth)
    month = np.repeat(np.arange(len(volumes)), volumes)
    first = pd.DatetimeIndex(month_starts(truth))
    length = np.asarray(first.days_in_month)[month]
    count = len(month)
    days = first[month] + pd.to_timedelta(np.floor(rng.random(count) * length), unit="D")
    online = rng.random(count) < online_share(truth, month)
    places = len(truth.touchpoints)
    touchpoint = np.where(
        online,
        rng.choice(places, size=count, p=touchpoint_shares(truth, online=True)),
        rng.choice(places, size=count, p=touchpoint_shares(truth, online=False)),
    )
    segment = rng.choice(len(SEGMENTS), size=count, p=truth.segment_shares)
    customer = np.zeros(count, dtype=np.int64)
    for k, name in enumerate(SEGMENTS):
        rows = np.flatnonzero(customers["segment"].to_numpy() == name)
        activity = customers["_activity"].to_numpy()[rows]
        here = segment == k
        customer[here] = rng.choice(rows, size=int(here.sum()), p=activity / activity.sum())

    size = stores["_size"].to_numpy() ** 0.6
    store = rng.choice(len(stores), size=count, p=size / size.sum())
    in_store = np.array([t.in_store for t in truth.touchpoints])[touchpoint]
    chat = np.array([t.id == "enquiry_chat" for t in truth.touchpoints])[touchpoint]
    promised = chat & (stores["reply_promise"].to_numpy()[store] == 1)
    promised &= np.asarray(days >= pd.Timestamp(truth.review_start))

    gains: Floats = rng.normal(size=(count, len(DRIVERS)))
    routed = np.array([[d in t.drivers for d in DRIVERS] for t in truth.touchpoints])[touchpoint]
    experienced = routed & (rng.random((count, len(DRIVERS))) < 0.9)
    weights = np.asarray(truth.driver_weights) * experienced
    rest = np.sqrt(np.maximum(1 - truth.customer_sd**2 - (weights**2).sum(axis=1), 0.05))
    hidden = touchpoint_mean(truth, days, touchpoint)
    hidden += np.asarray(truth.segment_shifts_sd)[segment]
    hidden += customers["_effect"].to_numpy()[customer]
    hidden += np.where(in_store, stores["_level"].to_numpy()[store], 0.0)
    hidden += truth.reply_promise_satisfaction_sd * promised
    hidden += (weights * gains).sum(axis=1) + rest * rng.normal(size=count)

    frame = pd.DataFrame(
        {
            "customer_id": customers["customer_id"].to_numpy()[customer],
            "touchpoint": np.array([t.id for t in truth.touchpoints])[touchpoint],
            "channel": np.array([t.channel for t in truth.touchpoints])[touchpoint],
            "segment": np.asarray(SEGMENTS)[segment],
            "store": or_none(stores["store"].to_numpy()[store], in_store),
            "_sent": timestamps(days, rng),
            "_touchpoint": touchpoint,
            "_segment": segment,
            "_hidden": hidden,
            "_effect": customers["_effect"].to_numpy()[customer],
            "_language": customers["_language"].to_numpy()[customer],
        }
    )
    for k, driver in enumerate(DRIVERS):
        frame[f"_gain_{driver}"] = np.where(experienced[:, k], gains[:, k], np.nan)
    frame = frame.sort_values("_sent", kind="stable", ignore_index=True)
    frame.insert(0, "invitation_id", [f"I{k}" for k in range(10_001, 10_001 + count)])
    return frame


def draw_responses(truth: Truth, experiences: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Add delivered, opened, started, completed and the moment of the answer."""
    rng = stream(seed, "responses")
    count = len(experiences)
    segment = experiences["_segment"].to_numpy()
    delivered = rng.random(count) < truth.delivered_share
    opened = delivered & (rng.random(count) < np.asarray(truth.opened_shares)[segment])
    chance = start_chance(truth, segment, experiences["_hidden"].to_numpy())
    started = opened & (rng.random(count) < chance)
    completed = started & (rng.random(count) < truth.completed_share)
    hours = np.minimum(rng.lognormal(2.3, 1.2, size=count), 13.5 * 24)
    late = rng.random(count) < truth.late_answer_share
    hours = np.where(late, 24 * (14.2 + rng.gamma(1.3, 6.0, size=count)), hours)
    answered = experiences["_sent"] + pd.to_timedelta(np.floor(hours * 3600), unit="s")
    completed &= np.asarray(answered < pd.Timestamp(truth.review_end))
    return experiences.assign(
        delivered=delivered.astype(int),
        opened=opened.astype(int),
        started=started.astype(int),
        completed=completed.astype(int),
        _answered=answered,
    )


def draw_answers(
    truth: Truth,
    responses: pd.DataFrame,
    *,
    seed: int,
    driver_shifts: Mapping[tuple[str, str], float] = DRIVER_SHIFTS,
) -> pd.DataFrame:
    """Cut every completed answer's scores from its hidden satisfaction; some items are missing."""
    rng = stream(seed, "answers")
    done = responses[responses["completed"] == 1].sort_values("_answered", kind="stable")
    done = done.reset_index(drop=True)
    count = len(done)
    hidden = done["_hidden"].to_numpy()

    def cut(
        latent: Floats,
        cuts: tuple[float, ...],
        *,
        asked: Floats,
        first: int = 1,
        kept: pd.Series | None = None,
    ) -> pd.Series:
        score = pd.Series(pd.array(first + np.searchsorted(cuts, latent), dtype="Int64"))
        missing = pd.Series(rng.random(count) >= asked * (1 - truth.missing_item_share))
        return score.mask(missing if kept is None else missing & ~kept)

    def item(
        cuts: tuple[float, ...], *, asked: Floats, first: int = 1, kept: pd.Series | None = None
    ) -> pd.Series:
        latent = hidden + truth.item_noise_sd * rng.normal(size=count)
        return cut(latent, cuts, asked=asked, first=first, kept=kept)

    everyone = np.ones(count)
    place = done["_touchpoint"].to_numpy()
    effort = np.array([float(t.asks_effort) for t in truth.touchpoints])[place]
    used = np.array([float(t.stage == "use") for t in truth.touchpoints])[place]
    module = (rng.random(count) < 0.35).astype(float)
    given_nps = item(truth.nps_cuts, first=0, asked=everyone)
    no_nps = given_nps.isna()  # nobody leaves both overall scores out
    columns: dict[str, object] = {
        "invitation_id": done["invitation_id"],
        "customer_id": done["customer_id"],
        "touchpoint": done["touchpoint"],
        "channel": done["channel"],
        "store": done["store"],
        "segment": done["segment"],
        "language": done["_language"],
        "answered_at": as_text(done["_answered"]),
        "nps": given_nps,
        "csat": item(truth.csat_cuts, asked=everyone, kept=no_nps),
        "ces": item(truth.ces_cuts, asked=effort),
    }
    for name, cuts in _CXI_CUTS.items():
        columns[name] = item(cuts, asked=module)
    before = 0.10 + 0.3 * done["_effect"].to_numpy() + 0.95 * rng.normal(size=count)
    columns["expectation"] = cut(before, _EXPECTATION_CUTS, asked=used)
    level = np.array([t.level for t in truth.touchpoints])[place]
    for driver in DRIVERS:
        gain = done[f"_gain_{driver}"].to_numpy()
        shift = np.array([driver_shifts.get((t.id, driver), 0.0) for t in truth.touchpoints])
        rating = 0.6 * level + shift[place] + 0.6 * done["_effect"].to_numpy() + np.nan_to_num(gain)
        asked = (~np.isnan(gain)).astype(float)
        columns[f"driver_{driver}"] = cut(rating, _DRIVER_CUTS, asked=asked)
    frame = pd.DataFrame(columns)
    frame["_hidden"] = hidden
    frame["_sent"] = done["_sent"]
    return frame


def group_of(truth: Truth) -> dict[str, str]:
    """Map every touchpoint to its channel group in the reversal by mix: online or not_online."""
    return {t.id: "online" if is_online(t) else "not_online" for t in truth.touchpoints}
