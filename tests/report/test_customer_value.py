"""Customer value and churn risk as blocks: every case in both languages, hidden cells, refusals."""

import datetime as dt
import re
from dataclasses import replace
from math import nan
from pathlib import Path

import pytest

from cxlib.engagement import load_engagement
from cxlib.engagement.value import Contract, RetentionContact
from cxlib.measures.churn_risk import ChurnRisk, Contact
from cxlib.measures.contract_value import ContractValue
from cxlib.measures.customer_value import FirstDays, ValueStudy
from cxlib.measures.order_worth import Worths
from cxlib.measures.value_forecast import HeldOut, ValueForecast
from cxlib.report import churn_risk, customer_value
from cxlib.report.report import Report
from cxlib.stats.calibration import Tenth
from cxlib.stats.estimate import Estimate
from cxlib.stats.proportions import proportion

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
DAY = dt.date(2026, 6, 30)
LANGUAGES = ("en", "zh-Hant-HK")
STATED = RetentionContact(share=0.1, save_rate=0.05, cost_hkd=60, source="Marketing", dated=DAY)


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture
def report(engagement):
    return Report(engagement, "04_roi_review")


def text(block, language="en"):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", block.html[language]))


def est(value, low, high, unit="currency", *, n=500, level=0.95):
    return Estimate(
        value=value, ci_lower=low, ci_upper=high, n_obs=n, unit=unit, method="t",
        confidence_level=level,
    )  # fmt: skip


def first_days(days, *, n=500, margin=True, hidden=False, quarter=None):
    money = None if hidden else est(9_000, 8_000, 10_000)
    return FirstDays(
        days=days, quarter=quarter, n_customers=n, revenue=money,
        margin=est(3_000, 2_800, 3_200) if margin and not hidden else None,
        later=est(1_000, 900, 1_100) if margin and not hidden else None,
        orders=None if hidden else est(1.4, 1.3, 1.5, "ratio"),
    )  # fmt: skip


def held(actual=241, forecast=269.0, low=200.0, high=330.0, *, ages=(0, 370), n=1_000):
    return HeldOut(
        youngest=ages[0], oldest=ages[1], n_customers=n, actual=actual,
        forecast=est(forecast, low, high, "count", n=n, level=0.99),
    )  # fmt: skip


def made(failed="", *, margin=True, contract=None, **kwargs):
    worths = Worths(
        revenue=est(5_000, 4_000, 6_000), margin=est(1_500, 1_200, 1_800) if margin else None,
        new_revenue=est(2_000, 1_500, 2_500), new_margin=est(600, 450, 750) if margin else None,
    )  # fmt: skip
    known = {
        "held": held(),
        "ages": (held(15, 38, 18, 57, ages=(273, 370), n=262),),
        "together": 0.1,
    }
    if failed in {"history", "few", "orders_fit"}:
        known = {}
    forecast = ValueForecast(
        failed=failed, n_repeaters=400, cut=None if failed == "history" else dt.date(2026, 1, 1),
        last=DAY, horizon_months=12, discount_rate=0.08, worths=None if failed else worths, **known,
    )  # fmt: skip
    values = {
        "first_day": dt.date(2025, 1, 1), "last_day": DAY, "basis": "joined",
        "observed": (first_days(90), first_days(365)),
        "quarters": tuple(first_days(90, quarter=dt.date(2025, m, 1)) for m in (1, 4)),
        "contract": contract, "forecast": forecast,
    }  # fmt: skip
    return ValueStudy(**{**values, **kwargs})


FAILURES = ("history", "few", "orders_fit", "spend_fit", "together", "level", "range", "ages")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("failed", FAILURES)
def test_a_closed_gate_prints_no_value(engagement, failed, language):
    """No forecast sum of money stands anywhere; the sentence says that none is printed."""
    report, study = Report(engagement, "04_roi_review"), made(failed)
    shown = text(customer_value.forecast_section(report, study), language)
    said = text(customer_value.forecast_finding(report, study), language)
    assert "HK$" not in shown + said
    assert ("no lifetime value is printed" if language == "en" else "不列出終身價值") in said


def test_the_gate_that_closed_is_named_with_its_figure(engagement):
    for failed, words in (
        ("level", "it is +11.6% off where 15.0% is allowed"),
        ("range", "order days of 1,000 customers from 1 January 2026 to 30 June 2026 lie outside"),
        ("ages", "placed 15 order days until 30 June 2026, outside their interval 18 to 57"),
        ("together", "correlation 0.10, at most 0.20 is allowed"),
        ("few", "Only 400 customers came back before 1 January 2026"),
    ):
        report = Report(engagement, "04_roi_review")
        assert words in text(customer_value.forecast_finding(report, made(failed)))


def test_an_open_gate_gives_margin_with_interval_horizon_and_discount(report):
    said = text(customer_value.forecast_finding(report, made()))
    assert (
        "HK$1,500 of margin over the next 12 months (HK$1,200 to HK$1,800; 500 customers)" in said
    )
    assert "discounted at 8.0% a year; revenue HK$5,000" in said


def test_revenue_alone_is_said_not_to_enter_the_return(report):
    study = made(margin=False, observed=(first_days(90, margin=False),))
    shown = text(customer_value.section(report, study)) + text(
        customer_value.forecast_finding(report, study)
    )
    assert "Margins are not known, so this cannot enter the return" in shown
    assert "Margins are not known, so it cannot enter the return" in shown
    assert "too few" in text(customer_value.observed_table(report, study))


