"""What is known of a measure before its test: declared, or read from rows of one arm."""

from dataclasses import dataclass, replace

import numpy as np

from cxlib.data.experiments import Scope
from cxlib.data.source import Source
from cxlib.decisions.outcomes import (
    Arm,
    ClusterOutcome,
    Floats,
    MeanOutcome,
    Metric,
    MomentsOutcome,
    ProportionOutcome,
    ScoreOutcome,
    WaitOutcome,
)
from cxlib.decisions.trial_arms import one_arm
from cxlib.decisions.trial_plan import Plan
from cxlib.engagement.experiment import Experiment
from cxlib.errors import InputError
from cxlib.stats.cluster_trials import intracluster_correlation
from cxlib.stats.trial_outcomes import Mean, Nps, Ordinal, Outcome, Proportion, Ratio, Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What is known of the primary measure before a test.

    Attributes:
        outcome: One unit of it, as the formulas take it.
        correlation: Of what is known before with it, 0-1.
        cluster_size: Mean units per cluster; 1 where units are assigned one by one.
        cluster_size_cv: Standard deviation of the cluster sizes over their mean.
        icc: How alike units of one cluster are, 0-1.
        units_per_day: New units a day.
        n_obs: Units it was read from; None where it was declared.
    """

    outcome: Outcome
    correlation: float = 0.0
    cluster_size: float = 1.0
    cluster_size_cv: float = 0.0
    icc: float = 0.0
    units_per_day: float | None = None
    n_obs: int | None = None


def usual_declared(experiment: Experiment) -> Usual | None:
    """Read what the engagement file says of the usual value; None where it says nothing."""
    said = experiment.usual
    if said is None:
        return None
    outcome: Outcome
    match experiment.primary.kind:
        case "proportion":
            outcome = Proportion(baseline=said.value or 0.0)
        case "mean":
            outcome = Mean(sd=said.sd or 0.0)
        case "ratio":
            outcome = Ratio(owner_variance=(said.sd or 0.0) ** 2)
        case "nps":
            outcome = Nps(promoters=said.promoters or 0.0, detractors=said.detractors or 0.0)
        case "ordinal":
            outcome = Ordinal(shares=tuple(said.shares))
        case _:
            outcome = Waiting(share_by_horizon=said.share_by_horizon or 0.0)
    return Usual(
        outcome=outcome, correlation=said.correlation, cluster_size=said.cluster_size,
        cluster_size_cv=said.cluster_size_cv, icc=said.icc, units_per_day=said.units_per_day,
    )  # fmt: skip


def usual_in(
    source: Source, plan: Plan, *, scope: Scope | None = None, units_per_day: float | None = None
) -> Usual | None:
    """Read the usual value from rows of customers before any test.

    Args:
        source: One row per unit.
        plan: Names the measure, the covariates and the cluster column.
        scope: Which rows.
        units_per_day: New units a day.

    Raises:
        DataError: A column is absent, or a value cannot be.
    """
    arm = one_arm(source, plan, scope=scope)
    found = usual_of(plan.primary, arm)
    return None if found is None else replace(found, units_per_day=units_per_day)


def usual_of(metric: Metric, arm: Arm) -> Usual | None:
    """Read the usual value from one arm; None where its values are all alike or plan nothing."""
    try:
        return _usual(metric, arm)
    except InputError:  # answers that are all alike plan nothing
        return None


def _usual(metric: Metric, arm: Arm) -> Usual | None:
    found = arm.outcomes[metric.column]
    if isinstance(found, ClusterOutcome):
        return _clustered(metric, found)
    if isinstance(found, ProportionOutcome):
        return Usual(outcome=Proportion(baseline=found.successes / found.n_obs), n_obs=found.n_obs)
    if isinstance(found, MeanOutcome):
        return Usual(outcome=Mean(sd=found.variance**0.5), n_obs=found.n_obs)
    if isinstance(found, MomentsOutcome):
        return _moments(metric, found)
    if isinstance(found, WaitOutcome):
        share = _share_by(found, metric.horizon_days or 0.0)
        return Usual(outcome=Waiting(share_by_horizon=share), n_obs=found.n_obs)
    return _scored(metric, found)


def _scored(metric: Metric, found: ScoreOutcome) -> Usual | None:
    shares = found.counts / found.n_obs
    if metric.kind == "nps":
        up = float(shares[found.values >= 9].sum())  # noqa: PLR2004 - the score's bands
        down = float(shares[found.values <= 6].sum())  # noqa: PLR2004
        return Usual(outcome=Nps(promoters=up, detractors=down), n_obs=found.n_obs)
    if metric.kind == "ordinal":
        return Usual(outcome=Ordinal(shares=tuple(shares.tolist())), n_obs=found.n_obs)
    return None


def _moments(metric: Metric, found: MomentsOutcome) -> Usual:
    """A share, mean or ratio with what is known before; a ratio by its linear form."""
    own = 2 if metric.kind == "ratio" else 1
    weights = np.zeros(len(found.means))
    weights[0] = 1.0
    if own == 2:  # noqa: PLR2004 - numerator and denominator
        weights[:2] = np.array([1.0, -found.means[0] / found.means[1]]) / found.means[1]
    variance = float(weights @ found.cov @ weights)
    explained = 0.0
    if len(found.means) > own and variance > 0:
        shared = (weights @ found.cov)[own:]
        explained = float(shared @ np.linalg.pinv(found.cov[own:, own:]) @ shared) / variance
    correlation = min(max(explained, 0.0), 0.999) ** 0.5
    outcome: Outcome = Mean(sd=variance**0.5)
    if metric.kind == "proportion":
        outcome = Proportion(baseline=float(found.means[0]))
    elif metric.kind == "ratio":
        outcome = Ratio(owner_variance=variance)
    return Usual(outcome=outcome, correlation=correlation, n_obs=found.n_obs)


def _clustered(metric: Metric, found: ClusterOutcome) -> Usual | None:
    """Units of one cluster are alike; of a ratio's clusters the sums of squares are not kept."""
    if metric.kind == "ratio" or found.squares is None:
        return None
    sizes = found.base
    units, squares = float(sizes.sum()), float(found.squares.sum())
    mean = float(found.total.sum()) / units
    outcome: Outcome = (
        Proportion(baseline=mean)
        if metric.kind == "proportion"
        else Mean(sd=(squares / units - mean**2) ** 0.5)
    )
    return Usual(
        outcome=outcome,
        cluster_size=max(float(sizes.mean()), 1.0),
        cluster_size_cv=float(sizes.std(ddof=1) / sizes.mean()) if len(sizes) > 1 else 0.0,
        icc=intracluster_correlation(sizes, totals=found.total, squares=found.squares),
        n_obs=found.n_obs,
    )


def _share_by(found: WaitOutcome, horizon: float) -> float:
    """Kaplan-Meier share with the event by the horizon."""
    waiting = found.n_obs - np.concatenate([[0], np.cumsum(found.events + found.censored)[:-1]])
    inside: Floats = np.where(found.times <= horizon, found.events / waiting, 0.0)
    return float(1 - np.prod(1 - inside))
