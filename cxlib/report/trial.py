"""A test as a report tells it: its readout, its cases, the values of its sentences."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import isfinite
from typing import Any, Literal

from cxlib.decisions.comparison import towards_better
from cxlib.decisions.experiment import SPLIT_P_VALUE, Readout
from cxlib.decisions.outcomes import Guardrail, Metric, Safety
from cxlib.decisions.trials import Evaluation
from cxlib.engagement.schema import Engagement, Experiment
from cxlib.engagement.words import Text
from cxlib.report.catalogue import catalogue
from cxlib.report.findings import Grade
from cxlib.report.tables import Status
from cxlib.report.writer import Day, Joined, Num, Phrase, Value, phrase
from cxlib.stats.estimate import Estimate

EffectCase = Literal[
    "blocked", "interim", "sure", "shown", "small", "worse", "looks_worse", "ruled_out", "unclear"
]
GuardrailCase = Literal["blocked", "none", "harmed", "not_shown", "safe"]
SAFETY_STATUS: Mapping[Safety, Status] = {
    "safe": "good", "harmed": "bad", "not_shown_safe": "watch",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A test as it was run: its plan in words, its readout, when customers were assigned.

    Attributes:
        experiment: The engagement's words for it.
        readout: What the rule says.
        first: Day of the first assignment counted.
        last: Day of the last.
        outside: Customers assigned outside the planned period, left out.
        found: All that was read, with the checks and the table itself.
    """

    experiment: Experiment
    readout: Readout
    first: date
    last: date
    outside: int = 0
    found: Evaluation | None = None

    def column(self, column: str) -> Value:
        """The words for a column: the client's, else ours, else its own name."""
        named = {each.column: each.name for each in self.experiment.covariates}
        named |= {each.column: each.name for each in self.experiment.segments}
        own = named.get(column)
        key = f"ab_checks.column.{column}"
        return own or (phrase(key) if key in catalogue("en") else column)

    @property
    def readouts(self) -> tuple[Readout, ...]:
        """Every tested arm's readout, the one that is reported first before the others."""
        others = () if self.found is None else self.found.readouts.values()
        return (self.readout, *(each for each in others if each.arm != self.readout.arm))

    def in_arm(self, arm: str, words: Phrase) -> Phrase:
        """Say which arm a line is about, where the test has several."""
        if not self.experiment.arms:
            return words
        return phrase("ab_checks.of_arm", words=words, arm=self.experiment.arm_names[arm])

    def name(self, metric: Metric) -> Text:
        """The words for one of its measures."""
        planned = self.experiment.outcomes
        return next(each.name for each in planned if each.column == metric.column)


def value_words(column: str, value: str) -> Value:
    """The words for a segment's value: those of the customers table, else the value itself."""
    key = f"who.segment.{value}"
    return phrase(key) if column == "segment" and key in catalogue("en") else value


def read_trial(experiment: Experiment, found: Evaluation) -> Trial:
    """Put a test's words and its readout together."""
    return Trial(
        experiment=experiment,
        readout=found.readout,
        first=found.first or experiment.period.start,
        last=found.last or experiment.period.end,
        outside=found.outside,
        found=found,
    )


def read_trials(engagement: Engagement, found: Mapping[str, Evaluation]) -> dict[str, Trial]:
    """Put words and readouts of all tests that have begun together, in the file's order."""
    return {
        each.id: read_trial(each, found[each.id])
        for each in engagement.experiments
        if each.id in found
    }


def effect_case(readout: Readout) -> EffectCase:
    """Say how the primary effect lies to zero and to the smallest effect worth having."""
    if not readout.is_valid:
        return "blocked"
    lower, upper = towards_better(readout.primary)
    minimum = readout.plan.minimum_effect
    effect = readout.primary.effect.value * sign(readout.primary.metric)
    cases: tuple[tuple[bool, EffectCase], ...] = (
        (readout.primary_is_worse, "worse"),
        (not (readout.is_complete or readout.may_stop), "interim"),
        (upper < 0, "looks_worse"),
        (lower >= minimum, "sure"),
        (lower > 0 and effect >= minimum, "shown"),
        (lower > 0, "small"),
        (upper < minimum, "ruled_out"),
    )
    return next((case for holds, case in cases if holds), "unclear")


