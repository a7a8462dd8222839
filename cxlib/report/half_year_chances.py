"""What 06_half_year_review shows of the chances that goal setting put on record."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from cxlib.decisions.chances import COIN, FEWEST_SCORED, Came, ChanceReplay, score_chances
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.writer import Day, Num, Value, phrase

STATUS: Mapping[Came, Status] = {"hit": "good", "miss": "bad"}


def chance_values(replays: Sequence[ChanceReplay]) -> dict[str, Value]:
    """Give what sentences on stated chances ask for."""
    scored = score_chances(replays)
    came = Counter(item.came for item in replays)
    return {
        "n": len(replays),
        "n_scored": scored.n if scored else 0,
        "n_shown": scored.shown if scored else 0,
        "n_waiting": came["not_due"],
        "n_late": came["late"],
        "n_without": came["no_chance"] + came["no_data"],
        "n_again": came["restated"],
        "expected": Num(scored.expected if scored else 0.0, "ratio"),
        "brier": Num(scored.brier if scored else 0.0, "ratio"),
        "coin": Num(COIN, "ratio"),
        "perfect": Num(0.0, "ratio"),
        "fewest": FEWEST_SCORED,
    }


def chance_table(report: Report, replays: Sequence[ChanceReplay]) -> Block:
    """Show every chance ever stated for a goal beside what came."""
    if not replays:
        return report.items(
            "half_year.chances.table", [phrase("half_year.chances.none")], role="note"
        )
    rows = [_row(report, item) for item in replays]
    heads = ("goal", "target", "by", "stated", "chance", "since", "shown")
    text = {"by", "stated", "since", "shown"}
    values = chance_values(replays)
    level = replays[0].said.confidence_level
    return report.table(
        "half_year.chances.table",
        Table(
            title=phrase(
                f"half_year.chances.table{'' if values['n_scored'] else '_wait'}", **values
            ),
            subtitle=phrase("half_year.chances.subtitle"),
            source=phrase("half_year.chances.source", joint=Num(level, "share")),
            columns=[
                Column(f"half_year.head.{head}", "text" if head in text else "num")
                for head in heads
            ],
            rows=rows,
        ),
    )


def chance_finding(report: Report, replays: Sequence[ChanceReplay]) -> Block:
    """Say how good the stated chances were, as soon as a goal fell due."""
    scored = score_chances(replays)
    case = "none" if scored is None else "few" if scored.n < FEWEST_SCORED else "scored"
    return report.say(
        f"half_year.chances.finding_{case}",
        level="descriptive",
        grade=None,
        **chance_values(replays),
    )


def _row(report: Report, item: ChanceReplay) -> tuple[Cell, ...]:
    said = item.said
    kpi = next((kpi for kpi in report.engagement.kpis if kpi.id == said.kpi), None)
    shown: Cell = phrase(f"half_year.chance.{item.came}")
    if item.came in STATUS:
        shown = Marked(phrase(f"half_year.chance.{item.came}"), STATUS[item.came])
    return (
        kpi.name if kpi else said.kpi,
        Num(said.level, said.unit),
        Day(date.fromisoformat(said.by)),
        Day(date.fromisoformat(said.stated_on)),
        None if said.chance is None else Num(said.chance, "share"),
        None if item.change is None else phrase("half_year.predicted", value=item.change),
        shown,
    )
