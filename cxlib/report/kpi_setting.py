"""What 02_kpi_setting shows around its goals: baselines, KPI table, rules, limits, the answer."""

from collections.abc import Mapping, Sequence
from datetime import date

from cxlib.decisions.experiment import EARLY_HARM_P_VALUE, Plan
from cxlib.decisions.goals import GoalCheck
from cxlib.decisions.kpis import TrackedKpi
from cxlib.decisions.level import Level, StoreGroup, period_end
from cxlib.decisions.outcomes import Metric
from cxlib.decisions.rule_dates import RuleDate
from cxlib.engagement.scales import Direction
from cxlib.engagement.schema import Cadence, Experiment, Period
from cxlib.measures.tracking import Verdict
from cxlib.measures.voice.correction import MentionRate
from cxlib.report import scope
from cxlib.report.blocks import Block
from cxlib.report.goals import action_values, in_unit, listed
from cxlib.report.report import Report
from cxlib.report.samples import power_of, seen_values, unseen_values
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.writer import Day, Month, Num, Phrase, Value, phrase

STATUS: dict[Verdict, Status] = {"met": "good", "not_met": "bad", "cannot_tell": "watch"}
VERDICTS = ("invalid", "rollback", "extend", "ship", "hold")


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


def mention_note(report: Report, rates: Sequence[MentionRate]) -> Block | None:
    """Say that the mention rate is as labelled, and which way its correction goes.

    None where the engagement has no such KPI or people have read no mentions.
    """
    kpi = next((kpi for kpi in report.engagement.kpis if kpi.id == "positive_mentions"), None)
    share = rates[0].rate if rates else None
    if kpi is None or share is None or share.corrected is None:
        return None
    gap = share.corrected.value - share.apparent.value
    return report.say(
        f"kpi_setting.mentions.{'higher' if gap > 0 else 'lower'}",
        level="descriptive",
        grade=None,
        name=kpi.name,
        apparent=share.apparent,
        corrected=share.corrected,
        **period_values(report.engagement.baseline),
    )


def rebase_note(report: Report, reason: str) -> Block | None:
    """Say that frozen entries were allowed to change in this run, and why."""
    if not reason:
        return None
    return report.items(
        "kpi_setting.rebase", [phrase("kpi_setting.rebase", reason=reason)], role="note"
    )


def kpi_values(tracked: Sequence[TrackedKpi]) -> dict[str, Value]:
    """How many KPIs have a target, clear it or miss it, and which show a trend."""
    trends: list[Value] = [
        phrase(f"kpi_setting.trend.named_{each.series.trend}", name=each.kpi.name)
        for each in tracked
        if each.series and each.moved
    ]
    verdicts = [each.series.verdict for each in tracked if each.series]
    return {
        "n": len(tracked),
        "set": sum(verdict != "no_target" for verdict in verdicts),
        "met": verdicts.count("met"),
        "not_met": verdicts.count("not_met"),
        "cannot_tell": verdicts.count("cannot_tell"),
        "moving": len(trends),
        "trends": listed(trends),
    }


