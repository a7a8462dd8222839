"""What 02_kpi_setting shows of its goals: the level each means, and whether it can be seen."""

from collections.abc import Mapping, Sequence

from cxlib.decisions.goals import GoalCheck, GoalLink
from cxlib.decisions.level import Level, StoreGroup
from cxlib.engagement.schema import Engagement, Goal, Kpi
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Day, Joined, Num, NumKind, Phrase, Value, phrase


def priority_section(report: Report, links: Sequence[GoalLink], priorities: Sequence[str]) -> Block:
    """Open the section on priorities, or say that no diagnosis stands behind the goals."""
    if not priorities:
        return report.section("kpi_setting.priorities_absent", goals=len(links))
    return report.section(
        "kpi_setting.priorities", "diagnostic", **priority_values(report, links, priorities)
    )


def priority_table(
    report: Report, links: Sequence[GoalLink], priorities: Sequence[str]
) -> Block | None:
    """Show which diagnosed priorities each goal touches."""
    if not priorities:
        return None
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
            title=phrase(
                "kpi_setting.priorities.table", **priority_values(report, links, priorities)
            ),
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
        level="descriptive",
        grade=None,
        **priority_values(report, links, priorities),
    )


def goal_table(report: Report, checks: Sequence[GoalCheck]) -> Block:
    """Show each goal as written, the level it means and how the history compares."""
    rows: list[tuple[Cell, ...]] = [
        (
            check.kpi.name,
            written(check.goal),
            level_cell(check.baseline),
            in_unit(check.kpi, check.level),
            signed(check.kpi, check.level - check.baseline.estimate.value),
            None if check.best is None else in_unit(check.kpi, check.best),
            phrase("kpi_setting.cell.of", part=check.n_at_level, whole=check.n_history),
        )
        for check in checks
    ]
    heads = ("goal", "written", "baseline", "level", "change", "best", "at_level")
    relative = [check for check in checks if check.goal.unit == "relative_percent"]
    source = phrase("kpi_setting.goals.source")
    if relative:
        first = relative[0]
        change, start = first.goal.change or 0.0, first.baseline.estimate.value
        source = phrase(
            "kpi_setting.goals.source_relative",
            name=first.kpi.name,
            change=Num(change, "percent"),
            points=Num(change / 100, "pp"),
            baseline=in_unit(first.kpi, start),
            level=in_unit(first.kpi, first.level),
        )
    return report.table(
        "kpi_setting.goals.table",
        Table(
            title=phrase(
                "kpi_setting.goals.table",
                name=checks[0].kpi.name,
                baseline=in_unit(checks[0].kpi, checks[0].baseline.estimate.value),
                level=in_unit(checks[0].kpi, checks[0].level),
            ),
            subtitle=Phrase(
                "kpi_setting.goals.subtitle", period_values(report.engagement.baseline)
            ),
            source=source,
            columns=[
                Column(
                    f"kpi_setting.goals.{head}",
                    "text" if head in {"written", "baseline"} else "num",
                )
                for head in heads
            ],
            rows=rows,
        ),
    )


def goal_values(checks: Sequence[GoalCheck]) -> dict[str, Value]:
    """How many goals there are, which no period has reached, and which the baseline met."""
    beyond = [check for check in checks if check.n_history and not check.n_at_level]
    easy = [check for check in checks if check.from_recent or check.visibility == "reached"]
    return {"n": len(checks), "beyond": len(beyond), "names": names(beyond), "easy": names(easy)}


def goal_finding(report: Report, checks: Sequence[GoalCheck]) -> Block:
    """Say which goals no single period has ever reached, and which the baseline did."""
    return report.say(
        "kpi_setting.goals.finding", level="descriptive", grade=None, **goal_values(checks)
    )