def guardrail_case(readout: Readout) -> GuardrailCase:
    """Say what the guardrails come to."""
    if not readout.is_valid:
        return "blocked"
    if not readout.guardrails:
        return "none"
    found = {guardrail.safety for guardrail in readout.guardrails}
    if "harmed" in found:
        return "harmed"
    return "not_shown" if "not_shown_safe" in found else "safe"


def evidence(readout: Readout) -> Grade:
    """Grade A for a randomised test with a sound split, D where the split is broken."""
    return "A" if readout.is_valid else "D"


def trial_values(trial: Trial) -> dict[str, Value]:
    """Give every value the test's sentences may ask for."""
    readout, experiment = trial.readout, trial.experiment
    plan, split, effect = readout.plan, readout.split, readout.primary.effect
    units = split.n_all
    by_safety = {
        safety: listed(trial, [g for g in readout.guardrails if g.safety == safety])
        for safety in SAFETY_STATUS
    }
    return {
        "name": experiment.name, "question": experiment.question, "owner": experiment.owner,
        "treatment": experiment.arm_names[readout.arm], "control": experiment.control,
        "metric": trial.name(plan.primary), "units": units, "first": Day(trial.first),
        "last": Day(trial.last), "start": Day(experiment.period.start),
        "end": Day(experiment.period.end), "days": readout.days_run,
        "days_planned": plan.horizon_days, "planned": plan.planned_per_arm,
        "units_planned": plan.planned_units, "hash": readout.rule_hash,
        "minimum": Num(plan.minimum_effect, effect.unit),
        "asked": Num(plan.minimum_effect * sign(plan.primary), effect.unit),
        "effect": effect, "size": Num(abs(effect.value), effect.unit),
        "rel": replace(readout.primary.rel_effect, unit="share"),
        "control_value": readout.primary.control, "treatment_value": readout.primary.treatment,
        "n_control": split.n_control, "n_treatment": split.n_treatment,
        "p": Num(split.p_value, "p_value"), "limit": Num(SPLIT_P_VALUE, "p_value"),
        "planned_share": Num(split.planned_treatment_share, "share"),
        "found": Num(split.n_treatment / units, "share"),
        "safe_list": by_safety["safe"], "harmed_list": by_safety["harmed"],
        "open_list": by_safety["not_shown_safe"],
        "safe": count(readout, "safe"), "harmed": count(readout, "harmed"),
        "total": len(readout.guardrails), "metrics": 1 + len(readout.guardrails),
        "harm_p": Num(readout.harm_p_value, "p_value"),
        "known": Joined(tuple(trial.column(column) for column in plan.covariates))
        if plan.covariates else phrase("list.none"),
        "verdict": phrase(f"ab_test.verdict.{readout.verdict}"), "outside": trial.outside,
    }  # fmt: skip


def split_key(readout: Readout) -> str:
    """Catalogue key of the finding on the split."""
    return "ab_test.split.passed" if readout.is_valid else "ab_test.split.blocked"


def effect_key(readout: Readout) -> str:
    """Catalogue key of the finding on the effect."""
    return f"ab_test.effect.{effect_case(readout)}"


def guardrail_key(readout: Readout) -> str:
    """Catalogue key of the finding on the guardrails."""
    return f"ab_test.guardrails.{guardrail_case(readout)}"


def sign(metric: Metric) -> int:
    """Give 1 where higher is better and -1 where lower is."""
    return 1 if metric.direction == "higher" else -1


