"""Actions with dates and money: planned beside paid, nothing lost."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from cxlib.decisions.action_plan import goals_without_action, plan_actions, plan_and_paid
from cxlib.decisions.costs import cost_ledger
from cxlib.engagement import load_engagement

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture(scope="module")
def costs():
    return pd.read_csv(SAMPLE / "data" / "costs.csv")


def test_actions_stand_in_order_of_start_with_their_state(engagement):
    plan = plan_actions(engagement)
    assert [item.action.id for item in plan] == [
        "reply_team", "store_refresher", "complaint_replies", "booking_fix", "accessory_offer",
    ]  # fmt: skip
    assert [item.state for item in plan] == ["running", "done", "running", "ahead", "ahead"]
    assert [item.action.id for item in plan if item.ends_after_goal] == ["reply_team"]
    assert plan[1].goal is None


def test_what_was_paid_sums_to_what_the_review_reads(engagement, costs):
    """The review's ledger of each initiative, summed, is the paid column; budgets never enter."""
    lines = plan_and_paid(engagement.actions, costs, until=date(2026, 7, 15))
    for initiative in engagement.initiatives:
        read = cost_ledger(costs, initiative=initiative.id, start=initiative.start)
        paid = sum(line.paid_hkd for line in lines if line.initiative == initiative.id)
        assert paid == pytest.approx(read.total_hkd)
    planned = sum(line.planned_hkd or 0 for line in lines)
    assert planned == sum(action.budget_hkd for action in engagement.actions) == 2_560_000


def test_money_without_a_budget_line_is_not_lost(engagement, costs):
    lines = plan_and_paid(engagement.actions, costs, until=date(2026, 7, 15))
    found = {(x.initiative, x.category, x.kind) for x in lines if x.action is None}
    assert ("reply_promise", "incentives", "recurring") in found
    assert ("coaching", "content", "one_off") in found


def test_later_payments_wait_and_an_absent_ledger_is_said(engagement, costs):
    early = plan_and_paid(engagement.actions, costs, until=date(2025, 10, 1))
    assert sum(line.paid_hkd for line in early) == 0
    none = plan_and_paid(engagement.actions, None, until=date(2026, 7, 15))
    assert {line.paid_hkd for line in none} == {None}


def test_a_goal_nobody_acts_for_is_named(engagement):
    kept = [action for action in engagement.actions if action.kpi != "nps"]
    lean = engagement.model_copy(update={"actions": kept})
    assert [goal.kpi for goal in goals_without_action(lean)] == ["nps"]
    assert goals_without_action(engagement) == ()
