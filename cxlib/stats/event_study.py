# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""The gap between treated and comparison units by period, and whether it stood still before.

A difference in differences stands on the claim that both groups would have moved alike. The time
before the start is where that claim can fail in public.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from cxlib.errors import InputError
from cxlib.stats.clustered import Array, Contrast
from cxlib.stats.differences import fit_panel, fixed_effects, redraw_treated
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.panel import Panel, check_groups


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodEffect:
    """Gap between the groups in one period, measured from their mean gap before the start."""

    period: date
    after_start: bool
    effect: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStudy:
    """Did the groups move alike before the start, and how did the effect unfold.

    Attributes:
        points: One gap per period.
        slope_difference: Treated minus comparison trend before the start, unit per period.
        joint_p_value: Of all gaps before the start together, by permutation.
        n_before: Periods before the start.
    """

    points: tuple[PeriodEffect, ...]
    slope_difference: Estimate
    joint_p_value: float
    n_before: int


def event_study(
    panel: Panel,
    *,
    start: date,
    confidence_level: float = 0.95,
    n_permutations: int = 999,
    seed: int = 20_260_101,
) -> EventStudy:
    """Follow the gap between the groups period by period, and test that it stood still before.

    Args:
        panel: Checked panel with at least 3 periods before the start.
        start: First treated day.
        confidence_level: In [0.9, 1).
        n_permutations: Re-drawn treated groups for the joint test.
        seed: Of the re-drawing.

    Raises:
        InputError: Fewer than 3 periods before the start, or a group too small.

    Source: Freyaldenhoven, Hansen and Shapiro (2019), American Economic Review 109(9), on reading
    the gaps before; the joint test by permutation holds its level with few units.
    """
    check_level(confidence_level)
    check_groups(panel, start)
    n_before = sum(p < start for p in panel.periods)
    if n_before < 3:
        raise InputError(f"a trend before the start needs at least 3 periods, got {n_before}")
    n_periods = len(panel.periods)
    extra = [panel.is_treated * (panel.period_of == t) for t in range(1, n_periods)]
    fit = fit_panel(panel, fixed_effects(panel), extra)
    offset = len(fit.coefficients) - len(extra)
    mean_before = np.zeros(len(fit.coefficients))
    mean_before[offset : offset + n_before - 1] = 1 / n_before
    points = []
    for t, period in enumerate(panel.periods):
        combination = -mean_before
        if t > 0:
            combination = combination.copy()
            combination[offset + t - 1] += 1
        points.append(
            PeriodEffect(
                period=period,
                after_start=period >= start,
                effect=fit.contrast(combination).estimate(
                    unit=panel.unit,
                    n_obs=round(float(panel.denominator[panel.period_of == t].sum())),
                    method="event study, CR2 by unit",
                    confidence_level=confidence_level,
                ),
            )
        )
    before = panel.between(end=start)
    return EventStudy(
        points=tuple(points),
        slope_difference=_slope_difference(before).estimate(
            unit=panel.unit,
            n_obs=before.n_obs,
            method="difference of trends before the start, CR2 by unit",
            confidence_level=confidence_level,
        ),
        joint_p_value=_joint_p(before, n_permutations, seed),
        n_before=n_before,
    )


def _slope_difference(before: Panel) -> Contrast:
    extra = [before.is_treated * before.period_of]
    return fit_panel(before, fixed_effects(before), extra).coefficient(-1)


def _joint_p(before: Panel, n_permutations: int, seed: int) -> float:
    """Permutation p of all gaps before the start together.

    Statistic: per period, the treated units' weighted residual sum, squared over the period's
    weight; residuals from unit and period levels.
    """
    root = np.sqrt(before.denominator)
    basis = np.linalg.qr(fixed_effects(before) * root[:, None])[0]
    outcome = before.numerator / before.denominator * root
    weighted = (outcome - basis @ (basis.T @ outcome)) * root
    table = np.zeros((len(before.periods), len(before.units)))
    table[before.period_of, before.unit_of] = weighted
    weight = np.bincount(before.period_of, weights=before.denominator)

    def gaps(treated: Array) -> Array:
        return np.asarray(np.sum((table @ treated) ** 2 / weight[:, None], axis=0), dtype=float)

    found = float(gaps(np.asarray(before.treated, dtype=float)[:, None])[0])
    drawn = gaps(redraw_treated(before, n_permutations, seed))
    return (1 + int(np.sum(drawn >= found * (1 - 1e-9)))) / (n_permutations + 1)
