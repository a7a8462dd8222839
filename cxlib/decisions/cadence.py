"""One history, read weekly, monthly or quarterly: the same KPI gives the same figure to the digit.

Finer periods are pooled from their counts into whole coarser ones by the one function that pools
baselines; nothing is averaged, so a quarter is the same whether it is read as a quarter or as its
three months.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from cxlib.decisions.kpis import RIPENING_DAYS
from cxlib.decisions.level import Level, history_rows, period_end, pool
from cxlib.engagement.schema import Cadence, Engagement, Kpi, Period
from cxlib.errors import InputError

NESTS: Mapping[Cadence, tuple[Cadence, ...]] = {
    "weekly": ("weekly",),
    "monthly": ("monthly", "quarterly"),
    "quarterly": ("quarterly",),
}
"""Which rhythms a KPI can be read in; weeks lie across months."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """When a KPI is read next, and what its coarsest reading says.

    Attributes:
        kpi: The KPI.
        latest: Its latest period in its own rhythm.
        quarter: Its latest whole quarter, read from the same rows; None where weeks do not nest.
        next_on: First day from the report's date on which a period not read yet is known.
        ripening_days: Days a period needs after its end.
    """

    kpi: Kpi
    latest: Level
    quarter: Level | None
    next_on: date
    ripening_days: int


def in_cadence(
    history: pd.DataFrame, *, kpi: Kpi, cadence: Cadence, confidence_level: float = 0.95
) -> tuple[Level, ...]:
    """Read a KPI in a rhythm, whole periods only, in time order.

    Args:
        history: As for `pool`.
        kpi: Measured in its own rhythm.
        cadence: Its own or a coarser one that its periods fill exactly.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: A rhythm the KPI's periods do not fill, such as months from weeks.
    """
    if cadence not in NESTS[kpi.cadence]:
        raise InputError(
            f"{kpi.id} is measured {kpi.cadence} and can be read "
            f"{' or '.join(NESTS[kpi.cadence])}, got {cadence}"
        )
    rows = history_rows(history, kpi)
    wanted = 3 if kpi.cadence == "monthly" and cadence == "quarterly" else 1
    starts = [_opening(start, cadence) for start in rows["start"]]
    found = []
    for start in dict.fromkeys(starts):
        if starts.count(start) != wanted:
            continue
        period = Period(start=start, end=period_end(start, cadence))
        level = pool(history, kpi=kpi, period=period, confidence_level=confidence_level)
        if level is not None:
            found.append(level)
    return tuple(found)


def readings(history: pd.DataFrame, *, engagement: Engagement) -> tuple[Reading, ...]:
    """Say of each KPI with a history what was read last and when it is read next."""
    found = []
    for kpi in engagement.kpis:
        level = engagement.confidence_level
        own = in_cadence(history, kpi=kpi, cadence=kpi.cadence, confidence_level=level)
        if not own:
            continue
        quarters: tuple[Level, ...] = ()
        if "quarterly" in NESTS[kpi.cadence]:
            quarters = in_cadence(history, kpi=kpi, cadence="quarterly", confidence_level=level)
        wait = RIPENING_DAYS.get(kpi.id, 0)
        found.append(
            Reading(
                kpi=kpi,
                latest=own[-1],
                quarter=quarters[-1] if quarters else None,
                next_on=_known(own[-1].end, kpi.cadence, wait, today=engagement.dated()),
                ripening_days=wait,
            )
        )
    return tuple(found)


def _known(end: date, cadence: Cadence, wait: int, *, today: date) -> date:
    """Give the first day from today on which a period after ``end`` is known."""
    known = end
    while known < today or end == known:
        end = period_end(end + timedelta(days=1), cadence)
        known = end + timedelta(days=wait + 1)
    return known


def _opening(day: date, cadence: Cadence) -> date:
    if cadence == "quarterly":
        return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    return day
