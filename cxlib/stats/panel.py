# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""A checked panel of ratios: one row per unit and period with a numerator and a denominator.

Sales and enquiries, sum of ratings and ratings. Some units are treated from one date on, the others
never. What the panel says is estimated in differences.py and event_study.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from cxlib.errors import InputError
from cxlib.stats.clustered import Array, Index
from cxlib.stats.estimate import Unit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """A checked panel, sorted by unit and period; made by read_panel.

    Attributes:
        units: Names of the units.
        periods: First day of each period, rising.
        treated: Per unit, whether it is ever treated.
        unit_of: Per row, the unit's number.
        period_of: Per row, the period's number.
        numerator: Per row.
        denominator: Per row, above 0.
        unit: How a difference of two ratios is read ("pp" for shares, "rating" for means).
    """

    units: tuple[str, ...]
    periods: tuple[date, ...]
    treated: tuple[bool, ...]
    unit_of: Index
    period_of: Index
    numerator: Array
    denominator: Array
    unit: Unit

    @property
    def n_treated(self) -> int:
        """Treated units."""
        return sum(self.treated)

    @property
    def n_comparison(self) -> int:
        """Units never treated."""
        return len(self.units) - self.n_treated

    @property
    def n_obs(self) -> int:
        """Observations in the denominators."""
        return round(float(self.denominator.sum()))

    @property
    def is_treated(self) -> Array:
        """Per row, 1 for a treated unit."""
        return np.asarray(self.treated, dtype=float)[self.unit_of]

    def is_after(self, start: date) -> Array:
        """Per row, 1 from the start on."""
        return np.array([p >= start for p in self.periods], dtype=float)[self.period_of]

    def is_under_way(self, start: date, starts: Mapping[str, date]) -> Array:
        """Per row, 1 from its unit's own start on; units not named start on the common date."""
        own = [starts.get(unit, start) for unit in self.units]
        rows = zip(self.unit_of, self.period_of, strict=True)
        return np.array([self.periods[t] >= own[u] for u, t in rows], dtype=float)

    def between(self, first: date | None = None, end: date | None = None) -> "Panel":
        """Keep the periods in [first, end)."""
        kept = [
            i
            for i, p in enumerate(self.periods)
            if (first is None or p >= first) and (end is None or p < end)
        ]
        if not kept:
            raise InputError(
                f"no period from {first} up to {end}; the panel has "
                f"{self.periods[0]} to {self.periods[-1]}"
            )
        rows = np.isin(self.period_of, kept)
        return replace(
            self,
            periods=tuple(self.periods[i] for i in kept),
            unit_of=self.unit_of[rows],
            period_of=self.period_of[rows] - kept[0],
            numerator=self.numerator[rows],
            denominator=self.denominator[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPoint:
    """A group's pooled ratio in one period."""

    period: date
    group: Literal["treated", "comparison"]
    value: float
    n_obs: int


def read_panel(
    frame: pd.DataFrame,
    *,
    unit: str = "store",
    period: str = "month",
    treated: str = "treated",
    numerator: str = "sales",
    denominator: str = "enquiries",
    measured_in: Unit = "pp",
) -> Panel:
    """Check a summary frame and make it a panel.

    Args:
        frame: One row per unit and period.
        unit: Column with the unit's name.
        period: Column with the period's first day.
        treated: Column 0/1, constant within a unit: 1 for units ever treated.
        numerator: Column, 0 or more.
        denominator: Column, 0 or more; a row of 0 carries no ratio and is left out.
        measured_in: Unit of a difference of two ratios.

    Raises:
        InputError: A column is absent, a unit and period appear twice or are missing, a value is
            empty or negative, or a unit changes group; each names what was found.
    """
    wanted = [unit, period, treated, numerator, denominator]
    if absent := [column for column in wanted if column not in frame.columns]:
        raise InputError(f"columns not found: {absent}; the panel has {list(frame.columns)}")
    if frame.empty:
        raise InputError("a panel needs at least one row, got 0")
    data = frame[wanted].copy()
    data.columns = pd.Index(["unit", "period", "treated", "numerator", "denominator"])
    data["period"] = pd.to_datetime(data["period"]).dt.date
    data["unit"] = data["unit"].astype(str)
    data = data.sort_values(["unit", "period"], kind="stable").reset_index(drop=True)
    if twice := _places(data[data.duplicated(["unit", "period"])]):
        raise InputError(f"each {unit} and {period} may appear once, found twice: {twice}")
    values = data[["numerator", "denominator"]].astype(float)
    wrong = values.isna().any(axis=1) | (values < 0).any(axis=1)
    if bad := _places(data[wrong]):
        raise InputError(
            f"{numerator} and {denominator} must be 0 or more and filled, not so: {bad}"
        )
    if set(data["treated"].unique()) - {0, 1}:
        found = ", ".join(sorted(str(flag) for flag in data["treated"].unique()))
        raise InputError(f"{treated} must be 0 or 1, found {found}")
    groups = data.groupby("unit")["treated"].agg(["min", "max"])
    if mixed := [str(name) for name in groups.index[groups["min"] != groups["max"]]]:
        raise InputError(f"{treated} must not change within a {unit}, it does in {mixed}")
    units, periods = sorted(groups.index), sorted(data["period"].unique())
    grid = pd.MultiIndex.from_product([units, periods], names=["unit", "period"])
    there = pd.MultiIndex.from_frame(data[["unit", "period"]])
    if gaps := _places(grid.difference(there).to_frame(index=False)):
        raise InputError(
            f"each {unit} needs every {period}, missing: {gaps}; "
            f"leave the {unit} out or shorten the span"
        )
    data = data[data["denominator"] > 0]
    return Panel(
        units=tuple(units),
        periods=tuple(periods),
        treated=tuple(bool(groups.loc[name, "max"]) for name in units),
        unit_of=np.asarray([units.index(u) for u in data["unit"]], dtype=np.intp),
        period_of=np.asarray([periods.index(p) for p in data["period"]], dtype=np.intp),
        numerator=data["numerator"].to_numpy(dtype=float),
        denominator=data["denominator"].to_numpy(dtype=float),
        unit=measured_in,
    )


def group_series(panel: Panel) -> tuple[SeriesPoint, ...]:
    """Pool each group's ratio period by period, for the chart."""
    points = []
    groups: tuple[Literal["treated", "comparison"], ...] = ("treated", "comparison")
    for group in groups:
        flag = 1 if group == "treated" else 0
        for t, period in enumerate(panel.periods):
            rows = (panel.is_treated == flag) & (panel.period_of == t)
            if (total := float(panel.denominator[rows].sum())) > 0:
                value = float(panel.numerator[rows].sum()) / total
                points.append(
                    SeriesPoint(period=period, group=group, value=value, n_obs=round(total))
                )
    return tuple(points)


def _places(frame: pd.DataFrame) -> str:
    """Name up to five units and periods, and say how many more."""
    named = [f"{u} {p}" for u, p in zip(frame["unit"], frame["period"], strict=True)]
    more = f" and {len(named) - 5} more" if len(named) > 5 else ""
    return ", ".join(named[:5]) + more


def check_span(panel: Panel, start: date) -> None:
    """Refuse a start without periods on both sides."""
    first, last = panel.periods[0], panel.periods[-1]
    if not first < start <= last:
        raise InputError(
            f"the start must have periods before and after it, got {start} in {first} to {last}"
        )


def check_groups(panel: Panel, start: date) -> None:
    """Refuse a start out of the span, or fewer than 2 units in a group."""
    check_span(panel, start)
    if panel.n_treated < 2 or panel.n_comparison < 2:
        raise InputError(
            "a comparison needs at least 2 treated and 2 comparison units, "
            f"got {panel.n_treated} and {panel.n_comparison}"
        )


def check_before(panel: Panel, start: date, starts: Mapping[str, date]) -> None:
    """Refuse treated units that count nothing before their own start."""
    before = panel.is_under_way(start, starts) == 0
    seen = set(panel.unit_of[before].tolist())
    if late := [
        unit
        for number, (unit, treated) in enumerate(zip(panel.units, panel.treated, strict=True))
        if treated and number not in seen
    ]:
        raise InputError(
            "treated units need observations before their start, none in "
            f"{', '.join(late)}; leave them out"
        )
