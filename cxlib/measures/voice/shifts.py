"""Themes named more or less often than before, apart from where the comments came from."""

from dataclasses import dataclass
from math import copysign, inf
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.measures.voice.listen import Voice
from cxlib.measures.voice.prevalence import Flags, clustered_share
from cxlib.stats.estimate import Estimate
from cxlib.stats.means import t_quantile, t_two_sided_p
from cxlib.stats.multiplicity import holm, holm_levels

Floats: TypeAlias = NDArray[np.float64]
_REST = "\x00rest"
"""Touchpoints with too few comments in either period, taken together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A theme in two periods; own + mix is the later share minus the earlier.

    Attributes:
        theme: Its id.
        before: Share of the earlier comments that name it.
        after: Of the later ones.
        change: After minus before, in pp, without a test.
        own: Of the change, the part from customers at the same touchpoint naming it more or less
            often; its p-value is Holm's over all themes.
        mix: The part from comments that came from other touchpoints than before.
        is_clear: Whether the own part holds at the level of confidence asked for.
    """

    theme: str
    before: Estimate
    after: Estimate
    change: Estimate
    own: Estimate
    mix: Estimate
    is_clear: bool


def theme_shifts(
    before: Voice, after: Voice, *, confidence_level: float = 0.95, minimum_cell: int = 30
) -> tuple[Shift, ...]:
    """Compare the share of each theme in two periods; empty where one has too few comments.

        own = Σ (s1 - s0)(w0 + w1)/2 over touchpoints,   mix = change - own

    with w a touchpoint's share of comments and s the share of them that name the theme. Contact
    notes have no touchpoint and are one of their own. Touchpoints with fewer than ``minimum_cell``
    comments in a period are taken together; where even these write in one period only, their part
    is mix. Errors are linearised with a person in a period as cluster; the family of the test is
    all themes.

    Source: Kitagawa (1955), JASA 50(272).
    """
    if min(before.n, after.n) < minimum_cell or before.theme_ids != after.theme_ids:
        return ()
    places = _places(before, after, minimum_cell)
    named = {
        theme: (before.names(theme), after.names(theme))
        for theme in before.theme_ids
        if before.names(theme).any() or after.names(theme).any()
    }
    people = before.people, after.people
    clusters = max(1, before.n_people + after.n_people - 1)
    parts = {theme: _parts(flags, places, people) for theme, flags in named.items()}
    p_values = [_p_value(*own, clusters) for own, _, _ in parts.values()]
    levels = holm_levels(p_values, confidence_level=confidence_level)

    def drawn(part: tuple[float, float], level: float, p: float | None = None) -> Estimate:
        value, error = part
        margin = t_quantile(level, df=clusters) * error
        return Estimate(
            value=value, ci_lower=value - margin, ci_upper=value + margin,
            n_obs=before.n + after.n, unit="pp", method="Kitagawa, clustered t",
            confidence_level=confidence_level, p_value=p,
        )  # fmt: skip

    shifts = []
    for theme, level, p in zip(named, levels, holm(p_values), strict=True):
        own, mix, change = parts[theme]
        first, last = (
            clustered_share(flags, who, confidence_level=confidence_level)
            for flags, who in zip(named[theme], people, strict=True)
        )
        shifts.append(
            Shift(
                theme=theme, before=first, after=last, change=drawn(change, confidence_level),
                own=drawn(own, level, p), mix=drawn(mix, confidence_level),
                is_clear=p <= 1 - confidence_level,
            )
        )  # fmt: skip
    return tuple(sorted(shifts, key=lambda shift: -abs(shift.own.value)))


def _places(before: Voice, after: Voice, fewest: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Number the touchpoint of each comment, small ones together."""
    texts = [np.asarray(voice.touchpoints).astype(str) for voice in (before, after)]
    counts = [dict(zip(*np.unique(text, return_counts=True), strict=True)) for text in texts]
    kept = {name for name in counts[0] if min(each.get(name, 0) for each in counts) >= fewest}
    order = {name: k for k, name in enumerate([*sorted(kept), _REST])}
    first, last = (
        np.array([order.get(name, len(kept)) for name in text], dtype=np.intp) for text in texts
    )
    return first, last


def _parts(
    flags: tuple[Flags, Flags],
    places: tuple[NDArray[Any], NDArray[Any]],
    people: tuple[NDArray[Any], NDArray[Any]],
) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]]:
    """Give own part, mix and whole change, each with its standard error."""
    groups = int(max(place.max() for place in places)) + 1
    n = np.array([np.bincount(place, minlength=groups) for place in places], dtype=float)
    hits = np.array(
        [np.bincount(p, weights=f, minlength=groups) for p, f in zip(places, flags, strict=True)]
    )
    share = np.divide(hits, n, out=np.full_like(n, np.nan), where=n > 0)
    weight = n / n.sum(axis=1, keepdims=True)
    moves = np.nan_to_num(share[1] - share[0])  # there in one period only: all of it is mix
    middle = np.where(n.min(axis=0) > 0, weight.mean(axis=0), 0.0)
    own, change = float(moves @ middle), float(flags[1].mean() - flags[0].mean())
    squares = np.zeros(3)
    for wave, sign in ((0, -1.0), (1, 1.0)):
        here, hit, size = places[wave], flags[wave].astype(float), n[wave].sum()
        slope = np.divide(middle, n[wave], out=np.zeros(groups), where=n[wave] > 0)
        within = sign * slope[here] * (hit - np.nan_to_num(share[wave])[here])
        within += (moves - moves @ weight[wave])[here] / (2 * size)
        whole = sign * (hit - hit.mean()) / size
        _, who = np.unique(people[wave], return_inverse=True)
        k = int(who.max()) + 1
        for place, column in enumerate((within, whole - within, whole)):
            squares[place] += k / max(1, k - 1) * (np.bincount(who, weights=column) ** 2).sum()
    errors = np.sqrt(squares)
    return (own, float(errors[0])), (change - own, float(errors[1])), (change, float(errors[2]))


def _p_value(value: float, error: float, df: int) -> float:
    z = value / error if error > 0 else (copysign(inf, value) if value else 0.0)
    return t_two_sided_p(z, df=df)
