"""The effect of a treatment: difference and relative difference, each with interval and p-value."""

from dataclasses import dataclass
from math import exp, inf, isfinite, log, nan, sqrt

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, Unit, check_level
from cxlib.stats.means import mean_difference, t_quantile, t_two_sided_p, welch_df
from cxlib.stats.proportions import proportion_difference, relative_difference, two_sided_p

NpsCounts = tuple[int, int, int]
"""Promoters (9-10), passives (7-8), detractors (0-6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Treatment minus control, and the same relative to control.

    Attributes:
        effect: The difference, in the metric's unit.
        rel_effect: Treatment over control minus 1; without limits where a value is not above 0,
            None where the metric has no natural zero (NPS, ordered answers).
        std_error: Of the difference, variances of the two arms not pooled.
        df: Degrees of freedom of its t, infinite where normal.
    """

    effect: Estimate
    rel_effect: Estimate | None
    std_error: float
    df: float


def effect_of_levels(
    ours: float,
    theirs: float,
    *,
    error: tuple[float, float],
    log_error: tuple[float, float],
    n_obs: int,
    unit: Unit,
    method: str,
    confidence_level: float,
) -> Effect:
    """Give the effect of two levels whose errors are known: t interval, and log ratio.

    Args:
        ours: The treatment's level.
        theirs: The control's.
        error: Standard error of the difference and its degrees of freedom.
        log_error: The same of the log ratio; infinite where it does not exist.
        n_obs: Observations behind both.
        unit: How the difference is read.
        method: The interval's method.
        confidence_level: In [0.9, 1).
    """
    return Effect(
        effect=t_estimate(
            ours - theirs,
            std_error=error[0],
            df=error[1],
            n_obs=n_obs,
            unit=unit,
            method=method,
            confidence_level=confidence_level,
        ),
        rel_effect=log_ratio(
            ours,
            theirs,
            std_error=log_error[0],
            df=log_error[1],
            n_obs=n_obs,
            confidence_level=confidence_level,
        ),
        std_error=error[0],
        df=error[1],
    )


def proportion_effect(
    x_control: int,
    n_control: int,
    *,
    x_treatment: int,
    n_treatment: int,
    confidence_level: float = 0.95,
) -> Effect:
    """Compare a share between two arms: Newcombe's interval, score test, Katz's log ratio.

    Args:
        x_control: Units with the outcome in the control arm, 0 to ``n_control``.
        n_control: Units of the control arm, 1 or more.
        x_treatment: As in the control arm.
        n_treatment: As in the control arm.
        confidence_level: In [0.9, 1).

    Returns:
        The effect in ``pp`` (0-1). The relative effect's p-value is that of its own log ratio; it
        has no limits where an arm has no success.

    Raises:
        InputError: No units, or more successes than units.

    Source: Newcombe (1998), Statistics in Medicine 17(8); Katz et al. (1978), Biometrics 34(3).
    """
    counts = (x_treatment, n_treatment, x_control, n_control)
    effect = proportion_difference(*counts, confidence_level=confidence_level)
    relative = no_ratio(effect.n_obs, method="Katz log", confidence_level=confidence_level)
    if x_control:
        found = relative_difference(*counts, confidence_level=confidence_level)
        p_value = None
        if x_treatment:
            gaps = (1 / x_treatment - 1 / n_treatment, 1 / x_control - 1 / n_control)
            error = sqrt(max(0.0, sum(gaps)))
            p_value = two_sided_p(log(1 + found.value) / error) if error > 0 else 1.0
        relative = Estimate(
            value=found.value,
            ci_lower=found.ci_lower,
            ci_upper=found.ci_upper,
            n_obs=found.n_obs,
            unit="ratio",
            method=found.method,
            confidence_level=confidence_level,
            p_value=p_value,
        )
    p1, p2 = x_treatment / n_treatment, x_control / n_control
    return Effect(
        effect=effect,
        rel_effect=relative,
        std_error=sqrt(p1 * (1 - p1) / n_treatment + p2 * (1 - p2) / n_control),
        df=inf,
    )


