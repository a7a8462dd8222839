from dataclasses import replace

import numpy as np
import pytest

from cxlib.errors import ReportError
from cxlib.report.figures import emotion_curve, find_collisions


def curves(figure):
    """Places of each unbroken stretch; grid lines share its kind but span the whole axis."""
    primary = [line for line in figure.axes[0].lines if line.get_linewidth() > 1.5]
    return [list(line.get_xdata()) for line in primary if line.get_marker() in ("None", None)]


def test_the_curve_breaks_where_a_touchpoint_is_suppressed(theme, journey):
    """Touchpoint 12 of 0-13 has no estimate: one stretch of 12 and a lone last point."""
    figure = emotion_curve(journey(0), theme=theme, fmt=str)
    assert curves(figure) == [list(range(12)), [13]]


def test_points_stand_at_their_scores_in_the_shape_of_their_mark(theme, journey):
    figure = emotion_curve(journey(0), theme=theme, fmt=str)
    found = {
        line.get_xdata()[0]: (line.get_ydata()[0], line.get_marker())
        for line in figure.axes[0].lines
        if line.get_marker() in set("^vo")
    }
    shapes = {"peak": "^", "pain": "v", "none": "o"}
    assert found == {
        place: (point.estimate.value, shapes[point.mark])
        for place, point in enumerate(journey(0))
        if point.estimate
    }


def test_every_score_note_stage_and_touchpoint_is_written(theme, journey, words):
    figure = emotion_curve(journey(1), theme=theme, fmt=lambda v: f"{v:.2f}", note_head="n")
    said = words(figure)
    for point in journey(1):
        assert point.note in said
        assert point.stage in said
        assert point.estimate is None or f"{point.estimate.value:.2f}" in said
        assert point.label in "".join(said)


def test_the_band_runs_along_the_intervals(theme, journey):
    figure = emotion_curve(journey(0), theme=theme, fmt=str)
    corners = figure.axes[0].collections[0].get_paths()[0].vertices
    first = journey(0)[0].estimate
    at_first = corners[np.isclose(corners[:, 0], 0), 1]
    assert at_first.min() == pytest.approx(first.ci_lower)
    assert at_first.max() == pytest.approx(first.ci_upper)


def test_the_reference_label_finds_room_wherever_the_line_lies(theme, journey):
    """At thirty heights of the line its label never meets another text."""
    for reference in np.linspace(3.25, 4.55, 30):
        figure = emotion_curve(
            journey(0),
            theme=theme,
            fmt=lambda v: f"{v:.2f}",
            reference=float(reference),
            reference_label="Journey mean 3.90",
        )
        assert find_collisions(figure) == []


def test_very_long_names_turn_upright_and_still_fit(theme, journey):
    points = [
        replace(point, label=f"Internationalisation department {place}")
        for place, point in enumerate(journey(0))
    ]
    figure = emotion_curve(points, theme=theme, fmt=lambda v: f"{v:.2f}", note_head="n")
    assert find_collisions(figure) == []
    assert {text.get_rotation() for text in figure.texts} == {0, 90}


def test_a_short_journey_in_one_stage_is_drawn(theme, journey):
    figure = emotion_curve(journey(1)[2:4], theme=theme, fmt=lambda v: f"{v:.2f}")
    assert find_collisions(figure) == []


def test_a_stage_that_comes_twice_is_refused(theme, journey):
    points = [journey(0)[0], journey(0)[3], journey(0)[1]]
    with pytest.raises(ReportError) as caught:
        emotion_curve(points, theme=theme, fmt=str)
    assert str(caught.value) == (
        "touchpoints of one stage must stand together, these stages come twice: ['Awareness']"
    )


def test_a_journey_with_one_score_is_refused(theme, journey):
    with pytest.raises(ReportError, match="needs two touchpoints or more, got 1"):
        emotion_curve(journey(0)[12:], theme=theme, fmt=str)
