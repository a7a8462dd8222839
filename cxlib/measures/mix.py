"""What moved the total: the groups' own scores, or who answered."""

from collections.abc import Mapping
from dataclasses import dataclass

from cxlib.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class MixGroup:
    """One group in two periods; the two effects are its part of the total's change.

    A score is None in a period without answers; then the group's whole part is mix.
    """

    group: str
    share_before: float
    share_after: float
    score_before: float | None
    score_after: float | None
    rate_effect: float
    mix_effect: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MixShift:
    """The change of a total score, split into two parts that add up to it.

    Attributes:
        total_before: Score of all answers, in the score's unit.
        total_after: The same, later.
        change: total_after - total_before.
        rate_effect: From the groups' own scores moving.
        mix_effect: From the groups' shares moving.
        groups: The parts of each group, in the order given.
    """

    total_before: float
    total_after: float
    change: float
    rate_effect: float
    mix_effect: float
    groups: tuple[MixGroup, ...]

    @property
    def reversed_by_mix(self) -> bool:
        """Whether every group moved one way and the total the other."""
        moves = [
            g.score_after - g.score_before
            for g in self.groups
            if g.score_before is not None and g.score_after is not None
        ]
        if not moves:
            return False
        return (min(moves) > 0 > self.change) or (max(moves) < 0 < self.change)


def mix_shift(
    n_before: Mapping[str, int],
    score_before: Mapping[str, float],
    n_after: Mapping[str, int],
    score_after: Mapping[str, float],
) -> MixShift:
    """Split the change of a total into rate and mix (Kitagawa).

        rate = Σ (s1 - s0)(w0 + w1)/2,   mix = Σ (w1 - w0)((s0 + s1)/2 - c)

    with w a group's share of answers, s its score and c the mean of the two totals; c changes no
    sum, since shares add to 1, but lets each group's part be read: a growing group below the
    total pulls it down. Both periods are treated alike, so there is no leftover term.

    Args:
        n_before: Answers per group in the first period, 0 or more.
        score_before: Score per group with answers (mean, NPS or share).
        n_after: Answers per group in the second period; the same groups.
        score_after: Score per group with answers.

    Returns:
        A MixShift in the unit of the scores.

    Raises:
        InputError: Groups differ, a group has answers and no score, a period has no answer.

    Source: Kitagawa (1955), JASA 50(272).
    """
    if set(n_before) != set(n_after):
        raise InputError(
            "both periods must name the same groups (0 answers where there is none), got "
            f"{sorted(n_before)} and {sorted(n_after)}"
        )
    for when, n, score in (("before", n_before, score_before), ("after", n_after, score_after)):
        if min(n.values(), default=0) < 0 or sum(n.values()) == 0:
            raise InputError(f"answers {when} must be 0 or more and not all 0, got {dict(n)}")
        if absent := sorted(g for g, count in n.items() if count and g not in score):
            raise InputError(f"score_{when} must name every group with answers, absent: {absent}")
    w0, w1 = _shares(n_before), _shares(n_after)
    total0 = sum(w0[g] * score_before[g] for g in w0 if n_before[g])
    total1 = sum(w1[g] * score_after[g] for g in w1 if n_after[g])
    middle = (total0 + total1) / 2
    groups = []
    for g in n_before:
        s0 = score_before[g] if n_before[g] else None
        s1 = score_after[g] if n_after[g] else None
        first = s0 if s0 is not None else s1
        second = s1 if s1 is not None else s0
        if first is None or second is None:
            continue
        groups.append(
            MixGroup(
                group=g,
                share_before=w0[g],
                share_after=w1[g],
                score_before=s0,
                score_after=s1,
                rate_effect=(second - first) * (w0[g] + w1[g]) / 2,
                mix_effect=(w1[g] - w0[g]) * ((first + second) / 2 - middle),
            )
        )
    return MixShift(
        total_before=total0,
        total_after=total1,
        change=total1 - total0,
        rate_effect=sum(g.rate_effect for g in groups),
        mix_effect=sum(g.mix_effect for g in groups),
        groups=tuple(groups),
    )


def _shares(n: Mapping[str, int]) -> dict[str, float]:
    total = sum(n.values())
    return {group: count / total for group, count in n.items()}
