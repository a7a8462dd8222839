"""cxlib.measures.voice.sentiment and cues: probes, cross-validation, refusal, hostile text."""

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.data.comments import scored_comments
from cxlib.data.simulate.text import write_comment
from cxlib.data.source import duckdb_source
from cxlib.errors import InputError
from cxlib.measures.voice import sentiment
from cxlib.measures.voice.cues import cue_scores, folded
from cxlib.measures.voice.own_texts import labelled_texts, starter_texts
from cxlib.measures.voice.sentiment import learn_from_comments, learn_sentiment, tone_codes
from cxlib.measures.voice.starter import starter_model
from cxlib.measures.voice.unseen import unseen_blame

HOSTILE = (
    "", " ", "a", "好", "好" * 100_000, "<script>alert('x')</script>", "\u202eabc\u202c מצוין",
    "\x00\x01\x1b[31m", "\ud800", "=cmd|' /C calc'!A0", "👨‍👩‍👧‍👦", "\ue5f5\U00020000", "。。。",
    "\n\n",
)  # fmt: skip


def probes():
    path = Path(__file__).with_name("probes.csv")
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    return [row["text"] for row in rows], np.array([row["tone"] == "negative" for row in rows])


def comments(n=600, *, seed=1, truthful=1.0):
    """Comments of the sample's phrases; a share of the scores follows the tone, others do not."""
    rng = np.random.default_rng(seed)
    places = ("delivery", "enquiry_chat", "store_visit", "assembly")
    tones = rng.choice(["negative", "positive"], size=n)
    registers = rng.choice(["yue", "zh", "en", "mix"], size=n)
    texts = [
        write_comment(str(rng.choice(places)), str(tone), str(register), rng)
        for tone, register in zip(tones, registers, strict=True)
    ]
    heard = rng.random(n) < truthful
    said = np.where(heard, tones, rng.choice(["negative", "positive"], size=n))
    scores = np.where(said == "negative", rng.integers(1, 3, n), rng.integers(4, 6, n))
    people = [f"C{k}" for k in rng.integers(0, n // 2, n)]
    return texts, [float(score) for score in scores], people


@pytest.fixture(scope="module")
def learned():
    return learn_sentiment(*comments(), label="csat", seed=7)


def test_the_word_list_reads_nine_of_ten_probes():
    """Own short probes with negation, idioms, irony and contrast; one author with the list."""
    texts, negative = probes()
    assert len(texts) >= 77
    scores = cue_scores([folded(text) for text in texts])
    right = ((scores < 0) == negative) & (scores != 0)
    wrong = [text for text, ok in zip(texts, right, strict=True) if not ok]
    assert right.sum() >= 70, wrong


def test_the_learned_scorer_reads_nine_of_ten_probes(learned):
    texts, negative = probes()
    assert np.mean(learned.is_negative(texts) == negative) >= 0.9


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("真係冇得彈", 1), ("無得輸", 1), ("唔該", 0), ("冇彈性", 0), ("不太滿意", -1), ("滿意", 1),
        ("not bad", 1), ("badminton", 0), ("店員好好，但係等咗好耐", -1), ("差唔多一樣", 0),
        ("貴公司", 0), ("好貴", -1), ("👍", 1), ("😡", -1), ("冇得顶", 1),
    ],
)  # fmt: skip
def test_idioms_stand_before_the_words_in_them(text, sign):
    assert np.sign(cue_scores([folded(text)])[0]) == sign


def test_a_model_is_learned_and_checked_on_unseen_texts(learned):
    assert (learned.basis, learned.weakness, learned.n_scored) == ("own_scores", "", 600)
    assert learned.check.area.value > 0.95
    assert learned.check.found.n_obs + learned.check.left_alone.n_obs == 600


def test_the_area_is_scikit_learns_of_the_out_of_fold_chances(learned):
    from sklearn.metrics import roc_auc_score

    _, scores, _ = comments()
    negative = np.array(scores) <= 2
    assert learned.check.area.value == pytest.approx(roc_auc_score(negative, learned.outside))


def test_a_script_with_few_scored_comments_is_judged_by_the_starter_model_and_checked_apart():
    """600 Chinese comments teach nothing about 30 English ones: the starter reads those."""
    rng = np.random.default_rng(5)
    tones = ["negative", "positive"] * 300
    texts = [write_comment("delivery", tone, "yue", rng) for tone in tones]
    english = [write_comment("delivery", tone, "en", rng) for tone in tones[:30]]
    scores = [1.0 if tone == "negative" else 5.0 for tone in (*tones, *tones[:30])]
    people = [f"C{k}" for k in range(630)]
    found = learn_sentiment([*texts, *english], scores, people, label="csat", seed=3)
    by_script = {each.script: each for each in found.scripts}
    assert {name: (each.basis, each.n_scored) for name, each in by_script.items()} == {
        "chinese": ("own_scores", 600), "latin": ("starter", 30),
    }  # fmt: skip
    ready = [folded(text) for text in english]
    listed = starter_model().blame(ready, cue_scores(ready))
    assert found.blame(english) == pytest.approx(listed)
    assert found.outside[600:] == pytest.approx(listed)
    assert by_script["latin"].check.n_negative == 15
    parts = [each.check.found.n_obs for each in found.scripts]
    assert sum(parts) == found.check.found.n_obs


