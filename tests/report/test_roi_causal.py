"""What 04_roi_review says of other methods and of attacks on the effect, in both languages."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.decisions.initiatives import choose, review_all
from cxlib.decisions.methods import compare_methods
from cxlib.decisions.placebos import attack_effect
from cxlib.engagement import load_engagement
from cxlib.engagement.ledger import Ledger
from cxlib.report import roi_causal, roi_placebos
from cxlib.report.report import Report

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
STORES = [f"S{n:02d}" for n in range(1, 15)]


@pytest.fixture(scope="module")
def pages():
    """Every block of the two sections on a made-up chain with +2 pp in 5 of 14 stores."""
    engagement = load_engagement(SAMPLE)
    first = engagement.initiatives[0].model_copy(update={"experiment": "enquiry_reply"})
    engagement = engagement.model_copy(update={"initiatives": [first]})
    rng = np.random.default_rng(7)
    months = pd.DataFrame(
        [
            {
                "store": store, "month": month, "enquiries": 1000.0, "csat_n": 20.0,
                "csat_sum": 80.0, "reply_promise": int(store in STORES[:5]), "coaching": 0,
                "sales": round(50 + 4 * np.sin(t / 2) + rng.normal() * 2
                               + 20 * (store in STORES[:5] and t >= 12)),
            }
            for store in STORES
            for t, month in enumerate(pd.date_range("2025-01-01", periods=18, freq="MS"))
        ]
    )  # fmt: skip
    review = choose(review_all(months, engagement=engagement))
    ledger = Ledger(SAMPLE / "ledger.json")
    methods = compare_methods(review, months, engagement=engagement, ledger=ledger)
    attacks = attack_effect(review, months, engagement=engagement)
    report = Report(engagement, "04_roi_review")
    return {
        "section": roi_causal.methods_section(report, methods),
        "chart": roi_causal.methods_chart(report, methods),
        "table": roi_causal.methods_table(report, methods),
        "path": roi_causal.path_chart(report, methods),
        "finding": roi_causal.methods_finding(report, methods),
        "test": roi_causal.randomised_finding(report, methods),
        "red": roi_placebos.red_section(report, attacks),
        "red_chart": roi_placebos.red_chart(report, attacks),
        "red_table": roi_placebos.red_table(report, attacks, methods),
        "red_finding": roi_placebos.red_finding(report, attacks),
    }


def text(block, language="en"):
    plain = re.sub(r"<svg.*?</svg>", " ", block.html[language], flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", plain))


def test_every_block_is_said_in_both_languages(pages):
    for block in pages.values():
        for language in ("en", "zh-Hant-HK"):
            assert text(block, language).strip()
            assert "{" not in text(block, language)


def test_the_methods_agree_and_the_test_stands_apart(pages):
    assert "agree with +2.0 pp" in text(pages["section"])
    assert "Randomised test of one action" in text(pages["table"])
    assert "evidence of grade A for that action, not for the package" in text(pages["test"])
    assert "sales (+" in text(pages["path"])


def test_the_red_team_page_counts_dates_and_stores(pages):
    assert "of 126 made-up groups show as much as +2.0 pp" in text(pages["red"])
    assert "7 made-up start dates" in text(pages["red_chart"])
    assert "chance alone is an unlikely explanation" in text(pages["red_finding"])
    assert text(pages["red_table"]).count("stood") >= 4


def test_nothing_is_shown_where_nothing_was_compared():
    report = Report(load_engagement(SAMPLE), "04_roi_review")
    for make in (
        roi_causal.methods_section, roi_causal.methods_chart, roi_causal.methods_table,
        roi_causal.path_chart, roi_causal.methods_finding, roi_causal.randomised_finding,
        roi_placebos.red_section, roi_placebos.red_chart, roi_placebos.red_finding,
    ):  # fmt: skip
        assert make(report, None).html["en"] == ""
    assert roi_placebos.red_table(report, None, None).html["en"] == ""
