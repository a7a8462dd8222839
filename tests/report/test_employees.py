"""Employees in the report: hidden units stay hidden in both languages."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from cxlib.engagement import load_engagement
from cxlib.engagement.loop import EmployeeSurvey
from cxlib.measures.employees import staff_study
from cxlib.report import employees as show
from cxlib.report import groups
from cxlib.report.elements import parse
from cxlib.report.report import Report
from cxlib.run.workbook import open_tables

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
LANGUAGES = ("en", "zh-Hant-HK")


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture(scope="module")
def data(engagement):
    return open_tables(engagement, ["answers", "employees", "stores"])


@pytest.fixture(scope="module")
def study(engagement, data):
    return staff_study(
        data, engagement.employee_survey, period=engagement.span, precision=engagement.precision
    )


@pytest.fixture
def report(engagement):
    return Report(engagement, "05_kpi_tracking")


def text(block, language="en"):
    spaced = re.sub(r"</(t[dh]|strong|p)>", " ", block.html[language])
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", spaced))


def numbers(html):
    return sorted(re.findall(r'<(?:data|time) (?:value|datetime)="([^"]*)"', html))


def all_blocks(report, study, names=None):
    return [
        show.section(report, study),
        show.company_table(report, study),
        show.unit_table(report, study, names),
        show.finding(report, study),
        show.link_finding(report, study),
    ]


def test_both_languages_print_the_same_numbers_and_no_gap(report, study, data):
    for block in all_blocks(report, study, groups.store_names(data)):
        en, zh = (block.html[language] for language in LANGUAGES)
        assert numbers(en) == numbers(zh), block.key
        assert not re.search(r"\bnan\b|\binf\b|None", text(block))
        assert parse(en, where=block.key) is not None


def test_hidden_units_are_one_line_without_a_name_or_a_number(report, study):
    table = text(show.unit_table(report, study))
    for score in study.units:
        assert (score.unit in table or score.unit in show.UNITS) is not score.hidden
    rows = re.findall(r"<tr>.*?</tr>", show.unit_table(report, study).html["en"])
    assert "19 other units too few –" in text(show.unit_table(report, study))
    assert re.findall(r'value="([^"]*)"', rows[-1]) == ["19"]


def test_names_come_from_the_stores_and_the_catalogue(report, study, data):
    table = show.unit_table(report, study, groups.store_names(data))
    assert "Contact centre" in text(table)
    assert "總部" in text(table, "zh-Hant-HK")
    assert "S19" not in text(table)


def test_absent_answers_of_employees_are_one_sentence(report):
    blocks = all_blocks(report, None)
    assert "hold no answers of employees" in text(blocks[0])
    assert not any(text(block).strip() for block in blocks[1:])


def test_under_the_floor_nothing_is_printed(report, engagement, data):
    high = staff_study(
        data, EmployeeSurvey(anonymity_floor=5000), period=engagement.span,
        precision=engagement.precision,
    )  # fmt: skip
    section, company, units, said, link = all_blocks(report, high)
    assert "too few" in text(company)
    assert units.role == said.role == link.role == "note"
    assert "eNPS of" not in text(section)
    assert "only the total is" not in text(units)


def test_a_refused_link_says_how_many_units_are_needed(report, study):
    few = replace(study, link=replace(study.link, effect=None, n_units=4, strength="too_few"))
    assert "4 units" in text(show.link_finding(report, few))
    assert "10 units are needed" in text(show.link_finding(report, few))
    none = replace(study, link=replace(study.link, strength="no_evidence"))
    assert "no clear link" in text(show.link_finding(report, none))
