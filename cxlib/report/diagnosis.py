"""What 01_diagnosis shows: from results to tables, figures and findings."""

from collections.abc import Mapping, Sequence

import pandas as pd

from cxlib.engagement.schema import STAGES, Engagement
from cxlib.errors import InputError
from cxlib.measures.distribution import GroupScore, nps_bands
from cxlib.measures.journey import EmotionCurve
from cxlib.measures.pain import PainRank
from cxlib.measures.response import NpsBounds, ResponseRate
from cxlib.measures.scorecard import Scorecard
from cxlib.report import figures, scope
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Joined, Num, Phrase, Value, Writer, phrase
from cxlib.stats.estimate import Estimate

SHOWN_PAINS = 3


def response_chart(report: Report, rates: Sequence[ResponseRate], overall: ResponseRate) -> Block:
    """Draw the response rate at each touchpoint."""
    names = report.engagement.touchpoint_names()
    found = {rate.group[0]: rate.rate for rate in rates if rate.rate is not None}
    low, high = (pick(found, key=lambda point: found[point].value) for pick in (min, max))
    whole = _known(overall)
    values: dict[str, Value] = {
        "rate": whole, "delivered": whole.n_obs, "completed": overall.completed or 0,
        "low": found[low], "low_name": names[low], "high": found[high], "high_name": names[high],
        **period_values(report.engagement.baseline),
    }  # fmt: skip

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.interval_chart(
            [
                figures.IntervalItem(
                    label=write(names[rate.group[0]]),
                    estimate=rate.rate,
                    note=write(rate.delivered) if rate.delivered else rate.n_label,
                )
                for rate in rates
            ],
            theme=theme,
            fmt=lambda value: write(Num(value, "share")),
            axis_label=write(phrase("diagnosis.response.axis")),
            note_head=write(phrase("diagnosis.response.note_head")),
            reference=whole.value,
            reference_label=write(phrase("chart.overall")),
        )

    return report.figure(
        "diagnosis.response.chart",
        draw,
        title=Phrase("diagnosis.response.chart", values),
        subtitle=Phrase("diagnosis.response.chart_subtitle", values),
        source=Phrase("diagnosis.response.chart_source", values),
        alt=Phrase("diagnosis.response.chart_alt", values),
    )


def response_finding(report: Report, overall: ResponseRate, bounds: NpsBounds) -> Block:
    """Say who answered and how far silence could move the score."""
    return report.say(
        "diagnosis.response.finding",
        level="descriptive",
        rate=_known(overall),
        started=overall.start_rate or phrase("number.none"),
        nps=bounds.observed,
        low=Num(bounds.lower.value, "points"),
        high=Num(bounds.upper.value, "points"),
    )


def score_tiles(report: Report, overall: Scorecard) -> Block:
    """Show the scores of the whole journey that the engagement asks for."""
    found = {
        name: scores[0].estimate
        for name in ("nps", "csat", "ces")
        if (scores := getattr(overall, name))
    }
    if overall.cxi:
        found["cxi"] = overall.cxi[0].index
    return report.kpis(
        "diagnosis.scores.tiles",
        [
            (phrase(f"score.{name}"), value, phrase("score.note", value=value), None)
            for name, value in found.items()
            if value is not None
        ],
    )


def score_table(report: Report, points: Scorecard) -> Block:
    """Show each score asked for, with interval and n, for every touchpoint in journey order."""
    engagement = report.engagement
    names = engagement.touchpoint_names()
    found = {
        metric: {score.group[0]: score for score in scores}
        for metric in ("nps", "csat", "ces")
        if (scores := getattr(points, metric))
    }
    rows: list[tuple[Cell, ...]] = []
    for point in journey_order(engagement):
        cells: list[Cell] = [names[point]]
        for scores in found.values():
            cells += _score_cells(scores.get(point))
        rows.append(tuple(cells))
    shown = [score for score in points.nps if not score.suppressed]
    best, worst = (pick(shown, key=lambda s: s.shown.value) for pick in (max, min))
    heads = ["touchpoint", *(f"{metric}{part}" for metric in found for part in ("", "_ci", "_n"))]
    values: dict[str, Value] = {
        "best": names[best.group[0]],
        "best_nps": best.shown,
        "worst": names[worst.group[0]],
        "worst_nps": worst.shown,
        **period_values(engagement.baseline),
    }
    return report.table(
        "diagnosis.scores.table",
        Table(
            title=Phrase("diagnosis.scores.table", values),
            subtitle=Phrase("diagnosis.scores.subtitle", values),
            source=phrase("diagnosis.scores.source", floor=engagement.minimum_cell),
            columns=[Column(f"diagnosis.scores.{head}") for head in heads],
            rows=rows,
        ),
    )


