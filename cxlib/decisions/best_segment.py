"""What the best segment already achieves, its luck taken out.

The highest of many groups stands high partly by chance. Its mean is pulled towards all groups by
the share of luck in it; only what is left may speak for a goal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from cxlib.data.source import Source
from cxlib.data.summaries import clustered_moments
from cxlib.engagement.schema import Engagement, Kpi
from cxlib.stats.estimate import Estimate
from cxlib.stats.shrinkage import shrink_means

FEWEST_GROUPS = 3
RATIO = "conversion"
"""The KPI that the store panel measures: sales per enquiry."""
GROUPS = ("channel", "segment")
"""Columns of the answers that make a group, where the client has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BestSegment:
    """The best group of a KPI in the baseline period.

    Attributes:
        kpi: Its id.
        names: Values of ``kinds``: ("online", "member"), or one store.
        kinds: What the names are: "channel", "segment", "store".
        raw: Its own figure.
        shrunken: With its luck taken out.
        n_groups: Groups compared, each with the minimum cell.
    """

    kpi: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    raw: float
    shrunken: Estimate
    n_groups: int

    def reaches(self, level: float, *, better: Literal["higher", "lower"]) -> bool:
        """Whether the shrunken figure is at or past a level."""
        value = self.shrunken.value
        return value >= level if better == "higher" else value <= level


def best_segments(
    answers: Source | None, totals: pd.DataFrame, *, engagement: Engagement
) -> dict[str, BestSegment]:
    """Find the best group of every KPI that some table splits into groups.

    Args:
        answers: Survey answers, None where the client has none.
        totals: As for ``best_store``; the KPI `conversion` is read from it.
        engagement: KPIs, baseline period, minimum cell.
    """
    found = {} if answers is None else best_in_answers(answers, engagement=engagement)
    if ratio := next((kpi for kpi in engagement.kpis if kpi.id == RATIO), None):
        store = best_store(
            totals,
            kpi=ratio,
            minimum_cell=engagement.minimum_cell,
            confidence_level=engagement.confidence_level,
        )
        if store:
            found[ratio.id] = store
    return found


def best_in_answers(answers: Source, *, engagement: Engagement) -> dict[str, BestSegment]:
    """Find the best channel and segment of each KPI that is a survey score.

    Args:
        answers: With the score's column, customer_id, answered_at, channel and segment.
        engagement: KPIs, metrics, baseline period, minimum cell.

    Returns:
        By KPI id; a KPI without 3 groups of the minimum cell is absent.
    """
    kinds = tuple(name for name in GROUPS if name in answers.columns)
    found: dict[str, BestSegment] = {}
    for kpi in engagement.kpis:
        metric = engagement.metrics.get(kpi.id)
        if metric is None or kpi.id not in answers.columns or not kinds:
            continue
        if (metric.kind == "nps") != (kpi.unit == "points") or kpi.unit == "share":
            continue
        moments = clustered_moments(
            answers,
            columns=[kpi.id],
            coding="nps" if metric.kind == "nps" else "value",
            by=kinds,
            **engagement.baseline.window("answered_at"),
        )
        scale = 100.0 if metric.kind == "nps" else 1.0
        rows = moments[(moments["n"] >= engagement.minimum_cell) & (moments["n_clusters"] > 1)]
        rows = rows.assign(
            value=scale * rows["mean"],
            variance=scale**2
            * rows["n_clusters"] / (rows["n_clusters"] - 1)
            * rows["squares"] / rows["n"] ** 2,
        )  # fmt: skip
        if best := _best(rows, kpi, kinds, level=engagement.confidence_level):
            found[kpi.id] = best
    return found


def best_store(
    totals: pd.DataFrame, *, kpi: Kpi, minimum_cell: int, confidence_level: float = 0.95
) -> BestSegment | None:
    """Find the store with the best ratio of sales to enquiries.

    Args:
        totals: ``group_moments`` of the store panel's `sales` and `enquiries` by `store` over the
            baseline period; further keys do no harm.
        kpi: The KPI that is sales per enquiry.
        minimum_cell: Fewest enquiries of a store.
        confidence_level: Of the interval.

    Returns:
        The store, or None under 3 stores with enough.
    """
    sales = (totals["mean_sales"] * totals["n_sales"]).astype(float)
    base = (totals["mean_enquiries"] * totals["n_enquiries"]).astype(float)
    rows = pd.DataFrame({"store": totals["store"], "n": base.round(), "value": sales / base})
    rows["variance"] = rows["value"] * (1 - rows["value"]) / base
    rows = rows[(rows["n"] >= minimum_cell) & (rows["variance"] > 0)]
    return _best(rows, kpi, ("store",), level=confidence_level)


def _best(
    rows: pd.DataFrame, kpi: Kpi, kinds: Sequence[str], *, level: float
) -> BestSegment | None:
    rows = rows[rows["variance"] > 0]
    if len(rows) < FEWEST_GROUPS:
        return None
    means = shrink_means(
        rows["value"].tolist(),
        rows["variance"].tolist(),
        n_obs=[int(n) for n in rows["n"]],
        unit=kpi.unit,
        confidence_level=level,
    )
    sign = 1 if kpi.direction == "higher" else -1
    place = max(range(len(means)), key=lambda n: sign * means[n].shrunken.value)
    return BestSegment(
        kpi=kpi.id,
        names=tuple(str(rows[kind].iloc[place]) for kind in kinds),
        kinds=tuple(kinds),
        raw=means[place].raw,
        shrunken=means[place].shrunken,
        n_groups=len(means),
    )
