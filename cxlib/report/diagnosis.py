"""The first half of 01_diagnosis: who answered, the scores and the distribution behind them."""

from collections.abc import Sequence

from cxlib.engagement.schema import STAGES, Engagement
from cxlib.errors import InputError
from cxlib.measures.distribution import GroupScore, band, n_answers
from cxlib.measures.response import ResponseRate
from cxlib.measures.scorecard import Headline, HeadlineMetric, Scorecard
from cxlib.measures.scores import ScoreName, ScoreSet
from cxlib.measures.weighted import WeightedScore
from cxlib.report import figures, scope
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Joined, Num, Phrase, Value, Writer, phrase
from cxlib.stats.estimate import Estimate

BANDS: dict[HeadlineMetric, tuple[tuple[int, int], ...]] = {
    "nps": ((0, 6), (7, 8), (9, 10)),
    "csat": ((1, 2), (3, 3), (4, 5)),
}
WEIGHTED: dict[str, ScoreName] = {"nps": "nps", "csat": "csat_top2", "ces": "ces_mean"}
BAND_NAMES: dict[HeadlineMetric, tuple[str, ...]] = {
    "nps": ("nps.detractors", "nps.passives", "nps.promoters"),
    "csat": ("diagnosis.csat.low", "diagnosis.csat.middle", "diagnosis.csat.high"),
}


def scope_section(report: Report, answers: int, customers: int | None) -> Block:
    """Open the section on what was read; answers may carry no customer."""
    who: dict[str, Value] = {} if customers is None else {"customers": customers}
    return report.section(
        "diagnosis.scope" if who else "diagnosis.scope_anonymous",
        "descriptive",
        answers=answers,
        points=len(report.engagement.touchpoints),
        **who,
        **period_values(report.engagement.baseline),
    )


def response_chart(report: Report, rates: Sequence[ResponseRate], overall: ResponseRate) -> Block:
    """Draw the response rate at each touchpoint."""
    names = report.engagement.touchpoint_names()
    rates = [rate for rate in rates if rate.group[0] in names]  # an invitation may name none
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
        title=Phrase(f"diagnosis.response.chart{'' if len(found) > 1 else '_single'}", values),
        subtitle=Phrase("diagnosis.response.chart_subtitle", values),
        source=Phrase("diagnosis.response.chart_source", values),
        alt=Phrase("diagnosis.response.chart_alt", values),
    )


def response_finding(report: Report, overall: ResponseRate, lead: Headline) -> Block:
    """Say who answered and how far silence could move the score."""
    return report.say(
        "diagnosis.response.finding",
        level="descriptive",
        rate=_known(overall),
        started=overall.start_rate or phrase("number.none"),
        bounds=phrase(
            f"diagnosis.response.bounds_{lead.metric}",
            score=lead.score.shown,
            low=Num(lead.lower, lead.unit),
            high=Num(lead.upper, lead.unit),
        ),
    )


def score_section(report: Report, lead: Headline) -> Block:
    """Open the scores with the headline."""
    title = phrase(f"diagnosis.scores.headline_{lead.metric}", score=lead.score.shown)
    return report.section("diagnosis.scores", "descriptive", headline=title)


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
            (_tile_name(report, name), value, phrase("score.note", value=value), None)
            for name, value in found.items()
            if value is not None
        ],
    )


def _tile_name(report: Report, name: str) -> Phrase:
    if name == "ces" and report.engagement.ces_version() == "v1":
        return phrase("diagnosis.scores.ces_v1")
    return phrase(f"score.{name}")


def score_table(
    report: Report, points: Scorecard, lead: Headline, *, weighted: ScoreSet | None = None
) -> Block:
    """Show each score asked for, with interval and n, for every touchpoint in journey order.

    Args:
        report: Takes the table.
        points: Scores by touchpoint, as answered.
        lead: The score the diagnosis opens with.
        weighted: The same scores weighted to everyone invited; they are shown in their place.
    """
    engagement = report.engagement
    names = engagement.touchpoint_names()
    raked = weighted is not None and WEIGHTED[lead.metric] in weighted.scores
    found: dict[str, dict[str, GroupScore | WeightedScore]] = {}
    for metric in ("nps", "csat", "ces"):
        plain: Sequence[GroupScore] = getattr(points, metric)
        shown_as = weighted.scores.get(WEIGHTED[metric], ()) if weighted and raked else plain
        if plain and shown_as:
            found[metric] = {score.group[0]: score for score in shown_as}
    rows: list[tuple[Cell, ...]] = []
    for point in journey_order(engagement):
        cells: list[Cell] = [names[point]]
        for scores in found.values():
            cells += _score_cells(scores.get(point))
        rows.append(tuple(cells))
    shown = [score for score in found[lead.metric].values() if not score.suppressed]
    best, worst = (pick(shown, key=lambda s: s.shown.value) for pick in (max, min))
    heads = ["touchpoint", *(f"{metric}{part}" for metric in found for part in ("", "_ci", "_n"))]
    kinds = [f"ces_{engagement.ces_version()}" if metric == "ces" else metric for metric in found]
    values: dict[str, Value] = {
        "metric": phrase(f"diagnosis.scores.{lead.metric}"),
        "scales": Joined(tuple(phrase(f"diagnosis.scores.scale_{kind}") for kind in kinds)),
        "methods": Joined(tuple(phrase(f"diagnosis.scores.method_{name}") for name in found)),
        "floor": engagement.minimum_cell,
        "best": names[best.group[0]],
        "best_score": best.shown,
        "worst": names[worst.group[0]],
        "worst_score": worst.shown,
        "margins": phrase(f"who.margins.{'_'.join(weighted.margins)}")
        if weighted and raked else phrase("list.none"),
        **period_values(engagement.baseline),
    }  # fmt: skip
    differ = best.shown.value > worst.shown.value
    return report.table(
        "diagnosis.scores.table",
        Table(
            title=Phrase(f"diagnosis.scores.table{'' if differ else '_equal'}", values),
            subtitle=Phrase("diagnosis.scores.subtitle", values),
            source=Phrase("waves.points_source" if raked else "diagnosis.scores.source", values),
            columns=[Column(f"diagnosis.scores.{head}") for head in heads],
            rows=rows,
        ),
    )


