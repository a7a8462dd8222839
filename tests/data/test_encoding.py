"""cxlib.data.encoding: every encoding a Hong Kong client sends, and clear refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.data.encoding import decode
from cxlib.errors import DataError

CANTONESE = [
    "呢間舖頭嘅職員好有禮貌",
    "等咗成個鐘都冇人覆我",
    "啲傢俬質素唔錯㗎",
    "𨋢口太細，張梳化入唔到",
]
MANDARIN = ["服務人員態度非常親切，配送準時", "等待時間過長，希望改善", "價格合理，品質不錯"]
HEADER = "answer_id,comment\n"


def table(comments, *, n=12):
    rows = (f"A{i},{comments[i % len(comments)]}\n" for i in range(n))
    return HEADER + "".join(rows)


def read(content, **options):
    return decode(content, file="answers.csv", table_name="answers", **options)


def refusal(content, **options):
    with pytest.raises(DataError) as caught:
        read(content, **options)
    (problem,) = caught.value.problems
    return str(problem)


@pytest.mark.parametrize(
    ("codec", "mark", "found"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8-sig"),
        ("utf-16-le", b"\xff\xfe", "utf-16-le"),
        ("utf-16-be", b"\xfe\xff", "utf-16-be"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
        ("big5hkscs", b"", "big5hkscs"),
    ],
)
def test_written_cantonese_survives_every_encoding(codec, mark, found):
    """嘅 啲 咗 㗎 𨋢 exist in the Hong Kong supplement, not in Taiwan's Big5."""
    text = table(CANTONESE)
    decoded = read(mark + text.encode(codec))
    assert (decoded.text, decoded.encoding) == (text, found)


def test_a_character_outside_the_hong_kong_supplement_survives_unicode():
    """𠮶 lies beyond the basic plane and has no Big5 code at all."""
    text = table(["𠮶個師傅送貨好快"])
    assert [read(text.encode(codec)).text for codec in ("utf-8", "utf-16-le")] == [text, text]


@pytest.mark.parametrize("n", [1, 2, 3, 20, 200])
@pytest.mark.parametrize(
    ("comments", "codec"),
    [
        (MANDARIN, "cp950"),
        (CANTONESE, "big5hkscs"),
        (["服务人员态度非常亲切", "等待时间过长，希望改善"], "gb18030"),
        (["とても良いサービスでした", "配送も早い"], "cp932"),
        (["café très agréable", "livraison à l’heure, naïve £5"], "cp1252"),
    ],
)
def test_an_encoding_is_recognised_from_one_row_on(comments, codec, n):
    text = table(comments, n=n)
    decoded = read(text.encode(codec))
    assert (decoded.text, decoded.encoding) == (text, codec)


def test_the_windows_form_of_big5_is_tried_before_the_hong_kong_form():
    """A1E3 is the full-width ～ only in the Windows form, which is what Excel writes."""
    text = table(["價錢～$100，服務好"])
    assert read(text.encode("cp950")).text == text


def test_chinese_far_down_a_long_file_is_found():
    """The first 500 kB are plain English; the guess must not stop there."""
    text = table(["fine"], n=60_000) + "A,送貨師傅好有禮貌，等咗好耐\n"
    assert read(text.encode("big5hkscs")).text == text


def test_plain_ascii_is_utf8():
    assert read(b"a,b\n1,2\n").encoding == "utf-8"


@given(st.lists(st.sampled_from([*CANTONESE, *MANDARIN, "OK", "好"]), min_size=1, max_size=30))
def test_any_mixture_of_comments_round_trips_through_big5(comments):
    text = table(comments, n=len(comments))
    assert read(text.encode("big5hkscs")).text == text


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=80))
def test_any_text_round_trips_through_utf8(text):
    decoded = read(f"comment\n{text}x\n".encode())
    assert decoded.text == f"comment\n{text}x\n"


def test_a_stated_encoding_wins_over_the_guess():
    text = table(["服务人员态度"])
    assert read(text.encode("gb18030"), encoding="gb18030").text == text


@pytest.mark.parametrize("comments", [MANDARIN, CANTONESE])
def test_stating_big5_means_any_big5(comments):
    text = table(comments)
    assert read(text.encode("big5hkscs"), encoding="Big5").text == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_stated_utf8_takes_a_byte_order_mark_off(encoding):
    assert read(b"\xef\xbb\xbfa,b\n", encoding=encoding).text == "a,b\n"


@pytest.mark.parametrize("mark", [b"\xff\xfe", b""])
def test_a_stated_utf16_finds_its_byte_order(mark):
    assert read(mark + "嘅,a\n".encode("utf-16-le"), encoding="utf-16").text == "嘅,a\n"


def test_an_unknown_encoding_names_the_nearest():
    assert refusal(b"a\n1\n", encoding="big5-hkscss") == (
        "answers.csv, encoding in engagement.yml: found big5-hkscss; "
        "must be an encoding Python knows; did you mean big5hkscs"
    )


def test_an_encoding_like_no_other_lists_what_there_is():
    assert refusal(b"a\n1\n", encoding="???").endswith(
        "use one of utf-8, utf-16, cp950, big5hkscs, gb18030, cp932, cp1252"
    )


def test_a_wrong_stated_encoding_names_line_and_byte():
    """送 begins at byte 6 of line 2; ASCII has no such byte."""
    assert refusal("a,b\n1送".encode(), encoding="ascii") == (
        "answers.csv, line 2, byte 6: found bytes e9 80; must be readable text (tried as ascii); "
        "set encoding: ... for the table answers in engagement.yml, or export the file as UTF-8"
    )


def test_damaged_utf8_is_refused_and_not_guessed_into_another_script():
    """One byte of the file is overwritten; every Chinese codec would make garbage of the rest."""
    content = bytearray(table(MANDARIN).encode())
    content[len(content) // 2] = 0xFF
    assert "must be readable text (tried as utf-8)" in refusal(bytes(content))


def test_damaged_big5_is_refused():
    content = bytearray(table(CANTONESE, n=60).encode("big5hkscs"))
    content[len(content) // 2] = 0xFF
    assert "must be readable text (tried as big5hkscs)" in refusal(bytes(content))


def test_random_bytes_are_refused():
    content = np.random.default_rng(3).bytes(4000).replace(b"\x00", b"\x81")
    assert "must be readable text" in refusal(content)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file_is_refused(content):
    assert refusal(content) == (
        f"answers.csv: found {len(content)} bytes; the file must hold a table; "
        "export the table again"
    )


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"PK\x03\x04", "an Excel workbook or zip archive"),
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
        (b"PAR1", "a Parquet file"),
        (b"%PDF-1.7", "a PDF document"),
    ],
)
def test_a_file_that_is_no_text_is_named_for_what_it_is(start, kind):
    assert refusal(start + b" ...").startswith(f"answers.csv: found {kind}; must be a text file; ")


def test_a_stray_zero_byte_is_damage_and_no_utf_16():
    text = "answer_id,nps\n" + "A1,9\n" * 50
    content = text.encode().replace(b"A1,9\nA1", b"A1,9\nA\x001", 1)
    with pytest.raises(DataError) as caught:
        decode(content, file="answers.csv", table_name="answers")
    assert "answers.csv, line 3: found a zero byte; must be readable text" in str(caught.value)
    assert decode(text.encode("utf-16-le"), file="a.csv", table_name="a").encoding == "utf-16-le"
