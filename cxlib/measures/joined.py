"""The 360-degree view: how much of each source joins the customer table, and what that changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final, Literal

import pandas as pd

from cxlib.data.joins import coverage_counts, key_counts, match_counts, matched_score_sums
from cxlib.data.source import Source
from cxlib.engagement.schema import Period, Precision
from cxlib.measures.reading import day_after, find_sums
from cxlib.stats.estimate import Estimate, Unit
from cxlib.stats.means import t_quantile
from cxlib.stats.proportions import proportion
from cxlib.stats.ratios import clustered_ratio

Metric = Literal["nps", "csat", "ces"]
Case = Literal["all_match", "too_few", "compared"]
DATES: Final = {
    "orders": "ordered_at", "invitations": "sent_at", "answers": "answered_at",
    "cases": "opened_at",
}  # fmt: skip
"""The sources that carry a customer, and the column that places a row in time."""
_SCALES: Final[dict[Metric, tuple[Unit, float]]] = {
    "nps": ("points", 100.0), "csat": ("rating", 5.0), "ces": ("rating", 7.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMatch:
    """How one source joins the customer table.

    Attributes:
        source: The table.
        n_rows: Rows of the period.
        n_without_id: Rows that name no customer.
        n_customers: Distinct customers they name.
        n_matched: Of these, found in the customer table.
        rate: n_matched / n_customers (Wilson); None under the minimum cell.
        n_lost: Rows that join nobody: without an id, or with one the customer table lacks.
    """

    source: str
    n_rows: int
    n_without_id: int
    n_customers: int
    n_matched: int
    rate: Estimate | None
    n_lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The share of the customer table seen in each source during the period.

    Attributes:
        group: Segment; "" is everyone.
        n_customers: In the customer table; None when hidden.
        shares: Source to share 0-1; empty when hidden.
    """

    group: str
    n_customers: int | None
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedScore:
    """The headline score on all answers beside that on the matched ones.

    Attributes:
        metric: Which question.
        case: "too_few" when fewer answers than the minimum cell are lost: the matched score is
            then withheld, since the two together would tell what those few said.
        everyone: All answers, clustered by customer; None under the minimum cell.
        matched: Answers of customers in the table.
        bias: matched - everyone; None unless both are shown and some answers are lost.
        n_lost: Answers that join nobody.
    """

    metric: Metric
    case: Case
    everyone: Estimate | None
    matched: Estimate | None
    bias: Estimate | None
    n_lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerJoin:
    """What the customer table and the other sources know of each other.

    Attributes:
        period: In which rows of the other sources count.
        n_rows: Rows of the customer table.
        n_repeated: Rows whose id stands there already, or is empty.
        n_alike: Ids that differ from another only by capitals or outer spaces.
        matches: Per source.
        coverage: Everyone first, then each segment.
        score: None where no score was asked.
    """

    period: Period
    n_rows: int
    n_repeated: int
    n_alike: int
    matches: tuple[SourceMatch, ...]
    coverage: tuple[Coverage, ...]
    score: MatchedScore | None

    @property
    def duplicate_share(self) -> float:
        """Rows that repeat an id, or name none, or look like another, of all rows."""
        return (self.n_repeated + self.n_alike) / self.n_rows if self.n_rows else 0.0


def customer_join(
    sources: Mapping[str, Source],
    *,
    period: Period,
    precision: Precision,
    metric: Metric | None = None,
    by: str = "segment",
) -> CustomerJoin | None:
    """Join every source that names a customer with the customer table, and count the loss.

    Args:
        sources: Table name to source, all in one engine.
        period: In which rows of the other sources count; the customer table is taken whole.
        precision: Confidence level and minimum cell.
        metric: Survey column to repeat on matched answers; None, or one the answers lack, leaves
            the comparison out.
        by: Column of the customer table that splits the coverage.

    Returns:
        None where there is no customer table, or no other table with a customer.

    Raises:
        DataError: A time column is absent.
    """
    customers = sources.get("customers")
    if customers is None:
        return None
    others = {
        name: (sources[name], date)
        for name, date in DATES.items()
        if name in sources and {"customer_id", date} <= sources[name].columns
    }
    keys = key_counts(customers)
    if not others or not keys["distinct"]:
        return None
    start, end = period.start, day_after(period.end)
    matches = tuple(
        _match(name, match_counts(source, customers, date=date, start=start, end=end), precision)
        for name, (source, date) in others.items()
    )
    whole = coverage_counts(customers, others, start=start, end=end)
    frames = [whole.assign(**{by: ""})]
    if by in customers.columns:
        frames.append(coverage_counts(customers, others, start=start, end=end, by=by))
    score = None
    if metric is not None and "answers" in others and metric in sources["answers"].columns:
        sums = matched_score_sums(
            sources["answers"], customers, score=metric, date="answered_at", start=start, end=end
        )
        score = compare_matched(sums, metric=metric, **precision)
    return CustomerJoin(
        period=period,
        n_rows=keys["rows"],
        n_repeated=keys["rows"] - keys["distinct"],
        n_alike=keys["distinct"] - keys["tidy"],
        matches=matches,
        coverage=read_coverage(
            frames, by=by, names=list(others), minimum_cell=precision["minimum_cell"]
        ),
        score=score,
    )


