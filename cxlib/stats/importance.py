"""How much each predictor adds to R², averaged over all orders of entering: Shapley or LMG shares.

All functions take the matrix of products, covariances or correlations of the predictors with the
outcome as its last row and column, and stacks of such matrices (bootstrap draws).
"""

from dataclasses import dataclass
from itertools import pairwise
from math import comb
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError

Array: TypeAlias = NDArray[np.float64]
Method = Literal["exact", "sampled"]

MOST_EXACT: Final = 15
"""Predictors up to which all subsets are counted: 2^15 = 32,768 of them."""
_NOTHING_LEFT: Final = 1e-10
"""Share of a predictor's variance below which the others already say all it says."""
_ROUNDING: Final = 1e-8
_AT_ONCE: Final = 2**22


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Importance:
    """Shapley shares of one matrix.

    Attributes:
        contributions: One per predictor, 0 or more; they sum to ``r_squared``.
        unique: What R² loses when the predictor alone is left out.
        r_squared: Of all predictors together.
        method: "exact" over all subsets, or "sampled" orders of entering.
        error: Largest standard error that sampling orders leaves in a contribution; 0 if exact.
    """

    contributions: Array
    unique: Array
    r_squared: float
    method: Method
    error: float


def shapley_importance(
    matrix: Array, *, method: Literal["auto", "exact", "sampled"] = "auto", n_orders: int = 2_000,
    seed: int = 1,
) -> Importance:  # fmt: skip
    """Share R² among predictors.

        share(i) = Σ over S without i of |S|! (k-|S|-1)! / k! · (R²(S ∪ i) - R²(S))

    Exact up to 15 predictors. Beyond, the average over sampled orders of entering, each with its
    reverse; the shares still sum to R², equal predictors are equal only up to ``error``.
    A predictor that others determine adds nothing to them, so twins get equal shares.

    Args:
        matrix: k + 1 by k + 1, outcome last; any scale of the columns gives the same shares.
        method: auto is exact up to 15 predictors.
        n_orders: Orders sampled, even, 100 or more.
        seed: Of the orders.

    Raises:
        InputError: A matrix that is not square, symmetric, finite and positive semi-definite, a
            column without variance, exact asked for over 15 predictors, too few orders.

    Source: Lindeman, Merenda and Gold (1980), Introduction to Bivariate and Multivariate Analysis,
    p. 120; Grömping (2006), Journal of Statistical Software 17(1); sampling: Castro, Gómez and
    Tejada (2009), Computers & Operations Research 36(5).
    """
    _check_matrix(matrix)
    size = len(matrix) - 1
    if method == "exact" and size > MOST_EXACT:
        raise InputError(f"exact shares need at most {MOST_EXACT} predictors, got {size}")
    if method == "exact" or (method == "auto" and size <= MOST_EXACT):
        explained = subset_r_squared(matrix)
        whole = 2**size - 1
        unique = explained[whole] - explained[[whole - 2**i for i in range(size)]]
        return Importance(
            contributions=explained @ shapley_weights(size),
            unique=np.maximum(unique, 0.0),
            r_squared=float(explained[whole]),
            method="exact",
            error=0.0,
        )
    gains = _order_gains(matrix[None], sample_orders(size, n_orders=n_orders, seed=seed))[0]
    pairs = (gains[0::2] + gains[1::2]) / 2
    contributions = pairs.mean(axis=0)
    last = [np.append(np.delete(np.arange(size), i), i) for i in range(size)]
    alone = _order_gains(matrix[None], np.array(last))[0]
    return Importance(
        contributions=contributions,
        unique=alone[np.arange(size), np.arange(size)],
        r_squared=float(contributions.sum()),
        method="sampled",
        error=float((pairs.std(axis=0, ddof=1) / np.sqrt(len(pairs))).max()),
    )


