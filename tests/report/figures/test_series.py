import numpy as np
import pytest

from cxlib.errors import ReportError
from cxlib.report.figures import ChartEvent, ControlPoint, control_chart, two_lines

MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]


@pytest.fixture
def points(estimate):
    return [
        ControlPoint(
            period=month,
            estimate=None if place == 3 else estimate(20.0 + place % 3, half=2),
            centre=21.0 if place < 6 else 24.0,
            lower=17.0 if place < 6 else 20.0,
            upper=25.0 if place < 6 else 28.0,
            signal={8: "good", 9: "bad"}.get(place, "none"),
            phase="before" if place < 6 else "after",
        )
        for place, month in enumerate(MONTHS)
    ]


def marks(figure):
    return {
        int(line.get_xdata()[0]): line.get_marker()
        for line in figure.axes[0].lines
        if line.get_marker() in set("oDs") and len(line.get_xdata()) == 1
    }


def test_signals_differ_in_shape_and_a_missing_month_is_a_gap(theme, points):
    figure = control_chart(points, theme=theme, fmt=str)
    found = marks(figure)
    assert (found[8], found[9], found[0]) == ("D", "s", "o")
    assert 3 not in found
    longest = max(figure.axes[0].lines, key=lambda line: len(line.get_xdata()))
    assert np.isnan(longest.get_ydata()[3])


def test_limits_step_where_the_phase_changes(theme, points, words):
    from matplotlib.patches import StepPatch

    figure = control_chart(points, theme=theme, fmt=str)
    steps = [patch.get_data() for patch in figure.axes[0].patches if isinstance(patch, StepPatch)]
    assert [(data.values[0], data.edges[0], data.edges[-1]) for data in steps] == [
        (21.0, -0.5, 5.5),
        (25.0, -0.5, 5.5),
        (17.0, -0.5, 5.5),
        (24.0, 5.5, 11.5),
        (28.0, 5.5, 11.5),
        (20.0, 5.5, 11.5),
    ]
    assert {"before", "after"} <= set(words(figure))


def test_lines_are_named_with_their_last_value(theme, points, words):
    figure = control_chart(
        points,
        theme=theme,
        fmt=lambda v: f"{v:.0f}",
        centre_label="Mean",
        upper_label="Upper",
        lower_label="Lower",
        target=30,
        target_label="Goal",
    )
    assert {"Mean 24", "Upper 28", "Lower 20", "Goal 30"} <= set(words(figure))


def test_periods_are_iso_months_and_the_last_is_always_written(theme, points, words):
    said = [text for text in words(control_chart(points, theme=theme, fmt=str)) if "2025-" in text]
    assert "2025-12" in said
    assert set(said) <= set(MONTHS)


def test_point_intervals_are_drawn_on_request(theme, points):
    hidden = control_chart(points, theme=theme, fmt=str)
    shown = control_chart(points, theme=theme, fmt=str, intervals="shown")
    assert len(shown.axes[0].collections) - len(hidden.axes[0].collections) == 11


def test_an_event_off_the_chart_is_refused(theme, points):
    with pytest.raises(ReportError) as caught:
        control_chart(
            points, theme=theme, fmt=str, events=[ChartEvent(period="2027-01", label="Start")]
        )
    assert str(caught.value) == (
        "event 'Start' must fall in a period of the chart, got '2027-01';"
        " periods are 2025-01 to 2025-12"
    )


def test_a_period_that_comes_twice_is_refused(theme, points):
    with pytest.raises(ReportError, match=r"each period must come once, .*\['2025-01'\]"):
        control_chart([points[0], points[0]], theme=theme, fmt=str)


def test_two_lines_carry_their_values_and_their_names(theme, estimate, words):
    figure = two_lines(
        MONTHS,
        treated=[estimate(1.0 + place) for place in range(12)],
        comparison=[None, *(estimate(2.0) for _ in range(11))],
        treated_label="Treated",
        comparison_label="Comparison",
        counterfactual=[None] * 6 + [2.5] * 6,
        counterfactual_label="Expected",
        theme=theme,
        fmt=str,
        start="2025-07",
        start_label="Start",
    )
    lines = {line.get_color(): list(line.get_ydata()) for line in figure.axes[0].lines[-3:]}
    assert lines[theme.primary] == [1.0 + place for place in range(12)]
    assert lines[theme.ink][6:] == [2.5] * 6
    assert {"Treated", "Comparison", "Expected", "Start"} <= set(words(figure))


def test_series_of_another_length_are_refused(theme, estimate):
    with pytest.raises(ReportError) as caught:
        two_lines(
            MONTHS,
            treated=[estimate(1.0)],
            comparison=[estimate(1.0)] * 12,
            treated_label="T",
            comparison_label="C",
            theme=theme,
            fmt=str,
        )
    assert str(caught.value) == (
        "treated must have a value or none for each of 12 periods and at least one value,"
        " got 1 entries"
    )
