"""The effect within segments, and the measures that do not decide: each family paid for.

"Works in A, not in B" is never read from two p-values: one test asks whether the effects differ at
all, and each segment's own effect is also shown pulled towards the effect of all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

from cxlib.decisions.comparison import compare
from cxlib.decisions.experiment import Readout
from cxlib.decisions.outcomes import Arm, Comparison, Metric
from cxlib.decisions.trial_arms import gather
from cxlib.decisions.trial_looks import LookView
from cxlib.decisions.trials import Evaluation
from cxlib.engagement.experiment import Family
from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate
from cxlib.stats.heterogeneity import interaction_test
from cxlib.stats.multiplicity import (
    benjamini_hochberg,
    false_coverage_levels,
    holm,
    holm_levels,
)
from cxlib.stats.proportions import two_sided_p
from cxlib.stats.shrinkage import shrink_means

FEWEST_TO_SHRINK = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentEffect:
    """The primary effect within one segment; the interval is paid for over the column's segments.

    ``shrunken`` is pulled towards the effect of all; None with fewer than three segments.
    """

    value: str
    effect: Estimate
    n_control: int
    n_treatment: int
    shrunken: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentView:
    """One column: its segments, how many are too small to show, and whether the effects differ.

    ``interaction_p`` is Holm's over the columns that were registered, or over those explored.
    """

    column: str
    registered: bool
    effects: tuple[SegmentEffect, ...]
    hidden: int
    interaction_p: float | None

    @property
    def differs(self) -> bool:
        """Whether the effects differ beyond chance."""
        level = self.effects[0].effect.confidence_level if self.effects else 0.95
        return self.interaction_p is not None and self.interaction_p < 1 - level


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondaryView:
    """A measure that informs; p-value and interval are adjusted together over the family."""

    comparison: Comparison
    p_value: float
    shows: bool


def segment_views(
    found: Evaluation, *, explore: Sequence[str] = (), minimum_cell: int = 30
) -> tuple[SegmentView, ...]:
    """Read the primary effect within each segment: the registered columns, then those explored.

    Args:
        found: The test.
        explore: Further columns of its table, not in the rule.
        minimum_cell: Segments with fewer units in an arm are counted and not shown.

    Raises:
        DataError: A column is absent.
    """
    views = [
        _view(found, column, values, registered=True, minimum_cell=minimum_cell)
        for column, values in found.data.segments.items()
    ]
    extra = [column for column in explore if column not in found.plan.segments]
    if extra:
        unit, arm = found.columns
        plan = replace(found.plan, segments=tuple(extra), guardrails=(), secondary=())
        data = gather(found.source, plan, unit=unit, arm=arm, scope=found.scope)
        views += [
            _view(found, column, values, registered=False, minimum_cell=minimum_cell)
            for column, values in data.segments.items()
        ]
    return tuple(
        replace(view, interaction_p=p)
        for registered in (True, False)
        for view, p in _as_family([each for each in views if each.registered is registered])
    )


def _as_family(
    views: Sequence[SegmentView],
) -> list[tuple[SegmentView, float | None]]:
    """Pair each view with its interaction p-value, adjusted over all that have one."""
    tested = [view.interaction_p for view in views if view.interaction_p is not None]
    adjusted = iter(holm(tested))
    return [(view, None if view.interaction_p is None else next(adjusted)) for view in views]


def secondary_views(
    readout: Readout, arms: Mapping[str, Arm], *, family: Family, looks: LookView | None = None
) -> tuple[SecondaryView, ...]:
    """Adjust the secondary measures' p-values and intervals over their family, and for looks.

    A plan with several looks widens these intervals as it does the primary's: their p-values are
    those of the standard errors the look's limit leaves, before the family is paid for.

    Args:
        readout: With the secondary comparisons at the plan's level.
        arms: Of the test, to compare again at the level each measure has in the family.
        family: holm or benjamini_hochberg.
        looks: This look among those of the plan; none, or a fixed plan, adjusts for none.
    """
    known = [_looked_p(each.effect, looks) for each in readout.secondary]
    if not known:
        return ()
    level = readout.primary.effect.confidence_level
    if family == "holm":
        adjusted, levels = holm(known), holm_levels(known, confidence_level=level)
    else:
        adjusted = benjamini_hochberg(known)
        levels = false_coverage_levels(known, confidence_level=level)
    return tuple(
        SecondaryView(
            comparison=_looked(
                compare(
                    each.metric, control=arms["control"], treatment=arms[readout.arm],
                    confidence_level=wide,
                ),
                looks,
            ),
            p_value=p,
            shows=p < 1 - level,
        )
        for each, p, wide in zip(readout.secondary, adjusted, levels, strict=True)
    )  # fmt: skip


def _looked(compared: Comparison, looks: LookView | None) -> Comparison:
    """The comparison with the interval that allows for the plan's looks."""
    if looks is None:
        return compared
    moved = looks.at(compared.effect.confidence_level)
    return replace(compared, effect=moved.adjust(compared.effect))