def _score_cells(score: GroupScore | None) -> list[Cell]:
    if score is None or score.estimate is None:
        return [None, None, phrase("number.hidden")]
    value = score.estimate
    return [value, phrase("cell.interval", value=value), Num(value.n_obs)]


def distribution_chart(report: Report, nps: Sequence[GroupScore]) -> Block:
    """Draw detractors, passives and promoters at each touchpoint, beside the score."""
    names = report.engagement.touchpoint_names()
    order = journey_order(report.engagement)
    shown = sorted(
        (score for score in nps if not score.suppressed), key=lambda s: order.index(s.group[0])
    )
    bands = {score.group[0]: nps_bands(score.distribution) for score in shown}
    total = sum(band.n_obs for band in bands.values())
    detractors = sum(band.detractors for band in bands.values())
    promoters = sum(band.promoters for band in bands.values())
    worst = max(bands, key=lambda point: bands[point].detractors / bands[point].n_obs)
    values: dict[str, Value] = {
        "detractors": Num(detractors / total, "share"),
        "promoters": Num(promoters / total, "share"),
        "worst": names[worst],
        "worst_share": Num(bands[worst].detractors / bands[worst].n_obs, "share"),
        "n": total,
        **period_values(report.engagement.baseline),
    }

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.distribution_bars(
            [
                figures.DistributionGroup(
                    label=write(names[score.group[0]]),
                    counts=(
                        bands[score.group[0]].detractors,
                        bands[score.group[0]].passives,
                        bands[score.group[0]].promoters,
                    ),
                    note=write(score.shown.n_obs),
                    score=write(score.shown),
                )
                for score in shown
            ],
            categories=[
                write(phrase(f"nps.{band}")) for band in ("detractors", "passives", "promoters")
            ],
            theme=theme,
            fmt=lambda value: f"{write(Num(round(100 * value)))}%",
            note_head=write(phrase("chart.n")),
            score_head=write(phrase("score.nps_short")),
        )

    return report.figure(
        "diagnosis.distribution.chart",
        draw,
        title=Phrase("diagnosis.distribution.chart", values),
        subtitle=Phrase("diagnosis.distribution.subtitle", values),
        source=Phrase("diagnosis.distribution.source", values),
        alt=Phrase("diagnosis.distribution.alt", values),
    )


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
            fmt=lambda value: write(Num(value, "rating")),
            axis_label=write(phrase("score.csat_axis")),
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
        title=Phrase("diagnosis.journey.chart", values),
        subtitle=Phrase("diagnosis.journey.subtitle", values),
        source=Phrase("diagnosis.journey.source", values),
        alt=Phrase("diagnosis.journey.alt", values),
    )


def curve_values(report: Report, curve: EmotionCurve) -> dict[str, Value]:
    """The journey mean and the names of its peaks and pain points."""
    names = report.engagement.touchpoint_names()
    listed = {
        flag: Joined(tuple(names[point.touchpoint] for point in points))
        if points
        else phrase("list.none")
        for flag, points in (("peaks", curve.peaks), ("pains", curve.pains))
    }
    return {
        "mean": curve.journey_mean, "n_peaks": len(curve.peaks), "n_pains": len(curve.pains),
        "n_points": sum(not point.suppressed for point in curve.points), **listed,
    }  # fmt: skip


