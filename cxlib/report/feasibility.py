"""What 02_kpi_setting shows of a goal's outlook: when it would show, how surely, who is there."""

from collections.abc import Mapping, Sequence

from cxlib.decisions.best_segment import BestSegment
from cxlib.decisions.goal_counts import FEWEST_OWNERS, FunnelNeeded, OwnersNeeded, WaitingNeeded
from cxlib.decisions.outlook import FEWEST_PERIODS, STALE_MONTHS, Outlook
from cxlib.report.blocks import Block
from cxlib.report.goals import in_unit, listed, per, signed
from cxlib.report.report import Report
from cxlib.report.samples import family_level, power_of
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Marked, Table
from cxlib.report.who_answered import category
from cxlib.report.writer import Day, Num, Phrase, Value, phrase
from cxlib.stats.assurance import answers_ratio


def outlook_table(report: Report, found: Sequence[Outlook], *, seal: str) -> Block:
    """Show when each goal's change would show, and how surely by its date.

    Args:
        report: The report.
        found: One per goal.
        seal: Of the frozen baselines, printed as their fingerprint.
    """
    rows: list[tuple[Cell, ...]] = [
        (
            item.check.kpi.name,
            signed(item.check.kpi, item.check.change) if item.check.sample else None,
            None if item.process_sd is None else _spread(item),
            _months(item),
            _chance(item.chance_by_date),
            _chance(item.chance_alone),
            _chance(item.chance_untouched),
            None if item.level_shown_met is None else in_unit(item.check.kpi, item.level_shown_met),
        )
        for item in found
    ]
    heads = ("goal", "change", "moves", "months", "chance", "alone", "untouched", "shown_met")
    return report.table(
        "feasibility.outlook.table",
        Table(
            title=phrase("feasibility.outlook.table", **outlook_values(found)),
            subtitle=phrase("feasibility.outlook.subtitle", power=Num(_wanted(found), "share")),
            source=phrase(
                "feasibility.outlook.source",
                power=Num(power_of([item.check for item in found]), "share"),
                seal=seal,
                fewest=FEWEST_PERIODS,
                n=len(found),
                **_family(report, found),
                **period_values(report.engagement.baseline),
            ),
            columns=[Column(f"feasibility.outlook.{head}") for head in heads],
            rows=rows,
        ),
    )


def _family(report: Report, found: Sequence[Outlook]) -> dict[str, Value]:
    """What reading all goals as one family asks of the first of them."""
    level, power = report.engagement.confidence_level, power_of([item.check for item in found])
    joint = family_level(report)
    more = answers_ratio(joint, than=level, power=power) - 1
    return {"joint": Num(joint, "share"), "more": Num(more, "share")}


def outlook_values(found: Sequence[Outlook]) -> dict[str, Value]:
    """How many goals have an even chance or better, and which have not."""
    weak = [item for item in found if (item.chance_by_date or 0.0) < _wanted(found)]
    return {
        "n": len(found),
        "sure": len(found) - len(weak),
        "weak": listed([item.check.kpi.name for item in weak]),
        "power": Num(_wanted(found), "share"),
    }


def standing_table(report: Report, found: Sequence[Outlook], names: Mapping[str, Value]) -> Block:
    """Show what the best segment achieves already, and dated benchmarks on the same scale.

    Args:
        report: The report.
        found: One per goal.
        names: What stores are called; one that is absent is shown by its id.
    """
    rows: list[tuple[Cell, ...]] = []
    for item in found:
        kpi = item.check.kpi
        segment = item.best
        rows.append(
            (
                kpi.name,
                in_unit(kpi, item.check.level),
                None if segment is None else _segment(segment, names),
                None if segment is None else in_unit(kpi, segment.raw),
                None
                if segment is None
                else phrase("kpi_setting.cell.level", value=segment.shrunken),
                None if segment is None else _reaches(item),
                listed([_benchmark(item, place) for place in range(len(item.benchmarks))])
                if item.benchmarks
                else phrase("feasibility.standing.none"),
            )
        )
    heads = ("goal", "level", "segment", "raw", "shrunken", "reaches", "benchmark")
    text = {"segment", "shrunken", "reaches", "benchmark"}
    reached = [item for item in found if item.best_reaches]
    return report.table(
        "feasibility.standing.table",
        Table(
            title=phrase(
                "feasibility.standing.table",
                reached=len(reached),
                known=sum(item.best is not None for item in found),
            ),
            subtitle=Phrase(
                "feasibility.standing.subtitle", period_values(report.engagement.baseline)
            ),
            source=phrase(
                "feasibility.standing.source",
                floor=report.engagement.minimum_cell,
                stale=STALE_MONTHS,
            ),
            columns=[
                Column(f"feasibility.standing.{head}", "text" if head in text else "num")
                for head in heads
            ],
            rows=rows,
        ),
    )


