"""What 02_kpi_setting shows beside its goals: priorities, baselines, KPI table, rules, actions."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date

from cxlib.decisions.comparison import Metric
from cxlib.decisions.experiment import Plan
from cxlib.decisions.goals import GoalCheck, GoalLink, KpiLine
from cxlib.decisions.level import Level, StoreGroup, period_end
from cxlib.decisions.targets import Verdict
from cxlib.engagement.schema import Engagement, Experiment, Period
from cxlib.report import scope
from cxlib.report.blocks import Block
from cxlib.report.goals import in_unit, power_of, seen_values, signed, unseen_values
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.writer import Day, Joined, Month, Num, Phrase, Value, phrase

STATUS: dict[Verdict, Status] = {"met": "good", "missed": "bad", "unclear": "watch"}
VERDICTS = ("invalid", "rollback", "extend", "ship", "hold")


def priority_table(
    report: Report, links: Sequence[GoalLink], priorities: Sequence[str]
) -> Block:
    """Show which diagnosed priorities each goal touches."""
    if not priorities:
        return report.items(
            "kpi_setting.priorities.absent", [phrase("kpi_setting.priorities.absent")], role="note"
        )
    names = report.engagement.touchpoint_names()
    rows: list[tuple[Cell, ...]] = [
        (
            report.engagement.kpi(link.goal.kpi).name,
            link.goal.action,
            link.goal.owner,
            listed([names[point] for point in link.named]),
            listed([names[point] for point in link.same_owner]),
        )
        for link in links
    ]
    heads = ("goal", "action", "owner", "named", "same_owner")
    return report.table(
        "kpi_setting.priorities.table",
        Table(
            title=phrase("kpi_setting.priorities.table", **priority_values(report, links, priorities)),
            subtitle=phrase("kpi_setting.priorities.subtitle"),
            source=phrase("kpi_setting.priorities.source"),
            columns=[Column(f"kpi_setting.priorities.{head}", "text") for head in heads],
            rows=rows,
        ),
    )


def priority_values(
    report: Report, links: Sequence[GoalLink], priorities: Sequence[str]
) -> dict[str, Value]:
    """Priorities of the diagnosis, and which of them a goal names."""
    names = report.engagement.touchpoint_names()
    named = [point for point in priorities if any(point in link.named for link in links)]
    return {
        "n": len(priorities),
        "goals": len(links),
        "touching": sum(bool(link.named) for link in links),
        "named": len(named),
        "priorities": listed([names[point] for point in priorities]),
        "unnamed": listed([names[point] for point in priorities if point not in named]),
    }


def priority_finding(
    report: Report, links: Sequence[GoalLink], priorities: Sequence[str]
) -> Block | None:
    """Say how many priorities the goals name, and which they leave out."""
    if not priorities:
        return None
    return report.say(
        "kpi_setting.priorities.finding",
        level="prescriptive",
        grade=None,
        **priority_values(report, links, priorities),
    )


def baseline_table(report: Report, levels: Mapping[str, Level]) -> Block:
    """Show the frozen baseline of each KPI."""
    engagement = report.engagement
    rows: list[tuple[Cell, ...]] = []
    for kpi in engagement.kpis:
        level = levels.get(kpi.id)
        if level is None:
            rows.append((kpi.name, cadence(kpi.cadence), *[None] * 6))
            continue
        value = level.estimate
        rows.append(
            (
                kpi.name,
                cadence(kpi.cadence),
                in_unit(kpi, value.value),
                phrase("cell.interval", value=value),
                Num(value.n_obs) if value.n_obs else phrase("kpi_setting.baselines.given"),
                Day(level.start),
                Day(level.end),
                Num(level.n_per_period) if level.n_per_period else None,
            )
        )
    heads = ("kpi", "cadence", "value", "ci", "n", "from", "to", "per_period")
    first = next(kpi for kpi in engagement.kpis if kpi.id in levels)
    return report.table(
        "kpi_setting.baselines.table",
        Table(
            title=phrase(
                "kpi_setting.baselines.table",
                n=len(levels),
                name=first.name,
                value=in_unit(first, levels[first.id].estimate.value),
            ),
            subtitle=Phrase("kpi_setting.baselines.subtitle", period_values(engagement.baseline)),
            source=phrase("kpi_setting.baselines.source"),
            columns=[
                Column(f"kpi_setting.baselines.{head}", "text" if head == "cadence" else "num")
                for head in heads
            ],
            rows=rows,
        ),
    )


def rebase_note(report: Report, reason: str) -> Block | None:
    """Say that frozen entries were allowed to change in this run, and why."""
    if not reason:
        return None
    return report.items(
        "kpi_setting.rebase", [phrase("kpi_setting.rebase", reason=reason)], role="note"
    )


def kpi_values(lines: Sequence[KpiLine]) -> dict[str, Value]:
    """How many KPIs have a target, clear it or miss it, and which show a trend."""
    rows = [line for line in lines if line.row]
    trends: list[Value] = [
        phrase(f"kpi_setting.trend.named_{line.row.trend}", name=line.kpi.name)
        for line in rows
        if line.row and line.row.trend != "no_signal"
    ]
    verdicts = [line.row.verdict for line in rows if line.row]
    return {
        "n": len(lines),
        "set": sum(verdict != "no_target" for verdict in verdicts),
        "met": verdicts.count("met"),
        "missed": verdicts.count("missed"),
        "unclear": verdicts.count("unclear"),
        "moving": len(trends),
        "trends": listed(trends),
    }


def kpi_table(report: Report, lines: Sequence[KpiLine]) -> Block:
    """Show the KPI table: cadence, target, current value, trend, verdict, owner."""
    rows: list[tuple[Cell, ...]] = []
    for line in lines:
        kpi, row = line.kpi, line.row
        if row is None or line.series is None:
            rows.append((kpi.name, cadence(kpi.cadence), *[None] * 7, kpi.owner))
            continue
        start = line.series.points[-1].period_start
        rows.append(
            (
                kpi.name,
                cadence(kpi.cadence),
                phrase("kpi_setting.kpis.not_set") if row.target is None else in_unit(kpi, row.target),
                in_unit(kpi, row.current.value),
                phrase("cell.interval", value=row.current),
                Num(row.current.n_obs),
                latest(start, kpi.cadence),
                phrase(f"kpi_setting.trend.{row.trend}"),
                _verdict(row.verdict),
                kpi.owner,
            )
        )
    text = {"cadence", "trend", "verdict", "owner"}
    heads = (
        "kpi", "cadence", "target", "current", "ci", "n", "period", "trend", "verdict", "owner",
    )  # fmt: skip
    return report.table(
        "kpi_setting.kpis.table",
        Table(
            title=phrase("kpi_setting.kpis.table", **kpi_values(lines)),
            subtitle=phrase("kpi_setting.kpis.subtitle"),
            source=phrase("kpi_setting.kpis.source"),
            columns=[
                Column(f"kpi_setting.kpis.{head}", "text" if head in text else "num")
                for head in heads
            ],
            rows=rows,
        ),
    )


def kpi_finding(report: Report, lines: Sequence[KpiLine]) -> Block:
    """Say which KPIs move by rule, and what the others' silence means."""
    return report.say(
        "kpi_setting.kpis.finding", level="descriptive", grade=None, **kpi_values(lines)
    )


