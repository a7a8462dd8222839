"""Maturity and resources: a profile by dimension, the weakest, and how sure the panel is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cxlib.data.source import Source
from cxlib.measures.raters import RaterPanel, rater_panel
from cxlib.stats.raters import Agreement

DIMENSIONS = ("strategy", "data", "people", "process", "culture", "technology")
SMALLEST_PANEL = 5
"""Under this number of raters the lowest and highest level would point at persons."""
N_DRAWS = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionLevel:
    """One dimension of the profile.

    Attributes:
        dimension: Its name in the table.
        n_raters: Who rated it.
        median: Middle level, 1-5.
        mean: Mean level: levels taken as numbers, for the order of the dimensions alone.
        lowest: Lowest level given; None in a panel so small that it would point at a person.
        highest: Highest level given; None likewise.
        weakest_share: Share of panels, drawn from these raters again, in which it has the lowest
            mean; panels with a tie count in parts.
        target: Level the client wants to reach, where there is one.
        gap: Target minus median; 0 where the target is reached.
    """

    dimension: str
    n_raters: int
    median: float
    mean: float
    lowest: int | None
    highest: int | None
    weakest_share: float
    target: int | None
    gap: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MaturityProfile:
    """The profile of a panel.

    Attributes:
        dimensions: The weakest first.
        n_raters: Raters in the panel.
        agreement: Between raters over the dimensions.
    """

    dimensions: tuple[DimensionLevel, ...]
    n_raters: int
    agreement: Agreement

    @property
    def weakest(self) -> DimensionLevel:
        """The dimension with the lowest mean level."""
        return self.dimensions[0]

    @property
    def small(self) -> bool:
        """Whether the panel is too small to show lowest and highest levels."""
        return self.n_raters < SMALLEST_PANEL

    @property
    def gaps(self) -> tuple[DimensionLevel, ...]:
        """Dimensions below their target, the widest gap first."""
        below = [each for each in self.dimensions if each.gap]
        return tuple(sorted(below, key=lambda each: -(each.gap or 0)))


def maturity_profile(
    panel: RaterPanel,
    *,
    target: Mapping[str, int] | None = None,
    order: Sequence[str] = DIMENSIONS,
    seed: int,
    confidence_level: float = 0.95,
) -> MaturityProfile:
    """Give each dimension's level with its range, and say how surely one is the weakest.

    A mean over dimensions is not formed: a chain of six links is not as strong as their mean.

    Args:
        panel: ``rater_panel`` by dimension.
        target: Dimension to the level wanted, 1-5.
        order: Of dimensions whose means are equal.
        seed: Of the drawing of raters.
        confidence_level: In [0.9, 1), of the agreement's interval.
    """
    wanted = target or {}
    means = panel.drawn_means(seed=seed, n_draws=N_DRAWS)
    lowest = means <= means.min(axis=0) + 1e-9
    share = (lowest / lowest.sum(axis=0)).mean(axis=1)
    shows_range = panel.n_raters >= SMALLEST_PANEL
    found = [
        DimensionLevel(
            dimension=each.item,
            n_raters=each.n_raters,
            median=each.median,
            mean=each.mean,
            lowest=each.lowest if shows_range else None,
            highest=each.highest if shows_range else None,
            weakest_share=float(share[place]),
            target=wanted.get(each.item),
            gap=max(0.0, wanted[each.item] - each.median) if each.item in wanted else None,
        )
        for place, each in enumerate(panel.summary())
    ]
    rank = {name: place for place, name in enumerate(order)}
    found.sort(key=lambda each: (each.mean, rank.get(each.dimension, len(rank))))
    return MaturityProfile(
        dimensions=tuple(found),
        n_raters=panel.n_raters,
        agreement=panel.agreement(confidence_level=confidence_level),
    )


def maturity(
    table: Source | None, *, target: Mapping[str, int], seed: int, confidence_level: float
) -> MaturityProfile | None:
    """Profile the maturity table; None where the engagement has none."""
    if table is None:
        return None
    return maturity_profile(
        rater_panel(table, item="dimension"),
        target=target,
        seed=seed,
        confidence_level=confidence_level,
    )