def nps_effect(
    control: NpsCounts, treatment: NpsCounts, *, confidence_level: float = 0.95
) -> Effect:
    """Compare the Net Promoter Score of two arms (Welch on answers scored 100, 0 and -100).

        NPS = 100 (P - D) / n,  variance of one answer = 100² (p + d - (p - d)²) n / (n - 1)

    Args:
        control: Promoters, passives and detractors, 2 answers or more.
        treatment: As ``control``.
        confidence_level: In [0.9, 1).

    Returns:
        The effect in points; no relative effect, as a score of 0 points is not "nothing".

    Raises:
        InputError: Fewer than 2 answers, or a negative count.

    Source: Rocks (2016), Journal of Modern Applied Statistical Methods 15(1), for the variance.
    """
    ours, theirs = _nps_moments(treatment), _nps_moments(control)
    effect = mean_difference(*ours, *theirs, confidence_level=confidence_level, unit="points")
    parts = [(variance / n, n) for n, _, variance in (ours, theirs)]
    squared = sum(part for part, _ in parts)
    return Effect(
        effect=effect,
        rel_effect=None,
        std_error=sqrt(squared),
        df=welch_df(*parts) if squared > 0 else inf,
    )


def t_estimate(
    value: float,
    *,
    std_error: float,
    df: float,
    n_obs: int,
    unit: Unit,
    method: str,
    confidence_level: float,
) -> Estimate:
    """Put a difference with its error into an Estimate: t interval and the p-value of the same t.

    Without any error the interval is the value, and p is 1 where the value is 0, else 0.
    """
    check_level(confidence_level)
    margin, p_value = 0.0, float(value == 0)
    if std_error > 0:
        margin = t_quantile(confidence_level, df=df) * std_error
        p_value = t_two_sided_p(value / std_error, df=df)
    return Estimate(
        value=value,
        ci_lower=value - margin,
        ci_upper=value + margin,
        n_obs=n_obs,
        unit=unit,
        method=method,
        confidence_level=confidence_level,
        p_value=p_value,
    )


def log_ratio(
    treatment: float,
    control: float,
    *,
    std_error: float,
    df: float,
    n_obs: int,
    confidence_level: float,
) -> Estimate:
    """Estimate treatment over control minus 1 from the error of the logarithm of their ratio.

        limits exp(ln(T/C) ± t se) - 1

    Args:
        treatment: Value of the treatment arm.
        control: Value of the control arm.
        std_error: Of ln(T/C), by the delta method.
        df: Of its t.
        n_obs: Units of both arms.
        confidence_level: In [0.9, 1).

    Returns:
        An Estimate in ``ratio``; without value, limits or p where a value is not above 0.
    """
    if not (treatment > 0 and control > 0 and isfinite(std_error)):
        return no_ratio(n_obs, method="log ratio", confidence_level=confidence_level)
    place = log(treatment / control)
    found = t_estimate(
        place,
        std_error=std_error,
        df=df,
        n_obs=n_obs,
        unit="ratio",
        method="log ratio",
        confidence_level=confidence_level,
    )
    return Estimate(
        value=exp(place) - 1,
        ci_lower=_less_one(found.ci_lower),
        ci_upper=_less_one(found.ci_upper),
        n_obs=n_obs,
        unit="ratio",
        method="log ratio",
        confidence_level=confidence_level,
        p_value=found.p_value,
    )


def no_ratio(n_obs: int, *, method: str, confidence_level: float) -> Estimate:
    """Stand in for a relative effect that does not exist: control has nothing to relate to."""
    return Estimate(
        value=nan,
        ci_lower=nan,
        ci_upper=nan,
        n_obs=n_obs,
        unit="ratio",
        method=method,
        confidence_level=confidence_level,
    )


def _less_one(place: float) -> float:
    """Return exp(place) - 1, infinite where it is too large for a number."""
    return exp(place) - 1 if place < 700 else inf  # noqa: PLR2004 - e^710 overflows


def _nps_moments(counts: NpsCounts) -> tuple[int, float, float]:
    promoters, passives, detractors = (int(count) for count in counts)
    if min(promoters, passives, detractors) < 0:
        raise InputError(
            "promoters, passives and detractors must be 0 or more, "
            f"got {promoters}, {passives} and {detractors}"
        )
    n = promoters + passives + detractors
    if n <= 1:
        raise InputError(f"an NPS effect needs 2 answers in each arm, got {n}")
    share = (promoters - detractors) / n
    spread = (promoters + detractors) / n - share * share
    return n, 100 * share, 10_000 * max(0.0, spread) * n / (n - 1)
