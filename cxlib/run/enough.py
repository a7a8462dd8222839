"""Do the tables hold what a diagnosis needs? Asked before a kernel starts, answered all at once."""

from collections.abc import Callable

from cxlib.data.open import Data, TableAudit
from cxlib.data.source import Source
from cxlib.data.summaries import distinct_customers, flag_counts
from cxlib.engagement import Engagement
from cxlib.engagement.schema import Window
from cxlib.errors import CxError, DataError, Problem
from cxlib.measures.branches import showable
from cxlib.measures.response import STEPS, response_rates
from cxlib.measures.scorecard import curve_metric, scorecard

INVITATION_COLUMNS = ("touchpoint", "customer_id", *STEPS)


def check_enough(engagement: Engagement, data: Data) -> None:
    """Check that the answers and invitations of the baseline period carry a diagnosis.

    Raises:
        DataError: Every reason why they do not.
    """
    problems: list[Problem] = []
    for check in (_check_answers, _check_invitations):
        problems += check(engagement, data)
    if problems:
        raise DataError("the tables hold too little for 01_diagnosis", problems)


def _check_answers(engagement: Engagement, data: Data) -> list[Problem]:
    audit, window = data.audit["answers"], engagement.baseline.window("answered_at")
    if not (asked := {metric.kind for metric in engagement.metrics.values()} & {"nps", "csat"}):
        rule = "01_diagnosis needs a metric of kind csat or nps"
        return [Problem(engagement.path.name, "metrics", "", rule, "add the one the client asks")]
    if not asked & set(data["answers"].columns):
        rule = f"a column {' or '.join(sorted(asked))} must exist, as metrics says"
        return [Problem(audit.file, "", "", rule, "map it under columns in engagement.yml")]
    if not distinct_customers(data["answers"], customer="answer_id", **window)["n"].sum():
        return [_nothing_in_period(engagement, audit, "answered_at")]

    def score() -> None:
        points = scorecard(
            data["answers"], engagement.metrics, window=window, precision=engagement.precision,
            by=["touchpoint"],
        )  # fmt: skip
        curve_metric(points)

    remedy = "widen baseline:, merge touchpoints or lower minimum_cell"
    if refused := _refusals(score, audit, "column touchpoint", remedy):
        return refused
    if _one_customer(data["answers"], window):
        rule = "the answers of the baseline period must come from 2 customers or more"
        remedy = "export each answer's own customer, or leave the column empty"
        return [Problem(audit.file, "column customer_id", "", rule, remedy)]
    return []


def _one_customer(answers: Source, window: Window) -> bool:
    """Whether one customer gave every answer, so that no error between customers exists."""
    if "customer_id" not in answers.columns:
        return False
    if distinct_customers(answers, **window)["n_customers"].sum() != 1:
        return False
    # Answers without a customer count as customers of their own; they are one more group.
    return len(distinct_customers(answers, by=["customer_id"], **window)) == 1


def _check_invitations(engagement: Engagement, data: Data) -> list[Problem]:
    audit, source = data.audit["invitations"], data["invitations"]
    window = engagement.baseline.window("sent_at")
    if absent := [name for name in INVITATION_COLUMNS if name not in source.columns]:
        rule, remedy = "01_diagnosis needs this column", "map it under columns in engagement.yml"
        return [Problem(audit.file, f"column {name}", "", rule, remedy) for name in absent]
    overall = flag_counts(source, flags=STEPS, **window)
    if not overall["n"].sum():
        return [_nothing_in_period(engagement, audit, "sent_at")]
    if overall["delivered"].sum() < engagement.minimum_cell:
        found = f"{overall['delivered'].sum()} delivered invitations in the baseline period"
        rule = f"must be {engagement.minimum_cell} or more (minimum_cell)"
        return [Problem(audit.file, "column delivered", found, rule, "complete the log")]
    by_point = flag_counts(source, flags=STEPS, by=["touchpoint"], **window)

    def rates() -> None:
        response_rates(overall, **engagement.precision)
        response_rates(by_point, by=["touchpoint"], **engagement.precision)

    remedy = "correct the log: delivered, started and completed may only fall"
    if refused := _refusals(rates, audit, f"columns {', '.join(STEPS)}", remedy):
        return refused
    return _not_invited(engagement, data, set(by_point["touchpoint"].dropna()))


def _not_invited(engagement: Engagement, data: Data, invited: set[str]) -> list[Problem]:
    """A touchpoint with answers but no invitation has no known frequency."""
    window = engagement.baseline.window("answered_at")
    found = distinct_customers(data["answers"], customer="answer_id", by=["touchpoint"], **window)
    enough = found[found["n"] >= engagement.minimum_cell]["touchpoint"]
    file = data.audit["invitations"].file
    rule = "a touchpoint with answers must have invitations in the baseline period"
    return [
        Problem(file, "column touchpoint", f"none for {point}", rule, "complete the log")
        for point in enough
        if point not in invited
    ]


def _nothing_in_period(engagement: Engagement, audit: TableAudit, column: str) -> Problem:
    period = engagement.baseline
    first, last = (
        "no date" if day is None else str(day.date()) for day in (audit.first_date, audit.last_date)
    )
    return Problem(
        audit.file, f"column {column}", f"{first} to {last}",
        f"some rows must lie in the baseline period, {period.start} to {period.end}",
        f"export those months, or correct baseline: in {engagement.path.name}",
    )  # fmt: skip


def _refusals(
    compute: Callable[[], None], audit: TableAudit, where: str, remedy: str
) -> list[Problem]:
    try:
        compute()
    except CxError as error:
        return [Problem(audit.file, where, "", str(error), remedy)]
    return []


def check_branches(engagement: Engagement, data: Data) -> None:
    """Check that a comparison has branches to show.

    Raises:
        DataError: As ``cxlib.measures.branches.showable``.
    """
    if engagement.comparison is not None:
        showable(
            data["answers"], engagement.metrics, by=engagement.comparison.by,
            period=engagement.review, minimum_cell=engagement.minimum_cell,
        )  # fmt: skip
