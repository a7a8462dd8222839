# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""Read an A/B test against the rule frozen before it started.

The verdict follows from the rule alone:

1. the split differs from plan (p < 0.001)            INVALID   split_differs
2. a guardrail is harmed                              ROLLBACK  guardrail_harmed
3. the primary metric is worse beyond chance          ROLLBACK  primary_worse
4. planned sample or horizon not reached              EXTEND    plan_not_complete
5. a guardrail is not shown safe                      HOLD      guardrail_not_shown_safe
6. better, and at least the minimum effect            SHIP      effect_shown
7. better, but under the minimum effect               HOLD      effect_below_minimum
8. the interval rules the minimum effect out          HOLD      no_worthwhile_effect
9. otherwise                                          HOLD      inconclusive

Harm may stop a test early; success may not. Looking often and at many metrics makes false alarms of
either kind, so harm (rules 2 and 3) must show beyond the chance of one of all metrics looking
harmed: p at most (1 - level) / metrics at the end, and at most 0.001 before (Haybittle-Peto).
Without this, eight weekly looks at a primary metric and three guardrails would roll back 31 % of
harmless treatments. Safety needs no such step: all guardrails must be safe together.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Literal

import pandas as pd

from cxlib.decisions.comparison import (
    Arm,
    Comparison,
    Guardrail,
    MeanOutcome,
    Metric,
    Outcome,
    ProportionOutcome,
    compare,
    guard,
    is_worse,
    towards_better,
)
from cxlib.engagement.schema import Experiment
from cxlib.engagement.schema import Outcome as PlannedOutcome
from cxlib.errors import InputError
from cxlib.stats.estimate import check_level
from cxlib.stats.proportions import goodness_of_split

Verdict = Literal["INVALID", "ROLLBACK", "SHIP", "HOLD", "EXTEND"]
Reason = Literal[
    "split_differs",
    "guardrail_harmed",
    "primary_worse",
    "plan_not_complete",
    "guardrail_not_shown_safe",
    "effect_shown",
    "effect_below_minimum",
    "no_worthwhile_effect",
    "inconclusive",
]

SPLIT_P_VALUE = 0.001
"""Under this the split is taken as broken (Fabijan et al. 2019)."""

