"""NPS, CSAT and CES from answer counts, with the interval of each. Never sees a row.

Every function takes a small ``score_counts`` frame (columns ``*by``, ``score``, ``n``) and returns
one ``GroupScore`` per group, the distribution beside the score: half tens and half noughts, and
all fives, have the same mean but an NPS of 0 and of -100.
"""

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Literal

import pandas as pd

from cxlib.engagement.scales import SCALES, MetricKind
from cxlib.errors import InputError
from cxlib.measures.distribution import (
    Distribution,
    GroupScore,
    NpsCounts,
    band,
    check_minimum_cell,
    mean_and_variance,
    n_answers,
    nps_bands,
    read_groups,
)
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.means import mean_estimate
from cxlib.stats.proportions import normal_quantile, proportion, two_sided_p

CesVersion = Literal["ces-v1", "ces-v2"]


def nps_from_counts(
    promoters: int,
    passives: int,
    detractors: int,
    *,
    confidence_level: float = 0.95,
    method: Literal["adjusted Wald", "Wald"] = "adjusted Wald",
) -> Estimate:
    """Estimate the Net Promoter Score from three counts.

        score = 100 (P - D) / n
        ci    = 100 (d ± z sqrt((p + q - d²) / m)), clipped to [-100, 100]

    Adjusted Wald: m = n + 3, p = (P + ¾)/m, q = (D + ¾)/m, d = p - q, so an empty band still
    leaves some width. Wald: m = n and nothing added. Promoters and detractors vary against each
    other (the -d²); taken for two independent shares the interval would be too narrow.

    Args:
        promoters: Answers 9-10.
        passives: Answers 7-8.
        detractors: Answers 0-6.
        confidence_level: In [0.9, 1).
        method: "Wald" only to compare with other tools; its width is 0 for unanimous answers.

    Returns:
        An Estimate in ``points``, -100 to 100.

    Raises:
        InputError: No answer, a negative count, or a refused level.

    Source: Rocks (2016), The American Statistician 70(4).
    """
    check_level(confidence_level)
    counts = NpsCounts(promoters=promoters, passives=passives, detractors=detractors)
    if counts.n_obs == 0:
        raise InputError("a Net Promoter Score needs at least 1 answer, got 0")
    centre, variance = nps_moments(counts, added=0.75 if method == "adjusted Wald" else 0.0)
    margin = normal_quantile(confidence_level) * sqrt(variance)
    return Estimate(
        value=100 * (promoters - detractors) / counts.n_obs,
        ci_lower=max(-100.0, centre - margin),
        ci_upper=min(100.0, centre + margin),
        n_obs=int(counts.n_obs),
        unit="points",
        method=method,
        confidence_level=confidence_level,
    )


def nps_moments(counts: NpsCounts, *, added: float = 0.75) -> tuple[float, float]:
    """Return the centre of the (adjusted) Wald interval in points and its squared error.

    Args:
        counts: At least 1 answer.
        added: Answers added to each end; twice as many go to the middle.
    """
    m = counts.n_obs + 4 * added
    p, q = (counts.promoters + added) / m, (counts.detractors + added) / m
    return 100 * (p - q), 1e4 * (p + q - (p - q) ** 2) / m