def listed(trial: Trial, guardrails: Sequence[Guardrail]) -> Value:
    """Name guardrails with their effects."""
    if not guardrails:
        return phrase("list.none")
    return Joined(
        tuple(
            phrase(
                "ab_test.guardrail",
                metric=trial.name(guardrail.comparison.metric),
                effect=guardrail.comparison.effect,
            )
            for guardrail in guardrails
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of the rule: what it asks and found; ``holds`` is None where it is not read."""

    asks: Phrase
    found: Phrase
    holds: bool | None


def conditions(trial: Trial) -> tuple[Condition, ...]:
    """List the rule's conditions in the order they are read."""
    readout, values = trial.readout, trial_values(trial)
    lower, _ = towards_better(readout.primary)
    effect = readout.primary.effect.value * sign(readout.primary.metric)
    total, safe = len(readout.guardrails), count(readout, "safe")
    unharmed = total - count(readout, "harmed")
    interval = Phrase("ab_test.found.interval", values)
    may_end = readout.is_complete or readout.may_stop
    complete = "complete" if readout.plan.looks == "fixed" else "may_stop"
    steps: list[tuple[str, Phrase, bool]] = [
        ("split", Phrase("ab_test.found.p", values), readout.is_valid),
        ("unharmed", phrase("ab_test.found.count", count=unharmed, total=total), unharmed == total),
        ("not_worse", interval, not readout.primary_is_worse),
        (complete, Phrase("ab_test.found.complete", values), may_end),
        ("safe", phrase("ab_test.found.count", count=safe, total=total), safe == total),
        ("better", interval, lower > 0),
        ("enough", Phrase("ab_test.found.effect", values), effect >= readout.plan.minimum_effect),
    ]
    if not readout.frozen:
        steps.append(("frozen", phrase("ab_test.found.not_frozen"), False))
    return tuple(
        Condition(
            asks=Phrase(f"ab_test.step.{name}", values),
            found=found if readout.is_valid or name == "split" else phrase("ab_test.unread"),
            holds=holds if readout.is_valid or name == "split" else None,
        )
        for name, found, holds in steps
    )


def count(readout: Readout, safety: Safety) -> int:
    """Count the guardrails of one outcome."""
    return sum(guardrail.safety == safety for guardrail in readout.guardrails)


def ledger_content(
    trials: Iterable[Trial], earlier: Mapping[str, Any], rules: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the verdicts of all experiments: these, and earlier ones whose rule still stands."""
    kept = {
        name: verdict
        for name, verdict in earlier.items()
        if name in rules and verdict.get("rule_hash") == rules[name].get("rule_hash")
    }
    return {**kept, **{trial.readout.plan.experiment: _record(trial) for trial in trials}}


def _record(trial: Trial) -> dict[str, Any]:
    """What a verdict can be replayed and later looks be counted from."""
    readout, plan = trial.readout, trial.readout.plan
    effects: dict[str, Any] = {}
    if readout.is_valid:
        effects = {
            "effect": _plain(readout.primary.effect),
            "rel_effect": _plain(readout.primary.rel_effect),
            "guardrails": {
                guardrail.comparison.metric.column: guardrail.safety
                for guardrail in readout.guardrails
            },
        }
    looks = trial.found.looks.looks if trial.found else ()
    return {
        "verdict": readout.verdict,
        "reason": readout.reason,
        "rule_hash": readout.rule_hash,
        "days_run": readout.days_run,
        "n_control": readout.split.n_control,
        "n_treatment": readout.split.n_treatment,
        "split_p_value": readout.split.p_value,
        "metric": plan.primary.column,
        "arm": readout.arm,
        "frozen": readout.frozen,
        "facts": readout.facts.as_record() if readout.facts else {},
        "looks": [{"units": look.units, "days": look.days} for look in looks],
        **effects,
    }


def _plain(value: Estimate) -> dict[str, Any]:
    """An estimate as the ledger keeps it; an interval that does not exist is left out."""
    found: dict[str, Any] = {"n_obs": value.n_obs, "unit": value.unit}
    numbers = {"value": value.value, "ci_lower": value.ci_lower, "ci_upper": value.ci_upper}
    return found | {name: number for name, number in numbers.items() if isfinite(number)}
