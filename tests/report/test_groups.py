"""Who answered, and groups: titles, units and wording of the blocks in both languages."""

import datetime as dt
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.engagement import load_engagement
from cxlib.measures.audit import response_audits, weighting_study
from cxlib.measures.groups import compare_groups
from cxlib.measures.league import store_league
from cxlib.report import groups, who_answered
from cxlib.report.report import Report

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
PERIOD = {"start": dt.date(2025, 7, 1), "end": dt.date(2026, 1, 1)}
SENT, ANSWERED = {"date": "sent_at", **PERIOD}, {"date": "answered_at", **PERIOD}
NAMES = {"S0": {"en": "Sha Tin", "zh-Hant-HK": "沙田"}}


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture
def report(engagement):
    return Report(engagement, "01_diagnosis")


def tables(shift=2.0, *, n=4000, channels=("online", "offline")):
    """A log in which members answer more often and score higher, and offline by ``shift``."""
    rng = np.random.default_rng(7)
    member = rng.random(n) < 0.4
    offline = rng.random(n) < 0.5
    done = (rng.random(n) < np.where(member, 0.6, 0.3)).astype(int)
    score = 7 + member + shift * offline + rng.normal(0, 1.5, n)
    log = pd.DataFrame(
        {
            "invitation_id": [f"I{k}" for k in range(n)],
            "customer_id": [f"C{k}" for k in range(n)],
            "touchpoint": "delivery", "segment": np.where(member, "member", "new"),
            "channel": np.where(offline, channels[1], channels[0]),
            "store": [f"S{k}" for k in rng.integers(0, 5, n)],
            "sent_at": pd.Timestamp(2025, 8, 1), "delivered": 1,
            "opened": done, "started": done, "completed": done,
        }
    )  # fmt: skip
    answers = log[done == 1].assign(
        answer_id=lambda f: "A" + f["invitation_id"], answered_at=lambda f: f["sent_at"],
        nps=np.clip(np.rint(score), 0, 10).astype(int)[done == 1],
    )  # fmt: skip
    answers["csat"] = np.clip(answers["nps"] - 5, 1, 5)
    return duckdb_source(log, table="invitations"), duckdb_source(answers, table="answers")


@pytest.fixture(scope="module")
def made(engagement):
    """Audit, weights, comparisons and league of one set of tables."""
    log, answers = tables()
    study = weighting_study(
        answers, log, engagement.metrics, margins=["segment", "channel"], answered=ANSWERED,
        sent=SENT,
    )  # fmt: skip
    kept = {"metric": "nps", "window": ANSWERED, "population": study.population}
    return {
        "audits": response_audits(log, margins=["segment", "channel", "store"], window=SENT),
        "study": study,
        "channels": compare_groups(answers, by="channel", margin=5, **kept),
        "segments": compare_groups(answers, by="segment", **kept),
        "league": store_league(answers, metric="nps", window=ANSWERED, seed=1),
    }


