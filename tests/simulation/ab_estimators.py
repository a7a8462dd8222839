"""Count over many drawn experiments how each kind of effect holds its error rate and interval.

python tests/simulation/ab_estimators.py [draws] [--write]   3,000 draws of each, 2 minutes

Every kind of metric is drawn with no effect and with the effect it was planned for. Without effect,
p < 0.05 must come in 5 of 100 (false alarms) and the interval hold 0 in 95; with it, the interval
must hold the true effect in 95, and the effect be shown in the share `trial_power` promised.
Where a row has no planned power its size was set by hand.
"""

import json
import sys
from functools import cache
from math import exp
from pathlib import Path
from zlib import crc32

import numpy as np
import pandas as pd

from cxlib.stats.cluster_trials import ClusterSums, cluster_effect, permutation_effect
from cxlib.stats.cuped import Moments, mean_effect
from cxlib.stats.dunnett import dunnett
from cxlib.stats.effects import nps_effect, proportion_effect
from cxlib.stats.ordinal_effects import chance_effect, proportional_odds
from cxlib.stats.proportions import proportion
from cxlib.stats.quantile_effects import quantile_effect
from cxlib.stats.ratio_effects import ratio_effect
from cxlib.stats.time_effects import TimeCounts, restricted_mean_effect
from cxlib.stats.trial_outcomes import Mean, Nps, Ordinal, Proportion, Ratio, Waiting
from cxlib.stats.trial_power import TrialDesign, trial_power, trial_size

REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "ab_estimators.json"
SEED = 20261122
CSAT = (0.08, 0.12, 0.2, 0.35, 0.25)
SCORES = (1, 2, 3, 4, 5)


def moments(*columns):
    """Aggregate rows as the engine does."""
    table = np.stack(columns)
    return Moments(n=table.shape[1], means=table.mean(axis=1), cov=np.atleast_2d(np.cov(table)))


@cache
def planned(outcome, effect, **design):
    """Return the sizes of a plan and the power they promise."""
    plan = TrialDesign(**design)
    size = trial_size(outcome, effect, design=plan)
    power = trial_power(outcome, effect, size.n_total, design=plan)
    return size.n_control, size.n_treatments[0], power


def share(rng, effect):
    n, m, power = planned(Proportion(baseline=0.2), 0.08)
    found = proportion_effect(
        int(rng.binomial(n, 0.2)),
        n,
        x_treatment=int(rng.binomial(m, 0.2 + 0.08 * effect)),
        n_treatment=m,
    )
    return {
        "proportion (Newcombe, score)": (found.effect, 0.08 * effect, power),
        "proportion, relative (Katz)": (found.rel_effect, 0.4 * effect, None),
    }


def rare(rng, effect):
    found = proportion_effect(
        int(rng.binomial(400, 0.03)),
        400,
        x_treatment=int(rng.binomial(400, 0.03 + 0.04 * effect)),
        n_treatment=400,
    )
    return {"rare proportion, 3 % of 400": (found.effect, 0.04 * effect, None)}


def mean(rng, effect):
    n, m, power = planned(Mean(sd=2**0.5), 0.3)
    found = mean_effect(
        moments(rng.gamma(2, 1, n)), moments(rng.gamma(2, 1, m) + 0.3 * effect)
    ).effect
    return {
        "mean, skewed (Welch)": (found.effect, 0.3 * effect, power),
        "mean, relative (log ratio)": (found.rel_effect, 0.15 * effect, None),
    }


def cuped(rng, effect):
    n, m, power = planned(Mean(sd=1.0), 0.25, treatment_shares=(0.3,), covariate_correlation=0.6)
    x, z = rng.normal(size=n), rng.normal(size=m)
    found = mean_effect(
        moments(10 + 0.6 * x + 0.8 * rng.normal(size=n), x),
        moments(10 + 0.25 * effect + 0.6 * z + 0.8 * rng.normal(size=m), z),
    ).effect
    return {"mean, CUPED, split 70/30": (found.effect, 0.25 * effect, power)}


def slopes(rng, effect):
    x, z = rng.exponential(size=(2, 240)), rng.exponential(size=(2, 60))
    noise = rng.normal(size=300)
    found = mean_effect(
        moments(5 + 1.5 * (x[0] - 1) + x[1] + noise[:240], *x),
        moments(5 + 0.5 * effect - 0.5 * (z[0] - 1) + z[1] + noise[240:], *z),
    ).effect
    return {
        "mean, CUPED, 2 covariates, slopes differ, 80/20": (found.effect, 0.5 * effect, None),
        "mean, CUPED, relative": (found.rel_effect, 0.5 / 6 * effect, None),
    }


def few(rng, effect):
    x, z = rng.normal(size=(2, 12)), rng.normal(size=(2, 12))
    found = mean_effect(
        moments(x.sum(axis=0) + rng.normal(size=12), *x),
        moments(z.sum(axis=0) + 1.3 * effect + rng.normal(size=12), *z),
    ).effect
    return {"mean, CUPED, 2 covariates, 12 units an arm": (found.effect, 1.3 * effect, None)}


