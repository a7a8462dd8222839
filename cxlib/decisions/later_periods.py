"""What later periods can still show of a goal: how many there are, and what they show pooled."""

from datetime import date, timedelta
from math import ceil, sqrt
from statistics import NormalDist

from cxlib.decisions.level import KPI_RANGES, Level, period_end
from cxlib.decisions.targets import Feasibility
from cxlib.engagement.schema import Kpi
from cxlib.stats.power import nps_variances


def later_sample(
    change: float,
    *,
    n_before: int,
    variance_before: float,
    variance_after: float,
    confidence_level: float = 0.95,
    power: float = 0.8,
) -> int | None:
    """Find the answers still needed when the earlier sample is what it is.

        n = v_after / ((change / (z_a + z_b))² - v_before / n_before)

    Returns:
        The number, or None when the earlier sample alone is too uncertain for any later one.
    """
    room = (change / _z(confidence_level, power)) ** 2 - variance_before / n_before
    return None if room <= 0 else max(2, ceil(variance_after / room - 1e-9))


def pooled_change(
    kpi: Kpi,
    start: Level,
    level: float,
    sample: Feasibility,
    *,
    sd: float | None,
    periods: int,
    design_effect: float = 1.0,
) -> tuple[int | None, float | None]:
    """Give later periods needed against start, and the smallest change ``periods`` can show."""
    before, after = (design_effect * each for each in _variances(start, level, sd=sd))
    z = _z(sample.confidence_level, sample.power)
    n_before = start.estimate.n_obs
    if n_before:
        n = later_sample(
            sample.change,
            n_before=n_before,
            variance_before=before,
            variance_after=after,
            confidence_level=sample.confidence_level,
            power=sample.power,
        )
    else:
        n = sample.n_needed  # a value by hand: taken to rest on as many answers as come later
    needed = None if n is None else ceil(n / sample.n_collected)
    later = periods * sample.n_collected
    if not later:
        return needed, None
    step = z * sqrt(before / (n_before or later) + after / later)
    smallest = step if sample.change > 0 else -step
    low, high = KPI_RANGES[kpi.unit]
    return needed, smallest if low <= start.estimate.value + smallest <= high else None


def _variances(start: Level, level: float, *, sd: float | None) -> tuple[float, float]:
    value = start.estimate.value
    if sd is not None:
        return sd**2, sd**2
    if start.estimate.unit == "share":
        return value * (1 - value), level * (1 - level)
    if start.nps_shares is None:
        return nps_variances(value, level)
    return nps_variances(value, level, baseline_shares=start.nps_shares, variance="shares")


def later_periods(
    kpi: Kpi, *, by: date, after: date, known: date, last: date, begins: date | None
) -> tuple[date, ...]:
    """Give the first days of whole periods whose value is known by the due date and not yet today.

    A KPI whose last value is older than the others' needs that long to ripen (a 90-day cohort).
    Where the due date has passed, the periods from the baseline to it count. A period that begins
    before the goal's actions have all started cannot show their full change and does not count.
    """
    lag = max(last - known, timedelta())
    first = (known if by > known else after) + timedelta(days=1)
    found = []
    while (end := period_end(first, kpi.cadence)) + lag <= by:
        if begins is None or first >= begins:
            found.append(first)
        first = end + timedelta(days=1)
    return tuple(found)


def _z(confidence_level: float, power: float) -> float:
    normal = NormalDist()
    return normal.inv_cdf((1 + confidence_level) / 2) + normal.inv_cdf(power)
