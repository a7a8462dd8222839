"""The goals' rules in tracking: target, smallest change that counts and guardrails."""

from collections.abc import Mapping, Sequence

from cxlib.decisions.kpis import TrackedKpi
from cxlib.decisions.rule_reading import GuardReading, RuleReading
from cxlib.engagement.schema import Kpi
from cxlib.measures.tracking import Verdict
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.writer import Day, Joined, Num, Phrase, Value, phrase

STATUS: Mapping[Verdict, Status | None] = {
    "met": "good", "not_met": "bad", "cannot_tell": "watch", "no_target": None,
}  # fmt: skip
_OVERDISPERSED = "Laney"


def rule_values(
    report: Report, ruled: Sequence[RuleReading], tracked: Sequence[TrackedKpi]
) -> dict[str, Value]:
    """Give what sentences on the goals' rules ask for."""
    due = [item for item in ruled if item.is_due]
    moving = [
        each.kpi.name
        for each in tracked
        if each.target and each.series and _OVERDISPERSED in each.series.chart.method
    ]
    level = report.engagement.confidence_level
    family = ruled[0].rule.family if ruled else 1
    return {
        "n": len(ruled), "n_due": len(due), "family": family,
        "n_due_met": sum(item.whole == "met" for item in due),
        "joint": Num(1 - (1 - level) / family, "share"),
        "late": _names(report, [item.rule.kpi for item in due if item.whole != "met"]),
        "moving": _listed(moving), "n_moving": len(moving),
        **{state: _names(report, [i.rule.kpi for i in ruled if i.whole == state])
           for state in ("met", "not_met", "cannot_tell")},
    }  # fmt: skip


def rule_table(
    report: Report, ruled: Sequence[RuleReading], tracked: Sequence[TrackedKpi]
) -> Block:
    """Show every goal with the three parts of its rule and what they say together."""
    if not ruled:
        return report.items("rule_reading.table", [phrase("rule_reading.none")], role="note")
    values = rule_values(report, ruled, tracked)
    rows: list[tuple[Cell, ...]] = [
        (
            _kpi(report, item.rule.kpi).name,
            phrase(
                "rule_reading.reading", value=item.reading, n_periods=item.n_periods,
                start=Day(item.start), end=Day(item.end),
            ),
            phrase(
                "rule_reading.against",
                level=Num(item.target, _kpi(report, item.rule.kpi).unit),
                verdict=phrase(f"kpi_tracking.verdict.{item.verdict}"),
            ),
            _counts(item, _kpi(report, item.rule.kpi)),
            _listed([_guard(report, guard) for guard in item.guards]),
            _whole(item),
        )
        for item in ruled
    ]  # fmt: skip
    heads = ("goal", "read", "target", "counts", "guards", "whole")
    return report.table(
        "rule_reading.table",
        Table(
            title=Phrase("rule_reading.table", values),
            subtitle=Phrase("rule_reading.subtitle", values),
            source=Phrase("rule_reading.source", values),
            columns=[Column(f"rule_reading.{head}", "text") for head in heads],
            rows=rows,
        ),
    )


def rule_finding(
    report: Report, ruled: Sequence[RuleReading], tracked: Sequence[TrackedKpi]
) -> Block:
    """Say what the rules say by now, which dates passed unmet, and what the verdicts are about."""
    if not ruled:
        return report.items("rule_reading.finding", [phrase("rule_reading.none")], role="note")
    values = rule_values(report, ruled, tracked)
    key = "rule_reading.finding" + ("_moving" if values["n_moving"] else "")
    return report.say(key, level="descriptive", grade=None, **values)


def _counts(item: RuleReading, kpi: Kpi) -> Cell:
    if item.smallest is None:
        return phrase("rule_reading.counts.whole")
    if item.change is None:
        return phrase("rule_reading.counts.unread")
    unit = "pp" if kpi.unit == "share" else kpi.unit
    return phrase(
        f"rule_reading.counts.{item.counts}",
        change=item.change, smallest=Num(item.smallest, unit),
    )  # fmt: skip


def _guard(report: Report, guard: GuardReading) -> Phrase:
    name = _kpi(report, guard.kpi).name
    if guard.change is None:
        return phrase("rule_reading.guard.unread", name=name)
    return phrase(f"rule_reading.guard.{guard.state}", name=name, change=guard.change)


def _whole(item: RuleReading) -> Cell:
    said = phrase(f"rule_reading.{'due' if item.is_due else 'so_far'}.{item.whole}")
    status = STATUS[item.whole]
    return Marked(said, status) if status else said


def _kpi(report: Report, name: str) -> Kpi:
    return report.engagement.kpi(name)


def _names(report: Report, kpis: Sequence[str]) -> Value:
    return _listed([_kpi(report, kpi).name for kpi in kpis])


def _listed(items: Sequence[Value]) -> Value:
    return Joined(tuple(items)) if items else phrase("list.none")
