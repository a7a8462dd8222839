"""Groups of weighted points (k-means), whether there are any, and how stable they are.

All work is done for many sets of weights at once: a bootstrap draw is only another set of weights.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError

Array: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.intp]
MOST_STEPS, MOST_REFERENCE = 60, 300
"""Lloyd steps at most; points of one reference set at most."""
CALIBRATION, CALIBRATION_STEPS = 4000, 5
"""Draws and steps that set the correlation of the references."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Partition:
    """Points split into k groups.

    Attributes:
        centres: k by d.
        labels: Group of each point.
        within: Weighted mean squared distance to the own centre.
    """

    centres: Array
    labels: Labels
    within: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """How far groups stand apart, 0 to 1, and its bootstrap standard error (closed form)."""

    value: float
    se: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stability:
    """How well each group comes back when customers are drawn again.

    Attributes:
        jaccard: Mean over draws of the largest Jaccard overlap, 0-1, per group.
        shares: Share of the weight in the group it overlaps most with, draws by groups.
    """

    jaccard: Array
    shares: Array


def partition(points: Array, weights: Array, *, k: int, seed: int, restarts: int = 8) -> Partition:
    """Split weighted points into k groups with the least spread within (Lloyd, k-means++).

    Args:
        points: M by d.
        weights: M, 0 or more, at least k of them above 0.
        k: Groups, 1 or more.
        seed: Of the starts.
        restarts: The best of so many starts is kept.

    Raises:
        InputError: Fewer weighted points than groups.

    Source: Lloyd (1982), IEEE Trans. Information Theory 28(2); Arthur and Vassilvitskii (2007).
    """
    if not 1 <= k <= (filled := int((weights > 0).sum())):
        raise InputError(f"k must be from 1 to the {filled} points with a weight, got {k}")
    rng = np.random.default_rng(seed)
    centres, within = _lloyd(points[None], weights[None], k=k, rng=rng, restarts=restarts)
    labels = _nearest(points[None], centres)[0]
    return Partition(centres=centres[0], labels=labels, within=float(within[0]))


def gaps(
    points: Array, weights: Array, *, ks: tuple[int, ...], seed: int, n_references: int = 60
) -> tuple[Array, Array]:
    """Compare the spread within k groups with that of single groups with the same margins.

        gap(k) = mean of ln W*(k) over references - ln W(k)

    A reference is a sample from a Gaussian copula: normal draws, each coordinate mapped to its own
    observed quantiles, the correlation of the draws set so that the mapped coordinates correlate
    as the points do. It keeps the margins, so a mass at one value (a single purchase) is in the
    references too and is no evidence of groups.

    Args:
        points: M by d.
        weights: M, customers per point.
        ks: Numbers of groups to try.
        seed: Of references and starts.
        n_references: Single groups to draw.

    Returns:
        The gap for each k, and for each reference its own gap for each k (references by ks).

    Source: Tibshirani, Walther and Hastie (2001), JRSS B 63(2); Cario and Nelson (1997), Modeling
    and generating random vectors with arbitrary marginal distributions and correlation matrix.
    """
    rng = np.random.default_rng(seed)
    size = int(min(weights.sum(), MOST_REFERENCE))
    root = _latent_root(points, weights, rng)
    normal = rng.standard_normal((n_references * size, points.shape[1])) @ root.T
    drawn = _with_margins(normal, points, weights).reshape(n_references, size, -1)
    even = np.ones((n_references, size))
    references, observed = [], []
    for k in ks:
        references.append(np.log(_lloyd(drawn, even, k=k, rng=rng, restarts=2)[1]))
        found = partition(points, weights, k=k, seed=seed)
        observed.append(np.log(max(found.within, 1e-12)))
    logs = np.stack(references, axis=1)
    middle = logs.mean(axis=0)
    return middle - np.asarray(observed), middle - logs


def _latent_root(points: Array, weights: Array, rng: np.random.Generator) -> Array:
    """Return a root of the normal correlation whose mapped draws correlate as the points do."""
    wanted = _correlation(points, weights)
    normal = rng.standard_normal((CALIBRATION, points.shape[1]))
    even = np.ones(CALIBRATION)
    latent, root = wanted.copy(), np.eye(points.shape[1])
    for _ in range(CALIBRATION_STEPS):
        values, vectors = np.linalg.eigh(latent)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        root /= np.maximum(np.sqrt((root**2).sum(axis=1, keepdims=True)), 1e-12)
        reached = _correlation(_with_margins(normal @ root.T, points, weights), even)
        latent = np.clip(root @ root.T + wanted - reached, -0.999, 0.999)
        np.fill_diagonal(latent, 1.0)
    return root


def _with_margins(normal: Array, points: Array, weights: Array) -> Array:
    """Map normal draws to the weighted quantiles of each coordinate."""
    from scipy.special import ndtr

    mapped = np.empty_like(normal)
    for column, values in enumerate(points.T):
        order = np.argsort(values, kind="stable")
        ladder = np.cumsum(weights[order]) / weights.sum()
        place = np.searchsorted(ladder, ndtr(normal[:, column]))
        mapped[:, column] = values[order][np.minimum(place, len(values) - 1)]
    return mapped


