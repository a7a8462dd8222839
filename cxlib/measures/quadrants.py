"""Importance against performance, with what the answers leave open about each place."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from cxlib.data.products import DriverProducts
from cxlib.errors import InputError
from cxlib.measures.regression import Draws, check_coding, interval, usable_drivers
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.importance import drawn_contributions, shapley_importance

Quadrant = Literal["improve_first", "keep_up", "later", "hold"]

SATISFIED: Final = 4.0
"""The rating below which a driver counts as weak: 4 of 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where one driver stands.

    Attributes:
        driver: Its column.
        importance: Its share of the explained variance.
        performance: Its mean rating.
        quadrant: improve_first (important, weak), keep_up (important, good), later (less
            important, weak), hold (less important, good).
        support: Share of joint draws that put it in that quadrant.
        flips: Whether support is below the confidence level: the place is not settled.
    """

    driver: str
    importance: Estimate
    performance: Estimate
    quadrant: Quadrant
    support: float
    flips: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Quadrants:
    """The field and its cuts.

    Attributes:
        positions: The most important driver first.
        importance_cut: The share each would have if all mattered alike.
        performance_cut: A rating fixed beforehand, not the sample's mean.
    """

    positions: tuple[Position, ...]
    importance_cut: float
    performance_cut: float

    @property
    def unsettled(self) -> tuple[Position, ...]:
        """Drivers whose quadrant flips within joint uncertainty."""
        return tuple(position for position in self.positions if position.flips)


def importance_performance(
    products: DriverProducts,
    *,
    performance_cut: float = SATISFIED,
    seed: int,
    n_draws: int = 1_000,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> Quadrants:
    """Place drivers by derived importance and mean rating, both redrawn together.

    The cuts do not move with the sample: importance is cut at 1 / k, performance at a rating. A
    cut at the sample's means would put about half the drivers on the bad side in any company.

    Args:
        products: ``driver_products`` with coding "value".
        performance_cut: In (1, 5).
        seed: Of the bootstrap over buckets of customers.
        n_draws: Bootstrap draws, 200 or more.
        confidence_level: In [0.9, 1).
        minimum_cell: Drivers with fewer ratings are left out.

    Raises:
        InputError: As ``driver_importance``, or a cut off the scale.

    Source: Wu and Shieh (2009), Total Quality Management & Business Excellence 20(7), on the
    uncertainty of the places.
    """
    check_level(confidence_level)
    if not 1 < performance_cut < 5:  # noqa: PLR2004
        raise InputError(f"performance_cut must lie between 1 and 5, got {performance_cut}")
    check_coding(products, "value")
    kept, _ = usable_drivers(products, minimum_cell=minimum_cell)
    drawn = Draws.of(kept, n_draws=n_draws, seed=seed)
    found = shapley_importance(kept.products.sum(axis=0), seed=seed)
    parts = drawn_contributions(drawn.products, seed=seed)
    whole = np.maximum(parts.sum(axis=1, keepdims=True), 1e-12)
    shares = found.contributions / max(found.r_squared, 1e-12)
    rated = kept.n_rated.sum(axis=0)
    means = kept.sums.sum(axis=0) / rated
    cut = 1 / len(kept.drivers)
    positions = []
    for i in np.argsort(-shares, kind="stable").tolist():
        important, good = bool(shares[i] >= cut), bool(means[i] >= performance_cut)
        same = (parts[:, i] >= cut * whole[:, 0]) == important
        same &= (drawn.means[:, i] >= performance_cut) == good
        support = float(same.mean())
        n_obs = int(rated[i])
        positions.append(
            Position(
                driver=kept.drivers[i],
                importance=interval(
                    shares[i], parts[:, i] / whole[:, 0], n_obs=n_obs, unit="share",
                    level=confidence_level,
                ),
                performance=interval(
                    means[i], drawn.means[:, i], n_obs=n_obs, unit="rating",
                    level=confidence_level,
                ),
                quadrant=_quadrant(important=important, good=good),
                support=support,
                flips=support < confidence_level,
            )
        )  # fmt: skip
    return Quadrants(
        positions=tuple(positions), importance_cut=cut, performance_cut=performance_cut
    )


def _quadrant(*, important: bool, good: bool) -> Quadrant:
    if important:
        return "keep_up" if good else "improve_first"
    return "hold" if good else "later"
