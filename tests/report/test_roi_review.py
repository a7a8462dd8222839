"""What 04_roi_review says, from small made-up results: both languages, both kinds of evidence."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.decisions.initiatives import review_all
from cxlib.decisions.worth import select, value_all
from cxlib.engagement import load_engagement
from cxlib.report import (
    roi_assumptions,
    roi_charts,
    roi_evidence,
    roi_money,
    roi_review,
    roi_worth,
    scope,
)
from cxlib.report.report import Report
from cxlib.stats.estimate import Estimate

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
LANGUAGES = ("en", "zh-Hant-HK")
MONTHS = pd.date_range("2025-01-01", "2026-06-01", freq="MS")
STORES = [f"S{n:02d}" for n in range(1, 15)]


def frame(effect=0.02, promised=STORES[:4], coached=STORES[4:6], others=STORES, first="2025-01-01"):
    """14 stores by 18 months, 1,000 enquiries each; `effect` where promised since 2026."""
    rng = np.random.default_rng(7)
    rows = []
    for store in others:
        for month in pd.date_range(first, MONTHS[-1], freq="MS"):
            after = month >= pd.Timestamp("2026-01-01")
            unlucky = store in coached and pd.Timestamp("2025-10-01") <= month and not after
            share = 0.05 + 0.01 * after + effect * (after and store in promised)
            rows.append(
                {
                    "store": store, "month": month, "enquiries": 1000.0, "csat_n": 20.0,
                    "sales": round(1000 * share + rng.normal() * 2),
                    "csat_sum": 20 * (4 - 0.3 * unlucky + 0.05 * rng.normal()),
                    "reply_promise": int(store in promised), "coaching": int(store in coached),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def worths_of(eng, months, staff=20_000.0):
    rows = [("reply_promise", "staff", "recurring", f"2026-{m:02d}-28", staff) for m in range(1, 7)]
    rows += [("reply_promise", "tools", "one_off", "2025-12-01", 50_000.0),
             ("coaching", "training", "one_off", "2026-01-09", 9_000.0)]  # fmt: skip
    costs = pd.DataFrame(rows, columns=["initiative", "category", "kind", "paid_on", "paid"])
    margins = pd.DataFrame(
        [
            {"store": s, "returned": 0, "n": 9, "n_margin_hkd": 9, "mean_margin_hkd": 2000 + 99 * i}
            for i, s in enumerate(STORES)
        ]
    )
    return value_all(
        review_all(months, engagement=eng),
        costs=costs.assign(n_amount_hkd=1, mean_amount_hkd=costs["paid"]),
        margins=margins,
        units=months,
        engagement=eng,
    )


@pytest.fixture(scope="module")
def eng():
    return load_engagement(SAMPLE)


def whole(eng, worths):
    """Every block in the notebook's order, by key; says what the answer needs first."""
    report = Report(eng, "04_roi_review")
    shown = select(worths)
    review, picked, worth = shown.compared, shown.picked, shown.worth
    by = scope.decide_by(report.engagement)
    blocks = [
        roi_review.decision_section(report, worths, decide_by=by),
        roi_review.decision_table(report, worths),
        roi_evidence.baseline_finding(report, ()),
        roi_evidence.compare_section(report, review),
        roi_charts.lines_chart(report, review),
        roi_charts.effect_chart(report, review),
        roi_evidence.variants_table(report, review),
        roi_evidence.checks_table(report, review),
        roi_evidence.effect_finding(report, review),
        roi_evidence.actions_finding(report, review),
        roi_evidence.picked_section(report, picked),
        roi_charts.picked_chart(report, picked),
        roi_evidence.picked_table(report, picked),
        roi_evidence.picked_finding(report, picked),
        roi_money.money_section(report, worth),
        roi_money.money_finding(report, worth),
        roi_review.cost_table(report, worths),
        roi_money.chain_table(report, worth),
        roi_charts.cash_chart(report, worth),
        roi_money.figures_table(report, worth),
        roi_charts.outcome_chart(report, worth),
        roi_charts.tornado_chart(report, worth),
        roi_worth.scenario_table(report, worth),
        roi_money.mind_section(report, worth),
        roi_money.mind_table(report, worth),
        roi_assumptions.assumption_table(report, worth),
        roi_review.steps_section(report, worths, decide_by=by),
        roi_review.actions_list(report, worths, decide_by=by),
        roi_review.limits_section(report, review, picked),
        roi_review.limit_list(report, review, picked),
        roi_review.answer(report, worths, worth, decide_by=by),
    ]
    return {block.key: block for block in blocks}


