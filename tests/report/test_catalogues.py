"""The catalogues: same keys, same placeholders, no Simplified character, no number typed in."""

import re
from string import Formatter

import pytest

from cxlib.data.tables import TABLE_NAMES
from cxlib.report.catalogue import CODES, catalogue

LANGUAGES = list(CODES)
USED_IN_BOTH = set("台群准斗峰")  # right in Hong Kong as it stands
ALLOWED_DIGITS = re.compile(
    r"CES|1–7|1–5|0–10|0–6|7–8|9–10|4–5|−100|100|4 or 5|of 5|A/B|給 4 或 5 分|給 4–5 分|5 分|"
    r"SHA-256|90"
)


def fields(text):
    return sorted({name.split(".")[0] for _, name, _, _ in Formatter().parse(text) if name})


def test_both_languages_hold_the_same_keys():
    en, zh = (catalogue(language) for language in LANGUAGES)
    assert set(en) ^ set(zh) == set()


def test_both_languages_ask_for_the_same_values():
    en, zh = (catalogue(language) for language in LANGUAGES)
    assert [key for key in en if fields(en[key]) != fields(zh[key])] == []


def test_no_simplified_character_stands_in_the_chinese_catalogue():
    """A character that OpenCC turns into another Traditional one, and not back, is Simplified."""
    opencc = pytest.importorskip("opencc")
    to_traditional = opencc.OpenCC("s2t").convert
    to_simplified = opencc.OpenCC("t2s").convert
    characters = set("".join(catalogue("zh-Hant-HK").values())) - USED_IN_BOTH
    simplified = {c for c in characters if to_traditional(c) != c and to_simplified(c) == c}
    assert simplified == set()


def test_chinese_sentences_use_full_width_punctuation():
    """A comma, full stop, colon or bracket beside a Han character is full-width."""
    half = re.compile(r"[㐀-鿿][,;:!?()]|[,;:!?()][㐀-鿿]")
    zh = catalogue("zh-Hant-HK")
    assert {key: text for key, text in zh.items() if half.search(text)} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_measured_number_is_typed_into_a_sentence(language):
    """Digits stand only in names of scales; everything measured is a placeholder.

    The workshop's hints quote the method and the task (1.96, `date(2026, 1, 1)`), never data.
    """
    typed = {}
    for key, text in catalogue(language).items():
        if key.startswith("workshop."):
            continue
        bare = ALLOWED_DIGITS.sub("", re.sub(r"\{[^}]*\}", "", text))
        if re.search(r"\d", bare):
            typed[key] = text
    assert typed == {}


@pytest.mark.parametrize("language", CODES)
def test_every_table_an_engagement_may_name_has_a_name_in_the_report(language):
    assert [name for name in TABLE_NAMES if f"table.{name}" not in catalogue(language)] == []
