"""Every score of an engagement in one call: by any column, any period, weighted or not."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cxlib.data.cell_pairs import SPAN, Spans
from cxlib.data.source import Source
from cxlib.data.summaries import flag_counts
from cxlib.engagement.scales import MetricKind
from cxlib.engagement.schema import Metric, Period, Precision, Window
from cxlib.errors import InputError
from cxlib.measures.cxi_sample import cxi_scores
from cxlib.measures.survey_sample import (
    COLUMN,
    Population,
    Statistic,
    invited_population,
    survey_sample,
)
from cxlib.measures.weighted import WeightedScore, score_groups

ScoreName = Literal["nps", "csat_mean", "csat_top2", "ces_mean", "ces_share", "cxi"]
Step = Literal["month", "quarter"]
PARTS: dict[MetricKind, tuple[tuple[ScoreName, Statistic], ...]] = {
    "nps": (("nps", "nps"),),
    "csat": (("csat_mean", "mean"), ("csat_top2", "share")),
    "ces-v1": (("ces_mean", "mean"), ("ces_share", "share")),
    "ces-v2": (("ces_mean", "mean"), ("ces_share", "share")),
}
CXI_ITEMS = frozenset({"cxi_needs", "cxi_easy", "cxi_enjoyable"})
MONTHS: dict[Step, int] = {"month": 1, "quarter": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSet:
    """Scores of one set of groups.

    Attributes:
        by: What names a group.
        margins: What answers were weighted to; empty where every answer counts 1.
        scores: Per score its groups, sorted; groups under the minimum cell are hidden. A score
            without a contract or a column is absent.
        refused: Scores that could not be made, each with the reason: no answer, one customer,
            or weights that cannot be made.
    """

    by: tuple[str, ...]
    margins: tuple[str, ...]
    scores: Mapping[ScoreName, tuple[WeightedScore, ...]]
    refused: Mapping[ScoreName, str]

    @property
    def weighted(self) -> bool:
        """Whether answers were weighted to everyone invited."""
        return bool(self.margins)

    def of(self, name: ScoreName, group: Sequence[str]) -> WeightedScore | None:
        """Return the score of one group, or None where it has none to show."""
        found = (s for s in self.scores.get(name, ()) if s.group == tuple(group))
        score = next(found, None)
        return None if score is None or score.suppressed else score


def scores(
    answers: Source,
    metrics: Mapping[str, Metric],
    *,
    window: Window,
    precision: Precision,
    by: Sequence[str] = (),
    spans: Spans | None = None,
    population: Population | None = None,
) -> ScoreSet:
    """Score a period's answers by every metric contract: NPS, CSAT, CES and CXi.

    Errors lie between customers, weighted or not. With a population every question is raked to
    those invited where it was asked, and its effective n is Kish's.

    Args:
        answers: One row per answer.
        metrics: The engagement's metric contracts.
        window: Half-open period of a date column.
        precision: Confidence level and minimum cell.
        by: Columns that name the group: touchpoint, channel, segment, store; ``period`` stands
            for the spans.
        spans: Periods by name (`calendar_spans`, or the waves themselves).
        population: Everyone invited, from `WeightingStudy` or, for spans, `invited_in`; None
            leaves every answer with weight 1.

    Raises:
        DataError: A column of ``by`` is absent.
    """
    found: dict[ScoreName, tuple[WeightedScore, ...]] = {}
    refused: dict[ScoreName, str] = {}
    held = answers.columns
    answers.names(*(name for name in by if name != SPAN or spans is None))
    kinds = dict.fromkeys(metric.kind for metric in metrics.values())
    for kind in (kind for kind in kinds if COLUMN.get(kind) in held):
        for name, statistic in PARTS[kind]:
            try:
                sample = survey_sample(
                    answers, metric=kind, window=window, statistic=statistic,
                    population=population, by=by, spans=spans,
                    adjustment="none" if population is None else "raking",
                )  # fmt: skip
            except InputError as error:
                refused[name] = str(error)
                continue
            found[name] = score_groups(sample, **precision)
    if "cxi" in kinds and held >= CXI_ITEMS:
        try:
            found["cxi"] = cxi_scores(
                answers, window=window, population=population, by=by, spans=spans, **precision
            )
        except InputError as error:
            refused["cxi"] = str(error)
    margins = () if population is None else tuple(m for m in population.margins if m != SPAN)
    return ScoreSet(by=tuple(by), margins=margins, scores=found, refused=refused)


def calendar_spans(period: Period, *, step: Step) -> dict[str, tuple[dt.date, dt.date]]:
    """Cut a period into calendar months or quarters, named by their first day.

    The first and the last are cut short where the period starts or ends inside them.
    """
    if step not in MONTHS:
        raise InputError(f"step must be one of {', '.join(MONTHS)}, got {step!r}")
    end = period.end + dt.timedelta(days=1)
    months = MONTHS[step]
    start = dt.date(period.start.year, (period.start.month - 1) // months * months + 1, 1)
    spans = {}
    while start < end:
        year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
        following = dt.date(year, month + 1, 1)
        first = max(start, period.start)
        spans[first.isoformat()] = (first, min(following, end))
        start = following
    return spans


def invited_in(
    invitations: Source, *, margins: Sequence[str], spans: Spans, date: str = "sent_at"
) -> Population | None:
    """Count everyone invited in each period, so that each period's answers stand for its own.

    Args:
        invitations: The invitation log.
        margins: Columns to rake to; none makes no population.
        spans: Periods by name.
        date: Column of the log.

    Raises:
        InputError: A delivered invitation lacks a margin.
    """
    if not margins:
        return None
    counts: dict[str, dict[tuple[str, ...], int]] = {}
    for name, (start, end) in spans.items():
        flags = flag_counts(
            invitations, flags=["delivered"], by=["touchpoint", *margins], date=date,
            start=start, end=end,
        )  # fmt: skip
        for touchpoint, cells in invited_population(flags, margins=margins).counts.items():
            here = counts.setdefault(touchpoint, {})
            here.update({(name, *cell): members for cell, members in cells.items()})
    return Population(margins=(SPAN, *margins), counts=counts)
