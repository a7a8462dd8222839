# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""Difference in differences: what treated units gained beyond units that were never treated.

Ratios are weighted by their denominator. Doubt is by unit, because the months of one unit are no
independent evidence. A plain before/after stands beside it, to show what the comparison takes out.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import nan
from typing import Literal

import numpy as np

from cxlib.errors import InputError
from cxlib.stats.clustered import Array, ClusteredFit, Contrast, fit_clustered
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.panel import Panel, check_groups, check_span

GroupTrend = Literal["common", "own"]
"""common: treated and comparison units would have moved alike · own: each group on its own line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelEffect:
    """What the treated units gained beyond the comparison units.

    Attributes:
        effect: Difference of the changes, in the panel's unit.
        rel_effect: The same as a proportion of what would have been (0.4 = +40 %), from a
            log-linear model in which season and trend multiply.
        permutation_p_value: Share of re-drawn treated groups with an effect as large: needs no
            distribution, so it checks the interval where treated units are few.
        n_permutations: Re-drawn groups.
        std_error: Of effect, allowing for units.
        df: Degrees of freedom of its t interval.
        n_treated: Treated units.
        n_comparison: Comparison units.
    """

    effect: Estimate
    rel_effect: Estimate
    permutation_p_value: float
    n_permutations: int
    std_error: float
    df: float
    n_treated: int
    n_comparison: int


def difference_in_differences(
    panel: Panel,
    *,
    start: date,
    group_trend: GroupTrend = "common",
    confidence_level: float = 0.95,
    n_permutations: int = 1_999,
    seed: int = 20_260_101,
) -> PanelEffect:
    """Estimate what the treated units gained beyond the comparison units since the start.

        ratio_it = unit_i + period_t + effect · treated_i · after_t + error_it

    weighted by the denominator; CR2 errors by unit with t on Satterthwaite degrees of freedom.

    Args:
        panel: Checked panel.
        start: First treated day; periods from it on are "after".
        group_trend: "own" adds a straight line for the treated group: the effect is then the
            departure from the line drawn before the start.
        confidence_level: In [0.9, 1).
        n_permutations: Re-drawn treated groups, 99 or more.
        seed: Of the re-drawing.

    Raises:
        InputError: No period before or after the start, fewer than 2 units in a group, or a
            level out of range.

    Source: Bertrand, Duflo and Mullainathan (2004), QJE 119(1), on doubt by unit; Santos Silva
    and Tenreyro (2006), Review of Economics and Statistics 88(4), for the log-linear model.
    """
    check_level(confidence_level)
    check_groups(panel, start)
    if n_permutations < 99:
        raise InputError(f"n_permutations must be 99 or more, got {n_permutations}")
    after = panel.is_after(start)
    extra = [panel.is_treated * after]
    if group_trend == "own":
        extra.append(panel.is_treated * panel.period_of)
    fit = fit_panel(panel, fixed_effects(panel), extra)
    found = fit.coefficient(-len(extra))
    method = "difference in differences, CR2 by unit"
    return PanelEffect(
        effect=found.estimate(
            unit=panel.unit,
            n_obs=panel.n_obs,
            method=method + (", own trend" if group_trend == "own" else ""),
            confidence_level=confidence_level,
        ),
        rel_effect=_relative(panel, after, extra, method, confidence_level=confidence_level),
        permutation_p_value=_permutation_p(
            panel,
            after=after,
            found=found.value,
            trend=group_trend,
            n_permutations=n_permutations,
            seed=seed,
        ),
        n_permutations=n_permutations,
        std_error=found.std_error,
        df=found.df,
        n_treated=panel.n_treated,
        n_comparison=panel.n_comparison,
    )


def before_after(
    panel: Panel,
    *,
    start: date,
    starts: Mapping[str, date] | None = None,
    confidence_level: float = 0.95,
) -> Estimate:
    """Compare the treated units after with before, as if nothing else had changed.

        difference of pooled ratios; linearised, by unit, t with units - 1 degrees of freedom

    Shown beside the difference in differences: season and trend are still in it.

    Args:
        panel: Checked panel.
        start: First treated day.
        starts: Units with a start of their own.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: Fewer than 2 treated units, or no period before or after the start.
    """
    check_level(confidence_level)
    check_span(panel, start)
    if panel.n_treated < 2:
        raise InputError(f"before/after needs at least 2 treated units, got {panel.n_treated}")
    kept = panel.is_treated == 1
    unit_of, after = panel.unit_of[kept], panel.is_under_way(start, starts or {})[kept] == 1
    top, bottom = panel.numerator[kept], panel.denominator[kept]
    influence = np.zeros(len(panel.units))
    ratios = []
    for phase, sign in ((after, 1.0), (~after, -1.0)):
        ratio = top[phase].sum() / bottom[phase].sum()
        ratios.append(float(ratio))
        share = sign * (top[phase] - ratio * bottom[phase]) / bottom[phase].sum()
        np.add.at(influence, unit_of[phase], share)
    units = panel.n_treated
    spread = float(np.sqrt(units / (units - 1) * np.sum(influence**2)))
    found = Contrast(value=ratios[0] - ratios[1], std_error=spread, df=units - 1.0)
    return found.estimate(
        unit=panel.unit,
        n_obs=round(float(bottom.sum())),
        method="before and after, treated units only",
        confidence_level=confidence_level,
    )


def fixed_effects(panel: Panel) -> Array:
    """Make columns for every unit and for every period but the first."""
    by_unit = np.eye(len(panel.units))[panel.unit_of]
    by_period = np.eye(len(panel.periods))[panel.period_of][:, 1:]
    return np.hstack([by_unit, by_period])


def fit_panel(panel: Panel, fixed: Array, extra: Sequence[Array]) -> ClusteredFit:
    """Fit the ratios, weighted by denominator, clustered by unit."""
    return fit_clustered(
        panel.numerator / panel.denominator,
        np.column_stack([fixed, *extra]),
        weights=panel.denominator,
        clusters=panel.unit_of,
    )


def redraw_treated(panel: Panel, n_permutations: int, seed: int) -> Array:
    """Re-draw which units count as treated: units by permutations, 0/1."""
    rng = np.random.default_rng(seed)
    order = rng.permuted(
        np.tile(np.asarray(panel.treated, dtype=float), (n_permutations, 1)), axis=1
    )
    return np.asarray(order.T, dtype=float)


def _relative(
    panel: Panel, after: Array, extra: Sequence[Array], method: str, *, confidence_level: float
) -> Estimate:
    """Estimate the effect as a proportion; NaN where a group counts nothing before or after."""
    cells = [
        panel.numerator[(panel.is_treated == group) & (after == phase)].sum()
        for group in (0, 1)
        for phase in (0, 1)
    ]
    value, lower, upper, p_value = nan, nan, nan, None
    if min(cells) > 0:
        found = _log_linear(panel, extra).coefficient(-len(extra))
        margin = found.margin(confidence_level)
        value, lower, upper = (
            float(np.expm1(found.value + step)) for step in (0.0, -margin, margin)
        )
        p_value = found.p_value
    return Estimate(
        value=value,
        ci_lower=lower,
        ci_upper=upper,
        n_obs=panel.n_obs,
        unit="ratio",
        method="log-linear " + method,
        confidence_level=confidence_level,
        p_value=p_value,
    )


def _log_linear(panel: Panel, extra: Sequence[Array]) -> ClusteredFit:
    """Fit log(ratio) by quasi-Poisson (statsmodels GLM), so that zeros need no repair.

    Units and periods that count nothing at all say nothing about a proportion and are left out.
    """
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    totals = [
        np.bincount(code, weights=panel.numerator)[code]
        for code in (panel.unit_of, panel.period_of)
    ]
    rows = np.minimum(*totals) > 0
    design = np.column_stack([fixed_effects(panel), *extra])[rows]
    design = design[:, np.any(design != 0, axis=0)]
    counted, exposed = panel.numerator[rows], panel.denominator[rows]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that does not settle is refused below, in words
        fit = GLM(counted, design, family=Poisson(), exposure=exposed).fit(maxiter=50)
    expected = np.asarray(fit.fittedvalues, dtype=float)
    if not fit.converged or not np.all(np.isfinite(expected)):
        raise InputError(
            "the log-linear model does not settle after 50 steps; "
            "pool months, or leave units with hardly any count out"
        )
    response = np.log(expected / exposed) + counted / expected - 1
    return fit_clustered(response, design, weights=expected, clusters=panel.unit_of[rows])


def _permutation_p(
    panel: Panel, *, after: Array, found: float, trend: GroupTrend, n_permutations: int, seed: int
) -> float:
    groups = redraw_treated(panel, n_permutations, seed)
    drawn = effects_of_groups(panel, groups, after=after, trend=trend)
    return (1 + int(np.sum(np.abs(drawn) >= abs(found) * (1 - 1e-9)))) / (n_permutations + 1)


def effects_of_groups(
    panel: Panel, groups: Array, *, after: Array, trend: GroupTrend = "common"
) -> Array:
    """Estimate the difference in differences of many made-up treated groups at once.

    Args:
        panel: Checked panel.
        groups: Units by made-up groups, 1 where treated.
        after: Per row, 1 from the start on.
        trend: As in difference_in_differences.
    """
    root = np.sqrt(panel.denominator)[:, None]
    basis = np.linalg.qr(fixed_effects(panel) * root)[0]

    def clean(columns: Array) -> Array:
        scaled = columns * root
        return np.asarray(scaled - basis @ (basis.T @ scaled), dtype=float)

    def form(matrix: Array) -> Array:
        """Quadratic form of every group."""
        return np.asarray(np.sum(groups * (matrix @ groups), axis=0), dtype=float)

    outcome = panel.numerator / panel.denominator * root[:, 0]
    by_unit = np.eye(len(panel.units))[panel.unit_of]
    step = clean(by_unit * after[:, None])
    above, below = (outcome @ step) @ groups, form(step.T @ step)
    if trend == "own":
        line = clean(by_unit * panel.period_of[:, None])
        share = form(step.T @ line) / form(line.T @ line)
        above = above - share * ((outcome @ line) @ groups)
        below = below - share * form(step.T @ line)
    return np.asarray(above / below, dtype=float)
