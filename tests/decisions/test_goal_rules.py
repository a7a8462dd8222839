"""A goal's rule is frozen with a fingerprint, and a changed goal is refused."""

from pathlib import Path

import pytest

from cxlib.decisions.goal_rules import (
    ENTRY,
    check_goal_rules,
    goal_rules,
    present_goal_rules,
    rules_record,
)
from cxlib.engagement import load_engagement
from cxlib.engagement.ledger import Ledger
from cxlib.errors import ConfigError

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


def with_goal(engagement, kpi, **changes):
    goals = [g.model_copy(update=changes) if g.kpi == kpi else g for g in engagement.goals]
    return engagement.model_copy(update={"goals": goals})


def test_every_part_of_a_rule_moves_its_fingerprint(engagement):
    before = {rule.kpi: rule.rule_hash() for rule in goal_rules(engagement)}
    for changes in (
        {"target": 31.0},
        {"minimum_effect": 4.0},
        {"guardrails": []},
        {"by": engagement.review.end},
    ):
        after = {r.kpi: r.rule_hash() for r in goal_rules(with_goal(engagement, "nps", **changes))}
        assert after["nps"] != before["nps"], changes
        assert {k: v for k, v in after.items() if k != "nps"} == {
            k: v for k, v in before.items() if k != "nps"
        }


def test_a_dropped_goal_moves_every_fingerprint_because_the_family_is_smaller(engagement):
    fewer = engagement.model_copy(update={"goals": engagement.goals[:-1]})
    for old, new in zip(goal_rules(engagement), goal_rules(fewer), strict=False):
        assert old.rule_hash() != new.rule_hash()


def test_frozen_rules_are_presented_and_changed_ones_refused(engagement, tmp_path):
    ledger = Ledger(tmp_path / "ledger.json")
    with pytest.raises(ConfigError, match="no 'goal_rules' entry; run 02_kpi_setting first"):
        present_goal_rules(engagement, ledger)
    ledger.freeze(ENTRY, rules_record(goal_rules(engagement)), data={})
    assert present_goal_rules(engagement, ledger) == goal_rules(engagement)
    moved = with_goal(engagement, "nps", target=28.0, guardrails=[])
    with pytest.raises(ConfigError) as caught:
        present_goal_rules(moved, ledger)
    assert [str(problem) for problem in caught.value.problems] == [
        f"engagement.yml, goals, nps, {what}; "
        "restore it, or run 02_kpi_setting with a rebase_reason"
        for what in (
            "written_target: found 28.0; the frozen rule says 30.0",
            "guardrails: found none; the frozen rule says ces",
        )
    ]


def test_a_forged_fingerprint_a_new_goal_and_a_lost_one_are_named(engagement):
    entry = rules_record(goal_rules(engagement))
    entry["nps"]["rule_hash"] = "0" * 16
    entry["old_kpi"] = entry.pop("conversion")
    with pytest.raises(ConfigError) as caught:
        check_goal_rules(engagement, entry)
    said = [str(problem) for problem in caught.value.problems]
    assert len(said) == 3
    assert "the fingerprint must be" in said[0]
    assert "conversion; this KPI has no frozen rule" in said[1]
    assert "old_kpi; this KPI is frozen but no longer a goal" in said[2]


def test_typed_baselines_need_no_ledger(engagement, tmp_path):
    typed = engagement.model_copy(update={"baseline_source": "manual"})
    assert len(present_goal_rules(typed, Ledger(tmp_path / "ledger.json"))) == 4
