import pytest

from cxlib.errors import ReportError
from cxlib.report.figures import GoalSample, find_collisions, sample_needed


def draw(theme, *items):
    return sample_needed(
        items,
        theme=theme,
        fmt=lambda value: f"{value:,.0f}",
        collected_label="Collected",
        needed_label="Needed",
    )


def test_collected_and_needed_are_dots_on_a_logarithmic_axis(theme):
    figure = draw(theme, GoalSample(label="A", collected=200, needed=5000))
    axes = figure.axes[0]
    dots = {
        line.get_marker(): line.get_xdata()[0]
        for line in axes.lines
        if line.get_marker() in set("oD")
    }
    assert axes.get_xscale() == "log"
    assert dots == {"o": 200, "D": 5000}
    assert not axes.patches


def test_a_shortfall_is_dashed_and_a_surplus_solid(theme):
    """The link says it by its dash, so that it survives grey print."""
    figure = draw(
        theme,
        GoalSample(label="Short", collected=200, needed=5000),
        GoalSample(label="Enough", collected=900, needed=300),
    )
    links = {
        tuple(line.get_xdata()): (line.get_linestyle(), line.get_color())
        for line in figure.axes[0].lines
        if len(line.get_xdata()) == 2 and line.get_xdata()[0] != line.get_xdata()[1]
    }
    assert links == {(200, 5000): ("--", theme.bad), (900, 300): ("-", theme.good)}


@pytest.mark.parametrize("pair", [(1, 1), (7, 9), (3, 2_000_000), (9_999, 10_000)])
def test_numbers_find_room_at_any_distance(theme, pair):
    item = GoalSample(label="A", collected=pair[0], needed=pair[1])
    assert find_collisions(draw(theme, item)) == []


def test_no_answers_at_all_is_refused(theme):
    with pytest.raises(ReportError) as caught:
        draw(theme, GoalSample(label="NPS", collected=0, needed=10))
    assert str(caught.value) == "collected and needed must be 1 or more, 'NPS' has 0 and 10"
