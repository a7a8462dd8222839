"""Each goal read as its frozen rule says: target, smallest change that counts, guardrails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from statistics import NormalDist
from typing import Any, Literal

from cxlib.decisions.goal_rules import GoalRule
from cxlib.decisions.kpis import TrackedKpi
from cxlib.measures.tracking import Verdict
from cxlib.stats.estimate import Estimate, Unit

Counts = Literal["shown", "not_shown", "cannot_tell", "unread"]
"""Whether the change is at least the smallest that counts; unread without a baseline."""
Guarded = Literal["worse", "not_worse", "unread"]
"""worse: the whole interval of the change lies on the worse side of zero."""

WHOLE: Mapping[Verdict, Counts] = {
    "met": "shown", "not_met": "not_shown", "cannot_tell": "cannot_tell", "no_target": "unread",
}  # fmt: skip
"""What the target says of a rule that asks for the whole change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardReading:
    """A KPI that must not worsen: its change from its frozen baseline."""

    kpi: str
    change: Estimate | None
    state: Guarded


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReading:
    """One goal read by all parts of its rule.

    Attributes:
        rule: As frozen.
        reading: The periods the rule pools, together.
        start: First day of them.
        end: Last day.
        n_periods: How many.
        target: Level aimed at.
        verdict: Of the reading against the target, all goals one family (Holm).
        change: Reading minus frozen baseline; None without a baseline with an interval.
        smallest: Change that counts, as an amount without sign; None where the rule asks for the
            whole change, which the target itself then reads.
        counts: See Counts.
        guards: KPIs that must not worsen.
        is_due: Whether the reading reaches the day of the rule.
    """

    rule: GoalRule
    reading: Estimate
    start: date
    end: date
    n_periods: int
    target: float
    verdict: Verdict
    change: Estimate | None
    smallest: float | None
    counts: Counts
    guards: tuple[GuardReading, ...]
    is_due: bool

    @property
    def whole(self) -> Verdict:
        """The rule's verdict: all of its parts together."""
        return whole_verdict(self.verdict, self.counts, [guard.state for guard in self.guards])

    def as_record(self) -> dict[str, Any]:
        """Give the parts as plain values for the ledger."""
        return {
            "rule_hash": self.rule.rule_hash(), "counts": self.counts, "smallest": self.smallest,
            "change": None if self.change is None else self.change.value,
            "guards": {guard.kpi: guard.state for guard in self.guards},
        }  # fmt: skip


def whole_verdict(verdict: Verdict, counts: Counts, guards: Sequence[Guarded]) -> Verdict:
    """Join the parts of a rule: met needs all of them, one that fails is enough for not met.

    As success needs every part, no part needs adjusting for the others (intersection-union test).

    Source: Berger (1982), Technometrics 24(4).
    """
    if verdict == "no_target":
        return verdict
    if verdict == "not_met" or counts == "not_shown" or "worse" in guards:
        return "not_met"
    if verdict == "met" and counts == "shown" and all(state == "not_worse" for state in guards):
        return "met"
    return "cannot_tell"


def read_rules(
    tracked: Sequence[TrackedKpi], rules: Sequence[GoalRule], baselines: Mapping[str, Any]
) -> tuple[RuleReading, ...]:
    """Read every goal that has a reading by its frozen rule.

    The interval of a goal's change shares the confidence level among the goals (Bonferroni), as
    each is a claim of the report; a guardrail's keeps the whole level, so that harm is not
    overlooked for the number of goals.

    Args:
        tracked: With the reading of each KPI and its verdict.
        rules: As frozen.
        baselines: The ledger's "baselines".
    """
    known = {each.kpi.id: each for each in tracked}
    found = []
    for rule in rules:
        each = known.get(rule.kpi)
        if each is None or each.series is None or each.target is None or each.reading is None:
            continue
        level = 1 - (1 - rule.confidence_level) / rule.family
        start = _frozen(baselines.get(rule.kpi))
        change = None if start is None else _change(each.reading.estimate, start, level)
        better = 1.0 if rule.direction == "higher" else -1.0
        found.append(
            RuleReading(
                rule=rule, reading=each.reading.estimate, start=each.reading.start,
                end=each.reading.end, n_periods=each.reading.n_periods, target=each.target.level,
                verdict=each.series.verdict, change=change,
                smallest=rule.minimum_effect,
                counts=_counts(change, rule.minimum_effect, better)
                if rule.minimum_effect is not None
                else WHOLE[each.series.verdict],
                guards=tuple(
                    _guard(name, known.get(name), baselines, rule.confidence_level)
                    for name in rule.guardrails
                ),
                is_due=each.reading.end >= date.fromisoformat(rule.horizon),
            )
        )  # fmt: skip
    return tuple(found)


def _counts(change: Estimate | None, smallest: float, better: float) -> Counts:
    if change is None:
        return "unread"
    low, high = sorted((better * change.ci_lower, better * change.ci_upper))
    return "shown" if low >= smallest else "not_shown" if high < smallest else "cannot_tell"


def _guard(
    name: str, each: TrackedKpi | None, baselines: Mapping[str, Any], level: float
) -> GuardReading:
    start = _frozen(baselines.get(name))
    if each is None or each.reading is None or start is None:
        return GuardReading(kpi=name, change=None, state="unread")
    change = _change(each.reading.estimate, start, level)
    bad = change.ci_upper < 0 if each.kpi.direction == "higher" else change.ci_lower > 0
    return GuardReading(kpi=name, change=change, state="worse" if bad else "not_worse")


def _change(now: Estimate, start: Estimate, level: float) -> Estimate:
    error = sqrt(_variance(now) + _variance(start))
    margin = NormalDist().inv_cdf((1 + level) / 2) * error
    value = now.value - start.value
    unit: Unit = "pp" if now.unit == "share" else now.unit
    return Estimate(
        value=value, ci_lower=value - margin, ci_upper=value + margin, n_obs=now.n_obs, unit=unit,
        method="reading minus frozen baseline", confidence_level=level,
    )  # fmt: skip


def _variance(value: Estimate) -> float:
    z = NormalDist().inv_cdf((1 + value.confidence_level) / 2)
    return ((value.ci_upper - value.ci_lower) / 2 / z) ** 2


def _frozen(entry: Mapping[str, Any] | None) -> Estimate | None:
    """Read a frozen baseline; None for one given by hand, which has no interval."""
    if entry is None or "ci_lower" not in entry:
        return None
    return Estimate(
        value=entry["value"], ci_lower=entry["ci_lower"], ci_upper=entry["ci_upper"],
        n_obs=entry["n_obs"], unit=entry["unit"], method=entry["method"],
        confidence_level=entry["confidence_level"],
    )  # fmt: skip
