"""The part of a series that a calendar explains, learned from the periods behind its limits."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
import numpy.typing as npt

from cxlib.errors import InputError

Floats = npt.NDArray[np.float64]
Calendar = Sequence[Sequence[float]]
"""Per column a number for every point, such as the share of its days that are holidays."""
FEWEST_TOUCHED = 2
"""Points a column must touch before it can be told from a one-off."""
FEWEST_FREE = 3
"""Points behind the limits beyond what is learned from them."""


def check_calendar(calendar: Calendar, length: int) -> Floats:
    """Give the columns as an array with one row a point.

    Raises:
        InputError: A column has another length than the series.
    """
    for column in calendar:
        if len(column) != length:
            raise InputError(
                f"a calendar column must have a number for each of {length} points, "
                f"got {len(column)}"
            )
    return np.array([list(c) for c in calendar], dtype=np.float64).reshape(-1, length).T


def calendar_line(values: Floats, columns: Floats, *, own: int) -> tuple[Floats, Floats, float]:
    """Learn what each column adds from the first ``own`` points; expect it of every point.

        value = a + Σ b z  by least squares over the first points;  offset = Σ b z
        wider = sqrt(1 + z'Vz) after them, V the error of b over the spread

    Limits around the offset are that much wider where the calendar is at work, since b is learned
    from few points. A column that touched fewer than two of the first points adds nothing.

    Args:
        values: One series a row, or one series.
        columns: One row a point.
        own: Points behind the limits.

    Returns:
        Offsets like ``values``; how much wider the limits are, 1 or more, per point; and the
        factor that makes good for what was learned from the points behind the limits.

    Source: Montgomery (2019), Introduction to Statistical Quality Control, 10.3 (charts of
    residuals).
    """
    n = values.shape[-1]
    base = columns[:own]
    kept = [k for k in range(columns.shape[1]) if np.count_nonzero(base[:, k]) >= FEWEST_TOUCHED]
    if not kept or own - 1 - len(kept) < FEWEST_FREE:
        return np.zeros_like(values), np.ones(n), 1.0
    z = columns[:, kept]
    design = np.column_stack([np.ones(own), z[:own]])
    slopes = values[..., :own] @ np.linalg.pinv(design).T[:, 1:]
    error = np.linalg.pinv(design.T @ design, hermitian=True)[1:, 1:]
    wider = np.sqrt(1 + np.einsum("ij,jk,ik->i", z, error, z))
    wider[:own] = 1.0
    return slopes @ z.T, wider, sqrt((own - 1) / (own - 1 - len(kept)))
