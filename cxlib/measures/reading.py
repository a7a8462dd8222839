"""One measured number of operations or loyalty, and the period its table really covers."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import pandas as pd

from cxlib.data.clusters import date_span
from cxlib.data.source import Source
from cxlib.engagement.schema import Period
from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, Unit
from cxlib.stats.ratios import clustered_ratio, clustered_share

Better = Literal["higher", "lower", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A measure with its interval, the side that is better, and the group it is of.

    Attributes:
        name: Which measure; the report has its words.
        estimate: None where fewer than ``minimum_cell`` observations stand behind it.
        better: "none" is a guardrail: watched, never a goal.
        group: Channel or touchpoint; "" is everyone.
        minimum_cell: The floor that was applied.
    """

    name: str
    estimate: Estimate | None
    better: Better
    group: str = ""
    minimum_cell: int = 30


def covered_period(source: Source, column: str, asked: Period) -> Period:
    """Give the part of a period that a table covers, or all it covers where they do not meet.

    Args:
        source: The table.
        column: Its time column.
        asked: The engagement's period.

    Raises:
        DataError: The column is absent or empty.
    """
    first, last = date_span(source, column)
    start, end = max(first, asked.start), min(last, asked.end)
    return Period(start=start, end=end) if start <= end else Period(start=first, end=last)


def day_after(day: date) -> date:
    """Give the next day, at which the summaries' half-open ranges end."""
    return day + timedelta(days=1)


def read_share(
    sums: pd.DataFrame,
    measure: str,
    *,
    name: str = "",
    better: Better,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
    group: str = "",
) -> Reading:
    """Estimate a share from its line of ``cluster_sums`` (clustered Wilson).

    Raises:
        InputError: The frame has no such line, or more than one.
    """
    k, total, base, squares = find_sums(sums, measure)
    estimate = None
    if base >= minimum_cell:
        estimate = clustered_share(
            k, total=total, base=base, squares=squares, confidence_level=confidence_level
        )
    return Reading(
        name=name or measure,
        estimate=estimate,
        better=better,
        group=group,
        minimum_cell=minimum_cell,
    )


def read_ratio(
    sums: pd.DataFrame,
    measure: str,
    *,
    name: str = "",
    better: Better,
    unit: Unit = "ratio",
    scale: float = 1.0,
    against: float | None = None,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
    group: str = "",
) -> Reading:
    """Estimate a ratio of sums from its line of ``cluster_sums`` (delta method).

    Raises:
        InputError: The frame has no such line, or more than one.
    """
    k, total, base, squares = find_sums(sums, measure)
    estimate = None
    if base >= minimum_cell:
        estimate = clustered_ratio(
            k,
            total=total,
            base=base,
            squares=squares,
            confidence_level=confidence_level,
            unit=unit,
            scale=scale,
            against=against,
        )
    return Reading(
        name=name or measure,
        estimate=estimate,
        better=better,
        group=group,
        minimum_cell=minimum_cell,
    )


def find_sums(sums: pd.DataFrame, measure: str) -> tuple[int, float, float, float]:
    """Return owners, numerator, denominator and squares of one measure; zeros where none is.

    Raises:
        InputError: The measure stands more than once: choose a group first.
    """
    line = sums[sums["measure"] == measure]
    if len(line) > 1:
        raise InputError(f"{measure!r} must stand once, the frame has it {len(line)} times")
    if not len(line):
        return 0, 0.0, 0.0, 0.0
    k, total, base, squares = line.iloc[0][["n_clusters", "total", "base", "squares"]]
    return int(k), float(total), float(base), float(squares)


def groups_of(frame: pd.DataFrame, by: str) -> list[str]:
    """List the groups of a frame that have a name, in its order."""
    return [str(group) for group in frame[by].dropna().unique()]