def _score_cells(score: GroupScore | WeightedScore | None) -> list[Cell]:
    if score is None or score.estimate is None:
        return [None, None, phrase("number.hidden")]
    value = score.estimate
    return [value, phrase("cell.interval", value=value), Num(value.n_obs)]


def distribution_section(report: Report, lead: Headline) -> Block:
    """Open the distribution with the shares at both ends."""
    low, _, high = band_counts(lead.score, lead.metric)
    total = n_answers(lead.score.distribution)
    shares: dict[str, Value] = {
        "low": Num(low / total, "share"), "high": Num(high / total, "share")
    }  # fmt: skip
    title = Phrase(f"diagnosis.distribution.headline_{lead.metric}", shares)
    return report.section("diagnosis.distribution", "descriptive", headline=title)


def distribution_chart(report: Report, points: Scorecard, lead: Headline) -> Block:
    """Draw the low, middle and high answers at each touchpoint, beside the score."""
    names = report.engagement.touchpoint_names()
    order = journey_order(report.engagement)
    scores: Sequence[GroupScore] = getattr(points, lead.metric)
    shown = sorted(
        (score for score in scores if not score.suppressed), key=lambda s: order.index(s.group[0])
    )
    bands = {score.group[0]: band_counts(score, lead.metric) for score in shown}
    total = sum(map(sum, bands.values()))
    share = {point: counts[0] / sum(counts) for point, counts in bands.items()}
    worst = max(share, key=lambda point: share[point])
    values: dict[str, Value] = {
        "low": Num(sum(counts[0] for counts in bands.values()) / total, "share"),
        "high": Num(sum(counts[2] for counts in bands.values()) / total, "share"),
        "worst": names[worst],
        "worst_share": Num(share[worst], "share"),
        "n": total,
        **period_values(report.engagement.baseline),
    }

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.distribution_bars(
            [
                figures.DistributionGroup(
                    label=write(names[score.group[0]]),
                    counts=bands[score.group[0]],
                    note=write(score.shown.n_obs),
                    score=write(score.shown),
                )
                for score in shown
            ],
            categories=[write(phrase(name)) for name in BAND_NAMES[lead.metric]],
            theme=theme,
            fmt=lambda value: f"{write(Num(round(100 * value)))}%",
            note_head=write(phrase("chart.n")),
            score_head=write(phrase(f"diagnosis.scores.{lead.metric}")),
        )

    def words(part: str) -> Phrase:
        return Phrase(f"diagnosis.distribution.{part}_{lead.metric}", values)

    none = "" if share[worst] else "_none"
    return report.figure(
        "diagnosis.distribution.chart",
        draw,
        title=words(f"chart{none}"),
        subtitle=words("subtitle"),
        source=words("source"),
        alt=words(f"alt{none}"),
    )


def band_counts(score: GroupScore, metric: HeadlineMetric) -> tuple[int, ...]:
    """Answers at the low end, in the middle and at the high end of the scale."""
    return tuple(band(score.distribution, low, high) for low, high in BANDS[metric])


def journey_order(engagement: Engagement) -> list[str]:
    """Touchpoints in stage order, then in the register's order."""
    points = sorted(engagement.touchpoints, key=lambda point: STAGES.index(point.stage))
    return [point.id for point in points]


def limit_list(report: Report, overall: ResponseRate, answers: int, customers: int | None) -> Block:
    """List what the diagnosis cannot show."""
    repeat = "repeat" if customers is not None else "repeat_unknown"
    return scope.limits(
        report,
        [f"diagnosis.limits.{name}" for name in ("silent", repeat, "causes")],
        silent=Num(1 - _known(overall).value, "share"),
        answers=answers,
        customers=customers or 0,
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
