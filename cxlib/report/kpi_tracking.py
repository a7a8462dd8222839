"""What 05_kpi_tracking shows: the KPI table, a control chart per KPI, signals, what follows."""

from collections.abc import Mapping, Sequence
from datetime import date
from math import isfinite
from typing import Any

from cxlib.decisions.level import period_end
from cxlib.decisions.scorecard import TrackedKpi
from cxlib.engagement.schema import Cadence, Kpi
from cxlib.measures.festival import lunar_new_years
from cxlib.measures.shift import ScoreShift
from cxlib.measures.tracking import KpiSeries
from cxlib.report import figures, scope
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.writer import Day, Joined, Month, Num, Phrase, Value, Writer, phrase
from cxlib.stats.control_chart import Rule
from cxlib.stats.estimate import Estimate

VERDICTS: Mapping[str, Status | None] = {
    "met": "good", "not_met": "bad", "cannot_tell": "watch", "no_target": None,
}  # fmt: skip


def board_values(tracked: Sequence[TrackedKpi]) -> dict[str, Value]:
    """Give the counts and names that sentences about all KPIs ask for."""
    moved = [each for each in tracked if each.moved]
    still = [each for each in tracked if each.series is not None and not each.moved]
    by_verdict = {
        verdict: _names(
            [e for e in tracked if e.series is not None and e.series.verdict == verdict]
        )
        for verdict in VERDICTS
    }
    periods = [point.period_start for e in tracked if e.series for point in e.series.points]
    return {
        "total": len(tracked), "n_moved": len(moved), "n_still": len(still),
        "moved": _listed([_change(each) for each in moved]),
        "still": _listed([_change(each) for each in still]),
        "moved_names": _names(moved), "still_names": _names(still),
        "good": _names([e for e in moved if e.series and e.series.trend_is_good]),
        "bad": _names([e for e in moved if e.series and not e.series.trend_is_good]),
        "first": Month(min(periods)), "last": Month(max(periods)), **by_verdict,
    }  # fmt: skip


