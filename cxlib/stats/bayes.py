"""The same effect seen with a prior: how likely better, and what a wrong decision would cost.

Effect and prior are normal: with estimate d, standard error s, prior mean m0 and prior SD s0,

    weight w = s0² / (s0² + s²),  posterior mean m = w d + (1 - w) m0,  posterior SD = s sqrt(w)

A prior SD states how large effects of such tests usually are: two thirds of them lie within one SD
of m0. An infinite one takes any size for equally likely, and then the view repeats the estimate.
"""

from dataclasses import dataclass
from math import isinf, sqrt
from statistics import NormalDist

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class BayesView:
    """An effect after the prior, in the unit of the effect; losses are never negative.

    Attributes:
        posterior: Mean with its credible interval at the effect's level.
        chance_better: Chance that the treatment is better at all.
        loss_if_shipped: Expected loss of shipping: how much worse it is, times how likely that is.
        loss_if_held: Expected loss of staying with the control.
        prior_mean: Of the effect.
        prior_sd: Of the effect, above 0, may be infinite.
        weight: Of the data against the prior, 0-1.
    """

    posterior: Estimate
    chance_better: float
    loss_if_shipped: float
    loss_if_held: float
    prior_mean: float
    prior_sd: float
    weight: float


def bayes_view(
    effect: Estimate, *, prior_sd: float, higher_is_better: bool, prior_mean: float = 0.0
) -> BayesView:
    """See an effect through a normal prior.

        loss if shipped = E[max(0, -better)] = SD φ(m / SD) - m Φ(-m / SD)
        loss if held    = E[max(0, better)]  = SD φ(m / SD) + m Φ(m / SD)

    with m the posterior mean turned so that positive is better.

    Args:
        effect: Treatment minus control, with its interval.
        prior_sd: How large effects usually are, in the effect's unit, above 0; infinite for no
            prior.
        higher_is_better: Whether a rise is good news.
        prior_mean: Expected before the data; 0 is the sceptic's.

    Raises:
        InputError: An effect without interval or spread, or a prior SD of 0 or less.

    Source: Stucchio (2015), Bayesian A/B testing at VWO, for the losses; Gelman et al. (2013),
    Bayesian Data Analysis, section 2.5.
    """
    error = effect.standard_error
    if not error > 0:
        raise InputError(f"a Bayesian view needs an effect with a spread above 0, got {error}")
    if not prior_sd > 0:
        raise InputError(f"prior_sd must be above 0, got {prior_sd}")
    weight = 1.0 if isinf(prior_sd) else prior_sd**2 / (prior_sd**2 + error**2)
    centre = weight * effect.value + (1 - weight) * prior_mean
    spread = error * sqrt(weight)
    normal = NormalDist()
    reach = normal.inv_cdf((1 + effect.confidence_level) / 2) * spread
    better = centre if higher_is_better else -centre
    z = better / spread
    return BayesView(
        posterior=Estimate(
            value=centre,
            ci_lower=centre - reach,
            ci_upper=centre + reach,
            n_obs=effect.n_obs,
            unit=effect.unit,
            method="normal prior, credible interval",
            confidence_level=effect.confidence_level,
        ),
        chance_better=normal.cdf(z),
        loss_if_shipped=max(0.0, spread * normal.pdf(z) - better * normal.cdf(-z)),
        loss_if_held=max(0.0, spread * normal.pdf(z) + better * normal.cdf(z)),
        prior_mean=prior_mean,
        prior_sd=prior_sd,
        weight=weight,
    )
