"""The charts of a test: the primary effect and each guardrail, against zero and its margin."""

from collections.abc import Mapping

from cxlib.decisions.outcomes import Comparison
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.trial import Trial, sign, trial_values
from cxlib.report.writer import Num, NumKind, Phrase, Value, Writer, phrase


def effect_chart(report: Report, trial: Trial) -> Block:
    """Draw the primary effect against zero and the smallest effect worth having."""
    if not trial.readout.is_valid:
        return not_read(report, "ab_test.effect.chart")
    plan = trial.readout.plan
    return _effect_figure(
        report,
        "ab_test.effect.chart",
        trial,
        {each.arm: each.primary for each in trial.readouts},
        margin=plan.minimum_effect * sign(plan.primary),
        zone="ab_test.chart.worth",
        texts=("ab_test.effect.chart", "ab_test.effect.chart_subtitle",
               "ab_test.effect.chart_source", "ab_test.effect.alt"),
        values=trial_values(trial),
    )  # fmt: skip


def guardrail_charts(report: Report, trial: Trial) -> Block:
    """Draw each guardrail against zero and its tolerated loss, in its own unit."""
    if not trial.readout.is_valid:
        return not_read(report, "ab_test.guardrails.charts")
    if not trial.readout.guardrails:
        nothing = phrase("ab_test.guardrails.no_chart")
        return report.items("ab_test.guardrails.charts", [nothing], role="note")
    blocks = []
    for place, guardrail in enumerate(trial.readout.guardrails):
        found = guardrail.comparison
        margin = -guardrail.margin * sign(found.metric)
        prefix = "ab_test.guardrails"
        blocks.append(
            _effect_figure(
                report,
                f"ab_test.guardrails.chart.{found.metric.column}",
                trial,
                {each.arm: each.guardrails[place].comparison for each in trial.readouts},
                margin=margin,
                zone="ab_test.chart.loss",
                texts=(f"{prefix}.chart_{guardrail.safety}", f"{prefix}.chart_subtitle",
                       f"{prefix}.chart_source", f"{prefix}.alt"),
                values={
                    **trial_values(trial), "metric": trial.name(found.metric),
                    "effect": found.effect, "margin": Num(margin, found.effect.unit),
                },
            )
        )  # fmt: skip
    return report.together("ab_test.guardrails.charts", blocks)


def not_read(report: Report, key: str) -> Block:
    """Say that a part is not read because the split is broken."""
    return report.items(key, [phrase("ab_test.not_read")], role="note")


def _effect_figure(
    report: Report,
    key: str,
    trial: Trial,
    found: Mapping[str, Comparison],
    *,
    margin: float,
    zone: str,
    texts: tuple[str, str, str, str],
    values: Mapping[str, Value],
) -> Block:
    """Draw each arm's effect against zero and a shaded zone from the margin on."""
    first = found[trial.readout.arm]
    kind: NumKind = first.effect.unit
    names = trial.experiment.arm_names

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.difference_plot(
            [
                figures.EffectItem(
                    label=write(trial.name(first.metric) if len(found) == 1 else names[arm]),
                    estimate=each.effect,
                    note=write(each.effect.n_obs),
                    margin=margin,
                )
                for arm, each in found.items()
                if each.effect.has_interval
            ],
            theme=theme,
            fmt=lambda value: write(phrase("cell.signed", value=Num(value, kind))),
            axis_label=write(phrase("ab_test.chart.axis")),
            zero_label="",
            zone_label=write(phrase(zone)),
            note_head=write(phrase("ab_test.chart.n")),
        )

    title, subtitle, source, alt = (Phrase(text, values) for text in texts)
    return report.figure(key, draw, title=title, subtitle=subtitle, source=source, alt=alt)
