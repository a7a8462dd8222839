# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""Who was in which arm, and what a test asks of its table beside sums: counts per value.

Units in two arms, units written twice, values that cannot be; counts per score, per value, per
waiting time and per cluster. Each is one question and a small answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlib.data.experiments import Measure, Scope
from cxlib.data.query import Query, to_floats
from cxlib.data.source import Source
from cxlib.errors import DataError

SHOWN = 5
"""Units named in a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How the units of a test lie in its arms.

    Attributes:
        n_rows: Rows of the test.
        n_units: Units.
        n_crossed: Units in more than one arm.
        n_repeated: Units with more than one row, all in one arm.
        n_unassigned: Rows without an arm or a unit.
        crossed: A few units in more than one arm.
    """

    n_rows: int
    n_units: int
    n_crossed: int
    n_repeated: int
    n_unassigned: int
    crossed: tuple[str, ...]


def exposure(source: Source, *, unit: str, arm: str, scope: Scope | None = None) -> Exposure:
    """Count units in several arms and units written several times.

    Raises:
        DataError: A column is absent.
    """
    owner, group = source.names(unit, arm)
    query = (scope or Scope()).query(source, ())
    known = [f"{owner} is not null", f"{group} is not null"]
    units = Query(query.table, (owner,), (), query.where).select(
        [f"count(*) as m, case when min({group}) <> max({group}) then 1 else 0 end as crossed"],
        where=known,
    )
    answer = source.ask(
        "select count(*) as n_units, sum(m) as n_rows, sum(crossed) as n_crossed, "
        f"sum(case when m > 1 and crossed = 0 then 1 else 0 end) as n_repeated from ({units}) as u"
    )
    counts = {name: int(np.nan_to_num(to_floats(answer[name]))[0]) for name in answer.columns}
    everyone = int(to_floats(source.ask(query.select(["count(*) as n"]))["n"])[0])
    few: tuple[str, ...] = ()
    if counts["n_crossed"]:
        found = source.ask(f"select k0 from ({units}) as u where crossed = 1 limit {SHOWN}")
        few = tuple(sorted(str(name) for name in found["k0"]))
    return Exposure(
        n_rows=everyone,
        n_units=counts["n_units"],
        n_crossed=counts["n_crossed"],
        n_repeated=counts["n_repeated"],
        n_unassigned=everyone - counts["n_rows"],
        crossed=few,
    )


def value_counts(
    source: Source, *, column: str, arm: str, by: Sequence[str] = (), scope: Scope | None = None
) -> pd.DataFrame:
    """Count units per arm and value; units without a value are left out.

    Returns:
        Columns `arm`, `*by`, `value`, `n`; sorted.

    Raises:
        DataError: A column is absent, or there are more values than a summary may have.
    """
    (spelled,) = source.names(column)
    query = (scope or Scope()).query(source, (arm, *by, column))
    counts = query.select(["count(*) as n"], where=[f"{spelled} is not null"])
    answer = query.finish(source.ask(counts))
    answer.columns = pd.Index(["arm", *by, "value", "n"])
    return answer.assign(value=to_floats(answer["value"]), n=answer["n"].astype("int64"))


def without_unclear(source: Source, *, unit: str, arm: str, scope: Scope | None = None) -> Source:
    """Leave out every unit with more than one row, in one arm or in several, and rows without.

    Raises:
        DataError: A column is absent.
    """
    owner, group = source.names(unit, arm)
    query = (scope or Scope()).query(source, ())
    known = [*query.where, f"{owner} is not null", f"{group} is not null"]
    inside = " and ".join(known)
    twice = (
        f"select {owner} from {source.table} where {inside} group by {owner} having count(*) > 1"
    )
    kept = f"(select * from {source.table} where {inside} and {owner} not in ({twice})) as kept"
    return replace(source, table=kept)