def visits(rng, n, extra):
    sessions, before = rng.poisson(3, n) + 1, rng.poisson(3, n) + 1
    rate = rng.beta(2, 6, n)
    orders = rng.binomial(sessions, rate + extra)
    return orders, sessions, rng.binomial(before, rate), before


RATIO_VARIANCE = 0.25 * 0.75 / 4 + (0.25 * 0.75 / 9) * (3 + 16) / 16 - (0.25 * 0.75 / 9) / 4
"""Var(y - R x) / 4², x = 1 + Poisson(3), rate Beta(2, 6): E x p(1-p) and E x² Var(rate)."""


def ratio(rng, effect):
    n, m, power = planned(Ratio(owner_variance=RATIO_VARIANCE), 0.05)
    theirs, ours = visits(rng, n, 0.0), visits(rng, m, 0.05 * effect)
    plain = ratio_effect(moments(*theirs[:2]), moments(*ours[:2])).effect
    sharper = ratio_effect(moments(*theirs), moments(*ours)).effect
    return {
        "ratio (delta)": (plain.effect, 0.05 * effect, power),
        "ratio, relative": (plain.rel_effect, 0.2 * effect, None),
        "ratio, CUPED": (sharper.effect, 0.05 * effect, None),
    }


def nps(rng, effect):
    n, m, power = planned(Nps(promoters=0.45, detractors=0.25), 12.0)
    found = nps_effect(
        tuple(rng.multinomial(n, (0.45, 0.3, 0.25))),
        tuple(rng.multinomial(m, (0.45 + 0.06 * effect, 0.3, 0.25 - 0.06 * effect))),
    )
    return {"NPS (Welch)": (found.effect, 12.0 * effect, power)}


def ordinal(rng, effect):
    outcome = Ordinal(shares=CSAT)
    n, m, power = planned(outcome, 0.15)
    odds = _odds_ratio(outcome) if effect else 1.0
    counts = {
        "control": rng.multinomial(n, CSAT),
        "treatment": rng.multinomial(m, outcome.shifted(odds)),
    }
    model = proportional_odds(SCORES, **counts)
    return {
        "ordinal, net chance (Brunner-Munzel)": (
            chance_effect(SCORES, **counts).effect.effect,
            0.15 * effect,
            power,
        ),
        "ordinal, proportional odds": (model.log_odds, float(np.log(odds)), power),
    }


@cache
def _odds_ratio(outcome):
    return outcome.odds_ratio_of(0.15)


def small_ordinal(rng, effect):
    outcome = Ordinal(shares=CSAT)
    odds = 6.0 if effect else 1.0
    found = chance_effect(
        SCORES,
        control=rng.multinomial(15, CSAT),
        treatment=rng.multinomial(30, outcome.shifted(odds)),
    )
    truth = outcome.effect_of(odds)
    return {"ordinal, net chance, 15 against 30": (found.effect.effect, truth, None)}


def quantile(rng, effect):
    rate = 1.35 if effect else 1.0
    rows = [np.ceil(10 * rng.exponential(scale, 250)) for scale in (10.0, 10.0 * rate)]
    values = np.union1d(*rows)
    counts = [np.bincount(np.searchsorted(values, row), minlength=len(values)) for row in rows]
    found = {}
    for name, part in (("median", 0.5), ("90th percentile", 0.9)):
        both = quantile_effect(
            values, control=counts[0], treatment=counts[1], share=part, scale=0.1
        )
        ends = [np.ceil(-100 * scale * np.log(1 - part)) / 10 for scale in (1.0, rate)]
        found[f"quantile, {name}"] = (both.effect, ends[1] - ends[0], None)
    return found


def waiting(rng, effect):
    outcome = Waiting(share_by_horizon=0.5)
    n, m, power = planned(outcome, 0.15)
    rates = [-np.log(0.5) / 30, -np.log(0.5 - 0.15 * effect) / 30]
    arms = []
    for size, rate in zip((n, m), rates, strict=True):
        times = np.ceil(30 * rng.exponential(1 / rate, size)) / 30
        seen = np.minimum(times, 30.0)
        at = np.unique(seen)
        place = np.searchsorted(at, seen)
        arms.append(
            TimeCounts(
                times=at,
                events=np.bincount(place[times <= 30], minlength=len(at)),
                censored=np.bincount(place[times > 30], minlength=len(at)),
            )
        )
    found = restricted_mean_effect(*arms, horizon=30.0)
    steps = [sum(exp(-rate * k / 30) for k in range(900)) / 30 for rate in rates]
    log_rank = found.effect.effect
    return {
        "time, restricted mean": (log_rank, steps[1] - steps[0], None),
        "time, log-rank": (found.log_rank_p, None, power),
    }


