# ruff: noqa: PLR2004  (a simulation is made of chosen numbers)
"""Harbour Home itself: calendar, stores, customers and the random streams everything draws from."""

from datetime import date, timedelta
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxlib.data.simulate.truth import SEGMENTS, Touchpoint, Truth

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_STORES: Final = (
    ("Causeway Bay", "銅鑼灣", "Wan Chai", 9800),
    ("Wan Chai", "灣仔", "Wan Chai", 6200),
    ("North Point", "北角", "Eastern", 5200),
    ("Tai Koo", "太古", "Eastern", 8400),
    ("Chai Wan", "柴灣", "Eastern", 4100),
    ("Aberdeen", "香港仔", "Southern", 3900),
    ("Sheung Wan", "上環", "Central and Western", 3600),
    ("Mong Kok", "旺角", "Yau Tsim Mong", 9100),
    ("Tsim Sha Tsui", "尖沙咀", "Yau Tsim Mong", 7600),
    ("Sham Shui Po", "深水埗", "Sham Shui Po", 4300),
    ("Lai Chi Kok", "荔枝角", "Sham Shui Po", 5600),
    ("Kowloon City", "九龍城", "Kowloon City", 4800),
    ("Wong Tai Sin", "黃大仙", "Wong Tai Sin", 4500),
    ("Kwun Tong", "觀塘", "Kwun Tong", 8900),
    ("Kowloon Bay", "九龍灣", "Kwun Tong", 12400),
    ("Tseung Kwan O", "將軍澳", "Sai Kung", 8100),
    ("Sha Tin", "沙田", "Sha Tin", 11800),
    ("Ma On Shan", "馬鞍山", "Sha Tin", 5100),
    ("Tai Po", "大埔", "Tai Po", 5400),
    ("Sheung Shui", "上水", "North", 4700),
    ("Tsuen Wan", "荃灣", "Tsuen Wan", 9300),
    ("Tuen Mun", "屯門", "Tuen Mun", 7900),
    ("Yuen Long", "元朗", "Yuen Long", 8600),
    ("Tung Chung", "東涌", "Islands", 4400),
)

MONTH_SEASON: Final = (1.12, 1.02, 0.97, 0.96, 0.98, 0.97, 0.98, 1.0, 1.0, 1.02, 1.04, 1.08)
"""Demand by calendar month, before the days around the Lunar New Year."""


_TAKES: Final[dict[str, int]] = {
    "store csat": 103,
    "mentions": 3,
    "orders": 49,
    "responses": 391,
    "ab test": 291,
    "store panel": 34,
}
"""Which draw of a stream is used; chosen so that each lesson shows at about its true size."""


def stream(seed: int, name: str) -> np.random.Generator:
    """Open the random stream of one table: a change in one table leaves the others alone."""
    return np.random.default_rng([seed, crc32(name.encode()), _TAKES.get(name, 0)])


def month_starts(truth: Truth) -> list[date]:
    """List the first day of every month from the start of the history to the end of the review."""
    starts = pd.date_range(truth.history_start, truth.review_end, freq="MS", inclusive="left")
    return [day.date() for day in starts]


def days_between(start: date, end: date) -> list[date]:
    """List the days of the half-open period [start, end)."""
    return [start + timedelta(days=k) for k in range((end - start).days)]


def lunar_new_year_weight(truth: Truth, days: pd.DatetimeIndex) -> Floats:
    """Weigh the Lunar New Year rush: 1 from 10 days before to 9 days after the day, else 0."""
    weight = np.zeros(len(days))
    for new_year in truth.lunar_new_years:
        distance = np.asarray((days.normalize() - pd.Timestamp(new_year)).days)
        weight[(distance >= -10) & (distance < 10)] = 1.0
    return weight


def lunar_new_year_month(truth: Truth, month: date) -> tuple[float, float]:
    """Give the share of a month that lies in the 20 days before and the 15 days after the day."""
    length = (pd.Timestamp(month) + pd.offsets.MonthEnd(0)).day
    before = after = 0
    for day in days_between(month, month + timedelta(days=length)):
        for new_year in truth.lunar_new_years:
            distance = (day - new_year).days
            before += -20 <= distance < 0
            after += 0 <= distance < 15
    return before / length, after / length


def months_since(truth: Truth, days: pd.DatetimeIndex) -> Floats:
    """Measure time in months of 30.44 days since the history began."""
    gap = days - pd.Timestamp(truth.history_start)
    return np.asarray(gap.total_seconds(), dtype=float) / 86_400 / 30.44


def online_share(truth: Truth, month_index: npt.ArrayLike) -> Floats:
    """Give the share of online touchpoints in a month: a slope between two levels.

    share = start + (end - start) / (1 + exp(-(index - 11.5) / 1.6)), index 0 = first month.
    """
    index = np.asarray(month_index, dtype=float)
    step = truth.online_share_end - truth.online_share_start
    return np.asarray(truth.online_share_start + step / (1 + np.exp(-(index - 11.5) / 1.6)))


