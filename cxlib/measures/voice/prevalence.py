"""How many comments name a theme: shares with intervals that know a customer may comment twice."""

from dataclasses import dataclass
from math import sqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.measures.voice.listen import DETRACTOR, PROMOTER, Voice
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.means import mean_difference
from cxlib.stats.proportions import normal_quantile

Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeReading:
    """A theme over all comments of a period.

    Attributes:
        theme: Its id.
        n: Comments that name it.
        share: Of all comments.
        negative: Of its comments, those whose words about it are blame; None under the minimum
            cell or without sentiment.
        blamed: Of all comments, those that name it in words of blame; None without sentiment.
        gap: NPS of those who name it minus NPS of those who do not; None under the minimum cell.
        touchpoint: Where it is named most often for the comments there, if any can be shown.
        there: Its share there.
    """

    theme: str
    n: int
    share: Estimate | None
    negative: Estimate | None
    blamed: Estimate | None
    gap: Estimate | None
    touchpoint: str | None = None
    there: Estimate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A theme at a touchpoint.

    Attributes:
        touchpoint: Its id.
        theme: Its id.
        n_comments: Comments at the touchpoint.
        share: Of them, those that name the theme; None where the touchpoint is hidden.
        negative: Of those, the share that is blame; None under the minimum cell.
        blamed: Comments at the touchpoint that name the theme and blame it, as a share of all
            comments there: how much trouble it is.
    """

    touchpoint: str
    theme: str
    n_comments: int
    share: Estimate | None
    negative: Estimate | None
    blamed: Estimate | None


def clustered_share(
    flags: Flags, people: NDArray[Any], *, confidence_level: float = 0.95
) -> Estimate:
    """Estimate a share of comments when a person may have written several.

        n_eff = n / max(1, V_cluster / V_independent);  Wilson's interval on n_eff
        V_cluster = K/(K-1) Σ over persons (t - p·m)² / n²,  V_independent = p(1-p)/n

    Args:
        flags: Whether each comment counts.
        people: Who wrote each.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: No comment.

    Source: Korn and Graubard (1998), Survey Methodology 24(2), for effective sizes; Wilson (1927).
    """
    check_level(confidence_level)
    n = int(flags.size)
    if not n:
        raise InputError("a share needs at least 1 comment, got 0")
    share = float(flags.mean())
    size = float(n)
    if 0 < share < 1:
        _, who = np.unique(people, return_inverse=True)
        named, wrote = np.bincount(who, weights=flags), np.bincount(who)
        groups = wrote.size
        squares = float(((named - share * wrote) ** 2).sum())
        if groups > 1:
            clustered = groups / (groups - 1) * squares / n**2
            size = n / max(1.0, clustered / (share * (1 - share) / n))
    z = normal_quantile(confidence_level)
    scale = 1 + z * z / size
    centre = (share + z * z / (2 * size)) / scale
    margin = z * sqrt(share * (1 - share) / size + z * z / (4 * size * size)) / scale
    return Estimate(
        value=share,
        ci_lower=0.0 if share == 0 else max(0.0, centre - margin),
        ci_upper=1.0 if share == 1 else min(1.0, centre + margin),
        n_obs=n,
        unit="share",
        method="Wilson, effective comments",
        confidence_level=confidence_level,
    )


def theme_readings(
    voice: Voice, *, confidence_level: float = 0.95, minimum_cell: int = 30
) -> tuple[ThemeReading, ...]:
    """Read every theme over all comments, the most named first; themes nobody names come last."""
    spots = theme_places(voice, confidence_level=confidence_level, minimum_cell=minimum_cell)
    found = []
    for theme in voice.theme_ids:
        named = voice.names(theme)
        n = int(named.sum())
        shown = [p for p in spots if p.theme == theme and p.share is not None]
        best = max(shown, key=lambda place: _value(place.share), default=None)
        if best is not None and not _value(best.share):
            best = None
        found.append(
            ThemeReading(
                theme=theme,
                n=n,
                share=clustered_share(named, voice.people, confidence_level=confidence_level)
                if voice.n >= minimum_cell
                else None,
                negative=_negative(voice, theme, named, confidence_level, minimum_cell),
                blamed=clustered_share(
                    voice.blames(theme), voice.people, confidence_level=confidence_level
                )
                if voice.has_sentiment and voice.n >= minimum_cell
                else None,
                gap=_gap(voice, named, confidence_level, minimum_cell),
                touchpoint=best.touchpoint if best else None,
                there=best.share if best else None,
            )
        )
    return tuple(sorted(found, key=lambda reading: (-reading.n, reading.theme)))


def _value(estimate: Estimate | None) -> float:
    return estimate.value if estimate is not None else 0.0


def theme_places(
    voice: Voice, *, confidence_level: float = 0.95, minimum_cell: int = 30
) -> tuple[Place, ...]:
    """Read every theme at every touchpoint.

    Touchpoints with fewer comments than the minimum cell are hidden; where that hides exactly
    one, the next smallest is hidden too, so that nothing follows by subtraction.
    """
    points, sizes = np.unique(voice.touchpoints[voice.touchpoints != ""], return_counts=True)
    hidden = {str(point) for point, n in zip(points, sizes, strict=True) if n < minimum_cell}
    if len(hidden) == 1 and len(points) > 1:
        left = [(n, str(p)) for p, n in zip(points, sizes, strict=True) if str(p) not in hidden]
        hidden.add(min(left)[1])
    found = []
    for point, n in zip(points, sizes, strict=True):
        here = voice.touchpoints == point
        for theme in voice.theme_ids:
            named = voice.names(theme)
            share = negative = blamed = None
            if str(point) not in hidden:
                people = voice.people[here]
                level = confidence_level
                share = clustered_share(named[here], people, confidence_level=level)
                negative = _negative(voice, theme, named & here, level, minimum_cell)
                if voice.has_sentiment:
                    flags = voice.blames(theme)[here]
                    blamed = clustered_share(flags, people, confidence_level=level)
            found.append(
                Place(
                    touchpoint=str(point), theme=theme, n_comments=int(n), share=share,
                    negative=negative, blamed=blamed,
                )
            )  # fmt: skip
    return tuple(found)


def coverage(voice: Voice, *, confidence_level: float = 0.95) -> Estimate | None:
    """Estimate the share of comments that no theme names; None without comments."""
    if not voice.n:
        return None
    return clustered_share(voice.themes == 0, voice.people, confidence_level=confidence_level)


def effective_counts(flags: Flags, people: NDArray[Any]) -> tuple[int, int]:
    """Turn a share of clustered comments into counts of as many independent ones.

    Args:
        flags: Whether each comment counts, at least 1.
        people: Who wrote each.

    Returns:
        Those that count and all, rounded.
    """
    _, who = np.unique(people, return_inverse=True)
    share, n = float(flags.mean()), flags.size
    if not 0 < share < 1:
        return int(flags.sum()), int(n)
    named, wrote = np.bincount(who, weights=flags), np.bincount(who)
    groups = max(2, wrote.size)
    spread = groups / (groups - 1) * float(((named - share * wrote) ** 2).sum()) / n**2
    size = max(1, round(n / max(1.0, spread / (share * (1 - share) / n))))
    return round(share * size), size


def _negative(
    voice: Voice, theme: str, named: Flags, level: float, minimum_cell: int
) -> Estimate | None:
    if not voice.has_sentiment or named.sum() < minimum_cell:
        return None
    return clustered_share(voice.blames(theme)[named], voice.people[named], confidence_level=level)


def _gap(voice: Voice, named: Flags, level: float, minimum_cell: int) -> Estimate | None:
    """NPS in points of those who name it minus the others' (Welch on -100, 0 and 100)."""
    scored = ~np.isnan(voice.nps)
    bands = np.where(voice.nps >= PROMOTER, 100.0, np.where(voice.nps <= DETRACTOR, -100.0, 0.0))
    one, other = bands[named & scored], bands[~named & scored]
    if min(one.size, other.size) < max(2, minimum_cell) or one.var() + other.var() == 0:
        return None
    return mean_difference(
        one.size, float(one.mean()), float(one.var(ddof=1)),
        other.size, float(other.mean()), float(other.var(ddof=1)),
        confidence_level=level, unit="points",
    )  # fmt: skip
