"""cxlib.measures.voice.theme_check, trends and stopwords: correction, trend, phrases that help."""

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from cxlib.measures.voice.normalise import fold
from cxlib.measures.voice.phrases import PhraseCounts, distinctive_phrases
from cxlib.measures.voice.prevalence import Place
from cxlib.measures.voice.stopwords import bare_words, listed, stop_words
from cxlib.measures.voice.theme_check import (
    check_themes,
    coded_themes,
    correct_themes,
    theme_hits,
)
from cxlib.measures.voice.trends import leading_places, place_trends
from cxlib.stats.estimate import Estimate
from cxlib.stats.misclassification import Hits, errors_changed


def codes_of(*rows):
    return pd.DataFrame(rows, columns=["id", "coder", "themes"])


def voice_of(flags, people=None, **more):
    """A voice of one theme."""
    flags = np.asarray(flags, dtype=bool)
    people = np.arange(flags.size) if people is None else np.asarray(people)
    return SimpleNamespace(
        n=flags.size, people=people, theme_ids=("slow",), names=lambda _: flags,
        blames=lambda _: flags, has_sentiment=True, **more,
    )  # fmt: skip


def test_hits_of_a_theme_by_hand_leave_out_what_coders_dispute():
    """a: both say slow, list says so. b: disputed. c: A alone, none; list says slow. d: missed."""
    codes = codes_of(
        ("a", "A", "slow"), ("a", "B", "slow;rude"), ("b", "A", "slow"), ("b", "B", ""),
        ("c", "A", ""), ("d", "A", "slow"), ("x", "A", "slow"), ("a", "C", ""),
    )  # fmt: skip
    sets = coded_themes(codes, dict.fromkeys("abcd", ""))
    assert set(sets) == set("abcd")
    assert set(sets["a"]) == {"A", "B"}  # C gave no theme at all: coded none
    called = {"a": {"slow"}, "b": {"slow"}, "c": {"slow"}, "d": set()}
    hits = theme_hits(sets, {name: frozenset(found) for name, found in called.items()})
    assert hits["slow"] == (Hits(right=1, n_obs=2), Hits(right=0, n_obs=1))
    assert hits["rude"] == (Hits(right=0, n_obs=0), Hits(right=3, n_obs=3))


def test_the_golden_case_corrects_the_share_of_a_theme():
    """555 of 1,000 as read, found 80 of 100, left alone 90 of 100: (0.555 - 0.1) / 0.7 = 0.65."""
    texts = {f"t{k}": "slow" if k < 80 or 100 <= k < 110 else "fine" for k in range(200)}
    codes = codes_of(*[(f"t{k}", "A", "slow" if k < 100 else "") for k in range(200)])
    voice = voice_of(np.arange(1000) < 555)
    found = correct_themes(voice, codes, texts, themes_of=lambda text: frozenset({text} & {"slow"}))
    share = found.shares["slow"]
    assert (found.n_texts, found.n_coders, found.n_corrected) == (200, 1, 1)
    assert share.corrected.value == pytest.approx(0.65)
    assert share.apparent.value == 0.555
    assert share.corrected.ci_lower < 0.65 < share.corrected.ci_upper
    assert share.corrected.n_obs == 1000


def test_a_theme_coded_in_fewer_than_ten_comments_stays_as_read():
    texts = {f"t{k}": "slow" for k in range(9)} | {f"u{k}": "fine" for k in range(100)}
    codes = codes_of(*[(name, "A", "slow" if name[0] == "t" else "") for name in texts])
    found = correct_themes(
        voice_of([True, False] * 50), codes, texts,
        themes_of=lambda text: frozenset({text} & {"slow"}),
    )  # fmt: skip
    assert found.shares["slow"].corrected is None
    assert found.shares["slow"].reason == "too_few_coded"
    assert found.n_corrected == 0


def test_nobody_coded_themes_is_none():
    voice = voice_of([True, False])
    for codes in (None, codes_of(("a", "A", "")), codes_of(("z", "A", "slow"))):
        assert correct_themes(voice, codes, {"a": ""}, themes_of=lambda _: frozenset()) is None
    assert (
        check_themes(codes_of(("a", "A", "")), {"a": ""}, themes_of=lambda _: frozenset()) is None
    )


def test_the_corrected_share_covers_the_planted_one_where_the_raw_one_does_not():
    """Planted 20 %; the list finds 70 % and wrongly gives 5 %: 18 % as read. A person writes one
    to three texts on the same subject. 200 texts coded at random, 300 seeded draws."""
    rng, hits = np.random.default_rng(78), np.zeros(2)
    for _ in range(300):
        people = np.repeat(np.arange(1500), rng.integers(1, 4, 1500))
        true = (rng.random(1500) < 0.2)[people]
        read = np.where(true, rng.random(people.size) < 0.7, rng.random(people.size) < 0.05)
        coded = rng.permutation(people.size)[:200]
        texts = {str(k): "slow" if read[k] else "" for k in coded}
        codes = codes_of(*[(str(k), "A", "slow" if true[k] else "") for k in coded])
        found = correct_themes(
            voice_of(read, people), codes, texts,
            themes_of=lambda text: frozenset({text} & {"slow"}),
        ).shares["slow"]  # fmt: skip
        for k, each in enumerate((found.corrected, found.apparent)):
            hits[k] += each.ci_lower <= 0.2 <= each.ci_upper
    assert hits[0] / 300 > 0.92
    assert hits[1] / 300 < 0.6


