"""The decision rule of each goal: what counts as reached, fixed before anyone acts.

A goal is read once, at its date. Several goals are one family, so that the chance of calling any
of them reached by luck stays what one alone would have (Holm). Harm to a guardrail may be called
at any period by the run rules of its control chart.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from cxlib.decisions.goals import GoalCheck
from cxlib.decisions.level import RECENT_PERIODS
from cxlib.engagement.ledger import Ledger
from cxlib.engagement.scales import Direction
from cxlib.engagement.schema import Cadence, Engagement, Goal, Kpi, KpiUnit
from cxlib.errors import ConfigError, Problem

ENTRY = "goal_rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalRule:
    """How a goal will be judged.

    Attributes:
        kpi: The metric.
        unit: Of the metric.
        definition: What is counted, in English where given.
        direction: Which way is better.
        cadence: Rhythm of the readings.
        written_unit: Unit of the goal as written.
        written_target: Level as written.
        written_change: Change as written.
        minimum_effect: Smallest change that counts as progress, in the KPI's unit (shares 0-1);
            None is the whole change.
        horizon: Day of the one reading.
        reading_periods: Last periods up to that day which the reading pools: three months.
        stopping: Success is read once, at the horizon; only harm to a guardrail stops early.
        multiplicity: All goals are one family.
        family: Goals in it.
        guardrails: KPIs that must not worsen.
        confidence_level: Of the reading.
    """

    kpi: str
    unit: KpiUnit
    definition: str
    direction: Direction
    cadence: Cadence
    written_unit: str
    written_target: float | None
    written_change: float | None
    minimum_effect: float | None
    horizon: str
    reading_periods: int
    stopping: Literal["once_at_horizon"]
    multiplicity: Literal["holm"]
    family: int
    guardrails: tuple[str, ...]
    confidence_level: float

    def as_record(self) -> dict[str, Any]:
        """Give the rule as plain values for the ledger."""
        return {**asdict(self), "guardrails": list(self.guardrails)}

    def rule_hash(self) -> str:
        """Fingerprint the rule: 16 hexadecimal digits that change when any part of it does."""
        text = json.dumps(self.as_record(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectProblem:
    """A minimum effect that no reading by the date can show."""

    kpi: Kpi
    minimum_effect: float
    smallest: float


def goal_rules(engagement: Engagement) -> tuple[GoalRule, ...]:
    """Make the rule of every goal from the engagement file, in its order."""
    return tuple(
        _rule(goal, engagement.kpi(goal.kpi), engagement=engagement) for goal in engagement.goals
    )


def rules_record(rules: Sequence[GoalRule]) -> dict[str, Any]:
    """Give the ledger's "goal_rules": per KPI the rule and its fingerprint."""
    return {rule.kpi: {**rule.as_record(), "rule_hash": rule.rule_hash()} for rule in rules}


def present_goal_rules(engagement: Engagement, ledger: Ledger) -> tuple[GoalRule, ...]:
    """Give the rules every later notebook must present, or refuse to go on.

    Args:
        engagement: As it is now.
        ledger: With "goal_rules" frozen by 02_kpi_setting; not read when there is no goal, or
            baselines are typed by hand, and the entry is absent.

    Raises:
        ConfigError: A goal is new, gone or different from its frozen rule, or a fingerprint does
            not fit; every difference is named.
    """
    rules = goal_rules(engagement)
    if not ledger.has(ENTRY) and (engagement.baseline_source == "manual" or not rules):
        return rules
    check_goal_rules(engagement, ledger.read(ENTRY))
    return rules


def check_goal_rules(engagement: Engagement, entry: Mapping[str, Any]) -> None:
    """Refuse goals that are no longer what was frozen.

    Raises:
        ConfigError: See present_goal_rules.
    """
    file = engagement.path.name
    now = {rule.kpi: rule for rule in goal_rules(engagement)}
    problems = []
    for kpi in dict.fromkeys([*now, *entry]):
        rule, frozen = now.get(kpi), dict(entry.get(kpi, {}))
        fingerprint = frozen.pop("rule_hash", "")
        where = f"goals, {kpi}"
        if rule is None or not frozen:
            what = "is frozen but no longer a goal" if rule is None else "has no frozen rule"
            remedy = "run 02_kpi_setting with a rebase_reason"
            problems.append(Problem(file, where, kpi, f"this KPI {what}", remedy))
            continue
        present = json.loads(json.dumps(rule.as_record()))
        changed = [name for name in present if present[name] != frozen.get(name)]
        problems += [
            Problem(
                file,
                f"{where}, {name}",
                _shown(present[name]),
                f"the frozen rule says {_shown(frozen.get(name))}",
                "restore it, or run 02_kpi_setting with a rebase_reason",
            )
            for name in changed
        ]
        if not changed and fingerprint != rule.rule_hash():
            rule_text = f"the fingerprint must be {rule.rule_hash()}, that of its content"
            remedy = "run 02_kpi_setting with a rebase_reason"
            problems.append(Problem(file, where, fingerprint or "none", rule_text, remedy))
    if problems:
        raise ConfigError("decision rules of goals were changed after they were frozen", problems)


def small_effects(checks: Sequence[GoalCheck]) -> tuple[EffectProblem, ...]:
    """Name goals whose minimum effect is smaller than any reading by the date can show."""
    found = []
    for check in checks:
        wanted, seen = check.goal.minimum_effect, check.smallest_by_date
        if wanted is not None and seen is not None and wanted < abs(seen):
            found.append(EffectProblem(kpi=check.kpi, minimum_effect=wanted, smallest=abs(seen)))
    return tuple(found)


def _rule(goal: Goal, kpi: Kpi, *, engagement: Engagement) -> GoalRule:
    words = kpi.definition
    return GoalRule(
        kpi=kpi.id,
        unit=kpi.unit,
        definition=words.get("en", next(iter(words.values()))),
        direction=kpi.direction,
        cadence=kpi.cadence,
        written_unit=goal.unit,
        written_target=goal.target,
        written_change=goal.change,
        minimum_effect=goal.minimum_effect,
        horizon=goal.by.isoformat(),
        reading_periods=RECENT_PERIODS[kpi.cadence],
        stopping="once_at_horizon",
        multiplicity="holm",
        family=len(engagement.goals),
        guardrails=tuple(goal.guardrails),
        confidence_level=engagement.confidence_level,
    )


def _shown(value: Any) -> str:  # noqa: ANN401 - a JSON value
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