EARLY_HARM_P_VALUE = 0.001
"""What harm must show to stop a test before its end. Source: Peto et al. (1976), British Journal of
Cancer 34(6)."""


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
    """

    experiment: str
    primary: Metric
    minimum_effect: float
    horizon_days: int
    planned_per_arm: int
    treatment_share: float = 0.5
    guardrails: tuple[Metric, ...] = ()
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        check_level(self.confidence_level)
        if not (self.minimum_effect > 0 and isfinite(self.minimum_effect)):
            raise InputError(f"minimum_effect must be above 0, got {self.minimum_effect}")
        if self.horizon_days < 1 or self.planned_per_arm < 2:
            raise InputError(
                "horizon_days must be 1 or more and planned_per_arm 2 or more, "
                f"got {self.horizon_days} and {self.planned_per_arm}"
            )
        if not 0 < self.treatment_share < 1:
            raise InputError(f"treatment_share must be between 0 and 1, got {self.treatment_share}")
        if unset := [metric.column for metric in self.guardrails if metric.margin is None]:
            raise InputError(f"a guardrail needs a margin, none given for {', '.join(unset)}")

    def as_record(self) -> dict[str, object]:
        """Give the rule as plain values for the ledger."""
        return asdict(self)

    def rule_hash(self) -> str:
        """Fingerprint the rule: 16 hexadecimal digits that change when any part of it does."""
        text = json.dumps(self.as_record(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitCheck:
    """Units per arm against plan."""

    n_control: int
    n_treatment: int
    planned_treatment_share: float
    p_value: float
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Readout:
    """The outcome of an experiment under its frozen rule.

    ``primary_is_worse`` is what rule 3 found, whichever rule gave the verdict.
    """

    plan: Plan
    rule_hash: str
    split: SplitCheck
    primary: Comparison
    primary_is_worse: bool
    guardrails: tuple[Guardrail, ...]
    days_run: int
    verdict: Verdict
    reason: Reason

    @property
    def is_valid(self) -> bool:
        """Whether effects may be read at all."""
        return self.split.passed

    @property
    def is_complete(self) -> bool:
        """Whether the planned days and units are reached."""
        units = self.split.n_control + self.split.n_treatment
        return _is_complete(self.plan, units=units, days_run=self.days_run)

    @property
    def harm_p_value(self) -> float:
        """The largest p-value at which this readout calls a metric harmed or worse."""
        return _harm_p_value(self.plan, complete=self.is_complete)


def plan_from_engagement(experiment: Experiment, *, confidence_level: float = 0.95) -> Plan:
    """Make the frozen rule from the engagement file's experiment.

    The horizon is the experiment's period, both ends included.
    """
    return Plan(
        experiment=experiment.id,
        primary=_metric(experiment.primary),
        minimum_effect=experiment.minimum_effect,
        horizon_days=(experiment.period.end - experiment.period.start).days + 1,
        planned_per_arm=experiment.planned_per_arm,
        treatment_share=experiment.split["treatment"],
        guardrails=tuple(_metric(guardrail) for guardrail in experiment.guardrails),
        confidence_level=confidence_level,
    )


def arms_from_summary(frame: pd.DataFrame, *, plan: Plan) -> tuple[Arm, Arm]:
    """Make both arms from a summary frame with one row per arm.

    Args:
        frame: Columns `arm` (control, treatment), `n`; per proportion its 0/1 sum under the
            metric's name (and `n_<column>` where not every unit counts); per mean `mean_<column>`,
            `var_<column>`, `n_<column>`.
        plan: Names the metrics to take.

    Returns:
        control, treatment.

    Raises:
        InputError: An arm is absent or twice, a further arm is present, or a column is absent.
    """
    metrics = (plan.primary, *plan.guardrails)
    wanted = {"arm", "n"}
    for metric in metrics:
        column = metric.column
        wanted |= (
            {column}
            if metric.kind == "proportion"
            else {f"mean_{column}", f"var_{column}", f"n_{column}"}
        )
    if absent := sorted(wanted - set(frame.columns)):
        raise InputError(f"columns not found: {absent}; the summary has {sorted(frame.columns)}")
    found = sorted(str(arm) for arm in frame["arm"])
    if found != ["control", "treatment"]:
        raise InputError(f"the arms must be control and treatment, once each, found {found}")
    arms = {}
    for row in frame.to_dict("records"):
        outcomes: dict[str, Outcome] = {}
        for metric in metrics:
            c = metric.column
            if metric.kind == "proportion":
                n_obs = int(row.get(f"n_{c}", row["n"]))
                outcomes[c] = ProportionOutcome(successes=int(row[c]), n_obs=n_obs)
            else:
                outcomes[c] = MeanOutcome(
                    mean=float(row[f"mean_{c}"]),
                    variance=float(row[f"var_{c}"]),
                    n_obs=int(row[f"n_{c}"]),
                )
        arms[str(row["arm"])] = Arm(n_assigned=int(row["n"]), outcomes=outcomes)
    return arms["control"], arms["treatment"]


def check_split(n_control: int, n_treatment: int, *, treatment_share: float = 0.5) -> SplitCheck:
    """Test the number of units per arm against the planned split (sample-ratio check)."""
    p_value = goodness_of_split((n_control, n_treatment), (1 - treatment_share, treatment_share))
    return SplitCheck(
        n_control=n_control,
        n_treatment=n_treatment,
        planned_treatment_share=treatment_share,
        p_value=p_value,
        passed=p_value >= SPLIT_P_VALUE,
    )


def read_out(plan: Plan, *, control: Arm, treatment: Arm, days_run: int) -> Readout:
    """Evaluate an experiment under its frozen rule (the order at the top of this module).

    Args:
        plan: The frozen rule.
        control: Usual treatment.
        treatment: What is tested.
        days_run: Whole days from the first to the last assignment counted.

    Raises:
        InputError: A metric is absent from an arm, or an arm holds impossible numbers.
    """
    if days_run < 0:
        raise InputError(f"days_run must be 0 or more, got {days_run}")
    split = check_split(
        control.n_assigned, treatment.n_assigned, treatment_share=plan.treatment_share
    )
    level = plan.confidence_level
    primary = compare(plan.primary, control=control, treatment=treatment, confidence_level=level)
    units = control.n_assigned + treatment.n_assigned
    complete = _is_complete(plan, units=units, days_run=days_run)
    harm_p_value = _harm_p_value(plan, complete=complete)
    guardrails = tuple(
        guard(
            compare(metric, control=control, treatment=treatment, confidence_level=level),
            harm_p_value=harm_p_value,
        )
        for metric in plan.guardrails
    )
    worse = is_worse(primary, p_value=harm_p_value)
    verdict, reason = _decide(plan, split, primary, guardrails, worse=worse, complete=complete)
    return Readout(
        plan=plan,
        rule_hash=plan.rule_hash(),
        split=split,
        primary=primary,
        primary_is_worse=worse,
        guardrails=guardrails,
        days_run=days_run,
        verdict=verdict,
        reason=reason,
    )


def _is_complete(plan: Plan, *, units: int, days_run: int) -> bool:
    return days_run >= plan.horizon_days and units >= 2 * plan.planned_per_arm


def _harm_p_value(plan: Plan, *, complete: bool) -> float:
    """Share the error among all metrics at the end; ask for more before (see the module)."""
    shared = (1 - plan.confidence_level) / (1 + len(plan.guardrails))
    return shared if complete else min(shared, EARLY_HARM_P_VALUE)


def _decide(
    plan: Plan,
    split: SplitCheck,
    primary: Comparison,
    guardrails: tuple[Guardrail, ...],
    *,
    worse: bool,
    complete: bool,
) -> tuple[Verdict, Reason]:
    lower, upper = towards_better(primary)
    effect = primary.effect.value * (1 if plan.primary.direction == "higher" else -1)
    found = {guardrail.safety for guardrail in guardrails}
    rules: tuple[tuple[bool, Verdict, Reason], ...] = (
        (not split.passed, "INVALID", "split_differs"),
        ("harmed" in found, "ROLLBACK", "guardrail_harmed"),
        (worse, "ROLLBACK", "primary_worse"),
        (not complete, "EXTEND", "plan_not_complete"),
        ("not_shown_safe" in found, "HOLD", "guardrail_not_shown_safe"),
        (lower > 0 and effect >= plan.minimum_effect, "SHIP", "effect_shown"),
        (lower > 0, "HOLD", "effect_below_minimum"),
        (upper < plan.minimum_effect, "HOLD", "no_worthwhile_effect"),
    )
    for holds, verdict, reason in rules:
        if holds:
            return verdict, reason
    return "HOLD", "inconclusive"


def _metric(outcome: PlannedOutcome) -> Metric:
    return Metric(
        column=outcome.column,
        kind=outcome.kind,
        direction=outcome.direction,
        unit="currency" if outcome.column.endswith("_hkd") else "rating",
        margin=outcome.margin,
    )
