"""What 02_kpi_setting shows of the answers each goal needs beside those that are collected."""

from collections.abc import Sequence

from cxlib.decisions.goals import GoalCheck, Visibility
from cxlib.measures.response import ResponseRate
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.goals import in_unit, level_cell, names, per, periods, signed
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.writer import Day, Num, Phrase, Value, Writer, phrase
from cxlib.stats.multiplicity import simultaneous_level

STATUS: dict[Visibility, Status] = {
    "one_period": "good",
    "pooled": "good",
    "late": "bad",
    "never": "bad",
    "reached": "watch",
    "not_collected": "watch",
    "passed": "bad",
}


def response_note(report: Report, overall: ResponseRate) -> Block | None:
    """Say how many invitations bring one answer; None where too few were sent."""
    if overall.rate is None:
        return None
    return report.say(
        "kpi_setting.sample.response",
        level="descriptive",
        grade=None,
        sent=overall.sent or 0,
        completed=overall.completed or 0,
        rate=overall.rate,
        **period_values(report.engagement.baseline),
    )


def repeat_note(report: Report, checks: Sequence[GoalCheck]) -> Block:
    """Say what it costs that customers answer more than once."""
    lines = [
        phrase(
            "kpi_setting.repeats.item",
            name=check.kpi.name,
            customers=alike.customers,
            n=alike.n_obs,
            each=Num(alike.per_customer, "ratio"),
            alike=Num(alike.alike, "ratio"),
            more=Num(alike.of_period - 1, "share"),
            pooled=Num(alike.of_baseline - 1, "share"),
            **period_values(report.engagement.baseline),
        )
        for check in checks
        if (alike := check.repeats)
    ]
    return report.items(
        "kpi_setting.repeats", lines or [phrase("kpi_setting.repeats.none")], role="note"
    )


def sample_chart(report: Report, checks: Sequence[GoalCheck]) -> Block | None:
    """Draw collected and needed answers for each goal that has something left to see."""
    drawn = [(check, check.family or check.sample) for check in checks if check.sample]
    drawn = [(check, item) for check, item in drawn if item]
    if not drawn:
        return None
    worst, sample = max(drawn, key=lambda pair: pair[1].n_needed / pair[1].n_collected)
    values: dict[str, Value] = {
        "name": worst.kpi.name,
        "needed": sample.n_needed,
        "collected": sample.n_collected,
        "per": per(worst.kpi),
        "seen": sum(check.can_be_seen for check, _ in drawn),
        "n": sum(check.visibility != "passed" for check, _ in drawn),
        "power": Num(sample.power, "share"),
        "joint": Num(family_level(report), "share"),
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
            kpi.name,
            level_cell(check.start),
            in_unit(kpi, check.level),
        )  # fmt: skip
        rows.append(
            (*head, None, None, None, None, None)
            if item is None
            else (
                *head,
                Num(item.n_needed),
                Num(check.family.n_needed) if check.family else None,
                Num(item.n_collected),
                Num(item.chance_to_see, "share"),
                None if item.smallest_change is None else signed(kpi, item.smallest_change),
                None
                if check.family is None or check.family.invitations_needed is None
                else Num(check.family.invitations_needed),
            )
        )
    heads = (
        "goal", "start", "level", "needed", "needed_family", "collected", "chance", "smallest",
        "invitations",
    )  # fmt: skip
    one = sum(check.family is not None and check.family.can_be_seen for check in checks)
    return report.table(
        "kpi_setting.sample.table",
        Table(
            title=phrase("kpi_setting.sample.table", seen=one, n=len(checks)),
            subtitle=phrase("kpi_setting.sample.subtitle"),
            source=phrase(
                "kpi_setting.sample.source",
                power=Num(power_of(checks), "share"),
                joint=Num(family_level(report), "share"),
                n=len(report.engagement.goals),
            ),
            columns=[
                Column(f"kpi_setting.sample.{head}", "text" if head == "start" else "num")
                for head in heads
            ],
            rows=rows,
        ),
    )


def pooled_table(report: Report, checks: Sequence[GoalCheck]) -> Block:
    """Show what all periods up to the due date can show together."""
    rows: list[tuple[Cell, ...]] = [
        (
            check.kpi.name,
            signed(check.kpi, check.change) if check.sample else None,
            periods(check.kpi, check.periods_needed) if check.sample else None,
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
        "goal", "change", "periods_needed", "periods_left", "smallest", "nearest", "verdict",
    )  # fmt: skip
    return report.table(
        "kpi_setting.pooled.table",
        Table(
            title=phrase("kpi_setting.pooled.table", **seen_values(checks)),
            subtitle=Phrase("kpi_setting.pooled.subtitle"),
            source=phrase(
                "kpi_setting.pooled.source",
                power=Num(power_of(checks), "share"),
                joint=Num(family_level(report), "share"),
                n=len(report.engagement.goals),
            ),
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
    passed = [check for check in checks if check.visibility == "passed"]
    ahead = [check for check in checks if check.visibility != "passed"]
    unseen = [check for check in ahead if not check.can_be_seen and check.sample]
    return {
        "seen": len(seen), "n": len(ahead), "yes": names(seen), "no": names(unseen),
        "n_passed": len(passed), "passed": names(passed),
    }  # fmt: skip


def seen_finding(report: Report, checks: Sequence[GoalCheck]) -> Block:
    """Say which goals can be seen by their date and which have too few answers."""
    return report.say(
        "kpi_setting.sample.finding", level="predictive", grade=None, **seen_values(checks)
    )


def unseen_list(report: Report, checks: Sequence[GoalCheck]) -> Block:
    """Say of each goal that cannot be seen why not, and the smallest change that can."""
    lines: list[Phrase] = []
    for check in checks:
        if check.from_recent:
            lines.append(phrase("kpi_setting.unseen.won_back", **unseen_values(check)))
        if not check.can_be_seen:
            short = "" if check.smallest_by_date is not None or not check.sample else "_at_all"
            if check.sample and not check.periods_left:
                short = "_no_period" if check.smallest_of_one is not None else "_at_all"
            if check.visibility == "passed":
                short = ""
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
        "power": Num(power_of([check]), "share"),
    }
    smallest = check.smallest_of_one if check.smallest_by_date is None else check.smallest_by_date
    if smallest is not None:
        values["smallest"] = signed(kpi, smallest)
        values["nearest"] = in_unit(kpi, start.estimate.value + smallest)
    return values


def family_level(report: Report) -> float:
    """Give the level at which the intervals of all goals hold together: Holm's first hurdle."""
    engagement = report.engagement
    return simultaneous_level(
        engagement.confidence_level, comparisons=max(1, len(engagement.goals))
    )


def power_of(checks: Sequence[GoalCheck]) -> float:
    """Give the chance the sample sizes were computed for."""
    return next((check.sample.power for check in checks if check.sample), 0.8)
