"""`cx code` end to end on a copy of the sample: out, filled in, back, in the report."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from cxlib.data import coding_sheet
from cxlib.data.comments import scored_comments
from cxlib.data.intake import read_table
from cxlib.engagement import load_engagement
from cxlib.measures.voice.coder import ThemeCoder
from cxlib.measures.voice.sentiment import learn_from_comments
from cxlib.measures.voice.study import engagement_taxonomy
from cxlib.measures.voice.tone import comment_tone
from cxlib.report import voice_quality
from cxlib.report.report import Report
from cxlib.run.coding import export_sheet, import_sheet
from cxlib.run.workbook import open_tables

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
CODED = 300
TURNED = 10
DROPPED = 4


@pytest.fixture(scope="module")
def coded(tmp_path_factory):
    """Two coders code 300 comments: tone by the score beside it, themes by the list.

    The first drops one theme of every fourth comment, so that the list's precision falls short of
    1; the second turns every tenth tone.
    """
    folder = tmp_path_factory.mktemp("coded") / "client"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("ledger.json"))
    engagement = load_engagement(folder)
    answers = open_tables(engagement, ["answers"])["answers"]
    window = engagement.baseline.window("answered_at")
    comments = scored_comments(answers, **window, seed=engagement.seed)
    csat = comments.set_index("answer_id")["csat"]
    words = comments.set_index("answer_id")["comment"]
    themes_of = ThemeCoder(engagement_taxonomy(engagement)).themes_of
    dropped = given = 0
    for coder in ("A", "B"):
        path, _ = export_sheet(folder, n=CODED, coder=coder)
        frame = read_table(path, table_name="coding", sheet=coding_sheet.SHEET).frame
        low = csat.loc[frame["id"]].to_numpy(dtype=float) <= 2
        if coder == "B":
            low = np.where(np.arange(CODED) % TURNED == 0, ~low, low)
        frame["sentiment"] = np.where(low, "negative", "positive")
        cells = []
        for k, name in enumerate(frame["id"]):
            found = sorted(themes_of(str(words.loc[name])))
            cut = found[1:] if k % DROPPED == 0 else found
            given, dropped = given + len(found), dropped + len(found) - len(cut)
            cells.append(";".join(cut))
        frame["themes"] = cells
        path.unlink()
        back = folder / f"coding_{coder}.csv"
        frame.to_csv(back, index=False)
        import_sheet(back)
    codes = coding_sheet.read_codes(folder)
    scorer = learn_from_comments(comments, seed=engagement.seed)
    tone = comment_tone(comments, scorer, codes=codes, **engagement.precision)
    return engagement, tone, (given - dropped) / given


def words_of(block, language):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", block.html[language]))


def test_the_correction_rests_on_the_clients_codes(coded):
    _, tone, _ = coded
    assert tone.standard == "coded"
    assert tone.coding.n_coded == CODED
    assert tone.coding.n_disputed == CODED / TURNED
    found = tone.coding.negative
    assert tone.overall.share.sensitivity.value == found.recall.value
    assert tone.overall.share.specificity.n_obs == found.left_alone.n_obs


def test_precision_and_recall_of_themes_are_those_the_coders_made(coded):
    """Every theme they gave is the list's own: recall 1; precision is what they did not drop."""
    engagement, tone, kept = coded
    coder = ThemeCoder(engagement_taxonomy(engagement))
    check = tone.theme_check(coder.themes_of)
    assert check.recall.value == 1
    assert check.precision.value == pytest.approx(kept)
    assert check.kappa.value == pytest.approx(1)
    assert (check.n_texts, check.n_coders, check.missed) == (CODED, 2, "")


def test_the_block_quotes_the_clients_own_figures_in_both_languages(coded):
    engagement, tone, kept = coded
    block = voice_quality.coding_block(Report(engagement, "01_diagnosis"), tone)
    assert f"{CODED} comments were coded by 2 people" in words_of(block, "en")
    assert f"{kept:.1%}".rstrip("%") in words_of(block, "en")
    assert "misses none of the coded ones" in words_of(block, "en")
    assert f"2 人為 {CODED} 則意見編了主題" in words_of(block, "zh-Hant-HK")
    assert "cx code export" not in words_of(block, "en")
