"""Read any table as a test from the command line: unit, arm and metric columns are enough."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from cxlib.data.source import Source, duckdb_source
from cxlib.decisions.benefit import size_check
from cxlib.decisions.outcomes import Comparison
from cxlib.decisions.red_team import attack
from cxlib.decisions.trial_segments import secondary_views, segment_views
from cxlib.decisions.trials import Evaluation, read_table
from cxlib.errors import DataError
from cxlib.report.writer import Num, Writer
from cxlib.stats.estimate import Estimate

ENGLISH = Writer("en", markup=False)
MOST_NAMED = 20


def read_file(
    file: Path,
    *,
    unit: str,
    arm: str,
    metrics: Sequence[str],
    control: str = "control",
    covariates: Sequence[str] = (),
    segments: Sequence[str] = (),
    split: Sequence[str] = (),
    experiment: str = "",
) -> Iterator[str]:
    """Read a CSV or Parquet file out as a test, line by line.

    Args:
        file: One row per unit.
        unit: Column that names the unit.
        arm: Column with the arm's name.
        metrics: Columns; the first is the main one.
        control: The arm the others are compared with.
        covariates: Columns known before the test.
        segments: Columns to read the effect within.
        split: Planned shares as arm=share; none plans equal shares.
        experiment: Which test, where the table has a column ``experiment``.

    Raises:
        InputError: A share that is no number, or shares that do not sum to 1.
        DataError: A column or an arm is absent, a unit is in two arms, a value cannot be, or
            the table holds several tests and none was named.
    """
    source = _one_test(duckdb_source(file, table="trial"), file.name, experiment)
    found = read_table(
        source, unit=unit, arm=arm, metrics=metrics, control=control, covariates=covariates,
        segments=segments, split=planned_shares(split),
    )  # fmt: skip
    yield f"{file.name}: {found.readout.split.n_all:,} units, exploratory (no rule was frozen)"
    yield from _split_lines(found)
    for name, readout in found.readouts.items():
        yield f"{name} against control: {readout.verdict} ({readout.reason.replace('_', ' ')})"
        yield _line(readout.primary)
        for view in secondary_views(readout, found.data.arms, family=found.plan.family):
            yield f"{_line(view.comparison)}, adjusted p {_p(view.p_value)}"
    for segment in segment_views(found):
        for effect in segment.effects:
            yield f"  {segment.column} {effect.value}: {_effect(effect.effect)}"
        if segment.interaction_p is not None:
            yield f"  {segment.column}: segments differ with p {_p(segment.interaction_p)}"
    drawn = attack(found, seed=1).arms
    if drawn is not None:
        rate = ENGLISH(drawn.false_alarms)
        yield f"arms drawn again by lot: {rate} false alarms, {_share(drawn.nominal)} promised"
    checked = size_check(found)
    if checked is not None and found.readout.is_valid:
        chance = _share(min(checked.bayes.chance_better, 0.999))
        usual = ENGLISH.number(checked.bayes.prior_sd, found.readout.primary.effect.unit, "")
        yield f"chance of being better, to one who expects effects within {usual}: {chance}"


def _one_test(source: Source, file: str, experiment: str) -> Source:
    """Keep the rows of one test; several mixed would be no test at all."""
    if "experiment" not in source.columns:
        if experiment:
            raise DataError(f"{file} has no column experiment; leave --experiment out")
        return source
    held = f"select experiment, count(*) as n from {source.table} group by experiment"  # noqa: S608
    found = source.ask(held)
    names = sorted(str(name) for name in found["experiment"].dropna())
    if experiment not in names and (experiment or len(names) > 1):
        meant = f"there is no test {experiment!r}" if experiment else "it must be one test"
        raise DataError(
            f"{file} holds {len(names)} tests in column experiment and {meant}; choose one with "
            f"--experiment: {', '.join(names[:MOST_NAMED])}"
        )
    if not experiment:
        return source
    quoted = experiment.replace("'", "''")
    table = f"(select * from {source.table} where experiment = '{quoted}') as trial"  # noqa: S608
    return replace(source, table=table)


def _split_lines(found: Evaluation) -> Iterator[str]:
    split = found.readout.split
    result = "as planned" if split.passed else "NOT as planned, nothing may be read"
    yield f"split {result}: p {_p(split.p_value)}"
    for part in found.health.broken:
        yield f"  broken in {part.column} {part.value}: {part.counts}, p {_p(part.p_value)}"


def _line(compared: Comparison) -> str:
    return (
        f"  {compared.metric.column} ({compared.metric.kind}): {ENGLISH(compared.control)} to "
        f"{ENGLISH(compared.treatment)}, {_effect(compared.effect)}, {compared.effect.method}"
    )


def _effect(effect: Estimate) -> str:
    if not effect.has_interval:
        return f"{effect.value:+.4g}"
    ends = ENGLISH.interval(effect.ci_lower, effect.ci_upper, effect.unit, "+")
    return f"{ENGLISH.number(effect.value, effect.unit, '+')} ({ends})"


def _p(value: float) -> str:
    return ENGLISH(Num(value, "p_value"))


def _share(value: float) -> str:
    return ENGLISH(Num(value, "share"))


def planned_shares(said: Sequence[str]) -> dict[str, float] | None:
    """Read planned shares written as arm=share."""
    from cxlib.errors import InputError

    shares = {}
    for item in said:
        name, _, share = item.partition("=")
        try:
            shares[name] = float(share)
        except ValueError:
            raise InputError(f"a share is written as arm=0.5, got {item!r}") from None
    return shares or None
