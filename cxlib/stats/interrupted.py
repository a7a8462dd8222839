"""Interrupted time series: a level that steps at the start, beside trend, season and holidays.

For a client without comparison units. Neighbouring months resemble each other, so doubt allows for
autocorrelation; how much there is, is itself doubtful in a short series and is averaged over.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cxlib.errors import InputError
from cxlib.stats.clustered import Array
from cxlib.stats.counterfactual import (
    Calendar,
    Counterfactual,
    TreatedSeries,
    columns_of,
    counterfactual,
)
from cxlib.stats.estimate import Estimate, check_level

FEWEST_BEFORE = 8
FEWEST_FREE = 4
CORRELATIONS = np.linspace(-0.5, 0.95, 30)
"""Autocorrelations that are averaged over, each as likely as the others beforehand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """An interrupted series.

    Attributes:
        found: Effect, cumulative effect and expected path.
        harmonics: Pairs of sine and cosine that stand for the season; 0 where none can be told.
        autocorrelation: Most likely correlation of neighbouring errors.
        leftover_p_value: Of autocorrelation left after that (Ljung and Box).
    """

    found: Counterfactual
    harmonics: int
    autocorrelation: float
    leftover_p_value: float


def interrupted_series(
    series: TreatedSeries,
    *,
    calendar: Calendar = (),
    season_length: int = 12,
    confidence_level: float = 0.95,
) -> Interrupted:
    """Estimate the step of one series at the start.

        value_t = a + b t + season_t + holidays_t + effect · after_t + error_t
        error_t = r · error_(t-1) + noise_t

    generalised least squares (statsmodels GLS) for each r in a grid, averaged by the marginal
    likelihood of r; the effect's distribution is the mixture of their t distributions.

    Args:
        series: From treated_series, 8 periods before the start or more.
        calendar: Columns for moving holidays and sales.
        season_length: Periods in a year; a year before the start gives one harmonic, two years
            two, three years three.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: Too few periods, or the effect cannot be told from the other columns.

    Source: Zellner and Tiao (1964), JASA 59, on averaging over the autocorrelation; Bernal, Cummins
    and Gasparrini (2017), International Journal of Epidemiology 46(1), on the design.
    """
    from scipy.optimize import brentq
    from scipy.special import stdtr
    from statsmodels.regression.linear_model import GLS
    from statsmodels.stats.diagnostic import acorr_ljungbox

    check_level(confidence_level)
    if series.n_before < FEWEST_BEFORE:
        raise InputError(
            f"an interrupted series needs at least {FEWEST_BEFORE} periods before the start, "
            f"got {series.n_before}"
        )
    design, harmonics = _design(series, calendar, season_length)
    n, k = design.shape
    scale = float(np.std(series.values)) or 1.0
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    fits, weights = [], []
    for correlation in CORRELATIONS:
        sigma = np.eye(n) if correlation == 0 else correlation**apart
        fit = GLS(series.values / scale, design, sigma=sigma).fit()
        halves = np.linalg.slogdet(fit.normalized_cov_params)[1] - np.linalg.slogdet(sigma)[1]
        fits.append(fit)
        squares = max(float(fit.scale) * (n - k), 1e-12)
        weights.append(halves / 2 - (n - k) / 2 * np.log(squares))
    weight = np.exp(np.asarray(weights) - max(weights))
    weight /= weight.sum()
    values = np.array([float(fit.params[-1]) for fit in fits]) * scale
    errors = np.maximum([float(fit.bse[-1]) for fit in fits], 1e-12) * scale

    def below(level: float) -> Callable[[float], float]:
        return lambda x: float(weight @ stdtr(n - k, (x - values) / errors)) - level

    low, high = float((values - 200 * errors).min()), float((values + 200 * errors).max())
    tail = (1 - confidence_level) / 2
    best = fits[int(np.argmax(weight))]
    at_zero = below(0.0)(0.0)
    effect = Estimate(
        value=float(weight @ values),
        ci_lower=float(brentq(below(tail), low, high)),
        ci_upper=float(brentq(below(1 - tail), low, high)),
        n_obs=round(float(series.volume.sum())),
        unit=series.unit,
        method="interrupted time series, autocorrelation averaged over",
        confidence_level=confidence_level,
        p_value=2 * min(at_zero, 1 - at_zero),
    )
    without = design.copy()
    without[:, -1] = 0.0
    line = best.get_prediction(without)
    limits = np.asarray(line.conf_int(alpha=1 - confidence_level)) * scale
    leftover = acorr_ljungbox(best.wresid, lags=[max(1, min(6, n // 4))], model_df=0)
    return Interrupted(
        found=counterfactual(
            series,
            effect=effect,
            expected=np.asarray(line.predicted_mean) * scale,
            lower=limits[:, 0],
            upper=limits[:, 1],
        ),
        harmonics=harmonics,
        autocorrelation=float(CORRELATIONS[int(np.argmax(weight))]),
        leftover_p_value=float(leftover["lb_pvalue"].iloc[0]),
    )


def _design(series: TreatedSeries, calendar: Calendar, season_length: int) -> tuple[Array, int]:
    """Lay out level, trend, season, holidays and, last, the step."""
    n = len(series.periods)
    t = np.arange(n)
    harmonics = min(3, series.n_before // season_length, season_length // 2)
    turns = [2 * np.pi * (h + 1) * t / season_length for h in range(harmonics)]
    season = [wave for turn in turns for wave in (np.sin(turn), np.cos(turn))]
    fixed = columns_of(calendar, n)
    columns = [np.ones(n), (t - t.mean()) / n, *season, *fixed.T, series.after]
    design = np.column_stack(columns)
    rank = int(np.linalg.matrix_rank(design))
    if rank < design.shape[1] or n - design.shape[1] < FEWEST_FREE:
        raise InputError(
            f"the series has {n} periods for {design.shape[1]} unknowns (level, trend, season, "
            "holidays, step): the step cannot be separated; give a longer history"
        )
    return design, harmonics
