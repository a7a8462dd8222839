"""Stores (or agents, or brands) in a league: case mix taken out, ranks with their intervals."""

from collections.abc import Collection
from dataclasses import dataclass
from math import sqrt
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.data.source import Source
from cxlib.engagement.scales import MetricKind
from cxlib.engagement.schema import Window
from cxlib.errors import InputError
from cxlib.measures.disclosure import FEWEST, Counts, disclose
from cxlib.measures.survey_sample import UNITS, Statistic, SurveySample, survey_sample
from cxlib.stats.estimate import Estimate, Unit, check_level
from cxlib.stats.means import t_quantile
from cxlib.stats.proportions import normal_quantile
from cxlib.stats.ranks import rank_bounds

Floats: TypeAlias = NDArray[np.float64]
Place = Literal["inside", "outside", "far_outside"]
LIMITS = (0.95, 0.998)
"""The two pairs of control limits of a funnel plot: about 2 and 3 standard errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeagueEntry:
    """One store.

    Attributes:
        unit: Its id.
        score: Its plain score.
        adjusted: Overall score plus the store's distance from what its mix would give.
        rank: By ``adjusted``, 1 the best.
        rank_lower: 1 more than the stores shown to be better.
        rank_upper: The number of stores less those shown to be worse.
        place: Whether ``adjusted`` lies inside the 95 % limits of the funnel, between them and
            the 99.8 % limits, or beyond both.
    """

    unit: str
    score: float
    adjusted: Estimate
    rank: int
    rank_lower: int
    rank_upper: int
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class League:
    """Stores by adjusted score, the best first, with the funnel they are held against.

    Attributes:
        entries: Stores with enough answers.
        hidden: Stores with too few, and those hidden with them.
        overall: Score of all answers at the stores shown.
        answer_sd: Spread of one answer round its store, customers' repeats included: the funnel
            is overall ± z answer_sd √(1/n - 1/N), for a store is itself part of the N answers.
        n_obs: N, answers at the stores shown.
        expected_outside: Stores that chance alone would put outside the 95 % limits.
        expected_far: Stores that chance alone would put outside the 99.8 % limits.
        spread_p: Chance of a spread between stores at least this large if nothing but chance set
            them apart (F of the distances from overall).
        unit: Of the scores.
    """

    entries: tuple[LeagueEntry, ...]
    hidden: tuple[str, ...]
    overall: float
    answer_sd: float
    n_obs: int
    expected_outside: float
    expected_far: float
    spread_p: float
    unit: Unit

    def limits(self, n: float, level: float) -> tuple[float, float]:
        """Give the funnel's lower and upper limit at ``n`` answers, on the scale of the score."""
        reach = normal_quantile(level) * self.answer_sd * sqrt(max(1 / n - 1 / self.n_obs, 0.0))
        lowest, highest = {"points": (-100.0, 100.0), "share": (0.0, 1.0)}.get(
            self.unit, (float("-inf"), float("inf"))
        )
        return max(lowest, self.overall - reach), min(highest, self.overall + reach)


