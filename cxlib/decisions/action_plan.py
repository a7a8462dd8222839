"""The plan of actions: dates, roles, and planned money beside what was paid for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import pandas as pd

from cxlib.engagement.plan import Action, BudgetLine
from cxlib.engagement.schema import Engagement, Goal

State = Literal["done", "running", "ahead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAction:
    """An action with its goal and where it stands on the day of the report.

    Attributes:
        action: As typed.
        goal: The goal it serves; None where its KPI has no target.
        state: On the day of the report.
        ends_after_goal: The action ends after the goal is due, so it cannot count in full.
    """

    action: Action
    goal: Goal | None
    state: State
    ends_after_goal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidLine:
    """A budget line beside what was paid under the same keys.

    Attributes:
        action: The action it belongs to; None for money paid without a budget.
        initiative: Id, as in the cost table.
        category: As in the cost table.
        kind: one_off or recurring.
        planned_hkd: Budget; None where there is none.
        paid_hkd: Sum of the cost table up to ``until``; None without a cost table.
    """

    action: Action | None
    initiative: str
    category: str
    kind: str
    planned_hkd: float | None
    paid_hkd: float | None


def plan_actions(engagement: Engagement) -> tuple[PlannedAction, ...]:
    """Put the actions in order of start, each with its goal and state."""
    today = engagement.dated()
    ordered = sorted(engagement.actions, key=lambda action: (action.start, action.end))
    found = []
    for action in ordered:
        goal = engagement.goal(action.kpi)
        state: State = (
            "done" if action.end < today else "running" if action.start <= today else "ahead"
        )
        found.append(
            PlannedAction(
                action=action,
                goal=goal,
                state=state,
                ends_after_goal=goal is not None and action.end > goal.by,
            )
        )
    return tuple(found)


def goals_without_action(engagement: Engagement) -> tuple[Goal, ...]:
    """Name goals that no action serves."""
    served = {action.kpi for action in engagement.actions}
    return tuple(goal for goal in engagement.goals if goal.kpi not in served)


def plan_and_paid(
    actions: Sequence[Action], costs: pd.DataFrame | None, *, until: date
) -> tuple[PaidLine, ...]:
    """Hold each budget line against the cost table under the same keys.

    This is what the review of return on investment reads: it takes what was paid, never what was
    planned, and money paid without a budget line stays in.

    Args:
        actions: With their budget lines.
        costs: Columns initiative, category, kind, paid_on, amount_hkd; None without the table.
        until: Last day that counts.

    Returns:
        The budget lines in order, then what was paid without one.
    """
    paid = _paid(costs, until=until)
    found = []
    for action in actions:
        for line in action.budget_lines:
            done = paid.pop(_key(line), 0.0)
            found.append(
                PaidLine(
                    action=action,
                    initiative=line.initiative,
                    category=line.category,
                    kind=line.kind,
                    planned_hkd=line.amount_hkd,
                    paid_hkd=None if costs is None else done,
                )
            )
    for (initiative, category, kind), amount in sorted(paid.items()):
        found.append(
            PaidLine(
                action=None,
                initiative=initiative,
                category=category,
                kind=kind,
                planned_hkd=None,
                paid_hkd=amount,
            )
        )
    return tuple(found)


def _paid(costs: pd.DataFrame | None, *, until: date) -> dict[tuple[str, str, str], float]:
    if costs is None:
        return {}
    rows = costs[pd.to_datetime(costs["paid_on"]).dt.date <= until]
    totals = rows.groupby(["initiative", "category", "kind"], as_index=False)["amount_hkd"].sum()
    return {
        (str(row.initiative), str(row.category), str(row.kind)): float(str(row.amount_hkd))
        for row in totals.itertuples()
    }


def _key(line: BudgetLine) -> tuple[str, str, str]:
    return line.initiative, line.category, line.kind
