"""What the client states about the value of customers: a contract, the cost of keeping someone."""

from datetime import date
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from cxlib.engagement.words import Name, Slug, Strict


class Contract(Strict):
    """Customers with a contract: their margin a period, and how many renew.

    Either `remaining`, the customers of one cohort at the start and after each renewal, or a stated
    `retention_rate` (0-1 a period). `source` says where the figures come from.
    """

    margin_hkd: Annotated[float, Field(gt=0)]
    remaining: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=3)] | None = None
    retention_rate: Annotated[float, Field(ge=0, lt=1)] | None = None
    period_months: Annotated[int, Field(ge=1, le=36)] = 12
    horizon_periods: Annotated[int, Field(ge=1, le=50)] = 10
    source: Name
    dated: date

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.remaining is None) == (self.retention_rate is None):
            raise ValueError(
                "a contract needs exactly one of remaining (customers counted after each renewal) "
                "or retention_rate (a stated share)"
            )
        counts = self.remaining or []
        if any(later > earlier for earlier, later in pairwise(counts)):
            listed = ", ".join(str(count) for count in counts)
            raise ValueError(f"customers of one cohort cannot grow in number, got {listed}")
        return self


class RetentionContact(Strict):
    """Contacting customers who may stop buying: how many, what it costs, how many it keeps.

    `share` of the customers are contacted, those at highest risk first. `save_rate` (0-1) is the
    part of those about to stop who stay after a contact: an assumption, unless `experiment` names
    a randomised test of such contacts. `source` says where it comes from.
    """

    share: Annotated[float, Field(gt=0, le=0.5)] = 0.1
    save_rate: Annotated[float, Field(ge=0, le=1)]
    cost_hkd: Annotated[float, Field(ge=0)]
    source: Name
    dated: date
    experiment: Slug | None = None


class CustomerValue(Strict):
    """How the value of customers is worked out; orders alone are enough for what was observed."""

    horizon_months: Annotated[int, Field(ge=1, le=60)] = 12
    contract: Contract | None = None
    retention_contact: RetentionContact | None = None