def store_league(
    answers: Source,
    *,
    metric: MetricKind,
    window: Window,
    seed: int,
    statistic: Statistic | None = None,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> League | None:
    """Rank the stores of a period's answers with their mix of touchpoints taken out.

    Args:
        answers: One row per answer.
        metric: Which question.
        window: Half-open period of a date column.
        seed: Of the draws.
        statistic: As in `weighted_scores`.
        confidence_level: In [0.9, 1).
        minimum_cell: Stores with fewer answers are hidden, and with them those that would give
            them away beside a total (`disclosure.disclose`).

    Returns:
        The league; None where answers name no store, or fewer than 3 stores can be shown.
    """
    if "store" not in answers.columns:
        return None
    sample = survey_sample(
        answers, metric=metric, window=window, statistic=statistic, adjustment="none",
        by=["store", "touchpoint"],
    )  # fmt: skip
    stores = {group[0] for group in sample.groups if group[0]}
    owner = np.array([group[0] for group in sample.groups])
    counts: Counts = {
        name: {str(metric): round(float(sample.products.n[owner == name].sum()))} for name in stores
    }
    found = disclose(counts, minimum_cell=minimum_cell)
    if len(found.shown) < FEWEST:
        return None
    return league(
        sample, seed=seed, confidence_level=confidence_level, minimum_cell=minimum_cell,
        hide=found.withheld,
    )  # fmt: skip


def league(
    sample: SurveySample,
    *,
    seed: int,
    confidence_level: float = 0.95,
    rank_level: float | None = None,
    minimum_cell: int = 30,
    hide: Collection[str] = (),
    n_draws: int = 4_000,
) -> League:
    """Rank stores by their score after their mix of touchpoints is taken out.

        adjusted(s) = overall + Σ over mix of share(s, mix) (mean(s, mix) - mean(all, mix))

    A store with many enquiries is held against what enquiries score everywhere, not against
    checkouts. Errors are between customers; all rank intervals hold at once (`stats.ranks`) over
    joint draws of all adjusted scores: normal, each store's own divided by the root of a
    chi-square on n - 1, for a store's error is itself estimated from n answers.

    Args:
        sample: With ``by`` the store first, then what mixes differ in ("touchpoint"), or nothing
            for a plain league. Answers without a store are left out.
        seed: Of the draws.
        confidence_level: Of intervals and ranks, in [0.9, 1).
        rank_level: Of the ranks alone, where several leagues are read together.
        minimum_cell: Stores with fewer answers are hidden.
        hide: Stores that are hidden whatever their number of answers.
        n_draws: Draws for the rank intervals, 200 or more.

    Raises:
        InputError: Fewer than 3 stores with enough answers, or too few draws.

    Source: Goldstein and Spiegelhalter (1996), JRSS A 159(3); Spiegelhalter (2005), Statistics in
    Medicine 24(8).
    """
    from scipy.special import fdtrc

    check_level(confidence_level)
    if n_draws < 200:  # noqa: PLR2004 - the message says it
        raise InputError(f"n_draws must be 200 or more, got {n_draws}")
    if not sample.by:
        raise InputError("a league needs a sample by store, got one without groups")
    owner = np.array([group[0] for group in sample.groups])
    stores = sorted({name for name in owner.tolist() if name})
    answers = {name: float(sample.products.n[owner == name].sum()) for name in stores}
    shown = [name for name in stores if answers[name] >= minimum_cell and name not in hide]
    if len(shown) < FEWEST:
        raise InputError(
            f"a league needs at least {FEWEST} stores with {minimum_cell} answers, "
            f"got {len(shown)} of {len(stores)}"
        )
    unit, scale = UNITS[sample.statistic]
    found = _compare(sample, owner, shown)
    n = np.array([answers[name] for name in shown])
    errors = scale * np.sqrt(np.diag(found.covariance))
    whole, others = float(n.sum()), len(shown) - 1
    answer_sd = _answer_sd(errors, n)
    overall = scale * found.overall
    adjusted = overall + scale * found.deviation
    rng = np.random.default_rng(seed)
    strays = rng.multivariate_normal(
        np.zeros(len(shown)), scale * scale * found.covariance, size=n_draws, method="eigh"
    ).T
    free = np.maximum(n - 1, 1.0)[:, None]
    strays *= np.sqrt((free + 1) / rng.chisquare(free, size=strays.shape))
    bounds = rank_bounds(
        adjusted, adjusted[:, None] + strays,
        confidence_level=rank_level or confidence_level, family="league",
    )  # fmt: skip
    ranks = (-adjusted).argsort(kind="stable").argsort() + 1
    reach = answer_sd * np.sqrt(1 / n - 1 / whole)
    distance = (adjusted - overall) / reach if answer_sd else 0 * adjusted
    between = float((distance**2 * (1 - n / whole)).sum()) / others
    near, far = (normal_quantile(level) for level in LIMITS)
    entries = []
    for i in np.argsort(ranks).tolist():
        margin = t_quantile(confidence_level, df=max(n[i] - 1, 1)) * errors[i]
        away = abs(distance[i])
        place: Place = "far_outside" if away > far else "outside" if away > near else "inside"
        entries.append(
            LeagueEntry(
                unit=shown[i],
                score=scale * float(found.plain[i]),
                adjusted=Estimate(
                    value=float(adjusted[i]),
                    ci_lower=float(adjusted[i] - margin),
                    ci_upper=float(adjusted[i] + margin),
                    n_obs=int(n[i]),
                    unit=unit,
                    method="clustered t",
                    confidence_level=confidence_level,
                ),
                rank=int(ranks[i]),
                rank_lower=bounds[i][0],
                rank_upper=bounds[i][1],
                place=place,
            )
        )
    return League(
        entries=tuple(entries),
        hidden=tuple(name for name in stores if name not in shown),
        overall=overall,
        answer_sd=answer_sd,
        n_obs=round(whole),
        expected_outside=len(shown) * (1 - LIMITS[0]),
        expected_far=len(shown) * (1 - LIMITS[1]),
        spread_p=float(fdtrc(others, max(whole - len(shown), 1.0), between)),
        unit=unit,
    )


def _answer_sd(errors: Floats, n: Floats) -> float:
    """Pool the spread of one answer: error² = sd² (1/n - 1/N) where stores are alike.

    N - stores in place of N: the errors are linearised about means of the same answers.
    """
    whole = float(n.sum())
    free = whole / max(whole - len(n), 1.0)
    return float(np.sqrt(free * (errors**2 * n**2).sum() / (n * (1 - n / whole)).sum()))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Compared:
    """Stores against what their mix would give: plain means, distances and their covariance."""

    plain: Floats
    deviation: Floats
    overall: float
    covariance: Floats


def _compare(sample: SurveySample, owner: NDArray[np.str_], shown: list[str]) -> _Compared:
    """Take each answer's touchpoint mean off, then average by store; errors by linearisation."""
    mix = [group[1:] for group in sample.groups]
    kinds = sorted(set(mix))
    place = np.array([kinds.index(kind) for kind in mix])
    weight = np.where(np.isin(owner, shown), sample.answer_weights, 0.0)
    size, total = weight * sample.products.n, weight * sample.products.total
    in_kind = (place[:, None] == np.arange(len(kinds))).astype(np.float64)
    in_store = (owner[:, None] == np.array(shown)).astype(np.float64)
    kind_size = in_kind.T @ size
    kind_mean = np.divide(
        in_kind.T @ total, kind_size, out=np.zeros(len(kinds)), where=kind_size > 0
    )
    expected = kind_mean[place]
    store_size = in_store.T @ size
    deviation = in_store.T @ (total - expected * size) / store_size
    # z(s) = Σ w (t - m expected - m deviation) / n(s), less the share of each mix mean's own z
    share = (in_store * size[:, None]).T @ in_kind / store_size[:, None]
    per_kind = np.divide(1.0, kind_size, out=np.zeros(len(kinds)), where=kind_size > 0)
    borrowed = (share * per_kind)[:, place] * weight
    alpha = in_store.T * weight / store_size[:, None] - borrowed
    beta = (
        in_store.T * weight / store_size[:, None] * (expected[None, :] + deviation[:, None])
        - borrowed * expected
    )
    sums = sample.products
    cross = alpha @ sums.tm @ beta.T
    covariance = alpha @ sums.tt @ alpha.T - cross - cross.T + beta @ sums.mm @ beta.T
    return _Compared(
        plain=in_store.T @ total / store_size,
        deviation=deviation,
        overall=float(total.sum() / size.sum()),
        covariance=covariance * sums.n_clusters / (sums.n_clusters - 1),
    )
