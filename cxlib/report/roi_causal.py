"""What 04_roi_review shows of other methods for the same effect: do they agree?"""

from collections.abc import Mapping
from math import isnan, nan

from cxlib.decisions.methods import Agreement, MethodKey, Methods
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.report import Draw, Report
from cxlib.report.roi_evidence import direction, nothing, review_values
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.writer import Month, Num, Phrase, Value, Writer, phrase
from cxlib.stats.counterfactual import Counterfactual
from cxlib.stats.estimate import Estimate, Unit

AGREEMENT: Mapping[Agreement, Status] = {
    "agrees": "good", "cannot_tell": "watch", "disagrees": "bad",
}  # fmt: skip


def method_values(report: Report, methods: Methods) -> dict[str, Value]:
    """What sentences on methods may use."""
    values = review_values(report, methods.review) | {
        "n_others": methods.n_others,
        "n_agree": methods.count("agrees"),
        "n_disagree": methods.count("disagrees"),
        "n_cannot": methods.count("cannot_tell"),
        "primary": phrase(f"roi_causal.method.{methods.primary.key}"),
    }
    if methods.randomised is not None:
        values["test"] = methods.randomised
    return values


def methods_section(report: Report, methods: Methods | None) -> Block:
    """Open the comparison of methods."""
    if methods is None:
        return nothing(report, "roi_causal.methods")
    key = "methods" if methods.n_others else "methods_alone"
    values = method_values(report, methods)
    return report.section(f"roi_causal.{key}", "diagnostic", methods.review.grade, **values)


def methods_chart(report: Report, methods: Methods | None) -> Block:
    """Draw the effect by every method that gave one."""
    if methods is None or not methods.n_others:
        return nothing(report, "roi_causal.methods.chart")
    kind = methods.review.effect.unit

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.difference_plot(
            [
                figures.EffectItem(
                    label=write(phrase(f"roi_causal.method.{each.key}")),
                    estimate=each.estimate,
                    note=write(phrase("roi_causal.chart.counts")) if not position else "",
                )
                for position, each in enumerate(methods.effects)
                if each.estimate is not None
            ],
            theme=theme,
            fmt=lambda value: write(phrase("roi_review.cell.signed", value=Num(value, kind))),
            axis_label=write(phrase(f"roi_review.axis.{methods.review.initiative.outcome}_change")),
            zero_label=write(phrase("roi_review.chart.zero")),
        )

    return causal_figure(report, "roi_causal.methods.chart", draw, method_values(report, methods))


def methods_table(report: Report, methods: Methods | None) -> Block:
    """Show each method, what it asks to be true, and whether it agrees."""
    if methods is None or len(methods.effects) == 1:
        return nothing(report, "roi_causal.methods.table")
    rows: list[tuple[Cell, ...]] = []
    for each in methods.effects:
        verdict: Cell
        if each.agreement == "primary":
            verdict = phrase("roi_causal.agreement.primary", grade=phrase(f"grade.{each.grade}"))
        elif each.refused is not None:
            verdict = phrase(f"roi_causal.refused.{each.refused}")
        else:
            verdict = Marked(
                phrase(f"roi_causal.agreement.{each.agreement}"), AGREEMENT[each.agreement]
            )
        found = each.estimate
        rows.append(
            (
                phrase(f"roi_causal.method.{each.key}"),
                phrase("cell.signed", value=found) if found else None,
                phrase("cell.signed_interval", value=found) if found else None,
                phrase(f"roi_causal.asks.{each.key}"),
                verdict,
            )
        )
    text = {"asks", "verdict"}
    values = method_values(report, methods)
    return report.table(
        "roi_causal.methods.table",
        Table(
            title=Phrase("roi_causal.methods.table", values),
            subtitle=Phrase("roi_causal.methods.table.subtitle", values),
            source=Phrase("roi_causal.methods.table.source", values),
            columns=[
                Column(f"roi_causal.head.{head}", "text" if head in text else "num")
                for head in ("method", "effect", "interval", "asks", "verdict")
            ],
            rows=rows,
        ),
    )


def path_chart(report: Report, methods: Methods | None) -> Block:
    """Draw what was seen beside what was expected without the action."""
    if methods is None or not methods.paths:
        return nothing(report, "roi_causal.path")
    order: tuple[MethodKey, ...] = (methods.primary.key, "structural", "synthetic", "interrupted")
    key = next(key for key in order if key in methods.paths)
    path = methods.paths[key]
    unit: Unit = "share" if methods.review.effect.unit == "pp" else methods.review.effect.unit

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.two_lines(
            [write(Month(point.period)) for point in path.points],
            treated=_line(path, unit, expected=False),
            comparison=_line(path, unit, expected=True),
            treated_label=write(phrase("roi_causal.path.observed")),
            comparison_label=write(phrase("roi_causal.path.expected")),
            theme=theme,
            fmt=lambda value: write(Num(value, unit)),
            start=write(Month(methods.review.initiative.start)),
            start_label=write(phrase("roi_review.lines.start")),
            axis_label=write(phrase(f"roi_review.axis.{methods.review.initiative.outcome}")),
        )

    values = method_values(report, methods) | {
        "path": path.effect,
        "by": phrase(f"roi_causal.method.{key}"),
        "learned": phrase(f"roi_causal.learned.{key}"),
        "total": phrase(f"roi_causal.total.{methods.review.initiative.outcome}",
                        value=path.cumulative),
    }  # fmt: skip
    return causal_figure(report, "roi_causal.path", draw, values)


def _line(path: Counterfactual, unit: Unit, *, expected: bool) -> list[Estimate | None]:
    return [
        Estimate(
            value=point.expected if expected else point.observed,
            ci_lower=point.ci_lower if expected else nan,
            ci_upper=point.ci_upper if expected else nan,
            n_obs=path.effect.n_obs,
            unit=unit,
            method=path.effect.method,
            confidence_level=path.effect.confidence_level,
        )
        if not (expected and isnan(point.expected))
        else None
        for point in path.points
    ]


def methods_finding(report: Report, methods: Methods | None) -> Block:
    """Say whether other honest methods agree."""
    if methods is None or not methods.n_others:
        return nothing(report, "roi_causal.methods.finding")
    case = "disagree" if methods.count("disagrees") else "agree"
    if case == "agree" and not methods.count("agrees"):
        case = "cannot_tell"
    return report.say(
        f"roi_causal.methods.{case}",
        level="diagnostic",
        grade=None,
        **method_values(report, methods),
    )


def randomised_finding(report: Report, methods: Methods | None) -> Block:
    """Say what the randomised test of one of the actions found, where there is one."""
    if methods is None or methods.randomised is None:
        return nothing(report, "roi_causal.randomised")
    return report.say(
        f"roi_causal.randomised.{direction(methods.randomised)}",
        level="diagnostic",
        grade="A",
        **method_values(report, methods),
    )


def causal_figure(report: Report, key: str, draw: Draw, values: "dict[str, Value]") -> Block:
    """Put a drawing with its title, subtitle, source and alternative text into a block."""
    return report.figure(
        key,
        draw,
        title=Phrase(key, values),
        subtitle=Phrase(f"{key}.subtitle", values),
        source=Phrase(f"{key}.source", values),
        alt=Phrase(f"{key}.alt", values),
    )
