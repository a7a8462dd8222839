"""What is decided at a review and kept with its reason: baselines, figures, goals, strategy."""

from datetime import date
from typing import Literal

from pydantic import ConfigDict, Field

from cxlib.engagement.words import Slug, Strict, Text

Decision = Literal["keep", "change", "drop"]
Step = Literal["world", "promise", "brand", "contact", "renewal"]
Part = Literal[
    "vision", "principles", "customers", "journeys", "measures", "organisation", "roadmap", "money"
]


class Rebaseline(Strict):
    """Fresh control limits of a KPI from a period on, and why."""

    model_config = ConfigDict(populate_by_name=True)

    kpi: Slug
    from_: date = Field(alias="from")
    reason: Text


class Restatement(Strict):
    """A figure already on record that may be replaced: the period by its first day, and why."""

    kpi: Slug
    period: date
    reason: Text


class ReviewDecision(Strict):
    """What becomes of a goal after the review."""

    goal: Slug
    decision: Decision
    reason: Text


class TrendItem(Strict):
    """Something outside the company worth watching: what, who says so, as of when."""

    name: Text
    source: Text
    dated: date


class StrategyItem(Strict):
    """One step of the experience, or one part of the plan: what is said, who owns it, evidence."""

    part: Step | Part
    text: Text
    owner: Text | None = None
    evidence: Text | None = None
