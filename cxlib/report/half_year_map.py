"""The rest of the half-year review: the map in two periods, the horizon, the strategy, steps."""

from collections.abc import Mapping, Sequence
from typing import get_args

from cxlib.decisions.map_changes import MapChange, Move, moved_class
from cxlib.decisions.review import Dated, ForecastReplay, GoalReplay
from cxlib.engagement.review import Part, Step
from cxlib.measures.journey import CurveMetric
from cxlib.report import figures, scope
from cxlib.report.blocks import Block
from cxlib.report.half_year import map_key
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.writer import Day, Joined, Num, NumKind, Phrase, Value, Writer, phrase
from cxlib.stats.estimate import Estimate

MOVES: Mapping[Move, Status | None] = {
    "same": None, "new_pain": "bad", "eased": "good", "new_peak": "good", "faded": "bad",
    "hidden": None,
}  # fmt: skip


def map_values(report: Report, changes: Sequence[MapChange]) -> dict[str, Value]:
    """Give what sentences on the map ask for."""
    clear = [c for c in changes if c.change is not None and c.change.excludes(0.0)]
    n_obs = sum(c.change.n_obs for c in changes if c.change is not None)
    return {
        "n_points": len(changes), "n_moved": len(moved_class(changes)), "n_clear": len(clear),
        **{
            str(move): _points(report, [c for c in changes if c.move == move]) for move in MOVES
        },
        "clear": _points(report, clear), "n": n_obs,
        "baseline": Phrase("provenance.period", scope.period_values(report.engagement.baseline)),
        "review": Phrase("provenance.period", scope.period_values(report.engagement.review)),
        "floor": report.engagement.minimum_cell,
    }  # fmt: skip


def map_table(report: Report, changes: Sequence[MapChange]) -> Block:
    """Show the class of touchpoints in both periods; the chart shows the scores of all.

    A touchpoint that is neither pain point nor peak in both periods is counted and not listed.
    """
    plain = [c for c in changes if c.move == "same" and c.before == c.after == "none"]
    listed = [c for c in changes if c not in plain] or list(changes)
    rows: list[tuple[Cell, ...]] = []
    for change in listed:
        moved: Cell = phrase(f"half_year.move.{change.move}")
        if status := MOVES[change.move]:
            moved = Marked(phrase(f"half_year.move.{change.move}"), status)
        hidden = change.change is None
        rows.append(
            (
                _point(report, change.touchpoint), phrase(f"half_year.class.{change.before}"),
                phrase("number.hidden") if hidden else phrase(f"half_year.class.{change.after}"),
                moved,
                *_change_cells(change.change),
            )
        )  # fmt: skip
    heads = ("touchpoint", "class_before", "class_after", "move", "change", "ci", "n")
    return report.table(
        "half_year.map.table",
        Table(
            title=Phrase("half_year.map.table", map_values(report, changes)),
            subtitle=Phrase("half_year.map.subtitle", map_values(report, changes)),
            source=Phrase(
                "half_year.map.source",
                {**map_values(report, changes), "n_rest": len(changes) - len(listed)},
            ),
            columns=[
                Column(
                    f"half_year.head.{head}",
                    "text" if head.startswith(("class", "move")) else "num",
                )
                for head in heads
            ],
            rows=rows,
        ),
    )


def map_chart(report: Report, changes: Sequence[MapChange], metric: CurveMetric) -> Block:
    """Draw the change of each touchpoint's score against zero."""
    shown = [(c.touchpoint, c.change) for c in changes if c.change is not None]
    values = map_values(report, changes)
    if not shown:
        return report.items(
            "half_year.map.chart", [Phrase("half_year.map.few", values)], role="note"
        )
    unit: NumKind = shown[0][1].unit
    ordered = sorted(shown, key=lambda item: -item[1].value)
    values |= {
        "top": _point(report, ordered[0][0]), "top_change": ordered[0][1],
        "last": _point(report, ordered[-1][0]), "last_change": ordered[-1][1],
        "metric": phrase(f"half_year.metric.{metric}"),
    }  # fmt: skip

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.difference_plot(
            [
                figures.EffectItem(
                    label=write(_point(report, name)), estimate=change, note=write(change.n_obs)
                )
                for name, change in ordered
            ],
            theme=theme,
            fmt=lambda value: write(phrase("cell.signed", value=Num(value, unit))),
            axis_label=write(phrase("half_year.map.axis", metric=values["metric"])),
            note_head=write(phrase("chart.n")),
        )

    return report.figure(
        "half_year.map.chart",
        draw,
        title=Phrase("half_year.map.chart", values),
        subtitle=Phrase("half_year.map.chart_subtitle", values),
        source=Phrase("half_year.map.chart_source", values),
        alt=Phrase("half_year.map.alt", values),
    )


def map_finding(report: Report, changes: Sequence[MapChange]) -> Block:
    """Say which moments changed class."""
    return report.say(
        map_key(changes), level="diagnostic", grade=None, **map_values(report, changes)
    )


