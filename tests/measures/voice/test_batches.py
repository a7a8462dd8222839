# ruff: noqa: E501, S106  (a case stands on its line; a pattern of words is no password)
"""Batches of texts give what texts give one by one, and what plain slow readings give."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from cxlib.measures.voice.coder import ThemeCoder
from cxlib.measures.voice.features import Words
from cxlib.measures.voice.normalise import clean, fold, fold_all
from cxlib.measures.voice.own_texts import labelled_texts, starter_texts
from cxlib.measures.voice.redact import Redactor
from cxlib.measures.voice.taxonomy import base_taxonomy

from .plain_coder import PlainCoder

ODD = ["", "。", "but", "\nbut ", "送貨" * 50 + "but", ".", "a\0b", "\n", "冇人跟進,"]


@pytest.fixture(scope="module")
def own():
    """All comments made up for the workbook, and odd ones."""
    return [clean(text.text) for text in (*labelled_texts(), *starter_texts())] + ODD


def test_themes_of_a_batch_are_those_of_the_plain_reading(own):
    """Another implementation: the coder as it was, one text and one hit at a time."""
    foldeds = [fold(text) for text in own]
    foldeds += [a + b for a, b in zip(foldeds, foldeds[300:], strict=False)]
    plain, coder = PlainCoder(base_taxonomy()), ThemeCoder(base_taxonomy())
    hits = coder.find_all(foldeds)
    columns = (hits.theme, hits.start, hits.end, hits.clause_start, hits.clause_end, hits.negative)
    found = list(zip(hits.text.tolist(), *(c.tolist() for c in columns), strict=True))
    wanted = [(k, *hit) for k, text in enumerate(foldeds) for hit in plain.find_folded(text)]
    assert len(wanted) > 2 * len(own)
    assert found == wanted
    assert [tuple(hit) for hit in coder.find_folded(foldeds[0])] == [
        tuple(hit) for hit in plain.find_folded(foldeds[0])
    ]


def test_folding_a_batch_is_folding_each(own):
    assert fold_all(own) == [fold(text) for text in own]
    assert fold_all([]) == []


@given(st.lists(st.text(max_size=20), max_size=6))
def test_folding_any_batch_is_folding_each(texts):
    """Invariant, with capitals of two small letters and a sigma at the end of a word."""
    texts = [*texts, "ΟΔΟΣ", "İ後"]
    assert fold_all(texts) == [fold(text) for text in texts]


@pytest.mark.parametrize("names", [(), ("陳大文", "Peter")])
def test_personal_data_of_a_batch_is_that_of_each(own, names):
    redactor = Redactor(names)
    planted = [
        f"{text[:20]} {secret} {text[20:40]}"
        for text, secret in zip(own, ["打6123 4567", "A123456(3)", "a at) b", "６１２３４５６７", "六一二三四五六七",
        "陳小姐", "Mr Chan", "Flat 3, 12/F", "彌敦道12號", "x@y.hk", "www.a.hk", "陳大文"] * 99, strict=False)
    ]  # fmt: skip
    assert redactor.find_all(planted) == [redactor.find(text) for text in planted]
    assert sum(map(bool, redactor.find_all(planted))) > len(planted) // 2


def test_words_are_counted_as_scikit_learn_counts_them(own):
    texts = [fold(text) for text in own]
    theirs = CountVectorizer(token_pattern=r"[a-z0-9']+", ngram_range=(1, 2), lowercase=False)
    wanted = theirs.fit(texts[:600]).transform(texts)
    ours = Words().fit(texts[:600]).transform(texts)
    assert ours.shape == wanted.shape
    assert np.array_equal(ours.toarray(), wanted.toarray())
