"""The record of KPI values: every run adds what is new and changes nothing that is on record."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pandas as pd

from cxlib.data.kpi_store import KpiValue, add_values, read_values
from cxlib.decisions.kpis import TrackedKpi
from cxlib.decisions.level import history_rows, period_end
from cxlib.engagement.schema import Engagement, Kpi
from cxlib.errors import DataError, Problem

FILE = "history.duckdb"
DIGITS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryUpdate:
    """What one run did to the record.

    Attributes:
        added: Periods put on record for the first time.
        restated: Periods on record whose value was replaced, each with its reason.
        unchanged: Periods that were on record with the same value.
        first: First day on record; None for an empty record.
        last: Last day on record.
    """

    added: int
    restated: int
    unchanged: int
    first: date | None
    last: date | None


def history_file(ledger: Path) -> Path:
    """Where the record lies: beside the ledger."""
    return ledger.with_name(FILE)


def definition_hash(kpi: Kpi) -> str:
    """Fingerprint what a KPI counts: definition, unit, direction and cadence, 16 digits."""
    content = {
        "definition": kpi.definition, "unit": kpi.unit, "direction": kpi.direction,
        "cadence": kpi.cadence,
    }  # fmt: skip
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def check_periods(history: pd.DataFrame, *, engagement: Engagement) -> None:
    """Refuse a history whose periods overlap, leave a gap, or stand twice.

    Raises:
        DataError: One message for each KPI and place; all of them are named.
    """
    problems = []
    for kpi in engagement.kpis:
        starts: Sequence[date] = list(history_rows(history, kpi)["start"])
        for one, two in pairwise(starts):
            following = period_end(one, kpi.cadence) + timedelta(days=1)
            if two == following:
                continue
            if two == one:
                rule, remedy = "each period stands once", "remove the row that is wrong"
            elif two < following:
                rule = f"it overlaps the {kpi.cadence} period that begins on {one}"
                remedy = f"a {kpi.cadence} period begins on {following}; correct the date"
            else:
                rule = f"a gap: no row for the {kpi.cadence} period that begins on {following}"
                remedy = "add the missing periods, or begin the history after the gap"
            problems.append(
                Problem("kpi_history", f"{kpi.id}, period_start", str(two), rule, remedy)
            )
    if problems:
        raise DataError("the KPI history has periods that do not follow each other", problems)


def update_history(
    path: Path, tracked: Sequence[TrackedKpi], *, engagement: Engagement
) -> HistoryUpdate:
    """Put every known period on record; refuse to change one without a stated reason.

    Periods whose customers have not had their time yet are left for a later run. A value that is
    on record is compared to ten digits. A KPI whose definition changed goes on only from a period
    that a ``rebaseline`` entry names.

    Args:
        path: The DuckDB file; it is made with the first period.
        tracked: All KPIs, with their series.
        engagement: Restatements and fresh baselines with their reasons.

    Raises:
        DataError: A past period has another value, or its definition changed, and no new reason
            is given; every one is named and nothing is written.
    """
    today = engagement.dated()
    now = [value for each in tracked for value in _values(each, today)]
    old = {(value.kpi, value.period_start): value for value in read_values(path)}
    reasons = {
        (item.kpi, item.period): next(iter(item.reason.values()))
        for item in engagement.restatements
    }
    fresh: dict[str, date] = {}
    for item in engagement.rebaseline:
        fresh[item.kpi] = max(item.from_, fresh.get(item.kpi, item.from_))
    new: list[KpiValue] = []
    problems: list[Problem] = []
    restated = unchanged = 0
    for value in now:
        was, reason = old.get((value.kpi, value.period_start)), reasons.get(
            (value.kpi, value.period_start), ""
        )  # fmt: skip
        if was is None:
            new.append(value)
        elif (was.value, was.n_obs) != (value.value, value.n_obs):
            if reason and reason != was.reason:  # a reason is used once
                new.append(replace(value, revision=was.revision + 1, reason=reason))
                restated += 1
            else:
                problems.append(_changed(path, engagement, was, value))
        else:
            unchanged += 1
    problems += _definitions(path, engagement, now, old, fresh)
    if problems:
        raise DataError(f"{path.name} keeps what was reported: nothing was written", problems)
    add_values(path, new)
    every = [*old.values(), *new]
    return HistoryUpdate(
        added=len(new) - restated, restated=restated, unchanged=unchanged,
        first=min((value.period_start for value in every), default=None),
        last=max((value.period_end for value in every), default=None),
    )  # fmt: skip


def _values(each: TrackedKpi, today: date) -> list[KpiValue]:
    if each.series is None:
        return []
    return [
        KpiValue(
            kpi=each.kpi.id, period_start=point.period_start,
            period_end=period_end(point.period_start, each.kpi.cadence),
            n_obs=point.estimate.n_obs, value=float(f"{point.estimate.value:.{DIGITS}g}"),
            unit=each.kpi.unit, definition=definition_hash(each.kpi), recorded_on=today,
        )
        for point in each.series.points
    ]  # fmt: skip


def _changed(path: Path, engagement: Engagement, was: KpiValue, now: KpiValue) -> Problem:
    return Problem(
        path.name, f"{now.kpi}, {now.period_start}", f"{now.value:g} (n {now.n_obs})",
        f"{was.value:g} (n {was.n_obs}) is on record since {was.recorded_on}",
        "restore the figure, or state why it changes in "
        f"{engagement.path.name}: restatements: [{{kpi: {now.kpi}, period: {now.period_start}, "
        "reason: …}]",
    )  # fmt: skip


def _definitions(
    path: Path,
    engagement: Engagement,
    now: Sequence[KpiValue],
    old: Mapping[tuple[str, date], KpiValue],
    fresh: Mapping[str, date],
) -> list[Problem]:
    """Name each KPI whose definition changed in the middle of its series without a reason."""
    problems = []
    for kpi in engagement.kpis:
        present = definition_hash(kpi)
        start = fresh.get(kpi.id, date.min)
        clash = [
            value
            for (name, day), value in old.items()
            if name == kpi.id and day >= start and value.definition != present
        ]
        if clash and any(value.kpi == kpi.id for value in now):
            last = max(clash, key=lambda value: value.period_end)
            upcoming = last.period_end + timedelta(days=1)
            problems.append(
                Problem(
                    path.name, f"{kpi.id}, {last.period_start}", f"definition {present}",
                    f"{last.definition} is on record: the definition changed in mid-series",
                    f"restore it, or state in {engagement.path.name}: rebaseline: "
                    f"[{{kpi: {kpi.id}, from: {upcoming}, reason: …}}]",
                )
            )  # fmt: skip
    return problems
