"""Stars by source, each on its own scale; one figure across sources only by a stated mapping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cxlib.data.source import Source
from cxlib.data.summaries import score_counts
from cxlib.engagement.schema import Window
from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, Unit
from cxlib.stats.means import mean_estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStars:
    """The stars of one source.

    Attributes:
        source: Its name in the data.
        n_obs: Mentions with stars.
        mean: On the source's own 1 to 5; None under the minimum cell.
    """

    source: str
    n_obs: int
    mean: Estimate | None


def stars_by_source(
    mentions: Source, *, window: Window, confidence_level: float = 0.95, minimum_cell: int = 30
) -> tuple[SourceStars, ...]:
    """Give the mean stars of each source, never of all together.

    Args:
        mentions: One row per mention.
        window: Half-open period.
        confidence_level: In [0.9, 1).
        minimum_cell: Sources with fewer ratings are hidden.

    Returns:
        Sources by name; none where the table has no stars or no source.
    """
    found = []
    for source, counts in _counts(mentions, window).items():
        n = sum(counts.values())
        mean = None
        if n >= minimum_cell:
            mean = _mean({float(star): k for star, k in counts.items()}, confidence_level, "rating")
        found.append(SourceStars(source=source, n_obs=n, mean=mean))
    return tuple(found)


def stars_across(
    mentions: Source,
    *,
    window: Window,
    mapping: Mapping[str, Sequence[float]],
    confidence_level: float = 0.95,
) -> Estimate:
    """Give one mean of all sources on the scale of a stated mapping.

    Args:
        mentions: One row per mention.
        window: Half-open period.
        mapping: For each source, what its 1, 2, 3, 4 and 5 stars are worth, 0 to 1.
        confidence_level: In [0.9, 1).

    Returns:
        A mean 0 to 1 in ``ratio``, each rating counting once.

    Raises:
        InputError: A source with stars has no mapping, or nothing has stars.
    """
    counts = _counts(mentions, window)
    if unmapped := sorted(set(counts) - set(mapping)):
        raise InputError(
            "stars of several sources are averaged only by a stated mapping; none for "
            f"{', '.join(unmapped)}: add voice: star_mapping: to the engagement file, or read "
            "each source by itself"
        )
    pooled: dict[float, int] = {}
    for source, stars in counts.items():
        for star, n in stars.items():
            worth = float(mapping[source][star - 1])
            pooled[worth] = pooled.get(worth, 0) + n
    if not pooled:
        raise InputError("no mention of the period has stars")
    return _mean(pooled, confidence_level, "ratio")


def _counts(mentions: Source, window: Window) -> dict[str, dict[int, int]]:
    if not {"stars", "source"} <= mentions.columns:
        return {}
    counted = score_counts(mentions, score="stars", by=("source",), **window)
    found: dict[str, dict[int, int]] = {}
    for source, star, n in counted[["source", "score", "n"]].itertuples(index=False):
        if isinstance(source, str):
            found.setdefault(source, {})[int(star)] = int(n)
    return found


def _mean(counts: Mapping[float, int], level: float, unit: Unit) -> Estimate:
    n = sum(counts.values())
    mean = sum(worth * count for worth, count in counts.items()) / n
    squares = sum((worth - mean) ** 2 * count for worth, count in counts.items())
    return mean_estimate(n, mean, squares / max(1, n - 1), confidence_level=level, unit=unit)
