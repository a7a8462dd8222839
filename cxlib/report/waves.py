"""Scores over time: by period, from wave to wave, and what of a change is mix."""

from dataclasses import replace
from datetime import date

from cxlib.measures.scores import ScoreName, ScoreSet, Step
from cxlib.measures.waves import WaveChange, WaveStudy
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.who_answered import category, none_block
from cxlib.report.writer import Day, Joined, Month, Num, Phrase, Value, phrase
from cxlib.stats.estimate import Estimate

COLUMNS: tuple[tuple[ScoreName, bool], ...] = (
    ("nps", True), ("csat_top2", False), ("csat_mean", True), ("ces_mean", True), ("cxi", True),
)  # fmt: skip
"""Scores of the period table, and whether the number of answers follows."""


def section(report: Report, study: WaveStudy) -> Block:
    """Open the section with what the waves say: an alarm, a clear change, or none."""
    lead = leading(study)
    waves = _wave_values(study)
    if lead is None:
        return report.section("waves.few", "descriptive", **waves)
    headline = Phrase(f"waves.title_{case(study)}", change_values(study, lead))
    about = phrase(f"waves.about_{study.waves.kind}")
    return report.section("waves", "descriptive", headline=headline, about=about, **waves)


def leading(study: WaveStudy) -> WaveChange | None:
    """The change a reader must know first: an alarm, a clear change, else the first score's."""
    for wanted in ("reversed", "against"):
        if found := [change for change in study.changes if change.alarm == wanted]:
            return found[0]
    clear = [change for change in study.changes if change.change.excludes(0.0)]
    return next(iter([*clear, *study.changes]), None)


def case(study: WaveStudy) -> str:
    """Say what the leading change is: reversed, against, clear or unclear."""
    lead = leading(study)
    if lead is None:
        return "few"
    if lead.alarm != "none":
        return lead.alarm
    return "clear" if lead.change.excludes(0.0) else "unclear"


def change_values(study: WaveStudy, change: WaveChange) -> dict[str, Value]:
    """Every value that sentences about one change ask for."""
    grown = max(change.groups, key=lambda g: g.mix.share_after - g.mix.share_before)
    return {
        "score": phrase(f"waves.score.{change.score}"), "by": phrase(f"waves.by.{change.by}"),
        "first": change.before.shown, "second": change.after.shown, "change": change.change,
        "rate": change.rate_effect, "mix": change.mix_effect, "n": change.change.n_obs,
        "joint": Num(change.mix_effect.confidence_level, "share"),
        "n_both": change.n_both, "grown": category(change.by, grown.group),
        "share_before": Num(grown.mix.share_before, "share"),
        "share_after": Num(grown.mix.share_after, "share"),
        "groups": Joined(tuple(
            phrase("waves.group", name=category(change.by, g.group), change=g.change)
            for g in change.groups
        )),
        "alarms": sum(found.alarm != "none" for found in study.changes),
        **_wave_values(study),
    }  # fmt: skip


def _wave_values(study: WaveStudy) -> dict[str, Value]:
    return {
        "before": Phrase("provenance.period", period_values(study.waves.before)),
        "after": Phrase("provenance.period", period_values(study.waves.after)),
        "family": study.family, "splits": study.splits,
    }  # fmt: skip


