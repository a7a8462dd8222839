"""Operations and loyalty in the diagnosis: titles, units, both languages, and what is absent."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from cxlib.data.summaries import score_counts
from cxlib.engagement import load_engagement
from cxlib.measures import bucket as buckets
from cxlib.measures import complaints, funnel, loyalty, service, survey
from cxlib.report import loyalty as loyal
from cxlib.report import operations as show
from cxlib.report import site as web
from cxlib.report.elements import parse
from cxlib.report.report import Report
from cxlib.run.workbook import open_tables

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
LANGUAGES = ("en", "zh-Hant-HK")


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture
def report(engagement):
    return Report(engagement, "01_diagnosis")


@pytest.fixture(scope="module")
def found(engagement):
    """Every result of the two sections on the sample's baseline period."""
    names = ["answers", "customers", "cases", "orders", "events", "stores"]
    data = open_tables(engagement, names)
    span = {"period": engagement.baseline, "precision": engagement.precision}
    bought = loyalty.purchases(data["orders"], **span, customers=data["customers"])
    window = engagement.baseline.window("answered_at")
    recommend = survey.nps(score_counts(data["answers"], score="nps", **window))
    return {
        "desk": service.service_desk(data["cases"], **span),
        "quality": complaints.order_quality(data["orders"], **span)[1],
        "pareto": complaints.complaint_pareto(
            data["cases"], data["orders"], period=engagement.baseline
        ),
        "site": funnel.site(data["events"], **span),
        "gaps": loyalty.expectation_gaps(data["answers"], **span),
        "bought": bought,
        "bucket": buckets.leaky_bucket(
            bought.churn.estimate, base=bought.n_base, acquired=bought.n_gained
        ),
        "nps": recommend[0].shown,
    }


def text(block, language="en"):
    bare = re.sub(r"<svg.*?</svg>", "", block.html[language], flags=re.DOTALL)
    spaced = re.sub(r"</(t[dh]|strong|p)>", " ", bare)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", spaced))


def numbers(html):
    return sorted(re.findall(r'<(?:data|time) (?:value|datetime)="([^"]*)"', html))


def all_blocks(report, found):
    desk, pareto, site = found["desk"], found["pareto"], found["site"]
    return [
        show.section(report, desk, site),
        show.tables(report, desk, site, found["quality"]),
        show.pareto_figure(report, pareto),
        web.funnel_figure(report, site),
        show.findings(report, desk, pareto, site),
        loyal.section(report, found["gaps"], found["bought"]),
        loyal.tables(report, found["gaps"], found["bought"], found["bucket"], found["nps"]),
        loyal.findings(report, found["gaps"], found["bought"]),
    ]


def test_both_languages_print_the_same_numbers_and_no_gap(report, found):
    for block in all_blocks(report, found):
        en, zh = (block.html[language] for language in LANGUAGES)
        assert numbers(en) == numbers(zh), block.key
        assert "nan" not in text(block).lower()
        assert parse(en, where=block.key)


def test_every_share_lies_within_nought_and_a_hundred(report, found):
    for block in all_blocks(report, found):
        shares = re.findall(r"(\d[\d.,]*)%", text(block))
        assert all(0 <= float(share.replace(",", "")) <= 100 for share in shares), block.key


def test_the_service_table_states_window_promise_and_what_is_left_out(report, found):
    said = text(show.tables(report, found["desk"], found["site"], found["quality"]))
    assert "49.5% of contacts are answered within 15 minutes" in said
    assert "another contact within 7 days, of issues closed or contacted again" in said
    assert "13 open without a repeat, 0 younger than 7 days" in said
    assert "a guardrail without a goal, read beside issues settled" in said
    assert "Delivered on the promised day" in said


def test_a_site_of_another_period_says_so(report, found):
    said = text(show.tables(report, None, found["site"]))
    assert "Site events were not kept from 1 July 2025 to 31 December 2025" in said
    same = replace(found["site"], asked=found["site"].period)
    assert "were not kept" not in text(show.tables(report, None, same))


def test_the_bounce_is_defined_where_it_is_printed(report, found):
    said = text(show.tables(report, None, found["site"]))
    assert "Visitors who took no step after the first (Visit) within 7 days" in said
    assert "One minus purchases over checkouts" in said


def test_the_pareto_names_its_denominator_and_what_it_leaves_out(report, found):
    said = text(show.pareto_figure(report, found["pareto"]))
    assert "4 of 5 categories make up 85.1% of complaints" in said
    assert "over 2,137 orders placed in the period" in said
    assert "Left out: enquiries. 196 more come from people without an order" in said


