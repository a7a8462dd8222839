# ruff: noqa: E501  (a case stands on its line)
"""cxlib.measures.voice.normalise and variety: places kept, Hong Kong characters, varieties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.data.simulate.complaints import COMPLAINTS
from cxlib.data.simulate.text import write_comment
from cxlib.measures.voice.normalise import clean, fold
from cxlib.measures.voice.variety import variety


@given(st.text(max_size=60))
def test_folding_keeps_every_character_in_its_place(text):
    """Invariant: as long as what was given, so that a span is a span of the original."""
    assert len(fold(text)) == len(text)


def test_width_case_script_and_spelling_are_folded():
    assert fold("ＡＢＣ態度　等咗嚟") == fold("abc态度 等左黎")
    assert fold("佢哋") == fold("佢地")


def test_private_use_characters_of_hong_kong_become_the_ones_they_stand_for():
    """HKSCS-2004, Big5 FA40 is U+20547 and FA41 is U+92DB; both were U+E000 and U+E001 before."""
    assert clean("\ue000\ue001") == "\U00020547\u92db"
    assert b"\xfa\x40".decode("big5hkscs") == "\U00020547"


def test_plane_two_extension_a_and_emoji_stay_and_directions_go():
    assert clean("𡁻𥄫㗎👨‍👩‍👧❤️") == "𡁻𥄫㗎👨‍👩‍👧❤️"
    assert clean("好\u202e差\x00\ufeff嘅") == "好差嘅"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("個店員黑口黑面，好似唔想做生意咁。", "yue"), ("佢哋態度好差", "yue"), ("真係冇得彈", "yue"),
        ("職員態度親切，耐心介紹。", "zh-Hant"), ("送货很慢，没有人通知。", "zh-Hans"),
        ("服务态度非常差", "zh-Hans"), ("Slow reply.", "en"), ("個 designer 好 professional", "mixed"),
        ("delivery late 咗 8 日，冇人 inform 我", "mixed"), ("WhatsApp查詢5天沒有人回覆", "zh-Hant"),
        ("👍👍", "other"), ("", "other"), ("123", "other"),
    ],
)  # fmt: skip
def test_varieties_by_hand(text, expected):
    assert variety(text) == expected


def test_varieties_of_the_sample_are_told_apart():
    """The simulator knows how it wrote; Cantonese with English words may count as mixed."""
    rng = np.random.default_rng(11)
    wanted = {"zh": {"zh-Hant"}, "yue": {"yue", "mixed"}, "en": {"en"}, "mix": {"mixed", "yue"}}
    right = total = 0
    for point in COMPLAINTS:
        for register, allowed in wanted.items():
            for tone in ("negative", "positive"):
                for _ in range(5):
                    right += variety(write_comment(point, tone, register, rng)) in allowed
                    total += 1
    assert right / total >= 0.95
