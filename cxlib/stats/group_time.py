# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""Group-time effects: units that start at different dates, each compared with units still without.

A plain difference in differences with one "after" compares late starters with early ones already
under way, and can give a negative answer to effects that are all positive (Goodman-Bacon 2021).
Here every start date is its own comparison, and the results are averaged afterwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import nan, sqrt
from typing import Literal

import numpy as np

from cxlib.errors import InputError
from cxlib.stats.clustered import Array
from cxlib.stats.estimate import Estimate, Unit, check_level
from cxlib.stats.panel import Panel

Comparison = Literal["never", "not_yet"]
"""never: units without the action to the end · not_yet: also those that start later."""
Base = Literal["all", "last"]
"""What the change is measured from: the mean of all periods before the start, or the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTime:
    """Effect in one period on the units that started in one period."""

    started: date
    period: date
    effect: Estimate
    n_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTime:
    """Mean effect so many periods after the start (below 0: before it)."""

    periods_since: int
    effect: Estimate
    n_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTimeEffects:
    """What staggered units gained.

    Attributes:
        overall: Mean over the treated units of each one's mean effect since its start.
        by_event_time: Mean effect by periods since the start; before it, a check.
        by_group_time: Each start date and period.
        n_treated: Units with a start.
        n_comparison: Units never treated.
        n_always: Units treated from the first period on, left out: nothing is known before.
    """

    overall: Estimate
    by_event_time: tuple[EventTime, ...]
    by_group_time: tuple[GroupTime, ...]
    n_treated: int
    n_comparison: int
    n_always: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cell:
    """One group-time effect with each unit's part in it, and its share of the two means."""

    group: int
    period: int
    value: float
    own: Array
    others: Array
    own_share: Array
    other_share: Array


def group_time_effects(
    panel: Panel,
    *,
    starts: Mapping[str, date],
    comparison: Comparison = "not_yet",
    base: Base = "all",
    weighting: Literal["volume", "equal"] = "volume",
    confidence_level: float = 0.95,
) -> GroupTimeEffects:
    """Estimate effects by start date and period, and average them.

        ATT(g, t) = [mean change of the units started in g] - [mean change of units still without]

    Doubt is by unit, through each unit's part in the average (influence function), over
    1 - its share of the group (CR2; n / (n - 1) with equal weights), with the degrees of freedom
    of Satterthwaite and Welch: a group that one large unit makes up says little about its spread. A
    start date with one unit takes the spread of the comparison units.

    Args:
        panel: From read_panel; a unit is treated where ``starts`` says so.
        starts: Unit to its first treated day; units not named are never treated.
        comparison: Who stands for what would have been.
        base: Needs the groups to have moved alike in all periods before ("all", steadier), or only
            since the last one ("last", the published default).
        weighting: By each unit's mean denominator, or all alike.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: A name the panel does not have, no unit with a period before its start, or
            fewer than 2 comparison units.

    Source: Callaway and Sant'Anna (2021), Journal of Econometrics 225(2), without covariates;
    the share of units by start date is taken as given, not as drawn.
    """
    check_level(confidence_level)
    if unknown := sorted(set(starts) - set(panel.units)):
        raise InputError(f"starts name units the panel does not have: {', '.join(unknown)}")
    values = _grid(panel)
    n_units, n_periods = values.shape
    first = np.array(
        [
            sum(p < starts[unit] for p in panel.periods) if unit in starts else n_periods
            for unit in panel.units
        ]
    )
    always = first == 0
    never = first == n_periods
    groups = sorted({int(g) for g in first if 0 < g < n_periods})
    if not groups:
        raise InputError(
            "no treated unit has periods before and after its start: nothing can be compared"
        )
    if never.sum() < 2 and comparison == "never":
        raise InputError(
            f"a comparison with units never treated needs at least 2 of them, got {never.sum()}; "
            "take units that start later"
        )
    weight = np.ones(n_units) if weighting == "equal" else _volume(panel)
    cells = [
        cell
        for group in groups
        for t in range(n_periods)
        if (
            cell := _cell(
                values, first, weight, group=group, period=t, comparison=comparison, base=base
            )
        )
        is not None
    ]
    total = round(float(panel.denominator.sum()))

    def estimate(parts: Sequence[tuple[float, _Cell]]) -> Estimate:
        return _average(parts, first, n_obs=total, unit=panel.unit, level=confidence_level)

    after = [cell for cell in cells if cell.period >= cell.group]
    if not after:
        raise InputError("no period after a start has at least 2 comparison units")
    size = {g: float(weight[first == g].sum()) for g in groups}
    seen = {g: [cell for cell in after if cell.group == g] for g in groups}
    everyone = sum(size[g] for g in groups if seen[g])
    overall = [(size[g] / everyone / len(seen[g]), c) for g in groups for c in seen[g]]
    steps = sorted({cell.period - cell.group for cell in cells})
    by_step = {e: [cell for cell in cells if cell.period - cell.group == e] for e in steps}
    return GroupTimeEffects(
        overall=estimate(overall),
        by_event_time=tuple(
            EventTime(
                periods_since=e,
                effect=estimate(
                    [(size[c.group] / sum(size[x.group] for x in found), c) for c in found]
                ),
                n_units=sum(int((first == c.group).sum()) for c in found),
            )
            for e, found in by_step.items()
        ),
        by_group_time=tuple(
            GroupTime(
                started=panel.periods[cell.group],
                period=panel.periods[cell.period],
                effect=estimate([(1.0, cell)]),
                n_units=int((first == cell.group).sum()),
            )
            for cell in cells
        ),
        n_treated=int((~never & ~always).sum()),
        n_comparison=int(never.sum()),
        n_always=int(always.sum()),
    )


