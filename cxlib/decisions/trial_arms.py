"""From a table to the arms of a test: what each kind of measure needs, and who was in which arm.

data = gather(source, plan)
readout = read_out(plan, control=data.arms["control"], treatment=data.arms["treatment"], …)
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isclose

import numpy as np
import pandas as pd

from cxlib.data.experiments import Measure, Scope, Sums, aggregate
from cxlib.data.exposure import (
    Exposure,
    cap_of,
    cluster_sums,
    exposure,
    value_counts,
    waiting_counts,
    without_unclear,
)
from cxlib.data.source import Source
from cxlib.decisions.outcomes import (
    Arm,
    ClusterOutcome,
    MeanOutcome,
    Metric,
    MomentsOutcome,
    Outcome,
    ProportionOutcome,
    ScoreOutcome,
    WaitOutcome,
)
from cxlib.decisions.trial_plan import Plan
from cxlib.errors import DataError

TINY = 1e-9
SUMMED = ("proportion", "mean", "ratio")
COUNTED = ("nps", "ordinal", "quantile")
ALL = "arm_of_all"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialData:
    """A test's table as far as its readout needs it.

    Attributes:
        arms: By name, control first.
        segments: Per registered column and value the arms within it.
        covariates: Per covariate and arm its mean and variance before the test.
        exposure: How the units lie in the arms.
        caps: The value each capped measure was lowered to.
        source: The table it was read from, without the units that were dropped.
    """

    arms: Mapping[str, Arm]
    segments: Mapping[str, Mapping[str, Mapping[str, Arm]]]
    covariates: Mapping[str, Mapping[str, MeanOutcome]]
    exposure: Exposure
    caps: Mapping[str, float]
    source: Source


def gather(
    source: Source,
    plan: Plan,
    *,
    unit: str = "unit_id",
    arm: str = "arm",
    scope: Scope | None = None,
) -> TrialData:
    """Ask a table for everything a test's readout needs.

    Args:
        source: One row per unit.
        plan: Names the measures, covariates, clusters and segments.
        unit: Column that names the unit.
        arm: Column with the arm's name.
        scope: Which rows.

    Raises:
        DataError: A column is absent; an arm has no unit, or an unplanned one has; a unit is in two
            arms or stands twice; a share is not 0 or 1; a wait is below 0.
    """
    lying = exposure(source, unit=unit, arm=arm, scope=scope)
    if plan.unclear_units == "drop" and lying.n_crossed + lying.n_repeated:
        cleaned = without_unclear(source, unit=unit, arm=arm, scope=scope)
        clean = gather(cleaned, plan, unit=unit, arm=arm, scope=scope)
        return replace(clean, exposure=lying, source=cleaned)
    _check_exposure(plan, lying, unit)
    caps = {
        metric.column: cap_of(source, column=metric.column, quantile=metric.cap, scope=scope)
        for metric in plan.metrics
        if metric.cap is not None
    }
    summed = [metric for metric in plan.metrics if metric.kind in SUMMED]
    found = aggregate(
        source,
        arm=arm,
        measures=[metric.columns for metric in summed] or [(arm_count_column(plan),)],
        covariates=() if plan.cluster else plan.covariates,
        segments=plan.segments,
        caps=caps,
        scope=scope,
    )
    assigned = {
        key: {
            _place(row, key): int(row["n"])
            for row in frame.to_dict("records")
            if not (key and pd.isna(row[key]))
        }
        for key, frame in found.assigned.items()
    }
    check_arms_found({name for name, _ in assigned[""]}, plan)
    outcomes: dict[str, dict[tuple[str, str], dict[str, Outcome]]] = {
        key: {place: {} for place in places} for key, places in assigned.items()
    }
    for metric in plan.metrics:
        for key, places in outcomes.items():
            made = _outcomes(source, plan, metric, key, found.sums[key], arm=arm, scope=scope)
            for place, outcome in made.items():
                if place in places:
                    places[place][metric.column] = outcome
    arms = {
        key: {place: Arm(n_assigned=n_units, outcomes=outcomes[key][place])
              for place, n_units in places.items()}
        for key, places in assigned.items()
    }  # fmt: skip
    return TrialData(
        arms={name: arms[""][name, ""] for name in plan.split},
        segments={
            key: {
                value: {name: arms[key][name, value] for name in plan.split}
                for value in sorted({value for _, value in arms[key]})
                if all((name, value) in arms[key] for name in plan.split)
            }
            for key in plan.segments
        },
        covariates=_balance(source, plan, arm=arm, scope=scope),
        exposure=lying,
        caps=caps,
        source=source,
    )


def one_arm(source: Source, plan: Plan, *, scope: Scope | None = None) -> Arm:
    """Read the primary measure of all rows as if they were one arm: customers before a test.

    Raises:
        DataError: A column is absent, or a value cannot be.
    """
    whole = replace(
        source,
        table=f"(select *, 'control' as {ALL} from {source.table}) as whole",  # noqa: S608
        columns=source.columns | {ALL},
    )
    metric = plan.primary
    found = aggregate(
        whole, arm=ALL, measures=[metric.columns], scope=scope,
        covariates=() if plan.cluster or metric.kind not in SUMMED else plan.covariates,
    )  # fmt: skip
    sums = found.sums[""]
    outcomes = _outcomes(whole, plan, metric, "", sums, arm=ALL, scope=scope)
    return Arm(
        n_assigned=int(found.assigned[""]["n"].sum()),
        outcomes={metric.column: outcomes["control", ""]},
    )


def arm_count_column(plan: Plan) -> str:
    """A column to count units by, where no measure of the plan is summed."""
    return plan.primary.column


def check_arms_found(found: Iterable[str], plan: Plan) -> None:
    """Refuse a table without a planned arm, or with one that was not planned.

    Raises:
        DataError: With the arms planned and found.
    """
    names = {str(name) for name in found}
    if absent := [name for name in plan.split if name not in names]:
        raise DataError(
            f"experiment {plan.experiment!r}: arm {', '.join(absent)} has no unit in the planned "
            f"period; the table has {', '.join(sorted(names)) or 'no arm'}"
        )
    if extra := sorted(names - set(plan.split)):
        raise DataError(
            f"experiment {plan.experiment!r}: arm {', '.join(extra)} was not planned; the plan has "
            f"{', '.join(plan.split)}; name it under arms with its share, or leave its rows out"
        )


def _check_exposure(plan: Plan, found: Exposure, unit: str) -> None:
    if found.n_crossed:
        shown = ", ".join(found.crossed)
        raise DataError(
            f"experiment {plan.experiment!r}: a unit must be in one arm, {found.n_crossed} of "
            f"{found.n_units} are in more: {shown}; ask why they crossed; "
            "unclear_units: drop leaves them out and counts them"
        )
    if found.n_repeated:
        raise DataError(
            f"experiment {plan.experiment!r}: a unit must have one row, {found.n_repeated} of "
            f"{found.n_units} have more; add their rows up by {unit} first, or name the right "
            "unit column; unclear_units: drop leaves these units out and counts them"
        )


def _outcomes(
    source: Source,
    plan: Plan,
    metric: Metric,
    key: str,
    sums: Mapping[Measure, Sums],
    *,
    arm: str,
    scope: Scope | None,
) -> dict[tuple[str, str], Outcome]:
    """One measure in every arm, or in every arm within a segment column's values."""
    if metric.kind in SUMMED and plan.cluster:
        return _clustered(source, plan.cluster, metric, key, arm=arm, scope=scope)
    if metric.kind in SUMMED:
        return _summed(
            metric, sums[metric.columns], key, bool(plan.covariates and not plan.cluster)
        )
    if metric.kind in COUNTED:
        by = [key] if key else []
        frame = value_counts(source, column=metric.column, arm=arm, by=by, scope=scope)
        return _scored(metric, frame, key)
    return _waited(source, metric, key, arm=arm, scope=scope)