def rule_table(report: Report, plans: Sequence[Plan]) -> Block:
    """Show the decision rule of each experiment with its fingerprint."""
    known = {item.id: item for item in report.engagement.experiments}
    if not plans:
        return report.items(
            "kpi_setting.rules.absent", [phrase("kpi_setting.rules.absent")], role="note"
        )
    rows: list[tuple[Cell, ...]] = [
        (
            known[plan.experiment].name,
            known[plan.experiment].primary.name,
            _amount(plan.primary, plan.minimum_effect),
            Num(plan.planned_per_arm),
            Num(plan.treatment_share, "share"),
            Num(plan.horizon_days, "days"),
            listed([_guardrail(known[plan.experiment], metric) for metric in plan.guardrails]),
            plan.rule_hash(),
        )
        for plan in plans
    ]
    heads = ("test", "primary", "minimum", "planned", "split", "days", "guardrails", "hash")
    text = {"primary", "guardrails", "hash"}
    return report.table(
        "kpi_setting.rules.table",
        Table(
            title=phrase("kpi_setting.rules.table", n=len(plans), planned=plans[0].planned_per_arm),
            subtitle=phrase("kpi_setting.rules.subtitle"),
            source=phrase("kpi_setting.rules.source"),
            columns=[
                Column(f"kpi_setting.rules.{head}", "text" if head in text else "num")
                for head in heads
            ],
            rows=rows,
        ),
    )


def rule_order(report: Report, plans: Sequence[Plan]) -> Block | None:
    """List what the rule decides, in the order in which it decides."""
    if not plans:
        return None
    return report.items(
        "kpi_setting.rules.order", [phrase(f"kpi_setting.rules.{name}") for name in VERDICTS]
    )


def action_values(engagement: Engagement) -> dict[str, Value]:
    """How many actions there are, the budget they have together, and the first date."""
    return {
        "n": len(engagement.goals),
        "budget": Num(sum(goal.budget or 0.0 for goal in engagement.goals), "currency"),
        "first": Day(min(goal.by for goal in engagement.goals)),
        "last": Day(max(goal.by for goal in engagement.goals)),
        "without": sum(goal.budget is None for goal in engagement.goals),
    }


