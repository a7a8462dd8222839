"""The chance stated for each goal when it was set: put on record, and scored when it falls due.

What is stated is the chance that the change wanted, if it really comes, is shown by the date. What
is scored is whether the periods up to the date, taken together, do show a change the right way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from math import sqrt
from statistics import NormalDist, fmean
from typing import Any, Literal

from cxlib.data.kpi_store import KpiValue
from cxlib.decisions.kpis import RIPENING_DAYS
from cxlib.decisions.level import answer_variance
from cxlib.decisions.outlook import Outlook
from cxlib.engagement.scales import Direction
from cxlib.engagement.schema import Engagement, KpiUnit
from cxlib.stats.estimate import Estimate, Unit

ENTRY = "chances"
FEWEST_SCORED = 5
"""Scored goals under which a Brier score is printed as a figure without a reading."""
COIN = 0.25
"""Brier score of somebody who always says one half."""

Came = Literal["hit", "miss", "not_due", "no_data", "no_chance", "late", "restated"]
"""hit: a change the right way is shown · miss: it is not · not_due: the date is ahead · no_data:
due, and no whole period is on record · no_chance: nothing was stated, for no whole period lay
before the date · late: stated after the date, so it was no forecast · restated: stated again for a
goal whose first statement is the one that counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What goal setting said of one goal, in plain values for the ledger.

    Attributes:
        kpi: Its id.
        unit: Of the levels.
        direction: Which way is better.
        level: The goal.
        by: Due date, as ISO text.
        stated_on: Date of the report.
        counts_from: First day of the periods that count; None where none lies before the date.
        wait_days: Days after its end before a period is known.
        start: Level the change is counted from.
        start_error: Its squared sampling error.
        variance: Of one answer, in unit², customers who answer again allowed for.
        chance: That a change of the goal's size is shown by the date; None without a period.
        chance_untouched: That the periods read at or past the goal though nothing changes.
        confidence_level: Of the reading: that of the family of goals.
    """

    kpi: str
    unit: KpiUnit
    direction: Direction
    level: float
    by: str
    stated_on: str
    counts_from: str | None
    wait_days: int
    start: float
    start_error: float
    variance: float
    chance: float | None
    chance_untouched: float | None
    confidence_level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChanceReplay:
    """One statement and what came of it.

    Attributes:
        said: The statement.
        came: See Came.
        change: Level of the periods up to the date (or so far) minus the start; None without one.
        is_over: Whether the date has passed in the values on record.
    """

    said: Statement
    came: Came
    change: Estimate | None
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The record of all chances that fell due.

    Attributes:
        n: Goals scored.
        shown: Of these, goals whose change is shown.
        expected: Sum of the chances stated.
        brier: Mean of (chance - outcome)², 0 to 1, small is good.
    """

    n: int
    shown: int
    expected: float
    brier: float


def statements(found: Sequence[Outlook], *, engagement: Engagement) -> tuple[Statement, ...]:
    """Put the outlook of each goal into the words of the record; every goal with a start is in."""
    return tuple(
        _statement(item, stated_on=engagement.dated())
        for item in found
        if item.check.start.estimate.n_obs
    )


def keep_statements(earlier: Mapping[str, Any], made: Sequence[Statement]) -> dict[str, Any]:
    """Add statements to those on record; none is changed or taken away.

    A statement made again word for word is not kept twice.

    Args:
        earlier: The ledger's "chances" so far, or {}.
        made: This run's.
    """
    kept = list(earlier.get("made", []))
    known = [_rounded(item) for item in kept]
    return {"made": [*kept, *(item for item in map(asdict, made) if _rounded(item) not in known)]}


def replay_chances(
    entry: Mapping[str, Any], values: Sequence[KpiValue]
) -> tuple[ChanceReplay, ...]:
    """Hold every statement on record against the values that came.

    Args:
        entry: The ledger's "chances".
        values: See `cxlib.data.kpi_store.read_values`.
    """
    seen: set[tuple[str, float, str]] = set()
    found = []
    for record in entry.get("made", []):
        said = Statement(**record)
        goal = (said.kpi, said.level, said.by)
        found.append(_replay(said, values, again=goal in seen))
        seen.add(goal)
    return tuple(found)


def score_chances(replays: Sequence[ChanceReplay]) -> Scored | None:
    """Score the statements that fell due; None while there is none.

        Brier score = mean of (chance - outcome)²,  outcome 1 where the change is shown, else 0

    Source: Brier (1950), Monthly Weather Review 78(1).
    """
    due = [
        (item.said.chance, float(item.came == "hit"))
        for item in replays
        if item.came in {"hit", "miss"} and item.said.chance is not None
    ]
    if not due:
        return None
    return Scored(
        n=len(due),
        shown=round(sum(outcome for _, outcome in due)),
        expected=sum(chance for chance, _ in due),
        brier=fmean((chance - outcome) ** 2 for chance, outcome in due),
    )


def _statement(item: Outlook, *, stated_on: date) -> Statement:
    check = item.check
    start = check.start
    level = check.family.confidence_level if check.family else start.estimate.confidence_level
    alike = check.repeats.of_baseline if check.repeats else 1.0
    variance = alike * answer_variance(start)
    return Statement(
        kpi=check.kpi.id,
        unit=check.kpi.unit,
        direction=check.kpi.direction,
        level=check.level,
        by=check.goal.by.isoformat(),
        stated_on=stated_on.isoformat(),
        counts_from=None if check.counts_from is None else check.counts_from.isoformat(),
        wait_days=check.goal.within_days or RIPENING_DAYS.get(check.kpi.id, 0),
        start=start.estimate.value,
        start_error=variance / start.estimate.n_obs,
        variance=variance,
        chance=item.chance_by_date,
        chance_untouched=item.chance_untouched,
        confidence_level=level,
    )


def _replay(said: Statement, values: Sequence[KpiValue], *, again: bool) -> ChanceReplay:
    by, wait = date.fromisoformat(said.by), timedelta(days=said.wait_days)
    mine = [value for value in values if value.kpi == said.kpi]
    is_over = any(value.period_end >= by for value in mine)
    first = None if said.counts_from is None else date.fromisoformat(said.counts_from)
    counted = [
        value
        for value in mine
        if first and value.period_start >= first and value.period_end + wait <= by and value.n_obs
    ]
    change = _change(said, counted) if counted else None
    came: Came = "no_data"
    if said.chance is None:
        came = "no_chance"
    elif date.fromisoformat(said.stated_on) > by:
        came = "late"
    elif again:
        came = "restated"
    elif not is_over:
        came = "not_due"
    elif change is not None:
        came = "hit" if _shown(said, change) else "miss"
    return ChanceReplay(said=said, came=came, change=change, is_over=is_over)


def _change(said: Statement, counted: Sequence[KpiValue]) -> Estimate:
    n = sum(value.n_obs for value in counted)
    later = sum(value.n_obs * value.value for value in counted) / n
    z = NormalDist().inv_cdf((1 + said.confidence_level) / 2)
    margin = z * sqrt(said.start_error + said.variance / n)
    change = later - said.start
    unit: Unit = "pp" if said.unit == "share" else said.unit
    return Estimate(
        value=change,
        ci_lower=change - margin,
        ci_upper=change + margin,
        n_obs=n,
        unit=unit,
        method="pooled periods minus start",
        confidence_level=said.confidence_level,
    )


def _shown(said: Statement, change: Estimate) -> bool:
    return change.ci_lower > 0 if said.direction == "higher" else change.ci_upper < 0


def _rounded(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: float(f"{value:.6g}") if isinstance(value, float) else value
        for name, value in record.items()
    }
