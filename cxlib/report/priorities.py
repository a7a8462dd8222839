"""What 01_diagnosis says of priorities: what comes first, by two views of one impact score."""

from collections.abc import Sequence

from cxlib.measures.journey import EmotionCurve
from cxlib.measures.pain import PainRank
from cxlib.measures.priorities import MOVE, RECOMMENDED, Priorities, Priority, Standing
from cxlib.measures.quadrants import SATISFIED
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.pain_points import SHOWN_PAINS
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Joined, Num, NumKind, Phrase, Value, Writer, phrase
from cxlib.stats.raters import Agreement

REFUSED = {"contested", "one_view"}


def in_order(ranks: Sequence[PainRank], found: Priorities) -> tuple[PainRank, ...]:
    """Put a ranking of pain points into the order of the priorities' frequency view."""
    place = {item.touchpoint: item.frequency_view.rank for item in found.items}
    return tuple(sorted(ranks, key=lambda rank: place.get(rank.touchpoint, len(place) + 1)))


def section(report: Report, found: Priorities, curve: EmotionCurve) -> Block:
    """Open the section with what comes first, and why where the first is no clear pain point."""
    return report.section("priorities", "prescriptive", **_values(report, found, curve))


def chart(report: Report, found: Priorities, curve: EmotionCurve) -> Block:
    """Draw impact against frequency with the rank interval under each name."""
    names = report.engagement.touchpoint_names()
    values = _values(report, found, curve)
    both = [item for item in found.items if item.frequency_place == "first"]
    values |= {"n_both": len(both), "listed": _listed(report, both)}
    flags = {point.touchpoint: point.flag for point in curve.points}
    kind: NumKind = "rating" if found.basis == "csat" else "points"

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.priority_matrix(
            [
                figures.MatrixItem(
                    label=write(names[item.touchpoint]),
                    x=item.frequency.value,
                    y=item.impact.value,
                    note=write(_ranks(item.frequency_view)),
                    mark=flags.get(item.touchpoint, "none"),
                )
                for item in found.items
            ],
            theme=theme,
            x_fmt=lambda value: write(phrase("priorities.percent", value=Num(value, "share"))),
            y_fmt=lambda value: write(Num(value, kind)),
            x_label=write(phrase("priorities.frequency_axis")),
            y_label=write(phrase(f"priorities.impact_axis_{found.basis}")),
            plot_height_cm=10.0,
            quadrants=figures.Quadrants(
                x=found.often,
                y=found.impact_cut,
                top_left=write(phrase("priorities.place.for_some")),
                top_right=write(phrase("priorities.place.first")),
                bottom_left=write(phrase("priorities.place.watch")),
                bottom_right=write(phrase("priorities.place.keep")),
            ),
        )

    return report.figure(
        "priorities.chart",
        draw,
        title=Phrase(f"priorities.chart.title{'' if both else '_none'}", values),
        subtitle=Phrase("priorities.chart.subtitle", values),
        source=Phrase(f"priorities.chart.source_{found.basis}", values),
        alt=Phrase("priorities.chart.alt", values),
    )


def table(report: Report, found: Priorities, curve: EmotionCurve) -> Block:
    """Show both ranks side by side, with intervals and what hangs on a cut."""
    names = report.engagement.touchpoint_names()
    rated = bool(found.rated)
    rows: list[tuple[Cell, ...]] = []
    for item in found.items:
        row: list[Cell] = [
            names[item.touchpoint], phrase("priorities.cell.impact", impact=item.impact),
            item.frequency, _rank_cell(item.frequency_view),
        ]  # fmt: skip
        if rated:
            row += [_rank_cell(item.difficulty_view), _difficulty_cell(item)]
        rows.append((*row, _place(item)))
    width = 6 if rated else 4
    rows += [
        (names[name], *[None] * (width - 1), phrase("priorities.too_few")) for name in found.too_few
    ]
    heads = ["touchpoint", "impact", "frequency", "rank_frequency"]
    heads += ["rank_difficulty", "difficulty"] if rated else []
    values = _values(report, found, curve)
    case, moved = _moved(report, found)
    return report.table(
        "priorities.table",
        Table(
            title=Phrase(f"priorities.table.title_{case}", values | moved),
            subtitle=Phrase("priorities.table.subtitle", values),
            source=Phrase(f"priorities.table.source{'' if rated else '_plain'}", values),
            columns=[
                *(Column(f"priorities.head.{head}") for head in heads),
                Column("priorities.head.place", "text"),
            ],
            rows=rows,
        ),
    )


def findings(report: Report, found: Priorities, curve: EmotionCurve) -> Block:
    """Say what comes first and how sure that is, and which quick wins the raters bear out."""
    values = _values(report, found, curve)
    case = _case(found, curve)
    firm = found.first.frequency_view.rank_upper == 1
    sure = "open" if not firm else "firm" if case == "same" else "lead"
    said = [report.say(f"priorities.finding_{sure}", level="prescriptive", grade=None, **values)]
    if case != "same":
        said.append(
            report.say(f"priorities.finding_{case}", level="prescriptive", grade=None, **values)
        )
    elif _busy(found, curve):
        said.append(
            report.items("priorities.busy", [Phrase("priorities.busy", values)], role="note")
        )
    if found.rated and found.agreement:
        said.append(_quick_wins(report, found, found.agreement, values))
    return report.together("priorities.findings", said)


def agreement_phrase(agreement: Agreement) -> Phrase:
    """Print an agreement coefficient with its interval and verdict, or why there is none."""
    if agreement.alpha is None:
        return phrase(f"priorities.agreement.{agreement.absence}")
    return phrase(
        f"priorities.agreement.{'shown' if agreement.alpha.has_interval else 'bare'}",
        alpha=agreement.alpha,
        verdict=phrase(f"priorities.verdict.{agreement.verdict}"),
    )


