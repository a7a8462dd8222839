"""How much of an effect a drift between the groups could hide that the checks cannot see.

Passing a test of equal trends is no proof of equal trends: with few periods and units the test
misses drifts that matter. So the interval of the slope difference is carried to the middle of the
review, and what it would add up to is said beside the effect.
"""

from cxlib.decisions.impact import Impact
from cxlib.stats.estimate import Estimate


def drift_left(impact: Impact) -> Estimate | None:
    """Carry the slope difference before the start to the distance between the two periods.

        bias = slope · (periods before + periods after) / 2

    the distance between the middles of the two periods, for a drift in a straight line.

    Args:
        impact: A review against comparison units.

    Returns:
        The bias with its interval in the effect's unit; None where no trend could be tested.

    Source: Roth (2022), American Economic Review: Insights 4(3), on what a passed pre-test leaves.
    """
    slope = next((check.estimate for check in impact.checks if check.key == "trend_before"), None)
    if slope is None or not slope.has_interval:
        return None
    periods = {point.period for point in impact.series}
    distance = len(periods) / 2
    return Estimate(
        value=slope.value * distance,
        ci_lower=slope.ci_lower * distance,
        ci_upper=slope.ci_upper * distance,
        n_obs=slope.n_obs,
        unit=impact.effect.unit,
        method="slope before the start, carried forward",
        confidence_level=slope.confidence_level,
    )
