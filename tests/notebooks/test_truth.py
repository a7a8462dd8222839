"""What the notebooks report on the sample, beside the truth it was generated with."""

import json

import pytest

pytestmark = pytest.mark.notebooks


@pytest.fixture(scope="module")
def found(full_run):
    ledger = json.loads((full_run.engagement / "ledger.json").read_text(encoding="utf-8"))
    return {name: entry["content"] for name, entry in ledger.items()}


@pytest.fixture(scope="module")
def truth(full_run):
    return json.loads((full_run.engagement / "truth.json").read_text(encoding="utf-8"))["derived"]


def holds(estimate, value):
    return estimate["ci_lower"] <= value <= estimate["ci_upper"]


def test_the_planted_pain_points_come_first_and_the_planted_peaks_are_found(found):
    assert set(found["diagnosis"]["priorities"]) == {
        "enquiry_chat", "delivery_booking", "aftersales_service",
    }  # fmt: skip
    assert found["diagnosis"]["priorities"][0] == "enquiry_chat"
    assert set(found["diagnosis"]["peaks"][:2]) == {"assembly", "design_consult"}


def test_the_baseline_nps_holds_the_score_of_those_who_answer(found, truth):
    answerers = truth["survey"]["baseline"]["overall"]["answerers"]
    assert holds(found["baselines"]["nps"], answerers["nps"])
    assert holds(found["baselines"]["ces"], answerers["ces"])


def test_the_trial_is_read_as_planted(found, truth):
    verdict = found["verdicts"]["enquiry_reply"]
    assert verdict["verdict"] == "SHIP"
    assert holds(verdict["effect"], truth["ab_test"]["effect"])
    assert holds(verdict["rel_effect"], truth["ab_test"]["rel_effect"])
    assert set(verdict["guardrails"].values()) == {"safe"}


def test_the_comparison_stores_recover_the_effect_that_before_and_after_overstates(found, truth):
    promise, planted = found["effects"]["reply_promise"], truth["conversion"]
    assert holds(promise["effect"], planted["abs_effect_weighted_by_enquiries"])
    assert holds(promise["before_after"], planted["plain_before_after_expected"])
    assert promise["before_after"]["value"] > promise["effect"]["value"] + 0.002
    assert promise["grade"] == "B"
    assert promise["cost_hkd"] == truth["cost_totals_hkd"]["reply_promise"]
    assert abs(promise["npv"]["payback_month"] - planted["payback_months"]) <= 1


def test_the_recovery_of_picked_stores_is_not_sold_as_an_effect(found, truth):
    coaching = found["effects"]["coaching"]
    assert truth["coaching"]["csat_effect"] == 0.0
    assert coaching["before_after"]["ci_lower"] > 0, "it looks real"
    assert holds(coaching["effect"], 0.0)
    assert coaching["grade"] == "D"
    assert coaching["npv"] is None


def test_only_the_planted_fall_and_the_planted_rise_are_called_trends(found):
    trends = {kpi: item["trend"] for kpi, item in found["kpis"]["kpis"].items()}
    assert trends == {
        "nps": "no_signal", "ces": "no_signal", "positive_mentions": "down",
        "repurchase_90d": "no_signal", "conversion": "up",
    }  # fmt: skip
    assert found["kpis"]["kpis"]["ces"]["verdict"] == "no_target"


def test_the_total_falls_by_mix_though_every_channel_rises(found, truth):
    mix, planted = found["kpis"]["nps_mix"], truth["reversal_by_mix"]
    assert mix["reversed_by_mix"]
    assert holds(mix["change"], planted["nps_answerers_change"])
    assert abs(mix["rate_effect"] - planted["rate_points"]) < 2.5
    assert abs(mix["mix_effect"] - planted["mix_points"]) < 2.5
