"""One control chart per KPI, with its target, its signals and what happened when."""

from collections.abc import Sequence
from datetime import date

from cxlib.decisions.kpis import TrackedKpi
from cxlib.decisions.level import period_end
from cxlib.decisions.tracking import sampling_share
from cxlib.engagement.schema import Cadence
from cxlib.measures.festival import lunar_new_years
from cxlib.measures.tracking import FEWEST_BASELINE, KpiSeries
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.kpi_calendar import occasion_words
from cxlib.report.periods import axis_period
from cxlib.report.report import Report
from cxlib.report.writer import Day, Joined, Month, Num, Phrase, Value, Writer, phrase
from cxlib.stats.control_chart import Method

METHODS: dict[Method, str] = {
    "individuals": "single", "p": "p", "Laney p'": "laney_p", "u": "u", "Laney u'": "laney_u",
}  # fmt: skip
MOST_WHISKERS = 40
"""Periods up to which each point shows its own interval."""


def charts(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """Draw one control chart per KPI, with its target and what happened when."""
    shown = [each for each in tracked if each.series is not None]
    if not shown:
        return report.items("kpi_tracking.charts", [phrase("kpi_tracking.no_chart")], role="note")
    return report.together("kpi_tracking.charts", [_chart(report, each) for each in shown])


def trend_word(series: KpiSeries) -> Phrase:
    """Say the trend: up or down when a rule fired, else no signal."""
    return phrase(f"kpi_tracking.trend.{series.trend}")


def latest(start: date, cadence: Cadence) -> Value:
    """Name the period that begins on a day."""
    if cadence == "monthly":
        return Month(start)
    if cadence == "weekly":
        return phrase("kpi_tracking.week", day=Day(start))
    end = period_end(start, cadence)
    return phrase("kpi_tracking.quarter", start=Month(start), end=Month(end))


def _chart(report: Report, each: TrackedKpi) -> Block:
    series, kpi = each.series, each.kpi
    assert series is not None  # noqa: S101 - charts() leaves out KPIs without a series
    chart = series.chart
    start, last = series.points[0].period_start, series.points[-1].period_start
    since = chart.rebases[-1].index if chart.rebases else 0
    limits_end = series.points[since + chart.baseline - 1].period_start
    rule = "by_chart" if series.trend_rule == "control chart" else "by_rank"
    case = (
        f"moved_{series.trend}" if each.moved
        else "still_short" if not series.has_firm_limits
        else "signals" if series.signals
        else "still"
    )  # fmt: skip
    values: dict[str, Value] = {
        "name": kpi.name, "definition": kpi.definition, "current": series.current,
        "trend": trend_word(series), "centre": Num(chart.centre, kpi.unit),
        "lower": Num(chart.lower, kpi.unit), "upper": Num(chart.upper, kpi.unit),
        "cadence": phrase(f"kpi_tracking.cadence.{kpi.cadence}"),
        "first": Month(start), "until": Month(period_end(last, kpi.cadence)),
        "last": latest(last, kpi.cadence),
        "n_periods": len(series.points), "baseline": chart.baseline,
        "baseline_end": Month(period_end(limits_end, kpi.cadence)),
        "unit": phrase(f"kpi_tracking.unit.{kpi.unit}"),
        "method": phrase(f"kpi_tracking.method.{METHODS[chart.method]}"),
        "trend_rule": phrase(f"kpi_tracking.{rule}"),
        "signals": _signals(each),
        "limits_note": _limits_note(series), "calendar_note": _calendar_note(each),
        "spread_note": _spread_note(series),
        "target_note": _target_note(each), "young_note": _young_note(each),
    }  # fmt: skip
    name = f"kpi_tracking.chart.{case}"
    return report.figure(
        f"kpi_tracking.chart.{kpi.id}",
        lambda theme, write: _draw(each, report, theme, write),
        title=Phrase(name, values),
        subtitle=Phrase("kpi_tracking.chart.subtitle", values),
        source=Phrase("kpi_tracking.chart.source", values),
        alt=Phrase("kpi_tracking.chart.alt", values),
    )


def _draw(
    each: TrackedKpi, report: Report, theme: figures.Theme, write: Writer
) -> figures.ThemedFigure:
    series, kpi = each.series, each.kpi
    assert series is not None  # noqa: S101 - as in _chart
    marks: dict[int, figures.ControlPoint] = {}
    fired = {signal.index: signal.direction for signal in series.signals}
    for point, limits in zip(series.points, series.chart.points, strict=True):
        direction = fired.get(limits.index)
        good = (direction == "up") == (kpi.direction == "higher")
        marks[limits.index] = figures.ControlPoint(
            period=write(axis_period(point.period_start, kpi.cadence)),
            estimate=point.estimate,
            centre=limits.centre,
            lower=limits.lower,
            upper=limits.upper,
            signal="none" if direction is None else "good" if good else "bad",
            phase=_phase(each, limits.index, write),
        )
    shown = {mark.signal for mark in marks.values()}
    return figures.control_chart(
        list(marks.values()),
        theme=theme,
        fmt=lambda value: write(Num(value, kpi.unit)),
        axis_label=write(phrase(f"kpi_tracking.axis.{kpi.unit}_{kpi.direction}")),
        centre_label=write(phrase("kpi_tracking.line.centre")),
        upper_label=write(phrase("kpi_tracking.line.upper")),
        lower_label=write(phrase("kpi_tracking.line.lower")),
        target=series.target,
        target_label=write(phrase("chart.target")),
        signal_labels={
            signal: write(phrase(f"kpi_tracking.signal.{signal}"))
            for signal in ("good", "bad")
            if signal in shown
        },
        events=_events(each, report, write),
        intervals="shown" if len(marks) <= MOST_WHISKERS else "hidden",
    )


def _events(each: TrackedKpi, report: Report, write: Writer) -> list[figures.ChartEvent]:
    """Mark the review period, the initiatives aimed at the KPI, and Lunar New Year."""
    series, cadence = each.series, each.kpi.cadence
    assert series is not None  # noqa: S101 - as in _chart
    starts = [point.period_start for point in series.points]
    happened = [(report.engagement.review.start, write(phrase("kpi_tracking.event.review")))]
    happened += [
        (initiative.start, write(initiative.name))
        for initiative in report.engagement.initiatives
        if initiative.outcome == each.kpi.id
    ]
    if cadence != "quarterly":
        days = lunar_new_years(starts[0], period_end(starts[-1], cadence))
        happened += [(day, write(phrase("kpi_tracking.event.lunar_new_year"))) for day in days]
    return [
        figures.ChartEvent(period=write(axis_period(start, cadence)), label=label)
        for day, label in happened
        for start in starts
        if start <= day <= period_end(start, cadence)
    ]


def _signals(each: TrackedKpi) -> Value:
    """Say each rule that fired and when."""
    found: dict[str, list[Value]] = {}
    for start, signal in each.signals():
        period = latest(start, each.kpi.cadence)
        if names := each.occasions(start):
            period = phrase("kpi_tracking.in_days", period=period, occasion=occasion_words(names))
        found.setdefault(signal.rule, []).append(period)
    if not found:
        return phrase("kpi_tracking.fired.none")
    return Joined(
        tuple(
            phrase(f"kpi_tracking.fired.{rule}", when=Joined(tuple(when)))
            for rule, when in found.items()
        )
    )


def _phase(each: TrackedKpi, index: int, write: Writer) -> str:
    """Name the stretch a point lies in where fresh baselines cut the series."""
    series = each.series
    if series is None or not series.chart.rebases:
        return ""
    first = [0, *(rebase.index for rebase in series.chart.rebases)]
    start = max(place for place in first if place <= index)
    day = series.points[start].period_start
    return write(phrase("kpi_tracking.phase", since=Month(day)))


def _spread_note(series: KpiSeries) -> Value:
    """Tell sampling error from the movement of the process itself."""
    share = sampling_share(series)
    if share is None:
        return ""
    shown = "" if len(series.points) > MOST_WHISKERS else "_shown"
    return phrase(f"kpi_tracking.note.sampling{shown}", share=Num(share, "share"))


def _limits_note(series: KpiSeries) -> Value:
    if series.has_firm_limits:
        return ""
    return phrase("kpi_tracking.note.limits", fewest=FEWEST_BASELINE)


def _calendar_note(each: TrackedKpi) -> Value:
    """Say that the centre line knows of a holiday."""
    if not each.calendar.used:
        return ""
    return phrase("kpi_tracking.note.calendar", occasion=occasion_words(each.calendar.used))


def _target_note(each: TrackedKpi) -> Phrase:
    if each.target is None:
        return phrase("kpi_tracking.note.no_target")
    level = Num(each.target.level, each.kpi.unit)
    return phrase("kpi_tracking.note.target", level=level, by=Day(each.target.by))


def _young_note(each: TrackedKpi) -> Value:
    if each.ripe_on is None:
        return ""
    return phrase("kpi_tracking.note.young", day=Day(each.ripe_on))
