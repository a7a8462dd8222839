"""Levels: where a KPI stood over some periods taken together, pooled from counts.

A period counts only when it lies wholly inside, so that a week over the border does not carry an
action's first days into the level it is held against.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import inf, isclose, nan, sqrt
from typing import Literal

import pandas as pd

from cxlib.data.source import Source
from cxlib.decisions.baseline import pooled_ratio
from cxlib.engagement.schema import Cadence, Engagement, Kpi, KpiUnit, Period
from cxlib.errors import ConfigError, InputError, Problem
from cxlib.measures.scorecard import scorecard
from cxlib.measures.survey import nps_from_counts
from cxlib.stats.estimate import Estimate
from cxlib.stats.means import mean_estimate
from cxlib.stats.power import TYPICAL_NPS_VARIANCE, NpsShares
from cxlib.stats.proportions import proportion

RECENT_PERIODS: Mapping[Cadence, int] = {"weekly": 13, "monthly": 3, "quarterly": 1}
"""Periods that make the last three months."""

KPI_RANGES: Mapping[KpiUnit, tuple[float, float]] = {
    "share": (0.0, 1.0),
    "points": (-100.0, 100.0),
    "rating": (-inf, inf),
}
"""Lowest and highest level a KPI of that unit can have."""

_COUNTS: Mapping[KpiUnit, tuple[str, ...]] = {
    "points": ("promoters", "passives", "detractors"),
    "share": ("successes",),
    "rating": ("value", "sd"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Where a KPI stood over some periods.

    Attributes:
        kpi: Its id.
        estimate: Pooled value in the KPI's unit; without interval when given by hand.
        start: First day of the first period.
        end: Last day of the last period.
        n_periods: Periods pooled; 0 when given by hand.
        n_per_period: Answers a period brings on average, rounded; 0 when nothing is collected.
        sd: Of one answer, for a rating.
        nps_shares: Behind a Net Promoter Score.
        source: "history", or "manual" for a value from the engagement file.
    """

    kpi: str
    estimate: Estimate
    start: date
    end: date
    n_periods: int
    n_per_period: int
    sd: float | None = None
    nps_shares: NpsShares | None = None
    source: Literal["history", "manual"] = "history"

    def as_record(self, period: Period) -> dict[str, object]:
        """Give the level as plain values for the ledger, frozen as the baseline of ``period``."""
        value = self.estimate
        record: dict[str, object] = {
            "value": round(value.value, 10),
            "unit": value.unit,
            "period": {"start": period.start.isoformat(), "end": period.end.isoformat()},
            "source": self.source,
        }
        if self.source == "manual":
            return record
        record |= {
            "ci_lower": round(value.ci_lower, 10),
            "ci_upper": round(value.ci_upper, 10),
            "n_obs": value.n_obs,
            "method": value.method,
            "confidence_level": value.confidence_level,
            "first_day": self.start.isoformat(),
            "last_day": self.end.isoformat(),
            "n_periods": self.n_periods,
            "n_per_period": self.n_per_period,
        }
        if self.nps_shares:
            record["promoters"] = round(self.nps_shares.promoters, 10)
            record["detractors"] = round(self.nps_shares.detractors, 10)
        if self.sd is not None:
            record["sd"] = round(self.sd, 10)
        return record


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreGroup:
    """Sales per enquiry of the stores an initiative reaches, or of the others.

    Attributes:
        treated: Whether the initiative reaches them.
        conversion: Ratio of the sums; its interval is over stores.
        stores: How many.
        enquiries: Their sum.
        sales: Their sum.
    """

    treated: bool
    conversion: Estimate
    stores: int
    enquiries: int
    sales: int


def period_end(start: date, cadence: Cadence) -> date:
    """Find the last day of the period that begins on ``start``."""
    if cadence == "weekly":
        return start + timedelta(days=6)
    months = 1 if cadence == "monthly" else 3
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, 1) - timedelta(days=1)


