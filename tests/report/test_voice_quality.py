"""cxlib.report.voice_quality: titles, units and cases in both languages from small results."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.engagement import load_engagement
from cxlib.measures.voice.correction import MentionRate
from cxlib.measures.voice.labelled import quality_by_variety
from cxlib.measures.voice.sentiment import learn_from_comments, learn_sentiment
from cxlib.measures.voice.stars import SourceStars
from cxlib.measures.voice.tone import comment_tone
from cxlib.report import voice_quality
from cxlib.report.report import Report
from cxlib.stats.means import mean_estimate
from cxlib.stats.misclassification import Hits, corrected_share

SAMPLE = Path(__file__).parents[2] / "data_samples" / "harbour_home"


@pytest.fixture
def report():
    return Report(load_engagement(SAMPLE), "01_diagnosis")


def words(block, language="en"):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", block.html[language]))


def tone_of(n, *, scored=True):
    frame = pd.DataFrame({
        "answer_id": [f"A{k}" for k in range(n)], "customer_id": None, "nps": np.nan,
        "comment": ["好正" if k % 4 else "好差" for k in range(n)], "channel": "online",
        "csat": [5.0 if k % 4 else 1.0 for k in range(n)] if scored else np.nan,
    })  # fmt: skip
    return comment_tone(frame, learn_from_comments(frame, seed=1))


def rate(positive, n, coded=100):
    share = corrected_share(
        positive, n, found=Hits(right=int(0.8 * coded), n_obs=coded),
        left_alone=Hits(right=int(0.9 * coded), n_obs=coded),
    )  # fmt: skip
    start = load_engagement(SAMPLE).baseline.start
    return MentionRate(start=start, rate=share, n_mentions=n, n_copies=1, n_neutral=2,
                       audit="all_periods", n_coded=2 * coded)  # fmt: skip


def test_the_golden_case_is_printed_in_both_languages(report):
    """555 of 1,000 as labelled, 0.8 and 0.9: 65.0 % corrected."""
    block = voice_quality.mention_table(report, [("H2", rate(555, 1000))])
    assert "Of public mentions that are not neutral, 65.0%" in words(block).replace("\u00a0", "")
    assert "65.0%" in words(block, "zh-Hant-HK").replace("\u00a0", "")
    assert "55.5%" in words(block).replace("\u00a0", "")


def test_mentions_that_cannot_be_corrected_say_why(report):
    said = words(voice_quality.mention_table(report, [("H2", rate(5, 10, coded=0))]))
    assert "too few were checked to correct this" in said
    absent = words(voice_quality.mention_table(report, []))
    assert absent == "No public mention with a positive or negative label in the period."


def test_months_and_whole_periods_are_named(report):
    period = report.engagement.baseline
    [(_, one)] = voice_quality.named_periods([rate(5, 10)], period)
    assert one.n_mentions == 10
    table = voice_quality.mention_table(
        report, voice_quality.named_periods([rate(50, 100)], period, monthly=True), key="monthly"
    )
    assert "Jul 2025" in words(table)


def test_tone_says_what_it_rests_on(report):
    said = words(voice_quality.tone_finding(report, tone_of(400)))
    assert "learned from customers' own scores" in said
    table = words(voice_quality.tone_table(report, tone_of(400)))
    assert "25.0%" in table.replace("\u00a0", "")


def test_a_fallback_is_called_an_indication(report):
    tone = tone_of(60)
    assert "made-up comments reads them" in words(voice_quality.tone_finding(report, tone))
    assert "comments made up for this workbook" in words(voice_quality.tone_table(report, tone))


def test_a_fallback_prints_grade_d_and_a_learned_reading_does_not(report):
    """60 comments with a score are too few to learn from, 400 are enough."""
    block = voice_quality.tone_finding(report, tone_of(60))
    assert 'class="finding grade-D"' in block.html["en"]
    assert "Evidence grade D: read by a model of made-up comments" in words(block)
    assert "證據級別 D" in words(block, "zh-Hant-HK")
    other = Report(report.engagement, "01_diagnosis")
    assert "grade-D" not in voice_quality.tone_finding(other, tone_of(400)).html["en"]


@pytest.mark.parametrize(
    ("drift", "wanted"),
    [(None, "too few are checked to test it"), (0.4, "no sign that they do not (Fisher, p 0.400)"),
     (0.01, "err otherwise in this one (Fisher, p 0.010)")],
)  # fmt: skip
def test_the_source_says_whether_labels_err_alike_over_time(report, drift, wanted):
    from dataclasses import replace

    block = voice_quality.mention_table(report, [("H2", replace(rate(555, 1000), drift=drift))])
    assert wanted in words(block)
    own = replace(rate(555, 1000), audit="own_period")
    assert "of this period alone" in words(voice_quality.mention_table(report, [("H2", own)]))


def test_the_appendix_says_whose_coding_it_is_and_names_every_variety(report):
    scorer = learn_sentiment([], [], [], label="csat", seed=1)
    found = quality_by_variety(scorer, themes_of=lambda _: frozenset({"reply_wait"}))
    said = words(voice_quality.quality_table(report, found))
    assert "coded them" in said
    assert "Themes, kappa" in said
    for variety in ("Written Cantonese", "Written Chinese", "English", "All"):
        assert f"{variety} precision" in said


def test_unscored_and_few_comments_are_said_so(report):
    assert "too few are checked" in words(
        voice_quality.tone_table(report, tone_of(60, scored=False))
    )
    assert "not shown" in words(voice_quality.tone_table(report, tone_of(5)))
    assert "Too few comments" in words(voice_quality.tone_finding(report, tone_of(5)))


def test_nobody_coded_yet_says_how_to_begin_and_names_no_command(report):
    said = words(voice_quality.coding_block(report, tone_of(60)))
    assert "sheet of random comments" in said
    assert "cx " not in said


def test_quality_shows_the_confusion_by_variety(report):
    scorer = learn_sentiment([], [], [], label="csat", seed=1)
    said = words(voice_quality.quality_table(report, quality_by_variety(scorer)))
    for variety in ("Written Cantonese", "Written Chinese", "English", "All"):
        assert variety in said
    assert "without seeing each other's codes" in said


@pytest.mark.parametrize(
    ("sources", "across", "wanted"),
    [
        (("google",), None, "own scale"),
        (("google", "shop"), None, "They are not averaged"),
        (("google", "shop"), mean_estimate(80, 0.7, 0.1, unit="ratio"), "common scale stated"),
        ((), None, "No source has enough"),
    ],
)
def test_stars_are_averaged_only_with_a_mapping(report, sources, across, wanted):
    stars = [SourceStars(source=s, n_obs=40, mean=mean_estimate(40, 4.0, 1.0)) for s in sources]
    assert wanted in words(voice_quality.stars_line(report, stars, across))


def test_every_script_says_what_reads_it_and_an_unchecked_one_is_grade_d(report):
    said = words(voice_quality.coding_block(report, tone_of(400)))
    assert "Texts with Chinese characters: 400 comments, read by the model learned" in said
    assert "finds 100 of 100 low scores and leaves 300 of 300 others alone" in said
    few = words(voice_quality.coding_block(report, tone_of(60)))
    assert "60 comments, read by the model of made-up comments, since only 60 have" in few
    unscored = voice_quality.coding_block(report, tone_of(60, scored=False))
    assert "Evidence grade D: 0 of them have a clear score" in words(unscored)
    assert "證據級別 D" in words(unscored, "zh-Hant-HK")


def test_the_source_says_the_test_comments_are_made_up_and_how_the_starter_reads(report):
    scorer = learn_sentiment([], [], [], label="csat", seed=1)
    block = voice_quality.quality_table(report, quality_by_variety(scorer))
    assert "The 240 test comments were made up for this workbook; no customer wrote" in words(block)
    assert "這 240 則測試意見為本工作簿而虛構，並非客戶所寫。" in words(block, "zh-Hant-HK")
    assert "English 98 of 130 negative comments, with 33 false alarms" in words(block)
