"""Read an A/B test against the rule frozen before it started.

The verdict follows from the rule alone:

1. the split differs from plan (p < 0.001)            INVALID   split_differs
2. a guardrail is harmed                              ROLLBACK  guardrail_harmed
3. the primary metric is worse beyond chance          ROLLBACK  primary_worse
4. planned sample or horizon not reached              EXTEND    plan_not_complete
5. a guardrail is not shown safe                      HOLD      guardrail_not_shown_safe
6. better, and at least the minimum effect            SHIP      effect_shown
7. better, but under the minimum effect               HOLD      effect_below_minimum
8. the interval rules the minimum effect out          HOLD      no_worthwhile_effect
9. otherwise                                          HOLD      inconclusive

Where no rule was frozen before the readout, SHIP becomes HOLD (exploratory). Where the plan has
looks before the end (group-sequential or always-valid), rule 4 is passed by an effect that crosses
its limit at one of them, and the primary interval is the one that allows for the looks.

Harm may stop a test early; success may not. Looking often and at many metrics makes false alarms of
either kind, so harm (rules 2 and 3) must show beyond the chance of one of all metrics looking
harmed: p at most (1 - level) / metrics at the end, and at most 0.001 before (Haybittle-Peto).
Without this, eight weekly looks at a primary metric and three guardrails would roll back 31 % of
harmless treatments. Safety needs no such step: all guardrails must be safe together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cxlib.decisions.comparison import compare, guard, is_worse, towards_better
from cxlib.decisions.outcomes import Arm, Comparison, Guardrail
from cxlib.decisions.trial_looks import LookView
from cxlib.decisions.trial_plan import Plan, plan_from_engagement
from cxlib.decisions.verdict import Facts, Reason, Verdict, decide
from cxlib.errors import InputError
from cxlib.stats.proportions import goodness_of_split

__all__ = [
    "EARLY_HARM_P_VALUE", "SPLIT_P_VALUE", "Plan", "Readout", "Reason", "SplitCheck", "Verdict",
    "check_arms", "check_split", "plan_from_engagement", "read_out",
]  # fmt: skip

SPLIT_P_VALUE = 0.001
"""Under this the split is taken as broken (Fabijan et al. 2019)."""

EARLY_HARM_P_VALUE = 0.001
"""What harm must show to stop a test before its end. Source: Peto et al. (1976), British Journal of
Cancer 34(6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitCheck:
    """Units per arm against plan; with several arms the test is over all of them.

    ``broken_in`` names the column (a segment, or the day) in which the split differs from plan,
    where it does not differ in total.
    """

    n_control: int
    n_treatment: int
    planned_treatment_share: float
    p_value: float
    passed: bool
    n_others: int = 0
    broken_in: str = ""

    @property
    def n_all(self) -> int:
        """Units of every arm."""
        return self.n_control + self.n_treatment + self.n_others


@dataclass(frozen=True, slots=True, kw_only=True)
class Readout:
    """The outcome of an experiment under its frozen rule.

    Attributes:
        plan: The rule.
        rule_hash: Its fingerprint.
        split: Units against plan.
        primary: The effect that decides, under the plan's way of looking.
        primary_is_worse: What rule 3 found, whichever rule gave the verdict.
        guardrails: Each with its margin and whether it is shown safe.
        days_run: From the first to the last assignment.
        verdict: What the rule says.
        reason: The rule that said it.
        arm: The arm that is compared with control.
        secondary: What informs and does not decide.
        frozen: Whether the rule was in the ledger before the readout.
        may_stop: Whether a planned look before the end showed enough.
        facts: All that the rule asked, for the ledger.
        harm_p_value: The largest p-value at which this readout calls a metric harmed or worse.
    """

    plan: Plan
    rule_hash: str
    split: SplitCheck
    primary: Comparison
    primary_is_worse: bool
    guardrails: tuple[Guardrail, ...]
    days_run: int
    verdict: Verdict
    reason: Reason
    arm: str = "treatment"
    secondary: tuple[Comparison, ...] = field(default=())
    frozen: bool = True
    may_stop: bool = False
    facts: Facts | None = None
    harm_p_value: float = EARLY_HARM_P_VALUE

    @property
    def is_valid(self) -> bool:
        """Whether effects may be read at all."""
        return self.split.passed

    @property
    def is_complete(self) -> bool:
        """Whether the planned days and units are reached."""
        return is_complete(self.plan, units=self.split.n_all, days_run=self.days_run)


def check_split(n_control: int, n_treatment: int, *, treatment_share: float = 0.5) -> SplitCheck:
    """Test the number of units per arm against the planned split (sample-ratio check)."""
    return check_arms(
        {"control": n_control, "treatment": n_treatment},
        {"control": 1 - treatment_share, "treatment": treatment_share},
    )


def check_arms(
    counts: Mapping[str, int], planned: Mapping[str, float], *, arm: str = "treatment"
) -> SplitCheck:
    """Test the units of all arms against their planned shares; `arm` is the one compared."""
    p_value = goodness_of_split([counts[name] for name in planned], list(planned.values()))
    others = sum(n for name, n in counts.items() if name not in {"control", arm})
    return SplitCheck(
        n_control=counts["control"],
        n_treatment=counts[arm],
        planned_treatment_share=planned[arm],
        p_value=p_value,
        passed=p_value >= SPLIT_P_VALUE,
        n_others=others,
    )


def read_out(
    plan: Plan,
    *,
    control: Arm,
    treatment: Arm,
    days_run: int,
    arm: str = "treatment",
    split: SplitCheck | None = None,
    looks: LookView | None = None,
    frozen: bool = True,
) -> Readout:
    """Evaluate an experiment under its frozen rule (the order at the top of this module).

    Args:
        plan: The frozen rule.
        control: Usual treatment.
        treatment: What is tested.
        days_run: Whole days from the first to the last assignment counted.
        arm: Name of the tested arm.
        split: Of all arms, where there are more than two.
        looks: This look among those of the plan; none reads the plain intervals.
        frozen: Whether the rule was in the ledger before; without it nothing is shipped.

    Raises:
        InputError: A metric is absent from an arm, or an arm holds impossible numbers.
    """
    if days_run < 0:
        raise InputError(f"days_run must be 0 or more, got {days_run}")
    split = split or check_split(
        control.n_assigned, treatment.n_assigned, treatment_share=plan.treatment_share
    )
    level = plan.confidence_level
    found = [
        compare(metric, control=control, treatment=treatment, confidence_level=level)
        for metric in plan.metrics
    ]
    judged = 1 + len(plan.guardrails)
    if looks is not None:
        found[:judged] = [
            replace(each, effect=looks.adjust(each.effect)) for each in found[:judged]
        ]
    primary = found[0]
    may_stop = looks is not None and looks.may_stop(primary.effect)
    complete = is_complete(plan, units=split.n_all, days_run=days_run)
    harm_p_value = _harm_p_value(plan, complete=complete)
    guardrails = tuple(guard(each, harm_p_value=harm_p_value) for each in found[1:judged])
    worse = is_worse(primary, p_value=harm_p_value)
    facts = _facts(
        plan, split, primary, guardrails,
        worse=worse, complete=complete or may_stop, frozen=frozen,
    )  # fmt: skip
    verdict, reason = decide(facts)
    return Readout(
        plan=plan,
        rule_hash=plan.rule_hash(),
        split=split,
        primary=primary,
        primary_is_worse=worse,
        guardrails=guardrails,
        days_run=days_run,
        verdict=verdict,
        reason=reason,
        arm=arm,
        secondary=tuple(found[judged:]),
        frozen=frozen,
        may_stop=may_stop,
        facts=facts,
        harm_p_value=harm_p_value,
    )


def is_complete(plan: Plan, *, units: int, days_run: int) -> bool:
    """Whether the planned days and units are reached."""
    return days_run >= plan.horizon_days and units >= plan.planned_units


def _harm_p_value(plan: Plan, *, complete: bool) -> float:
    """Share the error among all metrics at the end; ask for more before (see the module)."""
    shared = (1 - plan.confidence_level) / (1 + len(plan.guardrails))
    return shared if complete else min(shared, EARLY_HARM_P_VALUE)


def _facts(
    plan: Plan,
    split: SplitCheck,
    primary: Comparison,
    guardrails: tuple[Guardrail, ...],
    **found: bool,
) -> Facts:
    lower, upper = towards_better(primary)
    safety = {guardrail.safety for guardrail in guardrails}
    return Facts(
        split_passed=split.passed,
        harmed="harmed" in safety,
        open="not_shown_safe" in safety,
        effect=primary.effect.value * (1 if plan.primary.direction == "higher" else -1),
        lower=lower,
        upper=upper,
        minimum_effect=plan.minimum_effect,
        **found,
    )