def test_both_referral_denominators_are_named(report, found):
    said = text(loyal.tables(report, found["gaps"], found["bought"], found["bucket"], found["nps"]))
    assert "of all customers with a first order in the period" in said
    assert "per 100 customers who ordered in the 180 days before the period" in said
    assert "76 with only one are left out" in said


def test_findings_describe_and_name_no_cause(report, found):
    blocks = [
        show.findings(report, found["desk"], found["pareto"], found["site"]),
        loyal.findings(report, found["gaps"], found["bought"]),
    ]
    assert [block.role for block in blocks] == ["finding", "finding"]
    assert {finding.level for finding in report.findings.values()} == {"descriptive"}
    said = text(blocks[1])
    assert "clearly below what customers expected at After-sales service" in said
    assert "40.0% of new customers bought again within 90 days" in said


def test_a_first_order_is_called_seen_where_joining_days_are_unknown(report, found):
    """Nobody is called new, in either language; the note says when the orders begin."""
    seen = replace(found["bought"], basis="seen", n_earlier=0)
    blocks = [
        loyal.section(report, None, seen),
        loyal.tables(report, None, seen, None),
        loyal.findings(report, None, seen),
    ]
    said = " ".join(text(block) for block in blocks)
    assert "within 90 days of the first order seen" in said
    assert "The orders begin on 1 January 2025" in said
    assert "these are not new customers for certain" in said
    assert "of new customers" not in said
    assert all("首張可見訂單" in text(block, "zh-Hant-HK") for block in blocks)


def test_the_note_counts_first_orders_left_out(report, found):
    said = text(loyal.tables(report, None, found["bought"], None))
    assert "joined on or after 1 January 2025" in said
    assert f"{found['bought'].n_earlier} customers with a first order seen in the period" in said


def test_with_tables_but_too_few_rows_no_section_says_they_are_absent(report, found):
    """A small branch has cases and orders, only not enough of them."""
    desk = replace(found["desk"], issues=None)
    bought = replace(found["bought"], repurchase=replace(found["bought"].repurchase, estimate=None))
    assert "Too few service cases" in text(show.section(report, desk))
    said = text(loyal.section(report, found["gaps"], bought))
    assert "Too few customers with a first order" in said
    assert "not among the data" not in said
    assert "Too few customers to say" in text(loyal.section(report, None, bought))


def test_without_tables_each_part_says_what_it_would_need(engagement):
    report = Report(engagement.model_copy(update={"tables": {}}), "01_diagnosis")
    assert "are not measured" in text(show.section(report, None, None))
    said = {
        "tables": show.tables(report, None, None),
        "pareto": show.pareto_figure(report, None),
        "funnel": web.funnel_figure(report, None),
        "findings": show.findings(report, None, None, None),
        "loyalty": loyal.tables(report, None, None, None),
        "loyal": loyal.findings(report, None, None),
    }
    assert {block.role for block in said.values()} == {"note"}
    assert "Not measured here" in text(said["pareto"])
    assert "Service cases, Orders" in text(said["pareto"])
    assert "本部分未有量度" in text(said["funnel"], "zh-Hant-HK")
    assert said["tables"].html["en"] == said["findings"].html["zh-Hant-HK"] == ""
    assert report.findings == {}


def test_parts_that_are_there_stand_alone(report, found):
    """Only the site; only orders; only answers."""
    assert "of site visitors buy" in text(show.section(report, None, found["site"]))
    assert show.findings(report, None, None, found["site"]).role == "finding"
    only = loyal.tables(report, found["gaps"], None, None)
    assert "Satisfaction minus expectation" in text(only)
    assert "Experience differs from expectation" in text(loyal.section(report, found["gaps"], None))
    orders = loyal.tables(report, None, found["bought"], None)
    assert "Bought again within 90 days" in text(orders)


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("short_history", "the orders begin on 1 January 2025, too late to know who was active"),
        ("too_few", "only 1,237 customers were active before the period"),
    ],
)
def test_churn_that_cannot_be_measured_says_why(report, found, reason, sentence):
    without = replace(found["bought"], churn=None, referral_base=None, reason=reason)
    said = text(loyal.tables(report, None, without, None))
    assert sentence in said
    assert "Customers lost No order" not in said


def test_a_measure_under_the_minimum_cell_is_hidden_not_guessed(report, found):
    hidden = replace(found["desk"], within=replace(found["desk"].within, estimate=None))
    assert "too few" in text(show.tables(report, hidden, None))


def test_no_clear_shortfall_gets_its_own_sentence(report, found):
    level = replace(
        found["gaps"], points=tuple(replace(gap, side="unclear") for gap in found["gaps"].points)
    )
    said = text(loyal.gap_finding(report, level))
    assert "At no touchpoint asked does experience lie clearly below" in said
