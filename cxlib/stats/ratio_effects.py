"""Ratios of two sums in an experiment whose units own several rows (delta method).

Orders per session, seconds per contact: y and x are one customer's totals, so that rows of one
customer are not taken for independent ones.
"""

from math import sqrt

import numpy as np

from cxlib.errors import InputError
from cxlib.stats.cuped import Adjusted, Moments, adjust
from cxlib.stats.estimate import Estimate, Unit, check_level
from cxlib.stats.means import t_quantile

_FEWEST_COLUMNS = 2


def ratio_effect(
    control: Moments,
    treatment: Moments,
    *,
    confidence_level: float = 0.95,
    unit: Unit = "ratio",
) -> Adjusted:
    """Estimate the difference of two ratios of sums, adjusted for covariates where there are any.

        R = ȳ / x̄ in each arm;  a unit's part in it: (y - R x) / x̄, whose mean is 0
        effect = Rt - Rc, error and adjustment as for means, on these parts

    A covariate that is itself a ratio (last quarter's orders per session) is handed as its two
    sums: together they take out at least as much as their ratio.

    Args:
        control: Numerator, denominator, then the covariates.
        treatment: The same columns.
        confidence_level: In [0.9, 1).
        unit: How the ratio is read.

    Raises:
        InputError: Fewer than 2 columns, no denominator, or what ``mean_effect`` refuses.

    Source: Deng, Knoblich and Lu (2018), KDD; Budylin et al. (2018), WSDM, for linearisation.
    """
    return adjust(
        _linearised(control, "control"),
        _linearised(treatment, "treatment"),
        confidence_level=confidence_level,
        unit=unit,
        method="delta",
    )


def ratio_value(arm: Moments, *, confidence_level: float = 0.95, unit: Unit = "ratio") -> Estimate:
    """Estimate the ratio of one arm with its t interval.

        R ± t(n-1) sqrt((var y - 2 R cov + R² var x) / n) / x̄

    Raises:
        InputError: Fewer than 2 columns, or no denominator.

    Source: Cochran (1977), Sampling Techniques, 6.3.
    """
    check_level(confidence_level)
    parts = _linearised(arm, "control")
    value = float(parts.means[0])
    margin = t_quantile(confidence_level, df=arm.n - 1) * sqrt(float(parts.cov[0, 0]) / arm.n)
    return Estimate(
        value=value,
        ci_lower=value - margin,
        ci_upper=value + margin,
        n_obs=arm.n,
        unit=unit,
        method="delta",
        confidence_level=confidence_level,
    )


def _linearised(arm: Moments, name: str) -> Moments:
    """Turn numerator and denominator into one column whose mean is their ratio."""
    if len(arm.means) < _FEWEST_COLUMNS:
        raise InputError(
            f"a ratio needs a numerator and a denominator, got {len(arm.means)} columns"
        )
    base = float(arm.means[1])
    if not base > 0:
        raise InputError(
            f"the denominator's mean must be above 0 in each arm, got {base:g} in {name}"
        )
    ratio = float(arm.means[0]) / base
    turn = np.zeros((len(arm.means) - 1, len(arm.means)))
    turn[0, :2] = 1 / base, -ratio / base
    turn[1:, 2:] = np.eye(len(arm.means) - 2)
    cov = turn @ arm.cov @ turn.T
    cov[0, 0] = max(0.0, cov[0, 0])
    return Moments(n=arm.n, means=np.concatenate([[ratio], arm.means[2:]]), cov=cov)
