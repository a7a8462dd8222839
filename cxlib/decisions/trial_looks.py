"""How often a test was looked at, what the plan paid for, and what the rest costs.

Looks are counted from the ledger: every readout leaves the units and days it saw, and a readout of
the same units is the same look. A plan with looks before the end has limits for them; a look it did
not plan stops nothing, and its price is said.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from cxlib.decisions.trial_plan import Plan
from cxlib.stats.always_valid import confidence_sequence
from cxlib.stats.estimate import Estimate
from cxlib.stats.looks import critical_values, false_alarm_rate, repeated_interval

FEWEST_FOR_SEQUENCE = 100
"""Under this many units no always-valid interval is stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one readout saw."""

    units: int
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LookView:
    """One look among those planned and taken.

    Attributes:
        plan: The rule.
        number: Which look this is, from 1.
        looks: All looks so far, this one last.
        fraction: Share of the planned units seen, at most 1.
        complete: Whether the planned days and units are reached.
        limit: The |z| this look must pass to stop the test; None where the look cannot stop it, or
            the plan has no such limit.
        price: Chance of a false alarm if each look so far had been read alone, as if it were the
            only one.
    """

    plan: Plan
    number: int
    looks: tuple[Look, ...]
    fraction: float
    complete: bool
    limit: float | None
    price: float

    @property
    def unplanned(self) -> int:
        """Looks beyond the plan; none where any number is allowed."""
        if self.plan.looks == "always_valid":
            return 0
        return max(self.number - self.plan.n_looks, 0)

    def adjust(self, effect: Estimate) -> Estimate:
        """Give the interval that allows for the plan's looks; a fixed plan's is the plain one."""
        if self.plan.looks == "fixed" or not effect.has_interval:
            return effect
        if self.plan.looks == "always_valid":
            if effect.n_obs < FEWEST_FOR_SEQUENCE or not effect.ci_upper > effect.ci_lower:
                return effect
            return confidence_sequence(effect, n_planned=self.plan.planned_units)
        if self.limit is None:
            return effect
        count = max(self.plan.n_looks, self.number)
        return repeated_interval(effect, critical=self.limit, look=self.number, looks=count)

    def at(self, confidence_level: float) -> "LookView":
        """The same look with limits for another level of confidence."""
        if confidence_level == self.plan.confidence_level:
            return self
        moved = replace(self, plan=replace(self.plan, confidence_level=confidence_level))
        return replace(moved, limit=_limit(moved))

    def may_stop(self, effect: Estimate) -> bool:
        """Whether this effect (already adjusted) may end the test before its planned end."""
        if self.plan.looks == "fixed" or self.complete or self.unplanned:
            return False
        if self.plan.looks == "always_valid":
            return effect.excludes(0.0)
        return self.limit is not None and effect.excludes(0.0)


def view_looks(
    plan: Plan, *, units: int, days: int, earlier: Iterable[Mapping[str, Any]] = ()
) -> LookView:
    """Place a readout among the looks of its plan.

    Args:
        plan: The rule.
        units: Units seen in all arms.
        days: Days seen.
        earlier: Looks of the ledger: mappings with `units` and `days`.
    """
    seen = {(int(look["units"]), int(look["days"])) for look in earlier}
    before = sorted(pair for pair in seen if pair < (units, days))
    looks = tuple(Look(units=a, days=b) for a, b in (*before, (units, days)))
    complete = days >= plan.horizon_days and units >= plan.planned_units
    view = LookView(
        plan=plan,
        number=len(looks),
        looks=looks,
        fraction=min(units / plan.planned_units, 1.0),
        complete=complete,
        limit=None,
        price=false_alarm_rate(len(looks), confidence_level=plan.confidence_level),
    )
    return replace(view, limit=_limit(view))


def _limit(view: LookView) -> float | None:
    """The |z| of this look under the plan, by the share of units really seen at each look."""
    plan = view.plan
    if plan.looks == "always_valid":
        return None
    if plan.looks == "fixed" or (view.unplanned and not view.complete):
        return None
    taken = [min(look.units / plan.planned_units, 1.0) for look in view.looks]
    if view.complete:
        fractions = [*(share for share in taken[:-1] if share < 1), 1.0]
    else:
        left = plan.n_looks - view.number
        step = (1 - taken[-1]) / max(left, 1)
        fractions = [*taken, *(taken[-1] + step * n for n in range(1, left + 1))]
    if fractions[-1] < 1:
        fractions[-1] = 1.0
    place = len(fractions) - 1 if view.complete else view.number - 1
    limits = critical_values(
        plan.looks, fractions=_rising(fractions), confidence_level=plan.confidence_level
    )
    found = limits[min(place, len(limits) - 1)]
    return found if isfinite(found) else None


def _rising(fractions: list[float]) -> list[float]:
    """Drop looks that saw no new unit."""
    kept: list[float] = []
    for share in fractions:
        if not kept or share > kept[-1] + 1e-9:
            kept.append(share)
    return kept
