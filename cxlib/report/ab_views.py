"""All tests at a glance; what one says beyond its verdict: measures, segments, money, next."""

from collections.abc import Sequence

from cxlib.decisions.benefit import Benefit, SizeCheck
from cxlib.decisions.experiment import Readout
from cxlib.decisions.trial_segments import SecondaryView, SegmentEffect, SegmentView
from cxlib.decisions.verdict import Verdict
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Marked, Status
from cxlib.report.trial import Trial, evidence, trial_values, value_words
from cxlib.report.trial_charts import not_read
from cxlib.report.trial_table import trial_table
from cxlib.report.writer import Num, Phrase, Value, phrase
from cxlib.stats.estimate import Estimate

VERDICT_STATUS: dict[Verdict, Status] = {
    "SHIP": "good", "HOLD": "watch", "EXTEND": "watch", "ROLLBACK": "bad", "INVALID": "bad",
}  # fmt: skip


def all_section(report: Report, trials: dict[str, Trial], trial: Trial) -> Block:
    """Open the section on every test of the engagement."""
    ready = sum(each.readout.verdict == "SHIP" for each in trials.values())
    return report.section(
        "ab_checks.all", "descriptive", ready=ready, total=len(trials), name=trial.experiment.name
    )


def all_table(report: Report, trials: dict[str, Trial]) -> Block:
    """Show each test's verdict, effect and reason."""
    rows: list[tuple[Cell, ...]] = []
    for each, readout in _readouts(trials):
        effect = readout.primary.effect if readout.is_valid else None
        verdict = phrase(f"ab_test.verdict.{readout.verdict}")
        rows.append(
            (
                _test_name(each, readout),
                Marked(verdict, VERDICT_STATUS[readout.verdict]),
                each.name(readout.primary.metric),
                None if effect is None else phrase("cell.signed", value=effect),
                None if effect is None else phrase("cell.signed_interval", value=effect),
                readout.split.n_all,
                phrase(f"ab_checks.why.{readout.reason}"),
            )
        )
    counts: dict[str, Value] = {
        "total": len(trials),
        "units": sum(e.readout.split.n_all for e in trials.values()),
    }
    heads = ("test", "verdict", "metric", "effect", "ci", "n", "why")
    return trial_table(
        report, "ab_checks.all", counts, heads, rows, text=("verdict", "metric", "why")
    )


def _readouts(trials: dict[str, Trial]) -> list[tuple[Trial, Readout]]:
    """Every tested arm of every test."""
    return [
        (trial, readout)
        for trial in trials.values()
        for readout in (trial.found.readouts.values() if trial.found else (trial.readout,))
    ]


def _test_name(trial: Trial, readout: Readout) -> Value:
    """The test, and its arm where it has several."""
    experiment = trial.experiment
    if not experiment.arms:
        return experiment.name
    words = experiment.arm_names[readout.arm]
    return phrase("ab_checks.all.arm", test=experiment.name, arm=words)


def more_section(report: Report, trial: Trial) -> Block:
    """Open the section on the measures and segments that do not decide."""
    return report.section(
        "ab_views.more", "diagnostic", evidence(trial.readout), **trial_values(trial)
    )


def secondary_table(report: Report, trial: Trial, views: Sequence[SecondaryView]) -> Block:
    """Show the measures that inform, adjusted over their family."""
    if not trial.readout.is_valid:
        return not_read(report, "ab_views.secondary")
    if not views:
        return report.items("ab_views.secondary", [phrase("ab_views.secondary.none")], role="note")
    rows: list[tuple[Cell, ...]] = []
    for view in views:
        found = view.comparison
        key = "shows" if view.shows else "unclear"
        rows.append(
            (
                trial.name(found.metric), found.control, found.treatment,
                phrase("cell.signed", value=found.effect),
                phrase("cell.signed_interval", value=found.effect),
                Num(view.p_value, "p_value"), found.effect.n_obs,
                phrase(f"ab_views.secondary.{key}"),
            )
        )  # fmt: skip
    family = phrase(f"ab_views.family.{trial.readout.plan.family}")
    shown = sum(view.shows for view in views)
    values = {**trial_values(trial), "count": len(views), "shown": shown, "family": family}
    heads = ("name", "control", "treatment", "difference", "ci", "p", "n", "result")
    return trial_table(report, "ab_views.secondary", values, heads, rows, text=("result",))


def segment_table(report: Report, trial: Trial, views: Sequence[SegmentView]) -> Block:
    """Show the effect within each segment, registered columns apart from explored ones."""
    if not trial.readout.is_valid:
        return not_read(report, "ab_views.segments")
    if not any(view.effects for view in views):
        return report.items("ab_views.segments", [phrase("ab_views.segments.none")], role="note")
    rows: list[tuple[Cell, ...]] = []
    for view in views:
        role = phrase(f"ab_views.segments.{'registered' if view.registered else 'explored'}")
        rows += [_segment_row(trial, view, effect, role) for effect in view.effects]
    values = {**trial_values(trial), "count": len(rows), "hidden": sum(v.hidden for v in views)}
    case = "alike" if not any(view.differs for view in views) else "differ"
    heads = ("segment", "role", "difference", "ci", "pulled", "n")
    return trial_table(
        report, "ab_views.segments", values, heads, rows,
        title=f"ab_views.segments.table_{case}", text=("role",),
    )  # fmt: skip


