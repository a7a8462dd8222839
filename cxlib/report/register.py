"""The register of touchpoints in the diagnosis: who owns what, and what is missing."""

from cxlib.engagement.schema import Touchpoint
from cxlib.measures.register import CHANNELS, Gap, Register, RegisterRow
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Marked, Table
from cxlib.report.writer import Joined, Num, Phrase, Value, phrase

HEADS = ("touchpoint", "stage", "channel", "owner", "volume", "measured", "answers", "gap")
TEXTS = {"stage", "channel", "owner", "measured", "gap"}


def section(report: Report, register: Register) -> Block:
    """Open the register with how many entries have a gap."""
    return report.section("journey.register", "descriptive", **register_values(report, register))


def register_values(report: Report, register: Register) -> dict[str, Value]:
    """Counts of touchpoints, gaps and stages, and the touchpoints with a gap by name."""
    gaps = register.with_gaps
    listed = Joined(
        tuple(
            phrase("journey.register.named", name=row.point.name, gaps=_gap_cell(row))
            for row in gaps
        )
    )
    case = "title_gaps" if gaps else "title_none"
    counts: dict[str, Value] = {"n_points": len(register.rows), "n_gaps": len(gaps)}
    return {
        **counts,
        "headline": Phrase(f"journey.register.{case}", counts),
        "listed": listed,
        "n": register.n_obs,
        "floor": register.minimum_cell,
        "empty_stages": _stages(register.stages_without_touchpoints),
        "silent_stages": _stages(register.stages_without_data),
        **period_values(report.engagement.baseline),
    }


def _stages(stages: tuple[str, ...]) -> Value:
    named = tuple(phrase(f"stage.{stage}") for stage in stages)
    return Joined(named) if named else phrase("list.none")


def tables(report: Report, register: Register) -> Block:
    """Show the register, and under it how many touchpoints each stage has in each channel."""
    return report.together(
        "journey.register.tables", [register_table(report, register), stage_table(report, register)]
    )


def register_table(report: Report, register: Register) -> Block:
    """Show every touchpoint with owner, volume, metric, answers and gaps."""
    metrics = report.engagement.metrics

    def measured(point: Touchpoint) -> Cell:
        kind = phrase(f"journey.metric.{metrics[point.metric].kind}") if point.metric else None
        said = tuple(part for part in (kind, point.source) if part is not None)
        return Joined(said) if said else None

    cells: list[dict[str, Cell]] = [
        {
            "touchpoint": row.point.name,
            "stage": phrase(f"stage.{row.point.stage}"),
            "channel": phrase(f"who.channel.{row.point.channel}"),
            "owner": row.point.owner,
            "volume": None if row.point.monthly_volume is None else Num(row.point.monthly_volume),
            "measured": measured(row.point),
            "answers": phrase("number.hidden") if "few_answers" in row.gaps else Num(row.n_obs),
            "gap": Marked(_gap_cell(row), "watch") if row.gaps else phrase("journey.gap.none"),
        }
        for row in register.rows
    ]
    declared = any(row["measured"] is not None for row in cells)
    heads = [head for head in HEADS if head != "measured" or declared]
    values = register_values(report, register)
    case = "table_gaps" if register.with_gaps else "table_none"
    return report.table(
        "journey.register.table",
        Table(
            title=Phrase(f"journey.register.{case}", values),
            subtitle=Phrase("journey.register.subtitle", values),
            source=Phrase("journey.register.source", values),
            columns=[
                Column(f"journey.register.{head}", "text" if head in TEXTS else "num")
                for head in heads
            ],
            rows=[tuple(row[head] for head in heads) for row in cells],
        ),
    )


def stage_table(report: Report, register: Register) -> Block:
    """Count the touchpoints of each stage by channel."""
    answers = {
        stage: sum(row.n_obs for row in register.rows if row.point.stage == stage)
        for stage in register.counts
    }
    rows: list[tuple[Cell, ...]] = [
        (
            phrase(f"stage.{stage}"),
            *(Num(count) for count in counts),
            Num(sum(counts)),
            phrase("number.hidden")
            if 0 < answers[stage] < register.minimum_cell
            else Num(answers[stage]),
        )
        for stage, counts in register.counts.items()
    ]
    most = max(register.counts, key=lambda stage: sum(register.counts[stage]))
    values: dict[str, Value] = {
        **register_values(report, register),
        "stage": phrase(f"stage.{most}"),
        "n_most": sum(register.counts[most]),
    }
    return report.table(
        "journey.register.stages",
        Table(
            title=Phrase("journey.register.stages", values),
            subtitle=Phrase("journey.register.stages_subtitle", values),
            source=Phrase("journey.register.stages_source", values),
            columns=[
                Column("journey.register.stage", "text"),
                *(Column(f"who.channel.{channel}") for channel in CHANNELS),
                Column("journey.register.all_channels"),
                Column("journey.register.answers"),
            ],
            rows=rows,
        ),
    )


def finding(report: Report, register: Register) -> Block:
    """Say which touchpoints have a gap, or that none has."""
    case = "gaps" if register.with_gaps else "none"
    return report.say(
        f"journey.register.finding_{case}",
        level="descriptive",
        grade=None,
        **register_values(report, register),
    )


def _gap_cell(row: RegisterRow) -> Value:
    return Joined(tuple(_gap(gap) for gap in row.gaps))


def _gap(gap: Gap) -> Phrase:
    return phrase(f"journey.gap.{gap}")
