import numpy as np
import pytest

from cxlib.errors import ReportError
from cxlib.report.figures import MatrixItem, Quadrants, find_collisions, priority_matrix


def draw(theme, items, **more):
    return priority_matrix(
        items,
        theme=theme,
        x_fmt=lambda v: f"{100 * v:.0f}%",
        y_fmt=lambda v: f"{v:.2f}",
        x_label="Customers who meet it",
        y_label="Impact",
        **more,
    )


def test_dots_stand_at_both_measures(theme):
    figure = draw(theme, [MatrixItem(label="A", x=0.2, y=0.3), MatrixItem(label="B", x=0.4, y=0.1)])
    dots = {
        (line.get_xdata()[0], line.get_ydata()[0])
        for line in figure.axes[0].lines
        if line.get_marker() == "o"
    }
    assert dots == {(0.2, 0.3), (0.4, 0.1)}


@pytest.mark.parametrize("seed", range(12))
def test_names_and_ranks_of_random_fields_never_overlap(theme, intervals, seed):
    """14 touchpoints anywhere in the field, with corner names, in Chinese and English by turns."""
    rng = np.random.default_rng(seed)
    items = [
        MatrixItem(label=item.label, x=float(x), y=float(y), note="rank 1–3", mark=item.mark)
        for item, x, y in zip(intervals(seed % 2), rng.random(14), rng.random(14), strict=True)
    ]
    corners = Quadrants(
        x=0.5,
        y=0.5,
        top_left="Fix for some",
        top_right="Fix first",
        bottom_left="Watch",
        bottom_right="Keep",
    )
    assert find_collisions(draw(theme, items, quadrants=corners)) == []


def test_two_items_on_one_spot_are_both_named(theme, words):
    figure = draw(
        theme,
        [MatrixItem(label="Delivery", x=0.2, y=0.3), MatrixItem(label="Assembly", x=0.2, y=0.3)],
    )
    assert {"Delivery", "Assembly"} <= set(words(figure))
    assert find_collisions(figure) == []


def test_a_field_without_items_is_refused(theme):
    with pytest.raises(ReportError, match="must have at least one item, got none"):
        draw(theme, [])
