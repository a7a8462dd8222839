"""A randomised test in the engagement file: arms, measures and the rule it is judged by.

The short form (control, treatment, one primary measure, guardrails) is enough; all else has a
default that changes nothing.
"""

from math import isclose
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from cxlib.engagement.period import Period
from cxlib.engagement.scales import Direction
from cxlib.engagement.words import Name, Slug, Strict, Text

OutcomeKind = Literal["proportion", "mean", "ratio", "nps", "ordinal", "quantile", "time"]
LookDesign = Literal["fixed", "obrien_fleming", "pocock", "alpha_spending", "always_valid"]
Family = Literal["holm", "benjamini_hochberg"]
Share = Annotated[float, Field(gt=0, lt=1)]

NEEDS: dict[OutcomeKind, tuple[str, ...]] = {
    "ratio": ("denominator",), "quantile": ("quantile",), "time": ("event", "horizon_days"),
}  # fmt: skip
"""What a kind of measure must say beside its column."""
CAPPED: tuple[OutcomeKind, ...] = ("mean", "ratio")
ADJUSTED: tuple[OutcomeKind, ...] = ("proportion", "mean", "ratio")
"""Kinds that an adjustment by earlier values can make sharper."""
BEFORE = "pre_"


class Outcome(Strict):
    """One measured outcome of an experiment.

    A ratio names its `denominator` column; a quantile its `quantile` (0.9: nine in ten are lower);
    a time until something happens its `event` column (1 it happened, 0 not yet) and the
    `horizon_days` up to which the mean is taken; `cap` lowers values above this quantile to it.
    """

    column: str
    name: Name
    kind: OutcomeKind
    direction: Direction
    margin: Annotated[float, Field(gt=0)] | None = None
    denominator: str | None = None
    event: str | None = None
    quantile: Share | None = None
    horizon_days: Annotated[float, Field(gt=0)] | None = None
    cap: Annotated[float, Field(gt=0.5, lt=1)] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of the table it is made from."""
        return tuple(name for name in (self.column, self.denominator, self.event) if name)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        needed = NEEDS.get(self.kind, ())
        said = [
            name
            for name in ("denominator", "event", "quantile", "horizon_days")
            if getattr(self, name) is not None
        ]
        if absent := [name for name in needed if name not in said]:
            raise ValueError(f"{self.column} is a {self.kind}, which needs {', '.join(absent)}")
        if extra := [name for name in said if name not in needed]:
            raise ValueError(f"{self.column} is a {self.kind}, which has no {', '.join(extra)}")
        if self.cap is not None and self.kind not in CAPPED:
            raise ValueError(f"{self.column} is a {self.kind}; a cap fits {', '.join(CAPPED)}")
        if self.denominator == self.column:
            raise ValueError(f"{self.column} cannot be its own denominator")
        return self


class Covariate(Strict):
    """A value of each unit known before the test; a name that begins with `pre_` says so itself."""

    column: str
    measured: Literal["before", "after"]
    name: Name | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:  # noqa: ANN401 - a raw YAML value
        if isinstance(value, str) and value.startswith(BEFORE):
            return {"column": value, "measured": "before"}
        if isinstance(value, str):
            raise ValueError(
                f"write {{column: {value}, measured: before}}; only a name that begins with "
                f"{BEFORE} says by itself that it was measured before the test"
            )
        return value

    @model_validator(mode="after")
    def _earlier(self) -> Self:
        if self.measured == "after":
            raise ValueError(
                f"{self.column} was measured after the assignment, so the treatment may have moved "
                "it; adjust only by what was known before"
            )
        return self


class SegmentColumn(Strict):
    """A column of the table that names each unit's segment; a plain word stands for the column."""

    column: str
    name: Name | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:  # noqa: ANN401 - a raw YAML value
        return {"column": value} if isinstance(value, str) else value


class Looks(Strict):
    """How often the test may be judged, and what pays for looking more than once.

    fixed: once, at the end. obrien_fleming, pocock, alpha_spending: `planned` times, at equal
    shares of the planned sample. always_valid: as often as anyone likes.
    """

    design: LookDesign = "fixed"
    planned: Annotated[int, Field(ge=1, le=50)] = 1

    @model_validator(mode="after")
    def _sound(self) -> Self:
        grouped = self.design in {"obrien_fleming", "pocock", "alpha_spending"}
        if grouped and self.planned == 1:
            raise ValueError(f"{self.design} needs planned, 2 looks or more")
        if not grouped and self.planned != 1:
            raise ValueError(f"{self.design} has no number of planned looks, got {self.planned}")
        return self


class Worth(Strict):
    """What one more success (or one more unit of the primary measure) brings, and how many a year.

    `margin_hkd` is margin, not revenue.
    """

    units_per_year: Annotated[int, Field(ge=1)]
    margin_hkd: Annotated[float, Field(gt=0)]
    cost_per_year_hkd: Annotated[float, Field(ge=0)] = 0


class Usual(Strict):
    """What is known of the primary measure before the test, to size it.

    A proportion gives its `value`; a mean or ratio the `sd` of one unit; an NPS `promoters` and
    `detractors`; an ordered scale the `shares` of its answers, lowest first; a time the
    `share_by_horizon` to which it has happened. `correlation` is that of the covariates with the
    measure; `cluster_size`, `cluster_size_cv` and `icc` describe what is randomised whole.
    `source` says in words where this is known from.
    """

    source: Text
    value: float | None = None
    sd: Annotated[float, Field(gt=0)] | None = None
    promoters: Annotated[float, Field(ge=0, le=1)] | None = None
    detractors: Annotated[float, Field(ge=0, le=1)] | None = None
    shares: list[Annotated[float, Field(ge=0, lt=1)]] = Field(default_factory=list)
    share_by_horizon: Share | None = None
    units_per_day: Annotated[float, Field(gt=0)] | None = None
    correlation: Annotated[float, Field(ge=0, lt=1)] = 0
    cluster_size: Annotated[float, Field(ge=1)] = 1
    cluster_size_cv: Annotated[float, Field(ge=0)] = 0
    icc: Annotated[float, Field(ge=0, le=1)] = 0


