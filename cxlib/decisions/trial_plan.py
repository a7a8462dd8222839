"""The rule of a test, fixed before its readout and kept in the ledger with a fingerprint."""

import hashlib
import json
from dataclasses import asdict, dataclass
from math import isclose, isfinite
from typing import Any, Final, Literal

from cxlib.decisions.outcomes import Metric
from cxlib.engagement.experiment import Experiment, Family, LookDesign, Outcome
from cxlib.errors import InputError
from cxlib.stats.estimate import Unit, check_level

LATER: Final[dict[str, Any]] = {
    "arms": (), "secondary": (), "covariates": (), "cluster": None, "segments": (),
    "looks": "fixed", "n_looks": 1, "family": "holm", "denominator": None, "event": None,
    "quantile": None, "horizon_days": None, "cap": None, "unclear_units": "refuse",
}  # fmt: skip
"""What a rule may say beyond its short form; left out of the record where nothing is said, so that
a rule frozen in the short form keeps its fingerprint."""

SUFFIXES: Final[dict[str, Unit]] = {"_hkd": "currency", "_minutes": "minutes", "_days": "days"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The decision rule, fixed before the readout.

    Attributes:
        experiment: Id of the experiment.
        primary: The one metric that decides.
        minimum_effect: Smallest effect worth having, above 0, in the primary's unit (pp 0-1).
        horizon_days: Days the test runs before success may be read.
        planned_per_arm: Units per arm that were planned.
        treatment_share: Planned share of units in the treatment arm.
        guardrails: Metrics that must not be harmed, each with a margin.
        confidence_level: Of every interval in the readout.
        arms: Further arms beside control and treatment, each with its planned share.
        secondary: Metrics that inform and do not decide.
        covariates: Columns known before the test that sharpen the estimates.
        cluster: Column of what was randomised, where that is not the unit.
        segments: Columns registered before the test.
        looks: What pays for looking more than once.
        n_looks: Planned looks.
        family: What pays for many secondary metrics and segments.
        unclear_units: Whether units in two arms or with two rows stop the readout or are dropped.
    """

    experiment: str
    primary: Metric
    minimum_effect: float
    horizon_days: int
    planned_per_arm: int
    treatment_share: float = 0.5
    guardrails: tuple[Metric, ...] = ()
    confidence_level: float = 0.95
    arms: tuple[tuple[str, float], ...] = ()
    secondary: tuple[Metric, ...] = ()
    covariates: tuple[str, ...] = ()
    cluster: str | None = None
    segments: tuple[str, ...] = ()
    looks: LookDesign = "fixed"
    n_looks: int = 1
    family: Family = "holm"
    unclear_units: Literal["refuse", "drop"] = "refuse"

    def __post_init__(self) -> None:
        check_level(self.confidence_level)
        if not (self.minimum_effect > 0 and isfinite(self.minimum_effect)):
            raise InputError(f"minimum_effect must be above 0, got {self.minimum_effect}")
        if self.horizon_days < 1 or self.planned_per_arm < 2:  # noqa: PLR2004 - named below
            raise InputError(
                "horizon_days must be 1 or more and planned_per_arm 2 or more, "
                f"got {self.horizon_days} and {self.planned_per_arm}"
            )
        if not 0 < self.treatment_share < 1:
            raise InputError(f"treatment_share must be between 0 and 1, got {self.treatment_share}")
        if not self.split["control"] > 0 or not isclose(sum(self.split.values()), 1):
            raise InputError(f"the planned shares must leave some for control, got {self.split}")
        if unset := [metric.column for metric in self.guardrails if metric.margin is None]:
            raise InputError(f"a guardrail needs a margin, none given for {', '.join(unset)}")

    @property
    def split(self) -> dict[str, float]:
        """The planned share of every arm, control first."""
        others = {"treatment": self.treatment_share, **dict(self.arms)}
        return {"control": 1 - sum(others.values()), **others}

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Every metric: the primary, the guardrails, the secondary ones."""
        return (self.primary, *self.guardrails, *self.secondary)

    @property
    def planned_units(self) -> int:
        """Units planned in all arms together."""
        return self.planned_per_arm * len(self.split)

    def as_record(self) -> dict[str, object]:
        """Give the rule as plain values for the ledger."""
        return _short(asdict(self))

    def rule_hash(self) -> str:
        """Fingerprint the rule: 16 hexadecimal digits that change when any part of it does."""
        text = json.dumps(self.as_record(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def plan_from_engagement(experiment: Experiment, *, confidence_level: float = 0.95) -> Plan:
    """Make the frozen rule from the engagement file's experiment.

    The horizon is the experiment's period, both ends included.
    """
    return Plan(
        experiment=experiment.id,
        primary=metric_of(experiment.primary),
        minimum_effect=experiment.minimum_effect,
        horizon_days=(experiment.period.end - experiment.period.start).days + 1,
        planned_per_arm=experiment.planned_per_arm,
        treatment_share=experiment.split["treatment"],
        guardrails=tuple(metric_of(guardrail) for guardrail in experiment.guardrails),
        confidence_level=confidence_level,
        arms=tuple((arm, experiment.split[arm]) for arm in experiment.arms),
        secondary=tuple(metric_of(outcome) for outcome in experiment.secondary),
        covariates=tuple(covariate.column for covariate in experiment.covariates),
        cluster=experiment.cluster,
        segments=tuple(each.column for each in experiment.segments),
        looks=experiment.looks.design,
        n_looks=experiment.looks.planned,
        family=experiment.family,
        unclear_units=experiment.unclear_units,
    )


def metric_of(outcome: Outcome) -> Metric:
    """Make the metric of an outcome of the engagement file."""
    return Metric(
        column=outcome.column,
        kind=outcome.kind,
        direction=outcome.direction,
        unit=unit_of(outcome),
        margin=outcome.margin,
        denominator=outcome.denominator,
        event=outcome.event,
        quantile=outcome.quantile,
        horizon_days=outcome.horizon_days,
        cap=outcome.cap,
    )


def unit_of(outcome: Outcome) -> Unit:
    """The unit of a measure: by its kind, else by the ending of its column's name."""
    if outcome.kind == "nps":
        return "points"
    if outcome.kind == "time":
        return "days"
    return unit_named(outcome.column, otherwise="ratio" if outcome.kind == "ratio" else "rating")


def unit_named(column: str, *, otherwise: Unit = "rating") -> Unit:
    """The unit that the ending of a column's name says."""
    return next((unit for end, unit in SUFFIXES.items() if column.endswith(end)), otherwise)


def _short(record: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a short rule does not say."""
    kept = {key: value for key, value in record.items() if key not in LATER or value != LATER[key]}
    return {
        key: _short(value)
        if isinstance(value, dict)
        else tuple(_short(item) if isinstance(item, dict) else item for item in value)
        if isinstance(value, tuple)
        else value
        for key, value in kept.items()
    }