def _correlation(points: Array, weights: Array) -> Array:
    """Return the weighted correlation matrix; 0 beside a coordinate that does not vary."""
    centred = points - weights @ points / weights.sum()
    product = (centred * weights[:, None]).T @ centred
    scale = np.sqrt(np.outer(np.diag(product), np.diag(product)))
    found = np.divide(product, scale, out=np.zeros_like(product), where=scale > 1e-12)  # noqa: PLR2004
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)


def separation(points: Array, weights: Array, found: Partition) -> Separation:
    """Measure how far groups stand apart: the weighted mean of 1 - own / next distance, 0 to 1.

    Distances are to the own centre and to the nearest other one (simplified silhouette). The
    standard error is that of drawing customers again with the centres held.

    Source: Hruschka, Campello and de Castro (2004), ICDM, after Rousseeuw (1987).
    """
    near = np.sqrt(np.sort(_squares(points[None], found.centres[None])[0], axis=1))
    own = np.divide(near[:, 0], near[:, 1], out=np.zeros(len(near)), where=near[:, 1] > 0)
    total = weights.sum()
    value = weights @ (1 - own) / total
    return Separation(
        value=float(value), se=float(np.sqrt(weights @ (1 - own - value) ** 2) / total)
    )


def stability(
    points: Array,
    weights: Array,
    found: Partition,
    *,
    seed: int,
    n_draws: int = 200,
) -> Stability:
    """Draw the customers again, split again, and see how much of each group comes back.

        J = weight in both / weight in either, the best match of each group in each draw

    Args:
        points: M by d.
        weights: M, customers per point (whole numbers).
        found: The groups to test.
        seed: Of the draws and starts.
        n_draws: Bootstrap draws.

    Source: Hennig (2007), Computational Statistics & Data Analysis 52(1): below 0.6 a group is
    not to be trusted, below 0.75 who belongs to it is doubtful.
    """
    k = len(found.centres)
    rng = np.random.default_rng(seed)
    total = weights.sum()
    draws = rng.multinomial(int(total), weights / total, size=n_draws).astype(np.float64)
    jaccard, shares = np.zeros((n_draws, k)), np.zeros((n_draws, k))
    own = np.eye(k)[found.labels] * weights[:, None]
    sizes = own.sum(axis=0)
    centres, _ = _lloyd(points[None], draws, k=k, rng=rng, restarts=2)
    for draw, labels in enumerate(_nearest(points[None], centres)):
        other = np.eye(k)[labels]
        both = own.T @ other
        reach = weights @ other
        overlap = both / np.maximum(sizes[:, None] + reach[None, :] - both, 1e-12)
        best = overlap.argmax(axis=1)
        jaccard[draw] = overlap.max(axis=1)
        shares[draw] = (draws[draw] @ other)[best] / total
    return Stability(jaccard=jaccard.mean(axis=0), shares=shares)


def _lloyd(
    points: Array, weights: Array, *, k: int, rng: np.random.Generator, restarts: int
) -> tuple[Array, Array]:
    """Return the best centres (sets by k by d) and the spread within of every set of weights.

    ``points`` is sets by M by d, or 1 by M by d where all sets share them.
    """
    sets = len(weights)
    every = np.repeat(weights, restarts, axis=0)
    at = points if len(points) == 1 else np.repeat(points, restarts, axis=0)
    centres = _starts(at, every, k, rng)
    for _ in range(MOST_STEPS):
        member = np.eye(k)[_nearest(at, centres)] * every[:, :, None]
        mass = member.sum(axis=1)[:, :, None]
        moved = np.matmul(member.transpose(0, 2, 1), at) / np.maximum(mass, 1e-12)
        moved = np.where(mass > 0, moved, centres)
        still = np.allclose(moved, centres, atol=1e-6)
        centres = moved
        if still:
            break
    within = (every * _squares(at, centres).min(axis=2)).sum(axis=1) / every.sum(axis=1)
    best = within.reshape(sets, restarts).argmin(axis=1) + np.arange(sets) * restarts
    return centres[best], within[best]


def _starts(points: Array, weights: Array, k: int, rng: np.random.Generator) -> Array:
    sets = len(weights)
    near = np.full(weights.shape, 1.0)
    centres = np.zeros((sets, k, points.shape[2]))
    everyone = np.arange(sets)
    for n in range(k):
        chance = weights * near
        chance = np.where(chance.sum(axis=1, keepdims=True) > 0, chance, weights)
        ladder = np.cumsum(chance, axis=1)
        picked = (ladder > rng.random((sets, 1)) * ladder[:, -1:]).argmax(axis=1)
        centres[:, n] = points[everyone if len(points) > 1 else 0, picked]
        apart = _squares(points, centres[:, n : n + 1])[:, :, 0]
        near = apart if n == 0 else np.minimum(near, apart)
    return centres


def _squares(points: Array, centres: Array) -> Array:
    """Return squared distances, sets by M by k."""
    flat = np.matmul(points, centres.transpose(0, 2, 1))
    squared = (points**2).sum(axis=2)[:, :, None] + (centres**2).sum(axis=2)[:, None, :]
    return np.asarray(np.maximum(squared - 2 * flat, 0.0))


def _nearest(points: Array, centres: Array) -> Labels:
    return np.asarray(_squares(points, centres).argmin(axis=2))
