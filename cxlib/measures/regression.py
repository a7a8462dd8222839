"""Regression on sums: which drivers can be used, their slopes, and draws of the whole matrix."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.data.products import DriverCoding, DriverProducts
from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, Unit
from cxlib.stats.importance import repeated_predictors

Array: TypeAlias = NDArray[np.float64]
Reason = Literal["too_few", "no_variation", "collinear"]

FEWEST_DRAWS = 200
FEWEST_PER_DRIVER = 10
"""Answers beyond the number of cells that each driver in the model needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A driver that is not in the model, and why: "collinear" ones follow from each other."""

    driver: str
    n_obs: int
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draws:
    """Sums of resampled buckets of customers, one row a draw."""

    n: Array
    n_rated: Array
    sums: Array
    products: Array

    @classmethod
    def of(cls, products: DriverProducts, *, n_draws: int, seed: int) -> "Draws":
        """Draw the buckets with replacement; the same seed draws the same customers."""
        if n_draws < FEWEST_DRAWS:
            raise InputError(f"n_draws must be {FEWEST_DRAWS} or more, got {n_draws}")
        buckets = len(products.n)
        rng = np.random.default_rng(seed)
        times = rng.multinomial(buckets, np.full(buckets, 1 / buckets), size=n_draws)
        weight = times.astype(np.float64)
        size = products.products.shape[-1]
        return cls(
            n=weight @ products.n,
            n_rated=weight @ products.n_rated,
            sums=weight @ products.sums,
            products=(weight @ products.products.reshape(buckets, -1)).reshape(-1, size, size),
        )

    @property
    def means(self) -> Array:
        """Mean of each coded column over the answers that rated it; 0 where a draw has none."""
        return np.divide(
            self.sums, self.n_rated, out=np.zeros_like(self.sums), where=self.n_rated > 0
        )


def interval(value: float, draws: Array, *, n_obs: int, unit: Unit, level: float) -> Estimate:
    """Give a value its percentile interval from the draws, stretched to hold the value."""
    lower, upper = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(
        value=float(value),
        ci_lower=min(float(lower), float(value)),
        ci_upper=max(float(upper), float(value)),
        n_obs=n_obs,
        unit=unit,
        method="bootstrap by customer",
        confidence_level=level,
    )


def slopes_of(matrices: Array) -> Array:
    """Return least-squares slopes from products, outcome last; 0 where a draw lost a driver."""
    inner = matrices[..., :-1, :-1]
    variance = np.diagonal(inner, axis1=-2, axis2=-1)
    scale = np.where(variance > 0, 1 / np.sqrt(np.where(variance > 0, variance, 1.0)), 0.0)
    scaled = inner * scale[..., :, None] * scale[..., None, :]
    solved = np.linalg.pinv(scaled, rcond=1e-9, hermitian=True)
    return np.asarray(np.einsum("...ij,...j->...i", solved, matrices[..., :-1, -1] * scale) * scale)


def usable_drivers(
    products: DriverProducts, *, minimum_cell: int
) -> tuple[DriverProducts, tuple[LeftOut, ...]]:
    """Keep drivers with enough ratings, some variation and no twin, and name the others.

    Of drivers that determine each other none is kept: whose share it is cannot be told.

    Raises:
        InputError: What remains cannot be analysed; the message says what is wrong.
    """
    if reason := shortage(products, minimum_cell=minimum_cell):
        raise InputError(reason)
    kept, left_out = _sorted_out(products, minimum_cell=minimum_cell)
    return only_drivers(products, kept), left_out


def shortage(products: DriverProducts, *, minimum_cell: int) -> str:
    """Say what is lacking for an analysis; nothing when there is enough.

    Raises:
        InputError: A minimum cell under 2.
    """
    if minimum_cell < 2:  # noqa: PLR2004
        raise InputError(f"minimum_cell must be 2 or more, got {minimum_cell}")
    if products.n_obs == 0:
        return (
            f"driver importance needs answers with {products.outcome} and at least one rated "
            "driver, got none"
        )
    if products.products[:, -1, -1].sum() <= 0:
        return (
            f"{products.outcome} must vary among answers that rated the same drivers at the same "
            "touchpoint, got one value"
        )
    kept, left_out = _sorted_out(products, minimum_cell=minimum_cell)
    if len(kept) < 2:  # noqa: PLR2004
        named = "; ".join(f"{out.driver} has {_why(out, minimum_cell)}" for out in left_out)
        return (
            f"driver importance needs at least 2 drivers, got {len(kept)}"
            f"{f': {named}' if named else ''}"
        )
    columns = sum(owner in kept for owner in products.owners)
    need = products.n_cells + FEWEST_PER_DRIVER * columns
    if products.n_obs < need:
        return (
            f"{columns} driver columns in {products.n_cells} cells need at least "
            f"{need} answers, got {products.n_obs}; take fewer drivers or a longer period"
        )
    return ""


def _sorted_out(
    products: DriverProducts, *, minimum_cell: int
) -> tuple[list[int], tuple[LeftOut, ...]]:
    """Return the places of drivers to keep, and those left out with the reason."""
    rated, variance = products.n_rated.sum(axis=0), np.diagonal(products.products.sum(axis=0))
    kept, left_out = [], []
    for place, driver in enumerate(products.drivers):
        columns = [n for n, owner in enumerate(products.owners) if owner == place]
        n_obs = int(rated[columns[0]])
        if n_obs < minimum_cell:
            left_out.append(LeftOut(driver=driver, n_obs=n_obs, reason="too_few"))
        elif any(variance[n] <= 1e-9 * n_obs for n in columns):
            left_out.append(LeftOut(driver=driver, n_obs=n_obs, reason="no_variation"))
        else:
            kept.append(place)
    if len(kept) > 1:
        chosen = only_drivers(products, kept)
        twins = {chosen.owners[n] for n in repeated_predictors(chosen.products.sum(axis=0))}
        for place in [kept[n] for n in sorted(twins)]:
            column = products.owners.index(place)
            left_out.append(
                LeftOut(
                    driver=products.drivers[place], n_obs=int(rated[column]), reason="collinear"
                )
            )
            kept.remove(place)
    return kept, tuple(left_out)


def only_drivers(products: DriverProducts, kept: list[int]) -> DriverProducts:
    """Keep the drivers at these places."""
    columns = [n for n, owner in enumerate(products.owners) if owner in kept]
    with_outcome = [*columns, len(products.owners)]
    return DriverProducts(
        outcome=products.outcome,
        drivers=tuple(products.drivers[place] for place in kept),
        coding=products.coding,
        owners=tuple(kept.index(products.owners[n]) for n in columns),
        n=products.n,
        n_rated=products.n_rated[:, columns],
        sums=products.sums[:, columns],
        products=products.products[:, with_outcome][:, :, with_outcome],
        n_cells=products.n_cells,
        n_alone=products.n_alone,
    )


def _why(out: LeftOut, minimum_cell: int) -> str:
    if out.reason == "too_few":
        return f"{out.n_obs} ratings, fewer than {minimum_cell}"
    if out.reason == "collinear":
        return "ratings that others determine"
    return "the same rating from everyone"


def check_coding(products: DriverProducts, coding: DriverCoding) -> None:
    """Refuse sums of another coding.

    Raises:
        InputError: With the coding found.
    """
    if products.coding != coding:
        raise InputError(f"products must have coding {coding!r}, got {products.coding!r}")
