"""The brand file: read, checked, all problems at once."""

import itertools
from pathlib import Path

import pytest

from cxlib.errors import ConfigError
from cxlib.report.brand import Brand, read_brand
from cxlib.report.colour import contrast, sight_distance


@pytest.fixture
def write(tmp_path):
    def make(text, name="_brand.yml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return make


def problems_of(path):
    with pytest.raises(ConfigError) as caught:
        read_brand(path)
    return [(each.where, each.rule) for each in caught.value.problems]


def test_contrast_of_black_and_white_is_21_and_of_one_colour_1():
    """WCAG 2.2: (1 + 0.05) / (0 + 0.05) = 21; #767676 on white is the known 4.54."""
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#12505F", "#12505F") == pytest.approx(1)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.005)


def test_red_and_green_of_one_lightness_are_close_to_colour_weak_sight():
    assert sight_distance("#B05020", "#6A7A20") < 0.07
    assert sight_distance("#12505F", "#B6671F") > 0.07


def test_the_sample_brand_is_readable_on_paper_tint_and_dark_screen(brand):
    assert brand.name == "Harbour Home 海港家居"
    for tokens in (brand.tokens(), brand.dark_tokens()):
        for name in ("primary", "accent", "ink", "muted", "good", "watch", "bad"):
            for ground in ("paper", "panel"):
                assert contrast(tokens[name], tokens[ground]) >= 4.5, (name, ground)
        for name in ("good", "watch", "bad", "accent"):
            assert contrast(tokens[name], tokens[f"{name}-tint"]) >= 4.5, name
        assert contrast(tokens["on-band"], tokens["band"]) >= 4.5


@pytest.mark.parametrize("series", [Brand(name="x").series])
def test_default_series_can_be_told_apart(series):
    assert len(series) == 6
    assert min(sight_distance(*pair) for pair in itertools.combinations(series, 2)) >= 0.07


def test_a_short_file_takes_the_workbooks_own_colours(write):
    brand = read_brand(write("meta:\n  name: Kowloon Beds\ncolor:\n  primary: '#035'\n"))
    assert (brand.name, brand.primary) == ("Kowloon Beds", "#003355")
    assert brand.accent == Brand(name="").accent


def test_names_of_the_palette_are_followed(write):
    text = "color:\n  palette:\n    sea: '#0B4F6C'\n    main: sea\n  primary: main\n"
    assert read_brand(write(text)).primary == "#0B4F6C"


def test_unknown_keys_are_named_with_the_known_ones(write):
    path = write("colour:\n  primary: '#003355'\ncolor:\n  primry: '#003355'\n")
    with pytest.raises(ConfigError) as caught:
        read_brand(path)
    found = {each.where: each for each in caught.value.problems}
    assert set(found) == {"colour", "color.primry"}
    assert found["color.primry"].rule == "unknown key"
    assert "primary, secondary" in found["color.primry"].remedy


def test_weak_contrast_unreadable_colours_and_a_lost_logo_come_together(write):
    text = "logo: lost.svg\ncolor:\n  primary: teal-ish\n  danger: '#12'\n"
    assert problems_of(write(text)) == [
        ("color.primary", "must be a colour"),
        ("color.danger", "must be a colour"),
        ("logo", "file not found"),
    ]
    assert problems_of(write("color:\n  primary: '#7FB8C9'\n  warning: '#F2C94C'\n")) == [
        ("color.primary", "contrast with background #FFFFFF must be 4.5:1 or more, is 2.2:1"),
        ("color.warning", "contrast with background #FFFFFF must be 4.5:1 or more, is 1.6:1"),
    ]


def test_series_that_look_alike_to_colour_weak_readers_are_refused(write):
    text = "color:\n  palette:\n    series-1: '#B05020'\n    series-2: '#6A7A20'\n"
    assert problems_of(write(text)) == [
        ("color.palette.series-2", "looks like series-1 #B05020 to colour-weak readers")
    ]


@pytest.mark.parametrize(
    ("text", "where"),
    [("color: [\n", "line 2"), ("just words\n", ""), ("", "")],
)
def test_a_file_that_is_no_brand_is_refused(write, text, where):
    assert problems_of(write(text))[0][0] == where


def test_a_missing_file_and_another_encoding_are_said(tmp_path):
    assert "must be readable" in problems_of(tmp_path / "none.yml")[0][1]
    path = tmp_path / "_brand.yml"
    path.write_bytes("meta:\n  name: 海港".encode("big5"))
    assert problems_of(path)[0][1] == "must be UTF-8 text"


def test_a_logo_travels_inside_the_page(write, tmp_path):
    Path(tmp_path / "mark.svg").write_text("<svg/>", encoding="ascii")
    assert read_brand(write("logo: mark.svg\n")).logo_uri() == "data:image/svg+xml;base64,PHN2Zy8+"
