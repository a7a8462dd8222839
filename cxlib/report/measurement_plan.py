"""What 02_kpi_setting shows of the plan: readings, rules of goals, actions, roles and money."""

from collections.abc import Sequence
from datetime import date

from cxlib.decisions.action_plan import PaidLine, PlannedAction
from cxlib.decisions.cadence import Reading
from cxlib.decisions.goal_rules import EffectProblem, GoalRule
from cxlib.decisions.level import RECENT_PERIODS
from cxlib.decisions.rule_dates import RuleDate
from cxlib.engagement.schema import Goal, Kpi
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.goals import in_unit, listed
from cxlib.report.kpi_setting import cadence, frozen_cell
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Marked, Table
from cxlib.report.writer import Day, Month, Num, Phrase, Value, Writer, phrase


def reading_table(report: Report, found: Sequence[Reading]) -> Block:
    """Show when each KPI is read, by whom, and what its latest quarter says."""
    rows: list[tuple[Cell, ...]] = [
        (
            item.kpi.name,
            cadence(item.kpi.cadence),
            Day(item.latest.end),
            in_unit(item.kpi, item.latest.estimate.value),
            None
            if item.quarter is None
            else phrase("kpi_setting.cell.level", value=item.quarter.estimate),
            Day(item.next_on),
            item.kpi.owner,
        )
        for item in found
    ]
    heads = ("kpi", "cadence", "until", "latest", "quarter", "next", "owner")
    text = {"cadence", "quarter", "owner"}
    first = min(found, key=lambda item: item.next_on)
    late: list[Value] = [
        phrase(
            "measurement_plan.readings.late",
            name=item.kpi.name,
            days=Num(item.ripening_days, "days"),
        )
        for item in found
        if item.ripening_days
    ]
    return report.table(
        "measurement_plan.readings.table",
        Table(
            title=phrase(
                "measurement_plan.readings.table",
                n=len(found),
                name=first.kpi.name,
                day=Day(first.next_on),
            ),
            subtitle=phrase("measurement_plan.readings.subtitle"),
            source=phrase("measurement_plan.readings.source", late=listed(late)),
            columns=[
                Column(f"measurement_plan.readings.{head}", "text" if head in text else "num")
                for head in heads
            ],
            rows=rows,
        ),
    )


def rule_table(
    report: Report,
    rules: Sequence[GoalRule],
    problems: Sequence[EffectProblem],
    dates: Sequence[RuleDate] = (),
) -> Block:
    """Show the rule each goal is judged by, with its first day and its fingerprint."""
    kpis = {kpi.id: kpi for kpi in report.engagement.kpis}
    small = {item.kpi.id: item for item in problems}
    rows: list[tuple[Cell, ...]] = [
        (
            kpis[rule.kpi].name,
            _effect(kpis[rule.kpi], rule, small.get(rule.kpi)),
            _by(report, rule),
            frozen_cell(dates, rule.rule_hash()),
            listed([kpis[name].name for name in rule.guardrails]),
            rule.rule_hash(),
        )
        for rule in rules
    ]
    heads = ("goal", "minimum", "horizon", "frozen", "guardrails", "hash")
    return report.table(
        "measurement_plan.rules.table",
        Table(
            title=phrase(
                "measurement_plan.rules.table", n=len(rules), guarded=sum(
                    bool(rule.guardrails) for rule in rules
                ),
            ),
            subtitle=phrase("measurement_plan.rules.subtitle"),
            source=phrase(
                "measurement_plan.rules.source", n=len(rules), weeks=RECENT_PERIODS["weekly"],
                months=RECENT_PERIODS["monthly"],
            ),
            columns=[Column(f"measurement_plan.rules.{head}", "text") for head in heads],
            rows=rows,
        ),
    )  # fmt: skip


