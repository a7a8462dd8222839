"""What 06_half_year_review shows: goals, forecasts and verdicts against what happened."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxlib.decisions.map_changes import MapChange, moved_class
from cxlib.decisions.review import (
    ForecastReplay,
    GoalReplay,
    Outcome,
    VerdictReplay,
    calibration,
)
from cxlib.report import scope
from cxlib.report.blocks import Block
from cxlib.report.kpi_charts import latest
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.writer import Day, Joined, Num, Phrase, Value, phrase

STATUS: Mapping[Outcome, Status | None] = {
    "hit": "good", "miss": "bad", "open": "watch", "not_due": None, "no_data": None,
}  # fmt: skip


def goal_values(report: Report, goals: Sequence[GoalReplay]) -> dict[str, Value]:
    """Give what sentences on goals ask for."""
    now = [goal for goal in goals if not goal.superseded]
    named = {
        outcome: _names(report, [g.kpi for g in now if g.outcome == outcome]) for outcome in STATUS
    }
    return {
        "n_goals": len(now), "n_old": len(goals) - len(now),
        "n_due": sum(goal.outcome != "not_due" for goal in now),
        "n_hit": sum(goal.outcome == "hit" for goal in now),
        "n_decided": sum(goal.decision is not None for goal in now),
        "undecided": _names(report, [goal.kpi for goal in now if goal.decision is None]),
        "hit": named["hit"], "miss": named["miss"], "open": named["open"],
        "not_due": named["not_due"], "no_data": named["no_data"],
        "outcomes": Joined(tuple(
            phrase(f"half_year.named.{outcome}", names=named[outcome])
            for outcome in STATUS
            if outcome == "hit" or any(goal.outcome == outcome for goal in now)
        ), between="readings.clauses"),
        **scope.period_values(report.engagement.review),
    }  # fmt: skip


def goal_table(report: Report, goals: Sequence[GoalReplay]) -> Block:
    """Show every target ever frozen, what happened, and what was decided."""
    rows: list[tuple[Cell, ...]] = []
    for goal in goals:
        decided: Cell = phrase("half_year.undecided")
        if goal.superseded:
            decided = phrase("half_year.superseded", reason=goal.superseded)
        elif goal.decision is not None and goal.reason is not None:
            decided = phrase(f"half_year.decision.{goal.decision}", reason=goal.reason)
        rows.append(
            (
                _name(report, goal.kpi), Num(goal.level, goal.unit), Day(goal.by),
                None if goal.value is None else phrase("kpi_tracking.current", value=goal.value),
                _marked(f"half_year.goal.{goal.outcome}", goal.outcome), _rule(report, goal),
                decided,
            )
        )  # fmt: skip
    return _table(
        report, "half_year.goals",
        ("goal", "target", "by", "value", "outcome", "rule", "decision"), rows,
        text={"outcome", "decision", "by", "value", "rule"}, values=goal_values(report, goals),
    )  # fmt: skip


def goal_finding(report: Report, goals: Sequence[GoalReplay]) -> Block:
    """Say what became of the goals."""
    return report.say(
        "half_year.goals.finding", level="descriptive", grade=None, **goal_values(report, goals)
    )


def record_values(
    report: Report, forecasts: Sequence[ForecastReplay], verdicts: Sequence[VerdictReplay]
) -> dict[str, Value]:
    """Give what sentences on the record of forecasts and verdicts ask for."""
    level = report.engagement.confidence_level
    every: list[ForecastReplay | VerdictReplay] = [*forecasts, *verdicts]
    due = [each for each in every if each.outcome in {"hit", "miss"}]
    share = calibration(every, confidence_level=level)
    waiting = [each.period_start for each in forecasts if each.outcome == "not_due"]
    none: Value = phrase("number.none")
    return {
        "n_forecasts": len(forecasts), "n_verdicts": len(verdicts), "n_due": len(due),
        "n_hit": sum(each.outcome == "hit" for each in due),
        "n_waiting": len(waiting), "share": share or none,
        "next": Day(min(waiting)) if waiting else none,
    }  # fmt: skip


def record_section(
    report: Report, forecasts: Sequence[ForecastReplay], verdicts: Sequence[VerdictReplay]
) -> Block:
    """Open the section with how many forecasts and effects held, or that none is due."""
    values = record_values(report, forecasts, verdicts) | {"n_all": len(forecasts) + len(verdicts)}
    title = f"half_year.record.title_{'some' if values['n_due'] else 'none'}"
    return report.section(
        "half_year.record", "descriptive", headline=Phrase(title, values), **values
    )


def forecast_table(report: Report, forecasts: Sequence[ForecastReplay]) -> Block:
    """Show every forecast on record beside what came."""
    rows: list[tuple[Cell, ...]] = []
    for each in forecasts:
        cadence = report.engagement.kpi(each.kpi).cadence if _known(report, each.kpi) else "monthly"
        rows.append(
            (
                _name(report, each.kpi), latest(each.made_on, cadence),
                latest(each.period_start, cadence), each.estimate,
                phrase("half_year.band", value=each.estimate),
                None if each.actual is None else Num(each.actual, each.estimate.unit),
                _marked(f"half_year.interval.{each.outcome}", each.outcome),
            )
        )  # fmt: skip
    return _table(
        report, "half_year.forecasts",
        ("goal", "made", "period", "expected", "band", "came", "outcome"), rows,
        text={"made", "period", "outcome"}, values=record_values(report, forecasts, ()),
    )  # fmt: skip


def verdict_table(report: Report, verdicts: Sequence[VerdictReplay]) -> Block:
    """Show every test's verdict beside the effect its roll-out had."""
    tests = {test.id: test.name for test in report.engagement.experiments}
    plans = {item.id: item.name for item in report.engagement.initiatives}
    rows: list[tuple[Cell, ...]] = []
    for each in verdicts:
        graded: Cell = None
        if each.measured is not None:
            graded = phrase("half_year.measured", value=each.measured, grade=each.grade)
        rows.append(
            (
                tests.get(each.experiment, each.experiment),
                phrase(f"ab_test.verdict.{each.verdict}"),
                None if each.predicted is None
                else phrase("half_year.predicted", value=each.predicted),
                plans.get(each.initiative) if each.initiative else phrase("half_year.no_rollout"),
                graded,
                _marked(f"half_year.interval.{each.outcome}", each.outcome),
            )
        )  # fmt: skip
    return _table(
        report, "half_year.verdicts",
        ("test", "verdict", "predicted", "rollout", "measured", "outcome"), rows,
        text={"verdict", "predicted", "rollout", "measured", "outcome"},
        values=record_values(report, (), verdicts),
    )  # fmt: skip