def kpi_tiles(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """Show each KPI's current value with interval and trend."""
    return report.kpis(
        "kpi_tracking.board.tiles",
        [
            (
                phrase("kpi_tracking.tile", name=each.kpi.name),
                each.series.current,
                phrase(
                    "kpi_tracking.tile_note",
                    value=each.series.current,
                    trend=trend_word(each.series),
                    period=latest(each.series.points[-1].period_start, each.kpi.cadence),
                ),
                None,
            )
            for each in tracked
            if each.series is not None
        ],
    )


def kpi_table(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """Show cadence, target, current value, trend, verdict and owner of each KPI."""
    rows: list[tuple[Cell, ...]] = []
    for each in tracked:
        kpi, series = each.kpi, each.series
        target: Cell = phrase("kpi_tracking.not_set")
        if each.target is not None:
            level = Num(each.target.level, kpi.unit)
            target = phrase("kpi_tracking.target", level=level, by=Day(each.target.by))
        rhythm = phrase(f"kpi_tracking.cadence.{kpi.cadence}")
        if series is None:
            rows.append(
                (kpi.name, rhythm, target, *[None] * 3, phrase("number.hidden"), None, kpi.owner)
            )
            continue
        status = VERDICTS[series.verdict]
        verdict: Cell = phrase(f"kpi_tracking.verdict.{series.verdict}")
        if status is not None:
            verdict = Marked(phrase(f"kpi_tracking.verdict.{series.verdict}"), status)
        rows.append(
            (
                kpi.name, rhythm, target,
                phrase("kpi_tracking.current", value=series.current),
                Num(series.current.n_obs),
                latest(series.points[-1].period_start, kpi.cadence),
                trend_word(series), verdict, kpi.owner,
            )
        )  # fmt: skip
    heads = ("kpi", "cadence", "target", "current", "n", "period", "trend", "verdict", "owner")
    text = {"cadence", "target", "period", "trend", "verdict", "owner"}
    return report.table(
        "kpi_tracking.board.table",
        Table(
            title=Phrase("kpi_tracking.board.table", board_values(tracked)),
            subtitle=Phrase("kpi_tracking.board.subtitle", board_values(tracked)),
            source=phrase("kpi_tracking.board.source"),
            columns=[
                Column(f"kpi_tracking.board.{head}", "text" if head in text else "num")
                for head in heads
            ],
            rows=rows,
        ),
    )


def moved_finding(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """Say which KPIs moved."""
    values = board_values(tracked)
    key = "moved" if values["n_moved"] else "moved_none"
    return report.say(f"kpi_tracking.{key}", level="descriptive", **values)


def still_finding(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """Say which KPIs only seem to move, and what silence means."""
    values = board_values(tracked)
    key = "still" if values["n_still"] else "still_none"
    return report.say(f"kpi_tracking.{key}", level="descriptive", **values)


def target_finding(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """Say how the KPIs stand to their targets."""
    return report.say("kpi_tracking.targets", level="descriptive", **board_values(tracked))


def charts(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """Draw one control chart per KPI, with its target and what happened when."""
    shown = [each for each in tracked if each.series is not None]
    if not shown:
        return report.items("kpi_tracking.charts", [phrase("kpi_tracking.no_chart")], role="note")
    return report.together("kpi_tracking.charts", [_chart(report, each) for each in shown])


def signal_table(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """List every signal: which KPI, when, which rule, which way."""
    rows: list[tuple[Cell, ...]] = []
    for each in tracked:
        kpi = each.kpi
        for start, signal in each.signals():
            good = (signal.direction == "up") == (kpi.direction == "higher")
            rows.append(
                (
                    kpi.name, latest(start, kpi.cadence), phrase(f"kpi_tracking.rule.{signal.rule}"),
                    phrase(f"kpi_tracking.side.{signal.direction}"),
                    Marked(
                        phrase(f"kpi_tracking.side.{'better' if good else 'worse'}"),
                        "good" if good else "bad",
                    ),
                )
            )  # fmt: skip
    values = {**board_values(tracked), "n_signals": len(rows)}
    if not rows:
        return report.items(
            "kpi_tracking.signals.table", [Phrase("kpi_tracking.signals.none", values)], role="note"
        )
    heads = ("kpi", "period", "rule", "side", "meaning")
    return report.table(
        "kpi_tracking.signals.table",
        Table(
            title=Phrase("kpi_tracking.signals.table", values),
            subtitle=Phrase("kpi_tracking.signals.subtitle", values),
            source=phrase("kpi_tracking.signals.source"),
            columns=[Column(f"kpi_tracking.signals.{head}", "text") for head in heads],
            rows=rows,
        ),
    )


def action_list(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """List what follows for each KPI, with its owner and, where there is one, its date."""
    lines = []
    for each in tracked:
        if each.series is None:
            step = "collect"
        elif each.moved:
            step = "good" if each.series.trend_is_good else "bad"
        else:
            step = {"cannot_tell": "watch", "no_target": "set"}.get(each.series.verdict, "keep")
        due: Value = phrase("kpi_tracking.next_review")
        if each.target is not None and each.target.by > report.engagement.review.end:
            due = Day(each.target.by)
        lines.append(
            phrase(
                f"kpi_tracking.action.{step}",
                name=each.kpi.name, owner=each.kpi.owner, due=due,
                cadence=phrase(f"kpi_tracking.cadence.{each.kpi.cadence}"),
            )
        )  # fmt: skip
    return report.items("kpi_tracking.actions", lines)


def limit_list(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """List what the charts do not show."""
    keys = ["causes", "many", "few", "repeat"]
    ripening = [each for each in tracked if each.ripe_on is not None]
    values = board_values(tracked)
    if ripening:
        keys.insert(2, "young")
        values |= {
            "young_names": _names(ripening),
            "ripe_on": Day(min(each.ripe_on for each in ripening if each.ripe_on)),
        }
    return scope.limits(report, [f"kpi_tracking.limits.{key}" for key in keys], **values)


def answer(report: Report, tracked: Sequence[TrackedKpi], *, mix: str) -> Block:
    """Give the answer: what moved, what only seems to, and the mix behind the total.

    Args:
        report: The report.
        tracked: All KPIs.
        mix: Key of the finding on the mix, as it was said.
    """
    values = board_values(tracked)
    case = "moved" if values["n_moved"] else "moved_none"
    still = "still" if values["n_still"] else "still_none"
    return report.answer(
        f"kpi_tracking.summary.{case}",
        reasons=[f"kpi_tracking.{case}", f"kpi_tracking.{still}", mix],
        **values,
    )


def ledger_content(tracked: Sequence[TrackedKpi], shift: ScoreShift) -> dict[str, Any]:
    """Give what later reviews read: every KPI's value, trend and verdict, and the mix."""
    return {
        "kpis": {
            each.kpi.id: {
                **_plain(each.series.current),
                "period_start": each.series.points[-1].period_start.isoformat(),
                "trend": each.series.trend,
                "trend_rule": each.series.trend_rule,
                "verdict": each.series.verdict,
                "target": None if each.target is None else each.target.level,
                "limits": [each.series.chart.lower, each.series.chart.centre, each.series.chart.upper],
                "signals": [
                    {"period_start": start.isoformat(), "rule": s.rule, "direction": s.direction}
                    for start, s in each.signals()
                ],
            }
            for each in tracked
            if each.series is not None
        },
        "nps_mix": {
            "change": _plain(shift.change),
            "rate_effect": shift.mix.rate_effect,
            "mix_effect": shift.mix.mix_effect,
            "reversed_by_mix": shift.mix.reversed_by_mix,
        },
    }  # fmt: skip


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
    chart, start = series.chart, series.points[0].period_start
    limits_end = series.points[chart.baseline - 1].period_start
    case = "moved" if each.moved else "signals" if chart.signals else "still"
    values: dict[str, Value] = {
        "name": kpi.name, "definition": kpi.definition, "current": series.current,
        "trend": trend_word(series), "centre": Num(chart.centre, kpi.unit),
        "lower": Num(chart.lower, kpi.unit), "upper": Num(chart.upper, kpi.unit),
        "cadence": phrase(f"kpi_tracking.cadence.{kpi.cadence}"),
        "first": latest(start, kpi.cadence),
        "last": latest(series.points[-1].period_start, kpi.cadence),
        "n_periods": len(series.points), "baseline": chart.baseline,
        "baseline_end": latest(limits_end, kpi.cadence),
        "unit": phrase(f"kpi_tracking.unit.{kpi.unit}"),
        "method": phrase(f"kpi_tracking.method.{'share' if series.kind == 'share' else 'single'}"),
        "trend_rule": phrase(
            "kpi_tracking.by_chart" if series.trend_rule == "control chart" else "kpi_tracking.by_rank"
        ),
        "signals": _signals(each),
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
    fired = {signal.index: signal.direction for signal in series.chart.signals}
    for point, limits in zip(series.points, series.chart.points, strict=True):
        direction = fired.get(limits.index)
        good = (direction == "up") == (kpi.direction == "higher")
        marks[limits.index] = figures.ControlPoint(
            period=_code(point.period_start, kpi.cadence),
            estimate=point.estimate,
            centre=limits.centre,
            lower=limits.lower,
            upper=limits.upper,
            signal="none" if direction is None else "good" if good else "bad",
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
        figures.ChartEvent(period=_code(start, cadence), label=label)
        for day, label in happened
        for start in starts
        if start <= day <= period_end(start, cadence)
    ]


def _code(start: date, cadence: Cadence) -> str:
    """Write a period the same way in every language."""
    if cadence == "quarterly":
        return f"{start.year}Q{(start.month + 2) // 3}"
    return start.isoformat() if cadence == "weekly" else f"{start:%Y-%m}"


def _signals(each: TrackedKpi) -> Value:
    """Say each rule that fired and when."""
    found: dict[Rule, list[Value]] = {}
    for start, signal in each.signals():
        found.setdefault(signal.rule, []).append(latest(start, each.kpi.cadence))
    if not found:
        return phrase("kpi_tracking.fired.none")
    return Joined(
        tuple(
            phrase(f"kpi_tracking.fired.{rule}", when=Joined(tuple(when)))
            for rule, when in found.items()
        )
    )


def _target_note(each: TrackedKpi) -> Phrase:
    if each.target is None:
        return phrase("kpi_tracking.note.no_target")
    level = Num(each.target.level, each.kpi.unit)
    return phrase("kpi_tracking.note.target", level=level, by=Day(each.target.by))


def _young_note(each: TrackedKpi) -> Value:
    if each.ripe_on is None:
        return ""
    return phrase("kpi_tracking.note.young", day=Day(each.ripe_on))


def _change(each: TrackedKpi) -> Phrase:
    """Name a KPI with its current value beside the centre of its chart."""
    series = each.series
    assert series is not None  # noqa: S101 - called for KPIs with a series
    return phrase(
        "kpi_tracking.change",
        name=each.kpi.name, current=series.current, trend=trend_word(series),
        centre=Num(series.chart.centre, each.kpi.unit),
        period=latest(series.points[-1].period_start, each.kpi.cadence),
    )  # fmt: skip


def _names(tracked: Sequence[TrackedKpi]) -> Value:
    return _listed([each.kpi.name for each in tracked])


def _listed(items: Sequence[Value]) -> Value:
    return Joined(tuple(items)) if items else phrase("list.none")


def _plain(value: Estimate) -> dict[str, Any]:
    found: dict[str, Any] = {"n_obs": value.n_obs, "unit": value.unit}
    numbers = {"value": value.value, "ci_lower": value.ci_lower, "ci_upper": value.ci_upper}
    return found | {name: number for name, number in numbers.items() if isfinite(number)}
