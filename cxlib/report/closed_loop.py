"""What tracking shows of the closed loop: coverage, time to contact, and the next score."""

from cxlib.measures.closed_loop import NEGATIVE, LoopStudy, Recovery
from cxlib.measures.reading import Reading
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.readings import COLUMNS, nothing, reading_row, value_cells
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Joined, Num, Phrase, Value, Writer, phrase

REASONS = ("no_contact_details", "asked_not_to", "known_case")
"""Reasons the catalogue has words for; a client's other ones are printed as they stand."""
HIDDEN = phrase("number.hidden")


def section(report: Report, study: LoopStudy | None) -> Block:
    """Open the section with the share contacted in time, or say that nothing is recorded."""
    if study is None:
        return report.section("closed_loop.absent")
    contacted = study.reading("contacted")
    if contacted is None:
        return report.section("closed_loop.few", "descriptive", **loop_values(study))
    return report.section("closed_loop.head", "descriptive", **loop_values(study))


def loop_values(study: LoopStudy) -> dict[str, Value]:
    """Give what sentences on the loop ask for."""
    shares: dict[str, Value] = {
        name: study.reading(name) or HIDDEN for name in ("covered", "contacted", "closed")
    }
    return {
        "negative": phrase(
            f"closed_loop.negative.{study.rule.score}", cut=NEGATIVE[study.rule.score]
        ),
        "n": study.n_negative,
        "bare": study.n_bare,
        "excused": study.n_excused,
        "contact_days": study.rule.contact_days,
        "close_days": study.rule.close_days,
        "median": study.median or HIDDEN,
        "linked": phrase(f"closed_loop.linked.{study.kind}", days=study.rule.close_days),
        **shares,
        **period_values(study.period),
    }


def loop_table(report: Report, study: LoopStudy | None) -> Block:
    """Show coverage, review, contact and closure, and the time to the first contact."""
    if study is None:
        return nothing(report, "closed_loop.table")
    values = loop_values(study)
    wait = Reading(name="median", estimate=study.median, better="lower")
    rows = [
        reading_row(reading, words="closed_loop", values=values)
        for reading in (*study.readings, wait)
    ]
    reasons: Value = phrase("list.none")
    if study.reasons:
        reasons = Joined(
            tuple(
                phrase("closed_loop.reason", name=_reason(name), count=count)
                for name, count in study.reasons
            )
        )
    covered = study.reading("covered")
    titled = "closed_loop.table_few" if covered is None else "closed_loop.table"
    return report.table(
        "closed_loop.table",
        Table(
            title=Phrase(titled, values),
            subtitle=Phrase("closed_loop.table.subtitle", values),
            source=Phrase(
                "closed_loop.table.source",
                {**values, "reasons": reasons, "unmatched": study.n_unmatched},
            ),
            columns=COLUMNS,
            rows=rows,
        ),
    )


def loop_chart(report: Report, study: LoopStudy | None) -> Block:
    """Draw the share contacted and the share closed by each day after the answer."""
    if study is None:
        return nothing(report, "closed_loop.chart")
    curve = study.curve
    if curve is None or len(curve.days) <= 1:
        return report.items("closed_loop.chart", [phrase("closed_loop.chart.few")], role="note")
    reached, done = curve.contacted[-1], curve.closed[-1]
    values: dict[str, Value] = {
        **loop_values(study), "last": curve.days[-1], "reached": reached, "done": done,
        "followed": reached.n_obs,
    }  # fmt: skip

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.two_lines(
            [write(day) for day in curve.days],
            treated=curve.contacted,
            comparison=curve.closed,
            treated_label=write(phrase("closed_loop.chart.contacted", value=reached)),
            comparison_label=write(phrase("closed_loop.chart.closed", value=done)),
            theme=theme,
            fmt=lambda value: write(Num(value, "share")),
            axis_label=write(phrase("closed_loop.chart.axis")),
            limits=(0.0, 1.0),
        )

    return report.figure(
        "closed_loop.chart",
        draw,
        title=Phrase("closed_loop.chart", values),
        subtitle=Phrase("closed_loop.chart.subtitle", values),
        source=Phrase("closed_loop.chart.source", values),
        alt=Phrase("closed_loop.chart.alt", values),
    )


def loop_finding(report: Report, study: LoopStudy | None) -> Block:
    """Say whether every negative answer has a case or a reason."""
    if study is None:
        return nothing(report, "closed_loop.finding")
    if study.reading("covered") is None:
        few = phrase("closed_loop.finding.few", floor=report.engagement.minimum_cell)
        return report.items("closed_loop.finding", [few], role="note")
    key = "closed_loop.finding.all" if not study.n_bare else "closed_loop.finding.some"
    return report.say(key, level="descriptive", grade=None, **loop_values(study))


def recovery_values(found: Recovery) -> dict[str, Value]:
    """Give what sentences on the next score ask for."""
    return {
        "closed_before": found.closed_before.estimate or HIDDEN,
        "closed_after": found.closed_after.estimate or HIDDEN,
        "open_before": found.open_before.estimate or HIDDEN,
        "open_after": found.open_after.estimate or HIDDEN,
        "difference": found.difference or HIDDEN,
    }


def recovery_table(report: Report, study: LoopStudy | None) -> Block:
    """Show the next score of customers with a case closed in time beside that of the others."""
    if study is None or study.recovery.verdict == "too_few":
        return nothing(report, "closed_loop.recovery")
    found = study.recovery
    values = {**loop_values(study), **recovery_values(found)}
    rows: list[tuple[Cell, ...]] = []
    for name, before, after in (
        ("closed", found.closed_before.estimate, found.closed_after.estimate),
        ("open", found.open_before.estimate, found.open_after.estimate),
    ):
        if before is None or after is None:
            continue
        named = Phrase(f"closed_loop.group.{name}", values)
        rows.append((named, Num(after.n_obs), *value_cells(before), *value_cells(after)))
    if found.difference is not None:
        shown = phrase("closed_loop.cell.difference", value=found.difference)
        rows.append(
            (
                phrase("closed_loop.group.difference"), Num(found.difference.n_obs), None, None,
                shown, phrase("closed_loop.cell.difference_interval", value=found.difference),
            )
        )  # fmt: skip
    heads = ("group", "n", "before", "before_ci", "after", "after_ci")
    return report.table(
        "closed_loop.recovery",
        Table(
            title=Phrase("closed_loop.recovery", values),
            subtitle=Phrase("closed_loop.recovery.subtitle", values),
            source=Phrase("closed_loop.recovery.source", values),
            columns=[
                Column(f"closed_loop.recovery.{head}", "num" if place else "text")
                for place, head in enumerate(heads)
            ],
            rows=rows,
        ),
    )


def recovery_finding(report: Report, study: LoopStudy | None) -> Block:
    """Say what the comparison allows: a rise without one is never called a recovery."""
    if study is None:
        return nothing(report, "closed_loop.recovered")
    found = study.recovery
    return report.say(
        f"closed_loop.recovered.{found.verdict}",
        phrase("closed_loop.grade") if found.grade == "C" else None,
        level="diagnostic",
        grade=found.grade,
        **loop_values(study),
        **recovery_values(found),
        floor=report.engagement.minimum_cell,
    )


def _reason(name: str) -> Value:
    return phrase(f"closed_loop.reason.{name}") if name in REASONS else name
