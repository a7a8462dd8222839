"""Charts drawn from results: labels and estimates in, a figure or inline SVG out.

Every text comes in translated and every number through a ``fmt`` callable, so that a chart
knows no language.
"""

from cxlib.report.figures.bars import FunnelItem, ParetoItem, funnel_chart, pareto_chart
from cxlib.report.figures.distribution import DistributionGroup, distribution_bars
from cxlib.report.figures.funnel_plot import FunnelLimit, FunnelPoint, FunnelSide, funnel_plot
from cxlib.report.figures.goals import GoalSample, sample_needed
from cxlib.report.figures.intervals import EffectItem, IntervalItem, difference_plot, interval_chart
from cxlib.report.figures.journey import JourneyPoint, emotion_curve
from cxlib.report.figures.lettering import find_collisions
from cxlib.report.figures.matrix import MatrixItem, Quadrants, priority_matrix
from cxlib.report.figures.money import OutcomeMarker, cash_curve, histogram_of_outcomes
from cxlib.report.figures.series import ControlPoint, control_chart, two_lines
from cxlib.report.figures.style import Theme, ThemedFigure, new_figure, theme_from
from cxlib.report.figures.svg import to_svg
from cxlib.report.figures.timeline import ChartEvent
from cxlib.report.figures.tornado import TornadoItem, tornado
from cxlib.report.figures.waterfall import WaterfallStep, waterfall

__all__ = [
    "ChartEvent",
    "ControlPoint",
    "DistributionGroup",
    "EffectItem",
    "FunnelItem",
    "FunnelLimit",
    "FunnelPoint",
    "FunnelSide",
    "GoalSample",
    "IntervalItem",
    "JourneyPoint",
    "MatrixItem",
    "OutcomeMarker",
    "ParetoItem",
    "Quadrants",
    "Theme",
    "ThemedFigure",
    "TornadoItem",
    "WaterfallStep",
    "cash_curve",
    "control_chart",
    "difference_plot",
    "distribution_bars",
    "emotion_curve",
    "find_collisions",
    "funnel_chart",
    "funnel_plot",
    "histogram_of_outcomes",
    "interval_chart",
    "new_figure",
    "pareto_chart",
    "priority_matrix",
    "sample_needed",
    "theme_from",
    "to_svg",
    "tornado",
    "two_lines",
    "waterfall",
]
