"""The store panel by month, and the frozen baseline that a review starts from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import Any, Literal, TypedDict

import numpy as np
import pandas as pd

from cxlib.engagement.ledger import Ledger
from cxlib.engagement.schema import Engagement, Period
from cxlib.errors import ConfigError, InputError
from cxlib.stats.clustered import Array
from cxlib.stats.estimate import Estimate, Unit
from cxlib.stats.means import t_quantile


class StoreMonth(TypedDict):
    """Arguments of a summary by store and month."""

    by: tuple[str, ...]
    date: str
    cadence: Literal["month"]


OUTCOMES: Mapping[str, tuple[str, str, Unit, Unit]] = {
    "conversion": ("sales", "enquiries", "share", "pp"),
    "csat": ("csat_sum", "csat_n", "rating", "rating"),
}
"""Outcome to numerator, denominator, unit of a level and unit of a difference."""

PANEL_COLUMNS = ("enquiries", "sales", "csat_n", "csat_mean")
BY_MONTH: StoreMonth = {"by": ("store",), "date": "month", "cadence": "month"}
"""How group_moments is asked for store_months."""
ROUNDING: Mapping[str, float] = {"share": 5e-5, "rating": 5e-4, "points": 5e-2}
"""How far a recomputed baseline may lie from the frozen one: half the last digit kept."""
TYPED_ROUNDING: Mapping[str, float] = {"share": 5e-4, "rating": 5e-3, "points": 0.5}
"""The same for a baseline typed by hand into the engagement file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineCheck:
    """A frozen baseline beside what the data give today."""

    kpi: str
    frozen: Estimate
    found: Estimate
    period: Period


def unit_flags(engagement: Engagement) -> list[str]:
    """Columns of the stores table that say which initiative a store has."""
    return list(dict.fromkeys(item.units for item in engagement.initiatives))


def store_months(panel: pd.DataFrame, stores: pd.DataFrame) -> pd.DataFrame:
    """Join the store panel with the stores' initiative flags.

    Args:
        panel: group_moments of PANEL_COLUMNS by store and month: one row each.
        stores: flag_counts of the initiatives' unit columns by store.

    Returns:
        Columns store, month, enquiries, sales, csat_n, csat_sum (ratings added up), and the flags.

    Raises:
        ConfigError: A store of the panel is not in the stores table.
    """
    frame = panel[["store", "period_start"]].rename(columns={"period_start": "month"})
    for column in ("enquiries", "sales", "csat_n"):
        frame[column] = panel["n"] * panel[f"mean_{column}"]
    rated = (panel["mean_csat_n"] * panel["mean_csat_mean"]).fillna(0.0)
    frame["csat_sum"] = rated
    frame.loc[panel["n_csat_mean"] == 0, "csat_n"] = 0.0
    flags = [name for name in stores.columns if name not in {"store", "n"} and name[:2] != "n_"]
    joined = frame.merge(stores[["store", *flags]], on="store", how="left")
    if absent := sorted(set(joined.loc[joined[flags].isna().any(axis=1), "store"])):
        raise ConfigError(
            f"each store of the panel must be in the stores table, absent: {', '.join(absent)}"
        )
    return joined


