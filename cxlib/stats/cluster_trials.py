"""Experiments that treat whole stores or agents: the store is the unit, however many customers.

Customers of one store are alike. Analysed one by one, they promise far more certainty than there
is: what counts is the spread between stores.
"""

from dataclasses import dataclass
from itertools import combinations
from math import comb, inf, nan, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.effects import Effect, effect_of_levels
from cxlib.stats.estimate import Estimate, Unit, check_level

Array: TypeAlias = NDArray[np.float64]

MOST_ENUMERATED = 200_000
"""Up to this many assignments each one is tried; above, a sample of them."""

DRAWN = 20_000
"""Assignments tried where there are more, the actual one among them."""

_PAIR = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClusterSums:
    """One arm's clusters.

    Attributes:
        total: Sum of the outcome in each cluster (successes, ratings, minutes).
        base: What it is divided by: units, answers, contacts of each cluster, above 0.
    """

    total: Array
    base: Array

    def __post_init__(self) -> None:
        if len(self.total) != len(self.base):
            raise InputError(
                f"total and base must be of one length, got {len(self.total)} and {len(self.base)}"
            )
        if len(self.base) < _PAIR:
            raise InputError(f"an arm needs at least 2 clusters, got {len(self.base)}")
        if not self.base.min() > 0:
            raise InputError(f"base must be above 0 in each cluster, got {self.base.min():g}")

    @property
    def value(self) -> float:
        """Sum of all totals over sum of all bases."""
        return float(self.total.sum() / self.base.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class PermutationEffect:
    """An effect judged against the assignments that could have been drawn.

    Attributes:
        effect: The difference, its interval by inversion and the p-value of the same test.
        n_assignments: Assignments tried, the actual one included.
        exact: Whether these are all there are.
    """

    effect: Estimate
    n_assignments: int
    exact: bool


def cluster_effect(
    control: ClusterSums,
    treatment: ClusterSums,
    *,
    confidence_level: float = 0.95,
    unit: Unit = "rating",
) -> Effect:
    """Estimate a difference of means, shares or ratios between clusters (CR2, Satterthwaite).

        R = Σ y / Σ m,  h = m / Σ m,  var R = Σ ((y - R m)² / (1 - h)) / (Σ m)²
        df = (Σ over arms 1/M)² / Σ over arms (Σ h² + (Σ u)² - Σ u²) / M²,  u = h² / (1 - h)

    What a regression on the arm with bias-reduced cluster errors gives, in closed form.

    Args:
        control: Its clusters, 2 or more.
        treatment: Its clusters, 2 or more.
        confidence_level: In [0.9, 1).
        unit: How the value is read.

    Returns:
        The effect; ``n_obs`` of its estimates are clusters.

    Source: Bell and McCaffrey (2002), Survey Methodology 28(2); Pustejovsky and Tipton (2018),
    Journal of Business & Economic Statistics 36(4); Donner and Klar (2000).
    """
    check_level(confidence_level)
    arms = (treatment, control)
    ours, theirs = treatment.value, control.value
    n_obs = len(treatment.base) + len(control.base)
    error = sqrt(sum(_variance(arm) for arm in arms))
    df = _freedom(arms, (1.0, 1.0))
    relative_error = relative_df = inf
    if ours > 0 and theirs > 0:
        scales = (1 / ours, 1 / theirs)
        relative_error = sqrt(
            sum(scale**2 * _variance(arm) for arm, scale in zip(arms, scales, strict=True))
        )
        relative_df = _freedom(arms, scales)
    return effect_of_levels(
        ours,
        theirs,
        error=(error, df),
        log_error=(relative_error, relative_df),
        n_obs=n_obs,
        unit=unit,
        method="CR2",
        confidence_level=confidence_level,
    )


def permutation_effect(
    control: ClusterSums,
    treatment: ClusterSums,
    *,
    confidence_level: float = 0.95,
    unit: Unit = "rating",
    seed: int = 0,
) -> PermutationEffect:
    """Test a difference against all assignments of as many clusters to treatment, and invert it.

    For an effect δ on every unit, δ m is taken off the treated clusters and each assignment's
    difference A - δ B is held against the actual one, A₀ - δ. It is as large for δ between
    (A₀ - A) / (1 - B) and (A₀ + A) / (1 + B); the interval holds every δ with p > 1 - level,
    read off the sorted ends without any search.

    Args:
        control: Its clusters.
        treatment: Its clusters.
        confidence_level: In [0.9, 1).
        unit: How the value is read.
        seed: Of the draws, where there are more than MOST_ENUMERATED assignments.

    Returns:
        The effect; without limits where there are too few assignments for the level (3 against 3
        stores allow 20, whose smallest p is 0.1).

    Raises:
        InputError: A refused level.

    Source: Fisher (1935), The Design of Experiments; Gail et al. (1996), Statistics in Medicine
    15(11), for trials of clusters.
    """
    check_level(confidence_level)
    treated, n = len(treatment.base), len(treatment.base) + len(control.base)
    total = np.concatenate([treatment.total, control.total])
    base = np.concatenate([treatment.base, control.base])
    actual = np.concatenate([treatment.base, np.zeros(n - treated)])
    possible = comb(n, treated)
    exact = possible <= MOST_ENUMERATED
    picks = _all(n, treated, possible) if exact else _drawn(n, treated, seed)
    base_in, base_out = picks @ base, (~picks) @ base
    found = (picks @ total) / base_in - ((~picks) @ total) / base_out
    pull = (picks @ actual) / base_in - ((~picks) @ actual) / base_out
    value = treatment.value - control.value
    slack = 1e-9 * max(float(np.abs(found).max()), abs(value))
    p_value = float(np.mean(np.abs(found) >= abs(value) - slack))
    same, turned = pull > 1 - 1e-12, pull < -1 + 1e-12
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.stack([(value - found) / (1 - pull), (value + found) / (1 + pull)])
    lows, highs = ends.min(axis=0), ends.max(axis=0)
    lows[same | turned], highs[same | turned] = -inf, inf
    allowed = int((1 - confidence_level) * len(found) + 1e-9)
    lower, upper = float(np.sort(lows)[allowed]), float(np.sort(-highs)[allowed] * -1)
    held = lower > -inf and upper < inf
    return PermutationEffect(
        effect=Estimate(
            value=value,
            ci_lower=min(lower, value) if held else nan,
            ci_upper=max(upper, value) if held else nan,
            n_obs=n,
            unit=unit,
            method="permutation",
            confidence_level=confidence_level,
            p_value=p_value,
        ),
        n_assignments=len(found),
        exact=exact,
    )


def intracluster_correlation(sizes: Array, *, totals: Array, squares: Array) -> float:
    """Estimate how alike units of one cluster are, 0-1, from past data for planning.

        (MSB - MSW) / (MSB + (m0 - 1) MSW),  m0 = (N - Σ m² / N) / (K - 1)

    A negative estimate is read as 0.

    Args:
        sizes: Units m per cluster, 2 clusters or more, some with 2 units or more.
        totals: Sum of the outcome per cluster.
        squares: Sum of its squares per cluster.

    Raises:
        InputError: Too few clusters or units.

    Source: Donner (1986), International Statistical Review 54(1) (analysis of variance).
    """
    k, n = len(sizes), float(np.sum(sizes))
    if k < _PAIR or n <= k:
        raise InputError(
            "an intracluster correlation needs 2 clusters and more units than clusters, "
            f"got {k} clusters and {n:g} units"
        )
    within = float(np.sum(squares - totals**2 / sizes)) / (n - k)
    grand = float(np.sum(totals)) / n
    between = float(np.sum(sizes * (totals / sizes - grand) ** 2)) / (k - 1)
    usual = (n - float(np.sum(sizes**2)) / n) / (k - 1)
    whole = between + (usual - 1) * within
    return max(0.0, (between - within) / whole) if whole > 0 else 0.0


def _variance(arm: ClusterSums) -> float:
    share = arm.base / arm.base.sum()
    left = arm.total - arm.value * arm.base
    return float(np.sum(left**2 / (1 - share)) / arm.base.sum() ** 2)


def _freedom(arms: tuple[ClusterSums, ...], scales: tuple[float, ...]) -> float:
    trace = squares = 0.0
    for arm, scale in zip(arms, scales, strict=True):
        size = float(arm.base.sum())
        h = arm.base / size
        u = h * h / (1 - h)
        trace += scale**2 / size
        squares += scale**4 * float(np.sum(h * h) + np.sum(u) ** 2 - np.sum(u * u)) / size**2
    return max(1.0, trace**2 / squares)


def _all(n: int, treated: int, possible: int) -> NDArray[np.bool_]:
    """Return every assignment, the actual one first."""
    picks = np.zeros((possible, n), dtype=bool)
    places = np.fromiter(
        (place for pick in combinations(range(n), treated) for place in pick),
        dtype=np.intp,
        count=possible * treated,
    ).reshape(possible, treated)
    np.put_along_axis(picks, places, values=True, axis=1)
    return picks


def _drawn(n: int, treated: int, seed: int) -> NDArray[np.bool_]:
    """Return DRAWN assignments, the actual one first."""
    rng = np.random.default_rng(seed)
    picks = np.zeros((DRAWN, n), dtype=bool)
    order = rng.permuted(np.tile(np.arange(n), (DRAWN - 1, 1)), axis=1)[:, :treated]
    picks[0, :treated] = True
    rows = picks[1:]
    np.put_along_axis(rows, order, values=True, axis=1)
    return picks
