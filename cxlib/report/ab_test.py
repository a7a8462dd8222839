"""What 03_ab_test shows: from a readout to tables, figures and findings."""

from typing import Literal

from cxlib.decisions.outcomes import Metric
from cxlib.report import scope
from cxlib.report.ab_effect import method_of, trial_table
from cxlib.report.blocks import Block
from cxlib.report.findings import Level
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Marked, Status
from cxlib.report.trial import (
    SAFETY_STATUS,
    Trial,
    conditions,
    effect_key,
    evidence,
    guardrail_case,
    guardrail_key,
    split_key,
    trial_values,
)
from cxlib.report.trial_charts import not_read
from cxlib.report.writer import Joined, Num, NumKind, Phrase, phrase

LAST_HARM = 2
"""Place of the last condition whose failure means harm or no reading at all."""


def rule_section(report: Report, trial: Trial) -> Block:
    """Open the section on the rule: frozen before the readout, or written for it."""
    key = "ab_test.rule" if trial.readout.frozen else "ab_test.rule_open"
    return section(report, key, trial, level="descriptive")


def section(report: Report, key: str, trial: Trial, *, level: Level | None = None) -> Block:
    """Open a section that is the same whatever the test found."""
    by = scope.decide_by(report.engagement)
    return report.section(key, level, by=by, **trial_values(trial))


def rule_table(report: Report, trial: Trial) -> Block:
    """Show the frozen rule, part by part."""
    plan, values = trial.readout.plan, trial_values(trial)
    rows: list[tuple[Cell, ...]] = [
        (
            phrase("ab_test.rule.primary"),
            Phrase(f"ab_test.rule.{plan.primary.direction}", values),
        ),
        (phrase("ab_test.rule.minimum"), values["minimum"]),
        (phrase("ab_test.rule.horizon"), plan.horizon_days),
        (phrase("ab_test.rule.planned"), plan.planned_per_arm),
        (Phrase("ab_test.rule.split", values), values["planned_share"]),
    ]
    for guardrail in plan.guardrails:
        kind = _difference_kind(guardrail)
        rows.append(
            (
                phrase("ab_test.rule.guardrail", metric=trial.name(guardrail)),
                phrase("ab_test.rule.margin", margin=Num(guardrail.margin or 0.0, kind)),
            )
        )
    level = Num(plan.confidence_level, "share")
    rows.append((phrase("ab_test.rule.level"), level))
    if plan.arms:
        together = phrase("ab_test.rule.together", count=1 + len(plan.arms), level=level)
        rows.append((phrase("ab_test.rule.arms"), together))
    return trial_table(
        report, "ab_test.rule", "ab_test.rule.table", values, ("part", "fixed"), rows=rows,
        source="ab_test.rule.source" if trial.readout.frozen else "ab_test.rule.source_open",
        text=("fixed",),
    )  # fmt: skip


def split_section(report: Report, trial: Trial) -> Block:
    """Open the section on the split, its title by the outcome."""
    return _section(
        report, "ab_test.split", "passed" if trial.readout.is_valid else "blocked", trial
    )


def split_table(report: Report, trial: Trial) -> Block:
    """Show customers per group beside the planned split."""
    split, plan = trial.readout.split, trial.readout.plan
    values, words = trial_values(trial), trial.experiment.arm_names
    counts = {"control": split.n_control, trial.readout.arm: split.n_treatment}
    if trial.found is not None:
        counts = {name: arm.n_assigned for name, arm in trial.found.data.arms.items()}
    rows: list[tuple[Cell, ...]] = [
        (words[name], Num(plan.split[name], "share"), Num(n / split.n_all, "share"), n)
        for name, n in reversed(counts.items())
    ]
    heads = ("group", "planned", "found", "customers")
    return trial_table(report, "ab_test.split", "ab_test.split.table", values, heads, rows=rows)


def split_finding(report: Report, trial: Trial) -> Block:
    """Say whether the groups may be compared."""
    return _say(report, split_key(trial.readout), trial)


def effect_section(report: Report, trial: Trial) -> Block:
    """Open the section on the primary effect, its title by the effect's direction."""
    effect = trial.readout.primary.effect
    clear = "up" if effect.value > 0 else "down"
    case = clear if effect.excludes(0.0) else "unclear"
    return _section(report, "ab_test.effect", case if trial.readout.is_valid else "blocked", trial)


def effect_finding(report: Report, trial: Trial) -> Block:
    """Say what the test did to the primary measure."""
    return _say(report, effect_key(trial.readout), trial)


def guardrail_section(report: Report, trial: Trial) -> Block:
    """Open the section on the guardrails, its title by what they come to."""
    return _section(report, "ab_test.guardrails", guardrail_case(trial.readout), trial)


