# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""Weighted least squares whose doubt allows for clusters: the same shop, agent or customer again.

Variance: bias-reduced linearisation ("CR2") with Satterthwaite degrees of freedom, made for few
clusters, where the plain sandwich ("CR1") is too small. Works on a design of some hundred rows.
"""

from dataclasses import dataclass
from math import nan, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, Unit, check_level

Array: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One combination of coefficients, with its cluster-robust doubt.

    Attributes:
        value: The combination.
        std_error: CR2 standard error.
        df: Satterthwaite degrees of freedom for t.
    """

    value: float
    std_error: float
    df: float

    @property
    def p_value(self) -> float:
        """Two-sided, against 0."""
        from scipy.special import stdtr

        if self.std_error == 0:
            return nan if self.value == 0 else 0.0
        return float(2 * stdtr(self.df, -abs(self.value) / self.std_error))

    def margin(self, confidence_level: float = 0.95) -> float:
        """Half the width of the t interval."""
        from scipy.special import stdtrit

        check_level(confidence_level)
        return float(stdtrit(self.df, (1 + confidence_level) / 2)) * self.std_error

    def estimate(
        self, *, unit: Unit, n_obs: int, method: str, confidence_level: float = 0.95
    ) -> Estimate:
        """Put value, t interval and p-value into the record numbers travel in."""
        margin = self.margin(confidence_level)
        return Estimate(
            value=self.value,
            ci_lower=self.value - margin,
            ci_upper=self.value + margin,
            n_obs=n_obs,
            unit=unit,
            method=method,
            confidence_level=confidence_level,
            p_value=self.p_value,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredFit:
    """A fitted regression: coefficients, and what its cluster-robust variance needs.

    Attributes:
        coefficients: One per column of the design.
        residuals: On the scale of the outcome, one per row.
        inverse: (X'WX)^-1.
        rows: Rows of each cluster.
        scaled: Design times the square root of the weights.
        scaled_residuals: Residuals times the square root of the weights.
        adjust: Per cluster, the symmetric matrix (I - H_gg)^-1/2.
    """

    coefficients: Array
    residuals: Array
    inverse: Array
    rows: tuple[Index, ...]
    scaled: Array
    scaled_residuals: Array
    adjust: tuple[Array, ...]

    @property
    def n_clusters(self) -> int:
        """Independent clusters."""
        return len(self.rows)

    def contrast(self, combination: Array) -> Contrast:
        """Estimate one combination of coefficients with CR2 error and Satterthwaite df.

        Source: Bell and McCaffrey (2002), Survey Methodology 28(2); Pustejovsky and Tipton (2018),
        Journal of Business & Economic Statistics 36(4).
        """
        direction = self.inverse @ combination
        variance = 0.0
        placed = np.zeros((len(self.residuals), self.n_clusters))
        for number, (rows, adjust) in enumerate(zip(self.rows, self.adjust, strict=True)):
            loading = adjust @ (self.scaled[rows] @ direction)
            variance += float(loading @ self.scaled_residuals[rows]) ** 2
            placed[rows, number] = loading
        unexplained = placed - self.scaled @ (self.inverse @ (self.scaled.T @ placed))
        products = unexplained.T @ unexplained
        total = float(np.sum(products**2))
        df = float(np.trace(products)) ** 2 / total if total > 0 else float(self.n_clusters - 1)
        return Contrast(
            value=float(combination @ self.coefficients),
            std_error=sqrt(variance),
            df=max(1.0, min(df, self.n_clusters - 1.0)),
        )

    def coefficient(self, column: int) -> Contrast:
        """Estimate one coefficient (see contrast)."""
        pick = np.zeros(len(self.coefficients))
        pick[column] = 1.0
        return self.contrast(pick)


def fit_clustered(
    outcome: Array, design: Array, *, weights: Array, clusters: Index
) -> ClusteredFit:
    """Fit weighted least squares and prepare its cluster-robust variance.

    Args:
        outcome: One value per row.
        design: Rows by columns, of full column rank.
        weights: One per row, above 0; the working variance is 1 / weight.
        clusters: Cluster number per row.

    Raises:
        InputError: Fewer than 3 clusters, or columns that repeat each other.
    """
    labels = np.unique(clusters)
    if len(labels) < 3:
        raise InputError(f"a cluster-robust interval needs at least 3 clusters, got {len(labels)}")
    root = np.sqrt(weights)
    scaled, target = design * root[:, None], outcome * root
    rank = int(np.linalg.matrix_rank(scaled))
    if rank < design.shape[1]:
        raise InputError(
            f"the design has {design.shape[1]} columns but only {rank} carry information: "
            "an effect in it cannot be separated"
        )
    inverse = np.asarray(np.linalg.inv(scaled.T @ scaled), dtype=float)
    coefficients = inverse @ (scaled.T @ target)
    residuals = outcome - design @ coefficients
    rows = tuple(np.flatnonzero(clusters == label) for label in labels)
    adjust = []
    for picked in rows:
        block = scaled[picked]
        adjust.append(_inverse_root(np.eye(len(picked)) - block @ inverse @ block.T))
    return ClusteredFit(
        coefficients=coefficients,
        residuals=residuals,
        inverse=inverse,
        rows=rows,
        scaled=scaled,
        scaled_residuals=residuals * root,
        adjust=tuple(adjust),
    )


def _inverse_root(matrix: Array) -> Array:
    """Symmetric inverse square root; directions the design explains fully are dropped."""
    values, vectors = np.linalg.eigh(matrix)
    keep = values > 1e-8
    scale = np.where(keep, 1 / np.sqrt(np.where(keep, values, 1.0)), 0.0)
    return np.asarray((vectors * scale) @ vectors.T, dtype=float)
