"""Outlook, goal tree and plan as a client reads them, in both languages."""

import re
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

from cxlib.decisions.action_plan import goals_without_action, plan_actions, plan_and_paid
from cxlib.decisions.cadence import readings
from cxlib.decisions.goal_counts import owners_needed, waiting_needed
from cxlib.decisions.goal_rules import goal_rules, small_effects
from cxlib.decisions.goal_tree import goal_tree
from cxlib.decisions.goals import check_goals
from cxlib.decisions.level import baselines
from cxlib.decisions.outlook import outlooks
from cxlib.engagement import load_engagement
from cxlib.report import feasibility, measurement_plan
from cxlib.report import goal_tree as tree_view
from cxlib.report.catalogue import message
from cxlib.report.findings import CAUSAL_WORDS
from cxlib.report.report import Report

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
LANGUAGES = ("en", "zh-Hant-HK")


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture(scope="module")
def history():
    return pd.read_csv(SAMPLE / "data" / "kpi_history.csv")


@pytest.fixture(scope="module")
def checks(engagement, history):
    levels = baselines(history, engagement=engagement)
    return check_goals(history, engagement=engagement, levels=levels)


@pytest.fixture(scope="module")
def found(engagement, history, checks):
    return outlooks(history, checks, engagement=engagement, best={})


@pytest.fixture
def report(engagement):
    return Report(engagement, "02_kpi_setting")


def text(block, language="en"):
    bare = re.sub(r"<svg.*?</svg>", "", block.html[language], flags=re.DOTALL)
    words = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", bare)))
    return re.sub(r" (?=[%,.)：，。）])", "", words)


def numbers(block, language):
    return sorted(re.findall(r'<data value="([^"]+)"', block.html[language]))


def test_the_outlook_prints_the_fingerprint_of_the_baselines(report, found):
    block = feasibility.outlook_table(report, found, seal="0123456789abcdef")
    assert "fingerprint 0123456789abcdef" in text(block)
    assert "The half-year review scores these chances" in text(block)
    assert "Goals read as one family of 4" in text(block)
    assert "98.8%, Holm" in text(block)
    assert "42% more answers than 95% alone" in text(block)
    assert "Read alone" in text(block)
    assert "始終不足：起點本身的誤差過大" in text(block, "zh-Hant-HK")
    assert "1 of 4 goals have a chance of 80% or more to show by their date" in text(block)


def test_a_stale_benchmark_says_so_and_absent_ones_too(report, found):
    said = text(feasibility.standing_table(report, found, {}))
    assert "31 December 2023 (stale)" in said
    assert "32.0 , Sample sector survey" in said or "32.0, Sample sector survey" in said
    assert "none on this scale" in said


def test_without_goals_to_count_otherwise_nothing_is_listed(report, checks):
    assert feasibility.other_counts(report, None, (), ()) is None
    block = feasibility.other_counts(report, None, waiting_needed(checks), ())
    assert "counted by the time until it happens, within 90 days" in text(block)


def test_a_mixed_group_is_said_to_prove_little(report, found):
    block = feasibility.standing_table(report, found, {})
    assert "proves little about a goal for everyone" in text(block)
    assert "難以證明全公司的目標可行" in text(block, "zh-Hant-HK")


def test_too_few_stores_are_not_offered_as_a_sample(report, engagement, checks):
    panel = pd.read_csv(SAMPLE / "data" / "store_panel.csv")
    owners = owners_needed(panel, checks, kpi="conversion", period=engagement.baseline)
    block = feasibility.other_counts(report, owners, (), ())
    assert "of 24 stores; under 10 stores it is not to be trusted" in text(block)
    assert "plan at least 10 stores before and after" in text(block)
    assert "少於 10 間時公式並不可靠" in text(block, "zh-Hant-HK")
    many = replace(owners, needed=15)
    assert "needs 15 of 24 stores before" in text(feasibility.other_counts(report, many, (), ()))


def test_the_tree_says_association_and_never_cause(report, engagement):
    tree = goal_tree(engagement, answers=None, orders=None, verdicts={})
    blocks = [
        tree_view.tree_section(report, tree),
        tree_view.tree_chart(report, tree),
        tree_view.tree_table(report, tree),
        tree_view.tree_finding(report, tree),
    ]
    for language in LANGUAGES:
        for block in blocks:
            assert not CAUSAL_WORDS[language].search(text(block, language))
    assert "answers or orders absent" in text(blocks[2])
    assert "planned as a test; its verdict comes with the A/B readout" in text(blocks[2])


def test_the_drawn_tree_names_every_node_and_the_proof_of_every_link(report, engagement):
    """All 10 links: 7 assumptions, 2 estimates without tables, 1 test before its readout."""
    tree = goal_tree(engagement, answers=None, orders=None, verdicts={})
    block = tree_view.tree_chart(report, tree)
    for language, words in {
        "en": {"Assumption": 7, "Experiment: not": 1, "Estimate: answers": 2},
        "zh-Hant-HK": {"假設": 7, "測試：結果未公佈": 1, "估算：欠回覆或訂單數據": 2},
    }.items():
        drawing = " ".join(re.findall(r"<text[^>]*>([^<]*)", block.html[language]))
        for said, count in words.items():
            key = 1 if said in {"Assumption", "假設"} else 0
            assert drawing.count(said) == count + key, (language, said)
        for kpi in engagement.kpis:
            assert kpi.name[language][:2] in drawing
    table = text(tree_view.tree_table(report, tree))
    assert "3 of 10 links were put to the data" in table
    assert "Delivery booking" not in table  # an assumption stands in the drawing


