# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""Questions to the site's events: ordered steps of each visitor, bounces, page loads."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

import pandas as pd

from cxlib.data.clusters import check_days, check_range, cluster_sums, sql_days, sql_moment, within
from cxlib.data.query import to_floats
from cxlib.data.source import Source
from cxlib.errors import InputError

FASTEST_STEP: Final = 10
"""Load times are counted in steps of 10 ms."""


def funnel_counts(
    events: Source,
    *,
    steps: Sequence[str],
    window_days: int,
    start: dt.date,
    end: dt.date,
    seen: dt.date,
) -> pd.DataFrame:
    """Count visitors who took each step after the one before it, within a window.

    A visitor enters with the first of the first step. A later step counts when it happens at or
    after the step before it and before `entry + window_days`; the earliest such moment is taken,
    so a visitor who can complete the order at all is seen to complete it.

    Args:
        events: With visitor_id, step, at.
        steps: Two or more step names in order.
        window_days: From entry, 1 or more.
        start: First day of entry.
        end: Day after the last day of entry.
        seen: Day after the last day the table covers; who entered later than ``window_days``
            before it is `young` and not counted.

    Returns:
        One line per step: `step`, `visitors`, and `young` in each line.

    Raises:
        DataError: A column is absent.
        InputError: Fewer than two steps, a step twice, an impossible window or range.
    """
    _check_steps(steps)
    query = _entries(events, steps[0], window_days=window_days, start=start, end=end, seen=seen)
    visitor, name, moment = events.names("visitor_id", "step", "at")
    for n, step in enumerate(steps[1:], start=1):
        before = ", ".join(f"f.t{k}" for k in range(n))
        query = (
            f"select f.v, f.mature, {before}, min(e.{moment}) as t{n} from ({query}) as f "
            f"left join {events.table} as e on e.{visitor} = f.v and e.{name} = '{step}' "
            f"and e.{moment} >= f.t{n - 1} and e.{moment} < f.t0 + {sql_days(window_days)} "
            f"group by f.v, f.mature, {before}"
        )
    counts = ", ".join(
        f"sum(case when mature = 1 and t{n} is not null then 1 else 0 end) as c{n}"
        for n in range(len(steps))
    )
    found = events.ask(f"select {counts}, sum(1 - mature) as young from ({query}) as q").fillna(0)
    return pd.DataFrame(
        {
            "step": list(steps),
            "visitors": [int(found[f"c{n}"].iloc[0]) for n in range(len(steps))],
            "young": int(found["young"].iloc[0]),
        }
    )


def bounce_counts(
    events: Source,
    *,
    entry: str,
    window_days: int,
    start: dt.date,
    end: dt.date,
    seen: dt.date,
) -> pd.DataFrame:
    """Count visitors who took no other step than the entry within the window.

    Returns:
        One line: `visitors` (mature), `bounced`.

    Raises:
        DataError: A column is absent.
        InputError: An impossible step, window or range.
    """
    _check_steps([entry, ""])
    visitor, name, moment = events.names("visitor_id", "step", "at")
    entered = _entries(events, entry, window_days=window_days, start=start, end=end, seen=seen)
    each = (
        f"select f.v, max(case when e.{name} <> '{entry}' then 1 else 0 end) as other "
        f"from ({entered}) as f join {events.table} as e on e.{visitor} = f.v "
        f"and e.{moment} >= f.t0 and e.{moment} < f.t0 + {sql_days(window_days)} "
        "where f.mature = 1 group by f.v"
    )
    found = events.ask(
        f"select count(*) as visitors, sum(1 - other) as bounced from ({each}) as q"
    ).fillna(0)
    return found.astype({"visitors": "int64", "bounced": "int64"})


def load_counts(events: Source, *, start: dt.date, end: dt.date) -> pd.DataFrame:
    """Count pages by load time, rounded up to 10 ms.

    Returns:
        Columns `load_ms`, `n`; sorted. Events without a load time are left out.

    Raises:
        DataError: A column is absent.
    """
    check_range(start, end)
    load, moment = events.names("load_ms", "at")
    found = events.ask(
        f"select load_ms, count(*) as n from (select ceil(1e0 * {load} / {FASTEST_STEP}) "
        f"* {FASTEST_STEP} as load_ms from {events.table} "
        f"where {load} is not null and {within(moment, start, end)}) as l group by load_ms"
    )
    return found.assign(
        load_ms=to_floats(found["load_ms"]), n=to_floats(found["n"]).astype("int64")
    ).sort_values("load_ms", ignore_index=True)[["load_ms", "n"]]


def load_sums(
    events: Source, *, limits_ms: Sequence[float], start: dt.date, end: dt.date
) -> pd.DataFrame:
    """Count pages loaded within each limit, by visitor: slow phones are slow on every page.

    Returns:
        ``cluster_sums`` with the measures named by the limits in whole ms.

    Raises:
        DataError: A column is absent.
        InputError: A limit that is not above 0.
    """
    check_range(start, end)
    if not limits_ms or min(limits_ms) <= 0:
        raise InputError(f"limits_ms must be above 0, got {list(limits_ms)}")
    visitor, load, moment = events.names("visitor_id", "load_ms", "at")
    rows = (
        f"select {visitor} as owner, {load} as load from {events.table} "
        f"where {load} is not null and {within(moment, start, end)}"
    )
    return cluster_sums(
        events,
        rows=rows,
        measures={
            f"{limit:.0f}": (f"case when load <= {float(limit):.0f} then 1 else 0 end", "1")
            for limit in limits_ms
        },
    )


def _entries(
    events: Source, step: str, *, window_days: int, start: dt.date, end: dt.date, seen: dt.date
) -> str:
    """Write one row per visitor: v, the moment of entry t0, whether the window is over."""
    check_days("window_days", window_days)
    check_range(start, end)
    if seen < end:
        raise InputError(f"seen must not be before end, got {seen} and {end}")
    visitor, name, moment = events.names("visitor_id", "step", "at")
    return (
        f"select v, t0, case when t0 + {sql_days(window_days)} <= {sql_moment(seen)} "
        f"then 1 else 0 end as mature from (select {visitor} as v, min({moment}) as t0 "
        f"from {events.table} where {name} = '{step}' group by {visitor}) as s "
        f"where {within('t0', start, end)}"
    )


def _check_steps(steps: Sequence[str]) -> None:
    if len(steps) <= 1 or len(set(steps)) < len(steps):
        raise InputError(f"steps must name two or more different steps, got {list(steps)}")
    if odd := [step for step in steps if step and not step.replace("_", "").isalnum()]:
        raise InputError(f"a step must be a plain word, got {odd[0]!r}")