def waiting_counts(
    source: Source,
    *,
    time: str,
    event: str,
    arm: str,
    by: Sequence[str] = (),
    scope: Scope | None = None,
) -> pd.DataFrame:
    """Count units per arm and waiting time: those it happened to, and those still waiting.

    Returns:
        Columns `arm`, `*by`, `value` (the time), `events`, `censored`; sorted.

    Raises:
        DataError: A column is absent, or a time is below 0.
    """
    moment, happened = source.names(time, event)
    query = (scope or Scope()).query(source, (arm, *by, time))
    asked = query.select(
        [
            f"sum(case when {happened} = 1 then 1 else 0 end) as events",
            f"sum(case when {happened} = 1 then 0 else 1 end) as censored",
        ],
        where=[f"{moment} is not null"],
    )
    answer = query.finish(source.ask(asked))
    answer.columns = pd.Index(["arm", *by, "value", "events", "censored"])
    answer["value"] = to_floats(answer["value"])
    if (wrong := answer[answer["value"] < 0]).size:
        rows = int(to_floats(wrong["events"]).sum() + to_floats(wrong["censored"]).sum())
        least = wrong["value"].min()
        raise DataError(
            f"{time} must be 0 or more, found {rows} below 0, the lowest "
            f"{least:g}; a wait cannot end before it began: check which of the two times is which"
        )
    counts = {name: to_floats(answer[name]).astype(np.int64) for name in ("events", "censored")}
    return answer.assign(**counts)


def cluster_sums(
    source: Source,
    *,
    cluster: str,
    arm: str,
    measures: Sequence[Measure],
    by: Sequence[str] = (),
    scope: Scope | None = None,
) -> pd.DataFrame:
    """Sum every measure per arm and cluster, over the units that have the whole measure.

    Returns:
        Columns `arm`, `*by`, `cluster`, `n` units, and per measure `n_<name>`, `squares_<name>`,
        `sum_<column>` for each of its columns, with <name> the measure's first column; sorted.
        Rows without a cluster are left out.

    Raises:
        DataError: A column is absent, or a cluster is in more than one arm.
    """
    (owner,) = source.names(cluster)
    query = (scope or Scope()).query(source, (arm, *by, cluster))
    aggregates = ["count(*) as n"]
    names = ["arm", *by, "cluster", "n"]
    for m, measure in enumerate(measures):
        spelled = source.names(*measure)
        filled = " and ".join(f"{column} is not null" for column in spelled)
        aggregates.append(f"sum(case when {filled} then 1 else 0 end) as m{m}")
        names.append(f"n_{measure[0]}")
        square = f"1e0 * {spelled[0]} * {spelled[0]}"
        aggregates.append(f"sum(case when {filled} then {square} else 0e0 end) as q{m}")
        names.append(f"squares_{measure[0]}")
        for c, column in enumerate(spelled):
            aggregates.append(
                f"sum(case when {filled} then 1e0 * {column} else 0e0 end) as s{m}_{c}"
            )
            names.append(f"sum_{measure[c]}")
    asked = query.select(aggregates, where=[f"{owner} is not null"])
    answer = query.finish(source.ask(asked))
    answer.columns = pd.Index(names)
    pairs = answer[["arm", "cluster"]].drop_duplicates()
    twice = pairs.loc[pairs.duplicated("cluster"), "cluster"].astype(str)
    if len(twice):
        shown = ", ".join(twice[:SHOWN])
        raise DataError(
            f"a {cluster} must be in one arm, {len(twice)} are in more: {shown}; "
            "leave cluster out where units were randomised one by one"
        )
    numbers = {name: to_floats(answer[name]) for name in names[2 + len(by) :]}
    return answer.assign(**numbers)


def cap_of(source: Source, *, column: str, quantile: float, scope: Scope | None = None) -> float:
    """Find the value that this share of all units lie at or under, all arms together.

    Raises:
        DataError: A column is absent.
    """
    (spelled,) = source.names(column)
    query = (scope or Scope()).query(source, ())
    asked = query.select(
        [f"percentile_cont({quantile:.6f}) within group (order by 1e0 * {spelled}) as q"],
        where=[f"{spelled} is not null"],
    )
    return float(to_floats(source.ask(asked)["q"])[0])
