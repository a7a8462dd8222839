"""Scores over time: titles, alarm and wording of the blocks in both languages."""

import datetime as dt
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.engagement import load_engagement
from cxlib.engagement.schema import Period
from cxlib.measures.scores import calendar_spans, scores
from cxlib.measures.waves import Waves, wave_changes
from cxlib.report import waves
from cxlib.report.report import Report

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
LANGUAGES = ("en", "zh-Hant-HK")
PAIR = Waves(
    kind="halves",
    before=Period(start=dt.date(2025, 7, 1), end=dt.date(2025, 9, 30)),
    after=Period(start=dt.date(2025, 10, 1), end=dt.date(2025, 12, 31)),
)


@pytest.fixture
def report():
    return Report(load_engagement(SAMPLE), "01_diagnosis")


def answers(web_before, web_after, *, lift=0.4, n=3000, rare=0):
    """Draw answers: each channel rises by ``lift``, web scores 2.5 below the stores.

    The first ``rare`` come by a third channel.
    """
    rng = np.random.default_rng(11)
    late = np.arange(n) % 2 == 1
    web = rng.random(n) < np.where(late, web_after, web_before)
    score = 8.4 - 2.5 * web + lift * late + rng.normal(0, 1.2, n)
    nps = np.clip(np.rint(score), 0, 10).astype(int)
    frame = pd.DataFrame(
        {
            "answer_id": [f"A{k}" for k in range(n)],
            "customer_id": [f"C{k // 2}" for k in range(n)],
            "touchpoint": "visit", "nps": nps,
            "channel": np.select([np.arange(n) < rare, web], ["hybrid", "online"], "offline"),
            "csat": np.clip(nps - 5, 1, 5),
            "answered_at": pd.to_datetime(np.where(late, "2025-11-03", "2025-08-03")),
        }
    )  # fmt: skip
    return duckdb_source(frame, table="answers")


def text(block, language="en"):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", block.html[language]))


def numbers(block, language):
    return sorted(re.findall(r'<data value="([^"]+)"', block.html[language]))


def study(report, source):
    return wave_changes(
        source, report.engagement.metrics, waves=PAIR, precision=report.engagement.precision
    )


def test_a_reversal_is_the_title_and_the_finding_and_says_to_read_the_groups(report):
    found = study(report, answers(0.2, 0.8))
    assert waves.case(found) == "reversed"
    blocks = [
        waves.section(report, found), waves.change_table(report, found),
        waves.finding(report, found),
    ]  # fmt: skip
    said = [text(block) for block in blocks]
    assert "and every channel moved the other way" in said[0]
    assert "Disagree: every group the other way" in said[1]
    assert "splits the total and its groups disagree" in said[1]
    assert said[2].startswith(" Read the groups, not the total: NPS went from")
    assert "各渠道卻全部反方向變動" in text(blocks[0], "zh-Hant-HK")
    for block in blocks:
        assert numbers(block, "en") == numbers(block, "zh-Hant-HK")


@pytest.mark.parametrize(
    ("shares", "lift", "case", "words"),
    [
        ((0.5, 0.5), 1.0, "clear", "By channel, own scores make up"),
        ((0.5, 0.5), 0.0, "unclear", "that does not make the periods the same"),
    ],
)
def test_a_clear_change_and_none_are_told_apart(report, shares, lift, case, words):
    found = study(report, answers(*shares, lift=lift))
    assert waves.case(found) == case
    assert words in text(waves.finding(report, found))
    assert "disagree" in text(waves.change_table(report, found))


def test_too_few_answers_are_said_in_every_block(report):
    found = study(report, answers(0.5, 0.5, n=20))
    assert waves.case(found) == "few"
    for language in LANGUAGES:
        for block in (
            waves.section(report, found), waves.change_table(report, found),
        ):  # fmt: skip
            assert "nan" not in text(block, language)
    assert "no score has enough answers in both" in text(waves.finding(report, found))


def test_a_channel_with_few_answers_is_named_as_left_out(report):
    block = waves.change_table(report, study(report, answers(0.5, 0.5, rare=20)))
    assert "Left out for fewer than 30 answers in a period: Hybrid." in text(block)
    assert "因其中一段期間回覆少於 30 份而不計：網上兼實體。" in text(block, "zh-Hant-HK")


def test_scores_by_month_stand_with_interval_and_n_and_gaps_are_too_few(report):
    engagement = report.engagement
    spans = calendar_spans(engagement.baseline, step="month")
    source = answers(0.5, 0.5)
    window = engagement.baseline.window("answered_at")
    found = scores(
        source, engagement.metrics, window=window, precision=engagement.precision,
        by=["period"], spans=spans,
    )  # fmt: skip
    block = waves.period_table(report, found)
    assert "NPS by period: lowest" in text(block)
    assert "Aug 2025" in text(block)
    assert "Nov 2025" in text(block)
    assert "unweighted" in text(block)
    assert numbers(block, "en") == numbers(block, "zh-Hant-HK")
    few = scores(
        answers(0.5, 0.5, n=20), engagement.metrics, window=window,
        precision=engagement.precision, by=["period"], spans=spans,
    )  # fmt: skip
    assert "no period has 30 answers" in text(waves.period_table(report, few))
