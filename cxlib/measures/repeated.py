"""Scores of customers who answered several times: their answers are not independent evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from cxlib.errors import InputError
from cxlib.measures.distribution import check_columns, check_minimum_cell, group_name
from cxlib.stats.estimate import Estimate, Unit
from cxlib.stats.means import clustered_mean

Coding = Literal["value", "nps", "top2"]
_UNITS: dict[Coding, tuple[Unit, float, float, float]] = {
    "value": ("rating", 1.0, float("-inf"), float("inf")),
    "nps": ("points", 100.0, -100.0, 100.0),
    "top2": ("share", 1.0, 0.0, 1.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedScore:
    """A group's score with the interval between customers.

    Attributes:
        group: Values of the ``by`` columns; empty for everyone together.
        estimate: The score; None when the group has fewer customers than ``minimum_cell``.
        n_customers: Customers behind the answers; None when hidden.
        suppressed: Whether the group is hidden.
        minimum_cell: The floor that was applied.
    """

    group: tuple[str, ...]
    estimate: Estimate | None
    n_customers: int | None
    suppressed: bool
    minimum_cell: int


def repeated_scores(
    moments: pd.DataFrame,
    *,
    coding: Coding,
    by: Sequence[str] = (),
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> tuple[RepeatedScore, ...]:
    """Estimate each group's score when customers answer more than once (clustered t).

    Use it for a whole wave, where one customer rates several touchpoints; the intervals of
    ``measures.survey`` take every answer for another customer.

    Args:
        moments: ``clustered_moments`` of one column, with the same ``coding``.
        coding: "value" gives a mean (``rating``), "nps" points, "top2" a share.
        by: Columns that name the group.
        confidence_level: In [0.9, 1).
        minimum_cell: Groups with fewer customers come back suppressed.

    Raises:
        InputError: A column is absent, several survey columns at once, an unknown coding.

    Source: Cameron and Miller (2015), Journal of Human Resources 50(2).
    """
    check_minimum_cell(minimum_cell)
    if coding not in _UNITS:
        raise InputError(f"coding must be one of {', '.join(_UNITS)}, got {coding!r}")
    check_columns(moments, [*by, "column", "n", "n_clusters", "mean", "squares"])
    if len(columns := sorted(set(moments["column"]))) > 1:
        raise InputError(f"moments must hold one survey column, got {columns}")
    scores = []
    for *values, n, customers, mean, squares in moments[
        [*by, "n", "n_clusters", "mean", "squares"]
    ].itertuples(index=False, name=None):
        hidden = customers < max(2, minimum_cell)
        scores.append(
            RepeatedScore(
                group=group_name(values),
                estimate=None
                if hidden
                else _estimate(
                    coding, n, customers, mean, squares, confidence_level=confidence_level
                ),
                n_customers=None if hidden else int(customers),
                suppressed=hidden,
                minimum_cell=minimum_cell,
            )
        )
    return tuple(scores)


def design_effect(repeated: Estimate, independent: Estimate) -> float:
    """Return how many times larger the variance is than if answers were independent.

        (width between customers / width of independent answers)²

    Raises:
        InputError: An estimate without an interval, or with none of width.
    """
    if not (repeated.has_interval and independent.has_interval):
        raise InputError("a design effect needs two intervals")
    width = independent.ci_upper - independent.ci_lower
    if width <= 0:
        raise InputError(f"the independent interval must have a width above 0, got {width}")
    return ((repeated.ci_upper - repeated.ci_lower) / width) ** 2


def _estimate(
    coding: Coding, n: int, customers: int, mean: float, squares: float, *, confidence_level: float
) -> Estimate:
    unit, scale, lowest, highest = _UNITS[coding]
    raw = clustered_mean(
        customers,
        n_obs=n,
        mean=scale * mean,
        squares=scale * scale * squares,
        confidence_level=confidence_level,
        unit=unit,
    )
    return Estimate(
        value=float(raw.value),
        ci_lower=max(lowest, float(raw.ci_lower)),
        ci_upper=min(highest, float(raw.ci_upper)),
        n_obs=raw.n_obs,
        unit=unit,
        method=raw.method,
        confidence_level=confidence_level,
    )