def is_online(touchpoint: Touchpoint) -> bool:
    """Tell whether a touchpoint counts as online in the reversal by mix."""
    return touchpoint.channel == "online"


def touchpoint_shares(truth: Truth, *, online: bool) -> Floats:
    """Give each touchpoint's share within its channel group, 0 for those of the other group."""
    shares = np.array([t.share if is_online(t) == online else 0.0 for t in truth.touchpoints])
    return np.asarray(shares / shares.sum())


def draw_stores(truth: Truth, *, seed: int) -> pd.DataFrame:
    """Draw the 24 stores with their hidden traits (columns that start with an underscore).

    _size      relative number of enquiries, mean 1
    _convert   relative conversion, mean about 1
    _level     true satisfaction of customers at the store, SDs
    _csat      true CSAT of the store's exit tablet, points of the 1-5 scale
    _mood      mood of the employees, SDs, linked to _level
    """
    rng = stream(seed, "stores")
    count = len(_STORES)
    area = np.array([store[3] for store in _STORES], dtype=float)
    size = 0.45 + 0.55 * area / area.mean()
    opened = [date(2003, 3, 1) + timedelta(days=int(k)) for k in rng.integers(0, 6500, size=count)]
    trait = rng.normal(size=count)
    level = truth.store_sd * trait
    link = truth.employee_store_link
    return pd.DataFrame(
        {
            "store": [f"S{k:02d}" for k in range(1, count + 1)],
            "name_en": [store[0] for store in _STORES],
            "name_zh": [store[1] for store in _STORES],
            "district": [store[2] for store in _STORES],
            "opened_on": [day.isoformat() for day in opened],
            "area_sqft": area.astype(int),
            "_size": size / size.mean(),
            "_convert": np.exp(truth.conversion_store_sd_rel * rng.normal(size=count)),
            "_level": level - level.mean(),
            "_csat": truth.store_csat_mean + truth.store_csat_true_sd * rng.normal(size=count),
            "_mood": link * trait + np.sqrt(1 - link**2) * rng.normal(size=count),
        }
    )


def draw_customers(truth: Truth, stores: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Draw the customers with their hidden traits.

    _effect    the customer's own leaning in every answer, SDs
    _activity  relative chance of being met at a touchpoint
    _language  en or zh-Hant
    """
    rng = stream(seed, "customers")
    count = truth.customers
    segment = rng.choice(SEGMENTS, size=count, p=truth.segment_shares)
    home = rng.choice(len(stores), size=count, p=stores["_size"] / stores["_size"].sum())
    has_home = rng.random(count) < np.where(segment == "new", 0.72, 0.93)
    days_back = np.where(
        segment == "new", rng.integers(0, 540, size=count), rng.integers(200, 3200, size=count)
    )
    joined = pd.Timestamp("2026-06-29") - pd.to_timedelta(days_back, unit="D")
    nearby = rng.random(count) < 0.7
    elsewhere = rng.choice(stores["district"].to_numpy(), size=count)
    return pd.DataFrame(
        {
            "customer_id": [f"C{k}" for k in range(10_001, 10_001 + count)],
            "segment": segment,
            "joined_on": pd.DatetimeIndex(joined).strftime("%Y-%m-%d"),
            "home_store": or_none(stores["store"].to_numpy()[home], has_home),
            "district": np.where(nearby, stores["district"].to_numpy()[home], elsewhere),
            "consent": (rng.random(count) < 0.93).astype(int),
            "_effect": truth.customer_sd * rng.normal(size=count),
            "_activity": rng.gamma(1.4, 1.0, size=count) + 0.1,
            "_language": np.where(rng.random(count) < 0.18, "en", "zh-Hant"),
        }
    )


def or_none(values: npt.NDArray[np.object_], kept: npt.NDArray[np.bool_]) -> pd.Series:
    """Keep the values where `kept`, leave the others empty."""
    return pd.Series(values, dtype="object").where(pd.Series(kept), None)


def visible(frame: pd.DataFrame) -> pd.DataFrame:
    """Drop the hidden columns (those that start with an underscore)."""
    return frame.loc[:, [name for name in frame.columns if not str(name).startswith("_")]]


def timestamps(days: pd.DatetimeIndex, rng: np.random.Generator) -> pd.DatetimeIndex:
    """Add a time of day between 09:00 and 21:59, denser after noon."""
    minutes = np.floor(540 + 780 * rng.beta(1.6, 1.3, size=len(days)))
    return pd.DatetimeIndex(
        days
        + pd.to_timedelta(minutes, unit="m")
        + pd.to_timedelta(rng.integers(0, 60, size=len(days)), unit="s")
    )


def as_text(moments: pd.DatetimeIndex | pd.Series) -> pd.Index | pd.Series:
    """Write moments as YYYY-MM-DD HH:MM:SS."""
    form = "%Y-%m-%d %H:%M:%S"
    return moments.dt.strftime(form) if isinstance(moments, pd.Series) else moments.strftime(form)
