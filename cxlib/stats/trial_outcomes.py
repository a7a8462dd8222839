# ruff: noqa: PLR2004  (a limit stands beside the message that names it)
"""What one unit of a planned experiment measures, and how much it varies: one record per kind.

Each turns an effect into a difference on the scale of its test with the variance of one unit in
either arm; ``trial_power`` does the rest for all kinds alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.stats.power import NpsShares, check_share

Array: TypeAlias = NDArray[np.float64]

_STEPS_SD = 50.0
_EDGE = 1e-6
_HALVINGS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A difference on the scale of its test, with the variance of one unit in each arm."""

    difference: float
    variance_control: float
    variance_treatment: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion:
    """A share of units, such as conversion; effects in share points (0.02 is 2 pp).

    Attributes:
        baseline: Share in the control arm, between 0 and 1.
    """

    baseline: float
    takes_covariates: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_inside("baseline", self.baseline)

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and the highest effect there can be."""
        return -self.baseline, 1 - self.baseline

    def spread(self, effect: float, *, treatment_share: float = 0.5) -> Spread:  # noqa: ARG002
        """Give p (1 - p) at the share of each arm."""
        target = self.baseline + effect
        check_share("baseline + effect", target)
        return Spread(
            difference=effect,
            variance_control=self.baseline * (1 - self.baseline),
            variance_treatment=target * (1 - target),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A mean per unit, such as revenue or a rating; effects in its own unit.

    Attributes:
        sd: Standard deviation of one unit, above 0.
    """

    sd: float
    takes_covariates: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.sd > 0:
            raise InputError(f"sd must be above 0, got {self.sd}")

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and the highest effect looked for."""
        return -_STEPS_SD * self.sd, _STEPS_SD * self.sd

    def spread(self, effect: float, *, treatment_share: float = 0.5) -> Spread:  # noqa: ARG002
        """Give the same variance to both arms."""
        return Spread(difference=effect, variance_control=self.sd**2, variance_treatment=self.sd**2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A ratio of sums, such as orders per session; effects in its own unit.

    Attributes:
        owner_variance: Var(y - R x) / mean(x)² of one unit (customer), above 0.
    """

    owner_variance: float
    takes_covariates: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.owner_variance > 0:
            raise InputError(f"owner_variance must be above 0, got {self.owner_variance}")

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and the highest effect looked for."""
        return -_STEPS_SD * sqrt(self.owner_variance), _STEPS_SD * sqrt(self.owner_variance)

    def spread(self, effect: float, *, treatment_share: float = 0.5) -> Spread:  # noqa: ARG002
        """Give the same variance to both arms."""
        return Spread(
            difference=effect,
            variance_control=self.owner_variance,
            variance_treatment=self.owner_variance,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Nps:
    """A Net Promoter Score; effects in points, made by as many new promoters as lost detractors.

    Attributes:
        promoters: Share in the control arm, 0-1.
        detractors: Share in the control arm, 0-1.
    """

    promoters: float
    detractors: float
    takes_covariates: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if NpsShares(promoters=self.promoters, detractors=self.detractors).variance <= 0:
            raise InputError("the answers of the control arm must differ, all are alike")

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and the highest effect there can be."""
        score = 100 * (self.promoters - self.detractors)
        return -100 - score, 100 - score

    def spread(self, effect: float, *, treatment_share: float = 0.5) -> Spread:  # noqa: ARG002
        """Give p + d - (p - d)² in points²; p + d stays as it is while the score allows it."""
        net = self.promoters - self.detractors + effect / 100
        if not -1 - _EDGE <= net <= 1 + _EDGE:
            raise InputError(
                f"the score must stay within -100 to 100 points, {100 * net:g} would not"
            )
        decided = max(self.promoters + self.detractors, min(1.0, abs(net)))
        now = NpsShares(promoters=self.promoters, detractors=self.detractors).variance
        return Spread(
            difference=effect,
            variance_control=now,
            variance_treatment=10_000 * max(0.0, decided - net * net),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordinal:
    """Ordered answers; effects are the net chance P(T > C) - P(T < C), -1 to 1.

    Attributes:
        shares: Of each answer in the control arm, lowest first, adding to 1.
    """

    shares: Sequence[float]
    takes_covariates: ClassVar[bool] = False

    def __post_init__(self) -> None:
        held = np.asarray(self.shares, dtype=float)
        if len(held) < 2 or held.min() < 0 or abs(held.sum() - 1) > 1e-6 or held.max() >= 1:
            raise InputError(
                "shares must be 2 or more, each from 0 up to under 1, and add to 1, "
                f"got {', '.join(f'{share:g}' for share in held)}"
            )

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and the highest effect a common odds ratio can make, a little inside."""
        return self.effect_of(exp(-30.0)) * 0.999, self.effect_of(exp(30.0)) * 0.999

    def effect_of(self, odds_ratio: float) -> float:
        """Give the net chance that one odds ratio for all cuts makes.

        Raises:
            InputError: A ratio that is not above 0.
        """
        if not odds_ratio > 0:
            raise InputError(f"odds_ratio must be above 0, got {odds_ratio}")
        return 2 * self._chance(self.shifted(odds_ratio)) - 1

    def odds_ratio_of(self, effect: float) -> float:
        """Give the odds ratio that makes a net chance (by halving).

        Raises:
            InputError: A net chance that no odds ratio makes.
        """
        low, high = -30.0, 30.0
        if not self.effect_of(exp(low)) < effect < self.effect_of(exp(high)):
            raise InputError(
                f"the net chance must be between {self.effect_of(exp(low)):.3f} and "
                f"{self.effect_of(exp(high)):.3f} on this scale, got {effect:g}"
            )
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.effect_of(exp(middle)) < effect else (low, middle)
        return exp((low + high) / 2)

    def shifted(self, odds_ratio: float) -> Array:
        """Give the shares of the treatment arm under one odds ratio for all cuts."""
        below = np.clip(np.cumsum(self.shares)[:-1], 0.0, 1.0)
        moved = below / (below + odds_ratio * (1 - below))
        return np.diff(np.concatenate([[0.0], moved, [1.0]]))

    def spread(self, effect: float, *, treatment_share: float = 0.5) -> Spread:  # noqa: ARG002
        """Give the variance of an answer's place in the other arm, at the effect.

        Source: Brunner, Bathke and Konietschke (2018), Rank and Pseudo-Rank Procedures, 3.8;
        without ties and effect it is Noether's (1987) formula.
        """
        ours, theirs = self.shifted(self.odds_ratio_of(effect)), np.asarray(self.shares)
        places_t = np.cumsum(theirs) - theirs / 2
        places_c = 1 - (np.cumsum(ours) - ours / 2)
        theta = float(ours @ places_t)
        return Spread(
            difference=effect,
            variance_control=4 * float(theirs @ (places_c - theta) ** 2),
            variance_treatment=4 * float(ours @ (places_t - theta) ** 2),
        )

    def _chance(self, ours: Array) -> float:
        theirs = np.asarray(self.shares, dtype=float)
        return float(ours @ (np.cumsum(theirs) - theirs / 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A time until an event; effects are the change of the share with the event by the horizon.

    Attributes:
        share_by_horizon: Of the control arm, between 0 and 1.
    """

    share_by_horizon: float
    takes_covariates: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check_inside("share_by_horizon", self.share_by_horizon)

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and the highest effect, a little inside 0 and 1."""
        return -self.share_by_horizon + _EDGE, 1 - self.share_by_horizon - _EDGE

    def spread(self, effect: float, *, treatment_share: float = 0.5) -> Spread:
        """Give the log hazard ratio, and 1 over the share of units with the event as variance.

            ln HR = ln(ln(1 - p - e) / ln(1 - p)),  events = z² / (s (1 - s) ln(HR)²)

        Source: Schoenfeld (1981), Biometrika 68(1).
        """
        target = self.share_by_horizon + effect
        _check_inside("share_by_horizon + effect", target)
        ratio = log(1 - target) / log(1 - self.share_by_horizon)
        held = self.mean_share(effect, treatment_share=treatment_share)
        return Spread(difference=log(ratio), variance_control=1 / held, variance_treatment=1 / held)

    def mean_share(self, effect: float, *, treatment_share: float) -> float:
        """Give the share of both arms' units with the event by the horizon."""
        return self.share_by_horizon + treatment_share * effect


Outcome: TypeAlias = Proportion | Mean | Ratio | Nps | Ordinal | Waiting


def _check_inside(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise InputError(f"{name} must be strictly between 0 and 1, got {value:g}")
