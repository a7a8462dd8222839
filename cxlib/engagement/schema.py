"""The engagement file as typed objects. Unknown keys are refused; `load.py` words the errors."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal, Self, TypedDict

from pydantic import AfterValidator, Field, PrivateAttr, StringConstraints, model_validator

from cxlib.engagement.benefits import (
    Benefit,
    Correlation,
    Customers,
    Persistence,
    check_benefits,
)
from cxlib.engagement.engine import EngineAt
from cxlib.engagement.experiment import Experiment, Outcome
from cxlib.engagement.loop import ClosedLoop, EmployeeSurvey
from cxlib.engagement.period import Period, Window
from cxlib.engagement.plan import Action, Benchmark, GrowthGoal, Link
from cxlib.engagement.review import Rebaseline, Restatement, ReviewDecision, StrategyItem, TrendItem
from cxlib.engagement.scales import SCALES, Direction, MetricKind
from cxlib.engagement.value import CustomerValue
from cxlib.engagement.voice import Voice
from cxlib.engagement.words import Lane, Language, Name, Slug, Strict, Text, each_once

Stage = Literal["awareness", "consideration", "purchase", "use", "advocacy"]
Channel = Literal["online", "offline", "hybrid"]
Dimension = Literal["strategy", "data", "people", "process", "culture", "technology"]
Cadence = Literal["weekly", "monthly", "quarterly"]
GoalUnit = Literal["points", "percent", "rating", "pp", "relative_percent"]
KpiUnit = Literal["points", "share", "rating"]
__all__ = [
    "STAGES", "Cadence", "Channel", "Client", "Dimension", "Engagement", "Experiment", "Goal",
    "GoalUnit", "Initiative", "Kpi", "KpiUnit", "Metric", "Outcome", "Period", "Persistence",
    "Precision", "Release", "Stage", "Table", "Touchpoint", "Window",
]  # fmt: skip
STAGES: tuple[Stage, ...] = ("awareness", "consideration", "purchase", "use", "advocacy")


def _driver_columns(value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    if wrong := [name for name in value if not name.startswith("driver_")]:
        raise ValueError(
            f"a driver is named by its column, which begins with driver_, got {', '.join(wrong)}"
        )
    return value


def _share_of_one(value: float) -> float:
    if not 0 <= value < 1:
        raise ValueError("must be a rate a year from 0 to below 1: write 8 % as 0.08")
    return value


class Client(Strict):
    """Who the report is for."""

    id: Slug
    name: Text


class Precision(TypedDict):
    """How sure and how coarse published scores are."""

    confidence_level: float
    minimum_cell: int


class Table(Strict):
    """Where a table lies, a file or a table of the engine, and how its columns are called there."""

    file: str = ""
    table: str = ""
    encoding: str | None = None
    sheet: str | None = None
    reader: Literal[
        "auto", "csv", "parquet", "excel", "qualtrics", "surveymonkey", "google_forms"
    ] = "auto"
    columns: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.file) == bool(self.table):
            raise ValueError("a table needs file:, or table: for one in the engine, and not both")
        if self.table and (self.encoding or self.sheet or self.reader != "auto"):
            raise ValueError("encoding, sheet and reader say how a file is read; table: has none")
        return self


class Touchpoint(Strict):
    """A moment of the journey; exactly one stage.

    What is left out shows as a gap in the register or as an empty cell of the journey map:
    `metric` is a key of `metrics`, `source` says where the figure comes from, and `actions`,
    `thoughts`, `pain` and `opportunity` are the lanes of the map in the client's own words.
    """

    id: Slug
    name: Name
    stage: Stage
    channel: Channel
    owner: Text | None = None
    monthly_volume: Annotated[int, Field(ge=0)] | None = None
    metric: Slug | None = None
    source: Name | None = None
    actions: Lane | None = None
    thoughts: Lane | None = None
    pain: Lane | None = None
    opportunity: Lane | None = None


class Metric(Strict):
    """A metric contract: scale, direction, wording and version of one survey question."""

    kind: MetricKind
    wording: Text

    @property
    def direction(self) -> Direction:
        """Which end of the scale is better."""
        return SCALES[self.kind].direction


class Kpi(Strict):
    """A number the client steers by: its unit, direction, rhythm and owner."""

    id: Slug
    name: Name
    unit: KpiUnit
    direction: Direction
    cadence: Cadence
    owner: Text
    definition: Text


class Goal(Strict):
    """A KPI with a target level or a change; the unit is never guessed.

    `minimum_effect` is the smallest change that counts as progress, in points, percentage points
    or points of the scale (none: the whole change); `guardrails` are KPIs that must not worsen.
    `kind` says how the KPI's sample is counted: a level by its answers, a funnel_step (with `step`)
    by the visitors who must enter, a waiting_time (with `within_days`) by who must be followed.
    """

    kpi: Slug
    unit: GoalUnit
    target: float | None = None
    change: float | None = None
    by: date
    owner: Text
    action: Text
    budget: Annotated[float, Field(ge=0)] | None = None
    minimum_effect: Annotated[float, Field(gt=0)] | None = None
    guardrails: list[Slug] = Field(default_factory=list)
    kind: Literal["level", "funnel_step", "waiting_time"] = "level"
    step: Literal["product", "checkout", "purchase"] | None = None
    within_days: Annotated[int, Field(ge=1, le=730)] | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.kind == "funnel_step") != (self.step is not None):
            raise ValueError("a goal of kind funnel_step names its step, and no other goal does")
        if (self.kind == "waiting_time") != (self.within_days is not None):
            raise ValueError("a goal of kind waiting_time has within_days, and no other goal has")
        if (self.target is None) == (self.change is None):
            raise ValueError("a goal needs exactly one of target (a level) or change (a step)")
        if self.target is not None and self.unit not in {"points", "percent", "rating"}:
            raise ValueError(f"a target is a level in points, percent or rating, not {self.unit}")
        if self.change is not None and self.unit == "percent":
            raise ValueError("a change in percent is ambiguous: say pp or relative_percent")
        return self


class Initiative(Strict):
    """An action in some units, reviewed against the others.

    ``starts`` dates units that began later than the others; ``experiment`` names the randomised
    test of one of the actions.
    """

    id: Slug
    name: Name
    start: date
    units: str
    starts: dict[str, date] = Field(default_factory=dict)
    experiment: Slug | None = None
    actions: list[Text] = Field(min_length=1)
    outcome: Literal["conversion", "csat"]
    picked_for_low_scores: bool = False
    horizon_months: Annotated[int, Field(ge=1, le=120)] = 24
    persistence: Persistence | None = None
    customers: Customers | None = None
    benefits: list[Benefit] = Field(default_factory=list)
    correlations: list[Correlation] = Field(default_factory=list)
    owner: Text

    @model_validator(mode="after")
    def _benefits_fit(self) -> Self:
        check_benefits(self.customers, self.benefits, self.correlations)
        return self


class Release(Strict):
    """A new version of a product or service, marked on the chart of faults."""

    date: date
    name: Name


class Comparison(Strict):
    """What branches are in 07_branch_comparison."""

    by: Literal["store", "segment", "channel", "touchpoint", "language"]


class SaleDays(Period):
    """A sale: days on which customers come for the price, marked and modelled in tracking."""

    name: Name


class Engagement(Strict):
    """One engagement: the single file that drives the command, the runner and open notebooks."""

    client: Client
    market: Literal["HK"]
    currency: Literal["HKD"]
    languages: Annotated[list[Language], Field(min_length=1), AfterValidator(each_once)]
    brand: str = "_brand.yml"
    wave: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    baseline: Period
    review: Period
    baseline_source: Literal["ledger", "manual"] = "ledger"
    manual_baselines: dict[Slug, float] = Field(default_factory=dict)
    confidence_level: Annotated[float, Field(ge=0.9, le=0.995)] = 0.95
    minimum_cell: Annotated[int, Field(ge=5)] = 30
    weighting: Literal["none", "raked"] = "none"
    discount_rate: Annotated[float, AfterValidator(_share_of_one)]
    money: Literal["nominal", "real"] = "nominal"
    report_date: date | None = None
    seed: Annotated[int, Field(ge=0)] = 1
    engine: EngineAt | None = None
    tables: dict[str, Table]
    touchpoints: list[Touchpoint] = Field(min_length=1)
    metrics: dict[Slug, Metric]
    maturity_target: dict[Dimension, Annotated[int, Field(ge=1, le=5)]] = Field(
        default_factory=dict
    )
    drivers: Annotated[dict[Slug, Name], AfterValidator(_driver_columns)] = Field(
        default_factory=dict
    )
    kpis: list[Kpi] = Field(default_factory=list)
    goals: list[Goal] = Field(default_factory=list)
    experiments: list[Experiment] = Field(default_factory=list)
    initiatives: list[Initiative] = Field(default_factory=list)
    releases: list[Release] = Field(default_factory=list)
    sale_days: list[SaleDays] = Field(default_factory=list)
    growth_goal: GrowthGoal | None = None
    comparison: Comparison | None = None
    links: list[Link] = Field(default_factory=list)
    actions: list[Action] = Field(default_factory=list)
    benchmarks: list[Benchmark] = Field(default_factory=list)
    voice: Voice = Field(default_factory=Voice)
    closed_loop: ClosedLoop = Field(default_factory=ClosedLoop)
    employee_survey: EmployeeSurvey = Field(default_factory=EmployeeSurvey)
    customer_value: CustomerValue = Field(default_factory=CustomerValue)
    rebaseline: list[Rebaseline] = Field(default_factory=list)
    restatements: list[Restatement] = Field(default_factory=list)
    review_decisions: list[ReviewDecision] = Field(default_factory=list)
    trends: list[TrendItem] = Field(default_factory=list)
    strategy: list[StrategyItem] = Field(default_factory=list)
    _path: Path = PrivateAttr(default=Path("engagement.yml"))

    @property
    def path(self) -> Path:
        """The file it was read from."""
        return self._path

    @property
    def folder(self) -> Path:
        """Where the engagement file lies; table paths are relative to it."""
        return self.path.parent

    @property
    def precision(self) -> Precision:
        """Confidence level and minimum cell, as every score function takes them."""
        return Precision(confidence_level=self.confidence_level, minimum_cell=self.minimum_cell)

    @property
    def span(self) -> Period:
        """From the baseline's first day to the review's last."""
        return Period(start=self.baseline.start, end=self.review.end)

    def touchpoint_names(self) -> dict[str, Text]:
        """Touchpoint id to its name in every language, in the register's order."""
        return {point.id: point.name for point in self.touchpoints}

    def dated(self) -> date:
        """The date reports carry: the one stated, or today."""
        return self.report_date or datetime.now().astimezone().date()

    def kpi(self, kpi_id: str) -> Kpi:
        """The KPI of that id."""
        return next(kpi for kpi in self.kpis if kpi.id == kpi_id)

    def goal(self, kpi_id: str) -> Goal | None:
        """The goal set for a KPI, or None where the client set none."""
        return next((goal for goal in self.goals if goal.kpi == kpi_id), None)

    def ces_version(self) -> Literal["v1", "v2"]:
        """The one CES version this engagement measures."""
        kinds = {metric.kind for metric in self.metrics.values()}
        return "v1" if "ces-v1" in kinds else "v2"
