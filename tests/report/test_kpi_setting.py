"""Blocks of 02_kpi_setting: sentences, units and verdicts in both languages."""

import json
import re
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

from cxlib.decisions.experiment import plan_from_engagement
from cxlib.decisions.goals import check_goals, link_goals
from cxlib.decisions.kpis import frozen_targets, track_kpis
from cxlib.decisions.level import baselines, store_groups
from cxlib.decisions.rule import frozen_plan
from cxlib.decisions.rule_dates import rule_dates
from cxlib.engagement import load_engagement
from cxlib.engagement.ledger import Ledger
from cxlib.errors import ConfigError
from cxlib.measures.voice.correction import MentionRate
from cxlib.report import goals as weigh
from cxlib.report import kpi_setting as show
from cxlib.report import samples
from cxlib.report.report import Report
from cxlib.stats.misclassification import CorrectedShare
from cxlib.stats.proportions import proportion

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
LANGUAGES = ("en", "zh-Hant-HK")
PRIORITIES = ["enquiry_chat", "delivery_booking", "aftersales_service"]


def history():
    """Twelve months: NPS 25.3, conversion 5 % then 6 %, mentions 74 % then 66 %, CES 4.9."""
    rows = []
    stamps = pd.date_range("2025-07-01", periods=12, freq="MS")
    for place, day in enumerate(stamps):
        rows += [
            {
                "kpi": "nps", "period_start": day, "n_obs": 870, "value": 100 * 220 / 870,
                "promoters": 420, "passives": 250, "detractors": 200,
            },
            {"kpi": "ces", "period_start": day, "n_obs": 700, "value": 4.9, "sd": 1.6},
        ]  # fmt: skip
        sold = 1000 if place < 6 else 1200
        rows.append(
            {
                "kpi": "conversion", "period_start": day, "n_obs": 20_000,
                "value": sold / 20_000, "successes": sold,
            }
        )  # fmt: skip
    for place, day in enumerate(pd.date_range("2025-07-07", periods=51, freq="7D")):
        happy = 37 if place < 25 else 33
        rows.append(
            {
                "kpi": "positive_mentions", "period_start": day, "n_obs": 50,
                "value": happy / 50, "successes": happy,
            }
        )  # fmt: skip
    for day in pd.date_range("2025-07-01", periods=3, freq="QS"):
        rows.append(
            {
                "kpi": "repurchase_90d", "period_start": day, "n_obs": 600,
                "value": 0.37, "successes": 222,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture(scope="module")
def levels(engagement):
    return baselines(history(), engagement=engagement)


@pytest.fixture(scope="module")
def checks(engagement, levels):
    return check_goals(history(), engagement=engagement, levels=levels, response_rate=0.35)


@pytest.fixture(scope="module")
def tracked(engagement, checks):
    targets = frozen_targets(engagement, weigh.targets_content(checks))
    return track_kpis(history(), engagement=engagement, targets=targets)


@pytest.fixture
def report(engagement):
    return Report(engagement, "02_kpi_setting")


def text(block, language="en"):
    """A block's words without its markup; a no-break space counts as a space."""
    bare = re.sub(
        r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>", "", block.html[language], flags=re.DOTALL)
    )
    words = re.sub(r"\s+", " ", unescape(bare).replace("\u00a0", " "))
    return re.sub(r" (?=[%,.)：，。）])", "", words)


def rows(block, language="en"):
    """The cells of a table's body, row by row."""
    body = block.html[language].split("<tbody>")[1].split("</tbody>")[0]
    return [
        [unescape(re.sub(r"<[^>]+>", "", cell)).replace("\u00a0", " ")
         for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", body)
    ]  # fmt: skip


def numbers(block, language):
    return re.findall(r'<data value="([^"]+)"', block.html[language])


def test_a_relative_goal_is_written_as_such_and_means_a_level(report, checks):
    """5 % and +40 % relative are 7.0 %; the sentence says that nothing is added."""
    block = weigh.goal_table(report, checks)
    (conversion,) = [row for row in rows(block) if row[0].startswith("Enquiry")]
    assert conversion[1:5] == [
        "+40% relative",
        "5.0% (4.9% to 5.1%), n = 120,000",
        "7.0%",
        "+2.0 pp",
    ]
    assert "taken of the baseline of 5.00% and means 7.00%; it does not add 40 pp" in text(block)
    assert "以基準 5.00% 為基數計算，即 7.00%；並非加上 40 個百分點" in text(block, "zh-Hant-HK")


def test_a_kpi_without_target_has_no_verdict_and_no_status(report, tracked):
    block = show.kpi_table(report, tracked)
    found = {row[0]: row for row in rows(block)}
    assert found["Customer Effort Score (ease)"][2] == "not set"
    assert found["Customer Effort Score (ease)"][4:6] == ["no clear trend", "no target"]
    assert found["Net Promoter Score"][5] == "▼ not met"  # three months together
    assert found["Enquiry-to-sale conversion"][4:6] == ["↑ up", "▼ not met"]
    assert found["Repurchase within 90 days"][1] == "quarterly, Jan 2026 to Mar 2026"


def test_the_kpi_table_says_which_way_is_better(report, tracked):
    assert "Lower is better: none." in text(show.kpi_table(report, tracked))


def test_a_goal_that_cannot_be_seen_says_so_and_names_the_smallest_that_can(report, checks):
    block = samples.unseen_list(report, checks)
    said = text(block)
    assert "Positive mention rate: the baseline of 74.0%" in said
    assert "already met the goal of 70.0%" in said
    mentions = next(check for check in checks if check.kpi.id == "positive_mentions")
    smallest = f"+{100 * mentions.smallest_by_date:.1f} pp"
    late = next(check for check in checks if check.kpi.id == "repurchase_90d")
    assert "no whole period that begins after the action starts is known by 31 December" in said
    assert f"the first whole period can show +{100 * late.smallest_of_one:.1f} pp" in said
    assert f"The smallest change that can be seen by 31 December 2026 is {smallest}" in said
    assert "Enquiry-to-sale conversion: the goal of 7.0% was due on 30 June 2026" in said
    assert "the date has passed" in said
    assert "可察覺的最小變幅為" in text(block, "zh-Hant-HK")


def test_a_goal_without_a_whole_period_before_its_date_says_so(report, engagement, levels):
    """Due on 20 July 2026, 20 days after the last month on record."""
    goal = engagement.goal("conversion").model_copy(update={"by": date(2026, 7, 20)})
    ours = engagement.model_copy(update={"goals": [goal]})
    late = check_goals(history(), engagement=ours, levels=levels)
    said = text(samples.unseen_list(report, late))
    assert (
        "no whole period that begins after the action starts is known by 20 July 2026, so no"
        in said
    )
    assert "未有任何一個在行動展開後才開始的完整周期" in text(
        samples.unseen_list(report, late), "zh-Hant-HK"
    )
    assert rows(samples.pooled_table(report, late))[0][-1] == "▼ not by its date"
    assert "0 can be seen by their date" in samples.sample_chart(report, late).html["en"]


def test_the_limits_call_the_sample_a_floor(report, checks):
    assert "The sample needed is a floor" in text(show.limit_list(report, checks))
    assert "所需樣本只是下限" in text(show.limit_list(report, checks), "zh-Hant-HK")


def test_every_goal_seen_leaves_one_sentence(report, checks):
    seen = [replace(check, visibility="one_period") for check in checks if check.n_at_level == 0]
    assert seen
    assert text(samples.unseen_list(report, seen)).strip().startswith("Every goal's change can be")


def test_the_chart_names_the_largest_gap_and_its_alt_text_says_it_too(report, checks):
    block = samples.sample_chart(report, checks)
    sample = next(check.family for check in checks if check.kpi.id == "positive_mentions")
    assert f"Positive mention rate needs {sample.n_needed:,} per week and gets 50" in text(block)
    assert 'role="img"' in block.html["en"]
    assert f"{sample.n_needed:,} needed and 50 collected" in block.html["en"]


def test_the_pooled_table_counts_periods_in_words_of_the_cadence(report, checks):
    found = {row[0]: row for row in rows(samples.pooled_table(report, checks))}
    assert found["Enquiry-to-sale conversion"][2] == "1 month"
    assert found["Repurchase within 90 days"][2:4] == ["no number is enough", "0 quarters"]
    assert found["Repurchase within 90 days"][-1] == "▼ start too thin"
    said = text(samples.pooled_table(report, checks))
    assert "All 4 goals read as one family, 98.8% two-sided" in said
    assert "begin once the actions for the KPI in the plan have all started" in said


def test_the_sample_table_gives_the_need_alone_and_in_the_family(report, checks):
    found = {row[0].split(",")[0]: row for row in rows(samples.sample_table(report, checks))}
    for check in checks:
        alone, family = found[str(check.kpi.name["en"])][3:5]
        assert (alone, family) == (f"{check.sample.n_needed:,}", f"{check.family.n_needed:,}")
        assert check.family.n_needed > check.sample.n_needed


def test_invitations_are_those_of_what_counts_as_enough(report, engagement, levels):
    """One answer to four invitations: four times the answers needed in the family."""
    asked = check_goals(history(), engagement=engagement, levels=levels, response_rate=0.25)
    found = {row[0]: row for row in rows(samples.sample_table(report, asked))}
    nps = next(check for check in asked if check.kpi.id == "nps")
    assert found["Net Promoter Score"][-1] == f"{4 * nps.family.n_needed:,}"


def test_priorities_are_shown_by_goal_and_the_one_left_out_is_named(report, engagement):
    links = link_goals(engagement, PRIORITIES)
    found = rows(weigh.priority_table(report, links, PRIORITIES))
    assert found[0][3] == "Online enquiry, Delivery booking"
    said = text(weigh.priority_finding(report, links, PRIORITIES))
    assert "2 of the diagnosis's 3 priorities" in said
    assert "Without a goal that names it: After-sales service." in said


def test_without_a_diagnosis_the_section_says_so_and_claims_nothing(report, engagement):
    links = link_goals(engagement, [])
    assert "No diagnosis stands behind the 4 goals" in text(
        weigh.priority_section(report, links, [])
    )
    assert weigh.priority_table(report, links, []) is None
    assert weigh.priority_finding(report, links, []) is None


def test_coverage_says_what_the_stores_with_the_action_can_carry(report, checks):
    """By hand: 100 of 400 enquiries convert 5 %, the rest too; + 40 % there is 5.5 % in all.

    For 7 % overall, 28 sales of 400, these stores would have to sell 13 of 100.
    """
    totals = pd.DataFrame(
        {
            "treated": [1, 1, 0, 0],
            "n_sales": 1, "mean_sales": [2.5, 2.5, 7.5, 7.5],
            "n_enquiries": 1, "mean_enquiries": [50.0, 50.0, 150.0, 150.0],
        }
    )  # fmt: skip
    said = text(weigh.coverage_finding(report, checks, store_groups(totals)))
    assert "The 2 of 4 stores" in said
    assert "take 25.0% of enquiries" in said
    assert "the whole chain arrives at 5.5%" in said
    assert "they alone would have to convert 13.0%" in said
    assert weigh.coverage_finding(report, checks, ()) is None


def test_the_rules_frozen_here_rebuild_the_plan_exactly(report, engagement, tmp_path):
    plans = [plan_from_engagement(each) for each in engagement.experiments]
    ledger = Ledger(tmp_path / "ledger.json")
    ledger.freeze("rules", show.rules_content(plans), data={})
    assert frozen_plan(engagement, engagement.experiments[0], ledger.read("rules")) == plans[0]
    dates = rule_dates(engagement, rules=(), plans=plans, earlier={})
    block = show.rule_table(report, plans, dates)
    assert "● 15 July 2026, late: after 26 April 2026" in text(block)
    assert show.rule_values(dates) == {"n": 3, "n_early": 0, "n_late": 3}
    assert plans[0].rule_hash() in text(block)
    assert rows(block)[0][2:6] == ["1.5 pp", "4,500", "50.0%", "56 days"]
    assert "Complaint rate rises by less than 1.0 pp" in rows(block)[0][6]


def test_the_order_of_the_rule_states_what_an_early_stop_asks(report, engagement):
    plans = [plan_from_engagement(each) for each in engagement.experiments]
    assert "then only at a p-value of 0.001 or less" in text(show.rule_order(report, plans))
    assert "p 值須不高於 0.001" in text(show.rule_order(report, plans), "zh-Hant-HK")


def test_without_a_test_no_rule_is_shown(report):
    assert "No test is planned" in text(show.rule_table(report, []))
    assert show.rule_order(report, []) is None


def test_frozen_entries_repeat_but_do_not_change_without_a_reason(
    engagement, levels, checks, tmp_path
):
    ledger = Ledger(tmp_path / "ledger.json")
    content = show.baselines_content(levels, (), period=engagement.baseline)
    for _ in range(2):
        ledger.freeze("baselines", content, data={})
        ledger.freeze("targets", weigh.targets_content(checks), data={})
    edited = json.loads(json.dumps(content))
    edited["nps"]["value"] = 20.0
    with pytest.raises(ConfigError, match=r"nps\.value was 25\.28.*is now 20\.0.*rebase_reason"):
        ledger.freeze("baselines", edited, data={})
    ledger.freeze("baselines", edited, data={}, reason="survey moved to a new provider")
    assert ledger.read("targets")["conversion"]["level"] == pytest.approx(0.07)
    assert ledger.read("targets")["nps"]["by"] == "2026-12-31"


def test_the_mention_rate_is_said_to_be_as_labelled_and_which_way_it_errs(report):
    """Without mentions that people read there is no direction to name, and nothing is said."""
    seen, true = (proportion(x, 100, confidence_level=0.95) for x in (74, 78))
    share = CorrectedShare(
        apparent=seen, sensitivity=seen, specificity=true, corrected=true, clipped=False,
        reason="",
    )  # fmt: skip
    rate = MentionRate(
        start=date(2025, 7, 1), rate=share, n_mentions=100, n_copies=0, n_neutral=0,
        audit="own_period", n_coded=80,
    )  # fmt: skip
    block = show.mention_note(report, (rate,))
    assert "verdicts here are as labelled" in text(block)
    assert "raises the rate of the period to 78.0%" in text(block)
    assert "會令期內比率上升至 78.0%" in text(block, "zh-Hant-HK")
    turned = replace(rate, rate=replace(share, apparent=true, corrected=seen))
    assert "lowers the rate of the period to 74.0%" in text(show.mention_note(report, (turned,)))
    unread = replace(rate, rate=replace(share, corrected=None))
    assert show.mention_note(report, ()) is None
    assert show.mention_note(report, (unread,)) is None


def test_a_reason_to_rebase_is_printed_and_none_prints_nothing(report):
    assert show.rebase_note(report, "") is None
    assert "survey moved" in text(show.rebase_note(report, "survey moved"))


def test_the_answer_counts_goals_and_asks_their_owners(report, engagement, checks):
    samples.seen_finding(report, checks)
    weigh.goal_finding(report, checks)
    weigh.priority_finding(report, link_goals(engagement, PRIORITIES), PRIORITIES)
    said = text(show.answer(report, checks))
    seen = sum(check.can_be_seen for check in checks)
    assert f"{seen} of 3 goals still ahead can be told from chance" in said
    assert "date passed and not met: Enquiry-to-sale conversion" in said
    assert "The goal on Net Promoter Score cannot" in said
    assert "To decide: Chief Customer Officer, Head of Marketing, Head of Retail" in said


def test_the_answer_stands_without_a_diagnosis_and_with_every_goal_seen(report, checks, tracked):
    seen = [replace(check, visibility="one_period") for check in checks if check.n_at_level == 0]
    assert seen
    samples.seen_finding(report, seen)
    weigh.goal_finding(report, seen)
    show.kpi_finding(report, tracked)
    said = text(show.answer(report, seen))
    assert (
        f"{len(seen)} of {len(seen)} goals still ahead can be told from chance by their date"
        in said
    )
    assert "confirm targets, owners and the budget" in said


def test_both_languages_print_the_same_numbers(report, engagement, levels, checks, tracked):
    links = link_goals(engagement, PRIORITIES)
    blocks = [
        show.baseline_table(report, levels),
        weigh.goal_table(report, checks),
        show.kpi_table(report, tracked),
        samples.sample_table(report, checks),
        samples.pooled_table(report, checks),
        samples.unseen_list(report, checks),
        weigh.action_table(report, checks),
        weigh.priority_table(report, links, PRIORITIES),
        show.limit_list(report, checks),
    ]
    for block in blocks:
        en, zh = (sorted(numbers(block, language)) for language in LANGUAGES)
        assert en == zh, block.key
