# ruff: noqa: E501  (a case stands on its line)
"""cxlib.measures.voice from comments to shares, phrases and quotations, and odd texts."""

import datetime as dt
import random

import numpy as np
import pandas as pd
import pytest

from cxlib.data.simulate.text import write_comment
from cxlib.data.source import duckdb_source
from cxlib.data.texts import text_batches
from cxlib.errors import DataError, InputError
from cxlib.measures.voice.intake import IntakeCounts, read_voices
from cxlib.measures.voice.listen import listen, variety_counts
from cxlib.measures.voice.normalise import fold
from cxlib.measures.voice.phrases import (
    PhraseCounts,
    distinctive_phrases,
    log_odds,
    unclassified_phrases,
)
from cxlib.measures.voice.prevalence import (
    clustered_share,
    coverage,
    theme_places,
    theme_readings,
)
from cxlib.measures.voice.quotes import approved_quotes, fits, write_candidates
from cxlib.measures.voice.reading import Plan
from cxlib.measures.voice.taxonomy import base_taxonomy
from cxlib.measures.voice.workers import readers
from cxlib.stats.proportions import proportion

START, END = dt.date(2025, 7, 1), dt.date(2026, 1, 1)
BASE = base_taxonomy()


def answers(texts, **columns):
    n = len(texts)
    frame = {
        "answer_id": [f"A{k:05d}" for k in range(n)],
        "customer_id": [f"C{k}" for k in range(n)],
        "touchpoint": ["store_visit"] * n,
        "answered_at": [pd.Timestamp(2025, 7, 1) + pd.Timedelta(hours=k % 4000) for k in range(n)],
        "nps": [5] * n, "csat": [2] * n, "comment": texts, **columns,
    }  # fmt: skip
    return {"answers": duckdb_source(pd.DataFrame(frame), table="answers")}


def heard(tables, **options):
    return listen(tables, taxonomy=BASE, start=START, end=END, **options)


ODD = [
    "", " ", "\t\n", "a", "好", "。", "😡", "x" * 100_000, "好差" * 50_000, "<script>alert(1)</script>",
    "<b>好</b>&amp;", '=HYPERLINK("http://x")', "+1+cmd|' /C calc'!A0", "@SUM(A1)", "\u202eevil\u202c",
    "\x00\x07\x1b[31m", "\ud83d".encode("utf-8", "replace").decode(), "İstanbul ǅ ﬁ", "\ue000\uf8ff",
    "𡁻" * 30, "1" * 5000, "a@" * 3000, "(" * 3000, "先生" * 3000, "12樓" * 2000, "-" * 5000,
]  # fmt: skip


def test_odd_texts_are_data_and_never_a_crash():
    voice = heard(answers(ODD))
    assert voice.counts.read["answers"] == len(ODD)
    assert voice.n + voice.counts.empty == len(ODD)
    assert voice.quotes == ()


def test_batches_hold_every_row_once_in_order_whatever_their_size():
    tables = answers([f"text {k}" for k in range(500)])
    for size in (1, 7, 100, 10_000):
        rows = [
            row
            for batch in text_batches(
                tables["answers"], text="comment", row_id="answer_id", date="answered_at",
                start=START, end=END, size=size,
            )
            for row in batch["row_id"]
        ]  # fmt: skip
        assert rows == [f"A{k:05d}" for k in range(500)]
    with pytest.raises(InputError, match="size must be 1 or more, got 0"):
        next(text_batches(tables["answers"], text="comment", row_id="answer_id",
                          date="answered_at", start=START, end=END, size=0))  # fmt: skip


def test_results_do_not_depend_on_the_size_of_batches():
    rng = np.random.default_rng(3)
    texts = [write_comment("delivery", "negative", "yue", rng) for _ in range(300)]
    one, many = heard(answers(texts)), heard(answers(texts), size=17)
    assert (one.themes == many.themes).all()
    assert one.quotes == many.quotes
    assert one.phrases.every == many.phrases.every


def test_copies_by_the_same_customer_and_in_public_are_counted_once():
    """Worked by hand: a repeat by one customer, the same words by two customers, short words."""
    long = "等咗三個鐘都冇人理我真係好離譜下次唔會再嚟你哋間舖頭"
    tables = answers([long, long, long, "好好", "好好"], customer_id=["a", "a", "b", "a", "a"])
    assert heard(tables).counts.copies == 1
    posts = pd.DataFrame({
        "mention_id": ["1", "2", "3", "4"], "stars": [5, 5, 5, 5], "source": ["google"] * 4,
        "posted_on": [dt.date(2025, 7, d) for d in (1, 2, 3, 4)],
        "text": [
            "開戶用我個推薦碼 ABC123 可以即刻攞到三百蚊現金回贈仲有好多禮物送畀大家快啲用啦多謝大家支持呀",
            "開戶用我個推薦碼 XYZ789 可以即刻攞到三百蚊現金回贈仲有好多禮物送畀大家快啲用啦多謝大家支持呀",
            "沙田分店職員態度親切而且解釋得非常清楚令我們很快就選到合適的家具下次一定會再來光顧你們的",
            "delivery was late and nobody called",
        ],
    })  # fmt: skip
    counts = heard({"mentions": duckdb_source(posts, table="mentions")}).counts
    assert (counts.copies, counts.near_copies, counts.n_kept) == (0, 1, 3)


