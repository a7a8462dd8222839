"""A KPI over time: intervals per period, a control chart, the trend, the verdict on its target."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations, pairwise
from math import inf, isnan
from typing import Any, Literal, cast

import pandas as pd

from cxlib.engagement.scales import Direction
from cxlib.errors import InputError
from cxlib.measures.distribution import check_columns
from cxlib.measures.survey import nps_from_counts
from cxlib.stats.attribute_chart import share_chart
from cxlib.stats.calendar_line import Calendar
from cxlib.stats.control_chart import (
    RUN_RULES_FROM,
    ControlChart,
    Rebase,
    Signal,
    Trend,
    individuals_chart,
)
from cxlib.stats.estimate import Estimate
from cxlib.stats.means import mean_estimate
from cxlib.stats.proportions import proportion

Verdict = Literal["met", "not_met", "cannot_tell", "no_target"]
TrendRule = Literal["control chart", "Mann-Kendall"]
Kind = Literal["nps", "share", "mean"]

FEWEST_BASELINE = 8
"""Periods behind the limits under which the chart calls neither a trend nor a signal."""

_COUNTS: dict[Kind, tuple[str, ...]] = {
    "nps": ("promoters", "passives", "detractors"),
    "share": ("successes",),
    "mean": ("sd",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiPoint:
    """One period of a KPI."""

    period_start: date
    estimate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiSeries:
    """A KPI over time, read against its own past and its target.

    Attributes:
        kpi: Its name in the history.
        kind: "nps", "share" or "mean".
        points: In time order.
        chart: Limits and signals of the same values, point for point.
        trend: "up" or "down" as the number moves, which need not be good; "no_signal" unless a
            rule fired.
        trend_rule: What the trend was read from.
        target: In the KPI's unit (shares 0-1), or None when not set.
        better: Which direction is good.
        verdict: On the current value against the target.
    """

    kpi: str
    kind: Kind
    points: tuple[KpiPoint, ...]
    chart: ControlChart
    trend: Trend
    trend_rule: TrendRule
    target: float | None
    better: Direction
    verdict: Verdict

    @property
    def current(self) -> Estimate:
        """The value of the last period."""
        return self.points[-1].estimate

    @property
    def has_firm_limits(self) -> bool:
        """Whether enough periods stand behind the limits for a point outside them to count."""
        return self.chart.baseline >= FEWEST_BASELINE

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The chart's signals in time order; none where too few periods stand behind its limits."""
        return self.chart.signals if self.has_firm_limits else ()

    @property
    def trend_is_good(self) -> bool | None:
        """Whether the trend goes the better way; None without a signal."""
        if self.trend == "no_signal":
            return None
        return (self.trend == "up") == (self.better == "higher")


def kpi_series(
    history: pd.DataFrame,
    *,
    kpi: str,
    target: float | None = None,
    better: Direction = "higher",
    baseline_periods: int | None = None,
    rebases: tuple[Rebase, ...] = (),
    calendar: Calendar = (),
    confidence_level: float = 0.95,
) -> KpiSeries:
    """Build one KPI's series from its history.

    The kind follows from the counts that are filled in: promoters, passives and detractors make
    an NPS (adjusted Wald), successes a share (Wilson), sd a mean (t). Shares get a p chart, with
    Laney's limits where their periods differ by more than chance; the others are charted as
    individuals. From 10 periods since the last rebase on, with 8 or
    more behind the limits, the trend is that of the chart. A shorter series cannot fire its run
    rules, and limits from 3 to 5 periods call a trend in 12 to 24 % of stable series: both are
    given the exact Mann-Kendall test of the periods since the last rebase.

    Args:
        history: ``kpi``, ``period_start``, ``n_obs``, ``value`` and the counts; rows of other
            KPIs are left alone, order does not matter.
        kpi: Which one.
        target: In the KPI's unit, None when not set.
        better: Which direction is good.
        baseline_periods: Periods behind the control limits. Unless told, the first two thirds,
            12 to 24, or as many as there are: then a stable series shows a false trend in about
            5 % of cases (simulated). Declare it once and keep it.
        rebases: Fresh baselines with reasons; without a number of their own, their limits come
            from as many periods as the default gives for their length.
        calendar: Columns in time order that move the centre line, such as the share of each
            period's days in a moving holiday.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: Unknown KPI, under 3 periods, a period twice, no counts, or a value that does
            not follow from its counts.

    Source: Wheeler (2000); Laney (2002); Mann (1945), Econometrica 13(3).
    """
    check_columns(history, ["kpi", "period_start", "n_obs", "value"])
    rows = history[history["kpi"] == kpi].copy()
    if rows.empty:
        known = sorted(set(history["kpi"].astype(str)))
        raise InputError(f"kpi must be one of {known}, got {kpi!r}")
    rows["period_start"] = pd.to_datetime(rows["period_start"])
    rows = rows.sort_values("period_start")
    if (twice := rows["period_start"].duplicated()).any():
        first = rows.loc[twice, "period_start"].iloc[0].date()
        raise InputError(f"{kpi} must have one row a period, got two for {first}")
    kind = _kind(rows, kpi)
    points = tuple(
        _point(cast("dict[str, Any]", row), kind=kind, kpi=kpi, confidence_level=confidence_level)
        for row in rows.to_dict("records")
    )
    starts = [0, *(r.index for r in rebases), len(points)]
    lengths = [end - start for start, end in pairwise(starts)]
    baseline = _default_baseline(lengths[0]) if baseline_periods is None else baseline_periods
    rebases = tuple(
        r if r.baseline is not None else replace(r, baseline=_default_baseline(length))
        for r, length in zip(rebases, lengths[1:], strict=True)
    )
    values = [p.estimate.value for p in points]
    if kind == "share":
        chart = share_chart(
            [int(x) for x in rows["successes"]],
            [int(x) for x in rows["n_obs"]],
            baseline=baseline,
            rebases=rebases,
            calendar=calendar,
        )
    else:
        chart = individuals_chart(values, baseline=baseline, rebases=rebases, calendar=calendar)
    since = values[starts[-2] :]
    short = len(since) < RUN_RULES_FROM or chart.baseline < FEWEST_BASELINE
    return KpiSeries(
        kpi=kpi,
        kind=kind,
        points=points,
        chart=chart,
        trend=mann_kendall(since) if short else chart.trend,
        trend_rule="Mann-Kendall" if short else "control chart",
        target=target,
        better=better,
        verdict=verdict(points[-1].estimate, target=target, better=better),
    )


