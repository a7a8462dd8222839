# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""Synthetic control: a mixture of comparison units that followed the treated ones before the start.

What the mixture did afterwards is what was expected. Doubt comes from the donors: each is treated
as if it had been the one with the action, and the real gap is ranked among theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import nan, sqrt

import numpy as np

from cxlib.errors import InputError
from cxlib.stats.clustered import Array
from cxlib.stats.counterfactual import Counterfactual, TreatedSeries, counterfactual
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.panel import Panel

FEWEST_DONORS = 3
FEWEST_BEFORE = 6
FOLDS = 6
"""Pieces the time before is cut into, to see how well a mixture follows what it has not seen."""
TIGHT = 1e4
"""Weight of "the shares add up to 1" beside the fit, so that it holds to four digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A donor's share in the mixture."""

    unit: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboGap:
    """A donor treated as if it had the action, or the effect without one donor."""

    unit: str
    gap: float
    ratio: float = field(default=nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthetic:
    """A synthetic control and what it was put through.

    Attributes:
        found: Effect with an interval from the placebos, cumulative effect, expected path.
        shares: Donors with a share, largest first.
        rmspe_before: Root mean squared gap before the start.
        fit: Share of the treated series' variance before the start that the mixture follows.
        ratio: Root mean squared gap after the start over that before.
        p_value: Rank of the ratio among the donors' (1 = none as large, over donors + 1), as
            published for one treated unit. A group pooled into one series is followed more closely
            before than any donor, so its ratio ranks first too often: in 33 of 100 simulated chains
            of 8 treated and 16 other stores without an effect, where 6 were promised.
        smallest_p_value: The smallest p so many donors allow.
        rank: Place of the effect among the donors' gaps, 1 the largest, each over its root mean
            squared gap in months that its shares were not made from: 6 of 100 of the same chains.
        in_space: Per donor, its gap after the start and its ratio.
        left_out: Per donor with a share, the effect without it.
        in_time: The gap that the same method finds half-way before the start; NaN where too few
            periods stand before that.
        n_in_hull: Periods before in which the treated series lay between the donors.
    """

    found: Counterfactual
    shares: tuple[Share, ...]
    rmspe_before: float
    fit: float
    ratio: float
    p_value: float
    smallest_p_value: float
    rank: int
    in_space: tuple[PlaceboGap, ...]
    left_out: tuple[PlaceboGap, ...]
    in_time: float
    n_in_hull: int


def donor_values(panel: Panel) -> tuple[tuple[str, ...], Array]:
    """Give the comparison units with an observation in each period, and their values.

    Returns:
        Names, and periods by units.
    """
    grid = np.full((len(panel.periods), len(panel.units)), nan)
    grid[panel.period_of, panel.unit_of] = panel.numerator / panel.denominator
    kept = ~np.asarray(panel.treated) & np.isfinite(grid).all(axis=0)
    return tuple(np.asarray(panel.units)[kept].tolist()), grid[:, kept]


def mixture_weights(target: Array, donors: Array) -> Array:
    """Find shares, 0 or more and adding up to 1, that follow the target most closely.

    Non-negative least squares (scipy) with the sum as one more, heavy row.

    Args:
        target: One value a period.
        donors: Periods by donors.
    """
    from scipy.optimize import nnls

    centre, scale = donors.mean(), donors.std() or 1.0
    heavy = np.full((1, donors.shape[1]), TIGHT)
    rows = np.vstack([(donors - centre) / scale, heavy])
    found, _ = nnls(rows, np.append((target - centre) / scale, TIGHT))
    return np.asarray(found / found.sum(), dtype=float)


def synthetic_control(
    series: TreatedSeries,
    *,
    donors: Sequence[str],
    values: Array,
    confidence_level: float = 0.95,
) -> Synthetic:
    """Estimate the effect against a mixture of donors, and attack it with placebos.

        expected_t = Σ share_j · donor_jt,  shares from the periods before the start

    The interval takes the spread of the donors' own placebo gaps, each over its root mean squared
    gap in unseen pieces of the time before, times the treated one's; t with donors - 1 degrees of
    freedom. In the pieces seen, a pooled series is followed more closely than one donor can be.

    Args:
        series: From treated_series, 6 periods before the start or more.
        donors: Names, 3 or more.
        values: Periods by donors, from donor_values.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: Too few donors or periods, or a mixture that does not follow the treated
            series before the start: then no effect is given.

    Source: Abadie, Diamond and Hainmueller (2010), JASA 105(490), weights, placebos and the ratio;
    Abadie (2021), Journal of Economic Literature 59(2), on when not to use it.
    """
    from scipy.special import stdtr, stdtrit

    check_level(confidence_level)
    before, n = series.n_before, len(donors)
    if n < FEWEST_DONORS:
        raise InputError(f"a synthetic control needs at least {FEWEST_DONORS} donors, got {n}")
    if before < FEWEST_BEFORE:
        raise InputError(
            f"a synthetic control needs at least {FEWEST_BEFORE} periods before the start, "
            f"got {before}"
        )
    weights = mixture_weights(series.values[:before], values[:before])
    expected = values @ weights
    gaps = series.values - expected
    rmspe = sqrt(float(np.mean(gaps[:before] ** 2)))
    spread = float(np.std(series.values[:before]))
    fit = 1 - (rmspe / spread) ** 2 if spread > 0 else nan
    if not fit > 0:
        raise InputError(
            "the mixture of donors does not follow the treated units before the start (root mean "
            f"squared gap {rmspe:.3g}, spread of the treated series {spread:.3g}): "
            "no effect can be read from it"
        )
    later = series.after_weights
    in_space = tuple(
        _placebo(donors[j], values[:, j], np.delete(values, j, axis=1), before, later)
        for j in range(n)
    )
    ratio = _ratio(gaps, before)
    as_large = sum(each.ratio >= ratio * (1 - 1e-9) for each in in_space)
    effect = float(later @ gaps[before:])
    scaled = np.array([each.gap / each.unseen for each in in_space])
    unseen = _unseen(series.values, values, before)
    error = sqrt(float(np.mean(scaled**2))) * unseen
    larger = int(np.sum(np.abs(scaled) >= abs(effect) / unseen * (1 - 1e-9)))
    margin = float(stdtrit(n - 1, (1 + confidence_level) / 2)) * error
    inside = (values[:before].min(axis=1) <= series.values[:before]) & (
        series.values[:before] <= values[:before].max(axis=1)
    )
    estimate = Estimate(
        value=effect,
        ci_lower=effect - margin,
        ci_upper=effect + margin,
        n_obs=round(float(series.volume.sum())),
        unit=series.unit,
        method="synthetic control, interval from placebos in space",
        confidence_level=confidence_level,
        p_value=float(2 * stdtr(n - 1, -abs(effect) / error)) if error > 0 else None,
    )
    nothing = np.full(len(gaps), nan)
    used = [j for j in np.argsort(-weights) if weights[j] > 1e-4]
    return Synthetic(
        found=counterfactual(
            series, effect=estimate, expected=expected, lower=nothing, upper=nothing
        ),
        shares=tuple(Share(unit=donors[j], weight=float(weights[j])) for j in used),
        rmspe_before=rmspe,
        fit=fit,
        ratio=ratio,
        p_value=(1 + as_large) / (n + 1),
        smallest_p_value=1 / (n + 1),
        rank=1 + larger,
        in_space=tuple(
            PlaceboGap(unit=each.unit, gap=each.gap, ratio=each.ratio) for each in in_space
        ),
        left_out=tuple(
            PlaceboGap(
                unit=donors[j],
                gap=_gap_after(series.values, np.delete(values, j, axis=1), before, later),
            )
            for j in used
        ),
        in_time=_in_time(series, values),
        n_in_hull=int(inside.sum()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placebo:
    unit: str
    gap: float
    ratio: float
    unseen: float


def _placebo(unit: str, target: Array, others: Array, before: int, later: Array) -> _Placebo:
    """Treat a donor as if it had the action."""
    gaps = target - others @ mixture_weights(target[:before], others[:before])
    return _Placebo(
        unit=unit,
        gap=float(later @ gaps[before:]),
        ratio=_ratio(gaps, before),
        unseen=_unseen(target, others, before),
    )


def _unseen(target: Array, donors: Array, before: int) -> float:
    """Root mean squared gap in pieces of the time before that the shares were not made from."""
    pieces = np.array_split(np.arange(before), min(before, FOLDS))
    squares = [
        (
            target[piece]
            - donors[piece]
            @ mixture_weights(
                np.delete(target[:before], piece), np.delete(donors[:before], piece, axis=0)
            )
        )
        ** 2
        for piece in pieces
    ]
    return max(sqrt(float(np.mean(np.concatenate(squares)))), 1e-12)


def _ratio(gaps: Array, before: int) -> float:
    squares = [float(np.mean(part**2)) for part in (gaps[before:], gaps[:before])]
    return sqrt(squares[0] / max(squares[1], 1e-24))


def _gap_after(target: Array, donors: Array, before: int, later: Array) -> float:
    gaps = target - donors @ mixture_weights(target[:before], donors[:before])
    return float(later @ gaps[before:])


def _in_time(series: TreatedSeries, values: Array) -> float:
    """Move the start back to the middle of the time before, and look for a gap there."""
    half = series.n_before // 2
    if half < FEWEST_BEFORE // 2 + 1:
        return nan
    volume = series.volume[half : series.n_before]
    return _gap_after(
        series.values[: series.n_before], values[: series.n_before], half, volume / volume.sum()
    )