def _looked_p(effect: Estimate, looks: LookView | None) -> float:
    """The p-value at which the look's own interval would just leave out zero."""
    plain = 1.0 if effect.p_value is None else effect.p_value
    if looks is None or not effect.has_interval or not effect.ci_upper > effect.ci_lower:
        return plain
    wide = looks.at(effect.confidence_level).adjust(effect)
    if wide.p_value is not None:
        return wide.p_value
    scale = (wide.ci_upper - wide.ci_lower) / (effect.ci_upper - effect.ci_lower)
    return two_sided_p(-NormalDist().inv_cdf(max(plain, 1e-300) / 2) / scale)


def _view(
    found: Evaluation,
    column: str,
    values: Mapping[str, Mapping[str, Arm]],
    *,
    registered: bool,
    minimum_cell: int,
) -> SegmentView:
    metric, level = found.plan.primary, found.plan.confidence_level
    shown = {value: arms for value, arms in values.items()
             if _smallest(metric, arms, found.best) >= minimum_cell}  # fmt: skip
    plain = {
        value: compared.effect
        for value, arms in shown.items()
        if (compared := _compared(metric, arms, found.best, level)) is not None
    }
    usable = [effect for effect in plain.values() if effect.ci_upper > effect.ci_lower]
    p_values = [1.0 if each.p_value is None else each.p_value for each in plain.values()]
    levels = holm_levels(p_values, confidence_level=level) if plain else ()
    shrunken: Sequence[Estimate | None] = [None] * len(plain)
    if len(usable) == len(plain) >= FEWEST_TO_SHRINK:
        pulled = shrink_means(
            [each.value for each in usable],
            [each.standard_error**2 for each in usable],
            n_obs=[each.n_obs for each in usable],
            unit=metric.effect_unit,
            confidence_level=level,
        )
        shrunken = [each.shrunken for each in pulled]
    effects = []
    for value, wide, pull in zip(plain, levels, shrunken, strict=True):
        compared = _compared(metric, shown[value], found.best, wide)
        if compared is not None:
            effects.append(
                SegmentEffect(
                    value=value, effect=compared.effect, n_control=compared.control.n_obs,
                    n_treatment=compared.treatment.n_obs, shrunken=pull,
                )
            )  # fmt: skip
    return SegmentView(
        column=column,
        registered=registered,
        effects=tuple(effects),
        hidden=len(values) - len(effects),
        interaction_p=interaction_test(usable).p_value
        if len(usable) == len(plain) >= 2  # noqa: PLR2004 - two effects to differ
        else None,
    )


def _smallest(metric: Metric, arms: Mapping[str, Arm], treatment: str) -> int:
    seen = [arms[name].outcomes.get(metric.column) for name in ("control", treatment)]
    return min(0 if outcome is None else outcome.n_obs for outcome in seen)


def _compared(
    metric: Metric, arms: Mapping[str, Arm], treatment: str, level: float
) -> Comparison | None:
    """Compare within a segment; None where a measure does not vary there."""
    try:
        return compare(
            metric, control=arms["control"], treatment=arms[treatment], confidence_level=level
        )
    except InputError:
        return None
