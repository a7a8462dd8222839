"""Two waves of one survey: what changed, in whom, and what is only another mix of answers."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Literal

import numpy as np

from cxlib.data.cell_pairs import OTHER, SPAN, Spans, cell_pairs
from cxlib.data.clusters import date_span
from cxlib.data.source import Source
from cxlib.engagement.scales import MetricKind
from cxlib.engagement.schema import Metric, Period, Precision
from cxlib.errors import InputError
from cxlib.measures.groups import difference_of
from cxlib.measures.mix import MixGroup, MixShift, mix_shift
from cxlib.measures.scores import PARTS, ScoreName, calendar_spans
from cxlib.measures.survey_sample import COLUMN, UNITS, Statistic, SurveySample, survey_sample
from cxlib.measures.weighted import WeightedScore, score_groups
from cxlib.stats import linearised
from cxlib.stats.estimate import Estimate
from cxlib.stats.linearised import Linear
from cxlib.stats.means import t_quantile
from cxlib.stats.multiplicity import holm, holm_levels, simultaneous_level

Alarm = Literal["reversed", "against", "none"]
WavePair = Literal["previous", "halves"]
BEFORE, AFTER = "1", "2"
SETTLED = 7
"""Days into the previous period by which answers must have begun for it to be a wave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waves:
    """The two periods that are compared.

    Attributes:
        kind: "previous" is the period of the same length before; "halves" cuts the period itself.
        before: The first.
        after: The second.
    """

    kind: WavePair
    before: Period
    after: Period

    @property
    def spans(self) -> dict[str, tuple[dt.date, dt.date]]:
        """Both as half-open spans."""
        day = dt.timedelta(days=1)
        pairs = ((BEFORE, self.before), (AFTER, self.after))
        return {name: (period.start, period.end + day) for name, period in pairs}


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChange:
    """One group in both waves: its scores, its change at the level of the family, its mix."""

    group: str
    before: WeightedScore
    after: WeightedScore
    change: Estimate
    mix: MixGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveChange:
    """One score in two waves, its change split by the groups of one column.

    Attributes:
        score: Which score.
        by: The column.
        before: Total of the first wave, over the groups shown.
        after: Total of the second.
        change: After minus before; customers of both waves are paired in its error.
        groups: Those with enough answers in both waves.
        hidden: Groups with too few; they are in no total either.
        mix: The split and its parts.
        rate_effect: From the groups' own scores moving, with its interval.
        mix_effect: From the groups' shares moving, with its interval.
        n_both: Customers who answered in both waves; None where the wave has too few.
    """

    score: ScoreName
    by: str
    before: WeightedScore
    after: WeightedScore
    change: Estimate
    groups: tuple[GroupChange, ...]
    hidden: tuple[str, ...]
    mix: MixShift
    rate_effect: Estimate
    mix_effect: Estimate
    n_both: int

    @property
    def opposed(self) -> bool:
        """Whether a mix clear of zero turned the total against the groups' own movement."""
        return self.mix_effect.excludes(0.0) and self.mix.rate_effect * self.mix.change < 0

    @property
    def alarm(self) -> Alarm:
        """Whether the total says the opposite of the groups, beyond what chance does to the mix.

        "reversed": every group moved one way and the total the other; "against": the groups'
        own movement, taken together, did, and it or the total's is clear of zero.
        """
        if not self.opposed:
            return "none"
        if self.mix.reversed_by_mix:
            return "reversed"
        clear = self.change.excludes(0.0) or self.rate_effect.excludes(0.0)
        return "against" if clear else "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveStudy:
    """Every score in two waves.

    Attributes:
        waves: The periods.
        changes: One per score and column; totals' p-values are Holm's over ``family``, and rate
            and mix hold together over ``splits``.
        family: Scores whose totals were compared.
        splits: Changes that were split.
        refused: Scores without enough answers in both waves, with the reason.
    """

    waves: Waves
    changes: tuple[WaveChange, ...]
    family: int
    splits: int
    refused: Mapping[ScoreName, str]

    def of(self, score: ScoreName, *, by: str) -> WaveChange | None:
        """Give one score's change, split by one column; None where it was not compared."""
        found = (change for change in self.changes if (change.score, change.by) == (score, by))
        return next(found, None)