def test_a_record_keeps_the_native_score_and_no_name():
    tables = answers(["多謝陳小姐幫手"], nps=[None], csat=[4])
    with readers(Plan(taxonomy=BASE, blame=None), n=1) as run:
        batches = read_voices(tables, start=START, end=END, run=run, counts=IntakeCounts())
        record = next(iter(batches)).iloc[0]
    assert (record.origin, record.row_id, record.scale, record.score) == (
        "answers",
        "A00000",
        "csat",
        4,
    )
    assert record.text == "多謝[name]小姐幫手"


def test_a_share_of_single_comments_is_wilsons():
    """stats.proportions.proportion on the same counts: all people write once."""
    flags = np.array([True] * 30 + [False] * 170)
    found = clustered_share(flags, np.arange(200))
    known = proportion(30, 200)
    assert found.value == known.value
    # K/(K-1) makes the effective number 199, not 200
    assert found.ci_lower == pytest.approx(known.ci_lower, abs=3e-4)
    assert found.ci_upper == pytest.approx(known.ci_upper, abs=3e-4)


def test_intervals_cover_when_people_write_several_comments():
    """2,000 samples of 100 people with 1 to 6 comments, half of a person's alike: 95 % ± 1.5."""
    rng, hits = np.random.default_rng(5), 0
    for _ in range(2000):
        wrote = rng.integers(1, 7, 100)
        people = np.repeat(np.arange(100), wrote)
        own = np.repeat(rng.random(100) < 0.2, wrote)
        flags = np.where(rng.random(people.size) < 0.6, own, rng.random(people.size) < 0.2)
        found = clustered_share(flags, people)
        hits += found.ci_lower <= 0.2 <= found.ci_upper
    assert 0.935 <= hits / 2000 <= 0.965


def planted(seed, n=600):
    rng = np.random.default_rng(seed)
    points = rng.choice(["enquiry_chat", "delivery", "assembly"], n, p=[0.4, 0.4, 0.2])
    tones = np.where(rng.random(n) < 0.5, "negative", "positive")
    registers = rng.choice(["zh", "yue", "en", "mix"], n)
    texts = [write_comment(p, t, r, rng) for p, t, r in zip(points, tones, registers, strict=True)]
    low = tones == "negative"
    return answers(
        texts, touchpoint=list(points), nps=[3 if x else 10 for x in low],
        csat=[1 if x else 5 for x in low],
    )  # fmt: skip


def test_the_themes_planted_at_touchpoints_are_found_in_every_seed():
    """Hit rates over 8 seeds: each touchpoint's own theme is the most named there."""
    wanted = {
        "enquiry_chat": {"reply_wait", "full_answer"},
        "delivery": {"delivery_time", "damage_parts"},
        "assembly": {"assembly_work"},
    }
    hits = 0
    for seed in range(8):
        places = theme_places(heard(planted(seed)))
        for point, themes in wanted.items():
            here = [p for p in places if p.touchpoint == point]
            hits += max(here, key=lambda p: p.share.value).theme in themes
    assert hits / 24 >= 0.95


def test_blame_is_told_by_cues_or_by_the_judge_given():
    tables = answers(["職員態度差", "職員態度親切"] * 40)
    by_cue = {r.theme: r for r in theme_readings(heard(tables))}["staff_attitude"]
    assert by_cue.negative is None  # cues alone are no sentiment

    def judge(texts):
        return np.array([0.9 if "差" in text else 0.1 for text in texts])

    judged = {r.theme: r for r in theme_readings(heard(tables, blame=judge))}["staff_attitude"]
    assert judged.negative.value == 0.5
    assert judged.blamed.value == 0.5


def test_small_touchpoints_are_hidden_and_never_one_alone():
    """20 comments are under 30; the next smallest is hidden too, so no difference tells."""
    points = ["a"] * 20 + ["b"] * 40 + ["c"] * 90
    places = theme_places(heard(answers(["態度差"] * 150, touchpoint=points)))
    shown = {p.touchpoint for p in places if p.share is not None}
    assert shown == {"c"}


def test_log_odds_of_the_paper_by_hand():
    """Monroe et al. (2008), eq. 16, 20, 22 with y 20 and 5 of 100, prior 1 of 10:
    ln(21/89) - ln(6/104) = 1.40852; over sqrt(1/21 + 1/6) = 0.46291: 3.0428, by hand."""
    d, z = log_odds(20, 100, 5, 100, prior=1, prior_total=10)
    assert d == pytest.approx(1.40852, abs=1e-5)
    assert z == pytest.approx(3.0428, abs=1e-3)
    with pytest.raises(InputError, match="0 < prior < prior_total"):
        log_odds(1, 10, 1, 10, prior=0, prior_total=1)


