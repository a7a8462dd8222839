"""The journey map: beside each touchpoint what customers do, think and feel, in lanes."""

from cxlib.engagement.schema import Touchpoint
from cxlib.measures.journey import EmotionCurve, JourneyPoint
from cxlib.report.blocks import Block
from cxlib.report.pain_points import SCALES
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.who_answered import none_block
from cxlib.report.writer import Joined, Phrase, Value, phrase

LANES = ("actions", "thoughts", "pain", "opportunity")
MARKS: dict[str, Status] = {"peak": "good", "pain": "bad"}


def lane_table(report: Report, curve: EmotionCurve) -> Block:
    """Show the lanes of every touchpoint that has words in one, in journey order.

    The words are the engagement's own; a lane without words stays a dash. What customers feel is
    the score of the curve with its interval; a touchpoint under the minimum cell shows none.
    """
    declared = {point.id: point for point in report.engagement.touchpoints}
    told = [point for point in curve.points if _told(declared[point.touchpoint])]
    if not told:
        return none_block(report, "journey.map.none")
    rows: list[tuple[Cell, ...]] = [_row(declared[point.touchpoint], point) for point in told]
    pains = [point for point in told if declared[point.touchpoint].pain is not None]
    names = report.engagement.touchpoint_names()
    values: dict[str, Value] = {
        "n_told": len(told),
        "n_points": len(curve.points),
        "n_pains": len(pains),
        "listed": Joined(tuple(names[point.touchpoint] for point in pains)),
        "n": curve.journey_mean.n_obs,
        "scale": SCALES[curve.metric],
        "floor": report.engagement.minimum_cell,
        **period_values(report.engagement.baseline),
    }
    heads = ("touchpoint", "stage", *LANES[:2], "feelings", *LANES[2:])
    return report.table(
        "journey.map",
        Table(
            title=Phrase(f"journey.map.title{'' if pains else '_no_pain'}", values),
            subtitle=Phrase("journey.map.subtitle", values),
            source=Phrase("journey.map.source", values),
            columns=[Column(f"journey.map.{head}", "text") for head in heads],
            rows=rows,
        ),
    )


def _told(point: Touchpoint) -> bool:
    return any(getattr(point, lane) is not None for lane in LANES)


def _row(point: Touchpoint, scored: JourneyPoint) -> tuple[Cell, ...]:
    estimate = scored.estimate
    feels: Cell = phrase("number.hidden")
    if estimate is not None:
        value = phrase("journey.map.felt", value=estimate)
        mark = MARKS.get(scored.flag)
        feels = Marked(value, mark) if mark else value
    return (
        point.name,
        phrase(f"stage.{point.stage}"),
        point.actions,
        point.thoughts,
        feels,
        point.pain,
        point.opportunity,
    )