def find_waves(answers: Source, period: Period, *, date: str = "answered_at") -> Waves:
    """Choose the wave to compare a period with: the one before it, else its own two halves.

    The period before has as many months (or days) and counts where answers begin in its first
    week or earlier. Halves are cut at the start of a month where there are two.
    """
    day = dt.timedelta(days=1)
    months = list(calendar_spans(period, step="month").values())
    whole = period.start.day == 1 and (period.end + day).day == 1
    start = period.start - (period.end + day - period.start)
    if whole:
        year, month = divmod(period.start.year * 12 + period.start.month - 1 - len(months), 12)
        start = dt.date(year, month + 1, 1)
    first, _ = date_span(answers, date)
    if first <= start + SETTLED * day:
        previous = Period(start=start, end=period.start - day)
        return Waves(kind="previous", before=previous, after=period)
    cut = months[len(months) // 2][0]
    if cut <= period.start:
        cut = period.start + (period.end + day - period.start) // 2
    if cut <= period.start:
        raise InputError(f"a period of one day has no two halves, got {period.start}")
    return Waves(
        kind="halves",
        before=Period(start=period.start, end=cut - day),
        after=Period(start=cut, end=period.end),
    )


def wave_changes(
    answers: Source,
    metrics: Mapping[str, Metric],
    *,
    waves: Waves,
    precision: Precision,
    by: Sequence[str] = ("channel", "segment"),
    date: str = "answered_at",
) -> WaveStudy:
    """Compare every NPS, CSAT and CES score of two waves, and split each change into rate and mix.

    Customers who answered in both waves are paired and all errors lie between customers. Columns
    the answers lack, and scores with too few answers in both waves, are passed over.

    Args:
        answers: One row per answer.
        metrics: The engagement's metric contracts.
        waves: From `find_waves`, or two periods of one's own.
        precision: Confidence level and minimum cell.
        by: Columns whose groups split the change.
        date: Time column.

    Source: Kitagawa (1955), JASA 50(272), with linearised errors, Binder (1983); Holm (1979).
    """
    columns = [column for column in by if column in answers.columns]
    samples: list[tuple[ScoreName, str, SurveySample, int]] = []
    refused: dict[ScoreName, str] = {}
    for kind in dict.fromkeys(metric.kind for metric in metrics.values()):
        for name, statistic in PARTS.get(kind, ()) if COLUMN.get(kind) in answers.columns else ():
            if name == "ces_share":
                continue
            found = 0
            for column in columns:
                try:
                    sample = _shown(
                        answers, kind, statistic, column=column, spans=waves.spans, date=date,
                        precision=precision,
                    )  # fmt: skip
                except InputError as error:
                    refused[name] = str(error)
                    continue
                samples.append((name, column, sample, _both(answers, kind, waves.spans, date)))
                found += 1
    names = list(dict.fromkeys(name for name, *_ in samples))
    firsts = {name: next(s for found, _, s, _ in samples if found == name) for name in names}
    level = precision["confidence_level"]
    raw = [_total_change(firsts[name], level) for name in names]
    p_values = [float(estimate.p_value or 0.0) for estimate in raw]
    adjusted = dict(zip(names, holm(p_values), strict=True))
    levels = dict(zip(names, holm_levels(p_values, confidence_level=level), strict=True))
    changes = tuple(
        _change(
            sample, name=name, column=column, n_both=n_both, precision=precision,
            total=_total_change(sample, levels[name], adjusted[name]), splits=len(samples),
        )
        for name, column, sample, n_both in samples
    )  # fmt: skip
    return WaveStudy(
        waves=waves, changes=changes, family=len(names), splits=len(samples), refused=refused
    )


def _shown(
    answers: Source,
    kind: MetricKind,
    statistic: Statistic,
    *,
    column: str,
    spans: Spans,
    date: str,
    precision: Precision,
) -> SurveySample:
    """Read both waves by a column; answers of groups with too few are in no group at all."""
    start, end = min(s for s, _ in spans.values()), max(e for _, e in spans.values())
    sample = survey_sample(
        answers, metric=kind, window={"date": date, "start": start, "end": end},
        statistic=statistic, adjustment="none", by=[SPAN, column], spans=spans,
    )  # fmt: skip
    scored = {s.group: s for s in score_groups(sample, **precision)}
    names = sorted({group for _, group in sample.groups if group})
    kept = {
        name
        for name in names
        if all((w, name) in scored and not scored[w, name].suppressed for w in (BEFORE, AFTER))
    }
    if not kept:
        raise InputError(
            f"no {column} has {precision['minimum_cell']} answers or more in both waves; there "
            f"are: {', '.join(names) or 'none'}"
        )
    groups = tuple(g if g[1] in kept else ("", g[1]) for g in sample.groups)
    return replace(sample, groups=groups)


def _both(answers: Source, kind: MetricKind, spans: Spans, date: str) -> int:
    """Count the customers who answered in both waves."""
    if "customer_id" not in answers.columns:
        return 0
    pairs = cell_pairs(answers, score=COLUMN[kind], by=[SPAN], date=date, spans=spans)
    across = pairs[(pairs[SPAN] == BEFORE) & (pairs[f"{OTHER}{SPAN}"] == AFTER)]
    return int(across["customers"].sum())


def _totals(sample: SurveySample) -> SurveySample:
    """The same answers with the wave alone as group."""
    return replace(sample, by=(SPAN,), groups=tuple((group[0],) for group in sample.groups))


def _total_change(sample: SurveySample, level: float, p_value: float | None = None) -> Estimate:
    return difference_of(_totals(sample), (AFTER,), (BEFORE,), level=level, p_value=p_value)


def _change(
    sample: SurveySample,
    *,
    name: ScoreName,
    column: str,
    n_both: int,
    precision: Precision,
    total: Estimate,
    splits: int,
) -> WaveChange:
    # Each split has two parts, its rate and its mix, and both are printed.
    joint = simultaneous_level(precision["confidence_level"], comparisons=2 * splits)
    scored = {s.group: s for s in score_groups(sample, **precision)}
    whole = {s.group: s for s in score_groups(_totals(sample), **precision)}
    groups = sorted({group for wave, group in sample.groups if wave})
    hidden = sorted({group for wave, group in sample.groups if not wave and group})
    sides = [{g: scored[wave, g].shown for g in groups} for wave in (BEFORE, AFTER)]
    split = mix_shift(
        {g: sides[0][g].n_obs for g in groups}, {g: sides[0][g].value for g in groups},
        {g: sides[1][g].n_obs for g in groups}, {g: sides[1][g].value for g in groups},
    )  # fmt: skip
    rate = _rate(sample, groups)
    unit, scale = UNITS[sample.statistic]
    totals = _totals(sample)
    moved = totals.linear((AFTER,)) - totals.linear((BEFORE,))
    rate = rate.scaled(scale)

    def part(linear: Linear) -> Estimate:
        # The clusters behind a change are the customers of either wave.
        reach = t_quantile(joint, df=max(1, sample.products.n_clusters - 1))
        margin = reach * sqrt(linearised.variance(linear, sample.products))
        return Estimate(
            value=linear.value, ci_lower=linear.value - margin, ci_upper=linear.value + margin,
            n_obs=total.n_obs, unit="pp" if unit == "share" else unit,
            method="clustered t", confidence_level=joint,
        )  # fmt: skip

    return WaveChange(
        score=name, by=column, before=whole[BEFORE,], after=whole[AFTER,], change=total,
        groups=tuple(
            GroupChange(
                group=g, before=scored[BEFORE, g], after=scored[AFTER, g], mix=mixed,
                change=difference_of(sample, (AFTER, g), (BEFORE, g), level=joint),
            )
            for g, mixed in zip(groups, split.groups, strict=True)
        ),
        hidden=tuple(hidden), mix=split, rate_effect=part(rate), mix_effect=part(moved - rate),
        n_both=n_both,
    )  # fmt: skip


def _rate(sample: SurveySample, groups: Sequence[str]) -> Linear:
    """Return Kitagawa's rate effect with its derivatives by every cell's total and count."""
    n = np.array([[sample.products.n[sample.members((w, g))].sum() for g in groups] for w in "12"])
    total = np.array(
        [[sample.products.total[sample.members((w, g))].sum() for g in groups] for w in "12"]
    )
    score, share = total / n, n / n.sum(axis=1, keepdims=True)
    moves, middle = score[1] - score[0], share.mean(axis=0)
    alpha, beta = np.zeros(len(sample.groups)), np.zeros(len(sample.groups))
    for wave, sign in ((0, -1.0), (1, 1.0)):
        by_share = (moves - moves @ share[wave]) / (2 * n[wave].sum())
        for place, group in enumerate(groups):
            here = sample.members(("12"[wave], group))
            alpha[here] = sign * middle[place] / n[wave, place]
            beta[here] = alpha[here] * score[wave, place] - by_share[place]
    return Linear(value=float(moves @ middle), alpha=alpha, beta=beta)