def test_scripts_too_few_each_leave_the_starter_model():
    """60 comments of either script with 9 complaints each, and emoji: nothing to learn from."""
    texts = [*["好慢"] * 9, *["好快"] * 51, *["slow"] * 9, *["fast"] * 51, "😡", "😡"]
    scores = [*[1.0] * 9, *[5.0] * 51, *[1.0] * 9, *[5.0] * 51, 1.0, 1.0]
    found = learn_sentiment(texts, scores, [None] * 122, label="csat", seed=3)
    assert (found.basis, found.weakness) == ("starter", "too_few")


def test_one_persons_texts_are_never_on_both_sides():
    """Everyone writes one phrase of his own: only his own other texts could give it away."""
    rng = np.random.default_rng(2)
    people = np.repeat(np.arange(200), 4)
    tone = rng.integers(0, 2, 200)[people]
    texts = [f"zq{person}x" for person in people]
    scores = [1.0 if bad else 5.0 for bad in tone]
    found = learn_sentiment(texts, scores, [str(p) for p in people], label="csat", seed=1)
    assert found.tried.value < 0.65
    groups, codes = sentiment._groups([str(p) for p in people]), tone_codes(scores, label="csat")
    folds = sentiment._fold_of(groups, codes, seed=1)
    assert all(len(set(folds[people == person])) == 1 for person in range(200))


def test_features_of_a_fold_come_from_its_own_texts_only():
    """Weights of a fit on some rows equal those of a reader that never saw the others."""
    from cxlib.measures.voice.features import Letters

    texts, scores, _ = comments(120)
    ready = [folded(text) for text in texts]
    cues = cue_scores(ready)
    bad = np.array(scores) <= 2
    rows = np.arange(80)
    part = Letters.read(ready).fit(rows, bad[:80], cues)
    alone = Letters.read(ready[:80]).fit(rows, bad[:80], cues[:80])
    assert part.predict(ready[80:], cues[80:]) == pytest.approx(
        alone.predict(ready[80:], cues[80:]), abs=1e-3
    )


def test_the_same_seed_gives_the_same_scorer(learned):
    again = learn_sentiment(*comments(), label="csat", seed=7)
    assert (again.outside == learned.outside).all()
    assert not (learn_sentiment(*comments(), label="csat", seed=8).outside == again.outside).all()


def test_scores_that_say_nothing_about_the_text_are_refused():
    """Random scores: the area is near 0.5, so the starter stands in; the figure is kept."""
    found = learn_sentiment(*comments(400, truthful=0.0), label="csat", seed=3)
    assert (found.basis, found.weakness) == ("starter", "too_weak")
    assert found.tried.value < 0.75


@pytest.mark.parametrize("n", [0, 1, 30, 99])
def test_too_few_scored_comments_fall_back_to_the_starter_model(n):
    texts, scores, people = comments()
    found = learn_sentiment(texts[:n], scores[:n], people[:n], label="csat", seed=3)
    assert (found.basis, found.weakness, found.n_scored) == ("starter", "too_few", n)
    assert found.is_negative(["頂唔順", "正呀"]).tolist() == [True, False]


def test_one_tone_only_cannot_be_learned_from():
    texts, _, people = comments(300)
    found = learn_sentiment(texts, [5.0] * 300, people, label="csat", seed=3)
    assert (found.basis, found.check) == ("starter", None)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_scored_like_any_other(learned, text):
    assert 0 <= learned.blame([text])[0] <= 1
    assert -1 <= cue_scores([folded(text)])[0] <= 1


def test_hostile_texts_can_be_learned_from():
    texts, scores, people = comments(300)
    texts[: len(HOSTILE)] = HOSTILE
    assert learn_sentiment(texts, scores, people, label="csat", seed=3).basis == "own_scores"


def test_nothing_to_score_is_no_crash(learned):
    assert learned.blame([]).shape == (0,)


def test_clauses_are_scored_each_for_itself(learned):
    whole = "師傅好準時，但係客服覆得好慢，等咗三日"
    assert learned.is_negative(whole.split("，")).tolist() == [False, True, True]


def test_bands_follow_the_scale():
    """CSAT 1-2 negative, 4-5 positive; NPS 0-6 and 9-10."""
    assert tone_codes([1, 2, 3, 4, 5, None], label="csat").tolist() == [-1, -1, 0, 1, 1, 2]
    assert tone_codes([0, 6, 7, 8, 9, 10], label="nps").tolist() == [-1, -1, 0, 0, 1, 1]