def test_a_tree_too_deep_to_draw_is_a_table_of_every_link(report, engagement):
    tree = goal_tree(engagement, answers=None, orders=None, verdicts={})
    deep = [replace(item, depth=item.depth + 3) for item in tree]
    assert tree_view.tree_chart(report, deep) is None
    assert "Delivery booking" in text(tree_view.tree_table(report, deep))


def test_an_engagement_without_a_tree_is_told_so_in_one_sentence(engagement):
    bare = engagement.model_copy(update={"growth_goal": None, "links": []})
    report = Report(bare, "02_kpi_setting")
    assert "No goal tree is written down" in text(tree_view.tree_section(report, ()))
    assert tree_view.tree_table(report, ()) is None
    assert tree_view.tree_finding(report, ()) is None


def test_a_minimum_effect_nobody_can_see_is_marked(report, engagement, checks):
    block = measurement_plan.rule_table(report, goal_rules(engagement), small_effects(checks))
    assert re.search(r"● 3\.0 points; 5\.\d would show", text(block))
    assert "the whole change" in text(block)
    for rule in goal_rules(engagement):
        assert rule.rule_hash() in text(block, "zh-Hant-HK")


def test_the_plan_shows_roles_dates_and_money_in_both_languages(report, engagement):
    plan = plan_actions(engagement)
    costs = pd.read_csv(SAMPLE / "data" / "costs.csv")
    lines = plan_and_paid(engagement.actions, costs, until=date(2026, 7, 15))
    roles = measurement_plan.role_table(report, plan)
    assert "5 actions, each with exactly one accountable role; 4 roles in all" in text(roles)
    assert "paid without a budget line" in text(measurement_plan.money_table(report, lines))
    chart = measurement_plan.plan_chart(report, plan)
    assert "1 done, 2 running, 2 ahead" in text(chart)
    assert "1 項完成" in text(chart, "zh-Hant-HK")
    note = measurement_plan.plan_note(report, plan, goals_without_action(engagement))
    assert "after its goal is read on 30 June 2026" in text(note)
    assert re.search(r"inside the baseline of Enquiry-to-sale conversion", text(note))
    money = text(measurement_plan.money_table(report, lines))
    assert "The goals above carry" in money
    assert "4,040,000" in money


def test_without_actions_the_plan_is_said_to_be_absent(engagement):
    bare = engagement.model_copy(update={"actions": []})
    report = Report(bare, "02_kpi_setting")
    assert "no plan over time to show" in text(measurement_plan.plan_chart(report, ()))
    assert measurement_plan.role_table(report, ()) is None
    assert measurement_plan.money_table(report, ()) is None
    assert measurement_plan.plan_note(report, (), engagement.goals) is None


def test_both_languages_print_the_same_numbers(report, engagement, history, checks, found):
    blocks = [
        feasibility.outlook_table(report, found, seal="x"),
        feasibility.standing_table(report, found, {}),
        feasibility.other_counts(report, None, waiting_needed(checks), ()),
        measurement_plan.rule_table(report, goal_rules(engagement), small_effects(checks)),
        measurement_plan.reading_table(report, readings(history, engagement=engagement)),
        measurement_plan.role_table(report, plan_actions(engagement)),
    ]
    for block in blocks:
        assert numbers(block, "en") == numbers(block, "zh-Hant-HK"), block.key


def test_a_link_counts_customer_days_and_says_so():
    """A customer's answers of one day are averaged, so that n is no number of answers."""
    for language, words in (("en", "customer-days"), ("zh-Hant-HK", "個客戶日")):
        assert words in message("goal_tree.effect.per_point", language)


def test_a_gap_between_channels_names_the_level_of_its_interval():
    """The sentence prints a pair's own interval, the table joint ones: both are named."""
    for verdict in ("equivalent", "different", "cannot_tell"):
        key = f"groups.consistency.{verdict}"
        assert "{level:0} interval of this pair alone {difference.ci:+}" in message(key, "en")
        assert "此對單獨的 {level:0} 區間" in message(key, "zh-Hant-HK")


def test_money_paid_past_its_budget_and_without_one_is_named(report, engagement):
    """The sample: HK$2,221,700 of 2,560,000 under a line, HK$176,400 outside; 3 lines over."""
    costs = pd.read_csv(SAMPLE / "data" / "costs.csv")
    lines = plan_and_paid(engagement.actions, costs, until=engagement.dated())
    block = measurement_plan.budget_finding(report, lines)
    inside = sum(line.paid_hkd for line in lines if line.action)
    outside = sum(line.paid_hkd for line in lines if not line.action)
    assert inside + outside == costs["amount_hkd"].sum()
    said = text(block)
    assert "HK$176,400 without a budget line" in said
    assert "Lines paid past their budget, 3 : 15-minute reply promise: training, once" in said
    assert numbers(block, "en") == numbers(block, "zh-Hant-HK")
    assert measurement_plan.budget_finding(report, plan_and_paid([], None, until=date.max)) is None


def test_the_printed_lines_of_the_money_table_add_up_to_its_title(report, engagement):
    costs = pd.read_csv(SAMPLE / "data" / "costs.csv")
    lines = plan_and_paid(engagement.actions, costs, until=engagement.dated())
    html = measurement_plan.money_table(report, lines).html["en"]
    paid = re.findall(r"HK\$([\d,]+)</data></td></tr>", html)
    whole = re.search(r"HK\$([\d,]+)</data> paid so far", html)[1]
    assert len(paid) == len(lines)
    assert sum(int(each.replace(",", "")) for each in paid) == int(whole.replace(",", ""))
