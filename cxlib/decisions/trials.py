"""Read tests out: one from a table of the engagement, all of them, or any table at hand.

    read_table(source, unit="user", arm="variant", metrics=["bought", "spend"])

gives the whole readout of a table of your own; without a rule frozen before, it is exploratory.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isclose
from typing import Any

import pandas as pd

from cxlib.data.experiments import Scope
from cxlib.data.query import sql_text, to_floats
from cxlib.data.source import Source
from cxlib.data.summaries import period_counts
from cxlib.decisions.comparison import compare, towards_better
from cxlib.decisions.experiment import Readout, check_arms, read_out
from cxlib.decisions.health import Health, check_health
from cxlib.decisions.outcomes import Metric
from cxlib.decisions.rule import frozen_or_exploratory
from cxlib.decisions.trial_arms import TrialData, gather
from cxlib.decisions.trial_looks import LookView, view_looks
from cxlib.decisions.trial_plan import Plan, unit_named
from cxlib.decisions.verdict import check_verdicts
from cxlib.engagement.experiment import Experiment
from cxlib.engagement.schema import Engagement
from cxlib.errors import ConfigError, DataError, InputError
from cxlib.stats.dunnett import dunnett
from cxlib.stats.multiplicity import simultaneous_level


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A test, read.

    Attributes:
        plan: Its rule.
        data: What its table gave.
        health: Whether its arms may be compared.
        looks: This look among those planned.
        readouts: Per tested arm what the rule says.
        best: The arm that is reported first.
        first: Day of the first assignment counted; None where the table has no dates.
        last: Day of the last.
        outside: Units assigned outside the planned period, left out.
        source: The table, to ask it more.
        scope: Its rows that belong to the test.
        columns: Unit and arm column.
    """

    plan: Plan
    data: TrialData
    health: Health
    looks: LookView
    readouts: Mapping[str, Readout]
    best: str
    first: dt.date | None
    last: dt.date | None
    outside: int
    source: Source
    scope: Scope
    columns: tuple[str, str]

    @property
    def readout(self) -> Readout:
        """Of the arm that is reported first."""
        return self.readouts[self.best]


def evaluate(
    source: Source,
    plan: Plan,
    *,
    unit: str = "unit_id",
    arm: str = "arm",
    scope: Scope | None = None,
    earlier: Sequence[Mapping[str, Any]] = (),
    frozen: bool = True,
    minimum_cell: int = 30,
) -> Evaluation:
    """Read a test out under its rule.

    With several tested arms each is compared with control; intervals and harm are held to the level
    at which all hold together (Dunnett; Bonferroni by cluster or with several looks, where the
    normal law of one look does not carry), and the split is tested over all arms at once.

    Args:
        source: One row per unit.
        plan: The rule.
        unit: Column that names the unit.
        arm: Column with the arm's name.
        scope: Which rows; its date gives the days the test ran.
        earlier: Looks of the ledger.
        frozen: Whether the rule was in the ledger before.
        minimum_cell: Parts with fewer units are left out.

    Raises:
        DataError: A column or an arm is absent, a unit is in two arms, a value cannot be.
        InputError: A measure never varies.
    """
    rows = scope or Scope()
    data = gather(source, plan, unit=unit, arm=arm, scope=rows)
    source = data.source
    first, last, outside = _days(source, rows)
    days_run = (last - first).days + 1 if first and last else plan.horizon_days
    tested = [name for name in plan.split if name != "control"]
    counts = {name: each.n_assigned for name, each in data.arms.items()}
    judged = replace(plan, confidence_level=_pair_level(plan, counts))
    looks = view_looks(plan, units=sum(counts.values()), days=days_run, earlier=earlier)
    health = check_health(
        source, plan, data, unit=unit, arm=arm, scope=rows, minimum_cell=minimum_cell
    )
    readouts = {}
    for name in tested:
        split = replace(
            check_arms(counts, plan.split, arm=name),
            passed=health.split.passed, broken_in=health.split.broken_in,
        )  # fmt: skip
        found = read_out(
            judged, control=data.arms["control"], treatment=data.arms[name], days_run=days_run,
            arm=name, split=split, looks=looks.at(judged.confidence_level), frozen=frozen,
        )  # fmt: skip
        readouts[name] = replace(found, plan=plan, rule_hash=plan.rule_hash())
    return Evaluation(
        plan=plan, data=data, health=health, looks=looks, readouts=readouts,
        best=max(tested, key=lambda name: _rank(readouts[name])), first=first, last=last,
        outside=outside, source=source, scope=rows, columns=(unit, arm),
    )  # fmt: skip


