"""How often forecast intervals hold, on series of five kinds, one period ahead and far ahead.

    python tests/simulation/forecast_coverage.py > tests/reference/forecast_coverage.json

Spreads of 1: "stable" values; "wandering" adds a level that walks by 0.3 a period; "falling" loses
0.03 a period; "heavy tails" are Student's t with 4 degrees of freedom; "uneven" values come from
periods whose spreads differ by a factor of about 1.35 either way.
"""

import json
import sys

import numpy as np

from cxlib.stats.smoothing import forecast

CASES = ((18, 1), (18, 6), (77, 1), (77, 26))
"""Periods known, periods ahead: 18 months and 77 weeks of the sample."""
SERIES, SEED = 600, 20260701


def draw(kind: str, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    noise = rng.standard_normal(shape)
    match kind:
        case "wandering":
            return noise + 0.3 * np.cumsum(rng.standard_normal(shape), axis=1)
        case "falling":
            return noise - 0.03 * np.arange(shape[1])
        case "heavy tails":
            return rng.standard_t(4, shape)
        case "uneven":
            return noise * np.exp(0.3 * rng.standard_normal(shape))
    return noise


def coverage(series: int = SERIES) -> dict[str, dict[str, float]]:
    rng = np.random.default_rng(SEED)
    found = {}
    for n, steps in CASES:
        found[f"{n}/{steps}"] = shares = {}
        for kind in ("stable", "wandering", "falling", "heavy tails", "uneven"):
            held = 0
            for values in draw(kind, (series, n + steps), rng).tolist():
                made = forecast(values[:n], steps=steps)
                held += made.ci_lower <= values[-1] <= made.ci_upper
            shares[kind] = held / series
    return found


if __name__ == "__main__":
    command = (
        "python tests/simulation/forecast_coverage.py > tests/reference/forecast_coverage.json"
    )
    kept = {"command": command, "series": SERIES, "seed": SEED, "held": coverage()}
    json.dump(kept, sys.stdout, indent=1)
    sys.stdout.write("\n")
