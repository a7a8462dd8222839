"""One score in two periods: the change of each group, of the total, and what is mix."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxlib.errors import InputError
from cxlib.measures.distribution import GroupScore, NpsCounts, nps_bands
from cxlib.measures.mix import MixGroup, MixShift, mix_shift
from cxlib.measures.survey import nps, nps_difference
from cxlib.stats.estimate import Estimate

Floats = npt.NDArray[np.float64]
Alarm = Literal["none", "against", "reversed"]
FEWEST_DRAWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupShift:
    """One group in both periods.

    Attributes:
        group: Its name.
        before: Score of the first period.
        after: Score of the second.
        change: After minus before, with its interval.
        mix: Its shares and its part of the total's change.
    """

    group: str
    before: GroupScore
    after: GroupScore
    change: Estimate
    mix: MixGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreShift:
    """A total and its groups in two periods.

    Attributes:
        before: Total of the first period, over the groups shown.
        after: Total of the second.
        change: After minus before, with its interval.
        groups: Those with enough answers in both periods.
        hidden: Names of the groups with too few; they are left out of the totals too.
        mix: The change split into rate and mix.
        rate_effect: The part from the groups' own scores, with its interval.
        mix_effect: The part from the groups' shares, with its interval.
    """

    before: GroupScore
    after: GroupScore
    change: Estimate
    groups: tuple[GroupShift, ...]
    hidden: tuple[str, ...]
    mix: MixShift
    rate_effect: Estimate
    mix_effect: Estimate

    @property
    def alarm(self) -> Alarm:
        """Whether the total says the opposite of the groups, beyond what chance does to the mix.

        "reversed": every group moved one way and the total the other; "against": the groups' own
        movement, taken together, did. Chance alone turns one of several groups in half of all
        true reversals (tests/reference/hit_rates.json), so the first is not asked for.
        """
        if not self.mix_effect.excludes(0.0) or self.mix.rate_effect * self.mix.change >= 0:
            return "none"
        return "reversed" if self.mix.reversed_by_mix else "against"


def nps_shift(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    by: str,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
    n_draws: int = 4_000,
    seed: int = 1,
) -> ScoreShift:
    """Compare the Net Promoter Score of two periods, by group and in total.

    The intervals of rate and mix are percentiles over answers re-drawn within each period.

    Args:
        before: ``score_counts`` of the recommend question by ``by``, first period.
        after: The same, second period.
        by: Column that names the group.
        confidence_level: In [0.9, 1).
        minimum_cell: Groups with fewer answers in either period are left out.
        n_draws: Re-drawn pairs of periods, 200 or more.
        seed: Of the re-drawing.

    Raises:
        InputError: No group has enough answers in both periods, or too few draws.

    Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """
    if n_draws < FEWEST_DRAWS:
        raise InputError(f"n_draws must be {FEWEST_DRAWS} or more, got {n_draws}")

    def scores(counts: pd.DataFrame, keys: Sequence[str]) -> tuple[GroupScore, ...]:
        return nps(counts, by=keys, confidence_level=confidence_level, minimum_cell=minimum_cell)

    found = [{str(s.group[0]): s for s in scores(counts, [by])} for counts in (before, after)]
    names = sorted(set(found[0]) | set(found[1]))
    shown = [
        name for name in names if all(name in side and not side[name].suppressed for side in found)
    ]
    if not shown:
        raise InputError(
            f"no {by} has {minimum_cell} answers or more in both periods; there are: "
            f"{', '.join(names) or 'none'}"
        )
    first, second = ({name: side[name].shown for name in shown} for side in found)
    split = mix_shift(
        {name: first[name].n_obs for name in shown},
        {name: first[name].value for name in shown},
        {name: second[name].n_obs for name in shown},
        {name: second[name].value for name in shown},
    )
    drawn = _draw_parts(
        [[nps_bands(side[name].distribution) for name in shown] for side in found],
        n_draws=n_draws,
        seed=seed,
    )
    n_obs = sum(score.n_obs for side in (first, second) for score in side.values())

    def part(value: float, draws: Floats) -> Estimate:
        tail = (1 - confidence_level) / 2
        low, high = np.quantile(draws, [tail, 1 - tail])
        return Estimate(
            value=value,
            ci_lower=min(float(low), value),
            ci_upper=max(float(high), value),
            n_obs=n_obs,
            unit="points",
            method="bootstrap",
            confidence_level=confidence_level,
        )

    totals = [
        scores(counts[counts[by].astype(str).isin(shown)], [])[0] for counts in (before, after)
    ]
    return ScoreShift(
        before=totals[0],
        after=totals[1],
        change=nps_difference(totals[1], totals[0], confidence_level=confidence_level),
        groups=tuple(
            GroupShift(
                group=name,
                before=found[0][name],
                after=found[1][name],
                change=nps_difference(
                    found[1][name], found[0][name], confidence_level=confidence_level
                ),
                mix=part,
            )
            for name, part in zip(shown, split.groups, strict=True)
        ),
        hidden=tuple(name for name in names if name not in shown),
        mix=split,
        rate_effect=part(split.rate_effect, drawn[0]),
        mix_effect=part(split.mix_effect, drawn[1]),
    )


def _draw_parts(
    bands: Sequence[Sequence[NpsCounts]], *, n_draws: int, seed: int
) -> tuple[Floats, Floats]:
    """Re-draw the answers of both periods and split each pair into rate and mix."""
    generator = np.random.default_rng(seed)
    shares, scores = [], []
    for side in bands:
        cells = np.array([[b.detractors, b.passives, b.promoters] for b in side], dtype=float)
        total = int(cells.sum())
        drawn = generator.multinomial(total, cells.ravel() / total, size=n_draws)
        counts = drawn.reshape(n_draws, len(side), 3)
        n = counts.sum(axis=2)
        shares.append(n / total)
        scores.append(100 * (counts[:, :, 2] - counts[:, :, 0]) / np.maximum(n, 1))
    rate = ((scores[1] - scores[0]) * (shares[0] + shares[1]) / 2).sum(axis=1)
    mix = ((shares[1] - shares[0]) * (scores[0] + scores[1]) / 2).sum(axis=1)
    return rate, mix
