"""The half-year review shows every goal, forecast and verdict, and empty parts as empty."""

import re
from datetime import date
from pathlib import Path

import pytest

from cxlib.decisions.chances import ChanceReplay, Statement, score_chances
from cxlib.decisions.map_changes import MapChange
from cxlib.decisions.review import ForecastReplay, GoalReplay, VerdictReplay, horizon
from cxlib.engagement import load_engagement
from cxlib.report import half_year as show
from cxlib.report import half_year_chances as stated_view
from cxlib.report import half_year_map as shape
from cxlib.report.report import Report
from cxlib.stats.estimate import Estimate

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"


def share(value, *, unit="share", n=100):
    return Estimate(
        value=value, ci_lower=value - 0.05, ci_upper=value + 0.05, n_obs=n, unit=unit,
        method="Wilson",
    )  # fmt: skip


def goal(kpi, outcome, **changed):
    values = {
        "level": 0.4, "unit": "share", "by": date(2026, 6, 30), "value": share(0.3),
        "decision": None, "reason": None,
    }  # fmt: skip
    return GoalReplay(kpi=kpi, outcome=outcome, **{**values, **changed})


GOALS = (
    goal("conversion", "miss"),
    goal(
        "repurchase_90d", "not_due", decision="keep", reason={"en": "Offer", "zh-Hant-HK": "優惠"}
    ),
    goal("nps", "hit", superseded="board wants less"),
)
FORECASTS = tuple(
    ForecastReplay(
        kpi="conversion", made_on=date(2026, 5, 1), period_start=date(2026, month, 1),
        estimate=share(0.06), actual=actual, outcome=outcome,
    )
    for month, actual, outcome in ((6, 0.07, "hit"), (7, None, "not_due"))
)  # fmt: skip
VERDICTS = (
    VerdictReplay(
        experiment="enquiry_reply", verdict="SHIP", predicted=share(0.02, unit="pp"),
        initiative="reply_promise", measured=share(0.09, unit="pp"), grade="B", outcome="miss",
    ),
)  # fmt: skip
CHANGES = (
    MapChange(
        touchpoint="enquiry_chat", before="pain", after="none", move="eased",
        change=share(0.6, unit="rating"),
    ),
    MapChange(touchpoint="social_ad", before="none", after="none", move="hidden", change=None),
)  # fmt: skip


@pytest.fixture
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture
def report(engagement):
    return Report(engagement, "06_half_year_review")


def text(block, language="en"):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", block.html[language]))


def numbers(block, language):
    return sorted(re.findall(r'<data value="([^"]+)"', block.html[language]))


@pytest.fixture
def blocks(report, engagement):
    found = {
        "goals": show.goal_table(report, GOALS),
        "goals_said": show.goal_finding(report, GOALS),
        "forecasts": show.forecast_table(report, FORECASTS),
        "verdicts": show.verdict_table(report, VERDICTS),
        "record": show.record_finding(report, FORECASTS, VERDICTS),
        "map": shape.map_table(report, CHANGES),
        "map_chart": shape.map_chart(report, CHANGES, "csat"),
        "map_said": shape.map_finding(report, CHANGES),
        "horizon": shape.horizon_table(report, horizon(engagement)),
        "strategy": shape.strategy_tables(report),
        "actions": shape.actions(report, GOALS, FORECASTS),
    }
    key = "half_year.record.finding"
    return found | {"answer": show.answer(report, GOALS, CHANGES, record=key)}


def test_both_languages_print_the_same_numbers(blocks):
    """Block by block."""
    for name, block in blocks.items():
        assert numbers(block, "en") == numbers(block, "zh-Hant-HK"), name


def test_a_missed_goal_a_decision_and_a_replaced_target_all_stand_in_the_table(blocks):
    """Nothing vanishes: the replaced target keeps its reason."""
    said = text(blocks["goals"])
    assert "▼ missed" in said
    assert "open: nobody has decided" in said
    assert "keep: Offer" in said
    assert "replaced earlier: board wants less" in said
    assert "維持：優惠" in text(blocks["goals"], "zh-Hant-HK")


def test_calibration_counts_forecasts_and_tests_that_are_due(blocks):
    """One of two held: 50.0 %, Wilson 9.5 to 90.5 %; one waits."""
    said = text(blocks["record"])
    assert "1 of 2 intervals that are due held what came" in said
    assert re.search(r"50\.0 %; 95 % interval 9\.5 % to 90\.5 %", said)
    assert "Forecasts not yet due: 1" in said