def pool(
    history: pd.DataFrame, *, kpi: Kpi, period: Period | None = None, confidence_level: float = 0.95
) -> Level | None:
    """Pool the periods of a KPI's history into one level with its interval.

    Counts are added, never averaged: the bands of an NPS (adjusted Wald), successes of a share
    (Wilson); means are weighted by answers and their variance is that of all answers together.

    Args:
        history: `kpi`, `period_start`, `n_obs`, `value` and the counts.
        kpi: Unit and cadence.
        period: Take the periods that lie wholly inside; none takes the last three months'.
        confidence_level: In [0.9, 1).

    Returns:
        The level, or None when no period qualifies.

    Raises:
        InputError: The counts behind a value are absent.
    """
    rows = history_rows(history, kpi)
    if period is None:
        rows = rows.tail(RECENT_PERIODS[kpi.cadence])
    else:
        inside = [
            period.start <= start and period_end(start, kpi.cadence) <= period.end
            for start in rows["start"]
        ]
        rows = rows[inside]
    if rows.empty:
        return None
    columns = _COUNTS[kpi.unit]
    if not set(columns) <= set(rows.columns) or rows[list(columns)].isna().any(axis=None):
        raise InputError(
            f"{kpi.id} is measured in {kpi.unit} and needs {', '.join(columns)} in every period "
            "of kpi_history; a bare value has no interval"
        )
    n = int(rows["n_obs"].sum())
    sd = shares = None
    if kpi.unit == "points":
        p, s, d = (int(rows[name].sum()) for name in columns)
        estimate = nps_from_counts(p, s, d, confidence_level=confidence_level)
        shares = NpsShares(promoters=p / n, detractors=d / n)
    elif kpi.unit == "share":
        estimate = proportion(int(rows["successes"].sum()), n, confidence_level=confidence_level)
    else:
        mean = float((rows["n_obs"] * rows["value"]).sum()) / n
        within = (rows["n_obs"] - 1) * rows["sd"] ** 2
        between = rows["n_obs"] * (rows["value"] - mean) ** 2
        variance = float((within + between).sum()) / (n - 1)
        estimate = mean_estimate(n, mean, variance, confidence_level=confidence_level)
        sd = sqrt(variance)
    return Level(
        kpi=kpi.id,
        estimate=estimate,
        start=rows["start"].iloc[0],
        end=period_end(rows["start"].iloc[-1], kpi.cadence),
        n_periods=len(rows),
        n_per_period=round(n / len(rows)),
        sd=sd,
        nps_shares=shares,
    )


def baselines(history: pd.DataFrame, *, engagement: Engagement) -> dict[str, Level]:
    """Give the baseline of every KPI that has one.

    With `baseline_source: manual` a KPI named in `manual_baselines` takes that value, which has
    no interval; every other KPI is pooled over the baseline period.

    Raises:
        ConfigError: A KPI with a goal has neither; a manual value of no KPI, or off its scale.
            All problems at once.
    """
    manual = engagement.manual_baselines if engagement.baseline_source == "manual" else {}
    file = engagement.path.name
    known = [kpi.id for kpi in engagement.kpis]
    problems = [
        Problem(file, f"manual_baselines.{name}", "", "unknown KPI", f"use {', '.join(known)}")
        for name in manual
        if name not in known
    ]
    found: dict[str, Level] = {}
    for kpi in engagement.kpis:
        pooled = pool(
            history,
            kpi=kpi,
            period=engagement.baseline,
            confidence_level=engagement.confidence_level,
        )
        if kpi.id in manual:
            low, high = KPI_RANGES[kpi.unit]
            if not low <= manual[kpi.id] <= high:
                rule = f"a baseline in {kpi.unit} must lie from {low:g} to {high:g}"
                remedy = "write a share as 0.25 for 25 %"
                where = f"manual_baselines.{kpi.id}"
                problems.append(Problem(file, where, f"{manual[kpi.id]:g}", rule, remedy))
            found[kpi.id] = _by_hand(kpi, manual[kpi.id], pooled, engagement)
        elif pooled is not None:
            found[kpi.id] = pooled
        elif any(goal.kpi == kpi.id for goal in engagement.goals):
            span = f"{engagement.baseline.start} to {engagement.baseline.end}"
            rule = f"no baseline: kpi_history has no whole {kpi.cadence} period in {span}"
            remedy = (
                "add those periods, or set baseline_source: manual and "
                f"manual_baselines: {{{kpi.id}: …}}"
            )
            problems.append(Problem(file, f"goals, {kpi.id}", "", rule, remedy))
    if problems:
        raise ConfigError(f"{file} gives no usable baseline for every goal", problems)
    return found


