"""KPI tracking names what moved by rule, keeps quiet about the rest, and splits the mix."""

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.decisions.goals import check_goals
from cxlib.decisions.kpis import Target, frozen_targets, track_kpis
from cxlib.decisions.level import baselines
from cxlib.engagement import load_engagement
from cxlib.engagement.schema import Metric, Period
from cxlib.measures.waves import Waves, wave_changes
from cxlib.report import goals as weigh
from cxlib.report import kpi_calendar, kpi_charts, kpi_mix, kpi_setting
from cxlib.report import kpi_tracking as show
from cxlib.report.report import Report

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
MONTHS = [date(2025 + place // 12, place % 12 + 1, 1) for place in range(18)]
QUARTERS = [date(2025 + place // 4, 3 * (place % 4) + 1, 1) for place in range(5)]


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture
def report(engagement):
    return Report(engagement, "05_kpi_tracking")


def share_rows(kpi, starts, shares, *, n=1000):
    return [
        {"kpi": kpi, "period_start": start, "n_obs": n, "value": share, "successes": share * n}
        for start, share in zip(starts, shares, strict=True)
    ]


@pytest.fixture(scope="module")
def tracked(engagement):
    """Conversion jumps in the review period, repurchase stays, the other three have no history."""
    rows = share_rows("conversion", MONTHS, [0.049, 0.051] * 6 + [0.09] * 6)
    rows += share_rows("repurchase_90d", QUARTERS, [0.35, 0.36, 0.355, 0.37, 0.36])
    targets = {
        "conversion": Target(level=0.065, by=date(2026, 6, 30)),
        "repurchase_90d": Target(level=0.37, by=date(2026, 12, 31)),
    }
    return track_kpis(pd.DataFrame(rows), engagement=engagement, targets=targets)


PAIR = Waves(
    kind="previous",
    before=Period(start=date(2025, 7, 1), end=date(2025, 12, 31)),
    after=Period(start=date(2026, 1, 1), end=date(2026, 6, 30)),
)


def counts(**channels):
    """Promoters, passives and detractors of each channel."""
    return [
        (name, score)
        for name, bands in channels.items()
        for score, n in zip((10, 7, 0), bands, strict=True)
        for _ in range(n)
    ]


def nps_change(before, after):
    """The change between two waves of answers, each by a customer of its own."""
    frame = pd.DataFrame([*before, *after], columns=["channel", "nps"])
    frame["answered_at"] = pd.to_datetime(
        ["2025-09-01"] * len(before) + ["2026-03-01"] * len(after)
    )
    frame["customer_id"] = [f"C{k}" for k in range(len(frame))]
    frame["touchpoint"] = "visit"
    study = wave_changes(
        duckdb_source(frame, table="answers"),
        {"nps": Metric(kind="nps", wording="?")},
        waves=PAIR,
        precision={"confidence_level": 0.95, "minimum_cell": 30},
    )
    assert study.of("csat_mean", by="channel") is None
    return study.of("nps", by="channel")


@pytest.fixture(scope="module")
def shift():
    """Both channels gain a point, the total loses nine: the lower channel grew."""
    return nps_change(
        counts(offline=(700, 1, 300), online=(500, 1, 500)),
        counts(offline=(352, 1, 147), online=(750, 15, 735)),
    )


def text(block, language="en"):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", block.html[language]))


def numbers(html):
    return sorted(re.findall(r'<data value="([^"]+)"', html))


def all_blocks(report, tracked, shift):
    return {
        "board": report.section("kpi_tracking.board", **show.board_values(tracked)),
        "table": show.kpi_table(report, tracked),
        "moved": show.moved_finding(report, tracked),
        "still": show.still_finding(report, tracked),
        "targets": show.target_finding(report, tracked),
        "charts": kpi_charts.charts(report, tracked),
        "signals": show.signal_table(report, tracked),
        "calendar": kpi_calendar.calendar_table(report, tracked),
        "calendar_finding": kpi_calendar.calendar_finding(report, tracked),
        "mix": kpi_mix.section(report, shift),
        "mix_table": kpi_mix.mix_table(report, shift),
        "mix_chart": kpi_mix.mix_chart(report, shift),
        "mix_finding": kpi_mix.finding(report, shift),
        "actions": show.action_list(report, tracked),
        "limits": show.limit_list(report, tracked),
        "answer": show.answer(report, tracked, mix=kpi_mix.finding_key(shift)),
    }


@pytest.fixture
def blocks(report, tracked, shift):
    return all_blocks(report, tracked, shift)


def test_both_languages_print_the_same_numbers(blocks):
    """Every block, value by value."""
    for name, block in blocks.items():
        assert numbers(block.html["en"]) == numbers(block.html["zh-Hant-HK"]), name


def test_an_arrow_appears_only_where_a_rule_fired(blocks):
    """Conversion has one; repurchase, a little higher than at first, has not."""
    table = text(blocks["table"])
    assert "Enquiry-to-sale conversion" in table
    assert table.count("↑ up") == 1
    assert table.count("no clear trend") >= 1
    assert "↓" not in table


def test_verdicts_follow_the_interval_and_a_missing_target_is_shown(blocks):
    """9.0 % clears 6.5 %; 36 % of 1,000 cannot be told from 37 %; CES has no target."""
    table = text(blocks["table"])
    assert "▲ met" in table
    assert "● cannot tell" in table
    assert "not set" in table


def test_what_moved_and_what_only_seems_to_are_said_apart(blocks):
    """Each with value, interval, n and period."""
    assert "Enquiry-to-sale conversion 9.0% in Jun 2026 (7.4% to 10.9%; n = 1,000)" in text(
        blocks["moved"]
    )
    assert text(blocks["still"]).startswith("No clear trend: Repurchase within 90 days 36.0%")
    assert "1 of 5 KPIs moved" in text(blocks["answer"])


def test_a_chart_names_its_rule_its_limits_and_its_target(blocks):
    """One figure per KPI with a history; the young cohort is dated."""
    html = blocks["charts"].html["en"]
    assert html.count("<figure") == 2
    said = text(blocks["charts"])
    assert "Rules that fired: outside the limits in Jan 2026" in said
    assert "Target 6.5%, due 30 June 2026" in said
    assert "the next period will be known on 29 September 2026" in said
    assert "15-minute reply promise" in html
    assert html.count("Lunar New Year") >= 2


def test_a_chart_of_few_periods_says_that_its_limits_call_nothing(blocks):
    """Five quarters: no claim to lie inside limits, and a note on what they are worth."""
    said = text(blocks["charts"])
    assert "36.0% in Jan 2026–Mar 2026; 5 periods are too few for control limits" in said
    assert said.count("Limits from fewer than 8 periods are drawn as a guide") == 1
    assert "不足 8 期的界限僅供參考" in text(blocks["charts"], "zh-Hant-HK")


def test_a_reversal_by_mix_is_split_beside_the_headline(blocks, shift):
    """Both channels up, the total down: the title says so, the table holds both parts."""
    assert shift.mix.reversed_by_mix
    assert "lower in total and higher in every channel" in text(blocks["mix"])
    assert "from the channels' own scores" in text(blocks["mix_table"])
    assert "Online answers grew from 50.0% to 75.0%" in text(blocks["mix_finding"])


def test_a_total_against_most_of_its_groups_is_told_too(report):
    """One channel a shade lower, the other higher, the total down: not "every channel"."""
    before = counts(offline=(700, 1, 300), online=(500, 1, 500))
    after = counts(offline=(349, 1, 150), online=(780, 1, 720))
    shift = nps_change(before, after)
    assert kpi_mix.case(shift) == "against_down"
    finding = kpi_mix.finding(report, shift)
    assert "every channel" not in text(finding)
    assert "the channels' own scores together give +2.4" in text(finding)
    assert "渠道本身合計卻為 +2.4" in text(finding, "zh-Hant-HK")
    assert numbers(finding.html["en"]) == numbers(finding.html["zh-Hant-HK"])


def test_a_total_that_moves_with_its_groups_is_no_reversal(report):
    """The same sentence would be wrong here."""
    before = counts(offline=(500, 100, 400), online=(500, 100, 400))
    after = counts(offline=(600, 100, 300), online=(600, 100, 300))
    plain = nps_change(before, after)
    assert kpi_mix.case(plain) == "plain"
    said = text(kpi_mix.finding(report, plain))
    assert "yet every channel" not in said
    assert "clear of zero" in said


def test_a_client_without_channels_is_told_that_the_mix_is_absent(report, tracked):
    """No table, no chart, no number; the answer leaves the reason out and the ledger the entry."""
    assert kpi_mix.finding_key(None) is None
    for block in (
        kpi_mix.section(report, None), kpi_mix.mix_table(report, None),
        kpi_mix.mix_chart(report, None), kpi_mix.finding(report, None),
    ):  # fmt: skip
        for language in ("en", "zh-Hant-HK"):
            assert "<table" not in block.html[language]
            assert text(block, language)
    show.moved_finding(report, tracked)
    show.still_finding(report, tracked)
    show.target_finding(report, tracked)
    assert "1 of 5 KPIs moved" in text(show.answer(report, tracked, mix=None))
    assert show.ledger_content(tracked, None)["nps_mix"] is None


def test_page_one_says_how_many_would_be_called_moved_by_chance(blocks):
    """Where a rule fired, the expected false alarms stand beside it, in both languages."""
    assert re.search(
        r"Had nothing changed, the rules would still call 0\.\d\d KPIs moved on average",
        text(blocks["answer"]),
    )
    assert "純因偶然而被判為有變動" in text(blocks["answer"], "zh-Hant-HK")


def test_a_holiday_month_is_never_a_signal_without_saying_so(blocks):
    """February 2026 holds Lunar New Year, June 2026 the sale; March holds neither."""
    rows = re.findall(r"<tr>(.*?)</tr>", blocks["signals"].html["en"].split("<tbody>")[1])
    outside = {
        month: next(text_of(row) for row in rows if f"{month} 2026" in row and "outside" in row)
        for month in ("Feb", "Mar", "Jun")
    }
    assert "Lunar New Year" in outside["Feb"]
    assert "sale days" in outside["Jun"]
    assert "Lunar New Year" not in outside["Mar"]
    assert "sale days" not in outside["Mar"]
    assert "Feb 2026 (Lunar New Year)" in text(blocks["charts"])


def test_a_gap_in_holiday_months_is_told_with_its_errors_and_used_only_where_it_helps(
    report, engagement
):
    """NPS of the sample's history dips around both New Years; sale days are not used."""
    history = pd.read_csv(SAMPLE / "data" / "kpi_history.csv")
    tracked = track_kpis(history, engagement=engagement, targets={})
    nps = next(each for each in tracked if each.kpi.id == "nps")
    assert nps.calendar.used == ("lunar_new_year",)
    centres = {
        p.period_start: c.centre
        for p, c in zip(nps.series.points, nps.series.chart.points, strict=True)
    }
    assert centres[date(2026, 2, 1)] < centres[date(2026, 6, 1)] - 2
    said = text(kpi_calendar.calendar_finding(report, tracked))
    effect = nps.calendar.effects["lunar_new_year"]
    assert f"Net Promoter Score at Lunar New Year \N{MINUS SIGN}{-effect.effect:.1f}" in said
    assert "Net Promoter Score (sale days)" in said
    table = text(kpi_calendar.calendar_table(report, tracked))
    assert "for want of such periods: Repurchase within 90 days (Lunar New Year)" in table
    assert "The centre line moves with: Lunar New Year" in text(kpi_charts.charts(report, tracked))


def test_nothing_moved_is_an_answer_too(report, engagement, shift):
    """Without a signal the answer is to leave things alone."""
    history = pd.DataFrame(share_rows("conversion", MONTHS, [0.05, 0.052, 0.048] * 6))
    still = track_kpis(history, engagement=engagement, targets={})
    blocks = all_blocks(report, still, shift)
    assert text(blocks["answer"]).startswith("None of 5 KPIs moved")
    assert "No rule fired on any chart" in text(blocks["signals"])


def test_the_ledger_keeps_value_trend_verdict_and_mix(tracked, shift):
    """Plain values that JSON keeps."""
    import json

    kept = json.loads(json.dumps(show.ledger_content(tracked, shift), allow_nan=False))
    assert kept["kpis"]["conversion"]["trend"] == "up"
    assert kept["kpis"]["conversion"]["verdict"] == "met"
    assert kept["nps_mix"]["reversed_by_mix"] is True
    assert "nps" not in kept["kpis"]


def text_of(cell):
    return " ".join(re.sub(r"<[^>]+>", "", cell).split())


def cells(block, language):
    """Numbers and words of current value, trend and verdict, by the KPI in the first cell."""
    found = {}
    for row in re.findall(r"<tr>(.*?)</tr>", block.html[language].split("<tbody>")[1]):
        name, _, _, current, trend, verdict, _ = (
            text_of(cell) for cell in re.findall(r"<t[hd][^>]*>.*?</t[hd]>", row)
        )
        found[name] = (re.findall(r"\d[\d.,]*", current), trend, verdict)
    return found


@pytest.mark.parametrize("language", ["en", "zh-Hant-HK"])
def test_goal_setting_and_tracking_say_the_same_of_every_kpi(engagement, language):
    """Over the sample's history: one current value, interval, n, trend and verdict of a KPI."""
    history = pd.read_csv(SAMPLE / "data" / "kpi_history.csv")
    checks = check_goals(
        history, engagement=engagement, levels=baselines(history, engagement=engagement)
    )
    targets = frozen_targets(engagement, weigh.targets_content(checks))
    tracked = track_kpis(history, engagement=engagement, targets=targets)
    goals = cells(kpi_setting.kpi_table(Report(engagement, "02_kpi_setting"), tracked), language)
    board = cells(show.kpi_table(Report(engagement, "05_kpi_tracking"), tracked), language)
    assert goals == board
    assert len(board) == 5
    assert {len(numbers) for numbers, _, _ in board.values()} == {4}