def estimate(value):
    return Estimate(value=value, ci_lower=0, ci_upper=1, n_obs=100, unit="share", method="",
                    confidence_level=0.95)  # fmt: skip


def place(point, theme, share, blamed, n=100):
    return Place(
        touchpoint=point, theme=theme, n_comments=n, share=estimate(share), negative=None,
        blamed=None if blamed is None else estimate(blamed),
    )  # fmt: skip


def test_the_pairs_with_most_complaints_lead_and_without_sentiment_those_named_most():
    judged = [place("a", "x", 0.9, 0.1), place("a", "y", 0.2, 0.2), place("b", "x", 0.9, 0.0)]
    assert [p.theme for p in leading_places(judged)] == ["y", "x"]
    plain = [place("a", "x", 0.1, None), place("b", "x", 0.2, None)]
    assert [p.touchpoint for p in leading_places(plain, most=1)] == ["b"]


def halves(rng, low, high, n=400):
    days = np.datetime64("2025-07-01") + rng.integers(0, 184, n).astype("timedelta64[D]")
    late = days >= np.datetime64("2025-10-01")
    return voice_of(
        rng.random(n) < np.where(late, high, low), days=days, touchpoints=np.full(n, "chat")
    )


def test_a_planted_rise_is_found_and_no_rise_is_rarely_said():
    """10 to 30 %: found in all of 20 draws; 20 to 20 %: said in at most 5 % ± 3.5 of 200."""
    rng = np.random.default_rng(9)
    pair = [place("chat", "slow", 0.2, 0.2)]
    middle = dt.date(2025, 10, 1)
    for _ in range(20):
        [found] = place_trends(halves(rng, 0.1, 0.3), pair, middle=middle)
        assert found.is_clear
        assert found.change.value > 0
    said = sum(place_trends(halves(rng, 0.2, 0.2), pair, middle=middle)[0].is_clear
               for _ in range(200))  # fmt: skip
    assert said <= 17


def test_a_half_with_too_few_comments_has_no_trend():
    rng = np.random.default_rng(3)
    pair = [place("chat", "slow", 0.2, 0.2)]
    assert place_trends(halves(rng, 0.1, 0.3, n=50), pair, middle=dt.date(2025, 10, 1)) == ()
    assert place_trends(halves(rng, 0.1, 0.3), pair, middle=dt.date(2026, 1, 1)) == ()


def counts_of(low, high):
    counts = PhraseCounts()
    texts = [*low, *high]
    flags = np.arange(len(texts)) < len(low)
    counts.add([fold(t) for t in texts], texts, detractor=flags, promoter=~flags,
               open_=np.zeros(len(texts), dtype=bool))  # fmt: skip
    return counts


def test_words_that_say_nothing_never_stand_alone_but_denials_keep_their_object():
    """not, was, 沒有 and verdicts alone are gone; what they are about is there, denial included."""
    low = [
        "I was not happy, refund was not processed",
        "真係好失望，沒有發票",
        "冇發票，唔該跟進",
    ] * 20
    high = ["The team was great and delivery was quick", "真係好好，師傅準時"] * 30
    found = {item.phrase for item in distinctive_phrases(counts_of(low, high), most=40)}
    assert not found & {"not", "was", "沒有", "冇", "失望", "好失望", "真係", "happy", "not happy"}
    assert any("發票" in phrase for phrase in found)
    assert any("refund" in phrase for phrase in found)
    counts = counts_of(["沒有發票"], ["not delivered"])
    assert "没有发票" in counts.every
    assert "not delivered" in counts.every
    assert not {"not", "没有"} & set(counts.every)


def test_the_lists_of_words_are_folded_and_do_not_contradict():
    assert not listed("denial") & stop_words()
    assert {"not", "was", "没有", "嘅", "失望"} <= bare_words()
    assert "bill" not in stop_words()
    assert all(word == fold(word) for word in bare_words())


def test_a_longer_phrase_in_nearly_as_many_comments_stands_for_the_shorter():
    """Three words at most; of those in 25 of 27 comments the longest is shown, its parts not."""
    low = ["電視櫃門刮花"] * 25 + ["電視櫃門鬆咗"] * 2
    found = distinctive_phrases(counts_of(low, ["師傅好準時"] * 60))
    assert [i.phrase for i in found if i.of == "detractors"] == ["電視櫃門刮"]


def test_errors_that_change_are_told_and_too_few_are_not_tested():
    """45 of 50 against 30 of 50: twice the sum over tables no likelier than this one."""
    same = Hits(right=40, n_obs=50)
    found = errors_changed((Hits(right=45, n_obs=50), same), (Hits(right=30, n_obs=50), same))
    assert found == pytest.approx(2 * fisher(45, 50, 30, 50), rel=1e-9)
    assert errors_changed((same, same), (same, same)) == 1
    assert errors_changed((Hits(right=9, n_obs=9), same), (same, same)) is None


def fisher(a, n, b, m):
    """Two-sided by the definition: probabilities no larger than that of the table seen."""
    from math import comb

    total = a + b
    weights = [comb(n, k) * comb(m, total - k) for k in range(max(0, total - m), min(n, total) + 1)]
    seen = comb(n, a) * comb(m, b)
    return sum(w for w in weights if w <= seen) / comb(n + m, total)