def counted(texts, low):
    counts = PhraseCounts()
    low = np.array(low)
    counts.add([fold(t) for t in texts], texts, detractor=low, promoter=~low,
               open_=np.ones(len(texts), dtype=bool))  # fmt: skip
    return counts


def test_a_theme_the_list_lacks_surfaces_in_phrases():
    """Planted: detractors write about parking, which no theme knows."""
    rng = np.random.default_rng(1)
    texts = [write_comment("assembly", "positive", "yue", rng) for _ in range(200)]
    texts += [f"停車場好難泊，兜咗{k}個圈都冇位" for k in range(3, 43)]
    voice = heard(answers(texts, nps=[10] * 200 + [2] * 40))
    phrases = [item for item in distinctive_phrases(voice.phrases) if item.of == "detractors"]
    assert any("停车场" in p.phrase or "停車場" in p.phrase for p in phrases)
    assert max(p.unclassified for p in phrases) == 1
    assert any("停車場" in words for words, _ in unclassified_phrases(voice.phrases))
    assert coverage(voice).value >= 40 / 240


def test_alike_groups_show_no_distinctive_phrase():
    """Random labels on the same comments, 40 draws: a find in at most 5 % ± 5."""
    rng, alarms = np.random.default_rng(2), 0
    texts = [write_comment("delivery", "negative", "zh", rng) for _ in range(200)]
    for _ in range(40):
        alarms += bool(distinctive_phrases(counted(texts, rng.random(200) < 0.4)))
    assert alarms <= 4


def test_quotations_need_a_tick_for_the_words_as_they_are(tmp_path):
    def judge(texts):
        return np.array([0.9 if "慢" in text else 0.1 for text in texts])

    texts = ["查詢之後回覆真係好慢，等到我唔想等。", "查詢之後好快有回覆，仲答得好清楚呀。"]
    tables = answers(texts, nps=[2, 10], csat=[1, 5])
    voice = heard(tables, blame=judge)
    assert {(q.theme, q.tone) for q in voice.quotes} >= {("reply_wait", "blame")}
    file = tmp_path / "internal" / "quotes.csv"
    write_candidates(file, voice.quotes)
    assert approved_quotes(file, voice.quotes) == ()
    ticked = file.read_text(encoding="utf-8-sig").replace(f"{texts[0]},,", f"{texts[0]},x,")
    file.write_text(ticked, encoding="utf-8-sig")
    assert [q.text for q in approved_quotes(file, voice.quotes)] == [texts[0]]
    write_candidates(file, voice.quotes)
    assert file.read_text(encoding="utf-8-sig") == ticked
    changed = heard(answers([texts[0] + "！", texts[1]], nps=[2, 10], csat=[1, 5]), blame=judge)
    assert approved_quotes(file, changed.quotes) == ()
    file.write_text(ticked.replace(",x,", ",perhaps,"), encoding="utf-8-sig")
    with pytest.raises(
        DataError, match="found 'perhaps'; a tick is x, or nothing; write x to approve"
    ):
        approved_quotes(file, voice.quotes)


def test_words_are_never_quoted_where_score_and_words_disagree():
    irony = ["多謝晒你哋咁快嘅回覆，等咗三日啫。"]
    voice = heard(answers(irony, nps=[0], csat=[1]), blame=lambda t: np.full(len(t), 0.1))
    assert voice.quotes == ()


@pytest.mark.parametrize(
    "text",
    ["太短", "x" * 71, "請打 [phone] 搵我跟進件事啦唔該", "<b>very slow reply here</b>",
     "=cmd|' /C calc'!A0 hello", "see https://example.com for it", "😡" * 20],
)  # fmt: skip
def test_words_that_do_not_fit_are_not_quoted(text):
    assert not fits(text)


def test_contact_notes_are_heard_and_varieties_counted():
    notes = pd.DataFrame({
        "case_id": ["1"], "customer_id": ["C1"], "opened_at": [pd.Timestamp(2025, 8, 1)],
        "note": ["客人話退款拖咗十日"],
    })  # fmt: skip
    voice = heard({"cases": duckdb_source(notes, table="cases")})
    assert voice.names("follow_up").tolist() == [True]
    assert variety_counts(voice) == {"yue": 1}


def test_planted_identifiers_reach_neither_phrases_nor_quotations():
    rng = random.Random(4)  # noqa: S311 - test data
    numbers = [f"{rng.randint(5000, 9999)} {rng.randint(1000, 9999)}" for _ in range(40)]
    voice = heard(answers([f"回覆好慢，打 {number} 都冇人聽" for number in numbers]))
    seen = " ".join([*voice.phrases.written.values(), *voice.phrases.every,
                     *(quote.text for quote in voice.quotes)])  # fmt: skip
    assert not any(number in seen for number in numbers)
    assert voice.counts.redacted["phone"] == 40
