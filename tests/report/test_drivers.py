"""Blocks of the driver section: sentences, numbers and absences in both languages."""

import re
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.data.tables import DRIVERS
from cxlib.engagement import load_engagement
from cxlib.engagement.schema import Precision, Window
from cxlib.measures.drivers import RankAgreement
from cxlib.measures.regression import LeftOut
from cxlib.measures.study import NoStudy, driver_study
from cxlib.report import drivers as show
from cxlib.report.elements import parse
from cxlib.report.findings import CAUSAL_WORDS
from cxlib.report.report import Report

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
LANGUAGES = ("en", "zh-Hant-HK")


def answers(outcome):
    """2,000 answers: speed weighs most, staff half of it, price nothing; price is rated high."""
    rng = np.random.default_rng(6)
    size = 2_000
    rating = rng.integers(1, 6, (size, 3))
    rating[:, 2] = np.maximum(rating[:, 2], 4)
    score = 4 + 1.0 * (rating[:, 0] - 3) + 0.5 * (rating[:, 1] - 3) + rng.normal(size=size)
    top = 10 if outcome == "nps" else 5
    frame = pd.DataFrame(rating, columns=["driver_speed", "driver_staff", "driver_price"])
    return frame.astype("Int64").assign(
        answer_id=[f"A{k}" for k in range(size)],
        customer_id=[f"C{k}" for k in range(size)],
        touchpoint="shop",
        answered_at=pd.Timestamp(2025, 9, 1),
        **{outcome: pd.array(np.clip(np.round(score), 1, top).astype(int), dtype="Int64")},
    )


def study_of(outcome):
    return driver_study(
        duckdb_source(answers(outcome), table="answers"),
        window=Window(date="answered_at", start=date(2025, 7, 1), end=date(2026, 1, 1)),
        precision=Precision(confidence_level=0.95, minimum_cell=30),
        seed=1,
    )


@pytest.fixture(scope="module")
def study():
    return study_of("nps")


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture
def report(engagement):
    return Report(engagement, "01_diagnosis")


