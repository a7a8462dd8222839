"""Is a predicted chance right? Order (area under the curve) and size (calibration), from counts.

One line is a predicted chance with the units that had the event and those that had not.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.proportions import normal_quantile, proportion

Array = NDArray[np.float64]

NEWTON_STEPS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenth:
    """Units of like predicted chance: the mean predicted, and the share that had the event."""

    predicted: float
    happened: Estimate


def area_under_curve(
    chance: Array, events: Array, others: Array, *, confidence_level: float = 0.95
) -> Estimate:
    """Estimate how often a unit with the event has the higher chance; ties count half (DeLong).

        A = Σ over pairs of [c_event > c_other] + ½ [=], over all pairs

    Args:
        chance: Predicted, or any score that orders.
        events: Units with the event per line.
        others: Units without it.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: Fewer than 2 units with the event, or without it.

    Source: DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44(3).
    """
    check_level(confidence_level)
    total_events, total_others = float(events.sum()), float(others.sum())
    if min(total_events, total_others) < 2:  # noqa: PLR2004 - a variance needs 2
        raise InputError(
            "the area under the curve needs at least 2 units with the event and 2 without, got "
            f"{total_events:g} and {total_others:g}"
        )
    _, place = np.unique(chance, return_inverse=True)
    e, o = (np.bincount(place, weights=column) for column in (events, others))
    over = (np.cumsum(o) - o / 2) / total_others
    under = (total_events - np.cumsum(e) + e / 2) / total_events
    area = float(e @ over) / total_events
    variance = (
        float(e @ (over - area) ** 2) / (total_events - 1) / total_events
        + float(o @ (under - area) ** 2) / (total_others - 1) / total_others
    )
    margin = normal_quantile(confidence_level) * sqrt(variance)
    return Estimate(
        value=area, ci_lower=max(0.0, area - margin), ci_upper=min(1.0, area + margin),
        n_obs=round(total_events + total_others), unit="ratio", method="DeLong",
        confidence_level=confidence_level,
    )  # fmt: skip


def calibration_line(
    chance: Array, events: Array, others: Array, *, confidence_level: float = 0.95
) -> tuple[Estimate, Estimate]:
    """Estimate slope and level of the event by its predicted chance, on the log-odds.

        logit(event) = level + slope · logit(chance);  level alone is fitted with slope 1

    A slope below 1 says that predictions are too extreme; a level above 0 that they are too low.

    Args:
        chance: Predicted, strictly between 0 and 1.
        events: Units with the event per line.
        others: Units without it.
        confidence_level: In [0.9, 1).

    Returns:
        Slope and level.

    Raises:
        InputError: A chance of 0 or 1, all predictions alike, no event or nothing but events.

    Source: Cox (1958), Biometrika 45; Steyerberg (2019), Clinical Prediction Models, 15.
    """
    check_level(confidence_level)
    if not ((chance > 0) & (chance < 1)).all():
        raise InputError("a predicted chance must lie between 0 and 1, without either")
    if events.sum() == 0 or others.sum() == 0:
        raise InputError("calibration needs units with the event and without, got one kind")
    if np.ptp(chance) == 0:
        raise InputError(f"calibration needs chances that differ, all are {chance[0]:.3g}")
    odds = np.log(chance / (1 - chance))
    both = _newton(
        np.stack([np.ones_like(odds), odds], axis=1), np.zeros_like(odds), events, others
    )
    alone = _newton(np.ones((len(odds), 1)), odds, events, others)
    z, n = normal_quantile(confidence_level), round(float(events.sum() + others.sum()))

    def estimate(found: tuple[Array, Array], place: int) -> Estimate:
        value, error = float(found[0][place]), sqrt(float(found[1][place, place]))
        return Estimate(
            value=value, ci_lower=value - z * error, ci_upper=value + z * error, n_obs=n,
            unit="ratio", method="logistic recalibration", confidence_level=confidence_level,
        )  # fmt: skip

    return estimate(both, 1), estimate(alone, 0)


def tenths(
    chance: Array,
    events: Array,
    others: Array,
    *,
    groups: int = 10,
    confidence_level: float = 0.95,
) -> tuple[Tenth, ...]:
    """Hold the mean predicted chance of like-sized groups against what happened, lowest first.

    Units of one line stay together, so groups may differ in size.

    Raises:
        InputError: Fewer than 1 group.
    """
    if groups < 1:
        raise InputError(f"groups must be 1 or more, got {groups}")
    order = np.argsort(chance, kind="stable")
    chance, events, n = chance[order], events[order], (events + others)[order]
    place = np.minimum((np.cumsum(n) - n / 2) * groups // n.sum(), groups - 1)
    return tuple(
        Tenth(
            predicted=float(chance[inside] @ n[inside] / n[inside].sum()),
            happened=proportion(
                round(float(events[inside].sum())), round(float(n[inside].sum())),
                confidence_level=confidence_level,
            ),
        )
        for inside in (place == group for group in np.unique(place))
    )  # fmt: skip


def _newton(design: Array, offset: Array, events: Array, others: Array) -> tuple[Array, Array]:
    """Fit a logistic regression to counts; give coefficients and their covariance."""
    n, found = events + others, np.zeros(design.shape[1])
    for _ in range(NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(offset + design @ found, -30, 30)))
        information = design.T @ (design * (n * chance * (1 - chance))[:, None])
        step = np.linalg.solve(information, design.T @ (events - n * chance))
        found = found + np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-10:  # noqa: PLR2004 - far below any printed digit
            break
    return found, np.asarray(np.linalg.inv(information), dtype=float)
