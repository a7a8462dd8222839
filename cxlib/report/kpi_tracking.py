"""What 05_kpi_tracking shows: the KPI table, a control chart per KPI, signals, what follows."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, Literal

from cxlib.decisions.kpis import TrackedKpi
from cxlib.decisions.tracking import expected_alarms, expected_false_trends
from cxlib.measures.tracking import FEWEST_BASELINE
from cxlib.measures.waves import WaveChange
from cxlib.report import scope
from cxlib.report.blocks import Block
from cxlib.report.kpi_calendar import occasion_words
from cxlib.report.kpi_charts import latest, trend_word
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.writer import Day, Joined, Month, Num, Phrase, Value, phrase
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
        "moved": _clauses([_change(each) for each in moved]),
        "moved_short": _clauses([_change(each, "_short") for each in moved]),
        "still": _clauses([_change(each) for each in still]),
        "moved_names": _names(moved), "still_names": _names(still),
        "good": _names([e for e in moved if e.series and e.series.trend_is_good]),
        "bad": _names([e for e in moved if e.series and not e.series.trend_is_good]),
        "first": Month(min(periods)), "last": Month(max(periods)), "fewest": FEWEST_BASELINE,
        "n_charts": sum(each.series is not None for each in tracked),
        "expected": Num(expected_false_trends(tracked), "ratio"),
        **by_verdict,
    }  # fmt: skip


def kpi_table(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """Show cadence, target, current value, trend, verdict and owner of each KPI."""
    rows: list[tuple[Cell, ...]] = []
    for each in tracked:
        kpi, series = each.kpi, each.series
        target: Cell = phrase("kpi_tracking.not_set")
        if each.target is not None:
            level = Num(each.target.level, kpi.unit)
            target = phrase("kpi_tracking.target", level=level, by=Month(each.target.by))
        rhythm: Value = phrase(f"kpi_tracking.cadence.{kpi.cadence}")
        if series is None:
            rows.append((kpi.name, rhythm, target, None, phrase("number.hidden"), None, kpi.owner))
            continue
        last = latest(series.points[-1].period_start, kpi.cadence)
        verdict: Cell = phrase(f"kpi_tracking.verdict.{series.verdict}")
        if status := VERDICTS[series.verdict]:
            verdict = Marked(phrase(f"kpi_tracking.verdict.{series.verdict}"), status)
        rows.append(
            (
                kpi.name,
                phrase("kpi_tracking.rhythm", cadence=rhythm, period=last),
                target,
                phrase("kpi_tracking.current", value=series.current),
                trend_word(series),
                verdict,
                kpi.owner,
            )
        )
    heads = ("kpi", "cadence", "target", "current", "trend", "verdict", "owner")
    text = set(heads) - {"kpi"}
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
    return report.say(f"kpi_tracking.{key}", level="descriptive", grade=None, **values)


def still_finding(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """Say which KPIs only seem to move, and what silence means."""
    values = board_values(tracked)
    key = "still" if values["n_still"] else "still_none"
    return report.say(f"kpi_tracking.{key}", level="descriptive", grade=None, **values)


def target_finding(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """Say how the KPIs stand to their targets."""
    return report.say(
        "kpi_tracking.targets", level="descriptive", grade=None, **board_values(tracked)
    )


def signal_table(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """List every signal: which KPI, when, which rule, which way."""
    rows: list[tuple[Cell, ...]] = []
    for each in tracked:
        kpi = each.kpi
        for start, signal in each.signals():
            good = (signal.direction == "up") == (kpi.direction == "higher")
            rows.append(
                (
                    kpi.name,
                    latest(start, kpi.cadence),
                    phrase(f"kpi_tracking.rule.{signal.rule}"),
                    phrase(f"kpi_tracking.side.{signal.direction}"),
                    occasion_words(each.occasions(start)),
                    Marked(
                        phrase(f"kpi_tracking.side.{'better' if good else 'worse'}"),
                        "good" if good else "bad",
                    ),
                )
            )  # fmt: skip
    values: dict[str, Value] = {
        **board_values(tracked), "n_signals": len(rows),
        "n_fired": sum(bool(each.signals()) for each in tracked),
    }  # fmt: skip
    if not rows:
        return report.items(
            "kpi_tracking.signals.table", [Phrase("kpi_tracking.signals.none", values)], role="note"
        )
    heads = ("kpi", "period", "rule", "side", "days", "meaning")
    return report.table(
        "kpi_tracking.signals.table",
        Table(
            title=Phrase("kpi_tracking.signals.table", values),
            subtitle=Phrase("kpi_tracking.signals.subtitle", values),
            source=phrase("kpi_tracking.signals.source", alarms=_alarm_rates(tracked)),
            columns=[Column(f"kpi_tracking.signals.{head}", "text") for head in heads],
            rows=rows,
        ),
    )


def action_list(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """List what follows for each KPI, with its owner and its date."""
    lines = []
    for each in tracked:
        if each.series is None:
            step = "collect"
        elif each.moved:
            step = "good" if each.series.trend_is_good else "bad"
        else:
            step = {"cannot_tell": "watch", "no_target": "set"}.get(each.series.verdict, "keep")
        due: Value = scope.decide_by(report.engagement)
        if step == "watch" and each.target and each.target.by > report.engagement.review.end:
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
    if any(each.kpi.id == "positive_mentions" for each in tracked):
        keys.append("classifier")
    ripening = [each for each in tracked if each.ripe_on is not None]
    values = board_values(tracked)
    if ripening:
        keys.insert(2, "young")
        values |= {
            "young_names": _names(ripening),
            "ripe_on": Day(min(each.ripe_on for each in ripening if each.ripe_on)),
        }
    return scope.limits(report, [f"kpi_tracking.limits.{key}" for key in keys], **values)


def answer(report: Report, tracked: Sequence[TrackedKpi], *, mix: str | None) -> Block:
    """Give the answer: what moved, what only seems to, and the mix behind the total.

    Args:
        report: The report.
        tracked: All KPIs.
        mix: Key of the finding on the mix, as it was said; None gives way to the targets.
    """
    values = board_values(tracked)
    case = "moved" if values["n_moved"] else "moved_none"
    still = "still" if values["n_still"] else "still_none"
    return report.answer(
        f"kpi_tracking.summary.{case}",
        reasons=[f"kpi_tracking.{case}", f"kpi_tracking.{still}", mix or "kpi_tracking.targets"],
        by=scope.decide_by(report.engagement),
        **values,
    )


def ledger_content(tracked: Sequence[TrackedKpi], shift: WaveChange | None) -> dict[str, Any]:
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
                "limits": {
                    "lower": each.series.chart.lower,
                    "centre": each.series.chart.centre,
                    "upper": each.series.chart.upper,
                },
                "signals": [
                    {"period_start": start.isoformat(), "rule": s.rule, "direction": s.direction}
                    for start, s in each.signals()
                ],
            }
            for each in tracked
            if each.series is not None
        },
        "nps_mix": None if shift is None else {
            "change": _plain(shift.change),
            "rate_effect": shift.mix.rate_effect,
            "mix_effect": shift.mix.mix_effect,
            "reversed_by_mix": shift.mix.reversed_by_mix,
        },
    }  # fmt: skip


def _alarm_rates(tracked: Sequence[TrackedKpi]) -> Value:
    """Say of each chart how often its rules fire on a series in which nothing has changed."""
    rates = [(each, expected_alarms(each)) for each in tracked]
    return _listed(
        [
            phrase(
                "kpi_tracking.alarms.one",
                name=each.kpi.name, any=Num(rate.any_signal, "share"),
                now=Num(rate.trend_now, "share"),
            )
            for each, rate in rates
            if rate is not None
        ]
    )  # fmt: skip


def _change(each: TrackedKpi, words: Literal["", "_short"] = "") -> Phrase:
    """Name a KPI with its current value beside the centre of its chart."""
    series = each.series
    assert series is not None  # noqa: S101 - called for KPIs with a series
    return phrase(
        f"kpi_tracking.change{words}",
        name=each.kpi.name, current=series.current, trend=trend_word(series),
        centre=Num(series.chart.centre, each.kpi.unit),
        period=latest(series.points[-1].period_start, each.kpi.cadence),
    )  # fmt: skip


def _names(tracked: Sequence[TrackedKpi]) -> Value:
    return _listed([each.kpi.name for each in tracked])


def _clauses(items: Sequence[Value]) -> Value:
    """Name items that hold commas and brackets of their own."""
    return Joined(tuple(items), between="readings.clauses") if items else phrase("list.none")


def _listed(items: Sequence[Value]) -> Value:
    return Joined(tuple(items)) if items else phrase("list.none")


def _plain(value: Estimate) -> dict[str, Any]:
    found: dict[str, Any] = {"n_obs": value.n_obs, "unit": value.unit}
    numbers = {"value": value.value, "ci_lower": value.ci_lower, "ci_upper": value.ci_upper}
    return found | {name: number for name, number in numbers.items() if isfinite(number)}
