"""Where themes weigh most, and whether they weigh more there than earlier in the period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from cxlib.measures.voice.listen import Voice
from cxlib.measures.voice.prevalence import (
    Flags,
    Place,
    clustered_share,
    effective_counts,
)
from cxlib.stats.estimate import Estimate
from cxlib.stats.multiplicity import holm, holm_levels
from cxlib.stats.proportions import proportion_difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A theme at a touchpoint in the first and the second part of a period.

    Attributes:
        touchpoint: Its id.
        theme: Its id.
        before: Share of the comments there that complain of it (that name it, without sentiment)
            before the middle.
        after: From the middle on.
        change: After minus before in pp, p-value adjusted over all pairs compared (Holm).
        is_clear: Whether the change holds at the level of confidence asked for.
    """

    touchpoint: str
    theme: str
    before: Estimate
    after: Estimate
    change: Estimate
    is_clear: bool


def leading_places(places: Sequence[Place], *, most: int = 10) -> tuple[Place, ...]:
    """Give the pairs of touchpoint and theme with the most complaints, the largest first.

    Without sentiment those with the most comments. A pair of a touchpoint under the minimum cell
    is never among them, nor one that nobody names.
    """
    judged = any(place.blamed is not None for place in places)

    def weight(place: Place) -> float:
        estimate = place.blamed if judged else place.share
        return 0.0 if estimate is None else estimate.value * place.n_comments

    def named(place: Place) -> float:
        return place.share.value * place.n_comments if place.share else 0.0

    pairs = [place for place in places if weight(place) > 0]
    pairs.sort(key=lambda place: (-round(weight(place)), -named(place)))
    return tuple(pairs[:most])


def place_trends(
    voice: Voice,
    places: Sequence[Place],
    *,
    middle: date,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> tuple[Trend, ...]:
    """Compare pairs of touchpoint and theme before a day and from it on.

    Newcombe's interval on effective comments, since a person may write several; p-values and
    levels by Holm over all pairs compared. The pairs must not be chosen by how they changed.

    Args:
        voice: Comments of the period.
        places: The pairs.
        middle: First day of the later part.
        confidence_level: In [0.9, 1).
        minimum_cell: Pairs with fewer comments at the touchpoint on a side are left out.

    Source: Newcombe (1998), Statistics in Medicine 17, 873-890; Holm (1979).
    """
    later: Flags = voice.days >= np.datetime64(middle)
    kept: list[tuple[Place, Flags, Flags]] = []
    for place in places:
        here = voice.touchpoints == place.touchpoint
        if min((here & later).sum(), (here & ~later).sum()) >= max(1, minimum_cell):
            flags = voice.blames(place.theme) if voice.has_sentiment else voice.names(place.theme)
            kept.append((place, flags, here))
    counts = []
    for _, flags, here in kept:
        sides = (here & later, here & ~later)
        (x_1, n_1), (x_0, n_0) = (effective_counts(flags[s], voice.people[s]) for s in sides)
        counts.append((x_1, n_1, x_0, n_0))
    raw = [proportion_difference(*c, confidence_level=confidence_level) for c in counts]
    p_values = [change.p_value if change.p_value is not None else 1.0 for change in raw]
    levels = holm_levels(p_values, confidence_level=confidence_level)
    found = []
    for (place, flags, here), c, level, p in zip(kept, counts, levels, holm(p_values), strict=True):
        before, after = (
            clustered_share(flags[rows], voice.people[rows], confidence_level=confidence_level)
            for rows in (here & ~later, here & later)
        )
        drawn = proportion_difference(*c, confidence_level=level)
        found.append(
            Trend(
                touchpoint=place.touchpoint,
                theme=place.theme,
                before=before,
                after=after,
                change=Estimate(
                    value=after.value - before.value,
                    ci_lower=drawn.ci_lower,
                    ci_upper=drawn.ci_upper,
                    n_obs=int(here.sum()),
                    unit="pp",
                    method="Newcombe, effective comments",
                    confidence_level=confidence_level,
                    p_value=p,
                ),
                is_clear=p <= 1 - confidence_level,
            )
        )
    return tuple(found)