def compare_matched(
    sums: pd.DataFrame,
    *,
    metric: Metric,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> MatchedScore:
    """Compare a score on matched answers with the score on all.

        bias = matched - everyone = (lost / all) · (matched - unmatched),  lost / all held fixed

    Matched and lost answers belong to different customers, so their errors are independent.

    Args:
        sums: ``matched_score_sums``.
        metric: Which question.
        confidence_level: In [0.9, 1).
        minimum_cell: Fewest answers that are shown, and fewest lost ones that are compared.
    """
    unit, reach = _SCALES[metric]

    def estimate(measure: str) -> Estimate | None:
        k, total, base, squares = find_sums(sums, measure)
        if base < minimum_cell:
            return None
        found = clustered_ratio(
            k, total=total, base=base, squares=squares, confidence_level=confidence_level, unit=unit
        )
        lowest = -reach if metric == "nps" else 1.0
        return _shifted(found, found.value, found.ci_lower, found.ci_upper, lowest, reach)

    everyone, matched, lost = (estimate(name) for name in ("everyone", "matched", "lost"))
    n_all, n_lost = (int(find_sums(sums, name)[2]) for name in ("everyone", "lost"))
    if not n_lost:
        return MatchedScore(
            metric=metric, case="all_match", everyone=everyone, matched=everyone, bias=None,
            n_lost=0,
        )  # fmt: skip
    if everyone is None or matched is None or lost is None:
        return MatchedScore(
            metric=metric, case="too_few", everyone=everyone, matched=None, bias=None, n_lost=n_lost
        )
    weight, squared, df = n_lost / n_all, 0.0, []
    for name in ("matched", "lost"):
        k, _, base, squares = find_sums(sums, name)
        squared += k / max(1, k - 1) * squares / base**2
        df.append(k - 1)
    margin = t_quantile(confidence_level, df=max(1, min(df))) * sqrt(squared)
    gap = matched.value - lost.value
    bias = Estimate(
        value=weight * gap,
        ci_lower=weight * (gap - margin),
        ci_upper=weight * (gap + margin),
        n_obs=n_all,
        unit=unit,
        method="clustered t",
        confidence_level=confidence_level,
    )
    return MatchedScore(
        metric=metric, case="compared", everyone=everyone, matched=matched, bias=bias, n_lost=n_lost
    )


def read_coverage(
    frames: Sequence[pd.DataFrame], *, by: str, names: Sequence[str], minimum_cell: int
) -> tuple[Coverage, ...]:
    """Turn ``coverage_counts`` into shares; hide small groups so that none can be worked out.

    A single hidden group would follow from the total by subtraction: then the smallest group that
    is left is hidden with it.

    Args:
        frames: Everyone (group ""), then the groups.
        by: Column that names the group.
        names: Sources.
        minimum_cell: Fewest customers of a group.

    Source: Hundepool et al. (2012), Statistical Disclosure Control, ch. 4.
    """
    together = pd.concat(frames, ignore_index=True)
    labels = together[by].fillna("?").astype(str).tolist()
    sizes = {label: int(n) for label, n in zip(labels, together["n"], strict=True)}
    parts = sorted((n, label) for label, n in sizes.items() if label)
    hidden = {label for n, label in parts if n < minimum_cell}
    if len(hidden) == 1 and len(parts) > 1:
        hidden.add(parts[1][1])
    return tuple(
        Coverage(
            group=label,
            n_customers=None if label in hidden else sizes[label],
            shares={}
            if label in hidden
            else {name: float(row[name]) / max(1, sizes[label]) for name in names},
        )
        for label, row in zip(labels, together.to_dict("records"), strict=True)
    )


def _match(name: str, counts: Mapping[str, int], precision: Precision) -> SourceMatch:
    n, found = counts["customers"], counts["matched_customers"]
    shown = n >= precision["minimum_cell"]
    level = precision["confidence_level"]
    return SourceMatch(
        source=name,
        n_rows=counts["rows"],
        n_without_id=counts["without_id"],
        n_customers=n,
        n_matched=found,
        rate=proportion(found, n, confidence_level=level) if shown else None,
        n_lost=counts["rows"] - counts["matched_rows"],
    )


def _shifted(  # noqa: PLR0917 - one call, in this order
    found: Estimate, value: float, low: float, high: float, lowest: float, highest: float
) -> Estimate:
    """Hold the limits of an estimate inside its scale."""
    return Estimate(
        value=value,
        ci_lower=max(lowest, low),
        ci_upper=min(highest, high),
        n_obs=found.n_obs,
        unit=found.unit,
        method="clustered t",
        confidence_level=found.confidence_level,
    )
