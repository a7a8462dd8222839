"""Who answered of those who were asked, and how far silence could move the score."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cxlib.errors import InputError
from cxlib.measures.distribution import (
    NpsCounts,
    check_columns,
    check_minimum_cell,
    group_name,
)
from cxlib.measures.survey import nps_from_counts
from cxlib.stats.estimate import Estimate
from cxlib.stats.proportions import proportion

STEPS = ("delivered", "opened", "started", "completed")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseRate:
    """The invitations of one group, step by step.

    Attributes:
        group: Values of the ``by`` columns; empty for everyone together.
        sent: Invitations sent; None when hidden, as are the four steps after it.
        rate: completed / delivered, the response rate.
        start_rate: started / delivered; kept apart from ``rate``.
        completion_rate: completed / started: those who began and finished.
        suppressed: Whether the group has fewer delivered invitations than ``minimum_cell``.
    """

    group: tuple[str, ...]
    sent: int | None
    delivered: int | None
    opened: int | None
    started: int | None
    completed: int | None
    rate: Estimate | None
    start_rate: Estimate | None
    completion_rate: Estimate | None
    suppressed: bool
    minimum_cell: int

    @property
    def label(self) -> str:
        """The group's values in one line."""
        return " · ".join(self.group)

    @property
    def n_label(self) -> str:
        """Delivered invitations as a table may print them."""
        return f"<{self.minimum_cell}" if self.delivered is None else str(self.delivered)


@dataclass(frozen=True, slots=True, kw_only=True)
class NpsBounds:
    """How far the score of all invited customers could lie from that of the answerers.

    Attributes:
        lower: Every silent customer a detractor: the Estimate in points.
        upper: Every silent customer a promoter.
        observed: The score of those who answered.
        response_share: Answers / delivered invitations, 0-1.
    """

    lower: Estimate
    upper: Estimate
    observed: Estimate
    response_share: float


def response_rates(
    flags: pd.DataFrame,
    *,
    by: Sequence[str] = (),
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> tuple[ResponseRate, ...]:
    """Estimate the response rate of each group from the invitation log, by Wilson.

        rate = completed / delivered

    Args:
        flags: ``flag_counts`` of invitations: ``*by``, ``n`` (sent), ``delivered``, ``opened``,
            ``started``, ``completed``.
        by: Columns that name the group.
        confidence_level: In [0.9, 1).
        minimum_cell: Groups with fewer delivered invitations come back suppressed.

    Returns:
        One ResponseRate per group, in the frame's order.

    Raises:
        InputError: The log has no delivered invitations, holds only answers, or its steps grow.
    """
    check_minimum_cell(minimum_cell)
    if "delivered" not in flags.columns:
        raise InputError(
            "a response rate needs delivered invitations as its denominator, got columns "
            f"{list(flags.columns)}; count the invitation log, answers cannot stand in for it"
        )
    check_columns(flags, [*by, "n", *STEPS])
    if len(flags) and flags["completed"].sum() == flags["n"].sum() >= minimum_cell:
        raise InputError(
            f"every one of the {flags['n'].sum()} invitations is completed: this table holds "
            "answers, not invitations; count the invitation log"
        )
    rates = []
    for *values, sent, delivered, opened, started, completed in flags[
        [*by, "n", *STEPS]
    ].itertuples(index=False, name=None):
        group = group_name(values)
        _check_steps(group, sent, delivered, opened, started, completed)
        hidden = delivered < minimum_cell
        steps = (
            [None] * 5
            if hidden
            else [int(x) for x in (sent, delivered, opened, started, completed)]
        )
        rates.append(
            ResponseRate(
                group=group,
                sent=steps[0],
                delivered=steps[1],
                opened=steps[2],
                started=steps[3],
                completed=steps[4],
                rate=_rate(completed, delivered, confidence_level, hidden=hidden),
                start_rate=_rate(started, delivered, confidence_level, hidden=hidden),
                completion_rate=_rate(
                    completed, started, confidence_level, hidden=hidden or started < minimum_cell
                ),
                suppressed=hidden,
                minimum_cell=minimum_cell,
            )
        )
    return tuple(rates)


def nps_bounds(counts: NpsCounts, *, delivered: int, confidence_level: float = 0.95) -> NpsBounds:
    """Bound the score of everyone invited without assuming anything about the silent ones.

        lower: silent customers counted as detractors; upper: as promoters

    The width is 200 (1 - response share) points however many answers there are: only a higher
    response rate, or knowledge of the silent customers, can narrow it.

    Args:
        counts: Bands of those who answered.
        delivered: Invitations that arrived, at least the number of answers.
        confidence_level: In [0.9, 1), of each bound's sampling interval.

    Raises:
        InputError: No answer, or fewer invitations than answers.

    Source: Manski (2003), Partial Identification of Probability Distributions.
    """
    silent = delivered - counts.n_obs
    if silent < 0:
        raise InputError(
            f"delivered must be at least the {counts.n_obs} answers, got {delivered}; "
            "use the invitation log as denominator"
        )
    p, s, d = counts.promoters, counts.passives, counts.detractors
    return NpsBounds(
        lower=nps_from_counts(p, s, d + silent, confidence_level=confidence_level),
        upper=nps_from_counts(p + silent, s, d, confidence_level=confidence_level),
        observed=nps_from_counts(p, s, d, confidence_level=confidence_level),
        response_share=counts.n_obs / delivered,
    )


def _rate(x: int, n: int, confidence_level: float, *, hidden: bool) -> Estimate | None:
    if hidden:
        return None
    return proportion(int(x), int(n), confidence_level=confidence_level)


def _check_steps(group: tuple[str, ...], sent: int, *steps: int) -> None:
    previous, before = "sent", sent
    for name, count in zip(STEPS, steps, strict=True):
        # A survey may be started from a link without the opening being seen: opened is no cap.
        if not 0 <= count <= before:
            place = f" in group '{' · '.join(group)}'" if group else ""
            raise InputError(f"{name} must be from 0 to {previous} ({before}), got {count}{place}")
        if name != "opened":
            previous, before = name, count
