# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""Questions that follow negative answers: contacted, closed, and what the customer says next.

A follow-up comes from the table ``followups`` (one line per answer) or, where there is none, from
the first service case the same customer opened within some days of the answer. `seen` is the day
after the last day the tables cover: what is not done by then is not known, never counted as done.
"""

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from cxlib.data.clusters import (
    check_days,
    check_range,
    cluster_sums,
    span_seconds,
    sql_days,
    sql_moment,
    within,
)
from cxlib.data.query import to_floats
from cxlib.data.source import Source

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """Which answers are asked about and where their follow-up stands.

    Attributes:
        answers: One row per answer.
        follow: The follow-ups or the service cases, of the same engine.
        kind: Which of the two.
        score: Column of the answers.
        cut: Answers up to here are negative.
        start: First day of a negative answer.
        end: Day after the last.
        seen: Day after the last day the tables cover.
        contact_days: Promised time to the first contact.
        close_days: Promised time to the closed case; a service case opened later is no follow-up.
    """

    answers: Source
    follow: Source
    kind: str
    score: str
    cut: int
    start: dt.date
    end: dt.date
    seen: dt.date
    contact_days: int
    close_days: int

    def __post_init__(self) -> None:
        check_range(self.start, self.end)
        check_days("contact_days", self.contact_days)
        check_days("close_days", self.close_days)

    @property
    def records_review(self) -> bool:
        """Whether it is recorded that somebody read the answer."""
        return self.kind == "followups" and "reviewed" in self.follow.columns

    def rows(self) -> str:
        """Write one row per negative answer: owner, said_at, x, what was done and when."""
        answer, said, x = self.answers.names("answer_id", "answered_at", self.score)
        negative = (
            f"select cast({answer} as varchar(200)) as answer, {self.owner(answer)} as owner, "
            f"{said} as said_at, {x} as x from {self.answers.table} "
            f"where {x} <= {int(self.cut)} and {within(said, self.start, self.end)}"
        )
        return (
            "select n.answer, n.owner, n.said_at, n.x, "
            "case when f.answer is null then 0 else 1 end as listed, "
            "case when f.reason is null then 0 else 1 end as excused, "
            "coalesce(f.reason, '') as reason, coalesce(f.reviewed, 0) as reviewed, "
            f"{self._done('f.contacted_at')} as contacted_at, "
            f"{self._done('f.closed_at')} as closed_at "
            f"from ({negative}) as n left join ({self._followed(negative)}) as f "
            "on f.answer = n.answer"
        )

    def owner(self, answer: str) -> str:
        """Write who gave an answer; one without a customer stands alone."""
        alone = f"cast({answer} as varchar(200))"
        if "customer_id" not in self.answers.columns:
            return alone
        return f"coalesce(cast({self.answers.names('customer_id')[0]} as varchar(200)), {alone})"

    def _done(self, moment: str) -> str:
        return f"case when {moment} < {sql_moment(self.seen)} then {moment} end"

    def _followed(self, negative: str) -> str:
        named = {
            name: self.follow.names(name)[0]
            if name in self.follow.columns
            else f"cast(null as {kind})"
            for name, kind in (
                ("reviewed", "integer"), ("contacted_at", "timestamp"), ("closed_at", "timestamp"),
                ("reason", "varchar(200)"), ("first_reply_at", "timestamp"),
            )
        }  # fmt: skip
        if self.kind == "followups":
            return (
                f"select cast({self.follow.names('answer_id')[0]} as varchar(200)) as answer, "
                f"{named['reviewed']} as reviewed, {named['contacted_at']} as contacted_at, "
                f"{named['closed_at']} as closed_at, {named['reason']} as reason "
                f"from {self.follow.table}"
            )
        case, who, opened = self.follow.names("case_id", "customer_id", "opened_at")
        ranked = (
            "select n.answer, c.replied, c.closed, row_number() over "
            "(partition by n.answer order by c.opened, c.case_key) as place "
            f"from ({negative}) as n join (select cast({who} as varchar(200)) as person, "
            f"cast({case} as varchar(200)) as case_key, {opened} as opened, "
            f"{named['first_reply_at']} as replied, {named['closed_at']} as closed "
            f"from {self.follow.table}) as c on c.person = n.owner and c.opened >= n.said_at "
            f"and c.opened <= n.said_at + {sql_days(self.close_days)}"
        )
        return (
            "select answer, cast(null as integer) as reviewed, replied as contacted_at, "
            "closed as closed_at, cast(null as varchar(200)) as reason "
            f"from ({ranked}) as r where place = 1"
        )


def loop_sums(loop: Loop) -> pd.DataFrame:
    """Count what became of the negative answers, by customer.

    Returns:
        ``cluster_sums`` of `covered` (a case or a reason), `excused` (a reason), `reviewed`, all
        over negative answers; `contacted` and `closed` within their promise, over answers without
        a reason whose time is over or that were followed up in it.
    """
    todo = "1 - excused"

    def kept(moment: str, days: int) -> tuple[str, str]:
        due = f"said_at + {sql_days(days)}"
        met = f"excused = 0 and {moment} <= {due}"
        known = f"{met} or (excused = 0 and {due} <= {sql_moment(loop.seen)})"
        return f"case when {met} then 1 else 0 end", f"case when {known} then 1 else 0 end"

    return cluster_sums(
        loop.answers,
        rows=loop.rows(),
        measures={
            "covered": ("listed", "1"),
            "excused": ("excused", "1"),
            "reviewed": ("reviewed", "1"),
            "contacted": kept("contacted_at", loop.contact_days),
            "closed": kept("closed_at", loop.close_days),
            "open": (todo, "1"),
        },
    )


def reason_counts(loop: Loop) -> pd.DataFrame:
    """Count the reasons for not contacting: columns `reason`, `n`; most frequent first."""
    found = loop.answers.ask(
        f"select reason, count(*) as n from ({loop.rows()}) as r where excused = 1 group by reason"
    )
    counted = found.assign(n=to_floats(found["n"]).astype("int64"))
    return counted.sort_values(["n", "reason"], ascending=[False, True], ignore_index=True)


def wait_counts(loop: Loop) -> pd.DataFrame:
    """Count waits in whole days, rounded up, of answers without a reason; open ones censored.

    Returns:
        Columns `step` (contacted, closed), `days`, `events`, `censored`; sorted.
    """
    steps = []
    for step, moment in (("contacted", "contacted_at"), ("closed", "closed_at")):
        until = f"coalesce({moment}, {sql_moment(loop.seen)})"
        waited = (
            f"select case when {moment} is null then 0 else 1 end as done, "
            f"{span_seconds(f'({until} - said_at)')} as s from ({loop.rows()}) as r "
            "where excused = 0"
        )
        found = loop.answers.ask(
            "select days, sum(done) as events, sum(1 - done) as censored from (select done, "
            f"case when done = 1 then ceil(1e0 * s / {DAY_SECONDS}) "
            f"else floor(1e0 * s / {DAY_SECONDS}) end as days from ({waited}) as w) as d "
            "group by days"
        )
        steps.append(
            pd.DataFrame(
                {
                    "step": step,
                    "days": to_floats(found["days"]),
                    "events": to_floats(found["events"]).astype("int64"),
                    "censored": to_floats(found["censored"]).astype("int64"),
                }
            ).sort_values("days", ignore_index=True)
        )
    return pd.concat(steps, ignore_index=True)


def impossible_followups(loop: Loop) -> tuple[int, int]:
    """Count negative answers contacted before they were given, and follow-ups of no answer."""
    early = loop.answers.ask(
        f"select count(*) as n from ({loop.rows()}) as r "
        "where contacted_at < said_at or closed_at < said_at"
    )
    if loop.kind != "followups":
        return int(early["n"].iloc[0]), 0
    (answer,) = loop.answers.names("answer_id")
    (followed,) = loop.follow.names("answer_id")
    strange = loop.answers.ask(
        f"select count(*) as n from {loop.follow.table} as f left join (select "
        f"cast({answer} as varchar(200)) as answer from {loop.answers.table}) as a "
        f"on a.answer = cast(f.{followed} as varchar(200)) where a.answer is null"
    )
    return int(early["n"].iloc[0]), int(strange["n"].iloc[0])


def next_score_sums(loop: Loop) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add up the next score of negative answers whose case was closed in time, and of the rest.

        x the negative score, y the customer's first score after said_at + close_days, z 1 when
        the case was closed by then; answers with a reason, or without a later score, are left out
        moved = Σ (z - z̄)²   together = Σ (z - z̄)(y - ȳ), both within answers of one x

    A landmark: both groups must have waited as long, so that a customer is not called closed for
    having stayed away long enough.

    Returns:
        ``cluster_sums`` of `before` and `after` by `grp` (1 closed), and one line with
        `n_answers`, `n_owners`, `moved`, `together`, `tt`, `tm`, `mm` as in ``score_followups``.
    """
    answer, said, x = loop.answers.names("answer_id", "answered_at", loop.score)
    due = f"said_at + {sql_days(loop.close_days)}"
    later = (
        "select r.answer, a.y, row_number() over (partition by r.answer "
        f"order by a.again_at, a.key_of) as place from ({loop.rows()}) as r join (select "
        f"cast({answer} as varchar(200)) as key_of, {loop.owner(answer)} as who, "
        f"{said} as again_at, {x} as y from {loop.answers.table} where {x} is not null) as a "
        f"on a.who = r.owner and a.again_at > r.{due} "
        f"and a.again_at < {sql_moment(loop.seen)} where r.excused = 0"
    )
    paired = (
        "select r.owner, 1e0 * r.x as x, 1e0 * l.y as y, "
        f"case when r.closed_at <= r.{due} then 1 else 0 end as grp "
        f"from ({loop.rows()}) as r join ({later}) as l on l.answer = r.answer and l.place = 1"
    )
    means = cluster_sums(
        loop.answers,
        rows=paired,
        keys=("grp",),
        measures={"before": ("x", "1"), "after": ("y", "1")},
    )
    centred = (
        "select owner, grp - avg(1e0 * grp) over (partition by x) as z, "
        f"y - avg(y) over (partition by x) as y from ({paired}) as p"
    )
    each = (
        "select owner, count(*) as n, sum(z * z) as moved, sum(z * y) as together "
        f"from ({centred}) as c group by owner"
    )
    sums = loop.answers.ask(
        "select coalesce(sum(n), 0) as n_answers, count(*) as n_owners, "
        "coalesce(sum(moved), 0) as moved, coalesce(sum(together), 0) as together, "
        "coalesce(sum(together * together), 0) as tt, coalesce(sum(together * moved), 0) as tm, "
        f"coalesce(sum(moved * moved), 0) as mm from ({each}) as e"
    )
    return means, sums.astype("float64")