def plan_chart(report: Report, plan: Sequence[PlannedAction]) -> Block | None:
    """Draw the actions over time."""
    if not plan:
        return report.items(
            "measurement_plan.absent", [phrase("measurement_plan.absent")], role="note"
        )
    today = report.engagement.dated()
    values = plan_values(report, plan)

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        from cxlib.report.figures.plan import PlanBar, State
        from cxlib.report.figures.plan import plan_chart as chart

        names: dict[State, str] = {
            state: write(phrase(f"measurement_plan.state.{state}"))
            for state in ("done", "running", "ahead")
        }
        return chart(
            [
                PlanBar(
                    label=write(item.action.name),
                    start=item.action.start,
                    end=item.action.end,
                    state=item.state,
                    owner=write(item.action.accountable),
                    due=item.goal.by if item.goal else None,
                )
                for item in plan
            ],
            theme=theme,
            today=today,
            fmt=lambda day: write(Month(day)),
            states=names,
            due_label=write(phrase("measurement_plan.due")),
            today_label=write(phrase("measurement_plan.today")),
            owner_head=write(phrase("measurement_plan.accountable")),
        )

    return report.figure(
        "measurement_plan.chart",
        draw,
        title=Phrase("measurement_plan.chart", values),
        subtitle=Phrase("measurement_plan.chart_subtitle", values),
        source=Phrase("measurement_plan.chart_source", values),
        alt=Phrase("measurement_plan.chart_alt", values),
    )


def plan_values(report: Report, plan: Sequence[PlannedAction]) -> dict[str, Value]:
    """How many actions run, and over which time."""
    return {
        "n": len(plan),
        "running": sum(item.state == "running" for item in plan),
        "ahead": sum(item.state == "ahead" for item in plan),
        "done": sum(item.state == "done" for item in plan),
        "start": Day(min(item.action.start for item in plan)),
        "end": Day(max(item.action.end for item in plan)),
        "today": Day(report.engagement.dated()),
    }


def role_table(report: Report, plan: Sequence[PlannedAction]) -> Block | None:
    """Show who does, answers for, is asked and is told of each action."""
    if not plan:
        return None
    points = report.engagement.touchpoint_names()
    rows: list[tuple[Cell, ...]] = [
        (
            item.action.name,
            report.engagement.kpi(item.action.kpi).name,
            points[item.action.touchpoint] if item.action.touchpoint else None,
            listed(item.action.responsible),
            item.action.accountable,
            listed(item.action.consulted),
            listed(item.action.informed),
        )
        for item in plan
    ]
    heads = ("action", "kpi", "touchpoint", "responsible", "accountable", "consulted", "informed")
    owners = {str(item.action.accountable) for item in plan}
    return report.table(
        "measurement_plan.roles.table",
        Table(
            title=phrase("measurement_plan.roles.table", n=len(plan), owners=len(owners)),
            subtitle=phrase("measurement_plan.roles.subtitle"),
            source=phrase("measurement_plan.roles.source"),
            columns=[Column(f"measurement_plan.roles.{head}", "text") for head in heads],
            rows=rows,
        ),
    )


def money_table(
    report: Report, lines: Sequence[PaidLine], *, until: date | None = None
) -> Block | None:
    """Show each budget line beside what was paid up to ``until``, else the report's date."""
    if not lines:
        return None
    initiatives = {item.id: item.name for item in report.engagement.initiatives}
    rows: list[tuple[Cell, ...]] = [
        (
            phrase(
                f"measurement_plan.money.{line.kind}",
                name=initiatives.get(line.initiative, line.initiative),
                category=phrase(f"measurement_plan.category.{line.category}"),
            ),
            line.action.name if line.action else phrase("measurement_plan.money.unplanned"),
            None if line.planned_hkd is None else Num(line.planned_hkd, "dollars"),
            None if line.paid_hkd is None else Num(line.paid_hkd, "dollars"),
        )
        for line in lines
    ]
    planned = sum(line.planned_hkd or 0.0 for line in lines)
    paid = sum(line.paid_hkd or 0.0 for line in lines)
    key = "measurement_plan.money.table"
    if all(line.paid_hkd is None for line in lines):
        key = "measurement_plan.money.table_planned"
    return report.table(
        "measurement_plan.money.table",
        Table(
            title=phrase(key, planned=Num(planned, "dollars"), paid=Num(paid, "dollars")),
            subtitle=phrase(
                "measurement_plan.money.subtitle", today=Day(until or report.engagement.dated())
            ),
            source=phrase(
                "measurement_plan.money.source",
                planned=Num(planned, "currency"),
                goals=Num(sum(g.budget or 0.0 for g in report.engagement.goals), "currency"),
            ),
            columns=[
                Column(f"measurement_plan.money.{head}", "text" if head == "action" else "num")
                for head in ("line", "action", "planned", "paid")
            ],
            rows=rows,
        ),
    )


