"""Basic, performance or excitement: do poor ratings cost more than top ratings add?"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cxlib.data.products import DriverProducts
from cxlib.measures.regression import (
    Draws,
    check_coding,
    interval,
    only_drivers,
    slopes_of,
    usable_drivers,
)
from cxlib.stats.estimate import Estimate, check_level

Category = Literal["basic", "performance", "excitement", "cannot_tell"]

LEANING = 1.5
"""How many times the one side must outweigh the other: a penalty share of 0.6, or of 0.4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KanoContrast:
    """One driver's two sides, held against ratings of 3 or 4.

    Attributes:
        driver: Its column.
        n_low: Answers that rated it 1 or 2.
        n_high: Answers that rated it 5.
        penalty: Points of the outcome by which those who rated 1 or 2 lie below; above 0 is lower.
        reward: Points of the outcome by which those who rated 5 lie above.
        category: basic when the penalty outweighs the reward 1.5 times, excitement the other way
            round, performance when neither does, each only where the interval says so.
    """

    driver: str
    n_low: int
    n_high: int
    penalty: Estimate
    reward: Estimate
    category: Category


def kano_contrasts(
    products: DriverProducts,
    *,
    seed: int,
    n_draws: int = 2_000,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> tuple[KanoContrast, ...]:
    """Contrast what goes with poor and with top ratings, and say which kind of driver it is.

        y = cell mean + Σ (-penalty(d) · [x(d) <= 2] + reward(d) · [x(d) = 5])
        basic: penalty - 1.5 reward > 0     excitement: reward - 1.5 penalty > 0
        performance: 1.5 reward - penalty > 0 and 1.5 penalty - reward > 0

    Each statement needs the interval of its contrast above 0, at 1 - (1 - level) / k for k
    drivers, so that a list of like drivers is named wrongly in few studies. The contrast follows
    the wording of the scale: another set of words can move a driver from one kind to another.

    Args:
        products: ``driver_products`` with coding "low_high".
        seed: Of the bootstrap over buckets of customers.
        n_draws: Bootstrap draws, 200 or more.
        confidence_level: In [0.9, 1), of the whole list of categories and of each interval shown.
        minimum_cell: Drivers with fewer poor, middle or top ratings are not contrasted.

    Returns:
        In the order of the drivers asked.

    Raises:
        InputError: As ``driver_importance``.

    Source: Brandt (1987), in Add Value to Your Service (AMA), penalty-reward contrast; Matzler and
    Sauerwein (2002), International Journal of Service Industry Management 13(4).
    """
    check_level(confidence_level)
    check_coding(products, "low_high")
    ends, rated = products.sums.sum(axis=0), products.n_rated.sum(axis=0)
    between = (rated - ends)[0::2] - ends[1::2]
    middle = np.flatnonzero(between >= minimum_cell).tolist()
    kept, _ = usable_drivers(only_drivers(products, middle), minimum_cell=minimum_cell)
    drawn = Draws.of(kept, n_draws=n_draws, seed=seed)
    slopes, drawn_slopes = slopes_of(kept.products.sum(axis=0)), slopes_of(drawn.products)
    ends, rated = kept.sums.sum(axis=0), kept.n_rated.sum(axis=0)
    contrasts = []
    for i, driver in enumerate(kept.drivers):
        low, high = 2 * i, 2 * i + 1
        n_low, n_high, n_obs = int(ends[low]), int(ends[high]), int(rated[low])
        if min(n_low, n_high, n_obs - n_low - n_high) < minimum_cell:
            continue
        penalty, reward = -drawn_slopes[:, low], drawn_slopes[:, high]
        tail = (1 - confidence_level) / (2 * len(kept.drivers))

        def above(contrast: np.ndarray, tail: float = tail) -> bool:
            return bool(np.quantile(contrast, tail) > 0)

        category: Category = "cannot_tell"
        if above(penalty - LEANING * reward):
            category = "basic"
        elif above(reward - LEANING * penalty):
            category = "excitement"
        elif above(LEANING * reward - penalty) and above(LEANING * penalty - reward):
            category = "performance"
        contrasts.append(
            KanoContrast(
                driver=driver,
                n_low=n_low,
                n_high=n_high,
                penalty=interval(
                    -slopes[low], penalty, n_obs=n_obs, unit="rating", level=confidence_level
                ),
                reward=interval(
                    slopes[high], reward, n_obs=n_obs, unit="rating", level=confidence_level
                ),
                category=category,
            )
        )
    return tuple(contrasts)
