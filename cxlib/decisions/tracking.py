"""What a KPI's chart says beyond its trend: kind of variation, reach, false alarms, forecast."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import nan, sqrt
from statistics import fmean
from typing import Any, Literal

from cxlib.decisions.calendar import occasion_shares
from cxlib.decisions.kpis import TrackedKpi
from cxlib.decisions.level import KPI_RANGES, period_end
from cxlib.decisions.rule_reading import RuleReading
from cxlib.engagement.schema import Engagement
from cxlib.measures.tracking import KpiSeries, Verdict, mann_kendall_alarms, verdict
from cxlib.stats.control_chart import MEAN_RANGE, ChartPoint
from cxlib.stats.estimate import Estimate
from cxlib.stats.false_alarms import FalseAlarms, Stable, false_alarms
from cxlib.stats.smoothing import FEWEST as FEWEST_FORECAST
from cxlib.stats.smoothing import Forecast, forecast

Variation = Literal["common", "special_better", "special_worse", "too_few"]
Reach = Literal["always", "hit_and_miss", "never", "unsettled", "too_few", "no_target"]
NORMAL_SPREAD = 3.0
"""Standard deviations from the centre of a chart to a limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiForecast:
    """Where a KPI is expected when its target is due, or in its next period without one.

    Attributes:
        kpi: Its id.
        made_on: First day of the last period it was made from.
        period_start: First day of the period it is about.
        estimate: Expected value with its prediction interval, in the KPI's unit.
        target: Level aimed at; None without a target.
        verdict: Of the prediction interval against the target.
        model: Steps, weight and track record.
    """

    kpi: str
    made_on: date
    period_start: date
    estimate: Estimate
    target: float | None
    verdict: Verdict
    model: Forecast

    def as_record(self) -> dict[str, Any]:
        """Give the forecast as plain values for the ledger."""
        return {
            "kpi": self.kpi, "made_on": self.made_on.isoformat(),
            "period_start": self.period_start.isoformat(), "unit": self.estimate.unit,
            "value": self.estimate.value, "ci_lower": self.estimate.ci_lower,
            "ci_upper": self.estimate.ci_upper,
            "confidence_level": self.estimate.confidence_level, "target": self.target,
        }  # fmt: skip


def variation(each: TrackedKpi) -> Variation:
    """Name the kind of variation the KPI shows now.

    Common cause: what it always does. Special cause: a rule fired in the latest stretch, to the
    better or the worse side.
    """
    series = each.series
    if series is None or (not series.has_firm_limits and not each.moved):
        return "too_few"
    if not each.moved:
        return "common"
    return "special_better" if series.trend_is_good else "special_worse"


def reach(each: TrackedKpi) -> Reach:
    """Say whether the process as it is can be relied on to meet the target, period by period.

    Always when the whole band between the natural limits lies on the target's good side, never
    when it lies on the other, else some periods do and some do not, by chance. While a KPI
    moves, its limits describe the process it was: then nothing is said until a fresh baseline.
    Limits from fewer than 8 periods say nothing either.

    Source: Wheeler (2000), Understanding Variation.
    """
    series = each.series
    if series is None or (each.target is not None and not series.has_firm_limits):
        return "too_few" if each.target is not None else "no_target"
    if each.target is None:
        return "no_target"
    if each.moved:
        return "unsettled"
    level, plain = each.target.level, plain_point(each, series)
    low, high = plain.lower - level, plain.upper - level
    if each.kpi.direction == "lower":
        low, high = -high, -low
    return "always" if low >= 0 else "never" if high < 0 else "hit_and_miss"


def plain_point(each: TrackedKpi, series: KpiSeries) -> ChartPoint:
    """Give the latest point whose limits no holiday or sale moves: those of an ordinary period."""
    columns = each.calendar.columns
    points = reversed(series.chart.points)
    plain = (p for p in points if not any(column[p.index] for column in columns))
    return next(plain, series.chart.points[-1])


