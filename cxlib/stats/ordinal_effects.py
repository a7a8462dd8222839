"""Ordered answers (CSAT, CES) of two independent arms, from counts per answer.

A difference of means takes the step from 4 to 5 for as large as that from 1 to 2. Two views need no
such steps: the chance that a treated answer stands higher, and one odds ratio for all cuts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, nan, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.effects import Effect, t_estimate
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.means import welch_df
from cxlib.stats.ordinal import unspread

Array: TypeAlias = NDArray[np.float64]
Counts: TypeAlias = Sequence[int] | NDArray[np.int64]

_MOST_STEPS = 100
_BOTH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdinalEffect:
    """How often a treated answer stands above an untreated one.

    Attributes:
        effect: The net chance P(T > C) - P(T < C), in ``pp``, 0 where neither arm is higher.
        chance: P(T > C) + ½ P(T = C), 0.5 where neither arm is higher.
        n_control: Answers of the control arm.
        n_treatment: Answers of the treatment arm.
    """

    effect: Effect
    chance: Estimate
    n_control: int
    n_treatment: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OddsModel:
    """One odds ratio for every cut of the scale (proportional odds).

    Attributes:
        odds_ratio: Odds of an answer above any cut, treatment over control; 1 is no effect.
        log_odds: Its logarithm.
        std_error: Of ``log_odds``, infinite where the arms share no stretch of the scale.
        fit_p_value: Whether one ratio holds for all cuts: where small, it does not, and the odds
            ratio is only an average. 1 with two answers.
    """

    odds_ratio: Estimate
    log_odds: Estimate
    std_error: float
    fit_p_value: float


def chance_effect(
    scores: Sequence[float] | Array,
    *,
    control: Counts,
    treatment: Counts,
    confidence_level: float = 0.95,
) -> OrdinalEffect:
    """Estimate the chance that a treated answer stands above an untreated one (Brunner-Munzel).

        θ = P(T > C) + ½ P(T = C),  var = var(G(t)) / nt + var(F(c)) / nc

    with G and F the share of the other arm below an answer, half of its ties counted; t with
    Satterthwaite's degrees of freedom. Arms wholly apart get Wilson's interval on the smaller arm.

    Args:
        scores: Distinct answers.
        control: Units of the control arm with each answer.
        treatment: Units of the treatment arm with each answer.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: Unequal lengths, repeated scores, negative counts, an arm under 2 answers.

    Source: Brunner and Munzel (2000), Biometrical Journal 42(1).
    """
    check_level(confidence_level)
    theirs, ours = _in_order(scores, control, treatment)
    n_control, n_treatment = int(theirs.sum()), int(ours.sum())
    places_t, places_c = _places(theirs), 1 - _places(ours)
    theta = float(ours @ places_t) / n_treatment
    parts = [
        (float(counts @ (place - theta) ** 2) / (n - 1) / n, n)
        for counts, place, n in ((ours, places_t, n_treatment), (theirs, places_c, n_control))
    ]
    squared, n_obs = sum(part for part, _ in parts), n_control + n_treatment
    if squared <= 1e-15:  # noqa: PLR2004 - rounding of arms wholly apart
        chance = unspread(
            theta, float(min(n_control, n_treatment)), n_obs, confidence_level, p_value=None
        )
        error, df = sqrt(0.25 / min(n_control, n_treatment)), inf
    else:
        error, df = sqrt(squared), welch_df(*parts)
        found = t_estimate(
            theta - 0.5,
            std_error=error,
            df=df,
            n_obs=n_obs,
            unit="share",
            method="Brunner-Munzel",
            confidence_level=confidence_level,
        )
        chance = Estimate(
            value=theta,
            ci_lower=max(0.0, found.ci_lower + 0.5),
            ci_upper=min(1.0, found.ci_upper + 0.5),
            n_obs=n_obs,
            unit="share",
            method="Brunner-Munzel",
            confidence_level=confidence_level,
            p_value=found.p_value,
        )
    net = Estimate(
        value=2 * chance.value - 1,
        ci_lower=2 * chance.ci_lower - 1,
        ci_upper=2 * chance.ci_upper - 1,
        n_obs=n_obs,
        unit="pp",
        method=chance.method,
        confidence_level=confidence_level,
        p_value=chance.p_value,
    )
    return OrdinalEffect(
        effect=Effect(effect=net, rel_effect=None, std_error=2 * error, df=df),
        chance=chance,
        n_control=n_control,
        n_treatment=n_treatment,
    )


def proportional_odds(
    scores: Sequence[float] | Array,
    *,
    control: Counts,
    treatment: Counts,
    confidence_level: float = 0.95,
) -> OddsModel:
    """Fit one odds ratio for all cuts of an ordered scale by maximum likelihood.

        logit P(answer <= j) = a(j) - b · treated,  odds ratio = exp(b), limits exp(b ± z se)

    The likelihood takes counts, so its size is that of the scale. Whether one ratio is enough is
    tested by the likelihood ratio against a free share for every answer of each arm.

    Args:
        scores: Distinct answers.
        control: Units of the control arm with each answer.
        treatment: Units of the treatment arm with each answer.
        confidence_level: In [0.9, 1).

    Returns:
        The model; without limits or p where no answer of one arm is below any of the other.

    Raises:
        InputError: What ``chance_effect`` refuses, or all answers alike.

    Source: McCullagh (1980), JRSS B 42(2); Pratt (1981), JASA 76, for the single maximum.
    """
    from scipy.special import chdtrc

    check_level(confidence_level)
    both = np.vstack(_in_order(scores, control, treatment))
    both = both[:, both.sum(axis=0) > 0]
    if both.shape[1] < _BOTH:
        raise InputError("an odds ratio needs at least 2 different answers, got 1")
    n_obs = int(both.sum())
    side = _apart(both)
    if side:
        log_odds, error, fit = side * inf, inf, 1.0
    else:
        log_odds, error, likelihood = _fit(both)
        free = both / both.sum(axis=1, keepdims=True)
        full = float((both * np.log(np.where(both > 0, free, 1.0))).sum())
        df = both.shape[1] - 2
        fit = float(chdtrc(df, max(0.0, 2 * (full - likelihood)))) if df else 1.0
    place = t_estimate(
        0.0 if side else log_odds,
        std_error=0.0 if side else error,
        df=inf,
        n_obs=n_obs,
        unit="ratio",
        method="proportional odds",
        confidence_level=confidence_level,
    )
    limits = (nan, nan) if side else (place.ci_lower, place.ci_upper)
    p_value = None if side else place.p_value
    return OddsModel(
        odds_ratio=_record(exp(log_odds), exp(limits[0]), exp(limits[1]), place, p_value),
        log_odds=_record(log_odds, *limits, place, p_value),
        std_error=error,
        fit_p_value=fit,
    )


def _record(
    value: float, lower: float, upper: float, like: Estimate, p_value: float | None
) -> Estimate:
    return Estimate(
        value=value,
        ci_lower=lower,
        ci_upper=upper,
        n_obs=like.n_obs,
        unit=like.unit,
        method=like.method,
        confidence_level=like.confidence_level,
        p_value=p_value,
    )


def _in_order(
    scores: Sequence[float] | Array, control: Counts, treatment: Counts
) -> tuple[Array, Array]:
    at = np.asarray(scores, dtype=float)
    arms = [np.asarray(arm, dtype=float) for arm in (control, treatment)]
    if not len(at) == len(arms[0]) == len(arms[1]):
        raise InputError(
            "scores and the counts of both arms must be of one length, "
            f"got {len(at)}, {len(arms[0])} and {len(arms[1])}"
        )
    if len(np.unique(at)) < len(at):
        raise InputError("each score must stand once")
    for name, arm in zip(("control", "treatment"), arms, strict=True):
        if len(arm) and arm.min() < 0:
            raise InputError(f"counts must be 0 or more, got {arm.min():g} in {name}")
        if arm.sum() < _BOTH:
            raise InputError(f"an ordinal effect needs 2 answers in each arm, got {arm.sum():g}")
    order = np.argsort(at)
    return arms[0][order], arms[1][order]


def _places(counts: Array) -> Array:
    """Return the share of an arm below each answer, half of its ties counted."""
    return np.asarray((counts.cumsum() - counts / 2) / counts.sum(), dtype=float)


def _apart(both: Array) -> int:
    """Return 1 or -1 where one arm stands wholly at or above the other, else 0: no finite fit."""
    ends = [(held[0], held[-1]) for held in (np.flatnonzero(arm) for arm in both)]
    if ends[0][1] <= ends[1][0]:
        return 1
    return -1 if ends[1][1] <= ends[0][0] else 0


def _fit(both: Array) -> tuple[float, float, float]:
    """Maximise the likelihood by Newton's steps; return log odds ratio, its error, the maximum."""
    cuts = both.shape[1] - 1
    share = np.cumsum(both.sum(axis=0))[:-1] / both.sum()
    at = np.append(np.log(share / (1 - share)), 0.0)
    best, slope, curve = _likelihood(at, both)
    for _ in range(_MOST_STEPS):
        step = np.linalg.solve(curve, slope)
        while True:
            found = _likelihood(at + step, both)
            if found[0] >= best - 1e-12 * abs(best) or np.abs(step).max() < 1e-14:  # noqa: PLR2004
                break
            step /= 2
        at, (best, slope, curve) = at + step, found
        if np.abs(step).max() < 1e-11:  # noqa: PLR2004 - far under any printed digit
            break
    return float(at[cuts]), sqrt(float(np.linalg.inv(curve)[cuts, cuts])), best


def _likelihood(at: Array, both: Array) -> tuple[float, Array, Array]:
    """Return the log likelihood, its slope and the negative of its curvature."""
    from scipy.special import expit

    cuts = both.shape[1] - 1
    total, slope, curve = 0.0, np.zeros(cuts + 1), np.zeros((cuts + 1, cuts + 1))
    for treated, counts in enumerate(both):
        below = expit(at[:cuts] - treated * at[cuts])
        shares = np.diff(np.concatenate([[0.0], below, [1.0]]))
        if shares.min() <= 0:
            return -inf, slope, curve
        total += float(counts @ np.log(shares))
        lines = np.column_stack([np.eye(cuts), np.full(cuts, -float(treated))])
        density = below * (1 - below)
        moves = np.vstack([density[:, None] * lines, np.zeros((1, cuts + 1))])
        moves[1:] -= density[:, None] * lines
        ratio = counts / shares
        slope += ratio @ moves
        bend = density * (1 - 2 * below) * (ratio[:-1] - ratio[1:])
        curve += moves.T @ ((counts / shares**2)[:, None] * moves)
        curve -= lines.T @ (bend[:, None] * lines)
    return total, slope, curve
