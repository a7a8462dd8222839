"""Priorities and maturity as the client reads them: every case in both languages."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.engagement import load_engagement
from cxlib.measures.journey import emotion_curve
from cxlib.measures.maturity import maturity_profile
from cxlib.measures.pain import pain_ranking
from cxlib.measures.priorities import touchpoint_priorities
from cxlib.measures.raters import RaterPanel
from cxlib.report import maturity, pain_points, priorities
from cxlib.report.catalogue import message
from cxlib.report.report import Report

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
LANGUAGES = ("en", "zh-Hant-HK")
WEAK, FAIR, FINE = (5, 15, 60, 90, 30), (2, 8, 40, 90, 60), (1, 4, 25, 90, 80)
NPS = (2, 4, 7, 8, 10)


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture
def report(engagement):
    return Report(engagement, "01_diagnosis")


def panel(**levels):
    return RaterPanel(items=tuple(levels), levels=np.array(list(levels.values()), dtype=float).T)


def study(cells, meeting, difficulty=None, *, basis="csat_nps"):
    """The curve, the first ranking and the priorities of one small journey."""
    rows = [
        (name, level, NPS[level - 1], n)
        for name, ns in cells.items()
        for level, n in enumerate(ns, start=1)
    ]
    frame = pd.DataFrame(rows, columns=["touchpoint", "csat", "nps", "n"])
    frame = frame.astype({"csat": "Int64", "nps": "Int64"})
    if basis != "csat_nps":
        frame["nps" if basis == "csat" else "csat"] = pd.array([pd.NA] * len(frame), dtype="Int64")
    metric = "nps" if basis == "nps" else "csat"
    scored = frame.rename(columns={metric: "score"})[["touchpoint", "score", "n"]]
    curve = emotion_curve(
        scored.astype({"score": "int64"}), stages=dict.fromkeys(cells, "use"), metric=metric,
        n_draws=2_000,
    )  # fmt: skip
    shared = {"customers_meeting": meeting, "customers": 1_000, "seed": 1}
    found = touchpoint_priorities(frame, difficulty=difficulty, **shared)
    return curve, pain_ranking(curve, **shared), found


def plain(block, language="en"):
    text = re.sub(r"<svg.*?</svg>", "", block.html[language], flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text)).replace("\N{NO-BREAK SPACE}", " ")


HURT = {"enquiry_chat": (60, 60, 40, 25, 15), "store_checkout": FAIR, "delivery": FINE}
MET = {"enquiry_chat": 400, "store_checkout": 500, "delivery": 100}
EASY = {"enquiry_chat": [1, 2, 1], "store_checkout": [4, 4, 4], "delivery": [5, 5, 5]}


def test_the_clear_pain_point_comes_first_and_says_how_sure(report):
    curve, _, found = study(HURT, MET, panel(**EASY))
    assert plain(priorities.section(report, found, curve)).startswith(
        "Start with Online enquiry: it comes first by impact and frequency"
    )
    said = plain(priorities.findings(report, found, curve))
    assert "Start with Online enquiry: it stays at rank 1" in said
    assert "n = 200" in said
    assert "Take as quick wins Online enquiry" in said
    assert "alpha 0.9" in said


def test_both_ranks_stand_side_by_side_with_what_moved(report):
    curve, _, found = study(HURT, MET, panel(**EASY))
    text = plain(priorities.table(report, found, curve))
    for head in ("Rank by frequency", "Rank by difficulty", "Difficulty", "Place"):
        assert head in text
    assert "Ranking by difficulty instead of frequency moves no touchpoint" in text
    turned = panel(enquiry_chat=[5, 5], store_checkout=[1, 1], delivery=[5, 5])
    curve, _, found = study(HURT, MET, turned)
    assert "instead of frequency, Online enquiry comes at 2, not at 1" in plain(
        priorities.table(report, found, curve)
    )


def test_without_difficulty_the_one_order_is_said_to_be_the_only_one(report):
    curve, _, found = study(HURT, MET)
    text = plain(priorities.table(report, found, curve))
    assert "The engagement has no ratings of difficulty, so there is one order only." in text
    assert "Rank by difficulty" not in text
    assert "quick win" not in plain(priorities.findings(report, found, curve)).lower()


def test_ratings_of_some_touchpoints_are_said_to_be_of_some(report):
    curve, _, found = study(HURT, MET, panel(enquiry_chat=[1, 2], delivery=[4, 4]))
    assert "Difficulty is rated at 2 of 3 touchpoints" in plain(
        priorities.table(report, found, curve)
    )


def test_when_more_customers_put_another_touchpoint_first_the_report_says_why(report):
    """Nearly all meet checkout, a tenth the enquiry: the answer still starts at the pain point."""
    met = {"enquiry_chat": 60, "store_checkout": 950, "delivery": 100}
    curve, ranks, found = study(HURT, met)
    assert found.first.touchpoint != "enquiry_chat"
    said = plain(priorities.findings(report, found, curve))
    assert "Among the clear pain points Online enquiry stands highest" in said
    assert "Start with" not in said
    ordered = priorities.in_order(ranks, found)
    first = pain_points.priorities(curve, ordered)[0]
    assert first.touchpoint == "enquiry_chat"


def test_touchpoints_the_actions_pass_over_are_named(report):
    cells = {**HURT, "aftersales_service": (60, 60, 40, 25, 15), "assembly": FINE}
    met = {**MET, "store_checkout": 700, "aftersales_service": 60, "assembly": 100}
    curve, _, found = study(cells, met)
    assert found.first.touchpoint == "enquiry_chat"
    said = plain(priorities.findings(report, found, curve))
    assert "Store checkout rank high by the number of customers" in said


def test_a_journey_without_a_clear_pain_point_calls_for_no_action(report):
    curve, ranks, found = study(dict.fromkeys(HURT, FAIR), MET)
    assert "No touchpoint is clearly weak" in plain(priorities.section(report, found, curve))
    said = plain(priorities.findings(report, found, curve))
    assert "take this order as a place to look and not as a call to act" in said
    assert "Start with" not in said
    actions = pain_points.action_list(report, curve, ranks, found)
    assert "Keep measuring every touchpoint" in plain(actions)


def test_touchpoints_that_cannot_be_told_apart_are_named(report):
    curve, _, found = study(
        {**HURT, "delivery": HURT["enquiry_chat"], "assembly": FINE, "store_visit": FINE},
        {**MET, "delivery": 400, "assembly": 90, "store_visit": 90},
    )
    said = plain(priorities.findings(report, found, curve))
    assert "Delivery comes first, yet" in said
    assert "cannot be told apart from Online enquiry" in said


def test_actions_carry_rank_and_place(report):
    curve, ranks, found = study(HURT, MET, panel(**EASY))
    ordered = priorities.in_order(ranks, found)
    text = plain(pain_points.action_list(report, curve, ordered, found))
    assert "Online enquiry (rank 1 of 3; Quick win): Head of Customer Service finds" in text
    assert "rank 1" not in plain(pain_points.action_list(report, curve, ranks))


HARD = {"enquiry_chat": [4, 4, 4], "store_checkout": [5, 5, 5], "delivery": [3, 3, 3]}
DISAGREE = {"enquiry_chat": [1, 5, 2], "store_checkout": [5, 1, 3], "delivery": [2, 5, 1]}


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        (DISAGREE, "Raters do not agree enough on difficulty to rely on it, so use this order"),
        ({name: [each[0]] for name, each in EASY.items()}, "not available, one rater"),
        ({name: [2, 2] for name in EASY}, "not available, every rating is the same"),
        (HARD, "Count on no quick win: no touchpoint has both"),
        ({**EASY, "enquiry_chat": [1, 4, 1]}, "the label is refused for Online enquiry"),
    ],
)
def test_what_raters_leave_open_is_said(report, levels, words):
    curve, _, found = study(HURT, MET, panel(**levels))
    said = plain(priorities.findings(report, found, curve))
    shown = said + plain(priorities.table(report, found, curve))
    assert words in shown
    assert "nan" not in shown.lower()


@pytest.mark.parametrize("basis", ["csat_nps", "csat", "nps"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_basis_is_written_in_both_languages(report, basis, language):
    curve, _, found = study(HURT, MET, panel(**EASY), basis=basis)
    assert found.basis == basis
    blocks = [
        priorities.section(report, found, curve), priorities.chart(report, found, curve),
        priorities.table(report, found, curve), priorities.findings(report, found, curve),
    ]  # fmt: skip
    text = "".join(plain(block, language) for block in blocks)
    assert "{" not in text
    assert "priorities." not in text
    assert "<svg" in blocks[1].html[language]


def test_few_answers_are_shown_as_not_enough(report):
    curve, _, found = study(HURT, MET)
    found = replace(found, too_few=("assembly",))
    text = plain(priorities.table(report, found, curve))
    assert re.search(r"Assembly[–\s]+Not enough answers", text)


LEVELS = {"data": [2, 2, 1, 2, 2, 2], "people": [3, 3, 4, 3, 3, 3], "culture": [4, 4, 4, 3, 4, 5]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_profile_shows_today_s_level_and_the_next(report, language):
    found = maturity_profile(panel(**LEVELS), target={"data": 4}, seed=1)
    text = plain(maturity.table(report, found), language)
    assert message("maturity.data.2", language) in text
    assert message("maturity.data.3", language) in text
    assert "(1 to 2)" in text or "（1 至 2）" in text


def test_the_weakest_is_said_with_its_share_and_the_gap(report):
    found = maturity_profile(panel(**LEVELS), target={"data": 4}, seed=1)
    assert plain(maturity.section(report, found)).startswith(
        "Data is rated lowest of 3 dimensions, at level 2"
    )
    assert plain(maturity.finding(report, found)).startswith(
        "Data is the weakest dimension in 100.0% of panels drawn again from the 6 raters. "
        "The way to the target is longest at Data: 2 levels to level 4."
    )


@pytest.mark.parametrize(
    ("levels", "target", "words"),
    [
        ({"data": [2, 3], "people": [3, 2]}, {}, "any of these may be the weakest: Data, People"),
        ({"data": [2, 3], "people": [3, 3]}, {}, "No target level has been set yet."),
        ({"data": [2, 2], "people": [3, 3]}, {"data": 2}, "Every target that was set is reached."),
        ({"data": [2], "people": [3]}, {}, "ask more colleagues before you build on it"),
        ({"data": [3, 3], "people": [3, 3]}, {}, "not available, every rating is the same"),
    ],
)
def test_what_a_small_panel_leaves_open_is_said(report, levels, target, words):
    found = maturity_profile(panel(**levels), target=target, seed=1)
    assert words in plain(maturity.finding(report, found))
    text = plain(maturity.table(report, found))
    assert "nan" not in text.lower()
    assert " to " not in text.split("Culture")[0].split("What the next level looks like")[1][:12]


def test_the_highest_level_has_no_next_and_halves_are_printed(report):
    found = maturity_profile(panel(data=[5, 5], people=[2, 3]), seed=1)
    text = plain(maturity.table(report, found))
    assert message("maturity.top", "en") in text
    assert "People2.5" in text.replace(" ", "")


def test_one_rater_is_no_panel(report):
    found = maturity_profile(panel(data=[2], people=[3]), seed=1)
    assert "by one rater" in plain(maturity.section(report, found))


def test_without_ratings_the_section_says_so(report):
    assert "The data hold no ratings of the company's maturity" in plain(
        maturity.section(report, None)
    )
    assert plain(maturity.table(report, None)) == plain(maturity.finding(report, None)) == ""


def test_every_level_of_every_dimension_has_an_anchor_of_its_own():
    """6 dimensions, 5 levels, 2 languages: 60 different sentences."""
    dimensions = ("strategy", "data", "people", "process", "culture", "technology")
    anchors = {
        message(f"maturity.{dimension}.{level}", language)
        for dimension in dimensions for level in range(1, 6) for language in LANGUAGES
    }  # fmt: skip
    assert len(anchors) == 60