def test_nothing_due_is_said_so(report):
    """No share from nothing."""
    said = text(show.record_finding(report, FORECASTS[1:], ()))
    assert "No forecast is due yet" in said


def test_a_hidden_touchpoint_shows_no_number(blocks):
    """The other has its change with interval."""
    said = text(blocks["map"])
    assert "no longer a pain point" in said
    row = blocks["map"].html["en"].split("Social media post")[1].split("</tr>")[0]
    assert "<data" not in row


def test_stale_items_are_marked_and_empty_parts_stay_empty(blocks, engagement):
    """The sample states 4 of 13 parts; one of them has neither owner nor evidence."""
    assert text(blocks["horizon"]).count("● stale") == 2
    empty = text(blocks["strategy"]).count("empty")
    assert empty == 3 * (13 - len(engagement.strategy)) + 2


def test_without_entries_every_table_says_so(report):
    """An engagement at its first review."""
    assert "No target is on record" in text(show.goal_table(report, ()))
    assert "No forecast is on record" in text(show.forecast_table(report, ()))
    assert "No test verdict is on record" in text(show.verdict_table(report, ()))
    assert "names no benchmark" in text(shape.horizon_table(report, ()))
    assert "Fill in the 9 empty parts" in text(shape.actions(report, (), ()))


def test_the_answer_asks_for_the_open_decision(blocks):
    """Conversion was missed and nobody has decided."""
    said = text(blocks["answer"])
    assert "Of 2 goals, 1 came due and 0 reached its target" in said
    assert (
        "keep, change or drop these goals, with reasons, by 31 July 2026 : Enquiry-to-sale" in said
    )


def test_the_ledger_keeps_outcomes_and_decisions():
    """Plain values that JSON keeps; a replaced target is not written again."""
    content = show.ledger_content(GOALS, FORECASTS, VERDICTS, CHANGES)
    assert content["goals"]["conversion"]["outcome"] == "miss"
    assert "nps" not in content["goals"]
    assert content["forecasts"] == {"hit": 1, "miss": 0, "not_due": 1}
    assert content["map"] == {"enquiry_chat": "none", "social_ad": "none"}


def stated(came, chance=0.8, change=None, kpi="conversion"):
    said = Statement(
        kpi=kpi, unit="share", direction="higher", level=0.06, by="2026-06-30",
        stated_on="2025-12-31", counts_from="2026-01-01", wait_days=0, start=0.05,
        start_error=1e-6, variance=0.0475, chance=chance, chance_untouched=0.01,
        confidence_level=0.95,
    )  # fmt: skip
    return ChanceReplay(said=said, came=came, change=change, is_over=True)


@pytest.mark.parametrize(
    ("replays", "english", "chinese"),
    [
        (
            [stated("not_due"), stated("late"), stated("no_chance", chance=None)],
            "No stated chance can be scored yet. Waiting for their date: 1",
            "暫未有機會可以評分。等候限期：1 個",
        ),
        (
            [stated("hit", change=share(0.01, unit="pp")), stated("miss", chance=0.3)],
            "Goals whose chance fell due: 2; showing a change the right way: 1; the chances stated",
            "目標少於 5 個",
        ),
        (
            [stated("hit"), stated("hit"), stated("miss"), stated("miss"), stated("miss")],
            "is perfect, 0.25 is what always saying one half earns",
            "0.25 等於每次都說一半機會",
        ),
    ],
)
def test_chances_are_scored_in_plain_words(report, replays, english, chinese):
    """Five goals stated at 0.8: (2 × 0.04 + 3 × 0.64) / 5 = 0.40."""
    if len(replays) == 5:
        assert score_chances(replays).brier == pytest.approx(0.40)
    said = stated_view.chance_finding(report, replays)
    table = stated_view.chance_table(report, replays)
    assert english.replace(" ", "") in text(said, "en").replace(" ", "")
    assert chinese.replace(" ", "") in text(said, "zh-Hant-HK").replace(" ", "")
    for block in (said, table):
        assert numbers(block, "en") == numbers(block, "zh-Hant-HK")
    assert text(table, "en").count("Enquiry-to-sale conversion") == len(replays)


def test_without_a_stated_chance_one_sentence_says_so(report):
    assert "No chance is on record yet" in text(stated_view.chance_table(report, ()), "en")
