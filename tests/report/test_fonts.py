"""Faces: made once, Hong Kong's characters in, boxes refused."""

from io import BytesIO

import pytest
from fontTools.ttLib import TTFont

from cxlib.errors import ReportError
from cxlib.report import fonts as module
from cxlib.report.fonts import (
    FAMILY,
    missing_characters,
    report_fonts,
    require_glyphs,
    subset,
)

CANTONESE = "嘅啲咗喺唔嗰噉𠹭㗎冇哋佢攞瞓嚟"


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """No memory of an earlier choice and an empty cache."""
    monkeypatch.setenv("CX_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CX_FONT", raising=False)
    report_fonts.cache_clear()
    yield tmp_path
    report_fonts.cache_clear()


def test_both_weights_carry_the_family_name_and_their_weight(fonts):
    for path, style, weight in ((fonts.regular, "Regular", 400), (fonts.bold, "Bold", 700)):
        with TTFont(path, lazy=True) as face:
            assert face["name"].getDebugName(1) == FAMILY
            assert face["name"].getDebugName(2) == style
            assert face["OS/2"].usWeightClass == weight
            assert "fvar" not in face


def test_written_cantonese_symbols_and_every_big5_character_have_a_glyph(fonts):
    """Python's own codec lists Big5: more than 13,000 Han characters."""
    big5 = set()
    for lead in range(0xA1, 0xFA):
        for trail in (*range(0x40, 0x7F), *range(0xA1, 0xFF)):
            try:
                big5.update(bytes((lead, trail)).decode("big5"))
            except UnicodeDecodeError:
                continue
    han = {character for character in big5 if "\u4e00" <= character <= "\u9fff"}
    assert len(han) > 13_000
    assert missing_characters("".join(han) + CANTONESE + "▲▼●→−×≥·「」《》％　│┌", fonts) == ()


def test_faces_are_those_of_hong_kong_not_of_taiwan(fonts):
    """骨 differs between the two: its outline must be that of face 4 (HK), not 3 (TC)."""
    import uharfbuzz as hb

    files, _ = module._files_of("manimgx-fonts-cjk")
    collection = next(path for path in files if path.suffix == ".ttc")

    def box(path, index):
        face = hb.Face(hb.Blob.from_file_path(str(path)), index)
        font = hb.Font(face)
        if index:
            font.set_variations({"wght": 400})
        return font.get_glyph_extents(font.get_nominal_glyph(ord("骨")))

    assert box(fonts.regular, 0) == box(collection, 4)
    assert box(fonts.regular, 0) != box(collection, 3)


def test_a_second_call_makes_nothing_and_the_licence_stands_beside(fresh):
    first = report_fonts()
    made = first.bold.stat().st_mtime_ns
    report_fonts.cache_clear()
    assert report_fonts() == first
    assert first.bold.stat().st_mtime_ns == made
    assert fresh in first.bold.parents
    assert "SIL OPEN FONT LICENSE" in (first.bold.parent / "OFL.txt").read_text(encoding="utf-8")
    assert [path.name for path in first.bold.parents[1].iterdir()] == [first.bold.parent.name]


def test_missing_characters_are_named_with_their_code_points(fonts):
    assert missing_characters("ok 好\n✔\u200b", fonts) == ("\u200b", "✔")
    with pytest.raises(ReportError) as caught:
        require_glyphs("all ✔", fonts)
    assert str(caught.value) == (
        "every character must have a glyph in Noto Sans HK, missing: '✔' (U+2714); "
        "take the characters out of the text or give another font in CX_FONT"
    )


@pytest.mark.usefixtures("fresh")
def test_without_any_face_the_remedy_is_said(monkeypatch):
    for finder in ("_from_wheel", "_from_fallback_wheel", "_from_system"):
        monkeypatch.setattr(module, finder, lambda: None)
    with pytest.raises(ReportError) as caught:
        report_fonts()
    assert str(caught.value) == (
        "no Hong Kong Chinese face was found; run `pip install manimgx-fonts-cjk`, "
        "or give a font file in the environment variable CX_FONT"
    )


@pytest.mark.usefixtures("fresh")
def test_a_chosen_font_wins_and_keeps_its_own_name(monkeypatch):
    import matplotlib as mpl

    path = f"{mpl.get_data_path()}/fonts/ttf/DejaVuSans.ttf"
    monkeypatch.setenv("CX_FONT", path)
    chosen = report_fonts()
    assert (chosen.family, chosen.origin) == ("DejaVu Sans", "DejaVuSans.ttf")
    assert missing_characters("好", chosen) == ("好",)


def test_a_chosen_font_that_is_absent_or_no_font_is_refused(fresh, monkeypatch):
    monkeypatch.setenv("CX_FONT", "/nowhere/none.otf")
    with pytest.raises(ReportError, match=r"font files must exist, not found: /nowhere/none\.otf"):
        report_fonts()
    report_fonts.cache_clear()
    wrong = fresh / "wrong.otf"
    wrong.write_text("no font", encoding="ascii")
    monkeypatch.setenv("CX_FONT", str(wrong))
    with pytest.raises(ReportError, match=r"wrong\.otf must be a readable font"):
        report_fonts()


def test_a_cache_that_cannot_be_written_is_said(fresh, monkeypatch):
    blocker = fresh / "file"
    blocker.write_text("", encoding="ascii")
    monkeypatch.setenv("CX_CACHE", str(blocker))
    with pytest.raises(ReportError, match="must be writable"):
        report_fonts()


def test_a_subset_holds_its_text_and_little_else(fonts):
    cut = TTFont(BytesIO(subset(fonts, "淨推薦值 25.3", weight="bold")))
    characters = set(cut.getBestCmap())
    assert {ord(letter) for letter in "淨推薦值.0123456789 "} <= characters
    assert len(characters) < 20