def check_baseline(
    frame: pd.DataFrame, *, kpi: str, frozen: Mapping[str, Any], engagement: Engagement
) -> BaselineCheck:
    """Recompute a baseline over all units and refuse when it is no longer the frozen one.

    Args:
        frame: From store_months.
        kpi: Id of the KPI, an outcome in OUTCOMES.
        frozen: The ledger's "baselines" entry; KPI id to its values.
        engagement: For the period and, with ``baseline_source: manual``, the typed baselines.

    Raises:
        ConfigError: No baseline is frozen for the KPI, for another period, or another value.
    """
    top, bottom, unit, _ = OUTCOMES[kpi]
    manual = engagement.baseline_source == "manual"
    typed = engagement.manual_baselines
    known: Mapping[str, Any] = {key: {"value": value} for key, value in typed.items()}
    entry = (known if manual else frozen).get(kpi)
    if entry is None:
        source = f"manual_baselines of {engagement.path.name}" if manual else "the ledger"
        remedy = "add it there" if manual else "run 02_kpi_setting first: cx run 02_kpi_setting"
        raise ConfigError(f"no baseline of {kpi!r} is frozen in {source}; {remedy}")
    period = engagement.baseline
    if "period" in entry:
        span = (str(entry["period"]["start"]), str(entry["period"]["end"]))
        if span != (str(period.start), str(period.end)):
            raise ConfigError(
                f"the baseline of {kpi!r} is frozen for {span[0]} to {span[1]}, but "
                f"{engagement.path.name} says {period.start} to {period.end}; "
                "restore the period, or run 02_kpi_setting with a rebase_reason"
            )
    found = _pooled(
        months_between(frame, period), top, bottom, unit=unit, level=engagement.confidence_level
    )
    value = float(entry["value"])
    n_obs = int(entry.get("n_obs", found.n_obs))
    allowed = (TYPED_ROUNDING if manual else ROUNDING)[unit]
    if n_obs != found.n_obs or abs(found.value - value) > allowed:
        raise ConfigError(
            f"the data no longer give the frozen baseline of {kpi!r}: frozen {value:.6g} "
            f"(n = {n_obs:,}), now {found.value:.6g} (n = {found.n_obs:,}), {period.start} to "
            f"{period.end}; restore the data it was frozen from, or run 02_kpi_setting with a "
            "rebase_reason"
        )
    limits = [float(entry.get(key, float("nan"))) for key in ("ci_lower", "ci_upper")]
    return BaselineCheck(
        kpi=kpi,
        frozen=Estimate(
            value=value,
            ci_lower=limits[0],
            ci_upper=limits[1],
            n_obs=n_obs,
            unit=unit,
            method="typed by hand" if manual else "frozen baseline",
            confidence_level=engagement.confidence_level,
        ),
        found=found,
        period=period,
    )


def check_all(
    frame: pd.DataFrame, *, ledger: Ledger, engagement: Engagement
) -> tuple[BaselineCheck, ...]:
    """Check the baseline of every outcome an initiative is compared on.

    Initiatives in units picked for low scores claim no before/after and need none.

    Raises:
        ConfigError: As check_baseline, or the ledger has no baselines.
    """
    manual = engagement.baseline_source == "manual"
    frozen = {} if manual else ledger.read("baselines")
    compared = [item for item in engagement.initiatives if not item.picked_for_low_scores]
    return tuple(
        check_baseline(frame, kpi=kpi, frozen=frozen, engagement=engagement)
        for kpi in dict.fromkeys(item.outcome for item in compared)
    )


def pooled_ratio(top: Array, bottom: Array, *, unit: Unit, level: float) -> Estimate:
    """Pool units into one ratio; linearised, t with units - 1 degrees of freedom."""
    total, k = float(bottom.sum()), len(bottom)
    ratio = float(top.sum()) / total
    margin = float("nan")
    if k > 1:
        squares = float(np.sum((top - ratio * bottom) ** 2))
        margin = t_quantile(level, df=k - 1) * sqrt(k / (k - 1) * squares) / total
    return Estimate(
        value=ratio,
        ci_lower=ratio - margin,
        ci_upper=ratio + margin,
        n_obs=round(total),
        unit=unit,
        method="ratio, by unit",
        confidence_level=level,
    )


def _pooled(frame: pd.DataFrame, top: str, bottom: str, *, unit: Unit, level: float) -> Estimate:
    """Pool all units and months into one ratio, with doubt by unit."""
    by_unit = frame.groupby("store")[[top, bottom]].sum()
    by_unit = by_unit[by_unit[bottom] > 0]
    if by_unit.empty:
        raise InputError(f"no {bottom} in the baseline period")
    return pooled_ratio(by_unit[top].to_numpy(), by_unit[bottom].to_numpy(), unit=unit, level=level)


def months_between(frame: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Keep the months that begin within the period."""
    return frame[
        (frame["month"] >= month_stamp(period.start)) & (frame["month"] <= month_stamp(period.end))
    ]


def month_stamp(day: date) -> pd.Timestamp:
    """Give a date as the frame holds its months."""
    return pd.Timestamp(day)