def words(block, language):
    html = re.sub(r"<svg.*?</svg>", " ", block.html[language], flags=re.DOTALL)
    html = re.sub(r"</?(data|time)[^>]*>", "", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def numbers(block, language):
    html = re.sub(r"<svg.*?</svg>", " ", block.html[language], flags=re.DOTALL)
    return sorted(re.findall(r'<data value="([^"]+)"', html))


def blocks(report, study):
    made = (show.section, show.charts, show.tables, show.finding, show.limits)
    return [make(report, study) for make in made]


def test_both_languages_print_the_same_numbers_and_known_elements(report, study):
    for block in blocks(report, study):
        assert numbers(block, "en") == numbers(block, "zh-Hant-HK")
        for language in LANGUAGES:
            parse(block.html[language], where=block.key)


def test_no_sentence_speaks_of_causes(report, study):
    for block in blocks(report, study):
        for language in LANGUAGES:
            assert not CAUSAL_WORDS[language].search(words(block, language)), block.key


def test_no_column_name_and_no_missing_number_reaches_the_report(report, study):
    for block in blocks(report, study):
        for language in LANGUAGES:
            assert "driver_" not in words(block, language)
            assert not re.search(r"\bnan\b|\binf\b", block.html[language], re.IGNORECASE)


def test_the_title_names_the_driver_with_the_largest_share(report, study):
    block = show.section(report, study)
    assert words(block, "en").startswith("Speed of service goes together most with willingness")
    assert words(block, "zh-Hant-HK").startswith("與推薦意願關係最密切的是服務速度")


def test_the_finding_has_share_interval_rank_mean_n_and_period(report, study):
    found = study.importance.drivers[0]
    block = show.finding(report, study)
    text = words(block, "en")
    for part in (
        f"{100 * found.share.value:.1f}%",
        f"({100 * found.share.ci_lower:.1f}% to {100 * found.share.ci_upper:.1f}%)",
        "n = 2,000",
        "1 July 2025 to 31 December 2025",
    ):
        assert part in text, part
    assert block.record["level"] == "diagnostic"


def test_charts_have_two_figures_with_alternative_text(report, study):
    block = show.charts(report, study)
    assert block.role == "figure"
    for language in LANGUAGES:
        assert block.html[language].count("<figure") == 2
        assert len(re.findall(r'<svg[^>]*aria-label="[^"]{20,}', block.html[language])) == 2
    assert "Important and rated below 4.0 of 5: Speed of service" in words(block, "en")


def test_a_field_without_weak_and_important_drivers_says_so(report, study):
    positions = tuple(replace(p, quadrant="hold", flips=False) for p in study.quadrants.positions)
    field = replace(study.quadrants, positions=positions)
    text = words(show.charts(report, replace(study, quadrants=field)), "en")
    assert "No important aspect is rated below 4.0 of 5" in text
    assert "Every aspect stays in its quarter" in text


def test_tables_show_every_driver_with_n_and_interval(report, study):
    text = words(show.tables(report, study), "en")
    assert "Where 5 pp more are satisfied with Speed of service, NPS differs by +" in text
    assert "2,000 100.0%" in text
    assert "not a forecast of an action" in text
    chinese = words(show.tables(report, study), "zh-Hant-HK")
    assert "對服務速度滿意的客戶多 5 個百分點時" in chinese


def test_a_share_that_cannot_rise_is_a_dash(report, study):
    """Every rating of price is 4 or 5: 5 pp more is not possible, and no top-two column varies."""
    assert "driver_price" not in {lift.driver for lift in study.lifts}
    lifts = tuple(replace(lift, change=None, change_met=None) for lift in study.lifts)
    text = words(show.tables(report, replace(study, lifts=lifts)), "en")
    assert "Nearly everyone is satisfied with every aspect" in text


def test_drivers_left_out_are_named(report, study):
    out = (
        LeftOut(driver="driver_range", n_obs=12, reason="too_few"),
        LeftOut(driver="driver_assembly", n_obs=80, reason="no_variation"),
    )
    found = replace(study.importance, left_out=out)
    text = words(show.tables(report, replace(study, importance=found)), "en")
    assert "Range of products too few – – –" in text
    assert "Assembly 80 – – cannot be estimated –" in text
    assert (
        "Cannot be estimated: Range of products (fewer than 30 ratings), Assembly (the same "
        "rating from everyone)." in text
    )
    assert "12" not in text.split("Range of products too few")[1][:8]


def test_kinds_are_listed_where_they_are_clear_and_refused_where_not(report, study):
    told = tuple(replace(each, category="basic") for each in study.contrasts[:1])
    clear = words(show.tables(report, replace(study, contrasts=told)), "en")
    assert "1 of 1 aspects show their kind: Speed of service (basic)" in clear
    unclear = tuple(replace(each, category="cannot_tell") for each in study.contrasts)
    text = words(show.tables(report, replace(study, contrasts=unclear)), "en")
    assert f"None of {len(unclear)} aspects can yet be called basic" in text


def test_limits_name_halo_reverse_order_routing_and_ranks(report, study):
    text = words(show.limits(report, study), "en")
    for start in ("Halo:", "Reverse order:", "Importance counts how many", "Taking the answers as"):
        assert start in text
    match = RankAgreement(n_pairs=3, n_swapped=1, largest_shift=0.02, same_first=True)
    swapped = replace(study, importance=replace(study.importance, agreement=match))
    assert "turns round 1 of 3 pairs" in words(show.limits(report, swapped), "en")


def test_a_client_who_asks_satisfaction_alone_gets_the_section_too(report):
    text = words(show.tables(report, study_of("csat")), "en")
    assert "CSAT differs by +" in text
    assert "NPS" not in text


@pytest.mark.parametrize("absence", ["no_ratings", "too_few"])
def test_without_a_study_the_section_says_why_and_the_rest_is_empty(report, absence):
    none = NoStudy(absence=absence, n_obs=40)
    for language, start in (("en", "No driver analysis"), ("zh-Hant-HK", "沒有關鍵因素分析")):
        assert words(show.section(report, none), language).startswith(start)
        for make in (show.charts, show.tables, show.finding, show.limits):
            assert make(report, none).html[language] == ""


def test_every_rating_of_the_contract_has_a_name(engagement):
    report = Report(engagement, "01_diagnosis")
    write = report._writer("zh-Hant-HK", markup=False)
    assert len({write(show._name(report, driver)) for driver in DRIVERS}) == len(DRIVERS)


def test_a_driver_is_called_what_the_engagement_calls_it(engagement):
    """The client's words in each language; without them a strange column reads as words."""
    named = {"driver_parking": {"en": "Parking", "zh-Hant-HK": "泊車"}}
    report = Report(engagement.model_copy(update={"drivers": named}), "01_diagnosis")
    write = report._writer("zh-Hant-HK", markup=False)
    assert write(show._name(report, "driver_parking")) == "泊車"
    assert write(show._name(report, "driver_gift_wrap")) == "gift wrap"