@pytest.fixture(scope="module")
def sample(eng):
    return whole(eng, worths_of(eng, frame()))


def text(block, language="en"):
    html = re.sub(r"<svg.*?</svg>", "", block.html[language], flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def numbers(block, language):
    return sorted(re.findall(r'<data value="([^"]+)">([^<]+)</data>', block.html[language]))


def test_both_languages_print_the_same_numbers_in_every_block(sample):
    for key, block in sample.items():
        assert numbers(block, "en") == numbers(block, "zh-Hant-HK"), key
        assert all("roi_review" not in text(block, lang) for lang in LANGUAGES), key


def test_the_decision_table_values_grade_b_and_claims_nothing_for_grade_d(sample):
    shown = text(sample["roi_review.decision.table"])
    assert "▲ keep" in shown
    assert "● test before extending" in shown
    assert "no money value is claimed" in shown
    assert "HK$ 9,000" in shown.replace("HK$9,000", "HK$ 9,000")
    assert "不作任何金額聲稱" in text(sample["roi_review.decision.table"], "zh-Hant-HK")


def test_a_grade_b_finding_may_name_a_cause_with_interval_n_and_period(sample):
    found = text(sample["roi_review.effect.B_up"])
    assert "The initiative raised enquiry-to-sale conversion by 2.1 pp" in found
    assert re.search(r"\( 1\.\d to 2\.\d pp, n = 144,000 , 1 July 2025 to 30 June 2026 \)", found)


def test_three_actions_at_once_are_refused_apart(sample):
    found = text(sample["roi_review.actions.several"])
    assert "3 actions started together" in found
    assert "no part of it can be credited to any one of them" in found


def test_a_pick_for_low_scores_is_told_from_luck_only_by_its_rest(sample):
    assert "cannot be told from luck" in text(sample["roi_review.picked.D"])
    assert "無法分辨升幅來自行動還是運氣" in text(sample["roi_review.picked.D"], "zh-Hant-HK")
    table = text(sample["roi_review.split"])
    for part in ("Gain seen", "Expected with no action", "The rest"):
        assert part in table


def test_a_check_that_cannot_lower_the_grade_is_marked_apart(sample):
    shown = text(sample["roi_review.checks"])
    assert "7 of 7 checks of the comparison passed" in shown
    assert "The actions can be told apart – – – ● not passed" in shown


def test_money_states_nominal_horizon_and_what_is_assumed(sample):
    lead = text(sample["roi_review.value_valued"])
    assert "over 24 months" in lead
    assert "nominal" in lead
    shown = text(sample["roi_review.assumptions"])
    assert "7 of 11 inputs are assumed, not measured" in shown
    assert (
        "Effect left at the end 75.0 % 40.0 % to 100.0 % assumed Judgement of the steering group"
        in shown
    )


def test_page_one_has_answer_three_reasons_and_a_decision_with_owner_and_date(sample):
    block = sample["roi_review.summary_keep"]
    assert "15-minute reply promise pays" in text(block)
    assert block.html["en"].count("<li>") == 3
    assert "Head of Customer Service confirms by 31 July 2026" in text(block)
    assert "Not to be extended on these scores: Store service refresher." in text(block)


def test_every_chart_says_what_it_shows(sample):
    charts = [b for b in sample.values() if b.role == "figure"]
    assert len(charts) == 6
    for chart in charts:
        assert re.search(r'aria-label="[^"]{40,}"', chart.html["en"]), chart.key
        assert "n = " in text(chart), chart.key


def test_an_uncertain_value_asks_for_a_cut_and_a_loss_for_an_end(eng):
    adjust = whole(eng, worths_of(eng, frame(), staff=155_000.0))
    assert "may pay, but it is not certain" in text(adjust["roi_review.summary_adjust"])
    stop = whole(eng, worths_of(eng, frame(), staff=600_000.0))
    assert "does not pay" in text(stop["roi_review.summary_stop"])
    assert "ends the recurring payments by 31 July 2026" in text(stop["roi_review.steps.list"])


def test_no_clear_difference_is_never_said_as_none(eng):
    found = whole(eng, worths_of(eng, frame(effect=0.0)))
    assert "That is not proof of no effect" in text(found["roi_review.effect.B_unclear"])


def test_an_effect_of_exactly_zero_has_no_margin_that_pays(eng):
    """The table says so in words where it would have divided by zero."""
    (worth, *_) = worths_of(eng, frame())
    flat = replace(worth.stream, effect=replace(worth.stream.effect, value=0.0))
    block = roi_money.mind_table(Report(eng, "04_roi_review"), replace(worth, stream=flat))
    rows = block.html["en"].split("<tbody>")[1].split("<tr>")
    _, effect, margin, *_ = rows
    assert "at no level" not in effect
    assert "at no level" in margin
    assert "任何水平均不會歸零" in block.html["zh-Hant-HK"]


def test_few_stores_give_an_indication_in_cautious_words(eng):
    found = whole(eng, worths_of(eng, frame(promised=STORES[:3])))
    assert "read it as an indication" in text(found["roi_review.effect.C_up"])
    assert "If the indication holds" in text(found["roi_review.value_indicated"])
    assert "roi_review.summary_test_valued" in found


def test_without_comparison_stores_and_a_year_before_only_before_and_after_is_said(eng):
    alone = eng.model_copy(update={"initiatives": eng.initiatives[:1]})
    short = frame(others=STORES[:4])
    found = whole(alone, worths_of(alone, short[short["month"] >= "2025-07-01"]))
    assert "there is nothing to compare it with" in text(found["roi_review.compare_alone"])
    assert "nothing shows how much of that would have happened anyway" in text(
        found["roi_review.effect.D_any"]
    )
    assert found["roi_review.lines"].html["en"] == ""
    assert "no money value is claimed" in text(found["roi_review.value_grade_d"])
    assert "No initiative ran in stores picked for low scores; 1 reviewed" in text(
        found["roi_review.picked_none"]
    )


def test_without_comparison_stores_the_own_series_is_read_as_an_indication(eng):
    alone = eng.model_copy(update={"initiatives": eng.initiatives[:1]})
    found = whole(alone, worths_of(alone, frame(others=STORES[:4], first="2024-01-01")))
    assert "Against its own trend and season" in text(found["roi_causal.series.up"])
    assert "read it as an indication" in text(found["roi_causal.series.up"])


def test_an_engagement_with_only_picked_stores_claims_no_money(eng):
    alone = eng.model_copy(update={"initiatives": eng.initiatives[1:]})
    found = whole(alone, worths_of(alone, frame()))
    assert "No initiative can be compared" in text(found["roi_review.compare_none"])
    answer = found["roi_review.summary_test"]
    assert "No money value can be claimed for Store service refresher" in text(answer)
    assert answer.html["en"].count("<li>") == 3
    assert found["roi_review.cash"].html["zh-Hant-HK"] == ""


def test_the_ledger_entry_keeps_effect_grade_and_money(eng):
    kept = roi_review.ledger_content(worths_of(eng, frame()))
    promise, coaching = kept["reply_promise"], kept["coaching"]
    assert set(promise["effect"]) == {"value", "ci_lower", "ci_upper", "n_obs", "unit"}
    assert promise["grade"] == "B"
    assert promise["npv"]["low"] < promise["npv"]["value"] < promise["npv"]["high"]
    assert (coaching["grade"], coaching["npv"], coaching["cost_hkd"]) == ("D", None, 9_000)


@pytest.mark.parametrize(
    ("low", "high", "side"), [(0.01, 0.03, "up"), (-0.03, -0.01, "down"), (-0.01, 0.03, "unclear")]
)
def test_direction_is_unclear_while_the_interval_holds_zero(low, high, side):
    middle = (low + high) / 2
    effect = Estimate(
        value=middle, ci_lower=low, ci_upper=high, n_obs=9, unit="pp", method="by hand"
    )
    assert roi_evidence.direction(effect) == side