SIZED: dict[OutcomeKind, tuple[str, ...]] = {
    "proportion": ("value",), "mean": ("sd",), "ratio": ("sd",), "ordinal": ("shares",),
    "nps": ("promoters", "detractors"), "time": ("share_by_horizon",),
}  # fmt: skip
"""What sizes a test of each kind of measure; a quantile has no such formula here."""


class Experiment(Strict):
    """A randomised test with the rule it is judged by, frozen before the readout.

    `arms` names further arms beside control and treatment; `secondary` are measures that inform
    but do not decide; `covariates` sharpen the estimates (CUPED); `cluster` is the column of what
    was randomised where that is not the unit (stores, agents); `segments` are columns registered
    before the test; `family` is how many measures are paid for; `usual` sizes the test before it
    starts; `unclear_units: drop` leaves units in two arms or with two rows out and counts them,
    where `refuse` stops at them.
    """

    id: Slug
    name: Name
    question: Text
    treatment: Text
    control: Text
    arms: dict[Slug, Text] = Field(default_factory=dict)
    period: Period
    split: dict[Slug, Share]
    planned_per_arm: Annotated[int, Field(ge=2)]
    minimum_effect: Annotated[float, Field(gt=0)]
    primary: Outcome
    guardrails: list[Outcome] = Field(default_factory=list)
    secondary: list[Outcome] = Field(default_factory=list)
    covariates: list[Covariate] = Field(default_factory=list)
    cluster: str | None = None
    segments: list[SegmentColumn] = Field(default_factory=list)
    looks: Looks = Field(default_factory=Looks)
    family: Family = "holm"
    power: Share = 0.8
    worth: Worth | None = None
    usual: Usual | None = None
    unclear_units: Literal["refuse", "drop"] = "refuse"
    owner: Text

    @property
    def arm_names(self) -> dict[str, Text]:
        """Every arm's words, control first."""
        return {"control": self.control, "treatment": self.treatment, **self.arms}

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Every measure: the primary, the guardrails, the secondary ones."""
        return (self.primary, *self.guardrails, *self.secondary)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        arms = list(self.arm_names)
        if len(arms) != 2 + len(self.arms):
            raise ValueError("arms names further arms; control and treatment have their own keys")
        if set(self.split) != set(arms) or not isclose(sum(self.split.values()), 1):
            named = ", ".join(arms[:-1]) + f" and {arms[-1]}"
            total = sum(self.split.values())
            raise ValueError(
                f"split needs {named} that sum to 1, got {self.split} (sum {total:.4g})"
            )
        if unset := [g.column for g in self.guardrails if g.margin is None]:
            raise ValueError(f"a guardrail needs a non-inferiority margin: {', '.join(unset)}")
        columns = [outcome.column for outcome in self.outcomes]
        if twice := sorted({name for name in columns if columns.count(name) > 1}):
            raise ValueError(f"a column is measured once in a test: {', '.join(twice)}")
        measured = {name for outcome in self.outcomes for name in outcome.columns}
        if after := [each.column for each in self.covariates if each.column in measured]:
            raise ValueError(
                f"{', '.join(after)} is an outcome of this test, so it cannot adjust the test; "
                "a covariate is measured before the assignment"
            )
        if twice := _repeated([each.column for each in self.covariates]):
            raise ValueError(f"a covariate stands once: {', '.join(twice)}")
        if twice := _repeated([each.column for each in self.segments]):
            raise ValueError(f"a segment column stands once: {', '.join(twice)}")
        if self.cluster and (apart := [o.column for o in self.outcomes if o.kind not in ADJUSTED]):
            raise ValueError(
                f"a test by {self.cluster} takes measures of the kinds {', '.join(ADJUSTED)}; "
                f"{', '.join(apart)} is another: make it a mean, or leave it out"
            )
        return self

    @model_validator(mode="after")
    def _sized(self) -> Self:
        usual, kind = self.usual, self.primary.kind
        if usual is None:
            return self
        if kind not in SIZED:
            raise ValueError(
                f"usual sizes a test of {', '.join(SIZED)}; {self.primary.column} is a {kind}: "
                "leave usual out"
            )
        said = {
            name for names in SIZED.values() for name in names
            if getattr(usual, name) not in (None, [])
        }  # fmt: skip
        if absent := [name for name in SIZED[kind] if name not in said]:
            raise ValueError(
                f"usual of a {kind} needs {' and '.join(SIZED[kind])}, not given: "
                f"{', '.join(absent)}"
            )
        if kind == "proportion" and not 0 < (usual.value or 0.0) < 1:
            raise ValueError(
                f"usual value of a proportion must be between 0 and 1, got {usual.value:g}"
            )
        if kind == "ordinal" and not isclose(sum(usual.shares), 1, abs_tol=1e-6):
            raise ValueError(f"usual shares must sum to 1, got {sum(usual.shares):.4g}")
        if usual.correlation and (kind not in ADJUSTED or not self.covariates or self.cluster):
            raise ValueError(
                "usual correlation is that of covariates with a share, mean or ratio of units "
                "assigned one by one; this test has none: leave it out"
            )
        if bool(self.cluster) != (usual.cluster_size > 1):
            raise ValueError(
                "usual cluster_size above 1 and cluster go together, got "
                f"cluster_size {usual.cluster_size:g} and cluster {self.cluster or 'none'}"
            )
        return self


def _repeated(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