def sampling_share(series: KpiSeries) -> float | None:
    """Estimate how much of the spread between periods sampling alone explains, 0 to 1.

        mean of the squared standard errors / square of a third of the way to the limits

    over the points behind the limits in force. The limits of a p chart are sampling error and say
    nothing of the spread, so there it is read off the moving range of the scores as for Laney's:
    1 / σz². Near 1, more answers would calm the series; near 0 the process itself moves. None
    where the limits are not firm or touch an end of the scale.
    """
    chart = series.chart
    if not series.has_firm_limits:
        return None
    first = chart.rebases[-1].index if chart.rebases else 0
    held = range(first, first + chart.baseline)
    if chart.method == "p":
        return _share_by_scores(series, held)
    lowest, highest = KPI_RANGES["share" if series.kind == "share" else "rating"]
    points = [p for p in (chart.points[i] for i in held) if p.lower > lowest and p.upper < highest]
    spread = [((point.upper - point.centre) / NORMAL_SPREAD) ** 2 for point in points]
    if not spread or not fmean(spread):
        return None
    errors = [_standard_error(series.points[point.index].estimate) ** 2 for point in points]
    return min(1.0, fmean(errors) / fmean(spread))


def expected_alarms(each: TrackedKpi) -> FalseAlarms | None:
    """Give the false-alarm rates of a KPI's own chart: its length, baseline, sizes, rules.

    None where no rule of the chart is read: see `expected_false_trends`.
    """
    series = each.series
    if series is None or not series.has_firm_limits:
        return None
    chart = series.chart
    first = chart.rebases[-1].index if chart.rebases else 0
    columns = tuple(column[first:] for column in each.calendar.columns)
    return false_alarms(
        len(series.points) - first, baseline=chart.baseline, calendar=columns,
        like=_like(series, first) if series.kind == "share" else None,
    )  # fmt: skip


def expected_false_trends(tracked: Sequence[TrackedKpi]) -> float:
    """Add up the chance of each KPI to be called moved though nothing has changed.

    A series read by the trend test adds that test's own rate at the length it is read at.
    """
    rates = []
    for each in tracked:
        if each.series is None:
            continue
        alarms = expected_alarms(each)
        by_chart = alarms is not None and each.series.trend_rule == "control chart"
        if by_chart and alarms:
            rates.append(alarms.trend_now)
        else:
            chart = each.series.chart
            first = chart.rebases[-1].index if chart.rebases else 0
            rates.append(mann_kendall_alarms(len(chart.points) - first))
    return sum(rates)


def kpi_forecast(each: TrackedKpi, *, engagement: Engagement) -> KpiForecast | None:
    """Forecast a KPI for the period in which its target is due, or for the next.

    Holidays and sale days whose effect brings forecasts closer are in it, those ahead too.

    Args:
        each: With its series since the last fresh baseline.
        engagement: Its confidence level and sale days.

    Returns:
        None under 8 periods.
    """
    series = each.series
    if series is None:
        return None
    first = series.chart.rebases[-1].index if series.chart.rebases else 0
    points = series.points[first:]
    if len(points) < FEWEST_FORECAST:
        return None
    start = _next(points[-1].period_start, each)
    ahead = [start]
    while each.target is not None and period_end(start, each.kpi.cadence) < each.target.by:
        following = _next(start, each)
        if period_end(following, each.kpi.cadence) > each.target.by:
            break
        start = following
        ahead.append(start)
    level = engagement.confidence_level
    coming = occasion_shares(ahead, cadence=each.kpi.cadence, engagement=engagement)
    model = forecast(
        [point.estimate.value for point in points], steps=len(ahead), confidence_level=level,
        noise=[_standard_error(point.estimate) ** 2 for point in points],
        calendar=[
            (*each.calendar.shares[name][first:], *coming.get(name, (0.0,) * len(ahead)))
            for name in each.calendar.used
        ],
    )  # fmt: skip
    lowest, highest = KPI_RANGES[each.kpi.unit]
    estimate = Estimate(
        value=model.value, ci_lower=max(lowest, model.ci_lower),
        ci_upper=min(highest, model.ci_upper), n_obs=model.n_values, unit=each.kpi.unit,
        method="exponential smoothing", confidence_level=level,
    )  # fmt: skip
    due = (
        each.target
        if each.target and period_end(start, each.kpi.cadence) <= each.target.by
        else None
    )
    aim = None if due is None else due.level
    return KpiForecast(
        kpi=each.kpi.id, made_on=points[-1].period_start, period_start=start, estimate=estimate,
        target=aim, model=model,
        verdict=verdict(estimate, target=aim, better=each.kpi.direction),
    )  # fmt: skip


