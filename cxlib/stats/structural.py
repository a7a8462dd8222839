# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""Structural time series: what was expected after the start, forecast from before it.

A drifting level on top of the comparison units' series, the calendar as regressors (statsmodels
UnobservedComponents), fitted before the start only. The forecast knows what the comparison units
did afterwards, so a season or a shock that met everyone is expected, not credited.
"""

import warnings
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

FEWEST_BEFORE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Structural:
    """A structural counterfactual.

    Attributes:
        found: Effect, cumulative effect and expected path.
        n_regressors: Calendar columns.
        drift: Standard deviation of the level's step in a period, in the outcome's unit.
    """

    found: Counterfactual
    n_regressors: int
    drift: float


def structural_counterfactual(
    series: TreatedSeries,
    *,
    comparison: Array,
    calendar: Calendar = (),
    confidence_level: float = 0.95,
    n_draws: int = 2_000,
    seed: int = 20_260_101,
) -> Structural:
    """Forecast the treated series from before the start, and compare.

        value_t = comparison_t + level_t + c · calendar_t + noise_t;  level_t a random walk

    The comparison series stands with the slope 1: a slope learned from a dozen noisy months comes
    out too small, and what it leaves of season and trend would be credited to the action (in 60
    simulated chains it added 0.25 pp). Level and calendar share one state, so the forecast
    carries the doubt about both. Paths after the start are simulated; the spread of their mean is
    put on t with the periods before less the unknowns, because two variances were learned from few.

    Args:
        series: From treated_series, 10 periods before the start or more.
        comparison: The comparison units' values, one a period.
        calendar: Columns for moving holidays and sales; one that does not vary before the start
            says nothing and is left out.
        confidence_level: In [0.9, 1).
        n_draws: Simulated paths, 200 or more.
        seed: Of the paths.

    Raises:
        InputError: Too few periods, or a fit that does not settle.

    Source: Brodersen, Gallusser, Koehler, Remy and Scott (2015), Annals of Applied Statistics 9(1);
    Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter.
    """
    from scipy.special import stdtr, stdtrit
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    check_level(confidence_level)
    before, n = series.n_before, len(series.periods)
    if n_draws < 200:
        raise InputError(f"n_draws must be 200 or more, got {n_draws}")
    if before < FEWEST_BEFORE:
        raise InputError(
            f"a structural forecast needs at least {FEWEST_BEFORE} periods before the start, "
            f"got {before}"
        )
    columns = columns_of(calendar, n)
    columns = columns[:, np.ptp(columns[:before], axis=0) > 0]
    columns = (columns - columns[:before].mean(axis=0)) / columns[:before].std(axis=0)
    gaps = series.values - comparison
    centre, scale = gaps[:before].mean(), gaps[:before].std() or 1.0
    free = before - 1 - columns.shape[1]
    if free < 4:
        raise InputError(
            f"{before} periods before the start are too few for {columns.shape[1]} regressors"
        )
    past = columns[:before] if columns.shape[1] else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that does not settle is refused below, in words
        model = UnobservedComponents(
            (gaps[:before] - centre) / scale, level="local level", exog=past,
            mle_regression=False,
        )  # fmt: skip
        fit = model.fit(disp=0, maxiter=500)
        if not np.all(np.isfinite(fit.params)) or not fit.mle_retvals["converged"]:
            raise InputError(
                "the structural model does not settle after 500 steps; use fewer regressors or a "
                "longer history"
            )
        later = columns[before:] if columns.shape[1] else None
        paths = np.asarray(
            fit.simulate(
                series.n_after, anchor="end", repetitions=n_draws, exog=later,
                rng=np.random.default_rng(seed),
            )
        ).reshape(series.n_after, n_draws)  # fmt: skip
        forecast = fit.get_forecast(series.n_after, exog=later)
        within = fit.get_prediction(0, before - 1)
    wider = float(np.sqrt(before / free))
    quantile = float(stdtrit(free, (1 + confidence_level) / 2))
    expected = np.concatenate([within.predicted_mean, forecast.predicted_mean]) * scale + centre
    expected = expected + comparison
    spread = np.concatenate([np.full(before, np.nan), forecast.se_mean * wider * quantile]) * scale
    steady = slice(min(before, 2 + columns.shape[1]))
    expected[steady] = np.nan
    gap = float(series.after_weights @ (series.values[before:] - expected[before:]))
    error = float(np.std(series.after_weights @ paths) * scale * wider)
    effect = Estimate(
        value=gap,
        ci_lower=gap - quantile * error,
        ci_upper=gap + quantile * error,
        n_obs=round(float(series.volume.sum())),
        unit=series.unit,
        method="structural time series, simulated forecast",
        confidence_level=confidence_level,
        p_value=float(2 * stdtr(free, -abs(gap) / error)) if error > 0 else None,
    )
    return Structural(
        found=counterfactual(
            series,
            effect=effect,
            expected=expected,
            lower=expected - spread,
            upper=expected + spread,
        ),
        n_regressors=columns.shape[1],
        drift=float(np.sqrt(max(fit.params[1], 0.0)) * scale),
    )