def coverage_finding(
    report: Report, checks: Sequence[GoalCheck], groups: Sequence[StoreGroup]
) -> Block | None:
    """Say how far the conversion goal is from what the stores with the action can carry."""
    goal = next((check for check in checks if check.kpi.id == "conversion"), None)
    by_group = {group.treated: group for group in groups}
    if goal is None or len(by_group) < 2:  # noqa: PLR2004 - both groups are needed
        return None
    inside, outside = by_group[True], by_group[False]
    enquiries = inside.enquiries + outside.enquiries
    factor = goal.level / goal.baseline.estimate.value
    wanted = (goal.level * enquiries - outside.sales) / inside.enquiries
    return report.say(
        "kpi_setting.goals.coverage",
        level="predictive",
        grade=None,
        stores=inside.stores,
        all=inside.stores + outside.stores,
        share=Num(inside.enquiries / enquiries, "share"),
        inside=inside.conversion,
        level_wanted=in_unit(goal.kpi, goal.level),
        rise=Num(factor - 1, "share"),
        chain=Num((outside.sales + factor * inside.sales) / enquiries, "share"),
        wanted=Num(wanted, "share"),
        **period_values(report.engagement.baseline),
    )


def action_values(engagement: Engagement) -> dict[str, Value]:
    """How many actions there are, the budget they have together, and the first date."""
    return {
        "n": len(engagement.goals),
        "budget": Num(sum(goal.budget or 0.0 for goal in engagement.goals), "dollars"),
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
            None if check.goal.budget is None else Num(check.goal.budget, "dollars"),
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


def written(goal: Goal) -> Phrase:
    """Write a goal as the engagement file has it, with its unit."""
    if goal.target is not None:
        kind: NumKind = {"points": "points", "rating": "rating"}.get(goal.unit, "percent")  # type: ignore[assignment]
        return phrase(f"kpi_setting.written.{goal.unit}", value=Num(goal.target, kind))
    change = goal.change or 0.0
    key = f"kpi_setting.written.change_{goal.unit}"
    match goal.unit:
        case "relative_percent":
            return phrase(key, value=Num(change, "percent"))
        case "pp":
            return phrase(key, value=Num(change / 100, "pp"))
        case _:
            return phrase(key, value=Num(change, "rating" if goal.unit == "rating" else "points"))


def level_cell(level: Level) -> Phrase:
    """Write a level with interval and n, or as given by hand."""
    key = "kpi_setting.cell.level" if level.source == "history" else "kpi_setting.cell.given"
    return phrase(key, value=level.estimate)


def in_unit(kpi: Kpi, value: float) -> Num:
    """Give a level of a KPI in its unit."""
    return Num(value, kpi.unit)


def signed(kpi: Kpi, value: float) -> Phrase:
    """Give a change of a KPI with its sign and unit."""
    return phrase(
        f"kpi_setting.change.{kpi.unit}",
        value=Num(value, "pp" if kpi.unit == "share" else kpi.unit),
    )


def per(kpi: Kpi) -> Phrase:
    """Name a KPI's period: per week, per month, per quarter."""
    return phrase(f"kpi_setting.per.{kpi.cadence}")


def periods(kpi: Kpi, count: int | None) -> Phrase:
    """Count a KPI's periods; None is no number of them."""
    if count is None:
        return phrase("kpi_setting.periods.none")
    one = "_one" if count == 1 else ""
    return phrase(f"kpi_setting.periods.{kpi.cadence}{one}", count=Num(count))


def names(checks: Sequence[GoalCheck]) -> Value:
    """List the KPI names of goals."""
    listed = tuple(check.kpi.name for check in checks)
    return Joined(listed) if listed else phrase("list.none")


def listed(items: Sequence[Value]) -> Value:
    """List values, or say that there are none."""
    return Joined(tuple(items)) if items else phrase("list.none")


def targets_content(checks: Sequence[GoalCheck]) -> Mapping[str, object]:
    """What later notebooks read of the goals; frozen."""
    return {
        check.kpi.id: {
            "level": round(check.level, 10),
            "unit": check.kpi.unit,
            "written_unit": check.goal.unit,
            "written_target": check.goal.target,
            "written_change": check.goal.change,
            "direction": check.kpi.direction,
            "by": check.goal.by.isoformat(),
            "owner": check.goal.owner,
            "baseline": round(check.baseline.estimate.value, 10),
        }
        for check in checks
    }
