"""The closed loop: what is done after a negative answer, how soon, and what follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import pandas as pd

from cxlib.data.closed_loop import (
    Loop,
    impossible_followups,
    loop_sums,
    next_score_sums,
    reason_counts,
    wait_counts,
)
from cxlib.data.clusters import date_span
from cxlib.data.source import Source
from cxlib.engagement.loop import ClosedLoop
from cxlib.engagement.schema import Period, Precision
from cxlib.errors import DataError
from cxlib.measures.reading import Reading, day_after, find_sums, read_ratio, read_share
from cxlib.stats.estimate import Estimate
from cxlib.stats.means import t_quantile, t_two_sided_p
from cxlib.stats.survival import SurvivalCurve, survival_curve

NEGATIVE: Mapping[str, int] = {"csat": 2, "nps": 6}
"""The highest answer that is negative, by score."""
CURVE_DAYS = 28
FEWEST = 2
Verdict = Literal["too_few", "unclear", "higher", "lower"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopCurve:
    """The share contacted and the share closed by each day after the answer.

    Attributes:
        days: 0 to ``CURVE_DAYS``, no further than the answers are followed.
        contacted: One estimate per day, 0 before the first contact.
        closed: The same for closed cases.
    """

    days: tuple[int, ...]
    contacted: tuple[Estimate, ...]
    closed: tuple[Estimate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """The next score of customers whose case was closed in time, beside that of the others.

    Attributes:
        closed_before: Mean negative score of those closed.
        closed_after: Their mean next score.
        open_before: Mean negative score of the comparison group.
        open_after: Its mean next score.
        difference: Next score, closed minus not, among equal first scores; None where either
            group is too small. It is the only number that could say "recovered".
        verdict: What the interval of the difference allows.
        n_answers: Negative answers with a later score.
    """

    closed_before: Reading
    closed_after: Reading
    open_before: Reading
    open_after: Reading
    difference: Estimate | None
    verdict: Verdict
    n_answers: int

    @property
    def grade(self) -> Literal["C", "D"]:
        """C with a comparison group, adjusted for the first score; D without one."""
        return "D" if self.difference is None else "C"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopStudy:
    """All measures of the closed loop in one period.

    Attributes:
        period: First and last day of the negative answers.
        rule: Score and promised days.
        kind: The table the follow-ups come from.
        n_negative: Negative answers.
        n_excused: Of these, with a reason for no contact.
        n_bare: Of these, with neither case nor reason.
        n_unmatched: Follow-ups that name no answer.
        reasons: Reason to how often.
        readings: covered, reviewed (where recorded), contacted and closed, in this order.
        median: Half of the answers without a reason were contacted by then, days; None where
            fewer than half were or too few answers.
        curve: None with too few answers or no contact at all.
        recovery: What the customers said next.
    """

    period: Period
    rule: ClosedLoop
    kind: Literal["followups", "cases"]
    n_negative: int
    n_excused: int
    n_bare: int
    n_unmatched: int
    reasons: tuple[tuple[str, int], ...]
    readings: tuple[Reading, ...]
    median: Estimate | None
    curve: LoopCurve | None
    recovery: Recovery

    def reading(self, name: str) -> Estimate | None:
        """Give the share of that name, or None where it is hidden or not recorded."""
        return next((item.estimate for item in self.readings if item.name == name), None)


def loop_study(
    tables: Mapping[str, Source], rule: ClosedLoop, *, period: Period, precision: Precision
) -> LoopStudy | None:
    """Measure what was done after the negative answers of a period.

    Args:
        tables: With answers; followups or else cases, of the same engine.
        rule: Which answers are negative and what is promised.
        period: First and last day of the answers.
        precision: Confidence level and minimum cell.

    Returns:
        None where there is neither table, no customer to link cases by, or no such score.

    Raises:
        DataError: A follow-up dated before the answer it follows.
    """
    answers = tables["answers"]
    loop = _loop(tables, rule, period)
    if loop is None or rule.score not in answers.columns:
        return None
    early, strange = impossible_followups(loop)
    if early:
        raise DataError(
            f"{loop.kind}: contacted_at and closed_at must not be before the answer they follow, "
            f"{early} answers have such a time; correct the times or the answer_id"
        )
    sums = loop_sums(loop)
    wanted = ("covered", *(("reviewed",) if loop.records_review else ()), "contacted", "closed")
    negative = int(find_sums(sums, "covered")[2])
    waits = wait_counts(loop)
    curves = {
        step: _curve(waits[waits["step"] == step], precision["minimum_cell"])
        for step in ("contacted", "closed")
    }
    reached = curves["contacted"]
    return LoopStudy(
        period=period,
        rule=rule,
        kind="followups" if loop.kind == "followups" else "cases",
        n_negative=negative,
        n_excused=int(find_sums(sums, "excused")[1]),
        n_bare=negative - int(find_sums(sums, "covered")[1]),
        n_unmatched=strange,
        reasons=_reasons(reason_counts(loop)),
        readings=tuple(read_share(sums, name, better="higher", **precision) for name in wanted),
        median=None
        if reached is None
        else reached.quantile(0.5, confidence_level=precision["confidence_level"], unit="days"),
        curve=_daily(curves, waits, level=precision["confidence_level"]),
        recovery=recovery(*next_score_sums(loop), **precision),
    )


def recovery(
    means: pd.DataFrame,
    sums: pd.DataFrame,
    *,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> Recovery:
    """Read ``next_score_sums``: the next score with and without a closed case.

        difference = Σ together / Σ moved  (closed minus not, within equal first scores)
        s² = K / (K - 1) · Σ over customers (together - difference · moved)² / (Σ moved)²

    A low score is followed by a higher one on average, whatever is done (regression to the mean),
    so the rise of the closed group alone says nothing. Who was closed was not drawn by lot
    unless the client did so: other differences between the groups stay in.

    Args:
        means: By `grp`, 1 closed.
        sums: One line.
        confidence_level: In [0.9, 1).
        minimum_cell: Fewest answers in each group.

    Source: Barnett, van der Pols and Dobson (2005), International Journal of Epidemiology 34(1);
    Liang and Zeger (1986), Biometrika 73(1).
    """
    precision = Precision(confidence_level=confidence_level, minimum_cell=minimum_cell)
    groups = {grp: means[means["grp"] == grp] for grp in (0, 1)}
    read = {
        (grp, when): read_ratio(
            lines, when, better="higher", unit="rating", group=str(grp), **precision
        )
        for grp, lines in groups.items()
        for when in ("before", "after")
    }
    line = {name: float(sums[name].iloc[0]) for name in sums.columns}
    owners, moved = int(line["n_owners"]), line["moved"]
    enough = all(item.estimate is not None for item in read.values())
    difference = None
    if enough and owners >= FEWEST and moved > 0:
        value = line["together"] / moved
        squares = line["tt"] - 2 * value * line["tm"] + value**2 * line["mm"]
        error = sqrt(max(0.0, squares) * owners / (owners - 1)) / moved
        margin = t_quantile(confidence_level, df=owners - 1) * error
        difference = Estimate(
            value=value,
            ci_lower=value - margin,
            ci_upper=value + margin,
            n_obs=int(line["n_answers"]),
            unit="rating",
            method="difference among equal first scores, clustered by customer",
            confidence_level=confidence_level,
            p_value=t_two_sided_p(value / error, df=owners - 1) if error > 0 else None,
        )
    verdict: Verdict = "too_few"
    if difference is not None:
        verdict = "unclear"
        if difference.excludes(0.0):
            verdict = "higher" if difference.value > 0 else "lower"
    return Recovery(
        closed_before=read[1, "before"],
        closed_after=read[1, "after"],
        open_before=read[0, "before"],
        open_after=read[0, "after"],
        difference=difference,
        verdict=verdict,
        n_answers=int(line["n_answers"]),
    )


def _loop(tables: Mapping[str, Source], rule: ClosedLoop, period: Period) -> Loop | None:
    answers, kind = tables["answers"], "followups" if "followups" in tables else "cases"
    if kind not in tables:
        return None
    follow = tables[kind]
    linked = {"followups": {"answer_id"}, "cases": {"case_id", "customer_id", "opened_at"}}[kind]
    if linked - follow.columns or (kind == "cases" and "customer_id" not in answers.columns):
        return None
    last = date_span(answers, "answered_at")[1]
    if kind == "cases":
        last = max(last, date_span(follow, "opened_at")[1])
    return Loop(
        answers=answers,
        follow=follow,
        kind=kind,
        score=rule.score,
        cut=NEGATIVE[rule.score],
        start=period.start,
        end=day_after(period.end),
        seen=max(day_after(last), day_after(period.start)),
        contact_days=rule.contact_days,
        close_days=rule.close_days,
    )


def _reasons(counts: pd.DataFrame) -> tuple[tuple[str, int], ...]:
    return tuple((str(row["reason"]), int(row["n"])) for row in counts.to_dict("records"))


def _curve(waits: pd.DataFrame, minimum_cell: int) -> SurvivalCurve | None:
    if waits["events"].sum() < 1 or waits["events"].sum() + waits["censored"].sum() < minimum_cell:
        return None
    return survival_curve(
        waits["days"].tolist(),
        events=waits["events"].tolist(),
        censored=waits["censored"].tolist(),
    )


def _daily(
    curves: Mapping[str, SurvivalCurve | None], waits: pd.DataFrame, *, level: float
) -> LoopCurve | None:
    contacted, closed = curves["contacted"], curves["closed"]
    if contacted is None or closed is None:
        return None
    days = tuple(range(min(CURVE_DAYS, int(waits["days"].max())) + 1))
    return LoopCurve(
        days=days,
        contacted=tuple(contacted.share_by(day, confidence_level=level) for day in days),
        closed=tuple(closed.share_by(day, confidence_level=level) for day in days),
    )
