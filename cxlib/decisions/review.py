"""The half-year review: everything ever aimed at, forecast or judged, against what happened."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from cxlib.data.kpi_store import KpiValue
from cxlib.decisions.goal_reading import GoalValue, family_verdicts
from cxlib.decisions.rule_reading import Counts, Guarded, whole_verdict
from cxlib.engagement.ledger import Ledger
from cxlib.engagement.review import Decision
from cxlib.engagement.schema import Engagement
from cxlib.engagement.words import Text
from cxlib.measures.tracking import Verdict
from cxlib.stats.estimate import Estimate, Unit
from cxlib.stats.proportions import proportion

Outcome = Literal["hit", "miss", "open", "not_due", "no_data"]
STALE_MONTHS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalReplay:
    """One goal as it was frozen, and what became of it.

    Attributes:
        kpi: Its id.
        level: Aimed at, in the KPI's unit.
        unit: Of the level.
        by: Due date.
        outcome: hit or miss by all parts of the rule: the reading at the date clear of the target
            with all frozen goals as one family, the smallest change, the guardrails; open when it
            was not, not_due before the date, no_data without a reading by then.
        value: Last reading by the date, or by now where it is not due; None without one.
        decision: Kept, changed or dropped at this review; None while nobody has decided.
        reason: For the decision.
        superseded: Why this target was replaced, for an earlier version of a goal; else "".
        counts: Whether the change is at least the smallest that counts, as tracking read it.
        guards: KPIs that must not worsen, each with what tracking read.
    """

    kpi: str
    level: float
    unit: Unit
    by: date
    outcome: Outcome
    value: Estimate | None
    decision: Decision | None
    reason: Text | None
    superseded: str = ""
    counts: Counts = "unread"
    guards: tuple[tuple[str, Guarded], ...] = ()
    has_rule: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastReplay:
    """One forecast on record and the value that came.

    Attributes:
        kpi: Its id.
        made_on: First day of the last period it was made from.
        period_start: First day of the period it is about.
        estimate: Forecast with its interval.
        actual: What came; None while it is not on record.
        outcome: hit when the interval held the value, miss when not, not_due before.
    """

    kpi: str
    made_on: date
    period_start: date
    estimate: Estimate
    actual: float | None
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictReplay:
    """One test's verdict and what the roll-out then measured.

    Attributes:
        experiment: Its id.
        verdict: As the frozen rule gave it.
        predicted: The test's effect with interval; None where the test gave none.
        initiative: The roll-out with the same outcome; "" where none is linked.
        measured: Its effect; None likewise.
        grade: Evidence grade of the measured effect.
        outcome: hit when the test's interval held the measured effect, miss when not, no_data
            without a roll-out.
    """

    experiment: str
    verdict: str
    predicted: Estimate | None
    initiative: str
    measured: Estimate | None
    grade: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A benchmark or a trend with its age at the date of the report."""

    name: Text
    source: Text
    dated: date
    months_old: int

    @property
    def is_stale(self) -> bool:
        """Whether it is older than 24 months."""
        return self.months_old > STALE_MONTHS


def replay_goals(engagement: Engagement, ledger: Ledger) -> tuple[GoalReplay, ...]:
    """Hold every target ever frozen against the readings on record; none is left out.

    Args:
        engagement: Decisions of this review.
        ledger: "targets" with its earlier versions, and "record".
    """
    verdicts = ledger.read("record")["verdicts"]
    decided = {item.goal: item for item in engagement.review_decisions}
    entry = ledger.read("targets")
    found = []
    for kpi, target in entry.items():
        item = decided.get(kpi)
        found.append(
            _goal(
                kpi, target, verdicts, at=engagement.confidence_level,
                decision=item.decision if item else None, reason=item.reason if item else None,
            )
        )  # fmt: skip
    found = _as_family(engagement, found)
    for past in ledger.past("targets"):
        found += [
            _goal(kpi, target, verdicts, at=engagement.confidence_level, superseded=past["reason"])
            for kpi, target in past["was"].items()
            if _aim(target) != _aim(entry.get(kpi))
        ]
    return tuple(found)


def replay_forecasts(ledger: Ledger, values: Sequence[KpiValue]) -> tuple[ForecastReplay, ...]:
    """Hold every forecast on record against the value that came.

    Args:
        ledger: With "record".
        values: The KPI history; see `cxlib.data.kpi_store.read_values`.
    """
    came = {(value.kpi, value.period_start.isoformat()): value.value for value in values}
    found = []
    for made in ledger.read("record")["forecasts"]:
        actual = came.get((made["kpi"], made["period_start"]))
        held = actual is not None and made["ci_lower"] <= actual <= made["ci_upper"]
        found.append(
            ForecastReplay(
                kpi=made["kpi"], made_on=date.fromisoformat(made["made_on"]),
                period_start=date.fromisoformat(made["period_start"]), actual=actual,
                estimate=Estimate(
                    value=made["value"], ci_lower=made["ci_lower"], ci_upper=made["ci_upper"],
                    n_obs=0, unit=made["unit"], method="forecast",
                    confidence_level=made["confidence_level"],
                ),
                outcome="not_due" if actual is None else "hit" if held else "miss",
            )
        )  # fmt: skip
    return tuple(found)


def replay_verdicts(engagement: Engagement, ledger: Ledger) -> tuple[VerdictReplay, ...]:
    """Hold every test's effect against the effect measured where its idea was rolled out.

    A test and a roll-out belong together where a link of the goal tree names the test and leads
    to the KPI that the initiative's outcome is.
    """
    if not ledger.has("verdicts"):
        return ()
    effects = ledger.read("effects") if ledger.has("effects") else {}
    return tuple(
        _verdict(
            name,
            said,
            _rolled_out(engagement, name, effects),
            effects,
            at=engagement.confidence_level,
        )
        for name, said in ledger.read("verdicts").items()
    )


