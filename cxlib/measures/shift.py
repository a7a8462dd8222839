"""One score in two periods: the change of each group, of the total, and what is mix."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cxlib.errors import InputError
from cxlib.measures.distribution import GroupScore
from cxlib.measures.mix import MixGroup, MixShift, mix_shift
from cxlib.measures.survey import nps, nps_difference
from cxlib.stats.estimate import Estimate


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
    """

    before: GroupScore
    after: GroupScore
    change: Estimate
    groups: tuple[GroupShift, ...]
    hidden: tuple[str, ...]
    mix: MixShift


def nps_shift(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    by: str,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> ScoreShift:
    """Compare the Net Promoter Score of two periods, by group and in total.

    Args:
        before: ``score_counts`` of the recommend question by ``by``, first period.
        after: The same, second period.
        by: Column that names the group.
        confidence_level: In [0.9, 1).
        minimum_cell: Groups with fewer answers in either period are left out.

    Raises:
        InputError: No group has enough answers in both periods.
    """

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
    )
