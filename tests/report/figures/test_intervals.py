import pytest

from cxlib.errors import ReportError
from cxlib.report.figures import EffectItem, IntervalItem, difference_plot, interval_chart
from cxlib.stats.estimate import Estimate

NAN = float("nan")


def dots(figure):
    """Marker, value and height of each dot."""
    return [
        (line.get_marker(), line.get_xdata()[0], line.get_ydata()[0])
        for line in figure.axes[0].lines
        if line.get_marker() not in ("None", None) and len(line.get_xdata()) == 1
    ]


def test_dots_stand_at_their_values_the_best_on_top(theme, intervals):
    found = dots(interval_chart(intervals(0), theme=theme, fmt=str))
    values = [value for _, value, _ in sorted(found, key=lambda dot: -dot[2])]
    assert values == sorted((i.estimate.value for i in intervals(0) if i.estimate), reverse=True)


def test_the_order_given_is_kept_on_request(theme, intervals):
    found = dots(interval_chart(intervals(0), theme=theme, fmt=str, order="given"))
    values = [value for _, value, _ in sorted(found, key=lambda dot: -dot[2])]
    assert values == [item.estimate.value for item in intervals(0) if item.estimate]


def test_bars_end_at_the_limits_of_the_intervals(theme, estimate):
    item = IntervalItem(label="A", estimate=estimate(4.0, half=0.25))
    figure = interval_chart([item], theme=theme, fmt=str)
    bars = [tuple(line.get_xdata()) for line in figure.axes[0].lines if len(line.get_xdata()) == 2]
    assert (3.75, 4.25) in bars


def test_peaks_and_pains_differ_in_shape_as_well_as_colour(theme, intervals):
    found = dots(interval_chart(intervals(0), theme=theme, fmt=str))
    by_shape = {shape: {value for s, value, _ in found if s == shape} for shape in "^vo"}
    assert by_shape["^"] == {4.6, 4.5}
    assert by_shape["v"] == {3.2, 3.3, 3.4}


def test_a_suppressed_row_shows_its_note_and_no_number(theme, intervals, words):
    figure = interval_chart(intervals(0), theme=theme, fmt=lambda value: f"{value:.3f}")
    assert "n < 30" in words(figure)
    assert "Loyalty app" in words(figure)
    assert len(dots(figure)) == 13


def test_the_reference_line_stands_at_its_value_under_its_label(theme, intervals, words):
    figure = interval_chart(
        intervals(0), theme=theme, fmt=str, reference=3.9, reference_label="Mean 3.9"
    )
    assert any(list(line.get_xdata()) == [3.9, 3.9] for line in figure.axes[0].lines)
    assert "Mean 3.9" in words(figure)


def test_charts_given_one_scale_share_it(theme, intervals):
    one, other = (
        interval_chart(items, theme=theme, fmt=str, limits=(1, 5)).axes[0].get_xlim()
        for items in (intervals(0)[:3], intervals(0)[3:9])
    )
    assert one == other


def test_an_estimate_without_interval_is_a_dot_alone(theme):
    alone = Estimate(value=3.0, ci_lower=NAN, ci_upper=NAN, n_obs=40, unit="rating", method="-")
    figure = interval_chart([IntervalItem(label="A", estimate=alone)], theme=theme, fmt=str)
    assert len(dots(figure)) == 1


def test_a_chart_of_suppressed_rows_only_is_refused(theme):
    with pytest.raises(ReportError) as caught:
        interval_chart([IntervalItem(label="A", estimate=None)], theme=theme, fmt=str)
    assert str(caught.value) == (
        "at least one row must have an estimate, all are suppressed or absent"
    )


def test_an_effect_whose_interval_holds_zero_is_hollow(theme, estimate):
    figure = difference_plot(
        [
            EffectItem(label="A", estimate=estimate(0.02, half=0.01)),
            EffectItem(label="B", estimate=estimate(0.00, half=0.01)),
        ],
        theme=theme,
        fmt=str,
    )
    faces = {
        line.get_xdata()[0]: line.get_color()
        for line in figure.axes[0].lines
        if line.get_marker() == "o"
    }
    assert faces == {0.02: theme.primary, 0.0: theme.paper}


def test_the_zone_begins_at_the_margin_and_goes_on_outwards(theme, estimate):
    """A minimum effect of +1 pp is shaded to the right, an allowed harm of -1 pp to the left."""
    figure = difference_plot(
        [
            EffectItem(label="A", estimate=estimate(0.02, half=0.01), margin=0.01),
            EffectItem(label="B", estimate=estimate(0.00, half=0.005), margin=-0.01),
        ],
        theme=theme,
        fmt=str,
    )
    low, high = figure.axes[0].get_xlim()
    zones = [(p.get_x(), p.get_x() + p.get_width()) for p in figure.axes[0].patches]
    assert zones == [pytest.approx((0.01, high)), pytest.approx((low, -0.01))]


def test_zero_is_always_in_sight(theme, estimate):
    item = EffectItem(label="A", estimate=estimate(5.0, half=0.1))
    low, high = difference_plot([item], theme=theme, fmt=str).axes[0].get_xlim()
    assert low < 0 < high
