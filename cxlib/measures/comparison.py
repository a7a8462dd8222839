"""Two groups or two waves compared on one metric, and which way is good news."""

from cxlib.engagement.scales import SCALES, MetricKind
from cxlib.errors import InputError
from cxlib.measures.distribution import GroupScore, band, mean_and_variance
from cxlib.measures.survey import nps_difference
from cxlib.stats.estimate import Estimate
from cxlib.stats.means import mean_difference
from cxlib.stats.proportions import proportion_difference


def score_difference(a: GroupScore, b: GroupScore, *, confidence_level: float = 0.95) -> Estimate:
    """Estimate the difference of two independent groups' scores, a - b, same metric and statistic.

    Means by Welch (``rating``), shares by Newcombe (``pp``), NPS by adjusted Wald (``points``).

    Args:
        a: The treatment, or now.
        b: The control, or before.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: Two metrics (or two CES versions), two statistics, or a hidden group.
    """
    if (a.metric, a.statistic) != (b.metric, b.statistic):
        raise InputError(
            "a difference needs one metric and one statistic, got "
            f"{a.metric} {a.statistic} and {b.metric} {b.statistic}" + _version_hint(a, b)
        )
    n1, n2 = a.shown.n_obs, b.shown.n_obs
    if a.statistic == "nps":
        return nps_difference(a, b, confidence_level=confidence_level)
    if a.statistic == "share":
        low, high = SCALES[a.metric].favourable
        return proportion_difference(
            band(a.distribution, low, high),
            n1,
            band(b.distribution, low, high),
            n2,
            confidence_level=confidence_level,
        )
    if a.statistic == "mean":
        mean1, variance1 = mean_and_variance(a.distribution)
        mean2, variance2 = mean_and_variance(b.distribution)
        return mean_difference(
            n1, mean1, variance1, n2, mean2, variance2, confidence_level=confidence_level
        )
    raise InputError(f"statistic must be nps, mean or share for a difference, got {a.statistic}")


def change_is_better(metric: MetricKind, change: float) -> bool:
    """Say whether a change of the mean or score is good news under the metric's contract."""
    return change > 0 if SCALES[metric].direction == "higher" else change < 0


def _version_hint(a: GroupScore, b: GroupScore) -> str:
    if {a.metric, b.metric} == {"ces-v1", "ces-v2"}:
        return "; the two effort scales run in opposite directions: compare within one version"
    return ""
