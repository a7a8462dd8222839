"""False alarms of the control chart itself, series by series, on stable data.

    python tests/simulation/false_alarms.py > tests/reference/false_alarms.json

Every series goes through `individuals_chart`, point by point; `cxlib.stats.false_alarms` draws and
counts in another way and must agree.
"""

import json
import sys

import numpy as np

from cxlib.stats.control_chart import individuals_chart

CASES = ((18, 12), (24, 12), (12, 8), (77, 51), (77, 24), (200, 24))
SERIES, SEED = 4_000, 20260701


def rates() -> dict[str, object]:
    rng = np.random.default_rng(SEED)
    found = {}
    for n, baseline in CASES:
        fired = now = 0
        for values in rng.standard_normal((SERIES, n)):
            chart = individuals_chart(values.tolist(), baseline=baseline)
            fired += bool(chart.signals)
            now += chart.trend != "no_signal"
        found[f"{n}/{baseline}"] = {"any_signal": fired / SERIES, "trend_now": now / SERIES}
    return {
        "command": "python tests/simulation/false_alarms.py > tests/reference/false_alarms.json",
        "series": SERIES,
        "seed": SEED,
        "rates": found,
    }


if __name__ == "__main__":
    json.dump(rates(), sys.stdout, indent=1)
    sys.stdout.write("\n")