def segment_finding(report: Report, trial: Trial, views: Sequence[SegmentView]) -> Block:
    """Say whether the segments differ, by one test of the difference itself."""
    if not trial.readout.is_valid:
        return not_read(report, "ab_views.segments.finding")
    tested = [view for view in views if view.interaction_p is not None]
    if not tested:
        return report.items(
            "ab_views.segments.finding", [phrase("ab_views.segments.untested")], role="note"
        )
    first = min(tested, key=lambda view: view.interaction_p or 0.0)
    case = ("differ" if first.registered else "hint") if first.differs else "alike"
    values = {
        **trial_values(trial), "column": trial.column(first.column), "count": len(first.effects),
        "p": Num(first.interaction_p or 0.0, "p_value"),
    }  # fmt: skip
    return report.say(
        f"ab_views.segments.{case}", level="diagnostic", grade=evidence(trial.readout), **values
    )


def money_section(report: Report, trial: Trial) -> Block:
    """Open the section on what the effect is worth."""
    return report.section("ab_views.money", "predictive", **trial_values(trial))


def money_table(report: Report, trial: Trial, found: Benefit | None) -> Block:
    """Show the gain a year, its cost and what is left."""
    if not trial.readout.is_valid:
        return not_read(report, "ab_views.money")
    if found is None:
        return report.items("ab_views.money", [phrase("ab_views.money.none")], role="note")
    effect = trial.readout.primary.effect
    cost = Num(found.worth.cost_per_year_hkd, "dollars")
    rows: list[tuple[Cell, ...]] = [
        (
            phrase("ab_views.money.effect"), phrase("cell.signed", value=effect),
            phrase("cell.signed_interval", value=effect),
        ),
        (phrase("ab_views.money.units"), found.worth.units_per_year, None),
        (phrase("ab_views.money.margin"), Num(found.worth.margin_hkd, "dollars"), None),
        (phrase("ab_views.money.gain"), *_dollars(found.gain)),
        (phrase("ab_views.money.cost"), cost, None),
        (phrase("ab_views.money.net"), *_dollars(found.net)),
    ]  # fmt: skip
    values = {**trial_values(trial), "gain": found.gain, "yearly": found.worth.units_per_year}
    return trial_table(report, "ab_views.money", values, ("part", "value", "ci"), rows)


def _dollars(amount: Estimate) -> tuple[Cell, Cell]:
    """Give a sum and its ends to the dollar, so that a reader can subtract the lines."""
    if not amount.has_interval:
        return Num(amount.value, "dollars"), phrase("cell.interval", value=amount)
    low, high = Num(amount.ci_lower, "dollars"), Num(amount.ci_upper, "dollars")
    return Num(amount.value, "dollars"), phrase("cell.ranks", low=low, high=high)


def money_finding(report: Report, trial: Trial, found: Benefit | None) -> Block:
    """Say what is left a year, and whether it could be a loss."""
    if found is None or not trial.readout.is_valid:
        return report.items(
            "ab_views.money.finding", [phrase("ab_views.money.unsaid")], role="note"
        )
    sure = "pays" if found.net.ci_lower > 0 else "loses"
    case = "may_lose" if found.net.ci_lower <= 0 < found.net.ci_upper else sure
    values = {
        **trial_values(trial), "gain": found.gain, "net": found.net,
        "cost": Num(found.worth.cost_per_year_hkd, "currency"),
    }  # fmt: skip
    return report.say(f"ab_views.money.{case}", level="predictive", grade=None, **values)


def next_list(report: Report, trial: Trial, check: SizeCheck | None) -> Block:
    """List what to test next, from how the rule ended."""
    values = dict(trial_values(trial))
    keys = [f"ab_views.next.{trial.readout.reason}"]
    if check is not None and trial.readout.is_valid:
        values["ratio"] = Num(check.if_minimum.ratio, "ratio")
        values["power"] = Num(check.if_minimum.power, "share")
        shipped = trial.readout.verdict == "SHIP"
        keys.append("ab_views.next.size" if shipped else "ab_views.next.power")
    return report.items("ab_views.next", [Phrase(key, values) for key in keys], role="note")


def _segment_row(
    trial: Trial, view: SegmentView, found: SegmentEffect, role: Phrase
) -> tuple[Cell, ...]:
    return (
        phrase(
            "ab_views.segments.name", column=trial.column(view.column),
            value=value_words(view.column, found.value),
        ), role,
        phrase("cell.signed", value=found.effect),
        phrase("cell.signed_interval", value=found.effect),
        None if found.shrunken is None else phrase("cell.signed", value=found.shrunken),
        found.n_control + found.n_treatment,
    )  # fmt: skip
