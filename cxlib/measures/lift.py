"""What goes together with five more satisfied customers in a hundred: the driver simulator."""

from dataclasses import dataclass

import numpy as np

from cxlib.data.products import DriverProducts
from cxlib.errors import InputError
from cxlib.measures.regression import Draws, check_coding, interval, slopes_of, usable_drivers
from cxlib.stats.estimate import Estimate, Unit, check_level


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """One driver's scenario.

    Attributes:
        driver: Its column.
        satisfied: Share of its ratings that are 4 or 5.
        reach: Share of answers that rated it.
        rise: Rise of that share that is supposed, 0-1.
        change: What goes together with it over all answers: NPS ``points``, or ``pp`` of CSAT.
            None when the share cannot rise so far.
        change_met: The same among those who met the driver alone.
    """

    driver: str
    satisfied: Estimate
    reach: Estimate
    rise: float
    change: Estimate | None
    change_met: Estimate | None


def lift_simulator(
    products: DriverProducts,
    *,
    rise: float = 0.05,
    seed: int,
    n_draws: int = 1_000,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> tuple[Lift, ...]:
    """Say by how much the outcome is higher where a driver's top-two-box share is.

        change = rise · reach · b,  b the difference in outcome between those who rated the driver
        4 or 5 and those who rated it lower, the other drivers' top-two-box held

    It reads one cross-section, so it says what goes together, not what an action would do. A
    mood that lifts every rating at once (halo) is part of b.

    Args:
        products: ``driver_products`` with coding "top2".
        rise: Of the top-two-box share among those who met the driver, above 0 up to 0.2.
        seed: Of the bootstrap over buckets of customers.
        n_draws: Bootstrap draws, 200 or more.
        confidence_level: In [0.9, 1).
        minimum_cell: Drivers with fewer ratings are left out.

    Returns:
        The largest change first, scenarios that cannot be last.

    Raises:
        InputError: As ``driver_importance``, or a rise outside its range.

    Source: Grömping (2015), WIREs Computational Statistics 7(2), on reading such figures.
    """
    check_level(confidence_level)
    most = 0.2
    if not 0 < rise <= most:
        raise InputError(f"rise must be above 0 and at most {most}, got {rise}")
    check_coding(products, "top2")
    kept, _ = usable_drivers(products, minimum_cell=minimum_cell)
    drawn = Draws.of(kept, n_draws=n_draws, seed=seed)
    slopes, drawn_slopes = slopes_of(kept.products.sum(axis=0)), slopes_of(drawn.products)
    rated, total = kept.n_rated.sum(axis=0), kept.n_obs
    reach, drawn_reach = rated / total, drawn.n_rated / drawn.n[:, None]
    satisfied = kept.sums.sum(axis=0) / rated
    unit: Unit = "points" if kept.outcome == "nps" else "pp"
    lifts = []
    for i, driver in enumerate(kept.drivers):
        n_obs = int(rated[i])
        possible = satisfied[i] + rise <= 1

        def estimate(value: float, draws: np.ndarray, n_obs: int = n_obs) -> Estimate:
            return interval(value, draws, n_obs=n_obs, unit=unit, level=confidence_level)

        lifts.append(
            Lift(
                driver=driver,
                satisfied=interval(
                    satisfied[i], drawn.means[:, i], n_obs=n_obs, unit="share",
                    level=confidence_level,
                ),
                reach=interval(
                    reach[i], drawn_reach[:, i], n_obs=total, unit="share", level=confidence_level
                ),
                rise=rise,
                change=estimate(
                    rise * reach[i] * slopes[i], rise * drawn_reach[:, i] * drawn_slopes[:, i]
                ) if possible else None,
                change_met=estimate(rise * slopes[i], rise * drawn_slopes[:, i])
                if possible else None,
            )
        )  # fmt: skip
    return tuple(
        sorted(lifts, key=lambda lift: -lift.change.value if lift.change else float("inf"))
    )