def forecasts(tracked: Sequence[TrackedKpi], *, engagement: Engagement) -> dict[str, KpiForecast]:
    """Forecast every KPI that has enough periods."""
    found = {each.kpi.id: kpi_forecast(each, engagement=engagement) for each in tracked}
    return {kpi: value for kpi, value in found.items() if value is not None}


def keep_record(
    earlier: Mapping[str, Any],
    tracked: Sequence[TrackedKpi],
    made: Mapping[str, KpiForecast],
    ruled: Sequence[RuleReading] = (),
) -> dict[str, Any]:
    """Add this run's forecasts and verdicts to those on record; none is taken away.

    The same forecast or verdict made again from the same last period takes the place of the
    first, so that a weekly run repeats nothing.

    Args:
        earlier: The ledger's "record" so far, or {}.
        tracked: With verdicts.
        made: This run's forecasts.
        ruled: Goals read by their rules.
    """
    parts = {item.rule.kpi: item.as_record() for item in ruled}
    kept = {(f["kpi"], f["made_on"], f["period_start"]): f for f in earlier.get("forecasts", [])}
    kept |= {(f.kpi, f.made_on.isoformat(), f.period_start.isoformat()): f.as_record()
             for f in made.values()}  # fmt: skip
    judged = {(v["kpi"], v["period_start"]): v for v in earlier.get("verdicts", [])}
    for each in tracked:
        if each.series is None:
            continue
        point = each.series.points[-1]
        pooled = each.reading if each.target else None
        read = pooled.estimate if pooled else point.estimate
        judged[each.kpi.id, point.period_start.isoformat()] = {
            "kpi": each.kpi.id, "period_start": point.period_start.isoformat(),
            "period_end": period_end(point.period_start, each.kpi.cadence).isoformat(),
            "value": read.value, "ci_lower": read.ci_lower, "ci_upper": read.ci_upper,
            "n_obs": read.n_obs, "n_periods": pooled.n_periods if pooled else 1,
            "trend": each.series.trend,
            "verdict": each.series.verdict, "unit": each.kpi.unit,
            "target": None if each.target is None else each.target.level,
            **({"rule": parts[each.kpi.id]} if each.kpi.id in parts else {}),
        }  # fmt: skip
    return {
        "forecasts": [kept[key] for key in sorted(kept)],
        "verdicts": [judged[key] for key in sorted(judged)],
    }


def _like(series: KpiSeries, first: int) -> Stable:
    """Describe stable shares like those of a KPI: sizes, level and spread beside sampling's."""
    chart, points = series.chart, series.points[first:]
    sizes = tuple(float(point.estimate.n_obs) for point in points)
    held = chart.points[first : first + chart.baseline]
    inside = [p for p in held if p.lower > 0 and p.upper < 1]
    centre = fmean(point.centre for point in held)
    ratio = 1.0
    if chart.method == "Laney p'" and inside:
        sampling = sqrt(centre * (1 - centre) / sizes[inside[0].index - first])
        ratio = (inside[0].upper - inside[0].centre) / NORMAL_SPREAD / sampling
    return Stable(sizes=sizes, centre=centre, kind="share", ratio=max(1.0, ratio))


def _share_by_scores(series: KpiSeries, held: Sequence[int]) -> float:
    """Give 1 / σz² of the points behind a p chart's limits, 1 at most."""
    scores = []
    for index in held:
        point, n = series.chart.points[index], series.points[index].estimate.n_obs
        centre = min(max(point.centre, 1e-9), 1 - 1e-9)
        scores.append((point.value - point.centre) / sqrt(centre * (1 - centre) / n))
    spread = fmean(abs(later - earlier) for earlier, later in pairwise(scores)) / MEAN_RANGE
    return min(1.0, 1 / spread**2) if spread else 1.0


def _next(start: date, each: TrackedKpi) -> date:
    return period_end(start, each.kpi.cadence) + timedelta(days=1)


def _standard_error(value: Estimate) -> float:
    """Read a standard error back from the width of an interval."""
    from scipy.special import ndtri

    if not value.has_interval:
        return nan
    width = value.ci_upper - value.ci_lower
    return float(width / 2 / ndtri((1 + value.confidence_level) / 2))
