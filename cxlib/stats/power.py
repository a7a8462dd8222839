# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""Sample sizes that show a difference: two-sided, normal approximation.

One formula serves every measure. For two independent groups with variances v_c and v_t,

    n per group = (z_a + z_b)² (v_c + v_t) / difference²

where z_a belongs to the two-sided level and z_b to the power (chance to see a true difference).
Only the variance differs: p (1 - p) for a share, SD² for a mean, p + d - (p - d)² for NPS.
"""

from dataclasses import dataclass
from math import ceil, isfinite
from statistics import NormalDist
from typing import Literal

from cxlib.errors import InputError
from cxlib.stats.estimate import check_level

NpsVariance = Literal["shares", "typical", "worst"]
"""shares: from given promoter and detractor shares · typical: TYPICAL_NPS_VARIANCE in both waves
· worst: nobody is passive, the largest variance the score allows."""

TYPICAL_NPS_VARIANCE = 6_500.0
"""Points². An SD of 81 points, that of 48 % promoters with 23 % detractors; worst is 10,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NpsShares:
    """Share of promoters (9-10) and detractors (0-6), each 0-1; the rest are passive."""

    promoters: float
    detractors: float

    def __post_init__(self) -> None:
        if min(self.promoters, self.detractors) < 0 or self.promoters + self.detractors > 1:
            raise InputError(
                "promoter and detractor shares must be 0 or more and at most 1 together, "
                f"got {self.promoters} and {self.detractors}"
            )

    @property
    def score_points(self) -> float:
        """The Net Promoter Score, -100 to 100."""
        return 100 * (self.promoters - self.detractors)

    @property
    def variance(self) -> float:
        """Variance of one answer scored -100, 0 or 100, in points²."""
        difference = self.promoters - self.detractors
        return 10_000 * (self.promoters + self.detractors - difference**2)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSize:
    """Answers needed to see a difference, and what the calculation assumed.

    Attributes:
        difference: Treatment minus control (or later minus earlier), in the measure's unit.
        n_control: Needed in the control group or the earlier wave.
        n_treatment: Needed in the treatment group or the later wave.
        variance_control: Of one observation, in unit².
        variance_treatment: Of one observation, in unit².
        confidence_level: Of the two-sided test.
        power: Chance to see the difference when it is real.
    """

    difference: float
    n_control: int
    n_treatment: int
    variance_control: float
    variance_treatment: float
    confidence_level: float
    power: float

    @property
    def n_per_group(self) -> int:
        """The larger of the two: what each group or wave must reach."""
        return max(self.n_control, self.n_treatment)


def sample_size(
    difference: float,
    *,
    variance_control: float,
    variance_treatment: float,
    treatment_share: float = 0.5,
    confidence_level: float = 0.95,
    power: float = 0.8,
) -> SampleSize:
    """Find the sample that shows a difference between two independent groups.

        total = (z_a + z_b)² (v_c / (1 - s) + v_t / s) / difference²

    Args:
        difference: In the measure's unit, not 0.
        variance_control: Variance of one observation, unit², 0 or more.
        variance_treatment: Variance of one observation, unit², 0 or more.
        treatment_share: s, the treatment group's share of the total, between 0 and 1.
        confidence_level: In [0.9, 1).
        power: In [0.5, 1).

    Raises:
        InputError: No difference, a negative variance, or a share, level or power out of range.

    Source: Chow, Shao, Wang and Lokhnygina (2018), Sample Size Calculations, sections 3.2, 4.2.
    """
    z = z_sum(confidence_level, power)
    if difference == 0 or not isfinite(difference):
        raise InputError(f"the difference to be seen must not be 0, got {difference}")
    if min(variance_control, variance_treatment) < 0:
        raise InputError(
            f"variances must be 0 or more, got {variance_control} and {variance_treatment}"
        )
    if not 0 < treatment_share < 1:
        raise InputError(f"treatment_share must be between 0 and 1, got {treatment_share}")
    spread = variance_control / (1 - treatment_share) + variance_treatment / treatment_share
    total = z**2 * spread / difference**2
    return SampleSize(
        difference=difference,
        n_control=max(2, _round_up(total * (1 - treatment_share))),
        n_treatment=max(2, _round_up(total * treatment_share)),
        variance_control=variance_control,
        variance_treatment=variance_treatment,
        confidence_level=confidence_level,
        power=power,
    )


