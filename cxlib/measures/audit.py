"""The non-response audit of a period: who was asked, who answered, and what weighting repairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cxlib.data.cell_pairs import cell_pairs
from cxlib.data.source import Source
from cxlib.data.summaries import distinct_customers, flag_counts
from cxlib.engagement.scales import MetricKind
from cxlib.engagement.schema import Metric, Window
from cxlib.errors import InputError
from cxlib.measures.representativity import (
    MarginShare,
    WeightingChange,
    representativity,
    weighting_change,
)
from cxlib.measures.response import STEPS, ResponseRate, response_rates
from cxlib.measures.survey_sample import (
    COLUMN,
    Population,
    Statistic,
    invited_population,
    survey_sample,
)

REPORTED: dict[MetricKind, Statistic] = {
    "nps": "nps", "csat": "share", "ces-v1": "mean", "ces-v2": "mean",
}  # fmt: skip
"""The statistic by which reports show each metric."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginAudit:
    """Response and representativity by the categories of one margin.

    Attributes:
        margin: The column ("segment").
        rates: Response rate per category; invitations without a value are left out.
        shares: Share of the answers against share of the invitations, in the same order; empty
            where some category is all answers or the log allows no comparison.
    """

    margin: str
    rates: tuple[ResponseRate, ...]
    shares: tuple[MarginShare, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightingStudy:
    """Each score before and after weighting.

    Attributes:
        margins: What answers were raked to; empty where nothing could be.
        changes: Per metric.
        refused: Why metrics could not be weighted, one message each.
        population: Everyone invited; None where no margin is filled in.
    """

    margins: tuple[str, ...]
    changes: Mapping[MetricKind, WeightingChange]
    refused: tuple[str, ...]
    population: Population | None


def response_audits(
    invitations: Source,
    *,
    margins: Sequence[str],
    window: Window,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> dict[str, MarginAudit]:
    """Audit the response by each margin that the invitation log has.

    Args:
        invitations: The invitation log.
        margins: Columns; those that the log lacks have no entry in the answer.
        window: Half-open period of the date they were sent.
        confidence_level: In [0.9, 1).
        minimum_cell: Categories with fewer delivered invitations are hidden.

    Raises:
        InputError: The log counts impossible steps.
    """
    found = {}
    for margin in margins:
        if margin not in invitations.columns:
            continue
        flags = flag_counts(invitations, flags=STEPS, by=[margin], **window)
        rates = response_rates(
            flags.dropna(subset=[margin]), by=[margin], confidence_level=confidence_level,
            minimum_cell=minimum_cell,
        )  # fmt: skip
        pairs = cell_pairs(
            invitations,
            score="completed",
            by=[margin],
            alone="invitation_id",
            equals={"delivered": 1},
            **window,
        )
        named = pairs.dropna(subset=[margin, f"other_{margin}"])
        answered = int(named.loc[named[margin] == named[f"other_{margin}"], "total"].sum())
        delivered = sum(int(n) for n in flags.dropna(subset=[margin])["delivered"])
        shares = (
            representativity(
                named, margin=margin, confidence_level=confidence_level, minimum_cell=minimum_cell
            )
            if 0 < answered < delivered
            else ()
        )
        found[margin] = MarginAudit(margin=margin, rates=rates, shares=shares)
    return found


def weighting_study(
    answers: Source,
    invitations: Source,
    metrics: Mapping[str, Metric],
    *,
    margins: Sequence[str],
    answered: Window,
    sent: Window,
    confidence_level: float = 0.95,
) -> WeightingStudy:
    """Weight every score of the metric contracts to everyone invited in the period.

    A margin that either table lacks, or leaves empty in some row of the period, is not used.

    Args:
        answers: One row per answer.
        invitations: The invitation log.
        metrics: The engagement's metric contracts.
        margins: Columns to rake to.
        answered: Period of the answers.
        sent: Period of the invitations.
        confidence_level: In [0.9, 1).
    """
    usable = tuple(
        margin
        for margin in margins
        if _filled(answers, margin, answered) and _filled(invitations, margin, sent)
    )
    if not usable:
        return WeightingStudy(margins=(), changes={}, refused=(), population=None)
    flags = flag_counts(invitations, flags=["delivered"], by=["touchpoint", *usable], **sent)
    people = invited_population(flags, margins=usable)
    changes: dict[MetricKind, WeightingChange] = {}
    refused = []
    for kind in dict.fromkeys(metric.kind for metric in metrics.values()):
        if COLUMN.get(kind) not in answers.columns:
            continue
        try:
            sample = survey_sample(
                answers, metric=kind, window=answered, statistic=REPORTED[kind], population=people
            )
            changes[kind] = weighting_change(sample, confidence_level=confidence_level)
        except InputError as error:
            refused.append(f"{kind}: {error}")
    return WeightingStudy(
        margins=usable,
        changes=changes,
        refused=tuple(refused),
        population=people if changes else None,
    )


def _filled(source: Source, column: str, window: Window) -> bool:
    """Whether a column exists and no row of the period leaves it empty."""
    if column not in source.columns:
        return False
    counts = distinct_customers(source, customer=column, by=[column], **window)
    return len(counts) > 0 and not counts[column].isna().any()