def _cell(
    values: Array,
    first: Array,
    weight: Array,
    *,
    group: int,
    period: int,
    comparison: Comparison,
    base: Base,
) -> _Cell | None:
    """Estimate one group-time effect; None where nobody is left to compare with."""
    if base == "last":
        reference = group - 1 if period >= group else period - 1
        if reference < 0:
            return None
        change = values[:, period] - values[:, reference]
    else:
        earlier = [t for t in range(group) if t != period]
        if not earlier:
            return None
        change = values[:, period] - values[:, earlier].mean(axis=1)
    ours = first == group
    last = period if base == "last" else max(period, group)
    theirs = first == values.shape[1] if comparison == "never" else (first > last) & ~ours
    if theirs.sum() < 2:
        return None
    parts, means, shares = [], [], []
    for members in (ours, theirs):
        share = np.where(members, weight, 0.0) / weight[members].sum()
        mean = float(share @ change)
        n = int(members.sum())
        rest = np.sqrt(np.where(members, 1 - share, 1.0)) if n > 1 else np.full(len(share), np.inf)
        parts.append(share * (change - mean) / rest)
        means.append(mean)
        shares.append(share)
    return _Cell(
        group=group, period=period, value=means[0] - means[1], own=parts[0], others=-parts[1],
        own_share=shares[0], other_share=shares[1],
    )  # fmt: skip


def _average(
    parts: Sequence[tuple[float, _Cell]],
    first: Array,
    *,
    n_obs: int,
    unit: Unit,
    level: float,
) -> Estimate:
    """Average cells; doubt from each unit's part, degrees of freedom by Satterthwaite and Welch."""
    from scipy.special import stdtr, stdtrit

    value = sum(share * cell.value for share, cell in parts)
    own = np.sum([share * cell.own for share, cell in parts], axis=0)
    others = np.sum([share * cell.others for share, cell in parts], axis=0)
    groups = {cell.group for _, cell in parts}
    alone = [g for g in groups if int((first == g).sum()) == 1]
    from_others = float(np.sum(others**2))
    compared = int(np.count_nonzero(np.any([c.others != 0 for _, c in parts], axis=0)))
    lent = sum(_lent(g, parts) for g in alone)
    variance = float(np.sum((own + others) ** 2)) + lent
    n_own = int(np.isin(first, list(groups)).sum())
    means = [sum(share * c.own_share for share, c in parts if c.group == g) for g in groups]
    free_own = _freedom([np.asarray(each) for each in means if np.count_nonzero(each) > 1])
    free_others = max(_freedom([np.sum([k * c.other_share for k, c in parts], axis=0)]), 1.0)
    from_own = max(variance - from_others - lent, 0.0)
    below = (from_own**2 / free_own if free_own else 0.0) + (from_others + lent) ** 2 / free_others
    df = min(max(variance**2 / below, 1.0), n_own + compared - 2.0) if below > 0 else free_others
    error = sqrt(variance)
    margin = float(stdtrit(df, (1 + level) / 2)) * error
    return Estimate(
        value=value,
        ci_lower=value - margin,
        ci_upper=value + margin,
        n_obs=n_obs,
        unit=unit,
        method="group-time effects, doubt by unit",
        confidence_level=level,
        p_value=float(2 * stdtr(df, -abs(value) / error)) if error > 0 else nan,
    )


def _freedom(means: Sequence[Array]) -> float:
    """Give the degrees of freedom of the squared error of a sum of separate weighted means.

        2 E(V)^2 / var(V) for alike units, V = Σ k² Σ s² (y - ȳ)² / (1 - s), s the shares of a mean
        and k its part in the sum; the units less the means with equal shares; 0 without a mean

    Source: Bell and McCaffrey (2002), Survey Methodology 28(2).
    """
    expected = squares = 0.0
    for weights in means:
        part = float(weights.sum())
        s = weights / part
        d = s**2 / (1 - s)
        a, b, c, whole = float(d @ d), float(d @ s), float(s @ s), float(d.sum())
        expected += part**2 * (whole - 2 * b + whole * c)
        beside = 2 * a * c + 2 * b * b + (whole * c) ** 2 - 4 * whole * b * c
        squares += part**4 * (a + 2 * float(d @ (whole * s**2 - 2 * d * s)) + beside)
    return expected**2 / squares if squares > 0 else 0.0


def _lent(group: int, parts: Sequence[tuple[float, _Cell]]) -> float:
    """Lend a lone unit the spread of the units it is compared with, in the same combination."""
    mine = [(share, cell) for share, cell in parts if cell.group == group]
    others = np.sum([share * cell.others for share, cell in mine], axis=0)
    n = int(np.count_nonzero(others))
    return float(np.sum(others**2)) * n


def _grid(panel: Panel) -> Array:
    """Give units by periods, filled.

    Raises:
        InputError: A unit counts nothing in a period.
    """
    grid = np.full((len(panel.units), len(panel.periods)), nan)
    grid[panel.unit_of, panel.period_of] = panel.numerator / panel.denominator
    empty = np.argwhere(~np.isfinite(grid))
    if len(empty):
        unit, period = panel.units[empty[0][0]], panel.periods[empty[0][1]]
        raise InputError(
            "group-time effects need an observation of each unit in each period, none of "
            f"{unit} in {period} ({len(empty)} in all); leave the unit out or pool months"
        )
    return grid


def _volume(panel: Panel) -> Array:
    """Mean denominator of each unit."""
    total = np.bincount(panel.unit_of, panel.denominator, len(panel.units))
    return np.asarray(total / len(panel.periods), dtype=float)
