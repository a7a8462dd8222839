"""Count over many drawn chains how every estimator without random assignment holds its promise.

python tests/simulation/causal.py [draws] [--write]        400 draws of each, some minutes

24 stores, 8 of them treated, a season of a year, a trend, shocks that last (autocorrelation 0.5) in
each store and in all of them together, binomial sales. Without an effect, the 95 % interval must
leave 0 out in 5 of 100 (false alarms); with +2.0 pp it must hold the truth in 95.
"""

import json
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from cxlib.errors import InputError
from cxlib.stats.counterfactual import comparison_values, treated_series
from cxlib.stats.differences import before_after, difference_in_differences
from cxlib.stats.group_time import group_time_effects
from cxlib.stats.interrupted import interrupted_series
from cxlib.stats.panel import read_panel
from cxlib.stats.structural import structural_counterfactual
from cxlib.stats.synthetic import donor_values, synthetic_control

REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "causal.json"
SEED = 20261122
START = date(2026, 1, 1)
EFFECT = 0.02
TREATED, STORES, AFTER = 8, 24, 6


def chain(rng, *, effect=0.0, before=12, late=0):
    """One chain as a panel; the last 4 treated stores start ``late`` months after the others."""
    months = before + AFTER
    t = np.arange(months)
    rate = 0.006 * np.sin(2 * np.pi * t / 12) + 0.0003 * t + rng.normal(0.05, 0.006, (STORES, 1))
    for shape, sd in (((STORES, 1), 0.003), ((1, 1), 0.001)):
        shock = np.zeros(shape)
        shocks = []
        for _ in t:
            shock = 0.5 * shock + rng.normal(0, sd, shape)
            shocks.append(shock)
        rate = rate + np.concatenate(shocks, axis=1)
    first = np.where(np.arange(STORES) < TREATED // 2, before, before + late)[:, None]
    treated = (np.arange(STORES) < TREATED)[:, None]
    rate = np.clip(rate + effect * (treated & (t >= first)), 0.001, 1)
    enquiries = rng.integers(400, 1_600, (STORES, 1)) + rng.integers(-100, 100, (STORES, months))
    days = pd.date_range(pd.Timestamp(START) - pd.DateOffset(months=before), periods=months,
                         freq="MS")  # fmt: skip
    return read_panel(
        pd.DataFrame(
            {
                "store": np.repeat([f"S{i:02d}" for i in range(STORES)], months),
                "month": np.tile(days, STORES),
                "treated": np.repeat(treated[:, 0].astype(int), months),
                "enquiries": enquiries.ravel(),
                "sales": rng.binomial(enquiries, rate).ravel(),
            }
        )
    )


def starts(late):
    """Start of each treated store."""
    later = (pd.Timestamp(START) + pd.DateOffset(months=late)).date()
    return {f"S{i:02d}": START if i < TREATED // 2 else later for i in range(TREATED)}


def _synthetic(panel):
    donors, values = donor_values(panel)
    series = treated_series(panel, START)
    return synthetic_control(series, donors=donors, values=values).found.effect


def _structural(panel):
    series = treated_series(panel, START)
    return structural_counterfactual(series, comparison=comparison_values(panel)).found.effect


def _interrupted(panel):
    return interrupted_series(treated_series(panel, START)).found.effect


def _own(panel):
    return difference_in_differences(
        panel, start=START, group_trend="own", n_permutations=99
    ).effect


ESTIMATORS = {
    "before and after": (12, 0, lambda p: before_after(p, start=START)),
    "difference in differences": (
        12, 0, lambda p: difference_in_differences(p, start=START, n_permutations=99).effect),
    "difference in differences, own trend": (12, 0, _own),
    "group-time effects, one start": (
        12, 0, lambda p: group_time_effects(p, starts=starts(0)).overall),
    "group-time effects, two starts": (
        12, 3, lambda p: group_time_effects(p, starts=starts(3)).overall),
    "group-time effects, two starts, last base": (
        12, 3, lambda p: group_time_effects(p, starts=starts(3), base="last").overall),
    "synthetic control": (12, 0, _synthetic),
    "synthetic control, 24 months before": (24, 0, _synthetic),
    "structural time series": (12, 0, _structural),
    "structural time series, 24 months before": (24, 0, _structural),
    "interrupted series": (12, 0, _interrupted),
    "interrupted series, 24 months before": (
        24, 0, _interrupted),
    "interrupted series, 36 months before": (
        36, 0, _interrupted),
}  # fmt: skip


def rates(name, draws, seed=SEED):
    """False alarms, coverage, mean error and mean width of one estimator."""
    before, late, estimate = ESTIMATORS[name]
    found = {}
    for effect in (0.0, EFFECT):
        rng = np.random.default_rng([seed, *name.encode(), int(effect > 0)])
        held, errors, widths, refused = 0, [], [], 0
        for _ in range(draws):
            try:
                one = estimate(chain(rng, effect=effect, before=before, late=late))
            except InputError:
                refused += 1
                continue
            held += one.ci_lower <= effect <= one.ci_upper
            errors.append(one.value - effect)
            widths.append(one.ci_upper - one.ci_lower)
        n = draws - refused
        found["false_alarms" if effect == 0 else "coverage"] = round(
            1 - held / n if effect == 0 else held / n, 4
        )
    return found | {
        "mean_error": round(float(np.mean(errors)), 6),
        "mean_width": round(float(np.mean(widths)), 6),
        "refused": refused,
    }


def main():
    draws = next((int(each) for each in sys.argv[1:] if each.isdigit()), 400)
    table = {name: rates(name, draws) for name in ESTIMATORS}
    for name, row in table.items():
        print(f"{name:45}", row)
    if "--write" in sys.argv:
        kept = json.loads(REFERENCE.read_text(encoding="utf-8")) if REFERENCE.exists() else {}
        kept["simulation"] = {
            "command": f"python tests/simulation/causal.py {draws} --write",
            "seed": SEED, "draws": draws, "effect": EFFECT, "rates": table,
        }  # fmt: skip
        REFERENCE.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
