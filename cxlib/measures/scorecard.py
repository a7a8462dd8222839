"""The survey scores an engagement asks for, counted and estimated in one call a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cxlib.data.source import Source
from cxlib.data.summaries import score_counts
from cxlib.engagement.schema import Metric, Precision, Window
from cxlib.measures.cxi import CxiScore, cxi
from cxlib.measures.distribution import GroupScore
from cxlib.measures.survey import CesVersion, ces, csat_top2, nps

EFFORT: tuple[CesVersion, ...] = ("ces-v1", "ces-v2")
ITEMS = ("cxi_needs", "cxi_easy", "cxi_enjoyable")


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

    kinds = {metric.kind for metric in metrics.values()}
    held = answers.columns
    effort = next((kind for kind in EFFORT if kind in kinds), None)
    return Scorecard(
        nps=nps(counts("nps"), by=by, **precision) if "nps" in kinds & held else (),
        csat=csat_top2(counts("csat"), by=by, **precision) if "csat" in kinds & held else (),
        ces=ces(counts("ces"), version=effort, by=by, **precision)
        if effort and "ces" in held
        else (),
        cxi=cxi(
            counts(ITEMS[0], *ITEMS[1:]).rename(columns={"score": ITEMS[0]}), by=by, **precision
        )
        if "cxi" in kinds and held.issuperset(ITEMS)
        else (),
    )