def _summed(
    metric: Metric,
    sums: Sums,
    key: str,
    adjusted: bool,  # noqa: FBT001 - private
) -> dict[tuple[str, str], Outcome]:
    made: dict[tuple[str, str], Outcome] = {}
    for number, row in enumerate(sums.groups.to_dict("records")):
        n_obs, means, cov = sums.moments(number)
        place = _place(row, key)
        if metric.kind == "proportion" and n_obs > 1:
            _check_share(metric, n_obs, float(means[0]), float(cov[0, 0]))
        if metric.kind == "ratio" or (adjusted and n_obs > 1):
            made[place] = MomentsOutcome(n_obs=n_obs, means=means, cov=cov)
        elif metric.kind == "proportion":
            successes = max(round(means[0] * n_obs), 0) if n_obs else 0
            made[place] = ProportionOutcome(successes=successes, n_obs=n_obs)
        else:
            made[place] = MeanOutcome(mean=float(means[0]), variance=float(cov[0, 0]), n_obs=n_obs)
    return made


def _check_share(metric: Metric, n_obs: int, mean: float, variance: float) -> None:
    """A column of 0 and 1 has one variance for its mean."""
    expected = mean * (1 - mean) * n_obs / (n_obs - 1)
    if not (-TINY <= mean <= 1 + TINY and isclose(variance, expected, rel_tol=1e-6, abs_tol=TINY)):
        raise DataError(
            f"{metric.column} must be 0 or 1 to be a share, its mean is {mean:.4g} and its "
            f"variance {variance:.4g}; call it a mean, or code it as 0 and 1"
        )


