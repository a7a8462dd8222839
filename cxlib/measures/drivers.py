"""Key drivers: which rated aspects go together with an outcome, how strongly, and how sure.

An association, never a lever: a pleased customer rates everything higher (halo), and a customer
who recommends may remember the visit as better than it was (reverse cause).
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.data.products import DriverProducts, Outcome
from cxlib.errors import InputError
from cxlib.measures.regression import (
    Draws,
    LeftOut,
    check_coding,
    interval,
    only_drivers,
    slopes_of,
    usable_drivers,
)
from cxlib.stats.estimate import Estimate, Unit, check_level
from cxlib.stats.importance import (
    Method,
    complete_dominance,
    drawn_contributions,
    shapley_importance,
)
from cxlib.stats.ranks import rank_bounds

Array: TypeAlias = NDArray[np.float64]
Sign = Literal["positive", "negative", "unclear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One driver.

    Attributes:
        driver: Its column.
        n_obs: Answers that rated it, among those with the outcome.
        reach: Share of answers that rated it.
        mean: Mean rating, 1-5, of those who rated it.
        contribution: Part of R²; over all drivers they sum to it.
        share: contribution / R², 0-1; over all drivers they sum to 1.
        rank: By share, 1 the largest.
        rank_lower: 1 more than the drivers shown to have a larger share.
        rank_upper: The number of drivers less those shown to have a smaller one.
        strength: contribution / reach: explained share per answer that met the driver.
        slope: Points of the outcome that go together with one point of the rating, the other
            drivers held; among those who rated it.
        sign: Of the slope, "unclear" when its interval holds 0.
        dominates: Drivers it adds more than in every combination with the others.
    """

    driver: str
    n_obs: int
    reach: Estimate
    mean: Estimate
    contribution: float
    share: Estimate
    rank: int
    rank_lower: int
    rank_upper: int
    strength: Estimate
    slope: Estimate
    sign: Sign
    dominates: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankAgreement:
    """The same shares from ranks instead of numbers: what treating answers as numbers changed.

    Attributes:
        n_pairs: Pairs of drivers.
        n_swapped: Pairs whose order differs.
        largest_shift: Largest change of a share, 0-1.
        same_first: Whether the same driver comes first.
    """

    n_pairs: int
    n_swapped: int
    largest_shift: float
    same_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverImportance:
    """The drivers of one outcome.

    Attributes:
        outcome: "nps" (0-10) or "csat" (1-5).
        n_obs: Answers with the outcome and at least one driver.
        r_squared: Share of the outcome's variance within cells that goes with the ratings.
        drivers: The largest share first.
        left_out: Drivers without enough answers or without variation.
        common: Share of R² that no single driver has alone (they overlap), 0-1.
        agreement: With the shares from ranks; None when they were not given.
        method: "exact", or "sampled" orders beyond 15 drivers.
        n_cells: Cells whose means are held: touchpoint and set of drivers rated.
    """

    outcome: Outcome
    n_obs: int
    r_squared: Estimate
    drivers: tuple[Driver, ...]
    left_out: tuple[LeftOut, ...]
    common: float
    agreement: RankAgreement | None
    method: Method
    n_cells: int

    def named(self, driver: str) -> Driver:
        """Find a driver by its column.

        Raises:
            InputError: It is not in the model.
        """
        for each in self.drivers:
            if each.driver == driver:
                return each
        known = ", ".join(each.driver for each in self.drivers)
        raise InputError(f"driver must be one of {known}, got {driver}")


