"""The primary measure in every arm, and how a test's tables are laid out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cxlib.decisions.kinds import odds
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.trial import Trial, trial_values
from cxlib.report.trial_charts import not_read
from cxlib.report.writer import Num, Phrase, Value, phrase
from cxlib.stats.estimate import Estimate


def effect_table(report: Report, trial: Trial) -> Block:
    """Show the primary measure in both groups, the difference and the relative difference."""
    if not trial.readout.is_valid:
        return not_read(report, "ab_test.effect.table")
    found, values = trial.readout.primary, dict(trial_values(trial))
    signed = phrase("cell.signed", value=found.effect)
    relative = replace(found.rel_effect, unit="share")
    rows: list[tuple[Cell, ...]] = [
        _exact_row(trial.experiment.arm_names[trial.readout.arm], found.treatment),
        _exact_row(trial.experiment.control, found.control),
        (
            phrase(
                "ab_test.effect.adjusted"
                if found.unadjusted is not None and found.variance_reduction > 0
                else "ab_test.effect.difference"
            ), signed,
            phrase("cell.signed_interval", value=found.effect), found.effect.n_obs,
        ),
        (
            phrase("ab_test.effect.relative"), phrase("cell.signed", value=relative),
            phrase("cell.signed_interval", value=relative), relative.n_obs,
        ),
    ]  # fmt: skip
    rows += _other_rows(trial)
    heads = ("row", "value", "ci", "n")
    source = f"ab_test.effect.source_{method_of(trial)}"
    if found.unadjusted is not None and found.variance_reduction > 0:
        values["reduction"] = Num(found.variance_reduction, "share")
        rows.insert(
            2,
            (
                phrase("ab_test.effect.before"), phrase("cell.signed", value=found.unadjusted),
                phrase("cell.signed_interval", value=found.unadjusted), found.unadjusted.n_obs,
            ),
        )  # fmt: skip
    return trial_table(
        report, "ab_test.effect", "ab_test.effect.table", values, heads, rows=rows, source=source
    )


def _other_rows(trial: Trial) -> list[tuple[Cell, ...]]:
    """The odds of a higher answer on an ordered scale, and the other arms against control."""
    readout, rows = trial.readout, list[tuple[Cell, ...]]()
    arms = {} if trial.found is None else trial.found.data.arms
    ratio = arms and odds(
        readout.primary.metric, control=arms["control"], treatment=arms[readout.arm],
        level=readout.primary.effect.confidence_level,
    )  # fmt: skip
    if ratio and ratio.odds_ratio.has_interval:
        found = ratio.odds_ratio
        told = phrase("ab_test.effect.times", value=Num(found.value, "ratio"))
        ends = phrase("cell.interval", value=found)
        rows.append((phrase("ab_test.effect.odds"), told, ends, found.n_obs))
    for each in trial.readouts[1:]:
        name = trial.experiment.arm_names[each.arm]
        rows += [
            _exact_row(name, each.primary.treatment),
            (
                phrase("ab_checks.of_arm", words=phrase("ab_test.effect.difference"), arm=name),
                phrase("cell.signed", value=each.primary.effect),
                phrase("cell.signed_interval", value=each.primary.effect),
                each.primary.effect.n_obs,
            ),
        ]
    return rows


def method_of(trial: Trial) -> str:
    """Say which method's words stand under the effect."""
    plan = trial.readout.plan
    if plan.cluster:
        return "cluster"
    if trial.readout.primary.unadjusted is not None and plan.covariates:
        return "adjusted"
    return plan.primary.kind


def trial_table(
    report: Report,
    prefix: str,
    title: str,
    values: Mapping[str, Value],
    heads: Sequence[str],
    *,
    rows: Sequence[tuple[Cell, ...]],
    source: str = "",
    text: Sequence[str] = (),
) -> Block:
    """Lay out one of a test's tables."""
    return report.table(
        f"{prefix}.table",
        Table(
            title=Phrase(title, values),
            subtitle=Phrase(f"{prefix}.subtitle", values),
            source=Phrase(source or f"{prefix}.source", values),
            columns=[
                Column(f"{prefix}.{head}", "text" if head in text else "num") for head in heads
            ],
            rows=rows,
        ),
    )


def _exact_row(name: Value, value: Estimate) -> tuple[Cell, ...]:
    """A row to two digits, so that the difference between two rows adds up."""
    return (
        name, phrase("cell.exact", value=value), phrase("cell.exact_interval", value=value),
        value.n_obs,
    )  # fmt: skip
