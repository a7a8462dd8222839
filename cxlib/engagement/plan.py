"""What the client will do and why it should help: growth goal, links, actions, benchmarks."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from cxlib.engagement.words import Name, Slug, Strict, Text

Evidence = Literal["assumption", "estimate", "experiment"]
ScaleName = Literal["nps", "csat", "ces-v1", "ces-v2", "cxi", "share", "points", "rating"]
CostCategory = Literal["staff", "training", "tools", "content", "incentives"]


def _one_role(value: Any) -> Any:  # noqa: ANN401 - a raw YAML value
    """Refuse a list where one role answers for an action."""
    if isinstance(value, list):
        raise ValueError(f"exactly one role is accountable for an action, got {len(value)}")
    return value


def _listed(value: Any) -> Any:  # noqa: ANN401 - a raw YAML value
    """Let one role stand for a list of one."""
    return [value] if isinstance(value, str | dict) else value


Roles = Annotated[list[Text], BeforeValidator(_listed)]


class GrowthGoal(Strict):
    """What the business wants to grow: the root of the goal tree."""

    id: Slug
    name: Name
    measure: Literal["clv", "referral", "churn", "revenue"]
    owner: Text


class Link(Strict):
    """One step of the goal tree: moving ``from`` is expected to move ``to``.

    `experiment` names the test whose verdict shows it. An estimate is made from the customers'
    own answers and later orders; nothing is typed.
    """

    model_config = ConfigDict(populate_by_name=True)

    from_: Slug = Field(alias="from")
    to: Slug
    evidence: Evidence
    experiment: Slug | None = None

    @model_validator(mode="after")
    def _tested(self) -> Self:
        if (self.evidence == "experiment") != (self.experiment is not None):
            raise ValueError("evidence experiment names its experiment, and no other evidence does")
        if self.from_ == self.to:
            raise ValueError(f"a link joins two things, got {self.to} twice")
        return self


class BudgetLine(Strict):
    """Planned money under the keys of the cost table, so that planned and paid meet."""

    initiative: Slug
    category: CostCategory
    kind: Literal["one_off", "recurring"]
    amount_hkd: Annotated[float, Field(ge=0)]


class Action(Strict):
    """What is done for a KPI, when, and who has which part in it (RACI)."""

    id: Slug
    name: Name
    kpi: Slug
    touchpoint: Slug | None = None
    responsible: Roles = Field(min_length=1)
    accountable: Annotated[Text, BeforeValidator(_one_role)]
    consulted: Roles = Field(default_factory=list)
    informed: Roles = Field(default_factory=list)
    start: date
    end: date
    budget_lines: list[BudgetLine] = Field(default_factory=list)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end < self.start:
            raise ValueError(f"end {self.end} must not be before start {self.start}")
        return self

    @property
    def budget_hkd(self) -> float:
        """All its budget lines together."""
        return sum(line.amount_hkd for line in self.budget_lines)


class Benchmark(Strict):
    """Another company's or a sector's figure; useful only on the same scale and dated.

    A share is written 0-1.
    """

    kpi: Slug
    scale: ScaleName
    value: float
    source: Text
    dated: date