def budget_finding(
    report: Report, lines: Sequence[PaidLine], *, until: date | None = None
) -> Block | None:
    """Say how payments compare with their budget lines; None without both.

    Money paid without a budget line is named apart: it costs as much and nobody planned it.
    """
    if all(line.planned_hkd is None or line.paid_hkd is None for line in lines):
        return None
    budgeted = [line for line in lines if line.planned_hkd is not None]
    over = [line for line in budgeted if (line.paid_hkd or 0.0) > (line.planned_hkd or 0.0)]
    initiatives = {item.id: item.name for item in report.engagement.initiatives}
    return report.say(
        "measurement_plan.money.finding",
        level="descriptive",
        grade=None,
        planned=Num(sum(line.planned_hkd or 0.0 for line in budgeted), "dollars"),
        paid=Num(sum(line.paid_hkd or 0.0 for line in budgeted), "dollars"),
        total=Num(sum(line.paid_hkd or 0.0 for line in lines), "dollars"),
        without=Num(sum(line.paid_hkd or 0.0 for line in lines if not line.action), "dollars"),
        today=Day(until or report.engagement.dated()),
        n_over=len(over),
        over=listed(
            [
                phrase(
                    f"measurement_plan.money.{line.kind}",
                    name=initiatives.get(line.initiative, line.initiative),
                    category=phrase(f"measurement_plan.category.{line.category}"),
                )
                for line in over
            ]
        ),
    )


def plan_note(
    report: Report, plan: Sequence[PlannedAction], unserved: Sequence[Goal]
) -> Block | None:
    """Name goals without an action, actions that end late, and those inside their baseline."""
    lines: list[Phrase] = []
    for goal in unserved if plan else ():
        name = report.engagement.kpi(goal.kpi).name
        lines.append(phrase("measurement_plan.note.unserved", name=name))
    lines += [
        phrase(
            "measurement_plan.note.late",
            name=item.action.name,
            end=Day(item.action.end),
            due=Day(item.goal.by),
        )
        for item in plan
        if item.ends_after_goal and item.goal
    ]
    baseline = report.engagement.baseline
    lines += [
        phrase(
            "measurement_plan.note.inside",
            name=item.action.name, start=Day(item.action.start),
            kpi=report.engagement.kpi(item.action.kpi).name,
            first=Day(baseline.start), last=Day(baseline.end),
        )
        for item in plan
        if item.goal and baseline.start < item.action.start <= baseline.end
    ]  # fmt: skip
    return report.items("measurement_plan.note", lines, role="note") if lines else None


def _effect(kpi: Kpi, rule: GoalRule, problem: EffectProblem | None) -> Cell:
    kind = "pp" if kpi.unit == "share" else kpi.unit
    if rule.minimum_effect is None:
        return phrase("measurement_plan.rules.whole")
    if problem is None:
        return phrase(f"measurement_plan.amount.{kpi.unit}", value=Num(rule.minimum_effect, kind))
    said = phrase(
        f"measurement_plan.unseen.{kpi.unit}",
        value=Num(problem.minimum_effect, kind),
        smallest=Num(problem.smallest, kind),
    )
    return Marked(said, "watch")


def _by(report: Report, rule: GoalRule) -> Value:
    goal = report.engagement.goal(rule.kpi)
    return Day(goal.by) if goal else rule.horizon
