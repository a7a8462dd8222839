"""The second half of 01_diagnosis: the emotion curve, what hurts, what to do, the answer.

A journey may have high points, pain points, both or neither, drawn on satisfaction or on NPS.
Each case has a sentence of its own; only a touchpoint that lies clearly below the journey mean
is called a pain point or made a priority.
"""

from collections.abc import Mapping, Sequence

from cxlib.measures.journey import EmotionCurve
from cxlib.measures.pain import PainRank
from cxlib.measures.priorities import Priorities
from cxlib.measures.scorecard import Scorecard
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.scope import decide_by, period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Day, Joined, Num, NumKind, Phrase, Value, Writer, phrase

SHOWN_PAINS = 3
SCALES = {"csat": phrase("score.csat_axis"), "nps": phrase("score.nps")}
POINT_KINDS: dict[str, NumKind] = {"csat": "rating", "nps": "points"}


def shape(curve: EmotionCurve) -> str:
    """Which of four kinds of journey this is: both, peaks, pains or flat."""
    if curve.pains:
        return "both" if curve.peaks else "pains"
    return "peaks" if curve.peaks else "flat"


def curve_values(report: Report, curve: EmotionCurve) -> dict[str, Value]:
    """The journey mean and the names of its peaks and pain points."""
    names = report.engagement.touchpoint_names()
    listed = {
        flag: Joined(tuple(names[point.touchpoint] for point in points))
        if points
        else phrase("list.none")
        for flag, points in (("peaks", curve.peaks), ("pains", curve.pains))
    }
    counts: dict[str, Value] = {"n_peaks": len(curve.peaks), "n_pains": len(curve.pains)}
    return {
        "mean": curve.journey_mean, **counts,
        "n_points": sum(not point.suppressed for point in curve.points),
        "metric": phrase(f"diagnosis.curve.{curve.metric}"), "scale": SCALES[curve.metric],
        "headline": Phrase(f"diagnosis.journey.{shape(curve)}", counts), **listed,
    }  # fmt: skip


def emotion_chart(report: Report, curve: EmotionCurve) -> Block:
    """Draw the emotion curve with interval, n and marked peaks and pain points."""
    engagement = report.engagement
    names = engagement.touchpoint_names()
    values = {**curve_values(report, curve), **period_values(engagement.baseline)}

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.emotion_curve(
            [
                figures.JourneyPoint(
                    label=write(names[point.touchpoint]),
                    stage=write(phrase(f"stage.{point.stage}")),
                    estimate=point.estimate,
                    note=write(point.estimate.n_obs) if point.estimate else point.score.n_label,
                    mark=point.flag,
                )
                for point in curve.points
            ],
            theme=theme,
            fmt=lambda value: write(Num(value, POINT_KINDS[curve.metric])),
            axis_label=write(SCALES[curve.metric]),
            note_head=write(phrase("chart.n")),
            mark_labels={
                "peak": write(phrase("chart.peak")), "pain": write(phrase("chart.pain")),
            },
            reference=curve.journey_mean.value,
            reference_label=write(phrase("chart.journey_mean")),
        )  # fmt: skip

    return report.figure(
        "diagnosis.journey.chart",
        draw,
        title=Phrase(f"diagnosis.journey.chart_{shape(curve)}", values),
        subtitle=Phrase("diagnosis.journey.subtitle", values),
        source=Phrase("diagnosis.journey.source", values),
        alt=Phrase("diagnosis.journey.alt", values),
    )


def journey_finding(report: Report, curve: EmotionCurve) -> Block:
    """Say where customers rate clearly above and below the journey mean, if anywhere."""
    return report.say(
        f"diagnosis.journey.finding_{shape(curve)}",
        level="descriptive",
        grade=None,
        **curve_values(report, curve),
    )


def priorities(curve: EmotionCurve, ranks: Sequence[PainRank]) -> list[PainRank]:
    """The pain points that cost most, three at most; chance alone makes no priority."""
    pains = {point.touchpoint for point in curve.pains}
    return [rank for rank in ranks if rank.touchpoint in pains][:SHOWN_PAINS]


def pain_section(report: Report, curve: EmotionCurve, ranks: Sequence[PainRank]) -> Block:
    """Open the ranking: what hurts, or that nothing clearly does."""
    return report.section("diagnosis.pains", "diagnostic", **pain_values(report, curve, ranks))


def pain_table(report: Report, curve: EmotionCurve, ranks: Sequence[PainRank]) -> Block:
    """Show the ranking of touchpoints below the journey mean with its rank interval."""
    names = report.engagement.touchpoint_names()
    below = [rank for rank in ranks if rank.shortfall.value > 0]
    rows: list[tuple[Cell, ...]] = [
        (
            names[rank.touchpoint],
            Num(rank.rank),
            _rank_cell(rank),
            rank.shortfall,
            rank.frequency,
            rank.impact,
            phrase("cell.interval", value=rank.impact),
        )
        for rank in below or ranks
    ]
    heads = ("touchpoint", "rank", "rank_ci", "shortfall", "frequency", "impact", "impact_ci")
    case = "table" if curve.pains else "table_unclear" if below else "table_level"
    values = {
        **pain_values(report, curve, ranks),
        **period_values(report.engagement.baseline),
        "n_below": len(below),
        "unit": phrase(f"diagnosis.pains.unit_{curve.metric}"),
    }
    return report.table(
        "diagnosis.pains.table",
        Table(
            title=Phrase(f"diagnosis.pains.{case}", values),
            subtitle=Phrase("diagnosis.pains.subtitle", values),
            source=phrase("diagnosis.pains.source"),
            columns=[Column(f"diagnosis.pains.{head}") for head in heads],
            rows=rows,
        ),
    )


