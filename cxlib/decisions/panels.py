"""Which units and months an initiative is judged on: with it, without any, with another one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import pandas as pd

from cxlib.decisions.baseline import OUTCOMES, month_stamp, months_between
from cxlib.decisions.calendar import occasion_shares
from cxlib.engagement.schema import Engagement, Initiative, Period
from cxlib.errors import ConfigError
from cxlib.stats.counterfactual import Calendar
from cxlib.stats.panel import Panel, read_panel

MIN_UNITS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPanels:
    """The units of one initiative and those it is compared with.

    Attributes:
        main: Baseline and review period.
        all_others: The same months; units with another initiative stand among the comparison.
        history: The units of ``main`` over every month up to the end of the review.
        starts: Units that started later than the initiative.
        comparison: clean: units without any initiative · all_others: too few were clean.
        n_with_other: Units outside this initiative that have another one.
        n_left_out: Units with this and another initiative, left out of both groups.
    """

    main: Panel
    all_others: Panel
    history: Panel
    starts: Mapping[str, date]
    comparison: Literal["clean", "all_others"]
    n_with_other: int
    n_left_out: int

    @property
    def has_history(self) -> bool:
        """Whether months before the baseline exist."""
        return len(self.history.periods) > len(self.main.periods)


def compared_panels(
    frame: pd.DataFrame, item: Initiative, *, engagement: Engagement
) -> ComparedPanels:
    """Take an initiative's units and the units to compare them with out of the store months.

    Raises:
        ConfigError: Too few units of its own, all shared with another initiative, or a start date
            of a unit that does not have the initiative.
        InputError: A unit lacks a month.
    """
    mine, other = unit_rows(frame, item, engagement)
    kept = frame[~(mine & other)]
    if not (mine & ~other).any():
        raise ConfigError(
            f"initiative {item.id!r} shares all its units with another initiative: "
            "what happened there cannot be told apart"
        )
    with_it = set(frame.loc[mine, "store"].astype(str))
    if unknown := sorted(set(item.starts) - with_it):
        raise ConfigError(
            f"starts of initiative {item.id!r} names {', '.join(unknown)}, which "
            f"{item.units} = 1 does not mark; units with it: {', '.join(sorted(with_it))}"
        )
    clean = kept[~other.loc[kept.index]]
    enough = clean.loc[clean[item.units] == 0, "store"].nunique() >= MIN_UNITS
    group = clean if enough else kept
    window = Period(start=engagement.baseline.start, end=engagement.review.end)
    inside = {str(store) for store in group["store"]}
    return ComparedPanels(
        main=outcome_panel(months_between(group, window), item),
        all_others=outcome_panel(months_between(kept, window), item),
        history=outcome_panel(group[group["month"] <= month_stamp(window.end)], item),
        starts={
            unit: day for unit, day in item.starts.items() if unit in inside and day > item.start
        },
        comparison="clean" if enough else "all_others",
        n_with_other=frame.loc[other & ~mine, "store"].nunique(),
        n_left_out=frame.loc[other & mine, "store"].nunique(),
    )


def unit_rows(
    frame: pd.DataFrame, item: Initiative, engagement: Engagement
) -> "tuple[pd.Series[bool], pd.Series[bool]]":
    """Per row, whether its unit has this initiative, and whether it has another one."""
    units = {one.units for one in engagement.initiatives if one.units != item.units}
    mine = frame[item.units] == 1
    if frame.loc[mine, "store"].nunique() < MIN_UNITS:
        raise ConfigError(
            f"initiative {item.id!r} needs at least {MIN_UNITS} stores with {item.units} = 1, "
            f"found {frame.loc[mine, 'store'].nunique()}"
        )
    other = frame[sorted(units)].eq(1).any(axis=1) if units else mine & ~mine
    return mine, other


def outcome_panel(frame: pd.DataFrame, item: Initiative) -> Panel:
    """Read the panel of an initiative's outcome."""
    top, bottom, _, unit = OUTCOMES[item.outcome]
    return read_panel(
        frame, period="month", treated=item.units, numerator=top, denominator=bottom,
        measured_in=unit,
    )  # fmt: skip


def month_calendar(panel: Panel, *, engagement: Engagement) -> Calendar:
    """Give the share of each month's days around Lunar New Year and in a sale."""
    shares = occasion_shares(panel.periods, cadence="monthly", engagement=engagement)
    return tuple(shares.values())