def other_counts(
    report: Report,
    owners: OwnersNeeded | None,
    waiting: Sequence[WaitingNeeded],
    funnels: Sequence[FunnelNeeded],
) -> Block | None:
    """Say what a goal needs when stores, waiting times or site visitors are counted instead."""
    lines: list[Phrase] = []
    if owners is not None:
        lines.append(
            phrase(
                f"feasibility.counts.owners{'' if owners.needed >= FEWEST_OWNERS else '_few'}",
                name=owners.check.kpi.name,
                needed=owners.to_take,
                asked=owners.needed,
                fewest=FEWEST_OWNERS,
                months=owners.periods,
                stores=owners.owners,
                enquiries=owners.enquiries,
                change=signed(owners.check.kpi, owners.check.change),
                plain=owners.check.sample.n_needed if owners.check.sample else 0,
            )
        )
    for item in waiting:
        if item.check.sample is None:
            continue
        lines.append(
            phrase(
                "feasibility.counts.waiting",
                name=item.check.kpi.name,
                needed=item.size.n_per_group,
                plain=item.check.sample.n_needed,
                events=item.size.events,
                days=Num(item.check.goal.within_days or 0, "days"),
                per=per(item.check.kpi),
            )
        )
    lines += [_funnel(report, item) for item in funnels]
    if not lines:
        return None
    return report.items("feasibility.counts", lines, role="note")


def outlook_finding(report: Report, found: Sequence[Outlook]) -> Block:
    """Say which goals are likely to show by their date even if they come true."""
    return report.say(
        "feasibility.outlook.finding", level="predictive", grade=None, **outlook_values(found)
    )


def _wanted(found: Sequence[Outlook]) -> float:
    return power_of([item.check for item in found])


def _spread(item: Outlook) -> Value:
    kpi = item.check.kpi
    kind = "pp" if kpi.unit == "share" else kpi.unit
    return phrase(f"feasibility.moves.{kpi.unit}", value=Num(item.process_sd or 0.0, kind))


def _funnel(report: Report, item: FunnelNeeded) -> Phrase:
    name, step = item.check.kpi.name, phrase(f"operations.step.{item.check.goal.step}")
    if item.size is None:
        key = "feasibility.counts.funnel_few" if item.visitors else "feasibility.counts.no_events"
        return phrase(key, name=name, step=step)
    return phrase(
        "feasibility.counts.funnel",
        name=name,
        step=step,
        entering=item.size.entering,
        at_step=item.size.at_step,
        reach=Num(item.size.reach, "share"),
        change=signed(item.check.kpi, item.check.change),
        visitors=item.visitors,
        per=per(item.check.kpi),
        **period_values(report.engagement.baseline),
    )


def _months(item: Outlook) -> Cell:
    if not item.check.sample:
        return None
    if item.months_to_show is None:
        return Marked(phrase("feasibility.months.never"), "bad")
    return phrase("feasibility.months.some", months=Num(item.months_to_show, "ratio"))


def _chance(value: float | None) -> Num | None:
    return None if value is None else Num(value, "share")


def _segment(segment: BestSegment, names: Mapping[str, Value]) -> Value:
    return listed(
        [
            phrase("feasibility.standing.store_named", name=names[name])
            if kind == "store" and name in names
            else phrase("feasibility.standing.store", name=name)
            if kind == "store"
            else category(kind, name)
            for kind, name in zip(segment.kinds, segment.names, strict=True)
        ]
    )


def _reaches(item: Outlook) -> Cell:
    key = "yes" if item.best_reaches else "no"
    return phrase(f"feasibility.standing.{key}")


def _benchmark(item: Outlook, place: int) -> Phrase:
    dated = item.benchmarks[place]
    key = "feasibility.standing.stale" if dated.is_stale else "feasibility.standing.dated"
    return phrase(
        key,
        value=in_unit(item.check.kpi, dated.benchmark.value),
        source=dated.benchmark.source,
        day=Day(dated.benchmark.dated),
    )