def _clustered(
    source: Source, cluster: str, metric: Metric, key: str, *, arm: str, scope: Scope | None
) -> dict[tuple[str, str], Outcome]:
    frame = cluster_sums(
        source, cluster=cluster, arm=arm, measures=[metric.columns], by=[key] if key else [],
        scope=scope,
    )  # fmt: skip
    count = f"n_{metric.column}"
    base = f"sum_{metric.denominator}" if metric.denominator else count
    return {
        (str(name[0]), str(name[1]) if key else ""): ClusterOutcome(
            total=rows[f"sum_{metric.column}"].to_numpy(dtype=np.float64),
            base=rows[base].to_numpy(dtype=np.float64),
            n_obs=int(rows[count].sum()),
            squares=rows[f"squares_{metric.column}"].to_numpy(dtype=np.float64),
        )
        for name, rows in frame[frame[base] > 0].groupby(["arm", *([key] if key else [])])
    }


def _scored(metric: Metric, frame: pd.DataFrame, key: str) -> dict[tuple[str, str], Outcome]:
    if metric.kind == "nps" and not frame["value"].between(0, 10).all():
        wrong = frame.loc[~frame["value"].between(0, 10), "value"].iloc[0]
        raise DataError(f"{metric.column} must be 0 to 10 to be an NPS, got {wrong:g}")
    keys: Sequence[str] = ["arm", key] if key else ["arm"]
    return {
        (str(name[0]), str(name[1]) if key else ""): ScoreOutcome(
            values=rows["value"].to_numpy(dtype=np.float64),
            counts=rows["n"].to_numpy(dtype=np.int64),
        )
        for name, rows in frame.groupby(list(keys))
    }


def _waited(
    source: Source, metric: Metric, key: str, *, arm: str, scope: Scope | None
) -> dict[tuple[str, str], Outcome]:
    keys = [key] if key else []
    frame = waiting_counts(
        source, time=metric.column, event=metric.event or "", arm=arm, by=keys, scope=scope
    )
    return {
        (str(name[0]), str(name[1]) if key else ""): WaitOutcome(
            times=rows["value"].to_numpy(dtype=np.float64),
            events=rows["events"].to_numpy(dtype=np.int64),
            censored=rows["censored"].to_numpy(dtype=np.int64),
        )
        for name, rows in frame.groupby(["arm", *keys])
    }


def _balance(
    source: Source, plan: Plan, *, arm: str, scope: Scope | None
) -> dict[str, dict[str, MeanOutcome]]:
    """Each covariate in each arm, as it was before the test."""
    if not plan.covariates:
        return {}
    measures: list[Measure] = [(name,) for name in plan.covariates]
    found = aggregate(source, arm=arm, measures=measures, scope=scope).sums[""]
    balance: dict[str, dict[str, MeanOutcome]] = {}
    for (name,) in measures:
        sums, balance[name] = found[name,], {}
        for number, group in enumerate(sums.groups["arm"]):
            n_obs, means, cov = sums.moments(number)
            balance[name][str(group)] = MeanOutcome(
                mean=float(means[0]), variance=float(cov[0, 0]), n_obs=n_obs
            )
    return balance


def _place(row: Mapping[Hashable, object], key: str) -> tuple[str, str]:
    return str(row["arm"]), str(row[key]) if key else ""
