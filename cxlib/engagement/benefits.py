"""What an initiative may earn beside its measured effect, and what was assumed: with sources."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from cxlib.engagement.words import Strict, Text

Status = Literal["measured", "assumed", "quoted"]


def _not_quoted(value: Status) -> Status:
    if value == "quoted":
        raise ValueError(
            "a quoted figure that nobody here has checked prices no initiative: measure it, "
            "or own it as assumed, with its source"
        )
    return value


Usable = Annotated[Status, AfterValidator(_not_quoted)]
"""measured at this client, or assumed by name; quoted, unverified figures are refused."""


class Persistence(Strict):
    """How much of the effect is left at the end of the horizon: low, likely, high (0-1)."""

    low: Annotated[float, Field(ge=0, le=1)]
    likely: Annotated[float, Field(ge=0, le=1)]
    high: Annotated[float, Field(ge=0, le=1)]
    status: Usable = "assumed"
    source: Text | None = None
    dated: date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.likely <= self.high:
            raise ValueError("persistence must rise from low over likely to high")
        return self


class Customers(Strict):
    """The customers an initiative reaches, as they are without it."""

    number: Annotated[float, Field(gt=0)]
    orders_per_month: Annotated[float, Field(ge=0)]
    lost_per_month: Annotated[float, Field(ge=0, le=1)]
    cost_per_referral: Annotated[float, Field(ge=0)] = 0.0
    status: Usable = "assumed"
    source: Text
    dated: date


class Change(Strict):
    """A change as a share of customers per month: low, likely, high."""

    low: Annotated[float, Field(ge=-1, le=1)]
    likely: Annotated[float, Field(ge=-1, le=1)]
    high: Annotated[float, Field(ge=-1, le=1)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.likely <= self.high:
            raise ValueError("a change must rise from low over likely to high")
        return self


class Benefit(Strict):
    """Fewer customers lost, or more brought by others, because of the initiative.

    `shape`: pert and triangular take low and high as the ends; lognormal takes them as the points
    that 5 % of cases fall below and above, with likely as the median, all above 0.
    """

    stream: Literal["less_churn", "word_of_mouth"]
    change: Change
    shape: Literal["pert", "triangular", "lognormal"] = "pert"
    persistence: Persistence | None = None
    status: Usable
    grade: Literal["A", "B", "C"] | None = None
    source: Text
    dated: date

    @model_validator(mode="after")
    def _evidenced(self) -> Self:
        if (self.status == "measured") != (self.grade is not None):
            raise ValueError(
                "a measured benefit names the grade of its evidence, an assumed one has none"
            )
        if self.shape == "lognormal" and self.change.low <= 0:
            raise ValueError("a lognormal change is above 0 at its low point")
        return self


class Correlation(Strict):
    """Two inputs that rise together (above 0) or against each other (below 0)."""

    between: Annotated[list[str], Field(min_length=2, max_length=2)]
    value: Annotated[float, Field(ge=-1, le=1)]
    source: Text


def check_benefits(
    customers: Customers | None, benefits: list[Benefit], correlations: list[Correlation]
) -> None:
    """Hold the benefits of one initiative against its customers and each other.

    Raises:
        ValueError: A stream twice, no customers for it, more customers kept than are lost, or a
            correlation of an input that is not there.
    """
    streams: list[str] = [item.stream for item in benefits]
    if len(set(streams)) < len(streams):
        raise ValueError(f"each benefit stands once, got {', '.join(streams)}")
    if benefits and customers is None:
        raise ValueError(
            f"{streams[0]} needs customers: number, orders_per_month, lost_per_month, source, dated"
        )
    for item in benefits:
        if (
            customers
            and item.stream == "less_churn"
            and item.change.high > customers.lost_per_month
        ):
            raise ValueError(
                "less_churn keeps at most the customers who are lost, "
                f"{customers.lost_per_month:g} a month, got {item.change.high:g}"
            )
    known = [f"more_purchases.{part}" for part in ("effect", "margin", "persistence")]
    known += [f"{stream}.{part}" for stream in streams for part in ("effect", "persistence")]
    for pair in correlations:
        if len(set(pair.between)) < len(pair.between) or not set(pair.between) <= set(known):
            raise ValueError(
                f"a correlation joins two of {', '.join(known)}, got {' and '.join(pair.between)}"
            )