def change_table(report: Report, study: WaveStudy) -> Block:
    """Show every score in both waves, its change, and the change split into rate and mix."""
    lead = leading(study)
    if lead is None:
        return none_block(report, "waves.none")
    rows: list[tuple[Cell, ...]] = []
    for change in study.changes:
        values = change_values(study, change)
        rows.append(
            (
                Phrase("waves.row", values), change.before.shown, change.after.shown,
                phrase("cell.signed", value=_bare(change.change)),
                phrase("cell.signed_interval", value=_bare(change.change)),
                phrase("waves.signed", value=_bare(change.rate_effect)),
                phrase("waves.signed", value=_bare(change.mix_effect)),
                *([phrase(f"waves.alarm_{change.alarm}")] if values["alarms"] else []),
                Num(change.change.n_obs),
            )
        )  # fmt: skip
    hidden = {
        (change.by, name): None for change in study.changes for name in change.hidden
    }  # fmt: skip
    values = {
        **change_values(study, lead),
        "floor": report.engagement.minimum_cell,
        "hidden": phrase(
            "waves.hidden", floor=report.engagement.minimum_cell,
            names=Joined(tuple(category(by, name) for by, name in hidden)),
        ) if hidden else phrase("waves.hidden_none"),
    }  # fmt: skip
    alarm = ("alarm",) if values["alarms"] else ()
    heads = ("split", "first", "second", "change", "ci", "rate", "mix", *alarm, "n")
    return report.table(
        "waves.changes",
        Table(
            title=Phrase(f"waves.table_{'alarm' if values['alarms'] else 'calm'}", values),
            subtitle=Phrase("waves.subtitle", values),
            source=Phrase("waves.source", values),
            columns=[
                Column(f"waves.{head}", "text" if head == "alarm" else "num") for head in heads
            ],
            rows=rows,
        ),
    )


def finding(report: Report, study: WaveStudy) -> Block:
    """Say what changed between the waves, and whether total and groups agree."""
    lead = leading(study)
    if lead is None:
        return none_block(report, "waves.none")
    return report.say(
        f"waves.finding_{case(study)}",
        level="descriptive",
        grade=None,
        **change_values(study, lead),
    )


def period_table(report: Report, found: ScoreSet, *, step: Step = "month") -> Block:
    """Show every score by month or quarter of the period, with interval and n."""
    names = [name for name, _ in COLUMNS if name in found.scores]
    starts = sorted({score.group[0] for name in names for score in found.scores[name]})
    shown = {
        name: {start: found.of(name, (start,)) for start in starts}
        for name in names
    }  # fmt: skip
    leads = [
        (score.shown, start)
        for start in starts
        if names and (score := shown[names[0]][start]) is not None
    ]
    if not leads:
        return none_block(report, "waves.periods_none")
    rows: list[tuple[Cell, ...]] = []
    for start in starts:
        cells: list[Cell] = [_period(start, step)]
        for name in names:
            score = shown[name][start]
            value = None if score is None else score.shown
            cells.append(None if value is None else phrase("waves.cell", value=value))
            if dict(COLUMNS)[name]:
                cells.append(phrase("number.hidden") if value is None else Num(value.n_obs))
        rows.append(tuple(cells))
    high, low = (pick(leads, key=_value) for pick in (max, min))
    values: dict[str, Value] = {
        "score": phrase(f"waves.score.{names[0]}"),
        "high": high[0], "high_period": _period(high[1], step),
        "low": low[0], "low_period": _period(low[1], step),
        "scales": Joined(tuple(phrase(f"waves.scale.{_scale(report, name)}") for name in names)),
        "weighted": phrase(f"waves.{'weighted' if found.weighted else 'unweighted'}"),
        "floor": report.engagement.minimum_cell,
        **period_values(report.engagement.baseline),
    }  # fmt: skip
    differ = "" if high[0].value > low[0].value else "_equal"
    heads = ["period"]
    for name in names:
        heads += [f"score.{name}", *(["n"] if dict(COLUMNS)[name] else [])]
    return report.table(
        "waves.periods",
        Table(
            title=Phrase(f"waves.periods{differ}", values),
            subtitle=Phrase("waves.periods_subtitle", values),
            source=Phrase("waves.periods_source", values),
            columns=[Column(f"waves.{head}") for head in heads],
            rows=rows,
        ),
    )


def _bare(change: Estimate) -> Estimate:
    """Percentage points as plain points: the table names the unit once, over its columns."""
    if change.unit != "pp":
        return change
    return replace(
        change, value=100 * change.value, ci_lower=100 * change.ci_lower,
        ci_upper=100 * change.ci_upper, unit="points",
    )  # fmt: skip


def _value(pair: tuple[Estimate, str]) -> float:
    return pair[0].value


def _period(start: str, step: Step) -> Value:
    day = date.fromisoformat(start)
    return Month(day) if step == "month" else phrase("waves.from", start=Day(day))


def _scale(report: Report, name: ScoreName) -> str:
    return f"ces_{report.engagement.ces_version()}" if name == "ces_mean" else name