def between_customers(
    levels: Mapping[str, Level], *, answers: Source | None, engagement: Engagement
) -> dict[str, Level]:
    """Give the level of a survey score the interval the diagnosis prints for it.

    A history holds counts and no customers. Where it counts exactly the answers of the survey
    table, the interval between customers takes the place of the one from counts; value and n
    stay, and so does the frozen record, which is made before.

    Args:
        levels: The baselines, by KPI id.
        answers: One row per answer, or None without the table.
        engagement: Metric contracts, baseline period and precision.
    """
    found = dict(levels)
    if answers is None or "customer_id" not in answers.columns:
        return found
    whole = scorecard(
        answers,
        engagement.metrics,
        window=engagement.baseline.window("answered_at"),
        precision=engagement.precision,
    )
    for metric, scores in {"nps": whole.nps, "csat": whole.csat, "ces": whole.ces}.items():
        level = levels.get(metric)
        score = scores[0].estimate if scores else None
        if level is None or score is None:
            continue
        known = level.estimate
        if known.n_obs == score.n_obs and isclose(known.value, score.value, rel_tol=1e-3):
            found[metric] = replace(level, estimate=replace(score, value=known.value))
    return found


def store_groups(totals: pd.DataFrame, *, confidence_level: float = 0.95) -> tuple[StoreGroup, ...]:
    """Give the baseline conversion of comparison and treated stores, in that order.

    Args:
        totals: ``group_moments`` of the store panel's `sales` and `enquiries` by `treated` and
            `store` over the baseline period.
        confidence_level: In [0.9, 1).

    Returns:
        One group per value of `treated`; the interval is over stores, since enquiries of one
        store share its fate.
    """
    frame = pd.DataFrame(
        {
            "treated": totals["treated"].astype(int),
            "sales": (totals["mean_sales"] * totals["n_sales"]).astype(float),
            "enquiries": (totals["mean_enquiries"] * totals["n_enquiries"]).astype(float),
        }
    )
    return tuple(
        StoreGroup(
            treated=flag == 1,
            conversion=pooled_ratio(
                group["sales"].to_numpy(),
                group["enquiries"].to_numpy(),
                unit="share",
                level=confidence_level,
            ),
            stores=len(group),
            enquiries=round(float(group["enquiries"].sum())),
            sales=round(float(group["sales"].sum())),
        )
        for flag, group in frame[frame["enquiries"] > 0].groupby("treated")
    )


def history_rows(history: pd.DataFrame, kpi: Kpi) -> pd.DataFrame:
    """Give one KPI's rows in time order, with ``start`` as a date."""
    rows = history[history["kpi"] == kpi.id]
    starts = pd.to_datetime(rows["period_start"]).dt.date
    return rows.assign(start=starts).sort_values("start", kind="stable")


def answer_variance(level: Level) -> float:
    """Give the variance of one answer, in the KPI's unit squared."""
    if level.sd is not None:
        return level.sd**2
    if level.nps_shares is not None:
        return level.nps_shares.variance
    value = level.estimate.value
    return value * (1 - value) if level.estimate.unit == "share" else TYPICAL_NPS_VARIANCE


def _by_hand(kpi: Kpi, value: float, pooled: Level | None, engagement: Engagement) -> Level:
    return Level(
        kpi=kpi.id,
        estimate=Estimate(
            value=value,
            ci_lower=nan,
            ci_upper=nan,
            n_obs=0,
            unit=kpi.unit,
            method="given by hand",
            confidence_level=engagement.confidence_level,
        ),
        start=engagement.baseline.start,
        end=engagement.baseline.end,
        n_periods=0,
        n_per_period=pooled.n_per_period if pooled else 0,
        sd=pooled.sd if pooled else None,
        source="manual",
    )
