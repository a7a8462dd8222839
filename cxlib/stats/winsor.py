"""A cap on extreme values, declared before the effect is looked at (winsorising)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.survival import count_quantile

Counts: TypeAlias = Sequence[int] | Sequence[Sequence[int]] | NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """The value above which every value is read as the cap.

    Attributes:
        value: Of the cap, in the unit of the values.
        share: Of all units at or below it, as asked.
        n_obs: Units of all arms.
        n_capped: Units above the cap.
    """

    value: float
    share: float
    n_obs: int
    n_capped: int


def winsor_cap(
    values: Sequence[float] | NDArray[np.float64], *, counts: Counts, share: float = 0.99
) -> Cap:
    """Find the cap from all arms together, so that no arm's extremes choose it.

    One cap serves all arms: a cap per arm would cut a longer tail made by the treatment itself.
    The effect is then one on capped values; it leaves out what happens above the cap.

    Args:
        values: Distinct values.
        counts: Units with each value, of all arms together or one row per arm; rows are added
            before anything else is read.
        share: Units at or below the cap, in [0.9, 1).

    Raises:
        InputError: A share out of range, unequal lengths, no unit, or a cap at the lowest value,
            which would leave nothing to compare.

    Source: Kohavi, Tang and Xu (2020), Trustworthy Online Controlled Experiments, chapter 22.
    """
    at, n = np.asarray(values, dtype=float), np.atleast_2d(np.asarray(counts)).sum(axis=0)
    if not 0.9 <= share < 1:  # noqa: PLR2004 - in the message
        raise InputError(f"share must be in [0.9, 1), got {share}")
    if len(at) != len(n):
        raise InputError(f"values and counts must be of one length, got {len(at)} and {len(n)}")
    value = count_quantile(at.tolist(), n.tolist(), share=share)
    lowest = float(at[n > 0].min())
    if value <= lowest:
        raise InputError(
            f"the cap would be {value:g}, the lowest value: at least {share:g} of all units hold "
            "it; choose a higher share, or no cap"
        )
    return Cap(value=value, share=share, n_obs=int(n.sum()), n_capped=int(n[at > value].sum()))