def text(block, language="en"):
    bare = re.sub(r"<svg.*?</svg>", "", block.html[language], flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", bare)).strip()


def numbers(html):
    return sorted(re.findall(r'<data value="([^"]+)"', html))


def all_blocks(report, made):
    channels, league = made["channels"], made["league"]
    return [
        who_answered.audit_table(report, made["audits"]),
        who_answered.store_chart(report, made["audits"], NAMES),
        who_answered.weighting_table(report, made["study"]),
        who_answered.weighting_finding(report, made["study"], made["audits"]),
        groups.section(report, channels, made["segments"]),
        groups.difference_table(report, channels),
        groups.difference_table(report, made["segments"]),
        groups.consistency_finding(report, channels),
        groups.league_chart(report, league, channels, NAMES),
        groups.league_table(report, league, channels, NAMES),
    ]


def test_both_languages_print_the_same_numbers(report, made):
    for block in all_blocks(report, made):
        assert numbers(block.html["en"]) == numbers(block.html["zh-Hant-HK"]), block.key


def test_the_audit_names_the_groups_that_answer_most_and_least(report, made):
    shown = text(who_answered.audit_table(report, made["audits"]))
    assert re.match(r"Response runs from 30\.0 % \(New customers\) to 58\.0 % \(Members\)", shown)
    zh = text(who_answered.audit_table(report, made["audits"]), "zh-Hant-HK")
    assert "（新客戶）" in zh


def test_the_weighted_score_stands_beside_the_plain_one_with_its_change(report, made):
    block = who_answered.weighting_table(report, made["study"])
    change = made["study"].changes["nps"]
    for value in (change.unweighted.value, change.weighted.value):
        assert f"{value:.1f}" in text(block)
    assert text(block).count("Effective n") == 2
    finding = text(who_answered.weighting_finding(report, made["study"], made["audits"]))
    assert finding.startswith("Members: ")
    assert "stays unknown" in finding


def test_the_family_of_comparisons_is_declared_on_the_table(report, made):
    shown = text(groups.difference_table(report, made["channels"]))
    assert "One family of 1 comparisons: p-values by Holm" in shown
    assert "Offline – Online" in shown
    assert "weighted to segment and channel of everyone invited" in shown


@pytest.mark.parametrize(
    ("shift", "margin", "words"),
    [
        (0.0, 20.0, ("Channels are consistent within", "界限內一致")),
        (0.0, 5.0, ("cannot be told", "未能判斷")),
        (2.0, 5.0, ("Channels are not consistent", "並不一致")),
    ],
)
def test_consistency_is_said_only_when_the_interval_lies_inside(report, shift, margin, words):
    _, answers = tables(shift)
    found = compare_groups(answers, by="channel", metric="nps", window=ANSWERED, margin=margin)
    block = groups.consistency_finding(report, found)
    for language, expected in zip(block.html, words, strict=True):
        assert expected in text(block, language)


def test_a_section_without_a_clear_difference_says_so_and_not_that_all_is_alike(report):
    _, answers = tables(0.0, n=400)
    found = compare_groups(answers, by="channel", metric="nps", window=ANSWERED)
    shown = text(groups.section(report, found, found))
    assert "None of 2 comparisons" in shown
    assert "same" not in shown


def test_the_league_prints_rank_intervals_and_never_a_bare_rank(report, made):
    table = groups.league_table(report, made["league"], made["channels"], NAMES)
    rows = re.findall(r"<tr>(.*?)</tr>", table.html["en"])[1:]
    assert len(rows) == 5
    assert all(re.search(r"</data> to <data", row) for row in rows)
    assert "Sha Tin" in table.html["en"]
    assert "沙田" in table.html["zh-Hant-HK"]
    chart = text(groups.league_chart(report, made["league"], made["channels"], NAMES))
    assert "chance alone would put" in chart


def test_what_cannot_be_shown_is_one_sentence_and_no_error(report, made):
    """No margin, no comparison, no league: each block is a note in both languages."""
    log, answers = tables(n=60, channels=("online", "online"))
    empty = weighting_study(answers, log, {}, margins=[], answered=ANSWERED, sent=SENT)
    alone = compare_groups(answers, by="channel", metric="nps", window=ANSWERED, margin=5)
    blocks = [
        who_answered.audit_table(report, {}),
        who_answered.store_chart(report, {}, {}),
        who_answered.weighting_table(report, empty),
        who_answered.weighting_finding(report, empty, {}),
        groups.difference_table(report, alone),
        groups.consistency_finding(report, alone),
        groups.league_chart(report, None, made["channels"], {}),
    ]
    for block in blocks:
        assert block.role == "note"
        assert text(block)
        assert text(block, "zh-Hant-HK")
    said_once = groups.league_table(report, None, made["channels"], {})
    assert (said_once.role, text(said_once)) == ("note", "")


def test_no_block_prints_a_missing_value_or_a_share_above_one(report, made):
    for block in all_blocks(report, made):
        for language in block.html:
            shown = text(block, language)
            assert not re.search(r"\bnan\b|\binf\b|None", shown)
            assert all(float(x) <= 100 for x in re.findall(r"(\d+\.\d+) ?%", shown))
