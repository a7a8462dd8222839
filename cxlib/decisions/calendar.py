"""Moving holidays and sale days behind a KPI: which periods hold them, and what they explain.

A season of twelve months is not modelled: it needs three years of monthly values, and a single
year cannot tell a season from a change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from cxlib.decisions.level import period_end
from cxlib.engagement.schema import Cadence, Engagement, Period
from cxlib.measures.festival import holiday_spans, share_of_days
from cxlib.stats.multiplicity import simultaneous_level
from cxlib.stats.smoothing import FEWEST, CalendarEffect, calendar_effect

Occasion = Literal["lunar_new_year", "sale"]
OCCASIONS: tuple[Occasion, ...] = ("lunar_new_year", "sale")
MARKED = 0.15
"""Share of a period's days in an occasion from which the period is said to hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiCalendar:
    """The occasions in the periods of one KPI.

    Attributes:
        shares: Per occasion and known period, the share of its days.
        effects: Per occasion, what a whole period of it adds; None where it cannot be told.
    """

    shares: Mapping[Occasion, tuple[float, ...]]
    effects: Mapping[Occasion, CalendarEffect | None]

    @property
    def used(self) -> tuple[Occasion, ...]:
        """Occasions whose effect is clear and brings forecasts of unseen values closer."""
        return tuple(name for name, effect in self.effects.items() if effect and effect.helps)

    @property
    def columns(self) -> tuple[tuple[float, ...], ...]:
        """Shares of the occasions that move the centre line and the forecast."""
        return tuple(self.shares[name] for name in self.used)

    def marks(self, index: int) -> tuple[Occasion, ...]:
        """Name the occasions that a period holds."""
        return tuple(name for name, shares in self.shares.items() if shares[index] >= MARKED)


def kpi_calendar(
    starts: Sequence[date],
    values: Sequence[float],
    *,
    cadence: Cadence,
    engagement: Engagement,
) -> KpiCalendar:
    """Find the occasions in the periods of a KPI and what they add to it, each by itself.

    Args:
        starts: First days of its known periods, in time order.
        values: Of those periods; under 8 no effect is told.
        cadence: Of the periods.
        engagement: Its sale days and confidence level.
    """
    shares = occasion_shares(starts, cadence=cadence, engagement=engagement)
    level = gap_level(engagement)
    return KpiCalendar(
        shares=shares,
        effects={
            name: calendar_effect(values, found, confidence_level=level)
            if len(values) >= FEWEST
            else None
            for name, found in shares.items()
        },
    )


def gap_level(engagement: Engagement) -> float:
    """Give the level of each gap's interval: all KPIs' gaps hold together (Bonferroni)."""
    occasions = 1 + bool(engagement.sale_days)
    return simultaneous_level(
        engagement.confidence_level, comparisons=occasions * max(1, len(engagement.kpis))
    )


def occasion_shares(
    starts: Sequence[date], *, cadence: Cadence, engagement: Engagement
) -> dict[Occasion, tuple[float, ...]]:
    """Give the share of each period's days in each occasion; one without any day is left out."""
    if not starts:
        return {}
    last = period_end(starts[-1], cadence)
    spans: dict[Occasion, Sequence[Period]] = {
        "lunar_new_year": holiday_spans(starts[0], last),
        "sale": engagement.sale_days,
    }
    found = {
        name: tuple(
            share_of_days(start, period_end(start, cadence), spans=days) for start in starts
        )
        for name, days in spans.items()
    }
    return {name: shares for name, shares in found.items() if any(shares)}