def calibration(
    replays: Sequence[ForecastReplay | VerdictReplay], *, confidence_level: float = 0.95
) -> Estimate | None:
    """Give the share of intervals that held what came, with its own interval (Wilson).

    None while nothing is due.
    """
    due = [replay for replay in replays if replay.outcome in {"hit", "miss"}]
    if not due:
        return None
    hits = sum(replay.outcome == "hit" for replay in due)
    return proportion(hits, len(due), confidence_level=confidence_level)


def horizon(engagement: Engagement) -> tuple[Dated, ...]:
    """Give benchmarks and trends with their age, the newest first."""
    today = engagement.dated()
    items = [
        *((engagement.kpi(item.kpi).name, item.source, item.dated)
          for item in engagement.benchmarks),
        *((item.name, item.source, item.dated) for item in engagement.trends),
    ]  # fmt: skip
    found = [
        Dated(name=name, source=source, dated=dated, months_old=_months(dated, today))
        for name, source, dated in items
    ]
    return tuple(sorted(found, key=lambda item: item.dated, reverse=True))


def _as_family(engagement: Engagement, goals: Sequence[GoalReplay]) -> list[GoalReplay]:
    """Judge goals that are due as their frozen rules say: one family, those not due unread."""
    kpis = {kpi.id: kpi for kpi in engagement.kpis}
    values = {
        goal.kpi: GoalValue(
            estimate=goal.value, target=goal.level, direction=kpis[goal.kpi].direction
        )
        for goal in goals
        if goal.value is not None and goal.kpi in kpis and goal.outcome in {"hit", "miss", "open"}
    }
    verdicts = family_verdicts(
        values, family=len(goals), confidence_level=engagement.confidence_level
    )
    outcomes: Mapping[str, Outcome] = {"met": "hit", "not_met": "miss", "cannot_tell": "open"}
    return [
        replace(goal, outcome=outcomes[_by_rule(goal, verdicts[goal.kpi])])
        if goal.kpi in verdicts
        else goal
        for goal in goals
    ]


def _by_rule(goal: GoalReplay, verdict: Verdict) -> Verdict:
    """Join the target's verdict with the other parts of the rule, where tracking read them."""
    if not goal.has_rule:
        return verdict
    return whole_verdict(verdict, goal.counts, [state for _, state in goal.guards])


def _goal(
    kpi: str,
    target: Mapping[str, Any],
    verdicts: Sequence[Mapping[str, Any]],
    *,
    at: float,
    decision: Decision | None = None,
    reason: Text | None = None,
    superseded: str = "",
) -> GoalReplay:
    by = date.fromisoformat(target["by"])
    read = sorted(
        (v for v in verdicts if v["kpi"] == kpi), key=lambda v: str(v["period_end"])
    )  # fmt: skip
    in_time = [v for v in read if date.fromisoformat(v["period_end"]) <= by]
    is_due = bool(read) and date.fromisoformat(read[-1]["period_end"]) >= by
    seen = in_time if is_due else read
    shown = seen[-1] if seen else None
    rule = (shown or {}).get("rule", {})
    outcome: Outcome = "not_due"
    if is_due:
        outcome = "no_data"
        if shown is not None and shown["target"] == target["level"]:
            outcome = {"met": "hit", "not_met": "miss"}.get(shown["verdict"], "open")  # type: ignore[assignment]
    return GoalReplay(
        kpi=kpi, level=target["level"], unit=target["unit"], by=by, outcome=outcome,
        value=_estimate(shown, at=at), decision=decision, reason=reason,
        superseded=superseded, has_rule="rule" in (shown or {}),
        counts=rule.get("counts", "unread"), guards=tuple(rule.get("guards", {}).items()),
    )  # fmt: skip


def _aim(target: Mapping[str, Any] | None) -> tuple[Any, ...] | None:
    return None if target is None else (target["level"], target["by"])


def _rolled_out(
    engagement: Engagement, experiment: str, effects: Mapping[str, Any]
) -> Iterator[str]:
    """Name the initiatives whose outcome the test's link leads to."""
    reached = {link.to for link in engagement.links if link.experiment == experiment}
    for initiative in engagement.initiatives:
        if initiative.outcome in reached and initiative.id in effects:
            yield initiative.id


def _verdict(
    name: str,
    said: Mapping[str, Any],
    rolled: Iterator[str],
    effects: Mapping[str, Any],
    *,
    at: float,
) -> VerdictReplay:
    predicted = _estimate(said.get("effect"), at=at)
    initiative = next(rolled, "")
    effect = effects.get(initiative, {})
    measured = _estimate(effect.get("effect"), at=at)
    outcome: Outcome = "no_data"
    if predicted is not None and measured is not None and predicted.unit == measured.unit:
        held = predicted.ci_lower <= measured.value <= predicted.ci_upper
        outcome = "hit" if held else "miss"
    return VerdictReplay(
        experiment=name, verdict=said["verdict"], predicted=predicted, initiative=initiative,
        measured=measured, grade=effect.get("grade", ""), outcome=outcome,
    )  # fmt: skip


def _estimate(record: Mapping[str, Any] | None, *, at: float) -> Estimate | None:
    if not record or not {"value", "ci_lower", "ci_upper"} <= set(record):
        return None
    return Estimate(
        value=record["value"], ci_lower=record["ci_lower"], ci_upper=record["ci_upper"],
        n_obs=record["n_obs"], unit=record["unit"], method="on record", confidence_level=at,
    )  # fmt: skip


def _months(dated: date, today: date) -> int:
    """Whole months from one day to another."""
    whole = (today.year - dated.year) * 12 + today.month - dated.month
    return whole - (today.day < dated.day)