def evaluate_experiment(
    engagement: Engagement,
    experiment: Experiment,
    source: Source,
    *,
    rules: Mapping[str, Any],
    verdicts: Mapping[str, Any],
) -> Evaluation:
    """Read one of the engagement's tests out over its planned period.

    Args:
        engagement: The engagement.
        experiment: One of its experiments.
        source: The ab_test table.
        rules: The ledger's "rules" entry; a test without a rule there is exploratory.
        verdicts: The ledger's "verdicts" entry, whose looks are counted.

    Raises:
        ConfigError: The rule was changed after it was frozen.
        DataError: As evaluate.
    """
    plan, frozen = frozen_or_exploratory(engagement, experiment, rules)
    before = verdicts.get(experiment.id, {})
    same = before.get("rule_hash") == plan.rule_hash()
    return evaluate(
        source,
        plan,
        scope=Scope(
            equals={"experiment": experiment.id}, **experiment.period.window("assigned_at")
        ),
        earlier=before.get("looks", ()) if same else (),
        frozen=frozen,
        minimum_cell=engagement.minimum_cell,
    )


def evaluate_all(
    engagement: Engagement,
    source: Source,
    *,
    rules: Mapping[str, Any],
    verdicts: Mapping[str, Any],
) -> dict[str, Evaluation]:
    """Read every test of the engagement that has begun, in the file's order.

    Raises:
        ConfigError: A verdict of the ledger does not follow from what it says was found, or no test
            has begun.
        DataError: As evaluate.
    """
    check_verdicts(verdicts)
    (column,) = source.names("experiment")
    begun = set(source.ask(f"select distinct {column} as e from {source.table}")["e"])  # noqa: S608
    found = {
        each.id: evaluate_experiment(engagement, each, source, rules=rules, verdicts=verdicts)
        for each in engagement.experiments
        if each.id in begun
    }
    if not found:
        raise ConfigError(
            f"no test of {engagement.path.name} has begun: {source.table} has no row of "
            f"{', '.join(each.id for each in engagement.experiments)}; 02_kpi_setting shows what "
            "each test needs"
        )
    return found


