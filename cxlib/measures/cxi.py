"""The Customer Experience Index (CXi) of three items, from their joint answer counts.

The early public formulation: today's index under that name is proprietary and is not computed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.engagement.scales import SCALES
from cxlib.errors import InputError
from cxlib.measures.distribution import check_columns, check_minimum_cell, group_name
from cxlib.measures.survey import nps_from_counts
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.proportions import normal_quantile

ITEMS = ("cxi_needs", "cxi_easy", "cxi_enjoyable")


@dataclass(frozen=True, slots=True, kw_only=True)
class CxiScore:
    """The index of one group and its three items, all in points; None when suppressed."""

    group: tuple[str, ...]
    index: Estimate | None
    needs: Estimate | None
    easy: Estimate | None
    enjoyable: Estimate | None
    suppressed: bool
    minimum_cell: int

    @property
    def label(self) -> str:
        """The group's values in one line."""
        return " · ".join(self.group)

    @property
    def n_label(self) -> str:
        """The number of people as a table may print it."""
        return f"<{self.minimum_cell}" if self.index is None else str(self.index.n_obs)


def cxi_index(needs: float, easy: float, enjoyable: float) -> float:
    """Return the index of three item scores (each %(4,5) - %(1,2)): their mean, in points."""
    return (needs + easy + enjoyable) / 3


def cxi(
    counts: pd.DataFrame,
    *,
    by: Sequence[str] = (),
    items: tuple[str, str, str] = ITEMS,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> tuple[CxiScore, ...]:
    """Estimate the index of each group from the joint counts of its three items.

        item = 100 (share of 4-5 minus share of 1-2);  index = mean of the three items

    Interval of the index: exact covariance of the items, from the joint counts. Each person
    moves the index by u = ⅓ Σ (answer's sign - item) n/n_item; the variance is Σu²/n². Three
    answers are added (¾ all high, 1½ all middle, ¾ all low), the adjusted Wald of the NPS: with
    three equal items both intervals are the same. Treating the items as independent would be
    wrong, since one person answers all three.

    Args:
        counts: ``*by``, the three items (1-5, empty where not answered) and ``n``. In a
            ``score_counts`` frame the last item is the column ``score``: name it in ``items``.
        by: Columns that name the group.
        items: Columns for needs met, easy, enjoyable.
        confidence_level: In [0.9, 1).
        minimum_cell: Groups with fewer people on any item come back suppressed.

    Returns:
        One CxiScore per group, in order of appearance; ``n_obs`` of the index counts the people
        with at least one item.

    Raises:
        InputError: A column is absent, or an answer is not 1-5.

    Source: Forrester's index as first published (2007); linearisation: Särndal, Swensson and
    Wretman (1992), Model Assisted Survey Sampling, 5.5.
    """
    check_level(confidence_level)
    check_minimum_cell(minimum_cell)
    check_columns(counts, [*by, *items, "n"])
    groups: dict[tuple[str, ...], list[tuple[float, ...]]] = {} if by else {(): []}
    for row in counts[[*by, *items, "n"]].itertuples(index=False, name=None):
        signs = [_sign(value, item) for value, item in zip(row[-4:-1], items, strict=True)]
        if row[-1] < 0:
            raise InputError(f"n must be 0 or more, got {row[-1]}")
        groups.setdefault(group_name(row[: len(by)]), []).append((*signs, float(row[-1])))
    return tuple(
        _group_score(group, np.array(rows).reshape(-1, 4), confidence_level, minimum_cell)
        for group, rows in groups.items()
    )


def _sign(value: float | None, item: str) -> float:
    """Return 1 for 4-5, 0 for 3, -1 for 1-2, NaN for no answer."""
    if value is None or pd.isna(value):
        return float("nan")
    scale = SCALES["cxi"]
    if value not in range(scale.minimum, scale.maximum + 1):
        raise InputError(
            f"{item} answers must be whole numbers from {scale.minimum} to {scale.maximum}, "
            f"got {value}"
        )
    high = scale.favourable[0]
    low = scale.minimum + scale.maximum - high
    return float(int(value >= high) - int(value <= low))


def _group_score(
    group: tuple[str, ...],
    rows: NDArray[np.float64],
    confidence_level: float,
    minimum_cell: int,
) -> CxiScore:
    signs, n = rows[:, :3], rows[:, 3]
    answered = ~np.isnan(signs)
    if (answered * n[:, None]).sum(axis=0).min() < minimum_cell:
        needs = easy = enjoyable = index = None
    else:
        needs, easy, enjoyable = (
            nps_from_counts(
                *(int(n[signs[:, k] == sign].sum()) for sign in (1, 0, -1)),
                confidence_level=confidence_level,
            )
            for k in range(3)
        )
        kept = answered.any(axis=1)
        index = _index(signs[kept], n[kept], confidence_level)
    return CxiScore(
        group=group,
        index=index,
        needs=needs,
        easy=easy,
        enjoyable=enjoyable,
        suppressed=index is None,
        minimum_cell=minimum_cell,
    )


def _index(signs: NDArray[np.float64], n: NDArray[np.float64], confidence_level: float) -> Estimate:
    value, _ = _linearised(signs, n)
    added = np.repeat([[1.0], [0.0], [-1.0]], 3, axis=1)
    centre, variance = _linearised(np.vstack([signs, added]), np.append(n, [0.75, 1.5, 0.75]))
    margin = normal_quantile(confidence_level) * sqrt(variance)
    return Estimate(
        value=value,
        ci_lower=max(-100.0, centre - margin),
        ci_upper=min(100.0, centre + margin),
        n_obs=int(n.sum()),
        unit="points",
        method="adjusted Wald, exact covariance",
        confidence_level=confidence_level,
    )


def _linearised(signs: NDArray[np.float64], n: NDArray[np.float64]) -> tuple[float, float]:
    """Return the index and its squared error, in points."""
    answered = ~np.isnan(signs)
    known = np.where(answered, signs, 0.0)
    base = n @ answered
    item = n @ known / base
    total = n.sum()
    moves = (np.where(answered, known - item, 0.0) * total / base).mean(axis=1)
    return float(100 * item.mean()), float(1e4 * (n @ moves**2) / total**2)
