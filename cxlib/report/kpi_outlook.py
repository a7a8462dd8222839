"""What each KPI's process can do: kind of variation, reach, forecast, and what is on record."""

from collections.abc import Mapping, Sequence

from cxlib.decisions.history import HistoryUpdate
from cxlib.decisions.kpis import TrackedKpi
from cxlib.decisions.tracking import (
    KpiForecast,
    Reach,
    Variation,
    expected_false_trends,
    plain_point,
    reach,
    sampling_share,
    variation,
)
from cxlib.report.blocks import Block
from cxlib.report.kpi_charts import latest
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.writer import Day, Joined, Num, Phrase, Value, phrase
from cxlib.stats.proportions import proportion
from cxlib.stats.smoothing import FEWEST

VARIATIONS: Mapping[Variation, Status | None] = {
    "common": None, "special_better": "good", "special_worse": "bad", "too_few": None,
}  # fmt: skip
REACHES: Mapping[Reach, Status | None] = {
    "always": "good", "hit_and_miss": "watch", "never": "bad", "unsettled": None,
    "too_few": None, "no_target": None,
}  # fmt: skip
FEWEST_YEARS = 3
"""Whole years a season of twelve months would need."""
HEADS = {"band": "band_head"}
"""Columns whose heading has another key than the text of their cells."""


def reach_values(tracked: Sequence[TrackedKpi]) -> dict[str, Value]:
    """Give what sentences on variation and reach ask for."""
    by_reach: dict[str, Value] = {
        str(name): _names([each for each in tracked if reach(each) == name]) for name in REACHES
    }
    return {
        "total": len(tracked),
        "n_always": sum(reach(each) == "always" for each in tracked),
        "n_target": sum(each.target is not None for each in tracked),
        "n_common": sum(variation(each) == "common" for each in tracked),
        "n_special": sum(variation(each).startswith("special") for each in tracked),
        **by_reach,
    }


