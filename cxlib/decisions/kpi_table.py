"""The KPI table: last value, trend where a rule fires, verdict where a target is set."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from cxlib.decisions.level import history_rows
from cxlib.decisions.targets import KpiRow, Trend, kpi_row
from cxlib.engagement.schema import Engagement, Kpi
from cxlib.measures.tracking import KpiSeries, kpi_series

_TREND: dict[str, Trend] = {"up": "rising", "down": "falling", "no_signal": "no_signal"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiLine:
    """One line of the KPI table; row and series are None where the history has nothing."""

    kpi: Kpi
    row: KpiRow | None
    series: KpiSeries | None


def kpi_lines(
    history: pd.DataFrame, *, engagement: Engagement, targets: Mapping[str, float]
) -> tuple[KpiLine, ...]:
    """Fill the KPI table: last value, trend where a rule fires, verdict where a target is set.

    Args:
        history: As for `pool`.
        engagement: KPIs in order.
        targets: Level aimed at per KPI; a KPI that is absent has no target.
    """
    lines = []
    for kpi in engagement.kpis:
        if history_rows(history, kpi).empty:
            lines.append(KpiLine(kpi=kpi, row=None, series=None))
            continue
        series = kpi_series(
            history,
            kpi=kpi.id,
            target=targets.get(kpi.id),
            better=kpi.direction,
            confidence_level=engagement.confidence_level,
        )
        row = kpi_row(
            kpi.id,
            unit=kpi.unit,
            direction=kpi.direction,
            cadence=kpi.cadence,
            current=series.current,
            owner=kpi.owner["en"],
            target=targets.get(kpi.id),
            trend=_TREND[series.trend],
        )
        lines.append(KpiLine(kpi=kpi, row=row, series=series))
    return tuple(lines)
