import pytest

from cxlib.errors import ReportError
from cxlib.report.figures import (
    ControlPoint,
    DistributionGroup,
    EffectItem,
    GoalSample,
    TornadoItem,
    describe_control,
    describe_differences,
    describe_distribution,
    describe_intervals,
    describe_samples,
    describe_series,
    describe_tornado,
    describe_values,
)


def test_a_journeys_facts_name_its_ends_and_its_marks(journey):
    facts = describe_intervals(journey(0))
    assert (facts.n_points, facts.n_suppressed) == (13, 1)
    assert (facts.max_label, facts.max_value) == ("Design consultation", 4.6)
    assert (facts.min_label, facts.min_value) == ("Enquiry chat", 3.2)
    assert len(facts.marked) == 5


@pytest.mark.parametrize(
    ("values", "trend"),
    [([1, 2, 5], "rising"), ([5, 2, 1], "falling"), ([1, 5, 1.3], "level"), ([2, 2], "level")],
)
def test_the_trend_is_level_within_a_tenth_of_the_range(values, trend):
    labels = [str(place) for place in range(len(values))]
    assert describe_values(labels, values).trend == trend


def test_missing_values_are_counted_and_left_out():
    facts = describe_values(["a", "b", "c"], [None, float("nan"), 3.0])
    assert (facts.n_points, facts.n_suppressed, facts.first_value) == (1, 2, 3.0)


def test_each_chart_has_its_facts(estimate):
    """One hand-made input each: which label wins and what is marked."""
    effects = [
        EffectItem(label="A", estimate=estimate(0.02, half=0.01)),
        EffectItem(label="B", estimate=estimate(-0.01, half=0.02)),
    ]
    assert describe_differences(effects).marked == ("A",)
    groups = [
        DistributionGroup(label="A", counts=(1, 1)),
        DistributionGroup(label="B", counts=(1, 3)),
        DistributionGroup(label="C", counts=()),
    ]
    shares = describe_distribution(groups)
    assert (shares.max_label, shares.max_value, shares.n_suppressed) == ("B", 0.75, 1)
    point = ControlPoint(
        period="2026-01", estimate=estimate(3.0), centre=3, lower=2, upper=4, signal="bad"
    )
    assert describe_control([point]).marked == ("2026-01",)
    assert describe_series(["1", "2"], [estimate(1.0), None]).n_suppressed == 1
    assert describe_tornado([TornadoItem(label="A", low=5, high=2)]).max_value == 3
    assert describe_samples([GoalSample(label="A", collected=1, needed=2)]).marked == ("A",)


def test_a_chart_that_shows_nothing_has_no_facts():
    with pytest.raises(ReportError, match="must show at least one value, got none"):
        describe_values(["a"], [None])


def test_labels_without_values_are_refused():
    with pytest.raises(ReportError, match="labels and values must match, got 1 and 0"):
        describe_values(["a"], [])