def pain_table(report: Report, ranks: Sequence[PainRank]) -> Block:
    """Show the ranking of pain points with its rank interval."""
    names = report.engagement.touchpoint_names()
    rows: list[tuple[Cell, ...]] = [
        (
            names[rank.touchpoint],
            Num(rank.rank),
            phrase("cell.ranks", low=rank.rank_lower, high=rank.rank_upper),
            rank.shortfall,
            rank.frequency,
            rank.impact,
            phrase("cell.interval", value=rank.impact),
        )
        for rank in ranks
        if rank.shortfall.value > 0
    ]
    heads = ("touchpoint", "rank", "rank_ci", "shortfall", "frequency", "impact", "impact_ci")
    return report.table(
        "diagnosis.pains.table",
        Table(
            title=phrase("diagnosis.pains.table", **pain_values(report, ranks)),
            subtitle=Phrase("diagnosis.pains.subtitle", period_values(report.engagement.baseline)),
            source=phrase("diagnosis.pains.source"),
            columns=[Column(f"diagnosis.pains.{head}") for head in heads],
            rows=rows,
        ),
    )


def pain_values(report: Report, ranks: Sequence[PainRank]) -> dict[str, Value]:
    """The touchpoints that cost most, in order, and the figures of the first."""
    names = report.engagement.touchpoint_names()
    first = ranks[0]
    return {
        "listed": Joined(tuple(names[rank.touchpoint] for rank in worst_ranks(ranks))),
        "first": names[first.touchpoint],
        "first_shortfall": first.shortfall,
        "first_frequency": first.frequency,
        "first_low": first.rank_lower,
        "first_high": first.rank_upper,
    }


def worst_ranks(ranks: Sequence[PainRank]) -> list[PainRank]:
    """The touchpoints below the journey mean that cost most, three at most."""
    return [rank for rank in ranks if rank.shortfall.value > 0][:SHOWN_PAINS]


def action_list(report: Report, ranks: Sequence[PainRank]) -> Block:
    """List what we would do at the three touchpoints that cost most, with their owners."""
    points = {point.id: point for point in report.engagement.touchpoints}
    return report.items(
        "diagnosis.actions",
        [
            phrase(
                "diagnosis.action",
                name=points[rank.touchpoint].name,
                owner=points[rank.touchpoint].owner or phrase("list.no_owner"),
                shortfall=rank.shortfall,
            )
            for rank in worst_ranks(ranks)
        ],
    )


def journey_order(engagement: Engagement) -> list[str]:
    """Touchpoints in stage order, then in the register's order."""
    points = sorted(engagement.touchpoints, key=lambda point: STAGES.index(point.stage))
    return [point.id for point in points]


def ledger_content(
    nps: GroupScore, curve: EmotionCurve, ranks: Sequence[PainRank]
) -> Mapping[str, object]:
    """What later notebooks read: the overall score, peaks, pain points and priorities."""
    return {
        "nps": {"value": nps.shown.value, "n_obs": nps.shown.n_obs},
        "journey_mean": curve.journey_mean.value,
        "peaks": [point.touchpoint for point in curve.peaks],
        "pains": [point.touchpoint for point in curve.pains],
        "priorities": [rank.touchpoint for rank in worst_ranks(ranks)],
    }


def band_shares(nps: GroupScore) -> dict[str, Value]:
    """Shares of detractors and promoters among all answers."""
    bands = nps_bands(nps.distribution)
    return {
        "detractors": Num(bands.detractors / bands.n_obs, "share"),
        "promoters": Num(bands.promoters / bands.n_obs, "share"),
    }


def limit_list(report: Report, overall: ResponseRate, people: pd.DataFrame) -> Block:
    """List what the diagnosis cannot show."""
    return scope.limits(
        report,
        [f"diagnosis.limits.{name}" for name in ("silent", "repeat", "causes")],
        silent=Num(1 - _known(overall).value, "share"),
        answers=int(people["n"].sum()),
        customers=int(people["n_customers"].sum()),
    )


def _known(overall: ResponseRate) -> Estimate:
    """The response rate of all touchpoints together.

    Raises:
        InputError: Fewer invitations than the minimum cell.
    """
    if overall.rate is None:
        raise InputError(
            f"a diagnosis needs at least {overall.minimum_cell} delivered invitations in the "
            "baseline period; widen the period or complete the invitation log"
        )
    return overall.rate


def answer(report: Report, ranks: Sequence[PainRank]) -> Block:
    """Give the diagnosis's answer, its three reasons and the decision wanted."""
    return report.answer(
        "diagnosis.summary",
        reasons=[
            "diagnosis.pains.finding",
            "diagnosis.journey.finding",
            "diagnosis.response.finding",
        ],
        **pain_values(report, ranks),
    )
