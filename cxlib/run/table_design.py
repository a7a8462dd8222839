"""Size a test from the command line: a table of customers before it is enough."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import cast, get_args

from cxlib.data.source import duckdb_source
from cxlib.decisions.outcomes import Metric
from cxlib.decisions.trial_design import Design, design_of
from cxlib.decisions.trial_plan import Plan, unit_named
from cxlib.decisions.trial_usual import usual_in
from cxlib.decisions.trials import guess_metric
from cxlib.engagement.experiment import NEEDS, SIZED, LookDesign, OutcomeKind
from cxlib.errors import InputError
from cxlib.report.writer import Num, Writer
from cxlib.run.table_test import planned_shares

ENGLISH = Writer("en", markup=False)
MANY = 10_000
"""Units an arm to begin with, where none are planned."""
STEPS = {
    "plain": "needed", "known": "needed with what is known before",
    "clusters": "needed by whole clusters", "looks": "needed with these looks",
}  # fmt: skip


def design_file(
    file: Path,
    *,
    metric: str,
    minimum: float,
    kind: str = "",
    denominator: str = "",
    event: str = "",
    horizon: float = 0,
    covariates: Sequence[str] = (),
    cluster: str = "",
    split: Sequence[str] = (),
    looks: str = "fixed",
    times: int = 1,
    per_arm: int = 0,
    per_day: float = 0,
    power: float = 0.8,
) -> Iterator[str]:
    """Say, line by line, what a test needs.

    Args:
        file: One row per unit, before any test.
        metric: Column of the main measure.
        minimum: Smallest effect worth having, above 0; down where less of a time is better.
        kind: Of the measure; "" reads 0 and 1 as a share and all else as a mean.
        denominator: Of a ratio.
        event: Of a time.
        horizon: Of a time, days.
        covariates: Columns known before the test.
        cluster: Column of what is assigned whole.
        split: Planned shares as arm=share; none plans two equal arms.
        looks: How often it may be judged.
        times: Planned looks.
        per_arm: Units planned; 0 plans what is needed.
        per_day: New units a day; 0 where unknown.
        power: Chance wanted to see the effect.

    Raises:
        InputError: An unknown kind or way of looking, shares that do not sum to 1, or a kind
            without a formula.
        DataError: A column is absent, or a value cannot be.
    """
    _check("kind", kind, ("", *SIZED))
    _check("looks", looks, get_args(LookDesign))
    source = duckdb_source(file, table="before")
    measure = _metric(guess_metric(source, metric), kind, denominator, event, horizon)
    shares = planned_shares(split) or {"control": 0.5, "treatment": 0.5}
    if "control" not in shares or len(shares) == 1 or abs(sum(shares.values()) - 1) > 1e-9:  # noqa: PLR2004
        raise InputError(
            f"shares must name control and the tested arms and sum to 1, got {dict(shares)}"
        )
    first, *others = [name for name in shares if name != "control"]
    plan = Plan(
        experiment=file.stem, primary=measure, minimum_effect=minimum, horizon_days=1,
        planned_per_arm=per_arm or MANY, treatment_share=shares[first],
        arms=tuple((name, shares[name]) for name in others), covariates=tuple(covariates),
        cluster=cluster or None, looks=cast("LookDesign", looks), n_looks=times,
    )  # fmt: skip
    usual = usual_in(source, plan, units_per_day=per_day or None)
    if usual is None:
        raise InputError(
            f"{metric} as a {measure.kind} gives nothing to plan with: its values are all alike, "
            "or no sample-size formula for it is kept here"
        )
    found = design_of(plan, usual, power=power)
    if found is not None and not per_arm:
        planned = replace(plan, planned_per_arm=ceil(found.needed / len(plan.split)))
        found = design_of(planned, usual, power=power)
    if found is not None:
        yield from _lines(file.name, found)


def _lines(name: str, found: Design) -> Iterator[str]:
    metric, usual = found.plan.primary, found.usual
    effect = _number(found.plan.minimum_effect, metric)
    yield f"{name}: {metric.column} ({metric.kind}), usual value from {usual.n_obs:,} units"
    if usual.correlation:
        yield f"  known before: takes {_share(usual.correlation**2)} of the spread away"
    if usual.cluster_size > 1:
        yield f"  clusters: {usual.cluster_size:.1f} units each, likeness {usual.icc:.3f}"
    for step in found.steps:
        yield f"{STEPS[step.name]}: {step.units:,} units to see {effect}"
    if found.clusters is not None:
        yield f"clusters needed: {found.clusters:,}"
    if found.days is not None:
        yield f"days at this pace: {found.days:,}"
    yield f"planned {found.planned:,}: a chance of {_share(found.power)} to see {effect}"
    if found.detectable is not None:
        least = _number(found.detectable, metric)
        yield f"smallest effect seen with a chance of {_share(found.level)}: {least}"
    if found.early is not None:
        yield f"chance to stop before the end: {_share(found.early)}"


def _number(value: float, metric: Metric) -> str:
    spec = "2" if metric.effect_unit in {"days", "ratio", "rating"} else ""
    return ENGLISH.number(value, metric.effect_unit, spec)


def _metric(guess: Metric, kind: str, denominator: str, event: str, horizon: float) -> Metric:
    chosen = cast("OutcomeKind", kind or ("ratio" if denominator else guess.kind))
    given = {"denominator": denominator, "event": event, "horizon_days": horizon}
    if absent := [name for name in NEEDS.get(chosen, ()) if not given.get(name)]:
        raise InputError(f"{guess.column} is a {chosen}, which needs {', '.join(absent)}")
    unit = unit_named(guess.column, otherwise="ratio" if chosen == "ratio" else "rating")
    if chosen in {"nps", "time"}:
        unit = "points" if chosen == "nps" else "days"
    return replace(
        guess,
        kind=chosen,
        direction="lower" if chosen == "time" else "higher",
        unit=unit,
        denominator=denominator or None,
        event=event or None,
        horizon_days=horizon or None,
    )


def _check(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise InputError(f"{name} must be one of {', '.join(filter(None, allowed))}, got {value!r}")


def _share(value: float) -> str:
    return ENGLISH(Num(min(max(value, 0.001), 0.999), "share"))