def verdict(estimate: Estimate, *, target: float | None, better: Direction = "higher") -> Verdict:
    """Judge a value against its target; only an interval that reaches or misses it whole decides.

    A limit that lies on the target reaches it.

    Args:
        estimate: In the unit of ``target``.
        target: None when not set: then there is no verdict.
        better: "higher" when the target is a floor, "lower" when it is a ceiling.
    """
    if target is None or isnan(target):
        return "no_target"
    if not estimate.has_interval:
        return "cannot_tell"
    lower, upper = estimate.ci_lower - target, estimate.ci_upper - target
    if better == "lower":
        lower, upper = -upper, -lower
    return "met" if lower >= 0 else "not_met" if upper < 0 else "cannot_tell"


def mann_kendall(values: list[float], *, confidence_level: float = 0.95) -> Trend:
    """Test a short series for a steady rise or fall (exact Mann-Kendall, two-sided).

        S = number of later values above minus below each earlier one, against all orderings

    Equal values count as neither; the orderings are then those of the values as they are, since
    the usual normal approximation calls a trend in up to 10 % of orderings of six. Five periods
    in strict order are the fewest that can show a trend at 95 %.

    Source: Mann (1945), Econometrica 13(3).
    """
    falls = sum(later < earlier for earlier, later in combinations(values, 2))
    orderings = _orderings_by_falls(list(Counter(values).values()))
    middle = (len(orderings) - 1) / 2
    as_far = sum(
        number for k, number in enumerate(orderings) if abs(k - middle) >= abs(falls - middle)
    )
    if as_far / sum(orderings) > 1 - confidence_level:
        return "no_signal"
    return "up" if falls < middle else "down"


def mann_kendall_alarms(n_values: int, *, confidence_level: float = 0.95) -> float:
    """Compute how often `mann_kendall` calls a trend in values that have none, 0-1.

    Of values without ties; 5 of them give 1.7 %, not 5 %, since their orderings are few.
    """
    orderings = _orderings_by_falls([1] * n_values)
    total, found, alarms = sum(orderings), 0, 0
    for low, high in zip(orderings, reversed(orderings), strict=True):
        if found + low + high > (1 - confidence_level) * total:
            break
        found += low + high
        alarms = found
    return alarms / total


def _orderings_by_falls(ties: Sequence[int]) -> list[int]:
    """Count the orderings of values by their pairs that fall; ``ties`` says how often each occurs.

    Gaussian multinomial coefficient: the product of (1 - q^(k+i)) / (1 - q^i), i to each tie.
    """
    counts, placed = [1], 0
    for tie in ties:
        for i in range(1, tie + 1):
            power = placed + i
            wide = [*counts, *[0] * power]
            for k, number in enumerate(counts):
                wide[k + power] -= number
            for k in range(i, len(wide)):
                wide[k] += wide[k - i]
            counts = wide[: len(counts) + placed]
        placed += tie
    return counts


def _default_baseline(periods: int) -> int:
    fewest, most = 12, 24
    return min(periods, max(fewest, min(most, 2 * periods // 3)))


def _kind(rows: pd.DataFrame, kpi: str) -> Kind:
    for kind, columns in _COUNTS.items():
        if set(columns) <= set(rows.columns) and rows[list(columns)].notna().all(axis=None):
            return kind
    raise InputError(
        f"{kpi} needs promoters, passives and detractors, or successes, or sd filled in for every "
        "period; a bare value has no interval"
    )


def _point(row: dict[str, Any], *, kind: Kind, kpi: str, confidence_level: float) -> KpiPoint:
    n = int(row["n_obs"])
    period = row["period_start"].date()
    if kind == "nps":
        bands = [int(row[name]) for name in _COUNTS["nps"]]
        if sum(bands) != n:
            raise InputError(f"{kpi} {period}: the three bands must add to n_obs {n}, got {bands}")
        estimate = nps_from_counts(*bands, confidence_level=confidence_level)
        rounding = 0.06
    elif kind == "share":
        estimate = proportion(int(row["successes"]), n, confidence_level=confidence_level)
        rounding = 0.0006
    else:
        estimate = mean_estimate(
            n,
            float(row["value"]),
            float(row["sd"]) ** 2,
            confidence_level=confidence_level,
        )
        rounding = inf  # the value is the count here
    if not abs(estimate.value - float(row["value"])) <= rounding:
        raise InputError(
            f"{kpi} {period}: value must follow from its counts "
            f"({estimate.value:.4g}), got {row['value']:.4g}"
        )
    return KpiPoint(period_start=period, estimate=estimate)
