"""The service desk: first-contact resolution, transfers, first replies, handling time."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cxlib.data.clusters import date_span
from cxlib.data.contacts import (
    handling_sums,
    issue_sums,
    promise_sums,
    recorded_parts,
    reply_counts,
    unlinked_cases,
)
from cxlib.data.source import Source
from cxlib.engagement.schema import Period, Precision
from cxlib.measures.distribution import check_columns, check_minimum_cell
from cxlib.measures.reading import (
    Reading,
    covered_period,
    day_after,
    find_sums,
    groups_of,
    read_ratio,
    read_share,
)
from cxlib.stats.estimate import Estimate
from cxlib.stats.survival import survival_curve

SECOND = 1 / 60
"""In minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issues:
    """What happened to the issues that began in a period.

    Attributes:
        readings: resolved, transferred, explained_again, contacts, in this order; a flag the
            client does not record is left out.
        window_days: Follow-up of every issue.
        n_issues: Issues that began in the period.
        n_open: Of these, mature, without a repeat and not closed: neither resolved nor not.
        n_young: Of these, without a whole window yet: counted in no measure.
    """

    readings: tuple[Reading, ...]
    window_days: int
    n_issues: int
    n_open: int
    n_young: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """How long customers waited for the first reply.

    Attributes:
        group: Channel; "" is every channel.
        median: Half of all contacts were answered by then, minutes; None when hidden or when
            fewer than half were answered.
        p90: Nine in ten, minutes.
        n_contacts: Contacts of the period.
        n_waiting: Of these, not answered when the table ends.
    """

    group: str
    median: Estimate | None
    p90: Estimate | None
    n_contacts: int
    n_waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One channel beside the others: within the promise, waiting time, handling time."""

    name: str
    within: Reading
    replies: Replies
    handling: Reading | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDesk:
    """All measures of the service cases in one period.

    Attributes:
        period: The part of the asked period the table covers.
        issues: None where the table names no issues.
        within: Share of contacts answered within the promise; None without reply times.
        replies: All channels; None without reply times.
        handling: Minutes per handled contact, a guardrail; None where no part is recorded.
        parts: The recorded parts of handling time.
        channels: The same by channel, where the table has one.
        promise_minutes: The promise.
        n_unlinked: Contacts that name no issue.
        absent: Columns that would be needed for what is None.
    """

    period: Period
    issues: Issues | None
    within: Reading | None
    replies: Replies | None
    handling: Reading | None
    parts: tuple[str, ...]
    channels: tuple[Channel, ...]
    promise_minutes: int
    n_unlinked: int
    absent: tuple[str, ...]


def service_desk(
    cases: Source,
    *,
    period: Period,
    precision: Precision,
    window_days: int = 7,
    promise_minutes: int = 15,
) -> ServiceDesk:
    """Measure the service cases of a period.

    Args:
        cases: One row per contact.
        period: Asked for; the result says which part of it the table covers.
        precision: Confidence level and minimum cell.
        window_days: A repeat inside this window means the first contact did not resolve it.
        promise_minutes: Whole minutes in which a first reply is promised.

    Raises:
        DataError: opened_at is absent or empty.
        InputError: An impossible window or promise.
    """
    period = covered_period(cases, "opened_at", period)
    end = day_after(period.end)
    seen = day_after(date_span(cases, "opened_at")[1])
    absent = [c for c in ("issue_id", "closed_at", "first_reply_at") if c not in cases.columns]
    parts = recorded_parts(cases)
    issues, unlinked = None, 0
    if not {"issue_id", "closed_at"} & set(absent):
        sums = issue_sums(cases, window_days=window_days, start=period.start, end=end, seen=seen)
        unlinked = unlinked_cases(cases, start=period.start, end=end)
        known = [f for f in ("transferred", "explained_again") if f in cases.columns]
        issues = first_contact(sums, window_days=window_days, flags=known, **precision)
    within = replies = handling = None
    if "first_reply_at" not in absent:
        promised = promise_sums(
            cases, promise_minutes=promise_minutes, start=period.start, end=end, seen=seen
        )
        within = read_share(promised, "within", better="higher", **precision)
        waits = reply_counts(cases, start=period.start, end=end, seen=seen)
        replies = reply_times(waits, **precision)
    if parts:
        handled = handling_sums(cases, start=period.start, end=end)
        handling = handling_time(handled, **precision)
    channels: tuple[Channel, ...] = ()
    if "channel" in cases.columns and replies is not None:
        channels = _channels(
            promise_sums(
                cases,
                promise_minutes=promise_minutes,
                start=period.start,
                end=end,
                seen=seen,
                by="channel",
            ),
            reply_counts(cases, start=period.start, end=end, seen=seen, by="channel"),
            handling_sums(cases, start=period.start, end=end, by="channel") if parts else None,
            precision=precision,
        )
    return ServiceDesk(
        period=period,
        issues=issues,
        within=within,
        replies=replies,
        handling=handling,
        parts=parts,
        channels=channels,
        promise_minutes=promise_minutes,
        n_unlinked=unlinked,
        absent=(*absent, *(() if parts else ("talk_seconds",))),
    )


def first_contact(
    sums: pd.DataFrame,
    *,
    window_days: int,
    flags: Sequence[str] = ("transferred", "explained_again"),
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> Issues:
    """Read ``issue_sums``: first-contact resolution, transfers, retelling, contacts per issue.

        resolution = issues without a repeat inside the window / issues closed

    An issue with a repeat inside the window is unresolved whether closed or not; one without a
    repeat that is still open is neither and left out, counted in ``n_open``.

    Args:
        sums: ``issue_sums`` without groups.
        window_days: The one they were counted with.
        flags: Flags the client records.
        confidence_level: In [0.9, 1).
        minimum_cell: Measures on fewer issues are hidden.
    """
    check_minimum_cell(minimum_cell)
    check_columns(sums, ["measure", "n_clusters", "total", "base", "squares"])
    precision = Precision(confidence_level=confidence_level, minimum_cell=minimum_cell)
    shares = [read_share(sums, "resolved", better="higher", **precision)]
    shares += [read_share(sums, flag, better="lower", **precision) for flag in flags]
    _, n_open, n_issues, _ = find_sums(sums, "open")
    return Issues(
        readings=(*shares, read_ratio(sums, "contacts", better="lower", **precision)),
        window_days=window_days,
        n_issues=int(n_issues),
        n_open=int(n_open),
        n_young=int(find_sums(sums, "young")[1]),
    )


def handling_time(
    sums: pd.DataFrame,
    *,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
    group: str = "",
) -> Reading:
    """Read ``handling_sums``: average handling time in minutes, a guardrail without direction.

        AHT = Σ (talk + hold + wrap) / contacts handled

    A ratio of sums over customers, never a mean of the channels' means.
    """
    return read_ratio(
        sums,
        "handling",
        better="none",
        unit="minutes",
        scale=SECOND,
        group=group,
        confidence_level=confidence_level,
        minimum_cell=minimum_cell,
    )


def reply_times(
    counts: pd.DataFrame,
    *,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
    group: str = "",
) -> Replies:
    """Read ``reply_counts``: median and 90th percentile of the wait for a first reply.

    Contacts not answered yet wait at least as long as seen (Kaplan-Meier): leaving them out
    would make slow desks look quick. Contacts count as independent.

    Args:
        counts: Columns `seconds`, `replied`, `waiting`.
        confidence_level: In [0.9, 1).
        minimum_cell: Both quantiles are hidden under this many contacts.
        group: Its name.
    """
    check_columns(counts, ["seconds", "replied", "waiting"])
    replied, waiting = int(counts["replied"].sum()), int(counts["waiting"].sum())
    median = p90 = None
    if replied + waiting >= minimum_cell and replied:
        curve = survival_curve(
            counts["seconds"].tolist(),
            events=counts["replied"].tolist(),
            censored=counts["waiting"].tolist(),
        )
        median, p90 = (
            curve.quantile(share, confidence_level=confidence_level, scale=SECOND)
            for share in (0.5, 0.9)
        )
    return Replies(
        group=group,
        median=median,
        p90=p90,
        n_contacts=replied + waiting,
        n_waiting=waiting,
    )


def _channels(
    promised: pd.DataFrame,
    waits: pd.DataFrame,
    handled: pd.DataFrame | None,
    *,
    precision: Precision,
) -> tuple[Channel, ...]:
    return tuple(
        Channel(
            name=name,
            within=read_share(
                promised[promised["channel"] == name],
                "within",
                better="higher",
                group=name,
                **precision,
            ),
            replies=reply_times(waits[waits["channel"] == name], group=name, **precision),
            handling=None
            if handled is None
            else handling_time(handled[handled["channel"] == name], group=name, **precision),
        )
        for name in groups_of(promised, "channel")
    )
