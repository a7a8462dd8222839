# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""Plan an experiment: its size, the smallest effect it shows, its power, and how long it takes.

One rule for every kind of outcome (`trial_outcomes`): `power.sample_size` with

    variances · (1 - ρ²) · (1 + ((1 + cv²) m - 1) ICC)

ρ the correlation of pre-exposure covariates with the outcome, m the mean cluster size and cv its
coefficient of variation. With several treatments each is held against the control at Dunnett's
level; with few clusters Student's t takes the place of the normal.
"""

from dataclasses import dataclass
from math import ceil, inf, sqrt
from typing import Literal

from cxlib.errors import InputError
from cxlib.stats.dunnett import dunnett
from cxlib.stats.estimate import check_level
from cxlib.stats.power import SampleSize, sample_size, z_sum
from cxlib.stats.trial_outcomes import Outcome, Spread, Waiting

_HALVINGS = 60
_ROUNDS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialDesign:
    """How units are assigned, and what is known to help or hinder.

    Attributes:
        treatment_shares: Share of all units in each treatment arm; the control has the rest.
        confidence_level: Of all comparisons together, in [0.9, 1).
        power: Chance to see a true effect, of each comparison, in [0.5, 1).
        covariate_correlation: ρ of what is known before with the outcome, 0 to under 1.
        cluster_size: Mean units per store or agent when those are assigned; 1 is none.
        cluster_size_cv: Standard deviation of the cluster sizes over their mean.
        icc: Intracluster correlation, 0-1.
    """

    treatment_shares: tuple[float, ...] = (0.5,)
    confidence_level: float = 0.95
    power: float = 0.8
    covariate_correlation: float = 0.0
    cluster_size: float = 1.0
    cluster_size_cv: float = 0.0
    icc: float = 0.0

    def __post_init__(self) -> None:
        z_sum(self.confidence_level, self.power)
        if not self.treatment_shares or min(self.treatment_shares) <= 0 or self.control_share <= 0:
            raise InputError(
                "treatment_shares must be above 0 and leave a share to the control, "
                f"got {', '.join(f'{share:g}' for share in self.treatment_shares) or 'none'}"
            )
        if not 0 <= abs(self.covariate_correlation) < 1:
            raise InputError(
                f"covariate_correlation must be within -1 and 1, got {self.covariate_correlation:g}"
            )
        if not (self.cluster_size >= 1 and self.cluster_size_cv >= 0 and 0 <= self.icc <= 1):
            raise InputError(
                "cluster_size must be 1 or more, cluster_size_cv 0 or more and icc from 0 to 1, "
                f"got {self.cluster_size:g}, {self.cluster_size_cv:g} and {self.icc:g}"
            )

    @property
    def control_share(self) -> float:
        """What the treatments leave."""
        return 1 - sum(self.treatment_shares)

    @property
    def has_clusters(self) -> bool:
        """Whether whole clusters are assigned."""
        return self.cluster_size > 1

    @property
    def design_effect(self) -> float:
        """How many times the units clusters take: 1 + ((1 + cv²) m - 1) ICC.

        Source: Eldridge, Ashby and Kerry (2006), International Journal of Epidemiology 35(5).
        """
        weight = (1 + self.cluster_size_cv**2) * self.cluster_size
        return 1 + (weight - 1) * self.icc if self.has_clusters else 1.0

    @property
    def pair_level(self) -> float:
        """Confidence level of each comparison, so that all hold together."""
        many = len(self.treatment_shares)
        return dunnett(
            [1.0] * many,
            n_control=self.control_share,
            n_treatments=self.treatment_shares,
            confidence_level=self.confidence_level,
        ).confidence_level


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSize:
    """What an experiment needs.

    Attributes:
        effect: To be seen, in the unit of its outcome.
        n_control: Units of the control arm.
        n_treatments: Units of each treatment arm.
        n_total: All units.
        n_clusters: All clusters, where those are assigned.
        confidence_level: Of each comparison.
        design_effect: How many times the units clusters take.
        events: Of one comparison, for times until an event.
    """

    effect: float
    n_control: int
    n_treatments: tuple[int, ...]
    n_total: int
    n_clusters: int | None
    confidence_level: float
    design_effect: float
    events: int | None


def trial_size(outcome: Outcome, effect: float, *, design: TrialDesign | None = None) -> TrialSize:
    """Find the units that show an effect in every treatment arm.

    Args:
        outcome: What one unit measures.
        effect: In the outcome's unit, not 0.
        design: None: two equal arms, 95 % and 80 %, no covariate, no clusters.

    Raises:
        InputError: No effect, one out of the outcome's reach, or a covariate for an outcome that
            takes none (ordered answers, times).

    Source: Chow et al. (2018), Sample Size Calculations; Donner and Klar (2000) for clusters.
    """
    plan = design or TrialDesign()
    level = plan.pair_level
    share = min(plan.treatment_shares)
    part = share / (share + plan.control_share)
    spread = _spread(outcome, effect, plan, part)
    pair = _pair(spread, part, level, plan.power)
    whole = (pair.n_control + pair.n_treatment) / (share + plan.control_share)
    clusters = None
    if plan.has_clusters:
        whole *= _small_sample(whole / plan.cluster_size, level, plan)
        clusters_control = _up(whole * plan.control_share / plan.cluster_size)
        clusters_treated = tuple(_up(whole * s / plan.cluster_size) for s in plan.treatment_shares)
        clusters = clusters_control + sum(clusters_treated)
        n_control = ceil(clusters_control * plan.cluster_size)
        n_treatments = tuple(ceil(k * plan.cluster_size) for k in clusters_treated)
    elif len(plan.treatment_shares) == 1:
        n_control, n_treatments = pair.n_control, (pair.n_treatment,)
    else:
        n_control = _up(whole * plan.control_share)
        n_treatments = tuple(_up(whole * s) for s in plan.treatment_shares)
    events = None
    if isinstance(outcome, Waiting):
        held = outcome.mean_share(effect, treatment_share=part)
        events = _up(held * (n_control + min(n_treatments)))
    return TrialSize(
        effect=effect,
        n_control=n_control,
        n_treatments=n_treatments,
        n_total=n_control + sum(n_treatments),
        n_clusters=clusters,
        confidence_level=level,
        design_effect=plan.design_effect,
        events=events,
    )


def trial_power(
    outcome: Outcome, effect: float, n_total: float, *, design: TrialDesign | None = None
) -> float:
    """Compute the chance that a true effect shows in the smallest treatment arm, 0-1.

        P(T > t(level)),  T around |effect| / sqrt(vc / nc + vt / nt)

    Args:
        outcome: What one unit measures.
        effect: In the outcome's unit, not 0.
        n_total: Units of all arms.
        design: As for ``trial_size``.

    Raises:
        InputError: As for ``trial_size``, or too few units for an arm.
    """
    from scipy.special import stdtr, stdtrit

    plan = design or TrialDesign()
    share = min(plan.treatment_shares)
    spread = _spread(outcome, effect, plan, share / (share + plan.control_share))
    n_control, n_treatment = plan.control_share * n_total, share * n_total
    if min(n_control, n_treatment) < 2:
        raise InputError(f"n_total must give each arm 2 units, got {n_total:g}")
    df = inf
    if plan.has_clusters:
        df = max(1.0, (n_control + n_treatment) / plan.cluster_size - 2)
    error = sqrt(spread.variance_control / n_control + spread.variance_treatment / n_treatment)
    critical = -float(stdtrit(df, (1 - plan.pair_level) / 2))
    return float(stdtr(df, abs(spread.difference) / error - critical)) if error > 0 else 1.0


def detectable_effect(
    outcome: Outcome,
    n_total: float,
    *,
    design: TrialDesign | None = None,
    direction: Literal["up", "down"] = "up",
) -> float | None:
    """Find the smallest effect that so many units show, in the outcome's unit.

    Args:
        outcome: What one unit measures.
        n_total: Units of all arms.
        design: As for ``trial_size``.
        direction: Of the effect.

    Returns:
        Above 0 for "up", below for "down"; None where no effect there can be is large enough.

    Raises:
        InputError: Too few units for an arm.
    """
    plan = design or TrialDesign()
    low, high = outcome.reach
    far = high if direction == "up" else low
    if far == 0 or trial_power(outcome, far, n_total, design=plan) < plan.power:
        return None
    near = 0.0
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        if trial_power(outcome, middle, n_total, design=plan) < plan.power:
            near = middle
        else:
            far = middle
    return far


def duration_days(n_total: int, *, units_per_day: float, follow_up_days: int = 0) -> int:
    """Compute the days until so many new units have come and been followed.

    Args:
        n_total: Units of all arms.
        units_per_day: New units that enter each day, above 0.
        follow_up_days: After the last unit has entered (repurchase within 90 days: 90).

    Raises:
        InputError: No units a day, or a negative follow-up.
    """
    if not units_per_day > 0:
        raise InputError(f"units_per_day must be above 0, got {units_per_day:g}")
    if follow_up_days < 0:
        raise InputError(f"follow_up_days must be 0 or more, got {follow_up_days}")
    return ceil(n_total / units_per_day - 1e-9) + follow_up_days


def _spread(outcome: Outcome, effect: float, plan: TrialDesign, part: float) -> Spread:
    if plan.covariate_correlation and not outcome.takes_covariates:
        raise InputError(
            "covariates sharpen means, shares, ratios and NPS; "
            f"{type(outcome).__name__.lower()} outcomes take none, "
            f"got covariate_correlation {plan.covariate_correlation:g}"
        )
    if effect == 0:
        raise InputError("the effect to be seen must not be 0")
    found = outcome.spread(effect, treatment_share=part)
    factor = (1 - plan.covariate_correlation**2) * plan.design_effect
    return Spread(
        difference=found.difference,
        variance_control=factor * found.variance_control,
        variance_treatment=factor * found.variance_treatment,
    )


def _pair(spread: Spread, part: float, level: float, power: float) -> SampleSize:
    return sample_size(
        spread.difference,
        variance_control=spread.variance_control,
        variance_treatment=spread.variance_treatment,
        treatment_share=part,
        confidence_level=level,
        power=power,
    )


def _small_sample(clusters: float, level: float, plan: TrialDesign) -> float:
    """Return by how much t on clusters - 2 degrees of freedom asks for more than the normal."""
    from scipy.special import stdtrit

    check_level(level)
    share = min(plan.treatment_shares) + plan.control_share
    plain, factor = z_sum(level, plan.power), 1.0
    for _ in range(_ROUNDS):
        df = max(1.0, clusters * factor * share - 2)
        wider = float(stdtrit(df, (1 + level) / 2) + stdtrit(df, plan.power))
        factor = (factor + (wider / plain) ** 2) / 2
    return factor


def _up(n: float) -> int:
    return max(2, ceil(n - 1e-9 * max(1.0, n)))