def _rank_cell(rank: PainRank) -> Phrase:
    if rank.rank_lower == rank.rank_upper:
        return phrase("diagnosis.pains.rank_one", rank=rank.rank_lower)
    return phrase("cell.ranks", low=rank.rank_lower, high=rank.rank_upper)


def pain_finding(report: Report, curve: EmotionCurve, ranks: Sequence[PainRank]) -> Block:
    """Say how firmly the first of the ranking holds its place."""
    return report.say(
        _finding_key(curve),
        level="descriptive",
        grade=None,
        **pain_values(report, curve, ranks),
    )


def _finding_key(curve: EmotionCurve) -> str:
    return f"diagnosis.pains.finding{'' if curve.pains else '_unclear'}"


def pain_values(report: Report, curve: EmotionCurve, ranks: Sequence[PainRank]) -> dict[str, Value]:
    """The touchpoints that cost most, in order, and the figures of the first."""
    names = report.engagement.touchpoint_names()
    worst = priorities(curve, ranks)
    first = worst[0] if worst else ranks[0]
    span: dict[str, Value] = {"low": first.rank_lower, "high": first.rank_upper}
    listed = Joined(tuple(names[rank.touchpoint] for rank in worst))
    case = "listed" if worst else "none"
    return {
        "headline": phrase(f"diagnosis.pains.{case}", listed=listed),
        "listed": listed,
        "first": names[first.touchpoint],
        "first_shortfall": first.shortfall,
        "first_frequency": first.frequency,
        "ranks": Phrase(f"diagnosis.rank.{'one' if span['low'] == span['high'] else 'span'}", span),
        "gap": phrase(f"diagnosis.gap.{curve.metric}", shortfall=first.shortfall),
        "mean": curve.journey_mean,
        "by": _due(report),
    }


def _due(report: Report) -> Day:
    return decide_by(report.engagement)


def action_list(
    report: Report,
    curve: EmotionCurve,
    ranks: Sequence[PainRank],
    found: Priorities | None = None,
) -> Block:
    """List what we would do at the pain points that cost most, with their owners.

    Args:
        report: The report.
        curve: Which touchpoints are clear pain points.
        ranks: In the order of the list.
        found: The priorities, whose rank and place each action then carries.
    """
    points = {point.id: point for point in report.engagement.touchpoints}
    actions = []
    for rank in priorities(curve, ranks):
        values: dict[str, Value] = {
            "name": points[rank.touchpoint].name,
            "owner": points[rank.touchpoint].owner or phrase("list.no_owner"),
            "shortfall": rank.shortfall,
            "by": _due(report),
        }
        item = found.named(rank.touchpoint) if found else None
        if found and item:
            place = item.difficulty_place or item.frequency_place
            values |= {
                "rank": item.frequency_view.rank,
                "n_points": len(found.items),
                "place": phrase(f"priorities.place.{place}"),
            }
        actions.append(Phrase("priorities.action" if item else "diagnosis.action", values))
    return report.items("diagnosis.actions", actions or [phrase("diagnosis.action_none")])


def ledger_content(
    overall: Scorecard, curve: EmotionCurve, ranks: Sequence[PainRank]
) -> Mapping[str, object]:
    """What later notebooks read: the overall score, peaks, pain points and priorities."""
    scores = {
        name: {"value": score.shown.value, "n_obs": score.shown.n_obs}
        for name in ("nps", "csat")
        for score in getattr(overall, name)
        if not score.suppressed
    }
    return {
        **scores,
        "curve": curve.metric,
        "journey_mean": curve.journey_mean.value,
        "peaks": [point.touchpoint for point in curve.peaks],
        "pains": [point.touchpoint for point in curve.pains],
        "priorities": [rank.touchpoint for rank in priorities(curve, ranks)],
    }


def answer(report: Report, curve: EmotionCurve, ranks: Sequence[PainRank]) -> Block:
    """Give the diagnosis's answer, its three reasons and the decision wanted.

    What goes together with loyalty is a stronger reason than how firm the first rank is.
    """
    why = "drivers.finding" if "drivers.finding" in report.findings else _finding_key(curve)
    return report.answer(
        "diagnosis.summary" if curve.pains else "diagnosis.summary_none",
        reasons=[
            why,
            f"diagnosis.journey.finding_{shape(curve)}",
            "diagnosis.response.finding",
        ],
        **pain_values(report, curve, ranks),
    )