def nps(
    counts: pd.DataFrame,
    *,
    by: Sequence[str] = (),
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> tuple[GroupScore, ...]:
    """Estimate the Net Promoter Score of each group, in points, by adjusted Wald.

    Args:
        counts: ``score_counts`` of a 0-10 question.
        by: Columns that name the group.
        confidence_level: In [0.9, 1).
        minimum_cell: Groups with fewer answers come back suppressed.

    Raises:
        InputError: A column is absent or an answer lies off the scale.
    """

    def estimate(distribution: Distribution) -> Estimate:
        bands = nps_bands(distribution)
        return nps_from_counts(
            bands.promoters, bands.passives, bands.detractors, confidence_level=confidence_level
        )

    return _score(
        counts, "nps", by=by, statistic="nps", minimum_cell=minimum_cell, estimate=estimate
    )


def csat_mean(
    counts: pd.DataFrame,
    *,
    by: Sequence[str] = (),
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> tuple[GroupScore, ...]:
    """Estimate the mean satisfaction (1-5) of each group, with Student's t interval.

    Args:
        counts: ``score_counts`` of a 1-5 question.
        by: Columns that name the group.
        confidence_level: In [0.9, 1).
        minimum_cell: Groups with fewer answers come back suppressed.

    Raises:
        InputError: A column is absent or an answer lies off the scale.
    """
    return _mean(
        counts, "csat", by=by, confidence_level=confidence_level, minimum_cell=minimum_cell
    )


def csat_top2(
    counts: pd.DataFrame,
    *,
    by: Sequence[str] = (),
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> tuple[GroupScore, ...]:
    """Estimate the share of each group that is satisfied (4 or 5), by Wilson.

    Args:
        counts: ``score_counts`` of a 1-5 question.
        by: Columns that name the group.
        confidence_level: In [0.9, 1).
        minimum_cell: Groups with fewer answers come back suppressed.

    Raises:
        InputError: A column is absent or an answer lies off the scale.
    """
    return _share(
        counts, "csat", by=by, confidence_level=confidence_level, minimum_cell=minimum_cell
    )


def ces(
    counts: pd.DataFrame,
    *,
    version: CesVersion,
    statistic: Literal["mean", "share"] = "mean",
    by: Sequence[str] = (),
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> tuple[GroupScore, ...]:
    """Estimate the Customer Effort Score of each group under its contract.

    ces-v1 asks for effort, 1-5, lower is better, share = low effort (1-2);
    ces-v2 for agreement that it was easy, 1-7, higher is better, share = easy (5-7).

    Args:
        counts: ``score_counts`` of the question; a column ``version`` is checked when present.
        version: The contract the answers were asked under; never guessed from the answers.
        statistic: "mean" with a t interval or "share" by Wilson.
        by: Columns that name the group.
        confidence_level: In [0.9, 1).
        minimum_cell: Groups with fewer answers come back suppressed.

    Raises:
        InputError: Another version among the answers, an absent column, an answer off the scale.
    """
    _check_version(counts, version)
    score = _mean if statistic == "mean" else _share
    return score(
        counts, version, by=by, confidence_level=confidence_level, minimum_cell=minimum_cell
    )


def nps_difference(
    a: GroupScore | NpsCounts, b: GroupScore | NpsCounts, *, confidence_level: float = 0.95
) -> Estimate:
    """Estimate the difference of two independent NPS, a - b, by adjusted Wald.

        100 ((pa - qa) - (pb - qb)) ± z sqrt(va + vb), 3/8 answer added to each end of each group

    Half the answers of the single-sample interval go to each group, as Agresti and Caffo do for
    shares. The p-value is that of the same statistic. For customers asked twice the difference
    must be paired instead.

    Args:
        a: The treatment, or now.
        b: The control, or before.
        confidence_level: In [0.9, 1).

    Returns:
        An Estimate in ``points``, -200 to 200.

    Raises:
        InputError: A group without answers, hidden, or of another metric.

    Source: Rocks (2016); Agresti and Caffo (2000), The American Statistician 54(4).
    """
    check_level(confidence_level)
    first, second = _bands_of(a), _bands_of(b)
    centre_a, variance_a = nps_moments(first, added=0.375)
    centre_b, variance_b = nps_moments(second, added=0.375)
    centre, se = centre_a - centre_b, sqrt(variance_a + variance_b)
    margin = normal_quantile(confidence_level) * se
    return Estimate(
        value=100 * (first.promoters - first.detractors) / first.n_obs
        - 100 * (second.promoters - second.detractors) / second.n_obs,
        ci_lower=max(-200.0, centre - margin),
        ci_upper=min(200.0, centre + margin),
        n_obs=first.n_obs + second.n_obs,
        unit="points",
        method="adjusted Wald",
        confidence_level=confidence_level,
        p_value=two_sided_p(centre / se),
    )


def _mean(
    counts: pd.DataFrame,
    metric: MetricKind,
    *,
    by: Sequence[str],
    confidence_level: float,
    minimum_cell: int,
) -> tuple[GroupScore, ...]:
    scale = SCALES[metric]

    def estimate(distribution: Distribution) -> Estimate:
        mean, variance = mean_and_variance(distribution)
        raw = mean_estimate(
            n_answers(distribution), mean, variance, confidence_level=confidence_level
        )
        if not raw.has_interval:
            return raw
        return Estimate(
            value=raw.value,
            ci_lower=max(float(scale.minimum), raw.ci_lower),
            ci_upper=min(float(scale.maximum), raw.ci_upper),
            n_obs=raw.n_obs,
            unit="rating",
            method="t",
            confidence_level=confidence_level,
        )

    return _score(
        counts, metric, by=by, statistic="mean", minimum_cell=minimum_cell, estimate=estimate
    )


def _share(
    counts: pd.DataFrame,
    metric: MetricKind,
    *,
    by: Sequence[str],
    confidence_level: float,
    minimum_cell: int,
) -> tuple[GroupScore, ...]:
    low, high = SCALES[metric].favourable

    def estimate(distribution: Distribution) -> Estimate:
        return proportion(
            band(distribution, low, high),
            n_answers(distribution),
            confidence_level=confidence_level,
        )

    return _score(
        counts, metric, by=by, statistic="share", minimum_cell=minimum_cell, estimate=estimate
    )


def _score(
    counts: pd.DataFrame,
    metric: MetricKind,
    *,
    by: Sequence[str],
    statistic: str,
    minimum_cell: int,
    estimate: Callable[[Distribution], Estimate],
) -> tuple[GroupScore, ...]:
    check_minimum_cell(minimum_cell)
    scores = []
    for group, distribution in read_groups(counts, metric=metric, by=by):
        hidden = n_answers(distribution) < minimum_cell
        scores.append(
            GroupScore(
                group=group,
                metric=metric,
                statistic=statistic,
                estimate=None if hidden else estimate(distribution),
                distribution=() if hidden else distribution,
                suppressed=hidden,
                minimum_cell=minimum_cell,
            )
        )
    return tuple(scores)


def _bands_of(score: GroupScore | NpsCounts) -> NpsCounts:
    if isinstance(score, GroupScore):
        if score.metric != "nps":
            raise InputError(f"nps_difference needs two NPS groups, got {score.metric}")
        if score.shown.n_obs:
            return nps_bands(score.distribution)
    elif score.n_obs:
        return score
    raise InputError("a Net Promoter Score needs at least 1 answer, got 0")


def _check_version(counts: pd.DataFrame, version: CesVersion) -> None:
    if version not in ("ces-v1", "ces-v2"):
        raise InputError(f"version must be 'ces-v1' or 'ces-v2', got {version!r}")
    if "version" in counts.columns:
        found = sorted({str(value) for value in counts["version"]} - {version})
        if found:
            raise InputError(
                f"all answers must be asked under {version}, found {', '.join(found)}; the two "
                "effort scales run in opposite directions: report each version on its own"
            )
