"""Branches side by side: ranks with intervals, changes beyond chance, and none to be found out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from cxlib.data.cell_pairs import SPAN
from cxlib.data.source import Source
from cxlib.data.summaries import flag_counts, score_counts
from cxlib.engagement.scales import MetricKind
from cxlib.engagement.schema import Metric, Period, Precision, Window
from cxlib.errors import DataError
from cxlib.measures.disclosure import FEWEST, Counts, Disclosure, disclose
from cxlib.measures.groups import difference_of
from cxlib.measures.league import League, league
from cxlib.measures.survey_sample import COLUMN, survey_sample
from cxlib.stats.estimate import Estimate
from cxlib.stats.multiplicity import holm, holm_levels, simultaneous_level
from cxlib.stats.proportions import proportion

BranchColumn = Literal["store", "segment", "channel", "touchpoint", "language"]
PLAIN: Final = ("touchpoint", "channel")
"""A mix of touchpoints makes these up, so it cannot be taken out of them."""
BEFORE, AFTER = "1", "2"
MOST_BRANCHES: Final = 1_000


class TooFewBranchesError(DataError):
    """Fewer than three branches can be shown, so there is nothing to compare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchChange:
    """The NPS, or the first measure, of one branch in two periods.

    Attributes:
        unit: The branch.
        before: Score of the earlier period.
        after: Score of the later one.
        change: after - before, its p-value Holm's over all branches.
        moved: Whether the change is beyond chance, and which way.
    """

    unit: str
    before: float
    after: float
    change: Estimate
    moved: Literal["up", "down", "unclear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchStudy:
    """Branches compared on the answers of one period, and with the period before.

    Attributes:
        by: The column whose values are the branches.
        disclosure: Who is shown.
        leagues: Per measure, the branches ranked; the rank intervals of all measures hold at once.
        responses: Per shown branch, share of delivered invitations that were completed.
        changes: Of the first measure, for branches with enough answers in both periods.
        unnamed: Answers of the period that name no branch.
        n: Answers of the branches shown.
    """

    by: BranchColumn
    disclosure: Disclosure
    leagues: Mapping[MetricKind, League]
    responses: Mapping[str, Estimate]
    changes: tuple[BranchChange, ...]
    unnamed: int
    n: int


def compare_branches(
    answers: Source,
    invitations: Source | None,
    metrics: Mapping[str, Metric],
    *,
    by: BranchColumn,
    period: Period,
    earlier: Period,
    precision: Precision,
    seed: int,
) -> BranchStudy:
    """Compare the branches of a period and say which changed since an earlier one.

    Args:
        answers: One row per answer.
        invitations: The invitation log; None, or one without the column, gives no response rates.
        metrics: The engagement's metric contracts.
        by: Column whose values are the branches; answers without one belong to none.
        period: What is compared.
        earlier: What it is held against.
        precision: Confidence level and minimum cell.
        seed: Of the draws behind rank intervals.

    Raises:
        DataError: As in `showable`.
    """
    found, counted, unnamed = showable(
        answers, metrics, by=by, period=period, minimum_cell=precision["minimum_cell"]
    )
    window = period.window("answered_at")
    minimum_cell, level = precision["minimum_cell"], precision["confidence_level"]
    compared = [kind for kind in counted if kind in found.measures]
    rank_level = simultaneous_level(level, comparisons=len(compared))
    leagues = {
        kind: league(
            survey_sample(
                answers, metric=kind, window=window, adjustment="none",
                by=[by] if by in PLAIN else [by, "touchpoint"],
            ),
            seed=seed, confidence_level=level, rank_level=rank_level, minimum_cell=minimum_cell,
            hide={*found.few, *found.withheld},
        )
        for kind in compared
    }  # fmt: skip
    return BranchStudy(
        by=by,
        disclosure=found,
        leagues=leagues,
        responses=_responses(
            invitations, by=by, shown=found.shown, window=period.window("sent_at"),
            precision=precision,
        ),
        changes=_changes(
            answers, compared[0], by=by, shown=found.shown, spans=(earlier, period),
            precision=precision,
        ),
        unnamed=unnamed,
        n=sum(entry.adjusted.n_obs for entry in leagues[compared[0]].entries),
    )  # fmt: skip


def showable(
    answers: Source,
    metrics: Mapping[str, Metric],
    *,
    by: BranchColumn,
    period: Period,
    minimum_cell: int,
) -> tuple[Disclosure, list[MetricKind], int]:
    """Choose the branches that can be shown; arguments as in `compare_branches`.

    Returns:
        Who is shown, the measures asked, and the answers that name no branch.

    Raises:
        DataError: The column is absent.
        TooFewBranchesError: Fewer than three branches can be shown.
    """
    if by not in answers.columns:
        raise DataError(
            f"branches are compared by {by}, but answers has no such column; there are "
            f"{', '.join(sorted(answers.columns))}"
        )
    kinds = [
        kind
        for kind in dict.fromkeys(metric.kind for metric in metrics.values())
        if COLUMN.get(kind) in answers.columns
    ]
    counts, unnamed = _count(answers, kinds, by=by, window=period.window("answered_at"))
    found = disclose(counts, minimum_cell=minimum_cell)
    if len(found.shown) < FEWEST:
        raise TooFewBranchesError(
            f"a comparison by {by} needs 3 branches with {minimum_cell} answers to every measure, "
            f"got {len(found.shown)} of {len(counts)}; widen the period, or compare by a column "
            "with fewer values"
        )
    return found, kinds, unnamed


def _count(
    answers: Source, kinds: Sequence[MetricKind], *, by: str, window: Window
) -> tuple[dict[str, dict[str, int]], int]:
    """Count answers per branch and measure, and the most answers to a measure without a branch."""
    counts: dict[str, dict[str, int]] = {}
    unnamed = 0
    for kind in kinds:
        frame = score_counts(answers, score=COLUMN[kind], by=[by], **window)
        frame = frame.dropna(subset=[COLUMN[kind]]) if COLUMN[kind] in frame else frame
        for branch, n in frame.groupby(by, dropna=False)["n"].sum().items():
            if not isinstance(branch, str) or not branch:
                unnamed = max(unnamed, int(n))
                continue
            counts.setdefault(branch, {})[kind] = int(n)
    if len(counts) > MOST_BRANCHES:
        raise DataError(
            f"{by} must have at most {MOST_BRANCHES:,} values to be compared, got {len(counts):,}"
        )
    return counts, unnamed


def _responses(
    invitations: Source | None,
    *,
    by: str,
    shown: Sequence[str],
    window: Window,
    precision: Precision,
) -> dict[str, Estimate]:
    """Give shares of delivered invitations; none on fewer of them than the minimum cell."""
    needed = {by, "delivered", "completed"}
    if invitations is None or not needed <= invitations.columns:
        return {}
    counted = flag_counts(invitations, flags=["delivered", "completed"], by=[by], **window)
    return {
        str(row[by]): proportion(
            int(row["completed"]),
            int(row["delivered"]),
            confidence_level=precision["confidence_level"],
        )
        for row in counted.to_dict("records")
        if row[by] in shown and row["delivered"] >= precision["minimum_cell"]
    }


def _changes(
    answers: Source,
    metric: MetricKind,
    *,
    by: str,
    shown: Sequence[str],
    spans: tuple[Period, Period],
    precision: Precision,
) -> tuple[BranchChange, ...]:
    """Hold each branch against itself; one that only the earlier period would give away is out."""
    first, second = (period.window("answered_at") for period in spans)
    sample = survey_sample(
        answers, metric=metric, adjustment="none", by=[SPAN, by],
        window={"date": "answered_at", "start": first["start"], "end": second["end"]},
        spans={BEFORE: (first["start"], first["end"]), AFTER: (second["start"], second["end"])},
    )  # fmt: skip
    counts: Counts = {
        branch: {wave: sample.n_obs((wave, branch)) for wave in (BEFORE, AFTER)}
        for branch in {branch for wave, branch in sample.groups if wave and branch}
    }
    both = disclose(counts, minimum_cell=precision["minimum_cell"])
    kept = [branch for branch in both.shown if branch in shown]
    level = precision["confidence_level"]

    def change(branch: str, level: float, p_value: float | None = None) -> Estimate:
        groups = (AFTER, branch), (BEFORE, branch)
        return difference_of(sample, *groups, level=level, p_value=p_value)

    p_values = [float(change(branch, level).p_value or 0.0) for branch in kept]
    adjusted = holm(p_values)
    levels = holm_levels(p_values, confidence_level=level)
    found = []
    for branch, p_value, own in zip(kept, adjusted, levels, strict=True):
        estimate = change(branch, own, p_value)
        moved: Literal["up", "down", "unclear"] = "unclear"
        if estimate.excludes(0.0):
            moved = "up" if estimate.value > 0 else "down"
        found.append(
            BranchChange(
                unit=branch,
                before=sample.linear((BEFORE, branch)).value,
                after=sample.linear((AFTER, branch)).value,
                change=estimate,
                moved=moved,
            )
        )
    return tuple(sorted(found, key=lambda each: (-each.change.value, each.unit)))
