"""Register, journey map and peak-end rule: titles, cells and wording in both languages."""

import re
from pathlib import Path

import pandas as pd
import pytest

from cxlib.engagement import load_engagement
from cxlib.measures.journey import emotion_curve
from cxlib.measures.peak_end import MomentModel, PeakEnd
from cxlib.measures.register import register as make_register
from cxlib.report import journey_map, peak_end, register
from cxlib.report.report import Report
from cxlib.stats.estimate import Estimate

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
LANGUAGES = ("en", "zh-Hant-HK")
LANES = ("actions", "thoughts", "pain", "opportunity")


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture
def report(engagement):
    return Report(engagement, "01_diagnosis")


def text(block, language="en"):
    plain = re.sub(
        r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>", "", block.html[language], flags=re.DOTALL)
    )
    return re.sub(r"\s+", " ", plain)


def cells(block, name, language="en"):
    """The cells of the row that begins with a name."""
    for row in re.findall(r"<tr>(.*?)</tr>", block.html[language], flags=re.DOTALL):
        found = [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]
        if found[0] == name:
            return found
    raise AssertionError(f"no row {name}")


def full(points):
    return [
        point if point.monthly_volume else point.model_copy(update={"monthly_volume": 10})
        for point in points
    ]


def answered(points, **other):
    return {point.id: other.get(point.id, 200) for point in points}


def test_the_register_shows_owner_volume_answers_and_gap(report, engagement):
    points = engagement.touchpoints
    found = make_register(points, answered(points, assembly=12, delivery=0))
    block = register.tables(report, found)
    assert cells(block, "Online enquiry") == [
        "Online enquiry", "Consideration", "Online", "Head of Customer Service", "30,000",
        "CSAT, Survey after the contact", "200", "none",
    ]  # fmt: skip
    assert cells(block, "Assembly")[-2:] == ["too few", "●\xa0too few answers"]
    assert cells(block, "安裝", "zh-Hant-HK")[-2:] == ["樣本不足", "●\xa0回覆不足"]
    assert cells(block, "Delivery")[-2:] == ["0", "●\xa0no answers"]
    assert cells(block, "Review and referral")[-1] == "●\xa0no monthly volume"
    assert ">12<" not in block.html["en"]
    said = text(register.finding(report, found))
    assert "at 3 of 14 touchpoints: Delivery (no answers), Assembly (too few answers)" in said


def test_a_register_without_gaps_says_so(report, engagement):
    points = full(engagement.touchpoints)
    found = make_register(points, answered(points))
    assert "All 14 touchpoints have an owner" in text(register.section(report, found))
    assert "None of the 14 touchpoints has a gap" in text(register.finding(report, found))
    assert "14 個接觸點均無缺口" in text(
        register.finding(Report(engagement, "01_diagnosis"), found), "zh-Hant-HK"
    )


def test_stages_without_touchpoint_or_answer_are_named(report, engagement):
    points = [point for point in engagement.touchpoints if point.stage != "purchase"]
    found = make_register(points, answered(points, loyalty_app=0, referral_review=0))
    said = text(register.register_table(report, found))
    assert "Stages without a touchpoint: Purchase. Stages without an answer: Advocacy." in said
    assert cells(register.stage_table(report, found), "Purchase")[1:] == ["0", "0", "0", "0", "0"]


def curve(engagement, **other):
    shape = {"enquiry_chat": [60, 60, 40, 25, 15], "assembly": [5, 5, 20, 70, 100]} | other
    rows = [
        {"touchpoint": point.id, "score": score, "n": n}
        for point in engagement.touchpoints
        for score, n in enumerate(shape.get(point.id, [15, 25, 60, 60, 40]), start=1)
    ]
    stages = {point.id: point.stage for point in engagement.touchpoints}
    return emotion_curve(pd.DataFrame(rows), stages=stages, n_draws=2000)