def test_nps_is_the_label_where_csat_is_not_asked():
    texts, scores, people = comments(300)
    frame = pd.DataFrame({"comment": texts, "customer_id": people, "csat": None})
    frame["nps"] = [2 * score for score in scores]
    found = learn_from_comments(frame, seed=1)
    assert (found.label, found.basis) == ("nps", "own_scores")


def test_unequal_lengths_are_refused():
    with pytest.raises(InputError) as caught:
        learn_sentiment(["a"], [], [], label="csat", seed=1)
    assert str(caught.value) == "texts, scores and people must be as many, got 1, 0 and 0"


def answers(n=50):
    return pd.DataFrame({
        "answer_id": [f"A{k:03}" for k in range(n)],
        "answered_at": pd.date_range("2025-07-01", periods=n, freq="D"),
        "comment": [None if k % 5 == 0 else f"c{k}" for k in range(n)],
        "csat": [k % 5 + 1 for k in range(n)],
    })  # fmt: skip


def test_comments_of_the_period_arrive_with_their_scores():
    """20 of 25 days have a comment; columns the client lacks are empty."""
    window = {"date": "answered_at", "start": dt.date(2025, 7, 1), "end": dt.date(2025, 7, 26)}
    found = scored_comments(duckdb_source(answers(), table="answers"), **window)
    assert len(found) == 20
    assert found["answer_id"].is_monotonic_increasing
    assert found["customer_id"].isna().all()


def test_a_limited_fetch_is_a_seeded_sample():
    source = duckdb_source(answers(), table="answers")
    window = {"date": "answered_at", "start": dt.date(2025, 7, 1), "end": dt.date(2026, 1, 1)}
    one, same, other = (
        set(scored_comments(source, **window, at_most=10, seed=seed)["answer_id"])
        for seed in (1, 1, 2)
    )
    assert one == same != other
    assert len(one) == 10


def test_a_client_without_comments_has_none():
    source = duckdb_source(answers().drop(columns="comment"), table="answers")
    window = {"date": "answered_at", "start": dt.date(2025, 7, 1), "end": dt.date(2026, 1, 1)}
    found = scored_comments(source, **window)
    assert found.empty
    assert learn_from_comments(found, seed=1).weakness == "too_few"


def test_runs_of_characters_are_counted_as_scikit_learn_counts_them():
    """Another implementation: CountVectorizer, on known, unknown, empty and doubled-blank texts."""
    from sklearn.feature_extraction.text import CountVectorizer

    from cxlib.measures.voice.features import Characters

    texts = ["回覆好慢", "slow  reply", "", "a", "ab", "𠵱家好😡", "好好好 no reply"]
    ours = Characters().fit(texts)
    theirs = CountVectorizer(analyzer="char", ngram_range=(1, 3), lowercase=False).fit(texts)
    for some in (texts, ["好慢 new", "", "zz"]):
        assert np.array_equal(ours.transform(some).toarray(), theirs.transform(some).toarray())
    assert ours.transform([]).shape == (0, len(theirs.vocabulary_))


def test_the_starter_model_beats_the_list_in_every_variety_on_texts_it_had_not_seen():
    """Counted on 2026-11-22 by 10 folds over the workbook's own comments."""
    model = starter_model()
    counts = {
        each.variety: (each.found.right, each.found_by_words.right, each.found.n_obs)
        for each in model.checks
    }
    assert counts == {
        "yue": (109, 84, 132), "zh-Hant": (105, 74, 129), "en": (98, 61, 130),
        "": (312, 219, 391),
    }  # fmt: skip
    assert all(each.is_better for each in model.checks)
    assert model.scripts == {"chinese", "latin"}
    tested = {text.text for text in labelled_texts("test")}
    assert tested & {text.text for text in starter_texts()} == {"尚可"}


def test_emoji_alone_are_read_by_the_list():
    assert learn_sentiment([], [], [], label="csat", seed=1).is_negative(["😡", "😍"]).tolist() == [
        True, False,
    ]  # fmt: skip


def test_comments_of_the_client_are_judged_by_models_that_did_not_see_their_writers(learned):
    """Whole comments get the very chances the tone table counts; others what the scorer says."""
    texts, _, _ = comments()
    judge = unseen_blame(learned, texts)
    by_text = pd.Series(learned.outside).groupby([folded(text) for text in texts]).mean()
    assert judge(list(by_text.index)) == pytest.approx(by_text.to_numpy(), abs=1e-6)
    strange = [folded("從來無人寫過嘅一句說話")]
    assert judge(strange) == pytest.approx(learned.blame_folded(strange))
    assert judge([]).shape == (0,)