def kpi_table(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """Show the KPI table: cadence, target, current value, trend, verdict, owner."""
    rows: list[tuple[Cell, ...]] = []
    for each in tracked:
        kpi, series = each.kpi, each.series
        target: Cell = phrase("kpi_setting.kpis.not_set")
        if each.target is not None:
            target = in_unit(kpi, each.target.level)
        if series is None:
            rows.append((kpi.name, cadence(kpi.cadence), target, *[None] * 3, kpi.owner))
            continue
        start = series.points[-1].period_start
        rows.append(
            (
                kpi.name,
                latest(start, kpi.cadence),
                target,
                phrase("kpi_setting.cell.level", value=series.current),
                phrase(f"kpi_setting.trend.{series.trend}"),
                _verdict(series.verdict),
                kpi.owner,
            )
        )
    text = {"cadence", "current", "trend", "verdict", "owner"}
    heads = (
        "kpi", "cadence", "target", "current", "trend", "verdict", "owner"
    )  # fmt: skip
    return report.table(
        "kpi_setting.kpis.table",
        Table(
            title=phrase("kpi_setting.kpis.table", **kpi_values(tracked)),
            subtitle=phrase("kpi_setting.kpis.subtitle"),
            source=phrase(
                "kpi_setting.kpis.source",
                goals=len(report.engagement.goals),
                higher=_better(tracked, "higher"),
                lower=_better(tracked, "lower"),
            ),
            columns=[
                Column(f"kpi_setting.kpis.{head}", "text" if head in text else "num")
                for head in heads
            ],
            rows=rows,
        ),
    )


def kpi_finding(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """Say which KPIs move by rule, and what the others' silence means."""
    return report.say(
        "kpi_setting.kpis.finding", level="descriptive", grade=None, **kpi_values(tracked)
    )


def rule_values(dates: Sequence[RuleDate]) -> dict[str, Value]:
    """Count the rules, and those that were frozen only after their result could be read."""
    late = sum(item.is_late for item in dates)
    return {"n": len(dates), "n_early": len(dates) - late, "n_late": late}


def frozen_cell(dates: Sequence[RuleDate], rule_hash: str) -> Cell:
    """Say on which day a rule was frozen, marked where that was late."""
    found = next((item for item in dates if item.rule_hash == rule_hash), None)
    if found is None:
        return None
    day, read = Day(found.frozen_on), Day(found.read_on)
    if not found.is_late:
        return phrase("kpi_setting.rules.frozen_early", day=day)
    return Marked(phrase("kpi_setting.rules.frozen_late", day=day, read=read), "watch")


def rule_table(report: Report, plans: Sequence[Plan], dates: Sequence[RuleDate] = ()) -> Block:
    """Show the decision rule of each experiment with its fingerprint and its first day."""
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
            frozen_cell(dates, plan.rule_hash()),
        )
        for plan in plans
    ]
    heads = ("test", "primary", "minimum", "planned", "split", "days", "guardrails", "frozen")
    text = {"primary", "guardrails", "frozen"}
    return report.table(
        "kpi_setting.rules.table",
        Table(
            title=phrase("kpi_setting.rules.table", n=len(plans), planned=plans[0].planned_per_arm),
            subtitle=phrase("kpi_setting.rules.subtitle"),
            source=phrase(
                "kpi_setting.rules.source",
                hashes=listed(
                    [
                        phrase(
                            "kpi_setting.rules.hash",
                            name=known[plan.experiment].name,
                            hash=plan.rule_hash(),
                        )
                        for plan in plans
                    ]
                ),
            ),
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
    early = Num(EARLY_HARM_P_VALUE, "p_value")
    return report.items(
        "kpi_setting.rules.order",
        [phrase(f"kpi_setting.rules.{name}", early=early) for name in VERDICTS],
    )


def limit_list(report: Report, checks: Sequence[GoalCheck]) -> Block:
    """List what goal setting cannot show."""
    keys = [
        f"kpi_setting.limits.{name}" for name in ("chance", "floor", "season", "many", "silent")
    ]
    return scope.limits(
        report,
        keys,
        power=Num(power_of(checks), "share"),
        n=len(report.engagement.kpis),
        goals=len(report.engagement.goals),
    )


def answer(report: Report, checks: Sequence[GoalCheck]) -> Block:
    """Give the answer, its three reasons and the decision wanted."""
    third = "kpi_setting.priorities.finding"
    if third not in report.findings:
        third = "kpi_setting.kpis.finding"
    unseen = [check for check in checks if not check.can_be_seen]
    ahead = [check for check in unseen if check.visibility != "passed"]
    told = next((check for check in ahead if check.smallest_by_date is not None), None)
    owners = list({str(c.goal.owner): c.goal.owner for c in unseen or checks}.values())
    values: dict[str, Value] = {
        **(unseen_values(told) if told else {}),
        **seen_values(checks),
        "owners": listed(owners),
        "decide_by": scope.decide_by(report.engagement),
        "budget": action_values(report.engagement)["budget"],
    }
    return report.answer(
        "kpi_setting.summary" if told else "kpi_setting.summary_all",
        reasons=["kpi_setting.sample.finding", "kpi_setting.goals.finding", third],
        **values,
    )


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


def cadence(name: Cadence) -> Phrase:
    """Name a rhythm: weekly, monthly, quarterly."""
    return phrase(f"kpi_setting.cadence.{name}")


def latest(start: date, rhythm: Cadence) -> Phrase:
    """Name a rhythm and the period that begins on a day."""
    if rhythm == "quarterly":
        end = period_end(start, rhythm)
        return phrase("kpi_setting.latest.quarterly", start=Month(start), end=Month(end))
    day = Month(start) if rhythm == "monthly" else Day(start)
    return phrase(f"kpi_setting.latest.{rhythm}", day=day)


def _better(tracked: Sequence[TrackedKpi], direction: Direction) -> Value:
    return listed([each.kpi.name for each in tracked if each.kpi.direction == direction])


def _verdict(verdict: Verdict) -> Cell:
    shown = phrase(f"kpi_setting.verdict.{verdict}")
    return Marked(shown, STATUS[verdict]) if verdict in STATUS else shown


def _amount(metric: Metric, value: float) -> Num:
    return Num(value, "pp" if metric.kind == "proportion" else metric.unit)


def _guardrail(experiment: Experiment, metric: Metric) -> Phrase:
    outcome = next(item for item in experiment.guardrails if item.column == metric.column)
    key = (
        "kpi_setting.rules.guardrail"
        if metric.direction == "higher"
        else "kpi_setting.rules.ceiling"
    )
    return phrase(key, name=outcome.name, margin=_amount(metric, metric.margin or 0.0))
