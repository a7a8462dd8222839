from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.errors import ReportError
from cxlib.report.figures import find_collisions, interval_chart, new_figure
from cxlib.report.figures.lettering import break_lines, label_columns, spread, text_width, ticks


def test_english_breaks_at_spaces_and_hyphens(theme):
    assert break_lines("After-sales service", theme=theme, width=30) == [
        "After-",
        "sales",
        "service",
    ]
    assert break_lines("After-sales service", theme=theme, width=60) == ["After-sales", "service"]


def test_chinese_breaks_into_even_lines(theme):
    """Six characters at 8 pt need 48 points: two lines of three, not of five and one."""
    assert break_lines("會員應用程式", theme=theme, width=41) == ["會員應", "用程式"]


def test_a_closing_mark_never_starts_a_line_and_an_opening_one_never_ends_it(theme):
    for width in range(10, 90, 4):
        for line in break_lines("售後服務（維修、退換），速度", theme=theme, width=width):
            assert line[0] not in "），、"
            assert line[-1] != "（"


def test_a_label_that_fits_stays_on_one_line(theme):
    assert break_lines("Delivery", theme=theme, width=200) == ["Delivery"]


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=8),
    st.floats(0.5, 12),
)
def test_spread_labels_keep_their_order_gap_and_room(places, gap):
    moved = spread(places, gap=gap, low=0, high=100)
    assert min(moved) >= -1e-6
    assert max(moved) <= 100 + 1e-6
    ordered = sorted(moved)
    assert all(b - a >= gap - 1e-6 for a, b in pairwise(ordered))
    for (a, p), (b, q) in zip(
        zip(places, moved, strict=True), zip(places[1:], moved[1:], strict=True), strict=False
    ):
        assert (a <= b) <= (p <= q + 1e-9)


def test_spread_leaves_labels_that_are_apart_where_they_are():
    assert spread([10, 50, 30], gap=8, low=0, high=60) == [10, 50, 30]


def test_spread_moves_touching_labels_by_half_the_lack_each():
    """20 and 22 lack 8 points of 10: 16 and 26 by hand."""
    assert spread([20, 22], gap=10, low=0, high=60) == pytest.approx([16, 26])


def test_ticks_never_print_the_same_label_twice():
    """With whole numbers as labels, 0 to 2 has room for three ticks and no halves."""
    values, labels = ticks(0, 2, fmt=lambda value: f"{value:.0f}", most=8)
    assert labels == ["0", "1", "2"]
    assert values == [0, 1, 2]


def test_ticks_keep_to_their_number_and_their_limits():
    values, labels = ticks(3.1, 4.7, fmt=str, most=4)
    assert len(labels) <= 4
    assert values[0] >= 3.1
    assert values[-1] <= 4.7


def test_a_missing_glyph_stops_the_chart_before_it_is_drawn(theme, intervals):
    from dataclasses import replace

    items = [replace(intervals(0)[0], label="Emoji \U0001f600 chat")]
    with pytest.raises(ReportError) as caught:
        interval_chart(items, theme=theme, fmt=str)
    assert "lacks '\U0001f600' (U+1F600)" in str(caught.value)


def test_a_dollar_sign_is_a_dollar_sign_and_no_formula(theme):
    figure = new_figure(theme)
    figure.write(10, 10, "HK$1 and HK$2")
    assert not figure.texts[0].get_parse_math()


def test_collisions_are_named(theme):
    figure = new_figure(theme)
    figure.write(50, 50, "one")
    figure.write(52, 50, "two")
    figure.write(450, 100, "leaving")
    assert find_collisions(figure) == ["'leaving' leaves the figure", "'one' overlaps 'two'"]


def test_bold_is_wider_than_regular(theme):
    """Both faces are registered: with one missing the widths would be equal."""
    assert text_width("Score", theme=theme, weight="bold") > text_width("Score", theme=theme)


def test_labels_under_columns_turn_upright_only_as_the_last_resort(theme):
    short = label_columns(["付款"] * 14, theme=theme, step=30, left=30)
    longer = label_columns(["Online checkout"] * 14, theme=theme, step=30, left=30)
    longest = label_columns(["Internationalisation department"] * 14, theme=theme, step=30, left=30)
    assert (short.rows, short.rotation) == (1, 0)
    assert (longer.rows, longer.rotation) == (2, 0)
    assert longest.rotation == 90
