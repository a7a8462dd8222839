"""When each decision rule was first frozen, and whether that was before its result could be read.

A rule frozen after its reading day binds nobody who has seen the figures: it is kept, applied and
called late. The ledger keeps the first date of every rule, told by its fingerprint.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from cxlib.decisions.experiment import Plan
from cxlib.decisions.goal_rules import GoalRule
from cxlib.engagement.schema import Engagement

ENTRY = "rule_dates"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDate:
    """When a rule was frozen.

    Attributes:
        kind: Of a goal or of a test.
        name: KPI or experiment.
        rule_hash: Its fingerprint.
        frozen_on: Date of the report that first froze it.
        read_on: Day on which its result is read: the goal's date, the test's last day.
    """

    kind: Literal["goal", "test"]
    name: str
    rule_hash: str
    frozen_on: date
    read_on: date

    @property
    def is_late(self) -> bool:
        """Whether the result could be read before the rule was frozen."""
        return self.frozen_on > self.read_on


def rule_dates(
    engagement: Engagement,
    *,
    rules: Sequence[GoalRule],
    plans: Sequence[Plan],
    earlier: Mapping[str, Any],
) -> tuple[RuleDate, ...]:
    """Date every rule: as on record under the same fingerprint, else the date of this report.

    Args:
        engagement: Its report date and the last day of each test.
        rules: Of the goals.
        plans: Of the tests.
        earlier: The ledger's "rule_dates" so far, or {}.
    """
    today = engagement.dated()
    ends = {item.id: item.period.end for item in engagement.experiments}
    wanted: list[tuple[Literal["goal", "test"], str, str, date]] = [
        ("goal", rule.kpi, rule.rule_hash(), date.fromisoformat(rule.horizon)) for rule in rules
    ]
    wanted += [("test", plan.experiment, plan.rule_hash(), ends[plan.experiment]) for plan in plans]
    return tuple(
        RuleDate(
            kind=kind, name=name, rule_hash=rule_hash, read_on=read_on,
            frozen_on=min(today, _first(earlier, rule_hash, today)),
        )
        for kind, name, rule_hash, read_on in wanted
    )  # fmt: skip


def keep_dates(earlier: Mapping[str, Any], found: Sequence[RuleDate]) -> dict[str, Any]:
    """Add the dates of rules to those on record; none is changed or taken away."""
    now = {item.rule_hash: item.frozen_on.isoformat() for item in found}
    return {"frozen_on": now | dict(earlier.get("frozen_on", {}))}


def _first(earlier: Mapping[str, Any], rule_hash: str, today: date) -> date:
    known = earlier.get("frozen_on", {}).get(rule_hash)
    return today if known is None else date.fromisoformat(known)
