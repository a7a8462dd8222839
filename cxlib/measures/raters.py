"""A small panel of raters: levels 1-5 by rater and item, never shown by rater."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.data.source import Source
from cxlib.data.summaries import score_counts
from cxlib.errors import InputError
from cxlib.stats.raters import Agreement, ordinal_agreement

Floats: TypeAlias = NDArray[np.float64]
LOWEST, HIGHEST = 1, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLevels:
    """What the panel says of one item.

    Attributes:
        item: Touchpoint or dimension.
        n_raters: Who rated it.
        mean: Mean level.
        median: Middle level.
        lowest: Lowest level given.
        highest: Highest level given.
    """

    item: str
    n_raters: int
    mean: float
    median: float
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RaterPanel:
    """The levels of a panel.

    Attributes:
        items: Rated items, sorted.
        levels: Raters by items; NaN where a rater skipped one.
    """

    items: tuple[str, ...]
    levels: Floats

    @property
    def n_raters(self) -> int:
        """Raters who rated anything."""
        return len(self.levels)

    def summary(self) -> tuple[ItemLevels, ...]:
        """Summarise each item over its raters, in the order of ``items``."""
        found = []
        for place, item in enumerate(self.items):
            given = self.levels[:, place]
            given = given[~np.isnan(given)]
            found.append(
                ItemLevels(
                    item=item,
                    n_raters=len(given),
                    mean=float(given.mean()),
                    median=float(np.median(given)),
                    lowest=int(given.min()),
                    highest=int(given.max()),
                )
            )
        return tuple(found)

    def agreement(self, *, confidence_level: float = 0.95) -> Agreement:
        """How far the raters agree on the items (Krippendorff's alpha, ordered levels)."""
        steps = np.arange(LOWEST, HIGHEST + 1)
        counts = (self.levels[:, :, None] == steps).sum(axis=0)
        return ordinal_agreement(counts, confidence_level=confidence_level)

    def drawn_means(self, *, seed: int, n_draws: int) -> Floats:
        """Draw raters with replacement: items by draws of the mean level.

        A draw in which nobody rated an item keeps the item's own mean.
        """
        rng = np.random.default_rng(seed)
        raters = self.n_raters
        times = rng.multinomial(raters, np.full(raters, 1 / raters), size=n_draws)
        rated = ~np.isnan(self.levels)
        total = times @ np.where(rated, self.levels, 0.0)
        number = times @ rated
        own = np.nanmean(self.levels, axis=0)
        means = np.divide(total, number, out=np.tile(own, (n_draws, 1)), where=number > 0)
        return np.asarray(means.T, dtype=np.float64)


def rater_panel(source: Source, *, item: str) -> RaterPanel:
    """Read a table of one level per rater and item.

    Args:
        source: Columns ``rater``, ``level`` and the item's.
        item: "touchpoint" or "dimension".

    Raises:
        InputError: A level off 1-5, two levels of one rater for one item, or no row; the
            contracts of ``difficulty`` and ``maturity`` refuse the same with the row's number.
    """
    rows = score_counts(source, score="level", by=["rater", item])
    if not len(rows):
        raise InputError(f"{source.table} must have at least one level, got none")
    outside = rows[(rows["score"] < LOWEST) | (rows["score"] > HIGHEST)]
    if len(outside):
        raise InputError(
            f"levels must be {LOWEST} to {HIGHEST}, got {int(outside['score'].iloc[0])} "
            f"for {outside[item].iloc[0]}"
        )
    if int(rows["n"].max()) > 1 or bool(rows.duplicated(["rater", item]).any()):
        twice = rows[(rows["n"] > 1) | rows.duplicated(["rater", item])][item].iloc[0]
        raise InputError(f"a rater must give one level for each {item}, got two for {twice}")
    table = rows.pivot(index="rater", columns=item, values="score").astype("float64")
    return RaterPanel(
        items=tuple(str(name) for name in table.columns), levels=table.to_numpy(dtype=np.float64)
    )
