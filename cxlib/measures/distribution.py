"""Answer counts per group: the small frame that every survey score, chart and test starts from."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import pandas as pd

from cxlib.engagement.scales import SCALES, MetricKind
from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate

Distribution = tuple[tuple[int, int], ...]
"""(answer, number of people) for every answer of the scale, lowest first; unused ones have 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NpsCounts:
    """Answers to the 0-10 recommend question: promoters 9-10, passives 7-8, detractors 0-6."""

    promoters: int
    passives: int
    detractors: int

    def __post_init__(self) -> None:
        for band in ("promoters", "passives", "detractors"):
            if getattr(self, band) < 0:
                raise InputError(f"{band} must be 0 or more, got {getattr(self, band)}")

    @property
    def n_obs(self) -> int:
        """All answers."""
        return self.promoters + self.passives + self.detractors


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupScore:
    """The score of one group with the distribution behind it.

    Attributes:
        group: Values of the ``by`` columns; empty for everyone together.
        metric: Which question and scale.
        statistic: "nps", "mean", "share" or "index".
        estimate: The score, or None when the group is under the minimum cell.
        distribution: Answers per scale point; empty when suppressed.
        suppressed: Whether the group is hidden. Hidden and empty groups look alike.
        minimum_cell: The floor that was applied.
    """

    group: tuple[str, ...]
    metric: MetricKind
    statistic: str
    estimate: Estimate | None
    distribution: Distribution
    suppressed: bool
    minimum_cell: int

    @property
    def label(self) -> str:
        """The group's values in one line."""
        return " · ".join(self.group)

    @property
    def n_label(self) -> str:
        """The number of answers as a table may print it: "1234", or "<30" when hidden."""
        return f"<{self.minimum_cell}" if self.estimate is None else str(self.estimate.n_obs)

    @property
    def shown(self) -> Estimate:
        """The estimate of a group that is not hidden.

        Raises:
            InputError: The group is under the minimum cell.
        """
        if self.estimate is None:
            raise InputError(
                f"group '{self.label}' has fewer than {self.minimum_cell} answers and is hidden; "
                "merge it with another group"
            )
        return self.estimate


def read_groups(
    counts: pd.DataFrame, *, metric: MetricKind, by: Sequence[str] = ()
) -> list[tuple[tuple[str, ...], Distribution]]:
    """Read a ``score_counts`` frame into one distribution per group, in the frame's order.

    Args:
        counts: Columns ``*by``, ``score``, ``n``; rows of one group and score are added up.
        metric: Sets which answers are possible.
        by: Columns that name the group; a missing value is read as "".

    Raises:
        InputError: A column is absent, an answer lies off the scale, a count is negative.
    """
    check_columns(counts, [*by, "score", "n"])
    scale = SCALES[metric]
    allowed = range(scale.minimum, scale.maximum + 1)
    groups: dict[tuple[str, ...], dict[int, int]] = {} if by else {(): dict.fromkeys(allowed, 0)}
    for *values, score, n in counts[[*by, "score", "n"]].itertuples(index=False, name=None):
        group = group_name(values)
        if score not in allowed:
            raise InputError(
                f"{metric} answers must be whole numbers from {scale.minimum} to {scale.maximum}, "
                f"got {score}" + (f" in group '{' · '.join(group)}'" if group else "")
            )
        if n < 0:
            raise InputError(f"n must be 0 or more, got {n} for score {score}")
        answers = groups.setdefault(group, dict.fromkeys(allowed, 0))
        answers[int(score)] += int(n)
    return [(group, tuple(answers.items())) for group, answers in groups.items()]


def group_name(values: Sequence[object]) -> tuple[str, ...]:
    """Return the values that name a group as text; a missing one as ""."""
    return tuple("" if pd.isna(v) else str(v) for v in values)  # type: ignore[call-overload]


def check_columns(frame: pd.DataFrame, needed: Sequence[str]) -> None:
    """Refuse a frame without the needed columns, naming those it has.

    Raises:
        InputError: With the absent and the present columns.
    """
    if absent := [name for name in needed if name not in frame.columns]:
        raise InputError(f"columns not found: {absent}; the frame has {list(frame.columns)}")


def check_minimum_cell(minimum_cell: int) -> None:
    """Refuse a floor below 1.

    Raises:
        InputError: With the value found.
    """
    if minimum_cell < 1:
        raise InputError(f"minimum_cell must be 1 or more, got {minimum_cell}")


def n_answers(distribution: Distribution) -> int:
    """Return the number of answers."""
    return sum(n for _, n in distribution)


def band(distribution: Distribution, low: int, high: int) -> int:
    """Return the number of answers from ``low`` to ``high``, both included."""
    return sum(n for score, n in distribution if low <= score <= high)


def nps_bands(distribution: Distribution) -> NpsCounts:
    """Return promoters (9-10), passives (7-8) and detractors (0-6)."""
    return NpsCounts(
        promoters=band(distribution, 9, 10),
        passives=band(distribution, 7, 8),
        detractors=band(distribution, 0, 6),
    )


def mean_and_variance(distribution: Distribution) -> tuple[float, float]:
    """Return the mean answer and its variance with divisor n - 1 (NaN for a single answer).

    Raises:
        InputError: No answer.
    """
    n = n_answers(distribution)
    if n == 0:
        raise InputError("a mean needs at least 1 answer, got 0")
    total = sum(score * count for score, count in distribution)
    squares = sum(score * score * count for score, count in distribution)
    if n == 1:
        return float(total), nan
    return total / n, (n * squares - total * total) / (n * (n - 1))