def driver_importance(
    products: DriverProducts,
    *,
    ranked: DriverProducts | None = None,
    seed: int,
    n_draws: int = 1_000,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> DriverImportance:
    """Share the explained variance of an outcome among the drivers.

        R² = b'Wb / W(yy),  W the products within cells;  shares by Shapley's formula (LMG)

    An answer is compared only with answers at the same touchpoint that rated the same drivers: a
    driver that was not met stays missing, and differences between touchpoints explain nothing
    here. Intervals by percentile bootstrap over buckets of customers, from sums.

    Args:
        products: ``driver_products`` with coding "value".
        ranked: The same with coding "rank", for the ordinal check.
        seed: Of the bootstrap.
        n_draws: Bootstrap draws, 200 or more.
        confidence_level: In [0.9, 1).
        minimum_cell: Drivers with fewer ratings are left out and named.

    Raises:
        InputError: No answers, an outcome without variation, too few answers for the drivers,
            fewer than 2 usable drivers, drivers that repeat each other, another coding.

    Source: Grömping (2006), Journal of Statistical Software 17(1); Grömping (2015), WIREs
    Computational Statistics 7(2), for what shares are not.
    """
    check_level(confidence_level)
    check_coding(products, "value")
    kept, left_out = usable_drivers(products, minimum_cell=minimum_cell)
    matrix = kept.products.sum(axis=0)
    found = shapley_importance(matrix, seed=seed)
    drawn = Draws.of(kept, n_draws=n_draws, seed=seed)
    drawn_parts = drawn_contributions(drawn.products, seed=seed)
    drawn_r2 = drawn_parts.sum(axis=1)
    r2 = found.r_squared
    shares = found.contributions / r2 if r2 > 0 else np.zeros_like(found.contributions)
    drawn_shares = np.divide(
        drawn_parts, drawn_r2[:, None], out=np.zeros_like(drawn_parts), where=drawn_r2[:, None] > 0
    )
    total, rated = kept.n_obs, kept.n_rated.sum(axis=0)
    reach, drawn_reach = rated / total, drawn.n_rated / drawn.n[:, None]
    slopes = slopes_of(matrix)
    drawn_slopes = slopes_of(drawn.products)
    bounds = rank_bounds(shares, drawn_shares.T, confidence_level=confidence_level)
    order = np.argsort(-shares, kind="stable").tolist()
    size = len(kept.drivers)
    dominance = complete_dominance(matrix) if found.method == "exact" else np.zeros((size, size))

    def estimate(i: int, value: Array, draws: Array, unit: Unit) -> Estimate:
        return interval(
            value[i], draws[:, i], n_obs=int(rated[i]), unit=unit, level=confidence_level
        )

    drivers = []
    for rank, i in enumerate(order, start=1):
        slope = estimate(i, slopes, drawn_slopes, "rating")
        drivers.append(
            Driver(
                driver=kept.drivers[i],
                n_obs=int(rated[i]),
                reach=estimate(i, reach, drawn_reach, "share"),
                mean=estimate(i, kept.sums.sum(axis=0) / rated, drawn.means, "rating"),
                contribution=float(found.contributions[i]),
                share=estimate(i, shares, drawn_shares, "share"),
                rank=rank,
                rank_lower=min(rank, bounds[i][0]),
                rank_upper=max(rank, bounds[i][1]),
                strength=estimate(
                    i,
                    found.contributions / reach,
                    np.divide(drawn_parts, drawn_reach, out=np.zeros_like(drawn_parts),
                              where=drawn_reach > 0),
                    "ratio",
                ),
                slope=slope,
                sign=_sign(slope),
                dominates=tuple(kept.drivers[j] for j in np.flatnonzero(dominance[i])),
            )
        )  # fmt: skip
    return DriverImportance(
        outcome=kept.outcome,
        n_obs=total,
        r_squared=interval(r2, drawn_r2, n_obs=total, unit="share", level=confidence_level),
        drivers=tuple(drivers),
        left_out=left_out,
        common=float(1 - found.unique.sum() / r2) if r2 > 0 else 0.0,
        agreement=_agreement(ranked, kept.drivers, shares) if ranked is not None else None,
        method=found.method,
        n_cells=kept.n_cells,
    )


def _agreement(ranked: DriverProducts, drivers: tuple[str, ...], shares: Array) -> RankAgreement:
    check_coding(ranked, "rank")
    found = shapley_importance(
        only_drivers(ranked, [ranked.drivers.index(name) for name in drivers]).products.sum(axis=0)
    )
    other = found.contributions / found.r_squared if found.r_squared > 0 else shares
    first, second = np.triu_indices(len(shares), k=1)
    swapped = (shares[first] - shares[second]) * (other[first] - other[second]) < 0
    return RankAgreement(
        n_pairs=len(first),
        n_swapped=int(swapped.sum()),
        largest_shift=float(np.abs(other - shares).max()),
        same_first=int(np.argmax(shares)) == int(np.argmax(other)),
    )


def _sign(slope: Estimate) -> Sign:
    if not slope.excludes(0.0):
        return "unclear"
    return "positive" if slope.value > 0 else "negative"
