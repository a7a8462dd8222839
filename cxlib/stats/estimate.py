"""The one record a number travels in: the value, its interval, and what it stands on."""

from dataclasses import dataclass
from math import isnan
from statistics import NormalDist
from typing import Literal

from cxlib.errors import InputError

Unit = Literal["points", "share", "pp", "rating", "currency", "minutes", "days", "count", "ratio"]
"""points: NPS or CXi points · share: 0-1, shown as % · pp: a difference of two shares, stored 0-1
· rating: on the answer scale · currency: the engagement's money · ratio: a plain number."""

LOWEST_LEVEL = 0.9
"""Under this confidence level an interval is not stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its two-sided interval.

    Attributes:
        value: The point estimate, in ``unit``. Shares and pp are stored 0-1; percent exists
            only in display.
        ci_lower: Lower limit, or NaN where no interval exists.
        ci_upper: Upper limit, or NaN where no interval exists.
        n_obs: Answers, customers, months: the observations it rests on.
        unit: How the value is read and printed.
        method: The interval's method in the textbook's words ("Wilson", "Welch").
        confidence_level: Of the interval, 0.9 up to 1.
        p_value: Two-sided, where a test belongs to the estimate.
    """

    value: float
    ci_lower: float
    ci_upper: float
    n_obs: int
    unit: Unit
    method: str
    confidence_level: float = 0.95
    p_value: float | None = None

    def __post_init__(self) -> None:
        if self.n_obs < 0:
            raise InputError(f"n_obs must be 0 or more, got {self.n_obs}")
        if self.ci_lower > self.ci_upper:
            raise InputError(f"ci_lower {self.ci_lower} must not be above ci_upper {self.ci_upper}")

    @property
    def has_interval(self) -> bool:
        """Whether both limits exist."""
        return not (isnan(self.ci_lower) or isnan(self.ci_upper))

    @property
    def standard_error(self) -> float:
        """Half the interval's width over the normal quantile of its level; NaN without interval."""
        quantile = NormalDist().inv_cdf((1 + self.confidence_level) / 2)
        return (self.ci_upper - self.ci_lower) / 2 / quantile

    def excludes(self, value: float) -> bool:
        """Whether the interval lies wholly on one side of ``value``: then a difference shows."""
        return self.has_interval and not self.ci_lower <= value <= self.ci_upper


def check_level(confidence_level: float) -> None:
    """Refuse a confidence level outside [0.9, 1).

    Raises:
        InputError: With the level found.
    """
    if not LOWEST_LEVEL <= confidence_level < 1:
        raise InputError(f"confidence_level must be in [{LOWEST_LEVEL}, 1), got {confidence_level}")