def horizon_table(report: Report, items: Sequence[Dated]) -> Block:
    """Show benchmarks and trends with their dates; older than 24 months is stale."""
    values = horizon_values(items)
    if not items:
        return report.items("half_year.horizon.table", [phrase("half_year.horizon.none")],
                            role="note")  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            item.name, item.source, Day(item.dated), item.months_old,
            Marked(phrase("half_year.stale"), "watch") if item.is_stale
            else phrase("half_year.fresh"),
        )
        for item in items
    ]  # fmt: skip
    heads = ("item", "source", "dated", "months", "age")
    return report.table(
        "half_year.horizon.table",
        Table(
            title=Phrase("half_year.horizon.table", values),
            subtitle=Phrase("half_year.horizon.subtitle", values),
            source=Phrase("half_year.horizon.source", values),
            columns=[
                Column(f"half_year.head.{head}", "num" if head == "months" else "text")
                for head in heads
            ],
            rows=rows,
        ),
    )


def horizon_values(items: Sequence[Dated]) -> dict[str, Value]:
    """Give what sentences on the horizon ask for."""
    return {"n_items": len(items), "n_stale": sum(item.is_stale for item in items)}


def strategy_values(report: Report) -> dict[str, Value]:
    """Give what sentences on the strategy ask for."""
    parts = (*get_args(Step), *get_args(Part))
    stated = {item.part: item for item in report.engagement.strategy}
    proven = [item for item in stated.values() if item.evidence is not None]
    empty = [phrase(f"half_year.part.{part}") for part in parts if part not in stated]
    return {
        "n_parts": len(parts), "n_stated": len(stated), "n_proven": len(proven),
        "n_empty": len(empty), "empty": Joined(tuple(empty)) if empty else phrase("list.none"),
    }  # fmt: skip


def strategy_tables(report: Report) -> Block:
    """Show the five steps and the eight parts of the plan; what is empty is shown empty."""
    return report.together(
        "half_year.strategy",
        [_strategy(report, "steps", get_args(Step)), _strategy(report, "parts", get_args(Part))],
    )


def actions(
    report: Report, goals: Sequence[GoalReplay], forecasts: Sequence[ForecastReplay]
) -> Block:
    """List what the review leaves to decide, each with its date."""
    due = scope.decide_by(report.engagement)
    owners = {goal.kpi: goal.owner for goal in report.engagement.goals}
    names = {kpi.id: kpi.name for kpi in report.engagement.kpis}
    lines = [
        phrase(
            f"half_year.action.{'missed' if goal.outcome == 'miss' else 'decide'}",
            name=names.get(goal.kpi, goal.kpi),
            owner=owners.get(goal.kpi) or phrase("half_year.no_owner"), due=due,
        )
        for goal in goals if goal.decision is None and not goal.superseded
    ]  # fmt: skip
    waiting = sum(each.outcome == "not_due" for each in forecasts)
    if waiting:
        lines.append(phrase("half_year.action.replay", n=waiting))
    if strategy_values(report)["n_empty"]:
        lines.append(Phrase("half_year.action.strategy", {**strategy_values(report), "due": due}))
    return report.items("half_year.actions", lines or [phrase("half_year.action.none")])


def _strategy(report: Report, key: str, parts: Sequence[str]) -> Block:
    stated = {str(item.part): item for item in report.engagement.strategy}
    empty = phrase("half_year.empty")
    rows: list[tuple[Cell, ...]] = []
    for part in parts:
        item = stated.get(part)
        cells: tuple[Value, ...] = (empty, empty, empty)
        if item is not None:
            cells = (item.text, item.owner or empty, item.evidence or empty)
        rows.append((phrase(f"half_year.part.{part}"), *cells))
    values: dict[str, Value] = {
        "n_stated": sum(part in stated for part in parts), "n_parts": len(parts),
    }  # fmt: skip
    return report.table(
        f"half_year.strategy.{key}",
        Table(
            title=Phrase(f"half_year.strategy.{key}", values),
            subtitle=Phrase(f"half_year.strategy.{key}_subtitle", values),
            source=phrase("half_year.strategy.source"),
            columns=[
                Column(f"half_year.head.{head}", "text")
                for head in ("part", "text", "owner", "evidence")
            ],
            rows=rows,
        ),
    )


def _change_cells(change: Estimate | None) -> tuple[Cell, Cell, Cell]:
    if change is None:
        hidden = phrase("number.hidden")
        return hidden, hidden, hidden
    return (
        phrase("cell.signed", value=change),
        phrase("cell.signed_interval", value=change),
        change.n_obs,
    )


def _point(report: Report, touchpoint: str) -> Value:
    return report.engagement.touchpoint_names().get(touchpoint, touchpoint)


def _points(report: Report, changes: Sequence[MapChange]) -> Value:
    if not changes:
        return phrase("list.none")
    return Joined(tuple(_point(report, change.touchpoint) for change in changes))