def action_table(report: Report, checks: Sequence[GoalCheck]) -> Block:
    """Show each action with its goal, owner, date and budget."""
    rows: list[tuple[Cell, ...]] = [
        (
            check.goal.action,
            check.kpi.name,
            in_unit(check.kpi, check.level),
            check.goal.owner,
            Day(check.goal.by),
            None if check.goal.budget is None else Num(check.goal.budget, "currency"),
        )
        for check in checks
    ]
    heads = ("action", "goal", "level", "owner", "by", "budget")
    text = {"goal", "owner"}
    return report.table(
        "kpi_setting.actions.table",
        Table(
            title=phrase("kpi_setting.actions.table", **action_values(report.engagement)),
            subtitle=phrase("kpi_setting.actions.subtitle"),
            source=phrase("kpi_setting.actions.source"),
            columns=[
                Column(f"kpi_setting.actions.{head}", "text" if head in text else "num")
                for head in heads
            ],
            rows=rows,
        ),
    )


def limit_list(report: Report, checks: Sequence[GoalCheck]) -> Block:
    """List what goal setting cannot show."""
    keys = [f"kpi_setting.limits.{name}" for name in ("chance", "season", "alike", "many", "silent")]
    return scope.limits(
        report, keys, power=Num(power_of(checks), "share"), n=len(report.engagement.kpis)
    )


def answer(report: Report, checks: Sequence[GoalCheck]) -> Block:
    """Give the answer, its three reasons and the decision wanted."""
    third = "kpi_setting.priorities.finding"
    if third not in report.findings:
        third = "kpi_setting.kpis.finding"
    unseen = [check for check in checks if not check.can_be_seen]
    told = next((check for check in unseen if check.smallest_by_date is not None), None)
    owners = list({str(c.goal.owner): c.goal.owner for c in unseen or checks}.values())
    values: dict[str, Value] = {
        **(unseen_values(told) if told else {}),
        **seen_values(checks),
        "owners": listed(owners),
        "decide_by": Day(decide_by(report.engagement.review)),
        "budget": action_values(report.engagement)["budget"],
    }
    return report.answer(
        "kpi_setting.summary" if told else "kpi_setting.summary_all",
        reasons=["kpi_setting.sample.finding", "kpi_setting.goals.finding", third],
        **values,
    )


def decide_by(review: Period) -> date:
    """Give the last day of the month after the review period: when its report is discussed."""
    year, month = divmod(review.end.year * 12 + review.end.month, 12)
    return date(year, month + 1, monthrange(year, month + 1)[1])


def baselines_content(
    levels: Mapping[str, Level], groups: Sequence[StoreGroup], *, period: Period
) -> Mapping[str, object]:
    """What later notebooks read of the baselines; frozen."""
    content = {kpi: level.as_record(period) for kpi, level in levels.items()}
    if "conversion" in content and groups:
        content["conversion"]["groups"] = {
            "treated" if group.treated else "comparison": {
                "value": round(group.conversion.value, 10),
                "stores": group.stores,
                "enquiries": group.enquiries,
                "sales": group.sales,
            }
            for group in groups
        }
    return content


def rules_content(plans: Sequence[Plan]) -> Mapping[str, object]:
    """The decision rules with their fingerprints; frozen."""
    return {plan.experiment: {**plan.as_record(), "rule_hash": plan.rule_hash()} for plan in plans}


def listed(items: Sequence[Value]) -> Value:
    """List values, or say that there are none."""
    return Joined(tuple(items)) if items else phrase("list.none")


def cadence(name: str) -> Phrase:
    """Name a rhythm: weekly, monthly, quarterly."""
    return phrase(f"kpi_setting.cadence.{name}")


def latest(start: date, rhythm: str) -> Value:
    """Name the period that begins on a day."""
    if rhythm == "monthly":
        return Month(start)
    if rhythm == "weekly":
        return phrase("kpi_setting.week", day=Day(start))
    end = period_end(start, "quarterly")
    return phrase("kpi_setting.quarter", start=Month(start), end=Month(end))


def _verdict(verdict: Verdict) -> Cell:
    shown = phrase(f"kpi_setting.verdict.{verdict}")
    return Marked(shown, STATUS[verdict]) if verdict in STATUS else shown


def _amount(metric: Metric, value: float) -> Num:
    return Num(value, "pp" if metric.kind == "proportion" else metric.unit)


def _guardrail(experiment: Experiment, metric: Metric) -> Phrase:
    outcome = next(item for item in experiment.guardrails if item.column == metric.column)
    key = "kpi_setting.rules.guardrail" if metric.direction == "higher" else "kpi_setting.rules.ceiling"
    return phrase(key, name=outcome.name, margin=_amount(metric, metric.margin or 0.0))
