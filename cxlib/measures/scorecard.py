"""The survey scores an engagement asks for, counted and estimated in one call a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from cxlib.data.source import Source
from cxlib.data.summaries import distinct_customers, score_counts
from cxlib.engagement.scales import MetricKind
from cxlib.engagement.schema import Metric, Precision, Window
from cxlib.errors import InputError
from cxlib.measures.cxi import CxiScore, cxi
from cxlib.measures.cxi_sample import cxi_scores
from cxlib.measures.distribution import GroupScore, band, nps_bands
from cxlib.measures.response import nps_bounds
from cxlib.measures.survey import CesVersion, ces, csat_top2, nps
from cxlib.measures.survey_sample import Statistic
from cxlib.measures.weighted import WeightedScore, weighted_scores
from cxlib.stats.estimate import Estimate, Unit

EFFORT: tuple[CesVersion, ...] = ("ces-v1", "ces-v2")
ITEMS = ("cxi_needs", "cxi_easy", "cxi_enjoyable")
JOURNEY_POINTS = 2
HeadlineMetric = Literal["nps", "csat"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """Each score of the metric contracts by group; empty where it is not asked.

    Attributes:
        nps: Net Promoter Score, points.
        csat: Share of answers 4 and 5.
        ces: Mean of the engagement's CES version.
        cxi: Index of three items, points.
    """

    nps: tuple[GroupScore, ...] = ()
    csat: tuple[GroupScore, ...] = ()
    ces: tuple[GroupScore, ...] = ()
    cxi: tuple[CxiScore, ...] = ()


def scorecard(
    answers: Source,
    metrics: Mapping[str, Metric],
    *,
    window: Window,
    precision: Precision,
    by: Sequence[str] = (),
) -> Scorecard:
    """Score the answers of a period by every metric contract that has a column in them.

    Where answers name their customer, intervals lie between customers: one who answers often is
    one customer, not many. Without customers every answer counts as independent.

    Args:
        answers: One row per answer.
        metrics: The engagement's metric contracts; a metric not contracted is not scored.
        window: Half-open period of a date column.
        precision: Confidence level and minimum cell.
        by: Columns that name the group.

    Raises:
        DataError: A column of ``by`` is absent.
    """

    def counts(score: str, *more: str) -> pd.DataFrame:
        return score_counts(answers, score=score, by=[*by, *more], **window)

    def between(
        plain: tuple[GroupScore, ...], metric: MetricKind, statistic: Statistic
    ) -> tuple[GroupScore, ...]:
        if not clustered or all(score.suppressed for score in plain):
            return plain
        try:
            found = weighted_scores(
                answers, metric=metric, window=window, statistic=statistic, adjustment="none",
                by=by, **precision,
            )  # fmt: skip
        except InputError:  # one customer gave every answer: no error between customers exists
            return plain
        known = _estimates(found)
        return tuple(
            replace(score, estimate=known.get(score.group, score.estimate))
            if not score.suppressed else score
            for score in plain
        )  # fmt: skip

    def index() -> tuple[CxiScore, ...]:
        joint = counts(ITEMS[0], *ITEMS[1:]).rename(columns={"score": ITEMS[0]})
        plain = cxi(joint, by=by, **precision)
        if not clustered or all(score.suppressed for score in plain):
            return plain
        try:
            known = _estimates(cxi_scores(answers, window=window, by=by, **precision))
        except InputError:
            return plain
        return tuple(
            replace(score, index=known.get(score.group, score.index))
            if not score.suppressed else score
            for score in plain
        )  # fmt: skip

    kinds = {metric.kind for metric in metrics.values()}
    held = answers.columns
    clustered = "customer_id" in held
    effort = next((kind for kind in EFFORT if kind in kinds), None)
    return Scorecard(
        nps=between(nps(counts("nps"), by=by, **precision), "nps", "nps")
        if "nps" in kinds & held
        else (),
        csat=between(csat_top2(counts("csat"), by=by, **precision), "csat", "share")
        if "csat" in kinds & held
        else (),
        ces=between(ces(counts("ces"), version=effort, by=by, **precision), effort, "mean")
        if effort and "ces" in held
        else (),
        cxi=index() if "cxi" in kinds and held.issuperset(ITEMS) else (),
    )


def _estimates(found: Sequence[WeightedScore]) -> dict[tuple[str, ...], Estimate]:
    """Estimates of the groups that more than one customer stands behind."""
    return {score.group: score.estimate for score in found if score.estimate is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The score a diagnosis opens with, and how far silence could move it.

    Attributes:
        score: Of all answers: NPS where it is asked, else the share of satisfied customers.
        lower: The score if every silent customer were a detractor or dissatisfied.
        upper: The score if every silent customer were a promoter or satisfied.
    """

    score: GroupScore
    lower: float
    upper: float

    @property
    def metric(self) -> HeadlineMetric:
        """Which of the two questions."""
        return "nps" if self.score.metric == "nps" else "csat"

    @property
    def unit(self) -> Unit:
        """Unit of the score and of both bounds."""
        return self.score.shown.unit


def headline(overall: Scorecard, points: Scorecard, *, delivered: int) -> Headline:
    """Choose the score a diagnosis opens with: NPS, or CSAT for a client who asks no NPS.

    Args:
        overall: Scores of everyone together.
        points: Scores by touchpoint; a metric that can be shown at none of them is passed over.
        delivered: Invitations that arrived; the answers themselves where they are more.

    Raises:
        InputError: Neither question has a touchpoint with enough answers.
    """
    if any(not score.suppressed for score in points.nps):
        score = overall.nps[0]
        bands = nps_bands(score.distribution)
        bounds = nps_bounds(bands, delivered=max(delivered, bands.n_obs))
        return Headline(score=score, lower=bounds.lower.value, upper=bounds.upper.value)
    if any(not score.suppressed for score in points.csat):
        score = overall.csat[0]
        invited = max(delivered, score.shown.n_obs)
        satisfied = band(score.distribution, 4, 5)
        silent = invited - score.shown.n_obs
        return Headline(
            score=score, lower=satisfied / invited, upper=(satisfied + silent) / invited
        )
    raise InputError("no touchpoint has enough NPS or CSAT answers to show a score")


def curve_metric(points: Scorecard) -> HeadlineMetric:
    """Choose what the emotion curve is drawn on: satisfaction, or NPS where it is not asked.

    Raises:
        InputError: Neither can be shown at two touchpoints.
    """
    metrics: tuple[HeadlineMetric, ...] = ("csat", "nps")
    shown = {name: sum(not score.suppressed for score in getattr(points, name)) for name in metrics}
    for name in metrics:
        if shown[name] >= JOURNEY_POINTS:
            return name
    scores = (*points.nps, *points.csat)
    floor = f"{scores[0].minimum_cell} or more" if scores else "enough"
    raise InputError(
        f"a diagnosis needs {JOURNEY_POINTS} touchpoints with {floor} CSAT or NPS answers each; "
        f"CSAT has {shown['csat']}, NPS has {shown['nps']}"
    )


def answered_by(answers: Source, window: Window) -> tuple[int, int | None]:
    """Count the answers of a period and the customers behind them.

    Returns:
        Answers and different customers; None for customers where answers carry no customer.
    """
    named = "customer_id" in answers.columns
    found = distinct_customers(
        answers, customer="customer_id" if named else "answer_id", **window
    ).iloc[0]
    return int(found["n"]), int(found["n_customers"]) if named else None