def drawn_contributions(matrices: Array, *, n_orders: int = 200, seed: int = 1) -> Array:
    """Return the contributions of many matrices, one row each: bootstrap draws.

    Exact up to 15 predictors; beyond, all draws share one set of sampled orders, so that the
    draws differ by the data alone. A column without variance in a draw contributes 0.
    """
    size = matrices.shape[-1] - 1
    found = np.empty((len(matrices), size))
    if size > MOST_EXACT:
        orders = sample_orders(size, n_orders=n_orders, seed=seed)
        for place, matrix in enumerate(matrices):
            found[place] = _order_gains(matrix[None], orders)[0].mean(axis=0)
        return found
    weights = shapley_weights(size)
    step = max(1, _AT_ONCE // 2**size)
    edges = [*range(0, len(matrices), step), len(matrices)]
    for start, end in pairwise(edges):
        found[start:end] = subset_r_squared(matrices[start:end]) @ weights
    return found


def subset_r_squared(matrices: Array) -> Array:
    """Return R² of every subset of predictors.

    Each predictor in turn is left out or swept from what follows it, so that every subset costs a
    few multiplications and no equation is solved twice: about 2^k · 12 in all.

    Args:
        matrices: One matrix or a stack; outcome last; at most 20 predictors.

    Returns:
        The last axis has 2^k values; bit i of the place says whether predictor i is in.
    """
    rest = _scaled(matrices)[..., None, :, :]
    while rest.shape[-1] > 1:
        left_out = rest[..., 1:, 1:]
        rest = np.concatenate([left_out, _swept(rest)], axis=-3)
    return np.asarray(np.clip(1 - rest[..., 0, 0], 0.0, 1.0))


def shapley_weights(size: int) -> Array:
    """Return the matrix that turns the R² of all subsets into contributions: 2^k by k."""
    subsets = np.arange(2**size)
    members = (subsets[:, None] >> np.arange(size)) & 1
    count = members.sum(axis=1)
    weight = np.array([1 / (size * comb(size - 1, n)) for n in range(size)])
    gained = weight[np.maximum(count - 1, 0)][:, None]
    lost = weight[np.minimum(count, size - 1)][:, None]
    return np.asarray(np.where(members == 1, gained, -lost))


def complete_dominance(matrix: Array) -> NDArray[np.bool_]:
    """Say which predictor adds more than which other, whatever else is in the model.

        i dominates j if R²(S ∪ i) >= R²(S ∪ j) for every S without both, and > for one

    Args:
        matrix: Outcome last; at most 15 predictors.

    Returns:
        k by k; row i, column j is whether i dominates j. Dominance implies the larger share.

    Raises:
        InputError: As ``shapley_importance``.

    Source: Azen and Budescu (2003), Psychological Methods 8(2).
    """
    _check_matrix(matrix)
    size = len(matrix) - 1
    if size > MOST_EXACT:
        raise InputError(f"dominance needs at most {MOST_EXACT} predictors, got {size}")
    explained = subset_r_squared(matrix)
    subsets = np.arange(2**size)
    found = np.zeros((size, size), dtype=bool)
    for i in range(size):
        for j in range(size):
            without = subsets[(subsets & (2**i | 2**j)) == 0]
            ahead = explained[without + 2**i] - explained[without + 2**j]
            found[i, j] = i != j and ahead.min() >= -_ROUNDING and ahead.max() > _ROUNDING
    return found


def repeated_predictors(matrix: Array, *, tolerance: float = 1e-6) -> tuple[int, ...]:
    """Return the places of predictors that others determine (share of variance left <= tolerance).

    Coefficients of these cannot be told apart; their shares can.
    """
    size = len(matrix) - 1
    scaled = _scaled(matrix)[:size, :size]
    values, vectors = np.linalg.eigh(scaled)
    involved = np.abs(vectors[:, values <= tolerance]) > 1e-3  # noqa: PLR2004
    return tuple(np.flatnonzero(involved.any(axis=1)).tolist())


def sample_orders(size: int, *, n_orders: int, seed: int) -> NDArray[np.intp]:
    """Draw orders of entering, each followed by its reverse.

    Raises:
        InputError: Fewer than 100 orders, or an odd number.
    """
    if n_orders < 100 or n_orders % 2:  # noqa: PLR2004
        raise InputError(f"n_orders must be even and 100 or more, got {n_orders}")
    rng = np.random.default_rng(seed)
    forward = rng.permuted(np.tile(np.arange(size), (n_orders // 2, 1)), axis=1)
    return np.stack([forward, forward[:, ::-1]], axis=1).reshape(n_orders, size)


def _order_gains(matrices: Array, orders: NDArray[np.intp]) -> Array:
    """Return what each predictor adds to R² when it enters: matrices by orders by predictors."""
    scaled = _scaled(matrices)
    size = orders.shape[1]
    placed = np.concatenate([orders, np.full((len(orders), 1), size)], axis=1)
    rest = scaled[:, placed[:, :, None], placed[:, None, :]]
    gains = np.zeros((len(matrices), *orders.shape))
    which = np.arange(len(orders))
    for step in range(size):
        before = rest[..., -1, -1]
        rest = _swept(rest)
        gains[:, which, orders[:, step]] = np.maximum(before - rest[..., -1, -1], 0.0)
    return gains


def _swept(rest: Array) -> Array:
    """Take the first predictor out of the others; one with nothing left of its own changes none."""
    pivot = rest[..., :1, :1]
    own = pivot > _NOTHING_LEFT
    row = rest[..., :1, 1:] / np.where(own, pivot, 1.0)
    return np.asarray(rest[..., 1:, 1:] - np.where(own, rest[..., 1:, :1] * row, 0.0))


def _scaled(matrices: Array) -> Array:
    """Return correlations; a column without variance correlates with nothing."""
    variance = np.diagonal(matrices, axis1=-2, axis2=-1)
    scale = np.where(variance > 0, 1 / np.sqrt(np.where(variance > 0, variance, 1.0)), 0.0)
    scaled = matrices * scale[..., :, None] * scale[..., None, :]
    places = np.arange(scaled.shape[-1])
    scaled[..., places, places] = 1.0
    return np.asarray(scaled)


def _check_matrix(matrix: Array) -> None:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 2:  # noqa: PLR2004
        raise InputError(
            f"the matrix must be square with a predictor and the outcome, got {matrix.shape}"
        )
    if not np.isfinite(matrix).all():
        raise InputError("the matrix must be finite, got a missing or infinite value")
    variance = np.diagonal(matrix)
    if (variance <= 0).any():
        place = int(np.flatnonzero(variance <= 0)[0])
        raise InputError(f"every column needs variance above 0, got {variance[place]} at {place}")
    scaled = _scaled(matrix)
    if np.abs(scaled - scaled.T).max() > _ROUNDING:
        raise InputError("the matrix must be symmetric, got two different halves")
    smallest = float(np.linalg.eigvalsh(scaled)[0])
    if smallest < -_ROUNDING * len(matrix):
        raise InputError(
            f"the matrix must be positive semi-definite, got a smallest eigenvalue of "
            f"{smallest:.3g}: correlations from different sets of answers do not fit together"
        )