def read_table(
    source: Source,
    *,
    unit: str,
    arm: str,
    metrics: Sequence[str | Metric],
    control: str = "control",
    split: Mapping[str, float] | None = None,
    covariates: Sequence[str] = (),
    segments: Sequence[str] = (),
    minimum_effect: float | None = None,
    confidence_level: float = 0.95,
) -> Evaluation:
    """Read any table out, given its unit, arm and metric columns: exploratory, never SHIP.

    Args:
        source: One row per unit.
        unit: Column that names the unit.
        arm: Column with the arm's name.
        metrics: Columns (0 and 1 only: a share, else a mean; more is better), or Metric records;
            the first is the primary one.
        control: The arm the others are compared with.
        split: Planned share of each arm; none plans equal shares.
        covariates: Columns known before the test.
        segments: Columns to read the effect within.
        minimum_effect: Smallest effect worth having; none takes a tenth of control's value.
        confidence_level: Of the intervals.

    Raises:
        DataError: As evaluate.
        InputError: No metric, shares that do not sum to 1, or an arm without a share.
    """
    if not metrics:
        raise InputError("a readout needs at least 1 metric, got none")
    counts = _arm_counts(source, arm)
    others = [name for name in counts if name != control]
    if control not in counts or not others:
        raise DataError(
            f"{source.table}: {arm} must hold {control!r} and at least one other arm, it has "
            f"{', '.join(counts) or 'nothing'}; say which arm is the control"
        )
    shares = dict(split or dict.fromkeys(counts, 1 / len(counts)))
    if set(shares) != set(counts) or not isclose(sum(shares.values()), 1):
        raise InputError(
            f"split needs {', '.join(counts)} that sum to 1, got {shares} "
            f"(sum {sum(shares.values()):.4g})"
        )
    names = {control: "control", others[0]: "treatment"} | {name: name for name in others[1:]}
    renamed = _renamed(source, arm, names)
    primary, *rest = (
        each if isinstance(each, Metric) else guess_metric(source, each) for each in metrics
    )
    plan = Plan(
        experiment=source.table,
        primary=primary,
        minimum_effect=minimum_effect or 1.0,
        horizon_days=1,
        planned_per_arm=max(min(counts.values()) // 2, 2),
        treatment_share=shares[others[0]],
        arms=tuple((name, shares[name]) for name in others[1:]),
        confidence_level=confidence_level,
    )
    if minimum_effect is None:
        usual = gather(renamed, plan, unit=unit, arm=RENAMED).arms
        value = compare(
            primary, control=usual["control"], treatment=usual["treatment"],
            confidence_level=confidence_level,
        ).control.value  # fmt: skip
        plan = replace(plan, minimum_effect=abs(value) / 10 or 1.0)
    plan = replace(
        plan, secondary=tuple(rest), covariates=tuple(covariates), segments=tuple(segments)
    )
    return evaluate(renamed, plan, unit=unit, arm=RENAMED, frozen=False)


RENAMED = "arm_in_test"


def _arm_counts(source: Source, arm: str) -> dict[str, int]:
    (column,) = source.names(arm)
    frame = source.ask(
        f"select {column} as a, count(*) as n from {source.table} "  # noqa: S608 - checked names
        f"where {column} is not null group by {column}"
    )
    return dict(sorted((str(a), int(n)) for a, n in zip(frame["a"], frame["n"], strict=True)))


def _renamed(source: Source, arm: str, names: Mapping[str, str]) -> Source:
    """The same table with its arms called as the plan calls them."""
    (column,) = source.names(arm)
    cases = " ".join(f"when {sql_text(old)} then {sql_text(new)}" for old, new in names.items())
    chosen = f"case concat('', {column}) {cases} end"
    return replace(
        source,
        table=f"(select *, {chosen} as {RENAMED} from {source.table}) as renamed",  # noqa: S608
        columns=source.columns | {RENAMED},
    )


def guess_metric(source: Source, column: str) -> Metric:
    """A column of 0 and 1 is a share, any other a mean; more is better."""
    (spelled,) = source.names(column)
    odd = source.ask(
        f"select count(*) as n from {source.table} "  # noqa: S608 - checked names
        f"where {spelled} is not null and {spelled} <> 0 and {spelled} <> 1"
    )
    flag = not int(to_floats(odd["n"])[0])
    return Metric(
        column=column, kind="proportion" if flag else "mean", direction="higher",
        unit=unit_named(column),
    )  # fmt: skip


def _days(source: Source, scope: Scope) -> tuple[dt.date | None, dt.date | None, int]:
    """First and last day of assignment inside the period, and the units outside it."""
    if scope.date is None:
        return None, None, 0
    days = period_counts(source, date=scope.date, cadence="day", equals=scope.equals)
    when = pd.to_datetime(days["period_start"]).dt.date
    inside = pd.Series(data=True, index=days.index)
    if scope.start is not None and scope.end is not None:
        inside = (when >= scope.start) & (when < scope.end)
    if not inside.any():
        raise DataError("no unit was assigned in the planned period; check the dates of the test")
    return min(when[inside]), max(when[inside]), int(days.loc[~inside, "n"].sum())


def _pair_level(plan: Plan, counts: Mapping[str, int]) -> float:
    """The level of each comparison with control at which all hold together."""
    tested = [name for name in plan.split if name != "control"]
    if plan.cluster or plan.looks != "fixed":
        return simultaneous_level(plan.confidence_level, comparisons=len(tested))
    return dunnett(
        [1.0] * len(tested), n_control=counts["control"],
        n_treatments=[counts[name] for name in tested], confidence_level=plan.confidence_level,
    ).confidence_level  # fmt: skip


def _rank(readout: Readout) -> tuple[bool, float]:
    """Ship first, then the effect that is surest to be better."""
    return readout.verdict == "SHIP", towards_better(readout.primary)[0]
