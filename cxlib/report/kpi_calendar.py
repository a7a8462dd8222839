"""Lunar New Year and sale days: how far such periods stand off, and whether knowing it helps."""

from collections.abc import Iterator, Sequence

from cxlib.decisions.calendar import Occasion, gap_level
from cxlib.decisions.kpis import TrackedKpi
from cxlib.engagement.schema import KpiUnit
from cxlib.measures.festival import AFTER, BEFORE
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Joined, Num, NumKind, Phrase, Value, phrase
from cxlib.stats.estimate import Estimate, Unit
from cxlib.stats.smoothing import FEWEST, CalendarEffect

DIFFERENCES: dict[KpiUnit, Unit] = {"points": "points", "share": "pp", "rating": "rating"}
SIZES: dict[KpiUnit, NumKind] = {"points": "points", "share": "pp", "rating": "rating"}


def calendar_values(report: Report, tracked: Sequence[TrackedKpi]) -> dict[str, Value]:
    """Give what sentences on the calendar ask for."""
    told = [(each, name, effect) for each, name, effect in _effects(tracked) if effect]
    used = [(each, name, effect) for each, name, effect in told if effect.helps]
    return {
        "total": len(tracked), "n_told": len(told), "n_used": len(used),
        "used": _listed([
            phrase(
                "kpi_tracking.calendar.one", name=each.kpi.name,
                occasion=occasion_word(name), effect=_estimate(report, each, effect),
            )
            for each, name, effect in used
        ]),
        "names": _listed([each.kpi.name for each in tracked if each.calendar.used]),
        "unused": _listed([
            phrase(
                "kpi_tracking.calendar.pair", name=each.kpi.name, occasion=occasion_word(name)
            )
            for each, name, effect in told if not effect.helps
        ]),
        "untold": _listed([
            phrase(
                "kpi_tracking.calendar.pair", name=each.kpi.name, occasion=occasion_word(name)
            )
            for each, name, effect in _effects(tracked) if effect is None
        ]),
        "before": BEFORE, "after": AFTER, "fewest": FEWEST,
        "joint": Num(gap_level(report.engagement), "share"),
        "sales": _listed(list({str(s.name): s.name for s in report.engagement.sale_days}.values())),
    }  # fmt: skip


def calendar_table(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """Show of each KPI how far holiday periods stand off and what knowing it does to forecasts."""
    rows: list[tuple[Cell, ...]] = []
    for each, name, effect in _effects(tracked):
        if effect is None:
            continue
        found, unit = _estimate(report, each, effect), each.kpi.unit
        errors = (Num(error, SIZES[unit]) for error in (effect.error_without, effect.error_with))
        rows.append(
            (
                each.kpi.name, occasion_word(name), phrase("cell.signed", value=found),
                phrase("cell.signed_interval", value=found), effect.touched,
                *(phrase(f"kpi_tracking.calendar.error.{unit}", x=error) for error in errors),
                phrase(f"kpi_tracking.calendar.{'used' if effect.helps else 'unused'}"),
            )
        )  # fmt: skip
    values = calendar_values(report, tracked)
    if not rows:
        return report.items(
            "kpi_tracking.calendar.table", [phrase("kpi_tracking.calendar.none")], role="note"
        )
    heads = ("kpi", "occasion", "effect", "ci", "touched", "without", "with", "use")
    text = {"occasion", "use"}
    return report.table(
        "kpi_tracking.calendar.table",
        Table(
            title=Phrase("kpi_tracking.calendar.table", values),
            subtitle=Phrase("kpi_tracking.calendar.subtitle", values),
            source=Phrase("kpi_tracking.calendar.source", values),
            columns=[
                Column(f"kpi_tracking.calendar.{head}", "text" if head in text else "num")
                for head in heads
            ],
            rows=rows,
        ),
    )


def calendar_finding(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """Say which KPIs stand elsewhere in holiday periods, and that those are read against that."""
    values = calendar_values(report, tracked)
    key = "finding" if values["n_used"] else "unclear" if values["n_told"] else "unknown"
    return report.say(f"kpi_tracking.calendar.{key}", level="descriptive", grade=None, **values)


def occasion_word(name: Occasion) -> Phrase:
    """Name a holiday or a sale."""
    return phrase(f"kpi_tracking.occasion.{name}")


def occasion_words(names: Sequence[Occasion]) -> Value:
    """Name the occasions of one period; a dash for none."""
    if not names:
        return phrase("number.none")
    return Joined(tuple(occasion_word(name) for name in names))


def _effects(
    tracked: Sequence[TrackedKpi],
) -> Iterator[tuple[TrackedKpi, Occasion, CalendarEffect | None]]:
    for each in tracked:
        if each.series is not None:
            for name, effect in each.calendar.effects.items():
                yield each, name, effect


def _estimate(report: Report, each: TrackedKpi, effect: CalendarEffect) -> Estimate:
    return Estimate(
        value=effect.effect, ci_lower=effect.ci_lower, ci_upper=effect.ci_upper,
        n_obs=effect.touched, unit=DIFFERENCES[each.kpi.unit],
        method="least squares on one-step errors",
        confidence_level=gap_level(report.engagement),
    )  # fmt: skip


def _listed(items: Sequence[Value]) -> Value:
    return Joined(tuple(items)) if items else phrase("list.none")