def test_the_map_puts_the_clients_words_beside_what_customers_feel(report, engagement):
    block = journey_map.lane_table(report, curve(engagement))
    row = cells(block, "Online enquiry")
    assert row[3] == "Is anyone there? I may as well try another shop"
    assert row[4].startswith("▼\xa02.38 (2.")
    assert row[4].endswith("n = 200")
    assert cells(block, "網上查詢", "zh-Hant-HK")[5] == "久候才收到首次回覆"
    assert "names a pain at 4 touchpoints" in text(block)


def test_an_empty_lane_is_a_dash_and_never_prose(report, engagement):
    block = journey_map.lane_table(report, curve(engagement))
    assert cells(block, "Assembly")[5] == "–"
    assert cells(block, "安裝", "zh-Hant-HK")[5] == "–"
    with pytest.raises(AssertionError):
        cells(block, "Store checkout")  # no lane has words


def test_feelings_under_the_minimum_cell_are_not_shown(report, engagement):
    """domain.md A7: the point is suppressed, not drawn; its words stay."""
    block = journey_map.lane_table(report, curve(engagement, delivery=[1, 2, 3, 4, 5]))
    assert cells(block, "Delivery")[4] == "too few"


def test_a_map_without_words_is_one_sentence(engagement):
    bare = [point.model_copy(update=dict.fromkeys(LANES)) for point in engagement.touchpoints]
    silent = engagement.model_copy(update={"touchpoints": bare})
    block = journey_map.lane_table(Report(silent, "01_diagnosis"), curve(engagement))
    assert block.role == "note"
    assert "holds no words for a journey map" in text(block)


def number(value, reach=0.1, unit="rating"):
    return Estimate(
        value=value, ci_lower=value - reach, ci_upper=value + reach, n_obs=415, unit=unit, method=""
    )


def result(reason, verdict="not_supported", gain=-0.08):
    return PeakEnd(
        verdict=verdict, reason=reason, n_obs=415, n_rated=1040, n_same_day=4, n_few=621, fewest=3,
        floor=100, gain=number(gain, 0.04, "pp"),
        mean=MomentModel(
            weights=(("mean", number(1.96)),), error=number(1.09),
            explained=number(0.575, 0.05, "share"),
        ),
        peak_end=MomentModel(
            weights=tuple((name, number(0.4)) for name in ("highest", "lowest", "last")),
            error=number(1.2), explained=number(0.575 + gain, 0.05, "share"),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "gain", "title", "said"),
    [
        ("mean_better", -0.08, "not supported here", "minus mean is −8.0 pp"),
        ("no_clear_gain", 0.01, "not supported here", "not show the two to be"),
        ("one_part", 0.08, "not supported here", "do not both carry weight"),
        ("better_and_both", 0.08, "better than the plain mean", "is supported here"),
    ],
)
def test_each_verdict_has_its_title_and_sentence(report, reason, gain, title, said):
    verdict = "supported" if reason == "better_and_both" else "not_supported"
    block = peak_end.blocks(report, result(reason, verdict, gain))
    assert title in text(block)
    assert said in text(block)
    assert cells(block, "Plain mean of all moments")[1:] == [
        "1.09", "0.99 to 1.19", "57.5%", "52.5% to 62.5%",
    ]  # fmt: skip
    for language in LANGUAGES:
        for shown in ("1.09", "1.20", "415"):
            assert shown in text(block, language)


@pytest.mark.parametrize(
    ("found", "said", "zh"),
    [
        (None, "no overall ratings given later", "沒有事後整體評分"),
        ("few_customers", "It takes 100 customers", "需要 100 名"),
        ("no_variation", "do not differ enough", "差別太小"),
    ],
)
def test_without_enough_there_is_one_sentence_and_no_number_of_a_model(report, found, said, zh):
    shown = found and PeakEnd(
        verdict="not_enough", reason=found, n_obs=150, n_rated=300, n_same_day=1, n_few=149,
        fewest=3, floor=100,
    )  # fmt: skip
    block = peak_end.blocks(report, shown)
    assert said in text(block)
    assert zh in text(block, "zh-Hant-HK")
    assert "<table" not in block.html["en"]