def _quick_wins(
    report: Report, found: Priorities, agreement: Agreement, values: dict[str, Value]
) -> Block:
    wins = [item for item in found.rated if item.difficulty_place == "quick_win"]
    refused = [item for item in found.rated if item.difficulty_place in REFUSED]
    if agreement.verdict == "disagree":
        key = "disagree"
    else:
        key = f"{'wins' if wins else 'none'}{'_refused' if refused else ''}"
    listed: dict[str, Value] = {
        "wins": _listed(report, wins), "refused": _listed(report, refused),
    }  # fmt: skip
    return report.say(
        f"priorities.quick_{key}", level="prescriptive", grade=None, **(values | listed)
    )


def _case(found: Priorities, curve: EmotionCurve) -> str:
    """Whether the first is a clear pain point, another one is, or none is."""
    pains = {point.touchpoint for point in curve.pains}
    if not pains & {item.touchpoint for item in found.items}:
        return "none"
    return "same" if found.first.touchpoint in pains else "other"


def _busy(found: Priorities, curve: EmotionCurve) -> list[Priority]:
    """Touchpoints that rank before the last action though they are no clear pain points."""
    pains = {point.touchpoint for point in curve.pains}
    acted = [item.frequency_view.rank for item in found.items if item.touchpoint in pains]
    last = max(acted[:SHOWN_PAINS], default=0)
    return [
        item
        for item in found.items
        if item.touchpoint not in pains and item.frequency_view.rank < last
    ]


def _values(report: Report, found: Priorities, curve: EmotionCurve) -> dict[str, Value]:
    names = report.engagement.touchpoint_names()
    first = found.first
    pains = {point.touchpoint for point in curve.pains}
    pain = next((item for item in found.items if item.touchpoint in pains), first)
    rivals = [item for item in found.items[1:] if item.frequency_view.rank_lower == 1]
    values: dict[str, Value] = {
        "first": names[first.touchpoint],
        "impact": first.impact,
        "frequency": first.frequency,
        "first_rank": first.frequency_view.rank,
        "ranks": _ranks(first.frequency_view),
        "busy": _listed(report, _busy(found, curve)),
        "rivals": _listed(report, rivals),
        "pain": names[pain.touchpoint],
        "pain_rank": pain.frequency_view.rank,
        "n_points": len(found.items),
        "n": found.n_obs,
        "n_raters": found.n_raters,
        "cut": Num(found.impact_cut, "rating" if found.basis == "csat" else "points"),
        "rating": Num(SATISFIED, "rating"),
        "nps": Num(RECOMMENDED, "points"),
        "often": Num(found.often, "share"),
        "hard": Num(found.hard, "rating"),
        "move": Num(MOVE, "share"),
        "flips": _listed(report, found.flips),
        "unit": phrase(f"priorities.unit_{found.basis}"),
        "definition": phrase(f"priorities.definition_{found.basis}"),
        **period_values(report.engagement.baseline),
    }
    if found.agreement:
        values["agreement"] = agreement_phrase(found.agreement)
    headline = Phrase(f"priorities.headline_{_case(found, curve)}", dict(values))
    return {**values, "headline": headline}


def _moved(report: Report, found: Priorities) -> tuple[str, dict[str, Value]]:
    """Which touchpoint the two views rank furthest apart."""
    names = report.engagement.touchpoint_names()
    if not found.rated:
        return "plain", {}
    if len(found.rated) < len(found.items):
        return "part", {"n_rated": len(found.rated)}
    shifts = [
        (item.touchpoint, item.frequency_view, item.difficulty_view)
        for item in found.items
        if item.difficulty_view
    ]
    name, before, after = max(shifts, key=lambda shift: abs(shift[1].rank - shift[2].rank))
    if before.rank == after.rank:
        return "same", {}
    said: dict[str, Value] = {"mover": names[name]}
    return "moved", said | {"before": _rank_said(before), "after": _rank_said(after)}


def _listed(report: Report, items: Sequence[Priority]) -> Value:
    names = report.engagement.touchpoint_names()
    if not items:
        return phrase("list.none")
    return Joined(tuple(names[item.touchpoint] for item in items))


def _ranks(standing: Standing) -> Phrase:
    span: dict[str, Value] = {"low": standing.rank_lower, "high": standing.rank_upper}
    one = standing.rank_lower == standing.rank_upper
    return Phrase(f"priorities.rank.{'one' if one else 'span'}", span)


def _rank_cell(standing: Standing | None) -> Phrase | None:
    return None if standing is None else _rank_said(standing)


def _rank_said(standing: Standing) -> Phrase:
    span: dict[str, Value] = {
        "rank": standing.rank, "low": standing.rank_lower, "high": standing.rank_upper,
    }  # fmt: skip
    one = standing.rank_lower == standing.rank_upper
    return Phrase(f"priorities.cell.rank{'_one' if one else ''}", span)


def _difficulty_cell(item: Priority) -> Phrase | None:
    if item.difficulty is None:
        return None
    return phrase(
        "priorities.cell.difficulty",
        mean=Num(item.difficulty.mean, "rating"),
        low=item.difficulty.lowest,
        high=item.difficulty.highest,
    )


def _place(item: Priority) -> Phrase:
    """The quadrant's name; where it hangs on a tenth of a cut, that is said."""
    standing = item.difficulty_view or item.frequency_view
    place = phrase(f"priorities.place.{item.difficulty_place or item.frequency_place}")
    return phrase("priorities.may_change", place=place) if standing.flips else place
