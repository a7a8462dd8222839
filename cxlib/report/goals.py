"""What 02_kpi_setting shows of its goals: the level each means, and whether it can be seen."""

from collections.abc import Mapping, Sequence

from cxlib.decisions.level import Level, StoreGroup
from cxlib.decisions.goals import GoalCheck, Visibility
from cxlib.engagement.schema import Goal, Kpi
from cxlib.measures.response import ResponseRate
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.writer import Day, Joined, Num, NumKind, Phrase, Value, Writer, phrase

STATUS: dict[Visibility, Status] = {
    "one_period": "good",
    "pooled": "good",
    "late": "bad",
    "never": "bad",
    "reached": "watch",
    "not_collected": "watch",
}


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
            Day(check.goal.by),
        )
        for check in checks
    ]
    heads = ("goal", "written", "baseline", "level", "change", "best", "at_level", "by")
    relative = [check for check in checks if check.goal.unit == "relative_percent"]
    source = phrase("kpi_setting.goals.source")
    if relative:
        first = relative[0]
        change, start = first.goal.change or 0.0, first.baseline.estimate.value
        source = phrase(
            "kpi_setting.goals.source_relative",
            name=first.kpi.name,
            change=Num(change, "percent"),
            baseline=in_unit(first.kpi, start),
            level=in_unit(first.kpi, first.level),
        )
    return report.table(
        "kpi_setting.goals.table",
        Table(
            title=phrase("kpi_setting.goals.table", **goal_values(checks)),
            subtitle=Phrase(
                "kpi_setting.goals.subtitle", period_values(report.engagement.baseline)
            ),
            source=source,
            columns=[
                Column(f"kpi_setting.goals.{head}", "text" if head == "written" else "num")
                for head in heads
            ],
            rows=rows,
        ),
    )


def goal_values(checks: Sequence[GoalCheck]) -> dict[str, Value]:
    """How many goals there are, and which lie beyond every period of the history."""
    beyond = [check for check in checks if check.n_history and not check.n_at_level]
    return {"n": len(checks), "beyond": len(beyond), "names": names(beyond)}


def goal_finding(report: Report, checks: Sequence[GoalCheck]) -> Block:
    """Say which goals no single period has ever reached."""
    return report.say("kpi_setting.goals.finding", level="descriptive", grade=None, **goal_values(checks))


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


def response_note(report: Report, overall: ResponseRate) -> Block:
    """Say how many invitations bring one answer."""
    assert overall.rate  # noqa: S101 - overall counts are over the floor
    return report.say(
        "kpi_setting.sample.response",
        level="descriptive",
        grade=None,
        sent=overall.sent or 0,
        completed=overall.completed or 0,
        rate=overall.rate,
        **period_values(report.engagement.baseline),
    )


def sample_chart(report: Report, checks: Sequence[GoalCheck]) -> Block | None:
    """Draw collected and needed answers for each goal that has something left to see."""
    drawn = [(check, check.sample) for check in checks if check.sample]
    if not drawn:
        return None
    worst, sample = max(drawn, key=lambda pair: pair[1].n_needed / pair[1].n_collected)
    values: dict[str, Value] = {
        "name": worst.kpi.name,
        "needed": sample.n_needed,
        "collected": sample.n_collected,
        "per": per(worst.kpi),
        "seen": sum(item.can_be_seen for _, item in drawn),
        "n": len(drawn),
        "power": Num(sample.power, "share"),
        **period_values(report.engagement.baseline),
    }

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.sample_needed(
            [
                figures.GoalSample(
                    label=write(check.kpi.name),
                    collected=item.n_collected,
                    needed=item.n_needed,
                    note=write(per(check.kpi)),
                    verdict=write(phrase(f"kpi_setting.seen.{check.visibility}")),
                )
                for check, item in drawn
            ],
            theme=theme,
            fmt=lambda value: write(Num(value)),
            collected_label=write(phrase("kpi_setting.sample.collected_key")),
            needed_label=write(phrase("kpi_setting.sample.needed_key")),
            axis_label=write(phrase("kpi_setting.sample.axis")),
            note_head=write(phrase("kpi_setting.sample.per")),
            verdict_head=write(phrase("kpi_setting.sample.verdict")),
        )

    return report.figure(
        "kpi_setting.sample.chart",
        draw,
        title=Phrase("kpi_setting.sample.chart", values),
        subtitle=Phrase("kpi_setting.sample.chart_subtitle", values),
        source=Phrase("kpi_setting.sample.chart_source", values),
        alt=Phrase("kpi_setting.sample.chart_alt", values),
    )