def reach_table(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """Show of each KPI the kind of variation, whether targets will be met, and the limits."""
    rows: list[tuple[Cell, ...]] = []
    for each in tracked:
        series, unit = each.series, each.kpi.unit
        firm = series is not None and series.has_firm_limits
        share = None if series is None else sampling_share(series)
        band: Cell = phrase("number.hidden")
        if firm and series is not None:
            plain = plain_point(each, series)
            band = phrase(
                "kpi_tracking.reach.band",
                lower=Num(plain.lower, unit), upper=Num(plain.upper, unit),
            )  # fmt: skip
        rows.append(
            (
                each.kpi.name,
                _marked(f"kpi_tracking.variation.{variation(each)}", VARIATIONS[variation(each)]),
                _marked(f"kpi_tracking.meets.{reach(each)}", REACHES[reach(each)]),
                None if each.target is None else Num(each.target.level, unit),
                band,
                None if share is None
                else phrase("kpi_tracking.reach.about", x=Num(share, "share")),
            )
        )  # fmt: skip
    heads = ("kpi", "variation", "meets", "target", "band", "sampling")
    return report.table(
        "kpi_tracking.reach.table",
        Table(
            title=Phrase("kpi_tracking.reach.table", reach_values(tracked)),
            subtitle=Phrase("kpi_tracking.reach.subtitle", reach_values(tracked)),
            source=phrase("kpi_tracking.reach.source"),
            columns=[
                Column(
                    f"kpi_tracking.reach.{HEADS.get(head, head)}",
                    "text" if head in {"variation", "meets"} else "num",
                )
                for head in heads
            ],
            rows=rows,
        ),
    )


def reach_finding(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """Say which targets the processes as they are can be relied on to meet."""
    return report.say(
        "kpi_tracking.reach.finding", level="descriptive", grade=None, **reach_values(tracked)
    )


def alarm_note(report: Report, tracked: Sequence[TrackedKpi]) -> Block:
    """Say how many KPIs would be called moved if none had."""
    charted = [each for each in tracked if each.series is not None]
    values: dict[str, Value] = {
        "n_charts": len(charted), "n_moved": sum(each.moved for each in tracked),
        "expected": Num(expected_false_trends(tracked), "ratio"),
    }  # fmt: skip
    return report.items(
        "kpi_tracking.alarms", [Phrase("kpi_tracking.alarms.rate", values)], role="note"
    )


def forecast_table(
    report: Report, tracked: Sequence[TrackedKpi], made: Mapping[str, KpiForecast]
) -> Block:
    """Show where each KPI is expected, with its interval and how often such intervals held."""
    rows: list[tuple[Cell, ...]] = []
    for each in tracked:
        found = made.get(each.kpi.id)
        if found is None:
            none = phrase("number.hidden")
            rows.append((each.kpi.name, None, None, none, None, none, None, None))
            continue
        model = found.model
        aim = None if found.target is None else Num(found.target, each.kpi.unit)
        rows.append(
            (
                each.kpi.name,
                latest(found.period_start, each.kpi.cadence),
                found.estimate,
                phrase("kpi_tracking.forecast.band", value=found.estimate),
                aim,
                phrase(f"kpi_tracking.forecast.{found.verdict}"),
                _record(model.held, model.tried), _record(model.held_far, model.tried_far),
            )
        )  # fmt: skip
    heads = ("kpi", "period", "value", "band", "target", "verdict", "held", "held_far")
    values = forecast_values(tracked, made)
    return report.table(
        "kpi_tracking.forecast.table",
        Table(
            title=Phrase("kpi_tracking.forecast.table", values),
            subtitle=Phrase("kpi_tracking.forecast.subtitle", values),
            source=Phrase("kpi_tracking.forecast.source", values),
            columns=[
                Column(
                    f"kpi_tracking.forecast.{HEADS.get(head, head)}",
                    "text" if head in {"period", "verdict"} else "num",
                )
                for head in heads
            ],
            rows=rows,
        ),
    )


def _record(held: int, tried: int) -> Cell:
    return phrase("kpi_tracking.forecast.record", held=held, tried=tried) if tried else None


def forecast_values(
    tracked: Sequence[TrackedKpi], made: Mapping[str, KpiForecast]
) -> dict[str, Value]:
    """Give what sentences on the forecasts ask for."""
    held = sum(found.model.held for found in made.values())
    tried = sum(found.model.tried for found in made.values())
    open_goals = [each for each in tracked if each.kpi.id in made and made[each.kpi.id].target]
    by_verdict = {
        verdict: _names([e for e in open_goals if made[e.kpi.id].verdict == verdict])
        for verdict in ("met", "not_met", "cannot_tell")
    }
    rate: Value = proportion(held, tried) if tried else phrase("number.none")
    return {
        "n_made": len(made), "total": len(tracked), "held": held, "tried": tried, "rate": rate,
        "n_open": len(open_goals), "fewest": FEWEST, **by_verdict,
        "without": _names([each for each in tracked if each.kpi.id not in made]),
        "holidays": _names([e for e in tracked if e.kpi.id in made and e.calendar.used]),
        "years": FEWEST_YEARS,
    }  # fmt: skip


def forecast_finding(
    report: Report, tracked: Sequence[TrackedKpi], made: Mapping[str, KpiForecast]
) -> Block:
    """Say which goals the forecast reaches, and how far it can be trusted."""
    values = forecast_values(tracked, made)
    key = "finding" if values["tried"] else "none"
    return report.say(f"kpi_tracking.forecast.{key}", level="predictive", grade=None, **values)


def history_note(report: Report, update: HistoryUpdate) -> Block:
    """Say what is on record, and which values may differ from what was reported."""
    if update.first is None or update.last is None:
        lines = [phrase("kpi_tracking.history.empty")]
    else:
        lines = [
            phrase(
                "kpi_tracking.history.kept",
                n=update.added + update.restated + update.unchanged,
                first=Day(update.first), last=Day(update.last),
            )
        ]  # fmt: skip
    lines += [
        phrase(
            "kpi_tracking.history.rebased", name=report.engagement.kpi(item.kpi).name,
            day=Day(item.from_), reason=item.reason,
        )
        for item in report.engagement.rebaseline
    ]  # fmt: skip
    lines += [
        phrase(
            "kpi_tracking.history.restated", name=report.engagement.kpi(item.kpi).name,
            day=Day(item.period), reason=item.reason,
        )
        for item in report.engagement.restatements
    ]  # fmt: skip
    return report.items("kpi_tracking.history", lines, role="note")


def _marked(key: str, status: Status | None) -> Cell:
    return Marked(phrase(key), status) if status else phrase(key)


def _names(tracked: Sequence[TrackedKpi]) -> Value:
    return Joined(tuple(each.kpi.name for each in tracked)) if tracked else phrase("list.none")
