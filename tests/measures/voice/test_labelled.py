"""cxlib.measures.voice.labelled, tone and mentions: the test comments and corrected tone."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from cxlib.data.simulate.text import write_comment
from cxlib.errors import InputError
from cxlib.measures.voice.coder import ThemeCoder
from cxlib.measures.voice.labelled import quality_by_variety
from cxlib.measures.voice.mentions import mention_study
from cxlib.measures.voice.own_texts import labelled_texts
from cxlib.measures.voice.sentiment import learn_from_comments, learn_sentiment
from cxlib.measures.voice.taxonomy import base_taxonomy
from cxlib.measures.voice.tone import comment_tone
from cxlib.stats.misclassification import Hits


@pytest.fixture(scope="module")
def comments():
    """500 comments of the sample's phrases with the scores their tone leads to."""
    rng = np.random.default_rng(11)
    tones = rng.choice(["negative", "positive"], p=[0.3, 0.7], size=500)
    return pd.DataFrame({
        "answer_id": [f"A{k}" for k in range(500)],
        "customer_id": [f"C{k}" for k in range(500)],
        "comment": [write_comment("delivery", str(tone), "yue", rng) for tone in tones],
        "csat": np.where(tones == "negative", 1, 5), "nps": np.nan,
        "channel": np.where(np.arange(500) < 480, "online", "offline"),
    })  # fmt: skip


@pytest.fixture(scope="module")
def scorer(comments):
    return learn_from_comments(comments, seed=5)


def test_both_sets_are_balanced_and_use_known_themes():
    sizes = pd.Series([(text.part, text.variety) for text in labelled_texts()]).value_counts()
    assert sizes.to_dict() == {
        (part, variety): n
        for part, n in (("development", 130), ("test", 80))
        for variety in ("yue", "zh-Hant", "en")
    }
    known = {theme.id for theme in base_taxonomy()}
    assert (
        set().union(*(one | other for one, other in (text.themes for text in labelled_texts())))
        <= known
    )
    assert len({text.text for text in labelled_texts()}) == 629


def test_the_words_of_the_development_set_are_known_to_the_list():
    """The list was widened with these texts in view, so this says nothing about other texts."""
    coder = ThemeCoder(base_taxonomy())
    both = [
        (text.themes[0] & text.themes[1], coder.themes_of(text.text))
        for text in labelled_texts("development")
    ]
    hits = sum(len(wanted & found) for wanted, found in both)
    assert hits / sum(len(wanted) for wanted, _ in both) >= 0.93
    assert hits / sum(len(found) for _, found in both) >= 0.85


def test_only_the_test_set_is_reported_and_its_figures_are_those_of_the_day_it_was_opened():
    """Counted on 2026-11-22, once, after the freeze; starter model, no client's scores."""
    coder = ThemeCoder(base_taxonomy())
    starter = learn_sentiment([], [], [], label="csat", seed=1)
    *each, total = quality_by_variety(starter, themes_of=coder.themes_of)
    assert [one.n_obs for one in each] == [80, 80, 80]
    themes = total.themes
    assert (themes.n_wanted, themes.n_called, themes.n_both) == (240, 252, 201)
    assert [(row.tone, row.n_obs, row.n_called) for row in total.tones] == [
        ("negative", 144, 109), ("neutral", 28, 9), ("positive", 67, 11),
    ]  # fmt: skip
    assert total.micro_f1 == pytest.approx(2 * 201 / (240 + 252))
    assert [round(one.micro_f1, 3) for one in each] == [0.788, 0.805, 0.859]
    assert round(total.macro_f1, 3) == 0.817


def test_f1_over_themes_is_scikit_learns():
    """Another implementation, over the same table of texts and themes."""
    from sklearn.metrics import f1_score

    coder = ThemeCoder(base_taxonomy())
    texts = labelled_texts("test")
    wanted = [text.themes[0] & text.themes[1] for text in texts]
    found = [coder.themes_of(text.text) for text in texts]
    themes = sorted(set().union(*wanted))
    table = [[[theme in one for theme in themes] for one in side] for side in (wanted, found)]
    starter = learn_sentiment([], [], [], label="csat", seed=1)
    total = quality_by_variety(starter, themes_of=coder.themes_of)[-1]
    assert total.micro_f1 == pytest.approx(f1_score(*map(np.array, table), average="micro"))
    assert total.macro_f1 == pytest.approx(f1_score(*map(np.array, table), average="macro"))