def test_hidden_horizons_show_no_number_and_the_longest_seen_leads(report):
    study = made(observed=(first_days(90), first_days(365, n=12, hidden=True)))
    assert "in the first 90 days" in text(customer_value.section(report, study))
    assert "too few" in text(customer_value.observed_table(report, study))


@pytest.mark.parametrize("language", LANGUAGES)
def test_charts_are_drawn_in_both_languages(report, language):
    for block in (
        customer_value.quarter_chart(report, made()),
        customer_value.holdout_chart(report, made("ages")),
    ):
        assert "<svg" in block.html[language]


def test_absent_orders_are_said_and_nothing_follows(report):
    assert "It needs the orders" in text(customer_value.section(report, None))
    assert "需要本項目的訂單" in text(churn_risk.section(report, None), "zh-Hant-HK")
    for show in (
        customer_value.observed_table, customer_value.quarter_chart, customer_value.holdout_chart,
        customer_value.contract_finding, customer_value.forecast_finding,
        customer_value.forecast_section,
        churn_risk.calibration_chart, churn_risk.contact_table, churn_risk.finding,
        churn_risk.uplift_finding,
    ):  # fmt: skip
        assert text(show(report, None)) == ""


def test_a_stated_retention_is_called_an_assumption(report):
    contract = Contract(margin_hkd=100, retention_rate=0.8, source="Finance", dated=DAY)
    found = ContractValue(contract=contract, basis="assumption", margin=est(266.67, nan, nan, n=0))
    said = text(customer_value.contract_finding(report, made(contract=found)))
    assert said.startswith("Assumption, not a measurement: a contract customer is worth HK$267")
    assert "Source: Finance, 30 June 2026" in said


def test_counted_renewals_and_a_missing_fit_are_said_in_both_languages(engagement):
    contract = Contract(margin_hkd=100, remaining=[100, 80, 70], source="CRM", dated=DAY)
    fit = ContractValue(
        contract=contract, basis="renewals", margin=est(300, 250, 350, n=100),
        retention_first=0.8, retention_last=0.9,
    )  # fmt: skip
    none = ContractValue(contract=contract, basis="no_fit", margin=None)
    for found, words in ((fit, ("HK$250", "HK$350", "80.0%")), (none, ("CRM",))):
        for language in LANGUAGES:
            shown = customer_value.contract_finding(
                Report(engagement, "x"), made(contract=found)
            )  # fmt: skip
            assert all(word in text(shown, language) for word in words)


# --- churn risk ------------------------------------------------------------------------------


def risk(case="usable", *, saved=5_000.0, stated=STATED, break_even=0.027):
    contact = Contact(
        n_contacted=113, lapsed=proportion(97, 113), everyone=proportion(875, 1133),
        margin=est(2_640, 2_350, 2_920),
        saved=None if saved is None else est(saved, saved - 2_000, saved + 2_000, n=113),
        gross=12_000.0, cost_hkd=6_780.0, break_even=break_even,
    )  # fmt: skip
    shown = case in churn_risk.SHOWN
    return ChurnRisk(
        case=case, window=121, learnt=dt.date(2025, 11, 1), tested=dt.date(2026, 3, 2),
        n_learnt=1_089, n_tested=1_133, area=est(0.62, 0.58, 0.66, "ratio"), shuffled=0.5,
        leaks=("contacts",) if case == "leak" else (), stated=stated, used=("answers", "cases"),
        slope=est(0.9, 0.6, 1.2, "ratio") if shown else None,
        level=est(0.0, -0.1, 0.1, "ratio") if shown else None,
        tenths=tuple(
            Tenth(predicted=p, happened=proportion(k, 100)) for p, k in ((0.5, 55), (0.9, 88))
        ) if shown else (),
        contact=contact if shown else None,
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", ["short", "few", "leak", "chance", "usable", "off"])
def test_every_case_is_worded_and_refusals_show_no_list(engagement, case, language):
    report, found = Report(engagement, "04_roi_review"), risk(case)
    assert text(churn_risk.section(report, found), language)
    blocks = [
        churn_risk.calibration_chart(report, found), churn_risk.contact_table(report, found),
        churn_risk.finding(report, found), churn_risk.uplift_finding(report, found),
    ]  # fmt: skip
    assert all(bool(block.html[language]) == (case in churn_risk.SHOWN) for block in blocks)


def test_the_headline_is_money_with_the_assumption_named(report):
    shown = text(churn_risk.section(report, risk()))
    assert "would bring HK$5,000 of margin after the cost of contact, if 5.0%" in shown
    assert "The save rate is an assumption: Marketing, 30 June 2026" in shown
    assert "Contacts pay from a save rate of 2.7%" in shown


def test_a_loss_and_a_missing_save_rate_change_the_headline(engagement):
    loss = text(churn_risk.section(Report(engagement, "x"), risk(saved=-900.0, break_even=None)))
    assert "would cost more than it saves" in loss
    assert "contacts pay: none" in loss
    plain = risk(saved=None, stated=None, break_even=None)
    shown = text(churn_risk.section(Report(engagement, "x"), plain))
    assert "No save rate or cost of a contact is stated" in shown
    assert "HK$" not in shown


def test_without_an_experiment_there_is_no_evidence_of_who_can_be_kept(engagement):
    shown = churn_risk.uplift_finding(Report(engagement, "x"), risk())
    assert "There is no evidence of who can be kept" in text(shown)
    assert "Evidence grade D" in text(shown)
    named = STATED.model_copy(update={"experiment": "enquiry_reply"})
    said = text(churn_risk.uplift_finding(Report(engagement, "x"), replace(risk(), stated=named)))
    assert "take the save rate from its readout" in said