def guardrail_table(report: Report, trial: Trial) -> Block:
    """Show each guardrail in both groups, its difference and whether it is shown safe."""
    case = guardrail_case(trial.readout)
    if case == "blocked":
        return not_read(report, "ab_test.guardrails.table")
    if case == "none":
        return report.items(
            "ab_test.guardrails.table",
            [Phrase("ab_test.guardrails.none", trial_values(trial))],
            role="note",
        )
    rows: list[tuple[Cell, ...]] = []
    judged = [(each.arm, rail) for each in trial.readouts for rail in each.guardrails]
    for arm, guardrail in judged:
        found = guardrail.comparison
        rows.append(
            (
                trial.in_arm(arm, phrase("ab_checks.words", words=trial.name(found.metric))),
                found.control, found.treatment,
                phrase("cell.signed", value=found.effect),
                phrase("cell.signed_interval", value=found.effect),
                Num(guardrail.margin, found.effect.unit), found.effect.n_obs,
                Marked(
                    phrase(f"ab_test.safety.{guardrail.safety}"), SAFETY_STATUS[guardrail.safety]
                ),
            )
        )  # fmt: skip
    heads = ("name", "control", "treatment", "difference", "ci", "margin", "n", "result")
    title, values = f"ab_test.guardrails.table_{case}", trial_values(trial)
    adjusted = method_of(trial) in {"adjusted", "cluster"}
    source = "ab_test.guardrails.source_adjusted" if adjusted else ""
    return trial_table(report, "ab_test.guardrails", title, values, heads, rows=rows, source=source)


def guardrail_finding(report: Report, trial: Trial) -> Block:
    """Say which guardrails are safe, harmed or open."""
    return _say(report, guardrail_key(trial.readout), trial)


def verdict_table(report: Report, trial: Trial) -> Block:
    """Show each condition of the rule, what was found and whether it holds."""
    steps = conditions(trial)
    rows: list[tuple[Cell, ...]] = []
    for place, step in enumerate(steps):
        held: Cell = phrase("ab_test.unread")
        if step.holds is not None:
            severe = place <= LAST_HARM
            status: Status = "good" if step.holds else "bad" if severe else "watch"
            held = Marked(phrase("ab_test.yes" if step.holds else "ab_test.no"), status)
        rows.append((step.asks, step.found, held))
    values = {
        **trial_values(trial), "passed": sum(step.holds is True for step in steps),
        "total": len(steps),
    }  # fmt: skip
    heads = ("condition", "found", "holds")
    return trial_table(
        report, "ab_test.verdict", "ab_test.verdict.table", values, heads, rows=rows,
        text=("found", "holds"),
    )  # fmt: skip


def verdict_finding(report: Report, trial: Trial) -> Block:
    """Say the verdict and its reason in words."""
    return report.say(
        f"ab_test.reason.{trial.readout.reason}",
        level="prescriptive",
        grade=evidence(trial.readout),
        **trial_values(trial),
    )


def action_list(report: Report, trial: Trial) -> Block:
    """List what follows from the verdict, with its owner."""
    prefix = f"ab_test.action.{trial.readout.verdict}"
    values = trial_values(trial)
    return report.items(
        "ab_test.actions", [Phrase(f"{prefix}.{place}", values) for place in ("first", "second")]
    )


def limit_list(report: Report, trial: Trial) -> Block:
    """List what the test does not show."""
    readout, values = trial.readout, trial_values(trial)
    units = readout.split.n_all
    found = (readout.primary, *(guardrail.comparison for guardrail in readout.guardrails))
    partial = [each for each in found if each.effect.n_obs < units]
    keys = [
        *(["adjusted"] if method_of(trial) == "adjusted" else []),
        "one",
        *(() if readout.plan.segments else ("segments",)),
    ]
    keys.append("peeking" if readout.plan.looks == "fixed" else "looks")
    keys.append("frozen" if readout.frozen else "open")
    if trial.experiment.worth is None:
        keys.append("cost")
    if partial:
        keys.append("answerers")
        values["metrics"] = Joined(tuple(trial.name(each.metric) for each in partial))
        values["least"] = min(each.effect.n_obs for each in partial)
    if trial.outside:
        keys.append("outside")
    return scope.limits(report, [f"ab_test.limits.{key}" for key in keys], **values)


def answer(report: Report, trial: Trial) -> Block:
    """Give the verdict, its three reasons and the decision wanted.

    Where a roll-out is advised, its answer has said that every guardrail is safe; the third reason
    is then the money, if the notebook has said what it comes to.
    """
    readout = trial.readout
    last = guardrail_key(readout)
    if readout.reason == "effect_shown":
        last = next((key for key in report.findings if key.startswith("ab_views.money.")), last)
    shipped = readout.reason == "effect_shown" and method_of(trial) == "adjusted"
    return report.answer(
        f"ab_test.summary.{readout.reason}{'_adjusted' if shipped else ''}",
        reasons=[split_key(readout), effect_key(readout), last],
        by=scope.decide_by(report.engagement),
        **trial_values(trial),
    )


def _section(report: Report, key: str, case: str, trial: Trial) -> Block:
    """Open a section whose title depends on what was found."""
    values = trial_values(trial)
    headline, grade = Phrase(f"{key}.title_{case}", values), evidence(trial.readout)
    return report.section(key, "diagnostic", grade, headline=headline, **values)


def _say(report: Report, key: str, trial: Trial) -> Block:
    grade = evidence(trial.readout)
    level: Literal["diagnostic", "descriptive"] = (
        "diagnostic" if trial.readout.is_valid else "descriptive"
    )
    return report.say(key, level=level, grade=grade, **trial_values(trial))


def _difference_kind(metric: Metric) -> NumKind:
    return metric.effect_unit
