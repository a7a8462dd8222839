"""From what a readout found to its verdict: the rule alone, so that a ledger can be replayed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite, nan
from typing import Any, Literal

from cxlib.errors import ConfigError

Verdict = Literal["INVALID", "ROLLBACK", "SHIP", "HOLD", "EXTEND"]
Reason = Literal[
    "split_differs",
    "guardrail_harmed",
    "primary_worse",
    "plan_not_complete",
    "guardrail_not_shown_safe",
    "effect_shown",
    "effect_below_minimum",
    "no_worthwhile_effect",
    "inconclusive",
    "exploratory",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the rule asks; the effect and its limits are turned so that positive is better.

    Attributes:
        split_passed: The split is as planned, in total and in every part.
        harmed: A guardrail is harmed.
        open: A guardrail is not shown safe.
        worse: The primary metric is worse beyond chance.
        complete: The plan is complete, or a planned look passed its limit.
        frozen: The rule was in the ledger before.
        effect: Of the primary metric.
        lower: Lower limit of its interval.
        upper: Upper limit.
        minimum_effect: Smallest effect worth having.
    """

    split_passed: bool
    harmed: bool
    open: bool
    worse: bool
    complete: bool
    frozen: bool
    effect: float
    lower: float
    upper: float
    minimum_effect: float

    def as_record(self) -> dict[str, Any]:
        """Plain values for the ledger; a limit that does not exist is None."""
        return {
            key: None if isinstance(value, float) and not isfinite(value) else value
            for key, value in asdict(self).items()
        }


def decide(facts: Facts) -> tuple[Verdict, Reason]:
    """Read the rule from the top (see `experiment`); the first line that holds decides."""
    shown = facts.lower > 0 and facts.effect >= facts.minimum_effect
    rules: tuple[tuple[bool, Verdict, Reason], ...] = (
        (not facts.split_passed, "INVALID", "split_differs"),
        (facts.harmed, "ROLLBACK", "guardrail_harmed"),
        (facts.worse, "ROLLBACK", "primary_worse"),
        (not facts.complete, "EXTEND", "plan_not_complete"),
        (facts.open, "HOLD", "guardrail_not_shown_safe"),
        (shown and not facts.frozen, "HOLD", "exploratory"),
        (shown, "SHIP", "effect_shown"),
        (facts.lower > 0, "HOLD", "effect_below_minimum"),
        (facts.upper < facts.minimum_effect, "HOLD", "no_worthwhile_effect"),
    )
    for holds, verdict, reason in rules:
        if holds:
            return verdict, reason
    return "HOLD", "inconclusive"


def replay(record: Mapping[str, Any]) -> tuple[Verdict, Reason]:
    """Decide again from what the ledger keeps of a readout."""
    facts: Mapping[str, Any] = record["facts"]
    kept: dict[str, Any] = {}
    for key, value in facts.items():
        kept[key] = nan if value is None else value
    return decide(Facts(**kept))


def check_verdicts(verdicts: Mapping[str, Any], *, ledger: str = "ledger.json") -> None:
    """Refuse a ledger whose verdicts do not follow from what it says was found.

    Verdicts from before facts were kept are left as they are.

    Raises:
        ConfigError: With the test, the verdict kept and the one that follows.
    """
    for name, record in verdicts.items():
        if "facts" not in record:
            continue
        verdict, reason = replay(record)
        if (verdict, reason) != (record["verdict"], record["reason"]):
            raise ConfigError(
                f"the {ledger} says {record['verdict']} ({record['reason']}) for experiment "
                f"{name!r}, its facts give {verdict} ({reason}); run 03_ab_test again"
            )
