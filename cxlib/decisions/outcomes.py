"""What a test measures, what an arm found, and the comparison of two arms: the records.

The arms carry sufficient statistics only: counts, means and covariances, counts per value, sums
per cluster.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from cxlib.engagement.experiment import OutcomeKind
from cxlib.engagement.scales import Direction
from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, Unit

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
MetricKind = OutcomeKind
Safety = Literal["safe", "harmed", "not_shown_safe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionOutcome:
    """Units with the outcome, out of those it could happen to."""

    successes: int
    n_obs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanOutcome:
    """Mean and variance (divisor n - 1) over the units that have a value."""

    mean: float
    variance: float
    n_obs: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MomentsOutcome:
    """Means and covariances (divisor n - 1) of the measure's columns and then the covariates."""

    n_obs: int
    means: Floats
    cov: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreOutcome:
    """Units per value: scores of a scale, or every value of a measure; values ascend."""

    values: Floats
    counts: Counts

    @property
    def n_obs(self) -> int:
        """Units with a value."""
        return int(self.counts.sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaitOutcome:
    """Units per waiting time: it happened then, or it had not happened when watching ended."""

    times: Floats
    events: Counts
    censored: Counts

    @property
    def n_obs(self) -> int:
        """Units with a time."""
        return int(self.events.sum() + self.censored.sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClusterOutcome:
    """Per cluster the total of the measure and its base (units, or the denominator's total).

    ``squares`` are the sums of the measure's squares, for planning.
    """

    total: Floats
    base: Floats
    n_obs: int
    squares: Floats | None = None


Outcome: TypeAlias = (
    ProportionOutcome | MeanOutcome | MomentsOutcome | ScoreOutcome | WaitOutcome | ClusterOutcome
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One arm: how many units were assigned, and their outcomes by metric."""

    n_assigned: int
    outcomes: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What is measured, and which way is better.

    Attributes:
        column: Name of the outcome in the arms.
        kind: How it is estimated.
        direction: higher or lower is better.
        unit: Of a mean ("rating", "currency", …); a proportion's difference is always in pp.
        margin: For a guardrail: the loss still tolerated, in the metric's unit (pp 0-1).
        denominator: Of a ratio: the column below the line.
        event: Of a time: the 0/1 column that says whether it happened.
        quantile: Of a quantile: which, 0-1.
        horizon_days: Of a time: the days up to which the mean is taken.
        cap: Of a mean or ratio: values above this quantile of all arms are lowered to it.
    """

    column: str
    kind: MetricKind
    direction: Direction
    unit: Unit = "rating"
    margin: float | None = None
    denominator: str | None = None
    event: str | None = None
    quantile: float | None = None
    horizon_days: float | None = None
    cap: float | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose sums it is made from."""
        return (self.column, self.denominator) if self.denominator else (self.column,)

    @property
    def effect_unit(self) -> Unit:
        """The unit its effect and its margin are in."""
        return "pp" if self.kind in {"proportion", "ordinal"} else self.unit

    def __post_init__(self) -> None:
        if self.margin is not None and not (self.margin > 0 and isfinite(self.margin)):
            raise InputError(f"the margin of {self.column} must be above 0, got {self.margin}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One metric in both arms; effect = treatment minus control.

    Attributes:
        metric: What is compared.
        control: Its value there.
        treatment: Its value there.
        effect: The difference that decides; adjusted where the plan has covariates.
        rel_effect: Relative difference; without an interval where none exists.
        std_error: Of the effect, without pooling.
        df: Degrees of freedom of its t, infinite where normal.
        unadjusted: The difference before adjustment, where there is one.
        variance_reduction: Share of the effect's variance that the covariates took away, 0-1.
    """

    metric: Metric
    control: Estimate
    treatment: Estimate
    effect: Estimate
    rel_effect: Estimate
    std_error: float = nan
    df: float = inf
    unadjusted: Estimate | None = None
    variance_reduction: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrail:
    """A guardrail's comparison and whether it is shown safe against its margin."""

    comparison: Comparison
    margin: float
    safety: Safety