def record_finding(
    report: Report, forecasts: Sequence[ForecastReplay], verdicts: Sequence[VerdictReplay]
) -> Block:
    """Say how often intervals held what came."""
    values = record_values(report, forecasts, verdicts)
    key = "finding" if values["n_due"] else "finding_none"
    return report.say(f"half_year.record.{key}", level="descriptive", grade=None, **values)


def answer(
    report: Report,
    goals: Sequence[GoalReplay],
    changes: Sequence[MapChange],
    *,
    record: str,
) -> Block:
    """Give the answer: what became of the goals, how good the record is, what to decide.

    Args:
        report: The report.
        goals: Replayed.
        changes: Of the map.
        record: Key of the finding on the record, as it was said.
    """
    values = goal_values(report, goals)
    case = "half_year.summary" if values["n_decided"] == values["n_goals"] else "half_year.waiting"
    return report.answer(
        case,
        reasons=["half_year.goals.finding", record, map_key(changes)],
        decide=scope.decide_by(report.engagement),
        n_moved=len(moved_class(changes)),
        **values,
    )


def map_key(changes: Sequence[MapChange]) -> str:
    """Catalogue key of the finding on the map."""
    return f"half_year.map.finding{'' if moved_class(changes) else '_none'}"


def ledger_content(
    goals: Sequence[GoalReplay],
    forecasts: Sequence[ForecastReplay],
    verdicts: Sequence[VerdictReplay],
    changes: Sequence[MapChange],
) -> dict[str, Any]:
    """Give what the next review reads: outcomes, decisions and the map."""
    return {
        "goals": {
            goal.kpi: {
                "outcome": goal.outcome, "decision": goal.decision, "by": goal.by.isoformat(),
            }
            for goal in goals if not goal.superseded
        },
        "forecasts": {
            outcome: sum(each.outcome == outcome for each in forecasts)
            for outcome in ("hit", "miss", "not_due")
        },
        "verdicts": {each.experiment: each.outcome for each in verdicts},
        "map": {change.touchpoint: change.after for change in changes},
    }  # fmt: skip


def _rule(report: Report, goal: GoalReplay) -> Cell:
    """Say what tracking read of the other parts of the rule."""
    if not goal.has_rule:
        return None
    guards = [
        phrase(f"half_year.rule.guard.{state}", name=_name(report, kpi))
        for kpi, state in goal.guards
    ]
    return phrase(
        "half_year.rule.parts", counts=phrase(f"half_year.rule.counts.{goal.counts}"),
        guards=Joined(tuple(guards)) if guards else phrase("list.none"),
    )  # fmt: skip


def _known(report: Report, kpi: str) -> bool:
    return any(item.id == kpi for item in report.engagement.kpis)


def _name(report: Report, kpi: str) -> Value:
    return report.engagement.kpi(kpi).name if _known(report, kpi) else kpi


def _names(report: Report, kpis: Sequence[str]) -> Value:
    return Joined(tuple(_name(report, kpi) for kpi in kpis)) if kpis else phrase("list.none")


def _marked(key: str, outcome: Outcome) -> Cell:
    status = STATUS[outcome]
    return Marked(phrase(key), status) if status else phrase(key)


def _table(
    report: Report,
    key: str,
    heads: Sequence[str],
    rows: Sequence[tuple[Cell, ...]],
    *,
    text: set[str],
    values: Mapping[str, Value],
) -> Block:
    waits = "n_verdicts" in values and not values["n_due"]
    title = "table_wait" if waits else "table"
    if not rows:
        return report.items(f"{key}.table", [phrase(f"{key}.none")], role="note")
    return report.table(
        f"{key}.table",
        Table(
            title=Phrase(f"{key}.{title}", values), subtitle=Phrase(f"{key}.subtitle", values),
            source=Phrase(f"{key}.source", values), rows=rows,
            columns=[
                Column(f"half_year.head.{head}", "text" if head in text else "num")
                for head in heads
            ],
        ),
    )  # fmt: skip