def sample_for_proportions(
    baseline: float,
    target: float,
    *,
    treatment_share: float = 0.5,
    confidence_level: float = 0.95,
    power: float = 0.8,
) -> SampleSize:
    """Find the sample that tells one share from another, variances not pooled.

    Args:
        baseline: Share in the control group or earlier wave, 0-1.
        target: Share in the treatment group or later wave, 0-1.
        treatment_share: Treatment's share of the total.
        confidence_level: In [0.9, 1).
        power: In [0.5, 1).

    Raises:
        InputError: A share outside 0-1, or no difference.
    """
    check_share("baseline", baseline)
    check_share("target", target)
    return sample_size(
        target - baseline,
        variance_control=baseline * (1 - baseline),
        variance_treatment=target * (1 - target),
        treatment_share=treatment_share,
        confidence_level=confidence_level,
        power=power,
    )


def sample_for_nps(
    baseline: float,
    target: float,
    *,
    baseline_shares: NpsShares | None = None,
    target_shares: NpsShares | None = None,
    variance: NpsVariance = "typical",
    treatment_share: float = 0.5,
    confidence_level: float = 0.95,
    power: float = 0.8,
) -> SampleSize:
    """Find the answers per wave that tell one Net Promoter Score from another.

    Args:
        baseline: Score in points, -100 to 100.
        target: Score in points, -100 to 100.
        baseline_shares: For variance "shares": shares behind the baseline.
        target_shares: For variance "shares": shares behind the target; none takes the
            baseline's variance for both waves.
        variance: Which variance the answer rests on (see NpsVariance). A score alone does not
            fix it: 25 points hold any variance from 1,875 (no detractor) to 9,375 (no passive).
        treatment_share: The later wave's share of the total.
        confidence_level: In [0.9, 1).
        power: In [0.5, 1).

    Raises:
        InputError: A score outside -100 to 100, no difference, or shares absent, not called for
            or in conflict with the score.
    """
    v_baseline, v_target = nps_variances(
        baseline,
        target,
        baseline_shares=baseline_shares,
        target_shares=target_shares,
        variance=variance,
    )
    return sample_size(
        target - baseline,
        variance_control=v_baseline,
        variance_treatment=v_target,
        treatment_share=treatment_share,
        confidence_level=confidence_level,
        power=power,
    )


def nps_variances(
    baseline: float,
    target: float,
    *,
    baseline_shares: NpsShares | None = None,
    target_shares: NpsShares | None = None,
    variance: NpsVariance = "typical",
) -> tuple[float, float]:
    """State the variance of one answer in each of two waves, in points² (see sample_for_nps)."""
    for name, score in (("baseline", baseline), ("target", target)):
        if not -100 <= score <= 100:
            raise InputError(f"{name} must be from -100 to 100 points, got {score}")
    if variance != "shares":
        if baseline_shares is not None or target_shares is not None:
            raise InputError(f'shares are read with variance "shares" only, got "{variance}"')
        if variance == "typical":
            return TYPICAL_NPS_VARIANCE, TYPICAL_NPS_VARIANCE
        return 10_000 - baseline**2, 10_000 - target**2
    if baseline_shares is None:
        raise InputError('variance "shares" needs baseline_shares; without: "typical" or "worst"')
    pairs = (("baseline", baseline, baseline_shares), ("target", target, target_shares))
    for name, score, shares in pairs:
        if shares is not None and abs(shares.score_points - score) > 0.5:
            raise InputError(
                f"{name}_shares give {shares.score_points:.1f} points, the {name} is {score}"
            )
    later = target_shares or baseline_shares
    return baseline_shares.variance, later.variance


def check_share(name: str, value: float) -> None:
    """Refuse a share outside 0-1, with a hint at percent."""
    if not 0 <= value <= 1:
        raise InputError(f"{name} must be a share from 0 to 1 (0.05 for 5 %), got {value}")


def z_sum(confidence_level: float, power: float) -> float:
    """Add the normal quantiles of the two-sided level and of the power."""
    check_level(confidence_level)
    if not 0.5 <= power < 1:
        raise InputError(f"power must be in [0.5, 1), got {power}")
    normal = NormalDist()
    return normal.inv_cdf((1 + confidence_level) / 2) + normal.inv_cdf(power)


def _round_up(n: float) -> int:
    return ceil(n - 1e-9 * max(1.0, n))
