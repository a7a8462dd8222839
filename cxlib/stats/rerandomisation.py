"""Put the test on trial: draw the arms, or the groups, again by lot and count what it calls.

Only the multiset of outcomes is needed. Units drawn by lot into an arm take a multivariate
hypergeometric share of each value, which is exactly what relabelling the rows would give.

Source: Fisher (1935), The Design of Experiments, section 21; Young (2019), Quarterly Journal of
Economics 134(2), for re-randomisation as a check of published tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.proportions import proportion

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerandomised:
    """What a test called when nothing could be there.

    Attributes:
        false_alarms: Share of redraws called an effect, with its interval; n_obs = redraws.
        nominal: The share that is promised.
        p_value: Of the real split among the redraws, (1 + as extreme) / (1 + redraws).
    """

    false_alarms: Estimate
    nominal: float
    p_value: float

    @property
    def as_promised(self) -> bool:
        """Whether the redraws called no more effects than promised, beyond chance."""
        return self.false_alarms.ci_lower <= self.nominal


def redraw_arms(
    values: Sequence[float],
    *,
    control: Sequence[int],
    treatment: Sequence[int],
    n_redraws: int = 2_000,
    seed: int,
    confidence_level: float = 0.95,
) -> Rerandomised:
    """Draw the arms of a test again by lot and test the difference of their means each time.

    Args:
        values: The distinct values of the outcome, at least 2.
        control: Units per value in the control arm.
        treatment: Units per value in the treatment arm.
        n_redraws: From 100.
        seed: Of the redraws.
        confidence_level: Of the test on trial.

    Raises:
        InputError: Lists of unequal length, fewer than 2 values or units in an arm, or too few
            redraws.
    """
    check_level(confidence_level)
    theirs, ours = _counts(values, control, "control"), _counts(values, treatment, "treatment")
    _check_redraws(n_redraws)
    pooled, levels = theirs + ours, np.asarray(values, dtype=float)
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_hypergeometric(
        pooled, int(ours.sum()), size=n_redraws, method="marginals"
    )
    redrawn = np.abs(_z(levels, drawn, pooled - drawn))
    real = float(np.abs(_z(levels, ours[None, :], theirs[None, :]))[0])
    return _judge(redrawn, real, _limit(confidence_level), confidence_level)


def redraw_groups(
    values: Sequence[float],
    *,
    control: NDArray[np.int64],
    treatment: NDArray[np.int64],
    n_redraws: int = 1_000,
    seed: int,
    confidence_level: float = 0.95,
) -> Rerandomised:
    """Deal the units of each arm into groups again by lot and test the groups' effects apart.

    The effect over all units stays as it is; what is drawn again is which group a unit belongs to.

    Args:
        values: The distinct values of the outcome, at least 2.
        control: Units per group (rows) and value (columns) in the control arm.
        treatment: The same in the treatment arm.
        n_redraws: From 100.
        seed: Of the redraws.
        confidence_level: Of the interaction test on trial.

    Raises:
        InputError: Shapes that differ, fewer than 2 groups, values or units in a cell of group and
            arm, or too few redraws.
    """
    from scipy.special import chdtri

    check_level(confidence_level)
    _check_redraws(n_redraws)
    theirs, ours = np.asarray(control), np.asarray(treatment)
    if theirs.shape != ours.shape or theirs.ndim != 2 or len(theirs) < 2:  # noqa: PLR2004
        raise InputError(
            "control and treatment must hold the same groups (2 or more) by values, "
            f"got shapes {theirs.shape} and {ours.shape}"
        )
    for name, arm in (("control", theirs), ("treatment", ours)):
        for row in arm:
            _counts(values, row, name)
    levels = np.asarray(values, dtype=float)
    rng = np.random.default_rng(seed)
    dealt = [_deal(rng, arm.sum(axis=0), arm.sum(axis=1), n_redraws) for arm in (theirs, ours)]
    redrawn = _heterogeneity(levels, *dealt)
    real = float(_heterogeneity(levels, theirs[:, None, :], ours[:, None, :])[0])
    limit = float(chdtri(len(theirs) - 1, 1 - confidence_level))
    return _judge(redrawn, real, limit, confidence_level)


def _deal(
    rng: np.random.Generator, pooled: NDArray[np.int64], sizes: NDArray[np.int64], n: int
) -> NDArray[np.int64]:
    """Deal pooled units into groups of given sizes: groups by redraws by values."""
    left = np.repeat(pooled[None, :], n, axis=0)
    hands = []
    for size in sizes[:-1]:
        hand = np.stack(
            [rng.multivariate_hypergeometric(row, int(size), method="marginals") for row in left]
        )
        hands.append(hand)
        left = left - hand
    return np.stack([*hands, left])


def _moments(levels: Array, counts: NDArray[np.int64]) -> tuple[Array, Array]:
    """Return the mean and its squared standard error, over the last axis."""
    n = counts.sum(axis=-1)
    mean = counts @ levels / n
    squares = counts @ levels**2 - n * mean**2
    return mean, np.maximum(squares, 0.0) / (n - 1) / n


def _z(levels: Array, ours: NDArray[np.int64], theirs: NDArray[np.int64]) -> Array:
    (mean1, variance1), (mean0, variance0) = _moments(levels, ours), _moments(levels, theirs)
    spread = np.sqrt(variance1 + variance0)
    return np.divide(mean1 - mean0, spread, out=np.zeros_like(spread), where=spread > 0)


def _heterogeneity(levels: Array, theirs: NDArray[np.int64], ours: NDArray[np.int64]) -> Array:
    """Return Cochran's Q of the groups' effects, per redraw."""
    (mean1, variance1), (mean0, variance0) = _moments(levels, ours), _moments(levels, theirs)
    effect = mean1 - mean0
    spread = variance1 + variance0
    weights = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    total = weights.sum(axis=0)
    pooled = np.divide(
        (weights * effect).sum(axis=0), total, out=np.zeros_like(total), where=total > 0
    )
    return np.asarray((weights * (effect - pooled) ** 2).sum(axis=0))


def _judge(redrawn: Array, real: float, limit: float, level: float) -> Rerandomised:
    n = len(redrawn)
    return Rerandomised(
        false_alarms=proportion(int((redrawn > limit).sum()), n, confidence_level=level),
        nominal=1 - level,
        p_value=(1 + int((redrawn >= real - 1e-9).sum())) / (1 + n),
    )


def _limit(level: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf((1 + level) / 2)


def _counts(values: Sequence[float], counts: Sequence[int], arm: str) -> NDArray[np.int64]:
    found = np.asarray(counts, dtype=np.int64)
    if len(values) < 2 or len(found) != len(values):  # noqa: PLR2004 - the message says it
        raise InputError(
            f"values and {arm} counts must be equally long, 2 or more, "
            f"got {len(values)} and {len(found)}"
        )
    if found.sum() < 2:  # noqa: PLR2004 - the message says it
        raise InputError(f"the {arm} arm needs at least 2 units, got {found.sum()}")
    return found


def _check_redraws(n_redraws: int) -> None:
    if n_redraws < 100:  # noqa: PLR2004 - the message says it
        raise InputError(f"n_redraws must be at least 100, got {n_redraws}")