def sample_table(report: Report, checks: Sequence[GoalCheck]) -> Block:
    """Show what a single period can show of each goal."""
    rows: list[tuple[Cell, ...]] = []
    for check in checks:
        item, kpi = check.sample, check.kpi
        head: tuple[Cell, ...] = (
            kpi.name, level_cell(check.start), in_unit(kpi, check.level), per(kpi),
        )  # fmt: skip
        rows.append(
            (*head, None, None, None, None, None)
            if item is None
            else (
                *head,
                Num(item.n_needed),
                Num(item.n_collected),
                Num(item.chance_to_see, "share"),
                None if item.smallest_change is None else signed(kpi, item.smallest_change),
                None if item.invitations_needed is None else Num(item.invitations_needed),
            )
        )
    heads = (
        "goal", "start", "level", "per", "needed", "collected", "chance", "smallest", "invitations",
    )  # fmt: skip
    one = sum(check.visibility == "one_period" for check in checks)
    return report.table(
        "kpi_setting.sample.table",
        Table(
            title=phrase("kpi_setting.sample.table", seen=one, n=len(checks)),
            subtitle=phrase("kpi_setting.sample.subtitle"),
            source=phrase("kpi_setting.sample.source", power=Num(power_of(checks), "share")),
            columns=[Column(f"kpi_setting.sample.{head}") for head in heads],
            rows=rows,
        ),
    )


def pooled_table(report: Report, checks: Sequence[GoalCheck]) -> Block:
    """Show what all periods up to the due date can show together."""
    rows: list[tuple[Cell, ...]] = [
        (
            check.kpi.name,
            signed(check.kpi, check.change) if check.sample else None,
            Day(check.goal.by),
            periods(check.kpi, check.periods_needed),
            periods(check.kpi, check.periods_left) if check.sample else None,
            None if check.smallest_by_date is None else signed(check.kpi, check.smallest_by_date),
            None
            if check.smallest_by_date is None
            else in_unit(check.kpi, check.start.estimate.value + check.smallest_by_date),
            Marked(phrase(f"kpi_setting.seen.{check.visibility}"), STATUS[check.visibility]),
        )
        for check in checks
    ]
    heads = (
        "goal", "change", "by", "periods_needed", "periods_left", "smallest", "nearest", "verdict",
    )  # fmt: skip
    return report.table(
        "kpi_setting.pooled.table",
        Table(
            title=phrase("kpi_setting.pooled.table", **seen_values(checks)),
            subtitle=Phrase("kpi_setting.pooled.subtitle"),
            source=phrase("kpi_setting.pooled.source", power=Num(power_of(checks), "share")),
            columns=[
                Column(f"kpi_setting.pooled.{head}", "text" if head == "verdict" else "num")
                for head in heads
            ],
            rows=rows,
        ),
    )


def seen_values(checks: Sequence[GoalCheck]) -> dict[str, Value]:
    """How many goals can be seen by their date, and the names of those that can and cannot."""
    seen = [check for check in checks if check.can_be_seen]
    unseen = [check for check in checks if not check.can_be_seen and check.sample]
    return {"seen": len(seen), "n": len(checks), "yes": names(seen), "no": names(unseen)}


def seen_finding(report: Report, checks: Sequence[GoalCheck]) -> Block:
    """Say which goals can be seen by their date and which have too few answers."""
    return report.say("kpi_setting.sample.finding", level="predictive", grade=None, **seen_values(checks))


def unseen_list(report: Report, checks: Sequence[GoalCheck]) -> Block:
    """Say of each goal that cannot be seen why not, and the smallest change that can."""
    lines: list[Phrase] = []
    for check in checks:
        if check.from_recent:
            lines.append(phrase("kpi_setting.unseen.won_back", **unseen_values(check)))
        if not check.can_be_seen:
            short = "" if check.smallest_by_date is not None or not check.sample else "_at_all"
            lines.append(
                Phrase(f"kpi_setting.unseen.{check.visibility}{short}", unseen_values(check))
            )
    return report.items(
        "kpi_setting.unseen", lines or [phrase("kpi_setting.unseen.none")], role="note"
    )


def unseen_values(check: GoalCheck) -> dict[str, Value]:
    """What a sentence about one goal may use."""
    kpi, start = check.kpi, check.start
    values: dict[str, Value] = {
        "name": kpi.name,
        "start": level_cell(start),
        "from": Day(start.start),
        "to": Day(start.end),
        "baseline": level_cell(check.baseline),
        "goal": in_unit(kpi, check.level),
        "change": signed(kpi, check.change),
        "by": Day(check.goal.by),
        "left": periods(kpi, check.periods_left),
        "needed": periods(kpi, check.periods_needed),
    }
    if check.smallest_by_date is not None:
        values["smallest"] = signed(kpi, check.smallest_by_date)
        values["nearest"] = in_unit(kpi, start.estimate.value + check.smallest_by_date)
    return values


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
    return phrase(f"kpi_setting.periods.{kpi.cadence}", count=Num(count))


def names(checks: Sequence[GoalCheck]) -> Value:
    """List the KPI names of goals."""
    listed = tuple(check.kpi.name for check in checks)
    return Joined(listed) if listed else phrase("list.none")


def power_of(checks: Sequence[GoalCheck]) -> float:
    """Give the chance the sample sizes were computed for."""
    return next((check.sample.power for check in checks if check.sample), 0.8)


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