def clusters(rng, effect):
    n, _, power = planned(Mean(sd=1.0), 0.3, cluster_size=40.0, cluster_size_cv=0.35, icc=0.05)
    half = n // 40
    found = cluster_effect(*stores(rng, half, half, 0.3 * effect))
    return {f"clusters, CR2, {half} against {half}": (found.effect, 0.3 * effect, power)}


def stores(rng, k, j, extra):
    """Draw stores of 40 customers (cv 0.35), variance 1 of which 0.05 lies between stores."""
    arms = []
    for number, shift in ((k, 0.0), (j, extra)):
        base = np.maximum(5, rng.gamma(8.16, 4.9, number).round())
        total = base * (shift + np.sqrt(0.05) * rng.normal(size=number))
        arms.append(
            ClusterSums(total=total + np.sqrt(0.95 * base) * rng.normal(size=number), base=base)
        )
    return arms


def few_clusters(rng, effect):
    arms = stores(rng, 5, 4, 0.6 * effect)
    return {
        "clusters, CR2, 5 against 4": (cluster_effect(*arms).effect, 0.6 * effect, None),
        "clusters, permutation, 5 against 4": (
            permutation_effect(*arms).effect,
            0.6 * effect,
            None,
        ),
    }


def capped(rng, effect):
    rows = [rng.lognormal(3, 1.5, 400), (1 + 0.5 * effect) * rng.lognormal(3, 1.5, 400)]
    cap = np.quantile(np.concatenate(rows), 0.95, method="inverted_cdf")
    cut = [moments(np.minimum(row, cap)) for row in rows]
    held = [np.minimum((1 + 0.5 * treated) * BIG, cap).mean() for treated in (0, effect)]
    whole = mean_effect(*(moments(row) for row in rows)).effect
    return {
        "mean, heavy tail, capped at 95 %": (
            mean_effect(*cut).effect.effect,
            held[1] - held[0],
            None,
        ),
        "mean, heavy tail, not capped": (whole.effect, 0.5 * effect * exp(3 + 1.125), None),
    }


BIG = np.exp(3 + 1.5 * np.random.default_rng(1).normal(size=4_000))


def several(rng, effect):
    control, arms = rng.normal(size=90), rng.normal(size=(3, 60)) + 0.4 * effect
    plain = [mean_effect(moments(control), moments(arm)).effect for arm in arms]
    family = dunnett(
        [one.effect.p_value for one in plain], n_control=90, n_treatments=[60] * 3, df=266.0
    )
    wide = [
        mean_effect(moments(control), moments(arm), confidence_level=family.confidence_level)
        for arm in arms
    ]
    held = all(
        one.effect.effect.ci_lower <= 0.4 * effect <= one.effect.effect.ci_upper for one in wide
    )
    return {"3 treatments, all intervals (Dunnett)": (min(family.p_values), held, None)}


SCENARIOS = (
    share, rare, mean, cuped, slopes, few, ratio, nps, ordinal, small_ordinal, quantile, waiting,
    clusters, few_clusters, capped, several,
)  # fmt: skip


def count(scenario, draws):
    """Draw one kind without and with effect; return a row per estimator."""
    tallies = {}
    for effect in (0, 1):
        rng = np.random.default_rng([SEED, crc32(scenario.__name__.encode()), effect])
        for _ in range(draws):
            for name, (found, truth, power) in scenario(rng, effect).items():
                tally = tallies.setdefault(name, {"planned": power, 0: ([], []), 1: ([], [])})
                shown, held = tally[effect]
                if isinstance(found, float):
                    shown.append(found <= 0.05)
                    if truth is not None:
                        held.append(truth)
                else:
                    shown.append(found.p_value is not None and found.p_value <= 0.05)
                    held.append(found.ci_lower <= truth <= found.ci_upper)
    return {
        name: {
            "draws": draws,
            "false_alarms": rate(tally[0][0]),
            "covers_none": rate(tally[0][1]),
            "covers_effect": rate(tally[1][1]),
            "power": rate(tally[1][0]),
            "planned_power": tally["planned"] and round(tally["planned"], 4),
        }
        for name, tally in tallies.items()
    }


def rate(hits):
    """Return a counted share with Wilson's 95 % interval."""
    if not hits:
        return None
    found = proportion(int(sum(hits)), len(hits))
    return [round(part, 4) for part in (found.value, found.ci_lower, found.ci_upper)]


def ab_estimators(draws, scenarios=SCENARIOS):
    """Return the whole table."""
    return {name: row for scenario in scenarios for name, row in count(scenario, draws).items()}


if __name__ == "__main__":
    many = next((int(word) for word in sys.argv[1:] if word.isdigit()), 3_000)
    table = ab_estimators(many)
    print(
        pd.DataFrame(
            {
                name: {
                    key: part[0] if isinstance(part, list) else part for key, part in row.items()
                }
                for name, row in table.items()
            }
        ).T.to_string()
    )
    if "--write" in sys.argv:
        record = {
            "command": f"python tests/simulation/ab_estimators.py {many} --write",
            "seed": SEED,
            "rates": table,
        }
        REFERENCE.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