def test_the_test_comments_are_no_phrases_the_sample_is_made_of():
    """What a model learned from must not test it."""
    from cxlib.data.simulate.complaints import COMPLAINTS
    from cxlib.data.simulate.praise import PRAISE

    phrases = {
        phrase
        for book in (COMPLAINTS, PRAISE)
        for registers in book.values()
        for listed in registers.values()
        for phrase in listed
    }
    assert not phrases & {text.text for text in labelled_texts()}


def test_quality_adds_up_over_varieties(scorer):
    *each, total = quality_by_variety(scorer)
    assert [one.variety for one in each] == ["yue", "zh-Hant", "en"]
    assert total.negative.n_both == sum(one.negative.n_both for one in each)
    assert total.kappa.value > 0.6
    assert (total.themes, total.micro_f1) == (None, None)
    assert sum(row.n_obs for row in total.tones) == total.negative.n_obs


def test_the_corrected_total_is_the_share_of_low_scores(comments, scorer):
    """Measured by the same scores, the correction is an identity: a check of the arithmetic."""
    tone = comment_tone(comments, scorer)
    assert tone.standard == "scores"
    assert tone.overall.share.corrected.value == pytest.approx((comments["csat"] <= 2).mean())


def test_each_group_is_corrected_by_its_own_errors():
    """A reader wrong only about lukewarm texts, of which one group has many, moves no group."""
    csat = [1.0] * 40 + [3.0] * 120 + [5.0] * 40 + [1.0] * 40 + [5.0] * 160
    frame = pd.DataFrame({
        "answer_id": [f"A{k}" for k in range(400)], "csat": csat, "nps": np.nan,
        "channel": ["online"] * 200 + ["offline"] * 200,
    })  # fmt: skip
    read = np.array([0.9 if score <= 3 else 0.1 for score in csat])
    scorer = replace(learn_sentiment([], [], [], label="csat", seed=1), outside=read)
    scorer = replace(
        scorer,
        check=SimpleNamespace(
            found=Hits(right=80, n_obs=80), left_alone=Hits(right=200, n_obs=320)
        ),
    )
    for codes in (None, codes_of(frame)):
        tone = comment_tone(frame, scorer, codes=codes)
        shares = [each.share.corrected.value for each in (tone.overall, *tone.groups)]
        assert shares == pytest.approx([0.2, 0.2, 0.2])


def test_a_group_of_which_too_few_were_checked_is_not_corrected(comments, scorer):
    codes = codes_of(comments.assign(channel="online"))
    both = comments.assign(channel=["online"] * 300 + ["offline"] * 200)
    tone = comment_tone(both, scorer, codes=codes.head(300))
    reasons = {each.group: each.share.reason for each in tone.groups}
    assert reasons == {"online": "", "offline": "too_few_coded"}


def codes_of(comments):
    return pd.DataFrame({
        "id": comments["answer_id"], "coder": "A",
        "sentiment": np.where(comments["csat"] <= 2, "negative", "positive"),
    })  # fmt: skip


def test_small_groups_are_hidden(comments, scorer):
    groups = {each.group: each for each in comment_tone(comments, scorer).groups}
    assert groups["offline"].share is None
    assert groups["online"].share.corrected is not None


def test_peoples_codes_take_the_place_of_scores_where_there_are_enough(comments, scorer):
    codes = pd.DataFrame({
        "id": comments["answer_id"][:200], "coder": "A",
        "sentiment": np.where(comments["csat"][:200] <= 2, "negative", "positive"),
    })  # fmt: skip
    tone = comment_tone(comments, scorer, codes=codes)
    assert (tone.standard, tone.coding.n_coded) == ("coded", 200)
    few = comment_tone(comments, scorer, codes=codes.head(8))
    assert (few.standard, few.coding.n_coded) == ("scores", 8)


def test_without_scores_nothing_is_corrected(comments):
    bare = comments.assign(csat=np.nan)
    tone = comment_tone(bare, learn_from_comments(bare, seed=5))
    assert (tone.standard, tone.overall.share.reason) == ("none", "too_few_coded")


def test_a_scorer_of_other_comments_is_refused(comments):
    with pytest.raises(InputError, match="must be learned from these 500 comments, it was from 0"):
        comment_tone(comments, learn_sentiment([], [], [], label="csat", seed=1))


def test_a_client_without_mentions_has_an_empty_study():
    study = mention_study({}, SimpleNamespace(), period=SimpleNamespace())
    assert (study.rates, study.stars, study.across) == ((), (), None)
